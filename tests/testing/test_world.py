"""The simulated city: the same for a seed, honest where it says so, and fraud of every pattern as its label says."""

from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import numpy as np
import pytest

from simkyc import Decision, InputError, Policy, Screener
from simkyc.application import Application
from simkyc.faces.intake import decode
from simkyc.faces.template import distance
from simkyc.geo import distance_km
from simkyc.numbers import division
from simkyc.testing import STORE_ICCIDS, Clock, FakeCrowdEngine, World, application, play, snapshot, world
from simkyc.testing.city import (
    CUSTOMERS,
    PATTERNS,
    Closed,
    Delivered,
    Event,
    Outcome,
    Pattern,
    Played,
    Seen,
    Visit,
)
from simkyc.testing.contracts import FACE_ENGINE_CHECKS

SMALL = world(1, days=60, stores=6, people=260, fraud=0.2)
ALWAYS = {"document.holder_minor", "parties.represented"}
"""What sends every child and everybody represented to a supervisor."""


@pytest.fixture(scope="module")
def events() -> list[Event]:
    return list(SMALL.events())


@pytest.fixture(scope="module")
def visits(events: list[Event]) -> list[Visit]:
    return [event for event in events if isinstance(event, Visit)]


@pytest.fixture(scope="module")
def played() -> list[Played]:
    clock = Clock(SMALL.start)
    with Screener.open("sqlite://", faces=FakeCrowdEngine(), clock=clock) as screener:
        return list(play(screener, SMALL, clock))


# --- the city


def test_a_seed_gives_one_city(events: list[Event]) -> None:
    assert list(SMALL.events()) == events


def test_another_seed_gives_another() -> None:
    def numbers(seed: int) -> set[str]:
        city = world(seed, days=60, stores=6, people=100)
        return {event.application.document.number for event in city.events() if isinstance(event, Visit)}

    assert len(numbers(1) & numbers(2)) <= 2


def test_events_come_in_the_order_of_time(events: list[Event]) -> None:
    assert all(before.at <= after.at for before, after in itertools.pairwise(events))
    assert events[0].at >= SMALL.start
    assert events[-1].at < SMALL.start + timedelta(days=SMALL.days)
    for event in events:
        if isinstance(event, Visit):
            assert event.application.applied_at == event.at
        if isinstance(event, Seen):
            assert event.sighting.seen_at.replace(microsecond=0) == event.at


def test_events_are_made_as_they_are_asked_for() -> None:
    first = next(iter(world(1, days=3650, people=20_000).events()))
    assert isinstance(first, Delivered)


def test_everybody_comes(visits: list[Visit]) -> None:
    assert {visit.customer for visit in visits if visit.label is None} == set(CUSTOMERS)
    assert {visit.label.pattern for visit in visits if visit.label is not None} == set(PATTERNS)
    assert all((visit.customer is None) != (visit.label is None) for visit in visits)


def test_fraud_is_planted_in_the_share_that_was_asked_for() -> None:
    def planted(city: World) -> int:
        return sum(isinstance(event, Visit) and event.label is not None for event in city.events())

    assert planted(world(3, people=200, fraud=0)) == 0
    assert 80 <= planted(world(3, people=400, fraud=0.2)) <= 130


def test_what_belongs_to_an_application_follows_it(events: list[Event]) -> None:
    known: dict[str, Application] = {}
    delivered: dict[str, str] = {}
    for event in events:
        match event:
            case Delivered(_, store_id, cards):
                delivered |= dict.fromkeys((card.iccid for card in cards), store_id)
            case Visit(_, application, after=after):
                known[application.application_id] = application
                assert application.sim.iccid is not None
                assert delivered[application.sim.iccid] == application.store.store_id
                if after is not None:
                    assert application.kind == "replacement"
                    assert known[after].sim.msisdn == application.sim.msisdn
                    assert known[after].document.number == application.document.number
            case Seen(_, application_id, sighting):
                assert known[application_id].sim.msisdn == sighting.msisdn
            case Closed(_, application_id) | Outcome(_, application_id):
                assert application_id in known


def test_nothing_is_given_to_two_people(visits: list[Visit]) -> None:
    assert len({visit.application.application_id for visit in visits}) == len(visits)
    assert len({visit.application.sim.iccid for visit in visits}) == len(visits)
    names = defaultdict(set)
    for visit in visits:
        names[visit.application.document.number].add(visit.application.document.name)
    assert {len(named) for named in names.values()} == {1}


def test_outcomes_come_late_and_not_for_all(events: list[Event]) -> None:
    opened = {event.application.application_id: event for event in events if isinstance(event, Visit)}
    outcomes = [event for event in events if isinstance(event, Outcome)]
    assert all(event.at - opened[event.application_id].at >= timedelta(days=10) for event in outcomes)
    assert all(event.fraud == (opened[event.application_id].label is not None) for event in outcomes)
    frauds = sum(event.fraud for event in outcomes)
    assert 0 < frauds < sum(visit.label is not None for visit in opened.values())
    assert frauds < len(outcomes)


