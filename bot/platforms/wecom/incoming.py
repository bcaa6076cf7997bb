"""What a callback says, read into one small record. Total: whatever cannot be read is refused, nothing escapes."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import msgspec
from wechatpy.work import parse_message

from bot.chat.messages import NoticeKind
from bot.platforms.wecom.cards import split_key
from bot.platforms.wecom.crypto import Refused

#: More tags than any message of WeCom has; reading deep nesting would take long.
MOST_TAGS = 2000
_DECLARATION = re.compile(r"<!(?!\[CDATA\[|--)|<\?(?!xml\s)", re.IGNORECASE)
#: Events of which nobody needs to hear: acknowledged and left.
_QUIET = frozenset({"view", "location", "batch_job_result", "unsubscribe_app"})


class Media(msgspec.Struct, frozen=True):
    """A photo or file that came along: by its media id (app), or by address and key (AI bot)."""

    name: str
    media_id: str = ""
    url: str = ""
    aes_key: str = ""


class Incoming(msgspec.Struct, frozen=True):
    """One message, press or notice, as kept on disk until it is committed.

    `id` is the same for every delivery. `chat` is empty for the private chat. `request` is the AI bot's req_id.
    """

    id: str
    user: str
    at: float
    text: str = ""
    chat: str = ""
    media: tuple[Media, ...] = ()
    pressed: bool = False
    card: str = ""
    response_code: str = ""
    label: str = ""
    card_type: str = ""
    notice: NoticeKind | None = None
    request: str = ""
    contacts: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing in it for the engine."""
        return not (self.text or self.media or self.notice)


def read_xml(xml: str) -> dict[str, Any]:
    """The elements of a callback's XML. Raises Refused (400) for anything that is no plain message."""
    if _DECLARATION.search(xml) or xml.count("<") > MOST_TAGS:
        raise Refused(400, "declarations, or far too many tags")
    try:
        data: dict[str, Any] = parse_message(xml)._data
    except Exception as error:  # noqa: BLE001 - the library lets through whatever its parsers raise
        raise Refused(400, f"no message ({type(error).__name__})") from None
    return data


def read_message(xml: str) -> Incoming | None:
    """What the decrypted XML says; None for what needs no answer. Raises Refused (400)."""
    data = read_xml(xml)
    kind = _text(data, "MsgType").lower()
    user = _text(data, "FromUserName").lower()  # WeCom does not tell upper from lower case, nor may we
    moment = _text(data, "CreateTime")
    if not user or not kind or not (moment.isascii() and moment.isdecimal() and len(moment) <= 12):
        raise Refused(400, "sender, type or time is missing")
    if kind == "event":
        return _event(data, user, moment)
    number = _text(data, "MsgId")
    if not number:
        raise Refused(400, "a message without MsgId")
    text, media = _content(kind, data, number)
    found = Incoming(id=f"app:{number}"[:120], user=user, at=float(moment), text=text, media=media)
    return None if found.is_empty else found


def _content(kind: str, data: dict[str, Any], number: str) -> tuple[str, tuple[Media, ...]]:
    media_id = _text(data, "MediaId")
    match kind:
        case "text":
            return _text(data, "Content"), ()
        case "image":
            return "", (Media(f"照片{number[-4:]}.jpg", media_id),) if media_id else ()
        case "voice":
            return "", (
                Media(f"语音{number[-4:]}.{_ending(_text(data, 'Format'), 'amr')}", media_id),
            ) if media_id else ()
        case "video" | "shortvideo":
            return "", (Media(f"视频{number[-4:]}.mp4", media_id),) if media_id else ()
        case "file":
            return "", (Media(_text(data, "FileName") or f"文件{number[-4:]}", media_id),) if media_id else ()
        case "location":
            place = " ".join(
                filter(None, (_text(data, "Label"), _text(data, "Location_X"), _text(data, "Location_Y")))
            )
            return f"位置：{place}", ()
        case "link":
            return " ".join(filter(None, (_text(data, "Title"), _text(data, "Url")))), ()
        case _:
            return "", ()


def _event(data: dict[str, Any], user: str, moment: str) -> Incoming | None:
    event = _text(data, "Event").lower()
    key, task = _text(data, "EventKey"), _text(data, "TaskId")
    chosen = selected(data.get("SelectedItems"))
    told = "|".join((user, moment, event, key, task, _text(data, "ChangeType"), _text(data, "UserID"), *chosen))
    name = "event:" + hashlib.sha256(told.encode()).hexdigest()[:40]
    base = Incoming(id=name, user=user, at=float(moment))
    match event:
        case "enter_agent" | "subscribe":
            return msgspec.structs.replace(base, notice=NoticeKind.ENTERED)
        case "unsubscribe":
            return msgspec.structs.replace(base, notice=NoticeKind.BLOCKED)
        case "click":
            return msgspec.structs.replace(base, text=key, pressed=True) if key else None
        case "template_card_event":
            return _press(base, data, key, task)
        case "change_contact":
            return msgspec.structs.replace(base, contacts=True)
        case _:
            return None


def _press(base: Incoming, data: dict[str, Any], key: str, task: str) -> Incoming | None:
    chosen = next(iter(selected(data.get("SelectedItems"))), key)
    payload, label = split_key(chosen)
    code = _text(data, "ResponseCode")
    if not payload:
        return None
    kind = _text(data, "CardType")
    return msgspec.structs.replace(
        base, text=payload, pressed=True, card=task, response_code=code, label=label, card_type=kind
    )


def selected(items: Any) -> list[str]:
    """The ids chosen in a vote card; one and several look different in XML."""
    found: list[str] = []
    for item in _many(items, "SelectedItem", "selected_item"):
        for options in _many(item, "OptionIds", "option_ids"):
            listed = options if isinstance(options, dict) else {"OptionId": options}
            ids = listed.get("OptionId", listed.get("option_id"))
            found += [str(one) for one in (ids if isinstance(ids, list) else [ids]) if one]
    return found


def _many(holder: Any, *names: str) -> list[Any]:
    if not isinstance(holder, dict):
        return []
    inner = next((holder[name] for name in names if name in holder), None)
    return inner if isinstance(inner, list) else [] if inner is None else [inner]


def _text(data: dict[str, Any], name: str) -> str:
    value = data.get(name)
    return value.strip() if isinstance(value, str) else ""


def _ending(given: str, usual: str) -> str:
    return given.lower() if re.fullmatch(r"[A-Za-z0-9]{1,5}", given) else usual
