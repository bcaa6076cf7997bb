"""The database: SQLite in one file by default, PostgreSQL when configured. Statements are the same for both."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, CursorResult, Row, make_url
from sqlalchemy.exc import DBAPIError, InvalidRequestError, SQLAlchemyError
from sqlalchemy.pool import QueuePool
from sqlalchemy.sql import Executable

from bot.chat.errors import ConfigurationError
from storage import schemas

#: SQLite's log is moved into the file when nobody waits (`bot.worker`), and by a commit only when it has become so
#: long, in pages of 4 KiB: then somebody waits for it.
LONGEST_LOG = 8000
#: How long PostgreSQL bears with a transaction in which nothing is asked, in seconds.
IDLE_SECONDS = 30
#: How long a connection to PostgreSQL may take, in seconds.
CONNECT_SECONDS = 10


#: A statement's list has so many values at most; SQLite binds 32,766 in all, PostgreSQL 65,535.
MOST_AT_ONCE = 10_000


class Tx:
    """An open transaction. Query functions take it first; nothing else may use the connection meanwhile."""

    __slots__ = ("_depth", "connection")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._depth = 0

    def execute(self, statement: Executable, values: Mapping[str, Any] | None = None) -> CursorResult[Any]:
        return self.connection.execute(statement, values or {})

    def many(self, statement: Executable, values: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement once per set of values; nothing for none."""
        if values:
            self.connection.execute(statement, values)

    def all(
        self, statement: Executable, values: Mapping[str, Any] | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        return self.connection.execute(statement, values or {}).all()

    def among(
        self, statement: Executable, name: str, wanted: Iterable[Any], values: Mapping[str, Any] | None = None
    ) -> Sequence[Row[*tuple[Any, ...]]]:
        """The rows of a statement with a list of any length, bound as `name`: each value once, in order.

        The databases bind so many values at most, so a long list takes several executions; the statement's own
        order holds within each. Nothing is asked for an empty list.
        """
        ordered = sorted(set(wanted))
        found: list[Row[*tuple[Any, ...]]] = []
        for start in range(0, len(ordered), MOST_AT_ONCE):
            found += self.all(statement, {**(values or {}), name: ordered[start : start + MOST_AT_ONCE]})
        return found

    def first(
        self, statement: Executable, values: Mapping[str, Any] | None = None
    ) -> Row[*tuple[Any, ...]] | None:
        return self.connection.execute(statement, values or {}).first()

    def scalar(self, statement: Executable, values: Mapping[str, Any] | None = None) -> Any:
        return self.connection.execute(statement, values or {}).scalar()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """What happens inside is undone as a whole when it raises. Savepoints may lie within one another.

        Said to the driver itself: every message opens one, and the two words are the same on both databases.
        """
        self._depth += 1
        name = f"s{self._depth}"
        cursor = self.connection.connection.cursor()
        try:
            cursor.execute(f"SAVEPOINT {name}")
            try:
                yield
            except BaseException as error:
                try:
                    cursor.execute(f"ROLLBACK TO SAVEPOINT {name}")
                    cursor.execute(f"RELEASE SAVEPOINT {name}")
                except Exception:
                    # A full disk or a cut line takes the whole transaction along; that is what must be told.
                    if is_failing(error):
                        raise error from None
                    raise
                raise
            cursor.execute(f"RELEASE SAVEPOINT {name}")
        finally:
            self._depth -= 1
            cursor.close()


class DriverCursor:
    """SQLite's own cursor, whose errors are told as the library tells them; `text` is what is executed."""

    __slots__ = ("_connection", "_cursor", "_text")

    def __init__(self, connection: Connection, text: str) -> None:
        self._connection = connection
        self._text = text

    def __enter__(self) -> Any:
        self._cursor = self._connection.connection.cursor()
        return self._cursor

    def __exit__(self, _kind: object, error: BaseException | None, _where: object) -> None:
        self._cursor.close()
        if isinstance(error, sqlite3.Error):
            raise DBAPIError.instance(self._text, None, error, sqlite3.Error, hide_parameters=True) from error


class Steady:
    """A connection that one thread keeps from one transaction to the next.

    Fetching one costs as much as a statement, and on PostgreSQL a question to the server. After an error it is
    given back, and the next transaction fetches one that answers.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        """Begins, commits on leaving, and rolls back when something raises."""
        if self._connection is None:
            self._connection = self._engine.connect()
        try:
            with self._connection.begin():
                yield Tx(self._connection)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()


class Database:
    """One engine. `transaction()` begins, commits on leaving, and rolls back when something raises.

    `direct`: where the URL leads to a pooler that gives each transaction another connection, the address of
    PostgreSQL itself. Then nothing is used that belongs to a connection, such as prepared statements.
    """

    def __init__(self, url: str, *, threads: int = 1, direct: str = "") -> None:
        self.url = _with_driver(make_url(url))
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        #: How many threads may work for people at a time.
        self.threads = 1 if self.is_sqlite else threads
        self._direct = _with_driver(make_url(direct)) if direct else self.url
        self.engine = (
            _sqlite_engine(self.url)
            if self.is_sqlite
            else _postgresql_engine(self.url, threads, pooled=bool(direct))
        )

    @property
    def address(self) -> str:
        """Where PostgreSQL itself is, as other programs and its own library read it, with the password."""
        url = self._direct
        return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)

    @contextmanager
    def transaction(self) -> Iterator[Tx]:
        with self.engine.begin() as connection:
            yield Tx(connection)

    def steady(self) -> Steady:
        """For a thread that has one transaction after the other."""
        return Steady(self.engine)

    @contextmanager
    def reading(self) -> Iterator[Tx]:
        """A transaction that sees one moment of the database and keeps nobody from writing meanwhile."""
        options: dict[str, Any] = {"reading": True}
        if not self.is_sqlite:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield Tx(connection)

    def checkpoint(self) -> None:
        """Move what was committed from SQLite's log into its file, as far as nobody reads it."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                cursor = connection.connection.cursor()
                cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
                cursor.close()

    def check(self) -> None:
        """Raises ConfigurationError when the database cannot be reached."""
        try:
            with self.engine.connect() as connection:
                connection.exec_driver_sql("SELECT 1")
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", error)).strip()
            if "unsupported startup parameter" in cause:
                cause += "; this is PgBouncer: set database.lock_url to PostgreSQL's own address"
            raise ConfigurationError(f"database.url: cannot open {self.url!r}: {cause}") from error
        wanted = schemas.named(self.url) or schemas.named(self._direct)
        if wanted and schemas.current(self) != wanted:
            raise ConfigurationError(
                f"database.schema: there is no schema {wanted} that {self.url.username} may use; "
                "deploy/district.sql makes it, and behind PgBouncer it must have given the role that search_path"
            )

    def close(self) -> None:
        self.engine.dispose()


#: SQLite's words for trouble that is no fault of the statement: busy, locked, out of memory or space, cannot read.
_SQLITE_TROUBLE = frozenset({5, 6, 7, 8, 10, 13, 14})
#: The same of PostgreSQL, by class: connection, resources, operator's intervention, system error.
_POSTGRESQL_TROUBLE = ("08", "53", "57", "58")


def is_failing(error: BaseException) -> bool:
    """Whether the database is in trouble (full, locked, cut off), rather than the statement wrong."""
    if not isinstance(error, DBAPIError):
        return isinstance(error, InvalidRequestError)  # the transaction was lost under an earlier statement
    code = getattr(error.orig, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _SQLITE_TROUBLE
    state = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or state.startswith(_POSTGRESQL_TROUBLE)


def insert(table: Any, tx: Tx) -> sqlite.Insert | postgresql.Insert:
    """An INSERT with `on_conflict_do_nothing` and `on_conflict_do_update`, which both databases have."""
    if tx.connection.dialect.name == "sqlite":
        return sqlite.insert(table)
    return postgresql.insert(table)


def _with_driver(url: URL) -> URL:
    name = url.get_backend_name()
    if name == "sqlite":
        return url
    if name == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    raise ConfigurationError(f"database.url: {name} is not supported; use sqlite:///path or postgresql://…")


# Errors hide the values of a statement: they end up in logs, and a judge's score must not.


def _sqlite_engine(url: URL) -> Engine:
    # One writer and a few readers; the pool must not discard the writer's warm connection.
    engine = create_engine(
        url,
        hide_parameters=True,
        poolclass=QueuePool,
        pool_size=4,
        connect_args={"check_same_thread": False, "timeout": 30, "cached_statements": 256},
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: Any) -> None:
        # The driver's own idea of when to begin is switched off: we begin, and IMMEDIATE, so that a reader
        # never has to become a writer half-way, which is what "database is locked" comes from.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "busy_timeout=30000",
            f"wal_autocheckpoint={LONGEST_LOG}",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("reading")
        text = "BEGIN" if reading else "BEGIN IMMEDIATE"
        with DriverCursor(connection, text) as cursor:
            cursor.execute(text)

    return engine


def _postgresql_engine(url: URL, threads: int, *, pooled: bool) -> Engine:
    arguments: dict[str, Any] = {} if "connect_timeout" in url.query else {"connect_timeout": CONNECT_SECONDS}
    if pooled:
        # What the driver prepares on one connection would be missing on the next.
        arguments["prepare_threshold"] = None
    else:
        # A program that is paused in the midst of a transaction must not keep its locks from all the others. (A
        # pooler refuses such options and sees to it by itself, `idle_transaction_timeout`.) Of an option that is
        # given twice the last counts: what stands in the address is the operator's wish.
        options = [f"-c idle_in_transaction_session_timeout={IDLE_SECONDS}s", str(url.query.get("options", ""))]
        arguments["options"] = " ".join(options).strip()
    # The worker has two lines more than threads (what sends, and the clock), each with a connection that it keeps.
    return create_engine(
        url,
        hide_parameters=True,
        pool_size=threads + 2,
        max_overflow=2,
        pool_pre_ping=True,
        connect_args=arguments,
    )
