"""What any `History` must do. A further kind joins by a line in `KINDS`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simkyc.application import ApplicationKind, Service
from simkyc.errors import HistoryError, InputError, LeadError, SettlementError
from simkyc.facts import ActorCounts, OpeningFacts, SharedCounts, SharedThing, SimFacts
from simkyc.history import open_history
from simkyc.history.protocol import (
    LEADS_IN_FORCE,
    Binding,
    Entry,
    History,
    LeadEvent,
    LeadOnRecord,
    LeadState,
    OpeningKeys,
    OpeningWindows,
    Reader,
    Recorded,
    Seen,
    Transaction,
    lead_lock,
    lead_subject_lock,
    number_lock,
)
from simkyc.steps import LineStep
from simkyc.verdict import Decision

DAY = 86_400
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
DEVICE_S = 365 * DAY
WINDOWS = OpeningWindows(
    person_s=(DAY, 30 * DAY),
    clerk_s=3600,
    shared_s=(("device", (DEVICE_S,)), ("representative", (30 * DAY,))),
)

KINDS = ("sqlite-file", "sqlite-memory", "postgresql")

OpenNew = Callable[[], History]


@pytest.fixture(params=KINDS)
def open_new(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> Iterator[OpenNew]:
    """Opens as many new histories of one kind as a test wants."""
    with ExitStack() as stack:

        def open_one() -> History:
            history = open_history(
                url_of(request.param), secret=b"a secret for tests only", lock_timeout_s=30
            )
            stack.callback(history.close)
            return history

        yield open_one


@pytest.fixture
def history(open_new: OpenNew) -> History:
    return open_new()


def minute(number: int) -> datetime:
    """So many minutes after ten o'clock."""
    return TEN + timedelta(minutes=number)


HALF_PAST = minute(30)
KEYS = OpeningKeys(
    person="person-1",
    device="device-1",
    iccid="iccid-1",
    msisdn="msisdn-1",
    store_id="store-1",
    dealer_id="dealer-1",
    clerk_id="clerk-1",
    imsi="imsi-1",
    shared=(("device", "device-1"),),
)
STRANGER = OpeningKeys(
    person="person-9",
    device="device-9",
    iccid="iccid-9",
    msisdn="msisdn-9",
    store_id="store-9",
    dealer_id=None,
    clerk_id="clerk-9",
    imsi="imsi-9",
    shared=(("device", "device-9"),),
)


def entry(
    application_id: str,
    keys: OpeningKeys = KEYS,
    at: datetime = TEN,
    until: datetime | None = HALF_PAST,
    *,
    kind: ApplicationKind = "opening",
    service: Service = "personal",
    restriction_json: str | None = None,
    is_remote_first: bool = False,
) -> Entry:
    return Entry(
        application_id=application_id,
        kind=kind,
        service=service,
        body_digest="digest",
        keys=keys,
        decided_at=at,
        decision=Decision.REFUSE if until is None else Decision.ACCEPT,
        verdict_json="{}",
        admitted_until=until,
        restriction_json=restriction_json,
        is_remote_first=is_remote_first,
    )


def record(history: History, *entries: Entry) -> None:
    with history.write() as transaction:
        for one in entries:
            transaction.record(one)


def settle(history: History, application_id: str, *steps: tuple[str, datetime]) -> None:
    for step, at in steps:
        with history.write() as transaction:
            getattr(transaction, step)(application_id, at)


def recorded(history: History, application_id: str) -> Recorded | None:
    with history.read() as reader:
        return reader.recorded(application_id)


def facts(history: History, keys: OpeningKeys, at: datetime) -> OpeningFacts:
    with history.read() as reader:
        return reader.facts(keys, WINDOWS, at)


def held(facts: OpeningFacts) -> int:
    """Active numbers of phones; of a person, that is."""
    assert facts.active_numbers is not None
    return facts.active_numbers["personal"]


def on_device(history: History, keys: OpeningKeys, at: datetime) -> SharedCounts:
    return facts(history, keys, at).shared["device"][DEVICE_S]


def sim_facts(history: History, keys: OpeningKeys, at: datetime) -> SimFacts:
    sim = facts(history, keys, at).sim
    assert sim is not None
    return sim


def test_an_empty_history_knows_of_nothing(history: History) -> None:
    assert recorded(history, "a") is None
    assert facts(history, KEYS, TEN) == OpeningFacts(
        active_numbers={"personal": 0, "iot": 0},
        person_openings={DAY: 0, 30 * DAY: 0},
        clerk_openings=0,
        today={"clerk": ActorCounts(0, 0), "store": ActorCounts(0, 0), "dealer": ActorCounts(0, 0)},
        sim=SimFacts(
            store_has_stock=False,
            allocated_here=False,
            card_issued=False,
            number_in_use=False,
            reserved=False,
            state=None,
            numbers_agree=None,
        ),
        shared={"device": {DEVICE_S: SharedCounts(people=0, sims=0, openings=0)}},
    )
    with history.read() as reader:
        assert reader.bindings("msisdn-1", TEN) == ()
        assert reader.sightings("msisdn-1", TEN) == ()
        assert reader.steps("msisdn-1", TEN) == ()
        assert reader.lines_on_device("device-1", "msisdn-1", [DAY, 7 * DAY], TEN) == {DAY: 0, 7 * DAY: 0}
        assert reader.lists(TEN) == {}


def test_a_verdict_comes_back_as_it_was_recorded(history: History) -> None:
    shanghai = TEN.astimezone(tz=datetime.fromisoformat("2026-11-24T18:00:00+08:00").tzinfo)
    verdict_json = '{"words": "人证一致 \U0001f600 \'; DROP TABLE application; --"}'
    asked = entry("a", at=shanghai, until=minute(120))
    record(history, replace(asked, decision=Decision.REVIEW, verdict_json=verdict_json))
    settle(history, "a", ("open_number", minute(5)), ("close_number", minute(700)))
    assert recorded(history, "a") == Recorded(
        body_digest="digest",
        decision=Decision.REVIEW,
        verdict_json=verdict_json,
        decided_at=TEN,
        admitted_until=minute(120),
        opened_at=minute(5),
        approved_by=None,
        released_at=None,
        closed_at=minute(700),
        kind="opening",
        clerk_id="clerk-1",
        msisdn="msisdn-1",
    )


def test_a_transaction_sees_its_own_changes(history: History) -> None:
    with history.write() as transaction:
        transaction.record(entry("a"))
        assert transaction.recorded("a") is not None
        assert held(transaction.facts(KEYS, WINDOWS, TEN)) == 1


def test_an_exception_undoes_the_whole_transaction(history: History) -> None:
    class CounterOnFireError(Exception):
        pass

    def interrupted() -> None:
        with history.write() as transaction:
            transaction.record(entry("a"))
            transaction.allocate("store-1", ["iccid-1"], TEN)
            transaction.see("msisdn-1", Seen(TEN, "device-1", None), TEN)
            raise CounterOnFireError

    with pytest.raises(CounterOnFireError):
        interrupted()
    assert recorded(history, "a") is None
    assert not sim_facts(history, KEYS, TEN).store_has_stock
    assert on_device(history, STRANGER, TEN) == SharedCounts(people=0, sims=0, openings=0)
    with history.read() as reader:
        assert reader.sightings("msisdn-1", TEN) == ()
    record(history, entry("a"))
    assert recorded(history, "a") is not None


def test_an_application_is_recorded_once(history: History) -> None:
    record(history, entry("a"))
    with pytest.raises(InputError, match="already recorded"):
        record(history, entry("b"), entry("a", until=None))
    first = recorded(history, "a")
    assert first is not None
    assert first.decision is Decision.ACCEPT
    assert recorded(history, "b") is None, "what stood beside it in the transaction was kept"


def test_who_goes_on_after_a_database_error_keeps_nothing(history: History) -> None:
    record(history, entry("a"))

    def careless(transaction: Transaction) -> None:
        transaction.record(entry("b"))
        with pytest.raises(InputError):
            transaction.record(entry("a"))
        with pytest.raises(InputError):
            transaction.record(entry("c"))

    with pytest.raises(InputError), history.write() as transaction:
        careless(transaction)
    assert recorded(history, "b") is None
    assert recorded(history, "c") is None


