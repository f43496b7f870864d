"""Faces searched by the server: the same answers as in memory, and everything that may keep it from giving them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import psycopg
import pytest
from numpy.typing import NDArray
from psycopg import sql
from sqlalchemy import text

from simkyc import Application, Policy, Screener
from simkyc.errors import FaceError, HistoryReadOnlyError
from simkyc.faces.detection import FoundFace
from simkyc.faces.template import Template
from simkyc.facts import GalleryFacts
from simkyc.gallery import COUNT_HOLDS, Captured, GallerySearch, distances, to_half
from simkyc.history import embeddings, history_info, open_history, upgrade_history
from simkyc.history.embeddings import EmbeddedFaces
from simkyc.history.keys import Keyring
from simkyc.history.protocol import Entry, FacesWanted, History, OpeningKeys, StoredFace
from simkyc.history.schema import SCHEMA_VERSION
from simkyc.history.upkeep import FaceReader, parameters_of
from simkyc.testing import STORE_ICCIDS, Clock, FakeFaceEngine, application, swatch
from simkyc.testing.fakes import FakeCrowdEngine
from simkyc.verdict import Decision
from tests.history.server import PostgresServer

SECRET = b"a secret for tests only"
RING = Keyring(SECRET)
THEN = datetime(2026, 11, 1, tzinfo=UTC)
NOW = THEN + timedelta(days=20)
ENGINE = FakeCrowdEngine()
UNDER = f"{ENGINE.engine_id}#{RING.key_id}"
LATER = 2**63 - 1
NUMBERS = itertools.count(1)


def template(person: int, capture: int = 0) -> Template:
    """One photo of a person: strangers are as far apart as the built-in engine finds them."""
    image = np.broadcast_to(np.frombuffer(person.to_bytes(3), np.uint8), (64, 64, 3)).copy()
    image[-1, -1] = np.frombuffer(capture.to_bytes(3), np.uint8)
    points = np.zeros((3, 2), np.float32)
    return ENGINE.templates(image, (FoundFace(0, 0, 64, 64, points, "detected", 1.0),))[0]


@cache
def rotation(ring: Keyring) -> NDArray[np.float64]:
    return ring.rotation(128)


def kept(person: int, capture: int = 0, ring: Keyring = RING) -> bytes:
    return to_half(template(person, capture).vector, rotation(ring))


def sex_of(person: int) -> str:
    return ("male", "female")[person % 2]


def remember(
    history: History, vectors: Sequence[tuple[int, bytes]], at: datetime = THEN, under: str = UNDER
) -> list[str]:
    """One admitted opening for each person and vector."""
    names = []
    with history.write() as transaction:
        for person, vector in vectors:
            names.append(f"a-{next(NUMBERS)}")
            keys = OpeningKeys(f"person-{person}", None, None, None, "store", None, "clerk")
            faces = (StoredFace("applicant", under, f"person-{person}", sex_of(person), vector),)
            until = at + timedelta(minutes=30)
            transaction.record(
                Entry(
                    names[-1], "opening", "personal", "d", keys, at, Decision.ACCEPT, "{}", until, faces=faces
                )
            )
    return names


def wanted(**changes: Any) -> FacesWanted:
    fields: dict[str, Any] = {
        "engine_id": UNDER,
        "sex": None,
        "since": THEN - timedelta(days=1),
        "until": NOW,
        "before": LATER,
    }
    return FacesWanted(**{**fields, **changes})


def near(history: History, vector: bytes, nearest: int = 5, **changes: Any) -> list[str | None]:
    """The people whose faces the server finds, nearest first."""
    with history.read() as reader:
        found = reader.faces_near(wanted(**changes), vector, nearest)
    assert found is not None
    order = np.argsort(distances(vector, [one.vector for one in found.faces]), kind="stable")
    return [found.faces[place].person for place in order]


def embedded(server: PostgresServer, url_or_name: str) -> int:
    with psycopg.connect(url_or_name if "://" in url_or_name else server.url(url_or_name)) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM face_embedding").fetchall()[0][0])


def by_index(url: str) -> str:
    """The planner of a small table reads all of it: this one may not."""
    return url + "%20-cenable_seqscan%3Doff%20-cenable_sort%3Doff"


@pytest.fixture
def url(postgres: PostgresServer) -> str:
    return postgres.take_schema()


@pytest.fixture
def history(url: str) -> Iterator[History]:
    with closing(open_history(url, secret=SECRET)) as opened:
        yield opened


# the same answers


def asked(person: int, capture: int, under_id: str | None = None) -> Captured:
    return Captured("applicant", template(person, capture), under_id or f"person-{person}", sex_of(person))


def facts(history: History, search: GallerySearch, one: Captured) -> GalleryFacts:
    with history.read() as reader:
        searched = search.search([one], reader, NOW)
        told = search.facts(searched, reader, ENGINE.calibration("live-live"), NOW, None)
    assert told is not None
    return told


def policy(*, same_sex_only: bool) -> Policy:
    shipped = Policy.default()
    return shipped.model_copy(
        update={"identity": shipped.identity.model_copy(update={"same_sex_only": same_sex_only})}
    )


PEOPLE = 2000
STRANGERS = 100_000


def test_the_server_finds_what_a_search_in_memory_finds(
    url: str, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    with closing(open_history(by_index(url), secret=SECRET)) as history:
        for start in range(0, PEOPLE, 500):
            remember(history, [(person, kept(person)) for person in range(start, start + 500)])
        again = [asked(person, 1, "another-id") for person in range(0, PEOPLE, 40)]
        own = [asked(person, 1) for person in range(0, PEOPLE, 200)]
        new = [asked(STRANGERS + person, 0) for person in range(50)]
        with history.read() as reader:
            prepared = reader._prepared()  # type: ignore[attr-defined]  # this room's own
            assert prepared is not None
            statement = embeddings._nearest(prepared.namespace, 20, exactly=False).text
            parameters = {**parameters_of(wanted()), "vector": embeddings._literal(kept(1))}
            plan = reader._rows(text(f"EXPLAIN {statement}"), parameters)
            assert any("face_embedding_nearest" in row[0] for row in plan)
        searches = [
            GallerySearch(ENGINE.engine_id, RING, policy(same_sex_only=same)) for same in (True, False)
        ]
        served = [facts(history, search, one) for search in searches for one in again + own + new]
        assert all(len(gallery) == 0 for search in searches for gallery in search._galleries)
        monkeypatch.setattr(EmbeddedFaces, "faces_near", FaceReader.faces_near)
        copied = [facts(history, search, one) for search in searches for one in again + own + new]
        assert all(len(gallery) == PEOPLE for search in searches for gallery in search._galleries)
    assert [one.size for one in served] == [one.size for one in copied]
    assert {one.size for one in served} == {PEOPLE, PEOPLE // 2}
    assert [one.own_distances for one in served] == [one.own_distances for one in copied]
    recall = np.mean(
        [
            abs(one.hits[0].distance - other.hits[0].distance) < 1e-3
            for one, other in zip(served, copied, strict=True)
        ]
    )
    record_property("recall_at_1", float(recall))
    assert recall >= 0.98
    assert all(one.hits[0].distance < 0.6 for one in served[: len(again)])
    assert all(one.own_distances for one in served[len(again) : len(again) + len(own)])


@pytest.mark.parametrize("plan", [str, by_index], ids=["as planned", "by the index"])
def test_filters_starve_no_search(url: str, plan: Callable[[str], str]) -> None:
    with closing(open_history(plan(url), secret=SECRET)) as history:
        remember(history, [(2 * person, kept(2 * person)) for person in range(700)])
        remember(history, [(2 * person + 1, kept(2 * person + 1)) for person in range(3)], NOW)
        remember(history, [(5000, kept(5000))], under="another-engine#k")
        probe = kept(0, 1)
        assert near(history, probe)[0] == "person-0"
        assert set(near(history, probe, sex="female")) == {"person-1", "person-3", "person-5"}
        assert set(near(history, probe, since=THEN)) == {"person-1", "person-3", "person-5"}
        assert near(history, probe, engine_id="another-engine#k") == ["person-5000"]
        assert near(history, probe, until=THEN - timedelta(seconds=1)) == []
        with history.read() as reader:
            assert reader.faces_count(wanted()) == 703
            assert reader.faces_count(wanted(sex="female")) == 3
            third = reader.faces(UNDER, 0, THEN - timedelta(days=1))[3].entry_no
            assert reader.faces_count(wanted(before=third)) == 3
        assert len(near(history, probe, before=third)) == 3


def test_the_unknown_sex_is_searched_with_each(history: History) -> None:
    with history.write() as transaction:
        keys = OpeningKeys("person-1", None, None, None, "store", None, "clerk")
        faces = tuple(
            StoredFace(role, UNDER, "person-1", sex, kept(number))
            for number, (role, sex) in enumerate(
                [("applicant", "male"), ("representative", "female"), ("companion-2", None)]
            )
        )
        until = THEN + timedelta(minutes=30)
        transaction.record(
            Entry("a", "opening", "personal", "d", keys, THEN, Decision.ACCEPT, "{}", until, faces=faces)
        )
    with history.read() as reader:
        found = reader.faces_near(wanted(sex="female"), kept(9), 5)
        assert found is not None
        assert {one.role for one in found.faces} == {"representative", "companion-2"}


def test_every_secret_is_searched(postgres: PostgresServer) -> None:
    url = postgres.url(postgres.new_database())
    old = Keyring(b"the secret of last year")
    with closing(open_history(url, secret=b"the secret of last year")) as before:
        remember(before, [(7, kept(7, ring=old))], under=f"{ENGINE.engine_id}#{old.key_id}")
    with closing(open_history(url, secret=SECRET, former_secrets=[b"the secret of last year"])) as history:
        remember(history, [(9, kept(9))])
        search = GallerySearch(ENGINE.engine_id, history.keyring, Policy.default())
        assert facts(history, search, asked(7, 1)).size == 2
        for person in (7, 9):
            hits = facts(history, search, asked(person, 1, "another-id")).hits
            assert [hit.distance < 0.6 for hit in hits] == [True, False]


def test_a_template_of_another_length_is_searched_in_memory(history: History, url: str) -> None:
    short = np.ones(64) / 8
    remember(history, [(1, short.astype("<f2").tobytes())], under="short#k")
    with history.read() as reader:
        assert reader.faces_near(wanted(engine_id="short#k"), short.astype("<f2").tobytes(), 5) is None
        assert len(reader.faces("short#k", 0, THEN - timedelta(days=1))) == 1
        assert reader.faces_count(wanted(engine_id="short#k")) == 0
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT COUNT(*) FROM face_embedding").fetchone() == (0,)


# what was recorded meanwhile


@pytest.mark.parametrize("committed", ["after it began", "between"])
def test_what_is_committed_after_the_search_is_compared_too(history: History, committed: str) -> None:
    remember(history, [(2, kept(2))])
    search = GallerySearch(ENGINE.engine_id, RING, Policy.default())
    one = asked(4, 1)
    keys = OpeningKeys("person-4", None, None, None, "store", None, "clerk")
    faces = (StoredFace("applicant", UNDER, "somebody-else", "male", kept(4)),)
    until = THEN + timedelta(minutes=30)
    entry = Entry("x", "opening", "personal", "d", keys, THEN, Decision.ACCEPT, "{}", until, faces=faces)

    def searched() -> Any:
        with history.read() as reader:
            return search.search([one], reader, NOW)

    if committed == "between":
        before = searched()
        with history.write(["x"]) as transaction:
            transaction.record(entry)
    else:
        # It has its number, and a later one is committed and searched before it is.
        with history.write(["x"]) as transaction:
            transaction.record(entry)
            with history.write(["y"]) as other:
                other.record(Entry("y", "opening", "personal", "d", keys, THEN, Decision.ACCEPT, "{}", until))
            before = searched()
    assert [near.enrolled.person for near in before.near[0]] == ["person-2"]
    with history.write(["z"]) as transaction:
        told = search.facts(before, transaction, ENGINE.calibration("live-live"), NOW, None)
    assert told is not None
    assert (told.size, [hit.is_applicants for hit in told.hits]) == (2, [False, False])
    assert told.hits[0].distance == pytest.approx(
        float(np.linalg.norm(template(4).vector - template(4, 1).vector)), abs=2e-3
    )


def test_a_large_number_of_templates_is_counted_now_and_then(
    history: History, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simkyc.gallery.LARGE", 2)
    search = GallerySearch(ENGINE.engine_id, RING, Policy.default())

    def size(now: datetime) -> int:
        with history.read() as reader:
            return search.search([asked(2, 1)], reader, now).size

    remember(history, [(2, kept(2))])
    assert size(NOW) == 1
    remember(history, [(4, kept(4))])
    assert size(NOW) == 2  # a small number is counted each time
    remember(history, [(6, kept(6))])
    assert size(NOW + COUNT_HOLDS / 2) == 2
    assert size(NOW + COUNT_HOLDS) == 3
    assert size(NOW) == 3  # asked about an earlier moment: counted for it


# what goes


def opening(seed: int, face: int, clock: Clock, **changes: Any) -> Application:
    photo = {"data": swatch(face)}
    fields: dict[str, Any] = {"live_photo": photo, "document": {"portrait": photo}, "applied_at": clock.now}
    return application(seed, **{**fields, **changes})


def test_whatever_deletes_a_face_deletes_its_embedding(postgres: PostgresServer, url: str) -> None:
    clock = Clock()
    with Screener.open(url, secret=SECRET, faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        for seed in range(3):
            screener.screen(opening(seed, 3 * seed, clock))
        assert embedded(postgres, url) == 3
        screener.settle("test-0", opened=False)
        assert embedded(postgres, url) == 2
        screener.settle("test-1", opened=True)
        screener.close_number("test-1")
        clock.advance(days=40)
        screener.erase_person(opening(1, 3, clock).document)
        assert embedded(postgres, url) == 1
        assert "identity.face_under_other_id" not in screener.preview(opening(5, 3, clock)).flagged
        assert "identity.face_under_other_id" in screener.preview(opening(5, 6, clock)).flagged
        clock.advance(days=400)
        screener.purge(clock.now - timedelta(days=30))
        assert embedded(postgres, url) == 0


def test_a_counter_needs_no_right_to_delete_embeddings(postgres: PostgresServer) -> None:
    name = postgres.new_database()
    open_history(postgres.url(name), secret=SECRET).close()
    postgres.run("CREATE ROLE counter_v LOGIN")
    postgres.run("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO counter_v", name)
    postgres.run("GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO counter_v", name)
    postgres.run("GRANT DELETE ON face_template TO counter_v", name)
    clock = Clock()
    url = postgres.url(name, user="counter_v")
    with Screener.open(url, secret=SECRET, faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        screener.screen(opening(0, 3, clock))
        assert embedded(postgres, name) == 1
        screener.settle("test-0", opened=False)
        assert embedded(postgres, name) == 0
    postgres.run("REVOKE INSERT ON face_embedding FROM counter_v", name)
    with Screener.open(url, secret=SECRET, faces=FakeFaceEngine(), clock=clock) as screener:
        # Never a face without its embedding, which no other counter would find.
        with pytest.raises(HistoryReadOnlyError, match="rights"):
            screener.screen(opening(1, 6, clock))
        assert postgres.run("SELECT COUNT(*) FROM face_template", name) == [(0,)]


# without the extension


def test_a_database_without_pgvector_is_searched_in_memory_until_it_has_it(postgres: PostgresServer) -> None:
    postgres.run("CREATE ROLE owner_v LOGIN")
    name = postgres.new_database()
    postgres.run(sql.SQL("ALTER DATABASE {} OWNER TO owner_v").format(sql.Identifier(name)))
    url, clock = postgres.url(name, user="owner_v"), Clock()
    with Screener.open(url, secret=SECRET, faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        assert not history_info(url).searches_faces
        assert postgres.run("SELECT extname FROM pg_extension WHERE extname = 'vector'", name) == []
        screener.screen(opening(0, 3, clock))
        screener.screen(opening(1, 6, clock))
        assert "identity.face_under_other_id" in screener.preview(opening(5, 3, clock)).flagged
        upgrade_history(url)
        assert not history_info(url).searches_faces

        postgres.run("CREATE EXTENSION vector", name)
        upgrade_history(url)
        assert history_info(url).searches_faces
        assert embedded(postgres, name) == 2
        # Whoever has it open goes on, and embeds from now on.
        assert "identity.face_under_other_id" in screener.preview(opening(5, 3, clock)).flagged
        screener.screen(opening(2, 9, clock))
        assert embedded(postgres, name) == 3
        upgrade_history(url)
        assert embedded(postgres, name) == 3


def test_an_extension_in_a_schema_of_its_own_is_found(postgres: PostgresServer) -> None:
    name = postgres.new_database()
    for statement in ('CREATE SCHEMA "a b"', 'CREATE EXTENSION vector SCHEMA "a b"', "CREATE SCHEMA kyc"):
        postgres.run(statement, name)
    with closing(open_history(postgres.url(name, options="-csearch_path=kyc"), secret=SECRET)) as history:
        remember(history, [(1, kept(1)), (2, kept(2))])
        assert near(history, kept(2, 1)) == ["person-2", "person-1"]
    with closing(open_history(postgres.url(name), secret=SECRET)) as other:
        assert near(other, kept(2, 1)) == []


# damage


def test_a_damaged_row_is_noticed_where_it_is_near(history: History, url: str) -> None:
    remember(history, [(2, kept(2))])
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE face_template SET vector = substring(vector FROM 1 FOR 10)")
    search = GallerySearch(ENGINE.engine_id, RING, Policy.default())
    with pytest.raises(FaceError, match="damaged"):
        facts(history, search, asked(2, 1))


def test_filling_leaves_damaged_rows_out(postgres: PostgresServer) -> None:
    name = postgres.new_database()
    url = postgres.url(name)
    with closing(open_history(url, secret=SECRET)) as history:
        broken: NDArray[np.float16] = np.full(128, np.nan, "<f2")
        postgres.run("DROP TABLE face_embedding", name)
        remember(history, [(1, broken.tobytes()), (2, kept(2)), (3, b"short")])
        assert upgrade_history(url) == (SCHEMA_VERSION, SCHEMA_VERSION)
        assert near(history, kept(2, 1)) == ["person-2"]


def test_sixteen_bit_floats_survive_being_written_out() -> None:
    every = np.arange(1 << 16, dtype="<u2").view("<f2")
    finite = every[np.isfinite(every)]
    for start in range(0, len(finite) - 128, 128):
        some = finite[start : start + 128]
        read = np.array(embeddings._literal(some.tobytes())[1:-1].split(","), np.float64).astype("<f2")
        assert np.array_equal(read, some)
