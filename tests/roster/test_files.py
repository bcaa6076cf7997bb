"""The roster by chat: its numbers, its file, the template, and importing what an organizer sends."""

from __future__ import annotations

import io

import pytest
from openpyxl import load_workbook

from bot.chat.messages import Attachment, ChatKind, ChatRef, Inbound, Sender
from bot.chat.people import Role
from storage import people, roster, units
from tests.roster.book import exported, roster_of, with_rows, xlsx
from tests.roster.talk import files, send_file
from tests.world import World

MORE = {
    "单位": [("新河村", "村", "石佛办事处", "党总支", "", 20)],
    "人员": [("何新", "13900000002", "新河村", "书记")],
}
SHOWN = (
    "名册.xlsx\n单位：新增1，变更0，撤销0\n人员：新增1，变更0\n任职：新增1，结束0\n"
    "新增单位：新河村\n新增：何新，新河村书记\n现在什么都还没改。\n[导入] [取消]"
)


def whole(world: World, **more: list[tuple[object, ...]]) -> bytes:
    """The district's roster as a file, with some rows more."""
    with world.database.transaction() as tx:
        return with_rows(exported(tx, world), **more)


def test_a_file_is_shown_before_it_is_imported(world: World) -> None:
    zhou, data = world.personas["周敏"], whole(world, **MORE)
    root = [world.units["高新区"]]
    assert send_file(world, "周敏", "名册.xlsx", data) == [SHOWN]
    with world.database.transaction() as tx:
        assert units.by_name(tx, "新河村", roots=root) == []
    assert zhou.presses("导入") == ["已导入“名册.xlsx”。\n[发绑定码] [名册]"]
    with world.database.transaction() as tx:
        [unit] = units.by_name(tx, "新河村", roots=root)
        assert [p.name for p in people.holders(tx, [unit.id], [Role.SECRETARY])[unit.id]] == ["何新"]
        assert units.is_within(tx, unit.id, [world.units["石佛办事处"]])
    assert send_file(world, "周敏", "名册.xlsx", data) == ["名册.xlsx\n名册与文件一致，没有要改的。"]
    assert zhou.says("撤销") == ["您的上一步是“导入“名册.xlsx””，这一步不能撤销。"]


def test_an_import_can_be_cancelled(world: World) -> None:
    zhou = world.personas["周敏"]
    send_file(world, "周敏", "名册.xlsx", whole(world, **MORE))
    assert zhou.says("再看看") == ["要导入就点“导入”，不导入就发“取消”。"]
    assert zhou.presses("取消") == ["好的，刚才的填写已取消，没有保存。"]
    assert zhou.presses("导入") == ["这个按钮对应的事已经办完或过期了。需要的话，请重新发一遍。"]
    with world.database.transaction() as tx:
        assert units.by_name(tx, "新河村", roots=[world.units["高新区"]]) == []


def test_a_corrected_file_takes_the_place_of_the_first(world: World) -> None:
    zhou = world.personas["周敏"]
    send_file(world, "周敏", "名册.xlsx", whole(world, **MORE))
    [shown] = send_file(world, "周敏", "名册2.xlsx", roster_of(units=[("北村", "村", "石佛办事处")]))
    assert shown.startswith("名册2.xlsx\n单位：新增1，变更0，撤销0\n新增单位：北村\n")
    assert zhou.says("导入") == ["已导入“名册2.xlsx”。\n[发绑定码] [名册]"]
    with world.database.transaction() as tx:
        assert units.by_name(tx, "新河村", roots=[world.units["高新区"]]) == []


def test_what_changed_in_the_meantime_is_shown_again(world: World) -> None:
    zhou = world.personas["周敏"]
    send_file(world, "周敏", "名册.xlsx", whole(world, **MORE))
    world.unit("新河村", "village", "石佛办事处", organization="general_branch")
    [shown] = zhou.presses("导入")
    assert shown.startswith("名册.xlsx\n名册刚刚有变动，请再看一遍：\n单位：新增0，变更1，撤销0\n")
    assert zhou.presses("导入") == ["已导入“名册.xlsx”。\n[发绑定码] [名册]"]


def test_every_bad_row_is_named_and_nothing_is_imported(world: World) -> None:
    bad = {
        "单位": [("好村", "村", "石佛办事处"), ("坏村", "星球", "石佛办事处")],
        "人员": [("某人", "", "大理村", "书记"), ("某人", "138", "大里村", "厨师")],
    }
    with world.database.transaction() as tx:
        before = roster.counts(tx, [world.units["高新区"]])
    assert send_file(world, "周敏", "名册.xlsx", whole(world, **bad)) == [
        "名册.xlsx\n有4处要改，改好之前什么都不会导入：\n"
        "单位第10行“类别”：没有“星球”这一类，可填：区、办事处、村、社区\n"
        "人员第18行“单位”：没有“大理村”这个单位，是不是：大里村？\n"
        "人员第19行“手机”：“138”不是手机号（11位数字，境外号码写成+国家代码）\n"
        "人员第19行“职务”：没有“厨师”这个职务，可填：组织者、办事处管理员、书记、评委、计票人、监票人、观察员"
    ]
    with world.database.transaction() as tx:
        assert roster.counts(tx, [world.units["高新区"]]) == before


def test_a_long_list_of_problems_is_cut(world: World) -> None:
    rows = [(f"村{number}", "星球", "石佛办事处") for number in range(30)]
    [shown] = send_file(world, "周敏", "名册.xlsx", roster_of(units=rows))
    assert shown.startswith("名册.xlsx\n有30处要改，")
    assert shown.endswith("\n……还有22条")
    assert len(shown.split("\n")) == 11


