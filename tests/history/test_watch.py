"""The lists of any `History`: what is put on them, what is asked, and what was known when."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simkyc.errors import HistoryFormatError, InputError
from simkyc.history import open_history
from simkyc.history.protocol import History, WatchEntry, WatchImport, WatchName
from simkyc.history.sql import ROWS_AT_ONCE
from simkyc.lists.watch import Listing
from tests.history.files import SECRET, TEN, opened

KINDS = ("sqlite-file", "sqlite-memory", "postgresql")


@pytest.fixture(params=KINDS)
def history(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> Iterator[History]:
    with closing(open_history(url_of(request.param), secret=SECRET, lock_timeout_s=30)) as one:
        yield one


def minute(number: float) -> datetime:
    """So many minutes after ten o'clock."""
    return TEN + timedelta(minutes=number)


NAME = WatchName("person-1", "joint_punishment", "MIIT")
ENTRY = WatchEntry(NAME, "rules of 2024", TEN, minute(30), silent_alert=False)
LISTING = Listing("joint_punishment", "MIIT", "rules of 2024", TEN, minute(30), silent_alert=False)


def watch(history: History, *entries: WatchEntry, at: datetime = TEN) -> tuple[int, int, int]:
    with history.write() as transaction:
        done = transaction.watch(iter(entries), at, import_id="import-1")
    return done.added, done.unchanged, done.changed


def unwatch(history: History, *names: WatchName, at: datetime = TEN) -> int:
    with history.write() as transaction:
        return transaction.unwatch(iter(names), at)


def listings(history: History, at: datetime, *keys: str) -> tuple[Listing, ...]:
    with history.read() as reader:
        return reader.listings(keys or ("person-1",), at)


def live(history: History, at: datetime, *keys: str) -> tuple[Listing, ...]:
    with history.write() as transaction:
        return transaction.listings(keys or ("person-1",), at)


def test_nobody_is_listed_at_first(history: History) -> None:
    assert listings(history, TEN) == ()
    assert live(history, TEN) == ()
    with history.read() as reader:
        assert reader.listings((), TEN) == ()


def test_an_entry_comes_back_as_it_was_put(history: History) -> None:
    shanghai = datetime.fromisoformat("2026-11-24T18:00:00+08:00")
    basis = "联合惩戒 \U0001f600 '; DROP TABLE watch; --"
    one = WatchEntry(NAME, basis, shanghai, None, silent_alert=True)
    assert watch(history, one) == (1, 0, 0)
    assert listings(history, minute(1)) == (
        Listing("joint_punishment", "MIIT", basis, TEN, None, silent_alert=True),
    )


# minutes looked at, whether listed, why
HOLDS = {
    "before it begins": (-1, False, "nobody is listed for the future"),
    "as it begins": (0, True, "it holds from its first second"),
    "within": (29.99, True, "it holds"),
    "as it ends": (30, False, "it ends at its time"),
    "after": (31, False, "it served its time"),
}


@pytest.mark.parametrize("case", HOLDS)
def test_when_an_entry_holds(history: History, case: str) -> None:
    looked_at, holds, reason = HOLDS[case]
    watch(history, ENTRY, at=minute(-5))
    for answer in (listings(history, minute(looked_at)), live(history, minute(looked_at))):
        assert answer == ((LISTING,) if holds else ()), reason


def test_the_same_list_again_changes_nothing(history: History) -> None:
    other = replace(ENTRY, name=replace(NAME, key="person-2"), listed_until=None)
    assert watch(history, ENTRY, other) == (2, 0, 0)
    assert watch(history, other, ENTRY, at=minute(5)) == (0, 2, 0)
    assert listings(history, minute(1)) == listings(history, minute(6)) == (LISTING,)


