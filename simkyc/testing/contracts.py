"""What every implementation of an interface must do, to be run on your own.

Each check is a function of the implementation, and fails as a test does. With pytest:

    from simkyc.testing.contracts import FACE_ENGINE_CHECKS

    @pytest.fixture(scope="module")
    def engine():
        return MyFaceEngine()

    @pytest.mark.parametrize("check", FACE_ENGINE_CHECKS, ids=lambda check: check.__name__)
    def test_keeps_the_contract(check, engine):
        check(engine)

| tuple | holds for |
|---|---|
| `FACE_ENGINE_CHECKS` | any `simkyc.faces.FaceEngine` |
| `DETECTION_CHECKS` | one that knows a picture without a face |
| `RECOGNITION_CHECKS` | one that tells people apart; its network is a trained one |
| `AUTHORITY_CHECKS` | any `simkyc.authority.Authority` |

The faces are the synthetic ones of `simkyc.testing.portraits`: nobody's. They show whether an engine is put
together rightly, and say nothing about how accurate it is. An authority is asked about a person who is made up.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from functools import cache
from typing import Final, get_args

import numpy as np
from numpy.typing import NDArray

from simkyc.authority import Authority, AuthorityAnswer, AuthorityQuery, FieldAnswer, Outcome
from simkyc.errors import EngineMismatchError, FaceError
from simkyc.faces.calibration import Domain
from simkyc.faces.detection import FoundFace, PhotoKind
from simkyc.faces.engine import Examination, FaceEngine
from simkyc.faces.intake import decode
from simkyc.faces.template import Template, distance
from simkyc.testing.portraits import Capture, chip_portrait, group_portrait, portrait

__all__ = ["AUTHORITY_CHECKS", "DETECTION_CHECKS", "FACE_ENGINE_CHECKS", "RECOGNITION_CHECKS"]

_THREADS: Final = 8
_PEOPLE: Final = range(4)
_AGAIN: Final = 5000  # seed of the second photo's pose and light


def check_engine_id_names_something_and_stays(engine: FaceEngine) -> None:
    """Distances are filed under it, so it may not change with what the engine has seen."""
    before = engine.engine_id
    _examined(engine, 0)
    assert isinstance(before, str), "engine_id is text"
    assert before.strip() == before != "", "engine_id names the engine"
    assert engine.engine_id == before, "engine_id changed with use"


def check_examines_both_kinds_of_photo(engine: FaceEngine) -> None:
    """A counter photo and a chip portrait: a face, its template, its measures, and the photo's own size."""
    for kind in get_args(PhotoKind):
        image = _photo(0, kind)
        seen = engine.examine(image, kind)
        assert seen.kind == kind
        assert (seen.height, seen.width) == image.shape[:2]
        assert seen.template is not None, f"no face in a plain {kind} photo"
        # A portrait cannot be taken again, so nobody needs its measures.
        assert seen.quality or kind == "portrait", "a face has no measures of quality"
        assert all(math.isfinite(value) for value in seen.quality.values()), "a measure is not finite"


def check_faces_are_told_in_pixels_of_the_photo(engine: FaceEngine) -> None:
    """Its rectangle holds the middle of the photo, where the face is, and the largest face stands first."""
    for kind in get_args(PhotoKind):
        seen = engine.examine(_photo(1, kind), kind)
        face = seen.faces[0]
        assert face.left < seen.width / 2 < face.right, "the rectangle is beside the face"
        assert face.top < seen.height / 2 < face.bottom, "the rectangle is above or below the face"
        assert face.landmarks.shape == (5, 2)
        assert np.isfinite(face.landmarks).all()
    areas = [face.area for face in engine.examine(_group(), "live").faces]
    assert areas == sorted(areas, reverse=True), "the largest face stands first"


def check_template_is_the_engines(engine: FaceEngine) -> None:
    """A unit vector, under the engine's name, as long as any other of it."""
    templates = [_examined(engine, seed, kind) for seed in (0, 1) for kind in get_args(PhotoKind)]
    assert {template.engine_id for template in templates} == {engine.engine_id}
    assert len({template.vector.shape for template in templates}) == 1, "templates differ in length"
    for template in templates:
        assert abs(float(np.linalg.norm(template.vector.astype(np.float64))) - 1) < 1e-5, "not a unit vector"


