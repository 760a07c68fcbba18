"""Sizes and levels against cases worked by hand, each refusal at its edge, and laws that hold for any numbers."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.signal import Direction
from tests.doubles_exchange import instrument
from trading.errors import RiskRefused
from trading.model import Instrument, Plan, RiskTier
from trading.preferences import PRESETS
from trading.reasons import Reason
from trading.sizing import Levels, Purse, band_edge, levels_of, risk_of, size_ticket

D = Decimal
BALANCED = PRESETS["balanced"]
LONG, SHORT = Direction.LONG, Direction.SHORT
SOL = instrument("SOLUSDT", tick=D("0.01"), step=D("0.1"), smallest=D("0.1"))
ROOMY = (RiskTier(D(10_000_000), D(100)),)


def sized(
    direction: Direction = LONG,
    *,
    entry: str = "148.32",
    atr: str = "3.48",
    risk: str = "50.955",
    available: str = "10000",
    of: Instrument = SOL,
    tiers: tuple[RiskTier, ...] = ROOMY,
    spread: str = "0.01",
    fee: str = "0.00055",
    **preferences: Any,
) -> Plan:
    chosen = replace(BALANCED, **preferences)
    levels = levels_of(D(entry), D(atr), direction, chosen, of)
    return size_ticket(levels, Purse(D(risk), D(available), D(fee)), chosen, of, tiers, D(spread))


def refusal(*args: Any, **changes: Any) -> RiskRefused:
    with pytest.raises(RiskRefused) as refused:
        sized(*args, **changes)
    return refused.value


def cents(value: Decimal) -> Decimal:
    return round(value, 2)


# --- worked by hand


def test_the_long_ticket_of_the_chat_sketch_comes_out_to_the_digit() -> None:
    # band 0.3 x 3.48 = 1.044, stop 1.5 x 3.48 = 5.22, target 1.5 x 5.22 = 7.83 from 148.32
    # one SOL can lose 6.26 + 0.00055 x 292.46 + 0.0002 x 143.10 = 6.449473; 50.955 / 6.449473 = 7.9006
    plan = sized()
    assert (plan.limit, plan.stop, plan.target) == (D("149.36"), D("143.10"), D("156.15"))
    assert (plan.size, plan.leverage, plan.bound_by) == (D("7.9"), 5, "risk")
    assert plan.risk == D("50.9508367")
    assert plan.notional == D("1171.728")
    assert plan.r == D("41.238")  # 5.22 x 7.9
    assert plan.costs == D("1.32292215")  # 0.00055 x (148.32 + 156.15) x 7.9
    assert cents(plan.costs / plan.r) == D("0.03")
    assert (cents(plan.net_reward), cents(plan.net_loss)) == (D("1.47"), D("-1.04"))


def test_the_same_ticket_with_a_hair_less_risk_money_is_a_step_smaller() -> None:
    # 50.95 / 6.449473 = 7.8999
    assert sized(risk="50.95").size == D("7.8")


def test_a_short_is_the_mirror_image() -> None:
    # limit 147.276 up to 147.28, stop 153.54, target 140.49
    # one SOL can lose 6.26 + 0.00055 x 300.82 + 0.0002 x 153.54 = 6.456159; 50.955 / 6.456159 = 7.8925
    plan = sized(SHORT)
    assert (plan.limit, plan.stop, plan.target) == (D("147.28"), D("153.54"), D("140.49"))
    assert plan.size == D("7.8")
    assert plan.risk == D("50.3580402")
    assert plan.r == D("40.716")
    # (7.83 x 7.8 - 0.00055 x 288.81 x 7.8) / 40.716 and (40.716 + (0.00055 x 301.86 + 0.030708) x 7.8) / 40.716
    assert cents(plan.net_reward) == D("1.47")
    assert cents(plan.net_loss) == D("-1.04")


@pytest.mark.parametrize(
    ("direction", "stop", "target", "limit"),
    [(LONG, "98.4", "102.3", "100.3"), (SHORT, "101.6", "97.7", "99.7")],
)
def test_the_stop_rounds_away_from_the_entry_and_target_and_limit_toward_it(
    direction: Direction, stop: str, target: str, limit: str
) -> None:
    # ATR 1.03: stop 1.545, target 2.3175, band 0.309 from 100 on ticks of 0.1
    levels = levels_of(D(100), D("1.03"), direction, BALANCED, instrument(tick=D("0.1")))
    assert levels == Levels(D(100), D(limit), D(stop), D(target))


def test_levels_that_lie_on_a_tick_stay_there() -> None:
    levels = levels_of(D(100), D(1), LONG, replace(BALANCED, stop_atr=D(2)), instrument(tick=D("0.1")))
    assert (levels.stop, levels.target, levels.limit) == (D(98), D(103), D("100.3"))
    assert band_edge(D(100), D(1), SHORT, BALANCED, D("0.1")) == D("99.7")


def test_sizes_keep_the_digits_of_their_step() -> None:
    assert format(sized().size, "f") == "7.9"
    assert format(sized(of=replace(SOL, step=D("0.001"))).size, "f") == "7.900"


@pytest.mark.parametrize(
    ("direction", "stop", "risk"),
    [
        # 2 x (100 - 95) + 0.00055 x 95 x 2; above the average nothing is left but the closing fee at most
        (LONG, "95", "10.1045"),
        (LONG, "101", "0"),
        (SHORT, "105", "10.1155"),
        (SHORT, "99", "0"),
        (LONG, "100", "0.11"),
    ],
)
def test_what_a_position_has_on_the_table_is_its_way_to_the_stop_and_the_closing_fee(
    direction: Direction, stop: str, risk: str
) -> None:
    assert risk_of(D(100), D(stop), D(2), direction, D("0.00055")) == D(risk)


# --- which rule bound it


def test_margin_bounds_the_size() -> None:
    # 5 x 100 x 0.95 / 149.36 = 3.18
    plan = sized(available="100")
    assert (plan.size, plan.bound_by) == (D("3.1"), "margin")


def test_the_largest_order_bounds_the_size() -> None:
    plan = sized(of=replace(SOL, largest_limit=D(5)))
    assert (plan.size, plan.bound_by) == (D("5.0"), "largest_order")


def test_the_risk_tier_bounds_the_size_at_the_leverage_that_is_used() -> None:
    # 600 USDT is the most at 5 x; the higher tier has only 4 x: 600 / 149.36 = 4.017
    tiers = (RiskTier(D(600), D(5)), RiskTier(D(900), D(4)))
    assert (sized(tiers=tiers).size, sized(tiers=tiers).bound_by) == (D("4.0"), "risk_tier")
    assert sized(tiers=tiers, leverage_cap=4).size == D("6.0")


# --- leverage


@pytest.mark.parametrize(
    ("atr", "leverage"),
    [
        ("9.8880", 5),  # stop 14.8320 = 10 %: 0.7 / 0.1 = 7, the cap is 5
        ("13.8432", 5),  # 14 %: exactly 5
        ("13.8466", 4),  # a tick more than 14 %
        ("34.608", 2),  # 35 %
        ("69.216", 1),  # exactly 70 %
    ],
)
def test_leverage_is_the_largest_whole_number_that_keeps_the_stop_before_liquidation(atr: str, leverage: int) -> None:
    fine = replace(SOL, tick=D("0.0001"), step=D("0.001"), smallest=D("0.001"))
    assert sized(SHORT, atr=atr, of=fine, target_r=D("0.9")).leverage == leverage


def test_a_stop_beyond_seventy_percent_is_refused_even_at_one_times() -> None:
    assert refusal(SHORT, atr="69.25", target_r=D("0.9")).reason is Reason.LEVERAGE


def test_the_instruments_own_leverage_is_never_passed() -> None:
    assert sized(of=replace(SOL, max_leverage=D("3.5"))).leverage == 3


def test_a_target_below_zero_is_refused() -> None:
    assert refusal(SHORT, atr="68").reason is Reason.LEVERAGE


# --- refusals at their edges


def test_a_stop_of_five_ticks_is_far_enough_and_four_are_not() -> None:
    coarse = instrument(tick=D(1), step=D("0.001"))
    near = {"entry": "1000", "of": coarse, "spread": "0", "stop_atr": D(1), "target_r": D(3), "fee": "0"}
    assert sized(atr="5", **near).stop == D(995)
    refused = refusal(atr="4", **near)
    assert (refused.reason, dict(refused.figures)) == (Reason.STOP_TOO_NEAR, {"distance": D(4), "needed": D(5)})


def test_a_stop_of_three_spreads_is_far_enough_and_a_tick_less_is_not() -> None:
    assert sized(spread="1.74").stop == D("143.10")  # 5.22 = 3 x 1.74
    assert refusal(spread="1.75").reason is Reason.STOP_TOO_NEAR


def test_the_smallest_order_can_be_bought_and_less_is_refused_with_the_risk_that_would_do() -> None:
    smallest = replace(SOL, smallest=D("7.9"))
    assert sized(of=smallest).size == D("7.9")
    refused = refusal(of=smallest, risk="50.95")
    assert refused.reason is Reason.TOO_SMALL
    assert refused.figures["smallest"] == D("7.9")
    assert refused.figures["risk_needed"] == D("50.9508367")
    assert sized(of=smallest, risk=str(refused.figures["risk_needed"])).size == D("7.9")


def test_the_smallest_notional_counts_with_five_percent_more() -> None:
    # 1115.93 x 1.05 / 148.32 = 7.90001: a step more is needed; at 1115.92 7.9 does
    assert sized(of=replace(SOL, smallest_notional=D("1115.92"))).size == D("7.9")
    assert refusal(of=replace(SOL, smallest_notional=D("1115.94"))).reason is Reason.TOO_SMALL


def test_where_only_the_margin_is_missing_it_says_so() -> None:
    # the smallest order of 0.1 needs 0.1 x 149.36 / 5 / 0.95 = 3.1444 USDT
    refused = refusal(available="3.14")
    assert refused.reason is Reason.NO_MARGIN
    assert cents(D(str(refused.figures["needed"]))) == D("3.14")
    assert sized(available="3.15").size == D("0.1")


def test_no_money_at_all_is_no_margin() -> None:
    assert refusal(available="0").reason is Reason.NO_MARGIN
    assert refusal(available="-5").reason is Reason.NO_MARGIN


def test_less_than_eight_tenths_of_net_reward_for_one_of_net_risk_is_refused() -> None:
    # net risk is 1.0362 R, so at least 0.829 R net and, with costs of 0.03 R, about 0.861 R gross are needed
    assert sized(target_r=D("0.87")).net_reward > D("0.82")
    assert refusal(target_r=D("0.85")).reason is Reason.NO_REWARD


def test_an_entry_beyond_its_stop_is_refused_not_mirrored() -> None:
    through = Levels(entry=D("142"), limit=D("143.04"), stop=D("143.10"), target=D("156.15"))
    with pytest.raises(RiskRefused) as refused:
        size_ticket(through, Purse(D(50), D(10_000), D("0.00055")), BALANCED, SOL, ROOMY, D("0.01"))
    assert refused.value.reason is Reason.STOP_TOO_NEAR


# --- laws

prices = st.decimals(D("0.01"), D(100_000), places=4)
shares = st.decimals(D("0.002"), D("0.2"), places=4)
directions = st.sampled_from(Direction)
risks = st.decimals(D("0.5"), D(5_000), places=2)


def _try(direction: Direction, entry: Decimal, share: Decimal, risk: Decimal, available: Decimal) -> Plan | None:
    of = instrument(tick=D("0.0001"), step=D("0.001"), smallest=D("0.001"), smallest_notional=D(5))
    entry = entry.quantize(of.tick)
    levels = levels_of(entry, entry * share / D("1.5"), direction, BALANCED, of)
    try:
        return size_ticket(levels, Purse(risk, available, D("0.00055")), BALANCED, of, ROOMY, D(0))
    except RiskRefused:
        return None


@given(directions, prices, shares, risks, st.decimals(D(0), D(100_000), places=2))
@settings(max_examples=150, deadline=None)
def test_a_plan_never_risks_more_than_its_money_and_lies_on_the_grid(
    direction: Direction, entry: Decimal, share: Decimal, risk: Decimal, available: Decimal
) -> None:
    plan = _try(direction, entry, share, risk, available)
    if plan is None:
        return
    assert 0 < plan.risk <= risk
    assert plan.size % D("0.001") == 0
    assert all(price % D("0.0001") == 0 for price in (plan.limit, plan.stop, plan.target))
    assert direction.sign * (plan.limit - plan.entry) >= 0
    assert direction.sign * (plan.entry - plan.stop) > 0
    assert direction.sign * (plan.target - plan.entry) > 0
    assert plan.size * max(plan.entry, plan.limit) <= plan.leverage * available * D("0.95")
    assert plan.net_reward >= D("0.8") * -plan.net_loss
    # what the stop really costs, filled at the limit's price, is what was told
    loss = direction.sign * (plan.limit - plan.stop) * plan.size
    fees = D("0.00055") * (plan.limit + plan.stop) * plan.size
    assert plan.risk == loss + fees + D("0.0002") * plan.stop * plan.size


@given(directions, prices, shares, risks, risks)
@settings(max_examples=100, deadline=None)
def test_more_risk_money_never_buys_less(
    direction: Direction, entry: Decimal, share: Decimal, one: Decimal, other: Decimal
) -> None:
    small, large = (_try(direction, entry, share, risk, D(10_000)) for risk in sorted((one, other)))
    if small is not None:
        assert large is not None
        assert large.size >= small.size
