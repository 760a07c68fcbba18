"""Candles that come by themselves: each once, gaps repaired by REST, and REST for what is late alone."""

from dataclasses import replace

import numpy as np
import pytest

from tests.doubles_stream import StreamDouble
from tests.trading.test_feed import Counting, Fed
from tests.trading.world import BTC, ETH, MIDNIGHT, MINUTE
from trading.feed import Feed
from trading.feed_news import CandleNews, Listening


class Streamed(Fed):
    """The same feed with a stream that brings what a test says."""

    def __init__(self, candles: int = 300) -> None:
        super().__init__(candles)
        self.stream = StreamDouble()
        self.feed = Feed(self.exchange, self.clock, self.stream)
        self.closed: list[CandleNews] = []
        self.feed.tell(self.closed.append)
        self.stream.listen(Listening(self.feed.hear, lambda ticker: None))

    @property
    def asked(self) -> int:
        return self.exchange.asked[BTC, 1]

    async def follow(self, *symbols: str) -> None:
        """Filled by REST, followed from then on."""
        self.stream.follow({1: symbols or (BTC,)}, ())
        await self.refresh(*(symbols or (BTC,)))

    def bring(self, minute: int, symbol: str = BTC, *, closed: bool = True) -> None:
        """The candle that opens so many minutes after midnight, half a second after it closed."""
        if closed:
            self.clock.at = max(self.clock.at, MIDNIGHT + (minute + 1) * MINUTE + 500)
        self.stream.candle(self.exchange.rows[symbol, 1], MIDNIGHT + minute * MINUTE, closed=closed)


@pytest.fixture
def fed() -> Streamed:
    return Streamed()


async def test_a_candle_of_the_stream_moves_the_frame_on_without_a_question(fed: Streamed) -> None:
    await fed.follow()
    fed.bring(0)
    assert fed.feed.newest(BTC, 1) == MIDNIGHT
    assert fed.feed.heard_at(BTC, 1) == fed.clock.now()
    block = fed.feed.block((BTC,), 1)
    assert len(block) == 301
    rows = fed.exchange.rows[BTC, 1]
    np.testing.assert_array_equal(block.close[0, -1], rows.values[3, rows.open_times == MIDNIGHT][0])
    await fed.refresh()
    assert fed.asked == 1


async def test_a_candle_is_taken_once_however_often_it_is_told(fed: Streamed) -> None:
    await fed.follow()
    for _ in range(3):
        fed.bring(0)
    assert len(fed.closed) == 1
    assert len(fed.feed.block((BTC,), 1)) == 301


async def test_the_same_candle_by_stream_and_by_rest_is_one_candle(fed: Streamed) -> None:
    await fed.follow()
    fed.clock.at = MIDNIGHT + MINUTE + 3_001
    await fed.refresh()
    assert fed.asked == 2
    fed.bring(0)
    assert fed.closed == []
    assert len(fed.feed.block((BTC,), 1)) == 301


async def test_a_candle_that_comes_while_rest_is_asked_is_one_candle(fed: Streamed) -> None:
    await fed.follow()
    fed.clock.at = MIDNIGHT + MINUTE + 3_001
    asks = Counting.candles

    async def slowly(self: Counting, symbol: str, minutes: int, **span: object) -> object:
        rows = await asks(self, symbol, minutes, **span)
        fed.bring(0)
        return rows

    fed.exchange.candles = slowly.__get__(fed.exchange)  # type: ignore[method-assign]
    assert await fed.refresh() == ""
    assert len(fed.feed.block((BTC,), 1)) == 301
    assert fed.feed.resting == ()


async def test_rest_is_asked_only_for_a_candle_that_is_more_than_three_seconds_late(fed: Streamed) -> None:
    await fed.follow()
    fed.clock.at = MIDNIGHT + MINUTE + 3_000
    await fed.refresh()
    assert fed.asked == 1
    fed.clock.at += 1
    await fed.refresh()
    assert fed.asked == 2
    assert fed.feed.newest(BTC, 1) == MIDNIGHT


async def test_without_its_stream_a_candle_is_asked_for_at_once(fed: Streamed) -> None:
    await fed.follow()
    fed.stream.is_up = False
    fed.clock.at = MIDNIGHT + MINUTE
    await fed.refresh()
    assert fed.feed.newest(BTC, 1) == MIDNIGHT


