"""The SIM stock of any `History`: what a card says when, what is known of it, what is wiped."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from simkyc.errors import InputError
from simkyc.history import open_history, stock
from simkyc.history.protocol import (
    CardOnRecord,
    Entry,
    History,
    OpeningKeys,
    OpeningWindows,
    StockCard,
    StockFault,
    StockImport,
)
from simkyc.verdict import Decision

TEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
WINDOWS = OpeningWindows(person_s=(86_400,), clerk_s=3600, shared_s=())
KINDS = ("sqlite-file", "sqlite-memory", "postgresql")


@pytest.fixture(params=KINDS)
def history(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> Iterator[History]:
    with closing(
        open_history(url_of(request.param), secret=b"a secret for tests only", lock_timeout_s=30)
    ) as one:
        yield one


def minute(number: float) -> datetime:
    """So many minutes after ten o'clock."""
    return TEN + timedelta(minutes=number)


def card(iccid: str = "card-1", **changes: Any) -> StockCard:
    number = iccid.rpartition("-")[2]
    fields: dict[str, Any] = {
        "line": int(number) + 1,
        "iccid": iccid,
        "imsi": f"imsi-{number}",
        "msisdn": f"msisdn-{number}",
        "imsi_key": f"key of imsi-{number}",
        "msisdn_key": f"key of msisdn-{number}",
        "lot": "lot-1",
        "store_id": "store-1",
        "dealer_id": None,
        "state": None,
    }
    return StockCard(**fields | changes)


def put(history: History, *cards: StockCard, at: datetime = TEN) -> StockImport:
    with history.write() as transaction:
        return transaction.stock(iter(cards), at, count=len(cards), import_id="import-1")


def rows(history: History, at: datetime = TEN) -> list[CardOnRecord]:
    with history.read() as reader:
        return list(reader.stock_rows(at))


def faults(history: History, *cards: StockCard, at: datetime = TEN) -> list[StockFault]:
    with history.write() as transaction:
        return list(transaction.stock_faults(iter(cards), at))


def allocated_here(history: History, at: datetime, store: str, iccid: str = "card-1") -> bool:
    keys = OpeningKeys(None, None, iccid, None, store, None, "clerk-1")
    with history.read() as reader:
        sim = reader.facts(keys, WINDOWS, at).sim
    assert sim is not None
    return sim.allocated_here


def screened(history: History, *, until: datetime | None = TEN + timedelta(minutes=30)) -> None:
    keys = OpeningKeys("person-1", None, "card-1", "key of msisdn-1", "store-1", None, "clerk-1")
    with history.write() as transaction:
        transaction.record(
            Entry(
                application_id="application-1",
                kind="opening",
                service="personal",
                body_digest="digest",
                keys=keys,
                decided_at=TEN,
                decision=Decision.ACCEPT,
                verdict_json="{}",
                admitted_until=until,
            )
        )


def issued(history: History) -> None:
    screened(history)
    with history.write() as transaction:
        transaction.open_number("application-1", minute(1))


ON_RECORD = CardOnRecord("card-1", "imsi-1", "msisdn-1", "lot-1", "store-1", None, "in_stock")


def test_a_card_comes_back_as_it_was_put(history: History) -> None:
    assert rows(history) == []
    assert put(history, card()) == StockImport(added=1, changed=0, unchanged=0)
    assert rows(history) == [ON_RECORD]
    assert put(history, card(), at=minute(1)) == StockImport(added=0, changed=0, unchanged=1)


CHANGES: dict[str, dict[str, Any]] = {
    "another store": {"store_id": "store-2"},
    "another dealer": {"dealer_id": "dealer-1"},
    "another lot": {"lot": "lot-2"},
    "another state": {"state": "lost"},
    "another number": {"msisdn": "msisdn-9", "msisdn_key": "key of msisdn-9"},
}


