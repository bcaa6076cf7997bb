"""Help, cancel, undo, language: what belongs to no part of the activity."""

from tests.world import World


def test_help_shows_only_what_this_person_may_do(world: World) -> None:
    [answer] = world.personas["王芳"].says("帮助")
    assert "撤销：收回您刚才的一步，十分钟内有效" in answer


def test_help_offers_what_the_person_does_most(world: World) -> None:
    lines = world.personas["王芳"].says("帮助")[0].splitlines()
    assert lines[lines.index("赛实绩") + 1] == "进度：报一项承诺的进度"
    assert lines[-2:] == ["报进度不用记命令，直接说就行，例如：第2项完成80%了", "[进度] [我的承诺] [季报]"]
    assert world.personas["吴评"].says("帮助")[0].endswith("[打分] [评分表]")


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
