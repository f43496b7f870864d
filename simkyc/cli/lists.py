"""Lists from files and back: what `simkyc watch`, `simkyc devices` and `simkyc stock` do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from simkyc.cli.running import stages_shown
from simkyc.errors import InputError
from simkyc.lists.rows import BadRow, Encoding, FileFormat
from simkyc.lists.watch import UnwatchReport, WatchReport

__all__ = ["export_list", "import_list", "reported"]

STAGES = {"reading": "读取 reading", "writing": "写入 writing", "exporting": "导出 exporting"}

OnBad = Callable[[BadRow], None]
OnProgress = Callable[[str, int, int], None]


class Importer(Protocol):
    """What of `Screener.lists` takes a file in: `import_watch`, `remove_devices` and so on."""

    def __call__(
        self,
        path: Path,
        /,
        *,
        file_format: FileFormat | None,
        encoding: Encoding,
        skip_bad: bool,
        on_bad: OnBad | None,
        on_progress: OnProgress | None,
    ) -> WatchReport | UnwatchReport:
        """Take the file in and say what was done."""


class Exporter(Protocol):
    """What of `Screener.lists` writes a file: `export_stock` or `export_devices`."""

    def __call__(
        self,
        path: Path,
        /,
        *,
        file_format: FileFormat | None,
        overwrite: bool,
        on_row: Callable[[int], None] | None,
    ) -> int:
        """Write the file and say how many rows it has."""


def import_list(
    take_in: Importer,
    file: Path,
    *,
    file_format: FileFormat | None,
    encoding: Encoding,
    skip_bad: bool,
    report: Path | None,
) -> str:
    """Take a file in; return what was done, in a line.

    Raises:
        InputError: As `take_in`, or the report cannot be written.
        HistoryError: As `take_in`.
    """
    with reported(report, file) as on_bad, stages_shown(STAGES) as on_progress:
        done = take_in(
            file,
            file_format=file_format,
            encoding=encoding,
            skip_bad=skip_bad,
            on_bad=on_bad,
            on_progress=on_progress,
        )
    if isinstance(done, UnwatchReport):
        return f"移出 removed {done.removed}, 坏行 bad rows {done.bad}"
    return (
        f"新增 added {done.added}, 变更 changed {done.changed}, 未变 unchanged {done.unchanged}, "
        f"坏行 bad rows {done.bad}"
    )


def export_list(write: Exporter, file: Path, *, file_format: FileFormat | None, overwrite: bool) -> str:
    """Write a file; return what was done, in a line. Raises as `write`."""
    with stages_shown(STAGES) as on_progress:
        rows = write(
            file,
            file_format=file_format,
            overwrite=overwrite,
            on_row=lambda count: on_progress("exporting", count, 0),
        )
    return f"导出 exported {rows}"


@contextmanager
def reported(report: Path | None, file: Path) -> Iterator[OnBad | None]:
    """Writes each bad row as a line of JSON: where and why, and nothing of what stood there."""
    if report is None:
        yield None
        return
    try:
        if report.exists() and file.exists() and report.samefile(file):
            raise InputError("--report names the list itself: name another file")
        lines = report.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"the --report file cannot be written ({type(error).__name__}): name another one"
        ) from None

    def write(row: BadRow) -> None:
        lines.write(json.dumps(dataclasses.asdict(row), ensure_ascii=False) + "\n")

    with lines:
        yield write
