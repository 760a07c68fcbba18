"""Panics, their closes, halts, and alarms of positions without a stop.

Revision ID: r0002
Revises: r0001
"""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"

EXACT = sa.String().with_variant(sa.NUMERIC(38, 18), "postgresql")


def upgrade() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("position_index", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("size", EXACT, nullable=False),
        sa.Column("average", EXACT, nullable=False),
        sa.Column("mark", EXACT, nullable=False),
        sa.Column("stop", EXACT, nullable=False),
        sa.Column("at_stop", EXACT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
    )
    op.create_index("ix_alarms_environment_uid_state", "alarms", ["environment", "uid", "state"], unique=False)
    op.create_index(
        "uq_alarms_standing",
        "alarms",
        ["environment", "uid", "symbol", "position_index"],
        unique=True,
        sqlite_where=sa.text("state = 'STANDING'"),
        postgresql_where=sa.text("state = 'STANDING'"),
    )
    op.create_table(
        "halts",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("begun_by", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_by", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_halts"),
    )
    op.create_index("ix_halts_environment_begun_at", "halts", ["environment", "begun_at"], unique=False)
    op.create_index(
        "uq_halts_standing",
        "halts",
        ["environment"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "panics",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("scope", sa.String()),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("begun_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("progress", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_panics"),
    )
    op.create_index("ix_panics_environment_owner_state", "panics", ["environment", "owner", "state"], unique=False)
    op.create_index(
        "uq_panics_running",
        "panics",
        ["environment", "owner"],
        unique=True,
        sqlite_where=sa.text("state = 'RUNNING'"),
        postgresql_where=sa.text("state = 'RUNNING'"),
    )
    op.create_table(
        "closes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("panic", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("position_index", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("size", EXACT, nullable=False),
        sa.Column("entry", EXACT, nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("filled", EXACT, nullable=False),
        sa.Column("average", EXACT),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["panic"], ["panics.id"], name="fk_closes_panic"),
        sa.PrimaryKeyConstraint("id", name="pk_closes"),
    )
    op.create_index(
        "ix_closes_environment_uid_symbol_position_index_number",
        "closes",
        ["environment", "uid", "symbol", "position_index", "number"],
        unique=True,
    )
    op.create_index(
        "uq_closes_sent",
        "closes",
        ["environment", "uid", "symbol", "position_index"],
        unique=True,
        sqlite_where=sa.text("state = 'SENT'"),
        postgresql_where=sa.text("state = 'SENT'"),
    )
