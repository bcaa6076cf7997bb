"""A round defined in a file: what a definition may say, and TOML as one way to say it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from bot.chat.errors import UserError
from bot.chat.texts import T
from handlers.rounds import definition_book
from handlers.rounds.rulings import DECIMAL, TIES, Rules, Timing
from storage.rounds import Criterion

_MOST_BYTES = 1_000_000
#: A score of four decimals by a weight of four is kept exactly on both databases.
_MOST_DECIMALS = 4
_MAY_BE_ZERO = ("points", "cap")


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a file may say; an unknown key in it is an error, and so is a figure below nothing."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal) and not (value.is_finite() and (value > 0 or name in _MAY_BE_ZERO)):
                raise ValueError(f"`{name}` has to be above 0")
            if isinstance(value, Decimal) and value.normalize().as_tuple().exponent < -_MOST_DECIMALS:  # type: ignore[operator]
                raise ValueError(f"`{name}` has more than {_MOST_DECIMALS} decimals")


class CriterionIn(_Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    maximum: Decimal
    weight: Decimal = Decimal(1)


class PanelIn(_Struct, frozen=True):
    judges: Annotated[tuple[str, ...], Meta(min_length=1)]
    name: Annotated[str, Meta(max_length=40)] = ""
    weight: Decimal = Decimal(1)
    units: tuple[str, ...] = ()


class TimingIn(_Struct, frozen=True):
    most: Annotated[int, Meta(gt=0)]
    least: Annotated[int, Meta(ge=0)] = 0
    unit: Annotated[int, Meta(gt=0)] = 30
    points: Decimal = Decimal("0.5")
    cap: Decimal = Decimal(2)


class Definition(_Struct, frozen=True):
    """A round as a file defines it. What is not said is as with `活动`."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    units: Annotated[tuple[str, ...], Meta(min_length=1)]
    kind: Literal["observation", "forum", "evaluation", "other"] = "other"
    criteria: tuple[CriterionIn, ...] = ()
    panels: tuple[PanelIn, ...] = ()
    in_turn: bool = False
    apart: bool = False
    corrected: bool = False
    decimals: Annotated[int, Meta(ge=0, le=4)] = 2
    step: Decimal = Decimal("0.01")
    trim_from: Annotated[int, Meta(ge=3)] = 5
    trim_each_end: Annotated[int, Meta(ge=0, le=5)] = 1
    timing: TimingIn | None = None
    ties: tuple[str, ...] = TIES
    rounding: Literal["half_up", "half_even", "down"] = "half_up"
    order: Literal["listed", "route", "drawn"] | None = None
    classes: dict[str, tuple[str, ...]] = {}

    @property
    def rules(self) -> Rules:
        """The rules that the file states."""
        timing = self.timing
        weighted = len(self.panels) > 1
        return Rules(
            self.trim_from,
            self.trim_each_end,
            self.decimals,
            self.step,
            tuple((panel.name, panel.weight) for panel in self.panels) if weighted else (),
            self.apart,
            Timing(timing.least, timing.most, timing.unit, timing.points, timing.cap) if timing else None,
            self.corrected,
            ties=tuple(sorted(self.ties, key=lambda tie: tie != DECIMAL)),
            rounding=self.rounding,
        )

    @property
    def scored(self) -> tuple[Criterion, ...]:
        """The criteria that the file states."""
        return tuple(Criterion(criterion.name, criterion.maximum, criterion.weight) for criterion in self.criteria)


def read(name: str, data: bytes) -> Definition | None:
    """The definition in a file; None for a file that is none. Raises UserError saying what is wrong in one."""
    if len(data) > _MOST_BYTES:
        return None
    if name.casefold().endswith(".toml"):
        return _checked(_toml(data))
    if name.casefold().endswith(".xlsx"):
        found = definition_book.read(data)
        return None if found is None else _checked(found)
    return None


def _toml(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(T("这个文件读不了：{detail}", detail=str(error))) from error


def _checked(found: Mapping[str, Any]) -> Definition:
    try:
        made = msgspec.convert(found, Definition, strict=False)
    except msgspec.ValidationError as error:
        raise UserError(T("定义文件有一处不对：{detail}", detail=str(error))) from error
    names = [criterion.name for criterion in made.criteria]
    panels = [panel.name for panel in made.panels]
    if len(set(names)) < len(names) or len(set(panels)) < len(panels):
        raise UserError(T("评分项或评委组有重名的，请改好再发。"))
    strange = [tie for tie in made.ties if tie not in (*TIES, *names)]
    if strange or len(set(made.ties)) < len(made.ties):
        raise UserError(T("同分先比什么，只能写 decimal、untrimmed 或评分项的名称，每样一次。"))
    return made
