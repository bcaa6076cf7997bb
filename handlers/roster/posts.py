"""Posts begin and end: handing over a unit, appointing judges and others. What a unit did stays with the unit."""

from __future__ import annotations

import re
from typing import Any

from bot.chat.arguments import Choice, Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, Fields, Reply, ToPerson, faint, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.commitments.briefing import briefing
from handlers.roster.declared import KEEPERS, person_called, registry, roots, unit_called
from storage import binding, people, units
from storage.changes import Recorded
from storage.people import Person
from storage.units import CONTESTING, Unit

_MOBILE = re.compile(r"1\d{10}$")
_YES = {"yes", "确认", "确认换届", "是", "好", "好的", "对", "ok"}
#: What may be appointed by chat; secretaries change by 换届, organizers by the roster file.
_ROLES = {
    "评委": Role.JUDGE,
    "计票人": Role.SCOREKEEPER,
    "监票人": Role.SCRUTINEER,
    "观察员": Role.OBSERVER,
    "管理员": Role.OFFICE_ADMINISTRATOR,
    "办事处管理员": Role.OFFICE_ADMINISTRATOR,
    "judge": Role.JUDGE,
    "scorekeeper": Role.SCOREKEEPER,
    "scrutineer": Role.SCRUTINEER,
    "observer": Role.OBSERVER,
    "administrator": Role.OFFICE_ADMINISTRATOR,
}
_ROLE = Choice(
    "role", T("评委/计票人/监票人/观察员/管理员"), options=tuple((w, r.value) for w, r in _ROLES.items())
)


@registry.command(
    "换届",
    ascii="handover",
    aliases=("交接",),
    section=Section.ROSTER,
    help=T("一个单位换书记：职责交给新人，承诺和成绩留在单位"),
    args=(Rest("words", T("单位 新书记姓名 手机")),),
    roles=KEEPERS,
    place=Place.PRIVATE,
    examples=("换届 大里村 刘新明",),
)
def handover(ctx: Ctx, words: str) -> Reply:
    """Read back who follows whom, and ask."""
    parts = words.split()
    if len(parts) < 2:
        raise UserError(T("请写单位和新书记的姓名，例如：换届 大里村 刘新明 13800000000"))
    mobile = fold(parts[2]) if len(parts) > 2 else None
    if mobile is not None and not _MOBILE.fullmatch(mobile):
        raise UserError(T("“{mobile}”不像手机号，请改好再发，或不写手机。", mobile=parts[2]))
    unit = unit_called(ctx, parts[0], kinds=CONTESTING)
    before = _secretaries(ctx, unit)
    if any(person.name == parts[1] for person in before):
        raise UserError(T("{name}已经是{unit}书记。", name=parts[1], unit=unit.name))
    ctx.ask("roster.handover", unit=unit.id, name=parts[1], mobile=mobile)
    pairs: list[tuple[Words, Words]] = [
        (T("单位"), unit.name),
        (T("原书记"), T("{names}", names=[p.name for p in before]) if before else T("空缺")),
        (T("新书记"), parts[1]),
    ]
    if mobile:
        pairs.append((T("手机"), mobile))
    return say(
        title(T("请核对换届")),
        Fields(tuple(pairs)),
        faint(T("承诺、报告和成绩都留在单位。")),
        buttons=((ctx.choice(T("确认换届"), "yes"), Button(T("取消"), "取消")),),
    )


def _secretaries(ctx: Ctx, unit: Unit) -> list[Person]:
    return people.holders(ctx.tx, [unit.id], [Role.SECRETARY]).get(unit.id, [])


