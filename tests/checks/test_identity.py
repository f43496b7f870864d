from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simkyc.checks.identity import check
from simkyc.facts import GalleryFacts, GalleryHit
from simkyc.policy import Policy
from simkyc.testing import NOW, application, facts
from simkyc.verdict import Decision, State
from tests.checks.table import Row, assert_row

NO_FACE = dict.fromkeys(
    ("face_under_other_id", "id_with_other_face", "face_of_fraud", "companion_of_many"), "no_face"
)
FIRST = {"id_with_other_face": "no_earlier_face"}


def hit(rate: float, **changes: Any) -> GalleryHit:
    fields: dict[str, Any] = {
        "distance": 0.4,
        "false_match_rate": rate,
        "is_extrapolated": False,
        "is_applicants": False,
        "as_companion": False,
        "decided_at": NOW - timedelta(days=1),
    }
    return GalleryHit(**{**fields, **changes})


def gallery(
    *hits: GalleryHit,
    size: int = 1000,
    own: tuple[float, ...] = (),
    beside: int = 0,
    days: int = 1,
    own_fraud: float | None = None,
) -> dict[str, Any]:
    return {
        "gallery": GalleryFacts(
            size=size,
            hits=hits,
            own_distances=own,
            same_person_distance=0.7,
            companion_people=beside,
            companion_days=days,
            calibration_id="live-live:test",
            own_fraud_distance=own_fraud,
        )
    }


ROWS = [
    Row("no face to search for", facts={"gallery": None}, not_assessed=NO_FACE),
    Row("the first face of all", facts=gallery(size=0), not_assessed=FIRST),
    Row("nobody near", facts=gallery(hit(1e-2)), not_assessed=FIRST),
    Row("one look-alike among a thousand", facts=gallery(hit(1e-4)), not_assessed=FIRST),
    Row(
        "too near for chance",
        facts=gallery(hit(1e-6)),
        flagged=("face_under_other_id",),
        not_assessed=FIRST,
    ),
    Row(
        "the same distance among a million is chance",
        facts=gallery(hit(1e-6), size=1_000_000),
        not_assessed=FIRST,
    ),
    Row("the same person again", facts=gallery(hit(1e-8, is_applicants=True), own=(0.3,))),
    Row(
        "near the same person, and near somebody else",
        facts=gallery(hit(1e-8, is_applicants=True), hit(1e-7), own=(0.3,)),
        flagged=("face_under_other_id",),
    ),
    Row(
        "somebody who once stood beside a customer may have a number too",
        facts=gallery(hit(1e-8, as_companion=True)),
        not_assessed=FIRST,
    ),
    Row("this ID came with this face", facts=gallery(own=(0.7, 0.9))),
    Row("this ID came with another face", facts=gallery(own=(0.71,)), flagged=("id_with_other_face",)),
    Row(
        "a face of a number that was used for fraud",
        facts=gallery(hit(1e-6, is_fraud=True)),
        flagged=("face_under_other_id", "face_of_fraud"),
        not_assessed=FIRST,
    ),
    Row(
        "somebody else is nearer, and both are too near for chance",
        facts=gallery(hit(1e-7), hit(1e-6, is_fraud=True)),
        flagged=("face_under_other_id", "face_of_fraud"),
        not_assessed=FIRST,
    ),
    Row(
        "a look-alike of a fraudster",
        facts=gallery(hit(1e-4, is_fraud=True)),
        not_assessed=FIRST,
    ),
    Row(
        "the same person's earlier number was used for fraud",
        facts=gallery(own=(0.3,), own_fraud=0.3),
        flagged=("face_of_fraud",),
    ),
    Row(
        "an ID that somebody else's face abused, with its owner's face now",
        facts=gallery(own=(0.3, 0.9), own_fraud=0.9),
    ),
    Row("beside one other", facts=gallery(beside=1), not_assessed=FIRST),
    Row("a foreman with three others", facts=gallery(beside=3), not_assessed=FIRST),
    Row("with four others", facts=gallery(beside=4), flagged=("companion_of_many",), not_assessed=FIRST),
    Row("two others on two days", facts=gallery(beside=2, days=2), not_assessed=FIRST),
    Row(
        "two others, each on another day",
        facts=gallery(beside=2, days=3),
        flagged=("companion_of_many",),
        not_assessed=FIRST,
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_table(row: Row) -> None:
    assert_row("identity", row)


@given(st.floats(1e-9, 1), st.floats(1, 1e3), st.integers(0, 10**7))
def test_a_nearer_face_or_a_smaller_gallery_never_softens_it(rate: float, factor: float, size: int) -> None:
    def flagged(at: float, among: int) -> bool:
        known = facts(**gallery(hit(at), size=among))
        return check(application(0), known, Policy.default())[0].state is State.FLAGGED

    assert flagged(rate / factor, size) >= flagged(rate, size)
    assert flagged(rate, size // 2) >= flagged(rate, size)


def test_a_hit_alone_never_refuses() -> None:
    policy = Policy.default()
    for finding in check(application(0), facts(**gallery(hit(1e-9), own=(1.9,), beside=9)), policy):
        assert policy.reasons[finding.reason].decide(finding) < Decision.REFUSE
