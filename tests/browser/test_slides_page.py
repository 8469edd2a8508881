"""Slides in a browser: turned by keyboard and by button, readable, and nothing is loaded."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, expect

from instructor.slides import slides
from tests.browser import axe
from tests.browser.contrast import ENOUGH, contrasts

pytestmark = pytest.mark.asyncio

LESSON = "05_loop_prevention"  # it has a table, two graphs, a curve and a recap


@pytest_asyncio.fixture
async def deck(chromium: BrowserContext, tmp_path: Path) -> AsyncIterator[Page]:
    """The slides of a lesson; afterwards: nothing was requested, nothing went wrong."""
    assert slides.main([LESSON, "--to", str(tmp_path)]) == 0
    page = await chromium.new_page()
    asked, wrong = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    address = (tmp_path / f"{LESSON}.html").as_uri()
    await page.goto(address)
    yield page
    await page.close()
    assert {url for url in asked if not url.startswith("data:")} == {address}
    assert wrong == []


def seen(page: Page) -> Locator:
    """Return the slide that is shown."""
    return page.locator("section:visible")


async def test_slides_are_turned_by_keyboard_and_by_button(deck: Page) -> None:
    await expect(seen(deck)).to_have_count(1)
    await expect(seen(deck).locator("h1")).to_have_text("5. Loop prevention")
    place = deck.locator("#place")
    for key, number in (
        ("ArrowRight", 2),
        ("PageDown", 3),
        (" ", 4),
        ("ArrowLeft", 3),
        ("Home", 1),
    ):
        await deck.keyboard.press(key)
        await expect(place).to_have_text(re.compile(rf"Slide {number} of \d+"))
    await expect(seen(deck).locator("h1")).to_be_focused()
    await deck.get_by_role("button", name="Next").click()
    await expect(place).to_have_text(re.compile("Slide 2 of"))
    await expect(seen(deck).locator("h2")).to_be_visible()
    await deck.get_by_role("button", name="Previous").press("Enter")
    await expect(place).to_have_text(re.compile("Slide 1 of"))
    await deck.keyboard.press("End")
    last = await place.inner_text()
    assert re.fullmatch(r"Slide (\d+) of \1", last)
    await deck.reload()  # the address remembers the slide
    await expect(place).to_have_text(last)


async def test_a_recap_answer_opens_by_keyboard_and_fits(deck: Page) -> None:
    await deck.keyboard.press("End")
    while not await seen(deck).locator("details").count():  # the recap ends the core
        await deck.keyboard.press("ArrowLeft")
    question = seen(deck).locator("details").first
    await expect(question.locator("ul")).not_to_be_visible()
    await question.locator("summary").focus()
    await deck.keyboard.press("Enter")
    await expect(question.locator("ul")).to_be_visible()
    await deck.keyboard.press("Space")
    await expect(question.locator("ul")).not_to_be_visible()


async def test_no_slide_has_to_be_scrolled(deck: Page) -> None:
    await deck.set_viewport_size({"width": 1280, "height": 720})
    too_high = await deck.evaluate("""() => {
      const found = [];
      for (const slide of document.querySelectorAll('section')) {
        if (slide.scrollHeight > slide.clientHeight) found.push(slide.textContent);
        document.querySelector('#on').click();
      }
      return found;
    }""")
    assert too_high == []


async def test_everybody_can_read_them(deck: Page, axe_core: str) -> None:
    all_at_once = "section { display: block !important; height: auto !important; }"
    await deck.add_style_tag(content=all_at_once)
    # Never seen at once, two slides may have one title: the second goes on where the first ends.
    assert await axe.violations(deck, axe_core, "body", but=["landmark-unique"]) == []
    found = await contrasts(deck.locator("main"))
    assert len(found) > 500
    assert [piece for piece in found if piece.ratio < ENOUGH] == []
