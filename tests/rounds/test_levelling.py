"""Panels that saw different contestants: 二次平均法, shared contestants, and the whole of it by chat."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from handlers.rounds.drafting import groups, ties
from handlers.rounds.levelling import levels
from handlers.rounds.ranking import plain, ranked
from handlers.rounds.rulings import DECIMAL, UNTRIMMED, Rules
from handlers.rounds.tally import Entry, Given
from storage.rounds import Criterion
from tests.roster.talk import send_file
from tests.rounds.forum import published, quiet
from tests.rounds.test_beyond_reproach import bundle, run
from tests.world import World

D = Decimal
LEVELLED = Rules(panels=(("甲", D(50)), ("乙", D(50))), levelled=True)


def entry(contestant: int, **scores: list[int]) -> Entry:
    """What each panel gave."""
    each = [
        Given(hash((panel, at)), panel, D(score)) for panel, own in scores.items() for at, score in enumerate(own)
    ]
    return Entry(contestant, "", tuple(each))


def shown(entries: list[Entry], rules: Rules, *anchors: int) -> list[tuple[int, int | None, str]]:
    return [(r.result.contestant, r.rank, str(r.shown)) for r in ranked(entries, rules, anchors)]


def test_means_are_levelled_to_the_mean_of_the_panels_means() -> None:
    """甲's mean is 80, 乙's 90, the mean of both 85: 甲's scores are multiplied by 85/80, 乙's by 85/90."""
    entries = [entry(1, 甲=[84]), entry(2, 甲=[76]), entry(3, 乙=[92]), entry(4, 乙=[88])]
    assert levels(entries, LEVELLED, ()) == {"甲": Fraction(85, 80), "乙": Fraction(85, 90)}
    assert shown(entries, LEVELLED) == [(1, 1, "89.25"), (3, 2, "86.89"), (4, 3, "83.11"), (2, 4, "80.75")]
    assert shown(entries, plain(LEVELLED)) == [
        (3, 1, "92.00"),
        (4, 2, "88.00"),
        (1, 3, "84.00"),
        (2, 4, "76.00"),
    ]


def test_shared_contestants_tell_severity_from_quality() -> None:
    """乙's own contestants are better, not 乙 milder: the shared one got the same from both."""
    entries = [entry(1, 甲=[70]), entry(2, 甲=[80], 乙=[80]), entry(3, 乙=[95])]
    assert shown(entries, LEVELLED, 2) == [(3, 1, "95.00"), (2, 2, "80.00"), (1, 3, "70.00")]
    assert shown(entries, LEVELLED)[0] == (3, 1, "88.21")


@given(st.lists(st.lists(st.integers(1, 100), min_size=1, max_size=7), min_size=2, max_size=12))
def test_after_levelling_all_panels_have_the_same_mean(scores: list[list[int]]) -> None:
    entries = [entry(c, **{"甲" if c % 2 else "乙": own}) for c, own in enumerate(scores)]
    level = levels(entries, LEVELLED, ())
    results = [r.result for r in ranked(entries, LEVELLED)]
    means = {panel: [p.mean * p.level for r in results for p in r.panels if p.panel == panel] for panel in level}
    assert len({sum(own, Fraction(0)) / len(own) for own in means.values()}) == 1
    for panel in level:
        before = {
            r.result.contestant: r.rank
            for r in ranked([e for e in entries if e.given[0].panel == panel], plain(LEVELLED))
        }
        after = [r.contestant for r in results if r.panels[0].panel == panel]
        assert after == sorted(after, key=lambda c: (before[c] or 0, after.index(c)))


@given(st.lists(st.integers(0, 100), min_size=1, max_size=9), st.integers(0, 100))
def test_levelling_one_panel_changes_nothing(scores: list[int], zero: int) -> None:
    entries = [entry(c, 甲=[score]) for c, score in enumerate([*scores, 0 if zero else 1])]
    assert shown(entries, LEVELLED) == shown(entries, plain(LEVELLED))


def test_groups_and_ties_as_they_are_typed() -> None:
    assert groups("一组：大里村、欢河村；二组: 公园道社区，大里村") == (
        ("一组", ("大里村", "欢河村")),
        ("二组", ("公园道社区", "大里村")),
    )
    assert groups("一组：大里村") is None
    assert groups("大里村、欢河村") is None
    assert groups("一组：大里村、大里村；二组：欢河村") is None
    criteria = [Criterion("党建引领", D(30)), Criterion("社会服务", D(30))]
    assert ties("党建、小数、去掉前平均", criteria) == (DECIMAL, "党建引领", UNTRIMMED)
    assert ties("社会服务", criteria) == ("社会服务",)
    assert ties("并列", criteria) == ()
    assert ties("身高", criteria) is None


