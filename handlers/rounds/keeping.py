"""Scores by words, kept version by version, and taken back until the round is sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Block, Button, Reply, ToPerson, faint, say
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds import doubting, reading
from handlers.rounds.declared import registry
from handlers.rounds.rulings import rules_of
from handlers.rounds.seats import Seat, refuse, seats
from storage import rounds, sheets
from storage.changes import Recorded
from storage.rounds import Contestant, Round, State
from storage.sheets import Sheet, Status

#: Random bytes of a sheet's salt.
_SALT = 16


def said_scores(ctx: Ctx, said: Said) -> Reply | None:
    """Keep scores that were said without a command word; None when it is something else."""
    if not ctx.actor.has(Role.JUDGE) or not any(character.isnumeric() for character in said.folded):
        return None
    for seat in seats(ctx):
        if reading.contestant_at(said.folded.splitlines()[0], seat.round.contestants):
            return take(ctx, seat, said.text)
    return None


def take(ctx: Ctx, seat: Seat, words: str) -> Reply:
    """Keep all lines of a message, or none."""
    return keep(ctx, seat, read(seat, words))


def read(seat: Seat, words: str) -> list[tuple[Contestant, tuple[Decimal, ...]]]:
    """The lines of a message as sheets of this seat. Raises UserError for the first that is not good."""
    lines = reading.read(words, seat.round.contestants, seat.round.criteria, rules=rules_of(seat.round))
    found = []
    for line in lines:
        if line.contestant is None:
            raise UserError(_unknown(seat, words))
        refuse(seat, line.contestant)
        if line.problem is not None:
            raise UserError(line.problem)
        found.append((line.contestant, line.scores))
    return found


def _unknown(seat: Seat, words: str) -> Words:
    head = fold(words.strip()).split(maxsplit=1)[0].rstrip("0123456789.")
    near = closest(head, [c.unit_name for c in seat.round.contestants]) if head else []
    if near:
        return T("这一场没有“{name}”，是不是{near}？请改好再发。", name=head, near=near)
    return T("没认出是哪个单位。请先写单位，再写分数，例如：{name} 90", name=seat.round.contestants[0].unit_name)


def put(ctx: Ctx, seat: Seat, contestant_id: int, scores: Sequence[Decimal], status: Status) -> None:
    """Keep one version of one sheet."""
    sheets.add(
        ctx.tx,
        judge_id=seat.judge.id,
        contestant_id=contestant_id,
        scores=scores,
        total=rules_of(seat.round).total(scores) if status is Status.GIVEN else None,
        status=status,
        salt=ctx.entropy(_SALT).hex(),
        entered_by=ctx.actor.id,
        now=ctx.now,
    )


def put_all(
    ctx: Ctx, seat: Seat, lines: Sequence[tuple[Contestant, Sequence[Decimal]]], before: Mapping[int, Sheet]
) -> None:
    """Keep the sheets and put on the record that they were given, without a score in its words."""
    for contestant, scores in lines:
        put(ctx, seat, contestant.id, scores, Status.GIVEN)
    names = [contestant.unit_name for contestant, _scores in lines]
    record(ctx, seat, T("给{names}打分", names=names), [c.id for c, _scores in lines], before)


def record(ctx: Ctx, seat: Seat, summary: Words, ids: Sequence[int], before: Mapping[int, Sheet]) -> None:
    """A change of sheets that can be taken back."""
    # Versions are enough to find the way back: the record must not give a score away.
    previous = {str(c): before[c].version if c in before else 0 for c in ids}
    data = {"round": seat.round.id, "judge": seat.judge.id, "before": previous}
    ctx.record(Change("score.entered", T("{what}", what=summary), unit_id=seat.round.head.unit_id, data=data))


def keep(ctx: Ctx, seat: Seat, lines: Sequence[tuple[Contestant, Sequence[Decimal]]]) -> Reply:
    """Keep a judge's own sheets and read them back, with a question where one looks like a slip."""
    before = seat.given(ctx)
    put_all(ctx, seat, lines, before)
    body: list[Block | Words] = [line_kept(c, scores, before.get(c.id), seat.round) for c, scores in lines]
    rows: list[tuple[Button, ...]] = []
    for doubt in doubting.doubts(ctx, seat, [contestant for contestant, _scores in lines]):
        body.append(doubt.words)
        rows.append((Button(T("改{unit}的分", unit=doubt.contestant.unit_name), f"pad {doubt.contestant.id}"),))
    if ctx.chat.is_group:
        body.append(faint(T("分数请私下发给我；群里的那条建议您撤回。")))
    left = seat.left(ctx)
    last = [Button(T("撤销"), "撤销")]
    if left:
        body.append(T("还差{count}个：{names}", count=len(left), names=[c.unit_name for c in left]))
        last.insert(0, Button(T("下一个：{unit}", unit=left[0].unit_name), f"pad {left[0].id}"))
    elif len(seat.now_on) < len(seat.own):
        body.append(T("到现在为止都打好了，封评前还可以改。"))
    else:
        body.append(T("您的评分都交齐了，谢谢。封评前还可以改。"))
    return say(*body, buttons=(*rows, tuple(last)), replace=True)


def line_kept(contestant: Contestant, scores: Sequence[Decimal], before: Sheet | None, found: Round) -> Words:
    """One sheet read back."""
    total = rules_of(found).total(scores)
    parts: Words = ""
    if len(scores) == len(found.criteria) > 1:
        named = zip(found.criteria, scores, strict=True)
        parts = T("（{items}）", items=[T("{name}{score}", name=c.name, score=s) for c, s in named])
    if before is not None and before.total is not None and before.total != total:
        return T(
            "{unit}：{total}分{parts}，原来是{old}分",
            unit=contestant.unit_name,
            total=total,
            parts=parts,
            old=before.total,
        )
    return T("{unit}：{total}分{parts}，已记下", unit=contestant.unit_name, total=total, parts=parts)


@registry.undo("score.entered")
def take_back(ctx: Ctx, change: Recorded) -> Reply:
    """The version before counts again, or none; nothing of the record is deleted."""
    found = rounds.get(ctx.tx, change.data["round"])
    if found.head.state is not State.OPEN:
        raise UserError(T("“{name}”已经封评，分数不能再改。", name=found.head.name))
    judge = next(j for j in found.judges if j.id == change.data["judge"])
    seat = Seat(found, judge)
    kept = {(s.judge_id, s.contestant_id, s.version): s for s in sheets.history(ctx.tx, found.id)}
    lines: list[Words] = []
    for contestant_id, version in change.data["before"].items():
        unit = found.contestant(int(contestant_id)).unit_name
        old = kept.get((judge.id, int(contestant_id), version))
        put(ctx, seat, int(contestant_id), old.scores if old else (), old.status if old else Status.WITHDRAWN)
        if old is None or old.status is Status.WITHDRAWN:
            lines.append(T("{unit}现在没有分数。", unit=unit))
        elif old.status is Status.ABSTAINED:
            lines.append(T("{unit}恢复为弃权。", unit=unit))
        else:
            lines.append(T("{unit}恢复为{total}分。", unit=unit, total=old.total))
    return say(*lines, to=ToPerson(ctx.actor.id))
