"""换届: the duty for a unit passes to somebody else; commitments, reports and standing stay with the unit."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Rest, Word
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Fields, Reply, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.roster import successors
from handlers.roster.briefing import briefing
from handlers.roster.declared import KEEPERS, agrees, registry, roots, unit_called
from handlers.roster.successors import Named
from storage import binding, changes, people, units
from storage.changes import Recorded
from storage.people import Person
from storage.units import CONTESTING, Unit


@registry.command(
    "换届",
    ascii="handover",
    aliases=("交接",),
    section=Section.ROSTER,
    help=T("一个单位换书记：职责交给新人，承诺和成绩留在单位"),
    args=(Word("name", T("单位")), Rest("who", T("新书记姓名 手机"), optional=True)),
    roles=KEEPERS,
    place=Place.PRIVATE,
    examples=("换届 大里村 刘新明", "换届 大里村 刘新明 13800000000"),
)
def handover(ctx: Ctx, name: str, who: str | None) -> Reply:
    """Find out who follows whom, read it back, and ask."""
    unit = unit_called(ctx, name, kinds=CONTESTING, again=lambda which: f"handover {which} {who or ''}".strip())
    if who is None:
        ctx.ask("roster.successor", unit=unit.id)
        return say(T("{unit}的新书记是哪位？请发姓名，手机可以写在后面。", unit=unit.name))
    return _named(ctx, unit, successors.read(who))


@registry.dialogue("roster.successor")
def successor_said(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The name that was asked for."""
    return _named(ctx, _administered(ctx, data["unit"]), successors.read(said.text))


def _administered(ctx: Ctx, unit_id: int) -> Unit:
    """The unit, if the actor still administers it. Raises UserError."""
    unit = units.get(ctx.tx, unit_id)
    if not units.is_within(ctx.tx, unit_id, roots(ctx)):
        raise UserError(T("您管理的范围里没有“{name}”。", name=unit.name))
    return unit


def _named(ctx: Ctx, unit: Unit, named: Named) -> Reply:
    found = successors.choices(ctx, named)
    if found.sure:
        return _card(ctx, unit, found.known[0].id if found.known else None, named)
    return successors.ask(ctx, "roster.which_successor", named, found, unit=unit.id)


@registry.dialogue("roster.which_successor")
def successor_chosen(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Which of several is meant."""
    person = successors.answered(data, said.folded)
    return _card(ctx, _administered(ctx, data["unit"]), person, Named(data["name"], data["mobile"]))


def _secretaries(ctx: Ctx, unit: Unit) -> list[Person]:
    return people.holders(ctx.tx, [unit.id], [Role.SECRETARY]).get(unit.id, [])


def _card(ctx: Ctx, unit: Unit, person: int | None, named: Named) -> Reply:
    before = _secretaries(ctx, unit)
    if any(serving.id == person for serving in before):
        raise UserError(T("{name}已经是{unit}书记。", name=named.name, unit=unit.name))
    ctx.ask("roster.handover", unit=unit.id, person=person, name=named.name, mobile=named.mobile)
    new: Words = T("{name}（新加入名册）", name=named.name) if person is None else named.name
    pairs: list[tuple[Words, Words]] = [
        (T("单位"), unit.name),
        (T("原书记"), T("{names}", names=[p.name for p in before]) if before else T("空缺")),
        (T("新书记"), new),
    ]
    if named.mobile:
        pairs.append((T("手机"), named.mobile))
    return say(
        title(T("请核对换届")),
        Fields(tuple(pairs)),
        faint(T("承诺、报告和成绩都留在单位。")),
        buttons=((ctx.choice(T("确认换届"), "yes"), Button(T("取消"), "取消")),),
    )


@registry.dialogue("roster.handover")
def handed_over(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The predecessor's post ends, the successor's begins; both are told, the successor with a briefing."""
    if not agrees(said.folded, "确认换届"):
        raise UserError(T("没错就点“确认换届”，不换就发“取消”。"))
    unit = _administered(ctx, data["unit"])
    named = Named(data["name"], data["mobile"])
    before = _secretaries(ctx, unit)
    if any(serving.id == data["person"] for serving in before):
        raise UserError(T("{name}已经是{unit}书记。", name=named.name, unit=unit.name))
    for person in before:
        people.release(ctx.tx, person_id=person.id, unit_id=unit.id, role=Role.SECRETARY, now=ctx.now)
        ctx.post(_thanks(unit, person, named.name))
    successor = successors.enter(ctx, data["person"], named)
    people.appoint(ctx.tx, person_id=successor, unit_id=unit.id, role=Role.SECRETARY, now=ctx.now)
    ctx.post(_brief(ctx, unit, successor, named.name, before))
    ctx.record(
        Change(
            "post.handed_over",
            T("{unit}书记换为{name}", unit=unit.name, name=named.name),
            unit_id=unit.id,
            subject_id=successor,
            data={"before": [person.id for person in before], "entered": data["person"] is None},
        )
    )
    return _done(ctx, unit, successor, named.name)


def _thanks(unit: Unit, person: Person, successor: str) -> Reply:
    words = T(
        "{name}同志：{unit}书记的职责已交接给{successor}。您任上的承诺和成绩都记在{unit}名下。辛苦了，谢谢您！",
        name=person.name,
        unit=unit.name,
        successor=successor,
    )
    return say(words, to=ToPerson(person.id))


def _done(ctx: Ctx, unit: Unit, successor: int, name: str) -> Reply:
    words: list[Words] = [T("{unit}书记已换为{name}。", unit=unit.name, name=name)]
    if not binding.accounts_of(ctx.tx, successor):
        words.append(T("{name}还没有绑定账号；绑定后会马上收到交接说明。", name=name))
    return say(*words, buttons=successors.code_button(ctx, successor), replace=True)


def _brief(ctx: Ctx, unit: Unit, successor: int, name: str, before: list[Person]) -> Reply:
    """What the successor has to know. Who cannot be reached yet gets it with the greeting upon binding."""
    former = [T("前任：{names}", names=[person.name for person in before])] if before else []
    return say(
        title(T("{name}，您好，您现在是{unit}书记", name=name, unit=unit.name)),
        *former,
        *briefing(ctx, unit.id),
        buttons=((Button(T("我的承诺"), "我的承诺"),),),
        to=ToPerson(successor),
    )


@registry.undo("post.handed_over")
def hand_back(ctx: Ctx, change: Recorded) -> list[Reply]:
    """The predecessor serves on, and both are told; not after the successor has done something for the unit."""
    assert change.subject_id is not None
    assert change.unit_id is not None
    unit = units.get(ctx.tx, change.unit_id)
    successor, role = change.subject_id, Role.SECRETARY
    if changes.acted(ctx.tx, successor, unit_id=unit.id, after=change.id):
        raise UserError(T("新书记已经为{unit}办过事，不能撤销。请用“换届”改回来。", unit=unit.name))
    if not people.withdraw(ctx.tx, person_id=successor, unit_id=unit.id, role=role, begun=change.at):
        raise UserError(T("这之后职务又有变动，不能撤销。请用“换届”改回来。"))
    for person in change.data["before"]:
        people.resume(ctx.tx, person_id=person, unit_id=unit.id, role=role, ended=change.at)
    if change.data["entered"]:
        successors.strike(ctx, successor)
    told = [
        say(T("刚才的换届已撤销，您仍是{unit}书记。", unit=unit.name), to=ToPerson(p))
        for p in change.data["before"]
    ]
    return [*told, say(T("刚才{unit}的换届已撤销，打扰了。", unit=unit.name), to=ToPerson(successor))]
