"""What Bybit says right before money moves: asked afresh, in parallel, within two seconds (SPEC 4, "Tap")."""

import asyncio
from dataclasses import dataclass

from trading.errors import OutcomeUnknown, RiskRefused
from trading.model import AccountId, AccountMode, Balance, Position, Ticker
from trading.ports import Exchange
from trading.reasons import Reason

SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Look:
    """One account and one symbol as Bybit shows them now; `here` is the symbol's own entry, also when flat."""

    ticker: Ticker
    balance: Balance
    mode: AccountMode
    here: tuple[Position, ...]
    positions: tuple[Position, ...]

    @property
    def leverage(self) -> int:
        """What the symbol is set to now; 0 where Bybit did not say."""
        return int(self.here[0].leverage) if self.here else 0


async def look(exchange: Exchange, account: AccountId, symbol: str) -> Look:
    """Raises ExchangeError; OutcomeUnknown where Bybit was too slow."""
    try:
        async with asyncio.timeout(SECONDS):
            ticker, balance, mode, here, positions = await asyncio.gather(
                exchange.ticker(symbol),
                exchange.balance(account),
                exchange.mode(account),
                exchange.positions(account, symbol),
                exchange.positions(account),
            )
    except TimeoutError:
        raise OutcomeUnknown("Bybit took more than two seconds to answer") from None
    return Look(ticker, balance, mode, here, positions)


def check_account(seen: Look, symbol: str) -> None:
    """Refuses what the bot never trades with. Raises RiskRefused."""
    if seen.mode.portfolio_margin:
        raise RiskRefused(Reason.PORTFOLIO_MARGIN)
    if any(position.index != 0 for position in seen.here):
        raise RiskRefused(Reason.HEDGE_MODE)
    if any(position.size > 0 for position in seen.here):
        raise RiskRefused(Reason.POSITION_HERE, symbol=symbol)
