"""The practice Telegram as one aiohttp application: bots on one side, people on the other, the chat page at `/`."""

import logging
import pathlib
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from sandbox.telegram import bot_side, levers, person_bybit, person_media, person_side
from sandbox.telegram.bybit_app import BybitApp
from sandbox.telegram.database import Database
from sandbox.telegram.faults import Faults
from sandbox.telegram.hub import Hub, Taps
from sandbox.telegram.loopback import LOOPBACK, host_of
from sandbox.telegram.pace import Limits, Pace
from sandbox.telegram.refusals import Refused, Unheard
from sandbox.telegram.updates import Bells
from sandbox.telegram.webhooks import Couriers, Reply
from sandbox.telegram.world import WORLD, World

PAGE = pathlib.Path(__file__).parent / "page"
LARGEST_BODY = 52 * 1024 * 1024
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def loopback_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what a foreign web page could make a browser send here (DNS rebinding, cross-site posts)."""
    origin = request.headers.get("Origin")
    if host_of(request.headers.get("Host", "")) not in LOOPBACK or (origin and host_of(origin) not in LOOPBACK):
        return web.json_response({"error": "Only this machine may speak to the practice Telegram."}, status=403)
    return await handler(request)


@web.middleware
async def sentences(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is JSON with a sentence, whoever made it."""
    try:
        return await handler(request)
    except Unheard as unheard:
        return web.json_response({"error": str(unheard)}, status=unheard.status)
    except sqlite3.Error:
        logging.getLogger(__name__).exception("The practice Telegram cannot use its file")
        told = Refused("Internal Server Error", 500).as_json() | {"error": "The practice Telegram cannot use its file."}
        return web.json_response(told, status=500)
    except web.HTTPException as other:
        if other.status < 400:
            raise
        reason = {404: "There is nothing here.", 405: "This method is not allowed here."}.get(
            other.status, other.reason
        )
        body = {"ok": False, "error_code": other.status, "description": other.reason, "error": reason}
        return web.json_response(body, status=other.status)


async def page(request: web.Request) -> web.StreamResponse:
    """The chat page, or with `?user=1001&beside=1002` those of two people side by side."""
    name = "beside.html" if "beside" in request.query else "index.html"
    return web.FileResponse(PAGE / name, headers=PAGE_HEADERS)


async def page_file(request: web.Request) -> web.StreamResponse:
    """The page's script and style."""
    file = PAGE / request.match_info["name"]
    if not file.is_file():
        raise web.HTTPNotFound
    return web.FileResponse(file, headers=PAGE_HEADERS)


def build_telegram(
    database: pathlib.Path,
    *,
    time_ms: Callable[[], int],
    limits: Limits | None = None,
    webhook_pause: float = 1.0,
    bybit: str | None = None,
) -> web.Application:
    """The practice Telegram over the SQLite file `database`, which is made when it is not there.

    `time_ms` gives Unix milliseconds. `limits` are Telegram's flood limits unless others are given
    (`pace.UNLIMITED` for none). `webhook_pause` is seconds until a webhook that failed is tried again, doubled each
    time up to a minute. `bybit` is the practice Bybit's address, for the page's Bybit drawer. To be served on loopback
    only. The file stays open until the application's cleanup. Raises ValueError when `bybit` is not on this machine.
    """
    kept, bells, faults = Database(database), Bells(), Faults()

    async def carry_out(bot_id: int, reply: Reply) -> None:
        await bot_side.carry_out(world, bot_id, reply)

    couriers = Couriers(kept, bells, faults, time_ms, carry_out, first_pause=webhook_pause)
    world = World(
        kept,
        time_ms,
        Pace(limits or Limits(), time_ms),
        Hub(),
        Taps(),
        couriers,
        bells,
        faults,
        BybitApp(bybit) if bybit else None,
    )
    app = web.Application(client_max_size=LARGEST_BODY, middlewares=[loopback_only, sentences])
    app[WORLD] = world
    app.router.add_route("*", "/bot{token:[^/]*}/{method:[^/]*}", bot_side.call)
    app.router.add_get("/file/bot{token:[^/]*}/{kind:photos|documents}/{name:[^/]+}", bot_side.download)
    user = "/chat/{user:[0-9]{1,17}}"
    app.router.add_get(user, person_side.person_facts)
    app.router.add_put(user, person_side.change_person)
    app.router.add_get(f"{user}/messages", person_side.messages)
    app.router.add_post(f"{user}/messages", person_side.write)
    app.router.add_put(f"{user}/messages", person_side.rewrite)
    app.router.add_post(f"{user}/taps", person_side.tap)
    app.router.add_post(f"{user}/reactions", person_media.react)
    app.router.add_get(f"{user}/bybit", person_bybit.view)
    app.router.add_post(f"{user}/bybit/close", person_bybit.close)
    app.router.add_post(f"{user}/bybit/stop", person_bybit.move_stop)
    app.router.add_get(f"{user}/commands", person_side.commands)
    app.router.add_get(f"{user}/events", person_side.events)
    app.router.add_get("/photos/{file_id:[A-Za-z0-9_-]+}", person_media.photo)
    app.router.add_get("/documents/{file_id:[A-Za-z0-9_-]+}", person_media.document)
    app.router.add_post("/sandbox/telegram/faults", levers.set_faults)
    app.router.add_get("/sandbox/telegram/faults", levers.faults)
    app.router.add_delete("/sandbox/telegram/faults", levers.end_faults)
    app.router.add_post("/sandbox/telegram/updates", levers.send_update)
    app.router.add_get("/", page)
    app.router.add_get("/page/{name:[a-z]+\\.(?:js|css|svg)}", page_file)

    async def let_go(_: web.Application) -> None:
        world.bells.close()
        world.taps.close()
        world.hub.close()

    async def lifetime(_: web.Application) -> AsyncIterator[None]:
        world.couriers.begin()
        yield
        await world.couriers.end()
        world.database.close()

    app.on_shutdown.append(let_go)
    app.cleanup_ctx.append(lifetime)
    return app
