"""What is being talked over and not yet submitted: one promise or several, read back as a card."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from bot.chat.arguments import item_at
from bot.chat.errors import UserError
from bot.chat.grammar.dates import dates_in
from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from bot.chat.texts import T, plain_number
from handlers.commitments.answers import means_none
from handlers.commitments.measuring import Measured, kind_without_figure, measure_of, replace_figure
from handlers.commitments.wording import Parsed, read, split
from storage.commitments import Category
from storage.terms import Kind, Terms, from_wire, to_wire

#: More than this in one message is not read by anybody who has to confirm it.
MOST_ITEMS = 20
#: Longer wordings belong into an attached document.
LONGEST_WORDS = 200


class Purpose(StrEnum):
    """What becomes of the draft when it is submitted."""

    PROPOSE = "propose"
    RESUBMIT = "resubmit"
    REQUIRE = "require"


class Field(StrEnum):
    """What can be changed about an item."""

    WORDS = "words"
    TARGET = "target"
    DUE = "due"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class Item:
    """One promise in the draft. `due_said`: the due date was said, not assumed to be the year's end."""

    terms: Terms
    category: Category = Category.ELECTIVE
    due_said: bool = True


@dataclass(frozen=True, slots=True)
class Draft:
    """The promises of a unit, or the requirements for units of `unit_kind` (None: all) below it.

    `subject_id` is the commitment that is being resubmitted.
    """

    purpose: Purpose
    unit_id: int
    items: tuple[Item, ...]
    subject_id: int | None = None
    unit_kind: str | None = None

    def with_item(self, index: int, item: Item) -> Draft:
        """The draft with one item changed."""
        return replace(self, items=(*self.items[:index], item, *self.items[index + 1 :]))

    def without_item(self, index: int) -> Draft:
        """The draft with one item left out."""
        return replace(self, items=(*self.items[:index], *self.items[index + 1 :]))


def drafted(text: str, today: date, *, category: Category = Category.ELECTIVE) -> tuple[Item, ...]:
    """The promises in a message. Raises UserError when there is nothing to promise, or too much of it."""
    items = tuple(_item(read(line, today), today, category) for line in split(text))
    if not items:
        raise UserError(T("请写出承诺的内容，例如：承诺 硬化村内道路2公里 12月底前"))
    if len(items) > MOST_ITEMS:
        raise UserError(T("一次最多{most}项，请分几次发。", most=MOST_ITEMS))
    return items


def to_data(draft: Draft) -> dict[str, Any]:
    """The draft as the JSON data of a dialogue."""
    return {
        "purpose": draft.purpose.value,
        "unit": draft.unit_id,
        "subject": draft.subject_id,
        "kind": draft.unit_kind,
        "items": [
            {"terms": to_wire(item.terms), "category": item.category.value, "due_said": item.due_said}
            for item in draft.items
        ],
    }


def from_data(data: Mapping[str, Any]) -> Draft:
    """The inverse of `to_data`."""
    items = tuple(
        Item(from_wire(item["terms"]), Category(item["category"]), item["due_said"]) for item in data["items"]
    )
    return Draft(Purpose(data["purpose"]), data["unit"], items, data["subject"], data["kind"])


def changed(item: Item, field: Field, text: str, today: date) -> Item:
    """The item with one thing changed to what the text says; raises UserError when it cannot be read."""
    match field:
        case Field.WORDS:
            return reworded(item, text, today)
        case Field.TARGET:
            return replace(item, terms=retargeted(item.terms, text))
        case Field.DUE:
            return replace(item, terms=replace(item.terms, due=due_in(text, today)), due_said=True)
        case Field.CATEGORY:
            return replace(item, category=_category(text))


_FIELDS = {
    "内容": Field.WORDS,
    "目标": Field.TARGET,
    "数量": Field.TARGET,
    "期限": Field.DUE,
    "时间": Field.DUE,
    "类别": Field.CATEGORY,
    "words": Field.WORDS,
    "target": Field.TARGET,
    "due": Field.DUE,
    "category": Field.CATEGORY,
}
_SETS = r"(?:改成|改为|改到|调整为|调整到|延长到|延期到|改|是|为|到|:|=|\s)"
# "时间" and the like may begin a wording: they name the field only where something sets them apart.
_FIELD = re.compile(
    rf"\s*(?:(期限|类别|目标|target|due|category){_SETS}*|(内容|数量|时间|words)(?:{_SETS}+|$))", re.IGNORECASE
)
_ONLY_CATEGORY = re.compile(
    r"\s*(?:是|算|属于|改成|改为)?\s*(?:自选|规定|elective|required)(?:动作|的)?[\s.]*", re.IGNORECASE
)
_ONLY_DUE = re.compile(r"(?:请|就|那)?(?:改成|改为|改到|改|到|在|是)?\s*")
_AFTER_DUE = re.compile(r"\s*(?:之前|以前|前|止)?\s*(?:完成|完工|办结)?[\s,.;]*")


def field_named(text: str) -> tuple[Field | None, str]:
    """The field that an answer names ("期限改到6月底"), and what is said about it."""
    match = _FIELD.match(fold(text))
    if match is None:
        return None, text
    return _FIELDS[(match.group(1) or match.group(2)).casefold()], text[match.end() :].strip()


