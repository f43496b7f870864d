"""Lists from files: what `simkyc watch import` and `simkyc watch remove` do."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from simkyc.errors import InputError
from simkyc.screener import Screener
from simkyc.watch import BadRow, Encoding

__all__ = ["import_list", "remove_list"]


def import_list(
    screener: Screener, file: Path, *, encoding: Encoding, skip_bad: bool, report: Path | None
) -> str:
    """Put the rows of a file on their lists; return what was done, in a line.

    Raises:
        InputError: As `Screener.import_watch`, or the report cannot be written.
        HistoryError: As `Screener.import_watch`.
    """
    with _reported(report, file) as on_bad, _shown() as on_progress:
        done = screener.import_watch(
            file, encoding=encoding, skip_bad=skip_bad, on_bad=on_bad, on_progress=on_progress
        )
    return (
        f"新增 added {done.added}, 变更 changed {done.changed}, 未变 unchanged {done.unchanged}, "
        f"坏行 bad rows {done.bad}"
    )


def remove_list(
    screener: Screener, file: Path, *, encoding: Encoding, skip_bad: bool, report: Path | None
) -> str:
    """Take the rows of a file off their lists; return what was done, in a line. Raises as `import_list`."""
    with _reported(report, file) as on_bad, _shown() as on_progress:
        done = screener.import_unwatch(
            file, encoding=encoding, skip_bad=skip_bad, on_bad=on_bad, on_progress=on_progress
        )
    return f"移出 removed {done.removed}, 坏行 bad rows {done.bad}"


@contextmanager
def _reported(report: Path | None, file: Path) -> Iterator[Callable[[BadRow], None] | None]:
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


@contextmanager
def _shown() -> Iterator[Callable[[str, int, int], None]]:
    """Shows on a terminal how far it is."""
    console = Console(stderr=True)
    words = {"reading": "读取 reading", "writing": "写入 writing"}
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(words["reading"], total=None)

        def show(stage: str, done: int, total: int) -> None:
            progress.update(task, description=words[stage], completed=done, total=total)

        yield show
