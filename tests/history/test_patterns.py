"""What the history makes of the answers about patterns: runs, days and hours, spread, and fraud behind one thing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simkyc.facts import ActorCounts, PatternFacts
from simkyc.gather import opening_windows
from simkyc.history import open_history
from simkyc.history.protocol import Entry, History, OpeningKeys
from simkyc.policy import Policy
from simkyc.testing import iccid_of
from simkyc.verdict import Decision

NOON = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
"""At twelve in China."""
WINDOWS = opening_windows(Policy.default())


@pytest.fixture
def history() -> Iterator[History]:
    opened = open_history("sqlite://", secret=b"a secret for tests only")
    yield opened
    opened.close()


def keys(number: int, **changes: Any) -> OpeningKeys:
    """One after the other by number: person, card and phone number."""
    one = OpeningKeys(
        person=f"person-{number}",
        device=None,
        iccid=iccid_of(number),
        msisdn=f"msisdn-{number}",
        store_id="store-1",
        dealer_id="dealer-1",
        clerk_id="clerk-1",
        shared=(("contact", "contact-1"),),
        neighbours=tuple((step, f"msisdn-{number + step}") for step in range(-10, 11) if step),
    )
    return replace(one, **changes)


def record(history: History, one: OpeningKeys, at: datetime, *, remote: bool = False) -> str:
    name = f"{one.person}-{at.timestamp():.0f}"
    with history.write() as transaction:
        transaction.record(
            Entry(
                name,
                "opening",
                "personal",
                "-",
                one,
                at,
                Decision.ACCEPT,
                "{}",
                at + timedelta(hours=1),
                is_remote_first=remote,
            )
        )
        transaction.open_number(name, at + timedelta(minutes=1))
    return name


def asked(history: History, one: OpeningKeys, at: datetime = NOON) -> PatternFacts:
    with history.read() as reader:
        return reader.patterns(one, WINDOWS, at)


def minutes(many: float) -> timedelta:
    return timedelta(minutes=many)


@pytest.mark.parametrize(
    ("taken", "people", "in_order"),
    [
        pytest.param((), 0, 0, id="nobody before"),
        pytest.param(((1, 30), (2, 20), (3, 10)), 3, 3, id="up the stack"),
        pytest.param(((7, 30), (6, 20), (5, 10)), 3, 3, id="down the stack"),
        pytest.param(((1, 30), (2, 10), (3, 20)), 1, 1, id="chosen, not taken as they come"),
        pytest.param(((1, 30), (3, 10)), 1, 1, id="one in between is left"),
        pytest.param(((3, 30), (5, 20), (6, 30)), 2, 2, id="on both sides only the longer counts"),
        pytest.param(((1, 3000), (2, 2900), (3, 10)), 1, 3, id="yesterday's are of the order, not of today"),
    ],
)
def test_a_run_is_taken_one_after_the_other(
    history: History, taken: tuple[tuple[int, int], ...], people: int, in_order: int
) -> None:
    """The card that comes next is number 4; `taken` says which were taken how many minutes ago."""
    for number, ago in sorted(taken, key=lambda one: -one[1]):
        record(history, keys(number), NOON - minutes(ago))
    found = asked(history, keys(4))
    assert (found.consecutive_cards, found.cards_in_order) == (people, in_order)
    assert found.consecutive_numbers == people


def test_what_is_shared_is_told_by_days_stores_and_clerks(history: History) -> None:
    for number, (hours, store, clerk) in enumerate(
        [
            (240, "store-2", "clerk-9"),
            (49, "store-1", "clerk-1"),
            (48, "store-1", "clerk-2"),
            (1, "store-1", "x"),
        ]
    ):
        record(
            history,
            keys(40 + 20 * number, store_id=store, clerk_id=clerk),
            NOON - timedelta(hours=hours),
            remote=number < 2,
        )
    spread = asked(history, keys(1)).spread["contact"][365 * 86_400]
    assert (spread.days, spread.store_ids, spread.clerk_ids) == (3, (2, "store-1"), (4, "clerk-1"))
    assert (spread.first_at, spread.last_at) == (NOON - timedelta(hours=240), NOON - timedelta(hours=1))
    assert spread.openings == ActorCounts(4, 2)
    assert asked(history, keys(1), NOON - timedelta(days=11)).spread == {}


def test_this_one_is_a_store_and_a_clerk_more_where_it_is_another(history: History) -> None:
    record(history, keys(40), NOON - timedelta(days=1))
    spread = asked(history, keys(1)).spread["contact"][365 * 86_400]
    assert (spread.stores_with("store-1"), spread.stores_with("store-2")) == (1, 2)
    assert (spread.clerks_with("clerk-1"), spread.clerks_with("clerk-2")) == (1, 2)


@pytest.mark.parametrize(
    ("hour", "days"),
    [
        pytest.param(12, 3, id="at noon"),
        pytest.param(13, 3, id="an hour later"),
        pytest.param(11, 3, id="an hour before"),
        pytest.param(15, 0, id="three hours later"),
        pytest.param(9, 0, id="three hours before"),
    ],
)
def test_hours_are_of_the_day_and_days_count_once(history: History, hour: int, days: int) -> None:
    for ago in (1, 2, 3):
        for number in range(3):
            record(history, keys(100 * ago + 20 * number), NOON - timedelta(days=ago, minutes=number))
    at = NOON + timedelta(hours=hour - 12)
    assert asked(history, keys(1), at).days_at_this_hour == days


def test_a_store_that_never_opened_has_no_hours(history: History) -> None:
    assert asked(history, keys(1)).days_at_this_hour is None


def test_fraud_of_staff_is_counted_in_the_window_of_their_days(history: History) -> None:
    """What is older than a clerk's own days still counts against whoever was called."""
    for ago, number in ((60, 40), (5, 60)):
        name = record(history, keys(number), NOON - timedelta(days=ago))
        with history.write() as transaction:
            transaction.report_outcome(name, NOON - timedelta(days=ago - 1), is_fraud=True)
    found = asked(history, keys(1)).fraudulent
    assert (found["clerk"], found["dealer"], found["contact"]) == (1, 1, 2)
