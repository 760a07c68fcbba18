"""The main job from end to end over HTTP: a ticket, a tap, a protected position, a restart, an end that is told."""

import asyncio
import contextlib
import re
from typing import Any

from tests.story.practice import Practice, Vain


async def bursting_ticket(practice: Practice, user: int) -> tuple[int, str]:
    """A card that waits for an answer; minutes pass in a leap while there is none."""
    for _ in range(6):
        if waiting := await practice.waiting(user):
            return waiting[-1]
        practice.clock.leap_to_close()
        with contextlib.suppress(Vain):
            await practice.until(lambda: practice.waiting(user), 10)
    raise AssertionError(f"no ticket in six minutes: {await practice.words(user)}")


async def protected(practice: Practice, user: int, card: int) -> str:
    async def green() -> str:
        text = await practice.card(user, card)
        return text if "🟢" in text else ""

    return await practice.until(green)


async def over(practice: Practice, user: int, card: int) -> str:
    async def ended() -> str:
        text = await practice.card(user, card)
        return text if "⚪" in text else ""

    return await practice.until(ended)


async def confirmed(practice: Practice, user: int, taps: int = 1) -> tuple[int, str, dict[str, Any]]:
    """A card from offer to protected, with its entry order; one that the price left meanwhile is tapped anew."""
    for _ in range(6):
        card, data = await bursting_ticket(practice, user)
        await asyncio.gather(*(practice.tap(user, card, data) for _ in range(taps)))

        async def settled(card: int = card, tapped: str = data) -> str:
            text = await practice.card(user, card)
            renewed = [fresh for message, fresh in await practice.waiting(user) if message == card and fresh != tapped]
            return "protected" if "🟢" in text else "again" if renewed or "⚪" in text else ""

        if await practice.until(settled) == "protected":
            (order,) = await practice.entries()
            return card, data, order
    raise AssertionError(f"no card became protected: {await practice.words(user)}")


async def test_five_taps_place_one_protected_order_and_a_restart_forgets_nothing(practice: Practice) -> None:
    assert "practice" in (await practice.say(1001, "/start")).lower()
    card, data, order = await confirmed(practice, 1001, taps=5)
    assert float(order["stopLoss"]) > 0
    assert float(order["takeProfit"]) > 0
    text = await practice.card(1001, card)
    assert "protected" in text

    await practice.stop_bot()
    await practice.start_bot()
    await practice.tap(1001, card, data)
    assert order["symbol"] in await practice.say(1001, "/positions")
    assert len(await practice.entries()) == 1

    await practice.move_price(order["symbol"], order["takeProfit"])

    end = await over(practice, 1001, card)
    assert re.search(r"\d\s*R\b", end)
    assert "USDT" in end
    assert "target" in end


async def test_a_stop_that_is_hit_is_told_as_about_minus_one_r(practice: Practice) -> None:
    await practice.say(1001, "/start")
    card, _, order = await confirmed(practice, 1001)
    await practice.move_price(order["symbol"], order["stopLoss"])

    end = await over(practice, 1001, card)
    result = re.search(r"([+−-]?\d+\.\d+)\sR", end)
    assert result is not None, end
    assert -1.6 < float(result[1].replace("−", "-")) < -0.9


def levels(card: str) -> tuple[str, float, float]:
    """Symbol, the worst price that is still taken, and target, as the card says them."""
    symbol = re.search(r"([A-Z0-9]+USDT)", card)
    limit = re.search(r"(?:up|down) to\s+([\d.,]+)", card)
    target = re.search(r"Target\s+([\d.,]+)", card)
    assert symbol is not None, card
    assert limit is not None, card
    assert target is not None, card
    edge, far = (float(found[1].replace(",", "")) for found in (limit, target))
    return symbol[1], edge, far


async def pushed_out_of_its_band(practice: Practice, user: int) -> tuple[int, str, str, str]:
    """(card, dead data, fresh data, symbol) of a card that was re-quoted; one that price left for good is let go."""
    for _ in range(6):
        card, data = await bursting_ticket(practice, user)
        symbol, edge, target = levels(await practice.card(user, card))
        await practice.move_price(symbol, f"{edge + (target - edge) * 0.01:.6f}")
        await practice.tap(user, card, data)

        async def renewed(card: int = card, tapped: str = data) -> list[str]:
            if "⚪" in await practice.card(user, card):
                return ["over"]
            return [fresh for message, fresh in await practice.waiting(user) if message == card and fresh != tapped]

        (fresh,) = await practice.until(renewed)
        if fresh != "over":
            return card, data, fresh, symbol
    raise AssertionError(f"no card was offered anew: {await practice.words(user)}")


async def test_a_price_beyond_the_band_is_offered_anew_and_the_old_button_is_dead(practice: Practice) -> None:
    await practice.say(1001, "/start")
    card, dead, fresh, symbol = await pushed_out_of_its_band(practice, 1001)
    assert not await practice.entries()
    await practice.tap(1001, card, dead)
    await asyncio.sleep(1)
    assert not await practice.entries()
    assert fresh != dead
    assert symbol in await practice.card(1001, card)


async def test_two_people_have_their_own_languages_cards_and_accounts(practice: Practice) -> None:
    await practice.introduce(1002, "Вера", "ru")
    assert "Bybit" in await practice.say(1001, "/start")
    assert re.search("[а-я]{4}", await practice.say(1002, "/start"))
    mine = await bursting_ticket(practice, 1001)
    other = await bursting_ticket(practice, 1002)
    for card in (mine[0], other[0]):
        await practice.tap(1001, card, other[1])
    await asyncio.sleep(1)
    assert not await practice.entries()
    assert "🟡" in await practice.card(1002, other[0])
    for user, (card, data) in ((1001, mine), (1002, other)):
        await practice.tap(user, card, data)
    await protected(practice, 1001, mine[0])
    assert "защищена" in await protected(practice, 1002, other[0])
    assert len({order["account"] for order in await practice.entries()}) == 2


async def test_a_stranger_gets_one_polite_line_and_no_effect(practice: Practice) -> None:
    await practice.say(1001, "/start")
    answer = await practice.say(2002, "/start")
    assert not re.search(r"\d", answer)
    card, data = await bursting_ticket(practice, 1001)
    own = next(one["message_id"] for one in await practice.messages(2002) if one["from"] == "bot")
    await practice.tap(2002, card, data)
    await practice.tap(2002, own, data)
    await asyncio.sleep(1)
    assert not await practice.entries()
    assert "🟡" in await practice.card(1001, card)
