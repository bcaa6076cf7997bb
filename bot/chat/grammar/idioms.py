"""Words and names in which a numeral counts nothing: 统一, 十分, 一把手, 四处奔走, 第一书记, 十四五规划."""

from __future__ import annotations

import re

# Only what would pass for a number otherwise. A single Chinese numeral counts only before a measure word or
# when it stands alone, so that 一般, 三农 and 两委 need no mention here.
_BEGINS = re.compile(
    r"(?<![扣得加减])十分(?!之|钟)"
    r"|一(?:家[人亲]|户一|人一|件一|个样|个劲|条[龙心线]|度(?!电)|口[气致]|分[为子]|份[子力]|本正|头雾|方[面平有]|门[心式]|段时)"
    r"|一(?:[批片群类种]|天天|层层|期(?=[,.;工项建])|代|周年)"
    r"|一(?:面(?![墙锦旗镜])|道(?![墙门题坎渠沟])|块(?![地牌板展宅钱田菜])|起(?![纠案事矛信]))"
    r"|四处(?=奔|走|打|宣|张|联|筹|找|寻|求)|四周(?!内|后|时)|[四八]方(?!土)|[四两三]面(?![墙锦旗镜])|两头|三类"
    r"|[二三四](?:期(?=工程|项目|建设)|个(?=意识|自信|维护|确立|全面|代表))"
    r"|二?十[一二三四五六七八九]?(?:届|大(?=精神|报告|以来|代|会|召|胜|[,.;\s]|$))"
    r"|十一(?=期间|假|黄金周|放假|节|长假)|十[二三四五六]五(?=规划|期|时期|末|开局|以来|收官)"
)
_ENDS_WITH_ONE = frozenset("万统唯惟专单同逐划合归如")
# 第2项, 第1-3项, 第二、三项: places in an order.
_ORDER = re.compile(
    r"[0-9]+(?:\s?[-~、和至到及]\s?[0-9]+(?![.0-9]))*|[一二三四五六七八九十百零]+(?:[、和至到及-][一二三四五六七八九十百]+)*"
)
_AFTER_ORDER = re.compile(r"第\s?$")
_SOME_TENS = re.compile(r"十(?![一二三四五六七八九])")


def word_end(folded: str, at: int) -> int | None:
    """Where the word ends in which the numeral at a position counts nothing; None when it may be a number."""
    before = folded[at - 1 : at] if at else ""
    if _AFTER_ORDER.search(folded, max(0, at - 2), at):
        order = _ORDER.match(folded, at)
        return order.end() if order else at + 1
    if before == "之" or (folded[at] == "一" and before in _ENDS_WITH_ONE and before):
        return at + 1
    if before in ("几", "数") and _SOME_TENS.match(folded, at):
        return at + 1
    idiom = _BEGINS.match(folded, at)
    return idiom.end() if idiom else None
