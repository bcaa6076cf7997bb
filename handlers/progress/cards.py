"""How a commitment's progress is shown: the bar, the light with its word, the figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from bot.chat.messages import Bar, Block, Line, Reply, quote
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.commitments import describing
from handlers.commitments.pace import judge
from handlers.progress.compound import parts_words
from handlers.progress.counting import figure_words
from handlers.progress.doubts import Doubt, quantity
from handlers.progress.settling import Draft
from handlers.progress.statuses import STATUS_WORDS
from storage.commitments import Commitment, Status
from storage.terms import Kind


def bar(ctx: Ctx, c: Commitment) -> Bar:
    """Where the commitment stands today."""
    shown = describing.bar(c, judge(c, ctx.today, ctx.policy), this_year=ctx.today.year)
    if c.kind is Kind.THRESHOLD and c.value is not None:
        # The bar is the share of the target; for a rate one wants to see the rate itself as well.
        note = T("现在{value}，{state}", value=quantity(c.value, c.measure), state=shown.note)
        return replace(shown, note=note)
    return shown


def after(ctx: Ctx, draft: Draft, quarter: str) -> Commitment:
    """The commitment as it stands once the draft is recorded: words without a figure leave the figure."""
    c = draft.commitment
    said = draft.share is not None
    return replace(
        c,
        share=draft.share if said else c.share,
        value=draft.value if said else c.value,
        status=draft.status,
        reported_at=ctx.now,
        reported_quarter=quarter,
    )


def state_words(c: Commitment, value: Decimal | None, share: Decimal | None, status: Status | None) -> Words:
    """A figure and a status as one reads them: 96盏（80%）；推进缓慢."""
    figure = figure_words(c, value, share)
    if figure is None:
        return STATUS_WORDS[status] if status else T("没有数字")
    if status is None or status is Status.DONE:
        return figure
    return T("{figure}；{status}", figure=figure, status=STATUS_WORDS[status])


def draft_words(draft: Draft) -> Words:
    """What a draft says."""
    return state_words(draft.commitment, draft.value, draft.share, draft.status)


def parts_lines(c: Commitment, parts: Sequence[Decimal | None]) -> list[Block]:
    """The parts of a compound commitment, where anything is known of them."""
    return [Line(words) for words in parts_words(c.parts, parts)]


def draft_card(ctx: Ctx, draft: Draft, quarter: str) -> list[Block]:
    """A report read back: bar and light as they will be, the figure, and the person's own words."""
    body: list[Block] = [bar(ctx, after(ctx, draft, quarter)), Line(T("本次：{what}", what=draft_words(draft)))]
    body += parts_lines(draft.commitment, draft.parts)
    if draft.words:
        body.append(quote(draft.words))
    return body


def question_card(ctx: Ctx, doubt: Doubt, lead: Sequence[Block] = ()) -> Reply:
    """A question with its answers as buttons."""
    rows = tuple(tuple(ctx.choice(o.label, o.answer) for o in row) for row in doubt.options)
    return Reply((*lead, Line(doubt.words)), rows, replace=True)
