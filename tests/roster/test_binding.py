"""Codes handed out and used, wrong ones slowed down, accounts untied, who one is."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from bot.chat.people import Role
from storage import binding
from storage.tables import binding_codes
from tests.roster.talk import CODE, code_for, files, unbound
from tests.world import World

WRONG = "这个码不能用：输错了、已用过或已过期。请照着卡片再输一遍，或请组织者重发一个。"
STRANGER = "您还没有绑定身份。请把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"


# --- using a code -----------------------------------------------------------------------------------------


def test_a_code_binds_once_and_greets(world: World) -> None:
    code = code_for(world, "王芳")
    phone = world.stranger("微信用户")
    assert phone.says(f"绑定 {code}") == [
        "王芳，您好，绑定好了\n您的职务：大里村 书记\n可以先做这些：\n[我的承诺] [承诺] [帮助]"
    ]
    assert phone.says("我是谁") == ["姓名：王芳\n职务：大里村 书记\n绑定账号：Test、Test"]
    other = world.stranger("别人")
    assert other.says(f"绑定 {code}") == [WRONG]
    assert phone.says(f"绑定 {code}") == ["您已经绑定为王芳，不用再绑。"]


def test_each_role_is_shown_what_to_do_first(world: World) -> None:
    for name, buttons in (
        ("周敏", "可以先做这些：\n[名册] [汇总] [帮助]"),
        ("陈立", "可以先做这些：\n[审核] [未报] [帮助]"),
        ("郑评", "您的职务：高新区 评委\n[帮助]"),
    ):
        [greeting] = world.stranger(f"{name}的手机").says(f"绑定 {code_for(world, name)}")
        assert greeting.startswith(f"{name}，您好，绑定好了\n")
        assert greeting.endswith(buttons)


def test_a_code_is_read_as_people_type_it(world: World) -> None:
    for index, change in enumerate((str.lower, lambda c: c.replace("-", " "), lambda c: c.replace("-", ""))):
        code = change(code_for(world, "王芳"))
        assert "绑定好了" in world.stranger(f"手机{index}").says(f"绑定{code}")[0]


def test_what_is_no_code_is_not_counted_as_a_try(world: World) -> None:
    phone = world.stranger("微信用户")
    for _try in range(12):
        assert phone.says("绑定 王芳") == ["绑定码是8位，照着卡片发就行，例如：绑定 8F3K-2274"]
    assert "绑定好了" in phone.says(f"绑定 {code_for(world, '王芳')}")[0]


def test_a_code_dies_after_its_term_and_when_another_is_issued(world: World) -> None:
    old = code_for(world, "王芳")
    [again] = world.personas["周敏"].says("绑定码 王芳")
    assert "原来没用的码已作废。\n王芳已绑定过账号，这个码可以再绑一个。" in again
    new = CODE.search(again)
    assert new is not None
    phone = world.stranger("微信用户")
    assert phone.says(f"绑定 {old}") == [WRONG]
    world.wait(days=world.policy.binding.code_days)
    assert phone.says(f"绑定 {new.group()}") == [WRONG]


def test_unknown_used_and_expired_codes_are_answered_alike(world: World) -> None:
    used, expired = code_for(world, "王芳"), code_for(world, "赵强")
    world.stranger("一号").says(f"绑定 {used}")
    world.wait(days=15)
    answers = {
        world.stranger(f"手机{index}").says(f"绑定 {code}")[0]
        for index, code in enumerate((used, expired, "2222-2222"))
    }
    assert answers == {WRONG}


def test_wrong_codes_are_slowed_down_and_then_blocked_for_an_hour(world: World) -> None:
    code = code_for(world, "王芳")
    phone = world.stranger("微信用户")
    assert phone.says("绑定 2222-2222") == [WRONG]
    assert phone.says("绑定 2222-2222") == [WRONG]
    for seconds in (5, 10, 20, 40, 80):
        assert phone.says("绑定 2222-2222") == [f"{WRONG}\n为防乱试，请{seconds}秒后再输。"]
        # Even the right code is not looked at before the pause is over, and asking does not make it longer.
        world.wait(seconds=seconds - 1)
        assert phone.says(f"绑定 {code}") == ["为防乱试，请1秒后再输。"]
        world.wait(seconds=1)
    assert phone.says("绑定 2222-2222") == [f"{WRONG}\n为防乱试，请3分钟后再输。"]
    world.wait(seconds=160)
    assert phone.says("绑定 2222-2222") == [f"{WRONG}\n为防乱试，请6分钟后再输。"]
    world.wait(seconds=320)
    assert phone.says("绑定 2222-2222") == [f"{WRONG}\n为防乱试，请60分钟后再输。"]
    world.wait(minutes=59)
    assert phone.says(f"绑定 {code}") == ["为防乱试，请60秒后再输。"]
    world.wait(minutes=1)
    assert phone.says("绑定 2222-2222") == [WRONG]
    assert "绑定好了" in phone.says(f"绑定 {code}")[0]


def test_wrong_codes_of_one_account_do_not_slow_another(world: World) -> None:
    code = code_for(world, "王芳")
    guesser = world.stranger("乱试的人")
    for _try in range(3):
        guesser.says("绑定 2222-2222")
    assert "绑定好了" in world.stranger("微信用户").says(f"绑定 {code}")[0]


def test_who_is_bound_does_not_become_somebody_else_by_a_code(world: World) -> None:
    code = code_for(world, "王芳")
    zhao = world.personas["赵强"]
    assert zhao.says(f"绑定 {code}") == ["这个账号绑定的是赵强。要换人用，请先发“解绑”。"]
    assert zhao.says("我是谁") == ["姓名：赵强\n职务：欢河村 书记\n绑定账号：Test"]
    assert zhao.says("绑定 2222-2222") == [WRONG]
    assert world.personas["王芳"].says(f"绑定 {code}") == ["您已经绑定为王芳，不用再绑。"]
    assert "绑定好了" in world.stranger("微信用户").says(f"绑定 {code}")[0]


def test_a_code_shown_in_a_group_is_answered_privately(world: World) -> None:
    code = code_for(world, "王芳")
    phone = world.stranger("微信用户")
    assert phone.says(f"绑定 {code}", group="枫杨办事处") == [
        "这件事请私聊我：点我的头像发消息，再说一遍。\n[私聊我]"
    ]
    assert "绑定好了" in phone.says(f"绑定 {code}")[0]


def test_the_language_of_the_account_becomes_the_persons(world: World) -> None:
    code = code_for(world, "王芳")
    phone = world.stranger("Phone")
    phone.says("语言 English")
    assert phone.says(f"/bind {code}")[0].startswith("Hello 王芳, you are bound")
    assert phone.says("/whoami")[0].startswith("Name: 王芳\n")


def test_codes_are_kept_as_hashes_only(world: World) -> None:
    code = code_for(world, "王芳")
    with world.database.transaction() as tx:
        kept = tx.all(select(binding_codes.c.code_hash)).pop().code_hash
    assert len(kept) == 64
    assert code not in kept


def test_of_two_accounts_that_use_a_code_at_once_one_wins(world: World) -> None:
    code = code_for(world, "王芳")
    for name in ("一号", "二号"):
        world.stranger(name).says("你好")
    with world.database.transaction() as tx:
        found = binding.find(tx, code, now=world.now)
        assert found is not None
        won = [binding.use(tx, found, account_id=number, now=world.now) for number in (1, 2)]
    assert won == [True, False]


def test_a_code_that_was_given_out_before_is_reported_as_taken(world: World) -> None:
    wang, zhao = world.personas["王芳"].id, world.personas["赵强"].id
    until = world.now + timedelta(days=1)
    with world.database.transaction() as tx:
        assert binding.issue(tx, {wang: "8F3K-2274"}, issued_by=None, now=world.now, expires_at=until) == []
        codes = {wang: "5EJ5-85DA", zhao: "8F3K-2274"}
        assert binding.issue(tx, codes, issued_by=None, now=world.now, expires_at=until) == [zhao]
        assert binding.issue(tx, {}, issued_by=None, now=world.now, expires_at=until) == []


# --- handing codes out ------------------------------------------------------------------------------------


def test_codes_go_to_those_who_have_no_account(world: World) -> None:
    unbound(world, "王芳", "赵强", "吴评")
    zhou = world.personas["周敏"]
    [answer] = zhou.says("绑定码")
    lines = answer.split("\n")
    assert lines[0] == "3个绑定码，14天内有效，用一次就失效"
    assert [line.split()[0] for line in lines[1:5]] == ["姓名", "吴评", "王芳", "赵强"]
    assert lines[5:] == [
        "请本人私聊我发：绑定 加上自己的码。卡片可打印剪开，请逐人当面给，不要发到群里。",
        "📎绑定码.html",
        "📎绑定码.xlsx",
    ]
    codes = CODE.findall(answer)
    sent = files(world, zhou)
    printed = sent["绑定码.html"].decode()
    assert all(f"{code}</div>" in printed for code in codes)
    rows = list(load_workbook(io.BytesIO(sent["绑定码.xlsx"])).active.values)
    assert rows[0] == ("办事处", "姓名", "职务", "手机", "绑定码", "有效期至")
    assert rows[2] == ("枫杨办事处", "王芳", "大里村 书记", None, codes[1], "4月5日 09:00")


def test_codes_that_were_handed_out_stay_good(world: World) -> None:
    unbound(world, "王芳", "赵强")
    zhou = world.personas["周敏"]
    first = CODE.findall(zhou.says("绑定码 枫杨办事处")[0])
    assert len(first) == 1
    [second] = zhou.says("绑定码")
    assert second.startswith("1个绑定码，")
    assert "另有1人的码还没用、没过期，这次没有重发。" in second
    assert zhou.says("绑定码 全部") == ["没绑定的2人手里都有没用过的码。\n[作废旧码，重发给这2人]"]
    [third] = zhou.presses("作废旧码，重发给这2人")
    assert third.startswith("2个绑定码，")
    assert world.stranger("微信用户").says(f"绑定 {first[0]}") == [WRONG]


def test_everybody_is_bound(world: World) -> None:
    assert world.personas["周敏"].says("绑定码") == ["都已绑定。要给某个人再发一个，请写姓名，例如：绑定码 王芳"]


def test_a_long_list_is_cut_in_chat_and_whole_in_the_files(world: World) -> None:
    names = [f"新人{number:02}" for number in range(25)]
    for name in names:
        world.person(name, (Role.OBSERVER, "高新区"))
    unbound(world, *names)
    zhou = world.personas["周敏"]
    [answer] = zhou.says("绑定码")
    assert answer.startswith("25个绑定码，")
    assert len(CODE.findall(answer)) == 20
    assert "还有5个，见文件。" in answer
    assert files(world, zhou)["绑定码.html"].decode().count("<svg") == 25


def test_people_of_the_same_name_are_told_apart(world: World) -> None:
    first = world.person("王强", (Role.SECRETARY, "大里村"))
    second = world.person("王强", (Role.SECRETARY, "欢河村"))
    zhou = world.personas["周敏"]
    assert zhou.says("绑定码 王强") == ["有不止一位“王强”，是哪一位？\n[大里村 书记]\n[欢河村 书记]"]
    [answer] = zhou.presses("欢河村 书记")
    code = CODE.search(answer)
    assert code is not None
    phone = world.stranger("微信用户")
    phone.says(f"绑定 {code.group()}")
    assert phone.says("我是谁")[0].startswith("姓名：王强\n职务：欢河村 书记")
    assert first.id != second.id


def test_a_misspelt_name_is_offered_not_guessed(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("绑定码 李建囯") == ["您管理的范围里没有“李建囯”这个人。是不是：\n[李建国]"]
    assert "李建国" in zhou.presses("李建国")[0]
    assert zhou.says("绑定码 枫样办事处")[0].startswith("您管理的范围里没有“枫样办事处”。是不是：\n[枫杨办事处]")


def test_an_office_issues_codes_for_its_own_only(world: World) -> None:
    unbound(world, "王芳", "赵强")
    chen = world.personas["陈立"]
    [answer] = chen.says("绑定码")
    assert "王芳" in answer
    assert "赵强" not in answer
    assert chen.says("绑定码 赵强") == ["您管理的范围里没有“赵强”。"]
    assert chen.says("绑定码 石佛办事处")[0].startswith("您管理的范围里没有“石佛办事处”。")
    for number in (world.personas["赵强"].id, world.personas["周敏"].id):
        assert chen.says(f"codes p{number}") == [f"您管理的范围里没有“p{number}”。"]
    number = world.units["石佛办事处"]
    assert chen.says(f"codes u{number}") == [f"您管理的范围里没有“u{number}”。"]


def test_an_office_cannot_make_itself_an_organizer(world: World) -> None:
    """Who has a post here and a higher one elsewhere gets codes from the organizer only."""
    world.person("郭正", (Role.ORGANIZER, "高新区"), (Role.OBSERVER, "枫杨办事处"))
    unbound(world, "郭正")
    chen = world.personas["陈立"]
    refusal = ["郭正在您管理的范围之外还有职务，请组织者办理。"]
    assert chen.says("绑定码 郭正") == refusal
    assert chen.says("解绑 郭正") == refusal
    assert chen.says("绑定码") == ["都已绑定。要给某个人再发一个，请写姓名，例如：绑定码 王芳"]
    assert CODE.search(world.personas["周敏"].says("绑定码 郭正")[0])


@pytest.mark.parametrize("name", ["王芳", "吴评"])
def test_who_keeps_no_roster_issues_no_codes(world: World, name: str) -> None:
    assert world.personas[name].says("绑定码") == [
        "“绑定码”由办事处管理员、组织者使用，您目前没有这个身份。发“帮助”看看您能做的事。"
    ]
    assert world.personas[name].says("名册")[0].startswith("“名册”由办事处管理员、组织者使用")


# --- untying ----------------------------------------------------------------------------------------------


def test_untying_the_own_account(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says("解绑") == ["解绑后，这个账号就不能再代表王芳说话了。确定吗？\n[解绑] [取消]"]
    assert wang.says("算了") == ["好的，刚才的填写已取消，没有保存。"]
    assert wang.says("我是谁")[0].startswith("姓名：王芳")
    wang.says("解绑")
    assert wang.presses("解绑") == ["已解绑。要再用时，请组织者发一个新的绑定码。"]
    assert wang.says("我是谁") == [STRANGER]


def test_untying_somebody_elses_account(world: World) -> None:
    zhou = world.personas["周敏"]
    assert world.personas["李建国"].says("解绑 赵强") == ["只能解绑自己的账号：请发“解绑”。"]
    assert zhou.says("解绑 赵强") == ["赵强（欢河村 书记）绑定了1个账号，全部解绑吗？\n[解绑] [取消]"]
    assert zhou.presses("解绑") == ["赵强的账号已全部解绑。\n[发绑定码]"]
    assert world.personas["赵强"].says("我是谁") == [STRANGER]
    assert zhou.says("解绑 赵强") == ["赵强没有绑定账号。"]
    assert CODE.search(zhou.presses("发绑定码")[0])


def test_an_office_unties_its_own_people_only(world: World) -> None:
    chen = world.personas["陈立"]
    assert chen.says("解绑 赵强") == ["您管理的范围里没有“赵强”这个人。"]
    chen.says("解绑 王芳")
    assert chen.presses("解绑") == ["王芳的账号已全部解绑。\n[发绑定码]"]


def test_a_stranger_is_told_how_to_begin(world: World) -> None:
    assert world.stranger("路人").says("我是谁") == [STRANGER]
