"""A plan in words: what would be added, changed, ended, or what has to be put right first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from bot.chat.people import ROLE_WORDS
from bot.chat.texts import T, Text, Value, Words
from handlers.roster.plan import Plan, PlannedPost, Shift
from handlers.roster.sheets import Problem


def describe(plan: Plan, *, most: int | None = None) -> list[Words]:
    """The plan line by line; of each list at most so many, and then how many more there are."""
    if plan.problems:
        return list(_problems(plan.problems, most))
    if plan.is_empty:
        return [T("名册与文件一致，没有要改的。"), *plan.notes]
    return [*_totals(plan), *_units(plan, most), *_people(plan, most), *plan.notes]


def _problems(problems: Sequence[Problem], most: int | None) -> Iterator[Words]:
    yield T("有{count}处要改，改好之前什么都不会导入：", count=len(problems))
    yield from _few([_problem(problem) for problem in problems], most)


def _problem(problem: Problem) -> Text:
    if not problem.row:
        return problem.reason
    return T(
        "{sheet}第{row}行“{column}”：{reason}",
        sheet=problem.sheet,
        row=problem.row,
        column=problem.column,
        reason=problem.reason,
    )


def _totals(plan: Plan) -> Iterator[Words]:
    units = len(plan.units_added), len(plan.units_changed), len(plan.units_ended)
    if any(units):
        yield T("单位：新增{added}，变更{changed}，撤销{ended}", added=units[0], changed=units[1], ended=units[2])
    people = len(plan.people_added), len(plan.people_changed)
    if any(people):
        yield T("人员：新增{added}，变更{changed}", added=people[0], changed=people[1])
    posts = len(plan.posts_added), len(plan.posts_ended)
    if any(posts):
        yield T("任职：新增{added}，结束{ended}", added=posts[0], ended=posts[1])


def _units(plan: Plan, most: int | None) -> Iterator[Words]:
    yield from _few([T("新增单位：{name}", name=unit.name) for unit in plan.units_added], most)
    changed: list[Text] = []
    for unit in plan.units_changed:
        if unit.revived:
            changed.append(T("恢复单位：{name}", name=unit.before.name))
        if unit.shifts:
            changed.append(T("变更单位：{name}，{shifts}", name=unit.before.name, shifts=_shifts(unit.shifts)))
    yield from _few(changed, most)
    yield from _few([T("撤销单位：{name}", name=unit.name) for unit in plan.units_ended], most)


def _people(plan: Plan, most: int | None) -> Iterator[Words]:
    changed = [
        T("变更人员：{name}，{shifts}", name=person.before.name, shifts=_shifts(person.shifts))
        for person in plan.people_changed
    ]
    yield from _few(changed, most)
    new = {person.number for person in plan.people_added}
    yield from _few([_begun(post, post.person in new) for post in plan.posts_added], most)
    ended = [
        T("离任：{name}，{unit}{role}", name=p.person_name, unit=p.unit_name, role=ROLE_WORDS[p.role])
        for p in plan.posts_ended
    ]
    yield from _few(ended, most)


def _begun(post: PlannedPost, is_new: bool) -> Text:
    values: dict[str, Any] = {"name": post.person_name, "unit": post.unit_name, "role": ROLE_WORDS[post.role]}
    if is_new:
        return T("新增：{name}，{unit}{role}", **values)
    return T("任职：{name}，{unit}{role}", **values)


def _shifts(shifts: Sequence[Shift]) -> list[Text]:
    return [_shift(shift) for shift in shifts]


def _shift(shift: Shift) -> Text:
    values: dict[str, Value] = {"column": shift.column.value, "before": shift.before, "after": shift.after}
    if not shift.before:
        return T("{column}填为“{after}”", **values)
    if not shift.after:
        return T("{column}“{before}”清空", **values)
    return T("{column}由“{before}”改为“{after}”", **values)


def _few(lines: Sequence[Words], most: int | None) -> Iterator[Words]:
    if most is None or len(lines) <= most:
        yield from lines
        return
    yield from lines[:most]
    yield T("……还有{count}条", count=len(lines) - most)
