"""通报 by chat: written, looked at, addressed, sent now or later, followed, taken back."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.chat.grammar.folding import fold
from bot.chat.links import only_link
from handlers.announcements.when import moment_at_the_head
from storage.tables import outbox
from tests.world import World

WORDS = "各支部：请于周五前核对承诺进度。"
SENT = f"通报\n{WORDS}\n高新区　周敏"
REPORT = "通报1正在发出\n共2条，发得怎么样会写在这里。\n[收回没发出的]"


def arrived(world: World, *, error: str | None = None, only: int | None = None) -> None:
    """The platform took (or refused) what belongs to announcements."""
    state = "failed" if error else "sent"
    change = update(outbox).values(state=state, error=error, platform_message_id="m")
    change = change.where(outbox.c.announcement_id.is_not(None), outbox.c.state == "waiting")
    if only is not None:
        change = change.where(outbox.c.chat_id == only)
    with world.database.transaction() as tx:
        tx.execute(change)


def test_an_announcement_is_looked_at_and_sent_to_all_office_groups(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says(f"通报 {WORDS}") == [
        f"请看一眼，没问题再发送\n「通报」\n「{WORDS}」\n「高新区　周敏」\n"
        "发到：枫杨办事处、石佛办事处的群（2个）\n发出时间：马上\n"
        "[发送] [选对象]\n[定时] [请大家点收到]\n[不发了]"
    ]
    assert world.heard("枫杨办事处") == []
    assert zhou.presses("发送") == [REPORT]
    assert world.heard("枫杨办事处") == [SENT]
    assert world.heard("石佛办事处") == [SENT]
    assert world.heard("高新区") == []


def test_an_office_speaks_to_its_own_group_and_people_alone(world: World) -> None:
    chen = world.personas["陈立"]
    [preview] = chen.says("通报 明天停电")
    assert "发到：枫杨办事处的群（1个）" in preview
    [choices] = chen.presses("选对象")
    assert "石佛" not in choices
    assert chen.says("赵强") == ["没找到“赵强”。请点按钮，或发单位名、人名；选好了请点“选好了”。"]
    chen.says("枫杨办事处")
    chen.says("王芳")
    [preview] = chen.presses("选好了")
    assert "发到：王芳（1人，私聊）" in preview
    chen.says("发送")
    assert world.personas["王芳"].heard() == ["通报\n明天停电\n枫杨办事处　陈立"]
    assert world.heard("枫杨办事处") == []


def test_a_secretary_cannot_announce(world: World) -> None:
    assert world.personas["王芳"].says("通报 大家好") == [
        "“通报”由办事处管理员、组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    ]


def test_all_of_a_role_by_one_button(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(f"通报 {WORDS}")
    zhou.presses("选对象")
    zhou.presses("书记")
    zhou.presses("选好了")
    [report] = zhou.presses("发送")
    assert "共6条" in report
    for name in ("王芳", "李建国", "赵强", "钱红"):
        assert world.personas[name].heard() == [SENT]
    assert world.personas["陈立"].heard() == []


def test_a_choice_that_leaves_nobody_cannot_be_sent(world: World) -> None:
    chen = world.personas["陈立"]
    chen.says("通报 明天停电")
    chen.presses("选对象")
    chen.presses("✓ 枫杨办事处")
    [preview] = chen.presses("选好了")
    assert "发到：还没有选，点“选对象”" in preview
    assert "[发送]" not in preview
    assert chen.says("发送") == ["还没有选发给谁，请点“选对象”。"]


def test_pictures_come_along_with_the_words_or_afterwards(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(f"通报 {WORDS}", photos=1)
    [preview] = zhou.says("", photos=1)
    assert preview.count("📎") == 2
    assert "附件：2 个" in preview
    zhou.presses("发送")
    assert world.heard("枫杨办事处") == [f"{SENT}\n📎照片1.jpg\n📎照片1.jpg"]


def test_what_looks_like_personal_numbers_gives_pause_before_it_goes(world: World) -> None:
    [preview] = world.personas["周敏"].says("通报 联系人张三，身份证410105199001011234")
    assert "请留意：文字里像是有身份证号（410105199001011234）" in preview


def test_a_time_at_the_head_schedules_and_what_has_not_gone_can_be_taken_back(world: World) -> None:
    zhou = world.personas["周敏"]
    [preview] = zhou.says(f"通报 明天9点 {WORDS}")
    assert "发出时间：3月23日 09:00" in preview
    assert zhou.presses("定时发送") == [
        "通报1定于3月23日 09:00发出\n共2条，发得怎么样会写在这里。\n[收回没发出的]"
    ]
    with world.database.transaction() as tx:
        rows = tx.all(select(outbox.c.next_at).where(outbox.c.announcement_id == 1))
    assert [row.next_at for row in rows] == [datetime(2021, 3, 23, 1, 0, tzinfo=UTC)] * 2
    assert zhou.presses("收回没发出的") == ["通报1已收回，一条都没有发出。"]
    with world.database.transaction() as tx:
        rows = tx.all(select(outbox.c.state).where(outbox.c.announcement_id == 1))
    assert [row.state for row in rows] == ["cancelled"] * 2


def test_the_time_can_be_set_by_a_button_and_taken_off_again(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(f"通报 {WORDS}")
    assert zhou.presses("定时") == ["什么时候发？例如：明天9点、11月30日下午3点"]
    assert zhou.says("有空的时候") == ["没看懂时间。请这样写：明天9点、11月30日下午3点半"]
    assert zhou.says("今天8点") == ["3月22日 08:00已经过了。请写一个以后的时间，例如：明天9点"]
    assert zhou.says("3月20日9点") == ["2022年3月20日太远了，最多提前60天定时。"]
    [preview] = zhou.says("下午3点半")
    assert "发出时间：3月22日 15:30" in preview
    [preview] = zhou.presses("现在就发")
    assert "发出时间：马上" in preview
    assert zhou.presses("不发了") == ["好的，没有发出。"]


def test_the_report_follows_what_arrives_and_says_why_something_did_not(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(f"通报 {WORDS}")
    zhou.presses("发送")
    arrived(world, only=world.groups["枫杨办事处"])
    world.tick("announcement reports")
    assert zhou.heard() == ["通报1正在发出\n已发出：1／2\n等待：1条\n[收回没发出的]"]
    world.tick("announcement reports")
    assert zhou.heard() == []
    arrived(world, error="Forbidden: bot was kicked from the group chat")
    world.tick("announcement reports")
    assert zhou.heard() == [
        "通报1发完了\n已发出：1／2\n没发成：1条\n· 石佛办事处工作群：机器人不在群里了，请把它重新拉进群"
    ]
    assert zhou.says("通报")[0].startswith(f"您最近的通报\n1. 3月22日 09:00「{WORDS[:16]}」已发出1／2")


def test_what_went_out_stays_out_when_the_rest_is_taken_back(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says(f"通报 {WORDS}")
    zhou.presses("发送")
    arrived(world, only=world.groups["枫杨办事处"])
    assert zhou.says("收回通报 1") == ["通报1：收回1条，已经发出的1条收不回。"]
    assert zhou.says("收回通报 1") == ["通报1都已经发出，收不回了。要更正，请再发一条。"]
    assert world.personas["陈立"].says("收回通报 1") == ["您没有发过1号通报。发“通报”看看您发过的。"]


def test_receipts_only_where_the_sender_asks(world: World) -> None:
    zhou, wang = world.personas["周敏"], world.personas["王芳"]
    zhou.says(f"通报 {WORDS}")
    zhou.presses("发送")
    assert world.heard("枫杨办事处") == [SENT]
    assert wang.says("收到 1") == ["这条通报不需要回复。"]
    zhou.says("通报 请确认参会")
    zhou.presses("请大家点收到")
    zhou.presses("发送")
    [asked] = world.heard("枫杨办事处")
    assert asked.endswith("[收到]")
    assert wang.says("acknowledge 2", group="枫杨办事处", pressed_message="sent1") == []
    assert wang.says("收到 2") == ["好的，已记下。"]
    assert world.personas["陈立"].says("收到", group="枫杨办事处") == []
    arrived(world)
    world.tick("announcement reports")
    assert "通报2发完了\n已发出：2／2\n点了收到：2人" in zhou.heard()


def test_those_who_say_that_they_got_it_are_left_in_peace(world: World) -> None:
    wang = world.personas["王芳"]
    for words in ("收到", "收到谢谢", "收到 3个文件"):
        assert wang.says(words, group="枫杨办事处") == []
        assert wang.heard() == []
    assert wang.says("收到") == []


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("明天9点 开会", "2021-03-23 09:00"),
        ("明天上午9点半：开会", "2021-03-23 09:30"),
        ("3月25日下午3点 开会", "2021-03-25 15:00"),
        ("15:30 开会", "2021-03-22 15:30"),
        ("8点 开会", "2021-03-23 08:00"),
        ("今天晚上八点发 开会", "2021-03-22 20:00"),
        ("中午12点一刻 开会", "2021-03-22 12:15"),
        ("明天9点开会", None),
        ("明天开会", None),
        ("26点 开会", None),
        ("各支部：明天9点 开会", None),
    ],
)
def test_a_time_at_the_head_is_told_from_a_text_about_a_time(said: str, expected: str | None) -> None:
    now, zone = datetime(2021, 3, 22, 1, 0, tzinfo=UTC), ZoneInfo("Asia/Shanghai")
    found = moment_at_the_head(fold(said), now=now, zone=zone)
    assert (f"{found.at:%Y-%m-%d %H:%M}" if found else None) == expected
    if found:
        assert said[found.end :] == "开会"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            "请看活动方案：https://www.example.gov.cn/a_b/2021?id=7#top。周五前报名",
            ["请看活动方案：", "https://www.example.gov.cn/a_b/2021?id=7#top", "。周五前报名"],
        ),
        ("https://example.cn", ["https://example.cn"]),
        ("https://a.example.cn 或 https://b.example.cn", ["https://a.example.cn 或 https://b.example.cn"]),
        ("见 javascript:alert(1) 和 http://内网/x", ["见 javascript:alert(1) 和 http://内网/x"]),
    ],
)
def test_the_only_address_stands_by_itself(world: World, words: str, told: list[str]) -> None:
    zhou = world.personas["周敏"]
    [look] = zhou.says(f"通报 {words}")
    assert "\n".join(f"「{line}」" for line in told) in look
    zhou.presses("发送")
    [heard] = world.take(world.groups["枫杨办事处"])
    assert heard.text == "\n".join(["通报", *told, "高新区　周敏"])
    styles = [block[2] for block in heard.content["body"]]  # type: ignore[attr-defined]
    assert ("link" in styles) == (len(told) != 1 or told[0] == "https://example.cn")


MARKUP = "()[]<>\"'`|\\{}"


@given(
    st.text(max_size=60),
    st.from_regex(r"https?://[a-z]{1,8}\.cn/[ -~]{0,20}", fullmatch=True),
    st.text(max_size=60),
)
def test_an_address_loses_nothing_and_can_be_no_markup(before: str, address: str, after: str) -> None:
    found = only_link(before + address + after)
    if found is not None:
        assert "".join(found) == before + address + after
        assert not set(found[1]) & {*MARKUP, " ", "\n"}
