"""亮点: what units are proud of, told in a sentence and photos, recommended by others, chosen for the bulletin."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from bot.chat.arguments import Item, Rest
from bot.chat.caution import caution
from bot.chat.commands import Place, Registry, Section
from bot.chat.context import Change
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, OutFile, Reply, ToPerson, faint, quote, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.progress.quarters import quarter_of_event
from storage import evidence, highlights, units
from storage.changes import Recorded
from storage.highlights import Highlight

registry = Registry()

#: Of this kind is the change that photos sent afterwards belong to.
MADE = "highlight.made"
_EVERYBODY = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR, Role.SECRETARY, Role.JUDGE)
_SHOWN, _LONGEST = 6, 500
_SEARCH = ("查", "找", "搜", "search")


@registry.command(
    "亮点",
    ascii="highlight",
    aliases=("典型",),
    section=Section.PROGRESS,
    help=T("报一个亮点做法，可以配照片；不写内容就看最新的，“亮点 查 食堂”可以找"),
    args=(Rest("words", T("做法"), optional=True),),
    roles=_EVERYBODY,
    place=Place.PRIVATE,
    examples=("亮点 建成老年食堂，每天服务60人", "亮点", "亮点 查 食堂"),
)
def highlight(ctx: Ctx, words: str | None) -> Reply:
    """Tell a highlight, see the newest, or search."""
    first, _, rest = (words or "").strip().partition(" ")
    if first in _SEARCH:
        return _searched(ctx, rest.strip())
    if not words:
        found = highlights.newest(ctx.tx, _roots(ctx), most=_SHOWN)
        return _listed(ctx, T("最新亮点"), found, T("还没有亮点。书记私聊我发：亮点 加上做法，可以配照片。"))
    if not ctx.actor.has(Role.SECRETARY):
        raise UserError(T("亮点由村（社区）书记报。您可以发“亮点”看最新的，发“亮点 查 食堂”来找。"))
    return _made(ctx, words.strip())


def _roots(ctx: Ctx) -> list[int]:
    """The whole district: highlights are there to be seen."""
    return [units.ancestors(ctx.tx, ctx.actor.posts[0].unit_id)[-1].id]


def _made(ctx: Ctx, words: str) -> Reply:
    if len(words) > _LONGEST:
        raise UserError(T("有点长，{count}个字以内最好读，请缩一缩。", count=_LONGEST))
    unit_id = ctx.actor.units(Role.SECRETARY)[0]
    when = quarter_of_event(ctx.today, ctx.policy.activity)
    made = highlights.add(
        ctx.tx, unit_id=unit_id, year=when.year, quarter=when.number, words=words, by=ctx.actor.id, now=ctx.now
    )
    evidence.keep(
        ctx.tx, ctx.inbound.attachments, person_id=ctx.actor.id, chat_id=ctx.chat.id, report_id=None, now=ctx.now
    )
    since = ctx.now - timedelta(minutes=ctx.policy.dialogues.evidence_minutes)
    photos = evidence.attach_to_highlight(ctx.tx, person_id=ctx.actor.id, highlight_id=made, since=since)
    ctx.record(Change(MADE, T("报亮点"), unit_id=unit_id, subject_id=made))
    body: list[Block | Words] = [T("亮点已登记：{unit}", unit=units.get(ctx.tx, unit_id).name), quote(words)]
    warning = caution(words)
    if warning is not None:
        body.append(warning)
    body.append(
        faint(T("附上照片{count}张。", count=photos))
        if photos
        else faint(T("有照片的话，现在发来就会附上；没有也行。"))
    )
    return say(*body, buttons=((Button(T("撤销"), "undo"),),))


@registry.undo(MADE)
def unmade(ctx: Ctx, change: Recorded) -> None:
    """The highlight was never told; its photos wait again."""
    assert change.subject_id is not None
    found = highlights.get(ctx.tx, change.subject_id)
    if found is None or found.voices or found.picked:
        raise UserError(T("已经有人推荐或选入通报，不能撤销。要撤请联系办事处。"))
    highlights.withdraw(ctx.tx, found.id, by=ctx.actor.id, reason=ctx.show(T("本人撤销")), now=ctx.now)
    evidence.detach_from_highlight(ctx.tx, found.id)


def _searched(ctx: Ctx, text: str) -> Reply:
    if not text:
        raise UserError(T("请写要找的字，例如：亮点 查 食堂"))
    found = highlights.search(ctx.tx, _roots(ctx), text, most=_SHOWN)
    return _listed(ctx, T("亮点里的“{text}”", text=text), found, T("没有找到“{text}”。换个说法试试。", text=text))


def _listed(ctx: Ctx, heading: Words, found: Sequence[Highlight], none: Words) -> Reply:
    if not found:
        return say(none)
    given = highlights.recommended_by(ctx.tx, ctx.actor.id)
    body: list[Block | Words] = [title(heading)]
    buttons: list[Button] = []
    for one in found:
        mark: Words = T("，已选入通报") if one.picked else ""
        body.append(
            T(
                "{number}. {unit}（{voices}人推荐{mark}）",
                number=one.id,
                unit=one.unit_name,
                voices=one.voices,
                mark=mark,
            )
        )
        body.append(quote(one.words))
        label = T("取消推荐{number}", number=one.id) if one.id in given else T("推荐{number}", number=one.id)
        if _may_recommend(ctx, one):
            buttons.append(Button(label, f"recommend {one.id}"))
        elif ctx.actor.has(Role.ORGANIZER):
            picked = T("不选入{number}", number=one.id) if one.picked else T("选入通报{number}", number=one.id)
            buttons.append(Button(picked, f"pick {one.id}"))
    rows = tuple(tuple(buttons[at : at + 3]) for at in range(0, len(buttons), 3))
    return say(*body, faint(T("看照片请发：看亮点 编号")), buttons=rows, replace=True)


def _may_recommend(ctx: Ctx, one: Highlight) -> bool:
    """Judges and secretaries, never for a unit of their own."""
    own = {post.unit_id for post in ctx.actor.posts}
    return ctx.actor.has(Role.SECRETARY, Role.JUDGE) and one.unit_id not in own


def _known(ctx: Ctx, number: int) -> Highlight:
    """One of the person's own district. Raises UserError."""
    found = highlights.get(ctx.tx, number)
    if found is None or not units.is_within(ctx.tx, found.unit_id, _roots(ctx)):
        raise UserError(T("没有{number}号亮点。", number=number))
    return found


