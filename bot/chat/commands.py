"""Commands, declared once: the parser, the usage line, the help, the menus and the tests all read this."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum, StrEnum
from types import ModuleType
from typing import Any, TypeVar

from bot.chat.arguments import Arg
from bot.chat.messages import NoticeKind
from bot.chat.people import Actor, Role
from bot.chat.texts import Name, T, Text, Words


class Place(StrEnum):
    """Where a command's answer belongs. A private matter asked in a group is answered privately."""

    ANYWHERE = "anywhere"
    PRIVATE = "private"
    GROUP = "group"


class Section(Enum):
    """The groups of the help, in this order."""

    COMMITMENTS = T("亮承诺")
    PROGRESS = T("赛实绩")
    ROUNDS = T("比干劲")
    DEADLINES = T("期限和提醒")
    ANNOUNCEMENTS = T("通报和投递")
    ROSTER = T("人员和群")
    GENERAL = T("通用")


Handler = Callable[..., Any]
K = TypeVar("K", bound=str)


@dataclass(frozen=True, slots=True)
class Command:
    """One thing that people can type.

    `name` and `aliases` are Chinese and may be followed by their arguments without a space; `ascii` is for
    platforms whose commands are Latin (`a-z0-9_`, at most 32). `roles` empty: anybody who is bound;
    `strangers`: also those who are not. `examples` are complete messages that work; each one is a test.
    `everyday`: its names are words of everyday talk (你好, 算了); in a group it counts only where the bot is
    called by name or by a slash. `begins_talk`: ordinary sentences begin with its name as well ("截止3月底路灯
    装了96盏"); where it runs on without a space, those who read free words are asked first.
    """

    name: str
    ascii: str
    section: Section
    help: Text
    handler: Handler
    args: tuple[Arg[Any], ...] = ()
    aliases: tuple[str, ...] = ()
    roles: frozenset[Role] = frozenset()
    strangers: bool = False
    place: Place = Place.ANYWHERE
    examples: tuple[str, ...] = ()
    hidden: bool = False
    everyday: bool = False
    begins_talk: bool = False

    def allows(self, actor: Actor) -> bool:
        if self.strangers:
            return True
        return actor.is_bound and (not self.roles or actor.has(*self.roles))

    @property
    def label(self) -> Name:
        """What to type, as a reader of each language would."""
        return Name(self.name, f"/{self.ascii}")

    @property
    def usage(self) -> Words:
        """The whole command line, arguments in brackets: 〔〕 when they may be left out, <> when not."""
        line: Words = self.label
        for arg in self.args:
            line = T("{before} {after}", before=line, after=arg.usage)
        return line


@dataclass(frozen=True, slots=True)
class Found:
    """A command at the start of a message. `start` is where its arguments begin.

    `sure`: the name stood alone or was followed by a space, a digit or punctuation. Otherwise it ran on into
    other words ("承诺硬化道路"), which is a command in a private chat but may be mere talk in a group.
    """

    command: Command
    start: int
    sure: bool


