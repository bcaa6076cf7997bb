"""Files up and down: what they are, what they may be called, and how they are served without danger."""

from __future__ import annotations

import mimetypes
import re
from pathlib import PurePosixPath
from urllib.parse import quote

from starlette.responses import Response

#: Pictures that every browser draws and that cannot carry a script.
SHOWN = frozenset({"image/jpeg", "image/png", "image/gif", "image/webp"})
#: Office documents, which not every machine's own table of types knows.
_KNOWN = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ".wps": "application/vnd.ms-works",
}
_UNKNOWN = "application/octet-stream"
_LONGEST_NAME = 100
_KEY = re.compile(r"[0-9A-Za-z_-]{8,100}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def is_key(key: str) -> bool:
    """Whether it can be a key of the file store at all."""
    return _KEY.fullmatch(key) is not None


def clean_name(name: str) -> str:
    """A file's name without folders, control characters and excess length; its ending is kept."""
    bare = PurePosixPath(_CONTROLS.sub("", name).replace("\\", "/")).name.strip() or "文件"
    if len(bare) <= _LONGEST_NAME:
        return bare
    ending = PurePosixPath(bare).suffix[:12]
    return bare[: _LONGEST_NAME - len(ending)] + ending


def type_of(data: bytes, name: str) -> str:
    """The file's type. A picture is one only when its first bytes say so, whatever it is called."""
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1"):
        return "image/heic"
    ending = PurePosixPath(name).suffix.lower()
    guessed = _KNOWN.get(ending) or mimetypes.guess_type(f"x{ending}")[0] or _UNKNOWN
    return _UNKNOWN if guessed.startswith("image/") else guessed


def serve(data: bytes, name: str, key: str) -> Response:
    """The file for a browser: pictures are shown, everything else is only ever saved."""
    kind = type_of(data, name)
    place = "inline" if kind in SHOWN else "attachment"
    return Response(
        data,
        media_type=kind,
        headers={
            "Content-Disposition": f"{place}; filename*=UTF-8''{quote(clean_name(name), safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "private, max-age=31536000, immutable",
            "ETag": f'"{key}"',
        },
    )
