"""A job over a history alone: what was found then is decided again under the policies of the job.

A history keeps findings and no application: nothing is looked at or asked again, and a limit within a finding is that
of then. What a verdict of then was not asked is not assessed, with the cause `not_asked_then`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any, Final

import pyarrow as pa
from pydantic import ValidationError

from simkyc.application import ApplicationKind
from simkyc.errors import InputError, SimkycError
from simkyc.history import existing_history
from simkyc.history.sql import SqlReader
from simkyc.history.statements import FOREVER, moment_of
from simkyc.judge import new_verdict
from simkyc.policy import Policy
from simkyc.reasons import REASONS
from simkyc.reverification.intake import REJECTS
from simkyc.reverification.job import Run, second_of
from simkyc.reverification.verdict_rows import APPLIED, SCHEMA, verdict_row
from simkyc.verdict import Finding, State, Verdict

__all__ = ["HistoryRun", "decided_again"]

COLUMNS: Final = (
    *("entry_no", "application_id", "kind", "service", "store_id", "dealer_id", "clerk_id", "iccid"),
    *("decided_at", "decision", "verdict_json"),
)
NOT_ASKED: Final = "not_asked_then"
UNREADABLE: Final = "the verdict on record cannot be read: restore the history from its backup"
OF_ANOTHER: Final = "the verdict on record is a later simkyc's: use that one"


class HistoryRun(Run):
    """One run of a job; see `Run`."""

    def run(self) -> None:
        """Decide what is not decided yet, in the order of recording."""
        job = self._job
        since, until = second_of(job.since, 0), second_of(job.until, FOREVER)
        with (
            closing(existing_history(job.source, secret=job.secret)) as history,
            history.read() as reader,
        ):
            done = 0
            for chunk, entries in _chunks(reader, job.chunk_rows):
                done += len(entries)
                name = f"verdicts/{chunk:06d}.parquet"
                if not self._workshop.has(name):
                    within = [one for one in entries if since <= one["decided_at"] < until]
                    self._decide(chunk, name, within)
                self._progress("judge", done, None)

    def _decide(self, chunk: int, name: str, entries: list[Mapping[str, Any]]) -> None:
        rows, rejects = [], []
        for entry in entries:
            try:
                rows.append(self._row(entry))
            except InputError as error:
                if self._job.strict:
                    raise
                rejects.append(_reject(entry, str(error)))
        # The rejects first: a chunk is done when its verdicts are there.
        self._workshop.write_table(
            f"rejects/{chunk:06d}.parquet", REJECTS, [pa.RecordBatch.from_pylist(rejects, REJECTS)]
        )
        self._workshop.write_table(name, SCHEMA, [pa.RecordBatch.from_pylist(rows, SCHEMA)])

    def _row(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        try:
            then = Verdict.from_json(entry["verdict_json"])
        except (SimkycError, ValidationError, ValueError):
            then = None
        if then is None:
            raise InputError(UNREADABLE)
        if any(finding.reason not in REASONS for finding in then.findings):
            raise InputError(OF_ANOTHER)
        verdict = decided_again(then, entry["kind"], self._policy)
        other = None if self._other is None else decided_again(then, entry["kind"], self._other)
        applied = {name: entry.get(name) for name in APPLIED}
        return verdict_row(entry["entry_no"], applied, entry["decision"], verdict, other)


def decided_again(then: Verdict, kind: ApplicationKind, policy: Policy) -> Verdict:
    """What a policy makes of what was found then.

    Args:
        then: The verdict on record.
        kind: What was applied for.
        policy: Which checks count, and what each finding leads to.
    """
    asked = policy.kinds[kind].checks
    findings = [
        finding.model_copy(update={"decision": None}) for finding in then.findings if finding.check in asked
    ]
    missing = set(asked) - {finding.check for finding in findings}
    findings += [
        Finding(check=one.check, reason=one.code, state=State.NOT_ASSESSED, cause=NOT_ASKED)
        for one in REASONS.values()
        if one.check in missing
    ]
    outcome = policy.decide(findings, kind)
    return new_verdict(
        outcome,
        policy,
        application_id=then.application_id,
        engine_id=then.engine_id,
        decided_at=then.decided_at,
    )


def _chunks(reader: SqlReader, chunk_rows: int) -> Iterator[tuple[int, list[Mapping[str, Any]]]]:
    """The entries on record in the order of their numbers, cut where a number is one of so many.

    So a chunk stays what it was when others come behind it.
    """
    chunk, entries = 0, list[Mapping[str, Any]]()
    for rows in reader.table("application", COLUMNS, ordered=True):
        for row in rows:
            entry = dict(zip(COLUMNS, row, strict=True))
            place = entry["entry_no"] // chunk_rows
            if place != chunk and entries:
                yield chunk, entries
                entries = []
            chunk = place
            entries.append(entry)
    if entries:
        yield chunk, entries


def _reject(entry: Mapping[str, Any], advice: str) -> dict[str, Any]:
    return {
        "source_no": entry["entry_no"],
        "where": f"entry {entry['entry_no']}, {moment_of(entry['decided_at']).date()}",
        "column": "verdict_json",
        "cause": "verdict",
        "advice": advice,
    }
