"""A broadcast at the highest rate that the published limits allow, without one refusal, nobody waiting."""

from __future__ import annotations

import os

from storage.database import Database
from tests.broadcasting import in_real_time, simulate

#: In CI as many as the issue asks for; otherwise a tenth of them.
GROUPS, PEOPLE = (2000, 10_000) if os.environ.get("CI") else (200, 1000)


def test_a_broadcast_takes_hardly_longer_than_the_limits_demand_and_violates_none(
    sqlite_database: Database,
) -> None:
    outcome = simulate(sqlite_database, groups=GROUPS, people=PEOPLE)
    assert outcome.violations == []
    assert outcome.taken == outcome.messages
    assert outcome.ratio <= 1.05
    assert outcome.p95 < 0.3


def test_whoever_asks_during_a_broadcast_is_answered_within_300_ms_of_real_time(
    sqlite_database: Database,
) -> None:
    # A busy machine may be slow once; a program that lets people wait is slow every time.
    tries = []
    for number in range(3):
        outcome = in_real_time(sqlite_database, people=150) if number == 0 else again(sqlite_database)
        assert outcome.violations == []
        tries.append(outcome.p95)
        if tries[-1] < 0.3:
            return
    raise AssertionError(f"95 of 100 answers came within {tries} s")


def again(database: Database):  # type: ignore[no-untyped-def]
    from storage.tables import chats, outbox

    with database.transaction() as tx:
        tx.execute(outbox.delete())
        tx.execute(chats.delete())
    return in_real_time(database, people=150)
