"""The file of a message classifier: numbers that are checked before anything is made of them, and no code.

JSON as `checked_file` has it. Weights are little-endian 16-bit floats in base64: a column for each bucket of hashed
runs of characters, a row for each class. Text cannot be read back from them, but whether a text was in the training
table might be guessed: keep the file where the table may be kept.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from simkyc.application import Model, Text
from simkyc.reverification.shares import Share
from simkyc.usage.checked_file import CheckedFile, Sha256, read_checked
from simkyc.usage.messages.classes import CLASSES, MessageClass
from simkyc.usage.model_file import Figure

__all__ = ["FORMAT_VERSION", "MessageModelFile", "MessagesTrainedOn", "packed", "read_message_model"]

FORMAT_VERSION: Final = 1
MOST_BYTES: Final = 32 * 2**20

Halves = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]*={0,2}$", max_length=MOST_BYTES)]
Number = Annotated[float, Field(ge=-1e4, le=1e4)]
Four = Annotated[tuple[Number, ...], Field(min_length=4, max_length=4)]
Probability = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class MessagesTrainedOn(Model):
    """What a model was made from.

    Attributes:
        name: Of the data, in words that name nobody.
        sha256: Of the table's file.
        texts: How many of each class.
        groups: How many groups of near-duplicates, which no fold divides.
        ordinary: How many of simkyc's own ordinary messages were learnt beside them.
        folds: Parts of the cross-validation.
        seed: Of the folds.
    """

    name: Text
    sha256: Sha256
    texts: dict[MessageClass, Count]
    groups: Count
    ordinary: Count
    folds: int = Field(ge=2, le=20)
    seed: int = Field(ge=0, lt=2**31)


class MessageModelFile(CheckedFile):
    """All that stands in the file.

    Attributes:
        format_version: Of the file.
        simkyc_version: Which simkyc made it.
        libraries: Versions of what trained it.
        created_at: When, as the caller said; None where it said nothing.
        trained_on: What it was made from.
        classes: In the order of all fours.
        runs: Lengths of the runs of characters that are read.
        bits: Buckets are two to the power of so many.
        rarity: How much each bucket counts, 16-bit floats in base64, shape (buckets,).
        weights: 16-bit floats in base64, shape (4, buckets).
        intercepts: Of the classes.
        scale: Of the log-odds for calibration.
        shifts: Of the classes, for calibration.
        leanings: Added to the logarithms of the probabilities before the largest is taken.
        fraud_from: Probability of fraud from which on a text is taken for fraud, and below which it is not.
        ordinary_beyond: Ordinary texts, advertising and other, that reach it in cross-validation.
        metrics: Cross-validated figures by name.
    """

    shown = ("format_version", "simkyc_version")

    format_version: Literal[1]
    simkyc_version: Text
    libraries: dict[Text, Text] = Field(max_length=20)
    created_at: AwareDatetime | None = None
    trained_on: MessagesTrainedOn
    classes: tuple[MessageClass, ...]
    runs: tuple[Annotated[int, Field(ge=1, le=6)], ...] = Field(min_length=1, max_length=6)
    bits: int = Field(ge=8, le=20)
    rarity: Halves = Field(repr=False)
    weights: Halves = Field(repr=False)
    intercepts: Four
    scale: float = Field(gt=0, le=1e3)
    shifts: Four
    leanings: Four
    fraud_from: Probability
    ordinary_beyond: Share
    metrics: dict[Text, Figure] = Field(max_length=50)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.classes != CLASSES:
            raise ValueError(f"the classes are {', '.join(CLASSES)}, in this order")
        if len(set(self.runs)) != len(self.runs):
            raise ValueError("a length of runs is there twice")
        buckets = 2**self.bits
        rarity, weights = _halves(self.rarity), _halves(self.weights)
        if rarity is None or weights is None or rarity.size != buckets or weights.size != 4 * buckets:
            raise ValueError("rarity and weights are 16-bit floats in base64, as many as there are buckets")
        if not (np.isfinite(rarity).all() and np.isfinite(weights).all()) or not (rarity > 0).all():
            raise ValueError("rarity and weights are finite, and rarity is above 0")
        return self

    @property
    def model_id(self) -> str:
        """What a finding names: `messages:` and the first twelve digits of the hash."""
        return f"messages:{self.sha256[:12]}"

    def rarities(self) -> NDArray[np.float32]:
        """How much each bucket counts, shape (buckets,)."""
        return np.asarray(_halves(self.rarity), dtype=np.float32)

    def weight_table(self) -> NDArray[np.float32]:
        """Of buckets and classes, shape (buckets, 4)."""
        return np.ascontiguousarray(np.asarray(_halves(self.weights), dtype=np.float32).reshape(4, -1).T)


def packed(values: NDArray[np.float64]) -> str:
    """Numbers as the file holds them."""
    return base64.b64encode(values.astype("<f2").tobytes()).decode()


def read_message_model(source: Path | bytes) -> MessageModelFile:
    """Read a model's file, and check all of it.

    Raises:
        InputError: It cannot be read, is too large, of another version, altered, cut off, or does not fit.
    """
    return read_checked(
        source,
        MessageModelFile,
        FORMAT_VERSION,
        what="a message classifier",
        made_with="simkyc usage messages train",
        most_bytes=MOST_BYTES,
    )


def _halves(text: str) -> NDArray[np.float16] | None:
    try:
        data = base64.b64decode(text, validate=True)
        return np.frombuffer(data, dtype="<f2")
    except (binascii.Error, ValueError):
        return None
