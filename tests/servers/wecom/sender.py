"""WeCom's server towards ours: verifies the address, sends what people do until it is answered in time."""

from __future__ import annotations

import asyncio
import itertools
import secrets
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.servers.wecom import crypto
from tests.servers.wecom.api import Api
from tests.servers.wecom.company import Company, Seen

DELIVERIES, WITHIN = 3, 5.0


@dataclass
class Delivered:
    """How often a message was sent, and the last status (0: no answer in time)."""

    xml: str
    statuses: list[int] = field(default_factory=list)

    @property
    def taken(self) -> bool:
        return bool(self.statuses) and self.statuses[-1] == 200


class Sender:
    """`address` is the callback's. `pause`: seconds between deliveries of the same message."""

    def __init__(self, company: Company, api: Api, address: str, *, pause: float = 0.05) -> None:
        self.company = company
        self.api = api
        self.address = address
        self.pause = pause
        self.http = httpx.AsyncClient(timeout=WITHIN, verify=False)
        self.sent: list[Delivered] = []
        self._numbers = itertools.count(7_000_000_001)

    async def close(self) -> None:
        await self.http.aclose()

    async def verify(self) -> httpx.Response:
        """What happens when the administrator saves the address."""
        echo = crypto.encrypt(self.company.aes_key, "1616140317555161061", self.company.corp_id)
        return await self.http.get(self.address, params={**self.query(echo), "echostr": echo})

    def query(self, encrypted: str, *, at: float | None = None) -> dict[str, str]:
        timestamp, nonce = str(int(at if at is not None else self.company.now())), secrets.token_hex(5)
        signature = crypto.signature(self.company.token, timestamp, nonce, encrypted)
        return {"msg_signature": signature, "timestamp": timestamp, "nonce": nonce}

    def envelope(self, encrypted: str) -> str:
        return (
            f"<xml><ToUserName><![CDATA[{self.company.corp_id}]]></ToUserName>"
            f"<AgentID><![CDATA[{self.company.agent_id}]]></AgentID>"
            f"<Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>"
        )

    async def deliver(self, xml: str) -> Delivered:
        """Send until it is answered with 200 within five seconds, three times at most."""
        done = Delivered(xml)
        self.sent.append(done)
        for attempt in range(DELIVERIES):
            if attempt:
                await asyncio.sleep(self.pause)
            done.statuses.append(await self.once(xml))
            if done.taken:
                break
        return done

    async def once(self, xml: str) -> int:
        encrypted = crypto.encrypt(self.company.aes_key, xml, self.company.corp_id)
        try:
            answer = await self.http.post(
                self.address, params=self.query(encrypted), content=self.envelope(encrypted)
            )
        except httpx.HTTPError:
            return 0
        return answer.status_code

    # --- what people do -----------------------------------------------------------------------------------

    def message(self, user: str, kind: str, number: int | None = None, **fields: Any) -> str:
        return self.xml(user, MsgType=kind, **fields, MsgId=number or next(self._numbers))

    def event(self, user: str, event: str, **fields: Any) -> str:
        return self.xml(user, MsgType="event", Event=event, **fields)

    def xml(self, user: str, **fields: Any) -> str:
        head = {
            "ToUserName": self.company.corp_id,
            "FromUserName": user,
            "CreateTime": int(self.company.now()),
            **fields,
            "AgentID": self.company.agent_id,
        }
        return f"<xml>{''.join(element(name, value) for name, value in head.items())}</xml>"

    async def says(self, user: str, text: str) -> Delivered:
        return await self.deliver(self.message(user, "text", Content=text))

    async def sends_photo(self, user: str, data: bytes) -> Delivered:
        media = self.company.keep("照片.png", data, "image")
        return await self.deliver(self.message(user, "image", PicUrl="http://example.invalid/p", MediaId=media))

    async def presses(self, user: str, label: str) -> Delivered:
        """Press the newest live button of that label. Raises LookupError."""
        for seen in reversed(self.company.phones[user.lower()]):
            if seen.by == "app" and label in seen.buttons:
                return await self.deliver(self.pressed(user, seen, seen.buttons[label]))
        raise LookupError(label)

    def pressed(self, user: str, seen: Seen, key: str) -> str:
        assert seen.card is not None
        more: dict[str, Any] = {"EventKey": key}
        if seen.card["card_type"] == "vote_interaction":
            item = {"QuestionKey": "choice", "OptionIds": {"OptionId": key}}
            more = {"EventKey": "submit", "SelectedItems": {"SelectedItem": item}}
        code = self.api.fresh_code(seen)
        return self.event(
            user,
            "template_card_event",
            **more,
            TaskId=seen.card["task_id"],
            CardType=seen.card["card_type"],
            ResponseCode=code,
        )


def element(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return f"<{name}>{''.join(element(key, inner) for key, inner in value.items())}</{name}>"
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    safe = str(value).replace("]]>", "]]]]><![CDATA[>")
    return f"<{name}><![CDATA[{safe}]]></{name}>"
