"""Lines over time: chains, swaps of card and device, what is held. Keys are short words here."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc import line
from simkyc.application import AreaDivisions, Restriction
from simkyc.history.protocol import Binding, OpeningKeys, Seen
from simkyc.line import Change, chain_of, device_changes, devices_seen, held_line, sim_changes, swap_report

START = datetime(2026, 1, 1, tzinfo=UTC)
BOUND = Restriction(imei_bind=True, area=None)
HERE = Restriction(imei_bind=False, area=AreaDivisions(divisions=("320500",)))


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def did(kind: Any, number: float, **changes: Any) -> Binding:
    """Carried out on that day, a minute after it was decided."""
    fields: dict[str, Any] = {
        "application_id": f"{kind}-{number}",
        "kind": kind,
        "service": "personal",
        "person": "ann",
        "device": "phone",
        "second_device": None,
        "iccid": "card",
        "imsi": "imsi",
        "decided_at": day(number) - timedelta(minutes=1),
        "opened_at": day(number),
        "ended_at": None,
        "restriction_json": None,
    }
    return Binding(**fields | changes)


def history(*bindings: Binding, given_up: float | None = None) -> tuple[Binding, ...]:
    """As a history tells it: whatever binds the number ends what bound it before."""
    told = list(bindings)
    for place, binding in enumerate(told):
        later = next((b for b in told[place + 1 :] if b.kind in line.BINDING_KINDS), None)
        if binding.kind in line.BINDING_KINDS and binding.ended_at is None:
            ended = later.opened_at if later else None if given_up is None else day(given_up)
            told[place] = _ended(binding, ended)
    return tuple(told)


def _ended(binding: Binding, at: datetime | None) -> Binding:
    return replace(binding, ended_at=at)


def seen(*where: tuple[datetime, str]) -> tuple[Seen, ...]:
    return tuple(Seen(at, device, None) for at, device in where)


OPENED = did("opening", 0)
NEW_CARD: dict[str, Any] = {"iccid": "card-2", "imsi": "imsi-2"}
REPLACED = did("replacement", 10, **NEW_CARD)
HANDED = did("transfer", 10, person="bob", imsi=None)
MOVED = did("esim_move", 10, iccid="card-2", device="phone-2")

CHAINS = [
    ("never bound", (), ()),
    ("a loss report alone", (did("loss_report", 1),), ()),
    ("opened", history(OPENED), ("opening",)),
    ("opened and given up", history(OPENED, given_up=5), ()),
    ("a new card", history(OPENED, REPLACED), ("opening", "replacement")),
    ("a new card, then given up", history(OPENED, REPLACED, given_up=20), ()),
    ("handed over", history(OPENED, HANDED), ("opening", "transfer")),
    (
        "lost and restored binds nothing",
        history(OPENED, did("loss_report", 3), did("reactivation", 4)),
        ("opening",),
    ),
    (
        "a recycled number begins anew",
        history(OPENED, REPLACED, did("opening", 90, person="bob")),
        ("opening",),
    ),
    (
        "a recycled number, and a new card for it",
        history(OPENED, did("opening", 90, person="bob"), did("replacement", 95, person="bob")),
        ("opening", "replacement"),
    ),
    (
        "given up, and bound again by a line that was on no record",
        history(_ended(OPENED, day(5)), did("replacement", 90, person="bob")),
        ("replacement",),
    ),
    ("from before this history, a new card", history(REPLACED), ("replacement",)),
    ("from before this history, twice", history(HANDED, did("esim_move", 20)), ("transfer", "esim_move")),
]


@pytest.mark.parametrize(("why", "bindings", "kinds"), CHAINS, ids=[row[0] for row in CHAINS])
def test_chains(why: str, bindings: tuple[Binding, ...], kinds: tuple[str, ...]) -> None:
    assert tuple(binding.kind for binding in chain_of(bindings)) == kinds


def test_a_recycled_number_is_its_new_holders() -> None:
    (only,) = chain_of(history(OPENED, did("opening", 90, person="bob")))
    assert only.person == "bob"


SIM_CHANGES = [
    ("the first card", history(OPENED), (0,)),
    ("another card", history(OPENED, REPLACED), (0, 10)),
    ("handed over with its card", history(OPENED, HANDED), (0,)),
    (
        "handed over with another card",
        history(OPENED, did("transfer", 10, iccid="card-2", imsi=None)),
        (0, 10),
    ),
    (
        "handed over twice with one other card",
        history(
            OPENED,
            did("transfer", 10, iccid="card-2", imsi=None),
            did("transfer", 20, iccid="card-2", imsi=None),
        ),
        (0, 10),
    ),
    ("an eSIM moves with its IMSI", history(OPENED, MOVED), (0,)),
    ("an eSIM moves with another IMSI", history(OPENED, did("esim_move", 10, **NEW_CARD)), (0, 10)),
    (
        "a new card, handed over with it, and another new card",
        history(
            OPENED,
            REPLACED,
            did("transfer", 20, iccid="card-2", imsi=None),
            did("replacement", 30, iccid="card-3", imsi="imsi-3"),
        ),
        (0, 10, 30),
    ),
    (
        "back to a card with the first IMSI",
        history(OPENED, REPLACED, did("replacement", 20, iccid="card-3")),
        (0, 10, 20),
    ),
    ("the same card bound again", history(OPENED, did("replacement", 10)), (0,)),
]


@pytest.mark.parametrize(("why", "bindings", "days"), SIM_CHANGES, ids=[row[0] for row in SIM_CHANGES])
def test_sim_changes(why: str, bindings: tuple[Binding, ...], days: tuple[int, ...]) -> None:
    assert sim_changes(chain_of(bindings)) == tuple(map(day, days))


TWO = {"device": "slot-1", "second_device": "slot-2"}
TURNED = {"device": "slot-2", "second_device": "slot-1"}
SIGHTINGS = [
    ("never", history(OPENED), (), 0),
    ("one phone all along", history(OPENED), ((1, "phone"), (2, "phone")), 0),
    ("one change", history(OPENED), ((1, "phone"), (2, "other")), 1),
    ("there and back", history(OPENED), ((1, "phone"), (2, "other"), (3, "phone")), 2),
    ("the second slot of one phone", history(did("opening", 0, **TWO)), ((1, "slot-1"), (2, "slot-2")), 0),
    (
        "its IMEIs declared the other way round later",
        history(did("opening", 0, **TWO), did("replacement", 10, **NEW_CARD | TURNED)),
        ((1, "slot-1"), (11, "slot-2"), (12, "slot-1")),
        0,
    ),
    (
        "two pairs with one IMEI in common are one phone",
        history(
            did("opening", 0, **TWO),
            did("replacement", 10, device="slot-0", second_device="slot-1", **NEW_CARD),
        ),
        ((1, "slot-2"), (11, "slot-0")),
        0,
    ),
    (
        "out of a phone for two cards",
        history(did("opening", 0, **TWO)),
        ((1, "slot-2"), (2, "other"), (3, "slot-1")),
        2,
    ),
    ("two phones that nobody declared as one", history(OPENED), ((1, "slot-1"), (2, "slot-2")), 1),
    ("the holder before does not count", history(OPENED), ((-5, "other"), (1, "phone")), 0),
    ("tried before it was settled", history(OPENED), ((-1 / 1440, "other"), (1, "phone")), 1),
]


@pytest.mark.parametrize(
    ("why", "bindings", "where", "changes"), SIGHTINGS, ids=[row[0] for row in SIGHTINGS]
)
def test_device_changes(
    why: str, bindings: tuple[Binding, ...], where: tuple[tuple[float, str], ...], changes: int
) -> None:
    found = devices_seen(chain_of(bindings), seen(*((day(at), device) for at, device in where)))
    assert len(device_changes(found)) == changes


def test_nothing_is_seen_of_a_number_that_is_bound_to_nothing() -> None:
    assert devices_seen((), seen((day(1), "phone"))) == ()


@given(st.lists(st.sampled_from("abcd"), max_size=8))
def test_there_are_as_many_changes_as_neighbours_that_differ(where: list[str]) -> None:
    found = devices_seen(chain_of(history(OPENED)), seen(*((day(k + 1), d) for k, d in enumerate(where))))
    assert len(device_changes(found)) == sum(a != b for a, b in itertools.pairwise(where))


DECLARED = [
    ("none ever", history(did("opening", 0, device=None)), set()),
    ("by one IMEI", history(OPENED), {"phone"}),
    ("by two", history(did("opening", 0, **TWO)), {"slot-1", "slot-2"}),
    ("by the last who named one", history(OPENED, did("replacement", 10, device=None)), {"phone"}),
    (
        "not by an older second IMEI",
        history(did("opening", 0, **TWO), did("replacement", 10, device="slot-1")),
        {"slot-1"},
    ),
]


@pytest.mark.parametrize(("why", "bindings", "imeis"), DECLARED, ids=[row[0] for row in DECLARED])
def test_the_declared_device(why: str, bindings: tuple[Binding, ...], imeis: set[str]) -> None:
    assert line.declared_imeis(chain_of(bindings)) == imeis


def test_a_restriction_holds_until_another_is_said() -> None:
    bound = did("opening", 0, service="iot", restriction_json=BOUND.to_json())
    silent = did("replacement", 10, service="iot", **NEW_CARD)
    here = did("replacement", 10, service="iot", restriction_json=HERE.to_json())
    assert line.restriction_of(chain_of(history(bound))) == BOUND
    assert line.restriction_of(chain_of(history(bound, silent))) == BOUND
    assert line.restriction_of(chain_of(history(bound, here))) == HERE
    assert line.restriction_of(chain_of(history(OPENED))) is None


KEYS = OpeningKeys(
    person="ann",
    device="phone",
    iccid="card",
    msisdn="number",
    store_id="s",
    dealer_id=None,
    clerk_id="c",
    imsi="imsi",
)
WINDOWS = (30 * 86_400, 365 * 86_400)


def held(
    bindings: tuple[Binding, ...],
    *where: tuple[datetime, str],
    now: datetime | None = None,
    transferor: str | None = None,
    **keys: Any,
) -> Any:
    return held_line(bindings, seen(*where), replace(KEYS, **keys), transferor, WINDOWS, now or day(40))


def test_a_line_on_no_record_is_none() -> None:
    assert held(()) is None
    assert held(history(OPENED, given_up=3)) is None


@pytest.mark.parametrize(
    ("bindings", "person", "transferor", "holder"),
    [
        (history(OPENED), "ann", None, "applicant"),
        (history(OPENED), "bob", None, None),
        (history(OPENED), "bob", "ann", "transferor"),
        (history(OPENED, HANDED), "ann", None, None),
        (history(OPENED, HANDED), "bob", None, "applicant"),
        (history(OPENED), "ann", "ann", "applicant"),
        (history(OPENED), None, None, None),
        (history(did("opening", 0, person=None)), None, None, None),
    ],
    ids=[
        "the holder",
        "a stranger",
        "the holder gives it away",
        "who gave it away holds it no more",
        "who got it does",
        "whoever gives it to themselves",
        "an applicant whose number is none",
        "nobody is no holder",
    ],
)
def test_who_holds_it(
    bindings: tuple[Binding, ...], person: str | None, transferor: str | None, holder: str | None
) -> None:
    found = held(bindings, person=person, transferor=transferor)
    assert found.held_by == holder


@pytest.mark.parametrize(
    ("bindings", "keys", "card", "imsi"),
    [
        (history(OPENED), {}, True, True),
        (history(OPENED, REPLACED), {}, False, False),
        (history(OPENED, MOVED), {}, False, True),
        (history(OPENED, HANDED), {}, True, True),
        (history(OPENED, HANDED), {"imsi": "other"}, True, False),
        (history(OPENED), {"iccid": None, "imsi": None}, None, None),
        (history(did("transfer", 0, imsi=None)), {}, True, None),
    ],
    ids=[
        "its card",
        "the card before",
        "an eSIM before it moved",
        "handed over: the IMSI is that of the card before",
        "a copy",
        "no card is named",
        "its IMSI was never said",
    ],
)
def test_whether_the_card_is_its_own(
    bindings: tuple[Binding, ...], keys: dict[str, Any], card: bool | None, imsi: bool | None
) -> None:
    found = held(bindings, **keys)
    assert (found.card_agrees, found.imsi_agrees) == (card, imsi)


LOST = did("loss_report", 20)
LOSSES = [
    ("never", history(OPENED), None),
    ("lost", history(OPENED, LOST), 20),
    ("lost and restored", history(OPENED, LOST, did("reactivation", 21)), None),
    ("lost and a new card", history(OPENED, LOST, did("replacement", 21, **NEW_CARD)), None),
    ("lost, and the eSIM loaded again", history(OPENED, LOST, did("esim_move", 21)), None),
    ("lost again", history(OPENED, LOST, did("reactivation", 21), did("loss_report", 30)), 30),
    ("reported twice", history(OPENED, LOST, did("loss_report", 22)), 22),
    ("handed over although it is lost", history(OPENED, LOST, did("transfer", 21)), 20),
    ("lost by the holder before", history(OPENED, LOST, did("opening", 30)), None),
    ("restored before it was lost", history(OPENED, did("reactivation", 10), LOST), 20),
]


@pytest.mark.parametrize(("why", "bindings", "when"), LOSSES, ids=[row[0] for row in LOSSES])
def test_losses(why: str, bindings: tuple[Binding, ...], when: int | None) -> None:
    assert held(bindings).lost_at == (None if when is None else day(when))


def test_what_changed_last() -> None:
    found = held(
        history(OPENED, REPLACED, did("replacement", 35, iccid="card-3", imsi="imsi-3")),
        (day(1), "phone"),
        (day(36), "other"),
    )
    assert (found.sim_changed_at, found.device_changed_at) == (day(35), day(36))
    assert found.replacements == {WINDOWS[0]: 1, WINDOWS[1]: 2}
    unchanged = held(history(OPENED), (day(1), "phone"))
    assert (unchanged.sim_changed_at, unchanged.device_changed_at) == (None, None)
    assert (unchanged.opened_at, unchanged.service, unchanged.restriction) == (day(0), "personal", None)


def test_a_window_is_half_open() -> None:
    now, bindings = day(40), history(OPENED, REPLACED)  # thirty days before
    assert held(bindings, now=now).replacements[WINDOWS[0]] == 0
    assert held(bindings, now=now - timedelta(seconds=1)).replacements[WINDOWS[0]] == 1
    assert line.counts([day(10)], WINDOWS, now) == {WINDOWS[0]: 0, WINDOWS[1]: 1}


SWAPS = [
    ("a new subscription", history(OPENED), (day(0), True, day(0)), 24, 1),
    ("opened longer ago than asked", history(OPENED), (day(0), False, day(0)), 24, 48),
    ("exactly as long ago as asked", history(OPENED), (day(0), False, day(0)), 24, 24),
    ("a second less", history(OPENED), (day(0), True, day(0)), 24, 24 - 1 / 3600),
    ("a new card", history(OPENED, REPLACED), (day(10), True, day(0)), 24, 245),
    ("a new card a while ago", history(OPENED, REPLACED), (day(10), False, day(0)), 24, 24 * 20),
    ("an eSIM that moved", history(OPENED, MOVED), (day(0), False, day(0)), 24, 245),
    ("handed over with its card", history(OPENED, HANDED), (day(0), False, day(0)), 24, 245),
    ("on no record", (), (None, None, None), 24, 245),
    ("monitored since a transfer, too short", history(HANDED), (None, None, day(10)), 24, 245),
    ("monitored since a transfer, long enough", history(HANDED), (None, False, day(10)), 24, 24 * 20),
    ("monitored since a new card", history(REPLACED), (day(10), True, day(10)), 24, 245),
]


@pytest.mark.parametrize(("why", "bindings", "change", "age", "at"), SWAPS, ids=[row[0] for row in SWAPS])
def test_sim_swaps(
    why: str,
    bindings: tuple[Binding, ...],
    change: tuple[datetime | None, bool | None, datetime | None],
    age: int,
    at: float,
) -> None:
    assert swap_report(bindings, (), timedelta(hours=age), hour(at)).sim == Change(*change)


DEVICE_SWAPS = [
    ("never seen", history(OPENED), (), (None, None, None), 30),
    ("first used today", history(OPENED), ((2, "phone"),), (hour(2), True, hour(2)), 20),
    ("first used yesterday", history(OPENED), ((2, "phone"),), (hour(2), False, hour(2)), 30),
    (
        "tried before it was settled",
        history(OPENED),
        ((-1 / 60, "phone"),),
        (hour(-1 / 60), True, hour(-1 / 60)),
        2,
    ),
    (
        "another phone today",
        history(OPENED),
        ((2, "phone"), (90, "other")),
        (hour(90), True, hour(2)),
        100,
    ),
    (
        "another phone last week",
        history(OPENED),
        ((2, "phone"), (9, "other")),
        (hour(9), False, hour(2)),
        200,
    ),
    (
        "first seen long after: too short to tell",
        history(OPENED),
        ((500, "phone"),),
        (None, None, hour(500)),
        510,
    ),
    (
        "first seen long after: long enough",
        history(OPENED),
        ((500, "phone"),),
        (None, False, hour(500)),
        600,
    ),
    (
        "first seen long after, then moved",
        history(OPENED),
        ((500, "phone"), (505, "other")),
        (hour(505), True, hour(500)),
        510,
    ),
    (
        "a line from before this history is not new",
        history(HANDED),
        ((241, "phone"),),
        (None, None, hour(241)),
        250,
    ),
    (
        "an eSIM that moved with its IMSI",
        history(OPENED, MOVED),
        ((2, "phone"), (241, "phone-2")),
        (hour(241), True, hour(2)),
        250,
    ),
]


@pytest.mark.parametrize(
    ("why", "bindings", "where", "change", "at"), DEVICE_SWAPS, ids=[row[0] for row in DEVICE_SWAPS]
)
def test_device_swaps(
    why: str,
    bindings: tuple[Binding, ...],
    where: tuple[tuple[float, str], ...],
    change: tuple[datetime | None, bool | None, datetime | None],
    at: float,
) -> None:
    sightings = seen(*((hour(when), device) for when, device in where))
    assert swap_report(bindings, sightings, timedelta(hours=24), hour(at)).device == Change(*change)


def test_an_esim_that_moves_is_a_change_of_the_device_and_no_sim_swap() -> None:
    report = swap_report(
        history(OPENED, MOVED), seen((day(1), "phone"), (day(10), "phone-2")), timedelta(days=1), day(10.5)
    )
    assert (report.sim.swapped, report.device.swapped) == (False, True)


@given(
    st.integers(1, 2400),
    st.integers(1, 2400),
    st.floats(0, 5000),
    st.lists(st.tuples(st.floats(0, 5000), st.sampled_from("ab")), max_size=5),
)
def test_what_was_swapped_within_an_age_was_within_a_longer_one(
    hours: int, more: int, now: float, where: list[tuple[float, str]]
) -> None:
    sightings = seen(*((hour(at), device) for at, device in sorted(where)))
    for bindings in (history(OPENED), history(OPENED, REPLACED), history(HANDED)):
        short, long = (
            swap_report(bindings, sightings, timedelta(hours=age), hour(now)) for age in (hours, hours + more)
        )
        for one, other in ((short.sim, long.sim), (short.device, long.device)):
            assert not (one.swapped is True and other.swapped is not True)
            assert not (one.swapped is None and other.swapped is False)
            assert one.latest_at == other.latest_at


@pytest.mark.parametrize(
    ("at", "by"),
    [
        pytest.param(
            None, "replacement-9", id="whoever has it now, though how they came to it is not on record"
        ),
        pytest.param(10, "replacement-9", id="the same, said with the time"),
        pytest.param(3, "opening-1", id="whoever had it then"),
        pytest.param(7, "opening-1", id="between the two the one before"),
        pytest.param(0, "opening-1", id="before all the first"),
    ],
)
def test_who_had_a_number_at_a_time(at: float | None, by: str) -> None:
    told = (did("loss_report", 0.5), did("opening", 1, ended_at=day(5)), did("replacement", 9, person="eve"))
    found = line.opened_by(told, None if at is None else day(at))
    assert found is not None
    assert found.application_id == by
    assert line.opened_by((told[0],), None) is None
