"""`bybot scan` as somebody types it: files in, signals and a summary out, or one line that says why not."""

import csv
import gzip
import io
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from indicators.candles import SLOW_FRAMES
from strategies.model import Settings
from strategies.registry import all_strategies
from tests.indicators.market import REAL
from tests.tgbot.console.files import lines_of, write
from tests.trading.pasts import past
from tests.trading.world import BTC, DAY, ETH, MIDNIGHT
from tgbot.__main__ import main
from tgbot.console import scan as command
from tgbot.console.frames import frame_minutes, frame_name
from tgbot.console.options import DEFAULT_FRAME, DEFAULT_PER_DAY
from tgbot.console.signal_file import COLUMNS, write_signals
from trading.past import PastSignal
from trading.past_scan import scan_past
from trading.preferences import PRESETS

ROOT = Path(__file__).parents[3]
BTC_PAST, ETH_PAST = past(BTC, 5, 12, seed=71), past(ETH, 5, 12, seed=72, price=0.00002)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two symbols' candles in a folder of their own, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    write(Path("bybit-BTCUSDT-5m-made.csv"), lines_of(BTC_PAST))
    write(Path("bybit-ETHUSDT-5m-made.csv.gz"), lines_of(ETH_PAST))
    return ["bybit-BTCUSDT-5m-made.csv", "bybit-ETHUSDT-5m-made.csv.gz"]


