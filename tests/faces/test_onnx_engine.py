"""An operator's own recogniser: small networks built here, and dlib's own graph, which must give dlib's vectors."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from simkyc import faces
from simkyc.errors import EngineMismatchError, FaceError, FaceModelError
from simkyc.faces.calibration import Calibration
from simkyc.faces.detection import FaceFinder, FoundFace, PhotoKind, chip
from simkyc.faces.engine import DlibFaceEngine, FaceEngine
from simkyc.faces.intake import decode
from simkyc.faces.network import RecognitionNetwork
from simkyc.faces.onnx_engine import FivePointFace, OnnxFaceEngine
from simkyc.faces.quality import measure
from simkyc.faces.template import Template, distance
from simkyc.faces.weights import recognition_graph
from simkyc.testing import PEOPLE, FakeFaceEngine, portrait, render
from simkyc.testing.contracts import DETECTION_CHECKS, FACE_ENGINE_CHECKS, RECOGNITION_CHECKS

Image = NDArray[np.uint8]
Change = Callable[[onnx.GraphProto], object]


# --- networks -----------------------------------------------------------------------------------------------------


def small_network(
    size: int = 112, dimensions: int = 512, batch: int | str = "n", change: Change | None = None
) -> bytes:
    """One convolution, rectified and pooled, then a matrix; the numbers are drawn. It is no recogniser."""
    random = np.random.default_rng(0)
    kernel = random.normal(0, 0.1, (16, 3, 7, 7)).astype(np.float32)
    matrix = random.normal(0, 0.1, (16 * 16, dimensions)).astype(np.float32)
    step = size // 16
    graph = helper.make_graph(
        [
            helper.make_node(
                "Conv", ["rgb", "kernel"], ["drawn"], kernel_shape=[7, 7], strides=[step, step], pads=[3] * 4
            ),
            helper.make_node("Relu", ["drawn"], ["lit"]),
            helper.make_node("AveragePool", ["lit"], ["pooled"], kernel_shape=[4, 4], strides=[4, 4]),
            helper.make_node("Flatten", ["pooled"], ["flat"], axis=1),
            helper.make_node("Gemm", ["flat", "matrix"], ["vectors"]),
        ],
        "small",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, [batch, 3, size, size])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, [batch, dimensions])],
        [numpy_helper.from_array(kernel, "kernel"), numpy_helper.from_array(matrix, "matrix")],
    )
    if change is not None:
        change(graph)
    return model(graph)


def model(graph: onnx.GraphProto) -> bytes:
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("shop.example", 1)]
    return bytes(helper.make_model(graph, opset_imports=opsets, ir_version=8).SerializeToString())


def channel_means(change: Change | None = None) -> bytes:
    """The mean of each channel as the network was given it."""
    graph = helper.make_graph(
        [
            helper.make_node("GlobalAveragePool", ["rgb"], ["means"]),
            helper.make_node("Flatten", ["means"], ["vectors"], axis=1),
        ],
        "means",
        [helper.make_tensor_value_info("rgb", TensorProto.FLOAT, ["n", 3, 112, 112])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, ["n", 3])],
    )
    if change is not None:
        change(graph)
    return model(graph)


def dlibs_network() -> bytes:
    """The built-in graph behind three nodes that make pixel pairs of a plain RGB chip; see `weights.build_graph`."""
    built_in = onnx.load_model_from_string(recognition_graph())
    graph = built_in.graph
    pairs = [
        helper.make_node("Reshape", ["rgb", "two_columns"], ["split"]),
        helper.make_node("Transpose", ["split"], ["pairs"], perm=[0, 4, 1, 2, 3]),
        helper.make_node("Reshape", ["pairs", "six_channels"], ["chips"]),
    ]
    nodes = [*pairs, *graph.node]
    del graph.node[:], graph.input[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info("rgb", TensorProto.FLOAT, ["n", 3, 150, 150]))
    for name, shape in {"two_columns": [0, 3, 150, 75, 2], "six_channels": [0, 6, 150, 75]}.items():
        graph.initializer.append(numpy_helper.from_array(np.array(shape, np.int64), name))
    return bytes(built_in.SerializeToString())


def written(folder: Path, data: bytes) -> Path:
    path = folder / "recogniser.onnx"
    path.write_bytes(data)
    return path


def arcface(path: Path, **arguments: Any) -> OnnxFaceEngine:
    usual: dict[str, Any] = {"mean": 127.5, "std": 127.5}
    return OnnxFaceEngine(path, "arcface-112", 112, **usual | arguments)


def dlibs(path: Path, **arguments: Any) -> OnnxFaceEngine:
    usual: dict[str, Any] = {"mean": 0, "std": 1, "metric": "euclidean"}
    return OnnxFaceEngine(path, "dlib-5pt", 150, **usual | arguments)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("small"), small_network())


@pytest.fixture(scope="module")
def dlib_graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("dlib"), dlibs_network())


@pytest.fixture(scope="module")
def photo() -> Image:
    return decode(portrait(3))


@pytest.fixture(scope="module")
def found(photo: Image) -> tuple[FoundFace, ...]:
    return FaceFinder().find(photo, "live")


# --- the contract -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small_engine(small: Path) -> OnnxFaceEngine:
    return arcface(small)


@pytest.fixture(scope="module")
def dlib_engine(dlib_graph: Path) -> OnnxFaceEngine:
    return dlibs(dlib_graph)


@pytest.mark.parametrize("check", FACE_ENGINE_CHECKS + DETECTION_CHECKS, ids=lambda check: check.__name__)
def test_a_small_network_keeps_the_contract(
    check: Callable[[FaceEngine], None], small_engine: OnnxFaceEngine
) -> None:
    check(small_engine)


@pytest.mark.parametrize(
    "check", FACE_ENGINE_CHECKS + DETECTION_CHECKS + RECOGNITION_CHECKS, ids=lambda check: check.__name__
)
def test_dlibs_network_keeps_the_contract(
    check: Callable[[FaceEngine], None], dlib_engine: OnnxFaceEngine
) -> None:
    check(dlib_engine)


# --- the same as the built-in engine ------------------------------------------------------------------------------


def test_dlibs_network_gives_dlibs_vectors(
    dlib_engine: OnnxFaceEngine, photo: Image, found: tuple[FoundFace, ...]
) -> None:
    """Bit for bit: the mean over the face and its mirror image, of unit length."""
    aligned = chip(photo, found[0])
    both = RecognitionNetwork().vectors(np.stack([aligned, aligned[:, ::-1]])).astype(np.float64)
    expected = Template.from_direction(both.sum(axis=0), dlib_engine.engine_id)
    assert dlib_engine.templates(photo, found) == (expected,)


def test_engines_do_not_mix(dlib_engine: OnnxFaceEngine, photo: Image, found: tuple[FoundFace, ...]) -> None:
    with pytest.raises(EngineMismatchError):
        distance(DlibFaceEngine().templates(photo, found)[0], dlib_engine.templates(photo, found)[0])


# --- what the network is given ------------------------------------------------------------------------------------


class FixedDetector:
    """Finds what it was told to find."""

    def __init__(self, *found: FoundFace) -> None:
        self._found = found

    def find(self, image: Image, kind: PhotoKind) -> tuple[FoundFace, ...]:
        return self._found


ARCFACE_POINTS = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)


def aligned_by(engine: OnnxFaceEngine, image: Image, face: FoundFace) -> Image:
    return engine._chip(image, face)


def test_a_face_on_the_reference_points_stays_as_it_is(small_engine: OnnxFaceEngine) -> None:
    image = render(0, size=(112, 112))
    face = FivePointFace.of((10, 10, 100, 100), ARCFACE_POINTS, 1.0)
    assert np.array_equal(aligned_by(small_engine, image, face), image)


@pytest.mark.parametrize("turn_deg", [0, 30, -75, 180])
@pytest.mark.parametrize("scale", [1.5, 3.0])
def test_a_face_elsewhere_is_turned_scaled_and_moved_there(
    small_engine: OnnxFaceEngine, turn_deg: float, scale: float
) -> None:
    image = cv2.GaussianBlur(render(0, size=(112, 112)), (0, 0), 2)
    there = np.asarray(cv2.getRotationMatrix2D((56, 56), turn_deg, scale), np.float64)
    there[:, 2] += 200
    moved = cv2.warpAffine(image, there, (512, 512), flags=cv2.INTER_CUBIC)
    points = ARCFACE_POINTS @ there[:, :2].T + there[:, 2]
    face = FivePointFace.of((10, 10, 100, 100), points, 1.0)
    back = aligned_by(small_engine, np.asarray(moved, np.uint8), face)
    assert np.abs(back[4:-4, 4:-4].astype(int) - image[4:-4, 4:-4]).max() <= 6


def test_a_larger_input_shows_the_same_face(tmp_path: Path) -> None:
    path = written(tmp_path, small_network(size=224))
    engine = OnnxFaceEngine(path, "arcface-112", 224, 127.5, 127.5)
    image = render(0, size=(224, 224))
    face = FivePointFace.of((20, 20, 200, 200), ARCFACE_POINTS * 2, 1.0)
    assert np.array_equal(aligned_by(engine, image, face), image)


def test_dlibs_landmarks_come_to_arcfaces_places(small_engine: OnnxFaceEngine) -> None:
    """Found again in their chips, drawn people have eyes and nose on the reference points, but for their own faces."""
    finder = FaceFinder()
    places = []
    for seed in range(PEOPLE):
        image = decode(portrait(seed))
        aligned = aligned_by(small_engine, image, finder.find(image, "live")[0])
        enlarged = np.asarray(cv2.resize(aligned, (448, 448), interpolation=cv2.INTER_CUBIC), np.uint8)
        points = (finder.find(enlarged, "live")[0].landmarks.astype(float) + 0.5) / 4 - 0.5
        places.append([points[2:4].mean(axis=0), points[:2].mean(axis=0), points[4]])
    nose_base = (56.0, 78.7)  # between its tip and the mouth, 0.77 eye distances below the eyes
    away = np.array(places) - [*ARCFACE_POINTS[:2], nose_base]
    assert np.abs(away.mean(axis=0)).max() < 0.5  # pixels of 112
    assert np.abs(away).max() < 5


def test_five_points_become_dlibs_landmarks(photo: Image, found: tuple[FoundFace, ...]) -> None:
    """Measures of quality see the same head, whichever detector found it."""
    (face,) = found
    right, left, nose = face.landmarks[:2].mean(axis=0), face.landmarks[2:4].mean(axis=0), face.landmarks[4]
    middle, down = (right + left) / 2, nose - (right + left) / 2
    mouth = middle + down * ((92.28 - 51.6) / (78.73 - 51.6))
    tip = middle + down * ((71.74 - 51.6) / (78.73 - 51.6))
    points = np.array([left, right, tip, mouth - 0.4 * (right - left), mouth + 0.4 * (right - left)])
    box = (face.left, face.top, face.right, face.bottom)
    made = measure(photo, FivePointFace.of(box, points, 1.0))
    known = measure(photo, face)
    assert made["inter_eye_distance"] == pytest.approx(known["inter_eye_distance"], rel=1e-5)
    assert made["roll"] == pytest.approx(known["roll"], abs=1e-3)
    assert made["yaw"] == pytest.approx(known["yaw"], abs=1)
    assert made["pitch"] == pytest.approx(known["pitch"], abs=2)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        pytest.param({"mean": 0, "std": 1}, (200, 100, 50), id="as it is"),
        pytest.param({"mean": 100, "std": 50}, (2, 0, -1), id="one mean and std"),
        pytest.param({"mean": (200, 90, 40), "std": (1, 10, 2)}, (0, 1, 5), id="one for each channel"),
        pytest.param({"mean": 0, "std": 1, "channels": "BGR"}, (50, 100, 200), id="blue first"),
        pytest.param(
            {"mean": (50, 99, 199), "std": 1, "channels": "BGR"}, (0, 1, 1), id="blue first, its mean too"
        ),
    ],
)
@pytest.mark.parametrize("alignment", ["dlib-5pt", "arcface-112"])
def test_pixels_reach_the_network_as_it_was_trained(
    tmp_path: Path, alignment: Any, arguments: dict[str, Any], expected: tuple[float, ...]
) -> None:
    engine = OnnxFaceEngine(written(tmp_path, channel_means()), alignment, 112, **arguments)
    image = np.full((300, 300, 3), (200, 100, 50), np.uint8)
    face = FivePointFace.of((80, 80, 220, 220), ARCFACE_POINTS + 90, 1.0)
    (template,) = engine.templates(image, (face,))
    assert template.vector == pytest.approx(np.array(expected) / np.linalg.norm(expected), abs=1e-6)


def test_padding_is_dlibs(dlib_graph: Path, photo: Image, found: tuple[FoundFace, ...]) -> None:
    engine = dlibs(dlib_graph, padding=0.4)
    assert np.array_equal(aligned_by(engine, photo, found[0]), chip(photo, found[0], 150, 0.4))


def test_the_mirror_image_and_the_metric(small: Path, photo: Image, found: tuple[FoundFace, ...]) -> None:
    """A cosine averages directions, a Euclidean metric vectors."""
    plain = arcface(small, mirror=False)
    aligned = aligned_by(plain, photo, found[0])
    both = plain._vectors([aligned, aligned[:, ::-1]])
    directions = both / np.linalg.norm(both, axis=1, keepdims=True)
    for engine, expected in {
        plain: both[0],
        arcface(small): directions.sum(axis=0),
        arcface(small, metric="euclidean"): both.sum(axis=0),
    }.items():
        assert engine.templates(photo, found) == (Template.from_direction(expected, engine.engine_id),)


def test_as_many_numbers_as_the_network_gives(small_engine: OnnxFaceEngine, photo: Image) -> None:
    template = small_engine.examine(photo, "live").template
    assert template is not None
    assert template.vector.shape == (512,)
    assert Template.from_bytes(template.to_bytes(), template.engine_id) == template


@pytest.mark.parametrize("batch", [1, 8, "n"])
def test_an_export_for_a_fixed_batch_gives_the_same(
    tmp_path: Path, batch: int | str, small_engine: OnnxFaceEngine, photo: Image, found: tuple[FoundFace, ...]
) -> None:
    engine = arcface(written(tmp_path, small_network(batch=batch)))
    twice = found * 2
    for one, other in zip(engine.templates(photo, twice), small_engine.templates(photo, twice), strict=True):
        assert one.vector.tobytes() == other.vector.tobytes()


# --- its name -----------------------------------------------------------------------------------------------------


def test_whatever_moves_a_distance_is_in_the_engine_id(tmp_path: Path, small: Path) -> None:
    other = written(tmp_path, small_network(dimensions=256))
    detector = FixedDetector()
    engines = [
        arcface(small),
        arcface(other),
        arcface(small, mean=127),
        arcface(small, mean=(127.5, 127.5, 127)),
        arcface(small, std=128),
        arcface(small, metric="euclidean"),
        arcface(small, channels="BGR"),
        arcface(small, mirror=False),
        arcface(small, name="acme-3"),
        arcface(small, detector=detector, detector_name="yunet-2023mar"),
        OnnxFaceEngine(small, "dlib-5pt", 112, 127.5, 127.5),
        OnnxFaceEngine(small, "dlib-5pt", 112, 127.5, 127.5, padding=0.3),
        OnnxFaceEngine(small, "arcface-112", 150, 127.5, 127.5),
    ]
    assert len({engine.engine_id for engine in engines}) == len(engines)


def test_the_engine_id_is_that_of_the_files_content(tmp_path: Path, small: Path) -> None:
    copy = written(tmp_path, small.read_bytes())
    assert arcface(copy).engine_id == arcface(small).engine_id
    assert arcface(copy, padding=0.5).engine_id == arcface(small).engine_id, "ArcFace knows no padding"


def test_a_file_replaced_later_changes_nothing(
    tmp_path: Path, small_engine: OnnxFaceEngine, photo: Image
) -> None:
    """The engine goes by what was hashed, not by what lies there when it is loaded."""
    path = written(tmp_path, small_network())
    engine = arcface(path)
    path.write_bytes(small_network(dimensions=256))
    assert engine.examine(photo, "live").template == small_engine.examine(photo, "live").template


def test_it_is_one_of_the_public_names() -> None:
    assert faces.OnnxFaceEngine is OnnxFaceEngine
    assert faces.FivePointFace is FivePointFace


# --- a detector of one's own --------------------------------------------------------------------------------------


def test_another_detector_finds_the_faces(small: Path, photo: Image) -> None:
    dominant = FivePointFace.of((100, 100, 300, 300), ARCFACE_POINTS * 2 + 100, 0.9)
    companion = FivePointFace.of((0, 0, 50, 50), ARCFACE_POINTS / 2, 0.5)
    engine = arcface(small, detector=FixedDetector(dominant, companion), detector_name="yunet-2023mar")
    seen = engine.examine(photo, "live")
    assert seen.faces == (dominant, companion)
    assert engine.templates(photo, seen.faces)[0] == seen.template
    assert "yunet-2023mar" in engine.engine_id


def test_another_detector_that_finds_nothing(small: Path, photo: Image) -> None:
    engine = arcface(small, detector=FixedDetector(), detector_name="none")
    seen = engine.examine(photo, "portrait")
    assert (seen.faces, seen.template, seen.quality) == ((), None, {})


@pytest.mark.parametrize("engine", ["small_engine", "dlib_engine"])
def test_points_that_are_all_the_same(engine: str, photo: Image, request: pytest.FixtureRequest) -> None:
    face = FivePointFace.of((0, 0, 10, 10), np.full((5, 2), 7.0), 1.0)
    face.landmarks[:] = 7
    with pytest.raises(FaceError, match="points"):
        request.getfixturevalue(engine).templates(photo, (face,))


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("engine", ["small_engine", "dlib_engine"])
def test_points_that_are_not_finite(
    engine: str, value: float, photo: Image, request: pytest.FixtureRequest
) -> None:
    points = ARCFACE_POINTS.astype(np.float32)
    points[2, 1] = value
    with pytest.raises(FaceError, match="finite"):
        FivePointFace.of((0, 0, 10, 10), points, 1.0)
    face = FoundFace(0, 0, 10, 10, points, "detected", 1.0)
    with pytest.raises(FaceError, match="finite"):
        request.getfixturevalue(engine).templates(photo, (face,))


def test_a_face_has_five_points() -> None:
    with pytest.raises(FaceError, match="five"):
        FivePointFace.of((0, 0, 10, 10), np.zeros((68, 2)), 1.0)


def test_points_are_never_shown() -> None:
    assert "array" not in repr(FivePointFace.of((0, 0, 10, 10), ARCFACE_POINTS, 1.0))


# --- calibration --------------------------------------------------------------------------------------------------


def calibration_of(engine_id: str, domain: Any = "chip-live") -> Calibration:
    return FakeFaceEngine().calibration(domain).model_copy(update={"engine_id": engine_id})


def test_it_brings_its_own_calibrations(small: Path) -> None:
    engine_id = arcface(small).engine_id
    own = [calibration_of(engine_id, "chip-live"), calibration_of(engine_id, "live-live")]
    engine = arcface(small, calibrations=own)
    assert [engine.calibration("chip-live"), engine.calibration("live-live")] == own


def test_without_a_calibration_it_says_how_to_make_one(small: Path) -> None:
    engine = arcface(small, calibrations=[calibration_of(arcface(small).engine_id, "live-live")])
    with pytest.raises(FaceError, match="calibrations="):
        engine.calibration("chip-live")


def test_refuses_anothers_calibration_and_two_of_a_kind(small: Path) -> None:
    with pytest.raises(EngineMismatchError):
        arcface(small, calibrations=[calibration_of(arcface(small, std=128).engine_id)])
    own = calibration_of(arcface(small).engine_id)
    with pytest.raises(FaceError, match="each kind"):
        arcface(small, calibrations=[own, own])


# --- what cannot be used ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param({"alignment": "arcface"}, id="an alignment nobody knows"),
        pytest.param({"metric": "manhattan"}, id="a metric nobody knows"),
        pytest.param({"channels": "GRB"}, id="channels in no known order"),
        pytest.param({"input_size": 0}, id="no pixels"),
        pytest.param({"input_size": 20_000}, id="more pixels than any recogniser"),
        pytest.param({"padding": -0.1}, id="a negative padding"),
        pytest.param({"padding": float("nan")}, id="a padding that is no number"),
        pytest.param({"std": 0}, id="a division by zero"),
        pytest.param({"std": (1, 1, -1)}, id="a negative std"),
        pytest.param({"mean": float("nan")}, id="a mean that is no number"),
        pytest.param({"mean": (1, 2)}, id="means of two channels"),
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"name": "a/b"}, id="a name with the separator"),
        pytest.param({"detector": FixedDetector()}, id="a detector without a name"),
        pytest.param({"detector_name": "yunet"}, id="a name without a detector"),
        pytest.param(
            {"detector": FixedDetector(), "detector_name": "a/b"}, id="a detector's name with the separator"
        ),
    ],
)
def test_refuses_arguments(small: Path, arguments: dict[str, Any]) -> None:
    usual: dict[str, Any] = {"alignment": "arcface-112", "input_size": 112, "mean": 127.5, "std": 127.5}
    with pytest.raises(FaceError):
        OnnxFaceEngine(small, **usual | arguments)


def test_a_missing_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(FaceModelError, match="path") as caught:
            arcface(path)
        assert str(tmp_path) not in str(caught.value)


def test_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(FaceModelError, match="empty"):
        arcface(written(tmp_path, b""))


def ending_in(*nodes: onnx.NodeProto, kind: int = TensorProto.FLOAT) -> Change:
    """Lets the last node's output pass through others."""

    def change(graph: onnx.GraphProto) -> None:
        graph.node[-1].output[0] = "before"
        graph.node.extend(nodes)
        graph.output[0].type.tensor_type.elem_type = kind

    return change


