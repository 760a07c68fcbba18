"""The program in the practice world hears of candles by stream, and says how that stands."""

import asyncio

from tests.story.practice import Practice


async def test_candles_come_by_stream_and_the_chat_tells_of_them(practice: Practice) -> None:
    assert practice.app is not None
    streams, feed = practice.app.streams, practice.app.assistant.context.feed

    async def whole() -> bool:
        return streams.state.is_whole and feed.progress[0] == feed.progress[1] > 0

    await practice.until(whole, 30)
    symbol = practice.app.assistant.context.universe.watchlist(practice.app.services.default)[0]
    before = feed.newest(symbol, 1)
    assert before is not None
    practice.clock.leap_to_close()

    async def moved_on() -> bool:
        return (feed.newest(symbol, 1) or 0) > before

    await practice.until(moved_on, 20)

    async def forming() -> bool:
        return feed.forming(symbol, 1) is not None

    await practice.until(forming, 20)
    told = (await practice.say(1001, "/status", 30)).replace("\n", " ")
    assert "streams ✓" in told
    why = (await practice.say(1001, f"/why {symbol}", 30)).replace("\n", " ")
    assert "A signal needs" in why
    assert "If it closed now" in why


async def test_the_end_leaves_no_stream_behind(practice: Practice) -> None:
    assert practice.app is not None
    streams = practice.app.streams

    async def whole() -> bool:
        return streams.state.is_whole

    await practice.until(whole, 30)
    async with asyncio.timeout(20):
        await practice.stop_bot()
    assert streams.state.of == 0
