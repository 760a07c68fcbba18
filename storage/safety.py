"""Where an emergency is kept: one store for each kind, over one database."""

from storage.adoptions import AdoptionStore
from storage.alarms import AlarmStore
from storage.database import Database
from storage.halts import HaltStore
from storage.panics import PanicStore
from trading.emergency import SafetyBook


def safety_book(database: Database, environment: str) -> SafetyBook:
    """Panics, halts, alarms and adoptions of one environment."""
    return SafetyBook(
        panics=PanicStore(database, environment),
        halts=HaltStore(database, environment),
        alarms=AlarmStore(database, environment),
        adoptions=AdoptionStore(database, environment),
    )
