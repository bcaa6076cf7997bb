"""What several districts in one process cost while nobody speaks: `python scripts/districts_memory.py 1 10`.

Each has a SQLite file and a practice room of its own. Prints resident memory, threads, and how long the start of
all took.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import psutil

from bot.deployment import read
from bot.districts import Districts


def listed(folder: Path, count: int) -> Path:
    lines = ["[health]", "port = 0", "[districts]"]
    for number in range(count):
        own = folder / f"d{number}.toml"
        own.write_text(f'[general]\ndata = "{folder / str(number)}"\n[local]\nport = 0\n')
        lines.append(f'd{number} = "{own.name}"')
    file = folder / "districts.toml"
    file.write_text("\n".join(lines))
    return file


async def measure(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        districts = Districts(read(listed(Path(folder), count), {}))
        async with districts.running():
            took = time.monotonic() - began
            assert all(life.trouble is None for life in districts.lives.values())
            await asyncio.sleep(2)
            this = psutil.Process()
            megabytes = this.memory_info().rss / 1e6
            said = f"{megabytes:.0f} MB, {this.num_threads()} threads, started in {took:.1f} s"
            print(f"{count:3} districts: {said}")


if __name__ == "__main__":
    if len(sys.argv) == 2:
        asyncio.run(measure(int(sys.argv[1])))
    else:
        # Each in a process of its own: memory that was used once is not given back.
        import subprocess

        for given in sys.argv[1:] or ["1", "10"]:
            subprocess.run([sys.executable, __file__, given], check=True)
