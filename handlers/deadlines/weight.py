"""What a new reminder would add to: how much reaches the people concerned this month already."""

from __future__ import annotations

from bot.chat.messages import Block, Line, faint
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from storage import burdens, people
from storage.burdens import Burden

#: So many names are said; there may be thousands.
_NAMED = 10


def weight(ctx: Ctx, unit_id: int) -> list[Block]:
    """One line for the organizer before something is added for the secretaries of a unit and all below it."""
    holders = people.in_role_below(ctx.tx, [unit_id], Role.SECRETARY)
    return weight_of(ctx, {holder.person_id: holder.name for holder in holders})


def weight_of(ctx: Ctx, names: dict[int, str]) -> list[Block]:
    """The same for certain people, in the order in which they are given."""
    if not names:
        return [Line(T("现在没有会收到的人。"))]
    month = burdens.month_of(ctx.now, ctx.zone)
    found = burdens.of_people(ctx.tx, names, month=month)
    ceiling = ctx.policy.reminders.ceiling
    sent = [found.get(person_id, Burden(person_id, 0, 0)).sent for person_id in names]
    asked = [found.get(person_id, Burden(person_id, 0, 0)).asked for person_id in names]
    body: list[Block] = [
        Line(
            T(
                "会涉及{count}人。本月他们平均已收到{sent}条通知，其中{asked}条要办事；上限是{ceiling}条。",
                count=len(names),
                sent=_mean(sent),
                asked=_mean(asked),
                ceiling=ceiling,
            )
        )
    ]
    full = [names[p] for p, number in zip(names, sent, strict=True) if number >= ceiling]
    if full:
        more = T("等{count}人", count=len(full)) if len(full) > _NAMED else ""
        body.append(faint(T("已到上限：{names}{more}。能不发就不发。", names=full[:_NAMED], more=more)))
    return body


def _mean(numbers: list[int]) -> str:
    """A mean with one decimal, half up."""
    tenths = (10 * sum(numbers) * 2 + len(numbers)) // (2 * len(numbers))
    return f"{tenths // 10}.{tenths % 10}" if tenths % 10 else str(tenths // 10)
