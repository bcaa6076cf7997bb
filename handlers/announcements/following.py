"""How far an announcement has come: a report that edits itself, receipts, taking back what has not gone."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta

from bot.chat.arguments import Item
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, Reply, ToChat, faint, say, title
from bot.chat.texts import T, Text, Words
from handlers import Ctx, TickCtx
from handlers.announcements.declared import SENDERS, registry
from handlers.announcements.reasons import plain
from storage import announcements
from storage.announcements import Announcement, Progress, Trouble
from storage.database import Tx

#: How long a report is kept up to date.
_FOLLOWED = timedelta(days=2)
_LISTED, _LATELY, _EXCERPT = 8, 5, 16


def first_report(ctx: Ctx, number: int, total: int, at: datetime | None) -> Reply:
    """What the author sees at once; it is brought up to date as messages arrive."""
    found = announcements.get(ctx.tx, number)
    assert found is not None
    heading = (
        T("通报{number}定于{at}发出", number=number, at=at) if at else T("通报{number}正在发出", number=number)
    )
    body: list[Block | Words] = [title(heading), T("共{total}条，发得怎么样会写在这里。", total=total)]
    body += _unreachable(found)
    return say(*body, buttons=((_take_back_button(number),),), key=_key(number))


def _key(number: int) -> str:
    return f"announcement{number}:report"


def _take_back_button(number: int) -> Button:
    return Button(T("收回没发出的"), f"take_back {number}")


def _unreachable(one: Announcement) -> list[Block | Words]:
    if not one.unreachable:
        return []
    return [T("联系不上（没有绑定）：{names}", names=list(one.unreachable))]


def report(tx: Tx, one: Announcement, progress: Progress) -> Reply:
    """The report as it is now."""
    troubles = announcements.troubles(tx, one.id, most=_LISTED) if _is_troubled(progress) else []
    facts: list[tuple[Words, Words]] = [
        (T("已发出"), T("{sent}／{total}", sent=progress.sent, total=progress.total))
    ]
    for label, count in (
        (T("等待"), progress.waiting),
        (T("不确定"), progress.unknown),
        (T("没发成"), progress.failed),
        (T("已收回"), progress.cancelled),
    ):
        if count:
            facts.append((label, T("{count}条", count=count)))
    if one.asks:
        facts.append((T("点了收到"), T("{count}人", count=progress.acknowledged)))
    body: list[Block | Words] = [title(_heading(one, progress)), Fields(tuple(facts))]
    body += [_trouble(trouble) for trouble in troubles]
    body += _unreachable(one)
    rows = ((_take_back_button(one.id),),) if progress.waiting and one.withdrawn_at is None else ()
    return say(*body, buttons=rows)


def _heading(one: Announcement, progress: Progress) -> Text:
    if one.withdrawn_at is not None:
        return T("通报{number}已收回", number=one.id)
    if progress.waiting:
        return T("通报{number}正在发出", number=one.id)
    return T("通报{number}发完了", number=one.id)


def _is_troubled(progress: Progress) -> bool:
    return bool(progress.failed or progress.unknown or progress.waiting)


def _trouble(trouble: Trouble) -> Text:
    who = trouble.person or trouble.title or "?"
    return T("· {who}：{why}", who=who, why=plain(trouble.error))


@registry.tick("announcement reports")
def reports(tick: TickCtx) -> None:
    """Bring the authors' reports up to date where something has changed."""
    going = announcements.going_out(tick.tx, since=tick.now - _FOLLOWED, now=tick.now)
    progress = announcements.progress(tick.tx, [one.id for one in going])
    for one in going:
        state = asdict(progress[one.id])
        if state == one.reported:
            continue
        shown = report(tick.tx, one, progress[one.id])
        announcements.note_report(tick.tx, one.id, state)
        finished = not progress[one.id].waiting
        tick.post(
            Reply(
                shown.body,
                shown.buttons,
                to=ToChat(one.chat_id),
                instead_of=_key(one.id),
                # The end is told everywhere; the steps on the way only where they take the report's place.
                passing=not finished or _was_finished(one),
            )
        )


def _was_finished(one: Announcement) -> bool:
    return one.reported is not None and not one.reported.get("waiting")


@registry.command(
    "收回通报",
    ascii="take_back",
    section=Section.ANNOUNCEMENTS,
    help=T("收回自己的通报里还没发出的"),
    args=(Item("number", T("第几号通报")),),
    roles=SENDERS,
    place=Place.PRIVATE,
    examples=("收回通报 1",),
)
def take_back(ctx: Ctx, number: int) -> Reply:
    """What has not gone out stays here."""
    one = _own(ctx, number)
    held = announcements.take_back(ctx.tx, number, now=ctx.now)
    progress = announcements.progress(ctx.tx, [one.id])[one.id]
    if not held:
        return say(T("通报{number}都已经发出，收不回了。要更正，请再发一条。", number=number))
    if not progress.sent:
        return say(T("通报{number}已收回，一条都没有发出。", number=number))
    return say(
        T("通报{number}：收回{held}条，已经发出的{sent}条收不回。", number=number, held=held, sent=progress.sent)
    )


def _own(ctx: Ctx, number: int) -> Announcement:
    one = announcements.get(ctx.tx, number)
    if one is None or one.person_id != ctx.actor.id:
        raise UserError(T("您没有发过{number}号通报。发“通报”看看您发过的。", number=number))
    return one


@registry.command(
    "收到",
    ascii="acknowledge",
    section=Section.ANNOUNCEMENTS,
    help=T("告诉发通报的人您看到了（只在对方要回执时）"),
    args=(Item("number", T("第几号通报"), optional=True),),
    examples=("收到 1",),
    hidden=True,
)
def acknowledge(ctx: Ctx, number: int | None) -> Reply | None:
    """Counted once, and without a word in the group.

    People say 收到 to each other all day: without a number it is for the announcement that asked for it in this
    chat, and where there is none, nobody is bothered.
    """
    one = announcements.get(ctx.tx, number) if number else announcements.asking_in(ctx.tx, ctx.chat.id)
    if one is None or not one.asks:
        if number is None or ctx.chat.is_group:
            return None
        raise UserError(T("这条通报不需要回复。"))
    announcements.acknowledge(ctx.tx, one.id, person_id=ctx.actor.id, now=ctx.now)
    if not ctx.chat.is_group:
        return say(T("好的，已记下。"))
    ctx.sign()
    return None


def lately(ctx: Ctx) -> Reply:
    """What the sender announced lately, and how to announce."""
    mine = announcements.of_person(ctx.tx, ctx.actor.id, most=_LATELY)
    progress = announcements.progress(ctx.tx, [one.id for one in mine])
    how = T("要发通报，请这样写：通报 各支部：请于周五前核对承诺进度。照片和文件可以一起发。")
    if not mine:
        return say(how)
    lines = [
        T(
            "{number}. {at}「{words}」已发出{sent}／{total}",
            number=one.id,
            at=one.at,
            words=one.words[:_EXCERPT],
            sent=progress[one.id].sent,
            total=progress[one.id].total,
        )
        for one in mine
    ]
    return say(title(T("您最近的通报")), *lines, faint(how))
