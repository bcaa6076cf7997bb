"""核实: the office looks at the reports of its villages, one after the other. Being verified makes no noise."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from bot.chat.arguments import Rest, item_at
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Line, OutFile, Reply, faint, quote, say, title
from bot.chat.texts import TN, T, Text
from handlers import Ctx
from handlers.commitments.answers import means_no, means_yes
from handlers.commitments.declared import OFFICE
from handlers.commitments.scope import office_roots, unit_in_scope
from handlers.progress.cards import bar, parts_lines, state_words
from handlers.progress.corrections import corrections
from handlers.progress.declared import registry
from storage import commitments, evidence, reports, reviews, units
from storage.changes import Recorded
from storage.reports import Review
from storage.reviews import Filed

VERIFIED, VERIFY_ALL = "progress.verified", "progress.verify_all"
_REPORT = re.compile(r"#(\d{1,12})\b")
_NEXT = re.compile(r"next (\d{1,12}) (\d{1,6})$")
_EVERYTHING = frozenset(("全部", "所有", "all", "全部核实"))
#: So many of those that were corrected are shown one by one.
_CORRECTED_SHOWN = 8
#: So many are verified by one confirmation.
_MOST_AT_ONCE = 500


@registry.command(
    "核实",
    ascii="verify",
    aliases=("审进度", "核实进度"),
    section=Section.PROGRESS,
    help=T("逐条核实上报的进度；也可以写明哪个村哪一项"),
    args=(Rest("what", T("村（社区）第几项 / 全部"), optional=True),),
    roles=OFFICE,
    place=Place.PRIVATE,
    examples=("核实", "核实 大里村", "核实 大里村 2", "核实 全部"),
)
def verify(ctx: Ctx, what: str | None) -> Reply | list[Reply]:
    """Show what waits, one at a time; or verify what is named."""
    words = (what or "").strip()
    roots = office_roots(ctx)
    pressed, following = _REPORT.match(words), _NEXT.match(words)
    if pressed:
        return _verify(ctx, report_in_scope(ctx, int(pressed.group(1))))
    if following:
        after = (int(following.group(1)), int(following.group(2)))
        return show_next(ctx, roots, after=after) or _nothing_left(ctx, roots)
    if not words:
        return show_next(ctx, roots) or say(T("没有等待核实的进度。"))
    if words in _EVERYTHING:
        return _ask_all(ctx, roots, T("全部"))
    return _named(ctx, words, roots)


def _named(ctx: Ctx, words: str, roots: Sequence[int]) -> Reply | list[Reply]:
    unit, rest = unit_in_scope(ctx, words, roots=roots, command="verify")
    if rest in _EVERYTHING:
        return _ask_all(ctx, [unit.id], unit.name)
    item = item_at(fold(rest), 0) if rest else None
    if item is None:
        return show_next(ctx, [unit.id]) or say(T("{unit}没有等待核实的进度。", unit=unit.name))
    waiting = reviews.unverified(ctx.tx, [unit.id], most=_MOST_AT_ONCE)
    found = next((f for f in waiting if f.number == item[0] and f.unit_id == unit.id), None)
    if found is None:
        raise UserError(
            T("{unit}第{number}项没有等待核实的进度。", unit=unit.name, number=item[0]),
            buttons=((Button(T("看待核实的"), "verify"),),),
        )
    return _verify(ctx, found)


def report_in_scope(ctx: Ctx, report_id: int) -> Filed:
    """The report that a button names; raises UserError when it is not this person's to judge."""
    for filed in reviews.filed(ctx.tx, [report_id]):
        if units.is_within(ctx.tx, filed.unit_id, office_roots(ctx)):
            return filed
    raise UserError(T("这条进度不归您核实，或者已经不在了。发“核实”看待办。"))


def _verify(ctx: Ctx, filed: Filed) -> list[Reply]:
    refuse_superseded(ctx, filed)
    _move(ctx, [filed.report.id])
    summary = T("核实{what}", what=name_of(ctx, filed))
    ctx.record(
        Change(
            VERIFIED,
            summary,
            unit_id=filed.unit_id,
            subject_id=filed.report.id,
            data={"reports": [filed.report.id]},
        )
    )
    undo = ((Button(T("撤销"), "undo"),),)
    done = say(T("已核实：{what}", what=name_of(ctx, filed)), buttons=undo, replace=True)
    following = show_next(ctx, office_roots(ctx), after=(filed.unit_id, filed.number))
    return [done, following] if following else [done]


def refuse_superseded(ctx: Ctx, filed: Filed) -> None:
    """Raise UserError when the secretary has reported anew since: then the newer report is the one to judge."""
    history = reports.history(ctx.tx, filed.report.commitment_id)
    newest = next((r for r in history if r.state in reports.STANDING), None)
    if newest is None or newest.id == filed.report.id:
        return
    again = ((Button(T("看最新的"), f"verify u{filed.unit_id}"),),)
    edited = [old.report.id for old in reviews.before_edits(ctx.tx, [newest.id]).get(newest.id, ())]
    if filed.report.id in edited:
        what = corrections(ctx.tx, [newest])[newest.id]
        raise UserError(T("书记刚才{what}。请看更正后的一条。", what=what), buttons=again)
    raise UserError(T("书记后来又报了新的，请看最新的一条。"), buttons=again)


def _move(ctx: Ctx, report_ids: Sequence[int]) -> list[int]:
    moved = reviews.review(
        ctx.tx, report_ids, before=Review.REPORTED, becomes=Review.VERIFIED, by=ctx.actor.id, at=ctx.now
    )
    if not moved:
        raise UserError(T("这条进度刚才已经处理过了。发“核实”看还有什么。"))
    return moved


