"""The token stands in every address of the Bot API: it must never reach a log, a traceback or an answer."""

from __future__ import annotations

import logging
from urllib.parse import quote

_STANDS_FOR = "<token>"


class Veil:
    """Takes a token out of texts, also where its colon is written as %3A."""

    def __init__(self, token: str) -> None:
        self._forms = tuple(dict.fromkeys((token, quote(token, safe=""), token.partition(":")[2] or token)))

    def hide(self, text: str) -> str:
        for form in self._forms:
            if form:
                text = text.replace(form, _STANDS_FOR)
        return text


class VeiledFormatter(logging.Formatter):
    """Formats as another formatter does, with the token taken out of message and traceback."""

    def __init__(self, veil: Veil, inner: logging.Formatter) -> None:
        super().__init__()
        self._veil = veil
        self._inner = inner

    def format(self, record: logging.LogRecord) -> str:
        return self._veil.hide(self._inner.format(record))


def veil_logs(veil: Veil) -> None:
    """Every handler of the root logger writes without the token from now on."""
    for handler in logging.getLogger().handlers:
        if not isinstance(handler.formatter, VeiledFormatter):
            handler.setFormatter(VeiledFormatter(veil, handler.formatter or logging.Formatter()))
