"""The tables of a history, the same in every database. Times are integer epoch seconds.

Each index begins with the key that one question is asked by. Where a key can have many rows, the index
carries every column that the question reads, so that no answer touches the rows themselves: they are large.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

__all__ = [
    "APPLICATION",
    "FACE_TEMPLATE",
    "LEAD",
    "LEAD_EVENT",
    "LINE_STEP",
    "LIST_IMPORT",
    "META",
    "OUTCOME",
    "SCHEMA_VERSION",
    "SHARED_KEY",
    "SIGHTING",
    "SIM_STOCK",
    "STOCKED_STORE",
    "TABLES",
    "UPKEEP",
    "VERSION_TABLE",
    "WATCH",
]

SCHEMA_VERSION = 2
"""Raised by every change of the tables, each with a file of its own in `migrations`."""

VERSION_TABLE = "history_version"
"""Where Alembic keeps which of them the tables have."""

TABLES = MetaData()

META = Table(
    "history_meta",
    TABLES,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
"""`secret_fingerprint` of the keyed hashes."""

APPLICATION = Table(
    "application",
    TABLES,
    # The order of recording, which times in whole seconds do not tell. SQLite keeps it in every index.
    Column("entry_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("application_id", String, nullable=False, unique=True),
    Column("body_digest", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("service", String, nullable=False),
    Column("person_key", String),
    Column("device_key", String),
    Column("second_device_key", String),
    Column("iccid", String),
    Column("imsi_key", String),
    Column("msisdn_key", String),
    Column("store_id", String, nullable=False),
    Column("dealer_id", String),
    Column("clerk_id", String, nullable=False),
    # Of the store, in millionths of a degree: only integers are alike in every database.
    Column("latitude_e6", BigInteger),
    Column("longitude_e6", BigInteger),
    Column("decided_at", BigInteger, nullable=False),
    Column("decision", String, nullable=False),
    Column("admitted_until", BigInteger),
    Column("opened_at", BigInteger),
    Column("approved_by", String),
    Column("released_at", BigInteger),
    Column("closed_at", BigInteger),
    Column("restriction_json", String),
    # Last, because a database reads the columns before a long text without reading the text.
    Column("verdict_json", Text, nullable=False),
)
"""One row an application: who asked for what, what was decided, what became of it.

What was opened is also the line's binding: from `opened_at` to `closed_at`, this person, card, IMSI and declared
device belong to this number. A replacement, a transfer or a move of an eSIM closes the row before it.
"""

STATE = ("decided_at", "admitted_until", "opened_at", "released_at")
Index(
    "application_by_person",
    *(APPLICATION.c[name] for name in ("person_key", *STATE, "closed_at", "kind", "service")),
)
# One card or number is asked for a handful of times: looking at those rows costs less than wider indexes.
Index("application_by_iccid", APPLICATION.c.iccid)
Index("application_by_msisdn", APPLICATION.c.msisdn_key)

SHARED_KEY = Table(
    "shared_key",
    TABLES,
    Column("what", String, primary_key=True),
    Column("shared_key", String, primary_key=True),
    Column("decided_at", BigInteger, primary_key=True),
    Column("entry_no", BigInteger, primary_key=True),
    Column("person_key", String),
    Column("iccid", String),
    Column("admitted_until", BigInteger),
    Column("opened_at", BigInteger),
    Column("is_remote_first", Integer, nullable=False),
    Column("released_at", BigInteger),
    # The rows are short and only ever asked for by their key: they stand in the index itself.
    sqlite_with_rowid=False,
)
"""What applications of different people may share, one row each: a device, a contact number, a clerk, a store.

`what` says which; the other columns repeat those of the application. `admitted_until` is there of new numbers alone,
which are what is counted.
`is_remote_first` is 1 where somebody from elsewhere opened a first number.
"""

# Grows at its end alone, so it costs little.
Index("shared_key_by_entry", SHARED_KEY.c.entry_no)

SIGHTING = Table(
    "sighting",
    TABLES,
    Column("msisdn_key", String, primary_key=True),
    Column("seen_at", BigInteger, primary_key=True),
    Column("device_key", String, primary_key=True),
    Column("imsi_key", String),
    Column("tac", String),
    Column("recorded_at", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Which device the network saw a line in, and when. `device_key` is empty where what it reported is no IMEI."""

Index(
    "sighting_by_device",
    *(SIGHTING.c[name] for name in ("device_key", "seen_at", "recorded_at", "msisdn_key")),
)