@pytest.mark.parametrize("case", CHANGES)
@pytest.mark.parametrize("later", [0, 5])
def test_a_change_holds_from_when_it_is_known(history: History, case: str, later: int) -> None:
    put(history, card())
    assert put(history, card(**CHANGES[case]), at=minute(later)) == StockImport(0, 1, 0)
    changes = {name: value for name, value in CHANGES[case].items() if not name.endswith("_key")}
    assert rows(history) == [ON_RECORD._replace(**changes)]
    assert put(history, card(**CHANGES[case]), at=minute(later + 1)) == StockImport(0, 0, 1)


def test_an_empty_field_leaves_what_is_recorded(history: History) -> None:
    put(history, card(dealer_id="dealer-1", state="lost"))
    empty: dict[str, Any] = dict.fromkeys(StockCard._fields[2:])
    assert put(history, card(**empty), at=minute(1)) == StockImport(0, 0, 1)
    assert rows(history) == [ON_RECORD._replace(dealer_id="dealer-1", state="lost")]


def test_a_card_that_moves_lay_where_it_lay(history: History) -> None:
    put(history, card())
    with history.write() as transaction:
        assert transaction.allocate("store-2", ["card-1", "card-1", "card-2"], minute(10)) == 2
    assert allocated_here(history, minute(9), "store-1")
    assert not allocated_here(history, minute(9), "store-2")
    assert not allocated_here(history, minute(10), "store-1")
    assert allocated_here(history, minute(10), "store-2")
    assert allocated_here(history, minute(10), "store-2", "card-2")
    moved = ON_RECORD._replace(store_id="store-2")
    other = CardOnRecord("card-2", None, None, None, "store-2", None, "in_stock")
    assert rows(history) == [moved, other]


def test_what_was_undone_was_not(history: History) -> None:
    def cards() -> Iterator[StockCard]:
        yield card()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), history.write() as transaction:
        transaction.stock(cards(), TEN, count=1, import_id="import-1")
    assert rows(history) == []


def test_many_cards_are_put_as_one_is(history: History, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "CARDS_AT_ONCE", 10)
    monkeypatch.setattr(stock, "KEYS_AT_ONCE", 3)
    many = [card(f"card-{number}") for number in range(100, 200)]
    assert put(history, *many) == StockImport(100, 0, 0)
    assert put(history, *many, at=minute(1)) == StockImport(0, 0, 100)
    taken = [card(f"card-{number + 100}", msisdn_key=f"key of msisdn-{number}") for number in range(100, 200)]
    found = faults(history, *taken)
    assert [fault.other for fault in found] == [f"card-{number}" for number in range(100, 200)]
    assert {fault.cause for fault in found} == {"msisdn_on_two_cards"}
    assert len(rows(history)) == 100


def test_a_time_needs_its_zone(history: History) -> None:
    naive = datetime(2026, 11, 24, 10, 0)  # noqa: DTZ001  # no zone on purpose
    with pytest.raises(InputError, match="zone"):
        put(history, card(), at=naive)
    with pytest.raises(InputError, match="zone"), history.write() as transaction:
        transaction.allocate("store-1", ["card-1"], naive)


# What applications know of a card


def test_a_card_that_is_held_is_written_out_as_reserved(history: History) -> None:
    put(history, card())
    screened(history)
    assert [row.state for row in rows(history, minute(29))] == ["reserved"]
    assert [row.state for row in rows(history, minute(30))] == ["in_stock"], "the admission expired"
    held = card(state="reserved")
    assert faults(history, held, at=minute(1)) == []
    assert put(history, held, at=minute(1)) == StockImport(0, 0, 1), "or it would outlive the admission"


def test_a_card_that_was_refused_is_in_stock(history: History) -> None:
    put(history, card())
    screened(history, until=None)
    assert [row.state for row in rows(history, minute(1))] == ["in_stock"]


