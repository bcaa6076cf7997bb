"""The policy that handlers follow: every number of the activity is a default, and configuration.

The descriptions are the comments of `config.example.toml`, which `scripts/config_example.py` writes from here,
and the line of help that a wrong setting is answered with.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration file; an unknown key in it is an error."""


class Activity(Section, frozen=True):
    """季报和亮灯 / The quarterly report and the lights"""

    window_opens_day: Annotated[
        int,
        Meta(
            ge=1,
            le=28,
            description="季报从季末月的哪一天开始 / The day of the quarter's last month on which reporting opens",
        ),
    ] = 20
    report_due_day: Annotated[
        int,
        Meta(
            ge=1,
            le=28,
            description="季报截止日：下季首月的哪一天，遇节假日顺延 / "
            "The day of the next month on which reports are due; moved to the next working day",
        ),
    ] = 5
    late_days: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            description="截止后多少天内的报告仍算上一季度 / "
            "For how many days after that a report still counts for the old quarter",
        ),
    ] = 10
    due_soon_days: Annotated[
        int, Meta(ge=0, le=60, description="到期前几天亮黄灯 / Yellow light this many days before the due date")
    ] = 3
    behind_points: Annotated[
        int,
        Meta(
            ge=0,
            le=100,
            description="落后序时进度几个百分点算欠进度 / How many points behind planned pace is yellow",
        ),
    ] = 10

    @property
    def behind_pace(self) -> Decimal:
        """`behind_points` as a share."""
        return Decimal(self.behind_points) / 100


class Rounds(Section, frozen=True):
    """评分场次 / Scored rounds"""

    trim_from: Annotated[
        int,
        Meta(ge=3, description="有效分达到几个起去掉最高最低分 / Trim from this many valid scores on"),
    ] = 5
    trim_each_end: Annotated[
        int, Meta(ge=0, le=5, description="两端各去掉几个 / How many to drop at each end")
    ] = 1
    decimals: Annotated[int, Meta(ge=0, le=4, description="结果保留几位小数 / Decimals of a result")] = 2
    judge_decimals: Annotated[
        int, Meta(ge=0, le=4, description="评委打分最多几位小数 / Decimals that a judge may give")
    ] = 2
    publish_ranks: Annotated[
        int,
        Meta(
            ge=0,
            description="默认在群里公布前几名，其余单位私下得知自己的成绩；0 = 全部公布 / "
            "Ranks that go to the groups by default, the others learn their own privately; 0 = all",
        ),
    ] = 3
    objection_hours: Annotated[
        int,
        Meta(
            ge=0,
            le=720,
            description="公布后几小时内受理异议，0 = 不受理 / "
            "Hours after publication in which objections are taken; 0 = none",
        ),
    ] = 2


class Dialogues(Section, frozen=True):
    """一问一答 / Dialogues"""

    expire_minutes: Annotated[
        int, Meta(ge=1, description="没答完的问题保留多少分钟 / Minutes that an unanswered question waits")
    ] = 1440
    undo_minutes: Annotated[
        int, Meta(ge=0, description="多少分钟内可以撤销 / Minutes within which a step can be taken back")
    ] = 10
    evidence_minutes: Annotated[
        int,
        Meta(
            ge=1,
            description="照片和文字相隔多少分钟内算同一次报告 / "
            "Minutes that photos and words may be apart and still be one report",
        ),
    ] = 30


class Binding(Section, frozen=True):
    """绑定码 / One-time codes"""

    code_days: Annotated[int, Meta(ge=1, description="绑定码有效天数 / Days that a code is valid")] = 14
    slow_after: Annotated[
        int, Meta(ge=1, description="输错几次后开始限速 / Wrong codes before tries are slowed down")
    ] = 3
    block_after: Annotated[
        int, Meta(ge=1, description="输错几次后暂停 / Wrong codes before the account is blocked")
    ] = 10
    block_minutes: Annotated[int, Meta(ge=1, description="暂停多少分钟 / Minutes that the block lasts")] = 60


class Policy(Section, frozen=True):
    """All policy together, as handlers see it."""

    activity: Activity = Activity()
    rounds: Rounds = Rounds()
    dialogues: Dialogues = Dialogues()
    binding: Binding = Binding()
