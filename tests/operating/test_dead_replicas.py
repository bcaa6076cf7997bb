"""Two replicas: albums whose parts come to both, and what one had acknowledged when it was killed for good."""

from __future__ import annotations

import itertools
import signal
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select

from storage.tables import evidence, inbox, incidents, outbox, reports, spool
from tests.operating.cluster import Cluster, Replica, lamps, until
from tests.platforms.practice import PICTURE

NAME, GUEST = "书记0", "guest0"


class Pair(Cluster):
    """Two replicas, one secretary on Telegram, one guest on WeCom."""

    def __init__(self, folder: Path, mode: str) -> None:
        super().__init__(folder, 1, 1, names=("jia", "yi"), mode=mode)

    async def leads(self) -> Replica:
        await self.another_leads(None)
        found = self.leader()
        assert found is not None
        return found

    def other(self, than: Replica) -> Replica:
        return next(replica for replica in self.replicas.values() if replica is not than)

    def brings_to(self, *replicas: Replica) -> None:
        self.api.updates.turns = itertools.cycle([replica.address for replica in replicas])

    def album(self, number: int, photos: int = 4) -> None:
        data = [PICTURE + bytes([number, part]) for part in range(photos)]
        self.api.town.album(NAME, self.api.town.private(NAME), data, caption=f"进度 1 {number}盏")

    def says(self, number: int) -> None:
        self.api.town.says(NAME, self.api.town.private(NAME), f"进度 1 {number}盏")

    async def acknowledged(self) -> None:
        await until(lambda: not self.api.updates.waiting, "a message is not taken")

    async def kill(self, replica: Replica) -> None:
        replica.signal(signal.SIGKILL)

    async def back(self, replica: Replica) -> None:
        await replica.ended()
        await replica.start()
        await replica.takes_calls()

    def registered(self) -> list[tuple[int | None, int]]:
        """The reports in their order: lamps, and photos."""
        count: dict[int, int] = {}
        for row in self.rows(select(evidence.c.report_id)):
            count[row.report_id] = count.get(row.report_id, 0) + 1
        found = self.rows(select(reports.c.id, reports.c.words).order_by(reports.c.id))
        assert set(count) <= {row.id for row in found}
        return [(lamps(row.words), count.get(row.id, 0)) for row in found]

    def taken_by_wecom(self) -> int:
        return len(self.rows(select(inbox.c.id).where(inbox.c.platform == "wecom")))

    async def until_registered(self, expected: Sequence[tuple[int, int]]) -> float:
        """Exactly these, each answered once, and nothing is left to do."""
        took = await until(lambda: len(self.registered()) >= len(expected), "a report is missing")
        await until(lambda: not self.rows(select(spool.c.id)) and not self.waiting(), "something is left")
        assert self.registered() == list(expected)
        assert [lamps(words) for words in self.answers(NAME, "已登记")] == [number for number, _ in expected]
        assert self.rows(select(incidents.c.id)) == []
        return took


async def test_albums_that_come_to_both_are_one_report_each_and_a_dead_replica_takes_nothing_along(
    tmp_path: Path,
) -> None:
    pair = Pair(tmp_path, "webhook")
    try:
        await pair.open()
        leader = await pair.leads()
        other = pair.other(leader)
        # It comes to the one that has seen nothing of the album, and does not overtake it.
        pair.brings_to(*[leader] * 4, other)
        pair.album(1)
        pair.says(2)
        await pair.until_registered([(1, 4), (2, 0)])

        # Neither overtakes an album of which both have something.
        pair.brings_to(leader, other, leader, leader, other, leader)
        pair.album(3)
        pair.says(4)
        pair.says(5)
        done = [(1, 4), (2, 0), (3, 4), (4, 0), (5, 0)]
        await pair.until_registered(done)

        # With the one that does not lead are a photo by WeCom, which takes so long that it was acknowledged, and
        # all parts of an album; and it dies.
        pair.office.sender.address = f"{other.wecom_address}{pair.office.path}"
        pair.office.api.fail("media/get", 15.0)
        assert (await pair.office.sender.sends_photo(GUEST, PICTURE)).statuses == [200]
        pair.brings_to(other)
        pair.album(6)
        await pair.acknowledged()
        assert pair.taken_by_wecom() == 0
        await pair.kill(other)
        assert await pair.until_registered([*done, (6, 4)]) < 30
        await until(lambda: len(pair.office.phone(GUEST)) == 1, "the photo is not answered")
        assert pair.taken_by_wecom() == 1
        await pair.back(other)

        # All parts are with both, and the one that would put them together dies.
        pair.brings_to(leader, other)
        pair.album(7)
        await pair.acknowledged()
        await pair.kill(leader)
        assert await pair.until_registered([*done, (6, 4), (7, 4)]) < 30
        assert len(pair.office.phone(GUEST)) == 1
    finally:
        await pair.close()


async def test_nothing_overtakes_an_album_whose_holder_is_paused_or_dies(tmp_path: Path) -> None:
    pair = Pair(tmp_path, "webhook")
    try:
        await pair.open()
        leader = await pair.leads()
        other = pair.other(leader)
        # The one that leads has an album and is fetching its photos; what follows comes to the other, which nobody
        # has told of it. Then the leader is paused.
        pair.api.slow["file"] = 60.0
        pair.brings_to(*[leader] * 4, *[other] * 3)
        pair.album(1)
        pair.says(2)
        pair.says(3)
        await pair.acknowledged()
        assert pair.registered() == []
        leader.signal(signal.SIGSTOP)
        pair.says(4)
        await pair.acknowledged()
        assert pair.registered() == []
        pair.api.slow.clear()
        done = [(1, 4), (2, 0), (3, 0), (4, 0)]
        assert await pair.until_registered(done) < 30

        # It wakes up with the album in its hands, and another is on its way to both.
        pair.brings_to(other, leader)
        leader.signal(signal.SIGCONT)
        pair.album(5)
        pair.says(6)
        done += [(5, 4), (6, 0)]
        await pair.until_registered(done)

        # The same, and the one that leads by now is killed.
        leader, other = other, leader
        pair.api.slow["file"] = 60.0
        pair.brings_to(*[leader] * 4, *[other] * 2)
        pair.album(7)
        pair.says(8)
        await pair.acknowledged()
        assert pair.registered() == done
        await pair.kill(leader)
        pair.says(9)
        await pair.acknowledged()
        assert pair.registered() == done
        pair.api.slow.clear()
        assert await pair.until_registered([*done, (7, 4), (8, 0), (9, 0)]) < 30
    finally:
        await pair.close()


async def test_what_was_polled_and_takes_long_is_done_once_and_in_order_when_its_replica_dies(
    tmp_path: Path,
) -> None:
    pair = Pair(tmp_path, "polling")
    try:
        await pair.open()
        leader = await pair.leads()
        pair.api.slow["file"] = 30.0
        town = pair.api.town
        town.photo(NAME, town.private(NAME), PICTURE, caption="进度 1 1盏")
        pair.says(2)
        await pair.acknowledged()
        pair.api.slow.clear()
        assert pair.registered() == []
        await pair.kill(leader)
        pair.says(3)
        assert await pair.until_registered([(1, 1), (2, 0), (3, 0)]) < 30
        assert len(pair.rows(select(outbox.c.id))) == 3
    finally:
        await pair.close()