@registry.command(
    "看亮点",
    ascii="see_highlight",
    section=Section.PROGRESS,
    help=T("看一个亮点和它的照片"),
    args=(Item("number", T("编号")),),
    roles=_EVERYBODY,
    place=Place.PRIVATE,
    examples=("看亮点 1",),
)
def see(ctx: Ctx, number: int) -> Reply:
    """One highlight with its photos."""
    found = _known(ctx, number)
    files = tuple(OutFile(e.file_key, e.name, e.mime) for e in evidence.of_highlight(ctx.tx, found.id))
    label = T("推荐{number}", number=found.id)
    buttons = ((Button(label, f"recommend {found.id}"),),) if _may_recommend(ctx, found) else ()
    return say(
        title(found.unit_name),
        quote(found.words),
        faint(
            T(
                "{year}年第{quarter}季度，{voices}人推荐",
                year=found.year,
                quarter=found.quarter,
                voices=found.voices,
            )
        ),
        files=files,
        buttons=buttons,
    )


@registry.command(
    "推荐",
    ascii="recommend",
    section=Section.PROGRESS,
    help=T("推荐别的单位的亮点，每个亮点一人一票；再发一次就取消"),
    args=(Item("number", T("编号")),),
    roles=(Role.SECRETARY, Role.JUDGE),
    place=Place.PRIVATE,
    examples=("推荐 1",),
)
def recommend(ctx: Ctx, number: int) -> Reply:
    """Give one's voice, or take it back."""
    found = _known(ctx, number)
    if not _may_recommend(ctx, found):
        raise UserError(T("自己单位的亮点由别人来推荐。"))
    if number in highlights.recommended_by(ctx.tx, ctx.actor.id):
        highlights.take_back(ctx.tx, number, person_id=ctx.actor.id)
        return say(T("已取消推荐{unit}的亮点。", unit=found.unit_name))
    highlights.recommend(ctx.tx, number, person_id=ctx.actor.id, now=ctx.now)
    return say(T("已推荐{unit}的亮点，现在{voices}人推荐。", unit=found.unit_name, voices=found.voices + 1))


@registry.command(
    "选入通报",
    ascii="pick",
    section=Section.PROGRESS,
    help=T("把一个亮点选入通报，再发一次就不选"),
    args=(Item("number", T("编号")),),
    roles=(Role.ORGANIZER,),
    place=Place.PRIVATE,
    examples=("选入通报 1",),
)
def pick(ctx: Ctx, number: int) -> Reply:
    """Choose for the bulletin, or not."""
    found = _known(ctx, number)
    highlights.pick(ctx.tx, number, at=None if found.picked else ctx.now)
    if found.picked:
        return say(T("{unit}的亮点不再选入通报。", unit=found.unit_name))
    return say(T("{unit}的亮点已选入通报。", unit=found.unit_name))


@registry.command(
    "撤下亮点",
    ascii="withdraw_highlight",
    section=Section.PROGRESS,
    help=T("撤下一个不合适的亮点，写明原因，报的人会知道"),
    args=(Item("number", T("编号")), Rest("reason", T("原因"))),
    roles=(Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR),
    place=Place.PRIVATE,
    examples=("撤下亮点 1 照片里有个人信息",),
)
def withdraw(ctx: Ctx, number: int, reason: str) -> Reply:
    """Show it to nobody any more; its author is told why."""
    found = _known(ctx, number)
    if not units.is_within(ctx.tx, found.unit_id, ctx.actor.units(Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)):
        raise UserError(T("{unit}不归您管理，请联系它的办事处。", unit=found.unit_name))
    highlights.withdraw(ctx.tx, number, by=ctx.actor.id, reason=reason, now=ctx.now)
    ctx.post(
        say(
            T("您报的亮点已撤下，原因：{reason}", reason=reason),
            quote(found.words),
            to=ToPerson(found.person_id),
            key=f"highlight{number}:withdrawn",
        )
    )
    return say(T("已撤下{unit}的亮点，报的人会收到原因。", unit=found.unit_name))
