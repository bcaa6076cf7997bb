"""Who wrote, where, and what they had been asked: the same by one statement as one by one."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, update

from bot.chat.context import Dialogue
from bot.chat.messages import ChatKind, ChatRef, Sender
from bot.chat.people import Post, Role
from storage import accounts, dialogues, people, recognition, tables, units
from storage.database import Database, Tx
from storage.recognition import Recognised
from tests.world import MORNING

HERE = ChatRef("post", "42", ChatKind.PRIVATE, "王芳")
GROUP = ChatRef("post", "-7", ChatKind.GROUP, "大里村")
WANG = Sender("42", "王芳")


def recognise(tx: Tx, ref: ChatRef = HERE) -> Recognised:
    return recognition.recognise(tx, ref, WANG, now=MORNING)


def test_who_is_new_is_known_from_then_on(database: Database) -> None:
    with database.transaction() as tx:
        new = recognise(tx)
        assert (new.chat.external_id, new.actor.name, new.dialogue) == ("42", "王芳", None)
        assert recognise(tx) == new
        assert accounts.private_chat_of(tx, new.actor.account_id) == new.chat.id
        elsewhere = recognise(tx, GROUP)
        assert (elsewhere.actor, elsewhere.chat.is_group) == (new.actor, True)
        assert accounts.private_chat_of(tx, new.actor.account_id) == new.chat.id


def test_every_post_and_the_open_question_come_along(database: Database) -> None:
    with database.transaction() as tx:
        known = recognise(tx)
        district = units.add(tx, name="区", kind="district", parent_id=None, now=MORNING, position=0)
        village = units.add(tx, name="大里村", kind="village", parent_id=district, now=MORNING, position=0)
        person = people.add(tx, name="王芳芳", now=MORNING)
        people.appoint(tx, person_id=person, unit_id=village, role=Role.SECRETARY, now=MORNING)
        people.appoint(tx, person_id=person, unit_id=district, role=Role.ORGANIZER, now=MORNING)
        mine = tables.accounts.c.id == known.actor.account_id
        tx.execute(update(tables.accounts).where(mine).values(person_id=person))
        for chat, kind in ((known.chat, "here"), (recognise(tx, GROUP).chat, "there")):
            dialogues.put(
                tx,
                Dialogue(kind, "t", {"a": 1}, buttons={"好": "yes:1"}),
                account_id=known.actor.account_id,
                chat_id=chat.id,
                now=MORNING,
                expires_at=MORNING + timedelta(minutes=30),
            )
        found = recognise(tx)
        assert found.actor == accounts.known(tx, "post", "42")
        assert found.actor.name == "王芳芳"
        posts = (Post(Role.SECRETARY, village, "大里村"), Post(Role.ORGANIZER, district, "区"))
        assert found.actor.posts == posts
        there = {"account_id": found.actor.account_id, "chat_id": found.chat.id, "now": MORNING}
        assert found.dialogue == dialogues.find(tx, **there)
        assert found.dialogue is not None
        assert (found.dialogue.kind, found.dialogue.buttons) == ("here", {"好": "yes:1"})
        later = recognition.recognise(tx, HERE, WANG, now=MORNING + timedelta(minutes=30))
        assert (later.actor, later.dialogue) == (found.actor, None)


def test_a_chat_that_is_called_otherwise_is_noted_and_known_people_cost_one_statement(database: Database) -> None:
    statements: list[str] = []
    with database.transaction() as tx:
        recognise(tx, GROUP)
        recognise(tx, ChatRef("post", "-7", ChatKind.GROUP, "大里村工作群"))
        assert recognise(tx, GROUP).chat.title == "大里村工作群"
        event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        recognise(tx, GROUP)
    assert len([said for said in statements if said.startswith("SELECT")]) == 1
