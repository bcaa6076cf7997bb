"""Take the README's pictures of the practice room after the story: `python scripts/screenshots.py`.

Needs Chromium on the PATH and Playwright (the `test` extra). Writes docs/images/.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.request import urlopen

from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def wait_for(address: str) -> None:
    for _ in range(200):
        try:
            with urlopen(address, timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise SystemExit(f"{address} does not answer")


def main() -> None:
    port = free_port()
    address = f"http://127.0.0.1:{port}/"
    environment = os.environ | {"LIANGSAIBI_LOCAL_PORT": str(port)}
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        command = [sys.executable, "-m", "bot", "demo", "--story", "--pace", "0.05"]
        program = subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL)
        try:
            wait_for(address)
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
            time.sleep(25)
            for file, account, room, size, scale, shown in SHOTS:
                page = browser.new_page(viewport=size, device_scale_factor=scale)
                page.goto(f"{address}#as={account}&room={room}")
                page.wait_for_selector("#items .bubble")
                page.wait_for_timeout(1200)
                page.get_by_text(shown).first.scroll_into_view_if_needed()
                page.wait_for_timeout(300)
                page.screenshot(path=IMAGES / f"{file}.png")
                page.close()
            browser.close()
        finally:
            program.terminate()
            program.wait()


DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
#: File, account, room, window, scale, and what is to be seen. After a fresh load p1 is the organizer and
#: p17 the secretary of 大里村.
SHOTS = (
    ("desktop", "p1", "group:1", DESKTOP, 1, "4月30日专场比学"),
    ("phone", "p17", "private:p17", PHONE, 2, "路灯装了36盏，还剩84盏"),
)


if __name__ == "__main__":
    main()
