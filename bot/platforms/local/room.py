"""The browser chat room as a platform like any other."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo

from bot.chat.clock import Clock
from bot.chat.messages import Outgoing
from bot.chat.ports import FileStore, Limits, Receive
from bot.platforms.local.live import Hub
from bot.platforms.local.post import FileRef, PostOffice, Press, Say
from bot.platforms.local.server import Server
from bot.platforms.local.settings import LocalSettings
from bot.platforms.local.stage import Stage
from bot.platforms.local.store import CommandsFor, Reset, RoomStore, Story
from bot.platforms.local.web import Web
from bot.platforms.local.wire import PLATFORM


class LocalRoom:
    """A page in the browser on which anybody of the roster can be played (implements `Platform`).

    `commands_for` gives what the command list offers to an account. `story` and `reset` are offered on the
    page when they are there.
    """

    name = PLATFORM
    #: A page takes whatever comes.
    limits = Limits()
    edits = True

    def __init__(
        self,
        settings: LocalSettings,
        store: RoomStore,
        files: FileStore,
        clock: Clock,
        commands_for: CommandsFor,
        zone: ZoneInfo,
        *,
        story: Story | None = None,
        reset: Reset | None = None,
    ) -> None:
        self._hub = Hub(clock)
        self._post = PostOffice(store, files, clock, self._hub)
        self._stage = Stage(self._hub, story, reset)
        web = Web(
            settings=settings,
            store=store,
            files=files,
            clock=clock,
            commands_for=commands_for,
            zone=zone,
            hub=self._hub,
            post=self._post,
            stage=self._stage,
        )
        self._server = Server(web.app(), settings.host, settings.port)

    @property
    def address(self) -> str:
        """What to type into a browser."""
        return self._server.address

    async def start(self, receive: Receive) -> None:
        """Hand in what was left over, then open the page. Raises ConfigurationError when the port is taken."""
        self._post.receive = receive
        await self._post.hand_in_again()
        await self._server.start()

    async def send(self, message: Outgoing) -> str:
        """Show a message and return its number. Raises DeliveryError for a chat that is no room."""
        return await self._post.send(message)

    def deduplicates(self, message: Outgoing) -> bool:
        """A page shows a message of one number once."""
        return True

    async def speak(
        self, account: str, room: str, text: str, files: Sequence[tuple[str, str]], own_id: str
    ) -> None:
        """Say something as somebody, as their own page would; `files` are (key, name). Raises Refused."""
        refs = [FileRef(key, name) for key, name in files]
        await self._post.say(Say(account, room, own_id, text, refs))

    async def press(self, account: str, room: str, label: str, own_id: str) -> bool:
        """Press the newest button of that label in a room as somebody; False when there is none."""
        found = await self._post.button(room, label)
        if found is None:
            return False
        message, payload = found
        await self._post.press(Press(account, room, own_id, message, payload))
        return True

    def begin_story(self) -> None:
        """Play the story, as its button on the page does."""
        self._stage.play()

    async def stop(self) -> None:
        """Close every window's line and take no more messages; those under way are finished."""
        await self._stage.stop()
        self._hub.close()
        await self._server.stop()
        self._post.receive = None
