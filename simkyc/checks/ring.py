"""Is the applicant one of a known ring, or does the opening name what ties one?

Reasons: `ring.member`, `.near`.
Units: steps from the ring: 0 one of its people, 1 what ties them, 2 what one of them named.
Source: Anti-Telecom and Online Fraud Law, art. 10; the rings are those that the last search found.
Typology: a ring that was found goes on with new faces, under the old payer, contact number or escort.
A false alarm makes a supervisor look at somebody who lent a telephone; a miss lets a known ring open its next card.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [finding.cause for finding in check(application(), facts(rings=None), Policy.default())]
['no_rings', 'no_rings']
"""

from __future__ import annotations

from datetime import timedelta

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts, NearRing
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge how near the nearest ring is."""
    del application  # what it names is asked as keys
    known = facts.rings
    cause = None
    if known is None:
        cause = "no_rings"
    elif facts.now - known.known_until > timedelta(days=policy.ring.max_age.value):
        cause = "outdated"
    if known is None or cause is not None:
        return tuple(not_assessed(f"ring.{name}", cause or "no_rings") for name in ("member", "near"))
    near, farthest = known.near, policy.ring.farthest.value
    is_member = near is not None and near.distance == 0
    is_near = near is not None and 0 < near.distance <= farthest
    evidence = () if near is None else _evidence(near)
    return (
        answer(
            "ring.member",
            holds=is_member,
            data_as_of=known.known_until,
            evidence=evidence if is_member else (),
        ),
        answer(
            "ring.near",
            holds=is_near,
            observed=None if near is None else near.distance,
            limit=farthest,
            unit="steps from a known ring",
            data_as_of=known.known_until,
            evidence=() if is_member else evidence,
        ),
    )


def _evidence(near: NearRing) -> tuple[Evidence, ...]:
    return (
        Evidence(name="ring_id", value=near.ring_id),
        Evidence(name="tied_by", value=", ".join(near.tied_by)),
        Evidence(name="score", value=near.score, unit="points"),
        Evidence(name="people", value=near.people, unit="people"),
        Evidence(name="fraud", value=near.fraud, unit="numbers reported as used for fraud"),
    )
