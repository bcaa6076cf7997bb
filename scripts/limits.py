"""Print what a broadcast costs: `python scripts/limits.py [groups people]`, 2,000 and 10,000 by default.

In simulated time: how long it takes against what Telegram's published limits allow, how often they were exceeded,
and how long people wait for an answer meanwhile. Then a smaller one in real time.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from storage.database import Database
from storage.tables import metadata
from tests.broadcasting import Outcome, in_real_time, simulate


def fresh(folder: str, name: str) -> Database:
    database = Database(f"sqlite:///{Path(folder) / name}")
    metadata.create_all(database.engine)
    return database


def show(heading: str, outcome: Outcome) -> None:
    print(heading)
    print(f"  {outcome.messages} messages in {outcome.seconds:.1f} s; the limits allow {outcome.least:.1f} s")
    print(f"  ratio {outcome.ratio:.3f}, refused {len(outcome.violations)}")
    print(f"  {len(outcome.waits)} answers, 95 of 100 within {outcome.p95 * 1000:.0f} ms")


if __name__ == "__main__":
    groups, people = (int(sys.argv[1]), int(sys.argv[2])) if len(sys.argv) > 2 else (2000, 10_000)
    with tempfile.TemporaryDirectory() as folder:
        show("Simulated time", simulate(fresh(folder, "simulated.db"), groups=groups, people=people))
        show("Real time", in_real_time(fresh(folder, "real.db"), people=300))
