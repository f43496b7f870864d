"""Photo intake under files that are damaged on purpose: `bench.fuzz_intake` as one table."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from bench.fuzz_intake import MEMORY_CAP_MB, SLOW_S
from bench.run import Run
from bench.table import Result, Table

__all__ = ["intake"]

# name, tried, accepted, slowest, most memory: as bench.fuzz_intake writes a line
LINE = re.compile(r"^(.{24})\s*(\d+)\s*(\d+)\s*(\d+) ms\s*(\d+) MB  ", re.MULTILINE)
FAULTS = re.compile(r"^\d+ files, (\d+) faults", re.MULTILINE)
GROUPS = ("jpeg", "mpo", "png", "apng", "bmp", "webp", "limit")


def intake(run: Run) -> Table:
    """How many damaged files were tried, and what became of them."""
    seconds = run.pick(1, 10, 600)
    said = _fuzz(run, seconds)
    faults = FAULTS.search(said)
    if faults is None:
        raise RuntimeError("bench.fuzz_intake gave no summary")
    rows = []
    for group in GROUPS:
        found = [line for line in LINE.findall(said) if re.match(rf"{group}\b", line[0])]
        if found:
            tried, accepted = (sum(int(line[column]) for line in found) for column in (1, 2))
            slowest, memory = (max(int(line[column]) for line in found) for column in (3, 4))
            name = "largest allowed" if group == "limit" else group
            rows.append(
                (
                    name,
                    f"{tried:,}",
                    f"{accepted:,}",
                    f"{tried - accepted:,}",
                    f"{slowest} ms",
                    f"{memory} MB",
                )
            )
    return Table(
        title="Damaged photo files",
        compared=(
            f"Sound files of every kind, damaged at random for {seconds} seconds and decoded in a child process. A "
            "fault is anything but a decoded photo or a typed refusal: another exception, a dead process, more "
            f"than {SLOW_S:g} s on three tries, more than {MEMORY_CAP_MB} MB, a word on stderr, or pixels that break a "
            "promise."
        ),
        columns=("files", "tried", "accepted", "refused", "slowest", "most memory"),
        rows=tuple(rows),
        results=(Result("faults", faults[1], "none", int(faults[1]) == 0),),
        note="`python -m bench.fuzz_intake --seconds 600` says more: every kind of file, and every cause of refusal.",
    )


def _fuzz(run: Run, seconds: int) -> str:
    command = [sys.executable, "-m", "bench.fuzz_intake", "--seconds", str(seconds)]
    root = Path(__file__).parents[1]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=root) as process:
        for _ in run.track(range(seconds), "damaging photo files"):
            if process.poll() is not None:
                break
            time.sleep(1)
        said, _ = process.communicate()
    return said
