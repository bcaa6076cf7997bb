"""When an announcement is to go out, read from words: 明天9点, 11月27日下午3点半, 8:30."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.chat.grammar.dates import date_at
from bot.chat.grammar.numerals import number_at

_CLOCK = re.compile(
    r"\s*(?P<part>凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|今晚|明晚)?\s*"
    r"(?P<hour>[0-9]{1,2}|[一二两三四五六七八九十]{1,3})\s?(?::(?P<minute>[0-9]{2})|[点时](?P<quarter>半|一刻|三刻|(?P<minutes>[0-9]{1,2})分?)?)"
)
#: After the time the text begins: a space, a colon, a new line, or "发".
_THEN = re.compile(r"(?:\s*(?:发送|发出|发布|发))?(?:\s*[:,]\s*|\s+|$)")
_LATE = frozenset({"下午", "傍晚", "晚上", "今晚", "明晚"})
_MINUTES = {"半": 30, "一刻": 15, "三刻": 45}


@dataclass(frozen=True, slots=True)
class Moment:
    """A time that was read, and where the words after it begin."""

    at: datetime
    end: int


def moment_at_the_head(folded: str, *, now: datetime, zone: ZoneInfo) -> Moment | None:
    """The time with which a text begins, in the zone, aware; None when it begins with none.

    "明天9点 各办事处…" is a time and a text; "明天9点开会" is a text. Without a day it is the next such time.
    """
    local = now.astimezone(zone)
    start = len(folded) - len(folded.lstrip())
    day = date_at(folded, start, local.date())
    clock = _CLOCK.match(folded, day.end if day else start)
    if clock is None:
        return None
    then = _THEN.match(folded, clock.end())
    spoken = _time_of_day(clock)
    if then is None or spoken is None:
        return None
    chosen = datetime.combine(day.day if day else local.date(), spoken, zone)
    if day is None and chosen <= local:
        chosen += timedelta(days=1)
    return Moment(chosen, then.end())


def _time_of_day(clock: re.Match[str]) -> time | None:
    said = clock["hour"]
    number = number_at(said, 0)
    hour = int(said) if said.isdigit() else int(number.value) if number else 99
    minute = int(clock["minute"] or clock["minutes"] or _MINUTES.get(clock["quarter"] or "", 0))
    if clock["part"] in _LATE and hour < 12:
        hour += 12
    if clock["part"] == "中午" and hour < 3:
        hour += 12
    return time(hour, minute) if hour < 24 and minute < 60 else None
