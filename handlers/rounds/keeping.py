"""Scores by words, kept version by version until the round is sealed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal

from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.suggest import closest
from bot.chat.messages import PAYLOAD_BYTES, Block, Button, Reply, faint, in_rows, say
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words, plain_number
from handlers import Ctx
from handlers.rounds import doubting, reading
from handlers.rounds.rulings import rules_of
from handlers.rounds.seats import Seat, no_round, refusal, seat_for, seats, spared
from storage import rounds, sheets
from storage.rounds import Contestant, Judge, Round, State
from storage.sheets import Sheet, Status

_A_ROW = 2
#: Of rounds in which nobody scores at present, those by which a judge's words are recognised.
_NOT_OPEN = (State.DRAFT, State.CLOSED, State.COMPUTED, State.SIGNED, State.PUBLISHED)
#: Three figures and more, perhaps with a name before them: nothing else that a judge may say looks so.
_FIGURES = re.compile(r"[^\d\s]*\s*(\d+(\.\d+)?分?[\s,、;/]+){2,}\d+(\.\d+)?分?")
#: One figure, perhaps with a name before it: a score where somebody has nothing else to say.
_FIGURE = re.compile(r"([^\d\s]+\s+)?\d+(\.\d+)?分?")
#: Random bytes of a sheet's salt.
_SALT = 16


def said_scores(ctx: Ctx, said: Said) -> Reply | None:
    """Keep scores that were said without a command word; None when it is something else."""
    tells = any(character.isnumeric() for character in said.folded) or "弃权" in said.folded
    if not ctx.actor.has(Role.JUDGE) or not tells:
        return None
    taken = seats(ctx)
    first = next((line for line in said.folded.splitlines() if not reading.is_heading(line)), "")
    if not taken and not ctx.chat.is_group:
        _out_of_season(ctx, first)
    if not any(reading.contestant_at(first, seat.round.contestants) for seat in taken):
        if not ctx.chat.is_group and len(said.folded.splitlines()) == 1:
            _ask_for_whom(ctx, taken, first)
        return None
    return take(ctx, seat_for(taken, said.text), said.text)


def _out_of_season(ctx: Ctx, line: str) -> None:
    """Scores while nothing is scored: raises UserError that says so."""
    only_judges = all(post.role is Role.JUDGE for post in ctx.actor.posts)
    if (
        _FIGURES.fullmatch(line.strip())
        or (only_judges and _FIGURE.fullmatch(line.strip()))
        or _as_in_the_last_round(ctx, line)
    ):
        raise UserError(no_round(ctx))


def _as_in_the_last_round(ctx: Ctx, line: str) -> bool:
    """Whether these are scores by the criteria of the judge's latest round."""
    judged = rounds.judged_by(ctx.tx, ctx.actor.id, states=_NOT_OPEN)
    if not judged:
        return False
    last = rounds.get(ctx.tx, judged[-1].id)
    unit = reading.contestant_at(line, last.contestants)
    found = reading.scores_after(line[unit[1] if unit else 0 :], last.criteria)
    # One figure from somebody who also reports is more likely a report.
    return found is not None and not found[0] and (len(found[1]) > 1 or not ctx.actor.has(Role.SECRETARY))


def _ask_for_whom(ctx: Ctx, taken: Sequence[Seat], line: str) -> None:
    """Scores without a unit, or with one misspelt: raises UserError that asks for whom they are, one tap each."""
    for seat in taken:
        found = reading.scores_after(line, seat.round.criteria)
        if found is None:
            continue
        head, scores = found
        if head:
            near = closest(head, [c.unit_name for c in seat.own])
            meant = [c for c in seat.own if c.unit_name in near]
            words = T("这一场没有“{name}”，是不是{near}？", name=head, near=near)
        else:
            meant = seat.left(ctx) or seat.now_on
            words = T("这是给哪个单位打的？请点单位，或先写单位再写分数。")
        if meant:
            payloads = {c: _scoring(c, scores) for c in meant}
            # With so many criteria that no button can carry the scores, words must do.
            fits = all(len(payload.encode()) <= PAYLOAD_BYTES for payload in payloads.values())
            buttons = [Button(c.unit_name, payload) for c, payload in payloads.items() if fits]
            raise UserError(words, buttons=in_rows(buttons, _A_ROW))


def _scoring(contestant: Contestant, scores: Sequence[Decimal]) -> str:
    return f"score {contestant.position}号 {' '.join(plain_number(score) for score in scores)}"


def take(ctx: Ctx, seat: Seat, words: str) -> Reply:
    """Keep all lines of a message, or none; but those that are not asked of the judge hold up no others."""
    lines = reading.read(words, seat.round.contestants, seat.round.criteria, rules=rules_of(seat.round))
    mates = seat.given_by_mates(ctx)
    spare = [spared(seat, line.contestant, mates) if line.contestant is not None else None for line in lines]
    needless = [why for why in spare if why is not None]
    if needless and len(needless) == len(lines):
        raise UserError(_listed(needless))
    asked = [line for line, why in zip(lines, spare, strict=True) if why is None]
    return keep(ctx, seat, _sheets(seat, asked, mates), [T("没有记：{why}", why=why) for why in needless])


