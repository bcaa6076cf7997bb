"""Help, cancel, undo, language: what belongs to no part of the activity."""

import pytest

from tests.world import World


def test_help_begins_with_what_the_person_does_most_and_fits_a_phone(world: World) -> None:
    assert world.personas["王芳"].says("帮助") == [
        "您可以这样说\n"
        "进度：报一项承诺的进度\n"
        "季报：一项一项报完本季度的进度，中途可以停\n"
        "我的承诺：本单位的承诺、进度和亮灯；加编号看一项的来龙去脉\n"
        "承诺：提出今年的承诺；一行一项，可以一次提几项\n"
        "截止：什么事什么时候截止；组织者可以设，也可以给自己的事项设截止时间\n"
        "报进度不用记命令，直接说就行，例如：第2项完成80%了\n"
        "其他的点下面的分类看；一条命令怎么用，发“帮助 进度”；全部命令发“帮助 全部”。\n"
        "[进度] [季报] [我的承诺]\n[亮承诺] [赛实绩]\n[比干劲] [期限和提醒]\n[人员和群] [通用]"
    ]


@pytest.mark.parametrize(
    ("who", "first"),
    [
        ("周敏", "[汇总] [未报] [活动]"),
        ("陈立", "[审核] [核实] [未报]"),
        ("吴评", "[打分] [评分表] [评分规则]"),
        ("何监", "[评分进度] [启封] [签字]"),
        ("施计", "[评分进度] [代录] [计时]"),
    ],
)
def test_every_role_has_its_own_first_screen(world: World, who: str, first: str) -> None:
    [shown] = world.personas[who].says("帮助")
    assert first in shown.split("\n")
    assert len(shown) < 350


def test_a_section_is_one_tap_away_and_shows_only_what_this_person_may_do(world: World) -> None:
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    wang.says("帮助")
    assert wang.presses("期限和提醒") == [
        "期限和提醒\n"
        "截止：什么事什么时候截止；组织者可以设，也可以给自己的事项设截止时间\n"
        "办好：组织者布置的事项办好了，说一声就不再提醒\n"
        "提醒：看看什么时候会提醒谁、为什么；在群里可以定本群的提醒时间\n"
        "免打扰：到哪一天之前不提醒您（最后一次提醒除外）\n"
        "负担：本月收到多少条通知、几条要办事"
    ]
    assert wang.says("帮助 通报和投递") == ["没有“通报和投递”这条命令。发“帮助”看全部。"]
    chen.says("帮助")
    assert [line.partition("：")[0] for line in chen.presses("通报和投递")[0].split("\n")] == [
        "通报和投递",
        "通报",
        "收回通报",
        "投递",
    ]


def test_everything_is_listed_by_section_on_request(world: World) -> None:
    wang = world.personas["王芳"]
    lines = wang.says("帮助 全部")[0].split("\n")
    assert [line for line in lines if "：" not in line] == [
        "您可以这样说",
        "亮承诺",
        "赛实绩",
        "比干劲",
        "期限和提醒",
        "人员和群",
        "通用",
    ]
    wang.says("语言 English")
    assert wang.says("/help deadlines and reminders")[0].startswith("Deadlines and reminders\n/deadline: ")


def test_whoever_has_no_post_is_helped_as_well(world: World) -> None:
    nobody = world.person("路遥")
    assert nobody.says("帮助")[0].endswith("\n[截止] [提醒] [我是谁]\n[期限和提醒] [人员和群]\n[通用]")


def test_examples_are_shown_as_the_reader_would_type_them(world: World) -> None:
    wang = world.personas["王芳"]
    assert "「进度2 还剩24盏」" in wang.says("帮助 进度")[0]
    wang.says("语言 English")
    assert "「/progress 2 还剩24盏」" in wang.says("/help progress")[0]


def test_thanks_need_no_answer_but_a_yes_to_nothing_gets_one(world: World) -> None:
    wang = world.personas["王芳"]
    for words in ("谢谢！", "收到", "👍"):
        assert wang.says(words) == []
    assert wang.says("好的") == ["现在没有等您答复的事。刚才的问题如果已过期，请重新发一遍。"]


def test_stranger_is_told_how_to_bind(world: World) -> None:
    stranger = world.stranger("路人")
    assert stranger.says("你好") == [
        "您好，我是亮赛比机器人\n请先绑定身份：把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"
    ]
    assert stranger.says("撤销") == ["您还没有绑定身份。请把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"]


def test_nothing_to_undo(world: World) -> None:
    assert world.personas["王芳"].says("撤销") == ["最近10分钟内没有可以撤销的操作。"]


def test_misspelt_command_is_offered(world: World) -> None:
    [answer] = world.personas["王芳"].says("撒销")
    assert answer.startswith("没看懂这句话。您是不是想说：")
    assert "[撤销]" in answer


def test_talk_in_the_group_is_left_alone(world: World) -> None:
    assert world.personas["王芳"].says("大家早上好", group="枫杨办事处") == []
    assert world.personas["王芳"].says("帮助大家的事要多做", group="枫杨办事处") == []


def test_language_of_a_person(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says("语言 English") == ["From now on I will answer in English."]
    assert wang.says("取消") == ["There is nothing being filled in."]
