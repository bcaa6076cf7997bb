"""Who is behind an account: issuing codes, using one, untying, and asking who one is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, OutFile, Reply, Table, faint, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import Name, T, Words
from handlers import Ctx
from handlers.commitments.briefing import briefing
from handlers.roster.codes import new_code, pause_until, read_code
from handlers.roster.declared import KEEPERS, person_called, registry, roots, unit_called
from handlers.roster.printable import Card, page
from storage import accounts, binding, people
from storage.people import Holder

#: In chat so many codes are listed; the printable page has them all.
_LISTED = 20
_YES = {"yes", "是", "好", "好的", "确认", "确定", "解绑", "ok"}


@registry.command(
    "绑定码",
    ascii="codes",
    section=Section.ROSTER,
    help=T("发一次性绑定码：全部、一个办事处、一个单位或一个人"),
    args=(Rest("whom", T("单位或姓名"), optional=True),),
    roles=KEEPERS,
    place=Place.PRIVATE,
    examples=("绑定码 王芳", "绑定码"),
)
def issue_codes(ctx: Ctx, whom: str | None) -> Reply:
    """Fresh codes for those who have no account yet, or for whoever is named."""
    holders = _whom(ctx, whom)
    if not holders:
        return say(T("名册里的人都已绑定。要给某个人重发，请写姓名，例如：绑定码 王芳"))
    posts = _posts_of(holders)
    names = {holder.person_id: holder.name for holder in holders}
    codes = {person: new_code() for person in names}
    days = ctx.policy.binding.code_days
    binding.issue(ctx.tx, codes, issued_by=ctx.actor.id, now=ctx.now, expires_at=ctx.now + timedelta(days=days))
    cards = [Card(names[p], ctx.show(T("{posts}", posts=posts[p])), code) for p, code in codes.items()]
    file = ctx.files.put(page(T("亮赛比绑定码"), cards, ctx.show))
    listed = cards[:_LISTED]
    body: list[Block | Words] = [
        title(T("{count}个绑定码，{days}天内有效，用一次就失效", count=len(cards), days=days)),
        Table((T("姓名"), T("绑定码"), T("职务")), tuple((c.name, c.code, c.posts) for c in listed)),
    ]
    if len(cards) > len(listed):
        body.append(faint(T("还有{count}个，见可打印的页面。", count=len(cards) - len(listed))))
    body.append(faint(T("请本人私聊机器人发：绑定 加上自己的码。重发后旧码作废。")))
    name = ctx.show(T("绑定码.html"))
    return say(*body, files=(OutFile(file, name, "text/html"),))


def _whom(ctx: Ctx, whom: str | None) -> list[Holder]:
    """The posts of those who get a code; without a name, of those who have no account."""
    if whom is None:
        everybody = people.posts_below(ctx.tx, roots(ctx))
        tied = accounts.bound_people(ctx.tx, [holder.person_id for holder in everybody])
        return [holder for holder in everybody if holder.person_id not in tied]
    everybody = people.posts_below(ctx.tx, roots(ctx))
    if any(holder.name == whom for holder in everybody):
        return person_called(ctx, whom)
    return people.posts_below(ctx.tx, [unit_called(ctx, whom).id])


def _posts_of(holders: Sequence[Holder]) -> dict[int, list[Words]]:
    found: dict[int, list[Words]] = {}
    for holder in holders:
        words = T("{unit} {role}", unit=holder.unit_name, role=ROLE_WORDS[holder.role])
        found.setdefault(holder.person_id, []).append(words)
    return found


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
    """Tie the account. Wrong codes are answered, not raised: their count must be kept."""
    if ctx.actor.is_bound:
        return say(
            T("您已经绑定为{name}，不用再绑。换人使用请先发“解绑”。", name=ctx.actor.name),
        )
    times, last = binding.failures(ctx.tx, ctx.actor.account_id)
    until = pause_until(times, last, ctx.policy.binding)
    if until is not None and ctx.now < until:
        return _wait((until - ctx.now).total_seconds())
    if until is not None and times >= ctx.policy.binding.block_after:
        times = 0
    read = read_code(code)
    found = binding.find(ctx.tx, read, now=ctx.now) if read else None
    if found is None or not found.valid:
        binding.failed(ctx.tx, ctx.actor.account_id, times=times + 1, now=ctx.now)
        return _wrong(ctx, times + 1)
    binding.use(ctx.tx, found, account_id=ctx.actor.account_id, now=ctx.now)
    ctx.record(Change("account.bound", T("绑定账号"), subject_id=ctx.actor.account_id))
    return welcome(ctx, found.person_id)


def _wait(seconds: float) -> Reply:
    if seconds > 120:
        return say(
            T("输错次数太多，请{minutes}分钟后再试，或请组织者重发一个码。", minutes=math.ceil(seconds / 60))
        )
    return say(T("请{seconds}秒后再试。", seconds=math.ceil(seconds)))


def _wrong(ctx: Ctx, times: int) -> Reply:
    rules = ctx.policy.binding
    if times >= rules.block_after:
        return _wait(rules.block_minutes * 60)
    return say(
        T("这个码不对，或已用过、已过期。请照着卡片再输一遍，例如：绑定 8F3K-2274"),
        faint(T("还是不行的话，请组织者重发一个。")),
    )


def welcome(ctx: Ctx, person_id: int) -> Reply:
    """Who somebody is now, what needs them, and what they can do first."""
    person = people.get(ctx.tx, person_id)
    held = people.posts_of(ctx.tx, person_id)
    posts = [T("{unit} {role}", unit=h.unit_name, role=ROLE_WORDS[h.role]) for h in held]
    body: list[Block | Words] = [title(T("{name}，您好，绑定好了", name=person.name))]
    if posts:
        body.append(T("您的职务：{posts}", posts=posts))
    for holder in held:
        if holder.role is Role.SECRETARY:
            body += briefing(ctx.tx, holder.unit_id, today=ctx.today, policy=ctx.policy)
    return say(*body, buttons=(_first_steps({holder.role for holder in held}),))


def _first_steps(roles: set[Role]) -> tuple[Button, ...]:
    names: tuple[Name, ...]
    if Role.ORGANIZER in roles:
        names = (Name("汇总", "/summary"), Name("活动", "/round"))
    elif Role.OFFICE_ADMINISTRATOR in roles:
        names = (Name("审核", "/examine"), Name("未报", "/missing"))
    elif Role.SECRETARY in roles:
        names = (Name("我的承诺", "/my_commitments"), Name("承诺", "/promise"))
    else:
        names = ()
    return tuple(Button(name, name.chinese) for name in (*names, Name("帮助", "/help")))


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
    if name is None:
        ctx.ask("roster.unbind", person=None)
        question: Words = T("解绑后，这个账号就不能再代表{name}说话了。确定吗？", name=ctx.actor.name)
    else:
        if not ctx.actor.has(*KEEPERS):
            raise UserError(T("只能解绑自己的账号：请发“解绑”。"))
        person_id = person_called(ctx, name)[0].person_id
        ctx.ask("roster.unbind", person=person_id, name=name)
        count = len(binding.accounts_of(ctx.tx, person_id))
        question = T("{name}绑定了{count}个账号，全部解绑吗？", name=name, count=count)
    return say(question, buttons=((ctx.choice(T("解绑"), "yes"), Button(T("取消"), "取消")),))


@registry.dialogue("roster.unbind")
def unbind_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Untie."""
    if said.folded.strip().casefold() not in _YES:
        raise UserError(T("确定解绑就点“解绑”，不解绑就发“取消”。"))
    if data["person"] is None:
        binding.untie(ctx.tx, ctx.actor.account_id)
        return say(T("已解绑。要再用时，请组织者发一个新的绑定码。"), replace=True)
    binding.untie_person(ctx.tx, data["person"])
    return say(T("{name}的账号已全部解绑。", name=data["name"]), replace=True)


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
    posts = [T("{unit} {role}", unit=p.unit_name, role=ROLE_WORDS[p.role]) for p in ctx.actor.posts]
    count = len(binding.accounts_of(ctx.tx, ctx.actor.id))
    pairs: list[tuple[Words, Words]] = [(T("姓名"), ctx.actor.name)]
    pairs.append((T("职务"), T("{posts}", posts=posts) if posts else T("目前没有职务")))
    pairs.append((T("绑定账号"), T("{count}个", count=count)))
    return say(Fields(tuple(pairs)))
