"""A secret is replaced: everything that is met again is known as before, and the old one opens nothing any more."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from simkyc import Application, Decision, Screener, Verdict
from simkyc.errors import HistorySecretError, InputError, SettlementError
from simkyc.history.keys import Keyring
from simkyc.history.schema import TABLES
from simkyc.line import Sighting
from simkyc.lists.watch import WatchEntryRow, WatchRow
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, party, swatch

A, B, C = "the secret of last year", "the secret of this year", "nobody's secret at all"
KINDS = ("sqlite-file", "postgresql-alone")
FRIEND = "+8613811112222"


@dataclass
class Deployment:
    """One history that is opened under one secret after the other, by a clock that stands until moved."""

    url: str
    clock: Clock

    @contextmanager
    def under(self, secret: str, *former: str) -> Iterator[Screener]:
        with Screener.open(
            self.url, faces=FakeFaceEngine(), clock=self.clock, secret=secret, former_secrets=former
        ) as screener:
            yield screener

    def keys(self) -> dict[str, set[str]]:
        """Identifiers of the secrets whose keys stand in each column of each table."""
        engine = create_engine(self.url.replace("postgresql://", "postgresql+psycopg://"))
        found: dict[str, set[str]] = {}
        with engine.connect() as connection:
            for table in TABLES.tables.values():
                for row in connection.execute(text(f"SELECT * FROM {table.name}")).mappings():
                    for name, value in row.items():
                        if isinstance(value, str) and len(value) == 64 and "key" in name:
                            found.setdefault(f"{table.name}.{name}", set()).add(value[:8])
        engine.dispose()
        return found


@pytest.fixture(params=KINDS)
def deployed(
    request: pytest.FixtureRequest, url_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> Deployment:
    monkeypatch.delenv("SIMKYC_SECRET", raising=False)
    monkeypatch.delenv("SIMKYC_FORMER_SECRETS", raising=False)
    return Deployment(url_of(request.param), Clock())


def honest(
    seed: int, clock: Clock, face: int | None = None, serial: int | None = None, **more: Any
) -> Application:
    """Person number `seed`; `serial` gives them a further card, number and identifier."""
    photo = {"data": swatch(seed if face is None else face)}
    fields: dict[str, Any] = {
        "live_photo": photo,
        "document": {"portrait": photo},
        "applied_at": clock.now,
        "contact_number": f"+861380000{seed:04d}",
    }
    if serial is not None:
        fields["application_id"] = f"again-{seed}-{serial}"
        fields["sim"] = {
            "iccid": STORE_ICCIDS[serial],
            "imsi": f"46000{serial + 1:010d}",
            "msisdn": f"+86139{serial + 10_000_000:08d}",
        }
    return application(seed, **{**fields, **more})


def opened(screener: Screener, one: Application) -> Verdict:
    verdict = screener.screen(one)
    assert verdict.decision in {Decision.ACCEPT, Decision.REVIEW}, verdict.reasons
    approved = "supervisor-1" if verdict.decision is Decision.REVIEW else None
    screener.settle(one.application_id, opened=True, approved_by=approved)
    return verdict


def told(verdict: Verdict) -> list[tuple[Any, ...]]:
    """What a verdict found, without when it was asked."""
    return [
        (one.reason, one.subject, one.state, one.observed, one.limit, one.cause, one.evidence)
        for one in verdict.findings
        if one.reason != "counter_clock.differs"
    ]


def life(screener: Screener, clock: Clock) -> None:
    """People, devices, contacts, representatives, lines, sightings, lists and faces."""
    screener.allocate("store-1", STORE_ICCIDS)
    listed = honest(6, clock)
    screener.lists.watch(
        [
            WatchEntryRow(
                list="joint_punishment",
                source="police",
                kind="resident_id",
                number=one.document.number,
                basis="a rule",
                since=clock.now - timedelta(days=9),
            )
            for one in (listed, honest(7, clock))
        ]
    )
    for seed in (0, 1, 2):
        opened(screener, honest(seed, clock, contact_number=FRIEND))
        clock.advance(minutes=20)
    opened(screener, honest(0, clock, serial=20))
    screener.screen(honest(3, clock, live_photo=None, representative=party(1, authorisation=None)))
    line = honest(0, clock)
    assert line.device is not None
    for minutes in (1, 2):
        clock.advance(minutes=minutes)
        screener.activated(
            Sighting(msisdn=line.sim.msisdn, imsi=line.sim.imsi, imei=line.device.imei, seen_at=clock.now)
        )
    screener.report_outcome(honest(2, clock).sim.msisdn, is_fraud=True)
    clock.advance(days=1)


def questions(clock: Clock) -> dict[str, Application]:
    """Applications that touch everything that was remembered."""
    device = honest(0, clock).device
    return {
        "a further number of one person": honest(0, clock, serial=30),
        "a contact of many": honest(4, clock, contact_number=FRIEND),
        "a device of another": honest(4, clock, device=device),
        "a card that was issued": honest(4, clock, sim={"iccid": STORE_ICCIDS[0]}),
        "a number in use": honest(4, clock, sim={"msisdn": honest(0, clock).sim.msisdn}),
        "an escort": honest(4, clock, live_photo=None, representative=party(1, authorisation=None)),
        "somebody listed": honest(6, clock),
        "a face under another ID": honest(5, clock, face=1),
        "an ID with another face": honest(2, clock, face=9, serial=31),
        "a replacement": honest(
            0, clock, application_id="new-card", kind="replacement", sim={"iccid": STORE_ICCIDS[40]}
        ),
    }


def test_everything_that_is_met_again_is_known_as_before(deployed: Deployment) -> None:
    clock = deployed.clock
    with deployed.under(A) as screener:
        life(screener, clock)
        before = {name: told(screener.preview(one)) for name, one in questions(clock).items()}
        line = honest(0, clock).sim.msisdn
        checked, swapped = told(screener.check_line(line)), screener.check_swap(line)
        replayed = screener.screen(honest(0, clock, applied_at=NOW, contact_number=FRIEND))
    with deployed.under(B, A) as screener:
        assert screener.check_swap(line) == swapped
        assert told(screener.check_line(line)) == checked
        for name, one in questions(clock).items():
            assert told(screener.preview(one)) == before[name], name
            assert told(screener.preview(one)) == before[name], f"{name}, again"
        assert told(screener.check_line(line)) == checked
        assert screener.check_swap(line) == swapped
        assert screener.screen(honest(0, clock, applied_at=NOW, contact_number=FRIEND)) == replayed
        with pytest.raises(InputError, match="another application"):
            screener.screen(honest(0, clock, applied_at=NOW, contact_number="+8613800000000"))


def test_a_limit_holds_across_the_change(deployed: Deployment) -> None:
    clock = deployed.clock
    with deployed.under(A) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        for serial in range(10, 13):
            opened(screener, honest(0, clock, serial=serial))
            clock.advance(days=40)
    with deployed.under(B, A) as screener:
        for serial in range(13, 15):
            opened(screener, honest(0, clock, serial=serial))
            clock.advance(days=40)
        sixth = screener.screen(honest(0, clock, serial=15))
        assert "openings.number_cap" in sixth.reasons
        screener.close_number("again-0-10")
        assert "openings.number_cap" not in screener.preview(honest(0, clock, serial=16)).reasons


def test_a_line_stays_in_its_device(deployed: Deployment) -> None:
    """Told again under a new secret, the device and the card are still those of the line."""
    clock = deployed.clock
    one = honest(0, clock)
    assert one.device is not None
    with deployed.under(A) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        opened(screener, one)
        seen = Sighting(msisdn=one.sim.msisdn, imsi=one.sim.imsi, imei=one.device.imei, seen_at=clock.now)
        first = screener.activated(seen)
        assert first.line_state == "bound"
        swapped = screener.check_swap(one.sim.msisdn)
    clock.advance(hours=1)
    with deployed.under(B, A) as screener:
        assert screener.activated(seen).line_state == "bound"
        later = seen.model_copy(update={"seen_at": clock.now})
        assert screener.activated(later).line_state == "bound"
        assert screener.check_swap(one.sim.msisdn) == swapped
        screener.screen(honest(0, clock, serial=20))  # meets the device again
        assert screener.check_line(one.sim.msisdn).line_state == "bound"
    key_id = Keyring(B.encode()).key_id
    kept = deployed.keys()
    for column in ("msisdn_key", "device_key", "imsi_key"):
        assert kept[f"sighting.{column}"] == {key_id}


def test_who_is_taken_off_a_list_under_a_new_secret_is_off_it(deployed: Deployment) -> None:
    clock = deployed.clock
    one = honest(6, clock)
    named: dict[str, Any] = {
        "list": "joint_punishment",
        "source": "police",
        "kind": "resident_id",
        "number": one.document.number,
    }
    entry = WatchEntryRow.model_validate({**named, "basis": "a rule", "since": NOW - timedelta(days=9)})
    with deployed.under(A) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        screener.lists.watch([entry])
        refused = screener.preview(one)
        assert refused.decision is Decision.REFUSE
    clock.advance(minutes=1)
    with deployed.under(B, A) as screener:
        again = screener.lists.watch([entry])
        assert (again.added, again.unchanged) == (0, 1)
        clock.advance(minutes=1)
        assert screener.lists.unwatch([WatchRow.model_validate(named)]).removed == 1
        clock.advance(minutes=1)
        assert screener.preview(one).decision is not Decision.REFUSE


def test_what_is_met_again_has_the_new_secrets_keys(deployed: Deployment) -> None:
    clock = deployed.clock
    old, new = Keyring(A.encode()).key_id, Keyring(B.encode()).key_id
    with deployed.under(A) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        opened(screener, honest(0, clock))
        opened(screener, honest(1, clock))
    assert set().union(*deployed.keys().values()) == {old}
    clock.advance(minutes=1)
    with deployed.under(B, A) as screener:
        screener.preview(honest(0, clock))
    kept = deployed.keys()
    assert kept["application.person_key"] == {old, new}
    clock.advance(minutes=1)
    with deployed.under(B, A) as screener:
        screener.preview(honest(1, clock))
    kept = deployed.keys()
    for column in ("person_key", "msisdn_key", "imsi_key", "device_key"):
        assert kept[f"application.{column}"] == {new}, column
    assert kept["shared_key.shared_key"] == kept["shared_key.person_key"] == {new}
    assert kept["face_template.person_key"] == {new}


def test_afterwards_the_old_secret_opens_nothing(deployed: Deployment) -> None:
    with deployed.under(A) as screener:
        life(screener, deployed.clock)
    with deployed.under(B, A):
        pass
    for secret, former in ((A, ()), (A, (C,)), (C, ()), (C, (A,)), (C, (A, A))):
        with pytest.raises(HistorySecretError) as caught, deployed.under(secret, *former):
            pytest.fail("it was opened")
        said = "".join(traceback.format_exception(caught.value, chain=True)[-1:]) + repr(caught.value)
        assert not any(one in said for one in (A, B, C))
    with deployed.under(B, A), deployed.under(B), deployed.under(B, C), deployed.under(C, B):
        pass


def test_without_the_old_secret_only_what_was_met_since_is_known(deployed: Deployment) -> None:
    clock = deployed.clock
    with deployed.under(A) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        for seed in (0, 1):
            opened(screener, honest(seed, clock))
    clock.advance(minutes=5)

    def numbers(screener: Screener, seed: int) -> float | None:
        verdict = screener.preview(honest(seed, clock, serial=30 + seed))
        return next(one.observed for one in verdict.findings if one.reason == "openings.number_cap")

    with deployed.under(B, A) as screener:
        assert numbers(screener, 0) == 2
    with deployed.under(B) as screener:
        assert numbers(screener, 0) == 2, "met since"
        assert numbers(screener, 1) == 1, "not met since: the old secret was let go too early"
        with pytest.raises(InputError):
            screener.screen(honest(0, clock, applied_at=NOW))
        with pytest.raises(SettlementError):
            screener.report_outcome(honest(1, clock).sim.msisdn, is_fraud=True)
    with deployed.under(B, A) as screener:
        assert numbers(screener, 1) == 2, "given again, it is all there"


def test_two_changes_in_a_row(deployed: Deployment) -> None:
    clock = deployed.clock
    with deployed.under(A) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        opened(screener, honest(0, clock))
    clock.advance(minutes=5)
    with deployed.under(B, A) as screener:
        opened(screener, honest(1, clock))
    clock.advance(days=2)
    with deployed.under(C, B, A) as screener:
        for seed in (0, 1):
            found = screener.preview(honest(seed + 4, clock, face=seed))
            assert "identity.face_under_other_id" in found.flagged
            again = screener.preview(honest(seed, clock, serial=30 + seed))
            assert next(one.observed for one in again.findings if one.reason == "openings.number_cap") == 2


def test_somebody_who_was_never_met_again_is_erased_all_the_same(deployed: Deployment) -> None:
    clock = deployed.clock
    one = honest(0, clock)
    with deployed.under(A) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        opened(screener, one)
    with deployed.under(B, A) as screener:
        with pytest.raises(SettlementError):
            screener.erase_person(one.document)
        screener.close_number("test-0")
        clock.advance(days=31)
        assert screener.erase_person(one.document) > 0
        assert screener.verdict("test-0") is None
        assert not screener.preview(honest(5, clock, face=0)).flagged


def test_the_environment_gives_former_secrets(deployed: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    with deployed.under(A) as screener:
        life(screener, deployed.clock)
    monkeypatch.setenv("SIMKYC_SECRET", B)
    with pytest.raises(HistorySecretError):
        Screener.open(deployed.url)
    monkeypatch.setenv("SIMKYC_FORMER_SECRETS", f"{C}\n{A}\n")
    clock = deployed.clock
    with Screener.open(deployed.url, faces=FakeFaceEngine(), clock=clock) as screener:
        assert "identity.face_under_other_id" in screener.preview(honest(5, clock, face=1)).flagged


@pytest.mark.parametrize("wrong", ["one text", b"one of bytes, as one", [7], ["short"]], ids=repr)
def test_what_are_no_former_secrets(wrong: Any, deployed: Deployment) -> None:
    with pytest.raises(InputError) as caught:
        Screener.open(deployed.url, secret=B, former_secrets=wrong)
    assert "one" not in str(caught.value).replace("not as one", "")
    assert "short" not in str(caught.value)
