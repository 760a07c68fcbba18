"""Routes a bot speaks to: /bot<token>/<method> and /file/bot<token>/<path>."""

from typing import Any

from aiohttp import web

from sandbox.telegram.bots import bot_of
from sandbox.telegram.catalog import FIELDS
from sandbox.telegram.checks import checked
from sandbox.telegram.files import LARGEST, find_photo, photo_bytes
from sandbox.telegram.methods import METHODS
from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.sending import ATTACHED
from sandbox.telegram.values import read_json
from sandbox.telegram.world import WORLD, World


async def _given(request: web.Request) -> dict[str, Any]:
    """Parameters from the address and the body, JSON or form; uploads as bytes under `attach:<name>`."""
    given: dict[str, Any] = dict(request.query)
    if request.content_type == "application/json":
        return given | _json_object(await request.read())
    try:
        form = await request.post()
    except (ValueError, LookupError):
        raise bad_request("can't parse the form of the request") from None
    for name, value in form.items():
        if isinstance(value, web.FileField):
            given[f"attach:{name}"] = value.file.read(LARGEST + 1)
        else:
            given[name] = value.decode(errors="replace") if isinstance(value, bytes | bytearray) else value
    return given


def _json_object(body: bytes) -> dict[str, Any]:
    found = read_json(body, "the request") if body else {}
    if not isinstance(found, dict):
        raise bad_request("can't parse JSON object: object expected")
    return {str(name): value for name, value in found.items() if not str(name).startswith("attach:")}


async def call(request: web.Request) -> web.Response:
    """One Bot API call."""
    world = request.app[WORLD]
    try:
        bot = bot_of(request.match_info["token"])
        if bot is None:
            raise Refused("Unauthorized", 401)
        names = {name.lower(): name for name in FIELDS}
        method = names.get(request.match_info["method"].lower())
        if method is None:
            raise Refused("Not Found", 404)
        given = await _given(request)
        uploads = {name.removeprefix("attach:"): body for name, body in given.items() if name.startswith("attach:")}
        kinds = {field.name: field.kind for field in FIELDS[method]}
        for name, body in uploads.items():
            if kinds.get(name) == "file":
                given[name] = body
        result = await METHODS[method](world, bot, checked(method, given) | {ATTACHED: uploads})
    except Refused as refused:
        return web.json_response(refused.as_json(), status=refused.code)
    except web.HTTPRequestEntityTooLarge:
        return web.json_response(Refused("Request Entity Too Large", 413).as_json(), status=413)
    return web.json_response({"ok": True, "result": result})


async def download(request: web.Request) -> web.Response:
    """A file by the path that getFile told."""
    world = request.app[WORLD]
    if bot_of(request.match_info["token"]) is None:
        return web.json_response(Refused("Unauthorized", 401).as_json(), status=401)
    return photo_response(world, request.match_info["name"].rsplit(".", 1)[0])


def photo_response(world: World, file_id: str) -> web.Response:
    """A stored picture, or 404."""
    photo = find_photo(world.database.reading, file_id)
    if photo is None:
        return web.json_response(Refused("Not Found", 404).as_json(), status=404)
    return web.Response(
        body=photo_bytes(world.database.reading, file_id),
        content_type=photo.mime,
        headers={"Cache-Control": "private, max-age=86400, immutable"},
    )
