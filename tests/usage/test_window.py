"""Windows and the outages in them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.errors import InputError
from simkyc.usage.window import UsageWindow
from tests.usage.made_records import MONDAY, WINDOW, at

OUTAGES = [
    ((), 0, "none"),
    (((at(1, 0), at(2, 0)),), 24, "a day"),
    (((at(1, 0), at(2, 0)), (at(1, 12), at(1, 18))), 24, "one in another"),
    (((at(1, 12), at(2, 12)), (at(1, 0), at(2, 0))), 36, "two that overlap, in no order"),
    (((at(1, 0), at(2, 0)), (at(2, 0), at(3, 0))), 48, "one after another"),
    (((at(-5, 0), at(1, 0)),), 24, "what lies before the window is none of it"),
    (((at(29, 0), at(99, 0)),), 24, "nor what lies after"),
    (((at(40, 0), at(99, 0)),), 0, "nor what lies all outside"),
]


@pytest.mark.parametrize(("outages", "hours", "why"), OUTAGES, ids=[row[2] for row in OUTAGES])
def test_hours_of_outages(outages: tuple[tuple[datetime, datetime], ...], hours: float, why: str) -> None:
    assert UsageWindow(WINDOW.since, WINDOW.until, outages).outage_hours == hours


@given(
    st.lists(
        st.tuples(st.integers(-9, 40), st.integers(1, 30)).map(lambda one: (at(one[0]), at(one[0] + one[1]))),
        max_size=6,
    )
)
def test_outages_lie_apart_and_inside(outages: list[tuple[datetime, datetime]]) -> None:
    window = UsageWindow(WINDOW.since, WINDOW.until, tuple(outages))
    since, until = window.seconds
    edges = [edge for span in window.down for edge in span]
    assert edges == sorted(set(edges))
    assert all(since <= edge <= until for edge in edges)
    down = {day for day in range(30) for begins, ends in outages if begins <= at(day, 12) < ends}
    assert window.outage_hours <= 24 * (len(down) + 1)


@pytest.mark.parametrize(
    ("since", "days", "why"),
    [(MONDAY, 0, "midnight in China"), (MONDAY + timedelta(seconds=1), 1, "a second later")],
    ids=["midnight", "a second later"],
)
def test_the_first_whole_day(since: datetime, days: int, why: str) -> None:
    day = int(MONDAY.replace(tzinfo=UTC).timestamp())
    assert UsageWindow(since, WINDOW.until).first_day == day + days * 86_400


WRONG = [
    ((WINDOW.until, WINDOW.since), (), "backwards"),
    ((WINDOW.since, WINDOW.since), (), "empty"),
    ((MONDAY.replace(tzinfo=None), WINDOW.until), (), "of no zone"),
    ((WINDOW.since, WINDOW.until), ((at(2), at(1)),), "an outage backwards"),
]


@pytest.mark.parametrize(("window", "outages", "why"), WRONG, ids=[row[2] for row in WRONG])
def test_a_window_that_cannot_be_is_refused(
    window: tuple[datetime, datetime], outages: tuple[tuple[datetime, datetime], ...], why: str
) -> None:
    with pytest.raises(InputError):
        UsageWindow(*window, outages)
