"""What every platform does alike: one suite, passed over real sockets against a server that acts as the real one.

A platform's test module subclasses `Conformance` and provides a fixture `rig`: the adapter under test, wired to a
server in `tests/servers/` (or to its own page), and the people who talk to it. `Rig` says what it must be able
to do; `Traits` says what a platform cannot do by nature, and nothing else is left out.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from bot.chat.errors import DeliveryError
from bot.chat.messages import (
    Bar,
    Button,
    ChatKind,
    ChatRef,
    Fields,
    Inbound,
    Light,
    Line,
    Notice,
    OutFile,
    Outgoing,
    Table,
)
from bot.chat.ports import FileStore, Limits, Outcome, Platform
from tests.platforms.practice import PICTURE

#: How long anything may take on a slow machine, in seconds.
PATIENCE = 20.0
#: Names and words that break markup where text is not kept apart from it.
NASTY = '<3 a_b *x* [王芳](http://x) `y` &amp; <b>粗</b> ${z} ~~ || {"a": 1} \\n #井号 @所有人'


@dataclass(frozen=True)
class Shown:
    """One message as a person sees it: its plain text, the labels of its buttons, the bytes of its files."""

    text: str
    buttons: tuple[str, ...] = ()
    files: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Traits:
    """What a platform can do. All of it, unless its nature forbids."""

    #: A message that was sent can be changed in place.
    edits: bool = True
    #: Groups exist, and the bot sees what is not addressed to it.
    overhears: bool = True
    groups: bool = True
    photos_in: bool = True
    #: The platform delivers again what was not acknowledged.
    redelivers: bool = True
    #: The server tells the adapter to slow down, and that a chat is gone for good.
    throttles: bool = True
    vanishes: bool = True
    #: How many messages one person can have on the way at once.
    queue: int = 5


class Rig(ABC):
    """An adapter, its server, and 王芳 and 李建国 who talk to it; the group is 枫杨办事处工作群."""

    traits = Traits()
    platform: Platform
    files: FileStore

    @abstractmethod
    async def start(self, receive: Callable[[Inbound | Notice], Awaitable[Outcome]]) -> None:
        """Start the platform so that it hands in to `receive`."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop the platform."""

    @abstractmethod
    async def say(self, who: str, text: str, *, group: bool = False, photo: bytes | None = None) -> None:
        """Somebody writes. Need not wait until it is taken, and never fails because the bot does."""

    @abstractmethod
    async def press(self, who: str, label: str, *, group: bool = False) -> None:
        """Somebody presses (or chooses) the newest button of that label in their chat."""

    @abstractmethod
    def calling(self, text: str) -> str:
        """The text written so that it is plainly meant for the bot in a group."""

    @abstractmethod
    def chat(self, who: str, *, group: bool = False) -> ChatRef:
        """The chat as the adapter names it."""

    @abstractmethod
    async def shown(self, who: str, *, group: bool = False) -> list[Shown]:
        """The bot's messages in the chat as they stand now, the oldest first."""

    async def repeat(self) -> None:
        """The platform delivers the newest message once more although it was acknowledged."""
        raise NotImplementedError

    async def throttle(self, seconds: int) -> None:
        """The next message that is sent is refused with the request to wait."""
        raise NotImplementedError

    async def vanish(self, who: str) -> None:
        """The person's chat is gone for good: blocked, left, deleted."""
        raise NotImplementedError


@dataclass
class Engine:
    """Takes what a platform hands in, as the program does: it answers, waits or fails as a test wishes."""

    taken: list[Inbound | Notice] = field(default_factory=list)
    #: So many times handing in fails, as when the database is away.
    failures: int = 0
    #: Whoever is named here waits until the gate opens.
    slow: set[str] = field(default_factory=set)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def receive(self, came: Inbound | Notice) -> Outcome:
        if self.failures:
            self.failures -= 1
            raise ConnectionError("the database is away")
        if came.sender is not None and came.sender.name in self.slow:
            await self.gate.wait()
        known = {(one.chat.platform, one.id) for one in self.taken}
        if (came.chat.platform, came.id) in known:
            return Outcome.DUPLICATE
        self.taken.append(came)
        return Outcome.ANSWERED

    @property
    def messages(self) -> list[Inbound]:
        return [came for came in self.taken if isinstance(came, Inbound)]

    async def until(self, count: int) -> list[Inbound]:
        """The messages, once there are so many."""
        await eventually(lambda: len(self.messages) >= count)
        return self.messages


