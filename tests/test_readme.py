"""The README's examples are files that work where they say they belong."""

import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import indicators
import strategies
import tgbot.handlers
from indicators.batch import BatchIndicatorProcessor
from indicators.live_columns import LiveColumns
from strategies.confluence import score
from strategies.model import Settings
from strategies.registry import all_strategies
from tests.indicators.market import walk
from tgbot.handlers import places

README = Path(__file__).parents[1] / "README.md"
EXAMPLE = re.compile(r"```python\n# (\S+)\.py\n(.*?)```", re.DOTALL)
EXAMPLES = dict(EXAMPLE.findall(README.read_text(encoding="utf-8")))


@pytest.fixture
def in_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each example as one new file in its room."""
    rooms = {"indicators": indicators, "strategies": strategies, "tgbot/handlers": tgbot.handlers}
    for place, code in EXAMPLES.items():
        room, name = place.rsplit("/", 1)
        folder = tmp_path / room
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(code, encoding="utf-8")
        monkeypatch.setattr(rooms[room], "__path__", [*rooms[room].__path__, str(folder)])
    yield
    for place in EXAMPLES:
        module = place.replace("/", ".")
        sys.modules.pop(module, None)
        room, name = module.rsplit(".", 1)
        if hasattr(importlib.import_module(room), name):
            delattr(importlib.import_module(room), name)


def test_there_is_one_example_for_each_kind_of_file() -> None:
    assert sorted(place.rsplit("/", 1)[0] for place in EXAMPLES) == ["indicators", "strategies", "tgbot/handlers"]


@pytest.mark.usefixtures("in_place")
def test_the_indicator_is_a_column_of_the_batch() -> None:
    candles = walk(2, 60)
    columns = BatchIndicatorProcessor().calculate_batch_core_indicators(candles)
    assert columns["mean_range_10"][0, 40] == pytest.approx((candles.high - candles.low)[0, 31:41].mean())
    live = LiveColumns(candles.symbols, candles.minutes)
    live.fill(candles)
    assert live.latest(slice(None))["mean_range_10"][0, 0] == pytest.approx(columns["mean_range_10"][0, -1])


@pytest.mark.usefixtures("in_place")
def test_the_strategy_is_judged_with_the_others() -> None:
    found = {strategy.id: strategy for strategy in all_strategies(Settings())}
    candles = walk(2, 60)
    columns = BatchIndicatorProcessor().calculate_batch_core_indicators(candles)
    scores = score(found["breakout"], candles, columns)
    assert scores.strength.max() > 0
    assert scores.strength.max() <= 1


@pytest.mark.usefixtures("in_place")
def test_the_command_is_found() -> None:
    assert places()["ping"] == 90
    assert importlib.import_module("tgbot.handlers.ping").build().name == "ping"
