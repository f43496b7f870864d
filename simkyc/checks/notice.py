"""Did the customer sign the current safe-card-use notice, for this application?

Reasons: `notice.not_signed`, `.outdated`, `.signed_at_other_time`.
Units: hours between signature and application.
Source: Anti-Telecom and Online Fraud Law, art. 31 (no selling, renting or lending), which the notice tells.
A false alarm costs another signature; a miss leaves a card farmer able to say that nobody told them.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the notice's version and when it was signed."""
    notice = application.notice
    if notice is None:
        return (
            answer("notice.not_signed", holds=True),
            not_assessed("notice.outdated", "not_signed"),
            not_assessed("notice.signed_at_other_time", "not_signed"),
        )
    hours = (facts.now - notice.signed_at).total_seconds() / 3600
    tolerance = policy.counter_clock.max_difference.value / 60
    limit = policy.notice.max_age.value
    return (
        answer("notice.not_signed", holds=False),
        answer("notice.outdated", holds=notice.version != policy.notice.current_version),
        answer(
            "notice.signed_at_other_time",
            holds=not -tolerance <= hours <= limit,
            observed=round(hours, 1) or 0.0,  # no minus zero
            limit=limit,
            unit="hours before the application",
        ),
    )
