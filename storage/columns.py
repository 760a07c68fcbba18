"""Column types that keep what they are given: exact Decimals, and words of an enum."""

from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import NUMERIC, BigInteger, Dialect, Integer, String, TypeDecorator
from sqlalchemy.types import TypeEngine

# SQLite numbers rows by itself only in a column that is called INTEGER; there it holds 64 bits as well.
RowId = BigInteger().with_variant(Integer(), "sqlite")


class Exact(TypeDecorator[Decimal]):
    """A Decimal: plain digits as text on SQLite (whose own numbers lose digits), NUMERIC(38, 18) on PostgreSQL.

    Text neither sorts nor sums by value: read the rows and do it in Python.
    """

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(NUMERIC(38, 18))
        return dialect.type_descriptor(String())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Decimal | str | None:
        if value is None:
            return None
        if not isinstance(value, Decimal) or not value.is_finite():
            raise ValueError("only finite Decimals are stored as money")
        return value if dialect.name == "postgresql" else format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value)


class Word(TypeDecorator[StrEnum]):
    """A member of one StrEnum, stored as its word."""

    impl = String
    cache_ok = True

    def __init__(self, words: type[StrEnum]) -> None:
        super().__init__()
        self.words = words

    def process_bind_param(self, value: StrEnum | None, dialect: Dialect) -> str | None:
        return None if value is None else self.words(value).value

    def process_literal_param(self, value: StrEnum | None, dialect: Dialect) -> str:
        return "" if value is None else self.words(value).value

    def process_result_value(self, value: Any, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.words(value)
