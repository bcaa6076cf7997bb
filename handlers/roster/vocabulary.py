"""The words of a roster file: column headings, kinds of unit, organizations, posts, states. Tolerantly read.

Files are Chinese, because the people who keep rosters are; the English words are understood as well.
"""

from __future__ import annotations

import re
from enum import StrEnum

from bot.chat.grammar.folding import fold
from bot.chat.people import ROLE_WORDS, Role
from bot.chat.texts import T, Text
from storage.units import COMMUNITY, DISTRICT, OFFICE, VILLAGE


class Column(StrEnum):
    """What a column holds. The value is the heading as the program writes it."""

    NAME = "名称"
    KIND = "类别"
    PARENT = "上级"
    ORGANIZATION = "组织形式"
    CLASS = "组别"
    POSITION = "排序"
    PERSON = "姓名"
    MOBILE = "手机"
    UNIT = "单位"
    POSTS = "职务"
    STATE = "状态"
    FORMERLY = "原名"
    ACCOUNT = "企业微信账号"


UNIT_COLUMNS = (
    Column.NAME,
    Column.KIND,
    Column.PARENT,
    Column.ORGANIZATION,
    Column.CLASS,
    Column.POSITION,
    Column.STATE,
    Column.FORMERLY,
)
PEOPLE_COLUMNS = (
    Column.PERSON,
    Column.MOBILE,
    Column.UNIT,
    Column.POSTS,
    Column.STATE,
    Column.FORMERLY,
    Column.ACCOUNT,
)

_UNIT_HEADINGS = {
    Column.NAME: "名称 单位名称 单位 村 社区 村名 村社区 村社区名称 name unit",
    Column.KIND: "类别 类型 单位类别 单位类型 级别 kind type",
    Column.PARENT: "上级 上级单位 所属单位 所属办事处 所属街道 隶属 parent",
    Column.ORGANIZATION: "组织形式 组织类型 党组织形式 党组织类型 党组织 organization organisation",
    Column.CLASS: "组别 分组 组 类组 class group",
    Column.POSITION: "排序 序号 顺序 编号 position order no",
    Column.STATE: "状态 单位状态 state status",
    Column.FORMERLY: "原名 原名称 曾用名 formerly",
}
_PEOPLE_HEADINGS = {
    Column.PERSON: "姓名 名字 人员姓名 name person",
    Column.MOBILE: "手机 手机号 手机号码 电话 联系电话 联系方式 电话号码 mobile phone",
    Column.UNIT: "单位 所在单位 所属单位 单位名称 工作单位 村 社区 村社区 unit",
    Column.POSTS: "职务 职位 角色 身份 岗位 post posts role roles",
    Column.STATE: "状态 在任状态 任职状态 state status",
    Column.FORMERLY: "原名 原姓名 曾用名 formerly",
    Column.ACCOUNT: "企业微信账号 企业微信帐号 企微账号 企微帐号 企业微信 企微 wecomaccount wecom userid",
}


def _reverse(headings: dict[Column, str]) -> dict[str, Column]:
    return {word: column for column, words in headings.items() for word in words.split()}


UNIT_HEADINGS = _reverse(_UNIT_HEADINGS)
PEOPLE_HEADINGS = _reverse(_PEOPLE_HEADINGS)
#: Only a list of people has one of these headings.
PERSON_HEADINGS = frozenset(word for word in _PEOPLE_HEADINGS[Column.PERSON].split() if word != "name")

KIND_WORDS: dict[str, Text] = {
    DISTRICT: T("区"),
    OFFICE: T("办事处"),
    VILLAGE: T("村"),
    COMMUNITY: T("社区"),
}
_KINDS = {
    DISTRICT: "区 县 区县 市辖区 高新区 开发区 县级市 district county",
    OFFICE: "办事处 街道 街道办 街道办事处 乡 镇 乡镇 office",
    VILLAGE: "村 行政村 village",
    COMMUNITY: "社区 居委会 community",
    "city": "市 地级市 city",
    "province": "省 自治区 直辖市 province",
}
ORGANIZATION_WORDS: dict[str, Text] = {
    "committee": T("党委"),
    "general_branch": T("党总支"),
    "branch": T("党支部"),
}
_ORGANIZATIONS = {
    "committee": "党委 党的委员会 committee partycommittee",
    "general_branch": "党总支 总支 党总支部 总支部 general_branch generalbranch",
    "branch": "党支部 支部 branch partybranch",
}
_ROLES = {
    Role.ORGANIZER: "组织者 党群工作部 党群部 组织部 组织科 区管理员 总管理员 活动管理员",
    Role.OFFICE_ADMINISTRATOR: "办事处管理员 管理员 党建办 党建办主任 党建专干 街道管理员 administrator",
    Role.SECRETARY: "书记 支部书记 党支部书记 总支书记 党总支书记 党委书记 村书记 村支书 支书 社区书记 村党委书记",
    Role.JUDGE: "评委 评审 评分员",
    Role.SCOREKEEPER: "计票人 计票员 计票 记分员",
    Role.SCRUTINEER: "监票人 监票员 监票",
    Role.OBSERVER: "观察员 观摩人员 观摩组 观摩员",
}

