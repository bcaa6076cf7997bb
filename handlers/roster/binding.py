"""Who is behind an account: using a code, untying, and asking who one is."""

from __future__ import annotations

import math
from datetime import datetime
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, Reply, say, title
from bot.chat.people import Role, platform_words
from bot.chat.texts import Name, T, Text, Words
from handlers import Ctx
from handlers.roster.briefing import briefing
from handlers.roster.codes import pause_until, read_code
from handlers.roster.declared import (
    KEEPERS,
    agrees,
    person_called,
    posts_words,
    registry,
    roots,
)
from handlers.roster.issuing import need_own
from storage import accounts, binding, parking, people
from storage.people import Holder

#: Longer waits are told in minutes.
_SECONDS_TOLD = 120


@registry.command(
    "绑定",
    ascii="bind",
    section=Section.ROSTER,
    help=T("用绑定码告诉我您是谁"),
    args=(Rest("code", T("绑定码")),),
    strangers=True,
    place=Place.PRIVATE,
    examples=("绑定 8F3K-2274",),
)
def bind(ctx: Ctx, code: str) -> Reply:
    """Tie the account. A wrong code is answered, not raised: raising would undo the counting of tries."""
    read = read_code(code)
    if read is None:
        raise UserError(T("绑定码是8位，照着卡片发就行，例如：绑定 8F3K-2274"))
    times, last = binding.failures(ctx.tx, ctx.actor.account_id)
    until = pause_until(times, last, ctx.policy.binding)
    if until is not None and ctx.now < until:
        return say(_wait(ctx.now, until))
    if until is not None and times >= ctx.policy.binding.block_after:
        times = 0
    found = binding.find(ctx.tx, read, now=ctx.now)
    if found is not None and ctx.actor.is_bound:
        if found.used_by == ctx.actor.account_id or found.person_id == ctx.actor.person_id:
            return say(T("您已经绑定为{name}，不用再绑。", name=ctx.actor.name))
        if found.valid:
            raise UserError(T("这个账号绑定的是{name}。要换人用，请先发“解绑”。", name=ctx.actor.name))
    used = found is not None and found.valid
    if found is None or not used or not binding.use(ctx.tx, found, account_id=ctx.actor.account_id, now=ctx.now):
        return _wrong(ctx, times + 1)
    if not ctx.chat.is_group:
        parking.follow_person(ctx.tx, found.person_id, into=ctx.chat.id, now=ctx.now)
    ctx.record(Change("account.bound", T("绑定账号"), subject_id=found.person_id))
    return _welcome(ctx, found.person_id)


@registry.command(
    "启动",
    ascii="start",
    section=Section.ROSTER,
    help=T("打开机器人，链接里带着绑定码时就绑定"),
    args=(Rest("code", T("绑定码"), optional=True),),
    strangers=True,
    place=Place.PRIVATE,
    hidden=True,
    examples=("/start",),
)
def start(ctx: Ctx, code: str | None) -> Reply:
    """The first tap in a chat: with a code from a link it binds, otherwise it says what to do first."""
    if code and read_code(code) is not None:
        bound: Reply = bind(ctx, code)
        return bound
    if ctx.actor.is_bound:
        held = people.posts_of(ctx.tx, ctx.actor.id)
        steps = tuple(Button(name, name.chinese) for name in _first_steps(held))
        return say(T("{name}，您好。可以先做这些：", name=ctx.actor.name), buttons=((*steps, _HELP),))
    return say(
        title(T("您好，我是亮赛比机器人")),
        T("请先绑定身份：把组织者给您的绑定码发给我，例如：绑定 8F3K-2274"),
    )


def _wrong(ctx: Ctx, times: int) -> Reply:
    """The same answer whatever is wrong with the code, so that it tells nothing to somebody who is guessing."""
    binding.failed(ctx.tx, ctx.actor.account_id, times=times, now=ctx.now)
    until = pause_until(times, ctx.now, ctx.policy.binding)
    words = T("这个码不能用：输错了、已用过或已过期。请照着卡片再输一遍，或请组织者重发一个。")
    return say(words, *([] if until is None else [_wait(ctx.now, until)]))


def _wait(now: datetime, until: datetime) -> Text:
    seconds = math.ceil((until - now).total_seconds())
    if seconds <= _SECONDS_TOLD:
        return T("为防乱试，请{seconds}秒后再输。", seconds=seconds)
    return T("为防乱试，请{minutes}分钟后再输。", minutes=math.ceil(seconds / 60))


