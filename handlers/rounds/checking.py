"""核验: after publication, each judge sees that their sheets are in the tally as they gave them."""

from __future__ import annotations

import re

from bot.chat.arguments import Rest
from bot.chat.commands import Place, Section
from bot.chat.errors import UserError
from bot.chat.messages import Block, Reply, Table, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds import evidence
from handlers.rounds.declared import numbered, registry
from storage import publications, rounds, sheets
from storage.rounds import Round, State
from storage.sheets import Sheet

_PUNCTUATION = re.compile(r"[^0-9A-Z]")


@registry.command(
    "核验",
    ascii="prove",
    aliases=("核对",),
    section=Section.ROUNDS,
    help=T("公布后核对：您的评分是不是原样计入"),
    args=(Rest("words", T("回执"), optional=True),),
    roles=(Role.JUDGE,),
    place=Place.PRIVATE,
    examples=("核验",),
)
def verify(ctx: Ctx, words: str | None) -> Reply:
    """Compute the seal and the judge's receipt anew from what counts, and show the sheets themselves."""
    number, code = numbered(words)
    found = _round(ctx, number)
    sealed = evidence.seal(ctx, found)
    judge = next(judge for judge in found.judges if judge.person_id == ctx.actor.id)
    own = sheets.of_judge(ctx.tx, found.id, judge.id)
    body: list[Block | Words] = [title(T("{name}　核验", name=found.head.name))]
    rows = tuple((c.unit_name, _shown(found, own.get(c.id))) for c in found.contestants)
    body.append(Table((T("单位"), T("计入的分")), rows, "lr"))
    if sealed.root != found.head.root:
        body.append(T("✗ 评分表和封评时公布的封存码对不上，请马上联系监票人。"))
    else:
        body.append(T("✓ 评分表和封评时公布的封存码一致，没有改动。"))
    mine = sealed.receipts.get(judge.id)
    if mine and code:
        same = _plain(code) == _plain(mine)
        body.append(
            T("✓ 回执一致：上面就是您交的分。")
            if same
            else T("✗ 回执对不上：请再核对一遍输入的回执；仍不一致请联系监票人。")
        )
    elif mine:
        body.append(T("您的回执：{code}。和封评时收到的一样，就说明您的分原样计入。", code=mine))
    body.append(faint(T("谁都可以自己重算一遍：发“版本”取核验包和程序。")))
    files = [evidence.attached(ctx, found.head.name, one) for one in publications.versions(ctx.tx, found.id)[-1:]]
    return say(*body, files=tuple(files))


def _round(ctx: Ctx, number: int | None) -> Round:
    heads = rounds.judged_by(ctx.tx, ctx.actor.id, states=(State.PUBLISHED,))
    for head in reversed(heads):
        if number in (None, head.id):
            return rounds.get(ctx.tx, head.id)
    raise UserError(T("您评的场次还没有公布，公布后再核验。"))


def _shown(found: Round, sheet: Sheet | None) -> Words:
    if sheet is None:
        return T("没有打分")
    return T("弃权") if sheet.total is None else T("{total}", total=sheet.total)


def _plain(code: str) -> str:
    return _PUNCTUATION.sub("", code.upper())
