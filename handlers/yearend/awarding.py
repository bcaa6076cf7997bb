"""评星: stars awarded one by one, by the rules for all at once, or by the organizer with a reason; 摘星."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments.scope import unit_in_scope
from handlers.yearend.announcing import preview
from handlers.yearend.declared import confirmed, registry, year_at
from handlers.yearend.rating import Rated, level, rated, row_of_stars, star_line
from handlers.yearend.star_rules import Finding
from storage import stars
from storage.changes import Recorded

_BY_RULE, _PUBLISH = ("规则", "按规则", "rules"), ("公布", "publish")


@registry.command(
    "评星",
    ascii="stars",
    aliases=("星级",),
    section=Section.ROUNDS,
    help=T("年度星级：一颗一颗评，可以按规则一次评完，也可以逐个授予"),
    args=(Rest("words", T("单位、星名、理由"), optional=True),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("评星", "评星 大里村", "评星 大里村 产业兴旺 村集体收入翻番"),
)
def rate(ctx: Ctx, words: str | None) -> Reply:
    """How many have how many stars, one unit's card, or an award."""
    year, rest = year_at(words, ctx.today)
    roots = ctx.actor.units(Role.ORGANIZER)
    if not rest:
        return _overview(ctx, rated(ctx, roots, year), year)
    if rest in _BY_RULE:
        return _by_rule(ctx, rated(ctx, roots, year), year)
    if rest in _PUBLISH:
        return preview(ctx, rated(ctx, roots, year), year)
    one, said = _named(ctx, rest, year, "stars")
    return _award(ctx, one, said, year) if said else _card(ctx, one, year)


def _named(ctx: Ctx, words: str, year: int, command: str) -> tuple[Rated, str]:
    """The unit that words begin with, rated, and the rest. Raises UserError."""
    unit, said = unit_in_scope(ctx, words, roots=ctx.actor.units(Role.ORGANIZER), command=command)
    found = rated(ctx, [unit.id], year)
    if not found or found[0].unit.id != unit.id:
        raise UserError(T("{unit}{year}年没有亮出的承诺，不评星。", unit=unit.name, year=year))
    return found[0], said


def _levels(ctx: Ctx, found: Sequence[Rated]) -> list[tuple[Words, Words]]:
    """How many units have how many stars, the most first."""
    most = len(ctx.policy.rating.stars)
    counts = [one.count for one in found]
    return [(level(n), T("{count}个", count=counts.count(n))) for n in range(most, -1, -1) if n in counts]


def _overview(ctx: Ctx, found: Sequence[Rated], year: int) -> Reply:
    if not found:
        raise UserError(T("{year}年没有亮出的承诺，不评星。", year=year))
    due = sum(len(one.due) for one in found)
    body: list[Block | Words] = [title(T("{year}年度星级", year=year)), Fields(tuple(_levels(ctx, found)))]
    waiting = sum(one.waiting for one in found)
    if waiting:
        body.append(T("还有{count}项承诺没有定评，先发“评诺”评完。", count=waiting))
    buttons = []
    if due:
        body.append(T("按规则还可以授予{count}颗星。", count=due))
        buttons.append(Button(T("按规则评星"), f"stars {year} rules"))
    if any(one.awards for one in found):
        buttons.append(Button(T("公布星级"), f"stars {year} publish"))
    return say(*body, faint(T("看一个单位请发：评星 单位")), buttons=(tuple(buttons),), replace=True)


def _card(ctx: Ctx, one: Rated, year: int) -> Reply:
    lines = [star_line(one, finding) for finding in one.findings]
    names = [finding.star.name for finding in one.findings]
    buttons = [
        Button(T("授予{star}", star=f.star.name), f"stars {year} u{one.unit.id} {names.index(f.star.name) + 1}")
        for f in one.due
    ]
    to_decide = [f.star.name for f in one.findings if f.met is None and f.star.name not in one.awards]
    hints = [
        faint(T("待定的请写理由授予，例如：评星 {unit} {star} 理由", unit=one.unit.name, star=name))
        for name in to_decide[:1]
    ]
    return say(
        title(T("{unit}　{year}年度星级", unit=one.unit.name, year=year)),
        T("{row} {level}", row=row_of_stars(one.count, len(one.findings)), level=level(one.count)),
        *lines,
        *hints,
        buttons=tuple((button,) for button in buttons),
        replace=True,
    )


def _star_at(one: Rated, words: str) -> tuple[Finding, str]:
    """The star that words begin with, by name or number (as on buttons), and the rest. Raises UserError."""
    for at, finding in enumerate(one.findings, 1):
        for name in (finding.star.name, str(at)):
            if words == name or words.startswith((f"{name} ", f"{name}，", f"{name},", f"{name}：", f"{name}:")):
                return finding, words[len(name) :].strip(" ,，:：")
    raise UserError(T("没有这颗星。有：{stars}", stars=[finding.star.name for finding in one.findings]))