class Registry:
    """The commands, dialogues, undo functions and free-text readers of one feature, or of all.

    Registration is all or nothing: a duplicate name raises ValueError when the program starts.
    """

    def __init__(self) -> None:
        self.commands: dict[str, Command] = {}
        self.dialogues: dict[str, Handler] = {}
        self.heard: dict[str, frozenset[str]] = {}
        #: The dialogues in which a bare number is an answer of its own.
        self.figures: set[str] = set()
        self.undoers: dict[str, Handler] = {}
        self.correctors: dict[str, Handler] = {}
        self.notices: dict[NoticeKind, Handler] = {}
        self.readers: list[tuple[int, Handler]] = []
        self.ticks: dict[str, Handler] = {}
        self._names: dict[str, Command] = {}
        #: The lengths that names have, the longest first.
        self._lengths: list[int] = []

    def command(
        self,
        name: str,
        *,
        ascii: str,
        section: Section,
        help: Text,
        args: Iterable[Arg[Any]] = (),
        aliases: Iterable[str] = (),
        roles: Iterable[Role] = (),
        strangers: bool = False,
        place: Place = Place.ANYWHERE,
        examples: Iterable[str] = (),
        hidden: bool = False,
        everyday: bool = False,
        begins_talk: bool = False,
    ) -> Callable[[Handler], Handler]:
        """Declare the decorated function as a command. It is called as `handler(ctx, **arguments)`."""

        def declare(handler: Handler) -> Handler:
            self._add(
                Command(
                    name=name,
                    ascii=ascii,
                    section=section,
                    help=help,
                    handler=handler,
                    args=tuple(args),
                    aliases=tuple(aliases),
                    roles=frozenset(roles),
                    strangers=strangers,
                    place=place,
                    examples=tuple(examples),
                    hidden=hidden,
                    everyday=everyday,
                    begins_talk=begins_talk,
                )
            )
            return handler

        return declare

    def dialogue(
        self, kind: str, *, hears: Iterable[str] = (), figures: bool = False
    ) -> Callable[[Handler], Handler]:
        """Declare who reads the answer to a question: `handler(ctx, data, said)`.

        `hears` are names of commands that are answers to this question while it is open: where the office is
        asked about a proposal, "退回 期限不明确" is about that proposal. `figures`: a bare number is an answer of
        its own, so that choices which have to be typed are told apart by letters.
        """

        def declare(handler: Handler) -> Handler:
            _put(self.dialogues, kind, handler)
            self.heard[kind] = frozenset(hears)
            if figures:
                self.figures.add(kind)
            return handler

        return declare

    def undo(self, kind: str) -> Callable[[Handler], Handler]:
        """Declare how a change of `kind` is taken back: `handler(ctx, change)`; raises UserError if too late."""

        def declare(handler: Handler) -> Handler:
            _put(self.undoers, kind, handler)
            return handler

        return declare

    def correction(self, kind: str) -> Callable[[Handler], Handler]:
        """Declare who corrects a change of `kind` when the message that made it is edited.

        `handler(ctx, change, said)`; raises UserError when the change stays as it was.
        """

        def declare(handler: Handler) -> Handler:
            _put(self.correctors, kind, handler)
            return handler

        return declare

    def notice(self, kind: NoticeKind) -> Callable[[Handler], Handler]:
        """Declare what is said when something happens to a chat: `handler(ctx, notice)`."""

        def declare(handler: Handler) -> Handler:
            _put(self.notices, kind, handler)
            return handler

        return declare

    def reader(self, order: int) -> Callable[[Handler], Handler]:
        """Declare a reader of private messages without a command word.

        `handler(ctx, said)` returns None when the message is not its business; lower `order` is asked first.
        """

        def declare(handler: Handler) -> Handler:
            self.readers.append((order, handler))
            self.readers.sort(key=lambda entry: entry[0])
            return handler

        return declare

    def tick(self, name: str) -> Callable[[Handler], Handler]:
        """Declare what happens by itself as time passes: `handler(tick)` with a `TickContext`, every half minute.

        It looks at the database and the time only, so that a late, repeated or concurrent tick is harmless.
        It returns True when there is more to do at once: then it is called again, in a transaction of its own.
        It may return a function to be called instead with the next `TickContext`, so that what was worked out need
        not be again; what that function has done already it has to find in the database.
        """

        def declare(handler: Handler) -> Handler:
            _put(self.ticks, name, handler)
            return handler

        return declare

    def include(self, other: Registry) -> None:
        """Take over everything that another registry declares."""
        for command in other.commands.values():
            self._add(command)
        for kind, handler in other.dialogues.items():
            _put(self.dialogues, kind, handler)
        self.heard |= other.heard
        self.figures |= other.figures
        for kind, handler in other.undoers.items():
            _put(self.undoers, kind, handler)
        for name, handler in other.ticks.items():
            _put(self.ticks, name, handler)
        for kind, handler in other.correctors.items():
            _put(self.correctors, kind, handler)
        for happened, handler in other.notices.items():
            _put(self.notices, happened, handler)
        self.readers = sorted(self.readers + other.readers, key=lambda entry: entry[0])

    def arrange(self, *modules: ModuleType) -> None:
        """Put the commands in the order of the modules that declare them: so the help lists them.

        Whatever is imported first, the order stays. Raises ValueError for a command of another module.
        """
        places = {module.__name__: place for place, module in enumerate(modules)}
        strays = [c.name for c in self.commands.values() if c.handler.__module__ not in places]
        if strays:
            raise ValueError(f"no place is said for {', '.join(strays)}")
        ordered = sorted(self.commands.values(), key=lambda command: places[command.handler.__module__])
        self.commands = {command.name: command for command in ordered}

    def offered(self, actor: Actor) -> list[Command]:
        """What somebody may type and is told of, section by section, as help and menus show it."""
        places = {section: place for place, section in enumerate(Section)}
        shown = [c for c in self.commands.values() if not c.hidden and c.allows(actor)]
        return sorted(shown, key=lambda command: places[command.section])

    def named(self, word: str) -> Command | None:
        """The command with this Chinese name, alias or ASCII name."""
        return self._names.get(word.casefold())

    @property
    def names(self) -> Iterable[str]:
        """Every name and alias that can be typed."""
        return self._names.keys()

    def find(self, folded: str) -> Found | None:
        """The command that a folded message begins with; the longest name wins."""
        lead = _LEAD.match(folded)
        start = lead.end() if lead else 0
        body = folded[start : start + self._lengths[0]].casefold() if self._lengths else ""
        for length in self._lengths:
            command = self._names.get(body[:length]) if length <= len(body) else None
            if command is None:
                continue
            end = start + length
            mention = _AT_SUFFIX.match(folded, end)
            if mention:
                end = mention.end()
            following = folded[end : end + 1]
            latin = body[:length].isascii()
            if latin and following.isascii() and (following.isalnum() or following == "_"):
                continue
            sure = not following or not following.isalpha() or latin or bool(mention)
            skipped = _GAP.match(folded, end)
            return Found(command, skipped.end() if skipped else end, sure)
        return None

    def _add(self, command: Command) -> None:
        names = {n.casefold() for n in (command.name, command.ascii, *command.aliases)}
        if not _ASCII.fullmatch(command.ascii):
            raise ValueError(f"{command.ascii!r} is no ASCII command name")
        taken = sorted(name for name in names if name in self._names)
        if taken:
            raise ValueError(f"{command.name} declares {', '.join(taken)}, already taken")
        self.commands[command.name] = command
        for name in names:
            self._names[name] = command
        self._lengths = sorted({len(name) for name in self._names}, reverse=True)


_LEAD = re.compile(r"\s*(?:@\S+\s+)*/?\s*")
_AT_SUFFIX = re.compile(r"@\w+")
_GAP = re.compile(r"[\s:,;、]*")
_ASCII = re.compile(r"[a-z0-9_]{1,32}")


def _put(table: dict[K, Handler], kind: K, handler: Handler) -> None:
    if kind in table:
        raise ValueError(f"{kind} is declared twice")
    table[kind] = handler
