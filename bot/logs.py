"""Logs: one line a message, as key=value or JSON. No message bodies at info level, and never a secret."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime

from bot.chat.district import DISTRICT

#: What a message's line tells, in this order.
FIELDS = ("district", "platform", "chat", "person", "command", "outcome", "ms")

#: Libraries whose ordinary lines hold whole addresses, frames or rows, and with them secrets: these speak up from
#: warnings on, whatever the level of the others.
TALKATIVE = ("httpcore", "httpx", "requests", "urllib3", "telegram", "websockets", "sqlalchemy", "aiohttp")


class LineFormatter(logging.Formatter):
    """`time level logger text key=value …`."""

    def format(self, record: logging.LogRecord) -> str:
        text = f"{_time(record)} {record.levelname.lower():7} {record.name} {record.getMessage()}"
        pairs = " ".join(f"{name}={_quoted(value)}" for name, value in _fields(record))
        line = f"{text} {pairs}" if pairs else text
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": _time(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": record.getMessage(),
            **dict(_fields(record)),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def name_district(record: logging.LogRecord) -> bool:
    """A handler's filter: lets everything pass, and notes whose business it is."""
    record.district = DISTRICT.get()
    return True


def _fields(record: logging.LogRecord) -> list[tuple[str, object]]:
    return [(name, getattr(record, name)) for name in FIELDS if getattr(record, name, "") != ""]


def _quoted(value: object) -> str:
    """The value as one word: quoted where it has a space, a quote or anything that would begin a new line."""
    text = str(value)
    return text if text.isprintable() and not set(text) & set(' "=') else json.dumps(text)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def configure(*, level: str, as_json: bool) -> None:
    """Send this program's logs to stderr; libraries speak up from warnings on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(name_district)
    handler.setFormatter(JsonFormatter() if as_json else LineFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("liangsaibi").setLevel(level.upper())
