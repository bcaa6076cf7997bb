"""A whole round by chat, from 活动 to the published table, and everybody who must not get in its way."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import select

from storage import rounds
from storage.tables import changes, outbox, score_sheets
from tests.world import World

SHEETS = {
    # 吴评 holds a post at 枫杨办事处 and is recused for 大里村 and 公园道社区.
    "吴评": {"欢河村": "27 26 18 18"},
    "郑评": {"大里村": "28 26 19 20", "公园道社区": "27 27 18 18", "欢河村": "26 26 18 18"},
    "冯评": {"大里村": "29 27 18 19", "公园道社区": "26 26 18 17", "欢河村": "28 27 17 18"},
    "褚评": {"大里村": "27 28 18 18", "公园道社区": "28 26 17 18", "欢河村": "27 27 18 19"},
    "卫评": {"大里村": "30 30 20 20", "公园道社区": "25 26 18 18", "欢河村": "27 26 19 18"},
    "蒋评": {"大里村": "20 20 10 10", "公园道社区": "27 28 19 18", "欢河村": "26 28 18 17"},
    "沈评": {"大里村": "28 28 19 18", "公园道社区": "26 27 18 19", "欢河村": "28 28 18 19"},
}


def created(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、公园道社区、欢河村")
    zhou.presses("创建并开评")


def all_scored(world: World) -> None:
    for judge, sheets in SHEETS.items():
        for unit, scores in sheets.items():
            world.personas[judge].says(f"{unit} {scores}")


def finished(world: World) -> None:
    """Unsealed and signed by both."""
    world.personas["何监"].says("启封")
    world.personas["何监"].says("签字")
    world.personas["施计"].says("签字")


def test_the_card_says_everything_before_anything_is_made(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("活动 观摩 一季度观摩 大里、公园道社区、欢河村") == [
        "一季度观摩\n"
        "类型：逐办观摩\n"
        "观摩路线：大里村、公园道社区、欢河村\n"
        "评分项：党建引领30、社会服务30、平安建设20、文化阵地20，满分100\n"
        "评委名单：7位：郑评、冯评、褚评、卫评、蒋评、沈评、吴评\n"
        "打分方式：同时打分\n"
        "计分：有效分满5个时去掉1个最高分、1个最低分，取平均，保留2位小数\n"
        "[创建] [创建并开评]\n"
        "[改名称] [改单位] [改顺序]\n"
        "[改评分项] [改评委] [改计分]\n"
        "[改方式] [改排名] [改时间]\n"
        "[改松紧修正] [改分组] [改同分]\n"
        "[取消]"
    ]
    zhou.presses("改评分项")
    assert "评分项：党建40、服务60，满分100" in zhou.says("党建40 服务60")[0]
    zhou.presses("改评委")
    assert "评委名单：2位：郑评、冯评" in zhou.says("郑评、冯评")[0]
    zhou.presses("改单位")
    assert zhou.says("大李村") == ["没有叫“大李村”的单位，是不是大里村？请改好后把全部单位再发一遍。"]
    assert "观摩路线：欢河村、大里村" in zhou.says("欢河村 大里村")[0]
    assert zhou.presses("创建") == [
        "“一季度观摩”建好了，评分项已发给参评单位的书记。评委到齐后按“开评”。\n[开评] [抽签]"
    ]
    assert zhou.says("撤销") == ["已撤销：新建“一季度观摩”"]
    assert zhou.says("开评") == ["没有待开评的场次。发“活动”新建一场。"]


def test_step_by_step_without_a_word_of_syntax(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("活动") == [
        "评分场次\n还没有场次。\n新建一场请选：\n[逐办观摩] [专场比学] [年终评议] [其他评分]"
    ]
    assert zhou.presses("专场比学") == [
        "2021年第1季度专场比学\n请按出场顺序把参评单位发给我，用顿号或换行隔开。\n例如：大里村、公园道社区、庄王村"
    ]
    assert "评分项：现场发言40、成果展示30、回答问题30，满分100" in zhou.says("1.大里村\n2.欢河村")[0]
    zhou.presses("创建")
    zhou.says("活动")
    zhou.presses("逐办观摩")
    assert "观摩路线：大里村、欢河村" in zhou.presses("同上一场（2个单位）")[0]


def test_opening_tells_judges_and_contestants_once(world: World) -> None:
    created(world)
    assert world.personas["吴评"].heard() == [
        "请您评分：一季度观摩\n"
        "出场顺序：3号欢河村\n"
        "评分项：党建引领（30分）、社会服务（30分）、平安建设（20分）、文化阵地（20分）\n"
        "需要回避、不用打分的：大里村、公园道社区\n"
        "直接发单位和分数就行，例如：\n"
        "「欢河村 27 27 18 18」\n"
        "[按按钮打分] [评分规则]"
    ]
    assert world.personas["王芳"].heard() == [
        "一季度观摩\n"
        "大里村第1个出场。\n"
        "评分项：党建引领（30分）、社会服务（30分）、平安建设（20分）、文化阵地（20分）\n"
        "计分：有效分满5个时去掉1个最高分、1个最低分，取平均，保留2位小数\n"
        "[评分规则]"
    ]
    assert world.personas["钱红"].heard() == []
    assert world.heard("枫杨办事处") == []


def test_scores_by_words(world: World) -> None:
    created(world)
    zheng = world.personas["郑评"]
    zheng.heard()
    assert zheng.says("大里村 28 26 19 20") == [
        "大里村：93分（党建引领28、社会服务26、平安建设19、文化阵地20），已记下\n"
        "还差2个：公园道社区、欢河村\n"
        "[下一个：公园道社区] [撤销]"
    ]
    assert zheng.says("打分 大里村 28 26 19 19")[0].startswith(
        "大里村：92分（党建引领28、社会服务26、平安建设19、文化阵地19），原来是93分\n"
    )
    assert zheng.says("公园道 90\n欢河村 91.5") == [
        "公园道社区：90分，已记下\n欢河村：91.5分，已记下\n您的评分都交齐了，谢谢。封评前还可以改。\n[撤销]"
    ]
    assert zheng.says("评分表") == [
        "一季度观摩\n"
        "序号  单位        我的分\n"
        "   1  大里村          92\n"
        "   2  公园道社区      90\n"
        "   3  欢河村        91.5\n"
        "点单位打分，或直接发：单位 分数\n"
        "[大里村] [公园道社区] [欢河村]"
    ]


def test_undo_brings_back_the_version_before(world: World) -> None:
    created(world)
    zheng = world.personas["郑评"]
    zheng.heard()
    zheng.says("大里村 28 26 19 20")
    zheng.says("大里村 28 26 19 10")
    assert zheng.says("撤销") == ["已撤销：给大里村打分", "大里村恢复为93分。"]
    assert zheng.says("撤销") == ["已撤销：给大里村打分", "大里村现在没有分数。"]
    with world.database.transaction() as tx:
        versions = tx.all(select(score_sheets.c.version, score_sheets.c.total).order_by(score_sheets.c.version))
    assert [tuple(v) for v in versions] == [(1, Decimal(93)), (2, Decimal(83)), (3, Decimal(93)), (4, None)]


def test_scores_by_buttons(world: World) -> None:
    created(world)
    zheng = world.personas["郑评"]
    assert zheng.presses("按按钮打分")[-1].endswith("[大里村] [公园道社区] [欢河村]")
    assert zheng.presses("大里村") == [
        "1号 大里村\n党建引领（满分30）打几分？\n没有合适的就直接发数字。\n"
        "[30] [29] [28] [27]\n[26] [25] [24] [23]\n[弃权]"
    ]
    assert zheng.presses("28")[0].startswith("1号 大里村\n党建引领：28\n小计：28分\n社会服务（满分30）打几分？\n")
    assert zheng.says("31") == ["大里村的“社会服务”最高30分，收到31分。请改一下再发。"]
    zheng.says("26.5")
    zheng.presses("19")
    assert zheng.presses("20")[0].startswith(
        "大里村：93.5分（党建引领28、社会服务26.5、平安建设19、文化阵地20），已记下\n"
    )
    assert zheng.presses("下一个：公园道社区")[0].startswith("2号 公园道社区\n")


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("大里村 31 26 19 20", "大里村的“党建引领”最高30分，收到31分。请改一下再发。"),
        ("打分 庄王村 90", "没认出是哪个单位。请先写单位，再写分数，例如：大里村 27 27 18 18"),
        ("打分 大李村 90", "这一场没有“大李村”，是不是大里村？请改好再发。"),
        (
            "大里村 28 26",
            "大里村有4个评分项（党建引领、社会服务、平安建设、文化阵地），"
            "收到2个分数。请这样发：大里村 27 27 18 18",
        ),
        (
            "评分如下：\n公园道社区 28 26 19 20\n大里村 99 1 1 1\n庄王村 90\n公园道 90",
            "有3行要改，所以整条消息都没有记下：\n"
            "大里村的“党建引领”最高30分，收到99分。请改一下再发。\n"
            "没认出是哪个单位。请先写单位，再写分数，例如：大里村 27 27 18 18\n"
            "公园道社区写了两遍，请只留一行。",
        ),
    ],
)
def test_a_bad_sheet_is_explained_and_nothing_kept(world: World, text: str, answer: str) -> None:
    created(world)
    world.personas["郑评"].heard()
    assert world.personas["郑评"].says(text) == [answer]
    with world.database.transaction() as tx:
        assert tx.all(select(score_sheets.c.id)) == []


def test_scores_without_a_unit_or_with_one_misspelt_take_one_more_tap(world: World) -> None:
    created(world)
    zheng = world.personas["郑评"]
    zheng.heard()
    assert zheng.says("28 26 19 20") == [
        "这是给哪个单位打的？请点单位，或先写单位再写分数。\n[大里村] [公园道社区]\n[欢河村]"
    ]
    assert zheng.presses("公园道社区")[0].startswith(
        "公园道社区：93分（党建引领28、社会服务26、平安建设19、文化阵地20），已记下\n"
    )
    assert zheng.says("大李村 27 26 19 20") == ["这一场没有“大李村”，是不是大里村？\n[大里村]"]
    assert zheng.presses("大里村")[0].startswith("大里村：92分（")
    assert zheng.says("二十七 26 19 20")[0].startswith("这是给哪个单位打的？")
    assert zheng.presses("欢河村")[0].startswith("欢河村：92分（")
    for talk in ("今天 28 26", "下午3点到大里", "28", "大家 28 26 19 99"):
        assert "打的" not in zheng.says(talk)[0]


def test_a_judge_of_the_same_office_is_refused(world: World) -> None:
    created(world)
    wu = world.personas["吴评"]
    wu.heard()
    assert wu.says("大里村 28 26 19 20") == ["大里村是您所在办事处的单位，按规定由您回避，不用打分。"]
    assert "回避" in wu.says("评分表")[0]


def test_a_line_that_is_not_asked_of_the_judge_holds_up_no_others(world: World) -> None:
    created(world)
    wu = world.personas["吴评"]
    wu.heard()
    [kept] = wu.says("大里村 28 26 19 20\n欢河村 27 26 19 20")
    assert kept.startswith(
        "欢河村：92分（党建引领27、社会服务26、平安建设19、文化阵地20），已记下\n"
        "没有记：大里村是您所在办事处的单位，按规定由您回避，不用打分。\n"
    )
    assert wu.says("大里村 28 26 19 20\n欢河村 99 26 19 20") == [
        "欢河村的“党建引领”最高30分，收到99分。请改一下再发。"
    ]
    assert wu.says("大里村 28 26 19 20\n公园道社区 27 26 19 20") == [
        "大里村是您所在办事处的单位，按规定由您回避，不用打分。\n"
        "公园道社区是您所在办事处的单位，按规定由您回避，不用打分。"
    ]
    with world.database.transaction() as tx:
        assert len(tx.all(select(score_sheets.c.id))) == 1


def test_only_judges_of_the_round_score(world: World) -> None:
    created(world)
    world.personas["王芳"].heard()
    assert world.personas["王芳"].says("打分 大里村 90") == [
        "“打分”由评委使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    ]
    assert "分，已记下" not in "".join(world.personas["周敏"].says("大里村 28 26 19 20"))


def test_scores_stay_hidden_until_closing(world: World) -> None:
    created(world)
    world.personas["郑评"].says("大里村 28 26 19 13.77")
    zhou = world.personas["周敏"]
    zhou.heard()
    seen = zhou.says("评分进度") + zhou.says("成绩") + zhou.says("公布") + zhou.says("活动") + zhou.says("封评")
    seen += world.personas["王芳"].says("成绩") + world.personas["冯评"].says("评分表")
    assert "应交19份，已交1份，未交18份" in seen[0]
    assert "郑评：还差公园道社区、欢河村" in seen[0]
    assert "还没有启封的场次；启封前谁也看不到分数。" in seen
    assert not any("86.77" in text or "13.77" in text for text in seen)
    with world.database.transaction() as tx:
        kept = [str(row) for row in tx.all(select(changes.c.summary))]
        sent = [str(row) for row in tx.all(select(outbox.c.content, outbox.c.chat_id)) if "86.77" in str(row)]
    assert not any("86.77" in summary for summary in kept)
    assert all(f", {world.personas['郑评'].chat_id})" in row for row in sent)


def test_a_score_typed_in_the_group_is_answered_privately_with_a_caution(world: World) -> None:
    created(world)
    zheng = world.personas["郑评"]
    zheng.heard()
    assert zheng.says("打分 大里村 90", group="枫杨办事处") == []
    assert "分数请私下发给我；群里的那条建议您撤回。" in zheng.heard()[0]


def test_closing_waits_for_missing_sheets_unless_told(world: World) -> None:
    created(world)
    zhou = world.personas["周敏"]
    for unit, scores in SHEETS["郑评"].items():
        world.personas["郑评"].says(f"{unit} {scores}")
    [question] = zhou.says("封评")
    assert question.startswith("还有评委没交完\n冯评：还差大里村、公园道社区、欢河村\n")
    assert "吴评：还差欢河村\n" in question
    assert question.endswith("[仍然封评] [再等等]")
    assert zhou.presses("再等等") == ["好的，继续评分。"]
    zhou.says("封评")
    assert zhou.presses("仍然封评") == ["“一季度观摩”已封评，分数不能再改。请监票人何监启封。"]
    assert "   1  大里村      93.00       1" in world.personas["何监"].says("启封")[-1]
    assert world.personas["郑评"].says("大里村 90")[-1] != ""
    assert world.personas["郑评"].says("打分 大里村 90") == ["“一季度观摩”已经封评，分数不能再改。"]


def test_the_whole_round_published(world: World) -> None:
    created(world)
    all_scored(world)
    zhou, wang = world.personas["周敏"], world.personas["王芳"]
    for persona in world.personas.values():
        persona.heard()
    zhou.says("封评")
    finished(world)
    table, _signed = zhou.heard()
    assert table == (
        "一季度观摩\n"
        "名次  单位         得分  有效分\n"
        "   1  大里村      92.50       6\n"
        "   2  欢河村      89.80       7\n"
        "   3  公园道社区  89.00       6\n"
        "有效分满5个时去掉1个最高分、1个最低分，取平均，保留2位小数\n"
        "📎一季度观摩成绩.xlsx\n"
        "[评分体检]"
    )
    assert "[公布全部名次]" in zhou.presses("公布")[0]
    assert zhou.presses("公布全部名次") == [
        "“一季度观摩”已公布到3个工作群。\n"
        "下面是通报和全部成绩，可以直接转发。\n"
        "📎一季度观摩通报.docx\n"
        "📎一季度观摩成绩.xlsx\n[总成绩]"
    ]
    for group in ("高新区", "枫杨办事处", "石佛办事处"):
        sealed, posted = world.heard(group)
        assert sealed.startswith("“一季度观摩”已封评，7位评委的评分表全部封存。\n封存码：")
        assert posted.startswith("一季度观摩　成绩\n名次")
        assert "92.50" in posted
    assert wang.heard() == []
    assert zhou.says("公布") == ["没有已签字待公布的场次。"]
    assert wang.says("成绩") == [
        "大里村　一季度观摩\n"
        "得分：92.50\n"
        "名次：第1名，共3个单位\n"
        "计入4个分：91、93、93、93\n"
        "去掉最高最低分：60、100\n"
        "合计370，除以4，平均92.5\n"
        "四舍五入到2位小数：92.50分\n"
        "有效分满5个时去掉1个最高分、1个最低分，取平均，保留2位小数"
    ]
    assert zhou.says("撤销") == ["成绩已经发到群里，不能撤销。要更正请发“重开”并写明原因。"]


def test_with_the_first_ranks_only_the_others_learn_theirs_privately(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、公园道社区、欢河村、南流村")
    zhou.presses("创建并开评")
    for judge in ("郑评", "冯评"):
        for unit, scores in (("大里村", "95"), ("公园道社区", "90"), ("欢河村", "85"), ("南流村", "80")):
            world.personas[judge].says(f"{unit} {scores}")
    zhou.says("封评")
    zhou.presses("仍然封评")
    finished(world)
    zhou.presses("公布")
    qian = world.personas["钱红"]
    qian.heard()
    world.personas["赵强"].heard()
    zhou.presses("公布前3名")
    _sealed, posted = world.heard("石佛办事处")
    assert posted.startswith("一季度观摩　优胜单位\n")
    assert "欢河村" in posted
    assert "南流村" not in posted
    assert world.personas["赵强"].heard() == []
    assert qian.heard()[0].startswith("南流村　一季度观摩\n得分：80.00\n名次：第4名，共4个单位\n")


def test_another_districts_organizer_reaches_nothing(world: World) -> None:
    from bot.chat.people import Role

    created(world)
    world.unit("别的区", "district")
    stranger = world.person("别区组织者", (Role.ORGANIZER, "别的区"))
    assert stranger.says("close 1") == ["现在没有正在评分的场次。"]
    assert stranger.says("scoring 1") == ["现在没有正在评分的场次。"]
    assert stranger.says("results 1") == ["还没有启封的场次；启封前谁也看不到分数。"]
    assert stranger.says("publish 1") == ["没有已签字待公布的场次。"]
    assert stranger.says("活动 观摩 偷看 大里村") == ["没有叫“大里村”的单位。请改好后把全部单位再发一遍。"]
    with world.database.transaction() as tx:
        assert rounds.get(tx, 1).head.state is rounds.State.OPEN


def test_judges_who_owe_are_reminded_once_an_hour(world: World) -> None:
    created(world)
    zhou, zheng = world.personas["周敏"], world.personas["郑评"]
    for judge in ("冯评", "褚评", "卫评", "蒋评", "沈评", "吴评"):
        for unit, scores in SHEETS[judge].items():
            world.personas[judge].says(f"{unit} {scores}")
    zheng.says("大里村 90")
    zheng.heard()
    zhou.heard()
    assert zhou.says("催分") == ["已提醒郑评。"]
    assert zheng.heard() == ["“一季度观摩”还差您的分：公园道社区、欢河村\n[打分]"]
    world.wait(minutes=50)
    assert world.personas["施计"].says("催分") == ["一小时内都提醒过了，过一会儿再催。"]
    assert zheng.heard() == []
    world.wait(minutes=11)
    assert zhou.says("催分") == ["已提醒郑评。"]
