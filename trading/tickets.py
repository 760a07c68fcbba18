"""A ticket from offer to sent order: propose, claim, re-quote, send, skip (SPEC 4, EXECUTION 2)."""

from trading.model import Ticket


class TicketDesk:
    """Surface only while the rest is being written."""

    async def confirm(self, owner: int, ticket: str, revision: int) -> Ticket:
        """Checks at Bybit, then claims; returns once claimed (CONFIRMED) or re-quoted (PROPOSED, next revision).

        The sending goes on in an owned task. Raises TicketError, RiskRefused or ExchangeError; the card stays.
        """
        raise NotImplementedError

    async def skip(self, owner: int, ticket: str, revision: int) -> Ticket:
        """Declines an offer. Raises TicketError."""
        raise NotImplementedError

    async def close(self, owner: int, ticket: str) -> Ticket:
        """Closes the ticket's position reduce-only at market; returns the ticket as CLOSING. Raises TicketError."""
        raise NotImplementedError
