"""What a request of the person's side asks for: its person, its body, its numbers."""

import json
import re
from typing import Any

from aiohttp import web

from sandbox.telegram import chats
from sandbox.telegram.chats import Message
from sandbox.telegram.refusals import Unheard
from sandbox.telegram.world import World


def user_of(request: web.Request) -> int:
    """The person in the address."""
    user_id = int(request.match_info["user"])
    if not 0 < user_id < 2**52:
        raise Unheard("A person is a number from 1 to 4503599627370495.", 404)
    return user_id


async def body_of(request: web.Request, known: dict[str, type]) -> dict[str, Any]:
    """The JSON object of a request whose fields have the types told, and no others."""
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        raise Unheard("The body must be a JSON object.") from None
    if not isinstance(body, dict):
        raise Unheard("The body must be a JSON object.")
    for name, value in body.items():
        wanted = known.get(name)
        if wanted is None:
            raise Unheard(f"Unknown field {name[:40]!r}; known are {', '.join(known)}.")
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise Unheard(f"Field {name!r} must be of type {wanted.__name__}.")
        if isinstance(value, str) and re.search("[\ud800-\udfff]", value):
            raise Unheard(f"Field {name!r} holds half a character.")
    return body


def whole(request: web.Request, name: str, otherwise: int) -> int:
    """A whole number of the query, or `otherwise` where it is not given."""
    given = request.query.get(name)
    if given is None:
        return otherwise
    if not re.fullmatch(r"[0-9]{1,15}", given):
        raise Unheard(f"{name} must be a whole number.")
    return int(given)


def message_of_bot(world: World, user_id: int, message_id: int, what: str = "message of the bot") -> Message:
    """A message that the bot wrote into this chat; Unheard (404) calls it `what` when there is none."""
    message = None
    if 0 < message_id < 2**52:
        message = chats.find_message(world.database.reading, user_id, message_id)
    if message is None or message.bot_id is None:
        raise Unheard(f"This chat holds no such {what}.", 404)
    return message
