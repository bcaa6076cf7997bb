"""改…: one part after the other of a round that is being set up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, say
from bot.chat.people import Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.rounds import drafting, rulings
from handlers.rounds.card import PARTS, card, make
from handlers.rounds.declared import registry
from handlers.rounds.naming import judges_called, units_called
from handlers.rounds.plan import Plan, checked_name, classified, from_wire, grouped
from handlers.rounds.rules_said import scoring
from handlers.rounds.rulings import DRAWN, LISTED, ROUTE
from storage import units

#: What is asked, by the part that is to be changed.
_QUESTIONS: dict[str, Text] = {
    "name": T("这一场叫什么名称？"),
    "units": T("请按出场顺序把参评单位重发一遍，用顿号或换行隔开。"),
    "order": T("出场顺序怎么定？要改名单里的先后，请点“改单位”重发一遍。"),
    "criteria": T(
        "请发评分项和满分，例如：党建30 服务30 平安20 阵地20；按比例折算的这样发：党建100×30% 服务100×70%；"
        "只打总分就发：100"
    ),
    "judges": T("请发评委姓名，用顿号隔开；分组的这样发：领导组60：张三、李四；群众组40：王五、赵六"),
    "scoring": T(
        "请发打分和计分的规则，可以只写要改的，例如：最小单位0.5，保留3位小数，四舍五入，满7个去2高2低。还可以写：整数打分、只舍不入、四舍六入、不去高低"
    ),
    "classes": T("怎样排名？分成几类的，这样发：山区：大里村、欢河村；城区：公园道社区"),
    "timing": T("请发发言时间，例如：8分钟 每30秒扣0.5 最多2；不限时就发：不限"),
    "groups": T(
        "每个评委组评哪些单位？例如：一组：大里村、欢河村；二组：公园道社区、大里村。每组都评的单位用来比较各组松紧；没有这样的单位就用二次平均法，单位宜抽签分到各组。都由全体评委评就发：不分组"
    ),
    "ties": T("同分时依次比什么？可以写：小数、评分项的名称、去掉前平均。例如：小数、党建引领。不再比就发：并列"),
}


#: How an order is typed, beside its own name.
_ORDERS = {
    "按名单": LISTED,
    "as listed": LISTED,
    "list": LISTED,
    "按路线": ROUTE,
    "by route": ROUTE,
    "抽签": DRAWN,
    "draw": DRAWN,
    "by lot": DRAWN,
    "lots": DRAWN,
}
_CREATE = {"create", "创建", "保存", "确认", "好", "好的", "是", "可以", "ok", "yes"}
_OPEN = {"open", "创建并开评", "开评"}
_NO_LIMIT = {"不限", "不限时", "无", "没有", "不计时", "no limit", "unlimited", "none"}
_NO_GROUPS = {"不分组", "不分", "取消分组", "no groups", "ungrouped", "all judges", "none"}


@registry.dialogue("rounds.card")
def card_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Create, or change one thing and read back again."""
    plan, answer = from_wire(data), said.folded.strip().casefold()
    if answer in _CREATE:
        return make(ctx, plan, then_open=False)
    if answer in _OPEN and plan.revises is None:
        return make(ctx, plan, then_open=True)
    part = {label.msgid: part for part, label in PARTS.items()}.get(answer, answer.removeprefix("change "))
    if part not in PARTS:
        raise UserError(T("请点“创建”，或点要改的那一项；发“取消”就不建了。"))
    return _change(ctx, plan, part)


def _change(ctx: Ctx, plan: Plan, part: str) -> Reply:
    """Switch what is one of two, ask for everything else."""
    if part == "turns":
        return card(ctx, replace(plan, in_turn=not plan.in_turn))
    if part == "severity":
        return card(ctx, plan.with_rules(corrected=not plan.rules.corrected))
    ctx.ask(f"rounds.new_{part}", **plan.to_wire())
    return say(_QUESTIONS[part], buttons=_choices(ctx, part))


def _choices(ctx: Ctx, part: str) -> tuple[tuple[Button, ...], ...]:
    """Buttons for the usual answers."""
    if part == "order":
        usual = ((T("按名单"), LISTED), (T("按路线"), ROUTE), (T("抽签"), DRAWN), (T("逐个办事处走"), "offices"))
        return (tuple(ctx.choice(label, answer) for label, answer in usual),)
    if part == "classes":
        return ((ctx.choice(T("一起排"), "together"), ctx.choice(T("村和社区分开排"), "kinds")),)
    if part == "scoring":
        steps = ((T("整数"), "整数"), (T("0.5分"), "最小0.5"), (T("0.1分"), "最小0.1"), (T("0.01分"), "最小0.01"))
        return (tuple(ctx.choice(label, answer) for label, answer in steps),)
    return ()


