"""Scored rounds: everything that is declared in this folder."""

from __future__ import annotations

from handlers.rounds import judging, results, running, setting_up
from handlers.rounds.declared import registry

registry.arrange(judging, setting_up, running, results)

__all__ = ["registry"]
