"""How long each step of a morning's reminders takes when everybody is late.

    python scripts/mornings.py                        # 10,000 villages, both databases: about two minutes
    python scripts/mornings.py --units 1000 --only sqlite

Nobody has reported for the quarter. The mornings: the groups hear of it a week before, the secretaries three days
before, on the day and on five working days after it, then offices and last the organizer. On Mondays every group
also sees its week. Milliseconds from the beginning of a step's transaction to its end; nothing else is done
meanwhile.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import text

from scripts.evening import DATABASES, Evening, built
from storage import reminders
from storage.reminders import Marks

MORNINGS = tuple(
    datetime(2021, month, day, 1, 0, 30, tzinfo=UTC)
    for month, day in ((6, 28), (7, 2), (7, 5), (7, 6), (7, 12), (7, 13), (7, 14))
)


def steps(evening: Evening, now: datetime) -> list[float]:
    """What each step took, in milliseconds."""
    before = now - timedelta(minutes=1)
    with evening.database.transaction() as tx:
        reminders.mark(tx, Marks(before, before))
    found, more = [], True
    while more:
        began = time.perf_counter()
        with evening.database.transaction() as tx:
            more = evening.app.ticks["reminders"](tx, now)
        found.append(1000 * (time.perf_counter() - began))
    return found


def line(kind: str, now: datetime, found: list[float]) -> str:
    """One row of the table."""
    return (
        f"| {kind} | {now:%A %d %B} | {len(found):,} | {sum(found) / 1000:.1f} | "
        f"{statistics.median(found):.0f} | {max(found):.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=10_000)
    parser.add_argument("--only", choices=DATABASES)
    asked = parser.parse_args()
    print("| database | morning | steps | s | median ms | longest ms |\n|---|---|--:|--:|--:|--:|")
    for kind in (asked.only,) if asked.only else DATABASES:
        with built(kind, asked.units) as evening:
            with evening.database.transaction() as tx:
                tx.execute(text("UPDATE commitments SET reported_quarter = NULL"))
                tx.execute(text("ANALYZE"))
            # As the program does when it starts (bot/loop.py).
            gc.collect()
            gc.freeze()
            for now in MORNINGS:
                print(line(kind, now, steps(evening, now)), flush=True)


if __name__ == "__main__":
    main()
