"""The feature's commands and dialogues; each module of the feature declares its own here."""

from __future__ import annotations

from bot.chat.commands import Registry
from bot.chat.people import Role

registry = Registry()

#: Who examines and verifies.
OFFICE = (Role.OFFICE_ADMINISTRATOR, Role.ORGANIZER)
