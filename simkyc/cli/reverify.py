"""`simkyc reverify`: past openings in, verdicts and a report out."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Task as ProgressTask
from rich.text import Text

from simkyc.cli.moments import DAY_OR_TIME, moment_or_day
from simkyc.cli.running import needed
from simkyc.errors import InputError
from simkyc.lists.rows import Encoding
from simkyc.policy import Policy

if TYPE_CHECKING:
    from simkyc.reverification.report import Report

__all__ = ["judging_shown", "reverify"]

NO_EXTRA = "past openings are judged with DuckDB: pip install 'simkyc[reverify]'"
STAGES = {"read": "读取 reading", "judge": "判定 judging"}


def reverify(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="A file, a quoted pattern or a folder of CSV, JSON Lines or Parquet, or the URL of a history.",
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder to make; the same job goes on where it was.")
    ],
    policy: Annotated[
        Path | None, typer.Option("--policy", help="A policy file; without it, the one that ships.")
    ] = None,
    compare_policy: Annotated[
        Path | None,
        typer.Option("--compare-policy", help="Another policy file: what would it decide instead?"),
    ] = None,
    history: Annotated[
        str | None,
        typer.Option(
            "--history", metavar="URL", help="The history to ask; without it the source is its own past."
        ),
    ] = None,
    engine: Annotated[
        Literal["duckdb", "spark"], typer.Option("--engine", help="duckdb on this machine, or spark.")
    ] = "duckdb",
    checks: Annotated[
        str | None, typer.Option("--checks", help="Only these checks, by commas, e.g. openings,batch.")
    ] = None,
    since: Annotated[
        str | None, typer.Option("--since", help=f"Judge what was decided from here on: {DAY_OR_TIME}.")
    ] = None,
    until: Annotated[str | None, typer.Option("--until", help="And before here.")] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Stop at the first row that cannot be taken in.")
    ] = False,
    file_format: Annotated[
        Literal["csv", "jsonl", "parquet"] | None,
        typer.Option("--format", help="What the files are; without it their names say so."),
    ] = None,
    encoding: Annotated[
        Encoding, typer.Option("--encoding", help="Encoding of CSV: utf-8, or gb18030 for GBK too.")
    ] = "utf-8",
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=512, help="Processes; all processors without it.")
    ] = None,
    chunk_rows: Annotated[
        int, typer.Option("--chunk-rows", min=1, max=1_000_000, help="Applications judged together.")
    ] = 50_000,
    memory_mb: Annotated[
        int, typer.Option("--memory-mb", min=128, help="What DuckDB may use before it goes to disk.")
    ] = 2048,
) -> None:
    """Judge past openings again, as of their own times; leaves verdicts and a report in DIR."""
    with needed(NO_EXTRA):
        from simkyc.reverification.job import Job
        from simkyc.reverification.run import reverify as run
    job = Job(
        source=source,
        out=out,
        policy=Policy.default() if policy is None else Policy.load(policy),
        compare_policy=None if compare_policy is None else Policy.load(compare_policy),
        history=history,
        engine=engine,
        checks=None if checks is None else tuple(filter(None, (one.strip() for one in checks.split(",")))),
        since=moment_or_day(since),
        until=moment_or_day(until),
        strict=strict,
        file_format=file_format,
        encoding=encoding,
        workers=workers,
        chunk_rows=chunk_rows,
        memory_mb=memory_mb,
    )
    console = Console(stderr=True)
    with _stopped_by_term(), judging_shown(console) as shown:
        report = run(job, shown)
    _tell(report, job.out)


def _tell(report: Report, out: Path) -> None:
    facts = report.job
    counts = report.decisions
    typer.echo(
        f"{facts.rows_judged:,} judged: {counts.accept:,} accept, {counts.retry:,} retry, {counts.review:,} review,"
        f" {counts.refuse:,} refuse; {facts.rows_set_aside:,} of {facts.rows_read:,} rows set aside"
    )
    typer.echo(f"{out}/report.html")
    if facts.unread_columns:
        like = f" (meant for {', '.join(facts.unread_like)}?)" if facts.unread_like else ""
        typer.echo(
            f"columns with names that are not known were not read: {facts.unread_columns}{like}", err=True
        )
    if not facts.rows_judged:
        raise InputError("not one row was judged: see rejects.jsonl, and --encoding, --since and --until")


class _Rate(TextColumn):
    """Rows a second."""

    def __init__(self) -> None:
        super().__init__("")

    def render(self, task: ProgressTask) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class _Shown:
    """Shows how far a job is."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, stage: Literal["read", "judge"], done: int, total: int | None) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(STAGES[stage], total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)


@contextmanager
def judging_shown(console: Console) -> Iterator[_Shown]:
    """Shows how far a job is, with rate and time left, where somebody looks."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield _Shown(progress)


@contextmanager
def _stopped_by_term() -> Iterator[None]:
    """Whoever ends the process with a signal gets what is there so far, as by hand."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
