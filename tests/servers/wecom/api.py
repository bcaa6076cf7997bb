"""The API over HTTP: tokens, messages, cards, groups, files, robots, with the limits and codes of the real one."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.servers.wecom.company import Company, Seen

Answer = dict[str, Any]


class Refusal(Exception):
    def __init__(self, code: int, message: str = "") -> None:
        super().__init__(code)
        self.code, self.message = code, message


def size(text: str) -> int:
    return len(text.encode())


class Api:
    """`calls` lists what was asked for; `faults` holds, by path, what goes wrong next."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.calls: list[str] = []
        self.bodies: list[tuple[str, Any]] = []
        self.faults: dict[str, list[Any]] = {}
        self.tokens: dict[str, float] = {}
        self.latest = ""
        self.lifetime = 7200
        self.made = 0
        self.gettoken_takes = 0.0
        self.menu: Any = None
        self.trusted = True
        self.groups: dict[str, dict[str, Any]] = {}
        self.root_visible = True
        self._duplicates: dict[str, float] = {}
        self._tasks: set[str] = set()
        self._numbers = itertools.count(1)
        #: By response code: the card that it changes once, and since when.
        self._codes: dict[str, tuple[Seen, float]] = {}

    def app(self) -> Starlette:
        posts: dict[str, Callable[[Request, Answer], Awaitable[Answer]]] = {
            "message/send": self.send,
            "message/update_template_card": self.update_card,
            "appchat/create": self.create_group,
            "appchat/update": self.update_group,
            "appchat/send": self.send_group,
            "menu/create": self.create_menu,
            "user/getuserid": self.user_by_mobile,
        }
        gets: dict[str, Callable[[Request, Answer], Awaitable[Answer]]] = {
            "appchat/get": self.get_group,
            "agent/get": self.agent,
            "user/get": self.user,
        }
        routes = [Route("/cgi-bin/gettoken", self._open(self.gettoken))]
        routes += [Route(f"/cgi-bin/{p}", self._guarded(p, f), methods=["POST"]) for p, f in posts.items()]
        routes += [Route(f"/cgi-bin/{p}", self._guarded(p, f)) for p, f in gets.items()]
        routes += [
            Route("/cgi-bin/media/upload", self._guarded("media/upload", self.upload), methods=["POST"]),
            Route("/cgi-bin/media/get", self.download),
            Route("/cgi-bin/webhook/send", self._open(self.webhook, "webhook/send"), methods=["POST"]),
            Route("/cgi-bin/webhook/upload_media", self._open(self.webhook_upload), methods=["POST"]),
            Route("/bot-file/{media_id}", self.bot_file),
        ]
        return Starlette(routes=routes)

    def fail(self, path: str, *faults: Any) -> None:
        """The next calls go wrong: an errcode, (errcode, errmsg), "500", "garbage", "hang" or "reset after"."""
        self.faults.setdefault(path, []).extend(faults)

    def expire_tokens(self) -> None:
        self.tokens.clear()

    # --- frame --------------------------------------------------------------------------------------------

    def _open(self, work: Any, path: str = "") -> Any:
        async def answer(request: Request) -> Response:
            name = path or request.url.path.removeprefix("/cgi-bin/")
            return await self._answered(name, request, work)

        return answer

    def _guarded(self, path: str, work: Any) -> Any:
        async def checked(request: Request, body: Answer) -> Answer:
            token = request.query_params.get("access_token", "")
            if not token:
                raise Refusal(41001, "access_token missing")
            if token not in self.tokens:
                raise Refusal(40014, "invalid access_token")
            if self.tokens[token] < self.company.now():
                raise Refusal(42001, "access_token expired")
            if not self.trusted:
                raise Refusal(
                    60020, "not allow to access from your ip, hint: [x], from ip: 203.0.113.7, more info"
                )
            return dict(await work(request, body))

        async def answer(request: Request) -> Response:
            return await self._answered(path, request, checked)

        return answer

    async def _answered(self, path: str, request: Request, work: Any) -> Response:
        self.calls.append(path)
        fault = self.faults.get(path, []).pop(0) if self.faults.get(path) else None
        match fault:
            case "500":
                return PlainTextResponse("oops", 500)
            case "garbage":
                return PlainTextResponse("<html>not json</html>")
            case "hang":
                await asyncio.sleep(30)
            case int(code) | (int(code), _) if not isinstance(fault, bool):
                message = fault[1] if isinstance(fault, tuple) else "scripted"
                return JSONResponse({"errcode": code, "errmsg": message})
        try:
            kind = request.headers.get("content-type", "")
            body = (
                json.loads(await request.body())
                if kind.startswith(("application/json", "text"))
                or (request.method == "POST" and not kind.startswith("multipart"))
                else {}
            )
            self.bodies.append((path, body))
            said = {"errcode": 0, "errmsg": "ok", **(await work(request, body))}
        except Refusal as refusal:
            said = {"errcode": refusal.code, "errmsg": refusal.message or "refused"}
        if fault == "late":
            await asyncio.sleep(30)
        return JSONResponse(said)

    # --- token --------------------------------------------------------------------------------------------

    async def gettoken(self, request: Request, _body: Answer) -> Answer:
        given = request.query_params
        await asyncio.sleep(self.gettoken_takes)
        if given.get("corpid") != self.company.corp_id:
            raise Refusal(40013, "invalid corpid")
        if given.get("corpsecret") != self.company.secret:
            raise Refusal(40001, f"invalid credential {given.get('corpsecret')}")
        if self.latest not in self.tokens or self.tokens[self.latest] < self.company.now():
            self.made += 1
            self.latest = f"token-{self.made}"
            self.tokens[self.latest] = self.company.now() + self.lifetime
        return {"access_token": self.latest, "expires_in": self.lifetime}

    # --- messages -----------------------------------------------------------------------------------------

    async def send(self, _request: Request, body: Answer) -> Answer:
        if body.get("agentid") != self.company.agent_id:
            raise Refusal(40056, "invalid agentid")
        users = [one for one in str(body.get("touser", "")).split("|") if one]
        if not users or len(users) > 1000:
            raise Refusal(40003, "touser")
        known = {user: self.company.named(user) for user in users}
        reached = {u: n for u, n in known.items() if n and n not in self.company.invisible}
        invalid = [user.lower() for user in users if user not in reached]
        if not reached:
            raise Refusal(81013, "all of touser is invalid")
        unlicensed = [name for name in reached.values() if name in self.company.unlicensed]
        seen = self._seen(body)
        code = ""
        for name in reached.values():
            if name in unlicensed or self._is_repetition(name, body):
                continue
            if not self.company.within(f"user:{name}", (30, 60), (1000, 3600)):
                self.company.dropped.append(name)
                continue
            one = Seen(seen.kind, seen.text, seen.card, seen.file)
            if one.card is not None:
                code = one.response_code = f"code-{next(self._numbers)}"
                self._codes[code] = one, self.company.now()
            self.company.phones[name.lower()].append(one)
        if seen.card is not None:
            self._tasks.add(seen.card["task_id"])
        return {
            "invaliduser": "|".join(invalid),
            "unlicenseduser": "|".join(one.lower() for one in unlicensed),
            "msgid": f"msg-{len(self.calls)}",
            "response_code": code,
        }

    def _is_repetition(self, name: str, body: Answer) -> bool:
        if not body.get("enable_duplicate_check"):
            return False
        interval = min(int(body.get("duplicate_check_interval", 1800)), 4 * 3600)
        content = json.dumps([name, body["msgtype"], body[body["msgtype"]]], sort_keys=True)
        again = self._duplicates.get(content, 0.0) > self.company.now() - interval
        self._duplicates[content] = self.company.now()
        return again

    def _seen(self, body: Answer) -> Seen:
        kind = str(body.get("msgtype"))
        content = body.get(kind)
        if not isinstance(content, dict):
            raise Refusal(40008, "invalid message type")
        match kind:
            case "text":
                # Cut silently, in the middle of a character if need be.
                return Seen(kind, content["content"].encode()[:2048].decode(errors="ignore"))
            case "markdown":
                if size(content["content"]) > 2048:
                    raise Refusal(45002, "content size out of limit")
                return Seen(kind, content["content"])
            case "template_card":
                self.check_card(content)
                if content["task_id"] in self._tasks:
                    # The same card again is dropped as a repetition; another one must not take its number.
                    pass
                return Seen(kind, words_of(content), content)
            case "image" | "file":
                return Seen(kind, file=self._media(content["media_id"]))
            case _:
                raise Refusal(40008, "invalid message type")

    def _media(self, media_id: str) -> bytes:
        found = self.company.media.get(media_id)
        if found is None or found[3] < self.company.now() - 3 * 24 * 3600:
            raise Refusal(40007, "invalid media_id")
        return found[1]

    @staticmethod
    def check_card(card: Answer) -> None:
        if not re.fullmatch(r"[0-9a-zA-Z_\-@]{1,128}", str(card.get("task_id", ""))):
            raise Refusal(42014, "task_id")
        if not card.get("main_title", {}).get("title"):
            raise Refusal(42015, "main_title")
        match card.get("card_type"):
            case "button_interaction":
                listed = card.get("button_list", [])
                if not 1 <= len(listed) <= 6 or any(not b.get("text") or size(b["key"]) > 1024 for b in listed):
                    raise Refusal(42016, "button_list")
                keys = [b["key"] for b in listed]
            case "vote_interaction":
                listed = card.get("checkbox", {}).get("option_list", [])
                if not 1 <= len(listed) <= 20 or any(not o.get("text") or size(o["id"]) > 128 for o in listed):
                    raise Refusal(42017, "option_list")
                if not card.get("submit_button", {}).get("text"):
                    raise Refusal(42018, "submit_button")
                keys = [o["id"] for o in listed]
            case "text_notice":
                # It has to lead somewhere when it is tapped.
                action = card.get("card_action", {})
                if action.get("type") not in (1, 2) or not (action.get("url") or action.get("appid")):
                    raise Refusal(42045, "card_action is missing or invalid")
                keys = []
            case _:
                raise Refusal(42019, "card_type")
        if len(set(keys)) != len(keys):
            raise Refusal(42020, "keys are repeated")

    async def update_card(self, _request: Request, body: Answer) -> Answer:
        seen, given = self._codes.pop(str(body.get("response_code")), (None, 0.0))
        if seen is None:
            raise Refusal(42021, "response_code was used or never given")
        if given < self.company.now() - 72 * 3600:
            raise Refusal(42021, "response_code expired")
        if not any(self.company.named(user) for user in body.get("userids", [])):
            raise Refusal(81013, "userids")
        if "template_card" not in body:
            seen.live, seen.text = False, f"{seen.text}\n[{body['button']['replace_name']}]"
            return {}
        self.check_card(body["template_card"])
        seen.becomes(body["template_card"], words_of(body["template_card"]))
        return {}

    def fresh_code(self, seen: Seen) -> str:
        """A press comes with a code with which the card can be updated once."""
        code = f"code-{next(self._numbers)}-pressed"
        self._codes[code] = seen, self.company.now()
        return code

    # --- groups -------------------------------------------------------------------------------------------

    async def create_group(self, _request: Request, body: Answer) -> Answer:
        chat = str(body.get("chatid") or f"auto{len(self.groups)}")
        if not self.root_visible:
            raise Refusal(48002, "api forbidden: root department is not visible")
        if not re.fullmatch(r"[0-9a-zA-Z]{1,32}", chat) or chat in self.groups:
            raise Refusal(86216 if chat in self.groups else 86201, "chatid")
        members = [self.company.named(one) for one in body.get("userlist", [])]
        if not 2 <= len(members) <= 2000 or None in members or self.company.named(body["owner"]) not in members:
            raise Refusal(86203, "userlist")
        self.groups[chat] = {"chatid": chat, "name": body["name"], "owner": body["owner"], "userlist": members}
        return {"chatid": chat}

    async def update_group(self, _request: Request, body: Answer) -> Answer:
        group = self._group(body.get("chatid"))
        group["userlist"] += [self.company.named(one) for one in body.get("add_user_list", [])]
        gone = {one.lower() for one in body.get("del_user_list", [])}
        group["userlist"] = [one for one in group["userlist"] if one.lower() not in gone]
        return {}

    async def get_group(self, request: Request, _body: Answer) -> Answer:
        return {"chat_info": self._group(request.query_params.get("chatid"))}

    async def send_group(self, _request: Request, body: Answer) -> Answer:
        group = self._group(body.get("chatid"))
        if body.get("msgtype") == "template_card":
            raise Refusal(40008, "no cards in groups")
        seen = self._seen(body)
        if body["msgtype"] == "text":
            seen.called = self._listed(body["text"], group["userlist"])
        self.company.groups[f"app:{group['chatid']}"].append(seen)
        return {"msgid": f"msg-{len(self.calls)}"}

    def _listed(self, content: Answer, members: Iterable[str]) -> tuple[str, ...]:
        """Those of `mentioned_list` who are there; the others are passed over in silence."""
        listed = content.get("mentioned_list", [])
        if not isinstance(listed, list) or not all(isinstance(one, str) for one in listed):
            raise Refusal(40058, "mentioned_list")
        if "@all" in listed:
            return ("@all",)
        wanted = {one.lower() for one in listed}
        return tuple(one for one in members if one.lower() in wanted)

    def _written(self, text: str) -> tuple[str, ...]:
        """Those who are called in the words by <@userid>, and <@all>."""
        named = [one if one == "all" else self.company.named(one) for one in re.findall(r"<@([^<>]+)>", text)]
        return tuple(one for one in named if one)

    def _group(self, chat: Any) -> dict[str, Any]:
        if chat not in self.groups:
            raise Refusal(86001, "chatid is invalid")
        return self.groups[str(chat)]

    # --- files --------------------------------------------------------------------------------------------

    async def upload(self, request: Request, _body: Answer) -> Answer:
        kind, name, data = await self._uploaded(request)
        most = {"image": 10, "file": 20, "voice": 2, "video": 10}.get(kind, 0) * 1024 * 1024
        if not 5 < len(data) <= most:
            raise Refusal(45001 if data else 44001, "media size")
        return {"type": kind, "media_id": self.company.keep(name, data, kind), "created_at": "1380000000"}

    @staticmethod
    async def _uploaded(request: Request) -> tuple[str, str, bytes]:
        async with request.form() as form:
            part = form.get("media")
            if not isinstance(part, UploadFile):
                raise Refusal(41005, "media missing")
            return request.query_params.get("type", ""), part.filename or "", await part.read()

    async def download(self, request: Request) -> Response:
        async def work(_request: Request, _body: Answer) -> Answer:
            return {"data": self._media(request.query_params.get("media_id", ""))}

        name, data = "", b""
        answer = await self._guarded_raw("media/get", request, work)
        if isinstance(answer, Response):
            return answer
        name, data, kind, _at = self.company.media[request.query_params["media_id"]]
        types = {"image": "image/png", "voice": "audio/amr"}
        headers = {"Content-Disposition": f'attachment; filename="{name}"'.encode().decode("latin-1")}
        return Response(data, media_type=types.get(kind, "application/octet-stream"), headers=headers)

    async def _guarded_raw(self, path: str, request: Request, work: Any) -> Any:
        self.calls.append(path)
        fault = self.faults.get(path, []).pop(0) if self.faults.get(path) else None
        if fault == "hang":
            await asyncio.sleep(30)
        if isinstance(fault, int):
            return JSONResponse({"errcode": fault, "errmsg": "scripted"})
        if isinstance(fault, float):
            await asyncio.sleep(fault)
        if request.query_params.get("access_token") not in self.tokens:
            return JSONResponse({"errcode": 40014, "errmsg": "invalid access_token"})
        try:
            return await work(request, {})
        except Refusal as refusal:
            return JSONResponse({"errcode": refusal.code, "errmsg": "refused"})

    async def bot_file(self, request: Request) -> Response:
        """A file sent to the AI bot: encrypted, and gone after five minutes."""
        found = self.company.media.get(request.path_params["media_id"])
        if found is None or found[3] < self.company.now() - 300:
            return PlainTextResponse("gone", 404)
        return Response(found[1], headers={"Content-Disposition": 'attachment; filename="photo.png"'})

    # --- robots -------------------------------------------------------------------------------------------

    async def webhook(self, request: Request, body: Answer) -> Answer:
        name = self.company.robot_keys.get(request.query_params.get("key", ""))
        if name is None:
            raise Refusal(93000, "invalid webhook url")
        if not self.company.within(f"robot:{name}", (20, 60)):
            raise Refusal(45009, "api freq out of limit")
        kind = body.get("msgtype")
        content = body.get(str(kind), {})
        match kind:
            case "text" | "markdown" | "markdown_v2":
                if size(content["content"]) > (2048 if kind == "text" else 4096):
                    raise Refusal(40058, "content exceed max length")
                seen = Seen(kind, content["content"], by="robot")
                if kind != "markdown_v2":
                    seen.called = self._written(seen.text)
                if kind == "text":
                    seen.called += self._listed(content, self.company.people)
            case "image":
                data = base64.b64decode(content["base64"], validate=True)
                if len(data) > 2 * 1024 * 1024 or hashlib.md5(data).hexdigest() != content["md5"]:
                    raise Refusal(40009, "invalid image")
                seen = Seen(kind, file=data, by="robot")
            case "file":
                seen = Seen(kind, file=self._media(content["media_id"]), by="robot")
            case "news":
                seen = Seen(
                    kind, "\n\n".join(self._article(one) for one in content.get("articles", [])), by="robot"
                )
                if not 1 <= len(content["articles"]) <= 8:
                    raise Refusal(40058, "articles: 1 to 8")
            case _:
                raise Refusal(40008, "invalid message type")
        self.company.groups[f"robot:{name}"].append(seen)
        return {}

    @staticmethod
    def _article(one: Answer) -> str:
        """As it is shown: title and description are cut off in silence, an address has to be one."""
        for name in ("url", "picurl") if one.get("picurl") else ("url",):
            if not re.fullmatch(r"https?://[^\s/]+\.[^\s/]+(/\S*)?", str(one.get(name, ""))):
                raise Refusal(40058, f"articles.{name}")
        if not one.get("title"):
            raise Refusal(40058, "articles.title")
        title = one["title"].encode()[:128].decode(errors="ignore")
        text = str(one.get("description", "")).encode()[:512].decode(errors="ignore")
        return "\n".join(filter(None, (title, text, one["url"])))

    async def webhook_upload(self, request: Request, _body: Answer) -> Answer:
        if request.query_params.get("key") not in self.company.robot_keys:
            raise Refusal(93000, "invalid webhook url")
        kind, name, data = await self._uploaded(request)
        return {"type": kind, "media_id": self.company.keep(name, data, kind), "created_at": "1380000000"}

    # --- the rest -----------------------------------------------------------------------------------------

    async def create_menu(self, request: Request, body: Answer) -> Answer:
        buttons = body["button"]
        if not 1 <= len(buttons) <= 3 or any(size(one["name"]) > 16 for one in buttons):
            raise Refusal(40016, "invalid button size")
        for one in buttons:
            entries = one["sub_button"]
            if not 1 <= len(entries) <= 5 or any(size(e["name"]) > 40 or size(e["key"]) > 128 for e in entries):
                raise Refusal(40023, "invalid sub button")
        self.menu = body
        return {}

    async def agent(self, request: Request, _body: Answer) -> Answer:
        if request.query_params.get("agentid") != str(self.company.agent_id):
            raise Refusal(301002, "not allow operate another agent with this accesstoken")
        parties = [1] if self.root_visible else []
        return {"name": "亮赛比", "allow_userinfos": {"user": []}, "allow_partys": {"partyid": parties}}

    async def user(self, request: Request, _body: Answer) -> Answer:
        name = self.company.named(request.query_params.get("userid", ""))
        if name is None:
            raise Refusal(60111, "userid not found")
        return {"userid": name, "name": name}

    async def user_by_mobile(self, _request: Request, body: Answer) -> Answer:
        for name, mobile in self.company.people.items():
            if mobile and mobile == body.get("mobile"):
                return {"userid": name}
        raise Refusal(46004, "user not exist")


def words_of(card: Answer) -> str:
    title = card.get("main_title", {})
    said = [title.get("title", ""), title.get("desc", ""), card.get("sub_title_text", "")]
    return "\n".join(one for one in said if one)
