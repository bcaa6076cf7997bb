"""The example quarter's data: what a newspaper reported, and what is invented to fill it up."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from pathlib import Path
from typing import Any

from storage.units import COMMUNITY, VILLAGE

FOLDER = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class DemoUnit:
    """A village or community with its secretary; `invented` when no newspaper reported of it."""

    name: str
    kind: str
    organization: str
    office: str
    secretary: str
    highlight: str | None
    electives: tuple[str, ...]
    invented: bool


@dataclass(frozen=True, slots=True)
class Quarter:
    """Everything that is loaded. `clock` is where the practice clock starts."""

    district: str
    clock: datetime
    offices: tuple[str, ...]
    units: tuple[DemoUnit, ...]
    required: tuple[str, ...]
    people: dict[str, Any]
    route: tuple[str, ...]
    order: tuple[str, ...]
    criteria: tuple[str, ...]


def read(units_in_all: int | None = None) -> Quarter:
    """The quarter with the district's real number of units, or with another number for trials of size."""
    facts = _toml("2021q1")
    invented = _toml("invented")
    offices = tuple(office["name"] for office in facts["offices"])
    real = tuple(_reported(facts, invented))
    wanted = facts["activity"]["units_in_district"] if units_in_all is None else units_in_all
    filling = tuple(_filling(invented, offices, max(0, wanted - len(real))))
    return Quarter(
        district=facts["activity"]["district"],
        clock=invented["clock"],
        offices=offices,
        units=real + filling,
        required=tuple(item["words"] for item in invented["required"]),
        people=invented["people"],
        route=tuple(facts["observation"]["route"]),
        order=tuple(facts["forum"]["order"]),
        criteria=tuple(facts["observation"]["criteria"]),
    )


def _toml(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))


def _reported(facts: dict[str, Any], invented: dict[str, Any]) -> Iterator[DemoUnit]:
    for office in facts["offices"]:
        for unit in office["units"]:
            yield DemoUnit(
                name=unit["name"],
                kind=unit["kind"],
                organization=unit["organization"],
                office=office["name"],
                secretary=invented["people"]["secretaries"][unit["name"]],
                highlight=unit.get("highlight"),
                electives=tuple(invented["commitments"].get(unit["name"], ())),
                invented=False,
            )


def _filling(invented: dict[str, Any], offices: tuple[str, ...], count: int) -> Iterator[DemoUnit]:
    """Plainly invented units, spread over the offices: 枫杨示例1村, 石佛示例2社区 …"""
    electives = [item["words"] for item in invented["elective"]]
    names = product(invented["people"]["given"], invented["people"]["surnames"])
    for index in range(count):
        office = offices[index % len(offices)]
        is_village = index % 3 != 2
        given, surname = next(names, (f"示例{index}", "甲"))
        yield DemoUnit(
            name=f"{office.removesuffix('办事处')}示例{index // len(offices) + 1}{'村' if is_village else '社区'}",
            kind=VILLAGE if is_village else COMMUNITY,
            organization="committee" if is_village else "branch",
            office=office,
            secretary=surname + given,
            highlight=None,
            electives=tuple(electives[(index + step) % len(electives)] for step in (0, 4)),
            invented=True,
        )
