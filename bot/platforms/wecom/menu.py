"""The app's menu from the declared commands: three headings, up to five commands under each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MOST_HEADINGS, MOST_ENTRIES = 3, 5
#: Bytes of UTF-8 that a heading and an entry may have.
HEADING_BYTES, ENTRY_BYTES = 16, 40


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading and the commands under it, as (label, what pressing it says)."""

    label: str
    entries: tuple[tuple[str, str], ...]


def menu(headings: Sequence[Heading]) -> dict[str, Any]:
    """The body of `menu/create`; too many are left out, too long names shortened."""
    return {
        "button": [
            {
                "name": _within(heading.label, HEADING_BYTES),
                "sub_button": [
                    {"type": "click", "name": _within(label, ENTRY_BYTES), "key": line}
                    for label, line in heading.entries[:MOST_ENTRIES]
                ],
            }
            for heading in headings[:MOST_HEADINGS]
            if heading.entries
        ]
    }


def _within(words: str, most: int) -> str:
    return words.encode()[:most].decode(errors="ignore")
