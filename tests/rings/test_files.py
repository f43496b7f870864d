"""What a search leaves, and what an opening is told from it."""

from __future__ import annotations

import dataclasses
import json
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pytest
from pyarrow import parquet as pq

from simkyc import Application, Screener
from simkyc.errors import InputError
from simkyc.facts import NearRing
from simkyc.history.protocol import OpeningKeys
from simkyc.reasons import Language
from simkyc.rings.files import COLUMNS, PARQUET, search
from simkyc.rings.find import Search
from simkyc.rings.index import KnownRing, RingIndex
from simkyc.rings.ring import Rings
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, swatch
from tests.rings.made_links import Row, link, star, write

NOBODY = OpeningKeys(
    person="stranger", device=None, iccid=None, msisdn=None, store_id="s", dealer_id=None, clerk_id="c"
)


def rows() -> list[Row]:
    """A ring that a payer and a representative tie; one member's own phone, and a home that two share."""
    return [
        *star("r", 6, "payer"),
        *(link(f"r-{one:02d}", "representative", "agent", one) for one in range(6)),
        link("r-00", "device", "own phone"),
        link("r-00", "address", "home"),
        link("r-01", "address", "home"),
        link("r-02", "address", "alone"),
        link("r-03", "number", "own number"),
        *star("other", 9, "contact"),
    ]


@pytest.fixture
def left(tmp_path: Path) -> Path:
    search(Search(source=str(write(rows(), tmp_path / "links.parquet")), out=tmp_path / "out"))
    return tmp_path / "out"


def test_three_files_that_say_the_same(left: Path) -> None:
    assert {one.name for one in left.iterdir()} == {"rings.parquet", "rings.json", "rings.html"}
    text = (left / "rings.json").read_text(encoding="utf-8")
    rings = Rings.from_json(text)
    assert rings.to_json() == text
    assert [len(ring.members) for ring in rings.rings] == [6, 9]
    table = pq.read_table(left / "rings.parquet")
    assert table.schema.names == list(COLUMNS)
    assert set(table["ring_id"].to_pylist()) == {ring.ring_id for ring in rings.rings}
    members = [row for row in table.to_pylist() if row["role"] == "member"]
    assert [row["key"] for row in members] == [person for ring in rings.rings for person in ring.people]
    page = (left / "rings.html").read_text(encoding="utf-8")
    assert all(ring.ring_id in page for ring in rings.rings)
    assert json.loads(text)["rings"][0]["shared"][0]["kind"] == "address"


def test_the_next_run_keeps_the_names(left: Path, tmp_path: Path) -> None:
    before = Rings.from_json((left / "rings.json").read_text(encoding="utf-8"))
    # The first person, after whom it was named, is gone; somebody new has a smaller key.
    later = [row for row in rows() if row["person"] != "r-00"] + [link("a", "payer", "r-payer", 9)]
    after = search(Search(source=str(write(later, tmp_path / "links.parquet")), out=left))
    assert {ring.ring_id for ring in after.rings} == {ring.ring_id for ring in before.rings}
    fresh = search(Search(source=str(tmp_path / "links.parquet"), out=tmp_path / "fresh"))
    assert {ring.ring_id for ring in fresh.rings} != {ring.ring_id for ring in before.rings}


@pytest.mark.parametrize(
    ("named", "distance", "tied_by"),
    [
        pytest.param({"person": "r-04"}, 0, ("person",), id="one of them"),
        pytest.param({"person": "agent"}, 0, ("representative",), id="who represents them"),
        pytest.param({"shared": (("payer", "r-payer"),)}, 1, ("payer",), id="what ties them"),
        pytest.param(
            {"shared": (("payer", "r-payer"), ("representative", "agent"), ("device", "own phone"))},
            1,
            ("payer", "representative"),
            id="the nearest counts",
        ),
        pytest.param(
            {"shared": (("representative", "r-05"),)}, 1, ("representative",), id="represented by one"
        ),
        pytest.param({"device": "own phone"}, 2, ("device",), id="one member's phone"),
        pytest.param({"second_device": "own phone"}, 2, ("device",), id="its other number"),
        pytest.param({"shared": (("contact", "own number"),)}, 2, ("number",), id="one member's number"),
    ],
)
def test_how_far_an_opening_is(
    left: Path, named: dict[str, object], distance: int, tied_by: tuple[str, ...]
) -> None:
    facts = RingIndex.load(left / "rings.parquet").near(dataclasses.replace(NOBODY, **named))  # type: ignore[arg-type]  # fields by name
    ring = Rings.from_json((left / "rings.json").read_text(encoding="utf-8")).rings[0]
    assert facts is not None
    assert (facts.ring_id, facts.distance, facts.tied_by) == (ring.ring_id, distance, tied_by)
    assert (facts.score, facts.people, facts.fraud) == (ring.score, 6, 0)


