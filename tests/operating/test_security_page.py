"""Every test that docs/security.md calls a proof is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_proof_that_the_page_names_exists() -> None:
    page = (ROOT / "docs" / "security.md").read_text("utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", page)
    assert len(named) > 20
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or f"def {name}(" not in (ROOT / path).read_text("utf-8")
    ]
    assert missing == []
    files = re.findall(r"`((?:tests|deploy|scripts|storage)/[\w/.]+\.\w+)`", page)
    assert [name for name in files if not (ROOT / name).exists()] == []
