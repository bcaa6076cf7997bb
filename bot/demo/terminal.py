"""The story without a browser: an in-memory chat platform that writes the conversation down as it happens."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable

from bot.app import App
from bot.chat.messages import Attachment, ChatKind, ChatRef, Inbound, Outgoing, Sender
from bot.chat.ports import Limits, Receive
from bot.chat.rendering import plain_text
from bot.platforms.local.room import LocalRoom
from storage import people, practice_people, units
from storage.database import Tx


class TerminalPlatform:
    """Stands in for the browser room: the same accounts and chats, shown as lines of text."""

    name = LocalRoom.name
    limits = Limits()

    def __init__(self, show: Callable[[str, str, str], None]) -> None:
        #: `show(place, speaker, text)`; the speaker is empty for the bot.
        self._show = show
        #: What the chats are called, by their ids.
        self.titles: dict[str, str] = {}
        self.newest: dict[str, list[Outgoing]] = defaultdict(list)
        self._ids = itertools.count(1)

    async def start(self, receive: Receive) -> None:
        """Nothing comes in by itself."""

    async def stop(self) -> None:
        """Nothing is open."""

    def show(self, chat: str, speaker: str, text: str) -> None:
        """Write down one message."""
        self._show(self.titles.get(chat, chat), speaker, text)

    async def send(self, message: Outgoing) -> str:
        self.newest[message.chat.id].append(message)
        parts = [plain_text(message.body), *(f"📎{file.name}" for file in message.files)]
        parts += [" ".join(f"[{button.label}]" for button in row) for row in message.buttons]
        self.show(message.chat.id, "", "\n".join(parts))
        return str(next(self._ids))


class TerminalStage:
    """Plays people of the roster by name (implements `bot.demo.story.Stage`)."""

    def __init__(self, app: App, platform: TerminalPlatform) -> None:
        self._app = app
        self._platform = platform
        self._ids = itertools.count(1)
        with app.database.transaction() as tx:
            self.accounts, self.groups = cast_and_groups(tx)
            for account in self.accounts.values():
                practice_people.enter(tx, account, now=app.clock.now())
        for name in self.accounts:
            platform.titles[self._chat(name, None).id] = f"私聊·{name}"
        for name in self.groups:
            platform.titles[self._chat("", name).id] = f"{name}工作群"

    async def say(self, who: str, text: str, *, group: str | None, photo: bytes | None) -> None:
        attachments: tuple[Attachment, ...] = ()
        if photo is not None:
            attachments = (Attachment(self._app.files.put(photo), "现场照片.jpg", "image/jpeg", len(photo)),)
        said = f"{text}（附照片）" if photo else text
        self._platform.show(self._chat(who, group).id, who, said)
        await self._hand_in(who, text, group, attachments)

    async def press(self, who: str, label: str, *, group: str | None) -> None:
        chat = self._chat(who, group)
        for index, message in reversed(list(enumerate(self._platform.newest[chat.id], 1))):
            for button in itertools.chain(*message.buttons):
                if button.label == label:
                    self._platform.show(chat.id, who, f"〔按 {label}〕")
                    await self._hand_in(who, button.payload, group, (), pressed=str(index))
                    return
        raise LookupError(f"no button {label!r} for {who}")

    async def settle(self) -> None:
        await self._app.delivery.drain()

    async def _hand_in(
        self,
        who: str,
        text: str,
        group: str | None,
        attachments: tuple[Attachment, ...],
        pressed: str | None = None,
    ) -> None:
        inbound = Inbound(
            id=f"story{next(self._ids)}",
            chat=self._chat(who, group),
            sender=Sender(self.accounts[who], who),
            text=text,
            sent_at=self._app.clock.now(),
            attachments=attachments,
            addressed=group is None,
            pressed=pressed is not None,
            pressed_message=pressed,
        )
        await self._app.receive(inbound)

    def _chat(self, who: str, group: str | None) -> ChatRef:
        if group is None:
            return ChatRef(self._platform.name, f"private:{self.accounts[who]}", ChatKind.PRIVATE)
        return ChatRef(self._platform.name, f"group:{self.groups[group]}", ChatKind.GROUP)


def cast_and_groups(tx: Tx) -> tuple[dict[str, str], dict[str, int]]:
    """The practice accounts of everybody by name, and the units that have groups by name."""
    roots = [unit.id for unit in units.roots(tx)]
    accounts = {holder.name: f"p{holder.person_id}" for holder in people.posts_below(tx, roots)}
    groups = {u.name: u.id for u in units.subtree(tx, roots, kinds=[units.DISTRICT, units.OFFICE])}
    return accounts, groups
