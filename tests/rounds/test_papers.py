"""What goes out on paper and as pictures, opened with the libraries that office programs are like."""

from __future__ import annotations

import io
from typing import Any

import pytest
from docx import Document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from PIL import Image
from sqlalchemy import select, update

from handlers.rounds import bulletin, spreadsheet
from handlers.rounds.counting import Outcome, of_round
from handlers.rounds.picture import ranking_picture
from storage.tables import outbox, units
from tests.rounds.forum import drafted, published, quiet, scored, signed
from tests.world import World


def show(world: World) -> Any:
    return lambda words: world.renderer.words(words, "zh_CN")


def result(world: World) -> Outcome:
    with world.database.transaction() as tx:
        return of_round(tx, 1)


def files(world: World) -> dict[str, bytes]:
    """Every file that was sent, by name."""
    with world.database.transaction() as tx:
        rows = tx.all(select(outbox.c.content))
    sent = [file for row in rows for file in row.content.get("files", [])]
    return {name: world.files.get(key) for key, name, _mime in sent}


def words_of(document: Any) -> str:
    cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    return "\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])


def test_the_workbook_has_ranks_sheets_and_arithmetic(world: World) -> None:
    scored(world)
    world.personas["郑评"].says("弃权 欢河村")
    world.personas["施计"].says("扣分 大里村 0.5 迟到")
    signed(world)
    book = load_workbook(io.BytesIO(files(world)["一季度比学成绩.xlsx"]))
    assert book.sheetnames == ["成绩", "评分明细", "计算"]
    ranks = {row[3]: row[5] for row in book["成绩"].iter_rows(min_row=4, values_only=True)}
    assert {name: f"{score:.2f}" for name, score in ranks.items()} == {
        place.contestant.unit_name: str(place.ranked.shown) for place in result(world).places
    }
    rows = list(book["评分明细"].iter_rows(min_row=4, values_only=True))
    assert len(rows) == 3 * 7
    states = [row[-2] for row in rows]
    assert (states.count("回避"), states.count("弃权"), states.count("去掉")) == (2, 1, 6)
    assert not any("评" in str(row[1]) and "评委" not in str(row[1]) for row in rows)
    first = next(book["计算"].iter_rows(min_row=4, max_row=4))
    assert [cell.value for cell in first[-2:]] == [
        "=AVERAGE(C4:F4)",
        "=ROUND(SUMPRODUCT(M4:M4,I4:I4)/SUM(I4:I4)+K4,2)",
    ]
    assert [cell.value for cell in first[8:9]] == [1]


def test_a_name_is_never_a_formula(world: World) -> None:
    scored(world)
    signed(world)
    with world.database.transaction() as tx:
        tx.execute(update(units).where(units.c.name == "大里村").values(name="=1+1"))
    book = load_workbook(io.BytesIO(spreadsheet.results_file(result(world), show(world))))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == "=1+1"]
    assert cells
    assert all(cell.data_type == "s" for cell in cells)


def test_the_bulletin_is_laid_out_as_an_official_document(world: World) -> None:
    scored(world)
    published(world)
    document = Document(io.BytesIO(files(world)["一季度比学通报.docx"]))
    text = words_of(document)
    for words in (
        "关于“一季度比学”结果的通报",
        "一、基本情况",
        "3个单位参评，7位评委",
        "三、评分结果",
        "大里村",
        "91.00",
    ):
        assert words in text
    [section] = document.sections
    assert [round(length.mm) for length in (section.top_margin, section.bottom_margin)] == [37, 35]
    assert document.paragraphs[-1].text == "2021年3月22日"
    assert "PAGE" in section.footer._element.xml


def test_score_sheets_to_print(world: World) -> None:
    drafted(world)
    [told] = world.personas["施计"].says("评分纸")
    assert told.endswith("📎一季度比学评分表（按评委）.docx\n📎一季度比学评分表（按单位）.docx")
    by_judge = Document(io.BytesIO(files(world)["一季度比学评分表（按评委）.docx"]))
    assert len(by_judge.tables) == 7
    [wu] = [table for table in by_judge.tables if "／" in words_of_table(table)]
    assert words_of_table(wu).count("／") == 2 * 4
    assert "现场发言（40分）" in words_of_table(wu)
    by_unit = Document(io.BytesIO(files(world)["一季度比学评分表（按单位）.docx"]))
    assert len(by_unit.tables) == 3
    assert words_of(by_unit).count("监票人：") == 3
    # On a unit's sheet every judge signs beside their own line.
    assert words_of_table(by_unit.tables[0]).count("评委签名") == 1
    assert "评委签名：" not in words_of(by_unit)
    assert words_of(by_judge).count("评委签名：") == 7


def words_of_table(table: Any) -> str:
    return "\n".join(cell.text for row in table.rows for cell in row.cells)


def test_the_picture_is_as_wide_as_a_telephone_shows_and_says_something(world: World) -> None:
    scored(world)
    published(world)
    picture = Image.open(io.BytesIO(files(world)["一季度比学成绩.png"]))
    assert picture.size[0] == 1080
    seen = result(world)
    blank = Image.open(io.BytesIO(ranking_picture(seen, seen.places, lambda _words: "", "")))
    assert picture.tobytes() != blank.tobytes()
    english = ranking_picture(seen, seen.places, lambda words: world.renderer.words(words, "en"), "22 Mar 2021")
    assert english != files(world)["一季度比学成绩.png"]


@pytest.mark.filterwarnings("error:Glyph")
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_any_name_can_be_printed(world: World, name: str) -> None:
    if not world.units:
        raise AssertionError("the district is missing")
    with world.database.transaction() as tx:
        known = tx.first(select(outbox.c.id).limit(1))
    if known is None:
        scored(world)
        signed(world)
        quiet(world)
    # PostgreSQL keeps no NUL, and no unit's name has one.
    kept = name.replace("\x00", "")
    with world.database.transaction() as tx:
        tx.execute(update(units).where(units.c.id == world.units["大里村"]).values(name=kept))
    seen = result(world)
    assert ranking_picture(seen, seen.places, show(world), "2021年3月22日")
    assert bulletin.bulletin(seen, seen.places, show=show(world), issuer=kept, day="2021年3月22日")
    assert spreadsheet.results_file(seen, show(world))
