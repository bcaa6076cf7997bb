"""Vague words and the status they stand for. They become a status, never an invented percentage."""

from __future__ import annotations

import re

from rapidfuzz import fuzz

from bot.chat.texts import T, Text
from storage.commitments import Status

STATUS_WORDS: dict[Status, Text] = {
    Status.NOT_STARTED: T("尚未开工"),
    Status.PREPARING: T("前期准备"),
    Status.UNDER_WAY: T("正在推进"),
    Status.SLOW: T("推进缓慢"),
    Status.FINISHING: T("扫尾阶段"),
    Status.DONE: T("已完成"),
    Status.SUSPENDED: T("暂缓"),
}

# What input methods make of these words: the wrong character sounds or looks like the right one.
_MISTYPED = (
    (re.compile(r"[己巳以](?=经|完|开|动|启|全|基|竣|建|办|装|修|硬|拆|铺|栽|种)"), "已"),
    (re.compile(r"(?<=[完开竣动施])[功公](?!里|斤|顷|分)"), "工"),
    (re.compile(r"(?<=进)[渡肚]"), "度"),
    (re.compile(r"推(?:近|劲)"), "推进"),
    (re.compile(r"缓漫|慢漫"), "缓慢"),
    (re.compile(r"(?:少|扫|收)(?:未|委)|少尾|扫伟"), "扫尾"),
    (re.compile(r"正长推进"), "正常推进"),
    (re.compile(r"手[序绪]"), "手续"),
    (re.compile(r"佘|剰"), "余"),
    (re.compile(r"准备验[受授]"), "准备验收"),
)
#: Most messages have none of these characters, and are spared the search for each slip.
_SUSPECT = re.compile("[己巳以功公渡肚近劲漫未委伟少长序绪佘剰受授]")
_QUESTION = re.compile(
    r"[?？]|吗|么[.!]?$|呢|怎么|怎样|如何|什么|几时|几点|几号|多少|多久|是否|哪[个些项天里]"
    r"|([能要可行会有是对完])[不没]\1|请问|请教"
)
#: What people say of the work's single steps: 修, 装, 铺, 种, 拆.
_DEED = "[做干弄搞办修建装安铺栽种拆挖架砌刷粉清换盖扫]"
_COMPLETED = (
    rf"(?:完成|完工|完结|竣工|建成|办结|达标|销号|{_DEED}(?:完|好)|[装安种栽换架盖修铺]上(?=了|[,.;!\s]|$)"
    r"|(?:安装|铺设|建设|整治|整改|清理|拆除|实施)(?:到位|(?:完毕|结束)))"
)
_BEGUN = r"(?:开工|动工|启动|开始|进场|动手)"
_TO_BEGIN = r"(?:开工|动工|启动|进场)"
_AHEAD = re.compile(
    r"预计|预期|计划|争取|力争|力保|确保|打算|即将|马上|尽快|待|下个?(?:月|周|旬|季度|星期)|明[天年日]"
    r"|后天|(?:月|年|季度|旬|前)[底末]?(?:之)?前|过(?:几|两)天"
    r"|(?:将|能|能够|会|可以?|要)(?:如期|按期|按时|全部)?" + _COMPLETED
)
_PAST = re.compile(r"已|完毕|了(?![吗么])")

