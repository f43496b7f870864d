"""The weights on disk, dlib's format, the graph made of it, and the cache between."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simkyc.errors import FaceModelError
from simkyc.faces import weights
from simkyc.faces.weights import (
    CHIP_SIZE,
    LANDMARKS,
    RECOGNITION,
    AddShortcut,
    Affine,
    Convolution,
    Dense,
    ModelFile,
    Normalise,
    frontal_detector,
    model_path,
    read_layers,
    recognition_graph,
    verified_bytes,
)


@pytest.fixture(scope="module")
def data() -> bytes:
    return verified_bytes(RECOGNITION)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that holds a graph and a detector."""
    folder = tmp_path_factory.mktemp("cache")
    recognition_graph(folder)
    frontal_detector(folder)
    return folder


def only_file(folder: Path, suffix: str) -> Path:
    (path,) = folder.glob(f"*{suffix}")
    return path


# --- finding and checking


@pytest.mark.parametrize("file", [RECOGNITION, LANDMARKS], ids=lambda file: file.name)
def test_installed_weights_are_the_ones_we_know(file: ModelFile) -> None:
    assert hashlib.sha256(verified_bytes(file)).hexdigest() == file.sha256


def test_the_package_is_located_but_never_imported() -> None:
    code = (
        "import sys; from simkyc.faces.weights import RECOGNITION, model_path; model_path(RECOGNITION);"
        "print(sorted({'face_recognition_models', 'pkg_resources', 'onnx', 'dlib', 'cv2'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find_spec", lambda name: None)
    with pytest.raises(FaceModelError, match="pip install"):
        model_path(RECOGNITION)


def test_missing_file() -> None:
    with pytest.raises(FaceModelError, match=r"missing.*pip install"):
        model_path(ModelFile("no_such_file.dat", RECOGNITION.sha256))


@pytest.mark.parametrize("damage", ["absent", "empty", "truncated", "one bit", "appended"])
def test_damaged_weights_are_refused(tmp_path: Path, damage: str) -> None:
    good = verified_bytes(LANDMARKS)
    path = tmp_path / LANDMARKS.name
    flipped = bytearray(good)
    flipped[len(good) // 2] ^= 1
    content = {"empty": b"", "truncated": good[:-1], "one bit": bytes(flipped), "appended": good + b"\0"}
    if damage != "absent":
        path.write_bytes(content[damage])
    with pytest.raises(FaceModelError, match="pip install"):
        verified_bytes(LANDMARKS, path)


# --- dlib's format


def test_layers_are_those_of_dlibs_resnet(data: bytes) -> None:
    layers = read_layers(data)
    normalise, convolutions = layers[0], [layer for layer in layers if isinstance(layer, Convolution)]
    assert isinstance(normalise, Normalise)
    assert normalise.size == CHIP_SIZE
    assert normalise.mean == pytest.approx((122.782, 117.001, 104.298))
    assert [layer.weight.shape[0] for layer in convolutions] == [32] * 7 + [64] * 8 + [128] * 6 + [256] * 8
    assert sum(layer.stride == 2 for layer in convolutions) == 5
    assert sum(isinstance(layer, Affine) for layer in layers) == 29
    assert sum(isinstance(layer, AddShortcut) for layer in layers) == 14
    last = layers[-1]
    assert isinstance(last, Dense)
    assert last.matrix.shape == (256, 128)


@pytest.mark.parametrize("kept", [0, 100, 303, 320, 330, 19_300, 1_000_000, 22_334_880, 22_400_000])
def test_ends_too_early(data: bytes, kept: int) -> None:
    with pytest.raises(FaceModelError):
        read_layers(data[:kept])


@given(st.binary(max_size=200))
def test_noise_behind_the_input_layer(noise: bytes) -> None:
    with pytest.raises(FaceModelError):
        read_layers(weights._INPUT + noise)


@settings(max_examples=15, deadline=None)
@given(at=st.sampled_from([*range(303, 340), *range(19_253, 19_400), *range(22_334_850, 22_334_912)]))
def test_altered_structure_never_ends_in_another_error(data: bytes, at: int) -> None:
    altered = bytearray(data)
    altered[at] ^= 0x0F
    try:
        layers = read_layers(bytes(altered))
    except FaceModelError:
        return
    assert len(layers) > 100  # a number changed, not the structure; the SHA-256 is what guards against that


# --- the cache


def test_graph_comes_from_the_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "build_graph", lambda layers: pytest.fail("was built again"))
    assert len(recognition_graph(cache)) > 20_000_000
    assert sorted(path.name[:8] for path in cache.iterdir()) == ["frontal-", "recognit"]


