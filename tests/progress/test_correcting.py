"""Edited messages: a report is corrected by editing its message; nothing else changes behind anybody's back."""

from __future__ import annotations

import itertools

import pytest

from bot.chat.messages import Attachment, ChatKind, ChatRef, Inbound, Sender
from bot.chat.ports import Outcome
from storage import evidence, reports
from storage.reports import Review
from tests.progress.promises import ALL, publish
from tests.progress.test_reporting import standing
from tests.world import World

_numbers = itertools.count(100)


class Phone:
    """王芳's telephone: messages that can be edited."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wang = world.personas["王芳"]
        self.chat = ChatRef("test", f"private:{self.wang.account}", ChatKind.PRIVATE)

    def says(self, text: str, *, photo: bool = False) -> tuple[str, list[str]]:
        """The message's id and the answers."""
        number = str(next(_numbers))
        files: tuple[Attachment, ...] = ()
        if photo:
            data = f"photo {number}".encode()
            files = (Attachment(self.world.files.put(data), "照片.jpg", "image/jpeg", len(data)),)
        self._deliver(f"t{number}", text, number, files=files)
        return f"t{number}", self.wang.heard()

    def edits(self, message: str, text: str) -> list[str]:
        self._deliver(f"{message}:edit{next(_numbers)}", text, message[1:], edits=message)
        return self.wang.heard()

    def _deliver(
        self, name: str, text: str, number: str, *, edits: str | None = None, files: tuple[Attachment, ...] = ()
    ) -> None:
        self.world.deliver(
            Inbound(
                name,
                self.chat,
                Sender(self.wang.account, self.wang.name),
                text,
                self.world.now,
                files,
                addressed=True,
                message=number,
                edits=edits,
            )
        )


@pytest.fixture
def phone(world: World) -> Phone:
    publish(world, "大里村", *ALL)
    return Phone(world)


def test_an_edited_report_is_corrected_and_shown_as_a_correction(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    assert phone.edits(message, "进度 2 69盏") == [
        "已更正：第2项 69盏（57%）\n原来：第2项 96盏（80%）\n2. 安装路灯120盏 ▰▰▰▰▰▱▱▱▱▱ 57% 🟢绿灯 超进度\n[撤销]"
    ]
    assert standing(world, 2) == ("0.575", "69", "None")
    with world.database.transaction() as tx:
        assert [r.state for r in reports.history(tx, 2)] == [Review.REPORTED, Review.WITHDRAWN]


def test_it_can_be_corrected_again_and_taken_back(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "进度 2 69盏")
    assert phone.edits(message, "进度 2 70盏")[0].startswith(
        "已更正：第2项 70盏（58%）\n原来：第2项 69盏（57%）\n"
    )
    assert phone.wang.says("撤销") == ["已撤销：第2项 70盏（58%）"]
    assert standing(world, 2) == ("None", "None", "None")


def test_free_words_that_were_confirmed_by_a_button_are_corrected_too(world: World, phone: Phone) -> None:
    message, [card] = phone.says("路灯装了36盏，还剩84盏")
    assert card.startswith("请核对这项进度")
    phone.wang.presses("确认")
    assert phone.edits(message, "路灯装了46盏，还剩74盏")[0].startswith(
        "已更正：第2项 46盏（38%）\n原来：第2项 36盏"
    )


def test_an_edit_that_changes_nothing_visible_answers_nothing(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    assert phone.edits(message, "进度 2 96盏 ") == []
    assert world.last is not None
    assert world.last.outcome is Outcome.IGNORED


def test_photos_go_along_with_the_correction(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏", photo=True)
    world.wait(hours=5)
    phone.edits(message, "进度 2 69盏")
    with world.database.transaction() as tx:
        new, old = reports.history(tx, 2)
        assert {k: len(v) for k, v in evidence.of_reports(tx, [new.id, old.id]).items()} == {new.id: 1}


@pytest.mark.parametrize("words", ["进度 2 大概吧", "进度 2 130盏", "进度 9 80%", "今天天气不错"])
def test_what_is_not_plain_changes_nothing(world: World, phone: Phone, words: str) -> None:
    message, _answers = phone.says("进度 2 96盏")
    assert phone.edits(message, words) == [
        "您改过的那句话我没把握，登记的没有变：第2项 96盏（80%）。要改，请重新发一条，例如：第2项 80%"
    ]
    assert standing(world, 2) == ("0.8", "96", "None")


def test_what_the_office_has_verified_is_not_changed_by_an_edit(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    world.personas["陈立"].says("核实 大里村")
    world.personas["陈立"].presses("核实")
    assert phone.edits(message, "进度 2 69盏") == [
        "办事处已经处理了这次上报，改消息不会改动它。数字有变，请重新报一次。"
    ]
    assert standing(world, 2) == ("0.8", "96", "None")


def test_a_slip_that_did_nothing_is_read_again_when_it_is_mended(world: World, phone: Phone) -> None:
    message, [answer] = phone.says("帮组")
    assert answer.startswith("没看懂这句话。")
    assert phone.edits(message, "帮助 语言")[0].startswith("语言")


def test_other_deeds_do_not_follow_an_edit(world: World, phone: Phone) -> None:
    message, _answers = phone.says("解绑")
    phone.wang.presses("解绑")
    assert phone.edits(message, "别解绑") == ["您改了一条已经办理的消息，办好的事不会跟着改。要改，请重新发一条。"]


def test_an_answer_that_was_read_is_not_read_twice(world: World, phone: Phone) -> None:
    phone.says("路灯装了36盏，还剩84盏")
    message, _answers = phone.says("那天很冷")
    assert phone.edits(message, "那天很热") == [
        "刚才的回答已经收下，修改那条消息不起作用。要改，请把答案再发一遍。"
    ]
    assert phone.wang.presses("确认")[0].startswith("已登记：第2项 36盏")


def test_an_edit_of_something_never_heard_of_is_nothing(world: World, phone: Phone) -> None:
    assert phone.edits("t1", "第2项 80%") == []
