"""Is the person before the camera the person on the ID?

Reasons: `face.live_missing`, `.live_unreadable`, `.live_no_face`, `.live_several_faces`, `.live_small`,
`.live_blurred`, `.live_dark`, `.live_bright`, `.live_turned`, `.portrait_unreadable`, `.portrait_no_face`,
`.uncertain`, `.different_person`.
Units: `distance` between two unit vectors (0 to 2), and the share of impostors who come as near; quality
as `faces.quality` documents it.
Source: the policy's false match rates, mapped to distances by the calibration that the evidence names.
A false alarm sends an honest customer to a supervisor; a miss opens a number on somebody else's card. A
photo too poor to compare decides nothing about the person: it is taken again.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from simkyc.application import Application
from simkyc.checks.answers import answer, not_assessed
from simkyc.facts import Comparison, FaceFacts, Facts, PhotoFacts
from simkyc.policy import PhotoLimits, Policy
from simkyc.reasons import REASONS
from simkyc.verdict import Evidence, Finding, State

__all__ = ["check"]


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the live photo, the portrait, and how far apart the two faces are."""
    if not application.face_consent or facts.face is None:
        cause = "engine_not_asked" if application.face_consent else "no_consent"
        return tuple(
            not_assessed(reason.code, cause) for reason in REASONS.values() if reason.check == "face"
        )
    live = _live(facts.face.live, policy.photo)
    portrait = _portrait(facts.face.portrait)
    poor = next(
        (
            cause
            for cause, findings in (("live_photo", live), ("portrait", portrait))
            if any(finding.state is not State.PASSED for finding in findings)
        ),
        None,
    )
    return live + portrait + _comparison(facts.face, poor)


def _live(photo: PhotoFacts, limits: PhotoLimits) -> tuple[Finding, ...]:
    missing = photo.problem == "missing"
    findings = [answer("face.live_missing", holds=missing)]
    if missing:
        return (*findings, *(not_assessed(reason, "live_photo") for reason in _AFTER_MISSING))
    unreadable = photo.problem is not None
    findings.append(answer("face.live_unreadable", holds=unreadable, cause=photo.problem))
    if unreadable:
        return (*findings, *(not_assessed(reason, "live_photo") for reason in _AFTER_UNREADABLE))
    findings.append(answer("face.live_no_face", holds=photo.faces == 0, observed=photo.faces, unit="faces"))
    findings.append(
        answer("face.live_several_faces", holds=photo.faces > 1, observed=photo.faces, limit=1, unit="faces")
    )
    if photo.faces == 0:
        return (*findings, *(not_assessed(reason, "live_photo") for reason in _MEASURED))
    return (*findings, *_quality(photo, limits))


_MEASURED = (
    "face.live_small",
    "face.live_blurred",
    "face.live_dark",
    "face.live_bright",
    "face.live_turned",
)
_AFTER_UNREADABLE = ("face.live_no_face", "face.live_several_faces", *_MEASURED)
_AFTER_MISSING = ("face.live_unreadable", *_AFTER_UNREADABLE)


def _quality(photo: PhotoFacts, limits: PhotoLimits) -> tuple[Finding, ...]:
    quality = photo.quality
    yaw, pitch = abs(quality["yaw"]), abs(quality["pitch"])
    yaw_max, pitch_max = limits.yaw_max, limits.pitch_max
    # One finding for the pose: the angle that is further over its limit speaks.
    worse, angle_max = (
        (yaw, yaw_max) if yaw / yaw_max.value >= pitch / pitch_max.value else (pitch, pitch_max)
    )
    rows = (
        ("face.live_small", quality["inter_eye_distance"], limits.inter_eye_distance_min, False),
        ("face.live_blurred", quality["sharpness"], limits.sharpness_min, False),
        ("face.live_dark", quality["luminance"], limits.luminance_min, False),
        ("face.live_bright", quality["luminance"], limits.luminance_max, True),
        ("face.live_turned", worse, angle_max, True),
    )
    return tuple(
        answer(
            reason,
            holds=observed > limit.value if is_maximum else observed < limit.value,
            observed=round(observed, 3),
            limit=limit.value,
            unit=limit.unit,
        )
        for reason, observed, limit, is_maximum in rows
    )


def _portrait(photo: PhotoFacts) -> tuple[Finding, ...]:
    unreadable = answer("face.portrait_unreadable", holds=photo.problem is not None, cause=photo.problem)
    if photo.problem is not None:
        return (unreadable, not_assessed("face.portrait_no_face", "portrait"))
    return (unreadable, answer("face.portrait_no_face", holds=photo.faces == 0))


def _comparison(face: FaceFacts, poor: str | None) -> tuple[Finding, ...]:
    compared = face.comparison
    if poor is not None or compared is None:
        cause = poor or "not_compared"
        return (not_assessed("face.uncertain", cause), not_assessed("face.different_person", cause))
    evidence = _evidence(compared)
    return (
        answer(
            "face.uncertain",
            holds=compared.accept_distance < compared.distance <= compared.review_distance,
            observed=round(compared.distance, 4),
            limit=round(compared.accept_distance, 4),
            unit="distance",
            evidence=evidence,
        ),
        answer(
            "face.different_person",
            holds=compared.distance > compared.review_distance,
            observed=round(compared.distance, 4),
            limit=round(compared.review_distance, 4),
            unit="distance",
            evidence=evidence,
        ),
    )


def _evidence(compared: Comparison) -> tuple[Evidence, ...]:
    return (
        Evidence(name="false_match_rate", value=compared.false_match_rate, unit="share of impostors"),
        Evidence(name="calibration_id", value=compared.calibration_id),
    )
