"""What was sent about what falls due, who is not to be reminded for a while, and the lights people know of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import bindparam, delete, func, select, text, update

from bot.chat.messages import Light
from storage import facts
from storage.commitments import Placed, commitment_columns, from_row
from storage.database import Tx, insert
from storage.tables import LIT, LOOK_AT_ONCE, chats, commitments, group_times, lights, mutes, reminders, units

_FACT = "reminders.seen_until"
#: How the step of a reminder begins that somebody asked for by hand.
NUDGE = "nudge"
_REACHED = "reminders.reached"
_RULES = "reminders.lights"
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
    """A published commitment with the light that its people know of, and since when (None: never looked at).

    `look_on`: since when it is due to be looked at. `position`, `ended`: of its unit.
    """

    placed: Placed
    known: Light | None
    since: datetime | None
    look_on: date
    position: int
    ended: bool


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
#: Of the table's own columns, where others have some of the same name.
_lit_words = re.sub(r"\b(state|published_at)\b", r"commitments.\1", LIT)


# Who has fulfilled a promise has no light to speak of; neither has what is not announced yet.
_LIT = (
    select(
        *commitment_columns,
        units.c.name,
        _office.c.id.label("office_id"),
        _office.c.name,
        lights.c.light,
        lights.c.since,
        commitments.c.look_on,
        units.c.position,
        units.c.ended_at,
    )
    .join(units, units.c.id == commitments.c.unit_id)
    .outerjoin(_office, _office.c.id == units.c.parent_id)
    .outerjoin(lights, lights.c.commitment_id == commitments.c.id)
    .where(
        text(_lit_words),
        commitments.c.look_on == bindparam("day"),
        commitments.c.id > bindparam("after"),
    )
    .order_by(commitments.c.id)
    .limit(bindparam("most"))
)
_NEXT_DAY = select(func.min(commitments.c.look_on)).where(
    text(_lit_words), commitments.c.look_on > bindparam("day"), commitments.c.look_on <= bindparam("today")
)
_LOOKED_AT = (
    select(commitments.c.id)
    .where(text(_lit_words), commitments.c.look_on > LOOK_AT_ONCE, commitments.c.look_on < bindparam("never"))
    .limit(bindparam("most"))
)
_LOOK_ON = (
    update(commitments)
    .where(commitments.c.id.in_(bindparam("which", expanding=True)))
    .values(look_on=bindparam("day"))
)
_child = units.alias("child")
_WITH_GROUPS = (
    select(chats.c.unit_id)
    .where(
        chats.c.is_group,
        chats.c.unit_id > bindparam("after"),
        select(_child.c.id)
        .where(
            _child.c.parent_id == chats.c.unit_id,
            _child.c.kind.in_(bindparam("kinds", expanding=True)),
            _child.c.ended_at.is_(None),
        )
        .exists(),
    )
    .distinct()
    .order_by(chats.c.unit_id)
    .limit(bindparam("most"))
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


def lit(tx: Tx, *, today: date, after: tuple[date, int], most: int) -> list[Lit]:
    """The next published commitments whose light may be another today, by the day of their next look and number.

    At most `most`, all of one day; none when that were all.
    """
    day, number = after
    rows = tx.all(_LIT, {"day": day, "after": number, "most": most}) if number else ()
    if not rows:
        following = tx.scalar(_NEXT_DAY, {"day": day, "today": today})
        rows = tx.all(_LIT, {"day": following, "after": 0, "most": most}) if following else ()
    return [
        Lit(
            Placed(from_row(row), *row[-8:-5]),
            Light(row.light) if row.light else None,
            row.since,
            row.look_on,
            row.position,
            row.ended_at is not None,
        )
        for row in rows
    ]


def look_again(tx: Tx, days: Mapping[date, Sequence[int]]) -> None:
    """Note on which day which commitments' lights may be others; a light that is said meanwhile sets it back."""
    for day, commitment_ids in sorted(days.items()):
        tx.execute(_LOOK_ON, {"which": sorted(commitment_ids), "day": day})


def look_at_all(tx: Tx, *, never: date, most: int) -> int:
    """Look at what may yet change as soon as possible, so many at a time; returns how many those were."""
    found = [row.id for row in tx.all(_LOOKED_AT, {"never": never, "most": most})]
    if found:
        tx.execute(_LOOK_ON, {"which": found, "day": LOOK_AT_ONCE})
    return len(found)


def judged_by(tx: Tx) -> dict[str, str]:
    """The rules by which the days of the next looks were found."""
    return facts.get(tx, _RULES) or {}


def judge_by(tx: Tx, rules: Mapping[str, str]) -> None:
    """Note them."""
    facts.put(tx, _RULES, dict(rules))


def know(tx: Tx, known: Mapping[int, tuple[Light, date]], *, now: datetime) -> None:
    """Note the light of commitments that their people know of now, and when it may be another."""
    rows = [{"commitment_id": c, "light": light.value, "since": now} for c, (light, _day) in sorted(known.items())]
    if rows:
        statement = insert(lights, tx).values(rows)
        tx.execute(
            statement.on_conflict_do_update(
                index_elements=["commitment_id"],
                set_={"light": statement.excluded.light, "since": statement.excluded.since},
            )
        )
    days: dict[date, list[int]] = {}
    for commitment_id, (_light, day) in known.items():
        days.setdefault(day, []).append(commitment_id)
    look_again(tx, days)


def units_with_groups(tx: Tx, *, after: int, kinds: Sequence[str], most: int) -> list[int]:
    """The next units that have a group, and units of these kinds directly under them, by number."""
    return [row.unit_id for row in tx.all(_WITH_GROUPS, {"after": after, "kinds": list(kinds), "most": most})]
