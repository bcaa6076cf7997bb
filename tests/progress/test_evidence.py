"""Photos and files: before the words, with them, after them; never required."""

from __future__ import annotations

import pytest

from storage import evidence, reports
from tests.progress.promises import ALL, LAMPS, publish
from tests.world import Persona, World


@pytest.fixture
def wang(world: World) -> Persona:
    publish(world, "大里村", *ALL)
    return world.personas["王芳"]


def attached(world: World, number: int) -> int:
    """How many photos the newest report of 大里村's commitment has."""
    with world.database.transaction() as tx:
        newest = reports.newest_of_unit(tx, world.units["大里村"], year=2021)
        found = [r.id for r in newest.values() if r.commitment_id == number]
        return sum(evidence.count(tx, found).values())


def test_photos_after_a_report_are_attached_to_it_and_answered_once(world: World, wang: Persona) -> None:
    wang.says("进度 2 96盏")
    assert wang.says("", photos=1) == ["照片已附到第2项。"]
    assert wang.says("", photos=1) == []
    assert wang.says("", photos=2) == []
    assert attached(world, 2) == 4


def test_photos_before_a_report_wait_for_it(world: World, wang: Persona) -> None:
    assert wang.says("", photos=1) == ["照片（文件）收到了。说一下是哪项的进展，会自动附上，例如：第2项 80%"]
    assert wang.says("", photos=1) == []
    assert wang.says("进度 2 96盏") == [
        "已登记：第2项 96盏（80%）\n2. 安装路灯120盏 ▰▰▰▰▰▰▰▰▱▱ 80% 🟢绿灯 超进度\n附上佐证2件\n[撤销]"
    ]
    assert attached(world, 2) == 2


def test_photos_with_the_words(world: World, wang: Persona) -> None:
    [answer] = wang.says("进度 2 96盏", photos=2)
    assert answer.endswith("附上佐证2件\n[撤销]")
    wang.says("第4项准备验收", photos=1)
    assert attached(world, 4) == 0
    [answer] = wang.presses("确认")
    assert answer.endswith("附上佐证1件\n[撤销]")
    assert (attached(world, 2), attached(world, 4)) == (2, 1)


def test_photos_while_a_question_is_open(world: World, wang: Persona) -> None:
    wang.says("路灯装了96盏")
    assert wang.says("", photos=1) == ["照片（文件）收到了，这项登记后会自动附上。"]
    assert wang.says("", photos=1) == []
    [answer] = wang.presses("确认")
    assert answer.endswith("附上佐证2件\n[撤销]")
    wang.says("进度 1")
    wang.says("", photos=1)
    wang.presses("1公里")
    assert attached(world, 1) == 1


def test_old_photos_are_not_attached(world: World, wang: Persona) -> None:
    wang.says("", photos=1)
    world.wait(minutes=31)
    wang.says("进度 2 96盏")
    world.wait(minutes=31)
    assert wang.says("", photos=1) == ["照片（文件）收到了。说一下是哪项的进展，会自动附上，例如：第2项 80%"]
    assert attached(world, 2) == 0


def test_with_several_reports_it_is_asked_which(world: World, wang: Persona) -> None:
    wang.says("", photos=2)
    wang.says("第1项1.2公里；第2项96盏")
    [answer] = wang.presses("确认")
    assert answer.endswith("您发来的照片（文件）附到哪一项？\n[附到第1项] [附到第2项]\n[撤销]")
    assert wang.presses("附到第2项") == ["已附到第2项：2件"]
    assert wang.says("", photos=1) == ["照片（文件）收到了，附到哪一项？\n[第1项] [第2项]"]
    assert wang.says("", photos=1) == []
    assert wang.presses("第1项") == ["已附到第1项：2件"]
    assert (attached(world, 1), attached(world, 2)) == (2, 2)


def test_undo_detaches_and_the_photos_wait_again(world: World, wang: Persona) -> None:
    wang.says("进度 1 1.2公里", photos=2)
    wang.says("撤销")
    assert attached(world, 1) == 0
    [answer] = wang.says("进度 2 96盏")
    assert "附上佐证2件" in answer


def test_attaching_by_command(world: World, wang: Persona) -> None:
    wang.says("进度 2 96盏")
    world.wait(hours=2)
    wang.says("", photos=1)
    assert wang.says("佐证 2") == ["已附到第2项：1件"]
    assert wang.says("佐证 2") == ["最近30分钟内没有等待附上的照片。请先发照片，再发“佐证 2”。"]
    assert wang.says("佐证 3") == ["这一项还没有报过进度。先报进度，照片会自动附上，例如：进度 2 80%"]


def test_nobody_attaches_to_anothers_report(world: World, wang: Persona) -> None:
    publish(world, "公园道社区", LAMPS)
    wang.says("进度 2 96盏")
    li = world.personas["李建国"]
    li.says("", photos=1)
    assert li.says("佐证 r1") == ["这次上报已经撤销或退回了。请重新报一次，照片会自动附上。"]
    assert attached(world, 2) == 0
    assert world.personas["陈立"].says("佐证 2")[0].startswith("“佐证”由书记使用")


def test_photos_of_others_are_nothing_to_the_secretary(world: World, wang: Persona) -> None:
    world.personas["陈立"].says("", photos=1)
    [answer] = wang.says("进度 2 96盏")
    assert "佐证" not in answer
    assert wang.says("", group="枫杨办事处", photos=1) == []


def test_the_office_sees_the_pictures(world: World, wang: Persona) -> None:
    wang.says("进度 2 96盏", photos=2)
    [card] = world.personas["陈立"].says("核实")
    assert "佐证2件" in card
    assert "📎照片1.jpg\n📎照片2.jpg" in card


def test_a_caption_tells_which_report_a_photo_belongs_to(world: World, wang: Persona) -> None:
    wang.says("进度 2 96盏")
    wang.says("进度 1 1公里")
    assert wang.says("第2项现场照片", photos=1) == ["照片已附到第2项。"]
    assert wang.says("路灯照片", photos=1) == ["照片已附到第2项。"]
    assert wang.says("第3项照片", photos=1)[0].startswith("第3项“自来水通达率97%以上”现在达到多少？")
    assert "附上佐证1件" in wang.says("95%")[0]
    assert [attached(world, number) for number in (1, 2, 3)] == [0, 2, 1]
