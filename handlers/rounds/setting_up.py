"""活动: the organizer's rounds, and a new one in as few questions as possible."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Block, Button, Fields, OutFile, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.rounds import defining, drafting, rulings
from handlers.rounds.declared import KIND_WORDS, STATE_WORDS, my_round, registry
from handlers.rounds.naming import judges_called, units_called
from handlers.rounds.rulings import Rules, group_lines, panel_words, rules_words, tie_words, timing_words
from handlers.rounds.running import open_round
from handlers.rounds.spreadsheet import XLSX
from storage import people, rounds, units
from storage.changes import Recorded
from storage.rounds import Head, Kind, Round, State
from storage.units import Unit

#: What the organizer can do next with a round in a state: label and command.
NEXT: dict[State, tuple[tuple[Text, str], ...]] = {
    State.DRAFT: ((T("开评"), "open"), (T("抽签"), "draw"), (T("取消这一场"), "dropround")),
    State.OPEN: ((T("评分进度"), "scoring"), (T("封评"), "close")),
    State.COMPUTED: ((T("成绩"), "results"),),
    State.SIGNED: ((T("成绩"), "results"), (T("公布"), "publish")),
}
_ALL_STATES = (State.DRAFT, State.OPEN, State.CLOSED, State.COMPUTED, State.SIGNED, State.PUBLISHED)
#: On buttons: a round like the one of that number.
_COPY = re.compile(r"copy (\d{1,9})")
#: The classes in which villages and communities are ranked when they are ranked apart.
KINDS: dict[str, Text] = {units.VILLAGE: T("村"), units.COMMUNITY: T("社区")}


@registry.command(
    "活动",
    ascii="round",
    aliases=("场次", "新建活动", "比学", "观摩"),
    section=Section.ROUNDS,
    help=T("新建一场评分，或看已有的场次"),
    args=(Rest("words", T("观摩/比学、名称、参评单位"), optional=True),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("活动", "活动 观摩 一季度逐办观摩 大里村、公园道社区、欢河村", "活动 模板"),
)
def round_command(ctx: Ctx, words: str | None) -> Reply:
    """Without words the rounds there are; with words the beginning of a new one."""
    if not words:
        return _overview(ctx)
    if words.strip() in ("模板", "template"):
        name = ctx.show(T("评分场次模板.xlsx"))
        file = OutFile(ctx.files.put(defining.template()), name, XLSX)
        return say(T("填好这张表发给我，先给您看一遍，点“创建”才算数。"), files=(file,))
    copied = _COPY.fullmatch(fold(words).strip())
    if copied:
        return _card(ctx, _copied(ctx, my_round(ctx, int(copied[1]), states=_ALL_STATES, none=T("没有这一场。"))))
    draft = drafting.read(words)
    if draft.kind is None:
        raise UserError(
            T("请先说是哪种评分。例如：活动 观摩 一季度逐办观摩 大里村、公园道社区"), buttons=(_kind_buttons(),)
        )
    name = draft.name or _default_name(ctx, draft.kind)
    if not draft.names:
        return _ask_units(ctx, draft.kind, name)
    return _card(ctx, _begin(ctx, draft.kind, name, units_called(ctx, draft.names)))


@registry.reader(4)
def definition_sent(ctx: Ctx, said: Said) -> Reply | None:
    """A round defined in a file that an organizer sends: read back as a card. Any other file is left alone."""
    if ctx.chat.is_group or not ctx.actor.has(Role.ORGANIZER):
        return None
    for file in said.attachments:
        if file.name.casefold().endswith((".toml", ".xlsx")):
            found = defining.read(file.name, ctx.files.get(file.key))
            if found is not None:
                return _card(ctx, _defined(ctx, found))
    return None


def _copied(ctx: Ctx, found: Round) -> dict[str, Any]:
    """The card's data of a round like an earlier one; judges who hold the post no more are left out."""
    known = people.in_role_below(ctx.tx, ctx.actor.units(Role.ORGANIZER), Role.JUDGE)
    still = {judge.person_id for judge in known}
    return {
        "kind": found.head.kind.value,
        "name": _default_name(ctx, found.head.kind),
        "units": [contestant.unit_id for contestant in found.contestants],
        "criteria": drafting.to_wire(found.criteria),
        "judges": [[judge.person_id, judge.panel] for judge in found.sitting if judge.person_id in still],
        "rules": rulings.to_wire(rulings.rules_of(found)),
        "in_turn": found.head.reached is not None,
    }