def read(
    ctx: Ctx, seat: Seat, words: str, *, on_behalf: bool = False
) -> list[tuple[Contestant, tuple[Decimal, ...]]]:
    """The lines of a message as sheets of this seat: all of them are good, or UserError names those that are not.

    Without scores where the judge abstains.
    `on_behalf`: somebody else keys in the judge's sheet.
    """
    lines = reading.read(words, seat.round.contestants, seat.round.criteria, rules=rules_of(seat.round))
    return _sheets(seat, lines, seat.given_by_mates(ctx), on_behalf=on_behalf)


def _sheets(
    seat: Seat, lines: Sequence[reading.Line], mates: Mapping[int, Judge], *, on_behalf: bool = False
) -> list[tuple[Contestant, tuple[Decimal, ...]]]:
    named = [line.contestant for line in lines if line.contestant is not None]
    problems: list[Text] = []
    for at, line in enumerate(lines):
        if line.contestant is None:
            problems.append(_unknown(seat, line.text))
        elif (refused := refusal(seat, line.contestant, mates, on_behalf=on_behalf)) is not None:
            problems.append(refused)
        elif line.problem is not None:
            problems.append(line.problem)
        elif line.contestant in named[:at]:
            problems.append(T("{unit}写了两遍，请只留一行。", unit=line.contestant.unit_name))
    if problems or not lines:
        raise UserError(_nothing_kept(seat, problems, len(lines)))
    return [(line.contestant, line.scores) for line in lines if line.contestant is not None]


def _nothing_kept(seat: Seat, problems: Sequence[Text], lines: int) -> Text:
    """What is wrong; where a message has several lines, that none of them counts."""
    if not problems:
        return _unknown(seat, "")
    if lines == 1:
        return problems[0]
    return T(
        "有{count}行要改，所以整条消息都没有记下：\n{problems}", count=len(problems), problems=_listed(problems)
    )


def _listed(sentences: Sequence[Text]) -> Text:
    """A line each."""
    listed = sentences[0]
    for sentence in sentences[1:]:
        listed = T("{before}\n{line}", before=listed, line=sentence)
    return listed


def _unknown(seat: Seat, line: str) -> Text:
    words = fold(line.strip()).split(maxsplit=1)
    head = words[0].rstrip("0123456789.") if words else ""
    near = closest(head, [c.unit_name for c in seat.round.contestants]) if head else []
    if near:
        return T("这一场没有“{name}”，是不是{near}？请改好再发。", name=head, near=near)
    like = reading.example(seat.round.contestants[0], seat.round.criteria)
    return T("没认出是哪个单位。请先写单位，再写分数，例如：{example}", example=like)


def version(ctx: Ctx, seat: Seat, contestant_id: int, scores: Sequence[Decimal], status: Status) -> sheets.New:
    """A version of a sheet, salted, by whoever writes this message."""
    total = seat.round.total(scores) if status is Status.GIVEN else None
    return sheets.New(contestant_id, tuple(scores), total, status, ctx.entropy(_SALT).hex(), ctx.actor.id)


def put(ctx: Ctx, seat: Seat, new: Sequence[sheets.New], before: Mapping[int, Sheet], what: Text) -> None:
    """Keep new versions, and put on the record what was done, without a score in its words."""
    made = sheets.add(ctx.tx, seat.judge.id, new, now=ctx.now)
    # Versions are enough to find the way back: the record must not give a score away.
    previous = {str(c): before[c].version if c in before else 0 for c in made}
    after = {str(c): version for c, version in made.items()}
    data = {"round": seat.round.id, "judge": seat.judge.id, "before": previous, "after": after}
    ctx.record(Change("score.entered", what, unit_id=seat.round.head.unit_id, data=data))


def put_all(
    ctx: Ctx, seat: Seat, lines: Sequence[tuple[Contestant, Sequence[Decimal]]], before: Mapping[int, Sheet]
) -> None:
    """Keep sheets; those without scores say that the judge abstains."""
    names = [contestant.unit_name for contestant, _scores in lines]
    new = [
        version(ctx, seat, contestant.id, scores, Status.GIVEN if scores else Status.ABSTAINED)
        for contestant, scores in lines
    ]
    put(ctx, seat, new, before, T("给{names}打分", names=names))


def keep(
    ctx: Ctx,
    seat: Seat,
    lines: Sequence[tuple[Contestant, Sequence[Decimal]]],
    left_out: Sequence[Text] = (),
) -> Reply:
    """Keep a judge's own sheets and read them back, then what was left out."""
    before = seat.given(ctx)
    put_all(ctx, seat, lines, before)
    doubting.ask(ctx, seat, [contestant for contestant, scores in lines if scores])
    body: list[Block | Words] = [line_kept(c, scores, before.get(c.id), seat.round) for c, scores in lines]
    body += left_out
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
    return say(*body, buttons=(tuple(last),), replace=True)


def line_kept(contestant: Contestant, scores: Sequence[Decimal], before: Sheet | None, found: Round) -> Words:
    """One sheet read back, with what stood there before: for the judge's own eyes."""
    if not scores:
        return T("{unit}：弃权，已记下", unit=contestant.unit_name)
    total = found.total(scores)
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
