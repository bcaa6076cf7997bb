"""Signatures and encryption of callbacks. Nothing is parsed before its signature has been checked.

wechatpy does the ciphers; what it leaves unchecked (constant time, freshness, padding, lengths) is checked here.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from datetime import datetime

from wechatpy.crypto import PrpCrypto
from wechatpy.utils import WeChatSigner

#: How far a callback's timestamp may be from now, in seconds.
FRESH = 300
_RANDOM, _LENGTH = 16, 4
_BLOCK = 32


class Refused(Exception):
    """A callback that is not WeCom's, or broken; `status` is how it is answered."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Codec:
    """One app's token and key. `receive_id` is the corp id. Raises ValueError for a key that is none."""

    def __init__(self, token: str, aes_key: str, receive_id: str) -> None:
        key = base64.b64decode(aes_key + "=", validate=True)
        if len(key) != _BLOCK:
            raise ValueError("an EncodingAESKey is 43 characters of base64")
        self._token = token
        self._crypto = PrpCrypto(key)
        self._receive_id = receive_id

    def signature(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """SHA-1 of token, timestamp, nonce and ciphertext, sorted."""
        signer = WeChatSigner()
        signer.add_data(self._token, timestamp, nonce, encrypted)
        made: str = signer.signature
        return made

    def check(self, signature: str, timestamp: str, nonce: str, encrypted: str, *, now: datetime) -> None:
        """Raises Refused (403) unless the signature is right and fresh."""
        made = self.signature(timestamp, nonce, encrypted)
        if not hmac.compare_digest(made.encode(), signature.encode()):
            raise Refused(403, "wrong signature")
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12):
            raise Refused(403, "the timestamp is no number")
        if abs(now.timestamp() - int(timestamp)) > FRESH:
            raise Refused(403, "the timestamp is too old or too new")

    def decrypt(self, encrypted: str) -> str:
        """The message. Raises Refused: 400 for what cannot be decrypted, 403 for another corp's."""
        plain = self._plain(encrypted)
        padding = plain[-1]
        if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding:
            raise Refused(400, "broken padding")
        content = plain[_RANDOM:-padding]
        length = int.from_bytes(content[:_LENGTH], "big")
        if len(content) < _LENGTH + length:
            raise Refused(400, "broken length")
        message, receiver = content[_LENGTH : _LENGTH + length], content[_LENGTH + length :]
        if not hmac.compare_digest(receiver, self._receive_id.encode()):
            raise Refused(403, "for another corp")
        try:
            return message.decode()
        except UnicodeDecodeError:
            raise Refused(400, "the message is not UTF-8") from None

    def _plain(self, encrypted: str) -> bytes:
        try:
            raw = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise Refused(400, "bad base64") from None
        if not raw or len(raw) % _BLOCK:
            raise Refused(400, "no whole blocks")
        plain: bytes = self._crypto.cipher.decrypt(raw)
        return plain

    def encrypt(self, message: str) -> str:
        """The message as WeCom sends it; for proofs and simulators too."""
        made: bytes = self._crypto.encrypt(message, self._receive_id)
        return made.decode()

    def envelope(self, message: str, *, now: datetime) -> tuple[str, dict[str, str]]:
        """Ciphertext and query parameters of a signed message."""
        encrypted, timestamp, nonce = self.encrypt(message), str(int(now.timestamp())), secrets.token_hex(8)
        signature = self.signature(timestamp, nonce, encrypted)
        return encrypted, {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}
