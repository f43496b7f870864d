"""Is the person before the camera the person on the ID?

Reasons: `face.uncertain`, `face.different_person`.
Units: `distance` between two unit vectors (0 to 2), and the share of impostors who come as near.
Source: the policy's false match rates, mapped to distances by the calibration that the evidence names.
A false alarm sends an honest customer to a supervisor; a miss opens a number on somebody else's card. A photo
too poor to compare decides nothing about the person: it is taken again. A portrait in which the face was only
assumed to be where the standard puts it can speak for the customer, never against.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from simkyc.application import Application, Subject
from simkyc.checks.answers import about, answer, not_assessed, unseen
from simkyc.checks.photo import poor_photo
from simkyc.facts import Comparison, FaceFacts, Facts
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge how far apart the two faces of everybody before the camera are."""
    return tuple(
        finding
        for subject in application.subjects
        if subject.is_present
        for finding in about(subject.role, _of(subject, application, facts, policy))
    )


def _of(subject: Subject, application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    face, cause = facts.people[subject.role].face, unseen(subject, application, facts, policy)
    if face is None or cause is not None:
        return _nothing(cause or "engine_not_asked")
    poor = poor_photo(face, policy)
    if poor is not None or face.comparison is None:
        return _nothing(poor or "not_compared")
    return _compared(face.comparison, face)


def _nothing(cause: str) -> tuple[Finding, ...]:
    return (not_assessed("face.uncertain", cause), not_assessed("face.different_person", cause))


def _compared(compared: Comparison, face: FaceFacts) -> tuple[Finding, ...]:
    distance, accept, review = compared.distance, compared.accept_distance, compared.review_distance
    assumed = face.portrait.located == "assumed"
    evidence = (
        Evidence(name="false_match_rate", value=compared.false_match_rate, unit="share of impostors"),
        Evidence(name="calibration_id", value=compared.calibration_id),
    )
    uncertain = answer(
        "face.uncertain",
        holds=distance > accept if assumed else accept < distance <= review,
        observed=round(distance, 4),
        limit=round(accept, 4),
        unit="distance",
        evidence=evidence,
    )
    if assumed and distance > review:
        return (uncertain, not_assessed("face.different_person", "portrait_assumed"))
    return (
        uncertain,
        answer(
            "face.different_person",
            holds=distance > review,
            observed=round(distance, 4),
            limit=round(review, 4),
            unit="distance",
            evidence=evidence,
        ),
    )