@pytest.mark.parametrize("damage", ["empty", "truncated", "one bit", "only a digest", "digest of nothing"])
def test_damaged_graph_is_built_again(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    source = only_file(cache, ".checked")
    good = source.read_bytes()
    flipped = bytearray(good)
    flipped[-1] ^= 1
    path = tmp_path / source.name
    path.write_bytes(
        {
            "empty": b"",
            "truncated": good[:-1],
            "one bit": bytes(flipped),
            "only a digest": good[:32],
            "digest of nothing": hashlib.sha256(b"").digest(),
        }[damage]
    )
    monkeypatch.setattr(weights, "build_graph", lambda layers: good[32:])
    assert recognition_graph(tmp_path) == good[32:]
    assert path.read_bytes() == good


def test_building_is_repeatable(cache: Path, data: bytes) -> None:
    assert weights.build_graph(read_layers(data)) == recognition_graph(cache)


def test_unwritable_folder_costs_only_time(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = recognition_graph(cache)
    monkeypatch.setattr(weights, "build_graph", lambda layers: built)
    in_the_way = tmp_path / "file"
    in_the_way.write_bytes(b"")
    assert recognition_graph(in_the_way / "below") == built
    assert frontal_detector(in_the_way / "below").num_detectors == 5


def test_full_disk_leaves_nothing_behind(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = recognition_graph(cache)
    monkeypatch.setattr(weights, "build_graph", lambda layers: built)

    def full(self: Path, data: bytes) -> int:
        with self.open("wb") as file:
            file.write(data[:1000])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert recognition_graph(tmp_path) == built
    assert list(tmp_path.iterdir()) == []


def test_altered_weights_are_refused_though_a_graph_is_cached(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "model_path", lambda file: only_file(cache, ".svm"))
    with pytest.raises(FaceModelError, match="truncated or altered"):
        recognition_graph(cache)


def test_without_onnx_and_without_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(FaceModelError, match="pip install onnx"):
        recognition_graph(tmp_path)


def test_many_may_build_at_once(cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    built = recognition_graph(cache)
    monkeypatch.setattr(weights, "build_graph", lambda layers: built)
    with ThreadPoolExecutor(4) as pool:
        graphs = list(pool.map(lambda _: recognition_graph(tmp_path), range(8)))
    assert set(graphs) == {built}
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("damage", ["absent", "truncated", "one bit"])
def test_damaged_detector_is_unpacked_again(cache: Path, tmp_path: Path, damage: str) -> None:
    source = only_file(cache, ".svm")
    good = source.read_bytes()
    flipped = bytearray(good)
    flipped[1000] ^= 1
    path = tmp_path / source.name
    if damage != "absent":
        path.write_bytes({"truncated": good[:-1], "one bit": bytes(flipped)}[damage])
    frontal_detector(tmp_path)
    assert path.read_bytes() == good


def test_cached_detector_answers_as_dlibs_own(cache: Path) -> None:
    import dlib

    image = np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)
    ours, own = frontal_detector(cache), dlib.get_frontal_face_detector()
    # far below the threshold, so that there is something to compare
    assert list(ours.run(image, 0, -2.0)[1]) == list(own.run(image, 0, -2.0)[1])
    assert len(own.run(image, 0, -2.0)[1]) > 0


def test_without_dlib(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dlib", None)
    with pytest.raises(FaceModelError, match="pip install dlib-bin"):
        frontal_detector(tmp_path)
