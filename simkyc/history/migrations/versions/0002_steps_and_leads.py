"""What was done to a line, and which leads were handed on.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "line_step",
        sa.Column("msisdn_key", sa.String(), primary_key=True),
        sa.Column("step_no", sa.BigInteger(), primary_key=True),
        sa.Column("opened_by", sa.String(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("after_entry", sa.BigInteger(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("suspected", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("taken_by", sa.String()),
        sa.Column("until", sa.BigInteger()),
        sa.Column("application_id", sa.String()),
        sa.Column("verdict_id", sa.String()),
        sqlite_with_rowid=False,
    )
    op.create_index("line_step_by_opening", "line_step", ["opened_by"])
    op.create_table(
        "lead",
        sa.Column("lead_id", sa.String(), primary_key=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("subject_key", sa.String()),
        sa.Column("package_sha256", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("supersedes", sa.String()),
    )
    op.create_index("lead_by_subject", "lead", ["subject_key"])
    op.create_table(
        "lead_event",
        sa.Column("lead_id", sa.String(), primary_key=True),
        sa.Column("event_no", sa.BigInteger(), primary_key=True),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("happened_at", sa.BigInteger(), nullable=False),
        sa.Column("done_by", sa.String(), nullable=False),
        sa.Column("details_json", sa.String(), nullable=False),
        sa.Column("previous_sha256", sa.String(), nullable=False),
        sa.Column("event_sha256", sa.String(), nullable=False),
        sqlite_with_rowid=False,
    )
