"""Around the exercises: recaps unfold, and what a student has typed is kept."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import expect

from tests.browser.lab_page import Lesson, Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

TYPED = 'best = {"A": "messages"}  # to be continued'


async def test_a_recap_question_opens_by_click_and_by_keyboard(lesson_1: Lesson) -> None:
    questions = lesson_1.page.page.locator(".jp-MarkdownCell details")
    first, second = questions.nth(0), questions.nth(1)
    for question in (first, second):
        await question.scroll_into_view_if_needed()
        await expect(question.locator("ul")).not_to_be_visible()

    await first.locator("summary").click()
    await expect(first.locator("ul")).to_be_visible()
    await second.locator("summary").focus()
    await second.locator("summary").press("Enter")
    await expect(second.locator("ul")).to_be_visible()


async def test_what_a_student_typed_survives_save_and_reload(
    open_notebook: Opener, lab: Lab
) -> None:
    notebook = lab.write("edited.ipynb", "best = ...", "best")
    async with open_notebook(notebook) as shown:
        cell = shown.find("best = ...")
        await shown.write(cell, TYPED)
        async with shown.page.expect_response(
            lambda answer: answer.request.method == "PUT" and notebook in answer.url
        ):
            await shown.page.keyboard.press("ControlOrMeta+s")
        assert json.dumps(TYPED) in (lab.course / notebook).read_text("utf-8")

        await shown.page.reload()
        await shown.wait_until_open()
        editor = shown.cell(cell).locator(".cm-content")
        await editor.scroll_into_view_if_needed()
        await expect(editor).to_have_text(TYPED)
