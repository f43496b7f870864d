"""Lists on their way into the history: read, checked and keyed outside any transaction, written inside one.

What waits in between, in a temporary file, are keyed hashes and never a number, so that millions of rows are
neither held in memory nor keep the counters from writing while they are read.
"""

from __future__ import annotations

import csv
import itertools
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Literal, TextIO, TypeVar

from simkyc.errors import HistoryError, InputError
from simkyc.history.keys import Keyring
from simkyc.history.protocol import WatchEntry, WatchName
from simkyc.watch import LOST_DOCUMENT, BadRow, WatchEntryRow, WatchRow

__all__ = ["OnBad", "OnProgress", "Staged", "rows_in", "staged"]

OnBad = Callable[[BadRow], None]
"""Hears of each row that cannot be taken in, as it is met."""

OnProgress = Callable[[Literal["reading", "writing"], int, int], None]
"""Hears now and then how much is done of how much: bytes while reading, entries while writing."""

Row = TypeVar("Row", bound=WatchRow)
Answer = TypeVar("Answer")

ROWS_A_STEP = 5000
"""Rows between two words on the progress."""
BAD_ROWS_TOLD = 20
"""How many bad rows an error names; the others are only counted."""


@dataclass(frozen=True, slots=True)
class Staged:
    """What waits to be written. `count` wait and `bad` were skipped."""

    count: int
    bad: int
    _lines: TextIO

    def entries(self, on_progress: OnProgress | None = None) -> Iterator[WatchEntry]:
        """Entries to be put on their lists."""
        for done, (key, watch_list, source, basis, since, until, silent_alert) in enumerate(self._read()):
            if on_progress is not None and done % ROWS_A_STEP == 0:
                on_progress("writing", done, self.count)
            yield WatchEntry(
                name=WatchName(key, watch_list, source),
                basis=basis,
                listed_from=datetime.fromtimestamp(int(since), UTC),
                listed_until=datetime.fromtimestamp(int(until), UTC) if until else None,
                silent_alert=silent_alert == "1",
            )

    def names(self) -> Iterator[WatchName]:
        """Names to be taken off their lists."""
        for key, watch_list, source, *_ in self._read():
            yield WatchName(key, watch_list, source)

    def _read(self) -> Iterator[list[str]]:
        self._lines.seek(0)
        return csv.reader(self._lines, strict=True)


def rows_in(
    path: str | Path,
    read: Callable[[BinaryIO], Iterator[Row | BadRow]],
    on_progress: OnProgress | None = None,
) -> Iterator[Row | BadRow]:
    """The rows of a file.

    Raises:
        InputError: It cannot be read.
    """
    with _reading(lambda: Path(path).open("rb")) as file:
        size = os.fstat(file.fileno()).st_size
        rows = read(file)
        for place in itertools.count():
            row = _reading(lambda: next(rows, None))
            if row is None:
                return
            # A pipe has neither a size nor a place in it.
            if on_progress is not None and size and place % ROWS_A_STEP == 0:
                on_progress("reading", file.tell(), size)
            yield row


def _reading(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except (OSError, ValueError) as error:
        raise InputError(f"the list cannot be read ({type(error).__name__}): check its path") from None


@contextmanager
def staged(
    rows: Iterable[WatchRow | BadRow],
    keyring: Keyring,
    *,
    skip_bad: bool = False,
    on_bad: OnBad | None = None,
) -> Iterator[Staged]:
    """Take in every row and keep it, keyed, until the block ends.

    Raises:
        InputError: A row cannot be taken in and is not to be skipped, or the header is wrong.
        HistoryError: The temporary folder cannot be written.
    """
    count, bad, first = 0, 0, list[BadRow]()
    with _temporary_file() as file:
        writer = csv.writer(file)
        for row in rows:
            if isinstance(row, BadRow):
                bad += 1
                if len(first) < BAD_ROWS_TOLD:
                    first.append(row)
                if on_bad is not None:
                    on_bad(row)
            else:
                count += 1
                _write(writer.writerow, _fields(row, keyring))
        if first and (not skip_bad or first[0].line == 1):
            raise _refused(first, bad, count + bad)
        _write(file.flush)
        yield Staged(count, bad, file)


def _fields(row: WatchRow, keyring: Keyring) -> tuple[str | int, ...]:
    key = (
        keyring.document(row.kind, row.number) if row.list == LOST_DOCUMENT else keyring.person(*row.identity)
    )
    if not isinstance(row, WatchEntryRow):
        return key, row.list, row.source
    until = "" if row.until is None else int(row.until.timestamp())
    since = int(row.since.timestamp())
    return key, row.list, row.source, row.basis, since, until, int(row.silent_alert)


def _temporary_file() -> TextIO:
    try:
        return tempfile.TemporaryFile("w+", newline="", encoding="utf-8")
    except OSError as error:
        raise _no_room(error) from None


def _write(write: Callable[..., object], *what: object) -> None:
    try:
        write(*what)
    except OSError as error:
        raise _no_room(error) from None


def _no_room(error: OSError) -> HistoryError:
    return HistoryError(
        f"the temporary folder takes no list ({type(error).__name__}): make room, or name another in TMPDIR"
    )


def _refused(first: list[BadRow], bad: int, rows: int) -> InputError:
    problems = [
        (f"line {row.line}" + (f", {row.column}" if row.column else ""), f"{row.cause}: {row.advice}")
        for row in first
    ]
    if first[0].line == 1:
        where, what = problems[0]
        return InputError(f"the header of the list does not fit, {where}: {what}", problems)
    listed = "; ".join(f"{where}: {what.partition(':')[0]}" for where, what in problems[:5])
    more = f" and {bad - 5} more" if bad > 5 else ""
    return InputError(
        f"{bad} of {rows} rows cannot be taken in, so nothing was written: {listed}{more}; "
        "correct them, or have them skipped",
        problems,
    )
