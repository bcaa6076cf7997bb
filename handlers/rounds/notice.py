"""What contestants learn before a round opens: that they take part, by what they are scored, when they appear."""

from __future__ import annotations

import hashlib
import json

from bot.chat.messages import Button, Fields, Reply, ToPerson, say, title
from bot.chat.people import Role
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import drafting, rulings
from handlers.rounds.rulings import DRAWN, criteria_words, rules_of, rules_words
from storage import people
from storage.rounds import Contestant, Round


def tell_contestants(ctx: Ctx, found: Round) -> None:
    """The criteria and rules to each contestant's secretaries, once, and anew when they have changed."""
    secretaries = people.holders(ctx.tx, [c.unit_id for c in found.contestants], [Role.SECRETARY])
    digest = _digest(found)
    for contestant in found.contestants:
        for secretary in secretaries.get(contestant.unit_id, []):
            ctx.post(_notice(found, contestant, secretary.id, digest))


def _digest(found: Round) -> str:
    """Changes when criteria or rules do."""
    decided = [drafting.to_wire(found.criteria), rulings.to_wire(rules_of(found))]
    return hashlib.sha256(json.dumps(decided, sort_keys=True).encode()).hexdigest()[:12]


def _notice(found: Round, contestant: Contestant, person_id: int, digest: str) -> Reply:
    rules = rules_of(found)
    when = (
        T("{unit}参评，出场顺序抽签决定。", unit=contestant.unit_name)
        if rules.order == DRAWN
        else T("{unit}第{position}个出场。", unit=contestant.unit_name, position=contestant.position)
    )
    items = T("{items}", items=criteria_words(found.criteria))
    return say(
        title(found.head.name),
        when,
        Fields(((T("评分项"), items), (T("计分"), rules_words(rules)))),
        buttons=((Button(T("评分规则"), f"rules {found.id}"),),),
        to=ToPerson(person_id),
        key=f"round{found.id}:criteria:{digest}:unit{contestant.unit_id}",
    )


def tell_dropped(ctx: Ctx, found: Round) -> None:
    """The round will not take place: to those who were told that it would."""
    secretaries = people.holders(ctx.tx, [c.unit_id for c in found.contestants], [Role.SECRETARY])
    for contestant in found.contestants:
        for secretary in secretaries.get(contestant.unit_id, []):
            ctx.post(
                say(
                    T("“{name}”取消了。", name=found.head.name),
                    to=ToPerson(secretary.id),
                    key=f"round{found.id}:dropped:unit{contestant.unit_id}",
                )
            )
