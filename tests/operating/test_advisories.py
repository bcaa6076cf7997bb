"""What is said of pip-audit's answer: a silence of the advisory service is never taken for good news."""

from __future__ import annotations

import json

import pytest

from scripts.advisories import FINE, KNOWN, UNCHECKED, verdict

GOOD = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
BAD = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2021-66", "fix_versions": ["2.11.3"], "aliases": [], "description": "…"}],
}
UNKNOWN = {"name": "zhplot", "skip_reason": "Dependency not found and could not be audited: zhplot (1.0)"}


@pytest.mark.parametrize(
    ("dependencies", "code", "words"),
    [
        ([GOOD], FINE, "Nothing is known against the 1 pinned packages."),
        ([GOOD, BAD], KNOWN, "jinja2 2.4.1: PYSEC-2021-66, mended in 2.11.3"),
        ([GOOD, UNKNOWN], UNCHECKED, "NOT CHECKED: of 1 of 2 packages the advisory service knows nothing."),
    ],
)
def test_what_is_said(dependencies: list[object], code: int, words: str) -> None:
    assert verdict(json.dumps({"dependencies": dependencies, "fixes": []}), "") == (code, words)


def test_a_service_that_cannot_be_reached_is_said() -> None:
    code, words = verdict(
        "", "Traceback …\nrequests.exceptions.ConnectionError: Max retries exceeded with url: …\n"
    )
    assert code == UNCHECKED
    assert words == (
        "NOT CHECKED: the advisory service could not be reached, or pip-audit failed "
        "(requests.exceptions.ConnectionError)."
    )
