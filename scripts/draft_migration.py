"""Write the migration that leads from the newest version to `storage/tables.py` as it is now.

`python scripts/draft_migration.py "what changes"`, then read what it wrote: it is a draft.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from storage import migrate
from storage.database import Database

if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'draft.db'}")
        if migrate.newest():
            migrate.upgrade(database)
        migrate.draft(database, sys.argv[1])
