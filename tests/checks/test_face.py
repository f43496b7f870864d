from __future__ import annotations

from dataclasses import replace

import pytest

from simkyc import Decision, Policy, State
from simkyc.checks import face
from simkyc.facts import PhotoFacts
from simkyc.policy import Ruling
from simkyc.testing import application, facts
from simkyc.testing.builders import GOOD_QUALITY
from tests.checks.table import Row, assert_row

COMPARED = ("uncertain", "different_person")
CLEAR = PhotoFacts(None, 1, 0.0, "detected", GOOD_QUALITY)
BLURRED = replace(CLEAR, quality=GOOD_QUALITY | {"sharpness": 0.0})
ASSUMED = replace(CLEAR, located="assumed")


def blocked(cause: str) -> dict[str, str]:
    return dict.fromkeys(COMPARED, cause)


ROWS = [
    Row("same person"),
    Row("no consent", {"face_consent": None}, not_assessed=blocked("no_consent")),
    Row("consent but no engine", facts={"face": None}, not_assessed=blocked("engine_not_asked")),
    Row("no photo", facts={"live": PhotoFacts("missing")}, not_assessed=blocked("live_photo")),
    Row("no face in it", facts={"live": PhotoFacts(None)}, not_assessed=blocked("live_photo")),
    Row(
        "a poor photo never says who somebody is not",
        facts={"live": BLURRED, "distance": 1.2},
        not_assessed=blocked("live_photo"),
    ),
    Row("nor who somebody is", facts={"live": BLURRED, "distance": 0.0}, not_assessed=blocked("live_photo")),
    Row(
        "two at the counter",
        facts={"live": replace(CLEAR, faces=2, companion_size=0.8)},
        not_assessed=blocked("live_photo"),
    ),
    Row("somebody waits behind", facts={"live": replace(CLEAR, faces=2, companion_size=0.2)}),
    Row("damaged portrait", facts={"portrait": PhotoFacts("corrupt")}, not_assessed=blocked("portrait")),
    Row("portrait without face", facts={"portrait": PhotoFacts(None)}, not_assessed=blocked("portrait")),
    Row("engine gave no comparison", facts={"comparison": None}, not_assessed=blocked("not_compared")),
    Row("exactly at the accept distance", facts={"distance": 0.4}),
    Row("just above it", facts={"distance": 0.4001}, flagged=("uncertain",)),
    Row("exactly at the review distance", facts={"distance": 0.55}, flagged=("uncertain",)),
    Row("just above that", facts={"distance": 0.5501}, flagged=("different_person",)),
    Row("an assumed face can speak for the customer", facts={"portrait": ASSUMED, "distance": 0.4}),
    Row(
        "and never against",
        facts={"portrait": ASSUMED, "distance": 0.9},
        flagged=("uncertain",),
        not_assessed={"different_person": "portrait_assumed"},
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("face", row)


def test_a_policy_may_compare_what_another_finds_too_poor() -> None:
    policy = Policy.default()
    ruling = Ruling(flagged=Decision.ACCEPT)
    lenient = policy.model_copy(update={"reasons": {**policy.reasons, "photo.live_blurred": ruling}})
    findings = face.check(application(), facts(live=BLURRED, distance=1.2), lenient)
    assert [finding.state for finding in findings] == [State.PASSED, State.FLAGGED]
