"""`doctor telegram` says what is right, what is not, and what to change where."""

from __future__ import annotations

import msgspec
import pytest

from bot.platforms.findings import Finding
from bot.platforms.telegram.doctor import examine
from bot.platforms.telegram.settings import TelegramSection
from tests.platforms.telegram_rig import settings_for
from tests.servers.telegram.server import TOKEN, BotApi


async def found(settings: TelegramSection) -> list[tuple[bool | None, str]]:
    steps: list[Finding] = [step async for step in examine(settings)]
    return [(step.ok, step.what) for step in steps]


async def test_what_is_not_configured_is_said() -> None:
    assert await found(TelegramSection()) == [(False, "Telegram 没有启用")]
    assert await found(TelegramSection(enabled=True, token="x")) == [(False, "配置")]


async def test_all_is_well(api: BotApi) -> None:
    assert await found(settings_for(api, "polling")) == [
        (True, "配置齐全"),
        (True, "令牌有效：@liangsaibi_bot，https://t.me/liangsaibi_bot"),
        (True, "群里所有的话都看得到"),
        (True, "轮询：没有别人占着"),
    ]


async def test_privacy_mode_and_a_webhook_in_the_way_are_worth_knowing(api: BotApi) -> None:
    api.town.privacy = True
    api.updates.set_webhook("https://elsewhere.example.org/x", "", None)
    assert (await found(settings_for(api, "polling")))[2:] == [
        (None, "群里只看得到“/”命令、对它的回复和按钮（隐私模式，默认）"),
        (None, "现在设着 webhook"),
    ]
    assert (await found(settings_for(api, "webhook")))[-1] == (None, "webhook 还没有设")


async def test_a_webhook_that_telegram_cannot_reach_is_wrong(api: BotApi) -> None:
    settings = settings_for(api, "webhook")
    api.updates.set_webhook(settings.webhook_url, "", None)
    assert (await found(settings))[-1] == (True, "webhook 正常")
    api.updates.statuses.append(502)
    api.updates.waiting[1] = (1, {"update_id": 1})
    assert (await found(settings))[-1] == (
        False,
        "Telegram 送不到 webhook，1 条消息等着：Wrong response from the webhook: 502",
    )


@pytest.mark.parametrize("broken", [401, 502])
async def test_a_wrong_token_and_a_dead_line_are_told_apart(api: BotApi, broken: int) -> None:
    settings = settings_for(api, "polling")
    if broken == 401:
        settings = msgspec.structs.replace(settings, token=TOKEN.replace("AAE", "AAF"))
    else:
        api.broken["getMe"] = broken
    words = "Telegram 不认这个令牌" if broken == 401 else "连不上 Telegram"
    assert (await found(settings))[1:] == [(False, words)]
