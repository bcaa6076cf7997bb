"""The audit trail's turn at each look at the clock."""

from __future__ import annotations

import logging
from datetime import datetime

from storage import audit
from storage.database import Tx

log = logging.getLogger("liangsaibi.audit")


def seal(tx: Tx, now: datetime) -> bool:
    """Seal what has come, and write the newest seal into the log, which is kept elsewhere than the database."""
    before = audit.head(tx)
    more = audit.seal(tx, now)
    after = audit.head(tx)
    if after != before:
        log.info("audit trail sealed up to %s", after)
    return more
