"""The one registry of this feature: what people can type, and what happens by itself."""

from __future__ import annotations

from bot.chat.commands import Registry

registry = Registry()
