"""The practice world's process, killed in the middle of everything: the next one goes on where it was, hours later."""

import contextlib
import json
import pathlib
import sqlite3
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
import requests

from tests.sandbox.bybit.world_process import EQUITY, MINUTE_MS, Account, World

SECONDS_AWAY = 9 * 3600
"""Longer than the eight hours between two payments of funding."""
FUNDING_MS = 8 * 3_600_000
BURSTS = ("ann", "bob", "cat", "dan")
ORDERS_EACH = 8
DEATHS = 5
"""How often a world is killed at most until it died with orders on their way."""


def _near(price: Decimal, factor: str, tick: str) -> str:
    return str((price * Decimal(factor)).quantize(Decimal(tick)))


def _on_their_way(database: pathlib.Path) -> int:
    """How many orders a dead world had accepted and not taken up."""
    with contextlib.closing(sqlite3.connect(database)) as file:
        bodies = file.execute("SELECT body FROM bybit_orders").fetchall()
    return sum(json.loads(body)["status"] == "Created" for (body,) in bodies)


class Killed:
    """One world up to its death: what it had answered, what it showed, and where its levels stood."""

    def __init__(self, database: pathlib.Path) -> None:
        world = World(database)
        self.began_ms = world.now_ms()
        eve = Account(world, "eve")
        self._say(world)
        self._hold(world, eve)
        self.candles = world.candles("ETHUSDT", self.began_ms - 30 * MINUTE_MS)
        self.accepted: set[str] = set()
        self.unanswered: set[str] = set()
        for attempt in range(DEATHS):
            self._burst(world, attempt)
            self.died_ms = world.now_ms()
            self.on_their_way = _on_their_way(database)
            if self.on_their_way:
                break
            world = World(database)

    def _say(self, world: World) -> None:
        told = requests.post(f"{world.telegram}/chat/1001/messages", json={"text": "before"}, timeout=60)
        assert told.status_code == 200

    def _hold(self, world: World, eve: Account) -> None:
        """A position with near levels, one with far ones, and an order that is filled in part."""
        btc = world.last("BTCUSDT")
        self.stop, self.target = _near(btc, "0.996", "0.1"), _near(btc, "1.004", "0.1")
        eve.order("BTCUSDT", "x1-near", "0.1", stopLoss=self.stop, takeProfit=self.target)
        eth = world.last("ETHUSDT")
        eve.order("ETHUSDT", "x1-far", "1", stopLoss=_near(eth, "0.5", "0.01"), takeProfit=_near(eth, "1.9", "0.01"))
        sol = world.last("SOLUSDT")
        price = _near(sol, "0.99", "0.01")
        eve.order("SOLUSDT", "x1-part", "1200", orderType="Limit", price=price, stopLoss=_near(sol, "0.5", "0.01"))
        while not eve.get("order/realtime", symbol="SOLUSDT", orderLinkId="x1-part")["list"]:
            pass
        world.lever("price", symbol="SOLUSDT", price=price)
        world.lever("price", symbol="SOLUSDT", price=str(sol))
        (self.part,) = eve.get("order/realtime", symbol="SOLUSDT", orderLinkId="x1-part")["list"]
        eve.order("XRPUSDT", "x1-gone", "100", orderType="Limit", price=_near(world.last("XRPUSDT"), "0.97", "0.0001"))
        while not eve.get("order/realtime", symbol="XRPUSDT", orderLinkId="x1-gone")["list"]:
            pass
        self.eve = eve

    def _burst(self, world: World, attempt: int) -> None:
        """Orders of four accounts at once, a cancel, and death while some are on their way."""
        asked = [f"{name}-{attempt}-{number}" for number in range(ORDERS_EACH) for name in BURSTS]
        accounts = {name: Account(world, name) for name in BURSTS}
        answered: set[str] = set()
        enough = threading.Event()

        def send(link: str) -> None:
            try:
                told = accounts[link.split("-")[0]].order("XRPUSDT", link, "100", stopLoss="0.0001")
            except requests.RequestException:
                return
            assert told["retCode"] == 0, told
            answered.add(link)
            if len(answered) >= len(asked) // 2:
                enough.set()

        with ThreadPoolExecutor(8) as sending:
            if not attempt:
                assert self.eve.post("order/cancel", symbol="XRPUSDT", orderLinkId="x1-gone")["retCode"] == 0
            sent = [sending.submit(send, link) for link in asked]
            assert enough.wait(60)
            world.kill()
        for one in sent:
            one.result()
        self.accepted |= answered
        self.unanswered |= set(asked) - answered


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("killed") / "world.db"


@pytest.fixture(scope="module")
def killed(database: pathlib.Path) -> Killed:
    return Killed(database)


@pytest.fixture(scope="module")
def world(killed: Killed, database: pathlib.Path) -> Iterator[World]:
    """The same world, nine hours later."""
    again = World(database, SECONDS_AWAY)
    yield again
    again.kill()


@pytest.fixture(scope="module")
def eve(world: World) -> Account:
    return Account(world, "eve")


