"""截止 and 延期: what somebody wants to set, for everybody or for one office, read back before it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, Line, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments.scope import unit_in_scope
from handlers.deadlines import asking, showing, wishes
from handlers.deadlines.applying import CONFIRM, refuse_others, withdraw
from handlers.deadlines.calendar import MOST_LATER, Calendar, Period, load, rule_for
from handlers.deadlines.declared import registry
from handlers.deadlines.matters import Matter
from handlers.deadlines.weight import weight
from handlers.deadlines.wishes import Wish
from handlers.progress.quarters import Quarter
from storage import units
from storage.deadlines import Kind
from storage.units import Unit

_REASON = "deadlines.reason"
_LONGEST_NAME, _LONGEST_REASON = 40, 200
_WITHDRAW = ("撤下", "取消", "删除", "不要了")


@registry.command(
    "截止",
    ascii="deadline",
    aliases=("截止时间", "截止日", "截止日期", "期限"),
    section=Section.DEADLINES,
    help=T("什么事什么时候截止；组织者可以设，也可以给自己的事项设截止时间"),
    args=(Rest("words", T("事项 单位 日期"), optional=True),),
    place=Place.PRIVATE,
    begins_talk=True,
    examples=("截止", "截止 季报 10月12日", "截止 季报 枫杨办事处 延到10月15日", "截止 季报 季末最后一个工作日"),
)
def deadline(ctx: Ctx, words: str | None) -> Reply:
    """Show all, one, or set one."""
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    if not words:
        return showing.overview(ctx, calendar)
    first, _, following = words.strip().partition(" ")
    if first in _WITHDRAW:
        return withdraw(ctx, calendar, following)
    wish = wishes.read(words, calendar, ctx.today)
    if wish.due is None and wish.rule is None:
        if ctx.actor.has(Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR) and (told := asking.about(ctx, words)):
            return told
        if wish.kind is None:
            raise UserError(_how(T("没看出是哪一天。")))
        return showing.overview(ctx, calendar)
    refuse_others(ctx)
    if "延" in words and "顺延" not in words and not wish.reason:
        return _ask_reason(ctx, words)
    return _read_back(ctx, calendar, wish)


@registry.command(
    "延期",
    ascii="extend",
    aliases=("延长", "推迟", "放宽"),
    section=Section.DEADLINES,
    help=T("推迟一个截止时间，写明原因，只通知有关的人"),
    args=(Rest("words", T("事项 单位 日期 因为原因")),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("延期 季报 枫杨办事处 10月15日 因为台风",),
)
def extend(ctx: Ctx, words: str) -> Reply:
    """Put something off, with the reason."""
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    wish = wishes.read(words, calendar, ctx.today)
    if wish.due is None or wish.kind is None:
        raise UserError(_how(T("请写明是什么事、延到哪一天。")))
    if not wish.reason:
        return _ask_reason(ctx, words)
    return _read_back(ctx, calendar, wish, later=True)


def _how(what: Text) -> Text:
    return T("{what}这样发：截止 季报 10月12日，或：延期 季报 枫杨办事处 10月15日 因为台风", what=what)


def _ask_reason(ctx: Ctx, words: str) -> Reply:
    ctx.ask(_REASON, words=words)
    return say(T("因为什么延期？写一句话就行，会告诉有关的人。"))


@registry.dialogue(_REASON)
def reason_given(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Why something is put off."""
    refuse_others(ctx)
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    wish = wishes.read(data["words"], calendar, ctx.today)
    return _read_back(ctx, calendar, replace(wish, reason=said.text.strip()), later=wish.kind is not None)


def _read_back(ctx: Ctx, calendar: Calendar, wish: Wish, *, later: bool = False) -> Reply:
    """Show what would change and whom it would reach; it counts once it is confirmed."""
    unit, name = _where(ctx, wish)
    kind = wish.kind or Kind.OWN
    period = _period(ctx, calendar, wish, kind)
    matter = Matter(kind, period, wish.own)
    line = units.lines(ctx.tx, [unit.id])[unit.id]
    new_own = kind is Kind.OWN and wish.own is None
    before = None if new_own else matter.due(calendar, line)
    _check(ctx, wish, matter, before, later=later)
    ctx.ask(
        CONFIRM,
        kind=kind.value,
        own=wish.own.id if wish.own else None,
        name=name if new_own else None,
        year=period.year,
        quarter=period.quarter,
        unit=unit.id,
        due=wish.due.isoformat() if wish.due else None,
        rule=wish.rule,
        reason=wish.reason[:_LONGEST_REASON],
    )
    pairs: list[tuple[Words, Words]] = [
        (T("事项"), name if new_own else matter.name),
        (T("单位"), unit.name),
        (T("截止"), _when(wish, before, _by_rule(calendar, wish, matter, line))),
    ]
    if wish.reason:
        pairs.append((T("原因"), wish.reason[:_LONGEST_REASON]))
    body: list[Block] = [title(T("核对一下")), Fields(tuple(pairs))]
    if new_own:
        body.append(Line(T("到期前会提醒没办的书记；办好了点一下按钮就不再提醒。")))
        body += weight(ctx, unit.id)
    elif wish.rule:
        body.append(faint(T("以后每一期都按这个规则，除非另外定了日期。")))
    body += [faint(words) for words in _warnings(ctx, calendar, wish)]
    return Reply(tuple(body), ((ctx.choice(T("确定"), "yes"), Button(T("取消"), "取消")),))


