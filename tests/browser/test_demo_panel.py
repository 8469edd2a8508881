"""The instructor's panel in JupyterLab, used by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser import axe
from tests.browser.lab_page import Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

PANEL = """\
import lesson_model
from course_utils import demo

model = lesson_model.start()
demo.panel(model)
"""
ASK = "print([model.state.faults.take().word, model.state.first])"


async def test_the_panel_by_keyboard(open_notebook: Opener, lab: Lab, axe_core: str) -> None:
    async with open_notebook(lab.write("demo.ipynb", PANEL, ASK)) as page:
        shown = await page.run(page.find("demo.panel"))
        said = shown.get_by_role("status")
        await expect(said).to_have_text("Nothing is changed yet.")

        await shown.get_by_role("button", name="slow").focus()
        await page.page.keyboard.press("Enter")
        await expect(said).to_have_text("Pace: slow.")
        await shown.get_by_role("button", name="the next 3 requests").focus()
        await page.page.keyboard.press("Enter")
        await shown.get_by_role("button", name="rate limit").focus()
        await page.page.keyboard.press("Enter")
        await expect(said).to_have_text("rate_limit for the next 3 requests: 429 with Retry-After.")
        assert await axe.violations(page.page, axe_core, ".jp-OutputArea-output") == []

        asked = await page.run(page.find("faults.take"))
        await expect(asked).to_have_text("['rate_limit', 1.0]\n")
        await shown.get_by_role("button", name="Reset", exact=True).focus()
        await page.page.keyboard.press("Enter")
        await expect(said).to_have_text("All is as it was.")
