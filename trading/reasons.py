"""Why something was refused or ended, as words that the face turns into sentences."""

from enum import StrEnum


class Reason(StrEnum):
    """One word for each sentence a person may get; the figures that belong to it stand beside each."""

    # a tap finds nothing
    NO_SUCH_TICKET = "no_such_ticket"
    ALREADY_TAKEN = "already_taken"
    SUPERSEDED = "superseded"
    SKIPPED = "skipped"
    EXPIRED = "expired"
    OVER = "over"
    NOT_OPEN = "not_open"

    # sizing (SPEC 5)
    STOP_TOO_NEAR = "stop_too_near"  # distance, needed
    TOO_SMALL = "too_small"  # smallest (coin), risk_needed (USDT)
    LEVERAGE = "leverage"  # the stop is further than 70 % of the entry
    NO_REWARD = "no_reward"  # less than 0.8 net reward for 1 net risk
    NO_MARGIN = "no_margin"  # available (USDT)
    NO_EQUITY = "no_equity"

    # limits
    POSITION_HERE = "position_here"  # symbol
    OPEN_POSITIONS = "open_positions"  # open, limit
    RISK_ON_TABLE = "risk_on_table"  # risk (USDT), limit (USDT)
    STALE_FEED = "stale_feed"
    CLOCK = "clock"  # skew_ms
    PORTFOLIO_MARGIN = "portfolio_margin"
    HEDGE_MODE = "hedge_mode"
    PAUSED = "paused"
    HALTED = "halted"  # the owner's word: no new entries for anybody
    NOT_RECONCILED = "not_reconciled"  # a restart's look at the account is not finished
    KEY_DEAD = "key_dead"
    LATE_CANDLE = "late_candle"  # seconds
    DAY_FULL = "day_full"  # the dial's number of the day is used up by stronger ones

    # what became of an offer or an order
    PRICE_MOVED = "price_moved"
    AWAY = "away"  # a re-quote after an absence of the program
    PRICE_PASSED_STOP = "price_passed_stop"
    PRICE_PASSED_TARGET = "price_passed_target"
    TOO_MANY_REQUOTES = "too_many_requotes"
    NOT_LISTED = "not_listed"
    REFUSED_BY_BYBIT = "refused_by_bybit"  # code, text
    NOT_SENT = "not_sent"  # surely not sent
    PROVEN_ABSENT = "proven_absent"
    NOTHING_FILLED = "nothing_filled"
    EXCHANGE_SILENT = "exchange_silent"
    PANIC = "panic"

    # how a position stands
    STOP_CONFIRMED = "stop_confirmed"  # read back from Bybit
    STOP_NEVER_SET = "stop_never_set"  # our entry came without its stop: we set it, or close
    STOP_REMOVED = "stop_removed"  # by hand: told, never closed by us
    CLOSE_REFUSED = "close_refused"
    LARGER_BY_HAND = "larger_by_hand"
    TURNED_BY_HAND = "turned_by_hand"
    SMALLER_BY_HAND = "smaller_by_hand"
    LEVELS_BY_HAND = "levels_by_hand"
    STOP_AGAIN = "stop_again"  # after it was taken away by hand
    STOP_MOVED_ON = "stop_moved_on"  # what a button would set fits the position no more; a new one was proposed
    STOP_FIRST = "stop_first"  # a position without a stop is not adopted
    NO_ACCOUNT = "no_account"


class Ending(StrEnum):
    """Who closed a position, from Bybit's createType and execType."""

    TARGET = "target"
    STOP = "stop"
    TRAILING = "trailing"
    BOT = "bot"
    APP = "app"
    LIQUIDATION = "liquidation"
    ADL = "adl"
    DELISTING = "delisting"
    OTHER = "other"
