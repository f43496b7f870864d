"""Names that rings keep from run to run."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

__all__ = ["ring_ids"]

DIGITS: Final = 12


def ring_ids(rings: Sequence[frozenset[str]], former: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """The identifier of each ring.

    A former ring's identifier goes to the ring that holds more than half of its people. Where two former rings
    became one, that of the larger stays, of equals the first by name. Every other ring is named after its first
    person: `ring-` and 12 hexadecimal digits of the SHA-256 of the smallest keyed hash, or of the next smallest
    where that name is taken.

    >>> a, b, c = "a", "b", "c"
    >>> (first,) = ring_ids([frozenset({a, b, c})], {})
    >>> ring_ids([frozenset({b, c})], {first: frozenset({a, b, c})}) == (first,)
    True

    Args:
        rings: The people of each ring.
        former: The people of each ring of the run before, by identifier.
    """
    where: dict[str, list[int]] = {}
    for place, ring in enumerate(rings):
        for person in ring:
            where.setdefault(person, []).append(place)
    names: dict[int, str] = {}
    for ring_id, known in sorted(former.items(), key=lambda one: (-len(one[1]), one[0])):
        shared = Counter(place for person in known for place in where.get(person, ()))
        for place, count in shared.items():
            if 2 * count > len(known) and place not in names:
                names[place] = ring_id
    # A name of before is not given to another ring, even where its own is gone.
    taken = set(names.values()) | former.keys()
    for place in sorted(range(len(rings)), key=lambda one: min(rings[one])):
        if place not in names:
            people = sorted(rings[place])
            further = (f"{people} {number}" for number in itertools.count())
            names[place] = next(
                name for name in map(_name, itertools.chain(people, further)) if name not in taken
            )
            taken.add(names[place])
    return tuple(names[place] for place in range(len(rings)))


def _name(person: str) -> str:
    return f"ring-{hashlib.sha256(person.encode()).hexdigest()[:DIGITS]}"
