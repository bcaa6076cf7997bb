"""Which commitment a clause speaks of: by the words and by the measure that they share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bot.chat.grammar.amounts import same_measure
from storage.commitments import Commitment

_HAN = re.compile(r"[一-鿿]+")
# Words that every second commitment has say nothing about which one is meant.
_COMMON = re.compile(
    r"完成|建设|建成|项目|工程|工作|推进|实施|开展|进行|组织|全部|全村|本村|我村|村内|社区|年底|月底|季度|底前|以上|以下"
    r"|不少于|不低于|达到|投入|新增|新建|改造|进度|累计|目前|已经|正在|今年|全年|任务|目标|承诺|事项|党员|群众"
    r"|万元|亿元|平方米|平米|公里|千米|立方米|公斤|千克|公顷|人次|场次"
)
_MATTERS = re.compile("[路灯水电渠井树桥厕网气河塘坝房]")
#: A shared measure says more than one shared word, but less than two; one that merely converts says less.
_SAME_MEASURE, _LIKE_MEASURE, _WORD = 3, 2, 2


@lru_cache(maxsize=4096)
def keywords(words: str) -> frozenset[str]:
    """The pairs of neighbouring characters that tell one commitment from another."""
    pieces = _HAN.findall(_COMMON.sub(" ", words))
    return frozenset(piece[i : i + 2] for piece in pieces for i in range(len(piece) - 1))


def measures(commitment: Commitment) -> tuple[str, ...]:
    """The measures in which its targets are counted; what is merely put in (money, labour) is not."""
    own = (commitment.measure,) if commitment.measure else ()
    return own + tuple(part.measure for part in commitment.parts if part.measure and not part.is_input)


def counted_in(commitment: Commitment, measure: str) -> bool:
    """Whether one of its targets is counted in this measure or one that converts to it."""
    return any(same_measure(measure, own) for own in measures(commitment))


def words_shared(clause: str, commitment: Commitment) -> int:
    """How many of its key words the clause has."""
    return len(keywords(clause) & keywords(commitment.words))


def best(clause: str, said_measures: Iterable[str], commitments: Sequence[Commitment]) -> list[Commitment]:
    """The commitments that fit the clause best; none when nothing at all points to any of them."""
    said = tuple(said_measures)
    scores = [_WORD * words_shared(clause, c) + _by_measure(c, said) for c in commitments]
    highest = max(scores, default=0)
    return [c for c, score in zip(commitments, scores, strict=True) if score == highest > 0]


def hinted(clause: str, commitments: Sequence[Commitment]) -> list[Commitment]:
    """The commitments that a short word for their matter may mean: "灯装好了", "路修好了"."""
    said = set(_MATTERS.findall(clause))
    return [c for c in commitments if said & set(_MATTERS.findall(c.words))]


def _by_measure(commitment: Commitment, said: Sequence[str]) -> int:
    if not said:
        return 0
    own = measures(commitment)
    if any(measure in own for measure in said):
        return _SAME_MEASURE
    return _LIKE_MEASURE if any(counted_in(commitment, measure) for measure in said) else 0
