"""What was done to a line, and which leads were handed on.

Revision ID: 0002
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make both tables."""
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
        sa.Column("subject_key", sa.String(), nullable=False),
        sa.Column("package_sha256", sa.String(), nullable=False),
        sa.Column("exported_at", sa.BigInteger(), nullable=False),
        sa.Column("exported_by", sa.String(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("receipt", sa.String()),
        sa.Column("received_at", sa.BigInteger()),
        sa.Column("feedback", sa.String()),
        sa.Column("feedback_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.Column("revoked_by", sa.String()),
        sa.Column("revoked_for", sa.String()),
    )
    op.create_index("lead_by_subject", "lead", ["subject_key"])
