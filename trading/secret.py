"""Credentials that can not be printed by accident."""

from dataclasses import dataclass


class Secret:
    """A text that no repr, str, format or log line shows; `reveal()` is the one way to read it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class Credentials:
    """A Bybit key: either an HMAC `secret` or the PEM text of our RSA private key in `rsa_key`."""

    api_key: Secret
    secret: Secret | None = None
    rsa_key: Secret | None = None
