"""What any history says of patterns, outcomes, purging, erasure and new keys: on every kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simkyc.application import ApplicationKind, Position
from simkyc.errors import SettlementError
from simkyc.facts import ActorCounts, PatternFacts, Visit
from simkyc.history import open_history
from simkyc.history.protocol import Entry, History, OpeningKeys, OpeningWindows, Seen, WatchEntry, WatchName
from simkyc.verdict import Decision
from tests.history.test_contract import KINDS

DAY = 86_400
TEN = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
"""Ten in the morning in China."""
WINDOWS = OpeningWindows(
    person_s=(DAY,),
    clerk_s=3600,
    shared_s=(),
    trail_s=2 * DAY,
    neighbours_s=DAY,
    order_s=DAY,
    baseline_s=5 * DAY,
    outcomes_s=3 * DAY,
)
SERIAL = 8986000000000001000
KEYS = OpeningKeys(
    person="person-1",
    device="device-1",
    iccid=f"{SERIAL}0",
    msisdn="msisdn-1000",
    store_id="store-1",
    dealer_id="dealer-1",
    clerk_id="clerk-1",
    imsi="imsi-1",
    shared=(("device", "device-1"), ("contact", "contact-1")),
    neighbours=tuple((step, f"msisdn-{1000 + step}") for step in range(-10, 11) if step),
)


@pytest.fixture(params=KINDS)
def history(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> Iterator[History]:
    with closing(open_history(url_of(request.param), secret=b"a secret for tests only")) as made:
        yield made


def hours(number: float) -> datetime:
    """So many hours after ten."""
    return TEN + timedelta(hours=number)


def record(history: History, name: str, at: datetime, *, refused: bool = False, **changes: Any) -> None:
    kind: ApplicationKind = changes.pop("kind", "opening")
    entry = Entry(
        application_id=name,
        kind=kind,
        service="personal",
        body_digest="-",
        keys=replace(KEYS, **{"iccid": None, "msisdn": None, **changes}),
        decided_at=at,
        decision=Decision.REFUSE if refused else Decision.ACCEPT,
        verdict_json="{}",
        admitted_until=None if refused else at + timedelta(minutes=30),
        position=Position(latitude=31.25, longitude=120.5),
        is_remote_first=name.startswith("remote"),
    )
    with history.write() as transaction:
        transaction.record(entry)


def settle(history: History, step: str, name: str, at: datetime, **more: Any) -> None:
    with history.write() as transaction:
        getattr(transaction, step)(name, at, **more)


def patterns(
    history: History, at: datetime, keys: OpeningKeys = KEYS, *, before: str | None = None
) -> PatternFacts:
    with history.read() as reader:
        return reader.patterns(keys, WINDOWS, at, before=before)


def test_an_empty_history_knows_of_no_pattern(history: History) -> None:
    known = patterns(history, TEN)
    assert known.trail == ()
    assert known.baselines == {"clerk": (), "store": (), "dealer": ()}
    assert (known.consecutive_cards, known.consecutive_numbers, known.fraudulent) == (0, 0, {})
    nobody = patterns(history, TEN, replace(KEYS, person=None, iccid=None, msisdn=None))
    assert (nobody.trail, nobody.consecutive_cards, nobody.consecutive_numbers) == (None, None, None)
    assert patterns(history, TEN, replace(KEYS, iccid="8986A")).consecutive_cards is None


# Where they went


def test_a_trail_is_everything_asked_for_in_the_window_latest_first(history: History) -> None:
    record(history, "a", hours(-48))
    record(history, "b", hours(-47), refused=True, store_id="store-2", dealer_id=None)
    record(history, "c", hours(-1), kind="replacement", store_id="store-3")
    record(history, "d", hours(-1), person="person-2")
    place = Position(latitude=31.25, longitude=120.5)
    third = Visit(hours(-1), Decision.ACCEPT, "store-3", "dealer-1", place)
    second = Visit(hours(-47), Decision.REFUSE, "store-2", None, place)
    first = Visit(hours(-48), Decision.ACCEPT, "store-1", "dealer-1", place)
    assert patterns(history, TEN).trail == (third, second), "the window is half open"
    assert patterns(history, hours(-0.5) - timedelta(hours=1)).trail == (second, first), "as of then"
    assert patterns(history, TEN, before="c").trail == (second,)


# Days of those who serve


def test_a_baseline_counts_whole_days_in_china(history: History) -> None:
    midnight = hours(-10)
    record(history, "a", midnight - timedelta(seconds=1))
    record(history, "remote-b", midnight - timedelta(hours=24))
    record(history, "c", midnight - timedelta(hours=24, seconds=1))
    record(history, "d", midnight, terminal_id="terminal-1")
    record(history, "e", midnight - timedelta(hours=1), refused=True)
    record(history, "f", midnight - timedelta(hours=1), kind="replacement")
    record(history, "g", midnight - timedelta(days=5))
    record(history, "h", midnight - timedelta(days=5, seconds=1))
    record(history, "i", midnight - timedelta(hours=2), clerk_id="clerk-2", dealer_id=None)

    def days(actor: str, at: datetime = TEN, **changes: Any) -> list[tuple[int, int]]:
        found = patterns(history, at, replace(KEYS, **changes)).baselines[actor]  # type: ignore[index]  # one of the four
        return sorted((day.openings, day.remote_first) for day in found)

    # Yesterday a, b and i, the day before c; five days ago g. Today's are not over, and h lies outside.
    assert days("clerk") == [(1, 0), (1, 0), (2, 1)]
    assert days("store") == [(1, 0), (1, 0), (3, 1)]
    assert days("dealer") == [(1, 0), (1, 0), (2, 1)]
    assert days("terminal", terminal_id="terminal-1") == []
    assert days("terminal", hours(24), terminal_id="terminal-1") == [(1, 0)], "tomorrow it is a day"
    assert days("clerk", hours(13.9)) == days("clerk"), "the same the whole day long"
    assert ActorCounts(3, 1) in patterns(history, TEN).baselines["store"]


def test_a_day_that_is_over_never_changes(history: History) -> None:
    record(history, "a", hours(-30))
    before = patterns(history, TEN).baselines
    settle(history, "release", "a", hours(-29.8))
    assert patterns(history, TEN).baselines == before != {}


# Cards and numbers next to this one


def take(history: History, step: int, person: str | None, at: datetime, name: str | None = None) -> None:
    """The card and the number so many places from that of `KEYS`."""
    iccid, msisdn = f"{SERIAL + step}{step % 10}", f"msisdn-{1000 + step}"
    record(history, name or f"at{step}", at, person=person, iccid=iccid, msisdn=msisdn)


def runs(history: History, at: datetime = TEN, **more: Any) -> tuple[int | None, int | None]:
    known = patterns(history, at, **more)
    return known.consecutive_cards, known.consecutive_numbers


def test_a_run_is_unbroken_and_of_other_people(history: History) -> None:
    for step in (-3, -2, -1):
        take(history, step, f"person-{10 + step}", hours(step))
    take(history, 2, "person-20", hours(-1))
    assert runs(history) == (3, 3), "the card at +1 is there, so +2 is no neighbour"
    take(history, 1, "person-1", hours(-0.5))
    assert runs(history) == (3, 3), "the longer of the two runs"
    settle(history, "release", "at-1", hours(-0.1))
    assert runs(history) == (1, 1), "what was released lies in the drawer; the applicant is nobody else"
    assert runs(history, hours(-0.2)) == (3, 3), "as of then"
    assert runs(history, before="at-3") == (0, 0)


def test_a_run_ends_where_the_order_does(history: History) -> None:
    for step, at in ((-1, -2), (-2, -3), (-3, -1), (-4, -4)):
        take(history, step, f"person-{10 + step}", hours(at))
    assert runs(history) == (2, 2), "whoever took the third came later: they chose"


def test_a_run_counts_what_was_admitted_in_the_window(history: History) -> None:
    take(history, -1, "person-2", hours(-24))
    assert runs(history) == (0, 0), "the window is half open"
    assert runs(history, TEN - timedelta(seconds=1)) == (1, 1)
    record(history, "b", TEN, person="person-3", iccid=f"{SERIAL + 1}0", msisdn="msisdn-1001", refused=True)
    assert runs(history) == (0, 0)


def test_one_family_that_takes_a_run_is_as_many_people_as_it_is(history: History) -> None:
    for step, person in ((-1, "person-2"), (-2, "person-2"), (-3, "person-3")):
        take(history, step, person, hours(step))
    assert runs(history) == (2, 2)


# What became of numbers


def test_an_outcome_counts_by_what_is_shared_as_of_then(history: History) -> None:
    record(history, "a", hours(-20))
    settle(history, "open_number", "a", hours(-20))
    settle(history, "report_outcome", "a", hours(-10), is_fraud=True)
    settle(history, "report_outcome", "a", hours(-9), is_fraud=True)
    settle(history, "report_outcome", "a", hours(-5), is_fraud=False)
    settle(history, "report_outcome", "a", hours(-2), is_fraud=True)
    everything = {"device": 1, "contact": 1, "clerk": 1, "store": 1, "dealer": 1}
    for at, found in ((-11, {}), (-10, everything), (-8, everything), (-5, {}), (-3, {}), (-2, everything)):
        assert patterns(history, hours(at)).fraudulent == found, at
    assert patterns(history, hours(-2 + 72) - timedelta(seconds=1)).fraudulent["contact"] == 1
    assert "contact" not in patterns(history, hours(-2 + 72)).fraudulent, "out of the window"
    other = replace(KEYS, shared=(("device", "device-2"), ("contact", "contact-1")), clerk_id="clerk-2")
    assert patterns(history, TEN, other).fraudulent == {"contact": 1, "store": 1, "dealer": 1}


def test_numbers_are_counted_and_not_words(history: History) -> None:
    for name in "ab":
        record(history, name, hours(-20))
        settle(history, "open_number", name, hours(-20))
        for at in (-3, -3, -2):
            settle(history, "report_outcome", name, hours(at), is_fraud=True)
    assert patterns(history, TEN).fraudulent["store"] == 2


@pytest.mark.parametrize("name", ["pending", "refused", "unknown"])
def test_what_opened_nothing_has_no_outcome(history: History, name: str) -> None:
    record(history, "pending", hours(-1))
    record(history, "refused", hours(-1), refused=True)
    with pytest.raises(SettlementError):
        settle(history, "report_outcome", name, TEN, is_fraud=True)
    assert patterns(history, TEN).fraudulent == {}


# What is deleted


def test_purging_leaves_what_binds_a_number_and_what_is_pending(history: History) -> None:
    old = hours(-24 * 40)
    for name in ("open", "closed", "released", "expired"):
        record(history, name, old, person=name, msisdn=f"msisdn-{name}")
    for name in ("open", "closed"):
        settle(history, "open_number", name, old)
    settle(history, "close_number", "closed", old + timedelta(days=1))
    settle(history, "release", "released", old)
    record(history, "new", hours(-1), person="new")
    with history.write() as transaction:
        transaction.see("msisdn-closed", Seen(old, "device-1", None), old)
        assert transaction.purge(hours(-24), TEN) > 0
    with history.read() as reader:
        left = {
            name
            for name in ("open", "closed", "released", "expired", "new")
            if reader.recorded(name) is not None
        }
        assert left == {"open", "new"}
        assert reader.sightings("msisdn-closed", TEN) == ()
        known = reader.facts(replace(KEYS, person="open"), WINDOWS, TEN)
        assert known.active_numbers == {"personal": 1, "iot": 0}
        assert reader.patterns(KEYS, WINDOWS, TEN).baselines["store"] == ()
    with history.write() as transaction:
        assert transaction.purge(hours(-24), TEN) == 0, "nothing is left to go"


def test_who_holds_a_number_and_who_does_not(history: History) -> None:
    record(history, "a", hours(-100), msisdn="msisdn-a")
    with history.write() as transaction:
        assert not transaction.holds_numbers("person-1", TEN), "its admission expired"
        transaction.open_number("a", hours(-99))
        assert transaction.holds_numbers("person-1", TEN)
        transaction.close_number("a", hours(-98))
        assert not transaction.holds_numbers("person-1", TEN)
        assert not transaction.holds_numbers("person-2", TEN)


def test_after_erasure_no_question_finds_the_person(history: History) -> None:
    record(history, "mine", hours(-30), msisdn="msisdn-1001", iccid=f"{SERIAL + 1}0")
    settle(history, "open_number", "mine", hours(-30))
    settle(history, "report_outcome", "mine", hours(-29), is_fraud=True)
    settle(history, "close_number", "mine", hours(-28))
    record(history, "acted", hours(-20), person="person-2", shared=(("representative", "person-1"),))
    record(history, "other", hours(-20), person="person-3", shared=(("contact", "contact-1"),))
    with history.write() as transaction:
        transaction.see("msisdn-1001", Seen(hours(-29), "device-1", None), hours(-29))
        assert transaction.erase_person("person-1", ("person-1",), TEN) > 0
    windows = replace(WINDOWS, shared_s=(("contact", (9 * DAY,)), ("representative", (9 * DAY,))))
    with history.read() as reader:
        assert reader.recorded("mine") is None
        assert reader.recorded("acted") is not None
        assert reader.patterns(KEYS, WINDOWS, TEN).trail == ()
        assert reader.patterns(KEYS, WINDOWS, TEN).fraudulent == {}
        assert reader.bindings("msisdn-1001", TEN) == ()
        assert reader.sightings("msisdn-1001", TEN) == ()
        asker = replace(KEYS, shared=(("contact", "contact-1"), ("representative", "person-1")))
        shared = reader.facts(asker, windows, TEN).shared
        assert shared["contact"][9 * DAY].people == 1, "the others stay"
        assert shared["representative"][9 * DAY].people == 0
    with history.write() as transaction:
        assert transaction.erase_person("person-1", (), TEN) == 0


# New keys


def test_a_new_key_carries_everything_with_it(history: History) -> None:
    record(history, "a", hours(-20), msisdn="msisdn-1000", second_device="device-2")
    settle(history, "open_number", "a", hours(-20))
    settle(history, "report_outcome", "a", hours(-10), is_fraud=True)
    with history.write() as transaction:
        transaction.see("msisdn-1000", Seen(hours(-19), "device-1", "imsi-1"), hours(-19))
    renewed = {
        old: f"new-{old}"
        for old in ("person-1", "msisdn-1000", "imsi-1", "device-1", "device-2", "contact-1")
    }
    keys = replace(
        KEYS,
        person=renewed["person-1"],
        msisdn=renewed["msisdn-1000"],
        imsi=renewed["imsi-1"],
        device=renewed["device-1"],
        second_device=renewed["device-2"],
        shared=(("device", renewed["device-1"]), ("contact", renewed["contact-1"])),
    )
    windows = replace(WINDOWS, shared_s=(("device", (9 * DAY,)), ("contact", (9 * DAY,))))
    with history.read() as reader:
        before = reader.facts(KEYS, windows, TEN), reader.patterns(KEYS, windows, TEN)
    with history.write() as transaction:
        for _ in range(2):
            transaction.rekey(list(renewed.items()), renewed["msisdn-1000"])
    with history.read() as reader:
        assert (reader.facts(keys, windows, TEN), reader.patterns(keys, windows, TEN)) == before
        (bound,) = reader.bindings(renewed["msisdn-1000"], TEN)
        assert (bound.person, bound.imsi) == (keys.person, keys.imsi)
        assert (bound.device, bound.second_device) == (keys.device, keys.second_device)
        (seen,) = reader.sightings(renewed["msisdn-1000"], TEN)
        assert (seen.device, seen.imsi) == (keys.device, keys.imsi)
        assert reader.bindings("msisdn-1000", TEN) == ()
        assert reader.patterns(KEYS, windows, TEN).trail == ()


def test_a_sighting_told_again_under_a_new_key_is_one_sighting(history: History) -> None:
    with history.write() as transaction:
        transaction.see("msisdn", Seen(TEN, "device", None), TEN)
        transaction.rekey([("msisdn", "new-msisdn"), ("device", "new-device")], "new-msisdn")
        transaction.see("new-msisdn", Seen(TEN, "new-device", None), TEN)
    with history.read() as reader:
        assert reader.sightings("new-msisdn", TEN) == (Seen(TEN, "new-device", None),)


def test_what_is_there_under_both_keys_stands_in_nobodys_way(history: History) -> None:
    name = WatchName("person", "operator_blacklist", "operator")
    listed = WatchEntry(name, "a rule", TEN, None, silent_alert=False)
    renewed = replace(listed, name=replace(name, key="new-person"))
    with history.write() as transaction:
        for device in ("device", "new-device"):
            transaction.see("msisdn", Seen(TEN, device, None), TEN)
            transaction.see(f"{device}'s", Seen(TEN, "other", None), TEN)
        transaction.watch([listed, renewed], TEN, import_id="import-1")
    with history.write() as transaction:
        transaction.rekey([("device", "new-device"), ("device's", "new-device's")], None)
        transaction.relist([("person", "new-person")])
    with history.read() as reader:
        assert len(reader.listings(["new-person"], TEN)) == 1
        assert len(reader.sightings("new-device's", TEN)) == 1
