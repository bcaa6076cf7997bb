"""评分体检: what those who run a round may want to look at before they sign and publish."""

from __future__ import annotations

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.messages import Reply, Table, faint, say, title
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import health
from handlers.rounds.counting import OPENED, Outcome, anchors_of, entries, outcome
from handlers.rounds.declared import RUNNING, my_round, registry
from storage import rounds
from storage.rounds import Round


@registry.command(
    "评分体检",
    ascii="checkup",
    aliases=("体检",),
    section=Section.ROUNDS,
    help=T("看评委打分是否一致、有没有偏严偏松、名次稳不稳；只供参考，不改分"),
    args=(Item("number", T("场次编号"), optional=True),),
    roles=RUNNING,
    place=Place.PRIVATE,
    examples=("评分体检",),
)
def checkup(ctx: Ctx, number: int | None) -> Reply:
    """Sentences about agreement, severity, outliers and stability of an unsealed round."""
    none = T("还没有启封的场次；启封前谁也看不到分数。")
    if number is None:
        heads = rounds.below(ctx.tx, ctx.actor.units(*RUNNING), states=OPENED, most=1)
        number = heads[0].id if heads else None
    found = my_round(ctx, number, states=OPENED, none=none)
    looked = scene(found, outcome(ctx.tx, found))
    rows = tuple(
        (one.name, f"{one.severity:+.1f}", f"{one.spread:.1f}", str(one.given)) for one in health.judges(looked)
    )
    return say(
        title(T("{name}　评分体检", name=found.head.name)),
        *health.findings(looked),
        Table((T("评委"), T("松紧"), T("高低相差"), T("打分个数")), rows, "lrrr"),
        faint(T("松紧：同样的单位，比评委平均高（+）或低（-）几分。高低相差：最高分减最低分。")),
        faint(T("只供参考，不会改动任何分数。有问题要查明原因，用“重开”改正。")),
    )


def scene(found: Round, seen: Outcome) -> health.Scene:
    """The round as the checkup looks at it."""
    panels = [panel for place in seen.places for panel in place.ranked.result.panels]
    judged = {given.judge for panel in panels for given in (*panel.kept, *panel.dropped)}
    points = {place.contestant.id: place.ranked.result.points for place in seen.places}
    return health.Scene(
        entries=tuple(entries(found, seen.sheets, points)),
        rules=seen.rules,
        maximum=found.maximum,
        judges={judge.id: judge.name for judge in found.judges if judge.id in judged},
        units={c.id: c.unit_name for c in found.contestants},
        offices={c.id: c.office_name for c in found.contestants},
        anchors=anchors_of(found, seen.rules),
        own={
            judge.id: frozenset(c.office_name for c in found.contestants if found.of_own_office(judge, c))
            for judge in found.judges
        },
    )
