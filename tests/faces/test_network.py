"""The network against dlib itself, bit for bit under threads and batches, and when it cannot run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import dlib
import numpy as np
import pytest
from numpy.typing import NDArray

from simkyc.errors import FaceError, FaceModelError
from simkyc.faces import network, weights
from simkyc.faces.detection import FaceFinder, FoundFace, chip
from simkyc.faces.intake import decode
from simkyc.faces.network import RecognitionNetwork
from simkyc.faces.weights import LANDMARKS, RECOGNITION, Dense, model_path, read_layers, verified_bytes
from simkyc.testing import portrait

Chips = NDArray[np.uint8]


@pytest.fixture(scope="module")
def net() -> RecognitionNetwork:
    return RecognitionNetwork()


@pytest.fixture(scope="module")
def reference() -> dlib.face_recognition_model_v1:
    return dlib.face_recognition_model_v1(str(model_path(RECOGNITION)))


@pytest.fixture(scope="module")
def chips() -> Chips:
    """Faces, and what no face is: noise, one colour, extremes."""
    finder = FaceFinder()
    images = [decode(portrait(seed)) for seed in range(4)]
    faces = [chip(image, finder.find(image, "live")[0]) for image in images]
    noise = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), np.uint8)
    flat = [np.full((150, 150, 3), value, np.uint8) for value in (0, 128, 255)]
    return np.stack([*faces, *noise, *flat])


def test_vectors_are_dlibs(
    net: RecognitionNetwork, reference: dlib.face_recognition_model_v1, chips: Chips
) -> None:
    expected = np.array([reference.compute_face_descriptor(one) for one in chips])
    assert np.abs(net.vectors(chips) - expected).max() <= 1e-5


def test_the_whole_path_is_that_of_face_recognition(
    net: RecognitionNetwork, reference: dlib.face_recognition_model_v1
) -> None:
    """`face_recognition.face_encodings` does these steps: detect after one upsampling, 5 points, describe."""
    image = decode(portrait(5))
    (rectangle,) = dlib.get_frontal_face_detector()(image, 1)
    shape = dlib.shape_predictor(str(model_path(LANDMARKS)))(image, rectangle)
    expected = np.array(reference.compute_face_descriptor(image, shape, 1))
    points = np.array([(point.x, point.y) for point in shape.parts()], np.float32)
    face = FoundFace(0, 0, 1, 1, points, "detected", 1.0)
    assert np.abs(net.vectors(chip(image, face)[None])[0] - expected).max() <= 1e-5


REFERENCE = """
import sys, warnings
warnings.simplefilter("ignore")
import face_recognition, numpy
image = numpy.load(sys.argv[1])
places = face_recognition.face_locations(image)
encodings = face_recognition.face_encodings(image, places, model="small")
points = face_recognition.api._raw_face_landmarks(image, places, model="small")
shapes = [[(p.x, p.y) for p in shape.parts()] for shape in points]
numpy.savez(sys.argv[2], encodings=encodings, shapes=shapes)
"""
"""In a process of its own: importing `face_recognition` may end the process, and changes Pillow for all of it."""


def test_vectors_are_face_recognitions_own(net: RecognitionNetwork, tmp_path: Path) -> None:
    image = decode(portrait(6))
    np.save(tmp_path / "image.npy", image)
    command = [sys.executable, "-c", REFERENCE, str(tmp_path / "image.npy"), str(tmp_path / "answer.npz")]
    subprocess.run(command, check=True, capture_output=True)
    answer = np.load(tmp_path / "answer.npz")
    (expected,), (points,) = answer["encodings"], answer["shapes"]
    face = FoundFace(0, 0, 1, 1, points.astype(np.float32), "detected", 1.0)
    assert np.abs(net.vectors(chip(image, face)[None])[0] - expected).max() <= 1e-5


def test_a_batch_changes_no_bit(net: RecognitionNetwork, chips: Chips) -> None:
    alone = np.concatenate([net.vectors(one[None]) for one in chips])
    assert net.vectors(chips).tobytes() == alone.tobytes()
    assert net.vectors(chips[::-1])[::-1].tobytes() == alone.tobytes()
    many = np.concatenate([chips] * 3)  # more than one forward
    assert net.vectors(many).tobytes() == alone.tobytes() * 3


def test_eight_threads_change_no_bit(net: RecognitionNetwork, chips: Chips) -> None:
    alone = net.vectors(chips).tobytes()
    fresh = RecognitionNetwork()
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: fresh.vectors(chips).tobytes(), range(16))) == {alone}
        singles = pool.map(lambda place: fresh.vectors(chips[place][None]).tobytes(), range(len(chips)))
        assert b"".join(singles) == alone


def test_opencvs_threads_change_no_bit_and_are_left_alone(net: RecognitionNetwork, chips: Chips) -> None:
    before = cv2.getNumThreads()
    try:
        results = set()
        for threads in (1, 2, 3):
            cv2.setNumThreads(threads)
            results.add(net.vectors(chips).tobytes())
            assert cv2.getNumThreads() == threads
    finally:
        cv2.setNumThreads(before)
    assert len(results) == 1


def test_views_are_welcome(net: RecognitionNetwork, chips: Chips) -> None:
    mirrored = chips[:, :, ::-1]
    assert net.vectors(mirrored).tobytes() == net.vectors(mirrored.copy()).tobytes()


def test_no_chips_no_vectors(net: RecognitionNetwork, chips: Chips) -> None:
    assert net.vectors(chips[:0]).shape == (0, 128)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(np.zeros((150, 150, 3), np.uint8), id="no batch"),
        pytest.param(np.zeros((1, 149, 150, 3), np.uint8), id="too low"),
        pytest.param(np.zeros((1, 3, 150, 150), np.uint8), id="channels first"),
        pytest.param(np.zeros((1, 150, 150, 3), np.float32), id="real numbers"),
    ],
)
def test_refuses_what_are_no_chips(net: RecognitionNetwork, wrong: Chips) -> None:
    with pytest.raises(FaceError):
        net.vectors(wrong)


def test_nothing_is_loaded_before_the_first_use() -> None:
    code = (
        "import sys; from simkyc.faces.network import RecognitionNetwork; RecognitionNetwork();"
        "print(sorted({'cv2', 'dlib', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- when it cannot run


def another_network() -> bytes:
    *layers, last = read_layers(verified_bytes(RECOGNITION))
    assert isinstance(last, Dense)
    return weights.build_graph((*layers, Dense(last.matrix * np.float32(1.01))))


@pytest.mark.parametrize(
    "graph", [bytes, lambda: b"no network at all", another_network], ids=["empty", "garbage", "another"]
)
def test_refuses_another_graph(graph: Callable[[], bytes], chips: Chips) -> None:
    with pytest.raises(FaceModelError, match="pip install"):
        RecognitionNetwork(graph).vectors(chips[:1])


def test_opencv_without_onnx(monkeypatch: pytest.MonkeyPatch, chips: Chips) -> None:
    def not_built(*arguments: object) -> None:
        raise cv2.error("built without protobuf")

    monkeypatch.setattr(cv2.dnn, "readNetFromONNX", not_built)
    with pytest.raises(FaceModelError, match="pip install"):
        RecognitionNetwork().vectors(chips[:1])
    monkeypatch.delattr(cv2.dnn, "readNetFromONNX")
    with pytest.raises(FaceModelError, match="pip install"):
        RecognitionNetwork().vectors(chips[:1])


def test_without_opencv(monkeypatch: pytest.MonkeyPatch, chips: Chips) -> None:
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(FaceModelError, match="pip install"):
        RecognitionNetwork().vectors(chips[:1])


def test_a_failure_is_ours_and_the_next_call_works(monkeypatch: pytest.MonkeyPatch, chips: Chips) -> None:
    net = RecognitionNetwork()
    expected = net.vectors(chips[:1]).tobytes()

    class Broken:  # a subclass of cv2.dnn.Net would corrupt memory when it goes
        def setInput(self, *_: Any, **__: Any) -> None:  # noqa: N802  # the name is OpenCV's
            raise cv2.error("out of memory")

    broken: Any = Broken()
    net._network._idle.append(broken)
    with pytest.raises(FaceError):
        net.vectors(chips[:1])
    assert net.vectors(chips[:1]).tobytes() == expected


def test_a_failing_graph_is_asked_again(chips: Chips) -> None:
    answers = iter([FaceModelError("missing"), None])

    def graph() -> bytes:
        failure = next(answers)
        if failure is not None:
            raise failure
        return weights.recognition_graph()

    net = RecognitionNetwork(graph)
    with pytest.raises(FaceModelError):
        net.vectors(chips[:1])
    assert net.vectors(chips[:1]).shape == (1, 128)


def test_an_input_that_cannot_be_made_leaves_the_network_whole(net: RecognitionNetwork) -> None:
    def interrupted() -> Iterator[NDArray[np.float32]]:
        yield np.zeros((1, 6, 150, 75), np.float32)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        net._network.run(interrupted())
    assert net.vectors(network._BLACK_CHIP).shape == (1, 128)


def test_black_vector_is_dlibs(reference: dlib.face_recognition_model_v1) -> None:
    expected = np.array(reference.compute_face_descriptor(network._BLACK_CHIP[0]))[:4]
    assert np.abs(expected - network._BLACK_VECTOR).max() < 1e-6
