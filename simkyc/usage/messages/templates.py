"""The template of a message: one keyed hash for near-duplicates, whatever was filled in.

The skeleton of a text is its ideographs, without all that is masked (`skeleton`). Of its pairs of neighbours, `HASHES`
fixed permutations each name the smallest (minhash); all of them together, keyed with the deployment's secret, are the
template. Two texts that share the part s of their pairs have one template with probability s to the power of `HASHES`,
so a filled-in name more often keeps the template than loses it, and different messages practically never share one.

Nothing is remembered between texts: the same text has the same template in every process of one deployment, and another
under another secret, so that nobody can find a text by hashing those he thinks of.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from simkyc.history.keys import Keyring
from simkyc.usage.messages.grams import Grams, mixed
from simkyc.usage.messages.skeleton import skeleton

__all__ = ["HASHES", "SHORTEST", "templates"]

HASHES: Final = 4
SHORTEST: Final = 4
"""Characters of a skeleton below which there is no template: 好的 is everybody's message."""

_SEEDS: Final = np.arange(1, HASHES + 1, dtype=np.uint64) * np.uint64(0xD1342543DE82EF95)


def templates(texts: Sequence[str], keyring: Keyring) -> list[str | None]:
    """The template of each normalised text; None where too little is left of it.

    Args:
        texts: `Normalised.text` of each.
        keyring: Of the deployment.
    """
    found: list[str | None] = [None] * len(texts)
    skeletons = [skeleton(text) for text in texts]
    kept = [place for place, one in enumerate(skeletons) if len(one) >= SHORTEST]
    if not kept:
        return found
    row, hashes = Grams([skeletons[place] for place in kept]).runs(2)
    starts = np.flatnonzero(np.concatenate([[True], row[1:] != row[:-1]]))
    sketches = np.stack([np.minimum.reduceat(mixed(hashes ^ seed), starts) for seed in _SEEDS], axis=1)
    for place, sketch in zip(kept, sketches, strict=True):
        found[place] = keyring.message(sketch.tobytes().hex())
    return found
