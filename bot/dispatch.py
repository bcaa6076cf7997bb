"""One message, one transaction: dedupe → who is it → parse → may they → handler → outbox rows.

`Dispatcher.process` runs whole on a worker thread. What it writes is committed before the platform may
acknowledge the message, so a killed process loses nothing and repeats nothing.
"""

from __future__ import annotations

import logging
import secrets
import time
import traceback
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

import msgspec

from bot import choices
from bot.chat.arguments import Cursor, Missing
from bot.chat.commands import Command, Found, Place, Registry
from bot.chat.context import Context, Dialogue, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import bared, fold
from bot.chat.grammar.suggest import closest
from bot.chat.messages import (
    PRIVATELY,
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
from bot.chat.people import ROLE_WORDS, Actor, Chat
from bot.chat.ports import FileStore, Outcome
from bot.chat.rendering import Renderer
from bot.chat.settings import Policy
from bot.chat.texts import CHINESE, T, Text
from bot.happenings import take_note, who_did_it
from bot.posting import Occasion, Postman
from storage import accounts, changes, dialogues, inbox, incidents, parking
from storage.database import Tx, is_failing

Ctx: TypeAlias = Context[Tx]
log = logging.getLogger("liangsaibi.messages")


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of one message, for the log and the platform. `wrote`: something waits in the outbox."""

    outcome: Outcome
    command: str = ""
    person: str = ""
    wrote: bool = False
    incident: int | None = None


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a message asks for: a name for the log, where the answer belongs, and the deed itself, if any.

    `made_by` is the message under which changes are recorded: the message itself, or the one that it edits.
    """

    label: str = ""
    place: Place = Place.ANYWHERE
    act: Callable[[], Replies] | None = None
    made_by: int | None = None


class NotTheirs(UserError):
    """The command belongs to another role."""


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

    def process(self, tx: Tx, came: Inbound | Notice, now: datetime) -> Processed:
        """Take a message or a notice: everything it causes is in the transaction when this returns."""
        began = time.perf_counter()
        digest = _digest(came) if isinstance(came, Inbound) and came.message else None
        number = inbox.take(tx, platform=came.chat.platform, message_id=came.id, now=now, digest=digest)
        done = Processed(Outcome.DUPLICATE) if number is None else self._take(tx, came, number, now)
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
        done = self._take(tx, came, number, now)
        if done.outcome is not Outcome.FAILED:
            incidents.mark_replayed(tx, incident.id, now=now)
        return done

    def _take(self, tx: Tx, came: Inbound | Notice, number: int, now: datetime) -> Processed:
        if isinstance(came, Notice):
            return self._note(tx, came, number, now)
        chat = accounts.chat_for(tx, came.chat, now=now)
        if chat.state != "active":
            # Somebody can write there, so the bot is there again.
            parking.resume(tx, chat.id, now=now)
        private = None if chat.is_group else chat.id
        actor = accounts.identify(tx, chat.platform, came.sender, private_chat=private, now=now)
        ctx = self._context(tx, came, number, now, chat, actor)
        ctx.posts += [say(_too_large(name)) for name in came.unfetched]
        return self._carry_out(ctx, came, number, self._interpret)

    def _note(self, tx: Tx, notice: Notice, number: int, now: datetime) -> Processed:
        """Something happened to a chat: what is stored of it follows, then a feature may say something."""
        chat = take_note(tx, notice, now)
        handler = self._registry.notices.get(notice.kind)
        if handler is None:
            return Processed(Outcome.NOTED, notice.kind)
        actor = who_did_it(tx, notice, chat, now)
        sender = Sender(str(actor.account_id), actor.name)
        inbound = Inbound(notice.id, notice.chat, sender, "", notice.sent_at, addressed=True)
        ctx = self._context(tx, inbound, number, now, chat, actor)
        act = partial(handler, ctx, notice)
        return self._carry_out(ctx, notice, number, lambda _ctx: Meaning(notice.kind, act=act))

    def _context(self, tx: Tx, inbound: Inbound, number: int, now: datetime, chat: Chat, actor: Actor) -> Ctx:
        return Context(
            tx=tx,
            now=now,
            zone=self._zone,
            actor=actor,
            chat=chat,
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
            dialogue=dialogues.find(tx, account_id=actor.account_id, chat_id=chat.id, now=now),
        )

    def _carry_out(
        self, ctx: Ctx, came: Inbound | Notice, number: int, interpret: Callable[[Ctx], Meaning]
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
            return self._failed(ctx, came, error, meant.label)
        else:
            place, outcome = meant.place, Outcome.ANSWERED
        wrote = self._send(ctx, [*replies, *ctx.posts], place)
        if not wrote and outcome is Outcome.ANSWERED:
            outcome = Outcome.NOTED
        return Processed(outcome, meant.label, ctx.actor.name, wrote)

    # --- what is meant ------------------------------------------------------------------------------------

    def _interpret(self, ctx: Ctx) -> Meaning:
        said = ctx.said
        if ctx.inbound.edits is not None:
            return self._edited(ctx, ctx.inbound.edits)
        if ctx.inbound.numbered and (chosen := choices.typed(ctx.tx, ctx.chat.id, said.folded, ctx.dialogue)):
            ctx.inbound = replace(ctx.inbound, text=chosen, pressed=True)
            said = ctx.said = Said(chosen, fold(chosen), said.attachments)
        if ctx.dialogue and not _plain(self._registry.find(said.folded), said):
            said = _retyped(ctx, ctx.dialogue)
        if said.text.startswith("#"):
            return self._pressed_answer(ctx, said)
        return self._said(ctx, said)

    def _said(self, ctx: Ctx, said: Said) -> Meaning:
        found = self._registry.find(said.folded)
        if not _called(ctx) and not ctx.dialogue and not _meant_in_group(found, said, ctx.actor):
            return Meaning()
        if found and (ctx.dialogue is None or self._interrupts(ctx, found, said)):
            command = found.command
            return Meaning(command.name, command.place, lambda: self._command(ctx, found, said))
        if ctx.dialogue:
            kind, data = ctx.dialogue.kind, ctx.dialogue.data
            return Meaning(kind, act=lambda: self._answer(ctx, kind, data, said))
        return Meaning("free text", act=lambda: self._free_text(ctx, said))

    def _edited(self, ctx: Ctx, original: str) -> Meaning:
        """Somebody edited a message: what it made is corrected; one that made nothing is read anew."""
        platform, digest = ctx.chat.platform, _digest(ctx.inbound)
        number = inbox.reworded(ctx.tx, platform=platform, message_id=original, digest=digest)
        if number is None:
            return Meaning()
        made = changes.of_message(ctx.tx, number)
        for change in made:
            corrector = self._registry.correctors.get(change.kind)
            if corrector is not None:
                act = partial(self._correct, ctx, corrector, change)
                return Meaning(f"correct {change.kind}", act=act, made_by=number)
        if made:
            return Meaning("edited", act=_does_not_follow)
        if ctx.dialogue is not None:
            return Meaning("edited", act=_already_read)
        return replace(self._said(ctx, ctx.said), made_by=number)

    def _correct(self, ctx: Ctx, corrector: Callable[..., Replies], change: changes.Recorded) -> Replies:
        replies = corrector(ctx, change, ctx.said)
        changes.mark_undone(ctx.tx, change.id, now=ctx.now)
        return replies

    def _interrupts(self, ctx: Ctx, found: Found, said: Said) -> bool:
        """Whether a command counts as one while a question is open; a pressed button always does.

        Not when it names an answer to the question, nor when it is not for this person: then it is an answer too.
        """
        if not _plain(found, said):
            return False
        if ctx.dialogue is None or ctx.inbound.pressed:
            return True
        answers = self._registry.heard.get(ctx.dialogue.kind, ())
        return found.command.name not in answers and found.command.allows(ctx.actor)

    def _pressed_answer(self, ctx: Ctx, said: Said) -> Meaning:
        token, _, answer = said.text[1:].partition(" ")
        open_one = ctx.dialogue
        if open_one is None or open_one.token != token:
            return Meaning("stale button", act=_stale)
        pressed = Said(answer, fold(answer), said.attachments)
        return Meaning(open_one.kind, act=lambda: self._answer(ctx, open_one.kind, open_one.data, pressed))

    def _answer(self, ctx: Ctx, kind: str, data: dict[str, Any], said: Said) -> Replies:
        replies: Replies = self._registry.dialogues[kind](ctx, data, said)
        if ctx.next_dialogue is None:
            ctx.ends_dialogue = True
        return replies

    def _command(self, ctx: Ctx, found: Found, said: Said) -> Replies:
        command = found.command
        theirs = command.allows(ctx.actor)
        if (not theirs and not found.sure) or (command.begins_talk and not _stands_apart(found, said)):
            # "通过验收了" begins with a command's name, and is no command.
            overheard = self._read(ctx, said)
            if overheard is not None:
                return overheard
        if not theirs:
            raise NotTheirs(_refusal(command, ctx.actor))
        cursor = Cursor(said.text, said.folded, found.start, ctx.today)
        try:
            values = {arg.name: arg.parse(cursor) for arg in command.args}
        except Missing as missing:
            raise UserError(self._usage(command, missing)) from missing
        replies: Replies = command.handler(ctx, **values)
        return replies

    def _free_text(self, ctx: Ctx, said: Said) -> Replies:
        if not ctx.actor.is_bound:
            raise UserError(
                T("您还没有绑定身份。请把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"),
            )
        replies = self._read(ctx, said)
        return self._not_understood(ctx, said) if replies is None else replies

    def _read(self, ctx: Ctx, said: Said) -> Replies:
        """What the first reader makes of it whose business it is; None when it is nobody's."""
        for _order, reader in self._registry.readers if ctx.actor.is_bound else ():
            replies: Replies = reader(ctx, said)
            if replies is not None:
                return replies
        return None

    def _not_understood(self, ctx: Ctx, said: Said) -> Reply:
        allowed = [c.name for c in self._registry.commands.values() if c.allows(ctx.actor) and not c.hidden]
        head = said.folded.split(maxsplit=1)[0][:6] if said.folded.strip() else ""
        near = [c for name in closest(head, allowed) if (c := self._registry.named(name))] if head else []
        help_button = Button(T("帮助"), "帮助")
        if near:
            offered = tuple(Button(command.label, command.name) for command in near)
            return say(T("没看懂这句话。您是不是想说："), buttons=(offered, (help_button,)))
        return say(T("没看懂这句话。发“帮助”可以看到能做的事。"), buttons=((help_button,),))

    def _usage(self, command: Command, missing: Missing) -> Text:
        example = command.examples[0] if command.examples else command.name
        return T(
            "还差“{what}”。这样发：{usage}　例如：{example}",
            what=missing.arg.label,
            usage=command.usage,
            example=example,
        )

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
        if not ctx.chat.is_group or (theirs and (meant.place is Place.GROUP or _called(ctx))):
            return Place.ANYWHERE
        return Place.PRIVATE if self._private_chat(ctx) is not None else Place.ANYWHERE

    def _private_chat(self, ctx: Ctx) -> int | None:
        known = accounts.private_chat_of(ctx.tx, ctx.actor.account_id)
        if known is None and ctx.actor.person_id is not None:
            reached = accounts.reach_people(ctx.tx, [ctx.actor.person_id], home=self._home, now=ctx.now)
            known = reached[ctx.actor.person_id].chat_id if ctx.actor.person_id in reached else None
        return known

    def _send(self, ctx: Ctx, replies: list[Reply], place: Place) -> bool:
        def here() -> accounts.Reached:
            chat_id = self._where(ctx, place)
            public = ctx.chat.is_group and chat_id == ctx.chat.id
            return accounts.Reached(chat_id, ctx.chat.language if public else ctx.actor.language)

        group = ctx.chat.is_group and not ctx.inbound.pressed
        occasion = Occasion(
            ctx.chat.id,
            pressed=ctx.inbound.pressed_message,
            answers=ctx.inbound.message if group else None,
            asks=ctx.next_dialogue is not None,
            figures=ctx.next_dialogue is not None and ctx.next_dialogue.kind in self._registry.figures,
        )
        return self._postman.send(ctx.tx, replies, now=ctx.now, here=here, occasion=occasion)

    def _failed(self, ctx: Ctx, came: Inbound | Notice, error: Exception, label: str) -> Processed:
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
        if isinstance(came, Inbound):
            self._send(ctx, [say(words)], Place.ANYWHERE)
        return Processed(Outcome.FAILED, label, ctx.actor.name, True, number)

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


def _retyped(ctx: Ctx, open_one: Dialogue) -> Said:
    """What was said; the payload instead when somebody types what a button of the open question says."""
    payload = None if ctx.inbound.pressed else open_one.buttons.get(bared(ctx.said.text))
    return Said(payload, fold(payload), ctx.said.attachments) if payload else ctx.said


def _called(ctx: Ctx) -> bool:
    """Whether the bot is spoken to: in private, by name, by a button or a slash."""
    came = ctx.inbound
    return not ctx.chat.is_group or came.addressed or came.pressed or ctx.said.folded.lstrip().startswith("/")


def _meant_in_group(found: Found | None, said: Said, actor: Actor) -> bool:
    """Whether words in a group that do not call the bot are a command all the same.

    "@王芳 进度 今天报一下" is for somebody else, and a command that the person may not give is talk.
    """
    if found is None or said.folded.lstrip().startswith("@"):
        return False
    command = found.command
    theirs = command.allows(actor) or command.place is Place.GROUP
    return _plain(found, said) and not command.everyday and theirs


def _stands_apart(found: Found, said: Said) -> bool:
    """Whether the name stands alone or a space or mark follows it."""
    return found.start >= len(said.folded) or not said.folded[found.start - 1].isalnum()


def _plain(found: Found | None, said: Said) -> bool:
    """Whether a command is certain even where other talk is expected: in a group, or while a question is open.

    The name must stand alone or be followed by a space or a digit; "承诺，大家都要兑现" is talk.
    """
    if found is None or not found.sure:
        return False
    if said.folded.lstrip().startswith(("/", "@")):
        return True
    rest = said.folded[found.start - 1 : found.start] if found.start < len(said.folded) else ""
    return not rest or rest.isspace() or said.folded[found.start].isdigit()


def _refusal(command: Command, actor: Actor) -> Text:
    if not actor.is_bound:
        return T("您还没有绑定身份。请把组织者给您的绑定码发给我，例如：绑定 8F3K-2274")
    roles = [ROLE_WORDS[role] for role in sorted(command.roles)]
    return T(
        "“{name}”由{roles}使用，您目前没有这个身份。发“帮助”看看您能做的事。", name=command.label, roles=roles
    )


def _kept(message: dict[str, Any]) -> Inbound | Notice:
    """A message as an incident keeps it."""
    return msgspec.convert(message, Notice) if "kind" in message else msgspec.convert(message, Inbound)


#: Where a question keeps the message with which the talk began: what comes of it is that message's doing.
_BEGAN = "began"


def _from_the_start(dialogue: Dialogue, number: int) -> Dialogue:
    return replace(dialogue, data=dialogue.data | {_BEGAN: number})


def _beginning(ctx: Ctx) -> int | None:
    """The message with which the talk began whose question was just answered."""
    answered = ctx.dialogue is not None and (ctx.ends_dialogue or ctx.next_dialogue is not None)
    number: int | None = ctx.dialogue.data.get(_BEGAN) if ctx.dialogue is not None and answered else None
    return number


def _digest(inbound: Inbound) -> int:
    return zlib.crc32(inbound.text.strip().encode())


def _too_large(name: str) -> Text:
    return T("“{name}”太大，平台不让我取，没有收到。请发小一点的，或当面交给办事处。", name=name)


def _does_not_follow() -> Replies:
    return say(T("您改了一条已经办理的消息，办好的事不会跟着改。要改，请重新发一条。"))


def _already_read() -> Replies:
    return say(T("刚才的回答已经收下，修改那条消息不起作用。要改，请把答案再发一遍。"))


def _stale() -> Replies:
    return say(T("这个按钮对应的事已经办完或过期了。需要的话，请重新发一遍。"))


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
