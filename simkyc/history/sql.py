"""Questions and changes inside one open transaction, the same for every SQL database."""

from __future__ import annotations

import functools
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, get_args

from sqlalchemy import Row, bindparam, insert, inspect, select, text

from simkyc.errors import (
    HistoryFormatError,
    HistoryVersionError,
    InputError,
    SettlementError,
)
from simkyc.facts import Actor, ActorCounts, OpeningFacts, SharedCounts, SimFacts
from simkyc.history import questions
from simkyc.history.leads import LeadReader, LeadTransaction
from simkyc.history.patterns import DAY_S, PatternReader
from simkyc.history.protocol import (
    Binding,
    CardOnRecord,
    DeviceOnRecord,
    Entry,
    OpeningKeys,
    OpeningWindows,
    Recorded,
    Seen,
    StockCard,
    StockFault,
    StockImport,
    WatchEntry,
    WatchImport,
    WatchName,
)
from simkyc.history.schema import (
    APPLICATION,
    FACE_TEMPLATE,
    META,
    SCHEMA_VERSION,
    SHARED_KEY,
    TABLES,
    VERSION_TABLE,
)
from simkyc.history.statements import (
    Asker,
    Parameters,
    Spans,
    Statements,
    epoch_seconds,
    micro_degrees,
    moment_of,
    moment_or_none,
)
from simkyc.history.stock import SimStock
from simkyc.history.upkeep import FaceReader, UpkeepTransaction
from simkyc.lists.devices import (
    BLACKLISTED_DEVICE,
    BULK_SIM_DEVICE,
    NOT_A_PHONE,
    PHONE,
    STOLEN_DEVICE,
)
from simkyc.lists.watch import JOINT_PUNISHMENT, LOST_DOCUMENT, OPERATOR_BLACKLIST, Listing
from simkyc.steps import LineStep
from simkyc.verdict import Decision

__all__ = ["SqlReader", "SqlSchema", "SqlTransaction", "spans"]

ROWS_AT_ONCE = 10_000
KEYS_AT_ONCE = 1000
"""Fewer than the parameters that any database takes in one statement."""

