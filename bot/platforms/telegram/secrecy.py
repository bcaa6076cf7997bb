"""The token stands in every address of the Bot API: it must never reach a log, a traceback or an answer."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

_STANDS_FOR = "<token>"


@dataclass(frozen=True, repr=False)
class Veil:
    """Takes a token out of texts, also where its colon is written as %3A."""

    token: str

    @cached_property
    def _forms(self) -> tuple[str, ...]:
        token = self.token
        return tuple(dict.fromkeys((token, quote(token, safe=""), token.partition(":")[2] or token)))

    def hide(self, text: str) -> str:
        for form in self._forms:
            if form:
                text = text.replace(form, _STANDS_FOR)
        return text


class VeiledFormatter(logging.Formatter):
    """Formats as another formatter does, with every token taken out of message and traceback."""

    def __init__(self, veil: Veil, inner: logging.Formatter) -> None:
        super().__init__()
        self._veils = {veil}
        self._inner = inner

    def add(self, veil: Veil) -> None:
        """Another bot's token, where one program serves several."""
        self._veils = self._veils | {veil}

    def format(self, record: logging.LogRecord) -> str:
        text = self._inner.format(record)
        for veil in self._veils:
            text = veil.hide(text)
        return text


def veil_logs(veil: Veil) -> None:
    """Every handler of the root logger writes without the token from now on."""
    for handler in logging.getLogger().handlers:
        if isinstance(handler.formatter, VeiledFormatter):
            handler.formatter.add(veil)
        else:
            handler.setFormatter(VeiledFormatter(veil, handler.formatter or logging.Formatter()))
