"""Bodies as WeCom shows them: plain text, or the markdown that it renders. Nobody's words can become markup.

Plain text makes links of `<a …>`, markdown mentions of `<@…>` (so does a robot's text); backslashes do not protect
reliably. So marks in words become their full-width forms, which read the same in Chinese and mean nothing to
WeCom. A mention is written only for somebody of the roster, by their account.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from bot.chat.messages import Bar, Block, Call, Fields, Line, Table
from bot.chat.rendering import bar_text
from bot.chat.splitting import utf8_bytes

#: What plain text knows: the tag of links, opened or closed, and the beginning of a mention.
_TAG = re.compile(r"<(?=\s*/?\s*a(?![A-Za-z0-9])|\s*@)", re.IGNORECASE)
#: What can be the account of one person.
_ACCOUNT = re.compile(r"(?!all$)[0-9a-z][0-9a-z_@.\-]{0,63}", re.IGNORECASE)
_MARKS = str.maketrans("*_`~[]<>|\\", "＊＿ˋ～［］＜＞｜＼")
#: Marks that mean something at the start of a line only.
_STARTS = re.compile(r"^(\s*)([#\-+=])(?=[\s#\-+=]|$)", re.MULTILINE)
_START_MARKS = {"#": "＃", "-": "－", "+": "＋", "=": "＝"}
_GAP = "　"
#: Bytes that an article's title and description may have; WeCom cuts off what is beyond.
ARTICLE_TITLE, ARTICLE_TEXT = 128, 512


def text(body: Iterable[Block]) -> str:
    """The body as plain text in which no tag is left."""
    return "\n".join(plain(block) for block in body)


def plain(block: Block) -> str:
    """One block as plain text; a table's cells stand apart, for the font is not of fixed width."""
    return plain_words(_lines(block))


def plain_words(words: str) -> str:
    """Words in which no tag is left."""
    return _TAG.sub("＜", words)


def _lines(block: Block) -> str:
    match block:
        case Line(_words, style):
            words = block.woven(str, _named)
            return f"「{words}」" if style == "quote" else words
        case Fields(pairs, colon):
            return "\n".join(f"{label}{colon}{value}" for label, value in pairs)
        case Bar():
            return bar_text(block)
        case Table(header, rows, _align):
            listed = [header, *rows] if any(map(str, header)) else list(rows)
            return "\n".join(_GAP.join(str(cell) for cell in row) for row in listed)


def mentioned(body: Iterable[Block]) -> tuple[str, ...]:
    """The accounts of all who are called in the body, each once."""
    calls = (call for block in body if isinstance(block, Line) for call in block.calls)
    return tuple(dict.fromkeys(call.account for call in calls if _ACCOUNT.fullmatch(call.account)))


def markdown(body: Iterable[Block]) -> str:
    """The body as markdown: titles bold, quotes quoted, everything else as it stands."""
    return "\n".join(_marked(block, lambda call, name: escaped(_named(call, name))) for block in body)


def calling(body: Iterable[Block]) -> str:
    """The same where markdown can mention people: WeCom puts their names there by itself."""
    return "\n".join(_marked(block, _called) for block in body)


def _marked(block: Block, call: Callable[[Call, str], str]) -> str:
    if not isinstance(block, Line):
        return escaped(_lines(block))
    words = block.woven(escaped, call)
    match block.style:
        case "link":
            return f"[{words}]({block.words})"
        case "title":
            return f"**{words}**" if words.strip() else ""
        case "quote":
            return "\n".join(f"> {line}" for line in words.split("\n"))
        case _:
            return words


def article(body: Iterable[Block]) -> tuple[str, str, str] | None:
    """Title, description and address of a body that is mainly one link; None when it is not, or says too much."""
    lines = [block for block in body if isinstance(block, Line) and str(block.words).strip()]
    links = [str(line.words) for line in lines if line.style == "link"]
    if len(links) != 1 or len(lines) != len(list(body)):
        return None
    said = [plain(line) for line in lines if line.style != "link"]
    # What kind of message it is, such as "announcement", goes before the words that follow it.
    head = " · ".join(said[:2]) if len(said) > 2 else said[0] if said else ""
    rest = "\n".join(said[2:] if len(said) > 2 else said[1:])
    if not head or utf8_bytes(head) > ARTICLE_TITLE or utf8_bytes(rest) > ARTICLE_TEXT:
        return None
    return head, rest, links[0]


def _named(_call: Call, name: str) -> str:
    """Where nobody can be called in the words themselves: without a sign that would promise it."""
    return name.removeprefix("@")


def _called(call: Call, name: str) -> str:
    return f"<@{call.account}>" if _ACCOUNT.fullmatch(call.account) else escaped(_named(call, name))


def escaped(words: str) -> str:
    """The words with every mark of markdown made harmless."""
    harmless = words.translate(_MARKS)
    return _STARTS.sub(lambda found: found[1] + _START_MARKS[found[2]], harmless)
