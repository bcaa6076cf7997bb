"""The registry of this feature, and finding units and people within what somebody administers.

Whatever people type or a button carries passes through here before anything is shown or changed: what is
outside the units that the person administers is not found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from bot.chat.commands import Registry
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.grammar.suggest import closest
from bot.chat.messages import PAYLOAD_BYTES, Button
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.roster.directory import steps
from storage import people, units
from storage.people import Holder
from storage.units import Unit

registry = Registry()
#: Who looks after a roster: all of the district, or one office.
KEEPERS = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)
_ENDINGS = ("", "村", "社区", "办事处", "街道办事处", "街道")
_UNIT_NUMBER = re.compile(r"u(\d{1,12})")
_PERSON_NUMBER = re.compile(r"p(\d{1,12})")
_YES = (
    *("是", "是的", "好", "好的", "对", "对的", "行", "可以", "确认", "确定", "没错", "同意"),
    *("yes", "y", "1", "ok", "okay", "confirm"),
)
_EDGES = " \t\r\n,.;:!~、"

#: Makes of a chosen unit or person ("u5", "p7") the command line that a button sends.
Again = Callable[[str], str]


def roots(ctx: Ctx) -> tuple[int, ...]:
    """The units whose roster this person keeps."""
    return ctx.actor.units(*KEEPERS)


def agrees(answer: str, *own_words: str) -> bool:
    """Whether an answer means yes: one of the usual words, or the button's own."""
    said = fold(answer).strip(_EDGES).casefold()
    return said in _YES or said in own_words


def buttons(choices: Iterable[tuple[Words, str]]) -> tuple[tuple[Button, ...], ...]:
    """One button to a row for each label and command line; what would be too long for a button is left out."""
    fitting = [(label, line) for label, line in choices if len(line.encode()) <= PAYLOAD_BYTES]
    return tuple((Button(label, line),) for label, line in fitting)


# --- units ------------------------------------------------------------------------------------------------


def unit_called(ctx: Ctx, words: str, *, again: Again, kinds: Sequence[str] | None = None) -> Unit:
    """The unit that is meant, within what the person administers.

    "大里村", "大里", "枫杨办事处/大里村", or "u5" as buttons have it. Raises UserError, with buttons for what
    may have been meant, when that is not exactly one.
    """
    numbered = _UNIT_NUMBER.fullmatch(words)
    if numbered:
        return _numbered_unit(ctx, int(numbered.group(1)), words, kinds)
    *above, name = steps(words)
    found = [unit for unit in _units_named(ctx, name, kinds) if _is_below(ctx, unit, above)]
    if len(found) == 1:
        return found[0]
    if found:
        labels = units.get_many(ctx.tx, [unit.parent_id or 0 for unit in found])
        choices = [(_placed(unit, labels.get(unit.parent_id or 0)), again(f"u{unit.id}")) for unit in found]
        raise UserError(T("有不止一个“{name}”，是哪一个？", name=name), buttons=buttons(choices))
    raise _unknown_unit(ctx, name, again, kinds)


def _numbered_unit(ctx: Ctx, number: int, words: str, kinds: Sequence[str] | None) -> Unit:
    if units.is_within(ctx.tx, number, roots(ctx)):
        unit = units.get(ctx.tx, number)
        if kinds is None or unit.kind in kinds:
            return unit
    raise UserError(_not_yours(words))


def _units_named(ctx: Ctx, name: str, kinds: Sequence[str] | None) -> list[Unit]:
    for ending in _ENDINGS:
        found = units.by_name(ctx.tx, name + ending, roots=roots(ctx))
        found = [unit for unit in found if kinds is None or unit.kind in kinds]
        if found:
            return found
    return []


def _is_below(ctx: Ctx, unit: Unit, above: Sequence[str]) -> bool:
    if not above:
        return True
    ancestors = [fold(ancestor.name) for ancestor in units.ancestors(ctx.tx, unit.id)[1:]]
    return all(any(name.startswith(part) for name in ancestors) for part in above)


def _placed(unit: Unit, parent: Unit | None) -> Words:
    return T("{parent} {name}", parent=parent.name, name=unit.name) if parent else unit.name


def _unknown_unit(ctx: Ctx, name: str, again: Again, kinds: Sequence[str] | None) -> UserError:
    known = {unit.name: unit for unit in units.subtree(ctx.tx, roots(ctx), kinds=kinds)}
    near = [known[word] for word in closest(name, known)]
    if not near:
        return UserError(_not_yours(name))
    choices = [(unit.name, again(f"u{unit.id}")) for unit in near]
    return UserError(T("您管理的范围里没有“{name}”。是不是：", name=name), buttons=buttons(choices))


def _not_yours(name: str) -> Text:
    return T("您管理的范围里没有“{name}”。", name=name)


# --- people -----------------------------------------------------------------------------------------------


def is_person_number(words: str) -> bool:
    """Whether it is a person as buttons have it: "p7"."""
    return _PERSON_NUMBER.fullmatch(words) is not None


def people_called(ctx: Ctx, words: str) -> dict[int, list[Holder]]:
    """The posts of those who are meant ("王芳", or "p7"), by person, within what the actor administers."""
    numbered = _PERSON_NUMBER.fullmatch(words)
    if numbered:
        held = people.held_below(ctx.tx, roots(ctx), person_id=int(numbered.group(1)))
    else:
        held = people.held_below(ctx.tx, roots(ctx), name=words)
    found: dict[int, list[Holder]] = {}
    for holder in held:
        found.setdefault(holder.person_id, []).append(holder)
    return found


def person_called(ctx: Ctx, words: str, *, again: Again) -> list[Holder]:
    """The posts of the one who is meant. Raises UserError, with buttons, when that is not exactly one."""
    found = people_called(ctx, words)
    if len(found) == 1:
        return next(iter(found.values()))
    if found:
        raise UserError(
            T("有不止一位“{name}”，是哪一位？", name=words),
            buttons=buttons((posts_words(held), again(f"p{person}")) for person, held in found.items()),
        )
    raise unknown_person(ctx, words, again)


def unknown_person(ctx: Ctx, words: str, again: Again) -> UserError:
    """Nobody of that name is there; similar ones are offered."""
    known = {holder.name: holder for holder in people.posts_below(ctx.tx, roots(ctx))}
    near = [known[name] for name in closest(words, known)]
    if not near:
        return UserError(T("您管理的范围里没有“{name}”这个人。", name=words))
    choices = [(holder.name, again(f"p{holder.person_id}")) for holder in near]
    return UserError(T("您管理的范围里没有“{name}”这个人。是不是：", name=words), buttons=buttons(choices))


def posts_words(held: Sequence[Holder]) -> Text:
    """Somebody's posts in words: 大里村 书记、高新区 评委."""
    return T("{posts}", posts=[T("{unit} {role}", unit=h.unit_name, role=ROLE_WORDS[h.role]) for h in held])
