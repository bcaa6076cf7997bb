"""The example quarter runs unchanged over WeCom: private by app, announcements by robots, groups by AI bot."""

from __future__ import annotations

import asyncio
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from bot.app import App
from bot.chat.clock import ShiftedClock, StoppedClock
from bot.chat.messages import ChatKind, ChatRef
from bot.config import Config, General, LocalSection
from bot.delivery import Delivery
from bot.demo import facts, load, story
from bot.demo.terminal import TerminalPlatform, TerminalStage, cast_and_groups
from storage import accounts, incidents, joining, outbox
from storage.database import Database
from storage.tables import chats
from tests.platforms.conformance import eventually
from tests.platforms.wecom_office import Office, read
from tests.servers.wecom.company import Seen

#: Between two steps so much time passes that no limit is met.
STEP = timedelta(minutes=2)


class Town:
    """The program with its database, all three ways configured, and everybody of the example on WeCom."""

    def __init__(self, office: Office, database: Database, folder: Path) -> None:
        self.office = office
        quarter = facts.read()
        self.clock = ShiftedClock(base=StoppedClock(quarter.clock))
        config = msgspec.structs.replace(
            Config(),
            general=General(data=str(folder)),
            local=LocalSection(enabled=False),
        )
        with database.transaction() as tx:
            load.load(tx, quarter)
            practice, units = cast_and_groups(tx)
            self.users = {name: f"User{account[1:]}" for name, account in practice.items()}
            self.groups = {name: f"wr{unit}" for name, unit in units.items()}
            office.company.people = dict.fromkeys(self.users.values(), "")
            office.company.robot_keys = {f"key-{unit}": name for name, unit in units.items()}
            config = msgspec.structs.replace(config, wecom=office.settings())
            self.app = App(config, database, clock=self.clock, entropy=random.Random(2021).randbytes)
            # Limits are kept by the story's time, so that nobody has to wait for them.
            self.app.delivery = Delivery(self.app.worker, self.app.platforms, self.clock, ticks=self._seconds)
            for name, account in practice.items():
                user = self.users[name].lower()
                joining.join(tx, "wecom", int(account[1:]), user, f"user:{user}", now=quarter.clock)
            for name, chat in self.groups.items():
                known = accounts.chat_for(
                    tx, ChatRef("wecom", f"bot:{chat}", ChatKind.GROUP, name), now=quarter.clock
                )
                tx.execute(chats.update().where(chats.c.id == known.id).values(unit_id=units[name]))
        self.wecom = self.app.open_wecom()

    # --- the story's stage --------------------------------------------------------------------------------

    async def say(self, who: str, text: str, *, group: str | None, photo: bytes | None) -> None:
        self._keep_time()
        user = self.users[who]
        if group is not None:
            await self.office.bot.says(user, f"@亮赛比 {text}", group=self.groups[group])
        elif photo is not None:
            assert (await self.office.sender.sends_photo(user, photo)).statuses == [200]
        else:
            assert (await self.office.sender.says(user, text)).statuses == [200]

    async def press(self, who: str, label: str, *, group: str | None) -> None:
        self._keep_time()
        assert group is None
        assert (await self.office.sender.presses(self.users[who], label)).statuses == [200]

    async def settle(self) -> None:
        """Everything delivered; then a while passes."""
        for _ in range(3):
            await self.app.delivery.drain()
            self.clock.set(self.clock.now() + STEP)
            self._keep_time()

    def _seconds(self) -> float:
        return self.clock.now().timestamp()

    def _keep_time(self) -> None:
        self.office.company.shift += self._seconds() - self.office.company.now()


@pytest.fixture
async def town(sqlite_database: Database, tmp_path: Path) -> AsyncIterator[Town]:
    office = Office()
    await office.open()
    made = Town(office, sqlite_database, tmp_path)
    made._keep_time()
    made.app.worker.start()
    await made.wecom.start(made.app.receive)
    await office.bot.subscribed.wait()
    # The robots are tied to their units by the first round.
    await eventually(lambda: _outlets(sqlite_database) == len(made.groups))
    yield made
    await made.wecom.stop()
    await asyncio.to_thread(made.app.worker.stop)
    await office.close()


