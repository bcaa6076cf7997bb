"""Before the unsealing nobody learns another's scores, nor what gives them away: every command, every role."""

from __future__ import annotations

import io
import logging
import zipfile
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import select, text

from bot import office_work
from bot.chat.commands import Command, Section
from bot.chat.errors import ConfigurationError
from bot.chat.messages import ChatKind, ChatRef, Inbound, Sender
from bot.chat.people import Role
from bot.logs import JsonFormatter
from handlers.rounds import tally
from handlers.rounds.counting import entries
from handlers.rounds.rulings import rules_of
from storage import rounds, sheets
from storage.database import Database
from storage.tables import changes, chats, incidents, outbox, publications, round_steps
from tests.rounds.forum import JUDGES, quiet
from tests.world import World, small_district

UNITS = ("大里村", "公园道社区", "欢河村", "南流村")
#: The last to appear is the best, so an order by score is none by appearance.
SCORES = {"南流村": "93.{}7", "欢河村": "91.{}3", "公园道社区": "87.{}9", "大里村": "85.{}1"}
#: What changes who somebody is, or reveals by right; the rest is typed by everybody.
LEFT_OUT = {"解绑", "绑定", "语言", "启封", "重开", "取消场次"}


def scoring(world: World) -> None:
    """Everybody but one judge has scored everything."""
    world.personas["周敏"].says(f"活动 其他 一季度观摩 {'、'.join(UNITS)}")
    world.personas["周敏"].presses("创建并开评")
    for at, judge in enumerate(JUDGES[:-1]):
        for unit, score in SCORES.items():
            world.personas[judge].says(f"{unit} {score.format(at)}")
    world.personas["施计"].says("加分 大里村 0.5 先进")
    quiet(world)


def figures(world: World) -> set[str]:
    """The scores and everything computed from them, as it would be shown."""
    with world.database.transaction() as tx:
        found = rounds.get(tx, 1)
        kept = tuple(sheets.standing(tx, 1))
    results = [tally.tally(entry, rules_of(found)) for entry in entries(found, kept, {})]
    totals = [sheet.total for sheet in kept if sheet.total is not None]
    by_judge: dict[int, list[Decimal]] = {}
    for sheet in kept:
        assert sheet.total is not None
        by_judge.setdefault(sheet.judge_id, []).append(sheet.total)
    means = [m for result in results for m in (result.exact, result.untrimmed) if m is not None]
    sums = [sum(totals, Decimal(0)), *(sum(own, Decimal(0)) for own in by_judge.values())]
    sums += [
        sum((s.total or Decimal(0) for s in kept if s.contestant_id == c.id), Decimal(0))
        for c in found.contestants
    ]
    shown = {str(total) for total in totals} | {str(each) for each in sums}
    shown |= {str(sum(own, Decimal(0)) / len(own)) for own in by_judge.values()}
    return shown | {str(tally.rounded(mean, places)) for mean in means for places in (2, 3)}


def tried(command: Command) -> Iterator[str]:
    """A command in every way in which it might be pressed or typed."""
    yield command.name
    yield from command.examples
    if command.section is Section.ROUNDS:
        yield from (f"{command.ascii} {words}" for words in ("1", "r1", "大里村", "郑评 大里村"))
        yield f"帮助 {command.name}"


def written(content: dict[str, object], world: World) -> str:
    """A message as sent, with the text of its files; what is packed in office files as well."""
    parts = [str(content)]
    for key, _name, _mime in content.get("files", []):  # type: ignore[attr-defined]
        data = world.files.get(key)
        if zipfile.is_zipfile(io.BytesIO(data)):
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                data = b"".join(packed.read(name) for name in packed.namelist())
        parts.append(data.decode("utf-8", "replace"))
    return "\n".join(parts)


def told(world: World, *, but: Iterable[str]) -> list[str]:
    """Everything ever sent, except to the private chats of those."""
    own = {world.personas[name].chat_id for name in but}
    with world.database.transaction() as tx:
        rows = tx.all(select(outbox.c.chat_id, outbox.c.content))
    return [written(row.content, world) for row in rows if row.chat_id not in own]


