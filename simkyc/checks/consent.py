"""May the face of this person be looked at?

Reasons: `consent.not_given`, `consent.guardian_needed`.
Units: years of age at the application.
Source: rules on face recognition of 2025-06-01 (separate consent, a guardian's for minors, another way where there
is one) [S]; Personal Information Protection Law, art. 28 and 31: below 14 the guardian consents [R].
A false alarm sends a customer the long way round by a supervisor; a miss looks at a face without the right to.
Without consent no template is made, nothing of the face is stored, and a person decides instead.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from datetime import datetime

from simkyc.application import Application, Subject
from simkyc.checks.answers import about, answer, not_assessed
from simkyc.facts import Facts, consent_fault
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the consent of everybody before the camera."""
    return tuple(
        finding
        for subject in application.subjects
        if subject.is_present
        for finding in about(subject.role, _of(subject, application, policy, facts.now))
    )


def _of(subject: Subject, application: Application, policy: Policy, now: datetime) -> tuple[Finding, ...]:
    consent = subject.face_consent
    if consent is None:
        return (
            answer("consent.not_given", holds=True),
            not_assessed("consent.guardian_needed", "no_consent"),
        )
    evidence = (
        Evidence(name="given_by", value=consent.given_by),
        Evidence(name="basis", value=consent.basis),
        Evidence(name="given_at", value=consent.given_at.isoformat()),
    )
    fault = consent_fault(subject, application, policy, now)
    if fault in {
        "given_later",
        "given_long_ago",
        "given_by_other",
    }:  # which is none of this person's, or none yet
        return (
            answer("consent.not_given", holds=True, cause=fault, evidence=evidence),
            not_assessed("consent.guardian_needed", "no_consent"),
        )
    return (
        answer("consent.not_given", holds=False, evidence=evidence),
        answer(
            "consent.guardian_needed",
            holds=fault is not None,
            limit=policy.document.consent_age.value,
            unit="years",
        ),
    )
