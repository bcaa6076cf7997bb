"""The policy that handlers follow: every number of the activity is a default, and configuration.

The descriptions are the comments of `config.example.toml`, which `scripts/config_example.py` writes from here,
and the line of help that a wrong setting is answered with.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from bot.chat.ports import MOST_AT_ONCE


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A table of the configuration file; an unknown key in it is an error."""


SendsAtOnce = Annotated[
    int,
    Meta(
        ge=1,
        le=MOST_AT_ONCE,
        description="同时发出去的消息最多几条。填 1：一条得到应答才发下一条，程序突然死掉时最多只有一条会"
        "重复收到，但人多时发得慢 / Messages on their way at the same time. With 1 each waits for the answer "
        "to the one before: when the program is killed, one at most arrives twice, but many wait for longer",
    ),
]


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
    events_late_days: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            description="观摩、比学和亮点在季末后多少天内仍算上一季度 / "
            "For how many days after a quarter's end its rounds and highlights may still come",
        ),
    ] = 35
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


class Deadlines(Section, frozen=True):
    """截止时间 / Deadlines"""

    registration: Annotated[
        str,
        Meta(
            description="每年承诺登记的截止日，例如“3月最后一个工作日”“3月15日，遇节假日顺延”，留空表示不设 / "
            "When commitments have to be registered each year, such as “last working day of March”, "
            "“15 March, moved to the next working day”; empty: no such deadline"
        ),
    ] = "3月最后一个工作日"
    report: Annotated[
        str,
        Meta(
            min_length=1,
            description="季报的截止日，例如“季末最后一个工作日”“季末月25日”“下季首月5日，遇节假日顺延”"
            "“季后第2个工作日” / When the quarterly report is due, such as “last working day of the quarter”, "
            "“25th of the last month”, “5th after the quarter, moved to the next working day”, "
            "“2nd working day after the quarter”",
        ),
    ] = "下季首月5日，遇节假日顺延"
    examination: Annotated[
        str,
        Meta(
            description="办事处审核承诺的截止日，例如“登记后第5个工作日”，留空表示不设 / "
            "When offices have to have examined commitments, such as “5th working day after registration”; "
            "empty: no such deadline"
        ),
    ] = "登记后第5个工作日"
    verification: Annotated[
        str,
        Meta(
            description="办事处核实季报的截止日，例如“季报后第5个工作日”，留空表示不设 / "
            "When offices have to have verified the quarter's reports, such as "
            "“5th working day after the report”; empty: no such deadline"
        ),
    ] = "季报后第5个工作日"
    registration_closes: Annotated[
        bool,
        Meta(
            description="登记截止后不再接受新承诺（可用“延期”放开某个单位） / "
            "No new commitments after the deadline (an extension opens it for a unit)"
        ),
    ] = False
    days_off: Annotated[
        str,
        Meta(
            description="日历之外的放假日，例如 2027-01-01, 2027-02-05..2027-02-11 / "
            "Days off beyond the built-in calendar, such as 2027-01-01, 2027-02-05..2027-02-11"
        ),
    ] = ""
    days_on: Annotated[
        str,
        Meta(
            description="日历之外的调休上班日，写法相同 / "
            "Moved working days beyond the built-in calendar, written the same way"
        ),
    ] = ""


class Reminders(Section, frozen=True):
    """提醒：到期前谁在什么时候得到提醒 / Reminders: who is reminded when"""

    group_days: Annotated[
        int,
        Meta(
            ge=0,
            le=60,
            description="截止前几天在群里发一行（只有数字），0 = 不发 / "
            "So many days before, one line with counts in the group; 0: none",
        ),
    ] = 7
    private_days: Annotated[
        str,
        Meta(
            pattern=r"^\d{1,2}(\s*[,，、]\s*\d{1,2})*$|^$",
            description="截止前几天私下提醒还没办的人，0 = 当天 / "
            "So many days before, privately, those who still owe; 0: on the day itself",
        ),
    ] = "3, 0"
    overdue_days: Annotated[
        int,
        Meta(
            ge=0,
            le=30,
            description="逾期后每个工作日提醒一次，共几次；之后一次给办事处，再一次给组织者，再以后不发 / "
            "Overdue: once a working day, so many times; then once the office, once the organizer",
        ),
    ] = 5
    overdue_on_days_off: Annotated[
        bool, Meta(description="逾期提醒在节假日也发 / Overdue reminders on days off as well")
    ] = False
    private_at: Annotated[
        str, Meta(pattern=r"^\d{1,2}:\d{2}$", description="私下提醒的时间 / The time of private reminders")
    ] = "9:00"
    group_at: Annotated[
        str,
        Meta(
            pattern=r"^\d{1,2}:\d{2}$",
            description="群里提醒的时间，各群可用“提醒 时间 8:30”自定 / "
            "The time of messages to groups; a group may set its own with “提醒 时间 8:30”",
        ),
    ] = "9:00"
    quiet_from: Annotated[
        str, Meta(pattern=r"^\d{1,2}:\d{2}$", description="免打扰从几点起 / Quiet hours begin")
    ] = "20:00"
    quiet_until: Annotated[
        str, Meta(pattern=r"^\d{1,2}:\d{2}$", description="免打扰到几点止 / Quiet hours end")
    ] = "8:00"
    naming: Annotated[
        Literal["none", "names", "mention"],
        Meta(
            description="群里是否点名：none 只有数字，names 写单位名，mention 还@书记 / "
            "Names in the group: none = counts only, names = the units, mention = @ their secretaries as well"
        ),
    ] = "none"
    nudge_hours: Annotated[
        int,
        Meta(
            ge=1,
            le=720,
            description="催办和上一次提醒至少隔几小时 / Hours between a nudge and the reminder before it",
        ),
    ] = 24
    ceiling: Annotated[
        int,
        Meta(
            ge=1,
            description="每人每月收到多少条通知算多（只提示组织者，不拦截） / "
            "So many messages a month are too much for anybody; the organizer is shown it, nothing is held back",
        ),
    ] = 20
    weekly_digest: Annotated[
        bool, Meta(description="每周在办事处群发一张进度图 / A weekly chart in each office's group")
    ] = True
    opening: Annotated[
        bool, Meta(description="季报开始时在群里说一声 / A word in the groups when the quarter's reporting opens")
    ] = True
    lights: Annotated[
        bool, Meta(description="承诺变黄灯、红灯时告诉书记 / Tell secretaries when a light turns yellow or red")
    ] = True


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


