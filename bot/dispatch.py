"""One message, one transaction: dedupe → who is it → parse → may they → handler → outbox rows.

`Dispatcher.process` runs whole on a worker thread. What it writes is committed before the platform may
acknowledge the message, so a killed process loses nothing and repeats nothing.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from bot.chat.commands import Place, Registry
from bot.chat.context import Context, Dialogue
from bot.chat.errors import UserError
from bot.chat.grammar.folding import bared
from bot.chat.messages import (
    PRIVATELY,
    Attachment,
    Button,
    ChatRef,
    Here,
    Inbound,
    Notice,
    Replies,
    Reply,
    Sender,
    say,
)
from bot.chat.ports import FileStore, Outcome
from bot.chat.rendering import Renderer
from bot.chat.settings import Policy
from bot.chat.texts import CHINESE, T, Text
from bot.happenings import take_note, who_did_it
from bot.meaning import BEGAN, Ctx, Interpreter, Meaning, NotTheirs, called, digest_of
from bot.posting import Occasion, Postman
from storage import accounts, changes, dialogues, inbox, incidents, parking, recognition
from storage.answers import Leave
from storage.database import Tx, is_failing
from storage.recognition import Recognised

log = logging.getLogger("liangsaibi.messages")


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of one message, for the log and the platform.

    `wrote`: the chats for which something is in the outbox.
    """

    outcome: Outcome
    command: str = ""
    person: str = ""
    wrote: frozenset[int] = frozenset()
    incident: int | None = None


