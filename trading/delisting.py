"""Who holds what Bybit will deliver within a day is warned, once for each (SPEC 2)."""

from trading.context import Context
from trading.errors import ExchangeError
from trading.model import AccountId, Position
from trading.universe import DAY_MS


class Delistings:
    """Looks at positions only while some contract is about to end."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._told: set[tuple[AccountId, str, int]] = set()

    async def warn(self) -> None:
        """Tells every owner of an account that holds such a contract. Raises ExchangeError."""
        context = self._context
        ending = context.universe.ending_within(DAY_MS)
        if not ending:
            return
        silent: ExchangeError | None = None
        for account in await context.people.accounts():
            try:
                held = await self._held(account.id)
            except ExchangeError as error:
                silent = error  # the others are asked all the same
                continue
            for position in held:
                at = ending.get(position.symbol)
                if at is not None and position.size > 0 and (account.id, position.symbol, at) not in self._told:
                    await context.notifier.delisting(account.owner, position.symbol, at)
                    self._told.add((account.id, position.symbol, at))
        if silent is not None:
            raise silent

    async def _held(self, account: AccountId) -> tuple[Position, ...]:
        context = self._context
        return await context.caches.position_cache.get(account, lambda: context.exchange.positions(account))
