"""One file for each group of commands, found at start.

A file brings `build() -> Router`, and `COMMANDS`: the commands it answers, each with its place in the menu. What a
command does stands in the menu in the words of `menu.<command>`.
"""

import importlib
import pkgutil
from dataclasses import fields
from types import ModuleType

from aiogram import Dispatcher

import tgbot.handlers
from tgbot.access import Access
from tgbot.dialogue import CommandsLeave
from tgbot.errors import catch_errors
from tgbot.rest import rest_router
from tgbot.services import Services


def handler_files() -> tuple[ModuleType, ...]:
    """Every module of this package."""
    names = sorted(found.name for found in pkgutil.iter_modules(tgbot.handlers.__path__))
    return tuple(importlib.import_module(f"{tgbot.handlers.__name__}.{name}") for name in names)


def build_dispatcher(services: Services) -> Dispatcher:
    """All handlers behind the door of `Access`, with `services` by name; what nobody answers gets a sentence."""
    given = {field.name: getattr(services, field.name) for field in fields(services)}
    dispatcher = Dispatcher(**given, places=places())
    dispatcher.update.outer_middleware(
        Access(
            people=services.people,
            notifier=services.notifier,
            languages=services.languages,
            clock=services.clock,
            owners=services.owners,
            default=services.default,
        )
    )
    dispatcher.message.outer_middleware(CommandsLeave())
    catch_errors(dispatcher, services.languages)
    for module in handler_files():
        dispatcher.include_router(module.build())
    dispatcher.include_router(rest_router())
    return dispatcher


def places() -> dict[str, int]:
    """Every command with its place in the menu."""
    return {name: place for module in handler_files() for name, place in module.COMMANDS.items()}
