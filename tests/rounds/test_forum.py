"""A forum: drawn order, one after the other, the clock, bonus and penalty, panels with weights."""

from __future__ import annotations

import hashlib

import pytest

from handlers.rounds import drawing
from storage import draws, rounds
from tests.rounds.forum import drafted, opened, quiet
from tests.world import World


def test_the_draw_can_be_recomputed_by_anybody(world: World) -> None:
    drafted(world)
    zhou = world.personas["周敏"]
    zhou.says("抽签")
    [announced] = world.heard("枫杨办事处")
    seal = announced.split("封签码：")[1].split("\n")[0]
    assert world.personas["陈立"].says("抽签　风调  雨顺") == [
        "收到，“风调 雨顺”会参与抽签。揭晓前可以重报，以最后一次为准。"
    ]
    world.personas["孙洁"].says("抽签 第一次")
    world.personas["孙洁"].says("抽签 国泰民安")
    assert "风调" not in zhou.says("抽签")[0]
    [shown] = zhou.says("抽签 揭晓")
    assert world.heard("石佛办事处")[-1] == shown.removesuffix("\n[开评]")
    seed = shown.split("签：")[1].split("\n")[0]
    words = shown.split("words=“")[1].split("”")[0]
    assert words == "风调 雨顺|国泰民安"
    units = ["大里村", "公园道社区", "欢河村"]
    order = eval(drawing.FORMULA, {"hashlib": hashlib, "units": units, "seed": seed, "words": words})
    assert shown.split("\n")[1] == "、".join(f"{at}号{name}" for at, name in enumerate(order, 1))
    assert seal == hashlib.sha256("|".join([seed, "一季度比学", *sorted(units)]).encode()).hexdigest()
    with world.database.transaction() as tx:
        assert [c.unit_name for c in rounds.get(tx, 1).contestants] == order


def test_the_seed_is_hidden_until_the_reveal(world: World) -> None:
    drafted(world)
    said = world.personas["周敏"].says("抽签") + world.heard("枫杨办事处") + world.personas["周敏"].says("抽签")
    with world.database.transaction() as tx:
        found = draws.newest(tx, 1)
    assert found is not None
    assert not any(found.seed in text for text in said)


@pytest.mark.parametrize("words", [["a", "b"], ["a|b"], ["甲", "b"], ["a", "c"]])
def test_every_word_counts(words: list[str]) -> None:
    units = [f"村{number}" for number in range(30)]
    assert sorted(drawing.order("00", words, units)) == sorted(units)
    assert drawing.order("00", words, units) != drawing.order("00", [*words, "x"], units)
    assert drawing.order("00", words, units) != drawing.order("01", words, units)
    assert drawing.order("00", words, list(reversed(units))) == drawing.order("00", words, units)


def test_a_draw_is_refused_where_none_is_on(world: World) -> None:
    assert world.personas["陈立"].says("抽签 好") == ["现在没有在抽签。开始时会在群里说。"]
    assert world.personas["周敏"].says("抽签") == ["没有待开评的场次。发“活动”新建一场，再抽签。"]
    drafted(world)
    assert world.personas["周敏"].says("抽签 揭晓") == ["这一场还没有开始抽签，先发“抽签”。"]


def test_one_contestant_after_the_other(world: World) -> None:
    opened(world)
    zheng, keeper = world.personas["郑评"], world.personas["施计"]
    assert zheng.says("大里村 36 27 27") == ["还没开始，请等1号大里村出场。"]
    assert keeper.says("下一位") == ["1号大里村出场，评委可以打分了。\n[开始计时] [下一位] [评分进度]"]
    assert zheng.heard() == ["请给1号大里村打分。\n[打分]"]
    assert world.personas["吴评"].heard() == []
    assert zheng.says("大里村 36 27 27")[0].startswith("大里村：90分")
    assert zheng.says("欢河村 36 27 27") == ["还没轮到3号欢河村，现在是1号大里村。"]
    assert world.personas["周敏"].says("封评") == ["还有公园道社区、欢河村没有出场，先按“下一位”。"]
    keeper.says("下一位")
    assert keeper.says("下一位")[0].endswith("[开始计时] [封评] [评分进度]")
    assert keeper.says("下一位") == ["3个单位都出场了。可以“封评”了。"]


