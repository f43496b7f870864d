"""What any `History` must do. A further kind joins by a line in `KINDS`."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simkyc.errors import HistoryError, InputError, SettlementError
from simkyc.facts import OpeningFacts, SimFacts
from simkyc.history import open_history
from simkyc.history.protocol import Entry, History, OpeningKeys, OpeningWindows, Recorded, Transaction
from simkyc.verdict import Decision

DAY = 86_400
TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WINDOWS = OpeningWindows(
    person_s=(DAY, 30 * DAY), device_s=365 * DAY, clerk_s=3600, representative_s=2_592_000
)

KINDS = ("sqlite-file", "sqlite-memory")

OpenNew = Callable[[], History]


@pytest.fixture(params=KINDS)
def open_new(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenNew]:
    """Opens as many new histories of one kind as a test wants."""
    with ExitStack() as stack:
        made = 0

        def open_one() -> History:
            nonlocal made
            made += 1
            url = "sqlite://" if request.param == "sqlite-memory" else f"sqlite:///{tmp_path}/{made}.db"
            history = open_history(url, secret=b"a secret for tests only", lock_timeout_s=30)
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
)
STRANGER = OpeningKeys(
    person="person-9",
    device="device-9",
    iccid="iccid-9",
    msisdn="msisdn-9",
    store_id="store-9",
    dealer_id=None,
    clerk_id="clerk-9",
)


def entry(
    application_id: str, keys: OpeningKeys = KEYS, at: datetime = TEN, until: datetime | None = HALF_PAST
) -> Entry:
    decision = Decision.REFUSE if until is None else Decision.ACCEPT
    return Entry(application_id, "digest", keys, at, decision, "{}", until)


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


def sim_facts(history: History, keys: OpeningKeys, at: datetime) -> SimFacts:
    sim = facts(history, keys, at).sim
    assert sim is not None
    return sim


def test_an_empty_history_knows_of_nothing(history: History) -> None:
    assert recorded(history, "a") is None
    assert facts(history, KEYS, TEN) == OpeningFacts(
        active_numbers=0,
        person_openings={DAY: 0, 30 * DAY: 0},
        device_people=0,
        clerk_openings=0,
        sim=SimFacts(store_has_stock=False, allocated_here=False, issued=False, reserved=False),
    )


def test_a_verdict_comes_back_as_it_was_recorded(history: History) -> None:
    shanghai = TEN.astimezone(tz=datetime.fromisoformat("2026-11-24T18:00:00+08:00").tzinfo)
    verdict_json = '{"words": "人证一致 \U0001f600 \'; DROP TABLE application; --"}'
    record(history, Entry("a", "digest", KEYS, shanghai, Decision.REVIEW, verdict_json, minute(120)))
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
    )


def test_a_transaction_sees_its_own_changes(history: History) -> None:
    with history.write() as transaction:
        transaction.record(entry("a"))
        assert transaction.recorded("a") is not None
        assert transaction.facts(KEYS, WINDOWS, TEN).active_numbers == 1


def test_an_exception_undoes_the_whole_transaction(history: History) -> None:
    class CounterOnFireError(Exception):
        pass

    def interrupted() -> None:
        with history.write() as transaction:
            transaction.record(entry("a"))
            transaction.allocate("store-1", ["iccid-1"])
            raise CounterOnFireError

    with pytest.raises(CounterOnFireError):
        interrupted()
    assert recorded(history, "a") is None
    assert not sim_facts(history, KEYS, TEN).store_has_stock
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
    assert seen.active_numbers == active, reason
    assert seen.person_openings == {DAY: openings, 30 * DAY: openings}, reason
    # The same application as the device, the clerk and another person see it.
    other = facts(history, replace(KEYS, person="person-2"), TEN + timedelta(minutes=looked_at))
    assert other.device_people == (
        0 if case.endswith("long after") and looked_at * 60 >= 365 * DAY else openings
    )
    assert other.clerk_openings == (openings if looked_at < 60 else 0)
    assert other.active_numbers == 0


@pytest.mark.parametrize("counted_by", ["person_openings", "device_people", "clerk_openings"])
def test_a_window_is_half_open(history: History, counted_by: str) -> None:
    """The second that is just as long ago as the window is long lies outside."""
    keys, other = KEYS, replace(STRANGER, device=KEYS.device, clerk_id=KEYS.clerk_id)
    asker = KEYS if counted_by == "person_openings" else other
    length_s = {"person_openings": DAY, "device_people": WINDOWS.device_s, "clerk_openings": WINDOWS.clerk_s}
    decided_at = TEN - timedelta(seconds=length_s[counted_by])
    record(history, entry("a", keys, decided_at))
    settle(history, "a", ("open_number", decided_at))

    def count(at: datetime) -> int:
        seen = getattr(facts(history, asker, at), counted_by)
        return int(seen[DAY] if counted_by == "person_openings" else seen)

    assert [count(TEN - timedelta(seconds=1)), count(TEN), count(decided_at)] == [1, 0, 1]


def test_a_device_counts_other_people_once_each(history: History) -> None:
    for number, person in enumerate(("person-1", "person-2", "person-2", "person-3", None)):
        record(history, entry(f"a{number}", replace(KEYS, person=person)))
    record(history, entry("b", replace(KEYS, person="person-4", device="device-2")))
    assert facts(history, KEYS, TEN).device_people == 2
    assert facts(history, replace(KEYS, person="person-9"), TEN).device_people == 3
    assert facts(history, replace(KEYS, person=None), TEN).device_people == 3


@pytest.mark.parametrize(
    ("missing", "unknown"),
    [
        pytest.param({"person": None}, {"active_numbers", "person_openings"}, id="person"),
        pytest.param({"device": None}, {"device_people"}, id="device"),
        pytest.param({"iccid": None}, {"sim"}, id="iccid"),
        pytest.param({"msisdn": None}, set(), id="msisdn"),
    ],
)
def test_what_has_no_key_is_not_counted_as_nothing(
    history: History, missing: dict[str, Any], unknown: set[str]
) -> None:
    record(history, entry("a"))
    seen = facts(history, replace(KEYS, **missing), TEN)
    names = ("active_numbers", "person_openings", "device_people", "clerk_openings", "sim")
    assert {name for name in names if getattr(seen, name) is None} == unknown


CARD = {"iccid": "iccid-1"}
NUMBER = {"msisdn": "msisdn-1"}
OPENED = ("open_number", 5)
# which key the newcomer shares, what became of the first, looked at, issued, reserved, why
SIMS = {
    "card pending": (CARD, [], 1, False, True, "it lies on another counter"),
    "number pending": (NUMBER, [], 1, False, True, "it is promised to another"),
    "card expired": (CARD, [], 30, False, False, "it went back into the drawer"),
    "card released": (CARD, [("release", 5)], 6, False, False, "it went back into the drawer"),
    "card released, in that second": (CARD, [("release", 5)], 5, False, False, "it went back at once"),
    "card issued, in that second": (CARD, [OPENED], 5, True, False, "it is out, no longer pending"),
    "card issued": (CARD, [OPENED], 6, True, False, "it is out"),
    "card issued, before that": (CARD, [OPENED], 3, False, True, "it was pending then"),
    "card cancelled": (CARD, [OPENED, ("close_number", 8)], 9, True, False, "a card is never issued twice"),
    "number issued": (NUMBER, [OPENED], 6, True, False, "somebody has it"),
    "number cancelled": (NUMBER, [OPENED, ("close_number", 8)], 9, False, False, "it returned to stock"),
    "number cancelled, in that second": (
        NUMBER,
        [OPENED, ("close_number", 8)],
        8,
        False,
        False,
        "back at once",
    ),
    "number cancelled later": (NUMBER, [OPENED, ("close_number", 8)], 7, True, False, "it was out then"),
    "neither": ({}, [OPENED], 6, False, False, "another card with another number"),
}


@pytest.mark.parametrize("case", SIMS)
def test_what_is_known_of_a_sim(history: History, case: str) -> None:
    shared, steps, looked_at, issued, reserved, reason = SIMS[case]
    record(history, entry("a"))
    settle(history, "a", *((step, minute(at)) for step, at in steps))
    sim = sim_facts(history, replace(STRANGER, **shared), minute(looked_at))
    assert (sim.issued, sim.reserved) == (issued, reserved), reason


def test_stock_moves_and_a_store_once_stocked_stays_so(history: History) -> None:
    def in_stock(history: History, keys: OpeningKeys) -> tuple[bool, bool]:
        sim = sim_facts(history, keys, TEN)
        return sim.store_has_stock, sim.allocated_here

    here = replace(KEYS, store_id="store-1")
    there = replace(KEYS, store_id="store-2")
    with history.write() as transaction:
        assert transaction.allocate("store-1", iter(["iccid-1", "iccid-2", "iccid-1"])) == 2
    assert in_stock(history, here) == (True, True)
    assert in_stock(history, there) == (False, False)
    with history.write() as transaction:
        assert transaction.allocate("store-2", ["iccid-1", "iccid-2"]) == 2
        assert transaction.allocate("store-3", []) == 0
    assert in_stock(history, here) == (True, False)
    assert in_stock(history, there) == (True, True)
    assert not sim_facts(history, replace(KEYS, store_id="store-3"), TEN).store_has_stock


def test_a_large_allocation_is_whole_or_none(history: History) -> None:
    def half() -> Iterator[str]:
        yield from (f"iccid-{number}" for number in range(25_000))
        raise EOFError

    with pytest.raises(EOFError), history.write() as transaction:
        transaction.allocate("store-1", half())
    assert not sim_facts(history, KEYS, TEN).allocated_here
    with history.write() as transaction:
        assert transaction.allocate("store-1", (f"iccid-{number}" for number in range(25_000))) == 25_000
    assert sim_facts(history, KEYS, TEN).allocated_here


@pytest.mark.parametrize("iccids", ["8986", [8986], [None]], ids=["one text", "a number", "nothing"])
def test_what_cannot_be_allocated(history: History, iccids: list[str]) -> None:
    with pytest.raises(InputError), history.write() as transaction:
        transaction.allocate("store-1", iccids)
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
    assert facts(history, KEYS, TEN).active_numbers == 0, "as of ten nobody knew"
    with history.write() as transaction:
        late = transaction.facts(KEYS, WINDOWS, TEN)
    assert late.active_numbers == 1
    assert late.person_openings == {DAY: 1, 30 * DAY: 1}
    assert late.clerk_openings == 1
    assert late.sim is not None
    assert late.sim.reserved


def test_who_asks_again_finds_what_it_found_then(history: History) -> None:
    record(history, entry("a"), entry("b"), entry("c"))
    for before, others in (("a", 0), ("b", 1), ("c", 2), ("not yet recorded", 3), (None, 3)):
        with history.read() as reader:
            seen = reader.facts(KEYS, WINDOWS, TEN, before=before)
            neighbour = reader.facts(replace(KEYS, person="person-2"), WINDOWS, TEN, before=before)
        assert (seen.active_numbers, seen.clerk_openings) == (others, others)
        assert seen.person_openings == {DAY: others, 30 * DAY: others}
        assert neighbour.device_people == min(others, 1)
        assert seen.sim is not None
        assert seen.sim.reserved == (others > 0)
    settle(history, "b", ("open_number", TEN))
    for before, issued in (("b", False), ("c", True)):
        with history.read() as reader:
            sim = reader.facts(KEYS, WINDOWS, TEN, before=before).sim
        assert sim is not None
        assert sim.issued == issued


def test_a_supervisor_is_remembered(history: History) -> None:
    record(history, entry("a"), entry("b"))
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
                free = (transaction.facts(keys, WINDOWS, TEN).active_numbers or 0) < 5
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


# The same facts worked out without SQL: replay what had happened by then, and count what is left.


@dataclass(frozen=True)
class Happening:
    at: int
    kind: str
    name: str
    entry: Entry | None = None


@dataclass
class Remembered:
    keys: OpeningKeys
    decided_at: int
    admitted_until: int | None
    state: str = "pending"


@dataclass
class Model:
    """A history as a list of what happened, replayed for each question."""

    happenings: list[Happening] = field(default_factory=list)

    def replay(self, at: int, before: str | None = None) -> dict[str, Remembered]:
        known: dict[str, Remembered] = {}
        unheard = {happening.name for happening in self.recorded_from(before)}
        for happening in self.happenings:
            if happening.at > at or happening.name in unheard:
                continue
            if happening.entry is not None:
                until = happening.entry.admitted_until
                known[happening.name] = Remembered(
                    happening.entry.keys, happening.at, None if until is None else int(until.timestamp())
                )
            else:
                known[happening.name].state = happening.kind
        return known

    def recorded_from(self, name: str | None) -> list[Happening]:
        arrivals = [happening for happening in self.happenings if happening.entry is not None]
        places = [place for place, arrival in enumerate(arrivals) if arrival.name == name]
        return arrivals[places[0] :] if places else []

    def settles(self, step: str, name: str) -> bool:
        """Whether this step is allowed now; if so it has happened or was already so."""
        now = self.replay(2**40).get(name)
        if now is None or now.admitted_until is None:
            return False
        return (
            now.state
            in {
                "open_number": {"pending", "open_number", "close_number"},
                "release": {"pending", "release"},
                "close_number": {"open_number", "close_number"},
            }[step]
        )

    def facts(self, keys: OpeningKeys, windows: OpeningWindows, at: int, before: str | None) -> OpeningFacts:
        known = list(self.replay(at, before).values())
        pending = [
            one
            for one in known
            if one.state == "pending" and one.admitted_until is not None and one.admitted_until > at
        ]
        opened = [one for one in known if one.state in {"open_number", "close_number"}]
        counting = pending + opened
        mine = [one for one in counting if one.keys.person == keys.person]

        def within(some: list[Remembered], window_s: int) -> list[Remembered]:
            return [one for one in some if at - window_s < one.decided_at]

        def same_number(one: Remembered) -> bool:
            return keys.msisdn is not None and one.keys.msisdn == keys.msisdn

        on_device = within([one for one in counting if one.keys.device == keys.device], windows.device_s)
        by_clerk = within([one for one in counting if one.keys.clerk_id == keys.clerk_id], windows.clerk_s)
        has_person, has_device, has_card = (key is not None for key in (keys.person, keys.device, keys.iccid))
        return OpeningFacts(
            active_numbers=len([one for one in mine if one.state != "close_number"]) if has_person else None,
            person_openings={s: len(within(mine, s)) for s in windows.person_s} if has_person else None,
            device_people=len({one.keys.person for one in on_device} - {keys.person, None})
            if has_device
            else None,
            clerk_openings=len(by_clerk),
            sim=SimFacts(
                store_has_stock=False,
                allocated_here=False,
                issued=any(
                    one.keys.iccid == keys.iccid or (same_number(one) and one.state == "open_number")
                    for one in opened
                ),
                reserved=any(one.keys.iccid == keys.iccid or same_number(one) for one in pending),
            )
            if has_card
            else None,
        )


def few(label: str) -> st.SearchStrategy[str | None]:
    return st.sampled_from([f"{label}-1", f"{label}-2", None])


key_sets = st.builds(
    OpeningKeys,
    person=few("person"),
    device=few("device"),
    iccid=few("iccid"),
    msisdn=few("msisdn"),
    store_id=st.just("store-1"),
    dealer_id=st.none(),
    clerk_id=st.sampled_from(["clerk-1", "clerk-2"]),
)
arrivals = st.tuples(st.just("arrive"), key_sets, st.none() | st.integers(1, 40))
settlements = st.tuples(
    st.sampled_from(["open_number", "release", "close_number"]), st.integers(0, 7), st.none()
)
steps = st.lists(st.tuples(st.integers(0, 12), arrivals | settlements), min_size=1, max_size=14)
asked = st.tuples(key_sets, st.integers(-5, 180), st.none() | st.sampled_from([f"a{n}" for n in range(8)]))
TIGHT = OpeningWindows(person_s=(5, 20, 5), device_s=15, clerk_s=10, representative_s=2_592_000)
EPOCH = int(TEN.timestamp())


def clock(seconds: int) -> datetime:
    return datetime.fromtimestamp(EPOCH + seconds, UTC)


@settings(
    max_examples=50,
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
    for arrived, (wait, (kind, what, patience)) in enumerate(story):
        now += wait
        if kind == "arrive":
            until = None if patience is None else clock(now + patience)
            one = entry(f"a{arrived}", what, clock(now), until)
            record(history, one)
            model.happenings.append(Happening(EPOCH + now, kind, one.application_id, one))
        else:
            name = f"a{what}"
            allowed = model.settles(kind, name)
            if allowed:
                settle(history, name, (kind, clock(now)))
                if model.replay(2**40)[name].state not in {kind, "close_number"}:
                    model.happenings.append(Happening(EPOCH + now, kind, name))
            else:
                with pytest.raises(SettlementError):
                    settle(history, name, (kind, clock(now)))
        keys, _, _ = questions[arrived % len(questions)]
        asked_early.append((keys, now - 1, facts_within(history, keys, now - 1)))
    for keys, at, early in asked_early:
        assert facts_within(history, keys, at) == early
    for keys, at, before in questions:
        assert facts_within(history, keys, at, before) == model.facts(keys, TIGHT, EPOCH + at, before)
    with history.write() as transaction:
        for keys, _, before in questions:
            live = transaction.facts(keys, TIGHT, clock(now), before=before)
            assert live == model.facts(keys, TIGHT, EPOCH + now, before)
    history.close()


def facts_within(history: History, keys: OpeningKeys, at: int, before: str | None = None) -> OpeningFacts:
    with history.read() as reader:
        return reader.facts(keys, TIGHT, clock(at), before=before)
