"""Units: a tree of province, district, office, village. Whoever administers a unit sees its subtree, only that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, select, update

from storage.database import Tx
from storage.tables import unit_ancestors, units

DISTRICT, OFFICE, VILLAGE, COMMUNITY = "district", "office", "village", "community"
#: Kinds of unit that make commitments and take part in rounds.
CONTESTING = (VILLAGE, COMMUNITY)

_COLUMNS = (
    units.c.id,
    units.c.parent_id,
    units.c.name,
    units.c.kind,
    units.c.organization,
    units.c.class_name,
    units.c.position,
    units.c.highlight,
    units.c.invented,
)
_SELECT = select(*_COLUMNS)
_ONE = _SELECT.where(units.c.id == bindparam("which"))
_MANY = _SELECT.where(units.c.id.in_(bindparam("which", expanding=True))).order_by(units.c.position, units.c.id)
_ADD = insert(units).returning(units.c.id)
_ADD_SELF = insert(unit_ancestors).values(depth=0)
_INHERIT = insert(unit_ancestors).from_select(
    ["unit_id", "ancestor_id", "depth"],
    select(bindparam("which"), unit_ancestors.c.ancestor_id, unit_ancestors.c.depth + 1).where(
        unit_ancestors.c.unit_id == bindparam("under")
    ),
)
_ANCESTORS = (
    select(*_COLUMNS, unit_ancestors.c.depth)
    .join(unit_ancestors, unit_ancestors.c.ancestor_id == units.c.id)
    .where(unit_ancestors.c.unit_id == bindparam("which"))
    .order_by(unit_ancestors.c.depth)
)
_OFFICES = (
    select(unit_ancestors.c.unit_id, unit_ancestors.c.ancestor_id)
    .join(units, units.c.id == unit_ancestors.c.ancestor_id)
    .where(unit_ancestors.c.unit_id.in_(bindparam("which", expanding=True)), units.c.kind == OFFICE)
    .order_by(unit_ancestors.c.depth.desc())
)
_WITHIN = (
    select(func.count())
    .select_from(unit_ancestors)
    .where(
        unit_ancestors.c.unit_id == bindparam("which"),
        unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True)),
    )
)
_SUBTREE: Select[Any] = (
    _SELECT.join(unit_ancestors, unit_ancestors.c.unit_id == units.c.id)
    .where(
        unit_ancestors.c.ancestor_id.in_(bindparam("roots", expanding=True)),
        units.c.ended_at.is_(None),
    )
    .distinct()
    .order_by(units.c.position, units.c.id)
)
_SUBTREE_OF_KINDS = _SUBTREE.where(units.c.kind.in_(bindparam("kinds", expanding=True)))
_BY_NAME = _SUBTREE.where(units.c.name == bindparam("called"))
_ROOTS = _SELECT.where(units.c.parent_id.is_(None), units.c.ended_at.is_(None)).order_by(units.c.id)
_NAMED = _SUBTREE_OF_KINDS.where(units.c.name.in_(bindparam("names", expanding=True)))
_at_and_below = select(unit_ancestors.c.unit_id).where(unit_ancestors.c.ancestor_id == bindparam("which"))
_CUT_OFF = delete(unit_ancestors).where(
    unit_ancestors.c.unit_id.in_(_at_and_below), unit_ancestors.c.ancestor_id.not_in(_at_and_below)
)
_lower = unit_ancestors.alias("lower")
_upper = unit_ancestors.alias("upper")
_GRAFT = insert(unit_ancestors).from_select(
    ["unit_id", "ancestor_id", "depth"],
    select(_lower.c.unit_id, _upper.c.ancestor_id, _lower.c.depth + _upper.c.depth + 1)
    .join(_upper, _upper.c.unit_id == bindparam("under"))
    .where(_lower.c.ancestor_id == bindparam("which")),
)
_MOVE = update(units).where(units.c.id == bindparam("which")).values(parent_id=bindparam("under"))
_END = update(units).where(units.c.id == bindparam("which")).values(ended_at=bindparam("now"))


_LINES = (
    select(unit_ancestors.c.unit_id, unit_ancestors.c.ancestor_id)
    .where(unit_ancestors.c.unit_id.in_(bindparam("which", expanding=True)))
    .order_by(unit_ancestors.c.unit_id, unit_ancestors.c.depth)
)
_below = unit_ancestors.alias("below")
_LINES_BELOW = (
    select(unit_ancestors.c.unit_id, unit_ancestors.c.ancestor_id)
    .join(units, units.c.id == unit_ancestors.c.unit_id)
    .where(
        units.c.id.in_(
            select(_below.c.unit_id).where(_below.c.ancestor_id.in_(bindparam("roots", expanding=True)))
        ),
        units.c.kind.in_(bindparam("kinds", expanding=True)),
        units.c.ended_at.is_(None),
    )
    .order_by(units.c.position, units.c.id, unit_ancestors.c.depth)
)


@dataclass(frozen=True, slots=True)
class Unit:
    """A district, an office, a village or a community. `class_name`: with whom it is compared."""

    id: int
    parent_id: int | None
    name: str
    kind: str
    organization: str | None = None
    class_name: str | None = None
    position: int = 0
    highlight: str | None = None
    invented: bool = False


def add(
    tx: Tx,
    *,
    name: str,
    kind: str,
    parent_id: int | None,
    now: datetime,
    organization: str | None = None,
    class_name: str | None = None,
    position: int = 0,
    highlight: str | None = None,
    invented: bool = False,
) -> int:
    """Add a unit under its parent and return its number."""
    values = {
        "name": name,
        "kind": kind,
        "parent_id": parent_id,
        "organization": organization,
        "class_name": class_name,
        "position": position,
        "highlight": highlight,
        "invented": invented,
        "created_at": now,
    }
    unit_id: int = tx.scalar(_ADD, values)
    tx.execute(_ADD_SELF, {"unit_id": unit_id, "ancestor_id": unit_id})
    if parent_id is not None:
        tx.execute(_INHERIT, {"which": unit_id, "under": parent_id})
    return unit_id


def get(tx: Tx, unit_id: int) -> Unit:
    """The unit; raises LookupError."""
    row = tx.first(_ONE, {"which": unit_id})
    if row is None:
        raise LookupError(unit_id)
    return Unit(*row)


def get_many(tx: Tx, unit_ids: Iterable[int]) -> dict[int, Unit]:
    """Several units by number."""
    return {row.id: Unit(*row) for row in tx.among(_MANY, "which", unit_ids)}


def roots(tx: Tx) -> list[Unit]:
    """The units without a parent: the district, or several in one deployment."""
    return [Unit(*row) for row in tx.all(_ROOTS)]


def ancestors(tx: Tx, unit_id: int) -> tuple[Unit, ...]:
    """The unit itself, its parent, and so on up to the root."""
    return tuple(Unit(*row[:-1]) for row in tx.all(_ANCESTORS, {"which": unit_id}))


def lines(tx: Tx, unit_ids: Iterable[int]) -> dict[int, tuple[int, ...]]:
    """For each of the units: itself, its parent, and so on up to the root, by number."""
    return _grouped(tx.among(_LINES, "which", unit_ids))


def lines_below(tx: Tx, roots: Sequence[int], *, kinds: Sequence[str]) -> dict[int, tuple[int, ...]]:
    """The same for all units of these kinds at or below the roots, in their set order."""
    return _grouped(tx.all(_LINES_BELOW, {"roots": list(roots), "kinds": list(kinds)})) if roots else {}


def _grouped(rows: Iterable[Any]) -> dict[int, tuple[int, ...]]:
    found: dict[int, list[int]] = {}
    for unit_id, ancestor_id in rows:
        found.setdefault(unit_id, []).append(ancestor_id)
    return {unit_id: tuple(line) for unit_id, line in found.items()}


def office_of(tx: Tx, unit_id: int) -> Unit | None:
    """The office that the unit belongs to (itself, when it is one)."""
    return next((unit for unit in ancestors(tx, unit_id) if unit.kind == OFFICE), None)


def offices_of(tx: Tx, unit_ids: Iterable[int]) -> dict[int, int]:
    """The office that each of the units belongs to; units without one are left out."""
    # The nearest comes last and stays.
    return {row.unit_id: row.ancestor_id for row in tx.among(_OFFICES, "which", unit_ids)}


def is_within(tx: Tx, unit_id: int, roots: Sequence[int]) -> bool:
    """Whether the unit is one of the roots or below one of them."""
    return bool(roots) and bool(tx.scalar(_WITHIN, {"which": unit_id, "roots": list(roots)}))


def subtree(tx: Tx, roots: Sequence[int], *, kinds: Sequence[str] | None = None) -> list[Unit]:
    """The roots and all that is below them, in their set order; of certain kinds only, when given."""
    if not roots:
        return []
    if kinds is None:
        return [Unit(*row) for row in tx.all(_SUBTREE, {"roots": list(roots)})]
    return [Unit(*row) for row in tx.all(_SUBTREE_OF_KINDS, {"roots": list(roots), "kinds": list(kinds)})]


def by_name(tx: Tx, name: str, *, roots: Sequence[int]) -> list[Unit]:
    """The units of exactly this name at or below the roots; two offices may each have one."""
    if not roots:
        return []
    return [Unit(*row) for row in tx.all(_BY_NAME, {"called": name, "roots": list(roots)})]


def named(tx: Tx, names: Iterable[str], *, roots: Sequence[int], kinds: Sequence[str]) -> list[Unit]:
    """The units of these kinds that have exactly one of the names, at or below the roots."""
    values = {"roots": list(roots), "kinds": list(kinds)}
    return [Unit(*row) for row in tx.among(_NAMED, "names", names, values)] if roots else []


def move(tx: Tx, unit_id: int, *, parent_id: int) -> None:
    """Put the unit, with all that is below it, under another parent (which must not be below it)."""
    values = {"which": unit_id, "under": parent_id}
    tx.execute(_CUT_OFF, {"which": unit_id})
    tx.execute(_GRAFT, values)
    tx.execute(_MOVE, values)


def end(tx: Tx, unit_id: int, *, now: datetime) -> None:
    """The unit exists no longer; its history stays."""
    tx.execute(_END, {"which": unit_id, "now": now})
