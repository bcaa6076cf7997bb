"""A year of the small district that is nearly over."""

from __future__ import annotations

from storage import commitments
from storage.commitments import State
from tests.commitments.seeding import promised, reported
from tests.world import World

ROAD, LAMPS, CANTEEN, VISITS = "硬化村内道路2公里", "安装路灯120盏", "新建老年食堂一处", "党员大走访全覆盖"


def december(world: World) -> None:
    """Three villages with commitments, some closed, one three quarters done; it is December."""
    made = [promised(world, "大里村", words) for words in (ROAD, LAMPS, CANTEEN, VISITS)]
    made.append(promised(world, "欢河村", "种植果树500亩"))
    promised(world, "南流村", "整治垃圾堆放点3处")
    reported(world, made[1], "90")
    with world.database.transaction() as tx:
        for at in (0, 3, 4):
            commitments.set_state(tx, made[at].id, state=State.CLOSED, expected=[State.PUBLISHED])
    world.wait(days=270)


def evaluated(world: World) -> None:
    """Offices and district have spoken of everything: 大里村 75 %, 欢河村 100 %, 南流村 0 %."""
    december(world)
    chen, sun, zhou = (world.personas[name] for name in ("陈立", "孙洁", "周敏"))
    chen.says("评诺 大里村 3 部分兑现 还没验收")
    chen.says("评诺 大里村")
    chen.presses("就按上面评")
    for unit in ("欢河村", "南流村"):
        sun.says(f"评诺 {unit}")
        sun.presses("就按上面评")
    zhou.says("评诺 全部")
    zhou.presses("确定")
    for persona in world.personas.values():
        persona.heard()
