"""What the use cases of trading share: the ports, and what is known of the market at the moment."""

from dataclasses import dataclass, field

from trading.caches import Caches
from trading.feed import Feed
from trading.feed_news import MarketStream
from trading.health import Health
from trading.ports import Clock, Exchange, Journal, Notifier, People
from trading.standing import Halting
from trading.universe import Universe


@dataclass(frozen=True, slots=True)
class Context:
    """Built once by the program; every use case gets the same one."""

    exchange: Exchange
    journal: Journal
    people: People
    notifier: Notifier
    clock: Clock
    universe: Universe
    stream: MarketStream
    feed: Feed
    caches: Caches
    health: Health
    halting: Halting = field(default_factory=Halting)
