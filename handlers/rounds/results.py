"""成绩 and 排名: results after unsealing, and how each figure came about, step by step in words."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from bot.chat.arguments import Rest
from bot.chat.commands import Place as Where
from bot.chat.commands import Section
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Fields, OutFile, Reply, Table, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words, plain_number
from handlers import Ctx
from handlers.rounds import reading
from handlers.rounds.counting import OPENED, Outcome, Place, outcome
from handlers.rounds.declared import RUNNING, my_round, numbered, registry
from handlers.rounds.grid import XLSX
from handlers.rounds.rulings import ROUNDING_WORDS, Rules, rules_words, tie_step
from handlers.rounds.spreadsheet import results_file
from handlers.rounds.tally import PanelMean, Ranked, rounded
from storage import publications, rounds
from storage.rounds import Round, State

_NONE_YET = T("还没有启封的场次；启封前谁也看不到分数。")


def table(places: Sequence[Place]) -> Table:
    """Ranks as a table; with its class where there are several."""
    heads: tuple[Words, ...] = (T("名次"), T("单位"), T("得分"), T("有效分"))
    rows: list[tuple[Words, ...]] = [
        (
            str(place.ranked.rank) if place.ranked.rank is not None else "—",
            place.contestant.unit_name,
            fixed(place.ranked) if place.ranked.shown is not None else T("无有效分"),
            str(place.ranked.result.valid),
        )
        for place in places
    ]
    if any(place.plain for place in places):
        heads = (*heads, T("未修正"))
        rows = [(*row, fixed(p.plain) if p.plain else "") for row, p in zip(rows, places, strict=True)]
    return Table(heads, tuple(rows), "rlrrr")


def tables(found: Outcome, places: Sequence[Place]) -> list[Block]:
    """One table, or one for each class with its name above."""
    if not found.rules.apart:
        return [table(places)]
    body: list[Block] = []
    for klass in dict.fromkeys(place.contestant.klass for place in places):
        body += [title(klass), table([p for p in places if p.contestant.klass == klass])]
    return body


def fixed(ranked: Ranked) -> str:
    """The score as announced: 91.50 keeps its decimals."""
    return format(ranked.shown, "f") if ranked.shown is not None else ""


def private_table(ctx: Ctx, found: Round, *, to: ToPerson | None = None, signs: bool | None = None) -> Reply:
    """All results, for those who run the round, with the file and the next step.

    `signs`: whether the reader is to sign; by default whether the person who asked may.
    """
    seen = outcome(ctx.tx, found)
    buttons: list[Button] = []
    if signs is None:
        signs = ctx.actor.has(Role.SCRUTINEER, Role.SCOREKEEPER)
    if found.head.state is State.COMPUTED and signs:
        buttons.append(Button(T("签字"), f"sign {found.id}"))
    if found.head.state is not State.PUBLISHED:
        buttons.append(Button(T("评分体检"), f"checkup {found.id}"))
    if found.head.state is State.SIGNED and ctx.actor.has(Role.ORGANIZER):
        buttons.append(Button(T("公布"), f"publish {found.id}"))
    body = (title(found.head.name), *tables(seen, seen.places), faint(rules_words(seen.rules)))
    files = (results_attachment(ctx, seen),)
    if to is None:
        return say(*body, files=files, buttons=(tuple(buttons),))
    return say(*body, files=files, buttons=(tuple(buttons),), to=to)


def results_attachment(ctx: Ctx, seen: Outcome) -> OutFile:
    """The spreadsheet of a round."""
    name = ctx.show(T("{name}成绩.xlsx", name=seen.round.head.name))
    return OutFile(ctx.files.put(results_file(seen, ctx.show)), name, XLSX)


def own_result(seen: Outcome, place: Place) -> list[Block | Words]:
    """One contestant's result and how it came about."""
    heading = T("{unit}　{name}", unit=place.contestant.unit_name, name=seen.round.head.name)
    if place.ranked.shown is None:
        return [title(heading), T("没有收到有效分。")]
    peers = [p for p in seen.places if not seen.rules.apart or p.contestant.klass == place.contestant.klass]
    pairs: list[tuple[Words, Words]] = [
        (T("得分"), fixed(place.ranked)),
        (T("名次"), T("第{rank}名，共{count}个单位", rank=place.ranked.rank, count=len(peers))),
    ]
    return [title(heading), Fields(tuple(pairs)), *explained(seen, place), faint(rules_words(seen.rules))]


