"""Faces that are kept and searched: on every kind of history, alone and while others write."""

from __future__ import annotations

import itertools
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
import pytest

from simkyc import Application, Decision, Screener, Verdict
from simkyc.application import Position
from simkyc.faces.template import Template
from simkyc.gallery import Captured, to_half
from simkyc.history import open_history
from simkyc.history.protocol import Enrolled, Entry, History, KeptFace, OpeningKeys, StoredFace, Transaction
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, resident_id, swatch
from simkyc.verdict import Finding

SECRET = b"a secret for tests only"
KINDS = ("sqlite-file", "sqlite-memory", "postgresql")
CARD_9 = {"iccid": STORE_ICCIDS[9], "msisdn": "+8613912340000", "imsi": "460000000000099"}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=KINDS)
def url(request: pytest.FixtureRequest, url_of: Callable[[str], str]) -> str:
    return url_of(request.param)


@pytest.fixture
def screener(url: str, clock: Clock) -> Iterator[Screener]:
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET) as opened:
        opened.allocate("store-1", STORE_ICCIDS)
        yield opened


# in the corridor


def with_face(seed: int, face: int, clock: Clock, **changes: Any) -> Application:
    photo = {"data": swatch(face)}
    fields: dict[str, Any] = {
        "live_photo": photo,
        "document": {"portrait": photo},
        "applied_at": clock.now,
    }
    return application(seed, **{**fields, **changes})


def finding(verdict: Verdict, reason: str) -> Finding:
    return next(one for one in verdict.findings if one.reason == f"identity.{reason}")


def opened(screener: Screener, one: Application) -> Verdict:
    verdict = screener.screen(one)
    approved = "supervisor-1" if verdict.decision is Decision.REVIEW else None
    screener.settle(one.application_id, opened=True, approved_by=approved)
    return verdict


def test_a_face_under_another_id_goes_to_review(screener: Screener, clock: Clock) -> None:
    opened(screener, with_face(0, 3, clock))
    clock.advance(days=40)
    verdict = screener.screen(with_face(1, 3, clock))
    assert verdict.decision is Decision.REVIEW
    assert verdict.reasons == ("identity.face_under_other_id",)
    assert verdict.silent_alert
    names = {evidence.name for evidence in finding(verdict, "face_under_other_id").evidence}
    assert {"distance", "gallery", "calibration"} < names


def test_an_id_with_another_face_goes_to_review(screener: Screener, clock: Clock) -> None:
    opened(screener, with_face(0, 3, clock))
    clock.advance(days=40)
    again = with_face(0, 9, clock, application_id="again", sim=CARD_9)
    verdict = screener.screen(again)
    assert "identity.id_with_other_face" in verdict.flagged


def test_the_same_person_again_is_no_hit(screener: Screener, clock: Clock) -> None:
    opened(screener, with_face(0, 3, clock))
    clock.advance(days=40)
    again = with_face(0, 3, clock, application_id="again", sim=CARD_9)
    assert screener.screen(again).decision is Decision.ACCEPT


def test_what_was_not_admitted_or_was_released_is_not_kept(screener: Screener, clock: Clock) -> None:
    screener.screen(with_face(0, 3, clock, notice=None))
    screener.screen(with_face(1, 3, clock))
    screener.settle("test-1", opened=False)
    clock.advance(days=1)
    assert screener.screen(with_face(2, 3, clock)).decision is Decision.ACCEPT


def test_an_erased_face_is_found_no_more(screener: Screener, clock: Clock) -> None:
    first = with_face(0, 3, clock)
    opened(screener, first)
    assert screener.preview(with_face(1, 3, clock)).flagged
    screener.close_number("test-0")
    clock.advance(days=31)
    assert screener.preview(with_face(1, 3, clock)).flagged
    screener.erase_person(first.document)
    assert screener.screen(with_face(1, 3, clock)).decision is Decision.ACCEPT


def test_faces_older_than_the_window_do_not_count(screener: Screener, clock: Clock) -> None:
    opened(screener, with_face(0, 3, clock))
    clock.advance(days=366)
    assert screener.screen(with_face(1, 3, clock)).decision is Decision.ACCEPT


def test_a_recorded_application_is_not_its_own_hit(screener: Screener, clock: Clock) -> None:
    first = with_face(0, 3, clock)
    opened(screener, first)
    opened(screener, with_face(1, 3, clock))
    assert screener.preview(first, at=clock.advance(minutes=1)).decision is Decision.ACCEPT


