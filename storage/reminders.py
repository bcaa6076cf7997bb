"""What was sent about what falls due, who is not to be reminded for a while, and the lights people know of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Float,
    and_,
    bindparam,
    cast,
    delete,
    extract,
    func,
    not_,
    or_,
    select,
)

from bot.chat.messages import Light
from storage import facts
from storage.commitments import Kind, Placed, State, Status, commitment_columns, from_row
from storage.database import Tx, insert
from storage.tables import commitments, group_times, lights, mutes, reminders, unit_ancestors, units

_FACT = "reminders.seen_until"
#: How the step of a reminder begins that somebody asked for by hand.
NUDGE = "nudge"
_REACHED = "reminders.reached"
#: A day in seconds; and what a float may be wrong by.
_DAY, _DOUBT = 86_400.0, 1e-6
#: One INSERT takes so many rows; SQLite binds at most 32,766 values.
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True, order=True)
class Sent:
    """One thing said to one recipient: `p12` is a person, `c5` a group's chat.

    `about` names the matter and its due date, `step` which of the reminders about it.
    """

    recipient: str
    about: str
    step: str


@dataclass(frozen=True, slots=True)
class Marks:
    """Up to when everything was taken care of: ordinary reminders, and those that may come on days off."""

    ordinary: datetime
    overdue: datetime


@dataclass(frozen=True, slots=True)
class Lit:
    """A published commitment with the light that its people know of, and since when (None: never looked at)."""

    placed: Placed
    known: Light | None
    since: datetime | None


_LAST = (
    select(reminders.c.recipient, reminders.c.about, func.max(reminders.c.at).label("at"))
    .where(reminders.c.about.in_(bindparam("matters", expanding=True)))
    .group_by(reminders.c.recipient, reminders.c.about)
)
_NUDGED = (
    select(reminders.c.recipient, reminders.c.about)
    .where(
        reminders.c.about.in_(bindparam("matters", expanding=True)),
        reminders.c.step.like(f"{NUDGE}:%"),
        reminders.c.at >= bindparam("since"),
    )
    .distinct()
)
_MUTED = select(mutes.c.person_id, mutes.c.until).where(mutes.c.until >= bindparam("today"))
_UNMUTE = delete(mutes).where(mutes.c.person_id == bindparam("who"))
_TIMES = select(group_times.c.chat_id, group_times.c.minutes)
_office = units.alias("office")


def _may_have_changed() -> ColumnElement[bool]:
    """Whether a commitment's light may be another than the one that is known.

    The rule is `handlers/commitments/pace.py`'s, which judges what is found here. Of a province's millions nearly
    all are left out: those of which it is certain that they have not changed. Where a float or the hour of the
    publication leaves a doubt, the commitment is found.
    """
    c = commitments.c
    share = cast(c.share, Float)
    reached = or_(
        and_(share.is_not(None), share >= 1),
        and_(share.is_(None), func.coalesce(c.status, "") == Status.DONE.value),
    )
    overdue = and_(c.due.is_not(None), c.due < bindparam("today"))
    slow = func.coalesce(c.status, "").in_([Status.SLOW.value, Status.SUSPENDED.value])
    near = and_(c.due.is_not(None), c.due <= bindparam("soon"))
    measured = [Kind.QUANTITY.value, Kind.COMPOUND.value, Kind.THRESHOLD.value]
    counted = or_(share.is_not(None), and_(c.kind.in_(measured), c.reported_at.is_(None)))
    begun, ends = extract("epoch", c.published_at), extract("epoch", c.due)

    def behind(start: ColumnElement[Any], doubt: float) -> ColumnElement[bool]:
        # share < (today - start) / (due - start) - allowed, times the whole of the time
        reach = func.coalesce(share, 0.0) + bindparam("allowed", type_=Float) - doubt
        gone = bindparam("midnight", type_=Float) - start
        return and_(c.due.is_not(None), counted, ends > start, reach * (ends - start) < gone)

    perhaps = or_(slow, near, behind(begun - _DAY, _DOUBT))
    surely = or_(slow, near, behind(begun + 0, -_DOUBT))
    known = func.coalesce(lights.c.light, Light.GREEN.value)
    unchanged = or_(
        and_(known == Light.GREEN.value, or_(reached, not_(or_(overdue, perhaps)))),
        and_(known == Light.YELLOW.value, not_(reached), not_(overdue), surely),
        and_(known == Light.RED.value, not_(reached), overdue),
    )
    return not_(unchanged)


# Who has fulfilled a promise has no light to speak of; neither has what is not announced yet.
_LIT = (
    select(
        *commitment_columns,
        units.c.name,
        _office.c.id.label("office_id"),
        _office.c.name,
        lights.c.light,
        lights.c.since,
    )
    .join(units, units.c.id == commitments.c.unit_id)
    .outerjoin(_office, _office.c.id == units.c.parent_id)
    .outerjoin(lights, lights.c.commitment_id == commitments.c.id)
    .where(
        commitments.c.state == State.PUBLISHED.value,
        commitments.c.year >= bindparam("since"),
        commitments.c.published_at.is_not(None),
        _may_have_changed(),
        units.c.ended_at.is_(None),
        units.c.id.in_(
            select(unit_ancestors.c.unit_id).where(
                unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True))
            )
        ),
    )
    .order_by(units.c.position, units.c.id, commitments.c.year, commitments.c.number)
)


def marks(tx: Tx) -> Marks | None:
    """Up to when everything was taken care of; None before the first time."""
    kept = facts.get(tx, _FACT)
    return Marks(*(datetime.fromisoformat(kept[name]) for name in ("ordinary", "overdue"))) if kept else None


def mark(tx: Tx, done: Marks) -> None:
    """Note up to when everything is taken care of."""
    facts.put(tx, _FACT, {"ordinary": done.ordinary.isoformat(), "overdue": done.overdue.isoformat()})


def reached(tx: Tx, now: datetime) -> str:
    """Up to which recipient, in their order, everything of this moment was sent; empty: to nobody yet."""
    kept = facts.get(tx, _REACHED)
    return str(kept["recipient"]) if kept and kept["now"] == now.isoformat() else ""


def reach(tx: Tx, recipient: str, now: datetime) -> None:
    """Note it."""
    facts.put(tx, _REACHED, {"now": now.isoformat(), "recipient": recipient})


def claim(tx: Tx, wanted: Iterable[Sent], *, now: datetime) -> set[Sent]:
    """Note what is about to be sent; returns what had not been sent before, which alone may be."""
    # In a fixed order, so that two programs that do this at the same moment do not wait for each other.
    ordered = sorted(set(wanted))
    fresh: set[Sent] = set()
    for at in range(0, len(ordered), _AT_ONCE):
        rows = [
            {"recipient": one.recipient, "about": one.about, "step": one.step, "at": now}
            for one in ordered[at : at + _AT_ONCE]
        ]
        statement = (
            insert(reminders, tx)
            .values(rows)
            .on_conflict_do_nothing()
            .returning(reminders.c.recipient, reminders.c.about, reminders.c.step)
        )
        fresh |= {Sent(*row) for row in tx.all(statement)}
    return fresh


def last_sent(tx: Tx, abouts: Iterable[str]) -> dict[tuple[str, str], datetime]:
    """When each recipient last heard of each of these matters."""
    rows = tx.among(_LAST, "matters", abouts)
    return {(row.recipient, row.about): row.at for row in rows}


def nudged(tx: Tx, abouts: Iterable[str], *, since: datetime) -> set[tuple[str, str]]:
    """Who was reminded by hand since then, and of which of these matters."""
    rows = tx.among(_NUDGED, "matters", abouts, {"since": since})
    return {(row.recipient, row.about) for row in rows}


def muted(tx: Tx, today: date) -> dict[int, date]:
    """Who is not to be reminded today, and until when."""
    return {row.person_id: row.until for row in tx.all(_MUTED, {"today": today})}


def mute(tx: Tx, person_id: int, until: date) -> None:
    """Leave somebody in peace until the end of a day."""
    statement = insert(mutes, tx).values(person_id=person_id, until=until)
    tx.execute(statement.on_conflict_do_update(index_elements=["person_id"], set_={"until": until}))


def unmute(tx: Tx, person_id: int) -> None:
    """Remind them again."""
    tx.execute(_UNMUTE, {"who": person_id})


def times(tx: Tx) -> dict[int, int]:
    """The groups' own times of day, in minutes after midnight, by chat."""
    return {row.chat_id: row.minutes for row in tx.all(_TIMES)}


