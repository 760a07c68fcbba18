"""What storage can not do, in sentences for a person."""

from trading.errors import AssistantError


class DatabaseRefused(AssistantError):
    """The database can not be used as it is; the text is the whole sentence, and names no password."""


class VaultError(AssistantError):
    """Credentials can not be read or kept; the text says why and never shows any of them."""
