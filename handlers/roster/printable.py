"""The page of binding codes to print and cut: a card for each person, with a QR code."""

from __future__ import annotations

import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import segno

from bot.chat.texts import T, Words

_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 14px/1.5 "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif; color: #111; margin: 0 }
h1 { font-size: 18px; margin: 0 0 4mm }
.cards { display: grid; grid-template-columns: 1fr 1fr; gap: 0 }
.card { border: 1px dashed #999; padding: 4mm; display: flex; gap: 4mm; break-inside: avoid }
.card svg { width: 28mm; height: 28mm; flex: none }
.name { font-size: 17px; font-weight: 700 }
.code { font: 700 20px/1.6 ui-monospace, "DejaVu Sans Mono", monospace; letter-spacing: .06em }
.how { color: #444; font-size: 12px }
"""


@dataclass(frozen=True, slots=True)
class Card:
    """One person's code. `posts` says for what; both are shown as they are."""

    name: str
    posts: str
    code: str


def page(heading: Words, cards: Sequence[Card], show: Callable[[Words], str]) -> bytes:
    """A page that needs nothing but itself. The QR code holds the whole message to send."""
    how = T("把这句话发给亮赛比机器人，或扫码复制：绑定 {code}")
    parts = [
        "<!doctype html><html><head><meta charset='utf-8'>",
        f"<title>{html.escape(show(heading))}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{html.escape(show(heading))}</h1><div class='cards'>",
    ]
    for card in cards:
        told = html.escape(show(T(how.msgid, code=card.code)))
        parts.append(
            f"<div class='card'>{_qr(f'绑定 {card.code}')}<div><div class='name'>{html.escape(card.name)}</div>"
            f"<div>{html.escape(card.posts)}</div><div class='code'>{card.code}</div>"
            f"<div class='how'>{told}</div></div></div>"
        )
    return "".join([*parts, "</div></body></html>"]).encode()


def _qr(text: str) -> str:
    buffer = io.BytesIO()
    segno.make(text, error="m").save(buffer, kind="svg", xmldecl=False, svgns=True, border=2)
    return buffer.getvalue().decode()