def check_same_photo_gives_the_same_bits(engine: FaceEngine) -> None:
    """Asked again, and with other photos between, a photo gives the very same examination."""
    first = [_bits(engine.examine(_photo(seed, "live"), "live")) for seed in _PEOPLE]
    again = [_bits(engine.examine(_photo(seed, "live"), "live")) for seed in reversed(_PEOPLE)]
    assert again[::-1] == first, "the same photo gave another answer"


def check_threads_change_no_bit(engine: FaceEngine) -> None:
    """Eight threads that ask for different photos at once get what one alone gets."""
    alone = {seed: _bits(engine.examine(_photo(seed, "live"), "live")) for seed in _PEOPLE}
    seeds = [*_PEOPLE] * _THREADS
    with ThreadPoolExecutor(_THREADS) as pool:
        together = list(pool.map(lambda seed: _bits(engine.examine(_photo(seed, "live"), "live")), seeds))
    assert together == [alone[seed] for seed in seeds], "threads moved a template, a face or a measure"


def check_templates_agree_with_examine(engine: FaceEngine) -> None:
    """`templates` of the faces that `examine` found, one for each in their order, in a batch as alone."""
    image = _group()
    seen = engine.examine(image, "live")
    batch = engine.templates(image, seen.faces)
    assert len(batch) == len(seen.faces)
    assert batch[0] == seen.template, "the dominant face has two templates"
    for face, template in zip(seen.faces, batch, strict=True):
        assert engine.templates(image, (face,)) == (template,), "what else is in a batch moved a bit"
    assert engine.templates(image, seen.faces[::-1]) == batch[::-1], "templates follow the order of the faces"
    assert engine.templates(image, ()) == ()


def check_leaves_the_photo_as_it_is(engine: FaceEngine) -> None:
    """The same array goes to other engines and checks; a read-only one and a view are as good as any."""
    image = _photo(2, "live")
    wide = np.zeros((image.shape[0], image.shape[1] * 2, 3), np.uint8)
    wide[:, : image.shape[1]] = image
    assert not image.flags.writeable
    assert _bits(engine.examine(wide[:, : image.shape[1]], "live")) == _bits(engine.examine(image, "live"))
    assert np.array_equal(wide[:, : image.shape[1]], image), "the photo was changed"


def check_refuses_what_is_no_photo(engine: FaceEngine) -> None:
    """Another dtype or shape, or no pixels, is the caller's mistake and a `FaceError`; never a crash or a face."""
    image = _photo(0, "live")
    bad: dict[str, NDArray[np.generic]] = {
        "real numbers": image.astype(np.float32),
        "16 bits": image.astype(np.uint16),
        "grey": image[:, :, 0],
        "alpha": np.dstack([image, image[:, :, :1]]),
        "channels first": np.ascontiguousarray(image.transpose(2, 0, 1)),
        "a batch": image[np.newaxis],
        "no rows": image[:0],
        "no columns": image[:, :0],
    }
    for what, photo in bad.items():
        for kind in get_args(PhotoKind):
            assert _refuses(FaceError, engine.examine, photo, kind), what


def check_tiny_and_odd_photos_break_nothing(engine: FaceEngine) -> None:
    """Whatever is a photo by its shape is examined, with or without a face, or refused with a `FaceError`."""
    for height, width in ((1, 1), (1, 500), (500, 1), (8, 8), (37, 41)):
        for kind in get_args(PhotoKind):
            image = np.full((height, width, 3), 127, np.uint8)
            try:
                seen = engine.examine(image, kind)
            except FaceError:
                continue
            assert (seen.template is None) == (not seen.faces), (
                "a template for each dominant face, and only for it"
            )


def check_calibration_is_the_engines(engine: FaceEngine) -> None:
    """For each kind of pair: this engine's own calibration, the same every time, or a `FaceError`."""
    for domain in get_args(Domain):
        try:
            calibration = engine.calibration(domain)
        except FaceError:
            continue
        assert calibration.engine_id == engine.engine_id, "a calibration of another engine"
        assert calibration.domain == domain, "a calibration for another kind of pair"
        assert engine.calibration(domain).calibration_id == calibration.calibration_id


