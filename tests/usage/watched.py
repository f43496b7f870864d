"""Numbers of honest people and of gangs, the files of their records, and their features."""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from simkyc.history.keys import Keyring
from simkyc.testing import NOW
from simkyc.testing.usage import PlayedCall, PlayedMessage, play
from simkyc.usage.features import FeatureRun, feature_table
from simkyc.usage.messages.reader import TextReader
from tests.usage.reference import SINCE

__all__ = ["KEYRING", "SECRET", "Watched"]

SECRET: Final = b"secret of numbers that are watched"
KEYRING: Final = Keyring(SECRET)
CAST: Final = {
    "ordinary": 4,
    "courier": 2,
    "hospital_hotline": 1,
    "campaign_call_centre": 2,
    "sim_box": 8,
    "sms_blaster": 2,
}


def written(path: Path, kind: type[tuple[Any, ...]], rows: list[Any]) -> Path:
    names: tuple[str, ...] = kind._fields  # type: ignore[attr-defined]  # of a named tuple
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        for row in rows:
            writer.writerow(["" if cell is None else _cell(cell) for cell in row])
    return path


def _cell(cell: Any) -> Any:
    if isinstance(cell, bool):
        return str(cell).lower()
    return cell.isoformat() if isinstance(cell, datetime) else cell


class Watched:
    """What is there of them, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.lines = [line for role, count in CAST.items() for line in play(role, count, seed=5)]
        self.calls = written(folder / "calls.csv", PlayedCall, [c for line in self.lines for c in line.calls])
        self.messages = written(
            folder / "messages.csv", PlayedMessage, [m for line in self.lines for m in line.messages]
        )
        self.features = folder / "features.parquet"
        made = feature_table(
            FeatureRun(
                sources={"calls": str(self.calls), "messages": str(self.messages)},
                since=SINCE,
                until=NOW.replace(hour=0),
                secret=SECRET,
            ),
            self.features,
            reader=TextReader(KEYRING),
        )
        assert made.aside == {"calls": 0, "messages": 0}
