"""The policy that handlers follow: every number of the activity is a default, and configuration.

The configuration file fills these in (`bot.config`); the comments of `config.example.toml` explain each.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta


class Activity(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The quarter's calendar."""

    window_opens_day: Annotated[int, Meta(ge=1, le=28)] = 20
    report_due_day: Annotated[int, Meta(ge=1, le=28)] = 5
    late_days: Annotated[int, Meta(ge=0, le=60)] = 10
    due_soon_days: Annotated[int, Meta(ge=0, le=60)] = 3
    behind_pace: Annotated[Decimal, Meta(ge=0, le=1)] = Decimal("0.1")


class Rounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a round is tallied and published unless the round says otherwise."""

    trim_from: Annotated[int, Meta(ge=3)] = 5
    trim_each_end: Annotated[int, Meta(ge=0, le=5)] = 1
    decimals: Annotated[int, Meta(ge=0, le=4)] = 2
    judge_decimals: Annotated[int, Meta(ge=0, le=4)] = 2
    publish_ranks: Annotated[int, Meta(ge=0)] = 3


class Dialogues(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How long the bot waits."""

    expire_minutes: Annotated[int, Meta(ge=1)] = 60 * 24
    undo_minutes: Annotated[int, Meta(ge=0)] = 10
    evidence_minutes: Annotated[int, Meta(ge=1)] = 30


class Binding(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One-time codes."""

    code_days: Annotated[int, Meta(ge=1)] = 14
    slow_after: Annotated[int, Meta(ge=1)] = 3
    block_after: Annotated[int, Meta(ge=1)] = 10
    block_minutes: Annotated[int, Meta(ge=1)] = 60


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All policy together, as handlers see it."""

    activity: Activity = Activity()
    rounds: Rounds = Rounds()
    dialogues: Dialogues = Dialogues()
    binding: Binding = Binding()
