from __future__ import annotations

from typing import Any

import pytest

from simkyc.facts import SharedCounts
from simkyc.gather import opening_windows
from simkyc.policy import Policy
from tests.checks.table import Row, assert_row

THINGS = ("contact", "payer", "delivery", "address")
SPANS = dict(opening_windows(Policy.default()).shared_s)
DAY = 86_400


def seen(thing: str, lately: int, ever: int | None = None) -> dict[str, Any]:
    """So many others in windows up to a month, and so many in longer ones."""
    counts = {
        window_s: SharedCounts(
            people=lately if window_s <= 30 * DAY else (lately if ever is None else ever), sims=0, openings=0
        )
        for window_s in SPANS[thing]  # type: ignore[index]  # the names of this table are the policy's
    }
    return {"shared": {thing: counts}}


def only(thing: str) -> dict[str, str]:
    return {other: "not_given" for other in THINGS if other != thing}


ROWS = [
    Row("nothing given", facts={"shared": {}}, not_assessed=dict.fromkeys(THINGS, "not_given")),
    Row("a couple has one contact", facts=seen("contact", 1), not_assessed=only("contact")),
    Row(
        "three have one contact", facts=seen("contact", 2), flagged=("contact",), not_assessed=only("contact")
    ),
    Row(
        "five in a year have one contact",
        facts=seen("contact", 1, 4),
        flagged=("contact",),
        not_assessed=only("contact"),
    ),
    Row("somebody pays for a family", facts=seen("payer", 2), not_assessed=only("payer")),
    Row("somebody pays for four", facts=seen("payer", 3), flagged=("payer",), not_assessed=only("payer")),
    Row("one household's parcels", facts=seen("delivery", 2), not_assessed=only("delivery")),
    Row("parcels for four", facts=seen("delivery", 3), flagged=("delivery",), not_assessed=only("delivery")),
    Row("a household", facts=seen("address", 4), not_assessed=only("address")),
    Row("six at one address", facts=seen("address", 5), flagged=("address",), not_assessed=only("address")),
    Row("a dormitory", facts=seen("address", 20, 60), not_assessed=only("address")),
    Row(
        "a crowd that came all at once is no dormitory",
        facts=seen("address", 50, 60),
        flagged=("address",),
        not_assessed=only("address"),
    ),
    Row("the shop's own address for parcels", facts=seen("delivery", 10, 200), not_assessed=only("delivery")),
    Row(
        "no number is called by a hundred people for honest reasons",
        facts=seen("contact", 10, 200),
        flagged=("contact",),
        not_assessed=only("contact"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("shared", row)
