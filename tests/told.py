"""What tests saw being told to people and is secret: the search of the logs (`tests/secrecy.py`) looks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

_CODE = re.compile(r"\b[2-9A-Z]{4}-[2-9A-Z]{4}\b")
#: The code of the help's examples is no secret.
_EXAMPLE = "8F3K-2274"

codes: set[str] = set()
_deliberate = False


@contextmanager
def deliberately() -> Iterator[None]:
    """What is logged inside holds a secret on purpose, to see that whoever writes it down takes it out."""
    global _deliberate
    _deliberate = True
    try:
        yield
    finally:
        _deliberate = False


def is_deliberate() -> bool:
    return _deliberate


def heard(text: str) -> None:
    """The bot said this to somebody: a binding code in it is a secret from now on."""
    if "绑定" in text:
        codes.update(set(_CODE.findall(text)) - {_EXAMPLE})
