"""投递: nothing is lost from sight, and who may see what."""

from __future__ import annotations

from sqlalchemy import select, update

from bot.chat.messages import ChatKind, ChatRef
from bot.posting import Postman
from handlers.announcements.alarms import not_delivered
from storage import accounts, parking
from storage.tables import outbox
from tests.world import ZONE, World


def fails(world: World, chat_id: int, error: str, state: str = "failed") -> int:
    """The newest message of a chat did not arrive; its number."""
    with world.database.transaction() as tx:
        number: int = tx.scalar(
            select(outbox.c.id).where(outbox.c.chat_id == chat_id).order_by(outbox.c.id.desc())
        )
        tx.execute(update(outbox).where(outbox.c.id != number, outbox.c.state == "waiting").values(state="sent"))
        tx.execute(update(outbox).where(outbox.c.id == number).values(state=state, error=error))
    return number


def announced(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("通报 周五前核对承诺进度")
    zhou.presses("发送")


def test_the_organizer_sees_what_did_not_arrive_and_sends_it_again(world: World) -> None:
    zhou = world.personas["周敏"]
    announced(world)
    number = fails(world, world.groups["枫杨办事处"], "timed out", "unknown")
    [shown] = zhou.says("投递")
    assert shown.startswith("最近3天的投递\n已送到平台：")
    assert "不确定送到没有：1条" in shown
    assert (
        f"{number}号 3月22日 09:00 给枫杨办事处工作群的「通报 周五前核对承诺进度 高新区　周敏」："
        "平台没有及时答复，可能已经送到，没有自动重发"
    ) in shown
    assert zhou.presses(f"重发{number}号") == [f"{number}号正在重发。"]
    with world.database.transaction() as tx:
        assert tx.scalar(select(outbox.c.state).where(outbox.c.id == number)) == "waiting"
    assert zhou.says(f"重发 {number}") == [f"没有没发成的{number}号消息。发“投递”看看有哪些。"]


def test_what_is_not_wanted_any_more_is_dropped(world: World) -> None:
    zhou = world.personas["周敏"]
    announced(world)
    number = fails(world, world.groups["枫杨办事处"], "Bad Request: something odd")
    [shown] = zhou.says("投递")
    assert "平台说：Bad Request: something odd" in shown
    assert zhou.presses(f"不发{number}号") == [f"{number}号不再发送。"]
    [shown] = zhou.says("投递")
    assert "不再发的：1条" in shown
    assert "没有没发到的。" in shown


def test_an_office_sees_its_own_alone(world: World) -> None:
    announced(world)
    number = fails(world, world.groups["枫杨办事处"], "blocked")
    assert f"{number}号" in world.personas["陈立"].says("投递")[0]
    [other] = world.personas["孙洁"].says("投递")
    assert f"{number}号" not in other
    assert world.personas["孙洁"].says(f"重发 {number}") == [f"没有没发成的{number}号消息。发“投递”看看有哪些。"]


def test_who_cannot_be_reached_is_shown_once_with_what_waits_and_it_follows_to_a_new_group(world: World) -> None:
    zhou = world.personas["周敏"]
    group = world.groups["枫杨办事处"]
    with world.database.transaction() as tx:
        parking.park(tx, group, why="Forbidden: bot was kicked from the group chat", now=world.now)
    for _ in range(2):
        announced(world)
    [shown] = zhou.says("投递")
    assert shown.count("枫杨办事处工作群：机器人不在群里了，请把它重新拉进群（2条在等）") == 1
    assert "联系不上，等恢复：2条" in shown
    with world.database.transaction() as tx:
        parking.follow_unit(tx, world.units["枫杨办事处"], into=world.groups["高新区"], now=world.now)
        rows = tx.all(select(outbox.c.state).where(outbox.c.chat_id == world.groups["高新区"]))
    assert [row.state for row in rows] == ["waiting", "waiting"]
    [shown] = zhou.says("投递")
    assert "（0条在等）" in shown


def test_the_organizers_are_told_once_a_day_that_a_chat_cannot_be_reached(world: World) -> None:
    zhou = world.personas["周敏"]
    group = world.groups["枫杨办事处"]
    for _ in range(2):
        with world.database.transaction() as tx:
            told = not_delivered(tx, group, None, "Forbidden: bot was kicked", world.now)
            Postman(world.renderer, home=None, zone=ZONE).send(tx, told, now=world.now)
    world.collect()
    assert zhou.heard() == [
        "“枫杨办事处工作群”联系不上了：机器人不在群里了，请把它重新拉进群。"
        "发给它的消息先留着，恢复或重新绑定后补发。\n[看投递]"
    ]


def test_binding_another_group_takes_along_what_waited_for_the_old_one(world: World) -> None:
    with world.database.transaction() as tx:
        parking.park(tx, world.groups["枫杨办事处"], why="gone", now=world.now)
    announced(world)
    chen = world.personas["陈立"]
    with world.database.transaction() as tx:
        new = accounts.chat_for(tx, ChatRef("test", "group:新群", ChatKind.GROUP, "新群工作群"), now=world.now)
    world.groups["新群"] = new.id
    chen.says("绑群 枫杨办事处", group="新群")
    with world.database.transaction() as tx:
        rows = tx.all(select(outbox.c.chat_id).where(outbox.c.announcement_id == 1).order_by(outbox.c.id))
    assert [row.chat_id for row in rows] == [new.id, world.groups["石佛办事处"]]
