"""What the audit trail seals: which tables, and of each the columns that never change and those added once.

The names are written out, so that a column which a later version adds does not change what old seals were made of.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Column, Table

from storage import tables


@dataclass(frozen=True, slots=True)
class Audited:
    """A table whose rows stay. `later` is added to a row once, all at the same time; its last is that moment.

    `free` may change any time and is not sealed.
    """

    table: Table
    made: tuple[str, ...]
    later: tuple[str, ...] = ()
    free: tuple[str, ...] = ()

    @property
    def moment(self) -> Column[object] | None:
        """When something was added to the row; None for tables where nothing ever is."""
        return self.table.c[self.later[-1]] if self.later else None


AUDITED = (
    Audited(
        tables.changes,
        (
            "id", "at", "person_id", "account_id", "inbox_id", "unit_id", "kind", "subject_id", "summary", "data",
        ),
        ("undone_at",),
    ),
    Audited(tables.round_steps, ("id", "round_id", "step", "person_id", "role", "reason", "data", "at")),
    Audited(
        tables.score_sheets,
        (
            "id", "judge_id", "contestant_id", "version", "scores", "total", "status", "salt", "entered_at",
            "entered_by",
        ),
    ),
    Audited(
        tables.adjustments,
        ("id", "contestant_id", "kind", "points", "reason", "seconds", "entered_by", "entered_at"),
        ("withdrawn_by", "withdrawn_at"),
    ),
    Audited(tables.recusals, ("id", "judge_id", "contestant_id", "reason", "declared_by", "at")),
    Audited(
        tables.relations,
        ("id", "person_id", "unit_id", "reason", "declared_by", "at"),
        ("ended_by", "ended_at"),
    ),
    Audited(tables.draws, ("id", "round_id", "seed", "commitment", "announced_at"), ("revealed_at",)),
    Audited(
        tables.publications,
        ("id", "round_id", "version", "ranking", "reason", "bundle", "published_by", "published_at"),
    ),
    Audited(
        tables.objections,
        ("id", "round_id", "unit_id", "person_id", "words", "made_at"),
        ("answer", "answered_by", "answered_at"),
    ),
    Audited(
        tables.amendments,
        ("id", "commitment_id", "asked_by", "asked_at", "reason", "old", "new"),
        ("state", "decided_by", "decision_reason", "decided_at"),
    ),
    Audited(
        tables.reports,
        ("id", "commitment_id", "quarter", "person_id", "said_at", "words", "value", "share", "status", "parts"),
        # whether it stands at present; who verified, returned or corrected it is among the changes
        free=("state", "verified_by", "verified_at", "return_reason", "corrects_id"),
    ),
)  # fmt: skip
