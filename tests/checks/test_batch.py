from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.checks.batch import check
from simkyc.facts import Actor, ActorCounts, PatternFacts
from simkyc.policy import Policy
from simkyc.testing import application, facts
from simkyc.verdict import State
from tests.checks.table import Row, assert_row

ACTORS: tuple[Actor, ...] = ("clerk", "dealer", "store", "terminal")
NO_BASELINE = dict.fromkeys(
    (*(f"{actor}_burst" for actor in ACTORS), "remote_first_share", "unusual_hour", "fraudulent_staff"),
    "no_baseline",
)


def day(openings: int, remote_first: int = 0) -> ActorCounts:
    return ActorCounts(openings, remote_first)


def known(today: int | ActorCounts, days: list[int] | list[ActorCounts], **patterns: Any) -> dict[str, Any]:
    counted = today if isinstance(today, ActorCounts) else day(today)
    before = tuple(one if isinstance(one, ActorCounts) else day(one) for one in days)
    return {
        "today": dict.fromkeys(ACTORS, counted),
        "patterns": PatternFacts(
            trail=(),
            baselines=dict.fromkeys(ACTORS, before),
            consecutive_cards=patterns.pop("cards", 0),
            consecutive_numbers=patterns.pop("numbers", 0),
            days_at_this_hour=patterns.pop("hour", 9),
            **patterns,
        ),
    }


QUIET = [3, 4, 5, 4, 3, 5, 4]
BUSY = [60, 70, 65, 58, 72, 66, 61]
WHOLE = ("dealer_burst", "store_burst")


def at_one_counter(
    own: int, store: int, usual: list[int], actor: Actor = "clerk", **others: ActorCounts
) -> dict[str, Any]:
    """What one clerk and the store opened today, where every day they opened so many and three times as many."""
    of_store = tuple(day(3 * openings) for openings in usual)
    return {
        "today": {actor: day(own), "store": day(store), **others},
        "patterns": PatternFacts(
            trail=(),
            baselines={actor: tuple(day(openings) for openings in usual), "store": of_store},
            consecutive_cards=0,
            consecutive_numbers=0,
            days_at_this_hour=9,
        ),
    }


NOBODY_ELSE = {
    "dealer_burst": "no_dealer",
    "terminal_burst": "no_terminal",
    "fraudulent_staff": "no_baseline",
}

