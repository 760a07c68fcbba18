"""The chat page in Chromium, as the tests of the page open it."""

import shutil
from typing import Any

import pytest
from playwright.async_api import Browser, Page, expect

from tests.sandbox.telegram.practice_chat import Practice

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
    """The newest update of a kind that the bot hears."""
    updates = await practice.ok("getUpdates", timeout=5, offset=-1)
    return updates[-1][kind]
