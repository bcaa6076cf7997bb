"""What is asked back when a report is not plain, and the answers that are offered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_DOWN, Decimal
from enum import StrEnum

from bot.chat.grammar.measures import is_divisible
from bot.chat.rendering import percent
from bot.chat.texts import T, Text, Value, Words, plain_number
from handlers.progress.figures import SHARE
from handlers.progress.statuses import STATUS_WORDS
from storage.commitments import Commitment, Status
from storage.terms import Kind, Part


class Question(StrEnum):
    """The kinds of doubt; one that the person has settled is not raised again."""

    WHICH = "which"
    HOW_FAR = "how_far"
    EXACT = "exact"
    BACKWARDS = "backwards"
    OVER = "over"
    MEASURE = "measure"
    RATE = "rate"
    WHOLE = "whole"
    MISMATCH = "mismatch"
    BASE = "base"
    PERIOD = "period"


@dataclass(frozen=True, slots=True)
class Option:
    """An offered answer: what the button says and what it stands for (see `answering`)."""

    label: Words
    answer: str


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question about one reading, with the answers offered in rows."""

    question: Question
    words: Text
    options: tuple[tuple[Option, ...], ...] = ()


#: Answers, as buttons carry them.
AS_SAID, ADDED, ALL, NONE, WHOLE, FAR, SAME = "ok", "add", "all", "none", "full", "far", "same"
_WRONG = Option(T("不对，重新说"), FAR)
_QUARTERS = tuple(Decimal(n) / 4 for n in (1, 2, 3, 4))
_MOST_SHOWN = 18


def quantity(value: Decimal, measure: str | None) -> str:
    """A figure with its measure, as people write it: 96盏."""
    return f"{plain_number(value)}{measure or ''}"


def value_answer(value: Decimal) -> str:
    """The answer "in all so much, in the commitment's own measure"."""
    return f"={plain_number(value)}"


def share_answer(share: Decimal) -> str:
    """The answer "this share of the target"."""
    return f"{plain_number(share * 100)}{SHARE}"


def status_answer(status: Status) -> str:
    """The answer "no figure, only this status"."""
    return f"!{status.value}"


def number_answer(number: int) -> str:
    """The answer "this commitment"."""
    return f"#{number}"


def short(words: str) -> str:
    """A commitment's wording, cut to what a button shows."""
    return words if len(words) <= _MOST_SHOWN else f"{words[: _MOST_SHOWN - 1]}…"


def part_label(part: Part) -> str:
    """What a part of a compound commitment is called."""
    return part.words.strip(" ,，、;；:：。")


def goal_words(parts: Iterable[Part]) -> list[str]:
    """What is to be reached, part by part."""
    return [f"{part_label(p)}{quantity(p.target, p.measure)}" for p in parts if p.target and not p.is_input]


def which(
    candidates: Iterable[Commitment], *, said: str, unknown: int | None = None, everything: Text | None = None
) -> Doubt:
    """Which commitment is meant. `everything`: what is offered to say when all of them may be meant."""
    rows = [
        (Option(T("第{number}项 {words}", number=c.number, words=short(c.words)), number_answer(c.number)),)
        for c in candidates
    ]
    if everything:
        rows.insert(0, (Option(everything, ALL),))
    if said:
        rows.append((Option(T("都不是"), NONE),))
    if unknown is not None:
        words = T("没有第{number}项。“{said}”说的是哪一项？", number=unknown, said=said)
    else:
        words = T("“{said}”说的是哪一项？", said=said) if said else T("报哪一项的进度？")
    return Doubt(Question.WHICH, words, tuple(rows))


def everything(count: int, status: Status, *, others: bool) -> Text:
    """That all of so many commitments are in a status; `others`: all those that were not excepted."""
    if status is Status.DONE:
        return T("其余{count}项都完成了", count=count) if others else T("全部{count}项都完成了", count=count)
    state = STATUS_WORDS[status]
    if others:
        return T("其余{count}项都是“{status}”", count=count, status=state)
    return T("全部{count}项都是“{status}”", count=count, status=state)


