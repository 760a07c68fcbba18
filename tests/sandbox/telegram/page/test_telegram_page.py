"""The chat page in a real browser: the first tap, who is chatting, and a server that comes back."""

import contextlib
import pathlib
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web
from playwright.async_api import Browser, Page, expect

from sandbox.telegram.pace import UNLIMITED
from sandbox.telegram.server import build_telegram
from tests.sandbox.telegram.browsing import IN_BROWSER, heard, open_page
from tests.sandbox.telegram.practice_chat import HandClock, Practice

pytestmark = IN_BROWSER


KEYS = {
    "inline_keyboard": [
        [{"text": "Confirm", "callback_data": "ok", "style": "success"}, {"text": "Sending", "disabled": {}}],
        [{"text": "Skip", "callback_data": "skip"}, {"text": "Close", "callback_data": "no", "style": "danger"}],
    ]
}


async def colour(page: Page, text: str) -> str:
    button = page.get_by_role("button", name=text, exact=True)
    return str(await button.evaluate("button => getComputedStyle(button).backgroundColor"))


async def test_start_a_card_a_tap_and_its_toast(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice, user=1005)
    requested: list[str] = []
    page.on("request", lambda request: requested.append(request.url))
    await page.reload()
    await page.get_by_role("button", name="START").click()
    message = await heard(practice, "message")
    assert (message["text"], message["from"]["language_code"]) == ("/start", "en")
    card = await practice.ok("sendMessage", chat_id=1005, text="<b>SOL</b> long", parse_mode="HTML", reply_markup=KEYS)
    await expect(page.locator(".message.bot .text")).to_have_text("SOL long")
    shades = {await colour(page, text) for text in ("Confirm", "Close", "Skip")}
    assert len(shades) == 3
    await expect(page.get_by_role("button", name="Sending")).to_be_disabled()

    await page.get_by_role("button", name="Confirm").click()
    await expect(page.get_by_role("button", name="Confirm")).to_have_attribute("aria-busy", "true")
    query = await heard(practice, "callback_query")
    assert query["data"] == "ok"
    await practice.ok("answerCallbackQuery", callback_query_id=query["id"], text="Working on it")
    await expect(page.locator("#toast")).to_have_text("Working on it")
    await expect(page.get_by_role("button", name="Confirm")).to_have_attribute("aria-busy", "false")

    node = await page.query_selector(f"[data-id='{card['message_id']}']")
    assert node is not None
    await practice.ok("editMessageText", chat_id=1005, message_id=card["message_id"], text="protected")
    await expect(page.locator(".message.bot .text")).to_have_text("protected")
    assert await node.evaluate("node => node.isConnected && !node.querySelector('.key')")
    assert requested
    assert [url for url in requested if not url.startswith((practice.base, "data:"))] == []


async def test_an_alert_is_a_dialog(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    await page.get_by_role("button", name="Skip").click()
    query = await heard(practice, "callback_query")
    await practice.ok("answerCallbackQuery", callback_query_id=query["id"], text="Really gone", show_alert=True)
    await expect(page.get_by_role("dialog")).to_contain_text("Really gone")
    await page.get_by_role("button", name="OK").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def test_the_page_speaks_the_persons_language(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice, user=1005, locale="ru-RU")
    await page.get_by_role("button", name="СТАРТ").click()
    assert (await heard(practice, "message"))["from"]["language_code"] == "ru"
    await expect(page.get_by_placeholder("Сообщение")).to_be_visible()
    await page.get_by_role("button", name="Сменить человека").click()
    await page.get_by_label("Язык").select_option("en")
    await page.get_by_label("Имя").fill("Ann")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_placeholder("Message")).to_be_visible()
    person = (await practice.person("GET", "1005"))[1]
    assert (person["first_name"], person["language_code"]) == ("Ann", "en")


async def test_another_person_sees_another_chat(browser: Browser, practice: Practice) -> None:
    await practice.say(1001, "secret of 1001")
    page = await open_page(browser, practice)
    await page.get_by_role("button", name="Change person").click()
    await page.get_by_role("button", name="1002").click()
    await expect(page.get_by_role("button", name="START")).to_be_visible()
    await expect(page.locator("#log")).not_to_contain_text("secret")


async def test_a_blocked_bot_can_be_unblocked(browser: Browser, practice: Practice) -> None:
    await practice.say(1001, "hello")
    page = await open_page(browser, practice)
    await practice.person("PUT", "1001", {"blocked": True})
    await page.get_by_role("button", name="UNBLOCK").click()
    await expect(page.get_by_placeholder("Message")).to_be_visible()
    assert (await practice.person("GET", "1001"))[1]["blocked"] is False


async def test_two_people_stand_side_by_side(browser: Browser, practice: Practice) -> None:
    await practice.say(1001, "I am the first")
    await practice.say(1002, "I am the second")
    context = await browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-US")
    page = await context.new_page()
    await page.goto(f"{practice.base}/?user=1001&beside=1002")
    for user, text in ((1001, "I am the first"), (1002, "I am the second")):
        chat = page.frame_locator(f"iframe[title='Chat of {user}']")
        await expect(chat.locator(".message.user .text")).to_have_text([text])
    await practice.ok("sendMessage", chat_id=1002, text="for the second alone")
    await expect(page.frame_locator("iframe >> nth=1").locator(".message.bot")).to_have_count(1)
    await expect(page.frame_locator("iframe >> nth=0").locator(".message.bot")).to_have_count(0)


async def test_two_people_are_brought_side_by_side_from_the_page(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice, viewport={"width": 1280, "height": 800})
    await page.get_by_role("button", name="Change person").click()
    await page.get_by_role("link", name="Two people side by side").click()
    await expect(page.locator("iframe")).to_have_count(2)
    second = page.frame_locator("iframe[title='Chat of 1002']")
    await second.get_by_role("button", name="Change person").click()
    await expect(second.get_by_role("dialog")).to_be_visible()
    await expect(second.get_by_role("link", name="Two people side by side")).to_have_count(0)


async def test_the_page_comes_back_when_the_server_does(
    browser: Browser, tmp_path: pathlib.Path, clock: HandClock
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(served(tmp_path / "page.db", clock, 0))
        await first.say(1001, "hello")
        await first.ok("getUpdates")
        page = await open_page(browser, first)
        await expect(page.locator("#state")).to_have_text("bot")
        await stack.aclose()
        await expect(page.locator("#state")).to_have_text("connecting…")
        lost = page.get_by_text("Connection lost. Trying again…")
        await expect(lost).to_be_visible()
        port = int(first.base.rsplit(":", 1)[1])
        async with served(tmp_path / "page.db", clock, port) as second:
            await second.ok("sendMessage", chat_id=1001, text="while you were away")
            await expect(page.locator(".message.bot .text")).to_have_text("while you were away", timeout=15_000)
            await expect(page.locator("#state")).to_have_text("bot")
            await expect(lost).to_have_count(0)
            await page.close()


@contextlib.asynccontextmanager
async def served(database: pathlib.Path, clock: HandClock, port: int) -> AsyncIterator[Practice]:
    """The practice Telegram at a port that can be taken again."""
    runner = web.AppRunner(build_telegram(database, time_ms=clock, limits=UNLIMITED))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Practice(f"http://127.0.0.1:{runner.addresses[0][1]}", session)
    finally:
        await runner.cleanup()
