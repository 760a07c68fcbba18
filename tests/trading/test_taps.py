"""A tap."""
from tests.trading.world import *

async def test_a_tap_places_one_protected_order(world: World) -> None:
    ticket = await world.confirmed()
    assert ticket.state is State.OPEN, (ticket, world.told)