def test_every_accepted_order_was_carried_out_once_and_every_other_at_most_once(killed: Killed, world: World) -> None:
    assert killed.on_their_way > 0
    ledger = world.ledger()
    links = Counter(o["orderLinkId"] for name in BURSTS for o in ledger[name] if o["orderLinkId"])
    assert {link: links[link] for link in killed.accepted} == dict.fromkeys(killed.accepted, 1)
    assert all(links[link] <= 1 for link in killed.unanswered)
    for name in BURSTS:
        account = Account(world, name)
        fills = account.rows("execution/list", execType="Trade")
        assert len({fill["execId"] for fill in fills}) == len(fills)
        orders = [o for o in ledger[name] if o["orderLinkId"]]
        assert {o["orderStatus"] for o in orders} == {"Filled"}
        assert sum(Decimal(o["qty"]) for o in orders) == sum(Decimal(fill["execQty"]) for fill in fills)
        (held,) = account.get("position/list", symbol="XRPUSDT")["list"]
        assert Decimal(held["size"]) == 100 * len(orders)


def test_an_accepted_cancel_was_carried_out(world: World, eve: Account) -> None:
    (gone,) = [o for o in world.ledger()["eve"] if o["orderLinkId"] == "x1-gone"]
    assert (gone["orderStatus"], gone["cancelType"], gone["cumExecQty"]) == ("Cancelled", "CancelByUser", "0")


def test_a_part_that_was_filled_stays_and_the_rest_goes_on_waiting(killed: Killed, world: World, eve: Account) -> None:
    assert (killed.part["orderStatus"], killed.part["cumExecQty"]) == ("PartiallyFilled", "500")
    (now,) = [o for o in world.ledger()["eve"] if o["orderLinkId"] == "x1-part"]
    fills = eve.rows("execution/list", symbol="SOLUSDT", orderLinkId="x1-part")
    assert sum(Decimal(fill["execQty"]) for fill in fills) == Decimal(now["cumExecQty"]) >= 500
    assert now["orderStatus"] in ("PartiallyFilled", "Filled")
    (held,) = eve.get("position/list", symbol="SOLUSDT")["list"]
    assert held["size"] == now["cumExecQty"]
    (stop,) = [o for o in eve.rows("order/realtime", symbol="SOLUSDT") if o["stopOrderType"] == "StopLoss"]
    assert stop["qty"] == held["size"]


def test_the_level_that_the_missing_candles_reach_first_was_executed_in_its_minute(
    killed: Killed, world: World, eve: Account
) -> None:
    closing = eve.rows("execution/list", symbol="BTCUSDT", execType="Trade")[-1]
    levels = {"CreateByStopLoss": Decimal(killed.stop), "CreateByTakeProfit": Decimal(killed.target)}
    level = levels[closing["createType"]]
    assert Decimal(closing["execPrice"]) == pytest.approx(level, abs=Decimal("0.3"))
    assert killed.died_ms - 10 * MINUTE_MS < int(closing["execTime"]) < world.now_ms()
    minute = int(closing["execTime"]) // MINUTE_MS * MINUTE_MS
    rows = world.candles("BTCUSDT", killed.died_ms // MINUTE_MS * MINUTE_MS + MINUTE_MS)
    reached = [int(row[0]) for row in rows if Decimal(row[3]) <= levels["CreateByStopLoss"]]
    reached += [int(row[0]) for row in rows if Decimal(row[2]) >= levels["CreateByTakeProfit"]]
    assert not reached or minute <= min(reached)


def test_funding_of_the_time_down_was_paid_at_its_moments_and_all_came_in_order(killed: Killed, eve: Account) -> None:
    paid = [int(row["execTime"]) for row in eve.rows("execution/list", symbol="ETHUSDT", execType="Funding")]
    due = range((killed.began_ms // FUNDING_MS + 1) * FUNDING_MS, killed.died_ms + SECONDS_AWAY * 1000, FUNDING_MS)
    assert paid == list(due)
    assert paid
    times = [int(row["execTime"]) for row in eve.rows("execution/list")]
    assert times == sorted(times)


@pytest.mark.parametrize("name", ["eve", *BURSTS])
def test_the_money_adds_up(world: World, name: str) -> None:
    account = Account(world, name)
    balance = Decimal(EQUITY)
    rows = account.rows("account/transaction-log")
    for row in rows:
        balance += Decimal(row["change"])
        assert Decimal(row["cashBalance"]) == pytest.approx(balance, abs=Decimal("0.000001"))
    wallet = account.get("account/wallet-balance", accountType="UNIFIED")["list"][0]
    assert Decimal(wallet["totalWalletBalance"]) == pytest.approx(balance, abs=Decimal("0.000001"))
    assert len(rows) == len(account.rows("execution/list"))


def test_the_missing_candles_are_made_without_a_seam(killed: Killed, world: World) -> None:
    rows = world.candles("ETHUSDT", killed.began_ms - 30 * MINUTE_MS)
    assert rows[: len(killed.candles)] == killed.candles
    assert len(rows) > len(killed.candles) + 500
    times = [int(row[0]) for row in rows]
    assert times == list(range(times[0], times[0] + MINUTE_MS * len(times), MINUTE_MS))
    assert [row[1] for row in rows[1:]] == [row[4] for row in rows[:-1]]


def test_the_chat_is_there(world: World) -> None:
    told = requests.get(f"{world.telegram}/chat/1001/messages", timeout=60).json()
    assert [message["text"] for message in told] == ["before"]
