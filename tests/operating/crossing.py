"""Two districts of one running program, filled with people and matters of the same and of different names."""

from __future__ import annotations

import html
import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from bot.app import App
from bot.chat.clock import StoppedClock
from bot.chat.messages import ChatKind, ChatRef, Inbound, Outgoing, Sender
from bot.chat.people import Role
from bot.chat.ports import Limits, Receive
from bot.config import Config
from bot.dispatch import Processed
from bot.platforms.local.doors import Doors
from storage import contents
from storage.contents import Digest
from storage.database import Database
from storage.tables import metadata, outbox
from tests.roster.talk import code_for
from tests.rounds.forum import published, quiet, scored
from tests.world import MORNING, Persona, World, small_district


class Quiet:
    """A platform that takes whatever is sent."""

    name = "test"
    limits = Limits()

    async def start(self, receive: Receive) -> None: ...

    async def send(self, message: Outgoing) -> str:
        return "1"

    async def stop(self) -> None: ...


def program(config: Config, database: Database, doors: Doors) -> App:
    """A district's program, with people on the quiet platform, on a clock that stands still."""
    app = App(config, database, clock=StoppedClock(MORNING), doors=doors)
    app.add(Quiet())
    return app


class Town(World):
    """A district of a running program: everything is said to that program itself, on its own threads."""

    def __init__(self, app: App) -> None:
        super().__init__(app.database, app.config.data / "files")
        self.app = app
        self.dispatcher = app.dispatcher

    def deliver(self, inbound: Inbound) -> Processed:
        self.last = self.hand_in(inbound).result(60)
        self.collect()
        return self.last

    def hand_in(self, inbound: Inbound) -> Future[Processed]:
        return self.app.worker.submit(lambda tx: self.dispatcher.process(tx, inbound, self.now))

    def all_say(self, lines: Iterable[tuple[Persona, str, bool]]) -> list[Processed]:
        """Much at once: who says it, the words, and whether it is a button that is pressed."""
        return [future.result(120) for future in [self.hand_in(self._said(*line)) for line in lines]]

    def _said(self, who: Persona, words: str, pressed: bool) -> Inbound:
        chat = ChatRef("test", f"private:{who.account}", ChatKind.PRIVATE)
        sender, number = Sender(who.account, who.name), self.next_id()
        return Inbound(number, chat, sender, words, self.now, addressed=True, pressed=pressed)


@dataclass(frozen=True)
class Own:
    """What only one district has. `mark` stands in its matters and is never typed in the other."""

    mark: str
    village: str
    secretary: str
    judge: str


LIANGHE = Own("梧桐", "北塬村", "韩北塬", "冯北塬")
QINGHE = Own("银杏", "清源村", "韩清源", "冯清源")


def fill(town: Town, own: Own) -> str:
    """Something of everything, with the mark in it; returns a binding code that nobody has used yet."""
    small_district(town)
    town.unit(own.village, "village", "枫杨办事处", organization="branch")
    town.person(own.secretary, (Role.SECRETARY, own.village))
    for name in ("王芳", "李建国", own.secretary):
        who = town.personas[name]
        for words in (f"承诺 栽植{own.mark}树50棵 12月底前", f"承诺 安装{own.mark}路灯60盏 12月底前"):
            who.says(words)
            who.presses("提交")
    zhou, chen, wang = (town.personas[name] for name in ("周敏", "陈立", "王芳"))
    chen.says("通过 大里村 1")
    chen.says("通过 公园道社区 全部")
    chen.says("亮诺")
    wang.says(f"进度 1 20棵 {own.mark}公司栽的")
    wang.says("", photos=1)
    wang.says(f"变更 1 50棵改成40棵 因为{own.mark}苗没有了")
    wang.presses("提交")
    town.personas["李建国"].says(f"亮点 建成{own.mark}食堂，每天服务60人")
    zhou.says(f"通报 请到{own.mark}广场集合")
    zhou.presses("发送")
    town.personas["赵强"].says(f"今天去了{own.mark}林场")
    scored(town)
    published(town)
    town.person(own.judge, (Role.JUDGE, "高新区"))
    zhou.says(f"活动 比学 {own.mark}比学 大里村、{own.village}")
    zhou.presses("创建")
    zhou.says("/register")
    code = code_for(town, own.secretary)
    quiet(town)
    return code


# --- what can be seen -------------------------------------------------------------------------------------


def rows(database: Database) -> str:
    """Everything that stands in a database."""
    with database.reading() as tx:
        tables = {table.name: [list(row) for row in contents.rows(tx, table)] for table in metadata.sorted_tables}
    return json.dumps(tables, default=str, ensure_ascii=False)


def digests(database: Database) -> list[Digest]:
    """The digest of every table."""
    with database.reading() as tx:
        return [contents.of_table(tx, table) for table in metadata.sorted_tables]


def payloads(database: Database) -> list[str]:
    """What the buttons carry that people were shown."""
    with database.reading() as tx:
        shown = [row.content for row in tx.all(select(outbox.c.content))]
    rows_of_buttons = [row for content in shown for row in content.get("buttons", [])]
    return sorted({payload for row in rows_of_buttons for _label, payload in row})


def folder(path: Path) -> dict[str, tuple[int, int]]:
    """A data folder's photos and files, with size and time."""
    found = ((p, p.stat()) for p in sorted((path / "files").rglob("*")) if p.is_file())
    return {str(p): (s.st_size, s.st_mtime_ns) for p, s in found}


def readable(data: bytes) -> str:
    """The text of a file; what is packed (.xlsx, .docx, .zip) is unpacked, letters written as numbers are read."""
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return "\n".join(readable(archive.read(name)) for name in archive.namelist())
    return html.unescape(data.decode("utf-8", "ignore"))


def files(path: Path) -> Iterator[str]:
    """The text of every file that the district keeps, those that were sent out included."""
    for file in sorted((path / "files").rglob("*")):
        if file.is_file():
            yield readable(file.read_bytes())
