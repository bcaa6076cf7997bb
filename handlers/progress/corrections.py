"""A report whose message was edited is shown to others as what it is: corrected, with what had stood before."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from bot.chat.texts import T, Text, Words
from handlers.progress.cards import state_words
from storage import commitments, reports, reviews
from storage.commitments import Commitment
from storage.database import Tx
from storage.reports import Report
from storage.reviews import Filed


def corrections(tx: Tx, shown: Iterable[Report]) -> dict[int, Text]:
    """For each of the reports that came about by editing a message, by its id, what was corrected: old → new."""
    edited = {report.id: report for report in shown if report.corrects is not None}
    if not edited:
        return {}
    before = reviews.before_edits(tx, edited)
    about = [*edited.values(), *(filed.report for steps in before.values() for filed in steps)]
    promised = commitments.get_many(tx, {report.commitment_id for report in about})
    return {number: _words(report, before[number], promised) for number, report in edited.items()}


def corrected_below(tx: Tx, roots: Sequence[int], *, year: int) -> dict[int, Text]:
    """For a list of commitments: by commitment, what an edit corrected about the progress that stands."""
    edited = [filed.report for filed in reviews.edited(tx, roots, year=year)]
    what = corrections(tx, edited)
    return {report.commitment_id: what[report.id] for report in edited}


def corrected_events(tx: Tx, commitment_id: int) -> list[tuple[datetime, Text]]:
    """For a commitment's history: when whose edited message corrected its progress, and how."""
    history = reports.history(tx, commitment_id)
    passed = {report.corrects for report in history}
    # Of a message that was edited again and again the last wording tells all the steps.
    last = [report for report in history if report.corrects is not None and report.id not in passed]
    what = corrections(tx, last)
    return [
        (f.report.said_at, T("{at} {person}{what}", at=f.report.said_at, person=f.person, what=what[f.report.id]))
        for f in (reviews.filed(tx, what) if what else ())
    ]


def _words(report: Report, before: Sequence[Filed], promised: dict[int, Commitment]) -> Text:
    steps = [*(filed.report for filed in before), report]
    if len({_said(step) for step in steps}) == 1:
        return T("改过消息，只改了字句")
    elsewhere = len({step.commitment_id for step in steps}) > 1
    figures = [_figure(step, promised[step.commitment_id], numbered=elsewhere) for step in steps]
    line: Words = figures[0]
    for figure in figures[1:]:
        line = T("{before} → {after}", before=line, after=figure)
    return T("改过消息，已更正：{what}", what=line)


def _said(report: Report) -> tuple[object, ...]:
    return (report.commitment_id, report.value, report.share, report.status, report.parts)


def _figure(report: Report, c: Commitment, *, numbered: bool) -> Words:
    figure = state_words(c, report.value, report.share, report.status)
    return T("第{number}项 {figure}", number=c.number, figure=figure) if numbered else figure
