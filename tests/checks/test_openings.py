from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.policy import Policy
from simkyc.testing import application, facts, resident_id
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run

DAY = 86_400
UNKNOWN = {"other_operators": "not_known_here"}
FAR = {"document": {"number": resident_id("440305", date(1970, 1, 1))}}
SAME_PROVINCE = {"document": {"number": resident_id("320102", date(1970, 1, 1))}}
PERMIT = {"document": {"kind": "residence_permit", "number": resident_id("810000", date(1970, 1, 1))}}


def earlier(day: int = 0, week: int = 0, month: int = 0) -> dict[str, object]:
    return {"person_openings": {DAY: day, 7 * DAY: week, 30 * DAY: month}}


ROWS = [
    Row("first card, at home", not_assessed=UNKNOWN),
    Row("fifth number", facts={"active_numbers": 4}, not_assessed=UNKNOWN),
    Row("sixth number", facts={"active_numbers": 5}, flagged=("number_cap",), not_assessed=UNKNOWN),
    Row("IoT numbers have a cap of their own", facts={"iot_numbers": 50}, not_assessed=UNKNOWN),
    Row(
        "an IoT card counts against that cap alone",
        {"sim": {"service": "iot"}},
        {"active_numbers": 50},
        not_assessed=UNKNOWN | {"number_cap": "iot"},
    ),
    Row("second card today", facts=earlier(1, 1, 1), not_assessed=UNKNOWN),
    Row("third card today", facts=earlier(2, 2, 2), flagged=("repeat",), not_assessed=UNKNOWN),
    Row("fourth card this month", facts=earlier(0, 0, 3), flagged=("repeat",), not_assessed=UNKNOWN),
    Row("from another province, first card", FAR, flagged=("far_from_home",), not_assessed=UNKNOWN),
    Row("from the same province", SAME_PROVINCE, not_assessed=UNKNOWN),
    Row(
        "third card this week, from another province",
        FAR,
        earlier(1, 2, 2),
        flagged=("far_from_home", "repeat_far_from_home"),
        not_assessed=UNKNOWN,
    ),
    Row("third card this week, at home", facts=earlier(1, 2, 2), not_assessed=UNKNOWN),
    Row(
        "a permit names no home",
        PERMIT,
        earlier(1, 2, 2),
        not_assessed={
            **UNKNOWN,
            **dict.fromkeys(("far_from_home", "repeat_far_from_home"), "no_home_division"),
        },
    ),
    Row(
        "another number of theirs is stopped on suspicion",
        facts={"suspended_numbers": 1},
        flagged=("suspended_number",),
        not_assessed=UNKNOWN,
    ),
    Row("ten numbers at other operators", {"numbers_elsewhere": 10}),
    Row("eleven of them", {"numbers_elsewhere": 11}, flagged=("other_operators",)),
    Row("a busy clerk", facts={"clerk_openings": 19}, not_assessed=UNKNOWN),
    Row("a clerk's burst", facts={"clerk_openings": 20}, flagged=("clerk_burst",), not_assessed=UNKNOWN),
    Row(
        "a number that names nobody",
        {"document": {"number": "hello"}},
        {"active_numbers": None, "person_openings": None, "suspended_numbers": None},
        not_assessed={
            **UNKNOWN,
            **dict.fromkeys(
                ("number_cap", "repeat", "far_from_home", "repeat_far_from_home", "suspended_number"),
                "number_malformed",
            ),
        },
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("openings", row)


def test_a_count_includes_this_opening() -> None:
    findings = run("openings", Row("", facts=earlier(1, 1, 1)))
    today = next(finding for finding in findings if finding.reason == "openings.repeat")
    assert (today.observed, today.limit, today.unit) == (2, 2, "openings in 1 days")


counts = st.integers(0, 20)


@given(counts, counts, counts, counts, counts, counts)
def test_more_openings_never_soften_a_verdict(
    active: int, day: int, clerk: int, more_active: int, more_day: int, more_clerk: int
) -> None:
    from simkyc.checks.openings import check

    def decision(held: int, opened: int, by_clerk: int) -> object:
        counted = {"person_openings": {DAY: opened, 7 * DAY: opened, 30 * DAY: opened}}
        known = facts(active_numbers=held, clerk_openings=by_clerk, **counted)
        policy = Policy.default()
        return max(
            policy.reasons[finding.reason].decide(finding) for finding in check(application(), known, policy)
        )

    better = decision(active, day, clerk)
    worse = decision(active + more_active, day + more_day, clerk + more_clerk)
    assert worse >= better  # type: ignore[operator]  # both are figures here


def test_being_from_elsewhere_alone_is_accepted() -> None:
    policy = Policy.default()
    findings = run("openings", Row("", FAR))
    flagged = [finding for finding in findings if finding.state is State.FLAGGED]
    assert [policy.reasons[finding.reason].decide(finding).name for finding in flagged] == ["ACCEPT"]
