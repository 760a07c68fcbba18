"""Routes a bot speaks to: /bot<token>/<method> and /file/bot<token>/<path>."""

import asyncio
import logging
import math
from typing import Any
from urllib.parse import quote

from aiohttp import web

from sandbox.telegram.bots import Bot, bot_of
from sandbox.telegram.catalog import FIELDS
from sandbox.telegram.checks import checked
from sandbox.telegram.faults import AFTER, BEFORE, Rule
from sandbox.telegram.files import LARGEST_DOCUMENT, Upload, file_bytes, find_document, find_photo
from sandbox.telegram.methods import METHODS
from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.sending import ATTACHED
from sandbox.telegram.values import Params, read_json
from sandbox.telegram.webhooks import Reply
from sandbox.telegram.world import WORLD, World

Uploads = dict[str, Upload]


async def _given(request: web.Request) -> tuple[Params, Uploads]:
    """The parameters of the address and the body, JSON or form, and the uploaded files by the names of their parts."""
    given: Params = dict(request.query)
    if request.content_type == "application/json":
        return given | _json_object(await request.read()), {}
    try:
        form = await request.post()
    except (ValueError, LookupError):
        raise bad_request("can't parse the form of the request") from None
    uploads: Uploads = {}
    for name, value in form.items():
        if isinstance(value, web.FileField):
            body = value.file.read(LARGEST_DOCUMENT + 1)
            uploads[name] = Upload(value.filename or "file", value.content_type, body)
        else:
            given[name] = value.decode(errors="replace") if isinstance(value, bytes | bytearray) else value
    return given, uploads


def _json_object(body: bytes) -> Params:
    found: Params = read_json(body, "the request") if body else {}
    if not isinstance(found, dict):
        raise bad_request("can't parse JSON object: object expected")
    return found


def _method(name: str) -> str:
    """The catalog's spelling of a method; Telegram takes any case."""
    for known in FIELDS:
        if known.lower() == name.lower():
            return known
    raise Refused("Not Found: method not found", 404)


async def _answer(world: World, bot: Bot, method: str, request: web.Request, forced: Params) -> Any:
    """The result of one call, whose parameters give way to the `forced` ones; raises Refused."""
    return await _done(world, bot, method, *await _given(request), forced)


async def _done(world: World, bot: Bot, method: str, given: Params, uploads: Uploads, forced: Params) -> Any:
    # An upload may be the parameter itself, or be named by one as attach://<part>.
    given |= {field.name: uploads[field.name] for field in FIELDS[method] if field.name in uploads}
    return await METHODS[method](world, bot, checked(method, given) | {ATTACHED: uploads} | forced)


async def carry_out(world: World, bot_id: int, reply: Reply) -> None:
    """Does what a bot answered an update with at its webhook; a refusal is told to nobody, as at Telegram."""
    try:
        await _done(world, Bot(bot_id), _method(reply.method), reply.params, reply.uploads, {})
    except Refused as refused:
        logging.getLogger(__name__).warning("A webhook's answer was refused: %s", refused.description)


async def call(request: web.Request) -> web.StreamResponse:
    """One Bot API call, with the fault that it may have to suffer."""
    world = request.app[WORLD]
    try:
        bot = bot_of(request.match_info["token"])
        if bot is None:
            raise Refused("Unauthorized", 401)
        method = _method(request.match_info["method"])
        fault = world.faults.strike(method, bot.bot_id, world.time_ms())
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        elif fault is not None and fault.kind in BEFORE:
            return _undone(request, fault)
        repeats = fault is not None and fault.kind == "repeat_update"
        # What comes again is there already: such a poll does not wait.
        result = await _answer(world, bot, method, request, {"timeout": 0} if repeats else {})
        if method == "getUpdates":
            if repeats:
                result = world.faults.repeated(bot.bot_id, result)
            world.faults.remember(bot.bot_id, result)
        return await _told(request, {"ok": True, "result": result}, fault)
    except Refused as refused:
        return web.json_response(refused.as_json(), status=refused.code)
    except web.HTTPRequestEntityTooLarge:
        return web.json_response(Refused("Request Entity Too Large", 413).as_json(), status=413)


def _undone(request: web.Request, fault: Rule) -> web.Response:
    """How a call ends that was never carried out."""
    if fault.kind == "429":
        seconds = max(1, math.ceil(fault.seconds))
        raise Refused(f"Too Many Requests: retry after {seconds}", 429, seconds)
    return _spoilt(request, fault)


async def _told(request: web.Request, answer: dict[str, Any], fault: Rule | None) -> web.StreamResponse:
    """The answer of a call that was carried out, as the fault lets it arrive."""
    if fault is not None and fault.kind in AFTER:
        if fault.kind != "delay_after":
            return _spoilt(request, fault)
        await asyncio.sleep(fault.seconds)
    return web.json_response(answer)


def _spoilt(request: web.Request, fault: Rule) -> web.Response:
    """No answer, or one that tells nothing of what was done."""
    if fault.kind.startswith("5xx"):
        raise Refused("Bad Gateway", 502)
    if fault.kind.startswith("bad_json"):
        return web.Response(text='{"ok":true,"result":', content_type="application/json")
    return _hang_up(request)


def _hang_up(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()  # reaches nobody


async def download(request: web.Request) -> web.Response:
    """A file by the path that getFile told."""
    world = request.app[WORLD]
    if bot_of(request.match_info["token"]) is None:
        return web.json_response(Refused("Unauthorized", 401).as_json(), status=401)
    name = request.match_info["name"].rsplit(".", 1)[0]
    return (photo_response if request.match_info["kind"] == "photos" else document_response)(world, name)


def photo_response(world: World, file_id: str) -> web.Response:
    """A stored picture, or 404."""
    photo = find_photo(world.database.reading, file_id)
    if photo is None:
        return web.json_response(Refused("Not Found", 404).as_json(), status=404)
    return web.Response(
        body=file_bytes(world.database.reading, file_id),
        content_type=photo.mime,
        headers={"Cache-Control": "private, max-age=86400, immutable"},
    )


def document_response(world: World, file_id: str) -> web.Response:
    """A stored file to be saved, never shown: whatever it holds, no browser runs it here. Or 404."""
    document = find_document(world.database.reading, file_id)
    if document is None:
        return web.json_response(Refused("Not Found", 404).as_json(), status=404)
    return web.Response(
        body=file_bytes(world.database.reading, file_id),
        content_type="application/octet-stream",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(document.name, safe='')}",
            "Cache-Control": "private, max-age=86400, immutable",
            "X-Content-Type-Options": "nosniff",
        },
    )
