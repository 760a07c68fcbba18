"""/panic, /halt and the alarms as a person meets them, over HTTP against the practice Telegram."""

import asyncio
from decimal import Decimal

import pytest

from tests.storage.samples import ACCOUNT, OWNER
from tests.tgbot.phone import OTHER_OWNER, VIEWER, Phone
from tgbot.taps import PanicAction, PanicTap
from trading.errors import OutcomeUnknown
from trading.model import Account
from trading.ports import Facts
from trading.reasons import Reason
from trading.states import Event, State

D = Decimal
SOL = "SOLUSDT"


async def flat(line: Phone) -> bool:
    return not line.bybit.books[ACCOUNT].held


async def held_by_hand(line: Phone, stop: str | None = "49000") -> None:
    line.bybit.hand(ACCOUNT, SOL, "Buy", D("0.5"))
    line.bybit.books[ACCOUNT].held[SOL].stop = None if stop is None else D(stop)


async def watched(line: Phone) -> None:
    """One look of the watchdog, as each tick has."""
    account = Account(ACCOUNT, OWNER, "practice")
    await line.services.safety.watchdog.look(account, await line.bybit.positions(ACCOUNT))


async def shown(line: Phone, user: int, button: str) -> list[str]:
    """The styles of all buttons whose text holds `button`, in the newest message that has one."""
    for message in reversed(await line.practice.messages(user)):
        found = [one for row in message.get("buttons") or [] for one in row if button in one["text"]]
        if found:
            return [one["style"] for one in found]
    return []


# --- /panic


async def test_panic_asks_on_one_message_and_ends_on_it_with_one_reply(line: Phone) -> None:
    await held_by_hand(line)
    (question,) = await line.say(OWNER, "/panic")
    assert question.startswith("🔴 PANIC")
    assert "All: 1 position, 0.00 USDT" in question
    assert await shown(line, OWNER, "Close") == ["danger", "danger"]
    (card,) = await line.seen(OWNER)
    toast = await line.press(OWNER, "Close ALL")
    assert toast["text"] == "Closing. I tell you when it is done."
    await line.until(lambda: flat(line))
    await line.until_text(OWNER, "Panic over: 1 closed")

    async def replied() -> bool:
        return len(await line.seen(OWNER)) == 2

    await line.until(replied)
    texts = await line.seen(OWNER)
    assert texts[card][0].startswith("⚪ Panic over: 1 closed")
    assert "No new tickets until /resume." in texts[card][0]
    person = await line.services.people.person(OWNER)
    assert person is not None
    assert person.paused


async def test_five_fast_taps_close_once(line: Phone) -> None:
    await held_by_hand(line)
    await line.say(OWNER, "/panic")
    card = max(await line.seen(OWNER))
    (data,) = [
        one["data"]
        for message in await line.practice.messages(OWNER)
        for row in message.get("buttons") or []
        for one in row
        if "Close ALL" in one["text"]
    ]
    await asyncio.gather(*(line.tap(OWNER, card, data) for _ in range(5)))
    await line.until(lambda: flat(line))
    assert len(line.bybit.sent) == 1


async def test_what_was_told_before_a_restart_is_not_told_again_after_it(line: Phone) -> None:
    await held_by_hand(line, None)
    await watched(line)
    await line.until_text(OWNER, "NO STOP")
    await line.say(OWNER, "/panic")
    await line.press(OWNER, "Close ALL")
    await line.until_text(OWNER, "Panic over: 1 closed")
    await watched(line)

    async def all_told() -> bool:
        return len(await line.seen(OWNER)) == 4  # the alarm and the panic, each with its end

    await line.until(all_told)
    before = await line.seen(OWNER)
    await line.services.safety.load()
    await line.say(OWNER, "/lang")  # by now every letter before it has gone out
    assert len(await line.seen(OWNER)) == len(before) + 1


async def test_cancel_takes_the_buttons_away_and_changes_nothing(line: Phone) -> None:
    await held_by_hand(line)
    await line.say(OWNER, "/panic")
    await line.press(OWNER, "Cancel, change nothing")
    await line.until_text(OWNER, "nothing was changed")
    assert await shown(line, OWNER, "Close") == []
    assert not await flat(line)


async def test_panic_while_bybit_is_silent_says_so_and_offers_the_buttons(line: Phone) -> None:
    line.bybit.trouble["positions"] = [OutcomeUnknown("HTTP 502")]
    (question,) = await line.say(OWNER, "/panic")
    assert "Bybit did not answer" in question.replace("\n", " ")
    assert await shown(line, OWNER, "Close") == ["danger", "danger"]