def _outlets(database: Database) -> int:
    with database.transaction() as tx:
        return len(tx.all(chats.select().where(chats.c.send_only, chats.c.unit_id.is_not(None))))


async def told_in_terminal(database: Database, folder: Path) -> dict[str, list[str]]:
    """What the bot says in each chat of the story, by whom or by which group, line by line."""
    heard: dict[str, list[str]] = defaultdict(list)
    quarter = facts.read()
    clock = ShiftedClock(base=StoppedClock(quarter.clock))
    config = msgspec.structs.replace(Config(), general=General(data=str(folder)))
    app = App(config, database, clock=clock, entropy=random.Random(2021).randbytes)
    with database.transaction() as tx:
        load.load(tx, quarter)

    def show(place: str, speaker: str, text: str) -> None:
        if not speaker:
            heard[place] += [line for line in text.splitlines() if line.strip()]

    platform = TerminalPlatform(show)
    app.add(platform)
    app.worker.start()
    try:
        stage = TerminalStage(app, platform)

        async def settle() -> None:
            for _ in range(3):
                await app.delivery.drain()
                clock.set(clock.now() + STEP)

        stage.settle = settle  # type: ignore[method-assign]
        await story.play(story.script(), stage, clock, tell=lambda *_progress: None, pace=0)
    finally:
        await asyncio.to_thread(app.worker.stop)
    return heard


def bare(text: str) -> str:
    """Words without spaces and invisible characters."""
    return re.sub(r"[\s\u200b-\u2064　]", "", text)


def flowing(messages: list[Seen]) -> str:
    """All that somebody has read, also on cards that say something else by now."""
    return bare("\n".join("\n".join([*seen.earlier, read(seen)]) for seen in messages))


async def test_the_example_quarter(town: Town, tmp_path: Path, sqlite_template: Path) -> None:
    other = tmp_path / "terminal"
    other.mkdir()
    (other / "t.db").write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{other / 't.db'}")
    expected = await told_in_terminal(database, other)
    database.close()

    await story.play(story.script(), town, town.clock, tell=lambda *_progress: None, pace=0)

    with town.app.database.transaction() as tx:
        assert incidents.newest(tx) == []
        assert outbox.failures(tx) == []
    assert town.office.company.dropped == []
    places = {f"私聊·{name}": town.office.phone(user) for name, user in town.users.items()}
    places |= {f"{name}工作群": town.office.group(f"robot:{name}") for name in town.groups}
    missing = [
        (place, line)
        for place, lines in expected.items()
        for line in lines
        if not line.startswith(("📎", "[")) and bare(line.strip("「」")) not in flowing(places[place])
    ]
    assert missing == []
    assert any(seen.file for seen in town.office.group("robot:郑州高新区")), "the results have a picture"
    assert all(not town.office.group(f"bot:{chat}") for chat in town.groups.values())


async def test_in_a_group_a_choice_is_typed_by_its_number(town: Town) -> None:
    bot, group = town.office.bot, "wr-new-group"
    organizer = town.users["周敏"]
    await bot.says(organizer, "@亮赛比 绑群", group=group)
    await eventually(lambda: _put(town.app.database) == 1)
    await town.settle()
    [asked] = town.office.group(f"bot:{group}")
    lines = read(asked).splitlines()
    assert lines[0] == "本群归哪个单位？请点一下，或者发：绑群 单位名称"
    assert lines[2] == "请回复序号："
    assert lines[3] == "1. 郑州高新区"
    wanted = next(line for line in lines if "枫杨办事处" in line).partition(".")[0]
    await bot.says(organizer, f"@亮赛比 {wanted}", group=group)
    await eventually(lambda: _put(town.app.database) == 2)
    await town.settle()
    assert read(town.office.group(f"bot:{group}")[1]).startswith("好的，本群是枫杨办事处的工作群了。")


def _put(database: Database) -> int:
    """How many messages were put into the outbox, whatever has become of them."""
    with database.transaction() as tx:
        return len(tx.all(outbox.outbox.select()))
