"""What memory a process that screens needs, and whether it grows.

`python -m bench.memory SIDE COUNT` is such a process; it writes one line of JSON now and then.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.counter import STORE_ID, applicant, cards
from bench.run import Run
from bench.table import Result, Table
from simkyc import Screener
from simkyc.faces import FaceEngine
from simkyc.testing import PEOPLE, Clock, FakeFaceEngine, chip_portrait, portrait, swatch

__all__ = ["memory", "memory_mb"]

SAMPLES = 10
SETTLED = 0.5
"""Share of the run after which caches are full and growth counts."""
NO_GROWTH_MB = 1.0
"""Growth in the second half that counts as none: an allocator is never quite still."""


@dataclass(frozen=True, slots=True)
class _Sample:
    resident_mb: float
    peak_mb: float


def memory(run: Run) -> Table:
    """Resident memory of processes that screen thousands of applications, and of one that uses `face_recognition`."""
    asked = (
        ("no faces", "corridor, without faces", run.pick(10, 1000, 10_000)),
        ("faces", "corridor with the real engine", run.pick(10, 100, 1000)),
        ("peer", "face_recognition, the same photos", run.pick(10, 20, 100)),
    )
    rows, results = [], []
    for side, name, count in asked:
        samples = _watched(run, side, name, count)
        settled, last = samples[round(len(samples) * SETTLED) - 1], samples[-1]
        grown = last.resident_mb - settled.resident_mb
        rows.append(
            (
                name,
                f"{count:,}",
                f"{last.peak_mb:.0f} MB",
                f"{settled.resident_mb:.1f} MB",
                f"{last.resident_mb:.1f} MB",
                f"{grown:+.2f} MB",
            )
        )
        if side != "peer":
            results.append(
                Result(f"growth in the second half, {name}", f"{grown:+.2f} MB", "none", grown < NO_GROWTH_MB)
            )
    return Table(
        title="Memory",
        compared=(
            "Fresh processes that screen one honest application after another, each of another person, on a SQLite "
            "history; and one that compares the same photos by face_recognition."
        ),
        columns=("process", "screenings", "peak", "at half", "at the end", "grown since half"),
        rows=tuple(rows),
        results=tuple(results),
        note=f"Resident set of the process. Less than {NO_GROWTH_MB:g} MB counts as none.",
    )


def _watched(run: Run, side: str, name: str, count: int) -> list[_Sample]:
    command = [sys.executable, "-m", "bench.memory", side, str(count)]
    root = Path(__file__).parents[1]
    samples = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        for _ in run.track(range(SAMPLES), f"memory: {name}"):
            line = process.stdout.readline()
            if not line:
                raise RuntimeError(f"the process that was watched ended early: {name}")
            samples.append(_Sample(**json.loads(line)))
    return samples


# --- the process that is watched ----------------------------------------------------------------------------------


def _work(side: str, count: int, folder: Path) -> None:
    """Screen and say now and then what it takes."""
    judge = {"no faces": _without_faces, "faces": _with_faces, "peer": _by_peer}[side](count, folder)
    step = count // SAMPLES
    for done in range(1, step * SAMPLES + 1):
        judge(done - 1)
        if done % step == 0:
            print(json.dumps(dict(zip(("resident_mb", "peak_mb"), memory_mb(), strict=True))), flush=True)


def _without_faces(count: int, folder: Path) -> Callable[[int], object]:
    screener, clock = _counter(count, folder, FakeFaceEngine())
    return lambda serial: screener.screen(applicant(serial, clock, photos=swatch(serial % 4096)))


def _with_faces(count: int, folder: Path) -> Callable[[int], object]:
    screener, clock = _counter(count, folder, None)
    return lambda serial: screener.screen(applicant(serial, clock))


def _by_peer(_: int, __: Path) -> Callable[[int], object]:
    from bench import peer

    photos = [(chip_portrait(seed), portrait(seed)) for seed in range(PEOPLE)]
    return lambda serial: peer.compare(*photos[serial % PEOPLE], enlarge=False)


def _counter(count: int, folder: Path, faces: FaceEngine | None) -> tuple[Screener, Clock]:
    clock = Clock()
    screener = Screener.open(f"sqlite:///{folder / 'kyc.db'}", faces=faces, clock=clock)
    screener.allocate(STORE_ID, cards(count))
    return screener, clock


def memory_mb() -> tuple[float, float]:
    """What the process holds resident now, and held at most; the latter twice where a system does not tell."""
    status = Path("/proc/self/status")
    if not status.exists():
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (
            2**20 if sys.platform == "darwin" else 2**10
        )
        return most, most
    # Not ru_maxrss: on Linux it remembers the process that started this one.
    fields = dict(line.split(":", 1) for line in status.read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) / 1024, int(fields["VmHWM"].split()[0]) / 1024


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        _work(sys.argv[1], int(sys.argv[2]), Path(scratch))
