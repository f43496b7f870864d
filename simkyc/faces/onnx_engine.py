"""An operator's own recogniser, run by OpenCV behind the contract of every engine.

    engine = OnnxFaceEngine("recogniser.onnx", "arcface-112", 112, mean=127.5, std=127.5)

The graph takes one face as float32 (n, 3, size, size) and gives one vector, (n, d): 512 numbers of an ArcFace, say.
It is checked when it is loaded, on the first photo or by `warm_up`. Without a calibration an engine finds and
compares faces, and decides nothing: `simkyc.faces.calibration.calibrate` makes one from labelled pairs, and
`calibrations=` brings it back in.

Templates are unit vectors and their distance is Euclidean. A model's cosine similarity says the same:
distance = sqrt(2 - 2 * similarity), so similarity 0.4 is distance 1.095, and the order of pairs is one.

How a face comes to the graph:

| alignment | the chip |
|---|---|
| `dlib-5pt` | `simkyc.faces.detection.chip`: dlib's five landmarks on its mean face, with `padding` around |
| `arcface-112` | the points on ArcFace's reference points for 112x112 (InsightFace, `face_align.py`), scaled |

ArcFace's five points are both eyes, the nose's tip and the corners of the mouth. dlib's landmarks have no mouth, and
the base of the nose instead of its tip. So the eyes' centres and the nose's base are laid where ArcFace's mean face
has them, by the similarity transform with the least squares: on 199 people of LFW they come to lie within 0.4 pixel
of there on average, with a standard deviation of 1.4. A detector that gives all five says so by returning
`FivePointFace`; a model trained on such points is best served by it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, Protocol, Self, get_args

import numpy as np
from numpy.typing import NDArray

from simkyc.errors import FaceError, FaceModelError
from simkyc.faces.calibration import Calibration, Domain, by_domain
from simkyc.faces.detection import FaceFinder, FoundFace, PhotoKind, check_image, chip
from simkyc.faces.engine import Examination
from simkyc.faces.network import Network
from simkyc.faces.quality import measure
from simkyc.faces.template import Template

__all__ = ["Alignment", "FaceDetector", "FivePointFace", "Metric", "OnnxFaceEngine"]

Alignment = Literal["dlib-5pt", "arcface-112"]
Metric = Literal["cosine", "euclidean"]
"""What a model was trained for. Where the vector's direction alone counts (`cosine`), the vectors of a face and of
its mirror image are averaged as unit vectors; otherwise (`euclidean`) as they are."""

_RECIPE = 1  # raise it when the same arguments give other templates, so that no older template is compared

_REFERENCE_SIZE: Final = 112
_EYES_AND_NOSE_TIP_AND_MOUTH: Final = np.array(
    [(38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041)]
)
# The nose's base lies 0.77 eye distances below the eyes: 0.773 on dlib's mean face, 0.763 on 495 people of LFW.
_EYES_AND_NOSE_BASE: Final = np.array([(38.2946, 51.6963), (73.5318, 51.5014), (56.06, 78.73)])

_NOSE_BASE_TO_MOUTH: Final = 0.34  # of the way from the nose's tip to the mouth, on ArcFace's mean face
_EYE_WIDTH: Final = 0.4  # eye distances, from corner to corner: 0.406 on dlib's mean face, 0.397 on the 495

_FINDER = "dlib"  # what an engine_id calls simkyc's own detector
_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_LARGEST_INPUT = 1024  # pixels


class FaceDetector(Protocol):
    """Finds faces; `simkyc.faces.detection.FaceFinder` is the one that comes with simkyc. For any number of threads."""

    def find(self, image: NDArray[np.uint8], kind: PhotoKind) -> tuple[FoundFace, ...]:
        """Finds the faces of a photo, the largest first.

        Args:
            image: uint8 (height, width, 3), RGB, upright.
            kind: `live` for a counter photo, `portrait` for the picture on an ID chip.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class FivePointFace(FoundFace):
    """A face of a detector that gives the five points of ArcFace.

    Attributes:
        points: float32 (5, 2), x and y: centre of the eye on the image's left and on its right, tip of the nose,
            corner of the mouth on the image's left and on its right.
    """

    points: NDArray[np.float32] = field(repr=False)

    @classmethod
    def of(cls, box: tuple[int, int, int, int], points: NDArray[np.floating], score: float) -> Self:
        """Makes dlib's landmarks, which measures of quality use, from the five points.

        Args:
            box: left, top, right, bottom of the face from brow to chin, right and bottom exclusive.
            points: (5, 2), in the order above.
            score: the detector's margin above its own limit.

        Raises:
            FaceError: the points have another shape, or are not finite.
        """
        _check(
            (points.shape == (5, 2), "A face has five points, (5, 2)."),
            (np.isfinite(points).all(), "The points of a face are finite."),
        )
        left_eye, right_eye, tip, *mouth = points.astype(np.float64)
        half = (right_eye - left_eye) * _EYE_WIDTH / 2
        base = tip + _NOSE_BASE_TO_MOUTH * (np.mean(mouth, axis=0) - tip)
        corners = [right_eye + half, right_eye - half, left_eye - half, left_eye + half]
        left, top, right, bottom = box
        return cls(
            left=left,
            top=top,
            right=right,
            bottom=bottom,
            landmarks=np.array([*corners, base], np.float32),
            located="detected",
            score=score,
            points=points.astype(np.float32),
        )


