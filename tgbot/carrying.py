"""A tap whose work is an owned task: answered with its outcome, or after a moment that it is under way."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiogram.types import CallbackQuery, Message

from tgbot.errors import sentence
from tgbot.screens.screen import Screen, stacked
from tgbot.show import answer, settle
from tgbot.tasks import Tasks
from tgbot.words import Words
from trading.errors import AssistantError

# A tap is answered after so many seconds, whether or not it is known yet what becomes of it (SPEC 6).
ANSWER_WITHIN = 0.8


async def carry_out(
    query: CallbackQuery, tasks: Tasks, work: Coroutine[Any, Any, object], name: str, words: Words, done: str
) -> None:
    """Shows `done` once the work is, or the sentence of what refused it; what is expected to fail is no bug."""
    task = tasks.own(_refusal(work), name)
    await asyncio.wait({task}, timeout=ANSWER_WITHIN)
    if task.done():
        refused: AssistantError | None = task.result()
        await settle(query, done if refused is None else sentence(refused, words), alert=refused is not None)
        return
    await settle(query, words("toast.working"))
    refused = await asyncio.shield(task)
    # What was done shows on the message itself; a refusal has to be told now that the tap is answered already.
    if refused is not None and isinstance(query.message, Message):
        await answer(query.message, Screen(stacked(sentence(refused, words))))


async def _refusal(work: Coroutine[Any, Any, object]) -> AssistantError | None:
    try:
        await work
    except AssistantError as expected:
        return expected
    return None
