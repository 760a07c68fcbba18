"""Whether an account may trade now: reconciled since the start, its key alive, and nobody halted by the owner."""

from dataclasses import dataclass

from trading.emergency import Halt
from trading.errors import RiskRefused
from trading.model import AccountId
from trading.reasons import Reason

# Bybit's codes of a key that no longer works (EXECUTION 3): wrong key, wrong signature, address not bound, expired.
DEAD_KEY = frozenset({10003, 10004, 10010, 33004})


@dataclass(slots=True)
class Standing:
    """`reconciled`: the account was looked through after the start. `blind`: its key is dead; stops stay on Bybit."""

    reconciled: bool = False
    blind: bool = False


class Standings:
    """One Standing for each account, born unreconciled."""

    def __init__(self) -> None:
        self._by_account: dict[AccountId, Standing] = {}

    def of(self, account: AccountId) -> Standing:
        return self._by_account.setdefault(account, Standing())

    def check(self, account: AccountId) -> None:
        """No tap before the account is known to be as the journal says. Raises RiskRefused."""
        standing = self.of(account)
        if standing.blind:
            raise RiskRefused(Reason.KEY_DEAD)
        if not standing.reconciled:
            raise RiskRefused(Reason.NOT_RECONCILED)


class Halting:
    """Whether a halt stands, for every check of an entry; the database is read at the start and written first."""

    def __init__(self) -> None:
        self.standing: Halt | None = None

    def check(self) -> None:
        """Raises RiskRefused while a halt stands."""
        if self.standing is not None:
            raise RiskRefused(Reason.HALTED)