# what became of the application, when it is looked at, active numbers, openings, why
COUNTING = {
    "refused": (None, [], 1, 0, 0, "it was never admitted"),
    "pending": (30, [], 1, 1, 1, "another counter must see it"),
    "pending in the same second": (30, [], 0, 1, 1, "two counters in one second must not both sell the last"),
    "decided later": (30, [], -1, 0, 0, "at that moment nobody knew"),
    "in its last second": (30, [], 29.99, 1, 1, "the admission still runs"),
    "just expired": (30, [], 30, 0, 0, "an admission ends at its time"),
    "opened": (30, [("open_number", 5)], 6, 1, 1, "the card is out"),
    "opened, before that": (30, [("open_number", 5)], 3, 1, 1, "it was pending then"),
    "opened, long after": (
        30,
        [("open_number", 5)],
        60 * 24 * 365,
        1,
        0,
        "active for good, out of the windows",
    ),
    "opened after expiry, between": (30, [("open_number", 40)], 35, 0, 0, "at that moment it looked expired"),
    "opened after expiry": (30, [("open_number", 40)], 40, 1, 1, "the card is out all the same"),
    "released": (30, [("release", 5)], 6, 0, 0, "its place is free again"),
    "released, in that second": (30, [("release", 5)], 5, 0, 0, "its place is free at once"),
    "released, before that": (30, [("release", 5)], 4, 1, 1, "it was pending then"),
    "closed": (
        30,
        [("open_number", 5), ("close_number", 8)],
        9,
        0,
        1,
        "no longer active, yet it was an opening",
    ),
    "closed, in that second": (
        30,
        [("open_number", 5), ("close_number", 8)],
        8,
        0,
        1,
        "its place is free at once",
    ),
    "closed, before that": (30, [("open_number", 5), ("close_number", 8)], 7, 1, 1, "it was active then"),
}


@pytest.mark.parametrize("case", COUNTING)
def test_what_counts(history: History, case: str) -> None:
    until, steps, looked_at, active, openings, reason = COUNTING[case]
    record(history, entry("a", until=None if until is None else minute(until)))
    settle(history, "a", *((step, minute(at)) for step, at in steps))
    seen = facts(history, KEYS, TEN + timedelta(minutes=looked_at))
    assert seen.active_numbers == {"personal": active, "iot": 0}, reason
    assert seen.person_openings == {DAY: openings, 30 * DAY: openings}, reason
    # The same application as the device, the clerk, the store and another person with another card see it.
    stranger = replace(KEYS, person="person-2", iccid="iccid-2", terminal_id="terminal-1")
    other = facts(history, stranger, TEN + timedelta(minutes=looked_at))
    named = int(0 <= looked_at * 60 < DEVICE_S)
    # Whoever named the device did so for good; an opening it is as long as it counts for a person.
    assert other.shared["device"][DEVICE_S] == SharedCounts(named, named, openings), reason
    assert other.clerk_openings == (openings if looked_at < 60 else 0)
    there = ActorCounts(openings, 0)
    assert other.today == {"clerk": there, "store": there, "dealer": there, "terminal": ActorCounts(0, 0)}
    assert other.active_numbers == {"personal": 0, "iot": 0}


@pytest.mark.parametrize(
    "counted_by", ["person_openings", "device", "representative", "clerk_openings", "today"]
)
def test_a_window_is_half_open(history: History, counted_by: str) -> None:
    """The second that is just as long ago as the window is long lies outside."""
    shared: tuple[tuple[SharedThing, str], ...] = (("device", "device-1"), ("representative", "person-7"))
    keys = replace(KEYS, shared=shared)
    other = replace(STRANGER, shared=shared, clerk_id=KEYS.clerk_id)
    asker = keys if counted_by == "person_openings" else other
    length_s = {
        "person_openings": DAY,
        "device": DEVICE_S,
        "representative": 30 * DAY,
        "clerk_openings": 3600,
        "today": DAY,
    }
    decided_at = TEN - timedelta(seconds=length_s[counted_by])
    record(history, entry("a", keys, decided_at))
    settle(history, "a", ("open_number", decided_at))

    def count(at: datetime) -> int:
        seen = facts(history, asker, at)
        counts = {
            "person_openings": (seen.person_openings or {})[DAY],
            "device": seen.shared["device"][DEVICE_S].people,
            "representative": seen.shared["representative"][30 * DAY].people,
            "clerk_openings": seen.clerk_openings,
            "today": seen.today["clerk"].openings,
        }
        return counts[counted_by]

    assert [count(TEN - timedelta(seconds=1)), count(TEN), count(decided_at)] == [1, 0, 1]


def test_a_device_counts_other_people_and_cards_once_each(history: History) -> None:
    for number, person in enumerate(("person-1", "person-2", "person-2", "person-3", None)):
        record(history, entry(f"a{number}", replace(KEYS, person=person, iccid=f"iccid-{number // 2}")))
    elsewhere = replace(KEYS, person="person-4", device="device-2", shared=(("device", "device-2"),))
    record(history, entry("b", elsewhere))
    assert on_device(history, KEYS, TEN) == SharedCounts(people=2, sims=2, openings=5), "but for its own card"
    assert on_device(history, replace(KEYS, iccid="iccid-9"), TEN).sims == 3
    assert on_device(history, replace(KEYS, iccid=None), TEN).sims == 3
    assert on_device(history, replace(KEYS, person="person-9"), TEN).people == 3
    assert on_device(history, replace(KEYS, person=None), TEN).people == 3


def test_two_imeis_of_one_phone_are_one_device(history: History) -> None:
    """Whoever declared either of them declared it, and who declared both did so once."""
    both: tuple[tuple[SharedThing, str], ...] = (("device", "device-1"), ("device", "device-2"))
    record(history, entry("a", replace(KEYS, shared=both)))
    record(history, entry("b", replace(KEYS, person="person-2", shared=both[1:])))
    stranger = replace(STRANGER, shared=both)
    assert on_device(history, stranger, TEN) == SharedCounts(people=2, sims=1, openings=2)
    assert on_device(history, replace(stranger, shared=both[:1]), TEN).people == 1
    twice = replace(KEYS, shared=both[:1] * 2)
    record(history, entry("c", twice))
    assert on_device(history, stranger, TEN) == SharedCounts(people=2, sims=1, openings=3)


def test_who_was_refused_named_the_device_all_the_same(history: History) -> None:
    record(history, entry("a", until=None), entry("b", replace(KEYS, person="person-2", iccid=None)))
    settle(history, "b", ("release", minute(5)))
    for at, openings in ((minute(4), 1), (minute(5), 0)):
        assert on_device(history, STRANGER, at).openings == 0, "another device"
        seen = on_device(history, replace(STRANGER, shared=KEYS.shared), at)
        assert seen == SharedCounts(people=2, sims=1, openings=openings)


def test_things_of_two_kinds_under_one_key_are_apart(history: History) -> None:
    """A number may be one person's contact and belong to another's device list by chance."""
    record(history, entry("a", replace(KEYS, shared=(("representative", "key"), ("contact", "key")))))
    seen = facts(history, replace(STRANGER, shared=(("device", "key"), ("contact", "key"))), TEN)
    assert seen.shared == {"device": {DEVICE_S: SharedCounts(0, 0, 0)}}, "no window was asked of contacts"


@pytest.mark.parametrize(
    ("missing", "unknown"),
    [
        pytest.param({"person": None}, {"active_numbers", "person_openings"}, id="person"),
        pytest.param({"shared": ()}, set(), id="shared"),
        pytest.param({"iccid": None}, {"sim"}, id="iccid"),
        pytest.param({"msisdn": None}, set(), id="msisdn"),
    ],
)
def test_what_has_no_key_is_not_counted_as_nothing(
    history: History, missing: dict[str, Any], unknown: set[str]
) -> None:
    record(history, entry("a"))
    seen = facts(history, replace(KEYS, **missing), TEN)
    names = ("active_numbers", "person_openings", "clerk_openings", "sim")
    assert {name for name in names if getattr(seen, name) is None} == unknown
    assert set(seen.shared) == (set() if missing.get("shared") == () else {"device"})


