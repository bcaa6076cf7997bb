"""Lights and their words: progress against the time gone and the due date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from bot.chat.messages import Light
from bot.chat.settings import Policy
from handlers.commitments import pace
from handlers.commitments.pace import judge, planned_share
from storage.commitments import Category, Commitment, Kind, State, Status

PUBLISHED = datetime(2021, 1, 1, 1, 0, tzinfo=UTC)
DUE = date(2021, 12, 31)
#: Half of the 364 days between publication and due date are gone.
HALF = date(2021, 7, 2)
POLICY = Policy()
COMMITMENT = Commitment(
    id=1,
    unit_id=1,
    year=2021,
    number=1,
    category=Category.ELECTIVE,
    requirement_id=None,
    words="硬化村内道路2公里",
    kind=Kind.QUANTITY,
    target=Decimal(2),
    measure="公里",
    parts=(),
    due=DUE,
    state=State.PUBLISHED,
    proposed_by=1,
    proposed_at=PUBLISHED,
    examined_by=1,
    examined_at=PUBLISHED,
    return_reason=None,
    published_at=PUBLISHED,
    done_at=None,
    closed_at=None,
    closed_by=None,
    share=None,
    value=None,
    status=None,
    reported_at=None,
    reported_quarter=None,
)


def reported(share: str | None, status: Status | None = None, kind: Kind = Kind.QUANTITY) -> Commitment:
    return replace(
        COMMITMENT,
        kind=kind,
        share=None if share is None else Decimal(share),
        status=status,
        reported_at=datetime(2021, 7, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("commitment", "today", "light", "words"),
    [
        (reported("0.50"), HALF, Light.GREEN, pace.ON_PACE),
        (reported("0.40"), HALF, Light.GREEN, pace.ON_PACE),
        (reported("0.39"), HALF, Light.YELLOW, pace.BEHIND),
        (reported("0.60"), HALF, Light.GREEN, pace.ON_PACE),
        (reported("0.61"), HALF, Light.GREEN, pace.AHEAD),
        (reported("0.99", kind=Kind.THRESHOLD), HALF, Light.GREEN, pace.ON_PACE),
        (reported("0.50", Status.SUSPENDED), HALF, Light.YELLOW, pace.BEHIND),
        (reported("0.90", Status.SLOW), HALF, Light.YELLOW, pace.BEHIND),
        (reported(None, Status.UNDER_WAY, Kind.MILESTONE), HALF, Light.GREEN, pace.ON_PACE),
        (reported(None, Status.PREPARING, Kind.QUALITATIVE), date(2021, 12, 20), Light.GREEN, pace.ON_PACE),
        (COMMITMENT, date(2021, 1, 20), Light.GREEN, pace.ON_PACE),
        (COMMITMENT, HALF, Light.YELLOW, pace.BEHIND),
        (replace(COMMITMENT, kind=Kind.QUALITATIVE), HALF, Light.GREEN, pace.ON_PACE),
        (reported("0.95"), date(2021, 12, 27), Light.GREEN, pace.ON_PACE),
        (reported("0.95"), date(2021, 12, 28), Light.YELLOW, pace.DUE_SOON),
        (reported("0.95"), DUE, Light.YELLOW, pace.DUE_SOON),
        (reported("0.95"), date(2022, 1, 1), Light.RED, pace.OVERDUE),
        (reported("1.00"), HALF, Light.GREEN, pace.REACHED_EARLY),
        (reported("1.20"), date(2022, 1, 1), Light.GREEN, pace.REACHED_EARLY),
        (reported(None, Status.DONE, Kind.MILESTONE), HALF, Light.GREEN, pace.REACHED_EARLY),
        (reported("0.80", Status.DONE), HALF, Light.GREEN, pace.AHEAD),
        (replace(COMMITMENT, state=State.PROPOSED), HALF, None, pace.WAITING),
        (replace(COMMITMENT, state=State.RETURNED), HALF, None, pace.RETURNED),
        (replace(COMMITMENT, state=State.WITHDRAWN), HALF, None, pace.WITHDRAWN),
        (replace(reported("0.50"), due=None), HALF, Light.GREEN, pace.ON_PACE),
    ],
)
def test_light_and_word(commitment: Commitment, today: date, light: Light | None, words: object) -> None:
    standing = judge(commitment, today, POLICY)
    assert (standing.light, standing.words) == (light, words)


def test_done_late_is_done_and_not_early() -> None:
    done = replace(COMMITMENT, state=State.CLOSED, done_at=datetime(2022, 1, 3, tzinfo=UTC))
    standing = judge(done, date(2022, 2, 1), POLICY)
    assert (standing.light, standing.words, standing.share) == (Light.GREEN, pace.REACHED, Decimal(1))


def test_planned_share_is_the_share_of_the_time_gone() -> None:
    assert planned_share(COMMITMENT, HALF) == Decimal("0.5")
    assert planned_share(COMMITMENT, date(2020, 12, 1)) == 0
    assert planned_share(COMMITMENT, date(2022, 12, 1)) == 1
    assert planned_share(replace(COMMITMENT, published_at=None), HALF) == Decimal("0.5")
    assert planned_share(replace(COMMITMENT, due=None), HALF) is None
    at_once = replace(COMMITMENT, due=PUBLISHED.date())
    assert (planned_share(at_once, date(2020, 12, 31)), planned_share(at_once, PUBLISHED.date())) == (0, 1)
