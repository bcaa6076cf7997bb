"""Scored rounds: everything that is declared in this folder."""

from __future__ import annotations

from handlers.rounds import (
    abstaining,
    checking,
    checkup,
    doubting,
    drawing,
    forms,
    items,
    keying,
    objecting,
    pad,
    publishing,
    results,
    rulebook,
    running,
    scoring,
    sealing,
    setting_up,
    taking_back,
    timing,
)
from handlers.rounds.declared import registry

registry.arrange(
    scoring,
    taking_back,
    doubting,
    pad,
    abstaining,
    checking,
    setting_up,
    drawing,
    running,
    timing,
    items,
    forms,
    keying,
    sealing,
    checkup,
    publishing,
    results,
    rulebook,
    objecting,
)

__all__ = ["registry"]