def _welcome(ctx: Ctx, person_id: int) -> Reply:
    """Who somebody is now, how their unit stands, and what they can do first."""
    person = people.get(ctx.tx, person_id)
    if person.language is None and ctx.actor.language is not None:
        accounts.speak_person(ctx.tx, person_id, ctx.actor.language)
    held = people.posts_of(ctx.tx, person_id)
    body: list[Block | Words] = [title(T("{name}，您好，绑定好了", name=person.name))]
    body.append(T("您的职务：{posts}", posts=posts_words(held)) if held else T("您目前没有职务。"))
    for holder in held:
        if holder.role is Role.SECRETARY:
            body += briefing(ctx, holder.unit_id)
    steps = _first_steps(held)
    if steps:
        body.append(T("可以先做这些："))
    return say(*body, buttons=((*(Button(name, name.chinese) for name in steps), _HELP),))


_HELP = Button(Name("帮助", "/help"), "帮助")
_STEPS: dict[Role, tuple[Name, ...]] = {
    Role.ORGANIZER: (Name("名册", "/roster"), Name("汇总", "/summary")),
    Role.OFFICE_ADMINISTRATOR: (Name("审核", "/examine"), Name("未报", "/missing")),
    Role.SECRETARY: (Name("我的承诺", "/my_commitments"), Name("承诺", "/promise")),
}


def _first_steps(held: list[Holder]) -> tuple[Name, ...]:
    """The commands for the first of the roles that has something to do from the start."""
    roles = {holder.role for holder in held}
    return next((steps for role, steps in _STEPS.items() if role in roles), ())


@registry.command(
    "解绑",
    ascii="unbind",
    section=Section.ROSTER,
    help=T("解除本账号的绑定；组织者可写姓名"),
    args=(Rest("name", T("姓名"), optional=True),),
    place=Place.PRIVATE,
    examples=("解绑",),
)
def unbind(ctx: Ctx, name: str | None) -> Reply:
    """Ask first; then the account is a stranger's again."""
    if name is None or name == ctx.actor.name:
        ctx.ask("roster.unbind", person=None)
        question = T("解绑后，这个账号就不能再代表{name}说话了。确定吗？", name=ctx.actor.name)
    else:
        held = _other(ctx, name)
        count = len(binding.accounts_of(ctx.tx, held[0].person_id))
        if not count:
            raise UserError(T("{name}没有绑定账号。", name=held[0].name))
        ctx.ask("roster.unbind", person=held[0].person_id)
        question = T(
            "{name}（{posts}）绑定了{count}个账号，全部解绑吗？",
            name=held[0].name,
            posts=posts_words(held),
            count=count,
        )
    return say(question, buttons=((ctx.choice(T("解绑"), "yes"), Button(T("取消"), "取消")),))


def _other(ctx: Ctx, name: str) -> list[Holder]:
    """The posts of somebody whose accounts the actor may untie. Raises UserError."""
    if not ctx.actor.has(*KEEPERS):
        raise UserError(T("只能解绑自己的账号：请发“解绑”。"))
    held = person_called(ctx, name, again=lambda which: f"unbind {which}")
    need_own(binding.standings(ctx.tx, roots(ctx), now=ctx.now), held)
    return held


@registry.dialogue("roster.unbind")
def unbind_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Untie; what is waiting for others of the roster is checked again."""
    if not agrees(said.folded, "解绑", "unbind"):
        raise UserError(T("要解绑就点“解绑”，不解就发“取消”。"))
    if data["person"] is None:
        binding.untie(ctx.tx, ctx.actor.account_id)
        ctx.record(Change("account.untied", T("解绑账号"), subject_id=ctx.actor.id))
        return say(T("已解绑。要再用时，请组织者发一个新的绑定码。"), replace=True)
    held = _other(ctx, f"p{data['person']}")
    binding.untie_person(ctx.tx, data["person"])
    summary = T("解绑{name}的账号", name=held[0].name)
    ctx.record(Change("account.untied", summary, subject_id=data["person"]))
    return say(
        T("{name}的账号已全部解绑。", name=held[0].name),
        buttons=((Button(T("发绑定码"), f"codes p{data['person']}"),),),
        replace=True,
    )


@registry.command(
    "我是谁",
    ascii="whoami",
    aliases=("身份", "我的身份"),
    section=Section.ROSTER,
    help=T("您绑定的身份和职务"),
    place=Place.PRIVATE,
    examples=("我是谁",),
)
def who_am_i(ctx: Ctx) -> Reply:
    """Name, posts, accounts."""
    held = people.posts_of(ctx.tx, ctx.actor.id)
    tied = binding.accounts_of(ctx.tx, ctx.actor.id)
    names = [T("{platform}", platform=platform_words(one.platform)) for one in tied]
    pairs: list[tuple[Words, Words]] = [
        (T("姓名"), ctx.actor.name),
        (T("职务"), posts_words(held) if held else T("目前没有职务")),
        (T("绑定账号"), T("{names}", names=names)),
    ]
    return say(Fields(tuple(pairs)))