class OnnxFaceEngine:
    """A recogniser from an ONNX file, with simkyc's detector or another. Templates are unit vectors."""

    def __init__(
        self,
        path: str | Path,
        alignment: Alignment,
        input_size: int,
        mean: float | tuple[float, float, float],
        std: float | tuple[float, float, float],
        metric: Metric = "cosine",
        *,
        channels: Literal["RGB", "BGR"] = "RGB",
        padding: float = 0.25,
        mirror: bool = True,
        name: str = "onnx",
        detector: FaceDetector | None = None,
        detector_name: str = "",
        calibrations: Sequence[Calibration] = (),
    ) -> None:
        """Read the file; it is loaded at the first use.

        Args:
            path: The ONNX file, its weights inside.
            alignment: How a face is cut out.
            input_size: Side of the graph's square input in pixels.
            mean: Subtracted from a pixel, 0 to 255; one number, or one for each channel in the order of `channels`.
            std: What the difference is divided by, the same way.
            metric: What the model was trained for.
            channels: The order in which the graph takes the colours.
            padding: Room around the mean face as a share of its size; of `dlib-5pt` alone.
            mirror: Whether a template is the mean over the face and its mirror image. It costs a second run.
            name: Begins the `engine_id`.
            detector: Finds the faces; simkyc's own when left out.
            detector_name: Names it and its version in the `engine_id`, since it moves distances; `dlib` for a
                `FaceFinder` that several engines share.
            calibrations: Of this engine, one for each kind of pair.

        Raises:
            FaceModelError: The file cannot be read or is empty.
            EngineMismatchError: A calibration is another engine's.
            FaceError: An argument is none of the above.
        """
        _check(
            (alignment in get_args(Alignment), "The alignment is dlib-5pt or arcface-112."),
            (metric in get_args(Metric), "The metric is cosine or euclidean."),
            (channels in {"RGB", "BGR"}, "The channels are RGB or BGR."),
            (0 < input_size <= _LARGEST_INPUT, f"The input's side is 1 to {_LARGEST_INPUT} pixels."),
            (0 <= padding <= 1, "The padding is a share of the face's size, 0 to 1."),
            (
                _NAME.fullmatch(name) and _NAME.fullmatch(detector_name or _FINDER),
                "A name has letters, digits and ._- alone.",
            ),
            (
                (detector is None) == (not detector_name),
                "A detector of your own needs a detector_name, and only that: it stands in the engine_id.",
            ),
        )
        self._mean, self._std = _colour(mean), _colour(std)
        _check(((self._std > 0).all(), "The std is above 0."))
        self._alignment, self._size, self._padding = alignment, input_size, padding
        self._metric, self._channels, self._mirror = metric, channels, mirror
        self._detector: FaceDetector = FaceFinder() if detector is None else detector
        data = _read(Path(path))
        self._network = Network(
            lambda: _checked(data, input_size),
            probe=self._input(np.full((input_size, input_size, 3), 128, np.uint8)),
            prove=_prove,
            advice="Export it again with a lower opset and without operators of its own.",
        )
        self.engine_id = "/".join(
            (
                f"{name}:{hashlib.sha256(data).hexdigest()[:12]}",
                detector_name or _FINDER,
                f"{alignment}-{input_size}" + (f"-{padding:g}" if alignment == "dlib-5pt" else ""),
                f"{channels.lower()}-{_numbers(self._mean)}-{_numbers(self._std)}",
                f"{'mirror' if mirror else 'plain'}-{metric}-{_RECIPE}",
            )
        )
        self._calibrations = by_domain(calibrations, self.engine_id)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.engine_id!r})"

    def examine(self, image: NDArray[np.uint8], kind: PhotoKind) -> Examination:
        """Finds the faces of a photo and makes the template of the dominant one; see `FaceEngine.examine`."""
        check_image(image)
        faces = self._detector.find(image, kind)
        height, width = image.shape[:2]
        if not faces:
            return Examination(kind, width, height, (), None, {})
        (template,) = self.templates(image, faces[:1])
        return Examination(kind, width, height, faces, template, measure(image, faces[0]))

    def templates(self, image: NDArray[np.uint8], faces: tuple[FoundFace, ...]) -> tuple[Template, ...]:
        """The templates of faces found in this image, in their order.

        Raises:
            FaceError: The image has another shape or dtype, a face has no usable points, or the network gives no
                direction for it.
            FaceModelError: The network cannot be used; the message says why.
        """
        check_image(image)
        return tuple(self._template(self._chip(image, face)) for face in faces)

    def calibration(self, domain: Domain) -> Calibration:
        """The calibration that was given for this kind of pair; see `FaceEngine.calibration`."""
        if domain not in self._calibrations:
            raise FaceError(
                f"This engine was never calibrated for {domain} pairs. Make a calibration from your own photos "
                "with simkyc.faces.calibration.calibrate and give it as calibrations=."
            )
        return self._calibrations[domain]

    def warm_up(self) -> None:
        """Load detector and network by one pass over a blank picture; see `FaceEngine.warm_up`."""
        self._detector.find(np.zeros((64, 64, 3), np.uint8), "live")
        self._vectors([np.zeros((self._size, self._size, 3), np.uint8)])

    def _template(self, face: NDArray[np.uint8]) -> Template:
        vectors = self._vectors([face, face[:, ::-1]] if self._mirror else [face])
        if self._metric == "cosine":
            vectors = vectors / np.maximum(
                np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(float).tiny
            )
        return Template.from_direction(vectors.sum(axis=0), self.engine_id)

    def _vectors(self, chips: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        """One chip a run: many graphs are exported for one, and nothing beside it can then move a bit."""
        vectors = self._network.run(self._input(one) for one in chips)
        _check(
            (np.isfinite(vectors).all(), "The recogniser gives numbers that are not finite for this face.")
        )
        return vectors.astype(np.float64)

    def _input(self, face: NDArray[np.uint8]) -> NDArray[np.float32]:
        ordered = face if self._channels == "RGB" else face[:, :, ::-1]
        return ((ordered - self._mean) / self._std).transpose(2, 0, 1)[np.newaxis]

    def _chip(self, image: NDArray[np.uint8], face: FoundFace) -> NDArray[np.uint8]:
        if self._alignment == "dlib-5pt":
            _check_points(face.landmarks)
            return chip(image, face, self._size, self._padding)
        if isinstance(face, FivePointFace):
            points, reference = face.points, _EYES_AND_NOSE_TIP_AND_MOUTH
        else:
            right_eye, left_eye = face.landmarks[:2].mean(axis=0), face.landmarks[2:4].mean(axis=0)
            points, reference = np.array([left_eye, right_eye, face.landmarks[4]]), _EYES_AND_NOSE_BASE
        _check_points(points)
        return _laid_on(image, points, reference * (self._size / _REFERENCE_SIZE), self._size)


def _laid_on(
    image: NDArray[np.uint8], points: NDArray[np.floating], reference: NDArray[np.float64], size: int
) -> NDArray[np.uint8]:
    """Turns, scales and moves the image so that the points come nearest to the reference, by least squares.

    Returns:
        uint8 (size, size, 3); bilinear, and black where it leaves the image, as ArcFace's own are.
    """
    import cv2

    # As complex numbers a similarity transform is z -> slope * z + offset, and its fit a straight line's.
    z, w = (xy.astype(np.float64) @ (1, 1j) for xy in (points, reference))
    slope = np.sum((z - z.mean()).conj() * (w - w.mean())) / np.sum(np.abs(z - z.mean()) ** 2)
    offset = w.mean() - slope * z.mean()
    matrix = np.array([(slope.real, -slope.imag, offset.real), (slope.imag, slope.real, offset.imag)])
    return np.asarray(cv2.warpAffine(np.ascontiguousarray(image), matrix, (size, size)), np.uint8)


def _check(*rules: tuple[object, str]) -> None:
    for holds, message in rules:
        if not holds:
            raise FaceError(message)


def _check_points(points: NDArray[np.floating]) -> None:
    _check(
        (np.isfinite(points).all(), "The points of a face are finite."),
        ((points != points[0]).any(), "The points of a face are not all the same."),
    )


def _colour(value: float | tuple[float, float, float]) -> NDArray[np.float32]:
    colour = np.atleast_1d(np.asarray(value, np.float32))
    _check((colour.shape in {(1,), (3,)}, "A mean or std is one number, or three."))
    _check((np.isfinite(colour).all(), "A mean or std is finite."))
    return colour


def _numbers(colour: NDArray[np.float32]) -> str:
    return ",".join(str(value) for value in colour)


# --- the file -----------------------------------------------------------------------------------------------------


def _read(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FaceModelError(
            f"The recogniser's file cannot be read ({error.strerror}). Check its path."
        ) from None
    if not data:
        raise FaceModelError("The recogniser's file is empty. Copy it again.")
    return data


def _checked(data: bytes, size: int) -> bytes:
    """The graph, when it declares what the engine gives and needs. OpenCV itself would run many that do not.

    Raises:
        FaceModelError: it is no ONNX, is truncated, or has other inputs or outputs.
    """
    try:
        import onnx
    except ImportError:
        raise FaceModelError(
            "A recogniser's file is checked with the package onnx: pip install onnx"
        ) from None
    try:
        graph = onnx.load_model_from_string(data).graph
    except Exception:  # protobuf's, which differs between its versions
        graph = onnx.GraphProto()
    if not graph.node:
        raise FaceModelError("The recogniser's file is no ONNX, or is truncated. Copy it again.")
    tensors = [*graph.initializer, *(attribute.t for node in graph.node for attribute in node.attribute)]
    if any(tensor.data_location == onnx.TensorProto.EXTERNAL for tensor in tensors):
        raise FaceModelError("The recogniser keeps weights in another file. Save it as one file.")
    constants = {tensor.name for tensor in graph.initializer}
    inputs = [value.type.tensor_type for value in graph.input if value.name not in constants]
    outputs = [value.type.tensor_type for value in graph.output]
    sides = [dimension.dim_value for dimension in inputs[0].shape.dim] if len(inputs) == 1 else []
    fits = (
        len(sides) == 4
        and all(
            have in {0, need}  # 0 stands for a side that is open
            for have, need in zip(sides[1:], (3, size, size), strict=True)
        )
    )
    if not fits or inputs[0].elem_type != onnx.TensorProto.FLOAT:
        raise FaceModelError(
            f"The recogniser must have one input, float32 (n, 3, {size}, {size}). "
            "Check input_size, and export it with the channels before rows and columns."
        )
    if len(outputs) != 1 or outputs[0].elem_type not in {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16}:
        raise FaceModelError(
            "The recogniser must have one output of real numbers. Export the embedding alone."
        )
    return data


def _prove(vectors: NDArray[np.float32]) -> None:
    if vectors.ndim != 2 or len(vectors) != 1 or vectors.shape[1] < 2:
        raise FaceModelError(
            "The recogniser must give one vector a face, (n, d). Export it with a flat embedding."
        )
    if not np.isfinite(vectors).all():
        raise FaceModelError(
            "The recogniser gives numbers that are not finite. Check mean and std, or export again."
        )
