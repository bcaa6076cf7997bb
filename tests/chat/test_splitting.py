"""Long texts in parts: nothing lost, nothing too long, at paragraphs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.errors import Unfinished
from bot.chat.messages import Bar, Block, ChatKind, ChatRef, Fields, Line, Outgoing, Table
from bot.chat.rendering import plain_text
from bot.chat.splitting import PartsSent, split_blocks, split_text, utf8_bytes, utf16_units


def draw(block: Block) -> str:
    return plain_text([block])


def test_a_text_that_fits_stays_whole() -> None:
    assert split_text(" 各办事处：\n明天开会。\n", most=20) == ["各办事处：\n明天开会。"]


def test_parts_end_at_paragraphs_then_lines_then_sentences_then_clauses() -> None:
    paragraphs = "第一段很短。\n\n第二段也短。\n\n第三段。"
    assert split_text(paragraphs, most=16) == ["第一段很短。\n\n第二段也短。", "第三段。"]
    assert split_text("第一行写满\n第二行写满\n第三行", most=12) == ["第一行写满\n第二行写满", "第三行"]
    assert split_text("这是一句。这是二句。这是三句。", most=12) == ["这是一句。这是二句。", "这是三句。"]
    assert split_text("先说这个，再说那个，最后说完", most=11) == ["先说这个，再说那个，", "最后说完"]
    assert split_text("no more than words", most=12) == ["no more than", "words"]
    assert split_text("一二三四五六七八九十", most=4) == ["一二三四", "五六七八", "九十"]


def test_a_break_near_the_beginning_does_not_make_a_part_of_two_words() -> None:
    text = "通知\n\n" + "字" * 30
    assert split_text(text, most=20) == ["通知\n\n" + "字" * 16, "字" * 14]


def test_what_wecom_counts_is_bytes_and_what_telegram_counts_is_utf16() -> None:
    assert split_text("中文字符" * 3, most=12, size=utf8_bytes) == ["中文字符"] * 3
    assert split_text("😀😀😀", most=4, size=utf16_units) == ["😀😀", "😀"]


def test_a_sign_is_not_parted_from_what_belongs_to_it() -> None:
    assert split_text("好👍🏽好", most=2) == ["好", "👍🏽", "好"]


def test_no_room_at_all_is_said() -> None:
    with pytest.raises(ValueError):
        split_text("中", most=2, size=utf8_bytes)


@given(st.text(max_size=300), st.integers(8, 60), st.sampled_from([len, utf8_bytes, utf16_units]))
@settings(max_examples=200, deadline=None)
def test_nothing_is_lost_and_nothing_too_long(text: str, most: int, size) -> None:  # type: ignore[no-untyped-def]
    text = text.encode("utf-8", "ignore").decode()
    parts = split_text(text, most=most, size=size)
    assert all(part.strip() and size(part) <= most for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


def test_blocks_stay_whole_where_they_can_and_tables_repeat_their_header() -> None:
    table = Table(("单位", "分"), tuple((f"第{n}村", str(n)) for n in range(8)), "lr")
    groups = split_blocks([Line("通报", "title"), table, Line("完")], most=40, draw=draw)
    assert len(groups) > 1
    assert all(len(plain_text(group)) <= 40 for group in groups)
    tables = [block for group in groups for block in group if isinstance(block, Table)]
    assert len(tables) > 1
    assert all(t.header == ("单位", "分") for t in tables)
    assert [row for t in tables for row in t.rows] == list(table.rows)


def test_fields_part_between_pairs_and_a_single_value_like_a_text() -> None:
    fields = Fields((("甲", "一" * 10), ("乙", "二" * 30)))
    groups = split_blocks([fields], most=20, draw=draw)
    assert [plain_text(group) for group in groups] == ["甲：" + "一" * 10, "乙：" + "二" * 18, "二" * 12]


def test_a_quote_in_parts_is_quoted_in_each() -> None:
    groups = split_blocks([Line("一二三四五六七八", "quote")], most=6, draw=draw)
    assert [plain_text(group) for group in groups] == ["「一二三四」", "「五六七八」"]


def test_what_cannot_be_parted_is_said() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        split_blocks([Bar("很长的名字", None)], most=3, draw=draw)


def test_another_try_goes_on_with_the_next_part() -> None:
    parts = PartsSent(remember=2)
    seven = long_one(7)
    parts.one_more(seven)
    parts.one_more(seven)
    assert parts.taken(seven) == 2
    assert list(parts.turn(seven, 5)) == [2, 3, 4]
    parts.done(7)
    assert parts.taken(seven) == 0
    for number in range(3):
        parts.one_more(long_one(number))
    assert [parts.taken(long_one(number)) for number in range(3)] == [0, 1, 1]


def test_parts_go_in_turns_and_another_life_of_the_program_goes_on_with_the_next() -> None:
    turn = PartsSent().turn(long_one(7, most=2), 5)
    assert [next(turn), next(turn)] == [0, 1]
    with pytest.raises(Unfinished) as left:
        next(turn)
    assert left.value.taken == 2
    assert list(PartsSent().turn(long_one(7, taken=2, most=3), 5)) == [2, 3, 4]


def long_one(number: int, **more: int) -> Outgoing:
    return Outgoing(number, ChatRef("test", "x", ChatKind.PRIVATE), (), **more)
