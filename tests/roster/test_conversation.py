"""Binding, groups, handover, appointments and the roster file, by chat."""

from __future__ import annotations

import io
import re

import pytest
from openpyxl import load_workbook

from bot.chat.messages import Attachment
from bot.chat.people import Role
from handlers.roster import importing, sheets, workbook
from handlers.roster.codes import ALPHABET, new_code, read_code
from storage import people, roster, units
from storage.database import Tx
from tests.world import Persona, World


def code_for(world: World, name: str, *, keeper: str = "周敏") -> str:
    [answer] = world.personas[keeper].says(f"绑定码 {name}")
    found = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", answer)
    assert found is not None, answer
    return found.group()


def test_a_code_binds_once_and_greets(world: World) -> None:
    code = code_for(world, "王芳")
    phone = world.stranger("微信用户")
    assert phone.says(f"绑定 {code}") == ["王芳，您好，绑定好了\n您的职务：大里村 书记\n[我的承诺] [承诺] [帮助]"]
    assert phone.says("我是谁") == ["姓名：王芳\n职务：大里村 书记\n绑定账号：2个"]
    other = world.stranger("别人")
    assert other.says(f"绑定 {code}")[0].startswith("这个码不对，或已用过、已过期。")


@pytest.mark.parametrize("change", [str.lower, lambda c: c.replace("-", " "), lambda c: c.replace("-", "")])
def test_a_code_is_read_as_people_type_it(world: World, change: object) -> None:
    code = change(code_for(world, "王芳"))  # type: ignore[operator]
    assert "绑定好了" in world.stranger("微信用户").says(f"绑定{code}")[0]


def test_a_code_dies_after_its_term_and_when_another_is_issued(world: World) -> None:
    old = code_for(world, "王芳")
    new = code_for(world, "王芳")
    phone = world.stranger("微信用户")
    assert "这个码不对" in phone.says(f"绑定 {old}")[0]
    world.wait(days=world.policy.binding.code_days, minutes=1)
    assert "这个码不对" in phone.says(f"绑定 {new}")[0]


def test_wrong_codes_are_slowed_down_and_then_blocked_for_an_hour(world: World) -> None:
    code = code_for(world, "王芳")
    phone = world.stranger("微信用户")
    answers = []
    for _try in range(60):
        [answer] = phone.says("绑定 2222-2222")
        answers.append(answer)
        if "60分钟后再试" in answer:
            break
        world.wait(seconds=700 if "后再试" in answer else 0)
    assert answers[0].startswith("这个码不对")
    assert answers[3] == "请10秒后再试。"
    assert sum(answer.startswith("这个码不对") for answer in answers) == world.policy.binding.block_after - 1
    assert phone.says(f"绑定 {code}") == ["输错次数太多，请60分钟后再试，或请组织者重发一个码。"]
    world.wait(minutes=61)
    assert "绑定好了" in phone.says(f"绑定 {code}")[0]


def test_codes_are_listed_and_printed(world: World) -> None:
    world.person("新来的", (Role.SECRETARY, "南流村"))
    with world.database.transaction() as tx:
        person = people.called(tx, "新来的", roots=[world.units["高新区"]])[0]
        from storage import binding

        binding.untie_person(tx, person.id)
    [answer] = world.personas["周敏"].says("绑定码")
    assert answer.startswith("1个绑定码，14天内有效，用一次就失效\n")
    assert "📎绑定码.html" in answer
    assert "新来的" in answer
    assert "南流村 书记" in answer


def test_an_office_issues_codes_for_its_own_only(world: World) -> None:
    assert code_for(world, "王芳", keeper="陈立")
    assert world.personas["陈立"].says("绑定码 赵强") == ["您管理的范围里没有“赵强”。"]
    assert world.personas["陈立"].says("换届 欢河村 某人") == ["您管理的范围里没有“欢河村”。"]
    assert "石佛" not in "".join(world.personas["陈立"].says("名册"))


def test_unbinding(world: World) -> None:
    wang = world.personas["王芳"]
    assert wang.says("解绑") == ["解绑后，这个账号就不能再代表王芳说话了。确定吗？\n[解绑] [取消]"]
    assert wang.presses("解绑") == ["已解绑。要再用时，请组织者发一个新的绑定码。"]
    assert wang.says("我是谁")[0].startswith("您还没有绑定身份。")
    assert world.personas["李建国"].says("解绑 赵强") == ["只能解绑自己的账号：请发“解绑”。"]
    world.personas["周敏"].says("解绑 赵强")
    assert world.personas["周敏"].presses("解绑") == ["赵强的账号已全部解绑。"]
    assert world.personas["赵强"].says("我是谁")[0].startswith("您还没有绑定身份。")


