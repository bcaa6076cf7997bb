"""A real headless Chromium, and windows of it that are people in the practice room."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from storage.database import Database
from tests.platforms.practice import Practice, Served

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: Milliseconds.
PATIENCE = 20_000
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ends with its module: while Playwright is open, its event loop keeps asynchronous tests from running."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = f"no Chromium on the PATH ({', '.join(NAMES)})"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    # A machine that runs everything else at the same time may take long over what is quick as a rule.
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def practice(sqlite_database: Database, tmp_path: Path) -> Iterator[Practice]:
    practice = Practice(sqlite_database, tmp_path)
    yield practice
    practice.close()


@pytest.fixture
def served(practice: Practice) -> Iterator[Served]:
    served = Served(practice)
    served.start()
    yield served
    served.stop()
    served.close()


class Window:
    """One browser window, as a person uses it."""

    def __init__(self, page: Page, served: Served) -> None:
        self.page = page
        self.served = served
        self.box = page.locator("#box")
        self.messages = page.locator("#items .message")
        self.bubbles = page.locator("#items .bubble")
        self.troubles: list[str] = []
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", lambda dialog: self.troubles.append(f"dialog {dialog.message}"))

    def _note(self, message: ConsoleMessage) -> None:
        # A connection that is refused while the room is closed, or a message that it could not take, is no
        # trouble of the page's own.
        if message.type == "error" and not re.search(r"ERR_|status of [45]\d\d|WebSocket", message.text):
            self.troubles.append(message.text)

    def be(self, name: str, room: str | None = None) -> Window:
        """Open the page as somebody, in their private chat or in a unit's group."""
        account = self.served.practice.account(name)
        where = self.served.practice.group(room) if room else f"private:{account}"
        self.page.goto(f"{self.served.address}#as={account}&room={where}")
        expect(self.page.locator("#title")).not_to_be_empty()
        expect(self.page.locator("#log")).not_to_have_attribute("aria-busy", "true")
        # What follows once the line is up (a look at what was missed, another try of what failed) is over with.
        expect(self.page.locator("body")).to_have_attribute("data-line", "up")
        return self

    def say(self, text: str) -> None:
        """Type a message, send it with Enter, and wait until the server has it."""
        self.box.fill(text)
        self.box.press("Enter")
        expect(self.page.locator("#pending > *")).to_have_count(0)

    def sees(self, text: str) -> None:
        """Wait until a message with these words is there."""
        expect(self.bubbles.filter(has_text=text).last).to_be_visible()


Open = Callable[..., Window]


@pytest.fixture
def window(browser: Browser, served: Served) -> Iterator[Open]:
    opened: list[Window] = []

    def make(*, viewport: dict[str, int] | None = None, same_as: Window | None = None, **more: Any) -> Window:
        """A window of its own browser profile, or a second one beside another."""
        if same_as is not None:
            context = same_as.page.context
        else:
            context = browser.new_context(viewport=viewport or DESKTOP, locale="zh-CN", **more)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        opened.append(Window(context.new_page(), served))
        return opened[-1]

    yield make
    for one in opened:
        if not one.page.is_closed():
            one.page.close()
    for one in opened:
        one.page.context.close()
        assert one.troubles == []
