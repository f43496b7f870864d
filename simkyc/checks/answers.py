"""The three answers a check gives, as findings, and whom they are about.

>>> finding = answer("document.expired", holds=True, observed=12, limit=0, unit="days past its end")
>>> finding.check, finding.state.value
('document', 'flagged')
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from simkyc.application import Application, Role, Subject
from simkyc.facts import Facts, consent_fault
from simkyc.policy import Policy
from simkyc.reasons import REASONS
from simkyc.verdict import Evidence, Finding, State

__all__ = ["about", "answer", "not_assessed", "unseen"]


def answer(
    reason: str,
    *,
    holds: bool,
    observed: float | None = None,
    limit: float | None = None,
    unit: str | None = None,
    cause: str | None = None,
    data_as_of: datetime | None = None,
    evidence: tuple[Evidence, ...] = (),
) -> Finding:
    """A question that could be answered: flagged when the reason holds, else passed."""
    return Finding(
        check=REASONS[reason].check,
        reason=reason,
        state=State.FLAGGED if holds else State.PASSED,
        observed=observed,
        limit=limit,
        unit=unit,
        cause=cause,
        data_as_of=data_as_of,
        evidence=evidence,
    )


def not_assessed(reason: str, cause: str) -> Finding:
    """A question that could not be answered, and why."""
    return Finding(check=REASONS[reason].check, reason=reason, state=State.NOT_ASSESSED, cause=cause)


def about(role: Role, findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The same findings about somebody else than the applicant."""
    if role == "applicant":
        return tuple(findings)
    return tuple(finding.model_copy(update={"subject": role}) for finding in findings)


def unseen(subject: Subject, application: Application, facts: Facts, policy: Policy) -> str | None:
    """Why nobody looked at this person's face; None where somebody did."""
    if consent_fault(subject, application, policy, facts.now) is not None:
        return "no_consent"
    return "engine_not_asked" if facts.people[subject.role].face is None else None
