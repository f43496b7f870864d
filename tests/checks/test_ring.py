from __future__ import annotations

from datetime import timedelta
from typing import Literal

import pytest

from simkyc.facts import NearRing, RingFacts
from simkyc.testing import NOW
from tests.checks.table import Row, assert_row, run, worst


def near(distance: Literal[0, 1, 2], *tied_by: str) -> NearRing:
    return NearRing("ring-1", distance, tied_by, 6.0, 5, 1)


def known(ring: NearRing | None, days_ago: float = 1) -> dict[str, object]:
    return {"rings": RingFacts(NOW - timedelta(days=days_ago), ring)}


ROWS = [
    Row("no ring is near"),
    Row("one of the ring", facts=known(near(0, "person")), flagged=("member",)),
    Row("names the ring's payer", facts=known(near(1, "payer")), flagged=("near",)),
    Row("names what one of it named, as neighbours may", facts=known(near(2, "number"))),
    Row(
        "nobody searches for rings",
        facts={"rings": None},
        not_assessed={"member": "no_rings", "near": "no_rings"},
    ),
    Row("a month after the search", facts=known(near(0, "person"), 30), flagged=("member",)),
    Row(
        "later than that",
        facts=known(near(0, "person"), 30.01),
        not_assessed={"member": "outdated", "near": "outdated"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("ring", row)


def test_the_nearer_the_worse() -> None:
    decisions = [
        worst("ring", Row("", facts=known(ring)))
        for ring in (near(0, "person"), near(1, "payer"), near(2, "payer"), None)
    ]
    assert decisions == sorted(decisions, reverse=True)
    assert decisions[0] > decisions[-1]


def test_a_finding_says_by_what_and_to_which_ring() -> None:
    member, tied = run("ring", Row("", facts=known(near(1, "contact", "payer"))))
    assert {one.name: one.value for one in tied.evidence} == {
        "ring_id": "ring-1",
        "tied_by": "contact, payer",
        "score": 6.0,
        "people": 5,
        "fraud": 1,
    }
    assert (tied.observed, tied.limit, member.evidence) == (1, 1, ())
