"""通报: words with pictures and files, to whom, a look at how it will appear, and then it goes."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.caution import caution
from bot.chat.commands import Place, Section
from bot.chat.context import Said
from bot.chat.errors import UserError
from bot.chat.grammar.folding import fold
from bot.chat.messages import Attachment, Block, Fields, Line, Reply, faint, quote, say, title
from bot.chat.people import ROLE_WORDS, Role, platform_words
from bot.chat.texts import TN, T, Words
from handlers import Ctx
from handlers.announcements import draft as drafting
from handlers.announcements import following
from handlers.announcements.declared import SENDERS, registry
from handlers.announcements.draft import CIRCLES, Draft
from handlers.announcements.when import moment_at_the_head
from storage import accounts, announcements, people, units
from storage.units import OFFICE

_PREVIEW, _CHOOSE, _WHEN = "announcements.preview", "announcements.choose", "announcements.when"
_YES = frozenset({"发送", "发", "发出", "确定", "确认", "是", "好", "好的", "可以", "send", "yes", "ok"})
_MOST_DAYS_AHEAD = 60
_LONGEST, _MOST_FILES, _NAMES_SHOWN = 6000, 9, 12


@registry.command(
    "通报",
    ascii="bulletin",
    aliases=("发通报", "群发", "通知"),
    section=Section.ANNOUNCEMENTS,
    help=T("给各群和各人发通报：可配照片和文件，先预览再发，可定时，没发出的能收回"),
    args=(Rest("words", T("通报内容"), optional=True),),
    roles=SENDERS,
    place=Place.PRIVATE,
    examples=("通报 各支部：请于周五前核对承诺进度。", "通报 明天9点 各支部：请于周五前核对承诺进度。"),
)
def announce(ctx: Ctx, words: str | None) -> Reply:
    """Begin with the words, or ask for them; without, show what was announced lately."""
    files = _files(ctx.said.attachments)
    if not (words or "").strip() and not files:
        return following.lately(ctx)
    text, at = _split_off_time(ctx, (words or "").strip())
    offices = [unit.id for unit in drafting.with_groups(ctx) if unit.kind == OFFICE]
    return _preview(ctx, Draft(words=text, files=files, groups=offices, at=at))


def _split_off_time(ctx: Ctx, words: str) -> tuple[str, str | None]:
    found = moment_at_the_head(fold(words), now=ctx.now, zone=ctx.zone)
    if found is None or not words[found.end :].strip():
        return words, None
    return words[found.end :].strip(), _not_past(ctx, found.at).isoformat()


def _not_past(ctx: Ctx, at: datetime) -> datetime:
    if at <= ctx.now:
        raise UserError(T("{at}已经过了。请写一个以后的时间，例如：明天9点", at=at))
    if at > ctx.now + timedelta(days=_MOST_DAYS_AHEAD):
        raise UserError(T("{at}太远了，最多提前{days}天定时。", at=at.date(), days=_MOST_DAYS_AHEAD))
    return at


def _files(attachments: tuple[Attachment, ...]) -> list[list[str]]:
    return [[file.key, file.name, file.mime] for file in attachments[:_MOST_FILES]]


# --- the look before it goes ----------------------------------------------------------------------------------


def _preview(ctx: Ctx, draft: Draft) -> Reply:
    """How it will look, to whom it goes, what gives pause; then it waits for a yes."""
    if len(draft.words) > _LONGEST:
        raise UserError(T("太长了，{count}个字以内最好。长的材料请作为文件附上。", count=_LONGEST))
    ctx.ask(_PREVIEW, draft=draft.to_data())
    shown = drafting.message(ctx, draft)
    ready = bool(draft.groups or draft.circles or draft.people) and bool(draft.words or draft.files)
    body: list[Block | Words] = [title(T("请看一眼，没问题再发送")), *_as_sent(shown)]
    body.append(Fields(tuple(_facts(ctx, draft))))
    body += _elsewhere(ctx, shown, draft)
    if (warning := caution(draft.words)) is not None:
        body.append(warning)
    send = ctx.choice(T("定时发送") if draft.at else T("发送"), "send")
    first = (send,) if ready else ()
    when = ctx.choice(T("现在就发"), "now") if draft.at else ctx.choice(T("定时"), "when")
    asks = ctx.choice(T("不要回执"), "noask") if draft.asks else ctx.choice(T("请大家点收到"), "ask")
    rows = ((*first, ctx.choice(T("选对象"), "whom")), (when, asks), (ctx.choice(T("不发了"), "cancel"),))
    return say(*body, files=draft.out_files, buttons=rows, replace=not draft.files)


def _as_sent(shown: Reply) -> list[Block]:
    return [quote(line.words) for line in shown.body if isinstance(line, Line)]


def _facts(ctx: Ctx, draft: Draft) -> list[tuple[Words, Words]]:
    facts: list[tuple[Words, Words]] = [(T("发到"), _to_whom(ctx, draft))]
    if draft.files:
        facts.append((T("附件"), TN("{count} 个", "{count} 个", len(draft.files))))
    moment = draft.moment
    facts.append((T("发出时间"), T("{at}", at=moment) if moment else T("马上")))
    if draft.asks:
        facts.append((T("要回执"), T("请大家点“收到”")))
    return facts


def _to_whom(ctx: Ctx, draft: Draft) -> Words:
    names: list[Any] = [unit.name for unit in drafting.with_groups(ctx) if unit.id in draft.groups]
    groups = T("{names}的群（{count}个）", names=names[:_NAMES_SHOWN], count=len(names)) if names else None
    persons = list(drafting.everybody(ctx, draft).values())
    alone = T("{names}（{count}人，私聊）", names=persons[:_NAMES_SHOWN], count=len(persons)) if persons else None
    both = [part for part in (groups, alone) if part is not None]
    return T("{parts}", parts=both) if both else T("还没有选，点“选对象”")


def _elsewhere(ctx: Ctx, shown: Reply, draft: Draft) -> list[Block | Words]:
    """What becomes of it on platforms where it will not look as it does here."""
    persons = accounts.reach_people(ctx.tx, drafting.everybody(ctx, draft), now=ctx.now)
    groups = accounts.reach_groups(ctx.tx, draft.groups)
    reached = [*persons.values(), *(group for bound in groups.values() for group in bound)]
    said: list[Block | Words] = []
    for ref in accounts.samples(ctx.tx, [one.chat_id for one in reached]):
        texts = ctx.looks(shown, ref)
        if len(texts) > 1:
            said.append(
                T("在{platform}上分{count}条发出：", platform=platform_words(ref.platform), count=len(texts))
            )
            said += [quote(text) for text in texts]
    return said


@registry.dialogue(_PREVIEW)
def previewed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Send, choose, set the time, ask for receipts, add files, or other words."""
    draft = Draft(**data["draft"])
    answer = said.folded.strip().casefold()
    if said.attachments:
        return _preview(ctx, replace(draft, files=[*draft.files, *_files(said.attachments)][:_MOST_FILES]))
    if answer in _YES:
        return _send(ctx, draft)
    match answer:
        case "whom" | "选对象":
            return _choices(ctx, draft)
        case "when" | "定时":
            ctx.ask(_WHEN, draft=draft.to_data())
            return say(T("什么时候发？例如：明天9点、11月30日下午3点"))
        case "now" | "现在就发":
            return _preview(ctx, replace(draft, at=None))
        case "ask" | "noask":
            return _preview(ctx, replace(draft, asks=answer == "ask"))
        case "cancel" | "不发了" | "不发" | "取消" | "no":
            return say(T("好的，没有发出。"), replace=True)
    moment = moment_at_the_head(said.folded + " ", now=ctx.now, zone=ctx.zone)
    if moment is not None and moment.end >= len(said.folded.rstrip()):
        return _preview(ctx, replace(draft, at=_not_past(ctx, moment.at).isoformat()))
    ctx.ask(_PREVIEW, draft=draft.to_data())
    raise UserError(T("还没发。要发请点“发送”；要换内容请重新发“通报 …”；不发请点“不发了”。"))