def orders(said: str) -> bool:
    """Whether the contestants stand in a text in the order of their scores."""
    places = [said.find(unit) for unit in SCORES]
    return all(place >= 0 for place in places) and (places == sorted(places))


def everybody_tries_everything(world: World, names: Iterable[str]) -> None:
    """All in one transaction: what is written to the disk in between is not what is looked at here."""
    with world.database.transaction() as tx:
        for name in names:
            for command in world.registry.commands.values():
                for words in () if command.name in LEFT_OUT else (*tried(command), "取消"):
                    persona = world.personas[name]
                    chat = ChatRef("test", f"private:{persona.account}", ChatKind.PRIVATE)
                    sender = Sender(persona.account, persona.name)
                    inbound = Inbound(world.next_id(), chat, sender, words, world.now, addressed=True)
                    world.dispatcher.process(tx, inbound, world.now)


@pytest.mark.parametrize("sealed", [False, True])
def test_nobody_learns_a_score_or_what_gives_it_away(
    sqlite_database: Database, tmp_path: Path, sealed: bool, caplog: pytest.LogCaptureFixture
) -> None:
    world = small_district(World(sqlite_database, tmp_path))
    caplog.set_level(logging.DEBUG, "liangsaibi")
    world.person("观察", (Role.OBSERVER, "高新区"))
    scoring(world)
    secret = figures(world)
    if sealed:
        world.personas["周敏"].says("封评")
        world.personas["周敏"].presses("仍然封评")
    before = {name: world.personas[name].chat_id for name in JUDGES[:-1]}
    # The judge who has not scored, and everybody who runs the round or takes part in it.
    curious = ("沈评", "周敏", "何监", "施计", "陈立", "王芳", "观察")
    everybody_tries_everything(world, curious)
    with world.database.transaction() as tx:
        assert rounds.get(tx, 1).head.state is (rounds.State.CLOSED if sealed else rounds.State.OPEN)
        assert tx.all(select(incidents.c.id)) == []
        assert tx.all(select(publications.c.id)) == []
        record = [str(tuple(row)) for row in tx.all(select(changes.c.summary, changes.c.data))]
        record += [str(tuple(row)) for row in tx.all(select(round_steps.c.reason, round_steps.c.data))]
        record += [str(row.external_id) for row in tx.all(select(chats.c.external_id))]
        exported = office_work.export_roster(tx)
        with pytest.raises(ConfigurationError, match="its scores are hidden until it is unsealed"):
            office_work.export_results(tx, 1, show=str)
    assert before == {name: world.personas[name].chat_id for name in before}
    seen = told(world, but=JUDGES[:-1])
    assert len(seen) > 500
    # What is looked for is there to be found: in the judges' own chats.
    assert any(figure in said for said in told(world, but=()) for figure in secret)
    with zipfile.ZipFile(io.BytesIO(exported)) as packed:
        exports = [packed.read(name).decode("utf-8", "replace") for name in packed.namelist()]
    logged = [JsonFormatter().format(entry) for entry in caplog.records]
    assert logged
    for said in (*seen, *record, *exports, *logged):
        assert not [figure for figure in secret if figure in said], said
        assert not orders(said), said


def test_a_failing_database_does_not_log_the_score(world: World, caplog: pytest.LogCaptureFixture) -> None:
    scoring(world)
    with world.database.transaction() as tx:
        tx.execute(text("ALTER TABLE score_sheets RENAME COLUMN salt TO pepper"))
    [answer] = world.personas["郑评"].says("大里村 61.83")
    assert answer.startswith("程序在这里出了错，已记为事件1。")
    assert "incident 1" in caplog.text
    assert "61.83" not in caplog.text
    with world.database.transaction() as tx:
        kept = tx.first(select(incidents.c.error, incidents.c.traceback))
    assert kept is not None
    assert "61.83" not in f"{kept.error}{kept.traceback}"
