"""All use cases of trading, wired once: the program and the tests build the same one."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from strategies.model import Settings
from trading.caches import Caches
from trading.closing import Closer
from trading.context import Context
from trading.dial import Dial
from trading.errors import ExchangeError
from trading.feed import Feed
from trading.health import Health
from trading.judge import Judge
from trading.offers import Offers
from trading.ports import Clock, Exchange, Journal, Notifier, People
from trading.quotes import Quotes
from trading.report import StatusDesk
from trading.requote import Requoter
from trading.scan import Scanner
from trading.sending import Sender
from trading.standing import Standings
from trading.steps import Steps
from trading.tickets import Own, TicketDesk
from trading.universe import Universe
from trading.watch import Watch

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Assistant:
    """What the face calls: the desk for taps, the scanner and the watch for the tick, the report for /status."""

    context: Context
    judge: Judge
    dial: Dial
    scanner: Scanner
    watch: Watch
    desk: TicketDesk
    report: StatusDesk
    standings: Standings

    async def start(self) -> None:
        """Learns Bybit's time and the market, reads the dial's history, reconciles every account.

        Raises ExchangeError where Bybit does not answer; it may be called again, and the tick does the same work.
        """
        await self.context.exchange.measure_clock()
        await self.context.universe.refresh()
        await self.look_after()
        await self.scanner.prepare()

    async def look_after(self) -> None:
        """One look at all that is ours on Bybit; never held up by the market's candles."""
        trouble = await self.watch.tick()
        if trouble:
            self.context.health.failed("bybit", trouble)
        else:
            self.context.health.worked("bybit")

    async def tick(self) -> None:
        """One look at the market: prices, candles, signals, tickets."""
        try:
            trouble = await self.scanner.scan()
        except ExchangeError as error:
            trouble = error.text
        if trouble:
            self.context.health.failed("feed", trouble)
        else:
            self.context.health.worked("feed")

    async def each_minute(self) -> None:
        """Slower duties: Bybit's clock, and what is still missing of the dial's history."""
        try:
            await self.context.exchange.measure_clock()
            await self.scanner.prepare()
        except ExchangeError as error:
            log.warning("Bybit's time or history could not be read: %s", error.text)

    def expire(self) -> int:
        """Housekeeping of all caches; gives how many entries went."""
        return self.context.caches.expire() + self.judge.processor.expire()


def build_assistant(
    *,
    exchange: Exchange,
    journal: Journal,
    people: People,
    notifier: Notifier,
    clock: Clock,
    environment: str,
    watchlist: tuple[str, ...],
    own: Own,
    new_id: Callable[[], str],
    tell: Callable[[str, str], None],
    settings: Settings | None = None,
) -> Assistant:
    """`own` takes charge of a task; `new_id` makes ticket ids that never repeat; `tell` logs troubles and their end."""

    def seconds() -> float:
        return clock.now() / 1000

    health = Health(clock, tell)
    context = Context(
        exchange=exchange,
        journal=journal,
        people=people,
        notifier=notifier,
        clock=clock,
        universe=Universe(exchange, clock, watchlist),
        feed=Feed(exchange, clock),
        caches=Caches(seconds),
        health=health,
    )
    standings = Standings()
    judge = Judge(settings or Settings(), seconds)
    dial = Dial(context.feed, judge, clock)
    quotes = Quotes(context)
    requoter = Requoter(context, quotes)
    sender = Sender(context)
    closer = Closer(context)
    watch = Watch(context, Steps(context, sender, closer, requoter), requoter, standings, sender)
    scanner = Scanner(context, judge, dial, Offers(context, quotes, standings, new_id))
    desk = TicketDesk(context, quotes, requoter, closer, standings, own, watch.carry)
    report = StatusDesk(context, scanner, dial, standings, environment)
    return Assistant(context, judge, dial, scanner, watch, desk, report, standings)
