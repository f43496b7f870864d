"""Which groups are rings: graphs with known answers, properties of every search, and tables that nobody meant."""

from __future__ import annotations

import math
import random
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet as pq

from simkyc.errors import InputError, PolicyError
from simkyc.history import open_history
from simkyc.rings.find import Search, find_rings
from simkyc.rings.limits import RingLimits
from simkyc.rings.ring import Ring, Rings, Step
from tests.rings.made_links import DAY, START, Row, found, link, star, write


def with_openings(rows: list[Row], **of: Callable[[int], object]) -> list[Row]:
    """Each link with an application of its own and what else is said of it."""
    return [
        {
            **row,
            "application_id": f"{row['person']}/{place}",
            **{name: say(place) for name, say in of.items()},
        }
        for place, row in enumerate(rows)
    ]


def the(rings: Rings) -> Ring:
    (ring,) = rings.rings
    return ring


# --- known answers


def test_a_star_is_a_ring_with_its_facts() -> None:
    rows = with_openings(
        star("r", 6),
        store_id=lambda _: "s",
        opened_at=lambda place: START + place * DAY,
        closed_at=lambda place: START + 9 * DAY if place == 0 else None,
        fraud_at=lambda place: START + 5 * DAY if place < 2 else None,
    )
    ring = the(found(rows, until=datetime.fromtimestamp(START + 10 * DAY, UTC)))
    assert ring.people == tuple(f"r-{one:02d}" for one in range(6))
    assert [(one.kind, one.key, one.people_here, one.people) for one in ring.shared] == [
        ("number", "r-contact", 6, 6)
    ]
    assert ring.shared[0].weight == pytest.approx(1 / math.log2(6), abs=1e-6)
    assert (ring.harm.applications, ring.harm.opened, ring.harm.in_use, ring.harm.fraud) == (6, 6, 5, 2)
    assert (ring.first_at.timestamp(), ring.last_at.timestamp()) == (START, START + 5 * DAY)
    assert ring.signs == ("many_people", "comes_back", "fraud_reported", "fraud_repeated")
    assert ring.score == 7
    assert ring.members[0].application_ids == ("r-00/0",)


@pytest.mark.parametrize(
    ("rows", "counts"),
    [
        pytest.param(star("f", 4, days=0), 0, id="a family at once"),
        pytest.param(star("f", 4), 0, id="four people on four days are few"),
        pytest.param(star("h", 40, "address"), 0, id="a home brings nobody in"),
        pytest.param(star("h", 40, "delivery"), 0, id="a dormitory is too common"),
        pytest.param(star("h", 20, "delivery"), 0, id="places alone speak against themselves"),
        pytest.param(star("c", 2, "face") + star("c", 2, "device"), 0, id="a couple"),
        pytest.param(star("b", 5, "line"), 1, id="five lines in one box"),
        pytest.param(star("m", 5, "face"), 1, id="one face of five names"),
        pytest.param(
            [*star("a", 5), link("a-00", "number", "x"), link("b", "contact", "x")], 1, id="own number"
        ),
    ],
)
def test_what_is_a_ring(rows: list[Row], counts: int) -> None:
    assert len(found(rows).rings) == counts


def test_a_company_and_students_are_told_from_rings() -> None:
    company = star("c", 8, "representative", days=0) + star("c", 8, "payer", days=0)
    assert found(company).rings == ()
    later = [{**row, "given_at": row["given_at"] + place * DAY} for place, row in enumerate(company)]
    assert the(found(later)).against == ()
    term = int(datetime(2026, 9, 3, tzinfo=UTC).timestamp())
    students = [{**row, "given_at": term + place * DAY} for place, row in enumerate(star("s", 6))]
    assert found(students).rings == ()


def test_a_number_that_a_member_holds_and_others_name() -> None:
    rows = [link("a", "number", "n"), *(link(f"b{one}", "contact", "n", one) for one in range(5))]
    ring = the(found(rows))
    assert ring.path("a", "b4") == (Step("person", "a"), Step("number", "n"), Step("person", "b4"))


