"""Many pairs of photos at once: the batch's processes against `face_recognition` in as many."""

from __future__ import annotations

import csv
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
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
    source = sources(run, run.pick(2, 8, 120))[-1]
    pairs = genuine(source)
    enlarge = [peer.needs_enlarging(pair.chip) for pair in run.track(pairs, "asking the peer what it finds")]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        compared_s = _compared(pairs, folder)
        theirs_s = _theirs(pairs, enlarge)
        taken_s = _taken_in(pairs, folder)
    chips = _chips_a_pair(pairs[:COUNTED]) * len(pairs)
    bare_s = _bare(round(chips / WORKERS))
    rows = (
        ("simkyc calibrate: compare_photos", compared_s),
        ("simkyc reverify: rows with the same photos taken in", taken_s),
        ("face_recognition", theirs_s),
        (f"bare network, {chips / len(pairs):g} passes a pair", bare_s),
    )
    return Table(
        title="Many pairs of photos at once",
        compared=(
            f"{len(pairs)} pairs of {source.name} people (portrait 102x126, photo 640x480, JPEG), each photo once, "
            f"with {WORKERS} processes on every side, their start and the loading of the models counted: from files to "
            "distances, from a source in Parquet to rows that were taken in, and face_recognition with its defaults "
            "(load_image_file and face_encodings of both, face_distance)."
        ),
        columns=("what", "time", "pairs a second"),
        rows=tuple((what, f"{took:.1f} s", f"{len(pairs) / took:.1f}") for what, took in rows),
        results=(
            at_least(
                "pairs a second by face_recognition's, compare_photos", theirs_s / compared_s, TIMES_TARGET
            ),
            at_least("pairs a second by face_recognition's, reverify", theirs_s / taken_s, TIMES_TARGET),
            Result("share of the bare network's throughput, compare_photos", f"{bare_s / compared_s:.2f}"),
            Result("share of the bare network's throughput, reverify", f"{bare_s / taken_s:.2f}"),
        ),
        note=(
            "The bare network runs OpenCV's dnn over ready-made chips in batches of 16, one thread a process, its "
            f"start not counted. Where face_recognition finds no face in a portrait ({sum(enlarge)} of {len(pairs)}) "
            f"it was enlarged {peer.ENLARGED} times, and what it takes to find that out is not counted against it."
        ),
    )


def _compared(pairs: Sequence[Pair], folder: Path) -> float:
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


def _taken_in(pairs: Sequence[Pair], folder: Path) -> float:
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
