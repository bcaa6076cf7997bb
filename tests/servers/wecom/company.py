"""What the simulator knows: the company's people and groups, and what each of them sees on the phone."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Seen:
    """One message on somebody's phone. `kind` is the msgtype; `card` can be pressed while it is live."""

    kind: str
    text: str = ""
    card: dict[str, Any] | None = None
    file: bytes | None = None
    by: str = "app"
    live: bool = True
    response_code: str = ""
    stream: str = ""
    #: What the card said before another took its place.
    earlier: list[str] = field(default_factory=list)
    #: Who is called by it, and is shown that.
    called: tuple[str, ...] = ()

    @property
    def buttons(self) -> dict[str, str]:
        """Label → key of what can be pressed."""
        if self.card is None or not self.live:
            return {}
        listed = self.card.get("button_list") or self.card.get("checkbox", {}).get("option_list", [])
        return {one["text"]: one.get("key") or one["id"] for one in listed}

    def becomes(self, card: dict[str, Any], words: str) -> None:
        """Another card in its place. A vote stays open to whoever has it unless the vote itself is closed."""
        self.earlier.append(self.text)
        was_vote = self.card is not None and self.card["card_type"] == "vote_interaction"
        closed = card.get("replace_text") and (
            card["card_type"] != "vote_interaction" or card["checkbox"].get("disable")
        )
        if was_vote and card.get("replace_text") and card["card_type"] != "vote_interaction":
            self.text = words
            return
        self.card, self.live = card, not closed
        self.text = f"{words}\n[{card['replace_text']}]" if card.get("replace_text") else words


@dataclass
class Company:
    """Shared by all servers. `now` can be moved, so that limits and expiries need no waiting."""

    corp_id: str = "ww1234567890abcdef"
    agent_id: int = 1000002
    secret: str = "app-secret-DO-NOT-LOG-0123456789abcdef"
    token: str = "callbackToken"
    aes_key: str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
    bot_id: str = "aib-1"
    bot_secret: str = "bot-secret-DO-NOT-LOG"
    robot_keys: dict[str, str] = field(default_factory=dict)
    #: User id → mobile number; upper and lower case as the administrator wrote it.
    people: dict[str, str] = field(default_factory=dict)
    invisible: set[str] = field(default_factory=set)
    unlicensed: set[str] = field(default_factory=set)
    shift: float = 0.0
    phones: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    groups: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    media: dict[str, tuple[str, bytes, str, float]] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)
    _taken: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def now(self) -> float:
        return time.time() + self.shift

    def within(self, what: str, *rates: tuple[int, float]) -> bool:
        """Whether one more is within all of the rates (count, seconds); it is counted when it is."""
        now, taken = self.now(), self._taken[what]
        longest = max(seconds for _count, seconds in rates)
        while taken and taken[0] <= now - longest:
            taken.popleft()
        if any(sum(at > now - seconds for at in taken) >= count for count, seconds in rates):
            return False
        taken.append(now)
        return True

    def named(self, user: str) -> str | None:
        """The user as the administrator wrote it; WeCom does not tell upper from lower case."""
        return next((one for one in self.people if one.lower() == user.lower()), None)

    def keep(self, name: str, data: bytes, kind: str) -> str:
        media_id = f"media-{len(self.media) + 1}-{'x' * 20}"
        self.media[media_id] = (name, data, kind, self.now())
        return media_id
