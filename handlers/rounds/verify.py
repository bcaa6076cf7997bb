#!/usr/bin/env python3
"""核验一场评分 / Verify a scored round: python3 verify.py 核验包.json [--root 封存码] [--receipt 回执]

Needs nothing but Python's standard library and the published bundle. Recomputes the hash over all sheets and
the whole ranking, independently of the bot that published them. Exit code 0: everything agrees; 1: something
does not; 2: the file cannot be read.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import groupby
from typing import Any


def canonical(sheet: Any) -> bytes:
    return json.dumps(sheet, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def leaf(sheet: Any) -> bytes:
    return hashlib.sha256(b"\x00" + canonical(sheet)).digest()


def tree(leaves: list[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + tree(leaves[:split]) + tree(leaves[split:])).digest()


def receipt(root: str, leaves: list[bytes]) -> str:
    digest = hashlib.sha256(b"receipt" + bytes.fromhex(root) + b"".join(leaves)).digest()
    plain, clear = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"ABCDEFGHJKMNPQRSTUVWXYZ23456789L"
    code = base64.b32encode(digest).translate(bytes.maketrans(plain, clear)).decode()[:20]
    return "-".join(code[at : at + 4] for at in range(0, 20, 4))


def total(sheet: Any, criteria: Any) -> Decimal:
    """One sheet's score: by criterion, each with its weight, or one for the whole."""
    scores = [Decimal(score) for score in sheet["scores"]]
    if len(scores) != len(criteria):
        return sum(scores, Decimal(0))
    return sum((s * Decimal(c.get("weight", "1")) for s, c in zip(scores, criteria, strict=True)), Decimal(0))


def rounded(value: Fraction, rules: Any, more: int = 0) -> Decimal:
    """As the rules round: half up, half to even, or down; to so many decimals more than they keep."""
    decimals = rules["decimals"] + more
    scaled = abs(value) * 10**decimals
    whole = int(scaled + Fraction(1, 2))
    if rules.get("rounding") == "down":
        whole = int(scaled)
    elif rules.get("rounding") == "half_even" and scaled * 2 == int(scaled * 2):
        whole = round(scaled)
    return Decimal(whole if value >= 0 else -whole).scaleb(-decimals)


def mean(values: list[Decimal]) -> Fraction:
    return sum(map(Fraction, values), Fraction(0)) / len(values)


def effects(totals: dict[int, dict[int, Decimal]]) -> dict[int, Decimal]:
    """Each judge's severity by least squares of score = contestant + judge, centred among linked judges."""
    judges = sorted({judge for row in totals.values() for judge in row})
    off = dict.fromkeys(judges, Decimal(0))
    with localcontext() as exactly:
        exactly.prec = 34
        for _turn in range(10_000):
            quality = {
                c: sum((row[j] - off[j] for j in row), Decimal(0)) / len(row) for c, row in totals.items() if row
            }
            new = {}
            for judge in judges:
                own = [row[judge] - quality[c] for c, row in totals.items() if judge in row]
                new[judge] = sum(own, Decimal(0)) / len(own)
            moved = max((abs(new[judge] - off[judge]) for judge in judges), default=Decimal(0))
            off = new
            if moved < Decimal("1e-12"):
                break
        group = {judge: judge for judge in judges}
        for row in totals.values():
            together = {group[judge] for judge in row}
            group = {judge: min(together) if g in together else g for judge, g in group.items()}
        centred = {}
        for judge in judges:
            peers = [off[other] for other in judges if group[other] == group[judge]]
            centred[judge] = (off[judge] - sum(peers, Decimal(0)) / len(peers)).quantize(Decimal("0.000001"))
    return centred


def trimmed(scores: list[Decimal], rules: Any) -> Fraction:
    scores = sorted(scores)
    drop = rules["trim_each_end"] if len(scores) >= rules["trim_from"] else 0
    while drop and 2 * drop >= len(scores):
        drop -= 1
    return mean(scores[drop : len(scores) - drop])