def _where(ctx: Ctx, wish: Wish) -> tuple[Unit, str]:
    """The unit it is for, and the name of an own matter that is new."""
    roots = ctx.actor.units(Role.ORGANIZER)
    if wish.kind is not None:
        if wish.rest:
            return unit_in_scope(ctx, wish.rest, roots=roots, command="deadline")[0], ""
        own = wish.own.unit_id if wish.own else roots[0]
        return units.get(ctx.tx, own), ""
    words: list[str] = []
    unit: Unit | None = None
    for word in wish.rest.removeprefix("新增").split():
        found = _called(ctx, word, roots) if unit is None else []
        unit, words = (found[0], words) if found and unit is None else (unit, [*words, word])
    name = " ".join(words)[:_LONGEST_NAME]
    if not name:
        raise UserError(_how(T("没看出是什么事。")))
    return unit or units.get(ctx.tx, roots[0]), name


def _called(ctx: Ctx, word: str, roots: Sequence[int]) -> list[Unit]:
    """The unit of that name, also without what people leave out of it."""
    for suffix in ("", "办事处", "街道", "社区", "村"):
        found = units.by_name(ctx.tx, word + suffix, roots=roots)
        if len(found) == 1:
            return found
    return []


def _period(ctx: Ctx, calendar: Calendar, wish: Wish, kind: Kind) -> Period:
    if kind is Kind.OWN:
        return Period(wish.own.year if wish.own else (wish.due or ctx.today).year)
    if wish.period is not None and wish.period.year:
        return wish.period
    near = (
        wishes.nearest_period(kind, wish.due, calendar, ctx.today)
        if wish.due
        else showing.coming(calendar, kind, (), ctx.today).period
    )
    if wish.period is not None and wish.period.quarter:
        return Period(near.year, wish.period.quarter)
    return near


def _check(ctx: Ctx, wish: Wish, matter: Matter, before: date | None, *, later: bool) -> None:
    if wish.due is None:
        return
    if wish.due < ctx.today:
        raise UserError(T("{due}已经过了，请写一个今天或以后的日期。", due=wish.due))
    if later and before is not None and wish.due <= before:
        raise UserError(T("现在就是{before}截止，延期要写更晚的日期。", before=before))
    if matter.kind is Kind.REPORT:
        quarter = Quarter(matter.period.year, matter.period.quarter)
        last = quarter.ends + MOST_LATER
        if not quarter.begins <= wish.due <= last:
            raise UserError(T("{what}最晚只能到{last}，再晚就和下一季重叠了。", what=matter.name, last=last))


def _by_rule(calendar: Calendar, wish: Wish, matter: Matter, line: Sequence[int]) -> date | None:
    """The day that a rule means this time."""
    if wish.rule is None:
        return None
    rule = rule_for(matter.kind, wish.rule)
    period = matter.period
    return rule.day(period.begins, calendar.days, lambda other: calendar.due(other, period, line))


def _when(wish: Wish, before: date | None, by_rule: date | None) -> Words:
    after: Words = T("{day}", day=wish.due) if wish.due else wish.rule or ""
    if by_rule is not None:
        after = T("{rule}，这一期是{day}", rule=wish.rule or "", day=by_rule)
    return T("{after}（原为{before}）", after=after, before=before) if before else after


def _warnings(ctx: Ctx, calendar: Calendar, wish: Wish) -> list[Text]:
    if wish.due is None or wish.rule:
        return []
    if not calendar.days.knows(wish.due.year):
        return list(showing.unknown_years(calendar, wish.due))
    if not calendar.days.is_working(wish.due):
        return [T("{due}不是工作日，当天的提醒会提前到前一个工作日。", due=wish.due)]
    return []