CARD: dict[str, Any] = {"iccid": "iccid-1"}
NUMBER: dict[str, Any] = {"msisdn": "msisdn-1"}
OPENED = ("open_number", 5)
CLOSED = ("close_number", 8)
# which key the newcomer shares, what became of the first, looked at, card issued, number in use, reserved, why
SIMS = {
    "card pending": (CARD, [], 1, False, False, True, "it lies on another counter"),
    "number pending": (NUMBER, [], 1, False, False, True, "it is promised to another"),
    "card expired": (CARD, [], 30, False, False, False, "it went back into the drawer"),
    "number expired": (NUMBER, [], 30, False, False, False, "it is free again"),
    "card released": (CARD, [("release", 5)], 6, False, False, False, "it went back into the drawer"),
    "card released, in that second": (CARD, [("release", 5)], 5, False, False, False, "it went back at once"),
    "card issued, in that second": (CARD, [OPENED], 5, True, False, False, "it is out, no longer pending"),
    "card issued": (CARD, [OPENED], 6, True, False, False, "it is out"),
    "card issued, before that": (CARD, [OPENED], 3, False, False, True, "it was pending then"),
    "card cancelled": (CARD, [OPENED, CLOSED], 9, True, False, False, "a card is never issued twice"),
    "number issued": (NUMBER, [OPENED], 6, False, True, False, "somebody has it"),
    "number cancelled": (NUMBER, [OPENED, CLOSED], 9, False, False, False, "it returned to stock"),
    "number cancelled, in that second": (NUMBER, [OPENED, CLOSED], 8, False, False, False, "back at once"),
    "number cancelled later": (NUMBER, [OPENED, CLOSED], 7, False, True, False, "it was out then"),
    "neither": ({}, [OPENED], 6, False, False, False, "another card with another number"),
}


@pytest.mark.parametrize("case", SIMS)
def test_what_is_known_of_a_sim(history: History, case: str) -> None:
    shared, steps, looked_at, issued, in_use, reserved, reason = SIMS[case]
    record(history, entry("a"))
    settle(history, "a", *((step, minute(at)) for step, at in steps))
    sim = sim_facts(history, replace(STRANGER, **shared), minute(looked_at))
    assert (sim.card_issued, sim.number_in_use, sim.reserved) == (issued, in_use, reserved), reason
    assert (sim.state, sim.numbers_agree) == (None, None), "no stock was ever recorded"


def test_stock_moves_and_a_store_once_stocked_stays_so(history: History) -> None:
    def in_stock(history: History, keys: OpeningKeys, at: datetime = TEN) -> tuple[bool, bool]:
        sim = sim_facts(history, keys, at)
        return sim.store_has_stock, sim.allocated_here

    here = replace(KEYS, store_id="store-1")
    there = replace(KEYS, store_id="store-2")
    with history.write() as transaction:
        assert transaction.allocate("store-1", iter(["iccid-1", "iccid-2", "iccid-1"]), TEN) == 2
    assert in_stock(history, here) == (True, True)
    assert in_stock(history, there) == (False, False)
    with history.write() as transaction:
        assert transaction.allocate("store-2", ["iccid-1", "iccid-2"], minute(1)) == 2
        assert transaction.allocate("store-3", [], minute(1)) == 0
    assert in_stock(history, here) == (True, True), "as of then"
    assert in_stock(history, there) == (False, False), "as of then"
    assert in_stock(history, here, minute(1)) == (True, False)
    assert in_stock(history, there, minute(1)) == (True, True)
    assert not sim_facts(history, replace(KEYS, store_id="store-3"), minute(1)).store_has_stock


def test_a_large_allocation_is_whole_or_none(history: History) -> None:
    def half() -> Iterator[str]:
        yield from (f"iccid-{number}" for number in range(25_000))
        raise EOFError

    with pytest.raises(EOFError), history.write() as transaction:
        transaction.allocate("store-1", half(), TEN)
    assert not sim_facts(history, KEYS, TEN).allocated_here
    with history.write() as transaction:
        cards = (f"iccid-{number}" for number in range(25_000))
        assert transaction.allocate("store-1", cards, TEN) == 25_000
    assert sim_facts(history, KEYS, TEN).allocated_here


@pytest.mark.parametrize("iccids", ["8986", [8986], [None]], ids=["one text", "a number", "nothing"])
def test_what_cannot_be_allocated(history: History, iccids: list[str]) -> None:
    with pytest.raises(InputError), history.write() as transaction:
        transaction.allocate("store-1", iccids, TEN)
    assert not sim_facts(history, KEYS, TEN).store_has_stock


# what was done before, what is tried, the error's words or None, why
SETTLEMENTS = {
    "open": ([], "open_number", None, "a pending admission"),
    "open twice": (["open_number"], "open_number", None, "the counter may not know that it was heard"),
    "open what was released": (["release"], "open_number", "released", "its place may be taken"),
    "open what was closed": (
        ["open_number", "close_number"],
        "open_number",
        None,
        "it was opened; nothing new",
    ),
    "release": ([], "release", None, "a pending admission"),
    "release twice": (["release"], "release", None, "the counter may not know that it was heard"),
    "release what was opened": (["open_number"], "release", "issued", "the card is out"),
    "close": (["open_number"], "close_number", None, "a number in use"),
    "close twice": (["open_number", "close_number"], "close_number", None, "as above"),
    "close what is pending": ([], "close_number", "no card", "there is no number yet"),
    "close what was released": (["release"], "close_number", "no card", "there never was a number"),
}


@pytest.mark.parametrize("case", SETTLEMENTS)
def test_settling(history: History, case: str) -> None:
    before, step, error, reason = SETTLEMENTS[case]
    record(history, entry("a"))
    settle(history, "a", *((done, minute(number + 1)) for number, done in enumerate(before)))
    state = recorded(history, "a")
    if error is None:
        settle(history, "a", (step, minute(9)))
        if step in before:
            assert recorded(history, "a") == state, reason
        else:
            assert recorded(history, "a") != state, reason
    else:
        with pytest.raises(SettlementError, match=error):
            settle(history, "a", (step, minute(9)))
        assert recorded(history, "a") == state, reason


@pytest.mark.parametrize("step", ["open_number", "release", "close_number"])
def test_settling_what_was_never_admitted(history: History, step: str) -> None:
    record(history, entry("refused", until=None))
    for application_id in ("refused", "unknown"):
        with pytest.raises(SettlementError) as caught:
            settle(history, application_id, (step, minute(1)))
        assert application_id not in str(caught.value).split()


def test_a_writer_counts_what_a_counter_with_a_faster_clock_recorded(history: History) -> None:
    record(history, entry("a", at=minute(2), until=minute(32)))
    assert held(facts(history, KEYS, TEN)) == 0, "as of ten nobody knew"
    with history.write() as transaction:
        late = transaction.facts(KEYS, WINDOWS, TEN)
    assert held(late) == 1
    assert late.person_openings == {DAY: 1, 30 * DAY: 1}
    assert late.clerk_openings == 1
    assert late.sim is not None
    assert late.sim.reserved


def test_who_asks_again_finds_what_it_found_then(history: History) -> None:
    record(history, entry("a"), entry("b"), entry("c"))
    for before, others in (("a", 0), ("b", 1), ("c", 2), ("not yet recorded", 3), (None, 3)):
        with history.read() as reader:
            seen = reader.facts(KEYS, WINDOWS, TEN, before=before)
            stranger = replace(KEYS, person="person-2", iccid="iccid-2")
            neighbour = reader.facts(stranger, WINDOWS, TEN, before=before)
        assert (held(seen), seen.clerk_openings) == (others, others)
        assert set(seen.today.values()) == {ActorCounts(others, 0)}
        assert seen.person_openings == {DAY: others, 30 * DAY: others}
        assert neighbour.shared["device"][DEVICE_S] == SharedCounts(min(others, 1), min(others, 1), others)
        assert seen.sim is not None
        assert seen.sim.reserved == (others > 0)
    settle(history, "b", ("open_number", TEN))
    for before, issued in (("b", False), ("c", True)):
        with history.read() as reader:
            sim = reader.facts(KEYS, WINDOWS, TEN, before=before).sim
        assert sim is not None
        assert (sim.card_issued, sim.number_in_use) == (issued, issued)


def test_a_supervisor_is_remembered(history: History) -> None:
    record(history, entry("a"), entry("b", STRANGER))
    with history.write() as transaction:
        transaction.open_number("a", minute(1), approved_by="supervisor-1")
        transaction.open_number("a", minute(2), approved_by="supervisor-2")
        transaction.open_number("b", minute(1))
    first, second = recorded(history, "a"), recorded(history, "b")
    assert first is not None
    assert second is not None
    assert (first.approved_by, second.approved_by) == ("supervisor-1", None)


