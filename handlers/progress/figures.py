"""The figures of a clause and what each of them says: a total, what was added, what remains, the target."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from bot.chat.grammar.amounts import Amount, amounts_in
from bot.chat.grammar.bounds import Bound
from bot.chat.grammar.numerals import number_at
from bot.chat.grammar.shares import Share, shares_in

#: The measure of a share; its value is a fraction of one.
SHARE = "%"
#: Percentage points, by which a rate rises or falls.
POINTS = "个百分点"


class Role(StrEnum):
    """What a figure says."""

    TOTAL = "total"
    INCREMENT = "increment"
    #: Of a month or quarter: only the person knows whether that is all there is.
    PERIOD = "period"
    REMAINING = "remaining"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Said:
    """One figure as it was said.

    `measure` is SHARE for a share, whose `value` is then a fraction, and empty when none was said. `about`: the
    words before it in its clause. `rate`: it is a share of something else than the work (覆盖率, 开工率).
    `bound`: whether it is exact. `step`: one unit of the last digit that was said, in which shares are compared.
    """

    value: Decimal
    measure: str
    role: Role = Role.TOTAL
    about: str = ""
    rate: str = ""
    bound: Bound = "exact"
    step: Decimal = Decimal("0.01")

    @property
    def is_open(self) -> bool:
        """Whether it is only known to be more, or less, than this."""
        return self.bound in ("at_least", "at_most")


_ADDED = re.compile(
    r"(?:又|再|另外?|新|补)[^,.;\d]{0,6}$|(?:新增|增加|多|净增|提高|提升|上升|增长|推进|比上[次月周季][^,.;\d]{0,4})了?$"
    r"|(?:[这本上]个?(?:周|星期)|今天|昨天|当天|当日|这[两几]天|近日|最近)[^,.;\d]{0,8}$"
)
_PERIOD = re.compile(
    r"(?:[这本上]个?(?:月|旬|季度)|[一二三四1-4]季度|(?<!\d)\d{1,2}月份?(?!\d|底|末))[^,.;\d]{0,8}$"
)
_TO_LEVEL = re.compile(r"[到至达]$|[到至]了$")
_LEFT = re.compile(r"(?:还剩|还差|还欠|还缺|剩余|剩下|尚余|尚差|仍差|余下|余|剩|差|还有)[^,.;\d]{0,5}$")
_LEFT_BEHIND = re.compile(r"\s*[^\d,.;]{0,4}?(?:还没|还未|没有|没|未|待)(?:有)?(?!问题)")
_AIM = re.compile(
    r"(?:目标|计划|(?<!完成)任务|(?<![供响反相对])应|需要?|(?<![主重])要|设计|全长|总长|总数|总量)(?:是|为|数|量|总计|完成|[:])?[^\d,.;]{0,3}$"
)
_WHOLE = re.compile(r"累计|一共|总共|总计|合计|目前|至今|截[至止]|达到?|已")
# "一盏没装"; "8项承诺" counts the commitments themselves.
_NOT_ONE = re.compile(r"\s*(?:都|也|还)?(?:没|未)")
_OF_WHICH = re.compile(r"其中")
_RATE = re.compile(
    r"([一-鿿]{0,8}?[一-鿿]{1,2}率)(?:已经?)?(?:是|为|达到?|达|到|至|[提上]升到?|提高到?|约|近|超过|突破|:)*\s*$"
)
_OF_WORK = re.compile(r"(?:完成|进度|完工|办结|兑现|竣工|形象进度)率$")
_MONEY = re.compile(r"((?:投资|资金|款项|经费|投入|拨付|到位|签约)[^\d,.;]{0,6})$")
_RATIO = re.compile(r"(?<![\d/.])(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)(?![\d/])\s*([一-鿿]{0,2})")
_BARE = re.compile(
    r"[^\d第/-]*?(\d{1,6}(?:\.\d{1,4})?万?|[一二两三四五六七八九百千][零一二三四五六七八九十百千]{1,7})\s*(?:了|左右)?\s*"
)
# Most clauses have no share or no quantity, and are spared the search for one.
_SHARE_SIGN = re.compile("[%成半分]")
_NUMERAL = re.compile("[0-9零〇一二两三四五六七八九十百千万亿半几]")
_NO_COUNT = frozenset(["年", "月", "日", "号", "点", "点钟", "时", "分", "分钟", "季度", "周", "期", "届", "批"])
_RANGE = re.compile(
    r"[\d%半]\s?(?:-{1,2}|~|至|到|或)\s?\d|一二|[一二]两|[二两]三|三四|四五|五六|六七|七八|八九|[一二两三四五六七八九\d]、[一二三四五六七八九\d]"
)
_LAST_FIGURE = re.compile(r"^.*\d", re.DOTALL)
#: A larger number is a telephone or account number, and no column holds it.
_MOST = Decimal(10) ** 12
_ABSURD = Decimal(1000)
_TENTH = Decimal("0.1")
_HUNDREDTH = Decimal("0.01")


def figures(clause: str, counted: Collection[str] = ()) -> tuple[Said, ...]:
    """Every figure of a folded clause, in order.

    Days, terms, batches and the like count nothing, unless a commitment is `counted` in them (培训5期).
    """
    ratio = _ratio(clause)
    if ratio:
        return ratio
    shares = shares_in(clause) if _SHARE_SIGN.search(clause) else ()
    found = sorted([*_shares(clause, shares), *_amounts(clause, shares, counted)], key=_position)
    return tuple(said for _start, said in found)


def bare_figure(clause: str) -> tuple[Said, ...]:
    """A number without any measure at the end of a clause ("路灯96"); which one is meant has to be found out."""
    match = _BARE.fullmatch(clause)
    number = number_at(clause, match.start(1)) if match else None
    if match is None or number is None or number.about or number.end != match.end(1):
        return ()
    start, end = match.span(1)
    return (Said(number.value, "", _role(clause, start, end), clause[:start]),)


def _position(entry: tuple[int, Said]) -> int:
    return entry[0]


def _ratio(clause: str) -> tuple[Said, ...]:
    """So many of so many: 96/120盏."""
    match = _RATIO.search(clause)
    if match is None:
        return ()
    done, whole, measure = Decimal(match.group(1)), Decimal(match.group(2)), match.group(3)
    if not 0 < whole <= _MOST or done > _MOST:
        return ()
    if not measure:
        return (Said(done / whole, SHARE, about=clause[: match.start()]),)
    about = clause[: match.start()]
    return Said(done, measure, about=about), Said(whole, measure, Role.TARGET, about=about)


def _shares(clause: str, shares: Sequence[Share]) -> Iterator[tuple[int, Said]]:
    for share in shares:
        words = clause[share.start : share.end]
        # "全部" says how much of the work is meant; that it is done is said by the verb.
        if share.value < _ABSURD and words != "全部":
            yield share.start, _share(clause, share, words)


def _share(clause: str, share: Share, words: str) -> Said:
    about = clause[: share.start]
    role = _role(clause, share.start, share.end)
    return Said(share.value, SHARE, role, about, _rate(about), _bound(share.bound, words), _step(words))


def _bound(bound: Bound, words: str) -> Bound:
    """Of a range (六七成, 50%-60%, 三四十盏) only the lower end is certain."""
    return "at_least" if bound == "about" and _RANGE.search(words) else bound


def _step(words: str) -> Decimal:
    if words[-1:] in ("成", "半"):
        return _TENTH
    return _HUNDREDTH / 100 if "." in words or "点" in words else _HUNDREDTH


def _rate(before: str) -> str:
    """What a share is a share of, when it is not the work itself."""
    match = _RATE.search(before)
    if match:
        return "" if _OF_WORK.search(match.group(1)) else match.group(1)
    money = _MONEY.search(before)
    return money.group(1) if money else ""


def _amounts(clause: str, shares: Sequence[Share], counted: Collection[str]) -> Iterator[tuple[int, Said]]:
    if not any(_outside(match.start(), shares) for match in _NUMERAL.finditer(clause)):
        return
    for amount in amounts_in(clause):
        if (
            (amount.measure in _NO_COUNT and amount.measure not in counted)
            or amount.measure == SHARE
            or amount.value > _MOST
        ):
            continue
        if any(amount.start < share.end and share.start < amount.end for share in shares):
            continue
        if (amount.value == 1 and _NOT_ONE.match(clause, amount.end)) or clause.startswith("承诺", amount.end):
            continue
        if not _OF_WHICH.search(clause, 0, amount.start):
            yield amount.start, _amount(clause, amount)


def _outside(at: int, shares: Sequence[Share]) -> bool:
    return all(not share.start <= at < share.end for share in shares)


def _amount(clause: str, amount: Amount) -> Said:
    role = _role(clause, amount.start, amount.end)
    if role is Role.TOTAL and _AIM.search(clause[: amount.start]):
        role = Role.TARGET
    bound = _bound(amount.bound, clause[amount.start : amount.end])
    return Said(amount.value, amount.measure, role, clause[: amount.start], bound=bound)


def _role(clause: str, start: int, end: int) -> Role:
    before = _since_last_figure(clause[:start])
    if _LEFT.search(before) or _LEFT_BEHIND.match(clause, end):
        return Role.REMAINING
    if _WHOLE.search(before) or _TO_LEVEL.search(before):
        return Role.TOTAL
    if _ADDED.search(before):
        return Role.INCREMENT
    return Role.PERIOD if _PERIOD.search(clause[:start]) else Role.TOTAL


def _since_last_figure(before: str) -> str:
    """The words behind the figure before: what introduces one figure does not introduce the next."""
    return _LAST_FIGURE.sub("", before, count=1)
