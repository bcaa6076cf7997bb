"""Free words about progress: what the field really writes, and what must not be taken for a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.chat.grammar.folding import fold
from handlers.commitments.wording import read as promised
from handlers.progress.figures import Role, Said
from handlers.progress.reading import Reading, read
from handlers.progress.statuses import mended
from storage.commitments import Category, Commitment, State, Status

WHEN = datetime(2021, 3, 1, tzinfo=UTC)


def promise(number: int, words: str, **more: object) -> Commitment:
    """A published commitment; everything not given is unreported."""
    terms = promised(words, date(2021, 3, 1))
    values: dict[str, object] = dict.fromkeys(Commitment.__dataclass_fields__)
    values |= {
        "id": 100 + number,
        "unit_id": 1,
        "year": 2021,
        "number": number,
        "category": Category.ELECTIVE,
        "words": terms.words,
        "kind": terms.kind,
        "target": terms.target,
        "measure": terms.measure,
        "parts": terms.parts,
        "state": State.PUBLISHED,
        "proposed_at": WHEN,
    }
    return Commitment(**(values | more))  # type: ignore[arg-type]


ROAD = promise(1, "硬化村内道路2公里")
LAMPS = promise(2, "安装路灯120盏")
WATER = promise(3, "自来水通达率97%以上")
POWER = promise(4, "6月底前新上一台变压器")
VISITS = promise(5, "开展党员大走访")
CANAL = promise(6, "投入7万元，整修水渠3000米、村内广场1.2万平方米")
ALL = (ROAD, LAMPS, WATER, POWER, VISITS, CANAL)
NUMBERS = tuple(c.number for c in ALL)


def heard(text: str, items: Sequence[Commitment] = ALL) -> list[tuple[int | None, list[str], Status | None]]:
    """Each reading as (number, figures, status); a figure as 96盏, +20盏, -24盏, 80%, ≥50%."""
    return [(r.number, [shown(said) for said in r.figures], r.status) for r in read(text, items) or ()]


def shown(said: Said) -> str:
    sign = {Role.INCREMENT: "+", Role.REMAINING: "-", Role.TARGET: "of ", Role.PERIOD: "~"}.get(said.role, "")
    value = said.value * 100 if said.measure == "%" else said.value
    number = f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"
    bound = {"at_least": "≥", "at_most": "≤", "about": "≈"}.get(said.bound, "")
    return f"{sign}{bound}{number}{said.measure}{f' ({said.rate})' if said.rate else ''}"


@pytest.mark.parametrize(
    ("text", "figures", "status"),
    [
        ("80%", ["80%"], None),
        ("80%(进度滞后)", ["80%"], Status.SLOW),
        ("８０％（进度滞后）", ["80%"], Status.SLOW),
        ("累计形象进度30%", ["30%"], None),
        ("完成百分之八十", ["80%"], None),
        ("完成率85%", ["85%"], None),
        ("已完成一半", ["50%"], None),
        ("完成八成", ["80%"], None),
        ("还剩20%", ["-20%"], None),
        ("完成不到一半", ["≤50%"], None),
        ("完成八成以上", ["≥80%"], None),
        ("完成近80%", ["≈80%"], None),
        ("完成三分之二", ["66.67%"], None),
        ("又完成10%", ["+10%"], None),
        ("正在办理前期手续", [], Status.PREPARING),
        ("已开工", [], Status.UNDER_WAY),
        ("正常推进", [], Status.UNDER_WAY),
        ("推进缓慢", [], Status.SLOW),
        ("进入扫尾阶段", [], Status.FINISHING),
        ("已基本完工", [], Status.FINISHING),
        ("已完工并投入使用", [], Status.DONE),
        ("准备验收", [], Status.FINISHING),
        ("提前完成全年任务", [], Status.DONE),
        ("超序时进度", [], Status.UNDER_WAY),
        ("项目暂缓", [], Status.SUSPENDED),
        ("卡在手续上", [], Status.SLOW),
        ("卡在手续上，下月开工", [], Status.SLOW),
        ("全部完成", [], Status.DONE),
        ("尚未开工", [], Status.NOT_STARTED),
        ("下月开工", [], Status.PREPARING),
        ("前期手续办完，已开工", [], Status.UNDER_WAY),
        ("没有滞后，正常推进", [], Status.UNDER_WAY),
        ("欠进度", [], Status.SLOW),
        # slips of the input method
        ("己开工", [], Status.UNDER_WAY),
        ("已完功并投入使用", [], Status.DONE),
        ("进入少尾阶段", [], Status.FINISHING),
        ("推进缓漫", [], Status.SLOW),
        ("正在办理前期手序", [], Status.PREPARING),
        ("已经基本完戎", [], Status.FINISHING),
        # as people say it
        ("做完了", [], Status.DONE),
        ("都弄好了", [], Status.DONE),
        ("没弄", [], Status.NOT_STARTED),
        ("正在做", [], Status.UNDER_WAY),
        ("刚开工", [], Status.UNDER_WAY),
        ("快了", [], Status.FINISHING),
        ("通过验收了", [], Status.DONE),
        ("资金没到位", [], Status.SLOW),
        ("下雨没法施工", [], Status.SLOW),
        ("因为天气原因推迟", [], Status.SLOW),
        ("形象进度60%", ["60%"], None),
    ],
)
def test_words_that_name_no_commitment(text: str, figures: list[str], status: Status | None) -> None:
    [reading] = read(text, ALL) or ()
    assert ([shown(said) for said in reading.figures], reading.status) == (figures, status)
    assert (reading.number, reading.candidates) == (None, NUMBERS)
    [alone] = read(text, [POWER]) or ()
    assert (alone.number, alone.certain) == (4, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第2项完成80%了", [(2, ["80%"], None)]),
        ("2号承诺完成六成", [(2, ["60%"], None)]),
        ("2、已开工", [(2, [], Status.UNDER_WAY)]),
        ("2.已开工", [(2, [], Status.UNDER_WAY)]),
        ("承诺2已开工", [(2, [], Status.UNDER_WAY)]),
        ("②60%", [(2, ["60%"], None)]),
        ("二、完成80%", [(2, ["80%"], None)]),
        ("第二项，推进缓慢", [(2, [], Status.SLOW)]),
        ("第二像完成80%", [(2, ["80%"], None)]),
        ("2 60% 已装72盏", [(2, ["60%", "72盏"], None)]),
        ("第九项完成80%", [(9, ["80%"], None)]),
        ("已完成40公里", [(1, ["40公里"], None)]),
        ("路灯装了96盏，还剩24盏", [(2, ["96盏", "-24盏"], None)]),
        ("装了96盏。还剩24盏。", [(2, ["96盏", "-24盏"], None)]),
        ("路灯还剩24盏", [(2, ["-24盏"], None)]),
        ("24盏还没装", [(2, ["-24盏"], None)]),
        ("还有没装的路灯24盏", [(2, ["-24盏"], None)]),
        ("路登装了96盏", [(2, ["96盏"], None)]),
        ("这周又装了20盏", [(2, ["+20盏"], None)]),
        ("这周装了20盏", [(2, ["+20盏"], None)]),
        ("第一季度装了20盏", [(2, ["~20盏"], None)]),
        ("本月装了20盏，累计96盏", [(2, ["~20盏", "96盏"], None)]),
        ("计划装120盏，已装96盏", [(2, ["96盏"], None)]),
        ("任务120盏，已装96盏", [(2, ["of 120盏", "96盏"], None)]),
        ("路灯装了90多盏", [(2, ["≥90盏"], None)]),
        ("路灯装了九十六盏", [(2, ["96盏"], None)]),
        ("硬化道路一公里半", [(1, ["1.5公里"], None)]),
        ("路灯96/120盏", [(2, ["96盏", "of 120盏"], None)]),
        ("路灯装了96盏，其中太阳能20盏", [(2, ["96盏"], None)]),
        ("道路两侧路灯装了96盏", [(2, ["96盏"], None)]),
        ("路灯装了96盏，投入3万元", [(2, ["96盏", "3万元"], None)]),
        ("道路硬化过半", [(1, ["≥50%"], None)]),
        ("道路硬化1200米", [(1, ["1200米"], None)]),
        ("变压器还没上", [(4, [], Status.NOT_STARTED)]),
        ("自来水通达率达到95%", [(3, ["95% (自来水通达率)"], None)]),
        ("水渠整修完成2000米，广场铺了6000平方米", [(6, ["2000米", "6000平方米"], None)]),
        ("预计6月底装完路灯，目前装了96盏", [(2, ["96盏"], None)]),
        ("第2项完成80%了，这样报行吗？", [(2, ["80%"], None)]),
        ("好的，路灯装了96盏，谢谢", [(2, ["96盏"], None)]),
        ("路灯装了96盞", [(2, ["96盏"], None)]),
        ("道路修了一公里二", [(1, ["1.2公里"], None)]),
        ("道路过半", [(1, ["≥50%"], None)]),
        ("道路五六成", [(1, ["≥50%"], None)]),
        ("道路50%-60%", [(1, ["≥50%"], None)]),
        ("路灯装了三四十盏", [(2, ["≥30盏"], None)]),
        ("还有24盏", [(2, ["-24盏"], None)]),
        ("剩下24盏下周装完", [(2, ["-24盏"], None)]),
        # a number without a measure
        ("路灯96", [(2, ["96"], None)]),
        ("路灯 96", [(2, ["96"], None)]),
        ("2 80", [(2, ["80"], None)]),
        ("第二项装了九十六", [(2, ["96"], None)]),
        ("2.60%", [(2, ["60%"], None)]),
        # statuses in everyday words
        ("变压器已经装上了", [(4, [], Status.DONE)]),
        ("变压器没装上", [(4, [], Status.NOT_STARTED)]),
        ("变压器到货了", [(4, [], Status.PREPARING)]),
        ("路灯没装", [(2, [], Status.NOT_STARTED)]),
        ("路灯一盏没装", [(2, [], Status.NOT_STARTED)]),
        ("路灯还没装完", [(2, [], Status.UNDER_WAY)]),
        ("路灯安装调试中", [(2, [], Status.FINISHING)]),
        ("路灯已安装到位", [(2, [], Status.DONE)]),
        ("全村自来水都通了", [(3, [], Status.DONE)]),
        ("灯装好了", [(2, [], Status.DONE)]),
        ("水渠修了1500米，广场还没动", [(6, ["1500米"], None)]),
        ("已完成第2项", [(2, [], Status.DONE)]),
        ("第2项好了", [(2, [], Status.DONE)]),
        ("变压器主体完工，正在装修", [(4, [], Status.UNDER_WAY)]),
        ("补装了20盏，累计96盏", [(2, ["+20盏", "96盏"], None)]),
        ("路灯到货96盏", [(2, [], Status.PREPARING)]),
        ("路灯已采购120盏，安装60盏", [(2, ["60盏"], None)]),
        # which one is said, but nothing that could be counted: it is asked about
        ("变压器还没到", [(4, [], None)]),
        ("第2项", [(2, [], None)]),
        ("路灯月底前装完", [(2, [], None)]),
    ],
)
def test_words_that_tell_which_commitment(
    text: str, expected: list[tuple[int | None, list[str], Status | None]]
) -> None:
    assert heard(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "第1项已完工第2项80%；第三项正在办手续",
            [(1, [], Status.DONE), (2, ["80%"], None), (3, [], Status.PREPARING)],
        ),
        (
            "1、完成80%\n2、已开工\n3、通达率95%",
            [(1, ["80%"], None), (2, [], Status.UNDER_WAY), (3, ["95% (通达率)"], None)],
        ),
        (
            "路灯装了96盏，道路硬化1.2公里，大走访正在开展",
            [(2, ["96盏"], None), (1, ["1.2公里"], None), (5, [], Status.UNDER_WAY)],
        ),
        ("路灯 96盏 道路 1.2公里", [(2, ["96盏"], None), (1, ["1.2公里"], None)]),
        ("路灯装了96盏。变压器卡在手续上。", [(2, ["96盏"], None), (4, [], Status.SLOW)]),
        ("第2项装了96盏，还剩24盏；第4项准备验收", [(2, ["96盏", "-24盏"], None), (4, [], Status.FINISHING)]),
        ("1、2项都完成了", [(1, [], Status.DONE), (2, [], Status.DONE)]),
        ("第一项和第二项都完成了", [(1, [], Status.DONE), (2, [], Status.DONE)]),
        ("第1、2、4项已完成", [(1, [], Status.DONE), (2, [], Status.DONE), (4, [], Status.DONE)]),
        ("1,2,4项完成", [(1, [], Status.DONE), (2, [], Status.DONE), (4, [], Status.DONE)]),
        ("一二项都完成了", [(1, [], Status.DONE), (2, [], Status.DONE)]),
        ("前两项都已开工", [(1, [], Status.UNDER_WAY), (2, [], Status.UNDER_WAY)]),
        ("第1项到第3项正常推进", [(n, [], Status.UNDER_WAY) for n in (1, 2, 3)]),
        (
            "①完成②进行中③未开工",
            [(1, [], Status.DONE), (2, [], Status.UNDER_WAY), (3, [], Status.NOT_STARTED)],
        ),
        (
            "1已完成，2进行中，3未开始",
            [(1, [], Status.DONE), (2, [], Status.UNDER_WAY), (3, [], Status.NOT_STARTED)],
        ),
        ("1.60% 2.80% 3.95%", [(1, ["60%"], None), (2, ["80%"], None), (3, ["95%"], None)]),
        ("1.3公里；2.96盏；3.95%", [(1, ["3公里"], None), (2, ["96盏"], None), (3, ["95%"], None)]),
        (
            "1、道路1公里。2、路灯96盏。3、通达率95%。",
            [(1, ["1公里"], None), (2, ["96盏"], None), (3, ["95% (通达率)"], None)],
        ),
        ("1：60%；2：80%；4：已安装", [(1, ["60%"], None), (2, ["80%"], None), (4, [], Status.DONE)]),
        ("道路60 路灯80", [(1, ["60"], None), (2, ["80"], None)]),
        ("道路硬化已完工路灯装了96盏", [(1, [], Status.DONE), (2, ["96盏"], None)]),
        ("路灯装了96盏道路硬化1.2公里", [(2, ["96盏"], None), (1, ["1.2公里"], None)]),
        ("路灯装了96盏，变压器还没到", [(2, ["96盏"], None), (4, [], None)]),
    ],
)
def test_several_commitments_in_one_message(
    text: str, expected: list[tuple[int | None, list[str], Status | None]]
) -> None:
    assert heard(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "好的",
        "谢谢",
        "明天开会吗",
        "明天开会",
        "收到",
        "大家早上好",
        "下午3点开会",
        "村里来了3个人",
        "材料交完了",
        "今天开了个会，讨论了3件事",
        "第2项完成80%了吗？",
        "第2项是什么",
        "路灯有没有装完96盏",
        "第2项完没完成",
        "预计6月底完成",
        "花生覆盖率80%",
        "到会率95%",
        "10086",
        "13800138000",
        "https://example.org/a?b=1",
        "",
        "　",
        "。。。",
    ],
)
def test_talk_is_no_report(text: str) -> None:
    assert read(text, ALL) is None


def test_everything_done_is_told_from_one_thing_done() -> None:
    [everything] = read("全部完成", ALL) or ()
    assert everything.everything
    [lamps] = read("路灯全部完成", ALL) or ()
    assert (lamps.number, lamps.everything) == (2, False)


@pytest.mark.parametrize(
    ("text", "but"),
    [
        ("除了第3项都完成了", (3,)),
        ("除了1、2项以外全部完成", (1, 2)),
        ("第3项没完成，其他都完成了", (3,)),
        ("除了第3项还没开工，其余都完成了", (3,)),
    ],
)
def test_everything_but_what_is_excepted(text: str, but: tuple[int, ...]) -> None:
    *excepted, rest = read(text, ALL) or ()
    assert (rest.everything, rest.but, rest.status) == (True, but, Status.DONE)
    assert [r.number for r in excepted] in ([], list(but))
    assert all(r.status is not Status.DONE for r in excepted)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("各项工作正常推进", Status.UNDER_WAY),
        ("所有项目都已开工", Status.UNDER_WAY),
        ("我村今年6项承诺已全部完成", Status.DONE),
    ],
)
def test_everything_may_be_in_any_status(text: str, status: Status) -> None:
    [everything] = read(text, ALL) or ()
    assert (everything.everything, everything.status) == (True, status)


def test_a_short_word_for_the_matter_narrows_the_choice() -> None:
    [road] = read("路修好了", ALL) or ()
    assert (road.number, road.candidates) == (None, (1, 2))


def test_a_promise_said_again_is_no_report_that_it_is_kept() -> None:
    assert [r.planned for r in read("硬化道路2公里，年底前完成", ALL) or ()] == [True]
    assert [r.planned for r in read("安装路灯120盏 6月底", ALL) or ()] == [True]
    assert [r.planned for r in read("路灯装了96盏，计划月底完成", ALL) or ()] == [False]


@pytest.mark.parametrize("text", ["无变化", "没有进展", "老样子", "跟上回一样", "和上次一样"])
def test_ways_to_say_no_change(text: str) -> None:
    assert [(r.unchanged, r.figures, r.status) for r in read(text, ALL) or ()] == [(True, (), None)]


def test_no_change() -> None:
    [reading] = read("第2项无变化", ALL) or ()
    assert (reading.number, reading.unchanged, reading.figures, reading.status) == (2, True, (), None)


def test_the_words_are_kept_as_they_were_written() -> None:
    [reading] = read("第２项 路灯装了９６盏，己完成８０％。", ALL) or ()
    assert reading.words == "路灯装了９６盏，己完成８０％"


def test_what_was_asked_for_may_be_anything() -> None:
    assert read("村里开了动员会", [VISITS]) is None
    assert read("村里开了动员会", [VISITS], expected=True) == (
        Reading(words="村里开了动员会", number=5, certain=True),
    )


PIECES = st.sampled_from(
    [
        *(
            "第2项",
            "2号",
            "2、",
            "②",
            "路灯",
            "道路",
            "通达率",
            "水渠",
            "全部",
            "都",
            "完成",
            "已",
            "开工",
            "卡在",
            "手续",
        ),
        *(
            "还剩",
            "又",
            "这周",
            "其中",
            "过半",
            "一半",
            "八成",
            "80%",
            "％",
            "96盏",
            "1.2公里",
            "百分之",
            "九十九亿",
            "1/0",
        ),
        *(
            "，",
            "。",
            "；",
            "\n",
            " ",
            "、",
            "？",
            "吗",
            "(",
            "）",
            "没",
            "无变化",
            "1e9",
            "０",
            "-5",
            "∞",
            "½",
            "٣",
        ),
    ]
)


@settings(deadline=None)
@given(st.one_of(st.text(max_size=80), st.lists(PIECES, max_size=14).map("".join)), st.booleans())
@example("第99999项80%", False)
@example("１２３４５６７８９０１２３４５６７８９０盏", True)
@example("99999999999999999999%", True)
def test_any_text_at_all_is_read(text: str, expected: bool) -> None:
    folded = fold(text)
    assert len(mended(folded)) == len(folded)
    for reading in read(text, ALL, expected=expected) or ():
        assert reading.words in text
        assert all(said.value >= 0 for said in reading.figures)
        assert set(reading.candidates) <= set(NUMBERS)
        assert reading.number is None or reading.number > 0


@settings(deadline=None)
@given(st.integers(0, 10**9), st.integers(1, 6))
def test_a_figure_is_read_exactly(value: int, number: int) -> None:
    text = f"第{number}项累计{Decimal(value) / 100}公里"
    [reading] = read(text, ALL) or ()
    assert reading.number == number
    assert [said.value for said in reading.figures] == [Decimal(value) / 100]


def test_a_commitment_may_be_counted_in_terms_and_batches() -> None:
    items = (promise(1, "举办技能培训5期"), promise(2, "改造户厕200户"), promise(3, "集体经济收入达到50万元"))
    assert heard("培训办了2期", items) == [(1, ["2期"], None)]
    assert heard("培训2期，改厕50户", items) == [(1, ["2期"], None), (2, ["50户"], None)]
    assert heard("3：30万", items) == [(3, ["300000"], None)]
