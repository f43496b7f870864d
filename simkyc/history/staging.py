"""Lists on their way into the history: read, checked and keyed outside any transaction, written inside one.

What waits in between lies in a temporary file, so that millions of rows are neither held in memory nor keep the
counters from writing while they are read. Of people it holds keyed hashes and never a number.
"""

from __future__ import annotations

import itertools
import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeVar

from simkyc.errors import HistoryError, InputError
from simkyc.history.keys import Keyring
from simkyc.history.protocol import StockCard, StockFault, WatchEntry, WatchName
from simkyc.lists.devices import DeviceEntryRow, DeviceRow, tac_key
from simkyc.lists.rows import BadHeader, BadRow, ListRow, Numbered
from simkyc.lists.stock import StockRow
from simkyc.lists.watch import LOST_DOCUMENT, WatchEntryRow, WatchRow

__all__ = ["OnBad", "OnProgress", "StagedCards", "StagedEntries", "rows_in", "staged", "staged_cards"]

OnBad = Callable[[BadRow], None]
"""Hears of each row that cannot be taken in, as it is met."""

OnProgress = Callable[[Literal["reading", "writing"], int, int], None]
"""Hears now and then how much is done of how much: bytes while reading, rows while writing."""

Row = TypeVar("Row", bound=ListRow)
Answer = TypeVar("Answer")

ROWS_A_STEP = 5000
"""Rows between two words on the progress, and rows that are put aside at once."""
BAD_ROWS_TOLD = 20
"""How many bad rows an error names; the others are only counted."""
CACHE_KIB = 16_384
PASSES = 8
"""How often cards are held against the history, each time without those that were left out before."""

SELLABLE = ("in_stock", "reserved")
"""States of a card that a number is still meant for."""

FAULT_ADVICE = {
    "duplicate_iccid": "the card stands in an earlier row: leave one of them",
    "msisdn_on_two_cards": "the number is another card's: see which of them it belongs to",
    "imsi_on_two_cards": "the IMSI is another card's: see which of them it belongs to",
    "already_issued": "the card was issued: its numbers stay, and it is not sold again",
}


def rows_in(
    path: str | Path,
    read: Callable[[BinaryIO], Iterator[Numbered[Row]]],
    on_progress: OnProgress | None = None,
) -> Iterator[Numbered[Row]]:
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
    except InputError:
        raise
    except (OSError, ValueError) as error:
        raise InputError(f"the list cannot be read ({type(error).__name__}): check its path") from None


class _BadRows:
    """Counts the rows that cannot be taken in and keeps the first of them."""

    def __init__(self, on_bad: OnBad | None, *, skip_bad: bool) -> None:
        self.count = 0
        self._on_bad, self._skip_bad = on_bad, skip_bad
        self._first: list[BadRow] = []

    def add(self, row: BadRow) -> None:
        self.count += 1
        if len(self._first) < BAD_ROWS_TOLD:
            self._first.append(row)
        if self._on_bad is not None:
            self._on_bad(row)

    def stop(self, rows: int) -> None:
        """Say that nothing was written, if nothing may be.

        Raises:
            InputError: A row cannot be taken in and is not to be skipped, or the header is wrong.
        """
        if self._first and (not self._skip_bad or isinstance(self._first[0], BadHeader)):
            raise _refused(self._first, self.count, rows)


