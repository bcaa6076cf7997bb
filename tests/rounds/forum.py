"""A forum of three units by chat: what the tests of its parts begin with."""

from __future__ import annotations

from tests.world import World

JUDGES = ("郑评", "冯评", "褚评", "卫评", "蒋评", "沈评")
UNITS = ("大里村", "公园道社区", "欢河村")


def drafted(world: World) -> None:
    """A draft, not opened."""
    world.personas["周敏"].says("活动 比学 一季度比学 大里村、公园道社区、欢河村")
    world.personas["周敏"].presses("改顺序")
    world.personas["周敏"].presses("按名单")
    world.personas["周敏"].presses("创建")


def opened(world: World, *, all_on: bool = False) -> None:
    """Open, one contestant after the other; with everybody on already if wished. Nothing heard is left over."""
    drafted(world)
    world.personas["周敏"].says("开评")
    if all_on:
        for _unit in UNITS:
            world.personas["施计"].says("下一位")
    quiet(world)


def scored(world: World) -> None:
    """Everybody has scored everything."""
    opened(world, all_on=True)
    for at, judge in enumerate(JUDGES):
        for unit in UNITS:
            world.personas[judge].says(f"{unit} {36 + at % 3} 27 27")
    world.personas["吴评"].says("欢河村 36 27 27")
    quiet(world)


def signed(world: World) -> None:
    """Sealed, unsealed and signed by both."""
    world.personas["周敏"].says("封评")
    world.personas["何监"].says("启封")
    world.personas["何监"].says("签字")
    world.personas["施计"].says("签字")


def published(world: World) -> None:
    """Signed and published whole."""
    signed(world)
    quiet(world)
    world.personas["周敏"].says("公布")
    world.personas["周敏"].presses("公布全部名次")


def quiet(world: World) -> None:
    """Whatever was heard so far does not matter."""
    for persona in world.personas.values():
        persona.heard()
    for unit in world.groups:
        world.heard(unit)
