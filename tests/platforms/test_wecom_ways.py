"""Robots, groups that the app makes, people recognised by number, the menu, and the diagnosis."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from bot.app import locale_roots
from bot.chat.clock import SystemClock
from bot.chat.errors import ConfigurationError, DeliveryError
from bot.chat.messages import Button, Call, ChatKind, ChatRef, Line, OutFile, Outgoing, Table, link
from bot.chat.people import Role
from bot.chat.rendering import Renderer
from bot.chat.texts import Catalogues
from bot.cli import main
from bot.config import load
from bot.platforms.wecom import doctor
from bot.platforms.wecom import platform as platform_module
from bot.platforms.wecom.errors import ApiError
from bot.platforms.wecom.menu import Heading, menu
from bot.platforms.wecom.platform import WeCom
from bot.platforms.wecom.settings import WeComSection, lacks
from bot.platforms.wecom.store import Candidate, OfficeGroup
from bot.wecom_store import WorkerWeComStore, headings
from bot.worker import Worker
from handlers import all_commands
from storage import accounts, facts, group_wishes, joining, people, roster
from storage.disk_spool import DiskSpool
from storage.tables import chats
from tests.platforms.conformance import Engine, eventually
from tests.platforms.practice import PICTURE
from tests.platforms.wecom_office import ROBOT_KEY, MemoryStore, Office, read
from tests.world import ZONE, World


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office(["WangFang", "LiJianGuo", "ZhouMin"])
    await made.open()
    yield made
    await made.close()


def message(number: int, *lines: str, chat: str, **more: Any) -> Outgoing:
    body = tuple(Line(line) for line in lines)
    return Outgoing(id=number, chat=ChatRef("wecom", chat, ChatKind.GROUP), body=body, **more)


# --- robots -------------------------------------------------------------------------------------------------


@pytest.fixture
async def robots(office: Office, tmp_path: Path) -> AsyncIterator[WeCom]:
    made = office.platform(tmp_path, app=False, bot=False)
    await made.start(Engine().receive)
    yield made
    await made.stop()


async def test_a_robot_posts_words_pictures_and_files_into_its_group(office: Office, robots: WeCom) -> None:
    book = b"PK\x03\x04 a workbook"
    files = (
        OutFile(office.files.put(PICTURE), "排名.png", "image/png"),
        OutFile(office.files.put(book), "成绩.xlsx", "application/x"),
    )
    body = (Line("第一季度成绩", "title"), Line("1. 大里村 <@all> [x](http://x.invalid)"))
    out = Outgoing(
        id=1,
        chat=ChatRef("wecom", "robot:枫杨办事处", ChatKind.GROUP),
        body=body,
        files=files,
        buttons=((Button("排名", "排名"),),),
    )
    await robots.send(out)
    seen = office.group("robot:枫杨办事处")
    assert seen[0].text == "**第一季度成绩**\n1. 大里村 ＜@all＞ ［x］(http://x.invalid)"
    assert [one.file for one in seen[1:]] == [PICTURE, book]
    assert not robots.deduplicates(out)


async def test_a_robots_bytes_and_pace_are_kept(office: Office, robots: WeCom) -> None:
    lines = [f"第{n}名 示例村{n} 得分{n}" for n in range(300)]
    await robots.send(message(1, *lines, chat="robot:枫杨办事处"))
    seen = office.group("robot:枫杨办事处")
    assert all(len(one.text.encode()) <= 4096 for one in seen)
    assert "\n".join(one.text for one in seen).count("第299名") == 1
    for number in range(2, 22 - len(seen)):
        await robots.send(message(number, "又一条", chat="robot:枫杨办事处"))
    with pytest.raises(DeliveryError) as refused:
        await robots.send(message(99, "太多了", chat="robot:枫杨办事处"))
    assert refused.value.retry_after is not None
    assert refused.value.retry_after >= 60


async def test_a_robot_that_is_gone_is_a_permanent_failure(office: Office, robots: WeCom) -> None:
    office.company.robot_keys.clear()
    for chat in ("robot:枫杨办事处", "robot:没有的", "app:none", "bot:none"):
        with pytest.raises(DeliveryError) as refused:
            await robots.send(message(1, "在吗", chat=chat))
        assert refused.value.permanent, chat


async def test_a_large_picture_goes_as_a_file(office: Office, robots: WeCom) -> None:
    large = PICTURE + b"\0" * (2 * 1024 * 1024)
    files = (OutFile(office.files.put(large), "大图.png", "image/png"),)
    await robots.send(message(1, chat="robot:枫杨办事处", files=files))
    assert [(one.kind, one.file) for one in office.group("robot:枫杨办事处")] == [("file", large)]


def announced(*said: str, address: str = "https://example.cn/a_b") -> tuple[Line, ...]:
    """As an announcement with one link is put."""
    first, *rest = said
    return (Line("通报", "title"), Line(first), link(address), *map(Line, rest), Line("高新区　周敏", "faint"))


async def test_an_announcement_that_is_mainly_a_link_is_a_card_to_tap(office: Office, robots: WeCom) -> None:
    chat = ChatRef("wecom", "robot:枫杨办事处", ChatKind.GROUP)
    picture = OutFile(office.files.put(PICTURE), "海报.png", "image/png")
    out = Outgoing(id=1, chat=chat, body=announced("活动方案 <@all>", "周五前报名"), files=(picture,))
    await robots.send(out)
    card, poster = office.group("robot:枫杨办事处")
    assert (card.kind, card.text) == (
        "news",
        "通报 · 活动方案 ＜@all>\n周五前报名\n高新区　周敏\nhttps://example.cn/a_b",
    )
    assert poster.file == PICTURE
    assert robots.weight(out) == 2
    assert robots.preview(out)[0] == "通报 · 活动方案 ＜@all>\n周五前报名\n高新区　周敏\n🔗https://example.cn/a_b"


async def test_with_many_words_or_without_a_chosen_link_there_is_no_card(office: Office, robots: WeCom) -> None:
    chat = ChatRef("wecom", "robot:枫杨办事处", ChatKind.GROUP)
    long = "各支部书记：" + "请认真核对承诺进度。" * 20
    await robots.send(Outgoing(id=1, chat=chat, body=announced("活动方案", long)))
    await robots.send(message(2, "亮点 https://evil.example.com/x_y", chat="robot:枫杨办事处"))
    table = Table(("名次", "单位"), (("1", "大里村"),))
    await robots.send(Outgoing(id=3, chat=chat, body=(*announced("成绩", "见表"), table)))
    seen = office.group("robot:枫杨办事处")
    assert [one.kind for one in seen] == ["markdown"] * 3
    assert "\n[https://example.cn/a＿b](https://example.cn/a_b)\n" in seen[0].text
    assert seen[1].text == "亮点 https://evil.example.com/x＿y"


@pytest.mark.parametrize(
    "article",
    [
        {"title": "", "url": "https://a.cn"},
        {"title": "x", "url": "a.cn"},
        {"title": "x", "url": "https://a.cn", "picurl": "x"},
    ],
)
async def test_the_server_refuses_articles_that_are_none(
    office: Office, robots: WeCom, article: dict[str, str]
) -> None:
    for articles in ([article], [], [{"title": "x", "url": "https://a.cn"}] * 9):
        with pytest.raises(ApiError):
            await robots._api.webhook(ROBOT_KEY, {"msgtype": "news", "news": {"articles": articles}})
    assert office.group("robot:枫杨办事处") == []


# --- groups of the app --------------------------------------------------------------------------------------


async def test_the_app_makes_groups_and_keeps_their_members_in_step(office: Office, tmp_path: Path) -> None:
    store = MemoryStore()
    store.groups = [
        OfficeGroup(2, "枫杨办事处", ("wangfang", "lijianguo")),
        OfficeGroup(3, "石佛办事处", ("zhoumin",)),
    ]
    wecom = office.platform(tmp_path, store=store, bot=False, robots=False, office_groups=True)
    await wecom.start(Engine().receive)
    await eventually(lambda: store.groups[0].chat)
    [made] = office.api.groups.values()
    assert (made["name"], made["owner"]) == ("枫杨办事处工作群", "wangfang")
    assert store.groups[1].chat == "", "one person is no group"
    await wecom.send(message(1, "通报在此", chat=store.groups[0].chat))
    assert [read(one) for one in office.group(store.groups[0].chat)] == ["通报在此"]
    # Somebody leaves, somebody comes, and the contacts tell that they changed.
    store.groups[0] = OfficeGroup(2, "枫杨办事处", ("wangfang", "zhoumin"), store.groups[0].chat)
    await office.sender.deliver(office.sender.event("x", "change_contact", ChangeType="update_user", UserID="x"))
    await eventually(lambda: sorted(made["userlist"]) == ["WangFang", "ZhouMin"])
    await wecom.stop()


async def test_a_group_is_not_made_twice_after_the_first_time_broke_off(office: Office, tmp_path: Path) -> None:
    for _ in range(2):
        store = MemoryStore()
        store.groups = [OfficeGroup(2, "枫杨办事处", ("wangfang", "lijianguo"))]
        wecom = office.platform(tmp_path, store=store, bot=False, robots=False, office_groups=True)
        await wecom.start(Engine().receive)
        await eventually(lambda store=store: store.groups[0].chat)  # type: ignore[misc]
        await wecom.stop()
    assert len(office.api.groups) == 1


# --- recognising people -------------------------------------------------------------------------------------


async def test_people_are_bound_by_mobile_number_unless_two_share_one(office: Office, tmp_path: Path) -> None:
    office.company.people |= {"WangFang": "13800000001", "LiJianGuo": "13800000002"}
    store = MemoryStore()
    store.roster = [Candidate(1, "13800000001"), Candidate(2, "13800000009")]
    wecom = office.platform(tmp_path, store=store, bot=False, robots=False, bind_by="mobile")
    await wecom.start(Engine().receive)
    await eventually(lambda: store.tied == {1: "wangfang"})
    store.roster.append(Candidate(3, "13800000002"))
    await office.says("LiJianGuo", "我是李建国")
    assert store.tied == {1: "wangfang", 3: "lijianguo"}
    await wecom.stop()


async def test_account_names_may_be_the_numbers_themselves(office: Office, tmp_path: Path) -> None:
    office.company.people = {"13800000001": "", "13800000002": ""}
    store = MemoryStore()
    store.roster = [Candidate(1, "13800000001"), Candidate(2, "13800000002"), Candidate(3, "13800000002")]
    wecom = office.platform(tmp_path, store=store, bot=False, robots=False, bind_by="userid")
    engine = Engine()
    await wecom.start(engine.receive)
    await office.says("13800000001", "你好")
    await office.says("13800000002", "你好")
    assert store.tied == {1: "13800000001"}, "two people with one number have to use codes"
    await wecom.stop()


async def test_the_roster_says_which_account_is_whose(office: Office, tmp_path: Path) -> None:
    office.company.people = {"WangFang": "", "LiJianGuo": "", "13800000003": ""}
    store = MemoryStore()
    store.roster = [
        Candidate(1, "13800000003", "WangFang"),
        Candidate(2, "", "lijianguo"),
        Candidate(3, "", "nobody"),
    ]
    wecom = office.platform(tmp_path, store=store, bot=False, robots=False, bind_by="userid")
    await wecom.start(Engine().receive)
    await eventually(lambda: store.tied == {1: "wangfang", 2: "lijianguo"})
    # The number is hers, but the account of that name is somebody else's.
    await office.says("13800000003", "你好")
    assert store.tied == {1: "wangfang", 2: "lijianguo"}
    store.roster.append(Candidate(4, "13800000003"))
    await office.sender.deliver(office.sender.event("x", "change_contact", ChangeType="update_user", UserID="x"))
    await eventually(lambda: store.tied.get(4) == "13800000003")
    await wecom.stop()


async def test_without_permission_nobody_is_looked_up(office: Office, tmp_path: Path) -> None:
    office.company.people = {"WangFang": "13800000001"}
    store = MemoryStore()
    store.roster = [Candidate(1, "13800000001")]
    wecom = office.platform(tmp_path, store=store, bot=False, robots=False)
    await wecom.start(Engine().receive)
    await office.says("WangFang", "你好")
    assert store.tied == {}
    assert not [call for call in office.api.calls if call.startswith("user/")]
    await wecom.stop()


async def test_the_store_ties_people_groups_and_robots(world: World) -> None:
    worker = Worker(world.database)
    worker.start()
    store = WorkerWeComStore(worker, SystemClock())
    with world.database.transaction() as tx:
        someone = people.add(tx, name="新人", now=world.now, mobile="13800000001")
        known = roster.KnownPerson(world.personas["王芳"].id, "王芳", None, "WangFang")
        roster.change_people(tx, [known])
        unit = world.units["大里村"]
        people.appoint(tx, person_id=someone, unit_id=unit, role=Role.SECRETARY, now=world.now)
    assert await store.candidates() == [Candidate(known.id, "", "WangFang"), Candidate(someone, "13800000001")]
    with world.database.transaction() as tx:
        roster.change_people(tx, [roster.KnownPerson(known.id, "王芳", None)])
    assert await store.tie(someone, "wangfang", "user:wangfang")
    assert not await store.tie(someone, "other", "user:other"), "one person, one account"
    assert not await store.tie(world.personas["王芳"].id, "wangfang", "user:wangfang"), "nobody's account is taken"
    assert await store.candidates() == []
    robots = {"枫杨办事处": "robot:枫杨办事处", "没有的": "robot:没有的"}
    assert await store.tie_robots(robots, "robot:") == ["没有的"]
    await store.tie_group(world.units["石佛办事处"], "app:x", "石佛办事处工作群")
    groups = {one.name: one for one in await store.office_groups("app:")}
    assert set(groups) == {"高新区", "石佛办事处"}
    assert (groups["高新区"].chat, groups["高新区"].members) == ("", ("wangfang",))
    with world.database.transaction() as tx:
        reached = accounts.reach_groups(tx, [world.units["枫杨办事处"]])
        names = {row.id: row.external_id for row in tx.all(chats.select())}
    assert sorted(names[one.chat_id] for one in reached[world.units["枫杨办事处"]]) == [
        "group:枫杨办事处",
        "robot:枫杨办事处",
    ]
    assert await store.tie_robots({}, "robot:") == []
    with world.database.transaction() as tx:
        assert len(accounts.reach_groups(tx, [world.units["枫杨办事处"]])[world.units["枫杨办事处"]]) == 1
        assert joining.unjoined(tx, "test") == [(someone, "13800000001", "")]
    await store.put("x", {"a": 1})
    assert await store.get("x") == {"a": 1}
    worker.stop()


def test_announcements_go_by_the_robot_and_not_a_second_time_into_the_same_group(world: World) -> None:
    unit = world.units["枫杨办事处"]
    with world.database.transaction() as tx:
        for name in ("bot:x", "robot:x"):
            chat = accounts.chat_for(tx, ChatRef("wecom", name, ChatKind.GROUP), now=world.now)
            only = name.startswith("robot:")
            tx.execute(chats.update().where(chats.c.id == chat.id).values(unit_id=unit, send_only=only))
        reached = accounts.reach_groups(tx, [unit])[unit]
        names = {row.id: row.external_id for row in tx.all(chats.select())}
    assert [names[one.chat_id] for one in reached] == ["group:枫杨办事处", "robot:x"]


# --- menu ---------------------------------------------------------------------------------------------------


async def test_the_menu_is_made_from_the_commands(office: Office, tmp_path: Path) -> None:
    made = headings(all_commands(), Renderer(Catalogues(locale_roots(), ZONE)))
    wecom = WeCom(
        office.settings(bot=False, menu=True),
        MemoryStore(),
        None,  # type: ignore[arg-type]
        SystemClock(),
        DiskSpool(tmp_path),
        headings=made,
    )
    await wecom.start(Engine().receive)
    await eventually(lambda: office.api.menu)
    assert [one["name"] for one in office.api.menu["button"]] == ["亮承诺", "赛实绩", "比干劲"]
    keys = [entry["key"] for one in office.api.menu["button"] for entry in one["sub_button"]]
    assert "我的承诺" in keys
    assert "季报" in keys
    registry = all_commands()
    assert all(registry.named(key) for key in keys)
    await wecom.stop()


def test_a_name_that_is_too_long_is_cut_between_characters() -> None:
    [heading] = menu([Heading("亮承诺赛实绩", (("我的承诺" * 5, "我的承诺"),))])["button"]
    assert (heading["name"], heading["sub_button"][0]["name"]) == ("亮承诺赛实", "我的承诺我的承诺我的承诺我")


APP = "[wecom]\nenabled = true\nagent_id = 1\ncorp_id = 'c'\nsecret = 's'\n"

# --- settings and diagnosis ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[wecom]\nenabled = true", r"wecom\.enabled: set the app"),
        ("[wecom]\nenabled = true\nagent_id = 1", r"wecom\.corp_id: missing; docs/wecom\.md"),
        ("[wecom]\nenabled = true\nbot_id = 'x'", r"wecom\.bot_secret: missing"),
        (
            "[wecom]\nenabled = true\nagent_id = 1\ncorp_id = 'c'\nsecret = 's'\ntoken = 't'",
            r"wecom\.aes_key: missing",
        ),
        (
            "[wecom]\nenabled = true\nagent_id = 1\ncorp_id = 'c'\nsecret = 's'\ntoken = 't'\naes_key = 'short'",
            r"43 characters are needed, there are 5",
        ),
    ],
)
def test_what_is_missing_is_named(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "c.toml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=said):
        load(tmp_path / "c.toml", {})


def test_keys_of_robots_come_from_a_file_or_the_environment(tmp_path: Path) -> None:
    (tmp_path / "robots.toml").write_text('"枫杨办事处" = "key-1"\n"石佛办事处" = "key-2"\n', "utf-8")
    (tmp_path / "c.toml").write_text("[wecom]\nrobots_file = 'robots.toml'", "utf-8")
    expected = {"枫杨办事处": "key-1", "石佛办事处": "key-2"}
    assert load(tmp_path / "c.toml", {}).wecom.robots == expected
    given = {"LIANGSAIBI_WECOM_ROBOTS": '"枫杨办事处" = "key-1"\n"石佛办事处" = "key-2"'}
    assert load(None, given).wecom.robots == expected
    with pytest.raises(ConfigurationError, match=r"wecom\.robots"):
        load(None, {"LIANGSAIBI_WECOM_ROBOTS": "not a table"})


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"app": True, "bot": True, "robots": True}, []),
        ({"app": False, "bot": False, "robots": True}, ["只有群机器人", "没有智能机器人"]),
        ({"app": True, "bot": False, "robots": True}, ["没有智能机器人"]),
        ({"app": False, "bot": True, "robots": False}, ["没有自建应用"]),
        ({"app": True, "bot": False, "robots": False}, ["没有智能机器人", "没有群机器人"]),
        ({"app": True, "bot": True, "robots": True, "token": "", "aes_key": ""}, ["能发不能收"]),
    ],
)
async def test_what_a_chosen_subset_cannot_do_is_said(
    office: Office, chosen: dict[str, Any], words: list[str]
) -> None:
    said = lacks(office.settings(**chosen))
    assert len(said) == len(words)
    assert all(word in line for word, line in zip(words, said, strict=True))


async def diagnosed(settings: WeComSection, **more: Any) -> list[tuple[bool | None, str, str]]:
    found = doctor.examine(settings, SystemClock(), **more)
    return [(one.ok, one.what, one.advice) async for one in found]


async def test_the_diagnosis_of_a_good_configuration(office: Office, tmp_path: Path) -> None:
    wecom = office.platform(tmp_path, bot=False)
    await wecom.start(Engine().receive)
    found = await diagnosed(office.settings(), with_bot=True)
    assert [ok for ok, _what, _advice in found] == [True] * 7
    assert [what.partition("：")[0] for _ok, what, _advice in found] == [
        "配置齐全",
        "自建应用",
        "自建应用",
        "可见范围",
        "接收消息",
        "群机器人 枫杨办事处",
        "智能机器人",
    ]
    assert office.group("robot:枫杨办事处") == [], "a diagnosis posts nothing"
    await wecom.stop()


async def test_the_diagnosis_says_what_to_set_where(office: Office) -> None:
    def advice(found: list[tuple[bool | None, str, str]]) -> str:
        return "\n".join(f"{what} {said}" for ok, what, said in found if ok is False)

    wrong_secret = advice(await diagnosed(office.settings(secret="wrong", bot=False)))
    assert "wecom.secret" in wrong_secret
    assert "应用管理 → 该应用 看 Secret" in wrong_secret
    office.api.trusted = False
    assert "可信IP，加上 203.0.113.7" in advice(await diagnosed(office.settings(bot=False)))
    office.api.trusted = True
    office.api.root_visible = False
    found = advice(await diagnosed(office.settings(bot=False, office_groups=True)))
    assert "可见范围是空的" in found
    assert "选最上级部门" in found
    office.api.root_visible = True
    office.company.robot_keys.clear()
    lost = office.settings(bot=False, app=False, robots=False)
    lost = msgspec.structs.replace(lost, robots={"x": "k"})
    assert "群机器人 → 机器人资料" in advice(await diagnosed(lost))
    assert "长连接：核对 Bot ID" in advice(
        await diagnosed(office.settings(app=False, robots=False, bot_secret="wrong"), with_bot=True)
    )


async def test_the_diagnosis_leaves_a_running_bot_alone(office: Office, tmp_path: Path) -> None:
    wecom = office.platform(tmp_path, app=False, robots=False)
    await wecom.start(Engine().receive)
    await office.bot.subscribed.wait()
    found = await diagnosed(office.settings(app=False, robots=False))
    assert (None, "智能机器人：服务器可达；登录检查会挤掉正在运行的连接，停机后加 --bot 再查", "") in found
    assert len(office.bot.subscriptions) == 1
    await wecom.stop()


def test_the_command_line_says_so_too(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    text = "[wecom]\nenabled = true\nbase_url = 'http://127.0.0.1:9'\nrobots = { x = 'secret-key' }\n"
    file.write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["doctor", "wecom", "--config", str(file)])
    assert done.exit_code == 1
    assert "✗ 群机器人 x" in done.output
    assert "secret-key" not in done.output
    off = CliRunner().invoke(main, ["doctor", "wecom"], env={"LIANGSAIBI_WECOM_ENABLED": "false"})
    assert off.exit_code == 1
    assert "企业微信没有启用" in off.output


# --- mentions -----------------------------------------------------------------------------------------------

#: 王芳 has an account; who calls themselves "all" must not call everybody.
CALLING = (
    Line("还没办的：大里村 @王芳、欢河村 @赵强、南流村 @所有人", "plain", (
        Call(9, 12, "wangfang"), Call(17, 20, "not in the company"), Call(25, 29, "all"),
    )),
    Line("<@zhoumin> @李建国 <a href='x'>", "quote"),
)  # fmt: skip


async def test_each_way_calls_people_as_it_can_and_nobody_by_what_is_typed(office: Office, tmp_path: Path) -> None:
    store = MemoryStore()
    store.groups = [OfficeGroup(2, "枫杨办事处", ("wangfang", "lijianguo"))]
    wecom = office.platform(tmp_path, store=store, office_groups=True)
    engine = Engine()
    await wecom.start(engine.receive)
    await eventually(lambda: store.groups[0].chat)
    await office.bot.subscribed.wait()
    await office.bot.says("LiJianGuo", "@亮赛比 帮助", group="wr1")
    await engine.until(1)
    shown = {}
    for number, chat in enumerate(("robot:枫杨办事处", store.groups[0].chat, "bot:wr1"), 1):
        await wecom.send(Outgoing(id=number, chat=ChatRef("wecom", chat, ChatKind.GROUP), body=CALLING))
        seen = office.group(chat)[-1]
        shown[chat.partition(":")[0]] = (seen.text.splitlines(), seen.called)
    names = "还没办的：大里村 王芳、欢河村 赵强、南流村 所有人"
    assert shown["robot"] == (
        ["还没办的：大里村 <@wangfang>、欢河村 赵强、南流村 所有人", "> ＜@zhoumin＞ @李建国 ＜a href='x'＞"],
        ("WangFang",),
    )
    assert shown["app"] == ([names, "「＜@zhoumin> @李建国 ＜a href='x'>」"], ("WangFang",))
    assert shown["bot"] == ([names, "> ＜@zhoumin＞ @李建国 ＜a href='x'＞"], ())
    assert wecom.preview(Outgoing(1, ChatRef("wecom", "app:x", ChatKind.GROUP), CALLING[:1])) == (names,)
    await wecom.stop()


async def test_in_an_apps_group_a_long_text_calls_people_once(office: Office, tmp_path: Path) -> None:
    store = MemoryStore()
    store.groups = [OfficeGroup(2, "枫杨办事处", ("wangfang", "lijianguo"))]
    wecom = office.platform(tmp_path, store=store, bot=False, robots=False, office_groups=True)
    await wecom.start(Engine().receive)
    await eventually(lambda: store.groups[0].chat)
    long = tuple(Line(f"第{number}名 示例村{number} 得分{number}") for number in range(100))
    chat = ChatRef("wecom", store.groups[0].chat, ChatKind.GROUP)
    await wecom.send(Outgoing(id=1, chat=chat, body=(*CALLING, *long)))
    called = [one.called for one in office.group(store.groups[0].chat)]
    assert called == [*[()] * (len(called) - 1), ("WangFang",)]
    assert len(called) > 1
    await wecom.stop()


async def test_groups_that_somebody_asks_for_are_made_and_kept_in_step(
    office: Office, world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platform_module, "WISH_EVERY", 0.05)
    office.company.people = {f"U{name}": "" for name in ("WangFang", "LiJianGuo", "ChenLi")}
    worker = Worker(world.database)
    worker.start()
    store = WorkerWeComStore(worker, SystemClock())
    unit = world.units["枫杨办事处"]
    with world.database.transaction() as tx:
        for name, user in (("王芳", "uwangfang"), ("陈立", "uchenli")):
            joining.join(tx, "wecom", world.personas[name].id, user, f"user:{user}", now=world.now)
    wecom = office.platform(tmp_path, store=store, bot=False, robots=False)
    await wecom.start(Engine().receive)
    await eventually(lambda: _fact(world, "makes_groups"))
    assert office.api.groups == {}, "nobody has asked, and the setting is off"
    # The console does not allow it yet: whoever asked is told why.
    office.api.root_visible = False
    with world.database.transaction() as tx:
        group_wishes.wish(tx, [unit], 1)
    await eventually(lambda: "48002" in (_fact(world, "group_trouble") or {}).get(str(unit), ""))
    with world.database.transaction() as tx:
        [result] = group_wishes.results(tx)
    assert (result.chat, "48002" in result.trouble) == ("", True)
    # Allowed, and asked again.
    office.api.root_visible = True
    await asyncio.sleep(0.3)
    with world.database.transaction() as tx:
        group_wishes.wish(tx, [unit], 1)
    await eventually(lambda: office.api.groups)
    [made] = office.api.groups.values()
    assert (made["name"], made["userlist"]) == ("枫杨办事处工作群", ["UChenLi", "UWangFang"])
    await eventually(lambda: _results(world))
    # Somebody is bound later: the group is kept in step, though the setting is off.
    with world.database.transaction() as tx:
        joining.join(tx, "wecom", world.personas["李建国"].id, "ulijianguo", "user:ulijianguo", now=world.now)
    await office.sender.deliver(office.sender.event("x", "change_contact", ChangeType="update_user", UserID="x"))
    await eventually(lambda: "ULiJianGuo" in made["userlist"])
    assert len(office.api.groups) == 1
    await wecom.stop()
    worker.stop()


def _fact(world: World, name: str) -> Any:
    with world.database.transaction() as tx:
        return facts.get(tx, f"wecom.{name}")


def _results(world: World) -> list[Any]:
    with world.database.transaction() as tx:
        return group_wishes.results(tx)
