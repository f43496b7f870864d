"""Does the authority say that name and number belong together?

Reasons: `authority.differs`, `authority.no_record`.
Units: none. `data_as_of` is the time of the authority's answer.
Source: Anti-Telecom and Online Fraud Law, art. 9. No record (a move, a soldier) is no mismatch.
A false alarm turns away someone whose record lags behind; a miss accepts a well-made false card.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.cause for finding in check(application(), facts(), Policy.default())}
{'not_configured'}
"""

from __future__ import annotations

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts
from simkyc.policy import Policy
from simkyc.verdict import Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:  # noqa: ARG001
    """Turn the authority's answer into findings."""
    reasons = ("authority.differs", "authority.no_record")
    said = facts.authority
    if said is None:
        return tuple(not_assessed(reason, "not_configured") for reason in reasons)
    if said.outcome == "unavailable":
        return tuple(not_assessed(reason, "unavailable") for reason in reasons)
    differs = (
        not_assessed("authority.differs", "no_record")
        if said.outcome == "no_record"
        else answer("authority.differs", holds=said.outcome != "match", data_as_of=said.answered_at)
    )
    return (
        differs,
        answer("authority.no_record", holds=said.outcome == "no_record", data_as_of=said.answered_at),
    )