RECORDED = text(
    "SELECT body_digest, decision, verdict_json, decided_at, admitted_until,"
    " opened_at, approved_by, released_at, closed_at, kind, clerk_id, msisdn_key"
    " FROM application WHERE application_id = :application_id"
)
RECORD = insert(APPLICATION)
REPLACE_SECRET = text("UPDATE history_meta SET value = :fingerprint WHERE name = 'secret_fingerprint'")
RECORD_SHARED = insert(SHARED_KEY)
VERSION = text(f"SELECT version_num FROM {VERSION_TABLE}")
RECORD_FACE = insert(FACE_TEMPLATE)
STATE = text(
    "SELECT entry_no, kind, person_key, msisdn_key, iccid, decided_at, admitted_until, opened_at, released_at,"
    " closed_at"
    " FROM application WHERE application_id = :application_id"
)
OPEN_NUMBER = text(
    "UPDATE application SET opened_at = :at, approved_by = :approved_by WHERE application_id = :application_id"
)
RELEASE = text("UPDATE application SET released_at = :at WHERE application_id = :application_id")
FORGET_FACES = text("DELETE FROM face_template WHERE entry_no = :entry_no")
OPEN_SHARED = text("UPDATE shared_key SET opened_at = :at WHERE entry_no = :entry_no")
RELEASE_SHARED = text("UPDATE shared_key SET released_at = :at WHERE entry_no = :entry_no")
CLOSE_NUMBER = text("UPDATE application SET closed_at = :at WHERE entry_no = :entry_no")
# What a number is bound to now: at most one row, because whatever binds it anew ends what was before.
BOUND = text(
    "SELECT entry_no, person_key FROM application WHERE msisdn_key = :msisdn AND opened_at IS NOT NULL"
    f" AND closed_at IS NULL AND entry_no <> :entry_no AND {questions.BINDING}"
)
# It was cancelled, went back to the stock and was sold again: another line, whoever holds it.
OPENED_ANEW = text(
    "SELECT entry_no FROM application WHERE msisdn_key = :msisdn AND kind = 'opening' AND opened_at >= :since"
    " AND entry_no <> :entry_no"
)
# A word that was given in this very second is corrected in its place.
END_OUTCOME = text(
    "UPDATE outcome SET replaced_at = :at WHERE entry_no = :entry_no AND replaced_at IS NULL AND reported_at <> :at"
)
OUTCOME = text(
    "INSERT INTO outcome (what, shared_key, entry_no, reported_at, is_fraud)"
    " SELECT what, shared_key, entry_no, CAST(:at AS BIGINT), CAST(:is_fraud AS INTEGER) FROM shared_key"
    " WHERE entry_no = :entry_no"
    " ON CONFLICT (what, shared_key, entry_no, reported_at) DO UPDATE SET is_fraud = excluded.is_fraud"
)
# What was carried out for the same number, and for the same card, by other applications.
CARRIED_OUT = text(
    "SELECT entry_no, kind, opened_at, closed_at FROM application"
    " WHERE msisdn_key = :msisdn AND opened_at IS NOT NULL AND entry_no <> :entry_no"
)
CARD_ISSUED = text(
    "SELECT entry_no FROM application WHERE iccid = :iccid AND opened_at IS NOT NULL AND entry_no <> :entry_no"
    f" AND msisdn_key <> :msisdn AND {questions.BINDING}"
)
SEE = text(
    "INSERT INTO sighting (msisdn_key, seen_at, device_key, imsi_key, tac, recorded_at)"
    " VALUES (:msisdn, :seen_at, :device, :imsi, :tac, :at)"
    " ON CONFLICT (msisdn_key, seen_at, device_key) DO NOTHING"
)
TAKE_STEP = text(
    "INSERT INTO line_step (msisdn_key, step_no, opened_by, taken_at, recorded_at, after_entry, measure, state,"
    " suspected, reason, basis, taken_by, until, application_id, verdict_id)"
    " SELECT :msisdn, CAST(:step_no AS BIGINT), :opened_by, CAST(:taken_at AS BIGINT), CAST(:at AS BIGINT),"
    " COALESCE(MAX(entry_no), 0), :measure, :state, CAST(:suspected AS INTEGER), :reason, :basis, :taken_by,"
    " CAST(:until AS BIGINT), :application_id, :verdict_id FROM application"
)
# A line that was stopped since is not what was decided about.
STOPPED = text(
    "SELECT 1 FROM line_step WHERE msisdn_key = :msisdn AND after_entry >= :entry_no"
    " AND measure IN ('restrict_outgoing', 'suspend', 'cancel') LIMIT 1"
)
CLEARED = text(
    "SELECT MAX(reported_at) AS reported_at FROM outcome JOIN application ON application.entry_no = outcome.entry_no"
    " WHERE application.application_id = :application_id AND outcome.replaced_at IS NULL AND outcome.is_fraud = 0"
)
WATCHED = text(
    "SELECT watch_key, list, source, listed_from, recorded_at, basis, listed_until, silent_alert, equipment"
    " FROM watch WHERE watch_key IN :keys AND removed_at IS NULL"
).bindparams(bindparam("keys", expanding=True))
# The row itself is there already only where it was recorded in this very second.
WATCH = text(
    "INSERT INTO watch (watch_key, list, source, listed_from, recorded_at,"
    " listed_until, silent_alert, import_id, basis, equipment)"
    " VALUES (:key, :list, :source, :listed_from, :at, :listed_until, :silent_alert, :import_id, :basis, :equipment)"
    " ON CONFLICT (watch_key, list, source, listed_from, recorded_at) DO UPDATE SET removed_at = NULL,"
    " listed_until = excluded.listed_until, silent_alert = excluded.silent_alert,"
    " import_id = excluded.import_id, basis = excluded.basis, equipment = excluded.equipment"
)
SUPERSEDE = text(
    "UPDATE watch SET removed_at = :at WHERE watch_key = :key AND list = :list AND source = :source"
    " AND listed_from = :listed_from AND removed_at IS NULL AND recorded_at <> :at"
)
UNWATCH = text(
    "UPDATE watch SET removed_at = :at"
    " WHERE watch_key = :key AND list = :list AND source = :source AND removed_at IS NULL"
)
DEVICES = text(
    "SELECT DISTINCT list, source, equipment, basis, listed_from, listed_until, silent_alert FROM watch"
    " WHERE equipment IS NOT NULL AND removed_at IS NULL ORDER BY list, source, equipment, listed_from"
)
RECORD_IMPORT = text(
    "INSERT INTO list_import (list, source, imported_at, import_id) VALUES (:list, :source, :at, :import_id)"
    " ON CONFLICT (list, source, imported_at) DO UPDATE SET import_id = excluded.import_id"
)


