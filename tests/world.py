"""A small district with real people on a real database, spoken to message by message.

`Persona.says` returns what the bot answers in the same chat, as plain text with `[buttons]`; what reaches
other people or groups is read with `heard`. Everything runs through the real dispatcher and outbox; only the
platform is left out, so conversations are fast enough to be tested by the hundred, on both databases.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bot.chat.commands import Registry
from bot.chat.messages import Attachment, ChatKind, ChatRef, Inbound, Line, Sender
from bot.chat.people import Role
from bot.chat.rendering import Renderer, body_from_wire, plain_text
from bot.chat.settings import Policy
from bot.chat.texts import Catalogues
from bot.dispatch import Dispatcher, Processed
from bot.posting import Postman
from bot.ticking import Ticker
from handlers import all_commands, locale_folders
from storage import accounts, people, units
from storage.database import Database, Tx
from storage.files import DiskFiles
from storage.tables import accounts as account_table
from storage.tables import chats as chat_table
from storage.tables import outbox
from tests import told

ZONE = ZoneInfo("Asia/Shanghai")
#: A Monday morning in the reporting window of the first quarter: 2021-03-22, 9:00 in China.
MORNING = datetime(2021, 3, 22, 1, 0, tzinfo=UTC)
BOT = Path(__file__).resolve().parent.parent / "bot"


class World:
    """A district on a database. Time stands still unless `wait` moves it."""

    def __init__(
        self,
        database: Database,
        files: Path,
        *,
        now: datetime = MORNING,
        policy: Policy | None = None,
        registry: Registry | None = None,
    ) -> None:
        self.database = database
        self.now = now
        self.files = DiskFiles(files)
        self.registry = registry or all_commands()
        self.renderer = Renderer(Catalogues([BOT / "locale", *locale_folders()], ZONE))
        self.policy = policy or Policy()
        self.dispatcher = Dispatcher(
            registry=self.registry,
            renderer=self.renderer,
            policy=self.policy,
            files=self.files,
            zone=ZONE,
        )
        postman = Postman(self.renderer, home=None, zone=ZONE)
        ticker = Ticker(postman=postman, renderer=self.renderer, policy=self.policy, zone=ZONE, files=self.files)
        self.ticks = {name: ticker.bind(handler) for name, handler in self.registry.ticks.items()}
        self.units: dict[str, int] = {}
        self.personas: dict[str, Persona] = {}
        self.groups: dict[str, int] = {}
        self.last: Processed | None = None
        self._numbers = itertools.count(1)
        self._seen = 0
        self._heard: dict[int, list[Heard]] = defaultdict(list)

    # --- making the district ----------------------------------------------------------------------------

    def unit(self, name: str, kind: str, parent: str | None = None, **more: object) -> int:
        with self.database.transaction() as tx:
            self.units[name] = units.add(
                tx,
                name=name,
                kind=kind,
                parent_id=self.units[parent] if parent else None,
                now=self.now,
                position=len(self.units),
                **more,  # type: ignore[arg-type]
            )
        return self.units[name]

    def person(self, name: str, *posts: tuple[Role, str]) -> Persona:
        """Somebody of the roster, bound and reachable, with posts as (role, unit name)."""
        persona = Persona(self, name, f"u{len(self.personas) + 1}")
        with self.database.transaction() as tx:
            persona.id = people.add(tx, name=name, now=self.now)
            for role, unit in posts:
                people.appoint(tx, person_id=persona.id, unit_id=self.units[unit], role=role, now=self.now)
            self._account(tx, persona, persona.id)
        self.personas[name] = persona
        return persona

    def take_on(self, persona: Persona, *, called: str) -> Persona:
        """Somebody who is on the roster already, from now on bound and reachable."""
        with self.database.transaction() as tx:
            self._account(tx, persona, persona.id)
        self.personas[called] = persona
        return persona

    def stranger(self, name: str) -> Persona:
        """Somebody whom the bot does not know."""
        persona = Persona(self, name, f"u{len(self.personas) + 1}")
        self.personas[name] = persona
        return persona

    def group(self, unit: str) -> int:
        """The unit's work group, bound."""
        with self.database.transaction() as tx:
            ref = ChatRef("test", f"group:{unit}", ChatKind.GROUP, f"{unit}工作群")
            chat = accounts.chat_for(tx, ref, now=self.now)
            tx.execute(chat_table.update().where(chat_table.c.id == chat.id).values(unit_id=self.units[unit]))
        self.groups[unit] = chat.id
        return chat.id

    def _account(self, tx: Tx, persona: Persona, person_id: int) -> None:
        ref = ChatRef("test", f"private:{persona.account}", ChatKind.PRIVATE)
        chat = accounts.chat_for(tx, ref, now=self.now)
        sender = Sender(persona.account, persona.name)
        actor = accounts.identify(tx, "test", sender, private_chat=chat.id, now=self.now)
        tx.execute(
            account_table.update()
            .where(account_table.c.id == actor.account_id)
            .values(person_id=person_id, bound_at=self.now)
        )
        persona.chat_id = chat.id

    # --- time and messages --------------------------------------------------------------------------------

    def wait(self, **time: float) -> None:
        """Let time pass: `wait(minutes=11)`."""
        self.now += timedelta(**time)

    def tick(self, *names: str) -> None:
        """Let the ticks of these names (all that are declared) happen at this moment."""
        for name in names or self.ticks:
            more = True
            while more:
                with self.database.transaction() as tx:
                    more = self.ticks[name](tx, self.now)
        self.collect()

    def deliver(self, inbound: Inbound) -> Processed:
        """Hand a message to the engine and collect what it puts into the outbox."""
        with self.database.transaction() as tx:
            self.last = self.dispatcher.process(tx, inbound, self.now)
        self.collect()
        return self.last

    def collect(self) -> None:
        """Note the new outbox rows."""
        with self.database.transaction() as tx:
            rows = tx.all(
                select(outbox.c.id, outbox.c.chat_id, outbox.c.content)
                .where(outbox.c.id > self._seen)
                .order_by(outbox.c.id)
            )
        for row in rows:
            self._seen = row.id
            self._heard[row.chat_id].append(Heard(row.id, row.content))

    def take(self, chat_id: int) -> list[Heard]:
        """What arrived in a chat since it was last looked at."""
        return self._heard.pop(chat_id, [])

    def waiting(self, chat_id: int) -> list[Heard]:
        """What arrived in a chat and has not been looked at."""
        return self._heard.get(chat_id, [])

    def heard(self, unit: str) -> list[str]:
        """What arrived in the unit's group since it was last looked at."""
        return [h.text for h in self.take(self.groups[unit])]

    def next_id(self) -> str:
        return f"m{next(self._numbers)}"


