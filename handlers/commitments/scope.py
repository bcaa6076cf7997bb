"""Whose commitments somebody may touch, and which one they mean.

Everything that people type or that a button carries passes through here before anything is read or changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.chat.arguments import item_at
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Button
from bot.chat.people import Post, Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.commitments.declared import OFFICE
from storage import commitments, units
from storage.commitments import Commitment, State
from storage.units import Unit

_GAP = re.compile(r"[\s:,;、]+")
_BY_ID = re.compile(r"c(\d{1,12})\b")
_UNIT_ID = re.compile(r"u(\d{1,12})\b")
_YEAR = re.compile(r"(?:(20\d\d)年?|(去年)|(今年))\s*(?:的)?")
#: What people leave out of a unit's name, longest first.
_SUFFIXES = ("街道办事处", "办事处", "街道", "社区", "村", "镇", "乡")
_OFFERED = 6
_FEWEST_CHARACTERS = 2


def posts(ctx: Ctx) -> tuple[Post, ...]:
    """The units for which the person reports, each once."""
    held = {post.unit_id: post for post in ctx.actor.posts if post.role is Role.SECRETARY}
    return tuple(held.values())


def office_roots(ctx: Ctx) -> tuple[int, ...]:
    """The units in whose subtrees the person examines and verifies."""
    return ctx.actor.units(*OFFICE)


def named_post(ctx: Ctx, text: str, *, keep: bool) -> tuple[Post | None, str]:
    """The own unit that a text begins with, and the rest.

    `keep`: the name stays in the text unless it stands apart ("大里村：…"), because a wording may well begin
    with it ("大里村道路硬化2公里").
    """
    folded = fold(text)
    for post in sorted(posts(ctx), key=lambda held: -len(held.unit_name)):
        for name in (fold(post.unit_name), _short(fold(post.unit_name))):
            gap = _GAP.match(folded, len(name)) if folded.startswith(name) else None
            if gap or folded == name:
                return post, text[gap.end() if gap else len(name) :]
        if folded.startswith(fold(post.unit_name)):
            return post, text if keep else text[len(post.unit_name) :]
    return None, text


def own(ctx: Ctx, text: str, *, command: str, example: str) -> tuple[Commitment, str]:
    """The commitment of the person's own unit that a text begins with, and what follows it.

    "2", "第2项", "大里村 2", "去年第2项", or "c17" as buttons have it. `command` is the ASCII name for the
    buttons that are offered when it is not clear; raises UserError then.
    """
    text = text.strip()
    by_id = _BY_ID.match(text)
    if by_id:
        return _own_by_id(ctx, int(by_id.group(1))), text[by_id.end() :].strip()
    post, rest = named_post(ctx, text, keep=False)
    candidates = (post,) if post else posts(ctx)
    year, rest = _year(rest, ctx.today.year)
    item = item_at(fold(rest), 0)
    if item is None:
        named = _by_words(ctx, candidates, rest)
        if named is not None:
            return named, ""
        raise UserError(
            T("请说明是第几项，例如：{example}", example=example), buttons=_offer(ctx, candidates, command)
        )
    found = [c for c in (_numbered(ctx, p.unit_id, item[0], year) for p in candidates) if c]
    if len(found) > 1:
        names = {p.unit_id: p.unit_name for p in candidates}
        buttons = tuple((Button(names[c.unit_id], f"{command} c{c.id}"),) for c in found)
        raise UserError(T("您负责的几个单位都有第{number}项，是哪一个？", number=item[0]), buttons=buttons)
    if not found:
        raise UserError(
            T("没有第{number}项承诺。发“我的承诺”看清单。", number=item[0]),
            buttons=((Button(T("我的承诺"), "my_commitments"),),),
        )
    return found[0], rest[item[1] :].strip()


def is_number(ctx: Ctx, text: str) -> bool:
    """Whether a text only names a commitment by its number: "2", "第2项", "去年第2项"."""
    _said, rest = _year(text.strip(), ctx.today.year)
    item = item_at(fold(rest), 0)
    return item is not None and item[1] == len(rest)


def _own_by_id(ctx: Ctx, commitment_id: int) -> Commitment:
    found = commitments.get_many(ctx.tx, [commitment_id]).get(commitment_id)
    if found is None or found.unit_id not in {post.unit_id for post in posts(ctx)}:
        raise UserError(T("这不是您负责的单位的承诺。发“我的承诺”看清单。"))
    return found


def _numbered(ctx: Ctx, unit_id: int, number: int, year: int | None) -> Commitment | None:
    """By number: of the year that was said, else of this year, else one that an earlier year left open."""
    found = commitments.by_number(ctx.tx, unit_id, number, year=year or ctx.today.year)
    if found or year:
        return found
    earlier = commitments.carried_over(ctx.tx, unit_id, before=ctx.today.year)
    return next((c for c in reversed(earlier) if c.number == number), None)


def _by_words(ctx: Ctx, candidates: Sequence[Post], words: str) -> Commitment | None:
    """The only open commitment in whose wording the words are found ("路灯")."""
    wanted = fold(words).strip(" \t\r\n,.;:、")
    if len(wanted) < _FEWEST_CHARACTERS:
        return None
    found = [c for c in _open(ctx, candidates) if wanted in fold(c.words)]
    return found[0] if len(found) == 1 else None


def _open(ctx: Ctx, candidates: Sequence[Post]) -> list[Commitment]:
    return [
        c
        for post in candidates
        for c in commitments.of_unit(ctx.tx, post.unit_id, year=ctx.today.year)
        if c.state is not State.CLOSED
    ]


def _year(text: str, this_year: int) -> tuple[int | None, str]:
    match = _YEAR.match(fold(text))
    if not match:
        return None, text
    year = int(match.group(1)) if match.group(1) else this_year - 1 if match.group(2) else this_year
    return year, text[match.end() :]


def _offer(ctx: Ctx, candidates: Sequence[Post], command: str) -> tuple[tuple[Button, ...], ...]:
    """Buttons for the first open commitments."""
    offered = _open(ctx, candidates)[:_OFFERED]
    return tuple((Button(f"{c.number}. {c.words[:20]}", f"{command} c{c.id}"),) for c in offered)


def unit_in_scope(ctx: Ctx, text: str, *, roots: Sequence[int], command: str) -> tuple[Unit, str]:
    """The unit at or below the roots that a text names, and what follows the name.

    "大里村", "大里", "枫杨", or "u5" as buttons have it. `command` is for the buttons that are offered when
    the name is not known exactly; raises UserError then, also for units that exist elsewhere.
    """
    text = text.strip()
    by_id = _UNIT_ID.match(text)
    if by_id:
        if not units.is_within(ctx.tx, int(by_id.group(1)), roots):
            raise UserError(T("这个单位不归您管理。"))
        return units.get(ctx.tx, int(by_id.group(1))), text[by_id.end() :].strip()
    name, rest = _name(text)
    exact = units.by_name(ctx.tx, name, roots=roots)
    if len(exact) == 1:
        return exact[0], rest
    if exact:
        raise UserError(T("有几个单位叫{name}，是哪一个？", name=name), buttons=_unit_buttons(ctx, exact, command))
    below = units.subtree(ctx.tx, roots)
    short = [unit for unit in below if _short(unit.name) == _short(name)]
    if len(short) == 1:
        return short[0], rest
    near = short or [u for n in closest(name, {u.name for u in below}) for u in below if u.name == n]
    if near:
        raise UserError(T("没有“{name}”。您是不是想说：", name=name), buttons=_unit_buttons(ctx, near, command))
    raise UserError(T("您管理的范围里没有“{name}”。请写单位的全名，例如：大里村", name=name))


def _name(text: str) -> tuple[str, str]:
    """The first word, and the rest. A number that follows without a space is not part of the name."""
    match = re.match(r"[^\s,;、:\d第]+", fold(text))
    end = match.end() if match else len(text)
    return text[:end], text[end:].strip(" \t\r\n,，、:：;；")


def _short(name: str) -> str:
    """The name without what people leave out of it."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name[: -len(suffix)]
    return name


def _unit_buttons(ctx: Ctx, found: Sequence[Unit], command: str) -> tuple[tuple[Button, ...], ...]:
    parents = units.get_many(ctx.tx, [unit.parent_id for unit in found if unit.parent_id])
    several = len({unit.name for unit in found}) < len(found)
    rows = []
    for unit in found[:_OFFERED]:
        above = parents.get(unit.parent_id or 0)
        label = f"{above.name} {unit.name}" if several and above else unit.name
        rows.append((Button(label, f"{command} u{unit.id}"),))
    return tuple(rows)
