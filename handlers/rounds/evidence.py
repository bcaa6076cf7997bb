"""What lets anybody convince themselves: the seal over all sheets, receipts, the published bundle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.chat.messages import OutFile
from bot.chat.texts import T
from handlers import Ctx
from handlers.rounds import merkle
from handlers.rounds.counting import Outcome
from handlers.rounds.results import fixed
from handlers.rounds.rulings import to_wire
from storage import sheets
from storage.publications import Publication
from storage.rounds import Round
from storage.sheets import Sheet

FORMAT = 1
_JSON = "application/json"
_SCRIPT = Path(__file__).with_name("verify.py")


@dataclass(frozen=True, slots=True)
class Sealed:
    """The hash over all sheets, and each judge's receipt by judge."""

    root: str
    receipts: dict[int, str]


def record_of(found: Round, sheet: Sheet) -> dict[str, Any]:
    """A sheet as it is hashed and published. Judges go by number, not by name."""
    contestant = found.contestant(sheet.contestant_id)
    judge = next(judge for judge in found.judges if judge.id == sheet.judge_id)
    return {
        "round": found.id,
        "judge": found.judges.index(judge) + 1,
        "panel": judge.panel,
        "contestant": contestant.id,
        "version": sheet.version,
        "status": "recused" if found.recused(judge, contestant) else sheet.status.value,
        "scores": [str(score) for score in sheet.scores],
        "total": None if sheet.total is None else str(sheet.total),
        "salt": sheet.salt,
    }


def seal(ctx: Ctx, found: Round) -> Sealed:
    """The seal as the sheets are now."""
    kept = sheets.standing(ctx.tx, found.id)
    leaves = [merkle.leaf(record_of(found, sheet)) for sheet in kept]
    root = merkle.root(leaves)
    own: dict[int, list[bytes]] = {}
    for sheet, leaf in zip(kept, leaves, strict=True):
        own.setdefault(sheet.judge_id, []).append(leaf)
    return Sealed(root, {judge: merkle.receipt(root, each) for judge, each in own.items()})


def bundle(ctx: Ctx, seen: Outcome) -> OutFile:
    """Everything with which the result can be recomputed, as one JSON file."""
    found = seen.round
    data = {
        "format": FORMAT,
        "round": {"id": found.id, "name": found.head.name},
        "root": found.head.root,
        "rules": to_wire(seen.rules),
        "criteria": [{"name": c.name, "maximum": str(c.maximum), "weight": str(c.weight)} for c in found.criteria],
        "contestants": [
            {
                "id": c.id,
                "name": c.unit_name,
                "class": c.klass,
                "position": c.position,
                "anchor": c.unit_id in seen.rules.shared,
            }
            for c in found.contestants
        ],
        "sheets": [record_of(found, sheet) for sheet in seen.sheets],
        "adjustments": [
            {"contestant": item.contestant_id, "points": str(item.points), "reason": item.reason}
            for place in seen.places
            for item in place.adjustments
        ],
        "ranking": [
            {"contestant": place.contestant.id, "rank": place.ranked.rank, "score": fixed(place.ranked) or None}
            for place in seen.places
        ],
    }
    text = json.dumps(data, ensure_ascii=False, indent=1)
    return OutFile(ctx.files.put(text.encode()), _name(ctx, found.head.name), _JSON)


def _name(ctx: Ctx, name: str) -> str:
    return ctx.show(T("{name}核验包.json", name=name))


def attached(ctx: Ctx, name: str, version: Publication) -> OutFile:
    """The bundle of a version that was published."""
    return OutFile(version.bundle, _name(ctx, name), _JSON)


def script(ctx: Ctx) -> OutFile:
    """The program with which anybody recomputes a bundle, without this program and without a network."""
    return OutFile(ctx.files.put(_SCRIPT.read_bytes()), "verify.py", "text/x-python")
