"""One message, one transaction: what is kept, what is undone, what is answered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.chat.arguments import Item, Rest, Word
from bot.chat.commands import Place, Registry, Section
from bot.chat.errors import UserError
from bot.chat.messages import Button, ChatKind, ChatRef, Inbound, Reply, Sender, ToGroup, ToPerson, say
from bot.chat.people import Role
from bot.chat.ports import Outcome
from bot.chat.texts import T
from bot.dispatch import Dispatcher
from handlers import Ctx
from handlers.general.commands import registry as general
from storage import facts, incidents
from storage.database import Database
from storage.tables import inbox, outbox
from tests.world import MORNING, ZONE, World, small_district


class Switch:
    """A fault that can be mended."""

    broken = True


@pytest.fixture
def trial(database: Database, tmp_path: Path) -> World:
    """The small district with a few commands that show how the engine treats a handler."""
    registry = Registry()
    registry.include(general)

    def declare(name: str, ascii_name: str, **more: object):  # type: ignore[no-untyped-def]
        return registry.command(name, ascii=ascii_name, section=Section.GENERAL, help=T("试"), **more)

    @declare("存", "store", args=(Word("word", T("内容")),), examples=("存 甲",))
    def store(ctx: Ctx, word: str) -> Reply:
        facts.put(ctx.tx, "kept", word)
        if word == "不行":
            raise UserError(T("这个存不了，请换一个。"))
        if word == "坏" and Switch.broken:
            raise ZeroDivisionError("broken")
        return say(T("存好了：{word}", word=word))

    @declare("第几", "which", args=(Item("item", T("第几项")), Rest("rest", T("说明"), optional=True)))
    def which(ctx: Ctx, item: int, rest: str | None) -> Reply:
        return say(f"{item}|{rest}")

    @declare("私事", "secret", place=Place.PRIVATE)
    def secret(ctx: Ctx) -> Reply:
        ctx.ask("trial.name")
        return say(T("叫什么？"), buttons=((ctx.choice(T("甲"), "甲"),),))

    @registry.dialogue("trial.name")
    def name(ctx: Ctx, data: dict[str, object], said: object) -> Reply:
        if said.text == "错":  # type: ignore[attr-defined]
            raise UserError(T("不对，再说一遍。"))
        return say(T("叫{name}", name=said.text), replace=True)  # type: ignore[attr-defined]

    @declare("广播", "cast", roles=(Role.ORGANIZER,), args=(Rest("words", T("内容")),))
    def cast(ctx: Ctx, words: str) -> list[Reply]:
        group = say(words, to=ToGroup(trial_world.units["枫杨办事处"]), key="cast:1")
        person = say(words, to=ToPerson(trial_world.personas["王芳"].id), buttons=((Button(T("好"), "帮助"),),))
        return [say(T("发了")), group, person]

    Switch.broken = True
    trial_world = small_district(World(database, tmp_path / "files", registry=registry))
    return trial_world


def message(world: World, text: str, *, message_id: str = "x1") -> Inbound:
    wang = world.personas["王芳"]
    chat = ChatRef("test", f"private:{wang.account}", ChatKind.PRIVATE)
    return Inbound(message_id, chat, Sender(wang.account, wang.name), text, MORNING, addressed=True)


def test_a_redelivered_message_answers_nothing_new(trial: World) -> None:
    assert trial.deliver(message(trial, "存 甲")).outcome is Outcome.ANSWERED
    assert trial.personas["王芳"].heard() == ["存好了：甲"]
    assert trial.deliver(message(trial, "存 甲")).outcome is Outcome.DUPLICATE
    assert trial.personas["王芳"].heard() == []


def test_a_user_error_undoes_the_handlers_work_but_not_the_message(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("存 甲")
    assert wang.says("存 不行") == ["这个存不了，请换一个。"]
    with trial.database.transaction() as tx:
        assert facts.get(tx, "kept") == "甲"
        assert tx.scalar(select(func.count()).select_from(inbox)) == 2


def test_a_bug_becomes_an_incident_that_can_be_replayed(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("存 甲")
    [answer] = wang.says("存 坏")
    assert answer == "程序在这里出了错，已记为事件1。您的原话已经保存，不用重发；修好后会补办。"
    with trial.database.transaction() as tx:
        assert facts.get(tx, "kept") == "甲"
        incident = incidents.find(tx, 1)
        assert incident is not None
        assert incident.message["text"] == "存 坏"
        assert incident.error == "ZeroDivisionError: broken"
        assert "raise ZeroDivisionError" in incident.traceback

    with trial.database.transaction() as tx:
        again = trial.dispatcher.replay(tx, incident, trial.now)
    assert again.outcome is Outcome.FAILED
    assert again.incident == 2
    trial.collect()
    assert wang.heard() == ["程序在这里出了错，已记为事件2。您的原话已经保存，不用重发；修好后会补办。"]

    Switch.broken = False
    trial.wait(minutes=1)
    with trial.database.transaction() as tx:
        assert trial.dispatcher.replay(tx, incident, trial.now).outcome is Outcome.ANSWERED
        mended = incidents.find(tx, 1)
        assert mended is not None
        assert mended.state == "replayed"
    trial.collect()
    assert wang.heard() == ["存好了：坏"]


def test_what_is_missing_is_named_with_an_example(trial: World) -> None:
    assert trial.personas["王芳"].says("存") == ["还差“内容”。这样发：存 <内容>　例如：存 甲"]


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("第几2 说明", "2|说明"),
        ("第几第2项，说明", "2|说明"),
        ("第几 ２", "2|None"),
        ("/which 2号说明", "2|说明"),
        ("@亮赛比 第几二项说明", "2|说明"),
    ],
)
def test_arguments_are_read_tolerantly(trial: World, text: str, answer: str) -> None:
    assert trial.personas["王芳"].says(text) == [answer]


def test_permission_is_refused_with_who_may(trial: World) -> None:
    assert trial.personas["王芳"].says("广播 大家好") == [
        "“广播”由组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    ]
    assert trial.heard("枫杨办事处") == []


def test_a_broadcast_reaches_group_and_person_and_its_key_only_once(trial: World) -> None:
    zhou = trial.personas["周敏"]
    assert zhou.says("广播 大家好") == ["发了"]
    assert trial.heard("枫杨办事处") == ["大家好"]
    assert trial.personas["王芳"].heard() == ["大家好\n[好]"]
    zhou.says("广播 大家好")
    assert trial.heard("枫杨办事处") == []


def test_a_private_matter_asked_in_a_group_is_answered_privately(trial: World) -> None:
    wang = trial.personas["王芳"]
    assert wang.says("私事", group="枫杨办事处") == []
    assert wang.heard() == ["叫什么？\n[甲]"]
    assert wang.says("芳") == ["叫芳"]


def test_a_dialogue_survives_an_error_ends_with_its_answer_and_expires(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("私事")
    assert wang.says("错") == ["不对，再说一遍。"]
    assert wang.says("芳") == ["叫芳"]
    assert wang.says("芳")[0].startswith("没看懂这句话。")
    wang.says("私事")
    trial.wait(minutes=trial.policy.dialogues.expire_minutes + 1)
    assert wang.says("芳")[0].startswith("没看懂这句话。")


def test_cancel_ends_the_dialogue(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("私事")
    assert wang.says("取消") == ["好的，刚才的填写已取消，没有保存。"]
    assert wang.says("取消") == ["现在没有正在填写的内容。"]


def test_a_pressed_button_edits_its_message_and_goes_stale(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("私事")
    assert wang.presses("甲") == ["叫甲"]
    with trial.database.transaction() as tx:
        assert tx.scalar(select(outbox.c.replaces).order_by(outbox.c.id.desc()).limit(1)) is not None
    assert wang.presses("甲") == ["这个按钮对应的事已经办完或过期了。需要的话，请重新发一遍。"]


def test_a_command_in_the_middle_of_a_dialogue_is_a_command(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("私事")
    assert wang.says("存 甲") == ["存好了：甲"]
    assert wang.says("芳") == ["叫芳"]


def test_the_command_in_the_group_must_be_plain(trial: World) -> None:
    wang = trial.personas["王芳"]
    assert wang.says("存款利息不高", group="枫杨办事处") == []
    assert wang.says("存，不存都行", group="枫杨办事处") == []
    assert wang.says("存 甲", group="枫杨办事处") == ["存好了：甲"]
    assert wang.says("@亮赛比 存甲", group="枫杨办事处", addressed=True) == ["存好了：甲"]


def test_a_question_is_still_asked_after_a_restart(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("私事")
    trial.dispatcher = Dispatcher(
        registry=trial.registry, renderer=trial.renderer, policy=trial.policy, files=trial.files, zone=ZONE
    )
    assert wang.presses("甲") == ["叫甲"]


def test_typing_what_a_button_says_is_pressing_it(trial: World) -> None:
    wang = trial.personas["王芳"]
    wang.says("语言 English")
    wang.says("私事")
    assert wang.says(" 甲。") == ["叫甲"]


def test_the_group_is_not_disturbed_by_everyday_words(trial: World) -> None:
    zhou, wang = trial.personas["周敏"], trial.personas["王芳"]
    for words in ("你好", "您好", "帮助", "取消", "算了", "语言", "存", "@王芳 存 甲", "广播 通知"):
        assert wang.says(words, group="枫杨办事处") == [], words
    # What cannot be done is said to the one who tried, not to the group.
    assert wang.heard() == ["还差“内容”。这样发：存 <内容>　例如：存 甲"]
    assert trial.heard("石佛办事处") == []
    assert wang.says("/取消", group="枫杨办事处") == ["现在没有正在填写的内容。"]
    assert wang.says("@亮赛比 取消", group="枫杨办事处", addressed=True) == ["现在没有正在填写的内容。"]
    assert zhou.says("@亮赛比 存 不行", group="枫杨办事处", addressed=True) == ["这个存不了，请换一个。"]


def test_help_asked_in_a_group_is_given_privately(trial: World) -> None:
    wang = trial.personas["王芳"]
    assert wang.says("/help", group="枫杨办事处") == []
    assert wang.heard()[0].startswith("您可以这样说")


def test_a_duplicate_name_fails_at_start() -> None:
    registry = Registry()
    registry.include(general)
    with pytest.raises(ValueError, match="撤销"):
        registry.command("撤销", ascii="other", section=Section.GENERAL, help=T("试"))(lambda ctx: None)
    with pytest.raises(ValueError, match="no ASCII"):
        registry.command("新", ascii="新", section=Section.GENERAL, help=T("试"))(lambda ctx: None)


def test_a_new_message_with_the_same_words_is_new(trial: World) -> None:
    first = message(trial, "存 甲")
    trial.deliver(first)
    assert trial.deliver(replace(first, id="x2")).outcome is Outcome.ANSWERED
