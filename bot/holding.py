"""Which claims of the outbox this program knows that it has.

Whatever else is claimed for it was lost on the way (`storage.claims.release`): a line was cut after a commit, and
nobody heard of what was claimed.
"""

from __future__ import annotations

from collections.abc import Callable


class Held:
    """Rows by number; asked and told on any thread.

    A row that is promised will be held once it is known to be committed. If that is never heard, the promise ends
    after `patience` seconds of `ticks`, and the answer is sent after the next look, rather than never.
    """

    def __init__(self, ticks: Callable[[], float], patience: float) -> None:
        self._ticks = ticks
        self._patience = patience
        self._held: set[int] = set()
        self._promised: dict[int, float] = {}

    def __contains__(self, row_id: object) -> bool:
        # In this order: a row passes from the promised to the held ones.
        until = self._promised.get(row_id) if isinstance(row_id, int) else None
        return (until is not None and self._ticks() < until) or row_id in self._held

    def promise(self, row_id: int) -> None:
        """It is being claimed in a transaction that is not committed yet."""
        self._promised[row_id] = self._ticks() + self._patience

    def hold(self, row_id: int) -> None:
        """It is claimed, and something is being done with it."""
        self._held.add(row_id)
        self._promised.pop(row_id, None)

    def let_go(self, row_id: int) -> None:
        """All is done that was to be done with it."""
        self._held.discard(row_id)

    def tidy(self) -> None:
        """Forget promises that have ended."""
        now = self._ticks()
        for row_id, until in list(self._promised.items()):
            if until <= now:
                self._promised.pop(row_id, None)
