"""换届: the duty passes on, the unit's history stays, and it can be taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.chat.people import Role
from storage import people, roster
from tests.roster.talk import CODE, unbound
from tests.world import World

CARD = (
    "请核对换届\n单位：大里村\n原书记：王芳\n新书记：刘新明（新加入名册）\n手机：13800000001\n"
    "承诺、报告和成绩都留在单位。\n[确认换届] [取消]"
)
THANKS = "王芳同志：大里村书记的职责已交接给刘新明。您任上的承诺和成绩都记在大里村名下。辛苦了，谢谢您！"


def promise(world: World) -> None:
    """大里村 has promised something, and it is published and reported."""
    wang, chen = world.personas["王芳"], world.personas["陈立"]
    for who, words in (
        (wang, "承诺 硬化村内道路2公里 12月底前"),
        (chen, "审核"),
        (wang, "进度 1 60% 已硬化1.2公里"),
    ):
        who.says(words)
        for label in ("提交", "通过", "确认"):
            if who._buttons[who.chat_id][-1].payload(label):
                who.presses(label)
    wang.heard()
    chen.heard()


def hand_over(world: World, who: str = "陈立", words: str = "换届 大里村 刘新明 13800000001") -> list[str]:
    world.personas[who].says(words)
    return world.personas[who].presses("确认换届")


def test_the_duty_moves_and_the_history_stays(world: World) -> None:
    promise(world)
    chen, wang = world.personas["陈立"], world.personas["王芳"]
    assert chen.says("换届 大里 刘新明 13800000001") == [CARD]
    assert wang.heard() == []
    assert chen.presses("确认换届") == [
        "大里村书记已换为刘新明。\n刘新明还没有绑定账号；绑定后会马上收到交接说明。\n[发绑定码]"
    ]
    assert wang.heard() == [THANKS]
    assert wang.says("我的承诺")[0].startswith("“我的承诺”由书记使用，您目前没有这个身份。")
    code = CODE.search(chen.presses("发绑定码")[0])
    assert code is not None
    liu = world.stranger("刘新明")
    [greeting] = liu.says(f"绑定 {code.group()}")
    assert greeting == (
        "刘新明，您好，绑定好了\n您的职务：大里村 书记\n2021年承诺：共1项：办理中1项\n最近一次报告：\n"
        "第1项，2021年第1季度，60%：60% 已硬化1.2公里\n接下来：\n2021年第1季度季报，2021年4月6日截止\n"
        "第1项，2021年12月31日到期\n可以先做这些：\n[我的承诺] [承诺] [帮助]"
    )
    assert "硬化村内道路2公里" in liu.says("我的承诺")[0]


def test_a_successor_who_is_bound_is_briefed_at_once(world: World) -> None:
    promise(world)
    li = world.person("李新", (Role.OBSERVER, "枫杨办事处"))
    chen = world.personas["陈立"]
    assert chen.says("换届 大里村 李新") == [
        "名册里已经有叫李新的，是同一个人吗？\n[是李新（枫杨办事处 观察员）]\n[不是，另一位李新]\n[取消]"
    ]
    assert chen.presses("是李新（枫杨办事处 观察员）")[0].startswith(
        "请核对换届\n单位：大里村\n原书记：王芳\n新书记：李新\n承诺"
    )
    assert li.heard() == []
    assert chen.presses("确认换届") == ["大里村书记已换为李新。"]
    [told] = li.heard()
    assert told.startswith(
        "李新，您好，您现在是大里村书记\n前任：王芳\n2021年承诺：共1项：办理中1项\n最近一次报告：\n"
    )
    assert told.endswith("\n[我的承诺]")


def test_somebody_of_the_same_name_may_be_somebody_else(world: World) -> None:
    old = world.person("李新", (Role.OBSERVER, "枫杨办事处"))
    chen = world.personas["陈立"]
    chen.says("换届 大里村 李新")
    assert "新书记：李新（新加入名册）" in chen.presses("不是，另一位李新")[0]
    chen.presses("确认换届")
    with world.database.transaction() as tx:
        [secretary] = people.holders(tx, [world.units["大里村"]], [Role.SECRETARY])[world.units["大里村"]]
    assert secretary.id != old.id
    assert old.heard() == []


def test_the_mobile_number_says_who_it_is(world: World) -> None:
    li = world.person("李新", (Role.OBSERVER, "石佛办事处"))
    with world.database.transaction() as tx:
        people.set_mobile(tx, li.id, "13800000009")
    chen = world.personas["陈立"]
    assert chen.says("换届 大里村 张三 13800000009") == ["这个手机在名册里不是张三的，请核对号码。"]
    assert "新书记：李新\n" in chen.says("换届 大里村 李新 138-0000-0009")[0]
    # Somebody who also serves elsewhere gets codes from the organizer.
    unbound(world, "李新")
    assert chen.presses("确认换届") == ["大里村书记已换为李新。\n李新还没有绑定账号；绑定后会马上收到交接说明。"]


def test_the_name_is_asked_for_when_it_was_left_out(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("换届 大里村") == ["大里村的新书记是哪位？请发姓名，手机可以写在后面。"]
    assert zhou.says("刘新明 138") == ["“138”不像手机号，请改好再发，或不写手机。"]
    assert zhou.says("刘新明 13800000001") == [CARD]


def test_an_answer_that_is_no_yes_changes_nothing(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("换届 大里村 刘新明")
    assert zhou.says("再想想") == ["没错就点“确认换届”，不换就发“取消”。"]
    assert zhou.says("取消") == ["好的，刚才的填写已取消，没有保存。"]
    assert world.personas["王芳"].says("我是谁")[0].startswith("姓名：王芳\n职务：大里村 书记")


def test_the_serving_secretary_is_no_successor(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("换届 大里村 王芳")
    assert zhou.presses("是王芳（大里村 书记）") == ["王芳已经是大里村书记。"]


def test_a_vacant_post_is_filled(world: World) -> None:
    world.unit("新河村", "village", "枫杨办事处")
    assert "原书记：空缺\n" in world.personas["陈立"].says("换届 新河村 刘新明")[0]
    world.personas["陈立"].presses("确认换届")
    assert world.personas["陈立"].says("换届 新河村 刘新明")[0].startswith("名册里已经有叫刘新明的")


@pytest.mark.parametrize("words", ["换届 欢河村 刘新明", "换届 石佛办事处 刘新明"])
def test_an_office_hands_over_its_own_units_only(world: World, words: str) -> None:
    [answer] = world.personas["陈立"].says(words)
    assert answer.startswith(f"您管理的范围里没有“{words.split()[1]}”。")


def test_a_unit_is_not_reached_by_its_number_either(world: World) -> None:
    number = world.units["欢河村"]
    assert world.personas["陈立"].says(f"handover u{number} 刘新明") == [f"您管理的范围里没有“u{number}”。"]


def test_who_lost_the_office_cannot_confirm_any_more(world: World) -> None:
    chen = world.personas["陈立"]
    chen.says("换届 大里村 刘新明")
    with world.database.transaction() as tx:
        role = Role.OFFICE_ADMINISTRATOR
        people.release(tx, person_id=chen.id, unit_id=world.units["枫杨办事处"], role=role, now=world.now)
    assert chen.presses("确认换届") == ["您管理的范围里没有“大里村”。"]


@pytest.mark.parametrize("name", ["王芳", "吴评"])
def test_secretaries_and_judges_hand_nothing_over(world: World, name: str) -> None:
    assert world.personas[name].says("换届 大里村 刘新明") == [
        "“换届”由办事处管理员、组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    ]


def test_villages_of_the_same_name_are_told_apart(world: World) -> None:
    world.unit("南流村二", "village", "枫杨办事处")
    with world.database.transaction() as tx:
        twin = next(unit for unit in roster.known_units(tx) if unit.name == "南流村二")
        roster.change_units(tx, [replace(twin, name="南流村")])
    zhou = world.personas["周敏"]
    [question] = zhou.says("换届 南流村 刘新明")
    assert question == "有不止一个“南流村”，是哪一个？\n[石佛办事处 南流村]\n[枫杨办事处 南流村]"
    assert "原书记：钱红" in zhou.presses("石佛办事处 南流村")[0]
    assert "原书记：空缺" in zhou.says("换届 枫杨/南流村 刘新明")[0]
    assert (
        world.personas["陈立"].says("换届 南流村 刘新明")[0].startswith("请核对换届\n单位：南流村\n原书记：空缺")
    )


# --- taking it back ---------------------------------------------------------------------------------------


def test_a_handover_can_be_taken_back(world: World) -> None:
    chen = world.personas["陈立"]
    hand_over(world)
    code = CODE.search(chen.presses("发绑定码")[0])
    assert code is not None
    world.personas["王芳"].heard()
    assert chen.says("撤销") == ["已撤销：大里村书记换为刘新明"]
    assert world.personas["王芳"].heard() == ["刚才的换届已撤销，您仍是大里村书记。"]
    assert world.personas["王芳"].says("我是谁")[0].startswith("姓名：王芳\n职务：大里村 书记")
    # Who was entered by mistake is gone, and so is the code.
    assert world.stranger("刘新明").says(f"绑定 {code.group()}")[0].startswith("这个码不能用")
    assert chen.says("绑定码 刘新明") == ["您管理的范围里没有“刘新明”。"]
    assert chen.says("换届 大里村 刘新明 13800000001") == [CARD]


def test_a_successor_who_has_acted_stays(world: World) -> None:
    chen = world.personas["陈立"]
    hand_over(world)
    code = CODE.search(chen.presses("发绑定码")[0])
    assert code is not None
    liu = world.stranger("刘新明")
    liu.says(f"绑定 {code.group()}")
    liu.says("承诺 硬化村内道路2公里 12月底前")
    liu.presses("提交")
    chen.heard()
    assert chen.says("撤销") == ["新书记已经为大里村办过事，不能撤销。请用“换届”改回来。"]


def test_a_handover_after_the_handover_is_not_overridden(world: World) -> None:
    hand_over(world)
    world.wait(minutes=1)
    hand_over(world, "周敏", "换届 大里村 郑新")
    assert world.personas["陈立"].says("撤销") == ["这之后职务又有变动，不能撤销。请用“换届”改回来。"]
    assert world.personas["周敏"].says("撤销") == ["已撤销：大里村书记换为郑新"]
