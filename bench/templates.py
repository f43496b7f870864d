"""How many templates a core makes in a second when many are made at once."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import cv2
import numpy as np
import onnx
from numpy.typing import NDArray

from bench import peer
from bench.pairs import genuine, sources
from bench.run import Run
from bench.table import Result, Table, at_least
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc.faces import DlibFaceEngine
from simkyc.faces.detection import FaceFinder, chip
from simkyc.faces.intake import decode
from simkyc.faces.network import RecognitionNetwork
from simkyc.faces.weights import recognition_graph

__all__ = ["CountedNetwork", "bare_network", "templates"]

DLIB_TARGET = 10
NETWORK_TARGET = 0.6
BATCH = 16

Image = NDArray[np.uint8]


def templates(run: Run) -> Table:
    """Templates in batches against dlib's descriptors and against the network alone."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)  # a core is compared with a core
    try:
        return _measured(run)
    finally:
        cv2.setNumThreads(threads)


def _measured(run: Run) -> Table:
    network = CountedNetwork()
    engine = DlibFaceEngine(network=network)
    photos = [decode(pair.live) for pair in genuine(sources(run, run.pick(1, 8, BATCH))[0])]
    found = FaceFinder()
    faces = [found.find(photo, "live")[0] for photo in photos]
    chips = np.stack([chip(photo, face) for photo, face in zip(photos, faces, strict=True)])
    chips = np.concatenate([chips] * -(-BATCH // len(chips)))[:BATCH]
    engine.templates_of_chips(chips)
    passes = network.chips / BATCH
    bare = bare_network(round(BATCH * passes))
    describe = peer.face_recognition().api.face_encoder.compute_face_descriptor
    describe(chips[0])

    sides: dict[str, Callable[[int], object]] = {
        "templates": lambda _: engine.templates_of_chips(chips),
        "network": lambda _: bare(),
        "dlib": lambda place: describe(chips[place % BATCH]),
    }
    rounds = range(run.pick(1, 5, 25))
    spent = interleaved(sides, run.track(rounds, "templates in batches"), time.process_time)
    each = {name: [one / (1 if name == "dlib" else BATCH) for one in taken] for name, taken in spent.items()}
    over_dlib = ratios(each["dlib"], each["templates"])
    over_dlib_vectors = ratios(each["dlib"], [one / passes for one in each["templates"]])
    share = ratios(each["network"], each["templates"])
    before = interleaved(
        {
            "detection": lambda photo: found.find(photo, "live"),
            "alignment": lambda photo: chip(photo, faces[0]),
        },
        run.track(photos, "detection and alignment"),
        time.process_time,
    )
    scaling = _scaling(run, engine, chips)

    rows = (
        _row(f"simkyc, chip to template ({passes:g} passes)", each["templates"]),
        _row(f"bare network in OpenCV ({passes:g} passes)", each["network"]),
        _row("dlib, compute_face_descriptor (1 pass)", each["dlib"]),
        _row("detection in a photo of 640x480", before["detection"]),
        _row("alignment of its face", before["alignment"]),
    )
    return Table(
        title="Many templates at once",
        compared=(
            f"Batches of {BATCH} aligned chips on one core (OpenCV held to one thread), in seconds of processor time, "
            "against the bare network with as many passes and ready-made input, and against dlib's "
            "compute_face_descriptor, chip by chip as its Python wheel does it."
        ),
        columns=("what", "processor time each", "per second and core"),
        rows=rows,
        results=(
            at_least(
                "times as many templates a core as descriptors by dlib",
                over_dlib.median,
                DLIB_TARGET,
                written=times_text(over_dlib),
            ),
            Result(
                "the same pass by pass, as dlib's descriptor has no mirror image",
                times_text(over_dlib_vectors),
            ),
            at_least(
                "share of the bare network's throughput",
                share.median,
                NETWORK_TARGET,
                written=times_text(share),
            ),
            *scaling,
        ),
        note=(
            f"Median, smallest and largest of the rounds; the sides take turns. A template takes {passes:g} passes of "
            "the network, the mirror image's included. Detection and alignment come before it, on another core of a "
            "pipeline."
        ),
    )


class CountedNetwork(RecognitionNetwork):
    """The network, counting what passes through it: how many passes a template needs is the engine's recipe."""

    chips = 0

    def vectors(self, chips: Image) -> NDArray[np.float32]:
        self.chips += len(chips)
        return super().vectors(chips)


def bare_network(count: int) -> Callable[[], object]:
    """A forward of `count` chips with nothing around it, in batches no larger than `BATCH`."""
    graph = recognition_graph()
    shape = onnx.load_from_string(graph).graph.input[0].type.tensor_type.shape.dim
    net = cv2.dnn.readNetFromONNX(np.frombuffer(graph, np.uint8), cv2.dnn.ENGINE_NEW)
    sizes = [min(BATCH, count - start) for start in range(0, count, BATCH)]
    random = np.random.default_rng(0)
    blobs = [
        random.uniform(0, 255, (size, *(side.dim_value for side in shape[1:]))).astype(np.float32)
        for size in sizes
    ]

    def forward() -> None:
        for blob in blobs:
            net.setInput(blob)
            net.forward()

    forward()
    return forward


def _scaling(run: Run, engine: DlibFaceEngine, chips: Image) -> list[Result]:
    """How much more two calling threads get done than one, OpenCV held to one thread for each."""
    if (os.cpu_count() or 1) < 2:
        return [Result("throughput of two threads by that of one", "one core only")]
    batches = run.pick(1, 2, 4)

    def work(threads: int) -> None:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: engine.templates_of_chips(chips), range(batches * threads)))

    work(2)
    rounds = range(run.pick(1, 3, 10))
    taken = interleaved(
        {"one": lambda _: work(1), "two": lambda _: work(2)}, run.track(rounds, "one thread and two")
    )
    gained = ratios([2 * one for one in taken["one"]], taken["two"])
    return [Result("throughput of two threads by that of one, 2 at best", times_text(gained))]


def _row(what: str, seconds: list[float]) -> tuple[str, str, str]:
    spread = Spread.of(seconds)
    return what, seconds_text(spread), f"{1 / spread.median:.0f}"