def test_paths_are_the_shortest_and_over_the_rarest() -> None:
    rows = [
        *(link(person, "payer", "common", place) for place, person in enumerate("abcdefg")),
        *(link(person, "device", "rare", 1) for person in "ab"),
        *(link(person, "contact", "far", 2) for person in ("g", "h")),
    ]
    ring = the(found(rows))
    assert [step.key for step in ring.path("a", "b")] == ["a", "rare", "b"]
    assert [step.key for step in ring.path("a", "h")] == ["a", "common", "g", "far", "h"]
    assert ring.path("c", "c") == (Step("person", "c"),)
    assert ring.path("h", "a") == ring.path("a", "h")[::-1]
    with pytest.raises(InputError, match="two members"):
        ring.path("a", "nobody")


def test_two_rings_that_one_tie_holds_together_are_two() -> None:
    rows = [
        *star("a", 15),
        *star("a", 15, "payer"),
        *star("b", 15),
        *star("b", 15, "payer"),
        *(link(person, "device", "by chance") for person in ("a-00", "b-00")),
    ]
    rings = found(rows).rings
    assert [len(ring.members) for ring in rings] == [15, 15]
    assert {person[0] for person in rings[0].people} in ({"a"}, {"b"})
    whole = RingLimits.default().changed(split_people=RingLimits.default().split_people.changed(value=100))
    assert [len(ring.members) for ring in found(rows, limits=whole).rings] == [30]


def test_staff_who_served_a_ring_are_named_and_bring_nobody_in() -> None:
    ring = with_openings(star("r", 6), store_id=lambda _: "s", clerk_id=lambda _: "c1")
    others = [
        link(
            f"o{one}",
            "contact",
            f"o{one}",
            one,
            application_id=f"o{one}",
            store_id="s",
            clerk_id=f"c{one % 5}",
        )
        for one in range(60)
    ]
    shown = the(found([*ring, *others]))
    assert [(one.kind, one.staff_id, one.people, one.of) for one in shown.staff] == [("clerk", "c1", 6, 6)]
    assert shown.staff[0].chance < 0.001
    assert "unusual_staff" in shown.signs
    assert len(shown.members) == 6


def test_a_stores_own_telephone_ties_nobody() -> None:
    """Named there since long, before all clerks, on days like any; the same number of a ring is not."""
    random_days = random.Random(8)
    customers = [
        link(
            f"p{one}",
            "contact",
            "the store" if random_days.random() < 0.2 else f"own {one}",
            one / 4,
            application_id=f"a{one}",
            store_id="s",
            clerk_id=f"c{one % 3}",
            from_elsewhere=0,
        )
        for one in range(400)
    ]
    rings = found(customers)
    assert (rings.rings, rings.things_cut) == ((), 1)
    one_clerk = [{**row, "clerk_id": "c0"} for row in customers]
    assert len(found(one_clerk).rings) == 1


def test_the_window_ends_what_is_known() -> None:
    rows = with_openings(star("r", 6, days=10), fraud_at=lambda _: START + 55 * DAY)
    until = datetime.fromtimestamp(START + 52 * DAY, UTC)
    assert the(found(rows, until=until)).harm.fraud == 0
    assert the(found(rows)).harm.fraud == 6, "without an end, what was reported after the last link is known"
    assert found(rows, until=datetime.fromtimestamp(START + 15 * DAY, UTC)).rings == ()
    assert found(rows, window_days=15).rings == ()
    since = datetime.fromtimestamp(START + 5 * DAY, UTC)
    assert len(the(found(rows, since=since)).members) == 5
    with pytest.raises(InputError, match="since must be before until"):
        found(rows, since=until, until=since)


# --- properties


@st.composite
def tables(draw: st.DrawFn) -> list[Row]:
    people, keys = st.sampled_from("abcdefghijkl"), st.sampled_from("uvwxyz")
    kinds = st.sampled_from(
        ["contact", "payer", "device", "line", "face", "address", "representative", "number"]
    )
    days = st.integers(0, 20)
    rows = draw(st.lists(st.tuples(people, kinds, keys, days), min_size=1, max_size=60))
    return [link(*row) for row in rows]