async def test_nobody_elses_payload_begins_a_panic(line: Phone) -> None:
    await held_by_hand(line)
    await line.say(OWNER, "/panic")
    asked = max(await line.seen(OWNER))
    data = next(
        one["data"]
        for message in await line.practice.messages(OWNER)
        for row in message.get("buttons") or []
        for one in row
        if "Close ALL" in one["text"]
    )
    assert PanicTap.unpack(data).action is PanicAction.ALL
    for user in (OTHER_OWNER, VIEWER):
        await line.say(user, "/lang")
        await line.tap(user, max(await line.seen(user)), data)
    assert not await flat(line)
    assert asked == max(await line.seen(OWNER))
    other = await line.services.people.person(OTHER_OWNER)
    assert other is not None
    assert not other.paused


@pytest.mark.parametrize("text", ["/panic", "/halt", "/halt off"])
async def test_a_viewer_is_told_that_this_is_not_theirs(line: Phone, text: str) -> None:
    (said,) = await line.say(VIEWER, text)
    assert said.replace("\n", " ").startswith("You may look")
    assert line.services.safety.halt.standing is None


# --- /halt


async def test_a_halt_is_told_to_everybody_in_their_language_and_so_is_its_end(line: Phone) -> None:
    await line.services.people.set_language(OTHER_OWNER, "ru")
    (said,) = await line.say(OWNER, "/halt")
    assert said.startswith("Halted")
    await line.until_text(OTHER_OWNER, "Владелец бота остановил новые входы")
    await line.press(OWNER, "End the halt")
    await line.until_text(OTHER_OWNER, "Остановка владельца снята")
    assert len(await line.texts(OTHER_OWNER)) == 2
    await line.until_text(OWNER, "The halt is over")
    (again,) = await line.say(OWNER, "/halt off")
    assert again.startswith("There was no halt")


# --- alarms


async def test_an_alarm_says_price_and_loss_before_its_button_sets_the_stop(line: Phone) -> None:
    await held_by_hand(line, None)
    await watched(line)
    text = await line.until_text(OWNER, "NO STOP")
    assert "48,500" in text
    assert "-763.34 USDT" in text
    await line.press(OWNER, "Set stop 48,500 · -763.34")
    assert line.bybit.books[ACCOUNT].held[SOL].stop == D(48_500)
    await line.until_text(OWNER, "It has a stop on Bybit now.")

    async def told() -> bool:
        return len(await line.seen(OWNER)) == 2

    await line.until(told)


async def test_set_and_adopt_brings_a_card_with_closing_buttons(line: Phone) -> None:
    await held_by_hand(line, None)
    await watched(line)
    await line.until_text(OWNER, "NO STOP")
    await line.press(OWNER, "Set it and take it over")
    card = await line.until_text(OWNER, "protected: stop 48,500")
    assert "Taken over" in card
    assert await shown(line, OWNER, "Close all") == ["danger"]
    (ticket,) = await line.services.journal.in_states(frozenset({State.OPEN}))
    assert (ticket.owner, ticket.is_adopted) == (OWNER, True)


async def test_positions_offer_to_take_over_what_has_a_stop_and_lead_to_the_alarm_of_what_has_none(
    line: Phone,
) -> None:
    await held_by_hand(line, None)
    await watched(line)
    first = await line.until_text(OWNER, "NO STOP")
    line.exchange.held = await line.bybit.positions(ACCOUNT)
    await line.say(OWNER, "/positions")
    before = await line.seen(OWNER)
    await line.press(OWNER, "SOLUSDT: set a stop")

    async def moved() -> bool:
        return any(number > max(before) and text == first for number, (text, _) in (await line.seen(OWNER)).items())

    await line.until(moved)
    line.bybit.books[ACCOUNT].held[SOL].stop = D(49_000)
    line.exchange.held = await line.bybit.positions(ACCOUNT)
    await line.say(OWNER, "/positions")
    await line.press(OWNER, "SOLUSDT: take it over")
    await line.until_text(OWNER, "protected: stop 49,000")


async def test_a_stop_of_ours_that_a_hand_took_away_has_its_button_on_the_card(line: Phone) -> None:
    await held_by_hand(line)
    ticket = await line.services.safety.adopter.adopt(OWNER, SOL)
    await line.until_text(OWNER, "protected: stop 49,000")
    line.bybit.remove_stop(ACCOUNT, SOL)
    bare = await line.services.journal.advance(
        *ticket.key, Event.STOP_MISSING, line.clock.now(), Facts(reason=Reason.STOP_REMOVED)
    )
    await line.services.notifier.ticket(bare, ring=True)
    await line.until_text(OWNER, "taken away on Bybit by hand")
    await line.press(OWNER, "Set stop again at 49,000")
    assert line.bybit.books[ACCOUNT].held[SOL].stop == D(49_000)
    await line.until_text(OWNER, "Its stop stands on Bybit again.")
