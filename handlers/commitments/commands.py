"""亮承诺: everything that people type about commitments. Each module declares its own commands."""

from __future__ import annotations

from handlers.commitments import examine, mine, propose
from handlers.commitments.declared import registry

__all__ = ["examine", "mine", "propose", "registry"]
