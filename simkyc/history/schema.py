"""The tables of a history, the same in every database. Times are integer epoch seconds.

Each index begins with the key that one question is asked by. Where a key can have many rows, the index
carries every column that the question reads, so that no answer touches the rows themselves: they are large.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, MetaData, String, Table, Text

__all__ = ["APPLICATION", "META", "SCHEMA_VERSION", "SIM_STOCK", "STOCKED_STORE", "TABLES", "WATCH"]

SCHEMA_VERSION = 1
"""Raised by every change of the tables; a history written by a newer one is not opened."""

TABLES = MetaData()

META = Table(
    "history_meta",
    TABLES,
    Column("name", String, primary_key=True),
    Column("value", String, nullable=False),
)
"""`schema_version`, and `secret_fingerprint` of the keyed hashes."""

APPLICATION = Table(
    "application",
    TABLES,
    # The order of recording, which times in whole seconds do not tell. SQLite keeps it in every index.
    Column("entry_no", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("application_id", String, nullable=False, unique=True),
    Column("body_digest", String, nullable=False),
    Column("person_key", String),
    Column("representative_key", String),
    Column("device_key", String),
    Column("iccid", String),
    Column("msisdn_key", String),
    Column("store_id", String, nullable=False),
    Column("dealer_id", String),
    Column("clerk_id", String, nullable=False),
    Column("decided_at", BigInteger, nullable=False),
    Column("decision", String, nullable=False),
    Column("admitted_until", BigInteger),
    Column("opened_at", BigInteger),
    Column("approved_by", String),
    Column("released_at", BigInteger),
    Column("closed_at", BigInteger),
    # Last, because a database reads the columns before a long text without reading the text.
    Column("verdict_json", Text, nullable=False),
)
"""One row an application: who asked for what, what was decided, what became of it."""

STATE = ("decided_at", "admitted_until", "opened_at", "released_at")
Index("application_by_person", *(APPLICATION.c[name] for name in ("person_key", *STATE, "closed_at")))
Index("application_by_device", *(APPLICATION.c[name] for name in ("device_key", *STATE, "person_key")))
Index(
    "application_by_representative",
    *(APPLICATION.c[name] for name in ("representative_key", *STATE, "person_key")),
)
Index("application_by_clerk", *(APPLICATION.c[name] for name in ("clerk_id", *STATE)))
# One card or number is asked for a handful of times: looking at those rows costs less than wider indexes.
Index("application_by_iccid", APPLICATION.c.iccid)
Index("application_by_msisdn", APPLICATION.c.msisdn_key)

SIM_STOCK = Table(
    "sim_stock",
    TABLES,
    Column("iccid", String, primary_key=True),
    Column("store_id", String, nullable=False),
)
"""Which store each card is allocated to now."""

STOCKED_STORE = Table("stocked_store", TABLES, Column("store_id", String, primary_key=True))
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
    # The rows are short and only ever asked for by their key: they stand in the index itself.
    sqlite_with_rowid=False,
)
"""One row an entry of a list and a version of it: who or what is listed, from and until when, why.

`watch_key` is the keyed hash of a person, or of a document on the list of those that were lost. The primary key
serves the question, and lets the same list be imported again without a trace.
"""
