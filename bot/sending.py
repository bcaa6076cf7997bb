"""One message to its platform, and what becomes of it: sent, retried, parked with its chat, in doubt, failed."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from bot.chat.clock import Clock
from bot.chat.errors import DeliveryError, Unfinished
from bot.chat.messages import Outgoing
from bot.lines import Head
from bot.notes import DATABASE_REST, Notes
from bot.posting import outgoing
from bot.routes import Route
from bot.worker import Worker
from storage import accounts, claims, parking
from storage.database import Tx

R = TypeVar("R")
log = logging.getLogger("liangsaibi.delivery")

#: A send that takes longer than this belongs to a program of which nothing else is known.
LEASE = timedelta(minutes=2)
#: Called with the platform's name, what became of a message, and the seconds that the platform took.
Took = Callable[[str, str, float], None]
#: Called in the transaction in which a chat is parked (`row_id` None) or one message is given up.
Tell = Callable[[Tx, int, int | None, str, datetime], None]

#: A platform that has not answered after so many seconds is not waited for any longer.
PATIENCE = 60.0
#: The pause after the first failure, doubled each time, in seconds, with jitter; and the longest one.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 300.0
#: So long passing errors are borne with, counted from when the message was to go.
GIVE_UP_AFTER = timedelta(days=1)
#: A chat that moves again and again has no address.
MOST_MOVES = 5
#: How long to wait for room whose time is not known yet, in seconds.
GLANCE = 0.05


class Stopped(Exception):
    """The program ends, or does not lead any more, before a message could be begun."""


class Sender:
    """Sends claimed rows and notes what became of them."""

    def __init__(
        self,
        worker: Worker,
        clock: Clock,
        ticks: Callable[[], float],
        took: Took,
        tell: Tell | None = None,
        leading: Callable[[], bool] = lambda: True,
    ) -> None:
        self._worker = worker
        self._clock = clock
        self._ticks = ticks
        self._took = took
        self._tell = tell
        self._leading = leading
        self._stopping = False
        self._notes = Notes(worker)

    def stop(self) -> None:
        """Begin with no message that would still have to wait for the limits."""
        self._stopping = True

    async def deliver(self, route: Route, head: Head, row: claims.Waiting) -> None:
        """Send one row; its chat is free again afterwards."""
        message = outgoing(row)
        if row.content.get("passing") and not _edits(route, message):
            route.drop(head)
            await self._note(lambda tx: claims.skip(tx, row))
            return
        try:
            await self._in_turns(route, head, row, message)
        except Stopped:
            now = self._clock.now()
            await self._note(lambda tx: claims.retry(tx, row, at=now, why=None))
        finally:
            route.free(head.chat_id)

    async def _in_turns(self, route: Route, head: Head, row: claims.Waiting, message: Outgoing) -> None:
        """Send it: in one go where the limits allow that, else as many of its parts at a time as they take.

        Raises Stopped when the program ends, or leads no more, before the next turn; what is left goes when it
        runs again, or by whoever leads then.
        """
        places = 1  # taken when the message was picked
        while True:
            some, left = self._turn(route, head, message)
            await self._room_for(route, head, some, places=places)
            if not self._leading():
                # Another sends by now: this was paused, or cut off, since it took the message.
                route.pacer.withdraw(head.chat_id, is_group=head.is_group, weight=some)
                raise Stopped
            now_going = replace(message, most=some) if some < left else message
            taken = await self._once(route, head, row, now_going, weight=some)
            if taken is None:
                return
            places, message = 0, replace(message, taken=taken)
            now = self._clock.now()
            if not await self._note(partial(claims.go_on, row=row, taken=taken, now=now, until=now + LEASE)):
                log.warning("message %d is in other hands", row.id)
                return

    def _turn(self, route: Route, head: Head, message: Outgoing) -> tuple[int, int]:
        """How many of the platform's messages may go in one go, and how many are left to go."""
        left = route.weighing.weight(message) if route.weighing else 1
        most = route.pacer.most_at_once(head.chat_id, is_group=head.is_group, bulk=not head.urgent)
        if (head.is_group or route.one_at_a_time) and not _harmless(route, message):
            # Noted after each part: at most the one is seen again that was under way when a program died.
            most = 1
        return (left if most is None else min(left, most)), left

    async def _once(
        self, route: Route, head: Head, row: claims.Waiting, message: Outgoing, *, weight: int
    ) -> int | None:
        """One call of the platform, and what became of it is noted. How many parts it has when others are left."""
        began = self._ticks()
        try:
            sent_as = await _send(route, message)
        except Unfinished as unfinished:
            self._ended(route, head, weight)
            route.fared(well=True, now=self._ticks())
            return unfinished.taken
        except DeliveryError as error:
            self._ended(route, head, weight)
            route.fared(well=not _passing(error), now=self._ticks())
            self._took(row.platform, await self._refused(route, row, message, error), self._ticks() - began)
        else:
            self._ended(route, head, weight)
            route.fared(well=True, now=self._ticks())
            now, counted = self._clock.now(), message.taken + weight
            self._took(row.platform, "sent", self._ticks() - began)
            await self._notes.sent(row.id, platform_message_id=sent_as, now=now, weight=counted)
        return None

    async def _room_for(self, route: Route, head: Head, weight: int, *, places: int) -> None:
        """Give back the places that were taken for the message, and wait for as many as it needs."""
        if weight <= places:
            return
        bulk, pacer = not head.urgent, route.pacer
        pacer.withdraw(head.chat_id, is_group=head.is_group, weight=places)
        await self._wait_for(lambda now: pacer.chat_at(head.chat_id, now, bulk=bulk, weight=weight))
        with route.letting_nobody_ahead():
            await self._wait_for(lambda now: pacer.account_at(now, bulk=bulk, weight=weight))
            pacer.begin(head.chat_id, is_group=head.is_group, now=self._ticks(), bulk=bulk, weight=weight)

    async def _wait_for(self, free_at: Callable[[float], float]) -> None:
        """Raises Stopped when the program ends meanwhile."""
        while (at := free_at(now := self._ticks())) > now:
            if self._stopping:
                raise Stopped
            await asyncio.sleep(min(GLANCE, at - now))

    def _ended(self, route: Route, head: Head, weight: int) -> None:
        route.pacer.end(head.chat_id, is_group=head.is_group, now=self._ticks(), weight=max(weight, 1))

    async def _refused(self, route: Route, row: claims.Waiting, message: Outgoing, error: DeliveryError) -> str:
        """Note why it was not sent; returns what became of it in a word."""
        now, why = self._clock.now(), error.reason
        if error.moved_to is not None and row.attempts <= MOST_MOVES:
            await self._note(lambda tx: _moved(tx, row, str(error.moved_to), now))
            return "moved"
        if error.permanent and not error.unfit:
            log.warning("chat %d (%s) is parked: %s", row.chat_id, row.title or row.external_id, why)
            await self._note(lambda tx: self._park(tx, row, why, now))
            return "parked"
        if error.permanent or now - row.created_at >= GIVE_UP_AFTER:
            log.error("message %d to %s is given up: %s", row.id, row.title or row.external_id, why)
            await self._note(lambda tx: self._give_up(tx, row, why, now))
            return "failed"
        if error.ambiguous and row.is_group and not _harmless(route, message):
            log.warning("message %d to %s may have arrived: %s", row.id, row.title or row.external_id, why)
            await self._note(lambda tx: self._doubt(tx, row, why, now))
            return "unknown"
        await self._again(route, row, error, now)
        return "retried"

    async def _again(self, route: Route, row: claims.Waiting, error: DeliveryError, now: datetime) -> None:
        pause = error.retry_after
        if pause is None:
            jitter = random.uniform(0.75, 1.25)  # noqa: S311 - no secret
            pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(row.attempts - 1, 20)) * jitter
            whole_chat = None
        elif error.account:
            route.pacer.hold_account(self._ticks() + pause)
            if not error.mendable:
                until = now + timedelta(seconds=pause)
                await self._note(lambda tx: claims.hold_platform(tx, row.platform, until=until))
            whole_chat = None
        else:
            route.pacer.hold_chat(row.chat_id, self._ticks() + pause)
            whole_chat = row.chat_id
        at = now + timedelta(seconds=pause)
        await self._note(lambda tx: claims.retry(tx, row, at=at, why=error.reason, whole_chat=whole_chat))

    def _park(self, tx: Tx, row: claims.Waiting, why: str, now: datetime) -> None:
        claims.retry(tx, row, at=now, why=why)
        if parking.park(tx, row.chat_id, why=why, now=now) and self._tell:
            self._tell(tx, row.chat_id, None, why, now)

    def _give_up(self, tx: Tx, row: claims.Waiting, why: str, now: datetime) -> None:
        claims.fail(tx, row, why=why)
        if self._tell:
            self._tell(tx, row.chat_id, row.id, why, now)

    def _doubt(self, tx: Tx, row: claims.Waiting, why: str, now: datetime) -> None:
        claims.doubt(tx, row, why=why)
        if self._tell:
            self._tell(tx, row.chat_id, row.id, why, now)

    async def _note(self, job: Callable[[Tx], R]) -> R:
        """Have the database know it, however long that takes: what was sent must not be sent again."""
        while True:
            try:
                return await asyncio.wrap_future(self._worker.submit(job, first=True))
            except Exception:
                log.exception("the database takes no notes at present")
                await asyncio.sleep(DATABASE_REST)


