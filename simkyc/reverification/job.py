"""One job of re-verification: what is asked for, what its folder holds, and what it leaves.

A job works in a folder of its own below OUT that only its owner may read. Whatever is finished stands there under its
name and nothing else does: what is being written has another name until it is whole. So a job that was killed goes on
where it was, and nothing is there twice.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, Self

import duckdb
import pyarrow as pa
from filelock import FileLock, Timeout
from pyarrow import parquet as pq
from pydantic import Field, model_validator

from simkyc._version import __version__
from simkyc.application import Model, Moment
from simkyc.checks import CHECKS
from simkyc.errors import InputError, SimkycError
from simkyc.gather import opening_windows
from simkyc.history.protocol import OpeningWindows
from simkyc.lists.rows import Encoding
from simkyc.policy import Policy
from simkyc.reverification.source import SourceFile, SourceFormat

__all__ = [
    "OTHER",
    "EngineMaker",
    "Job",
    "Progress",
    "Run",
    "Workshop",
    "only",
    "quoted",
    "second_of",
    "told",
    "whole",
]

Engine = Literal["duckdb", "spark"]
EngineMaker = Callable[[], Any]
"""Makes a `FaceEngine` in a process that needs one."""
Progress = Callable[[Literal["read", "judge"], int, int | None], None]
"""Told of a stage, how many rows it has done, and how many there are, as far as that is known."""

OTHER: Final = "other_"
"""Before the name of a question: as the policy compared with asks it, where its windows are others."""
NO_SPACE: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
MAKE_SPACE: Final = "no space is left; make some and call again, it goes on where it was"


class Job(Model):
    """What is to be judged again, and how.

    Attributes:
        source: A file, a pattern or a folder of CSV, JSON Lines or Parquet; or the URL of a history, whose findings
            are decided again.
        out: The folder that the job makes, or goes on in.
        policy: Under which is judged.
        compare_policy: Another one, under which everything is judged as well.
        history: URL of the history that is asked; None where the source is its own past.
        secret: The history's, as `open_history` takes it.
        engine: `duckdb` on this machine, or `spark`.
        checks: Names of checks; None for all that the policy asks.
        since: Only what was decided from here on is judged; the past is the whole source all the same.
        until: And before here.
        strict: One row that cannot be taken in stops the job.
        file_format: Of the source; None to go by the names of its files.
        encoding: Of CSV.
        workers: Processes; None for as many as there are processors.
        chunk_rows: Applications that are judged together. It changes no verdict.
        memory_mb: What DuckDB may use before it goes to disk.
        faces: Makes the face engine; None for the built-in one. It must be a function that pickle knows by name.
    """

    source: str = Field(repr=False)
    out: Path
    policy: Policy = Field(default_factory=Policy.default)
    compare_policy: Policy | None = None
    history: str | None = Field(default=None, repr=False)
    secret: bytes | str | None = Field(default=None, repr=False)
    engine: Engine = "duckdb"
    checks: tuple[str, ...] | None = Field(default=None, min_length=1)
    since: Moment | None = None
    until: Moment | None = None
    strict: bool = False
    file_format: SourceFormat | None = None
    encoding: Encoding = "utf-8"
    workers: int | None = Field(default=None, ge=1, le=512)
    chunk_rows: int = Field(default=50_000, ge=1, le=1_000_000)
    memory_mb: int = Field(default=2048, ge=128)
    faces: EngineMaker | None = Field(default=None, repr=False)

    @model_validator(mode="after")
    def _names_checks(self) -> Self:
        unknown = sorted(set(self.checks or ()) - {name for name, _ in CHECKS})
        if unknown:
            raise ValueError("a check of another name: there are " + ", ".join(name for name, _ in CHECKS))
        return self

    @model_validator(mode="after")
    def _decides_a_history_alone(self) -> Self:
        if self.of_history and (self.history is not None or self.engine != "duckdb"):
            raise ValueError(
                "a history as the source is decided again on this machine, and no other is asked"
            )
        return self

    @property
    def of_history(self) -> bool:
        """Whether the source is a history."""
        return "://" in self.source


def only(policy: Policy, checks: tuple[str, ...] | None) -> Policy:
    """The policy with these of its checks, for every kind of application that is asked one of them.

    It is another policy, as its `policy_id` says.
    """
    if checks is None:
        return policy
    kinds = {
        # What is not asked is never accepted, so a kind that is asked none of them keeps its own.
        name: kind if name == "line" else kind.changed(checks=left or kind.checks)
        for name, kind in policy.kinds.items()
        for left in [tuple(check for check in kind.checks if check in checks)]
    }
    return policy.changed(kinds=kinds)


class Workshop:
    """The folder of one job, held by one run at a time.

    Args:
        job: The job.
        files: The files of its source.
        policies: Under which is judged.
    """

    def __init__(self, job: Job, files: tuple[SourceFile, ...], policies: tuple[Policy, ...]) -> None:
        self.out = job.out
        self.folder = job.out / ".simkyc"
        self._identity = _identity(job, files, policies)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder, or go on in it; nobody else works in it meanwhile.

        Raises:
            InputError: It is there with other things in it, holds another job, or another run works in it.
        """
        with told("OUT cannot be used"):
            self.out.mkdir(parents=True, exist_ok=True)
            if not self.folder.exists() and any(self.out.iterdir()):
                raise InputError(
                    "OUT is not empty: name another folder, or the one of a job that is to go on"
                )
            self.folder.mkdir(mode=0o700, exist_ok=True)
        lock = FileLock(self.folder / "lock", timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise InputError("another run works in OUT: wait for it, or name another folder") from None
        try:
            self._recognise()
            yield
        finally:
            lock.release()

    def _recognise(self) -> None:
        described = self.folder / "job.json"
        if described.exists():
            if json.loads(described.read_text(encoding="utf-8")) != self._identity:
                raise InputError(
                    "OUT holds another job (its source, policies, checks, times or chunk_rows differ, or simkyc's"
                    " version): name another folder"
                )
        else:
            self.write("job.json", json.dumps(self._identity).encode())

    def write(self, name: str, data: bytes) -> None:
        """A file of the job that appears whole or not at all."""
        with told("a file of the job cannot be written"), whole(self.folder / name) as draft:
            draft.write_bytes(data)

    def write_table(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """A table of the job as Parquet, whole or not at all."""
        with (
            told("a table of the job cannot be written"),
            whole(self.folder / name) as draft,
            pq.ParquetWriter(draft, schema, compression="zstd") as writer,
        ):
            for batch in batches:
                writer.write_batch(batch)

    def has(self, name: str) -> bool:
        """Whether this is there, and so whole."""
        return (self.folder / name).exists()

    def path(self, name: str) -> Path:
        """Where this stands."""
        return self.folder / name

    def clear(self) -> None:
        """Forget everything but that the job was done: what it made on its way holds personal data."""
        for entry in self.folder.iterdir():
            if entry.name in ("job.json", "lock"):
                continue
            if entry.is_dir():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        self.write("finished", b"")


class Run:
    """One run of a job, in its workshop, whichever engine asks.

    Args:
        job: The job.
        files: The files of its source.
        policies: Under which is judged: the job's, and the one compared with where there is one.
        workshop: Its folder, held.
        progress: Told how far it is.
    """

    def __init__(
        self,
        job: Job,
        files: tuple[SourceFile, ...],
        policies: tuple[Policy, ...],
        workshop: Workshop,
        progress: Progress,
    ) -> None:
        self._job, self._files = job, files
        self._policy, self._other = policies[0], policies[1] if len(policies) > 1 else None
        self._workshop, self._progress = workshop, progress

    @property
    def _sides(self) -> tuple[tuple[str, OpeningWindows], ...]:
        """The windows that questions are asked in, by what stands before their names in a row's answers."""
        mine = opening_windows(self._policy)
        other = None if self._other is None else opening_windows(self._other)
        return (("", mine),) if other in (None, mine) else (("", mine), (OTHER, other))


def _identity(job: Job, files: tuple[SourceFile, ...], policies: tuple[Policy, ...]) -> dict[str, Any]:
    """What must not change between two runs of one job."""
    seen = hashlib.sha256(job.source.encode() if job.of_history else b"")
    for file in files:
        state = file.path.stat()
        seen.update(f"{file.path.resolve()}|{state.st_size}|{state.st_mtime_ns}\n".encode())
    return {
        "simkyc": __version__,
        "source": seen.hexdigest(),
        "encoding": job.encoding,
        "policies": [policy.policy_id for policy in policies],
        "history": None if job.history is None else hashlib.sha256(job.history.encode()).hexdigest(),
        "engine": job.engine,
        "since": _written(job.since),
        "until": _written(job.until),
        "chunk_rows": job.chunk_rows,
    }


def second_of(moment: datetime | None, otherwise: int) -> int:
    """Epoch seconds of a time, where there is one."""
    return otherwise if moment is None else int(moment.timestamp())


def _written(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


@contextmanager
def whole(path: Path, folder: Path | None = None) -> Iterator[Path]:
    """Where to write what gets its name when it is whole, and leaves nothing behind when it does not become so.

    Args:
        path: What it is called then.
        folder: Where it is written; None for where it will stand.
    """
    path.parent.mkdir(exist_ok=True)
    draft = (folder or path.parent) / f".{path.name}.{os.getpid()}"
    try:
        yield draft
        draft.replace(path)
    except BaseException:
        # On a full disk what is half written keeps others from their space.
        draft.unlink(missing_ok=True)
        raise


@contextmanager
def told(what: str) -> Iterator[None]:
    """What the system and DuckDB say, in the words of this house and without the rows that DuckDB may repeat.

    Raises:
        SimkycError: No space or memory is left, or something is wrong with the disk or with DuckDB's files.
        KeyboardInterrupt: A signal stopped a query, which DuckDB calls an error of its own.
    """
    try:
        yield
    except RuntimeError as error:
        if "interrupted" not in str(error).lower():
            raise
        raise KeyboardInterrupt from None
    except duckdb.InterruptException:
        raise KeyboardInterrupt from None
    except OSError as error:
        if error.errno in NO_SPACE or _is_full(error):
            fault = SimkycError(f"{what}: {MAKE_SPACE}")
        else:
            fault = SimkycError(
                f"{what} ({type(error).__name__}): see to the disk and its rights, and call again"
            )
    except duckdb.Error as error:
        # It calls a full disk by many names: no commit, no more memory, a database that is not to be used again.
        fault = SimkycError(f"{what}: {MAKE_SPACE if _is_full(error) else _advice(error)}")
    else:
        return
    raise fault


def _advice(error: duckdb.Error) -> str:
    if isinstance(error, duckdb.OutOfMemoryException):
        return "DuckDB has too little memory: give it more (memory_mb), or judge fewer at once (chunk_rows)"
    if isinstance(error, duckdb.IOException):
        return "the files of the job in OUT are damaged or gone: name another folder"
    return f"DuckDB cannot go on ({type(error).__name__}): report this as a fault of simkyc"


def _is_full(error: Exception) -> bool:
    said = str(error).lower()
    return any(word in said for word in ("no space left", "not enough space", "disk quota", "file too large"))


def quoted(path: Path) -> str:
    """A path inside quotes of SQL."""
    return str(path).replace("'", "''")
