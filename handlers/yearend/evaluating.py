"""评诺: at the year's end the office and then the district say of each commitment what became of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, Reply, faint, say, title
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments.scope import unit_in_scope
from handlers.yearend import reading
from handlers.yearend.declared import EVALUATING, confirmed, registry, year_at
from handlers.yearend.desk import Desk, desk
from handlers.yearend.telling import result_lines, tell_results
from handlers.yearend.verdict_words import VERDICT_WORDS, of_both
from storage import units, verdicts
from storage.changes import Recorded
from storage.commitments import Commitment
from storage.verdicts import Both, Level, Verdict


@registry.command(
    "评诺",
    ascii="evaluate",
    aliases=("年终评诺",),
    section=Section.COMMITMENTS,
    help=T("年终逐项评定承诺是否兑现：办事处初评，上级定评"),
    args=(Rest("words", T("单位、第几项、兑现情况"), optional=True),),
    roles=EVALUATING,
    place=Place.PRIVATE,
    examples=("评诺", "评诺 大里村", "评诺 大里村 2 部分兑现 只修了1.5公里"),
)
def evaluate(ctx: Ctx, words: str | None) -> Reply:
    """How far it is, one unit's card, or a verdict."""
    year, rest = year_at(words, ctx.today)
    if not rest:
        return _overview(ctx, desk(ctx, year))
    if rest in ("全部", "all"):
        return _all(ctx, desk(ctx, year))
    unit, said = unit_in_scope(ctx, rest, roots=ctx.actor.units(*EVALUATING), command="evaluate")
    at = desk(ctx, year, [unit.id])
    if unit.kind not in units.CONTESTING:
        return _overview(ctx, at)
    _refuse(ctx, at, unit.id)
    return _typed(ctx, at, unit.id, said) if said else _card(ctx, at, unit.id)


def _refuse(ctx: Ctx, at: Desk, unit_id: int) -> None:
    """Raises UserError where there is nothing to evaluate, or not yet."""
    if not at.of(unit_id):
        name = units.get(ctx.tx, unit_id).name
        raise UserError(T("{unit}{year}年没有亮出的承诺。", unit=name, year=at.year))
    if at.waits_for_office(unit_id):
        office = next(p.office_name for p in at.placed if p.commitment.unit_id == unit_id)
        raise UserError(T("{office}还没有初评完，等初评完了再定评。", office=office or ""))


def _overview(ctx: Ctx, at: Desk) -> Reply:
    """How far it is, and the next unit."""
    if not at.placed:
        return say(T("{year}年没有亮出的承诺，不用评。", year=at.year))
    done = sum(at.done(p.commitment) for p in at.placed)
    pairs: list[tuple[Words, Words]] = [
        (T("承诺"), T("{count}项", count=len(at.placed))),
        (T("已评"), T("{count}项", count=done)),
    ]
    slow = _slow_offices(at)
    body: list[Block | Words] = [title(_heading(at)), Fields(tuple(pairs))]
    if slow:
        body.append(T("等办事处初评：{offices}", offices=slow))
    if done == len(at.placed):
        body.append(T("都评完了。"))
    return say(*body, buttons=_next(ctx, at, everything=True), replace=True)


def _slow_offices(at: Desk) -> list[Text]:
    if at.level is not Level.DISTRICT:
        return []
    waiting: dict[str, int] = {}
    for p in at.placed:
        if p.office_name and not at.both(p.commitment).office:
            waiting[p.office_name] = waiting.get(p.office_name, 0) + 1
    return [T("{office}{count}项", office=name, count=count) for name, count in waiting.items()]


def _heading(at: Desk) -> Text:
    return (
        T("{year}年评诺（定评）", year=at.year)
        if at.level is Level.DISTRICT
        else T("{year}年评诺（办事处初评）", year=at.year)
    )


def _next(ctx: Ctx, at: Desk, *, everything: bool = False) -> tuple[tuple[Button, ...], ...]:
    """The next unit, and all at once where the office has spoken."""
    if not at.open:
        return ()
    name = at.name(at.open[0])
    rows: list[tuple[Button, ...]] = [
        (Button(T("评下一个：{unit}", unit=name), f"evaluate {at.year} u{at.open[0]}"),)
    ]
    if everything and at.level is Level.DISTRICT:
        rows.append((Button(T("全部同意初评"), f"evaluate {at.year} all"),))
    return tuple(rows)


def _card(ctx: Ctx, at: Desk, unit_id: int) -> Reply:
    """A unit's commitments with what the record says, or what was said before."""
    name = at.name(unit_id)
    ctx.ask("yearend.evaluate", unit=unit_id, year=at.year)
    body: list[Block | Words] = [title(T("{unit}　{heading}", unit=name, heading=_heading(at)))]
    body += [_proposed(at, commitment) for commitment in at.of(unit_id)]
    body.append(faint(T("和上面不同的，发编号和结果，例如：2 部分兑现 只修了1.5公里。一行一项。")))
    label = T("同意初评") if at.level is Level.DISTRICT and not at.waits_for_office(unit_id) else T("就按上面评")
    return say(*body, buttons=((ctx.choice(label, "agree"), Button(T("先不评"), "取消")),), replace=True)


def _proposed(at: Desk, commitment: Commitment) -> Text:
    verdict, reason = at.default(commitment)
    return T(
        "{number}. {words}：{verdict}{reason}",
        number=commitment.number,
        words=commitment.words,
        verdict=VERDICT_WORDS[verdict],
        reason=T("（{reason}）", reason=reason) if reason else "",
    )


