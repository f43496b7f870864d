"""Questions and changes inside one open transaction, the same for every SQL database."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, Row, TextClause, bindparam, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from simkyc.errors import (
    HistoryError,
    HistoryFormatError,
    HistoryVersionError,
    InputError,
    SettlementError,
    SimkycError,
)
from simkyc.facts import OpeningFacts, SimFacts
from simkyc.history import questions
from simkyc.history.protocol import (
    Entry,
    OpeningKeys,
    OpeningWindows,
    Recorded,
    WatchEntry,
    WatchImport,
    WatchName,
)
from simkyc.history.schema import APPLICATION, META, SCHEMA_VERSION, TABLES
from simkyc.verdict import Decision
from simkyc.watch import Listing

__all__ = ["SqlReader", "SqlSchema", "SqlTransaction"]

FOREVER = 2**63 - 1
"""Later than any event, and the largest integer that every database holds."""

ROWS_AT_ONCE = 10_000
KEYS_AT_ONCE = 1000
"""Fewer than the parameters that any database takes in one statement."""

RECORDED = text(
    "SELECT body_digest, decision, verdict_json, decided_at, admitted_until,"
    " opened_at, approved_by, released_at, closed_at"
    " FROM application WHERE application_id = :application_id"
)
RECORD = insert(APPLICATION)
ENTRY_NO = text("SELECT entry_no FROM application WHERE application_id = :application_id")
STATE = text(
    "SELECT admitted_until, opened_at, released_at, closed_at"
    " FROM application WHERE application_id = :application_id"
)
OPEN_NUMBER = text(
    "UPDATE application SET opened_at = :at, approved_by = :approved_by WHERE application_id = :application_id"
)
RELEASE = text("UPDATE application SET released_at = :at WHERE application_id = :application_id")
CLOSE_NUMBER = text("UPDATE application SET closed_at = :at WHERE application_id = :application_id")
ALLOCATE = text(
    "INSERT INTO sim_stock (iccid, store_id) VALUES (:iccid, :store)"
    " ON CONFLICT (iccid) DO UPDATE SET store_id = excluded.store_id"
)
STOCK_STORE = text("INSERT INTO stocked_store (store_id) VALUES (:store) ON CONFLICT (store_id) DO NOTHING")
WATCHED = text(
    "SELECT watch_key, list, source, listed_from, recorded_at, basis, listed_until, silent_alert"
    " FROM watch WHERE watch_key IN :keys AND removed_at IS NULL"
).bindparams(bindparam("keys", expanding=True))
# The row itself is there already only where it was recorded in this very second.
WATCH = text(
    "INSERT INTO watch (watch_key, list, source, listed_from, recorded_at,"
    " listed_until, silent_alert, import_id, basis)"
    " VALUES (:key, :list, :source, :listed_from, :at, :listed_until, :silent_alert, :import_id, :basis)"
    " ON CONFLICT (watch_key, list, source, listed_from, recorded_at) DO UPDATE SET removed_at = NULL,"
    " listed_until = excluded.listed_until, silent_alert = excluded.silent_alert,"
    " import_id = excluded.import_id, basis = excluded.basis"
)
SUPERSEDE = text(
    "UPDATE watch SET removed_at = :at WHERE watch_key = :key AND list = :list AND source = :source"
    " AND listed_from = :listed_from AND removed_at IS NULL AND recorded_at <> :at"
)
UNWATCH = text(
    "UPDATE watch SET removed_at = :at"
    " WHERE watch_key = :key AND list = :list AND source = :source AND removed_at IS NULL"
)

Parameters = Mapping[str, str | int | list[str] | None]
Answer = TypeVar("Answer")

WatchedAs = tuple[str, str, str, int]
"""What one entry of a list is known by: key, list, source, beginning."""
Says = tuple[str, int | None, int]
"""What it says: basis, end, silent alert."""

LISTINGS = text(questions.LISTINGS)


def epoch_seconds(moment: datetime) -> int:
    """Whole seconds since 1970 in UTC, rounded down.

    Raises:
        InputError: The time has no zone.
    """
    if moment.tzinfo is None:
        raise InputError("a time needs its zone")
    return int(moment.timestamp() // 1)


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _moment_or_none(seconds: int | None) -> datetime | None:
    return None if seconds is None else _moment(seconds)


class Statements:
    """Runs statements in one open transaction and keeps what databases say in their errors inside.

    Args:
        connection: Has a transaction open.
        name_fault: Tells what a database error means, without its statement or parameters.
    """

    def __init__(self, connection: Connection, name_fault: Callable[[BaseException], HistoryError]) -> None:
        self._connection = connection
        self._name_fault = name_fault
        self.fault: SimkycError | None = None
        """The first database error. Nothing more is done after it: the database may have undone the
        transaction by itself, and what follows would be outside any."""

    def _rows(self, statement: Executable, parameters: Parameters | None = None) -> Sequence[Row[Any]]:
        return self._run(lambda: self._connection.execute(statement, parameters).all())

    def _change(self, statement: Executable, parameters: Parameters | Sequence[Parameters]) -> None:
        self._run(lambda: self._connection.execute(statement, parameters))

    def _run(self, work: Callable[[], Answer]) -> Answer:
        if self.fault is None:
            try:
                return work()
            except IntegrityError:
                self.fault = InputError("this application is already recorded, or lacks something")
            except (UnicodeError, OverflowError):
                self.fault = InputError("a key or identifier is no text that can be stored")
            except SQLAlchemyError as error:
                self.fault = self._name_fault(error)
        # Outside the handlers, so that what is raised drags no statement or parameter along as context.
        raise self.fault


class SqlSchema(Statements):
    """Makes the tables, and tells what made those that are there."""

    def fingerprint(self) -> str | None:
        """Fingerprint of the secret that this history was written with; None while there is no table.

        Raises:
            HistoryFormatError: The tables are not a history's.
            HistoryVersionError: They are of a schema version that this simkyc cannot read.
        """
        present = set(self._run(lambda: inspect(self._connection).get_table_names()))
        if not present:
            return None
        if META.name not in present:
            raise HistoryFormatError("this database is not a history of simkyc: give another file")
        meta = {row.name: row.value for row in self._rows(select(META))}
        version = meta.get("schema_version", "")
        if not version.isdecimal():
            raise HistoryFormatError("the history does not say its version: restore it from a backup")
        if int(version) != SCHEMA_VERSION:
            raise HistoryVersionError(
                f"the history has schema version {int(version)} and this simkyc reads {SCHEMA_VERSION}: "
                "use the simkyc that wrote it, or a later one"
            )
        if not present >= TABLES.tables.keys() or "secret_fingerprint" not in meta:
            raise HistoryFormatError("the history lacks a part of itself: restore it from a backup")
        return str(meta["secret_fingerprint"])

    def create(self, fingerprint: str) -> None:
        """Make every table and index of a new history."""
        self._run(lambda: TABLES.create_all(self._connection, checkfirst=False))
        self._change(
            insert(META),
            [
                {"name": "schema_version", "value": str(SCHEMA_VERSION)},
                {"name": "secret_fingerprint", "value": fingerprint},
            ],
        )


class SqlReader(Statements):
    """Questions inside one snapshot, as `protocol.Reader` says."""

    def recorded(self, application_id: str) -> Recorded | None:
        """What is remembered of this application, if anything."""
        rows = self._rows(RECORDED, {"application_id": application_id})
        if not rows:
            return None
        row = rows[0]
        try:
            return Recorded(
                body_digest=row.body_digest,
                decision=Decision(row.decision),
                verdict_json=row.verdict_json,
                decided_at=_moment(row.decided_at),
                admitted_until=_moment_or_none(row.admitted_until),
                opened_at=_moment_or_none(row.opened_at),
                approved_by=row.approved_by,
                released_at=_moment_or_none(row.released_at),
                closed_at=_moment_or_none(row.closed_at),
            )
        except (ValueError, TypeError, OverflowError, OSError):
            raise HistoryFormatError("a remembered verdict is damaged: restore the history") from None

    def facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> OpeningFacts:
        """The facts about these keys as of `at`."""
        moment = epoch_seconds(at)
        return self._facts(keys, windows, moment, known_until=moment, before=before)

    def _facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: int, *, known_until: int, before: str | None
    ) -> OpeningFacts:
        asker = [] if before is None else self._rows(ENTRY_NO, {"application_id": before})
        parameters: dict[str, str | int | None] = {
            "at": at,
            "known_until": known_until,
            "before": asker[0].entry_no if asker else FOREVER,
            # No person has the empty key, so without a key of our own everybody on a device is another person.
            "person": keys.person or "",
            "representative": keys.representative,
            "device": keys.device,
            "iccid": keys.iccid,
            "msisdn": keys.msisdn,
            "store": keys.store_id,
            "clerk": keys.clerk_id,
        }
        asked = [("clerk", questions.CLERK_OPENINGS, windows.clerk_s)]
        if keys.person is not None:
            asked.append(("active", questions.ACTIVE_NUMBERS, 0))
            asked += [(f"person_{s}", questions.PERSON_OPENINGS, s) for s in windows.person_s]
        if keys.representative is not None:
            asked.append(("represented", questions.REPRESENTED_PEOPLE, windows.representative_s))
        if keys.device is not None:
            asked.append(("device", questions.DEVICE_PEOPLE, windows.device_s))
        if keys.iccid is not None:
            asked += [
                ("stock", questions.STORE_HAS_STOCK, 0),
                ("allocated", questions.ALLOCATED_HERE, 0),
                ("issued", questions.SIM_ISSUED, 0),
                ("reserved", questions.SIM_RESERVED, 0),
            ]
        parameters |= {f"{name}_window_s": window_s for name, _, window_s in asked}
        statement = _in_one(tuple((name, question) for name, question, _ in asked))
        count: Mapping[str, int] = dict(self._rows(statement, parameters)[0]._mapping)
        return OpeningFacts(
            active_numbers=count.get("active"),
            person_openings=None
            if keys.person is None
            else {window_s: count[f"person_{window_s}"] for window_s in windows.person_s},
            device_people=count.get("device"),
            clerk_openings=count["clerk"],
            represented_people=count.get("represented"),
            sim=None
            if keys.iccid is None
            else SimFacts(
                store_has_stock=count["stock"] > 0,
                allocated_here=count["allocated"] > 0,
                issued=count["issued"] > 0,
                reserved=count["reserved"] > 0,
            ),
        )

    def listings(self, keys: Sequence[str], at: datetime) -> tuple[Listing, ...]:
        """The entries of all lists that hold for these keys as of `at`."""
        moment = epoch_seconds(at)
        return self._listings(keys, moment, known_until=moment)

    def _listings(self, keys: Sequence[str], at: int, *, known_until: int) -> tuple[Listing, ...]:
        if isinstance(keys, str):
            raise InputError("the keys must come as several texts, not as one")
        rows = [
            row
            for key in dict.fromkeys(keys)
            for row in self._rows(LISTINGS, {"key": key, "at": at, "known_until": known_until})
        ]
        try:
            return tuple(
                Listing(
                    list=row.list,
                    source=row.source,
                    basis=row.basis,
                    since=_moment(row.listed_from),
                    until=_moment_or_none(row.listed_until),
                    silent_alert=bool(row.silent_alert),
                )
                for row in rows
            )
        except (ValueError, TypeError, OverflowError, OSError):
            raise HistoryFormatError("an entry of a list is damaged: restore the history") from None


@functools.lru_cache(maxsize=64)
def _in_one(named: tuple[tuple[str, str], ...]) -> TextClause:
    """Several questions as one statement: one way to the database and back, while other writers wait."""
    columns = (
        f"({question.replace(':window_s', f':{name}_window_s')}) AS {name}" for name, question in named
    )
    return text("SELECT " + ", ".join(columns))


class SqlTransaction(SqlReader):
    """Questions and changes that take effect together or not at all, as `protocol.Transaction` says."""

    def facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> OpeningFacts:
        """The facts about these keys at `at`, knowing all that was recorded, also with a later time."""
        return self._facts(keys, windows, epoch_seconds(at), known_until=FOREVER, before=before)

    def listings(self, keys: Sequence[str], at: datetime) -> tuple[Listing, ...]:
        """The entries that hold for these keys at `at`, knowing all that was recorded."""
        return self._listings(keys, epoch_seconds(at), known_until=FOREVER)

    def record(self, entry: Entry) -> None:
        """Remember one verdict."""
        until = entry.admitted_until
        row: Parameters = {
            "application_id": entry.application_id,
            "body_digest": entry.body_digest,
            "person_key": entry.keys.person,
            "representative_key": entry.keys.representative,
            "device_key": entry.keys.device,
            "iccid": entry.keys.iccid,
            "msisdn_key": entry.keys.msisdn,
            "store_id": entry.keys.store_id,
            "dealer_id": entry.keys.dealer_id,
            "clerk_id": entry.keys.clerk_id,
            "decided_at": epoch_seconds(entry.decided_at),
            "decision": entry.decision.value,
            "admitted_until": None if until is None else epoch_seconds(until),
            "verdict_json": entry.verdict_json,
        }
        self._change(RECORD, row)

    def open_number(self, application_id: str, at: datetime, *, approved_by: str | None = None) -> None:
        """The card of this admitted application was issued at `at`."""
        state = self._admitted(application_id)
        if state.released_at is not None:
            raise SettlementError("this application was released, so no card may be issued for it")
        if state.opened_at is None:
            when = epoch_seconds(at)
            self._change(
                OPEN_NUMBER, {"application_id": application_id, "at": when, "approved_by": approved_by}
            )

    def release(self, application_id: str, at: datetime) -> None:
        """The admission ended without a card at `at`."""
        state = self._admitted(application_id)
        if state.opened_at is not None:
            raise SettlementError("the card of this application was issued: close the number instead")
        if state.released_at is None:
            self._change(RELEASE, {"application_id": application_id, "at": epoch_seconds(at)})

    def close_number(self, application_id: str, at: datetime) -> None:
        """The number opened by this application was cancelled at `at`."""
        state = self._admitted(application_id)
        if state.opened_at is None:
            raise SettlementError("no card was issued for this application, so no number can be closed")
        if state.closed_at is None:
            self._change(CLOSE_NUMBER, {"application_id": application_id, "at": epoch_seconds(at)})

    def allocate(self, store_id: str, iccids: Iterable[str]) -> int:
        """Allocate SIMs to a store, moving those allocated elsewhere; return how many different ones."""
        if isinstance(iccids, str):
            raise InputError("the ICCIDs must come as several texts, not as one")
        remaining, known = iter(iccids), set[str]()
        while some := list(itertools.islice(remaining, ROWS_AT_ONCE)):
            if not all(isinstance(iccid, str) for iccid in some):
                raise InputError("every ICCID must be text")
            self._change(ALLOCATE, [{"iccid": iccid, "store": store_id} for iccid in some])
            known.update(some)
        if known:
            self._change(STOCK_STORE, {"store": store_id})
        return len(known)

    def watch(self, entries: Iterable[WatchEntry], at: datetime, *, import_id: str) -> WatchImport:
        """Put entries on their lists, known from `at` on; the same entries again change nothing."""
        now, remaining = epoch_seconds(at), iter(entries)
        added = unchanged = changed = 0
        while some := list(itertools.islice(remaining, ROWS_AT_ONCE)):
            known = self._watched({entry.name.key for entry in some})
            fresh: dict[WatchedAs, Parameters] = {}
            other: set[WatchedAs] = set()
            for entry in some:
                identity, says = _watched_as(entry), _says(entry)
                there = known.get(identity)
                if there == says:
                    unchanged += 1
                    continue
                if there is None:
                    added += 1
                else:
                    changed += 1
                    other.add(identity)
                known[identity] = says
                # A list may name one entry twice: the last word counts.
                fresh[identity] = _watch_row(identity, says, now, import_id)
            # In the order of the table, which a database takes in faster.
            for statement, identities in ((SUPERSEDE, other), (WATCH, fresh.keys())):
                if identities:
                    self._change(statement, [fresh[identity] for identity in sorted(identities)])
        return WatchImport(added=added, unchanged=unchanged, changed=changed)

    def _watched(self, keys: set[str]) -> dict[WatchedAs, Says]:
        """What the lists say now of these keys."""
        known: dict[WatchedAs, Says] = {}
        ordered = sorted(keys)
        for start in range(0, len(ordered), KEYS_AT_ONCE):
            rows = self._rows(WATCHED, {"keys": ordered[start : start + KEYS_AT_ONCE]})
            for row in rows:
                identity = (row.watch_key, row.list, row.source, row.listed_from)
                known[identity] = (row.basis, row.listed_until, row.silent_alert)
        return known

    def unwatch(self, names: Iterable[WatchName], at: datetime) -> int:
        """Take every entry of these names off its list, no longer known from `at` on; return how many."""
        now, remaining, removed = epoch_seconds(at), iter(names), 0
        while some := list(itertools.islice(remaining, ROWS_AT_ONCE)):
            rows: list[dict[str, str | int]] = [
                {"key": name.key, "list": name.list, "source": name.source, "at": now}
                for name in sorted(set(some), key=lambda name: (name.key, name.list, name.source))
            ]
            removed += self._run(partial(self._removed, rows))
        return removed

    def _removed(self, rows: list[dict[str, str | int]]) -> int:
        return self._connection.execute(UNWATCH, rows).rowcount

    def _admitted(self, application_id: str) -> Row[Any]:
        rows = self._rows(STATE, {"application_id": application_id})
        if not rows:
            raise SettlementError("no application is recorded under this identifier")
        if rows[0].admitted_until is None:
            raise SettlementError("this application was not admitted, so there is nothing to settle")
        return rows[0]


def _watched_as(entry: WatchEntry) -> WatchedAs:
    return entry.name.key, entry.name.list, entry.name.source, epoch_seconds(entry.listed_from)


def _says(entry: WatchEntry) -> Says:
    until = None if entry.listed_until is None else epoch_seconds(entry.listed_until)
    return entry.basis, until, int(entry.silent_alert)


def _watch_row(identity: WatchedAs, says: Says, at: int, import_id: str) -> Parameters:
    key, watch_list, source, listed_from = identity
    basis, listed_until, silent_alert = says
    return {
        "key": key,
        "list": watch_list,
        "source": source,
        "listed_from": listed_from,
        "at": at,
        "listed_until": listed_until,
        "silent_alert": silent_alert,
        "import_id": import_id,
        "basis": basis,
    }
