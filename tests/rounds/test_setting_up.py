"""A round set up part by part, changed while it is a draft, and told to its contestants before it opens."""

from __future__ import annotations

import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from handlers.rounds import definition_book, drafting
from handlers.rounds.rules_said import scoring
from handlers.rounds.rulings import DOWN, HALF_EVEN, Rules, Timing, rules_of
from handlers.rounds.tally import rounded
from storage import rounds
from tests.roster.talk import send_file
from tests.rounds.forum import JUDGES, drafted, published, quiet
from tests.rounds.test_beyond_reproach import bundle, run
from tests.world import World


def begun(world: World) -> None:
    world.personas["周敏"].says("活动 观摩 一季度观摩 大里村、公园道社区、欢河村")


def kept(world: World) -> rounds.Round:
    with world.database.transaction() as tx:
        return rounds.get(tx, 1)


def changed(world: World, part: str, answer: str) -> str:
    """The card after one part of it was changed."""
    world.personas["周敏"].presses(part)
    [card] = world.personas["周敏"].says(answer)
    return card


def test_every_part_of_a_round_by_chat(world: World) -> None:
    begun(world)
    zhou = world.personas["周敏"]
    assert changed(world, "改名称", "４月２９日  逐办观摩").startswith("4月29日 逐办观摩\n类型：逐办观摩\n")
    assert "最多3位" not in changed(world, "改计分", "最小单位0.5，保留3位小数，只舍不入，满7个去2高2低")
    zhou.presses("改计分")
    assert zhou.says("随便") == ["没看懂。请这样发：最小单位0.5，保留2位小数，四舍五入，满5个去1高1低"]
    card = zhou.says("满7个")[0]
    assert (
        "计分：有效分满7个时去掉2个最高分、2个最低分，取平均，保留3位小数，多余的小数只舍不入\n打分最小单位：0.5分\n"
        in card
    )
    card = changed(world, "改评分项", "党建100×30% 服务100×70%")
    assert "评分项：党建100×30%、服务100×70%，满分100\n" in card
    assert "观摩路线：大里村、公园道社区、欢河村\n" in card
    zhou.presses("改顺序")
    assert "参评单位（抽签定顺序）：大里村、公园道社区、欢河村\n" in zhou.presses("抽签")[0]
    card = changed(world, "改排名", "山区：大里村、欢河村；城区：公园道社区")
    assert "排名：山区（大里村、欢河村）、城区（公园道社区）分开排" in card
    zhou.presses("改排名")
    assert zhou.says("山区：大里村；城区：公园道社区") == ["每个参评单位都要分到一类，不多也不少。"]
    assert "排名：" not in zhou.presses("一起排")[0]
    changed(world, "改排名", "山区：大里村、欢河村；城区：公园道社区")
    zhou.presses("创建")
    found = kept(world)
    assert [(c.unit_name, c.klass) for c in found.contestants] == [
        ("大里村", "山区"),
        ("公园道社区", "城区"),
        ("欢河村", "山区"),
    ]
    assert [str(c.weight) for c in found.criteria] == ["0.3", "0.7"]
    assert rules_of(found).step == Decimal("0.5")


