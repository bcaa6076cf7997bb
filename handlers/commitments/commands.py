"""亮承诺: everything that people type about commitments. Each module declares its own commands."""

from __future__ import annotations

from handlers.commitments import amend, examine, finish, ledger, mine, propose, require
from handlers.commitments.declared import registry

registry.arrange(propose, mine, finish, amend, examine, ledger, require)

__all__ = ["registry"]
