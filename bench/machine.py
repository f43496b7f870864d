"""What the figures were measured on, without a name or a place."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import version
from pathlib import Path

__all__ = ["description"]

LIBRARIES = (
    "dlib-bin",
    "face-recognition",
    "numpy",
    "onnx",
    "opencv-python-headless",
    "pillow",
    "simplejpeg",
    "sqlalchemy",
)


def description() -> str:
    """Processor, system, Python and libraries, in two sentences."""
    versions = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"Measured on {os.cpu_count()} cores of {_processor()} under {platform.system()}, with "
        f"{platform.python_implementation()} {platform.python_version()}. "
        f"Libraries: {versions}, SQLite {sqlite3.sqlite_version}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.processor() or platform.machine()
