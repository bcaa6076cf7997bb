"""名册 by chat: its counts and its file, the template, and importing a file that somebody sends."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from bot.chat.arguments import Choice
from bot.chat.commands import Place, Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Attachment, Block, Button, Fields, OutFile, Reply, faint, say, title
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Words, to_wire
from handlers import Ctx
from handlers.roster import importing, sheets, workbook
from handlers.roster.declared import KEEPERS, agrees, registry, roots
from handlers.roster.describing import describe
from handlers.roster.plan import Plan
from handlers.roster.vocabulary import KIND_WORDS, kind_word
from storage import people, roster, units

#: So many lines of each list of a plan are shown in chat.
_SHOWN = 8


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
        file = OutFile(ctx.files.put(workbook.template()), ctx.show(T("名册模板.xlsx")), workbook.MIME)
        if not ctx.actor.has(Role.ORGANIZER):
            return say(T("请填好这张表交给组织者，由组织者导入。"), files=(file,))
        return say(T("请填好这张表，再私聊发给我。发来后先给您看要改什么，点“导入”才生效。"), files=(file,))
    counted = roster.counts(ctx.tx, roots(ctx))
    data = workbook.roster_file(units.subtree(ctx.tx, roots(ctx)), people.posts_below(ctx.tx, roots(ctx)))
    file = OutFile(ctx.files.put(data), ctx.show(T("名册.xlsx")), workbook.MIME)
    row = [Button(T("发绑定码"), "绑定码")] if counted.bound < counted.persons else []
    if ctx.registry.named("delivery"):
        row.append(Button(T("谁联系不上"), "delivery unreachable"))
    return say(title(T("名册")), _counts(counted), files=(file,), buttons=(tuple(row),) if row else ())


def _counts(counted: roster.Counts) -> Fields:
    known = [kind for kind in (*KIND_WORDS, *counted.kinds) if kind in counted.kinds]
    kinds = [
        T("{kind}{count}", kind=KIND_WORDS.get(kind, kind_word(kind)), count=counted.kinds[kind])
        for kind in dict.fromkeys(known)
    ]
    roles = [T("{role}{count}", role=ROLE_WORDS[r], count=counted.roles[r]) for r in Role if r in counted.roles]
    return Fields(
        (
            (T("单位"), T("{kinds}", kinds=kinds)),
            (T("职务"), T("{roles}", roles=roles)),
            (T("人员"), T("{persons}人，已绑定{bound}人", persons=counted.persons, bound=counted.bound)),
            (T("工作群"), T("{count}个", count=counted.groups)),
        )
    )


@registry.reader(5)
def file_sent(ctx: Ctx, said: Said) -> Reply | None:
    """A spreadsheet from an organizer that looks like a roster: first the plan, then the question.

    Any other spreadsheet of a secretary's is left to whoever takes evidence.
    """
    found = [file for file in said.attachments if sheets.is_sheet(file.name)]
    if not found or ctx.chat.is_group or not ctx.actor.has(Role.ORGANIZER):
        return None
    if len(found) > 1:
        raise UserError(T("一次只能导入一个表格，请分开发。"))
    may_be_evidence = ctx.actor.has(Role.SECRETARY)
    try:
        book = sheets.read(found[0].name, ctx.files.get(found[0].key))
    except UserError:
        if may_be_evidence:
            return None
        raise
    if not book.is_roster and may_be_evidence:
        return None
    if not book.is_roster:
        raise UserError(
            T("这个表格不像名册：单位表要有“名称、类别”，人员表要有“姓名、单位、职务”。可以用模板填。"),
            buttons=((Button(T("名册模板"), "名册 模板"),),),
        )
    return _shown(ctx, found[0].key, found[0].name, _plan(ctx, book))


def _plan(ctx: Ctx, book: sheets.Book) -> Plan:
    """What the book would change within what the person organizes."""
    return importing.plan(ctx.tx, book, roots=ctx.actor.units(Role.ORGANIZER))


def _shown(ctx: Ctx, key: str, name: str, plan: Plan, *remarks: Words) -> Reply:
    body: list[Block | Words] = [title(name), *remarks, *describe(plan, most=_SHOWN)]
    if plan.problems or plan.is_empty:
        return say(*body, replace=True)
    ctx.ask("roster.import", key=key, name=name, shown=_digest(plan))
    return say(
        *body,
        faint(T("现在什么都还没改。")),
        buttons=((ctx.choice(T("导入"), "yes"), Button(T("取消"), "取消")),),
        replace=True,
    )


def _digest(plan: Plan) -> str:
    """What tells whether a plan is still the one that was shown."""
    wire = json.dumps([to_wire(line) for line in describe(plan)], ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(wire.encode()).hexdigest()


@registry.dialogue("roster.import")
def import_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Carry out what was shown. When the roster has changed in the meantime, what it would be now is shown."""
    sent = next((file for file in said.attachments if sheets.is_sheet(file.name)), None)
    if sent is not None:
        return _sent_instead(ctx, sent)
    if not agrees(said.folded, "导入", "import"):
        raise UserError(T("要导入就点“导入”，不导入就发“取消”。"))
    if not ctx.actor.has(Role.ORGANIZER):
        raise UserError(T("名册由组织者导入。"))
    plan = _plan(ctx, sheets.read(data["name"], ctx.files.get(data["key"])))
    if _digest(plan) != data["shown"]:
        return _shown(ctx, data["key"], data["name"], plan, T("名册刚刚有变动，请再看一遍："))
    importing.apply(ctx.tx, plan, ctx.now)
    unit = ctx.actor.units(Role.ORGANIZER)[0]
    ctx.record(Change("roster.imported", T("导入“{name}”", name=data["name"]), unit_id=unit))
    return say(
        T("已导入“{name}”。", name=data["name"]),
        buttons=((Button(T("发绑定码"), "绑定码"), Button(T("名册"), "名册")),),
        replace=True,
    )


def _sent_instead(ctx: Ctx, file: Attachment) -> Reply:
    """A corrected file takes the place of the one that was asked about."""
    book = sheets.read(file.name, ctx.files.get(file.key))
    return _shown(ctx, file.key, file.name, _plan(ctx, book))
