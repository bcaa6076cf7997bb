"""What somebody wants changed about a published commitment, and why, from their own words."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from bot.chat.grammar.amounts import convert
from bot.chat.grammar.dates import dates_in
from bot.chat.grammar.folding import fold
from handlers.commitments.drafts import Field, Item, changed, due_in, field_named, retargeted, reworded
from handlers.commitments.measuring import measure_of
from handlers.progress.counting import share_of
from storage.commitments import Commitment
from storage.terms import Terms

_REASON = re.compile(
    r"[\s,;.、(]*(?:因为|由于|原因是|原因为|原因:|原因|理由是|理由为|理由:|理由|(?<=[,;.\s])因"
    r"|\bbecause(?: of)?\b|\breason:)\s*[:,]?\s*",
    re.IGNORECASE,
)
_WISH = re.compile(
    r"[\s,;.]+(?:故|所以|因此|申请|拟|需要?|请求?)*(?=(?:把|将)?(?:期限|目标|内容|数量)|延期|延长|推迟|改[到为成])"
)
_POSTPONE = re.compile(r"(?:申请)?(?:把|将)?(?:延期|延长|推迟|顺延|延后|提前|改|调整)(?:到|至|为|成)?\s*")
_RETARGET = re.compile(
    r"(?:改成|改为|改到|调整为|调整到|减少到|减为|减到|降到|降为|增加到|增为|增到|提高到|提高为)\s*"
)
_LAST_PAUSE = re.compile(r"[,，;；。\s]+([^,，;；。\s]+)$")
#: A reason in fewer characters is none.
_FEWEST = 3
_EDGES = " \t\r\n,，;；.。、:：()（）"


@dataclass(frozen=True, slots=True)
class Wish:
    """`terms` None: it is not said yet what is to change; `reason` empty: not said why."""

    terms: Terms | None
    reason: str = ""


def read_wish(commitment: Commitment, text: str, today: date) -> Wish:
    """Read "期限改到明年3月底 因为手续未批" and the like; raises UserError for a date or figure that is wrong."""
    what, reason = split_reason(text)
    if not reason:
        what, reason = _behind_a_comma(what, today)
    return Wish(new_terms(commitment.terms, what, today), reason)


def _behind_a_comma(what: str, today: date) -> tuple[str, str]:
    """The wish and, behind its last comma or space, the reason: "延期到明年3月底，手续没批"; else no reason."""
    match = _LAST_PAUSE.search(what)
    if match is None or field_named(what)[0] is Field.WORDS:
        return what, ""
    before, after = what[: match.start()].strip(_EDGES), match.group(1).strip(_EDGES)
    is_wish = dates_in(fold(after), today) or measure_of(after).target is not None or field_named(after)[0]
    return (what, "") if is_wish or len(after) < _FEWEST or not before else (before, after)


def split_reason(text: str) -> tuple[str, str]:
    """What is wished, and why; the reason may come first."""
    folded = fold(text)
    match = _REASON.search(folded)
    if match is None:
        return text.strip(_EDGES), ""
    before, after = text[: match.start()].strip(_EDGES), text[match.end() :]
    if before:
        return before, after.strip(_EDGES)
    wish = _WISH.search(fold(after))
    if wish is None:
        return "", after.strip(_EDGES)
    return after[wish.end() :].strip(_EDGES), after[: wish.start()].strip(_EDGES)


def new_terms(old: Terms, what: str, today: date) -> Terms | None:
    """The terms as wished; None when the words do not say what is to change."""
    what = re.sub(r"^(?:申请)?(?:把|将)\s*", "", what.strip(_EDGES))
    field, value = field_named(what)
    if field in (None, Field.TARGET):
        value = _new_figure(value) or value
        field = Field.TARGET if field is None and value != what else field
    if field is not None:
        return changed(Item(old), field, value, today).terms if value and field is not Field.CATEGORY else None
    folded = fold(what)
    retarget = _RETARGET.match(folded)
    if dates_in(folded, today) and (_POSTPONE.match(folded) or _is_short(what)):
        return replace(old, due=due_in(what, today))
    if retarget and measure_of(what[retarget.end() :]).target is not None:
        return retargeted(old, what[retarget.end() :])
    return None


def _new_figure(what: str) -> str:
    """The second figure of "从120盏改成100盏"; empty when there are not two."""
    folded = fold(what)
    match = _RETARGET.search(folded)
    if match is None or measure_of(what[: match.start()]).target is None:
        return ""
    return what[match.end() :] if measure_of(what[match.end() :]).target is not None else ""


def with_field(old: Terms, field: Field, value: str, today: date) -> Terms:
    """The terms with one field changed."""
    if field is Field.WORDS:
        return reworded(Item(old), value, today).terms
    return changed(Item(old), field, value, today).terms


def share_under(commitment: Commitment, new: Terms) -> Decimal | None:
    """The progress that was reported, as a share of the new target; None when the two cannot be compared."""
    old = commitment.terms
    if (old.kind, old.target, old.measure, old.parts) == (new.kind, new.target, new.measure, new.parts):
        return commitment.share
    if commitment.value is None or new.target is None or commitment.measure is None or new.measure is None:
        return None
    value = convert(commitment.value, commitment.measure, new.measure)
    return None if value is None else share_of(value, new.target)


def _is_short(what: str) -> bool:
    """Hardly more than a date."""
    return len(what) <= 12
