"""通报: the formal bulletin of a round as .docx, laid out as GB/T 9704-2012 has it for official documents."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from bot.chat.texts import T, Text, Words
from handlers.rounds.counting import Outcome, Place
from handlers.rounds.results import fixed
from handlers.rounds.rulings import rules_words

if TYPE_CHECKING:
    from docx.document import Document
    from docx.text.paragraph import Paragraph

DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TITLE, _BODY, _HEADING = "方正小标宋简体", "仿宋", "黑体"
#: Points: 二号 and 三号, and the fixed distance between lines.
_TITLE_SIZE, _BODY_SIZE, _LINE = 22, 16, 28
#: Millimetres: top, bottom, left, right.
_MARGINS = (37, 35, 28, 26)


def bulletin(
    seen: Outcome,
    named: Sequence[Place],
    *,
    show: Callable[[Words], str],
    issuer: str,
    day: str,
    highlights: Sequence[str] = (),
) -> bytes:
    """The bulletin about the places in `named`. `issuer` and `day` stand below the text."""
    # Loaded when it is needed: a bulletin is written a few times a year.
    from docx import Document as new_document

    document = new_document()
    _page(document)
    _paragraph(
        document, show(T("关于“{name}”结果的通报", name=seen.round.head.name)), _TITLE, _TITLE_SIZE, "centre"
    )
    _paragraph(document, "", _BODY, _BODY_SIZE)
    for heading, sentences in _sections(seen, named, highlights):
        _paragraph(document, show(heading), _HEADING, _BODY_SIZE, "indent")
        for sentence in sentences:
            _paragraph(
                document, sentence if isinstance(sentence, str) else show(sentence), _BODY, _BODY_SIZE, "indent"
            )
        if heading == _RESULTS:
            _table(document, seen, named, show)
    _paragraph(document, "", _BODY, _BODY_SIZE)
    _paragraph(document, issuer, _BODY, _BODY_SIZE, "right")
    _paragraph(document, day, _BODY, _BODY_SIZE, "right")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


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


def _page(document: Document) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Mm

    [section] = document.sections
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = map(Mm, _MARGINS)
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _run(footer, "— ", "宋体", 14)
    _page_number(footer)
    _run(footer, " —", "宋体", 14)


def _page_number(paragraph: Paragraph) -> None:
    """The field that a word processor fills in."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    run = paragraph.add_run()
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = text
        run._r.append(element)


def _paragraph(document: Document, text: str, font: str, size: int, where: str = "") -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    paragraph = document.add_paragraph()
    layout = paragraph.paragraph_format
    layout.line_spacing, layout.space_after, layout.space_before = Pt(_LINE), Pt(0), Pt(0)
    if where == "centre":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    if where == "right":
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        layout.right_indent = Pt(2 * size)
    if where == "indent":
        layout.first_line_indent = Pt(2 * size)
    _run(paragraph, text, font, size)


def _run(paragraph: Paragraph, text: str, font: str, size: int) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.font.name, run.font.size = font, Pt(size)
    # Word keeps the font of Chinese characters apart from that of Latin ones.
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _table(document: Document, seen: Outcome, named: Sequence[Place], show: Callable[[Words], str]) -> None:
    heads = [T("名次"), T("单位"), T("办事处"), T("得分")]
    classed = seen.rules.apart
    if classed:
        heads.insert(1, T("类别"))
    table: Any = document.add_table(rows=1, cols=len(heads), style="Table Grid")
    table.alignment = 1
    _fill(table.rows[0], [show(head) for head in heads], _HEADING)
    for place in named:
        cells = [
            str(place.ranked.rank or "—"),
            place.contestant.unit_name,
            place.contestant.office_name,
            fixed(place.ranked) or show(T("无有效分")),
        ]
        if classed:
            cells.insert(1, place.contestant.klass)
        _fill(table.add_row(), cells, _BODY)


def _fill(row: Any, cells: Sequence[str], font: str) -> None:
    for cell, text in zip(row.cells, cells, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = 1
        _run(paragraph, text, font, 14)