def test_the_clock_makes_the_penalty(world: World) -> None:
    opened(world)
    keeper = world.personas["施计"]
    keeper.says("下一位")
    keeper.presses("开始计时")
    world.wait(seconds=511)
    assert keeper.presses("停止") == ["大里村发言8分31秒，扣1分。\n[撤销] [下一位]"]
    keeper.says("计时")
    assert keeper.says("7分50秒") == ["大里村发言7分50秒，不扣分。\n[撤销] [下一位]"]
    assert keeper.says("加减分") == ["一季度比学\n2. 大里村 +0分：发言7分50秒（施计记）\n[撤掉2]"]


def test_bonus_and_penalty_have_reasons(world: World) -> None:
    opened(world)
    keeper = world.personas["施计"]
    assert keeper.says("加分 大里村 0.5") == ["请写明加几分和原因，例如：加分 大里村 0.5 获市级先进"]
    assert keeper.says("加分 大里村 0.5 获市级先进")[0].startswith("已记下：大里村加0.5分：获市级先进\n")
    assert keeper.says("扣分 欢河0.2分，迟到")[0].startswith("已记下：欢河村扣0.2分：迟到\n")
    assert keeper.says("撤销") == ["已撤销：给欢河村记加减分"]
    assert keeper.says("加减分") == ["一季度比学\n1. 大里村 +0.5分：获市级先进（施计记）\n[撤掉1]"]
    assert keeper.presses("撤掉1") == ["一季度比学\n还没有加减分。"]


def test_panels_and_classes_on_the_card(world: World) -> None:
    zhou = world.personas["周敏"]
    zhou.says("活动 观摩 一季度观摩 大里村、公园道社区、欢河村")
    zhou.presses("改评委")
    card = zhou.says("领导组60：郑评、冯评；群众组40：褚评、卫评")[0]
    assert "评委组：领导组60%、群众组40%\n" in card
    zhou.presses("改排名")
    assert "排名：村和社区分开排\n" in zhou.presses("村和社区分开排")[0]
    assert "打分方式：逐个出场，按“下一位”\n" in zhou.presses("改方式")[0]
    zhou.presses("改时间")
    assert "发言不超过6分钟，超时每10秒扣0.1分，最多扣1分。" in zhou.says("6分钟 每10秒扣0.1 最多1")[0]
    zhou.presses("改时间")
    assert "发言" not in zhou.says("不限")[0]
    zhou.presses("改方式")
    zhou.presses("创建并开评")
    for judge, score in (("郑评", 90), ("冯评", 92), ("褚评", 80), ("卫评", 70)):
        for unit in ("大里村", "公园道社区", "欢河村"):
            world.personas[judge].says(f"{unit} {score}")
    zhou.says("封评")
    quiet(world)
    [table] = world.personas["何监"].says("启封")
    assert "社区\n名次  单位         得分  有效分\n   1  公园道社区  84.60       4\n各组" in table
    [steps] = world.personas["何监"].says("排名 大里村")
    assert "各组加权：领导组平均91，占60%、群众组平均75，占40%\n" in steps


def test_the_rules_are_sent_as_they_are_computed(world: World) -> None:
    opened(world)
    for name in ("郑评", "王芳", "陈立", "周敏"):
        [text] = world.personas[name].says("评分规则")
        assert "发言不超过8分钟，超时每30秒扣0.5分，最多扣2分。" in text
    drafted(world)
    quiet(world)
    # Before it opens, contestants may look at the rules of a round as well.
    assert world.personas["王芳"].says("rules 2")[0].startswith("一季度比学　评分规则\n")
    assert world.personas["王芳"].says("rules 3") == ["现在没有和您有关的评分场次。"]


def test_a_planned_draw_is_held_or_given_up_on_the_record(world: World) -> None:
    zhou = world.personas["周敏"]
    assert "创建并开评" not in zhou.says("活动 比学 一季度比学 大里村、公园道社区、欢河村")[0]
    asked = "出场顺序定的是抽签，还没有抽。先抽签，或者不抽了、按名单的顺序开评。\n[抽签] [按名单顺序开评]"
    assert zhou.says("创建并开评") == ["出场顺序定的是抽签：请先点“创建”，抽完签再开评。"]
    zhou.presses("创建")
    assert zhou.says("开评") == [asked]
    assert zhou.presses("按名单顺序开评")[0].startswith("“一季度比学”已开评。")
    assert "周敏　不抽签，按名单顺序\n" in zhou.says("场次记录")[0]


