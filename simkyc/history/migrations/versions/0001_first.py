"""The tables of the first version.

Revision ID: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make every table and index."""
    op.create_table(
        "history_meta",
        sa.Column("name", sa.String(), primary_key=True),
        sa.Column("value", sa.String(), nullable=False),
    )
    op.create_table(
        "application",
        sa.Column("entry_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("application_id", sa.String(), nullable=False, unique=True),
        sa.Column("body_digest", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("person_key", sa.String()),
        sa.Column("device_key", sa.String()),
        sa.Column("second_device_key", sa.String()),
        sa.Column("iccid", sa.String()),
        sa.Column("imsi_key", sa.String()),
        sa.Column("msisdn_key", sa.String()),
        sa.Column("store_id", sa.String(), nullable=False),
        sa.Column("dealer_id", sa.String()),
        sa.Column("clerk_id", sa.String(), nullable=False),
        sa.Column("latitude_e6", sa.BigInteger()),
        sa.Column("longitude_e6", sa.BigInteger()),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("admitted_until", sa.BigInteger()),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column("approved_by", sa.String()),
        sa.Column("released_at", sa.BigInteger()),
        sa.Column("closed_at", sa.BigInteger()),
        sa.Column("restriction_json", sa.String()),
        sa.Column("verdict_json", sa.Text(), nullable=False),
    )
    op.create_index("application_by_iccid", "application", ["iccid"])
    op.create_index("application_by_msisdn", "application", ["msisdn_key"])
    op.create_index(
        "application_by_person",
        "application",
        [
            "person_key",
            "decided_at",
            "admitted_until",
            "opened_at",
            "released_at",
            "closed_at",
            "kind",
            "service",
        ],
    )
    op.create_table(
        "shared_key",
        sa.Column("what", sa.String(), primary_key=True),
        sa.Column("shared_key", sa.String(), primary_key=True),
        sa.Column("decided_at", sa.BigInteger(), primary_key=True),
        sa.Column("entry_no", sa.BigInteger(), primary_key=True),
        sa.Column("person_key", sa.String()),
        sa.Column("iccid", sa.String()),
        sa.Column("admitted_until", sa.BigInteger()),
        sa.Column("opened_at", sa.BigInteger()),
        sa.Column("is_remote_first", sa.Integer(), nullable=False),
        sa.Column("released_at", sa.BigInteger()),
        sqlite_with_rowid=False,
    )
    op.create_index("shared_key_by_entry", "shared_key", ["entry_no"])
    op.create_table(
        "sighting",
        sa.Column("msisdn_key", sa.String(), primary_key=True),
        sa.Column("seen_at", sa.BigInteger(), primary_key=True),
        sa.Column("device_key", sa.String(), primary_key=True),
        sa.Column("imsi_key", sa.String()),
        sa.Column("tac", sa.String()),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("sighting_by_device", "sighting", ["device_key", "seen_at", "recorded_at", "msisdn_key"])
    op.create_table(
        "outcome",
        sa.Column("what", sa.String(), primary_key=True),
        sa.Column("shared_key", sa.String(), primary_key=True),
        sa.Column("entry_no", sa.BigInteger(), primary_key=True),
        sa.Column("reported_at", sa.BigInteger(), primary_key=True),
        sa.Column("replaced_at", sa.BigInteger()),
        sa.Column("is_fraud", sa.Integer(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("outcome_by_entry", "outcome", ["entry_no"])
    op.create_table(
        "face_template",
        sa.Column("entry_no", sa.BigInteger(), primary_key=True),
        sa.Column("role", sa.String(), primary_key=True),
        sa.Column("engine_id", sa.String(), nullable=False),
        sa.Column("person_key", sa.String()),
        sa.Column("sex", sa.String()),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
    )
    op.create_index("face_template_by_person", "face_template", ["person_key"])
    op.create_table(
        "upkeep",
        sa.Column("upkeep_no", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("ran_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("rows_gone", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "sim_stock",
        sa.Column("iccid", sa.String(), primary_key=True),
        sa.Column("recorded_at", sa.BigInteger(), primary_key=True),
        sa.Column("replaced_at", sa.BigInteger()),
        sa.Column("lot", sa.String()),
        sa.Column("store_id", sa.String()),
        sa.Column("dealer_id", sa.String()),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("imsi", sa.String()),
        sa.Column("msisdn", sa.String()),
        sa.Column("imsi_key", sa.String()),
        sa.Column("msisdn_key", sa.String()),
        sa.Column("import_id", sa.String()),
        sqlite_with_rowid=False,
    )
    op.create_index("sim_stock_by_imsi", "sim_stock", ["imsi_key"])
    op.create_index("sim_stock_by_msisdn", "sim_stock", ["msisdn_key"])
    op.create_table(
        "stocked_store",
        sa.Column("store_id", sa.String(), primary_key=True),
        sa.Column("stocked_at", sa.BigInteger(), nullable=False),
    )
    op.create_table(
        "watch",
        sa.Column("watch_key", sa.String(), primary_key=True),
        sa.Column("list", sa.String(), primary_key=True),
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("listed_from", sa.BigInteger(), primary_key=True),
        sa.Column("recorded_at", sa.BigInteger(), primary_key=True),
        sa.Column("removed_at", sa.BigInteger()),
        sa.Column("listed_until", sa.BigInteger()),
        sa.Column("silent_alert", sa.Integer(), nullable=False),
        sa.Column("import_id", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("equipment", sa.String()),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "list_import",
        sa.Column("list", sa.String(), primary_key=True),
        sa.Column("source", sa.String(), primary_key=True),
        sa.Column("imported_at", sa.BigInteger(), primary_key=True),
        sa.Column("import_id", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("list_import_by_list", "list_import", ["list", "imported_at"])