_SUSPENDED = re.compile(
    r"暂缓|缓建|停工|停建|停滞|搁置|中止|终止|(?:暂时|已经?|全部|先)停|停了(?![几一两二三四五半\d])|停下来|暂停"
)
_SLOW = re.compile(
    r"缓慢|滞后|(?:较|很|太|偏|有点|比较|进度|进展|推进)慢|慢了|慢下来|(?<![刷打信银贴])卡(?:在|住|壳|着)"
    r"|受阻|遇阻|受到?.{0,4}影响|落后|拖延|拖了|欠进度|跟不上|(?:遇到|存在|有).{0,3}(?:困难|问题|阻力)|推不动|难推进"
    rf"|推迟|延误|延期|耽误|耽搁|(?:没法|无法|不能)(?:正常)?(?:施工|开工|推进|干)|{_DEED}不[了动]"
    r"|(?:资金|经费|钱|款)(?:一直)?(?:还)?(?:没有?|未)(?:能)?(?:到位?|落实|下来|批|拨)|缺(?:钱|资金|人手?)|没钱"
)
_NOT_SLOW = re.compile(r"(?:不|没有|没|无|并未|不存在)(?:太|怎么|受|存在)?$")
_FINISHING = re.compile(
    r"扫尾|收尾|尾声|基本(?:上)?(?:已经?)?" + _COMPLETED + r"|(?:接近|快要?|将近|差不多|大体|大致)(?:全部)?"
    rf"{_COMPLETED}(?!一半|\d)|(?:快|差不多|马上(?:就)?(?:要)?)(?:完|好|弄好)了?|^(?:快|差不多)了$|调试|(?:准备|等待?|待|正在|申请|组织|报请|迎接)验收|最后(?:阶段|一步)"
)
_DONE_PLAIN = re.compile(
    _COMPLETED
    + r"(?!情况|率|得|的|度|时|后|不)|完毕|搞定|完事|通车|通水|通电|贯通|修通|送电|[水电气路网]都?通了|户户通"
    r"|[全都](?:部)?(?:亮|通|完)了|亮(?:起来|灯)了|^(?:都|已|全)?(?:好了|ok|[√✓✔])$|已(?:经)?(?:安装|铺设|拆除|移交|交付)(?![,.;]?(?:在|中|一部分))"
)
_DONE_SURELY = re.compile(
    r"(?:全部|全面|全都|都|提前|圆满|如期|按期|按时|顺利)(?:已经?)?" + _COMPLETED + r"(?!情况|率|得|度|不)"
    r"|投入使用|交付使用|投用|启用|竣工|通过.{0,4}验收|验收(?:合格|通过|完|过?了)|已(?:经)?验收"
    r"|完成全年|全年任务完成|百分之?百完成"
)
#: Parts of a building site that are finished before the whole is.
_A_PART = r"(?:主体|基础|一期|框架|结构|土建|地基|路基)(?:工程|部分)?(?:已经?|全部)?"
_PARTLY = re.compile(_A_PART + _COMPLETED)
_NOT_DONE = re.compile(
    rf"{_A_PART}$|"
    r"(?:未|没|没有|不能|无法|不|难以|尚待|待|等|才能?)(?:能|有|全部?|都|完全|按期|按时|如期)*$"
)
_NOT_STARTED = re.compile(
    rf"(?:未|没|没有|尚待|待)(?:能|有)?(?:正式)?{_BEGUN}|没动(?:静|工)?|未动|原地踏步"
    rf"|[一1][一-鿿]{{1,3}}(?:都|也|还)?没{_DEED}(?![完好])"
    rf"|(?:还没有?|还未|尚未|没有?)(?:干|动|上|安装|{_DEED})(?![完好成到过不]|.{{0,2}}完)"
)
#: Something is left to do, so some of it is done: "还没装完".
_NOT_ALL = re.compile(rf"(?:没有?|未)(?:能)?(?:全部?|都|完全)?(?:完成|完工|完|{_DEED}(?:完|好))")
_PAPERWORK = re.compile(r"前期|手续|招投?标|立项|审批|报批|图纸|设计|勘[察测]|选址")
_PREPARING = re.compile(
    r"前期|手续|筹备|筹划|招投?标|立项|勘[察测]|规划|审批|报批|图纸|预算编|选址|(?:筹措|落实|等待?|申请)资金|等[着钱款]"
    r"|设计(?:中|阶段|方案|图)|方案(?:制定|编制)|(?:准备|即将|马上|将要?|下个?(?:月|周|旬|星期)|待|等)(?:就|可)?"
    + _TO_BEGIN
    + r"|准备(?:阶段|工作|中)|备料|进料|到货|(?:材料|设备)(?:都|已经?)?到(?=了|[场位齐]|[,.;!\s]|$)"
)
_BEGUN_ALREADY = re.compile(
    rf"(?:已经?|已正式|正式|全面|顺利|刚刚?|昨天|今天|上周|上个?月){_BEGUN}|{_BEGUN}了|^{_BEGUN}$"
)
_UNDER_WAY = re.compile(
    r"(?:正常|稳步|有序|扎实|按计划|按期|加紧|加快|持续|抓紧|积极|正在|全力|顺利|平稳|如期|逐步)"
    r"(?:地)?(?:推进|施工|进行|建设|实施|开展|组织|安装|铺设|办理|整治|改造|修建|干|做)"
    r"|(?:推进|施工|进行|建设|实施|整治|改造|办理)(?:中|之中|当中|过程)|在建|序时进度|时序进度|进展(?:顺利|正常|良好)"
    r"|[超达]进度|进度(?:正常|良好|超前)|正在[^,.;]{0,8}"
    rf"|(?<![现存所])在{_DEED}"
)
_FIRM = (
    ("已基本完工", Status.FINISHING),
    ("已经基本完成", Status.FINISHING),
    ("进入扫尾阶段", Status.FINISHING),
    ("进入收尾阶段", Status.FINISHING),
    ("已完工并投入使用", Status.DONE),
    ("提前完成全年任务", Status.DONE),
    ("正在办理前期手续", Status.PREPARING),
    ("按计划正常推进", Status.UNDER_WAY),
)
#: One wrong character in five: as near as a long set phrase may be missed.
_NEAR = 80
#: When several things are said, the one that the office has to know comes first.
_PRECEDENCE = (
    Status.SUSPENDED,
    Status.SLOW,
    Status.FINISHING,
    Status.DONE,
    Status.UNDER_WAY,
    Status.PREPARING,
    Status.NOT_STARTED,
)


