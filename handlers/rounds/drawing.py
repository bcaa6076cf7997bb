"""抽签: a draw that anybody can check, and the commands with which it is held."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Reply, ToGroup, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.declared import my_round, numbered, registry
from handlers.rounds.rulings import DRAWN, rules_of, to_wire
from storage import draws, rounds, units
from storage.changes import Recorded
from storage.draws import Draw, Word
from storage.rounds import Round, State

_SEED = 32
_NO_DRAFT = T("没有待开评的场次。发“活动”新建一场，再抽签。")
_REVEAL = ("揭晓", "开奖", "公开", "reveal")
_BEGIN = ("开始", "begin", "")
_LONGEST_WORDS = 60
#: The formula, to be run by anybody: units in a list, words of the offices in the order shown, joined by "|".
FORMULA = 'sorted(units, key=lambda u: hashlib.sha256(f"{seed}|{words}|{u}".encode()).hexdigest())'


def normal(words: str) -> str:
    """An office's words as they are mixed in: compatibility characters made plain, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", words).split())


def commitment(seed: str, name: str, contestants: Sequence[str]) -> str:
    """What is announced before any words are known: the hash of the seed, the round's name and the units."""
    return hashlib.sha256("|".join([seed, name, *contestants]).encode()).hexdigest()


def order(seed: str, words: Sequence[str], contestants: Sequence[str]) -> list[str]:
    """The order of appearance that seed and words give; the same for everybody who computes it."""
    mixed = "|".join(normal(each) for each in words)
    return sorted(contestants, key=lambda unit: hashlib.sha256(f"{seed}|{mixed}|{unit}".encode()).hexdigest())


@registry.command(
    "抽签",
    ascii="draw",
    section=Section.ROUNDS,
    help=T("抽出场顺序：先公布密码，各办事处各报一句话，再揭晓，谁都能验算"),
    args=(Rest("words", T("开始、揭晓，或办事处报的话"), optional=True),),
    roles=(Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR),
    place=Place.PRIVATE,
    examples=("抽签", "抽签 风调雨顺"),
)
def draw(ctx: Ctx, words: str | None) -> Reply:
    """The organizer begins and reveals; each office puts in words of its own in between."""
    number, said = numbered(words)
    if ctx.actor.has(Role.ORGANIZER):
        if said in _REVEAL:
            return _reveal(ctx, number)
        if said in _BEGIN:
            return _begin(ctx, number)
    return _put(ctx, number, said)


def _draft(ctx: Ctx, number: int | None) -> Round:
    return my_round(
        ctx,
        number,
        states=(State.DRAFT,),
        none=_NO_DRAFT,
        roles=(Role.ORGANIZER,),
        again="draw r",
        fits=lambda one: rules_of(one).order == DRAWN,
    )


def _begin(ctx: Ctx, number: int | None) -> Reply:
    found = _draft(ctx, number)
    running = draws.newest(ctx.tx, found.id)
    if running is not None and running.revealed_at is None and _still_sealed(found, running):
        return _standing(ctx, found, running)
    rounds.set_rules(ctx.tx, found.id, to_wire(replace(rules_of(found), order=DRAWN)))
    seed = ctx.entropy(_SEED).hex()
    code = commitment(seed, found.head.name, _names(found))
    made = draws.announce(ctx.tx, found.id, seed=seed, commitment=code, now=ctx.now)
    rounds.note(ctx.tx, found.id, "draw", by=ctx.actor.id, now=ctx.now, data={"draw": made, "commitment": code})
    summary = T("“{name}”开始抽签", name=found.head.name)
    ctx.record(Change("draw.begun", summary, unit_id=found.head.unit_id, subject_id=made))
    for unit in units.subtree(ctx.tx, [found.head.unit_id], kinds=(units.DISTRICT, units.OFFICE)):
        ctx.post(
            say(
                T("“{name}”抽出场顺序。签已封好，封签码：{code}", name=found.head.name, code=code),
                T("请各办事处管理员私聊我报一句话，例如：抽签 风调雨顺。这句话会参与抽签，揭晓后谁都可以验算。"),
                to=ToGroup(unit.id),
                key=f"draw{made}",
            )
        )
    return say(
        T("封签码已发到各群。等各办事处报完一句话，就揭晓。"),
        buttons=_next(found),
    )


def _next(found: Round) -> tuple[tuple[Button, ...], ...]:
    return ((Button(T("看报了几家"), f"draw r{found.id}"), Button(T("揭晓"), f"draw r{found.id} reveal")),)


def _still_sealed(found: Round, running: Draw) -> bool:
    """Whether the announced code is still that of this round: name and contestants are the same."""
    return commitment(running.seed, found.head.name, _names(found)) == running.commitment


def _standing(ctx: Ctx, found: Round, running: Draw) -> Reply:
    """Who has put in words. The words themselves stay hidden, so that nobody can choose theirs to fit."""
    given = draws.words(ctx.tx, running.id)
    body: Words = T("已报的：{units}", units=[w.unit_name for w in given]) if given else T("还没有办事处报。")
    return say(
        title(T("{name}　抽签", name=found.head.name)),
        body,
        buttons=_next(found),
        replace=True,
    )


