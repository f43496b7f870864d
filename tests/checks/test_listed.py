from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest

from simkyc import Policy
from simkyc.facts import PersonFacts
from simkyc.lists.watch import CHINA, JOINT_PUNISHMENT, LOST_DOCUMENT, OPERATOR_BLACKLIST, Listing
from simkyc.testing import NOW, application, facts
from tests.checks.parties import REPRESENTATIVE
from tests.checks.table import Row, assert_row, run

LOST_ON = datetime(2026, 10, 1, 23, 30, tzinfo=CHINA)


def entry(name: str, **changes: Any) -> Listing:
    parts: dict[str, Any] = {
        "list": name,
        "source": "MIIT",
        "basis": "rules of 2024-12-01",
        "since": LOST_ON,
        "until": None,
        "silent_alert": False,
    }
    return Listing(**parts | changes)


def listed(*entries: Listing) -> dict[str, Any]:
    return {"listed": entries}


def issued(day: date) -> dict[str, Any]:
    return {"document": {"valid_from": day}}


LOST = entry(LOST_DOCUMENT)
REPRESENTED = {"representative": REPRESENTATIVE}
ROWS = [
    Row("on no list"),
    Row("a convicted card dealer", facts=listed(entry(JOINT_PUNISHMENT)), flagged=("person",)),
    Row("on the operator's own list", facts=listed(entry(OPERATOR_BLACKLIST)), flagged=("person",)),
    Row("on a list that simkyc never heard of", facts=listed(entry("jiangsu-2026")), flagged=("person",)),
    Row("a card that was reported lost", facts=listed(LOST), flagged=("document_lost",)),
    Row(
        "a card issued on the day of the report: which came first is not known",
        application=issued(date(2026, 10, 1)),
        facts=listed(LOST),
        flagged=("document_lost",),
    ),
    Row(
        "the new card of somebody who lost the old one has the same number",
        application=issued(date(2026, 10, 2)),
        facts=listed(LOST),
    ),
    Row(
        "a passport's number never returns, whatever its date of issue",
        application={
            "document": {"kind": "passport", "number": "L898902C3", "valid_from": date(2026, 10, 2)}
        },
        facts=listed(LOST),
        flagged=("document_lost",),
    ),
    Row(
        "the new card of somebody whose lost one is marked",
        application=issued(date(2026, 10, 2)),
        facts=listed(entry(LOST_DOCUMENT, silent_alert=True)),
    ),
    Row(
        "a marked entry",
        facts=listed(entry(JOINT_PUNISHMENT, silent_alert=True)),
        flagged=("person", "marked"),
    ),
    Row(
        "both",
        facts=listed(entry(JOINT_PUNISHMENT), LOST),
        flagged=("person", "document_lost"),
    ),
    Row(
        "a number that is none is on no list and off none",
        facts={"listed": None},
        not_assessed=dict.fromkeys(("person", "document_lost", "marked"), "number_malformed"),
    ),
    Row(
        "whoever acts for somebody is looked up too",
        application=REPRESENTED,
        facts={
            "people": {
                "applicant": PersonFacts(listed=()),
                "representative": PersonFacts(listed=(entry(JOINT_PUNISHMENT),)),
            }
        },
        flagged=("person",),
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("listed", row)


def test_a_hit_names_its_list_its_basis_and_its_end() -> None:
    entries = (
        entry(JOINT_PUNISHMENT, until=datetime(2027, 12, 31, 16, tzinfo=CHINA)),
        entry(OPERATOR_BLACKLIST, basis="contract, clause 7"),
    )
    first, second, *_ = run("listed", Row("", facts=listed(*entries)))
    assert (first.cause, first.data_as_of) == (JOINT_PUNISHMENT, NOW)
    said = {evidence.name: evidence.value for evidence in first.evidence}
    assert said == {
        "source": "MIIT",
        "basis": "rules of 2024-12-01",
        "since": "2026-10-01T23:30:00+08:00",
        "until": "2027-12-31T16:00:00+08:00",
    }
    assert second.cause == OPERATOR_BLACKLIST
    assert [evidence.name for evidence in second.evidence] == ["source", "basis", "since"]


def test_a_finding_says_whom_it_is_about() -> None:
    people = {
        "applicant": PersonFacts(listed=()),
        "representative": PersonFacts(listed=(entry(JOINT_PUNISHMENT),)),
    }
    findings = run("listed", Row("", application=REPRESENTED, facts={"people": people}))
    flagged = {(finding.reason, finding.subject) for finding in findings if finding.state.value == "flagged"}
    assert flagged == {("listed.person", "representative")}


def test_a_mark_changes_nothing_but_the_silent_alert() -> None:
    from simkyc.checks import listed as check

    policy = Policy.default()

    def outcome(entries: tuple[Listing, ...]) -> Any:
        findings = check.check(application(), facts(listed=entries), policy)
        opening = policy.kinds["opening"].changed(checks=("listed",))
        return policy.changed(kinds={**policy.kinds, "opening": opening}).decide(findings)

    plain, marked = (outcome((entry(JOINT_PUNISHMENT, silent_alert=mark),)) for mark in (False, True))
    assert (plain.decision, plain.reasons, plain.advice) == (marked.decision, marked.reasons, marked.advice)
    assert (plain.silent_alert, marked.silent_alert) == (False, True)
