"""Counting commitments: how many are done, how far the others are, which lights they show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from bot.chat.messages import Light
from bot.chat.rendering import percent
from bot.chat.settings import Policy
from bot.chat.texts import T, Text
from handlers.commitments.pace import judge
from handlers.commitments.tally import shares_of
from storage.commitments import Commitment

_ONE = Decimal(1)


@dataclass(slots=True)
class Tally:
    """A sum over commitments. `average` is over those of which a share is known."""

    count: int = 0
    done: int = 0
    reported: int = 0
    known: int = 0
    shares: Decimal = Decimal(0)
    lights: Counter[Light] = field(default_factory=Counter)

    @property
    def average(self) -> Decimal | None:
        return self.shares / self.known if self.known else None

    def add(self, c: Commitment, *, quarter: str, today: date, policy: Policy) -> None:
        """Count one commitment."""
        standing = judge(c, today, policy)
        self.count += 1
        self.reported += c.reported_quarter == quarter
        if standing.light is not None:
            self.lights[standing.light] += 1
        if standing.share is not None:
            # What is over its target does not make up for what is behind.
            share = min(standing.share, _ONE)
            self.done += share >= 1
            self.known += 1
            self.shares += share


def tally(found: Iterable[Commitment], *, quarter: str, today: date, policy: Policy) -> Tally:
    """Count them all."""
    total = Tally()
    for c in found:
        total.add(c, quarter=quarter, today=today, policy=policy)
    return total


def sentence(total: Tally) -> Text:
    """The counts in the words of a circular: so many, of which so many are done, which is so much."""
    done_share, open_share = shares_of(total.done, total.count)
    return T(
        "共{count}项：已完成{done}项，占{done_share}；正在推进{open}项，占{open_share}。",
        count=total.count,
        done=total.done,
        done_share=done_share,
        open=total.count - total.done,
        open_share=open_share,
    )


def average_words(total: Tally) -> Text:
    """The mean progress, and of how many it is known."""
    if total.average is None:
        return T("还没有报过带数字的进度。")
    return T("平均进度{average}（按有数字的{known}项算）。", average=percent(total.average), known=total.known)


def lights_words(total: Tally) -> Text:
    """How many show which light."""
    return T(
        "🟢绿灯{green}项，🟡黄灯{yellow}项，🔴红灯{red}项。",
        green=total.lights[Light.GREEN],
        yellow=total.lights[Light.YELLOW],
        red=total.lights[Light.RED],
    )
