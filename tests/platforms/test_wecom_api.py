"""The API client: every rough edge of the library and of WeCom that we know of is covered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.clock import SystemClock
from bot.chat.errors import ConfigurationError, DeliveryError
from bot.chat.messages import PRIVATELY, Button, ChatKind, ChatRef, Line, OutFile, Outgoing
from bot.platforms.wecom import api as api_module
from bot.platforms.wecom import pressed
from bot.platforms.wecom.api import Api, sent
from bot.platforms.wecom.errors import KINDS, ApiError, Kind
from bot.platforms.wecom.menu import Heading
from bot.platforms.wecom.platform import WeCom
from storage.disk_spool import DiskSpool
from tests.platforms.conformance import Engine, eventually
from tests.platforms.practice import PICTURE
from tests.platforms.wecom_office import MemoryStore, Office, read


@pytest.fixture
async def office() -> AsyncIterator[Office]:
    made = Office(["WangFang", "LiJianGuo"])
    await made.open()
    yield made
    await made.close()


@pytest.fixture
async def api(office: Office) -> AsyncIterator[Api]:
    made = Api(office.settings(), MemoryStore(), SystemClock())
    yield made
    made.close()


@pytest.fixture
async def wecom(office: Office, tmp_path: Path) -> AsyncIterator[WeCom]:
    made = office.platform(tmp_path, bot=False)
    await made.start(Engine().receive)
    yield made
    await made.stop()


def message(number: int, *lines: str, user: str = "wangfang", **more: Any) -> Outgoing:
    chat = ChatRef("wecom", f"user:{user}", ChatKind.PRIVATE)
    return Outgoing(id=number, chat=chat, body=tuple(Line(line) for line in lines), **more)


TEXT = {"msgtype": "text", "text": {"content": "你好"}}

# --- tokens -------------------------------------------------------------------------------------------------


async def test_a_token_that_stays_invalid_is_renewed_once_and_then_refused(office: Office, api: Api) -> None:
    office.api.fail("message/send", *[40014] * 10)
    with pytest.raises(ApiError) as refused:
        await api.send(["wangfang"], TEXT)
    assert refused.value.kind is Kind.TOKEN
    assert office.api.calls.count("message/send") == 2
    assert office.api.calls.count("gettoken") == 2


@pytest.mark.parametrize("code", [40014, 41001, 42001])
async def test_a_token_that_expires_early_is_renewed_and_the_message_sent(
    office: Office, api: Api, code: int
) -> None:
    await api.send(["wangfang"], TEXT)
    office.api.fail("message/send", code)
    await api.send(["wangfang"], {"msgtype": "text", "text": {"content": "第二句"}})
    assert [read(seen) for seen in office.phone("wangfang")] == ["你好", "第二句"]


async def test_ten_callers_at_once_fetch_one_token(office: Office, api: Api) -> None:
    office.api.gettoken_takes = 0.2
    await asyncio.gather(*(api.get("agent/get", agentid=office.company.agent_id) for _ in range(10)))
    assert office.api.calls.count("gettoken") == 1
    office.api.expire_tokens()
    await asyncio.gather(*(api.get("agent/get", agentid=office.company.agent_id) for _ in range(10)))
    assert office.api.calls.count("gettoken") == 2


async def test_the_token_survives_a_restart_and_belongs_to_one_corp_agent_and_secret(office: Office) -> None:
    store, clock = MemoryStore(), SystemClock()
    first = Api(office.settings(), store, clock)
    token = await first.tokens.token()
    assert await Api(office.settings(), store, clock).tokens.token() == token
    assert office.api.calls == ["gettoken"]
    other = Api(office.settings(agent_id=7), store, clock)
    await other.tokens.token()
    assert office.api.calls == ["gettoken", "gettoken"]
    assert office.company.secret not in str(store.facts)
    for one in (first, other):
        one.close()


async def test_a_token_is_renewed_before_it_expires(office: Office, api: Api) -> None:
    office.api.lifetime = 100
    await api.tokens.token()
    office.api.expire_tokens()
    assert await api.tokens.token() == "token-2"


# --- failures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["gettoken", "message/send", "media/get"])
async def test_every_call_has_a_time_limit(
    office: Office, api: Api, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "FILE_TIMEOUT", (1, 0.3))
    api._client.timeout = (1, 0.3)
    office.api.fail(path, "hang")
    media = office.company.keep("a", b"a picture", "image")
    with pytest.raises(ApiError, match="没有按时回答") as late:
        await (api.download(media, most=100) if path == "media/get" else api.send(["wangfang"], TEXT))
    assert late.value.ambiguous
    assert late.value.as_delivery_error().ambiguous


@pytest.mark.parametrize("fault", ["garbage", "500"])
@pytest.mark.parametrize("path", ["gettoken", "message/send"])
async def test_answers_that_are_none_are_errors(
    office: Office, api: Api, path: str, fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "FIRST_PAUSE", 0.01)
    office.api.fail(path, *[fault] * 3)
    with pytest.raises(ApiError) as refused:
        await api.send(["wangfang"], TEXT)
    assert refused.value.as_delivery_error().permanent is False
    assert office.api.calls.count(path) == (3 if fault == "500" else 1)


async def test_what_is_busy_is_tried_again_with_pauses(
    office: Office, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "FIRST_PAUSE", 0.01)
    office.api.fail("message/send", -1, 45033)
    await api.send(["wangfang"], TEXT)
    assert len(office.phone("wangfang")) == 1


async def test_no_secret_stands_in_any_error_or_log(
    office: Office, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    nowhere = Api(office.settings(base_url="http://127.0.0.1:9"), MemoryStore(), SystemClock())
    echoing = Api(office.settings(secret="another-secret-DO-NOT-LOG"), MemoryStore(), SystemClock())
    for one, key in ((nowhere, "robot-key-DO-NOT-LOG-693a91f6"), (echoing, "robot-key-DO-NOT-LOG-other")):
        for call in (one.send(["wangfang"], TEXT), one.webhook(key, TEXT), one.download("m", most=1)):
            with pytest.raises(ApiError) as refused:
                await call
            said.append(f"{refused.value!r} {refused.value} {refused.value.explanation} {refused.value.__cause__}")
        one.close()
    assert all("DO-NOT-LOG" not in text for text in said), said
    # Debug logs of the HTTP library name addresses; only warnings of libraries are ever shown.
    ours = [r for r in caplog.records if r.name.startswith("liangsaibi") or r.levelno >= logging.WARNING]
    shown = [record.getMessage() for record in ours]
    assert all("DO-NOT-LOG" not in text for text in shown)


async def test_everything_goes_to_the_configured_address(office: Office, api: Api) -> None:
    media = await api.upload("image", "照片.png", PICTURE)
    data, _disposition, kind = await api.download(media, most=10**6)
    assert (data, kind) == (PICTURE, "image/png")
    assert office.api.calls == ["gettoken", "media/upload", "media/get"]


async def test_a_file_larger_than_wanted_is_not_read_whole(office: Office, api: Api) -> None:
    media = office.company.keep("big", b"x" * 5000, "file")
    with pytest.raises(ApiError, match="too large"):
        await api.download(media, most=1000)


@pytest.mark.parametrize(("code", "kind"), sorted(KINDS.items()))
def test_every_code_of_the_table_leads_to_what_it_should(code: int, kind: Kind) -> None:
    error = ApiError(code, "said").as_delivery_error()
    permanent = {Kind.SIZE, Kind.REFUSED, Kind.PERSON, Kind.GROUP, Kind.MEDIA}
    assert error.permanent is (kind in permanent)
    assert error.account is (kind in (Kind.CONFIGURATION, Kind.TOO_OFTEN))
    if kind is Kind.TOO_OFTEN:
        assert error.retry_after is not None
        assert error.retry_after >= 60


def test_an_address_that_is_not_trusted_is_named() -> None:
    said = ApiError(60020, "not allow to access from your ip, hint: [17], from ip: 203.0.113.7, more").explanation
    assert said.startswith("服务器地址 203.0.113.7 不在可信IP里：管理后台")


def test_who_did_not_get_it_is_told_person_by_person_whatever_the_case() -> None:
    answer = {"invaliduser": "wangfang|x", "unlicenseduser": "lijianguo", "msgid": "m1", "response_code": "r"}
    done = sent(["WangFang", "LiJianGuo", "ZhouMin"], answer)
    assert (done.refused, done.unlicensed, done.message_id) == (("WangFang",), ("LiJianGuo",), "m1")


async def test_wrong_credentials_stop_the_start_and_say_what_to_set(office: Office, tmp_path: Path) -> None:
    for wrong, said in ({"secret": "other"}, "wecom.secret"), ({"corp_id": "ww0"}, "wecom.corp_id"):
        platform = office.platform(tmp_path, **wrong)  # type: ignore[arg-type]
        with pytest.raises(ConfigurationError, match=said):
            await platform.start(Engine().receive)
        await platform.stop()


# --- sending ------------------------------------------------------------------------------------------------


async def test_retries_never_double_and_equal_messages_are_not_taken_for_one(office: Office, wecom: WeCom) -> None:
    await wecom.send(message(1, "已登记"))
    await wecom.send(message(1, "已登记"))
    await wecom.send(message(2, "已登记"))
    assert [read(seen) for seen in office.phone("wangfang")] == ["已登记", "已登记"]
    assert wecom.deduplicates(message(1, "x"))


async def test_a_pressed_card_that_is_sent_again_does_not_double_either(office: Office, wecom: WeCom) -> None:
    ask = message(1, "登记吗？", buttons=((Button("登记", "#k yes"), Button("取消", "取消")),))
    assert await wecom.send(ask) == await wecom.send(ask)
    assert [read(seen) for seen in office.phone("wangfang")] == ["登记吗？"]


async def test_a_part_that_failed_is_sent_alone(office: Office, wecom: WeCom) -> None:
    long = message(1, *(f"第{n}行，枫杨办事处大里村硬化道路{n}米" for n in range(120)))
    assert wecom.weight(long) == 4
    office.api.fail("message/send", 0, 45009)
    office.api.faults["message/send"] = [None, 45009]
    with pytest.raises(DeliveryError) as refused:
        await wecom.send(long)
    assert (refused.value.retry_after, refused.value.account) == (60, True)
    await wecom.send(long)
    texts = [read(seen) for seen in office.phone("wangfang")]
    assert "\n".join(texts).count("第7行") == 1
    assert len(texts) == 4
    assert all(len(seen.text.encode()) <= 2048 for seen in office.phone("wangfang"))


async def test_somebody_whom_the_app_does_not_reach_is_a_permanent_failure(office: Office, wecom: WeCom) -> None:
    office.company.unlicensed.add("LiJianGuo")
    for user, said in ("nobody", "可见范围"), ("lijianguo", "unlicenseduser"):
        with pytest.raises(DeliveryError, match=said) as refused:
            await wecom.send(message(1, "在吗", user=user))
        assert refused.value.permanent


async def test_a_media_id_that_is_refused_is_uploaded_again_once(office: Office, wecom: WeCom) -> None:
    key = office.files.put(PICTURE)
    photo = message(1, files=(OutFile(key, "现场.png", "image/png"),))
    office.api.fail("message/send", 45033, 45033, 45033)
    with pytest.raises(DeliveryError):
        await wecom.send(photo)
    office.company.media.clear()
    await wecom.send(photo)
    assert [seen.file for seen in office.phone("wangfang")] == [PICTURE]
    assert office.api.calls.count("media/upload") == 2


@pytest.mark.parametrize("size", [3, 21 * 1024 * 1024])
async def test_a_file_that_wecom_does_not_take_is_refused_for_good(
    office: Office, wecom: WeCom, size: int
) -> None:
    key = office.files.put(b"x" * size)
    with pytest.raises(DeliveryError, match="bytes") as refused:
        await wecom.send(message(1, files=(OutFile(key, "大.zip", "application/zip"),)))
    assert refused.value.permanent
    assert "media/upload" not in office.api.calls


async def test_up_to_six_choices_are_buttons_up_to_twenty_a_vote_more_are_numbered(
    office: Office, wecom: WeCom
) -> None:
    for count in (6, 20, 21):
        buttons = tuple((Button(f"选{n}", f"排名 {n}"),) for n in range(1, count + 1))
        await wecom.send(message(count, "选哪个？", buttons=buttons, hint="请回复序号："))
    six, twenty, more = office.phone("wangfang")
    assert six.card is not None
    assert six.card["card_type"] == "button_interaction"
    assert twenty.card is not None
    assert twenty.card["card_type"] == "vote_interaction"
    assert read(more).splitlines()[:4] == ["选哪个？", "", "请回复序号：", "1. 选1"]
    assert read(more).splitlines()[-1] == "21. 选21"


async def test_a_pressed_answer_shows_what_was_chosen_and_a_command_stays_live(
    office: Office, tmp_path: Path
) -> None:
    engine = Engine()
    wecom = office.platform(tmp_path, bot=False)
    await wecom.start(engine.receive)
    answer, command = ((Button("登记", "#k yes"),),), ((Button("帮助", "帮助"),),)
    await wecom.send(message(1, "登记吗？", buttons=answer))
    await wecom.send(message(2, "看看别的？", buttons=command))
    await office.sender.presses("WangFang", "登记")
    await office.sender.presses("WangFang", "帮助")
    await eventually(lambda: not office.phone("wangfang")[0].live)
    first, second = office.phone("wangfang")
    assert read(first) == "登记吗？\n[✓ 登记]"
    assert second.live
    await wecom.send(message(3, *["帮助在此"] * 50, replaces=engine.messages[1].pressed_message))
    assert (read(second), second.live) == ("看看别的？\n[✓ 帮助]", False), (
        "what is too long stands beside the card"
    )
    assert read(office.phone("wangfang")[2]).startswith("帮助在此")
    assert [came.text for came in engine.messages] == ["#k yes", "帮助"]
    await wecom.stop()


async def test_what_answers_a_press_takes_the_place_of_the_card(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pressed, "REPLY_COMES", 60.0)
    engine = Engine()
    wecom = office.platform(tmp_path, bot=False)
    await wecom.start(engine.receive)
    pad = tuple((Button(str(n), f"#k {n}"),) for n in range(20, 31))
    task = await wecom.send(message(1, "党建几分？", buttons=pad))
    await office.sender.presses("WangFang", "28")
    assert await wecom.send(message(2, "党建28分。", "服务几分？", buttons=pad, replaces=task)) == task
    [card] = office.phone("wangfang")
    assert (read(card), len(card.buttons), card.live) == ("党建28分。\n服务几分？", 11, True)
    await office.sender.presses("WangFang", "27")
    assert [came.pressed_message for came in engine.messages] == [task, task]
    said = "大里村的分数收下了：党建28、服务27，合计55分。封评以前还可以改。"
    assert await wecom.send(message(3, said, replaces=task)) == task
    assert (read(card), card.live) == (f"✓ 27\n{said}\n[✓ 27]", False)
    # A reply that comes again after a time-out, when the card was changed already, is not lost.
    await wecom.send(message(4, "撤销好了", replaces=task))
    assert [read(seen) for seen in office.phone("wangfang")][1:] == ["撤销好了"]
    await wecom.stop()


async def test_after_three_days_or_with_files_the_answer_stands_beside_the_card(
    office: Office, tmp_path: Path
) -> None:
    engine = Engine()
    wecom = office.platform(tmp_path, bot=False)
    await wecom.start(engine.receive)
    for number in (1, 2):
        await wecom.send(message(number, f"第{number}问", buttons=((Button(f"看{number}", "台账"),),)))
        await office.sender.presses("WangFang", f"看{number}")
    book = OutFile(office.files.put(b"PK\x03\x04 a workbook"), "台账.xlsx", "application/x")
    await wecom.send(message(3, "台账在此", files=(book,), replaces=engine.messages[0].pressed_message))
    office.company.shift += 73 * 3600
    await wecom.send(message(4, "看好了", replaces=engine.messages[1].pressed_message))
    told = [(read(seen), seen.live) for seen in office.phone("wangfang")]
    assert told == [("第1问\n[✓ 看1]", False), ("第2问", True), ("台账在此", True), ("", True), ("看好了", True)]
    await wecom.stop()


async def test_a_reply_that_is_quicker_than_the_commit_finds_its_card(office: Office, tmp_path: Path) -> None:
    """The outbox may send the reply before whoever handed the press in has heard that it is committed."""
    wecom = office.platform(tmp_path, bot=False)
    engine = Engine()

    async def receive(came: Any) -> Any:
        outcome = await engine.receive(came)
        await wecom.send(message(2, "已登记", replaces=came.pressed_message))
        return outcome

    await wecom.start(receive)
    await wecom.send(message(1, "登记吗？", buttons=((Button("登记", "#k yes"),),)))
    await office.sender.presses("WangFang", "登记")
    assert [read(seen) for seen in office.phone("wangfang")] == ["已登记\n[✓ 登记]"]
    await wecom.stop()


async def test_a_vote_comes_back_as_its_command(office: Office, tmp_path: Path) -> None:
    engine = Engine()
    wecom = office.platform(tmp_path, bot=False)
    await wecom.start(engine.receive)
    buttons = tuple((Button(f"{n}分", f"打分 大里村 {n}"),) for n in range(80, 90))
    await wecom.send(message(1, "大里村打几分？", buttons=buttons))
    await office.sender.presses("WangFang", "86分")
    assert [(came.text, came.pressed) for came in engine.messages] == [("打分 大里村 86", True)]
    await wecom.stop()


async def test_nobodys_words_become_a_link(office: Office, wecom: WeCom) -> None:
    await wecom.send(message(1, '<a href="http://x.invalid">领奖</a> < A HREF=x> <abc> 3<a'))
    [seen] = office.phone("wangfang")
    assert "<a " not in seen.text.lower()
    assert "<abc>" in seen.text


async def test_a_file_is_whole_also_when_the_token_had_to_be_renewed(office: Office, api: Api) -> None:
    office.api.fail("media/upload", 40014)
    media = await api.upload("image", "照片.png", PICTURE)
    assert office.company.media[media][1] == PICTURE


async def test_markdown_where_it_is_wanted_with_nobodys_words_as_markup(office: Office, tmp_path: Path) -> None:
    wecom = office.platform(tmp_path, bot=False, markdown=True)
    await wecom.start(Engine().receive)
    await wecom.send(message(1, "**大里村** [领奖](http://x.invalid)"))
    [seen] = office.phone("wangfang")
    assert (seen.kind, read(seen)) == ("markdown", "**大里村** [领奖](http://x.invalid)")
    assert "**" not in seen.text
    await wecom.stop()


async def test_a_preview_shows_what_people_will_get(office: Office, wecom: WeCom) -> None:
    key = office.files.put(PICTURE)
    out = message(
        1,
        "登记吗？",
        buttons=((Button("登记", "#k yes"), Button("取消", "取消")),),
        files=(OutFile(key, "现场.png", "image/png"),),
    )
    assert wecom.preview(out) == ("登记吗？\n[登记] [取消]", "📎现场.png")
    assert wecom.weight(out) == 2


async def test_whom_the_app_does_not_reach_the_ai_bot_may(office: Office, tmp_path: Path) -> None:
    wecom = office.platform(tmp_path)
    engine = Engine()
    await wecom.start(engine.receive)
    await office.bot.subscribed.wait()
    office.company.invisible.add("WangFang")
    office.bot.known.add("wangfang")
    await wecom.send(message(1, "催办：本季度季报"))
    assert [(seen.by, read(seen)) for seen in office.phone("wangfang")] == [("bot", "催办：本季度季报")]
    await wecom.stop()


async def test_who_writes_to_the_ai_bot_is_answered_there_and_reminded_by_the_app(
    office: Office, tmp_path: Path
) -> None:
    wecom = office.platform(tmp_path)
    engine = Engine()
    await wecom.start(engine.receive)
    await office.bot.subscribed.wait()
    await office.bot.says("WangFang", "我是谁")
    await office.says("WANGFANG", "我是谁")
    by_bot, by_app = await engine.until(2)
    assert (by_bot.chat, by_bot.sender.id) == (by_app.chat, by_app.sender.id), "one person, one account"
    await wecom.send(message(1, "您是王芳"))
    await wecom.send(message(2, "提醒：季报"))
    assert [(seen.by, read(seen)) for seen in office.phone("wangfang")] == [
        ("bot", "您是王芳"),
        ("app", "提醒：季报"),
    ]
    await wecom.stop()


async def test_the_menu_and_the_rest_wait_until_this_replica_leads(office: Office, tmp_path: Path) -> None:
    leads = [False]
    store = MemoryStore()
    wecom = WeCom(
        office.settings(app=False, bot=False),
        store,
        office.platform(tmp_path) and office.files,
        SystemClock(),
        DiskSpool(tmp_path / "other"),
        leading=lambda: leads[0],
    )
    await wecom.start(Engine().receive)
    await asyncio.sleep(0.2)
    assert store.robots == {}
    leads[0] = True
    await eventually(lambda: store.robots == {"枫杨办事处": "robot:枫杨办事处"})
    await wecom.stop()


async def test_a_menu_that_fails_in_a_way_nobody_thought_of_does_not_end_the_rounds(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def menu(_headings: object) -> None:
        raise RuntimeError("nobody thought of this")

    monkeypatch.setattr("bot.platforms.wecom.platform.menu", menu)
    store = MemoryStore()
    wecom = office.platform(tmp_path, store=store, headings=(Heading("我的", ()),), menu=True)
    await wecom.start(Engine().receive)
    await eventually(lambda: bool(store.robots))
    await wecom.stop()


async def test_a_configuration_that_somebody_has_to_mend_is_told_until_it_is(office: Office, wecom: WeCom) -> None:
    office.api.trusted = False
    with pytest.raises(DeliveryError, match=r"203\.0\.113\.7") as refused:
        await wecom.send(message(1, "你好"))
    assert (refused.value.permanent, refused.value.account) == (False, True)
    assert "可信IP" in (wecom.trouble() or "")
    office.api.trusted = True
    await wecom.send(message(1, "你好"))
    assert wecom.trouble() is None


async def test_a_button_to_the_private_chat_is_left_out(office: Office, wecom: WeCom) -> None:
    await wecom.send(message(1, "这件事请私聊我", buttons=((Button("私聊我", PRIVATELY),),)))
    [seen] = office.phone("wangfang")
    assert (read(seen), seen.card) == ("这件事请私聊我", None)


def test_how_many_leave_at_once_is_a_setting_and_the_other_limits_stay(office: Office, tmp_path: Path) -> None:
    usual = office.platform(tmp_path).limits
    assert office.platform(tmp_path, sends_at_once=1).limits == replace(usual, at_once=1)
