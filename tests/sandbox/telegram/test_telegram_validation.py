"""What a bot may not do, and in which words it is told."""

from typing import Any

import aiohttp
import pytest

from tests.sandbox.telegram.practice_chat import TOKEN, HandClock, Practice, png


def keyboard(**button: Any) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": "x", **button}]]}


async def test_a_malformed_token_is_unauthorised(practice: Practice) -> None:
    for token in ("123", "abc:AAAAAAAAAAAAAAAAAAAA", "1:short", "-5:AAAAAAAAAAAAAAAAAAAA"):
        told = await practice.bot("getMe", token)
        assert told == {"ok": False, "error_code": 401, "description": "Unauthorized"}


async def test_any_well_formed_token_is_a_bot(practice: Practice) -> None:
    assert (await practice.ok("getMe", "42:AAAAAAAAAAAAAAAAAAAA"))["id"] == 42


async def test_an_unknown_method_is_not_found(practice: Practice) -> None:
    told = {"ok": False, "error_code": 404, "description": "Not Found: method not found"}
    assert await practice.bot("sendSmoke") == told


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"chat_id": 1001, "text": "x", "tetx": "y"}, 'unknown parameter "tetx"'),
        ({"chat_id": 1001}, "message text is empty"),
        ({"chat_id": 1001, "text": " \n "}, "message text is empty"),
        ({"chat_id": 1001, "text": "<b></b>", "parse_mode": "HTML"}, "message text is empty"),
        ({"text": "x"}, "chat_id is empty"),
        ({"chat_id": 1001, "text": 5}, 'parameter "text" must be a string'),
        ({"chat_id": 1001, "text": "x", "disable_notification": "maybe"}, "must be a boolean"),
        ({"chat_id": 4004, "text": "x"}, "chat not found"),
        ({"chat_id": -100123, "text": "x"}, "chat not found"),
        ({"chat_id": "@someone", "text": "x"}, "chat not found"),
        ({"chat_id": 1001, "text": "x" * 4097}, "message is too long"),
        ({"chat_id": 1001, "text": "🟡" * 2049}, "message is too long"),
        ({"chat_id": 1001, "text": "x", "parse_mode": "Wiki"}, "unsupported parse_mode"),
        ({"chat_id": 1001, "text": "a < b", "parse_mode": "HTML"}, "can't parse entities: Unsupported start tag"),
        ({"chat_id": 1001, "text": "x", "message_effect_id": "1"}, "does not know the parameter"),
        ({"chat_id": 1001, "text": "x", "reply_parameters": {"message_id": 99}}, "message to be replied not found"),
        ({"chat_id": 1001, "text": "x", "entities": [{"type": "bold", "offset": 0, "length": 2}]}, "beyond the end"),
        ({"chat_id": 1001, "text": "x", "entities": [{"type": "huge", "offset": 0, "length": 1}]}, "unsupported type"),
        ({"chat_id": 1001, "text": "x", "entities": "["}, "can't parse"),
    ],
)
async def test_a_bad_message_is_refused(practice: Practice, params: dict[str, Any], words: str) -> None:
    assert words in await practice.refused("sendMessage", **params)
    assert await practice.messages(1001) == []


@pytest.mark.parametrize(
    ("markup", "words"),
    [
        (keyboard(callback_data="я" * 33), "BUTTON_DATA_INVALID"),
        (keyboard(callback_data=""), "BUTTON_DATA_INVALID"),
        (keyboard(), "Text buttons are unallowed in the inline keyboard"),
        (keyboard(callback_data="x", url="https://x.org"), "exactly one action"),
        (keyboard(callback_data="x", disabled={}), "exactly one action"),
        (keyboard(callback_data="x", style="green"), "invalid button style"),
        (keyboard(callback_data="x", colour="green"), 'unknown field "colour"'),
        (keyboard(disabled=True), "empty Object"),
        (keyboard(url="javascript:alert(1)"), "BUTTON_URL_INVALID"),
        (keyboard(copy_text={"text": ""}), "BUTTON_COPY_TEXT_INVALID"),
        (keyboard(copy_text={"text": "x" * 257}), "BUTTON_COPY_TEXT_INVALID"),
        ({"inline_keyboard": [[{"text": "", "callback_data": "x"}]]}, "BUTTON_TEXT_INVALID"),
        ({"inline_keyboard": [{"text": "x", "callback_data": "x"}]}, "Array of Arrays"),
        ({"inline_keyboard": [[{"text": "x", "callback_data": "x"}] * 9]}, "reply markup is too long"),
        ({"keyboard": [["x"]]}, "no other keyboard"),
        ("{", "can't parse"),
    ],
)
async def test_a_bad_keyboard_is_refused(practice: Practice, markup: Any, words: str) -> None:
    assert words in await practice.refused("sendMessage", chat_id=1001, text="x", reply_markup=markup)


