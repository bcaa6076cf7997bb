"""Whether known vulnerabilities concern what `deploy/constraints.txt` pins: `python scripts/advisories.py`.

    pip install -e '.[audit]'

Asks pip-audit, which asks the advisory service that it is set up with. pip-audit itself reports success when the
service knows nothing of the packages, or is a mirror without advisories; here that counts as not checked, and is
said. Exit codes: 0 all were checked and nothing is known, 1 something is known, 3 not all were checked.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).resolve().parent.parent / "deploy" / "constraints.txt"
FINE, KNOWN, UNCHECKED = 0, 1, 3


def ask(*more: str) -> tuple[str, str]:
    """What pip-audit writes to its two outputs."""
    command = [
        sys.executable,
        "-m",
        "pip_audit",
        "--requirement",
        str(PINNED),
        "--require-hashes",
        "--disable-pip",
    ]
    done = subprocess.run(
        [*command, "--format", "json", "--progress-spinner", "off", *more],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


def verdict(output: str, errors: str) -> tuple[int, str]:
    """The exit code and what to say."""
    try:
        found = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        why = next((line for line in reversed(errors.splitlines()) if line.strip()), "no answer").split(":")[0]
        return UNCHECKED, f"NOT CHECKED: the advisory service could not be reached, or pip-audit failed ({why})."
    known = [
        f"{one['name']} {one['version']}: {each['id']}, mended in {', '.join(each['fix_versions']) or 'none yet'}"
        for one in found
        for each in one.get("vulns", ())
    ]
    skipped = [one["name"] for one in found if "skip_reason" in one]
    lines = list(known)
    if skipped:
        lines.append(
            f"NOT CHECKED: of {len(skipped)} of {len(found)} packages the advisory service knows nothing."
        )
    if not known and not skipped:
        lines.append(f"Nothing is known against the {len(found)} pinned packages.")
    return KNOWN if known else UNCHECKED if skipped else FINE, "\n".join(lines)


if __name__ == "__main__":
    code, words = verdict(*ask(*sys.argv[1:]))
    print(words)
    sys.exit(code)