class Nothing(NamedTuple):
    """What stands for a row in which everything is zero: a batch leaves it out."""

    n1: int = 0
    n2: int = 0
    n3: int = 0


Counted = Row[Any] | Nothing
"""The three numbers that a question counted."""

WatchedAs = tuple[str, str, str, int]
"""What one entry of a list is known by: key, list, source, beginning."""
Says = tuple[str, int | None, int, str | None]
"""What it says: basis, end, silent alert, equipment."""

NEW_NUMBER_KINDS: Final = frozenset({"opening", "transfer"})

STOPPED_BY_STEPS: Final = frozenset({"reactivation", "second_check", "transfer"})
"""Kinds after which nothing would hold a line back that was stopped meanwhile."""

NAMED_LISTS = (
    *(JOINT_PUNISHMENT, OPERATOR_BLACKLIST, LOST_DOCUMENT),
    *(STOLEN_DEVICE, BLACKLISTED_DEVICE, BULK_SIM_DEVICE, NOT_A_PHONE, PHONE),
)


class SqlSchema(Statements):
    """Makes the tables and brings them up to date, and tells what made those that are there."""

    def version(self) -> int | None:
        """The schema version of the tables; None while there is no table.

        Raises:
            HistoryFormatError: The tables are not a history's.
        """
        present = self._tables()
        if not present:
            return None
        if META.name not in present:
            raise HistoryFormatError("this database is not a history of simkyc: give another")
        said = [row.version_num for row in self._rows(VERSION)] if VERSION_TABLE in present else []
        if len(said) != 1 or not said[0].isdecimal():
            raise HistoryFormatError("the history does not say its version: restore it from a backup")
        return int(said[0])

    def fingerprint(self) -> str | None:
        """Fingerprint of the secret that this history was written with; None while there is no table.

        Raises:
            HistoryFormatError: The tables are not a history's, or not all are there.
            HistoryVersionError: They are of a schema version that this simkyc cannot read.
        """
        version = self.version()
        if version is None:
            return None
        if version != SCHEMA_VERSION:
            raise HistoryVersionError(
                f"the history has schema version {version} and this simkyc reads {SCHEMA_VERSION}: "
                + ("use a later simkyc" if version > SCHEMA_VERSION else "run `simkyc history upgrade` on it")
            )
        meta = {row.name: row.value for row in self._rows(select(META))}
        if not self._tables() >= TABLES.tables.keys() or "secret_fingerprint" not in meta:
            raise HistoryFormatError("the history lacks a part of itself: restore it from a backup")
        return str(meta["secret_fingerprint"])

    def create(self, fingerprint: str) -> None:
        """Make every table and index of a new history."""
        self.upgrade()
        self._change(insert(META), {"name": "secret_fingerprint", "value": fingerprint})

    def replace_secret(self, fingerprint: str) -> None:
        """From now on the history is written with another secret."""
        self._change(REPLACE_SECRET, {"fingerprint": fingerprint})

    def upgrade(self) -> None:
        """Bring the tables up to this simkyc's version, from none or an earlier one."""
        from simkyc.history.migrations import migrate

        self._run(partial(migrate, self._connection, SCHEMA_VERSION))

    def searches_faces(self) -> bool:
        """Whether the database searches the faces; otherwise each process does, in memory."""
        return False

    def recorded(self) -> int:
        """How many verdicts there are."""
        return int(self._rows(text("SELECT COUNT(*) AS verdicts FROM application"))[0].verdicts)

    def _tables(self) -> set[str]:
        return set(self._run(lambda: inspect(self._connection).get_table_names()))