@registry.dialogue(_WHEN)
def timed(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """The time at which it goes."""
    draft = Draft(**data["draft"])
    moment = moment_at_the_head(said.folded + " ", now=ctx.now, zone=ctx.zone)
    if moment is None:
        ctx.ask(_WHEN, draft=data["draft"])
        return say(T("没看懂时间。请这样写：明天9点、11月30日下午3点半"))
    return _preview(ctx, replace(draft, at=_not_past(ctx, moment.at).isoformat()))


# --- to whom --------------------------------------------------------------------------------------------------


def _choices(ctx: Ctx, draft: Draft) -> Reply:
    ctx.ask(_CHOOSE, draft=draft.to_data())
    groups = [
        ctx.choice(_marked(unit.name, unit.id in draft.groups), f"g{unit.id}")
        for unit in drafting.with_groups(ctx)
    ][:30]
    circles = [ctx.choice(_marked(ROLE_WORDS[role], role in draft.circles), f"r{role.value}") for role in CIRCLES]
    rows = [tuple(groups[at : at + 2]) for at in range(0, len(groups), 2)]
    rows += [tuple(circles), (ctx.choice(T("选好了"), "done"),)]
    return say(
        title(T("发给谁？点一下选上，再点一下不选")),
        Fields(((T("发到"), _to_whom(ctx, draft)),)),
        faint(T("也可以直接发单位名或人名，例如：大里村、王芳。")),
        buttons=tuple(rows),
        replace=True,
    )


def _marked(name: Words, chosen: bool) -> Words:
    return T("✓ {name}", name=name) if chosen else name


@registry.dialogue(_CHOOSE)
def chosen(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """One more, or one less; or done."""
    draft = Draft(**data["draft"])
    answer = said.folded.strip()
    if answer in ("done", "选好了", "好了", "完成"):
        return _preview(ctx, draft)
    if answer[:1] == "g" and answer[1:].isdecimal():
        known = {unit.id for unit in drafting.with_groups(ctx)}
        return _choices(ctx, replace(draft, groups=_toggled(draft.groups, int(answer[1:]), known)))
    if answer[:1] == "r" and answer[1:] in {role.value for role in CIRCLES}:
        return _choices(ctx, replace(draft, circles=_toggled(draft.circles, Role(answer[1:]).value, None)))
    return _choices(ctx, _named(ctx, draft, answer))


def _toggled(chosen: list[Any], one: Any, known: set[Any] | None) -> list[Any]:
    if one in chosen:
        return [other for other in chosen if other != one]
    return [*chosen, one] if known is None or one in known else chosen


def _named(ctx: Ctx, draft: Draft, name: str) -> Draft:
    """Somebody or some unit by name."""
    roots = drafting.roots(ctx)
    with_groups = {unit.id for unit in drafting.with_groups(ctx)}
    found = [unit.id for unit in units.by_name(ctx.tx, name, roots=roots)]
    groups = [unit for unit in found if unit in with_groups]
    if groups:
        return replace(draft, groups=_toggled(draft.groups, groups[0], None))
    persons = [person.id for person in people.called(ctx.tx, name, roots=roots)]
    if len(persons) == 1:
        return replace(draft, people=_toggled(draft.people, persons[0], None))
    ctx.ask(_CHOOSE, draft=draft.to_data())
    if found:
        raise UserError(T("{name}还没有绑定的群。可以改选它的书记：直接发书记的姓名。", name=name))
    if persons:
        raise UserError(T("有{count}个人叫{name}，请点按钮按身份选。", count=len(persons), name=name))
    raise UserError(T("没找到“{name}”。请点按钮，或发单位名、人名；选好了请点“选好了”。", name=name))


# --- off it goes ----------------------------------------------------------------------------------------------


def _send(ctx: Ctx, draft: Draft) -> Reply:
    persons = drafting.everybody(ctx, draft)
    if not (draft.groups or persons):
        ctx.ask(_PREVIEW, draft=draft.to_data())
        raise UserError(T("还没有选发给谁，请点“选对象”。"))
    at = draft.moment
    if at is not None and at <= ctx.now:
        at = None
    reachable = ctx.reach(persons) | set(accounts.reach_people(ctx.tx, persons, now=ctx.now))
    bound = accounts.reach_groups(ctx.tx, draft.groups)
    number = announcements.add(
        ctx.tx,
        by=ctx.actor.id,
        chat_id=ctx.chat.id,
        words=draft.words,
        files=draft.files,
        asks=draft.asks,
        at=at or ctx.now,
        unreachable=[name for person, name in persons.items() if person not in reachable],
        now=ctx.now,
    )
    shown = drafting.message(ctx, draft, number=number)
    for to in drafting.addressed(replace(draft, groups=sorted(bound)), sorted(reachable)):
        ctx.post(replace(shown, to=to, key=f"announcement{number}", at=at, announcement=number))
    total = len(reachable) + sum(len(groups) for groups in bound.values())
    return following.first_report(ctx, number, total, at)
