"""What happened since an application was decided is not undone by a late word about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from simkyc import Application, Decision, Screener, Verdict
from simkyc.errors import SettlementError
from simkyc.line import Sighting
from simkyc.testing import STORE_ICCIDS, Clock, FakeFaceEngine, application, swatch


class Counter:
    def __init__(self) -> None:
        self.clock = Clock()
        self.screener = Screener.open("sqlite://", faces=FakeFaceEngine(), clock=self.clock)
        self.screener.allocate("store-1", STORE_ICCIDS)

    def screen(self, seed: int, name: str, **changes: Any) -> Verdict:
        return self.screener.screen(self.asks(seed, name, **changes))

    def asks(self, seed: int, name: str, **changes: Any) -> Application:
        photo = {"data": swatch(seed)}
        fields = {"live_photo": photo, "document": {"portrait": photo}, "applied_at": self.clock.now}
        return application(seed, application_id=name, **{**fields, **changes})

    def open(self, seed: int, name: str, **changes: Any) -> None:
        verdict = self.screen(seed, name, **changes)
        approved = "supervisor-1" if verdict.decision is Decision.REVIEW else None
        self.screener.settle(name, opened=True, approved_by=approved)


@pytest.fixture
def counter() -> Iterator[Counter]:
    counter = Counter()
    yield counter
    counter.screener.close()


CARD = {"iccid": STORE_ICCIDS[7], "msisdn": "+8613912345678"}
OTHER = {"iccid": STORE_ICCIDS[8], "msisdn": "+8613912345678"}
LATER = {"iccid": STORE_ICCIDS[9], "msisdn": "+8613912345679"}


def holder(counter: Counter, seed: int, sim: dict[str, str]) -> bool:
    """Whether this person holds the number now."""
    asked = counter.asks(seed, "look", kind="loss_report", sim={**sim, "iccid": None, "imsi": None})
    return "line.held_by_other" not in counter.screener.preview(asked).flagged


@pytest.mark.parametrize("second", [CARD, OTHER], ids=["the same card", "the same number on another card"])
def test_a_late_word_takes_no_card_and_no_number_away(counter: Counter, second: dict[str, str]) -> None:
    counter.screen(1, "slow", sim=CARD)
    counter.clock.advance(hours=1)
    counter.open(2, "quick", sim=second)
    counter.clock.advance(days=1)
    with pytest.raises(SettlementError, match="since"):
        counter.screener.settle("slow", opened=True, late=True)
    assert holder(counter, 2, CARD)


def test_a_card_is_issued_once_whatever_its_number(counter: Counter) -> None:
    counter.screen(1, "slow", sim=CARD)
    counter.clock.advance(hours=1)
    counter.open(2, "quick", sim={**CARD, "msisdn": LATER["msisdn"]})
    with pytest.raises(SettlementError, match="card was issued"):
        counter.screener.settle("slow", opened=True, late=True)


def test_a_late_word_about_a_card_that_nobody_else_has_still_counts(counter: Counter) -> None:
    counter.screen(1, "slow", sim=CARD)
    counter.clock.advance(hours=5)
    counter.screener.settle("slow", opened=True, late=True)
    assert holder(counter, 1, CARD)


def test_a_stale_replacement_does_not_take_a_line_back(counter: Counter) -> None:
    counter.open(1, "open", sim=CARD)
    counter.clock.advance(days=40)
    counter.screen(1, "stale", kind="replacement", sim={**OTHER, "imsi": "460000000000777"})
    counter.clock.advance(hours=1)
    lost = counter.asks(1, "lost", kind="loss_report", sim={**CARD, "iccid": None, "imsi": None})
    counter.screener.screen(lost)
    counter.screener.settle("lost", opened=True)
    with pytest.raises(SettlementError, match="changed since"):
        counter.screener.settle("stale", opened=True, late=True)


def test_a_stale_reactivation_does_not_undo_a_loss(counter: Counter) -> None:
    counter.open(1, "open", sim=CARD)
    counter.clock.advance(days=40)
    counter.screen(1, "restore", kind="reactivation", sim=CARD)
    counter.clock.advance(minutes=5)
    lost = counter.asks(1, "lost", kind="loss_report", sim={**CARD, "iccid": None, "imsi": None})
    counter.screener.screen(lost)
    counter.screener.settle("lost", opened=True)
    with pytest.raises(SettlementError, match="changed since"):
        counter.screener.settle("restore", opened=True)


def test_a_replacement_of_a_number_that_was_given_up_is_not_carried_out(counter: Counter) -> None:
    counter.open(1, "open", sim=CARD)
    counter.clock.advance(days=40)
    counter.screen(1, "replace", kind="replacement", sim={**OTHER, "imsi": "460000000000777"})
    counter.clock.advance(minutes=5)
    counter.screener.close_number("open")
    with pytest.raises(SettlementError, match="changed since"):
        counter.screener.settle("replace", opened=True)


@pytest.mark.parametrize("kind", ["replacement", "reactivation", "esim_move"])
def test_a_line_that_was_used_for_fraud_is_not_restored_at_any_counter(counter: Counter, kind: str) -> None:
    counter.open(1, "open", sim=CARD)
    counter.clock.advance(days=40)
    counter.screener.report_outcome(CARD["msisdn"], is_fraud=True)
    sim = CARD if kind == "reactivation" else {**OTHER, "imsi": "460000000000777"}
    verdict = counter.screen(1, "again", kind=kind, sim=sim)
    assert verdict.decision is Decision.REVIEW
    assert "line.used_for_fraud" in verdict.flagged
    assert verdict.silent_alert
    assert verdict.line_actions == ()
    counter.screener.report_outcome(CARD["msisdn"], is_fraud=False)
    assert "line.used_for_fraud" not in counter.screen(1, "cleared", kind=kind, sim=sim).flagged


def test_an_outcome_is_laid_at_the_door_of_whoever_held_the_number_then(counter: Counter) -> None:
    counter.open(1, "first", sim=CARD, contact_number="+8613800001111")
    then = counter.clock.advance(days=40)
    counter.screener.close_number("first")
    counter.clock.advance(days=1)
    counter.open(2, "second", sim=OTHER, contact_number="+8613800002222")
    counter.clock.advance(days=40)
    counter.screener.report_outcome(CARD["msisdn"], is_fraud=True, at=then - timedelta(days=1))

    def blamed(contact: str) -> bool:
        asked = counter.asks(5, "look", sim=LATER, contact_number=contact)
        return "batch.fraudulent_before" in counter.screener.preview(asked).flagged

    assert (blamed("+8613800001111"), blamed("+8613800002222")) == (True, False)


@pytest.mark.parametrize("gone", ["erase", "purge"])
def test_a_card_stays_issued_when_nobody_remembers_to_whom(counter: Counter, gone: str) -> None:
    first = counter.asks(1, "first", sim=CARD)
    counter.screener.screen(first)
    counter.screener.settle("first", opened=True)
    counter.screener.close_number("first")
    counter.clock.advance(days=400)
    if gone == "erase":
        counter.screener.erase_person(first.document)
    else:
        counter.screener.purge(counter.clock.now - timedelta(days=300))
    assert counter.screener.verdict("first") is None
    verdict = counter.screen(2, "second", sim={**CARD, "msisdn": LATER["msisdn"]})
    assert "device_sim.sim_already_issued" in verdict.flagged


def test_what_is_pending_is_neither_purged_nor_erased(counter: Counter) -> None:
    pending = counter.asks(1, "pending", sim=CARD)
    counter.screener.screen(pending)
    counter.clock.advance(minutes=5)
    counter.screener.purge(counter.clock.now)
    with pytest.raises(SettlementError):
        counter.screener.erase_person(pending.document)
    assert "device_sim.sim_reserved" in counter.screen(2, "other", sim=CARD).flagged
    counter.screener.settle("pending", opened=True)


def test_a_line_in_use_keeps_its_story_when_the_rest_is_purged(counter: Counter) -> None:
    counter.open(1, "open", sim={**CARD, "service": "iot"}, restriction={"imei_bind": True, "area": None})
    device = counter.asks(1, "x").device
    assert device is not None
    counter.screener.activated(Sighting(msisdn=CARD["msisdn"], imei=device.imei, seen_at=counter.clock.now))
    counter.clock.advance(days=40)
    changed = {**OTHER, "imsi": "460000000000777", "service": "iot"}
    counter.open(1, "replace", kind="replacement", sim=changed, restriction={"imei_bind": True, "area": None})
    counter.clock.advance(days=400)
    counter.screener.purge(counter.clock.now - timedelta(days=300))
    assert counter.screener.check_line(CARD["msisdn"]).line_state == "bound"
    elsewhere = counter.asks(30, "y").device
    assert elsewhere is not None
    moved = Sighting(msisdn=CARD["msisdn"], imei=elsewhere.imei, seen_at=counter.clock.now)
    assert "restriction.device_changed" in counter.screener.activated(moved).flagged
    counter.screener.close_number("open")
    assert counter.screener.check_line(CARD["msisdn"]).reasons[0] == "binding.line_unknown"


def test_whoever_applied_lately_is_not_erased(counter: Counter) -> None:
    refused = counter.asks(1, "refused", notice=None)
    counter.screener.screen(refused)
    with pytest.raises(SettlementError, match="within 30 days"):
        counter.screener.erase_person(refused.document)
    counter.clock.advance(days=31)
    assert counter.screener.erase_person(refused.document) > 0


def test_another_cards_imsi_is_no_new_cards(counter: Counter, tmp_path: Path) -> None:
    stock = tmp_path / "stock.csv"
    stock.write_text(f"iccid,imsi,store_id\n{STORE_ICCIDS[7]},460000000000555,store-1\n", encoding="utf-8")
    counter.screener.lists.import_stock(stock)
    verdict = counter.screen(2, "second", sim={**LATER, "imsi": "460000000000555"})
    assert "device_sim.triple_differs" in verdict.flagged


def test_a_card_of_another_store_is_not_sold_under_a_store_that_nobody_knows(counter: Counter) -> None:
    verdict = counter.screen(1, "first", sim=CARD, store={"store_id": "store-nobody-knows"})
    assert "device_sim.sim_not_allocated" in verdict.flagged
