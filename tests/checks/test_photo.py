from __future__ import annotations

import pytest

from simkyc import Policy
from simkyc.checks.photo import MEASURES
from simkyc.facts import PhotoFacts
from simkyc.policy import PhotoLimits
from simkyc.reasons import REASONS
from simkyc.testing.builders import GOOD_QUALITY
from tests.checks.table import Row, assert_row

ALL = [code.removeprefix("photo.") for code, reason in REASONS.items() if reason.check == "photo"]
LIVE = [reason for reason in ALL if reason.startswith("live_")]
COMPANY = ("live_several_faces", "live_companion")


def live(problem: str | None = None, faces: int = 1, beside: float = 0.0, **quality: float) -> PhotoFacts:
    measured = GOOD_QUALITY | quality if faces else {}
    return PhotoFacts(problem, faces, beside, "detected" if faces else None, measured)


def after(first: str) -> dict[str, str]:
    return dict.fromkeys(LIVE[LIVE.index(first) + 1 :], "live_photo")


ROWS = [
    Row("clear photo and portrait"),
    Row(
        "no consent: nothing is looked at",
        {"face_consent": None},
        not_assessed=dict.fromkeys(ALL, "no_consent"),
    ),
    Row("consent but no engine", facts={"face": None}, not_assessed=dict.fromkeys(ALL, "engine_not_asked")),
    Row(
        "no live photo",
        facts={"live": live("missing", 0)},
        flagged=("live_missing",),
        not_assessed=after("live_missing"),
    ),
    Row(
        "truncated file",
        facts={"live": live("truncated", 0)},
        flagged=("live_unreadable",),
        not_assessed=after("live_unreadable"),
    ),
    Row(
        "nobody in it",
        facts={"live": live(faces=0)},
        flagged=("live_no_face",),
        not_assessed=after("live_no_face"),
    ),
    Row("two at the counter", facts={"live": live(faces=2, beside=0.9)}, flagged=("live_several_faces",)),
    Row("as near as the limit", facts={"live": live(faces=2, beside=0.5)}, flagged=("live_companion",)),
    Row("somebody waits behind", facts={"live": live(faces=9, beside=0.3)}, flagged=("live_companion",)),
    Row("far away", facts={"live": live(inter_eye_distance=5.0)}, flagged=("live_small",)),
    Row("chin cut off", facts={"live": live(margin=-0.1)}, flagged=("live_at_edge",)),
    Row("in profile", facts={"live": live(yaw=-80.0)}, flagged=("live_turned",)),
    Row("looking at the floor", facts={"live": live(pitch=-80.0)}, flagged=("live_turned",)),
    Row("lying down", facts={"live": live(roll=-80.0)}, flagged=("live_turned",)),
    Row("moved", facts={"live": live(sharpness=0.0)}, flagged=("live_blurred",)),
    Row("night", facts={"live": live(luminance=0.0)}, flagged=("live_dark",)),
    Row("black but for a lamp's glint", facts={"live": live(under_exposure=0.9)}, flagged=("live_dark",)),
    Row("into the sun", facts={"live": live(luminance=1.0)}, flagged=("live_bright",)),
    Row("white cheeks", facts={"live": live(over_exposure=0.5)}, flagged=("live_bright",)),
    Row("fog on the lens", facts={"live": live(dynamic_range=3.0)}, flagged=("live_flat",)),
    Row("half in shadow", facts={"live": live(illumination_uniformity=0.0)}, flagged=("live_uneven_light",)),
    Row("green lamp", facts={"live": live(colour_deviation=60.0)}, flagged=("live_colour_cast",)),
    Row("glasses reflect", facts={"live": live(eye_glare=0.6)}, flagged=("live_glare",)),
    Row("blocks of a bad camera", facts={"live": live(blockiness=6.0)}, flagged=("live_compressed",)),
    Row(
        "several things at once",
        facts={"live": live(yaw=50.0, sharpness=0.1, luminance=0.05)},
        flagged=("live_turned", "live_blurred", "live_dark"),
    ),
    Row(
        "chip portrait damaged",
        facts={"portrait": PhotoFacts("corrupt")},
        flagged=("portrait_unreadable",),
        not_assessed={"portrait_no_face": "portrait"},
    ),
    Row("no face on the chip", facts={"portrait": PhotoFacts(None)}, flagged=("portrait_no_face",)),
    Row(
        "face of the portrait only assumed",
        facts={"portrait": PhotoFacts(None, 1, 0.0, "assumed", GOOD_QUALITY)},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("photo", row)


@pytest.mark.parametrize("name", [name for names in MEASURES.values() for name in names])
def test_at_the_limit_a_photo_passes_and_just_beyond_it_does_not(name: str) -> None:
    limit = getattr(Policy.default().photo, name).value
    step = 1e-6 if name.endswith("max") else -1e-6
    reason = next(reason for reason, names in MEASURES.items() if name in names)
    assert_row("photo", Row(name, facts={"live": live(**{name[:-4]: limit})}))
    flagged = (reason.removeprefix("photo."),)
    assert_row("photo", Row(name, facts={"live": live(**{name[:-4]: limit + step})}, flagged=flagged))


def test_every_limit_on_a_measure_is_looked_at() -> None:
    looked_at = {name for names in MEASURES.values() for name in names}
    others = {"max_bytes", "max_pixels", "companion_size_max"}
    assert looked_at | others == set(PhotoLimits.model_fields)
    assert {name[:-4] for name in looked_at} | {"head_size"} == GOOD_QUALITY.keys()