def explained(seen: Outcome, place: Place) -> list[Text]:
    """How the score came about, a step a line, without judges' names."""
    result, rules = place.ranked.result, seen.rules
    lines: list[Text] = []
    if place.plain is not None:
        lines.append(T("未修正的成绩：{score}分，第{rank}名", score=fixed(place.plain), rank=place.plain.rank))
    if rules.corrected:
        lines.append(T("下面是按评委松紧修正后的分："))
    lines += [line for panel in result.panels for line in _panel_steps(panel, named=len(result.panels) > 1)]
    lines += [line for panel in result.panels if rules.levelled for line in _levelled(panel)]
    if len(result.panels) > 1:
        whole = sum((panel.weight for panel in result.panels), Decimal(0))
        shares = [
            T(
                "{panel}平均{mean}，占{share}%",
                panel=p.panel,
                mean=rounded(p.mean * p.level, 4),
                share=_percent(p.weight / whole),
            )
            for p in result.panels
        ]
        lines.append(T("各组加权：{shares}", shares=shares))
    for item in place.adjustments:
        if not item.points:
            lines.append(T("{reason}，不扣分", reason=item.reason))
            continue
        sign = T("加{points}分", points=item.points) if item.points > 0 else T("扣{points}分", points=-item.points)
        lines.append(T("{change}：{reason}", change=sign, reason=item.reason))
    lines.append(
        T(
            "{rounding}到{decimals}位小数：{score}分",
            rounding=ROUNDING_WORDS[rules.rounding],
            decimals=rules.decimals,
            score=str(result.score),
        )
    )
    if place.ranked.shown != result.score:
        lines.append(T("和别的单位同分，多看一位小数：{score}分", score=fixed(place.ranked)))
    return [*lines, *_tie_steps(place.ranked, rules)]


def _levelled(panel: PanelMean) -> list[Text]:
    name = T("{panel}：", panel=panel.panel) if panel.panel else ""
    return [
        T(
            "{panel}拉平各组松紧：平均{mean}，乘以{level}，得{levelled}",
            panel=name,
            mean=rounded(panel.mean, 4),
            level=rounded(panel.level, 6),
            levelled=rounded(panel.mean * panel.level, 4),
        )
    ]


def _tie_steps(ranked: Ranked, rules: Rules) -> list[Text]:
    """By what it was told apart from those with the same score, with its own figure."""
    figures = dict(zip(rules.ties, ranked.result.ties, strict=False))
    return [
        T("和同分的单位比{step}：{figure}", step=tie_step(tie), figure=rounded(figures[tie], 4))
        for tie in ranked.split
    ]


def _percent(share: Decimal) -> Decimal:
    return (share * 100).quantize(Decimal("0.1"))


def _panel_steps(panel: PanelMean, *, named: bool) -> list[Text]:
    name = T("{panel}：", panel=panel.panel) if named else ""
    kept = [plain_number(given.score) for given in panel.kept]
    lines = [T("{panel}计入{count}个分：{scores}", panel=name, count=len(kept), scores=kept)]
    if panel.dropped:
        dropped = [plain_number(given.score) for given in panel.dropped]
        lines.append(T("{panel}去掉最高最低分：{scores}", panel=name, scores=dropped))
    total = sum((given.score for given in panel.kept), Decimal(0))
    mean = rounded(panel.mean, 4)
    lines.append(
        T("{panel}合计{total}，除以{count}，平均{mean}", panel=name, total=total, count=len(kept), mean=mean)
    )
    return lines


