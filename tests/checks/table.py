"""One row of a check's table: what is changed, which reason speaks, and why the row is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from simkyc.checks import CHECKS, LINE_CHECKS, USAGE_CHECKS
from simkyc.policy import Policy
from simkyc.testing import application, facts, line_facts, number_usage
from simkyc.verdict import Finding, State


@dataclass(frozen=True)
class Row:
    """`why` is the test's id, so it holds no personal data."""

    why: str
    application: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] | None = field(default_factory=dict)
    """Of a line's check what is known of the line; None of a line that is on no record. Of a number's use, that."""
    flagged: tuple[str, ...] = ()
    not_assessed: Mapping[str, str] = field(default_factory=dict)
    """Reason to cause."""

    def __str__(self) -> str:
        return self.why


def run(name: str, row: Row, policy: Policy | None = None) -> tuple[Finding, ...]:
    """The findings of one check on one row, under the policy that ships unless another is given."""
    policy = policy or Policy.default()
    if name in dict(LINE_CHECKS):
        return dict(LINE_CHECKS)[name](None if row.facts is None else line_facts(**row.facts), policy)
    if name in dict(USAGE_CHECKS):
        return dict(USAGE_CHECKS)[name](number_usage(**(row.facts or {})), policy)
    return dict(CHECKS)[name](application(**row.application), facts(**(row.facts or {})), policy)


def assert_row(name: str, row: Row, policy: Policy | None = None) -> None:
    """The row's reasons are flagged or not assessed as said, and every other one passed."""
    findings = run(name, row, policy)
    prefix = f"{name}."
    flagged = {finding.reason for finding in findings if finding.state is State.FLAGGED}
    unknown = {finding.reason: finding.cause for finding in findings if finding.state is State.NOT_ASSESSED}
    assert flagged == {prefix + reason for reason in row.flagged}
    assert unknown == {prefix + reason: cause for reason, cause in row.not_assessed.items()}


def worst(name: str, row: Row, policy: Policy | None = None) -> Any:
    """The decision that a check's findings on one row ask for."""
    policy = policy or Policy.default()
    return max(policy.reasons[finding.reason].decide(finding) for finding in run(name, row, policy))
