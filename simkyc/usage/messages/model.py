"""A trained classifier of messages at work, on numbers alone.

Runs of characters are hashed into buckets; a text's score for a class is the sum of its buckets' weights over the
length of its vector. As each run counts by itself, nothing is sorted, and training and scoring do the same sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from simkyc.usage.messages.classes import CLASSES, MessageClass
from simkyc.usage.messages.grams import Grams
from simkyc.usage.messages.model_file import MessageModelFile, read_message_model

__all__ = ["FEWEST", "MessageModel", "buckets", "decided", "lengths", "probabilities"]

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

FEWEST: Final = 4
"""Characters below which a text without link, contact and account is taken for other: nothing can be told of it."""


def buckets(texts: Sequence[str], runs: Sequence[int], bits: int) -> tuple[Places, Places]:
    """Of every run of characters, which text it is in and its bucket."""
    laid = Grams(texts)
    found = [laid.runs(length) for length in runs]
    rows = np.concatenate([row for row, _ in found])
    hashes = np.concatenate([hashed for _, hashed in found])
    return rows, (hashes >> np.uint64(64 - bits)).astype(np.int64)


def lengths(rows: Places, rarity: Floats, count: int) -> Floats:
    """Length of each text's vector, shape (count,); 1 where it is empty.

    Args:
        rows: Which text each run is of.
        rarity: Of each run's bucket.
        count: How many texts.
    """
    squared = np.bincount(rows, rarity**2, minlength=count)
    return np.asarray(np.where(squared > 0, np.sqrt(squared), 1.0))


def probabilities(raw: Floats, scale: float, shifts: Sequence[float]) -> Floats:
    """Calibrated probabilities of log-odds, shape (n, 4)."""
    shifted = raw * scale + np.asarray(shifts)
    powers = np.exp(shifted - shifted.max(axis=1, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


class MessageModel:
    """A model read from its file."""

    def __init__(self, file: MessageModelFile) -> None:
        """Take a model whose file was checked: what `read_message_model` or `train` gave."""
        self.file = file
        self._rarity, self._weights = file.rarities().astype(np.float64), file.weight_table()

    @classmethod
    def open(cls, source: Path | bytes) -> MessageModel:
        """Read a model from its file or the file's bytes.

        Raises:
            InputError: As `read_message_model`.
        """
        return cls(read_message_model(source))

    @property
    def model_id(self) -> str:
        """What a finding names."""
        return self.file.model_id

    def raw(self, texts: Sequence[str]) -> Floats:
        """Log-odds of each class before calibration, shape (n, 4).

        Args:
            texts: As `read_as` gives them.
        """
        rows, places = buckets(texts, self.file.runs, self.file.bits)
        count = len(texts)
        told = self._weights[places]
        sums = [np.bincount(rows, told[:, each], minlength=count) for each in range(len(CLASSES))]
        scaled = np.stack(sums, axis=1) / lengths(rows, self._rarity[places], count)[:, np.newaxis]
        return np.asarray(scaled + np.asarray(self.file.intercepts))

    def probabilities(self, texts: Sequence[str]) -> Floats:
        """Calibrated probabilities of the classes, shape (n, 4).

        Args:
            texts: As `read_as` gives them.
        """
        return probabilities(self.raw(texts), self.file.scale, self.file.shifts)

    def classify(self, texts: Sequence[str]) -> list[MessageClass]:
        """What each text is taken for.

        Args:
            texts: As `read_as` gives them.
        """
        found = decided(self.probabilities(texts), self.file.fraud_from, self.file.leanings)
        return [
            "other" if len(text) < FEWEST and text == text.lower() else CLASSES[place]
            for text, place in zip(texts, found.tolist(), strict=True)
        ]


def decided(probability: Floats, fraud_from: float, leanings: Sequence[float]) -> Places:
    """Which class each row is taken for: fraud where its probability reaches the threshold, else the best other."""
    leaning = np.log(np.maximum(probability, 1e-12)) + np.asarray(leanings)
    leaning[:, 0] = np.where(probability[:, 0] >= fraud_from, np.inf, -np.inf)
    return np.asarray(leaning.argmax(axis=1), dtype=np.int64)
