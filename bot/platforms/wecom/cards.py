"""Template cards: up to six buttons, or a vote with up to twenty options. What is longer is split or numbered.

A button's key carries its payload and its label, so that a pressed card can say what was chosen.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from bot.chat.messages import Button

#: Buttons on one card, options in one vote.
MOST_BUTTONS, MOST_OPTIONS = 6, 20
#: Characters that a card shows of title, text and label, and bytes of an option's id.
TITLE, TEXT, LABEL, OPTION_ID = 26, 112, 20, 128
_BAR = "|"


def key_of(button: Button) -> str:
    """The key under which a press comes back."""
    label = str(button.label).replace(_BAR, " ")
    key = f"{button.payload}{_BAR}{label}"
    return key if len(key.encode()) <= OPTION_ID else f"{button.payload}{_BAR}"


def split_key(key: str) -> tuple[str, str]:
    """Payload and label of a pressed button; a key of somebody else's making is all payload."""
    payload, bar, label = key.rpartition(_BAR)
    return (payload, label) if bar else (key, "")


def is_answer(payload: str) -> bool:
    """Whether the button answers one question and is worthless afterwards; a command can be pressed again."""
    return payload.startswith("#")


def task_id(message_id: int, body: str, index: int) -> str:
    """The card's own number: the same when it is sent again, no other card's, also after a fresh database."""
    mark = hashlib.sha256(body.encode()).hexdigest()[:10]
    return f"m{message_id}-{index}-{mark}"


def card(buttons: Sequence[Button], *, words: str, task: str) -> dict[str, Any]:
    """A card for the buttons, of which there are at most twenty. `words` is at most title and text long."""
    head, rest = headed(words)
    base: dict[str, Any] = {"main_title": {"title": head}, "task_id": task}
    if len(buttons) <= MOST_BUTTONS:
        listed = [{"text": _cut(str(b.label), LABEL), "style": 1, "key": key_of(b)} for b in buttons]
        if rest:
            base["sub_title_text"] = rest
        return {"card_type": "button_interaction", **base, "button_list": listed}
    if rest:
        base["main_title"]["desc"] = rest
    options = [{"id": key_of(b), "text": str(b.label)} for b in buttons]
    return {
        "card_type": "vote_interaction",
        **base,
        "checkbox": {"question_key": "choice", "mode": 0, "option_list": options},
        "submit_button": {"text": "✓", "key": "submit"},
    }


def headed(words: str) -> tuple[str, str]:
    """The first line as title, the others as text."""
    head, _, rest = words.strip().partition("\n")
    return _cut(head, TITLE), rest.strip()


def fits(words: str) -> bool:
    """Whether a card can show all of it."""
    head, _, rest = words.strip().partition("\n")
    return len(head) <= TITLE and len(rest.strip()) <= TEXT


def _cut(words: str, most: int) -> str:
    return words if len(words) <= most else words[: most - 1] + "…"


def pressed(task: str, label: str) -> dict[str, Any]:
    """What a card becomes once it has been answered (AI bot)."""
    return {
        "card_type": "text_notice",
        "main_title": {"title": f"✓ {label}" if label else "✓"},
        "card_action": {"type": 0},
        "task_id": task,
    }
