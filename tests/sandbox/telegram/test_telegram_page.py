"""The chat page in a real browser: what a person sees, and what no text of a bot can do."""

import asyncio
import contextlib
import pathlib
import re
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, Page, Route, expect

from sandbox.telegram.pace import UNLIMITED
from sandbox.telegram.server import build_telegram
from tests.sandbox.telegram.browsing import CHROMIUM, heard, open_page
from tests.sandbox.telegram.practice_chat import HandClock, Practice, png, practising

pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.asyncio(loop_scope="module"),  # one browser serves all tests of this file
]
KEYS = {
    "inline_keyboard": [
        [{"text": "Confirm", "callback_data": "ok", "style": "success"}, {"text": "Sending", "disabled": {}}],
        [{"text": "Skip", "callback_data": "skip"}, {"text": "Close", "callback_data": "no", "style": "danger"}],
    ]
}


@pytest_asyncio.fixture(loop_scope="module")
async def practice(tmp_path: pathlib.Path, clock: HandClock) -> AsyncIterator[Practice]:
    async with practising(tmp_path / "world.db", clock) as served_here:
        yield await served_here.met(1001)


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


async def test_an_answer_quotes_what_it_answers_as_it_stands_now(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    card = await practice.ok("sendMessage", chat_id=1001, text="offered\nmore")
    to = {"message_id": card["message_id"]}
    await practice.ok("sendMessage", chat_id=1001, text="ring", reply_parameters=to)
    await expect(page.locator(".quote")).to_have_text("offered")
    await practice.ok("editMessageText", chat_id=1001, message_id=card["message_id"], text="over\nmore")
    await expect(page.locator(".quote")).to_have_text("over")


async def test_a_relative_time_is_the_nearest_whole_one(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    soon, later = int(time.time()) + 115 * 60, int(time.time()) + 4 * 60 - 10
    text = "".join(f"<tg-time unix='{at}' format='r'>then</tg-time> " for at in (soon, later))
    await practice.ok("sendMessage", chat_id=1001, text=text, parse_mode="HTML")
    await expect(page.locator(".message.bot .moment")).to_have_text(["in 2 hours", "in 4 minutes"])


HOSTILE = [
    "<script>window.broken = 1</script>x",
    "<img src=x onerror='window.broken = 1'>x",
    "<svg onload='window.broken = 1'></svg>x",
    "<a href='javascript:window.broken = 1'>x</a>",
    "<a href=' JaVaScRiPt:window.broken = 1'>x</a>",
    "<a href='data:text/html,<script>1</script>' onclick='window.broken = 1'>x</a>",
    "<b onmouseover='window.broken = 1' style='position:fixed'>x</b>",
    "<iframe srcdoc='<script>parent.broken = 1</script>'></iframe>x",
    "<form action='https://evil.example'><input name=a><button>x</button></form>",
    "<style>* { display: none }</style>x",
    "<math><mi xlink:href='javascript:1'>1</mi></math>x",
    "<template><img src=x onerror='window.broken = 1'></template>x",
    "<noscript><p title='</noscript><img src=x onerror=window.broken=1>'></noscript>x",
]


async def test_no_html_of_a_bot_becomes_anything_but_formatting(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    shown = await page.evaluate(
        """async (texts) => {
            const { fragmentOf } = await import("/page/sanitise.js");
            const made = (tag) => () => document.createElement(tag);
            const hooks = { command: made("i"), spoiler: made("span"), moment: made("time") };
            return texts.map((text) => {
                const holder = document.createElement("div");
                holder.append(fragmentOf(text, hooks));
                document.body.append(holder);
                const nodes = [...holder.querySelectorAll("*")];
                const attributes = nodes.flatMap((node) => node.getAttributeNames());
                const links = nodes.map((node) => node.href || "");
                return [holder.textContent, nodes.map((node) => node.tagName), attributes, links];
            });
        }""",
        HOSTILE,
    )
    await asyncio.sleep(0.1)
    assert await page.evaluate("window.broken === undefined")
    for text, (words, tags, attributes, links) in zip(HOSTILE, shown, strict=True):
        assert "x" in words, text
        assert set(tags) <= {"B", "A", "SPAN"}, text
        assert set(attributes) <= {"data-done"}, text
        assert not any(links), text


async def test_formatting_is_shown(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    text = (
        '<b>b</b> <i>i</i> <u>u</u> <s>s</s> <code>c</code> <a href="https://example.org/">l</a> /help '
        '<tg-spoiler>hidden</tg-spoiler> <tg-time unix="1800000000" format="t">then</tg-time>'
        "<pre>p</pre>\n<blockquote>q</blockquote>"
    )
    await practice.ok("sendMessage", chat_id=1001, text=text, parse_mode="HTML")
    shown = page.locator(".message.bot .text")
    for tag in ("b", "i", "u", "s", "code", "pre", "blockquote", "time"):
        await expect(shown.locator(tag).first).to_be_visible()
    await expect(shown.locator("a")).to_have_attribute("href", "https://example.org/")
    assert await shown.locator("time").text_content() != "then"
    spoiler = shown.get_by_role("button", name="Hidden text")
    await spoiler.click()
    await expect(shown.locator(".spoiler.shown")).to_have_text("hidden")
    await shown.get_by_role("button", name="/help").click()
    assert (await heard(practice, "message"))["text"] == "/help"


@pytest.mark.parametrize("width", [360, 1280])
async def test_nothing_scrolls_sideways_and_34_columns_stay_on_their_line(
    browser: Browser, practice: Practice, width: int
) -> None:
    page = await open_page(browser, practice, viewport={"width": width, "height": 740})
    columns = "123456789 123456789 123456789 1234"
    long_row = [{"text": "Подтвердить всё сразу", "callback_data": "a"}, {"text": "W" * 60, "callback_data": "b"}]
    text = f"<pre>{columns}\n{columns}</pre>\n{'w' * 300} https://example.org/{'a' * 200}"
    keys = {"inline_keyboard": [long_row]}
    await practice.ok("sendMessage", chat_id=1001, text=text, parse_mode="HTML", reply_markup=keys)
    block = page.locator("pre")
    await expect(block).to_be_visible()
    sizes = await block.evaluate("pre => [pre.clientHeight, parseFloat(getComputedStyle(pre).lineHeight)]")
    assert sizes[0] < 3 * sizes[1]
    widths = await page.evaluate(
        "[document.scrollingElement, document.getElementById('scroll'), ...document.querySelectorAll('pre, .key')]"
        ".map(node => node.scrollWidth - node.clientWidth)"
    )
    assert max(widths) <= 0


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
    await expect(page.locator("#down")).to_contain_text("1 new message")
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


async def test_a_photo_opens_large(browser: Browser, practice: Practice) -> None:
    form = aiohttp.FormData({"chat_id": "1001", "caption": "chart"})
    form.add_field("photo", png(900, 600), filename="chart.png")
    async with practice.session.post(f"{practice.base}/bot7:AAAAAAAAAAAAAAA/sendPhoto", data=form) as answer:
        assert (await answer.json())["ok"]
    page = await open_page(browser, practice)
    photo = page.get_by_role("button", name="Photo")
    box = await photo.bounding_box()
    assert box is not None
    assert box["width"] > 300
    await photo.click()
    await expect(page.get_by_role("dialog").get_by_role("img")).to_be_visible()


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
        port = int(first.base.rsplit(":", 1)[1])
        async with served(tmp_path / "page.db", clock, port) as second:
            await second.ok("sendMessage", chat_id=1001, text="while you were away")
            await expect(page.locator(".message.bot .text")).to_have_text("while you were away", timeout=15_000)
            await expect(page.locator("#state")).to_have_text("bot")
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
