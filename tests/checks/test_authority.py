from __future__ import annotations

from typing import Any

import pytest

from simkyc.authority import AuthorityAnswer
from simkyc.facts import PersonFacts
from simkyc.testing import NOW, party
from simkyc.verdict import State
from tests.checks.table import Row, assert_row, run

BOTH = ("differs", "no_record")


def said(outcome: Any, **more: Any) -> dict[str, Any]:
    return {"authority": AuthorityAnswer(outcome, NOW, **more)}


ROWS = [
    Row("nobody to ask", not_assessed=dict.fromkeys(BOTH, "not_configured")),
    Row("it says yes", facts=said("match")),
    Row("it does not know the sex", facts=said("match", fields={"name": "match", "sex": "not_available"})),
    Row("it says no", facts=said("mismatch"), flagged=("differs",)),
    Row(
        "it says no to one field",
        facts=said("mismatch", fields={"name": "mismatch", "number": "match"}),
        flagged=("differs",),
    ),
    Row(
        "its yes contradicts one of its fields",
        facts=said("match", fields={"name": "mismatch"}),
        flagged=("differs",),
    ),
    Row("it says yes and of no field what", facts=said("match", fields={})),
    Row(
        "its yes did not compare the name",
        facts=said("match", fields={"name": "not_available", "number": "match"}),
        not_assessed=dict.fromkeys(BOTH, "not_available"),
    ),
    Row("it says what no authority says", facts=said("maybe"), flagged=("differs",)),
    Row(
        "a soldier: no record is no mismatch",
        facts=said("no_record"),
        flagged=("no_record",),
        not_assessed={"differs": "no_record"},
    ),
    Row(
        "it is slow", facts=said("unavailable", cause="timeout"), not_assessed=dict.fromkeys(BOTH, "timeout")
    ),
    Row(
        "it answered about somebody else",
        facts=said("unavailable", cause="other_person"),
        not_assessed=dict.fromkeys(BOTH, "other_person"),
    ),
    Row(
        "it does not say why it is down",
        facts=said("unavailable"),
        not_assessed=dict.fromkeys(BOTH, "unavailable"),
    ),
    Row(
        "it says that it is not configured, which is not the same as nobody to ask",
        facts=said("unavailable", cause="not_configured"),
        not_assessed=dict.fromkeys(BOTH, "unavailable"),
    ),
    Row(
        "without an answer no field is heard",
        facts=said("unavailable", fields={"name": "mismatch"}, cause="not_available"),
        not_assessed=dict.fromkeys(BOTH, "not_available"),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("authority", row)


def test_the_answers_time_stands_in_the_finding() -> None:
    findings = run("authority", Row("", facts=said("match")))
    assert {finding.data_as_of for finding in findings} == {NOW}


def test_the_fields_and_the_reference_are_evidence() -> None:
    fields = {"number": "match", "name": "mismatch"}
    differs, no_record = run("authority", Row("", facts=said("mismatch", fields=fields, reference="A-1")))
    assert [(shown.name, shown.value) for shown in differs.evidence] == [
        ("name", "mismatch"),
        ("number", "match"),
        ("reference", "A-1"),
    ]
    assert [(shown.name, shown.value) for shown in no_record.evidence] == [("reference", "A-1")]


def test_the_reference_of_a_missing_record_is_evidence() -> None:
    _, no_record = run("authority", Row("", facts=said("no_record", reference="A-2")))
    assert [(shown.name, shown.value) for shown in no_record.evidence] == [("reference", "A-2")]


def test_everybody_in_the_application_is_answered_for() -> None:
    people = {
        "applicant": PersonFacts(authority=AuthorityAnswer("match", NOW)),
        "guardian": PersonFacts(authority=AuthorityAnswer("mismatch", NOW)),
    }
    findings = run("authority", Row("", {"guardian": party(5)}, {"people": people}))
    assert [finding.subject for finding in findings if finding.state is State.FLAGGED] == ["guardian"]
    assert len(findings) == 4
