"""Routes of the levers: /sandbox/telegram/..., by which a test makes the practice Telegram fail."""

from aiohttp import web

from sandbox.telegram.asking import body_of
from sandbox.telegram.faults import read_rules
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
