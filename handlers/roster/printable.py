"""The page of binding codes to print and cut: a card for each person with a QR code, each office on new pages."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import segno

from bot.chat.texts import T, Words

_STYLE = """
@page { size: A4; margin: 12mm }
* { box-sizing: border-box }
body { font: 14px/1.45 "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif;
  color: #111; margin: 0 auto; max-width: 186mm }
section + section { break-before: page; margin-top: 10mm }
h1 { font-size: 17px; margin: 0 0 4mm; break-after: avoid }
.cards { display: grid; grid-template-columns: 1fr 1fr }
.card { border: 1px dashed #888; margin: 0 -1px -1px 0; padding: 5mm 4mm; min-height: 46mm; display: flex;
  gap: 4mm; align-items: center; break-inside: avoid }
.card svg { width: 30mm; height: 30mm; flex: none }
.name { font-size: 18px; font-weight: 700; overflow-wrap: anywhere }
.posts { overflow-wrap: anywhere }
.code { font: 700 20px/1.7 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; white-space: nowrap }
.how { color: #333; font-size: 12px }
@media screen { body { padding: 6mm } section + section { break-before: auto } }
@media screen and (max-width: 480px) { .cards { grid-template-columns: 1fr } }
@media print { section + section { margin-top: 0 } }
"""


@dataclass(frozen=True, slots=True)
class Card:
    """One person's code; it can be used until `expires`. `group` is the office whose people it is handed to.

    `link` opens the bot and binds in one tap, where the platform has such links.
    """

    name: str
    posts: str
    code: str
    expires: datetime
    group: str = ""
    mobile: str = ""
    link: str | None = None


def page(heading: Words, cards: Sequence[Card], show: Callable[[Words], str]) -> bytes:
    """A page that needs nothing but itself. The QR code holds the link or, without one, the message to send."""
    told = show(heading)
    sections = [_section(told, group, list(same), show) for group, same in groupby(cards, lambda c: c.group)]
    lang = html.escape(show(T("zh-CN")))
    return (
        f'<!doctype html><html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(told)}</title><style>{_STYLE}</style></head><body>{''.join(sections)}</body></html>"
    ).encode()


def _section(heading: str, group: str, cards: Sequence[Card], show: Callable[[Words], str]) -> str:
    names = html.escape(show(T("{heading}　{group}", heading=heading, group=group)) if group else heading)
    return f'<section><h1>{names}</h1><div class="cards">{"".join(_cards(cards, show))}</div></section>'


def _cards(cards: Sequence[Card], show: Callable[[Words], str]) -> Iterator[str]:
    for card in cards:
        how = show(_how(card))
        term = show(T("{expires}前有效，只能用一次，不要转给别人。", expires=card.expires))
        yield (
            f'<div class="card">{_qr(card.link or f"绑定 {card.code}")}<div>'
            f'<div class="name">{html.escape(card.name)}</div>'
            f'<div class="posts">{html.escape(card.posts)}</div><div class="code">{card.code}</div>'
            f'<div class="how">{html.escape(how)}</div><div class="how">{html.escape(term)}</div></div></div>'
        )


def _how(card: Card) -> Words:
    if card.link is not None:
        return T("扫码打开机器人，点“开始”就绑好了；或把“绑定 {code}”私聊发给它。", code=card.code)
    return T("把“绑定 {code}”私聊发给亮赛比机器人，或扫码复制后发送。", code=card.code)


def _qr(text: str) -> str:
    drawn: str = segno.make(text, error="m", micro=False).svg_inline(border=2, omitsize=True)
    return drawn
