"""Choices that are typed: "2" is the second one where they are numbered, and stays what it is elsewhere."""

from __future__ import annotations

import pytest

from bot.chat.messages import ChatKind, ChatRef, Inbound, Sender
from tests.world import Persona, World

PROMISE = "承诺硬化村内道路2公里12月底前 自选"

#: What a bare figure is answered with where a commitment's wording is expected.
NO_WORDS = "请写出承诺的内容，例如：承诺 硬化村内道路2公里 12月底前"


def types(persona: Persona, text: str, *, numbered: bool = True) -> list[str]:
    """Write in the private chat, on a platform that lists choices (or one with buttons)."""
    world = persona.world
    world.deliver(
        Inbound(
            id=world.next_id(),
            chat=ChatRef("test", f"private:{persona.account}", ChatKind.PRIVATE),
            sender=Sender(persona.account, persona.name),
            text=text,
            sent_at=world.now,
            addressed=True,
            numbered=numbered,
        )
    )
    return persona.heard()


@pytest.fixture
def wang(world: World) -> Persona:
    """王芳 with a card before her: 提交, 修改, 取消."""
    persona = world.personas["王芳"]
    [card] = persona.says(PROMISE)
    assert card.endswith("[提交] [修改] [取消]")
    return persona


@pytest.mark.parametrize("typed", ["2", "２", " 2 ", "第2个", "2.", "选2"])
def test_a_number_is_the_choice_at_that_place(wang: Persona, typed: str) -> None:
    expected = wang.presses("修改")
    wang.says("取消")
    wang.says(PROMISE)
    assert types(wang, typed) == expected


def test_where_there_are_buttons_a_number_is_what_it_always_was(wang: Persona) -> None:
    assert types(wang, "2", numbered=False) == [NO_WORDS]


def test_a_number_beyond_the_choices_is_no_choice(wang: Persona) -> None:
    assert types(wang, "19") == [NO_WORDS]


def test_other_peoples_choices_are_not_pressed(wang: Persona) -> None:
    li = wang.world.personas["李建国"]
    assert types(li, "1") != []
    assert wang.says("取消") != []
    assert wang.world.last is not None


def test_without_a_question_it_is_a_choice_of_the_newest_message(wang: Persona) -> None:
    wang.presses("提交")
    assert types(wang, "2") == wang.says("我的承诺")


def test_where_a_number_is_an_answer_of_its_own_the_choices_have_letters(wang: Persona) -> None:
    wang.presses("提交")
    wang.world.personas["陈立"].says("通过 全部")
    wang.heard()
    wang.says("季报")
    content = wang._buttons[wang.chat_id][-1].content
    assert (content["hint"], content["letters"]) == ("请回复字母：", True)
    # "1" is one kilometre here, never the first choice.
    answered = "\n".join(types(wang, "1"))
    assert "1公里" in answered or "50%" in answered, answered


def test_there_a_letter_is_the_choice(wang: Persona) -> None:
    wang.presses("提交")
    wang.world.personas["陈立"].says("通过 全部")
    wang.heard()
    wang.says("季报")
    assert types(wang, "a")[-1].startswith("已登记：第1项")


def test_what_was_asked_and_is_over_is_no_choice_any_more(wang: Persona) -> None:
    wang.says("取消")
    assert wang.world.personas["王芳"].heard() == []
    [answer] = types(wang, "2")
    assert "过期" not in answer