_WRITTEN_KINDS = {"city": "市", "province": "省"}
_PRESENT = frozenset(["在任", "在职", "正常", "现任", "有效", "启用", "active", "present"])
_ENDED = frozenset(
    [
        "离任",
        "离职",
        "卸任",
        "调离",
        "退休",
        "免职",
        "撤销",
        "撤并",
        "合并",
        "已撤销",
        "已离任",
        "停用",
        "ended",
        "left",
    ]
)
#: What the template's example rows say, so that they are never taken for real ones.
EXAMPLE = "示例"
_EXAMPLE = (EXAMPLE, "例子", "样例", "example")

_SPACE = re.compile(r"\s+")
_BRACKETS = re.compile(r"[(\[【].*?[)\]】]")
_NOT_A_WORD = re.compile(r"[\s*:/、()\[\]【】]+")
_BETWEEN = re.compile(r"[、,;/|+]+")
_BETWEEN_CHINESE = re.compile(r"(?<=[\u3400-\u9fff]) (?=[\u3400-\u9fff])")
_MOBILE_NOISE = re.compile(r"[\s\-().]+")
_CHINESE_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_ACCOUNT = re.compile(r"[0-9A-Za-z][0-9A-Za-z_@.\-]{0,63}")
_FOREIGN_MOBILE = re.compile(r"\+[1-9]\d{6,14}")


class State(StrEnum):
    """What the column 状态 says of a row."""

    PRESENT = "present"
    ENDED = "ended"
    EXAMPLE = "example"


def heading(cell: str, known: dict[str, Column]) -> Column | None:
    """The column that a heading names: spaces, asterisks and remarks in brackets do not matter."""
    folded = fold(cell).casefold()
    bare = _NOT_A_WORD.sub("", _BRACKETS.sub("", folded))
    return known.get(bare) or known.get(_NOT_A_WORD.sub("", folded))


def clean(cell: str) -> str:
    """A name as it is kept: no spaces at the ends, none between Chinese characters, single ones elsewhere."""
    return _BETWEEN_CHINESE.sub("", _SPACE.sub(" ", cell).strip())


def _find(words: dict[str, str], cell: str) -> str | None:
    wanted = _SPACE.sub("", fold(cell)).casefold()
    return next((value for value, said in words.items() if wanted == value or wanted in said.split()), None)


def kind_of(cell: str) -> str | None:
    """The kind of unit that a word means."""
    return _find(_KINDS, cell)


def organization_of(cell: str) -> str | None:
    """The kind of Party organization that a word means."""
    return _find(_ORGANIZATIONS, cell)


def role_of(word: str) -> Role | None:
    """The role that a word for a post means: as the program calls it, as people do, or in English."""
    wanted = _SPACE.sub("", fold(word)).casefold()
    for role, words in _ROLES.items():
        if wanted in words.split() or wanted == role.value.replace("_", "") or wanted == role.value:
            return role
    return None


def synonyms(role: Role) -> tuple[str, ...]:
    """Every word that means the role."""
    return (*_ROLES[role].split(), role.value)


def split_posts(cell: str) -> list[str]:
    """The words of a cell that names several posts: 书记、评委, or 书记 评委."""
    words: list[str] = []
    for part in _BETWEEN.split(fold(cell)):
        words += [part.strip()] if role_of(part) else part.split()
    return words


def mobile_of(cell: str) -> str | None:
    """A mobile number as it is kept: eleven digits in China, +country code elsewhere; None when it is none."""
    digits = _MOBILE_NOISE.sub("", fold(cell))
    chinese = _CHINESE_MOBILE.fullmatch(digits)
    if chinese:
        return chinese.group(1)
    return digits if _FOREIGN_MOBILE.fullmatch(digits) else None


def account_of(cell: str) -> str | None:
    """An account's name in WeCom as it is kept, whose capitals do not matter; None when it can be none."""
    word = fold(cell).strip()
    return word if _ACCOUNT.fullmatch(word) else None


def state_of(cell: str) -> State | None:
    """What a row says of itself; nothing means present. None for a word that is not understood."""
    word = _NOT_A_WORD.sub("", _BRACKETS.sub("", fold(cell).casefold()))
    if not word or word in _PRESENT:
        return State.PRESENT
    if word in _ENDED:
        return State.ENDED
    return State.EXAMPLE if word in _EXAMPLE else None


def kind_word(kind: str) -> str:
    """How a kind of unit is written in a file."""
    return KIND_WORDS[kind].msgid if kind in KIND_WORDS else _WRITTEN_KINDS.get(kind, kind)


def organization_word(organization: str | None) -> str:
    """How a kind of Party organization is written in a file; nothing for none."""
    return ORGANIZATION_WORDS[organization].msgid if organization in ORGANIZATION_WORDS else organization or ""


def role_word(role: Role) -> str:
    """How a role is written in a file."""
    return ROLE_WORDS[role].msgid
