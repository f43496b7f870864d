"""The file of a usage model: data that is checked before anything is made of it, and no code.

One JSON object with the trees as LightGBM's text, the features, the calibration, the thresholds, what it was trained
on, and a SHA-256 over all of it; see `checked_file`.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from simkyc.application import Model, Text
from simkyc.reverification.shares import Share
from simkyc.usage.checked_file import CheckedFile, Sha256, read_checked
from simkyc.usage.trees import check_trees

__all__ = [
    "FORMAT_VERSION",
    "MOST_FEATURES",
    "Calibrated",
    "Feature",
    "Figure",
    "Knot",
    "ModelFile",
    "Threshold",
    "TrainedOn",
    "read_model_file",
]

FORMAT_VERSION: Final = 1
MOST_FEATURES: Final = 1_000

FeatureName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$")]
Unit = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9 %/.-]{0,40}$")]
Probability = Annotated[float, Field(ge=0, le=1)]
LogOdds = Annotated[float, Field(ge=-1e6, le=1e6)]
Count = Annotated[int, Field(ge=0, le=2**53)]


class Feature(Model):
    """One column that a model reads, and how it was spread in the training table.

    Attributes:
        name: Of the column.
        unit: Of its values; empty where none was given.
        kind: A number, or a flag that is 0 or 1.
        direction: The way that was agreed: more of it never lowers the probability (`rises`), never raises it
            (`falls`), or None.
        fill: What stands for a missing value; None where missing is a sign of its own.
        missing: Share of the training rows without it.
        edges: Rising, where its values are cut into bins; a bin begins at its edge.
        shares: Of each bin among the rows that have it, one more than edges.
    """

    name: FeatureName
    unit: Unit = ""
    kind: Literal["number", "flag"] = "number"
    direction: Literal["rises", "falls"] | None = None
    fill: float | None = None
    missing: Probability
    edges: tuple[float, ...] = Field(max_length=20)
    shares: tuple[Probability, ...] = Field(max_length=21)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if any(a >= b for a, b in pairwise(self.edges)) or len(self.shares) != len(self.edges) + 1:
            raise ValueError("edges rise, and there is one share more than edges")
        return self


class Knot(Model):
    """One point of the calibration: log-odds of the trees, and the probability that it means."""

    raw: LogOdds
    probability: Probability


class Calibrated(Model):
    """How one way to calibrate did on rows that it had not seen.

    Attributes:
        method: The way.
        brier: Mean squared error of the probability.
        expected_calibration_error: Mean distance between probability and share of fraud over ten equal bins.
    """

    shown = ("method", "brier", "expected_calibration_error")

    method: Literal["platt", "beta", "isotonic"]
    brier: Probability
    expected_calibration_error: Probability


class Threshold(Model):
    """What a false positive rate asks for, by the rows of each fold as scored by the others.

    Attributes:
        false_positive_rate: The rate.
        raw: Log-odds from which on it is reached; None where not one honest number may be beyond it.
        probability: The same, calibrated.
        honest: Honest numbers that reach it.
        fraud: Fraud that reaches it.
        enough: Whether honest numbers suffice to say so; a threshold without is for reading only.
    """

    false_positive_rate: float = Field(gt=0, lt=1)
    raw: LogOdds | None
    probability: Probability | None
    honest: Share | None
    fraud: Share | None
    enough: bool

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.enough and self.raw is None:
            raise ValueError("a threshold that is said to have enough numbers is there")
        return self


class Figure(Model):
    """A measured figure with its 95% confidence interval, where it has one."""

    shown = ("value", "low", "high")

    value: float
    low: float | None = None
    high: float | None = None


class TrainedOn(Model):
    """What a model was made from.

    Attributes:
        name: Of the data, in words that name nobody.
        sha256: Of the table's file.
        rows: How many numbers.
        fraud: How many of them are fraud.
        groups: How many groups, which no fold divides.
        dropped: Columns that were left out.
        missing: Whether a missing value is a sign of its own, or none.
        folds: Parts of the cross-validation.
        seed: Of the folds and the trees.
    """

    name: Text
    sha256: Sha256
    rows: Count
    fraud: Count
    groups: Count
    dropped: tuple[Text, ...] = ()
    missing: Literal["signal", "ignored"]
    folds: int = Field(ge=2, le=20)
    seed: int = Field(ge=0, lt=2**31)


class ModelFile(CheckedFile):
    """All that stands in the file.

    Attributes:
        format_version: Of the file.
        simkyc_version: Which simkyc made it.
        libraries: Versions of what trained it.
        trained_on: What it was made from.
        features: What it reads, in the order in which the trees count them.
        trees: Ensembles of trees; their mean is the log-odds before calibration.
        calibration: The way that was chosen.
        tried: All ways that were tried.
        knots: The calibration itself: rising log-odds, probabilities that never fall, straight lines between.
        thresholds: Rising in their rates.
        best_raw: Log-odds that gave the best macro-F1 in cross-validation.
        metrics: Cross-validated figures by name.
    """

    shown = ("format_version", "simkyc_version")

    format_version: Literal[1]
    simkyc_version: Text
    libraries: dict[Text, Text] = Field(max_length=20)
    trained_on: TrainedOn
    features: tuple[Feature, ...] = Field(min_length=1, max_length=MOST_FEATURES)
    trees: tuple[str, ...] = Field(min_length=1, max_length=20)
    calibration: Literal["platt", "beta", "isotonic"]
    tried: tuple[Calibrated, ...] = Field(max_length=3)
    knots: tuple[Knot, ...] = Field(min_length=2, max_length=1_000)
    thresholds: tuple[Threshold, ...] = Field(max_length=50)
    best_raw: LogOdds
    metrics: dict[Text, Figure] = Field(max_length=50)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        names = [feature.name for feature in self.features]
        if len(set(names)) != len(names):
            raise ValueError("a feature is there twice")
        if any(a.raw >= b.raw or a.probability > b.probability for a, b in pairwise(self.knots)):
            raise ValueError("knots rise")
        for a, b in pairwise(self.thresholds):
            falls = a.raw is None or (b.raw is not None and a.raw >= b.raw)
            if a.false_positive_rate >= b.false_positive_rate or not falls:
                raise ValueError("thresholds rise in their rates and fall in what reaches them")
        return self

    @property
    def model_id(self) -> str:
        """What a verdict names: `usage:` and the first twelve digits of the hash."""
        return f"usage:{self.sha256[:12]}"


def read_model_file(source: Path | bytes) -> ModelFile:
    """Read a model's file, and check all of it.

    Raises:
        InputError: It cannot be read, is too large, of another version, altered, cut off, or does not fit.
    """
    file = read_checked(
        source, ModelFile, FORMAT_VERSION, what="a usage model", made_with="simkyc usage train"
    )
    for text in file.trees:
        check_trees(text, len(file.features))
    return file