def test_a_route_goes_office_after_office(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 欢河村、大里村、南流村、公园道社区")
    zhou.presses("改顺序")
    assert "观摩路线：大里村、公园道社区、欢河村、南流村\n" in zhou.presses("逐个办事处走")[0]


def test_weights_and_rounding_decide_the_result(world: World, tmp_path: object) -> None:
    begun(world)
    changed(world, "改评分项", "党建100×30% 服务100×70%")
    changed(world, "改计分", "只舍不入")
    changed(world, "改评委", "、".join(JUDGES[:3]))
    world.personas["周敏"].presses("创建并开评")
    zheng = world.personas["郑评"]
    assert "评分项：党建（100分，权重30%）、服务（100分，权重70%）" in zheng.heard()[0]
    zheng.says("pad 1")
    zheng.says("91")
    assert "党建：91\n小计：27.3分\n服务（满分100）打几分？" in zheng.says("上一项")[0] + zheng.says("91")[0]
    assert zheng.says("81")[0].startswith("大里村：84分（党建91、服务81），已记下\n")
    for at, judge in enumerate(JUDGES[:3]):
        world.personas[judge].says(f"大里村 {90 + at} 80\n公园道社区 90 80\n欢河村 90 {80 + at}")
    published(world)
    quiet(world)
    # The mean of 83.3, 83.6 and … is cut, not rounded up: 0.3 * 91 + 0.7 * 80 = 83.3.
    [steps] = world.personas["王芳"].says("成绩")
    assert "得分：83.30\n" in steps
    assert "多余的小数只舍不入到2位小数：83.30分\n" in steps
    done = run(tmp_path, bundle(world))  # type: ignore[arg-type]
    assert done.returncode == 0, done.stdout
    data = bundle(world)
    data["criteria"][0]["weight"] = "0.4"
    assert "✗ 每张评分表的合计" in run(tmp_path, data).stdout  # type: ignore[arg-type]


def test_contestants_learn_the_criteria_before_it_opens_and_once(world: World) -> None:
    drafted(world)
    wang = world.personas["王芳"]
    assert wang.heard() == [
        "一季度比学\n"
        "大里村第1个出场。\n"
        "评分项：现场发言（40分）、成果展示（30分）、回答问题（30分）\n"
        "计分：有效分满5个时去掉1个最高分、1个最低分，取平均，保留2位小数\n"
        "[评分规则]"
    ]
    assert world.personas["钱红"].heard() == []
    zhou = world.personas["周敏"]
    zhou.says("开评")
    assert wang.heard() == []


def test_a_draft_is_changed_without_beginning_anew(world: World) -> None:
    drafted(world)
    quiet(world)
    zhou, wang = world.personas["周敏"], world.personas["王芳"]
    zhou.says("活动")
    assert zhou.presses("修改")[0].endswith("[保存]\n" + "\n".join(zhou_rows()))
    changed(world, "改评委", "郑评、冯评")
    assert zhou.presses("保存") == ["“一季度比学”改好了。评分项或规则有变的，书记会收到新的一份。\n[开评] [抽签]"]
    assert [judge.name for judge in kept(world).judges] == ["郑评", "冯评"]
    assert wang.heard() == []
    zhou.says("round edit 1")
    changed(world, "改评分项", "发言60 答问40")
    zhou.presses("保存")
    assert "评分项：发言（60分）、答问（40分）\n" in wang.heard()[0]
    zhou.says("开评")
    assert zhou.says("round edit 1") == ["“一季度比学”评分中，不能这样做。"]
    record = world.personas["何监"].says("场次记录")[0].split("\n")
    assert record[0] == "一季度比学"
    assert [line.split("　")[1:] for line in record[1:]] == [
        ["周敏", "新建"],
        ["周敏", "修改"],
        ["周敏", "修改"],
        ["周敏", "开评"],
    ]


def zhou_rows() -> list[str]:
    return [
        "[改名称] [改单位] [改顺序]",
        "[改评分项] [改评委] [改计分]",
        "[改方式] [改排名] [改时间]",
        "[改松紧修正] [改分组] [改同分]",
        "[取消]",
    ]


def test_a_dropped_draft_is_told_to_its_contestants(world: World) -> None:
    drafted(world)
    quiet(world)
    assert world.personas["周敏"].says("取消场次") == ["“一季度比学”已取消，参评单位的书记会收到通知。"]
    assert world.personas["王芳"].heard() == ["“一季度比学”取消了。"]
    assert world.personas["周敏"].says("撤销") == ["您的上一步是“取消“一季度比学””，这一步不能撤销。"]


def test_recusal_that_leaves_too_few_is_said_when_it_opens(world: World) -> None:
    begun(world)
    changed(world, "改评委", "吴评、郑评、冯评、褚评、卫评")
    [opened] = world.personas["周敏"].presses("创建并开评")
    assert (
        "请注意：回避以后，能给大里村、公园道社区打分的评委不满5位，它们不去最高最低分，别的单位要去。可以加评委。"
        in opened
    )


def test_names_too_long_for_a_heading_are_refused(world: World) -> None:
    begun(world)
    world.personas["周敏"].presses("改名称")
    assert world.personas["周敏"].says("长" * 61) == ["名称太长了，60个字以内就行。"]


def test_a_spreadsheet_says_weights_classes_order_and_rounding(world: World) -> None:
    book = load_workbook(io.BytesIO(definition_book.template()))
    book["评委"]["A2"], book["评委"]["A3"] = "郑评", "冯评"
    for row, klass in ((2, "村"), (3, "居")):
        book["参评单位"].cell(row, 3).value = klass
    for row, weight in ((2, 0.5), (3, 0.3), (4, 0.2)):
        book["评分项"].cell(row, 3).value = weight
    rules = {row[0].value: row[1] for row in book["规则"].iter_rows()}
    rules["分类排名"].value, rules["出场顺序"].value, rules["取舍"].value = "是", "按名单", "四舍六入"
    buffer = io.BytesIO()
    book.save(buffer)
    [card] = send_file(world, "周敏", "场次.xlsx", buffer.getvalue())
    assert "出场顺序：大里村、公园道社区\n评分项：现场发言40×50%、成果展示30×30%、回答问题30×20%，满分35\n" in card
    assert "四舍六入五成双" in card
    assert "排名：村（大里村）、居（公园道社区）分开排" in card


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("最小单位0.5", Rules(step=Decimal("0.5"))),
        ("最小0.1分", Rules(step=Decimal("0.1"))),
        ("整数打分", Rules(step=Decimal(1))),
        ("精确到半分", Rules(step=Decimal("0.5"))),
        ("保留三位小数，四舍六入五成双", Rules(decimals=3, rounding=HALF_EVEN)),
        ("保留整数 只舍不入", Rules(decimals=0, rounding=DOWN)),
        ("满７个去２高２低", Rules(trim_from=7, trim_each_end=2)),
        ("满7个，去掉两个最高分、去掉两个最低分", Rules(trim_from=7, trim_each_end=2)),
        ("不去高低", Rules(trim_each_end=0)),
        ("打分最小单位0.5分；保留2位小数；四舍五入；满5个去1高1低", Rules(step=Decimal("0.5"))),
        ("满5个去3高3低", None),
        ("去2高1低", None),
        ("保留9位小数", None),
        ("最小单位0", None),
        ("最小单位0.00001", None),
        ("随便", None),
        ("保留2位小数 谢谢", None),
        ("step 0.5", Rules(step=Decimal("0.5"))),
        ("Whole scores only", Rules(step=Decimal(1))),
        ("smallest step 0.1, decimals 3, half even", Rules(step=Decimal("0.1"), decimals=3, rounding=HALF_EVEN)),
        ("3 decimal places, round down", Rules(decimals=3, rounding=DOWN)),
        ("no decimals and rounded half up", Rules(decimals=0)),
        ("From 7 drop 2 highest and 2 lowest", Rules(trim_from=7, trim_each_end=2)),
        ("from 7 judges on, drop the 2 highest scores and 2 lowest scores", Rules(trim_from=7, trim_each_end=2)),
        ("from 5 scores drop 1 at each end", Rules()),
        ("drop none", Rules(trim_each_end=0)),
        ("drop 2 highest and 1 lowest", None),
        ("from 5 drop 3 highest and 3 lowest", None),
        ("9 decimals", None),
        ("step 0", None),
        ("2 decimals please", None),
    ],
)
def test_scoring_rules_as_they_are_typed(text: str, rules: Rules | None) -> None:
    assert scoring(text, Rules()) == rules