def test_a_store_opens_and_a_store_moves(visits: list[Visit]) -> None:
    at: dict[str, list[datetime]] = defaultdict(list)
    places: dict[str, list[str]] = defaultdict(list)
    for visit in visits:
        store = visit.application.store
        at[store.store_id].append(visit.at)
        places[store.store_id].append(store.division)
    assert min(at["store-6"]) >= SMALL.start + timedelta(days=30)
    assert all(
        min(moments) < SMALL.start + timedelta(days=10) for store, moments in at.items() if store != "store-6"
    )
    moved = {store for store, codes in places.items() if len(set(codes)) > 1}
    assert moved == {"store-5"}
    assert len(list(itertools.groupby(places["store-5"]))) == 2


def test_students_come_in_september_to_one_dormitory(visits: list[Visit]) -> None:
    students = [visit for visit in visits if visit.customer == "student"]
    assert {visit.at.month for visit in students} == {9}
    assert {visit.application.store.store_id for visit in students} == {"store-1"}
    assert len({visit.application.applicant.address for visit in students}) == 1


def test_clerks_serve_one_customer_after_the_other(visits: list[Visit]) -> None:
    by_clerk = defaultdict(list)
    for visit in visits:
        # Whoever is at two counters at once waits for nobody.
        if visit.label is None or visit.label.pattern != "speed":
            by_clerk[visit.application.clerk.clerk_id].append(visit.at)
    gaps = [after - before for moments in by_clerk.values() for before, after in itertools.pairwise(moments)]
    assert min(gaps) >= timedelta(seconds=90)


# --- the honest


def test_every_honest_application_is_acceptable_alone(events: list[Event]) -> None:
    clock = Clock(SMALL.start)
    with Screener.open("sqlite://", faces=FakeCrowdEngine(), clock=clock) as screener:
        for event in events:
            if isinstance(event, Delivered):
                screener.allocate(event.store_id, [card.iccid for card in event.cards])
        for event in events:
            if not isinstance(event, Visit) or event.label is not None or event.after is not None:
                continue
            verdict = screener.preview(event.application, at=event.at)
            assert set(verdict.reasons) <= ALWAYS, (event.customer, verdict.reasons)
            assert verdict.reasons == () or event.customer in {"family", "company", "represented"}


# --- the fraud: each ring does what its label says

Ring = list[Application]


def people(ring: Ring) -> int:
    return len({application.document.number for application in ring})


def faces(ring: Ring) -> list[bytes]:
    """Colours of the faces before the camera."""
    return [
        decode(application.live_photo.data)[40, 40].tobytes()
        for application in ring
        if application.live_photo is not None
    ]


def shared_most(values: Iterator[object]) -> float:
    """How large a share of the ring has the value that most of it has."""
    listed = list(values)
    counted = Counter(value for value in listed if value is not None)
    return counted.most_common(1)[0][1] / len(listed) if counted else 0.0


def corner(application: Application) -> bytes | None:
    """The colour of a companion."""
    if application.live_photo is None:
        return None
    image = decode(application.live_photo.data)
    return None if (image[4, 4] == image[40, 40]).all() else image[4, 4].tobytes()


def is_repeat(ring: Ring) -> bool:
    return people(ring) == 1 and len({one.store.store_id for one in ring}) >= 3


def is_remote(ring: Ring) -> bool:
    home = ring[0].document.number[:6]
    return people(ring) == 1 and all(
        division.agreement(home, one.store.division) == "different" for one in ring
    )


def is_speed(ring: Ring) -> bool:
    one, other = ring
    assert one.store.position is not None
    assert other.store.position is not None
    hours = (other.applied_at - one.applied_at).total_seconds() / 3600
    return len(set(faces(ring))) == 1 and distance_km(one.store.position, other.store.position) / hours > 100


def is_retry(ring: Ring) -> bool:
    shown = [decode(one.document.portrait.data)[40, 40].tobytes() for one in ring if one.document.portrait]
    before = zip(shown[:-1], faces(ring)[:-1], strict=True)
    return people(ring) == 1 and all(a != b for a, b in before) and shown[-1] == faces(ring)[-1]


def is_escort(ring: Ring) -> bool:
    ways = (
        shared_most(one.contact_number for one in ring),
        shared_most(one.payer_account for one in ring),
        shared_most(one.delivery_address for one in ring),
        shared_most(corner(one) for one in ring),
    )
    one_clerk = len({one.clerk.clerk_id for one in ring}) == 1
    return one_clerk and people(ring) == len(ring) and max(ways) >= 0.5


