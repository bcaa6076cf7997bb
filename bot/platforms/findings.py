"""What a platform's doctor finds, step by step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One step. `ok` None: nothing wrong, but worth knowing. `advice` says what to set where."""

    ok: bool | None
    what: str
    advice: str = ""
