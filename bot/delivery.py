"""From the outbox to the platforms: in order per chat, again after passing errors, visibly given up otherwise."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from datetime import timedelta

from bot.chat.clock import Clock
from bot.chat.errors import DeliveryError
from bot.chat.messages import ChatKind, ChatRef, Outgoing
from bot.chat.ports import Platform
from bot.chat.rendering import body_from_wire, buttons_from_wire, files_from_wire
from bot.worker import Worker
from storage import accounts, outbox

log = logging.getLogger("liangsaibi.delivery")

#: A send that takes longer than this belongs to a worker that died.
LEASE = timedelta(minutes=2)
#: Messages in flight at once, each to another chat.
ABREAST = 32
#: After this many tries a message is given up.
ATTEMPTS = 8
#: The pause after the first failure, doubled each time, in seconds, with jitter; and the longest one.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 600.0
#: How often to look when nobody has called, in seconds (retries come due; other processes write too).
POLL = 1.0


class Delivery:
    """Sends what waits in the outbox."""

    def __init__(self, worker: Worker, platforms: Mapping[str, Platform], clock: Clock) -> None:
        self._worker = worker
        self._platforms = platforms
        self._clock = clock
        self._call = asyncio.Event()
        self._stopping = False

    def wake(self) -> None:
        """Something was just committed to the outbox."""
        self._call.set()

    def stop(self) -> None:
        """Finish the messages in flight, then end `run`."""
        self._stopping = True
        self._call.set()

    async def run(self) -> None:
        """Deliver until stopped."""
        while not self._stopping:
            self._call.clear()
            try:
                busy = await self.deliver_due()
            except Exception:
                log.exception("delivery stumbled and goes on")
                busy = False
            if not busy and not self._stopping:
                try:
                    await asyncio.wait_for(self._call.wait(), POLL)
                except TimeoutError:
                    continue

    async def deliver_due(self) -> bool:
        """Send what is due now, at most one message per chat; whether there was anything."""
        now = self._clock.now()
        claimed = await asyncio.wrap_future(
            self._worker.submit(lambda tx: outbox.claim(tx, now=now, until=now + LEASE, most=ABREAST))
        )
        await asyncio.gather(*(self._deliver(row) for row in claimed))
        return bool(claimed)

    async def drain(self) -> None:
        """Deliver until nothing is due: for tests, stories and shutting down."""
        while await self.deliver_due():
            pass

    async def _deliver(self, row: outbox.Waiting) -> None:
        platform = self._platforms.get(row.platform)
        if platform is None:
            # Its platform is not configured at present: it waits for the day that it is.
            await self._again(row, f"platform {row.platform} is not configured", LONGEST_PAUSE)
            return
        try:
            sent_as = await platform.send(_outgoing(row))
        except DeliveryError as error:
            await self._refused(row, error)
        except Exception as error:
            log.exception("sending message %d failed", row.id)
            await self._again(row, f"{type(error).__name__}: {error}", None)
        else:
            now = self._clock.now()
            await asyncio.wrap_future(
                self._worker.submit(lambda tx: outbox.sent(tx, row.id, platform_message_id=sent_as, now=now))
            )

    async def _refused(self, row: outbox.Waiting, error: DeliveryError) -> None:
        if error.moved_to is not None:
            new_id = error.moved_to
            await asyncio.wrap_future(self._worker.submit(lambda tx: accounts.move_chat(tx, row.chat_id, new_id)))
            await self._again(row, error.reason, 0)
        elif error.permanent:
            await self._give_up(row, error.reason)
        else:
            await self._again(row, error.reason, error.retry_after)

    async def _again(self, row: outbox.Waiting, why: str, pause: float | None) -> None:
        attempt = row.attempts + 1
        configured = row.platform in self._platforms
        if attempt >= ATTEMPTS and configured:
            await self._give_up(row, why)
            return
        if pause is None:
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)) * random.uniform(0.75, 1.25)  # noqa: S311
        at = self._clock.now() + timedelta(seconds=pause)
        await asyncio.wrap_future(self._worker.submit(lambda tx: outbox.retry(tx, row.id, at=at, why=why)))

    async def _give_up(self, row: outbox.Waiting, why: str) -> None:
        log.error("message %d to %s is given up: %s", row.id, row.title or row.external_id, why)
        await asyncio.wrap_future(self._worker.submit(lambda tx: outbox.fail(tx, row.id, why=why)))


def _outgoing(row: outbox.Waiting) -> Outgoing:
    kind = ChatKind.GROUP if row.is_group else ChatKind.PRIVATE
    return Outgoing(
        id=row.id,
        chat=ChatRef(row.platform, row.external_id, kind, row.title),
        body=body_from_wire(row.content["body"]),
        buttons=buttons_from_wire(row.content.get("buttons", [])),
        files=files_from_wire(row.content.get("files", [])),
        replaces=row.replaces,
        attempt=row.attempts + 1,
        answers=row.content.get("answers"),
        asks=row.content.get("asks", False),
        hint=row.content.get("hint", ""),
        letters=row.content.get("letters", False),
    )