def after(operator: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(operator, ["before"], ["vectors"], **attributes)


def input_of(*shape: int | str, kind: int = TensorProto.FLOAT) -> Change:
    value = helper.make_tensor_value_info("rgb", kind, shape)
    return lambda graph: graph.input[0].CopyFrom(value)


def unflattened(graph: onnx.GraphProto) -> None:
    del graph.node[3:]
    graph.node[2].output[0] = "vectors"


def weights_outside(graph: onnx.GraphProto) -> None:
    graph.initializer[0].ClearField("raw_data")
    graph.initializer[0].data_location = TensorProto.EXTERNAL
    graph.initializer[0].external_data.add(key="location", value="weights.bin")


def constant_outside(graph: onnx.GraphProto) -> None:
    weights_outside(graph)
    constant = graph.initializer.pop(0)
    graph.node.insert(0, helper.make_node("Constant", [], ["kernel"], value=constant))


def two_inputs(graph: onnx.GraphProto) -> None:
    graph.input.append(helper.make_tensor_value_info("age", TensorProto.FLOAT, ["n", 1]))


def two_outputs(graph: onnx.GraphProto) -> None:
    graph.output.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, ["n", 256]))


def not_finite(graph: onnx.GraphProto) -> None:
    graph.initializer[1].CopyFrom(numpy_helper.from_array(np.full((256, 512), np.nan, np.float32), "matrix"))


