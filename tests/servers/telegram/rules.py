"""What the Bot API refuses: unknown parameters, sizes, keyboards, entities, rates."""

from __future__ import annotations

import re
import time
from collections import defaultdict, deque
from collections.abc import Callable
from typing import Any

COMMON = {"chat_id", "message_thread_id", "disable_notification", "reply_parameters", "reply_markup"}
#: Each method that is implemented, with all parameters that it takes.
METHODS: dict[str, set[str]] = {
    "getMe": set(),
    "getUpdates": {"offset", "limit", "timeout", "allowed_updates"},
    "setWebhook": {
        *("url", "secret_token", "allowed_updates", "max_connections", "drop_pending_updates", "ip_address"),
    },
    "deleteWebhook": {"drop_pending_updates"},
    "getWebhookInfo": set(),
    "sendMessage": COMMON | {"text", "entities", "parse_mode", "link_preview_options", "protect_content"},
    "sendPhoto": COMMON | {"photo", "caption", "caption_entities", "parse_mode"},
    "sendDocument": COMMON
    | {"document", "caption", "caption_entities", "parse_mode", "disable_content_type_detection", "thumbnail"},
    "editMessageText": {
        *("chat_id", "message_id", "text", "entities", "parse_mode", "link_preview_options", "reply_markup"),
    },
    "editMessageReplyMarkup": {"chat_id", "message_id", "reply_markup"},
    "answerCallbackQuery": {"callback_query_id", "text", "show_alert", "cache_time"},
    "setMyCommands": {"commands", "scope", "language_code"},
    "getMyCommands": {"scope", "language_code"},
    "deleteMyCommands": {"scope", "language_code"},
    "setMessageReaction": {"chat_id", "message_id", "reaction", "is_big"},
    "getFile": {"file_id"},
}
SCOPES = {
    *("default", "all_private_chats", "all_group_chats", "all_chat_administrators"),
    *("chat", "chat_administrators", "chat_member"),
}
ENTITIES = {
    *("mention", "hashtag", "bot_command", "url", "bold", "italic", "underline", "strikethrough", "spoiler"),
    *("blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention", "custom_emoji"),
}
REACTIONS = {"👍", "👎", "❤", "🔥", "👏", "😁", "🤔", "🎉", "🙏", "👌", "🤝", "💯", "👀", "✍"}
WEBHOOK_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")


class Refused(Exception):
    """An answer with `ok: false`."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = parameters


def bad(description: str, **parameters: Any) -> Refused:
    return Refused(400, f"Bad Request: {description}", **parameters)


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def known_parameters(method: str, given: set[str]) -> None:
    if method not in METHODS:
        raise Refused(404, "Not Found: method not found")
    unknown = given - METHODS[method]
    if unknown:
        raise bad(f"unknown parameter {sorted(unknown)[0]}")


def check_text(
    text: Any, entities: Any, *, most: int, name: str, knows: Callable[[int], bool]
) -> tuple[str, list[dict[str, Any]]]:
    """The text as Telegram keeps it: cut at both ends, its entities checked and moved along.

    Whom the bot does not know is not mentioned, without a word; what looks like a user's name becomes a mention.
    """
    if not isinstance(text, str):
        raise bad(f"{name} must be a string")
    if units(text) > most:
        raise bad("message is too long" if name == "text" else "message caption is too long")
    cut = units(text) - units(text.lstrip())
    kept = text.strip()
    if not kept and name == "text":
        raise bad("message text is empty")
    checked = []
    for entity in entities or []:
        kind, offset, length = entity["type"], entity["offset"], entity["length"]
        if kind not in ENTITIES:
            raise bad(f"unsupported entity type {kind}")
        if offset < 0 or length <= 0 or offset + length > units(text):
            raise bad("entity beyond the end of the text")
        if kind == "text_mention" and not isinstance(entity.get("user", {}).get("id"), int):
            raise bad('can\'t parse entities: Field "id" must be of type Number')
        if kind != "text_mention" or knows(entity["user"]["id"]):
            checked.append({**entity, "offset": max(0, offset - cut)})
    return kept, checked + _found_mentions(kept)


def _found_mentions(text: str) -> list[dict[str, Any]]:
    found = re.finditer(r"(?<!\w)@\w{2,32}(?!\w)", text, re.ASCII)
    return [{"type": "mention", "offset": units(text[: m.start()]), "length": units(m[0])} for m in found]


def check_markup(markup: Any) -> None:
    if markup is None:
        return
    if "force_reply" in markup:
        return
    rows = markup.get("inline_keyboard")
    if not isinstance(rows, list):
        raise bad("object expected as reply markup")
    if sum(len(row) for row in rows) > 100:
        raise bad("reply markup is too long")
    for row in rows:
        if len(row) > 8:
            raise bad("too many buttons in a row")
        for button in row:
            _check_button(button)


def _check_button(button: dict[str, Any]) -> None:
    if not button.get("text"):
        raise bad("inline keyboard button text must be non-empty")
    actions = set(button) - {"text"}
    if len(actions) != 1:
        raise bad("inline keyboard button must have exactly one action")
    if "callback_data" in button and not 1 <= len(button["callback_data"].encode()) <= 64:
        raise bad("BUTTON_DATA_INVALID")
    if "url" in button and not re.match(r"https?://[^/\s]+\.[^/\s]+|tg://", button["url"]):
        raise bad("BUTTON_URL_INVALID")


def check_commands(commands: Any, scope: Any) -> None:
    if not isinstance(commands, list) or len(commands) > 100:
        raise bad("too many commands")
    for command in commands:
        if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
            raise bad("BOT_COMMAND_INVALID")
        if not 1 <= len(command["description"]) <= 256:
            raise bad("BOT_COMMAND_DESCRIPTION_INVALID")
    if scope is not None and scope["type"] not in SCOPES:
        raise bad("unsupported scope")


class Rates:
    """30 messages a second, one a second to a chat with bursts, 20 a minute to a group."""

    def __init__(self) -> None:
        self.enforced = False
        self._sent: dict[int, deque[float]] = defaultdict(deque)
        self._all: deque[float] = deque()
        #: The next messages are refused with these pauses; 0 lets one through.
        self.refuse: deque[int] = deque()

    def after(self, count: int, pause: int) -> None:
        """So many messages pass, then one is refused."""
        self.refuse.extend([0] * count + [pause])

    def check(self, chat: int) -> None:
        pause = self.refuse.popleft() if self.refuse else 0
        if pause:
            raise Refused(429, f"Too Many Requests: retry after {pause}", retry_after=pause)
        if not self.enforced:
            return
        now = time.monotonic()
        _within(self._all, now, 1.0, 30)
        if chat < 0:
            _within(self._sent[chat], now, 60.0, 20)
        self._all.append(now)
        self._sent[chat].append(now)


def _within(sent: deque[float], now: float, seconds: float, most: int) -> None:
    while sent and sent[0] <= now - seconds:
        sent.popleft()
    if len(sent) >= most:
        pause = max(1, round(sent[0] + seconds - now))
        raise Refused(429, f"Too Many Requests: retry after {pause}", retry_after=pause)
