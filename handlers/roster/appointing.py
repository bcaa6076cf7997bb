"""任命 and 免去: posts of judges, scorekeepers, scrutineers, observers and office administrators."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Choice, Rest, Word
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, say
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Text
from handlers import Ctx
from handlers.roster import successors
from handlers.roster.declared import (
    buttons,
    is_person_number,
    people_called,
    person_called,
    registry,
    roots,
    unit_called,
    unknown_person,
)
from handlers.roster.successors import Named
from handlers.roster.vocabulary import synonyms
from storage import people, units
from storage.changes import Recorded
from storage.people import Holder
from storage.units import OFFICE, Unit

#: Secretaries change by 换届, organizers by the roster file.
_ROLES = (Role.JUDGE, Role.SCOREKEEPER, Role.SCRUTINEER, Role.OBSERVER, Role.OFFICE_ADMINISTRATOR)
_ROLE = Choice(
    "role",
    T("评委/计票人/监票人/观察员/管理员"),
    options=tuple((word, role.value) for role in _ROLES for word in synonyms(role)),
)


@registry.command(
    "任命",
    ascii="appoint",
    section=Section.ROSTER,
    help=T("任命评委、计票人、监票人、观察员或办事处管理员"),
    args=(_ROLE, Word("name", T("姓名")), Rest("where", T("单位"), optional=True)),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("任命 评委 吴新 枫杨办事处",),
)
def appoint(ctx: Ctx, role: str, name: str, where: str | None) -> Reply:
    """Begin a post, for the whole district unless a unit is named; an office's judge is recused for its units."""
    wanted = Role(role)
    unit = _unit(ctx, wanted, name, where)
    if is_person_number(name):
        held = person_called(ctx, name, again=lambda which: f"appoint {role} {which}")
        return _appoint(ctx, wanted, unit, held[0].person_id, held[0].name)
    named = successors.read(name)
    found = successors.choices(ctx, named)
    if len(found.known) == 1:
        return _appoint(ctx, wanted, unit, found.known[0].id, named.name)
    if found.known:
        return successors.ask(ctx, "roster.appoint", named, found, role=role, unit=unit.id)
    ctx.ask("roster.appoint", name=named.name, mobile=None, known=[], role=role, unit=unit.id)
    similar = unknown_person(ctx, named.name, lambda which: f"appoint {role} {which} u{unit.id}")
    return say(
        T(
            "名册里没有{name}。要新加入名册，任{unit}的{role}吗？",
            name=named.name,
            unit=unit.name,
            role=ROLE_WORDS[wanted],
        ),
        buttons=((ctx.choice(T("新加入并任命"), successors.NEW), Button(T("取消"), "取消")), *similar.buttons),
    )


def _unit(ctx: Ctx, role: Role, name: str, where: str | None) -> Unit:
    offices = (OFFICE,) if role is Role.OFFICE_ADMINISTRATOR else None
    if where is None:
        if offices:
            raise UserError(T("请写明是哪个办事处，例如：任命 管理员 {name} 枫杨办事处", name=name))
        return units.get(ctx.tx, ctx.actor.units(Role.ORGANIZER)[0])
    return unit_called(ctx, where, kinds=offices, again=lambda which: f"appoint {role.value} {name} {which}")


