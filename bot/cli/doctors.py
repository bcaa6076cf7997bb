"""`liangsaibi doctor`: a platform's configuration, checked step by step against its server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

import click

from bot.chat.clock import SystemClock
from bot.cli.shared import configured, console
from bot.config import Config
from bot.platforms.findings import Finding

F = TypeVar("F")


@click.group()
def doctor() -> None:
    """检查平台配置 / Check a platform's configuration step by step against its server."""


@doctor.command("wecom")
@configured
@click.option("--bot", "with_bot", is_flag=True, help="登录智能机器人（会挤掉正在运行的连接） / log the AI bot in")
def doctor_wecom(config: Config, *, with_bot: bool) -> None:
    """企业微信 / WeCom: what is right, what is not, and what to set where in the admin console."""
    from bot.platforms.wecom.doctor import examine

    _show(asyncio.run(_listed(examine(config.wecom, SystemClock(), with_bot=with_bot))))


@doctor.command("telegram")
@configured
def doctor_telegram(config: Config) -> None:
    """Telegram: what is right, what is not, and what to change where. Changes nothing."""
    from bot.platforms.telegram.doctor import examine

    _show(asyncio.run(_listed(examine(config.telegram))))


def _show(found: list[Finding]) -> None:
    for one in found:
        sign = {True: "[green]✓[/green]", False: "[red]✗[/red]", None: "[yellow]·[/yellow]"}[one.ok]
        console.print(sign, end=" ")
        console.print(one.what, markup=False, highlight=False, soft_wrap=True)
        for line in one.advice.splitlines():
            console.print(f"    {line}", markup=False, highlight=False, soft_wrap=True)
    if any(one.ok is False for one in found):
        raise click.exceptions.Exit(1)


async def _listed(steps: AsyncIterator[F]) -> list[F]:
    return [step async for step in steps]
