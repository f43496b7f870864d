"""How far an opening is from a known ring: a look-up that a check can use.

>>> from datetime import UTC, datetime
>>> from simkyc.history.protocol import OpeningKeys
>>> known = KnownRing("ring-1", 6.0, 5, 1)
>>> index = RingIndex({"p1": known}, {("payer", "a1"): (1, (known,))}, datetime(2026, 11, 1, tzinfo=UTC))
>>> asks = OpeningKeys(person="p9", device=None, iccid=None, msisdn=None, store_id="s", dealer_id=None, clerk_id="c")
>>> index.near(asks) is None
True
>>> import dataclasses
>>> index.near(dataclasses.replace(asks, shared=(("payer", "a1"),)))
NearRing(ring_id='ring-1', distance=1, tied_by=('payer',), score=6.0, people=5, fraud=1)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, Self

from simkyc.errors import InputError
from simkyc.facts import NearRing, RingFacts

if TYPE_CHECKING:
    from simkyc.history.protocol import OpeningKeys

__all__ = ["KnownRing", "RingIndex"]

KINDS: Final = {
    "device": "device",
    "contact": "number",
    "payer": "payer",
    "representative": "representative",
    "delivery": "delivery",
    "address": "address",
}
"""What an opening may share, and the kind of thing in a ring."""
Thing = tuple[str, str]


@dataclass(frozen=True, slots=True)
class KnownRing:
    """A ring that was found: its identifier, points, people, and numbers reported as used for fraud."""

    ring_id: str
    score: float
    people: int
    fraud: int


class RingIndex:
    """The rings of one search, by what an opening may have in common with them.

    What ties nobody by itself, such as a home address, and staff bring nobody near.

    Args:
        people: The ring of each person.
        things: Of each kind and key the distance, 1 or 2, and the rings.
        known_until: Up to when the search looked that found them.
    """

    def __init__(
        self,
        people: Mapping[str, KnownRing],
        things: Mapping[Thing, tuple[Literal[1, 2], tuple[KnownRing, ...]]],
        known_until: datetime,
    ) -> None:
        self._people, self._things = people, things
        self.known_until = known_until

    def __len__(self) -> int:
        """How many people are in rings."""
        return len(self._people)

    def __repr__(self) -> str:
        return f"RingIndex({len(self._people)} people, {len(self._things)} things)"

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a `rings.parquet`.

        Raises:
            InputError: There is none, or it is another table.
        """
        from simkyc.rings.files import read_rows, read_until

        people: dict[str, KnownRing] = {}
        known: dict[str, KnownRing] = {}
        near: dict[Thing, list[KnownRing]] = {}
        once: dict[Thing, list[KnownRing]] = {}
        columns = ("ring_id", "score", "role", "kind", "key", "alone", "ring_people", "ring_fraud")
        for row in read_rows(Path(path), columns):
            ring = known.setdefault(
                row["ring_id"], KnownRing(row["ring_id"], row["score"], row["ring_people"], row["ring_fraud"])
            )
            if row["role"] == "member":
                people[row["key"]] = ring
            elif row["role"] == "shared" and row["alone"]:
                near.setdefault((row["kind"], row["key"]), []).append(ring)
            elif row["role"] == "named":
                once.setdefault((row["kind"], row["key"]), []).append(ring)
        things: dict[Thing, tuple[Literal[1, 2], tuple[KnownRing, ...]]] = {
            thing: (2, tuple(rings)) for thing, rings in once.items()
        }
        things |= {thing: (1, tuple(rings)) for thing, rings in near.items()}
        until = read_until(Path(path))
        if until is None and people:
            raise InputError("rings.parquet does not say up to when it looked: search again")
        return cls(people, things, datetime.fromtimestamp(until or 0, UTC))

    def is_of(self, key_id: str) -> bool:
        """Whether its people are known by keyed hashes of this secret, as far as there are people.

        Args:
            key_id: Identifier of the secret, with which every keyed hash of it begins.
        """
        return all(person.startswith(key_id) for person in self._people)

    def facts(self, keys: OpeningKeys, now: datetime) -> RingFacts | None:
        """What was known of rings by then; None where these were found later."""
        return None if now < self.known_until else RingFacts(self.known_until, self.near(keys))

    def near(self, keys: OpeningKeys) -> NearRing | None:
        """The nearest ring within two steps, of equally near ones the one with most points; None where none is.

        Args:
            keys: What the opening touches; `gather.opening_keys` makes them.
        """
        if keys.person is not None:
            ring = self._people.get(keys.person)
            if ring is not None:
                return _near(ring, 0, ("person",))
            represented = self._things.get(("representative", keys.person))
            if represented is not None:
                return _near(min(represented[1], key=_first), 0, ("representative",))
        found: dict[tuple[Literal[1, 2], KnownRing], set[str]] = {}
        for kind, key in _things(keys):
            distance, rings = self._things.get((kind, key), (2, ()))
            for one in rings:
                found.setdefault((distance, one), set()).add(kind)
            if kind == "representative" and key in self._people:
                found.setdefault((1, self._people[key]), set()).add(kind)
        if not found:
            return None
        distance, ring = min(found, key=lambda one: (one[0], *_first(one[1])))
        return _near(ring, distance, tuple(sorted(found[distance, ring])))


def _things(keys: OpeningKeys) -> Iterator[Thing]:
    for what, key in keys.shared:
        yield KINDS[what], key
    for device in (keys.device, keys.second_device):
        if device is not None:
            yield "device", device
    if keys.msisdn is not None:
        yield "number", keys.msisdn


def _first(ring: KnownRing) -> tuple[float, str]:
    return -ring.score, ring.ring_id


def _near(ring: KnownRing, distance: Literal[0, 1, 2], tied_by: tuple[str, ...]) -> NearRing:
    return NearRing(ring.ring_id, distance, tied_by, ring.score, ring.people, ring.fraud)