@registry.dialogue("roster.appoint")
def appointed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Which of several is meant, or that somebody new is."""
    yes = not data["known"] and said.folded.strip() in ("是", "好", "好的", "对", "确认", "新加入并任命")
    person = None if yes else successors.answered(data, said.folded)
    unit = units.get(ctx.tx, data["unit"])
    if not units.is_within(ctx.tx, unit.id, roots(ctx)) or not ctx.actor.has(Role.ORGANIZER):
        raise UserError(T("您管理的范围里没有“{name}”。", name=unit.name))
    return _appoint(ctx, Role(data["role"]), unit, person, data["name"])


def _appoint(ctx: Ctx, role: Role, unit: Unit, person: int | None, name: str) -> Reply:
    held = people.holders(ctx.tx, [unit.id], [role]).get(unit.id, [])
    if any(holder.id == person for holder in held):
        raise UserError(T("{name}已经是{unit}的{role}。", name=name, unit=unit.name, role=ROLE_WORDS[role]))
    entered = successors.enter(ctx, person, Named(name))
    people.appoint(ctx.tx, person_id=entered, unit_id=unit.id, role=role, now=ctx.now)
    summary = T("任命{name}为{unit}的{role}", name=name, unit=unit.name, role=ROLE_WORDS[role])
    data = {"role": role.value, "unit": unit.id, "entered": person is None}
    ctx.record(Change("post.begun", summary, unit_id=unit.id, subject_id=entered, data=data))
    return say(
        T("已任命{name}为{unit}的{role}。", name=name, unit=unit.name, role=ROLE_WORDS[role]),
        buttons=successors.code_button(ctx, entered),
        replace=True,
    )


@registry.undo("post.begun")
def not_appointed(ctx: Ctx, change: Recorded) -> None:
    """The post was never held."""
    assert change.subject_id is not None
    person, unit, role = change.subject_id, change.data["unit"], Role(change.data["role"])
    if not people.withdraw(ctx.tx, person_id=person, unit_id=unit, role=role, begun=change.at):
        raise UserError(T("这之后职务又有变动，不能撤销。"))
    if change.data["entered"]:
        successors.strike(ctx, person)


@registry.command(
    "免去",
    ascii="dismiss",
    section=Section.ROSTER,
    help=T("免去评委、计票人、监票人、观察员或办事处管理员"),
    args=(_ROLE, Word("name", T("姓名")), Rest("where", T("单位"), optional=True)),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("免去 评委 吴新",),
)
def dismiss(ctx: Ctx, role: str, name: str, where: str | None) -> Reply:
    """End a post; which one is asked when somebody holds several of the kind."""
    wanted = Role(role)
    everybody = people_called(ctx, name)
    if not everybody:
        raise unknown_person(ctx, name, lambda which: f"dismiss {role} {which}")
    posts = [holder for held in everybody.values() for holder in held if holder.role is wanted]
    if where is not None:
        unit = unit_called(ctx, where, again=lambda which: f"dismiss {role} {name} {which}")
        posts = [holder for holder in posts if holder.unit_id == unit.id]
    if not posts:
        raise UserError(
            T("{name}现在不是{role}。", name=next(iter(everybody.values()))[0].name, role=ROLE_WORDS[wanted])
        )
    if len(posts) > 1:
        lines = [(_label(h), f"dismiss {role} p{h.person_id} u{h.unit_id}") for h in posts]
        return say(T("是哪一个？"), buttons=buttons(lines))
    return _dismiss(ctx, posts[0])


def _label(holder: Holder) -> Text:
    return T("{name}：{unit} {role}", name=holder.name, unit=holder.unit_name, role=ROLE_WORDS[holder.role])


def _dismiss(ctx: Ctx, holder: Holder) -> Reply:
    people.release(ctx.tx, person_id=holder.person_id, unit_id=holder.unit_id, role=holder.role, now=ctx.now)
    summary = T("免去{name}的{unit}{role}", name=holder.name, unit=holder.unit_name, role=ROLE_WORDS[holder.role])
    data = {"role": holder.role.value, "unit": holder.unit_id}
    change = Change("post.ended", summary, unit_id=holder.unit_id, subject_id=holder.person_id, data=data)
    ctx.record(change)
    words = T(
        "已免去{name}的{unit}{role}。", name=holder.name, unit=holder.unit_name, role=ROLE_WORDS[holder.role]
    )
    return say(words, replace=True)


@registry.undo("post.ended")
def not_dismissed(ctx: Ctx, change: Recorded) -> None:
    """The post goes on, unless it has been given again since."""
    assert change.subject_id is not None
    person, unit, role = change.subject_id, change.data["unit"], Role(change.data["role"])
    again = any(h.unit_id == unit and h.role is role for h in people.posts_of(ctx.tx, person))
    if again or not people.resume(ctx.tx, person_id=person, unit_id=unit, role=role, ended=change.at):
        raise UserError(T("这之后职务又有变动，不能撤销。"))