def corrected(draft: Draft, text: str, today: date) -> Draft:
    """The draft after a correction typed in answer to its card: of a field, of the date, or all anew."""
    index, rest = _index(draft, text)
    if index is None:
        again = drafted(text, today, category=draft.items[0].category)
        return replace(draft, items=again)
    item = draft.items[index]
    if _ONLY_CATEGORY.fullmatch(fold(rest)):
        return draft.with_item(index, changed(item, Field.CATEGORY, rest, today))
    field, said = field_named(rest)
    if field is not None and said:
        return draft.with_item(index, changed(item, field, said, today))
    if _is_only_due(rest, today):
        return draft.with_item(index, changed(item, Field.DUE, rest, today))
    again = drafted(rest, today, category=item.category)
    if len(again) > 1:
        return replace(draft, items=(*draft.items[:index], *again, *draft.items[index + 1 :]))
    return draft.with_item(index, reworded(item, rest, today))


def reworded(item: Item, text: str, today: date) -> Item:
    """A whole new sentence in place of the old one; due date and category stay where it does not say them."""
    parsed = read(text, today)
    _check_words(parsed.words)
    due = parsed.due or item.terms.due
    return Item(
        replace(parsed.terms, due=due), parsed.category or item.category, parsed.due is not None or item.due_said
    )


def retargeted(terms: Terms, text: str) -> Terms:
    """The promise with another target, in the wording too where that names the old one."""
    if means_none(text):
        return Terms(terms.words, kind_without_figure(terms.words), due=terms.due)
    measured = _target(terms, text)
    if measured.kind is Kind.COMPOUND:
        return Terms(terms.words, Kind.COMPOUND, parts=measured.parts, due=terms.due)
    assert measured.target is not None
    figure = f"{plain_number(measured.target)}{measured.measure}"
    words = terms.words
    if terms.target is not None and terms.measure is not None:
        words = replace_figure(words, terms.target, terms.measure, figure)
    return Terms(words, measured.kind, measured.target, measured.measure, (), terms.due)


def due_in(text: str, today: date) -> date:
    """The date in the text; raises UserError when there is none, or when it is past."""
    found = dates_in(fold(text), today)
    if not found:
        raise UserError(T("没看懂日期。这样写：6月底、9月30日、年底"))
    due = max(day.day for day in found)
    if due < today:
        raise UserError(T("{day}已经过了，请写今天以后的日期。", day=due))
    return due


def _target(terms: Terms, text: str) -> Measured:
    measured = measure_of(text)
    if measured.kind is Kind.COMPOUND:
        return measured
    value, measure = measured.target, measured.measure
    if value is None or measure is None:
        bare = number_at(fold(text).strip(), 0)
        if bare is None or bare.value <= 0 or terms.measure is None:
            raise UserError(T("没看懂目标。这样写：3公里、97%以上；没有数量就写：无"))
        value, measure = bare.value, terms.measure
    # "97%" alone does not say whether it is a rate to be held; what it was before does.
    same = terms.kind in (Kind.THRESHOLD, Kind.MILESTONE) and measure == terms.measure
    kind = terms.kind if same else Kind.QUANTITY if measured.target is None else measured.kind
    return Measured(kind, value, measure)


def _item(parsed: Parsed, today: date, category: Category) -> Item:
    _check_words(parsed.words)
    if _is_only_due(parsed.words, today) or _ONLY_CATEGORY.fullmatch(fold(parsed.words)):
        raise UserError(T("请写出承诺的内容，例如：承诺 硬化村内道路2公里 12月底前"))
    due = parsed.due or date(today.year, 12, 31)
    return Item(replace(parsed.terms, due=due), parsed.category or category, parsed.due is not None)


def _check_words(words: str) -> None:
    """A bare figure is no promise: whoever types "2" at a card means something else."""
    if not any(character.isalpha() for character in words):
        raise UserError(T("请写出承诺的内容，例如：承诺 硬化村内道路2公里 12月底前"))
    if len(words) > LONGEST_WORDS:
        raise UserError(T("一项承诺最多{most}个字，请写得简短些。", most=LONGEST_WORDS))


def _category(text: str) -> Category:
    folded = fold(text).casefold()
    if "规定" in folded or "required" in folded:
        return Category.REQUIRED
    if "自选" in folded or "elective" in folded:
        return Category.ELECTIVE
    raise UserError(T("请写“规定动作”或“自选动作”。"))


def _index(draft: Draft, text: str) -> tuple[int | None, str]:
    """Which item is meant: the only one, or the one whose number comes first."""
    if len(draft.items) == 1:
        return 0, text
    found = item_at(fold(text), 0)
    if found is None or found[0] > len(draft.items) or len(split(text)) > 1:
        return None, text
    return found[0] - 1, text[found[1] :]


def _is_only_due(text: str, today: date) -> bool:
    """Whether the text is a date and nothing else."""
    folded = fold(text).strip()
    found = dates_in(folded, today)
    if len(found) != 1:
        return False
    lead = _ONLY_DUE.match(folded)
    tail = _AFTER_DUE.match(folded, found[0].end)
    return bool(lead and lead.end() >= found[0].start and tail and tail.end() == len(folded))