def grouped(world: World) -> None:
    """Two panels, 欢河村 shared by both, scored."""
    zhou = world.personas["周敏"]
    zhou.says("活动 其他 一季度互评 大里村、公园道社区、欢河村、南流村")
    zhou.presses("改评委")
    zhou.says("一组50：郑评、冯评；二组50：褚评、卫评")
    zhou.presses("改分组")
    [card] = zhou.says("一组：大里村、公园道社区、欢河村；二组：南流村、欢河村")
    assert "一组评：大里村、公园道社区、欢河村\n二组评：南流村、欢河村\n各组松紧拉平：按各组都评的欢河村\n" in card
    zhou.presses("创建并开评")
    quiet(world)


def test_panels_with_units_of_their_own_by_chat(world: World, tmp_path: Path) -> None:
    grouped(world)
    zheng, chu = world.personas["郑评"], world.personas["褚评"]
    assert zheng.says("南流村 90") == ["南流村由别的组评，不用打分。"]
    assert "别组评" in zheng.says("评分表")[0]
    for judge, scores in (
        ("郑评", "大里村 80\n公园道社区 90\n欢河村 80"),
        ("冯评", "大里村 80\n公园道社区 90\n欢河村 80"),
        ("褚评", "南流村 90\n欢河村 90"),
        ("卫评", "南流村 90\n欢河村 90"),
    ):
        world.personas[judge].says(scores)
    assert chu.says("评分规则")[0].count("拉平") == 3
    published(world)
    quiet(world)
    table = world.personas["周敏"].says("成绩")[0]
    assert "   1  公园道社区  95.63       2   90.00\n" in table
    assert "   2  欢河村      85.00       4   85.00\n" in table
    [steps] = world.personas["王芳"].says("排名 大里村")
    assert "未修正的成绩：80.00分，第4名\n" in steps
    assert "一组：拉平各组松紧：平均80，乘以1.0625，得85\n" in steps
    done = run(tmp_path, bundle(world))
    assert done.returncode == 0, done.stdout
    data = bundle(world)
    data["rules"]["levelled"] = False
    assert run(tmp_path, data).returncode == 1


def test_what_does_not_fit_together_is_said(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 其他 一季度互评 大里村、公园道社区")
    zhou.presses("改分组")
    assert zhou.says("随便") == ["没看懂。请这样发：一组：大里村、欢河村；二组：公园道社区、大里村"]
    assert zhou.says("一组：大里村；二组：公园道社区") == [
        "组名要和评委组一致。请先点“改评委”分组，例如：一组50：张三、李四；二组50：王五、赵六"
    ]
    zhou.says("取消")
    zhou.says("活动 其他 一季度互评 大里村、公园道社区")
    zhou.presses("改评委")
    zhou.says("一组50：郑评、冯评；二组50：褚评、卫评")
    zhou.presses("改分组")
    assert zhou.says("一组：大里村；二组：欢河村") == ["分组里的单位要和参评单位一致，不多也不少。"]
    assert "用二次平均法拉平各组松紧" in zhou.says("一组：大里村；二组：公园道社区")[0]
    zhou.presses("改分组")
    assert "拉平" not in zhou.says("不分组")[0]


def test_ties_by_chat(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、欢河村")
    zhou.presses("改同分")
    assert zhou.says("身高") == ["没看懂。可以写：小数、评分项的名称、去掉前平均，用顿号隔开；不再比就发：并列"]
    [card] = zhou.says("平安、去掉前平均")
    assert "同分：得分相同的，依次比“平安建设”的平均分、去掉最高最低分之前的平均分；还相同就并列" in card
    zhou.presses("创建并开评")
    for judge in ("郑评", "冯评"):
        world.personas[judge].says("大里村 30 20 20 20\n欢河村 30 25 15 20")
    zhou.says("封评")
    zhou.presses("仍然封评")
    published(world)
    [steps] = world.personas["王芳"].says("排名 大里村")
    assert "第1名，共2个单位" in steps
    assert "和同分的单位比“平安建设”的平均分：20\n" in steps


TOML = """
name = "互评"
units = ["大里村", "公园道社区", "欢河村"]
ties = ["untrimmed", "decimal"]
[[panels]]
name = "一组"
weight = 50
judges = ["郑评"]
units = ["大里村", "欢河村"]
[[panels]]
name = "二组"
weight = 50
judges = ["褚评"]
units = ["公园道社区"]
"""


def test_groups_from_a_file(world: World) -> None:
    [card] = send_file(world, "周敏", "互评.toml", TOML.encode())
    assert "一组评：大里村、欢河村\n二组评：公园道社区\n各组松紧拉平：二次平均法\n" in card
    world.personas["周敏"].says("取消")
    [told] = send_file(world, "周敏", "互评.toml", TOML.replace('"decimal"', '"height"').encode())
    assert told == "同分先比什么，只能写 decimal、untrimmed 或评分项的名称，每样一次。"
