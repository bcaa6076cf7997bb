"""The same as in `test_faults.py`, where messages leave one after the other: one of all arrives twice at most.

`FAULT_SEED=7 CI=true python -m pytest -n 0 -s tests/operating/test_one_at_a_time.py` for the long form, as in CI.
"""

from __future__ import annotations

from pathlib import Path

from tests.operating.faults import cluster_of, everything_breaks


async def test_everything_breaks_and_each_fault_repeats_one_message_at_most(tmp_path: Path) -> None:
    async with cluster_of(tmp_path, sends_at_once=1) as cluster:
        faults = await everything_breaks(cluster, seconds=0.03)
    # Nothing else was on its way at whoever failed, so that nothing else could arrive twice. An answer that was
    # claimed and may not go yet after all is on its way back to the line for a moment; that is seen seldom.
    assert sum(answers.total() > 1 for answers in faults.in_doubt.values()) <= 1
    assert max(faults.repeated.values()) <= 1
