"""公布: a preview, a confirmation, and then each office group gets the result; a correction is a new version."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bot.chat.arguments import Rest
from bot.chat.commands import Place as Where
from bot.chat.commands import Section
from bot.chat.context import Change, Said
from bot.chat.errors import UserError
from bot.chat.messages import Block, Button, Reply, ToGroup, ToPerson, faint, say, title
from bot.chat.people import Role
from bot.chat.texts import T, Text, Words
from handlers import Ctx
from handlers.rounds import evidence, papers
from handlers.rounds.counting import Outcome, Place, of_round, outcome
from handlers.rounds.declared import my_round, numbered, registry
from handlers.rounds.results import fixed, own_result, results_attachment, tables
from handlers.rounds.rulings import rules_words
from handlers.rounds.spoken import spoken
from storage import people, publications, rounds, units
from storage.changes import Recorded
from storage.publications import Publication
from storage.rounds import Round, State

_NOTHING = T("没有已签字待公布的场次。")


@registry.command(
    "公布",
    ascii="publish",
    aliases=("公布成绩", "公布结果"),
    section=Section.ROUNDS,
    help=T("把成绩发到各办事处工作群"),
    args=(Rest("words", T("场次编号"), optional=True),),
    roles=(Role.ORGANIZER,),
    place=Where.PRIVATE,
    examples=("公布",),
)
def publish(ctx: Ctx, words: str | None) -> Reply:
    """Show what will be posted, and ask how much of it."""
    number = int(words) if words and words.isdecimal() and len(words) < 10 else numbered(words)[0]
    found = my_round(ctx, number, states=(State.SIGNED,), none=_NOTHING, roles=(Role.ORGANIZER,), again="publish ")
    seen = outcome(ctx.tx, found)
    first = ctx.policy.rounds.publish_ranks
    ctx.ask("rounds.publish", round=found.id)
    choices = [ctx.choice(T("公布全部名次"), "all"), ctx.choice(T("先不公布"), "wait")]
    if 0 < first < len(seen.places):
        choices.insert(0, ctx.choice(T("公布前{count}名", count=first), "first"))
    return say(
        title(T("公布预览：{name}", name=found.head.name)),
        *tables(seen, seen.places),
        title(T("宣读稿")),
        *spoken(seen),
        T("公布前几名时，其余单位由我私下告知各自的成绩。公布后不能收回，只能更正。"),
        buttons=tuple((choice,) for choice in choices),
    )


@registry.dialogue("rounds.publish")
def publish_answered(ctx: Ctx, data: dict[str, Any], said: Said) -> Reply:
    """Post, or wait."""
    answer = said.folded.strip().casefold()
    none = T("这一场已经公布过了。")
    found = my_round(ctx, data["round"], states=(State.SIGNED,), none=none, roles=(Role.ORGANIZER,))
    if answer in {"all", "公布全部名次", "全部", "全部公布"}:
        return _post(ctx, found, 0)
    if answer in {"first", "前几名", "公布前几名"} or answer.startswith(("公布前", "前")):
        return _post(ctx, found, ctx.policy.rounds.publish_ranks)
    if answer in {"wait", "先不公布", "不", "再等等"}:
        return say(T("好的，先不公布。"), replace=True)
    raise UserError(T("请点“公布全部名次”“公布前几名”或“先不公布”。"))


def _post(ctx: Ctx, found: Round, first: int) -> Reply:
    """Publish the first ranks of each class (0: all) to the groups; the others learn their own privately."""
    moved = rounds.set_state(
        ctx.tx,
        found.id,
        state=State.PUBLISHED,
        expected=State.SIGNED,
        published_at=ctx.now,
        published_by=ctx.actor.id,
    )
    assert moved
    seen = of_round(ctx.tx, found.id)
    named = [p for p in seen.places if not first or (p.ranked.rank is not None and p.ranked.rank <= first)]
    before = publications.versions(ctx.tx, found.id)
    reason = _reopened_because(ctx, found) if before else None
    bundle = evidence.bundle(ctx, seen)
    version = publications.add(
        ctx.tx,
        found.id,
        ranking=[_row(place, place in named) for place in seen.places],
        bundle=bundle.key,
        reason=reason,
        by=ctx.actor.id,
        now=ctx.now,
    )
    rounds.note(ctx.tx, found.id, "published", by=ctx.actor.id, now=ctx.now, data={"version": version})
    groups = units.subtree(ctx.tx, [found.head.unit_id], kinds=(units.DISTRICT, units.OFFICE))
    body = _announcement(ctx, seen, named, version, before, reason)
    files = (papers.picture(ctx, seen, named),)
    for unit in groups:
        own = own_lines(named, unit.id)
        ctx.post(say(*body, *own, files=files, to=ToGroup(unit.id), key=f"round{found.id}:published{version}"))
    _tell_the_others(ctx, seen, [place for place in seen.places if place not in named], version)
    summary = T("公布“{name}”", name=found.head.name)
    ctx.record(Change("round.published", summary, unit_id=found.head.unit_id, subject_id=found.id))
    return say(
        T("“{name}”已公布到{count}个工作群。", name=found.head.name, count=len(groups)),
        faint(T("下面是通报和全部成绩，可以直接转发。")),
        files=(papers.bulletin(ctx, seen, named, reason), results_attachment(ctx, seen)),
        buttons=((Button(T("总成绩"), "standing"),),),
        replace=True,
    )


def own_lines(named: Sequence[Place], office: int) -> list[Text]:
    """For an office's group, the line about its own contestants, of those who are named."""
    own = [
        T("{unit}第{rank}名", unit=place.contestant.unit_name, rank=place.ranked.rank)
        for place in named
        if place.contestant.office_id == office and place.ranked.rank is not None
    ]
    return [T("本办事处：{units}", units=own)] if own else []