def _defined(ctx: Ctx, found: defining.Definition) -> dict[str, Any]:
    """The card's data of a definition; what it does not say is as usual. Raises UserError for unknown names."""
    data = _begin(ctx, Kind(found.kind), found.name, units_called(ctx, found.units))
    if found.criteria:
        data["criteria"] = drafting.to_wire(found.scored)
    if found.panels:
        named = [(panel.name if len(found.panels) > 1 else "", panel.judges) for panel in found.panels]
        data["judges"] = [[person, panel] for panel, names in named for person in judges_called(ctx, names)]
    rules = found.rules
    if any(panel.units for panel in found.panels):
        grouped = tuple((p.name, tuple(unit.id for unit in units_called(ctx, p.units))) for p in found.panels)
        rules = _grouped(rules, grouped, data["units"])
    return data | {"rules": rulings.to_wire(rules), "in_turn": found.in_turn}


def _kind_buttons() -> tuple[Button, ...]:
    kinds = (Kind.OBSERVATION, Kind.FORUM, Kind.OTHER)
    return tuple(Button(KIND_WORDS[kind], f"round {kind.value}") for kind in kinds)


def _overview(ctx: Ctx) -> Reply:
    heads = rounds.below(ctx.tx, ctx.actor.units(Role.ORGANIZER), states=_ALL_STATES, most=5)
    body: list[Block] = [title(T("评分场次"))]
    rows: list[tuple[Button, ...]] = []
    if heads:
        body.append(Fields(tuple((head.name, STATE_WORDS[head.state]) for head in heads)))
    else:
        body.append(faint(T("还没有场次。")))
    for head in heads:
        steps = NEXT.get(head.state, ())
        if steps:
            rows.append(tuple(_step(head, label, command, len(heads) > 1) for label, command in steps))
    body.append(faint(T("新建一场请选：")))
    like = [Button(T("照“{name}”再建一场", name=head.name), f"round copy {head.id}") for head in heads[:2]]
    return say(*body, buttons=(*rows, _kind_buttons(), *((button,) for button in like)))


def _step(head: Head, label: Text, command: str, several: bool) -> Button:
    words = T("{step}：{name}", step=label, name=head.name) if several else label
    return Button(words, command if command == "draw" else f"{command} {head.id}")


def _default_name(ctx: Ctx, kind: Kind) -> str:
    quarter = (ctx.today.month + 2) // 3
    return ctx.show(
        T("{year}年第{quarter}季度{kind}", year=ctx.today.year, quarter=quarter, kind=KIND_WORDS[kind])
    )


def _ask_units(ctx: Ctx, kind: Kind, name: str) -> Reply:
    ctx.ask("rounds.units", kind=kind.value, name=name)
    before = _last_units(ctx)
    rows = ((ctx.choice(T("同上一场（{count}个单位）", count=len(before)), "same"),),) if before else ()
    return say(
        title(name),
        T("请按出场顺序把参评单位发给我，用顿号或换行隔开。"),
        faint(T("例如：大里村、公园道社区、庄王村")),
        buttons=rows,
    )


def _last_units(ctx: Ctx) -> list[int]:
    heads = rounds.below(ctx.tx, ctx.actor.units(Role.ORGANIZER), states=_ALL_STATES, most=1)
    return [c.unit_id for c in rounds.get(ctx.tx, heads[0].id).contestants] if heads else []