def _award(ctx: Ctx, one: Rated, words: str, year: int) -> Reply:
    """Award one star; what the rules refuse is mended at its cause, not here."""
    finding, reason = _star_at(one, words)
    name = finding.star.name
    if name in one.awards:
        raise UserError(T("{unit}已经有“{star}”这颗星。", unit=one.unit.name, star=name))
    if finding.met is False:
        why: list[Text] = list(finding.words)
        raise UserError(T("“{star}”按规则没达到：{why}。", star=name, why=why))
    if finding.met is None and not reason:
        raise UserError(
            T("“{star}”由您评定，请写理由，例如：评星 {unit} {star} 村集体收入翻番", star=name, unit=one.unit.name)
        )
    made = stars.award(
        ctx.tx,
        [(one.unit.id, name, reason or ctx.show(_by_rules(finding)))],
        year=year,
        by=ctx.actor.id,
        now=ctx.now,
    )
    _note(ctx, T("授予{unit}“{star}”", unit=one.unit.name, star=name), one.unit.id, made)
    return _card(ctx, rated(ctx, [one.unit.id], year)[0], year)


def _by_rules(finding: Finding) -> Text:
    why: list[Text] = list(finding.words)
    return T("按规则：{why}", why=why)


def _note(ctx: Ctx, summary: Text, unit_id: int, awards: Sequence[int]) -> None:
    ctx.record(Change("stars.awarded", summary, unit_id=unit_id, data={"ids": list(awards)}))


@registry.undo("stars.awarded")
def unaward(ctx: Ctx, change: Recorded) -> None:
    """These stars are not awarded."""
    stars.take_back(ctx.tx, change.data["ids"], by=ctx.actor.id, reason=ctx.show(T("撤销")), now=ctx.now)


def _by_rule(ctx: Ctx, found: Sequence[Rated], year: int) -> Reply:
    """All that the rules give, for all units; ask first."""
    due = [one for one in found if one.due]
    if not due:
        raise UserError(T("按规则没有可以再授予的星。"))
    ctx.ask("yearend.by_rule", year=year)
    count = sum(len(one.due) for one in due)
    return say(
        T("按规则授予{units}个单位{count}颗星，每颗都写明依据。确定吗？", units=len(due), count=count),
        buttons=((ctx.choice(T("确定"), "yes"), Button(T("取消"), "取消")),),
    )


@registry.dialogue("yearend.by_rule")
def by_rule_confirmed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Award them."""
    confirmed(said)
    year, roots = data["year"], ctx.actor.units(Role.ORGANIZER)
    found = rated(ctx, roots, year)
    awards = [(one.unit.id, f.star.name, ctx.show(_by_rules(f))) for one in found for f in one.due]
    if not awards:
        raise UserError(T("按规则没有可以再授予的星。"))
    made = stars.award(ctx.tx, awards, year=year, by=ctx.actor.id, now=ctx.now)
    _note(ctx, T("按规则授予{count}颗星", count=len(awards)), roots[0], made)
    return _overview(ctx, rated(ctx, roots, year), year)


@registry.command(
    "摘星",
    ascii="take_star",
    section=Section.ROUNDS,
    help=T("收回一颗星，写明理由"),
    args=(Rest("words", T("单位 星名 理由")),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("摘星 大里村 平安法治 发生安全事故",),
)
def take(ctx: Ctx, words: str) -> Reply:
    """Take a star back; that it was there stays on the record."""
    year, rest = year_at(words, ctx.today)
    one, said = _named(ctx, rest, year, "stars")
    finding, reason = _star_at(one, said)
    award = one.awards.get(finding.star.name)
    if award is None:
        raise UserError(T("{unit}没有“{star}”这颗星。", unit=one.unit.name, star=finding.star.name))
    if not reason:
        raise UserError(T("请写理由，例如：摘星 大里村 平安法治 发生安全事故"))
    stars.withdraw(ctx.tx, award.id, reason=reason, by=ctx.actor.id, now=ctx.now)
    summary = T("收回{unit}“{star}”", unit=one.unit.name, star=finding.star.name)
    ctx.record(
        Change(
            "stars.withdrawn",
            summary,
            unit_id=one.unit.id,
            subject_id=award.id,
            data={"year": year, "star": award.star},
        )
    )
    return _card(ctx, rated(ctx, [one.unit.id], year)[0], year)


@registry.undo("stars.withdrawn")
def untake(ctx: Ctx, change: Recorded) -> None:
    """The star is there again, unless it was awarded anew."""
    assert change.subject_id is not None
    assert change.unit_id is not None
    now = stars.standing(ctx.tx, [change.unit_id], year=change.data["year"]).get(change.unit_id, {})
    if change.data["star"] in now:
        raise UserError(T("后来又授予过这颗星，不能撤销。"))
    stars.restore(ctx.tx, change.subject_id)
