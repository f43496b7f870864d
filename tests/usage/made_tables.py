"""Tables of numbers that nobody has, whose fraud follows a known rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.usage.feature_table import read_table, sha256_of
from simkyc.usage.model_file import ModelFile
from simkyc.usage.training import RECIPE, train

__all__ = ["NAMES", "SMALL", "columns", "made_model", "written"]

SMALL = tuple({**one, "num_iterations": 12, "learning_rate": 0.2} for one in RECIPE)
"""The recipe with fewer and faster steps."""
NAMES = ("calls_each", "months", "noise", "outgoing")
"""The features in the order in which they are read."""


def columns(rows: int = 600, seed: int = 0) -> dict[str, Any]:
    """Fraud calls many strangers once, and most of its months are unknown; `noise` tells nothing."""
    random = np.random.default_rng(seed)
    fraud = np.arange(rows) % 3 == 0
    months = random.integers(1, 9, rows).astype(float)
    months[random.random(rows) < np.where(fraud, 0.6, 0.1)] = np.nan
    return {
        "number": np.array([f"hunter2-{seed}-{place}" for place in range(rows)]),
        "label": fraud.astype(np.int64),
        "calls_each": np.exp(random.normal(np.where(fraud, 0.4, 1.4), 0.5)),
        "outgoing": random.beta(np.where(fraud, 6, 3), 3),
        "months": months,
        "noise": random.normal(size=rows),
    }


def written(path: Path, made: dict[str, Any] | None = None) -> Path:
    """The table as Parquet, or as CSV where the name says so."""
    table = pa.table({name: pa.array(cells, from_pandas=True) for name, cells in (made or columns()).items()})
    if path.name.endswith(".csv"):
        from pyarrow import csv

        csv.write_csv(table, path)
    else:
        pq.write_table(table, path)
    return path


def made_model(folder: Path, **asked: Any) -> ModelFile:
    """A small model of the table."""
    path = written(folder / "train.parquet")
    asked = dict[str, Any](recipe=SMALL, threads=1) | asked
    return train(read_table(path), name="made numbers", sha256=sha256_of(path), **asked)