def test_another_sex_is_searched_unless_the_policy_says_otherwise(
    screener: Screener, url: str, clock: Clock
) -> None:
    opened(screener, with_face(0, 3, clock))
    clock.advance(days=1)
    number = resident_id(sequence=2)
    document = {"portrait": {"data": swatch(3)}, "sex": "female", "number": number}
    woman = with_face(1, 3, clock, document=document)
    found = screener.preview(woman)
    assert "identity.face_under_other_id" in found.flagged
    if url == "sqlite://":
        return  # nobody else can open it
    policy = screener.policy
    identity = policy.identity.model_copy(update={"same_sex_only": True})
    strict = policy.model_copy(update={"identity": identity})
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET, policy=strict) as other:
        assert "identity.face_under_other_id" not in other.preview(woman).flagged


def test_two_screeners_share_what_one_recorded(
    screener: Screener, url_of: Callable[[str], str], clock: Clock, url: str
) -> None:
    if url == "sqlite://":
        pytest.skip("nobody else can open it")
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET) as other:
        assert other.preview(with_face(5, 3, clock)).decision is Decision.ACCEPT  # loads an empty gallery
        opened(screener, with_face(0, 3, clock))
        assert other.preview(with_face(5, 3, clock)).reasons == ("identity.face_under_other_id",)


def gallery_size(verdict: Verdict) -> Any:
    shown = {evidence.name: evidence for evidence in finding(verdict, "face_under_other_id").evidence}
    return shown.get("gallery")


def test_what_is_judged_again_is_judged_among_as_many_faces(screener: Screener, clock: Clock) -> None:
    for seed in range(3):
        opened(screener, with_face(seed, seed + 3, clock))
        clock.advance(hours=30)
    again = with_face(1, 4, clock, applied_at=clock.now - timedelta(hours=60))
    first = screener.verdict("test-1")
    assert first is not None
    judged = screener.preview(again, at=first.decided_at)
    assert gallery_size(judged) == gallery_size(first)
    assert gallery_size(judged) != gallery_size(screener.preview(with_face(4, 9, clock)))


# kept faces, as any history must answer


def stored(
    role: str = "applicant", person: str | None = "person-1", *, sex: str | None = "male"
) -> StoredFace:
    return StoredFace(role, "engine-1", person, sex, bytes(range(16)))


def keep(history: History, name: str, at: datetime, *faces: StoredFace, refused: bool = False) -> None:
    keys = OpeningKeys(faces[0].person if faces else None, None, None, None, "store-1", None, "clerk-1")
    entry = Entry(
        application_id=name,
        kind="opening",
        service="personal",
        body_digest="-",
        keys=keys,
        decided_at=at,
        decision=Decision.REFUSE if refused else Decision.ACCEPT,
        verdict_json="{}",
        admitted_until=None if refused else at + timedelta(minutes=30),
        position=Position(latitude=31.25, longitude=120.5),
        faces=faces,
    )
    with history.write() as transaction:
        transaction.record(entry)


@pytest.fixture
def history(url: str) -> Iterator[History]:
    with closing(open_history(url, secret=SECRET)) as made:
        yield made


def roles(found: Iterable[Enrolled]) -> list[tuple[str, str | None]]:
    return [(one.role, one.person) for one in found]


EVER = NOW - timedelta(days=900)


def test_faces_are_read_in_the_order_of_their_applications(history: History) -> None:
    keep(history, "a", NOW, stored(), stored("companion-1", sex=None))
    keep(history, "refused", NOW, stored(person="person-2"), refused=True)
    keep(history, "b", NOW + timedelta(days=1), stored(person="person-3"))
    with history.read() as reader:
        everyone = reader.faces("engine-1", 0, EVER)
        assert roles(everyone) == [
            ("applicant", "person-1"),
            ("companion-1", "person-1"),
            ("applicant", "person-3"),
        ]
        assert everyone[0].vector == bytes(range(16))
        assert everyone[0].decided_at == NOW
        assert [one.sex for one in everyone] == ["male", None, "male"]
        assert reader.faces("engine-1", 0, EVER, 2) == everyone[:2]
        assert reader.faces("engine-1", everyone[1].entry_no, EVER) == everyone[2:]
        assert reader.faces("engine-1", 0, NOW) == everyone[2:], "a window is half open"
        assert reader.faces("engine-2", 0, EVER) == ()
        assert reader.entry_no("a") == everyone[0].entry_no < reader.entry_no("b") < reader.entry_no("nobody")
        assert reader.entry_no(None) == reader.entry_no("nobody")


