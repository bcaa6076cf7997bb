"""A round that is closed by the clock: as if by hand, once, at its time, and not before everybody has appeared."""

from __future__ import annotations

from storage import closings
from tests.rounds.forum import opened, scored
from tests.world import World


def test_closed_at_the_time_that_was_set(world: World) -> None:
    scored(world)
    zhou, he = world.personas["周敏"], world.personas["何监"]
    assert zhou.says("封评时间") == ["“一季度比学”没有定封评时间。要定就发：封评时间 18:00"]
    assert zhou.says("封评时间 下午3点半") == [
        "好的，“一季度比学”3月22日 15:30自动封评。\n"
        "到时候没交的不计入平均；还有单位没出场就不封，会告诉您。\n[取消自动封评]"
    ]
    world.wait(hours=6)
    world.tick("round closings")
    assert zhou.heard() == he.heard() == []
    world.wait(minutes=31)
    world.tick("round closings")
    [told] = zhou.heard()
    assert told == "“一季度比学”已封评，分数不能再改。请监票人何监启封。"
    assert he.heard() == ["“一季度比学”已封评，请您启封：启封后才算出成绩。\n[启封]"]
    assert world.heard("高新区")[0].startswith("“一季度比学”已封评，7位评委的评分表全部封存。")
    world.tick("round closings")
    assert zhou.heard() == []
    # The seal is as good as one made by hand.
    assert he.presses("启封")[0].startswith("一季度比学")


def test_nothing_is_closed_while_somebody_has_not_appeared(world: World) -> None:
    opened(world)
    zhou = world.personas["周敏"]
    zhou.says("封评时间 3月22日 12:00")
    world.wait(hours=4)
    world.tick("round closings")
    assert zhou.heard() == ["“一季度比学”到封评时间了，但大里村、公园道社区、欢河村还没出场，没有自动封评。"]
    world.tick("round closings")
    assert zhou.heard() == []


def test_taken_back_and_not_understood(world: World) -> None:
    opened(world, all_on=True)
    zhou = world.personas["周敏"]
    assert zhou.says("封评时间 散会后") == ["请写明几点，例如：封评时间 18:00，或：封评时间 4月30日 17:30"]
    assert zhou.says("封评时间 8:00") == ["3月22日 08:00已经过了或太远，请写一个两个月以内、还没到的时间。"]
    zhou.says("封评时间 明天 9:00")
    assert zhou.says("封评时间")[0].startswith("“一季度比学”3月23日 09:00自动封评。")
    assert zhou.presses("取消自动封评") == ["好的，“一季度比学”等人来封评。"]
    world.wait(days=2)
    world.tick("round closings")
    assert zhou.heard() == []
    with world.database.transaction() as tx:
        assert closings.due(tx, world.now) == []
    assert world.personas["王芳"].says("封评时间 18:00")[0].startswith("“封评时间”由")
