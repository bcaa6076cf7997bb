"""The terms of a promise: its wording, what it is measured by, and when it is due.

A commitment has them in columns; a requirement, a proposal that is being talked over, and both sides of an
amendment carry them as JSON.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a promise is measured by."""

    QUANTITY = "quantity"
    THRESHOLD = "threshold"
    MILESTONE = "milestone"
    QUALITATIVE = "qualitative"
    COMPOUND = "compound"


@dataclass(frozen=True, slots=True)
class Part:
    """One item of a compound commitment. `is_input`: money or labour put in, no target to be reached."""

    words: str
    target: Decimal | None = None
    measure: str | None = None
    is_input: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """What is promised. `target` is in `measure`; `parts` belong to a compound promise only."""

    words: str
    kind: Kind
    target: Decimal | None = None
    measure: str | None = None
    parts: tuple[Part, ...] = ()
    due: date | None = None


def to_wire(terms: Terms) -> dict[str, Any]:
    """The terms as JSON data."""
    return {
        "words": terms.words,
        "kind": terms.kind.value,
        "target": None if terms.target is None else str(terms.target),
        "measure": terms.measure,
        "parts": parts_to_wire(terms.parts),
        "due": terms.due.isoformat() if terms.due else None,
    }


def from_wire(wire: Mapping[str, Any]) -> Terms:
    """The inverse of `to_wire`."""
    return Terms(
        wire["words"],
        Kind(wire["kind"]),
        None if wire["target"] is None else Decimal(wire["target"]),
        wire["measure"],
        parts_from_wire(wire["parts"]),
        date.fromisoformat(wire["due"]) if wire["due"] else None,
    )


def parts_to_wire(parts: Iterable[Part]) -> list[dict[str, Any]]:
    """Parts as the JSON data in which they are kept."""
    return [
        {
            "words": part.words,
            "target": None if part.target is None else str(part.target),
            "measure": part.measure,
            "input": part.is_input,
        }
        for part in parts
    ]


def parts_from_wire(wire: Iterable[Mapping[str, Any]]) -> tuple[Part, ...]:
    """The inverse of `parts_to_wire`."""
    return tuple(
        Part(
            item["words"],
            None if item["target"] is None else Decimal(item["target"]),
            item["measure"],
            item["input"],
        )
        for item in wire
    )