async def test_the_longest_things_pass(practice: Practice) -> None:
    await practice.ok("sendMessage", chat_id=1001, text="<b>" + "&lt;" * 4096 + "</b>", parse_mode="HTML")
    buttons = keyboard(callback_data="я" * 32, style="danger")
    await practice.ok("sendMessage", chat_id="1001", text="x", reply_markup=buttons)
    shown = (await practice.messages(1001))[-1]["buttons"]
    assert shown == [[{"text": "x", "data": "я" * 32, "style": "danger", "disabled": False}]]


async def test_an_edit_that_changes_nothing_is_refused(practice: Practice) -> None:
    card = {"chat_id": 1001, "text": "<b>a</b>", "parse_mode": "HTML", "reply_markup": keyboard(callback_data="x")}
    sent = await practice.ok("sendMessage", **card)
    again = card | {"message_id": sent["message_id"], "text": "<strong>a</strong>"}
    assert "message is not modified: specified new" in await practice.refused("editMessageText", **again)


async def test_an_edit_without_a_keyboard_removes_the_buttons(practice: Practice, clock: HandClock) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="a", reply_markup=keyboard(callback_data="x"))
    clock.now += 60_000
    edited = await practice.ok("editMessageText", chat_id=1001, message_id=sent["message_id"], text="b")
    assert "reply_markup" not in edited
    assert edited["edit_date"] == sent["date"] + 60
    (shown,) = await practice.messages(1001)
    assert (shown["text"], shown["buttons"], shown["edited"]) == ("b", [], True)


@pytest.mark.parametrize("method", ["editMessageText", "editMessageCaption", "editMessageReplyMarkup"])
async def test_a_message_that_is_not_there_cannot_be_edited(practice: Practice, method: str) -> None:
    text = {"editMessageText": {"text": "x"}}.get(method, {})
    said = await practice.refused(method, chat_id=1001, message_id=77, **text)
    assert said == "Bad Request: message to edit not found"
    assert "message identifier is not specified" in await practice.refused(method, chat_id=1001, **text)


async def test_a_persons_message_cannot_be_edited(practice: Practice) -> None:
    written = await practice.say(1001, "mine")
    said = await practice.refused("editMessageText", chat_id=1001, message_id=written["message_id"], text="x")
    assert said == "Bad Request: message can't be edited"


async def test_a_deleted_message_is_gone_and_its_number_is_not_given_again(practice: Practice) -> None:
    first = await practice.ok("sendMessage", chat_id=1001, text="a")
    assert await practice.ok("deleteMessage", chat_id=1001, message_id=first["message_id"]) is True
    said = await practice.refused("deleteMessage", chat_id=1001, message_id=first["message_id"])
    assert said == "Bad Request: message to delete not found"
    assert (await practice.ok("sendMessage", chat_id=1001, text="b"))["message_id"] == first["message_id"] + 1


async def test_after_48_hours_a_message_stays(practice: Practice, clock: HandClock) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="a")
    clock.now += 48 * 3600 * 1000 + 1000
    said = await practice.refused("deleteMessage", chat_id=1001, message_id=sent["message_id"])
    assert said == "Bad Request: message can't be deleted for everyone"


async def send_photo(practice: Practice, body: bytes, **fields: str) -> Any:
    form = aiohttp.FormData({"chat_id": "1001"} | fields)
    form.add_field("photo", body, filename="chart.png")
    async with practice.session.post(f"{practice.base}/bot{TOKEN}/sendPhoto", data=form) as answer:
        return await answer.json()


async def test_a_photo_is_sent_shown_fetched_and_sent_again(practice: Practice) -> None:
    picture = png(90, 60)
    told = (await send_photo(practice, picture, caption="<b>chart</b>", parse_mode="HTML"))["result"]
    (size,) = told["photo"]
    assert (size["width"], size["height"], size["file_size"], told["caption"]) == (90, 60, len(picture), "chart")
    (shown,) = await practice.messages(1001)
    assert (shown["caption"], "text" in shown) == ("<b>chart</b>", False)
    async with practice.session.get(practice.base + shown["photo"]) as answer:
        assert (answer.content_type, await answer.read()) == ("image/png", picture)
    file = await practice.ok("getFile", file_id=size["file_id"])
    async with practice.session.get(f"{practice.base}/file/bot{TOKEN}/{file['file_path']}") as answer:
        assert await answer.read() == picture
    again = await practice.ok("sendPhoto", chat_id=1001, photo=size["file_id"])
    assert again["photo"] == told["photo"]


