"""Many numbers judged by how they are used: a table of features in, a table of verdicts out.

Each row is judged as the counter judges one number: `gather.ask_about_opening` joins the opening, the model scores, and
`judge.judge_usage` decides.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet as pq

from simkyc.application import Identifier, Text
from simkyc.errors import InputError, NumberError
from simkyc.gather import ask_about_opening
from simkyc.history import existing_history
from simkyc.history.keys import Keyring
from simkyc.history.protocol import Reader
from simkyc.judge import judge_usage
from simkyc.lists.rows import BadRow, Encoding, ListRow, format_of, numbered_rows
from simkyc.policy import Policy
from simkyc.reverification.job import told
from simkyc.reverification.pool import Pool
from simkyc.reverification.verdict_rows import FINDING, finding_row
from simkyc.usage.flat import features_of, table_schema, usage_of_row
from simkyc.usage.model import UsageModel
from simkyc.usage.number import NumberUsage
from simkyc.usage.record_columns import KEY
from simkyc.usage.record_files import line_key
from simkyc.verdict import State, Verdict

__all__ = ["SCHEMA", "DeclaredUse", "judge_table", "read_declared"]

ROWS_AT_ONCE: Final = 500
SCHEMA: Final = pa.schema(
    [
        ("number", pa.string()),
        ("application_id", pa.string()),
        ("since", pa.timestamp("us", tz="UTC")),
        ("until", pa.timestamp("us", tz="UTC")),
        ("decision", pa.string()),
        ("reasons", pa.list_(pa.string())),
        ("silent_alert", pa.bool_()),
        ("findings", pa.list_(FINDING)),
        (
            "line_actions",
            pa.list_(
                pa.struct(
                    [
                        ("service", pa.string()),
                        ("status", pa.string()),
                        ("reason", pa.string()),
                        ("expires_at", pa.timestamp("us", tz="UTC")),
                    ]
                )
            ),
        ),
        ("probability", pa.float64()),
        ("model_id", pa.string()),
        ("declared_use", pa.string()),
        ("policy_id", pa.string()),
    ]
)
"""Columns of a table of verdicts: of the findings those that hold or could not be told."""


def judge_table(
    features: Path,
    out: Path,
    *,
    policy: Policy | None = None,
    model: Path | None = None,
    history: str | None = None,
    secret: bytes | str | None = None,
    declared: Mapping[str, str] | None = None,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, int]:
    """Judge every number of a table of features, each as of the end of its window.

    Args:
        features: As `simkyc.usage.features.feature_table` makes it.
        out: The Parquet file to make; it appears whole or not at all.
        policy: None for the one that ships.
        model: A usage model; None where the rules work alone.
        history: URL of the history that knows the openings; None and no opening is known. Its secret must be the one
            that the numbers were hashed with.
        secret: The history's, as `open_history` takes it.
        declared: What units declared lines to be for, by the number's keyed hash.
        workers: Processes; None for as many as there are processors. They change nothing of the verdicts.
        progress: Told how many rows are done, and of how many.

    Returns:
        How many numbers by decision.

    Raises:
        InputError: The table or the model cannot be read, or a declared use is none of the policy's.
        HistoryError: The history cannot be read.
        SimkycError: No space is left.
    """
    policy = policy or Policy.default()
    declared = declared or {}
    unknown = set(declared.values()) - policy.usage.declared.keys()
    if unknown:
        raise InputError(f"a declared use is one of {', '.join(sorted(policy.usage.declared))}")
    if model is not None:
        UsageModel.open(model)  # before processes are started
    rows = _opened(features)
    counts: Counter[str] = Counter()
    done, draft = 0, out.with_name(f".{out.name}.draft")
    pool: Pool[pa.RecordBatch, pa.RecordBatch] = Pool(
        _judging, (policy, model, history, secret, dict(declared)), workers
    )
    with told("the verdicts cannot be written"), closing(pool):
        try:
            with pq.ParquetWriter(draft, SCHEMA, compression="zstd") as writer:
                for judged in pool.map(rows.iter_batches(ROWS_AT_ONCE)):
                    writer.write_batch(judged)
                    counts.update(judged["decision"].to_pylist())
                    done += judged.num_rows
                    if progress is not None:
                        progress(done, rows.metadata.num_rows)
            draft.replace(out)
        finally:
            draft.unlink(missing_ok=True)
    return dict(counts)


class DeclaredUse(ListRow):
    """What a unit declared a line to be for.

    Attributes:
        number: Its MSISDN, or the keyed hash of it.
        declared_use: A name of the policy's `usage.declared`.
    """

    number: Text
    declared_use: Identifier


def read_declared(path: Path, keyring: Keyring | None, encoding: Encoding = "utf-8") -> dict[str, str]:
    """What units declared their lines to be for, by the number's keyed hash; columns as `DeclaredUse` has them.

    Args:
        path: CSV or Parquet.
        keyring: Hashes numbers in the clear; None where all are hashed.
        encoding: Of CSV.

    Raises:
        InputError: It cannot be read, a row is no such thing, or a number stands there with two uses.
    """
    found: dict[str, str] = {}
    try:
        with path.open("rb") as file:
            file_format = format_of(path, None)
            for place, row in numbered_rows(file, DeclaredUse, encoding=encoding, file_format=file_format):
                if isinstance(row, BadRow):
                    raise InputError(f"declared uses, line {row.line}: {row.advice}")
                number = _key(row.number, keyring, place)
                if found.setdefault(number, row.declared_use) != row.declared_use:
                    raise InputError(f"declared uses, line {place}: the number stands above with another use")
    except OSError:
        raise InputError("the declared uses cannot be read: see the file's name and rights") from None
    return found


def _key(number: str, keyring: Keyring | None, place: int) -> str:
    if re.fullmatch(KEY, number):
        return number
    if keyring is None:
        raise InputError("declared uses name numbers in the clear: give the secret to hash them with")
    try:
        return line_key(number, keyring)
    except NumberError as error:
        raise InputError(
            f"declared uses, line {place}: this is no telephone number ({error.cause})"
        ) from None


def _opened(features: Path) -> pq.ParquetFile:
    try:
        rows = pq.ParquetFile(features)
    except (OSError, pa.ArrowException):
        raise InputError(
            "the table of features is missing or damaged: make it with simkyc usage features"
        ) from None
    missing = [name for name in table_schema().names if name not in rows.schema_arrow.names]
    if missing:
        raise InputError(f"the table lacks the column {missing[0]}: make it with simkyc usage features")
    return rows


def _judging(
    policy: Policy,
    model: Path | None,
    history: str | None,
    secret: bytes | str | None,
    declared: Mapping[str, str],
) -> Callable[[pa.RecordBatch], pa.RecordBatch]:
    """What a process judges rows with."""
    scorer = None if model is None else UsageModel.open(model)
    known = None if history is None else existing_history(history, secret=secret)
    if known is not None and known.keyring.former:
        raise InputError("numbers are looked for under the present secret alone: hash the records anew")

    def judge(batch: pa.RecordBatch) -> pa.RecordBatch:
        usages = [usage_of_row(row) for row in batch.to_pylist()]
        if scorer is not None:
            scores = scorer.score_many([_named(one, scorer) for one in usages])
            usages = [replace(one, scored=scored) for one, scored in zip(usages, scores, strict=True)]
        if known is not None:
            with known.read() as reader:
                usages = list(_joined(usages, reader))
        verdicts = [judge_usage(one, policy, declared_use=declared.get(one.number)) for one in usages]
        rows = [_row(usage, verdict) for usage, verdict in zip(usages, verdicts, strict=True)]
        return pa.RecordBatch.from_pylist(rows, SCHEMA)

    return judge


def _named(usage: NumberUsage, model: UsageModel) -> dict[str, float | None]:
    known = features_of(usage)
    # What a model wants and no record tells is not known.
    return {name: known.get(name) for name in model.features}


def _joined(usages: list[NumberUsage], reader: Reader) -> Iterator[NumberUsage]:
    for usage in usages:
        opening = ask_about_opening(reader, usage.number, usage.until)
        yield usage if opening is None else replace(usage, opening=opening)


def _row(usage: NumberUsage, verdict: Verdict) -> dict[str, Any]:
    judged = verdict.usage
    assert judged is not None, "a verdict on use says what was judged"
    return {
        "number": usage.number,
        "application_id": verdict.application_id,
        "since": usage.since,
        "until": usage.until,
        "decision": verdict.decision.value,
        "reasons": list(verdict.reasons),
        "silent_alert": verdict.silent_alert,
        "findings": [finding_row(one) for one in verdict.findings if one.state is not State.PASSED],
        "line_actions": [
            {name: getattr(one, name) for name in ("service", "status", "reason", "expires_at")}
            for one in verdict.line_actions
        ],
        "probability": None if usage.scored is None else usage.scored.probability,
        "model_id": judged.model_id,
        "declared_use": judged.declared_use,
        "policy_id": verdict.policy_id,
    }
