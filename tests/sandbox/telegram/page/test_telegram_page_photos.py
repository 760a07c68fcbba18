"""Photos on the chat page: albums as one picture; seen large, one after the other, nearer and farther."""

import json

import pytest
from playwright.async_api import Browser, Page, expect

from tests.sandbox.telegram.browsing import IN_BROWSER, open_page, upload
from tests.sandbox.telegram.practice_chat import Practice, png

pytestmark = IN_BROWSER


async def send_album(practice: Practice, sizes: list[tuple[int, int]], captions: dict[int, str]) -> None:
    names = [f"p{number}" for number in range(len(sizes))]
    media = [
        {"type": "photo", "media": f"attach://{name}", "caption": captions.get(number, "")}
        for number, name in enumerate(names)
    ]
    files = {name: png(*size) for name, size in zip(names, sizes, strict=True)}
    await upload(practice, "sendMediaGroup", {"media": json.dumps(media)}, **files)


async def zoom(page: Page) -> float:
    return float(await page.locator("#viewer-photo").evaluate("node => new DOMMatrix(node.style.transform).a"))


async def test_a_photo_opens_large_and_closes_with_escape(browser: Browser, practice: Practice) -> None:
    await upload(practice, "sendPhoto", {"caption": "chart\nmore"}, photo=png(900, 600))
    page = await open_page(browser, practice)
    photo = page.get_by_role("button", name="Photo")
    box = await photo.bounding_box()
    assert box is not None
    assert box["width"] > 300
    await photo.click()
    await expect(page.get_by_role("dialog").get_by_role("img", name="Photo: chart")).to_be_visible()
    await expect(page.get_by_role("button", name="Next photo")).to_have_count(0)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(photo).to_be_focused()


async def test_an_album_is_paged_through_with_arrows(browser: Browser, practice: Practice) -> None:
    await send_album(practice, [(900, 600), (600, 800), (900, 600)], {0: "first", 1: "second"})
    page = await open_page(browser, practice)
    await page.locator(".album-grid").get_by_role("button").nth(1).click()
    viewer = page.get_by_role("dialog", name="Photo, 2 of 3")
    await expect(viewer.get_by_role("img", name="Photo: second")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("dialog", name="Photo, 3 of 3")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(
        page.get_by_role("dialog", name="Photo, 1 of 3").get_by_role("img", name="Photo: first")
    ).to_be_visible()
    await page.keyboard.press("ArrowLeft")
    await expect(page.get_by_role("dialog", name="Photo, 3 of 3")).to_be_visible()
    await page.get_by_role("button", name="Next photo").click()
    await expect(page.locator("#viewer-place")).to_have_text("1 of 3")


async def test_a_photo_comes_nearer_and_is_moved_about(browser: Browser, practice: Practice) -> None:
    await upload(practice, "sendPhoto", {}, photo=png(900, 600))
    page = await open_page(browser, practice)
    await page.get_by_role("button", name="Photo").click()
    await expect(page.get_by_role("button", name="Farther")).to_be_disabled()
    await page.get_by_role("button", name="Nearer").click()
    assert await zoom(page) == 1.5
    await page.keyboard.press("+")
    assert await zoom(page) == 2.25
    shown = page.locator("#viewer-photo")
    before = await shown.bounding_box()
    await page.mouse.move(180, 370)
    await page.mouse.down()
    await page.mouse.move(120, 370, steps=3)
    await page.mouse.up()
    after = await shown.bounding_box()
    assert before is not None
    assert after is not None
    assert after["x"] == pytest.approx(before["x"] - 60, abs=1)
    assert await zoom(page) == 2.25
    await page.keyboard.press("0")
    assert await zoom(page) == 1
    await page.mouse.click(180, 370)
    assert await zoom(page) == 2.5
    await page.mouse.wheel(0, 100)
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert await zoom(page) < 2.5
    await page.mouse.click(20, 650)
    await expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("count", [2, 5, 10])
async def test_an_album_is_one_picture_without_gaps(browser: Browser, practice: Practice, count: int) -> None:
    shapes = [(900, 600), (600, 900), (500, 500), (1200, 400)]
    await send_album(
        practice, [shapes[number % 4] for number in range(count)], {2: "the only words"} if count > 2 else {}
    )
    page = await open_page(browser, practice)
    photos = page.locator(".album-grid img")
    await expect(photos).to_have_count(count)
    await expect(page.locator(".message:visible")).to_have_count(1)
    boxes = await photos.evaluate_all("all => all.map(one => one.getBoundingClientRect().toJSON())")
    grid = await page.locator(".album-grid").bounding_box()
    assert grid is not None
    for row in {box["top"] for box in boxes}:
        beside = [box for box in boxes if box["top"] == row]
        assert len(beside) <= 4
        assert len({round(box["height"]) for box in beside}) == 1
        assert sum(box["width"] + 2 for box in beside) - 2 == pytest.approx(grid["width"], abs=1)
    assert min(box["width"] for box in boxes) > 40
    if count > 2:
        await expect(page.locator(".message.album .text")).to_have_text("the only words")


async def test_an_album_goes_on_when_one_of_it_is_changed_or_goes(browser: Browser, practice: Practice) -> None:
    await send_album(practice, [(300, 200)] * 3, {})
    page = await open_page(browser, practice)
    await expect(page.locator(".album-grid img")).to_have_count(3)
    await practice.ok("editMessageCaption", chat_id=1001, message_id=2, caption="now with words")
    await expect(page.locator(".message.album:visible .text")).to_have_text("now with words")
    await practice.ok("deleteMessage", chat_id=1001, message_id=1)
    await expect(page.locator(".album-grid img")).to_have_count(2)
    await practice.ok("deleteMessage", chat_id=1001, message_id=3)
    await expect(page.locator(".album-grid")).to_have_count(0)
    await expect(page.locator(".message:visible .photo img")).to_have_count(1)
    await expect(page.locator(".message:visible .text")).to_have_text("now with words")
