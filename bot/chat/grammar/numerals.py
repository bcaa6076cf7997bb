"""Numbers as people type them: 1,200 · 1.5万 · 1万2 · 十二 · 一百二十 · 两 · 三点五 · 二〇二一 · ③."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

import cn2an

from bot.chat.grammar.idioms import word_end
from bot.chat.grammar.measures import measure_at


@dataclass(frozen=True, slots=True)
class Number:
    """A number in a folded text, from `start` up to `end`.

    `about`: two neighbouring digits were said (三四十), of which `value` has the lower.
    """

    value: Decimal
    start: int
    end: int
    about: bool = False


# Longer runs of digits are telephone, card and account numbers.
_DIGITS = r"(?<![0-9])(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}(?!,?[0-9])|[0-9]{1,12}(?![0-9]))"
_ARABIC = re.compile(
    # "2021.6.30" is no number. A full stop before a digit begins a number only where no sentence ends.
    rf"(?P<plain>(?:{_DIGITS}(?:\.[0-9]{{1,9}}(?![0-9]))?|(?<![^\s(,;:、约近达到共超])\.[0-9]{{1,9}})(?!\.?[0-9]))"
    # 5千米 and 5千克 have their unit in the measure.
    r"(?:\s?(?P<scale>[十百千]?[万亿]|[百千](?![克米瓦伏帕分])))?"
)
# What may follow 1万 in "1万2", "1万2千", "1万2500"; not the month of "投入1万3月底".
_TAILS = {
    "百": r"[1-9]十?",
    "千": r"[1-9]百(?:[1-9]十?)?|[0-9]{3}|[1-9]",
    "万": r"[1-9]千(?:[1-9]百(?:[1-9]十?)?|[0-9]{3}|[1-9])?|[1-9]百|[0-9]{4}|[1-9]",
    "亿": r"[1-9]千万?|[1-9]百万|[0-9]{4}万|[1-9]",
}
_TAIL = {scale: re.compile(rf"(?:{tail})(?![0-9.%:/\-~月日号季点项万亿])") for scale, tail in _TAILS.items()}

_D = "[一二两三四五六七八九]"
_Z = "[零〇○]"
_T = f"(?:{_D}?十{_D}?|[廿卅]{_D}?)"
_H = f"{_D}百(?:{_Z}{_D}|{_D}?十{_D}?|{_D})?"
_K = f"{_D}千(?:{_Z}(?:{_T}|{_D})|{_H}|{_D})?"
_Q = f"(?:{_K}|{_H}|{_T}|{_D})"
_WHOLE = f"(?:{_Q}亿(?:{_Z}?{_Q}万)?(?:{_Z}?{_Q})?|{_Q}万(?:{_Z}?{_Q})?|{_Q}|{_Z})"
_CHINESE = re.compile(
    # Three and a half, but not half past three.
    rf"(?P<whole>{_WHOLE})(?:点(?P<decimals>[零〇○一二三四五六七八九]{{1,9}})(?P<scale>[百千]?[万亿]|[百千])?(?![十零〇○一二三四五六七八九]))?"
)
_NEIGHBOURS = "一二|一两|两三|二三|三四|三五|四五|五六|六七|七八|八九"
_ABOUT = re.compile(
    rf"(?P<ten>{_D}?十)?(?P<pair>{_NEIGHBOURS})(?P<scale>[十百千]?[万亿]?)(?![零〇○一二两三四五六七八九十百千])"
)
_ONE_BY_ONE = re.compile(r"[零〇○一二三四五六七八九]{2,12}(?![零〇○一二三四五六七八九十百千万亿点])")
_FORMAL = re.compile(r"[壹贰叁肆伍陆柒捌玖][拾佰仟万亿][零壹贰叁肆伍陆柒捌玖拾佰仟万亿]{0,20}")
_CIRCLED = re.compile("[①-⒛㈠-㈩㉑-㉟㊀-㊉㊱-㊿❶-➓]")
_SCALES = {"": 1, "十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_PLAIN_DIGITS = str.maketrans("零〇○一二两三四五六七八九", "0001223456789")
_SPELLED = str.maketrans("○卅", "〇三")


def number_at(folded: str, at: int) -> Number | None:
    """The number that begins exactly at a position, as long as it goes; None where none begins.

    For callers who know that a number belongs there: it also reads the 一 of 一般. Numbers are not negative
    and below 10^24.
    """
    first = folded[at : at + 1]
    if first.isascii():
        return _arabic(folded, at)
    if _CIRCLED.match(first):
        return Number(Decimal(int(unicodedata.numeric(first))), at, at + 1)
    return _chinese(folded, at)


def _arabic(folded: str, at: int) -> Number | None:
    match = _ARABIC.match(folded, at)
    if match is None:
        return None
    plain, scale = match["plain"].replace(",", ""), match["scale"]
    if not scale:
        return Number(Decimal(plain), at, match.end())
    tail = _TAIL[scale[-1]].match(folded, match.end()) if "." not in plain else None
    if tail:
        value = _converted(plain + scale + tail.group())
        if value is not None:
            return Number(value, at, tail.end())
    return Number(_tidy(Decimal(plain) * _scaled(scale)), at, match.end())


def _chinese(folded: str, at: int) -> Number | None:
    about = _ABOUT.match(folded, at)
    if about:
        ten = _converted(about["ten"]) if about["ten"] else Decimal(0)
        digit = Decimal(about["pair"][0].translate(_PLAIN_DIGITS))
        return Number((ten or 0) + digit * _scaled(about["scale"]), at, about.end(), about=True)
    match = _ONE_BY_ONE.match(folded, at)
    if match:
        return Number(Decimal(match.group().translate(_PLAIN_DIGITS)), at, match.end())
    match = _CHINESE.match(folded, at) or _FORMAL.match(folded, at)
    if match is None:
        return None
    parts = match.groupdict()
    value = _converted(parts.get("whole") or match.group())
    if value is None:
        return None
    if parts.get("decimals"):
        value += Decimal("0." + parts["decimals"].translate(_PLAIN_DIGITS))
        value = _tidy(value * _scaled(parts["scale"])) if parts["scale"] else value
    return Number(value, at, match.end())


def _tidy(value: Decimal) -> Decimal:
    """15000 for 15000.0."""
    whole = value.to_integral_value()
    return whole if value == whole else value


def _scaled(scale: str) -> int:
    product = 1
    for char in scale:
        product *= _SCALES[char]
    return product


@lru_cache(maxsize=4096)
def _converted(numeral: str) -> Decimal | None:
    # cn2an reads 一万二 but not 一亿二.
    whole = numeral.replace("卅", "三十").replace("○", "〇")
    if whole[-2:-1] == "亿" and whole[-1] not in "零〇":
        whole += "千万"
    try:
        return Decimal(cn2an.cn2an(whole, "smart"))
    except (ValueError, KeyError):
        return None


_BEGINNING = re.compile(
    "(?<![A-Za-z0-9])(?<![0-9][.])[0-9]|(?<![^\\s(,;:、约近达到共超])[.][0-9]"
    "|[零〇○一二两三四五六七八九十廿卅壹贰叁肆伍陆柒捌玖①-⒛㈠-㈩㉑-㉟㊀-㊉㊱-㊿❶-➓]"
)
_DIGIT_RUN = re.compile(r"[0-9][0-9.,]*")
_APART = re.compile(r"[\s,.;:、()\[\]\"'!?/|+=*]")
_FILLER = re.compile(r"[多余来几]?\s?[大小整]?")


def numbers_in(folded: str) -> tuple[Number, ...]:
    """The numbers of a text from left to right, without overlap.

    Left out are ordinals (第2项), parts of words and names (一般, 万一, 四议两公开, A4, 七里河), what belongs
    to a fraction (三分之二), and runs of digits that are no number (2021.6.30, an identity number).
    """
    found: list[Number] = []
    at = 0
    while match := _BEGINNING.search(folded, at):
        start = match.start()
        end = word_end(folded, start)
        number = number_at(folded, start) if end is None else None
        if number and _counts(folded, number):
            found.append(number)
        at = end or (number.end if number else _past(folded, start))
    return tuple(found)


def _past(folded: str, at: int) -> int:
    run = _DIGIT_RUN.match(folded, at)
    return run.end() if run else at + 1


def _counts(folded: str, number: Number) -> bool:
    """Whether the words around leave it a number: any in digits, a Chinese one only where it can be no name."""
    if folded.startswith("分之", number.end):
        return False
    words = folded[number.start : number.end]
    if words[0] in "0123456789." or _CIRCLED.match(words):
        return True
    if len(words) > 1 and not number.about and (not _ONE_BY_ONE.fullmatch(words) or _is_year(words)):
        return not folded.startswith("里", number.end) or _measured(folded, number.end)
    return _measured(folded, number.end) or _is_apart(folded, number)


def _is_year(words: str) -> bool:
    return len(words) > 3 or not set("零〇○").isdisjoint(words)


def _measured(folded: str, at: int) -> bool:
    filler = _FILLER.match(folded, at)
    return measure_at(folded, filler.end() if filler else at) is not None


def _is_apart(folded: str, number: Number) -> bool:
    before, after = folded[number.start - 1 : number.start], folded[number.end : number.end + 1]
    return (number.start == 0 or bool(_APART.match(before))) and (not after or bool(_APART.match(after)))