def check_warming_up_changes_nothing(engine: FaceEngine) -> None:
    """It may be called at any time and as often as one likes."""
    before = _bits(engine.examine(_photo(0, "live"), "live"))
    engine.warm_up()
    engine.warm_up()
    assert _bits(engine.examine(_photo(0, "live"), "live")) == before


def check_other_engines_are_refused(engine: FaceEngine) -> None:
    """A template of another engine is never compared, were its vector the same."""
    template = _examined(engine, 0)
    stranger = Template(template.vector, template.engine_id + "/another")
    assert _refuses(EngineMismatchError, distance, template, stranger)
    assert distance(template, _examined(engine, 0)) == 0


def check_shows_nothing_personal(engine: FaceEngine) -> None:
    """Neither what an engine answers nor the engine itself tells of the face when it is printed."""
    seen = engine.examine(_photo(0, "live"), "live")
    assert seen.template is not None
    shown = repr(seen) + repr(engine)
    largest = str(np.abs(seen.template.vector).max())
    assert largest[:6] not in shown, "a template is shown"
    assert "array" not in shown, "landmarks or a template are shown"


FACE_ENGINE_CHECKS: Final[tuple[Callable[[FaceEngine], None], ...]] = (
    check_engine_id_names_something_and_stays,
    check_examines_both_kinds_of_photo,
    check_faces_are_told_in_pixels_of_the_photo,
    check_template_is_the_engines,
    check_same_photo_gives_the_same_bits,
    check_threads_change_no_bit,
    check_templates_agree_with_examine,
    check_leaves_the_photo_as_it_is,
    check_refuses_what_is_no_photo,
    check_tiny_and_odd_photos_break_nothing,
    check_calibration_is_the_engines,
    check_warming_up_changes_nothing,
    check_other_engines_are_refused,
    check_shows_nothing_personal,
)


def check_no_face_no_template(engine: FaceEngine) -> None:
    """A wall, noise: no face, hence neither template nor quality."""
    wall = np.full((480, 640, 3), 200, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (480, 640, 3), np.uint8)
    for image in (wall, noise):
        seen = engine.examine(image, "live")
        assert (seen.faces, seen.template, dict(seen.quality)) == ((), None, {})
        assert (seen.kind, seen.width, seen.height) == ("live", 640, 480)


def check_finds_everybody(engine: FaceEngine) -> None:
    """Two people side by side are two faces, each on its side."""
    image = _group()
    faces = engine.examine(image, "live").faces
    assert len(faces) == 2, "two people stand in the photo"
    left, right = sorted(faces, key=lambda face: face.left)
    assert left.right <= image.shape[1] / 2 <= right.left


DETECTION_CHECKS: Final[tuple[Callable[[FaceEngine], None], ...]] = (
    check_no_face_no_template,
    check_finds_everybody,
)


def check_same_person_is_nearer_than_another(engine: FaceEngine) -> None:
    """Two counter photos and a chip portrait of each person: nearest to each other, whoever else there is."""
    templates: dict[int, list[Template]] = {
        seed: [
            _examined(engine, seed, "live"),
            _template(engine.examine(_second_photo(seed), "live")),
            _examined(engine, seed, "portrait"),
        ]
        for seed in _PEOPLE
    }
    for seed, own in templates.items():
        others = [template for other in _PEOPLE if other != seed for template in templates[other]]
        furthest = max(distance(a, b) for a in own for b in own)
        nearest = min(distance(a, b) for a in own for b in others)
        assert furthest < nearest, "another person is nearer than a second photo of the same one"


def check_companions_are_told_apart(engine: FaceEngine) -> None:
    """In a photo of two people each face has the template of its own person."""
    image = _group()
    faces = sorted(engine.examine(image, "live").faces, key=lambda face: face.left)
    left, right = engine.templates(image, (faces[0], faces[-1]))
    first, second = _examined(engine, 0), _examined(engine, 1)
    assert distance(left, first) < distance(left, second)
    assert distance(right, second) < distance(right, first)


