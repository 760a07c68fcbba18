"""The first tables.

Revision ID: r0001
Revises:
"""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
EXACT = sa.String().with_variant(sa.NUMERIC(38, 18), "postgresql")
LIVE = "'ACKED', 'CLOSING', 'CONFIRMED', 'DRIFT', 'FILLED', 'OPEN', 'PARTIAL', 'SUBMITTING', 'UNKNOWN', 'UNPROTECTED'"
OPEN = (
    "'ACKED', 'CLOSING', 'CONFIRMED', 'DRIFT', 'FILLED', 'OPEN', 'PARTIAL', 'PROPOSED', 'SUBMITTING', 'UNKNOWN', "
    "'UNPROTECTED'"
)


def upgrade() -> None:
    op.create_table(
        "heard",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("signal_id", sa.String(), nullable=False),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("ticket", sa.String()),
        sa.Column("refused", sa.String()),
        sa.PrimaryKeyConstraint("id", name="pk_heard"),
        sa.UniqueConstraint("environment", "uid", "signal_id", name="uq_heard_environment_uid_signal_id"),
    )
    op.create_index("ix_heard_environment_owner_heard_at", "heard", ["environment", "owner", "heard_at"], unique=False)
    op.create_table(
        "limits_told",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "owner", "reason", name="pk_limits_told"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("chat", sa.BigInteger(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("ring", sa.Boolean(), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reply_to", sa.String()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("digest", sa.String()),
        sa.Column("is_photo", sa.Boolean(), nullable=False),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("environment", "chat", "subject", name="uq_outbox_environment_chat_subject"),
    )
    op.create_index(
        "ix_outbox_environment_chat_message_id", "outbox", ["environment", "chat", "message_id"], unique=False
    )
    op.create_index("ix_outbox_environment_wanted_due_at", "outbox", ["environment", "wanted", "due_at"], unique=False)
    op.create_table(
        "people",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("first_name", sa.Text(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "id", name="pk_people"),
    )
    op.create_table(
        "tickets",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("signal_id", sa.String()),
        sa.Column("signal", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("first_risk", EXACT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tickets"),
        sa.UniqueConstraint("environment", "uid", "signal_id", name="uq_tickets_environment_uid_signal_id"),
    )
    op.create_table(
        "vault",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("nonce", sa.LargeBinary(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("environment", "uid", "field", name="pk_vault"),
    )
    op.create_table(
        "accounts",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment", "owner"], ["people.environment", "people.id"], name="fk_accounts_environment_owner"
        ),
        sa.PrimaryKeyConstraint("environment", "uid", name="pk_accounts"),
    )
    op.create_index(
        "uq_accounts_active",
        "accounts",
        ["environment", "owner"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_table(
        "executions",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("order_id", sa.String(), nullable=False),
        sa.Column("order_link_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("create_type", sa.String(), nullable=False),
        sa.Column("price", EXACT, nullable=False),
        sa.Column("size", EXACT, nullable=False),
        sa.Column("closed_size", EXACT, nullable=False),
        sa.Column("fee", EXACT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.id"], name="fk_executions_ticket"),
        sa.PrimaryKeyConstraint("environment", "uid", "id", name="pk_executions"),
    )
    op.create_index("ix_executions_ticket_at", "executions", ["ticket", "at"], unique=False)
    op.create_table(
        "preference_changes",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("person", sa.BigInteger(), nullable=False),
        sa.Column("old", sa.Text(), nullable=False),
        sa.Column("new", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment", "person"],
            ["people.environment", "people.id"],
            name="fk_preference_changes_environment_person",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_preference_changes"),
    )
    op.create_index(
        "ix_preference_changes_environment_person_at",
        "preference_changes",
        ["environment", "person", "at"],
        unique=False,
    )
    op.create_table(
        "preferences",
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("person", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["environment", "person"], ["people.environment", "people.id"], name="fk_preferences_environment_person"
        ),
        sa.PrimaryKeyConstraint("environment", "person", name="pk_preferences"),
    )
    op.create_table(
        "revisions",
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("owner", sa.BigInteger(), nullable=False),
        sa.Column("signal_id", sa.String()),
        sa.Column("symbol", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("entry", EXACT, nullable=False),
        sa.Column("limit", EXACT, nullable=False),
        sa.Column("stop", EXACT, nullable=False),
        sa.Column("target", EXACT, nullable=False),
        sa.Column("size", EXACT, nullable=False),
        sa.Column("leverage", sa.Integer(), nullable=False),
        sa.Column("notional", EXACT, nullable=False),
        sa.Column("risk", EXACT, nullable=False),
        sa.Column("r", EXACT, nullable=False),
        sa.Column("costs", EXACT, nullable=False),
        sa.Column("net_reward", EXACT, nullable=False),
        sa.Column("net_loss", EXACT, nullable=False),
        sa.Column("bound_by", sa.String(), nullable=False),
        sa.Column("order_link_id", sa.String(), nullable=False),
        sa.Column("request", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.String(), nullable=False),
        sa.Column("signed_at", sa.BigInteger()),
        sa.Column("order_id", sa.String()),
        sa.Column("reason", sa.String()),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("risk_now", EXACT, nullable=False),
        sa.Column("stop_now", EXACT, nullable=False),
        sa.Column("target_now", EXACT),
        sa.Column("size_now", EXACT, nullable=False),
        sa.Column("fill_size", EXACT),
        sa.Column("fill_average", EXACT),
        sa.Column("fill_fee", EXACT),
        sa.Column("closes", sa.Integer(), nullable=False),
        sa.Column("ending", sa.String()),
        sa.Column("net", EXACT),
        sa.Column("net_r", EXACT),
        sa.Column("exit", EXACT),
        sa.Column("closed_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["ticket"], ["tickets.id"], name="fk_revisions_ticket"),
        sa.PrimaryKeyConstraint("ticket", "number", name="pk_revisions"),
        sa.UniqueConstraint("order_link_id", name="uq_revisions_order_link_id"),
    )
    op.create_index("ix_revisions_environment_state", "revisions", ["environment", "state"], unique=False)
    op.create_index(
        "ix_revisions_environment_uid_closed_at", "revisions", ["environment", "uid", "closed_at"], unique=False
    )
    op.create_index(
        "uq_revisions_live_symbol",
        "revisions",
        ["environment", "uid", "symbol"],
        unique=True,
        sqlite_where=sa.text(f"state IN ({LIVE})"),
        postgresql_where=sa.text(f"state IN ({LIVE})"),
    )
    op.create_index(
        "uq_revisions_open_signal",
        "revisions",
        ["environment", "uid", "signal_id"],
        unique=True,
        sqlite_where=sa.text(f"state IN ({OPEN})"),
        postgresql_where=sa.text(f"state IN ({OPEN})"),
    )
    op.create_table(
        "transitions",
        sa.Column("id", ROW_ID, nullable=False),
        sa.Column("ticket", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("environment", sa.String(), nullable=False),
        sa.Column("uid", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("before", sa.String()),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["ticket", "number"], ["revisions.ticket", "revisions.number"], name="fk_transitions_ticket_number"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_transitions"),
    )
    op.create_index("ix_transitions_ticket_number", "transitions", ["ticket", "number"], unique=False)
    # ### end Alembic commands ###
