"""抽签: a draw that anybody can check, and the commands with which it is held."""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Sequence

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Reply, ToGroup, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds.declared import my_round, registry
from storage import draws, rounds, units
from storage.changes import Recorded
from storage.draws import Draw, Word
from storage.rounds import Contestant, Round, State

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
    said = (words or "").strip()
    if ctx.actor.has(Role.ORGANIZER):
        if said in _REVEAL:
            return _reveal(ctx)
        if said in _BEGIN:
            return _begin(ctx)
    return _put(ctx, said)


def _begin(ctx: Ctx) -> Reply:
    found = my_round(ctx, None, states=(State.DRAFT,), none=_NO_DRAFT, roles=(Role.ORGANIZER,))
    running = draws.newest(ctx.tx, found.id)
    if running is not None and running.revealed_at is None:
        return _standing(ctx, found, running)
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
        buttons=((Button(T("看报了几家"), "draw"), Button(T("揭晓"), "draw reveal")),),
    )


def _standing(ctx: Ctx, found: Round, running: Draw) -> Reply:
    """Who has put in words. The words themselves stay hidden, so that nobody can choose theirs to fit."""
    given = draws.words(ctx.tx, running.id)
    body: Words = T("已报的：{units}", units=[w.unit_name for w in given]) if given else T("还没有办事处报。")
    return say(
        title(T("{name}　抽签", name=found.head.name)),
        body,
        buttons=((Button(T("看报了几家"), "draw"), Button(T("揭晓"), "draw reveal")),),
        replace=True,
    )


def _put(ctx: Ctx, said: str) -> Reply:
    """An office's words, the newest of which counts."""
    offices = ctx.actor.units(Role.OFFICE_ADMINISTRATOR)
    if not offices:
        raise UserError(T("请发“抽签”开始，或“抽签 揭晓”。"))
    running = _running(ctx, offices[0])
    if not said:
        raise UserError(T("请在后面写一句话，例如：抽签 风调雨顺"))
    if len(said) > _LONGEST_WORDS:
        raise UserError(T("这句话太长了，{count}个字以内就行。", count=_LONGEST_WORDS))
    draws.say(ctx.tx, running.id, offices[0], words=normal(said), by=ctx.actor.id, now=ctx.now)
    return say(T("收到，“{words}”会参与抽签。揭晓前可以重报，以最后一次为准。", words=normal(said)))


def _running(ctx: Ctx, office: int) -> Draw:
    above = [unit.id for unit in units.ancestors(ctx.tx, office)]
    for head in rounds.below(ctx.tx, above[-1:], states=(State.DRAFT,)):
        found = draws.newest(ctx.tx, head.id)
        if head.unit_id in above and found is not None and found.revealed_at is None:
            return found
    raise UserError(T("现在没有在抽签。开始时会在群里说。"))


def _reveal(ctx: Ctx) -> Reply:
    found = my_round(ctx, None, states=(State.DRAFT,), none=_NO_DRAFT, roles=(Role.ORGANIZER,))
    running = draws.newest(ctx.tx, found.id)
    if running is None or running.revealed_at is not None:
        raise UserError(T("这一场还没有开始抽签，先发“抽签”。"))
    given = draws.words(ctx.tx, running.id)
    names = order(running.seed, [word.words for word in given], _names(found))
    by_name = {_label(found, c): c.id for c in found.contestants}
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
    return sorted(_label(found, c) for c in found.contestants)


def _label(found: Round, contestant: Contestant) -> str:
    """The unit's name, with its office's where two units of the round have the same."""
    alike = [c for c in found.contestants if c.unit_name == contestant.unit_name]
    return contestant.unit_name if len(alike) == 1 else f"{contestant.office_name}{contestant.unit_name}"


@registry.undo("draw.begun")
def unbegin(ctx: Ctx, change: Recorded) -> None:
    """The groups know the code."""
    raise UserError(T("封签码已经发到各群，不能撤销。"))


@registry.undo("draw.revealed")
def unreveal(ctx: Ctx, change: Recorded) -> None:
    """The groups know the order."""
    raise UserError(T("抽签结果已经公布，不能撤销。要重抽就再发一次“抽签”，各群都会看到。"))
