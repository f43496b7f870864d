"""Many pairs of photos at once: the batch's processes against `face_recognition` in as many."""

from __future__ import annotations

import csv
import multiprocessing
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta
from pathlib import Path

import cv2
import pyarrow as pa
from pyarrow import parquet as pq

from bench import peer
from bench.pairs import Pair, genuine, sources
from bench.run import Run
from bench.table import Result, Table, at_least
from bench.templates import CountedNetwork, bare_network
from bench.timing import Spread, ratios, seconds_text, times_text
from simkyc import Job, reverify
from simkyc.faces import DlibFaceEngine
from simkyc.faces.intake import decode
from simkyc.reverification.columns import flat, schema
from simkyc.reverification.pairs import read_pairs
from simkyc.reverification.photo_pairs import compare_photos
from simkyc.testing import NOW, application

__all__ = ["reverify_photos"]

WORKERS = 2
TIMES_TARGET = 8
COUNTED = 4
"""Pairs by which is counted how many chips pass through the network."""


def reverify_photos(run: Run) -> Table:
    """Pairs of files to distances, applications of the same photos taken in, and what the network alone needs."""
    source = sources(run, run.pick(2, 8, 80))[-1]
    pairs = genuine(source)
    enlarge = [peer.needs_enlarging(pair.chip) for pair in run.track(pairs, "asking the peer what it finds")]
    chips = _chips_a_pair(pairs[:COUNTED]) * len(pairs)
    sides: dict[str, Callable[[], float]] = {
        "simkyc calibrate: compare_photos": lambda: _compared(pairs),
        "simkyc reverify: rows with the same photos taken in": lambda: _taken_in(pairs),
        "face_recognition": lambda: _theirs(pairs, enlarge),
        f"bare network, {chips / len(pairs):g} passes a pair": lambda: _bare(round(chips / WORKERS)),
    }
    taken: dict[str, list[float]] = {name: [] for name in sides}
    order = list(sides)
    for _ in run.track(range(run.pick(1, 1, 3)), "many pairs"):
        for name in order:
            taken[name].append(sides[name]())
        order.reverse()  # so that all meet the same neighbours on the machine
    compared, rows_taken, theirs, bare = taken.values()
    spreads = {name: Spread.of(seconds) for name, seconds in taken.items()}
    return Table(
        title="Many pairs of photos at once",
        compared=(
            f"{len(pairs)} pairs of {source.name} people (portrait 102x126, photo 640x480, JPEG), each photo once, "
            f"with {WORKERS} processes on every side, their start and the loading of the models counted: from files to "
            "distances, from a source in Parquet to rows that were taken in, and face_recognition with its defaults "
            "(load_image_file and face_encodings of both, face_distance)."
        ),
        columns=("what", "time", "pairs a second"),
        rows=tuple(
            (name, seconds_text(spread), f"{len(pairs) / spread.median:.1f}")
            for name, spread in spreads.items()
        ),
        results=(
            _times("compare_photos", ratios(theirs, compared)),
            _times("reverify", ratios(theirs, rows_taken)),
            Result(
                "share of the bare network's throughput, compare_photos", times_text(ratios(bare, compared))
            ),
            Result("share of the bare network's throughput, reverify", times_text(ratios(bare, rows_taken))),
        ),
        note=(
            "Median, smallest and largest of rounds in which all take turns. "
            "The bare network runs OpenCV's dnn over ready-made chips in batches of 16, one thread a process, its "
            f"start not counted. Where face_recognition finds no face in a portrait ({sum(enlarge)} of {len(pairs)}) "
            f"it was enlarged {peer.ENLARGED} times, and what it takes to find that out is not counted against it."
        ),
    )


def _times(which: str, faster: Spread) -> Result:
    return at_least(
        f"pairs a second by face_recognition's, {which}",
        faster.median,
        TIMES_TARGET,
        written=times_text(faster),
    )


def _compared(pairs: Sequence[Pair]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return _compared_in(Path(folder), pairs)


def _compared_in(folder: Path, pairs: Sequence[Pair]) -> float:
    labelled = folder / "pairs.csv"
    with labelled.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("same_person", "person_a", "person_b", "photo_a", "photo_b"))
        for place, pair in enumerate(pairs):
            for name, data in (("chip", pair.chip), ("live", pair.live)):
                (folder / f"{name}-{place}.jpg").write_bytes(data)
            writer.writerow(("true", f"p{place}", f"p{place}", f"chip-{place}.jpg", f"live-{place}.jpg"))
    start = time.perf_counter()
    compare_photos(read_pairs(labelled, photo_engine_id=DlibFaceEngine().engine_id), workers=WORKERS)
    return time.perf_counter() - start


def _taken_in(pairs: Sequence[Pair]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        return _taken_in_by(Path(folder), pairs)


def _taken_in_by(folder: Path, pairs: Sequence[Pair]) -> float:
    base = flat(application(0), decision="accept")
    rows = [
        {
            **base,
            "application_id": f"past-{place}",
            "decided_at": NOW + timedelta(minutes=place),
            "live_photo": pair.live,
            "document_portrait": pair.chip,
        }
        for place, pair in enumerate(pairs)
    ]
    source = folder / "source.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema()), source)
    ended: list[float] = []

    def heard(stage: str, *_: object) -> None:
        if stage == "read":
            ended.append(time.perf_counter())

    start = time.perf_counter()
    reverify(Job(source=str(source), out=folder / "out", workers=WORKERS), progress=heard)
    return ended[-1] - start


def _theirs(pairs: Sequence[Pair], enlarge: Sequence[bool]) -> float:
    start = time.perf_counter()
    with _processes() as pool:
        list(pool.map(_their_distance, pairs, enlarge, chunksize=4))
    return time.perf_counter() - start


def _their_distance(pair: Pair, enlarge: bool) -> float | None:
    return peer.compare(pair.chip, pair.live, enlarge=enlarge)


def _chips_a_pair(pairs: Sequence[Pair]) -> float:
    network = CountedNetwork()
    engine = DlibFaceEngine(network=network)
    for pair in pairs:
        engine.examine(decode(pair.live), "live")
        engine.examine(decode(pair.chip), "portrait")
    return network.chips / len(pairs)


def _bare(chips: int) -> float:
    """The longest of the processes, for so many chips each."""
    with _processes() as pool:
        return max(pool.map(_bare_seconds, [chips] * WORKERS))


def _bare_seconds(chips: int) -> float:
    forward = bare_network(chips)
    start = time.perf_counter()
    forward()
    return time.perf_counter() - start


def _processes() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(
        WORKERS, multiprocessing.get_context("spawn"), initializer=cv2.setNumThreads, initargs=(1,)
    )
