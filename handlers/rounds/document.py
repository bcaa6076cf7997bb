"""Word documents laid out as GB/T 9704-2012 has it for official papers."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

#: What XML 1.0 cannot hold: control characters, surrogates, and the two non-characters.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TITLE, BODY, HEADING, SONG = "方正小标宋简体", "仿宋", "黑体", "宋体"
#: Points: 二号, 三号, 四号, and the fixed distance between lines.
TITLE_SIZE, BODY_SIZE, SMALL_SIZE, LINE = 22, 16, 14, 28
#: Millimetres: top, bottom, left, right.
OFFICIAL = (37, 35, 28, 26)


def clean(text: str) -> str:
    """The text on one line, without characters that no office document can hold."""
    return " ".join(_UNWRITABLE.sub("", text).split())


def new_page(margins: tuple[int, int, int, int] = OFFICIAL) -> Any:
    """An empty A4 document. The library is loaded here: papers are written a few times a year."""
    from docx import Document
    from docx.shared import Mm

    document = Document()
    [section] = document.sections
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = map(Mm, margins)
    return document


def number_pages(document: Any) -> None:
    """The page number as "— 1 —", a field that the word processor fills in."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    footer = document.sections[0].footer.paragraphs[0]
    footer.alignment = 1
    write(footer, "—\u00a0", SONG, SMALL_SIZE)
    run = write(footer, "", SONG, SMALL_SIZE)
    for kind in ("begin", "", "end"):
        element = OxmlElement("w:fldChar" if kind else "w:instrText")
        if kind:
            element.set(qn("w:fldCharType"), kind)
        else:
            element.text = "PAGE"
        run._r.append(element)
    write(footer, "\u00a0—", SONG, SMALL_SIZE)


def paragraph(document: Any, text: str, font: str = BODY, size: int = BODY_SIZE, where: str = "indent") -> Any:
    """A paragraph: `where` is "indent" (two characters), "centre", "right" or "left"."""
    from docx.shared import Pt

    added = document.add_paragraph()
    layout = added.paragraph_format
    layout.line_spacing, layout.space_before, layout.space_after = Pt(LINE), Pt(0), Pt(0)
    added.alignment = {"indent": 3, "centre": 1, "right": 2, "left": 0}[where]
    if where == "indent":
        layout.first_line_indent = Pt(2 * size)
    if where == "right":
        layout.right_indent = Pt(2 * size)
    write(added, text, font, size)
    return added


def line() -> Any:
    """The height of a line: what is left free behind a table."""
    from docx.shared import Pt

    return Pt(LINE)


def write(paragraph: Any, text: str, font: str, size: int) -> Any:
    """Words in a font; Word keeps the font of Chinese characters apart from that of Latin ones."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    run = paragraph.add_run(text if "\u00a0" in text and len(text) == 2 else clean(text))
    run.font.name, run.font.size = "Times New Roman", Pt(size)
    run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
    return run


def table(
    document: Any, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], height: int = 9
) -> Any:
    """A ruled table, lengths in millimetres; its head is repeated on every page and no row is split."""
    from docx.oxml import OxmlElement
    from docx.shared import Mm

    made = document.add_table(rows=0, cols=len(heads), style="Table Grid")
    made.alignment, made.autofit = 1, False
    # Word goes by the cells, LibreOffice by the columns.
    for column, width in zip(made.columns, widths, strict=True):
        column.width = Mm(width)
    for at, cells in enumerate([heads, *rows]):
        row = made.add_row()
        row.height = Mm(height)
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if at == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, width in zip(row.cells, cells, widths, strict=True):
            cell.width, cell.vertical_alignment = Mm(width), 1
            cell.paragraphs[0].alignment = 1
            write(cell.paragraphs[0], text, BODY if at else HEADING, SMALL_SIZE)
    return made


def saved(document: Any) -> bytes:
    """The document as a .docx file."""
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()
