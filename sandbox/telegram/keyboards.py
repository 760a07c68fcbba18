"""Inline keyboards: what a button may carry, and how it looks to the person."""

from typing import Any
from urllib.parse import urlsplit

from sandbox.telegram.html_reader import utf16_length
from sandbox.telegram.refusals import Refused, bad_request

Rows = list[list[dict[str, Any]]]

ACTIONS = frozenset(
    [
        "url",
        "callback_data",
        "web_app",
        "login_url",
        "switch_inline_query",
        "switch_inline_query_current_chat",
        "switch_inline_query_chosen_chat",
        "copy_text",
        "callback_game",
        "pay",
        "disabled",
    ]
)
SPOKEN = frozenset({"url", "callback_data", "copy_text", "disabled"})
STYLES = frozenset({"danger", "success", "primary"})


def _refuse(why: str) -> Refused:
    return bad_request(f"can't parse InlineKeyboardButton: {why}")


def checked_keyboard(rows: Any) -> Rows:
    """Rows of buttons as Telegram keeps them: at most 100 buttons, 8 in a row; empty rows vanish."""
    if not isinstance(rows, list) or not all(isinstance(row, list) for row in rows):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    kept = [[checked_button(button) for button in row] for row in rows if row]
    if any(len(row) > 8 for row in kept) or sum(map(len, kept)) > 100:
        raise bad_request("reply markup is too long")
    return kept


def checked_button(button: Any) -> dict[str, Any]:
    """One button; Refused when it does not do exactly one thing, or does it with bad data."""
    if not isinstance(button, dict):
        raise _refuse("InlineKeyboardButton must be an Object")
    for name in button:
        if name not in ACTIONS and name not in ("text", "style", "icon_custom_emoji_id"):
            raise _refuse(f'unknown field "{name}"')
    if "text" not in button:
        raise _refuse('Can\'t find field "text"')
    if not isinstance(button["text"], str):
        raise _refuse('Field "text" must be of type String')
    if not button["text"].strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    if "style" in button and button["style"] not in STYLES:
        raise _refuse("invalid button style specified")
    actions = [name for name in button if name in ACTIONS]
    if not actions:
        raise _refuse("Text buttons are unallowed in the inline keyboard")
    if len(actions) > 1:
        raise _refuse(f"exactly one action is allowed, found {', '.join(sorted(actions))}")
    if actions[0] not in SPOKEN or "icon_custom_emoji_id" in button:
        raise _refuse(f'the practice Telegram does not know "{actions[0]}" buttons with these fields yet')
    _check_action(actions[0], button[actions[0]])
    return button


def _check_action(action: str, value: Any) -> None:
    if action == "callback_data":
        if not isinstance(value, str) or not 1 <= len(value.encode("utf-8", "surrogatepass")) <= 64:
            raise bad_request("BUTTON_DATA_INVALID")
    elif action == "url":
        if not isinstance(value, str) or urlsplit(value).scheme not in ("http", "https", "tg", ""):
            raise bad_request("BUTTON_URL_INVALID")
        if " " in value.strip() or ("." not in value and not value.startswith("tg:")):
            raise bad_request("BUTTON_URL_INVALID")
    elif action == "copy_text":
        copied = value.get("text") if isinstance(value, dict) and set(value) == {"text"} else None
        if not isinstance(copied, str) or not 1 <= utf16_length(copied) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
    elif value != {}:
        raise _refuse('Field "disabled" must be an empty Object')


def shown_keyboard(rows: Rows) -> list[list[dict[str, Any]]]:
    """Rows as the person's side tells them: text, data (null where there is none), style, disabled, url, copy_text."""
    return [[_shown_button(button) for button in row] for row in rows]


def _shown_button(button: dict[str, Any]) -> dict[str, Any]:
    shown = {
        "text": button["text"],
        "data": button.get("callback_data"),
        "style": button.get("style"),
        "disabled": "disabled" in button,
    }
    if "url" in button:
        shown["url"] = button["url"]
    if "copy_text" in button:
        shown["copy_text"] = button["copy_text"]["text"]
    return shown