def _put(ctx: Ctx, number: int | None, said: str) -> Reply:
    """An office's words, or the district's by its organizer; the newest count."""
    unit = ctx.actor.units(Role.OFFICE_ADMINISTRATOR, Role.ORGANIZER)[0]
    open_draws = _running(ctx, unit, number)
    if not said:
        raise UserError(T("请在后面写一句话，例如：抽签 风调雨顺"))
    if len(said) > _LONGEST_WORDS:
        raise UserError(T("这句话太长了，{count}个字以内就行。", count=_LONGEST_WORDS))
    if len(open_draws) > 1:
        ctx.ask("rounds.draw_words", words=said)
        rows = tuple((ctx.choice(found.head.name, str(found.id)),) for found, _running in open_draws)
        return say(T("有{count}场在抽签，这句话报给哪一场？", count=len(open_draws)), buttons=rows)
    [(_found, running)] = open_draws
    draws.say(ctx.tx, running.id, unit, words=normal(said), by=ctx.actor.id, now=ctx.now)
    return say(T("收到，“{words}”会参与抽签。揭晓前可以重报，以最后一次为准。", words=normal(said)))


@registry.dialogue("rounds.draw_words")
def words_for(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The round that the words are for."""
    if not said.text.isdecimal():
        raise UserError(T("请点按钮选一场，不办了就发“取消”。"))
    return _put(ctx, int(said.text), data["words"])


def _running(ctx: Ctx, unit: int, number: int | None) -> list[tuple[Round, Draw]]:
    """The draws that are on in the rounds of the unit and those above it. Raises UserError when there are none."""
    above = [each.id for each in units.ancestors(ctx.tx, unit)]
    heads = rounds.below(ctx.tx, above[-1:], states=(State.DRAFT,))
    running = []
    for head in heads:
        drawn = draws.newest(ctx.tx, head.id) if head.unit_id in above and number in (None, head.id) else None
        if drawn is not None and drawn.revealed_at is None:
            running.append((rounds.get(ctx.tx, head.id), drawn))
    if not running:
        raise UserError(T("现在没有在抽签。开始时会在群里说。"))
    return running


def _reveal(ctx: Ctx, number: int | None) -> Reply:
    found = _draft(ctx, number)
    running = draws.newest(ctx.tx, found.id)
    if running is None or running.revealed_at is not None:
        raise UserError(T("这一场还没有开始抽签，先发“抽签”。"))
    again = ((Button(T("重新抽签"), f"draw r{found.id}"),),)
    if not _still_sealed(found, running):
        raise UserError(T("封签以后，名称或参评单位改过，这支签作废，要重新抽签。"), buttons=again)
    given = draws.words(ctx.tx, running.id)
    if not given:
        raise UserError(
            T("还没有办事处报话，这时揭晓，顺序就只由封好的签决定。请至少等一家报，或您自己报一句：抽签 风调雨顺")
        )
    names = order(running.seed, [word.words for word in given], _names(found))
    by_name = {c.unit_name: c.id for c in found.contestants}
    rounds.reorder(ctx.tx, [by_name[name] for name in names])
    draws.reveal(ctx.tx, running.id, now=ctx.now)
    rounds.note(ctx.tx, found.id, "drawn", by=ctx.actor.id, now=ctx.now, data={"order": names})
    summary = T("“{name}”抽签揭晓", name=found.head.name)
    ctx.record(Change("draw.revealed", summary, unit_id=found.head.unit_id, subject_id=running.id))
    body = _result(found, running, given, names)
    for unit in units.subtree(ctx.tx, [found.head.unit_id], kinds=(units.DISTRICT, units.OFFICE)):
        ctx.post(say(*body, to=ToGroup(unit.id), key=f"draw{running.id}:revealed"))
    return say(*body, buttons=((Button(T("开评"), f"open {found.id}"),),))


def _result(found: Round, running: Draw, given: Sequence[Word], names: Sequence[str]) -> list[Block | Words]:
    mixed = "|".join(word.words for word in given)
    return [
        title(T("{name}　出场顺序", name=found.head.name)),
        T("{order}", order=[f"{at}号{name}" for at, name in enumerate(names, 1)]),
        *[T("{unit}报的：{words}", unit=word.unit_name, words=word.words) for word in given],
        faint(T("签：{seed}", seed=running.seed)),
        faint(T("验算：words=“{words}”，units 是全部参评单位，用 Python 算：", words=mixed)),
        quote(FORMULA),
    ]


def _names(found: Round) -> list[str]:
    """The contestants' names, in an order of their own: the one before the draw must not matter."""
    return sorted(contestant.unit_name for contestant in found.contestants)


def is_drawn(ctx: Ctx, found: Round) -> bool:
    """Whether the contestants stand in the order that was drawn."""
    drawn = [step.data["order"] for step in rounds.steps(ctx.tx, found.id) if step.step == "drawn"]
    return drawn[-1:] == [[contestant.unit_name for contestant in found.contestants]]


@registry.undo("draw.begun")
def unbegin(ctx: Ctx, change: Recorded) -> None:
    """The groups know the code."""
    raise UserError(T("封签码已经发到各群，不能撤销。"))


@registry.undo("draw.revealed")
def unreveal(ctx: Ctx, change: Recorded) -> None:
    """The groups know the order."""
    raise UserError(T("抽签结果已经公布，不能撤销。要重抽就再发一次“抽签”，各群都会看到。"))
