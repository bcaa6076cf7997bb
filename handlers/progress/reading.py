"""What people say about progress, read without any command word: which commitment, and how far.

Reading is total: any text at all gives readings or None. It decides nothing: what is ambiguous stays so, and
`settling` asks about it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from bot.chat.grammar.folding import fold
from handlers.progress.figures import SHARE, Role, Said
from handlers.progress.grouping import Group, groups_of
from handlers.progress.matching import best, counted_in
from handlers.progress.statuses import foremost, mended
from storage.commitments import Commitment, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One statement about one commitment, as far as the words go.

    `number` is the commitment it is about; when that is open it is None and `candidates` has the numbers it may
    be. `certain`: the number was said, or there is only one commitment. `everything`: all of them are meant.
    `settled` are the questions about it that the person has answered.
    """

    words: str
    number: int | None = None
    candidates: tuple[int, ...] = ()
    certain: bool = False
    figures: tuple[Said, ...] = ()
    status: Status | None = None
    unchanged: bool = False
    everything: bool = False
    settled: tuple[str, ...] = ()


_EVERYTHING = re.compile(r"全部|所有|各项|全都|都|均|每[一]?项|几项")
# Words that only work has: without a commitment's own words, a status counts as a report only with one of these.
_OF_WORK = re.compile(
    r"完成|完工|开工|动工|施工|停工|进度|推进|进展|验收|手续|扫尾|收尾|尾声|竣工|使用|暂缓|缓建|搁置|招标|立项|滞后"
    r"|前期|办结|建成|在建|启动|受阻|基本完"
)
_DEED = re.compile(
    r"完成|[已了]|累计|一共|总共|目前|达到?|还剩|剩|还差|又|新|硬化|安装|拆|铺|栽|种|修|建|装|整治|改造|发放|走访|清理"
)
_BARE = re.compile(r"[^一-鿿]*(?:约|近|大概|差不多|左右)?[^一-鿿]*")


def read(text: str, items: Sequence[Commitment], *, expected: bool = False) -> tuple[Reading, ...] | None:
    """What the text says about the unit's open commitments; None when it is no report at all.

    `expected`: a report was asked for, so that words which alone would be mere talk count as one.
    """
    folded = mended(fold(text))
    groups = groups_of(folded, items)
    told = [group for group in groups if group.says_something and (expected or _is_report(group, items))]
    if not told and expected:
        told = [group for group in groups if group.number is not None or len(groups) == 1]
    readings = tuple(_reading(text, group, items) for group in told)
    return readings if readings or expected else None


def _is_report(group: Group, items: Sequence[Commitment]) -> bool:
    """Whether the words alone, which nobody asked for, can be taken for a report."""
    if group.number is not None or any(part.unchanged for part in group.parts):
        return True
    named = group.named
    if any(_tells(said, named, group.text, items) for said in group.figures):
        return True
    return any(part.status for part in group.parts) and (named or bool(_OF_WORK.search(group.text)))


def _tells(said: Said, named: bool, text: str, items: Sequence[Commitment]) -> bool:
    if said.measure == SHARE:
        return named or (not said.rate and (bool(_DEED.search(text)) or bool(_BARE.fullmatch(text))))
    if not any(counted_in(item, said.measure) for item in items):
        return named and bool(_DEED.search(text))
    return named or bool(_DEED.search(text)) or bool(_BARE.fullmatch(said.about))


def _reading(text: str, group: Group, items: Sequence[Commitment]) -> Reading:
    number, candidates, certain = _which(group, items)
    start, end = group.parts[0].clause.start, group.parts[-1].clause.end
    status = foremost({part.status for part in group.parts if part.status})
    everything = (
        status is Status.DONE
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
    )


def _which(group: Group, items: Sequence[Commitment]) -> tuple[int | None, tuple[int, ...], bool]:
    """The number meant, or those that it may be, and whether that is certain."""
    if group.number is not None:
        return group.number, (), True
    if len(items) == 1:
        return items[0].number, (), True
    measures = {s.measure for s in group.figures if s.measure != SHARE and s.role is not Role.TARGET}
    fitting = best(group.text, measures, items)
    if len(fitting) == 1:
        return fitting[0].number, (), False
    return None, tuple(item.number for item in fitting or items), False