class Dispatcher:
    """Moves a message through the engine. Knows no command and no platform."""

    def __init__(
        self,
        *,
        registry: Registry,
        renderer: Renderer,
        policy: Policy,
        files: FileStore,
        zone: ZoneInfo,
        home: str | None = None,
        entropy: Callable[[int], bytes] = secrets.token_bytes,
        bind_link: Callable[[str], str | None] = lambda _code: None,
        looks: Callable[[Reply, ChatRef], tuple[str, ...]] = lambda _reply, _chat: (),
    ) -> None:
        self._registry = registry
        self._interpreter = Interpreter(registry)
        self._renderer = renderer
        self._policy = policy
        self._files = files
        self._zone = zone
        #: The platform on which everybody of the roster has an account by nature: the practice room.
        self._home = home
        self._postman = Postman(renderer, home=home, zone=zone)
        self._entropy = entropy
        self._bind_link = bind_link
        self._looks = looks

    def process(self, tx: Tx, came: Inbound | Notice, now: datetime, leave: Leave | None = None) -> Processed:
        """Take a message or a notice: everything it causes is in the transaction when this returns.

        `leave`: its answer may be claimed as it is put.
        """
        began = time.perf_counter()
        digest = digest_of(came) if isinstance(came, Inbound) and came.message else None
        number = inbox.take(
            tx, platform=came.chat.platform, message_id=came.id, now=now, digest=digest, turn=came.turn
        )
        if number is not None and isinstance(came, Inbound) and came.parts:
            came = _without_taken_parts(tx, came, now)
        done = Processed(_left_out(tx, came)) if number is None else self._take(tx, came, number, now, leave)
        self._log(came, done, began)
        return done

    def replay(self, tx: Tx, incident: incidents.Incident, now: datetime) -> Processed:
        """Do a failed message again after a fix. Fails again: a new incident, and the old one stays open."""
        came = _kept(incident.message)
        number = inbox.take(
            tx,
            platform=came.chat.platform,
            message_id=f"{came.id}#incident{incident.id}@{now}",
            now=now,
        )
        assert number is not None
        done = self._take(tx, came, number, now, None)
        if done.outcome is not Outcome.FAILED:
            incidents.mark_replayed(tx, incident.id, now=now)
        return done

    def _take(self, tx: Tx, came: Inbound | Notice, number: int, now: datetime, leave: Leave | None) -> Processed:
        if isinstance(came, Notice):
            return self._note(tx, came, number, now)
        known = recognition.recognise(tx, came.chat, came.sender, now=now)
        if known.chat.state != "active":
            # Somebody can write there, so the bot is there again.
            parking.resume(tx, known.chat.id, now=now)
        ctx = self._context(tx, came, number, now, known)
        ctx.posts += [say(_too_large(name)) for name in came.unfetched]
        return self._carry_out(ctx, came, number, self._interpreter.interpret, leave)

    def _note(self, tx: Tx, notice: Notice, number: int, now: datetime) -> Processed:
        """Something happened to a chat: what is stored of it follows, then a feature may say something."""
        chat = take_note(tx, notice, now)
        handler = self._registry.notices.get(notice.kind)
        if handler is None:
            return Processed(Outcome.NOTED, notice.kind)
        actor = who_did_it(tx, notice, chat, now)
        sender = Sender(str(actor.account_id), actor.name)
        inbound = Inbound(notice.id, notice.chat, sender, "", notice.sent_at, addressed=True)
        asked = dialogues.find(tx, account_id=actor.account_id, chat_id=chat.id, now=now)
        ctx = self._context(tx, inbound, number, now, Recognised(chat, actor, asked))
        act = partial(handler, ctx, notice)
        return self._carry_out(ctx, notice, number, lambda _ctx: Meaning(notice.kind, act=act))

    def _context(self, tx: Tx, inbound: Inbound, number: int, now: datetime, known: Recognised) -> Ctx:
        actor = known.actor
        return Context(
            tx=tx,
            now=now,
            zone=self._zone,
            actor=actor,
            chat=known.chat,
            inbound=inbound,
            policy=self._policy,
            token=_base36(number),
            files=self._files,
            registry=self._registry,
            entropy=self._entropy,
            bind_link=self._bind_link,
            looks=self._looks,
            reach=lambda people: self._postman.reachable(tx, people, now=now),
            show=lambda words: self._renderer.words(words, actor.language or CHINESE),
            dialogue=known.dialogue,
        )

    def _carry_out(
        self,
        ctx: Ctx,
        came: Inbound | Notice,
        number: int,
        interpret: Callable[[Ctx], Meaning],
        leave: Leave | None = None,
    ) -> Processed:
        meant = Meaning()
        lost = list(ctx.posts)
        try:
            with ctx.tx.savepoint():
                meant = interpret(ctx)
                if meant.act is None:
                    return Processed(Outcome.IGNORED, person=ctx.actor.name)
                replies = _as_list(meant.act())
                self._keep(ctx, meant.made_by or _beginning(ctx) or number, meant.place, replies)
        except UserError as error:
            refused_in = self._place_of_refusal(ctx, error, meant)
            replies, outcome = [say(error.words, buttons=error.buttons)], Outcome.REFUSED
            place, ctx.posts = refused_in, lost
        except Exception as error:
            if is_failing(error):
                # The database's trouble, not this message's: nothing is kept, and the platform delivers it again.
                raise
            return self._failed(ctx, came, error, meant.label, leave)
        else:
            place, outcome = meant.place, Outcome.ANSWERED
        wrote = self._send(ctx, [*replies, *ctx.posts], place, leave)
        if outcome is Outcome.ANSWERED:
            outcome = _answered(ctx, place, replies, wrote=bool(wrote))
        return Processed(outcome, meant.label, ctx.actor.name, frozenset(wrote))

    # --- what is left to be done --------------------------------------------------------------------------

    def _keep(self, ctx: Ctx, number: int, place: Place, replies: list[Reply]) -> None:
        if ctx.changes:
            changes.record(
                ctx.tx,
                ctx.changes,
                now=ctx.now,
                person_id=ctx.actor.person_id,
                account_id=ctx.actor.account_id,
                inbox_id=number,
            )
        chat_id = self._where(ctx, place)
        if ctx.next_dialogue is not None:
            expires = ctx.now + timedelta(minutes=self._policy.dialogues.expire_minutes)
            dialogues.put(
                ctx.tx,
                _from_the_start(
                    replace(ctx.next_dialogue, buttons=self._buttons(ctx, replies) or ctx.next_dialogue.buttons),
                    number,
                ),
                account_id=ctx.actor.account_id,
                chat_id=chat_id,
                now=ctx.now,
                expires_at=expires,
            )
        elif ctx.ends_dialogue and ctx.dialogue is not None:
            dialogues.end(ctx.tx, account_id=ctx.actor.account_id, chat_id=ctx.chat.id)

    def _buttons(self, ctx: Ctx, replies: list[Reply]) -> dict[str, str]:
        """The payloads of the buttons under the answer, by what the buttons say to this reader."""
        rows = [row for reply in replies if isinstance(reply.to, Here) for row in reply.buttons]
        return {bared(ctx.show(button.label)): button.payload for row in rows for button in row}

    def _where(self, ctx: Ctx, place: Place) -> int:
        """The chat in which the answer is given: a private matter asked in a group goes to the private chat."""
        if ctx.chat.is_group and place is Place.PRIVATE:
            private = self._private_chat(ctx)
            if private is None:
                raise UserError(
                    T("这件事请私聊我：点我的头像发消息，再说一遍。"),
                    buttons=((Button(T("私聊我"), PRIVATELY),),),
                )
            return private
        return ctx.chat.id

    def _place_of_refusal(self, ctx: Ctx, error: UserError, meant: Meaning) -> Place:
        """Where to say that something cannot be done.

        Who pressed a button in a group that is not for them is told so privately, not before everybody; and a
        group that did not call the bot is left in peace where the person can be reached otherwise.
        """
        theirs = not (isinstance(error, NotTheirs) and ctx.inbound.pressed)
        if not ctx.chat.is_group or (theirs and (meant.place is Place.GROUP or called(ctx))):
            return Place.ANYWHERE
        return Place.PRIVATE if self._private_chat(ctx) is not None else Place.ANYWHERE

    def _private_chat(self, ctx: Ctx) -> int | None:
        known = accounts.private_chat_of(ctx.tx, ctx.actor.account_id)
        if known is None and ctx.actor.person_id is not None:
            reached = accounts.reach_people(ctx.tx, [ctx.actor.person_id], home=self._home, now=ctx.now)
            known = reached[ctx.actor.person_id].chat_id if ctx.actor.person_id in reached else None
        return known

    def _send(self, ctx: Ctx, replies: list[Reply], place: Place, leave: Leave | None) -> set[int]:
        def here() -> accounts.Reached:
            chat_id = self._where(ctx, place)
            public = ctx.chat.is_group and chat_id == ctx.chat.id
            return accounts.Reached(
                chat_id, ctx.chat.language if public else ctx.actor.language, ctx.chat.platform
            )

        group = ctx.chat.is_group and not ctx.inbound.pressed
        occasion = Occasion(
            ctx.chat,
            pressed=ctx.inbound.pressed_message,
            answers=ctx.inbound.message if group else None,
            asks=ctx.next_dialogue is not None,
            figures=ctx.next_dialogue is not None and ctx.next_dialogue.kind in self._registry.figures,
            leave=leave,
        )
        return self._postman.send(ctx.tx, replies, now=ctx.now, here=here, occasion=occasion)

    def _failed(
        self, ctx: Ctx, came: Inbound | Notice, error: Exception, label: str, leave: Leave | None
    ) -> Processed:
        number = incidents.keep(
            ctx.tx,
            platform=ctx.chat.platform,
            message=msgspec.to_builtins(came),
            error=f"{type(error).__name__}: {error}",
            traceback="".join(traceback.format_exception(error)),
            now=ctx.now,
        )
        log.error("incident %d in %s", number, label or "interpretation", exc_info=error)
        words = T(
            "程序在这里出了错，已记为事件{number}。您的原话已经保存，不用重发；修好后会补办。", number=number
        )
        wrote = self._send(ctx, [say(words)], Place.ANYWHERE, leave) if isinstance(came, Inbound) else ()
        return Processed(Outcome.FAILED, label, ctx.actor.name, frozenset(wrote), number)

    def _log(self, came: Inbound | Notice, done: Processed, began: float) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        log.info(
            "message",
            extra={
                "platform": came.chat.platform,
                "chat": came.chat.id,
                "person": done.person,
                "command": done.command,
                "outcome": done.outcome.value,
                "ms": round((time.perf_counter() - began) * 1000, 1),
            },
        )


