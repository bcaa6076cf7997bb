"""公布: what is read aloud, what each office's group sees, the picture, and a correction on paper."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path

import pytest
from docx import Document

from handlers.rounds.picture import _drawable
from handlers.rounds.rulings import Rules
from handlers.rounds.spoken import _how
from handlers.rounds.tally import Entry, Given, tally
from storage.database import Database
from tests.rounds.forum import JUDGES, opened, published, quiet, scored, signed
from tests.rounds.test_papers import files, words_of
from tests.world import World, small_district

D = Decimal


@pytest.fixture
def world(sqlite_database: Database, tmp_path: Path) -> World:
    """What is said and written does not hang on the database; publishing on both is tested elsewhere."""
    return small_district(World(sqlite_database, tmp_path / "files"))


def said(world: World, rules: Rules, **scores: list[int]) -> list[str]:
    """How the panels came to their means, as it is read aloud."""
    each = [Given(j, panel, D(s)) for panel, own in scores.items() for j, s in enumerate(own)]
    result = tally(Entry(1, "", tuple(each)), rules)
    return [world.renderer.words(words, "zh_CN") for words in _how(result.panels)]


def test_the_preview_has_a_text_ready_to_be_read_aloud(world: World) -> None:
    opened(world, all_on=True)
    for at, judge in enumerate(JUDGES):
        world.personas[judge].says(f"大里村 {30 + at} 27 27\n公园道社区 {30 + at} 27 27\n欢河村 33 25 27")
    world.personas["施计"].says("扣分 大里村 0.5 迟到")
    world.personas["施计"].says("加分 欢河村 2 获奖")
    world.personas["吴评"].says("欢河村 39 25 27")
    signed(world)
    quiet(world)
    [preview] = world.personas["周敏"].says("公布")
    assert (
        "宣读稿\n"
        "现在宣布“一季度比学”的成绩。\n"
        "大里村，去掉一个最高分89分，去掉一个最低分84分，扣0.5分，最后得分86.00分。\n"
        "公园道社区，去掉一个最高分89分，去掉一个最低分84分，最后得分86.50分。\n"
        "欢河村，去掉一个最高分91分，去掉一个最低分85分，加2分，最后得分87.00分。\n"
        "第1名欢河村，第2名公园道社区，第3名大里村。\n"
        "公布前几名时" in preview
    )


def test_every_way_of_averaging_can_be_read_aloud(world: World) -> None:
    assert said(world, Rules(), 甲=[90, 80]) == []
    assert said(world, Rules(trim_each_end=2), 甲=[90, 80, 70, 60, 85, 75]) == [
        "去掉2个最高分90、85分",
        "去掉2个最低分60、70分",
    ]
    panels = Rules(panels=(("领导组", D(60)), ("群众组", D(40))))
    assert said(world, panels, 领导组=[90, 80, 70, 60, 85], 群众组=[90, 81]) == [
        "领导组去掉一个最高分90分，去掉一个最低分60分，平均78.33分",
        "群众组平均85.5分",
    ]


def test_a_shared_place_is_read_as_one(world: World) -> None:
    scored(world)
    signed(world)
    quiet(world)
    [preview] = world.personas["周敏"].says("公布")
    assert "并列第1名大里村、公园道社区，第3名欢河村。\n" in preview


def test_each_office_reads_its_own_line(world: World) -> None:
    scored(world)
    signed(world)
    quiet(world)
    world.personas["周敏"].says("公布")
    world.personas["周敏"].presses("公布全部名次")
    assert "本办事处：大里村第1名、公园道社区第1名\n" in world.heard("枫杨办事处")[0]
    assert "本办事处：欢河村第3名\n" in world.heard("石佛办事处")[0]
    assert "本办事处" not in world.heard("高新区")[0]


def test_a_correction_says_who_and_why_also_on_paper(world: World) -> None:
    scored(world)
    published(world)
    world.personas["周敏"].says("重开 一份纸质表录错")
    world.personas["施计"].says("代录 郑评 大里村 30 20 20")
    published(world)
    assert "更正（第2版），周敏公布，原因：一份纸质表录错\n" in world.heard("石佛办事处")[-1]
    text = words_of(Document(io.BytesIO(files(world)["一季度比学通报.docx"])))
    for words in (
        "各办事处、各参评单位：\n",
        "本通报更正此前发布的结果，以本通报为准。更正原因：一份纸质表录错。\n",
        "经监票人、计票人（何监、施计）核对签字，结果如下：\n",
        "特此通报。\n",
    ):
        assert words in text


def test_highlights_in_a_bulletin_end_with_a_full_stop(world: World) -> None:
    scored(world)
    world.personas["王芳"].says("亮点 建成老年食堂")
    world.personas["赵强"].says("推荐 1")
    signed(world)
    quiet(world)
    world.personas["周敏"].says("公布")
    world.personas["周敏"].presses("公布全部名次")
    text = words_of(Document(io.BytesIO(files(world)["一季度比学通报.docx"])))
    assert "四、亮点做法\n大里村：建成老年食堂。\n特此通报。\n" in text


@pytest.mark.parametrize(
    ("name", "drawn"), [("大里村", "大里村"), ("𠮷村😀", "□村□"), ("a\x00b", "ab"), ("\U00069af5", "□")]
)
def test_what_the_font_lacks_is_drawn_as_a_box(name: str, drawn: str) -> None:
    assert _drawable(name) == drawn
