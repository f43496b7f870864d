"""The recognition network: aligned face chips in, dlib's 128 numbers out.

Run by OpenCV's `dnn`. A `cv2.dnn` net must not be used by two threads at once, so nets are lent from a small pool:
a caller has one for itself, and there are never more nets than cores. Neither the number of callers, nor the threads
OpenCV works with, nor what else is in a batch changes a single bit of a vector (tests/faces/test_network.py).
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import FaceError, FaceModelError
from simkyc.faces.template import DIMENSIONS
from simkyc.faces.weights import CHIP_SIZE, recognition_graph

if TYPE_CHECKING:
    import cv2

__all__ = ["RecognitionNetwork"]

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
        self._graph = graph
        self._onnx: bytes | None = None
        self._loading = threading.Lock()
        self._idle: list[cv2.dnn.Net] = []  # a stack; list.pop and list.append are atomic
        self._permits = threading.BoundedSemaphore(os.cpu_count() or 1)

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
        vectors = np.empty((len(chips), DIMENSIONS), np.float32)
        with self._permits:
            net = self._take()
            for start in range(0, len(chips), _BATCH):
                vectors[start : start + _BATCH] = _forward(net, chips[start : start + _BATCH])
            self._idle.append(net)  # one that failed is not lent again
        return vectors

    def _take(self) -> cv2.dnn.Net:
        try:
            return self._idle.pop()
        except IndexError:
            return self._load()

    def _load(self) -> cv2.dnn.Net:
        with self._loading:
            if self._onnx is None:
                self._onnx = self._graph()
        net = _net(self._onnx)
        if not np.allclose(_forward(net, _BLACK_CHIP)[0, :4], _BLACK_VECTOR, rtol=0, atol=_BLACK_TOLERANCE):
            raise FaceModelError(
                "This OpenCV computes the face network wrongly. Install another: pip install opencv-python-headless"
            )
        return net


def _net(onnx: bytes) -> cv2.dnn.Net:
    try:
        import cv2

        return cv2.dnn.readNetFromONNX(np.frombuffer(onnx, np.uint8), cv2.dnn.ENGINE_NEW)
    except (ImportError, AttributeError):
        raise FaceModelError(
            "OpenCV 5 with its dnn module is needed: pip install opencv-python-headless"
        ) from None
    except cv2.error:
        raise FaceModelError("This OpenCV cannot read ONNX: pip install opencv-python-headless") from None


def _forward(net: cv2.dnn.Net, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
    import cv2

    pairs = chips.reshape(len(chips), CHIP_SIZE, CHIP_SIZE // 2, 6)  # see weights.build_graph
    try:
        net.setInput(np.ascontiguousarray(pairs.transpose(0, 3, 1, 2), np.float32))
        return np.asarray(net.forward(), np.float32)
    except cv2.error:
        raise FaceError("OpenCV failed to run the face network.") from None
