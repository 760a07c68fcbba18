"""The symbols of the made-up market, with sizes and filters of the kind Bybit gives them."""

import math
from dataclasses import dataclass
from decimal import Decimal

CATALOGUE = """
BTCUSDT      64200     0.1       0.001  150       100  9200  0.82 1.00
ETHUSDT      3120      0.01      0.01   1800      100  5600  0.96 1.10
SOLUSDT      148       0.01      0.1    25000     100  3300  1.08 1.20
XRPUSDT      0.5410    0.0001    0.1    900000    75   1750  1.00 0.95
DOGEUSDT     0.12830   0.00001   1      6000000   75   1420  1.12 1.15
1000PEPEUSDT 0.0112300 0.0000001 100    60000000  50   1180  1.22 1.25
SUIUSDT      1.8350    0.0001    10     220000    50   960   1.20 1.20
ADAUSDT      0.4385    0.0001    1      1300000   75   800   1.02 1.05
LINKUSDT     13.910    0.001     0.1    60000     50   690   1.05 1.05
AVAXUSDT     27.400    0.001     0.1    30000     50   600   1.10 1.12
WIFUSDT      2.1300    0.0001    1      180000    50   530   1.25 1.20
NEARUSDT     4.9600    0.001     0.1    110000    50   470   1.12 1.10
BNBUSDT      572.00    0.1       0.01   1600      50   290   0.80 0.80
LTCUSDT      71.300    0.01      0.1    14000     50   265   0.95 0.95
APTUSDT      8.4100    0.001     0.01   60000     50   245   1.10 1.08
ARBUSDT      0.61200   0.0001    0.1    900000    50   225   1.10 1.10
OPUSDT       1.6400    0.0001    0.1    320000    50   208   1.12 1.10
DOTUSDT      4.5100    0.001     0.1    160000    50   192   1.00 1.02
TONUSDT      5.6300    0.001     0.1    90000     50   178   0.92 0.85
INJUSDT      21.300    0.001     0.1    24000     50   165   1.12 1.08
SEIUSDT      0.38900   0.0001    1      1100000   50   153   1.15 1.12
TIAUSDT      5.3800    0.001     0.1    90000     50   142   1.18 1.12
FILUSDT      3.8200    0.001     0.1    160000    50   132   1.02 1.05
ETCUSDT      19.240    0.001     0.1    30000     50   123   0.96 1.00
BCHUSDT      338.00    0.05      0.01   1800      50   114   1.00 0.98
UNIUSDT      7.2400    0.001     0.1    80000     50   106   1.08 1.00
AAVEUSDT     148.30    0.01      0.01   4200      50   98    1.10 1.02
ICPUSDT      8.1200    0.001     0.1    70000     25   91    1.02 1.02
LDOUSDT      1.1380    0.0001    0.1    420000    50   85    1.12 1.08
ATOMUSDT     4.6700    0.001     0.1    140000    50   79    0.95 0.98
RENDERUSDT   5.3300    0.001     0.1    90000     25   73    1.12 1.08
HBARUSDT     0.053200  0.00001   1      9000000   25   68    1.00 0.98
RUNEUSDT     4.7800    0.001     0.1    110000    25   63    1.12 1.05
STXUSDT      1.7100    0.0001    0.1    280000    25   58    1.10 1.05
1000BONKUSDT 0.0214000 0.000001  100    24000000  50   54    1.24 1.15
1000SHIBUSDT 0.0176500 0.000001  10     30000000  50   50    1.08 1.10
JUPUSDT      0.82700   0.0001    1      500000    25   46    1.15 1.05
ALGOUSDT     0.12870   0.0001    0.1    3500000   25   42    0.98 1.00
XLMUSDT      0.094100  0.00001   1      4800000   25   38    0.92 0.92
TRXUSDT      0.15310   0.00001   1      2800000   50   34    0.62 0.50
"""
"""symbol, price level, tick, quantity step, largest market order, leverage, turnover a day (million USDT),
volatility relative to the market's, beta to the common factor."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One risk limit tier: up to `limit` USDT of position value. Rates are shares (0.01 = 1 %)."""

    number: int
    limit: Decimal
    maintenance: Decimal
    initial: Decimal
    max_leverage: Decimal
    deduction: Decimal


@dataclass(frozen=True, slots=True)
class Instrument:
    """A linear USDT perpetual and its filters. `launched_ms` is ms UTC."""

    symbol: str
    number: int
    tick: Decimal
    step: Decimal
    max_market_qty: Decimal
    max_leverage: Decimal
    launched_ms: int
    spread_ticks: int = 1
    min_notional: Decimal = Decimal(5)

    @property
    def base_coin(self) -> str:
        """The coin that is traded, `BTC` of `BTCUSDT`."""
        return self.symbol.removesuffix("USDT")

    @property
    def max_limit_qty(self) -> Decimal:
        """The largest limit order."""
        return self.max_market_qty * 5

    @property
    def price_decimals(self) -> int:
        """Decimals in which prices are written."""
        return decimals_of(self.tick)

    @property
    def qty_decimals(self) -> int:
        """Decimals in which sizes are written."""
        return decimals_of(self.step)

    def tiers(self) -> tuple[Tier, ...]:
        """Five risk limit tiers; the first allows the full leverage on the value of a large market order."""
        first_limit = Decimal(2_000_000) if self.max_leverage >= 75 else Decimal(400_000)
        found: list[Tier] = []
        deduction = Decimal(0)
        for number in range(1, 6):
            initial = Decimal(number) / self.max_leverage
            maintenance = initial / 2
            if found:
                deduction += found[-1].limit * (maintenance - found[-1].maintenance)
            leverage = (self.max_leverage / number).quantize(Decimal("0.01"))
            found.append(Tier(number, first_limit * number, maintenance, initial, leverage, deduction))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Listing:
    """An instrument of the made-up market with what its candles are made from. `turnover` is USDT a day."""

    instrument: Instrument
    price: float
    turnover: float
    volatility: float
    beta: float


def decimals_of(step: Decimal) -> int:
    """How many decimals a multiple of `step` needs."""
    return max(0, -int(step.normalize().as_tuple().exponent))


def spread_ticks(price: float, tick: Decimal, turnover: float) -> int:
    """A believable distance between bid and ask: from 0.05 basis points for the busiest to 2.5 for the quietest."""
    basis_points = min(2.5, max(0.05, 2.5 - 0.6 * math.sqrt(turnover / 1e8)))
    ticks = price * basis_points / 1e4 / float(tick)
    return max(1, round(ticks))


def made_up_listings(launched_ms: int) -> tuple[Listing, ...]:
    """The forty symbols of the made-up market, the busiest first, all launched at one time."""
    listings = []
    for number, line in enumerate(CATALOGUE.split("\n")[1:-1], start=1):
        symbol, price, tick, step, largest, leverage, millions, volatility, beta = line.split()
        turnover = float(millions) * 1e6
        instrument = Instrument(
            symbol=symbol,
            number=number,
            tick=Decimal(tick),
            step=Decimal(step),
            max_market_qty=Decimal(largest),
            max_leverage=Decimal(leverage),
            launched_ms=launched_ms,
            spread_ticks=spread_ticks(float(price), Decimal(tick), turnover),
        )
        listings.append(Listing(instrument, float(price), turnover, float(volatility), float(beta)))
    return tuple(listings)
