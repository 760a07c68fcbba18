"""Persons as trading sees them."""

from dataclasses import dataclass
from enum import StrEnum

from trading.preferences import Preferences


class Role(StrEnum):
    OWNER = "owner"
    TRADER = "trader"
    VIEWER = "viewer"


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who may use the bot. `id` is the Telegram user id, `blocked` = they blocked the bot."""

    id: int
    role: Role
    language: str
    first_name: str
    preferences: Preferences
    paused: bool
    blocked: bool
    joined_at: int
