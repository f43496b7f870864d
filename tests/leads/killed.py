"""Hands a lead on and dies on the way: `python killed.py URL PACKAGE OUT POINT NOW`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simkyc import Screener
from simkyc.leads import files, ledger
from simkyc.leads.lead import Lead
from simkyc.testing import Clock

DIED = 9


def die(*_: object) -> None:
    os._exit(DIED)


def main(url: str, package: str, out: str, point: str, now: str) -> None:
    lead = Lead.from_json(Path(package).read_bytes())
    write: Callable[[Path, bytes], bool] = files.write_new
    finish = ledger.Leads._finish
    patched = pytest.MonkeyPatch()

    def write_and_die(path: Path, data: bytes) -> bool:
        written = write(path, data)
        if (point, path.suffix) in {("page", ".html"), ("package", ".json")}:
            die()
        return written

    def finish_and_die(self: ledger.Leads, *arguments: Any) -> None:
        finish(self, *arguments)
        die()

    patched.setattr(ledger, "write_new", write_and_die)
    if point == "recorded":
        patched.setattr(ledger, "render", die)
    if point == "drafted":
        patched.setattr(Path, "hardlink_to", die)
    if point == "marked":
        patched.setattr(ledger.Leads, "_finish", finish_and_die)
    with Screener.open(url, clock=Clock(datetime.fromisoformat(now))) as screener:
        screener.leads.export(lead, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
