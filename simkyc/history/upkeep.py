"""Faces that are kept, and what is deleted: retention, erasure of one person, and the record that they ran."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, get_args

from sqlalchemy import Row, TextClause, bindparam, text

from simkyc.facts import SharedThing
from simkyc.history import questions
from simkyc.history.protocol import LEADS_IN_FORCE, Enrolled, FacesWanted, KeptFace, NearFaces
from simkyc.history.statements import FOREVER, Parameters, Statements, epoch_seconds, moment_of, position_of

__all__ = [
    "ENTRY_NO",
    "FACE_COLUMNS",
    "WANTED",
    "FaceReader",
    "UpkeepTransaction",
    "enrolled",
    "parameters_of",
]

PAIRS_AT_ONCE: Final = 5000
FACE_COLUMNS: Final = "entry_no, role, person_key, sex, decided_at, vector"
FACES_AFTER = text(
    f"SELECT {FACE_COLUMNS} FROM face_template"
    " WHERE engine_id = :engine AND entry_no > :after AND decided_at > :since ORDER BY entry_no, role LIMIT :most"
)
FACES_OF_PERSON = text(
    f"SELECT {FACE_COLUMNS} FROM face_template WHERE person_key = :person AND engine_id = :engine"
    " AND role NOT LIKE 'companion%' AND decided_at > :since AND entry_no < :before"
)
FACES_THERE = text(
    "SELECT face_template.entry_no, face_template.role, face_template.person_key,"
    " application.latitude_e6, application.longitude_e6,"
    " (SELECT COUNT(*) FROM outcome WHERE outcome.entry_no = face_template.entry_no AND outcome.is_fraud = 1"
    " AND outcome.reported_at <= :known_until"
    " AND (outcome.replaced_at IS NULL OR outcome.replaced_at > :known_until)) AS frauds"
    " FROM face_template JOIN application ON application.entry_no = face_template.entry_no"
    " WHERE face_template.entry_no IN :entries AND face_template.entry_no < :before"
).bindparams(bindparam("entries", expanding=True))
WANTED: Final = (
    "engine_id = :engine AND (CAST(:sex AS VARCHAR) IS NULL OR sex IS NULL OR sex = :sex)"
    " AND decided_at > :since AND decided_at <= :until AND entry_no < :before"
)
"""Which templates count, of whichever table holds them."""
FACES_COUNT = text(f"SELECT COUNT(*) AS faces FROM face_template WHERE {WANTED}")
ERASED = text("SELECT COALESCE(MAX(upkeep_no), 0) FROM upkeep")
ENTRY_NO = text("SELECT entry_no FROM application WHERE application_id = :application_id")
LEAVE_RECORD = text("INSERT INTO upkeep (what, ran_at, until, rows_gone) VALUES (:what, :at, :until, :gone)")

IN_USE = (
    "EXISTS (SELECT 1 FROM application AS held WHERE held.msisdn_key = {table}.msisdn_key"
    " AND held.opened_at IS NOT NULL AND held.closed_at IS NULL"
    f" AND {questions.BINDING.replace('application', 'held')})"
)
"""Whether the number of a row is bound to a card now."""
PENDING = "(opened_at IS NULL AND released_at IS NULL AND admitted_until > :at)"
# What a number in use came to be by is kept whatever its age, and what holds a card or a number right now.
OLD = (
    f"decided_at < :before AND NOT COALESCE({PENDING}, 1 = 0)"
    f" AND NOT (opened_at IS NOT NULL AND {IN_USE.format(table='application')})"
)
ISSUED = f"opened_at IS NOT NULL AND iccid IS NOT NULL AND {questions.BINDING.replace('application.', '')}"
KEEP_ISSUED: Final = (
    "UPDATE sim_stock SET state = 'issued' WHERE replaced_at IS NULL AND iccid IN"
    f" (SELECT iccid FROM application WHERE {{which}} AND {ISSUED})",
    "INSERT INTO sim_stock (iccid, recorded_at, state) SELECT DISTINCT iccid, CAST(:at AS BIGINT), 'issued'"
    f" FROM application WHERE {{which}} AND {ISSUED} AND NOT EXISTS"
    " (SELECT 1 FROM sim_stock AS card WHERE card.iccid = application.iccid)",
)
"""A card is sold once, also when nobody remembers to whom: the stock does."""
PURGE: Final = (
    "DELETE FROM shared_key WHERE decided_at < :before AND entry_no NOT IN"
    f" (SELECT entry_no FROM application WHERE decided_at < :before AND {PENDING})",
    "DELETE FROM outcome WHERE reported_at < :before OR replaced_at < :before",
    "DELETE FROM face_template WHERE decided_at < :before",
    # Of a number in use the latest is kept: whether it is used at all, and where.
    f"DELETE FROM sighting WHERE seen_at < :before AND NOT ({IN_USE.format(table='sighting')} AND seen_at ="
    " (SELECT MAX(later.seen_at) FROM sighting AS later WHERE later.msisdn_key = sighting.msisdn_key))",
    # Of a line in use that is held back, all stays that says so and why.
    f"DELETE FROM line_step WHERE taken_at < :before AND NOT ({IN_USE.format(table='line_step')}"
    " AND NOT EXISTS (SELECT 1 FROM line_step AS later WHERE later.msisdn_key = line_step.msisdn_key"
    " AND later.step_no >= line_step.step_no AND later.measure IN ('restore', 'cancel'))"
    " AND NOT EXISTS (SELECT 1 FROM application AS anew WHERE anew.msisdn_key = line_step.msisdn_key"
    " AND anew.kind IN ('opening', 'transfer') AND anew.opened_at >= line_step.taken_at"
    " AND anew.application_id <> line_step.opened_by))",
    "DELETE FROM watch WHERE removed_at < :before OR listed_until < :before",
    "DELETE FROM sim_stock WHERE replaced_at < :before",
    *(statement.format(which=OLD) for statement in KEEP_ISSUED),
    f"DELETE FROM application WHERE {OLD}",
    # What may still be used must stay revocable.
    "DELETE FROM lead_event WHERE lead_id IN"
    f" (SELECT lead_id FROM lead WHERE made_at < :before AND state NOT IN {LEADS_IN_FORCE})",
    f"DELETE FROM lead WHERE made_at < :before AND state NOT IN {LEADS_IN_FORCE}",
)
MINE = "SELECT entry_no FROM application WHERE person_key = :person"
ERASE: Final = (
    f"DELETE FROM outcome WHERE entry_no IN ({MINE})",
    f"DELETE FROM shared_key WHERE entry_no IN ({MINE})",
    "DELETE FROM shared_key WHERE what = 'representative' AND shared_key = :person",
    f"DELETE FROM face_template WHERE entry_no IN ({MINE})",
    "DELETE FROM face_template WHERE person_key = :person",
    # A number that somebody else had before, or has now, was seen with them.
    "DELETE FROM sighting WHERE msisdn_key IN (SELECT msisdn_key FROM application WHERE person_key = :person)"
    " AND EXISTS (SELECT 1 FROM application WHERE application.msisdn_key = sighting.msisdn_key"
    " AND application.person_key = :person AND application.opened_at IS NOT NULL"
    " AND sighting.seen_at >= application.decided_at"
    f" AND sighting.seen_at <= COALESCE(application.closed_at, {FOREVER}))",
    "DELETE FROM line_step WHERE opened_by IN (SELECT application_id FROM application WHERE person_key = :person)",
    # That a package was handed on stays on record, about whom does not.
    "UPDATE lead SET subject_key = NULL WHERE about = 'number' AND subject_key IN"
    " (SELECT msisdn_key FROM application WHERE person_key = :person) AND :person ="
    " (SELECT held.person_key FROM application AS held WHERE held.msisdn_key = lead.subject_key"
    f" AND held.opened_at <= lead.made_at AND {questions.BINDING.replace('application', 'held')}"
    " ORDER BY held.opened_at DESC, held.entry_no DESC LIMIT 1)",
    *(statement.format(which="person_key = :person") for statement in KEEP_ISSUED),
    "UPDATE sim_stock SET imsi = NULL, msisdn = NULL, imsi_key = NULL, msisdn_key = NULL WHERE iccid IN"
    f" (SELECT iccid FROM application WHERE person_key = :person AND {ISSUED})",
    "DELETE FROM application WHERE person_key = :person",
)
RELIST: Final = (
    "UPDATE watch SET watch_key = :new WHERE watch_key = :old AND NOT EXISTS"
    " (SELECT 1 FROM watch AS listed WHERE listed.watch_key = :new AND listed.list = watch.list"
    " AND listed.source = watch.source AND listed.listed_from = watch.listed_from"
    " AND listed.recorded_at = watch.recorded_at)"
)
# Only columns that an index begins with are looked for; what stands beside them follows.
REKEY: Final = tuple(
    text(statement)
    for statement in (
        "UPDATE application SET person_key = :new WHERE person_key = :old",
        "UPDATE application SET msisdn_key = :new WHERE msisdn_key = :old",
        *(
            f"UPDATE shared_key SET shared_key = :new WHERE what = '{what}' AND shared_key = :old"
            for what in get_args(SharedThing)
        ),
        *(
            f"UPDATE outcome SET shared_key = :new WHERE what = '{what}' AND shared_key = :old"
            for what in get_args(SharedThing)
        ),
        "UPDATE shared_key SET person_key = :new WHERE person_key = :old"
        " AND entry_no IN (SELECT entry_no FROM application WHERE person_key = :new)",
        "UPDATE face_template SET person_key = :new WHERE person_key = :old",
        # What was told again since under the new key is there already.
        "UPDATE sighting SET msisdn_key = :new WHERE msisdn_key = :old AND NOT EXISTS"
        " (SELECT 1 FROM sighting AS told WHERE told.msisdn_key = :new AND told.seen_at = sighting.seen_at"
        " AND told.device_key = sighting.device_key)",
        "UPDATE sighting SET device_key = :new WHERE device_key = :old AND NOT EXISTS"
        " (SELECT 1 FROM sighting AS told WHERE told.msisdn_key = sighting.msisdn_key"
        " AND told.seen_at = sighting.seen_at AND told.device_key = :new)",
        "UPDATE line_step SET msisdn_key = :new WHERE msisdn_key = :old AND NOT EXISTS"
        " (SELECT 1 FROM line_step AS taken WHERE taken.msisdn_key = :new AND taken.step_no = line_step.step_no)",
        "UPDATE sim_stock SET imsi_key = :new WHERE imsi_key = :old",
        "UPDATE sim_stock SET msisdn_key = :new WHERE msisdn_key = :old",
        "UPDATE lead SET subject_key = :new WHERE subject_key = :old",
        RELIST,
    )
)
REKEY_LINE: Final = tuple(
    text(f"UPDATE {table} SET {column} = :new WHERE msisdn_key = :msisdn AND {column} = :old")
    for table, column in (
        ("application", "imsi_key"),
        ("application", "device_key"),
        ("application", "second_device_key"),
        ("sighting", "imsi_key"),
    )
)
HELD = text(
    f"SELECT 1 FROM application WHERE person_key = :person AND ({PENDING} OR (opened_at IS NOT NULL"
    f" AND closed_at IS NULL AND {questions.BINDING})) LIMIT 1"
)
APPLIED = text("SELECT 1 FROM application WHERE person_key = :person AND decided_at > :since LIMIT 1")
ERASE_LISTINGS = text("DELETE FROM watch WHERE watch_key IN :keys").bindparams(
    bindparam("keys", expanding=True)
)


class FaceReader(Statements):
    """The faces that are kept, as `protocol.Reader` says."""

    def faces(self, engine_id: str, after: int, since: datetime, most: int = 50_000) -> tuple[Enrolled, ...]:
        """Templates of one engine recorded since, of applications after that number, at most so many."""
        parameters: Parameters = {
            "engine": engine_id,
            "after": after,
            "since": epoch_seconds(since),
            "most": most,
        }
        return tuple(enrolled(row) for row in self._rows(FACES_AFTER, parameters))

    def faces_near(
        self,
        wanted: FacesWanted,
        vector: bytes,
        nearest: int,
        recorded_after: int | None = None,
    ) -> NearFaces | None:
        """None: only a server that has an index of them searches."""
        del wanted, vector, nearest, recorded_after
        return None

    def faces_count(self, wanted: FacesWanted) -> int:
        """How many templates count."""
        return int(self._rows(self._faces_count(), parameters_of(wanted))[0].faces)

    def _faces_count(self) -> TextClause:
        return FACES_COUNT

    def faces_of(
        self, person: str, engine_id: str, since: datetime, *, before: str | None = None
    ) -> tuple[Enrolled, ...]:
        """Templates of this person recorded since, by applications before this one."""
        parameters: dict[str, str | int] = {
            "person": person,
            "engine": engine_id,
            "since": epoch_seconds(since),
            "before": self.entry_no(before),
        }
        return tuple(enrolled(row) for row in self._rows(FACES_OF_PERSON, parameters))

    def faces_there(
        self, entries: Sequence[int], at: datetime, *, before: str | None = None
    ) -> Mapping[tuple[int, str], KeptFace]:
        """Which faces of these applications are still kept, by number and role, and what became of the numbers."""
        if not entries:
            return {}
        parameters: Parameters = {
            "entries": list(dict.fromkeys(entries)),
            "before": self.entry_no(before),
            "known_until": self._known_until(epoch_seconds(at)),
        }
        return {
            (row.entry_no, row.role): KeptFace(
                row.person_key, position_of(row.latitude_e6, row.longitude_e6), is_fraud=row.frauds > 0
            )
            for row in self._rows(FACES_THERE, parameters)
        }

    def entry_no(self, application_id: str | None) -> int:
        """Number of the application that asks; later than every other of one that is not recorded."""
        rows = self._rows(ENTRY_NO, {"application_id": application_id}) if application_id else ()
        return int(rows[0].entry_no) if rows else FOREVER

    def erased(self) -> int:
        """Grows whenever something was deleted, so that a copy of what is kept is made anew."""
        return int(self._rows(ERASED)[0][0])


class UpkeepTransaction(FaceReader):
    """Retention, erasure and new keys, as `protocol.Transaction` says."""

    def rekey(self, pairs: Sequence[tuple[str, str]], msisdn: str | None) -> None:
        """Bring what is known under one key under another; `msisdn` is the number that it is about, by its new key."""
        for old, new in dict.fromkeys(pairs):
            for statement in REKEY:
                self._change(statement, {"old": old, "new": new})
            if msisdn is not None:
                for statement in REKEY_LINE:
                    self._change(statement, {"old": old, "new": new, "msisdn": msisdn})

    def relist(self, pairs: Iterable[tuple[str, str]]) -> None:
        """Bring the entries of lists that are known under one key under another."""
        remaining = iter(pairs)
        while some := list(itertools.islice(remaining, PAIRS_AT_ONCE)):
            self._change(text(RELIST), [{"old": old, "new": new} for old, new in some])

    def purge(self, before: datetime, at: datetime) -> int:
        """Delete what was decided before and binds no number now; return how many rows."""
        horizon, now = epoch_seconds(before), epoch_seconds(at)
        gone = sum(
            self._delete(text(statement), _named(statement, before=horizon, at=now)) for statement in PURGE
        )
        self._change(LEAVE_RECORD, {"what": "purge", "at": epoch_seconds(at), "until": horizon, "gone": gone})
        return gone

    def erase_person(self, person: str, keys: Sequence[str], at: datetime) -> int:
        """Delete everything of one person; return how many rows."""
        now = epoch_seconds(at)
        gone = sum(
            self._delete(text(statement), _named(statement, person=person, at=now)) for statement in ERASE
        )
        if keys:
            gone += self._delete(ERASE_LISTINGS, {"keys": list(keys)})
        self._change(LEAVE_RECORD, {"what": "erase", "at": epoch_seconds(at), "until": None, "gone": gone})
        return gone

    def holds_numbers(self, person: str, at: datetime) -> bool:
        """Whether this person holds a number that is in use, or is about to."""
        return bool(self._rows(HELD, {"person": person, "at": epoch_seconds(at)}))

    def applied_since(self, person: str, since: datetime) -> bool:
        """Whether this person applied for anything since."""
        return bool(self._rows(APPLIED, {"person": person, "since": epoch_seconds(since)}))

    def _delete(self, statement: TextClause, parameters: Parameters) -> int:
        return max(0, self._run(functools.partial(self._gone, statement, parameters)))

    def _gone(self, statement: TextClause, parameters: Parameters) -> int:
        return self._connection.execute(statement, parameters).rowcount


def parameters_of(wanted: FacesWanted) -> dict[str, str | int | None]:
    """What `WANTED` is asked with."""
    return {
        "engine": wanted.engine_id,
        "sex": wanted.sex,
        "since": epoch_seconds(wanted.since),
        "until": epoch_seconds(wanted.until),
        "before": wanted.before,
    }


def enrolled(row: Row[Any]) -> Enrolled:
    """One row of `FACE_COLUMNS`."""
    return Enrolled(
        entry_no=row.entry_no,
        role=row.role,
        person=row.person_key,
        sex=row.sex,
        decided_at=moment_of(row.decided_at),
        vector=bytes(row.vector),
    )


def _named(statement: str, **parameters: str | int) -> Parameters:
    """Those of the parameters that a statement names."""
    return {name: value for name, value in parameters.items() if f":{name}" in statement}
