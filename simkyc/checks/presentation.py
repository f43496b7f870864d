"""Is it one living person before the camera, in every frame of the capture?

Reasons: `presentation.frames_differ`, `.frame_unusable`, `.challenge_failed`, `.suspected`.
Units: `distance` of two templates; degrees of yaw beyond the straight frame; inter-eye distances of it; signals
as `simkyc.faces.presentation` documents them.
Source: terms of ISO/IEC 30107-1. A challenge is answered by geometry: five landmarks tell a turn of the head and
a step nearer, and the person must stay the same. A film of the right movements passes it; so a challenge is drawn
anew each time by the counter, and passing one is no proof of life.
A single photo's signals are judged on cameras whose error rates the policy holds, and are a risk, never a proof.
A false alarm costs another capture, or a refusal where frames differ; a miss lets a print or a companion's face
through.

>>> from simkyc.testing import application, facts
>>> from simkyc.policy import Policy
>>> sorted(finding.cause for finding in check(application(), facts(), Policy.default()))
['camera_not_calibrated', 'no_challenge', 'no_frames', 'no_frames']
"""

from __future__ import annotations

from simkyc.application import Application, Subject
from simkyc.checks.answers import about, answer, not_assessed, unseen
from simkyc.facts import CaptureFacts, FaceFacts, Facts, FrameFacts, PhotoFacts
from simkyc.policy import CameraLimit, Policy, PresentationLimits
from simkyc.verdict import Evidence, Finding

__all__ = ["check"]

DIFFER, UNUSABLE, FAILED = (
    "presentation.frames_differ",
    "presentation.frame_unusable",
    "presentation.challenge_failed",
)
SUSPECTED = "presentation.suspected"


def check(application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    """Judge the further frames beside the live photo, and what the live photo itself shows."""
    return tuple(
        finding
        for subject in application.subjects
        if subject.is_present
        for finding in about(subject.role, _of(subject, application, facts, policy))
    )


def _of(subject: Subject, application: Application, facts: Facts, policy: Policy) -> tuple[Finding, ...]:
    face, cause = facts.people[subject.role].face, unseen(subject, application, facts, policy)
    if face is None or cause is not None:
        reasons = (DIFFER, UNUSABLE, FAILED, SUSPECTED)
        return tuple(not_assessed(reason, cause or "engine_not_asked") for reason in reasons)
    return (
        *_frames(face, policy.presentation),
        _suspected(application.camera_id, face.live, policy.presentation),
    )


def _frames(face: FaceFacts, limits: PresentationLimits) -> tuple[Finding, ...]:
    capture = face.capture
    if capture is None:
        none = tuple(not_assessed(reason, "no_frames") for reason in (DIFFER, UNUSABLE))
        return (*none, not_assessed(FAILED, "no_challenge"))
    if face.live.faces == 0:
        return tuple(not_assessed(reason, "live_photo") for reason in (DIFFER, UNUSABLE, FAILED))
    return (_differ(capture), _unusable(capture), _challenge(capture, limits))


def _suspected(camera_id: str | None, live: PhotoFacts, limits: PresentationLimits) -> Finding:
    judged = [camera for camera in limits.cameras if camera.camera_id == camera_id]
    if not judged:
        return not_assessed(SUSPECTED, "camera_not_calibrated")
    if not live.signals:
        return not_assessed(SUSPECTED, "live_photo")
    beyond = [camera for camera in judged if _is_beyond(camera, live.signals[camera.signal])]
    told = (beyond or judged)[0]
    return answer(
        SUSPECTED,
        holds=bool(beyond),
        observed=round(live.signals[told.signal], 4),
        limit=told.limit.value,
        unit=told.limit.unit,
        cause=told.signal if beyond else None,
        evidence=(
            Evidence(name="bpcer", value=told.bpcer.value, unit=told.bpcer.unit),
            Evidence(name="apcer", value=told.apcer.value, unit=told.apcer.unit),
        ),
    )


def _is_beyond(camera: CameraLimit, signal: float) -> bool:
    limit = camera.limit.value
    return signal > limit if camera.beyond == "above" else signal < limit


def _differ(capture: CaptureFacts) -> Finding:
    distances = [frame.distance for frame in capture.frames if frame.distance is not None]
    if not distances:
        return not_assessed(DIFFER, "frame_unusable")
    return answer(
        DIFFER,
        holds=max(distances) > capture.same_person_distance,
        observed=round(max(distances), 4),
        limit=round(capture.same_person_distance, 4),
        unit="distance",
        evidence=(
            Evidence(name="frames", value=len(capture.frames) + 1),
            Evidence(name="averaged", value=capture.averaged),
            Evidence(name="calibration_id", value=capture.calibration_id),
        ),
    )


def _unusable(capture: CaptureFacts) -> Finding:
    # A spoilt straight frame does no harm beside a good one; a challenge needs each of its frames.
    good = any(frame.problem is None for frame in capture.frames)
    needed = [frame for frame in capture.frames if frame.asked != "look_straight" or not good]
    problems = [frame.problem for frame in needed if frame.problem is not None]
    return answer(
        UNUSABLE,
        holds=bool(problems),
        observed=len(problems),
        unit="frames",
        cause=next(iter(problems), None),
    )


def _challenge(capture: CaptureFacts, limits: PresentationLimits) -> Finding:
    asked = [frame for frame in capture.frames if frame.asked != "look_straight"]
    if not asked:
        return not_assessed(FAILED, "no_challenge")
    if any(frame.problem is not None for frame in asked):
        return not_assessed(FAILED, "frame_unusable")
    failed = [frame.asked for frame in asked if not _done(frame, limits)]
    return answer(
        FAILED,
        holds=bool(failed),
        observed=len(asked) - len(failed),
        limit=len(asked),
        unit="movements done",
        cause=failed[0] if failed else None,
    )


def _done(frame: FrameFacts, limits: PresentationLimits) -> bool:
    if frame.asked == "come_closer":
        return frame.closer >= limits.closer_min.value
    turn = frame.turn_deg if frame.asked == "turn_left" else -frame.turn_deg
    return turn >= limits.turn_min.value
