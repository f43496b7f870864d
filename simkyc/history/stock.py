"""The SIM stock inside one open transaction: what a file of cards changes, what it may not, what is written out.

A card is a row a version; the one in force has no `replaced_at`. Whether a card is reserved or issued right now the
applications know, so that is asked of them and never copied.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple, TypeVar

from sqlalchemy import Connection, Executable, Index, bindparam, insert, text

from simkyc.errors import InputError
from simkyc.history.protocol import CardOnRecord, StockCard, StockFault, StockImport
from simkyc.history.questions import BINDING
from simkyc.history.schema import SIM_STOCK

__all__ = ["SimStock"]

CARDS_AT_ONCE = 10_000
KEYS_AT_ONCE = 1000
"""Fewer than the parameters that any database takes in one statement."""

Answer = TypeVar("Answer")
Parameters = Mapping[str, str | int | list[str] | None]

SELLABLE: Final = ("in_stock", "reserved")
"""States of a card that a number is still meant for."""
AFTER_ISSUE: Final = ("issued", "returned", "lost", "cancelled")
"""States that a card which was issued may be said to have: it is sold once."""

ANY_CARD = text("SELECT 1 FROM sim_stock LIMIT 1")
ANY_APPLICATION = text("SELECT 1 FROM application WHERE iccid IS NOT NULL LIMIT 1")
CARDS_UP_TO = text("SELECT COUNT(*) AS cards FROM (SELECT 1 FROM sim_stock LIMIT :most) AS counted")
CURRENT = text(
    "SELECT iccid, lot, store_id, dealer_id, state, imsi, msisdn, imsi_key, msisdn_key FROM sim_stock"
    " WHERE iccid IN :keys AND replaced_at IS NULL"
).bindparams(bindparam("keys", expanding=True))
OTHERS_BY_IMSI = text(
    "SELECT imsi_key AS number_key, iccid FROM sim_stock WHERE imsi_key IN :keys AND replaced_at IS NULL"
    " AND imsi IS NOT NULL AND state IN ('in_stock', 'reserved')"
).bindparams(bindparam("keys", expanding=True))
OTHERS_BY_MSISDN = text(
    "SELECT msisdn_key AS number_key, iccid FROM sim_stock WHERE msisdn_key IN :keys AND replaced_at IS NULL"
    " AND msisdn IS NOT NULL AND state IN ('in_stock', 'reserved')"
).bindparams(bindparam("keys", expanding=True))

IS_ISSUED = f"application.opened_at IS NOT NULL AND {BINDING}"
IS_HELD = (
    "application.opened_at IS NULL AND application.released_at IS NULL AND application.admitted_until > :at"
)
SOLD = text(
    f"SELECT application.iccid, COUNT(CASE WHEN {IS_ISSUED} THEN 1 END) AS issued,"
    f" COUNT(CASE WHEN {IS_HELD} THEN 1 END) AS held"
    " FROM application WHERE application.iccid IN :keys GROUP BY application.iccid"
).bindparams(bindparam("keys", expanding=True))
WRITTEN_OUT = text(
    "SELECT sim_stock.iccid, sim_stock.imsi, sim_stock.msisdn, sim_stock.lot, sim_stock.store_id, sim_stock.dealer_id,"
    " CASE WHEN sim_stock.state IN ('in_stock', 'reserved') AND EXISTS (SELECT 1 FROM application"
    f" WHERE application.iccid = sim_stock.iccid AND {IS_ISSUED}) THEN 'issued'"
    " WHEN sim_stock.state = 'in_stock' AND EXISTS (SELECT 1 FROM application"
    f" WHERE application.iccid = sim_stock.iccid AND {IS_HELD}) THEN 'reserved'"
    " ELSE sim_stock.state END AS state"
    " FROM sim_stock WHERE sim_stock.replaced_at IS NULL ORDER BY sim_stock.iccid"
)

SUPERSEDE = text(
    "UPDATE sim_stock SET replaced_at = :recorded_at"
    " WHERE iccid = :iccid AND replaced_at IS NULL AND recorded_at <> :recorded_at"
)
NEW_CARD = insert(SIM_STOCK)
# The row itself is there already only where it was recorded in this very second.
NEW_VERSION = text(
    "INSERT INTO sim_stock (iccid, recorded_at, lot, store_id, dealer_id, state, imsi, msisdn, imsi_key, msisdn_key,"
    " import_id) VALUES (:iccid, :recorded_at, :lot, :store_id, :dealer_id, :state, :imsi, :msisdn, :imsi_key,"
    " :msisdn_key, :import_id) ON CONFLICT (iccid, recorded_at) DO UPDATE SET replaced_at = NULL, lot = excluded.lot,"
    " store_id = excluded.store_id, dealer_id = excluded.dealer_id, state = excluded.state, imsi = excluded.imsi,"
    " msisdn = excluded.msisdn, imsi_key = excluded.imsi_key, msisdn_key = excluded.msisdn_key,"
    " import_id = excluded.import_id"
)
STOCK_STORE = text(
    "INSERT INTO stocked_store (store_id, stocked_at) VALUES (:store_id, :at) ON CONFLICT (store_id) DO NOTHING"
)
WIPE = text(
    "UPDATE sim_stock SET imsi = NULL, msisdn = NULL"
    " WHERE iccid = :iccid AND (imsi IS NOT NULL OR msisdn IS NOT NULL)"
)


class Version(NamedTuple):
    """What the stock says of one card."""

    lot: str | None
    store_id: str | None
    dealer_id: str | None
    state: str
    imsi: str | None
    msisdn: str | None
    imsi_key: str | None
    msisdn_key: str | None


class Sold(NamedTuple):
    """What the applications say of one card."""

    issued: bool
    held: bool


ROW: Final = ("iccid", "recorded_at", *Version._fields, "import_id")
Row = tuple[str | int | None, ...]
"""What is written of one card, in the order of `ROW`."""

UNSOLD = Sold(issued=False, held=False)
Known = tuple[Mapping[str, Version], Mapping[str, Sold]]


class SimStock:
    """Reads and changes the stock.

    Args:
        connection: Has a transaction open.
        run: Runs work on it and keeps what databases say in their errors inside.
    """

    def __init__(self, connection: Connection, run: Callable[[Callable[[], Any]], Any]) -> None:
        self._connection = connection
        self._run = run

    def rows(self, at: int) -> Iterator[CardOnRecord]:
        """Every card in the order of ICCIDs, as it stands at `at` (epoch seconds)."""
        options = {"yield_per": KEYS_AT_ONCE}
        result = self._run(
            lambda: self._connection.execute(WRITTEN_OUT, {"at": at}, execution_options=options)
        )
        while some := self._run(lambda: result.fetchmany(KEYS_AT_ONCE)):
            for row in some:
                yield CardOnRecord(*row)

    def faults(self, cards: Iterable[StockCard], at: int) -> Iterator[StockFault]:
        """What the history has against cards that are to be put into it."""
        if not self._any(ANY_CARD) and not self._any(ANY_APPLICATION):
            return
        known = self._knowing()
        for some in _chunks(cards, CARDS_AT_ONCE):
            versions, sold = known([card.iccid for card in some], at)
            wanted: dict[str, dict[str, StockCard]] = {"imsi": {}, "msisdn": {}}
            for card in some:
                there, is_sold = versions.get(card.iccid), sold.get(card.iccid, UNSOLD)
                if is_sold.issued and _sells_again(card, there):
                    yield StockFault(card.line, "already_issued", None)
                    continue
                now = _merged(card, there, is_sold)
                if now.state in SELLABLE:
                    if now.imsi is not None and now.imsi_key is not None:
                        wanted["imsi"][now.imsi_key] = card
                    if now.msisdn is not None and now.msisdn_key is not None:
                        wanted["msisdn"][now.msisdn_key] = card
            for what, question in (("msisdn", OTHERS_BY_MSISDN), ("imsi", OTHERS_BY_IMSI)):
                for row in self._by_keys(question, wanted[what]):
                    card = wanted[what][row.number_key]
                    if row.iccid != card.iccid:
                        yield StockFault(card.line, f"{what}_on_two_cards", row.iccid)

    def put(self, cards: Iterable[StockCard], at: int, *, count: int, import_id: str) -> StockImport:
        """Put cards into the stock, known from `at` on; the same cards again change nothing.

        Args:
            cards: Different ones, in the order of their ICCIDs.
            at: Now, in epoch seconds.
            count: How many they are.
            import_id: An identifier that stands beside what was added or changed.
        """
        known = self._knowing()
        # Keyed hashes come in no order: into a large index they are sorted far faster than put one by one.
        indexes = sorted(SIM_STOCK.indexes, key=_name) if self._is_most(count) else []
        for index in indexes:
            self._run(partial(index.drop, self._connection))
        added = changed = unchanged = 0
        stores: set[str] = set()
        for some in _chunks(cards, CARDS_AT_ONCE):
            versions, sold = known([card.iccid for card in some], at)
            new: list[Row] = []
            other: list[Row] = []
            for card in some:
                there = versions.get(card.iccid)
                now = _merged(card, there, sold.get(card.iccid, UNSOLD))
                if there == now:
                    unchanged += 1
                    continue
                (new if there is None else other).append((card.iccid, at, *now, import_id))
                if now.store_id is not None:
                    stores.add(now.store_id)
            added, changed = added + len(new), changed + len(other)
            self._write(new, other)
        for index in indexes:
            self._run(partial(index.create, self._connection))
        self._stock_stores(stores, at)
        return StockImport(added=added, changed=changed, unchanged=unchanged)

    def allocate(self, store_id: str, iccids: Iterable[str], at: int) -> int:
        """Allocate cards to a store, moving those that lie elsewhere; return how many different ones."""
        if isinstance(iccids, str):
            raise InputError("the ICCIDs must come as several texts, not as one")
        met: set[str] = set()
        for some in _chunks(iccids, CARDS_AT_ONCE):
            if not all(isinstance(iccid, str) for iccid in some):
                raise InputError("every ICCID must be text")
            different = sorted(set(some) - met)
            met.update(different)
            versions = self._versions(different)
            new: list[Row] = []
            other: list[Row] = []
            for iccid in different:
                there = versions.get(iccid)
                if there is None:
                    now = Version(None, store_id, None, "in_stock", None, None, None, None)
                    new.append((iccid, at, *now, None))
                elif there.store_id != store_id:
                    other.append((iccid, at, *there._replace(store_id=store_id), None))
            self._write(new, other)
        if met:
            self._stock_stores({store_id}, at)
        return len(met)

    def wipe(self, iccid: str) -> None:
        """Forget the numbers of a card in the clear, in every version of it; their keys stay."""
        self._change(WIPE, {"iccid": iccid})

    def _knowing(self) -> Callable[[Sequence[str], int], Known]:
        """What is known of cards; nothing is asked of tables that are empty."""
        stocked, applied = self._any(ANY_CARD), self._any(ANY_APPLICATION)

        def known(iccids: Sequence[str], at: int) -> Known:
            sold = self._by_keys(SOLD, iccids, at=at) if applied else ()
            return (
                self._versions(iccids) if stocked else {},
                {row.iccid: Sold(row.issued > 0, row.held > 0) for row in sold},
            )

        return known

    def _versions(self, iccids: Sequence[str]) -> dict[str, Version]:
        return {row[0]: Version._make(row[1:]) for row in self._by_keys(CURRENT, iccids)}

    def _by_keys(self, question: Executable, keys: Iterable[str], **more: int) -> Iterator[Any]:
        for some in _chunks(keys, KEYS_AT_ONCE):
            asked: Parameters = {"keys": some, **more}
            yield from self._run(partial(self._all, question, asked))

    def _any(self, question: Executable) -> bool:
        return bool(self._run(partial(self._all, question, None)))

    def _all(self, question: Executable, asked: Parameters | None) -> Sequence[Any]:
        return self._connection.execute(question, asked).all()

    def _is_most(self, count: int) -> bool:
        """Whether so many cards are more than those that the stock has."""
        # Elsewhere counters read the stock meanwhile, and only its owner may drop an index.
        if self._connection.dialect.name != "sqlite":
            return False
        there = self._run(lambda: self._connection.execute(CARDS_UP_TO, {"most": count}).scalar_one())
        return count > CARDS_AT_ONCE and bool(there < count)

    def _write(self, new: list[Row], other: list[Row]) -> None:
        if new:
            self._run(partial(self._insert, new))
        if other:
            named = [dict(zip(ROW, row, strict=True)) for row in other]
            self._change(SUPERSEDE, named)
            self._change(NEW_VERSION, named)

    def _insert(self, rows: list[Row]) -> None:
        """New cards, past what SQLAlchemy does for each row: of millions it would be a third of the time."""
        compiled = NEW_CARD.compile(dialect=self._connection.dialect, column_keys=list(ROW))
        order = [ROW.index(name) for name in compiled.positiontup or ()]
        given: list[Any]
        if order == list(range(len(ROW))):
            given = rows
        elif order:
            given = [tuple(row[place] for place in order) for row in rows]
        else:
            given = [dict(zip(ROW, row, strict=True)) for row in rows]
        self._connection.exec_driver_sql(str(compiled), given)

    def _stock_stores(self, stores: set[str], at: int) -> None:
        if stores:
            self._change(STOCK_STORE, [{"store_id": store_id, "at": at} for store_id in sorted(stores)])

    def _change(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> None:
        self._run(lambda: self._connection.execute(statement, parameters))


Item = TypeVar("Item")


def _chunks(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    remaining = iter(items)
    while some := list(itertools.islice(remaining, size)):
        yield some


def _name(index: Index) -> str:
    return str(index.name)


def _sells_again(card: StockCard, there: Version | None) -> bool:
    """Whether a row would make a card that was issued one that could be sold."""
    if card.state is not None and card.state not in AFTER_ISSUE:
        return True
    return any(
        said is not None and known is not None and said != known
        for said, known in (
            (card.imsi_key, there and there.imsi_key),
            (card.msisdn_key, there and there.msisdn_key),
        )
    )


def _merged(card: StockCard, there: Version | None, sold: Sold) -> Version:
    """What the stock says of a card after a row: what the row leaves empty stays as it was."""
    if there is None and sold is UNSOLD and card.state != "issued":
        state: str = card.state or "in_stock"
        return Version(
            *(card.lot, card.store_id, card.dealer_id, state),
            *(card.imsi, card.msisdn, card.imsi_key, card.msisdn_key),
        )
    before = there or Version(None, None, None, "in_stock", None, None, None, None)
    state = card.state or before.state
    # What the applications say anyway is not said again: it would outlive them.
    if there is not None and state == _state_now(before, sold):
        state = before.state
    in_the_clear = state != "issued" and not sold.issued
    return Version(
        lot=card.lot or before.lot,
        store_id=card.store_id or before.store_id,
        dealer_id=card.dealer_id or before.dealer_id,
        state=state,
        imsi=(card.imsi or before.imsi) if in_the_clear else None,
        msisdn=(card.msisdn or before.msisdn) if in_the_clear else None,
        imsi_key=card.imsi_key or before.imsi_key,
        msisdn_key=card.msisdn_key or before.msisdn_key,
    )


def _state_now(version: Version, sold: Sold) -> str:
    if sold.issued and version.state in SELLABLE:
        return "issued"
    return "reserved" if sold.held and version.state == "in_stock" else version.state
