"""封评: the end of the scoring; no score changes any more, and what there is can be proved."""

from __future__ import annotations

from typing import Any

from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, ToGroup, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import evidence
from handlers.rounds.declared import NUMBER, chairs, my_round, registry
from handlers.rounds.running import owing, owing_words
from storage import rounds, units
from storage.changes import Recorded
from storage.rounds import Round, State

_ANYWAY = {"anyway", "仍然封评", "封评", "是", "好", "确认"}
_WAIT = {"wait", "再等等", "等等", "不", "否"}


@registry.command(
    "封评",
    ascii="close",
    aliases=("收分", "封存"),
    section=Section.ROUNDS,
    help=T("结束评分，把评分表封存"),
    args=(NUMBER,),
    roles=(Role.ORGANIZER, Role.SCOREKEEPER),
    place=Place.PRIVATE,
    examples=("封评",),
)
def close_command(ctx: Ctx, number: int | None) -> Reply:
    """Seal the round; when sheets are missing, ask first."""
    found = my_round(ctx, number, states=(State.OPEN,), none=T("现在没有正在评分的场次。"), again="close ")
    waiting = [c for c in found.contestants if not found.is_on(c)]
    if waiting:
        raise UserError(T("还有{names}没有出场，先按“下一位”。", names=[c.unit_name for c in waiting]))
    left = owing(ctx, found)
    if not left:
        return seal_round(ctx, found)
    ctx.ask("rounds.close", round=found.id)
    return say(
        title(T("还有评委没交完")),
        Fields(tuple(owing_words(left))),
        T("现在封评的话，没交的不计入平均。"),
        buttons=((ctx.choice(T("仍然封评"), "anyway"), ctx.choice(T("再等等"), "wait")),),
        replace=True,
    )


@registry.dialogue("rounds.close")
def close_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Seal all the same, or wait."""
    answer = said.folded.strip().casefold()
    if answer in _ANYWAY:
        found = my_round(ctx, data["round"], states=(State.OPEN,), none=T("这一场已经封评了。"))
        return seal_round(ctx, found)
    if answer in _WAIT:
        return say(T("好的，继续评分。"), replace=True)
    raise UserError(T("请点“仍然封评”或“再等等”。"))


def seal_round(ctx: Ctx, found: Round) -> Reply:
    """No score changes any more: publish the hash over all sheets, and give each judge a receipt."""
    found = _freeze(ctx, found)
    sealed = evidence.seal(ctx, found)
    moved = rounds.set_state(
        ctx.tx,
        found.id,
        state=State.CLOSED,
        expected=State.OPEN,
        closed_at=ctx.now,
        closed_by=ctx.actor.id,
        root=sealed.root,
    )
    if not moved:
        raise UserError(T("这一场已经封评了。"))
    rounds.note(ctx.tx, found.id, "closed", by=ctx.actor.id, now=ctx.now, data={"root": sealed.root})
    summary = T("“{name}”封评", name=found.head.name)
    ctx.record(Change("round.closed", summary, unit_id=found.head.unit_id, subject_id=found.id))
    _announce_root(ctx, found, sealed.root)
    for judge in found.judges:
        if judge.id in sealed.receipts:
            ctx.post(_receipt(found, judge.person_id, judge.id, sealed.receipts[judge.id]))
    scrutineers = chairs(ctx, found, Role.SCRUTINEER)
    for chair in scrutineers:
        if chair.id != ctx.actor.id:
            ctx.post(
                say(
                    T("“{name}”已封评，请您启封：启封后才算出成绩。", name=found.head.name),
                    buttons=((Button(T("启封"), f"unseal {found.id}"),),),
                    to=ToPerson(chair.id),
                )
            )
    return say(
        T(
            "“{name}”已封评，分数不能再改。请监票人{names}启封。",
            name=found.head.name,
            names=[chair.name for chair in scrutineers],
        ),
        buttons=((Button(T("启封"), f"unseal {found.id}"),),) if ctx.actor.has(Role.SCRUTINEER) else (),
        replace=True,
    )


def _freeze(ctx: Ctx, found: Round) -> Round:
    """Put automatic recusals on the record: somebody's new post must not change a result afterwards."""
    own = ctx.show(T("本办事处的单位"))
    for judge in found.judges:
        for contestant in found.contestants:
            pair = (judge.id, contestant.id)
            interested = pair in found.related or found.of_own_office(judge, contestant)
            if interested and pair not in found.declared:
                rounds.recuse(ctx.tx, *pair, reason=found.related.get(pair, own), by=ctx.actor.id, now=ctx.now)
    return rounds.get(ctx.tx, found.id)


def _announce_root(ctx: Ctx, found: Round, root: str) -> None:
    for unit in units.subtree(ctx.tx, [found.head.unit_id], kinds=(units.DISTRICT, units.OFFICE)):
        ctx.post(
            say(
                T(
                    "“{name}”已封评，{count}位评委的评分表全部封存。",
                    name=found.head.name,
                    count=len(found.judges),
                ),
                faint(T("封存码：{root}（公布成绩后，谁都可以用它核对评分表没有被改过）", root=root)),
                to=ToGroup(unit.id),
                key=f"round{found.id}:sealed:{root[:16]}",
            )
        )


def _receipt(found: Round, person_id: int, judge_id: int, code: str) -> Reply:
    return say(
        T("“{name}”已封评。您的评分回执：{code}", name=found.head.name, code=code),
        faint(T("公布成绩后发“核验”，就知道您的分是不是原样计入。")),
        to=ToPerson(person_id),
        key=f"round{found.id}:receipt{judge_id}:{code}",
    )


@registry.undo("round.closed")
def unclose(ctx: Ctx, change: Recorded) -> None:
    """Sealing has been announced."""
    raise UserError(T("封评已经通知各群，不能撤销。确实要改，请发“重开”并写明原因。"))