OUTCOME = Table(
    "outcome",
    TABLES,
    Column("what", String, primary_key=True),
    Column("shared_key", String, primary_key=True),
    Column("entry_no", BigInteger, primary_key=True),
    Column("reported_at", BigInteger, primary_key=True),
    Column("replaced_at", BigInteger),
    Column("is_fraud", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""What became of a number that was opened, one row for each thing that its application shares with others.

A later word on the same number ends the earlier one. `application` holds the number itself under what it is called.
"""

Index("outcome_by_entry", OUTCOME.c.entry_no)

FACE_TEMPLATE = Table(
    "face_template",
    TABLES,
    Column("entry_no", BigInteger, primary_key=True),
    Column("role", String, primary_key=True),
    Column("engine_id", String, nullable=False),
    Column("person_key", String),
    Column("sex", String),
    Column("decided_at", BigInteger, nullable=False),
    # Little-endian float16, turned by a matrix that only the deployment's secret tells.
    Column("vector", LargeBinary, nullable=False),
)
"""The faces of an application: whoever looked into the camera, and who stood beside them."""

Index("face_template_by_person", FACE_TEMPLATE.c.person_key)

UPKEEP = Table(
    "upkeep",
    TABLES,
    Column("upkeep_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("what", String, nullable=False),
    Column("ran_at", BigInteger, nullable=False),
    Column("until", BigInteger),
    Column("rows_gone", BigInteger, nullable=False),
)
"""What was deleted when: retention and erasure leave a record that they ran, and none of whom."""

SIM_STOCK = Table(
    "sim_stock",
    TABLES,
    Column("iccid", String, primary_key=True),
    # A card that moves or changes its state ends and begins anew: whoever judges again finds what held then.
    Column("recorded_at", BigInteger, primary_key=True),
    Column("replaced_at", BigInteger),
    Column("lot", String),
    Column("store_id", String),
    Column("dealer_id", String),
    Column("state", String, nullable=False),
    # In the clear as long as nobody has the card; wiped when it is issued.
    Column("imsi", String),
    Column("msisdn", String),
    Column("imsi_key", String),
    Column("msisdn_key", String),
    Column("import_id", String),
    sqlite_with_rowid=False,
)
"""One row a card of the stock and a version of it: where it lies, in which state, and the numbers that go with it.

The version in force has no `replaced_at`. Whether a card is reserved or issued here, `application` knows.
"""

# By the keys, which stay when the numbers are wiped: a question asked again later must find what it found.
Index("sim_stock_by_imsi", SIM_STOCK.c.imsi_key)
Index("sim_stock_by_msisdn", SIM_STOCK.c.msisdn_key)

STOCKED_STORE = Table(
    "stocked_store",
    TABLES,
    Column("store_id", String, primary_key=True),
    Column("stocked_at", BigInteger, nullable=False),
)
"""Stores that ever had a card: one whose cards were all moved away must not pass for one without a list."""

WATCH = Table(
    "watch",
    TABLES,
    Column("watch_key", String, primary_key=True),
    Column("list", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("listed_from", BigInteger, primary_key=True),
    # An entry that changes ends and begins anew, so that whoever judges again finds what was listed then.
    Column("recorded_at", BigInteger, primary_key=True),
    Column("removed_at", BigInteger),
    Column("listed_until", BigInteger),
    Column("silent_alert", Integer, nullable=False),
    Column("import_id", String, nullable=False),
    Column("basis", String, nullable=False),
    Column("equipment", String),
    sqlite_with_rowid=False,
)
"""One row an entry of a list and a version of it: who or what is listed, from and until when, why.

`watch_key` is the keyed hash of a person, of a document on the list of those that were lost, or of a device; or
`tac:` and the first digits of a type allocation code. `equipment` is the IMEI, TAC or range as the list said it, so
that a list of devices can be written out again. The primary key serves the question, and lets the same list be
imported again without a trace.
"""

LIST_IMPORT = Table(
    "list_import",
    TABLES,
    Column("list", String, primary_key=True),
    Column("source", String, primary_key=True),
    Column("imported_at", BigInteger, primary_key=True),
    Column("import_id", String, nullable=False),
    sqlite_with_rowid=False,
)
"""When which list was brought up to date: an empty answer from a list that nobody keeps says nothing."""

Index("list_import_by_list", LIST_IMPORT.c.list, LIST_IMPORT.c.imported_at)

LINE_STEP = Table(
    "line_step",
    TABLES,
    Column("msisdn_key", String, primary_key=True),
    Column("step_no", BigInteger, primary_key=True),
    Column("opened_by", String, nullable=False),
    Column("taken_at", BigInteger, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
    Column("after_entry", BigInteger, nullable=False),
    Column("measure", String, nullable=False),
    Column("state", String, nullable=False),
    Column("suspected", Integer, nullable=False),
    Column("reason", String, nullable=False),
    Column("basis", String, nullable=False),
    Column("taken_by", String),
    Column("until", BigInteger),
    Column("application_id", String),
    Column("verdict_id", String),
    sqlite_with_rowid=False,
)
"""What was done to a line and why, one row a step, numbered from 1: rows are added and never changed.

`state` and `suspected` are the line's after the step. `opened_by` is the application by which the line came to its
holder: whoever has the number next begins anew. `after_entry` is the number of the last application that was recorded
before, so that one which is judged again finds what it found then. `application_id` is the application that asked for
the step at a counter, and `verdict_id` the verdict that recommended it.
"""

Index("line_step_by_opening", LINE_STEP.c.opened_by)

LEAD = Table(
    "lead",
    TABLES,
    Column("lead_id", String, primary_key=True),
    Column("about", String, nullable=False),
    # None once whoever it was about was erased.
    Column("subject_key", String),
    Column("package_sha256", String, nullable=False),
    Column("recipient", String, nullable=False),
    Column("made_at", BigInteger, nullable=False),
    Column("made_by", String, nullable=False),
    Column("state", String, nullable=False),
    Column("supersedes", String),
)
"""One row a lead for the police: about whom by keyed hash, for whom, and how it stands. The package is not here."""

Index("lead_by_subject", LEAD.c.subject_key)

LEAD_EVENT = Table(
    "lead_event",
    TABLES,
    Column("lead_id", String, primary_key=True),
    Column("event_no", BigInteger, primary_key=True),
    Column("what", String, nullable=False),
    Column("happened_at", BigInteger, nullable=False),
    Column("done_by", String, nullable=False),
    Column("details_json", String, nullable=False),
    Column("previous_sha256", String, nullable=False),
    Column("event_sha256", String, nullable=False),
    sqlite_with_rowid=False,
)
"""The chain of custody, one row an event, numbered from 1: rows are added and never changed.

The first carries the digest of the package, each other one that of the event before it.
"""
