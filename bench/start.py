"""How long a counter waits after it was switched on, each time in a fresh process."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.run import Run
from bench.table import Result, Table
from bench.timing import Spread, interleaved, ratios, seconds_text, times_text
from simkyc.testing import application

__all__ = ["start"]

SAID = "print('ready', flush=True); __import__('os')._exit(0)"  # what ending takes is nobody's wait
PEER = f"import warnings; warnings.simplefilter('ignore'); import face_recognition; {SAID}"
VERDICT = (
    "import sys; from simkyc import Application, Screener; "
    "application = Application.from_json(open(sys.argv[1], 'rb').read()); "
    f"Screener.open(sys.argv[2]).screen(application); {SAID}"
)


def start(run: Run) -> Table:
    """The first verdict of a fresh process, against `import face_recognition` in one."""
    with tempfile.TemporaryDirectory() as scratch:
        counter = _Counter(Path(scratch))
        sides: dict[str, Callable[[int], object]] = {
            "python alone": lambda _: counter.run("-c", SAID),
            "import simkyc": lambda _: counter.run("-c", f"import simkyc; {SAID}"),
            "first verdict, cache filled": counter.verdict,
            "first verdict, no cache": counter.verdict_without_cache,
            "import face_recognition": lambda _: counter.run("-c", PEER),
        }
        for side in sides.values():
            side(-1)  # so that every file was read once and byte code is there
        rounds = range(run.pick(1, 3, 10))
        taken = interleaved(sides, run.track(rounds, "starting fresh processes"))
    against = {name: ratios(times, taken["import face_recognition"]) for name, times in taken.items()}
    return Table(
        title="The first verdict after the start",
        compared=(
            "A fresh Python process until it has said that it is ready: with `import simkyc` alone; with one "
            "application judged by the real engine on a SQLite history (JSON read, both photos examined, verdict "
            "recorded); and with `import face_recognition` alone, which has judged nothing yet."
        ),
        columns=("process", "until ready", "by import face_recognition"),
        rows=tuple(
            (name, seconds_text(Spread.of(times)), times_text(against[name])) for name, times in taken.items()
        ),
        results=tuple(
            Result(f"{name}, by import face_recognition", times_text(against[name]))
            for name in ("first verdict, cache filled", "first verdict, no cache")
        ),
        note=(
            "The interpreter's own start is included. Files are in the system's memory already, as after the second "
            "start of a day; without cache the face network is rebuilt from the weights and kept for the next start."
        ),
    )


class _Counter:
    """A folder with an application, histories and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._application = folder / "application.json"
        self._application.write_text(application(0).to_json(), encoding="utf-8")
        self._serial = 0

    def verdict(self, _: int) -> None:
        self._judge("cache")

    def verdict_without_cache(self, _: int) -> None:
        self._judge(f"cache-{self._serial}")

    def _judge(self, cache: str) -> None:
        self._serial += 1
        history = self._folder / f"kyc-{self._serial}.db"
        self.run("-c", VERDICT, str(self._application), f"sqlite:///{history}", cache=cache)

    def run(self, *arguments: str, cache: str = "cache") -> None:
        """Start a process and wait until it is ready."""
        home = str(self._folder / cache)
        environment = os.environ | {"HOME": home, "XDG_CACHE_HOME": home}
        subprocess.run([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, check=True)