class _Waiting:
    """A table in a temporary file that nobody else sees and that ends with the block."""

    def __init__(self, folder: Path, columns: Sequence[str]) -> None:
        self._connection = _room(partial(sqlite3.connect, folder / "waiting", isolation_level=None))
        for setting in ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", f"cache_size=-{CACHE_KIB}"):
            self.ask(f"PRAGMA {setting}")
        self.ask(f"CREATE TABLE waiting ({', '.join(columns)})")
        self.ask("CREATE TABLE renewed (old, new)")
        self.ask("BEGIN")
        self._insert = f"INSERT INTO waiting VALUES ({', '.join('?' * len(columns))})"  # names of ours

    def add(self, rows: Sequence[Sequence[object]]) -> None:
        _room(partial(self._connection.executemany, self._insert, rows))

    def renew(self, pairs: Sequence[tuple[str, str]]) -> None:
        """Keep former keys of what waits beside the present ones."""
        _room(partial(self._connection.executemany, "INSERT INTO renewed VALUES (?, ?)", pairs))

    def write_out(self) -> None:
        """Write all of it, so that a full disk is noticed before a transaction of the history begins."""
        self.ask("COMMIT")

    def ask(self, question: str, parameters: Sequence[object] = ()) -> list[Any]:
        return _room(lambda: self._connection.execute(question, parameters).fetchall())

    def each(self, question: str) -> Iterator[Any]:
        """Rows one at a time, from a cursor of their own."""
        found = _room(partial(self._connection.execute, question))
        while some := _room(partial(found.fetchmany, ROWS_A_STEP)):
            yield from some

    def delete(self, lines: Iterable[int]) -> None:
        self._connection.executemany("DELETE FROM waiting WHERE line = ?", ((line,) for line in lines))

    def close(self) -> None:
        self._connection.close()


@contextmanager
def _waiting(columns: Sequence[str]) -> Iterator[_Waiting]:
    with _room(_temporary_folder) as folder, closing(_Waiting(Path(folder), columns)) as waiting:
        yield waiting


def _temporary_folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="simkyc-")


def _room(work: Callable[[], Answer]) -> Answer:
    try:
        return work()
    except (OSError, sqlite3.Error) as error:
        name = type(error).__name__
    raise HistoryError(f"the temporary folder takes no list ({name}): make room, or name another in TMPDIR")


@dataclass(frozen=True, slots=True)
class StagedEntries:
    """Entries of lists that wait to be written. `bad` rows were skipped."""

    count: int
    bad: int
    _table: _Waiting

    def entries(self, on_progress: OnProgress | None = None) -> Iterator[WatchEntry]:
        """Entries to be put on their lists, by key; of those that a file says twice, the last."""
        rows = self._table.each("SELECT * FROM waiting ORDER BY watch_key, list, source, since, place")
        for done, (_, same) in enumerate(itertools.groupby(rows, key=lambda row: row[:4])):
            if on_progress is not None and done % ROWS_A_STEP == 0:
                on_progress("writing", done, self.count)
            *_, (key, name, source, since, _place, equipment, basis, until, silent_alert) = same
            yield WatchEntry(
                name=WatchName(key, name, source),
                basis=basis,
                listed_from=datetime.fromtimestamp(since, UTC),
                listed_until=None if until is None else datetime.fromtimestamp(until, UTC),
                silent_alert=bool(silent_alert),
                equipment=equipment,
            )

    def names(self) -> Iterator[WatchName]:
        """Names to be taken off their lists."""
        for row in self._table.each("SELECT DISTINCT watch_key, list, source FROM waiting ORDER BY 1, 2, 3"):
            yield WatchName(*row)

    def renewed(self) -> Iterator[tuple[str, str]]:
        """Keys under a secret of before of what waits, with the present ones."""
        yield from self._table.each("SELECT DISTINCT old, new FROM renewed WHERE old <> new ORDER BY 1")

    def lists(self) -> list[tuple[str, str]]:
        """Which lists they are of, and whose."""
        return self._table.ask("SELECT DISTINCT list, source FROM waiting ORDER BY 1, 2")


ENTRY_COLUMNS = (
    *("watch_key", "list", "source", "since", "place INTEGER PRIMARY KEY"),
    *("equipment", "basis", "until", "silent_alert"),
)


