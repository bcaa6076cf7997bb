"""WeCom's encryption as the documentation describes it, written for the simulator alone."""

from __future__ import annotations

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def key_of(aes_key: str) -> bytes:
    return base64.b64decode(aes_key + "=")


def signature(token: str, timestamp: str, nonce: str, encrypted: str) -> str:
    return hashlib.sha1("".join(sorted([token, timestamp, nonce, encrypted])).encode()).hexdigest()


def padded(data: bytes) -> bytes:
    size = 32 - len(data) % 32
    return data + bytes([size]) * size


def cipher(key: bytes) -> Cipher[modes.CBC]:
    return Cipher(algorithms.AES(key), modes.CBC(key[:16]))


def encrypt_raw(key: bytes, plain: bytes) -> bytes:
    """Exactly these bytes, which must be whole blocks."""
    doing = cipher(key).encryptor()
    return doing.update(plain) + doing.finalize()


def encrypt(aes_key: str, message: str | bytes, receive_id: str) -> str:
    data = message if isinstance(message, bytes) else message.encode()
    plain = os.urandom(16) + len(data).to_bytes(4, "big") + data + receive_id.encode()
    return base64.b64encode(encrypt_raw(key_of(aes_key), padded(plain))).decode()


def decrypt(aes_key: str, encrypted: str) -> tuple[str, str]:
    """Message and receive id."""
    doing = cipher(key_of(aes_key)).decryptor()
    plain = doing.update(base64.b64decode(encrypted)) + doing.finalize()
    plain = plain[16 : -plain[-1]]
    length = int.from_bytes(plain[:4], "big")
    return plain[4 : 4 + length].decode(), plain[4 + length :].decode()
