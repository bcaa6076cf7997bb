"""The one registry on which all modules of this feature declare what people can type."""

from __future__ import annotations

from bot.chat.commands import Registry

registry = Registry()
