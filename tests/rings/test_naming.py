"""Names that rings keep from run to run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.rings.naming import ring_ids


def people(letters: str) -> frozenset[str]:
    return frozenset(letters)


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        pytest.param({"x": "abc"}, ["abc"], ["x"], id="nothing changed"),
        pytest.param({"x": "abcd"}, ["abcdefgh"], ["x"], id="it grew"),
        pytest.param({"x": "abcde"}, ["cde"], ["x"], id="most of its people stayed"),
        pytest.param({"x": "abcd"}, ["cdef"], [None], id="half is no majority"),
        pytest.param({"x": "abcdef"}, ["abcd", "ef"], ["x", None], id="it fell apart"),
        pytest.param({"x": "abc", "y": "defg"}, ["abcdefg"], ["y"], id="two became one: the larger stays"),
        pytest.param({"y": "abc", "x": "def"}, ["abcdef"], ["x"], id="of equals the first by name"),
        pytest.param({"x": "abc"}, ["xyz"], [None], id="another ring"),
    ],
)
def test_who_keeps_a_name(before: dict[str, str], now: list[str], expected: list[str | None]) -> None:
    former = {name: people(some) for name, some in before.items()}
    names = ring_ids([people(some) for some in now], former)
    assert [name if name in former else None for name in names] == expected
    assert len(set(names)) == len(names)


def test_a_part_that_split_off_does_not_take_the_old_name() -> None:
    (name,) = ring_ids([people("abcdef")], {})
    small, large = ring_ids([people("ab"), people("cdef")], {name: people("abcdef")})
    assert large == name
    assert small != name


@given(st.lists(st.frozensets(st.text(min_size=1, max_size=4), min_size=1), max_size=8))
def test_names_do_not_depend_on_order(rings: list[frozenset[str]]) -> None:
    apart: list[frozenset[str]] = []
    for ring in rings:
        left = ring - frozenset().union(*apart)
        if left:
            apart.append(left)
    names = dict(zip(apart, ring_ids(apart, {}), strict=True))
    backwards = apart[::-1]
    assert dict(zip(backwards, ring_ids(backwards, {}), strict=True)) == names
    assert len(set(names.values())) == len(names)
    assert ring_ids(apart, {name: ring for ring, name in names.items()}) == tuple(names.values())
