"""What a message and a look at the clock cost, from 70 to 600,000 units, on both databases.

    python scripts/growth.py                        # about ten minutes; leave the machine alone
    python scripts/growth.py --quick                # only to see that it runs
    python scripts/growth.py --explain              # also scripts/explain.py's report, on the largest database

Each size is built anew (`scripts/province.py`), five commitments and a quarter's reports a unit. Milliseconds to
the commit, with everybody's messages handed in at once as on the deadline's evening: "mixed" is
`scripts/traffic.py`'s mixture, the columns beside it are messages of one kind. "idle": a look at the clock at
which nothing is due; "busy": one after so many messages, which the audit trail seals. "morning": the look at which
the day's reminders go out, when 70 units are late at every size; no light may have changed that morning.
"""

from __future__ import annotations

import argparse
import io
import json
import platform
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import psutil
from sqlalchemy import text

from scripts.evening import DATABASES, Evening, built
from scripts.explain import report
from scripts.traffic import MIX

SIZES = (70, 1_000, 10_000, 100_000, 600_000)
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "growth.png"
#: Looks at the clock of which the median counts.
LOOKS = 9
#: Okabe and Ito's colours.
_COLOURS = {"sqlite": "#0072B2", "postgresql": "#D55E00"}


def measure(evening: Evening, *, messages: int) -> dict[str, float]:
    """Milliseconds by what was done."""
    evening.say(messages // 2)
    evening.deliver()
    while evening.tick() > 1:
        pass
    found = {"mixed": _per_message(evening, messages)}
    found |= {kind: _per_message(evening, messages // 4, kind) for kind in MIX}
    evening.deliver()
    found["busy"] = 1000 * evening.tick()
    evening.tick()
    found["idle"] = 1000 * statistics.median(evening.tick() for _look in range(LOOKS))
    found["morning"] = 1000 * evening.morning()
    return found


def _per_message(evening: Evening, count: int, kind: str | None = None) -> float:
    return 1000 * evening.say(count, kind) / count


def size_of(evening: Evening) -> float:
    """Megabytes that the database takes."""
    with evening.database.transaction() as tx:
        if evening.database.is_sqlite:
            pages = tx.scalar(text("PRAGMA page_count")) * tx.scalar(text("PRAGMA page_size"))
        else:
            pages = tx.scalar(text("SELECT pg_database_size(current_database())"))
    return float(pages) / 1e6


COLUMNS = ("mixed", *MIX, "idle", "busy", "morning")


def line(kind: str, units: int, found: dict[str, float]) -> str:
    cells = [f"{found[name]:.2f}" if name in ("mixed", *MIX) else f"{found[name]:,.0f}" for name in COLUMNS]
    return f"| {kind} | {units:,} | {found['megabytes']:,.0f} | {found['built']:.0f} | {' | '.join(cells)} |"


def draw(found: Sequence[dict[str, Any]]) -> bytes:
    """A PNG: a mixed message and an idle look, by units, both databases."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)
    panes = figure.subplots(1, 2)
    shown = (("mixed", "a message of the deadline's evening"), ("idle", "a look at the clock, nothing due"))
    for axes, (name, title) in zip(panes, shown, strict=True):
        for kind, colour in _COLOURS.items():
            of_kind = [one for one in found if one["database"] == kind]
            axes.plot(
                [one["units"] for one in of_kind], [one[name] for one in of_kind], "o-", color=colour, label=kind
            )
        axes.set(xscale="log", xlabel="units", ylabel="milliseconds", title=title)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.3)
        axes.legend(frameon=False)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    return buffer.getvalue()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, nargs="+", default=SIZES)
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--only", choices=DATABASES)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--explain", action="store_true")
    parser.add_argument("--picture", type=Path, help="write the plot there")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    if asked.quick:
        asked.units, asked.messages = asked.units[:2], 400
    print(
        f"{platform.machine()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 1e9:.0f} GB, "
        f"Python {platform.python_version()}, {asked.messages} messages a run\n"
    )
    print(f"| database | units | MB | built in s | {' | '.join(COLUMNS)} |")
    print("|---|--:|--:|--:|" + "--:|" * len(COLUMNS))
    every: list[dict[str, Any]] = []
    for kind in (asked.only,) if asked.only else DATABASES:
        for units in asked.units:
            began = time.perf_counter()
            with built(kind, units) as evening:
                seconds = time.perf_counter() - began
                found = {
                    "built": seconds,
                    "megabytes": size_of(evening),
                    **measure(evening, messages=asked.messages),
                }
                every.append({"database": kind, "units": units, **found})
                print(line(kind, units, found), flush=True)
                if asked.explain and units == max(asked.units):
                    report(evening, kind, messages=asked.messages)
    if asked.json:
        asked.json.write_text(json.dumps(every, indent=1))
    if asked.picture:
        asked.picture.write_bytes(draw(every))


if __name__ == "__main__":
    main()
