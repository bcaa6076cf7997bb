"""A district or a province of any size in a database, made by the database itself: 600,000 units in minutes.

Province → city → district → office → village; five commitments and a secretary a village, an administrator an
office, one organizer, judges with open rounds. With `past`, also what a quarter leaves behind: a report for every
commitment, a photo, a change, a reminder and a message in and out for every village.

The rows are plain SQL over a series of numbers; the indexes are those of `storage/tables.py`, made after the rows.
Two things are not as in life: foreign keys are not checked while the rows are made, and the audit trail has one
made-up seal for each table, from which it goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from sqlalchemy.schema import CreateIndex

from bot.chat.messages import ChatKind, ChatRef, Sender
from storage import reminders, tables
from storage.database import Database
from storage.reminders import Marks

#: Villages in an office, offices in a district, districts in a city.
IN_OFFICE, IN_DISTRICT, IN_CITY = 14, 10, 10
JUDGES, CONTESTANTS, MOST_ROUNDS = 7, 9, 100
#: Commitments of every village: words, measure, target.
WORDS = (
    ("硬化村内道路2公里", "公里", 2),
    ("安装路灯120盏", "盏", 120),
    ("调解矛盾纠纷30件", "件", 30),
    ("组织志愿服务24场", "场", 24),
    ("开展主题党日12次", "次", 12),
)
EACH = len(WORDS)
#: Of so many villages the quarter's report is still missing.
LATE = 70
#: The quarter's reports were said so long ago; it is the quarter of that day.
AGO = timedelta(days=5)
#: So long nobody need look at their lights.
ON_PACE = timedelta(days=90)
_SYLLABLES = (
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花"
    "方俞任袁柳鲍史唐费廉岑薛雷贺倪汤滕殷罗毕郝邬林石田高龙溪湖岭桥泉坪湾塘"
)


@dataclass(frozen=True, slots=True)
class Shape:
    """How many of everything there are, and which numbers they have. People: secretaries first, in order."""

    villages: int

    @property
    def offices(self) -> int:
        return -(-self.villages // IN_OFFICE)

    @property
    def districts(self) -> int:
        return -(-self.offices // IN_DISTRICT)

    @property
    def cities(self) -> int:
        return -(-self.districts // IN_CITY)

    @property
    def rounds(self) -> int:
        return max(1, min(MOST_ROUNDS, self.villages // (IN_OFFICE * IN_DISTRICT)))

    @property
    def first_district(self) -> int:
        return 2 + self.cities

    @property
    def first_office(self) -> int:
        return self.first_district + self.districts

    @property
    def first_village(self) -> int:
        return self.first_office + self.offices

    @property
    def first_administrator(self) -> int:
        return 1 + self.villages

    @property
    def organizer(self) -> int:
        return self.first_administrator + self.offices

    @property
    def first_judge(self) -> int:
        return self.organizer + 1

    @property
    def people(self) -> int:
        return self.organizer + self.rounds * JUDGES

    def secretary_of(self, number: int) -> int:
        """Who reports for the village of that number (from 1)."""
        return number

    def contestants(self, judge: int) -> list[str]:
        """Whom a judge (a person) scores."""
        turn = (judge - self.first_judge) // JUDGES
        first = turn * IN_OFFICE * IN_DISTRICT
        return [village_name(first + n) for n in range(1, CONTESTANTS + 1)]


def village_name(number: int) -> str:
    """Of the village of that number (from 1); no two have the same."""
    size = len(_SYLLABLES)
    parts = (number // size // size, number // size % size, number % size)
    return "".join(_SYLLABLES[part] for part in parts) + "村"


def on_telegram(person: int) -> bool:
    """Every other person writes through Telegram, the others through WeCom."""
    return person % 2 == 0


def account(person: int) -> str:
    """The person's id on their platform."""
    return str(7_000_000_000 + person) if on_telegram(person) else f"s{person}"


def address(person: int) -> tuple[ChatRef, Sender]:
    """Where and as whom a person writes."""
    who = account(person)
    platform, chat = ("telegram", who) if on_telegram(person) else ("wecom", f"user:{who}")
    return ChatRef(platform, chat, ChatKind.PRIVATE), Sender(who, f"书记{person}")