def how_far(c: Commitment, *, sure: bool = True) -> Doubt:
    """How far it is, with quick answers. Not `sure`: perhaps no report was meant at all."""
    rows: list[tuple[Option, ...]] = []
    if c.kind is Kind.QUANTITY and c.target is not None and c.measure != SHARE:
        steps = _steps(c.target, c.measure or "")
        rows.append(tuple(Option(quantity(step, c.measure), value_answer(step)) for step in steps))
        words = T(
            "第{number}项“{words}”现在一共完成了多少？点一下，或直接说，例如：{example}",
            number=c.number,
            words=c.words,
            example=quantity(steps[(len(steps) - 1) // 2], c.measure),
        )
    elif c.kind is Kind.THRESHOLD and c.target is not None:
        words = T(
            "第{number}项“{words}”现在达到多少？直接说数字，例如：{example}",
            number=c.number,
            words=c.words,
            example=quantity(c.target, c.measure),
        )
    else:
        rows.append(tuple(Option(percent(q), share_answer(q)) for q in _QUARTERS))
        words = T("第{number}项“{words}”进展到哪一步？点一下，或直接说。", number=c.number, words=c.words)
    rows.append(tuple(Option(STATUS_WORDS[s], status_answer(s)) for s in (Status.PREPARING, Status.UNDER_WAY)))
    rows.append((Option(STATUS_WORDS[Status.SLOW], status_answer(Status.SLOW)), *_no_change(c)))
    if not sure:
        rows.append((Option(T("不是报进度"), NONE),))
    return Doubt(Question.HOW_FAR, words, tuple(rows))


def _steps(target: Decimal, measure: str) -> list[Decimal]:
    """Quarters of the target; of what cannot be cut, whole ones."""
    steps = [target * quarter for quarter in _QUARTERS]
    if not is_divisible(measure):
        steps = [*(step.to_integral_value(ROUND_CEILING) for step in steps[:-1]), target]
    return list(dict.fromkeys(steps))


def _no_change(c: Commitment) -> tuple[Option, ...]:
    return (Option(T("无变化"), SAME),) if c.reported_at else ()


def exact(c: Commitment, bound: Decimal, said: str, *, less: bool) -> Doubt:
    """More, or less, than so much: how much exactly."""
    tenth = Decimal("0.1")
    first = bound.quantize(tenth, ROUND_DOWN)
    around = (first + tenth * n for n in (range(-4, 1) if less else range(5)))
    steps = [step for step in around if 0 < step < 1]
    # A target that is a percentage of the work itself is asked for in such percentages.
    own = c.measure == SHARE
    figures = tuple(
        Option(percent(step), value_answer(step * 100) if own else share_answer(step)) for step in steps
    )
    rest = (
        Option(
            T("说不准，先记“{status}”", status=STATUS_WORDS[Status.UNDER_WAY]), status_answer(Status.UNDER_WAY)
        ),
    )
    words = T("第{number}项：“{said}”具体是多少？点一下，或直接说数字。", number=c.number, said=said)
    return Doubt(Question.EXACT, words, (figures, rest))


def exact_value(c: Commitment, at_least: Decimal, said: str) -> Doubt:
    """More than so many: how many exactly."""
    words = T("第{number}项：“{said}”具体是多少？请直接说数字。", number=c.number, said=said)
    label = T("就按{figure}", figure=quantity(at_least, c.measure))
    return Doubt(Question.EXACT, words, ((Option(label, value_answer(at_least)),),))


def backwards(c: Commitment, before: Words, now: Words, *, may_add: bool) -> Doubt:
    """Less than last time."""
    words = T(
        "第{number}项上次报的是{before}，这次是{now}，比上次少了，确认吗？",
        number=c.number,
        before=before,
        now=now,
    )
    row = [Option(T("确认"), AS_SAID)]
    if may_add:
        row.append(Option(T("是新增的"), ADDED))
    return Doubt(Question.BACKWARDS, words, ((*row, _WRONG),))


def over(c: Commitment, now: Words, goal: Value) -> Doubt:
    """More than the target."""
    words = T("第{number}项目标是{goal}，您报的是{now}，超过目标了，确认吗？", number=c.number, goal=goal, now=now)
    return Doubt(Question.OVER, words, ((Option(T("确认"), AS_SAID), _WRONG),))


def of_work_or_of_target(c: Commitment, value: Decimal, target: Decimal) -> Doubt:
    """A percentage above a target that is a percentage of the work itself."""
    words = T(
        "第{number}项的目标是完成{goal}。您说的{now}是按目标算，还是按整个工程算？",
        number=c.number,
        goal=quantity(target, SHARE),
        now=quantity(value, SHARE),
    )
    of_target = target * value / 100
    row = (
        Option(T("按目标算，完成目标的{share}", share=quantity(value, SHARE)), value_answer(of_target)),
        Option(T("按工程算，已超目标"), AS_SAID),
    )
    return Doubt(Question.OVER, words, tuple((option,) for option in row))


def bare(c: Commitment, value: Decimal, said: str) -> Doubt:
    """A number without a measure, which may be a quantity or a share."""
    as_value, as_share = quantity(value, c.measure), quantity(value, SHARE)
    words = T(
        "第{number}项：“{said}”是{value}，还是{share}？",
        number=c.number,
        said=said,
        value=as_value,
        share=as_share,
    )
    options = (Option(as_value, value_answer(value)), Option(as_share, share_answer(value / 100)))
    return Doubt(Question.MEASURE, words, (options,))


def measure(c: Commitment, said: str) -> Doubt:
    """Another measure than the target's."""
    asked = how_far(c)
    words = T(
        "第{number}项按“{measure}”算，“{said}”对不上。现在一共完成多少{measure}？",
        number=c.number,
        measure=c.measure,
        said=said,
    )
    return Doubt(Question.MEASURE, words, asked.options)


def measure_of_parts(c: Commitment, said: str) -> Doubt:
    """None of the measures in which the parts are counted."""
    words = T(
        "第{number}项“{words}”按几部分分别算，“{said}”对不上。请分别说，例如：{example}",
        number=c.number,
        words=c.words,
        said=said,
        example=goal_words(c.parts),
    )
    return Doubt(Question.MEASURE, words)


def rate(c: Commitment, name: str, said: str) -> Doubt:
    """A rate of something else is no progress."""
    asked = how_far(c)
    words = T(
        "“{said}”说的是{rate}，不等于第{number}项的进度。这一项现在完成到多少？",
        said=said,
        rate=name,
        number=c.number,
    )
    return Doubt(Question.RATE, words, asked.options)


def whole(c: Commitment, full: Value, answer: str) -> Doubt:
    """Said to be done, without the quantity."""
    if c.kind is Kind.THRESHOLD:
        words = T("第{number}项的目标是{goal}，达到了吗？", number=c.number, goal=full)
        row = (Option(T("已达到{goal}", goal=full), answer), Option(T("还没有达到"), FAR))
        return Doubt(Question.WHOLE, words, (row,))
    words = T("第{number}项的目标是{goal}，都完成了吗？", number=c.number, goal=full)
    row = (Option(T("已完成{goal}", goal=full), answer), Option(T("还没有全完成"), FAR))
    return Doubt(Question.WHOLE, words, (row,))


def mismatch(c: Commitment, said: str, choices: Sequence[Option]) -> Doubt:
    """Figures that do not fit each other."""
    words = T("第{number}项：“{said}”里的数字对不上，按哪个记？", number=c.number, said=said)
    return Doubt(Question.MISMATCH, words, tuple((choice,) for choice in choices))


def too_much_left(c: Commitment, said: str, goal: str) -> Doubt:
    """More remains than was promised."""
    words = T(
        "第{number}项的目标是{goal}，“{said}”比目标还多。现在一共完成多少？", number=c.number, goal=goal, said=said
    )
    return Doubt(Question.MISMATCH, words, how_far(c).options)


def base(c: Commitment, added: str) -> Doubt:
    """Something was added, but to what is not known."""
    words = T("第{number}项又增加了{added}，但还没有上次的总数。现在一共完成多少？", number=c.number, added=added)
    return Doubt(Question.BASE, words)


def period(c: Commitment, said: Decimal, before: Decimal) -> Doubt:
    """The figure of a month or quarter: all there is, or on top of what was there."""
    words = T(
        "第{number}项上次是{before}。这次的{now}是一共，还是新增？",
        number=c.number,
        before=quantity(before, c.measure),
        now=quantity(said, c.measure),
    )
    row = (
        Option(T("新增，共{total}", total=quantity(before + said, c.measure)), value_answer(before + said)),
        Option(T("一共{total}", total=quantity(said, c.measure)), value_answer(said)),
    )
    return Doubt(Question.PERIOD, words, (row,))
