"""Commands, texts, answers and changes written on the chat page."""

import time

from playwright.async_api import Browser, expect

from tests.sandbox.telegram.browsing import IN_BROWSER, heard, open_page
from tests.sandbox.telegram.practice_chat import HandClock, Practice

pytestmark = IN_BROWSER


async def test_a_command_is_found_by_typing_and_sent_with_enter(browser: Browser, practice: Practice) -> None:
    await practice.ok("getUpdates")
    names = ["start", "status", "signals", "help"]
    await practice.ok("setMyCommands", commands=[{"command": name, "description": f"About {name}"} for name in names])
    await practice.say(1001, "hello")
    page = await open_page(browser, practice)
    await page.get_by_role("button", name="Menu").click()
    await expect(page.get_by_role("option")).to_have_count(4)
    await page.get_by_role("textbox").press_sequentially("/st")
    await expect(page.get_by_role("option")).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("option")).to_have_count(0)
    assert (await heard(practice, "message"))["text"] == "/status"


async def test_enter_sends_shift_enter_breaks_and_long_texts_are_cut(browser: Browser, practice: Practice) -> None:
    await practice.say(1001, "hello")
    page = await open_page(browser, practice)
    field = page.get_by_role("textbox")
    await field.fill("one")
    await field.press("Shift+Enter")
    await field.press_sequentially("two")
    await field.press("Enter")
    await expect(page.locator(".message.user")).to_have_count(2)
    await field.fill("y" * 5000)
    await field.press("Enter")
    await expect(page.locator(".message.user")).to_have_count(4)
    texts = [message["text"] for message in await practice.messages(1001)]
    assert texts[1] == "one\ntwo"
    assert [len(text) for text in texts[2:]] == [4096, 904]


async def test_a_message_is_answered_from_its_menu(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    sent = await practice.ok("sendMessage", chat_id=1001, text="Which <b>stop</b>?", parse_mode="HTML")
    await page.locator(".message.bot .bubble").click(button="right")
    await page.get_by_role("menuitem", name="Reply").click()
    await expect(page.locator("#about")).to_contain_text("Which stop?")
    await expect(page.get_by_role("textbox")).to_be_focused()
    await page.keyboard.type("143.10")
    await page.keyboard.press("Enter")
    message = await heard(practice, "message")
    assert (message["text"], message["reply_to_message"]["message_id"]) == ("143.10", sent["message_id"])
    await expect(page.locator(".message.user .quote")).to_have_text("Which stop?")
    await expect(page.locator("#about")).to_be_hidden()


async def test_the_arrow_up_changes_the_last_message(browser: Browser, practice: Practice, clock: HandClock) -> None:
    clock.now = int(time.time() * 1000)
    await practice.say(1001, "148.3 <stop>")
    page = await open_page(browser, practice)
    field = page.get_by_role("textbox")
    await field.press("ArrowUp")
    await expect(field).to_have_value("148.3 <stop>")
    await expect(page.locator("#about")).to_contain_text("Edit message")
    await field.press("Escape")
    await expect(field).to_have_value("")
    await field.press("ArrowUp")
    await field.fill("148.32")
    await field.press("Enter")
    assert (await heard(practice, "edited_message"))["text"] == "148.32"
    await expect(page.locator(".message.user .text")).to_have_text("148.32")
    await expect(page.locator(".message.user .edited")).to_have_text("edited")


async def test_what_did_not_arrive_stays_in_the_field(browser: Browser, practice: Practice) -> None:
    await practice.say(1001, "hello")
    page = await open_page(browser, practice)
    await page.route("**/messages", lambda route: route.abort())
    field = page.get_by_role("textbox")
    await field.fill("lost")
    await field.press("Enter")
    await expect(page.locator("#toast")).to_contain_text("did not reach the practice Telegram")
    await expect(field).to_have_value("lost")


async def test_a_messages_menu_is_used_by_keyboard(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice, permissions=["clipboard-read", "clipboard-write"])
    await practice.ok("sendMessage", chat_id=1001, text="<b>SOL</b> long", parse_mode="HTML")
    more = page.get_by_role("button", name="Message actions")
    await more.focus()
    await page.keyboard.press("Enter")
    menu = page.get_by_role("menu", name="Message actions")
    await expect(menu.get_by_role("menuitemcheckbox").first).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await expect(menu.get_by_role("menuitem", name="Copy text")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#toast")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "SOL long"
    await expect(more).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Escape")
    await expect(menu).to_have_count(0)
    await expect(more).to_be_focused()