def levels(bundle: Any, panels: dict[int, dict[str, list[Decimal]]]) -> dict[str, Fraction]:
    """By what each panel's means are multiplied: the mean of the panels' means over its own, over common units."""
    if not bundle["rules"].get("levelled"):
        return {}
    anchors = {c["id"] for c in bundle["contestants"] if c.get("anchor")} or set(panels)
    means: dict[str, list[Fraction]] = {}
    for contestant in anchors & set(panels):
        for panel, scores in panels[contestant].items():
            means.setdefault(panel, []).append(trimmed(scores, bundle["rules"]))
    own = {panel: sum(found, Fraction(0)) / len(found) for panel, found in means.items()}
    middle = sum(own.values(), Fraction(0)) / len(own) if own else Fraction(0)
    return {panel: middle / level if level else Fraction(1) for panel, level in own.items()}


def given(bundle: Any) -> dict[int, dict[str, list[tuple[Decimal, Any]]]]:
    """For each contestant and panel the scores that count, less the judge's severity, with the whole sheet."""
    rules = bundle["rules"]
    sheets = [sheet for sheet in bundle["sheets"] if sheet["status"] == "given"]
    totals: dict[int, dict[int, Decimal]] = {contestant["id"]: {} for contestant in bundle["contestants"]}
    for sheet in sheets:
        totals[sheet["contestant"]][sheet["judge"]] = Decimal(sheet["total"])
    off = effects(totals) if rules.get("corrected") else {}
    names = {panel["name"] for panel in rules.get("panels") or []}
    found: dict[int, dict[str, list[tuple[Decimal, Any]]]] = {c: {} for c in totals}
    for sheet in sheets:
        panel = sheet["panel"] if names else ""
        if not names or panel in names:
            score = Decimal(sheet["total"]) - off.get(sheet["judge"], Decimal(0))
            found[sheet["contestant"]].setdefault(panel, []).append((score, sheet))
    return found


def weighted(means: dict[str, Fraction], rules: Any) -> Fraction:
    """Panels by weight; the weights of those that are there are made up to a whole."""
    weights = {panel["name"]: Fraction(panel["weight"]) for panel in rules.get("panels") or []}
    whole = sum((weights.get(name, Fraction(1)) for name in means), Fraction(0))
    return sum((weights.get(name, Fraction(1)) * each / whole for name, each in means.items()), Fraction(0))


def criterion(name: str, panels: dict[str, list[tuple[Decimal, Any]]], bundle: Any) -> Fraction:
    """The mean that was given under one criterion, panels by weight; far below 0 when nobody gave any."""
    at = [each["name"] for each in bundle["criteria"]].index(name)
    parts = {
        panel: [
            Decimal(sheet["scores"][at])
            for _score, sheet in own
            if len(sheet["scores"]) == len(bundle["criteria"])
        ]
        for panel, own in panels.items()
    }
    means = {panel: mean(own) for panel, own in parts.items() if own}
    return weighted(means, bundle["rules"]) if means else Fraction(-(10**9))


def results(bundle: Any) -> dict[int, tuple[Fraction, list[Fraction]] | None]:
    """For each contestant: the exact result, and its figure for each of the rules' ties; None without a score."""
    rules = bundle["rules"]
    sheets = given(bundle)
    scores = {c: {panel: [s for s, _ in own] for panel, own in panels.items()} for c, panels in sheets.items()}
    level = levels(bundle, scores)
    found: dict[int, tuple[Fraction, list[Fraction]] | None] = {}
    for c, panels in scores.items():
        if not panels:
            found[c] = None
            continue
        own = [Decimal(a["points"]) for a in bundle["adjustments"] if a["contestant"] == c]
        points = sum(map(Fraction, own), Fraction(0))
        exact = weighted({n: trimmed(s, rules) * level.get(n, 1) for n, s in panels.items()}, rules) + points
        known = {
            "decimal": Fraction(rounded(exact, rules, 1)),
            "untrimmed": weighted({n: mean(s) * level.get(n, 1) for n, s in panels.items()}, rules) + points,
        }
        ties = rules.get("ties", ["decimal", "untrimmed"])
        found[c] = (exact, [known[t] if t in known else criterion(t, sheets[c], bundle) for t in ties])
    return found