@dataclass
class Heard:
    """One message as it arrived."""

    id: int
    content: dict[str, object]

    @property
    def text(self) -> str:
        parts = [plain_text(body_from_wire(self.content["body"]))]  # type: ignore[arg-type]
        parts += [f"📎{name}" for _key, name, _mime in self.content.get("files", [])]  # type: ignore[attr-defined]
        rows = self.content.get("buttons", [])
        parts += [" ".join(f"[{label}]" for label, _payload in row) for row in rows]  # type: ignore[attr-defined]
        text = "\n".join(parts)
        told.heard(text)
        return text

    @property
    def called(self) -> list[tuple[str, str]]:
        """Who is mentioned, as (the words, the account)."""
        lines = [one for one in body_from_wire(self.content["body"]) if isinstance(one, Line)]  # type: ignore[arg-type]
        return [(str(line.words)[call.start : call.end], call.account) for line in lines for call in line.calls]

    def payload(self, label: str) -> str | None:
        for row in self.content.get("buttons", []):  # type: ignore[attr-defined]
            for text, payload in row:
                if text == label:
                    return str(payload)
        return None


@dataclass
class Persona:
    """Somebody who talks to the bot."""

    world: World
    name: str
    account: str
    id: int = 0
    chat_id: int = 0
    _buttons: dict[int, list[Heard]] = field(default_factory=lambda: defaultdict(list))

    def says(
        self,
        text: str,
        *,
        group: str | None = None,
        photos: int = 0,
        addressed: bool = False,
        pressed_message: str | None = None,
    ) -> list[str]:
        """Write in the private chat, or in a unit's group; the bot's answers in that chat."""
        ref = self._where(group)
        attachments = tuple(self._photo(i) for i in range(photos))
        inbound = Inbound(
            id=self.world.next_id(),
            chat=ref,
            sender=Sender(self.account, self.name),
            text=text,
            sent_at=self.world.now,
            attachments=attachments,
            addressed=addressed or group is None,
            pressed=pressed_message is not None,
            pressed_message=pressed_message,
        )
        self.world.deliver(inbound)
        return self.heard(group)

    def presses(self, label: str, *, group: str | None = None) -> list[str]:
        """Press the newest button of that label in the chat."""
        chat_id = self._chat_id(group)
        for heard in reversed(self._buttons[chat_id] + self.world.waiting(chat_id)):
            payload = heard.payload(label)
            if payload is not None:
                return self.says(payload, group=group, pressed_message=f"sent{heard.id}")
        raise AssertionError(f"no button {label!r} for {self.name}")

    def heard(self, group: str | None = None) -> list[str]:
        """What arrived since this chat was last looked at."""
        chat_id = self._chat_id(group)
        new = self.world.take(chat_id)
        self._buttons[chat_id] += new
        return [h.text for h in new]

    def _where(self, group: str | None) -> ChatRef:
        if group is None:
            return ChatRef("test", f"private:{self.account}", ChatKind.PRIVATE)
        return ChatRef("test", f"group:{group}", ChatKind.GROUP, f"{group}工作群")

    def _chat_id(self, group: str | None) -> int:
        if group is not None:
            return self.world.groups[group]
        if not self.chat_id:
            with self.world.database.transaction() as tx:
                self.chat_id = accounts.chat_for(tx, self._where(None), now=self.world.now).id
        return self.chat_id

    def _photo(self, index: int) -> Attachment:
        data = f"a photo by {self.name}, number {index}, {self.world.now}".encode()
        return Attachment(self.world.files.put(data), f"照片{index + 1}.jpg", "image/jpeg", len(data))