CHANGES: dict[str, dict[str, Any]] = {
    "another basis": {"basis": "rules of 2026"},
    "another end": {"listed_until": minute(40)},
    "no end": {"listed_until": None},
    "a mark": {"silent_alert": True},
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_correction_holds_from_when_it_is_known(history: History, case: str) -> None:
    corrected = replace(ENTRY, **CHANGES[case])
    watch(history, ENTRY)
    assert watch(history, corrected, at=minute(10)) == (0, 0, 1)
    now = Listing(
        NAME.list,
        NAME.source,
        corrected.basis,
        TEN,
        corrected.listed_until,
        silent_alert=corrected.silent_alert,
    )
    assert listings(history, minute(9)) == (LISTING,), "what was known then stays"
    assert listings(history, minute(10)) == listings(history, minute(29)) == (now,)
    assert live(history, minute(9)) == (now,), "who records next knows all"


OTHERS: dict[str, dict[str, Any]] = {
    "another list": {"name": replace(NAME, list="operator_blacklist")},
    "another source": {"name": replace(NAME, source="police")},
    "another beginning": {"listed_from": minute(1)},
}


@pytest.mark.parametrize("case", OTHERS)
def test_another_entry_stands_beside_it(history: History, case: str) -> None:
    other = replace(ENTRY, **OTHERS[case])
    assert watch(history, ENTRY, other) == (2, 0, 0)
    assert len(listings(history, minute(2))) == 2


def test_who_was_taken_off_was_listed_before(history: History) -> None:
    watch(history, ENTRY)
    assert unwatch(history, NAME, NAME, at=minute(10)) == 1
    assert listings(history, minute(9)) == (LISTING,)
    assert listings(history, minute(10)) == ()
    assert live(history, minute(9)) == ()
    assert unwatch(history, NAME, at=minute(11)) == 0
    assert watch(history, ENTRY, at=minute(20)) == (1, 0, 0), "listed anew"
    assert [listings(history, minute(at)) for at in (9, 15, 20)] == [(LISTING,), (), (LISTING,)]


def test_whoever_is_taken_off_goes_with_every_entry_of_that_name_and_no_other(history: History) -> None:
    later = replace(ENTRY, listed_from=minute(1))
    elsewhere = replace(ENTRY, name=replace(NAME, source="police"))
    stranger = replace(ENTRY, name=replace(NAME, key="person-2"))
    watch(history, ENTRY, later, elsewhere, stranger)
    assert unwatch(history, NAME) == 2
    assert [one.source for one in listings(history, minute(2))] == ["police"]
    assert len(listings(history, minute(2), "person-2")) == 1


def test_changes_within_one_second_leave_the_last(history: History) -> None:
    watch(history, ENTRY)
    watch(history, replace(ENTRY, basis="second"), replace(ENTRY, basis="third"))
    assert [one.basis for one in listings(history, TEN)] == ["third"]
    unwatch(history, NAME)
    assert listings(history, TEN) == ()
    watch(history, replace(ENTRY, basis="fourth"))
    assert [one.basis for one in listings(history, TEN)] == ["fourth"]


def test_a_list_may_name_an_entry_twice(history: History) -> None:
    assert watch(history, ENTRY, ENTRY) == (1, 1, 0)
    assert watch(history, ENTRY, replace(ENTRY, basis="corrected"), at=minute(1)) == (0, 1, 1)
    assert [one.basis for one in listings(history, minute(1))] == ["corrected"]


def test_what_was_recorded_by_a_faster_clock_is_known_at_once_and_not_then(history: History) -> None:
    watch(history, replace(ENTRY, listed_from=minute(-60)), at=minute(2))
    assert listings(history, TEN) == ()
    assert len(live(history, TEN)) == 1


def test_a_correction_by_a_slower_clock_counts(history: History) -> None:
    watch(history, ENTRY, at=minute(2))
    watch(history, replace(ENTRY, basis="corrected"), at=minute(1))
    assert [one.basis for one in live(history, minute(3))] == ["corrected"]
    assert [one.basis for one in listings(history, minute(3))] == ["corrected"]


def test_several_keys_are_asked_at_once(history: History) -> None:
    lost = WatchEntry(
        WatchName("document-1", "lost_document", "police"), "report", TEN, None, silent_alert=False
    )
    watch(history, ENTRY, lost)
    both = listings(history, TEN, "person-1", "document-1", "person-1", "nobody")
    assert [one.list for one in both] == ["joint_punishment", "lost_document"]
    with pytest.raises(InputError), history.read() as reader:
        reader.listings("person-1", TEN)


def many(count: int) -> Iterator[WatchEntry]:
    return (replace(ENTRY, name=replace(NAME, key=f"person-{number}")) for number in range(count))


def test_a_long_list_is_whole_or_none(history: History) -> None:
    size = 2 * ROWS_AT_ONCE + 1

    def cut_off() -> Iterator[WatchEntry]:
        yield from many(size)
        raise EOFError

    with pytest.raises(EOFError), history.write() as transaction:
        transaction.watch(cut_off(), TEN, import_id="cut off")
    assert listings(history, TEN, "person-0") == ()
    with history.write() as transaction:
        assert transaction.watch(many(size), TEN, import_id="whole") == WatchImport(size, 0, 0)
    with history.write() as transaction:
        assert transaction.watch(many(size), minute(1), import_id="again") == WatchImport(0, size, 0)
    assert listings(history, TEN, f"person-{size - 1}") == (LISTING,)
    assert unwatch(history, *(entry.name for entry in many(size)), at=minute(2)) == size
    assert listings(history, minute(2), f"person-{size - 1}") == ()


@pytest.mark.parametrize("part", ["listed_from", "listed_until", "at"])
def test_a_time_needs_its_zone(history: History, part: str) -> None:
    naive = TEN.replace(tzinfo=None)
    changes: dict[str, Any] = {} if part == "at" else {part: naive}
    entry = replace(ENTRY, **changes)
    with pytest.raises(InputError, match="zone"):
        watch(history, entry, at=naive if part == "at" else TEN)
    with pytest.raises(InputError, match="zone"):
        listings(history, naive)
    assert listings(history, TEN) == ()


@pytest.mark.parametrize("wrong", [{"basis": None}, {"basis": "\udc80"}], ids=["missing", "no Unicode"])
def test_what_cannot_be_stored_undoes_the_rest(history: History, wrong: dict[str, Any]) -> None:
    other = replace(ENTRY, name=replace(NAME, key="person-2"), **wrong)
    with pytest.raises(InputError) as caught:
        watch(history, ENTRY, other)
    assert "person-2" not in str(caught.value)
    assert listings(history, TEN) == ()


def test_a_damaged_entry_is_told(tmp_path: Path) -> None:
    path = tmp_path / "kyc.db"
    with opened(path) as history:
        watch(history, ENTRY)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("UPDATE watch SET listed_until = 9223372036854775807")
        with pytest.raises(HistoryFormatError, match="damaged"):
            listings(history, TEN)


# The same answers worked out without SQL, from a list of what was done when.

steps = st.lists(
    st.tuples(
        st.integers(0, 3),  # seconds since the last
        st.sampled_from(["watch", "unwatch"]),
        st.sampled_from(["person-1", "person-2"]),
        st.integers(0, 2),  # beginning
        st.none() | st.integers(3, 12),  # end
        st.booleans(),
    ),
    max_size=12,
)


def second(number: int) -> datetime:
    return TEN + timedelta(seconds=number)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=steps)
