"""A practice room over real sockets on a real database, with a small bot that shows every kind of block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from bot.chat.clock import ShiftedClock
from bot.chat.messages import Bar, Button, Fields, Inbound, Light, Line, OutFile, Outgoing, Table
from bot.chat.people import Role
from bot.chat.ports import Outcome
from bot.platforms.local.room import LocalRoom
from bot.platforms.local.settings import LocalSettings
from bot.platforms.local.store import Progress
from bot.room_store import WorkerRoomStore
from bot.worker import Worker
from storage import people, practice_room, tables, units
from storage.database import Database, Tx
from storage.files import DiskFiles

R = TypeVar("R")

MORNING = datetime(2021, 3, 22, 1, 3, tzinfo=UTC)
COMMANDS = [
    ("承诺", "承诺 〔内容〕", "提出一项承诺"),
    ("进度", "进度 〔第几项〕 〔多少〕", "报告一项承诺的进度"),
    ("季报", "季报", "把本季还没报的几项依次报完"),
    ("我的承诺", "我的承诺", "看自己的承诺、进度和灯"),
    ("打分", "打分 <单位> <分数>", "给一个参评单位打分"),
    ("帮助", "帮助 〔命令〕", "看能做的事"),
]
OFFICES = {
    "枫杨办事处": ("大里村", "公园道社区", "大谢村"),
    "石佛办事处": ("欢河村", "南流村"),
    "沟赵办事处": ("张五砦村", "紫锦社区"),
    "梧桐办事处": ("红城社区", "盛世社区"),
    "双桥办事处": ("庄王村",),
}
SECRETARIES = ("王芳", "李建国", "欧阳静", "赵强", "钱红", "孙立军", "周敏", "吴海燕", "郑文", "冯国栋")


def populate(tx: Tx) -> dict[str, int]:
    """A district with five offices and their people, as numbers by name."""
    at: dict[str, int] = {"高新区": units.add(tx, name="高新区", kind="district", parent_id=None, now=MORNING)}
    who: dict[str, int] = {}

    def person(name: str, role: Role, unit: str) -> None:
        who[name] = people.add(tx, name=name, now=MORNING)
        people.appoint(tx, person_id=who[name], unit_id=at[unit], role=role, now=MORNING)

    person("陈组织", Role.ORGANIZER, "高新区")
    secretaries = iter(SECRETARIES)
    for position, (office, villages) in enumerate(OFFICES.items()):
        at[office] = units.add(
            tx, name=office, kind="office", parent_id=at["高新区"], now=MORNING, position=position
        )
        person(f"{office[:1]}管理", Role.OFFICE_ADMINISTRATOR, office)
        for number, village in enumerate(villages):
            kind = "community" if village.endswith("社区") else "village"
            at[village] = units.add(
                tx, name=village, kind=kind, parent_id=at[office], now=MORNING, position=10 * position + number
            )
            person(next(secretaries), Role.SECRETARY, village)
    person("蒋评委", Role.JUDGE, "高新区")
    practice_room.ensure_groups(tx, now=MORNING)
    return {**at, **who}


class Practice:
    """The room with what the program lends it. `taken` is what the bot was handed, in order."""

    def __init__(self, database: Database, folder: Path, *, port: int = 0, **settings: Any) -> None:
        self.database = database
        self.files = DiskFiles(folder / "files")
        self.clock = ShiftedClock()
        self.clock.set(MORNING)
        self.worker = Worker(database)
        self.store = WorkerRoomStore(self.worker)
        self.settings = LocalSettings(port=port, **settings)
        self.taken: list[Inbound] = []
        self.fails = False
        self.answers = True
        self.resets = 0
        #: Who is not on the roster any more once the room has started over.
        self.lost = ""
        self.told = 0
        self.next_step = asyncio.Event()
        with database.transaction() as tx:
            self.numbers = populate(tx)
        self.worker.start()
        self.room = self.make_room()

    def make_room(self, port: int | None = None) -> LocalRoom:
        settings = self.settings
        if port is not None:
            settings = LocalSettings(port=port, max_upload_bytes=settings.max_upload_bytes)
        return LocalRoom(
            settings,
            self.store,
            self.files,
            self.clock,
            self.commands_for,
            ZoneInfo("Asia/Shanghai"),
            story=self.story,
            reset=self.reset,
        )

    def close(self) -> None:
        self.worker.stop()

    def account(self, name: str) -> str:
        return f"p{self.numbers[name]}"

    def group(self, unit: str) -> str:
        return f"group:{self.numbers[unit]}"

    # --- changing the district ----------------------------------------------------------------------------

    def rename(self, name: str, becomes: str) -> None:
        self._update(tables.people, self.numbers[name], name=becomes)

    def rename_unit(self, name: str, becomes: str) -> None:
        self._update(tables.units, self.numbers[name], name=becomes)

    def rename_group(self, unit: str, becomes: str) -> None:
        with self.database.transaction() as tx:
            group = tables.chats.c.external_id == self.group(unit)
            tx.execute(tables.chats.update().where(group).values(title=becomes))

    def speak(self, name: str, language: str) -> None:
        self._update(tables.people, self.numbers[name], language=language)

    def end(self, name: str) -> None:
        self._update(tables.people, self.numbers[name], ended_at=MORNING)

    def _update(self, table: tables.Table, number: int, **values: Any) -> None:
        with self.database.transaction() as tx:
            tx.execute(table.update().where(table.c.id == number).values(**values))

    # --- what the program lends the room ------------------------------------------------------------------

    async def commands_for(self, account: str) -> list[tuple[str, str, str]]:
        return COMMANDS

    async def story(self, progress: Progress) -> None:
        for done in range(1, 4):
            progress(done, 3, f"第{done}幕")
            self.next_step.clear()
            await self.next_step.wait()

    async def reset(self) -> None:
        self.resets += 1
        if self.lost:
            self.end(self.lost)

    # --- the bot ------------------------------------------------------------------------------------------

    async def receive(self, inbound: Inbound) -> Outcome:
        if self.fails:
            raise ConnectionError("the database is away")
        self.taken.append(inbound)
        if self.answers:
            await self.answer(inbound)
        return Outcome.ANSWERED

    async def answer(self, inbound: Inbound) -> None:
        if inbound.pressed:
            done = (Line("第2项进度 60%"), Line("已经办好。", "faint"))
            await self.tell(inbound, done, replaces=inbound.pressed_message)
        elif "卡片" in inbound.text:
            await self.tell(inbound, CARD, buttons=BUTTONS)
        elif "表格" in inbound.text:
            await self.tell(inbound, TABLE)
        elif "文件" in inbound.text:
            picture = OutFile(self.files.put(PICTURE), "示意图.png", "image/png")
            book = OutFile(self.files.put(b"PK\x03\x04 a workbook"), "第一季度台账.xlsx", "application/x")
            await self.tell(inbound, (Line("台账做好了，表格和示意图都在这里。"),), files=(picture, book))
        elif inbound.addressed:
            await self.tell(inbound, (Line(f"收到：{inbound.text or '照片'}"),))

    async def tell(self, inbound: Inbound, body: tuple[Any, ...], **more: Any) -> str:
        self.told += 1
        return await self.room.send(Outgoing(id=self.told, chat=inbound.chat, body=body, **more))


CARD = (
    Line("大里村 2021年承诺", "title"),
    Fields(
        (
            ("承诺", "硬化村内道路2公里，主街两侧同步修排水沟"),
            ("目标", "2公里"),
            ("期限", "2021年12月31日"),
            ("类别", "自选"),
        )
    ),
    Bar("1. 硬化村内道路", Decimal("0.6"), Light.GREEN, "绿灯 已硬化1.2公里"),
    Bar("2. 安装路灯", Decimal("0.38"), Light.YELLOW, "黄灯 落后序时进度12个百分点"),
    Bar("3. 建设文化广场", Decimal("0.05"), Light.RED, "红灯 卡在手续上"),
    Bar("4. 党员联系户走访", None, Light.GREEN, "绿灯 正常推进"),
    Line("第2项完成80%了，路灯装了96盏，还剩24盏", "quote"),
    Line("示例数据，非真实成绩", "faint"),
)
BUTTONS = ((Button("提交", "提交 2"), Button("修改", "修改 2")), (Button("取消", "取消"),))
TABLE = (
    Line("第一季度专场比学成绩", "title"),
    Table(
        ("名次", "单位", "现场", "专场", "综合得分"),
        (
            ("1", "大里村（枫杨办事处）", "93.40", "92.10", "92.75"),
            ("2", "欢河村（石佛办事处）", "92.40", "91.60", "92.00"),
            ("3", "张五砦村（沟赵办事处）", "91.40", "91.10", "91.25"),
            ("4", "红城社区（梧桐办事处）", "90.40", "90.60", "90.50"),
            ("5", "庄王村（双桥办事处）", "89.40", "90.10", "89.75"),
        ),
        "rlrrr",
    ),
    Line("去掉一个最高分，去掉一个最低分，有效分5个", "faint"),
)


def _picture() -> bytes:
    import io

    from PIL import Image, ImageDraw

    image = Image.new("RGB", (960, 640), "#9fc3d8")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 400, 960, 640), fill="#8a9a6b")
    draw.polygon([(400, 640), (560, 640), (500, 390), (470, 390)], fill="#b9b4aa")
    draw.ellipse((740, 60, 850, 170), fill="#f7e3a1")
    data = io.BytesIO()
    image.save(data, "PNG")
    return data.getvalue()


PICTURE = _picture()


class Served:
    """The room on an event loop of its own, so that a test can drive a browser meanwhile."""

    def __init__(self, practice: Practice) -> None:
        self.practice = practice
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()

    def start(self) -> None:
        self.do(self.practice.room.start(self.practice.receive))

    def stop(self) -> None:
        self.do(self.practice.room.stop())

    def restart(self, *, before: Any = None) -> None:
        """End the room and open another at the same address, as after a new start of the program."""
        port = int(self.address.rstrip("/").rsplit(":", 1)[1])
        self.stop()
        if before:
            before()
        self.practice.room = self.practice.make_room(port)
        self.start()

    @property
    def address(self) -> str:
        return self.practice.room.address

    def do(self, work: Coroutine[Any, Any, R]) -> R:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
