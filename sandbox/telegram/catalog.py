"""Which fields each method takes: the Bot API's own list for the methods that the practice Telegram speaks.

A method is one row here and one function in `methods.py`. Kinds are explained in `checks.py`; `later` marks a field
that Telegram has and the practice Telegram refuses in words, so that nothing is ignored in silence.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of a method."""

    name: str
    kind: str
    required: bool = False


def _fields(row: str) -> tuple[Field, ...]:
    """`name:kind` words, an exclamation mark after a name that must be there."""
    fields = []
    for word in row.split():
        name, kind = word.split(":")
        fields.append(Field(name.rstrip("!"), kind, name.endswith("!")))
    return tuple(fields)


_WHERE = "business_connection_id:later chat_id!:chat message_thread_id:later"
_HOW = (
    "disable_notification:flag protect_content:flag allow_paid_broadcast:later message_effect_id:later "
    "suggested_post_parameters:later reply_parameters:reply reply_markup:markup"
)
_EDITED = "business_connection_id:later chat_id:chat message_id:number inline_message_id:later"
_DRAFT = "chat_id!:chat message_thread_id:later draft_id!:number"
_SENT = f"{_WHERE} direct_messages_topic_id:later ephemeral_message_parameters:later"

FIELDS: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        name: _fields(row)
        for name, row in {
            "getMe": "",
            "logOut": "",
            "close": "",
            "getUpdates": "offset:number limit:number timeout:number allowed_updates:texts",
            "setWebhook": (
                "url!:text certificate:later ip_address:text max_connections:number allowed_updates:texts "
                "drop_pending_updates:flag secret_token:text"
            ),
            "deleteWebhook": "drop_pending_updates:flag",
            "getWebhookInfo": "",
            "sendMessage": (
                f"{_SENT} text!:text parse_mode:text entities:entities link_preview_options:preview {_HOW}"
            ),
            "sendPhoto": (
                f"{_SENT} photo!:file caption:text parse_mode:text caption_entities:entities "
                f"show_caption_above_media:later has_spoiler:later {_HOW}"
            ),
            "sendRichMessage": f"{_SENT} rich_message!:rich {_HOW}",
            "sendMessageDraft": (
                f"{_DRAFT} text:text parse_mode:text entities:entities can_stop:later keep_on_stop:later"
            ),
            "sendRichMessageDraft": f"{_DRAFT} rich_message!:rich can_stop:later keep_on_stop:later",
            "sendDocument": (
                f"{_SENT} document!:file thumbnail:later caption:text parse_mode:text caption_entities:entities "
                f"disable_content_type_detection:flag {_HOW}"
            ),
            "sendMediaGroup": (
                f"{_WHERE} direct_messages_topic_id:later media!:album disable_notification:flag "
                "protect_content:flag allow_paid_broadcast:later message_effect_id:later reply_parameters:reply"
            ),
            "setMessageReaction": "chat_id!:chat message_id!:number reaction:reactions is_big:flag",
            "editMessageText": (
                f"{_EDITED} text:text parse_mode:text entities:entities link_preview_options:preview "
                "rich_message:rich reply_markup:inline"
            ),
            "editMessageCaption": (
                f"{_EDITED} caption:text parse_mode:text caption_entities:entities "
                "show_caption_above_media:later reply_markup:inline"
            ),
            "editMessageMedia": f"{_EDITED} media!:media reply_markup:inline",
            "editMessageReplyMarkup": f"{_EDITED} reply_markup:inline",
            "deleteMessage": "chat_id!:chat message_id!:number",
            "deleteMessages": "chat_id!:chat message_ids!:numbers",
            "answerCallbackQuery": "callback_query_id!:text text:text show_alert:flag url:text cache_time:number",
            "sendChatAction": f"{_WHERE} action!:text",
            "getChat": "chat_id!:chat",
            "getFile": "file_id!:text",
            "pinChatMessage": (
                "business_connection_id:later chat_id!:chat message_id!:number disable_notification:flag"
            ),
            "unpinChatMessage": "business_connection_id:later chat_id!:chat message_id:number",
            "setMyCommands": "commands!:commands scope:scope language_code:text",
            "getMyCommands": "scope:scope language_code:text",
            "deleteMyCommands": "scope:scope language_code:text",
            "setChatMenuButton": "chat_id:chat menu_button:menu",
            "getChatMenuButton": "chat_id:chat",
            "setMyName": "name:text language_code:text",
            "setMyDescription": "description:text language_code:text",
            "setMyShortDescription": "short_description:text language_code:text",
        }.items()
    }
)

# Names that Telegram still takes from older clients, aiogram 3.31 among them, though its documents dropped them.
FORMER: Mapping[str, tuple[Field, ...]] = MappingProxyType(
    {
        "sendMessage": _fields(
            "disable_web_page_preview:flag reply_to_message_id:number allow_sending_without_reply:flag"
        ),
        "sendDocument": _fields("reply_to_message_id:number allow_sending_without_reply:flag"),
        "sendMediaGroup": _fields("reply_to_message_id:number allow_sending_without_reply:flag"),
        "sendPhoto": _fields("reply_to_message_id:number allow_sending_without_reply:flag"),
        "editMessageText": _fields("disable_web_page_preview:flag"),
    }
)
