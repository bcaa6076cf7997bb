"""Reports and evidence as they are kept, on both databases."""

from datetime import timedelta
from decimal import Decimal

import pytest

from bot.chat.messages import Attachment
from storage import commitments, evidence, reports, reviews
from storage.commitments import Category, Kind, State, Status
from storage.database import Tx
from storage.reports import Added, Coverage, Review
from tests.world import World

PHOTO = Attachment("0" * 64, "照片1.jpg", "image/jpeg", 12)


def promise(world: World, tx: Tx, unit: str, words: str = "安装路灯120盏") -> int:
    made = commitments.add(
        tx,
        unit_id=world.units[unit],
        year=2021,
        category=Category.ELECTIVE,
        words=words,
        kind=Kind.QUANTITY,
        target=Decimal(120),
        measure="盏",
        proposed_at=world.now,
        published_at=world.now - timedelta(days=10),
        state=State.PUBLISHED,
    )
    return made.id


def report(world: World, tx: Tx, commitment_id: int, value: str = "96", who: str = "王芳") -> Added:
    return reports.add(
        tx,
        commitment_id=commitment_id,
        quarter="2021Q1",
        person_id=world.personas[who].id,
        words=f"装了{value}盏",
        value=Decimal(value),
        share=Decimal(value) / 120,
        status=None,
        now=world.now,
        evidence_since=world.now - timedelta(minutes=30),
    )


def test_report_comes_back_as_it_was_kept(world: World) -> None:
    with world.database.transaction() as tx:
        commitment_id = promise(world, tx, "大里村")
        added = reports.add(
            tx,
            commitment_id=commitment_id,
            quarter="2021Q1",
            person_id=world.personas["王芳"].id,
            words="整修道路1200米，进度慢",
            value=None,
            share=Decimal("0.6"),
            status=Status.SLOW,
            parts=(Decimal("1200.5"), None),
            now=world.now,
            evidence_since=world.now,
        )
        [kept] = reports.history(tx, commitment_id)
    assert kept.id == added.id
    assert (kept.words, kept.value, kept.share, kept.status) == (
        "整修道路1200米，进度慢",
        None,
        Decimal("0.6"),
        Status.SLOW,
    )
    assert kept.parts == (Decimal("1200.5"), None)
    assert (kept.state, kept.said_at, kept.quarter) == (Review.REPORTED, world.now, "2021Q1")


def test_waiting_evidence_is_noticed_with_the_report(world: World) -> None:
    wang = world.personas["王芳"]
    with world.database.transaction() as tx:
        commitment_id = promise(world, tx, "大里村")
        assert not report(world, tx, commitment_id).evidence_waits
        evidence.keep(tx, [PHOTO], person_id=wang.id, chat_id=wang.chat_id, report_id=None, now=world.now)
        added = report(world, tx, commitment_id)
        assert added.evidence_waits
        assert not report(world, tx, promise(world, tx, "公园道社区"), who="李建国").evidence_waits
        since = world.now - timedelta(minutes=30)
        assert evidence.attach(tx, person_id=wang.id, report_id=added.id, since=since) == 1
        assert not report(world, tx, commitment_id).evidence_waits
        assert [e.name for e in evidence.of_reports(tx, [added.id])[added.id]] == ["照片1.jpg"]
        assert evidence.count(tx, [added.id]) == {added.id: 1}
        assert evidence.detach(tx, [added.id]) == 1
        assert evidence.of_reports(tx, [added.id]) == {}
        assert report(world, tx, commitment_id).evidence_waits


def test_old_evidence_waits_for_nothing(world: World) -> None:
    wang = world.personas["王芳"]
    with world.database.transaction() as tx:
        commitment_id = promise(world, tx, "大里村")
        evidence.keep(tx, [PHOTO], person_id=wang.id, chat_id=wang.chat_id, report_id=None, now=world.now)
        world.wait(minutes=31)
        assert not report(world, tx, commitment_id).evidence_waits


def test_only_the_newest_report_of_a_commitment_waits_for_the_office(world: World) -> None:
    office = [world.units["枫杨办事处"]]
    with world.database.transaction() as tx:
        first = promise(world, tx, "大里村")
        report(world, tx, first, "50")
        newer = report(world, tx, first, "60")
        other = report(world, tx, promise(world, tx, "公园道社区"), who="李建国")
        report(world, tx, promise(world, tx, "欢河村"), who="赵强")
        waiting = reviews.unverified(tx, office, most=10)
        assert [(f.report.id, f.unit_name, f.number, f.person) for f in waiting] == [
            (newer.id, "大里村", 1, "王芳"),
            (other.id, "公园道社区", 1, "李建国"),
        ]
        assert reviews.count_unverified(tx, office) == 2
        after = (waiting[0].unit_id, waiting[0].number)
        assert [f.report.id for f in reviews.unverified(tx, office, after=after)] == [other.id]


def test_review_moves_only_what_is_still_in_the_expected_state(world: World) -> None:
    chen = world.personas["陈立"].id
    with world.database.transaction() as tx:
        commitment_id = promise(world, tx, "大里村")
        first, second = report(world, tx, commitment_id), report(world, tx, commitment_id)
        both = [first.id, second.id]
        moved = reviews.review(
            tx, [second.id], before=Review.REPORTED, becomes=Review.VERIFIED, by=chen, at=world.now
        )
        assert moved == [second.id]
        moved = reviews.review(
            tx, both, before=Review.REPORTED, becomes=Review.RETURNED, by=chen, at=world.now, why="照片看不清"
        )
        assert moved == [first.id]
        newest, oldest = reports.history(tx, commitment_id)
        assert (newest.state, newest.verified_by, newest.verified_at) == (Review.VERIFIED, chen, world.now)
        assert (oldest.state, oldest.return_reason) == (Review.RETURNED, "照片看不清")
        assert reports.newest_of_unit(tx, world.units["大里村"], year=2021) == {commitment_id: newest}
        assert [f.unit_name for f in reviews.filed(tx, [*both, 999])] == ["大里村", "大里村"]


@pytest.mark.parametrize("office", ["枫杨办事处", "高新区"])
def test_coverage_counts_units_that_owe_and_those_that_do_not(world: World, office: str) -> None:
    roots = [world.units[office], world.units["枫杨办事处"]]
    with world.database.transaction() as tx:
        done, open_one = promise(world, tx, "大里村"), promise(world, tx, "大里村")
        values = {"share": Decimal(1), "value": Decimal(120), "status": None}
        commitments.set_progress(tx, done, **values, reported_at=world.now, quarter="2021Q1")
        commitments.set_progress(tx, open_one, **values, reported_at=world.now, quarter="2020Q4")
        rows = reports.coverage(
            tx, roots, year=2021, quarter="2021Q1", before=world.now, kinds=("village", "community")
        )
    fengyang = world.units["枫杨办事处"]
    assert rows[:2] == [
        Coverage(world.units["大里村"], "大里村", fengyang, promised=2, owed=2, reported=1),
        Coverage(world.units["公园道社区"], "公园道社区", fengyang, promised=0, owed=0, reported=0),
    ]
    assert len(rows) == (2 if office == "枫杨办事处" else 4)


def test_nothing_is_asked_of_the_database_for_no_units(world: World) -> None:
    with world.database.transaction() as tx:
        assert reviews.unverified(tx, []) == []
        assert reviews.count_unverified(tx, []) == 0
        assert reports.coverage(tx, [], year=2021, quarter="2021Q1", before=world.now, kinds=()) == []
