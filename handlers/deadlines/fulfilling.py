"""办好: a secretary says that an own matter is done, by button or by its name; then nobody is reminded of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Button, Reply, say
from bot.chat.people import Post, Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.deadlines import naming
from handlers.deadlines.calendar import Calendar, load
from handlers.deadlines.declared import registry
from handlers.progress.duty import open_items
from storage import fulfilments, units
from storage.changes import Recorded
from storage.commitments import Commitment
from storage.deadlines import Setting

#: Before what is promised and how far promises are is read.
ORDER = 30
_DONE = re.compile(
    r"(?:已经?|都|全部)?(?:办|做|弄|搞|填|报|交|写|整理|处理|准备)(?:好|完|齐|妥|上去|上|出去|过)了?|"
    r"(?:上报|报送|上交|提交|报|交|办|填|完成|落实)了|已经?(?:上报|报送|上交|提交|报|交|办|填|完成|落实)|完成|办结|"
    r"\b(?:done|handled|submitted|finished)\b",
    re.IGNORECASE,
)
_NOT_DONE = re.compile(r"没|未|不|怎|吗|呢|[?？]|谁|哪|要|准备|打算|明天|后天|下周|快|正在|一半|部分|\d|%")
#: What may stand beside the matter's name, apart from that it is done.
_BESIDE = re.compile(
    r"[,.!:;、]|的事情?|这件事|(?:我们|咱们?|我|本)(?:村|社区)?|村里|今天|昨天|刚才?|已经|都|全部|把|给|了|的|也|is|the|my|our"
)
_PRESSED = re.compile(r"d(\d{1,12})\s+u(\d{1,12})$")


@registry.command(
    "办好",
    ascii="handled",
    aliases=("办好了", "已办好"),
    section=Section.DEADLINES,
    help=T("组织者布置的事项办好了，说一声就不再提醒"),
    args=(Rest("what", T("事项"), optional=True),),
    roles=(Role.SECRETARY,),
    place=Place.PRIVATE,
    examples=("办好",),
)
def handled(ctx: Ctx, what: str | None) -> Reply:
    """Note it for the unit; ask which matter when that is not plain."""
    open_ones = _open(ctx, load(ctx.tx, ctx.policy, since=ctx.today.year - 1))
    if not open_ones:
        raise UserError(T("现在没有等您办的其他事项。报进度请发“进度”。"))
    fitting = _fitting(open_ones, (what or "").strip())
    if len(fitting) != 1:
        return _which(fitting or open_ones)
    return _note(ctx, *fitting[0])


@registry.reader(ORDER)
def said_done(ctx: Ctx, said: Said) -> Reply | None:
    """ "消防台账报上去了": that an own matter is done, without the command's word."""
    if ctx.chat.is_group or said.attachments or not ctx.actor.has(Role.SECRETARY):
        return None
    if _DONE.search(said.folded) is None:
        return None
    calendar = load(ctx.tx, ctx.policy, since=ctx.today.year - 1)
    # Most such words are about promises: no more is asked where no own matter is named.
    if not _what_is_done(calendar.own(), said.folded, ctx.actor.posts)[0]:
        return None
    concerned = _concerned(ctx, calendar)
    owns = list({own.id: own for own, _post, _done in concerned}.values())
    what, by = _what_is_done(owns, said.folded, ctx.actor.posts)
    if not what:
        return None
    fitting = [(own, post) for own, post, is_done in concerned if own in what and not is_done]
    said_units = [post for _own, post in fitting if fold(post.unit_name) in said.folded]
    fitting = [(own, post) for own, post in fitting if post in said_units] if said_units else fitting
    if not fitting:
        return say(T("“{what}”已经记为办好了，不用再报。", what=what[0].name or ""))
    also = [
        (post, c)
        for post in dict.fromkeys(post for _own, post in fitting)
        for c in open_items(ctx, post.unit_id).values()
        if any(word in naming.plain(c.words) for word in by)
    ]
    return _note(ctx, *fitting[0]) if len(fitting) == 1 and not also else _which(fitting, also)


