"""What people say about progress, read without any command word: which commitment, and how far.

Reading is total: any text at all gives readings or None. It decides nothing: what is ambiguous stays so, and
`settling` asks about it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.chat.grammar.folding import fold
from handlers.progress.clauses import numbers_named
from handlers.progress.figures import SHARE, Role, Said, figures
from handlers.progress.grouping import Group, groups_of
from handlers.progress.matching import best, counted_in, hinted
from handlers.progress.statuses import foremost, is_question, mended
from storage.commitments import Commitment, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One statement about one commitment, as far as the words go.

    `number` is the commitment it is about; when that is open it is None and `candidates` has the numbers it may
    be. `certain`: the number was said, or there is only one commitment. `everything`: all of them are meant,
    except for the numbers in `but`. `settled` are the questions about it that the person has answered.
    `planned`: it may be what is planned, and not done yet ("硬化道路2公里，年底前完成").
    """

    words: str
    number: int | None = None
    candidates: tuple[int, ...] = ()
    certain: bool = False
    figures: tuple[Said, ...] = ()
    status: Status | None = None
    unchanged: bool = False
    everything: bool = False
    but: tuple[int, ...] = ()
    settled: tuple[str, ...] = ()
    planned: bool = False

    @property
    def says_something(self) -> bool:
        """Whether anything is said beside which commitment is meant."""
        return bool(self.figures or self.status or self.unchanged)


_EVERYTHING = re.compile(r"全部|所有|各项|全都|都|均|每[一]?项|几项|其[他它余]|别的|剩下的")
_EXCEPT = re.compile(
    r"除(?:了|去|掉)?\s*(?P<which>(?:第?\s*[\d一二三四五六七八九十]{1,3}\s*[项号条]?\s*[、,和与及]?\s*)+)(?:以外|之外|外)?\s*,?\s*"
    r"(?P<rest>(?=都|全|均|其|别的|剩下|所有|各项|已))?"
)
# Words that only work has: without a commitment's own words, a status counts as a report only with one of these.
_OF_WORK = re.compile(
    r"完成|完工|开工|动工|施工|停工|进度|推进|进展|验收|手续|扫尾|收尾|尾声|竣工|使用|暂缓|缓建|搁置|招标|立项|滞后"
    r"|前期|办结|建成|在建|启动|受阻|基本完"
)
#: A message as short as this that states a status is a report, whatever it speaks of: "没弄", "路修好了".
_SHORT = 10
_HAPPENED = re.compile(r"[了已没未正在到]")
_DEED = re.compile(
    r"完成|进度|[已了]|累计|一共|总共|目前|达到?|还剩|剩|还差|又|新|硬化|安装|拆|铺|栽|种|修|建|装|整治|改造|发放|走访|清理"
)
_BARE = re.compile(r"[^一-鿿]*(?:约|近|大概|差不多|左右)?[^一-鿿]*")


def read(text: str, items: Sequence[Commitment], *, expected: bool = False) -> tuple[Reading, ...] | None:
    """What the text says about the unit's open commitments; None when it is no report at all.

    `expected`: a report was asked for, so that words which alone would be mere talk count as one.
    """
    folded, left_out = _without_exceptions(mended(fold(text)), {item.number for item in items})
    groups = groups_of(folded, items)
    told = [group for group in groups if group.says_something and (expected or _is_report(group, items))]
    if not told and expected:
        told = [group for group in groups if group.number is not None or len(groups) == 1]
    told = [group for group in groups if group in told or _is_mentioned(group, told, items, alone=not told)]
    readings = [reading for group in told for reading in _readings(text, group, items)]
    others = {*left_out, *(r.number for r in readings if r.number is not None)}
    found = tuple(replace(r, but=tuple(sorted(others))) if r.everything else r for r in readings)
    return found if found or expected else None


def tells_figures(folded: str) -> bool:
    """Whether there are figures in a folded text that does not ask anything."""
    return not is_question(folded) and bool(figures(folded))


