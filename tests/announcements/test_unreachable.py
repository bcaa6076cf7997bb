"""投递 失联: who cannot be reached, why in plain words, and what to do about it."""

from __future__ import annotations

from sqlalchemy import update

from bot.chat.messages import ChatKind, ChatRef, Notice, NoticeKind, Sender
from bot.chat.people import Role
from storage import parking, people
from storage.tables import accounts as account_table
from storage.tables import chats
from tests.world import World


def on_the_roster_only(world: World, name: str, unit: str, role: Role = Role.SECRETARY) -> None:
    """Somebody who has never tied an account."""
    with world.database.transaction() as tx:
        person = people.add(tx, name=name, now=world.now)
        people.appoint(tx, person_id=person, unit_id=world.units[unit], role=role, now=world.now)


def in_trouble(world: World) -> None:
    """One has never bound, one has blocked the bot, one is only known from a group, one's account is deleted."""
    on_the_roster_only(world, "刘新", "大里村")
    on_the_roster_only(world, "马强", "欢河村")
    li = world.personas["李建国"]
    ref = ChatRef("test", f"private:{li.account}", ChatKind.PRIVATE)
    with world.database.transaction() as tx:
        notice = Notice("b1", ref, NoticeKind.BLOCKED, world.now, Sender(li.account, li.name))
        world.dispatcher.process(tx, notice, world.now)
        zhao = account_table.c.person_id == world.personas["赵强"].id
        tx.execute(update(account_table).where(zhao).values(private_chat_id=None))
        why = "Forbidden: user is deactivated"
        parking.park(tx, world.personas["吴评"].chat_id, why=why, now=world.now)


def test_everybody_can_be_reached(world: World) -> None:
    assert world.personas["周敏"].says("投递 失联") == ["联系不上的人：0人（共16人）\n都联系得上。"]


def test_the_organizer_sees_who_why_and_what_to_do(world: World) -> None:
    in_trouble(world)
    assert world.personas["周敏"].says("投递 失联") == [
        "联系不上的人：5人（共18人）\n"
        "2人：大里村刘新、欢河村马强\n"
        "还没有绑定：把绑定码给本人，在私聊里发给机器人就行\n"
        "1人：枫杨办事处吴评\n"
        "对方的账号已注销，请对方用新账号重新绑定\n"
        "1人：公园道社区李建国\n"
        "对方停用了机器人，请对方重新打开和机器人的聊天\n"
        "1人：欢河村赵强\n"
        "绑定了，但没有私聊过机器人：请本人打开机器人（群里点“私聊我”）发一句话\n"
        "[发绑定码]"
    ]


def test_an_office_sees_its_own_people_alone(world: World) -> None:
    in_trouble(world)
    chen, sun = world.personas["陈立"], world.personas["孙洁"]
    assert [line for line in chen.says("投递 失联")[0].split("\n") if line.startswith("1人：")] == [
        "1人：枫杨办事处吴评",
        "1人：大里村刘新",
        "1人：公园道社区李建国",
    ]
    assert [line for line in sun.says("投递 失联")[0].split("\n") if line.startswith("1人：")] == [
        "1人：欢河村赵强",
        "1人：欢河村马强",
    ]
    assert sun.says("投递 失联 大里村")[0].startswith("您管理的范围里没有“大里村”。")
    assert world.personas["王芳"].says("投递 失联")[0].startswith("“投递”由")


def test_one_unit_is_looked_at_by_name(world: World) -> None:
    in_trouble(world)
    assert world.personas["周敏"].says("投递 联系不上 大里") == [
        "大里村：联系不上的人：1人（共2人）\n1人：大里村刘新\n"
        "还没有绑定：把绑定码给本人，在私聊里发给机器人就行\n[发绑定码]"
    ]


def test_who_is_back_or_has_a_second_account_is_not_missed(world: World) -> None:
    in_trouble(world)
    world.personas["李建国"].says("帮助")
    world.personas["赵强"].says("帮助")
    assert world.personas["周敏"].says("投递 失联")[0].startswith("联系不上的人：3人（共18人）\n")


def test_groups_that_cannot_be_reached_are_told_with_what_to_do(world: World) -> None:
    with world.database.transaction() as tx:
        why = "Forbidden: bot was kicked from the supergroup chat"
        parking.park(tx, world.groups["枫杨办事处"], why=why, now=world.now)
        mine = chats.c.id == world.groups["石佛办事处"]
        tx.execute(update(chats).where(mine).values(unit_id=None))
    expected = [
        "联系不上的群",
        "枫杨办事处工作群：机器人不在群里了，请把它重新拉进群",
        "没有工作群：石佛办事处",
        "把机器人拉进群，在群里点“绑定本群”。",
    ]
    assert world.personas["周敏"].says("投递 失联")[0].split("\n")[1:] == expected
    assert world.personas["陈立"].says("投递 失联")[0].split("\n")[1:] == expected[:2]


def test_a_long_list_says_how_many_more_and_how_to_see_them(world: World) -> None:
    for number in range(33):
        on_the_roster_only(world, f"新人{number}", "大里村")
    [shown] = world.personas["周敏"].says("投递 失联")
    assert "\n33人：大里村新人0、大里村新人1、" in shown
    assert "大里村新人29等33人\n" in shown
    assert "\n只看一个单位：投递 失联 单位名称\n" in shown


def test_it_is_offered_with_deliveries_and_with_the_roster(world: World) -> None:
    zhou = world.personas["周敏"]
    for words in ("投递", "名册"):
        assert zhou.says(words)[-1].endswith("[谁联系不上]")
        assert zhou.presses("谁联系不上")[0].startswith("联系不上的人：")
    assert zhou.says("投递 最近7天")[0].startswith("最近7天的投递")


def test_it_is_said_in_english_too(world: World) -> None:
    in_trouble(world)
    zhou = world.personas["周敏"]
    zhou.says("语言 English")
    [shown] = zhou.says("/delivery unreachable")
    assert shown.startswith(
        "Cannot be reached: 5 of 18 people\n2 people: 大里村刘新 and 欢河村马强\nNot bound yet: "
    )