def mended(folded: str) -> str:
    """The words with common slips of the input method put right; as long as before."""
    if not _SUSPECT.search(folded):
        return folded
    for pattern, right in _MISTYPED:
        folded = pattern.sub(right, folded)
    return folded


def is_question(clause: str) -> bool:
    """Whether something is asked rather than reported."""
    return bool(_QUESTION.search(clause))


def is_plan(clause: str) -> bool:
    """Whether the clause speaks of what is to come, not of what is done."""
    return bool(_AHEAD.search(clause)) and not _PAST.search(clause)


def status_of(clause: str, *, figure: bool) -> Status | None:
    """The status that a folded clause states, or None.

    `figure`: a figure is said in the same clause; then a mere 完成 is its verb and not the end of the work
    ("已完成40公里").
    """
    stated = set(_stated(clause, figure))
    if not stated and not figure and not is_plan(clause):
        stated = {status for phrase, status in _FIRM if fuzz.partial_ratio(phrase, clause) >= _NEAR}
    return foremost(stated)


def foremost(statuses: set[Status]) -> Status | None:
    """The status that counts when several are stated."""
    return next((status for status in _PRECEDENCE if status in statuses), None)


def _stated(clause: str, figure: bool) -> list[Status]:
    found: list[Status] = []
    if _SUSPENDED.search(clause):
        found.append(Status.SUSPENDED)
    if _said(_SLOW, _NOT_SLOW, clause):
        found.append(Status.SLOW)
    if _PAPERWORK.search(clause) and not _SLOW.search(clause) and not _BEGUN_ALREADY.search(clause):
        # "手续办完" ends the preparation, not the work.
        return [*found, Status.PREPARING]
    if _FINISHING.search(clause) and not _NOT_DONE.search(clause[: _start(_FINISHING, clause)]):
        found.append(Status.FINISHING)
    elif not is_plan(clause) and _said(_DONE_SURELY if figure else _DONE, _NOT_DONE, clause):
        found.append(Status.DONE)
    if not figure and _NOT_STARTED.search(clause):
        found.append(Status.NOT_STARTED)
    elif _is_begun(clause, figure):
        found.append(Status.UNDER_WAY)
    if _PREPARING.search(clause):
        found.append(Status.PREPARING)
    elif _UNDER_WAY.search(clause):
        found.append(Status.UNDER_WAY)
    return found


def _is_begun(clause: str, figure: bool) -> bool:
    if not figure and (_NOT_ALL.search(clause) or _PARTLY.search(clause)):
        return True
    return not is_plan(clause) and bool(_BEGUN_ALREADY.search(clause))


_DONE = re.compile(f"{_DONE_SURELY.pattern}|{_DONE_PLAIN.pattern}")


def _said(pattern: re.Pattern[str], denied: re.Pattern[str], clause: str) -> bool:
    """Whether the pattern is there and not denied by the words just before it."""
    return any(not denied.search(clause[: match.start()]) for match in pattern.finditer(clause))


def _start(pattern: re.Pattern[str], clause: str) -> int:
    match = pattern.search(clause)
    return match.start() if match else 0
