"""Slides in a browser: turned by keyboard and by button, outputs on the next key, notes beside."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Locator, Page, expect

from course_layout import ROOT
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
    await deck.evaluate("document.body.classList.remove('step')")  # as with --no-step
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


async def test_an_output_comes_with_the_next_key(deck: Page) -> None:
    first = deck.locator("section:has(.later)").first
    number = await first.evaluate("s => [...document.querySelectorAll('section')].indexOf(s) + 1")
    await deck.evaluate(f"show({number - 1})")
    output, place = first.locator(".later").first, deck.locator("#place")
    await expect(output).to_be_hidden()
    await deck.keyboard.press("PageDown")  # what a clicker sends
    await expect(output).to_be_visible()
    await expect(place).to_have_text(re.compile(f"Slide {number} of"))
    await deck.keyboard.press("PageUp")
    await expect(output).to_be_hidden()
    while await first.is_visible():
        await deck.keyboard.press("ArrowRight")
    await expect(place).to_have_text(re.compile(f"Slide {number + 1} of"))
    await deck.keyboard.press("ArrowLeft")  # back to a slide that is known already
    await expect(output).to_be_visible()


async def test_the_speaker_has_notes_in_a_second_window(deck: Page) -> None:
    async with deck.expect_popup() as opened:
        await deck.keyboard.press("s")
    notes = await opened.value
    await expect(notes.locator("main")).to_contain_text("Before you begin")
    await notes.keyboard.press("ArrowRight")  # the notes turn the slides, too
    await expect(deck.locator("#place")).to_have_text(re.compile("Slide 2 of"))
    await expect(notes.locator("h1")).to_contain_text("2 of")
    guide = (ROOT / "instructor" / f"{LESSON}.md").read_text("utf-8")
    step, minutes = re.findall(r"^### (.+) \((\d+) minutes\)$", guide, re.M)[0]
    cue = f"minutes 0 to {minutes} of"
    for _ in range(40):
        if cue in await notes.locator("main").inner_text():
            break
        await deck.keyboard.press("ArrowRight")
    await expect(notes.locator("main")).to_contain_text(step)
    await expect(notes.locator("main")).to_contain_text("Run")
    await expect(notes.locator("#clock")).to_have_text(re.compile(r"\d+:\d\d"))


async def test_the_overview_leads_to_any_slide(deck: Page) -> None:
    await deck.keyboard.press("o")
    overview = deck.get_by_role("dialog", name="All slides")
    await expect(overview.get_by_role("button").first).to_be_focused()
    await deck.keyboard.press("ArrowRight")  # turns nothing while the list is open
    await overview.get_by_role("button", name="Recap", exact=True).press("Enter")
    await expect(overview).to_be_hidden()
    await expect(seen(deck).locator("h2")).to_have_text("Recap")


async def test_the_back_row_can_read_everything(deck: Page) -> None:
    """At 1280 by 720 no letter is smaller than 24 pixels; drawings are measured as shown."""
    await deck.set_viewport_size({"width": 1280, "height": 720})
    small = await deck.evaluate("""() => {
      const found = [];
      for (let n = 0; n < slides.length; n += 1) {
        show(n, false, true);
        const words = document.createTreeWalker(slides[n], NodeFilter.SHOW_TEXT);
        while (words.nextNode()) {
          const own = words.currentNode.parentElement;
          if (!words.currentNode.textContent.trim() || !own.getClientRects().length) continue;
          const size = parseFloat(getComputedStyle(own).fontSize);
          if (size < 24 && !own.ownerSVGElement) found.push([n + 1, size, own.textContent]);
        }
      }
      return found;
    }""")
    assert small == []


async def test_no_slide_has_to_be_scrolled(deck: Page) -> None:
    await deck.set_viewport_size({"width": 1280, "height": 720})
    too_high = await deck.evaluate("""() => {
      const found = [];
      for (const slide of document.querySelectorAll('section')) {
        show(slides.indexOf(slide), false, true);
        if (slide.scrollHeight > slide.clientHeight) found.push(slide.textContent);
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
