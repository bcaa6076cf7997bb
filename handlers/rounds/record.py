"""场次记录: what happened to a round, by whom and when. Nothing in it tells a score."""

from __future__ import annotations

from bot.chat.commands import Place, Section
from bot.chat.messages import Reply, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.rounds.declared import NUMBER, RUNNING, my_round, registry
from storage import rounds
from storage.rounds import Round, State, Step

#: How each step is called, as it is kept.
STEP_WORDS: dict[str, Text] = {
    "created": T("新建"),
    "revised": T("修改"),
    "cancelled": T("取消"),
    "draw": T("开始抽签"),
    "drawn": T("抽签揭晓"),
    "not_drawn": T("不抽签，按名单顺序"),
    "opened": T("开评"),
    "next": T("请{unit}出场"),
    "called_back": T("收回：{unit}还没出场"),
    "clock": T("{unit}开始计时"),
    "timed": T("记下{unit}的发言时间"),
    "item_off": T("撤掉一项加减分"),
    "nudged": T("催分"),
    "substituted": T("评委{judge}由别人接替"),
    "closed": T("封评"),
    "computed": T("启封计算"),
    "signed": T("签字"),
    "reopened": T("重开"),
    "published": T("公布"),
    "objection": T("提出异议"),
    "answered": T("答复异议"),
}
_STATES = tuple(State)


@registry.command(
    "场次记录",
    ascii="record",
    aliases=("记录",),
    section=Section.ROUNDS,
    help=T("看一场评分的每一步：谁、什么时候、做了什么"),
    args=(NUMBER,),
    roles=RUNNING,
    place=Place.PRIVATE,
    examples=("场次记录",),
)
def record(ctx: Ctx, number: int | None) -> Reply:
    """Every step of the round of that number, or of the newest."""
    if number is None:
        heads = rounds.below(ctx.tx, ctx.actor.units(*RUNNING), states=_STATES, most=1)
        number = heads[0].id if heads else None
    found = my_round(ctx, number, states=_STATES, none=T("还没有场次。"))
    return say(title(found.head.name), *(_line(found, step) for step in rounds.steps(ctx.tx, found.id)))


def _line(found: Round, step: Step) -> Words:
    units = {c.id: c.unit_name for c in found.contestants}
    judges = {j.id: j.name for j in found.judges}
    words = STEP_WORDS.get(step.step)
    what: Words = step.step
    if words is not None:
        values = {
            "unit": units.get(step.data.get("contestant", 0), ""),
            "judge": judges.get(step.data.get("left", 0), ""),
        }
        what = Text(words.msgid, {name: value for name, value in values.items() if f"{{{name}}}" in words.msgid})
    if step.role:
        what = T("{what}（{role}）", what=what, role=ROLE_WORDS[Role(step.role)])
    if step.reason:
        what = T("{what}：{reason}", what=what, reason=step.reason)
    return T("{at}　{person}　{what}", at=step.at, person=step.person, what=what)