@pytest.mark.parametrize(
    ("data", "advice"),
    [
        pytest.param(b"no network at all", "no ONNX", id="garbage"),
        pytest.param(bytes(1000), "no ONNX", id="zeros"),
        pytest.param(small_network()[:5000], "truncated", id="half of it"),
        pytest.param(small_network()[:-1], "truncated", id="all but a byte"),
        pytest.param(portrait(0), "no ONNX", id="a photo"),
        pytest.param(small_network(size=128), r"3, 112, 112\)", id="another input size"),
        pytest.param(small_network(change=input_of("n", 112, 112, 3)), "channels before", id="channels last"),
        pytest.param(small_network(change=input_of("n", 1, 112, 112)), "one input", id="grey"),
        pytest.param(small_network(change=input_of(3, 112, 112)), "one input", id="no batch"),
        pytest.param(
            small_network(change=input_of("n", 3, 112, 112, kind=TensorProto.UINT8)), "float32", id="bytes in"
        ),
        pytest.param(small_network(change=two_inputs), "one input", id="two inputs"),
        pytest.param(small_network(change=two_outputs), "one output", id="two outputs"),
        pytest.param(
            small_network(change=ending_in(after("Cast", to=TensorProto.INT32), kind=TensorProto.INT32)),
            "real numbers",
            id="whole numbers out",
        ),
        pytest.param(small_network(change=unflattened), "one vector", id="a map instead of a vector"),
        pytest.param(small_network(dimensions=1), "one vector", id="a single number"),
        pytest.param(small_network(change=not_finite), "not finite", id="NaN throughout"),
        pytest.param(
            small_network(change=ending_in(after("Frobnicate", domain="shop.example"))),
            "opset",
            id="its own operator",
        ),
        pytest.param(small_network(change=ending_in(after("Softplum"))), "opset", id="no operator"),
        pytest.param(small_network(change=weights_outside), "one file", id="weights in another file"),
        pytest.param(small_network(change=constant_outside), "one file", id="a constant in another file"),
    ],
)
def test_refuses_a_file_when_it_is_loaded(
    tmp_path: Path, data: bytes, advice: str, photo: Image, found: tuple[FoundFace, ...]
) -> None:
    engine = arcface(written(tmp_path, data))
    for use in (engine.warm_up, lambda: engine.templates(photo, found)):
        with pytest.raises(FaceModelError, match=advice):
            use()


