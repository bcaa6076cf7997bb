"""The limits are kept whatever happens, and used to the full."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.chat.ports import Limits, Rate
from bot.lines import Head, Line
from bot.pacing import Pacer, Window

RATES = st.builds(Rate, st.integers(1, 40), st.sampled_from([1.0, 2.5, 60.0]))


def most_within(times: list[float], seconds: float) -> int:
    """The largest number of events within any window of that length, counted the slow, obvious way."""
    return max((sum(1 for t in times if at - seconds < t <= at) for at in times), default=0)


def test_a_window_opens_when_the_oldest_message_leaves_it() -> None:
    window = Window(Rate(2, 60))
    for at in (0.0, 10.0):
        assert window.free_at(at, bulk=False) == at
        window.begin(1)
        window.end(at + 1, 1)
    assert window.free_at(20, bulk=False) == 61
    assert window.free_at(61, bulk=False) == 61


def test_what_is_under_way_occupies_its_place_however_long_it_takes() -> None:
    window = Window(Rate(1, 1))
    window.begin(1)
    assert window.free_at(100, bulk=False) == math.inf
    window.end(100, 1)
    assert window.free_at(100, bulk=False) == 101


def test_a_message_heavier_than_the_window_goes_when_the_window_is_empty() -> None:
    window = Window(Rate(2, 10))
    window.begin(1)
    window.end(0, 1)
    assert window.free_at(5, bulk=False, weight=7) == 10


def test_bulk_leaves_room_in_a_group_for_answers() -> None:
    pacer = Pacer(Limits(group=(Rate(20, 60),)))
    for _ in range(16):
        assert pacer.chat_at(1, 0, bulk=True) == 0
        pacer.begin(1, is_group=True, now=0, bulk=True)
        pacer.end(1, is_group=True, now=0)
    assert pacer.chat_at(1, 0, bulk=True) == 60
    assert pacer.chat_at(1, 0, bulk=False) == 0


def test_bulk_is_spread_so_that_an_answer_waits_for_one_gap_and_not_for_a_whole_window() -> None:
    pacer = Pacer(Limits(account=(Rate(30, 1),)))
    now, longest = 0.0, 0.0
    for step in range(300):
        now = max(now, pacer.account_at(now, bulk=True))
        pacer.begin(step, is_group=True, now=now, bulk=True)
        pacer.end(step, is_group=True, now=now)
        if step > 30:
            longest = max(longest, pacer.account_at(now, bulk=False) - now)
    assert longest < 0.15


def test_a_quiet_chat_is_forgotten_and_a_hold_ends() -> None:
    pacer = Pacer(Limits(private=(Rate(1, 1),)))
    pacer.begin(1, is_group=False, now=0, bulk=False)
    pacer.end(1, is_group=False, now=0)
    pacer.hold_chat(1, 5)
    pacer.hold_account(7)
    assert pacer.chat_at(1, 2, bulk=False) == 5
    assert pacer.account_at(2, bulk=False) == 7
    pacer.tidy(10)
    assert pacer.chat_at(1, 10, bulk=False) == 10
    assert pacer._chats == {}


@given(
    rates=st.lists(RATES, min_size=1, max_size=3),
    delays=st.lists(st.floats(0, 3), min_size=1, max_size=20),
    counted_at=st.floats(0, 1),
    bulks=st.lists(st.booleans(), min_size=1, max_size=7),
)
@settings(max_examples=150, deadline=None)
def test_no_platform_ever_counts_more_than_it_allows(
    rates: list[Rate], delays: list[float], counted_at: float, bulks: list[bool]
) -> None:
    """Whatever the round trips, and whenever in them the platform counts: its windows are never exceeded."""
    pacer = Pacer(Limits(account=tuple(rates)))
    now, counted, under_way = 0.0, [], []
    for step in range(150):
        bulk, delay = bulks[step % len(bulks)], delays[step % len(delays)]
        while (at := pacer.account_at(now, bulk=bulk)) > now:
            if under_way and min(under_way) <= at:
                now = max(now, min(under_way))
                under_way.remove(min(under_way))
                pacer.end(0, is_group=True, now=now)
            else:
                now = at
        pacer.begin(0, is_group=True, now=now, bulk=bulk)
        under_way.append(now + delay)
        counted.append(now + delay * counted_at)
    for rate in rates:
        # A hair less than the window: sums of floating numbers are not exact at its edge.
        assert most_within(sorted(counted), rate.seconds * (1 - 1e-9)) <= rate.count


@given(st.lists(st.tuples(st.integers(1, 9), st.floats(0, 5)), max_size=30))
def test_a_line_gives_out_the_oldest_of_those_who_may_go(waiting: list[tuple[int, float]]) -> None:
    heads = [
        Head(id=n, chat_id=chat, is_group=True, urgent=False, due=due) for n, (chat, due) in enumerate(waiting)
    ]
    line = Line(heads)
    now, out = 0.0, []
    while (at := line.next_at(now)) < math.inf:
        now = max(now, at)
        head = line.pick(now, lambda head: 0.0)
        assert head is not None
        assert head.id == min(h.id for h in heads if h.due <= now and h not in out)
        out.append(head)
    assert len(out) == len(heads)


def test_a_chat_that_must_wait_lets_the_others_pass() -> None:
    heads = [Head(id=n, chat_id=n, is_group=True, urgent=False, due=0) for n in range(3)]
    line = Line(heads)
    free_at = {0: 5.0, 1: math.inf, 2: 0.0}
    assert line.pick(0, lambda head: free_at[head.chat_id]) == heads[2]
    assert line.pick(0, lambda head: free_at[head.chat_id]) is None
    assert line.next_at(0) == 5.0
    assert line.pick(5, lambda head: free_at[head.chat_id]) == heads[0]