@given(st.text(max_size=60))
def test_any_text_is_scoring_rules_or_none(text: str) -> None:
    scoring(text, Rules())


@pytest.mark.parametrize(
    ("text", "weights"),
    [
        ("党建100×30% 服务100×70%", ["0.3", "0.7"]),
        ("党建100*0.3，服务100*0.7", ["0.3", "0.7"]),
        ("党建（100分，权重30%）、服务（100分，占70%）", ["0.3", "0.7"]),
        ("党建100 权重30；服务100 权重70", ["0.3", "0.7"]),
        ("党建10×2 服务10", ["2", "1"]),
        ("党建30 服务70", ["1", "1"]),
        ("党建 100 weight 30%, 服务 100 points weight 70%", ["0.3", "0.7"]),
    ],
)
def test_weights_of_criteria(text: str, weights: list[str]) -> None:
    found = drafting.criteria(text)
    assert found is not None
    assert [c.name for c in found] == ["党建", "服务"]
    assert [str(c.weight) for c in found] == weights


def test_criteria_with_english_names() -> None:
    found = drafting.criteria("Party building 30, service 30 points, public safety 40")
    assert found is not None
    assert [(c.name, str(c.maximum)) for c in found] == [
        ("Party building", "30"),
        ("service", "30"),
        ("public safety", "40"),
    ]


