"""The browser room's part of the database: who can be played, which rooms they see, what is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.chat.messages import ChatKind, ChatRef, Sender
from bot.chat.people import Role
from storage import accounts, people, practice_people, practice_room
from storage import tables as t
from storage.database import Database, Tx
from tests.platforms.practice import MORNING, populate


@pytest.fixture
def tx(database: Database) -> Iterator[Tx]:
    with database.transaction() as open_one:
        yield open_one


@pytest.fixture
def numbers(tx: Tx) -> dict[str, int]:
    return populate(tx)


def names(tx: Tx, search: str = "", limit: int = 100) -> list[str]:
    return [who.name for who in practice_people.identities(tx, search=search, limit=limit)]


def test_everybody_can_be_played_by_role_and_place_and_a_stranger_last(tx: Tx, numbers: dict[str, int]) -> None:
    listed = practice_people.identities(tx, search="", limit=100)
    assert [who.name for who in listed][:3] == ["陈组织", "枫管理", "石管理"]
    assert [who.name for who in listed][6:8] == ["王芳", "李建国"]
    assert [who.name for who in listed][-2:] == ["蒋评委", "陌生人"]
    assert listed[6].account == f"p{numbers['王芳']}"
    assert [(post.role, post.unit_name) for post in listed[6].posts] == [(Role.SECRETARY, "大里村")]
    assert (listed[-1].account, listed[-1].bound) == ("guest-1", False)


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("王芳", ["王芳"]),
        ("大里", ["王芳"]),
        ("枫杨 书记", ["王芳", "李建国", "欧阳静"]),
        ("书记 石佛", ["赵强", "钱红"]),
        ("secretary 双桥", ["冯国栋"]),
        ("评委", ["蒋评委"]),
        ("%", []),
        ("_", []),
        ("\\", []),
        ("没有这个人", []),
    ],
)
def test_search_by_name_place_and_role(tx: Tx, numbers: dict[str, int], search: str, found: list[str]) -> None:
    assert names(tx, search)[:-1] == found


def test_a_long_roster_is_cut_and_the_gone_are_left_out(tx: Tx, numbers: dict[str, int]) -> None:
    assert names(tx, limit=2) == ["陈组织", "枫管理", "陌生人"]
    tx.execute(t.people.update().where(t.people.c.name == "王芳").values(ended_at=MORNING))
    assert "王芳" not in names(tx)
    with pytest.raises(LookupError):
        practice_people.identity(tx, f"p{numbers['王芳']}")


def test_somebody_with_several_posts_is_listed_once_by_the_first(tx: Tx, numbers: dict[str, int]) -> None:
    people.appoint(tx, person_id=numbers["王芳"], unit_id=numbers["高新区"], role=Role.ORGANIZER, now=MORNING)
    listed = practice_people.identities(tx, search="", limit=100)
    assert [who.name for who in listed].count("王芳") == 1
    wang = next(who for who in listed if who.name == "王芳")
    assert [post.role for post in wang.posts] == [Role.ORGANIZER, Role.SECRETARY]
    assert listed.index(wang) < 2


def test_an_account_comes_with_the_first_word_and_is_bound(tx: Tx, numbers: dict[str, int]) -> None:
    account = f"p{numbers['王芳']}"
    for _ in range(2):
        assert practice_people.enter(tx, account, now=MORNING).name == "王芳"
    rows = tx.all(select(t.accounts.c.external_id, t.accounts.c.person_id, t.accounts.c.display_name))
    assert [tuple(row) for row in rows] == [(account, numbers["王芳"], "王芳")]
    actor = accounts.identify(tx, "local", Sender(account, "王芳"), private_chat=None, now=MORNING)
    assert actor.id == numbers["王芳"]


@pytest.mark.parametrize("account", ["", "p0", "p999999", "guest-", "guest-0", "u1", "p1; drop", "group:1"])
def test_accounts_that_cannot_be(tx: Tx, numbers: dict[str, int], account: str) -> None:
    with pytest.raises(LookupError):
        practice_people.enter(tx, account, now=MORNING)


def bind(tx: Tx, account: str, person_id: int | None) -> None:
    """What binding with a code does to an account of the room."""
    ref = ChatRef("local", f"private:{account}", ChatKind.PRIVATE)
    chat = accounts.chat_for(tx, ref, now=MORNING)
    accounts.identify(tx, "local", Sender(account, account), private_chat=chat.id, now=MORNING)
    tx.execute(
        t.accounts.update()
        .where(t.accounts.c.external_id == account)
        .values(person_id=person_id, bound_at=MORNING)
    )


def test_a_stranger_who_binds_becomes_that_person_and_another_stranger_comes(
    tx: Tx, numbers: dict[str, int]
) -> None:
    assert practice_people.identity(tx, "guest-1").bound is False
    bind(tx, "guest-1", numbers["王芳"])
    bound = practice_people.identity(tx, "guest-1")
    assert (bound.name, bound.bound, bound.posts[0].unit_name) == ("王芳", True, "大里村")
    listed = practice_people.identities(tx, search="", limit=100)
    assert next(who for who in listed if who.name == "王芳").account == "guest-1"
    assert listed[-1].account == "guest-2"
    reached = accounts.reach_people(tx, [numbers["王芳"]], home="local", now=MORNING)
    assert accounts.chat(tx, reached[numbers["王芳"]].chat_id).external_id == "private:guest-1"


def test_who_takes_the_binding_back_is_a_stranger_by_a_known_name(tx: Tx, numbers: dict[str, int]) -> None:
    account = f"p{numbers['王芳']}"
    bind(tx, account, None)
    who = practice_people.enter(tx, account, now=MORNING)
    assert (who.name, who.bound, who.posts) == ("王芳", False, ())
    listed = practice_people.identities(tx, search="王芳", limit=5)
    assert (listed[0].account, listed[0].bound) == (account, False)
    assert [room.member for room in practice_room.rooms(tx, account)] == [True] + [False] * 6


def seen(tx: Tx, account: str) -> list[tuple[str, bool]]:
    return [(room.title, room.member) for room in practice_room.rooms(tx, account)]


def test_rooms_and_membership(tx: Tx, numbers: dict[str, int]) -> None:
    offices = ["枫杨办事处", "石佛办事处", "沟赵办事处", "梧桐办事处", "双桥办事处"]

    def expected(*members: str) -> list[tuple[str, bool]]:
        return [("", True)] + [(f"{unit}工作群", unit in members) for unit in ["高新区", *offices]]

    assert seen(tx, f"p{numbers['赵强']}") == expected("高新区", "石佛办事处")
    assert seen(tx, f"p{numbers['石管理']}") == expected("高新区", "石佛办事处")
    assert seen(tx, f"p{numbers['蒋评委']}") == expected("高新区")
    assert seen(tx, f"p{numbers['陈组织']}") == expected("高新区", *offices)
    assert seen(tx, "guest-1") == expected()


def test_groups_are_made_once_and_left_as_they_are(tx: Tx, numbers: dict[str, int]) -> None:
    tx.execute(
        t.chats.update()
        .where(t.chats.c.external_id == f"group:{numbers['枫杨办事处']}")
        .values(title="枫杨大家庭")
    )
    practice_room.ensure_groups(tx, now=MORNING)
    assert [title for title, _ in seen(tx, "guest-1")][1:3] == ["高新区工作群", "枫杨大家庭"]
    assert len(seen(tx, "guest-1")) == 7
    assert set(accounts.reach_groups(tx, [numbers["枫杨办事处"]])) == {numbers["枫杨办事处"]}


def test_one_room_and_rooms_that_are_not_ones_own(tx: Tx, numbers: dict[str, int]) -> None:
    account, group = f"p{numbers['王芳']}", f"group:{numbers['石佛办事处']}"
    assert practice_room.room(tx, account, f"private:{account}").kind is ChatKind.PRIVATE
    assert practice_room.room(tx, account, group).member is False
    for room in ("private:p999", "group:999999", "", "nowhere"):
        with pytest.raises(LookupError):
            practice_room.room(tx, account, room)


def put(tx: Tx, room: str, key: str, author: str | None = "p1") -> int:
    message, new = practice_room.append(
        tx, room, author=author, key=key, content={"text": key, "brief": key}, now=MORNING
    )
    assert new
    return message.id


def test_pages_of_messages(tx: Tx) -> None:
    ids = [put(tx, "group:1", f"key-{n}") for n in range(7)]
    put(tx, "group:2", "elsewhere")

    def page(**named: int) -> list[int]:
        return [message.id for message in practice_room.messages(tx, "group:1", **named)]

    assert page(limit=3) == ids[-3:]
    assert page(limit=3, before=ids[4]) == ids[1:4]
    assert page(limit=3, after=ids[1]) == ids[2:5]
    assert page(limit=100) == ids


def test_the_last_message_of_each_room(tx: Tx, numbers: dict[str, int]) -> None:
    account, group = f"p{numbers['王芳']}", f"group:{numbers['高新区']}"
    put(tx, group, "first")
    last = put(tx, group, "second")
    rooms = {room.id: room.last for room in practice_room.rooms(tx, account)}
    kept = rooms[group]
    assert kept is not None
    assert (kept.id, kept.content["text"]) == (last, "second")
    assert rooms[f"private:{account}"] is None


def test_what_is_sent_again_is_kept_once_and_taken_once(tx: Tx) -> None:
    number = put(tx, "group:1", "p1:abc")
    again, new = practice_room.append(
        tx, "group:1", author="p1", key="p1:abc", content={"text": "other"}, now=MORNING
    )
    assert (again.id, new, again.content["text"], again.taken) == (number, False, "p1:abc", False)
    put(tx, "group:1", "out:1", author=None)
    assert [message.id for message in practice_room.untaken(tx)] == [number]
    practice_room.taken(tx, number, now=MORNING)
    assert practice_room.untaken(tx) == []


def test_only_the_bots_own_messages_can_be_replaced(tx: Tx) -> None:
    bots, persons = put(tx, "group:1", "out:1", author=None), put(tx, "group:1", "p1:abc")
    edited = practice_room.edit(tx, "group:1", bots, content={"text": "new"}, now=MORNING)
    assert edited is not None
    assert (edited.content, edited.edited) == ({"text": "new"}, True)
    assert practice_room.message(tx, "group:1", bots) == edited
    assert practice_room.edit(tx, "group:2", bots, content={}, now=MORNING) is None
    assert practice_room.edit(tx, "group:1", persons, content={}, now=MORNING) is None
    with pytest.raises(LookupError):
        practice_room.message(tx, "group:2", bots)