def small_district(world: World) -> World:
    """Two offices with two villages each, their people and groups: enough for every permission."""
    world.unit("高新区", "district")
    for office, villages in (("枫杨办事处", ("大里村", "公园道社区")), ("石佛办事处", ("欢河村", "南流村"))):
        world.unit(office, "office", "高新区")
        for village in villages:
            kind = "community" if village.endswith("社区") else "village"
            world.unit(village, kind, office, organization="committee")
    world.person("周敏", (Role.ORGANIZER, "高新区"))
    world.person("陈立", (Role.OFFICE_ADMINISTRATOR, "枫杨办事处"))
    world.person("孙洁", (Role.OFFICE_ADMINISTRATOR, "石佛办事处"))
    world.person("王芳", (Role.SECRETARY, "大里村"))
    world.person("李建国", (Role.SECRETARY, "公园道社区"))
    world.person("赵强", (Role.SECRETARY, "欢河村"))
    world.person("钱红", (Role.SECRETARY, "南流村"))
    for index, name in enumerate(("吴评", "郑评", "冯评", "褚评", "卫评", "蒋评", "沈评")):
        world.person(name, (Role.JUDGE, "枫杨办事处" if index == 0 else "高新区"))
    world.person("何监", (Role.SCRUTINEER, "高新区"))
    world.person("施计", (Role.SCOREKEEPER, "高新区"))
    for unit in ("高新区", "枫杨办事处", "石佛办事处"):
        world.group(unit)
    return world
