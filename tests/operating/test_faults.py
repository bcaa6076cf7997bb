"""Three replicas under load while everything breaks that can: each message counts once, in order, and is answered.

`FAULT_SEED=7 CI=true python -m pytest -n 0 -s tests/operating/test_faults.py` for the long form, which CI runs: a
leader is paused for thirty seconds meanwhile, and every fault happens.
"""

from __future__ import annotations

from pathlib import Path

from tests.operating.faults import cluster_of, everything_breaks


async def test_everything_breaks_and_each_message_counts_once_in_order_and_is_answered(tmp_path: Path) -> None:
    async with cluster_of(tmp_path) as cluster:
        await everything_breaks(cluster, seconds=0.1)
