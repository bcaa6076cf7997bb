"""Old notes of messages go in small steps, and a look costs the same however many stay."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, select

from bot.chat.context import Change
from bot.chat.texts import T
from storage import changes, inbox
from storage.database import Database
from storage.tables import inbox as table
from tests.world import MORNING

BEFORE = MORNING + timedelta(days=1)


def take(database: Database, *names: str, days: int = 0, changing: bool = False) -> None:
    at = MORNING + timedelta(days=days)
    with database.transaction() as tx:
        for name in names:
            number = inbox.take(tx, platform="test", message_id=name, now=at)
            if changing:
                made = [Change("k", T("做了"))]
                changes.record(tx, made, now=at, person_id=None, account_id=None, inbox_id=number)


def forget(database: Database, most: int = 10) -> int:
    with database.transaction() as tx:
        return inbox.forget(tx, before=BEFORE, most=most)


def left(database: Database) -> list[str]:
    with database.transaction() as tx:
        return list(tx.connection.execute(select(table.c.message_id).order_by(table.c.id)).scalars())


def test_old_notes_go_step_by_step_and_what_changed_something_stays(database: Database) -> None:
    take(database, "a", "b", "c")
    take(database, "d", changing=True)
    take(database, "e", "f")
    take(database, "new", days=3)
    assert [forget(database, most=2) for _ in range(4)] == [2, 1, 2, 0]
    assert left(database) == ["d", "new"]
    with database.transaction() as tx:
        assert inbox.take(tx, platform="test", message_id="d", now=MORNING) is None


def test_the_newest_note_stays_so_that_its_number_is_not_given_again(database: Database) -> None:
    take(database, "a", "b")
    assert forget(database) == 1
    assert left(database) == ["b"]
    take(database, "c")
    assert [forget(database), forget(database)] == [1, 0]
    assert left(database) == ["c"]


def test_what_is_kept_is_not_looked_at_again(database: Database) -> None:
    take(database, *(f"m{n}" for n in range(50)), changing=True)
    take(database, "new", days=3)
    for _ in range(6):
        assert forget(database) == 0
    statements: list[str] = []
    event.listen(database.engine, "before_cursor_execute", lambda _c, _cur, said, *_: statements.append(said))
    assert forget(database) == 0
    assert not [said for said in statements if said.startswith("DELETE")]
