"""Who is meant by a name that is to get a post: somebody of the roster, or somebody new. It is never guessed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from bot.chat.errors import UserError
from bot.chat.messages import Button, Reply, say
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.roster.declared import posts_words, roots
from handlers.roster.vocabulary import clean, mobile_of
from storage import binding, people
from storage.people import Person

_LONGEST_NAME = 80
NEW = "new"


@dataclass(frozen=True, slots=True)
class Named:
    """A name as it was said, with the mobile number if one was."""

    name: str
    mobile: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """Who that may be: `sure` when there is no doubt (None: somebody new), else one of `known` or somebody new."""

    known: tuple[Person, ...] = ()
    sure: bool = True


def read(words: str) -> Named:
    """A name and perhaps a mobile number after it. Raises UserError."""
    *before, last = words.split() or [""]
    mobile = mobile_of(last)
    if mobile is None and before and any(character.isdigit() for character in last):
        raise UserError(T("“{mobile}”不像手机号，请改好再发，或不写手机。", mobile=last))
    name = clean(" ".join(before if mobile else [*before, last]))
    if not name or len(name) > _LONGEST_NAME:
        raise UserError(T("没看出姓名。请这样写：姓名，空一格，再写手机（可以不写）。"))
    return Named(name, mobile)


def choices(ctx: Ctx, named: Named) -> Choices:
    """The people of the roster who may be meant.

    A mobile number that is known under another name is refused: whoever holds the account that belongs to it
    would get the post.
    """
    if named.mobile:
        same = people.by_mobile(ctx.tx, named.mobile)
        if same:
            fits = [person for person in same if person.name == named.name]
            if not fits:
                raise UserError(T("这个手机在名册里不是{name}的，请核对号码。", name=named.name))
            return Choices(tuple(fits), sure=len(fits) == 1)
    known = [
        person
        for person in people.called(ctx.tx, named.name, roots=roots(ctx))
        if not (named.mobile and person.mobile)
    ]
    return Choices(tuple(known), sure=not known)


def ask(ctx: Ctx, kind: str, named: Named, found: Choices, **data: Any) -> Reply:
    """Ask which of them is meant; the answer goes to the dialogue `kind` with `data`, name and mobile."""
    ctx.ask(kind, name=named.name, mobile=named.mobile, known=[person.id for person in found.known], **data)
    rows = [(ctx.choice(_described(ctx, person), f"p{person.id}"),) for person in found.known]
    return say(
        T("名册里已经有叫{name}的，是同一个人吗？", name=named.name),
        buttons=(*rows, (ctx.choice(T("不是，另一位{name}", name=named.name), NEW),), (_CANCEL,)),
    )


_CANCEL = Button(T("取消"), "取消")


def _described(ctx: Ctx, person: Person) -> Words:
    held = people.held_below(ctx.tx, roots(ctx), person_id=person.id)
    if held:
        return T("是{name}（{posts}）", name=person.name, posts=posts_words(held))
    return T("是{name}（以前任过职）", name=person.name)


def answered(data: dict[str, Any], answer: str) -> int | None:
    """The person who was chosen; None for somebody new. Raises UserError for any other answer."""
    said = answer.strip().casefold()
    if said == NEW or said in ("不是", "新的", "另一位"):
        return None
    known: list[int] = data["known"]
    if len(known) == 1 and said in ("是", "是的", "同一个人", "yes"):
        return known[0]
    if said.startswith("p") and said[1:].isascii() and said[1:].isdigit() and int(said[1:]) in known:
        return int(said[1:])
    raise UserError(T("请点按钮选一位，不办了就发“取消”。"))


def enter(ctx: Ctx, person_id: int | None, named: Named) -> int:
    """The person's number; somebody new is entered, and a mobile number that was not known is added."""
    if person_id is None:
        return people.add(ctx.tx, name=named.name, mobile=named.mobile, now=ctx.now)
    if named.mobile and people.get(ctx.tx, person_id).mobile is None:
        people.set_mobile(ctx.tx, person_id, named.mobile)
    return person_id


def strike(ctx: Ctx, person_id: int) -> None:
    """Take somebody off the roster who was entered by a step that is taken back, unless already bound."""
    if not binding.accounts_of(ctx.tx, person_id) and not people.posts_of(ctx.tx, person_id):
        binding.void(ctx.tx, [person_id], now=ctx.now)
        people.end(ctx.tx, person_id, now=ctx.now)


def code_button(ctx: Ctx, person_id: int) -> tuple[tuple[Button, ...], ...]:
    """Offer a binding code for somebody who has no account and for whom the actor may issue one."""
    standing = binding.standings(ctx.tx, roots(ctx), now=ctx.now).get(person_id)
    if standing is None or standing.bound or standing.elsewhere:
        return ()
    return ((Button(T("发绑定码"), f"codes p{person_id}"),),)