RECOGNITION_CHECKS: Final[tuple[Callable[[FaceEngine], None], ...]] = (
    check_same_person_is_nearer_than_another,
    check_companions_are_told_apart,
)


# Made up; the check digit is right.
_ASKED: Final = AuthorityQuery("resident_id", "11010519491231002X", "张三", date(1949, 12, 31), "female")


def check_answers_with_an_outcome_and_a_time(authority: Authority) -> None:
    """One of the four outcomes, said at a moment with a zone; a service that is down is `unavailable`."""
    answer = authority.verify(_ASKED)
    assert isinstance(answer, AuthorityAnswer)
    assert answer.outcome in get_args(Outcome)
    assert answer.answered_at.utcoffset() is not None, "the time of the answer has no zone"


def check_the_outcome_agrees_with_its_fields(authority: Authority) -> None:
    """A mismatch where a field differs and nowhere else; a cause where there is no answer and nowhere else."""
    answer = authority.verify(_ASKED)
    said = set(answer.fields.values())
    assert set(answer.fields) <= {"number", "name", "birth_date", "sex"}, "a field that nobody asked about"
    assert said <= set(get_args(FieldAnswer))
    assert answer.outcome == "mismatch" or "mismatch" not in said, (
        "a field differs and the outcome does not say so"
    )
    assert answer.outcome != "mismatch" or not said or "mismatch" in said, "a mismatch in no field"
    assert (answer.outcome == "unavailable") == bool(answer.cause), "a cause says why it is unavailable"
    assert re.fullmatch("[a-z_]{0,40}", answer.cause or ""), "a cause is a word and not a message"


def check_every_name_is_answered(authority: Authority) -> None:
    """A name is what a chip says: long, foreign, with a middle dot or an apostrophe; a document may say no more."""
    for name in ("阿卜杜拉·买买提", "SEÁN O'BRIEN", "名" * 100, "𠮷"):
        for query in (replace(_ASKED, name=name), AuthorityQuery("passport", "E00000000", name)):
            assert isinstance(authority.verify(query), AuthorityAnswer)


def check_authority_shows_nothing_personal(authority: Authority) -> None:
    """Printed after it was asked, it tells nobody's number or name."""
    shown = repr(authority.verify(_ASKED)) + repr(authority)
    assert _ASKED.number not in shown
    assert _ASKED.name not in shown


AUTHORITY_CHECKS: Final[tuple[Callable[[Authority], None], ...]] = (
    check_answers_with_an_outcome_and_a_time,
    check_the_outcome_agrees_with_its_fields,
    check_every_name_is_answered,
    check_authority_shows_nothing_personal,
)


@cache
def _photo(seed: int, kind: PhotoKind) -> NDArray[np.uint8]:
    return _frozen(portrait(seed) if kind == "live" else chip_portrait(seed))


@cache
def _second_photo(seed: int) -> NDArray[np.uint8]:
    return _frozen(portrait(seed, Capture.of(_AGAIN + seed)))


@cache
def _group() -> NDArray[np.uint8]:
    """Person 0 on the left, person 1 on the right."""
    return _frozen(group_portrait([0, 1]))


def _frozen(photo: bytes) -> NDArray[np.uint8]:
    image = decode(photo)
    image.flags.writeable = False
    return image


def _examined(engine: FaceEngine, seed: int, kind: PhotoKind = "live") -> Template:
    return _template(engine.examine(_photo(seed, kind), kind))


def _template(seen: Examination) -> Template:
    assert seen.template is not None, "no face in a plain photo"
    return seen.template


def _bits(seen: Examination) -> tuple[object, ...]:
    """Everything an examination says, comparable bit for bit."""
    return seen.template, sorted(seen.quality.items()), [_face_bits(face) for face in seen.faces]


def _face_bits(face: FoundFace) -> tuple[object, ...]:
    box = face.left, face.top, face.right, face.bottom
    return *box, face.located, face.score, face.landmarks.tobytes()


def _refuses(error: type[Exception], call: Callable[..., object], *arguments: object) -> bool:
    try:
        call(*arguments)
    except error:
        return True
    return False
