"""A position without a stop that no ticket looks after. Pure."""

from decimal import Decimal

from tgbot.screens.card import NEEDS_YOU, OVER
from tgbot.screens.figures import side
from tgbot.screens.screen import BLUE, GREEN, Button, Screen, heading, stacked, table
from tgbot.taps import AlarmAction, AlarmTap
from tgbot.words import Words, decimals_of
from trading.emergency import Alarm, AlarmState


def alarm_screen(alarm: Alarm, environment: str, words: Words) -> Screen:
    """Which position, what a tap would set and what it would cost; at the end, how it came out."""
    if alarm.state is not AlarmState.STANDING:
        return Screen(
            stacked(heading(f"{OVER} {_named(alarm, words)} · {words(f'env.{environment}')}"), _ending(alarm, words)),
            ((Button(words("adopt.button"), _tap(alarm, AlarmAction.ADOPT), BLUE),),)
            if alarm.state is AlarmState.SET
            else (),
        )
    stop, money = _price(alarm.stop, alarm, words), words.money(alarm.at_stop, signed=True)
    rows = (
        (words("alarm.entry"), _price(alarm.average, alarm, words)),
        (words("alarm.now"), _price(alarm.mark, alarm, words)),
        (words("alarm.stop"), stop),
        (words("alarm.at_stop"), words("ticket.usdt", money=money)),
    )
    text = stacked(
        heading(f"{NEEDS_YOU} {_named(alarm, words)} · {words('alarm.head')} · {words(f'env.{environment}')}"),
        words("alarm.bare"),
        table(rows),
        words("alarm.how"),
    )
    return Screen(
        text,
        (
            (Button(words("alarm.button.set", stop=stop, money=money), _tap(alarm, AlarmAction.SET), GREEN),),
            (Button(words("alarm.button.adopt"), _tap(alarm, AlarmAction.SET_AND_ADOPT), BLUE),),
        ),
    )


def alarm_over(alarm: Alarm, words: Words) -> Screen:
    """The short reply at its end."""
    return Screen(stacked(f"{alarm.symbol} {side(alarm.direction, words)}: {_ending(alarm, words)}"))


def _ending(alarm: Alarm, words: Words) -> str:
    return words("alarm.set" if alarm.state is AlarmState.SET else "alarm.closed")


def _named(alarm: Alarm, words: Words) -> str:
    return f"{alarm.symbol} {side(alarm.direction, words)} {words.exact(alarm.size)}"


def _price(value: Decimal, alarm: Alarm, words: Words) -> str:
    """With the digits of what stands on the instrument's ticks; an average does not."""
    return words.number(value, decimals_of(alarm.stop, alarm.mark))


def _tap(alarm: Alarm, action: AlarmAction) -> AlarmTap:
    return AlarmTap(alarm=alarm.id, number=alarm.number, action=action)
