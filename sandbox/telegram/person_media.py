"""Routes of the person about what messages carry: reactions, pictures, files."""

from aiohttp import web

from sandbox.telegram import chats, reactions
from sandbox.telegram.asking import body_of, message_of_bot, user_of
from sandbox.telegram.bot_side import document_response, photo_response
from sandbox.telegram.objects import REACTIONS
from sandbox.telegram.refusals import Unheard
from sandbox.telegram.world import WORLD


async def react(request: web.Request) -> web.Response:
    """POST {"message_id", "emoji"}: the person's reaction to a message of the bot; an empty emoji takes it back."""
    world, user_id = request.app[WORLD], user_of(request)
    body = await body_of(request, {"message_id": int, "emoji": str})
    if "message_id" not in body or "emoji" not in body:
        raise Unheard("A reaction needs message_id and emoji.")
    if body["emoji"] and body["emoji"] not in REACTIONS:
        raise Unheard("This emoji is not among Telegram's reactions.")
    reactions.react(world, message_of_bot(world, user_id, body["message_id"]), body["emoji"] or None)
    message = message_of_bot(world, user_id, body["message_id"])
    return web.json_response(chats.told_to_person(world.database.reading, message))


async def photo(request: web.Request) -> web.Response:
    """GET /photos/<file id>: a picture of a message."""
    return photo_response(request.app[WORLD], request.match_info["file_id"])


async def document(request: web.Request) -> web.Response:
    """GET /documents/<file id>: a file of a message, to be saved."""
    return document_response(request.app[WORLD], request.match_info["file_id"])