def _without_exceptions(folded: str, numbers: Collection[int]) -> tuple[str, set[int]]:
    """The text, of the same length, without "除了第3项", and the items that are named there.

    What is said of those items themselves stays ("除了第3项还没开工，其他都完成了").
    """
    match = _EXCEPT.search(folded)
    if match is None:
        return folded, set()
    found = {n for n in numbers_named(match["which"]) if n in numbers}
    if not found:
        return folded, set()
    end = match.end() if match["rest"] is not None else match.start("which")
    return folded[: match.start()] + " " * (end - match.start()) + folded[end:], found


def _is_report(group: Group, items: Sequence[Commitment]) -> bool:
    """Whether the words alone, which nobody asked for, can be taken for a report."""
    if group.number is not None or any(part.unchanged for part in group.parts):
        return True
    named = group.named
    if any(_tells(said, named, group.text, items) for said in group.figures):
        return True
    if not any(part.status for part in group.parts):
        return False
    return named or len(group.text) <= _SHORT or bool(_OF_WORK.search(group.text))


def _is_mentioned(group: Group, told: Sequence[Group], items: Sequence[Commitment], *, alone: bool) -> bool:
    """Whether a commitment is spoken of in words that say nothing one could count: then it is asked about.

    `alone`: nothing else in the message is a report. Beside a report only what has happened counts, and a
    figure in the measure of one commitment only ("…，改厕50户").
    """
    if group.number is not None:
        return True
    if len(group.fitting) != 1:
        return False
    if not alone and any(counted_in(item, said.measure) for said in group.figures for item in items):
        return True
    known = {number for other in told for number in other.numbers}
    happened = not group.fitting & known and bool(_HAPPENED.search(group.text))
    return group.named and (alone or happened)


def _tells(said: Said, named: bool, text: str, items: Sequence[Commitment]) -> bool:
    if not said.measure:
        return named
    if said.measure == SHARE:
        return named or (not said.rate and (bool(_DEED.search(text)) or bool(_BARE.fullmatch(text))))
    if not any(counted_in(item, said.measure) for item in items):
        return named and bool(_DEED.search(text))
    left = said.role in (Role.REMAINING, Role.INCREMENT)
    return named or left or bool(_DEED.search(text)) or bool(_BARE.fullmatch(said.about))


def _readings(text: str, group: Group, items: Sequence[Commitment]) -> list[Reading]:
    """The same statement for each of the items that were named together."""
    one = _reading(text, group, items)
    return [one, *(replace(one, number=number) for number in group.also)]


def _reading(text: str, group: Group, items: Sequence[Commitment]) -> Reading:
    number, candidates, certain = _which(group, items)
    start, end = group.parts[0].clause.start, group.parts[-1].clause.end
    status = foremost({part.status for part in group.parts if part.status})
    if status in (Status.NOT_STARTED, Status.PREPARING) and any(
        said.value and not said.rate for said in group.figures
    ):
        # "水渠修了1500米，广场还没动": only another part of it is not begun.
        status = None
    everything = (
        status is not None
        and number is None
        and not group.figures
        and not group.fitting
        and bool(_EVERYTHING.search(group.text))
    )
    return Reading(
        words=text[start:end].strip(),
        number=number,
        candidates=candidates,
        certain=certain,
        figures=group.figures,
        status=status,
        unchanged=any(part.unchanged for part in group.parts),
        everything=everything,
        planned=group.is_plan,
    )


def _which(group: Group, items: Sequence[Commitment]) -> tuple[int | None, tuple[int, ...], bool]:
    """The number meant, or those that it may be, and whether that is certain."""
    if group.number is not None:
        return group.number, (), True
    if len(items) == 1:
        return items[0].number, (), True
    measures = {s.measure for s in group.figures if s.measure not in ("", SHARE) and s.role is not Role.TARGET}
    fitting = best(group.text, measures, items) or hinted(group.text, items)
    if len(fitting) == 1:
        return fitting[0].number, (), False
    return None, tuple(item.number for item in fitting or items), False
