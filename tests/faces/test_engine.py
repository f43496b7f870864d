"""The contract of face engines, kept by the built-in one and the fake; and that each check can fail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import count
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from simkyc.authority import AuthorityAnswer, AuthorityQuery
from simkyc.faces.detection import FoundFace, PhotoKind
from simkyc.faces.engine import DlibFaceEngine, Examination, FaceEngine
from simkyc.faces.template import Template
from simkyc.testing import NOW, FakeAuthority, FakeFaceEngine
from simkyc.testing.contracts import (
    AUTHORITY_CHECKS,
    DETECTION_CHECKS,
    FACE_ENGINE_CHECKS,
    RECOGNITION_CHECKS,
)

Check = Callable[[Any], None]
Image = NDArray[np.uint8]
ALL_ENGINE_CHECKS = FACE_ENGINE_CHECKS + DETECTION_CHECKS + RECOGNITION_CHECKS


def name_of(check: Check) -> str:
    return str(getattr(check, "__name__", check))


@pytest.fixture(scope="module")
def dlib_engine() -> DlibFaceEngine:
    return DlibFaceEngine()


@pytest.mark.parametrize("check", ALL_ENGINE_CHECKS, ids=name_of)
def test_the_built_in_engine(check: Check, dlib_engine: DlibFaceEngine) -> None:
    check(dlib_engine)


@pytest.mark.parametrize("check", FACE_ENGINE_CHECKS, ids=name_of)
def test_the_fake_engine(check: Check) -> None:
    check(FakeFaceEngine())


@pytest.mark.parametrize("check", AUTHORITY_CHECKS, ids=name_of)
def test_the_fake_authority(check: Check) -> None:
    check(FakeAuthority())


# --- each check can fail ------------------------------------------------------------------------------------------


class Altered:
    """An engine of which some methods were replaced."""

    def __init__(self, engine: FaceEngine, **methods: object) -> None:
        self._engine = engine
        vars(self).update(methods)

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)


def unit(values: NDArray[np.floating]) -> Template:
    return Template.from_direction(values, FakeFaceEngine.engine_id)


def seeing(change: Callable[[Examination, Image], Examination]) -> Callable[[FaceEngine], object]:
    """Breaks what `examine` answers."""

    def altered(engine: FaceEngine) -> Altered:
        return Altered(engine, examine=lambda image, kind: change(engine.examine(image, kind), image))

    return altered


def with_faces(
    change: Callable[[tuple[FoundFace, ...]], tuple[FoundFace, ...]],
) -> Callable[[FaceEngine], object]:
    return seeing(lambda seen, image: replace(seen, faces=change(seen.faces)))


def making(
    change: Callable[[tuple[Template, ...]], tuple[Template, ...]],
) -> Callable[[FaceEngine], object]:
    """Breaks what `templates` answers."""

    def altered(engine: FaceEngine) -> Altered:
        return Altered(engine, templates=lambda image, faces: change(engine.templates(image, faces)))

    return altered


def renamed(engine_id: object) -> Callable[[FaceEngine], object]:
    return lambda engine: Altered(engine, engine_id=engine_id)


def forgetful(engine: FaceEngine) -> object:
    """Every answer is moved a little further than the one before."""
    calls = count(1)

    def examine(image: Image, kind: PhotoKind) -> Examination:
        seen = engine.examine(image, kind)
        assert seen.template is not None
        moved = seen.template.vector.astype(np.float64)
        moved[0] += 1e-6 * next(calls)
        return replace(seen, template=unit(moved))

    return Altered(engine, examine=examine)


def warmed_up_differently(engine: FaceEngine) -> object:
    warm: list[bool] = []

    def examine(image: Image, kind: PhotoKind) -> Examination:
        seen = engine.examine(image, kind)
        return replace(seen, quality={"warm": 1.0}) if warm else seen

    return Altered(engine, examine=examine, warm_up=lambda: warm.append(True))


def scribbling(engine: FaceEngine) -> object:
    def examine(image: Image, kind: PhotoKind) -> Examination:
        seen = engine.examine(image, kind)
        if image.flags.writeable:
            image[0, 0] = 1
        return seen

    return Altered(engine, examine=examine)


class Talkative(Altered):
    shown = ""

    def examine(self, image: Image, kind: PhotoKind) -> Examination:
        seen = self._engine.examine(image, kind)
        assert seen.template is not None
        self.shown = str(seen.template.vector.tolist())
        return seen

    def __repr__(self) -> str:
        return self.shown


def borrowed_calibration(engine: FaceEngine) -> object:
    other = engine.calibration("chip-live").model_copy(update={"engine_id": "another"})
    return Altered(engine, calibration=lambda domain: other)


def one_calibration_for_all(engine: FaceEngine) -> object:
    one = engine.calibration("chip-live")
    return Altered(engine, calibration=lambda domain: one)


def moody_calibration(engine: FaceEngine) -> object:
    people = count(1)
    return Altered(
        engine,
        calibration=lambda domain: engine.calibration(domain).model_copy(update={"people": next(people)}),
    )


# the check, how the engine is broken, why that must be noticed
BROKEN: tuple[tuple[str, Callable[[FaceEngine], object], str], ...] = (
    ("engine_id_names_something_and_stays", renamed(""), "names nothing"),
    ("engine_id_names_something_and_stays", renamed(None), "no text"),
    ("examines_both_kinds_of_photo", seeing(lambda seen, _: replace(seen, kind="live")), "one kind for all"),
    ("examines_both_kinds_of_photo", seeing(lambda seen, _: replace(seen, width=1)), "another size"),
    ("examines_both_kinds_of_photo", seeing(lambda seen, _: replace(seen, template=None)), "no template"),
    ("examines_both_kinds_of_photo", seeing(lambda seen, _: replace(seen, quality={})), "no measures"),
    (
        "examines_both_kinds_of_photo",
        seeing(lambda seen, _: replace(seen, quality={"sharpness": float("nan")})),
        "not a number",
    ),
    (
        "faces_are_told_in_pixels_of_the_photo",
        with_faces(lambda faces: (replace(faces[0], right=40), *faces[1:])),
        "pixels of a reduced copy",
    ),
    (
        "faces_are_told_in_pixels_of_the_photo",
        with_faces(lambda faces: (replace(faces[0], bottom=40), *faces[1:])),
        "pixels of a reduced copy",
    ),
    (
        "faces_are_told_in_pixels_of_the_photo",
        with_faces(lambda faces: (faces[0], replace(faces[0], right=faces[0].right + 9))),
        "a companion first",
    ),
    (
        "faces_are_told_in_pixels_of_the_photo",
        with_faces(lambda faces: (replace(faces[0], landmarks=faces[0].landmarks * np.float32("nan")),)),
        "no landmarks",
    ),
    ("template_is_the_engines", renamed("another"), "another's name"),
    (
        "template_is_the_engines",
        seeing(lambda seen, _: replace(seen, template=unit(np.ones(seen.width)))),
        "templates of two lengths",
    ),
    ("same_photo_gives_the_same_bits", forgetful, "it changes with use"),
    ("threads_change_no_bit", forgetful, "it changes with use"),
    ("templates_agree_with_examine", making(lambda made: made[:-1]), "one is missing"),
    (
        "templates_agree_with_examine",
        making(lambda made: (unit(np.ones(128)),) * len(made)),
        "two recipes",
    ),
    (
        "templates_agree_with_examine",
        making(lambda made: made or (unit(np.ones(128)),)),
        "a template of nobody",
    ),
    ("leaves_the_photo_as_it_is", scribbling, "it draws into the photo"),
    (
        "leaves_the_photo_as_it_is",
        seeing(lambda seen, image: seen if image.flags.c_contiguous else replace(seen, quality={})),
        "a view counts as another photo",
    ),
    (
        "refuses_what_is_no_photo",
        lambda engine: Altered(
            engine, examine=lambda image, kind: engine.examine(image.astype(np.uint8), kind)
        ),
        "it takes what comes",
    ),
    (
        "tiny_and_odd_photos_break_nothing",
        seeing(lambda seen, _: replace(seen, faces=())),
        "a template of nobody",
    ),
    ("calibration_is_the_engines", borrowed_calibration, "another engine's thresholds"),
    ("calibration_is_the_engines", one_calibration_for_all, "another kind of pair"),
    ("calibration_is_the_engines", moody_calibration, "thresholds that move"),
    ("warming_up_changes_nothing", warmed_up_differently, "it does change something"),
    ("other_engines_are_refused", forgetful, "a photo is not even equal to itself"),
    ("shows_nothing_personal", Talkative, "it prints what it saw"),
    ("no_face_no_template", lambda engine: engine, "the fake takes any picture for a face"),
    ("finds_everybody", lambda engine: engine, "the fake sees one face in every picture"),
    ("same_person_is_nearer_than_another", lambda engine: engine, "the fake knows colours, not people"),
    ("companions_are_told_apart", lambda engine: engine, "the fake sees one face in every picture"),
)


@pytest.mark.parametrize(("name", "broken", "why"), BROKEN, ids=[f"{name}: {why}" for name, _, why in BROKEN])
def test_a_broken_engine_is_noticed(name: str, broken: Callable[[FaceEngine], object], why: str) -> None:
    (check,) = [check for check in ALL_ENGINE_CHECKS if name_of(check) == f"check_{name}"]
    with pytest.raises(AssertionError):
        check(broken(FakeFaceEngine()))  # type: ignore[arg-type]  # broken on purpose


def test_every_check_is_seen_to_fail() -> None:
    assert {f"check_{name}" for name, _, _ in BROKEN} == {name_of(check) for check in ALL_ENGINE_CHECKS}


class Clueless:
    def verify(self, query: AuthorityQuery) -> bool:
        return True


@dataclass
class Gossip(FakeAuthority):
    asked: str = ""

    def verify(self, query: AuthorityQuery) -> AuthorityAnswer:
        self.asked = f"{query.name} {query.number}"
        return AuthorityAnswer("match", NOW)


# the check, the authority, why it must be noticed
BROKEN_AUTHORITIES = (
    ("answers_with_an_outcome_and_a_time", Clueless(), "no answer of ours"),
    ("answers_with_an_outcome_and_a_time", FakeAuthority("yes"), "an outcome nobody knows"),  # type: ignore[arg-type]  # broken on purpose
    (
        "answers_with_an_outcome_and_a_time",
        FakeAuthority("match", datetime(2026, 11, 24)),  # noqa: DTZ001  # no zone on purpose
        "a time without a zone",
    ),
    (
        "the_outcome_agrees_with_its_fields",
        FakeAuthority("match", NOW, {"name": "mismatch"}),
        "a match although the name differs",
    ),
    (
        "the_outcome_agrees_with_its_fields",
        FakeAuthority("mismatch", NOW, {"name": "match"}),
        "a mismatch in no field",
    ),
    ("every_name_is_answered", Clueless(), "no answer of ours"),
    ("authority_shows_nothing_personal", Gossip(), "it prints who was asked about"),
)


@pytest.mark.parametrize(
    ("name", "authority", "why"),
    BROKEN_AUTHORITIES,
    ids=[f"{name}: {why}" for name, _, why in BROKEN_AUTHORITIES],
)
def test_a_broken_authority_is_noticed(name: str, authority: object, why: str) -> None:
    (check,) = [check for check in AUTHORITY_CHECKS if name_of(check) == f"check_{name}"]
    with pytest.raises(AssertionError):
        check(authority)  # type: ignore[arg-type]  # broken on purpose
