"""Paper sheets, substitutes, corrections, undoing: whatever happens, one sheet counts, and it is the judge's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bot.chat.people import Role
from storage import people, publications, rounds, sheets
from tests.rounds.forum import opened, quiet, scored
from tests.world import World


def standing(world: World) -> list[tuple[str, str]]:
    """The scores that count, as (unit, score)."""
    with world.database.transaction() as tx:
        found = rounds.get(tx, 1)
        return [(found.contestant(s.contestant_id).unit_name, str(s.total)) for s in sheets.standing(tx, 1)]


def test_a_paper_sheet_is_keyed_in_and_the_judge_is_told(world: World) -> None:
    opened(world, all_on=True)
    keeper, zheng = world.personas["施计"], world.personas["郑评"]
    assert keeper.says("代录 郑平 大里村 36 27 27") == ["这一场的评委里没有“郑平”，是不是郑评？"]
    keeper.says("代录 郑评 大里村 36 27 27")
    [told] = zheng.heard()
    assert told.startswith("计票人施计按纸质评分表替您录入：\n大里村：90分")
    zheng.presses("有异议")
    assert "评委郑评对代录的分数有异议" in world.personas["周敏"].heard()[0]
    zheng.says("大里村 37 27 27")
    with world.database.transaction() as tx:
        kept = sheets.history(tx, 1)
        [objection] = publications.objections_to(tx, 1)
    assert [(s.version, s.total, s.keyed_by) for s in kept] == [(1, Decimal(90), "施计"), (2, Decimal(91), None)]
    assert objection.unit_name is None
    quiet(world)
    assert keeper.says("代录 吴评 大里村 36 27 27") == ["大里村是吴评所在办事处的单位，按规定回避，不能代录。"]


def test_a_substitute_goes_on_where_the_judge_left(world: World) -> None:
    opened(world, all_on=True)
    world.person("韩评", (Role.JUDGE, "高新区"))
    zheng, han = world.personas["郑评"], world.personas["韩评"]
    zheng.says("大里村 36 27 27")
    assert world.personas["周敏"].says("替补 郑评 韩评") == ["韩评接替郑评评分，郑评已打的分保留。"]
    assert han.heard()[0].startswith("请您评分：一季度比学\n")
    assert "还差1个：欢河村" in han.says("公园道社区 36 27 27")[0]
    assert zheng.says("打分 欢河村 36 27 27") == ["现在没有需要您评分的场次。开评时会通知您。"]
    with world.database.transaction() as tx:
        assert len(sheets.standing(tx, 1)) == 2
        assert [j.name for j in rounds.get(tx, 1).sitting][-1] == "韩评"


def test_whoever_keys_in_a_sheet_does_not_learn_what_the_judge_gave_before(world: World) -> None:
    opened(world, all_on=True)
    keeper, zheng = world.personas["施计"], world.personas["郑评"]
    zheng.says("大里村 36.11 27 27")
    assert keeper.says("代录 郑评 大里村 36 27 26") == [
        "已替郑评录入：\n大里村：89分（现场发言36、成果展示27、回答问题26），已记下\n[撤销]"
    ]
    assert "大里村：89分（现场发言36、成果展示27、回答问题26），原来是90.11分\n" in zheng.heard()[0]
    assert keeper.says("撤销") == ["已撤销：给大里村打分", "替郑评录入的大里村已撤回，已告诉评委本人。"]
    assert zheng.heard() == [
        "计票人施计撤回了替您录入的分：\n大里村恢复为90.11分。\n封评前您可以直接发正确的分数。"
    ]
    assert standing(world) == [("大里村", "90.11")]
    with world.database.transaction() as tx:
        assert [s.keyed_by for s in sheets.history(tx, 1)] == [None, "施计", None]


def test_a_judges_correction_is_not_undone_by_whoever_keyed_in(world: World) -> None:
    opened(world, all_on=True)
    world.personas["施计"].says("代录 郑评 大里村 36 27 27")
    world.personas["郑评"].says("大里村 37 27 27")
    assert world.personas["施计"].says("撤销") == ["大里村的分之后又改过，不能再撤销。"]
    assert standing(world) == [("大里村", "91")]


def test_a_substitute_does_not_score_a_second_time(world: World) -> None:
    opened(world, all_on=True)
    world.person("韩评", (Role.JUDGE, "高新区"))
    zheng, han, keeper = world.personas["郑评"], world.personas["韩评"], world.personas["施计"]
    zheng.says("大里村 36 27 27")
    world.personas["周敏"].says("替补 郑评 韩评")
    han.heard()
    assert "   1  大里村      郑评已打\n   2  公园道社区      未打\n" in han.says("评分表")[0]
    refused = ["大里村已由郑评打过分，分数保留，不用再打。"]
    assert han.says("大里村 30 20 20") == refused
    assert han.says("pad 1") == refused
    assert han.says("弃权 大里村") == refused
    assert zheng.says("撤销") == ["您的评分已由别的评委接替，不能再改。"]
    quiet(world)
    # What the judge who left had on paper still counts, unless the substitute was faster.
    keeper.says("代录 郑评 公园道社区 35 25 25")
    assert han.says("公园道社区 30 20 20") == ["公园道社区已由郑评打过分，分数保留，不用再打。"]
    han.says("欢河村 30 20 20")
    assert keeper.says("代录 郑评 欢河村 35 25 25") == ["欢河村已由韩评打过分，分数保留，不用再打。"]
    assert standing(world) == [("大里村", "90"), ("公园道社区", "85"), ("欢河村", "70")]


@pytest.mark.parametrize("words", ["大里村 36 27 27", "打分 大里 90", "1号 90", "pad 1", "弃权 大里村"])
def test_no_way_leads_around_a_recusal(world: World, words: str) -> None:
    opened(world, all_on=True)
    world.personas["吴评"].heard()
    refused = "大里村是您所在办事处的单位，按规定由您回避，不用打分。"
    assert world.personas["吴评"].says(words) == [refused]
    assert world.personas["吴评"].says(f"欢河村 36 27 27\n{words}")[-1] != ""
    assert all(unit != "大里村" for unit, _score in standing(world))


def test_a_score_given_before_a_post_in_the_office_no_longer_counts(world: World) -> None:
    opened(world, all_on=True)
    zheng = world.personas["郑评"]
    zheng.says("大里村 36 27 27")
    zheng.says("大里村 36 27 28")
    with world.database.transaction() as tx:
        office = world.units["枫杨办事处"]
        people.appoint(tx, person_id=zheng.id, unit_id=office, role=Role.JUDGE, now=world.now)
    assert zheng.says("撤销") == ["大里村是您所在办事处的单位，按规定由您回避，不用打分。"]
    assert world.personas["施计"].says("代录 郑评 大里村 90") == [
        "大里村是郑评所在办事处的单位，按规定回避，不能代录。"
    ]


def test_units_of_one_name_are_told_apart_by_their_office(world: World) -> None:
    world.unit("和平村", "village", "枫杨办事处")
    world.unit("和平村", "village", "石佛办事处")
    zhou, zheng = world.personas["周敏"], world.personas["郑评"]
    assert zhou.says("活动 观摩 一季度观摩 和平村") == [
        "有不止一个“和平村”，请写全称：枫杨办事处和平村、石佛办事处和平村"
    ]
    zhou.says("活动 观摩 一季度观摩 枫杨办事处和平村、石佛和平村")
    zhou.presses("创建并开评")
    asked = "这一场没有“和平村”，是不是枫杨办事处和平村、石佛办事处和平村？\n[枫杨办事处和平村] [石佛办事处和平村]"
    assert zheng.says("和平村 90")[-1] == asked
    assert zheng.says("打分 和平村 90") == [
        "这一场没有“和平村”，是不是枫杨办事处和平村、石佛办事处和平村？请改好再发。"
    ]
    assert zheng.says("石佛办事处和平村 90")[0].startswith("石佛办事处和平村：90分，已记下\n")
    assert zheng.says("1号 80")[0].startswith("枫杨办事处和平村：80分，已记下\n")


def test_one_unit_in_two_rounds(world: World) -> None:
    opened(world, all_on=True)
    zhou, zheng = world.personas["周敏"], world.personas["郑评"]
    zhou.says("活动 观摩 一季度观摩 大里村、南流村")
    zhou.presses("创建并开评")
    quiet(world)
    # Four scores can only be meant for the round with four criteria.
    assert zheng.says("大里村 27 27 18 18")[0].startswith("大里村：90分（党建引领27、")
    assert zheng.says("大里村 90") == [
        "这个单位在一季度比学、一季度观摩里都有，请选在哪一场打分：\n[一季度比学]\n[一季度观摩]"
    ]
    assert zheng.presses("一季度比学")[0].startswith("一季度比学\n")
    assert [text.split("\n")[0] for text in zheng.says("评分表")] == ["一季度比学", "一季度观摩"]


def test_a_slip_is_asked_about_once_and_never_changed(world: World) -> None:
    world.personas["周敏"].says("活动 其他 试评 大里村、公园道社区、欢河村、南流村")
    world.personas["周敏"].presses("创建并开评")
    zheng = world.personas["郑评"]
    zheng.says("大里村 91\n公园道社区 92\n欢河村 90")
    zheng.heard()
    kept, asked = zheng.says("南流村 29")
    assert kept.startswith("南流村：29分，已记下\n")
    assert asked == (
        "请您看一眼：南流村打的是29分，您给其他单位打的是90到92分。没错就不用管。\n[没错] [改南流村的分]"
    )
    assert zheng.presses("没错") == ["好的，南流村就是29分。"]
    assert len(zheng.says("南流村 28")) == 1
    assert ("南流村", "28") in standing(world)


def test_a_score_outside_the_field_is_asked_about_without_telling_the_field(world: World) -> None:
    world.personas["周敏"].says("活动 其他 试评 大里村、欢河村")
    world.personas["周敏"].presses("创建并开评")
    zheng = world.personas["郑评"]
    zheng.says("大里村 29.5")
    for judge, score in (("冯评", 91), ("褚评", 92), ("卫评", 90.5)):
        world.personas[judge].says(f"大里村 {score}")
    quiet(world)
    # With the fourth other score there is a field: the first judge learns of it now.
    world.personas["蒋评"].says("大里村 93")
    assert zheng.heard() == ["请您看一眼：大里村打的是29.5分。没错就不用管。\n[没错] [改大里村的分]"]
    world.personas["沈评"].says("大里村 90")
    assert zheng.heard() == []
    assert len(zheng.says("大里村 25")) == 1
    assert all(world.personas[judge].heard() == [] for judge in ("冯评", "褚评", "卫评"))


def test_whoever_is_asked_while_somebody_keys_in_is_the_judge(world: World) -> None:
    world.personas["周敏"].says("活动 其他 试评 大里村、公园道社区、欢河村、南流村")
    world.personas["周敏"].presses("创建并开评")
    quiet(world)
    [answer] = world.personas["施计"].says("代录 郑评 大里村 91\n公园道社区 92\n欢河村 90\n南流村 29")
    assert answer.startswith("已替郑评录入：\n大里村：91分，已记下\n")
    assert [text.split("：")[0] for text in world.personas["郑评"].heard()] == [
        "计票人施计按纸质评分表替您录入",
        "请您看一眼",
    ]


def test_a_recused_judges_score_is_no_part_of_the_field(world: World) -> None:
    scored(world)
    assert world.personas["郑评"].heard() == []


def test_a_judge_may_look_at_the_sealed_sheet_but_not_change_it(world: World) -> None:
    scored(world)
    world.personas["周敏"].says("封评")
    quiet(world)
    zheng = world.personas["郑评"]
    assert zheng.says("评分表") == [
        "一季度比学\n"
        "序号  单位        我的分\n"
        "   1  大里村          90\n"
        "   2  公园道社区      90\n"
        "   3  欢河村          90\n"
        "已经封评，分数不能再改。公布后可以发“核验”。"
    ]
    for words in ("打分 大里村 36 27 27", "pad 1", "弃权 大里村"):
        assert zheng.says(words) == ["“一季度比学”已经封评，分数不能再改。"]
    assert standing(world).count(("大里村", "90")) == 2


def test_a_line_may_say_that_the_judge_abstains(world: World) -> None:
    opened(world, all_on=True)
    zheng = world.personas["郑评"]
    assert zheng.says("大里村 36 27 27\n公园道社区 弃权\n欢河村 36 27 28") == [
        "大里村：90分（现场发言36、成果展示27、回答问题27），已记下\n"
        "公园道社区：弃权，已记下\n"
        "欢河村：91分（现场发言36、成果展示27、回答问题28），已记下\n"
        "您的评分都交齐了，谢谢。封评前还可以改。\n"
        "[撤销]"
    ]
    assert "公园道社区    弃权\n" in zheng.says("评分表")[0]
    assert (
        world.personas["施计"]
        .says("代录 冯评 大里村 弃权")[0]
        .startswith("已替冯评录入：\n大里村：弃权，已记下\n")
    )
    assert (
        world.personas["冯评"].heard()[-1].startswith("计票人施计按纸质评分表替您录入：\n大里村：弃权，已记下\n")
    )
    zheng.says("欢河村 弃权")
    assert zheng.says("撤销") == ["已撤销：给欢河村打分", "欢河村恢复为91分。"]


def test_judges_of_one_name_are_never_mixed_up(world: World) -> None:
    world.person("郑评", (Role.JUDGE, "石佛办事处"))
    opened(world, all_on=True)
    assert world.personas["施计"].says("代录 郑评 大里村 90") == ["有不止一位评委叫“郑评”，请先在名册里区分开。"]
    assert world.personas["周敏"].says("利害关系 郑评 大里村 亲属") == [
        "有不止一位评委叫“郑评”，请先在名册里区分开。"
    ]