async def eventually(holds: Callable[[], Any], *, patience: float = PATIENCE) -> None:
    """Wait until it holds; fails when it never does."""
    async with asyncio.timeout(patience):
        while not holds():
            await asyncio.sleep(0.01)


def outgoing(rig: Rig, number: int, *body: Any, who: str = "王芳", group: bool = False, **more: Any) -> Outgoing:
    blocks = tuple(Line(part) if isinstance(part, str) else part for part in body)
    return Outgoing(id=number, chat=rig.chat(who, group=group), body=blocks, **more)


def in_order(text: str, words: Iterable[str]) -> bool:
    """Whether the words stand in the text, one after the other."""
    place = 0
    for word in words:
        place = text.find(word, place)
        if place < 0:
            return False
        place += len(word)
    return True


class Conformance:
    """The suite. Subclass it, and give it a `rig`."""

    @pytest.fixture
    async def engine(self, rig: Rig) -> Any:
        engine = Engine()
        await rig.start(engine.receive)
        yield engine
        engine.gate.set()
        await rig.stop()

    # --- coming in ----------------------------------------------------------------------------------------

    async def test_it_is_a_platform(self, rig: Rig, engine: Engine) -> None:
        assert rig.platform.name == rig.chat("王芳").platform
        assert isinstance(rig.platform.limits, Limits)

    async def test_a_private_message_comes_in_whole(self, rig: Rig, engine: Engine) -> None:
        await rig.say("王芳", "进度 2 60%")
        [came] = await engine.until(1)
        assert (came.text, came.addressed, came.pressed, came.edits) == ("进度 2 60%", True, False, None)
        assert (came.chat.id, came.chat.kind) == (rig.chat("王芳").id, ChatKind.PRIVATE)
        assert (came.chat.platform, came.sender.name) == (rig.platform.name, "王芳")
        assert came.sender.id
        assert came.id
        assert came.sent_at.tzinfo is not None

    async def test_what_people_write_is_handed_in_as_they_wrote_it(self, rig: Rig, engine: Engine) -> None:
        words = f"第2项 {NASTY}\n第二行 😀👨‍👩‍👧"
        await rig.say("王芳", words)
        [came] = await engine.until(1)
        assert came.text == words

    async def test_one_persons_messages_come_in_their_order(self, rig: Rig, engine: Engine) -> None:
        count = rig.traits.queue
        for number in range(count):
            await rig.say("王芳", f"第{number}句")
        taken = await engine.until(count)
        assert [came.text for came in taken] == [f"第{number}句" for number in range(count)]
        assert len({came.id for came in taken}) == count

    async def test_people_are_told_apart(self, rig: Rig, engine: Engine) -> None:
        await rig.say("王芳", "我是王芳")
        await rig.say("李建国", "我是李建国")
        wang, li = sorted(await engine.until(2), key=lambda came: came.text, reverse=True)
        assert (wang.sender.name, li.sender.name) == ("王芳", "李建国")
        assert wang.sender.id != li.sender.id
        assert wang.chat.id != li.chat.id

    async def test_a_group_is_a_chat_of_its_own(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.groups:
            pytest.skip("no groups on this platform")
        await rig.say("王芳", rig.calling("帮助"), group=True)
        [came] = await engine.until(1)
        assert (came.chat.id, came.chat.kind) == (rig.chat("王芳", group=True).id, ChatKind.GROUP)
        assert came.addressed
        assert "帮助" in came.text

    async def test_talk_in_a_group_is_not_taken_for_the_bots(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.overhears:
            pytest.skip("the platform shows the bot only what is addressed to it")
        await rig.say("王芳", "大家中午好", group=True)
        [came] = await engine.until(1)
        assert not came.addressed

    async def test_a_photo_comes_in_as_it_was_sent(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.photos_in:
            pytest.skip("no photos come in on this platform")
        await rig.say("王芳", "", photo=PICTURE)
        [came] = await engine.until(1)
        [photo] = came.attachments
        assert photo.is_picture
        assert rig.files.get(photo.key) == PICTURE
        assert photo.size == len(PICTURE)
        assert photo.name

    async def test_nothing_is_lost_while_the_database_is_away(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.redelivers:
            pytest.skip("the platform delivers once")
        engine.failures = 2
        await rig.say("王芳", "第2项 80%")
        [came] = await engine.until(1)
        assert came.text == "第2项 80%"

    async def test_what_is_delivered_again_has_the_same_id(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.redelivers:
            pytest.skip("the platform delivers once")
        await rig.say("王芳", "第2项 80%")
        await engine.until(1)
        await rig.repeat()
        await rig.say("王芳", "第3项 90%")
        assert [came.text for came in await engine.until(2)] == ["第2项 80%", "第3项 90%"]

    async def test_whoever_takes_long_holds_up_nobody_else(self, rig: Rig, engine: Engine) -> None:
        engine.slow = {"王芳"}
        slow = asyncio.create_task(rig.say("王芳", "很慢"))
        quick = asyncio.create_task(rig.say("李建国", "很快"))
        assert [came.text for came in await engine.until(1)] == ["很快"]
        engine.gate.set()
        assert [came.text for came in await engine.until(2)] == ["很快", "很慢"]
        await asyncio.gather(slow, quick)

    async def test_after_stopping_nothing_is_handed_in_and_what_was_begun_is_finished(
        self, rig: Rig, engine: Engine
    ) -> None:
        await rig.say("王芳", "还在")
        await engine.until(1)
        await rig.stop()
        before = len(engine.taken)
        late = asyncio.create_task(rig.say("王芳", "太晚了"))
        await asyncio.sleep(0.3)
        assert len(engine.taken) == before
        late.cancel()
        await asyncio.gather(late, return_exceptions=True)
        await rig.start(engine.receive)

    # --- going out ----------------------------------------------------------------------------------------

    async def test_every_kind_of_block_is_shown(self, rig: Rig, engine: Engine) -> None:
        body = (
            Line("大里村承诺", "title"),
            Fields((("目标", "2公里"), ("期限", "2021年12月31日"))),
            Bar("安装路灯", Decimal("0.38"), Light.YELLOW, "黄灯 落后"),
            Table(("名次", "单位", "得分"), (("1", "大里村", "92.75"), ("2", "欢河村", "92.00")), "rlr"),
            Line("装了96盏", "quote"),
            Line("示例数据", "faint"),
        )
        assert await rig.platform.send(outgoing(rig, 1, *body))
        text = "\n".join(shown.text for shown in await rig.shown("王芳"))
        words = ["大里村承诺", "目标", "2公里", "期限", "2021年12月31日", "安装路灯", "38%", "黄灯 落后"]
        words += ["名次", "单位", "得分", "1", "大里村", "92.75", "2", "欢河村", "92.00", "装了96盏", "示例数据"]
        assert in_order(text, words), text

    async def test_nobodys_words_break_or_inject_markup(self, rig: Rig, engine: Engine) -> None:
        body = (
            Line(NASTY, "title"),
            Line(NASTY, "quote"),
            Fields(((NASTY, NASTY),)),
            Table((NASTY, "列"), ((NASTY, "1"),), "lr"),
        )
        await rig.platform.send(outgoing(rig, 1, *body, buttons=((Button(NASTY[:20], "帮助"),),)))
        shown = await rig.shown("王芳")
        assert "\n".join(one.text for one in shown).count(NASTY) == 6
        assert any(NASTY[:20] in label for one in shown for label in one.buttons) or any(
            NASTY[:20] in one.text for one in shown
        )

    async def test_a_long_message_loses_nothing(self, rig: Rig, engine: Engine) -> None:
        lines = [f"{number}. 枫杨办事处大里村硬化道路{number}米，安装路灯{number}盏。😀" for number in range(400)]
        await rig.platform.send(outgoing(rig, 1, *lines))
        text = "\n".join(shown.text for shown in await rig.shown("王芳"))
        assert in_order(text, lines)

    async def test_one_endless_paragraph_loses_nothing(self, rig: Rig, engine: Engine) -> None:
        endless = "".join(f"{number}亮" for number in range(3000))
        await rig.platform.send(outgoing(rig, 1, endless))
        text = "".join(shown.text for shown in await rig.shown("王芳"))
        assert endless in text.replace("\n", "")

    async def test_what_is_sent_one_after_the_other_is_shown_so(self, rig: Rig, engine: Engine) -> None:
        for number in range(5):
            await rig.platform.send(outgoing(rig, number + 1, f"第{number}句"))
        assert in_order("".join(s.text for s in await rig.shown("王芳")), [f"第{number}句" for number in range(5)])

    async def test_a_message_reaches_only_its_own_chat(self, rig: Rig, engine: Engine) -> None:
        await rig.platform.send(outgoing(rig, 1, "只给李建国", who="李建国"))
        assert await rig.shown("王芳") == []
        if rig.traits.groups:
            await rig.platform.send(outgoing(rig, 2, "给大家", group=True))
            [shown] = await rig.shown("王芳", group=True)
            assert shown.text == "给大家"

    async def test_a_button_is_shown_and_pressing_it_sends_its_command(self, rig: Rig, engine: Engine) -> None:
        buttons = ((Button("登记", "progress 2 60%"), Button("取消", "cancel")), (Button("帮助", "help"),))
        sent = await rig.platform.send(outgoing(rig, 1, "登记吗？", buttons=buttons))
        assert [label for shown in await rig.shown("王芳") for label in shown.buttons] == ["登记", "取消", "帮助"]
        await rig.press("王芳", "登记")
        [came] = await engine.until(1)
        assert (came.text, came.pressed, came.addressed) == ("progress 2 60%", True, True)
        assert (came.sender.name, came.chat.id) == ("王芳", rig.chat("王芳").id)
        if rig.traits.edits:
            assert came.pressed_message == sent

    async def test_the_longest_payload_that_is_allowed_comes_back(self, rig: Rig, engine: Engine) -> None:
        payload = "进度 " + "二" * 19
        assert len(payload.encode()) == 64
        await rig.platform.send(outgoing(rig, 1, "登记吗？", buttons=((Button("登记", payload),),)))
        await rig.press("王芳", "登记")
        [came] = await engine.until(1)
        assert came.text == payload

    async def test_a_message_changes_in_place(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.edits:
            pytest.skip("what was sent cannot be changed on this platform")
        first = await rig.platform.send(outgoing(rig, 1, "登记吗？", buttons=((Button("登记", "yes"),),)))
        again = await rig.platform.send(outgoing(rig, 2, "已登记", replaces=first))
        assert again == first
        assert await rig.shown("王芳") == [Shown("已登记")]
        assert await rig.platform.send(outgoing(rig, 3, "已登记", replaces=first)) == first

    async def test_in_place_of_a_message_that_is_gone_a_new_one_is_sent(self, rig: Rig, engine: Engine) -> None:
        await rig.platform.send(outgoing(rig, 1, "已登记", replaces="987654321"))
        assert [shown.text for shown in await rig.shown("王芳")] == ["已登记"]

    async def test_files_arrive_as_they_are(self, rig: Rig, engine: Engine) -> None:
        book = b"PK\x03\x04 a workbook"
        files = (
            OutFile(rig.files.put(PICTURE), "示意图.png", "image/png"),
            OutFile(rig.files.put(book), "第一季度台账.xlsx", "application/x"),
        )
        await rig.platform.send(outgoing(rig, 1, "台账做好了", files=files))
        shown = await rig.shown("王芳")
        assert "台账做好了" in "\n".join(one.text for one in shown)
        assert [data for one in shown for data in one.files] == [PICTURE, book]

    async def test_whoever_is_gone_is_told_apart_from_a_passing_trouble(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.vanishes:
            pytest.skip("nobody can leave this platform")
        await rig.say("王芳", "你好")
        await engine.until(1)
        await rig.vanish("王芳")
        with pytest.raises(DeliveryError) as refused:
            await rig.platform.send(outgoing(rig, 1, "在吗"))
        assert refused.value.permanent

    async def test_the_pause_that_is_asked_for_is_passed_on(self, rig: Rig, engine: Engine) -> None:
        if not rig.traits.throttles:
            pytest.skip("the platform takes whatever comes")
        await rig.throttle(7)
        with pytest.raises(DeliveryError) as refused:
            await rig.platform.send(outgoing(rig, 1, "请稍等"))
        assert not refused.value.permanent
        assert refused.value.retry_after == pytest.approx(7)
