"""A panic over HTTP: two of ours and one by hand, faults and a restart in the middle; all is flat at the end."""

import asyncio
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.story.candle_files import MINUTE_MS, write_burst
from tests.story.practice import Practice, practice_world

ACCOUNT = "1001"
OURS, BY_HAND = ("AAAUSDT", "BBBUSDT"), "CCCUSDT"
FAULTS = (
    {"path": "/v5/order/create", "kind": "lose_answer", "times": 1},
    {"path": "/v5/order/create", "kind": "10006", "times": 2},
    {"path": "/v5/order/create", "kind": "lose_request", "times": 1},
    {"path": "/v5/order/create", "kind": "5xx_after", "times": 1},
    {"path": "/v5/position/list", "kind": "5xx", "p": 0.5, "times": 10},
    {"path": "/v5/order/realtime", "kind": "10016", "p": 0.5, "times": 6},
    {"path": "/v5/execution/list", "kind": "bad_json", "p": 0.5, "times": 4},
)


def lay_market(market: Path, now_ms: int) -> None:
    """Two symbols that rise in the next minute that leaves a bot time to start, and one that stands still."""
    opens = (now_ms + 20_000) // MINUTE_MS * MINUTE_MS
    for symbol in OURS:
        write_burst(market, symbol, 100.0, opens)
    write_burst(market, BY_HAND, 20.0, opens + 20 * MINUTE_MS)


async def lever(practice: Practice, name: str, **told: Any) -> None:
    async with practice.session.post(f"{practice.bybit}/sandbox/{name}", json=told) as answer:
        assert answer.status == 200, await answer.text()


async def button(practice: Practice, text: str) -> tuple[int, str]:
    """(message, data) of the newest button that says so, once it is there."""

    async def found() -> tuple[int, str] | None:
        for message in reversed(await practice.messages(1001)):
            for row in message["buttons"]:
                for one in row:
                    if text in one["text"] and one.get("data"):
                        return message["message_id"], one["data"]
        return None

    there = await practice.until(found)
    assert there is not None
    return there


async def two_of_ours(practice: Practice) -> None:
    """Both cards of the burst, from offer to protected."""
    practice.clock.leap_to_close()
    for _ in range(240):
        texts = await practice.words(1001)
        if texts.count("🟢") == 2:
            return
        for card, data in await practice.waiting(1001):
            await practice.tap(1001, card, data)
        await asyncio.sleep(0.5)
    raise AssertionError(f"no two positions: {await practice.words(1001)}")


async def ledger(practice: Practice) -> list[dict[str, Any]]:
    async with practice.session.get(f"{practice.bybit}/sandbox/ledger") as answer:
        kept: list[dict[str, Any]] = (await answer.json())[ACCOUNT]
        return kept


def held(orders: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Signed size of every symbol, from what the orders filled."""
    sizes: dict[str, Decimal] = defaultdict(Decimal)
    for order in orders:
        sizes[order["symbol"]] += Decimal(order["cumExecQty"]) * (1 if order["side"] == "Buy" else -1)
    return {symbol: size for symbol, size in sizes.items() if size}


async def test_a_panic_ends_flat_whatever_fails_and_each_close_is_found_once(tmp_path: Path) -> None:
    market = tmp_path / "market"
    market.mkdir()
    async with practice_world(tmp_path, market=market, lay=lay_market) as practice:
        await practice.start_bot()
        await practice.say(1001, "/start")
        await two_of_ours(practice)
        await lever(practice, "hand", account=ACCOUNT, symbol=BY_HAND, side="Buy", qty="10")
        await practice.until(lambda: _said(practice, "NO STOP"))
        assert len(held(await ledger(practice))) == 3

        await practice.say(1001, "/panic")
        await lever(practice, "faults", seed=13, rules=list(FAULTS))
        card, data = await button(practice, "Close ALL")
        await asyncio.gather(*(practice.tap(1001, card, data) for _ in range(3)))
        await asyncio.sleep(0.2)
        await practice.stop_bot()
        assert "Panic over" not in await practice.card(1001, card)
        await practice.start_bot()

        async def over() -> bool:
            return "Panic over: 3 closed" in (await practice.card(1001, card)).replace("\n", " ")

        await practice.until(over, 180)
        orders = await ledger(practice)
        assert held(orders) == {}
        closes = [order for order in orders if order["reduceOnly"] and order["orderLinkId"]]
        links = [order["orderLinkId"] for order in closes if Decimal(order["cumExecQty"]) > 0]
        assert len(links) == len(set(links)) == 3
        assert all(link.startswith("x1-") for link in links)
        assert {order["symbol"] for order in closes} == {*OURS, BY_HAND}
        assert (await practice.words(1001)).count("NO STOP") <= 1
        assert "paused" in (await practice.say(1001, "/pause")).lower()

        halted = await practice.say(1001, "/halt")
        assert "Halted" in halted
        assert "halted" in (await practice.say(1001, "/status")).replace("\n", " ")


async def _said(practice: Practice, words: str) -> bool:
    return words in await practice.words(1001)
