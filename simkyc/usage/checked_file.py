"""Files of models: data that is checked before anything is made of it, and no code.

One JSON object with a version and a SHA-256 over all of the rest. The hash tells a file that was damaged or altered; it
is no signature: whoever can write a model can write its hash. Take a model from nobody whose policy you would not take.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from simkyc.application import Model, input_error
from simkyc.errors import InputError

__all__ = ["MOST_BYTES", "CheckedFile", "Sha256", "read_checked"]

MOST_BYTES: Final = 64 * 2**20

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class CheckedFile(Model):
    """What such a file has beside its own fields.

    Attributes:
        sha256: Of everything else, in the order of the fields, as JSON.
    """

    sha256: Sha256

    def hashed(self) -> str:
        """The SHA-256 over everything else."""
        return hashlib.sha256(self.model_dump_json(exclude={"sha256"}).encode()).hexdigest()

    def to_bytes(self) -> bytes:
        """As it is written into a file, which is read back whole."""
        return (self.to_json() + "\n").encode()


File = TypeVar("File", bound=CheckedFile)


class _Head(BaseModel):
    """As much as tells whether the rest can be read."""

    model_config = ConfigDict(extra="ignore", strict=True)

    format_version: int


def read_checked(
    source: Path | bytes,
    kind: type[File],
    version: int,
    *,
    what: str,
    made_with: str,
    most_bytes: int = MOST_BYTES,
) -> File:
    """Read a file, and check all of it.

    Args:
        source: The file or its bytes.
        kind: What it holds.
        version: Of the format, as this simkyc reads it.
        what: The file is, for messages, such as "a usage model".
        made_with: The command that makes one.
        most_bytes: It may have.

    Raises:
        InputError: It cannot be read, is too large, of another version, altered, cut off, or does not fit.
    """
    data = source if isinstance(source, bytes) else _bytes(source, most_bytes)
    if len(data) > most_bytes:
        raise InputError(f"the file of the model is larger than {most_bytes // 2**20} MiB")
    try:
        head = _Head.model_validate_json(data)
    except ValidationError:
        raise InputError(f"this is no file of {what}, or it is cut off: make it with {made_with}") from None
    if head.format_version != version:
        raise InputError(
            f"the file of the model has version {head.format_version}, this simkyc reads {version}: train it again"
        )
    try:
        file = kind.model_validate_json(data)
    except ValidationError as error:
        raise input_error(error, "the file of the model") from None
    # What was altered goes no further; what is left may still be somebody's own hash over what does not hold.
    if file.hashed() != file.sha256:
        raise InputError(
            "the file of the model was altered after it was made: take it from where it was made"
        )
    return file


def _bytes(path: Path, most: int) -> bytes:
    try:
        with path.open("rb") as opened:
            return opened.read(most + 1)
    except (OSError, ValueError):
        raise InputError("the file of the model cannot be read: see its name and rights") from None
