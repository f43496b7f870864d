"""What a usage model is worth on a labelled table that it has not seen."""

from __future__ import annotations

from pydantic import Field

from simkyc.application import Model
from simkyc.errors import InputError
from simkyc.reverification.shares import Share, share_of
from simkyc.usage.feature_table import FeatureTable
from simkyc.usage.figures import Ranked, brier, calibration_bins, expected_calibration_error
from simkyc.usage.model import UsageModel
from simkyc.usage.model_file import Figure

__all__ = ["Evaluation", "Kept", "ProbabilityBin", "evaluate"]


class ProbabilityBin(Model):
    """A tenth of the numbers, by rising probability.

    Attributes:
        probability: Their mean probability.
        fraud: How many of them are fraud.
    """

    probability: float
    fraud: Share


class Kept(Model):
    """Whether a threshold of the model keeps its rate here.

    Attributes:
        false_positive_rate: What it promises.
        enough: Whether enough honest numbers stand behind it in training.
        honest: Honest numbers that reach it here.
        fraud: Fraud that reaches it here.
    """

    false_positive_rate: float
    enough: bool
    honest: Share
    fraud: Share


class Evaluation(Model):
    """The figures.

    Attributes:
        model_id: Of the model.
        rows: How many numbers.
        fraud: How many of them are fraud.
        auc: Area under the ROC curve.
        macro_f1: At the cut that was best in the model's own cross-validation.
        caught: Share of fraud caught at a false positive rate, by the rate, at this table's own threshold.
        brier: Mean squared error of the probability.
        expected_calibration_error: Mean distance of probability and share of fraud.
        bins: The probability held against what came of it.
        kept: The model's thresholds on this table.
    """

    model_id: str
    rows: int
    fraud: int
    auc: Figure
    macro_f1: Figure
    caught: dict[str, Figure] = Field(default_factory=dict)
    brier: float
    expected_calibration_error: float
    bins: tuple[ProbabilityBin, ...]
    kept: tuple[Kept, ...]


def evaluate(model: UsageModel, table: FeatureTable, *, seed: int = 0, threads: int = 0) -> Evaluation:
    """Score a labelled table and compare.

    Args:
        model: It is not changed, and no threshold is chosen on this table but those of `caught`.
        table: Read with the model's features, in its order.
        seed: Of the bootstrap.
        threads: How many; 0 for as many as there are.

    Raises:
        InputError: The table is of other features, or has numbers of one label alone.
    """
    if table.names != model.features:
        raise InputError("the table was not read with the model's features")
    label = table.label
    if label.min() == label.max():
        raise InputError("the table has numbers of one label alone: nothing can be compared")
    scores = model.score_rows(table.values, threads=threads)
    ranked = Ranked(scores.raw, label, table.group, seed=seed)
    honest, fraud = scores.raw[label == 0], scores.raw[label == 1]
    return Evaluation(
        model_id=model.model_id,
        rows=label.size,
        fraud=fraud.size,
        auc=ranked.auc(),
        macro_f1=ranked.macro_f1(model.file.best_raw),
        caught={f"{rate:g}": ranked.caught_at(rate) for rate in (0.01, 0.001)},
        brier=brier(scores.probability, label),
        expected_calibration_error=expected_calibration_error(scores.probability, label),
        bins=tuple(
            ProbabilityBin(
                probability=float(scores.probability[part].mean()),
                fraud=share_of(int(label[part].sum()), part.size),
            )
            for part in calibration_bins(scores.probability)
        ),
        kept=tuple(
            Kept(
                false_positive_rate=one.false_positive_rate,
                enough=one.enough,
                honest=share_of(int((honest >= one.raw).sum()), honest.size),
                fraud=share_of(int((fraud >= one.raw).sum()), fraud.size),
            )
            for one in model.file.thresholds
            if one.raw is not None
        ),
    )