def is_device(ring: Ring) -> bool:
    imeis = {one.device and frozenset({one.device.imei, one.device.second_imei}) for one in ring}
    return people(ring) == len(ring) and len(imeis) == 1


def is_representative(ring: Ring) -> bool:
    agents = {one.representative and one.representative.document.number for one in ring}
    return people(ring) == len(ring) and len(agents) == 1 and None not in agents


def is_clerk_batch(ring: Ring) -> bool:
    at_night = all(one.applied_at.hour >= 22 or one.applied_at.hour < 5 for one in ring)
    return at_night and people(ring) == len(ring) and len({one.clerk.clerk_id for one in ring}) == 1


def is_dealer(ring: Ring) -> bool:
    return people(ring) == len(ring) and len({one.store.dealer_id for one in ring}) == 1


def is_consecutive(ring: Ring) -> bool:
    serials = sorted(int(one.sim.msisdn[1:]) for one in ring)
    return people(ring) == len(ring) and serials[-1] - serials[0] == len(ring) - 1


def is_many_names(ring: Ring) -> bool:
    return people(ring) == len(ring) and len(set(faces(ring))) == 1


def is_borrowed_id(ring: Ring) -> bool:
    return people(ring) == 1 and len(set(faces(ring))) == len(ring)


def is_resale(ring: Ring) -> bool:
    return people(ring) == len(ring)


KEPT: dict[Pattern, Callable[[Ring], bool]] = {
    "repeat": is_repeat,
    "remote": is_remote,
    "speed": is_speed,
    "retry": is_retry,
    "escort": is_escort,
    "device": is_device,
    "representative": is_representative,
    "clerk_batch": is_clerk_batch,
    "dealer": is_dealer,
    "consecutive": is_consecutive,
    "many_names": is_many_names,
    "borrowed_id": is_borrowed_id,
    "resale": is_resale,
}


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_ring_does_what_its_label_says(pattern: Pattern, seed: int) -> None:
    city = world(seed, days=90, stores=9, people=20, fraud=1)
    rings: dict[str, list[Visit]] = defaultdict(list)
    for event in city.events():
        if isinstance(event, Visit) and event.label is not None and event.label.pattern == pattern:
            rings[event.label.ring].append(event)
    assert rings
    for ring in rings.values():
        assert len(ring) > 1
        assert KEPT[pattern]([visit.application for visit in ring])
        assert sorted(visit.label.place for visit in ring if visit.label) == list(range(1, len(ring) + 1))


def test_sold_cards_end_in_one_box(events: list[Event]) -> None:
    boxes = defaultdict(set)
    for event in events:
        if isinstance(event, Seen) and event.label is not None and event.label.pattern == "resale":
            boxes[event.sighting.imei].add(event.sighting.msisdn)
    assert max(len(lines) for lines in boxes.values()) >= 4


# --- playing it


def test_a_city_is_played_from_end_to_end(visits: list[Visit], played: list[Played]) -> None:
    seen = [one for one in played if isinstance(one.event, Visit)]
    came = [visit for visit in visits if visit.after is None]
    assert [one.event for one in seen if one.event.after is None] == came  # type: ignore[union-attr]  # they are visits
    assert any(isinstance(one.event, Seen) for one in played)
    assert all(one.opened for one in seen if one.decision is Decision.ACCEPT)
    assert all(not one.opened for one in seen if one.decision in {Decision.RETRY, Decision.REFUSE})


def test_the_honest_have_nothing_to_mend(played: list[Played]) -> None:
    honest = [one for one in played if isinstance(one.event, Visit) and one.event.label is None]
    assert {one.decision for one in honest} <= {Decision.ACCEPT, Decision.REVIEW}
    assert all(one.opened for one in honest)


def test_supervisors_are_fooled_as_often_as_is_said() -> None:
    def opened(fooled: float) -> int:
        city, clock = world(5, days=30, stores=4, people=15, fraud=1), Clock()
        with Screener.open("sqlite://", faces=FakeCrowdEngine(), clock=clock) as screener:
            reviewed = [
                one for one in play(screener, city, clock, fooled=fooled) if one.decision is Decision.REVIEW
            ]
        return sum(bool(one.opened) for one in reviewed if isinstance(one.event, Visit) and one.event.label)

    assert opened(0) == 0
    assert opened(1) > 0


def test_what_became_known_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, bool]] = []
    report = Screener.report_outcome

    def told_too(screener: Screener, msisdn: str, *, is_fraud: bool) -> None:
        told.append((msisdn, is_fraud))
        report(screener, msisdn, is_fraud=is_fraud)

    monkeypatch.setattr(Screener, "report_outcome", told_too)
    city, clock = world(5, days=60, stores=4, people=15, fraud=1), Clock()
    with Screener.open("sqlite://", faces=FakeCrowdEngine(), clock=clock) as screener:
        issued = {
            one.event.application.sim.msisdn
            for one in play(screener, city, clock)
            if isinstance(one.event, Visit) and one.opened
        }
    assert told
    assert {msisdn for msisdn, _ in told} <= issued


