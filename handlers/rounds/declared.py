"""The registry of this feature and what all of its commands need: which round, and whose it is."""

from __future__ import annotations

from bot.chat import settings
from bot.chat.commands import Registry
from bot.chat.errors import UserError
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.rounds.tally import Rules
from storage import rounds, units
from storage.rounds import Head, Kind, Round, State

registry = Registry()

KIND_WORDS: dict[Kind, Text] = {
    Kind.OBSERVATION: T("逐办观摩"),
    Kind.FORUM: T("专场比学"),
    Kind.EVALUATION: T("年终评议"),
    Kind.OTHER: T("其他评分"),
}
STATE_WORDS: dict[State, Text] = {
    State.DRAFT: T("待开评"),
    State.OPEN: T("评分中"),
    State.CLOSED: T("已封评"),
    State.PUBLISHED: T("已公布"),
    State.CANCELLED: T("已取消"),
}


def rules_of(head: Head) -> Rules:
    """The tally's rules as the round was created with."""
    return Rules(head.rules["trim_from"], head.rules["trim_each_end"], head.rules["decimals"])


def rules_words(rules: Rules | settings.Rounds) -> Text:
    """How a round is tallied, in one sentence."""
    return T(
        "有效分满{trim_from}个时去掉{drop}个最高分、{drop}个最低分，取平均，保留{decimals}位小数",
        trim_from=rules.trim_from,
        drop=rules.trim_each_end,
        decimals=rules.decimals,
    )


def my_round(ctx: Ctx, round_id: int | None, *, states: tuple[State, ...], none: Text) -> Round:
    """The organizer's round of that number, or the only one in these states.

    Raises UserError: `none` when there is none in these states, or asks to name one of several.
    """
    roots = ctx.actor.units(Role.ORGANIZER)
    if round_id is not None:
        try:
            found = rounds.get(ctx.tx, round_id)
        except LookupError:
            raise UserError(none) from None
        if not units.is_within(ctx.tx, found.head.unit_id, roots):
            raise UserError(none)
        if found.head.state not in states:
            raise UserError(
                T("“{name}”{state}，不能这样做。", name=found.head.name, state=STATE_WORDS[found.head.state])
            )
        return found
    heads = rounds.below(ctx.tx, roots, states=states)
    if not heads:
        raise UserError(none)
    if len(heads) > 1:
        raise UserError(
            T(
                "有{count}场符合：{names}。发“活动”，在那一场下面按按钮。",
                count=len(heads),
                names=[h.name for h in heads],
            )
        )
    return rounds.get(ctx.tx, heads[0].id)
