"""通报: the formal bulletin of a round as .docx, laid out as GB/T 9704-2012 has it for official documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.chat.texts import T, Text, Words
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.document import (
    HEADING,
    TITLE,
    TITLE_SIZE,
    line,
    new_page,
    number_pages,
    paragraph,
    saved,
    table,
)
from handlers.rounds.results import fixed
from handlers.rounds.rulings import rules_words

Show = Callable[[Words], str]


def bulletin(
    seen: Outcome,
    named: Sequence[Place],
    *,
    show: Show,
    issuer: str,
    day: str,
    highlights: Sequence[str] = (),
    signed: Sequence[str] = (),
    correction: str | None = None,
) -> bytes:
    """The bulletin about the places in `named`. `issuer` and `day` stand below the text.

    `signed`: scrutineer and scorekeeper. `correction`: why an earlier version does not hold any more.
    """
    document = new_page()
    number_pages(document)
    heading = show(T("关于“{name}”结果的通报", name=seen.round.head.name))
    paragraph(document, heading, TITLE, TITLE_SIZE, "centre")
    paragraph(document, "", where="left")
    paragraph(document, show(T("各办事处、各参评单位：")), where="left")
    if correction:
        paragraph(
            document, show(T("本通报更正此前发布的结果，以本通报为准。更正原因：{reason}。", reason=correction))
        )
    gap = None
    for name, sentences in _sections(seen, named, highlights, signed):
        # A heading is never left alone at the foot of a page.
        layout = paragraph(document, show(name), HEADING).paragraph_format
        layout.keep_with_next, layout.space_before = True, gap
        gap = None
        for sentence in sentences:
            paragraph(document, _ended(show(sentence)))
        if name == _RESULTS:
            document.paragraphs[-1].paragraph_format.keep_with_next = True
            _table(document, seen, named, show)
            gap = line()
    paragraph(document, show(T("特此通报。"))).paragraph_format.space_before = gap
    paragraph(document, "", where="left")
    # The date is never left alone on a page.
    paragraph(document, issuer, where="right").paragraph_format.keep_with_next = True
    paragraph(document, day, where="right")
    return saved(document)


_RESULTS = T("三、评分结果")


def _ended(sentence: str) -> str:
    """The sentence with a full stop, where it has no end of its own."""
    return sentence if not sentence or sentence[-1] in "。！？：.!?:" else f"{sentence}。"


def _result_lines(seen: Outcome, named: Sequence[Place], signed: Sequence[str]) -> list[Text | str]:
    """What stands above the table: who has signed, and how much of the ranking it is."""
    if len(named) < len(seen.places):
        first = T("经监票人、计票人（{names}）核对签字，优胜单位如下：", names=list(signed))
        return [first if signed else T("经监票人、计票人核对签字，优胜单位如下：")]
    whole = T("经监票人、计票人（{names}）核对签字，结果如下：", names=list(signed))
    return [whole if signed else T("经监票人、计票人核对签字，结果如下：")]


def _sections(
    seen: Outcome, named: Sequence[Place], highlights: Sequence[str], signed: Sequence[str]
) -> list[tuple[Text, list[Text | str]]]:
    found = seen.round
    offices = sorted({c.office_name for c in found.contestants})
    sections: list[tuple[Text, list[Text | str]]] = [
        (
            T("一、基本情况"),
            [
                T(
                    "“{name}”共有{offices}的{count}个单位参评，{judges}位评委参加评分。",
                    name=found.head.name,
                    offices=offices,
                    count=len(found.contestants),
                    judges=len(found.sitting),
                )
            ],
        ),
        (
            T("二、评分办法"),
            [
                T(
                    "评分项：{items}。",
                    items=[T("{name}{maximum}分", name=c.name, maximum=c.maximum) for c in found.criteria],
                ),
                T("{rules}。评委回避本办事处的单位。", rules=rules_words(seen.rules)),
            ],
        ),
        (_RESULTS, _result_lines(seen, named, signed)),
    ]
    if highlights:
        sections.append((T("四、亮点做法"), list(highlights)))
    return sections


def _table(document: Any, seen: Outcome, named: Sequence[Place], show: Show) -> None:
    heads = [T("名次"), T("单位"), T("办事处"), T("得分")]
    widths = [20, 55, 50, 30]
    rows = [
        [
            str(place.ranked.rank or "—"),
            place.contestant.unit_name,
            place.contestant.office_name,
            fixed(place.ranked) or show(T("无有效分")),
        ]
        for place in named
    ]
    if seen.rules.apart:
        heads.insert(1, T("类别"))
        widths.insert(1, 25)
        for row, place in zip(rows, named, strict=True):
            row.insert(1, place.contestant.klass)
    table(document, [show(head) for head in heads], rows, widths)
