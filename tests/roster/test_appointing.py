"""任命 and 免去: by the organizer only, nobody is guessed, and both can be taken back."""

from __future__ import annotations

import pytest

from bot.chat.people import Role
from storage import people
from tests.roster.talk import CODE
from tests.world import World


def posts(world: World, name: str) -> list[tuple[str, str]]:
    with world.database.transaction() as tx:
        [person] = people.called(tx, name, roots=[world.units["高新区"]])
        return [(held.role.value, held.unit_name) for held in people.posts_of(tx, person.id)]


def test_somebody_new_is_entered_after_a_question(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("任命 评委 吴新 枫杨办事处") == [
        "名册里没有吴新。要新加入名册，任枫杨办事处的评委吗？\n[新加入并任命] [取消]\n[吴评]"
    ]
    assert zhou.presses("新加入并任命") == ["已任命吴新为枫杨办事处的评委。\n[发绑定码]"]
    assert posts(world, "吴新") == [("judge", "枫杨办事处")]
    assert CODE.search(zhou.presses("发绑定码")[0])


def test_a_misspelt_name_is_offered(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("任命 监票人 李建囯")
    assert zhou.presses("李建国") == ["已任命李建国为高新区的监票人。"]
    assert posts(world, "李建国") == [("secretary", "公园道社区"), ("scrutineer", "高新区")]


def test_somebody_known_is_appointed_at_once_and_not_twice(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("任命 观察员 王芳 枫杨") == ["已任命王芳为枫杨办事处的观察员。"]
    assert zhou.says("任命 观察员 王芳 枫杨") == ["王芳已经是枫杨办事处的观察员。"]
    assert zhou.says("撤销") == ["已撤销：任命王芳为枫杨办事处的观察员"]
    assert posts(world, "王芳") == [("secretary", "大里村")]


def test_an_office_administrator_needs_an_office(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("任命 管理员 王芳") == ["请写明是哪个办事处，例如：任命 管理员 王芳 枫杨办事处"]
    assert zhou.says("任命 党建办 王芳 欢河村")[0].startswith("您管理的范围里没有“欢河村”。")
    assert zhou.says("任命 管理员 王芳 枫杨办事处") == ["已任命王芳为枫杨办事处的办事处管理员。"]


def test_people_of_the_same_name_are_asked_about(world: World) -> None:
    world.person("王强", (Role.SECRETARY, "大里村"))
    world.person("王强", (Role.SECRETARY, "欢河村"))
    zhou = world.personas["周敏"]
    assert zhou.says("任命 评委 王强") == [
        "名册里已经有叫王强的，是同一个人吗？\n[是王强（大里村 书记）]\n[是王强（欢河村 书记）]\n"
        "[不是，另一位王强]\n[取消]"
    ]
    assert zhou.says("不知道") == ["请点按钮选一位，不办了就发“取消”。"]
    assert zhou.presses("是王强（欢河村 书记）") == ["已任命王强为高新区的评委。"]
    assert zhou.says("免去 书记 王强")[0].startswith("还差“评委/计票人/监票人/观察员/管理员”。")
    assert zhou.says("免去 评委 王强") == ["已免去王强的高新区评委。"]


def test_who_was_entered_by_mistake_is_struck_off(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("任命 评委 吴新")
    zhou.presses("新加入并任命")
    assert zhou.says("撤销") == ["已撤销：任命吴新为高新区的评委"]
    assert zhou.says("绑定码 吴新")[0].startswith("您管理的范围里没有“吴新”")


def test_dismissing_and_taking_it_back(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("免去 评委 郑评") == ["已免去郑评的高新区评委。"]
    assert world.personas["郑评"].says("我是谁")[0].startswith("姓名：郑评\n职务：目前没有职务")
    assert zhou.says("撤销") == ["已撤销：免去郑评的高新区评委"]
    assert posts(world, "郑评") == [("judge", "高新区")]


def test_a_post_given_again_is_not_given_twice(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("免去 评委 郑评")
    world.person("区二", (Role.ORGANIZER, "高新区")).says("任命 评委 郑评")
    assert zhou.says("撤销") == ["这之后职务又有变动，不能撤销。"]


def test_a_post_that_ended_since_is_not_withdrawn(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("任命 观察员 王芳")
    world.person("区二", (Role.ORGANIZER, "高新区")).says("免去 观察员 王芳")
    assert zhou.says("撤销") == ["这之后职务又有变动，不能撤销。"]


def test_several_posts_of_the_kind_are_asked_about(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("任命 评委 吴评 高新区")
    assert zhou.says("免去 评委 吴评") == ["是哪一个？\n[吴评：高新区 评委]\n[吴评：枫杨办事处 评委]"]
    assert zhou.presses("吴评：枫杨办事处 评委") == ["已免去吴评的枫杨办事处评委。"]
    assert zhou.says("免去 计票人 吴评") == ["吴评现在不是计票人。"]


@pytest.mark.parametrize("command", ["任命 评委 吴新", "免去 评委 吴评"])
def test_only_organizers_appoint_and_dismiss(world: World, command: str) -> None:
    refusal = f"“{command[:2]}”由组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    for name in ("陈立", "王芳", "郑评"):
        assert world.personas[name].says(command) == [refusal]
    assert ("judge", "枫杨办事处") in posts(world, "吴评")
