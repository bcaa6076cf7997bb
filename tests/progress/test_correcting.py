"""Edited messages: a report is corrected by editing its message; nothing else changes behind anybody's back."""

from __future__ import annotations

import itertools

import pytest

from bot.chat.messages import Attachment, ChatKind, ChatRef, Inbound, Sender
from bot.chat.ports import Outcome
from storage import evidence, reports
from storage.reports import Review
from tests.commitments.test_register import sheet_of
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


def test_words_that_are_still_asked_about_are_read_anew_and_their_question_is_gone(
    world: World, phone: Phone
) -> None:
    message, [card] = phone.says("路灯装了36盏，还剩84盏")
    assert card.startswith("请核对这项进度")
    [card] = phone.edits(message, "路灯装了46盏，还剩74盏")
    assert card.startswith("请核对这项进度")
    assert phone.wang.presses("确认")[0].startswith("已登记：第2项 46盏（38%）\n")
    message, [card] = phone.says("路灯装了66盏，还剩54盏")
    assert phone.edits(message, "进度 2 76盏")[0].startswith("已登记：第2项 76盏（63%）\n")
    assert phone.wang.says("确认") == ["现在没有等您答复的事。刚才的问题如果已过期，请重新发一遍。"]


def test_an_answer_that_was_read_is_not_read_twice(world: World, phone: Phone) -> None:
    phone.says("路灯装了36盏，还剩84盏")
    message, _answers = phone.says("那天很冷")
    assert phone.edits(message, "那天很热") == [
        "刚才的回答已经收下，修改那条消息不起作用。要改，请把答案再发一遍。"
    ]
    assert phone.wang.presses("确认")[0].startswith("已登记：第2项 36盏")


def test_an_edit_of_something_never_heard_of_is_nothing(world: World, phone: Phone) -> None:
    assert phone.edits("t1", "第2项 80%") == []


# --- what others see of it --------------------------------------------------------------------------------


def test_the_office_sees_what_was_corrected_and_from_what(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏", photo=True)
    phone.edits(message, "进度 2 69盏")
    phone.edits(message, "进度 2 70盏 推进缓慢")
    assert world.personas["陈立"].says("核实 大里村") == [
        "请核实：大里村第2项\n"
        "2. 安装路灯120盏 ▰▰▰▰▰▱▱▱▱▱ 58% 🟡黄灯 欠进度\n"
        "本次：70盏（58%）；推进缓慢\n"
        "改过消息，已更正：96盏（80%） → 69盏（57%） → 70盏（58%）；推进缓慢\n"
        "「70盏 推进缓慢」\n"
        "王芳，3月22日 09:00\n"
        "佐证1件\n"
        "📎照片.jpg\n"
        "[核实] [退回]"
    ]


def test_other_words_for_the_same_figure_are_said_to_be_that(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "进度 2 一共96盏")
    [card] = world.personas["陈立"].says("核实 大里村")
    assert "\n本次：96盏（80%）\n改过消息，只改了字句\n" in card


def test_a_number_that_was_corrected_shows_both_commitments(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 50%")
    assert phone.edits(message, "进度 1 50%")[0].startswith("已更正：第1项 50%\n原来：第2项 50%\n")
    [card] = world.personas["陈立"].says("核实 大里村")
    assert card.startswith("请核实：大里村第1项\n")
    assert "\n改过消息，已更正：第2项 50% → 第1项 50%\n" in card


def test_a_second_figure_that_an_edit_adds_corrects_nothing(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "第2项90盏，第1项50%")
    cards = world.personas["陈立"].says("核实 大里村") + world.personas["陈立"].presses("先看下一条")
    assert ["改过消息" in card for card in cards] == [False, True]
    assert "改过消息，已更正：96盏（80%） → 90盏（75%）" in cards[1]


def test_a_card_from_before_the_edit_verifies_nothing(world: World, phone: Phone) -> None:
    chen = world.personas["陈立"]
    message, _answers = phone.says("进度 2 96盏")
    chen.says("核实 大里村")
    phone.edits(message, "进度 2 69盏")
    assert chen.presses("核实") == [
        "书记刚才改过消息，已更正：96盏（80%） → 69盏（57%）。请看更正后的一条。\n[看最新的]"
    ]
    assert chen.presses("看最新的")[0].startswith("请核实：大里村第2项\n")


def test_whoever_verifies_all_at_once_is_told_which_were_corrected(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "进度 2 69盏")
    phone.says("进度 1 50%")
    assert world.personas["陈立"].says("核实 全部") == [
        "全部：2条等待核实，来自1个村（社区）。不逐条看，全部核实吗？\n"
        "大里村第2项改过消息，已更正：96盏（80%） → 69盏（57%）\n"
        "[全部核实] [取消]\n[一条一条看]"
    ]


def test_the_register_keeps_the_correction_for_good(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "进度 2 69盏")
    phone.edits(message, "进度 2 70盏")
    world.personas["陈立"].says("核实 大里村 2")
    line = "3月22日 09:00 王芳改过消息，已更正：96盏（80%） → 69盏（57%） → 70盏（58%）"
    for reader, words in (("周敏", "台账 大里村 2"), ("陈立", "台账 大里村 2"), ("王芳", "我的承诺 2")):
        [card] = world.personas[reader].says(words)
        assert [one for one in card.split("\n") if "改过消息" in one] == [line]


def test_the_spreadsheet_of_the_register_names_what_was_corrected(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "进度 2 69盏")
    phone.says("进度 1 50%")
    world.personas["周敏"].says("台账")
    sheet = sheet_of(world, "周敏")
    head = [cell.value for cell in sheet[1]]
    column = head.index("进度更正")
    found = {row[head.index("承诺内容")].value: row[column].value for row in sheet.iter_rows(min_row=2)}
    assert {words: what for words, what in found.items() if what} == {
        "安装路灯120盏": "改过消息，已更正：96盏（80%） → 69盏（57%）"
    }
    # What is reported later without an edit needs no such remark.
    phone.says("进度 2 100盏")
    world.personas["周敏"].says("台账")
    assert not any(row[column].value for row in sheet_of(world, "周敏").iter_rows(min_row=2))


def test_a_successor_is_told_as_well(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "进度 2 69盏")
    zhou, li = world.personas["周敏"], world.personas["李建国"]
    zhou.says("换届 大里村 李建国")
    zhou.presses("是李建国（公园道社区 书记）")
    zhou.presses("确认换届")
    [briefing] = li.heard()
    assert "第2项，2021年第1季度，57.5%：69盏（改过消息，已更正：96盏（80%） → 69盏（57%））" in briefing.split(
        "\n"
    )


def test_what_the_office_saw_is_written_in_the_reader_s_language(world: World, phone: Phone) -> None:
    message, _answers = phone.says("进度 2 96盏")
    phone.edits(message, "进度 2 69盏")
    chen = world.personas["陈立"]
    chen.says("语言 English")
    assert "\nmessage edited, corrected: 96盏 (80%) → 69盏 (57%)\n" in chen.says("/verify")[0]
