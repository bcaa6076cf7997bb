"""The organizer's part while a round runs: open it, see who still owes what, close it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, ToPerson, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.rounds import tally
from handlers.rounds.declared import my_round, registry, rules_of, rules_words
from handlers.rounds.results import private_table
from storage import people, rounds
from storage.changes import Recorded
from storage.rounds import Contestant, Judge, Round, State

_NUMBER = Item("number", T("场次编号"), optional=True)
_ANYWAY = {"anyway", "仍然封评", "封评", "是", "好", "确认"}


@registry.command(
    "开评",
    ascii="open",
    section=Section.ROUNDS,
    help=T("开始评分：评委收到名单，参评单位收到评分项"),
    args=(_NUMBER,),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("开评",),
)
def open_command(ctx: Ctx, number: int | None) -> list[Reply]:
    """Open the round of that number, or the only draft."""
    found = my_round(ctx, number, states=(State.DRAFT,), none=T("没有待开评的场次。发“活动”新建一场。"))
    return open_round(ctx, found.id)


def open_round(ctx: Ctx, round_id: int) -> list[Reply]:
    """Open a draft and tell, once each, the judges and the secretaries of the contestants."""
    rounds.set_state(ctx.tx, round_id, state=State.OPEN, expected=State.DRAFT, opened_at=ctx.now)
    found = rounds.get(ctx.tx, round_id)
    few = [c.unit_name for c in found.contestants if not any(not found.recused(j, c) for j in found.judges)]
    if few:
        raise UserError(T("{names}没有可以打分的评委（都要回避），请先加评委。", names=few))
    ctx.record(
        Change(
            "round.opened",
            T("“{name}”开评", name=found.head.name),
            unit_id=found.head.unit_id,
            subject_id=round_id,
        )
    )
    for judge in found.judges:
        ctx.post(_invitation(found, judge))
    _tell_contestants(ctx, found)
    return [
        say(
            T("“{name}”已开评。{count}位评委各收到一份名单。", name=found.head.name, count=len(found.judges)),
            faint(T("分数在封评前谁也看不到，包括您；“评分进度”只显示谁还没交。")),
            buttons=((Button(T("评分进度"), f"scoring {round_id}"), Button(T("封评"), f"close {round_id}")),),
            replace=True,
        )
    ]


def _invitation(found: Round, judge: Judge) -> Reply:
    own = [c for c in found.contestants if not found.recused(judge, c)]
    away = [c.unit_name for c in found.contestants if found.recused(judge, c)]
    example = " ".join([own[0].unit_name if own else "", *(str(int(c.maximum * 9 / 10)) for c in found.criteria)])
    recusal = [T("需要回避、不用打分的：{names}", names=away)] if away else []
    return say(
        title(T("请您评分：{name}", name=found.head.name)),
        Fields(
            (
                (T("出场顺序"), T("{names}", names=[f"{c.position}号{c.unit_name}" for c in own])),
                (T("评分项"), _criteria_words(found)),
            )
        ),
        *recusal,
        T("直接发单位和分数就行，例如："),
        quote(example),
        buttons=((Button(T("按按钮打分"), f"sheet {found.id}"),),),
        to=ToPerson(judge.person_id),
        key=f"round{found.id}:open:judge{judge.id}",
    )


def _criteria_words(found: Round) -> Words:
    items = [T("{name}（{maximum}分）", name=c.name, maximum=c.maximum) for c in found.criteria]
    return T("{items}", items=items)


def _tell_contestants(ctx: Ctx, found: Round) -> None:
    secretaries = people.holders(ctx.tx, [c.unit_id for c in found.contestants], [Role.SECRETARY])
    for contestant in found.contestants:
        for secretary in secretaries.get(contestant.unit_id, []):
            ctx.post(
                say(
                    title(found.head.name),
                    T("{unit}第{position}个出场。", unit=contestant.unit_name, position=contestant.position),
                    Fields(
                        ((T("评分项"), _criteria_words(found)), (T("计分"), rules_words(rules_of(found.head))))
                    ),
                    to=ToPerson(secretary.id),
                    key=f"round{found.id}:open:unit{contestant.unit_id}",
                )
            )


@registry.undo("round.opened")
def unopen(ctx: Ctx, change: Recorded) -> None:
    """Opening has been announced and cannot be taken back."""
    raise UserError(T("评委和参评单位已经收到通知，开评不能撤销。不办了就先“封评”，不要公布。"))


@registry.command(
    "评分进度",
    ascii="scoring",
    section=Section.ROUNDS,
    help=T("看谁还没交分（看不到分数）"),
    args=(_NUMBER,),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("评分进度",),
)
def scoring_progress(ctx: Ctx, number: int | None) -> Reply:
    """Completeness only: nothing that would give a score away."""
    found = my_round(ctx, number, states=(State.OPEN,), none=T("现在没有正在评分的场次。"))
    owing = _owing(ctx, found)
    wanted = sum(len(owed) for owed in found.owed().values())
    left = sum(len(names) for _judge, names in owing)
    done = T("应交{wanted}份，已交{done}份，未交{left}份", wanted=wanted, done=wanted - left, left=left)
    return say(
        title(found.head.name),
        done,
        *([Fields(tuple(_owing_words(owing)))] if owing else []),
        buttons=((Button(T("刷新"), f"scoring {found.id}"), Button(T("封评"), f"close {found.id}")),),
        replace=True,
    )


def _owing(ctx: Ctx, found: Round) -> list[tuple[Judge, list[Contestant]]]:
    given: dict[int, list[int]] = {}
    for sheet in rounds.sheets(ctx.tx, found.id):
        given.setdefault(sheet.judge_id, []).append(sheet.contestant_id)
    missing = tally.missing(found.owed(), given)
    contestants = {c.id: c for c in found.contestants}
    return [(j, [contestants[c] for c in missing[j.id]]) for j in found.judges if j.id in missing]


def _owing_words(owing: Sequence[tuple[Judge, list[Contestant]]]) -> list[tuple[Words, Words]]:
    return [(judge.name, T("还差{names}", names=[c.unit_name for c in left])) for judge, left in owing]


@registry.command(
    "封评",
    ascii="close",
    aliases=("收分", "封存"),
    section=Section.ROUNDS,
    help=T("结束评分并算出成绩"),
    args=(_NUMBER,),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("封评",),
)
def close_command(ctx: Ctx, number: int | None) -> Reply | list[Reply]:
    """Close the round; when sheets are missing, ask first."""
    found = my_round(ctx, number, states=(State.OPEN,), none=T("现在没有正在评分的场次。"))
    owing = _owing(ctx, found)
    if not owing:
        return _close(ctx, found)
    ctx.ask("rounds.close", round=found.id)
    return say(
        title(T("还有评委没交完")),
        Fields(tuple(_owing_words(owing))),
        T("现在封评的话，没交的按弃权处理，不计入平均。"),
        buttons=((ctx.choice(T("仍然封评"), "anyway"), ctx.choice(T("再等等"), "wait")),),
        replace=True,
    )


@registry.dialogue("rounds.close")
def close_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply | list[Reply]:
    """Close all the same, or wait."""
    answer = said.folded.strip().casefold()
    if answer in _ANYWAY:
        found = my_round(ctx, data["round"], states=(State.OPEN,), none=T("这一场已经封评了。"))
        return _close(ctx, found)
    if answer in {"wait", "再等等", "等等", "不", "否"}:
        return say(T("好的，继续评分。"), replace=True)
    raise UserError(T("请点“仍然封评”或“再等等”。"))


def _close(ctx: Ctx, found: Round) -> list[Reply]:
    rounds.set_state(
        ctx.tx, found.id, state=State.CLOSED, expected=State.OPEN, closed_at=ctx.now, closed_by=ctx.actor.id
    )
    ctx.record(
        Change(
            "round.closed",
            T("“{name}”封评", name=found.head.name),
            unit_id=found.head.unit_id,
            subject_id=found.id,
        )
    )
    closed: Text = T("“{name}”已封评，分数不能再改。下面是成绩，只有您看得到。", name=found.head.name)
    return [say(closed, replace=True), private_table(ctx, rounds.get(ctx.tx, found.id))]


@registry.command(
    "取消场次",
    ascii="dropround",
    section=Section.ROUNDS,
    help=T("取消一场还没开评的评分"),
    args=(_NUMBER,),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    hidden=True,
)
def drop_round(ctx: Ctx, number: int | None) -> Reply:
    """Drop a draft."""
    found = my_round(ctx, number, states=(State.DRAFT,), none=T("没有待开评的场次。"))
    rounds.set_state(ctx.tx, found.id, state=State.CANCELLED, expected=State.DRAFT)
    return say(T("“{name}”已取消。", name=found.head.name), replace=True)
