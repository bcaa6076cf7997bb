"""Reading scores as judges type them: 大里村 92.5 · 大里村 28 26 19 20 · 1号 党建28 服务26 平安19 阵地20."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TypeAlias

from bot.chat.grammar.folding import fold
from bot.chat.grammar.numerals import Number, number_at
from bot.chat.texts import T, Text
from handlers.rounds.rulings import Rules
from storage.rounds import Contestant, Criterion, total

#: What may end a unit's name and be left out when people write it.
_ENDINGS = ("社区", "村")
_NUMBERED = re.compile(r"\s*(?:第\s*)?(?P<number>\d{1,3}|[一二三四五六七八九十]{1,3})\s*(?:号|位|个)\s*")
_BARE_NUMBER = re.compile(r"\s*(\d{1,3})(?:\s*[,;、:]|[.)]?\s)\s*")
_BETWEEN = re.compile(r"[\s,;、:./+=()\[\]分]*")
_LONGEST_LABEL = 12
_BARE = re.compile(r"(?P<head>)(?P<scores>.+)")
#: How a number in the order is written when it cannot be a score: 3号, 第3位, 三号.
_ORDINAL = r"(?:第\s*)?(?:\d{1,3}|[一二三四五六七八九十]{1,3})\s*[号位]"
_AFTER = re.compile(r"(?P<head>[^\d\s,;、:]+)[\s,;、:]*(?P<scores>\S.*)")
#: 92点5, one character for one.
_POINT = re.compile(r"(?<=\d)点(?=\d)")
#: The sum that somebody writes behind the scores.
_STATED = re.compile(
    r"(?:(?<=[\d分])|[\s,;、(.]+)(?:=|总分|合计|总计|共计?)\s*[:为是]?\s*(?P<sum>\d+(?:\.\d+)?)\s*分?[\s).]*$"
)
_ABSTAINS = {"弃权", "abstain"}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of scores; `problem` says why there are none.

    `scores` are in the order of the criteria, or one whole score for all of them together. `text`: as typed.
    `abstains`: instead of scores it says that there will be none.
    """

    contestant: Contestant | None
    scores: tuple[Decimal, ...] = ()
    problem: Text | None = None
    text: str = ""
    abstains: bool = False


def read(
    text: str, contestants: Sequence[Contestant], criteria: Sequence[Criterion], *, rules: Rules
) -> list[Line]:
    """The lines of a message; empty ones and headings ("评分如下：") are passed over.

    Several contestants in one line count as a line each.
    """
    return [
        replace(_line(_POINT.sub(".", fold(piece)), contestants, criteria, rules.step), text=piece)
        for line in text.splitlines()
        if not is_heading(fold(line))
        for piece in _pieces(line, contestants)
    ]


def _pieces(line: str, contestants: Sequence[Contestant]) -> list[str]:
    """`大里村 28 26 19 20 公园道社区 27 …`: cut before every contestant that comes after a score."""
    folded, pieces = fold(line), []
    found = contestant_at(folded, contestants)
    if found is None or len(folded) != len(line):
        return [line]
    begun, at = 0, found[1]
    names = "|".join(re.escape(name) for name in sorted(_names(contestants), key=len, reverse=True))
    for match in re.finditer(rf"(?<=[\d分)\]\s,;、.])(?:{names}|{_ORDINAL})", folded):
        if match.start() > at and any(character.isnumeric() for character in folded[at : match.start()]):
            pieces.append(line[begun : match.start()])
            next_one = contestant_at(folded[match.start() :], contestants)
            begun, at = match.start(), match.start() + next_one[1] if next_one else match.end()
    return [*pieces, line[begun:]]


def is_heading(folded: str) -> bool:
    """Whether a line only leads up to those below it, or is empty."""
    words = folded.strip()
    return not words or (words.endswith(":") and not any(character.isnumeric() for character in words))


def contestant_at(folded: str, contestants: Sequence[Contestant]) -> tuple[Contestant, int] | None:
    """The contestant that a line begins with and where it ends: by name (村 or 社区 may be missing) or number."""
    named = _name_at(folded, 0, contestants)
    if named is not None:
        return named
    numbered = _NUMBERED.match(folded)
    if numbered:
        number = number_at(numbered["number"], 0)
        for contestant in contestants:
            if number is not None and number.value == contestant.position:
                return contestant, numbered.end()
    return None


def _name_at(folded: str, at: int, contestants: Sequence[Contestant]) -> tuple[Contestant, int] | None:
    start = len(folded) - len(folded[at:].lstrip(" [(,、:"))
    names = _names(contestants)
    for name in sorted(names, key=len, reverse=True):
        if folded.startswith(name, start):
            return names[name], start + len(name)
    return None