@pytest.mark.parametrize(
    "named",
    [
        pytest.param({}, id="nothing in common"),
        pytest.param({"person": None}, id="a number that is malformed"),
        pytest.param({"shared": (("address", "home"),)}, id="a home that two of them share"),
        pytest.param({"shared": (("address", "alone"),)}, id="the home of one"),
        pytest.param({"shared": (("payer", "own phone"),)}, id="the same key of another kind"),
    ],
)
def test_who_is_near_no_ring(left: Path, named: dict[str, object]) -> None:
    index = RingIndex.load(left / "rings.parquet")
    assert len(index) == 15
    assert index.near(dataclasses.replace(NOBODY, **named)) is None  # type: ignore[arg-type]  # fields by name


def test_of_two_rings_the_nearer_and_then_the_one_with_more_points() -> None:
    strong, weak, far = (
        KnownRing(name, score, 5, 0) for name, score in (("s", 9.0), ("w", 5.0), ("f", 20.0))
    )
    index = RingIndex(
        {},
        {("payer", "p"): (1, (weak, strong)), ("device", "d"): (2, (far,)), ("number", "n"): (1, (weak,))},
        NOW,
    )
    asks = dataclasses.replace(NOBODY, device="d", shared=(("payer", "p"), ("contact", "n")))
    assert index.near(asks) == NearRing("s", 1, ("payer",), 9.0, 5, 0)
    assert index.near(dataclasses.replace(NOBODY, device="d")) == NearRing("f", 2, ("device",), 20.0, 5, 0)


def test_another_table_is_not_taken_for_rings(left: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="missing or damaged"):
        RingIndex.load(tmp_path / "nothing.parquet")
    whole = (left / "rings.parquet").read_bytes()
    (left / "rings.parquet").write_bytes(whole[:-40])
    with pytest.raises(InputError, match="missing or damaged"):
        RingIndex.load(left / "rings.parquet")
    pq.write_table(pa.table({"ring_id": ["x"]}), left / "rings.parquet")
    with pytest.raises(InputError, match="another table"):
        search(Search(source=str(tmp_path / "links.parquet"), out=left))


def visit(seed: int, clock: Clock, **changes: object) -> Application:
    photo = {"data": swatch(seed)}
    fields = {"live_photo": photo, "document": {"portrait": photo}, "applied_at": clock.now}
    return application(seed, **{**fields, **changes})


def test_the_next_one_of_a_ring_goes_to_a_supervisor(tmp_path: Path) -> None:
    clock, url = Clock(), f"sqlite:///{tmp_path / 'kyc.db'}"
    shared = {"payer_account": "6222020000000000001"}
    with Screener.open(url, faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        for seed in range(6):
            verdict = screener.screen(visit(seed, clock, **shared))
            assert verdict.application_id is not None
            screener.settle(verdict.application_id, opened=True, approved_by="supervisor-1")
            clock.advance(days=1)
        screener.report_outcome(application(0).sim.msisdn or "", is_fraud=True)
    clock.advance(days=1)
    rings = search(Search(source=url, out=tmp_path / "out"))
    assert len(rings.rings) == 1
    clock.advance(days=10)
    with Screener.open(
        url, faces=FakeFaceEngine(), clock=clock, rings=tmp_path / "out" / PARQUET
    ) as screener:
        member = screener.preview(visit(0, clock, application_id="again-1"))
        tied = screener.preview(visit(20, clock, **shared))
        stranger = screener.preview(visit(21, clock))
        # What was found later was not known then.
        before = screener.preview(visit(20, clock, **shared), at=NOW + timedelta(days=2))
    assert ("ring.member" in member.reasons, member.silent_alert) == (True, True)
    assert ("ring.near" in tied.reasons, tied.silent_alert) == (True, True)
    assert not {"ring.member", "ring.near"} & set(stranger.reasons)
    assert {one.cause for one in before.findings if one.check == "ring"} == {"no_rings"}
    for verdict in (member, tied):
        for language in get_args(Language):
            said = " ".join(verdict.messages(language, "customer") + verdict.messages(language, "clerk"))
            assert "ring" not in said.split()
            assert "团伙" not in said


def test_rings_of_another_history_are_not_taken(left: Path) -> None:
    with pytest.raises(InputError, match="another secret"):
        Screener.open("sqlite://", rings=left / PARQUET)
    with pytest.raises(InputError, match="missing or damaged"):
        Screener.open("sqlite://", rings=left / "nothing.parquet")