def new_group(world: World, who: Persona, text: str, title: str) -> list[str]:
    """Say something in a group that is not bound yet."""
    from bot.chat.messages import ChatKind, ChatRef
    from storage import accounts

    with world.database.transaction() as tx:
        ref = ChatRef("test", f"group:{title}", ChatKind.GROUP, f"{title}工作群")
        world.groups[title] = accounts.chat_for(tx, ref, now=world.now).id
    return who.says(text, group=title)


def test_a_group_is_bound_by_who_runs_it(world: World) -> None:
    assert new_group(world, world.personas["孙洁"], "绑群 枫杨办事处", "新群") == [
        "没找到“枫杨办事处”，是不是石佛办事处？请改好再发。"
    ]
    assert world.personas["陈立"].says("绑群 枫杨", group="新群") == [
        "好的，本群是枫杨办事处的工作群了，公示和成绩会发到这里。"
    ]
    assert world.personas["陈立"].says("绑群 枫杨办事处", group="新群") == ["本群已经是枫杨办事处的工作群。"]
    assert world.personas["孙洁"].says("绑群 石佛办事处", group="新群") == [
        "本群已经归别的单位，请那边的管理员先发“解群”。"
    ]
    [question] = world.personas["周敏"].says("绑群 石佛办事处", group="新群")
    assert question == "本群现在是枫杨办事处的工作群，改为石佛办事处吗？\n[改为石佛办事处]"
    assert "石佛办事处的工作群了" in world.personas["周敏"].presses("改为石佛办事处", group="新群")[0]
    assert world.personas["周敏"].says("撤销", group="新群") == ["已撤销：本群绑定为石佛办事处的工作群"]
    assert world.personas["陈立"].says("解群", group="新群") == ["好的，本群不再是枫杨办事处的工作群。"]
    assert world.personas["陈立"].says("绑群 枫杨办事处") == ["请到要绑定的工作群里发这句话。"]