def _another(numbered: Contestant, named: Contestant) -> Text:
    return T(
        "{position}号是{unit}，不是{other}。请核对后再发。",
        position=numbered.position,
        unit=numbered.unit_name,
        other=named.unit_name,
    )


def scores_after(folded: str, criteria: Sequence[Criterion]) -> tuple[str, tuple[Decimal, ...]] | None:
    """What stands before the scores, and these, as in `Line`; None when they are not all there."""
    text = _POINT.sub(".", folded).strip()
    for match in (_BARE.fullmatch(text), _AFTER.fullmatch(text)):
        entries = _entries(match["scores"], 0, criteria) if match else None
        if match is None or not entries:
            continue
        entries = _unglued(entries, criteria)
        whole = _whole(entries, criteria)
        scores = (whole,) if whole is not None else _in_order(entries, criteria)
        tops = (sum(c.maximum for c in criteria),) if whole is not None else [c.maximum for c in criteria]
        if scores is not None and all(score <= top for score, top in zip(scores, tops, strict=True)):
            return match["head"], scores
    return None


def example(contestant: Contestant, criteria: Sequence[Criterion]) -> str:
    """A line of scores as it may be typed."""
    return " ".join([contestant.unit_name, *(f"{int(c.maximum * 9 / 10)}" for c in criteria)])


def _names(contestants: Sequence[Contestant]) -> dict[str, Contestant]:
    """What the contestants may be called; a short name that fits two of them is nobody's."""
    shorts = [
        (short, c)
        for c in contestants
        for ending in _ENDINGS
        if len(short := fold(c.unit_name).removesuffix(ending)) >= 2 and fold(c.unit_name).endswith(ending)
    ]
    often = Counter(short for short, _contestant in shorts)
    return {short: c for short, c in shorts if often[short] == 1} | {fold(c.unit_name): c for c in contestants}


def _line(folded: str, contestants: Sequence[Contestant], criteria: Sequence[Criterion], step: Decimal) -> Line:
    found = contestant_at(folded, contestants) or _bare_number_at(folded, contestants, criteria)
    if found is None:
        return Line(None, problem=T("没认出是哪个单位。请先写单位，再写分数。"))
    contestant, at = found
    named = _name_at(folded, at, contestants)
    if named is not None and named[0] != contestant:
        return Line(contestant, problem=_another(contestant, named[0]))
    at = named[1] if named is not None else at
    if folded[at:].strip(" ,;、:.") in _ABSTAINS:
        return Line(contestant, abstains=True)
    stated = _STATED.search(folded, at) if len(criteria) > 1 else None
    if stated is not None and stated.start() > at:
        folded = folded[: stated.start()]
    elif stated is not None:
        folded, stated = f"{folded[:at]} {stated['sum']}", None
    entries = _entries(folded, at, criteria)
    if entries is None:
        return Line(contestant, problem=T("{unit}后面只写分数就好。", unit=contestant.unit_name))
    entries = _unglued(entries, criteria)
    whole = _whole(entries, criteria)
    if whole is not None:
        together = Criterion("总分", sum((c.maximum * c.weight for c in criteria), Decimal(0)))
        problem = out_of_range(contestant, (whole,), (together,), step)
        return Line(contestant, () if problem else (whole,), problem)
    scores = _in_order(entries, criteria)
    if scores is None:
        return Line(contestant, problem=_wrong_count(contestant, len(entries), criteria))
    problem = out_of_range(contestant, scores, criteria, step) or _wrong_sum(contestant, scores, criteria, stated)
    return Line(contestant, () if problem else scores, problem)


def _wrong_sum(
    contestant: Contestant, scores: Sequence[Decimal], criteria: Sequence[Criterion], stated: re.Match[str] | None
) -> Text | None:
    """Where the sum written behind the scores is not theirs: one of the figures is a slip."""
    right = total(criteria, scores)
    if stated is None or Decimal(stated["sum"]) == right:
        return None
    return T(
        "{unit}写的合计是{said}分，各项加起来是{right}分。请核对后再发。",
        unit=contestant.unit_name,
        said=Decimal(stated["sum"]),
        right=right,
    )


def _bare_number_at(
    folded: str, contestants: Sequence[Contestant], criteria: Sequence[Criterion]
) -> tuple[Contestant, int] | None:
    """`3 28 26 19 20` is the third contestant's when there is one number more than criteria."""
    first = _BARE_NUMBER.match(folded)
    entries = _entries(folded, 0, criteria)
    if first is None or entries is None or len(entries) != len(criteria) + 1:
        return None
    fits = [contestant for contestant in contestants if contestant.position == int(first[1])]
    return (fits[0], first.end()) if fits else None


