"""Are the live photo and the ID portrait good enough to be compared?

Reasons: `photo.live_missing`, `.live_unreadable`, `.live_no_face`, `.live_several_faces`, `.live_companion`,
`.live_small`, `.live_at_edge`, `.live_turned`, `.live_blurred`, `.live_dark`, `.live_bright`, `.live_flat`,
`.live_uneven_light`, `.live_colour_cast`, `.live_glare`, `.live_compressed`, `.portrait_unreadable`,
`.portrait_no_face`.
Units: as `simkyc.faces.quality` documents each measure; the size of a companion's face by the customer's.
Source: ISO/IEC 29794-5 for what is measured; each limit in the policy says where it comes from.
A false alarm costs another photo while the customer is still there; a miss compares a face on pixels that do
not show it, and so refuses an honest customer or sends one to a supervisor.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> {finding.state.value for finding in check(application(), facts(), Policy.default())}
{'passed'}
"""

from __future__ import annotations

from typing import Literal

from simkyc.application import Application, Subject
from simkyc.checks.answers import about, answer, not_assessed, unseen
from simkyc.facts import FaceFacts, Facts, PhotoFacts
from simkyc.policy import Limit, PhotoLimits, Policy
from simkyc.reasons import REASONS
from simkyc.verdict import Evidence, Finding, State

__all__ = ["MEASURES", "check", "poor_photo"]

MEASURES: dict[str, tuple[str, ...]] = {
    "photo.live_small": ("inter_eye_distance_min",),
    "photo.live_at_edge": ("margin_min",),
    "photo.live_turned": ("yaw_max", "pitch_max", "roll_max"),
    "photo.live_blurred": ("sharpness_min",),
    "photo.live_dark": ("luminance_min", "under_exposure_max"),
    "photo.live_bright": ("luminance_max", "over_exposure_max"),
    "photo.live_flat": ("dynamic_range_min",),
    "photo.live_uneven_light": ("illumination_uniformity_min",),
    "photo.live_colour_cast": ("colour_deviation_max",),
    "photo.live_glare": ("eye_glare_max",),
    "photo.live_compressed": ("blockiness_max",),
}
"""Each reason about quality and the policy's limits it looks at: a measure's name, then `_min` or `_max`."""

_AFTER_NO_FACE = ("photo.live_several_faces", "photo.live_companion", *MEASURES)
_AFTER_UNREADABLE = ("photo.live_no_face", *_AFTER_NO_FACE)
_AFTER_MISSING = ("photo.live_unreadable", *_AFTER_UNREADABLE)


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge live photo and portrait of everybody who stands before the camera, each by itself."""
    return tuple(
        finding
        for subject in application.subjects
        if subject.is_present
        for finding in about(subject.role, _of(subject, application, facts, policy))
    )


def _of(subject: Subject, application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    face, cause = facts.people[subject.role].face, unseen(subject, application, facts, policy)
    if face is None or cause is not None:
        return tuple(
            not_assessed(code, cause or "engine_not_asked")
            for code, reason in REASONS.items()
            if reason.check == "photo"
        )
    return (*_live(face.live, policy.photo), *_portrait(face.portrait))


def poor_photo(face: FaceFacts, policy: Policy) -> Literal["live_photo", "portrait", "no_portrait"] | None:
    """Which of the two photos must not be compared under this policy, if one."""

    def decides(findings: tuple[Finding, ...]) -> bool:
        return any(policy.keeps_from_accepting(finding) for finding in findings)

    if decides(_live(face.live, policy.photo)):
        return "live_photo"
    if face.portrait.problem == "missing":
        return "no_portrait"
    return "portrait" if decides(_portrait(face.portrait)) else None


def _live(photo: PhotoFacts, limits: PhotoLimits) -> tuple[Finding, ...]:
    missing = answer("photo.live_missing", holds=photo.problem == "missing")
    if missing.state is State.FLAGGED:
        return (missing, *(not_assessed(reason, "live_photo") for reason in _AFTER_MISSING))
    unreadable = answer("photo.live_unreadable", holds=photo.problem is not None, cause=photo.problem)
    if unreadable.state is State.FLAGGED:
        return (missing, unreadable, *(not_assessed(reason, "live_photo") for reason in _AFTER_UNREADABLE))
    no_face = answer("photo.live_no_face", holds=photo.faces == 0, observed=photo.faces, unit="faces")
    if no_face.state is State.FLAGGED:
        return (
            missing,
            unreadable,
            no_face,
            *(not_assessed(reason, "live_photo") for reason in _AFTER_NO_FACE),
        )
    if photo.located == "kept":
        return (
            missing,
            unreadable,
            no_face,
            *(not_assessed(reason, "kept_template") for reason in _AFTER_NO_FACE),
        )
    return (missing, unreadable, no_face, *_company(photo, limits), *_quality(photo, limits))


def _company(photo: PhotoFacts, limits: PhotoLimits) -> tuple[Finding, ...]:
    near = limits.companion_size_max
    faces = (Evidence(name="faces", value=photo.faces, unit="faces"),)
    return (
        answer(
            "photo.live_several_faces",
            holds=photo.companion_size > near.value,
            observed=round(photo.companion_size, 3),
            limit=near.value,
            unit=near.unit,
            evidence=faces,
        ),
        answer(
            "photo.live_companion",
            holds=0 < photo.companion_size <= near.value,
            observed=round(photo.companion_size, 3),
            unit=near.unit,
            evidence=faces,
        ),
    )


def _quality(photo: PhotoFacts, limits: PhotoLimits) -> tuple[Finding, ...]:
    findings = []
    for reason, names in MEASURES.items():
        excess, observed, limit = max(
            (_measured(photo, name, getattr(limits, name)) for name in names), key=lambda item: item[0]
        )
        findings.append(
            answer(reason, holds=excess > 0, observed=round(observed, 3), limit=limit.value, unit=limit.unit)
        )
    return tuple(findings)


def _measured(photo: PhotoFacts, name: str, limit: Limit) -> tuple[float, float, Limit]:
    """How far beyond its limit a measure is, as a share of the limit; the measure; the limit."""
    measure, side = name[:-4], name[-3:]
    observed = photo.quality[measure]
    if measure in {"yaw", "pitch", "roll"}:
        observed = abs(observed)
    beyond = observed - limit.value if side == "max" else limit.value - observed
    return beyond / (limit.value or 1.0), observed, limit


def _portrait(photo: PhotoFacts) -> tuple[Finding, ...]:
    if photo.problem == "missing":  # of a kind that has none
        return tuple(
            not_assessed(f"photo.portrait_{reason}", "no_portrait") for reason in ("unreadable", "no_face")
        )
    unreadable = answer("photo.portrait_unreadable", holds=photo.problem is not None, cause=photo.problem)
    if photo.problem is not None:
        return (unreadable, not_assessed("photo.portrait_no_face", "portrait"))
    located = (Evidence(name="located", value=photo.located),) if photo.located else ()
    return (unreadable, answer("photo.portrait_no_face", holds=photo.faces == 0, evidence=located))