def _row(place: Place, named: bool) -> dict[str, Any]:
    return {
        "contestant": place.contestant.id,
        "rank": place.ranked.rank,
        "score": fixed(place.ranked),
        "named": named,
    }


def _reopened_because(ctx: Ctx, found: Round) -> str | None:
    reasons = [step.reason for step in rounds.steps(ctx.tx, found.id) if step.step == "reopened"]
    return reasons[-1] if reasons else None


def _announcement(
    ctx: Ctx,
    seen: Outcome,
    named: Sequence[Place],
    version: int,
    before: Sequence[Publication],
    reason: str | None,
) -> list[Block | Words]:
    name = seen.round.head.name
    heading = T("{name}　成绩", name=name) if len(named) == len(seen.places) else T("{name}　优胜单位", name=name)
    body: list[Block | Words] = [title(heading)]
    if before:
        who = people.get(ctx.tx, ctx.actor.id).name
        body.append(
            T("更正（第{version}版），{person}公布，原因：{reason}", version=version, person=who, reason=reason)
        )
        body += _differences(seen, named, before[-1])
    body += [*tables(seen, named), faint(rules_words(seen.rules))]
    hours = ctx.policy.rounds.objection_hours
    if hours:
        body.append(faint(T("对成绩有异议的，{hours}小时内私聊我发：异议 加上理由", hours=hours)))
    body.append(faint(T("谁都可以自己重算一遍：私聊我发“版本”，取核验包和程序。")))
    return body


def _differences(seen: Outcome, named: Sequence[Place], before: Publication) -> list[Text]:
    """What a correction changes, of those who are named: old and new."""
    old = {row["contestant"]: row for row in before.ranking}
    lines = []
    for place in named:
        was = old.get(place.contestant.id)
        if was and (was["score"], was["rank"]) != (fixed(place.ranked), place.ranked.rank):
            lines.append(
                T(
                    "{unit}：{old}分第{old_rank}名 → {new}分第{new_rank}名",
                    unit=place.contestant.unit_name,
                    old=was["score"],
                    old_rank=was["rank"],
                    new=fixed(place.ranked),
                    new_rank=place.ranked.rank,
                )
            )
    return lines


def _tell_the_others(ctx: Ctx, seen: Outcome, others: Sequence[Place], version: int) -> None:
    secretaries = people.holders(ctx.tx, [place.contestant.unit_id for place in others], [Role.SECRETARY])
    for place in others:
        for secretary in secretaries.get(place.contestant.unit_id, []):
            ctx.post(
                say(
                    *own_result(seen, place),
                    to=ToPerson(secretary.id),
                    key=f"round{seen.round.id}:own{version}:unit{place.contestant.unit_id}",
                )
            )


@registry.undo("round.published")
def unpublish(ctx: Ctx, change: Recorded) -> None:
    """What the groups have seen cannot be taken back."""
    raise UserError(T("成绩已经发到群里，不能撤销。要更正请发“重开”并写明原因。"))
