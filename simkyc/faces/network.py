"""Recognition networks: aligned face chips in, vectors out. Run by OpenCV's `dnn`.

A `cv2.dnn` net must not be used by two threads at once, so `Network` lends nets from a small pool: a caller has one
for itself, and there are never more nets than cores. `RecognitionNetwork` is dlib's, run that way: neither the
number of callers, nor the threads OpenCV works with, nor what else is in a batch changes a single bit of a vector
(tests/faces/test_network.py).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import FaceError, FaceModelError
from simkyc.faces.weights import CHIP_SIZE, recognition_graph

if TYPE_CHECKING:
    import cv2

__all__ = ["Network", "RecognitionNetwork"]

_INSTALL = "pip install opencv-python-headless"


class Network:
    """An ONNX graph with one input and one output, for any number of threads. Nothing is loaded before the first use.

    Args:
        graph: gives the ONNX bytes when they are first needed.
        probe: float32 (n, ...), what every new net is tried on before it is used.
        prove: told what the net gave for `probe`, float32; raises FaceModelError when that is wrong.
        advice: ends the message when OpenCV cannot read or run the graph.
    """

    def __init__(
        self,
        graph: Callable[[], bytes],
        *,
        probe: NDArray[np.float32],
        prove: Callable[[NDArray[np.float32]], None],
        advice: str,
    ) -> None:
        self._graph = graph
        self._probe = probe
        self._prove = prove
        self._advice = advice
        self._onnx: bytes | None = None
        self._loading = threading.Lock()
        self._idle: list[cv2.dnn.Net] = []  # a stack; list.pop and list.append are atomic
        self._permits = threading.BoundedSemaphore(os.cpu_count() or 1)

    def run(self, inputs: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
        """Runs the graph over at least one input, one after the other on one net.

        Args:
            inputs: float32 (n, ...) each; made when their turn comes, so that a generator bounds the memory.

        Returns:
            float32 (total n, ...), what the graph gave for each, joined.

        Raises:
            FaceError: the network fails on them.
            FaceModelError: the graph or OpenCV cannot be used.
        """
        with self._permits:
            net = self._take()
            outputs = np.concatenate([_forward(net, one) for one in inputs])
            self._idle.append(net)  # one that failed is not lent again
        return outputs

    def _take(self) -> cv2.dnn.Net:
        try:
            return self._idle.pop()
        except IndexError:
            return self._load()

    def _load(self) -> cv2.dnn.Net:
        with self._loading:
            if self._onnx is None:
                self._onnx = self._graph()
        net = self._read(self._onnx)
        try:
            proof = _forward(net, self._probe)
        except FaceError:
            raise FaceModelError(f"OpenCV cannot run this network. {self._advice}") from None
        self._prove(proof)
        return net

    def _read(self, onnx: bytes) -> cv2.dnn.Net:
        try:
            import cv2

            return cv2.dnn.readNetFromONNX(np.frombuffer(onnx, np.uint8), cv2.dnn.ENGINE_NEW)
        except (ImportError, AttributeError):
            raise FaceModelError(f"OpenCV 5 with its dnn module is needed: {_INSTALL}") from None
        except cv2.error:
            raise FaceModelError(f"OpenCV cannot read this network. {self._advice}") from None


def _forward(net: cv2.dnn.Net, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    try:
        net.setInput(np.ascontiguousarray(inputs))
        return np.asarray(net.forward(), np.float32)
    except cv2.error:
        raise FaceError("OpenCV failed to run the face network.") from None


# --- dlib's -------------------------------------------------------------------------------------------------------

_DIMENSIONS = 128
_BATCH = 16  # chips a forward; bounds memory, and larger batches are no faster

# What dlib gives for a black chip, the first four of 128: an OpenCV that computes wrongly is found before it is used.
_BLACK_CHIP = np.zeros((1, CHIP_SIZE, CHIP_SIZE, 3), np.uint8)
_BLACK_VECTOR = (-0.039917, 0.104916, 0.090823, -0.008847)
_BLACK_TOLERANCE = 1e-4


class RecognitionNetwork:
    """dlib's face recognition ResNet, for any number of threads. Nothing is loaded before the first use.

    Args:
        graph: gives the ONNX bytes when they are first needed.
    """

    def __init__(self, graph: Callable[[], bytes] = recognition_graph) -> None:
        self._network = Network(
            graph, probe=_pixel_pairs(_BLACK_CHIP), prove=_prove, advice=f"Install another: {_INSTALL}"
        )

    def vectors(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Computes dlib's face descriptors; they differ from `compute_face_descriptor`'s by 1e-5 at most.

        Args:
            chips: uint8 (n, 150, 150, 3), RGB, aligned as `simkyc.faces.detection.chip` does.

        Returns:
            float32 (n, 128); not of unit length.

        Raises:
            FaceError: the chips have another shape or dtype, or the network fails on them.
            FaceModelError: the weights or OpenCV cannot be used.
        """
        if chips.dtype != np.uint8 or chips.ndim != 4 or chips.shape[1:] != (CHIP_SIZE, CHIP_SIZE, 3):
            raise FaceError(f"Face chips are uint8 (n, {CHIP_SIZE}, {CHIP_SIZE}, 3).")
        if not len(chips):
            return np.empty((0, _DIMENSIONS), np.float32)
        starts = range(0, len(chips), _BATCH)
        return self._network.run(_pixel_pairs(chips[start : start + _BATCH]) for start in starts)


def _pixel_pairs(chips: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the graph of `weights.build_graph` takes."""
    pairs = chips.reshape(len(chips), CHIP_SIZE, CHIP_SIZE // 2, 6)
    return np.ascontiguousarray(pairs.transpose(0, 3, 1, 2), np.float32)


def _prove(vectors: NDArray[np.float32]) -> None:
    if vectors.shape != (1, _DIMENSIONS) or not np.allclose(
        vectors[0, :4], _BLACK_VECTOR, rtol=0, atol=_BLACK_TOLERANCE
    ):
        raise FaceModelError(f"This OpenCV computes the face network wrongly. Install another: {_INSTALL}")
