from __future__ import annotations

import pytest

from simkyc import Policy
from simkyc.application import Asked
from simkyc.facts import CaptureFacts, FrameFacts, PhotoFacts
from simkyc.policy import CameraLimit, Limit
from simkyc.testing.builders import GOOD_QUALITY
from tests.checks.table import Row, assert_row

ALL = ("frames_differ", "frame_unusable", "challenge_failed", "suspected")
UNSEEN = {"suspected": "camera_not_calibrated"}


def frame(
    asked: Asked = "look_straight",
    problem: str | None = None,
    distance: float | None = 0.2,
    turn_deg: float = 0.0,
    closer: float = 1.0,
) -> FrameFacts:
    return FrameFacts(asked, problem, distance, turn_deg, closer)


def capture(*frames: FrameFacts) -> dict[str, CaptureFacts]:
    return {"capture": CaptureFacts(frames, 1, 0.42, "live-live:test")}


NO_CHALLENGE = {"challenge_failed": "no_challenge", **UNSEEN}
NO_FRAMES = {"frames_differ": "no_frames", "frame_unusable": "no_frames", "challenge_failed": "no_challenge"}


def live(**signals: float) -> PhotoFacts:
    return PhotoFacts(None, 1, 0.0, "detected", GOOD_QUALITY, signals)


def camera(signal: str, beyond: str, limit: float) -> CameraLimit:
    def a_limit(value: float) -> Limit:
        return Limit(value=value, unit="made up", source="made up")

    return CameraLimit.model_validate(
        {"camera_id": "known", "signal": signal, "beyond": beyond, "limit": a_limit(limit)}
        | {"bpcer": a_limit(0.01), "apcer": a_limit(0.4)}
    )


PRESENTATION = Policy.default().presentation.model_copy(
    update={"cameras": (camera("lattice", "above", 1.3), camera("grey_range", "below", 0.5))}
)
POLICY = Policy.default().model_copy(update={"presentation": PRESENTATION})

LEFT, RIGHT = frame("turn_left", turn_deg=20.0), frame("turn_right", turn_deg=-20.0)

ROWS = [
    Row(
        "one photo and no more",
        not_assessed={"frames_differ": "no_frames", "frame_unusable": "no_frames", **NO_CHALLENGE},
    ),
    Row("no consent", {"face_consent": None}, not_assessed=dict.fromkeys(ALL, "no_consent")),
    Row("consent but no engine", facts={"face": None}, not_assessed=dict.fromkeys(ALL, "engine_not_asked")),
    Row("straight frames of one person", facts=capture(frame(), frame()), not_assessed=NO_CHALLENGE),
    Row(
        "nobody in the live photo",
        facts={**capture(frame()), "live": PhotoFacts(None)},
        not_assessed=dict.fromkeys(ALL, "live_photo") | UNSEEN,
    ),
    Row(
        "another person in the second frame",
        facts=capture(frame(), frame(distance=0.5)),
        flagged=("frames_differ",),
        not_assessed=NO_CHALLENGE,
    ),
    Row("exactly as far as may be", facts=capture(frame(distance=0.42)), not_assessed=NO_CHALLENGE),
    Row(
        "a spoilt straight frame does no harm beside a good one",
        facts=capture(frame(problem="truncated", distance=None), frame()),
        not_assessed=NO_CHALLENGE,
    ),
    Row(
        "only spoilt ones tell nothing",
        facts=capture(frame(problem="truncated", distance=None)),
        flagged=("frame_unusable",),
        not_assessed={"frames_differ": "frame_unusable", **NO_CHALLENGE},
    ),
    Row(
        "left, right, closer",
        facts=capture(LEFT, RIGHT, frame("come_closer", closer=1.3)),
        not_assessed=UNSEEN,
    ),
    Row(
        "exactly as far as asked",
        facts=capture(frame("turn_left", turn_deg=12.0)),
        not_assessed=UNSEEN,
    ),
    Row(
        "did not turn",
        facts=capture(frame("turn_left", turn_deg=2.0)),
        flagged=("challenge_failed",),
        not_assessed=UNSEEN,
    ),
    Row(
        "turned the other way",
        facts=capture(frame("turn_right", turn_deg=20.0)),
        flagged=("challenge_failed",),
        not_assessed=UNSEEN,
    ),
    Row(
        "stayed away",
        facts=capture(LEFT, frame("come_closer", closer=1.1)),
        flagged=("challenge_failed",),
        not_assessed=UNSEEN,
    ),
    Row(
        "a companion did it",
        facts=capture(frame("turn_left", turn_deg=20.0, distance=0.8)),
        flagged=("frames_differ",),
        not_assessed=UNSEEN,
    ),
    Row(
        "a camera with limits sees a screen's lattice",
        {"camera_id": "known"},
        {"live": live(lattice=1.5, grey_range=0.9)},
        flagged=("suspected",),
        not_assessed=NO_FRAMES,
    ),
    Row(
        "or a print's grey black",
        {"camera_id": "known"},
        {"live": live(lattice=0.6, grey_range=0.4)},
        flagged=("suspected",),
        not_assessed=NO_FRAMES,
    ),
    Row(
        "exactly at both limits",
        {"camera_id": "known"},
        {"live": live(lattice=1.3, grey_range=0.5)},
        not_assessed=NO_FRAMES,
    ),
    Row(
        "no face whose signals could be measured",
        {"camera_id": "known"},
        {"live": PhotoFacts(None)},
        not_assessed=NO_FRAMES | {"suspected": "live_photo"},
    ),
    Row(
        "a challenge frame without a face",
        facts=capture(LEFT, frame("turn_right", "no_face", distance=None)),
        flagged=("frame_unusable",),
        not_assessed={"challenge_failed": "frame_unusable", **UNSEEN},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("presentation", row, POLICY)
