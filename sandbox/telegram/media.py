"""Methods that send and change photos, documents and albums."""

import secrets
from typing import Any

from sandbox.telegram.bots import Bot
from sandbox.telegram.files import Upload, find_document, find_photo, keep_document, keep_photo
from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.markup import Formatted
from sandbox.telegram.refusals import bad_request
from sandbox.telegram.sending import ATTACHED, edit, formatted, post, reachable, to_edit
from sandbox.telegram.values import Params
from sandbox.telegram.world import World

LONGEST_CAPTION = 1024


def caption_content(params: Params) -> Formatted:
    """The checked caption of media: at most 1024 characters."""
    content = formatted(params, params.get("caption", ""), "caption_entities")
    if utf16_length(content.plain) > LONGEST_CAPTION:
        raise bad_request("message caption is too long")
    return content


def stored(world: World, kind: str, given: Any, uploads: Params) -> str:
    """The file id of an upload (itself, or named by attach://) or of a known file; `kind` is photo or document."""
    if isinstance(given, str) and given.startswith("attach://"):
        given = uploads.get(given.removeprefix("attach://"))
    if isinstance(given, Upload):
        if not given.body:
            raise bad_request("file must be non-empty")
        with world.database.change() as connection:
            return keep_photo(connection, given.body) if kind == "photo" else keep_document(connection, given)
    if not isinstance(given, str):
        raise bad_request(f"there is no {kind} in the request")
    if given.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    return _known(world, kind, given)


def _known(world: World, kind: str, file_id: str) -> str:
    photo, document = find_photo(world.database.reading, file_id), find_document(world.database.reading, file_id)
    if photo if kind == "photo" else document:
        return file_id
    if photo or document:
        raise bad_request(f"can't use file of type {'Photo' if photo else 'Document'} as {kind.capitalize()}")
    raise bad_request("wrong file identifier/HTTP URL specified")


async def send_photo(world: World, bot: Bot, params: Params) -> Any:
    """sendPhoto: an upload or a file id."""
    return _send(world, bot, params, "photo")


async def send_document(world: World, bot: Bot, params: Params) -> Any:
    """sendDocument: an upload or a file id."""
    return _send(world, bot, params, "document")


def _send(world: World, bot: Bot, params: Params, kind: str) -> Any:
    reachable(world, params["chat_id"])
    content = caption_content(params)
    world.pace.spend(bot.bot_id, params["chat_id"])
    shown: dict[str, Any] = {kind: stored(world, kind, params[kind], params[ATTACHED])}
    return post(world, bot, params, content, **shown)


async def send_media_group(world: World, bot: Bot, params: Params) -> Any:
    """sendMediaGroup: an album of 2-10 photos or documents; all of it or nothing."""
    reachable(world, params["chat_id"])
    captions = [caption_content(item) for item in params["media"]]
    for _ in captions:
        world.pace.spend(bot.bot_id, params["chat_id"])
    files: list[dict[str, Any]] = []
    for item in params["media"]:
        files.append({item["type"]: stored(world, item["type"], item["media"], params[ATTACHED])})
    album = str(secrets.randbits(56) + 2**56)
    return [
        post(world, bot, params, caption, album=album, **file) for caption, file in zip(captions, files, strict=True)
    ]


async def edit_caption(world: World, bot: Bot, params: Params) -> Any:
    """editMessageCaption of a photo or a document."""
    message = to_edit(world, bot, params)
    content = caption_content(params)
    if not message.has_media:
        raise bad_request("there is no caption in the message to edit")
    return edit(world, bot, message, content=content, buttons=params.get("reply_markup", []))


async def edit_media(world: World, bot: Bot, params: Params) -> Any:
    """editMessageMedia: a new file and caption, also in the place of a text."""
    message = to_edit(world, bot, params)
    content = caption_content(params["media"])
    shown: dict[str, Any] = {"photo": None, "document": None, "rich": None}
    kind = params["media"]["type"]
    shown[kind] = stored(world, kind, params["media"]["media"], params[ATTACHED])
    return edit(world, bot, message, content=content, buttons=params.get("reply_markup", []), **shown)
