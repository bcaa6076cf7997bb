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
BUTTONS, VOTE = "button_interaction", "vote_interaction"
#: The style of a button that is no invitation.
_GREY = 4


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
        return {"card_type": BUTTONS, **base, "button_list": listed}
    if rest:
        base["main_title"]["desc"] = rest
    options = [{"id": key_of(b), "text": str(b.label)} for b in buttons]
    return {
        "card_type": VOTE,
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


def pressed(words: str, label: str, *, task: str, kind: str) -> dict[str, Any]:
    """What a card becomes once it has been answered: `words`, and below them what was chosen.

    It stays the kind of card that it was, for only so do a vote's options go dead; a mere notice would have to
    lead somewhere when it is tapped. What can still be tapped (the AI bot has no dead buttons) says nothing.
    """
    chosen = _cut(f"✓ {label}".strip(), LABEL)
    head, rest = headed(words) if words.strip() else (chosen, "")
    done: dict[str, Any] = {"main_title": {"title": head}, "task_id": task, "replace_text": chosen}
    if kind == VOTE:
        done["main_title"] |= {"desc": rest} if rest else {}
        options = [{"id": _BAR, "text": chosen, "is_checked": True}]
        checkbox = {"question_key": "choice", "mode": 0, "disable": True, "option_list": options}
        return {"card_type": VOTE, **done, "checkbox": checkbox, "submit_button": {"text": chosen, "key": _BAR}}
    done |= {"sub_title_text": rest} if rest else {}
    return {"card_type": BUTTONS, **done, "button_list": [{"text": chosen, "style": _GREY, "key": _BAR}]}


def replacing(buttons: Sequence[Button], words: str, label: str, *, task: str, kind: str) -> dict[str, Any] | None:
    """The card that says this in place of the one on which `label` was pressed; None when it is too much."""
    if len(buttons) > MOST_OPTIONS or not words.strip():
        return None
    if not fits(words):
        if len(words.strip()) > TEXT:
            return None
        words = f"{_cut(f'✓ {label}'.strip(), TITLE)}\n{words.strip()}"
    if buttons:
        return card(buttons, words=words, task=task)
    return pressed(words, label, task=task, kind=kind)


def words_of(card: dict[str, Any]) -> str:
    """What a card says, without its buttons."""
    title = card["main_title"]
    return "\n".join(filter(None, (title["title"], title.get("desc", ""), card.get("sub_title_text", ""))))