def test_every_question_is_answered_as_its_english_text_says(world: World) -> None:
    """What each English question gives as an example is understood as it stands."""
    zhou = world.personas["周敏"]
    zhou.says("语言 English")
    begun(world)

    def answer(change: str, example: str) -> str:
        [asked] = zhou.says(change)
        assert example in asked
        [card] = zhou.says(example)
        return card

    card = answer("Change scoring", "step 0.5, 3 decimals, half up, from 7 drop 2 highest and 2 lowest")
    assert "from 7 valid scores on drop 2 highest and 2 lowest, take the mean, 3 decimals\n" in card
    assert "Smallest step: 0.5 points\n" in card
    card = answer("change time", "8 minutes, 0.5 per 30 seconds, at most 2")
    assert "Speak for at most 8 minutes; each started 30 seconds over cost 0.5, at most 2." in card
    assert "Speak for" not in answer("Change time", "no limit")
    zhou.says("change time")
    example = "8 minutes, 0.5 per 30 seconds, at most 2. For none, send: no limit"
    assert zhou.says("a while") == [f"I did not understand. Send it like this: {example}"]
    assert "Speak for 6 minutes to 8 minutes;" in zhou.says("6 to 8 minutes")[0]
    assert "Ties:" in answer("change ties", "none")
    assert "Ties:" not in answer("change ties", "decimal, untrimmed")
    zhou.says("change order")
    assert "Contestants (order by draw): " in zhou.says("By lot")[0]
    zhou.says("change ranking")
    assert "Ranking: villages and communities apart" in zhou.says("apart")[0]
    zhou.says("change criteria")
    assert (
        "Criteria: Party building 60 and service 40; maximum 100\n"
        in zhou.says("Party building 60, service 40")[0]
    )
    assert zhou.says("create")[0].startswith("“一季度观摩” is set up")


@pytest.mark.parametrize(
    ("text", "timing"),
    [
        ("8 min", Timing(0, 480, 30, Decimal("0.5"), Decimal(2))),
        ("6-8 minutes, 1 point per 60 seconds", Timing(360, 480, 60, Decimal(1), Decimal(4))),
        ("8 minutes, minus 0.5 every 30 s, max 3 points", Timing(0, 480, 30, Decimal("0.5"), Decimal(3))),
        ("up to 10 mins", Timing(0, 600, 30, Decimal("0.5"), Decimal(2))),
        ("８ Minutes， 0.5 per 30 seconds", Timing(0, 480, 30, Decimal("0.5"), Decimal(2))),
        ("8 to 6 minutes", None),
        ("8 minutes please", None),
        ("8 minutes, 0.5 per 0 seconds", None),
    ],
)
def test_speaking_time_in_english(text: str, timing: Timing | None) -> None:
    assert drafting.minutes(text) == timing


@given(st.fractions(min_value=-1000, max_value=1000), st.integers(0, 4))
def test_every_rounding_is_within_its_bounds(value: object, decimals: int) -> None:
    from fractions import Fraction

    exact = Fraction(value)  # type: ignore[arg-type]
    unit = Fraction(1, 10**decimals)
    even, down, up = (Fraction(rounded(exact, decimals, how)) for how in (HALF_EVEN, DOWN, "half_up"))
    assert abs(down) <= abs(exact) < abs(down) + unit
    assert abs(up - exact) <= unit / 2
    assert abs(even - exact) <= unit / 2
    if even != up:
        assert abs(exact - even) == unit / 2
        assert (even / unit) % 2 == 0


def test_a_round_without_a_clock_and_the_years_end(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动")
    assert zhou.presses("年终评议")[0].startswith("2021年年终评议\n")
    zhou.says("大里村、欢河村")
    zhou.presses("创建并开评")
    quiet(world)
    assert world.personas["施计"].says("计时") == ["这一场没有发言时间的规则，不用计时。"]