def ranking(bundle: Any) -> dict[int, tuple[int | None, str | None]]:
    """The ranking as it has to be: {contestant: (rank, score as text)}."""
    rules = bundle["rules"]
    exact = results(bundle)
    classes = {c["id"]: c["class"] if rules.get("apart") else "" for c in bundle["contestants"]}
    places: dict[int, tuple[int | None, str | None]] = {}
    keys = {c: (rounded(both[0], rules), both[1]) for c, both in exact.items() if both is not None}
    further = {c: rounded(both[0], rules, 1) for c, both in exact.items() if both is not None}
    splits = "decimal" in rules.get("ties", ["decimal"])
    for klass in sorted(set(classes.values())):
        members = sorted((c for c in keys if classes[c] == klass), key=keys.__getitem__, reverse=True)
        at = 1
        for _key, group in groupby(members, keys.__getitem__):
            equal = list(group)
            for c in equal:
                finer = splits and len({further[o] for o in members if keys[o][0] == keys[c][0]}) > 1
                places[c] = (at, format(further[c] if finer else keys[c][0], "f"))
            at += len(equal)
    places.update({c: (None, None) for c in classes if c not in keys})
    return places


def check(bundle: Any, root: str | None = None, code: str | None = None) -> list[tuple[bool, str]]:
    """What is right and what is not: a list of (agrees, text)."""
    said = []
    leaves = [leaf(sheet) for sheet in bundle["sheets"]]
    computed = tree(leaves).hex()
    said.append((computed == bundle["root"], f"评分表与封存码 / sheets and seal: {computed}"))
    if root:
        said.append((computed == root.strip().lower(), "封存码与群里公布的 / seal as announced"))
    totals = [s for s in bundle["sheets"] if s["status"] == "given"]
    wrong = [s for s in totals if total(s, bundle["criteria"]) != Decimal(s["total"])]
    said.append((not wrong, f"每张评分表的合计 / totals of {len(totals)} sheets"))
    names = {c["id"]: c["name"] for c in bundle["contestants"]}
    right = ranking(bundle)
    for row in bundle["ranking"]:
        rank, score = right[row["contestant"]]
        good = (rank, score) == (row["rank"], row["score"])
        text = f"{names[row['contestant']]}: {row['score']} ({row['rank']})"
        said.append((good, text if good else f"{text}, 应为 / should be {score} ({rank})"))
    missing = set(names) - {row["contestant"] for row in bundle["ranking"]}
    if missing:
        said.append((False, "排名里缺少 / missing: " + ", ".join(names[c] for c in sorted(missing))))
    if code:
        by_judge: dict[int, list[bytes]] = {}
        for sheet, each in zip(bundle["sheets"], leaves, strict=True):
            by_judge.setdefault(sheet["judge"], []).append(each)
        codes = {receipt(computed, own): judge for judge, own in by_judge.items()}
        judge = codes.get(code.strip().upper())
        said.append(
            (judge is not None, f"回执 / receipt: 评委{judge}" if judge else "回执对不上 / no such receipt")
        )
    return said


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle")
    parser.add_argument("--root")
    parser.add_argument("--receipt")
    arguments = parser.parse_args()
    try:
        with open(arguments.bundle, encoding="utf-8") as file:
            said = check(json.load(file), arguments.root, arguments.receipt)
    except (OSError, ValueError, KeyError, TypeError, ArithmeticError) as error:
        print(f"核验包读不了 / cannot read the bundle: {type(error).__name__}: {error}")
        return 2
    for good, text in said:
        print(("✓ " if good else "✗ ") + text)
    bad = sum(not good for good, _text in said)
    print("全部一致。 / Everything agrees." if not bad else f"{bad}处不一致！ / {bad} do not agree!")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
