"""Histories of any size: openings as stores make them, written past simkyc in the order that each table is kept in."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from bench.crowd import people, photos
from bench.run import Run
from simkyc.history.protocol import OpeningKeys
from simkyc.testing import NOW

__all__ = ["DAYS", "fill", "stores_of"]

DAYS: Final = 3 * 365
"""The openings are spread evenly over three years."""
OPENINGS_A_STORE: Final = 2500
"""Two or three a day: a longer history has more stores and dealers, not busier ones."""
CLERKS_A_STORE: Final = 2
STORES_A_DEALER: Final = 4
MOVED_EVERY: Final = 10
"""Every tenth card lay in another store before."""
ROWS_AT_ONCE: Final = 50_000
DAY_S: Final = 86_400
FACE_DAYS: Final = 300
TAC: Final = "35693803"
VERDICT: Final = "{}"  # of the openings before: no question reads it

Numbers = NDArray[np.int64]


def stores_of(size: int) -> int:
    """How many stores so many openings have."""
    return max(1, size // OPENINGS_A_STORE)


def fill(
    run: Run, path: Path, size: int, known: Sequence[OpeningKeys], *, faces_under: str | None = None
) -> None:
    """Write `size` openings, those of the people who will come again among them, with what goes with them.

    Each has its card in the stock, its rows of what is shared, and one sighting in the declared device. A person has
    two openings, three share two devices, a household of two has one address, and six of ten name one of as many
    contact numbers as there are people.

    Args:
        run: Shows how far it is.
        path: A history that is closed and empty.
        size: How many openings.
        known: Keys of openings that are to be among them, at random places.
        faces_under: What a template of each is kept under, within the last 300 days; None for no templates.
    """
    openings = _Openings(size, known, faces_under)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for setting in (
            "journal_mode=OFF",  # a power failure would cost a bench
            "synchronous=OFF",
            "locking_mode=EXCLUSIVE",
            "cache_size=-200000",
            "threads=2",
        ):
            connection.execute(f"PRAGMA {setting}")
        # Made afterwards from sorted keys, in a tenth of the time.
        indexes = connection.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL ORDER BY name"
        ).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        connection.execute("BEGIN")
        for table, rows in run.track(openings.tables(), f"filling a history with {size:,} openings"):
            _insert(connection, table, rows)
        for _, sql in run.track(indexes, f"indexing a history with {size:,} openings"):
            connection.execute(sql)
        connection.execute("COMMIT")
        connection.execute("PRAGMA locking_mode=NORMAL")
        connection.execute("PRAGMA journal_mode=WAL")
    with path.open("rb") as file:
        os.fsync(file.fileno())  # or the first screenings would wait for what was filled in


def _insert(connection: sqlite3.Connection, table: str, rows: Iterator[tuple[Any, ...]]) -> None:
    first = next(rows, None)
    if first is None:
        return
    statement = f"INSERT INTO {table} VALUES ({', '.join('?' * len(first))})"  # names of ours
    connection.execute(statement, first)
    connection.executemany(statement, rows)


class _Openings:
    """What every opening has, by its place in the order of recording."""

    def __init__(self, size: int, known: Sequence[OpeningKeys], faces_under: str | None) -> None:
        chance = np.random.default_rng(0)
        self._size, self._faces_under = size, faces_under
        self._known = dict(zip(chance.choice(size, len(known), replace=False).tolist(), known, strict=True))
        places = np.arange(size)
        self._decided = int(NOW.timestamp()) - DAYS * DAY_S + DAYS * DAY_S * places // size
        self._person = chance.integers(0, max(1, size // 2), size)
        self._device = chance.integers(0, max(1, size * 2 // 3), size)
        self._address = chance.integers(0, max(1, size // 2), size)
        self._contact = np.where(chance.random(size) < 0.6, chance.integers(0, max(1, size // 2), size), -1)
        self._store = chance.integers(0, stores_of(size), size)
        self._clerk = self._store * CLERKS_A_STORE + places % CLERKS_A_STORE
        self._dealer = self._store // STORES_A_DEALER
        self._others = np.ones(size, dtype=bool)
        self._others[list(self._known)] = False

    def tables(self) -> list[tuple[str, Iterator[tuple[Any, ...]]]]:
        """Every table and its rows, in the order of its primary key."""
        # In the order of the primary key, which begins with the kind.
        shared: list[tuple[str, Iterator[tuple[Any, ...]]]] = [
            ("shared_key", self._keyed("address", self._address)),
            ("shared_key", self._named("clerk", self._clerk)),
            ("shared_key", self._keyed("contact", self._contact)),
            ("shared_key", self._named("dealer", self._dealer)),
            ("shared_key", self._keyed("device", self._device)),
            ("shared_key", self._named("store", self._store)),
            ("shared_key", self._shared_by_known()),
        ]
        return [
            ("application", self._applications()),
            *shared,
            ("sim_stock", self._cards()),
            ("stocked_store", ((f"store-{store}", 0) for store in range(stores_of(self._size)))),
            ("sighting", self._sightings()),
            ("face_template", self._faces()),
        ]

    def _applications(self) -> Iterator[tuple[Any, ...]]:
        for place, decided, person, device, store, clerk, dealer in self._each(
            self._decided, self._person, self._device, self._store, self._clerk, self._dealer
        ):
            keys = self._known.get(place)
            if keys is None:
                named = (
                    _key("person", person),
                    *(
                        _key("device", device),
                        None,
                        _iccid(place),
                        _key("imsi", place),
                        _key("msisdn", place),
                    ),
                    *(f"store-{store}", f"dealer-{dealer}", f"clerk-{clerk}"),
                )
            else:
                named = (
                    keys.person,
                    *(keys.device, keys.second_device, keys.iccid, keys.imsi or "", keys.msisdn or ""),
                    *(keys.store_id, keys.dealer_id or "", keys.clerk_id),
                )
            yield (
                *(place + 1, f"before-{place:08d}", _key("body", place), "opening", "personal"),
                *named,
                *(
                    None,
                    None,
                    decided,
                    "accept",
                    decided + 1800,
                    decided + 120,
                    None,
                    None,
                    None,
                    None,
                    VERDICT,
                ),
            )

    def _keyed(self, what: str, thing: Numbers) -> Iterator[tuple[Any, ...]]:
        """Of something that is known by a keyed hash."""
        places = np.flatnonzero(self._others & (thing >= 0))
        places = places[np.argsort(_mixed(what, thing[places]), kind="stable")]
        for place, number, person, decided in self._each(thing, self._person, self._decided, places=places):
            yield self._shared(what, _key(what, number), place, person, decided)

    def _named(self, what: str, thing: Numbers) -> Iterator[tuple[Any, ...]]:
        """Of somebody who is known by a name."""
        names = [f"{what}-{number}" for number in range(int(thing.max()) + 1)]
        rank = np.argsort(np.argsort(np.array(names)))
        places = np.flatnonzero(self._others)
        places = places[np.argsort(rank[thing[places]], kind="stable")]
        for place, number, person, decided in self._each(thing, self._person, self._decided, places=places):
            yield self._shared(what, names[number], place, person, decided)

    def _shared(self, what: str, key: str, place: int, person: int, decided: int) -> tuple[Any, ...]:
        return (
            *(what, key, decided, place + 1, _key("person", person), _iccid(place)),
            *(decided + 1800, decided + 120, int(place % 7 == 0), None),
        )

    def _shared_by_known(self) -> Iterator[tuple[Any, ...]]:
        for place, keys in self._known.items():
            decided = int(self._decided[place])
            for what, key in dict.fromkeys((*keys.shared, *keys.actors)):
                yield (
                    *(what, key, decided, place + 1, keys.person, keys.iccid),
                    *(decided + 1800, decided + 120, 0, None),
                )

    def _cards(self) -> Iterator[tuple[Any, ...]]:
        delivered = int(self._decided[0]) - DAY_S
        for place, store, dealer in self._each(self._store, self._dealer):
            numbers = (None, None, _key("imsi", place), _key("msisdn", place), None)
            lies = (f"lot-{place // 5000}", f"store-{store}", f"dealer-{dealer}", "in_stock")
            moved = place % MOVED_EVERY == 0
            if moved:
                yield _iccid(place), delivered - DAY_S, delivered, *lies, *numbers
            yield _iccid(place), delivered, None, *lies, *numbers

    def _sightings(self) -> Iterator[tuple[Any, ...]]:
        places = np.flatnonzero(self._others)
        places = places[np.argsort(_mixed("msisdn", places), kind="stable")]
        for place, device, decided in self._each(self._device, self._decided, places=places):
            seen = decided + 3600
            yield _key("msisdn", place), seen, _key("device", device), _key("imsi", place), TAC, seen

    def _faces(self) -> Iterator[tuple[Any, ...]]:
        if self._faces_under is None:
            return
        first = int(NOW.timestamp()) - FACE_DAYS * DAY_S
        for start in range(0, self._size, ROWS_AT_ONCE):
            count = min(ROWS_AT_ONCE, self._size - start)
            vectors = photos(people(count, seed=start), seed=start + 1).astype("<f2")
            for place, vector in enumerate(vectors, start):
                yield (
                    *(place + 1, "applicant", self._faces_under, _key("person", int(self._person[place]))),
                    *(("female", "male")[place % 2], first + FACE_DAYS * DAY_S * place // self._size),
                    vector.tobytes(),
                )

    def _each(self, *columns: Numbers, places: Numbers | None = None) -> Iterator[tuple[int, ...]]:
        """Place and columns of every opening, or of these, as plain integers."""
        places = np.arange(self._size) if places is None else places
        for start in range(0, len(places), ROWS_AT_ONCE):
            some = places[start : start + ROWS_AT_ONCE]
            yield from zip(some.tolist(), *(column[some].tolist() for column in columns), strict=True)


def _iccid(place: int) -> str:
    return f"898600{place:014d}"


def _salt(what: str) -> int:
    return int.from_bytes(what.encode().ljust(8)[:8], "big")


ODD: Final = 0x9E3779B97F4A7C15


def _key(what: str, number: int) -> str:
    """As long as a keyed hash, and in as little order."""
    return f"{(number * ODD + _salt(what)) % 2**64:016x}" * 4


def _mixed(what: str, numbers: Numbers) -> NDArray[np.uint64]:
    """What the keys are ordered by."""
    return numbers.astype(np.uint64) * np.uint64(ODD) + np.uint64(_salt(what))
