"""Error codes of the API and what follows from each, and secrets kept out of every text."""

from __future__ import annotations

import re
from enum import StrEnum

from bot.chat.errors import DeliveryError


class Kind(StrEnum):
    """What can be done about an error."""

    BUSY = "busy"
    TOO_OFTEN = "too often"
    TOKEN = "token"  # noqa: S105 - a name, no secret
    MEDIA = "media"
    SIZE = "size"
    REFUSED = "refused"
    CONFIGURATION = "configuration"
    PERSON = "person"
    GROUP = "group"
    STALE = "stale"
    DISCONNECTED = "disconnected"
    UNREACHABLE = "unreachable"
    UNKNOWN = "unknown"


_CODES: dict[Kind, tuple[int, ...]] = {
    Kind.BUSY: (-1, 45033),
    Kind.TOO_OFTEN: (45009,),
    Kind.TOKEN: (40014, 41001, 42001),
    Kind.MEDIA: (40007,),
    Kind.SIZE: (40058, 45002),
    Kind.REFUSED: (40008,),
    Kind.CONFIGURATION: (40001, 40091, 40013, 40056, 48002, 301002, 60020, 853000),
    Kind.PERSON: (40003, 60111, 60011, 81013),
    Kind.GROUP: (86001, 86003, 86008, 93006, 93000),
    Kind.STALE: (846605, 846608),
    Kind.DISCONNECTED: (846609,),
}
KINDS = {code: kind for kind, codes in _CODES.items() for code in codes}

#: Pauses in seconds: too often; a configuration that somebody has to mend first.
PAUSE_TOO_OFTEN, PAUSE_CONFIGURATION = 60.0, 300.0
_PERMANENT = frozenset({Kind.SIZE, Kind.REFUSED, Kind.PERSON, Kind.GROUP, Kind.MEDIA})
_ADDRESS = re.compile(r"(?:from ip|ip)[:：]?\s*([0-9a-fA-F.:]{3,45})", re.IGNORECASE)
_WORDS: dict[int, str] = {
    40001: "Secret 不对（wecom.secret）",
    40091: "Secret 不对（wecom.secret）",
    40013: "企业ID不对（wecom.corp_id）",
    40056: "AgentId 不对（wecom.agent_id）",
    301002: "AgentId 与 Secret 不是同一个应用（wecom.agent_id）",
    48002: "应用没有调用这个接口的权限",
    853000: "智能机器人的 Bot ID 或 Secret 不对（wecom.bot_id、wecom.bot_secret）",
    81013: "企业微信里没有这位成员，或不在应用的可见范围内",
    60111: "企业微信里没有这位成员",
    40003: "企业微信里没有这位成员",
    60011: "这位成员不在应用的可见范围内",
    86001: "群不存在",
    86003: "群不存在",
    86008: "这个群不是本应用建的",
    93000: "群机器人的 key 不对，或机器人已被移出群",
    93006: "智能机器人在这个群里还没有人跟它说过话，或已被移出群",
}


class ApiError(Exception):
    """The API said no, or could not be reached (`code` None). `ambiguous`: it may have done it all the same."""

    def __init__(self, code: int | None, message: str, *, ambiguous: bool = False) -> None:
        super().__init__(f"{code}: {message}" if code is not None else message)
        self.code = code
        self.message = message
        self.ambiguous = ambiguous

    @property
    def kind(self) -> Kind:
        if self.code is None:
            return Kind.UNREACHABLE
        return KINDS.get(self.code, Kind.UNKNOWN)

    @property
    def explanation(self) -> str:
        """What it means for an operator, in Chinese."""
        if self.code == 60020:
            found = _ADDRESS.search(self.message)
            where = found[1] if found else "（见报文）"
            return f"服务器地址 {where} 不在可信IP里：管理后台 → 应用管理 → 该应用 → 企业可信IP，加上 {where}"
        said = _WORDS.get(self.code or 0, self.message)
        return f"{said}（错误码 {self.code}）" if self.code is not None else said

    def as_delivery_error(self) -> DeliveryError:
        """For the outbox."""
        kind = self.kind
        if kind is Kind.CONFIGURATION:
            pause = PAUSE_CONFIGURATION
            return DeliveryError(self.explanation, retry_after=pause, account=True, mendable=True)
        if kind is Kind.TOO_OFTEN:
            return DeliveryError(self.explanation, retry_after=PAUSE_TOO_OFTEN, account=True)
        return DeliveryError(self.explanation, permanent=kind in _PERMANENT, ambiguous=self.ambiguous)


_IN_ADDRESS = re.compile(r"\b(access_token|corpsecret|secret|key|aeskey)=[^&\s'\")]+", re.IGNORECASE)


def scrubbed(text: str, secrets: tuple[str, ...]) -> str:
    """The text without any of the secrets, and without what stands for one in an address."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _IN_ADDRESS.sub(r"\1=***", text)
