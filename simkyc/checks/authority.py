"""Does the authority say that name and number belong together?

Reasons: `authority.differs`, `authority.no_record`.
Units: none. `data_as_of` is the time of the authority's answer; evidence is what it said of each field, and its
reference. Where it gave no answer, the cause is why: `timeout`, `circuit_open`, `bad_answer` ...
Source: Anti-Telecom and Online Fraud Law, art. 9. No record (a move, a soldier) is no mismatch.
A false alarm turns away someone whose record lags behind; a miss accepts a well-made false card.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.cause for finding in check(application(), facts(), Policy.default())}
{'not_configured'}
"""

from __future__ import annotations

from simkyc.application import Application
from simkyc.authority import AuthorityAnswer
from simkyc.checks.answers import about, answer, not_assessed
from simkyc.facts import Facts
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

_NEEDED = ("number", "name")
"""A match that did not compare these is none: birth date and sex belong to too many people."""


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Turn the authority's answer about everybody in the application into findings."""
    return tuple(
        finding
        for subject in application.subjects
        for finding in about(subject.role, _of(facts.people[subject.role].authority))
    )


def _of(said: AuthorityAnswer | None) -> tuple[Finding, ...]:
    if said is None or said.outcome == "unavailable":
        return tuple(
            not_assessed(reason, _cause(said)) for reason in ("authority.differs", "authority.no_record")
        )
    if said.outcome == "match" and "not_available" in (said.fields.get(name) for name in _NEEDED):
        return tuple(
            not_assessed(reason, "not_available") for reason in ("authority.differs", "authority.no_record")
        )
    reference = () if said.reference is None else (Evidence(name="reference", value=said.reference),)
    no_record = answer(
        "authority.no_record",
        holds=said.outcome == "no_record",
        data_as_of=said.answered_at,
        evidence=reference,
    )
    if said.outcome == "no_record":
        return not_assessed("authority.differs", "no_record"), no_record
    fields = tuple(Evidence(name=name, value=value) for name, value in sorted(said.fields.items()))
    # A service whose own field contradicts its "match" is not believed.
    differs = said.outcome != "match" or "mismatch" in said.fields.values()
    return (
        answer(
            "authority.differs", holds=differs, data_as_of=said.answered_at, evidence=(*fields, *reference)
        ),
        no_record,
    )


def _cause(said: AuthorityAnswer | None) -> str:
    if said is None:
        return "not_configured"
    # A policy may accept where nobody is asked; an authority that calls itself so is one that was asked.
    return said.cause if said.cause and said.cause != "not_configured" else "unavailable"
