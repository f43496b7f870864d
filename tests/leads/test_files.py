"""Whether a file is as it was handed on: every change is noticed, and what is no lead is told apart."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from simkyc.errors import InputError
from simkyc.leads.files import read_rings, verify
from simkyc.leads.sealing import readable
from tests.leads.made import World, ring_file, rings

Raw = dict[str, Any]


@pytest.fixture
def package(world: World, out: Path) -> Path:
    """A package with a disclosure, as it was handed on."""
    exported = world.leads.export(world.lead(disclose_on="basis"), out)
    assert exported.package is not None
    return exported.package


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON value where something stands that is no list and no object."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from places(one, (*at, name))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from places(one, (*at, number))
    else:
        yield at


def changed(raw: Raw, at: tuple[Any, ...], to: Any) -> Raw:
    other = copy.deepcopy(raw)
    inside: Any = other
    for step in at[:-1]:
        inside = inside[step]
    inside[at[-1]] = to(inside[at[-1]]) if callable(to) else to
    return other


def another(value: Any) -> Any:
    if isinstance(value, bool) or value is None:
        return "x"
    if isinstance(value, int | float):
        return value + 1
    return f"{value}x" if not value[:1].isdigit() else value[::-1] + "1"


def test_any_value_that_was_changed_is_noticed(package: Path) -> None:
    raw = json.loads(package.read_bytes())
    assert verify(package).faults == ()
    every = list(places(raw))
    assert len(every) > 100
    missed = []
    for at in every:
        package.write_bytes(readable(changed(raw, at, another)))
        try:
            whole = verify(package).is_whole
        except InputError:
            whole = False
        if whole:
            missed.append(at)
    assert missed == []


TAMPERED: list[tuple[str, Callable[[Raw], Raw], str]] = [
    ("a reason left out", lambda raw: raw | {"why": raw["why"][1:]}, "package was altered"),
    ("one field more", lambda raw: raw | {"note": "x"}, "package was altered"),
    ("a field left out", lambda raw: {k: v for k, v in raw.items() if k != "contact"}, "package was altered"),
    (
        "a whole number for a fraction",
        lambda raw: changed(raw, ("harm", "opened"), 1.0),
        "package was altered",
    ),
    (
        "another disclosure",
        lambda raw: changed(raw, ("disclosure", "msisdns", 0), "+8613911112222"),
        "disclosure",
    ),
    ("the chain gone", lambda raw: raw | {"custody": None}, "chain is missing"),
    ("a link twice", lambda raw: raw | {"custody": raw["custody"] * 2}, "out of place"),
    ("a link that is none", lambda raw: raw | {"custody": ["x"]}, "chain is missing"),
    ("somebody else's hand", lambda raw: changed(raw, ("custody", 0, "by"), "risk-8"), "link 1 was altered"),
    (
        "a chain of another package",
        lambda raw: changed(raw, ("custody", 0, "previous_sha256"), "0" * 64),
        "does not follow",
    ),
]


@pytest.mark.parametrize(("why", "tamper", "says"), TAMPERED, ids=[row[0] for row in TAMPERED])
def test_tampering_is_named(package: Path, why: str, tamper: Callable[[Raw], Raw], says: str) -> None:
    raw = json.loads(package.read_bytes())
    package.write_bytes(readable(tamper(raw)))
    faults = verify(package).faults
    assert any(says in fault for fault in faults)
    assert raw["disclosure"]["msisdns"][0] not in " ".join(faults)


def test_form_is_no_content(package: Path) -> None:
    raw = json.loads(package.read_bytes())
    package.write_text(json.dumps(dict(sorted(raw.items()))), encoding="utf-8")
    assert verify(package).faults == ()


def test_a_disclosure_may_be_taken_off(world: World, package: Path) -> None:
    assert verify(package).disclosure == "there"
    raw = json.loads(package.read_bytes())
    package.write_bytes(readable(raw | {"disclosure": None}))
    checked = verify(package)
    assert (checked.faults, checked.disclosure) == ((), "taken_off")
    assert world.leads.against_record(checked) == ()


def test_who_makes_the_digest_anew_is_found_out_by_the_record(world: World, package: Path) -> None:
    checked = verify(package)
    assert checked.lead is not None
    forged = checked.lead.changed(contact="elsewhere")
    from simkyc.leads.custody import next_event, shown_event
    from simkyc.leads.sealing import digest_of

    digest = digest_of(json.loads(forged.to_json()))
    first = checked.lead.custody[0]
    event = next_event(forged.lead_id, (), digest, "made", first.at, first.by)
    package.write_bytes(forged.changed(package_sha256=digest, custody=(shown_event(event),)).to_file())
    again = verify(package)
    assert again.faults == (), "digests tell that something changed, not who made it"
    assert "not the package" in world.leads.against_record(again)[0]
    unheard = checked.lead.changed(lead_id="lead-unheard")
    package.write_bytes(unheard.to_file())
    assert world.leads.against_record(verify(package)) == (
        "no lead of this name is on record: it was not handed on from here",
    )


NOT_A_LEAD: list[tuple[str, bytes, str]] = [
    ("nothing", b"", "no JSON"),
    ("no JSON", b"<html>", "no JSON"),
    ("another encoding", '{"人": 1}'.encode("gb18030"), "no JSON"),
    ("a list", b"[]", "neither a lead"),
    ("another file", b'{"schema_version": 1}', "neither a lead"),
    (
        "a later version",
        b'{"schema_version": 2, "lead_id": "a", "package_sha256": ""}',
        "another schema version",
    ),
    ("a name twice", b'{"lead_id": "a", "lead_id": "b"}', "names something twice"),
    ("infinity", b'{"lead_id": Infinity}', "no JSON"),
    ("too deep", b"[" * 100_000, "no JSON"),
    (
        "a surrogate",
        b'{"schema_version": 1, "lead_id": "\\ud800", "package_sha256": ""}',
        "UTF-8 cannot hold",
    ),
    ("a number too large", b'{"schema_version": 1, "lead_id": 1e999, "package_sha256": ""}', "cannot hold"),
]


@pytest.mark.parametrize(("why", "data", "says"), NOT_A_LEAD, ids=[row[0] for row in NOT_A_LEAD])
def test_what_is_no_lead(tmp_path: Path, why: str, data: bytes, says: str) -> None:
    file = tmp_path / "lead.json"
    file.write_bytes(data)
    with pytest.raises(InputError, match=says):
        verify(file)


def test_a_truncated_package(package: Path) -> None:
    whole = package.read_bytes()
    package.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match="cut off"):
        verify(package)


@pytest.mark.parametrize("name", ["nothing.json", ".", "a\0b"])
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        verify(tmp_path / name)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)


def test_a_chain_of_custody_that_was_emptied(package: Path) -> None:
    raw = json.loads(package.read_bytes())
    package.write_text(json.dumps(raw | {"custody": []}), encoding="utf-8")
    assert "custody: the chain is missing" in verify(package).faults


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(min_value=0), value=JSON)
def test_whatever_stands_in_a_field_ends_in_a_fault_or_a_typed_error(
    package: Path, place: int, value: Any
) -> None:
    raw = json.loads(package.read_bytes())
    name = list(raw)[place % len(raw)]
    file = package.with_name("other.json")
    file.write_text(json.dumps(raw | {name: value}), encoding="utf-8", errors="surrogatepass")
    try:
        checked = verify(file)
    except InputError:
        return
    assert checked.faults or raw[name] == value or (name, value) == ("disclosure", None)


def test_anybody_can_make_the_digest_again(package: Path) -> None:
    recipe = (
        "import hashlib, json, sys\n"
        "lead = json.load(open(sys.argv[1], encoding='utf-8'))\n"
        "for name in ('package_sha256', 'custody', 'disclosure'): lead.pop(name)\n"
        "text = json.dumps(lead, sort_keys=True, separators=(',', ':'), ensure_ascii=False)\n"
        "print(hashlib.sha256(text.encode()).hexdigest())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", recipe, str(package)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == json.loads(package.read_bytes())["package_sha256"]


def test_a_notice_that_was_altered(world: World, package: Path, out: Path) -> None:
    lead_id = package.stem
    world.leads.revoke(lead_id, "mistake", "risk-7")
    file, _ = world.leads.write_revocation(world.leads.revocation(lead_id, "desk"), out)
    raw = json.loads(file.read_bytes())
    file.write_bytes(readable(raw | {"revoked_for": "other"}))
    checked = verify(file)
    assert checked.notice is not None
    assert "notice was altered" in checked.faults[0]
    assert world.leads.against_record(checked)


# --- ring files


def test_a_ring_is_read_with_the_digest_of_its_file(tmp_path: Path) -> None:
    file, made = ring_file(tmp_path)
    ring, found, digest = read_rings(file, made.ring_id)
    assert (ring, found) == (made, rings())
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("why", "spoil", "says"),
    [
        ("another version", lambda raw: raw | {"later": 1}, "search for rings again"),
        (
            "an older one",
            lambda raw: {k: v for k, v in raw.items() if k != "limits_id"},
            "search for rings again",
        ),
        ("no such ring", lambda raw: raw | {"rings": []}, "no ring of this name"),
    ],
)
def test_a_ring_file_that_does_not_serve(
    tmp_path: Path, why: str, spoil: Callable[[Raw], Raw], says: str
) -> None:
    file, made = ring_file(tmp_path)
    file.write_text(json.dumps(spoil(json.loads(file.read_bytes()))), encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_rings(file, made.ring_id)
