"""What it costs to find one face among a million, in time and memory, and what a screening pays for it."""

from __future__ import annotations

import gc
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bench.counter import applicant
from bench.crowd import DIMENSION, people, photos
from bench.filled import fill
from bench.run import Run
from bench.screening import SECRET
from bench.table import Result, Table, at_most
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc import Screener
from simkyc.gallery import Gallery, GallerySearch
from simkyc.history import open_history
from simkyc.history.protocol import Enrolled
from simkyc.testing import NOW, Clock, FakeFaceEngine, swatch

__all__ = ["gallery", "resident_mb"]

FLOOR_TARGET = 1
NEAREST = 20
"""As many as a screening asks for."""
AT_ONCE = 50_000
STORE_ID = "store-0"


def gallery(run: Run) -> Table:
    """Searches in memory against NumPy's matrix product, and screenings with a face."""
    sizes = run.pick([50, 200], [10_000, 100_000], [10_000, 1_000_000])
    rounds = range(run.pick(3, 30, 100))
    found = [_searches(run, size, rounds) for size in sizes]
    with tempfile.TemporaryDirectory() as scratch:
        screens = [_screenings(run, Path(scratch), size, rounds) for size in sizes]
    by_floor = [ratios(one.search, one.floor) for one in found]
    largest = f"{sizes[-1]:,}"
    return Table(
        title="One face among many",
        compared=(
            f"The {NEAREST} nearest templates of {DIMENSION} numbers, exactly, by simkyc.gallery.Gallery in memory "
            "(faiss, flat, 16-bit floats), against the floor: NumPy's product of the matrix of 32-bit floats with the "
            "probe, and its largest value. And one application after the other by Screener.screen on SQLite, each with "
            "a face that a free engine gives, against the same without consent to look at it."
        ),
        columns=(
            *(
                "templates",
                "search",
                "NumPy's product",
                "search by it",
                "memory each",
                "loaded from SQLite in",
            ),
            *("screen with a face", "without"),
        ),
        rows=tuple(
            (
                f"{size:,}",
                seconds_text(Spread.of(one.search)),
                seconds_text(Spread.of(one.floor)),
                times_text(by),
                f"{one.bytes_each:.0f} B",
                seconds_text(Spread.of([screen.load])),
                seconds_text(Spread.of(screen.with_face)),
                seconds_text(Spread.of(screen.without)),
            )
            for size, one, by, screen in zip(sizes, found, by_floor, screens, strict=True)
        ),
        results=(
            at_most(
                f"search among {largest} by NumPy's product",
                by_floor[-1].median,
                FLOOR_TARGET,
                written=times_text(by_floor[-1]),
            ),
            Result(
                f"probes whose nearest is the one that NumPy finds, of {len(rounds)} among {largest}",
                str(found[-1].agreed),
            ),
            Result(
                f"screen with a face among {largest} by one among {sizes[0]:,}",
                times_text(ratios(screens[-1].with_face, screens[0].with_face)),
            ),
        ),
        note=(
            "Median, smallest and largest; the sides take turns. Templates are drawn so that distances are about those "
            "of the engine (bench/crowd.py). The search uses one core, the product every one. Memory is what the "
            "process grows by, each template's number, person and time included."
        ),
    )


@dataclass(frozen=True, slots=True)
class _Searches:
    search: list[float]
    floor: list[float]
    bytes_each: float
    agreed: int


def _searches(run: Run, size: int, rounds: range) -> _Searches:
    before = resident_mb()
    held = Gallery()
    for some in run.track(range(0, size, AT_ONCE), f"{size:,} templates"):
        held.add(list(_enrolled(some, min(AT_ONCE, size - some))))
    gc.collect()
    grown = resident_mb() - before
    matrix = np.empty((size, DIMENSION), np.float32)
    for start in range(0, size, AT_ONCE):
        count = min(AT_ONCE, size - start)
        matrix[start : start + count] = photos(people(count, seed=start), seed=start + 1).astype(np.float16)
    probes = photos(people(len(rounds), seed=0)[:size], seed=2)  # other photos of some who are there
    sides: dict[str, Callable[[int], object]] = {
        "search": lambda place: held.search(probes[place % len(probes)].astype("<f2").tobytes(), NEAREST),
        "floor": lambda place: int(np.argmax(matrix @ probes[place % len(probes)])),
    }
    taken = interleaved(sides, run.track(rounds, f"searching {size:,} templates"))
    squares = np.einsum("ij,ij->i", matrix, matrix)
    agreed = 0
    for probe in probes:
        kept = probe.astype("<f2")
        near, _ = held.search(kept.tobytes(), 1)
        exact = int(np.argmin(squares - 2 * (matrix @ kept.astype(np.float32))))
        agreed += near[0].enrolled.entry_no == exact + 1
    return _Searches(taken["search"], taken["floor"], grown * 2**20 / size, agreed)


def _enrolled(start: int, count: int) -> Iterator[Enrolled]:
    vectors = photos(people(count, seed=start), seed=start + 1).astype("<f2")
    for place, vector in enumerate(vectors, start):
        at = datetime.fromtimestamp(1_700_000_000 + place, UTC)
        yield Enrolled(
            place + 1, "applicant", f"{place:064x}", ("female", "male")[place % 2], at, vector.tobytes()
        )


@dataclass(frozen=True, slots=True)
class _Screenings:
    with_face: list[float]
    without: list[float]
    load: float


def _screenings(run: Run, folder: Path, size: int, rounds: range) -> _Screenings:
    """Screenings on a history in which everybody has a template."""
    engine, clock = FakeFaceEngine(), Clock()
    path = folder / f"faces-{size}.db"
    url = f"sqlite:///{path}"
    with closing(open_history(url, secret=SECRET)) as history:
        key_id = history.keyring.key_id
    fill(run, path, size, [], faces_under=f"{engine.engine_id}#{key_id}")
    with Screener.open(url, secret=SECRET, faces=engine, clock=clock) as screener:
        history = open_history(url, secret=SECRET)
        search = GallerySearch(engine.engine_id, history.keyring, screener.policy)
        with closing(history), history.read() as reader:
            start = time.perf_counter()
            search.search([], reader, NOW)
            load = time.perf_counter() - start
        del search
        visits = {
            consent: [
                applicant(place, clock, visit=int(consent), photos=swatch(place % 4096), consent=consent)
                for place in range(len(rounds) + 1)
            ]
            for consent in (True, False)
        }
        screener.allocate("store-1", [one.sim.iccid or "" for some in visits.values() for one in some])

        def screen(place: int, *, consent: bool) -> None:
            asked = visits[consent][place]
            clock.now = max(clock.now, asked.applied_at)
            screener.screen(asked)

        sides: dict[str, Callable[[int], object]] = {
            "with": lambda place: screen(place, consent=True),
            "without": lambda place: screen(place, consent=False),
        }
        for side in sides.values():
            side(len(rounds))
        taken = interleaved(sides, run.track(rounds, f"screening beside {size:,} faces"))
    return _Screenings(taken["with"], taken["without"], load)


def resident_mb() -> float:
    """Memory of this process, in MB of 2^20 bytes; 0 where the system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        return 0.0
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024
