"""封评, 启封, 签字: from the last score to a result that two people have signed."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, ToGroup, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import evidence
from handlers.rounds.declared import chairs, my_round, registry
from handlers.rounds.results import private_table
from handlers.rounds.running import NUMBER, owing, owing_words
from storage import publications, rounds, units
from storage.changes import Recorded
from storage.rounds import Round, State

_SIGNING = (Role.SCRUTINEER, Role.SCOREKEEPER)
_OFFERED = 6
_REOPENED = (State.CLOSED, State.COMPUTED, State.SIGNED, State.PUBLISHED)
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
    found = my_round(ctx, number, states=(State.OPEN,), none=T("现在没有正在评分的场次。"), again="close")
    waiting = [c for c in found.contestants if not found.is_on(c)]
    if waiting:
        raise UserError(T("还有{names}没有出场，先按“下一位”。", names=[c.unit_name for c in waiting]))
    left = owing(ctx, found)
    if not left:
        return _seal(ctx, found)
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
        return _seal(ctx, found)
    if answer in _WAIT:
        return say(T("好的，继续评分。"), replace=True)
    raise UserError(T("请点“仍然封评”或“再等等”。"))


def _seal(ctx: Ctx, found: Round) -> Reply:
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
    assert moved
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
    found = my_round(ctx, number, states=(State.CLOSED,), none=none, roles=(Role.SCRUTINEER,), again="unseal")
    if evidence.seal(ctx, found).root != found.head.root:
        raise UserError(T("评分表和封存码对不上，说明封存后被改动过，不能启封。请组织者查明原因后重开。"))
    rounds.set_state(ctx.tx, found.id, state=State.COMPUTED, expected=State.CLOSED)
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
    found = my_round(ctx, number, states=(State.COMPUTED,), none=none, roles=_SIGNING, again="sign")
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
    rounds.set_state(ctx.tx, found.id, state=State.SIGNED, expected=State.COMPUTED)
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
    rounds.set_state(ctx.tx, found.id, state=State.OPEN, expected=found.head.state, root=None)
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
