"""The instructor's panel in JupyterLab: by keyboard alone, and pressed while a stream runs."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser import axe
from tests.browser.lab_page import Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

PANEL = """\
import lesson_model
from instructor import demo

model = lesson_model.start()
demo.panel(model)
"""
ASK = "print([model.state.faults.take().word, model.state.first])"
STREAM = """\
import openai

model.when("tent").says("Dry the tent in the shade, on both sides, and fold it only then. " * 9)
client = openai.OpenAI(max_retries=0)

def stream():
    question = [{"role": "user", "content": "How do I wash my tent?"}]
    for chunk in client.chat.completions.create(model="m", messages=question, stream=True):
        print(chunk.choices[0].delta.content or "", end="") if chunk.choices else None
"""


async def test_the_panel_by_keyboard(open_notebook: Opener, lab: Lab, axe_core: str) -> None:
    async with open_notebook(lab.write("demo.ipynb", PANEL, ASK)) as page:
        shown = await page.run(page.find("demo.panel"))
        said = shown.get_by_role("status")
        await expect(said).to_have_text("Pace: as in the lesson (no waiting).No fault waits.")

        await shown.get_by_role("button", name="slow").focus()
        await page.page.keyboard.press("Enter")
        await expect(said).to_contain_text(
            "Pace: slow (1 s to the first token, then 0.2 s a token)"
        )
        await shown.get_by_role("button", name="the next 3 requests").focus()
        await page.page.keyboard.press("Enter")
        await shown.get_by_role("button", name="rate limit").focus()
        await page.page.keyboard.press("Enter")
        await expect(said).to_contain_text("too many requests: waits for 3 requests.")
        assert await axe.violations(page.page, axe_core, ".jp-OutputArea-output") == []

        asked = await page.run(page.find("faults.take"))
        await expect(asked).to_have_text("['rate_limit', 1.0]\n")
        await shown.get_by_role("button", name="Reset", exact=True).focus()
        await page.page.keyboard.press("Enter")
        await expect(said).to_contain_text("Pace: as in the lesson (no waiting).")
        await expect(said).to_contain_text("the rest is gone, taken back.")


async def test_buttons_act_while_a_stream_runs(open_notebook: Opener, lab: Lab) -> None:
    """Nothing waits for the cell: its prompt shows a star until the end of the test."""
    notebook = lab.write("pressed.ipynb", PANEL, STREAM, "stream()", "model.pace(0.5, 3)")
    async with open_notebook(notebook) as page:
        shown = await page.run(page.find("demo.panel"))
        said = shown.get_by_role("status")
        await page.run(page.find("import openai"))
        await page.run(page.find("model.pace"))
        await expect(said).to_contain_text("as in the lesson (0.5 s to the first token, then 3 s")

        running = page.cell("cell-2")
        await running.locator(".cm-content").click()
        await page.page.keyboard.press("Shift+Enter")
        prompt = running.locator(".jp-InputPrompt")
        await expect(running.locator(".jp-OutputArea-output")).to_have_text(re.compile("Dry"))
        await expect(shown.get_by_text("Requests so far: 1")).to_be_visible()
        await shown.get_by_role("button", name="truncate").click()
        await expect(said).to_contain_text("stops after 5 tokens, as if it were whole: waits for 1")
        await shown.get_by_role("button", name="slow").click()
        await expect(said).to_contain_text("Pace: slow")
        await shown.get_by_role("button", name="server error").click()
        await expect(said).to_contain_text("status 500, the server broke: waits for 1 request.")
        await expect(prompt).to_have_text(re.compile(r"\[\*\]"))  # all of this while it ran

        await shown.get_by_role("button", name="Reset", exact=True).click()
        await expect(said).to_contain_text("as in the lesson (0.5 s to the first token, then 3 s")
        await expect(said.get_by_text("gone, taken back before it was used")).to_be_visible()
        await shown.get_by_role("button", name="truncate").click()
        await shown.get_by_role("button", name="fast").click()
        await expect(prompt).to_have_text(re.compile(r"\[\d+\]"))
        # The running answer stayed whole; the next one is the short one.
        whole = await running.locator(".jp-OutputArea-output").inner_text()
        assert whole.count("Dry the tent") == 9
        short = await page.run("cell-2")
        await expect(short).to_have_text("Dry the tent in the")
        await expect(said).to_contain_text("used by request 2, it waits no more.")