def build(database: Database, villages: int, *, now: datetime, past: bool = True) -> Shape:
    """Make tables, rows and indexes; everything up to now is taken care of."""
    shape = Shape(villages)
    tables.metadata.create_all(database.engine)
    statements = _Statements(shape, now, sqlite=database.is_sqlite)
    filled = [*statements.roster(), *statements.promises(past=past), *statements.rounds()]
    filled += statements.quarter() if past else ()
    names = dict.fromkeys(statement.split()[2] for statement in filled)
    indexes = [index for name in names for index in tables.metadata.tables[name].indexes]
    makes = [str(CreateIndex(index).compile(dialect=database.engine.dialect)) for index in indexes]
    before, after = _SQLITE if database.is_sqlite else _POSTGRESQL
    with closing(database.engine.raw_connection()) as borrowed:
        connection = borrowed.driver_connection
        assert connection is not None
        if not database.is_sqlite:
            connection.autocommit = True
        with closing(connection.cursor()) as cursor:
            drops = [f"DROP INDEX {index.name}" for index in indexes]
            sequences = [] if database.is_sqlite else [_sequence(name) for name in names if _is_numbered(name)]
            for statement in (*before, *drops, *filled, *makes, *sequences, *after):
                cursor.execute(statement)
        borrowed.invalidate()
    with database.transaction() as tx:
        reminders.mark(tx, Marks(now, now))
    return shape


#: Before and after the rows. A build that breaks is begun anew, so nothing of it need survive a crash.
_SQLITE = (
    (
        "PRAGMA journal_mode=OFF",
        "PRAGMA synchronous=OFF",
        "PRAGMA foreign_keys=OFF",
        "PRAGMA cache_size=-400000",
        "BEGIN",
    ),
    ("COMMIT", "PRAGMA journal_mode=WAL"),
)
_POSTGRESQL = (
    (
        "SET session_replication_role = replica",
        "SET synchronous_commit = off",
        "SET maintenance_work_mem = '512MB'",
        "SET max_parallel_maintenance_workers = 1",
    ),
    ("VACUUM ANALYZE", "CHECKPOINT"),
)


def _is_numbered(name: str) -> bool:
    return "id" in tables.metadata.tables[name].c


def _sequence(name: str) -> str:
    """Numbers were given by hand: let PostgreSQL go on behind them."""
    return f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))"


