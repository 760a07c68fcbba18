"""What must survive of an emergency: panics with their closes, halts, and alarms of positions without a stop."""

from sqlalchemy import BigInteger, Boolean, Column, ForeignKeyConstraint, Index, Integer, String, Table, Text

from storage.columns import Exact, Word
from storage.metadata import metadata
from strategies.signal import Direction
from trading.emergency import AlarmState, CloseState, PanicState, Scope

panics = Table(
    "panics",
    metadata,
    Column("id", String, primary_key=True),
    Column("environment", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("state", Word(PanicState), nullable=False),
    Column("scope", Word(Scope)),  # none until a button was tapped
    Column("asked_at", BigInteger, nullable=False),
    Column("begun_at", BigInteger),
    Column("ended_at", BigInteger),
    Column("seen", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Index(None, "environment", "owner", "state"),
)
_running = panics.c.state == PanicState.RUNNING
Index(
    "uq_panics_running",
    panics.c.environment,
    panics.c.owner,
    unique=True,
    sqlite_where=_running,
    postgresql_where=_running,
)

# Close orders of positions that no ticket holds; the id is the orderLinkId.
closes = Table(
    "closes",
    metadata,
    Column("id", String, primary_key=True),
    Column("environment", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("panic", String, nullable=False),
    Column("symbol", String, nullable=False),
    Column("position_index", Integer, nullable=False),
    Column("direction", Word(Direction), nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Word(CloseState), nullable=False),
    Column("size", Exact, nullable=False),
    Column("entry", Exact, nullable=False),
    Column("signed_at", BigInteger, nullable=False),
    Column("filled", Exact, nullable=False),
    Column("average", Exact),
    Column("detail", Text, nullable=False),
    ForeignKeyConstraint(["panic"], ["panics.id"]),
    Index(None, "environment", "uid", "symbol", "position_index", "number", unique=True),
)
_sent = closes.c.state == CloseState.SENT
Index(
    "uq_closes_sent",
    closes.c.environment,
    closes.c.uid,
    closes.c.symbol,
    closes.c.position_index,
    unique=True,
    sqlite_where=_sent,
    postgresql_where=_sent,
)

halts = Table(
    "halts",
    metadata,
    Column("id", String, primary_key=True),
    Column("environment", String, nullable=False),
    Column("begun_by", BigInteger, nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_by", BigInteger),
    Column("ended_at", BigInteger),
    Column("told", Boolean, nullable=False),
    Index(None, "environment", "begun_at"),
)
_standing = halts.c.ended_at.is_(None)
Index(
    "uq_halts_standing",
    halts.c.environment,
    unique=True,
    sqlite_where=_standing,
    postgresql_where=_standing,
)

alarms = Table(
    "alarms",
    metadata,
    Column("id", String, primary_key=True),
    Column("environment", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("owner", BigInteger, nullable=False),
    Column("symbol", String, nullable=False),
    Column("position_index", Integer, nullable=False),
    Column("direction", Word(Direction), nullable=False),
    Column("size", Exact, nullable=False),
    Column("average", Exact, nullable=False),
    Column("mark", Exact, nullable=False),
    Column("stop", Exact, nullable=False),
    Column("at_stop", Exact, nullable=False),
    Column("number", Integer, nullable=False),
    Column("state", Word(AlarmState), nullable=False),
    Column("begun_at", BigInteger, nullable=False),
    Column("ended_at", BigInteger),
    Index(None, "environment", "uid", "state"),
)
_raised = alarms.c.state == AlarmState.STANDING
Index(
    "uq_alarms_standing",
    alarms.c.environment,
    alarms.c.uid,
    alarms.c.symbol,
    alarms.c.position_index,
    unique=True,
    sqlite_where=_raised,
    postgresql_where=_raised,
)
