"""A round defined in a file, and what is wrong in one."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from bot.chat.errors import UserError
from handlers.rounds import defining, definition_book
from handlers.rounds.rulings import Rules, Timing
from tests.roster.talk import send_file
from tests.world import World

TOML = """
name = "4月30日专场比学"
kind = "forum"
units = ["大里村", "公园道社区", "欢河村"]
in_turn = true
apart = true
step = "0.5"
decimals = 3
timing = { most = 480, least = 360, points = 0.2, cap = 1 }

[[criteria]]
name = "发言"
maximum = 60
[[criteria]]
name = "答问"
maximum = 40

[[panels]]
name = "领导组"
weight = 60
judges = ["郑评", "冯评"]
[[panels]]
name = "群众组"
weight = 40
judges = ["褚评", "卫评"]
"""


def test_toml_says_everything() -> None:
    found = defining.read("round.toml", TOML.encode())
    assert found is not None
    assert found.rules == Rules(
        5,
        1,
        3,
        Decimal("0.5"),
        (("领导组", Decimal(60)), ("群众组", Decimal(40))),
        True,
        Timing(360, 480, 30, Decimal("0.2"), Decimal(1)),
    )
    assert [(c.name, c.maximum) for c in found.scored] == [("发言", Decimal(60)), ("答问", Decimal(40))]


def test_a_file_becomes_a_card_and_then_a_round(world: World) -> None:
    [card] = send_file(world, "周敏", "比学.toml", TOML.encode())
    assert card.startswith("4月30日专场比学\n类型：专场比学\n参评单位（抽签定顺序）：大里村、公园道社区、欢河村\n")
    assert "评委组：领导组60%、群众组40%\n打分方式：逐个出场，按“下一位”\n" in card
    assert "排名：村和社区分开排" in card
    assert world.personas["周敏"].presses("创建")[0].startswith("“4月30日专场比学”建好了，")


def test_the_template_is_a_definition_of_its_own(world: World) -> None:
    assert world.personas["周敏"].says("活动 模板") == [
        "填好这张表发给我，先给您看一遍，点“创建”才算数。\n📎评分场次模板.xlsx"
    ]
    book = load_workbook(io.BytesIO(definition_book.template()))
    book["评委"]["A2"], book["评委"]["A3"] = "郑评", "冯评"
    buffer = io.BytesIO()
    book.save(buffer)
    [card] = send_file(world, "周敏", "场次.xlsx", buffer.getvalue())
    assert card.startswith("一季度专场比学\n类型：专场比学\n参评单位（抽签定顺序）：大里村、公园道社区\n")
    assert "评委组：领导组60%、群众组40%" in card
    assert "发言不超过8分钟，超时每30秒扣0.5分，最多扣2分。" in card


HEAD = 'name = "一"\nunits = ["甲"]\n'


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("name = ", "这个文件读不了："),
        ('name = "一"\nunits = []', "$.units"),
        ('name = "一"\nunits = ["甲"]\nsteps = 1', "steps"),
        (
            'name = "一"\nunits = ["甲"]\n[[criteria]]\nname = "a"\nmaximum = 0',
            "`maximum` has to be above 0 - at `$.criteria[0]`",
        ),
        (HEAD + '[[criteria]]\nname = "a"\nmaximum = 1\n' * 2, "重名"),
        (HEAD + 'step = "-1"', "`step` has to be above 0"),
        (HEAD + 'step = "0.00001"', "`step` has more than 4 decimals"),
    ],
)
def test_what_is_wrong_is_named(text: str, wrong: str) -> None:
    with pytest.raises(UserError) as raised:
        defining.read("round.toml", text.encode())
    words = raised.value.words
    assert wrong in f"{getattr(words, 'msgid', '')}{getattr(words, 'values', '')}"


def test_an_unknown_unit_or_judge_in_a_file_is_named(world: World) -> None:
    [answer] = send_file(world, "周敏", "a.toml", TOML.replace("大里村", "大李村").encode())
    assert answer == "没有叫“大李村”的单位，是不是大里村？请改好后把全部单位再发一遍。"
    [answer] = send_file(world, "周敏", "a.toml", TOML.replace("郑评", "郑平").encode())
    assert answer == "评委里没有“郑平”，是不是郑评？请把全部评委再发一遍。"


def test_only_an_organizers_file_makes_a_round(world: World) -> None:
    for name in ("王芳", "陈立", "郑评"):
        assert not any("4月30日专场比学" in text for text in send_file(world, name, "a.toml", TOML.encode()))


@given(st.binary(max_size=200))
def test_any_file_is_read_or_refused(data: bytes) -> None:
    for name in ("a.toml", "a.xlsx", "a.txt"):
        try:
            defining.read(name, data)
        except UserError:
            assert name == "a.toml"


def test_a_round_like_an_earlier_one(world: World) -> None:
    zhou = world.personas["周敏"]
    send_file(world, "周敏", "比学.toml", TOML.encode())
    zhou.presses("创建")
    zhou.says("活动")
    [card] = zhou.presses("照“4月30日专场比学”再建一场")
    assert card.startswith(
        "2021年第1季度专场比学\n类型：专场比学\n参评单位（抽签定顺序）：大里村、公园道社区、欢河村\n"
    )
    assert (
        "评分项：发言60、答问40，满分100\n评委名单：4位：郑评、冯评、褚评、卫评\n评委组：领导组60%、群众组40%\n"
        in card
    )
    assert zhou.says("round copy 77") == ["没有这一场。"]
