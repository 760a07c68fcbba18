"""The methods by name: each name of the catalog and the function that carries it out."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.telegram import delivery, drafts, media, profile, reactions, sending
from sandbox.telegram.bots import Bot
from sandbox.telegram.values import Params
from sandbox.telegram.world import World

Method = Callable[[World, Bot, Params], Awaitable[Any]]

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "getMe": profile.get_me,
        "logOut": profile.yes,
        "close": profile.yes,
        "getUpdates": delivery.get_updates,
        "setWebhook": delivery.set_webhook,
        "deleteWebhook": delivery.delete_webhook,
        "getWebhookInfo": delivery.webhook_info,
        "sendMessage": sending.send_message,
        "sendRichMessage": sending.send_rich_message,
        "sendMessageDraft": drafts.send_draft,
        "sendRichMessageDraft": drafts.send_rich_draft,
        "sendPhoto": media.send_photo,
        "sendDocument": media.send_document,
        "sendMediaGroup": media.send_media_group,
        "setMessageReaction": reactions.set_reaction,
        "editMessageText": sending.edit_text,
        "editMessageCaption": media.edit_caption,
        "editMessageMedia": media.edit_media,
        "editMessageReplyMarkup": sending.edit_buttons,
        "deleteMessage": sending.delete_message,
        "deleteMessages": sending.delete_messages,
        "answerCallbackQuery": delivery.answer_query,
        "sendChatAction": profile.send_action,
        "getChat": profile.get_chat,
        "getFile": profile.get_file,
        "pinChatMessage": profile.pin,
        "unpinChatMessage": profile.unpin,
        "setMyCommands": profile.set_commands,
        "getMyCommands": profile.get_commands,
        "deleteMyCommands": profile.delete_commands,
        "setChatMenuButton": profile.set_menu_button,
        "getChatMenuButton": profile.get_menu_button,
        "setMyName": profile.set_name,
        "setMyDescription": profile.set_description,
        "setMyShortDescription": profile.set_short_description,
    }
)
