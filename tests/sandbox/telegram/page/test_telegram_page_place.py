"""Where the reader of the chat page looks, and what is new there."""

import asyncio
import re
import time

from playwright.async_api import Browser, Route, expect

from tests.sandbox.telegram.browsing import IN_BROWSER, open_page
from tests.sandbox.telegram.practice_chat import HandClock, Practice

pytestmark = IN_BROWSER


async def test_a_reader_of_old_messages_is_not_moved(browser: Browser, practice: Practice) -> None:
    for number in range(30):
        await practice.ok("sendMessage", chat_id=1001, text=f"line {number}")
    page = await open_page(browser, practice)
    bottom = "node => node.scrollHeight - node.clientHeight - node.scrollTop"
    scroll = page.locator("#scroll")
    assert await scroll.evaluate(bottom) <= 1
    await practice.ok("sendMessage", chat_id=1001, text="at the bottom\n\n\n\n\nit follows")
    await expect(page.locator(".message").last).to_contain_text("it follows")
    assert await scroll.evaluate(bottom) <= 1
    await practice.ok("pinChatMessage", chat_id=1001, message_id=3)
    await expect(page.locator("#pin")).to_contain_text("line 2")
    await page.evaluate("new Promise(requestAnimationFrame)")
    assert await scroll.evaluate(bottom) <= 1

    await scroll.evaluate("node => { node.scrollTop = 500 }")
    await expect(page.locator("#down")).to_be_visible()
    line = page.locator(".message", has_text="line 15")
    place = "node => node.getBoundingClientRect().top"
    before = await line.evaluate(place)
    await practice.ok("editMessageText", chat_id=1001, message_id=2, text="line 1\n\n\n\nnow much\n\nlonger")
    await practice.ok("sendMessage", chat_id=1001, text="news")
    down = page.get_by_role("button", name="1 new message")
    await expect(down).to_have_text("1")
    assert abs(await line.evaluate(place) - before) <= 1
    await page.locator("#down").click()
    assert await scroll.evaluate(bottom) <= 1
    await expect(page.locator("#down")).to_be_hidden()


async def test_news_during_a_slow_load_is_not_undone_by_it(browser: Browser, practice: Practice) -> None:
    await practice.say(1001, "first")
    gone = await practice.ok("sendMessage", chat_id=1001, text="soon gone")
    page = await open_page(browser, practice)
    asked = asyncio.Event()
    answer = asyncio.Event()

    async def slowly(route: Route) -> None:
        response = await route.fetch()
        asked.set()
        await answer.wait()
        await route.fulfill(response=response)

    await page.route("**/messages?last=*", slowly)
    await practice.ok("getUpdates")  # a bot that begins to poll makes the page load anew
    await asked.wait()
    await practice.ok("sendMessage", chat_id=1001, text="during the load")
    await practice.ok("deleteMessage", chat_id=1001, message_id=gone["message_id"])
    await expect(page.locator(".message")).to_have_text([re.compile("first"), re.compile("during the load")])
    async with page.expect_event("requestfinished", lambda request: "last=" in request.url):
        answer.set()
    await page.evaluate("new Promise(done => setTimeout(done, 50))")  # the page has read that answer by now
    await expect(page.locator(".message")).to_have_text([re.compile("first"), re.compile("during the load")])
    await page.unroute_all()


async def test_a_line_stands_above_what_was_not_read(browser: Browser, practice: Practice) -> None:
    for number in range(30):
        await practice.ok("sendMessage", chat_id=1001, text=f"line {number}")
    page = await open_page(browser, practice)
    scroll = page.locator("#scroll")
    await scroll.evaluate("node => { node.scrollTop = 0 }")
    await expect(page.locator("#down")).to_be_visible()
    for text in ("first news", "second news"):
        await practice.ok("sendMessage", chat_id=1001, text=text)
    mark = page.get_by_role("separator", name="Unread messages").or_(page.locator(".unread"))
    await expect(mark).to_have_count(1)
    assert await page.evaluate("document.querySelector('.unread').nextElementSibling.textContent.includes('first')")
    await practice.say(1001, "an answer")
    await expect(page.locator(".unread")).to_have_count(0)


async def test_a_page_opened_later_begins_at_what_is_new(browser: Browser, practice: Practice) -> None:
    for number in range(30):
        await practice.ok("sendMessage", chat_id=1001, text=f"line {number}")
    page = await open_page(browser, practice)
    await expect(page.locator(".unread")).to_have_count(0)
    await page.goto("about:blank")
    for number in range(30, 60):
        await practice.ok("sendMessage", chat_id=1001, text=f"line {number}")
    await page.goto(f"{practice.base}/?user=1001")
    await expect(page.locator(".unread")).to_be_in_viewport()
    await expect(page.locator(".unread + .message")).to_contain_text("line 30")
    await expect(page.get_by_role("button", name="30 new messages")).to_have_text("30")
    await expect(page).to_have_title("(30) bybot")
    await page.locator("#down").click()
    await expect(page).to_have_title("bybot")
    await page.reload()
    await expect(page.locator(".message")).to_have_count(60)
    await expect(page.locator(".unread")).to_have_count(0)


async def test_days_stand_between_messages(browser: Browser, practice: Practice, clock: HandClock) -> None:
    day = 24 * 3600 * 1000
    clock.now = int(time.time() * 1000) - 2 * day
    for text in ("two days ago", "yesterday", "today"):
        await practice.ok("sendMessage", chat_id=1001, text=text)
        clock.now += day
    page = await open_page(browser, practice)
    await expect(page.locator(".day")).to_have_text([re.compile(r"^[A-Z][a-z]+ \d+$"), "Yesterday", "Today"])
    await expect(page.locator(".day + .message .text")).to_have_text(["two days ago", "yesterday", "today"])


async def test_an_answer_leads_to_a_message_far_above(browser: Browser, practice: Practice) -> None:
    for number in range(130):
        await practice.ok("sendMessage", chat_id=1001, text=f"line {number}")
    await practice.ok("sendMessage", chat_id=1001, text="ring", reply_parameters={"message_id": 3})
    await practice.ok("pinChatMessage", chat_id=1001, message_id=5)
    page = await open_page(browser, practice)
    await expect(page.locator(".message")).to_have_count(100)
    await expect(page.locator("#pin")).to_contain_text("line 4")
    quote = page.locator(".quote")
    await expect(quote).to_have_text("line 2")
    await quote.click()
    await expect(page.locator("[data-id='3']")).to_be_in_viewport()
    await practice.ok("deleteMessage", chat_id=1001, message_id=3)
    await expect(quote).to_have_text("This message is no longer in the chat.")
    await quote.click()
    await expect(page.locator("#toast")).to_have_text("This message is no longer in the chat.")
