"""A number's use, judged with what the history knows of its opening."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from simkyc import Application, Decision, InputError, Screener, State, Verdict
from simkyc.history.keys import Keyring
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, number_usage, swatch
from simkyc.usage.number import NumberUsage
from tests.checks.parties import ORGANISATION, REPRESENTATIVE

SECRET, OTHER_SECRET = "a secret that is long enough", "another that is long enough"  # for tests
FANNING = {"counterparts": 300, "returned_share": 0.01}
"""Ten strangers a day: much for a new number, and nothing for an old one."""


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def screener(clock: Clock) -> Iterator[Screener]:
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=clock, secret=SECRET) as opened:
        opened.allocate("store-1", STORE_ICCIDS)
        yield opened


def opened(screener: Screener, clock: Clock, seed: int = 0, **changes: Any) -> str:
    """Open a number now; the number."""
    photo = {"data": swatch(seed)}
    usual: dict[str, Any] = {
        "application_id": f"open-{seed}",
        "applied_at": clock.now,
        "live_photo": photo,
        "document": {"portrait": photo},
    }
    asked: Application = application(seed, **usual | changes)
    verdict = screener.screen(asked)
    assert verdict.decision in (Decision.ACCEPT, Decision.REVIEW), verdict.reasons
    screener.settle(asked.application_id, opened=True, approved_by="supervisor-1")
    return asked.sim.msisdn


def used(number: str, until: datetime, secret: str = SECRET, **changes: Any) -> NumberUsage:
    return number_usage(
        number=Keyring(secret.encode()).msisdn(number),
        since=until - timedelta(days=30),
        until=until,
        **{"opening": None, **changes},
    )


def finding(verdict: Verdict, reason: str) -> Any:
    (found,) = (one for one in verdict.findings if one.reason == reason)
    return found


def test_the_opening_joins_the_use(screener: Screener, clock: Clock) -> None:
    number = opened(screener, clock)
    clock.advance(days=6)
    verdict = screener.check_usage(number, used(number, clock.now, calls=FANNING))
    assert verdict.application_id == "open-0"
    assert verdict.usage is not None
    assert verdict.usage.number == Keyring(SECRET.encode()).msisdn(number)
    new = finding(verdict, "usage_opening.new_and_busy")
    assert (new.state, new.observed, new.unit) == (State.FLAGGED, 6.0, "days old")
    assert finding(verdict, "usage_opening.many_numbers").observed == 1
    assert finding(verdict, "usage_opening.many_openings").observed == 1
    assert verdict.decided_at == clock.now


def test_an_old_number_is_not_new(screener: Screener, clock: Clock) -> None:
    number = opened(screener, clock)
    clock.advance(days=90)
    verdict = screener.check_usage(number, used(number, clock.now, calls=FANNING))
    assert finding(verdict, "usage_opening.new_and_busy").state is State.PASSED


def test_its_holders_numbers_and_openings_count(screener: Screener, clock: Clock) -> None:
    first = opened(screener, clock)
    opened(screener, clock, seed=0, application_id="second", sim={"iccid": STORE_ICCIDS[50], "msisdn": "+8613900001001",
                                                                   "imsi": "460000000001001"})  # fmt: skip
    clock.advance(days=40)
    verdict = screener.check_usage(first, used(first, clock.now))
    assert finding(verdict, "usage_opening.many_numbers").observed == 2
    assert finding(verdict, "usage_opening.many_openings").observed == 2


def test_what_came_after_the_window_is_not_known(screener: Screener, clock: Clock) -> None:
    number = opened(screener, clock)
    clock.advance(days=40)
    early = used(number, NOW - timedelta(days=1), calls=FANNING)
    verdict = screener.check_usage(number, early)
    assert finding(verdict, "usage_opening.new_and_busy").cause == "line_unknown"
    assert verdict.application_id is None


def test_a_line_from_elsewhere_is_judged_by_its_use(screener: Screener, clock: Clock) -> None:
    verdict = screener.check_usage("+8613900009999", used("+8613900009999", clock.now))
    assert verdict.decision is Decision.ACCEPT
    assert finding(verdict, "usage_opening.many_numbers").cause == "line_unknown"


def test_facts_that_came_along_hold_where_the_history_knows_none(screener: Screener, clock: Clock) -> None:
    usage = used("+8613900009999", clock.now, opening=number_usage().opening)
    verdict = screener.check_usage("+8613900009999", usage)
    assert finding(verdict, "usage_opening.many_numbers").state is State.PASSED


CAMPAIGN = {
    "counterparts": 900,
    "per_counterpart": 1.1,
    "outgoing_share": 0.97,
    "returned_share": 0.01,
    "answered_share": 0.3,
}


@pytest.mark.parametrize("is_unit", [True, False])
def test_a_declared_use_counts_where_an_organisation_opened(
    screener: Screener, clock: Clock, *, is_unit: bool
) -> None:
    parts: dict[str, Any] = (
        {"organisation": ORGANISATION, "representative": REPRESENTATIVE} if is_unit else {}
    )
    number = opened(screener, clock, **parts)
    clock.advance(days=60)
    usage = used(number, clock.now, calls=CAMPAIGN)
    assert screener.check_usage(number, usage).decision is Decision.REVIEW
    verdict = screener.check_usage(number, usage, declared_use="call_centre")
    assert (verdict.decision is Decision.ACCEPT) == is_unit
    assert finding(verdict, "calls.one_way").cause == ("declared_use" if is_unit else None)


def test_measures_run_from_the_decision(screener: Screener, clock: Clock) -> None:
    number = opened(screener, clock)
    clock.advance(days=90)
    usage = used(number, clock.now - timedelta(days=2), calls=CAMPAIGN, devices={"numbers_in_device": 9})
    verdict = screener.check_usage(number, usage)
    assert "usage_pattern.restrict" in verdict.reasons
    (action,) = verdict.line_actions
    assert (action.service, action.status) == ("voiceSmsOut", "suspended")
    assert action.expires_at == clock.now + timedelta(hours=72)


WRONG = [
    ("another number's", {"number": "0" * 64}),
    ("a window in the future", {"until": NOW + timedelta(days=1)}),
    ("a window without a zone", {"until": datetime(2026, 11, 1)}),  # noqa: DTZ001  # that is the fault
    ("a window of no time", {"since": NOW}),
]


@pytest.mark.parametrize(("why", "changes"), WRONG, ids=[row[0] for row in WRONG])
def test_what_cannot_be_is_an_input_error(
    why: str, changes: dict[str, Any], screener: Screener, clock: Clock
) -> None:
    number = "+8613900009999"
    with pytest.raises(InputError) as raised:
        screener.check_usage(number, replace(used(number, clock.now), **changes))
    assert number[-8:] not in str(raised.value)


@pytest.mark.parametrize("number", ["", "12", "not a number"])
def test_what_is_no_number_is_an_input_error(number: str, screener: Screener, clock: Clock) -> None:
    with pytest.raises(InputError):
        screener.check_usage(number, used("+8613900009999", clock.now))


def test_only_a_usage_is_judged(screener: Screener) -> None:
    with pytest.raises(InputError):
        screener.check_usage("+8613900009999", {"calls": 3})  # type: ignore[arg-type]  # that is the fault


def test_a_number_is_found_under_a_former_secret(clock: Clock, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'kyc.db'}"
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=OTHER_SECRET) as before:
        before.allocate("store-1", STORE_ICCIDS)
        number = opened(before, clock)
    clock.advance(days=3)
    with Screener.open(
        url, faces=FakeFaceEngine(), clock=clock, secret=SECRET, former_secrets=[OTHER_SECRET]
    ) as screener:
        for secret in (OTHER_SECRET, SECRET):
            verdict = screener.check_usage(number, used(number, clock.now, secret))
            assert verdict.application_id == "open-0"


def test_nothing_is_recorded(screener: Screener, clock: Clock) -> None:
    number = opened(screener, clock)
    clock.advance(days=3)
    usage = used(number, clock.now)
    one, other = (screener.check_usage(number, usage) for _ in range(2))
    assert one.findings == other.findings
    assert one.verdict_id != other.verdict_id
