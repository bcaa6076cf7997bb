"""截止 without more: what is due when, for an organizer, an office, a secretary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from bot.chat.messages import Block, Line, Reply, faint, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.deadlines.calendar import Calendar, Period
from handlers.deadlines.matters import OF_OFFICES, Matter
from storage import commitments, units
from storage.commitments import State
from storage.deadlines import Kind, Setting

#: What is due later than this is nobody's concern yet.
_AHEAD = timedelta(days=120)
#: So many of a unit's own commitments are listed.
_SHOWN = 3
_OFFICE = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)


def overview(ctx: Ctx, calendar: Calendar) -> Reply:
    """Everything that concerns the person and is not past."""
    places = [post.unit_id for post in ctx.actor.posts]
    lines = units.lines(ctx.tx, {*places, *calendar.mentioned()})
    home = lines[places[0]] if places else ()
    body: list[Block] = [title(T("截止时间"))]
    for matter in _matters(ctx, calendar, home):
        body += _lines(ctx, calendar, matter, home, lines)
    body += [Line(words) for words in _commitments(ctx)]
    if len(body) == 1:
        body.append(Line(T("目前没有截止时间。")))
    body += [faint(words) for words in unknown_years(calendar, ctx.today)]
    if ctx.actor.has(Role.ORGANIZER):
        body.append(faint(T("要改就发，例如：截止 季报 10月12日；延期 季报 枫杨办事处 10月15日 因为台风")))
        body.append(faint(T("自己的事项也行，例如：截止 安全隐患排查表 10月20日")))
    return Reply(tuple(body))


def _matters(ctx: Ctx, calendar: Calendar, line: tuple[int, ...]) -> Iterator[Matter]:
    offices = ctx.actor.has(*_OFFICE)
    for kind in (Kind.REGISTRATION, Kind.EXAMINATION, Kind.REPORT, Kind.VERIFICATION):
        if offices or kind not in OF_OFFICES:
            yield coming(calendar, kind, line, ctx.today)
    for own in calendar.own():
        yield Matter(Kind.OWN, Period(own.year), own)


def coming(calendar: Calendar, kind: Kind, line: tuple[int, ...], today: date) -> Matter:
    """The matter of a kind that is due next: of the period before this one, of this, or of the next."""
    period = Period.of(kind, today).previous
    while (due := calendar.due(kind, period, line)) is not None and due < today:
        period = period.next
    return Matter(kind, period)


def _lines(
    ctx: Ctx, calendar: Calendar, matter: Matter, home: tuple[int, ...], lines: dict[int, tuple[int, ...]]
) -> Iterator[Block]:
    due = matter.due(calendar, home)
    others = _others(calendar, matter, due, home, lines)
    names = units.get_many(ctx.tx, [s.unit_id for s, _day in others]) if others else {}
    if due is not None and due > ctx.today + _AHEAD:
        return
    if due is not None and (due >= ctx.today or others):
        said = calendar.rule(matter.kind, matter.period, home) if matter.own is None else None
        holding = calendar.holding(matter.kind, matter.period, home) if matter.own is None else None
        by_rule = said.words if said and (holding is None or holding.due is None) else ""
        yield Line(due_words(matter.name, due, ctx.today, by_rule))
    for setting, day in others:
        where = names[setting.unit_id].name
        if setting.reason:
            yield faint(T("　{where}：{day}（{reason}）", where=where, day=day, reason=setting.reason))
        else:
            yield faint(T("　{where}：{day}", where=where, day=day))


def _others(
    calendar: Calendar, matter: Matter, due: date | None, home: tuple[int, ...], lines: dict[int, tuple[int, ...]]
) -> list[tuple[Setting, date]]:
    """The units below that have another day, with what was said for them."""
    found = {}
    for one in calendar.said:
        line = lines[one.unit_id]
        if not home or home[0] not in line or line == home:
            continue
        day = matter.due(calendar, line)
        holds = one.of_id == matter.own.id if matter.own else one.kind is matter.kind
        if holds and day is not None and day != due:
            found[one.unit_id] = (one, day)
    return list(found.values())


def due_words(name: Words, due: date, today: date, rule: Words = "") -> Text:
    """A matter and its day, with how long that still is."""
    left = (due - today).days
    if left < 0:
        return T("{what}：{due}已截止", what=name, due=due)
    when = T("今天") if left == 0 else T("还有{days}天", days=left)
    if rule:
        return T("{what}：{due}（{rule}；{when}）", what=name, due=due, rule=rule, when=when)
    return T("{what}：{due}（{when}）", what=name, due=due, when=when)


def _commitments(ctx: Ctx) -> Iterator[Text]:
    """The commitments of a secretary's units that are due next."""
    mine = ctx.actor.units(Role.SECRETARY)
    found = [
        c
        for unit_id in mine
        for c in commitments.of_unit(ctx.tx, unit_id, year=ctx.today.year, states=[State.PUBLISHED])
        if c.due is not None
    ]
    for c in sorted(found, key=lambda c: (c.due, c.unit_id, c.number))[:_SHOWN]:
        assert c.due is not None
        yield due_words(T("第{number}项 {words}", number=c.number, words=c.words), c.due, ctx.today)


def unknown_years(calendar: Calendar, today: date) -> Iterator[Text]:
    """A plain word about years of which the moved days are not known yet."""
    for year in sorted({today.year, (today + timedelta(days=92)).year}):
        if not calendar.days.knows(year):
            yield T("{year}年的放假调休安排还没有收进日历，先按周一至周五算。", year=year)