def _left_out(tx: Tx, came: Inbound | Notice) -> Outcome:
    """Why a message was not taken. One whose turn has come meanwhile is still early: it is handed in again."""
    if came.turn is None or inbox.has(tx, platform=came.chat.platform, message_id=came.id):
        return Outcome.DUPLICATE
    return Outcome.EARLY


def _without_taken_parts(tx: Tx, came: Inbound, now: datetime) -> Inbound:
    """An album without the files of those of its parts that had been taken before; all are taken now."""
    files: list[Attachment] = []
    at = 0
    for name, count in came.parts:
        fresh = (
            name == came.id or inbox.take(tx, platform=came.chat.platform, message_id=name, now=now) is not None
        )
        files += came.attachments[at : at + count] if fresh else ()
        at += count
    return replace(came, attachments=tuple(files))


def _answered(ctx: Ctx, place: Place, replies: list[Reply], *, wrote: bool) -> Outcome:
    """What became of a message that was carried out: in a group a sign is only for what was for the bot."""
    if not wrote:
        return Outcome.NOTED if ctx.signs or called(ctx) else Outcome.IGNORED
    private = ctx.chat.is_group and place is Place.PRIVATE and any(isinstance(r.to, Here) for r in replies)
    return Outcome.ELSEWHERE if private else Outcome.ANSWERED


def _kept(message: dict[str, Any]) -> Inbound | Notice:
    """A message as an incident keeps it."""
    return msgspec.convert(message, Notice) if "kind" in message else msgspec.convert(message, Inbound)


def _from_the_start(dialogue: Dialogue, number: int) -> Dialogue:
    return replace(dialogue, data=dialogue.data | {BEGAN: number})


def _beginning(ctx: Ctx) -> int | None:
    """The message with which the talk began whose question was just answered."""
    answered = ctx.dialogue is not None and (ctx.ends_dialogue or ctx.next_dialogue is not None)
    number: int | None = ctx.dialogue.data.get(BEGAN) if ctx.dialogue is not None and answered else None
    return number


def _too_large(name: str) -> Text:
    return T("“{name}”太大，平台不让我取，没有收到。请发小一点的，或当面交给办事处。", name=name)


def _as_list(replies: Replies) -> list[Reply]:
    if replies is None:
        return []
    return [replies] if isinstance(replies, Reply) else list(replies)


_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _DIGITS[rest] + digits
    return digits or "0"