@contextmanager
def staged(
    rows: Iterable[Numbered[WatchRow] | Numbered[DeviceRow]],
    keyring: Keyring,
    *,
    skip_bad: bool = False,
    on_bad: OnBad | None = None,
) -> Iterator[StagedEntries]:
    """Take in every row of a list and keep it, keyed, until the block ends.

    Raises:
        InputError: A row cannot be taken in and is not to be skipped, or the header is wrong.
        HistoryError: The temporary folder cannot be written.
    """
    good, count, bad = 0, 0, _BadRows(on_bad, skip_bad=skip_bad)
    with _waiting(ENTRY_COLUMNS) as table:
        some: list[tuple[object, ...]] = []
        for _, row in rows:
            if isinstance(row, BadRow):
                bad.add(row)
                continue
            good += 1
            for former in keyring.former:
                known = zip(_keys(row, former), _keys(row, keyring), strict=True)
                table.renew([(old, new) for (old, _), (new, _) in known])
            for key, equipment in _keys(row, keyring):
                count += 1
                some.append(_entry(key, equipment, row, count))
            if len(some) >= ROWS_A_STEP:
                table.add(some)
                some.clear()
        bad.stop(good + bad.count)
        table.add(some)
        table.write_out()
        yield StagedEntries(count, bad.count, table)


def _keys(row: WatchRow | DeviceRow, keyring: Keyring) -> Iterable[tuple[str, str | None]]:
    if isinstance(row, DeviceRow):
        if row.imei is not None:
            return [(keyring.device(row.imei), row.equipment)]
        return [(tac_key(prefix), row.equipment) for prefix in row.prefixes]
    if row.list == LOST_DOCUMENT:
        return [(keyring.document(row.kind, row.number), None)]
    return [(keyring.person(*row.identity), None)]


def _entry(key: str, equipment: str | None, row: WatchRow | DeviceRow, place: int) -> tuple[object, ...]:
    if not isinstance(row, WatchEntryRow | DeviceEntryRow):
        return key, row.list, row.source, None, place, equipment, None, None, None
    until = None if row.until is None else int(row.until.timestamp())
    since = int(row.since.timestamp())
    return key, row.list, row.source, since, place, equipment, row.basis, until, int(row.silent_alert)


@dataclass(slots=True)
class StagedCards:
    """Cards that wait to be put into the stock. `count` wait and `bad` were skipped."""

    count: int
    _bad: _BadRows
    _table: _Waiting
    _in_order: bool
    _has_index: bool = False

    @property
    def bad(self) -> int:
        """How many rows were left out."""
        return self._bad.count

    def cards(self, on_progress: OnProgress | None = None) -> Iterator[StockCard]:
        """The cards in the order of their ICCIDs."""
        order = "line" if self._in_order else "iccid"
        for done, row in enumerate(self._table.each(f"SELECT * FROM waiting ORDER BY {order}")):  # one of two
            if on_progress is not None and done % ROWS_A_STEP == 0:
                on_progress("writing", done, self.count)
            yield StockCard._make(row)

    def leave_out(self, faults: Callable[[Iterator[StockCard]], Iterator[StockFault]]) -> None:
        """Leave out the cards that the history has something against.

        Args:
            faults: Tells what it has against some of them.

        Raises:
            InputError: There are such, and they are not to be skipped.
        """
        rows = self.count + self.bad
        # A card that gives its number away in this very file is no fault, unless its own row is left out for one.
        for forgive in (*(True,) * PASSES, False):
            if not self._left_out(faults(self.cards()), forgive=forgive):
                break
            self._bad.stop(rows)

    def _left_out(self, faults: Iterator[StockFault], *, forgive: bool) -> bool:
        causes: dict[int, str] = {}
        for fault in faults:
            if fault.other is None or not (forgive and self._gives_away(fault)):
                causes.setdefault(fault.line, fault.cause)
        self._leave_out(causes.items())
        return bool(causes)

    def _gives_away(self, fault: StockFault) -> bool:
        if not self._has_index:
            self._table.ask("CREATE INDEX card_by_iccid ON waiting (iccid)")
            self._has_index = True
        asked = "SELECT imsi_key, msisdn_key, state FROM waiting WHERE iccid = ?"
        what = ("imsi", "msisdn").index(fault.cause.partition("_")[0])
        taken = "SELECT imsi_key, msisdn_key FROM waiting WHERE line = ?"
        number = self._table.ask(taken, (fault.line,))[0][what]
        for *keys, state in self._table.ask(asked, (fault.other,)):
            if state not in (None, *SELLABLE) or keys[what] not in (None, number):
                return True
        return False

    def _leave_out(self, causes: Iterable[tuple[int, str]]) -> None:
        for line, cause in causes:
            column = cause.partition("_")[0] if cause.endswith("two_cards") else "iccid"
            self._bad.add(BadRow(line, column, cause, FAULT_ADVICE[cause]))
            self._table.delete((line,))
            self.count -= 1

    def _leave_out_repeated(self, ordered: dict[str, bool]) -> None:
        """Leave out every card but the first that has an ICCID, a number or an IMSI."""
        for column, cause in (
            ("iccid", "duplicate_iccid"),
            ("msisdn", "msisdn_on_two_cards"),
            ("imsi", "imsi_on_two_cards"),
        ):
            if ordered[column]:
                continue
            # A card that is no longer for sale may name a number that another has now.
            among = "1 = 1" if column == "iccid" else f"COALESCE(state, 'in_stock') IN {SELLABLE}"
            named = f"FROM waiting WHERE {column} IS NOT NULL AND {among}"
            if not self._table.ask(f"SELECT 1 {named} GROUP BY {column} HAVING COUNT(*) > 1 LIMIT 1"):
                continue
            again = self._table.ask(
                f"SELECT line FROM (SELECT line, {column} AS number, LAG({column}) OVER (ORDER BY {column}, line)"
                f" AS before {named}) WHERE number = before ORDER BY line"
            )
            self._leave_out((line, cause) for (line,) in again)


