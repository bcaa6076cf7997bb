"""A round defined in a spreadsheet with sheets for contestants, criteria, judges and rules; one to fill in."""

from __future__ import annotations

import io
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from bot.chat.errors import UserError
from bot.chat.texts import T
from handlers.rounds import drafting
from handlers.rounds.rulings import DOWN, DRAWN, HALF_EVEN, HALF_UP, LISTED, ROUTE
from storage.rounds import Criterion

_SHEETS = {"参评单位": "units", "评分项": "criteria", "评委": "judges", "规则": "rules"}


def read(data: bytes) -> dict[str, Any] | None:
    """What a spreadsheet says, when it has the sheets of a definition."""
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no definition
        return None
    rows = {_SHEETS[sheet.title]: _rows(sheet) for sheet in book if sheet.title in _SHEETS}
    if not {"units", "rules"} <= rows.keys():
        return None
    found: dict[str, Any] = {"units": [row[0] for row in rows["units"]]}
    found["criteria"] = [_criterion(row) for row in rows.get("criteria", [])]
    panels: dict[str, dict[str, Any]] = {}
    for row in rows.get("judges", []):
        panel = row[1] if len(row) > 1 else ""
        panels.setdefault(panel, {"name": panel, "judges": []})["judges"].append(row[0])
        if len(row) > 2 and row[2]:
            panels[panel]["weight"] = _number(row[2:3])
    found["panels"] = list(panels.values())
    for row in rows["units"]:
        # A unit that several panels score names them with commas.
        for panel in drafting.unit_names(row[1]) if len(row) > 1 else ():
            if panel not in panels:
                raise UserError(T("参评单位里的评委组“{panel}”没有评委。", panel=panel))
            panels[panel].setdefault("units", []).append(row[0])
        if len(row) > 2 and row[2]:
            found.setdefault("classes", {}).setdefault(row[2], []).append(row[0])
    for row in rows["rules"]:
        _rule(found, row[0], row[1] if len(row) > 1 else "")
    if "ties" in found:
        found["ties"] = _ties(found)
    return found


def _criterion(row: list[str]) -> dict[str, Any]:
    weighted = {"weight": _number(row[2:3])} if len(row) > 2 and row[2] else {}
    return {"name": row[0], "maximum": _number(row[1:2]), **weighted}


def _ties(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The ties as typed in a cell."""
    chosen = [Criterion(each["name"], Decimal(1)) for each in found["criteria"]]
    ties = drafting.ties(found["ties"], chosen)
    if ties is None:
        raise UserError(T("没看懂“同分先比”。可以写：小数、评分项的名称、去掉前平均；不再比就写：并列"))
    return ties


_RULES = {
    "名称": "name",
    "类型": "kind",
    "逐个出场": "in_turn",
    "分类排名": "apart",
    "松紧修正": "corrected",
    "出场顺序": "order",
    "小数位数": "decimals",
    "取舍": "rounding",
    "最小单位": "step",
    "去掉最高最低的起点": "trim_from",
    "两端各去掉几个": "trim_each_end",
    "发言最多秒": "most",
    "发言最少秒": "least",
    "每几秒": "unit",
    "扣几分": "points",
    "最多扣几分": "cap",
    "同分先比": "ties",
}
_KINDS = {"观摩": "observation", "比学": "forum", "评议": "evaluation", "其他": "other"}
_ORDERS = {"按名单": LISTED, "按路线": ROUTE, "抽签": DRAWN}
_ROUNDINGS = {"四舍五入": HALF_UP, "四舍六入": HALF_EVEN, "只舍不入": DOWN}
_WORDS = {"kind": _KINDS, "order": _ORDERS, "rounding": _ROUNDINGS}
_TIMED = ("most", "least", "unit", "points", "cap")
_YES = {"是", "对", "要", "1", "true", "yes"}


def _rule(found: dict[str, Any], label: str, value: str) -> None:
    """One line of the rules; an empty value is the default."""
    key = _RULES.get(label)
    if key is None:
        raise UserError(T("“规则”表里没有“{label}”这一项，可填：{known}", label=label, known=list(_RULES)))
    if not value:
        return
    if key == "ties":
        found[key] = value
    elif key in _TIMED:
        found.setdefault("timing", {})[key] = value
    elif key in ("in_turn", "apart", "corrected"):
        found[key] = value.casefold() in _YES
    else:
        found[key] = _WORDS.get(key, {}).get(value, value)


def _rows(sheet: Any) -> list[list[str]]:
    """The rows below the headings that say something, as text."""
    rows = [
        ["" if cell is None else str(cell).strip() for cell in row] for row in sheet.iter_rows(values_only=True)
    ]
    return [row for row in rows[1:] if row and row[0]]


def _number(cells: list[str]) -> Any:
    """A decimal, or the text itself, which the check then names."""
    try:
        return Decimal(cells[0])
    except (InvalidOperation, IndexError):
        return cells[0] if cells else ""


def template() -> bytes:
    """A spreadsheet to fill in: the forum of nine, with an example in each sheet."""
    book = Workbook()
    book.remove(book.active)
    sheets: dict[str, list[tuple[Any, ...]]] = {
        "参评单位": [("单位", "评委组（都评就空着）", "类别"), ("大里村",), ("公园道社区",)],
        "评分项": [
            ("评分项", "满分", "权重（可空）"),
            ("现场发言", 40),
            ("成果展示", 30),
            ("回答问题", 30),
        ],
        "评委": [("姓名", "评委组", "权重"), ("吴桂兰", "领导组", 60), ("郑国平", "群众组", 40)],
        "规则": [
            ("项目", "填写"),
            ("名称", "一季度专场比学"),
            ("类型", "比学"),
            ("逐个出场", "是"),
            ("出场顺序", "抽签"),
            ("分类排名", "否"),
            ("松紧修正", "否"),
            ("小数位数", 2),
            ("取舍", "四舍五入"),
            ("最小单位", "0.01"),
            ("去掉最高最低的起点", 5),
            ("两端各去掉几个", 1),
            ("发言最多秒", 480),
            ("每几秒", 30),
            ("扣几分", "0.5"),
            ("最多扣几分", 2),
            ("同分先比", "小数、去掉前平均"),
        ],
    }
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for cell in sheet[1]:
            cell.font = Font(bold=True)
        sheet.column_dimensions["A"].width = 26
        sheet.column_dimensions["B"].width = 20
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()
