"""What a reminder says: exactly what is owed, until when, and a button to do it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from bot.chat.messages import Bar, Block, Button, Line, faint
from bot.chat.texts import TN, Mention, T, Text, Words
from handlers.commitments.describing import bar
from handlers.commitments.pace import Standing
from handlers.deadlines.matters import Duty
from handlers.reminders.due import Parcel
from handlers.reminders.policy import Step
from storage.commitments import Placed
from storage.deadlines import Kind
from storage.owing import Item
from storage.people import Person

#: So many commitments are named in a reminder, so many units to an office, each so long.
_ITEMS, _UNITS, _LENGTH = 5, 30, 14


@dataclass(frozen=True, slots=True)
class Said:
    """A part of one message: a heading that may also stand alone, lines, and buttons."""

    heading: Words
    lines: tuple[Block, ...] = ()
    buttons: tuple[Button, ...] = ()


def when(due: date, today: date) -> Text:
    """How long there still is, or how long it is past."""
    left = (due - today).days
    if left > 0:
        return TN("还有{count}天截止", "还有{count}天截止", left)
    if left == 0:
        return T("今天截止")
    return TN("已过截止日{count}天", "已过截止日{count}天", -left)


def private(parcel: Parcel, today: date, items: Mapping[int, Sequence[Item]], *, several: bool = False) -> Said:
    """To somebody who owes: `items` are the commitments without a report, by unit.

    `several`: the message speaks of several units, so buttons say of which they are.
    """
    [duty] = parcel.duties
    heading = T("{what}{when}（{due}）", what=parcel.matter.name, when=when(parcel.due, today), due=parcel.due)
    lines: list[Block] = [Line(owed_words(duty, items.get(duty.unit_id, ())))]
    if parcel.stage.step is Step.OVERDUE and parcel.stage.last:
        lines.append(faint(T("这件事不再自动提醒您了；办不了可以请办事处帮忙，或申请延期。")))
    button = _button(duty)
    if several:
        button = Button(T("{what}（{unit}）", what=_label(button), unit=duty.unit_name), button.payload)
    return Said(heading, tuple(lines), (button,))


def _label(button: Button) -> Text:
    assert isinstance(button.label, Text)
    return button.label


def owed_words(duty: Duty, items: Sequence[Item]) -> Text:
    """Exactly what is owed."""
    match duty.matter.kind:
        case Kind.REPORT:
            return _unreported(duty, items)
        case Kind.REGISTRATION if duty.returned:
            return T("{unit}有{count}项承诺被退回，请改好重报。", unit=duty.unit_name, count=duty.returned)
        case Kind.REGISTRATION:
            return T(
                "{unit}还没有登记自己的承诺，直接发就行，例如：承诺 硬化村内道路2公里 12月底前",
                unit=duty.unit_name,
            )
        case Kind.EXAMINATION:
            return T("{unit}有{count}项承诺等审核。", unit=duty.unit_name, count=duty.owed)
        case Kind.VERIFICATION:
            return T("{unit}有{count}条进度等核实。", unit=duty.unit_name, count=duty.owed)
        case Kind.OWN:
            return T("{unit}还没办。", unit=duty.unit_name)


def _unreported(duty: Duty, items: Sequence[Item]) -> Text:
    named: list[Words] = [
        T("第{number}项{words}", number=item.number, words=_short(item.words)) for item in items[:_ITEMS]
    ]
    if len(items) > _ITEMS:
        named.append(T("等"))
    return T("{unit}还没报{count}项：{items}", unit=duty.unit_name, count=duty.owed, items=named)


def _short(words: str) -> str:
    return words if len(words) <= _LENGTH else f"{words[: _LENGTH - 1]}…"


def _button(duty: Duty) -> Button:
    match duty.matter.kind:
        case Kind.REPORT:
            return Button(T("填季报"), f"quarterly u{duty.unit_id}")
        case Kind.REGISTRATION:
            return Button(T("我的承诺") if duty.returned else T("登记承诺"), _registering(duty))
        case Kind.EXAMINATION:
            return Button(T("审核"), "examine")
        case Kind.VERIFICATION:
            return Button(T("核实"), "verify")
        case Kind.OWN:
            assert duty.matter.own is not None
            return Button(T("办好了"), f"handled d{duty.matter.own.id} u{duty.unit_id}")


def _registering(duty: Duty) -> str:
    return "my_commitments" if duty.returned else "promise"


def upward(parcel: Parcel, today: date) -> Said:
    """To an office or the organizers: who still owes after all the reminders."""
    heading = T("{what}{when}（{due}）", what=parcel.matter.name, when=when(parcel.due, today), due=parcel.due)
    names = [duty.unit_name for duty in parcel.duties[:_UNITS]]
    more = len(parcel.duties) - len(names)
    line = T("🔴红灯：还有{count}个没办，提醒过几次了：{names}", count=len(parcel.duties), names=names)
    lines: list[Block] = [Line(line)]
    if more > 0:
        lines.append(faint(T("……还有{count}个", count=more)))
    lines.append(faint(T("之后不再自动提醒，请直接联系他们；要再提醒一次可以“催办”。")))
    buttons = (Button(T("未报"), "missing"),) if parcel.matter.kind is Kind.REPORT else ()
    return Said(heading, tuple(lines), (*buttons, Button(T("催办"), "urge")))


def group(parcel: Parcel, today: date, naming: str, secretaries: Mapping[int, Sequence[Person]]) -> Said:
    """One line for the group: counts, and names only where the configuration says so."""
    whole = len(parcel.duties)
    late = [duty for duty in parcel.duties if duty.owed]
    counts = {"whole": whole, "done": whole - len(late), "owed": len(late)}
    heading = T("{what}{when}（{due}）", what=parcel.matter.name, when=when(parcel.due, today), due=parcel.due)
    reports = parcel.matter.kind is Kind.REPORT
    line = T("应报{whole}、已报{done}、未报{owed}", **counts) if reports else _not_reports(counts)
    lines: list[Block] = [Line(line)]
    if naming != "none":
        names = [_name(duty, naming, secretaries) for duty in late[:_UNITS]]
        lines.append(Line(T("还没办的：{names}", names=names)))
    return Said(heading, tuple(lines))


def _not_reports(counts: Mapping[str, int]) -> Text:
    return T("应办{whole}、已办{done}、未办{owed}", **counts)


def _name(duty: Duty, naming: str, secretaries: Mapping[int, Sequence[Person]]) -> Words:
    held = secretaries.get(duty.unit_id, ()) if naming == "mention" else ()
    people = [Mention(person.id, person.name) for person in held]
    match people:
        case []:
            return duty.unit_name
        case [one]:
            return T("{unit} {people}", unit=duty.unit_name, people=one)
        case _:
            return T("{unit}（{people}）", unit=duty.unit_name, people=people)


def lights(changed: Sequence[tuple[Placed, Standing]], this_year: int) -> Said:
    """Commitments whose light has changed for the worse, with the word beside the colour."""
    units = {placed.unit_name for placed, _standing in changed}
    lines: list[Block] = []
    for placed, standing in changed:
        shown = bar(placed.commitment, standing, this_year=this_year)
        several = len(units) > 1
        label = T("{unit} {what}", unit=placed.unit_name, what=shown.label) if several else shown.label
        lines.append(Bar(label, shown.share, shown.light, shown.note))
    heading = TN("{count}项承诺的亮灯变了", "{count}项承诺的亮灯变了", len(changed))
    return Said(heading, tuple(lines), (Button(T("报进度"), "progress"),))


def unknown_year(year: int) -> Said:
    """To the organizers: due dates of a year may be wrong as long as its holidays are not known."""
    lines: tuple[Block, ...] = (
        Line(T("现在先按周一至周五算工作日，节假日前后的截止时间可能不准。")),
        faint(T("请运维人员更新程序，或在配置的 deadlines.days_off、days_on 里写上放假和调休的日子。")),
    )
    return Said(T("{year}年的放假调休安排还没有收进日历", year=year), lines)
