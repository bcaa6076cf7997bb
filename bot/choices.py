"""Choices that are typed: where a platform shows no buttons, they stand as numbered lines and "2" is the second.

In a question to which a bare number is an answer of its own the lines have letters instead, so that "2" stays
what it is.
"""

from __future__ import annotations

import re
from typing import Any

from bot.chat.context import Dialogue
from bot.chat.messages import sign
from bot.chat.rendering import Renderer
from bot.chat.texts import T
from storage import outbox
from storage.database import Tx

#: So many messages back a choice is looked for: in a group others are answered in between.
LOOK_BACK = 20
_TYPED = re.compile(r"(?:第|选)?\s*([1-9]\d?|[A-Za-z])\s*(?:个|项|号)?[.。、)]?")
_NUMBERS, _LETTERS = T("请回复序号："), T("请回复字母：")


def shown(renderer: Renderer, language: str, *, letters: bool) -> dict[str, Any]:
    """What a message with choices carries for a platform that has to list them."""
    hint = renderer.words(_LETTERS if letters else _NUMBERS, language)
    return {"hint": hint, "letters": True} if letters else {"hint": hint}


def typed(tx: Tx, chat_id: int, folded: str, dialogue: Dialogue | None) -> str | None:
    """The payload of the choice whose number or letter was typed; None when it was something else.

    With a question open it is one of this person's own choices, else one of the newest message that has any.
    """
    read = _TYPED.fullmatch(folded.strip())
    if read is None:
        return None
    for content in outbox.newest(tx, chat_id, most=LOOK_BACK):
        payloads = [payload for row in content.get("buttons", []) for _label, payload in row]
        own = dialogue is not None and any(p.startswith(f"#{dialogue.token} ") for p in payloads)
        # Buttons that answered a question which is over are dead; those that are commands are not.
        live = payloads and dialogue is None and not any(p.startswith("#") for p in payloads)
        if own or live:
            letters = bool(content.get("letters"))
            signs = {sign(index, letters=letters): payload for index, payload in enumerate(payloads)}
            return signs.get(read[1].upper())
    return None