async def test_candles_that_the_stream_left_out_are_fetched(fed: Streamed) -> None:
    await fed.follow()
    fed.bring(0)
    fed.bring(3)
    assert fed.feed.newest(BTC, 1) == MIDNIGHT
    await fed.refresh()
    assert fed.asked == 2
    assert fed.feed.newest(BTC, 1) == MIDNIGHT + 3 * MINUTE
    assert list(np.unique(np.diff(fed.feed.block((BTC,), 1).open_times))) == [MINUTE]
    fed.bring(4)
    assert fed.feed.newest(BTC, 1) == MIDNIGHT + 4 * MINUTE


async def test_after_a_long_gap_the_history_is_whole_again(fed: Streamed) -> None:
    await fed.follow()
    fed.stream.is_up = False
    fed.clock.at = MIDNIGHT + 40 * MINUTE
    fed.stream.is_up = True
    await fed.refresh()
    block = fed.feed.block((BTC,), 1)
    assert len(block) == 340
    rows = fed.exchange.rows[BTC, 1]
    np.testing.assert_array_equal(block.close[0], rows.values[3, :340])


async def test_a_gap_that_rest_has_too_makes_the_symbol_rest(fed: Streamed) -> None:
    await fed.follow()
    fed.without(MIDNIGHT + MINUTE)
    fed.bring(0)
    fed.bring(2)
    for _ in range(3):
        await fed.refresh()
        fed.clock.pass_by(2)
    assert [name for name, _ in fed.feed.resting] == [f"{BTC} 1m"]
    fed.bring(3)
    assert fed.feed.newest(BTC, 1) is None


@pytest.mark.parametrize(
    "values", [(1.0, 2.0, 1.5, 1.2, 3.0), (1.0, float("nan"), 1.0, 1.0, 1.0), (0.0, 1.0, 0.0, 1.0, 1.0)]
)
async def test_an_impossible_candle_of_the_stream_is_asked_for_instead(
    fed: Streamed, values: tuple[float, float, float, float, float]
) -> None:
    await fed.follow()
    fed.clock.at = MIDNIGHT + MINUTE + 500
    fed.stream.tell(CandleNews(BTC, 1, MIDNIGHT, values, closed=True))
    assert fed.closed == []
    await fed.refresh()
    assert fed.asked == 2
    assert fed.feed.newest(BTC, 1) == MIDNIGHT
    assert fed.feed.resting == ()


async def test_a_forming_candle_is_shown_and_changes_nothing(fed: Streamed) -> None:
    await fed.follow()
    fed.bring(0, closed=False)
    forming = fed.feed.forming(BTC, 1)
    assert forming is not None
    assert forming.open_time == MIDNIGHT
    assert len(fed.feed.block((BTC,), 1)) == 300
    fed.bring(0)
    assert fed.feed.forming(BTC, 1) is None


async def test_candles_of_symbols_that_nobody_watches_are_dropped(fed: Streamed) -> None:
    await fed.follow(BTC, ETH)
    fed.bring(0)
    fed.bring(0, ETH)
    await fed.refresh(ETH)
    fed.bring(1)
    assert fed.feed.newest(BTC, 1) is None
    assert len(fed.feed.block((ETH,), 1)) == 301
    await fed.refresh(BTC, ETH)
    assert len(fed.feed.block((BTC,), 1)) == 302
    assert len(fed.feed.block((ETH,), 1)) == 301


async def test_symbols_that_join_leave_the_others_candles_where_they_are(fed: Streamed) -> None:
    await fed.follow(ETH)
    fed.bring(0, ETH)
    await fed.refresh(BTC, ETH)
    block = fed.feed.block((BTC, ETH), 1)
    assert block.close.shape == (2, 301)
    for place, symbol in enumerate((BTC, ETH)):
        rows = fed.exchange.rows[symbol, 1]
        np.testing.assert_array_equal(block.close[place], rows.values[3, :301])


async def test_progress_counts_what_is_here_and_what_rests(fed: Streamed) -> None:
    assert fed.feed.progress == (0, 0)
    rows = fed.exchange.rows[ETH, 1]
    fed.exchange.rows[ETH, 1] = replace(rows, open_times=rows.open_times[:0], values=rows.values[:, :0])
    await fed.follow(BTC, ETH)
    assert fed.feed.progress == (1, 2)
    fed.exchange.rows[ETH, 1] = rows
    await fed.refresh(BTC, ETH)
    assert fed.feed.progress == (2, 2)
