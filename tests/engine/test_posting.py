"""What a tick posts, and that what reaches people unasked is counted."""

from __future__ import annotations

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from bot.chat.commands import Registry
from bot.chat.context import TickContext
from bot.chat.messages import Button, Call, ChatKind, ChatRef, Line, ToChat, ToGroup, ToPerson, say
from bot.chat.rendering import Renderer, body_from_wire, plain_text
from bot.chat.splitting import split_blocks
from bot.chat.texts import CHINESE, Catalogues, Mention, T
from storage import accounts, burdens, joining
from storage.burdens import Burden
from storage.database import Database, Tx
from tests.world import ZONE, World, small_district


def test_a_tick_posts_once_in_each_readers_language_and_is_counted(database: Database, tmp_path: object) -> None:
    registry = Registry()
    world = small_district(World(database, tmp_path, registry=registry))  # type: ignore[arg-type]
    wang, li = world.personas["王芳"], world.personas["李建国"]

    @registry.tick("greet")
    def greet(tick: TickContext[Tx]) -> None:
        assert tick.reach([wang.id, 999]) == {wang.id}
        tick.post(say(T("帮助"), to=ToPerson(wang.id), key="greeting"))
        tick.post(say(T("帮助"), to=ToPerson(li.id), key="ask", buttons=((Button("ok", "help"),),)))
        tick.post(say(T("帮助"), to=ToGroup(world.units["枫杨办事处"]), key="group"))

    again = World(database, tmp_path, registry=registry)  # type: ignore[arg-type]
    again.personas, again.groups, again.units = world.personas, world.groups, world.units
    with database.transaction() as tx:
        tx.connection.exec_driver_sql(f"UPDATE people SET language = 'en' WHERE id = {li.id}")
    again.tick()
    again.tick("greet")
    assert [h.text for h in again.take(wang.chat_id)] == ["帮助"]
    assert [h.text for h in again.take(li.chat_id)] == ["Help\n[ok]"]
    assert again.heard("枫杨办事处") == ["帮助"]
    with database.transaction() as tx:
        assert burdens.of_people(tx, [wang.id, li.id, 7], month="2021-03") == {
            wang.id: Burden(wang.id, 1, 0),
            li.id: Burden(li.id, 1, 1),
        }
        burdens.count(tx, [burdens.Told(wang.id, asks=True)] * 2, month="2021-03")
        burdens.count(tx, [], month="2021-03")
        assert burdens.of_people(tx, [wang.id], month="2021-03") == {wang.id: Burden(wang.id, 3, 2)}


def test_a_mention_is_an_account_where_the_message_goes_and_else_a_name(
    database: Database, tmp_path: Path
) -> None:
    registry = Registry()
    world = small_district(World(database, tmp_path, registry=registry))
    wang, li = world.personas["王芳"], world.personas["李建国"]
    group, other = world.groups["枫杨办事处"], ChatRef("wecom", "robot:枫杨办事处", ChatKind.GROUP)
    with database.transaction() as tx:
        joining.join(tx, "wecom", li.id, "lijianguo", "user:lijianguo", now=world.now)
        elsewhere = accounts.chat_for(tx, other, now=world.now).id
    who = [Mention(wang.id, "王芳"), Mention(li.id, "李建国"), Mention(999, "没有这人")]

    @registry.tick("call")
    def call(tick: TickContext[Tx]) -> None:
        for chat in (group, elsewhere):
            tick.post(say(T("😀{people}：{quoted}", people=who, quoted="@王芳 <@all>"), to=ToChat(chat)))

    again = World(database, tmp_path, registry=registry)
    again.collect()
    statements: list[str] = []

    def note(_connection: object, _cursor: object, said: str, *_more: object) -> None:
        statements.append(said)

    event.listen(database.engine, "before_cursor_execute", note)
    again.tick("call")
    event.remove(database.engine, "before_cursor_execute", note)
    assert len([said for said in statements if "FROM accounts" in said]) == 1
    [here], [there] = again.take(group), again.take(elsewhere)
    assert (here.text, here.called) == (
        "😀@王芳、@李建国、没有这人：@王芳 <@all>",
        [("@王芳", wang.account), ("@李建国", li.account)],
    )
    assert (there.text, there.called) == (
        "😀王芳、@李建国、没有这人：@王芳 <@all>",
        [("@李建国", "lijianguo")],
    )


WORDS = st.text(max_size=40)


@given(st.lists(st.tuples(WORDS, st.integers(1, 3), st.text(min_size=1, max_size=5)), max_size=4), WORDS)
def test_whatever_is_typed_calls_are_those_of_mentions(people: list[tuple[str, int, str]], tail: str) -> None:
    known = {1: "first", 2: "second"}
    values = [part for words, person, name in people for part in (words, Mention(person, name))]
    renderer = Renderer(Catalogues([], ZONE))
    content = renderer.content((Line(T("{parts}{tail}", parts=values, tail=tail)),), (), (), CHINESE, known)
    [line] = body_from_wire(json.loads(json.dumps(content["body"])))
    assert isinstance(line, Line)
    spoken = [(str(line.words)[c.start : c.end], c.account) for c in line.calls]
    assert spoken == [(f"@{name}", known[person]) for _words, person, name in people if person in known]


@given(st.text("甲乙，。 \n", min_size=1, max_size=80), st.integers(0, 79), st.integers(1, 4))
def test_a_line_in_parts_calls_whom_it_called(words: str, start: int, length: int) -> None:
    end = min(len(words), start + length)
    line = Line(words, "plain", (Call(start, end, "a"),) if start < end else ())
    parts = [block for part in split_blocks([line], most=20, draw=lambda b: plain_text([b])) for block in part]
    spoken = [str(p.words)[c.start : c.end] for p in parts if isinstance(p, Line) for c in p.calls]
    assert spoken in ([], [words[start:end]])
    if len(words.strip()) <= 20 and words[start:end].strip() == words[start:end] != "":
        assert spoken == [words[start:end]]
