"""One deployment on WeCom and Telegram at once: an office here, the others there, one ranking, results to both."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from bot.app import App
from bot.demo import story
from storage import incidents, joining, outbox, people, units
from storage.database import Database
from tests.platforms.conformance import eventually
from tests.platforms.wecom_office import Office, read
from tests.servers.telegram.server import BotApi
from tests.telegram.stage import UNHURRIED, District, TelegramStage

OFFICE = "枫杨办事处"


class Both:
    """The example district: one office's people on WeCom, everybody else on Telegram."""

    def __init__(self, district: District, office: Office) -> None:
        self.district, self.office = district, office
        self._telegram = TelegramStage(district)
        app: App = district.app
        with app.database.transaction() as tx:
            [unit] = [u for u in units.subtree(tx, [u.id for u in units.roots(tx)]) if u.name == OFFICE]
            self.users = {h.name: f"User{h.person_id}" for h in people.posts_below(tx, [unit.id])}
            for name, user in self.users.items():
                person = district.people.pop(name)
                joining.join(tx, "wecom", person, user.lower(), f"user:{user.lower()}", now=district.clock.now())
        office.company.people = dict.fromkeys(self.users.values(), "")
        office.company.robot_keys = {"key-1": OFFICE}
        district.units.remove(OFFICE)
        app.config = msgspec.structs.replace(app.config, wecom=office.settings(bot=False))
        self.wecom = app.open_wecom()
        self.wecom.limits = UNHURRIED
        self.keep_time()

    def keep_time(self) -> None:
        """WeCom's simulator goes by the story's time, and a minute lies between two steps."""
        self.office.company.shift += self.district.clock.now().timestamp() - self.office.company.now()
        self.office.company._taken.clear()

    async def say(self, who: str, text: str, *, group: str | None, photo: bytes | None) -> None:
        self.keep_time()
        if who not in self.users:
            await self._telegram.say(who, text, group=group, photo=photo)
        elif photo is not None:
            assert (await self.office.sender.sends_photo(self.users[who], photo)).statuses == [200]
        else:
            assert (await self.office.sender.says(self.users[who], text)).statuses == [200]
        await self.settle()

    async def press(self, who: str, label: str, *, group: str | None) -> None:
        self.keep_time()
        if who in self.users:
            assert (await self.office.sender.presses(self.users[who], label)).statuses == [200]
        else:
            await self._telegram.press(who, label, group=group)
        await self.settle()

    async def settle(self) -> None:
        await self.district.settled()


@pytest.fixture
async def both(sqlite_database: Database, tmp_path: Path) -> AsyncIterator[Both]:
    api, office = BotApi(), Office()
    await api.start()
    await office.open()
    district = District(sqlite_database, tmp_path, api, "webhook")
    made = Both(district, office)
    await district.open()
    await made.wecom.start(district.app.receive)
    await eventually(lambda: _robots(sqlite_database))
    await district.bind_everybody()
    yield made
    await made.wecom.stop()
    await district.close()
    await office.close()
    await api.stop()


def _robots(database: Database) -> bool:
    with database.transaction() as tx:
        return any(row.send_only for row in tx.all(outbox.chats.select()))


async def test_one_quarter_on_two_platforms(both: Both) -> None:
    assert set(both.district.app.platforms) == {"wecom", "telegram"}
    both.district.api.accepted.clear()
    await story.play(story.script(), both, both.district.clock, tell=lambda *_: None, pace=0)
    with both.district.app.database.transaction() as tx:
        assert incidents.newest(tx) == []
        assert outbox.failures(tx) == []
    assert both.office.company.dropped == []
    here = "\n".join(read(seen) for seen in both.office.group(f"robot:{OFFICE}"))
    others = {unit: _group_words(both, unit) for unit in both.district.units}
    published = [line for line in here.splitlines() if re.search(r"第[123]名|^\d\W.*\d\.\d\d", line)]
    assert len(published) >= 3, here
    for unit, there in others.items():
        for line in published:
            assert _bare(line) in _bare(there), (unit, line)
    everybody = {*both.users, *both.district.people}
    assert "王芳" in both.users
    assert len(everybody) > len(both.users) > 10


async def test_a_long_announcement_is_looked_at_as_each_platform_will_show_it(both: Both) -> None:
    organizer, district = both.district.organizer, both.district
    paragraph = "请各支部于周五前核对承诺进度，有困难的先同办事处商量。" * 18
    district.api.accepted.clear()
    await both.say(organizer, f"通报 {paragraph}\n\n{paragraph}\n\n{paragraph}", group=None, photo=None)
    looked = "\n".join(str(given.get("text", "")) for _method, given in district.api.accepted)
    assert "在企业微信上分2条发出：" in looked
    assert "在Telegram上" not in looked
    shown = looked.split("在企业微信上分2条发出：")[1]
    await both.press(organizer, "发送", group=None)
    arrived = [read(seen) for seen in both.office.group(f"robot:{OFFICE}")][-2:]
    for part in arrived:
        assert _bare(part) in _bare(shown)


def _group_words(both: Both, unit: str) -> str:
    room = both.district.group(unit).id
    texts = [
        str(given.get("text") or given.get("caption") or "")
        for _method, given in both.district.api.accepted
        if given.get("chat_id") == room
    ]
    return "\n".join(texts)


def _bare(text: str) -> str:
    return re.sub(r"[\s\u2007　*|]", "", text)
