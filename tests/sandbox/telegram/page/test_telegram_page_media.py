"""The chat page in a real browser: files, albums, reactions, drafts, rich messages, copies and pins."""

import pytest
from playwright.async_api import Browser, expect

from tests.sandbox.telegram.browsing import IN_BROWSER, heard, open_page, upload
from tests.sandbox.telegram.practice_chat import Practice, png

pytestmark = IN_BROWSER


async def test_a_document_is_saved_with_a_press(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    await practice.ok("sendChatAction", chat_id=1001, action="upload_document")
    await expect(page.locator("#state")).to_have_text("sends a file…")
    await upload(practice, "sendDocument", {"caption": "journal"}, document=b"x" * 1500)
    file = page.get_by_role("link", name="Save the file document.csv")
    await expect(file).to_contain_text("1.5 KB")
    async with page.expect_download() as saving:
        await file.click()
    saved = await saving.value
    assert saved.suggested_filename == "document.csv"
    assert (await saved.path()).read_bytes() == b"x" * 1500


async def test_an_album_stands_together(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    media = '[{"type":"photo","media":"attach://a","caption":"one"},{"type":"photo","media":"attach://b"}]'
    await upload(practice, "sendMediaGroup", {"media": media}, a=png(300, 200), b=png(300, 201))
    await expect(page.locator(".message.album img")).to_have_count(2)
    await expect(page.locator(".message.album:visible")).to_have_count(1)


async def test_reactions_are_shown_given_and_taken_back(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    sent = await practice.ok("sendMessage", chat_id=1001, text="card")
    await practice.ok("getUpdates", allowed_updates=["message_reaction"])
    await practice.ok("setMessageReaction", chat_id=1001, message_id=1, reaction=[{"type": "emoji", "emoji": "👍"}])
    shown = page.locator(".reactions > .reaction")
    await expect(shown).to_have_text(["👍"])
    await page.get_by_role("button", name="Message actions").focus()
    await page.keyboard.press("Enter")
    await page.get_by_role("menuitemcheckbox", name="Reaction 🔥").click()
    assert (await heard(practice, "message_reaction"))["new_reaction"] == [{"type": "emoji", "emoji": "🔥"}]
    await expect(shown).to_have_text(["👍", "🔥"])
    await page.get_by_role("button", name="Reaction 🔥", pressed=True).click()
    await expect(shown).to_have_text(["👍"])
    assert (await practice.messages(1001))[0]["message_id"] == sent["message_id"]


async def test_a_draft_is_seen_until_the_message_comes(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice)
    await practice.ok("sendMessageDraft", chat_id=1001, draft_id=1)
    await expect(page.locator("#draft")).to_have_text("Thinking…")
    await practice.ok("sendMessageDraft", chat_id=1001, draft_id=1, text="So <b>far</b>", parse_mode="HTML")
    await expect(page.locator("#draft b")).to_have_text("far")
    await page.reload()
    await expect(page.locator("#draft b")).to_have_text("far")
    await practice.ok("sendMessage", chat_id=1001, text="So far so good")
    await expect(page.locator("#draft")).to_be_hidden()


RICH = (
    "<h2>Week</h2><p>net <b>+1.4 R</b></p><table><tr><th>SOL</th><td align='right'>+0.4</td></tr></table>"
    "<ul><li>one</li></ul><details><summary>Costs</summary>funding</details>"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_rich_message_is_drawn(browser: Browser, practice: Practice, scheme: str) -> None:
    page = await open_page(browser, practice, color_scheme=scheme)
    await practice.ok("sendRichMessage", chat_id=1001, rich_message={"html": RICH})
    rich = page.locator(".rich")
    await expect(rich.get_by_role("heading", name="Week")).to_be_visible()
    await expect(rich.get_by_role("cell", name="+0.4")).to_have_css("text-align", "right")
    await expect(rich.get_by_text("funding")).to_be_hidden()
    await rich.get_by_text("Costs").click()
    await expect(rich.get_by_text("funding")).to_be_visible()
    assert await page.evaluate("document.getElementById('scroll').scrollWidth <= innerWidth")


async def test_a_copy_button_fills_the_clipboard(browser: Browser, practice: Practice) -> None:
    page = await open_page(browser, practice, permissions=["clipboard-read", "clipboard-write"])
    keys = {"inline_keyboard": [[{"text": "Copy the price", "copy_text": {"text": "148.32"}}]]}
    await practice.ok("sendMessage", chat_id=1001, text="card", reply_markup=keys)
    await page.get_by_role("button", name="Copy the price").click()
    await expect(page.locator("#toast")).to_have_text("Copied")
    assert await page.evaluate("navigator.clipboard.readText()") == "148.32"


async def test_a_pin_is_shown_and_leads_to_its_message(browser: Browser, practice: Practice) -> None:
    for number in range(30):
        await practice.ok("sendMessage", chat_id=1001, text=f"line {number}")
    page = await open_page(browser, practice)
    await practice.ok("pinChatMessage", chat_id=1001, message_id=2)
    await page.locator("#pin").get_by_text("line 1").click()
    await expect(page.locator("[data-id='2']")).to_be_in_viewport()
    await practice.ok("unpinChatMessage", chat_id=1001)
    await expect(page.locator("#pin")).to_be_hidden()
