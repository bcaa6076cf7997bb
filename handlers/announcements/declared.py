"""The one registry on which all modules of this feature declare what people can type."""

from __future__ import annotations

from bot.chat.commands import Registry
from bot.chat.people import Role

registry = Registry()

#: Who may announce, and see what became of it.
SENDERS = (Role.ORGANIZER, Role.OFFICE_ADMINISTRATOR)
