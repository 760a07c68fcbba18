"""Methods by which a bot hears from people and answers their taps."""

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.bots import Bot, allowed_updates, current_bot, keep_allowed_updates, lead_chats
from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.loopback import LOOPBACK
from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.updates import adopt_updates, count_updates, drop_updates, forget_updates, waiting_updates
from sandbox.telegram.values import Params
from sandbox.telegram.webhooks import Webhook, drop_webhook, find_webhook, keep_webhook
from sandbox.telegram.world import World

LONGEST_POLL = 50
ANSWERABLE_MS = 15_000
HOOKED = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
QUERY_INVALID = "query is too old and response timeout expired or query ID is invalid"


async def get_updates(world: World, bot: Bot, params: Params) -> Any:
    """getUpdates: at once what waits, else the first news within `timeout` seconds, else nothing."""
    limit = params.get("limit", 100)
    limit = limit if 1 <= limit <= 100 else 100
    if find_webhook(world.database.reading, bot.bot_id):
        raise Refused(HOOKED, 409)
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
    """setWebhook to an address of this machine, http or https; an empty address means none."""
    if not params["url"]:
        return await delete_webhook(world, bot, params)
    _check_webhook(params)
    if _take_lead(world, bot):
        world.hub.tell_all("profile", None)
    webhook = Webhook(bot.bot_id, params["url"], params.get("secret_token"), params.get("max_connections", 40))
    with world.database.change() as connection:
        if "allowed_updates" in params:
            keep_allowed_updates(connection, bot.bot_id, params["allowed_updates"])
        if params.get("drop_pending_updates"):
            drop_updates(connection, bot.bot_id)
        keep_webhook(connection, webhook)
    world.couriers.send_out(bot.bot_id)
    return True


def _check_webhook(params: Params) -> None:
    try:
        address = urlsplit(params["url"])
        host, _ = address.hostname, address.port
    except ValueError:
        raise bad_request("bad webhook: invalid URL specified") from None
    if address.scheme not in ("http", "https"):
        raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
    if host not in LOOPBACK:
        raise bad_request("bad webhook: the practice Telegram delivers to this machine only")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,256}", params.get("secret_token", "-")):
        raise bad_request("secret token contains unallowed characters")
    if not 1 <= params.get("max_connections", 40) <= 100:
        raise bad_request("max_connections must be from 1 to 100")


async def delete_webhook(world: World, bot: Bot, params: Params) -> Any:
    """deleteWebhook; may drop what waits."""
    world.couriers.call_back(bot.bot_id)
    with world.database.change() as connection:
        drop_webhook(connection, bot.bot_id)
        if params.get("drop_pending_updates"):
            drop_updates(connection, bot.bot_id)
    return True


async def webhook_info(world: World, bot: Bot, params: Params) -> Any:
    """getWebhookInfo; `url` is empty where there is none."""
    connection = world.database.reading
    waiting = count_updates(connection, bot.bot_id)
    told = {"url": "", "has_custom_certificate": False, "pending_update_count": waiting}
    webhook = find_webhook(connection, bot.bot_id)
    if webhook is None:
        return told
    told |= {"url": webhook.url, "max_connections": webhook.connections, "ip_address": "127.0.0.1"}
    if webhook.error_at is not None:
        told |= {"last_error_date": webhook.error_at, "last_error_message": webhook.error}
    kinds = allowed_updates(connection, bot.bot_id)
    return told if kinds is None else told | {"allowed_updates": kinds}


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
