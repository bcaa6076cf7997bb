"""Commitments, requirements and amendments as rows, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

import pytest

from storage import amendments, commitments, examination, requirements, units
from storage.amendments import Consent
from storage.commitments import PUBLIC, Category, Commitment, Kind, Part, State, Status
from storage.database import Tx
from storage.terms import Terms, from_wire, to_wire
from tests.world import MORNING, World

YEAR_END = date(2021, 12, 31)
ROAD = Terms("硬化村内道路2.5公里", Kind.QUANTITY, Decimal("2.5"), "公里", (), YEAR_END)
PARTY_DAYS = Terms("开展主题党日12次", Kind.QUANTITY, Decimal(12), "次", (), YEAR_END)


@pytest.fixture
def tx(world: World) -> Iterator[Tx]:
    with world.database.transaction() as tx:
        yield tx


def add(tx: Tx, world: World, unit: str, terms: Terms = ROAD, *, year: int = 2021, **more: object) -> Commitment:
    return commitments.add(
        tx,
        unit_id=world.units[unit],
        year=year,
        category=Category.ELECTIVE,
        words=terms.words,
        kind=terms.kind,
        target=terms.target,
        measure=terms.measure,
        parts=terms.parts,
        due=terms.due,
        proposed_at=MORNING,
        **more,  # type: ignore[arg-type]
    )


def test_numbers_count_within_unit_and_year_and_are_not_used_again(tx: Tx, world: World) -> None:
    first, second = add(tx, world, "大里村"), add(tx, world, "大里村")
    assert commitments.set_state(tx, second.id, state=State.WITHDRAWN, expected=[State.PROPOSED])
    third = add(tx, world, "大里村")
    assert (first.number, second.number, third.number) == (1, 2, 3)
    assert add(tx, world, "欢河村").number == 1
    assert add(tx, world, "大里村", year=2022).number == 1
    assert [c.number for c in commitments.of_unit(tx, world.units["大里村"], year=2021)] == [1, 3]


def test_all_columns_come_back_as_they_went_in(tx: Tx, world: World) -> None:
    parts = (Part("投入", Decimal("7.5"), "万元", True), Part("整修道路", Decimal(3000), "米"))
    made = add(tx, world, "大里村", Terms("投入7.5万元，整修道路3000米", Kind.COMPOUND, parts=parts, due=YEAR_END))
    assert commitments.get(tx, made.id) == made
    assert made.parts == parts
    assert (made.target, made.due, made.state, made.proposed_at) == (None, YEAR_END, State.PROPOSED, MORNING)
    assert commitments.by_number(tx, made.unit_id, 1, year=2021) == made
    assert commitments.by_number(tx, made.unit_id, 2, year=2021) is None
    assert commitments.get_many(tx, [made.id, 999]) == {made.id: made}
    with pytest.raises(LookupError):
        commitments.get(tx, 999)


def test_a_step_is_taken_only_from_where_it_starts(tx: Tx, world: World) -> None:
    made = add(tx, world, "大里村")
    claim = {"state": State.DONE, "expected": [State.PUBLISHED], "done_at": MORNING}
    assert not commitments.set_state(tx, made.id, **claim)  # type: ignore[arg-type]
    assert commitments.get(tx, made.id) == made
    assert examination.approve(tx, [made.id], by=world.personas["陈立"].id, now=MORNING) == [made.id]
    assert examination.approve(tx, [made.id], by=world.personas["陈立"].id, now=MORNING) == []
    assert commitments.set_state(tx, made.id, **claim)  # type: ignore[arg-type]
    assert commitments.get(tx, made.id).done_at == MORNING


def test_progress_and_terms_are_written(tx: Tx, world: World) -> None:
    made = add(tx, world, "大里村", state=State.PUBLISHED, published_at=MORNING)
    commitments.set_progress(
        tx,
        made.id,
        share=Decimal("0.4"),
        value=Decimal(1),
        status=Status.UNDER_WAY,
        reported_at=MORNING,
        quarter="2021Q1",
    )
    wanted = Terms("硬化村内道路2公里", Kind.QUANTITY, Decimal(2), "公里", (), date(2022, 3, 31))
    assert commitments.set_terms(tx, made.id, wanted, share=Decimal("0.5"), expected=[State.PUBLISHED])
    now = commitments.get(tx, made.id)
    assert now.terms == wanted
    assert (now.share, now.value, now.status, now.reported_at, now.reported_quarter) == (
        Decimal("0.5"),
        Decimal(1),
        Status.UNDER_WAY,
        MORNING,
        "2021Q1",
    )


def test_subtree_has_names_and_its_own_order(tx: Tx, world: World) -> None:
    south = add(tx, world, "南流村", state=State.PUBLISHED)
    dali = add(tx, world, "大里村", state=State.PUBLISHED)
    add(tx, world, "大里村")
    district = world.units["高新区"]
    found = commitments.in_subtree(tx, [district, world.units["枫杨办事处"]], year=2021, states=PUBLIC)
    assert [(p.commitment.id, p.unit_name, p.office_name) for p in found] == [
        (dali.id, "大里村", "枫杨办事处"),
        (south.id, "南流村", "石佛办事处"),
    ]
    assert commitments.in_subtree(tx, [], year=2021) == []
    assert commitments.count(tx, [district], year=2021) == {State.PUBLISHED: 2, State.PROPOSED: 1}
    units.end(tx, world.units["大里村"], now=MORNING)
    assert [p.unit_name for p in commitments.in_subtree(tx, [district], year=2021)] == ["南流村"]


def test_earlier_years_open_ones_are_carried_over(tx: Tx, world: World) -> None:
    add(tx, world, "大里村", year=2020, state=State.CLOSED)
    old = add(tx, world, "大里村", year=2020, state=State.PUBLISHED)
    add(tx, world, "大里村", state=State.PUBLISHED)
    assert [c.id for c in commitments.carried_over(tx, world.units["大里村"], before=2021)] == [old.id]


def test_requirement_reaches_every_unit_under_its_next_number(tx: Tx, world: World) -> None:
    add(tx, world, "大里村")
    by = world.personas["周敏"].id
    required = requirements.add(
        tx, unit_id=world.units["高新区"], unit_kind=None, year=2021, terms=PARTY_DAYS, by=by, now=MORNING
    )
    assert requirements.hand_out(tx, required, now=MORNING) == 4
    assert requirements.hand_out(tx, required, now=MORNING) == 0
    [_own, copy] = commitments.of_unit(tx, world.units["大里村"], year=2021)
    assert (copy.number, copy.category, copy.state) == (2, Category.REQUIRED, State.PUBLISHED)
    assert copy.terms == PARTY_DAYS
    assert (copy.requirement_id, copy.published_at) == (required.id, MORNING)
    assert commitments.of_unit(tx, world.units["欢河村"], year=2021)[0].number == 1


def test_unit_added_later_gets_what_is_required_of_its_kind(tx: Tx, world: World) -> None:
    by = world.personas["周敏"].id
    for kind in ("village", "community", None):
        requirements.add(
            tx, unit_id=world.units["高新区"], unit_kind=kind, year=2021, terms=PARTY_DAYS, by=by, now=MORNING
        )
    new = units.add(tx, name="大谢村", kind="village", parent_id=world.units["枫杨办事处"], now=MORNING)
    assert requirements.ensure_required(tx, new, 2021, MORNING) == 2
    assert requirements.ensure_required(tx, new, 2021, MORNING) == 0
    assert [c.number for c in commitments.of_unit(tx, new, year=2021)] == [1, 2]
    assert requirements.ensure_required(tx, world.units["枫杨办事处"], 2021, MORNING) == 0


def test_ended_requirement_leaves_the_lists_where_nothing_was_reported(tx: Tx, world: World) -> None:
    by = world.personas["周敏"].id
    required = requirements.add(
        tx, unit_id=world.units["高新区"], unit_kind="village", year=2021, terms=PARTY_DAYS, by=by, now=MORNING
    )
    requirements.hand_out(tx, required, now=MORNING)
    [reported] = commitments.of_unit(tx, world.units["大里村"], year=2021)
    progress = {"share": Decimal("0.5"), "value": Decimal(6), "status": None, "reported_at": MORNING}
    commitments.set_progress(tx, reported.id, quarter="2021Q1", **progress)  # type: ignore[arg-type]
    assert requirements.touched(tx, required.id) == 1
    assert requirements.end(tx, required.id, now=MORNING)
    assert not requirements.end(tx, required.id, now=MORNING)
    district = [world.units["高新区"]]
    assert [p.unit_name for p in commitments.in_subtree(tx, district, year=2021)] == ["大里村"]
    assert requirements.in_force(tx, district, year=2021) == []


def test_standing_of_requirements_counts_only_ones_own_units(tx: Tx, world: World) -> None:
    by = world.personas["周敏"].id
    required = requirements.add(
        tx, unit_id=world.units["高新区"], unit_kind=None, year=2021, terms=PARTY_DAYS, by=by, now=MORNING
    )
    requirements.hand_out(tx, required, now=MORNING)
    office = [world.units["枫杨办事处"]]
    assert requirements.in_force(tx, office, year=2021) == [required]
    assert requirements.standing(tx, [required.id], office) == {required.id: {State.PUBLISHED: 2}}


def test_queue_goes_unit_by_unit_and_on_from_a_place(tx: Tx, world: World) -> None:
    south, dali = add(tx, world, "南流村"), add(tx, world, "大里村")
    district = [world.units["高新区"]]
    [first] = examination.waiting(tx, district, state=State.PROPOSED)
    assert (first.commitment.id, first.unit_name) == (dali.id, "大里村")
    after = (dali.unit_id, dali.id)
    [second] = examination.waiting(tx, district, state=State.PROPOSED, after=after)
    assert second.commitment.id == south.id
    counted = examination.count_waiting(tx, district, state=State.PROPOSED)
    assert [(c.unit_name, c.count) for c in counted] == [("大里村", 1), ("南流村", 1)]
    assert examination.waiting(tx, [world.units["枫杨办事处"]], state=State.PROPOSED, after=after) == []


def test_approved_becomes_public_when_announced(tx: Tx, world: World) -> None:
    made = add(tx, world, "大里村")
    examination.approve(tx, [made.id], by=world.personas["陈立"].id, now=MORNING)
    office = [world.units["枫杨办事处"]]
    assert [(u.unit_name, u.count) for u in examination.unannounced(tx, office)] == [("大里村", 1)]
    later = MORNING + timedelta(hours=1)
    assert examination.announce(tx, [made.unit_id], now=later) == [made.id]
    assert examination.announce(tx, [made.unit_id], now=later) == []
    assert commitments.get(tx, made.id).published_at == later
    assert examination.unannounced(tx, office) == []


def test_amendment_waits_for_the_office_and_a_required_one_for_the_organizer(tx: Tx, world: World) -> None:
    wang = world.personas["王芳"].id
    own = add(tx, world, "大里村", state=State.PUBLISHED)
    required = requirements.add(
        tx, unit_id=world.units["高新区"], unit_kind=None, year=2021, terms=PARTY_DAYS, by=wang, now=MORNING
    )
    requirements.hand_out(tx, required, now=MORNING)
    [_own, theirs] = commitments.of_unit(tx, world.units["大里村"], year=2021)
    wanted = Terms(ROAD.words, ROAD.kind, ROAD.target, ROAD.measure, (), date(2022, 3, 31))
    asked = [
        amendments.ask(tx, commitment_id=c.id, reason="手续未批", old=c.terms, new=wanted, by=wang, now=MORNING)
        for c in (own, theirs)
    ]
    office, district = [world.units["枫杨办事处"]], [world.units["高新区"]]
    assert [a.id for a in amendments.waiting(tx, office, most=9)] == asked[:1]
    assert [a.id for a in amendments.waiting(tx, [], organized=district, most=9)] == asked
    assert amendments.count_waiting(tx, office) == 1
    assert amendments.count_waiting(tx, [], organized=district) == 2
    found = amendments.pending(tx, own.id)
    assert found is not None
    assert (found.old, found.new, found.reason, found.asker) == (ROAD, wanted, "手续未批", "王芳")
    by = world.personas["陈立"].id
    assert amendments.decide(tx, found.id, becomes=Consent.CONSENTED, by=by, at=MORNING)
    assert not amendments.decide(tx, found.id, becomes=Consent.REFUSED, by=by, at=MORNING)
    assert amendments.pending(tx, own.id) is None
    assert amendments.get(tx, found.id).state is Consent.CONSENTED


def test_terms_survive_as_json() -> None:
    parts = (Part("投入", Decimal("7.50"), "万元", True), Part("说明"))
    terms = Terms("投入7.50万元", Kind.COMPOUND, None, None, parts, YEAR_END)
    assert from_wire(to_wire(terms)) == terms
