"""From what was said to what is recorded, or to the one question that has to be asked."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.grammar.folding import fold
from handlers.progress.answering import answered
from handlers.progress.doubts import Doubt, Question
from handlers.progress.reading import read
from handlers.progress.settling import Draft, settle
from storage.commitments import Commitment, Status
from tests.progress.test_reading import ALL, CANAL, LAMPS, WATER, WHEN, promise

ITEMS = {c.number: c for c in ALL}
SHARE_OF_WORK = promise(1, "完成工程量30%")


def reported(c: Commitment, **more: object) -> dict[int, Commitment]:
    """All commitments, with this one already reported on."""
    changed = promise(c.number, c.words, reported_at=WHEN, reported_quarter="2020Q4", **more)
    return ITEMS | {c.number: changed}


def outcome(text: str, items: dict[int, Commitment] | None = None, **more: object) -> Draft | Doubt:
    items = items or ITEMS
    [reading] = read(text, list(items.values()), expected=True) or ()
    return settle(reading, items, **more)  # type: ignore[arg-type]


def draft(text: str, items: dict[int, Commitment] | None = None) -> tuple[int, str, str, Status | None]:
    """What is recorded, as (number, value, share, status)."""
    found = outcome(text, items)
    assert isinstance(found, Draft), found
    return found.commitment.number, shown(found.value), shown(found.share), found.status


def shown(value: Decimal | None) -> str:
    return "-" if value is None else f"{value.normalize():f}"


def doubt(text: str, items: dict[int, Commitment] | None = None) -> tuple[Question, list[str]]:
    """What is asked, as the kind of question and the offered answers."""
    found = outcome(text, items)
    assert isinstance(found, Doubt), found
    return found.question, [option.answer for row in found.options for option in row]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("第2项80%", (2, "-", "0.8", None)),
        ("第1项80%(进度滞后)", (1, "-", "0.8", Status.SLOW)),
        ("路灯装了96盏，还剩24盏", (2, "96", "0.8", None)),
        ("第2项还剩24盏", (2, "96", "0.8", None)),
        ("第2项还剩20%", (2, "-", "0.8", None)),
        ("第2项60% 已装72盏", (2, "72", "0.6", None)),
        ("第2项33%，装了40盏", (2, "40", "0.33333333", None)),
        ("1 60% 已硬化1.2公里", (1, "1.2", "0.6", None)),
        ("120盏路灯装了96盏", (2, "96", "0.8", None)),
        ("第2项96/120盏", (2, "96", "0.8", None)),
        ("这周又装了20盏", (2, "20", "0.16666666", None)),
        ("第一季度装了20盏", (2, "20", "0.16666666", None)),
        ("装了120盏路灯", (2, "120", "1", Status.DONE)),
        ("自来水通达率达到95%", (3, "95", "0.97938144", None)),
        ("自来水通达率98%以上", (3, "98", "1.01030927", None)),
        ("第4项已完工并投入使用", (4, "-", "1", Status.DONE)),
        ("第5项走访了300户", (5, "-", "-", Status.UNDER_WAY)),
        ("第2项卡在手续上", (2, "-", "-", Status.SLOW)),
        ("第6项60%", (6, "-", "0.6", None)),
        ("第2项110", (2, "110", "0.91666666", None)),
        ("道路60", (1, "-", "0.6", None)),
        ("道路硬化1200", (1, "1.2", "0.6", None)),
        ("第3项95", (3, "95", "0.97938144", None)),
        ("第4项50", (4, "-", "0.5", None)),
        ("水渠修了1500米，广场还没动", (6, "-", "-", Status.UNDER_WAY)),
    ],
)
def test_plain_reports(text: str, expected: tuple[int, str, str, Status | None]) -> None:
    assert draft(text) == expected


@pytest.mark.parametrize(
    ("text", "question", "answers"),
    [
        ("道路硬化过半", Question.EXACT, ["50%", "60%", "70%", "80%", "90%", "!under_way"]),
        ("第2项不到一半", Question.EXACT, ["10%", "20%", "30%", "40%", "50%", "!under_way"]),
        ("路灯装了90多盏", Question.EXACT, ["=90"]),
        ("第2项65% 已装72盏", Question.MISMATCH, ["=72", "65%"]),
        ("路灯装了96盏，还剩30盏", Question.MISMATCH, ["=96", "=90"]),
        ("第2项全部完成96盏", Question.MISMATCH, ["=96", "=120"]),
        ("第2项已完工", Question.WHOLE, ["=120", "far"]),
        ("第3项已完成", Question.WHOLE, ["=97", "far"]),
        ("第6项全部完成", Question.WHOLE, ["full", "far"]),
        ("路灯130盏", Question.OVER, ["ok", "far"]),
        ("第2项120%", Question.OVER, ["ok", "far"]),
        ("自来水通达率103%", Question.OVER, ["ok", "far"]),
        ("路灯装了近120盏", Question.EXACT, ["=120"]),
        ("路灯96", Question.MEASURE, ["=96", "96%"]),
        ("安装路灯120盏，年底前完成", Question.WHOLE, ["=120", "far"]),
        ("全部完成", Question.WHICH, ["all", *[f"#{n}" for n in ITEMS], "none"]),
        ("第9项80%", Question.WHICH, [*[f"#{n}" for n in ITEMS], "none"]),
    ],
)
def test_what_is_asked_back(text: str, question: Question, answers: list[str]) -> None:
    assert doubt(text) == (question, answers)


QUARTERS = ["=30", "=60", "=90", "=120", "!preparing", "!under_way", "!slow"]


@pytest.mark.parametrize(
    ("text", "question"),
    [
        ("第2项花生覆盖率80%", Question.RATE),
        ("第2项投资完成80%", Question.RATE),
        ("第2项拆除21处", Question.MEASURE),
        ("还剩200盏", Question.MISMATCH),
        ("第2项", Question.HOW_FAR),
        ("第2项无变化", Question.HOW_FAR),
        ("第2项目标120盏", Question.HOW_FAR),
    ],
)
def test_the_figure_is_asked_with_quarters_of_the_target(text: str, question: Question) -> None:
    assert doubt(text) == (question, QUARTERS)


def test_a_rate_beside_a_status_or_a_figure_is_no_progress() -> None:
    assert draft("第2项正常推进，亮灯率80%") == (2, "-", "-", Status.UNDER_WAY)
    assert draft("第2项装了96盏，亮灯率100%") == (2, "96", "0.8", None)


def test_a_target_that_is_a_percentage_of_the_work() -> None:
    items = {1: SHARE_OF_WORK}
    assert draft("累计形象进度24%", items) == (1, "24", "0.8", None)
    assert doubt("完成了80%", items) == (Question.OVER, ["=24", "ok"])


def test_going_backwards_is_asked_back_not_refused() -> None:
    items = reported(LAMPS, value=Decimal(96), share=Decimal("0.8"))
    assert doubt("路灯装了60盏", items) == (Question.BACKWARDS, ["ok", "add", "far"])
    assert doubt("第2项60%", items) == (Question.BACKWARDS, ["ok", "far"])
    assert draft("路灯装了96盏", items) == (2, "96", "0.8", None)
    [reading] = read("路灯装了20盏", list(items.values())) or ()
    [agreed] = answered(reading, Question.BACKWARDS, "是的", items) or ()
    assert isinstance(settle(agreed, items), Draft)
    [added] = answered(reading, Question.BACKWARDS, "add", items) or ()
    settled = settle(added, items)
    assert isinstance(settled, Draft)
    assert (settled.value, settled.words) == (Decimal(116), "路灯装了20盏")


def test_what_was_done_does_not_quietly_become_undone() -> None:
    items = reported(LAMPS, value=Decimal(120), share=Decimal(1), status=Status.DONE)
    assert doubt("路灯正在安装中", items) == (Question.BACKWARDS, ["ok", "far"])


def test_a_rounded_share_is_not_backwards() -> None:
    items = reported(LAMPS, value=Decimal(40), share=Decimal("0.33333333"))
    assert draft("第2项33%", items) == (2, "-", "0.33", None)


def test_increments_add_to_the_last_total() -> None:
    items = reported(LAMPS, value=Decimal(72), share=Decimal("0.6"))
    assert draft("又装了20盏路灯", items) == (2, "92", "0.76666666", None)
    assert draft("这周装了20盏，累计100盏", items) == (2, "100", "0.83333333", None)
    assert draft("第2项又完成10%", items) == (2, "-", "0.7", None)
    assert doubt("本月装了20盏路灯", items) == (Question.PERIOD, ["=92", "=20"])


def test_an_increment_on_an_unknown_total_is_asked_back() -> None:
    assert doubt("又装了20盏", reported(LAMPS, share=Decimal("0.6"))) == (Question.BASE, [])
    assert doubt("第5项又完成10%", reported(ALL[4], status=Status.UNDER_WAY)) == (Question.BASE, [])


def test_no_change_repeats_what_was_reported() -> None:
    items = reported(LAMPS, value=Decimal(72), share=Decimal("0.6"), status=Status.SLOW)
    assert draft("第2项无变化", items) == (2, "72", "0.6", Status.SLOW)
    assert draft("第2项没有进展，还是72盏", items) == (2, "72", "0.6", None)


def test_figures_of_a_compound_commitment_go_to_its_parts() -> None:
    first = outcome("水渠整修完成2000米，广场铺了6000平方米")
    assert isinstance(first, Draft)
    assert first.parts == (None, Decimal(2000), Decimal(6000))
    assert first.share == Decimal("0.58333333")
    items = reported(CANAL, share=first.share)
    known = {CANAL.id: first.parts}
    more = outcome("第6项又整修水渠500米", items, before=known)
    assert isinstance(more, Draft)
    assert (more.parts, more.share) == ((None, Decimal(2500), Decimal(6000)), Decimal("0.66666666"))
    share = outcome("第6项村内广场完成80%", items, before=known)
    assert isinstance(share, Draft)
    assert share.parts == (None, Decimal(2000), Decimal(9600))


def test_a_compound_commitment_of_which_one_part_is_unknown_has_no_share() -> None:
    found = outcome("第6项水渠2000米")
    assert isinstance(found, Draft)
    assert (found.parts, found.share, found.status) == ((None, Decimal(2000), None), None, Status.UNDER_WAY)
    assert doubt("第6项拆除21处") == (Question.MEASURE, [])
    assert doubt("第6项水渠4000米，广场12000平方米") == (Question.OVER, ["ok", "far"])


# --- answers --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "answer", "value", "share", "status"),
    [
        ("路灯安装过半", "70%", "-", "0.7", None),
        ("路灯安装过半", "84盏", "84", "0.7", None),
        ("路灯安装过半", "84", "84", "0.7", None),
        ("路灯安装过半", "!under_way", "-", "-", Status.UNDER_WAY),
        ("第2项已完工", "=120", "120", "1", Status.DONE),
        ("第2项已完工", "好", "120", "1", Status.DONE),
        ("第2项拆除21处", "八十四盏", "84", "0.7", None),
        ("第2项", "推进缓慢", "-", "-", Status.SLOW),
    ],
)
def test_answers_settle_the_question(
    said: str, answer: str, value: str, share: str, status: Status | None
) -> None:
    [reading] = read(said, ALL, expected=True) or ()
    asked = settle(reading, ITEMS)
    assert isinstance(asked, Doubt)
    [again] = answered(reading, asked.question, answer, ITEMS) or ()
    found = settle(again, ITEMS)
    assert isinstance(found, Draft)
    assert (shown(found.value), shown(found.share), found.status) == (value, share, status)


@pytest.mark.parametrize(
    ("answer", "number"), [("#4", 4), ("第4项", 4), ("4", 4), ("变压器", 4), ("变压器的", 4), ("四", 4)]
)
def test_the_commitment_is_named_in_any_way(answer: str, number: int) -> None:
    [reading] = read("已开工", ALL) or ()
    [again] = answered(reading, Question.WHICH, answer, ITEMS) or ()
    assert (again.number, again.words, again.status) == (number, "已开工", Status.UNDER_WAY)


def test_none_of_them_was_meant() -> None:
    [reading] = read("已开工", ALL) or ()
    assert answered(reading, Question.WHICH, "none", ITEMS) == ()
    assert answered(reading, Question.WHICH, "都没关系", ITEMS) is None


def test_everything_is_done_with_the_quantities_of_the_targets() -> None:
    [reading] = read("全部完成", ALL) or ()
    all_of_them = answered(reading, Question.WHICH, "all", ITEMS) or ()
    found = [settle(r, ITEMS) for r in all_of_them]
    assert all(isinstance(d, Draft) and d.share == 1 for d in found)
    assert [shown(d.value) for d in found if isinstance(d, Draft)] == ["2", "120", "97", "-", "-", "-"]


def test_an_answer_may_speak_of_another_commitment() -> None:
    [reading] = read("第2项", ALL, expected=True) or ()
    [other] = answered(reading, Question.HOW_FAR, "第4项准备验收", ITEMS) or ()
    assert (other.number, other.status) == (4, Status.FINISHING)


@settings(deadline=None)
@given(
    st.sampled_from([c.number for c in ALL]),
    st.text(max_size=30)
    | st.sampled_from(["=1e99", "=", "%", "99999%", "#", "#999", "!", "!x", "=-5", "=NaN", "NaN%"]),
    st.sampled_from(list(Question)),
)
def test_any_answer_at_all_is_understood_or_not(number: int, answer: str, question: Question) -> None:
    [reading] = read(f"第{number}项", ALL, expected=True) or ()
    for again in answered(reading, question, answer, ITEMS) or ():
        assert isinstance(settle(again, ITEMS), Draft | Doubt)


@settings(deadline=None)
@given(st.text(max_size=60))
def test_any_report_at_all_is_settled_or_asked_about(text: str) -> None:
    for reading in read(f"第2项{text}", ALL, expected=True) or ():
        settled = settle(reading, ITEMS)
        assert isinstance(settled, Draft | Doubt)
        if isinstance(settled, Draft) and settled.share is not None:
            assert settled.share >= 0
            assert len(fold(settled.words)) <= len(text) + 3


@settings(deadline=None)
@given(st.integers(0, 120))
def test_a_share_is_exact_and_never_reads_as_reached_before_it_is(lamps: int) -> None:
    found = outcome(f"第2项装了{lamps}盏")
    assert isinstance(found, Draft)
    assert found.value == lamps
    assert found.share is not None
    assert abs(found.share * 120 - lamps) <= Decimal("0.0000012")
    assert (found.share >= 1) == (lamps == 120)


def test_a_rate_has_no_quarters_to_offer() -> None:
    assert doubt("第3项", {3: WATER}) == (Question.HOW_FAR, ["!preparing", "!under_way", "!slow"])


def test_what_cannot_be_cut_is_offered_whole() -> None:
    training = promise(1, "举办技能培训5期")
    assert doubt("第1项培训", {1: training})[1][:4] == ["=2", "=3", "=4", "=5"]


def test_money_said_without_its_unit() -> None:
    income = promise(3, "集体经济收入达到50万元")
    assert draft("第3项30万", {3: income}) == (3, "30", "0.6", None)