@registry.command(
    "成绩",
    ascii="results",
    aliases=("得分",),
    section=Section.ROUNDS,
    help=T("书记看公布后本单位的得分，组织者和监票、计票人看启封后的全部"),
    args=(Rest("words", T("单位或场次编号"), optional=True),),
    roles=(*RUNNING, Role.SECRETARY),
    place=Where.PRIVATE,
    examples=("成绩",),
)
def results(ctx: Ctx, words: str | None) -> Reply:
    """The whole table for those who run rounds, or a secretary's own results once published."""
    if ctx.actor.has(*RUNNING):
        return _for_chairs(ctx, words)
    body: list[Block | Words] = []
    for unit_id in ctx.actor.units(Role.SECRETARY):
        for head in rounds.published_with(ctx.tx, unit_id)[:2]:
            seen = outcome(ctx.tx, rounds.get(ctx.tx, head.id))
            body += own_result(seen, place) if (place := seen.place_of(unit_id)) else []
    if not body:
        raise UserError(T("还没有公布过本单位的成绩。"))
    return say(*body)


def _for_chairs(ctx: Ctx, words: str | None) -> Reply:
    number, rest = _which(words)
    if number is not None:
        return private_table(ctx, my_round(ctx, number, states=OPENED, none=_NONE_YET))
    heads = rounds.below(ctx.tx, ctx.actor.units(*RUNNING), states=OPENED, most=1)
    if not heads:
        raise UserError(_NONE_YET)
    found = rounds.get(ctx.tx, heads[0].id)
    return _one(ctx, found, rest) if rest else private_table(ctx, found)


def _which(words: str | None) -> tuple[int | None, str]:
    if words and words.strip().isdecimal() and len(words.strip()) < 10:
        return int(words), ""
    return numbered(words)


def _one(ctx: Ctx, found: Round, words: str) -> Reply:
    named = reading.contestant_at(fold(words), found.contestants)
    if named is None:
        raise UserError(T("“{name}”里没有“{unit}”。", name=found.head.name, unit=words))
    seen = outcome(ctx.tx, found)
    place = seen.place_of(named[0].unit_id)
    assert place is not None
    return say(*own_result(seen, place))


@registry.command(
    "排名",
    ascii="ranking",
    aliases=("名次",),
    section=Section.ROUNDS,
    help=T("看一个单位的分是怎么算出来的，一步一步"),
    args=(Rest("words", T("单位"), optional=True),),
    roles=(*RUNNING, Role.SECRETARY, Role.JUDGE, Role.OFFICE_ADMINISTRATOR),
    place=Where.PRIVATE,
    examples=("排名 大里村",),
)
def ranking(ctx: Ctx, words: str | None) -> Reply:
    """The arithmetic of one contestant; who does not run the round learns what was published, and their own."""
    if ctx.actor.has(*RUNNING):
        return _for_chairs(ctx, words)
    number, rest = numbered(words)
    heads = rounds.published(ctx.tx, [post.unit_id for post in ctx.actor.posts], number)
    if not heads:
        raise UserError(T("还没有公布过成绩。"))
    if heads[0].state is not State.PUBLISHED:
        raise UserError(
            T("“{name}”正在更正，改好后重新公布。原来公布的请看“版本”。", name=heads[0].name),
            buttons=((Button(T("版本"), f"versions r{heads[0].id}"),),),
        )
    found = rounds.get(ctx.tx, heads[0].id)
    seen = outcome(ctx.tx, found)
    shown = _published_to(ctx, seen)
    if not rest:
        return say(title(found.head.name), *tables(seen, shown), faint(rules_words(seen.rules)))
    named = reading.contestant_at(fold(rest), found.contestants)
    place = next((p for p in shown if named and p.contestant.id == named[0].id), None)
    if place is None:
        raise UserError(T("“{unit}”的名次没有公开，只有本单位自己看得到。", unit=rest))
    return say(*own_result(seen, place))


def _published_to(ctx: Ctx, seen: Outcome) -> list[Place]:
    """What everybody was shown, and the person's own units."""
    versions = publications.versions(ctx.tx, seen.round.id)
    named = {row["contestant"] for row in versions[-1].ranking if row["named"]} if versions else set()
    own = set(ctx.actor.units(Role.SECRETARY))
    offices = set(ctx.actor.units(Role.OFFICE_ADMINISTRATOR))
    return [
        place
        for place in seen.places
        if place.contestant.id in named or place.contestant.unit_id in own or place.contestant.office_id in offices
    ]
