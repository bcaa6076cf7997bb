"""What happens to chats without anybody writing, and what people change in what they wrote."""

from __future__ import annotations

import itertools
from dataclasses import replace

from sqlalchemy import select

from bot.chat.messages import ChatKind, ChatRef, Inbound, Notice, NoticeKind, Sender
from bot.chat.ports import Outcome
from storage import accounts
from storage.tables import chats, dialogues, outbox
from tests.roster.talk import new_group
from tests.world import World

_ids = itertools.count(1)


def notice(world: World, kind: NoticeKind, group: str, **more: object) -> Notice:
    chat = ChatRef("test", f"group:{group}", ChatKind.GROUP, f"{group}工作群")
    made = Notice(f"n{next(_ids)}", chat, kind, world.now)
    return replace(made, **more)  # type: ignore[arg-type]


def happens(world: World, came: Notice) -> Outcome:
    with world.database.transaction() as tx:
        done = world.dispatcher.process(tx, came, world.now)
    world.collect()
    return done.outcome


def test_a_group_is_greeted_once_and_told_who_may_bind_it(world: World) -> None:
    new_group(world, "新群")
    added = notice(world, NoticeKind.ADDED, "新群", hears_all=False)
    assert happens(world, added) is Outcome.ANSWERED
    assert happens(world, added) is Outcome.DUPLICATE
    happens(world, notice(world, NoticeKind.ADDED, "新群"))
    assert world.heard("新群") == [
        "大家好，我是亮赛比机器人\n"
        "请组织者或办事处管理员点“绑定本群”，告诉我本群归哪个单位；也可以发：/bindgroup 单位名称\n"
        "绑定以后，通报和成绩会发到这里。报进度、打分等请私聊我，要先在私聊里绑定身份。\n"
        "在本群我只看得到“/”开头的命令、对我的回复和按钮，例如 /help。"
        "想让我也听懂直接说的话，请群主把我设为管理员。\n"
        "[绑定本群] [私聊我]"
    ]


def test_a_group_that_is_bound_is_not_told_how_to_bind(world: World) -> None:
    happens(world, notice(world, NoticeKind.ADDED, "枫杨办事处"))
    assert world.heard("枫杨办事处") == ["我回来了。本群仍是枫杨办事处的工作群。"]


def test_put_out_of_a_group_the_keepers_are_told_once_and_nothing_more_goes_there(world: World) -> None:
    assert happens(world, notice(world, NoticeKind.REMOVED, "枫杨办事处")) is Outcome.ANSWERED
    happens(world, notice(world, NoticeKind.REMOVED, "枫杨办事处"))
    told = "机器人不在“枫杨办事处工作群”里了，枫杨办事处的通报不会再发到那里。要恢复，请把机器人重新拉进群。"
    assert world.personas["陈立"].heard() == [told]
    with world.database.transaction() as tx:
        [group] = accounts.reach_groups(tx, [world.units["枫杨办事处"]])[world.units["枫杨办事处"]]
        assert group.parked
    happens(world, notice(world, NoticeKind.ADDED, "枫杨办事处"))
    with world.database.transaction() as tx:
        [group] = accounts.reach_groups(tx, [world.units["枫杨办事处"]])[world.units["枫杨办事处"]]
        assert not group.parked


def test_put_out_of_a_group_whose_topic_was_bound_the_keepers_are_told_too(world: World) -> None:
    new_group(world, "大群/10")
    world.personas["孙洁"].says("绑群 石佛办事处", group="大群/10")
    happens(world, notice(world, NoticeKind.REMOVED, "大群"))
    assert world.personas["孙洁"].heard() == [
        "机器人不在“大群/10工作群”里了，石佛办事处的通报不会再发到那里。要恢复，请把机器人重新拉进群。"
    ]
    with world.database.transaction() as tx:
        assert accounts.chat(tx, world.groups["大群/10"]).state == "parked"
    happens(world, notice(world, NoticeKind.ADDED, "大群"))
    with world.database.transaction() as tx:
        assert accounts.chat(tx, world.groups["大群/10"]).state == "active"


def test_put_out_of_a_group_without_a_unit_nobody_is_told(world: World) -> None:
    new_group(world, "新群")
    assert happens(world, notice(world, NoticeKind.REMOVED, "新群")) is Outcome.NOTED


def test_whoever_writes_in_a_parked_chat_wakes_it(world: World) -> None:
    happens(world, notice(world, NoticeKind.REMOVED, "枫杨办事处"))
    world.personas["陈立"].says("/帮助 语言", group="枫杨办事处")
    with world.database.transaction() as tx:
        assert accounts.chat(tx, world.groups["枫杨办事处"]).state == "active"


