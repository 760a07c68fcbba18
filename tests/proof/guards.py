"""Guards of the source, each with what it looks like when it is gone: what `tests.proof.mutants` takes away in turn."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """Every (`file`, `old`, `new`) of `edits` is applied; `tests` are the directed ones that should notice."""

    name: str
    edits: tuple[tuple[str, str, str], ...]
    tests: tuple[str, ...]


CLAIM, JOURNAL, SENDING = "storage/claim.py", "storage/journal.py", "trading/sending.py"
STEPS, RESOLVE, DESK, WATCH = "trading/steps.py", "trading/resolve.py", "trading/tickets.py", "trading/watch.py"
DOOR, CLIENT, CODES, CLOSING = "exchange/door.py", "exchange/client.py", "exchange/codes.py", "trading/closing.py"

JOURNALS = ("tests/ports/test_journal.py", "tests/storage/test_claim_races.py")
TAPS = ("tests/trading/test_taps.py", "tests/trading/test_refusals.py")
UNKNOWNS = ("tests/trading/test_unknown.py",)
STOPS = ("tests/trading/test_stops.py", "tests/trading/test_fills.py")
CLOSES = ("tests/trading/test_closing.py",)
CODE_TABLE = ("tests/exchange/test_codes.py", "tests/exchange/test_bybit.py")
DOORS = ("tests/exchange/test_door.py",)

SAID_PROTECTED = (
    "            return await self._moved(ticket, Event.PROTECTED, Facts(reason=Reason.STOP_CONFIRMED))\n"
    "        if self._context.clock.now() - ticket.revision.changed_at < READ_BACK_GRACE_MS:\n"
)

MUTANTS = (
    Mutant(
        "a claim takes a revision in any state",
        ((CLAIM, "            revisions.c.state == State.PROPOSED,\n", ""),),
        JOURNALS,
    ),
    Mutant(
        "a claim takes anybody's revision",
        (
            (CLAIM, "            revisions.c.owner == owner,\n", ""),
            (
                JOURNAL,
                "self._revision(ticket, revision).where(revisions.c.owner == owner)",
                "self._revision(ticket, revision)",
            ),
        ),
        JOURNALS,
    ),
    Mutant(
        "a person's ticket is anybody's",
        ((JOURNAL, ".where(tickets.c.id == ticket, tickets.c.owner == owner)", ".where(tickets.c.id == ticket)"),),
        (*JOURNALS, *TAPS),
    ),
    Mutant("a claim takes what has expired", ((CLAIM, "            revisions.c.expires_at > now,\n", ""),), JOURNALS),
    Mutant(
        "a second live entry on the symbol is not refused",
        ((CLAIM, "if any(other.symbol == row.symbol for other in live):", "if False:"),),
        JOURNALS,
    ),
    Mutant("the sum of risk is not held", ((CLAIM, "    if risk > limits.max_risk:", "    if False:"),), JOURNALS),
    Mutant("the count of positions is not held", ((CLAIM, "if opened >= limits.max_open:", "if False:"),), JOURNALS),
    Mutant(
        "an order is sent that is not the one that was shown",
        ((JOURNAL, "if event is Event.SENDING and fingerprint", "if False and fingerprint"),),
        JOURNALS,
    ),
    Mutant(
        "executions are counted again",
        (
            (
                JOURNAL,
                "insert_once(connection, kept).values(execution_row(account, ticket, execution))",
                "insert(kept).values(execution_row(account, ticket, execution))",
            ),
        ),
        JOURNALS,
    ),
    Mutant(
        "the send comes before its commit",
        (
            (
                SENDING,
                "        ticket = await self._moved(ticket, Event.SENDING, Facts(signed_at=signed_at))\n"
                "        event, facts = await self._place(ticket, signed_at)\n",
                "        event, facts = await self._place(ticket, signed_at)\n"
                "        ticket = await self._moved(ticket, Event.SENDING, Facts(signed_at=signed_at))\n",
            ),
        ),
        ("tests/trading/test_crashes.py",),
    ),
    Mutant(
        "nothing is looked at right before the send",
        ((SENDING, "            await self._guard(ticket, seen)\n", "            pass\n"),),
        (*UNKNOWNS, *TAPS),
    ),
    Mutant(
        "the band is not looked at before the send",
        ((SENDING, "if is_beyond_band(seen.ticker, plan, ticket.direction):", "if False:"),),
        (*UNKNOWNS, *TAPS, "tests/trading/test_restarts.py"),
    ),
    Mutant(
        "the band is not looked at when it is tapped",
        ((DESK, "beyond = is_beyond_band(seen.ticker, offer.revision.plan, offer.direction)", "beyond = False"),),
        ("tests/trading/test_requotes.py", *TAPS),
    ),
    Mutant(
        "a doubt about the send passes for a refusal",
        (
            (
                SENDING,
                "return Event.UNCERTAIN, Facts(detail=unknown.text)",
                "return Event.NOT_SENT, Facts(detail=unknown.text)",
            ),
        ),
        UNKNOWNS,
    ),
    Mutant(
        "an order that is sent again has a new id",
        (
            (
                SENDING,
                "from trading.model import Ticket\n",
                "from dataclasses import replace\nfrom trading.model import Ticket, order_link_id\n",
            ),
            (
                SENDING,
                "ticket.revision.request, signed_at)\n",
                "replace(ticket.revision.request, order_link_id=order_link_id(ticket.id, 1, 'again', signed_at)), "
                "signed_at)\n",
            ),
        ),
        UNKNOWNS,
    ),
    Mutant(
        "absence is proven at once", ((RESOLVE, "if asked_at < sent_at + ABSENT_AFTER_MS:", "if False:"),), UNKNOWNS
    ),
    Mutant(
        "absence is proven by one look",
        ((RESOLVE, "if asked_at - first < BETWEEN_PROOFS_MS:", "if False:"),),
        UNKNOWNS,
    ),
    Mutant(
        "history is not asked before absence is proven",
        (
            (
                RESOLVE,
                "        if order is None:\n            order = await exchange.past_order",
                "        if False:\n            order = await exchange.past_order",
            ),
        ),
        UNKNOWNS,
    ),
    Mutant(
        "executions are not asked before absence is proven",
        (
            (
                RESOLVE,
                "if await exchange.executions(account, symbol, sent_at - BEFORE_SENT_MS, order_link_id):",
                "if False:",
            ),
        ),
        UNKNOWNS,
    ),
    Mutant(
        "a position that stands there does not speak against absence",
        ((STEPS, "if fate.absent and not await self._may_be_here(ticket, sent_at):", "if fate.absent:"),),
        UNKNOWNS,
    ),
    Mutant(
        "protected is said without reading back",
        (
            (
                STEPS,
                f"        if self._holds(ticket, position):\n{SAID_PROTECTED}",
                f"        if True:\n{SAID_PROTECTED}",
            ),
        ),
        STOPS,
    ),
    Mutant(
        "a missing stop is not set",
        (
            (
                STEPS,
                "if not self._holds(ticket, position):\n            await self._set_stop",
                "if False:\n            await self._set_stop",
            ),
            (STEPS, "if self._lacks_its_stop(ticket, position):", "if False:"),
        ),
        STOPS,
    ),
    Mutant(
        "what stays without a stop is not closed",
        (
            (
                STEPS,
                "        closing = await self._closer.begin(ticket)\n"
                "        await self._closer.send(closing)\n"
                "        return closing\n",
                "        return ticket\n",
            ),
        ),
        STOPS,
    ),
    Mutant(
        "a stop that a hand removed is set again",
        ((STEPS, "if ticket.revision.reason is not Reason.STOP_NEVER_SET:", "if False:"),),
        (*STOPS, "tests/trading/test_by_hand.py"),
    ),
    Mutant(
        "a close may open something",
        ((CLOSING, "        reduce_only=True,\n", "        reduce_only=False,\n"),),
        CLOSES,
    ),
    Mutant(
        "every close has the same id",
        ((CLOSING, '"close", ticket.revision.closes)', '"close", 1)'),),
        CLOSES,
    ),
    Mutant(
        "a restart leaves old buttons alive",
        ((WATCH, "offer.revision.changed_at < self._began_at", "False"),),
        ("tests/trading/test_restarts.py",),
    ),
    Mutant(
        "a tap is served before the account is reconciled",
        ((DESK, "        self._standings.check(offer.account)\n", ""),),
        ("tests/trading/test_restarts.py", *TAPS),
    ),
    Mutant(
        "pybit sends again",
        (
            (
                CLIENT,
                "                max_retries=1,\n",
                "                max_retries=3,\n                force_retry=True,\n",
            ),
        ),
        DOORS,
    ),
    Mutant(
        "a redirect is followed",
        ((CLIENT, '        kwargs["allow_redirects"] = False\n', ""),),
        DOORS,
    ),
    Mutant(
        "an order is signed with the time of its send",
        ((CLIENT, "str(self._bybit_time() if signed_at is None else signed_at)", "str(self._bybit_time())"),),
        (*DOORS, "tests/exchange/test_bybit.py"),
    ),
    Mutant(
        "an order leaves long after its commit",
        ((DOOR, "if signed_at is not None and self._bybit_time() - signed_at > FRESH:", "if False:"),),
        DOORS,
    ),
    Mutant(
        "silence passes for a refusal",
        ((CODES, "for codes in _REFUSALS) else Meaning.UNKNOWN", "for codes in _REFUSALS) else Meaning.REFUSED"),),
        CODE_TABLE,
    ),
    Mutant(
        "a duplicate id passes for a refusal",
        ((CODES, "frozenset({DUPLICATE_ORDER_LINK_ID, 110079})", "frozenset({110079})"),),
        CODE_TABLE,
    ),
)
