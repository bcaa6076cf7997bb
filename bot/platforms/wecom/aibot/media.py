"""Files that people send to the AI bot: an address that is valid for five minutes, and a key."""

from __future__ import annotations

import base64
import binascii

import httpx
from wechatpy.crypto.base import WeChatCipher

from bot.platforms.wecom.errors import ApiError
from bot.platforms.wecom.incoming import Media

_BLOCK = 32


async def fetch(media: Media, *, most: int) -> tuple[bytes, str, str]:
    """Bytes, content disposition and type. Raises ApiError without naming the address, which is a secret."""
    data = bytearray()
    try:
        async with (
            httpx.AsyncClient(timeout=httpx.Timeout(20, connect=5)) as client,
            client.stream("GET", media.url) as answer,
        ):
            if answer.status_code >= 400:
                gone = answer.status_code < 500
                raise ApiError(40007 if gone else None, f"HTTP {answer.status_code}")
            async for chunk in answer.aiter_bytes():
                data += chunk
                if len(data) > most:
                    raise ApiError(45001, "file too large")
            disposition = answer.headers.get("content-disposition", "")
            kind = answer.headers.get("content-type", "").partition(";")[0]
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ApiError(None, f"the file could not be fetched ({type(error).__name__})") from None
    return (decrypt(bytes(data), media.aes_key) if media.aes_key else bytes(data)), disposition, kind


def decrypt(data: bytes, aes_key: str) -> bytes:
    """AES-256-CBC, the key's first half as IV, padded to 32. Raises ApiError (for good) for anything else."""
    try:
        key = base64.b64decode(aes_key + "=" * (-len(aes_key) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32 or not data or len(data) % 16:
        raise ApiError(40007, "the file cannot be decrypted")
    plain: bytes = WeChatCipher(key).decrypt(data)
    padding = plain[-1]
    if not 1 <= padding <= _BLOCK or plain[-padding:] != bytes([padding]) * padding:
        raise ApiError(40007, "the file cannot be decrypted")
    return plain[:-padding]