def test_the_policy_that_ships_finds_rings_and_leaves_people_alone(played: list[Played]) -> None:
    """Rough bounds for a small city; `python -m bench world` has the figures."""
    rings: dict[str, bool] = defaultdict(bool)
    honest = bothered = 0
    for one in played:
        if not isinstance(one.event, Visit):
            continue
        caught = bool(set(one.reasons) - ALWAYS)
        if one.event.label is not None:
            rings[one.event.label.ring] |= caught
        else:
            honest, bothered = honest + 1, bothered + caught
    assert sum(rings.values()) > 0.6 * len(rings)
    assert bothered < 0.06 * honest


@pytest.mark.parametrize(
    "numbers",
    [
        pytest.param({"days": 13}, id="too short for a ring"),
        pytest.param({"stores": 2}, id="nobody can be far away"),
        pytest.param({"people": 0}, id="nobody"),
        pytest.param({"people": True}, id="no number"),
        pytest.param({"fraud": 1.5}, id="more fraud than customers"),
        pytest.param({"fraud": float("nan")}, id="no share"),
        pytest.param({"start": datetime(2026, 9, 1)}, id="no zone"),  # noqa: DTZ001  # without one on purpose
        pytest.param({"start": Clock().now}, id="no midnight"),
    ],
)
def test_no_city_of_that_size(numbers: dict[str, object]) -> None:
    with pytest.raises(InputError):
        world(1, **numbers)  # type: ignore[arg-type]  # wrong on purpose


# --- its faces


@pytest.mark.parametrize("check", FACE_ENGINE_CHECKS, ids=lambda check: check.__name__)
def test_the_crowd_engine_keeps_the_contract(check: Callable[[FakeCrowdEngine], None]) -> None:
    check(FakeCrowdEngine())


def test_faces_of_the_crowd_are_as_far_apart_as_the_calibration_says() -> None:
    engine = FakeCrowdEngine()

    def templates(capture: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
        photos = (decode(snapshot(3001 * person, capture)) for person in range(1200))
        return np.stack(
            [engine.templates(photo, engine.examine(photo, "live").faces)[0].vector for photo in photos]
        )

    one, other = templates(1).astype(np.float64), templates(2).astype(np.float64)
    apart = np.sqrt(np.maximum(2 - 2 * one @ other.T, 0))
    same, strangers = np.diagonal(apart), apart[~np.eye(len(apart), dtype=bool)]
    assert same.mean() == pytest.approx(0.3, abs=0.02)
    assert same.std() == pytest.approx(0.08, abs=0.02)
    for domain in ("chip-live", "live-live"):
        for point in engine.calibration(domain).points:
            if point.false_match_rate >= 1e-4:
                assert (strangers <= point.distance).mean() == pytest.approx(point.false_match_rate, rel=0.8)


def test_a_companion_is_a_second_face_of_somebody_else() -> None:
    engine = FakeCrowdEngine()
    photo = decode(snapshot(7, 1, companion=9))
    faces_seen = engine.examine(photo, "live").faces
    assert len(faces_seen) == 2
    customer, companion = engine.templates(photo, faces_seen)
    alone = decode(snapshot(9, 2))
    known = engine.templates(alone, engine.examine(alone, "live").faces)[0]
    limit = engine.calibration("live-live").distance_at(1e-3)
    assert distance(companion, known) < limit < distance(customer, known)
    assert len(engine.examine(decode(snapshot(7, 1)), "live").faces) == 1


def test_who_stands_beside_others_day_after_day_is_recognised() -> None:
    clock = Clock()
    with Screener.open("sqlite://", faces=FakeCrowdEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        flagged = []
        for person in range(3):
            one = application(
                person,
                live_photo={"data": snapshot(100_003 * (person + 1), 5, companion=7_777_777)},
                document={"portrait": {"data": snapshot(100_003 * (person + 1))}},
                applied_at=clock.now,
            )
            flagged.append("identity.companion_of_many" in screener.screen(one).flagged)
            clock.advance(days=1)
    assert flagged == [False, False, True]


def test_companions_stand_behind_in_the_eyes_of_the_policy() -> None:
    photo = FakeCrowdEngine().examine(decode(snapshot(7, 1, companion=9)), "live")
    customer, companion = (face.right - face.left for face in photo.faces)
    assert 0 < companion / customer <= Policy.default().photo.companion_size_max.value


@pytest.mark.parametrize("number", [-1, 1 << 24])
def test_no_snapshot_of_nobody(number: int) -> None:
    for numbers in ((number, 0, None), (0, number, None), (0, 0, number)):
        with pytest.raises(InputError):
            snapshot(*numbers)