def test_answers_are_what_had_been_listed_by_then(
    story: list[tuple[int, str, str, int, int | None, bool]],
) -> None:
    states: list[tuple[int, dict[tuple[str, int], tuple[int | None, bool]]]] = [(-1, {})]
    with closing(open_history("sqlite://", secret=SECRET)) as history:
        now = 0
        for wait, kind, person, since, until, alert in story:
            now += wait
            name, known = replace(NAME, key=person), dict(states[-1][1])
            if kind == "watch":
                watch(
                    history,
                    WatchEntry(name, "b", second(since), second(until) if until else None, alert),
                    at=second(now),
                )
                known[person, since] = (until, alert)
            else:
                gone = [key for key in known if key[0] == person]
                assert unwatch(history, name, at=second(now)) == len(gone)
                for key in gone:
                    del known[key]
            states.append((now, known))
        for person, at in itertools.product(("person-1", "person-2"), range(-1, 40)):
            by_then = [known for when, known in states if when <= at][-1]
            for answer, known in (
                (listings(history, second(at), person), by_then),
                (live(history, second(at), person), states[-1][1]),
            ):
                assert [(one.since, one.until, one.silent_alert) for one in answer] == [
                    (second(since), second(until) if until else None, alert)
                    for (who, since), (until, alert) in sorted(known.items())
                    if who == person and since <= at and (until is None or until > at)
                ]
