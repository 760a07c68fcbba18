"""Every documented refusal that our own code has an opinion on: made by the practice server, or listed with why not.

SOLUSDT stands at 150. A refusal is a code in Bybit's envelope at HTTP 200, unless it stands here otherwise.
"""

import json
from typing import Any

import pytest
import requests
from pybit.exceptions import FailedRequestError, InvalidRequestError

from exchange import codes
from exchange.codes import Meaning
from sandbox.bybit.practice import LATENCY_MS
from tests.sandbox.bybit.practice_world import SHARED, Clock, Open
from tests.sandbox.bybit.refused_acts import MADE, SOL, Act, World

ERROR_CODES = SHARED / "bybit" / "error_codes.json"
NOT_MADE: dict[str, tuple[int, ...]] = {
    "an account, a region, a contract or a permission of an institution that this world does not have": (
        *(10007, 10008, 10009, 10024, 10027, 10028, 10029, 110018, 110037, 110049, 110050, 110062, 110065, 110066),
        *(110067, 110068, 110069, 110070, 110071, 110080, 110087, 110088, 110119, 110123, 110124, 110125, 110131),
        *(110132, 110135, 110136, 110137),
    ),
    "contracts here are neither new, nor ending, nor restricted, nor inverse, nor spreads": (
        *(30228, 110021, 110022, 110023, 110042, 110063, 110074, 110082, 110083, 110095, 110096, 110097, 110098),
        *(110099, 110100, 110101, 110102, 110103, 110104, 110105, 110106, 110107, 110110, 110111, 110112, 110113),
        *(110114, 110115, 110116, 110117),
    ),
    "every contract here may be in hedge mode": (110029,),
    "a price beyond the band is moved to its edge, as Bybit does for who has not asked otherwise": (
        *(30208, 30209, 110120, 110121),
    ),
    "this world says 110007 or 110044 of whatever money is missing": (
        *(110004, 110006, 110012, 110014, 110045, 110051, 110052, 110053),
    ),
    "this world says 110001 of an order that has ended, and of an id that is none": (110008, 110010, 110019, 110032),
    "this world says 110090 beyond the risk limit": (110016, 110085, 110086, 110089, 3400139),
    "belongs to calls that the bot never makes: margin of a position, risk limit, modes of before": (
        *(110015, 110026, 110027, 110031, 110033, 110034, 110036, 110047, 110048, 110054, 110055, 110056, 110060),
        *(110073, 110075, 110076, 110078),
    ),
    "liquidation here is done at once and in one piece": (110005, 110011, 110035, 110039, 110040, 110041),
    "ids come from the server here, and the book is always deep enough": (110030, 110118),
}


@pytest.fixture
def world(open_world: Open, clock: Clock) -> World:
    made = World(open_world(latency_ms=LATENCY_MS, limits=True), clock)
    made.served.set_price("SOLUSDT", "150")
    return made


@pytest.mark.parametrize(("code", "what", "act"), MADE, ids=[f"{code} {what}" for code, what, _ in MADE])
def test_a_refusal_is_made_with_its_code_at_http_200(world: World, code: int, what: str, act: Act) -> None:
    statuses: list[int] = []
    sent = requests.Session.send

    def send(session: requests.Session, *args: Any, **wishes: Any) -> requests.Response:
        answer = sent(session, *args, **wishes)
        statuses.append(answer.status_code)
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(requests.Session, "send", send)
        with pytest.raises(InvalidRequestError, check=lambda error: error.status_code == code):
            act(world)
    assert statuses[-1] == 200


class TestHttp:
    def test_a_private_question_without_a_signature_is_401(self, world: World) -> None:
        answer = requests.get(world.served.url + "/v5/position/list", params=SOL, timeout=20)
        assert (answer.status_code, answer.json()["retCode"]) == (401, 10001)

    def test_a_question_with_a_body_is_403(self, world: World) -> None:
        assert requests.get(world.served.url + "/v5/market/time", json={}, timeout=20).status_code == 403

    def test_an_address_that_asks_too_often_is_403(self, world: World) -> None:
        with requests.Session() as asking:
            statuses = [asking.get(world.served.url + "/v5/market/time", timeout=20).status_code for _ in range(602)]
        assert statuses[-1] == 403
        with pytest.raises(FailedRequestError, check=lambda error: error.status_code == 403):
            world.ann.get_positions(**SOL)

    def test_a_path_that_is_none_is_404(self, world: World) -> None:
        assert requests.get(world.served.url + "/v5/position/nosuch", timeout=20).status_code == 404

    def test_a_gateway_that_fails_is_502(self, world: World) -> None:
        with pytest.raises(FailedRequestError, check=lambda error: error.status_code == 502):
            world.faulty("5xx")


documents = pytest.mark.skipif(not ERROR_CODES.exists(), reason="../shared/bybit/error_codes.json is absent")


@documents
def test_every_documented_code_that_we_understand_is_made_or_listed_with_a_reason() -> None:
    documented = {e["code"] for e in json.loads(ERROR_CODES.read_text()) if e["section"] == "UTA"}
    understood = {code for code in documented if code and codes.meaning(200, code) is not Meaning.UNKNOWN}
    special = {codes.STOP_UNCHANGED, codes.LEVERAGE_UNCHANGED, codes.DUPLICATE_ORDER_LINK_ID, 110079, *codes.KEY_CODES}
    made, listed = {code for code, _, _ in MADE}, {code for reason in NOT_MADE.values() for code in reason}
    assert (understood | special) - made - listed == set()
    assert made & listed == set()
    assert listed <= documented
    assert special <= made | {10007}


@documents
def test_every_code_that_is_made_is_documented() -> None:
    documented = {entry["code"] for entry in json.loads(ERROR_CODES.read_text())}
    assert {code for code, _, _ in MADE} - documented == {3400045}  # which its own page documents
