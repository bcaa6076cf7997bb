"""The card of a round that is being set up: read back, changed part by part, and made."""

from __future__ import annotations

from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.progress.quarters import quarter_of, quarter_of_event
from handlers.rounds import rulings
from handlers.rounds.declared import KIND_WORDS, registry
from handlers.rounds.notice import tell_contestants, tell_dropped
from handlers.rounds.opening import open_round
from handlers.rounds.plan import Plan, usual_class
from handlers.rounds.rulings import (
    ORDER_WORDS,
    criterion_words,
    group_lines,
    panel_words,
    rules_words,
    tie_words,
    timing_words,
)
from storage import drafts, people, rounds, units
from storage.changes import Recorded
from storage.rounds import State
from storage.units import Unit

_A_ROW = 3
#: What can be changed: by the words on the button, which may also be typed.
PARTS: dict[str, Text] = {
    "name": T("改名称"),
    "units": T("改单位"),
    "order": T("改顺序"),
    "criteria": T("改评分项"),
    "judges": T("改评委"),
    "scoring": T("改计分"),
    "turns": T("改方式"),
    "classes": T("改排名"),
    "timing": T("改时间"),
    "severity": T("改松紧修正"),
    "groups": T("改分组"),
    "ties": T("改同分"),
}


def card(ctx: Ctx, plan: Plan) -> Reply:
    """The round, read back."""
    ctx.ask("rounds.card", **plan.to_wire())
    warning = [] if plan.judges else [T("还没有评委：请先用“任命 评委 姓名 单位”任命，或点“改评委”。")]
    changes = [ctx.choice(label, part) for part, label in PARTS.items()]
    create = ctx.choice(T("创建") if plan.revises is None else T("保存"), "create")
    at_once = plan.revises is None and plan.rules.order != rulings.DRAWN
    make = (create, ctx.choice(T("创建并开评"), "open")) if at_once else (create,)
    return say(
        title(plan.name),
        Fields(tuple(_lines(ctx, plan))),
        *warning,
        buttons=(
            make,
            *(tuple(changes[at : at + _A_ROW]) for at in range(0, len(changes), _A_ROW)),
            (Button(T("取消"), "取消"),),
        ),
        replace=True,
    )


def _belongs(ctx: Ctx) -> list[tuple[Words, Words]]:
    """To which quarter it counts, where that is not the one of the calendar."""
    when = quarter_of_event(ctx.today, ctx.policy.activity)
    return [] if when == quarter_of(ctx.today) else [(T("计入季度"), when.name)]


def _lines(ctx: Ctx, plan: Plan) -> list[tuple[Words, Words]]:
    """What the card says, a line each."""
    rules = plan.rules
    named = units.get_many(ctx.tx, plan.units)
    judges = people.get_many(ctx.tx, [person for person, _panel in plan.judges])
    names = [judges[person].name for person, _panel in plan.judges]
    maximum = rounds.total(plan.criteria, [criterion.maximum for criterion in plan.criteria])
    items = [criterion_words(criterion) for criterion in plan.criteria]
    lines: list[tuple[Words, Words]] = [
        (T("类型"), KIND_WORDS[plan.kind]),
        *_belongs(ctx),
        (ORDER_WORDS[rules.order], T("{names}", names=[named[unit].name for unit in plan.units])),
        (T("评分项"), T("{items}，满分{maximum}", items=items, maximum=maximum)),
        (T("评委名单"), T("{count}位：{names}", count=len(names), names=names)),
    ]
    if rules.panels:
        lines.append((T("评委组"), T("{panels}", panels=panel_words(rules))))
    lines.append((T("打分方式"), T("逐个出场，按“下一位”") if plan.in_turn else T("同时打分")))
    lines.append((T("计分"), rules_words(rules)))
    if rules.step != rulings.by_policy(ctx.policy.rounds).step:
        lines.append((T("打分最小单位"), T("{step}分", step=rules.step)))
    if rules.corrected:
        lines.append((T("松紧修正"), T("按全部评分修正每位评委的松紧，并列出未修正的成绩")))
    lines += group_lines(rules, {unit: named[unit].name for unit in plan.units})
    if rules.ties != rulings.TIES:
        lines.append((T("同分"), tie_words(rules)))
    if rules.timing is not None:
        lines.append((T("发言时间"), timing_words(rules.timing)))
    if rules.apart:
        lines.append((T("排名"), _apart_words(ctx, plan, named)))
    return lines


