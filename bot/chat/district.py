"""Whose business is being done: the name of the district, where one program serves several."""

from __future__ import annotations

from contextvars import ContextVar

#: Follows into tasks and the database's threads; empty where the program serves one district only.
DISTRICT: ContextVar[str] = ContextVar("district", default="")
