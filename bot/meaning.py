"""What a message means: the answer to an open question, a command, a correction, or free words for a reader."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

from bot import choices
from bot.chat.arguments import Cursor, Missing
from bot.chat.commands import Command, Found, Place, Registry
from bot.chat.context import Context, Dialogue, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import bared, fold
from bot.chat.grammar.suggest import closest
from bot.chat.messages import Button, Inbound, Replies, Reply, say
from bot.chat.people import ROLE_WORDS, Actor
from bot.chat.texts import T, Text
from storage import changes, dialogues, inbox
from storage.database import Tx

Ctx: TypeAlias = Context[Tx]


#: Where a question keeps the message with which the talk began: what comes of it is that message's doing.
BEGAN = "began"


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


class Interpreter:
    """Finds out what is meant. Knows what is declared, and nothing of what the commands do."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def interpret(self, ctx: Ctx) -> Meaning:
        """What this message asks for; without an act: nothing, it is no business of the bot's."""
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
        if not called(ctx) and not ctx.dialogue and not _meant_in_group(found, said, ctx.actor):
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
        platform, digest = ctx.chat.platform, digest_of(ctx.inbound)
        number = inbox.reworded(ctx.tx, platform=platform, message_id=original, digest=digest)
        if number is None:
            return Meaning()
        made = changes.of_message(ctx.tx, number)
        for change in made:
            corrector = self._registry.correctors.get(change.kind)
            if corrector is not None:
                act = partial(self._correct, ctx, corrector, change)
                # What was made privately from a group is corrected privately.
                return Meaning(f"correct {change.kind}", Place.PRIVATE, act, made_by=number)
        if made:
            return Meaning("edited", act=_does_not_follow)
        if ctx.dialogue is not None and ctx.dialogue.data.get(BEGAN) != number:
            return Meaning("edited", act=_already_read)
        return replace(self._anew(ctx), made_by=number)

    def _anew(self, ctx: Ctx) -> Meaning:
        """Read the message as if it came now; what was asked because of its old words is asked no more."""
        asked, ctx.dialogue = ctx.dialogue, None
        meant = self._said(ctx, ctx.said)
        act = meant.act
        if asked is None or act is None:
            return meant

        def anew() -> Replies:
            dialogues.end(ctx.tx, account_id=ctx.actor.account_id, chat_id=ctx.chat.id)
            return act()

        return replace(meant, act=anew)

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
        allowed = [command.name for command in self._registry.offered(ctx.actor)]
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


def _retyped(ctx: Ctx, open_one: Dialogue) -> Said:
    """What was said; the payload instead when somebody types what a button of the open question says."""
    payload = None if ctx.inbound.pressed else open_one.buttons.get(bared(ctx.said.text))
    return Said(payload, fold(payload), ctx.said.attachments) if payload else ctx.said


def called(ctx: Ctx) -> bool:
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


def _does_not_follow() -> Replies:
    return say(T("您改了一条已经办理的消息，办好的事不会跟着改。要改，请重新发一条。"))


def _already_read() -> Replies:
    return say(T("刚才的回答已经收下，修改那条消息不起作用。要改，请把答案再发一遍。"))


def _stale() -> Replies:
    return say(T("这个按钮对应的事已经办完或过期了。需要的话，请重新发一遍。"))


def digest_of(inbound: Inbound) -> int:
    return zlib.crc32(inbound.text.strip().encode())