def test_faces_of_one_person_are_those_before_and_no_companions(history: History) -> None:
    keep(history, "a", NOW, stored(), stored("companion-1"))
    keep(history, "b", NOW, stored(), stored("representative", "person-2"))
    with history.read() as reader:
        assert roles(reader.faces_of("person-1", "engine-1", EVER)) == [("applicant", "person-1")] * 2
        assert len(reader.faces_of("person-1", "engine-1", EVER, before="b")) == 1
        assert reader.faces_of("person-1", "engine-1", EVER, before="a") == ()
        assert roles(reader.faces_of("person-2", "engine-1", EVER)) == [("representative", "person-2")]
        assert reader.faces_of("person-1", "engine-1", NOW) == ()
        assert reader.faces_of("person-1", "engine-2", EVER) == ()


def test_which_faces_are_still_there(history: History) -> None:
    keep(history, "a", NOW, stored(), stored("companion-1"))
    keep(history, "b", NOW, stored(person="person-2"))
    with history.read() as reader:
        a, b = reader.entry_no("a"), reader.entry_no("b")
        place = Position(latitude=31.25, longitude=120.5)
        assert reader.faces_there([a, b, a, b + 1], NOW) == {
            (a, "applicant"): KeptFace("person-1", place),
            (a, "companion-1"): KeptFace("person-1", place),
            (b, "applicant"): KeptFace("person-2", place),
        }
        assert set(reader.faces_there([a, b], NOW, before="b")) == {(a, "applicant"), (a, "companion-1")}
        assert reader.faces_there([], NOW) == {}
    with history.write() as transaction:
        transaction.release("a", NOW)
    with history.read() as reader:
        assert set(reader.faces_there([a, b], NOW)) == {(b, "applicant")}


def test_faces_of_numbers_that_were_used_for_fraud(history: History) -> None:
    keep(history, "a", NOW, stored())
    keep(history, "b", NOW, stored(person="person-2"))
    later, cleared = (NOW + timedelta(hours=hours) for hours in (1, 2))
    with history.write() as transaction:
        transaction.open_number("a", NOW)
        transaction.report_outcome("a", later, is_fraud=True)
        transaction.report_outcome("a", cleared, is_fraud=False)
        entries = [transaction.entry_no("a"), transaction.entry_no("b")]

    def frauds(at: datetime) -> set[int]:
        with history.read() as reader:
            kept = reader.faces_there(entries, at)
        return {entry_no for (entry_no, _), face in kept.items() if face.is_fraud}

    assert [frauds(at) for at in (NOW, later, cleared)] == [set(), {entries[0]}, set()]


def test_what_was_deleted_is_noticed(history: History) -> None:
    keep(history, "a", NOW, stored())
    seen = []
    deletions: tuple[Callable[[Transaction], int], ...] = (
        lambda transaction: transaction.purge(NOW - timedelta(days=1), NOW),
        lambda transaction: transaction.erase_person("person-1", (), NOW),
    )
    for delete in deletions:
        with history.read() as reader:
            seen.append(reader.erased())
        with history.write() as transaction:
            delete(transaction)
    with history.read() as reader:
        seen.append(reader.erased())
        assert reader.faces("engine-1", 0, EVER) == ()
    assert seen == sorted(set(seen))


# searched while others admit, erase and purge