class _Statements:
    """One `INSERT INTO table … SELECT …` a table; `i` counts from 1."""

    def __init__(self, shape: Shape, now: datetime, *, sqlite: bool) -> None:
        self.shape, self.now, self._sqlite = shape, now, sqlite
        said = now - AGO
        self.quarter_name = f"{said.year}Q{(said.month - 1) // 3 + 1}"
        self._begun = self._at(now - timedelta(days=400))

    def _at(self, moment: datetime) -> str:
        moment = moment.astimezone(UTC)
        return f"'{moment:%Y-%m-%d %H:%M:%S.%f}'" if self._sqlite else f"'{moment:%Y-%m-%d %H:%M:%S.%f}+00'"

    def _insert(self, table: str, count: int, **columns: object) -> str:
        series = f"generate_series(1, {count}) AS n(i)"
        if self._sqlite:
            numbers = f"SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < {count}"
            series = f"(WITH RECURSIVE n(i) AS ({numbers}) SELECT i FROM n)"
        values = ", ".join(str(value) for value in columns.values())
        return f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {series}"

    # --- who there is -------------------------------------------------------------------------------------

    def roster(self) -> Iterator[str]:
        """Units, people, their posts and accounts, the offices' groups."""
        yield from self._units()
        yield from self._ancestors()
        s, begun = self.shape, self._begun
        yield self._insert("people", s.people, id="i", name="'书记' || i", created_at=begun)
        yield self._post(s.villages, "secretary", 0, f"i + {s.first_village - 1}")
        yield self._post(s.offices, "office_administrator", s.first_administrator - 1, f"i + {s.first_office - 1}")
        yield self._post(1, "organizer", s.organizer - 1, "1")
        district = f"(i - 1) / {JUDGES} + {s.first_district}"
        yield self._post(s.rounds * JUDGES, "judge", s.first_judge - 1, district)
        either = "CASE WHEN i % 2 = 0 THEN {} ELSE {} END"
        name = either.format(7_000_000_000, "0") + " + i"
        platform, who = either.format("'telegram'", "'wecom'"), either.format(f"'' || ({name})", "'s' || i")
        chat = either.format(f"'' || ({name})", "'user:s' || i")
        common = {"platform": platform, "created_at": begun}
        yield self._insert("chats", s.people, id="i", external_id=chat, is_group="false", **common)
        yield self._insert(
            "chats",
            s.offices,
            id=f"i + {s.people}",
            platform="'telegram'",
            external_id="'' || (-8000000000 - i)",
            is_group="true",
            unit_id=f"i + {s.first_office - 1}",
            created_at=begun,
        )
        yield self._insert(
            "accounts",
            s.people,
            id="i",
            external_id=who,
            display_name="'书记' || i",
            person_id="i",
            private_chat_id="i",
            bound_at=begun,
            **common,
        )

    def _post(self, count: int, role: str, before: int, unit: str) -> str:
        person = f"i + {before}"
        columns = {"person_id": person, "unit_id": unit, "role": f"'{role}'", "since": self._begun}
        return self._insert("posts", count, id=person, **columns)

    def _units(self) -> Iterator[str]:
        s = self.shape
        size = len(_SYLLABLES)
        syllables = [f"i / {size} / {size}", f"i / {size} % {size}", f"i % {size}"]
        village = " || ".join([*(f"substr('{_SYLLABLES}', {one} + 1, 1)" for one in syllables), "'村'"])
        for count, first, above, group, kind, name in (
            (1, 1, None, 1, "province", "'某省'"),
            (s.cities, 2, 1, s.cities, "city", "'第' || i || '市'"),
            (s.districts, s.first_district, 2, IN_CITY, "district", "'第' || i || '区'"),
            (s.offices, s.first_office, s.first_district, IN_DISTRICT, "office", "'第' || i || '办事处'"),
            (s.villages, s.first_village, s.first_office, IN_OFFICE, "village", village),
        ):
            yield self._insert(
                "units",
                count,
                id=f"i + {first - 1}",
                parent_id="NULL" if above is None else f"(i - 1) / {group} + {above}",
                name=name,
                kind=f"'{kind}'",
                position="i",
                created_at=self._begun,
                promised_year=self.now.year if kind == "village" else 0,
            )

    def _ancestors(self) -> Iterator[str]:
        """Each unit itself, the one above it, and so on; the villages' first, since they are nearly all."""
        s = self.shape
        steps = [(s.first_office, IN_OFFICE), (s.first_district, IN_DISTRICT), (2, IN_CITY), (1, s.cities)]
        counts = [s.villages, s.offices, s.districts, s.cities, 1]
        firsts = [s.first_village, s.first_office, s.first_district, 2, 1]
        for level, (count, first) in enumerate(zip(counts, firsts, strict=True)):
            above = "i - 1"
            yield self._ancestor(count, first, f"{above} + {first}", 0)
            for depth, (top, group) in enumerate(steps[level:], 1):
                above = f"({above}) / {group}"
                yield self._ancestor(count, first, f"{above} + {top}", depth)

    def _ancestor(self, count: int, first: int, above: str, depth: int) -> str:
        unit = f"i + {first - 1}"
        return self._insert("unit_ancestors", count, unit_id=unit, ancestor_id=above, depth=depth)

    # --- what they promised and reported ------------------------------------------------------------------

    def promises(self, *, past: bool) -> Iterator[str]:
        """Five commitments a village; with a past, reported at 60 %, of this quarter except by the late ones."""
        s, published = self.shape, self._at(self.now - timedelta(days=100))
        person, number = f"((i - 1) / {EACH} + 1)", f"((i - 1) % {EACH} + 1)"
        columns: dict[str, object] = {
            "id": "i",
            "unit_id": f"{person} + {s.first_village - 1}",
            "year": self.now.year,
            "number": number,
            "category": "'elective'",
            "words": self._by_number([f"'{words}'" for words, _measure, _target in WORDS]),
            "kind": "'quantity'",
            "target": self._by_number([f"'{target}'" for *_more, target in WORDS], exact=True),
            "measure": self._by_number([f"'{measure}'" for _words, measure, _target in WORDS]),
            "parts": "'[]'",
            "due": f"'{date(self.now.year, 12, 31)}'",
            "state": "'published'",
            "proposed_by": person,
            "proposed_at": published,
            "published_at": published,
        }
        if past:
            columns |= {
                "share": "'0.6'",
                "value": self._by_number([f"'{target * 6 / 10}'" for *_more, target in WORDS], exact=True),
                "reported_at": self._at(self.now - AGO),
                # All are on pace until the autumn, and were looked at when they were reported.
                "look_on": f"'{(self.now + ON_PACE).date()}'",
                "reported_quarter": f"CASE WHEN i <= {LATE * EACH} THEN NULL ELSE '{self.quarter_name}' END",
            }
        yield self._insert("commitments", s.villages * EACH, **columns)

    def _by_number(self, values: list[str], *, exact: bool = False) -> str:
        cases = " ".join(f"WHEN {(at + 1) % EACH} THEN {value}" for at, value in enumerate(values))
        chosen = f"CASE i % {EACH} {cases} END"
        return f"CAST({chosen} AS NUMERIC)" if exact and not self._sqlite else chosen

    def quarter(self) -> Iterator[str]:
        """What a quarter leaves behind."""
        s, said = self.shape, self._at(self.now - AGO)
        office = f"(i - 1) / {EACH * IN_OFFICE} + {s.first_administrator}"
        yield self._insert(
            "reports",
            s.villages * EACH,
            id="i",
            commitment_id="i",
            quarter=f"'{self.quarter_name}'",
            person_id=f"(i - 1) / {EACH} + 1",
            said_at=said,
            words="'第' || ((i - 1) % 5 + 1) || '项完成60%了'",
            share="'0.6'",
            parts="'[]'",
            state="'verified'",
            verified_by=office,
            verified_at=said,
        )
        village = f"i + {s.first_village - 1}"
        yield self._insert("inbox", s.villages, id="i", platform="'old'", message_id="'m' || i", received_at=said)
        yield self._insert(
            "outbox",
            s.villages,
            id="i",
            chat_id="i",
            content="""'{"body": [["line", "已登记", "plain"]]}'""",
            state="'sent'",
            urgent="true",
            attempts="1",
            created_at=said,
            next_at=said,
            sent_at=said,
            platform_message_id="'m' || i",
        )
        yield self._insert(
            "changes",
            s.villages,
            id="i",
            at=said,
            person_id="i",
            account_id="i",
            inbox_id="i",
            unit_id=village,
            kind="'progress.reported'",
            subject_id=f"(i - 1) * {EACH} + 1",
            summary="'{}'",
            data="'{}'",
        )
        yield self._insert(
            "reminders",
            s.villages,
            id="i",
            recipient="'p' || i",
            about=f"'report:{self.quarter_name}:u' || ({village}) || ':{self.now.year}-04-06'",
            step="'before3'",
            at=said,
        )
        yield self._insert(
            "evidence",
            s.villages,
            id="i",
            file_key="'0'",
            name="'照片.jpg'",
            mime="'image/jpeg'",
            size="1000",
            person_id="i",
            chat_id="i",
            report_id=f"(i - 1) * {EACH} + 1",
            received_at=said,
        )
        for number, (table, rows) in enumerate((("reports", s.villages * EACH), ("changes", s.villages)), 1):
            yield self._insert(
                "audit",
                1,
                number=number,
                table_name=f"'{table}'",
                part="'made'",
                row_id=rows,
                digest=f"'{number:064}'",
                sealed_at=said,
                hash=f"'{number:064}'",
            )

    # --- what is scored -----------------------------------------------------------------------------------

    def rounds(self) -> Iterator[str]:
        """Open rounds of the first districts: nine contestants, seven judges, three criteria each."""
        s = self.shape
        opened = self._at(self.now - timedelta(hours=1))
        yield self._insert(
            "rounds",
            s.rounds,
            id="i",
            unit_id=f"i + {s.first_district - 1}",
            year=self.now.year,
            quarter=(self.now.month - 1) // 3 + 1,
            kind="'forum'",
            name="'第' || i || '区比学'",
            state="'open'",
            rules="'{}'",
            created_by=s.organizer,
            created_at=opened,
            opened_at=opened,
        )
        for position, (name, maximum) in enumerate((("发言", 40), ("材料", 30), ("答问", 30)), 1):
            yield self._insert(
                "criteria",
                s.rounds,
                id=f"{position - 1} * {s.rounds} + i",
                round_id="i",
                position=position,
                name=f"'{name}'",
                maximum=f"'{maximum}'",
                weight="'1'",
            )
        turn = f"(i - 1) / {CONTESTANTS}"
        yield self._insert(
            "contestants",
            s.rounds * CONTESTANTS,
            id="i",
            round_id=f"{turn} + 1",
            unit_id=f"{turn} * {IN_OFFICE * IN_DISTRICT} + (i - 1) % {CONTESTANTS} + {s.first_village}",
            position=f"(i - 1) % {CONTESTANTS} + 1",
        )
        yield self._insert(
            "judges",
            s.rounds * JUDGES,
            id="i",
            round_id=f"(i - 1) / {JUDGES} + 1",
            person_id=f"i + {s.first_judge - 1}",
        )