EASY = RingLimits.default().changed(
    score_min=RingLimits.default().score_min.changed(value=1),
    split_people=RingLimits.default().split_people.changed(value=3),
    split_modularity=RingLimits.default().split_modularity.changed(value=0.2),
)
"""So that small tables have rings, and components that are divided."""


@given(tables(), st.randoms())
@settings(max_examples=40, deadline=None)
def test_the_order_of_links_changes_nothing(rows: list[Row], order: random.Random) -> None:
    mixed = [*rows, *rows[:3]]  # and what comes twice counts once
    order.shuffle(mixed)
    before, after = found(rows, limits=EASY), found(mixed, limits=EASY)
    assert before.rings == after.rings
    assert (before.people, before.groups) == (after.people, after.groups)


@given(tables(), st.integers(1, 6))
@settings(max_examples=40, deadline=None)
def test_an_unrelated_link_changes_no_other_ring(rows: list[Row], others: int) -> None:
    until = datetime.fromtimestamp(START + 30 * DAY, UTC)
    before = found(rows, limits=EASY, until=until).rings
    more = [link(f"0{one}", "contact", "0", one) for one in range(others)]
    after = found([*rows, *more], limits=EASY, until=until).rings
    assert before == tuple(ring for ring in after if not ring.people[0].startswith("0"))


@given(tables())
@settings(max_examples=40, deadline=None)
def test_what_every_ring_keeps(rows: list[Row]) -> None:
    rings = found(rows, limits=EASY).rings
    everybody = [person for ring in rings for person in ring.people]
    assert len(everybody) == len(set(everybody))
    assert len({ring.ring_id for ring in rings}) == len(rings)
    given_by = {(row["person"], row["shared_key"]) for row in rows}
    for ring in rings:
        assert len(ring.members) >= 3
        assert {(ring.people[one.member], ring.shared[one.shared].key) for one in ring.links} <= given_by
        assert [one.people_here for one in ring.shared] == [
            sum(each.shared == place for each in ring.links) for place in range(len(ring.shared))
        ]
        assert all(2 <= one.people_here <= one.people for one in ring.shared)
        assert all(member.ties >= 1 and member.core >= 1 for member in ring.members)


@given(tables())
@settings(max_examples=20, deadline=None)
def test_names_stay_from_run_to_run(rows: list[Row]) -> None:
    rings = found(rows, limits=EASY).rings
    former = {f"ring-before-{place}": frozenset(ring.people) for place, ring in enumerate(rings)}
    again = found(rows, former, limits=EASY).rings
    assert {ring.ring_id: frozenset(ring.people) for ring in again} == former


# --- what nobody meant


def test_an_empty_history_and_an_empty_table(tmp_path: Path) -> None:
    open_history(f"sqlite:///{tmp_path / 'kyc.db'}", secret=b"0123456789abcdef").close()
    asked = Search(source=f"sqlite:///{tmp_path / 'kyc.db'}", out=tmp_path, secret=b"0123456789abcdef")
    for rings in (find_rings(asked), found([])):
        assert (rings.rings, rings.links, rings.since, rings.faces) == ((), 0, None, None)


def test_one_value_that_a_million_share() -> None:
    with duckdb.connect() as database:
        rows = database.sql(
            f"SELECT 'p' || range AS person, 'contact' AS what, 'x' AS shared_key, {START} + range AS given_at"
            " FROM range(1000000)"
        ).to_arrow_table()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "links.parquet"
        pq.write_table(rows, path)
        rings = find_rings(Search(source=str(path), out=Path(folder), memory_mb=512))
    assert (rings.rings, rings.things_cut, rings.people) == ((), 1, 1_000_000)


def test_rows_that_say_nothing_are_set_aside() -> None:
    good = star("r", 6)
    bad: list[Row] = [
        link("", "contact", "k"),
        link("p", "contact", ""),
        link("p", "horoscope", "k"),
        {**link("p", "contact", "k"), "person": None},
        {**link("p", "contact", "k"), "given_at": None},
        {**link("p", "contact", "k"), "given_at": -1},
        {**link("p", "contact", "k"), "given_at": 2**62},
    ]
    rings = found([*good, *bad])
    assert (len(rings.rings), rings.links_dropped, rings.links) == (1, 7, 6)