def test_weights_of_another_file_are_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine_id would not know of them."""
    np.zeros((16, 3, 7, 7), np.float32).tofile(tmp_path / "weights.bin")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FaceModelError, match="one file"):
        arcface(written(tmp_path, small_network(change=weights_outside))).warm_up()


@pytest.mark.parametrize("open_sides", [("n", 3, "height", "width"), ("n", "channels", "height", "width")])
def test_an_open_input_is_used_at_the_size_that_was_said(
    tmp_path: Path, open_sides: tuple[str | int, ...], small_engine: OnnxFaceEngine, photo: Image
) -> None:
    engine = arcface(written(tmp_path, small_network(change=input_of(*open_sides))))
    (one, other) = (each.examine(photo, "live").template for each in (engine, small_engine))
    assert one is not None
    assert other is not None
    assert one.vector.tobytes() == other.vector.tobytes()


def test_an_open_input_of_a_size_that_does_not_fit(tmp_path: Path) -> None:
    path = written(tmp_path, small_network(change=input_of("n", 3, "height", "width")))
    with pytest.raises(FaceModelError, match="cannot run"):
        OnnxFaceEngine(path, "arcface-112", 150, 127.5, 127.5).warm_up()


def test_initializers_among_the_inputs_are_no_inputs(tmp_path: Path) -> None:
    """So older exporters wrote it."""

    def listed(graph: onnx.GraphProto) -> None:
        graph.input.append(helper.make_tensor_value_info("matrix", TensorProto.FLOAT, [256, 512]))

    arcface(written(tmp_path, small_network(change=listed))).warm_up()


@pytest.mark.parametrize(
    ("grey", "change", "why"),
    [
        pytest.param(100, None, "zero", id="nothing is left of the photo after the mean"),
        pytest.param(40, "Log", "not finite", id="the logarithm of a negative number"),
    ],
)
def test_a_face_for_which_the_network_gives_no_direction(
    tmp_path: Path, found: tuple[FoundFace, ...], grey: int, change: str | None, why: str
) -> None:
    data = channel_means(ending_in(after(change)) if change else None)
    engine = OnnxFaceEngine(written(tmp_path, data), "arcface-112", 112, mean=100, std=1)
    with pytest.raises(FaceError, match=why):
        engine.templates(np.full((640, 480, 3), grey, np.uint8), found)
