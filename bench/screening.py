"""What one screening costs beside its faces, and whether a long history makes it slower."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, create_engine, insert, text

from bench.counter import CLERKS, STORE_ID, applicant
from bench.run import Run
from bench.table import Result, Table, at_most
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc import Application, Screener
from simkyc.gather import opening_keys
from simkyc.history import open_history
from simkyc.history.protocol import OpeningKeys
from simkyc.history.schema import APPLICATION
from simkyc.testing import NOW, Clock

__all__ = ["screening"]

GROWTH_TARGET = 1.5
SELECT_TARGET = 10

EARLIER_VISITS = 2
YEARS_S = 3 * 365 * 86400
"""The openings in the history are spread evenly over three years."""
ROWS_AT_ONCE = 10_000
SECRET = "the secret of a bench, which protects nobody"
VERDICT = "{}"  # of the openings before: no question reads it
INSERTED = "x" * 10_500  # as long as a verdict
STORES = 1000
SELECT = text("SELECT decision, decided_at FROM application WHERE application_id = :application_id")


def screening(run: Run) -> Table:
    """Screenings on histories of several sizes, against one SELECT and one durable INSERT."""
    sizes = run.pick([50, 200], [10_000, 100_000], [10_000, 1_000_000], [10_000, 1_000_000, 10_000_000])
    people = range(run.pick(5, 100, 300))
    with tempfile.TemporaryDirectory() as scratch:
        floor = _Insert(Path(scratch) / "floor.db")
        shops = [_Shop(run, Path(scratch), size, people) for size in sizes]
        sides: dict[str, Callable[[int], object]] = {}
        for shop in shops:
            sides |= {f"screen {shop.size}": shop.screen, f"select {shop.size}": shop.select}
        sides["insert"] = floor.insert
        for side in sides.values():
            side(people[0])
        taken = interleaved(sides, run.track(people[1:], "screening"))
        for shop in shops:
            shop.close()
        floor.close()
    smallest, largest = sizes[0], sizes[-1]
    screens = {size: taken[f"screen {size}"] for size in sizes}
    by_select = {size: ratios(screens[size], taken[f"select {size}"]) for size in sizes}
    by_insert = {size: ratios(screens[size], taken["insert"]) for size in sizes}
    growth = ratios(screens[largest], screens[smallest])
    rows = [
        (
            f"{size:,}",
            seconds_text(Spread.of(screens[size])),
            seconds_text(Spread.of(taken[f"select {size}"])),
            times_text(by_select[size]),
            times_text(by_insert[size]),
        )
        for size in sizes
    ]
    return Table(
        title="A screening without faces",
        compared=(
            "One application of somebody with two numbers already, without consent to look at the face: decided and "
            "recorded durably by Screener.screen on SQLite, against one SELECT by application_id through SQLAlchemy on "
            "the same file, and against a bare sqlite3 transaction with one INSERT of as large a verdict, as durable, "
            f"into a table with nothing but its key: {seconds_text(Spread.of(taken['insert']))}."
        ),
        columns=("openings before", "screen", "SELECT", "screen by SELECT", "screen by INSERT"),
        rows=tuple(rows),
        results=(
            at_most(
                f"screen at {largest:,} openings by screen at {smallest:,}",
                growth.median,
                GROWTH_TARGET,
                written=times_text(growth),
            ),
            at_most(
                f"screen by SELECT at {largest:,} openings",
                by_select[largest].median,
                SELECT_TARGET,
                written=times_text(by_select[largest]),
            ),
            Result(f"screen by a durable INSERT at {largest:,} openings", times_text(by_insert[largest])),
        ),
        note=(
            "Median, smallest and largest; the sides take turns, each customer once. Openings before are spread over "
            "three years, everybody's keys at random, and hold no verdict text. A screening waits for the disk once, "
            "as the INSERT does, and a SELECT never."
        ),
    )


class _Shop:
    """One history of a given size, the screener on it, and the applications that come."""

    def __init__(self, run: Run, folder: Path, size: int, people: range) -> None:
        self.size = size
        self._clock = Clock()
        path = folder / f"kyc-{size}.db"
        url = f"sqlite:///{path}"
        history = open_history(url, secret=SECRET)
        self._screener = Screener.open(history, clock=self._clock)
        visits = [_visit(person, self._clock) for person in people]
        self._visits = dict(zip(people, visits, strict=True))
        self._screener.allocate(STORE_ID, [visit.sim.iccid for visit in visits])
        self._engine = create_engine(url)
        before = [
            opening_keys(applicant(person, self._clock, visit=visit), history.keyring)
            for visit in range(EARLIER_VISITS)
            for person in people
        ]
        _fill(run, self._engine, size, before)
        with path.open("rb") as file:
            os.fsync(file.fileno())  # or the first screenings would wait for what was filled in
        self._known = [f"before-{place}" for place in random.Random(size).sample(range(size), len(people))]

    def screen(self, person: int) -> None:
        visit = self._visits[person]
        self._clock.now = visit.applied_at
        self._screener.screen(visit)

    def select(self, person: int) -> None:
        with self._engine.connect() as connection:
            connection.execute(SELECT, {"application_id": self._known[person]}).all()

    def close(self) -> None:
        self._engine.dispose()
        self._screener.close()


def _visit(person: int, clock: Clock) -> Application:
    return applicant(person, clock, visit=EARLIER_VISITS, consent=False)


def _fill(run: Run, engine: Engine, size: int, known: list[OpeningKeys]) -> None:
    """Write `size` openings, those of the people who will come again among them."""
    places = dict(zip(random.Random(0).sample(range(size), len(known)), known, strict=True))
    chance = random.Random(1)
    with engine.connect() as connection:
        connection.execute(text("PRAGMA synchronous=OFF"))  # a power failure would cost a bench
        for index in APPLICATION.indexes:  # made afterwards from sorted keys, in a tenth of the time
            index.drop(connection)
        for start in run.track(range(0, size, ROWS_AT_ONCE), f"filling a history with {size:,} openings"):
            rows = [
                _opening(place, size, places.get(place) or _anybody(place, size, chance))
                for place in range(start, min(size, start + ROWS_AT_ONCE))
            ]
            connection.execute(insert(APPLICATION), rows)
            connection.commit()
        indexes = sorted(APPLICATION.indexes, key=lambda index: str(index.name))
        for index in run.track(indexes, f"indexing a history with {size:,} openings"):
            index.create(connection)
            connection.commit()
        connection.execute(text("PRAGMA synchronous=FULL"))
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))


def _anybody(place: int, size: int, chance: random.Random) -> OpeningKeys:
    """Keys as evenly spread as real ones: a person has two openings, three share two devices."""
    return OpeningKeys(
        person=_key("person", chance.randrange(max(1, size // 2))),
        device=_key("device", chance.randrange(max(1, size * 2 // 3))),
        iccid=f"898600{place:014d}",
        msisdn=_key("msisdn", place),
        store_id=f"store-{place % STORES}",
        dealer_id=None,
        clerk_id=f"clerk-{place % CLERKS}",
    )


def _key(kind: str, serial: int) -> str:
    return hashlib.sha256(f"{kind} {serial}".encode()).hexdigest()


def _opening(place: int, size: int, keys: OpeningKeys) -> dict[str, str | int | None]:
    decided_at = int(NOW.timestamp()) - YEARS_S + YEARS_S * place // size
    return {
        "application_id": f"before-{place}",
        "body_digest": _key("body", place),
        "person_key": keys.person,
        "device_key": keys.device,
        "iccid": keys.iccid,
        "msisdn_key": keys.msisdn,
        "store_id": keys.store_id,
        "dealer_id": keys.dealer_id,
        "clerk_id": keys.clerk_id,
        "decided_at": decided_at,
        "decision": "accept",
        "admitted_until": decided_at + 1800,
        "opened_at": decided_at + 120,
        "verdict_json": VERDICT,
    }


class _Insert:
    """The least that a durable record costs: one row in one transaction, by sqlite3 alone."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=EXTRA")
        self._connection.execute("PRAGMA fullfsync=ON")
        self._connection.execute("CREATE TABLE verdict (id TEXT PRIMARY KEY, json TEXT)")
        self._serial = itertools.count()

    def insert(self, _: int) -> None:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(
            "INSERT INTO verdict VALUES (?, ?)", (f"verdict-{next(self._serial)}", INSERTED)
        )
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()