@registry.dialogue("rounds.units", figures=True)
def units_named(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The contestants, as typed or as in the round before."""
    if said.text == "same":
        chosen = list(units.get_many(ctx.tx, _last_units(ctx)).values())
        chosen.sort(key=lambda unit: _last_units(ctx).index(unit.id))
    else:
        chosen = units_called(ctx, drafting.unit_names(said.text))
    return _card(ctx, _begin(ctx, Kind(data["kind"]), data["name"], chosen))


def _begin(ctx: Ctx, kind: Kind, name: str, chosen: Sequence[Unit]) -> dict[str, Any]:
    """A new round as it is proposed: everything in it can be changed on the card."""
    judges = people.in_role_below(ctx.tx, ctx.actor.units(Role.ORGANIZER), Role.JUDGE)
    rules = replace(rulings.by_policy(ctx.policy.rounds), timing=drafting.TIMINGS.get(kind))
    return {
        "kind": kind.value,
        "name": name,
        "units": [unit.id for unit in chosen],
        "criteria": drafting.to_wire(drafting.TEMPLATES[kind]),
        "judges": [[person, ""] for person in dict.fromkeys(judge.person_id for judge in judges)],
        "rules": rulings.to_wire(rules),
        "in_turn": kind in drafting.IN_TURN,
    }


def _card(ctx: Ctx, data: dict[str, Any]) -> Reply:
    """The new round, read back."""
    ctx.ask("rounds.card", **data)
    rules = rulings.from_wire(data["rules"])
    warning = [] if data["judges"] else [T("还没有评委：请先用“任命 评委 姓名 单位”任命，或点“改评委”。")]
    changes = [ctx.choice(T("改{part}", part=label), part) for part, label in _PARTS.items()]
    return say(
        title(data["name"]),
        Fields(tuple(_lines(ctx, data, rules))),
        *warning,
        buttons=(
            (ctx.choice(T("创建"), "create"), ctx.choice(T("创建并开评"), "open")),
            *(tuple(changes[at : at + 3]) for at in range(0, len(changes), 3)),
            (Button(T("取消"), "取消"),),
        ),
        replace=True,
    )


def _lines(ctx: Ctx, data: dict[str, Any], rules: Rules) -> list[tuple[Words, Words]]:
    """What the card says, a line each."""
    named = units.get_many(ctx.tx, data["units"])
    judges = people.get_many(ctx.tx, [person for person, _panel in data["judges"]])
    chosen = drafting.from_wire(data["criteria"])
    maximum = sum(criterion.maximum for criterion in chosen)
    names = [judges[person].name for person, _panel in data["judges"]]
    lines: list[tuple[Words, Words]] = [
        (T("类型"), KIND_WORDS[Kind(data["kind"])]),
        (T("出场顺序"), T("{names}", names=[named[unit].name for unit in data["units"]])),
        (T("评分项"), T("{items}，满分{maximum}", items=[_item(c) for c in chosen], maximum=maximum)),
        (T("评委名单"), T("{count}位：{names}", count=len(names), names=names)),
    ]
    if rules.panels:
        lines.append((T("评委组"), T("{panels}", panels=panel_words(rules))))
    lines.append((T("打分方式"), T("逐个出场，按“下一位”") if data["in_turn"] else T("同时打分")))
    lines.append((T("计分"), rules_words(rules)))
    if rules.corrected:
        lines.append((T("松紧修正"), T("按全部评分修正每位评委的松紧，并列出未修正的成绩")))
    lines += group_lines(rules, {unit: named[unit].name for unit in data["units"]})
    if rules.ties != rulings.TIES:
        lines.append((T("同分"), tie_words(rules)))
    if rules.timing is not None:
        lines.append((T("发言时间"), timing_words(rules.timing)))
    if rules.apart:
        lines.append((T("排名"), T("村和社区分开排")))
    return lines


def _item(criterion: rounds.Criterion) -> Text:
    return T("{name}{maximum}", name=criterion.name, maximum=criterion.maximum)


_CREATE = {"create", "创建", "确认", "好", "好的", "是", "可以", "ok", "yes"}
_OPEN = {"open", "创建并开评", "开评"}
_PARTS: dict[str, Text] = {
    "units": T("单位"),
    "criteria": T("评分项"),
    "judges": T("评委"),
    "turns": T("方式"),
    "classes": T("排名"),
    "timing": T("时间"),
    "severity": T("松紧修正"),
    "groups": T("分组"),
    "ties": T("同分"),
}
_QUESTIONS: dict[str, tuple[str, Text]] = {
    "units": ("rounds.new_units", T("请按出场顺序把参评单位重发一遍，用顿号或换行隔开。")),
    "criteria": (
        "rounds.new_criteria",
        T("请发评分项和满分，例如：党建30 服务30 平安20 阵地20；只打总分就发：100"),
    ),
    "judges": (
        "rounds.new_judges",
        T("请发评委姓名，用顿号隔开；分组的这样发：领导组60：张三、李四；群众组40：王五、赵六"),
    ),
    "timing": ("rounds.new_timing", T("请发发言时间，例如：8分钟 每30秒扣0.5 最多2；不限时就发：不限")),
    "groups": (
        "rounds.new_groups",
        T(
            "每个评委组评哪些单位？例如：一组：大里村、欢河村；二组：公园道社区、大里村。每组都评的单位用来比较各组松紧；没有这样的单位就用二次平均法，单位宜抽签分到各组。都由全体评委评就发：不分组"
        ),
    ),
    "ties": (
        "rounds.new_ties",
        T("同分时依次比什么？可以写：小数、评分项的名称、去掉前平均。例如：小数、党建引领。不再比就发：并列"),
    ),
}
_TYPED = {"改单位": "units", "改评分项": "criteria", "改评委": "judges"}
_TYPED |= {"改松紧修正": "severity", "改分组": "groups", "改同分": "ties"}
_TYPED |= {"改方式": "turns", "改排名": "classes", "改时间": "timing"}


@registry.dialogue("rounds.card")
def card_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Create, or change one thing and read back again."""
    answer = said.folded.strip().casefold()
    answer = _TYPED.get(answer, answer)
    if answer == "turns":
        return _card(ctx, data | {"in_turn": not data["in_turn"]})
    if answer == "classes":
        return _card(ctx, data | {"rules": data["rules"] | {"apart": not data["rules"]["apart"]}})
    if answer == "severity":
        return _card(ctx, data | {"rules": data["rules"] | {"corrected": not data["rules"]["corrected"]}})
    asked = _QUESTIONS.get(answer)
    if asked is not None:
        kind, question = asked
        ctx.ask(kind, **data)
        return say(question)
    if answer in _CREATE or answer in _OPEN:
        return _create(ctx, data, then_open=answer in _OPEN)
    raise UserError(T("请点“创建”，或点要改的那一项；发“取消”就不建了。"))


@registry.dialogue("rounds.new_units", figures=True)
def new_units(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Other contestants."""
    chosen = units_called(ctx, drafting.unit_names(said.text))
    return _card(ctx, data | {"units": [unit.id for unit in chosen], "rules": _ungrouped(data["rules"])})


@registry.dialogue("rounds.new_criteria", figures=True)
def new_criteria(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Other criteria."""
    chosen = drafting.criteria(said.text)
    if chosen is None:
        raise UserError(T("没看懂。请这样发：党建30 服务30 平安20 阵地20；只打总分就发：100"))
    names = {criterion.name for criterion in chosen}
    ties = [tie for tie in data["rules"].get("ties", rulings.TIES) if tie in names or tie in rulings.TIES]
    changed = {"criteria": drafting.to_wire(chosen), "rules": data["rules"] | {"ties": ties}}
    return _card(ctx, data | changed)


@registry.dialogue("rounds.new_timing", figures=True)
def new_timing(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Another rule of the clock, or none."""
    rules = rulings.from_wire(data["rules"])
    if said.folded.strip() in {"不限", "不限时", "无", "没有", "不计时"}:
        changed = replace(rules, timing=None)
    else:
        timing = drafting.minutes(said.text)
        if timing is None:
            raise UserError(T("没看懂。请这样发：8分钟 每30秒扣0.5 最多2；不限时就发：不限"))
        changed = replace(rules, timing=timing)
    return _card(ctx, data | {"rules": rulings.to_wire(changed)})


@registry.dialogue("rounds.new_groups")
def new_groups(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Which panel scores which units; panels that saw different units are brought to the same level."""
    rules = rulings.from_wire(data["rules"])
    if said.folded.strip() in {"不分组", "不分", "取消分组"}:
        return _card(ctx, data | {"rules": rulings.to_wire(replace(rules, groups=(), levelled=False))})
    found = drafting.groups(said.text)
    if found is None:
        raise UserError(T("没看懂。请这样发：一组：大里村、欢河村；二组：公园道社区、大里村"))
    grouped = tuple((panel, tuple(unit.id for unit in units_called(ctx, names))) for panel, names in found)
    return _card(ctx, data | {"rules": rulings.to_wire(_grouped(rules, grouped, data["units"]))})


def _grouped(rules: Rules, grouped: tuple[tuple[str, tuple[int, ...]], ...], entered: Sequence[int]) -> Rules:
    """The rules with these groups, levelled. Raises UserError where panels or units do not fit together."""
    panels = {name for name, _weight in rules.panels}
    if {panel for panel, _units in grouped} != panels:
        raise UserError(T("组名要和评委组一致。请先点“改评委”分组，例如：一组50：张三、李四；二组50：王五、赵六"))
    chosen = {unit for _panel, units_ in grouped for unit in units_}
    if chosen != set(entered):
        raise UserError(T("分组里的单位要和参评单位一致，不多也不少。"))
    return replace(rules, groups=grouped, levelled=True)


@registry.dialogue("rounds.new_ties")
def new_ties(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """What equal scores are told apart by."""
    found = drafting.ties(said.text, drafting.from_wire(data["criteria"]))
    if found is None:
        raise UserError(T("没看懂。可以写：小数、评分项的名称、去掉前平均，用顿号隔开；不再比就发：并列"))
    return _card(ctx, data | {"rules": data["rules"] | {"ties": list(found)}})


def _ungrouped(rules: dict[str, Any]) -> dict[str, Any]:
    """Other units or judges: the groups are no longer what they were."""
    return rules | {"groups": [], "levelled": False}


@registry.dialogue("rounds.new_judges", figures=True)
def new_judges(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Other judges, out of those who hold that post, in one panel or in several with weights."""
    panels = drafting.panels(said.text)
    grouped = {p.name: p.judges for p in panels} if panels else {"": drafting.unit_names(said.text)}
    chosen = [[person, panel] for panel, names in grouped.items() for person in judges_called(ctx, names)]
    if len({person for person, _panel in chosen}) < len(chosen):
        raise UserError(T("有评委写了两遍，请去掉一个再发。"))
    weights = [{"name": panel.name, "weight": str(panel.weight)} for panel in panels or ()]
    return _card(ctx, data | {"judges": chosen, "rules": _ungrouped(data["rules"]) | {"panels": weights}})


def _create(ctx: Ctx, data: dict[str, Any], *, then_open: bool) -> Reply:
    if not data["judges"]:
        raise UserError(T("还没有评委，先点“改评委”，或用“任命 评委 姓名 单位”任命。"))
    roots = ctx.actor.units(Role.ORGANIZER)
    named = units.get_many(ctx.tx, data["units"])
    made = rounds.create(
        ctx.tx,
        unit_id=roots[0],
        year=ctx.today.year,
        quarter=(ctx.today.month + 2) // 3,
        kind=Kind(data["kind"]),
        name=data["name"],
        rules=data["rules"],
        criteria=drafting.from_wire(data["criteria"]),
        entered=[(unit, ctx.show(KINDS[named[unit].kind])) for unit in data["units"]],
        panels=[(person, panel) for person, panel in data["judges"]],
        in_turn=data["in_turn"],
        created_by=ctx.actor.id,
        now=ctx.now,
    )
    rounds.note(ctx.tx, made, "created", by=ctx.actor.id, now=ctx.now)
    ctx.record(Change("round.created", T("新建“{name}”", name=data["name"]), unit_id=roots[0], subject_id=made))
    if then_open:
        return open_round(ctx, made)
    return say(
        T("“{name}”建好了。评委到齐后按“开评”。", name=data["name"]),
        buttons=((Button(T("开评"), f"open {made}"), Button(T("抽签"), "draw")),),
        replace=True,
    )


@registry.undo("round.created")
def uncreate(ctx: Ctx, change: Recorded) -> None:
    """Drop a round that has not been opened."""
    assert change.subject_id is not None
    if not rounds.set_state(ctx.tx, change.subject_id, state=State.CANCELLED, expected=State.DRAFT):
        raise UserError(T("这一场已经开评，不能撤销。"))