@registry.dialogue("yearend.evaluate")
def evaluated(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Agree with what the card says, but for the lines that are typed."""
    at = desk(ctx, data["year"], [data["unit"]])
    if not units.is_within(ctx.tx, data["unit"], ctx.actor.units(*EVALUATING)):
        raise UserError(T("这个单位不归您管理。"))
    if said.folded.strip().casefold() in {"agree", "同意", "同意初评", "就按上面评", "好", "可以", "确认"}:
        return _keep(ctx, at, data["unit"], {})
    return _typed(ctx, at, data["unit"], said.text)


def _typed(ctx: Ctx, at: Desk, unit_id: int, text: str) -> Reply:
    lines = reading.read(text)
    if lines is None:
        raise UserError(
            T("没看懂。请发编号和结果（兑现、部分兑现、未兑现）和理由，例如：2 部分兑现 只修了1.5公里")
        )
    by_number = {c.number: c for c in at.of(unit_id)}
    chosen: dict[int, tuple[Verdict, str]] = {}
    for line in lines:
        if line.number not in by_number:
            raise UserError(T("没有第{number}项承诺。", number=line.number))
        if line.verdict is not Verdict.FULFILLED and not line.reason:
            raise UserError(
                T(
                    "第{number}项评为“{verdict}”要写理由，书记会看到。",
                    number=line.number,
                    verdict=VERDICT_WORDS[line.verdict],
                )
            )
        chosen[by_number[line.number].id] = (line.verdict, line.reason)
    return _keep(ctx, at, unit_id, chosen)


def _keep(ctx: Ctx, at: Desk, unit_id: int, chosen: Mapping[int, tuple[Verdict, str]]) -> Reply:
    """Keep the unit's verdicts; at the district's level the secretary is told."""
    own = at.of(unit_id)
    every = {c.id: chosen.get(c.id) or _shown(ctx, at.default(c)) for c in own if c.id in chosen or not at.done(c)}
    if not every:
        raise UserError(
            T("{unit}都评完了。要改就发编号和结果，例如：2 部分兑现 只修了1.5公里", unit=at.name(unit_id))
        )
    if at.level is Level.OFFICE and any(at.both(c).district for c in own if c.id in every):
        raise UserError(T("上级已经定评，办事处不能再改。有不同意见请联系组织者。"))
    made = _record(ctx, at, every, [unit_id])
    now = desk(ctx, at.year, [unit_id])
    if at.level is Level.DISTRICT:
        tell_results(ctx, now, [unit_id])
    name = at.name(unit_id)
    word = (
        T("{unit}已定评{count}项，结果已私信书记。", unit=name, count=made)
        if at.level is Level.DISTRICT
        else T("{unit}已初评{count}项，等上级定评。", unit=name, count=made)
    )
    lines = result_lines(own, now.given)
    return say(word, *lines, buttons=(*_next(ctx, desk(ctx, at.year)), (Button(T("撤销"), "undo"),)), replace=True)


def _shown(ctx: Ctx, default: tuple[Verdict, Words]) -> tuple[Verdict, str]:
    return default[0], ctx.show(default[1])


def _record(ctx: Ctx, at: Desk, every: Mapping[int, tuple[Verdict, str]], unit_ids: Sequence[int]) -> int:
    kept = {c: (verdict, reason or None) for c, (verdict, reason) in every.items()}
    made = verdicts.give(ctx.tx, kept, level=at.level, by=ctx.actor.id, now=ctx.now)
    told = list(unit_ids) if at.level is Level.DISTRICT else []
    summary = T("评诺{count}项", count=len(kept))
    data = {"ids": made, "told": told, "year": at.year}
    ctx.record(Change("verdicts.given", summary, unit_id=unit_ids[0], data=data))
    return len(kept)


@registry.undo("verdicts.given")
def take_back(ctx: Ctx, change: Recorded) -> None:
    """What stood before stands again; whoever was told is told."""
    verdicts.withdraw(ctx.tx, change.data["ids"], now=ctx.now)
    if change.data["told"]:
        tell_results(ctx, desk(ctx, change.data["year"]), change.data["told"], withdrawn=True)


def _all(ctx: Ctx, at: Desk) -> Reply:
    """Agree with everything that the offices have said; ask first."""
    if at.level is not Level.DISTRICT:
        raise UserError(T("初评请一个单位一个单位地评。发“评诺”开始。"))
    waiting = [c for unit_id in at.open for c in at.of(unit_id) if not at.done(c)]
    if not waiting:
        raise UserError(T("现在没有等定评的承诺。"))
    counts = of_both([Both(at.both(c).office) for c in waiting])
    ctx.ask("yearend.agree", year=at.year)
    return say(
        T(
            "同意{units}个单位{count}项的初评：{counts}。确定吗？",
            units=len(at.open),
            count=len(waiting),
            counts=counts,
        ),
        buttons=((ctx.choice(T("确定"), "yes"), Button(T("取消"), "取消")),),
    )


@registry.dialogue("yearend.agree")
def agreed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The district's word is the office's, for all units of which the office has spoken."""
    confirmed(said)
    at = desk(ctx, data["year"])
    open_units = at.open
    every = {c.id: _shown(ctx, at.default(c)) for unit_id in open_units for c in at.of(unit_id) if not at.done(c)}
    if not every:
        raise UserError(T("现在没有等定评的承诺。"))
    made = _record(ctx, at, every, open_units)
    tell_results(ctx, desk(ctx, at.year), open_units)
    return say(
        T("已定评{units}个单位{count}项，结果已私信各位书记。", units=len(open_units), count=made), replace=True
    )
