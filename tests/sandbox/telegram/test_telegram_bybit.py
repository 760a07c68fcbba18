"""The Bybit app's drawer: a person sees the account at the practice Bybit, closes a position and moves its stop."""

import pathlib
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from sandbox.bybit.practice import PracticeBybit
from sandbox.telegram.bybit_app import BybitApp
from tests.sandbox.bybit.practice_world import SHORT, Clock, Served
from tests.sandbox.telegram.browsing import CHROMIUM, open_page
from tests.sandbox.telegram.practice_chat import HandClock, Practice, practising

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One practice Bybit for all tests of this file, where person 1001 has an account."""
    database = tmp_path_factory.mktemp("bybit") / "world.db"
    served = Served(PracticeBybit(database, time_ms=Clock(), bursts=False, character=SHORT))
    served.lever("/sandbox/accounts", name="1001", equity="10000")
    yield served
    served.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def practice(tmp_path: pathlib.Path, clock: HandClock, market: Served) -> AsyncIterator[Practice]:
    async with practising(tmp_path / "world.db", clock, bybit=market.url) as served_here:
        yield await served_here.met(1001)


def buy(market: Served) -> None:
    market.lever("/sandbox/hand", account="1001", symbol="SOLUSDT", side="Buy", qty="2", reduceOnly=False)


async def view(practice: Practice, user: int = 1001) -> Any:
    status, told = await practice.person("GET", f"{user}/bybit")
    assert status == 200, told
    return told


async def settled(practice: Practice, market: Served) -> None:
    """Nothing is open any longer."""
    if (await view(practice))["positions"]:
        await practice.person("POST", "1001/bybit/close", {"symbol": "SOLUSDT"})
    assert (await view(practice))["positions"] == []


async def test_a_position_is_seen_its_stop_moved_and_closed(practice: Practice, market: Served) -> None:
    buy(market)
    told = await view(practice)
    assert (told["address"], told["account"]) == (market.url, "1001")
    assert 9_000 < float(told["wallet"]["available"]) < float(told["wallet"]["equity"]) < 10_100
    (held,) = told["positions"]
    assert (held["symbol"], held["side"], held["size"]) == ("SOLUSDT", "Buy", "2")
    price = f"{float(held['markPrice']) * 0.9:.2f}"
    status, told = await practice.person("POST", "1001/bybit/stop", {"symbol": "SOLUSDT", "price": price})
    assert status == 200, told
    assert float(told["positions"][0]["stopLoss"]) == float(price)
    assert any(float(order["triggerPrice"]) == float(price) for order in told["orders"])
    await settled(practice, market)


async def test_what_bybit_refuses_is_told_in_its_words(practice: Practice, market: Served) -> None:
    buy(market)
    status, told = await practice.person("POST", "1001/bybit/stop", {"symbol": "SOLUSDT", "price": "999999"})
    assert (status, told["error"].startswith("Bybit refused:")) == (400, True)
    assert (await practice.person("POST", "1001/bybit/stop", {"symbol": "SOLUSDT", "price": "-1"}))[0] == 400
    assert (await practice.person("POST", "1001/bybit/close", {"symbol": "BTCUSDT"}))[0] == 404
    await settled(practice, market)


async def test_looking_on_opens_no_account(practice: Practice, market: Served) -> None:
    told = await view(practice, user=1002)
    assert (told["account"], told["positions"]) == (None, [])
    assert (await practice.person("POST", "1002/bybit/stop", {"symbol": "SOLUSDT", "price": "1"}))[0] == 404
    assert "1002" not in market.practice.ledger.accounts


async def test_without_a_practice_bybit_there_is_nothing_to_see(tmp_path: pathlib.Path, clock: HandClock) -> None:
    async with practising(tmp_path / "alone.db", clock) as alone:
        assert (await view(alone))["address"] is None
        assert (await alone.person("POST", "1001/bybit/close", {"symbol": "SOLUSDT"}))[0] == 404
    async with practising(tmp_path / "dead.db", clock, bybit="http://127.0.0.1:9") as dead:
        assert await dead.person("GET", "1001/bybit") == (502, {"error": "The practice Bybit does not answer."})
    with pytest.raises(ValueError, match="on this machine"):
        BybitApp("http://example.org")


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
async def test_the_drawer_moves_the_stop_and_closes(browser: Browser, practice: Practice, market: Served) -> None:
    buy(market)
    page = await open_page(browser, practice)
    await page.get_by_role("button", name="Bybit app").click()
    card = page.get_by_role("region", name="SOLUSDT")
    await expect(card.get_by_role("paragraph")).to_contain_text("SOLUSDTLong 2")
    await expect(page.locator("#bybit-body > .facts")).to_contain_text("Equity")
    price = f"{market.last('SOLUSDT') * 9 / 10:.1f}"
    await card.get_by_role("textbox", name="Stop").fill(price)
    await card.get_by_role("button", name="Move").click()
    order = page.get_by_role("list").get_by_role("listitem")
    await expect(order).to_have_text(re.compile("^SOLUSDTStop lossSell 2 @ "))
    assert float((await view(practice))["positions"][0]["stopLoss"]) == float(price)
    await page.get_by_role("button", name="Close SOLUSDT").click()
    await expect(page.locator("#bybit-body")).to_contain_text("No open positions.")
    await expect(page.get_by_role("button", name="Close", exact=True)).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.locator("#bybit")).to_be_hidden()
    await expect(page.get_by_role("button", name="Bybit app")).to_be_focused()
