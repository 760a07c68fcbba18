"""What the page makes of the texts of a bot, and what no text can do."""

import asyncio
import time

import pytest
from playwright.async_api import Browser, expect

from tests.sandbox.telegram.browsing import IN_BROWSER, heard, open_page
from tests.sandbox.telegram.practice_chat import Practice

pytestmark = IN_BROWSER


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
    words = ("Пропустить", "Почему именно?", "Без SOL сегодня", "Предупредить")
    narrow_row = [{"text": word, "callback_data": word[:9], "style": "primary"} for word in words]
    keys = {"inline_keyboard": [long_row, narrow_row, narrow_row[:3]]}
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
