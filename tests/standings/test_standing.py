"""总成绩 by chat: the table, the arithmetic in words, publication and correction, who sees what."""

from __future__ import annotations

from pathlib import Path

from bot.chat import settings
from bot.chat.settings import Policy
from storage.database import Database
from storage.rounds import Kind
from tests.commitments.seeding import promised
from tests.rounds.forum import published as chat_published
from tests.rounds.forum import quiet, scored
from tests.standings.rounds import published, quarter
from tests.world import World, small_district

RULES = (
    "综合成绩由观摩50%、比学50%合成，各部分按百分制，保留2位小数。\n"
    "参加过至少一场评分的单位参加排名；缺一部分成绩的，不参加排名。\n"
    "得分相同的，依次比观摩、承诺进度；还相同就并列，后面的名次空出来。"
)
TABLE = (
    "名次  单位         观摩   比学  总成绩\n"
    "   1  大里村      91.50  88.00   89.75\n"
    "   2  欢河村      90.00  89.50   89.75\n"
    "   3  公园道社区  88.00  90.00   89.00\n"
)
LAST = "   —  南流村          —  80.00       —\n"


def test_the_table_and_every_figure_step_by_step(world: World) -> None:
    quarter(world)
    zhou = world.personas["周敏"]
    assert zhou.says("总成绩") == [f"2021年第1季度综合成绩\n{TABLE}{LAST}{RULES}\n[公布]"]
    assert zhou.says("总成绩 一季度 大里") == [
        "大里村　2021年第1季度综合成绩\n"
        "总成绩：89.75\n"
        "名次：第1名，共4个单位\n"
        "观摩：“一季度观摩”91.50分\n"
        "比学：“一季度比学”44.00分，满分50，折成百分制88\n"
        "加权：（观摩91.5×50＋比学88×50）÷100＝89.75\n"
        "四舍五入到2位小数：89.75\n"
        "和同分的单位比观摩：91.5000\n" + RULES
    ]
    assert "观摩：没有成绩\n" in zhou.says("总成绩 南流村")[0]
    assert "没有综合成绩：缺一部分成绩的，不参加排名。\n" in zhou.says("总成绩 南流村")[0]


def test_publication_gives_each_office_its_own_view_and_the_others_their_own(world: World) -> None:
    quarter(world)
    zhou, wang, qian = (world.personas[name] for name in ("周敏", "王芳", "钱红"))
    assert wang.says("总成绩") == ["2021年第1季度综合成绩还没有公布。"]
    [preview] = zhou.says("总成绩 公布")
    assert preview.startswith(f"公布预览：2021年第1季度综合成绩\n{TABLE}{LAST}")
    assert zhou.says("也许") == ["请点“公布全部名次”“公布前几名”或“先不公布”。"]
    assert zhou.says("公布前3名") == ["2021年第1季度综合成绩已公布到3个工作群。"]
    assert world.heard("石佛办事处") == [f"2021年第1季度综合成绩\n{TABLE}{RULES}\n本办事处：欢河村第2名"]
    assert world.heard("枫杨办事处")[0].endswith("\n本办事处：大里村第1名、公园道社区第3名")
    assert qian.heard() == []
    assert wang.says("总成绩") == [f"2021年第1季度综合成绩\n{TABLE}{RULES}"]
    assert wang.says("总成绩 南流村") == ["“南流村”的名次没有公开，只有本单位自己看得到。"]
    assert "南流村" in world.personas["孙洁"].says("总成绩")[0]
    assert zhou.says("总成绩 公布") == ["和已经公布的第1版一样，不用再公布。"]
    assert zhou.says("撤销") == ["综合成绩已经发到群里，不能撤销。有错请改正后再公布一版，并写明原因。"]


def test_a_correction_is_a_new_version_with_who_and_why(world: World) -> None:
    quarter(world)
    zhou = world.personas["周敏"]
    zhou.says("总成绩 公布")
    zhou.presses("公布全部名次")
    published(world, Kind.OBSERVATION, "补观摩", {"大里村": "80.00", "欢河村": "90.00"})
    assert "公布之后成绩有更正" in world.personas["王芳"].says("总成绩 大里村")[0]
    assert zhou.says("总成绩 公布") == ["已经公布过第1版。要更正请写原因，例如：总成绩 公布 更正一份评分表"]
    zhou.says("总成绩 公布 补了一场观摩")
    zhou.presses("公布全部名次")
    posted = world.heard("高新区")[-1]
    assert (
        "更正（第2版），周敏公布，原因：补了一场观摩\n"
        "欢河村：89.75分第2名 → 89.75分第1名\n"
        "公园道社区：89.00分第3名 → 89.00分第2名\n"
        "大里村：89.75分第1名 → 86.88分第3名\n" in posted
    )
    assert "观摩2场的平均：85.75\n" in zhou.says("总成绩 大里村")[0]


def test_weights_and_the_rule_for_what_is_missing_are_configuration(database: Database, tmp_path: Path) -> None:
    chosen = settings.Standings(
        observation=60, forum=20, progress=20, missing="left_out", apart=True, decimals=1, ties=()
    )
    world = small_district(World(database, tmp_path / "files", policy=Policy(standings=chosen)))
    quarter(world)
    promised(world, "大里村", "硬化村内道路2公里")
    promised(world, "大里村", "安装路灯120盏")
    world.personas["王芳"].says("路灯装了80盏")
    world.personas["王芳"].presses("确认")
    [text] = world.personas["周敏"].says("总成绩")
    assert "综合成绩由观摩60%、比学20%、承诺进度20%合成，各部分按百分制，保留1位小数。\n" in text
    assert "缺一部分成绩的，其余部分按比例补足权重。\n" in text
    assert "得分相同的并列，后面的名次空出来。" in text
    assert "社区\n" in text
    assert "   3  大里村  91.5  88.0      33.3    79.2\n" in text


def test_rounds_scored_by_chat_make_the_standing(world: World) -> None:
    scored(world)
    chat_published(world)
    quiet(world)
    [text] = world.personas["周敏"].says("总成绩")
    assert "名次  单位         比学  总成绩\n   1  大里村      91.00   91.00\n" in text


def test_nothing_published_yet(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("总成绩") == ["2021年还没有公布过评分场次的成绩。"]
    assert zhou.says("总成绩 四季度") == ["2021年第4季度还没有公布过评分场次的成绩。"]
    assert zhou.says("总成绩 公布 一季度") == ["2021年第1季度还没有公布过评分场次的成绩。"]


def test_only_the_organizer_publishes(world: World) -> None:
    published(world, Kind.OBSERVATION, "一季度观摩", {"大里村": "90.00"})
    assert world.personas["何监"].says("总成绩 公布") == ["公布综合成绩由组织者来做。"]
    assert world.personas["何监"].says("总成绩 南流村") == ["南流村没有参加2021年第1季度的评分。"]
