"""All use cases of trading, wired once: the program and the tests build the same one."""

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
        self._heed(await self.watch.tick())
        await self.scanner.prepare()

    async def tick(self) -> None:
        """One tick: first what is ours on Bybit, then the market."""
        trouble = await self.watch.tick()
        try:
            await self.scanner.scan()
        except ExchangeError as error:
            trouble = trouble or error.text
        self._heed(trouble)

    def _heed(self, trouble: str) -> None:
        """Bybit's trouble begins and ends with a whole tick, so that it is told once, not in turns."""
        if trouble:
            self.context.health.failed("bybit", trouble)
        else:
            self.context.health.worked("bybit")

    async def each_minute(self) -> None:
        """Slower duties: Bybit's clock, and what is still missing of the dial's history."""
        try:
            await self.context.exchange.measure_clock()
            await self.scanner.prepare()
        except ExchangeError as error:
            self.context.health.failed("bybit", error.text)

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
        feed=Feed(exchange, clock, health),
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
