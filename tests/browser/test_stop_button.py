"""Lesson 1's stop button, pressed with the mouse while the answer is being written."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.browser.lab_page import Lesson

pytestmark = pytest.mark.asyncio

# So slow that the whole answer would take ten minutes: however busy the machine, there is
# something left to stop when the mouse arrives.
SLOWLY = "model.pace(first=0.05, per_token=20)\n"
STOPPED = 240  # seconds after which the answer counts as not stopped; whole, it takes longer


async def test_a_click_on_stop_stops_the_stream(lesson_1: Lesson) -> None:
    page = lesson_1.page
    widget, after = page.find("ipywidgets.Button("), page.find("await writing")
    whole = "Your money is back three days later."
    assert whole in page.source(page.find('model.when("send .* back")'))
    source = page.source(widget)
    by_hand = [line for line in source.splitlines() if "observe" not in line]
    assert len(by_hand) == len(source.splitlines()) - 1

    await page.write(widget, SLOWLY + "\n".join(by_hand))
    output = await page.run(widget)
    words = output.locator(".widget-html-content").last  # the first one stands for a lost kernel
    await expect(words).to_contain_text("Yes")
    await output.get_by_role("button", name="Stop").click()

    try:
        async with asyncio.timeout(STOPPED):
            told = await page.run(after)
    except TimeoutError:
        told = None
    assert told, "The answer is still being written, long after the click."
    await expect(told).to_have_text("stopped; still to run: ('model',)\n")
    await expect(words).to_contain_text("Yes")
    await expect(words).not_to_contain_text(whole)