def name_of(ctx: Ctx, filed: Filed) -> Text:
    """Unit, number and figure: 大里村第2项 96盏（80%）."""
    c = commitments.get(ctx.tx, filed.report.commitment_id)
    said = state_words(c, filed.report.value, filed.report.share, filed.report.status)
    return T("{unit}第{number}项 {figure}", unit=filed.unit_name, number=filed.number, figure=said)


# --- one after the other ------------------------------------------------------------------------------------


def show_next(ctx: Ctx, roots: Sequence[int], *, after: tuple[int, int] = (0, 0)) -> Reply | None:
    """The first report that waits behind `after`; None when there is none."""
    waiting = reviews.unverified(ctx.tx, roots, after=after, most=1)
    if not waiting:
        return None
    left = reviews.count_unverified(ctx.tx, roots)
    return _card(ctx, waiting[0], left)


def _card(ctx: Ctx, filed: Filed, left: int) -> Reply:
    report = filed.report
    c = commitments.get(ctx.tx, report.commitment_id)
    sent = evidence.of_reports(ctx.tx, [report.id]).get(report.id, [])
    body: list[Block] = [
        title(T("请核实：{unit}第{number}项", unit=filed.unit_name, number=filed.number)),
        bar(ctx, c),
        Line(T("本次：{what}", what=state_words(c, report.value, report.share, report.status))),
        *map(Line, corrections(ctx.tx, [report]).values()),
        *parts_lines(c, report.parts),
        quote(report.words),
        faint(T("{person}，{at}", person=filed.person, at=report.said_at)),
    ]
    if sent:
        body.append(faint(TN("佐证{count}件", "佐证{count}件", len(sent))))
    if left > 1:
        body.append(faint(TN("还有{count}条等着。", "还有{count}条等着。", left - 1)))
    rows: list[tuple[Button, ...]] = [
        (Button(T("核实"), f"verify #{report.id}"), Button(T("退回"), f"return #{report.id}"))
    ]
    if left > 1:
        rows.append((Button(T("先看下一条"), f"verify next {filed.unit_id} {filed.number}"),))
    files = tuple(OutFile(e.file_key, e.name, e.mime) for e in sent)
    return Reply(tuple(body), tuple(rows), files)


def _nothing_left(ctx: Ctx, roots: Sequence[int]) -> Reply:
    left = reviews.count_unverified(ctx.tx, roots)
    if not left:
        return say(T("没有等待核实的进度。"))
    again = ((Button(T("从头再看"), "verify"),),)
    return say(TN("后面没有了，还有{count}条没核实。", "后面没有了，还有{count}条没核实。", left), buttons=again)


# --- all together -------------------------------------------------------------------------------------------


def _ask_all(ctx: Ctx, roots: Sequence[int], where: Text | str) -> Reply:
    waiting = reviews.unverified(ctx.tx, roots, most=_MOST_AT_ONCE)
    if not waiting:
        return say(T("没有等待核实的进度。"))
    ctx.ask(VERIFY_ALL, reports=[filed.report.id for filed in waiting])
    return say(
        T(
            "{where}：{count}条等待核实，来自{units}个村（社区）。不逐条看，全部核实吗？",
            where=where,
            count=len(waiting),
            units=len({filed.unit_id for filed in waiting}),
        ),
        *_corrected_ones(ctx, waiting),
        buttons=(
            (ctx.choice(T("全部核实"), "yes"), ctx.choice(T("取消"), "cancel")),
            (Button(T("一条一条看"), "verify"),),
        ),
    )


def _corrected_ones(ctx: Ctx, waiting: Sequence[Filed]) -> list[Block]:
    """Those whose message was edited, so that nobody verifies them without knowing."""
    edited = [filed for filed in waiting if filed.report.corrects is not None]
    what = corrections(ctx.tx, [filed.report for filed in edited[:_CORRECTED_SHOWN]])
    lines: list[Block] = [
        faint(T("{unit}第{number}项{what}", unit=f.unit_name, number=f.number, what=what[f.report.id]))
        for f in edited[:_CORRECTED_SHOWN]
    ]
    more = len(edited) - len(lines)
    return [*lines, faint(T("另有{count}条也改过消息。", count=more))] if more else lines


@registry.dialogue(VERIFY_ALL, hears=("核实",))
def verify_all(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The answer to whether all are to be verified."""
    if means_no(said.text):
        return say(T("好的，没有核实。"), replace=True)
    if not (means_yes(said.text) or said.text.removeprefix("核实").strip() in ("", *_EVERYTHING)):
        raise UserError(T("请点“全部核实”，或发“取消”。"))
    waiting = {filed.report.id for filed in reviews.unverified(ctx.tx, office_roots(ctx), most=_MOST_AT_ONCE)}
    moved = _move(ctx, [report_id for report_id in data["reports"] if report_id in waiting])
    summary = TN("核实{count}条进度", "核实{count}条进度", len(moved))
    ctx.record(Change(VERIFIED, summary, subject_id=moved[0], data={"reports": moved}))
    words = TN("已核实{count}条进度。", "已核实{count}条进度。", len(moved))
    return say(words, buttons=((Button(T("撤销"), "undo"),),), replace=True)


@registry.undo(VERIFIED)
def undo_verifying(ctx: Ctx, change: Recorded) -> None:
    """They wait again, unless somebody has done something with them since."""
    ids = change.data["reports"]
    if reviews.review(ctx.tx, ids, before=Review.VERIFIED, becomes=Review.REPORTED) != sorted(ids):
        raise UserError(T("其中有的后来又处理过了，不能撤销。"))
