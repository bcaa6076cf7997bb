"""亮诺: what was approved becomes public, and the office's group hears of it in one message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby

from bot.chat.messages import Block, Line, Table, ToGroup, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.commitments.reviewers import group_of
from storage import commitments, examination, people
from storage.commitments import PUBLIC, Commitment, Placed

#: More lines than this are not read in a group: then the units are counted instead.
MOST_LINES = 30


def announce(ctx: Ctx, unit_ids: Iterable[int]) -> list[int]:
    """Publish what is approved in these units and tell their groups; returns the ids of what became public.

    One message to each office, however many of its units have something new.
    """
    ids = examination.announce(ctx.tx, unit_ids, now=ctx.now)
    public = commitments.get_many(ctx.tx, ids).values()
    for year in sorted({commitment.year for commitment in public}):
        roots = sorted({c.unit_id for c in public if c.year == year})
        listed = commitments.in_subtree(ctx.tx, roots, year=year, states=PUBLIC)
        for _office, rows in groupby(listed, key=lambda placed: placed.office_id):
            _tell_group(ctx, list(rows), set(ids))
    return ids


def _tell_group(ctx: Ctx, listed: Sequence[Placed], new: set[int]) -> None:
    fresh = [placed for placed in listed if placed.commitment.id in new]
    by_unit = [list(rows) for _unit, rows in groupby(fresh, key=lambda placed: placed.commitment.unit_id)]
    if not by_unit:
        return
    if len(by_unit) == 1:
        body = _one_unit(ctx, by_unit[0], _had_some_before(listed, by_unit[0], ctx.now))
    else:
        body = _several_units(by_unit)
    group = fresh[0].office_id or group_of(ctx, fresh[0].commitment.unit_id)
    ctx.post(say(*body, to=ToGroup(group)))


def _one_unit(ctx: Ctx, rows: Sequence[Placed], more: bool) -> list[Block]:
    unit_id, year = rows[0].commitment.unit_id, rows[0].commitment.year
    name = rows[0].unit_name
    heading = (
        T("{unit} {year}年新增承诺", unit=name, year=year)
        if more
        else T("{unit} {year}年承诺", unit=name, year=year)
    )
    secretaries = people.holders(ctx.tx, [unit_id], [Role.SECRETARY]).get(unit_id, [])
    body: list[Block] = [title(heading), *(Line(promise_line(placed.commitment)) for placed in rows)]
    if secretaries:
        body.append(faint(T("承诺人：{names}", names=[person.name for person in secretaries])))
    return body


def _several_units(by_unit: Sequence[Sequence[Placed]]) -> list[Block]:
    office, year = by_unit[0][0].office_name or "", by_unit[0][0].commitment.year
    total = sum(len(rows) for rows in by_unit)
    heading = T(
        "{office} {year}年承诺：{units}个村（社区）{count}项",
        office=office,
        year=year,
        units=len(by_unit),
        count=total,
    )
    if total > MOST_LINES:
        counted = tuple((rows[0].unit_name, str(len(rows))) for rows in by_unit)
        return [title(heading), Table((T("单位"), T("承诺")), counted, "lr")]
    body: list[Block] = [title(heading)]
    for rows in by_unit:
        body.append(Line(rows[0].unit_name, "title"))
        body += [Line(promise_line(placed.commitment)) for placed in rows]
    return body


def promise_line(commitment: Commitment) -> Text:
    """Number, wording and due date."""
    if commitment.due is None:
        return T("{number}. {words}", number=commitment.number, words=commitment.words)
    return T("{number}. {words}（{due}前）", number=commitment.number, words=commitment.words, due=commitment.due)


def _had_some_before(listed: Sequence[Placed], rows: Sequence[Placed], now: datetime) -> bool:
    """Whether the unit's own promises were announced before; what the district requires does not count."""
    unit_id = rows[0].commitment.unit_id
    return any(
        placed.commitment.unit_id == unit_id
        and placed.commitment.requirement_id is None
        and placed.commitment.published_at is not None
        and placed.commitment.published_at < now
        for placed in listed
    )
