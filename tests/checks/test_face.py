from __future__ import annotations

from collections.abc import Mapping

import pytest

from simkyc.facts import PhotoFacts
from simkyc.reasons import REASONS
from simkyc.testing.builders import GOOD_QUALITY
from tests.checks.table import Row, assert_row

ALL = [reason.code.removeprefix("face.") for reason in REASONS.values() if reason.check == "face"]
LIVE = [reason for reason in ALL if reason.startswith("live_")]
COMPARED = ("uncertain", "different_person")
BLOCKED = dict.fromkeys(COMPARED, "live_photo")


def live(problem: str | None = None, faces: int = 1, **quality: float) -> dict[str, object]:
    measured: Mapping[str, float] = {**GOOD_QUALITY, **quality} if faces else {}
    return {"live": PhotoFacts(problem, faces, measured)}


def portrait(problem: str | None = None, faces: int = 1) -> dict[str, object]:
    return {"portrait": PhotoFacts(problem, faces, GOOD_QUALITY if faces else {})}


def after(first: str) -> dict[str, str]:
    return {**dict.fromkeys(LIVE[LIVE.index(first) + 1 :], "live_photo"), **BLOCKED}


ROWS = [
    Row("clear photo, same person"),
    Row(
        "no consent: nothing is looked at",
        {"face_consent": False},
        not_assessed=dict.fromkeys(ALL, "no_consent"),
    ),
    Row(
        "no live photo",
        facts=live("missing", 0),
        flagged=("live_missing",),
        not_assessed=after("live_missing"),
    ),
    Row(
        "truncated file",
        facts=live("truncated", 0),
        flagged=("live_unreadable",),
        not_assessed=after("live_unreadable"),
    ),
    Row(
        "nobody in it",
        facts=live(faces=0),
        flagged=("live_no_face",),
        not_assessed={
            **dict.fromkeys(
                ("live_small", "live_blurred", "live_dark", "live_bright", "live_turned"), "live_photo"
            ),
            **BLOCKED,
        },
    ),
    Row("a companion", facts=live(faces=2), flagged=("live_several_faces",), not_assessed=BLOCKED),
    Row("far away", facts=live(inter_eye_distance=5.0), flagged=("live_small",), not_assessed=BLOCKED),
    Row("moved", facts=live(sharpness=0.0), flagged=("live_blurred",), not_assessed=BLOCKED),
    Row("night", facts=live(luminance=0.0), flagged=("live_dark",), not_assessed=BLOCKED),
    Row("into the sun", facts=live(luminance=1.0), flagged=("live_bright",), not_assessed=BLOCKED),
    Row("in profile", facts=live(yaw=-80.0), flagged=("live_turned",), not_assessed=BLOCKED),
    Row("looking at the floor", facts=live(pitch=80.0), flagged=("live_turned",), not_assessed=BLOCKED),
    Row(
        "a poor photo never says who somebody is not",
        facts={**live(sharpness=0.0), "distance": 1.2},
        flagged=("live_blurred",),
        not_assessed=BLOCKED,
    ),
    Row(
        "chip portrait damaged",
        facts=portrait("corrupt", 0),
        flagged=("portrait_unreadable",),
        not_assessed={"portrait_no_face": "portrait", **dict.fromkeys(COMPARED, "portrait")},
    ),
    Row(
        "no face on the chip",
        facts=portrait(faces=0),
        flagged=("portrait_no_face",),
        not_assessed=dict.fromkeys(COMPARED, "portrait"),
    ),
    Row(
        "engine gave no comparison",
        facts={"comparison": None},
        not_assessed=dict.fromkeys(COMPARED, "not_compared"),
    ),
    Row("exactly at the accept distance", facts={"distance": 0.4}),
    Row("just above it", facts={"distance": 0.4001}, flagged=("uncertain",)),
    Row("exactly at the review distance", facts={"distance": 0.55}, flagged=("uncertain",)),
    Row("just above that", facts={"distance": 0.5501}, flagged=("different_person",)),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("face", _grown(row))


def _grown(row: Row) -> Row:
    """Put `live` and `comparison` where `facts()` takes them."""
    from dataclasses import replace

    from simkyc.testing import facts

    changes = dict(row.facts)
    if "comparison" in changes:
        face = facts().face
        assert face is not None
        return replace(row, facts={"face": replace(face, comparison=changes.pop("comparison"))})
    return row