class Standings(Section, frozen=True):
    """综合成绩：几场评分和承诺兑现合成季度、年度成绩 / Composite standings of the quarter and the year"""

    observation: Annotated[
        int, Meta(ge=0, le=100, description="季度：观摩占多少 / Quarter: weight of observations")
    ] = 50
    forum: Annotated[int, Meta(ge=0, le=100, description="季度：比学占多少 / Quarter: weight of forums")] = 50
    other: Annotated[int, Meta(ge=0, le=100, description="季度：其他评分占多少 / Quarter: weight of others")] = 0
    progress: Annotated[
        int, Meta(ge=0, le=100, description="季度：承诺进度占多少 / Quarter: weight of commitments' progress")
    ] = 0
    quarters: Annotated[
        int,
        Meta(ge=0, le=100, description="年度：各季度成绩的平均占多少 / Year: weight of the quarters' mean"),
    ] = 50
    evaluation: Annotated[
        int, Meta(ge=0, le=100, description="年度：年终评议占多少 / Year: weight of the year-end evaluation")
    ] = 20
    fulfilment: Annotated[
        int, Meta(ge=0, le=100, description="年度：承诺兑现率占多少 / Year: weight of the share fulfilled")
    ] = 30
    partly: Annotated[
        int,
        Meta(ge=0, le=100, description="部分兑现的一项按百分之几算 / What a partly fulfilled one counts, %"),
    ] = 50
    missing: Annotated[
        Literal["unranked", "left_out", "zero"],
        Meta(
            description="缺一部分成绩的单位：unranked 不排名，left_out 其余部分补足权重，zero 按0分 / "
            "Units that lack a part: no rank, the other weights made up to a whole, or 0 points"
        ),
    ] = "unranked"
    apart: Annotated[
        bool, Meta(description="村和社区分开排 / Whether villages and communities are ranked apart")
    ] = False
    decimals: Annotated[int, Meta(ge=0, le=4, description="保留几位小数 / Decimals")] = 2
    ties: Annotated[
        tuple[Literal["observation", "forum", "other", "progress", "evaluation", "quarters", "fulfilment"], ...],
        Meta(
            description="总成绩相同时依次比什么，还相同就并列 / "
            "What equal totals are told apart by, in this order; then they share the rank"
        ),
    ] = ("observation", "fulfilment", "progress")


class Star(Section, frozen=True):
    """One star that a unit can be awarded, and what the rules demand for it.

    `words`: the commitments that concern it are those whose wording has one of these; without any, all.
    `fulfilled`: at least so many per cent of them fulfilled. `score`: at least so many points in the year's
    standing. What demands nothing is decided by people.
    """

    name: Annotated[str, Meta(min_length=1, max_length=20)]
    words: tuple[str, ...] = ()
    fulfilled: Annotated[int, Meta(ge=0, le=100)] = 0
    score: Annotated[int, Meta(ge=0, le=100)] = 0


class Stars(Section, frozen=True):
    """星级：一颗一颗评 / Star rating, awarded star by star"""

    stars: Annotated[
        tuple[Star, ...],
        Meta(
            max_length=9,
            description="name 名称；words 承诺内容里的字（不写就是全部承诺）；"
            "fulfilled 这些承诺的兑现率至少百分之几；score 年度成绩至少几分；两样都不写就由组织者评定 / "
            "Name; words by which its commitments are known (none: all); least share of these fulfilled, %; "
            "least points of the year; neither: people decide",
        ),
    ] = (
        Star(name="支部过硬", words=("党建", "党员", "支部", "党组织", "阵地"), fulfilled=80),
        Star(name="产业兴旺", words=("产业", "增收", "集体经济", "合作社", "种植", "养殖", "招商"), fulfilled=80),
        Star(name="生态宜居", words=("环境", "绿化", "道路", "路灯", "垃圾", "污水", "厕所"), fulfilled=80),
        Star(name="平安法治", words=("平安", "法治", "调解", "矛盾", "治安", "监控"), fulfilled=80),
        Star(name="文明幸福", words=("文化", "文明", "养老", "食堂", "卫生", "广场", "自来水"), fulfilled=80),
    )
    named_from: Annotated[
        int,
        Meta(
            ge=0,
            le=9,
            description="几星以上在群里点名，其余单位私下得知 / "
            "Units with at least so many stars are named in the groups, the others told privately",
        ),
    ] = 4


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
    deadlines: Deadlines = Deadlines()
    reminders: Reminders = Reminders()
    rounds: Rounds = Rounds()
    standings: Standings = Standings()
    rating: Stars = Stars()
    dialogues: Dialogues = Dialogues()
    binding: Binding = Binding()