def test_a_time_needs_its_zone(history: History) -> None:
    naive = TEN.replace(tzinfo=None)
    with pytest.raises(InputError, match="zone"):
        record(history, entry("a", at=naive))
    with pytest.raises(InputError, match="zone"):
        facts(history, KEYS, naive)
    assert recorded(history, "a") is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"application_id": "lone \udc80 surrogate"}, id="no Unicode"),
        pytest.param({"verdict_json": None}, id="missing"),
        pytest.param({"body_digest": object()}, id="no text at all"),
    ],
)
def test_what_cannot_be_stored_is_refused_without_repeating_it(
    history: History, wrong: dict[str, Any]
) -> None:
    secret_person = replace(KEYS, person="4f1d-secret-person")
    bad = replace(entry("a", secret_person), **wrong)
    with pytest.raises((InputError, HistoryError)) as caught:
        record(history, entry("b"), bad)
    assert recorded(history, "b") is None
    error: BaseException | None = caught.value
    while error is not None:
        assert "4f1d" not in f"{error!r}{error.__dict__}"
        assert "INSERT" not in f"{error!r}{error.__dict__}"
        error = error.__cause__ or error.__context__


def test_a_closed_history_says_so(history: History) -> None:
    history.close()
    history.close()
    for transaction in (history.read, history.write):
        with pytest.raises(HistoryError, match="closed"), transaction():
            pytest.fail("a closed history gave a transaction")


def test_a_transaction_ends_with_its_block(history: History) -> None:
    with history.write() as transaction:
        transaction.record(entry("a"))
    with pytest.raises(HistoryError):
        transaction.record(entry("b"))
    with history.read() as reader:
        reader.recorded("a")
    with pytest.raises(HistoryError):
        reader.recorded("a")
    assert recorded(history, "b") is None


