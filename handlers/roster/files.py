"""名册 by chat: its counts and its file, the template, and importing a file that somebody sends."""

from __future__ import annotations

from typing import Any

from bot.chat.arguments import Choice
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Fields, OutFile, Reply, faint, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Words
from handlers import Ctx
from handlers.roster import importing, sheets, workbook
from handlers.roster.declared import KEEPERS, registry, roots
from handlers.roster.describing import describe
from handlers.roster.vocabulary import KIND_WORDS
from storage import people, roster, units

#: So many lines of each list of a plan are shown in chat.
_SHOWN = 8
_YES = {"yes", "导入", "确认", "是", "好", "ok"}


@registry.command(
    "名册",
    ascii="roster",
    aliases=("花名册",),
    section=Section.ROSTER,
    help=T("单位和人员名册：数目和表格；“名册 模板”给空表"),
    args=(Choice("what", T("模板"), optional=True, options=(("模板", "template"), ("template", "template"))),),
    roles=KEEPERS,
    place=Place.PRIVATE,
    examples=("名册", "名册 模板"),
)
def roster_command(ctx: Ctx, what: str | None) -> Reply:
    """The roster within what the person administers, or the template."""
    if what == "template":
        name = ctx.show(T("名册模板.xlsx"))
        file = OutFile(ctx.files.put(workbook.template()), name, workbook.MIME)
        return say(T("请填好这张表，再私聊发给我。发来后先给您看要改什么，点“导入”才生效。"), files=(file,))
    below = units.subtree(ctx.tx, roots(ctx))
    counted = roster.counts(ctx.tx, roots(ctx))
    data = workbook.roster_file(below, people.posts_below(ctx.tx, roots(ctx)))
    kinds = [T("{kind}{count}", kind=KIND_WORDS.get(k, T("其他")), count=n) for k, n in counted.kinds.items()]
    roles = [T("{role}{count}", role=ROLE_WORDS[r], count=n) for r, n in counted.roles.items()]
    pairs: list[tuple[Words, Words]] = [
        (T("单位"), T("{kinds}", kinds=kinds)),
        (T("职务"), T("{roles}", roles=roles)),
        (T("人员"), T("{persons}人，已绑定{bound}人", persons=counted.persons, bound=counted.bound)),
        (T("工作群"), T("{count}个", count=counted.groups)),
    ]
    rows: tuple[tuple[Button, ...], ...] = ()
    if counted.bound < counted.persons:
        rows = ((Button(T("发绑定码"), "绑定码"),),)
    file = OutFile(ctx.files.put(data), ctx.show(T("名册.xlsx")), workbook.MIME)
    return say(title(T("名册")), Fields(tuple(pairs)), files=(file,), buttons=rows)


@registry.reader(5)
def file_sent(ctx: Ctx, said: Said) -> Reply | None:
    """A spreadsheet from an organizer is a roster to import: first the plan, then the question."""
    found = [file for file in said.attachments if sheets.is_sheet(file.name)]
    if not found or not ctx.actor.has(Role.ORGANIZER):
        return None
    if len(found) > 1:
        raise UserError(T("一次只能导入一个表格，请分开发。"))
    [file] = found
    plan = importing.plan(ctx.tx, sheets.read(file.name, ctx.files.get(file.key)), roots=roots(ctx))
    body: list[Block | Words] = [title(file.name), *describe(plan, most=_SHOWN)]
    if plan.problems or plan.is_empty:
        return say(*body)
    ctx.ask("roster.import", key=file.key, name=file.name)
    return say(
        *body,
        faint(T("现在什么都还没改。")),
        buttons=((ctx.choice(T("导入"), "yes"), Button(T("取消"), "取消")),),
    )


@registry.dialogue("roster.import")
def import_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Carry out what the file says now; the roster may have changed since it was shown."""
    if said.folded.strip().casefold() not in _YES:
        raise UserError(T("要导入就点“导入”，不导入就发“取消”。"))
    plan = importing.plan(ctx.tx, sheets.read(data["name"], ctx.files.get(data["key"])), roots=roots(ctx))
    if plan.problems:
        raise UserError(T("名册刚刚有变动，这个表格不能直接导入了。请重新发一遍。"))
    importing.apply(ctx.tx, plan, ctx.now)
    ctx.record(Change("roster.imported", T("导入“{name}”", name=data["name"]), unit_id=roots(ctx)[0]))
    return say(
        T("已导入“{name}”。", name=data["name"]),
        buttons=((Button(T("发绑定码"), "绑定码"), Button(T("名册"), "名册")),),
        replace=True,
    )
