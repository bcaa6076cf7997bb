"""Write `deploy/constraints.txt`: every package that the program needs at run time, by version and hash.

`python scripts/pin.py` asks pip what it would install into an empty environment with this Python on this machine
(production: Linux on x86-64, the Python of the container file), from wherever pip is set up to ask. The file names
no address, so that it installs from any mirror: the hashes say whether what comes is the right thing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "deploy" / "constraints.txt"
HEAD = """\
# Written by scripts/pin.py; do not edit. For Python {version} on Linux, x86-64:
#     pip install --require-hashes -r deploy/constraints.txt && pip install --no-deps .
"""


def resolved() -> list[dict[str, Any]]:
    """What pip would install, ourselves left out."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet"]
        subprocess.run([*command, "--only-binary", ":all:", "--report", report, "."], cwd=ROOT, check=True)
        found = json.loads(report.read_text("utf-8"))["install"]
    return [one for one in found if one["metadata"]["name"] != "liangsaibi"]


def line(one: dict[str, Any]) -> str:
    digest = one["download_info"]["archive_info"]["hashes"]["sha256"]
    return f"{one['metadata']['name'].lower()}=={one['metadata']['version']} --hash=sha256:{digest}"


if __name__ == "__main__":
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    TARGET.write_text(HEAD.format(version=version) + "\n".join(sorted(map(line, resolved()))) + "\n", "utf-8")
