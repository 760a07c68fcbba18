"""The chat page by keyboard and by ear: names and roles of everything, the order of the focus, and contrast."""

from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.sandbox.telegram.browsing import IN_BROWSER, open_page, upload
from tests.sandbox.telegram.page.accessibility import CONTRAST, MOVING, NAMELESS, POINTED_AT, SAME_IDS
from tests.sandbox.telegram.practice_chat import Practice, png

pytestmark = IN_BROWSER

KEYS = {
    "inline_keyboard": [
        [
            {"text": "Confirm", "callback_data": "a", "style": "success"},
            {"text": "Edit", "callback_data": "b", "style": "primary"},
            {"text": "Close", "callback_data": "c", "style": "danger"},
        ],
        [
            {"text": "Skip", "callback_data": "d"},
            {"text": "Wait", "disabled": {}},
            {"text": "Copy", "copy_text": {"text": "1"}},
            {"text": "Site", "url": "https://example.org/"},
        ],
    ]
}


async def furnish(practice: Practice) -> None:
    """A chat with one of everything."""
    await practice.ok("getUpdates")
    await practice.ok("setMyCommands", commands=[{"command": "start", "description": "Begin"}])
    await practice.say(1001, "/start")
    text = "<b>SOL</b> /help <tg-spoiler>hidden</tg-spoiler> <code>c</code><pre>p</pre><blockquote>q</blockquote>"
    await practice.ok("sendMessage", chat_id=1001, text=text, parse_mode="HTML", reply_markup=KEYS)
    await upload(practice, "sendPhoto", {"caption": "chart"}, photo=png(300, 200))
    await upload(practice, "sendDocument", {"caption": "journal"}, document=b"a,b\n")
    await practice.ok("sendMessage", chat_id=1001, text="ring", reply_parameters={"message_id": 2})
    await practice.ok("pinChatMessage", chat_id=1001, message_id=2)
    await practice.person("POST", "1001/reactions", {"message_id": 2, "emoji": "👍"})


async def told(page: Page, script: str) -> Any:
    return await page.evaluate(script)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_everything_has_a_name_and_can_be_read(browser: Browser, practice: Practice, scheme: str) -> None:
    await furnish(practice)
    page = await open_page(browser, practice, color_scheme=scheme)
    await expect(page.locator(".message")).to_have_count(5)
    assert await told(page, NAMELESS) == []
    assert await told(page, SAME_IDS) == 0
    assert await told(page, POINTED_AT) == []
    assert await told(page, CONTRAST) == []
    await page.get_by_role("button", name="Menu").click()
    assert await told(page, CONTRAST) == []
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Change person").click()
    assert await told(page, NAMELESS) == []
    assert await told(page, CONTRAST) == []


async def test_the_page_tells_its_parts(browser: Browser, practice: Practice) -> None:
    await furnish(practice)
    page = await open_page(browser, practice)
    await expect(page.get_by_role("banner").get_by_role("heading", name="bybot", level=1)).to_be_visible()
    log = page.get_by_role("main").get_by_role("log", name="Messages")
    await expect(log.get_by_role("article")).to_have_count(5)
    await expect(log).to_have_attribute("aria-live", "polite")
    await expect(log).to_have_attribute("aria-busy", "false")
    card = log.get_by_role("article").nth(1)
    await expect(card).to_match_aria_snapshot(r"""
      - article:
        - text: "Bot: SOL"
        - button "/help"
        - button "Hidden text; press to show": hidden
        - code: c
        - text: p
        - blockquote: q
        - time: /\d/
        - button "Reaction 👍" [pressed]: 👍
        - button "Message actions"
        - button "Confirm"
        - button "Edit"
        - button "Close"
        - button "Skip"
        - button "Wait" [disabled]
        - button "Copy"
        - link "Site":
          - /url: https://example.org/
    """)
    await practice.ok("sendChatAction", chat_id=1001, action="upload_photo")
    await expect(page.get_by_role("status").filter(has_text="sends a photo…")).to_be_visible()


async def test_the_focus_goes_from_top_to_bottom_and_is_seen(browser: Browser, practice: Practice) -> None:
    await furnish(practice)
    page = await open_page(browser, practice)
    await page.get_by_role("button", name="Change person").focus()
    way = []
    for _ in range(26):
        await page.keyboard.press("Tab")
        seen = await page.evaluate(
            """() => {
                const node = document.activeElement, style = getComputedStyle(node);
                const name = node.getAttribute('aria-label') || node.textContent.trim();
                return [name, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2, node.id];
            }"""
        )
        way.append(seen[0])
        assert seen[1] or seen[2] in ("text", "scroll"), seen
        if seen[2] == "text":
            break
    assert way[0] == "Pinned messageSOL /help ▒▒▒▒▒▒ c"
    keys = ["Confirm", "Edit", "Close", "Skip", "Copy", "Site"]
    assert [name for name in way if name in keys] == keys
    assert way[-2:] == ["Menu", "Message"]


async def test_the_focus_stays_when_a_card_changes(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    sent = await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    await page.get_by_role("button", name="Edit").focus()
    where = {"chat_id": 1001, "message_id": sent["message_id"]}
    await practice.ok("editMessageText", **where, text="changed", reply_markup=KEYS)
    await expect(page.locator(".message.bot .text")).to_have_text("changed")
    await expect(page.get_by_role("button", name="Edit")).to_be_focused()
    await practice.ok("editMessageText", **where, text="over")
    await expect(page.get_by_role("textbox")).to_be_focused()


async def test_nothing_moves_for_those_who_want_no_movement(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice, reduced_motion="reduce")
    await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=KEYS)
    assert await told(page, MOVING) == 0
