"""In step with the roster: accounts bound by number or by name, robots' groups, groups that the app keeps."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence

from bot.platforms.wecom.api import Api
from bot.platforms.wecom.errors import ApiError, Kind
from bot.platforms.wecom.intake import private_chat
from bot.platforms.wecom.settings import WeComSection
from bot.platforms.wecom.store import Candidate, OfficeGroup, Store

log = logging.getLogger("liangsaibi.wecom")

#: The chat ids of groups that the app made, and of groups that have a robot.
APP_GROUP, ROBOT_GROUP = "app:", "robot:"
MOST_MEMBERS, LEAST_MEMBERS, MOST_NAME = 2000, 2, 50
#: Facts that are shared with whoever asks for groups: whether they can be made, for which units they are wished
#: for, and why one could not be made.
MAKES, WISHES, TROUBLE = "makes_groups", "group_wishes", "group_trouble"
#: Errors that may be over in the next round.
PASSING = (Kind.BUSY, Kind.TOO_OFTEN, Kind.UNREACHABLE, Kind.TOKEN)
#: People added to or removed from a group in one call.
STEP = 50


class Roster:
    """What is done at start, from time to time, and when somebody unknown writes."""

    def __init__(self, settings: WeComSection, store: Store, api: Api) -> None:
        self._settings = settings
        self._store = store
        self._api = api
        #: People who were looked up without result: not asked for again until the next round.
        self._unknown: set[str] = set()
        #: Units for which a group was wished for when it was last looked.
        self._tried: set[int] = set()

    async def keep_in_step(self) -> None:
        """One round; what fails is logged and tried in the next."""
        self._unknown.clear()
        robots = {unit: ROBOT_GROUP + unit for unit in self._settings.robots}
        for name in await self._store.tie_robots(robots, ROBOT_GROUP):
            log.warning("wecom.robots: 名册里没有（或不止一个）单位叫 %s", name)
        if not self._settings.has_app:
            return
        try:
            if self._settings.bind_by != "code":
                await self._bind(await self._store.candidates())
            await self._keep_groups()
        except ApiError as error:
            log.error("与名册同步未完成：%s", error.explanation)

    async def open(self) -> None:
        """Say that groups can be made here, or no longer."""
        if bool(await self._store.get(MAKES)) != self._settings.has_app:
            await self._store.put(MAKES, self._settings.has_app)

    async def is_wished_for(self) -> bool:
        """Whether somebody has asked for a group since the last round; whoever asks again means it again."""
        if not self._settings.has_app:
            return False
        wished = await self._wished()
        self._tried &= wished
        return wished > self._tried

    async def _wished(self) -> set[int]:
        return {int(unit) for unit in await self._store.get(WISHES) or ()}

    async def _keep_groups(self) -> None:
        """Make those that are asked for, by the setting or by somebody, and keep those that were made in step."""
        wished = await self._wished()
        self._tried = wished
        trouble: dict[str, str] = {}
        for group in await self._store.office_groups(APP_GROUP):
            asked = group.unit_id in wished
            if not (group.chat or asked or self._settings.office_groups):
                continue
            try:
                await self._keep_group(group)
            except ApiError as error:
                if not asked or error.kind in PASSING:
                    raise
                trouble[str(group.unit_id)] = error.explanation
        if trouble:
            await self._store.put(TROUBLE, trouble)

    async def meet(self, user: str) -> None:
        """Somebody writes: if the roster's numbers tell who it is, they are bound before they are answered."""
        if self._settings.bind_by == "code" or user in self._unknown:
            return
        self._unknown.add(user)
        candidates = await self._store.candidates()
        if self._settings.bind_by == "userid":
            await self._tie([c for c in candidates if c.user == user], user)
            return
        if not self._settings.has_app:
            return
        try:
            found = await self._api.get("user/get", userid=user)
            mobile = str(found.get("mobile") or "")
            if mobile:
                await self._tie([c for c in candidates if c.mobile == mobile], user)
            else:
                # Newer apps are not told numbers; but they may ask whose a number is.
                await self._bind(candidates)
        except ApiError as error:
            log.warning("%s could not be looked up: %s", user, error.explanation)

    async def _bind(self, candidates: Sequence[Candidate]) -> None:
        by_name = self._settings.bind_by == "userid"
        fits: dict[str, list[Candidate]] = {}
        for candidate in candidates:
            fits.setdefault(candidate.user if by_name else candidate.mobile, []).append(candidate)
        for mark, same in fits.items():
            if not mark or len(same) > 1:
                continue
            user = mark if by_name else await self._user_of(mark)
            if user and await self._exists(user):
                await self._tie(same, user)

    async def _user_of(self, mobile: str) -> str:
        try:
            return str((await self._api.post("user/getuserid", {"mobile": mobile})).get("userid") or "").lower()
        except ApiError as error:
            if error.kind in (Kind.CONFIGURATION, Kind.UNREACHABLE, Kind.TOO_OFTEN):
                raise
            return ""

    async def _exists(self, user: str) -> bool:
        if self._settings.bind_by != "userid":
            return True
        try:
            await self._api.get("user/get", userid=user)
        except ApiError as error:
            if error.kind in (Kind.CONFIGURATION, Kind.UNREACHABLE, Kind.TOO_OFTEN):
                raise
            return False
        return True

    async def _tie(self, fits: Sequence[Candidate], user: str) -> None:
        """Only when the number is one person's: two people with one number have to use codes."""
        if len(fits) == 1 and await self._store.tie(fits[0].person_id, user, private_chat(user)):
            self._unknown.discard(user)
            log.info("person %d is bound to %s", fits[0].person_id, user)

    async def _keep_group(self, group: OfficeGroup) -> None:
        members = list(group.members)[:MOST_MEMBERS]
        if group.chat:
            await self._update(group.chat.removeprefix(APP_GROUP), set(members))
        elif len(members) >= LEAST_MEMBERS:
            name = f"{group.name}工作群"[:MOST_NAME]
            body = {"name": name, "owner": members[0], "userlist": members, "chatid": chat_id(group)}
            try:
                await self._api.post("appchat/create", body)
            except ApiError as error:
                # The last time was broken off between making the group and keeping its name.
                if not await self._is_there(body["chatid"], error):
                    raise
            await self._store.tie_group(group.unit_id, APP_GROUP + str(body["chatid"]), name)

    async def _is_there(self, chat: object, error: ApiError) -> bool:
        if error.kind in (Kind.CONFIGURATION, Kind.UNREACHABLE):
            return False
        try:
            await self._api.get("appchat/get", chatid=chat)
        except ApiError:
            return False
        return True

    async def _update(self, chat: str, members: set[str]) -> None:
        told = (await self._api.get("appchat/get", chatid=chat)).get("chat_info", {})
        now = {str(user).lower() for user in told.get("userlist", [])}
        added, gone = sorted(members - now), sorted(now - members - {str(told.get("owner", "")).lower()})
        for start in range(0, max(len(added), len(gone)), STEP):
            change = {"add_user_list": added[start : start + STEP], "del_user_list": gone[start : start + STEP]}
            await self._api.post("appchat/update", {"chatid": chat, **{k: v for k, v in change.items() if v}})


def chat_id(group: OfficeGroup) -> str:
    """Always the same for a unit, so that no group is made twice: at most 32 of 0-9a-zA-Z."""
    mark = hashlib.sha256(f"{group.unit_id}:{group.name}".encode()).hexdigest()[:16]
    return f"lsb{group.unit_id}x{mark}"[:32]
