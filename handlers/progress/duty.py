"""Whose progress a secretary may report, and which commitments that are open to reports."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal

from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button
from bot.chat.people import Post, Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.deadlines.reporting import quarter_now
from handlers.progress.quarters import Quarter
from storage import commitments, reports, units
from storage.commitments import Commitment, State, Status
from storage.terms import Kind

#: States in which progress is reported: closed is closed, and what is not published binds nobody yet.
OPEN = (State.PUBLISHED, State.DONE)
_UNIT_ID = re.compile(r"u(\d{1,12})(?:\s+|$)")
_BEGINS_WITH_UNIT = re.compile(r"[^一-鿿]*([一-鿿]{1,12}?(?:村(?![内里民组委道路级集])|社区(?![内里居民])))")
_SUFFIX = re.compile(r"(?:村|社区|办事处|街道|镇|乡)$")


def posts_of(ctx: Ctx) -> tuple[Post, ...]:
    """The units for which this person reports, each once."""
    held = {post.unit_id: post for post in ctx.actor.posts if post.role is Role.SECRETARY}
    return tuple(held.values())


def open_items(ctx: Ctx, unit_id: int) -> dict[int, Commitment]:
    """The unit's commitments that take reports, by number: this year's or, until there are any, last year's."""
    year = quarter_now(ctx).year
    found = commitments.of_unit(ctx.tx, unit_id, year=year, states=OPEN)
    if not found:
        found = commitments.of_unit(ctx.tx, unit_id, year=year - 1, states=OPEN)
    return {c.number: c for c in found}


def some_items(ctx: Ctx, unit_id: int) -> dict[int, Commitment]:
    """The same; raises UserError when there are none."""
    items = open_items(ctx, unit_id)
    if not items:
        raise UserError(
            T("还没有可以报进度的承诺。承诺审核公布以后就能报了；提出承诺请发“承诺”。"),
            buttons=((Button(T("承诺"), "承诺"),),),
        )
    return items


def parts_before(ctx: Ctx, items: Sequence[Commitment]) -> dict[int, tuple[Decimal | None, ...]]:
    """What was last known of the parts of compound commitments, by commitment id."""
    reported = [c for c in items if c.kind is Kind.COMPOUND and c.reported_at is not None]
    if not reported:
        return {}
    newest = reports.newest_of_unit(ctx.tx, reported[0].unit_id, year=reported[0].year)
    return {c.id: newest[c.id].parts for c in reported if c.id in newest}


def named_unit(ctx: Ctx, text: str) -> tuple[int | None, str]:
    """The unit that a message is for and the message without its mark; None when that has to be asked.

    Buttons carry "u12"; people name the unit, and need not when they are secretary of only one.
    """
    posts = posts_of(ctx)
    marked = _UNIT_ID.match(text)
    if marked:
        unit_id = int(marked.group(1))
        if unit_id not in {post.unit_id for post in posts}:
            raise UserError(T("这个村（社区）不由您报送。发“进度”看看您要报的。"))
        return unit_id, text[marked.end() :]
    if len(posts) == 1:
        return posts[0].unit_id, text
    named = [post for post in posts if post.unit_name in text] or [
        post for post in posts if _SUFFIX.sub("", post.unit_name) in text
    ]
    return (named[0].unit_id, _without(text, named[0])) if len(named) == 1 else (None, text)


def refuse_other_unit(ctx: Ctx, text: str) -> None:
    """Raise UserError when a report begins with the name of a unit that is not this secretary's."""
    match = _BEGINS_WITH_UNIT.match(fold(text))
    own = [post.unit_name for post in posts_of(ctx)]
    if match is None or match.group(1) in own:
        return
    roots = [root.id for root in units.roots(ctx.tx)]
    if units.named(ctx.tx, [match.group(1)], roots=roots, kinds=units.CONTESTING):
        raise UserError(
            T("{unit}的进度不由您报送。您报的是{own}，直接说就行，例如：第2项 80%", unit=match.group(1), own=own)
        )


def _without(text: str, post: Post) -> str:
    """The unit's own name says nothing about which commitment is meant."""
    for name in (post.unit_name, _SUFFIX.sub("", post.unit_name)):
        if name in text:
            return text.replace(name, "", 1).strip(" ,，:：的")
    return text


def evidence_since(ctx: Ctx) -> datetime:
    """From when on photos and files still belong to words that follow or precede them."""
    return ctx.now - timedelta(minutes=ctx.policy.dialogues.evidence_minutes)


def is_owed(ctx: Ctx, c: Commitment, quarter: Quarter) -> bool:
    """Whether the quarter's report has to speak of it (`storage.reports.coverage` counts by the same rule).

    It was announced before the quarter ended, and was not finished before: what is done is not reported again
    every quarter. A rate that was reached has to be held, so it is.
    """
    if c.published_at is None or c.published_at >= quarter_end(ctx, quarter):
        return False
    finished = c.state is State.DONE or (c.status is Status.DONE and c.kind is not Kind.THRESHOLD)
    return not finished or c.reported_quarter == str(quarter)


def quarter_end(ctx: Ctx, quarter: Quarter) -> datetime:
    """The moment at which the quarter is over."""
    return datetime.combine(quarter.next.begins, time(), tzinfo=ctx.zone)