def scanned(*arguments: str) -> list[dict[str, str]]:
    assert main(["scan", *arguments, "--signals", "out.csv"]) == 0
    with Path("out.csv").open() as out:
        return list(csv.DictReader(out))


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The one line on stderr; nothing else is said."""
    try:
        code = main(["scan", *arguments])
    except SystemExit as ended:
        code = int(str(ended.code))
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.startswith("bybot")
    assert err.count("\n") == 1
    return err


# --- what it gives


def test_the_rows_are_what_the_scan_found(files: list[str]) -> None:
    rows = scanned("--candles", *files, "--timeframe", "15m", "--threshold", "0.6")
    preferences = replace(PRESETS["balanced"], minutes=15, per_day=None, threshold=Decimal("0.6"))
    found = scan_past((BTC_PAST, ETH_PAST), all_strategies(Settings()), Settings(), preferences)
    assert len(rows) == len(found.signals) > 50
    assert tuple(rows[0]) == COLUMNS
    for row, one in zip(rows, found.signals, strict=True):
        assert (int(row["open_time"]), row["symbol"], row["strategy"]) == (one.open_time, one.symbol, one.strategy)
        assert row["direction"] == one.direction
        assert float(row["close"]) == one.close
        scores = [row["strength"], row["factor_1"], row["factor_2"], row["factor_3"]]
        assert scores == [f"{value:.6f}" for value in (one.strength, *one.factors)]
        assert float(row["stop"]) == pytest.approx(one.stop, rel=1e-14)
        assert float(row["target"]) == pytest.approx(one.target, rel=1e-14)


def test_levels_lie_on_their_sides_in_plain_digits_at_any_price(files: list[str]) -> None:
    rows = scanned("--candles", *files, "--timeframe", "15m", "--threshold", "0.5")
    assert min(float(row["close"]) for row in rows) < 1e-4
    for row in rows:
        close, stop, target = (Decimal(row[name]) for name in ("close", "stop", "target"))
        assert stop < close < target if row["direction"] == "long" else stop > close > target
        assert not any("e" in row[name] for name in ("close", "stop", "target"))


def test_a_second_scan_gives_the_same_bytes(files: list[str]) -> None:
    for name in ("out.csv", "out.csv.gz"):
        given = []
        for order in (files, files[::-1]):
            assert main(["scan", "--candles", *order, "--timeframe", "15m", "--signals", name]) == 0
            given.append(Path(name).read_bytes())
        assert given[0] == given[1]


def test_packed_signals_are_the_plain_ones_packed(files: list[str]) -> None:
    for name in ("out.csv", "out.csv.gz"):
        assert main(["scan", "--candles", *files, "--timeframe", "15m", "--signals", name]) == 0
    assert gzip.decompress(Path("out.csv.gz").read_bytes()) == Path("out.csv").read_bytes()


def test_without_options_it_is_the_balanced_preset(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    balanced = PRESETS["balanced"]
    assert (frame_minutes(DEFAULT_FRAME), DEFAULT_PER_DAY) == (balanced.minutes, balanced.per_day)
    rows = scanned("--candles", *files)
    assert rows == scanned("--candles", *files, "--timeframe", "4h", "--per-day", "10")
    told = capsys.readouterr().out
    assert "4h candles" in told
    assert all(f"\n  {one.id} " in told for one in all_strategies(Settings()))


def test_strategies_can_be_named_in_several_ways(files: list[str]) -> None:
    options = ["--candles", *files, "--timeframe", "15m", "--threshold", "0.6"]
    both = scanned(*options, "--strategy", "volume_vwap,multitf")
    assert both == scanned(*options, "--strategy", "multitf", "volume_vwap")
    assert both == scanned(*options, "--strategy", "multitf", "--strategy", "volume_vwap")
    one = scanned(*options, "--strategy", "multitf")
    assert one == [row for row in both if row["strategy"] == "multitf"]


def test_a_symbol_can_be_named(files: list[str]) -> None:
    Path(files[0]).rename("candles.csv")
    rows = scanned("--candles", "candles.csv", "--symbol", "solusdt", "--timeframe", "15m", "--threshold", "0.5")
    assert {row["symbol"] for row in rows} == {"SOLUSDT"}


def test_files_that_continue_each_other_give_what_one_file_gives(files: list[str]) -> None:
    options = ("--timeframe", "15m", "--per-day", "5")
    whole = scanned("--candles", files[0], *options)
    lines = lines_of(BTC_PAST)
    write(Path("BTCUSDT-5m-1.csv"), lines[:1001])
    write(Path("BTCUSDT-5m-2.csv.gz"), [lines[0], *lines[901:]])
    assert scanned("--candles", "BTCUSDT-5m-2.csv.gz", "BTCUSDT-5m-1.csv", *options) == whole


def test_the_summary_counts_what_the_rows_hold(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    rows = scanned("--candles", *files, "--timeframe", "15m", "--threshold", "0.6")
    told = capsys.readouterr().out
    assert "2 symbols, 15m candles from 2026-01-01 00:00 to 2026-01-13 00:00 UTC, 12.0 days" in told
    assert "threshold 0.6 on all days" in told
    table = {words[0]: words[1:] for line in told.splitlines() if len(words := line.split()) == 4}
    assert table["signals"] == [f"{len(rows):,}", "12.0", f"{len(rows) / 12:.2f}"]
    for column in ("symbol", "strategy", "direction"):
        for name, count in Counter(row[column] for row in rows).items():
            assert table[name] == [f"{count:,}", "12.0", f"{count / 12:.2f}"]
    assert "2026-01" not in table  # a single month needs no line of its own


def test_each_month_is_counted_by_its_own_days(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    candles = past(BTC, 60, 50, seed=73, begins=MIDNIGHT + 15 * DAY)
    path = write(tmp_path / "BTCUSDT-1h.csv", lines_of(candles))
    assert main(["scan", "--candles", str(path), "--timeframe", "1h", "--threshold", "0.5"]) == 0
    table = {words[0]: words[1:] for line in capsys.readouterr().out.splitlines() if (words := line.split())}
    assert [table[month][1] for month in ("2026-01", "2026-02", "2026-03")] == ["16.0", "28.0", "6.0"]
    assert sum(int(table[month][0]) for month in ("2026-01", "2026-02", "2026-03")) == int(table["signals"][0])


@pytest.mark.parametrize(
    ("per_day", "says"),
    [
        ("1", "even 0.95 gave more; only the strongest 1 are kept"),
        ("8", "the highest threshold that gave 8 or more"),
        ("50", "out of reach, at most"),
        ("8", "7 days: under 7 days of history; the fixed 0.75"),
    ],
)
def test_the_dial_says_what_could_be_had(
    tmp_path: Path, per_day: str, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [
        write(tmp_path / f"S{number}USDT-15m.csv", lines_of(past(f"S{number}USDT", 15, 10, seed=30 + number)))
        for number in range(8 if per_day == "1" else 2)
    ]
    options = ["--timeframe", "15m", "--per-day", per_day, "--strategy", "volume_vwap", "multitf"]
    assert main(["scan", *options, "--candles", *map(str, paths)]) == 0
    told = capsys.readouterr().out
    assert says in told
    assert f"about {per_day} a day asked for" in told
    assert ("more fired beyond a day's 1" in told) == (per_day == "1")


def test_stretches_that_do_not_touch_are_told(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    lines = lines_of(BTC_PAST)
    write(Path("BTCUSDT-5m-1.csv"), lines[:1001])
    write(Path("BTCUSDT-5m-2.csv"), [lines[0], *lines[1100:]])
    assert main(["scan", "--candles", "BTCUSDT-5m-1.csv", "BTCUSDT-5m-2.csv", "--timeframe", "15m"]) == 0
    assert "BTCUSDT: 2 stretches that do not touch" in capsys.readouterr().out


def test_what_stood_at_the_place_is_replaced_and_nothing_else_is_left(files: list[str]) -> None:
    Path("out.csv").write_text("older\n" * 10_000)
    Path("link.csv").symlink_to("out.csv")
    assert main(["scan", "--candles", *files, "--signals", "link.csv"]) == 0
    assert Path("link.csv").is_symlink()
    assert Path("out.csv").read_text().startswith("open_time,")
    assert sorted(os.listdir()) == sorted([*files, "out.csv", "link.csv"])


def test_a_scan_needs_no_settings(files: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    Path("bot.env").write_text("NO_SUCH_SETTING=1\n")
    assert main(["scan", "--candles", *files]) == 0
    assert capsys.readouterr().err == ""


# --- what it refuses


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "--candles"),
        (("--candles",), "--candles"),
        (("--candles", "FILE", "--timeframe", "3m"), "--timeframe 3m: there are 1m, 5m, 15m, 1h, 4h"),
        (("--candles", "FILE", "--timeframe", ""), "--timeframe"),
        (("--candles", "FILE", "--timeframe", "1m"), "1m candles can not be made of its 5m candles"),
        (
            ("--candles", "FILE", "--strategy", "foo"),
            "--strategy foo: there are " + ", ".join(one.id for one in all_strategies(Settings())),
        ),
        (("--candles", "FILE", "--strategy", "multitf,"), "--strategy : there are"),
        (("--candles", "FILE", "--per-day", "5", "--threshold", "0.5"), "not allowed with argument"),
        (("--candles", "FILE", "--threshold", "1.01"), "a number from 0 to 1"),
        (("--candles", "FILE", "--threshold", "-0.1"), "a number from 0 to 1"),
        (("--candles", "FILE", "--threshold", "nan"), "a number from 0 to 1"),
        (("--candles", "FILE", "--threshold", "much"), "a number from 0 to 1"),
        (("--candles", "FILE", "--per-day", "0"), "a whole number from 1 to 50"),
        (("--candles", "FILE", "--per-day", "51"), "a whole number from 1 to 50"),
        (("--candles", "FILE", "--per-day", "2.5"), "a whole number from 1 to 50"),
        (("--candles", "FILE", "--per-day", "-3"), "a whole number from 1 to 50"),
        (("--candles", "FILE", "--symbol", "a,b"), "--symbol a,b"),
        (("--candles", "FILE", "--signals", "out.txt"), "must end with .csv or .csv.gz"),
        (("--candles", "FILE", "--signals", "no/such/out.csv"), "can not be written: No such file or directory"),
        (("--candles", "FILE", "--signals", "FILE"), "is one of the candle files"),
        (("--candles", "FILE", "--signals", "folder.csv"), "is a directory"),
        (("--candles", "FILE", "--no-such-option"), "unrecognized arguments: --no-such-option"),
        (("--candles", "missing-BTCUSDT-5m.csv"), "missing-BTCUSDT-5m.csv: there is no such file"),
    ],
)
def test_what_can_not_be_done_is_one_line(
    files: list[str], capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    Path("folder.csv").mkdir()
    given = [files[0] if one == "FILE" else one for one in arguments]
    assert says in refusal(capsys, *given)


def test_a_broken_file_leaves_the_older_signals_as_they_were(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("out.csv").write_text("older\n")
    lines = lines_of(BTC_PAST)
    write(Path(files[0]), [*lines[:200], "x", *lines[201:]])
    told = refusal(capsys, "--candles", *files, "--signals", "out.csv")
    assert f"{files[0]}, line 201: " in told
    assert Path("out.csv").read_text() == "older\n"
    assert sorted(os.listdir()) == sorted([*files, "out.csv"])


def test_candles_that_make_none_of_the_timeframe_are_refused(
    files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    write(Path(files[0]), lines_of(BTC_PAST)[:40])
    assert "not one complete 4h candle" in refusal(capsys, "--candles", files[0])


def test_fresh_is_not_for_a_scan(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--fresh", "scan", "--candles", "x.csv"]) == 2
    assert "--fresh" in capsys.readouterr().err


def test_a_full_disk_is_one_line_and_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    assert "--signals out.csv: can not be written: No space left" in refusal(
        capsys, "--candles", *files, "--signals", "out.csv"
    )
    assert sorted(os.listdir()) == sorted(files)


# --- around it


def test_every_timeframe_has_a_name_and_back() -> None:
    assert [frame_name(minutes) for minutes in SLOW_FRAMES] == ["1m", "5m", "15m", "1h", "4h"]
    assert [frame_minutes(frame_name(minutes)) for minutes in SLOW_FRAMES] == list(SLOW_FRAMES)
    assert [frame_minutes(name) for name in ("", "h", "0m", "4", "-1h", "4 h", "1w", "١m")] == [None] * 8


def test_the_row_of_a_signal_is_the_documented_one(tmp_path: Path) -> None:
    from strategies.signal import Direction

    one = PastSignal(1767225600000, BTC, "multitf", Direction.SHORT, 0.7, (1.0, 0.5, 0.5), 2e-5, 2.15e-05, 1.775e-05)
    write_signals(tmp_path / "out.csv", [one])
    assert (tmp_path / "out.csv").read_text().splitlines() == [
        "open_time,symbol,strategy,direction,strength,factor_1,factor_2,factor_3,close,stop,target",
        "1767225600000,BTCUSDT,multitf,short,0.700000,1.000000,0.500000,0.500000,0.00002,0.0000215,0.00001775",
    ]


def test_long_work_shows_its_progress_on_a_terminal_only(
    files: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shown = Terminal()
    monkeypatch.setattr(command, "LONG_SECONDS", 0)
    assert main(["scan", "--candles", *files]) == 0
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys, "stderr", shown)
    assert main(["scan", "--candles", *files]) == 0
    assert "reading" in shown.getvalue()
    assert "judging" in shown.getvalue()


def test_a_reader_that_has_heard_enough_is_no_trouble(files: list[str]) -> None:
    program = [sys.executable, "-m", "tgbot", "scan", "--candles", *files]
    outside = os.environ | {"PYTHONPATH": str(ROOT)}
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=outside) as begun:
        assert begun.stdout is not None
        begun.stdout.close()
        assert begun.stderr is not None
        told = begun.stderr.read()
    assert (begun.returncode, told) == (0, b"")


@pytest.mark.skipif(not REAL.is_dir(), reason="the real candles of shared/data are not here")
def test_over_real_candles_the_dial_gives_about_what_was_asked_in_each_month(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    paths = [str(path) for path in sorted(REAL.glob("bybit-*-5m-*20251231.csv.gz"))]
    assert len(paths) == 6
    rows = scanned("--candles", *paths, "--strategy", "volume_vwap", "multitf", "--timeframe", "15m", "--per-day", "10")
    first_of = {"October": 1_759_276_800_000, "November": 1_761_955_200_000, "December": 1_764_547_200_000}
    for month, begins in first_of.items():
        days = 30 if month == "November" else 31
        a_day = sum(begins <= int(row["open_time"]) < begins + days * DAY for row in rows) / days
        assert 5 <= a_day <= 15, month
