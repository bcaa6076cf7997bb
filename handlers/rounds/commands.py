"""Scored rounds: everything that is declared in this folder."""

from handlers.rounds import judging, results, running, setting_up
from handlers.rounds.declared import registry

__all__ = ["judging", "registry", "results", "running", "setting_up"]
