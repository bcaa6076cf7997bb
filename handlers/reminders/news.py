"""What groups hear by itself: that the quarter's reporting opens, and once a week how their villages stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from bot.chat.messages import Light, Line, OutFile, faint
from bot.chat.ports import FileStore
from bot.chat.texts import T, Text
from handlers import TickCtx
from handlers.commitments.pace import judge
from handlers.deadlines.calendar import Period
from handlers.deadlines.matters import Duty, Matter
from handlers.progress.quarters import Quarter, quarter_of
from handlers.reminders.chart import chart
from handlers.reminders.due import OFFICES, fires
from handlers.reminders.scene import Scene
from handlers.reminders.wording import Said
from storage import accounts, commitments, reminders
from storage.accounts import Reached
from storage.commitments import PUBLIC, Placed, State
from storage.deadlines import Kind
from storage.reminders import Sent
from storage.units import CONTESTING


@dataclass(frozen=True, slots=True)
class Counts:
    """An office's commitments: done, on pace, behind (yellow or red)."""

    done: int
    on_pace: int
    behind: int

    @property
    def open(self) -> int:
        return self.on_pace + self.behind


@dataclass(frozen=True, slots=True)
class News:
    """Something for one group's chat; `counts` makes a chart of it."""

    chat: Reached
    sent: Sent
    said: Said
    office: str = ""
    counts: Counts | None = None


def news(scene: Scene) -> Iterator[News | None]:
    """All that groups hear now; None between two steps, after which the transaction may be another one."""
    yield from _opening(scene)
    yield from _digest(scene)


def _times(scene: Scene) -> set[time]:
    return {scene.hours.group, *scene.times.values()}


def _opening(scene: Scene) -> Iterator[News | None]:
    """In the reporting window's first days: until when, and how much there is to report."""
    quarter = quarter_of(scene.today)
    on = scene.calendar.days.from_day(quarter.opens(scene.policy.activity))
    if not scene.policy.reminders.opening or not _any_fires(scene, on):
        return
    matter = Matter(Kind.REPORT, Period(quarter.year, quarter.number))
    for chats in _groups(scene):
        by_office = scene.of_offices(matter, chats or ())
        for office_id, found in by_office.items():
            for chat in (chats or {})[office_id]:
                if fires(scene, on, scene.group_time(chat.chat_id), scene.since.ordinary):
                    sent = Sent(f"c{chat.chat_id}", f"opening:{quarter}", "opening")
                    yield News(chat, sent, _opening_words(quarter, found, scene.today))
        if chats is None:
            yield None


def _groups(scene: Scene) -> Iterator[dict[int, tuple[Reached, ...]] | None]:
    """The groups of the units that others stand directly under, some offices at a time; None in between."""
    after = 0
    while ids := reminders.units_with_groups(scene.tx, after=after, kinds=CONTESTING, most=OFFICES):
        if after:
            yield None
        yield accounts.reach_groups(scene.tx, ids)
        after = ids[-1]


def _opening_words(quarter: Quarter, found: Sequence[Duty], today: date) -> Said:
    due = min(duty.due for duty in found)
    items = sum(duty.whole for duty in found)
    line = T("{count}个单位共{items}项承诺要报，{due}截止。", count=len(found), items=items, due=due)
    others = sorted({duty.due for duty in found} - {due})
    lines = [Line(line)]
    if others:
        lines.append(faint(T("个别单位另定：{days}。", days=others)))
    lines.append(faint(T("书记私聊我说一句就行，例如：第2项完成80%了；照片有就发，没有不用补。")))
    return Said(T("{quarter}季报开始了", quarter=quarter.name), tuple(lines))


def _digest(scene: Scene) -> Iterator[News | None]:
    """On the week's first working day, to the groups of offices where something is under way."""
    on = first_working_day(scene)
    if not scene.policy.reminders.weekly_digest or on != scene.today or not _any_fires(scene, on):
        return
    for chats in _groups(scene):
        if chats is None:
            yield None
        else:
            yield from _digests(scene, on, chats)


def _digests(scene: Scene, on: date, chats: Mapping[int, Sequence[Reached]]) -> Iterator[News]:
    by_office: dict[int, list[Placed]] = defaultdict(list)
    for placed in commitments.in_subtree(scene.tx, sorted(chats), year=scene.today.year, states=PUBLIC):
        if placed.office_id is not None and placed.office_id in chats:
            by_office[placed.office_id].append(placed)
    counted = {office_id: count(scene, found) for office_id, found in by_office.items()}
    year, week, _day = on.isocalendar()
    for office_id, counts in counted.items():
        office = by_office[office_id][0].office_name or ""
        for chat in chats[office_id] if counts.open else ():
            if fires(scene, on, scene.group_time(chat.chat_id), scene.since.ordinary):
                sent = Sent(f"c{chat.chat_id}", f"digest:{year}-W{week:02}", "digest")
                yield News(chat, sent, _digest_words(office, counts), office, counts)


def _digest_words(office: str, counts: Counts) -> Said:
    whole = counts.done + counts.open
    line = T(
        "承诺{whole}项：已完成{done}项，按进度{on_pace}项，欠进度或逾期{behind}项。",
        whole=whole,
        done=counts.done,
        on_pace=counts.on_pace,
        behind=counts.behind,
    )
    return Said(T("{office}本周进展", office=office), (Line(line),))


def count(scene: Scene, found: Sequence[Placed]) -> Counts:
    """Count commitments as the chart shows them."""
    done = on_pace = behind = 0
    for placed in found:
        standing = judge(placed.commitment, scene.today, scene.policy)
        reached = placed.commitment.state in (State.DONE, State.CLOSED) or (standing.share or 0) >= 1
        done += reached
        on_pace += not reached and standing.light is Light.GREEN
        behind += not reached and standing.light is not Light.GREEN
    return Counts(done, on_pace, behind)


def first_working_day(scene: Scene) -> date:
    """The first working day of this week; a week without any has its first one in the next."""
    return scene.calendar.days.from_day(scene.today - timedelta(days=scene.today.weekday()))


def _any_fires(scene: Scene, on: date) -> bool:
    return any(fires(scene, on, at, scene.since.ordinary) for at in _times(scene))


def picture(tick: TickCtx, one: News) -> OutFile:
    """The chart in the group's language."""
    assert one.counts is not None

    def show(words: Text) -> str:
        return tick.show(words, one.chat.language)

    parts = (
        (show(T("已完成")), one.counts.done),
        (show(T("按进度")), one.counts.on_pace),
        (show(T("欠进度或逾期")), one.counts.behind),
    )
    heading = show(T("{office} {day}", office=one.office, day=tick.today))
    return keep(tick.files, chart(heading, parts), f"{one.office}.png")


def keep(store: FileStore, data: bytes, name: str) -> OutFile:
    """Put a picture where it can be sent from."""
    return OutFile(store.put(data), name, "image/png")
