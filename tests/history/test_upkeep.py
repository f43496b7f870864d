"""Retention, erasure, and what becomes of numbers: on every kind of history."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from simkyc import Application, Screener
from simkyc.errors import InputError, SettlementError
from simkyc.history.schema import TABLES
from simkyc.line import Sighting
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, party, swatch


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=["sqlite-file", "postgresql"])
def url(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> str:
    return url_of(request.param)


@pytest.fixture
def screener(url: str, clock: Clock) -> Iterator[Screener]:
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret="a secret for tests only") as opened:
        opened.allocate("store-1", STORE_ICCIDS)
        yield opened


def honest(seed: int, clock: Clock, **changes: Any) -> Application:
    photo = {"data": swatch(seed)}
    fields: dict[str, Any] = {
        "live_photo": photo,
        "document": {"portrait": photo},
        "applied_at": clock.now,
        "contact_number": f"+861380000{seed:04d}",
    }
    return application(seed, **{**fields, **changes})


def open_one(screener: Screener, one: Application) -> None:
    verdict = screener.screen(one)
    screener.settle(one.application_id, opened=True, approved_by="supervisor-1" if verdict.reasons else None)


def everything(url: str) -> dict[str, list[tuple[Any, ...]]]:
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        rows = {
            name: [tuple(row) for row in connection.execute(text(f"SELECT * FROM {name}"))]
            for name in TABLES.tables
        }
    engine.dispose()
    return rows


def test_erasing_somebody_leaves_no_key_of_theirs(screener: Screener, url: str, clock: Clock) -> None:
    mine, other = honest(0, clock), honest(1, clock)
    open_one(screener, mine)
    open_one(screener, other)
    screener.activated(Sighting(msisdn=mine.sim.msisdn, imei=mine.device.imei, seen_at=clock.now))  # type: ignore[union-attr]  # it has a device
    acted_for = honest(2, clock, live_photo=None, representative=party(0, authorisation=None))
    screener.screen(acted_for)
    screener.close_number("test-0")
    clock.advance(days=31)
    before = everything(url)
    person = next(row for row in before["application"] if "test-0" in row)
    keys = {value for value in person if isinstance(value, str) and len(value) == 64}
    assert screener.erase_person(mine.document) > 0
    after = everything(url)
    left = {
        value
        for name, rows in after.items()
        if name != "sim_stock"
        for row in rows
        for value in row
        if isinstance(value, str)
    }
    assert not left & keys
    assert any("test-1" in row for row in after["application"])
    assert [row[1] for row in after["upkeep"]] == ["erase"]


def test_whoever_holds_a_number_is_not_erased(screener: Screener, clock: Clock) -> None:
    one = honest(0, clock)
    open_one(screener, one)
    with pytest.raises(SettlementError, match="close them first"):
        screener.erase_person(one.document)
    assert screener.verdict("test-0") is not None


def test_erasing_nobody_leaves_a_record_and_changes_nothing(
    screener: Screener, url: str, clock: Clock
) -> None:
    assert screener.erase_person(honest(7, clock).document) == 0
    assert [row[1] for row in everything(url)["upkeep"]] == ["erase"]


def test_a_malformed_number_is_nobody(screener: Screener, clock: Clock) -> None:
    with pytest.raises(InputError):
        screener.erase_person(honest(0, clock, document={"number": "1"}).document)


def test_purging_keeps_numbers_in_use(screener: Screener, url: str, clock: Clock) -> None:
    open_one(screener, honest(0, clock))
    open_one(screener, honest(1, clock))
    screener.close_number("test-1")
    clock.advance(days=400)
    open_one(screener, honest(2, clock))
    assert screener.purge(clock.now - timedelta(days=365)) > 0
    left = everything(url)
    assert {row[1] for row in left["application"]} == {"test-0", "test-2"}
    assert len(left["face_template"]) == 1
    assert [(row[1], row[3]) for row in left["upkeep"]] == [
        ("purge", int((clock.now - timedelta(days=365)).timestamp()))
    ]
    third = honest(
        0, clock, application_id="again", sim={"iccid": STORE_ICCIDS[50], "msisdn": "+8613911110000"}
    )
    found = [one for one in screener.preview(third).findings if one.reason == "openings.number_cap"]
    assert found[0].observed == 2


def test_the_future_cannot_be_purged(screener: Screener) -> None:
    with pytest.raises(InputError):
        screener.purge(NOW + timedelta(days=1))
    with pytest.raises(InputError):
        screener.purge(NOW.replace(tzinfo=None))


def test_an_outcome_counts_until_it_is_cleared(screener: Screener, clock: Clock) -> None:
    shared = "+8613811112222"
    one = honest(0, clock, contact_number=shared)
    open_one(screener, one)
    clock.advance(days=3)

    def flagged() -> bool:
        other = honest(1, clock, contact_number=shared)
        return "batch.fraudulent_before" in screener.preview(other).flagged

    assert not flagged()
    screener.report_outcome(one.sim.msisdn, is_fraud=True)
    screener.report_outcome(one.sim.msisdn, is_fraud=True)
    assert flagged()
    then = clock.now
    clock.advance(days=1)
    screener.report_outcome(one.sim.msisdn, is_fraud=False)
    assert not flagged()
    later = honest(1, clock, contact_number=shared, applied_at=then)
    assert "batch.fraudulent_before" in screener.preview(later, at=then).flagged


def test_an_outcome_in_the_same_second_is_corrected(screener: Screener, clock: Clock) -> None:
    one = honest(0, clock)
    open_one(screener, one)
    screener.report_outcome(one.sim.msisdn, is_fraud=True)
    screener.report_outcome(one.sim.msisdn, is_fraud=False)
    other = honest(1, clock, contact_number=one.contact_number)
    assert "batch.fraudulent_before" not in screener.preview(other).flagged


@pytest.mark.parametrize("number", ["+8613900000999", "no number"])
def test_a_number_that_was_not_opened_here_has_no_outcome(screener: Screener, number: str) -> None:
    with pytest.raises((SettlementError, InputError)) as caught:
        screener.report_outcome(number, is_fraud=True)
    assert number not in str(caught.value)