class SqlReader(PatternReader, FaceReader, LeadReader):
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
                decided_at=moment_of(row.decided_at),
                admitted_until=moment_or_none(row.admitted_until),
                opened_at=moment_or_none(row.opened_at),
                approved_by=row.approved_by,
                released_at=moment_or_none(row.released_at),
                closed_at=moment_or_none(row.closed_at),
                kind=row.kind,
                clerk_id=row.clerk_id,
                msisdn=row.msisdn_key,
            )
        except (ValueError, TypeError, OverflowError, OSError):
            raise HistoryFormatError("a remembered verdict is damaged: restore the history") from None

    def facts(
        self, keys: OpeningKeys, windows: OpeningWindows, at: datetime, *, before: str | None = None
    ) -> OpeningFacts:
        """The facts about these keys at `at`."""
        asker = self._asker(
            at,
            before=before,
            person=keys.person,
            iccid=keys.iccid,
            imsi=keys.imsi,
            msisdn=keys.msisdn,
            store=keys.store_id,
        )
        named: tuple[tuple[str, str], ...] = (*keys.shared, *keys.actors)
        rows = self._asked(questions.COUNTS, asker, named, spans(windows))
        count: defaultdict[tuple[str, str, int], Counted] = defaultdict(Nothing)
        count |= {(row.question, row.what, row.window_s): row for row in rows}
        shared = dict.fromkeys(what for what, _ in keys.shared)
        return OpeningFacts(
            active_numbers=None
            if keys.person is None
            else {
                "personal": count["active_numbers", "", 0].n1,
                "iot": count["active_numbers", "", 0].n2,
            },
            person_openings=None
            if keys.person is None
            else {window_s: count["person_openings", "", window_s].n1 for window_s in windows.person_s},
            clerk_openings=count["actor", "clerk", windows.clerk_s].n1,
            today={
                what: ActorCounts(row.n1, row.n2)
                for what, _ in keys.actors
                for row in [count["actor", what, DAY_S]]
            },
            sim=None if keys.iccid is None else self._sim(keys, asker, count),
            shared={
                what: {
                    window_s: SharedCounts(row.n1, row.n2, row.n3)
                    for window_s in spans_s
                    for row in [count["shared", what, window_s]]
                }
                for what, spans_s in windows.shared_s
                if what in shared
            },
            suspended_numbers=None if keys.person is None else count["suspended_numbers", "", 0].n1,
        )

    def _sim(
        self, keys: OpeningKeys, asker: Asker, count: Mapping[tuple[str, str, int], Counted]
    ) -> SimFacts:
        stock = next(iter(self._asked((questions.STOCK,), asker)), None)
        agree = None
        if stock is not None and (stock.imsi_key, stock.msisdn_key) != (None, None):
            agree = stock.imsi_key in (None, keys.imsi) and stock.msisdn_key in (None, keys.msisdn)
        imsi_agrees = None if stock is None or stock.imsi_key is None else stock.imsi_key == keys.imsi
        other = count["other_cards", "", 0]
        if keys.imsi is not None and other.n2:
            agree = imsi_agrees = False
        if keys.msisdn is not None and other.n1:
            agree = False
        card, number = count["card", "", 0], count["number", "", 0]
        return SimFacts(
            store_has_stock=count["store_has_stock", "", 0].n1 > 0,
            allocated_here=stock is not None and _is_theirs(stock, keys),
            card_issued=card.n1 > 0,
            number_in_use=number.n1 > 0,
            reserved=card.n2 + number.n2 > 0,
            state=None if stock is None else stock.state,
            numbers_agree=agree,
            imsi_agrees=imsi_agrees,
        )

    def listings(self, keys: Sequence[str], at: datetime) -> tuple[Listing, ...]:
        """The entries of all lists that hold for these keys at `at`."""
        if isinstance(keys, str):
            raise InputError("the keys must come as several texts, not as one")
        if not keys:
            return ()
        asker = self._asker(at)
        named = tuple((str(place), key) for place, key in enumerate(dict.fromkeys(keys)))
        rows = self._asked((questions.LISTINGS,), asker, named)
        try:
            return tuple(
                Listing(
                    list=row.list,
                    source=row.source,
                    basis=row.basis,
                    since=moment_of(row.listed_from),
                    until=moment_or_none(row.listed_until),
                    silent_alert=bool(row.silent_alert),
                )
                for row in rows
            )
        except (ValueError, TypeError, OverflowError, OSError):
            raise HistoryFormatError("an entry of a list is damaged: restore the history") from None

    def lists(self, at: datetime) -> Mapping[str, datetime]:
        """When each list that simkyc knows by name was last brought up to date."""
        named = tuple(("list", name) for name in NAMED_LISTS)
        rows = self._asked((questions.LISTS,), self._asker(at), named)
        return {row.list: moment_of(row.imported_at) for row in rows if row.imported_at is not None}

    def bindings(self, msisdn: str, at: datetime, *, before: str | None = None) -> tuple[Binding, ...]:
        """Everything that was carried out for this number, oldest first."""
        asker = self._asker(at, msisdn=msisdn, before=before)
        horizon = self._known_until(epoch_seconds(at))
        return tuple(
            Binding(
                application_id=row.application_id,
                kind=row.kind,
                service=row.service,
                person=row.person_key,
                device=row.device_key,
                second_device=row.second_device_key,
                iccid=row.iccid,
                imsi=row.imsi_key,
                decided_at=moment_of(row.decided_at),
                opened_at=moment_of(row.opened_at),
                ended_at=moment_or_none(
                    None if row.closed_at is None or row.closed_at > horizon else row.closed_at
                ),
                restriction_json=row.restriction_json,
            )
            for row in self._asked((questions.BINDINGS,), asker)
        )

    def frauds(self, msisdn: str, at: datetime) -> frozenset[str]:
        """The applications that opened this number, where it was reported as used for fraud."""
        rows = self._asked((questions.LINE_OUTCOMES,), self._asker(at, msisdn=msisdn))
        return frozenset(row.application_id for row in rows)

    def steps(self, msisdn: str, at: datetime, *, before: str | None = None) -> tuple[LineStep, ...]:
        """Everything that was done to this number, oldest first, whoever held it."""
        rows = self._asked((questions.LINE_STEPS,), self._asker(at, msisdn=msisdn, before=before))
        try:
            return tuple(
                LineStep(
                    step_no=row.step_no,
                    taken_at=moment_of(row.taken_at),
                    measure=row.measure,
                    state=row.state,
                    suspected=bool(row.suspected),
                    reason=row.reason,
                    basis=row.basis,
                    taken_by=row.taken_by,
                    until=moment_or_none(row.until),
                    opened_by=row.opened_by,
                    application_id=row.application_id,
                    verdict_id=row.verdict_id,
                )
                for row in rows
            )
        except (ValueError, TypeError, OverflowError, OSError):
            raise HistoryFormatError("a step of a line is damaged: restore the history") from None

    def cleared_at(self, application_id: str) -> datetime | None:
        """When the number that this application opened was cleared."""
        return moment_or_none(self._rows(CLEARED, {"application_id": application_id})[0].reported_at)

    def sightings(self, msisdn: str, at: datetime) -> tuple[Seen, ...]:
        """The devices that the network saw this number in, oldest first."""
        rows = self._asked((questions.SIGHTINGS,), self._asker(at, msisdn=msisdn))
        return tuple(
            Seen(moment_of(row.seen_at), row.device_key or None, row.imsi_key, row.tac) for row in rows
        )

    def lines_on_device(
        self, device: str, msisdn: str, windows_s: Sequence[int], at: datetime
    ) -> Mapping[int, int]:
        """Other numbers that the network saw in this device, by window in seconds."""
        spans = tuple(("lines_on_device", window_s) for window_s in windows_s)
        asker, named = self._asker(at, msisdn=msisdn), (("device", device),)
        rows = self._asked((questions.LINES_ON_DEVICE,), asker, named, spans)
        return {row.window_s: row.lines for row in rows}

    def table(
        self, name: str, columns: Sequence[str], *, ordered: bool = False
    ) -> Iterator[list[tuple[Any, ...]]]:
        """Every row of one table, some thousands at a time while the snapshot is open: for a batch.

        Args:
            name: Of `schema`.
            columns: Which of its columns.
            ordered: Whether in the order of its key.
        """
        table = TABLES.tables[name]
        some = select(*(table.c[column] for column in columns))
        if ordered:
            some = some.order_by(*table.primary_key.columns)
        options = {"yield_per": ROWS_AT_ONCE}
        result = self._run(lambda: self._connection.execute(some, execution_options=options))
        while rows := self._run(lambda: result.fetchmany(ROWS_AT_ONCE)):
            yield [tuple(row) for row in rows]

    @property
    def _stock(self) -> SimStock:
        return SimStock(self._connection, self._run)

    def stock_rows(self, at: datetime) -> Iterator[CardOnRecord]:
        """Every card of the stock in the order of ICCIDs, as it stands at `at`."""
        return self._stock.rows(epoch_seconds(at))

    def device_rows(self) -> Iterator[DeviceOnRecord]:
        """Every entry of the lists of devices as it was given."""
        options = {"yield_per": KEYS_AT_ONCE}
        result = self._run(lambda: self._connection.execute(DEVICES, execution_options=options))
        while some := self._run(lambda: result.fetchmany(KEYS_AT_ONCE)):
            for row in some:
                yield DeviceOnRecord(
                    list=row.list,
                    source=row.source,
                    equipment=row.equipment,
                    basis=row.basis,
                    listed_from=moment_of(row.listed_from),
                    listed_until=moment_or_none(row.listed_until),
                    silent_alert=bool(row.silent_alert),
                )


