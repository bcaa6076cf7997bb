"""The one clock. `now()` is read once per message and per tick and passed down from there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Something that knows the time; always aware, always UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)  # noqa: TID251 - the one place


class StoppedClock:
    """A clock that always says the same, for what must come out the same every time."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        return self._moment


class ShiftedClock:
    """A clock that runs at the normal pace but stands elsewhere in time, for practice and demonstrations."""

    def __init__(self, shift: timedelta = timedelta(), base: Clock | None = None) -> None:
        self._base = base or SystemClock()
        self.shift = shift

    def now(self) -> datetime:
        return self._base.now() + self.shift

    def set(self, moment: datetime) -> None:
        """Make it `moment` now; time goes on from there."""
        self.shift = moment - self._base.now()
