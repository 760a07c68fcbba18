"""Methods by which a bot hears from people and answers their taps."""

from typing import Any

from sandbox.telegram.bots import Bot, current_bot, keep_allowed_updates, lead_chats
from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.updates import adopt_updates, count_updates, forget_updates, waiting_updates
from sandbox.telegram.values import Params
from sandbox.telegram.world import World

LONGEST_POLL = 50
ANSWERABLE_MS = 15_000
QUERY_INVALID = "query is too old and response timeout expired or query ID is invalid"


async def get_updates(world: World, bot: Bot, params: Params) -> Any:
    """getUpdates: at once what waits, else the first news within `timeout` seconds, else nothing."""
    limit = params.get("limit", 100)
    limit = limit if 1 <= limit <= 100 else 100
    bell = world.bells.take(bot.bot_id)
    try:
        led = _take_lead(world, bot)
        with world.database.change() as connection:
            if "allowed_updates" in params:
                keep_allowed_updates(connection, bot.bot_id, params["allowed_updates"])
            forget_updates(connection, bot.bot_id, params.get("offset"), world.time_ms())
        if led:
            world.hub.tell_all("profile", None)
        found = waiting_updates(world.database.reading, bot.bot_id, limit)
        seconds = min(max(params.get("timeout", 0), 0), LONGEST_POLL)
        if found or not seconds:
            return found
        await world.bells.wait(bell, seconds)
        return waiting_updates(world.database.reading, bot.bot_id, limit)
    finally:
        world.bells.leave(bot.bot_id, bell)


def _take_lead(world: World, bot: Bot) -> bool:
    """People write to the bot that polls; another one takes over only when the former no longer does."""
    leader = current_bot(world.database.reading)
    if leader is not None and (leader.bot_id == bot.bot_id or world.bells.holds(leader.bot_id)):
        return False
    with world.database.change() as connection:
        lead_chats(connection, bot.bot_id)
        adopt_updates(connection, bot.bot_id)
    return True


async def set_webhook(world: World, bot: Bot, params: Params) -> Any:
    """setWebhook: only an empty address, which means none."""
    if params["url"]:
        raise bad_request("bad webhook: the practice Telegram delivers by getUpdates only")
    return await delete_webhook(world, bot, params)


async def delete_webhook(world: World, bot: Bot, params: Params) -> Any:
    """deleteWebhook; may drop what waits."""
    if params.get("drop_pending_updates"):
        with world.database.change() as connection:
            connection.execute("DELETE FROM telegram_updates WHERE bot_id = ?", (bot.bot_id,))
    return True


async def webhook_info(world: World, bot: Bot, params: Params) -> Any:
    """getWebhookInfo: there is none."""
    waiting = count_updates(world.database.reading, bot.bot_id)
    return {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}


async def answer_query(world: World, bot: Bot, params: Params) -> Any:
    """answerCallbackQuery: once, within 15 seconds of the tap."""
    shown = {"text": params.get("text", ""), "show_alert": params.get("show_alert", False)}
    if utf16_length(shown["text"]) > 200:
        raise bad_request("MESSAGE_TOO_LONG")
    if params.get("url"):
        raise bad_request("URL_INVALID")
    query_id = params["callback_query_id"]
    with world.database.change() as connection:
        answered = connection.execute(
            "UPDATE telegram_queries SET answered = 1 "
            "WHERE query_id = ? AND bot_id = ? AND answered = 0 AND made_at >= ?",
            (query_id, bot.bot_id, world.time_ms() - ANSWERABLE_MS),
        ).rowcount
    if not answered:
        raise bad_request(QUERY_INVALID)
    world.taps.answer(query_id, shown)
    return True
