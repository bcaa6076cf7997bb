"""The card of a draft: read back, change, submit. What submitting does is declared per purpose."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from bot.chat.caution import caution
from bot.chat.context import Said
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Block, Button, Line, Reply, faint, say, title
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.commitments.answers import means_change, means_no, means_public, means_yes
from handlers.commitments.declared import registry
from handlers.commitments.describing import one_line, terms_fields
from handlers.commitments.drafts import (
    Draft,
    Field,
    Item,
    Purpose,
    changed,
    corrected,
    field_named,
    from_data,
    to_data,
)
from storage import commitments, units
from storage.units import COMMUNITY, VILLAGE

#: What is done with a draft that was confirmed.
submitters: dict[Purpose, Callable[[Ctx, Draft], Reply]] = {}

FIELD_WORDS: dict[Field, Text] = {
    Field.WORDS: T("内容"),
    Field.TARGET: T("目标"),
    Field.DUE: T("期限"),
    Field.CATEGORY: T("类别"),
}
KIND_WORDS: dict[str | None, Text] = {None: T("全部村和社区"), VILLAGE: T("各村"), COMMUNITY: T("各社区")}
_ALIKE = 75
#: How a field is asked for.
PROMPTS: dict[Field, Text] = {
    Field.WORDS: T("请写新的内容，一句话："),
    Field.TARGET: T("请写新的目标，例如：3公里、97%以上；没有数量就写：无"),
    Field.DUE: T("请写新的期限，或者点按钮："),
    Field.CATEGORY: T("请选择类别："),
}


def show_card(ctx: Ctx, draft: Draft, *, remark: Words | None = None) -> Reply:
    """Read the draft back and wait for the answer."""
    ctx.ask("commitments.card", **to_data(draft))
    body: list[Block] = [title(_heading(draft))]
    if remark is not None:
        body.append(Line(remark))
    body += _body(ctx, draft)
    notes = [_past_due(draft, ctx.today), _warning(draft)]
    body += [Line(note) for note in notes if note]
    body += [faint(note) for note in _similar(ctx, draft)]
    return say(*body, buttons=_buttons(ctx, draft), replace=True)


@registry.dialogue("commitments.card", hears=("截止",))
def answer_card(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Submit, change or leave the draft; anything else is a correction."""
    return _answer(ctx, from_data(data), said)


def _answer(ctx: Ctx, draft: Draft, said: Said) -> Reply:
    if means_no(said.text):
        return say(T("好的，没有提交。"), replace=True)
    if means_change(said.text):
        return _ask_what(ctx, draft, 0) if len(draft.items) == 1 else _ask_which(ctx, draft)
    if means_public(said.text) or means_yes(said.text):
        if _past_due(draft, ctx.today) or (_warning(draft) and not means_public(said.text)):
            return show_card(ctx, draft)
        return submitters[draft.purpose](ctx, draft)
    return show_card(ctx, corrected(draft, said.text, ctx.today))


def _ask_which(ctx: Ctx, draft: Draft) -> Reply:
    ctx.ask("commitments.edit", draft=to_data(draft), index=None)
    buttons = tuple(
        (ctx.choice(f"{number}. {item.terms.words[:20]}", str(number)),)
        for number, item in enumerate(draft.items, 1)
    )
    return say(T("要改哪一项？"), buttons=buttons, replace=True)


def _ask_what(ctx: Ctx, draft: Draft, index: int) -> Reply:
    ctx.ask("commitments.edit", draft=to_data(draft), index=index)
    fields = tuple(
        ctx.choice(FIELD_WORDS[field], field.value)
        for field in Field
        if field is not Field.CATEGORY or draft.purpose is not Purpose.REQUIRE
    )
    rows = [fields]
    if len(draft.items) > 1:
        rows.append((ctx.choice(T("删掉这一项"), "drop"),))
    return say(
        terms_fields(draft.items[index].terms, draft.items[index].category),
        T("要改什么？也可以直接把整句话重新发一遍。"),
        buttons=tuple(rows),
        replace=True,
    )