def test_handover_moves_the_duty_and_keeps_the_history(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says("承诺 硬化村内道路2公里 12月底前")
    wang.presses("提交")
    wang.heard()
    chen = world.personas["陈立"]
    chen.heard()
    assert chen.says("换届 大里 刘新明 13800000001") == [
        "请核对换届\n单位：大里村\n原书记：王芳\n新书记：刘新明\n手机：13800000001\n"
        "承诺、报告和成绩都留在单位。\n[确认换届] [取消]"
    ]
    assert chen.presses("确认换届") == [
        "大里村书记已换为刘新明。\n刘新明还没有绑定账号，点下面给他发绑定码。\n[发绑定码]"
    ]
    assert wang.heard() == ["大里村书记的职责已交接给刘新明。这些日子辛苦您了，谢谢！"]
    assert "您目前没有这个身份" in wang.says("我的承诺")[0]
    [codes] = chen.presses("发绑定码")
    code = re.search(r"[0-9A-Z]{4}-[0-9A-Z]{4}", codes)
    assert code is not None
    liu = world.stranger("刘新明")
    [greeting] = liu.says(f"绑定 {code.group()}")
    assert greeting.startswith("刘新明，您好，绑定好了\n您的职务：大里村 书记\n")
    assert "2021年承诺" in greeting
    assert "硬化村内道路2公里" in liu.says("我的承诺")[0]


def test_a_handover_can_be_taken_back(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("换届 大里村 刘新明")
    zhou.presses("确认换届")
    world.personas["王芳"].heard()
    assert zhou.says("撤销") == ["已撤销：大里村书记换为刘新明"]
    assert world.personas["王芳"].heard() == ["刚才的换届已撤销，您仍是大里村书记。"]
    assert "大里村 书记" in world.personas["王芳"].says("我是谁")[0]


def test_appointing_and_dismissing(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("任命 评委 吴新 枫杨办事处") == ["已任命吴新为枫杨办事处的评委。\n[发绑定码]"]
    assert zhou.says("任命 评委 吴新 枫杨办事处") == ["吴新已经是枫杨办事处的评委。"]
    assert zhou.says("免去 评委 吴新") == ["已免去吴新的枫杨办事处评委。"]
    assert zhou.says("撤销") == ["已撤销：免去吴新的枫杨办事处评委"]
    assert zhou.says("任命 评委 吴新 枫杨办事处") == ["吴新已经是枫杨办事处的评委。"]
    assert zhou.says("任命 厨师 吴新")[0].startswith("还差“评委/计票人/监票人/观察员/管理员”。")


def test_the_roster_file_can_be_imported_unchanged(world: World) -> None:
    with world.database.transaction() as tx:
        data = exported(tx, world)
        plan = importing.plan(tx, sheets.read("名册.xlsx", data))
    assert plan.problems == ()
    assert plan.is_empty


def exported(tx: Tx, world: World) -> bytes:
    roots = [world.units["高新区"]]
    return workbook.roster_file(units.subtree(tx, roots), people.posts_below(tx, roots))


def test_the_template_imports_nothing_as_it_is(world: World) -> None:
    with world.database.transaction() as tx:
        plan = importing.plan(tx, sheets.read("模板.xlsx", workbook.template()))
    assert plan.problems == ()
    assert plan.is_empty


def send_file(world: World, name: str, data: bytes) -> list[str]:
    from bot.chat.messages import ChatKind, ChatRef, Inbound, Sender

    zhou = world.personas["周敏"]
    file = Attachment(world.files.put(data), name, workbook.MIME, len(data))
    ref = ChatRef("test", f"private:{zhou.account}", ChatKind.PRIVATE)
    inbound = Inbound(
        world.next_id(), ref, Sender(zhou.account, zhou.name), "", world.now, (file,), addressed=True
    )
    world.deliver(inbound)
    return zhou.heard()


def test_a_file_is_shown_before_it_is_imported(world: World) -> None:
    with world.database.transaction() as tx:
        book = load_workbook(io.BytesIO(exported(tx, world)))
    book["单位"].append(["新河村", "村", "石佛办事处", "党总支", "", 20])
    book["人员"].append(["何新", "13900000002", "新河村", "书记"])
    buffer = io.BytesIO()
    book.save(buffer)
    [shown] = send_file(world, "名册.xlsx", buffer.getvalue())
    assert "单位：新增1，变更0，撤销0" in shown
    assert "新增单位：新河村" in shown
    assert "新增：何新，新河村书记" in shown
    assert shown.endswith("现在什么都还没改。\n[导入] [取消]")
    with world.database.transaction() as tx:
        assert units.by_name(tx, "新河村", roots=[world.units["高新区"]]) == []
    zhou = world.personas["周敏"]
    assert zhou.presses("导入") == ["已导入“名册.xlsx”。\n[发绑定码] [名册]"]
    with world.database.transaction() as tx:
        [unit] = units.by_name(tx, "新河村", roots=[world.units["高新区"]])
        assert [p.name for p in people.holders(tx, [unit.id], [Role.SECRETARY])[unit.id]] == ["何新"]
        assert units.is_within(tx, unit.id, [world.units["石佛办事处"]])
    assert "名册与文件一致，没有要改的。" in send_file(world, "名册.xlsx", buffer.getvalue())[0]


def test_every_bad_row_is_named_and_nothing_is_imported(world: World) -> None:
    with world.database.transaction() as tx:
        book = load_workbook(io.BytesIO(exported(tx, world)))
        before = roster.counts(tx, [world.units["高新区"]])
    book["单位"].append(["好村", "村", "石佛办事处"])
    book["单位"].append(["坏村", "星球", "石佛办事处"])
    book["人员"].append(["某人", "", "没有的村", "书记"])
    last = book["人员"].max_row
    buffer = io.BytesIO()
    book.save(buffer)
    [shown] = send_file(world, "名册.xlsx", buffer.getvalue())
    assert shown.startswith("名册.xlsx\n有2处要改，改好之前什么都不会导入：\n")
    assert f"单位第{book['单位'].max_row}行“类别”" in shown
    assert f"人员第{last}行“单位”" in shown
    assert "[导入]" not in shown
    with world.database.transaction() as tx:
        assert roster.counts(tx, [world.units["高新区"]]) == before


def test_the_roster_in_numbers(world: World) -> None:
    [answer] = world.personas["周敏"].says("名册")
    assert answer.startswith("名册\n单位：")
    assert "人员：14人，已绑定14人" in answer
    assert "工作群：3个" in answer
    assert "📎名册.xlsx" in answer
    assert "📎名册模板.xlsx" in world.personas["周敏"].says("名册 模板")[0]


def test_codes_avoid_what_is_taken_for_something_else() -> None:
    codes = {new_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(set(code) <= {*ALPHABET, "-"} for code in codes)
    assert not set(ALPHABET) & set("01OIL")
    assert read_code("８ｆ３ｋ 2274") == "8F3K-2274"
    assert read_code("8F3K-227") is None
    assert read_code("8F3K-2270") is None
