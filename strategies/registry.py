"""Strategies are found, not listed: a new one is a new file in this package."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from types import ModuleType
from typing import TypeGuard

import strategies
from strategies.model import Settings, Strategy


def all_strategies(settings: Settings, package: ModuleType = strategies) -> tuple[Strategy, ...]:
    """Every strategy in the package's modules, made with these settings, by id.

    A class counts as a strategy if it stands in the module that defines it and has what `Strategy` asks for. Raises
    ValueError if two share an id.
    """
    found = sorted((make(settings) for make in _strategy_classes(package)), key=lambda strategy: strategy.id)
    ids = [strategy.id for strategy in found]
    if len(set(ids)) != len(ids):
        raise ValueError(f"two strategies share an id: {', '.join(ids)}")
    return tuple(found)


def _strategy_classes(package: ModuleType) -> list[Callable[[Settings], Strategy]]:
    modules = [
        importlib.import_module(f"{package.__name__}.{found.name}") for found in pkgutil.iter_modules(package.__path__)
    ]
    return [
        member
        for module in modules
        for _, member in inspect.getmembers(module, inspect.isclass)
        if member.__module__ == module.__name__ and _is_strategy(member)
    ]


def _is_strategy(member: object) -> TypeGuard[Callable[[Settings], Strategy]]:
    # The protocol itself only annotates its attributes, so it does not have them.
    return all(hasattr(member, name) for name in ("id", "factor_names", "weights", "uses_slow", "raw", "factors"))