def _what_is_done(owns: Sequence[Setting], folded: str, posts: Sequence[Post]) -> tuple[list[Setting], list[str]]:
    """The own matters that are meant, and by which words; none where more is said, which it may be about."""
    rest = naming.plain(folded)
    found = naming.named(owns, rest)
    for own in found:
        rest = naming.without(own, rest)
    for post in posts:
        rest = rest.replace(fold(post.unit_name), "")
    if _NOT_DONE.search(rest):
        return [], []
    rest = _BESIDE.sub("", _DONE.sub("", rest))
    if found:
        return ([], []) if rest else (found, [naming.core(own.name or "") for own in found])
    return naming.hinted(owns, rest), [rest]


def _note(ctx: Ctx, own: Setting, post: Post) -> Reply:
    fulfilments.fulfil(ctx.tx, own.id, unit_id=post.unit_id, by=ctx.actor.id, now=ctx.now)
    summary = T("{what}办好了", what=own.name or "")
    ctx.record(Change("deadline.handled", summary, unit_id=post.unit_id, subject_id=own.id))
    return say(
        T("记下了：{unit}的“{what}”已办好，不再提醒。", unit=post.unit_name, what=own.name or ""),
        buttons=((Button(T("撤销"), "undo"),),),
        replace=True,
    )


@registry.undo("deadline.handled")
def unhandled(ctx: Ctx, change: Recorded) -> None:
    """It is still to be done."""
    assert change.subject_id is not None
    assert change.unit_id is not None
    fulfilments.unfulfil(ctx.tx, change.subject_id, unit_id=change.unit_id)


def _payload(own: Setting, post: Post) -> str:
    return f"handled d{own.id} u{post.unit_id}"


def _which(open_ones: Sequence[tuple[Setting, Post]], also: Sequence[tuple[Post, Commitment]] = ()) -> Reply:
    """Ask; `also`: commitments that may be meant as well."""
    rows = [
        (Button(T("{what}（{unit}）", what=own.name or "", unit=post.unit_name), _payload(own, post)),)
        for own, post in open_ones
    ]
    for post, c in also:
        words = T("第{number}项 {words}", number=c.number, words=c.words)
        rows.append((Button(words, f"progress u{post.unit_id} {c.number} 完成了"),))
    return say(T("哪一件办好了？"), buttons=tuple(rows))


def _open(ctx: Ctx, calendar: Calendar) -> list[tuple[Setting, Post]]:
    """The own matters that the person's units have not done."""
    return [(own, post) for own, post, done in _concerned(ctx, calendar) if not done]


def _concerned(ctx: Ctx, calendar: Calendar) -> list[tuple[Setting, Post, bool]]:
    """The own matters of the person's units, and whether each has been done."""
    posts = {post.unit_id: post for post in ctx.actor.posts if post.role is Role.SECRETARY}
    lines, owns = units.lines(ctx.tx, posts), calendar.own()
    done = fulfilments.fulfilled(ctx.tx, [own.id for own in owns], posts)
    return [
        (own, post, (own.id, post.unit_id) in done)
        for own in owns
        for post in posts.values()
        if own.unit_id in lines[post.unit_id]
    ]


def _fitting(open_ones: list[tuple[Setting, Post]], words: str) -> list[tuple[Setting, Post]]:
    pressed = _PRESSED.match(words)
    if pressed:
        wanted = (int(pressed[1]), int(pressed[2]))
        return [(own, post) for own, post in open_ones if (own.id, post.unit_id) == wanted]
    said = fold(words)
    fitting = [(own, post) for own, post in open_ones if said in fold(f"{own.name} {post.unit_name}")]
    meant = naming.named([own for own, _post in open_ones], words)
    return fitting or [(own, post) for own, post in open_ones if own in meant]
