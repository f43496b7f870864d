"""A trained usage model at work: one number at a time, or a table."""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet as pq
from scipy import stats

from simkyc.errors import InputError
from simkyc.usage.feature_table import batches
from simkyc.usage.model_file import Feature, ModelFile, read_model_file
from simkyc.usage.scored import BANDS, Driver, Scored, band_of
from simkyc.usage.training import binned, booster, calibrated, filled, mean_raw

__all__ = ["DRIFTED", "Drift", "Drifted", "Scores", "UsageModel"]

Floats = NDArray[np.float64]

DRIVERS: Final = 5
DRIFTED: Final = 0.25
"""Population stability index above which a feature counts as changed; a convention of credit scoring."""
BY_CHANCE: Final = 0.001
"""How likely so large an index may be by chance alone, at most, for a feature to be named."""
BAND_ROWS: Final = 4096

SCHEMA: Final = pa.schema(
    [
        pa.field("number", pa.string(), nullable=False),
        pa.field("probability", pa.float64(), nullable=False),
        pa.field("band", pa.string()),
        pa.field(
            "drivers",
            pa.list_(
                pa.struct([("feature", pa.string()), ("value", pa.float64()), ("contribution", pa.float64())])
            ),
        ),
        pa.field("model_id", pa.string(), nullable=False),
    ]
)
"""Columns of a table of scores."""


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """Many numbers, scored.

    Attributes:
        raw: Log-odds before calibration, shape (n,).
        probability: Of fraud, shape (n,).
        false_positive_rate: As `Scored` has it; NaN where no threshold is reached, shape (n,).
    """

    raw: Floats
    probability: Floats
    false_positive_rate: Floats


@dataclass(frozen=True, slots=True)
class Drifted:
    """One feature that is spread otherwise than in the training table.

    Attributes:
        feature: Its name.
        index: Population stability index, a missing value being a bin of its own.
        missing: Share of rows without it.
        missing_in_training: The same in the training table.
    """

    feature: str
    index: float
    missing: float
    missing_in_training: float


class Drift:
    """Counts how features are spread, and says which changed since training."""

    def __init__(self, features: Sequence[Feature], training_rows: int) -> None:
        self._features, self._training_rows = features, training_rows
        self._counts = [np.zeros(len(one.edges) + 2, dtype=np.int64) for one in features]
        self.rows = 0

    def add(self, values: Floats) -> None:
        """Count more rows, as they came: missing values are NaN."""
        self.rows += len(values)
        for place, feature in enumerate(self._features):
            column = values[:, place]
            known = column[~np.isnan(column)]
            self._counts[place][:-1] += binned(known, feature.edges)
            self._counts[place][-1] += column.size - known.size

    def drifted(self) -> tuple[Drifted, ...]:
        """The features that changed, by more than chance does, the most first."""
        found = []
        for feature, counts in zip(self._features, self._counts, strict=True):
            if not self.rows:
                break
            before = np.array([*((1 - feature.missing) * np.array(feature.shares)), feature.missing])
            # Half a row in every bin keeps the logarithm finite.
            was = (before * self._training_rows + 0.5) / (self._training_rows + counts.size / 2)
            now = (counts + 0.5) / (self.rows + counts.size / 2)
            index = float(((now - was) * np.log(now / was)).sum())
            by_chance = (1 / self.rows + 1 / self._training_rows) * stats.chi2.isf(BY_CHANCE, counts.size - 1)
            if index > max(DRIFTED, by_chance):
                found.append(Drifted(feature.name, index, float(counts[-1] / self.rows), feature.missing))
        return tuple(sorted(found, key=lambda one: (-one.index, one.feature)))


