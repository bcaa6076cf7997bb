"""The register's sums: how many are done, how many are under way, and in which light, as circulars put it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

from bot.chat.messages import Light, Table
from bot.chat.settings import Policy
from bot.chat.texts import TN, T, Text
from handlers.commitments.pace import Standing, judge
from storage.commitments import PUBLIC, Placed, State

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Row:
    """A commitment with its place and where it stands today."""

    placed: Placed
    standing: Standing


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of published commitments; `waiting` (proposed or returned) are not among `total`."""

    total: int = 0
    done: int = 0
    green: int = 0
    yellow: int = 0
    red: int = 0
    waiting: int = 0

    @property
    def open(self) -> int:
        return self.total - self.done


def judged(listed: Iterable[Placed], today: date, policy: Policy) -> list[Row]:
    """Each commitment with where it stands on the day."""
    return [Row(placed, judge(placed.commitment, today, policy)) for placed in listed]


def tally(rows: Iterable[Row]) -> Tally:
    """Count the rows."""
    total = done = waiting = 0
    lights = dict.fromkeys(Light, 0)
    for row in rows:
        state = row.placed.commitment.state
        if state not in PUBLIC:
            waiting += 1
            continue
        total += 1
        done += state in (State.DONE, State.CLOSED)
        if row.standing.light is not None:
            lights[row.standing.light] += 1
    return Tally(total, done, lights[Light.GREEN], lights[Light.YELLOW], lights[Light.RED], waiting)


def circular(sums: Tally) -> Text:
    """As circulars say it: 承诺22项，已办结6项，占27%；正在办理16项，占73%."""
    done_share, open_share = shares_of(sums.done, sums.total)
    return T(
        "承诺{total}项，已办结{done}项，占{done_share}；正在办理{open}项，占{open_share}。",
        total=sums.total,
        done=sums.done,
        done_share=done_share,
        open=sums.open,
        open_share=open_share,
    )


def shares_of(part: int, whole: int) -> tuple[str, str]:
    """A part and the rest as whole per cent that make a hundred together, as in circulars (27% and 73%).

    Rounded half up, but never to all or nothing while there is a rest; 0 % of nothing.
    """
    if not whole:
        return "0%", "0%"
    exact = (Decimal(part * 100) / whole).quantize(Decimal(1), ROUND_HALF_UP)
    rounded = min(max(int(exact), 1 if part else 0), 99 if part < whole else 100)
    return f"{rounded}%", f"{100 - rounded}%"


def lights(sums: Tally) -> Text:
    """How many are in which light, with the word."""
    return T("绿灯{green}项，黄灯{yellow}项，红灯{red}项。", green=sums.green, yellow=sums.yellow, red=sums.red)


def waiting(sums: Tally) -> Text:
    """What is not published yet."""
    return TN("另有{count}项还没公布。", "另有{count}项还没公布。", sums.waiting)


def table(rows: Sequence[Row], by: Callable[[Placed], K], names: Sequence[tuple[K, str]], heading: Text) -> Table:
    """One line for each of the names, in their order, those without any commitment included."""
    groups: dict[K, list[Row]] = {key: [] for key, _name in names}
    for row in rows:
        groups.setdefault(by(row.placed), []).append(row)
    lines = []
    for key, name in names:
        sums = tally(groups[key])
        figures = (sums.total, sums.done, sums.green, sums.yellow, sums.red)
        lines.append((name, *[str(figure) for figure in figures]))
    header = (heading, T("承诺"), T("办结"), T("绿灯"), T("黄灯"), T("红灯"))
    return Table(header, tuple(lines), "lrrrrr")
