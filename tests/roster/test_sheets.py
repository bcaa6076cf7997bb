"""Reading files: which sheet is what, which column is which, and files that are no files."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from bot.chat.errors import UserError
from bot.chat.people import Role
from handlers.roster import sheets, workbook
from handlers.roster.vocabulary import (
    PEOPLE_HEADINGS,
    UNIT_HEADINGS,
    Column,
    clean,
    heading,
    kind_of,
    mobile_of,
    organization_of,
    role_of,
    split_posts,
)
from storage.people import Holder
from storage.units import Unit
from tests.roster.book import PEOPLE, UNITS, csv_of, roster_of, xlsx

PERSON = ("王芳", "13800000001", "大里村", "书记")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_the_encodings_that_programs_write(encoding: str, delimiter: str) -> None:
    book = sheets.read("名单.csv", csv_of([PEOPLE, PERSON], encoding=encoding, delimiter=delimiter))
    assert [dict(row.cells) for row in book.people] == [
        {
            Column.PERSON: "王芳",
            Column.MOBILE: "13800000001",
            Column.UNIT: "大里村",
            Column.POSTS: "书记",
        }
    ]
    assert (book.has_people, book.has_units, book.people[0].number) == (True, False, 2)


def test_a_csv_of_units_is_known_by_its_headings() -> None:
    book = sheets.read("a.CSV", csv_of([UNITS, ("大里村", "村", "枫杨办事处")]))
    assert (book.has_people, book.has_units) == (False, True)
    assert book.units[0].get(Column.PARENT) == "枫杨办事处"


def test_sheets_are_known_by_their_headings_not_by_their_names() -> None:
    data = xlsx(甲=[("说明",), ("请看下面",)], 乙=[PEOPLE, PERSON], 丙=[UNITS, ("大里村", "村")], 丁=[])
    book = sheets.read("名册.xlsx", data)
    assert [(row.sheet, row.number) for row in book.people] == [("乙", 2)]
    assert [(row.sheet, row.number) for row in book.units] == [("丙", 2)]


def test_headings_may_stand_below_a_title_and_rows_may_be_empty() -> None:
    rows = [("高新区人员名册",), (), PEOPLE, (), PERSON, (None, None), ("李建国", None, "公园道社区", "书记")]
    book = sheets.read("名册.xlsx", xlsx(人员=rows))
    assert [row.number for row in book.people] == [5, 7]


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("姓名", Column.PERSON),
        (" 姓 名* ", Column.PERSON),
        ("姓名（必填）", Column.PERSON),
        ("手机号码：", Column.MOBILE),
        ("联系电话", Column.MOBILE),
        ("村（社区）", Column.UNIT),
        ("村/社区", Column.UNIT),
        ("所在单位", Column.UNIT),
        ("Mobile", Column.MOBILE),
        ("备注", None),
    ],
)
def test_headings_are_read_tolerantly(written: str, column: Column | None) -> None:
    assert heading(written, PEOPLE_HEADINGS) is column


def test_every_heading_that_is_written_is_read() -> None:
    assert [heading(word, UNIT_HEADINGS) for word in UNITS] == [Column(word) for word in UNITS]
    assert [heading(word, PEOPLE_HEADINGS) for word in PEOPLE] == [Column(word) for word in PEOPLE]


def test_numbers_and_dates_of_a_spreadsheet_are_read_as_written() -> None:
    rows = [UNITS, ("大里村", "村", "枫杨", "", date(2021, 3, 1), 3.0), (13800000001, True, 1.5)]
    book = sheets.read("名册.xlsx", xlsx(单位=rows))
    assert dict(book.units[0].cells)[Column.CLASS].startswith("2021-03-01")
    assert book.units[0].get(Column.POSITION) == "3"
    assert book.units[1].get(Column.NAME) == "13800000001"
    assert book.units[1].get(Column.PARENT) == "1.5"


def test_columns_that_mean_nothing_are_named_and_doubles_are_refused() -> None:
    book = sheets.read("名册.xlsx", xlsx(人员=[("姓名", "单位", "职务", "电话", "手机", "爱好"), ()]))
    assert book.ignored == ("爱好",)
    [problem] = book.problems
    assert (problem.sheet, problem.row, problem.column) == ("人员", 1, "手机")


def test_a_column_that_must_be_there_is_asked_for() -> None:
    book = sheets.read("名册.xlsx", xlsx(人员=[("姓名", "手机"), ("王芳", "13800000001")]))
    assert [(p.row, p.column) for p in book.problems] == [(1, "单位"), (1, "职务")]


@pytest.mark.parametrize("name", ["名册.xls", "名册.docx", "名册"])
def test_other_files_are_refused(name: str) -> None:
    with pytest.raises(UserError, match=r"只能读 \.xlsx 和 \.csv 文件"):
        sheets.read(name, b"")


def test_broken_files_are_refused() -> None:
    whole = roster_of(people=[PERSON])
    for data in (b"", b"PK", whole[:300], b"\x00" * 1000):
        with pytest.raises(UserError, match="这个文件打不开"):
            sheets.read("名册.xlsx", data)
    with pytest.raises(UserError, match="文字编码认不出来"):
        sheets.read("名册.csv", b"\xff\xff\xff")


def test_files_that_are_too_big_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    data = roster_of(people=[PERSON, PERSON])
    for limit in ("MOST_BYTES", "MOST_UNPACKED_BYTES", "MOST_ROWS"):
        with monkeypatch.context() as patch:
            patch.setattr(sheets, limit, 1)
            with pytest.raises(UserError, match="文件太大了"):
                sheets.read("名册.xlsx", data)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a.xlsx", "a.csv"]))
def test_any_bytes_are_a_book_or_refused(data: bytes, name: str) -> None:
    try:
        book = sheets.read(name, data)
    except UserError:
        return
    assert all(cell for row in (*book.units, *book.people) for cell in row.cells.values())


# --- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("书记", Role.SECRETARY),
        ("支部书记", Role.SECRETARY),
        ("党总支书记", Role.SECRETARY),
        ("党建办", Role.OFFICE_ADMINISTRATOR),
        ("管理员", Role.OFFICE_ADMINISTRATOR),
        ("党群工作部", Role.ORGANIZER),
        ("Judge", Role.JUDGE),
        ("office administrator", Role.OFFICE_ADMINISTRATOR),
        ("监票员", Role.SCRUTINEER),
        ("第一书记", None),
        ("书记员", None),
    ],
)
def test_words_for_posts(word: str, role: Role | None) -> None:
    assert role_of(word) is role


def test_several_posts_in_a_cell() -> None:
    assert split_posts("书记、评委") == ["书记", "评委"]
    assert split_posts("书记 评委；观察员/监票人") == ["书记", "评委", "观察员", "监票人"]
    assert split_posts("office administrator, judge") == ["office administrator", "judge"]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("13800000001", "13800000001"),
        ("138 0000 0001", "13800000001"),
        ("138-0000-0001", "13800000001"),
        ("+86 13800000001", "13800000001"),
        ("８６13800000001", "13800000001"),
        ("+44 7700 900123", "+447700900123"),
        ("1380000000", None),
        ("1.38E+10", None),
        ("无", None),
    ],
)
def test_mobile_numbers(written: str, kept: str | None) -> None:
    assert mobile_of(written) == kept


def test_words_for_kinds_and_organizations() -> None:
    assert [kind_of(w) for w in ("区", "街道", "镇", "行政村", "社区", "省", "Village", "球")] == [
        "district",
        "office",
        "office",
        "village",
        "community",
        "province",
        "village",
        None,
    ]
    assert [organization_of(w) for w in ("党委", "总支", "支部", "小组")] == [
        "committee",
        "general_branch",
        "branch",
        None,
    ]


def test_names_lose_stray_spaces_only() -> None:
    assert [clean(w) for w in (" 王 芳　", "John  Smith", "买买提·艾力")] == ["王芳", "John Smith", "买买提·艾力"]


# --- the template -----------------------------------------------------------------------------------------


def test_the_template_has_headings_choices_and_examples() -> None:
    book = load_workbook(io.BytesIO(workbook.template()))
    assert book.sheetnames == ["单位", "人员", "说明"]
    for title, columns in (("单位", UNITS), ("人员", PEOPLE)):
        sheet = book[title]
        assert tuple(cell.value for cell in sheet[1]) == columns
        assert sheet.freeze_panes == "A2"
        assert all(row[columns.index("状态")].value == "示例" for row in sheet.iter_rows(2, 5))
    choices = {
        (title, str(choice.sqref)): (choice.formula1, choice.errorStyle)
        for title in ("单位", "人员")
        for choice in book[title].data_validations.dataValidation
    }
    assert choices == {
        ("单位", "B2:B2000"): ('"区,办事处,村,社区"', "information"),
        ("单位", "D2:D2000"): ('"党委,党总支,党支部"', None),
        ("单位", "G2:G2000"): ('"正常,撤销"', None),
        ("人员", "D2:D2000"): ('"组织者,办事处管理员,书记,评委,计票人,监票人,观察员"', "information"),
        ("人员", "E2:E2000"): ('"在任,离任"', None),
    }
    assert book["人员"]["B100"].number_format == "@"


def test_a_name_never_becomes_a_formula() -> None:
    unit = Unit(1, None, "=1+1", "village")
    since = datetime(2021, 3, 22, tzinfo=UTC)
    holder = Holder(1, "=HYPERLINK(\x07)", "13800000001", Role.SECRETARY, 1, "=1+1", since)
    book = load_workbook(io.BytesIO(workbook.roster_file([unit], [holder])))
    assert (book["单位"]["A2"].value, book["单位"]["A2"].data_type) == ("=1+1", "s")
    assert (book["人员"]["A2"].value, book["人员"]["A2"].data_type) == ("=HYPERLINK()", "s")
    assert book["人员"]["B2"].data_type == "s"
