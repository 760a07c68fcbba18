"""The first minute: who this is, where it runs, what comes next; and a sample of a ticket. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from aiogram.utils.formatting import Bold, Text

from strategies.signal import Direction, Factor, Signal
from tgbot.screens.screen import BLUE, NODE, Button, Screen, moment, remaining, stacked, woven, wrapped
from tgbot.screens.ticket import ticket_card
from tgbot.taps import Page, PageTap, TicketAction, TicketTap
from tgbot.words import MINUTE_MS, Words
from trading.model import AccountId, OrderRequest, Plan, Revision, Ticket
from trading.people import Person, Role
from trading.states import State

MOST_SHOWN = 6  # offers with a button of their own; /signals has the others


def start_screen(
    person: Person,
    offers: int,
    above: Sequence[Ticket],
    has_account: bool,
    environment: str,
    words: Words,
    now: int,
) -> Screen:
    """Two sentences, what can be lost here, what happens next, and where to go.

    `offers` is how many wait for an answer; of these, the cards of `above` are in the chat already, further up.
    """
    frame = person.preferences.minutes
    closes_at = (now // (frame * MINUTE_MS) + 1) * frame * MINUTE_MS
    if environment == "sandbox" and frame == 1:
        coming = stacked(words("start.soon"), _candle("start.candle", frame, closes_at, now, words))
    else:
        coming = _candle("start.next", frame, closes_at, now, words)
    text = stacked(
        words("start.who"),
        "",
        Bold(wrapped(words(f"start.env.{environment}"))),
        "",
        coming,
        None if has_account else words(_without_account(person, environment)),
        words("start.paused") if person.paused else None,
        words.some("start.below", offers - len(above)) if offers > len(above) else None,
        words.some("start.above", len(above)) if above else None,
    )
    return Screen(
        text,
        (
            *((_show_button(ticket, words),) for ticket in above[-MOST_SHOWN:]),
            (Button(words("start.button.sample"), PageTap(page=Page.SAMPLE, anew=True), BLUE),),
            (
                Button(words("button.settings"), PageTap(page=Page.SETTINGS, anew=True)),
                Button(words("button.status"), PageTap(page=Page.STATUS, anew=True)),
            ),
        ),
    )


def _without_account(person: Person, environment: str) -> str:
    """In the practice world every owner gets an account in the first seconds."""
    coming = environment == "sandbox" and person.role is Role.OWNER
    return "start.account_coming" if coming else "start.no_account"


def _candle(key: str, frame: int, closes_at: int, now: int, words: Words) -> Text:
    said = words(key, frame=words.frame(frame), at=NODE, left=remaining(closes_at, now, words))
    return woven(said, moment(closes_at, words))


def _show_button(ticket: Ticket, words: Words) -> Button:
    tap = TicketTap(ticket=ticket.id, revision=ticket.revision.number, action=TicketAction.MOVE)
    return Button(words("start.button.show", symbol=ticket.symbol), tap)


def sample_screen(environment: str, words: Words, now: int) -> Screen:
    """A made-up offer as it would look, with buttons that can not be tapped and a word on each part."""
    card = ticket_card(_sample(now), environment, words, now)
    text = stacked(
        Bold(words("sample.head")),
        "",
        card.text,
        "",
        words("sample.first"),
        words("sample.then"),
        words("sample.learn"),
    )
    risk = words("sample.button.go", risk=words.money(_sample(now).revision.plan.risk))
    return Screen(text, ((Button(risk),), (Button(words("sample.button.skip")),)))


def _sample(now: int) -> Ticket:
    """One SOLUSDT signal of the 4h frame, with figures that fit together."""
    plan = Plan(
        entry=Decimal("148.32"),
        limit=Decimal("149.36"),
        stop=Decimal("143.10"),
        target=Decimal("156.15"),
        size=Decimal("7.9"),
        leverage=5,
        notional=Decimal("1171.73"),
        risk=Decimal("50.95"),
        r=Decimal("41.24"),
        costs=Decimal("1.32"),
        net_reward=Decimal("1.47"),
        net_loss=Decimal("-1.04"),
        bound_by="risk",
    )
    closed_at = now - now % MINUTE_MS - MINUTE_MS
    signal = Signal(
        symbol="SOLUSDT",
        strategy="volume_vwap",
        minutes=240,
        direction=Direction.LONG,
        open_time=closed_at - 240 * MINUTE_MS,
        factors=(
            Factor("volume_confirmation", 0.95, 2.9),
            Factor("vwap_position", 0.8, 3.2),
            Factor("trend_alignment", 0.76, 0.76),
        ),
        strength=0.85,
        confluence=3,
        close=148.32,
        atr=3.48,
        of=6,
    )
    request = OrderRequest("SOLUSDT", "Buy", plan.size, "sample", plan.limit, stop=plan.stop, target=plan.target)
    revision = Revision(
        number=1,
        state=State.PROPOSED,
        plan=plan,
        expires_at=closed_at + 120 * MINUTE_MS,
        order_link_id="sample",
        request=request,
        request_hash="",
        risk_now=plan.risk,
        stop_now=plan.stop,
        target_now=plan.target,
        size_now=plan.size,
        changed_at=now,
    )
    return Ticket("sample", 0, AccountId("sandbox", "sample"), signal, now, plan.risk, revision)
