"""Every method of the practice Telegram against the Bot API's schema and against aiogram's own types."""

import asyncio
import re
from typing import Any

import aiogram.methods
import pytest
from aiogram.types import Update
from pydantic import TypeAdapter

from sandbox.telegram.catalog import FIELDS
from sandbox.telegram.updates import KINDS
from tests.sandbox.conformance.telegram_schema import (
    ABSENT,
    SCHEMA,
    Documented,
    Walk,
    description,
    documented,
    returned,
)
from tests.sandbox.conformance.telegram_story import ANN, PLAYED, Story, tell
from tests.sandbox.conformance.telegram_table import rows, walked
from tests.sandbox.telegram.practice_chat import HandClock, Practice, practising

pytestmark = pytest.mark.skipif(not SCHEMA.exists(), reason=ABSENT)
METHODS = sorted(FIELDS)
REQUIRED = sorted((method, one.name) for method, fields in FIELDS.items() for one in fields if one.required)
WRONG: dict[str, Any] = {
    "Integer": "seven",
    "Integer or String": {"id": 7},
    "Boolean": "perhaps",
    "String": 5,
    "InputFile or String": 5,
}
"""A value of a wrong type for each type of a parameter; for objects and arrays it is half a JSON text."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return asyncio.run(tell(tmp_path_factory.mktemp("story")))


@pytest.mark.parametrize("method", METHODS)
def test_what_a_method_returns_is_as_documented(method: str, story: Story) -> None:
    type_ = returned(method)
    assert re.sub("^Array of ", "", type_) in description(method)
    walk = walked(method, story)
    assert story.results(method)
    assert walk.wrong == []
    assert walk.fields or type_ == "True"


@pytest.mark.parametrize("method", METHODS)
def test_aiogram_reads_all_that_a_method_returns(method: str, story: Story) -> None:
    call = getattr(aiogram.methods, method[0].upper() + method[1:])
    reader: TypeAdapter[Any] = TypeAdapter(call.__returning__)
    for result in story.results(method):
        read = reader.validate_python(result)
        assert type(read) is bool or not isinstance(read, bool | dict)
        told = reader.dump_python(read, mode="json", by_alias=True, exclude_none=True)
        assert _missing(result, told) == []


def _missing(told: Any, read: Any, where: str = "") -> list[str]:
    """What of the answer is not in what aiogram made of it: times and defaults aside, all of it must be."""
    if isinstance(told, dict):
        if not isinstance(read, dict):
            return [where]
        return [lost for name in told for lost in _missing(told[name], read.get(name), f"{where}.{name}")]
    if isinstance(told, list):
        if not isinstance(read, list) or len(read) != len(told):
            return [where]
        return [lost for one, other in zip(told, read, strict=True) for lost in _missing(one, other, where)]
    return [where] if read is None else []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_aiogram_reads_every_kind_of_update(kind: str, story: Story) -> None:
    heard = [update for update in story.updates if kind in update]
    assert heard
    for update in heard:
        assert getattr(Update.model_validate(update), kind) is not None


def test_all_kinds_of_updates_are_the_documented_ones() -> None:
    assert {one.name for one in documented("Update")} - {"update_id"} == KINDS


@pytest.mark.parametrize("kind", PLAYED)
def test_an_update_that_people_make_is_as_documented(kind: str, story: Story) -> None:
    walk = Walk()
    for update in story.updates:
        if kind in update:
            walk.value(update, "Update", kind)
    assert walk.wrong == []
    assert f"Update.{kind}" in walk.fields


@pytest.fixture
async def practice(tmp_path: Any) -> Any:
    async with practising(tmp_path / "world.db", HandClock()) as served:
        yield await served.met(ANN)


def _wrong(parameter: Documented) -> Any:
    return WRONG.get(parameter.type, "[{")


@pytest.mark.parametrize("method", METHODS)
async def test_a_parameter_of_a_wrong_type_is_refused(method: str, story: Story, practice: Practice) -> None:
    right = story.parameters(method)
    usual = await practice.bot(method, **right)  # refused here and there, since this chat is empty
    before = await practice.messages(ANN)
    for parameter in documented(method):
        said = await practice.refused(method, **right | {parameter.name: _wrong(parameter)})
        assert said.startswith("Bad Request: "), parameter
        assert said != usual.get("description"), parameter
    assert await practice.messages(ANN) == before


@pytest.mark.parametrize("method", METHODS)
async def test_a_parameter_that_is_not_documented_is_refused(method: str, story: Story, practice: Practice) -> None:
    said = await practice.refused(method, **story.parameters(method), colour="red")
    assert said == f'Bad Request: unknown parameter "colour" in {method}'


MISSING = {
    "file_id": "file_id not specified",
    "action": "wrong parameter action in request",
    "chat_id": "chat_id is empty",
    "document": "there is no document in the request",
    "message_id": "message identifier is not specified",
    "message_ids": "message identifiers are not specified",
    "photo": "there is no photo in the request",
    "text": "message text is empty",
}


@pytest.mark.parametrize(("method", "name"), REQUIRED)
async def test_a_parameter_that_must_be_there_is_asked_for(
    method: str, name: str, story: Story, practice: Practice
) -> None:
    given = {known: value for known, value in story.parameters(method).items() if known != name}
    said = await practice.refused(method, **given)
    assert said.startswith("Bad Request: ")
    assert MISSING.get(name, name) in said
    assert await practice.messages(ANN) == []


def test_the_table_names_every_method_and_is_the_same_each_time() -> None:
    table = rows()
    assert [method for method, _ in table] == METHODS
    assert table == rows()
    counts = dict(table)
    assert counts["sendMessage"] > len(documented("sendMessage")) + 20
