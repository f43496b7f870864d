"""Is this face known under another ID, is this ID known with another face, and did a number of this face end in fraud?

Reasons: `identity.face_under_other_id`, `.id_with_other_face`, `.face_of_fraud`, `.companion_of_many`.
Units: distances of two templates; the false match rate at that distance; false hits to be expected by chance among all
the templates that were searched.
Source: India's ASTR run found one face with 684 SIM cards under different names; ISO/IEC 19795-1 on searches among
many: by chance alone a search finds as many strangers as its false match rate times the size of the gallery.
Typology: one person opens cards under bought or borrowed IDs; an ID changes hands; an escort stands beside different
applicants.
A false alarm tells a supervisor of a look-alike, a twin, or chance; a miss lets one face hold a hundred numbers. A hit
in a search never refuses anybody by itself.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> [finding.cause for finding in check(application(), facts(), Policy.default())]
[None, 'no_earlier_face', None, None]
"""

from __future__ import annotations

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Facts, GalleryFacts, GalleryHit
from simkyc.policy import Policy
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

QUESTIONS = ("face_under_other_id", "id_with_other_face", "face_of_fraud", "companion_of_many")


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge what the search among earlier faces found."""
    gallery = facts.gallery
    if gallery is None:
        return tuple(not_assessed(f"identity.{question}", "no_face") for question in QUESTIONS)
    return (
        _other_id(gallery, facts, policy),
        _other_face(gallery, facts),
        _fraud(gallery, facts, policy),
        _companion(gallery, facts, policy),
    )


def _other_id(gallery: GalleryFacts, facts: Facts, policy: Policy) -> Finding:
    """The nearest face of somebody else, and how many strangers as near chance alone would bring."""
    reason, limit = "identity.face_under_other_id", policy.identity.expected_false_hits.value
    others = [hit for hit in gallery.hits if not hit.is_applicants and not hit.as_companion]
    if not others:
        return answer(reason, holds=False, data_as_of=facts.now, evidence=_searched(gallery))
    by_chance = others[0].false_match_rate * gallery.size
    return answer(
        reason,
        holds=by_chance <= limit,
        observed=by_chance,
        limit=limit,
        unit="false hits expected by chance",
        data_as_of=facts.now,
        evidence=(*_hit(others[0]), *_searched(gallery)),
    )


def _other_face(gallery: GalleryFacts, facts: Facts) -> Finding:
    """Every earlier face under this ID is further away than one person's faces are."""
    reason, limit = "identity.id_with_other_face", gallery.same_person_distance
    if not gallery.own_distances:
        return not_assessed(reason, "no_earlier_face")
    return answer(
        reason,
        holds=gallery.own_distances[0] > limit,
        observed=round(gallery.own_distances[0], 4),
        limit=round(limit, 4),
        unit="distance",
        data_as_of=facts.now,
        evidence=(Evidence(name="calibration", value=gallery.calibration_id),),
    )


def _fraud(gallery: GalleryFacts, facts: Facts, policy: Policy) -> Finding:
    """The nearest face whose number was used for fraud: the same person's by the ID, or too near for chance."""
    reason, limit = "identity.face_of_fraud", policy.identity.expected_false_hits.value
    own = gallery.own_fraud_distance
    if own is not None and own <= gallery.same_person_distance:
        under = Evidence(name="under the same ID", value="yes")
        apart = Evidence(name="distance", value=round(own, 4))
        return answer(reason, holds=True, data_as_of=facts.now, evidence=(under, apart, *_searched(gallery)))
    others = [hit for hit in gallery.hits if hit.is_fraud and not hit.is_applicants and not hit.as_companion]
    if not others:
        return answer(reason, holds=False, data_as_of=facts.now, evidence=_searched(gallery))
    by_chance = others[0].false_match_rate * gallery.size
    return answer(
        reason,
        holds=by_chance <= limit,
        observed=by_chance,
        limit=limit,
        unit="false hits expected by chance",
        data_as_of=facts.now,
        evidence=(*_hit(others[0]), *_searched(gallery)),
    )


def _companion(gallery: GalleryFacts, facts: Facts, policy: Policy) -> Finding:
    """Somebody who comes back with other people on other days, or with more at once than a foreman brings."""
    limits, people = policy.identity, gallery.companion_people + 1
    comes_back = gallery.companion_days > limits.companion_days.value
    limit = limits.companion_people if comes_back else limits.companion_party
    return answer(
        "identity.companion_of_many",
        holds=people > limit.value,
        observed=people,
        limit=limit.value,
        unit="people beside whom the same face stood",
        data_as_of=facts.now,
        evidence=(Evidence(name="different days", value=gallery.companion_days),),
    )


def _searched(gallery: GalleryFacts) -> tuple[Evidence, ...]:
    return (
        Evidence(name="gallery", value=float(gallery.size), unit="templates"),
        Evidence(name="calibration", value=gallery.calibration_id),
    )


def _hit(hit: GalleryHit) -> tuple[Evidence, ...]:
    rate = "false match rate, extrapolated" if hit.is_extrapolated else "false match rate"
    evidence = (
        Evidence(name="distance", value=round(hit.distance, 4)),
        Evidence(name=rate, value=hit.false_match_rate),
    )
    if not hit.is_fraud:
        return evidence
    return (*evidence, Evidence(name="number of that face", value="reported as used for fraud"))
