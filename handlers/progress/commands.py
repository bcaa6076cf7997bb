"""Everything that this feature declares, together."""

from __future__ import annotations

from handlers.progress import correcting, evidence_in, missing, quarterly, reporting, returning, summary, verifying
from handlers.progress.declared import registry

registry.arrange(reporting, correcting, quarterly, evidence_in, verifying, returning, missing, summary)

__all__ = ["registry"]
