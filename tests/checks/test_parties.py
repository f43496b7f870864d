from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from simkyc import Decision, Policy, Screener
from simkyc.testing import NOW, STORE_ICCIDS, Clock, FakeFaceEngine, application, facts, swatch
from tests.checks.parties import GUARDIAN, LETTER, ORGANISATION, REPRESENTATIVE, child, party
from tests.checks.table import Row, assert_row

ALONE = {"guardian_unfit": "no_guardian"}
NO_ONE = dict.fromkeys(
    (
        "representative_unfit",
        "authorisation_missing",
        "authorisation_not_valid",
        "representative_many_people",
    ),
    "no_representative",
)
NO_UNIT = dict.fromkeys(("handler_missing", "organisation_code", "organisation_expired"), "no_organisation")
ADULT = ALONE | NO_ONE | NO_UNIT
ACTED = {"represented_people": 0}


def acting(**changes: Any) -> dict[str, Any]:
    return {"representative": REPRESENTATIVE | changes}


ROWS = [
    Row("an adult alone", not_assessed=ADULT),
    Row("sixteen today", child(date(2010, 11, 2)), not_assessed=ADULT),
    Row(
        "sixteen tomorrow, alone",
        child(date(2010, 11, 3)),
        flagged=("guardian_missing",),
        not_assessed=ADULT,
    ),
    Row("a child and a guardian", child(date(2018, 5, 1), guardian=GUARDIAN), not_assessed=NO_ONE | NO_UNIT),
    Row(
        "a guardian of seventeen",
        child(date(2018, 5, 1), guardian=party(date(2009, 5, 1))),
        flagged=("guardian_unfit",),
        not_assessed=NO_ONE | NO_UNIT,
    ),
    Row(
        "a child that is its own guardian",
        child(date(2010, 11, 3), guardian=party(date(2010, 11, 3)))
        | {
            "document": {
                "birth_date": date(2010, 11, 3),
                "number": party(date(2010, 11, 3))["document"]["number"],
            }
        },
        flagged=("guardian_unfit",),
        not_assessed=NO_ONE | NO_UNIT,
    ),
    Row(
        "the child's number on a grown-up's document",
        child(date(2018, 5, 1), guardian=GUARDIAN)
        | {"document": {"birth_date": date(2018, 5, 1), "number": GUARDIAN["document"]["number"]}},
        flagged=("guardian_unfit",),
        not_assessed=NO_ONE | NO_UNIT,
    ),
    Row(
        "a child with a household booklet",
        {"document": {"kind": "household_booklet", "birth_date": date(2010, 11, 3), "portrait": None}},
        flagged=("guardian_missing",),
        not_assessed=ADULT,
    ),
    Row(
        "a household booklet of somebody who is sixteen",
        {"document": {"kind": "household_booklet", "birth_date": date(2010, 11, 2), "portrait": None}},
        flagged=("document_not_admitted",),
        not_assessed=ADULT,
    ),
    Row(
        "somebody acts for the applicant",
        acting(),
        ACTED,
        flagged=("represented",),
        not_assessed=ALONE | NO_UNIT,
    ),
    Row(
        "without a letter",
        acting(authorisation=None),
        ACTED,
        flagged=("represented", "authorisation_missing"),
        not_assessed=ALONE | NO_UNIT | {"authorisation_not_valid": "no_letter"},
    ),
    Row(
        "a letter that ended yesterday",
        acting(authorisation=LETTER | {"valid_until": date(2026, 11, 1)}),
        ACTED,
        flagged=("represented", "authorisation_not_valid"),
        not_assessed=ALONE | NO_UNIT,
    ),
    Row(
        "a letter on its last day",
        acting(authorisation=LETTER | {"valid_until": date(2026, 11, 2)}),
        ACTED,
        flagged=("represented",),
        not_assessed=ALONE | NO_UNIT,
    ),
    Row(
        "a letter that begins tomorrow",
        acting(authorisation=LETTER | {"valid_from": date(2026, 11, 3)}),
        ACTED,
        flagged=("represented", "authorisation_not_valid"),
        not_assessed=ALONE | NO_UNIT,
    ),
    Row(
        "a representative of seventeen",
        {"representative": party(date(2009, 5, 1), authorisation=LETTER)},
        ACTED,
        flagged=("represented", "representative_unfit"),
        not_assessed=ALONE | NO_UNIT,
    ),
    Row(
        "acts for oneself",
        {
            "document": {key: REPRESENTATIVE["document"][key] for key in ("number", "birth_date")},
            "representative": REPRESENTATIVE,
        },
        ACTED,
        flagged=("represented", "representative_unfit"),
        not_assessed=ALONE | NO_UNIT,
    ),
    Row(
        "an escort: the third person this month",
        acting(),
        {"represented_people": 2},
        flagged=("represented", "representative_many_people"),
        not_assessed=ALONE | NO_UNIT,
    ),
    Row(
        "a representative whose number is none",
        acting(document=REPRESENTATIVE["document"] | {"number": "hello"}),
        {"shared": {}},
        flagged=("represented",),
        not_assessed=ALONE | NO_UNIT | {"representative_many_people": "number_malformed"},
    ),
    Row(
        "a company and its handler",
        acting() | {"organisation": ORGANISATION},
        ACTED,
        flagged=("represented",),
        not_assessed=ALONE,
    ),
    Row(
        "a company that nobody handles",
        {"organisation": ORGANISATION},
        flagged=("handler_missing",),
        not_assessed=ALONE | NO_ONE,
    ),
    Row(
        "a wrong credit code",
        acting() | {"organisation": ORGANISATION | {"credit_code": "91110000600037341M"}},
        ACTED,
        flagged=("represented", "organisation_code"),
        not_assessed=ALONE,
    ),
    Row(
        "a licence that ended",
        acting() | {"organisation": ORGANISATION | {"valid_until": date(2026, 11, 1)}},
        ACTED,
        flagged=("represented", "organisation_expired"),
        not_assessed=ALONE,
    ),
    Row(
        "a guardian with a household booklet",
        child(
            date(2018, 5, 1),
            guardian=GUARDIAN | {"document": GUARDIAN["document"] | {"kind": "household_booklet"}},
        ),
        flagged=("document_not_admitted",),
        not_assessed=NO_ONE | NO_UNIT,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("parties", row)


def test_an_age_below_the_policys_youngest_is_refused() -> None:
    policy = Policy.default()
    youngest = policy.parties.youngest_age.model_copy(update={"value": 10})
    strict = policy.model_copy(
        update={"parties": policy.parties.model_copy(update={"youngest_age": youngest})}
    )
    row = Row(
        "nine years old",
        child(date(2016, 11, 3), guardian=GUARDIAN),
        flagged=("too_young",),
        not_assessed=NO_ONE | NO_UNIT,
    )
    assert_row("parties", row, strict)


def test_findings_say_whom_they_are_about() -> None:
    from simkyc.checks import CHECKS

    whole, known = application(**acting()), facts(represented_people=5)
    findings = dict(CHECKS)["parties"](whole, known, Policy.default())
    assert {finding.subject for finding in findings} == {"applicant", "representative"}


def played(**changes: Any) -> Any:
    """Through the counter: the applicant's photos are person 1's."""
    photo = {"data": swatch(1)}
    document = changes.pop("document", {})
    return application(1, **{"live_photo": photo, "document": {"portrait": photo} | document} | changes)


def test_an_escort_is_noticed_at_the_third_applicant() -> None:
    clock = Clock(NOW)
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=clock) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        decisions = []
        for seed in (1, 2, 3):
            photo = {"data": swatch(seed)}
            verdict = screener.screen(
                application(seed, document={"portrait": photo}, live_photo=None, **acting())
            )
            decisions.append("parties.representative_many_people" in verdict.reasons)
            assert verdict.decision is Decision.REVIEW
        assert decisions == [False, False, True]
        assert verdict.silent_alert
        assert any(line.startswith("代办人：") for line in verdict.messages("zh-CN"))
        assert any(line.startswith("Representative: ") for line in verdict.messages("en"))
        assert not any(":" in line for line in verdict.messages("en", "customer"))


def test_a_company_is_no_way_round_the_face_check() -> None:
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=Clock(NOW)) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        stranger = {"live_photo": {"data": swatch(99)}}
        assert screener.preview(played(**stranger)).decision is Decision.REFUSE
        both = screener.preview(played(**stranger | acting(), organisation=ORGANISATION))
        handler = screener.preview(played(live_photo=None, organisation=ORGANISATION, **acting()))
    assert both.decision is Decision.REFUSE
    assert handler.decision is Decision.REVIEW


def test_the_frames_are_of_whoever_stands_there() -> None:
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=Clock(NOW)) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        other = [{"photo": {"data": swatch(99)}}]
        verdict = screener.preview(played(live_photo=None, live_frames=other, **acting()))
    differ = [finding for finding in verdict.findings if finding.reason == "presentation.frames_differ"]
    assert [(finding.subject, finding.state.value) for finding in differ] == [("representative", "flagged")]


def test_a_childs_guardian_is_screened_like_anybody() -> None:
    with Screener.open("sqlite://", faces=FakeFaceEngine(), clock=Clock(NOW)) as screener:
        screener.allocate("store-1", STORE_ICCIDS)
        other = GUARDIAN | {"live_photo": {"data": swatch(99)}}
        consent = {"given_by": "guardian", "given_at": NOW}
        whole = child(date(2018, 5, 1), guardian=other, face_consent=consent)
        verdict = screener.screen(played(**whole))
    stranger = next(
        finding
        for finding in verdict.findings
        if finding.reason == "face.different_person" and finding.state == "flagged"
    )
    assert stranger.subject == "guardian"
    assert verdict.decision is Decision.REFUSE
