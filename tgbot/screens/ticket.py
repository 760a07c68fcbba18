"""A ticket's card: one message from offer to end. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from aiogram.utils.formatting import Text

from strategies.signal import Signal
from tgbot.screens.figures import base_of, factor_rows, price, price_digits, side, strategy_name
from tgbot.screens.reasons import reason_sentence
from tgbot.screens.screen import (
    BLUE,
    GREEN,
    NODE,
    RED,
    Button,
    Line,
    Row,
    Screen,
    countdown,
    dotted,
    heading,
    moment,
    stacked,
    table,
    woven,
    wrapped,
)
from tgbot.taps import TicketAction, TicketTap
from tgbot.words import Words
from trading.endings import r_money
from trading.model import Fill, Plan, Position, Ticket
from trading.reasons import Reason
from trading.states import ENDED, State

OFFERED, UNDER_WAY, SAFE, NEEDS_YOU, OVER = "🟡", "⏳", "🟢", "🔴", "⚪"
# Reasons that a person should read on the card of a position; the others explain an end or a refusal.
_TOLD_WHILE_HELD = frozenset(
    {
        Reason.STOP_NEVER_SET,
        Reason.STOP_REMOVED,
        Reason.CLOSE_REFUSED,
        Reason.LARGER_BY_HAND,
        Reason.TURNED_BY_HAND,
        Reason.SMALLER_BY_HAND,
        Reason.LEVELS_BY_HAND,
    }
)
# An unknown outcome is nothing special for so long; then it is red and says what not to do (SPEC 4).
UNKNOWN_IS_RED_MS = 15_000

_SIGNS: Mapping[State, str] = MappingProxyType(
    {
        State.PROPOSED: OFFERED,
        State.OPEN: SAFE,
        State.UNPROTECTED: NEEDS_YOU,
        State.DRIFT: NEEDS_YOU,
        **dict.fromkeys(ENDED, OVER),
    }
)
_WAITING: Mapping[State, str] = MappingProxyType(
    {
        State.CONFIRMED: "ticket.button.sending",
        State.SUBMITTING: "ticket.button.sending",
        State.UNKNOWN: "ticket.button.asking",
        State.ACKED: "ticket.button.asking",
        State.PARTIAL: "ticket.button.stop",
        State.FILLED: "ticket.button.stop",
        State.CLOSING: "ticket.button.closing",
    }
)


def ticket_card(ticket: Ticket, environment: str, words: Words, now: int, *, asking: bool = False) -> Screen:
    """The card as the ticket stands now; `asking`: whether to close it, once more before it is done."""
    if ticket.state is State.PROPOSED:
        return _offer(ticket, environment, words, now)
    if ticket.state is State.CLOSED and ticket.revision.outcome is not None:
        return _closed(ticket, environment, words)
    if ticket.state in ENDED:
        return _nothing_placed(ticket, environment, words)
    if ticket.revision.fill is not None:
        return _position(ticket, environment, words, asking)
    return _under_way(ticket, environment, words, now)


def state_sign(ticket: Ticket, now: int) -> str:
    """One emoji for each state: offered, under way, safe, needs you, over."""
    if ticket.state is State.UNKNOWN and now - ticket.revision.changed_at >= UNKNOWN_IS_RED_MS:
        return NEEDS_YOU
    return _SIGNS.get(ticket.state, UNDER_WAY)


def named(ticket: Ticket, words: Words) -> str:
    """SOLUSDT Long"""
    return f"{ticket.symbol} {side(ticket.direction, words)}"


def held(ticket: Ticket, fill: Fill, words: Words) -> str:
    """SOLUSDT Long 7.9 @ 148.35"""
    return f"{named(ticket, words)} {words.exact(ticket.revision.size_now)} @ {price(fill.average, ticket, words)}"


def context_line(signal: Signal, environment: str, words: Words) -> str:
    """Where it runs and who says so: PRACTICE · VolumeVWAP + MultiTF 1m"""
    names = " + ".join(strategy_name(strategy, words) for strategy in (signal.strategy, *signal.also))
    return dotted(words(f"env.{environment}"), f"{names} {words.frame(signal.minutes)}")


def result_line(ticket: Ticket, words: Words) -> str:
    """+1.45 R (+60.25 USDT) net"""
    outcome = ticket.revision.outcome
    assert outcome is not None, "only a closed ticket has a result"
    return words("ticket.result", r=words.r(outcome.r), money=words.money(outcome.net, signed=True))


def end_reason(ticket: Ticket, words: Words) -> str | None:
    """Why nothing was placed, where the state alone does not say it."""
    revision = ticket.revision
    if revision.reason is None or revision.state in (State.SKIPPED, State.EXPIRED):
        return None
    return reason_sentence(revision.reason, words, detail=revision.detail)


# --- an offer


def _offer(ticket: Ticket, environment: str, words: Words, now: int) -> Screen:
    plan, signal = ticket.revision.plan, ticket.signal
    text = stacked(
        heading(f"{OFFERED} {named(ticket, words)} · {words('ticket.risk', risk=words.money(plan.risk))}"),
        context_line(signal, environment, words),
        _close_line(signal, words),
        *_requoted(ticket, words),
        "",
        dotted(
            words("ticket.strength", strength=words.number(signal.strength)),
            words("ticket.confluence", present=signal.confluence),
        ),
        table(factor_rows(signal, words)),
        table(_plan_rows(ticket, plan, words)),
        words(f"ticket.bound.{plan.bound_by}") if plan.bound_by != "risk" else None,
        woven(
            words("ticket.ends", at=NODE, left=NODE),
            moment(ticket.revision.expires_at, words),
            countdown(ticket.revision.expires_at, now, words),
        ),
    )
    confirm = words("ticket.button.confirm", risk=words.money(plan.risk))
    return Screen(
        text,
        (
            (Button(confirm, _tap(ticket, TicketAction.CONFIRM), GREEN),),
            (Button(words("ticket.button.skip"), _tap(ticket, TicketAction.SKIP)),),
        ),
    )


def _close_line(signal: Signal, words: Words) -> Text:
    if signal.of == 1:
        said = words("ticket.only", at=NODE)
    elif signal.rank == 1:
        said = words("ticket.best", of=signal.of, at=NODE)
    else:
        said = words("ticket.ranked", rank=signal.rank, of=signal.of, at=NODE)
    return woven(said, moment(signal.closed_at, words))


def _requoted(ticket: Ticket, words: Words) -> tuple[Line, ...]:
    if ticket.revision.number == 1:
        return ()
    plan, before = ticket.revision.plan, Decimal(repr(ticket.signal.close))
    old, new = price(before, ticket, words), price(plan.entry, ticket, words)
    size = {"size": words.exact(plan.size), "base": base_of(ticket.symbol)}
    said = words("ticket.renewed", new=new, **size) if old == new else words("ticket.moved", old=old, new=new, **size)
    return ("", said)


def _plan_rows(ticket: Ticket, plan: Plan, words: Words) -> tuple[tuple[str, str], ...]:
    digits = price_digits(ticket)
    levels = {level: words.number(level, digits) for level in (plan.entry, plan.limit, plan.stop, plan.target)}
    room = max(map(len, levels.values()))

    def aligned(level: Decimal) -> str:
        return levels[level].rjust(room)

    def away(level: Decimal) -> str:
        return f"{aligned(level)}  {words.percent(level / plan.entry - 1, signed=True)}"

    return (
        (words("ticket.entry"), aligned(plan.entry)),
        (words(f"ticket.limit.{ticket.direction}"), aligned(plan.limit)),
        (words("ticket.stop"), away(plan.stop)),
        (words("ticket.target"), away(plan.target)),
        (words("ticket.size"), f"{words.exact(plan.size)} {base_of(ticket.symbol)}"),
        (
            words("ticket.value"),
            words("ticket.value.figure", value=words.money(plan.notional), leverage=plan.leverage),
        ),
        (
            words("ticket.costs"),
            words("ticket.costs.figure", costs=words.money(plan.costs), r=_unsigned_r(plan.costs, plan.r, words)),
        ),
        (
            words("ticket.net"),
            words("ticket.net.figure", reward=words.r(plan.net_reward), loss=words.r(plan.net_loss)),
        ),
    )


def _unsigned_r(money: Decimal, r: Decimal, words: Words) -> str:
    return words.r(money / r).lstrip("+") if r else words.r(Decimal(0))


# --- between the tap and the end


def _under_way(ticket: Ticket, environment: str, words: Words, now: int) -> Screen:
    plan, sign = ticket.revision.plan, state_sign(ticket, now)
    late = ticket.state is State.UNKNOWN and sign == NEEDS_YOU
    key = f"ticket.state.{ticket.state}" + (".long" if late else "")
    text = stacked(
        heading(f"{sign} {named(ticket, words)} · {words('ticket.risk', risk=words.money(plan.risk))}"),
        words(key),
        context_line(ticket.signal, environment, words),
        table(_plan_rows(ticket, plan, words)[:5]),
    )
    waiting = _WAITING.get(ticket.state)
    return Screen(text, ((Button(words(waiting)),),) if waiting else ())


def _position(ticket: Ticket, environment: str, words: Words, asking: bool) -> Screen:
    revision, fill = ticket.revision, ticket.revision.fill
    assert fill is not None, "a position has a fill"
    head = f"{_SIGNS.get(ticket.state, UNDER_WAY)} {held(ticket, fill, words)}"
    if ticket.state is State.OPEN:
        head += " · " + words("ticket.protected", stop=price(revision.stop_now, ticket, words))
    question = words("ticket.ask_close", size=words.exact(revision.size_now), base=base_of(ticket.symbol))
    text = stacked(
        heading(head),
        _standing(ticket, words),
        context_line(ticket.signal, environment, words),
        table(_position_rows(ticket, fill, words)),
        question if asking else None,
    )
    return Screen(text, _position_buttons(ticket, words, asking))


def _standing(ticket: Ticket, words: Words) -> str | None:
    """What the head does not say: what is under way, what is wrong, what was changed by hand."""
    revision = ticket.revision
    if revision.reason in _TOLD_WHILE_HELD:
        return reason_sentence(revision.reason, words, detail=revision.detail)
    return None if ticket.state is State.OPEN else words(f"ticket.state.{ticket.state}")


def _position_rows(ticket: Ticket, fill: Fill, words: Words) -> tuple[tuple[str, str], ...]:
    revision = ticket.revision
    rows = [(words("ticket.stop"), price(revision.stop_now, ticket, words))]
    if revision.target_now is not None:
        rows.append((words("ticket.target"), price(revision.target_now, ticket, words)))
    rows.append((words("ticket.risk_now"), words("ticket.usdt", money=words.money(revision.risk_now))))
    if fill.size < revision.plan.size:
        label = words("ticket.filled" if ticket.direction.sign > 0 else "ticket.sold")
        figures = {"filled": words.exact(fill.size), "size": words.exact(revision.plan.size)}
        rows.append((label, words("ticket.filled.figure", base=base_of(ticket.symbol), **figures)))
    rows.append((words("ticket.one_r"), words("ticket.usdt", money=words.money(r_money(revision)))))
    return tuple(rows)


def _position_buttons(ticket: Ticket, words: Words, asking: bool) -> tuple[Row, ...]:
    if ticket.state in _WAITING:
        return ((Button(words(_WAITING[ticket.state])),),)
    if asking:
        return (
            (Button(words("ticket.button.close.yes"), _tap(ticket, TicketAction.CLOSE), RED),),
            (Button(words("ticket.button.keep"), _tap(ticket, TicketAction.KEEP)),),
        )
    adopt = (Button(words("ticket.button.adopt"), _tap(ticket, TicketAction.ADOPT), BLUE),)
    return (
        *((adopt,) if ticket.state is State.DRIFT else ()),
        (
            Button(words("ticket.button.close"), _tap(ticket, TicketAction.ASK_CLOSE), RED),
            Button(words("button.refresh"), _tap(ticket, TicketAction.REFRESH)),
        ),
    )


# --- the end


def _closed(ticket: Ticket, environment: str, words: Words) -> Screen:
    revision, outcome, fill = ticket.revision, ticket.revision.outcome, ticket.revision.fill
    assert outcome is not None, "asked for a closed ticket"
    opened_at = revision.signed_at or ticket.created_at
    rows = [(words("ticket.exit"), price(outcome.exit, ticket, words))]
    if fill is not None:
        rows = [
            (words("ticket.entry"), price(fill.average, ticket, words)),
            *rows,
            (words("ticket.size"), f"{words.exact(fill.size)} {base_of(ticket.symbol)}"),
        ]
    head = " · ".join(
        (
            f"{OVER} {named(ticket, words)}",
            words(f"ending.{outcome.ending}"),
            result_line(ticket, words),
            words.span(outcome.closed_at - opened_at),
        )
    )
    text = stacked(
        heading(head),
        context_line(ticket.signal, environment, words),
        table(rows),
        words("made_up") if environment == "sandbox" else None,
    )
    return Screen(text)


def _nothing_placed(ticket: Ticket, environment: str, words: Words) -> Screen:
    reason = end_reason(ticket, words)
    text = stacked(
        heading(f"{OVER} {named(ticket, words)} · {words(f'ticket.state.{ticket.state}')}"),
        wrapped(reason) if reason else None,
        words("ticket.nothing") if ticket.state in (State.NOT_PLACED, State.REFUSED) else None,
        context_line(ticket.signal, environment, words),
    )
    return Screen(text)


def _tap(ticket: Ticket, action: TicketAction) -> TicketTap:
    return TicketTap(ticket=ticket.id, revision=ticket.revision.number, action=action)


# --- short replies that ring


def ring_reply(ticket: Ticket, words: Words) -> Screen:
    """One short line with sound beside the card, for a fact that needs a person."""
    figures = {"symbol": ticket.symbol, "side": side(ticket.direction, words)}
    if ticket.state is State.CLOSED and ticket.revision.outcome is not None:
        ending = words(f"ending.{ticket.revision.outcome.ending}")
        ending = ending[:1].upper() + ending[1:]
        return Screen(stacked(words("ring.closed", ending=ending, result=result_line(ticket, words), **figures)))
    if ticket.state is State.UNKNOWN:
        told = words("ticket.state.UNKNOWN.long")
    elif ticket.state is State.PROPOSED:
        told = words("ring.proposed")
    elif ticket.revision.fill is not None:
        told = _standing(ticket, words) or words("ring.card")
    else:
        told = end_reason(ticket, words) or words("ring.card")
    return Screen(stacked(words("ring.other", told=told, **figures)))


def live_line(ticket: Ticket, positions: Sequence[Position], words: Words) -> str:
    """How the position stands at this moment, for a toast: SOLUSDT 150.44 · +16.51 USDT · +0.40 R"""
    position = next((one for one in positions if one.symbol == ticket.symbol and one.size > 0), None)
    if position is None:
        return words("toast.flat", symbol=ticket.symbol)
    return words(
        "toast.live",
        symbol=ticket.symbol,
        price=price(position.mark, ticket, words),
        money=words.money(position.unrealised, signed=True),
        r=words.r(unrealised_r(ticket, position)),
    )


def unrealised_r(ticket: Ticket, position: Position) -> Decimal:
    """What the position would bring now, in R, before costs."""
    r = r_money(ticket.revision)
    return position.unrealised / r if r else Decimal(0)
