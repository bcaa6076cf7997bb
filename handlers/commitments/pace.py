"""The light of a commitment: its progress against the time gone and its due date, always with a word."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from bot.chat.messages import Light
from bot.chat.settings import Policy
from bot.chat.texts import T, Text
from storage.commitments import Commitment, Kind, State, Status

AHEAD = T("超进度")
ON_PACE = T("达进度")
BEHIND = T("欠进度")
DUE_SOON = T("临近到期")
OVERDUE = T("逾期")
REACHED = T("已完成")
REACHED_EARLY = T("提前完成")
WAITING = T("待审核")
RETURNED = T("已退回")
WITHDRAWN = T("已撤回")

_UNPUBLISHED = {State.PROPOSED: WAITING, State.RETURNED: RETURNED, State.WITHDRAWN: WITHDRAWN}
#: No day brings another light.
NEVER = date.max
_ONE = Decimal(1)
_ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a commitment stands on a day.

    `light` is None for what is not published. `share` (of the target) and `planned` (the share of the time
    between publication and due date that is gone, 0 to 1) are None where there is no figure to speak of.
    """

    light: Light | None
    words: Text
    share: Decimal | None
    planned: Decimal | None


def judge(commitment: Commitment, today: date, policy: Policy) -> Standing:
    """Where the commitment stands: red overdue, yellow behind pace, slow, suspended or nearly due, else green."""
    if commitment.state in _UNPUBLISHED:
        return Standing(None, _UNPUBLISHED[commitment.state], commitment.share, None)
    planned = planned_share(commitment, today)
    if _is_reached(commitment):
        share = _ONE if commitment.share is None else commitment.share
        return Standing(Light.GREEN, _reached_word(commitment), share, planned)
    light, word = _open(commitment, today, planned, policy)
    return Standing(light, word, commitment.share, planned)


def planned_share(commitment: Commitment, today: date) -> Decimal | None:
    """The share of the time between publication (unknown: 1 January) and due date that is gone, 0 to 1."""
    if commitment.due is None:
        return None
    start = commitment.published_at.date() if commitment.published_at else date(commitment.year, 1, 1)
    whole = (commitment.due - start).days
    if whole <= 0:
        return _ONE if today >= commitment.due else _ZERO
    return min(_ONE, max(_ZERO, Decimal((today - start).days) / whole))


def next_look(commitment: Commitment, today: date, policy: Policy) -> date:
    """The first day after today on which the light may be another, if nothing is said meanwhile; `NEVER` for none.

    Time alone turns green to yellow, once, and what is open to red after its due date. The day is never too late;
    that on which the time gone overtakes the share is given a day too early rather than by a rounded quotient.
    """
    due = commitment.due
    if due is None or today > due or _is_reached(commitment):
        return NEVER
    turns = due + timedelta(days=1)
    if judge(commitment, today, policy).light is Light.GREEN:
        soon = due - timedelta(days=policy.activity.due_soon_days)
        turns = min(turns, soon, _overtaken(commitment, due, policy))
    return max(turns, today + timedelta(days=1))


def _overtaken(commitment: Commitment, due: date, policy: Policy) -> date:
    """Up to which day it is surely not behind."""
    start = commitment.published_at.date() if commitment.published_at else date(commitment.year, 1, 1)
    share = _compared_share(commitment)
    whole = (due - start).days
    if share is None or whole <= 0:
        return due
    reached = min(max((share + policy.activity.behind_pace) * whole, _ZERO), Decimal(whole))
    return start + timedelta(days=int(reached))


def _is_reached(commitment: Commitment) -> bool:
    if commitment.state in (State.DONE, State.CLOSED):
        return True
    if commitment.share is None:
        return commitment.status is Status.DONE
    return commitment.share >= 1


def _reached_word(commitment: Commitment) -> Text:
    when = commitment.done_at or commitment.reported_at
    early = when is not None and commitment.due is not None and when.date() < commitment.due
    return REACHED_EARLY if early else REACHED


def _open(commitment: Commitment, today: date, planned: Decimal | None, policy: Policy) -> tuple[Light, Text]:
    if commitment.due is not None and today > commitment.due:
        return Light.RED, OVERDUE
    if commitment.status in (Status.SLOW, Status.SUSPENDED):
        return Light.YELLOW, BEHIND
    margin = _margin(commitment, planned)
    if margin is not None and margin < -policy.activity.behind_pace:
        return Light.YELLOW, BEHIND
    if commitment.due is not None and commitment.due - today <= timedelta(days=policy.activity.due_soon_days):
        return Light.YELLOW, DUE_SOON
    if margin is not None and margin > policy.activity.behind_pace and commitment.kind is not Kind.THRESHOLD:
        return Light.GREEN, AHEAD
    return Light.GREEN, ON_PACE


def _margin(commitment: Commitment, planned: Decimal | None) -> Decimal | None:
    """How far ahead of the time gone (negative: behind); None for what has no figure to compare.

    A rate does not grow from nothing, so being above the time gone says little: it is never called ahead.
    """
    if planned is None:
        return None
    share = _compared_share(commitment)
    return None if share is None else share - planned


def _compared_share(commitment: Commitment) -> Decimal | None:
    """What is compared with the time gone; None for what has no figure."""
    if commitment.share is not None:
        return commitment.share
    counted = commitment.kind in (Kind.QUANTITY, Kind.COMPOUND, Kind.THRESHOLD)
    # A figure was promised and none was ever reported: nothing is done as far as anybody knows.
    return _ZERO if counted and commitment.reported_at is None else None
