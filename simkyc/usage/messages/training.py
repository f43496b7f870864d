"""Making a message classifier from a labelled table.

A logistic regression over hashed single characters and pairs, each weighed by its rarity, all classes counting alike
however many texts they have. Everything that is told of it comes from cross-validation in which no group of
near-duplicates is divided: the calibration (a scale and a shift for each class), the probability from which on a text
is taken for fraud (as few ordinary texts beyond it as `RATE` allows, and never below one half), and the leaning towards
`other`, which tables have little of. Then it is trained on everything.

The same table and seed give the same model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import StratifiedGroupKFold

from simkyc._version import __version__
from simkyc.errors import InputError
from simkyc.reverification.shares import share_of
from simkyc.usage.messages.classes import CLASSES
from simkyc.usage.messages.figures import message_figures
from simkyc.usage.messages.model import buckets, decided, probabilities
from simkyc.usage.messages.model_file import FORMAT_VERSION, MessageModelFile, MessagesTrainedOn, packed
from simkyc.usage.messages.normalise import normalised
from simkyc.usage.messages.ordinary import ordinary_texts
from simkyc.usage.messages.skeleton import read_as
from simkyc.usage.messages.table import LabelledMessages

__all__ = ["BITS", "FEWEST_OF_A_CLASS", "FOLDS", "RATE", "RUNS", "train_messages"]

Floats = NDArray[np.float64]
Labels = NDArray[np.int8]
OnProgress = Callable[[int, int], None]
"""Told how many of how many fits are done."""

RUNS: Final = (1, 2)
BITS: Final = 17
STRENGTH: Final = 100.0
"""Inverse of the penalty, as scikit-learn has it; chosen with runs and bits on a research set."""
FOLDS: Final = 5
FEWEST_OF_A_CLASS: Final = 20
RATE: Final = 0.002
"""Ordinary texts that may be taken for fraud, at most: 1 in 500."""
LEANINGS: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0)


@dataclass(frozen=True, slots=True, eq=False)
class _Fitted:
    """A regression and what it reads."""

    rarity: Floats
    weights: Floats
    intercepts: Floats


def train_messages(
    table: LabelledMessages,
    *,
    name: str,
    sha256: str,
    created_at: datetime | None = None,
    ordinary: bool = True,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> MessageModelFile:
    """Train a model.

    Args:
        table: Labelled.
        name: Of the data, in words that name nobody.
        sha256: Of the table's file.
        created_at: What the file says of when it was made; its hash is of that too.
        ordinary: Whether simkyc's own ordinary messages are learnt beside the table, as `other`.
        seed: Of the folds.
        on_progress: Told how far it is.

    Raises:
        InputError: A class has too few texts or groups.
    """
    folds = _folds(table, seed)
    beside = ordinary_texts() if ordinary else ()
    every = _counts([read_as(normalised(text).text) for text in (*table.texts, *beside)])
    counts, label, done = every[: len(table.texts)], table.label, 0
    taught = np.concatenate([label, np.full(len(beside), CLASSES.index("other"), dtype=np.int8)])

    def fitted(rows: NDArray[np.int64]) -> _Fitted:
        nonlocal done
        rows = np.concatenate([rows, np.arange(label.size, taught.size)])
        made = _fit(every[rows], taught[rows])
        done += 1
        if on_progress is not None:
            on_progress(done, len(folds) + 1)
        return made

    raw = np.empty((label.size, len(CLASSES)))
    for others, rows in folds:
        raw[rows] = _scores(counts[rows], fitted(others))
    scale, shifts = _calibration(raw, label)
    probability = probabilities(raw, scale, shifts.tolist())
    honest = label >= CLASSES.index("advertising")
    fraud_from = _threshold(probability[honest, 0])
    leanings = _leanings(probability, label, fraud_from)
    found = decided(probability, fraud_from, leanings)
    whole = fitted(np.arange(label.size))
    made = MessageModelFile(
        format_version=FORMAT_VERSION,
        simkyc_version=__version__,
        libraries={one: version(one) for one in ("numpy", "opencc", "scikit-learn", "scipy")},
        created_at=created_at,
        trained_on=MessagesTrainedOn(
            name=name,
            sha256=sha256,
            texts={one: int((label == place).sum()) for place, one in enumerate(CLASSES)},
            groups=int(table.group.max()) + 1,
            ordinary=len(beside),
            folds=FOLDS,
            seed=seed,
        ),
        classes=CLASSES,
        runs=RUNS,
        bits=BITS,
        rarity=packed(whole.rarity),
        weights=packed(whole.weights),
        intercepts=tuple(whole.intercepts.tolist()),
        scale=scale,
        shifts=tuple(shifts.tolist()),
        leanings=leanings,
        fraud_from=fraud_from,
        ordinary_beyond=share_of(int((probability[honest, 0] >= fraud_from).sum()), int(honest.sum())),
        metrics=message_figures(probability, found, label, table.group, seed=seed),
        sha256="0" * 64,
    )
    return made.changed(sha256=made.hashed())


def _folds(table: LabelledMessages, seed: int) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    for place, one in enumerate(CLASSES):
        rows = table.label == place
        if rows.sum() < FEWEST_OF_A_CLASS or np.unique(table.group[rows]).size < FOLDS:
            raise InputError(
                f"the table has too few texts of the class {one}: {FEWEST_OF_A_CLASS} at least, in {FOLDS} groups"
            )
    splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
    return list(splitter.split(np.zeros(table.label.size), table.label, table.group))


def _counts(texts: Sequence[str]) -> sparse.csr_matrix:
    """How often each text has each bucket, shape (n, buckets)."""
    rows, places = buckets(texts, RUNS, BITS)
    shape = (len(texts), 2**BITS)
    made = sparse.coo_matrix((np.ones(rows.size), (rows, places)), shape=shape).tocsr()
    made.sum_duplicates()
    return made


def _scaled(counts: sparse.csr_matrix, rarity: Floats) -> sparse.csr_matrix:
    """Vectors as `MessageModel` reads them: lengths count a repeated run as often as it stands."""
    squared = counts @ (rarity**2)
    length = np.where(squared > 0, np.sqrt(squared), 1.0)
    return (sparse.diags(1 / length) @ counts @ sparse.diags(rarity)).tocsr()


def _fit(counts: sparse.csr_matrix, label: Labels) -> _Fitted:
    there = np.bincount(counts.indices, minlength=counts.shape[1])
    # As the file will hold it, so that what was measured is what reads.
    rarity = (np.log((1 + counts.shape[0]) / (1 + there)) + 1).astype(np.float16).astype(np.float64)
    known = np.flatnonzero(there)
    made = LogisticRegression(C=STRENGTH, class_weight="balanced", max_iter=500).fit(
        _scaled(counts, rarity)[:, known], label
    )
    weights = np.zeros((len(CLASSES), counts.shape[1]))
    weights[:, known] = made.coef_ * rarity[known]
    return _Fitted(rarity, weights, np.asarray(made.intercept_, dtype=np.float64))


def _scores(counts: sparse.csr_matrix, made: _Fitted) -> Floats:
    squared = counts @ (made.rarity**2)
    length = np.where(squared > 0, np.sqrt(squared), 1.0)
    return np.asarray((counts @ made.weights.T) / length[:, np.newaxis] + made.intercepts)


def _calibration(raw: Floats, label: Labels) -> tuple[float, Floats]:
    """The scale and shifts with the smallest logarithmic loss; the last shift is 0."""
    rows = np.arange(label.size)

    def loss(at: Floats) -> float:
        probability = probabilities(raw, float(np.exp(at[0])), [*at[1:].tolist(), 0.0])
        return float(-np.log(np.maximum(probability[rows, label], 1e-12)).mean() + 1e-4 * (at**2).sum())

    found = optimize.minimize(loss, np.zeros(len(CLASSES)), method="Nelder-Mead", options={"maxiter": 2_000})
    return float(np.exp(found.x[0])), np.array([*found.x[1:], 0.0])


def _threshold(ordinary: Floats) -> float:
    """The lowest probability of fraud that at most so many ordinary texts reach, and no lower than one half."""
    falling = np.sort(ordinary)[::-1]
    allowed = int(RATE * falling.size)
    return float(max(0.5, np.nextafter(falling[allowed], 1.0)))


def _leanings(probability: Floats, label: Labels, fraud_from: float) -> tuple[float, ...]:
    """How much the class `other` is favoured, so that macro-F1 is best; the least of equally good."""
    tried = [(0.0, 0.0, 0.0, leaning) for leaning in LEANINGS]
    figures = [f1_score(label, decided(probability, fraud_from, one), average="macro") for one in tried]
    return tried[int(np.argmax(figures))]
