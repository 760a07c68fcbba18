"""Methods that put messages into chats and change them."""

from dataclasses import replace
from typing import Any

from sandbox.telegram import chats
from sandbox.telegram.bots import Bot
from sandbox.telegram.chats import Message
from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.markup import Formatted, from_entities, from_html, from_plain
from sandbox.telegram.objects import entities_inside
from sandbox.telegram.people import find_person
from sandbox.telegram.refusals import Refused, bad_request
from sandbox.telegram.rich import checked_blocks, shown_blocks
from sandbox.telegram.rich_markdown import read_rich_markdown
from sandbox.telegram.rich_reader import read_rich_html
from sandbox.telegram.values import Params
from sandbox.telegram.world import World

LONGEST_TEXT = 4096
ATTACHED = "attached"  # among the parameters: uploads by the name that attach:// gives them
FAR_TOO_LONG = 65_536  # markup included; not worth reading
DELETABLE_SECONDS = 48 * 3600
NOT_MODIFIED = (
    "message is not modified: specified new message content and reply markup are exactly the same as a current "
    "content and reply markup of the message"
)


def formatted(params: Params, text: str, marks: str) -> Formatted:
    """The text with its markup read; `marks` names the parameter that holds its entities."""
    if len(text) > FAR_TOO_LONG:
        raise bad_request("message is too long")
    mode = params.get("parse_mode") or ""
    if mode.lower() == "html":
        return from_html(text)
    if mode:
        raise bad_request("unsupported parse_mode: the practice Telegram reads HTML only")
    if params.get(marks):
        entities_inside(text, params[marks])
        return from_entities(text, params[marks])
    return from_plain(text.strip())


def text_content(params: Params) -> Formatted:
    """The checked text of a message: 1-4096 characters once its markup is read."""
    content = formatted(params, params.get("text", ""), "entities")
    if not content.plain:
        raise bad_request("message text is empty")
    if utf16_length(content.plain) > LONGEST_TEXT:
        raise bad_request("message is too long")
    return content


def reachable(world: World, user_id: int) -> None:
    """Raises Refused unless the chat exists and its person did not block the bot."""
    person = find_person(world.database.reading, user_id)
    if not person.met:
        raise bad_request("chat not found")
    if person.blocked:
        raise Refused("Forbidden: bot was blocked by the user", 403)


def answered(world: World, params: Params) -> int | None:
    """The number of the message replied to; None when there is none or it may be missing and is."""
    reply = params.get("reply_parameters")
    if reply is None and "reply_to_message_id" in params:
        lenient = params.get("allow_sending_without_reply", False)
        reply = {"message_id": params["reply_to_message_id"], "allow_sending_without_reply": lenient}
    if reply is None:
        return None
    elsewhere = reply.get("chat_id") not in (None, params["chat_id"])
    if not elsewhere and chats.find_message(world.database.reading, params["chat_id"], reply["message_id"]):
        return int(reply["message_id"])
    if reply["allow_sending_without_reply"]:
        return None
    raise bad_request("message to be replied not found")


def post(
    world: World,
    bot: Bot,
    params: Params,
    content: Formatted,
    *,
    photo: str | None = None,
    document: str | None = None,
    album: str | None = None,
    rich: Params | None = None,
) -> Any:
    """Puts a message into the chat, shows it and returns it as the Bot API's Message."""
    reply_to = answered(world, params)
    with world.database.change() as connection:
        message = Message(
            user_id=params["chat_id"],
            message_id=chats.next_message_id(connection, params["chat_id"]),
            bot_id=bot.bot_id,
            sent_at=world.seconds(),
            content=content,
            photo=photo,
            document=document,
            album=album,
            rich=rich,
            buttons=params.get("reply_markup", []),
            reply_to=reply_to,
            silent=params.get("disable_notification", False),
        )
        chats.keep_message(connection, message)
    if world.drafts.pop(params["chat_id"], None):
        world.hub.tell(params["chat_id"], "draft", None)
    world.tell_message(message)
    return chats.told_to_bot(world.database.reading, message)