CARD_COLUMNS = ("line INTEGER PRIMARY KEY", *StockCard._fields[1:])


@contextmanager
def staged_cards(
    rows: Iterable[Numbered[StockRow]],
    keyring: Keyring,
    *,
    skip_bad: bool = False,
    on_bad: OnBad | None = None,
) -> Iterator[StagedCards]:
    """Take in every row of a file of stock and keep it until the block ends.

    Raises:
        InputError: A row cannot be taken in and is not to be skipped, or the header is wrong.
        HistoryError: The temporary folder cannot be written.
    """
    bad = _BadRows(on_bad, skip_bad=skip_bad)
    # A maker's file comes in order, and what only ever rises needs no search for what is there twice.
    rises, last = {"iccid": True, "msisdn": True, "imsi": True}, {"iccid": "", "msisdn": "", "imsi": ""}
    with _waiting(CARD_COLUMNS) as table:
        count, some = 0, []
        for line, row in rows:
            if isinstance(row, BadRow):
                bad.add(row)
                continue
            iccid, imsi, msisdn = row.iccid, row.imsi, row.msisdn
            for column, number in (("iccid", iccid), ("imsi", imsi), ("msisdn", msisdn)):
                if number is not None and rises[column]:
                    rises[column] = number > last[column]
                    last[column] = number
            imsi_key = None if imsi is None else keyring.imsi(imsi)
            msisdn_key = None if msisdn is None else keyring.msisdn(msisdn)
            some.append(
                (
                    line,
                    iccid,
                    imsi,
                    msisdn,
                    imsi_key,
                    msisdn_key,
                    row.lot,
                    row.store_id,
                    row.dealer_id,
                    row.state,
                )
            )
            count += 1
            if len(some) == ROWS_A_STEP:
                table.add(some)
                some.clear()
        table.add(some)
        table.write_out()
        waiting = StagedCards(count, bad, table, _in_order=rises["iccid"])
        rows_met = count + bad.count
        waiting._leave_out_repeated(rises)  # of this file
        bad.stop(rows_met)
        yield waiting


def _refused(first: list[BadRow], bad: int, rows: int) -> InputError:
    if isinstance(first[0], BadHeader):
        where, what = _problem(first[0])
        return InputError(f"the header of the list does not fit, {where}: {what}", [(where, what)])
    problems = [_problem(row) for row in first]
    listed = "; ".join(f"{where}: {what.partition(':')[0]}" for where, what in problems[:5])
    more = f" and {bad - 5} more" if bad > 5 else ""
    return InputError(
        f"{bad} of {rows} rows cannot be taken in, so nothing was written: {listed}{more}; "
        "correct them, or have them skipped",
        problems,
    )


def _problem(row: BadRow) -> tuple[str, str]:
    return f"line {row.line}" + (f", {row.column}" if row.column else ""), f"{row.cause}: {row.advice}"