def _is_theirs(stock: Row[Any], keys: OpeningKeys) -> bool:
    """Whether a card lies at this store; one that a dealer has may be sold at any store of the dealer's."""
    if stock.dealer_id is not None and stock.dealer_id != keys.dealer_id:
        return False
    return stock.store_id == keys.store_id or (stock.store_id is None and stock.dealer_id is not None)


@functools.lru_cache(maxsize=64)
def spans(windows: OpeningWindows) -> Spans:
    """The windows that `COUNTS` are asked in."""
    return (
        *(("person_openings", window_s) for window_s in windows.person_s),
        *dict.fromkeys((("clerk", windows.clerk_s), *((what, DAY_S) for what in get_args(Actor)))),
        *((what, window_s) for what, spans_s in windows.shared_s for window_s in spans_s),
    )


class SqlTransaction(SqlReader, UpkeepTransaction, LeadTransaction):
    """Questions and changes that take effect together or not at all, as `protocol.Transaction` says."""

    _knows_later = True

    def record(self, entry: Entry) -> None:
        """Remember one verdict."""
        until, keys = entry.admitted_until, entry.keys
        latitude, longitude = micro_degrees(entry.position)
        row: Parameters = {
            "application_id": entry.application_id,
            "body_digest": entry.body_digest,
            "kind": entry.kind,
            "service": entry.service,
            **keys.columns,
            "latitude_e6": latitude,
            "longitude_e6": longitude,
            "decided_at": epoch_seconds(entry.decided_at),
            "decision": entry.decision.value,
            "admitted_until": None if until is None else epoch_seconds(until),
            "restriction_json": entry.restriction_json,
            "verdict_json": entry.verdict_json,
        }
        # The number comes back with the row: no second way to the database.
        recorded = self._run(lambda: self._connection.execute(RECORD, row).inserted_primary_key)
        assert recorded is not None, "an insert of one row has its key"
        entry_no = recorded[0]
        same: Parameters = {
            "decided_at": row["decided_at"],
            "entry_no": entry_no,
            "person_key": keys.person,
            "iccid": keys.iccid,
            # The pace of whoever serves is that of new numbers.
            "admitted_until": row["admitted_until"] if entry.kind in NEW_NUMBER_KINDS else None,
            "is_remote_first": int(entry.is_remote_first),
        }
        named: tuple[tuple[str, str], ...] = (*keys.shared, *keys.actors)
        self._change(
            RECORD_SHARED,
            [{"what": what, "shared_key": key, **same} for what, key in dict.fromkeys(named)],
        )
        if entry.faces and until is not None:
            self._change(
                RECORD_FACE,
                [
                    {
                        "entry_no": entry_no,
                        "role": face.role,
                        "engine_id": face.engine_id,
                        "person_key": face.person,
                        "sex": face.sex,
                        "decided_at": row["decided_at"],
                        "vector": face.vector,
                    }
                    for face in entry.faces
                ],
            )

    def open_number(self, application_id: str, at: datetime, *, approved_by: str | None = None) -> None:
        """What this admitted application asked for was carried out at `at`."""
        state = self._admitted(application_id)
        if state.released_at is not None:
            raise SettlementError("this application was released, so no card may be issued for it")
        if state.opened_at is not None:
            return
        when = epoch_seconds(at)
        self._check_nothing_happened(state)
        if state.kind in questions.BINDING_KINDS and state.msisdn_key is not None:
            for bound in self._rows(BOUND, {"msisdn": state.msisdn_key, "entry_no": state.entry_no}):
                self._change(CLOSE_NUMBER, {"entry_no": bound.entry_no, "at": when})
        self._change(OPEN_NUMBER, {"application_id": application_id, "at": when, "approved_by": approved_by})
        if state.kind in NEW_NUMBER_KINDS:
            self._change(OPEN_SHARED, {"entry_no": state.entry_no, "at": when})
        if state.kind in questions.BINDING_KINDS and state.iccid is not None:
            self.wipe_card(state.iccid)

    def _check_nothing_happened(self, state: Row[Any]) -> None:
        """See that card and line are as they were when this was decided: a late word may come after another's.

        Raises:
            SettlementError: The card was issued to somebody else, or the line is not what it was.
        """
        number: Parameters = {"msisdn": state.msisdn_key or "", "entry_no": state.entry_no}
        binds = state.kind in questions.BINDING_KINDS and state.iccid is not None
        if binds and self._rows(CARD_ISSUED, {**number, "iccid": state.iccid}):
            raise SettlementError("the card was issued with another number since: keep it, and report it")
        if state.msisdn_key is None:
            return
        others = self._rows(CARRIED_OUT, number)
        bound = [one for one in others if one.kind in questions.BINDING_KINDS and one.closed_at is None]
        if state.kind == "opening":
            if bound:
                raise SettlementError(
                    "the number was opened by another application since: do not hand over the card"
                )
            return
        decided = (state.decided_at, state.entry_no)
        if (others and not bound) or any((one.opened_at, one.entry_no) > decided for one in others):
            raise SettlementError("the line changed since this was decided: screen a new application")
        if state.kind in STOPPED_BY_STEPS and self._rows(STOPPED, number):
            raise SettlementError("the line was stopped since this was decided: screen a new application")

    def release(self, application_id: str, at: datetime) -> None:
        """The admission ended without a card at `at`."""
        state = self._admitted(application_id)
        if state.opened_at is not None:
            raise SettlementError("the card of this application was issued: close the number instead")
        if state.released_at is None:
            when = epoch_seconds(at)
            self._change(RELEASE, {"application_id": application_id, "at": when})
            self._change(RELEASE_SHARED, {"entry_no": state.entry_no, "at": when})
            # Nothing was opened: nothing is left to compare later faces with.
            self._change(FORGET_FACES, {"entry_no": state.entry_no})

    def close_number(self, application_id: str, at: datetime) -> None:
        """The number opened by this application was cancelled at `at`."""
        state = self._admitted(application_id)
        if state.kind not in questions.BINDING_KINDS:
            raise SettlementError("this application opened no number, so it can close none")
        if state.opened_at is None:
            raise SettlementError("no card was issued for this application, so no number can be closed")
        entry_no = state.entry_no
        if state.closed_at is not None:
            # Another card took over since: the number lives on under it, and may be somebody else's now.
            bound = self._rows(BOUND, {"msisdn": state.msisdn_key, "entry_no": entry_no})
            anew = {"msisdn": state.msisdn_key, "entry_no": entry_no, "since": state.closed_at}
            if not bound or self._rows(OPENED_ANEW, anew):
                return
            if bound[0].person_key != state.person_key:
                raise SettlementError(
                    "the number was handed to somebody else: it is not this person's to close"
                )
            entry_no = bound[0].entry_no
        self._change(CLOSE_NUMBER, {"entry_no": entry_no, "at": epoch_seconds(at)})

    def report_outcome(self, application_id: str, at: datetime, *, is_fraud: bool) -> None:
        """What became of the number that this application opened."""
        state = self._admitted(application_id)
        if state.opened_at is None:
            raise SettlementError("no number was opened by this application, so nothing became of it")
        row: Parameters = {"entry_no": state.entry_no, "at": epoch_seconds(at), "is_fraud": int(is_fraud)}
        self._change(END_OUTCOME, row)
        self._change(OUTCOME, row)

    def take_step(self, msisdn: str, step: LineStep, at: datetime) -> None:
        """Remember, at `at`, a step that was taken with this number."""
        if step.step_no is None:
            raise InputError("what came about by itself is no step to be recorded")
        row: Parameters = {
            "msisdn": msisdn,
            "step_no": step.step_no,
            "opened_by": step.opened_by,
            "taken_at": epoch_seconds(step.taken_at),
            "at": epoch_seconds(at),
            "measure": step.measure,
            "state": step.state,
            "suspected": int(step.suspected),
            "reason": step.reason,
            "basis": step.basis,
            "taken_by": step.taken_by,
            "until": None if step.until is None else epoch_seconds(step.until),
            "application_id": step.application_id,
            "verdict_id": step.verdict_id,
        }
        self._change(TAKE_STEP, row)

    def see(self, msisdn: str, seen: Seen, at: datetime) -> None:
        """Remember, at `at`, that the network saw this number in a device."""
        row: Parameters = {
            "msisdn": msisdn,
            "seen_at": epoch_seconds(seen.seen_at),
            "device": seen.device or "",
            "imsi": seen.imsi,
            "tac": seen.tac,
            "at": epoch_seconds(at),
        }
        self._change(SEE, row)

    def allocate(self, store_id: str, iccids: Iterable[str], at: datetime) -> int:
        """Allocate SIMs to a store, moving those allocated elsewhere; return how many different ones."""
        return self._stock.allocate(store_id, iccids, epoch_seconds(at))

    def stock_faults(self, cards: Iterable[StockCard], at: datetime) -> Iterator[StockFault]:
        """What the history has against cards: issued already, or a number that another card for sale has."""
        return self._stock.faults(cards, epoch_seconds(at))

    def stock(self, cards: Iterable[StockCard], at: datetime, *, count: int, import_id: str) -> StockImport:
        """Put cards into the stock, known from `at` on; the same cards again change nothing."""
        return self._stock.put(cards, epoch_seconds(at), count=count, import_id=import_id)

    def wipe_card(self, iccid: str) -> None:
        """Forget the IMSI and MSISDN of a card in the clear; the keys stay."""
        self._stock.wipe(iccid)

    def record_import(self, list_name: str, source: str, at: datetime, import_id: str) -> None:
        """Remember that this list of this source was brought up to date at `at`."""
        row: Parameters = {
            "list": list_name,
            "source": source,
            "at": epoch_seconds(at),
            "import_id": import_id,
        }
        self._change(RECORD_IMPORT, row)

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
                known[identity] = (row.basis, row.listed_until, row.silent_alert, row.equipment)
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
    return entry.basis, until, int(entry.silent_alert), entry.equipment


def _watch_row(identity: WatchedAs, says: Says, at: int, import_id: str) -> Parameters:
    key, watch_list, source, listed_from = identity
    basis, listed_until, silent_alert, equipment = says
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
        "equipment": equipment,
    }