async def _send(route: Route, message: Outgoing) -> str:
    """Hand the message to its platform. Raises Unfinished, or DeliveryError whatever else the platform raises."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await route.platform.send(message)
    except (DeliveryError, Unfinished):
        raise
    except TimeoutError as error:
        raise DeliveryError(f"no answer within {PATIENCE:.0f} s", ambiguous=True) from error
    except Exception as error:
        log.exception("sending message %d failed", message.id)
        raise DeliveryError(f"{type(error).__name__}: {error}") from error


def _passing(error: DeliveryError) -> bool:
    """Whether the platform is in trouble, rather than the chat or the message."""
    return not (error.permanent or error.moved_to is not None or error.retry_after is not None)


def _edits(route: Route, message: Outgoing) -> bool:
    """Whether the platform will put it in the place of an earlier message."""
    return message.replaces is not None and route.editing is not None and route.editing.edits


def _harmless(route: Route, message: Outgoing) -> bool:
    """Whether sending it again cannot show it twice."""
    able = route.deduplicating
    return message.replaces is not None or (able is not None and able.deduplicates(message))


def _moved(tx: Tx, row: claims.Waiting, new_id: str, now: datetime) -> None:
    accounts.move_chat(tx, row.chat_id, new_id)
    claims.retry(tx, row, at=now, why=f"moved to {new_id}")