def test_a_draw_needs_words_and_is_void_once_the_round_is_changed(world: World) -> None:
    drafted(world)
    zhou, chen = world.personas["周敏"], world.personas["陈立"]
    zhou.says("抽签")
    assert zhou.says("抽签 揭晓") == [
        "还没有办事处报话，这时揭晓，顺序就只由封好的签决定。请至少等一家报，或您自己报一句：抽签 风调雨顺"
    ]
    assert zhou.says("抽签 大家加油") == ["收到，“大家加油”会参与抽签。揭晓前可以重报，以最后一次为准。"]
    zhou.says("round edit 1")
    zhou.presses("改单位")
    zhou.says("大里村、欢河村")
    zhou.presses("保存")
    assert zhou.says("抽签 揭晓") == ["封签以后，名称或参评单位改过，这支签作废，要重新抽签。\n[重新抽签]"]
    quiet(world)
    zhou.presses("重新抽签")
    assert world.heard("石佛办事处")[0].startswith("“一季度比学”抽出场顺序。签已封好，封签码：")
    chen.says("抽签 风调雨顺")
    assert "高新区报的" not in zhou.says("抽签 揭晓")[0]
    # A draw decides the order, whatever was planned before; another list of units needs another draw.
    zhou.says("round edit 1")
    zhou.presses("改单位")
    zhou.says("大里村、公园道社区、欢河村")
    zhou.presses("保存")
    assert zhou.says("开评")[0].startswith("出场顺序定的是抽签，还没有抽。")


def test_two_draws_at_once_are_told_apart(world: World) -> None:
    drafted(world)
    zhou, chen = world.personas["周敏"], world.personas["陈立"]
    zhou.says("活动 其他 二季度比学 大里村、欢河村")
    zhou.presses("改顺序")
    zhou.presses("抽签")
    zhou.presses("创建")
    zhou.says("draw r1")
    zhou.says("draw r2")
    assert zhou.says("抽签") == ["有2场符合：二季度比学、一季度比学。请选一场：\n[二季度比学]\n[一季度比学]"]
    assert chen.says("抽签 风调雨顺") == ["有2场在抽签，这句话报给哪一场？\n[二季度比学]\n[一季度比学]"]
    assert chen.presses("一季度比学")[0].startswith("收到，“风调雨顺”会参与抽签。")
    assert zhou.says("draw r2") == ["二季度比学　抽签\n还没有办事处报。\n[看报了几家] [揭晓]"]
    assert zhou.says("draw r1") == ["一季度比学　抽签\n已报的：枫杨办事处\n[看报了几家] [揭晓]"]


def test_a_button_pressed_twice_passes_over_nobody(world: World) -> None:
    opened(world)
    keeper, zheng = world.personas["施计"], world.personas["郑评"]
    keeper.says("下一位")
    [called] = zheng.heard()
    assert keeper.presses("下一位")[0].startswith("2号公园道社区出场，")
    assert keeper.says("next 1 2")[0].startswith("2号公园道社区出场，")
    assert keeper.says("撤销") == ["已撤销：2号公园道社区出场"]
    assert zheng.says("公园道社区 36 27 27")[-1] == "还没轮到2号公园道社区，现在是1号大里村。"
    zheng.says("大里村 36 27 27")
    assert keeper.says("撤销") == ["已经有评委给大里村打了分，不能撤销。"]
    assert called == "请给1号大里村打分。\n[打分]"


def test_the_clock_goes_on_whatever_is_done_in_between(world: World) -> None:
    opened(world)
    keeper = world.personas["施计"]
    keeper.says("下一位")
    keeper.presses("开始计时")
    world.wait(seconds=200)
    assert keeper.says("扣分 大里村 0.2 迟到")[0].startswith("已记下：")
    keeper.says("下一位")
    world.wait(seconds=300)
    assert keeper.presses("停止") == ["大里村发言8分20秒，扣0.5分。\n[撤销] [下一位]"]
    assert keeper.presses("停止") == ["大里村已经停表。要改就直接发时间，例如：计时 大里村 7分48秒"]
    assert keeper.says("计时 大里村 7分48秒") == ["大里村发言7分48秒，不扣分。\n[撤销] [下一位]"]
    assert keeper.says("计时 3号 停") == ["欢河村还没有开始计时。"]
    assert keeper.says("加减分")[0].split("\n")[1:3] == [
        "1. 大里村 -0.2分：迟到（施计记）",
        "3. 大里村 +0分：发言7分48秒（施计记）",
    ]
