"""The faces room: photo bytes in, templates, quality and distances out.

How a photo goes through it:

    bytes ─intake.decode─▶ RGB array ─detection.find_faces─▶ FoundFace ─detection.chip─▶ chip (150x150)
          ─network.RecognitionNetwork─▶ 128 numbers ─engine (mean with the mirror, unit length)─▶ Template

- `intake` is the only place that decodes an image.
- `engine.FaceEngine` is the contract of an engine, `engine.DlibFaceEngine` the one that ships, and
  `onnx_engine.OnnxFaceEngine` runs a recogniser of your own.
- `template.Template` knows its engine; `template.distance` refuses to compare across engines.
- `weights` finds and checks the trained weights and turns them into the graph that `network` runs.

The names below load on first use, so that importing this package loads neither cv2, dlib nor numpy.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simkyc.faces.detection import FoundFace as FoundFace
    from simkyc.faces.detection import PhotoKind as PhotoKind
    from simkyc.faces.engine import DlibFaceEngine as DlibFaceEngine
    from simkyc.faces.engine import Examination as Examination
    from simkyc.faces.engine import FaceEngine as FaceEngine
    from simkyc.faces.onnx_engine import FaceDetector as FaceDetector
    from simkyc.faces.onnx_engine import FivePointFace as FivePointFace
    from simkyc.faces.onnx_engine import OnnxFaceEngine as OnnxFaceEngine
    from simkyc.faces.template import Template as Template
    from simkyc.faces.template import distance as distance
    from simkyc.faces.template import mean as mean

_HOME = {
    "DlibFaceEngine": "engine",
    "Examination": "engine",
    "FaceDetector": "onnx_engine",
    "FaceEngine": "engine",
    "FivePointFace": "onnx_engine",
    "FoundFace": "detection",
    "OnnxFaceEngine": "onnx_engine",
    "PhotoKind": "detection",
    "Template": "template",
    "distance": "template",
    "mean": "template",
}

__all__ = [
    "DlibFaceEngine",
    "Examination",
    "FaceDetector",
    "FaceEngine",
    "FivePointFace",
    "FoundFace",
    "OnnxFaceEngine",
    "PhotoKind",
    "Template",
    "distance",
    "mean",
]


def __getattr__(name: str) -> object:
    home = _HOME.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
