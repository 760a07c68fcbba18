"""Routes of the levers, /sandbox/telegram/...: faults, and updates of what the practice Telegram has not."""

from aiohttp import web

from sandbox.telegram.asking import body_of
from sandbox.telegram.bots import NOBODY, current_bot
from sandbox.telegram.faults import read_rules
from sandbox.telegram.refusals import Unheard
from sandbox.telegram.updates import KINDS, queue_update
from sandbox.telegram.world import WORLD


async def set_faults(request: web.Request) -> web.Response:
    """POST {"seed", "rules": [{"path", "kind", "p", "times", "seconds"}]}: from now on these and no others."""
    body = await body_of(request, {"seed": int, "rules": list})
    world = request.app[WORLD]
    world.faults.begin(body.get("seed", 0), read_rules(body), world.time_ms())
    return await faults(request)


async def faults(request: web.Request) -> web.Response:
    """GET: the rules in force, each with how often it has struck."""
    return web.json_response({"rules": request.app[WORLD].faults.as_told()})


async def end_faults(request: web.Request) -> web.Response:
    """DELETE: nothing goes wrong any longer; answers with the rules that were in force."""
    answer = await faults(request)
    request.app[WORLD].faults.begin(0, [], 0)
    return answer


async def send_update(request: web.Request) -> web.Response:
    """POST {"kind", "body"}: the bot hears an update as from a group or a channel, which are not played here.

    The body is passed on as it stands. Answers with whether it was queued: a bot hears the kinds it asked for only.
    """
    body = await body_of(request, {"kind": str, "body": dict})
    if body.get("kind") not in KINDS or "body" not in body:
        raise Unheard(f"An update has a body and a kind, one of {', '.join(sorted(KINDS))}.")
    world = request.app[WORLD]
    bot = current_bot(world.database.reading)
    bot_id = NOBODY if bot is None else bot.bot_id
    with world.database.change() as connection:
        queued = queue_update(connection, bot_id, body["kind"], body["body"], world.time_ms())
    world.bells.ring(bot_id)
    return web.json_response({"queued": queued})
