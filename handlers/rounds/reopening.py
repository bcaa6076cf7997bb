"""重开: the scoring is opened again to mend a mistake at its cause, with a reason that everybody learns."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, ToGroup, ToPerson, say
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds.declared import my_round, registry
from storage import rounds, units
from storage.changes import Recorded
from storage.rounds import State

_OFFERED = 6
_REOPENED = (State.CLOSED, State.COMPUTED, State.SIGNED, State.PUBLISHED)


@registry.command(
    "重开",
    ascii="reopen",
    section=Section.ROUNDS,
    help=T("有错要改时重新开放评分，要写原因，各群和评委都会知道"),
    args=(Rest("reason", T("原因")),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("重开 监票人发现一份评分表录错",),
)
def reopen(ctx: Ctx, reason: str) -> Reply:
    """Back to scoring, announced to everybody who learned that it was sealed; both versions stay."""
    heads = rounds.below(ctx.tx, ctx.actor.units(Role.ORGANIZER), states=_REOPENED)
    if len(heads) > 1:
        ctx.ask("rounds.reopen", reason=reason)
        choices = tuple((ctx.choice(head.name, str(head.id)),) for head in heads[:_OFFERED])
        return say(T("重开哪一场？"), buttons=(*choices, (Button(T("取消"), "取消"),)))
    return _reopen(ctx, None, reason)


@registry.dialogue("rounds.reopen")
def reopen_chosen(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The round to be opened again."""
    if not said.text.isdecimal():
        raise UserError(T("请点按钮选一场，不办了就发“取消”。"))
    return _reopen(ctx, int(said.text), data["reason"])


def _reopen(ctx: Ctx, number: int | None, words: str) -> Reply:
    none = T("没有可以重开的场次。")
    found = my_round(ctx, number, states=_REOPENED, none=none, roles=(Role.ORGANIZER,))
    if not rounds.set_state(ctx.tx, found.id, state=State.OPEN, expected=found.head.state, root=None):
        raise UserError(none)
    rounds.note(ctx.tx, found.id, "reopened", by=ctx.actor.id, now=ctx.now, reason=words)
    summary = T("“{name}”重开", name=found.head.name)
    ctx.record(Change("round.reopened", summary, unit_id=found.head.unit_id, subject_id=found.id))
    told = T("“{name}”重新开放评分，原因：{reason}。原来的封存码作废。", name=found.head.name, reason=words)
    stamp = len(rounds.steps(ctx.tx, found.id))
    for unit in units.subtree(ctx.tx, [found.head.unit_id], kinds=(units.DISTRICT, units.OFFICE)):
        ctx.post(say(told, to=ToGroup(unit.id), key=f"round{found.id}:reopened:{stamp}"))
    for judge in found.sitting:
        ctx.post(
            say(
                told,
                buttons=((Button(T("评分表"), f"sheet {found.id}"),),),
                to=ToPerson(judge.person_id),
                key=f"round{found.id}:reopened:{stamp}:judge{judge.id}",
            )
        )
    return say(T("“{name}”已重开，各群和评委都收到了通知。", name=found.head.name), replace=True)


@registry.undo("round.reopened")
def unreopen(ctx: Ctx, change: Recorded) -> None:
    """Reopening has been announced."""
    raise UserError(T("重开已经通知，不能撤销。"))
