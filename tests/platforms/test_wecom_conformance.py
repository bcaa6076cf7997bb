"""WeCom passes the suite that every platform passes: with app and AI bot together, and with the AI bot alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.chat.messages import ChatKind, ChatRef
from tests.platforms.conformance import Conformance, Rig, Shown, Traits
from tests.platforms.wecom_office import GROUP, Office, read
from tests.servers.wecom.company import Seen


class WeComRig(Rig):
    """People with the WeCom app on their phones."""

    traits = Traits(edits=False, overhears=False, throttles=False)
    with_app = True

    def __init__(self, office: Office, folder: Path) -> None:
        self.office = office
        self.platform = office.platform(folder, app=self.with_app)
        self.files = office.files
        self._again: Any = None

    async def start(self, receive: Any) -> None:
        await self.platform.start(receive)
        await self.office.bot.subscribed.wait()
        for user in ("王芳", "李建国"):
            # They have written to the bot before this test: only then may it push.
            self.office.bot.known.add(user)
        self.office.bot.known.add(f"bot:{GROUP}")

    async def stop(self) -> None:
        await self.platform.stop()

    async def say(self, who: str, text: str, *, group: bool = False, photo: bytes | None = None) -> None:
        if group or not self.with_app:
            await self._say_to_bot(who, text, group, photo)
        elif photo is not None:
            await self.office.sender.sends_photo(who, photo)
        else:
            delivered = await self.office.says(who, text)
            self._again = lambda: self.office.sender.once(delivered.xml)

    async def _say_to_bot(self, who: str, text: str, group: bool, photo: bytes | None) -> None:
        bot, chat = self.office.bot, GROUP if group else ""
        if photo is not None:
            await bot.sends_photo(who, photo, group=chat)
            return
        number = f"n{len(bot.callbacks)}"
        await bot.says(who, text, group=chat, number=number)
        self._again = lambda: bot.says(who, text, group=chat, number=number)

    async def press(self, who: str, label: str, *, group: bool = False) -> None:
        presses = self.office.sender.presses if self.with_app and not group else self.office.bot.presses
        await presses(who, label)

    def calling(self, text: str) -> str:
        return f"@亮赛比 {text}"

    def chat(self, who: str, *, group: bool = False) -> ChatRef:
        if group:
            return ChatRef("wecom", f"bot:{GROUP}", ChatKind.GROUP)
        return ChatRef("wecom", f"user:{who}", ChatKind.PRIVATE)

    async def shown(self, who: str, *, group: bool = False) -> list[Shown]:
        return [_shown(seen) for seen in (self.office.group() if group else self.office.phone(who))]

    async def repeat(self) -> None:
        await self._again()

    async def vanish(self, who: str) -> None:
        self.office.company.invisible.add(who)
        self.office.bot.forget(who)


class BotRig(WeComRig):
    with_app = False


def _shown(seen: Seen) -> Shown:
    return Shown(read(seen), tuple(seen.buttons), (seen.file,) if seen.file is not None else ())


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office()
    await made.open()
    yield made
    await made.close()


class TestAppAndBot(Conformance):
    @pytest.fixture
    def rig(self, office: Office, tmp_path: Path) -> WeComRig:
        return WeComRig(office, tmp_path)


class TestBotAlone(Conformance):
    @pytest.fixture
    def rig(self, office: Office, tmp_path: Path) -> WeComRig:
        return BotRig(office, tmp_path)