def _apart_words(ctx: Ctx, plan: Plan, named: dict[int, Unit]) -> Text:
    if not plan.classes and not any(unit.class_name for unit in named.values()):
        return T("村和社区分开排")
    by_class: dict[str, list[str]] = {}
    for unit in plan.units:
        by_class.setdefault(_class(ctx, plan, named[unit]), []).append(named[unit].name)
    classes = [T("{class_name}（{units}）", class_name=name, units=each) for name, each in by_class.items()]
    return T("{classes}分开排", classes=classes)


def _class(ctx: Ctx, plan: Plan, unit: Unit) -> str:
    return plan.classes.get(unit.id) or usual_class(ctx, unit)


def make(ctx: Ctx, plan: Plan, *, then_open: bool) -> Reply:
    """Keep the round; the secretaries of its contestants learn of it and of its criteria before it opens."""
    if then_open and plan.rules.order == rulings.DRAWN:
        raise UserError(T("出场顺序定的是抽签：请先点“创建”，抽完签再开评。"))
    if not plan.judges:
        raise UserError(T("还没有评委，先点“改评委”，或用“任命 评委 姓名 单位”任命。"))
    root = ctx.actor.units(Role.ORGANIZER)[0]
    named = units.get_many(ctx.tx, plan.units)
    draft = drafts.Draft(
        kind=plan.kind,
        name=plan.name,
        rules=rulings.to_wire(plan.rules),
        criteria=plan.criteria,
        entered=tuple((unit, _class(ctx, plan, named[unit])) for unit in plan.units),
        panels=plan.judges,
        in_turn=plan.in_turn,
    )
    if plan.revises is not None:
        return _revise(ctx, plan.revises, draft)
    when = quarter_of_event(ctx.today, ctx.policy.activity)
    made = drafts.create(
        ctx.tx, draft, unit_id=root, year=when.year, quarter=when.number, created_by=ctx.actor.id, now=ctx.now
    )
    rounds.note(ctx.tx, made, "created", by=ctx.actor.id, now=ctx.now)
    ctx.record(Change("round.created", T("新建“{name}”", name=plan.name), unit_id=root, subject_id=made))
    if then_open:
        return open_round(ctx, made)
    tell_contestants(ctx, rounds.get(ctx.tx, made))
    return say(
        T("“{name}”建好了，评分项已发给参评单位的书记。评委到齐后按“开评”。", name=plan.name),
        buttons=((Button(T("开评"), f"open {made}"), Button(T("抽签"), f"draw r{made}")),),
        replace=True,
    )


def _revise(ctx: Ctx, round_id: int, draft: drafts.Draft) -> Reply:
    if not drafts.revise(ctx.tx, round_id, draft):
        raise UserError(T("这一场已经开评，不能再改；有错请按“重开”的办法改。"))
    rounds.note(ctx.tx, round_id, "revised", by=ctx.actor.id, now=ctx.now)
    found = rounds.get(ctx.tx, round_id)
    summary = T("修改“{name}”", name=draft.name)
    ctx.record(Change("round.revised", summary, unit_id=found.head.unit_id, subject_id=round_id))
    tell_contestants(ctx, found)
    return say(
        T("“{name}”改好了。评分项或规则有变的，书记会收到新的一份。", name=draft.name),
        buttons=((Button(T("开评"), f"open {round_id}"), Button(T("抽签"), f"draw r{round_id}")),),
        replace=True,
    )


@registry.undo("round.created")
def uncreate(ctx: Ctx, change: Recorded) -> None:
    """Drop a round that has not been opened."""
    assert change.subject_id is not None
    if not rounds.set_state(ctx.tx, change.subject_id, state=State.CANCELLED, expected=State.DRAFT):
        raise UserError(T("这一场已经开评，不能撤销。"))
    rounds.note(ctx.tx, change.subject_id, "cancelled", by=ctx.actor.id, now=ctx.now)
    tell_dropped(ctx, rounds.get(ctx.tx, change.subject_id))