@registry.dialogue("commitments.edit", hears=("截止",))
def answer_edit(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Which item, then which field of it; a whole new sentence is taken as such."""
    draft, index = from_data(data["draft"]), data["index"]
    text = said.text.strip()
    if index is None and text.isdecimal() and 1 <= int(text) <= len(draft.items):
        return _ask_what(ctx, draft, int(text) - 1)
    if means_yes(text):
        return _answer(ctx, draft, said)
    if index is None:
        return show_card(ctx, corrected(draft, text, ctx.today))
    if text in ("drop", "删掉", "删除", "删掉这一项"):
        return show_card(ctx, draft.without_item(index) if len(draft.items) > 1 else draft)
    if means_no(text):
        return show_card(ctx, draft)
    field, value = field_named(text)
    if field is not None and not value:
        return _ask_value(ctx, draft, index, field)
    one = Draft(draft.purpose, draft.unit_id, (draft.items[index],))
    return show_card(ctx, draft.with_item(index, corrected(one, text, ctx.today).items[0]))


def _ask_value(ctx: Ctx, draft: Draft, index: int, field: Field) -> Reply:
    ctx.ask("commitments.value", draft=to_data(draft), index=index, field=field.value)
    buttons: tuple[tuple[Button, ...], ...] = ()
    if field is Field.DUE:
        buttons = (due_buttons(ctx),)
    if field is Field.CATEGORY:
        buttons = ((ctx.choice(T("自选动作"), "elective"), ctx.choice(T("规定动作"), "required")),)
    return say(PROMPTS[field], buttons=buttons, replace=True)


@registry.dialogue("commitments.value", hears=("截止",), figures=True)
def answer_value(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The new value of one field."""
    draft, index = from_data(data["draft"]), data["index"]
    item = changed(draft.items[index], Field(data["field"]), said.text, ctx.today)
    return show_card(ctx, draft.with_item(index, item))


def due_buttons(ctx: Ctx) -> tuple[Button, ...]:
    """The ends of the year's quarters that are still to come, the year's end first."""
    ends = [date(ctx.today.year, 12, 31), date(ctx.today.year, 6, 30), date(ctx.today.year, 9, 30)]
    words = [T("年底"), T("6月底"), T("9月底")]
    return tuple(
        ctx.choice(word, end.isoformat()) for word, end in zip(words, ends, strict=True) if end >= ctx.today
    )


def _heading(draft: Draft) -> Text:
    count = len(draft.items)
    if draft.purpose is Purpose.REQUIRE:
        return T("请核对这项规定动作") if count == 1 else T("请核对这{count}项规定动作", count=count)
    return T("请核对这项承诺") if count == 1 else T("请核对这{count}项承诺", count=count)


def _body(ctx: Ctx, draft: Draft) -> list[Block]:
    if len(draft.items) == 1:
        body: list[Block] = [_fields(draft.items[0])]
    else:
        body = [Line(one_line(n, item.terms, item.category)) for n, item in enumerate(draft.items, 1)]
    if draft.purpose is Purpose.REQUIRE:
        where = units.get(ctx.tx, draft.unit_id).name
        body.append(Line(T("下达给：{district}{kind}", district=where, kind=KIND_WORDS[draft.unit_kind])))
    return body


def _fields(item: Item) -> Block:
    assumed = None if item.due_said else T("{day}（没说期限，按年底算）", day=item.terms.due)
    return terms_fields(item.terms, item.category, due=assumed)


def _past_due(draft: Draft, today: date) -> Text | None:
    for item in draft.items:
        if item.terms.due is not None and item.terms.due < today:
            return T("期限{day}已经过了，请点“修改”改成今天以后的日期。", day=item.terms.due)
    return None


def _warning(draft: Draft) -> Text | None:
    return caution(*(item.terms.words for item in draft.items))


def _buttons(ctx: Ctx, draft: Draft) -> tuple[tuple[Button, ...], ...]:
    change, leave = ctx.choice(T("修改"), "edit"), ctx.choice(T("取消"), "cancel")
    if _past_due(draft, ctx.today):
        return ((change, leave),)
    if _warning(draft):
        return ((change, leave), (ctx.choice(T("能公开，提交"), "public"),))
    label = T("提交") if len(draft.items) == 1 else T("全部提交")
    return ((ctx.choice(label, "submit"), change, leave),)


def _similar(ctx: Ctx, draft: Draft) -> list[Text]:
    """Remarks about promises that the unit has nearly word for word already."""
    if draft.purpose is Purpose.REQUIRE:
        return []
    own = commitments.of_unit(ctx.tx, draft.unit_id, year=ctx.today.year)
    known = {c.words: c.number for c in own if c.id != draft.subject_id}
    near = [closest(item.terms.words, known, limit=1, cutoff=_ALIKE) for item in draft.items]
    return [
        T("和已有的第{number}项“{words}”很像，是另一件事再提交。", number=known[words[0]], words=words[0])
        for words in dict.fromkeys(tuple(found) for found in near)
        if words
    ]
