"""Taps about positions without a stop, and about positions that are not the bot's."""

from aiogram import F, Router
from aiogram.types import CallbackQuery

from tgbot.access import traders_only
from tgbot.carrying import carry_out
from tgbot.show import settle
from tgbot.taps import AlarmAction, AlarmTap, ForeignAction, ForeignTap, TicketAction, TicketTap
from tgbot.tasks import Tasks
from tgbot.words import Words
from trading.emergency import Alarm
from trading.model import Ticket
from trading.people import Person
from trading.safety import Safety

COMMANDS: dict[str, int] = {}


def build() -> Router:
    router = Router(name="alarms")
    router.callback_query.register(set_stop, AlarmTap.filter(F.action == AlarmAction.SET))
    router.callback_query.register(adopt, AlarmTap.filter(F.action != AlarmAction.SET))
    router.callback_query.register(adopt_found, ForeignTap.filter(F.action == ForeignAction.ADOPT))
    router.callback_query.register(show_alarm, ForeignTap.filter(F.action == ForeignAction.ALARM))
    router.callback_query.register(stop_again, TicketTap.filter(F.action == TicketAction.SET_STOP))
    return router


async def set_stop(
    query: CallbackQuery, callback_data: AlarmTap, person: Person, words: Words, safety: Safety, tasks: Tasks
) -> None:
    traders_only(person)
    work = safety.watchdog.set_stop(person.id, callback_data.alarm, callback_data.number)
    await carry_out(query, tasks, work, "set a stop", words, words("stop.toast.set"))


async def adopt(
    query: CallbackQuery, callback_data: AlarmTap, person: Person, words: Words, safety: Safety, tasks: Tasks
) -> None:
    traders_only(person)
    await carry_out(query, tasks, _adopted(callback_data, person, safety), "adopt", words, words("adopt.toast"))


async def _adopted(tap: AlarmTap, person: Person, safety: Safety) -> Ticket:
    """The alarm's position as a ticket, with the stop that the alarm proposed where it has none yet."""
    alarm: Alarm = await safety.watchdog.alarm(person.id, tap.alarm)
    if tap.action is AlarmAction.SET_AND_ADOPT:
        alarm = await safety.watchdog.set_stop(person.id, tap.alarm, tap.number)
    return await safety.adopter.adopt(person.id, alarm.symbol, alarm.index)


async def adopt_found(
    query: CallbackQuery, callback_data: ForeignTap, person: Person, words: Words, safety: Safety, tasks: Tasks
) -> None:
    traders_only(person)
    work = safety.adopter.adopt(person.id, callback_data.symbol, callback_data.index)
    await carry_out(query, tasks, work, "adopt", words, words("adopt.toast"))


async def show_alarm(
    query: CallbackQuery, callback_data: ForeignTap, person: Person, words: Words, safety: Safety
) -> None:
    await safety.watchdog.show(person.id, callback_data.symbol, callback_data.index)
    await settle(query, words("toast.moved"))


async def stop_again(
    query: CallbackQuery, callback_data: TicketTap, person: Person, words: Words, safety: Safety, tasks: Tasks
) -> None:
    traders_only(person)
    work = safety.stops.again(person.id, callback_data.ticket)
    await carry_out(query, tasks, work, "set a stop again", words, words("stop.toast.set"))
