"""Highlights by chat: told, found, recommended, picked, withdrawn."""

from __future__ import annotations

import io

from docx import Document

from bot.chat.people import Role
from storage import evidence, highlights
from tests.rounds.forum import published, scored
from tests.rounds.test_papers import files, words_of
from tests.world import World


def told(world: World, who: str = "王芳", words: str = "建成老年食堂，每天服务60人") -> list[str]:
    return world.personas[who].says(f"亮点 {words}")


def test_a_highlight_is_read_back_and_can_be_taken_back(world: World) -> None:
    wang = world.personas["王芳"]
    assert told(world) == [
        "亮点已登记：大里村\n「建成老年食堂，每天服务60人」\n有照片的话，现在发来就会附上；没有也行。\n[撤销]"
    ]
    assert wang.says("亮点") == [
        "最新亮点\n1. 大里村（0人推荐）\n「建成老年食堂，每天服务60人」\n看照片请发：看亮点 编号"
    ]
    assert wang.says("撤销") == ["已撤销：报亮点"]
    assert wang.says("亮点") == ["还没有亮点。书记私聊我发：亮点 加上做法，可以配照片。"]


def test_photos_before_with_and_after_the_words_belong_to_it(world: World) -> None:
    wang = world.personas["王芳"]
    wang.says("", photos=1)
    assert "附上照片3张。" in wang.says("亮点 老年食堂开张", photos=2)[0]
    assert wang.says("", photos=1) == []
    world.wait(minutes=3)
    assert wang.says("", photos=1) == ["照片（文件）已附到亮点。"]
    [shown] = world.personas["钱红"].says("看亮点 1")
    assert shown.count("📎") == 5
    with world.database.transaction() as tx:
        assert len(evidence.of_highlight(tx, 1)) == 5


def test_photos_after_it_was_taken_back_are_not_its(world: World) -> None:
    wang = world.personas["王芳"]
    told(world)
    wang.says("撤销")
    wang.says("", photos=1)
    with world.database.transaction() as tx:
        assert evidence.of_highlight(tx, 1) == []


def test_one_voice_each_and_never_for_ones_own(world: World) -> None:
    told(world)
    wang, qian, zheng = (world.personas[name] for name in ("王芳", "钱红", "郑评"))
    assert wang.says("推荐 1") == ["自己单位的亮点由别人来推荐。"]
    qian.says("亮点")
    assert qian.presses("推荐1") == ["已推荐大里村的亮点，现在1人推荐。"]
    assert zheng.says("推荐 1") == ["已推荐大里村的亮点，现在2人推荐。"]
    assert qian.says("推荐 1") == ["已取消推荐大里村的亮点。"]
    assert "1. 大里村（1人推荐）" in wang.says("亮点")[0]
    assert wang.says("撤销") == ["已经有人推荐或选入通报，不能撤销。要撤请联系办事处。"]


def test_it_is_found_by_words_and_by_unit(world: World) -> None:
    told(world)
    told(world, "赵强", "村务公开上墙 100%")
    qian = world.personas["钱红"]
    assert "大里村" in qian.says("亮点 查 食堂")[0]
    assert "村务公开上墙" in qian.says("亮点 找 欢河")[0]
    assert "欢河村" in qian.says("亮点 查 100%")[0]
    assert qian.says("亮点 查 50%") == ["没有找到“50%”。换个说法试试。"]
    assert qian.says("亮点 查") == ["请写要找的字，例如：亮点 查 食堂"]


def test_an_office_withdraws_its_own_only_and_the_author_learns_why(world: World) -> None:
    told(world)
    assert world.personas["孙洁"].says("撤下亮点 1 不合适") == ["大里村不归您管理，请联系它的办事处。"]
    world.personas["陈立"].says("撤下亮点 1 照片里有个人信息")
    assert world.personas["王芳"].heard()[-1].startswith("您报的亮点已撤下，原因：照片里有个人信息\n")
    assert world.personas["钱红"].says("看亮点 1") == ["没有1号亮点。"]


def test_what_looks_personal_is_cautioned(world: World) -> None:
    assert "身份证号" in told(world, words="帮扶张某 410105199003076515 办好低保")[0]


def test_only_secretaries_tell_and_only_the_organizer_picks(world: World) -> None:
    assert world.personas["陈立"].says("亮点 我们办事处很好")[0].startswith("亮点由村（社区）书记报。")
    told(world)
    assert "您目前没有这个身份" in world.personas["王芳"].says("选入通报 1")[0]
    assert "您目前没有这个身份" in world.personas["陈立"].says("推荐 1")[0]
    assert world.personas["周敏"].says("选入通报 1") == ["大里村的亮点已选入通报。"]
    assert world.personas["周敏"].says("选入通报 1") == ["大里村的亮点不再选入通报。"]


def test_the_picked_ones_go_into_the_bulletin(world: World) -> None:
    told(world)
    told(world, "赵强", "村务公开上墙")
    world.personas["周敏"].says("选入通报 2")
    scored(world)
    published(world)
    text = words_of(Document(io.BytesIO(files(world)["一季度比学通报.docx"])))
    assert "四、亮点做法" in text
    assert "欢河村：村务公开上墙" in text
    assert "老年食堂" not in text
    with world.database.transaction() as tx:
        best = highlights.best(tx, [world.units["高新区"]], year=2021, quarter=1, most=5)
    assert [one.unit_name for one in best] == ["欢河村", "大里村"]


def test_another_districts_highlights_are_not_seen(world: World) -> None:
    told(world)
    world.unit("别的区", "district")
    stranger = world.person("别区组织者", (Role.ORGANIZER, "别的区"))
    assert stranger.says("看亮点 1") == ["没有1号亮点。"]
    assert stranger.says("亮点") == ["还没有亮点。书记私聊我发：亮点 加上做法，可以配照片。"]
