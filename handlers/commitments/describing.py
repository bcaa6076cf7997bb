"""Commitments in words: the fields of a card, the line of a list, what is to be reached."""

from __future__ import annotations

from datetime import date

from bot.chat.messages import Bar, Fields
from bot.chat.texts import T, Text, Words, plain_number
from handlers.commitments.pace import Standing
from storage.commitments import Category, Commitment, State
from storage.terms import Kind, Part, Terms

CATEGORY_WORDS: dict[Category, Text] = {
    Category.REQUIRED: T("规定动作"),
    Category.ELECTIVE: T("自选动作"),
}
STATE_WORDS: dict[State, Text] = {
    State.PROPOSED: T("待审核"),
    State.RETURNED: T("已退回"),
    State.PUBLISHED: T("办理中"),
    State.DONE: T("已办结，待销号"),
    State.CLOSED: T("已销号"),
    State.WITHDRAWN: T("已撤回"),
}


def goal(terms: Terms) -> Words:
    """What is to be reached: "2公里", "97%以上", several of these, or that there is no figure."""
    if terms.kind is Kind.COMPOUND:
        return T("{parts}", parts=[part_words(part) for part in terms.parts])
    if terms.target is None:
        return T("按期完成") if terms.kind is Kind.MILESTONE else T("定性目标，不计数")
    figure = f"{plain_number(terms.target)}{terms.measure or ''}"
    return T("{figure}以上", figure=figure) if terms.kind is Kind.THRESHOLD else figure


def part_words(part: Part) -> str:
    """One part of a compound promise in the words it was made of."""
    figure = "" if part.target is None else f"{plain_number(part.target)}{part.measure or ''}"
    return part.words if figure in part.words else f"{part.words}{figure}"


def day(value: date | None) -> Words:
    """A due date."""
    return T("没有期限") if value is None else T("{day}", day=value)


def terms_fields(terms: Terms, category: Category, *, due: Words | None = None) -> Fields:
    """Wording, goal, due date, category. `due` overrides how the due date is put."""
    return Fields(
        (
            (T("内容"), terms.words),
            (T("目标"), goal(terms)),
            (T("期限"), due or day(terms.due)),
            (T("类别"), CATEGORY_WORDS[category]),
        )
    )


def one_line(number: int, terms: Terms, category: Category) -> Text:
    """A promise as one line of a list that is being read back."""
    return T(
        "{number}. {words}（目标：{goal}；期限：{due}；{category}）",
        number=number,
        words=terms.words,
        goal=goal(terms),
        due=day(terms.due),
        category=CATEGORY_WORDS[category],
    )


def bar(commitment: Commitment, standing: Standing, *, this_year: int) -> Bar:
    """The commitment as a bar with its light and word."""
    return Bar(label(commitment, this_year=this_year), standing.share, standing.light, standing.words)


def label(commitment: Commitment, *, this_year: int) -> Words:
    """Number and wording; those of an earlier year say so, because numbers begin anew each year."""
    if commitment.year == this_year:
        return f"{commitment.number}. {commitment.words}"
    return T(
        "{year}年第{number}项 {words}", year=commitment.year, number=commitment.number, words=commitment.words
    )


def differences(old: Terms, new: Terms) -> list[Text]:
    """What changed between two wordings, one line for each field; empty when nothing did."""
    pairs: list[tuple[Text, Words, Words]] = [
        (T("内容"), old.words, new.words),
        (T("目标"), goal(old), goal(new)),
        (T("期限"), day(old.due), day(new.due)),
    ]
    same_goal = (old.kind, old.target, old.measure, old.parts) == (new.kind, new.target, new.measure, new.parts)
    unchanged = (old.words == new.words, same_goal, old.due == new.due)
    return [
        T("{field}：{new}（原：{old}）", field=field, new=after, old=before)
        for (field, before, after), same in zip(pairs, unchanged, strict=True)
        if not same
    ]
