"""Takes the README's pictures from a real run: starts the program in a folder of its own, trades, looks, ends it.

    .venv/bin/python docs/screenshots.py

It needs chromium and about two minutes; the pictures are written beside this file, each below 200 KB.
"""

import asyncio
import base64
import io
import os
import re
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import aiohttp
from PIL import Image
from playwright.async_api import Browser, Locator, Page, async_playwright

HERE = Path(__file__).parent
ANN, VERA = 1001, 1002
PHONE, DESK = (360, 740), (1280, 800)
LONGEST_SECONDS = 300.0
LARGEST_BYTES = 200_000
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
)
OFFER, SAFE, OVER = "🟡", "🟢", "⚪"
# Without the wallpaper, so that nothing shines through between bubbles and buttons.
GROUND = "#c9dac8"
PLAIN = f"#chat {{ background: {GROUND} }} #chat::before {{ display: none }}"

Found = TypeVar("Found")


class Practice:
    """A running program with its practice world, seen from outside."""

    def __init__(self, session: aiohttp.ClientSession, telegram: str, bybit: str) -> None:
        self._session = session
        self.telegram = telegram
        self._bybit = bybit

    async def answers(self) -> bool:
        """Whether the chat page is there."""
        try:
            async with self._session.get(self.telegram) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def introduce(self, user: int, first_name: str, language: str) -> None:
        """What Telegram will tell the bot of a person."""
        told = {"first_name": first_name, "language_code": language}
        async with self._session.put(f"{self.telegram}/chat/{user}", json=told) as answer:
            answer.raise_for_status()

    async def move_price(self, symbol: str, price: str) -> None:
        """Moves the made-up market there."""
        async with self._session.post(f"{self._bybit}/sandbox/price", json={"symbol": symbol, "price": price}) as told:
            told.raise_for_status()


async def main() -> None:
    """Raises TimeoutError where the program does not do in time what the pictures are to show."""
    async with asyncio.timeout(LONGEST_SECONDS), running() as practice, browser() as chromium:
        await practice.introduce(ANN, "Ann", "en")
        await practice.introduce(VERA, "Вера", "ru")
        ann = await chat(chromium, f"{practice.telegram}/?user={ANN}", PHONE)
        vera = await chat(chromium, f"{practice.telegram}/?user={VERA}", PHONE, dark=True)
        for page in (ann, vera):
            await page.click("#start")
        await card(vera, OFFER).wait_for(timeout=0)
        offer = await card(ann, OFFER).element_handle(timeout=0)
        assert offer is not None, "waited for it"
        await keep(ann, "card-en.png")
        await keep(vera, "card-ru.png")
        both = await chat(chromium, f"{practice.telegram}/?user={ANN}&beside={VERA}", DESK)
        await both.frame_locator("iframe >> nth=1").locator(".key.success").last.wait_for()
        await keep(both, "people.png")

        await ann.add_style_tag(content=PLAIN)
        states = [await offer.screenshot()]
        await card(ann, OFFER).locator(".key.success").click()
        await card(ann, SAFE).wait_for()
        symbol, entry, target = levels(await card(ann, SAFE).inner_text())
        await practice.move_price(symbol, str(entry + (target - entry) * 2 / 5))
        await card(ann, SAFE).get_by_text("Refresh").click()
        await card(ann, SAFE).locator("pre", has_text="Now ").wait_for()
        await ann.locator("#toast").wait_for(state="hidden")
        states.append(await offer.screenshot())
        await keep_drawer(chromium, practice, "chat-dark.png")

        await practice.move_price(symbol, str(target))
        await card(ann, OVER).wait_for()
        states.append(await offer.screenshot())
        await side_by_side(chromium, states, "ticket.png")


async def keep_drawer(chromium: Browser, practice: Practice, name: str) -> None:
    """The chat on a desktop, dark, with the Bybit app beside it."""
    desk = await chat(chromium, f"{practice.telegram}/?user={ANN}", DESK, dark=True)
    await desk.locator("#open-bybit").click()
    await desk.locator(".position").wait_for()
    await keep(desk, name)
    await desk.context.close()


def levels(text: str) -> tuple[str, Decimal, Decimal]:
    """Symbol, average entry and target of a position's card."""
    symbol, entry, target = (
        re.search(pattern, text) for pattern in (r"[A-Z0-9]+USDT", r"@ ([\d.,]+)", r"Target +([\d.,]+)")
    )
    assert symbol is not None
    assert entry is not None
    assert target is not None
    return symbol[0], Decimal(entry[1].replace(",", "")), Decimal(target[1].replace(",", ""))


# --- the program


@asynccontextmanager
async def running() -> AsyncIterator[Practice]:
    """The program in a folder of its own on free ports; ended afterwards, and its folder removed."""
    telegram, bybit = free_ports()
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "PYTHONPATH": str(HERE.parent),
            "SANDBOX_TELEGRAM_PORT": str(telegram),
            "SANDBOX_BYBIT_PORT": str(bybit),
            "OWNER_IDS": f"{ANN},{VERA}",
        }
        program = await asyncio.create_subprocess_exec(sys.executable, "-m", "tgbot", cwd=folder, env=environment)
        try:
            async with aiohttp.ClientSession() as session:
                practice = Practice(session, f"http://127.0.0.1:{telegram}", f"http://127.0.0.1:{bybit}")
                await until(practice.answers)
                yield practice
        finally:
            program.terminate()
            await program.wait()


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


async def until(asked: Callable[[], Awaitable[Found]]) -> Found:
    """The first true answer."""
    while not (answer := await asked()):  # noqa: ASYNC110 - it is asked over HTTP
        await asyncio.sleep(0.2)
    return answer


# --- the browser


@asynccontextmanager
async def browser() -> AsyncIterator[Browser]:
    """Debian's chromium, or whichever is called so."""
    async with async_playwright() as playwright:
        opened = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=CHROMIUM_ARGUMENTS)
        try:
            yield opened
        finally:
            await opened.close()


async def chat(chromium: Browser, address: str, size: tuple[int, int], *, dark: bool = False) -> Page:
    """The chat page at an address."""
    context = await chromium.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if dark else "light", bypass_csp=True
    )
    page = await context.new_page()
    await page.goto(address)
    return page


def card(page: Page, sign: str) -> Locator:
    """The newest card in a state."""
    return page.locator(".message.bot", has=page.locator(f".bubble:has-text('{sign}')")).last


async def keep(page: Page, name: str) -> None:
    """The page as it stands, once it stands still."""
    await page.wait_for_timeout(500)
    write(await page.screenshot(), name)


def write(picture: bytes, name: str) -> None:
    """The picture as a small PNG: of 256 colours where all of them are too many."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.save(HERE / name, optimize=True)
    if (HERE / name).stat().st_size > LARGEST_BYTES:
        image.quantize(256, kmeans=2).save(HERE / name, optimize=True)


async def side_by_side(chromium: Browser, pictures: list[bytes], name: str) -> None:
    """The pictures in one row on the chat's own colour."""
    page = await chromium.new_page()
    shown = "".join(f"<img src='data:image/png;base64,{base64.b64encode(one).decode()}'>" for one in pictures)
    style = f"display:flex;gap:24px;align-items:flex-start;width:max-content;padding:20px;background:{GROUND}"
    await page.set_content(f"<body style='margin:0'><div style='{style}'>{shown}</div>")
    write(await page.locator("div").screenshot(), name)


if __name__ == "__main__":
    asyncio.run(main())