def test_threads_never_sell_more_than_the_last_number(history: History) -> None:
    """Eight threads, each trying for four people who hold four of five numbers."""
    people = [replace(KEYS, person=f"person-{number}") for number in range(4)]
    for number, keys in enumerate(people):
        record(history, *(entry(f"held-{number}-{place}", keys) for place in range(4)))
    start = threading.Barrier(8)
    admitted: list[str | None] = []

    def counter(name: int) -> None:
        start.wait(timeout=30)
        for number, keys in enumerate(people):
            with history.write() as transaction:
                free = held(transaction.facts(keys, WINDOWS, TEN)) < 5
                transaction.record(entry(f"{name}-{number}", keys, until=minute(30) if free else None))
            if free:
                admitted.append(keys.person)

    threads = [threading.Thread(target=counter, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(map(str, admitted)) == [f"person-{number}" for number in range(4)]
    assert all(recorded(history, f"{name}-{number}") for name in range(8) for number in range(4))


def test_readers_see_whole_transactions(history: History) -> None:
    done, seen = threading.Event(), list[bool]()

    def look() -> None:
        while not done.is_set():
            with history.read() as reader:
                first, second = (reader.recorded(f"{len(seen) % 40}-{half}") is None for half in "ab")
            seen.append(first == second)

    thread = threading.Thread(target=look)
    thread.start()
    for number in range(40):
        with history.write() as transaction:
            transaction.record(entry(f"{number}-a"))
            transaction.facts(KEYS, WINDOWS, TEN)
            transaction.record(entry(f"{number}-b"))
    done.set()
    thread.join()
    assert seen
    assert all(seen)


# What a number is bound to

FIRST = KEYS
NEW_CARD = replace(KEYS, iccid="iccid-2", imsi="imsi-2")
HEIR = replace(KEYS, person="person-2")


def carried_out(
    history: History, name: str, keys: OpeningKeys, at: int, kind: ApplicationKind = "opening", **more: Any
) -> None:
    """Recorded and carried out so many minutes after ten."""
    record(history, entry(name, keys, minute(at), minute(at + 30), kind=kind, **more))
    settle(history, name, ("open_number", minute(at)))


def bindings(history: History, at: datetime, *, before: str | None = None) -> list[tuple[str, Any, Any]]:
    """Identifier, beginning and end of each binding of the number."""
    with history.read() as reader:
        found = reader.bindings("msisdn-1", at, before=before)
    return [(one.application_id, one.opened_at, one.ended_at) for one in found]


def numbers_of(history: History, person: str, at: datetime, service: Service = "personal") -> int:
    active = facts(history, replace(STRANGER, person=person), at).active_numbers
    assert active is not None
    return active[service]


# what comes after the opening by person-1, by whom; numbers of person-1 and person-2 afterwards, does it bind, why
KINDS_AFTER: dict[ApplicationKind, tuple[OpeningKeys, int, int, bool, str]] = {
    "replacement": (NEW_CARD, 1, 0, True, "one number, whichever card it is on"),
    "esim_move": (replace(KEYS, device="device-2"), 1, 0, True, "the same card in another device"),
    "transfer": (HEIR, 0, 1, True, "who gave it away holds it no more"),
    "loss_report": (replace(KEYS, iccid=None, imsi=None), 1, 0, False, "a stopped line is held all the same"),
    "reactivation": (KEYS, 1, 0, False, "it was held all the time"),
}


@pytest.mark.parametrize("kind", KINDS_AFTER)
def test_what_binds_a_number_ends_what_was_before(history: History, kind: ApplicationKind) -> None:
    keys, first, second, binds, reason = KINDS_AFTER[kind]
    carried_out(history, "a", FIRST, 0)
    carried_out(history, "b", keys, 10, kind)
    assert bindings(history, minute(9)) == [("a", TEN, None)]
    assert bindings(history, minute(10)) == [
        ("a", TEN, minute(10) if binds else None),
        ("b", minute(10), None),
    ], reason
    assert bindings(history, minute(10), before="b") == [("a", TEN, minute(10) if binds else None)]
    assert (numbers_of(history, "person-1", minute(9)), numbers_of(history, "person-2", minute(9))) == (1, 0)
    assert (numbers_of(history, "person-1", minute(10)), numbers_of(history, "person-2", minute(10))) == (
        first,
        second,
    ), reason
    number = sim_facts(history, replace(STRANGER, msisdn="msisdn-1"), minute(10))
    assert (number.number_in_use, number.reserved) == (True, False)


def test_an_opening_takes_no_number_from_who_holds_it(history: History) -> None:
    carried_out(history, "a", FIRST, 0)
    record(history, entry("b", replace(HEIR, iccid="iccid-5"), minute(10), minute(40)))
    with pytest.raises(SettlementError, match="since"):
        settle(history, "b", ("open_number", minute(10)))
    assert bindings(history, minute(10)) == [("a", TEN, None)]


# kind, numbers it holds while pending, openings it counts as, why
PENDING: dict[ApplicationKind, tuple[int, int, str]] = {
    "opening": (1, 1, "a number more"),
    "transfer": (1, 1, "a number more for who receives it"),
    "replacement": (0, 0, "the number is held already"),
    "esim_move": (0, 0, "the number is held already"),
    "loss_report": (0, 0, "nothing is handed out"),
    "reactivation": (0, 0, "nothing is handed out"),
}


@pytest.mark.parametrize("kind", PENDING)
def test_what_is_pending_holds_its_card_and_its_number(history: History, kind: ApplicationKind) -> None:
    numbers, openings, reason = PENDING[kind]
    record(history, entry("a", kind=kind))
    for at, reserved in ((minute(29), True), (minute(30), False)):
        seen = facts(history, KEYS, at)
        assert held(seen) == (numbers if reserved else 0), reason
        assert seen.person_openings == {DAY: openings * reserved, 30 * DAY: openings * reserved}, reason
        assert seen.clerk_openings == openings * reserved
        assert seen.today["store"].openings == openings * reserved
        named = on_device(history, replace(STRANGER, shared=KEYS.shared), at)
        assert named == SharedCounts(people=1, sims=1, openings=openings * reserved), reason
        for shares in (CARD, NUMBER):
            assert sim_facts(history, replace(STRANGER, **shares), at).reserved == reserved
    settle(history, "a", ("open_number", minute(35)))
    done = facts(history, replace(STRANGER, shared=KEYS.shared, clerk_id=KEYS.clerk_id), minute(40))
    assert (done.shared["device"][DEVICE_S].openings, done.today["clerk"].openings) == (openings, openings)


def test_first_numbers_of_people_from_elsewhere_are_counted_beside_the_others(history: History) -> None:
    remote = replace(entry("a"), is_remote_first=True)
    record(history, remote, replace(remote, application_id="b"), entry("c"), entry("d", until=None))
    record(history, replace(entry("e", kind="replacement"), is_remote_first=True))
    assert facts(history, KEYS, TEN).today["store"] == ActorCounts(openings=3, remote_first=2)
    settle(history, "b", ("release", minute(1)))
    assert facts(history, KEYS, minute(1)).today["dealer"] == ActorCounts(openings=2, remote_first=1)


def test_an_actor_is_known_by_what_they_are(history: History) -> None:
    record(history, entry("a", replace(KEYS, clerk_id="x", store_id="y", dealer_id=None, terminal_id="z")))
    asker = replace(STRANGER, clerk_id="y", store_id="x", dealer_id="z", terminal_id="z")
    today = {what: count.openings for what, count in facts(history, asker, TEN).today.items()}
    assert today == {"clerk": 0, "store": 0, "dealer": 0, "terminal": 1}


def test_cards_for_things_are_counted_apart(history: History) -> None:
    carried_out(history, "a", KEYS, 0, service="iot")
    carried_out(history, "b", replace(KEYS, msisdn="msisdn-2", iccid="iccid-2"), 0)
    carried_out(history, "c", replace(KEYS, msisdn="msisdn-3", iccid="iccid-3"), 0, service="iot")
    assert facts(history, KEYS, minute(1)).active_numbers == {"personal": 1, "iot": 2}
    settle(history, "a", ("close_number", minute(2)))
    assert facts(history, KEYS, minute(2)).active_numbers == {"personal": 1, "iot": 1}


def test_a_binding_comes_back_as_it_was_recorded(history: History) -> None:
    keys = replace(KEYS, second_device="device-2")
    carried_out(history, "a", keys, 0, service="iot", restriction_json='{"imei_bind": true}')
    with history.read() as reader:
        assert reader.bindings("msisdn-1", TEN) == (
            Binding(
                application_id="a",
                kind="opening",
                service="iot",
                person="person-1",
                device="device-1",
                second_device="device-2",
                iccid="iccid-1",
                imsi="imsi-1",
                decided_at=TEN,
                opened_at=TEN,
                ended_at=None,
                restriction_json='{"imei_bind": true}',
            ),
        )


def test_a_number_is_closed_by_any_application_of_its_holder(history: History) -> None:
    """Whoever opened it knows the first identifier; the card was replaced since."""
    carried_out(history, "a", FIRST, 0)
    carried_out(history, "b", NEW_CARD, 10, "replacement")
    settle(history, "a", ("close_number", minute(20)), ("close_number", minute(25)))
    assert bindings(history, minute(30)) == [("a", TEN, minute(10)), ("b", minute(10), minute(20))]
    assert numbers_of(history, "person-1", minute(20)) == 0
    assert not sim_facts(history, replace(STRANGER, msisdn="msisdn-1"), minute(20)).number_in_use


def test_who_gave_a_number_away_cannot_close_it(history: History) -> None:
    carried_out(history, "a", FIRST, 0)
    carried_out(history, "b", HEIR, 10, "transfer")
    with pytest.raises(SettlementError, match="somebody else"):
        settle(history, "a", ("close_number", minute(20)))
    assert numbers_of(history, "person-2", minute(20)) == 1
    settle(history, "b", ("close_number", minute(21)))
    assert numbers_of(history, "person-2", minute(21)) == 0


def test_a_number_that_was_closed_and_opened_anew_is_not_closed_by_saying_it_again(history: History) -> None:
    carried_out(history, "a", FIRST, 0)
    settle(history, "a", ("close_number", minute(5)))
    carried_out(history, "b", NEW_CARD, 10)
    settle(history, "a", ("close_number", minute(20)))
    assert bindings(history, minute(30)) == [("a", TEN, minute(5)), ("b", minute(10), None)]
    carried_out(history, "c", replace(NEW_CARD, iccid="iccid-3"), 30, "replacement")
    settle(history, "a", ("close_number", minute(40)))
    assert numbers_of(history, "person-1", minute(40)) == 1
    settle(history, "b", ("close_number", minute(41)))
    assert numbers_of(history, "person-1", minute(41)) == 0


@pytest.mark.parametrize("kind", ["loss_report", "reactivation"])
def test_what_opened_no_number_closes_none(history: History, kind: ApplicationKind) -> None:
    carried_out(history, "a", FIRST, 0)
    carried_out(history, "b", FIRST, 10, kind)
    with pytest.raises(SettlementError, match="no number"):
        settle(history, "b", ("close_number", minute(20)))
    assert bindings(history, minute(30)) == [("a", TEN, None), ("b", minute(10), None)]


# What the network saw


def step(step_no: int, at: int, **changes: Any) -> LineStep:
    fields: dict[str, Any] = {
        "step_no": step_no,
        "taken_at": minute(at),
        "measure": "suspend",
        "state": "suspended",
        "suspected": True,
        "reason": "suspected_use",
        "basis": "a rule",
        "taken_by": "staff-1",
        "until": None,
        "opened_by": "a",
    }
    return LineStep(**fields | changes)


def take(history: History, *steps: LineStep, at: int | None = None, msisdn: str = "msisdn-1") -> None:
    with history.write((number_lock(msisdn),)) as transaction:
        for one in steps:
            transaction.take_step(msisdn, one, one.taken_at if at is None else minute(at))


def told_steps(history: History, at: int, *, before: str | None = None) -> list[int | None]:
    with history.read() as reader:
        return [one.step_no for one in reader.steps("msisdn-1", minute(at), before=before)]


def test_steps_come_back_as_they_were_taken(history: History) -> None:
    whole = step(
        2,
        20,
        measure="restrict_outgoing",
        state="restricted",
        suspected=False,
        until=minute(99),
        taken_by=None,
        application_id="b",
        verdict_id="v",
    )
    take(history, step(1, 10), whole)
    take(history, step(1, 15), msisdn="msisdn-2")
    with history.read() as reader:
        assert reader.steps("msisdn-1", minute(30)) == (step(1, 10), whole)
        assert reader.steps("msisdn-9", minute(30)) == ()


def test_steps_are_told_as_of_when_they_were_heard_of(history: History) -> None:
    take(history, step(1, 10))
    take(history, step(2, 12), at=20)
    assert [told_steps(history, at) for at in (9, 10, 19, 20)] == [[], [1], [1], [1, 2]]


def test_who_asks_again_finds_the_steps_that_it_found_then(history: History) -> None:
    record(history, entry("a"))
    take(history, step(1, 0))
    record(history, entry("b", replace(KEYS, iccid="iccid-2"), kind="reactivation"))
    take(history, step(2, 0))
    assert told_steps(history, 0) == [1, 2]
    assert told_steps(history, 0, before="b") == [1]
    assert told_steps(history, 0, before="a") == []


def test_a_step_is_numbered_once_and_what_came_by_itself_is_none(history: History) -> None:
    take(history, step(1, 10))
    with pytest.raises(InputError):
        take(history, step(2, 11), step(1, 12))
    with pytest.raises(InputError, match="by itself"):
        take(history, step(1, 13).changed(step_no=None, measure="expire"))
    assert told_steps(history, 60) == [1]


STOPPED = [
    ("suspended on suspicion", [step(1, 10)], 1),
    ("and reminded since", [step(1, 10), step(2, 11, measure="remind")], 1),
    ("suspended because it was lost", [step(1, 10, suspected=False)], 0),
    ("restricted", [step(1, 10, state="restricted")], 0),
    ("restored since", [step(1, 10), step(2, 11, measure="restore", state="in_service", suspected=False)], 0),
    ("cancelled since", [step(1, 10), step(2, 11, measure="cancel", state="cancelled")], 1),
    ("somebody else had it before", [step(1, 10, opened_by="other")], 0),
]


@pytest.mark.parametrize(("why", "taken", "stopped"), STOPPED, ids=[row[0] for row in STOPPED])
def test_numbers_of_a_person_that_stand_stopped(
    history: History, why: str, taken: list[LineStep], stopped: int
) -> None:
    record(history, entry("other", STRANGER), entry("a"))
    take(history, *taken)
    assert facts(history, KEYS, minute(9)).suspended_numbers == 0
    assert facts(history, KEYS, minute(30)).suspended_numbers == stopped
    assert facts(history, replace(KEYS, person=None), minute(30)).suspended_numbers is None


def test_when_a_number_was_cleared(history: History) -> None:
    record(history, entry("a", replace(KEYS, shared=(("device", "device-1"), ("contact", "contact-1")))))
    settle(history, "a", ("open_number", minute(5)))

    def told(*, is_fraud: bool, at: int) -> datetime | None:
        with history.write() as transaction:
            transaction.report_outcome("a", minute(at), is_fraud=is_fraud)
            return transaction.cleared_at("a")

    assert told(is_fraud=True, at=10) is None
    assert told(is_fraud=False, at=20) == minute(20)
    assert told(is_fraud=True, at=30) is None


@pytest.mark.parametrize("kind", ["reactivation", "second_check", "transfer"])
def test_nothing_lifts_what_was_done_since_it_was_decided(history: History, kind: ApplicationKind) -> None:
    record(history, entry("a"))
    settle(history, "a", ("open_number", minute(1)))
    record(history, entry("b", at=minute(10), until=minute(40), kind=kind))
    take(history, step(1, 11))
    with pytest.raises(SettlementError, match="stopped since"):
        settle(history, "b", ("open_number", minute(12)))


def seen(history: History, at: datetime) -> list[tuple[datetime, str | None, str | None]]:
    with history.read() as reader:
        return [(one.seen_at, one.device, one.imsi) for one in reader.sightings("msisdn-1", at)]


def see(history: History, at: int, device: str, heard: int | None = None, msisdn: str = "msisdn-1") -> None:
    with history.write() as transaction:
        told = Seen(minute(at), device, f"imsi of {device}")
        transaction.see(msisdn, told, minute(at if heard is None else heard))


def test_sightings_come_oldest_first_each_once(history: History) -> None:
    for at, device, heard in ((3, "device-2", 3), (1, "device-1", 4), (3, "device-2", 9), (2, "device-1", 5)):
        see(history, at, device, heard)
    assert seen(history, minute(9)) == [
        (minute(1), "device-1", "imsi of device-1"),
        (minute(2), "device-1", "imsi of device-1"),
        (minute(3), "device-2", "imsi of device-2"),
    ]
    assert [at for at, *_ in seen(history, minute(4))] == [minute(1), minute(3)], "one was heard of later"
    assert [at for at, *_ in seen(history, minute(3))] == [minute(3)]
    assert seen(history, minute(2)) == []


def test_what_is_no_imei_is_a_sighting_in_no_device(history: History) -> None:
    for msisdn in ("msisdn-1", "msisdn-2"):
        with history.write() as transaction:
            transaction.see(msisdn, Seen(TEN, None, "imsi-1"), TEN)
            transaction.see(msisdn, Seen(TEN, None, "imsi-2"), TEN)
            transaction.see(msisdn, Seen(TEN, "device-1", None, "35847631"), TEN)
    with history.read() as reader:
        assert reader.sightings("msisdn-1", TEN) == (
            Seen(TEN, None, "imsi-1"),
            Seen(TEN, "device-1", None, "35847631"),
        )
        assert reader.lines_on_device("device-1", "msisdn-9", [DAY], TEN) == {DAY: 2}


def test_other_lines_in_a_device_are_counted_by_window(history: History) -> None:
    for number in range(4):
        see(history, 60 * number, "device-1", msisdn=f"msisdn-{number}")
        see(history, 60 * number + 1, "device-1", msisdn=f"msisdn-{number}")
    see(history, 0, "device-2", msisdn="msisdn-9")

    def others(at: datetime, msisdn: str = "msisdn-3") -> dict[int, int]:
        with history.read() as reader:
            return dict(reader.lines_on_device("device-1", msisdn, [3600, 7200, DAY], at))

    assert others(minute(181)) == {3600: 0, 7200: 1, DAY: 3}
    assert others(minute(121)) == {3600: 1, 7200: 2, DAY: 3}, "as of then, and of another line"
    assert others(minute(181), "msisdn-9") == {3600: 1, 7200: 2, DAY: 4}


def test_a_line_seen_with_a_faster_clock_is_known_once_it_is_heard_of(history: History) -> None:
    see(history, 5, "device-1", heard=5)
    with history.write() as transaction:
        assert [one.seen_at for one in transaction.sightings("msisdn-1", minute(4))] == []
        assert len(transaction.sightings("msisdn-1", minute(5))) == 1
        transaction.see("msisdn-1", Seen(minute(2), "device-1", None), minute(9))
        assert len(transaction.sightings("msisdn-1", minute(4))) == 1, "heard of later, and known"
    with history.read() as reader:
        assert reader.sightings("msisdn-1", minute(4)) == (), "as of then"


# The same facts worked out without SQL: replay what had happened by then, and count what is left.

BINDS = ("opening", "replacement", "transfer", "esim_move")
NEW_NUMBER = ("opening", "transfer")
EVER = 2**40


@dataclass
class Happening:
    """Something that happened to one application. `ends` are the applications whose binding it ended."""

    at: int
    step: str
    name: str
    ends: tuple[str, ...] = ()


@dataclass
class Remembered:
    """One application as it was known at some moment."""

    place: int
    entry: Entry
    opened_at: int | None = None
    released: bool = False
    ended_at: int | None = None

    @property
    def keys(self) -> OpeningKeys:
        return self.entry.keys

    @property
    def decided_at(self) -> int:
        return int(self.entry.decided_at.timestamp())

    @property
    def admitted_until(self) -> int:
        """Seconds; of what was never admitted, before all time."""
        return -1 if self.entry.admitted_until is None else int(self.entry.admitted_until.timestamp())

    @property
    def binds(self) -> bool:
        return self.entry.kind in BINDS


@dataclass
class Model:
    """A history as a list of what happened, replayed for each question."""

    entries: dict[str, Entry] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    sightings: list[tuple[int, str, Seen]] = field(default_factory=list)

    def replay(self, at: int, before: str | None = None) -> dict[str, Remembered]:
        known: dict[str, Remembered] = {}
        for place, (name, one) in enumerate(self.entries.items()):
            if name == before:
                break
            if int(one.decided_at.timestamp()) <= at:
                known[name] = Remembered(place, one)
        for happening in self.happenings:
            if happening.at > at:
                continue
            for name in happening.ends:
                if name in known:
                    known[name].ended_at = happening.at
            if happening.name in known:
                one_known = known[happening.name]
                one_known.released |= happening.step == "release"
                if happening.step == "open_number":
                    one_known.opened_at = happening.at
        return known

    def record(self, one: Entry) -> None:
        self.entries[one.application_id] = one

    def settle(self, step: str, name: str, at: int) -> bool:
        """Let it happen; whether it is allowed at all."""
        known = self.replay(EVER)
        one = known.get(name)
        if one is None or one.entry.admitted_until is None:
            return False
        if step == "release":
            if one.opened_at is not None:
                return False
            self.happenings.append(Happening(at, step, name))
        elif step == "open_number":
            if one.released:
                return False
            if one.opened_at is None:
                others = [other for other in self.bound(known, one) if one.binds]
                self.happenings.append(Happening(at, step, name, tuple(others)))
        else:
            return self.close(known, one, name, at)
        return True

    def close(self, known: dict[str, Remembered], one: Remembered, name: str, at: int) -> bool:
        if one.opened_at is None or not one.binds:
            return False
        if one.ended_at is None:
            self.happenings.append(Happening(at, "close_number", name, (name,)))
            return True
        bound = self.bound(known, one)
        opened_anew = any(
            other is not one
            and other.entry.kind == "opening"
            and other.keys.msisdn == one.keys.msisdn
            and other.opened_at is not None
            and other.opened_at >= one.ended_at
            for other in known.values()
        )
        if not bound or opened_anew:
            return True
        if known[bound[0]].keys.person != one.keys.person:
            return False
        self.happenings.append(Happening(at, "close_number", name, (bound[0],)))
        return True

    def bound(self, known: dict[str, Remembered], one: Remembered) -> list[str]:
        """What else this one's number is bound to: one application, or none."""
        return [
            name
            for name, other in known.items()
            if other is not one
            and one.keys.msisdn is not None
            and other.keys.msisdn == one.keys.msisdn
            and other.binds
            and other.opened_at is not None
            and other.ended_at is None
        ]

    def see(self, heard: int, msisdn: str, seen: Seen) -> None:
        if all((msisdn, seen.seen_at, seen.device) != (m, s.seen_at, s.device) for _, m, s in self.sightings):
            self.sightings.append((heard, msisdn, seen))

    def facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: int, known_until: int, before: str | None
    ) -> OpeningFacts:
        everybody = list(self.replay(known_until, before).values())
        known = [one for one in everybody if not one.released]

        def pending(one: Remembered) -> bool:
            return one.opened_at is None and one.admitted_until > at

        def within(some: list[Remembered], window_s: int) -> list[Remembered]:
            return [one for one in some if at - window_s < one.decided_at]

        # Pending at the moment that is asked about is what was opened later too: it held its place then.
        counting = [
            one
            for one in known
            if one.entry.kind in NEW_NUMBER and (one.opened_at is not None or one.admitted_until > at)
        ]
        active = [
            one
            for one in known
            if one.keys.person == keys.person
            and one.binds
            and one.ended_at is None
            and (one.opened_at is not None or (one.entry.kind in NEW_NUMBER and one.admitted_until > at))
        ]
        mine = [one for one in counting if one.keys.person == keys.person]
        with_card = [one for one in known if one.keys.iccid == keys.iccid]
        with_number = [one for one in known if keys.msisdn is not None and one.keys.msisdn == keys.msisdn]
        return OpeningFacts(
            active_numbers=None
            if keys.person is None
            else {
                "personal": sum(one.entry.service == "personal" for one in active),
                "iot": sum(one.entry.service == "iot" for one in active),
            },
            person_openings=None
            if keys.person is None
            else {window_s: len(within(mine, window_s)) for window_s in windows.person_s},
            suspended_numbers=None if keys.person is None else 0,
            clerk_openings=len(
                within([one for one in counting if one.keys.clerk_id == keys.clerk_id], windows.clerk_s)
            ),
            today={
                actor[0]: ActorCounts(len(theirs), sum(one.entry.is_remote_first for one in theirs))
                for actor in keys.actors
                for theirs in [[one for one in within(counting, DAY) if actor in one.keys.actors]]
            },
            sim=None
            if keys.iccid is None
            else SimFacts(
                store_has_stock=False,
                allocated_here=False,
                card_issued=any(one.binds and one.opened_at is not None for one in with_card),
                number_in_use=any(
                    one.binds and one.opened_at is not None and one.ended_at is None for one in with_number
                ),
                reserved=any(pending(one) for one in with_card + with_number),
                state=None,
                numbers_agree=None,
            ),
            shared={
                what: {
                    window_s: self.shared(within(everybody, window_s), counting, what, keys)
                    for window_s in windows_s
                }
                for what, windows_s in windows.shared_s
                if what in dict(keys.shared)
            },
        )

    def shared(
        self, some: list[Remembered], counting: list[Remembered], what: SharedThing, keys: OpeningKeys
    ) -> SharedCounts:
        wanted = {named for named in keys.shared if named[0] == what}
        sharing = [one for one in some if wanted & set(one.keys.shared)]
        return SharedCounts(
            people=len({one.keys.person for one in sharing} - {keys.person, None}),
            sims=len({one.keys.iccid for one in sharing} - {keys.iccid, None}),
            openings=sum(any(one is other for other in counting) for one in sharing),
        )

    def bindings(
        self, msisdn: str, known_until: int, before: str | None
    ) -> list[tuple[str, int, int | None]]:
        known = self.replay(known_until, before).values()
        carried = [one for one in known if one.keys.msisdn == msisdn and one.opened_at is not None]
        carried.sort(key=lambda one: (one.opened_at or 0, one.place))
        return [(one.entry.application_id, one.opened_at or 0, one.ended_at) for one in carried]

    def seen(self, msisdn: str, at: int, known_until: int) -> list[tuple[int, str | None]]:
        known = [
            (int(seen.seen_at.timestamp()), heard, seen.device or "")
            for heard, whose, seen in self.sightings
            if whose == msisdn and heard <= known_until and int(seen.seen_at.timestamp()) <= at
        ]
        return [(moment, device or None) for moment, _, device in sorted(known)]

    def lines_on(self, device: str, msisdn: str, window_s: int, at: int, known_until: int) -> int:
        return len(
            {
                whose
                for heard, whose, seen in self.sightings
                if seen.device == device
                and whose != msisdn
                and heard <= known_until
                and at - window_s < int(seen.seen_at.timestamp()) <= at
            }
        )


def few(label: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([f"{label}-1", f"{label}-2", None])


SHARED: tuple[tuple[SharedThing, str], ...] = (
    ("device", "device-1"),
    ("device", "device-2"),
    ("representative", "person-1"),
    ("contact", "msisdn-1"),
)
key_sets = st.builds(
    OpeningKeys,
    person=few("person"),
    device=few("device"),
    iccid=few("iccid"),
    msisdn=few("msisdn"),
    store_id=st.sampled_from(["store-1", "store-2"]),
    dealer_id=few("dealer"),
    terminal_id=few("store"),
    clerk_id=st.sampled_from(["clerk-1", "clerk-2"]),
    imsi=few("imsi"),
    shared=st.lists(st.sampled_from(SHARED), max_size=3).map(tuple),
)
KINDS_OF_APPLICATION: tuple[ApplicationKind, ...] = (*BINDS, "loss_report", "reactivation")  # type: ignore[assignment]  # a tuple of its names
applications = st.builds(
    entry,
    application_id=st.none(),
    keys=key_sets,
    kind=st.sampled_from(("opening", *KINDS_OF_APPLICATION)),
    service=st.sampled_from(["personal", "personal", "iot"]),
    is_remote_first=st.booleans(),
)
arrivals = st.tuples(st.just("arrive"), applications, st.none() | st.integers(1, 40))
settlements = st.tuples(
    st.sampled_from(["open_number", "open_number", "release", "close_number"]), st.integers(0, 9), st.none()
)
looks = st.tuples(
    st.just("see"),
    st.tuples(st.sampled_from(["msisdn-1", "msisdn-2"]), few("device")),
    st.integers(-20, 3),
)
steps = st.lists(
    st.tuples(st.integers(0, 12), arrivals | settlements | settlements | looks), min_size=1, max_size=18
)
asked = st.tuples(key_sets, st.integers(-5, 200), st.none() | st.sampled_from([f"a{n}" for n in range(10)]))
TIGHT = OpeningWindows(
    person_s=(5, 20, 5), clerk_s=10, shared_s=(("device", (15, 40)), ("representative", (30,)))
)
EPOCH = int(TEN.timestamp())


def clock(seconds: int) -> datetime:
    return datetime.fromtimestamp(EPOCH + seconds, UTC)


def tell(history: History, model: Model, place: int, now: int, told: tuple[str, Any, int | None]) -> None:
    """Let one thing happen in both, and see that both allow it or neither."""
    kind, what, number = told
    if kind == "arrive":
        until = None if number is None else clock(now + number)
        decision = Decision.REFUSE if until is None else Decision.ACCEPT
        one = replace(
            what, application_id=f"a{place}", decided_at=clock(now), admitted_until=until, decision=decision
        )
        record(history, one)
        model.record(one)
    elif kind == "see":
        msisdn, device = what
        sight = Seen(clock(now + (number or 0)), device, None)
        heard = max(now, now + (number or 0))
        with history.write() as transaction:
            transaction.see(msisdn, sight, clock(heard))
        model.see(EPOCH + heard, msisdn, sight)
    elif model.settle(kind, f"a{what}", EPOCH + now):
        settle(history, f"a{what}", (kind, clock(now)))
    else:
        with pytest.raises(SettlementError):
            settle(history, f"a{what}", (kind, clock(now)))


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(story=steps, questions=st.lists(asked, min_size=1, max_size=8))
def test_facts_are_what_had_happened_by_then_whenever_asked(
    open_new: OpenNew,
    story: list[tuple[int, tuple[str, Any, int | None]]],
    questions: list[tuple[OpeningKeys, int, str | None]],
) -> None:
    history, model = open_new(), Model()
    now, asked_early = 0, []
    for place, (wait, told) in enumerate(story):
        now += wait
        tell(history, model, place, now, told)
        keys, _, _ = questions[place % len(questions)]
        # Sightings may be heard of a few seconds ahead of the clock, so only what is past is settled.
        asked_early.append((keys, now - 4, answers(history, keys, now - 4)))
    for keys, at, early in asked_early:
        assert answers(history, keys, at) == early
    for keys, at, before in questions:
        assert answers(history, keys, at, before) == expected(model, keys, at, EPOCH + at, before)
    with history.write() as transaction:
        for keys, at, before in questions:
            for moment in (now, at):
                live = answered(transaction, keys, moment, before)
                assert live == expected(model, keys, moment, EVER, before)
    history.close()


Answers = tuple[
    OpeningFacts, list[tuple[str, int, int | None]], list[tuple[int, str | None]], Mapping[int, int]
]


def answers(history: History, keys: OpeningKeys, at: int, before: str | None = None) -> Answers:
    with history.read() as reader:
        return answered(reader, keys, at, before)


def answered(reader: Reader, keys: OpeningKeys, at: int, before: str | None) -> Answers:
    msisdn, device, when = keys.msisdn or "", keys.device or "device-9", clock(at)
    return (
        reader.facts(keys, TIGHT, when, before=before),
        [
            (
                one.application_id,
                int(one.opened_at.timestamp()),
                None if one.ended_at is None else int(one.ended_at.timestamp()),
            )
            for one in reader.bindings(msisdn, when, before=before)
        ],
        [(int(one.seen_at.timestamp()), one.device) for one in reader.sightings(msisdn, when)],
        reader.lines_on_device(device, msisdn, (10, 60), when),
    )


def expected(model: Model, keys: OpeningKeys, at: int, known_until: int, before: str | None) -> Answers:
    msisdn, device = keys.msisdn or "", keys.device or "device-9"
    return (
        model.facts(keys, TIGHT, EPOCH + at, known_until, before),
        model.bindings(msisdn, known_until, before),
        model.seen(msisdn, EPOCH + at, known_until),
        {
            window_s: model.lines_on(device, msisdn, window_s, EPOCH + at, known_until)
            for window_s in (10, 60)
        },
    )


# Leads for the police: about whom by key, one in force, a chain that only grows


def lead(lead_id: str = "lead-1", subject: str | None = "msisdn-1", **changes: Any) -> LeadOnRecord:
    fields: dict[str, Any] = {
        "lead_id": lead_id,
        "about": "number",
        "subject": subject,
        "package_sha256": "a" * 64,
        "recipient": "police",
        "made_at": minute(1),
        "made_by": "staff-1",
        "state": "pending",
    }
    return LeadOnRecord(**(fields | changes))


def link(lead_id: str = "lead-1", number: int = 1, what: str = "made") -> LeadEvent:
    return LeadEvent(
        lead_id=lead_id,
        event_no=number,
        what=what,
        at=minute(number),
        by="staff-1",
        details_json='{"人": "1"}',
        previous_sha256=f"{number - 1:064x}",
        sha256=f"{number:064x}",
    )


def add_lead(history: History, one: LeadOnRecord, *then: tuple[str, LeadState]) -> None:
    with history.write() as transaction:
        transaction.add_lead(one, link(one.lead_id))
        for number, (what, state) in enumerate(then, 2):
            transaction.add_lead_event(link(one.lead_id, number, what), state)


def test_a_lead_comes_back_with_its_chain(history: History) -> None:
    add_lead(history, lead(), ("exported", "exported"))
    other = lead("lead-2", "msisdn-2", supersedes="lead-1", made_at=minute(2))
    add_lead(history, other)
    with history.read() as reader:
        assert reader.lead("lead-1") == replace(lead(), state="exported")
        assert reader.leads() == (replace(lead(), state="exported"), other)
        assert reader.leads_about("number", "msisdn-2") == (other,)
        assert reader.leads_about("ring", "msisdn-2") == ()
        assert reader.lead_events("lead-1") == (link(), link(number=2, what="exported"))
        assert (reader.lead("lead-3"), reader.lead_events("lead-3")) == (None, ())


@pytest.mark.parametrize("state", get_args(LeadState))
def test_one_lead_about_a_number_is_in_force(history: History, state: LeadState) -> None:
    add_lead(history, lead(), ("whatever", state))
    if state in LEADS_IN_FORCE:
        with pytest.raises(LeadError, match="lead-1 about the same number is in force"):
            add_lead(history, lead("lead-2"))
    else:
        add_lead(history, lead("lead-2"))
    add_lead(history, lead("lead-3", about="ring"))
    add_lead(history, lead("lead-4", "msisdn-2"))


def test_a_link_follows_the_one_before_or_is_refused(history: History) -> None:
    add_lead(history, lead())
    for wrong in (link(number=1), link(number=3), replace(link(number=2), previous_sha256="f" * 64)):
        with pytest.raises(LeadError, match="meanwhile"), history.write() as transaction:
            transaction.add_lead_event(wrong, "exported")
    with pytest.raises(LeadError, match="no lead"), history.write() as transaction:
        transaction.add_lead_event(link("lead-9", 2), "exported")
    with pytest.raises(LeadError, match="of this name"):
        add_lead(history, lead(subject="msisdn-9"))
    with history.read() as reader:
        assert len(reader.lead_events("lead-1")) == 1


def test_of_two_exporters_one_wins(open_new: OpenNew) -> None:
    history, together = open_new(), threading.Barrier(8)
    won: list[int] = []
    lost: list[str] = []

    def hand_on(number: int) -> None:
        one = lead(f"lead-{number}")
        together.wait()
        try:
            with history.write(
                (lead_lock(one.lead_id), lead_subject_lock("number", "msisdn-1"))
            ) as transaction:
                transaction.add_lead(one, link(one.lead_id))
            won.append(number)
        except LeadError as error:
            lost.append(str(error))

    threads = [threading.Thread(target=hand_on, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    with history.read() as reader:
        assert [one.lead_id for one in reader.leads()] == [f"lead-{won[0]}"]


def test_a_new_secret_brings_leads_along(history: History) -> None:
    add_lead(history, lead())
    with history.write() as transaction:
        transaction.rekey([("msisdn-1", "msisdn-new")], None)
        assert [one.lead_id for one in transaction.leads_about("number", "msisdn-new")] == ["lead-1"]
        assert transaction.leads_about("number", "msisdn-1") == ()


def test_what_may_still_be_used_is_not_purged(history: History) -> None:
    states = get_args(LeadState)
    for number, state in enumerate(states):
        add_lead(history, lead(f"lead-{state}", f"msisdn-{number}"), ("whatever", state))
    add_lead(history, lead("lead-late", "msisdn-9", made_at=minute(99)), ("answered", "answered"))
    with history.write() as transaction:
        transaction.purge(minute(50), minute(100))
        left = {one.lead_id for one in transaction.leads()}
        assert left == {*(f"lead-{state}" for state in LEADS_IN_FORCE), "lead-late"}
        assert all(
            bool(transaction.lead_events(f"lead-{state}")) == (state in LEADS_IN_FORCE) for state in states
        )


def test_erasing_somebody_leaves_that_a_lead_was_handed_on(history: History) -> None:
    record(history, entry("a"), entry("b", STRANGER))
    settle(history, "a", ("open_number", minute(2)), ("close_number", minute(5)))
    settle(history, "b", ("open_number", minute(2)))
    before = lead("lead-before", made_at=minute(1))  # nobody held the number yet
    mine = lead("lead-mine", made_at=minute(7))  # closed, and nobody else has had it since
    for one in (before, mine):
        add_lead(history, one, ("answered", "answered"))
    add_lead(history, lead("lead-other", "msisdn-9", made_at=minute(7)))
    with history.write() as transaction:
        transaction.erase_person("person-1", (), minute(9))
        subjects = {one.lead_id: one.subject for one in transaction.leads()}
        assert subjects == {"lead-before": "msisdn-1", "lead-mine": None, "lead-other": "msisdn-9"}
        assert len(transaction.lead_events("lead-mine")) == 2
