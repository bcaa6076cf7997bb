"""版本: every version that was published of a round, and what anybody needs to recompute it."""

from __future__ import annotations

from bot.chat.arguments import Rest
from bot.chat.commands import Place as Where
from bot.chat.commands import Section
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, OutFile, Reply, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.rounds import evidence
from handlers.rounds.declared import RUNNING, numbered, registry
from storage import publications, rounds
from storage.rounds import State


@registry.command(
    "版本",
    ascii="versions",
    section=Section.ROUNDS,
    help=T("看一场成绩公布过的各个版本"),
    args=(Rest("words", T("场次编号"), optional=True),),
    roles=(*RUNNING, Role.SECRETARY, Role.JUDGE, Role.OFFICE_ADMINISTRATOR),
    place=Where.PRIVATE,
    examples=("版本",),
)
def versions(ctx: Ctx, words: str | None) -> Reply:
    """Every version that was published of the newest round, with who, when and why."""
    heads = rounds.published(ctx.tx, [post.unit_id for post in ctx.actor.posts], numbered(words)[0])
    if not heads:
        raise UserError(T("还没有公布过成绩。"))
    names = {c.id: c.unit_name for c in rounds.get(ctx.tx, heads[0].id).contestants}
    body: list[Block | Words] = [title(heads[0].name)]
    final = heads[0].state is State.PUBLISHED
    if not final:
        body.append(T("现在重新开放评分，改好后公布新的一版。"))
    files: list[OutFile] = []
    for one in publications.versions(ctx.tx, heads[0].id):
        body.append(
            T(
                "第{version}版，{at}，{person}公布",
                version=one.version,
                at=one.published_at,
                person=one.published_by,
            )
        )
        if one.reason:
            body.append(T("更正原因：{reason}", reason=one.reason))
        shown = [
            T("第{rank}名{unit}{score}分", rank=row["rank"], unit=names[row["contestant"]], score=row["score"])
            for row in one.ranking
            if row["named"] and row["rank"] is not None
        ]
        body.append(faint(T("{places}", places=shown)))
        files.append(evidence.attached(ctx, heads[0].name, one))
    files.append(evidence.script(ctx))
    body.append(faint(T("重算：python3 verify.py 核验包.json")))
    check = ((Button(T("核验"), f"prove r{heads[0].id}"),),) if final else ()
    return say(*body, files=tuple(files), buttons=check)
