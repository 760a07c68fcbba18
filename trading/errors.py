"""Everything that can go wrong and is expected to; anything else is a bug.

AssistantError
├── ExchangeError           Bybit did not do what was asked
│   ├── OutcomeUnknown      it may or may not have been done: ask, never send again
│   ├── ExchangeRejected    surely not done: a documented refusal
│   └── ExchangeBusy        surely not done: may be tried again
├── TicketError             a tap that finds nothing to act on
├── RiskRefused             a limit or a sizing rule says no
└── AccessDenied            this person may not do this

A reason is a word of `trading.reasons`; turning it into a sentence in the person's language is the face's work.
"""

from collections.abc import Mapping
from types import MappingProxyType

from trading.reasons import Reason

Figures = Mapping[str, object]


class AssistantError(Exception):
    """The root: what the face knows how to tell."""


class ExchangeError(AssistantError):
    """Bybit did not answer as hoped. `text` is safe to log: no key, no signature, no request body."""

    def __init__(self, text: str, code: int | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class OutcomeUnknown(ExchangeError):
    """No readable yes or no came back. For a read it only means that nothing was learnt."""


class ExchangeRejected(ExchangeError):
    """A documented refusal: surely not done. `code` is Bybit's retCode."""


class ExchangeBusy(ExchangeError):
    """Surely not done, for want of a place or of time; `retry_after` seconds where Bybit told."""

    def __init__(self, text: str, code: int | None = None, retry_after: float = 1.0) -> None:
        super().__init__(text, code)
        self.retry_after = retry_after


class _Reasoned(AssistantError):
    def __init__(self, reason: Reason, **figures: object) -> None:
        super().__init__(reason.value)
        self.reason = reason
        self.figures: Figures = MappingProxyType(figures)


class TicketError(_Reasoned):
    """The ticket can not be acted on any more, or is not this person's."""


class RiskRefused(_Reasoned):
    """A rule of SPEC 5 refuses an entry. Exits never raise it."""


class AccessDenied(AssistantError):
    """This person may not do this."""
