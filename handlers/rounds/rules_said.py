"""Reading what an organizer says of scoring: permitted step, decimals, rounding, how many are dropped. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import number_at
from handlers.rounds.rulings import DOWN, HALF_EVEN, HALF_UP, Rules

_NUMBER = r"(?P<number>\d+(?:\.\d+)?|[零一二两三四五六七八九十半点]+)"
#: `2 highest and 2 lowest`, `2 at each end`, with what may stand between the words.
_ENDS = (
    rf"{_NUMBER}\s*(?:high(?:est)?|top)(?:\s*scores?)?\s*(?:,|and|&)?\s*"
    r"(?:drop\s*)?(?P=number)\s*(?:low(?:est)?|bottom)(?:\s*scores?)?"
)
#: What may be said of scoring, each with the rule that it changes; a fixed value stands beside the words.
_SCORING: tuple[tuple[re.Pattern[str], str, Any], ...] = tuple(
    (re.compile(pattern), rule, value)
    for pattern, rule, value in (
        (r"保留整数", "decimals", 0),
        (rf"(?:保留|小数)\s*{_NUMBER}\s*位(?:小数)?", "decimals", None),
        (rf"(?:打分)?(?:最小(?:单位)?|每档|步长|精确到)\s*[为是:]?\s*{_NUMBER}\s*分?", "step", None),
        (r"(?:打)?整(?:数|分)(?:打分)?", "step", 1),
        (r"四舍五入", "rounding", HALF_UP),
        (r"四舍六入(?:五(?:成|留|凑)[双偶])?", "rounding", HALF_EVEN),
        (r"(?:多余的?小数)?(?:只舍不入|截去|舍去|不进位)(?:尾数)?", "rounding", DOWN),
        (r"不去(?:掉)?(?:最)?高(?:分)?(?:和|、)?(?:不?去?(?:掉)?)?(?:最)?低(?:分)?", "trim_each_end", 0),
        (
            rf"(?:各?去掉?)\s*{_NUMBER}\s*个?最?高分?\s*[,和、]?\s*(?:去掉?)?\s*(?P=number)\s*个?最?低分?",
            "trim_each_end",
            None,
        ),
        (rf"满\s*{_NUMBER}\s*[个位人]?(?:有效分|评委|分)?(?:时|起|以上)?", "trim_from", None),
        (r"\b(?:no decimals|whole results?)\b", "decimals", 0),
        (rf"\b{_NUMBER}\s*(?:decimal places?|decimals?)\b", "decimals", None),
        (rf"\bdecimals?\s*[:=]?\s*{_NUMBER}", "decimals", None),
        (rf"\b(?:smallest\s*)?(?:steps?|in steps of)(?:\s*of)?\s*[:=]?\s*{_NUMBER}(?:\s*points?)?", "step", None),
        (r"\bwhole (?:scores|points|numbers)(?: only)?\b", "step", 1),
        (r"\b(?:round(?:ed|ing)?\s*)?half(?: to)?[ -]even\b", "rounding", HALF_EVEN),
        (r"\b(?:round(?:ed|ing)?\s*)?half[ -]up\b", "rounding", HALF_UP),
        (r"\b(?:round(?:ed|ing)?[ -]down|truncated?)\b", "rounding", DOWN),
        (r"\b(?:drop none|drop nothing|keep all(?: scores)?|no dropping)\b", "trim_each_end", 0),
        (rf"\bdrop(?: the)?\s*{_ENDS}", "trim_each_end", None),
        (rf"\bdrop\s*{_NUMBER}\s*(?:at|on|from)\s*(?:each|both) (?:ends?|sides?)", "trim_each_end", None),
        (rf"\bfrom\s*{_NUMBER}(?:\s*(?:valid )?(?:scores|judges))?(?:\s*(?:on|up|upwards))?", "trim_from", None),
    )
)
_MOST_DECIMALS, _LEAST_TRIMMED = 4, 3


def scoring(text: str, rules: Rules) -> Rules | None:
    """`最小单位0.5，保留3位小数，满7个去2高2低` → the rules so changed; None when it is not understood.

    Also in English: `step 0.5, 3 decimals, from 7 drop 2 highest and 2 lowest`.
    """
    rest = fold(text).casefold()
    changed: dict[str, Any] = {}
    for pattern, rule, fixed in _SCORING:
        match = pattern.search(rest)
        if match is None:
            continue
        value = fixed if fixed is not None else _said_number(match["number"])
        if value is None or rule in changed:
            return None
        changed[rule] = Decimal(value) if rule == "step" else value
        rest = f"{rest[: match.start()]} {rest[match.end() :]}"
    if not changed or re.sub(r"\b(?:and|scores?|on)\b", "", rest).strip(" ,;、.和\n"):
        return None
    return _sensible(rules, changed)


def _said_number(word: str) -> Decimal | None:
    if word == "半":
        return Decimal("0.5")
    number = number_at(word, 0)
    return number.value if number is not None and number.end == len(word) else None


def _sensible(rules: Rules, changed: dict[str, Any]) -> Rules | None:
    """The rules with what is changed; None when they would not make sense."""
    for rule in ("decimals", "trim_each_end", "trim_from"):
        if rule in changed:
            if changed[rule] % 1:
                return None
            changed[rule] = int(changed[rule])
    made = replace(rules, **changed)
    enough = made.trim_from >= max(_LEAST_TRIMMED, 2 * made.trim_each_end + 1)
    fine = made.step > 0 and made.step.normalize().as_tuple().exponent >= -_MOST_DECIMALS  # type: ignore[operator]
    return made if enough and fine and 0 <= made.decimals <= _MOST_DECIMALS else None
