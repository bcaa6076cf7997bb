"""撤销 of scores: the version before counts again, as long as nothing has happened to the sheet since."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.errors import UserError
from bot.chat.messages import Reply, ToPerson, faint, say
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.declared import registry
from handlers.rounds.keeping import version
from handlers.rounds.seats import Seat, refuse
from storage import rounds, sheets
from storage.changes import Recorded
from storage.rounds import State
from storage.sheets import Sheet, Status


@registry.undo("score.entered")
def take_back(ctx: Ctx, change: Recorded) -> list[Reply]:
    """The version before counts again, or none; nothing of the record is deleted.

    What the judge gave before is told to nobody else: whoever keyed in a sheet learns only that it is off again.
    """
    seat = _seat(ctx, change)
    kept = {(s.contestant_id, s.version): s for s in sheets.history_of(ctx.tx, seat.judge.id)}
    newest = {contestant: kept[contestant, version] for contestant, version in sorted(kept)}
    after = {int(c): kept[int(c), version] for c, version in change.data["after"].items()}
    changed = [seat.round.contestant(c).unit_name for c, made in after.items() if not _alike(made, newest[c])]
    if changed:
        raise UserError(T("{units}的分之后又改过，不能再撤销。", units=changed))
    before = {int(c): kept.get((int(c), version)) for c, version in change.data["before"].items()}
    sheets.add(ctx.tx, seat.judge.id, [_again(ctx, seat, c, old) for c, old in before.items()], now=ctx.now)
    return _told(ctx, seat, before)


def _alike(made: Sheet, now: Sheet) -> bool:
    """Whether what counts now says the same, by the same hand: then nobody has changed it since."""
    return (made.scores, made.status, made.entered_by) == (now.scores, now.status, now.entered_by)


def _again(ctx: Ctx, seat: Seat, contestant_id: int, old: Sheet | None) -> sheets.New:
    """The version before once more, by whoever had written it; or a note that nothing counts."""
    if old is None:
        return version(ctx, seat, contestant_id, (), Status.WITHDRAWN)
    return replace(version(ctx, seat, contestant_id, old.scores, old.status), entered_by=old.entered_by)


def _seat(ctx: Ctx, change: Recorded) -> Seat:
    """Whose sheets they are. Raises UserError when no score of theirs may change any more."""
    found = rounds.get(ctx.tx, change.data["round"])
    if found.head.state is not State.OPEN:
        raise UserError(T("“{name}”已经封评，分数不能再改。", name=found.head.name))
    seat = Seat(found, next(judge for judge in found.judges if judge.id == change.data["judge"]))
    for contestant in change.data["before"]:
        refuse(ctx, seat, found.contestant(int(contestant)), on_behalf=seat.judge.person_id != ctx.actor.id)
    if seat.judge.left_at is not None and seat.judge.person_id == ctx.actor.id:
        raise UserError(T("您的评分已由别的评委接替，不能再改。"))
    return seat


def _told(ctx: Ctx, seat: Seat, before: dict[int, Sheet | None]) -> list[Reply]:
    """The judge learns what counts now; somebody who had keyed it in, only which sheets they took back."""
    lines = [_line(seat.round.contestant(c).unit_name, old) for c, old in before.items()]
    if seat.judge.person_id == ctx.actor.id:
        return [say(*lines, to=ToPerson(ctx.actor.id))]
    names = [seat.round.contestant(c).unit_name for c in before]
    return [
        say(
            T("计票人{name}撤回了替您录入的分：", name=ctx.actor.name),
            *lines,
            faint(T("封评前您可以直接发正确的分数。")),
            to=ToPerson(seat.judge.person_id),
        ),
        say(T("替{judge}录入的{units}已撤回，已告诉评委本人。", judge=seat.judge.name, units=names)),
    ]


def _line(unit: str, old: Sheet | None) -> Words:
    if old is None or old.status is Status.WITHDRAWN:
        return T("{unit}现在没有分数。", unit=unit)
    if old.status is Status.ABSTAINED:
        return T("{unit}恢复为弃权。", unit=unit)
    return T("{unit}恢复为{total}分。", unit=unit, total=old.total)
