"""Interests that outlast a round."""

from __future__ import annotations

from storage import relations
from tests.rounds.forum import opened, quiet, scored
from tests.world import World


def test_an_organizer_declares_a_relation_and_the_judge_is_recused_in_every_round(world: World) -> None:
    zhou, zheng = world.personas["周敏"], world.personas["郑评"]
    assert zhou.says("利害关系") == ["利害关系\n还没有登记。登记：利害关系 评委 单位 原因"]
    assert zhou.says("利害关系 郑评 大里村") == ["请写明原因，例如：利害关系 郑评 大里村 配偶在村里任职"]
    assert zhou.says("利害关系 郑评 大里 配偶在村里任职") == ["已登记：郑评对大里村回避（配偶在村里任职）。"]
    assert zheng.heard() == [
        "已为您登记：与大里村有利害关系（配偶在村里任职），以后它参评时您自动回避。\n如有不对，请联系组织者。"
    ]
    assert zhou.says("利害关系 郑评 大里村 再说一遍") == ["已经登记过对大里村回避。"]
    opened(world, all_on=True)
    refused = "您和大里村登记过利害关系，按规定由您回避，不用打分。"
    assert zheng.says("大里村 36 27 27") == [refused]
    assert "回避" in zheng.says("评分表")[0]
    assert world.personas["施计"].says("代录 郑评 大里村 90") == ["郑评已经对大里村申报回避，不能代录。"]
    assert zhou.says("利害关系") == ["利害关系\n1. 郑评对大里村：配偶在村里任职\n[解除1]"]
    assert zhou.presses("解除1") == ["利害关系\n还没有登记。登记：利害关系 评委 单位 原因"]
    assert zheng.heard() == ["对大里村的利害关系已解除，以后它参评时您可以打分。"]
    assert zheng.says("大里村 36 27 27")[0].startswith("大里村：90分")


def test_a_relation_to_an_office_counts_for_its_villages_and_is_sealed_with_the_round(world: World) -> None:
    scored(world)
    world.personas["周敏"].says("利害关系 郑评 枫杨 曾在办事处任职")
    world.personas["周敏"].says("封评")
    quiet(world)
    # Ended after the sealing, it still counts in this round.
    world.personas["周敏"].says("end_relation 1")
    [table] = world.personas["何监"].says("启封")
    assert "大里村      91.33       5\n" in table
    assert "欢河村      90.80       7\n" in table


def test_a_judge_declares_a_relation_before_anything_is_scored(world: World) -> None:
    zheng = world.personas["郑评"]
    assert zheng.says("回避 大里 亲属在村里任职") == [
        "登记后，以后大里村参评时您都自动回避。确定吗？\n[确定回避] [取消]"
    ]
    assert zheng.presses("确定回避") == ["已登记：以后大里村参评时您自动回避。"]
    assert world.personas["周敏"].heard() == ["评委郑评登记：与大里村有利害关系（亲属在村里任职），以后都回避。"]
    assert zheng.says("撤销") == ["回避已经记录在案，不能撤销。确有错误请联系组织者。"]
    opened(world, all_on=True)
    assert zheng.says("pad 1") == ["您和大里村登记过利害关系，按规定由您回避，不用打分。"]


def test_a_recusal_may_be_for_good(world: World) -> None:
    opened(world, all_on=True)
    zheng = world.personas["郑评"]
    zheng.says("回避 大里村 亲属在村里任职")
    assert zheng.presses("以后也回避") == ["已记录：您对大里村回避。"]
    with world.database.transaction() as tx:
        [kept] = relations.below(tx, [world.units["大里村"]])
    assert (kept.person, kept.reason) == ("郑评", "亲属在村里任职")


def test_only_organizers_end_relations_and_only_their_own(world: World) -> None:
    world.personas["周敏"].says("利害关系 郑评 大里村 配偶在村里任职")
    world.personas["郑评"].heard()
    assert "您目前没有这个身份" in world.personas["郑评"].says("end_relation 1")[0]
    assert world.personas["周敏"].says("end_relation 7") == ["没有7号利害关系，或者已经解除了。"]
    assert world.personas["周敏"].says("利害关系 郑评 大李村 亲属") == ["没有叫“大李村”的单位，是不是大里村？"]
