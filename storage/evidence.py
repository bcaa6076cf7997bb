"""Evidence: photos and files that people send along with their reports, before or after the words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, select, update

from bot.chat.messages import Attachment
from storage.database import Tx
from storage.tables import evidence

_COLUMNS = (
    evidence.c.id,
    evidence.c.file_key,
    evidence.c.name,
    evidence.c.mime,
    evidence.c.size,
    evidence.c.report_id,
    evidence.c.received_at,
)
_KEEP = insert(evidence)
_OF_PERSON = (
    evidence.c.person_id == bindparam("whose"),
    evidence.c.received_at >= bindparam("since"),
)
_SINCE = select(*_COLUMNS).where(*_OF_PERSON, evidence.c.highlight_id.is_(None)).order_by(evidence.c.id)
_ATTACH = (
    update(evidence)
    .where(*_OF_PERSON, evidence.c.report_id.is_(None), evidence.c.highlight_id.is_(None))
    .values(report_id=bindparam("to_report"))
)
_ATTACH_TO_HIGHLIGHT = (
    update(evidence)
    .where(*_OF_PERSON, evidence.c.report_id.is_(None), evidence.c.highlight_id.is_(None))
    .values(highlight_id=bindparam("to_highlight"))
)
_DETACH_FROM_HIGHLIGHT = (
    update(evidence).where(evidence.c.highlight_id == bindparam("from_highlight")).values(highlight_id=None)
)
_OF_HIGHLIGHT = select(*_COLUMNS).where(evidence.c.highlight_id == bindparam("which")).order_by(evidence.c.id)
_DETACH = (
    update(evidence)
    .where(evidence.c.report_id.in_(bindparam("from_reports", expanding=True)))
    .values(report_id=None)
)
_HAND_ON = (
    update(evidence)
    .where(evidence.c.report_id == bindparam("from_report"))
    .values(report_id=bindparam("to_report"))
)
_OF_REPORTS = (
    select(*_COLUMNS).where(evidence.c.report_id.in_(bindparam("which", expanding=True))).order_by(evidence.c.id)
)
_COUNT = (
    select(evidence.c.report_id, func.count().label("number"))
    .where(evidence.c.report_id.in_(bindparam("which", expanding=True)))
    .group_by(evidence.c.report_id)
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """A photo or file. `report_id` is None until it is known which report it belongs to."""

    id: int
    file_key: str
    name: str
    mime: str
    size: int
    report_id: int | None
    received_at: datetime


def keep(
    tx: Tx,
    attachments: Sequence[Attachment],
    *,
    person_id: int,
    chat_id: int,
    report_id: int | None,
    now: datetime,
) -> None:
    """Keep what came with a message; without a report it waits for one."""
    rows = [
        {
            "file_key": attachment.key,
            "name": attachment.name,
            "mime": attachment.mime,
            "size": attachment.size,
            "person_id": person_id,
            "chat_id": chat_id,
            "report_id": report_id,
            "received_at": now,
        }
        for attachment in attachments
    ]
    tx.many(_KEEP, rows)


def since(tx: Tx, *, person_id: int, since: datetime) -> list[Evidence]:
    """What the person has sent since then, waiting or attached to a report, oldest first."""
    return [Evidence(*row) for row in tx.all(_SINCE, {"whose": person_id, "since": since})]


def attach(tx: Tx, *, person_id: int, report_id: int, since: datetime) -> int:
    """Attach what the person has sent since then and still waits; returns how many."""
    return tx.execute(_ATTACH, {"whose": person_id, "since": since, "to_report": report_id}).rowcount


def attach_to_highlight(tx: Tx, *, person_id: int, highlight_id: int, since: datetime) -> int:
    """The same for a highlight."""
    values = {"whose": person_id, "since": since, "to_highlight": highlight_id}
    return tx.execute(_ATTACH_TO_HIGHLIGHT, values).rowcount


def detach_from_highlight(tx: Tx, highlight_id: int) -> None:
    """Have a highlight's photos wait again."""
    tx.execute(_DETACH_FROM_HIGHLIGHT, {"from_highlight": highlight_id})


def of_highlight(tx: Tx, highlight_id: int) -> list[Evidence]:
    """The photos and files of a highlight, oldest first."""
    return [Evidence(*row) for row in tx.all(_OF_HIGHLIGHT, {"which": highlight_id})]


def detach(tx: Tx, report_ids: Iterable[int]) -> int:
    """Have the reports' evidence wait again; returns how many."""
    return tx.execute(_DETACH, {"from_reports": sorted(set(report_ids))}).rowcount


def hand_on(tx: Tx, *, from_report: int, to_report: int) -> None:
    """What was attached to one report belongs to another now, which corrects it."""
    tx.execute(_HAND_ON, {"from_report": from_report, "to_report": to_report})


def of_reports(tx: Tx, report_ids: Iterable[int]) -> dict[int, list[Evidence]]:
    """The evidence of each report; a report without any is left out."""
    found: dict[int, list[Evidence]] = {}
    for row in tx.among(_OF_REPORTS, "which", report_ids):
        found.setdefault(row.report_id, []).append(Evidence(*row))
    return found


def count(tx: Tx, report_ids: Iterable[int]) -> dict[int, int]:
    """How many photos and files each report has; a report without any is left out."""
    return {row.report_id: row.number for row in tx.among(_COUNT, "which", report_ids)}
