"""Whether the most frequent statements find their rows by an index, however many there are.

    python scripts/explain.py                               # 600,000 units, both databases: about three minutes
    python scripts/explain.py --units 20000 --only sqlite

A province is built (`scripts/province.py`), the deadline's evening is played on it and the scheduler looks at the
clock. Shown are the ten statements that were said most often, each with what the database does for it:
PostgreSQL's `EXPLAIN (ANALYZE, BUFFERS)`, SQLite's `EXPLAIN QUERY PLAN`. The exit code is 1 where one of them, or
one of those of a look at the clock at which nothing is due, reads a large table from end to end.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from sqlalchemy import event, text

from scripts.evening import DATABASES, Evening, built
from storage import tables
from storage.database import Database

TEN = 10
#: A table of at least so many rows is large.
LARGE = 5_000
#: PostgreSQL's pages (8 kB) that a statement may touch at most: an index is deep, and a row is wide.
PAGES = 1_000
_SEEN = re.compile(r"Seq Scan on (\w+)")
_BUFFERS = re.compile(r"Buffers: shared (?:hit=(\d+))?\s*(?:read=(\d+))?")
_SCANNED = re.compile(r"\bSCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?")
# An index that is made for the one statement has read everything.
_MADE = re.compile(r"\bSEARCH (\w+) USING AUTOMATIC")
_CALLED = re.compile(r"\b(\w+) AS (\w+)\b")


@dataclass
class Said:
    """The statements that were executed, how often, and with which values last."""

    times: Counter[str] = field(default_factory=Counter)
    values: dict[str, Any] = field(default_factory=dict)

    def frequent(self, most: int) -> list[str]:
        return [statement for statement, _times in self.times.most_common(most)]


@contextmanager
def listening(database: Database) -> Iterator[Said]:
    """What is said to the database inside, apart from savepoints."""
    said = Said()

    def executed(_c: object, _cursor: object, statement: str, values: Any, _context: object, many: bool) -> None:
        said.times[statement] += 1
        said.values[statement] = values[0] if many else values

    event.listen(database.engine, "before_cursor_execute", executed)
    try:
        yield said
    finally:
        event.remove(database.engine, "before_cursor_execute", executed)


@dataclass(frozen=True)
class Plan:
    """How a statement is carried out; `faults`: what of it grows with the tables."""

    statement: str
    lines: tuple[str, ...]
    faults: tuple[str, ...]


def explain(database: Database, said: Said, statements: list[str], *, pages: int = PAGES) -> list[Plan]:
    """The plans; what the statements would change is rolled back. Each may touch so many of PostgreSQL's pages."""
    large, partial = large_tables(database), _partial_indexes()
    found = []
    for statement in statements:
        values = said.values[statement]
        with database.engine.connect() as connection, connection.begin() as transaction:
            if database.is_sqlite:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
                lines = [row[-1] for row in rows]
                faults = _scans(statement, lines, large, partial)
            else:
                rows = connection.exec_driver_sql(f"EXPLAIN (ANALYZE, BUFFERS) {statement}", values).all()
                lines = [row[0] for row in rows]
                faults = _reads(lines, large, pages)
            transaction.rollback()
        found.append(Plan(statement, tuple(lines), tuple(faults)))
    return found


def large_tables(database: Database) -> dict[str, int]:
    """The tables with many rows, and how many."""
    with database.transaction() as tx:
        counts = {name: tx.scalar(text(f"SELECT count(*) FROM {name}")) for name in tables.metadata.tables}
    return {name: count for name, count in counts.items() if count >= LARGE}


def _partial_indexes() -> set[str]:
    """Indexes over some of the rows only: to read all of such a one is to read what is due."""
    indexes = [index for table in tables.metadata.tables.values() for index in table.indexes]
    return {str(index.name) for index in indexes if index.dialect_options["sqlite"]["where"] is not None}


def _scans(statement: str, lines: list[str], large: dict[str, int], partial: set[str]) -> list[str]:
    called = {alias: name for name, alias in _CALLED.findall(statement)}
    found = []
    for line in lines:
        made = [(name, "") for name in _MADE.findall(line)]
        for name, index in [*_SCANNED.findall(line), *made]:
            table = called.get(name, name)
            if table in large and index not in partial:
                found.append(f"{line}: {table} has {large[table]:,} rows")
    return found


def _reads(lines: list[str], large: dict[str, int], most: int) -> list[str]:
    found = []
    for line in lines:
        for table in _SEEN.findall(line):
            if table in large:
                found.append(f"{line.strip()}: {table} has {large[table]:,} rows")
    pages = next(
        (sum(int(n or 0) for n in match.groups()) for line in lines if (match := _BUFFERS.search(line))), 0
    )
    if pages > most:
        found.append(f"{pages:,} pages are read")
    return found


def shown(plan: Plan, times: int) -> str:
    """As Markdown."""
    words = re.sub(r"\s+", " ", plan.statement)
    return (
        f"**{times:,} times:** `{words}`\n\n```\n"
        + ("\n".join(filter(None, plan.lines)) or "no table is searched")
        + "\n```\n"
    )


def check(evening: Evening, *, messages: int) -> tuple[Said, list[Plan], list[Plan]]:
    """Play and explain: what was said, the ten most frequent statements, and those of a look with nothing due."""
    evening.say(messages // 4)
    evening.tick()
    with listening(evening.database) as said:
        evening.say(messages)
        evening.deliver()
    with listening(evening.database) as looked:
        evening.tick()
        evening.tick()
    once = [
        statement for statement in looked.times if not statement.startswith(("SAVEPOINT", "INSERT INTO audit"))
    ]
    return (
        said,
        explain(evening.database, said, said.frequent(TEN)),
        explain(evening.database, looked, once),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=600_000)
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--only", choices=DATABASES)
    asked = parser.parse_args()
    faults = 0
    for kind in (asked.only,) if asked.only else DATABASES:
        with built(kind, asked.units) as evening:
            faults += report(evening, kind, messages=asked.messages)
    sys.exit(1 if faults else 0)


def report(evening: Evening, kind: str, *, messages: int) -> int:
    """Print it; returns how many faults there are."""
    said, frequent, looked = check(evening, messages=messages)
    print(f"### {kind}, {evening.shape.villages:,} units\n")
    for plan in frequent:
        print(shown(plan, said.times[plan.statement]))
    faulty = [plan for plan in (*frequent, *looked) if plan.faults]
    print(
        f"{len(frequent)} statements of messages and {len(looked)} of a look at the clock; {len(faulty)} faults\n"
    )
    for plan in faulty:
        print("FAULT", *plan.faults, shown(plan, 0), sep="\n")
    return len(faulty)


if __name__ == "__main__":
    main()
