"""Units and judges as an organizer types them, found in the roster."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.errors import UserError
from bot.chat.grammar.suggest import closest
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from storage import people, units
from storage.units import CONTESTING, OFFICE, Unit

_ENDINGS = ("", "村", "社区")
_OFFICE_ENDINGS = ("街道办事处", "办事处", "街道")


def units_called(ctx: Ctx, names: Sequence[str]) -> list[Unit]:
    """Units by name, in the order typed; 村 or 社区 may be missing, an office's name may stand before.

    Raises UserError naming what is not found, fits several or is there twice.
    """
    roots = ctx.actor.units(Role.ORGANIZER)
    parts = _apart(ctx, names, roots)
    wanted = [rest + ending for _office, rest in parts for ending in _ENDINGS]
    found: dict[str, list[Unit]] = {}
    for unit in units.named(ctx.tx, [*wanted, *names], roots=roots, kinds=CONTESTING):
        found.setdefault(unit.name, []).append(unit)
    chosen: list[Unit] = []
    for name, (office, rest) in zip(names, parts, strict=True):
        unit = _only(ctx, name, found.get(name) or _of_office(found, office, rest), roots)
        if unit in chosen:
            raise UserError(T("“{name}”写了两遍，请去掉一个再发。", name=unit.name))
        chosen.append(unit)
    return chosen


def _apart(ctx: Ctx, names: Sequence[str], roots: Sequence[int]) -> list[tuple[int | None, str]]:
    """Each name with the number of the office that stands before it, if one does."""
    offices = units.subtree(ctx.tx, roots, kinds=(OFFICE,))
    called = {office.name: office.id for office in offices}
    for office in offices:
        for ending in _OFFICE_ENDINGS:
            called.setdefault(office.name.removesuffix(ending), office.id)
    longest_first = sorted((name for name in called if len(name) >= 2), key=len, reverse=True)
    parts: list[tuple[int | None, str]] = []
    for name in names:
        office_name = next((each for each in longest_first if name.startswith(each) and name != each), "")
        parts.append((called.get(office_name), name[len(office_name) :]))
    return parts


def _of_office(found: dict[str, list[Unit]], office: int | None, rest: str) -> list[Unit]:
    fits = [unit for ending in _ENDINGS for unit in found.get(rest + ending, [])]
    return [unit for unit in fits if office is None or unit.parent_id == office]


def _only(ctx: Ctx, name: str, fits: Sequence[Unit], roots: Sequence[int]) -> Unit:
    if not fits:
        raise UserError(_unknown_unit(ctx, name, roots))
    if len(fits) > 1:
        above = units.get_many(ctx.tx, [unit.parent_id for unit in fits if unit.parent_id is not None])
        full = [f"{above[unit.parent_id].name}{unit.name}" for unit in fits if unit.parent_id in above]
        raise UserError(T("有不止一个“{name}”，请写全称：{full}", name=name, full=full))
    return fits[0]


def _unknown_unit(ctx: Ctx, name: str, roots: Sequence[int]) -> Text:
    near = closest(name, [unit.name for unit in units.subtree(ctx.tx, roots, kinds=CONTESTING)])
    if near:
        return T("没有叫“{name}”的单位，是不是{near}？请改好后把全部单位再发一遍。", name=name, near=near)
    return T("没有叫“{name}”的单位。请改好后把全部单位再发一遍。", name=name)


def judges_called(ctx: Ctx, names: Sequence[str]) -> list[int]:
    """Judges of the roster by name. Raises UserError for the first who is none."""
    known = people.in_role_below(ctx.tx, ctx.actor.units(Role.ORGANIZER), Role.JUDGE)
    by_name = {judge.name: judge.person_id for judge in known}
    for name in names:
        if len({judge.person_id for judge in known if judge.name == name}) > 1:
            raise UserError(T("有不止一位评委叫“{name}”，请先在名册里区分开。", name=name))
        if name not in by_name:
            near = closest(name, by_name)
            if near:
                raise UserError(
                    T("评委里没有“{name}”，是不是{near}？请把全部评委再发一遍。", name=name, near=near)
                )
            raise UserError(T("评委里没有“{name}”。请先任命：任命 评委 {name} 单位", name=name))
    return [by_name[name] for name in names]
