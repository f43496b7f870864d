"""Days that are over are counted once, and once more after anything changed them: the answer is always the true one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkyc.facts import Actor, ActorCounts
from simkyc.history import open_history, patterns
from simkyc.history.patterns import AFTER_MIDNIGHT_S, FullDays
from simkyc.history.protocol import History, OpeningKeys
from tests.history.test_contract import KINDS
from tests.history.test_patterns import KEYS, TEN, WINDOWS, hours, record

Baselines = dict[Actor, tuple[ActorCounts, ...]]

ONE = (ActorCounts(1, 0),)
TWO = (ActorCounts(2, 0),)


@pytest.fixture(params=KINDS)
def history(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> Iterator[History]:
    with closing(open_history(url_of(request.param), secret=b"a secret for tests only")) as made:
        yield made


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Hears whose days are counted."""
    heard: list[str] = []
    count = patterns.PatternReader._counted

    def hear(self: Any, asker: Any, actors: tuple[tuple[str, str], ...], windows: Any) -> object:
        heard.extend(key for _, key in actors)
        return count(self, asker, actors, windows)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(patterns.PatternReader, "_counted", hear)
    return heard


def baselines(history: History, at: datetime = TEN, keys: OpeningKeys = KEYS) -> Baselines:
    with history.read() as reader:
        return dict(reader.patterns(keys, WINDOWS, at).baselines)


def all_three(days: tuple[ActorCounts, ...]) -> Baselines:
    return {"clerk": days, "store": days, "dealer": days}


def test_a_day_that_is_over_is_counted_once(history: History, counted: list[str]) -> None:
    record(history, "yesterday", hours(-24))
    assert baselines(history) == all_three(ONE)
    record(history, "today", hours(-1))
    assert baselines(history, hours(1)) == all_three(ONE)
    assert counted == ["clerk-1", "store-1", "dealer-1"]
    other = replace(KEYS, clerk_id="clerk-2")
    assert baselines(history, TEN, other) == {**all_three(ONE), "clerk": ()}
    assert counted[3:] == ["clerk-2"]


def test_what_is_recorded_late_is_counted(history: History) -> None:
    record(history, "yesterday", hours(-24))
    assert baselines(history) == all_three(ONE)
    record(history, "late", hours(-23))
    assert baselines(history) == all_three(TWO)


def test_what_was_deleted_is_not_counted(history: History) -> None:
    record(history, "long ago", hours(-72))
    record(history, "yesterday", hours(-24))
    assert baselines(history) == all_three(ONE * 2)
    with history.write() as transaction:
        transaction.purge(hours(-48), TEN)
    assert baselines(history) == all_three(ONE)


def test_another_day_is_counted_anew(history: History) -> None:
    record(history, "yesterday", hours(-24))
    assert baselines(history) == all_three(ONE)
    record(history, "today", hours(-1))
    assert baselines(history, hours(24)) == all_three(ONE * 2)
    assert baselines(history) == all_three(ONE)


def test_right_after_midnight_nothing_is_kept(history: History, counted: list[str]) -> None:
    midnight = hours(14)
    for _ in range(2):
        baselines(history, midnight)
    assert len(counted) == 6
    assert AFTER_MIDNIGHT_S < 10 * 3600, "at ten it is kept"


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["record", "ask", "purge"]), st.integers(-120, 30), st.sampled_from("ab")),
        max_size=14,
    )
)
@settings(max_examples=40, deadline=None)
def test_it_never_shows_what_is_kept(steps: list[tuple[str, int, str]]) -> None:
    with closing(open_history("sqlite://", secret=b"a secret for tests only")) as history:
        for place, (step, hour, who) in enumerate(steps):
            keys = replace(KEYS, clerk_id=f"clerk-{who}", dealer_id=None)
            if step == "record":
                record(history, f"entry-{place}", hours(hour), clerk_id=keys.clerk_id, dealer_id=None)
            elif step == "purge":
                with history.write() as transaction:
                    transaction.purge(hours(hour), TEN)
            else:
                kept = baselines(history, hours(hour), keys)
                with history.read() as reader:
                    reader._full_days = None  # so that it counts
                    assert kept == dict(reader.patterns(keys, WINDOWS, hours(hour)).baselines)


def test_nothing_is_known_of_other_days() -> None:
    days = FullDays()
    first = days.known((100, 10), lambda _: (0, 5, 0))
    first.openings["clerk", "clerk-1"] = ONE
    assert days.known((100, 10), lambda last: (0, last, 0)) is first
    for change in ((1, 5, 0), (0, 6, 1)):
        assert days.known((100, 10), lambda _, change=change: change).openings == {}  # type: ignore[misc]  # bound now
    assert days.known((200, 10), lambda _: (0, 6, 0)).openings == {}
