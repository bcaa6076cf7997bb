"""All tables. The migrations lead here; a test compares the two.

Times are UTC and aware, exact numbers are Decimal on both databases, and every row that people produced says
who did it and when. JSON columns hold what only this program reads.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_SMALLEST = Decimal("1e-8")

# SQLite numbers rows by itself only in a column that is declared INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware UTC time. Kept as such by PostgreSQL; SQLite keeps it naive, in UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        if value.tzinfo is not UTC:
            value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Exact(TypeDecorator[Decimal]):
    """A Decimal that stays one: NUMERIC on PostgreSQL, text on SQLite, whose NUMERIC is a float.

    A number keeps eight decimals (half up), on both: a third is the same third wherever it is kept.
    """

    impl = Numeric(24, 8)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return dialect.type_descriptor(String(40) if dialect.name == "sqlite" else Numeric(24, 8))

    def process_bind_param(self, value: Decimal | int | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        value = _eight_decimals(Decimal(value))
        return str(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        if value is None:
            return None
        # NUMERIC(24,8) comes back with eight decimals; the same number reads the same on both databases.
        number = _eight_decimals(Decimal(value))
        whole = number.to_integral_value()
        return whole.quantize(Decimal(1)) if number == whole else number.normalize()


def _eight_decimals(number: Decimal) -> Decimal:
    """At most eight decimals; a number that has fewer stays as it is written."""
    exponent = number.as_tuple().exponent
    return number.quantize(_SMALLEST, ROUND_HALF_UP) if isinstance(exponent, int) and exponent < -8 else number


#: A commitment's light is to be looked at as soon as lights are looked at.
LOOK_AT_ONCE = date(2000, 1, 1)
#: The commitments that have a light; a statement finds them by the index only if it says the same words.
LIT = "state = 'published' AND published_at IS NOT NULL"
#: Those of which a report is asked every quarter: what is done is not reported again, a rate has to be held.
OPEN = "state = 'published' AND (status IS NULL OR status <> 'done' OR kind = 'threshold')"
#: The units that make commitments.
CONTESTS = "ended_at IS NULL AND kind IN ('village', 'community')"
#: Commitments that wait for the office, or for the unit once more. Written so that only who says it in the same
#: words finds them by the index: a planner that has not seen the newest ones would take it for an office's few.
UNSETTLED = "(state || '') IN ('proposed', 'returned')"


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True)


def _settled(table: str, column: str) -> Index:
    """The rows to which something was added afterwards, for the audit trail."""
    condition = text(f"{column} IS NOT NULL")
    return Index(f"ix_{table}_{column}", column, sqlite_where=condition, postgresql_where=condition)


def _ref(name: str, target: str, *, nullable: bool = False, index: bool = False) -> Column[int]:
    return Column(name, Id, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


def _index_of(name: str, only: str, *columns: str) -> Index:
    """An index over some of the rows alone."""
    return Index(name, *columns, sqlite_where=text(only), postgresql_where=text(only))


# --- roster -----------------------------------------------------------------------------------------------

units = Table(
    "units",
    metadata,
    _id(),
    _ref("parent_id", "units", nullable=True),
    Column("name", String(80), nullable=False),
    # district, office, village, community, or a kind of one's own
    Column("kind", String(20), nullable=False),
    # committee, general_branch, branch: the kind of Party organization; none for pure administration
    Column("organization", String(20)),
    Column("class_name", String(40)),
    Column("position", Integer, nullable=False, server_default="0"),
    Column("invented", Boolean, nullable=False, server_default=text("false")),
    Column("highlight", Text),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    # The newest year for which it has promised something of its own that stands; 0 when that is not certain.
    Column("promised_year", Integer, nullable=False, server_default="0"),
    UniqueConstraint("parent_id", "name"),
    Index("ix_units_name", "name"),
    _index_of("ix_units_promised_year", CONTESTS, "promised_year", "id"),
)

# Every unit with each of its ancestors and itself (depth 0): "the subtree of X" is one indexed look-up.
unit_ancestors = Table(
    "unit_ancestors",
    metadata,
    Column("unit_id", Id, ForeignKey("units.id"), primary_key=True),
    Column("ancestor_id", Id, ForeignKey("units.id"), primary_key=True),
    Column("depth", Integer, nullable=False),
    Index("ix_unit_ancestors_ancestor_id_unit_id", "ancestor_id", "unit_id"),
)

people = Table(
    "people",
    metadata,
    _id(),
    Column("name", String(80), nullable=False),
    Column("mobile", String(30)),
    # As the company's contacts have it, for recognising people by it; whoever is bound has a row in accounts.
    Column("wecom_account", String(64)),
    Column("language", String(10)),
    Column("created_at", Moment, nullable=False),
    Column("ended_at", Moment),
    Index("ix_people_mobile", "mobile"),
    Index("ix_people_name", "name"),
)

posts = Table(
    "posts",
    metadata,
    _id(),
    _ref("person_id", "people", index=True),
    _ref("unit_id", "units", index=True),
    Column("role", String(30), nullable=False),
    Column("since", Moment, nullable=False),
    Column("until", Moment),
)

accounts = Table(
    "accounts",
    metadata,
    _id(),
    Column("platform", String(30), nullable=False),
    Column("external_id", String(120), nullable=False),
    Column("display_name", String(120), nullable=False, server_default=""),
    _ref("person_id", "people", nullable=True, index=True),
    _ref("private_chat_id", "chats", nullable=True),
    Column("language", String(10)),
    Column("bound_at", Moment),
    Column("failed_codes", Integer, nullable=False, server_default="0"),
    Column("last_failed_at", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("platform", "external_id"),
)

chats = Table(
    "chats",
    metadata,
    _id(),
    Column("platform", String(30), nullable=False),
    Column("external_id", String(120), nullable=False),
    Column("is_group", Boolean, nullable=False),
    Column("title", String(200), nullable=False, server_default=""),
    _ref("unit_id", "units", nullable=True, index=True),
    Column("language", String(10)),
    # active; parked while the bot cannot speak there, since when and why
    Column("state", String(20), nullable=False, server_default="active"),
    # Nobody can be heard there: a group robot. On its platform it is where the unit's announcements go.
    Column("send_only", Boolean, nullable=False, server_default=text("false")),
    Column("parked_at", Moment),
    Column("trouble", Text),
    _index_of("ix_chats_parked", "state = 'parked'", "id"),
    _ref("bound_by", "people", nullable=True),
    Column("bound_at", Moment),
    Column("created_at", Moment, nullable=False),
    UniqueConstraint("platform", "external_id"),
)

binding_codes = Table(
    "binding_codes",
    metadata,
    _id(),
    Column("code_hash", String(64), nullable=False, unique=True),
    _ref("person_id", "people", index=True),
    _ref("issued_by", "people", nullable=True),
    Column("issued_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    _ref("used_by", "accounts", nullable=True),
)

# --- engine -----------------------------------------------------------------------------------------------

inbox = Table(
    "inbox",
    metadata,
    _id(),
    Column("platform", String(30), nullable=False),
    Column("message_id", String(120), nullable=False),
    Column("received_at", Moment, nullable=False),
    # a checksum of the words, by which an edit that changes nothing visible is told
    Column("digest", BigInteger),
    UniqueConstraint("platform", "message_id"),
)

# What platforms have acknowledged and is not committed yet, as it came. One program has it on its disk instead.
spool = Table(
    "spool",
    metadata,
    _id(),
    Column("platform", String(30), nullable=False),
    # the platform's own name for it: what it brings again lies here once
    Column("name", String(120), nullable=False),
    # what has the same lane is handed in one after the other
    Column("lane", String(120), nullable=False),
    Column("content", JSON, nullable=False),
    # the program that goes on with it, for as long as it says that it is alive; empty: whoever leads
    Column("owner", String(20), nullable=False),
    Column("until", Moment, nullable=False),
    Column("kept_at", Moment, nullable=False),
    # what cannot be read waits for whoever mends it
    Column("readable", Boolean, nullable=False, server_default=text("true")),
    UniqueConstraint("platform", "name"),
    _index_of("ix_spool_lane", "readable", "platform", "lane"),
    # Numbers say what came first, so none is given twice.
    sqlite_autoincrement=True,
)

outbox = Table(
    "outbox",
    metadata,
    _id(),
    _ref("chat_id", "chats"),
    Column("dedupe_key", String(200), unique=True),
    Column("content", JSON, nullable=False),
    Column("replaces", String(120)),
    # waiting, sending, sent, failed, unknown, cancelled
    Column("state", String(12), nullable=False, server_default="waiting"),
    # somebody is waiting for it: it goes before what is not urgent
    Column("urgent", Boolean, nullable=False, server_default=text("false")),
    # as how many messages the platform counted it
    Column("weight", Integer, nullable=False, server_default="1"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("created_at", Moment, nullable=False),
    Column("next_at", Moment, nullable=False),
    Column("lease_until", Moment),
    # the number of the leadership under which it was claimed last (storage/leaderships.py)
    Column("claimed_by", BigInteger),
    Column("sent_at", Moment),
    Column("platform_message_id", String(120)),
    Column("error", Text),
    # of announcements; without a foreign key, for which SQLite would have to make this table anew
    Column("announcement_id", Id),
    _index_of("ix_outbox_announcement_id", "announcement_id IS NOT NULL", "announcement_id", "state"),
    # The head of each chat's queue is found in these alone, however many rows wait or were sent.
    _index_of("ix_outbox_waiting", "state = 'waiting'", "urgent", "chat_id", "id", "next_at", "attempts"),
    _index_of("ix_outbox_sending", "state = 'sending'", "chat_id"),
    _index_of("ix_outbox_troubled", "state IN ('failed', 'unknown')", "id"),
    Index("ix_outbox_created_at", "created_at"),
    Index("ix_outbox_chat_id_id", "chat_id", "id"),
    _index_of("ix_outbox_sent_at", "sent_at IS NOT NULL", "sent_at"),
    # A number is never given again: platforms tell by it that a message is being repeated.
    sqlite_autoincrement=True,
)

# What somebody announced (通报): each message of it is a row of the outbox.
announcements = Table(
    "announcements",
    metadata,
    _id(),
    _ref("person_id", "people"),
    # where its author follows the delivery
    _ref("chat_id", "chats"),
    Column("words", Text, nullable=False),
    Column("files", JSON, nullable=False),
    # whether people are asked to acknowledge it
    Column("asks", Boolean, nullable=False),
    Column("made_at", Moment, nullable=False),
    # when it goes out
    Column("at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    # the names of those who cannot be reached at all
    Column("unreachable", JSON, nullable=False),
    # what the author's report said last
    Column("reported", JSON),
    Index("ix_announcements_at", "at"),
)

receipts = Table(
    "receipts",
    metadata,
    Column("announcement_id", Id, ForeignKey("announcements.id"), primary_key=True),
    Column("person_id", Id, ForeignKey("people.id"), primary_key=True),
    Column("at", Moment, nullable=False),
)

dialogues = Table(
    "dialogues",
    metadata,
    _id(),
    _ref("account_id", "accounts"),
    _ref("chat_id", "chats"),
    Column("kind", String(60), nullable=False),
    Column("token", String(20), nullable=False),
    Column("data", JSON, nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    UniqueConstraint("account_id", "chat_id"),
    Index("ix_dialogues_expires_at", "expires_at"),
)

changes = Table(
    "changes",
    metadata,
    _id(),
    Column("at", Moment, nullable=False),
    _ref("person_id", "people", nullable=True),
    _ref("account_id", "accounts", nullable=True),
    _ref("inbox_id", "inbox", nullable=True),
    _ref("unit_id", "units", nullable=True),
    Column("kind", String(60), nullable=False),
    Column("subject_id", Id),
    Column("summary", JSON, nullable=False),
    Column("data", JSON, nullable=False),
    Column("undone_at", Moment),
    Index("ix_changes_person_id_id", "person_id", "id"),
    Index("ix_changes_kind_subject_id", "kind", "subject_id"),
    _settled("changes", "undone_at"),
    Index("ix_changes_inbox_id", "inbox_id"),
)

# The audit trail: a seal on every row that people's deeds leave, each with the hash of the one before.
audit = Table(
    "audit",
    metadata,
    # 1, 2, 3, … without a gap
    Column("number", Id, primary_key=True, autoincrement=False),
    Column("table_name", String(30), nullable=False),
    # made: the row as it came; later: what was added to it afterwards, once
    Column("part", String(8), nullable=False),
    Column("row_id", Id, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("sealed_at", Moment, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("table_name", "part", "row_id"),
)

incidents = Table(
    "incidents",
    metadata,
    _id(),
    Column("at", Moment, nullable=False),
    Column("platform", String(30), nullable=False),
    Column("message", JSON, nullable=False),
    Column("error", Text, nullable=False),
    Column("traceback", Text, nullable=False),
    # open, replayed
    Column("state", String(12), nullable=False, server_default="open"),
    Column("replayed_at", Moment),
)

# Small facts about this deployment, such as the practice clock.
facts = Table(
    "facts",
    metadata,
    Column("name", String(60), primary_key=True),
    Column("value", JSON, nullable=False),
)

# How much reached somebody unasked in a month (2021-03): messages in all, and those that asked something.
burdens = Table(
    "burdens",
    metadata,
    Column("person_id", Id, ForeignKey("people.id"), primary_key=True),
    Column("month", String(7), primary_key=True),
    Column("sent", Integer, nullable=False),
    Column("asked", Integer, nullable=False),
)

evidence = Table(
    "evidence",
    metadata,
    _id(),
    Column("file_key", String(80), nullable=False),
    Column("name", String(200), nullable=False),
    Column("mime", String(80), nullable=False),
    Column("size", Integer, nullable=False),
    _ref("person_id", "people"),
    _ref("chat_id", "chats"),
    # none until it is known which report it belongs to
    _ref("report_id", "reports", nullable=True, index=True),
    _ref("highlight_id", "highlights", nullable=True, index=True),
    Column("received_at", Moment, nullable=False),
    Index("ix_evidence_person_id_received_at", "person_id", "received_at"),
)

# --- commitments and progress -----------------------------------------------------------------------------

requirements = Table(
    "requirements",
    metadata,
    _id(),
    # the unit whose subtree it is required of, and which kind of unit in it (none: all contestants)
    _ref("unit_id", "units", index=True),
    Column("unit_kind", String(20)),
    Column("year", Integer, nullable=False),
    Column("words", Text, nullable=False),
    Column("parsed", JSON, nullable=False),
    _ref("set_by", "people"),
    Column("set_at", Moment, nullable=False),
    Column("ended_at", Moment),
)

commitments = Table(
    "commitments",
    metadata,
    _id(),
    _ref("unit_id", "units"),
    Column("year", Integer, nullable=False),
    # counts from 1 within the unit's year; never used again
    Column("number", Integer, nullable=False),
    # required, elective
    Column("category", String(12), nullable=False),
    _ref("requirement_id", "requirements", nullable=True),
    Column("words", Text, nullable=False),
    # quantity, threshold, milestone, qualitative, compound
    Column("kind", String(12), nullable=False),
    Column("target", Exact),
    Column("measure", String(40)),
    # of a compound commitment: [{words, target, measure}]; of others empty
    Column("parts", JSON, nullable=False),
    Column("due", Date),
    # proposed, returned, published, done, closed, withdrawn
    Column("state", String(12), nullable=False),
    _ref("proposed_by", "people", nullable=True),
    Column("proposed_at", Moment, nullable=False),
    _ref("examined_by", "people", nullable=True),
    Column("examined_at", Moment),
    Column("return_reason", Text),
    Column("published_at", Moment),
    Column("done_at", Moment),
    Column("closed_at", Moment),
    _ref("closed_by", "people", nullable=True),
    # the newest report, repeated here so that lists and lights need no second look
    Column("share", Exact),
    Column("value", Exact),
    Column("status", String(12)),
    Column("reported_at", Moment),
    Column("reported_quarter", String(6)),
    # No look before this day finds another light than the one that is known; whatever is said sets it back.
    Column("look_on", Date, nullable=False, server_default=LOOK_AT_ONCE.isoformat()),
    UniqueConstraint("unit_id", "year", "number"),
    _index_of("ix_commitments_look_on", LIT, "look_on", "id"),
    _index_of("ix_commitments_open", OPEN, "year", "reported_quarter", "unit_id"),
    _index_of("ix_commitments_unsettled", UNSETTLED, "year", "state", "unit_id"),
)

amendments = Table(
    "amendments",
    metadata,
    _id(),
    _ref("commitment_id", "commitments", index=True),
    _ref("asked_by", "people"),
    Column("asked_at", Moment, nullable=False),
    Column("reason", Text, nullable=False),
    Column("old", JSON, nullable=False),
    Column("new", JSON, nullable=False),
    # asked, consented, refused, withdrawn
    Column("state", String(12), nullable=False),
    _ref("decided_by", "people", nullable=True),
    Column("decided_at", Moment),
    Column("decision_reason", Text),
    _settled("amendments", "decided_at"),
)

reports = Table(
    "reports",
    metadata,
    _id(),
    _ref("commitment_id", "commitments"),
    # such as 2021Q1
    Column("quarter", String(6), nullable=False),
    _ref("person_id", "people"),
    Column("said_at", Moment, nullable=False),
    Column("words", Text, nullable=False),
    # in the commitment's measure, the total reached; none when no figure was said
    Column("value", Exact),
    # of the target, 0 to 1 and more
    Column("share", Exact),
    # not_started, preparing, under_way, slow, finishing, done, suspended
    Column("status", String(12)),
    # per part of a compound commitment
    Column("parts", JSON, nullable=False),
    # reported, verified, returned, withdrawn
    Column("state", String(12), nullable=False),
    _ref("verified_by", "people", nullable=True),
    Column("verified_at", Moment),
    Column("return_reason", Text),
    # the report that stood before its author edited the message; the record of changes says it as well
    Column("corrects_id", Id),
    Index("ix_reports_commitment_id_quarter", "commitment_id", "quarter"),
    # Only for who says it in the same words: a planner that has not seen the deadline's evening yet believes that
    # nothing waits, and would look for one office's few reports among those of a province.
    _index_of("ix_reports_waiting", "(state || '') = 'reported'", "quarter", "commitment_id"),
)

# --- deadlines and reminders ------------------------------------------------------------------------------

# When something is due, where that is not as configured. Nothing is changed or removed: what is newer wins.
deadlines = Table(
    "deadlines",
    metadata,
    _id(),
    # registration, report, examination, verification, own
    Column("kind", String(16), nullable=False),
    # of an own one that is moved: the one that was set first
    _ref("of_id", "deadlines", nullable=True, index=True),
    # the quarter is 0 for what is due once a year, and for own ones
    Column("year", Integer, nullable=False),
    Column("quarter", Integer, nullable=False),
    # also for the periods that follow
    Column("standing", Boolean, nullable=False),
    # for this unit and all below it
    _ref("unit_id", "units"),
    Column("name", String(80)),
    # a date or a rule
    Column("due", Date),
    Column("rule", String(80)),
    Column("reason", Text),
    _ref("set_by", "people"),
    Column("set_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    # of an own one: units up to this number are listed in `unfulfilled` if they owe it; -1: none any more
    Column("listed_to", Id, nullable=False, server_default="0"),
    Index("ix_deadlines_year", "year"),
)

# Which unit has done what an own deadline asks for.
fulfilments = Table(
    "fulfilments",
    metadata,
    Column("deadline_id", Id, ForeignKey("deadlines.id"), primary_key=True),
    Column("unit_id", Id, ForeignKey("units.id"), primary_key=True),
    _ref("person_id", "people"),
    Column("at", Moment, nullable=False),
)

# Which unit has not, as far as they are listed.
unfulfilled = Table(
    "unfulfilled",
    metadata,
    Column("deadline_id", Id, ForeignKey("deadlines.id"), primary_key=True),
    Column("unit_id", Id, ForeignKey("units.id"), primary_key=True),
)

# What was sent about what falls due: nothing is sent to the same twice, and a nudge waits for a while.
reminders = Table(
    "reminders",
    metadata,
    _id(),
    # p12: a person; c5: a group's chat
    Column("recipient", String(24), nullable=False),
    # report:2021Q3:u12, light:c7, digest:2021-W12, …
    Column("about", String(80), nullable=False),
    # which of the reminders about it: before3, overdue1, office, nudge:…
    Column("step", String(40), nullable=False),
    Column("at", Moment, nullable=False),
    UniqueConstraint("recipient", "about", "step"),
    Index("ix_reminders_about", "about"),
)

# The light of each commitment that its people know of; a commitment without one was green when last looked at.
lights = Table(
    "lights",
    metadata,
    Column("commitment_id", Id, ForeignKey("commitments.id"), primary_key=True),
    Column("light", String(8), nullable=False),
    Column("since", Moment, nullable=False),
)

# Who is not to be reminded until the end of a day (except for the last time).
mutes = Table(
    "mutes",
    metadata,
    Column("person_id", Id, ForeignKey("people.id"), primary_key=True),
    Column("until", Date, nullable=False),
)

# A group's own time of day for what comes by itself, as minutes after midnight.
group_times = Table(
    "group_times",
    metadata,
    Column("chat_id", Id, ForeignKey("chats.id"), primary_key=True),
    Column("minutes", Integer, nullable=False),
)

# --- rounds -----------------------------------------------------------------------------------------------

rounds = Table(
    "rounds",
    metadata,
    _id(),
    _ref("unit_id", "units", index=True),
    Column("year", Integer, nullable=False),
    Column("quarter", Integer, nullable=False),
    # observation, forum, evaluation, other
    Column("kind", String(20), nullable=False),
    Column("name", String(120), nullable=False),
    # draft, open, closed, computed, signed, published, cancelled
    Column("state", String(12), nullable=False),
    Column("rules", JSON, nullable=False),
    _ref("created_by", "people"),
    Column("created_at", Moment, nullable=False),
    Column("opened_at", Moment),
    Column("closed_at", Moment),
    _ref("closed_by", "people", nullable=True),
    Column("published_at", Moment),
    _ref("published_by", "people", nullable=True),
    # the position up to which contestants are scored; none: all at once
    Column("reached", Integer),
    # hash over all sheets, published when they are sealed
    Column("root", String(64)),
)

# Rounds that the clock closes.
round_closings = Table(
    "round_closings",
    metadata,
    Column("round_id", Id, ForeignKey("rounds.id"), primary_key=True),
    Column("at", Moment, nullable=False),
    _ref("set_by", "people"),
    # since when it is known, and told, that the time cannot be kept
    Column("told_at", Moment),
)

criteria = Table(
    "criteria",
    metadata,
    _id(),
    _ref("round_id", "rounds"),
    Column("position", Integer, nullable=False),
    Column("name", String(60), nullable=False),
    Column("maximum", Exact, nullable=False),
    # scores are multiplied by it
    Column("weight", Exact, nullable=False, server_default="1"),
    UniqueConstraint("round_id", "position"),
)

contestants = Table(
    "contestants",
    metadata,
    _id(),
    _ref("round_id", "rounds"),
    _ref("unit_id", "units", index=True),
    Column("position", Integer, nullable=False),
    Column("class", String(40), key="klass", nullable=False, server_default=""),
    UniqueConstraint("round_id", "position"),
    UniqueConstraint("round_id", "unit_id"),
)

judges = Table(
    "judges",
    metadata,
    _id(),
    _ref("round_id", "rounds"),
    _ref("person_id", "people", index=True),
    Column("panel", String(40), nullable=False, server_default=""),
    # set when a substitute has taken over
    Column("left_at", Moment),
    _ref("replaces", "judges", nullable=True),
    UniqueConstraint("round_id", "person_id"),
)

# A judge who may not score a contestant for a reason that the roster does not show.
recusals = Table(
    "recusals",
    metadata,
    _id(),
    _ref("judge_id", "judges"),
    _ref("contestant_id", "contestants"),
    Column("reason", Text, nullable=False),
    _ref("declared_by", "people"),
    Column("at", Moment, nullable=False),
    UniqueConstraint("judge_id", "contestant_id"),
)

# An interest that outlasts a round: the person judges nothing of the unit, or below it, until it has ended.
relations = Table(
    "relations",
    metadata,
    _id(),
    _ref("person_id", "people", index=True),
    _ref("unit_id", "units"),
    Column("reason", Text, nullable=False),
    _ref("declared_by", "people"),
    Column("at", Moment, nullable=False),
    Column("ended_at", Moment),
    _ref("ended_by", "people", nullable=True),
)

# One judge's scores for one contestant. Every version is kept; the highest version is the one that counts.
score_sheets = Table(
    "score_sheets",
    metadata,
    _id(),
    _ref("judge_id", "judges"),
    _ref("contestant_id", "contestants", index=True),
    Column("version", Integer, nullable=False),
    # [score per criterion] as decimal strings, or one total for the whole
    Column("scores", JSON, nullable=False),
    # none when this version takes the scores back, or abstains
    Column("total", Exact),
    # given, abstained, withdrawn
    Column("status", String(12), nullable=False, server_default="given"),
    # random, so that nobody can guess a sheet from its hash
    Column("salt", String(32), nullable=False, server_default=""),
    Column("entered_at", Moment, nullable=False),
    # somebody else than the judge: keyed in from paper
    _ref("entered_by", "people"),
    UniqueConstraint("judge_id", "contestant_id", "version"),
)

# Bonus, penalty and time: what is added to a contestant's result after averaging.
adjustments = Table(
    "adjustments",
    metadata,
    _id(),
    _ref("contestant_id", "contestants", index=True),
    # time, bonus, penalty
    Column("kind", String(12), nullable=False),
    Column("points", Exact, nullable=False),
    Column("reason", Text, nullable=False),
    # seconds spoken, for time
    Column("seconds", Integer),
    _ref("entered_by", "people"),
    Column("entered_at", Moment, nullable=False),
    _ref("withdrawn_by", "people", nullable=True),
    Column("withdrawn_at", Moment),
    _settled("adjustments", "withdrawn_at"),
)

# What happened to a round, by whom and why: nothing in it is ever changed.
round_steps = Table(
    "round_steps",
    metadata,
    _id(),
    _ref("round_id", "rounds", index=True),
    # created, opened, next, closed, computed, signed, published, reopened, drawn, objection, answered, …
    Column("step", String(20), nullable=False),
    _ref("person_id", "people"),
    # the role in which a signature was given
    Column("role", String(20)),
    Column("reason", Text),
    Column("data", JSON, nullable=False),
    Column("at", Moment, nullable=False),
)

# The verifiable draw of the order of appearance.
draws = Table(
    "draws",
    metadata,
    _id(),
    _ref("round_id", "rounds", index=True),
    Column("seed", String(64), nullable=False),
    Column("commitment", String(64), nullable=False),
    Column("announced_at", Moment, nullable=False),
    Column("revealed_at", Moment),
    _settled("draws", "revealed_at"),
)
draw_words = Table(
    "draw_words",
    metadata,
    _id(),
    _ref("draw_id", "draws"),
    _ref("unit_id", "units"),
    Column("words", Text, nullable=False),
    _ref("person_id", "people"),
    Column("at", Moment, nullable=False),
    UniqueConstraint("draw_id", "unit_id"),
)

# What was published, version by version: a correction never replaces what was there before.
publications = Table(
    "publications",
    metadata,
    _id(),
    _ref("round_id", "rounds"),
    Column("version", Integer, nullable=False),
    # [{contestant, rank, score}] as announced
    Column("ranking", JSON, nullable=False),
    Column("reason", Text),
    # the bundle with which anybody can check
    Column("bundle", String(80), nullable=False),
    _ref("published_by", "people"),
    Column("published_at", Moment, nullable=False),
    UniqueConstraint("round_id", "version"),
)

objections = Table(
    "objections",
    metadata,
    _id(),
    _ref("round_id", "rounds", index=True),
    # the unit on whose behalf; none: a judge about a sheet keyed in for them
    _ref("unit_id", "units", nullable=True),
    _ref("person_id", "people"),
    Column("words", Text, nullable=False),
    Column("made_at", Moment, nullable=False),
    Column("answer", Text),
    _ref("answered_by", "people", nullable=True),
    Column("answered_at", Moment),
    _settled("objections", "answered_at"),
)

# --- highlights -------------------------------------------------------------------------------------------

# What a unit is proud of, for others to learn from.
highlights = Table(
    "highlights",
    metadata,
    _id(),
    _ref("unit_id", "units", index=True),
    Column("year", Integer, nullable=False),
    Column("quarter", Integer, nullable=False),
    Column("words", Text, nullable=False),
    _ref("person_id", "people"),
    Column("made_at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
    _ref("withdrawn_by", "people", nullable=True),
    Column("withdrawn_because", Text),
    # chosen for the bulletin
    Column("picked_at", Moment),
    Index("ix_highlights_year_quarter", "year", "quarter"),
)

# One voice a person for each highlight.
recommendations = Table(
    "recommendations",
    metadata,
    _id(),
    _ref("highlight_id", "highlights"),
    _ref("person_id", "people"),
    Column("at", Moment, nullable=False),
    UniqueConstraint("highlight_id", "person_id"),
)

# --- the year's end -----------------------------------------------------------------------------------------

# 评诺: what became of a commitment, to the office and then to the district; the newest of a level counts.
verdicts = Table(
    "verdicts",
    metadata,
    _id(),
    _ref("commitment_id", "commitments", index=True),
    # office, district
    Column("level", String(20), nullable=False),
    # fulfilled, partly, unfulfilled
    Column("verdict", String(20), nullable=False),
    Column("reason", Text),
    _ref("person_id", "people"),
    Column("at", Moment, nullable=False),
    Column("withdrawn_at", Moment),
)

# Stars awarded to a unit for a year, one row a star.
stars = Table(
    "stars",
    metadata,
    _id(),
    _ref("unit_id", "units"),
    Column("year", Integer, nullable=False),
    Column("star", String(40), nullable=False),
    Column("reason", Text, nullable=False),
    _ref("awarded_by", "people"),
    Column("awarded_at", Moment, nullable=False),
    _ref("withdrawn_by", "people", nullable=True),
    Column("withdrawn_at", Moment),
    Column("withdrawn_because", Text),
    Index("ix_stars_unit_id_year", "unit_id", "year"),
)

# Composite standings as they were published, version by version.
standings = Table(
    "standings",
    metadata,
    _id(),
    _ref("unit_id", "units"),
    Column("year", Integer, nullable=False),
    # 1 to 4, 0 for the whole year
    Column("quarter", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("ranking", JSON, nullable=False),
    Column("reason", Text),
    _ref("published_by", "people"),
    Column("published_at", Moment, nullable=False),
    UniqueConstraint("unit_id", "year", "quarter", "version"),
)

# --- the browser room's own post office -------------------------------------------------------------------

room_messages = Table(
    "room_messages",
    metadata,
    _id(),
    # "group:7" or "private:p12"
    Column("room", String(120), nullable=False),
    # account of the writer; none for the bot
    Column("author", String(120)),
    # the writer's own name for it: what is sent again after a lost connection is kept once
    Column("key", String(120), nullable=False, unique=True),
    Column("content", JSON, nullable=False),
    Column("at", Moment, nullable=False),
    Column("edited_at", Moment),
    # set once the engine has committed it; what is not set is handed in again at start
    Column("taken_at", Moment),
    Index("ix_room_messages_room_id", "room", "id"),
    sqlite_autoincrement=True,
)
