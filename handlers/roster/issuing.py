"""绑定码: one-time codes for those who have no account yet, or for whoever is named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, OutFile, Reply, Table, faint, say, title
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.roster.codes import new_code
from handlers.roster.declared import (
    KEEPERS,
    buttons,
    people_called,
    person_called,
    posts_words,
    registry,
    roots,
    unit_called,
    unknown_person,
)
from handlers.roster.printable import Card, page
from handlers.roster.workbook import MIME, codes_file
from storage import binding, people, units
from storage.binding import Standing
from storage.people import Holder
from storage.units import OFFICE

#: In chat so many codes are listed; the files have them all.
_LISTED = 20
_EVERYBODY = ("全部", "所有", "所有人", "all")
_AGAIN = ("重发", "again")


@dataclass(frozen=True, slots=True)
class Wish:
    """Who is to get a code. `what` is the unit or person as said; `again`: also where one waits to be used."""

    what: str
    again: bool


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
    """Fresh codes for those who have no account and no valid code yet, or for the one person who is named."""
    wish = _wish(whom or "")
    standings = binding.standings(ctx.tx, roots(ctx), now=ctx.now)
    if wish.what:
        named = people_called(ctx, wish.what)
        if named:
            return _for_one(ctx, wish.what, standings)
    return _for_many(ctx, wish, standings)


def _wish(said: str) -> Wish:
    words = said.split()
    again = bool(words) and words[-1] in _AGAIN
    kept = [word for word in (words[:-1] if again else words) if word not in _EVERYBODY]
    return Wish(" ".join(kept), again)


def _for_one(ctx: Ctx, name: str, standings: dict[int, Standing]) -> Reply:
    """A code for somebody by name, also when an account is tied already: people have several platforms."""
    held = person_called(ctx, name, again=lambda which: f"codes {which}")
    need_own(standings, held)
    before = standings[held[0].person_id]
    notes: list[Words] = []
    if before.has_code:
        notes.append(T("原来没用的码已作废。"))
    if before.bound:
        notes.append(T("{name}已绑定过账号，这个码可以再绑一个。", name=held[0].name))
    return _issued(ctx, {held[0].person_id: held}, notes)


def need_own(standings: dict[int, Standing], held: Sequence[Holder]) -> None:
    """Raises UserError for somebody who also holds a post elsewhere.

    Whoever could tie an account of theirs to that person would speak for the other post as well.
    """
    if standings[held[0].person_id].elsewhere:
        raise UserError(T("{name}在您管理的范围之外还有职务，请组织者办理。", name=held[0].name))


def _for_many(ctx: Ctx, wish: Wish, standings: dict[int, Standing]) -> Reply:
    held = people.posts_below(ctx.tx, _within(ctx, wish.what))
    found: dict[int, list[Holder]] = {}
    for holder in held:
        standing = standings[holder.person_id]
        if not standing.bound and not standing.elsewhere:
            found.setdefault(holder.person_id, []).append(holder)
    waiting = {person for person in found if standings[person].has_code}
    fresh = found if wish.again else {p: posts for p, posts in found.items() if p not in waiting}
    left = len(found) - len(fresh)
    once_more = buttons([(T("作废旧码，重发给这{count}人", count=left), f"codes {wish.what} again")])
    if fresh:
        notes = [T("另有{count}人的码还没用、没过期，这次没有重发。", count=left)] if left else []
        return _issued(ctx, fresh, notes, once_more if left else ())
    if left:
        return say(T("没绑定的{count}人手里都有没用过的码。", count=left), buttons=once_more)
    return say(T("都已绑定。要给某个人再发一个，请写姓名，例如：绑定码 王芳"))


def _within(ctx: Ctx, what: str) -> Sequence[int]:
    if not what:
        return roots(ctx)
    try:
        return [unit_called(ctx, what, again=lambda which: f"codes {which}").id]
    except UserError as error:
        # It may as well have been a person's name.
        person = unknown_person(ctx, what, lambda which: f"codes {which}")
        words = person.words if person.buttons and not error.buttons else error.words
        raise UserError(words, buttons=error.buttons + person.buttons) from error


def _issued(
    ctx: Ctx,
    found: dict[int, list[Holder]],
    notes: Sequence[Words],
    more: tuple[tuple[Button, ...], ...] = (),
) -> Reply:
    """Issue, and answer with the list, the page to print and the spreadsheet."""
    days = ctx.policy.binding.code_days
    expires = ctx.now + timedelta(days=days)
    codes = draw(ctx, list(found), expires)
    cards = _cards(ctx, found, codes, expires)
    listed = cards[:_LISTED]
    rows = tuple((card.name, card.code, card.posts) for card in listed)
    body: list[Block | Words] = [
        title(T("{count}个绑定码，{days}天内有效，用一次就失效", count=len(cards), days=days)),
        Table((T("姓名"), T("绑定码"), T("职务")), rows),
    ]
    if len(cards) > len(listed):
        body.append(faint(T("还有{count}个，见文件。", count=len(cards) - len(listed))))
    body += [faint(note) for note in notes]
    body.append(faint(T("请本人私聊我发：绑定 加上自己的码。卡片可打印剪开，请逐人当面给，不要发到群里。")))
    heading = T("亮赛比绑定码")
    files = (
        OutFile(ctx.files.put(page(heading, cards, ctx.show)), ctx.show(T("绑定码.html")), "text/html"),
        OutFile(ctx.files.put(codes_file(cards, ctx.show)), ctx.show(T("绑定码.xlsx")), MIME),
    )
    return say(*body, files=files, buttons=more)


def draw(ctx: Ctx, person_ids: Sequence[int], expires: datetime) -> dict[int, str]:
    """A fresh code for each; what they had unused before is void."""
    codes: dict[int, str] = {}
    left = list(person_ids)
    while left:
        drawn = {person: new_code() for person in left}
        codes |= drawn
        left = binding.issue(ctx.tx, drawn, issued_by=ctx.actor.id, now=ctx.now, expires_at=expires)
    return codes


def _cards(ctx: Ctx, found: dict[int, list[Holder]], codes: dict[int, str], expires: datetime) -> list[Card]:
    """The cards office by office, as they are handed out."""
    known = {unit.id: unit for unit in units.subtree(ctx.tx, roots(ctx))}
    order = {unit: position for position, unit in enumerate(known)}

    def office(unit_id: int) -> int | None:
        above: int | None = unit_id
        while above in known and known[above].kind != OFFICE:
            above = known[above].parent_id
        return above if above in known else None

    cards = []
    for person, held in found.items():
        under = office(held[0].unit_id)
        place = (-1 if under is None else order[under], order[held[0].unit_id], person)
        group = known[under].name if under is not None else ""
        posts = ctx.show(posts_words(held))
        mobile = held[0].mobile or ""
        code = codes[person]
        card = Card(held[0].name, posts, code, expires, group, mobile, ctx.bind_link(code))
        cards.append((place, card))
    return [card for _place, card in sorted(cards, key=lambda entry: entry[0])]
