"""What a unit learns of its evaluation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.chat.messages import Line, ToPerson, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.standings.fulfilment import fulfilment
from handlers.standings.wording import fulfilment_words
from handlers.yearend.desk import Desk
from handlers.yearend.verdict_words import VERDICT_WORDS
from storage import people
from storage.commitments import Commitment
from storage.verdicts import Both


def result_lines(own: Sequence[Commitment], given: Mapping[int, Both]) -> list[Text]:
    """A line for each commitment that was evaluated, with what both levels said where they differ."""
    return [line for c in own if (line := result_line(c, given.get(c.id, Both())))]


def result_line(commitment: Commitment, both: Both) -> Text | None:
    """One commitment and what became of it; None before anybody has spoken."""
    final = both.final
    if final is None:
        return None
    line = T(
        "{number}. {words}：{verdict}{reason}",
        number=commitment.number,
        words=commitment.words,
        verdict=VERDICT_WORDS[final.verdict],
        reason=T("（{reason}）", reason=final.reason) if final.reason else "",
    )
    if both.district is None:
        return T("{line}　办事处初评", line=line)
    if both.office and both.office.verdict is not both.district.verdict:
        return T("{line}　办事处初评是{verdict}", line=line, verdict=VERDICT_WORDS[both.office.verdict])
    return line


def tell_results(ctx: Ctx, at: Desk, unit_ids: Sequence[int], *, withdrawn: bool = False) -> None:
    """Tell the secretaries of these units what became of their commitments, or that what they heard is void."""
    holders = people.holders(ctx.tx, unit_ids, [Role.SECRETARY])
    for unit_id in unit_ids:
        body = [
            title(T("{unit}　{year}年评诺结果", unit=at.name(unit_id), year=at.year)),
            *_result(ctx, at, unit_id),
        ]
        if withdrawn and any(at.both(c).district for c in at.of(unit_id)):
            body.insert(1, Line(T("刚才的修改已撤回，以下面的为准。")))
        elif withdrawn:
            body[1:] = [Line(T("刚才的评诺结果已撤回，等重新评定。"))]
        for person in holders.get(unit_id, []):
            if person.id != ctx.actor.id:
                ctx.post(say(*body, to=ToPerson(person.id)))


def _result(ctx: Ctx, at: Desk, unit_id: int) -> list[Line]:
    own = at.of(unit_id)
    summed = fulfilment([at.both(c) for c in own], ctx.policy.standings.partly)
    lines = [fulfilment_words(summed), *result_lines(own, at.given), T("有疑问请联系办事处。")]
    return [Line(line) for line in lines]
