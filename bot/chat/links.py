"""The one address in a text. What people type makes links nowhere but where a feature takes it out with this."""

from __future__ import annotations

import re

#: Characters that mean nothing to any markup; a Chinese character or mark ends an address.
_ADDRESS = re.compile(
    r"https?://[a-z0-9\-]+(?:\.[a-z0-9\-]+)+(?::\d{1,5})?(?:[/?#][\w\-.~:/?#@!$&*+,;=%]*)?",
    re.IGNORECASE | re.ASCII,
)
_ENDS = ".,;:!?&"
LONGEST = 1000


def only_link(text: str) -> tuple[str, str, str] | None:
    """What stands before the text's only address, the address, and what follows; None for none or several."""
    found = list(_ADDRESS.finditer(text))
    if len(found) != 1 or len(found[0][0]) > LONGEST:
        return None
    address = found[0][0].rstrip(_ENDS)
    return text[: found[0].start()], address, text[found[0].start() + len(address) :]
