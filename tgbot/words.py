"""The languages of the chat: texts from `locales/`, and numbers, money and times as each language writes them.

A feature brings one .po file for each language; all that are there are found and read at start, without a build step.
"""

import gettext
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LOCALES = Path(__file__).parent / "locales"
FALLBACK = "en"
NAMES: Mapping[str, str] = {"en": "English", "ru": "Русский"}

# Keeps a number and its unit on one line.
NBSP = "\u00a0"
MINUTE_MS, HOUR_MS, DAY_MS = 60_000, 3_600_000, 86_400_000


class MissingWords(LookupError):
    """A key that no .po file of the language has: a bug, found by the tests."""


class _Missing(gettext.NullTranslations):
    """The end of every look-up: a key that no catalog has is a bug, and says so."""

    def gettext(self, message: str) -> str:
        raise MissingWords(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise MissingWords(msgid1)


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """One language. Keys look like `ticket.entry`: the feature, then what is said."""

    language: str
    texts: gettext.GNUTranslations
    keys: frozenset[str]

    def __call__(self, key: str, **figures: object) -> str:
        """The text of a key with its figures filled in. Raises MissingWords."""
        return self.texts.gettext(key).format_map(figures)

    def some(self, key: str, n: int, **figures: object) -> str:
        """The text of a key in the plural form that `n` asks for; `n` itself is filled in as {n}."""
        return self.texts.ngettext(key, key, n).format_map({"n": self.whole(n), **figures})

    def either(self, key: str, otherwise: str) -> str:
        """The text of a key, or `otherwise` where there is none: names that a new file may bring."""
        return self(key) if key in self.keys else otherwise

    def number(self, value: Decimal | float, digits: int = 2, signed: bool = False) -> str:
        """With so many digits, grouped by thousands."""
        plain = "#,##0" + ("." + "0" * digits if digits else "")
        exact = value if isinstance(value, Decimal) else Decimal(str(value))
        rounded = exact.quantize(Decimal(1).scaleb(-digits))
        pattern = f"+{plain};-{plain}" if signed and rounded else plain
        return format_decimal(rounded or abs(rounded), format=pattern, locale=self.language)

    def whole(self, value: int) -> str:
        """A count."""
        return self.number(Decimal(value), 0)

    def money(self, value: Decimal, signed: bool = False) -> str:
        """USDT with two digits, without the word."""
        return self.number(value, 2, signed)

    def exact(self, value: Decimal) -> str:
        """A size or another bounded Decimal with just the digits it has, never as 1E-7."""
        return self.number(value, decimals_of(value))

    def percent(self, share: Decimal | float, digits: int = 2, signed: bool = False) -> str:
        """A share (0.01 = 1 %)."""
        exact = share if isinstance(share, Decimal) else Decimal(str(share))
        return self.number(exact * 100, digits, signed) + NBSP + "%"

    def r(self, value: Decimal) -> str:
        """A result in R, always with its sign."""
        return self.number(value, 2, signed=True) + NBSP + "R"

    def span(self, ms: int) -> str:
        """A length of time in its two largest units: 1 d 3 h, 2 h 14 min, 9 min, 40 s."""
        seconds = max(0, ms) // 1000
        days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
        parts: tuple[tuple[str, int], ...]
        if days:
            parts = ("day", days), ("hour", hours)
        elif hours:
            parts = ("hour", hours), ("minute", minutes)
        elif minutes:
            parts = (("minute", minutes),)
        else:
            parts = (("second", seconds),)
        return " ".join(f"{n}{NBSP}{self('unit.' + unit)}" for place, (unit, n) in enumerate(parts) if n or not place)

    def frame(self, minutes: int) -> str:
        """A timeframe as traders write it: 1m, 4h, 1d."""
        unit, length = ("day", 1440) if minutes % 1440 == 0 else ("hour", 60) if minutes % 60 == 0 else ("minute", 1)
        return f"{minutes // length}{self('frame.' + unit)}"

    def clock(self, at: int) -> str:
        """The time of day in UTC, and says so."""
        return f"{datetime.fromtimestamp(at / 1000, UTC):%H:%M}{NBSP}UTC"


def decimals_of(*values: Decimal) -> int:
    """The most digits behind the point that any of these needs."""
    exponents = [value.normalize().as_tuple().exponent for value in values]
    return max(max(0, -exponent) for exponent in exponents if isinstance(exponent, int))


@dataclass(frozen=True, slots=True)
class Languages:
    """All languages that were found, by code."""

    words: Mapping[str, Words]

    def __getitem__(self, language: str) -> Words:
        """Words in a language, or in English where we do not speak it."""
        return self.words.get(language, self.words[FALLBACK])

    def spoken(self, language_code: str | None) -> str:
        """Which of our languages to use for Telegram's `language_code` (like ru, ru-RU, pt-br)."""
        code = (language_code or "").lower().partition("-")[0]
        return code if code in self.words else FALLBACK


def load_languages(folder: Path = LOCALES) -> Languages:
    """Reads every locales/<language>/*.po. Raises ValueError where two files of a language share a key."""
    return Languages({path.name: _words_from(path) for path in sorted(folder.iterdir()) if path.is_dir()})


def _words_from(folder: Path) -> Words:
    together = Catalog(locale=folder.name)
    keys: set[str] = set()
    for path in sorted(folder.glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=folder.name):
                key = message.id if isinstance(message.id, str) else message.id[0]
                if not key:
                    continue  # the header
                if key in keys:
                    raise ValueError(f"{path.name} of {folder.name} says {key!r} once more")
                keys.add(key)
                together.add(message.id, message.string)
    compiled = io.BytesIO()
    write_mo(compiled, together)
    compiled.seek(0)
    texts = gettext.GNUTranslations(compiled)
    texts.add_fallback(_Missing())
    return Words(folder.name, texts, frozenset(keys))