class UsageModel:
    """A model read from its file."""

    def __init__(self, file: ModelFile) -> None:
        """Take a model whose file was checked: what `read_model_file` or `train` gave."""
        self.file = file
        self._boosters = [booster(text) for text in file.trees]
        usable = [one for one in file.thresholds if one.enough and one.raw is not None]
        # From the strictest on, so that the first that is reached is the smallest rate.
        self._rates = np.array([one.false_positive_rate for one in usable])
        self._least = np.array([one.raw for one in usable], dtype=np.float64)

    @classmethod
    def open(cls, source: Path | bytes) -> UsageModel:
        """Read a model from its file or the file's bytes.

        Raises:
            InputError: As `read_model_file`.
        """
        return cls(read_model_file(source))

    @property
    def model_id(self) -> str:
        """What a verdict names."""
        return self.file.model_id

    @property
    def features(self) -> tuple[str, ...]:
        """The names of what it reads, in its order."""
        return tuple(one.name for one in self.file.features)

    def score(self, features: Mapping[str, float | bool | None], *, drivers: int = DRIVERS) -> Scored:
        """Score one number.

        Args:
            features: By name; None where a value is not known. What the model does not read is passed over.
            drivers: How many features to name, at most.

        Raises:
            InputError: A feature is not named, or its value is no finite number.
        """
        return self.score_many([features], drivers=drivers)[0]

    def score_many(
        self, numbers: Sequence[Mapping[str, float | bool | None]], *, drivers: int = DRIVERS
    ) -> list[Scored]:
        """Score several numbers, each as `score` does."""
        rows = np.array(
            [[_value(features, name) for name in self.features] for features in numbers], dtype=np.float64
        ).reshape(len(numbers), len(self.features))
        scores, drove = self.score_rows(rows, threads=1), self.drivers(rows, drivers, threads=1)
        rates = (None if math.isnan(rate) else float(rate) for rate in scores.false_positive_rate)
        known = (~np.isnan(rows)).sum(axis=1)
        return [
            Scored(self.model_id, float(probability), rate, int(count), len(self.features), why)
            for probability, rate, count, why in zip(scores.probability, rates, known, drove, strict=True)
        ]

    def score_rows(self, values: Floats, *, threads: int = 0) -> Scores:
        """Score many numbers.

        Args:
            values: Features in the model's order, NaN where missing, shape (n, features).
            threads: How many; 0 for as many as there are. They change nothing of the scores.
        """
        raw = mean_raw(self._boosters, filled(values, self.file.features), threads)
        if not np.isfinite(raw).all():
            raise InputError("the model gives no finite score: train it again")
        rate = np.full(raw.size, np.nan)
        for one, least in zip(self._rates[::-1], self._least[::-1], strict=True):
            rate[raw >= least] = one
        return Scores(raw, calibrated(raw, self.file.knots), rate)

    def drivers(self, values: Floats, count: int, *, threads: int = 0) -> list[tuple[Driver, ...]]:
        """The features that drove each row's score, those of the largest SHAP values.

        Args:
            values: As `score_rows` takes them.
            count: How many of a row, at most.
            threads: How many; 0 for as many as there are.
        """
        if not len(values) or count < 1:
            return [()] * len(values)
        rows = filled(values, self.file.features)
        each = [
            np.asarray(one.predict(rows, pred_contrib=True, num_threads=threads)) for one in self._boosters
        ]
        contributions = np.mean(each, axis=0)[:, :-1]
        found = []
        for row, shares in zip(values, contributions, strict=True):
            # By name where two are alike, as the features stand in that order.
            order = np.argsort(-np.abs(shares), kind="stable")[:count]
            found.append(tuple(self._driver(int(at), row[at], shares[at]) for at in order if shares[at]))
        return found

    def _driver(self, at: int, value: float, contribution: float) -> Driver:
        feature = self.file.features[at]
        known = None if math.isnan(value) else float(value)
        return Driver(feature.name, known, feature.unit, float(contribution))

    def score_table(
        self,
        table: Path,
        out: Path,
        *,
        bands: Mapping[str, float] = BANDS,
        explain_all: bool = False,
        threads: int = 0,
    ) -> tuple[int, dict[str, int], Drift]:
        """Score a table into a Parquet file that appears whole or not at all.

        Args:
            table: With `number` and all features; see `simkyc.usage.feature_table`.
            out: The file to make; one that is there is replaced.
            bands: As `band_of` takes them.
            explain_all: Name drivers of every number, which takes long; else of those that fall into a band.
            threads: How many; 0 for as many as there are.

        Returns:
            How many numbers, how many in each band, and how features are spread.

        Raises:
            InputError: The table cannot be read, or lacks what the model needs.
        """
        drift = Drift(self.file.features, self.file.trained_on.rows)
        counts = dict.fromkeys(bands, 0)
        draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
        try:
            with pq.ParquetWriter(draft, SCHEMA, compression="zstd") as writer:
                for numbers, values in batches(table, self.features):
                    drift.add(values)
                    made, named = self._scored(
                        numbers, values, bands, explain_all=explain_all, threads=threads
                    )
                    for name in named:
                        counts[name] += 1
                    writer.write_batch(made)
            with draft.open("rb+") as file:
                os.fsync(file.fileno())
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
        return drift.rows, counts, drift

    def _scored(
        self,
        numbers: pa.Array,
        values: Floats,
        bands: Mapping[str, float],
        *,
        explain_all: bool,
        threads: int,
    ) -> tuple[pa.RecordBatch, Iterator[str]]:
        scores = self.score_rows(values, threads=threads)
        by_rate = {rate: band_of(rate, bands) for rate in self._rates.tolist()}
        band = [by_rate.get(rate) for rate in scores.false_positive_rate.tolist()]
        told = np.array([explain_all or one is not None for one in band], dtype=bool)
        drivers: list[Any] = [None] * len(values)
        places = np.flatnonzero(told)
        for start in range(0, places.size, BAND_ROWS):
            part = places[start : start + BAND_ROWS]
            for place, each in zip(part, self.drivers(values[part], DRIVERS, threads=threads), strict=True):
                drivers[place] = [
                    {"feature": one.feature, "value": one.value, "contribution": one.contribution}
                    for one in each
                ]
        columns = [
            numbers,
            pa.array(scores.probability),
            pa.array(band, pa.string()),
            pa.array(drivers, SCHEMA.field("drivers").type),
            pa.array([self.model_id] * len(values), pa.string()),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=SCHEMA), (one for one in band if one is not None)


def _value(features: Mapping[str, float | bool | None], name: str) -> float:
    if name not in features:
        raise InputError(f"the feature {name} is not named: give None where it is not known")
    value = features[name]
    if value is None:
        return math.nan
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise InputError(f"the feature {name} is no finite number: give None where it is not known")
    return float(value)