def test_self_links_tie_nobody() -> None:
    rows = [link(f"p{one}", "representative", f"p{one}", one) for one in range(9)]
    assert found(rows).groups == 0


def test_hostile_text_is_text() -> None:
    evil = ["'; DROP TABLE link; --", '"', "%s {score} $until", "\x00\n", "团伙" * 400, "</svg><script>"]
    rows = [link(one, "payer", "');", place) for place, one in enumerate(evil)]
    ring = the(found([*rows, *(link(one, "contact", "{0}", 9) for one in evil)]))
    assert set(ring.people) == set(evil)
    assert {one.key for one in ring.shared} == {"');", "{0}"}


@pytest.mark.parametrize(
    ("table", "says"),
    [
        pytest.param(
            {"person": ["a"], "what": ["contact"]}, "no column shared_key, given_at", id="columns missing"
        ),
        pytest.param(
            {"person": [1], "what": ["contact"], "shared_key": ["k"], "given_at": [1]},
            "column person of the table of links must hold text",
            id="people as numbers",
        ),
        pytest.param(
            {"person": ["a"], "what": ["contact"], "shared_key": ["k"], "given_at": [1.5]},
            "column given_at of the table of links must hold whole numbers",
            id="times with fractions",
        ),
    ],
)
def test_a_table_of_another_shape(table: dict[str, list[object]], says: str, tmp_path: Path) -> None:
    pq.write_table(pa.table(table), tmp_path / "links.parquet")
    with pytest.raises(InputError, match=says):
        find_rings(Search(source=str(tmp_path / "links.parquet"), out=tmp_path))


def test_columns_in_which_nothing_stands_are_as_none(tmp_path: Path) -> None:
    path = write(with_openings(star("r", 6)), tmp_path / "links.parquet")
    table = pq.read_table(path)
    expected = find_rings(Search(source=str(path), out=tmp_path))
    for name in ("closed_at", "fraud_at", "dealer_id"):
        if name in table.column_names:
            table = table.drop_columns([name])
        table = table.append_column(name, pa.nulls(len(table)))
    pq.write_table(table, path)
    assert find_rings(Search(source=str(path), out=tmp_path)).rings == expected.rings


def test_files_that_are_no_tables(tmp_path: Path) -> None:
    whole = write(star("r", 6), tmp_path / "whole.parquet").read_bytes()
    cases = {"cut.parquet": whole[: len(whole) // 2], "text.parquet": b"person,what", "empty.parquet": b""}
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(InputError, match="is no Parquet"):
            find_rings(Search(source=str(tmp_path / name), out=tmp_path))
    with pytest.raises(InputError, match="no history and no table"):
        find_rings(Search(source=str(tmp_path / "nothing"), out=tmp_path))
    assert {one.name for one in tmp_path.iterdir()} == {"whole.parquet", *cases}


def test_a_folder_of_tables_is_one_table(tmp_path: Path) -> None:
    folder = tmp_path / "it's links"
    folder.mkdir()
    rows = star("r", 6)
    write(rows[:3], folder / "a.parquet")
    write(rows[3:], folder / "b.parquet")
    assert len(the(find_rings(Search(source=str(folder), out=tmp_path))).members) == 6


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param(("weight = { value = 1.0,", "weight = { value = -1,"), "weight", id="a negative weight"),
        pytest.param(("[ties.face]", "[ties.aura]"), "ties", id="a kind that is none"),
        pytest.param(("[against]", "[against"), "no TOML", id="no TOML"),
        pytest.param(
            ("people_min = { value = 3,", "people_min = { value = 1,"), "people_min", id="one person"
        ),
        pytest.param(("quiet = {", "silent = {"), "silent|quiet", id="a sign that is none"),
    ],
)
def test_limits_that_do_not_hold(change: tuple[str, str], says: str) -> None:
    text = resources.files("simkyc.rings").joinpath("limits.toml").read_text("utf-8")
    assert change[0] in text
    with pytest.raises(PolicyError, match=says):
        RingLimits.from_toml(text.replace(*change))