def test_nobody_is_lost_and_no_ghost_appears_while_others_write(
    url: str, clock: Clock, screener: Screener
) -> None:
    """Whoever was opened before a search is found by it unless erased; whoever was erased before it is not."""
    engine, keyring = FakeFaceEngine(), screener._history.keyring
    search = screener._judge.gallery
    calibration = engine.calibration("live-live")
    stop, faults = threading.Event(), list[BaseException]()
    alive: dict[int, str] = {}
    looks = list[int]()
    rotation = keyring.rotation(128)
    people = itertools.count(20)

    def face_of(seed: int) -> Template:
        return Template.from_direction(np.random.default_rng(seed).standard_normal(128), engine.engine_id)

    def kept(seed: int) -> StoredFace:
        vector = to_half(face_of(seed).vector, rotation)
        kept_under = f"{engine.engine_id}#{keyring.key_id}"
        return StoredFace("applicant", kept_under, f"person-{seed}", "male", vector)

    def write() -> None:
        dice = random.Random(6)
        for _ in range(50):
            seed = next(people)
            keep(screener._history, f"a{seed}", NOW, kept(seed))
            alive[seed] = "there"
            if len(alive) > 12 and dice.random() < 0.5:
                gone = dice.choice([one for one, state in list(alive.items()) if state == "there"])
                alive[gone] = "going"
                with screener._history.write() as transaction:
                    transaction.erase_person(f"person-{gone}", (), NOW)
                alive[gone] = "gone"
            if dice.random() < 0.1:
                with screener._history.write() as transaction:
                    transaction.purge(NOW - timedelta(days=1), NOW)
        stop.set()

    def look(place: int) -> None:
        dice = random.Random(place)
        while not stop.is_set():
            before = dict(alive)
            seed = dice.choice(list(before))
            captured = [Captured("applicant", face_of(seed), "somebody", "male")]
            with screener._history.read() as reader:
                searched = search.search(captured, reader, NOW)
            with screener._history.read() as reader:
                found = search.facts(searched, reader, calibration, NOW, None)
                there = {one.entry_no for one in reader.faces(kept(seed).engine_id, 0, EVER)}
                mine = reader.entry_no(f"a{seed}")
            assert found is not None
            near = [hit for hit in found.hits if hit.distance < 0.01]
            assert len(near) == (mine in there), f"{seed} was {before[seed]} and {len(near)} were found"
            if before[seed] == "gone":
                assert near == []
            if before[seed] == "there" and alive[seed] == "there":
                assert len(near) == 1
            assert len(found.hits) == len(set(found.hits))
            looks.append(seed)

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    for seed in range(5):
        keep(screener._history, f"a{seed}", NOW, kept(seed))
        alive[seed] = "there"
    writer = threading.Thread(target=guarded, args=(write,))
    lookers = [threading.Thread(target=guarded, args=(partial(look, place),)) for place in range(3)]
    for thread in (writer, *lookers):
        thread.start()
    writer.join()
    stop.set()
    for thread in lookers:
        thread.join()
    assert faults == []
    assert {"there", "gone"} == set(alive.values())
    assert len(looks) > 20


def test_what_is_committed_after_later_ones_is_found_all_the_same(url: str, clock: Clock) -> None:
    """On a server an application has its number before it is committed: another may pass it."""
    if not url.startswith("postgresql"):
        pytest.skip("one writes after the other")
    with (
        Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET) as slow,
        Screener.open(url, faces=FakeFaceEngine(), clock=clock, secret=SECRET) as fast,
    ):
        slow.allocate("store-1", STORE_ICCIDS)
        entered, go_on = threading.Event(), threading.Event()
        history = slow._history
        first = with_face(0, 3, clock)

        def record_late() -> None:
            original = history.write

            @contextmanager
            def slowly(keys: Sequence[str] = ()) -> Iterator[Any]:
                with original(keys) as transaction:
                    yield transaction
                    entered.set()
                    go_on.wait(timeout=30)

            history.write = slowly  # type: ignore[method-assign]  # holds the commit back
            slow.screen(first)

        thread = threading.Thread(target=record_late)
        thread.start()
        assert entered.wait(timeout=30)
        second = with_face(1, 5, clock, clerk={"clerk_id": "clerk-2"}, contact_number="+8613800000001")
        assert fast.screen(second).decision is Decision.ACCEPT
        assert fast.preview(with_face(2, 5, clock)).flagged, "it has the later one"
        go_on.set()
        thread.join()
        assert "identity.face_under_other_id" in fast.preview(with_face(2, 3, clock)).flagged


def test_processes_find_what_others_admitted(url: str, clock: Clock, screener: Screener) -> None:
    if url == "sqlite://":
        pytest.skip("nobody else can open it")
    code = (
        "import sys\n"
        "from tests.history.test_faces import SECRET, opened, with_face\n"
        "from simkyc import Screener\n"
        "from simkyc.testing import Clock, FakeFaceEngine\n"
        "with Screener.open(sys.argv[1], faces=FakeFaceEngine(), clock=Clock(), secret=SECRET) as screener:\n"
        "    opened(screener, with_face(int(sys.argv[2]), int(sys.argv[2]), screener._clock))\n"
    )
    assert screener.preview(with_face(20, 1, clock)).decision is Decision.ACCEPT
    others = [subprocess.Popen([sys.executable, "-c", code, url, str(seed)]) for seed in (1, 2, 3)]
    assert [other.wait(timeout=120) for other in others] == [0, 0, 0]
    for seed in (1, 2, 3):
        found = screener.preview(with_face(20, seed, clock))
        assert "identity.face_under_other_id" in found.flagged
    assert "identity.face_under_other_id" not in screener.preview(with_face(20, 9, clock)).flagged
