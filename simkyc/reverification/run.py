"""Doing a job: one of two engines judges, and what it leaves is the same."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import duckdb
from pyarrow import parquet as pq

from simkyc._version import __version__
from simkyc.errors import InputError
from simkyc.reverification.job import Job, Progress, Workshop, only, quoted, told, whole
from simkyc.reverification.report import JobFacts, OperatingPoint, Report, make_report
from simkyc.reverification.report_page import render
from simkyc.reverification.source import SourceFile, find_files, unread
from simkyc.reverification.verdict_rows import SCHEMA

if TYPE_CHECKING:
    from simkyc.policy import Policy
    from simkyc.reverification.duckdb_run import DuckdbRun
    from simkyc.reverification.history_run import HistoryRun
    from simkyc.reverification.spark_run import SparkRun

__all__ = ["reverify", "write_verdicts"]

VERDICTS: Final = "verdicts.parquet"
REJECTS: Final = "rejects.jsonl"
ROWS_AT_ONCE: Final = 10_000


def reverify(job: Job, progress: Progress | None = None) -> Report:
    """Judge every application of a source again, as of its own time, and write what was found into the job's folder.

    The same job again, in the same folder, goes on where it was stopped. What it leaves there: `verdicts.parquet`
    (`docs/reverify-columns.md` tells its columns), `rejects.jsonl` with the rows that were set aside, `report.json` and
    `report.html`. A job that is interrupted leaves them for what was judged so far.

    Of a history as the source nothing is looked at again: what was found then is decided again under the policies.

    Args:
        job: What is to be judged, and how.
        progress: Told how far it is.

    Raises:
        InputError: The source cannot be read, or its columns do not fit; the folder holds something else; or with
            `strict`, a row cannot be taken in.
        HistoryError: The history cannot be read.
        FaceError: The face engine cannot work.
        SimkycError: No space or memory is left, or Spark is not there.
    """
    policies = tuple(
        only(policy, job.checks) for policy in (job.policy, job.compare_policy) if policy is not None
    )
    files = () if job.of_history else find_files(job.source, job.file_format, job.encoding)
    workshop = Workshop(job, files, policies)
    begun = datetime.now(UTC)
    with workshop.held():
        if workshop.has("finished"):
            return _finished(job)
        try:
            _engine(job)(job, files, policies, workshop, progress or _silent).run()
        except KeyboardInterrupt:
            _leave(job, workshop, policies, files, begun, complete=False)
            raise
        report = _leave(job, workshop, policies, files, begun, complete=True)
        workshop.clear()
    return report


def _finished(job: Job) -> Report:
    """What a job left that was done before.

    Raises:
        InputError: Of that something is gone.
    """
    if not all((job.out / name).exists() for name in (VERDICTS, REJECTS, "report.json", "report.html")):
        raise InputError("the job in OUT is done, and files that it left are gone: name another folder")
    return Report.from_json((job.out / "report.json").read_text(encoding="utf-8"))


def _engine(job: Job) -> type[DuckdbRun | HistoryRun | SparkRun]:
    if job.of_history:
        from simkyc.reverification.history_run import HistoryRun

        return HistoryRun
    if job.engine == "spark":
        from simkyc.reverification.spark_run import SparkRun

        return SparkRun
    from simkyc.reverification.duckdb_run import DuckdbRun

    return DuckdbRun


def _silent(stage: object, done: object, total: object) -> None:
    """Nobody asks how far it is."""


def _leave(
    job: Job,
    workshop: Workshop,
    policies: tuple[Policy, ...],
    files: tuple[SourceFile, ...],
    begun: datetime,
    *,
    complete: bool,
) -> Report:
    """Write what stands in OUT from what was judged so far."""
    with told("what was found cannot be written"):
        judged, engine_id = write_verdicts(workshop)
        read, set_aside = _write_rejects(workshop)
        unread_columns, unread_like = unread(files)
        facts = JobFacts(
            policy_name=policies[0].name,
            policy_id=policies[0].policy_id,
            other_policy_name=policies[1].name if len(policies) > 1 else None,
            other_policy_id=policies[1].policy_id if len(policies) > 1 else None,
            engine=job.engine,
            simkyc_version=__version__,
            face_engine_id=engine_id,
            source_kind="history" if job.of_history else files[0].format,
            source_files=len(files),
            rows_read=judged + set_aside if job.of_history else read,
            rows_judged=judged,
            rows_set_aside=set_aside,
            complete=complete,
            checks=job.checks,
            since=job.since,
            until=job.until,
            past="source" if job.history is None and not job.of_history else "history",
            unread_columns=unread_columns,
            unread_like=unread_like,
            started_at=begun,
            ended_at=datetime.now(UTC),
            **_faces_of(job, policies[0], engine_id),
        )
        # What it lays aside on the way holds identifiers: it stays in the job's own folder, and goes with it.
        scratch = workshop.path("report")
        scratch.mkdir(exist_ok=True)
        report = make_report(job.out / VERDICTS, job=facts, rejects=job.out / REJECTS, scratch=scratch)
        for name, text in (("report.json", report.to_json()), ("report.html", render(report))):
            with whole(job.out / name, workshop.folder) as draft:
                draft.write_text(text, encoding="utf-8")
    return report


def _faces_of(job: Job, policy: Policy, engine_id: str | None) -> dict[str, Any]:
    """The rates that were chosen, and what distances mean by the calibration that they rest on."""
    accept, review = policy.face.accept_false_match_rate.value, policy.face.review_false_match_rate.value
    calibration = None
    if engine_id is not None:
        from simkyc.faces import DlibFaceEngine

        engine = job.faces() if job.faces else DlibFaceEngine()
        calibration = engine.calibration("chip-live") if engine.engine_id == engine_id else None
    distances = [None if calibration is None else calibration.distance_at(rate) for rate in (accept, review)]
    return {
        "accept": OperatingPoint(false_match_rate=accept, distance=distances[0]),
        "review": OperatingPoint(false_match_rate=review, distance=distances[1]),
        "calibration": calibration,
    }


def write_verdicts(workshop: Workshop) -> tuple[int, str | None]:
    """Bring the verdicts of all chunks together in the order of the source; how many, and by which face engine."""
    parts = sorted(workshop.path("verdicts").rglob("*.parquet"))
    judged, engine_id = 0, None
    with (
        whole(workshop.out / VERDICTS, workshop.folder) as draft,
        pq.ParquetWriter(draft, SCHEMA, compression="zstd") as writer,
    ):
        if parts:
            with duckdb.connect() as database:
                database.execute(f"SET temp_directory = '{quoted(workshop.path('spill'))}'")
                every = f"read_parquet('{quoted(workshop.path('verdicts'))}/**/*.parquet')"
                result = database.sql(f"SELECT * FROM {every} ORDER BY source_no")
                for batch in result.to_arrow_reader(ROWS_AT_ONCE):
                    writer.write_batch(batch.cast(SCHEMA))
                    judged += batch.num_rows
                engine_id = database.execute(f"SELECT MAX(engine_id) FROM {every}").fetchall()[0][0]
    return judged, engine_id


def _write_rejects(workshop: Workshop) -> tuple[int, int]:
    """Write the rows that were set aside, in the order of the source; how many were read, and how many set aside."""
    read = set_aside = 0
    with (
        whole(workshop.out / REJECTS, workshop.folder) as draft,
        draft.open("w", encoding="utf-8") as file,
        duckdb.connect() as database,
    ):
        if any(workshop.path("rejects").rglob("*.parquet")):
            every = f"read_parquet('{quoted(workshop.path('rejects'))}/**/*.parquet')"
            taken = 0
            if any(workshop.path("rows").rglob("*.parquet")):
                rows = f"read_parquet('{quoted(workshop.path('rows'))}/**/*.parquet')"
                taken = database.execute(f"SELECT COUNT(*) FROM {rows}").fetchall()[0][0]
            result = database.sql(f"SELECT * FROM {every} ORDER BY source_no")
            for batch in result.to_arrow_reader(ROWS_AT_ONCE):
                for row in batch.to_pylist():
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
                set_aside += batch.num_rows
            # What another row of the source stands for was taken in, and is not judged.
            doubled = workshop.path("rejects/doubled.parquet")
            read = taken + set_aside - (pq.read_metadata(doubled).num_rows if doubled.exists() else 0)
    return read, set_aside