def test_a_card_that_was_issued_has_no_numbers_in_the_clear(history: History) -> None:
    put(history, card())
    put(history, card(store_id="store-2"), at=minute(0.5))
    issued(history)
    assert rows(history) == [ON_RECORD._replace(imsi=None, msisdn=None, store_id="store-2", state="issued")]
    assert put(history, card(store_id="store-2"), at=minute(2)) == StockImport(0, 0, 1)
    assert put(history, card(store_id="store-3"), at=minute(3)) == StockImport(0, 1, 0)
    assert rows(history)[0][:3] == ("card-1", None, None), "they do not come back"


def test_a_card_that_was_wiped_keeps_its_keys(history: History) -> None:
    put(history, card())
    with history.write() as transaction:
        transaction.wipe_card("card-1")
        transaction.wipe_card("card-9")
    assert rows(history) == [ON_RECORD._replace(imsi=None, msisdn=None)]
    assert put(history, card(imsi=None, msisdn=None), at=minute(1)) == StockImport(0, 0, 1)


# what a row says of a card that was issued, whether it may
AFTER: dict[str, tuple[dict[str, Any], bool]] = {
    "nothing": ({}, True),
    "that it was": ({"state": "issued"}, True),
    "that it came back": ({"state": "returned"}, True),
    "that it was lost": ({"state": "lost"}, True),
    "that it is for sale": ({"state": "in_stock"}, False),
    "that it is reserved": ({"state": "reserved"}, False),
    "another number": ({"msisdn": "msisdn-9", "msisdn_key": "key of msisdn-9"}, False),
    "another IMSI": ({"imsi": "imsi-9", "imsi_key": "key of imsi-9"}, False),
}


@pytest.mark.parametrize("case", AFTER)
def test_a_card_is_sold_once(history: History, case: str) -> None:
    said, may = AFTER[case]
    put(history, card())
    issued(history)
    found = [] if may else [StockFault(2, "already_issued", None)]
    assert faults(history, card(**said), at=minute(2)) == found


# the other card on record, what the new one says, causes
OTHERS: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
    "its number": ({}, {"msisdn_key": "key of msisdn-1"}, ["msisdn_on_two_cards"]),
    "its IMSI": ({}, {"imsi_key": "key of imsi-1"}, ["imsi_on_two_cards"]),
    "both": (
        {},
        {"msisdn_key": "key of msisdn-1", "imsi_key": "key of imsi-1"},
        ["msisdn_on_two_cards", "imsi_on_two_cards"],
    ),
    "nothing of it": ({}, {}, []),
    "that of a reserved one": (
        {"state": "reserved"},
        {"msisdn_key": "key of msisdn-1"},
        ["msisdn_on_two_cards"],
    ),
    "that of a cancelled one": ({"state": "cancelled"}, {"msisdn_key": "key of msisdn-1"}, []),
    "that of one that was issued elsewhere": ({"state": "issued"}, {"msisdn_key": "key of msisdn-1"}, []),
    "its number, lost itself": ({}, {"msisdn_key": "key of msisdn-1", "state": "lost"}, []),
}


@pytest.mark.parametrize("case", OTHERS)
def test_a_number_is_one_cards(history: History, case: str) -> None:
    there, said, causes = OTHERS[case]
    put(history, card(**there))
    found = faults(history, card("card-2", **said), at=minute(1))
    assert [fault.cause for fault in found] == causes
    assert all(fault.other == "card-1" and fault.line == 3 for fault in found)


def test_an_import_is_remembered(history: History) -> None:
    with history.write() as transaction:
        for at in (TEN, minute(5), minute(5)):
            transaction.record_import("stolen_device", "police", at, "import-1")
        transaction.record_import("phone", "us", minute(1), "import-2")
    with history.read() as reader:
        assert reader.lists(minute(-1)) == {}
        assert reader.lists(TEN) == {"stolen_device": TEN}
        assert reader.lists(minute(9)) == {"stolen_device": minute(5), "phone": minute(1)}