def test_a_moved_group_keeps_its_unit_its_questions_and_what_waits_for_it(world: World) -> None:
    chen, group = world.personas["陈立"], "枫杨办事处"
    chen.says("绑群 高新区", group=group)
    chat_id = world.groups[group]
    # Somebody was quicker and wrote under the new id already.
    new = ChatRef("test", "group:-1001", ChatKind.GROUP, "枫杨办事处工作群")
    early = Inbound("early", new, Sender(chen.account, chen.name), "/绑群", world.now, addressed=True)
    world.deliver(early)
    assert happens(world, notice(world, NoticeKind.MOVED, group, moved_to="group:-1001")) is Outcome.NOTED
    with world.database.transaction() as tx:
        moved = accounts.chat_called(tx, "test", "group:-1001")
        assert moved is not None
        assert (moved.id, moved.unit_id) == (chat_id, world.units[group])
        assert accounts.chat_called(tx, "test", f"group:{group}") is None
        assert len(tx.all(select(chats.c.id).where(chats.c.external_id == "group:-1001"))) == 1
        assert {row.chat_id for row in tx.all(select(outbox.c.chat_id))} == {chat_id}
        assert len(tx.all(select(dialogues.c.id).where(dialogues.c.chat_id == chat_id))) <= 1


def test_a_group_that_was_bound_only_after_it_moved_keeps_that(world: World) -> None:
    new_group(world, "旧群")
    new = ChatRef("test", "group:-1002", ChatKind.GROUP, "新群")
    chen = world.personas["陈立"]
    sender = Sender(chen.account, chen.name)
    world.deliver(Inbound("bind", new, sender, "/绑群 枫杨办事处", world.now, addressed=True))
    happens(world, notice(world, NoticeKind.MOVED, "旧群", moved_to="group:-1002"))
    with world.database.transaction() as tx:
        assert accounts.chat(tx, world.groups["旧群"]).unit_id == world.units["枫杨办事处"]


def test_a_group_that_was_never_heard_of_can_move(world: World) -> None:
    happens(world, notice(world, NoticeKind.MOVED, "无名", moved_to="group:-1003"))
    with world.database.transaction() as tx:
        assert accounts.chat_called(tx, "test", "group:-1003") is not None
        assert accounts.chat_called(tx, "test", "group:无名") is None


def test_who_blocked_the_bot_cannot_be_reached_until_they_are_back(world: World) -> None:
    wang = world.personas["王芳"]
    chat = ChatRef("test", f"private:{wang.account}", ChatKind.PRIVATE)
    sender = Sender(wang.account, wang.name)
    happens(world, replace(notice(world, NoticeKind.BLOCKED, ""), chat=chat, sender=sender))
    with world.database.transaction() as tx:
        assert accounts.reach_people(tx, [wang.id], now=world.now)[wang.id].parked
    happens(world, replace(notice(world, NoticeKind.UNBLOCKED, ""), chat=chat, sender=sender))
    with world.database.transaction() as tx:
        assert not accounts.reach_people(tx, [wang.id], now=world.now)[wang.id].parked


def test_a_stranger_who_opens_the_chat_is_welcomed_once_a_day_and_others_are_left_in_peace(world: World) -> None:
    stranger = world.stranger("路人")
    chat = ChatRef("test", f"private:{stranger.account}", ChatKind.PRIVATE)
    entered = replace(
        notice(world, NoticeKind.ENTERED, ""), chat=chat, sender=Sender(stranger.account, stranger.name)
    )
    happens(world, entered)
    happens(world, replace(entered, id="again"))
    assert stranger.heard() == [
        "您好，我是亮赛比机器人\n请先绑定身份：把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"
    ]
    wang = world.personas["王芳"]
    chat = ChatRef("test", f"private:{wang.account}", ChatKind.PRIVATE)
    happens(world, replace(entered, id="wang", chat=chat, sender=Sender(wang.account, wang.name)))
    assert wang.heard() == []


def test_anonymous_administrators_are_asked_to_write_as_themselves(world: World) -> None:
    happens(world, notice(world, NoticeKind.ANONYMOUS, "枫杨办事处"))
    happens(world, notice(world, NoticeKind.ANONYMOUS, "枫杨办事处"))
    assert world.heard("枫杨办事处") == [
        "您是以群的名义匿名发言的，我分不清是谁。请在群设置里关掉“匿名”，或私聊我。\n[私聊我]"
    ]


def test_a_file_that_the_platform_keeps_for_itself_is_told(world: World) -> None:
    wang = world.personas["王芳"]
    chat = ChatRef("test", f"private:{wang.account}", ChatKind.PRIVATE)
    world.deliver(
        Inbound(
            "big",
            chat,
            Sender(wang.account, wang.name),
            "帮助 语言",
            world.now,
            addressed=True,
            unfetched=("录像.mp4",),
        )
    )
    assert wang.heard()[-1] == "“录像.mp4”太大，平台不让我取，没有收到。请发小一点的，或当面交给办事处。"


def test_a_button_that_is_not_for_whoever_presses_it_is_refused_privately(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says("bindgroup", group="枫杨办事处", addressed=True, pressed_message="sent1") == []
    assert wang.heard() == ["“绑群”由办事处管理员、组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"]
