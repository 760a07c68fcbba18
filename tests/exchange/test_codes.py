"""What an answer means, held against EXECUTION 2.5 and against every code that Bybit documents."""

import json
from pathlib import Path

import pytest

from exchange.codes import Meaning, meaning

DOCUMENTED = Path(__file__).parents[3] / "shared" / "bybit" / "error_codes.json"

REFUSED = [
    *(10001, 10002, 10003, 10004, 10005, 10007, 10008, 10009, 10010, 10024, 10027, 10028, 10029),
    *(33004, 30208, 30209, 30228, 3400139),
    *(110000, 110001, 110007, 110071, 110073, 110078, 110080, 110999),
]
UNKNOWN = [10000, 10014, 10016, 429, 3400214, 110072, 110079, -1, 1, 10011, 10017, 10018, 10019, 34040, 109999, 111000]


@pytest.mark.parametrize("ret_code", REFUSED)
def test_a_documented_refusal_is_surely_not_done(ret_code: int) -> None:
    assert meaning(200, ret_code) is Meaning.REFUSED


@pytest.mark.parametrize("ret_code", UNKNOWN)
def test_what_no_rule_names_is_unknown(ret_code: int) -> None:
    assert meaning(200, ret_code) is Meaning.UNKNOWN


def test_zero_is_done_and_too_many_visits_is_busy() -> None:
    assert meaning(200, 0) is Meaning.DONE
    assert meaning(200, 10006) is Meaning.BUSY


@pytest.mark.parametrize("status", [204, 301, 400, 404, 409, 429, 500, 502, 503, 504, None])
def test_no_code_counts_under_another_status_than_200(status: int | None) -> None:
    assert {meaning(status, ret_code) for ret_code in (0, 10001, 10006, 110007, None)} == {Meaning.UNKNOWN}


def test_a_forbidden_address_is_busy_whatever_the_body_says() -> None:
    assert {meaning(403, ret_code) for ret_code in (None, 0, 10006, 10016)} == {Meaning.BUSY}


def test_an_unauthorised_answer_refuses_only_with_a_code_about_the_key() -> None:
    assert {meaning(401, ret_code) for ret_code in (10003, 10004, 10005, 10007, 10010, 33004)} == {Meaning.REFUSED}
    assert {meaning(401, ret_code) for ret_code in (None, 0, 10006, 10016, 110007)} == {Meaning.UNKNOWN}


def test_an_unreadable_answer_is_unknown() -> None:
    assert meaning(200, None) is Meaning.UNKNOWN


def test_every_documented_code_is_classified_by_the_rule() -> None:
    if not DOCUMENTED.exists():
        pytest.skip("Bybit's error_codes.json is not here")
    listed = {row["code"] for row in json.loads(DOCUMENTED.read_text()) if row["section"] != "HTTP Code"}
    not_done = set(REFUSED) | {ret_code for ret_code in range(110000, 111000) if ret_code not in (110072, 110079)}
    assert len(listed) > 700
    for ret_code in listed:
        expected = (
            Meaning.DONE
            if ret_code == 0
            else Meaning.BUSY
            if ret_code == 10006
            else Meaning.REFUSED
            if ret_code in not_done
            else Meaning.UNKNOWN
        )
        assert meaning(200, ret_code) is expected, ret_code
