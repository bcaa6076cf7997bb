"""Verdicts in words. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from bot.chat.texts import T, Text, Words
from storage.commitments import Commitment, Status
from storage.verdicts import Both, Verdict

VERDICT_WORDS: dict[Verdict, Text] = {
    Verdict.FULFILLED: T("兑现"),
    Verdict.PARTLY: T("部分兑现"),
    Verdict.UNFULFILLED: T("未兑现"),
}


def why(commitment: Commitment, verdict: Verdict) -> Words:
    """What the record says for a suggested verdict; nothing needs to be said for what is fulfilled."""
    if verdict is Verdict.FULFILLED:
        return ""
    if commitment.share is not None:
        share = (commitment.share * 100).quantize(Decimal(1), ROUND_HALF_UP)
        return T("报到{share}%", share=share)
    if commitment.reported_at is None:
        return T("没有报过进度")
    return T("最近报的是已完成") if commitment.status is Status.DONE else T("还没有报完成")


def of_both(given: Sequence[Both]) -> list[Text]:
    """How many of each verdict, those that nobody has left out."""
    finals = [both.final.verdict for both in given if both.final]
    return [
        T("{verdict}{count}项", verdict=VERDICT_WORDS[verdict], count=finals.count(verdict))
        for verdict in Verdict
        if verdict in finals
    ]
