"""The gate: format, lint, types, rebuilt files, tests. `make test` runs it, and so does CI.

Every step runs even after one failed, so that one run shows everything; the exit code is 1 if any did.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON = sys.executable

STEPS = (
    ("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    ("lint", [PYTHON, "-m", "ruff", "check", "."]),
    ("types", [PYTHON, "-m", "mypy"]),
    ("rebuilt files", [PYTHON, "scripts/rebuild.py", "--check"]),
    ("tests", [PYTHON, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--durations=25"]),
)

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}
"""Tests share the cores already: threads of LightGBM that wait for a core cost twenty times what they do."""


def main() -> int:
    """Run every step and say how each went."""
    rows = []
    for name, command in STEPS:
        print(f"== {name}", flush=True)
        start = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False, env=ENVIRONMENT).returncode
        rows.append((name, code, time.monotonic() - start))
    print()
    for name, code, seconds in rows:
        print(f"{'ok' if code == 0 else 'FAILED':7}{name:15}{seconds:6.0f} s")
    return int(any(code for _, code, _ in rows))


if __name__ == "__main__":
    sys.exit(main())
