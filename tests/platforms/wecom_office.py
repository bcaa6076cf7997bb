"""An office on WeCom: the simulators, the adapter wired to them, and people who write, press and read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from bot.chat.clock import Clock, SystemClock
from bot.chat.ports import Spool
from bot.platforms.local.server import Server
from bot.platforms.wecom.menu import Heading
from bot.platforms.wecom.parts import INVISIBLE
from bot.platforms.wecom.platform import WeCom
from bot.platforms.wecom.settings import WeComSection
from bot.platforms.wecom.store import Candidate, OfficeGroup, Store
from storage.disk_spool import DiskSpool
from storage.files import DiskFiles
from tests.program import free_port
from tests.servers.wecom.api import Api
from tests.servers.wecom.bot import BotServer
from tests.servers.wecom.company import Company, Seen
from tests.servers.wecom.sender import Delivered, Sender

GROUP, ROBOT_KEY = "wrkSFfCgAAgroup1", "robot-key-DO-NOT-LOG-693a91f6"
#: The marks that are shown in their full width, as the reader takes them.
_READ = str.maketrans("＊＿ˋ～［］＜＞｜＼＃－＋＝", "*_`~[]<>|\\#-+=")


class MemoryStore:
    """A store without a database."""

    def __init__(self) -> None:
        self.facts: dict[str, Any] = {}
        self.roster: list[Candidate] = []
        self.tied: dict[int, str] = {}
        self.robots: dict[str, str] = {}
        self.groups: list[OfficeGroup] = []

    async def get(self, name: str) -> Any:
        return self.facts.get(name)

    async def put(self, name: str, value: Any) -> None:
        self.facts[name] = value

    async def tie_robots(self, chats: Any, prefix: str) -> Sequence[str]:
        self.robots = dict(chats)
        return []

    async def candidates(self) -> Sequence[Candidate]:
        return [one for one in self.roster if one.person_id not in self.tied]

    async def tie(self, person_id: int, user: str, chat: str) -> bool:
        self.tied[person_id] = user
        return True

    async def office_groups(self, prefix: str) -> Sequence[OfficeGroup]:
        return self.groups

    async def tie_group(self, unit_id: int, chat: str, title: str) -> None:
        self.groups = [
            msgspec.structs.replace(g, chat=chat)  # type: ignore[type-var]
            if isinstance(g, msgspec.Struct)
            else OfficeGroup(g.unit_id, g.name, g.members, chat if g.unit_id == unit_id else g.chat)
            for g in self.groups
        ]


class Office:
    """The company's servers. `settings(…)` gives a configuration that fits them."""

    def __init__(self, people: Sequence[str] = ("王芳", "李建国", "周敏", "陈立")) -> None:
        self.company = Company(people=dict.fromkeys(people, ""), robot_keys={ROBOT_KEY: "枫杨办事处"})
        self.api = Api(self.company)
        self._http = Server(self.api.app(), "127.0.0.1", 0)
        self.callback_port = free_port()
        self.path = "/wecom/callback"
        self.sender = Sender(self.company, self.api, f"http://127.0.0.1:{self.callback_port}{self.path}")

    async def open(self) -> None:
        await self._http.start()
        self.base = self._http.address.rstrip("/")
        self.bot = BotServer(self.company, self.base)
        await self.bot.start()

    async def close(self) -> None:
        await self.sender.close()
        await self.bot.stop()
        await self._http.stop()

    def settings(self, *, app: bool = True, bot: bool = True, robots: bool = True, **more: Any) -> WeComSection:
        given: dict[str, Any] = {
            "enabled": True,
            "base_url": self.base,
            "corp_id": self.company.corp_id,
            "port": self.callback_port,
            "path": self.path,
            "menu": False,
        }
        if app:
            given |= {"agent_id": self.company.agent_id, "secret": self.company.secret}
            given |= {"token": self.company.token, "aes_key": self.company.aes_key}
        if bot:
            given |= {"bot_id": self.company.bot_id, "bot_secret": self.company.bot_secret}
            given |= {"bot_url": self.bot.address}
        if robots:
            given["robots"] = {name: key for key, name in self.company.robot_keys.items()}
        return WeComSection(**{**given, **more})

    def platform(
        self,
        folder: Path,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
        spool: Spool | None = None,
        headings: Sequence[Heading] = (),
        **chosen: Any,
    ) -> WeCom:
        self.files = DiskFiles(folder / "files")
        return WeCom(
            self.settings(**chosen),
            store or MemoryStore(),
            self.files,
            clock or SystemClock(),
            spool or DiskSpool(folder / "spool"),
            headings=headings,
        )

    # --- people -------------------------------------------------------------------------------------------

    async def says(self, user: str, text: str) -> Delivered:
        return await self.sender.says(user, text)

    def phone(self, user: str) -> list[Seen]:
        return self.company.phones[user.lower()]

    def group(self, chat: str = f"bot:{GROUP}") -> list[Seen]:
        return self.company.groups[chat]


def read(seen: Seen) -> str:
    """The words as a person reads them: invisible marks are not seen, bold is bold, full-width marks are marks."""
    text = seen.text.strip(INVISIBLE)
    if seen.by == "app" and seen.kind != "markdown":
        return text
    text = re.sub(r"^\*\*(.*)\*\*$", r"\1", text, flags=re.MULTILINE)
    return re.sub(r"^> ", "", text, flags=re.MULTILINE).translate(_READ)