async def test_a_photo_that_is_none_is_refused(practice: Practice) -> None:
    assert (await send_photo(practice, b"not a picture"))["description"] == "Bad Request: IMAGE_PROCESS_FAILED"
    assert (await send_photo(practice, png(3000, 100)))["description"] == "Bad Request: PHOTO_INVALID_DIMENSIONS"
    assert (await send_photo(practice, png(), caption="x" * 1025))["description"].endswith("caption is too long")
    assert "wrong file identifier" in await practice.refused("sendPhoto", chat_id=1001, photo="AgNothing")
    assert "no photo in the request" in await practice.refused("sendPhoto", chat_id=1001)


async def test_a_photo_over_ten_megabytes_is_too_large(practice: Practice) -> None:
    told = await send_photo(practice, png() + b"\0" * (10 * 1024 * 1024))
    assert (told["error_code"], told["description"]) == (413, "Request Entity Too Large")


async def test_a_photo_has_a_caption_and_a_text_has_none(practice: Practice) -> None:
    photo = (await send_photo(practice, png(), caption="a"))["result"]["message_id"]
    text = (await practice.ok("sendMessage", chat_id=1001, text="a"))["message_id"]
    said = await practice.refused("editMessageText", chat_id=1001, message_id=photo, text="b")
    assert said == "Bad Request: there is no text in the message to edit"
    said = await practice.refused("editMessageCaption", chat_id=1001, message_id=text, caption="b")
    assert said == "Bad Request: there is no caption in the message to edit"
    assert (await practice.ok("editMessageCaption", chat_id=1001, message_id=photo, caption="b"))["caption"] == "b"


async def test_a_text_can_become_a_photo(practice: Practice) -> None:
    known = (await send_photo(practice, png()))["result"]["photo"][0]["file_id"]
    text = (await practice.ok("sendMessage", chat_id=1001, text="a"))["message_id"]
    media = {"type": "photo", "media": known, "caption": "c"}
    edited = await practice.ok("editMessageMedia", chat_id=1001, message_id=text, media=media)
    assert (edited["caption"], edited["photo"][0]["file_id"]) == ("c", known)


async def test_forms_and_addresses_carry_parameters_too(practice: Practice) -> None:
    form = {"chat_id": "1001", "text": "x", "disable_notification": "true", "reply_markup": '{"inline_keyboard":[]}'}
    async with practice.session.post(f"{practice.base}/bot{TOKEN}/sendMessage", data=form) as answer:
        assert (await answer.json())["result"]["text"] == "x"
    async with practice.session.get(f"{practice.base}/bot{TOKEN}/sendmessage?chat_id=1001&text=y") as answer:
        assert (await answer.json())["result"]["text"] == "y"
    assert [m["silent"] for m in await practice.messages(1001)] == [True, False]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"[1]"),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"chat_id": 1001, "text": "\\ud83d"}'),
        ("application/x-www-form-urlencoded; charset=klingon", b"chat_id=1001&text=x"),
        ("multipart/form-data", b"--x"),
    ],
)
async def test_a_body_that_cannot_be_read_is_refused(practice: Practice, content_type: str, body: bytes) -> None:
    address = f"{practice.base}/bot{TOKEN}/sendMessage"
    async with practice.session.post(address, data=body, headers={"Content-Type": content_type}) as answer:
        told = await answer.json()
        assert (answer.status, told["ok"]) == (400, False), told


@pytest.mark.parametrize(
    ("commands", "words"),
    [
        ([{"command": "Start", "description": "x"}], "BOT_COMMAND_INVALID"),
        ([{"command": "start", "description": ""}], "BOT_COMMAND_DESCRIPTION_INVALID"),
        ([{"command": "start", "description": "x"}] * 101, "BOT_COMMANDS_TOO_MUCH"),
        ([{"command": "start"}], "BOT_COMMAND_DESCRIPTION_INVALID"),
    ],
)
async def test_bad_commands_are_refused(practice: Practice, commands: Any, words: str) -> None:
    assert words in await practice.refused("setMyCommands", commands=commands)


async def test_an_empty_webhook_is_none(practice: Practice) -> None:
    assert await practice.ok("setWebhook", url="") is True
    assert (await practice.ok("getWebhookInfo"))["url"] == ""


async def test_pins_are_kept_and_taken_off(practice: Practice) -> None:
    sent = await practice.ok("sendMessage", chat_id=1001, text="a")
    assert await practice.ok("pinChatMessage", chat_id=1001, message_id=sent["message_id"]) is True
    assert (await practice.ok("getChat", chat_id=1001))["pinned_message"]["message_id"] == sent["message_id"]
    assert (await practice.person("GET", "1001"))[1]["pinned"] == [sent["message_id"]]
    assert await practice.ok("unpinChatMessage", chat_id=1001) is True
    assert "message to unpin not found" in await practice.refused("unpinChatMessage", chat_id=1001)
