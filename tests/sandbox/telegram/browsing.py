"""The chat page in Chromium, as the tests of the page open it."""

import asyncio
import shutil
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.sandbox.telegram.practice_chat import TOKEN, Practice

CHROMIUM = shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
IN_BROWSER = [
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
    pytest.mark.asyncio(loop_scope="module"),  # one browser serves all tests of a file
]
PATIENCE_SECONDS = 20  # another test may have the machine just now
PHONE = {"width": 360, "height": 740}


async def open_page(browser: Browser, practice: Practice, user: int = 1001, **options: Any) -> Page:
    """The chat page of a person on a phone, with its own profile."""
    context = await browser.new_context(**{"viewport": PHONE, "locale": "en-US", **options})
    page = await context.new_page()
    page.on("pageerror", lambda error: pytest.fail(f"the page broke: {error}"))
    await page.goto(f"{practice.base}/?user={user}")
    await expect(page.locator("#composer, #start").locator("visible=true")).to_have_count(1)
    return page


async def heard(practice: Practice, kind: str) -> Any:
    """The newest update that the bot hears, once it is of this kind."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            updates = await practice.ok("getUpdates", timeout=5, offset=-1)
            if updates and kind in updates[-1]:
                return updates[-1][kind]
            await asyncio.sleep(0.05)


async def upload(practice: Practice, method: str, fields: dict[str, str], **files: bytes) -> None:
    """A method with files, called as a form."""
    form = aiohttp.FormData({"chat_id": "1001", **fields})
    for name, body in files.items():
        form.add_field(name, body, filename=f"{name}.csv")
    async with practice.session.post(f"{practice.base}/bot{TOKEN}/{method}", data=form) as answer:
        assert (await answer.json())["ok"], await answer.text()