ROWS = [
    Row("an ordinary day", facts=known(3, QUIET)),
    Row("a new store has no days", facts=known(20, [5]), not_assessed=NO_BASELINE),
    Row("one day short of a baseline", facts=known(20, QUIET[:6]), not_assessed=NO_BASELINE),
    Row("as many as the limit", facts=known(11, QUIET)),
    Row("one more, and nobody is busier than the whole store", facts=known(12, QUIET), flagged=WHOLE),
    Row(
        "one clerk is busy, the store is not",
        facts=at_one_counter(14, 20, QUIET),
        flagged=("clerk_burst",),
        not_assessed=NOBODY_ELSE,
    ),
    Row(
        "one terminal is busy, the store is not",
        facts=at_one_counter(14, 20, QUIET, "terminal", clerk=day(3)),
        flagged=("terminal_burst",),
        not_assessed={
            "clerk_burst": "no_baseline",
            "dealer_burst": "no_dealer",
            "fraudulent_staff": "no_baseline",
        },
    ),
    Row(
        "a campaign makes every clerk busy",
        facts=at_one_counter(14, 42, QUIET),
        flagged=("store_burst",),
        not_assessed=NOBODY_ELSE,
    ),
    Row("a busy store on a busy day", facts=known(80, BUSY)),
    Row("a campaign every week is in the baseline", facts=known(39, [*QUIET, 40, 41])),
    Row("few openings are no batch", facts=known(7, [1] * 7)),
    Row(
        "nobody named as dealer or terminal",
        facts={**known(3, QUIET), "today": {"clerk": day(3), "store": day(3)}},
        not_assessed={"dealer_burst": "no_dealer", "terminal_burst": "no_terminal"},
    ),
    Row(
        "a campus has newcomers every day",
        facts=known(day(9, 9), [day(5, 4)] * 7),
    ),
    Row(
        "newcomers from elsewhere one after the other",
        facts=known(day(9, 8), [day(9, 1)] * 7),
        flagged=("remote_first_share",),
    ),
    Row(
        "newcomers at every counter of the store",
        facts=known(day(9, 8), [day(9, 1)] * 7)
        | {"today": {"clerk": day(9, 8), "store": day(20, 18), "dealer": day(9), "terminal": day(9)}},
    ),
    Row(
        "newcomers at one counter of the store",
        facts=known(day(9, 8), [day(9, 1)] * 7)
        | {"today": {"clerk": day(9, 8), "store": day(20, 10), "dealer": day(9), "terminal": day(9)}},
        flagged=("remote_first_share",),
    ),
    Row(
        "newcomers at a store without days",
        facts=known(day(9, 9), []),
        not_assessed=NO_BASELINE,
    ),
    Row("three cards in a row", facts=known(3, QUIET, cards=2)),
    Row("four cards in a row", facts=known(3, QUIET, cards=3), flagged=("consecutive_cards",)),
    Row("three numbers in a row", facts=known(3, QUIET, numbers=2)),
    Row("four numbers in a row", facts=known(3, QUIET, numbers=3), flagged=("consecutive_numbers",)),
    Row("on a busy day some stand in order by chance", facts=known(40, BUSY, cards=6, numbers=6)),
    Row(
        "a store that sells in order has everybody in the run",
        facts=known(5, QUIET, cards=5, numbers=5, cards_in_order=10),
    ),
    Row(
        "half of the day in the run is no habit",
        facts=known(10, QUIET, cards=5, numbers=5, cards_in_order=10),
        flagged=("consecutive_cards", "consecutive_numbers"),
    ),
    Row(
        "a run that began today is no habit",
        facts=known(5, QUIET, cards=5, numbers=5, cards_in_order=5),
        flagged=("consecutive_cards", "consecutive_numbers"),
    ),
    Row("nobody opens at this hour", facts=known(3, QUIET, hour=0), flagged=("unusual_hour",)),
    Row("one day of three weeks", facts=known(3, QUIET * 3, hour=1), flagged=("unusual_hour",)),
    Row("two days of three weeks", facts=known(3, QUIET * 3, hour=2)),
    Row("one day of one week", facts=known(3, QUIET, hour=1)),
    Row(
        "a store that never opened a number has no hours",
        facts=known(3, QUIET, hour=None),
        not_assessed={"unusual_hour": "no_baseline"},
    ),
    Row(
        "letters in the ICCID, no MSISDN",
        facts=known(3, QUIET, cards=None, numbers=None),
        not_assessed={
            "consecutive_cards": "number_malformed",
            "consecutive_numbers": "number_malformed",
        },
    ),
    Row("a dealer sells some", facts=known(3, QUIET, fraudulent={"dealer": 5, "clerk": 5})),
    Row(
        "a dealer sells too many",
        facts=known(3, QUIET, fraudulent={"dealer": 6}),
        flagged=("fraudulent_staff",),
    ),
    Row("a busy dealer sells as many", facts=known(60, BUSY, fraudulent={"dealer": 6})),
    Row(
        "a device of fraud",
        facts=known(3, QUIET, fraudulent={"device": 1}),
        flagged=("fraudulent_before",),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("batch", row)


@given(st.lists(st.integers(1, 60), min_size=7, max_size=28), st.integers(0, 200), st.integers(0, 50))
def test_a_busier_day_never_softens_it(days: list[int], today: int, more: int) -> None:
    def flagged(count: int) -> set[str]:
        findings = check(application(0), facts(**known(count, days)), Policy.default())
        return {one.reason for one in findings if one.state is State.FLAGGED and "burst" in one.reason}

    assert flagged(today) <= flagged(today + more)


@given(st.lists(st.integers(1, 60), min_size=7, max_size=28))
def test_the_order_of_days_makes_no_difference(days: list[int]) -> None:
    def found(some: list[int]) -> tuple[object, ...]:
        return check(application(0), facts(**known(20, some)), Policy.default())

    assert found(days) == found(sorted(days))
