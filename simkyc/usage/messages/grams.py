"""Runs of characters of many texts at once, as numbers.

All texts are laid behind each other as code points, and every run of so many characters becomes 64 bits by arithmetic
that is the same on every machine. Nothing here turns a number back into characters, but short runs can be found by
trying: what leaves this room is keyed (`templates`) or summed up over many texts (`model`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Grams", "Hashes", "mixed"]

Hashes = NDArray[np.uint64]

_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)


def mixed(values: Hashes) -> Hashes:
    """Each value with its bits stirred (the finaliser of splitmix64), so that any of them can be taken alone."""
    values = (values ^ (values >> np.uint64(30))) * _FIRST
    values = (values ^ (values >> np.uint64(27))) * _SECOND
    return np.asarray(values ^ (values >> np.uint64(31)))


class Grams:
    """Texts laid behind each other.

    Attributes:
        count: How many texts.
        row: Which text each character is of, shape (characters,).
    """

    def __init__(self, texts: Sequence[str]) -> None:
        """Take texts in which no surrogate stands."""
        self.count = len(texts)
        self._codes = np.frombuffer("".join(texts).encode("utf-32-le"), dtype="<u4").astype(
            np.uint64
        ) + np.uint64(1)
        lengths = np.fromiter(map(len, texts), dtype=np.int64, count=len(texts))
        self.row = np.repeat(np.arange(len(texts)), lengths)

    def runs(self, length: int) -> tuple[NDArray[np.int64], Hashes]:
        """Every run of so many characters within one text: which text, and its hash; in the order of the texts."""
        size = self.row.size - length + 1
        if size <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.uint64)
        hashes = np.full(size, length, dtype=np.uint64)
        for place in range(length):
            hashes = hashes * _FACTOR + self._codes[place : place + size]
        within = self.row[:size] == self.row[length - 1 :]
        return self.row[:size][within], mixed(hashes[within])
