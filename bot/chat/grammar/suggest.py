"""您是不是想说…: the known words that a mistyped one may mean."""

from __future__ import annotations

from collections.abc import Iterable

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from bot.chat.grammar.folding import fold
from bot.chat.grammar.sounds import sounds, spelled

#: What people leave out of the name of a unit, or mix up.
_ENDINGS = ("街道办事处", "办事处", "居委会", "村委会", "社区", "街道", "新村", "村", "镇", "乡")
#: Above this many choices only those that share most characters are looked at closely.
_MANY = 500
#: Longer words are sentences, of which one says little by its sound.
_LONG = 12
#: A right sound in the wrong character costs little, a wrong ending less.
_SAME_SOUND = 95.0
_ENDING = 3.0
#: In a word of two or three characters one wrong one is the likeliest mistake, though it is half of the word.
_ONE_WRONG = 64.0
#: What lies further behind the best is left out.
_BEHIND = 20.0


def closest(word: str, choices: Iterable[str], limit: int = 3, cutoff: float = 60) -> list[str]:
    """The choices that a word may mean, the likeliest first; none that scores below `cutoff` (0 to 100).

    A score says how much of the characters or of the sounds agrees (打份 sounds like 打分, and so does dafen);
    endings of units' names (村, 社区) count little. Those that are far less likely than the best are left out.
    """
    wanted = fold(word).strip().casefold()
    if not wanted:
        return []
    names = list(dict.fromkeys(choices))
    if len(names) > _MANY:
        names = [name for name, _score, _index in process.extract(wanted, names, scorer=fuzz.ratio, limit=_MANY)]
    scored = sorted((-_score(wanted, name.casefold()), name) for name in names)
    enough = max(cutoff, -scored[0][0] - _BEHIND) if scored else cutoff
    return [name for negative, name in scored if -negative >= enough][:limit]


def _score(wanted: str, name: str) -> float:
    whole = fuzz.ratio(wanted, name)
    if whole == 100 or len(name) > _LONG:
        return whole
    if wanted.isascii():
        return whole if name.isascii() else max(whole, fuzz.ratio(wanted.replace(" ", ""), spelled(name)))
    if len(wanted) > _LONG:
        return whole
    bare_wanted, bare_name = _bare(wanted), _bare(name)
    return max(
        whole, _alike(wanted, name), _alike(bare_wanted, bare_name) - _ENDING, _part(bare_wanted, bare_name)
    )


def _alike(a: str, b: str) -> float:
    """How much agrees, position by position, in characters and in sounds."""
    wrong = OSA.distance(a, b)
    if wrong == 0:
        return 100.0
    longest = max(len(a), len(b))
    if longest < 2:
        return 0.0
    by_sound = 100.0 * OSA.normalized_similarity(sounds(a), sounds(b))
    points = 100.0 * (1 - wrong / longest)
    points = max(points, points + (by_sound - points) * _SAME_SOUND / 100)
    return max(points, _ONE_WRONG) if wrong == 1 and min(len(a), len(b)) >= 2 and longest <= 3 else points


def _part(a: str, b: str) -> float:
    """A name of which a part is left out: 公园 for 公园道社区."""
    short, long = sorted((a, b), key=len)
    return 60.0 + 30.0 * len(short) / len(long) if len(short) >= 2 and short in long else 0.0


def _bare(name: str) -> str:
    for ending in _ENDINGS:
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name
