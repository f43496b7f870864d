"""The kinds of application about a line: what is decided, what is carried out, what the history says afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from simkyc import Application, Decision, Screener, SettlementError, State, Verdict
from simkyc.line import Sighting
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, party, swatch

ACCEPT, RETRY, REVIEW, REFUSE = Decision
HOLDER, OTHER = 0, 7
SHARED_COUNTERS = 10


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def screener(clock: Clock, tmp_path: Path) -> Iterator[Screener]:
    """One with a line that person `HOLDER` has held for ten days, seen in the declared device ever since."""
    clock.now = NOW - timedelta(days=10)
    with Screener.open(f"sqlite:///{tmp_path / 'kyc.db'}", faces=FakeFaceEngine(), clock=clock) as opened:
        opened.allocate("store-1", STORE_ICCIDS)
        accepted(opened, asked("opening", clock, application_id="first"))
        clock.advance(minutes=5)
        opened.activated(Sighting(msisdn=MSISDN, imsi=IMSI, imei=IMEI, seen_at=clock.now))
        clock.now = NOW
        yield opened


def asked(kind: str, clock: Clock, seed: int = HOLDER, **changes: Any) -> Application:
    """Person `seed` asks for this about the line of person `HOLDER`; a replacement gets a card of its own."""
    photo = {"data": swatch(seed)}
    number: dict[str, Any] = {"msisdn": MSISDN, "iccid": STORE_ICCIDS[HOLDER], "imsi": IMSI}
    if kind == "replacement":
        number |= {"iccid": STORE_ICCIDS[100], "imsi": "460000000001000"}
    if kind == "loss_report":
        number |= {"iccid": None, "imsi": None}
    if kind == "esim_move":
        number |= {"iccid": STORE_ICCIDS[101]}
    usual: dict[str, Any] = {
        "application_id": f"{kind}-{seed}",
        "kind": kind,
        "applied_at": clock.now,
        "live_photo": photo,
        "document": {"portrait": photo},
        "sim": number | changes.pop("sim", {}),
    }
    if kind == "transfer":
        usual["transferor"] = standing_by(HOLDER, clock)
    return application(seed, **usual | changes)


def standing_by(seed: int, clock: Clock) -> dict[str, Any]:
    photo = {"data": swatch(seed)}
    consent = {"given_at": clock.now - timedelta(minutes=3)}
    document = application(seed, live_photo=photo, document={"portrait": photo}).document
    return party(seed, live_photo=photo, document={"portrait": document.portrait}, face_consent=consent)


FIRST = application(HOLDER, live_photo=None, document={"portrait": None})
MSISDN, IMSI = FIRST.sim.msisdn, FIRST.sim.imsi
assert FIRST.device is not None
IMEI = FIRST.device.imei
OTHER_DEVICE = application(50, live_photo=None, document={"portrait": None}).device


def flagged(verdict: Verdict) -> set[str]:
    return {finding.reason for finding in verdict.findings if finding.state is State.FLAGGED}


def accepted(screener: Screener, applied: Application) -> Verdict:
    """Screen it, and carry it out."""
    verdict = screener.screen(applied)
    assert verdict.decision is ACCEPT, (flagged(verdict), verdict.reasons)
    screener.settle(applied.application_id, opened=True)
    return verdict


def held_by(screener: Screener, seed: int, at: datetime) -> float:
    """How many numbers this person would hold with one more."""
    photo = {"data": swatch(seed)}
    one_more = application(
        seed,
        application_id=f"one-more-{seed}",
        live_photo=photo,
        document={"portrait": photo},
        sim={"iccid": STORE_ICCIDS[180 + seed], "msisdn": f"+86137{seed:08d}"},
    )
    verdict = screener.preview(one_more, at=at)
    finding = next(finding for finding in verdict.findings if finding.reason == "openings.number_cap")
    assert finding.observed is not None
    return finding.observed - 1


# Who asks for it, what is different, what was done before, the decision, what is flagged, why


def nothing(screener: Screener, clock: Clock) -> None:
    """Nothing before."""


def lost(screener: Screener, clock: Clock) -> None:
    accepted(screener, asked("loss_report", clock, application_id="lost"))


def moved(screener: Screener, clock: Clock) -> None:
    assert OTHER_DEVICE is not None
    seen = clock.now - timedelta(hours=1)
    screener.activated(Sighting(msisdn=MSISDN, imsi=IMSI, imei=OTHER_DEVICE.imei, seen_at=seen))


def replaced(screener: Screener, clock: Clock) -> None:
    accepted(screener, asked("replacement", clock, application_id="replaced"))
    clock.advance(hours=2)


SECOND_CARD = {"iccid": STORE_ICCIDS[102], "imsi": "460000000001002"}
OWN = {"sim": {"iccid": STORE_ICCIDS[100], "imsi": "460000000001000"}}
BY_OTHER = {"device": {"imei": IMEI}}

Before = Callable[[Screener, Clock], None]
TABLE: dict[str, tuple[str, int, dict[str, Any], Before, Decision, set[str]]] = {
    "replacement, honest": ("replacement", HOLDER, {}, nothing, ACCEPT, set()),
    "replacement of a lost card": ("replacement", HOLDER, {}, lost, ACCEPT, set()),
    "replacement by somebody else": (
        *("replacement", OTHER, {}, nothing, REFUSE),
        {"line.held_by_other"},
    ),
    "replacement after a change of device": (
        *("replacement", HOLDER, {}, moved, REVIEW),
        {"line.recent_device_change"},
    ),
    "replacement after a replacement": (
        *("replacement", HOLDER, {"sim": SECOND_CARD}, replaced, REVIEW),
        {"line.recent_sim_change"},
    ),
    "replacement by the card that is out": (
        *("replacement", HOLDER, {"sim": {"iccid": STORE_ICCIDS[HOLDER]}}, nothing, REFUSE),
        {"device_sim.sim_already_issued"},
    ),
    "replacement of a line on no record": (
        *("replacement", HOLDER, {"sim": {"msisdn": "+8613700000001"}}, nothing, REVIEW),
        {"line.unknown"},
    ),
    "loss report, honest": ("loss_report", HOLDER, {}, nothing, ACCEPT, set()),
    "loss report by somebody else": (
        *("loss_report", OTHER, {}, nothing, REFUSE),
        {"line.held_by_other"},
    ),
    "loss report of a line on no record": (
        *("loss_report", HOLDER, {"sim": {"msisdn": "+8613700000001"}}, nothing, REVIEW),
        {"line.unknown"},
    ),
    "reactivation, honest": ("reactivation", HOLDER, {}, lost, ACCEPT, set()),
    "reactivation by somebody else": (
        *("reactivation", OTHER, {}, lost, REFUSE),
        {"line.held_by_other"},
    ),
    "reactivation with another card": (
        *("reactivation", HOLDER, {"sim": {"iccid": STORE_ICCIDS[120]}}, lost, REVIEW),
        {"line.card_differs"},
    ),
    "reactivation with the card before last": (
        *("reactivation", HOLDER, {}, replaced, REVIEW),
        {"line.card_differs"},
    ),
    "transfer, honest": ("transfer", OTHER, {}, nothing, ACCEPT, set()),
    "transfer of a lost line": ("transfer", OTHER, {}, lost, REVIEW, {"line.reported_lost"}),
    "transfer after a change of device": (
        *("transfer", OTHER, {}, moved, REVIEW),
        {"line.recent_device_change"},
    ),
    "transfer with the card before last": (
        *("transfer", OTHER, {}, replaced, REVIEW),
        {"line.card_differs", "line.recent_sim_change"},
    ),
    "esim move, honest": ("esim_move", HOLDER, {}, nothing, ACCEPT, set()),
    "esim move by somebody else": ("esim_move", OTHER, {}, nothing, REFUSE, {"line.held_by_other"}),
    "esim move to another IMSI": (
        *("esim_move", HOLDER, {"sim": {"imsi": "460000000009999"}}, nothing, REVIEW),
        {"line.card_differs"},
    ),
    "esim move of a lost line": ("esim_move", HOLDER, {}, lost, REVIEW, {"line.reported_lost"}),
}


@pytest.mark.parametrize("case", TABLE)
def test_what_is_asked_about_a_line(screener: Screener, clock: Clock, case: str) -> None:
    kind, seed, changes, before, decision, reasons = TABLE[case]
    before(screener, clock)
    applied = asked(kind, clock, seed, **changes)
    verdict = screener.screen(applied)
    assert (verdict.decision, flagged(verdict) - {"openings.far_from_home"}) == (decision, reasons)
    if decision is REFUSE:
        with pytest.raises(SettlementError):
            screener.settle(applied.application_id, opened=True, approved_by="supervisor-1")
        return
    if decision is REVIEW:
        with pytest.raises(SettlementError, match="approved_by"):
            screener.settle(applied.application_id, opened=True)
    screener.settle(applied.application_id, opened=True, approved_by="supervisor-1")


def test_somebody_who_takes_a_line_over_is_told_quietly(screener: Screener, clock: Clock) -> None:
    verdict = screener.screen(asked("replacement", clock, OTHER))
    assert verdict.silent_alert
    for language in ("zh-CN", "en"):
        assert "alert" not in " ".join(verdict.messages(language, "customer"))


# What it does to the line


@pytest.mark.parametrize(
    ("kind", "status"), [("loss_report", "suspended"), ("reactivation", "active"), ("replacement", "active")]
)
def test_the_verdict_says_what_becomes_of_the_line(
    screener: Screener, clock: Clock, kind: str, status: str
) -> None:
    if kind == "reactivation":
        lost(screener, clock)
    verdict = screener.screen(asked(kind, clock))
    assert [(action.service, action.status) for action in verdict.line_actions] == [
        ("voiceSmsIn", status),
        ("voiceSmsOut", status),
        ("dataService", status),
    ]
    for action in verdict.line_actions:
        assert action.reason == f"kind.{kind}"
        assert action.basis
        assert action.expires_at is None
        assert set(action.appeal) == {"zh-CN", "en"}
    assert Verdict.from_json(verdict.to_json()) == verdict


@pytest.mark.parametrize("kind", ["loss_report", "reactivation", "replacement"])
def test_a_refusal_does_nothing_to_the_line(screener: Screener, clock: Clock, kind: str) -> None:
    assert screener.screen(asked(kind, clock, OTHER)).line_actions == ()


@pytest.mark.parametrize("kind", ["opening", "transfer", "esim_move"])
def test_other_kinds_leave_a_line_as_it_is(screener: Screener, clock: Clock, kind: str) -> None:
    seed = HOLDER if kind == "esim_move" else OTHER
    new = {"sim": {"iccid": STORE_ICCIDS[130], "imsi": "460000000001300", "msisdn": "+8613700000130"}}
    verdict = screener.screen(asked(kind, clock, seed, **(new if kind == "opening" else {})))
    assert (verdict.decision, verdict.line_actions) == (ACCEPT, ())


# Afterwards


def test_after_a_transfer_the_number_is_held_by_who_received_it(screener: Screener, clock: Clock) -> None:
    assert (held_by(screener, HOLDER, NOW), held_by(screener, OTHER, NOW)) == (1, 0)
    screener.screen(asked("transfer", clock, OTHER))
    assert (held_by(screener, HOLDER, NOW), held_by(screener, OTHER, NOW)) == (1, 1), "pending at both"
    screener.settle(f"transfer-{OTHER}", opened=True)
    assert (held_by(screener, HOLDER, NOW), held_by(screener, OTHER, NOW)) == (0, 1)
    with pytest.raises(SettlementError, match="somebody else"):
        screener.close_number("first")
    screener.close_number(f"transfer-{OTHER}")
    assert held_by(screener, OTHER, NOW) == 0


def test_who_gave_a_line_away_cannot_ask_about_it_any_more(screener: Screener, clock: Clock) -> None:
    accepted(screener, asked("transfer", clock, OTHER))
    clock.advance(days=10)
    for kind in ("replacement", "loss_report", "reactivation"):
        verdict = screener.screen(asked(kind, clock, HOLDER))
        assert (verdict.decision, flagged(verdict)) == (REFUSE, {"line.held_by_other"})
        assert screener.screen(asked(kind, clock, OTHER)).decision is ACCEPT
        screener.settle(f"{kind}-{OTHER}", opened=False)


def test_a_replacement_is_no_second_number(screener: Screener, clock: Clock) -> None:
    screener.screen(asked("replacement", clock))
    assert held_by(screener, HOLDER, NOW) == 1, "pending"
    screener.settle(f"replacement-{HOLDER}", opened=True)
    assert held_by(screener, HOLDER, NOW) == 1
    screener.close_number("first")
    assert held_by(screener, HOLDER, NOW) == 0, "whichever card it was on"


def test_somebody_with_five_numbers_gets_a_new_card_for_one_of_them(screener: Screener, clock: Clock) -> None:
    start = clock.now
    for serial in range(4):
        clock.now = start - timedelta(days=400 - 40 * serial)
        sim = {"iccid": STORE_ICCIDS[150 + serial], "msisdn": f"+8613500000{serial:03d}"}
        accepted(screener, asked("opening", clock, application_id=f"more-{serial}", sim=sim))
    clock.now = start
    assert held_by(screener, HOLDER, NOW) == 5
    accepted(screener, asked("replacement", clock))
    assert held_by(screener, HOLDER, NOW) == 5


def test_a_closed_number_is_sold_again_and_its_card_is_not(screener: Screener, clock: Clock) -> None:
    with_card = asked("opening", clock, OTHER)
    screener.close_number("first")
    assert flagged(screener.preview(with_card)) == {"device_sim.sim_already_issued"}
    assert screener.screen(asked("replacement", clock)).reasons[0] == "line.cancelled"
    screener.settle(f"replacement-{HOLDER}", opened=False)
    new_card = {"iccid": STORE_ICCIDS[140], "imsi": "460000000001400"}
    accepted(screener, asked("opening", clock, OTHER, sim=new_card))
    assert (held_by(screener, HOLDER, NOW), held_by(screener, OTHER, NOW)) == (0, 1)
    screener.close_number("first")
    assert held_by(screener, OTHER, NOW) == 1, "said again, it closes nobody else's"


def test_the_card_that_was_replaced_is_never_issued_again(screener: Screener, clock: Clock) -> None:
    accepted(screener, asked("replacement", clock))
    for iccid in (STORE_ICCIDS[HOLDER], STORE_ICCIDS[100]):
        new = {"iccid": iccid, "imsi": "460000000001500", "msisdn": "+8613700000150"}
        assert flagged(screener.preview(asked("opening", clock, OTHER, sim=new))) == {
            "device_sim.sim_already_issued"
        }


def test_an_esim_in_another_phone_is_a_change_of_the_device_and_no_sim_swap(
    screener: Screener, clock: Clock
) -> None:
    assert OTHER_DEVICE is not None
    accepted(screener, asked("esim_move", clock, device={"imei": OTHER_DEVICE.imei}))
    clock.advance(minutes=10)
    verdict = screener.activated(
        Sighting(msisdn=MSISDN, imsi=IMSI, imei=OTHER_DEVICE.imei, seen_at=clock.now)
    )
    assert verdict.line_state == "bound", "in the device that was declared last"
    report = screener.check_swap(MSISDN, max_age_hours=24)
    assert (report.sim.swapped, report.sim.latest_at) == (False, NOW - timedelta(days=10))
    assert (report.device.swapped, report.device.latest_at) == (True, clock.now)


def test_a_replacement_is_a_sim_swap_and_no_change_of_the_device(screener: Screener, clock: Clock) -> None:
    accepted(screener, asked("replacement", clock))
    report = screener.check_swap(MSISDN, max_age_hours=24)
    assert (report.sim.swapped, report.sim.latest_at) == (True, NOW)
    assert report.device.swapped is False
    clock.advance(hours=24)
    assert screener.check_swap(MSISDN, max_age_hours=24).sim.swapped is False, "24 hours and no less"
    assert screener.check_swap(MSISDN, max_age_hours=25).sim.swapped is True


def test_monitoring_does_not_reach_back_before_the_line(screener: Screener, clock: Clock) -> None:
    report = screener.check_swap("+8613700000001")
    assert (report.sim.latest_at, report.sim.swapped, report.sim.monitored_since) == (None, None, None)
    assert report.device == report.sim
    opened_at = NOW - timedelta(days=10)
    known = screener.check_swap(MSISDN, max_age_hours=2400)
    assert (known.sim.latest_at, known.sim.swapped) == (opened_at, True), "a new subscription is a change"
    assert known.sim.monitored_since == opened_at


# IoT


RESTRICTED = {
    "restriction": {
        "imei_bind": True,
        "area": {"centre": {"latitude": 31.3, "longitude": 120.6}, "radius_m": 5000},
    }
}
METER = {
    "msisdn": "+861440000000001",
    "service": "iot",
    "iccid": STORE_ICCIDS[160],
    "imsi": "460040000000160",
}


def meter(clock: Clock, **changes: Any) -> Application:
    return asked("opening", clock, OTHER, application_id="meter", **{"sim": METER, **RESTRICTED, **changes})


def test_a_card_for_a_meter_is_held_to_its_device_and_its_place(screener: Screener, clock: Clock) -> None:
    accepted(screener, meter(clock))
    device = meter(clock).device
    assert device is not None
    assert OTHER_DEVICE is not None
    near, far = {"latitude": 31.32, "longitude": 120.6}, {"latitude": 39.9, "longitude": 116.4}
    for imei, place, reasons, data in (
        (device.imei, near, set(), None),
        (device.imei, far, {"restriction.area_left"}, "suspended"),
        (OTHER_DEVICE.imei, near, {"restriction.device_changed"}, "suspended"),
    ):
        clock.advance(days=31)
        verdict = screener.activated(
            Sighting(msisdn=METER["msisdn"], imei=imei, position=place, seen_at=clock.now)  # type: ignore[arg-type]  # pydantic reads a dict
        )
        assert {reason for reason in flagged(verdict) if reason.startswith("restriction.")} == reasons
        actions = {action.service: action.status for action in verdict.line_actions}
        assert actions.get("dataService") == data


@pytest.mark.parametrize(
    ("changes", "decision", "reason"),
    [
        pytest.param({"restriction": None}, RETRY, "iot.not_restricted", id="held to nothing"),
        pytest.param({"device": None}, REVIEW, "iot.no_device_to_bind", id="no device to be held to"),
        pytest.param(
            {"sim": METER | {"service": "personal"}}, REVIEW, "iot.number_of_other_service", id="for a phone"
        ),
    ],
)
def test_a_card_for_a_meter_that_is_none(
    screener: Screener, clock: Clock, changes: dict[str, Any], decision: Decision, reason: str
) -> None:
    verdict = screener.screen(meter(clock, **changes))
    assert verdict.decision is decision
    assert reason in flagged(verdict)


# Reservation


def at_once(count: int, work: Callable[[int], Verdict]) -> list[Verdict]:
    barrier = Barrier(count)

    def counter(number: int) -> Verdict:
        barrier.wait(timeout=60)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(counter, range(count)))


def wanted(seed: int, card: int, number: int, now: datetime) -> Application:
    photo = {"data": swatch(seed)}
    return application(
        seed,
        application_id=f"wanted-{seed}",
        applied_at=now,
        live_photo=photo,
        document={"portrait": photo},
        sim={"iccid": STORE_ICCIDS[card], "msisdn": f"+86138{number:08d}"},
        clerk={"clerk_id": f"clerk-{seed}"},
    )


@pytest.mark.parametrize("shared", ["card", "number"])
def test_ten_threads_sell_one_card_and_one_number_once(screener: Screener, clock: Clock, shared: str) -> None:
    def counter(number: int) -> Verdict:
        card, msisdn = (20, number) if shared == "card" else (20 + number, 20)
        return screener.screen(wanted(100 + number, card, msisdn, clock.now))

    verdicts = at_once(SHARED_COUNTERS, counter)
    assert sorted(verdict.decision for verdict in verdicts) == [ACCEPT] + [RETRY] * 9
    for verdict in verdicts:
        assert flagged(verdict) == (set() if verdict.decision is ACCEPT else {"device_sim.sim_reserved"})


def test_what_was_released_or_expired_is_sold_again(screener: Screener, clock: Clock) -> None:
    def sell(seed: int) -> Decision:
        return screener.screen(wanted(seed, 20, 20, clock.now)).decision

    assert (sell(100), sell(101)) == (ACCEPT, RETRY)
    screener.settle("wanted-100", opened=False)
    assert (sell(102), sell(103)) == (ACCEPT, RETRY)
    clock.advance(minutes=30)
    assert (sell(104), sell(105)) == (ACCEPT, RETRY)
    screener.settle("wanted-104", opened=True)
    clock.advance(days=1)
    assert sell(106) is REFUSE


def test_two_replacements_of_one_number_at_once(screener: Screener, clock: Clock) -> None:
    def counter(number: int) -> Verdict:
        card = {"iccid": STORE_ICCIDS[110 + number], "imsi": f"4600000000011{number:02d}"}
        return screener.screen(asked("replacement", clock, application_id=f"at-once-{number}", sim=card))

    verdicts = at_once(2, counter)
    assert sorted(verdict.decision for verdict in verdicts) == [ACCEPT, RETRY]
    won = next(verdict for verdict in verdicts if verdict.decision is ACCEPT)
    screener.settle(str(won.application_id), opened=True)
    assert held_by(screener, HOLDER, NOW) == 1


def test_of_two_that_were_decided_the_later_holds(screener: Screener, clock: Clock) -> None:
    """The one that was screened first is not carried out over the other."""
    first, second = (
        asked("replacement", clock, application_id=name, sim=sim)
        for name, sim in (("earlier", {}), ("later", SECOND_CARD))
    )
    screener.screen(first)
    clock.advance(minutes=31)
    screener.screen(second.changed(applied_at=clock.now))
    screener.settle("later", opened=True, approved_by="supervisor-1")
    with pytest.raises(SettlementError, match="changed since"):
        screener.settle("earlier", opened=True, late=True)
    verdict = screener.activated(Sighting(msisdn=MSISDN, imei=IMEI, seen_at=clock.now))
    assert verdict.application_id == "later"
