"""The tables. Every row carries its environment; what belongs to an account carries its Bybit uid too."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from storage.columns import Exact, RowId, Word
from storage.metadata import metadata
from storage.safety_tables import alarms, closes, halts, panics
from trading.people import Role
from trading.reasons import Ending, Reason
from trading.states import LIVE, State

__all__ = ["alarms", "closes", "halts", "metadata", "panics"]

# --- persons and their accounts

people = Table(
    "people",
    metadata,
    Column("environment", String, primary_key=True),
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("role", Word(Role), nullable=False),
    Column("language", String, nullable=False),
    Column("first_name", Text, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("blocked", Boolean, nullable=False),
    Column("joined_at", BigInteger, nullable=False),
)

preferences = Table(
    "preferences",
    metadata,
    Column("environment", String, primary_key=True),
    Column("person", BigInteger, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    ForeignKeyConstraint(["environment", "person"], ["people.environment", "people.id"]),
)

preference_changes = Table(
    "preference_changes",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("environment", String, nullable=False),
    Column("person", BigInteger, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    ForeignKeyConstraint(["environment", "person"], ["people.environment", "people.id"]),
    Index(None, "environment", "person", "at"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("environment", String, primary_key=True),
    Column("uid", String, primary_key=True),
    Column("owner", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    ForeignKeyConstraint(["environment", "owner"], ["people.environment", "people.id"]),
)
Index(
    "uq_accounts_active",
    accounts.c.environment,
    accounts.c.owner,
    unique=True,
    sqlite_where=accounts.c.active,
    postgresql_where=accounts.c.active,
)

# Without a foreign key to accounts: a key is stored once Bybit told whose it is, before the account is ours.
vault = Table(
    "vault",
    metadata,
    Column("environment", String, primary_key=True),
    Column("uid", String, primary_key=True),
    Column("field", String, primary_key=True),
    Column("owner", BigInteger, nullable=False),
    Column("key_id", String, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# --- the journal. No foreign key to accounts: what was intended outlives an account that is taken away.

tickets = Table(
    "tickets",
    metadata,
    Column("id", String, primary_key=True),
    Column("environment", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("signal_id", String),  # a manual ticket will have none
    Column("signal", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("first_risk", Exact, nullable=False),
    UniqueConstraint("environment", "uid", "signal_id"),
)

revisions = Table(
    "revisions",
    metadata,
    Column("ticket", String, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # the ticket's own facts once more, for ownership and uniqueness in one statement
    Column("environment", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("signal_id", String),
    Column("symbol", String, nullable=False),
    Column("state", Word(State), nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
    # the plan
    Column("entry", Exact, nullable=False),
    Column("limit", Exact, nullable=False),
    Column("stop", Exact, nullable=False),
    Column("target", Exact, nullable=False),
    Column("size", Exact, nullable=False),
    Column("leverage", Integer, nullable=False),
    Column("notional", Exact, nullable=False),
    Column("risk", Exact, nullable=False),
    Column("r", Exact, nullable=False),
    Column("costs", Exact, nullable=False),
    Column("net_reward", Exact, nullable=False),
    Column("net_loss", Exact, nullable=False),
    Column("bound_by", String, nullable=False),
    # what a tap sends
    Column("order_link_id", String, nullable=False),
    Column("request", Text, nullable=False),
    Column("request_hash", String, nullable=False),
    # what became of it
    Column("signed_at", BigInteger),
    Column("order_id", String),
    Column("reason", Word(Reason)),
    Column("detail", Text, nullable=False),
    Column("risk_now", Exact, nullable=False),
    Column("stop_now", Exact, nullable=False),
    Column("target_now", Exact),
    Column("size_now", Exact, nullable=False),
    Column("fill_size", Exact),
    Column("fill_average", Exact),
    Column("fill_fee", Exact),
    Column("closes", Integer, nullable=False),
    Column("ending", Word(Ending)),
    Column("net", Exact),
    Column("net_r", Exact),
    Column("exit", Exact),
    Column("closed_at", BigInteger),
    ForeignKeyConstraint(["ticket"], ["tickets.id"]),
    UniqueConstraint("order_link_id"),
    Index(None, "environment", "state"),
    Index(None, "environment", "uid", "closed_at"),
)

_live = revisions.c.state.in_(sorted(LIVE))
_open = revisions.c.state.in_(sorted(LIVE | {State.PROPOSED}))
Index(
    "uq_revisions_open_signal",
    revisions.c.environment,
    revisions.c.uid,
    revisions.c.signal_id,
    unique=True,
    sqlite_where=_open,
    postgresql_where=_open,
)
Index(
    "uq_revisions_live_symbol",
    revisions.c.environment,
    revisions.c.uid,
    revisions.c.symbol,
    unique=True,
    sqlite_where=_live,
    postgresql_where=_live,
)

transitions = Table(
    "transitions",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("ticket", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("environment", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("event", String, nullable=False),
    Column("before", Word(State)),  # none when it was proposed
    Column("after", Word(State), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("detail", Text, nullable=False),
    ForeignKeyConstraint(["ticket", "number"], ["revisions.ticket", "revisions.number"]),
    Index(None, "ticket", "number"),
)

executions = Table(
    "executions",
    metadata,
    Column("environment", String, primary_key=True),
    Column("uid", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("ticket", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("order_id", String, nullable=False),
    Column("order_link_id", String, nullable=False),
    Column("side", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("create_type", String, nullable=False),
    Column("price", Exact, nullable=False),
    Column("size", Exact, nullable=False),
    Column("closed_size", Exact, nullable=False),
    Column("fee", Exact, nullable=False),
    Column("at", BigInteger, nullable=False),
    ForeignKeyConstraint(["ticket"], ["tickets.id"]),
    Index(None, "ticket", "at"),
)

heard = Table(
    "heard",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("environment", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("signal_id", String, nullable=False),
    Column("signal", Text, nullable=False),
    Column("heard_at", BigInteger, nullable=False),
    Column("ticket", String),
    Column("refused", Word(Reason)),
    UniqueConstraint("environment", "uid", "signal_id"),
    Index(None, "environment", "owner", "heard_at"),
)

# --- what people are still to be told

outbox = Table(
    "outbox",
    metadata,
    Column("id", RowId, primary_key=True),
    Column("environment", String, nullable=False),
    Column("chat", BigInteger, nullable=False),
    Column("subject", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("ring", Boolean, nullable=False),
    Column("wanted", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("wanted_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reply_to", String),
    Column("message_id", BigInteger),
    Column("digest", String),
    Column("is_photo", Boolean, nullable=False),
    Column("delivered_at", BigInteger),
    UniqueConstraint("environment", "chat", "subject"),
    Index(None, "environment", "wanted", "due_at"),
    Index(None, "environment", "chat", "message_id"),
)

limits_told = Table(
    "limits_told",
    metadata,
    Column("environment", String, primary_key=True),
    Column("owner", BigInteger, primary_key=True, autoincrement=False),
    Column("reason", Word(Reason), primary_key=True),
)
