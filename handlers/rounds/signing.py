"""启封 and 签字: from sealed sheets to a result that two people have signed."""

from __future__ import annotations

from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, ToPerson, say
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import evidence
from handlers.rounds.declared import NUMBER, chairs, my_round, registry
from handlers.rounds.results import private_table
from storage import publications, rounds
from storage.changes import Recorded
from storage.rounds import Round, State

_SIGNING = (Role.SCRUTINEER, Role.SCOREKEEPER)


@registry.command(
    "启封",
    ascii="unseal",
    section=Section.ROUNDS,
    help=T("启封并算出成绩，只有组织者、监票人、计票人看得到"),
    args=(NUMBER,),
    roles=(Role.SCRUTINEER,),
    place=Place.PRIVATE,
    examples=("启封",),
)
def unseal(ctx: Ctx, number: int | None) -> Reply:
    """Check the seal, compute, and show the result to those who sign and publish it."""
    none = T("没有封评后待启封的场次。")
    found = my_round(ctx, number, states=(State.CLOSED,), none=none, roles=(Role.SCRUTINEER,), again="unseal ")
    if evidence.seal(ctx, found).root != found.head.root:
        raise UserError(T("评分表和封存码对不上，说明封存后被改动过，不能启封。请组织者查明原因后重开。"))
    if not rounds.set_state(ctx.tx, found.id, state=State.COMPUTED, expected=State.CLOSED):
        raise UserError(none)
    rounds.note(ctx.tx, found.id, "computed", by=ctx.actor.id, now=ctx.now)
    summary = T("“{name}”启封", name=found.head.name)
    ctx.record(Change("round.computed", summary, unit_id=found.head.unit_id, subject_id=found.id))
    opened = rounds.get(ctx.tx, found.id)
    told = {ctx.actor.id}
    for role in (Role.ORGANIZER, *_SIGNING):
        for chair in chairs(ctx, opened, role):
            if chair.id not in told:
                told.add(chair.id)
                ctx.post(private_table(ctx, opened, to=ToPerson(chair.id), signs=role in _SIGNING))
    return private_table(ctx, opened)


@registry.undo("round.computed")
def uncompute(ctx: Ctx, change: Recorded) -> None:
    """Scores that were seen cannot be hidden again."""
    raise UserError(T("已经启封，不能撤销。"))


@registry.command(
    "签字",
    ascii="sign",
    aliases=("签名", "签认"),
    section=Section.ROUNDS,
    help=T("监票人、计票人核对成绩后签字，两人都签了才能公布"),
    args=(NUMBER,),
    roles=_SIGNING,
    place=Place.PRIVATE,
    examples=("签字",),
)
def sign(ctx: Ctx, number: int | None) -> Reply:
    """Sign in one's role; the second signature makes the result final."""
    none = T("没有启封后待签字的场次。")
    found = my_round(ctx, number, states=(State.COMPUTED,), none=none, roles=_SIGNING, again="sign ")
    _refuse_while_open(ctx, found)
    signed = signatures(ctx, found)
    if ctx.actor.id in {person for person, _name in signed.values()}:
        raise UserError(T("您已经签过字了，还要另一位签。"))
    free = [role for role in _SIGNING if ctx.actor.has(role) and role not in signed]
    if not free:
        raise UserError(T("这个身份已经有人签过字了。"))
    rounds.note(ctx.tx, found.id, "signed", by=ctx.actor.id, now=ctx.now, role=free[0].value)
    if len(signed) + 1 < len(_SIGNING):
        return say(T("已签字，还要另一位签。"), replace=True)
    if not rounds.set_state(ctx.tx, found.id, state=State.SIGNED, expected=State.COMPUTED):
        raise UserError(none)
    for organizer in chairs(ctx, found, Role.ORGANIZER):
        ctx.post(
            say(
                T("“{name}”的成绩监票人和计票人都签了字，可以公布。", name=found.head.name),
                buttons=((Button(T("公布"), f"publish {found.id}"),),),
                to=ToPerson(organizer.id),
                key=f"round{found.id}:signed:{len(rounds.steps(ctx.tx, found.id))}",
            )
        )
    return say(T("已签字。两人都签了，组织者可以公布。"), replace=True)


def signatures(ctx: Ctx, found: Round) -> dict[Role, tuple[int, str]]:
    """Who has signed the result as it is now, by role: signatures before a reopening no longer count."""
    signed: dict[Role, tuple[int, str]] = {}
    for step in rounds.steps(ctx.tx, found.id):
        if step.step in ("computed", "reopened"):
            signed = {}
        elif step.step == "signed" and step.role:
            signed[Role(step.role)] = (step.person_id, step.person)
    return signed


def _refuse_while_open(ctx: Ctx, found: Round) -> None:
    """Raises UserError while something about the round waits for an answer."""
    waiting = [o for o in publications.objections_to(ctx.tx, found.id) if o.answered_at is None]
    if waiting:
        raise UserError(T("还有{count}条异议没有答复，答复后再签字。", count=len(waiting)))
