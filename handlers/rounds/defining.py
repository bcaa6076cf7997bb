"""A round defined in a file: TOML, or a spreadsheet with sheets for contestants, criteria, judges and rules."""

from __future__ import annotations

import io
import tomllib
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font

from bot.chat.errors import UserError
from bot.chat.texts import T
from handlers.rounds import drafting
from handlers.rounds.rulings import DECIMAL, TIES, Rules, Timing
from storage.rounds import Criterion

_SHEETS = {"参评单位": "units", "评分项": "criteria", "评委": "judges", "规则": "rules"}
_MOST_BYTES = 1_000_000
_MAY_BE_ZERO = ("points", "cap")


class _Struct(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a file may say; an unknown key in it is an error, and so is a figure below nothing."""

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            value = getattr(self, name)
            if isinstance(value, Decimal) and not (value.is_finite() and (value > 0 or name in _MAY_BE_ZERO)):
                raise ValueError(f"`{name}` has to be above 0")


class CriterionIn(_Struct, frozen=True):
    name: Annotated[str, Meta(min_length=1, max_length=60)]
    maximum: Decimal


class PanelIn(_Struct, frozen=True):
    judges: Annotated[tuple[str, ...], Meta(min_length=1)]
    name: Annotated[str, Meta(max_length=40)] = ""
    weight: Decimal = Decimal(1)
    units: tuple[str, ...] = ()


class TimingIn(_Struct, frozen=True):
    most: Annotated[int, Meta(gt=0)]
    least: Annotated[int, Meta(ge=0)] = 0
    unit: Annotated[int, Meta(gt=0)] = 30
    points: Decimal = Decimal("0.5")
    cap: Decimal = Decimal(2)


class Definition(_Struct, frozen=True):
    """A round as a file defines it. What is not said is as with `活动`."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    units: Annotated[tuple[str, ...], Meta(min_length=1)]
    kind: Literal["observation", "forum", "evaluation", "other"] = "other"
    criteria: tuple[CriterionIn, ...] = ()
    panels: tuple[PanelIn, ...] = ()
    in_turn: bool = False
    apart: bool = False
    corrected: bool = False
    decimals: Annotated[int, Meta(ge=0, le=4)] = 2
    step: Decimal = Decimal("0.01")
    trim_from: Annotated[int, Meta(ge=3)] = 5
    trim_each_end: Annotated[int, Meta(ge=0, le=5)] = 1
    timing: TimingIn | None = None
    ties: tuple[str, ...] = TIES

    @property
    def rules(self) -> Rules:
        """The rules that the file states."""
        timing = self.timing
        weighted = len(self.panels) > 1
        return Rules(
            self.trim_from,
            self.trim_each_end,
            self.decimals,
            self.step,
            tuple((panel.name, panel.weight) for panel in self.panels) if weighted else (),
            self.apart,
            Timing(timing.least, timing.most, timing.unit, timing.points, timing.cap) if timing else None,
            self.corrected,
            ties=tuple(sorted(self.ties, key=lambda tie: tie != DECIMAL)),
        )

    @property
    def scored(self) -> tuple[Criterion, ...]:
        """The criteria that the file states."""
        return tuple(Criterion(criterion.name, criterion.maximum) for criterion in self.criteria)


def read(name: str, data: bytes) -> Definition | None:
    """The definition in a file; None for a file that is none. Raises UserError saying what is wrong in one."""
    if len(data) > _MOST_BYTES:
        return None
    if name.casefold().endswith(".toml"):
        return _checked(_toml(data))
    if name.casefold().endswith(".xlsx"):
        found = _sheets(data)
        return None if found is None else _checked(found)
    return None


def _toml(data: bytes) -> dict[str, Any]:
    try:
        return tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UserError(T("这个文件读不了：{detail}", detail=str(error))) from error


def _checked(found: Mapping[str, Any]) -> Definition:
    try:
        made = msgspec.convert(found, Definition, strict=False)
    except msgspec.ValidationError as error:
        raise UserError(T("定义文件有一处不对：{detail}", detail=str(error))) from error
    names = [criterion.name for criterion in made.criteria]
    panels = [panel.name for panel in made.panels]
    if len(set(names)) < len(names) or len(set(panels)) < len(panels):
        raise UserError(T("评分项或评委组有重名的，请改好再发。"))
    strange = [tie for tie in made.ties if tie not in (*TIES, *names)]
    if strange or len(set(made.ties)) < len(made.ties):
        raise UserError(T("同分先比什么，只能写 decimal、untrimmed 或评分项的名称，每样一次。"))
    return made


def _sheets(data: bytes) -> dict[str, Any] | None:
    """What a spreadsheet says, when it has the sheets of a definition."""
    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no definition
        return None
    rows = {_SHEETS[sheet.title]: _rows(sheet) for sheet in book if sheet.title in _SHEETS}
    if not {"units", "rules"} <= rows.keys():
        return None
    found: dict[str, Any] = {"units": [row[0] for row in rows["units"]]}
    found["criteria"] = [{"name": row[0], "maximum": _number(row[1:2])} for row in rows.get("criteria", [])]
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
    for row in rows["rules"]:
        _rule(found, row[0], row[1] if len(row) > 1 else "")
    if "ties" in found:
        found["ties"] = _ties(found)
    return found


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
    "小数位数": "decimals",
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
        found[key] = _KINDS.get(value, value) if key == "kind" else value


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
        "参评单位": [("单位", "评委组（都评就空着）"), ("大里村",), ("公园道社区",)],
        "评分项": [("评分项", "满分"), ("现场发言", 40), ("成果展示", 30), ("回答问题", 30)],
        "评委": [("姓名", "评委组", "权重"), ("吴桂兰", "领导组", 60), ("郑国平", "群众组", 40)],
        "规则": [
            ("项目", "填写"),
            ("名称", "一季度专场比学"),
            ("类型", "比学"),
            ("逐个出场", "是"),
            ("分类排名", "否"),
            ("松紧修正", "否"),
            ("小数位数", 2),
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
