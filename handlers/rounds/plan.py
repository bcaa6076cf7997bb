"""A round as it is being set up: what the card shows, and what a dialogue keeps of it between two messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bot.chat.errors import UserError
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.progress.quarters import quarter_of_event
from handlers.rounds import drafting, rulings
from handlers.rounds.declared import KIND_WORDS
from handlers.rounds.defining import Definition
from handlers.rounds.naming import judges_called, units_called
from handlers.rounds.rulings import Rules
from storage import people, units
from storage.rounds import Criterion, Kind, Round
from storage.units import Unit

_LONGEST_NAME = 60
#: The classes in which villages and communities are ranked when they are ranked apart.
KINDS: dict[str, Text] = {units.VILLAGE: T("村"), units.COMMUNITY: T("社区")}


@dataclass(frozen=True, slots=True)
class Plan:
    """Contestants and judges by number, judges with their panel; `classes` are one's own, by unit.

    `revises`: the draft that it changes.
    """

    kind: Kind
    name: str
    units: tuple[int, ...]
    criteria: tuple[Criterion, ...]
    judges: tuple[tuple[int, str], ...]
    rules: Rules
    in_turn: bool
    classes: Mapping[int, str] = field(default_factory=dict)
    revises: int | None = None

    def to_wire(self) -> dict[str, Any]:
        """The plan as JSON data."""
        return {
            "kind": self.kind.value,
            "name": self.name,
            "units": list(self.units),
            "criteria": drafting.to_wire(self.criteria),
            "judges": [list(judge) for judge in self.judges],
            "rules": rulings.to_wire(self.rules),
            "in_turn": self.in_turn,
            "classes": [list(pair) for pair in self.classes.items()],
            "revises": self.revises,
        }

    def with_rules(self, **changed: Any) -> Plan:
        """The same with some rules changed."""
        return replace(self, rules=replace(self.rules, **changed))

    def ungrouped(self) -> Plan:
        """Other units or judges: the groups are no longer what they were."""
        return self.with_rules(groups=(), levelled=False)


def from_wire(wire: Mapping[str, Any]) -> Plan:
    """The inverse of `Plan.to_wire`."""
    return Plan(
        Kind(wire["kind"]),
        wire["name"],
        tuple(wire["units"]),
        drafting.from_wire(wire["criteria"]),
        tuple((person, panel) for person, panel in wire["judges"]),
        rulings.from_wire(wire["rules"]),
        wire["in_turn"],
        dict(wire["classes"]),
        wire["revises"],
    )


def begun(ctx: Ctx, kind: Kind, name: str, chosen: Sequence[Unit]) -> Plan:
    """A new round as it is proposed: everything in it can be changed."""
    judges = dict.fromkeys(judge.person_id for judge in _known_judges(ctx))
    usual = rulings.by_policy(ctx.policy.rounds)
    order = drafting.ORDERS.get(kind, rulings.LISTED)
    rules = replace(usual, timing=drafting.TIMINGS.get(kind), order=order)
    return Plan(
        kind,
        checked_name(name),
        tuple(unit.id for unit in chosen),
        drafting.TEMPLATES[kind],
        tuple((person, "") for person in judges),
        rules,
        kind in drafting.IN_TURN,
    )


#: Full-width digits and letters, as phones put them into a name that will stand in bulletins.
_PLAIN = {wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}


def checked_name(name: str) -> str:
    """The name with plain digits and letters. Raises UserError when it is too long for a heading."""
    name = name.translate(_PLAIN)
    if len(name) > _LONGEST_NAME:
        raise UserError(T("名称太长了，{count}个字以内就行。", count=_LONGEST_NAME))
    return name


def of_round(ctx: Ctx, found: Round) -> Plan:
    """What a round was set up as."""
    named = units.get_many(ctx.tx, [contestant.unit_id for contestant in found.contestants])
    usual = all(usual_class(ctx, named[c.unit_id]) == c.klass for c in found.contestants)
    return Plan(
        found.head.kind,
        found.head.name,
        tuple(contestant.unit_id for contestant in found.contestants),
        found.criteria,
        tuple((judge.person_id, judge.panel) for judge in found.sitting),
        rulings.rules_of(found),
        found.head.reached is not None,
        {} if usual else {contestant.unit_id: contestant.klass for contestant in found.contestants},
    )


def like(ctx: Ctx, found: Round) -> Plan:
    """A round like an earlier one, this quarter; judges who hold the post no more are left out."""
    still = {judge.person_id for judge in _known_judges(ctx)}
    plan = of_round(ctx, found)
    judges = tuple((person, panel) for person, panel in plan.judges if person in still)
    return replace(plan, name=default_name(ctx, plan.kind), judges=judges)


def defined(ctx: Ctx, found: Definition) -> Plan:
    """The plan of a definition; what it does not say is as usual. Raises UserError for unknown names."""
    usual = begun(ctx, Kind(found.kind), found.name, units_called(ctx, found.units))
    judges = usual.judges
    if found.panels:
        named = [(panel.name if len(found.panels) > 1 else "", panel.judges) for panel in found.panels]
        judges = tuple((person, panel) for panel, names in named for person in judges_called(ctx, names))
    rules = replace(found.rules, order=found.order or usual.rules.order)
    if any(panel.units for panel in found.panels):
        grouped_units = tuple(
            (p.name, tuple(unit.id for unit in units_called(ctx, p.units))) for p in found.panels
        )
        rules = grouped(rules, grouped_units, usual.units)
    return replace(
        usual,
        criteria=found.scored or usual.criteria,
        judges=judges,
        rules=rules,
        in_turn=found.in_turn,
        classes=classified(ctx, found.classes, usual.units) if found.classes else {},
    )


def grouped(rules: Rules, groups: tuple[tuple[str, tuple[int, ...]], ...], entered: Sequence[int]) -> Rules:
    """The rules with these groups, levelled. Raises UserError where panels or units do not fit together."""
    if {panel for panel, _units in groups} != {name for name, _weight in rules.panels}:
        raise UserError(T("组名要和评委组一致。请先点“改评委”分组，例如：一组50：张三、李四；二组50：王五、赵六"))
    if {unit for _panel, units in groups for unit in units} != set(entered):
        raise UserError(T("分组里的单位要和参评单位一致，不多也不少。"))
    return replace(rules, groups=groups, levelled=True)


def classified(ctx: Ctx, classes: Mapping[str, Sequence[str]], entered: Sequence[int]) -> dict[int, str]:
    """The class of each contestant. Raises UserError unless each is in exactly one."""
    named = units_called(ctx, [name for names in classes.values() for name in names])
    classed = [klass for klass, names in classes.items() for _name in names]
    if {unit.id for unit in named} != set(entered):
        raise UserError(T("每个参评单位都要分到一类，不多也不少。"))
    return {unit.id: klass for unit, klass in zip(named, classed, strict=True)}


def usual_class(ctx: Ctx, unit: Unit) -> str:
    """With whom a unit is compared: as in the roster, else by its kind."""
    return unit.class_name or ctx.show(KINDS[unit.kind])


def default_name(ctx: Ctx, kind: Kind) -> str:
    """What a round of this quarter is called when nobody says."""
    when = quarter_of_event(ctx.today, ctx.policy.activity)
    if kind is Kind.EVALUATION:
        return ctx.show(T("{year}年{kind}", year=when.year, kind=KIND_WORDS[kind]))
    return ctx.show(T("{year}年第{quarter}季度{kind}", year=when.year, quarter=when.number, kind=KIND_WORDS[kind]))


def _known_judges(ctx: Ctx) -> list[people.Holder]:
    return people.in_role_below(ctx.tx, ctx.actor.units(Role.ORGANIZER), Role.JUDGE)
