"""Faults on demand: which call of a bot goes wrong, and how. Decided by a seed, so that a run can be had again."""

import math
import random
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sandbox.telegram.catalog import FIELDS
from sandbox.telegram.refusals import Unheard

BEFORE = ("lose_request", "delay", "5xx", "bad_json", "429")
"""Kinds that strike before anything is done: only a delayed call is carried out after all."""
AFTER = ("lose_answer", "delay_after", "5xx_after", "bad_json_after")
"""Kinds that strike when the call is carried out already."""
KINDS = (*BEFORE, *AFTER, "repeat_update")
LASTING = ("delay", "delay_after", "429")
LONGEST_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Rule:
    """One fault of the calls of `path` (a method, or * for each): with probability `p`, at most `times` (None: always).

    `seconds` is how long a delay lasts or the `retry_after` of a 429; of the other kinds how long the rule is in force
    (0: until it is taken away).
    """

    path: str
    kind: str
    p: float = 1.0
    times: int | None = None
    seconds: float = 0.0


def read_rules(body: dict[str, Any]) -> list[Rule]:
    """The rules of a request's body; raises Unheard with a sentence for one that is not in order."""
    return [_rule(given) for given in body.get("rules", [])]


def _rule(given: Any) -> Rule:
    if not isinstance(given, dict) or not given.keys() <= {"path", "kind", "p", "times", "seconds"}:
        raise Unheard("A rule is an object with path, kind, p, times and seconds.")
    methods = {name.lower(): name for name in FIELDS} | {"*": "*"}
    path = methods.get(str(given.get("path", "*")).lower())
    if path is None:
        raise Unheard("The path of a rule is the name of a method, or *.")
    if given.get("kind") not in KINDS:
        raise Unheard(f"The kind of a rule is one of {', '.join(KINDS)}.")
    p, times, seconds = given.get("p", 1.0), given.get("times"), given.get("seconds", 0.0)
    if not _number(p) or not 0 <= p <= 1:
        raise Unheard("p is a probability from 0 to 1.")
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise Unheard("times is a whole number from 1.")
    if not _number(seconds) or not 0 <= seconds <= LONGEST_SECONDS:
        raise Unheard(f"seconds is a number from 0 to {LONGEST_SECONDS}.")
    return Rule(path, given["kind"], float(p), times, float(seconds))


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


class Faults:
    """The rules in force and how often each has struck. Without rules nothing ever goes wrong."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []
        self._dice: list[random.Random] = []
        self._begun_ms = 0
        self._struck: list[int] = []
        self._told: dict[int, dict[str, Any]] = {}

    def begin(self, seed: int, rules: list[Rule], now_ms: int) -> None:
        """Puts these rules in the place of all former ones. Each throws a die of its own."""
        self._rules, self._struck, self._begun_ms = rules, [0] * len(rules), now_ms
        self._dice = [random.Random(f"{seed}|{number}") for number in range(len(rules))]

    def strike(self, method: str, bot_id: int, now_ms: int, kinds: Collection[str] = KINDS) -> Rule | None:
        """The fault out of `kinds` that this call of the bot suffers, if any: the first rule that fits and is drawn."""
        for index, rule in enumerate(self._rules):
            if rule.kind not in kinds:
                continue
            if rule.path not in ("*", method) or (rule.times is not None and self._struck[index] >= rule.times):
                continue
            if rule.kind == "repeat_update" and (method != "getUpdates" or bot_id not in self._told):
                continue
            if rule.kind not in LASTING and 0 < rule.seconds * 1000 <= now_ms - self._begun_ms:
                continue
            if self._dice[index].random() < rule.p:
                self._struck[index] += 1
                return rule
        return None

    def remember(self, bot_id: int, updates: list[dict[str, Any]]) -> None:
        """Keeps the newest update that the bot was given: it is what may come to it again."""
        if updates:
            self._told[bot_id] = updates[-1]

    def repeated(self, bot_id: int, updates: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The updates with the one that the bot was given last in front of them."""
        last = self._told[bot_id]
        return [last, *(update for update in updates if update["update_id"] != last["update_id"])]

    def as_told(self) -> list[dict[str, Any]]:
        """The rules in force with how often each has struck."""
        return [
            {
                "path": rule.path,
                "kind": rule.kind,
                "p": rule.p,
                "times": rule.times,
                "seconds": rule.seconds,
                "struck": struck,
            }
            for rule, struck in zip(self._rules, self._struck, strict=True)
        ]