_Entries: TypeAlias = "list[tuple[Criterion | None, Decimal]]"


def _unglued(entries: _Entries, criteria: Sequence[Criterion]) -> _Entries:
    """`28261920` for four criteria is 28 26 19 20: two digits each, when none is above its maximum."""
    if len(entries) != 1 or len(criteria) < 2 or entries[0][0] is not None:
        return entries
    digits = format(entries[0][1], "f")
    if not digits.isdecimal() or len(digits) != 2 * len(criteria):
        return entries
    pairs = [Decimal(digits[at : at + 2]) for at in range(0, len(digits), 2)]
    fits = all(score <= criterion.maximum for score, criterion in zip(pairs, criteria, strict=True))
    return [(None, score) for score in pairs] if fits else entries


def _whole(entries: Sequence[tuple[Criterion | None, Decimal]], criteria: Sequence[Criterion]) -> Decimal | None:
    """One score for everything. A number that could be that of one criterion alone is not taken for it."""
    if len(criteria) == 1 or len(entries) != 1 or entries[0][0] is not None:
        return None
    return entries[0][1] if entries[0][1] > max(c.maximum for c in criteria) else None


def _entries(folded: str, at: int, criteria: Sequence[Criterion]) -> list[tuple[Criterion | None, Decimal]] | None:
    """The scores from a position on, each with its criterion where one is named; None for other words."""
    entries: list[tuple[Criterion | None, Decimal]] = []
    at = _skip(folded, at)
    while at < len(folded):
        criterion, at = _label(folded, at, criteria)
        number = _number(folded, _skip(folded, at))
        if number is None:
            return None
        entries.append((criterion, number.value))
        at = _skip(folded, number.end)
    return entries


def _number(folded: str, at: int) -> Number | None:
    return number_at(folded, at)


def _skip(folded: str, at: int) -> int:
    gap = _BETWEEN.match(folded, at)
    return gap.end() if gap else at


def _label(folded: str, at: int, criteria: Sequence[Criterion]) -> tuple[Criterion | None, int]:
    """The criterion named here, in full or by how its name begins (党建 for 党建引领), and where that ends."""
    for length in range(min(_LONGEST_LABEL, len(folded) - at), 1, -1):
        word = folded[at : at + length]
        named = [c for c in criteria if fold(c.name).startswith(word)] or [
            c for c in criteria if word in fold(c.name)
        ]
        if len(named) == 1:
            return named[0], at + length
    return None, at


def _in_order(
    entries: Sequence[tuple[Criterion | None, Decimal]], criteria: Sequence[Criterion]
) -> tuple[Decimal, ...] | None:
    if len(entries) != len(criteria):
        return None
    named = {criterion.name: score for criterion, score in entries if criterion is not None}
    if not named:
        return tuple(score for _none, score in entries)
    if len(named) != len(criteria):
        return None
    return tuple(named[criterion.name] for criterion in criteria)


def _wrong_count(contestant: Contestant, given: int, criteria: Sequence[Criterion]) -> Text:
    like = example(contestant, criteria)
    if len(criteria) == 1:
        return T("{unit}要一个总分，例如：{example}", unit=contestant.unit_name, example=like)
    return T(
        "{unit}有{wanted}个评分项（{names}），收到{given}个分数。请这样发：{example}",
        unit=contestant.unit_name,
        wanted=len(criteria),
        names=[c.name for c in criteria],
        given=given,
        example=like,
    )


def out_of_range(
    contestant: Contestant, scores: Sequence[Decimal], criteria: Sequence[Criterion], step: Decimal
) -> Text | None:
    """What is wrong with the first score above its maximum or between two steps; None when all are good."""
    for criterion, score in zip(criteria, scores, strict=True):
        if score > criterion.maximum:
            return T(
                "{unit}的“{criterion}”最高{maximum}分，收到{score}分。请改一下再发。",
                unit=contestant.unit_name,
                criterion=criterion.name,
                maximum=criterion.maximum,
                score=score,
            )
        if score % 1 and step == 1:
            return T(
                "{unit}的“{criterion}”打整数分，收到{score}。请改一下再发。",
                unit=contestant.unit_name,
                criterion=criterion.name,
                score=score,
            )
        if score % step and step.normalize().as_tuple().digits == (1,) and step < 1:
            return T(
                "{unit}的“{criterion}”最多{decimals}位小数，收到{score}。请改一下再发。",
                unit=contestant.unit_name,
                criterion=criterion.name,
                decimals=-step.adjusted(),
                score=score,
            )
        if score % step:
            return T(
                "{unit}的“{criterion}”按{step}分一档打，收到{score}。请改一下再发。",
                unit=contestant.unit_name,
                criterion=criterion.name,
                step=step,
                score=score,
            )
    return None
