"""Everything that this feature declares, together."""

from __future__ import annotations

from handlers.progress import evidence_in, missing, quarterly, reporting, returning, summary, verifying
from handlers.progress.declared import registry

__all__ = [
    "evidence_in",
    "missing",
    "quarterly",
    "registry",
    "reporting",
    "returning",
    "summary",
    "verifying",
]