def set_time(tx: Tx, chat_id: int, minutes: int) -> None:
    """Give a group its own time."""
    statement = insert(group_times, tx).values(chat_id=chat_id, minutes=minutes)
    tx.execute(statement.on_conflict_do_update(index_elements=["chat_id"], set_={"minutes": minutes}))


def lit(
    tx: Tx, roots: Sequence[int], *, since: int, today: date, due_soon_days: int, behind_pace: Decimal
) -> list[Lit]:
    """What is published at or below the roots and not done, of that year and later, whose light may have changed.

    The last three are what the light is judged by; whether it has changed is for the caller to judge.
    """
    values = {
        "roots": list(roots),
        "since": since,
        "today": today,
        "soon": today + timedelta(days=due_soon_days),
        "allowed": float(behind_pace),
        "midnight": datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp(),
    }
    rows = tx.all(_LIT, values) if roots else ()
    return [
        Lit(Placed(from_row(row), *row[-5:-2]), Light(row.light) if row.light else None, row.since) for row in rows
    ]


def know(tx: Tx, known: Mapping[int, Light], *, now: datetime) -> None:
    """Note the light of commitments that their people know of now."""
    rows = [{"commitment_id": c, "light": light.value, "since": now} for c, light in sorted(known.items())]
    for at in range(0, len(rows), _AT_ONCE):
        statement = insert(lights, tx).values(rows[at : at + _AT_ONCE])
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["commitment_id"],
                set_={"light": statement.excluded.light, "since": statement.excluded.since},
            )
        )
