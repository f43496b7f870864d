"""What one screening costs beside its faces, and whether a long history makes it slower."""

from __future__ import annotations

import atexit
import functools
import itertools
import random
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, text

from bench.counter import applicant
from bench.filled import CLERKS_A_STORE, STORES_A_DEALER, fill, stores_of
from bench.run import Run
from bench.table import Result, Table, at_most
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc import Application, Screener
from simkyc.application import Clerk
from simkyc.gather import opening_keys
from simkyc.history import open_history
from simkyc.history.protocol import OpeningKeys
from simkyc.testing import Clock

__all__ = ["Shop", "screening", "shops"]

GROWTH_TARGET = 1.5
SELECT_TARGET = 10

EARLIER_VISITS = 2
WARM_UP = 3
SERVED = 4
"""Stores that the measured process serves, as many in a long history as in a short one."""
SECRET = "the secret of a bench, which protects nobody"
INSERTED = "x" * 32_000  # as long as a verdict
SELECT = text("SELECT decision, decided_at FROM application WHERE application_id = :application_id")

OPENING = text(
    "SELECT person_key, device_key, iccid, imsi_key, msisdn_key, store_id, dealer_id, clerk_id FROM application"
    " WHERE application_id = :application_id"
)


def screening(run: Run) -> Table:
    """Screenings on histories of several sizes, against one SELECT and one durable INSERT."""
    sizes, people = _sizes(run), _people(run)
    with tempfile.TemporaryDirectory() as scratch, closing(_Insert(Path(scratch) / "floor.db")) as floor:
        sides: dict[str, Callable[[int], object]] = {}
        for shop in shops(run):
            sides |= {f"screen {shop.size}": shop.screen, f"select {shop.size}": shop.select}
        sides["insert"] = floor.insert
        for person in people[:WARM_UP]:
            for side in sides.values():
                side(person)
        taken = interleaved(sides, run.track(people[WARM_UP:], "screening"))
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
            "three years, nine a day and dealer, everybody's keys at random, each with its card in the stock, what it "
            "shares with others and one sighting; they hold no verdict text. "
            f"Customers come to {SERVED} stores. A screening waits for the disk once, as the INSERT does, and a "
            "SELECT never."
        ),
    )


def _sizes(run: Run) -> list[int]:
    return run.pick([50, 200], [10_000, 100_000], [10_000, 1_000_000], [10_000, 1_000_000, 10_000_000])


def _people(run: Run) -> range:
    return range(run.pick(8, 100, 300))


@functools.lru_cache(maxsize=1)
def shops(run: Run) -> tuple[Shop, ...]:
    """The histories of this run, which more than one table is measured on. They end with the process."""
    folder = tempfile.TemporaryDirectory()
    made = tuple(Shop(run, Path(folder.name), size, _people(run)) for size in _sizes(run))
    atexit.register(_end, folder, made)
    return made


def _end(folder: tempfile.TemporaryDirectory[str], made: tuple[Shop, ...]) -> None:
    for shop in made:
        shop.close()
    folder.cleanup()


class Shop:
    """One history of a given size, the screener on it, and the applications that come.

    Args:
        run: Shows how far it is.
        folder: Where the history is made.
        size: How many openings there are before.
        people: Who will come, each with two openings before.
    """

    def __init__(self, run: Run, folder: Path, size: int, people: range) -> None:
        self.size = size
        self.clock = Clock()
        path = folder / f"kyc-{size}.db"
        url = f"sqlite:///{path}"
        with closing(open_history(url, secret=SECRET)) as history:
            keyring = history.keyring
        visits = [_visits(person, stores_of(size), self.clock) for person in people]
        before = [opening_keys(visit, keyring) for earlier in visits for visit in earlier[:-1]]
        fill(run, path, size, before)
        self.history = open_history(url, secret=SECRET)
        self.screener = Screener.open(self.history, clock=self.clock)
        self.visits = dict(zip(people, (last for *_, last in visits), strict=True))
        cards = sorted((visit.store.store_id, visit.sim.iccid or "") for visit in self.visits.values())
        for store, some in itertools.groupby(cards, key=lambda card: card[0]):
            self.screener.allocate(store, [iccid for _, iccid in some])
        self._engine = create_engine(url)
        self._known = [
            f"before-{place:08d}" for place in random.Random(size).sample(range(size), len(people))
        ]

    def screen(self, person: int) -> None:
        """The next application of this person."""
        visit = self.visits[person]
        self.clock.now = visit.applied_at
        self.screener.screen(visit)

    def select(self, place: int) -> None:
        """One SELECT by a key."""
        known = {"application_id": self._known[place % len(self._known)]}
        with self._engine.connect() as connection:
            connection.execute(SELECT, known).all()

    def opening(self, place: int) -> OpeningKeys:
        """The keys of an opening that was there before."""
        with self._engine.connect() as connection:
            row = connection.execute(OPENING, {"application_id": f"before-{place:08d}"}).one()
        return OpeningKeys(
            *(row.person_key, row.device_key, row.iccid, row.msisdn_key),
            *(row.store_id, row.dealer_id, row.clerk_id, row.imsi_key),
            shared=(("device", row.device_key),) if row.device_key else (),
        )

    def close(self) -> None:
        """Let go of it."""
        self._engine.dispose()
        self.screener.close()


def _visits(person: int, stores: int, clock: Clock) -> list[Application]:
    """Openings of one person, each in a store and by a clerk of those that the history has; the last in one of few."""
    chance = random.Random(person)
    visits = []
    for visit in range(EARLIER_VISITS + 1):
        store = chance.randrange(stores if visit < EARLIER_VISITS else min(stores, SERVED))
        clerk = store * CLERKS_A_STORE + chance.randrange(CLERKS_A_STORE)
        application = applicant(person, clock, visit=visit, consent=False)
        place = {"store_id": f"store-{store}", "dealer_id": f"dealer-{store // STORES_A_DEALER}"}
        visits.append(
            application.changed(
                store=application.store.changed(**place), clerk=Clerk(clerk_id=f"clerk-{clerk}")
            )
        )
    return visits


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
