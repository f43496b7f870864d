from __future__ import annotations

from datetime import date, timedelta

import pytest

from simkyc import Decision, Policy
from simkyc.checks import CHECKS
from simkyc.testing import NOW, application, facts, resident_id
from tests.checks.parties import GUARDIAN, REPRESENTATIVE, child, party
from tests.checks.table import Row, assert_row

BY_GUARDIAN = {"given_by": "guardian", "given_at": NOW}
BY_SELF = {"given_at": NOW}
YOUTH = date(2009, 11, 1)

ROWS = [
    Row("given a day ago", {"face_consent": {"given_at": NOW - timedelta(hours=24)}}),
    Row(
        "given for another occasion",
        {"face_consent": {"given_at": NOW - timedelta(hours=25)}},
        flagged=("not_given",),
        not_assessed={"guardian_needed": "no_consent"},
    ),
    Row("an adult consents"),
    Row("a legal duty", {"face_consent": {**BY_SELF, "basis": "legal_duty"}}),
    Row(
        "not given",
        {"face_consent": None},
        flagged=("not_given",),
        not_assessed={"guardian_needed": "no_consent"},
    ),
    Row("fourteen today", child(date(2012, 11, 2), guardian=GUARDIAN)),
    Row(
        "fourteen tomorrow consents alone",
        child(date(2012, 11, 3), guardian=GUARDIAN),
        flagged=("guardian_needed",),
    ),
    Row("a child's guardian consents", child(date(2018, 5, 1), guardian=GUARDIAN, face_consent=BY_GUARDIAN)),
    Row(
        "a guardian who is not there",
        child(date(2018, 5, 1), face_consent=BY_GUARDIAN),
        flagged=("guardian_needed",),
    ),
    Row(
        "a guardian who is a child",
        child(date(2018, 5, 1), guardian=party(date(2012, 5, 1)), face_consent=BY_GUARDIAN),
        flagged=("guardian_needed",),
    ),
    Row(
        "a child that is its own guardian",
        child(date(2018, 5, 1), guardian=GUARDIAN, face_consent=BY_GUARDIAN)
        | {"document": {"birth_date": date(2018, 5, 1), "number": GUARDIAN["document"]["number"]}},
        flagged=("guardian_needed",),
    ),
    Row(
        "the guardian of somebody seventeen years old",
        child(YOUTH, guardian=GUARDIAN, face_consent=BY_GUARDIAN),
    ),
    Row(
        "somebody consents for an adult",
        {"guardian": GUARDIAN, "face_consent": BY_GUARDIAN},
        flagged=("not_given",),
        not_assessed={"guardian_needed": "no_consent"},
    ),
    Row(
        "the child's guardian consents for the representative",
        child(
            date(2018, 5, 1),
            guardian=GUARDIAN,
            live_photo=None,
            representative={**REPRESENTATIVE, "face_consent": BY_GUARDIAN},
        ),
        flagged=("not_given",),
        not_assessed={"guardian_needed": "no_consent"},
    ),
    Row("the tablet's clock is ahead", {"face_consent": {"given_at": NOW + timedelta(minutes=10)}}),
    Row(
        "given tomorrow",
        {"face_consent": {"given_at": NOW + timedelta(days=1)}},
        flagged=("not_given",),
        not_assessed={"guardian_needed": "no_consent"},
    ),
    Row("who acts for somebody consents for themselves", {"representative": REPRESENTATIVE}),
    Row(
        "and may refuse",
        {"representative": {**REPRESENTATIVE, "face_consent": None}},
        flagged=("not_given",),
        not_assessed={"guardian_needed": "no_consent"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("consent", row)


def test_without_consent_the_verdict_is_a_persons() -> None:
    whole, known = application(face_consent=None), facts()
    findings = [finding for _, check in CHECKS for finding in check(whole, known, Policy.default())]
    assert Policy.default().decide(findings).decision is Decision.REVIEW


def test_evidence_says_who_gave_it_and_on_which_basis() -> None:
    (given, _) = dict(CHECKS)["consent"](application(), facts(), Policy.default())
    assert {item.name: item.value for item in given.evidence}["basis"] == "separate_consent"


def test_the_number_of_a_child_is_well_formed() -> None:
    assert resident_id(born=date(2018, 5, 1)).startswith("320502")
