"""The parameters of a method against the catalog: known, present, and each of its kind.

`number` whole numbers, `text` strings, `flag` booleans, `chat` a private chat's number, `texts` and `numbers` lists,
`file` an upload or a known file, the others JSON objects named after what they describe.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.telegram import objects, values
from sandbox.telegram.catalog import FIELDS, FORMER, Field
from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.values import Params


def checked(method: str, given: Mapping[str, Any]) -> Params:
    """The parameters of `method`, each with its type; absent ones are absent.

    Raises Refused for an unknown, missing, wrongly typed or not yet spoken parameter.
    """
    fields = {field.name: field for field in (*FIELDS[method], *FORMER.get(method, ()))}
    for name in given:
        if name not in fields:
            # Telegram passes over names it does not know; here a misspelt one is seen at once.
            raise bad_request(f'unknown parameter "{name}" in {method}')
    params: Params = {}
    for name, field in fields.items():
        value = given.get(name)
        if value is None or (value == "" and field.kind != "text"):
            if field.required:
                raise _missing(field)
            continue
        params[name] = KINDS[field.kind](name, value)
    return params


def _missing(field: Field) -> Refused:
    words = {
        "text": "message text is empty",
        "chat_id": "chat_id is empty",
        "message_id": "message identifier is not specified",
        "message_ids": "message identifiers are not specified",
        "file_id": "file_id not specified",
        "action": "wrong parameter action in request",
        "photo": "there is no photo in the request",
        "document": "there is no document in the request",
    }
    return bad_request(words.get(field.name, f'parameter "{field.name}" is required'))


KINDS: Mapping[str, Callable[[str, Any], Any]] = MappingProxyType(
    {
        "text": values.text,
        "number": values.number,
        "flag": values.flag,
        "chat": values.chat,
        "texts": values.texts,
        "numbers": values.numbers,
        "file": lambda name, value: value,
        "entities": objects.entities,
        "reply": objects.reply,
        "preview": objects.preview,
        "commands": objects.commands,
        "scope": objects.scope,
        "menu": objects.menu,
        "media": objects.media,
        "album": objects.album,
        "rich": objects.rich,
        "reactions": objects.reactions,
        "inline": objects.inline,
        "markup": objects.inline,
        "later": objects.later,
    }
)
