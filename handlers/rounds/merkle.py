"""The hash over all sheets of a round: a Merkle tree as in RFC 6962, section 2.1.

A leaf is hashed behind a byte 0, a node behind a byte 1, so that neither can be passed off as the other; a tree
of n leaves is split at the largest power of two below n, so that no leaf counts twice.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

#: Characters of a receipt: 20 of base32 are 100 bits, so a guess passes once in 2^100 tries.
RECEIPT = 20
_GROUP = 4
# Digits and letters that are not taken for one another when they are copied by hand.
_LOOKALIKES = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"ABCDEFGHJKMNPQRSTUVWXYZ23456789L")


def canonical(sheet: Mapping[str, Any]) -> bytes:
    """A sheet as the bytes that are hashed: JSON with sorted keys and without spaces, in UTF-8."""
    return json.dumps(sheet, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def leaf(sheet: Mapping[str, Any]) -> bytes:
    """The hash of one sheet."""
    return hashlib.sha256(b"\x00" + canonical(sheet)).digest()


def root(leaves: Sequence[bytes]) -> str:
    """The hash over all leaves, in their order, as hexadecimal digits."""
    return _tree(leaves).hex()


def _tree(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + _tree(leaves[:split]) + _tree(leaves[split:])).digest()


def receipt(root_hex: str, leaves: Sequence[bytes]) -> str:
    """A judge's receipt: short enough to be typed, over the root and all of the judge's sheets in their order."""
    digest = hashlib.sha256(b"receipt" + bytes.fromhex(root_hex) + b"".join(leaves)).digest()
    code = base64.b32encode(digest).translate(_LOOKALIKES).decode()[:RECEIPT]
    return "-".join(code[at : at + _GROUP] for at in range(0, RECEIPT, _GROUP))
