"""通报: the formal bulletin of a round as .docx, laid out as GB/T 9704-2012 has it for official documents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bot.chat.texts import T, Text, Words
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.document import HEADING, TITLE, TITLE_SIZE, new_page, number_pages, paragraph, saved, table
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
) -> bytes:
    """The bulletin about the places in `named`. `issuer` and `day` stand below the text."""
    document = new_page()
    number_pages(document)
    heading = show(T("关于“{name}”结果的通报", name=seen.round.head.name))
    paragraph(document, heading, TITLE, TITLE_SIZE, "centre")
    paragraph(document, "", where="left")
    for name, sentences in _sections(seen, named, highlights):
        paragraph(document, show(name), HEADING)
        for sentence in sentences:
            paragraph(document, show(sentence))
        if name == _RESULTS:
            _table(document, seen, named, show)
    paragraph(document, "", where="left")
    # The date is never left alone on a page.
    paragraph(document, issuer, where="right").paragraph_format.keep_with_next = True
    paragraph(document, day, where="right")
    return saved(document)


_RESULTS = T("三、评分结果")


def _sections(
    seen: Outcome, named: Sequence[Place], highlights: Sequence[str]
) -> list[tuple[Text, list[Text | str]]]:
    found = seen.round
    offices = sorted({c.office_name for c in found.contestants})
    sections: list[tuple[Text, list[Text | str]]] = [
        (
            T("一、基本情况"),
            [
                T(
                    "“{name}”共有{offices}等{count}个单位参评，{judges}位评委参加评分。",
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
        (_RESULTS, [T("经监票人、计票人核对签字，结果如下：")]),
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