@registry.dialogue("rounds.new_name", figures=True)
def new_name(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Another name."""
    name = checked_name(" ".join(said.text.split()))
    if not name:
        raise UserError(_QUESTIONS["name"])
    return card(ctx, replace(from_wire(data), name=name))


@registry.dialogue("rounds.new_units", figures=True)
def new_units(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Other contestants."""
    chosen = tuple(unit.id for unit in units_called(ctx, drafting.unit_names(said.text)))
    plan = from_wire(data).ungrouped()
    classes = plan.classes if set(chosen) <= plan.classes.keys() else {}
    return card(ctx, replace(plan, units=chosen, classes=classes))


@registry.dialogue("rounds.new_order")
def new_order(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """How the order of appearance comes about; a route may go office after office, as in the roster."""
    plan, answer = from_wire(data), said.folded.strip().casefold()
    if answer in ("offices", "逐个办事处走", "逐办", "office by office"):
        places = {unit.id: at for at, unit in enumerate(units.subtree(ctx.tx, ctx.actor.units(Role.ORGANIZER)))}
        above = units.get_many(ctx.tx, plan.units)
        route = sorted(
            plan.units, key=lambda unit: (places.get(above[unit].parent_id or 0, 0), places.get(unit, 0))
        )
        return card(ctx, replace(plan, units=tuple(route)).with_rules(order=ROUTE))
    order = _ORDERS.get(answer, answer)
    if order not in (LISTED, ROUTE, DRAWN):
        raise UserError(T("请点“按名单”“按路线”“抽签”或“逐个办事处走”。"))
    return card(ctx, plan.with_rules(order=order))


@registry.dialogue("rounds.new_criteria", figures=True)
def new_criteria(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Other criteria."""
    chosen = drafting.criteria(said.text)
    if chosen is None:
        raise UserError(T("没看懂。请这样发：党建30 服务30 平安20 阵地20；只打总分就发：100"))
    plan = from_wire(data)
    known = {*rulings.TIES, *(criterion.name for criterion in chosen)}
    ties = tuple(tie for tie in plan.rules.ties if tie in known)
    return card(ctx, replace(plan, criteria=chosen).with_rules(ties=ties))


@registry.dialogue("rounds.new_judges", figures=True)
def new_judges(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Other judges, out of those who hold that post, in one panel or in several with weights."""
    panels = drafting.panels(said.text)
    named = {p.name: p.judges for p in panels} if panels else {"": drafting.unit_names(said.text)}
    chosen = tuple((person, panel) for panel, names in named.items() for person in judges_called(ctx, names))
    if len({person for person, _panel in chosen}) < len(chosen):
        raise UserError(T("有评委写了两遍，请去掉一个再发。"))
    weights = tuple((panel.name, panel.weight) for panel in panels or ())
    return card(ctx, replace(from_wire(data).ungrouped(), judges=chosen).with_rules(panels=weights))


@registry.dialogue("rounds.new_scoring", figures=True)
def new_scoring(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Other steps, decimals, rounding or dropping."""
    plan = from_wire(data)
    rules = scoring(said.text, plan.rules)
    if rules is None:
        raise UserError(T("没看懂。请这样发：最小单位0.5，保留2位小数，四舍五入，满5个去1高1低"))
    return card(ctx, replace(plan, rules=rules))


@registry.dialogue("rounds.new_classes", figures=True)
def new_classes(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Ranked together, villages and communities apart, or in classes of one's own."""
    plan, answer = from_wire(data), said.folded.strip().casefold()
    if answer in ("together", "一起排", "一起", "all together"):
        return card(ctx, plan.with_rules(apart=False))
    if answer in ("kinds", "村和社区分开排", "分开排", "分开", "apart", "villages and communities apart"):
        return card(ctx, replace(plan, classes={}).with_rules(apart=True))
    found = drafting.groups(said.text)
    if found is None:
        raise UserError(T("没看懂。请这样发：山区：大里村、欢河村；城区：公园道社区；不分类就发：一起排"))
    return card(ctx, replace(plan, classes=classified(ctx, dict(found), plan.units)).with_rules(apart=True))


@registry.dialogue("rounds.new_timing", figures=True)
def new_timing(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Another rule of the clock, or none."""
    plan = from_wire(data)
    if said.folded.strip().casefold() in _NO_LIMIT:
        return card(ctx, plan.with_rules(timing=None))
    timing = drafting.minutes(said.text)
    if timing is None:
        raise UserError(T("没看懂。请这样发：8分钟 每30秒扣0.5 最多2；不限时就发：不限"))
    return card(ctx, plan.with_rules(timing=timing))


@registry.dialogue("rounds.new_groups")
def new_groups(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Which panel scores which units; panels that saw different units are brought to the same level."""
    plan = from_wire(data)
    if said.folded.strip().casefold() in _NO_GROUPS:
        return card(ctx, plan.ungrouped())
    found = drafting.groups(said.text)
    if found is None:
        raise UserError(T("没看懂。请这样发：一组：大里村、欢河村；二组：公园道社区、大里村"))
    groups = tuple((panel, tuple(unit.id for unit in units_called(ctx, names))) for panel, names in found)
    return card(ctx, replace(plan, rules=grouped(plan.rules, groups, plan.units)))


@registry.dialogue("rounds.new_ties")
def new_ties(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """What equal scores are told apart by."""
    plan = from_wire(data)
    found = drafting.ties(said.text, plan.criteria)
    if found is None:
        raise UserError(T("没看懂。可以写：小数、评分项的名称、去掉前平均，用顿号隔开；不再比就发：并列"))
    return card(ctx, plan.with_rules(ties=found))
