"""The registry of composite standings."""

from __future__ import annotations

from bot.chat.commands import Registry

registry = Registry()
