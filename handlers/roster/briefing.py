"""What somebody who takes over a unit is told: how its commitments stand, what was said last, what comes next."""

from __future__ import annotations

from bot.chat.messages import Block, Line, faint
from bot.chat.texts import T, Text, plain_number
from handlers import Ctx
from handlers.commitments.briefing import briefing as standing
from handlers.deadlines.reporting import quarter_now, report_due
from handlers.progress import quarters
from handlers.progress.corrections import corrections
from storage import commitments, reports
from storage.commitments import Commitment, State
from storage.reports import Report

#: So many of each list fit on a telephone.
_SHOWN = 5
_OPEN = (State.PUBLISHED, State.DONE)


def briefing(ctx: Ctx, unit_id: int) -> list[Block]:
    """Counts and lights, the newest reports, the next due dates; empty when nothing was promised."""
    body = standing(ctx.tx, unit_id, today=ctx.today, policy=ctx.policy)
    if not body:
        return []
    year = ctx.today.year
    own = commitments.of_unit(ctx.tx, unit_id, year=year, states=_OPEN)
    last = reports.newest_of_unit(ctx.tx, unit_id, year=year)
    known = [(commitment, last[commitment.id]) for commitment in own if commitment.id in last]
    if known:
        what = corrections(ctx.tx, [report for _commitment, report in known])
        said = [_with_correction(_reported(c, report), what.get(report.id)) for c, report in known]
        body += [Line(T("最近一次报告：")), *_few(said)]
    return [*body, Line(T("接下来：")), *_few([_next_report(ctx, unit_id), *_next_due(ctx, own)])]


def _reported(commitment: Commitment, report: Report) -> Text:
    quarter = quarters.parse(report.quarter).name
    if report.share is None:
        return T("第{number}项，{quarter}：{words}", number=commitment.number, quarter=quarter, words=report.words)
    return T(
        "第{number}项，{quarter}，{share}：{words}",
        number=commitment.number,
        quarter=quarter,
        share=f"{plain_number(report.share * 100)}%",
        words=report.words,
    )


def _with_correction(line: Text, correction: Text | None) -> Text:
    return T("{line}（{correction}）", line=line, correction=correction) if correction else line


def _next_report(ctx: Ctx, unit_id: int) -> Text:
    """The quarterly report that is due next."""
    quarter = quarter_now(ctx)
    due = report_due(ctx, quarter, unit_id)
    if due < ctx.today:
        quarter = quarter.next
        due = report_due(ctx, quarter, unit_id)
    return T("{quarter}季报，{due}截止", quarter=quarter.name, due=due)


def _next_due(ctx: Ctx, own: list[Commitment]) -> list[Text]:
    """The commitments that are under way, in the order in which they fall due."""
    coming = sorted((c.due, c.number) for c in own if c.due and c.due >= ctx.today and c.state is State.PUBLISHED)
    return [T("第{number}项，{due}到期", number=number, due=due) for due, number in coming]


def _few(lines: list[Text]) -> list[Block]:
    shown: list[Block] = [Line(line) for line in lines[:_SHOWN]]
    left = len(lines) - len(shown)
    return [*shown, faint(T("……还有{count}条", count=left))] if left else shown