def test_a_spreadsheet_that_is_no_roster(world: World) -> None:
    data = xlsx(汇总=[("项目", "金额"), ("路灯", 3)])
    assert send_file(world, "周敏", "开支.xlsx", data) == [
        "这个表格不像名册：单位表要有“名称、类别”，人员表要有“姓名、单位、职务”。可以用模板填。\n[名册模板]"
    ]
    assert send_file(world, "周敏", "开支.xlsx", b"PK") == [
        "这个文件打不开，可能不完整或设了密码。请另存为 .xlsx 再发来。"
    ]


def test_an_organizer_who_is_a_secretary_too_may_send_evidence(world: World) -> None:
    world.person("村长", (Role.ORGANIZER, "高新区"), (Role.SECRETARY, "大里村"))
    for data in (xlsx(汇总=[("项目", "金额"), ("路灯", 3)]), b"PK"):
        assert "名册" not in "".join(send_file(world, "村长", "开支.xlsx", data))
    assert "[导入]" in send_file(world, "村长", "名册.xlsx", whole(world, **MORE))[0]


@pytest.mark.parametrize("name", ["陈立", "王芳", "吴评"])
def test_others_cannot_import(world: World, name: str) -> None:
    assert "[导入]" not in "".join(send_file(world, name, "名册.xlsx", whole(world, **MORE)))
    assert world.personas[name].says("导入") != ["已导入“名册.xlsx”。\n[发绑定码] [名册]"]
    with world.database.transaction() as tx:
        assert units.by_name(tx, "新河村", roots=[world.units["高新区"]]) == []


def test_who_is_no_organizer_any_more_cannot_confirm(world: World) -> None:
    zhou = world.personas["周敏"]
    send_file(world, "周敏", "名册.xlsx", whole(world, **MORE))
    with world.database.transaction() as tx:
        role, unit = Role.ORGANIZER, world.units["高新区"]
        people.release(tx, person_id=zhou.id, unit_id=unit, role=role, now=world.now)
    assert zhou.presses("导入") == ["名册由组织者导入。"]


def test_an_organizer_imports_within_the_own_district_only(world: World) -> None:
    """In a deployment of several districts each keeps its own roster."""
    world.unit("金水区", "district")
    world.unit("花园办事处", "office", "金水区")
    world.person("吕金", (Role.ORGANIZER, "金水区"))
    data = roster_of(
        units=[("欢河村", "村", "石佛办事处", "党支部"), ("花园村", "村", "花园办事处")],
        people=[("某人", "", "欢河村", "书记", "", "")],
    )
    [shown] = send_file(world, "吕金", "名册.xlsx", data)
    assert shown.startswith(
        "名册.xlsx\n有1处要改，改好之前什么都不会导入：\n单位第2行“上级”：没有“石佛办事处”这个单位"
    )
    [shown] = world.personas["吕金"].says("名册")
    assert "单位：区1、办事处1\n职务：组织者1\n人员：1人，已绑定1人\n" in shown


def test_two_files_at_once_are_too_many(world: World) -> None:
    zhou = world.personas["周敏"]
    data = whole(world)
    both = tuple(Attachment(world.files.put(data), f"{n}.xlsx", "", len(data)) for n in "ab")
    ref = ChatRef("test", f"private:{zhou.account}", ChatKind.PRIVATE)
    sender = Sender(zhou.account, zhou.name)
    world.deliver(Inbound(world.next_id(), ref, sender, "", world.now, both, addressed=True))
    assert zhou.heard() == ["一次只能导入一个表格，请分开发。"]


def test_a_file_in_a_group_is_left_alone(world: World) -> None:
    assert "[导入]" not in "".join(send_file(world, "周敏", "名册.xlsx", whole(world, **MORE), group="高新区"))


def test_the_roster_in_numbers_and_as_a_file(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("名册") == [
        "名册\n单位：区1、办事处2、村3、社区1\n职务：组织者1、办事处管理员2、书记4、评委7、计票人1、监票人1\n"
        "人员：16人，已绑定16人\n工作群：3个\n📎名册.xlsx\n[谁联系不上]"
    ]
    data = files(world, zhou)["名册.xlsx"]
    assert send_file(world, "周敏", "名册.xlsx", data) == ["名册.xlsx\n名册与文件一致，没有要改的。"]


def test_an_office_sees_its_own_roster_only(world: World) -> None:
    chen = world.personas["陈立"]
    assert chen.says("名册") == [
        "名册\n单位：办事处1、村1、社区1\n职务：办事处管理员1、书记2、评委1\n"
        "人员：4人，已绑定4人\n工作群：1个\n📎名册.xlsx\n[谁联系不上]"
    ]
    book = load_workbook(io.BytesIO(files(world, chen)["名册.xlsx"]))
    cells = {str(cell) for sheet in book for row in sheet.values for cell in row}
    assert {"大里村", "王芳", "陈立"} <= cells
    assert not cells & {"石佛办事处", "欢河村", "赵强", "孙洁", "周敏", "郑评", "高新区"}


def test_the_template_is_sent_and_imports_nothing_as_it_is(world: World) -> None:
    zhou = world.personas["周敏"]
    assert zhou.says("名册 模板") == [
        "请填好这张表，再私聊发给我。发来后先给您看要改什么，点“导入”才生效。\n📎名册模板.xlsx"
    ]
    data = files(world, zhou)["名册模板.xlsx"]
    assert send_file(world, "周敏", "名册模板.xlsx", data) == ["名册模板.xlsx\n名册与文件一致，没有要改的。"]
    assert world.personas["陈立"].says("名册 模板") == ["请填好这张表交给组织者，由组织者导入。\n📎名册模板.xlsx"]