@registry.dialogue("roster.handover")
def handed_over(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The predecessor's post ends, the successor's begins; both are told, the successor with a briefing."""
    if said.folded.strip().casefold() not in _YES:
        raise UserError(T("没错就点“确认换届”，不换就发“取消”。"))
    unit = units.get(ctx.tx, data["unit"])
    if not units.is_within(ctx.tx, unit.id, roots(ctx)):
        raise UserError(T("您管理的范围里没有“{name}”。", name=unit.name))
    before = _secretaries(ctx, unit)
    for person in before:
        people.release(ctx.tx, person_id=person.id, unit_id=unit.id, role=Role.SECRETARY, now=ctx.now)
        thanks = T("{unit}书记的职责已交接给{name}。这些日子辛苦您了，谢谢！", unit=unit.name, name=data["name"])
        ctx.post(say(thanks, to=ToPerson(person.id)))
    successor = _person(ctx, data["name"], data["mobile"])
    people.appoint(ctx.tx, person_id=successor, unit_id=unit.id, role=Role.SECRETARY, now=ctx.now)
    _brief(ctx, unit, successor, data["name"], before)
    ctx.record(
        Change(
            "post.handed_over",
            T("{unit}书记换为{name}", unit=unit.name, name=data["name"]),
            unit_id=unit.id,
            subject_id=successor,
            data={"before": [person.id for person in before]},
        )
    )
    bound = bool(binding.accounts_of(ctx.tx, successor))
    more = () if bound else (T("{name}还没有绑定账号，点下面给他发绑定码。", name=data["name"]),)
    rows = () if bound else ((Button(T("发绑定码"), f"绑定码 {data['name']}"),),)
    return say(T("{unit}书记已换为{name}。", unit=unit.name, name=data["name"]), *more, buttons=rows, replace=True)


def _person(ctx: Ctx, name: str, mobile: str | None) -> int:
    """Somebody of the roster with that name and number, or of that name alone; else somebody new."""
    known = people.called(ctx.tx, name, roots=roots(ctx))
    fits = [person for person in known if mobile is None or person.mobile in (None, mobile)]
    return fits[0].id if len(fits) == 1 else people.add(ctx.tx, name=name, mobile=mobile, now=ctx.now)


def _brief(ctx: Ctx, unit: Unit, successor: int, name: str, before: list[Person]) -> None:
    ctx.post(
        say(
            title(T("{name}，您好，您现在是{unit}书记", name=name, unit=unit.name)),
            *([T("前任：{names}", names=[person.name for person in before])] if before else []),
            *briefing(ctx.tx, unit.id, today=ctx.today, policy=ctx.policy),
            faint(T("以前的承诺和报告都在“我的承诺”里。")),
            buttons=((Button(T("我的承诺"), "我的承诺"),),),
            to=ToPerson(successor),
        )
    )


@registry.undo("post.handed_over")
def hand_back(ctx: Ctx, change: Recorded) -> list[Reply]:
    """The predecessor serves on, and both are told."""
    assert change.subject_id is not None
    assert change.unit_id is not None
    unit_id = change.unit_id
    if not people.release(ctx.tx, person_id=change.subject_id, unit_id=unit_id, role=Role.SECRETARY, now=ctx.now):
        raise UserError(T("这之后职务又有变动，不能撤销。请用“换届”改回来。"))
    for person in change.data["before"]:
        people.appoint(ctx.tx, person_id=person, unit_id=unit_id, role=Role.SECRETARY, now=ctx.now)
    unit = units.get(ctx.tx, unit_id).name
    told = [
        say(T("刚才的换届已撤销，您仍是{unit}书记。", unit=unit), to=ToPerson(p)) for p in change.data["before"]
    ]
    return [*told, say(T("刚才的换届已撤销。"), to=ToPerson(change.subject_id))]


@registry.command(
    "任命",
    ascii="appoint",
    section=Section.ROSTER,
    help=T("任命评委、计票人、监票人、观察员或办事处管理员"),
    args=(_ROLE, Rest("words", T("姓名 单位"))),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("任命 评委 吴新 枫杨办事处",),
)
def appoint(ctx: Ctx, role: str, words: str) -> Reply:
    """Begin a post. A judge from an office is recused for its units."""
    parts = words.split()
    unit = unit_called(ctx, parts[1]) if len(parts) > 1 else units.get(ctx.tx, roots(ctx)[0])
    person = _person(ctx, parts[0], None)
    held = people.holders(ctx.tx, [unit.id], [Role(role)]).get(unit.id, [])
    if any(holder.id == person for holder in held):
        raise UserError(
            T("{name}已经是{unit}的{role}。", name=parts[0], unit=unit.name, role=ROLE_WORDS[Role(role)])
        )
    people.appoint(ctx.tx, person_id=person, unit_id=unit.id, role=Role(role), now=ctx.now)
    summary = T("任命{name}为{unit}的{role}", name=parts[0], unit=unit.name, role=ROLE_WORDS[Role(role)])
    data = {"role": role, "unit": unit.id, "begun": True}
    ctx.record(Change("post.changed", summary, unit_id=unit.id, subject_id=person, data=data))
    rows = () if binding.accounts_of(ctx.tx, person) else ((Button(T("发绑定码"), f"绑定码 {parts[0]}"),),)
    return say(T("已{what}。", what=summary), buttons=rows)


@registry.command(
    "免去",
    ascii="dismiss",
    section=Section.ROSTER,
    help=T("免去评委、计票人、监票人、观察员或办事处管理员"),
    args=(_ROLE, Rest("name", T("姓名"))),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("免去 评委 吴新",),
)
def dismiss(ctx: Ctx, role: str, name: str) -> Reply:
    """End a post."""
    held = [holder for holder in person_called(ctx, name.split()[0]) if holder.role is Role(role)]
    if not held:
        raise UserError(T("{name}现在不是{role}。", name=name, role=ROLE_WORDS[Role(role)]))
    for holder in held:
        people.release(ctx.tx, person_id=holder.person_id, unit_id=holder.unit_id, role=holder.role, now=ctx.now)
        summary = T(
            "免去{name}的{unit}{role}", name=holder.name, unit=holder.unit_name, role=ROLE_WORDS[holder.role]
        )
        data = {"role": role, "unit": holder.unit_id, "begun": False}
        change = Change("post.changed", summary, unit_id=holder.unit_id, subject_id=holder.person_id, data=data)
        ctx.record(change)
    return say(T("已{what}。", what=summary))


@registry.undo("post.changed")
def change_back(ctx: Ctx, change: Recorded) -> None:
    """What began ends, what ended goes on."""
    assert change.subject_id is not None
    person, unit, role = change.subject_id, change.data["unit"], Role(change.data["role"])
    if not change.data["begun"]:
        people.appoint(ctx.tx, person_id=person, unit_id=unit, role=role, now=ctx.now)
    elif not people.release(ctx.tx, person_id=person, unit_id=unit, role=role, now=ctx.now):
        raise UserError(T("这之后职务又有变动，不能撤销。"))
