"""Every endpoint and stream of the practice Bybit against the documents: what they say is there, and nothing else."""

import json
import pathlib
from typing import Any

import pytest

from tests.sandbox.conformance.bybit_contract import BYBIT, CONTRACT, MISSING, address, check, due, subjects
from tests.sandbox.conformance.bybit_story import Told, of_subject, tell
from tests.sandbox.conformance.bybit_table import checked

pytestmark = pytest.mark.skipif(not CONTRACT.exists(), reason=MISSING)
SUBJECTS = subjects() if CONTRACT.exists() else ["contract.json"]
WITHOUT_FIELDS = ("position/leverage", "position/position-mode", "position/trading-stop")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    return tell(tmp_path_factory.mktemp("day"))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_every_documented_field_is_there_as_documented_and_no_other(subject: str, told: Told) -> None:
    assert checked(subject, told) == due(subject)


@pytest.mark.parametrize("subject", [subject for subject in SUBJECTS if not subject.startswith("websocket")])
def test_an_answer_is_wrapped_as_documented(subject: str, told: Told) -> None:
    for answer in told.answers[address(subject)]:
        assert set(answer) == {"retCode", "retMsg", "result", "retExtInfo", "time"}
        kinds = {name: type(value) for name, value in answer.items()}
        assert kinds == {"retCode": int, "retMsg": str, "result": dict, "retExtInfo": dict, "time": int}


@pytest.mark.parametrize("subject", WITHOUT_FIELDS)
def test_what_has_no_documented_field_answers_with_nothing(subject: str, told: Told) -> None:
    assert {json.dumps(answer["result"]) for answer in told.answers[address(subject)]} == {"{}"}
    assert {answer["retCode"] for answer in told.answers[address(subject)]} <= {0, 110025}


@pytest.mark.parametrize("subject", [subject for subject in SUBJECTS if subject not in WITHOUT_FIELDS])
def test_the_measure_sees_a_lost_a_wrong_and_an_unknown_field(subject: str, told: Told) -> None:
    """Each top-level field in turn is taken away or given another type, and one is added."""
    (*_, whole) = (dict(one) for one in of_subject(told, subject, address(subject)))
    for name in whole:
        without = {other: value for other, value in whole.items() if other != name}
        assert check(subject, without) != check(subject, whole)
        with pytest.raises(AssertionError, match=name):
            check(subject, {**whole, name: 0.5})
    with pytest.raises(AssertionError, match="strange"):
        check(subject, {**whole, "strange": ""})


@pytest.mark.parametrize(
    ("operation", "example"),
    [
        ("/v5/private auth", "1"),
        ("/v5/private ping", "5"),
        ("/v5/private subscribe", "9_private"),
        ("/v5/public/linear ping", "3_future"),
        ("/v5/public/linear subscribe", "11_public-future"),
        ("/v5/public/linear unsubscribe", "11_public-future"),
    ],
)
def test_a_socket_answers_as_the_documents_show(operation: str, example: str, told: Told) -> None:
    shown = _example(f"websocket__wss-authentication__{example}")
    answer = told.operations[operation]
    assert answer["op"] == operation.split()[1].replace("ping", shown["op"])
    assert set(shown) <= set(answer) <= {*shown, "req_id"}
    assert {name: type(answer[name]) for name in shown} == {name: type(value) for name, value in shown.items()}
    for name in {"success", "ret_msg"} & set(shown):
        assert answer[name] == shown[name]


def test_a_flat_symbol_still_has_its_position_row(told: Told) -> None:
    _, flat = told.answers["GET /v5/position/list"]
    (row,) = flat["result"]["list"]
    assert (row["side"], row["size"], row["stopLoss"], row["unrealisedPnl"]) == ("", "0", "", "")


def test_a_delta_tells_only_what_changed(told: Told) -> None:
    snapshot, delta, *_ = told.messages["tickers.SOLUSDT"]
    assert (snapshot["type"], delta["type"]) == ("snapshot", "delta")
    assert {"symbol"} < set(delta["data"]) < set(snapshot["data"])


def test_books_are_counted_on_from_their_snapshot(told: Told) -> None:
    snapshot, *deltas = [
        message["data"] | {"type": message["type"]} for message in told.messages["orderbook.50.SOLUSDT"]
    ]
    assert snapshot["type"] == "snapshot"
    assert [delta["u"] - snapshot["u"] for delta in deltas] == list(range(1, len(deltas) + 1))
    assert len(snapshot["b"]) == len(snapshot["a"]) == 50
    assert [float(price) for price, _ in snapshot["b"]] == sorted((float(p) for p, _ in snapshot["b"]), reverse=True)
    assert [float(price) for price, _ in snapshot["a"]] == sorted(float(p) for p, _ in snapshot["a"])


def _example(name: str) -> dict[str, Any]:
    file: pathlib.Path = BYBIT / "examples" / f"{name}.json"
    shown: dict[str, Any] = json.loads(file.read_text())
    return shown
