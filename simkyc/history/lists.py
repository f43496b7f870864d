"""The lists of one history, kept up to date: people, devices, SIM stock, from rows or files and back into files."""

from __future__ import annotations

import csv
import os
import secrets
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, TypeVar

from simkyc.errors import InputError
from simkyc.history.protocol import (
    LISTS_LOCK,
    STOCK_LOCK,
    CardOnRecord,
    DeviceOnRecord,
    History,
    StockImport,
    WatchImport,
)
from simkyc.history.staging import OnBad, OnProgress, rows_in, staged, staged_cards
from simkyc.lists import devices, stock, watch
from simkyc.lists.devices import DeviceEntryRow, DeviceRow
from simkyc.lists.rows import BadRow, Encoding, FileFormat, ListRow, Numbered, format_of, numbered_rows
from simkyc.lists.stock import StockRow
from simkyc.lists.watch import UnwatchReport, WatchEntryRow, WatchReport, WatchRow

__all__ = ["Lists"]

Row = TypeVar("Row", bound=ListRow)
Answer = TypeVar("Answer")
OnRow = Callable[[int], None]
"""Hears now and then how many rows are written out."""

ROWS_AT_ONCE = 5000


class Lists:
    """The lists of one history. `Screener.lists` has them; safe to share between threads.

    Every import takes in all its rows before it writes the first, and writes them in one transaction: all or none,
    or, where bad rows are skipped, all but those. The same rows again change nothing.
    """

    def __init__(self, history: History, clock: Callable[[], datetime]) -> None:
        """Keep the lists of a history by a clock that tells the time with its zone."""
        self._history = history
        self._clock = clock

    def watch(
        self,
        rows: Iterable[WatchEntryRow | BadRow],
        *,
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> WatchReport:
        """Put people and documents on the lists that every application is compared with.

        A row whose list, source, document and beginning are there already replaces what was said of its basis, its
        end and its silent alert.

        Args:
            rows: Any number of them.
            skip_bad: Leave out what cannot be taken in, instead of writing nothing.
            on_bad: Hears of each row that cannot be taken in.
            on_progress: Hears how far it is.

        Raises:
            InputError: A row cannot be taken in, and `skip_bad` is not said; `problems` names the first.
            HistoryError: It could not be written.
        """
        return self._put(enumerate(rows, start=1), skip_bad, on_bad, on_progress)

    def import_watch(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        encoding: Encoding = "utf-8",
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> WatchReport:
        """Put the rows of a file on their lists, as `watch` does. A name in `.parquet` is Parquet, all else CSV.

        Raises:
            InputError: The file cannot be read, its header does not fit, or as `watch`.
            HistoryError: It could not be written.
        """
        rows = rows_in(path, _reader(path, WatchEntryRow, file_format, encoding), on_progress)
        return self._put(rows, skip_bad, on_bad, on_progress)

    def unwatch(
        self, rows: Iterable[WatchRow | BadRow], *, skip_bad: bool = False, on_bad: OnBad | None = None
    ) -> UnwatchReport:
        """Take people and documents off lists. Every entry of theirs on that list from that source goes.

        The history keeps them, for whoever asks why an application was refused then.

        Raises:
            InputError: As `watch`.
            HistoryError: It could not be written.
        """
        return self._take_off(enumerate(rows, start=1), skip_bad, on_bad)

    def import_unwatch(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        encoding: Encoding = "utf-8",
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> UnwatchReport:
        """Take the rows of a file off their lists: the file that was imported, or its first four columns.

        Raises:
            InputError: As `import_watch`.
            HistoryError: It could not be written.
        """
        read = _reader(path, WatchRow, file_format, encoding, watch.COLUMNS)
        return self._take_off(rows_in(path, read, on_progress), skip_bad, on_bad)

    def import_devices(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        encoding: Encoding = "utf-8",
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> WatchReport:
        """Put the devices and models of a file on their lists. A range counts once for each prefix that covers it.

        Raises:
            InputError: As `import_watch`.
            HistoryError: It could not be written.
        """
        rows = rows_in(path, _reader(path, DeviceEntryRow, file_format, encoding), on_progress)
        return self._put(rows, skip_bad, on_bad, on_progress)

    def remove_devices(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        encoding: Encoding = "utf-8",
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> UnwatchReport:
        """Take the devices and models of a file off their lists; a range comes off as the range that was put on.

        Raises:
            InputError: As `import_watch`.
            HistoryError: It could not be written.
        """
        read = _reader(path, DeviceRow, file_format, encoding, devices.COLUMNS)
        return self._take_off(rows_in(path, read, on_progress), skip_bad, on_bad)

    def export_devices(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        overwrite: bool = False,
        on_row: OnRow | None = None,
    ) -> int:
        """Write the lists of devices into a file that `import_devices` reads; only its owner can read it.

        Returns:
            How many rows it has.

        Raises:
            InputError: The file is there and is not to be overwritten, cannot be written, or is of no known format.
            HistoryError: The history cannot be read.
        """
        with self._history.read() as reader:
            rows = map(_device_fields, reader.device_rows())
            return _write(path, devices.COLUMNS, rows, file_format, overwrite=overwrite, on_row=on_row)

    def import_stock(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        encoding: Encoding = "utf-8",
        skip_bad: bool = False,
        on_bad: OnBad | None = None,
        on_progress: OnProgress | None = None,
    ) -> WatchReport:
        """Put the SIM cards of a file into the stock; what a row leaves empty stays as it is recorded.

        Raises:
            InputError: As `import_watch`; also where two cards have one number, or one that was issued would be sold
                again.
            HistoryError: It could not be written.
        """
        rows = rows_in(path, _reader(path, StockRow, file_format, encoding), on_progress)
        with staged_cards(rows, self._history.keyring, skip_bad=skip_bad, on_bad=on_bad) as waiting:
            import_id = str(uuid.uuid4())

            def write() -> StockImport:
                with self._history.write((STOCK_LOCK,)) as transaction:
                    now = self._clock()
                    waiting.leave_out(partial(transaction.stock_faults, at=now))
                    return transaction.stock(
                        waiting.cards(on_progress), now, count=waiting.count, import_id=import_id
                    )

            done = self._history.retrying(write)
        return WatchReport(import_id, done.added, done.changed, done.unchanged, waiting.bad)

    def export_stock(
        self,
        path: str | Path,
        *,
        file_format: FileFormat | None = None,
        overwrite: bool = False,
        on_row: OnRow | None = None,
    ) -> int:
        """Write the stock as it stands into a file that `import_stock` reads; only its owner can read it.

        Returns and raises as `export_devices`.
        """
        with self._history.read() as reader:
            rows = map(_card_fields, reader.stock_rows(self._clock()))
            return _write(path, stock.COLUMNS, rows, file_format, overwrite=overwrite, on_row=on_row)

    def _put(
        self,
        rows: Iterable[Numbered[WatchEntryRow] | Numbered[DeviceEntryRow]],
        skip_bad: bool,  # passed on as it came
        on_bad: OnBad | None,
        on_progress: OnProgress | None,
    ) -> WatchReport:
        with staged(rows, self._history.keyring, skip_bad=skip_bad, on_bad=on_bad) as waiting:
            import_id = str(uuid.uuid4())

            def write() -> WatchImport:
                with self._history.write((LISTS_LOCK,)) as transaction:
                    now = self._clock()
                    transaction.relist(waiting.renewed())
                    done = transaction.watch(waiting.entries(on_progress), now, import_id=import_id)
                    for name, source in waiting.lists():
                        transaction.record_import(name, source, now, import_id)
                return done

            done = self._history.retrying(write)
        return WatchReport(import_id, done.added, done.changed, done.unchanged, waiting.bad)

    def _take_off(
        self,
        rows: Iterable[Numbered[WatchRow] | Numbered[DeviceRow]],
        skip_bad: bool,  # passed on as it came
        on_bad: OnBad | None,
    ) -> UnwatchReport:
        with staged(rows, self._history.keyring, skip_bad=skip_bad, on_bad=on_bad) as waiting:

            def write() -> int:
                with self._history.write((LISTS_LOCK,)) as transaction:
                    transaction.relist(waiting.renewed())
                    return transaction.unwatch(waiting.names(), self._clock())

            return UnwatchReport(self._history.retrying(write), waiting.bad)


def _reader(
    path: str | Path,
    model: type[Row],
    given: FileFormat | None,
    encoding: Encoding,
    columns: tuple[str, ...] = (),
) -> Callable[[BinaryIO], Iterator[Numbered[Row]]]:
    return partial(
        numbered_rows, model=model, columns=columns, encoding=encoding, file_format=format_of(path, given)
    )


def _card_fields(card: CardOnRecord) -> tuple[object, ...]:
    return card


def _device_fields(entry: DeviceOnRecord) -> tuple[object, ...]:
    first, _, last = entry.equipment.partition("-")
    imei = first if not last and len(first) > len("35000000") else None
    tac = first if not last and imei is None else None
    return (
        *(imei, tac, first if last else None, last or None, entry.list, entry.source, entry.basis),
        entry.listed_from.isoformat(),
        None if entry.listed_until is None else entry.listed_until.isoformat(),
        "1" if entry.silent_alert else "0",
    )


def _write(
    path: str | Path,
    columns: tuple[str, ...],
    rows: Iterable[tuple[object, ...]],
    given: FileFormat | None,
    *,
    overwrite: bool,
    on_row: OnRow | None,
) -> int:
    path, kind = Path(path), format_of(path, given)
    if given is None and kind == "csv" and path.suffix.lower() != ".csv":
        raise InputError(
            "the name of the file ends in neither .csv nor .parquet: name it so, or give the format"
        )
    count = 0
    with _drafted(path, overwrite=overwrite) as file, _rows_into(file, columns, kind) as put:
        some: list[tuple[object, ...]] = []
        for row in rows:
            some.append(row)
            count += 1
            if len(some) == ROWS_AT_ONCE:
                _told(put, some)
                some.clear()
                if on_row is not None:
                    on_row(count)
        _told(put, some)
    return count


@contextmanager
def _drafted(path: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file that appears whole under its name or not at all, and that only its owner may read."""
    if not overwrite and (path.is_symlink() or path.exists()):
        raise InputError("the file is there already: name another one, or say that it is to be overwritten")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        file = _told(lambda: os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+b"))
        with file:
            yield file
            _told(file.flush)
            _told(lambda: os.fsync(file.fileno()))
        _told(lambda: draft.replace(path))
    finally:
        with suppress(OSError, ValueError):
            draft.unlink(missing_ok=True)


@contextmanager
def _rows_into(
    file: BinaryIO, columns: tuple[str, ...], kind: FileFormat
) -> Iterator[Callable[[list[tuple[object, ...]]], object]]:
    if kind == "csv":
        import io

        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        writer = csv.writer(text, lineterminator="\n")
        _told(writer.writerow, columns)
        yield writer.writerows
        _told(text.flush)
        text.detach()
        return
    from simkyc.lists.parquet import parquet_writer

    with parquet_writer(file, columns) as put:
        yield put


def _told(work: Callable[..., Answer], *what: object) -> Answer:
    try:
        return work(*what)
    except InputError:
        raise
    except (OSError, ValueError) as error:
        name = type(error).__name__
    raise InputError(f"the file cannot be written ({name}): see to its folder, or name another one")
