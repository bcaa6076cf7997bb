"""Scores as judges type them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handlers.rounds import drafting, reading, rulings
from handlers.rounds.doubting import is_far
from handlers.rounds.pad import offered
from handlers.rounds.rulings import Rules, Timing
from handlers.rounds.timing import spoken_seconds
from storage.rounds import Contestant, Criterion, Kind

NAMES = ("大里村", "公园道社区", "庄王村", "张五砦村")
CONTESTANTS = [Contestant(i, 100 + i, name, i, "", 1, "枫杨办事处") for i, name in enumerate(NAMES, 1)]
FOUR = [
    Criterion(n, Decimal(m)) for n, m in (("党建引领", 30), ("社会服务", 30), ("平安建设", 20), ("文化阵地", 20))
]
ONE = [Criterion("总分", Decimal(100))]


def scores(text: str, criteria: list[Criterion]) -> list[tuple[str | None, list[str]]]:
    lines = reading.read(text, CONTESTANTS, criteria, rules=Rules())
    assert [line.problem for line in lines] == [None] * len(lines)
    return [(line.contestant and line.contestant.unit_name, [str(s) for s in line.scores]) for line in lines]


@pytest.mark.parametrize(
    "text",
    [
        "大里村 28 26 19 20",
        "大里村28 26 19 20",
        "大里村28261920",
        "大里 28，26，19，20",
        "大里村：28/26/19/20",
        "大里村 ２８ ２６ １９ ２０",
        "1号 28 26 19 20",
        "第1个 28、26、19、20",
        "一号 党建28 服务26 平安19 阵地20",
        "大里村 阵地20 平安19 服务26 党建28",
        "大里村 党建引领28分 社会服务26分 平安建设19分 文化阵地20分",
        "大里村 党建：28；服务：26；平安：19；阵地：20。",
        "大里村 二十八 二十六 十九 二十",
        "1 28 26 19 20",
        "【大里村】28 26 19 20",
        "大里村：28+26+19+20=93",
        "大里村 28 26 19 20 合计93分。",
        "大里村 党建28 服务26 平安19 阵地20（总分：93）",
        "1. 28 26 19 20",
        "1号：28、26、19、20",
        "1号党建28服务26平安19阵地20",
        "一号，党建二十八，服务二十六，平安十九，阵地二十",
    ],
)
def test_four_criteria(text: str) -> None:
    assert scores(text, FOUR) == [("大里村", ["28", "26", "19", "20"])]


@pytest.mark.parametrize(
    "text",
    [
        "大里村 92.5",
        "大里村92.5分",
        "大里９２．５",
        "1号 九十二点五",
        "1号九十二点五",
        "大里村92点5",
        "大里村，92.5。",
    ],
)
def test_one_score(text: str) -> None:
    assert scores(text, ONE) == [("大里村", ["92.5"])]
    assert scores(text, FOUR) == [("大里村", ["92.5"])]


@pytest.mark.parametrize("text", ["大里村 弃权", "1号弃权", "大里：弃权。"])
def test_abstaining_in_a_line(text: str) -> None:
    [line] = reading.read(text, CONTESTANTS, FOUR, rules=Rules())
    assert line.contestant == CONTESTANTS[0]
    assert (line.scores, line.problem, line.abstains) == ((), None, True)


def test_a_name_with_a_numeral_in_it() -> None:
    assert scores("张五砦村 90", ONE) == [("张五砦村", ["90"])]


def test_several_lines() -> None:
    assert scores("大里村 90\n\n公园道 91.5\n3号 88", ONE) == [
        ("大里村", ["90"]),
        ("公园道社区", ["91.5"]),
        ("庄王村", ["88"]),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "1号 28 26 19 20 2号 27 25 18 17 张五砦 26 24 17 16",
        "大里村 28 26 19 20，公园道社区 27 25 18 17；张五砦村 26 24 17 16。",
        "1号大里村 28 26 19 20 2号公园道社区27 25 18 17 4号张五砦村26 24 17 16",
        "1号：28、26、19、20；第2号：27、25、18、17；四号 26 24 17 16",
        "大里村党建28服务26平安19阵地20公园道党建27服务25平安18阵地17张五砦党建26服务24平安17阵地16",
    ],
)
def test_several_contestants_in_one_line(text: str) -> None:
    assert scores(text, FOUR) == [
        ("大里村", ["28", "26", "19", "20"]),
        ("公园道社区", ["27", "25", "18", "17"]),
        ("张五砦村", ["26", "24", "17", "16"]),
    ]


def test_a_number_and_a_name_that_do_not_belong_together() -> None:
    [line] = reading.read("1号公园道社区 28 26 19 20", CONTESTANTS, FOUR, rules=Rules())
    assert line.problem is not None
    assert line.problem.msgid == "{position}号是{unit}，不是{other}。请核对后再发。"


@pytest.mark.parametrize(
    ("text", "criteria", "problem"),
    [
        ("大里村 31 26 19 20", FOUR, "{unit}的“{criterion}”最高{maximum}分，收到{score}分。请改一下再发。"),
        ("大里村 101", ONE, "{unit}的“{criterion}”最高{maximum}分，收到{score}分。请改一下再发。"),
        ("大里村 120", FOUR, "{unit}的“{criterion}”最高{maximum}分，收到{score}分。请改一下再发。"),
        ("大里村 92.555", ONE, "{unit}的“{criterion}”最多{decimals}位小数，收到{score}。请改一下再发。"),
        ("大里村 90 91", ONE, "{unit}要一个总分，例如：{example}"),
        ("大里村", ONE, "{unit}要一个总分，例如：{example}"),
        ("大里村 -5", ONE, "{unit}后面只写分数就好。"),
        ("大里村 很好 90", ONE, "{unit}后面只写分数就好。"),
        ("小里村 90", ONE, "没认出是哪个单位。请先写单位，再写分数。"),
        ("9号 90", ONE, "没认出是哪个单位。请先写单位，再写分数。"),
    ],
)
def test_what_is_wrong_is_said(text: str, criteria: list[Criterion], problem: str) -> None:
    [line] = reading.read(text, CONTESTANTS, criteria, rules=Rules())
    assert line.scores == ()
    assert line.problem is not None
    assert line.problem.msgid == problem


def test_a_sum_that_is_not_that_of_the_scores_is_a_slip() -> None:
    [line] = reading.read("大里村 28 26 19 20 合计94", CONTESTANTS, FOUR, rules=Rules())
    assert line.scores == ()
    assert line.problem is not None
    assert (line.problem.values["said"], line.problem.values["right"]) == (94, 93)
    public = [Criterion("党建", Decimal(30)), Criterion("公共服务", Decimal(70))]
    [line] = reading.read("大里村 党建28 公共60", CONTESTANTS, public, rules=Rules())
    assert line.scores == (Decimal(28), Decimal(60))
    [line] = reading.read("大里村 合计93", CONTESTANTS, FOUR, rules=Rules())
    assert line.scores == (Decimal(93),)


def test_a_number_that_may_be_one_criterion_is_not_taken_for_the_whole() -> None:
    [line] = reading.read("大里村 28", CONTESTANTS, FOUR, rules=Rules())
    assert line.problem is not None
    assert line.problem.msgid.startswith("{unit}有{wanted}个评分项")


@given(st.text())
def test_any_text_is_read_without_an_error(text: str) -> None:
    for line in reading.read(text, CONTESTANTS, FOUR, rules=Rules()):
        assert (line.scores == ()) == (line.problem is not None or line.abstains)


@pytest.mark.parametrize(
    ("text", "kind", "name", "names"),
    [
        ("观摩 一季度观摩 大里村、公园道社区", Kind.OBSERVATION, "一季度观摩", ("大里村", "公园道社区")),
        ("专场比学", Kind.FORUM, None, ()),
        ("比学　大里村 公园道社区", Kind.FORUM, None, ("大里村", "公园道社区")),
        ("大里村", None, None, ("大里村",)),
    ],
)
def test_a_round_in_one_line(text: str, kind: Kind | None, name: str | None, names: tuple[str, ...]) -> None:
    assert drafting.read(text) == drafting.Draft(kind, name, names)


def test_a_list_of_units_may_be_numbered() -> None:
    assert drafting.unit_names("1.大里村 2、公园道社区\n3）庄王村") == ("大里村", "公园道社区", "庄王村")
    assert drafting.unit_names("三官庙村，大里村") == ("三官庙村", "大里村")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("党建30 服务30 平安20 阵地20", [("党建", "30"), ("服务", "30"), ("平安", "20"), ("阵地", "20")]),
        ("党建引领（30分）、社会服务（70分）", [("党建引领", "30"), ("社会服务", "70")]),
        ("100", [("总分", "100")]),
        ("１００分", [("总分", "100")]),
    ],
)
def test_criteria(text: str, expected: list[tuple[str, str]]) -> None:
    found = drafting.criteria(text)
    assert found is not None
    assert [(c.name, str(c.maximum)) for c in found] == expected


@pytest.mark.parametrize("text", ["", "随便", "党建30 党建20", "党建30 然后呢", "0"])
def test_what_are_no_criteria(text: str) -> None:
    assert drafting.criteria(text) is None


@given(st.text())
def test_any_text_is_criteria_or_none(text: str) -> None:
    drafting.criteria(text)
    drafting.read(text)
    drafting.unit_names(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "领导组60：张三、李四；群众组40：王五",
            [("领导组", "60", ("张三", "李四")), ("群众组", "40", ("王五",))],
        ),
        (
            "领导60%:张三 李四\n群众 40: 王五，赵六",
            [("领导", "60", ("张三", "李四")), ("群众", "40", ("王五", "赵六"))],
        ),
        ("张三、李四、王五", None),
        ("领导组60：张三；领导组40：李四", None),
        ("领导组0：张三", None),
    ],
)
def test_panels(text: str, found: list[tuple[str, str, tuple[str, ...]]] | None) -> None:
    read = drafting.panels(text)
    assert (read and [(p.name, str(p.weight), p.judges) for p in read]) == found


@pytest.mark.parametrize(
    ("text", "timing"),
    [
        ("8分钟 每30秒扣0.5 最多2", Timing(0, 480, 30, Decimal("0.5"), Decimal(2))),
        ("６到８分钟，超时每10秒扣０．１分，最多扣1分", Timing(360, 480, 10, Decimal("0.1"), Decimal(1))),
        ("8分钟", Timing(0, 480, 30, Decimal("0.5"), Decimal(2))),
        ("8到6分钟", None),
        ("随便", None),
    ],
)
def test_speaking_time(text: str, timing: Timing | None) -> None:
    assert drafting.minutes(text) == timing


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    drafting.panels(text)
    drafting.minutes(text)
    spoken_seconds(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7分48秒", 468),
        ("7:48", 468),
        ("468秒", 468),
        ("468", 468),
        ("八分钟", 480),
        ("8分", 480),
        ("7分70秒", None),
        ("很久", None),
    ],
)
def test_a_time_spoken(text: str, seconds: int | None) -> None:
    assert spoken_seconds(text) == seconds


@pytest.mark.parametrize(
    ("seconds", "points"), [(480, "0"), (481, "0.5"), (510, "0.5"), (511, "1.0"), (3000, "2")]
)
def test_the_price_of_overtime(seconds: int, points: str) -> None:
    assert Timing(0, 480, 30, Decimal("0.5"), Decimal(2)).penalty(seconds) == Decimal(points)


def test_undertime_costs_as_well() -> None:
    assert Timing(360, 480, 30, Decimal("0.5"), Decimal(2)).penalty(329) == Decimal(1)


@pytest.mark.parametrize(
    ("score", "others", "far"),
    [
        ("60", ["90", "91", "92"], True),
        ("84", ["90", "91", "93", "95"], False),
        ("60", ["90", "91"], False),
        ("90", ["90", "90", "90"], False),
    ],
)
def test_a_score_far_from_the_judges_own(score: str, others: list[str], far: bool) -> None:
    assert is_far(Decimal(score), [Decimal(o) for o in others], Decimal(100)) is far


def test_rules_come_back_as_they_were() -> None:
    rules = Rules(7, 2, 3, Decimal("0.5"), (("甲", Decimal(60)),), True, Timing(0, 60, 1, Decimal(1), Decimal(2)))
    assert rulings.from_wire(rulings.to_wire(rules)) == rules


def test_rules_of_before_still_load() -> None:
    old = {"trim_from": 5, "trim_each_end": 1, "decimals": 2, "judge_decimals": 1}
    assert rulings.from_wire(old) == Rules(step=Decimal("0.1"))


@pytest.mark.parametrize(
    ("maximum", "step", "values"),
    [
        ("30", "0.01", "30 29 28 27 26 25 24 23"),
        ("100", "0.5", "100 98 96 94 92 90 88 86"),
        ("100", "5", "100 95 90 85 80 75 70 65"),
        ("10", "0.1", "10 9.5 9 8.5 8 7.5 7 6.5"),
        ("10", "1", "10 9 8 7 6 5 4 3"),
        ("45", "0.5", "45 43 41 39 37 35 33 31"),
        ("33.5", "0.5", "33 32 31 30 29 28 27 26"),
        ("2", "1", "2 1 0"),
    ],
)
def test_what_the_buttons_offer(maximum: str, step: str, values: str) -> None:
    assert " ".join(map(str, offered(Decimal(maximum), Decimal(step)))) == values


@given(
    st.decimals("0.5", "1000", places=1), st.sampled_from([Decimal(s) for s in ("0.01", "0.1", "0.5", "1", "5")])
)
def test_buttons_offer_permitted_scores_only(maximum: Decimal, step: Decimal) -> None:
    values = offered(maximum, step)
    assert all(0 <= value <= maximum and value % step == 0 for value in values)
    assert values == sorted(set(values), reverse=True)
    assert values


def test_half_points_only() -> None:
    halves = Rules(step=Decimal("0.5"))
    [line] = reading.read("大里村 90.2", CONTESTANTS, ONE, rules=halves)
    assert line.problem is not None
    assert line.problem.msgid == "{unit}的“{criterion}”按{step}分一档打，收到{score}。请改一下再发。"
    [line] = reading.read("大里村 90.5", CONTESTANTS, ONE, rules=Rules(step=Decimal(1)))
    assert line.problem is not None
    assert line.problem.msgid == "{unit}的“{criterion}”打整数分，收到{score}。请改一下再发。"
    [line] = reading.read("大里村 90.5", CONTESTANTS, ONE, rules=halves)
    assert line.scores == (Decimal("90.5"),)
