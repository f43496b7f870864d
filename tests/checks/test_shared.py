from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from simkyc.facts import ActorCounts, SharedCounts, Spread
from simkyc.gather import opening_windows
from simkyc.policy import Policy
from simkyc.testing import NOW, application, facts
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


COMPANY = {
    "organisation": {
        "name": "测试公司",
        "credit_code": "91320500MA1TEST001",
        "valid_until": None,
        "applicant_is": "actual_user",
    }
}


def spread(
    thing: str,
    *,
    people: int,
    days: int,
    stores: int = 1,
    clerks: int = 1,
    since_days: int = 20,
    remote_first: int = 0,
    fraudulent: int = 0,
) -> dict[str, Any]:
    """So many others on so many days before today, in stores and by clerks of which the first is this one's."""
    one = Spread(
        days=days,
        store_ids=(stores, application().store.store_id),
        clerk_ids=(clerks, application().clerk.clerk_id),
        first_at=NOW - timedelta(days=since_days),
        last_at=NOW - timedelta(days=1),
        openings=ActorCounts(people, remote_first),
    )
    known = facts().patterns
    return seen(thing, people) | {
        "patterns": replace(
            known,
            spread={thing: dict.fromkeys((30 * DAY, 365 * DAY), one)},  # type: ignore[dict-item]  # the policy's names
            fraudulent={thing: fraudulent},  # type: ignore[dict-item]  # the policy's names
        )
    }


STEADY: dict[str, Any] = {"people": 9, "days": 7, "clerks": 3}
OWN = spread("contact", **STEADY)
NOT_ITS_OWN = {
    "a ring's number in two stores": spread("contact", **STEADY | {"stores": 2}),
    "a ring's number at one clerk": spread("contact", **STEADY | {"clerks": 1}),
    "a ring's number that came up this week": spread("contact", **STEADY, since_days=6),
    "a ring's number on two busy days": spread("contact", **STEADY | {"days": 2}),
    "a ring's number of newcomers from elsewhere": spread("contact", **STEADY, remote_first=9),
    "a ring's number with fraud reported": spread("contact", **STEADY, fraudulent=1),
}

ROWS = [
    Row("nothing given", facts={"shared": {}}, not_assessed=dict.fromkeys(THINGS, "not_given")),
    Row("a couple has one contact", facts=seen("contact", 1), not_assessed=only("contact")),
    Row("a parent and three children", facts=seen("contact", 3), not_assessed=only("contact")),
    Row(
        "five have one contact", facts=seen("contact", 4), flagged=("contact",), not_assessed=only("contact")
    ),
    Row(
        "seven in a year have one contact",
        facts=seen("contact", 1, 6),
        flagged=("contact",),
        not_assessed=only("contact"),
    ),
    Row("somebody pays for four", facts=seen("payer", 3), not_assessed=only("payer")),
    Row("somebody pays for five", facts=seen("payer", 4), flagged=("payer",), not_assessed=only("payer")),
    Row(
        "a handler of a company has one number for all",
        COMPANY,
        seen("contact", 19),
        not_assessed=only("contact"),
    ),
    Row(
        "no handler brings more than a department",
        COMPANY,
        seen("contact", 20),
        flagged=("contact",),
        not_assessed=only("contact"),
    ),
    Row(
        "three people on three days at one clerk",
        facts=spread("contact", people=2, days=2),
        flagged=("contact",),
        not_assessed=only("contact"),
    ),
    Row(
        "three people in three stores",
        facts=spread("payer", people=2, days=2, stores=2, clerks=2),
        flagged=("payer",),
        not_assessed=only("payer"),
    ),
    Row(
        "three people on two days",
        facts=spread("contact", people=2, days=1),
        not_assessed=only("contact"),
    ),
    Row(
        "a couple on three days",
        facts=spread("contact", people=1, days=2),
        not_assessed=only("contact"),
    ),
    Row(
        "three people on three days at several clerks of one store",
        facts=spread("contact", people=2, days=2, clerks=2),
        not_assessed=only("contact"),
    ),
    Row("the store's telephone", facts=OWN, not_assessed=only("contact")),
    *(
        Row(why, facts=changed, flagged=("contact",), not_assessed=only("contact"))
        for why, changed in NOT_ITS_OWN.items()
    ),
    Row(
        "a dormitory's newcomer with a student card",
        {"residence": {"kind": "student", "division": "320506"}},
        seen("address", 50, 60),
        not_assessed=only("address"),
    ),
    Row(
        "a student card of another province",
        {"residence": {"kind": "student", "division": "440305"}},
        seen("address", 50, 60),
        flagged=("address",),
        not_assessed=only("address"),
    ),
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
