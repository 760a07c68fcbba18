"""How the practice Telegram says no, in Telegram's own words."""


class Refused(Exception):
    """An answer with `ok: false`. `code` is the HTTP status, `retry_after` whole seconds (429 only)."""

    def __init__(self, description: str, code: int = 400, retry_after: int | None = None) -> None:
        super().__init__(description)
        self.description = description
        self.code = code
        self.retry_after = retry_after

    def as_json(self) -> dict[str, object]:
        """The body Telegram sends for this refusal."""
        body: dict[str, object] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after is not None:
            body["parameters"] = {"retry_after": self.retry_after}
        return body


def bad_request(why: str) -> Refused:
    """A 400 as Telegram words it."""
    return Refused(f"Bad Request: {why}")


class Unheard(Exception):
    """What a person's side asked cannot be done; `args[0]` is a sentence, `status` the HTTP status."""

    def __init__(self, sentence: str, status: int = 400) -> None:
        super().__init__(sentence)
        self.status = status