def rich_content(given: Params) -> tuple[Formatted, Params]:
    """(what the page shows, the Bot API's RichMessage) of an InputRichMessage; Refused when it is not in order."""
    ways = [name for name in ("html", "markdown", "blocks") if given.get(name)]
    if len(ways) != 1:
        raise bad_request("exactly one of html, markdown and blocks must be used in a rich message")
    read = {"html": read_rich_html, "markdown": read_rich_markdown}.get(ways[0])
    blocks = checked_blocks(read(given[ways[0]]) if read else given["blocks"])
    return shown_blocks(blocks), {"blocks": blocks} | ({"is_rtl": True} if given.get("is_rtl") else {})


async def send_rich_message(world: World, bot: Bot, params: Params) -> Any:
    """sendRichMessage."""
    reachable(world, params["chat_id"])
    content, rich = rich_content(params["rich_message"])
    world.pace.spend(bot.bot_id, params["chat_id"])
    return post(world, bot, params, content, rich=rich)


async def send_message(world: World, bot: Bot, params: Params) -> Any:
    """sendMessage."""
    reachable(world, params["chat_id"])
    content = text_content(params)
    world.pace.spend(bot.bot_id, params["chat_id"])
    return post(world, bot, params, content)


def to_edit(world: World, bot: Bot, params: Params) -> Message:
    """The bot's own message that an edit names."""
    if "chat_id" not in params:
        raise bad_request("chat_id is empty")
    if "message_id" not in params:
        raise bad_request("message identifier is not specified")
    reachable(world, params["chat_id"])
    message = chats.find_message(world.database.reading, params["chat_id"], params["message_id"])
    if message is None:
        raise bad_request("message to edit not found")
    if message.bot_id != bot.bot_id:
        raise bad_request("message can't be edited")
    return message


def edit(world: World, bot: Bot, message: Message, **changes: Any) -> Any:
    """The message after an edit, as the Bot API tells it; `changes` are fields of Message, what is not named stays."""
    changed = replace(message, edited_at=world.seconds(), **changes)
    if changed.looks_like(message):
        raise bad_request(NOT_MODIFIED)
    world.pace.spend(bot.bot_id, message.user_id)
    with world.database.change() as connection:
        chats.keep_message(connection, changed)
    world.tell_message(changed)
    return chats.told_to_bot(world.database.reading, changed)


async def edit_text(world: World, bot: Bot, params: Params) -> Any:
    """editMessageText to a text or a rich message; without reply_markup the buttons go."""
    message = to_edit(world, bot, params)
    rich = None
    if "rich_message" in params:
        if params.get("text"):
            raise bad_request("text and rich_message can't be used together")
        content, rich = rich_content(params["rich_message"])
    else:
        content = text_content(params)
    if message.has_media:
        raise bad_request("there is no text in the message to edit")
    return edit(world, bot, message, content=content, rich=rich, buttons=params.get("reply_markup", []))


async def edit_buttons(world: World, bot: Bot, params: Params) -> Any:
    """editMessageReplyMarkup."""
    return edit(world, bot, to_edit(world, bot, params), buttons=params.get("reply_markup", []))


async def delete_message(world: World, bot: Bot, params: Params) -> Any:
    """deleteMessage, up to 48 hours after it was sent."""
    user_id, message_id = params["chat_id"], params["message_id"]
    message = chats.find_message(world.database.reading, user_id, message_id)
    if message is None:
        raise bad_request("message to delete not found")
    if world.seconds() - message.sent_at > DELETABLE_SECONDS:
        raise bad_request("message can't be deleted for everyone")
    with world.database.change() as connection:
        chats.drop_message(connection, user_id, message_id)
    world.hub.tell(user_id, "gone", {"message_id": message_id})
    return True


async def delete_messages(world: World, bot: Bot, params: Params) -> Any:
    """deleteMessages; those that are not there are passed over."""
    for message_id in params["message_ids"]:
        if chats.find_message(world.database.reading, params["chat_id"], message_id):
            await delete_message(world, bot, {"chat_id": params["chat_id"], "message_id": message_id})
    return True
