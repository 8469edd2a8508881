"""Lesson 3's own panel: pressed with the mouse, left alone, and found again after a restart."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from course_utils.approval.card import LABELS
from tests.browser.lab_page import RED, Lesson, NotebookPage, Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

PANEL = "your_panel = ApprovalPanel("
TOLD = "for call in your_panel.pending"
GATE = "your_panel.require()"


@pytest_asyncio.fixture(scope="module")
async def lesson_3(open_notebook: Opener) -> AsyncIterator[Lesson]:
    """Lesson 3 as a student has it, after Run All, with nothing solved and nothing pressed."""
    async with open_notebook("notebooks/03_human_in_the_loop.ipynb") as page:
        yield Lesson(page, await page.run_all())


def panel_of(page: NotebookPage) -> Locator:
    """Return the panel that waits for the reader."""
    return page.cell(page.find(PANEL)).locator(".jp-OutputArea-output")


def shown(lesson: Lesson, source: str) -> str:
    """Return what the cell with this source showed after Run All."""
    cell = lesson.page.find(source)
    return "\n".join(output.text for output in lesson.outputs if output.cell == cell)


def saved(lab: Lab) -> list[tuple[str]]:
    """Return the checkpoints of the thread that waits for the reader."""
    with closing(sqlite3.connect(lab.runtime / "approvals.sqlite")) as database:
        return database.execute(
            "select checkpoint_id from checkpoints where thread_id = 'pressed in notebooks'"
        ).fetchall()


async def test_run_all_with_nobody_there_reaches_the_last_cell(lesson_3: Lesson) -> None:
    assert [output for output in lesson_3.outputs if output.mime == RED] == []
    checks = lesson_3.page.tagged("check")
    said = {output.cell: output.text for output in lesson_3.outputs if output.cell in checks}
    assert sorted(said) == sorted(checks) != []
    assert [text for text in said.values() if not text.startswith("○ Not attempted")] == []
    assert shown(lesson_3, TOLD) == "still waiting: refund"
    assert shown(lesson_3, GATE).startswith("refund waits in the panel above.")


async def test_after_a_restart_the_same_question_waits(lesson_3: Lesson, lab: Lab) -> None:
    before = saved(lab)
    again = Lesson(lesson_3.page, await lesson_3.page.restart_and_run_all())
    assert shown(again, TOLD) == "still waiting: refund"
    assert saved(lab) == before != []  # it was not asked again
    panel = panel_of(again.page)
    await expect(panel).to_contain_text("1 call waits for a decision.")
    await expect(panel.get_by_role("button", name=LABELS["approve"], exact=True)).to_have_count(1)


async def test_a_rejection_with_the_mouse_is_told_below(lesson_3: Lesson) -> None:
    page = lesson_3.page
    panel = panel_of(page)
    await panel.scroll_into_view_if_needed()
    await panel.get_by_label("Reason").fill("the seams were cut")
    await panel.get_by_role("button", name=LABELS["reject"], exact=True).click()
    await expect(panel).to_contain_text("Rejected by a colleague. Reason: the seams were cut")
    await expect(panel).to_contain_text("Finished.")

    told = await page.run(page.find(TOLD))
    await expect(told).to_contain_text("decided:")
    await expect(told).to_contain_text("the seams were cut")
    await expect(await page.run(page.find(GATE))).to_contain_text("decided: go on")


async def test_run_again_the_cell_asks_again_and_an_edit_counts(lesson_3: Lesson) -> None:
    page = lesson_3.page
    await page.run(page.find(PANEL))
    panel = panel_of(page)
    await expect(panel).to_contain_text("1 call waits for a decision.")
    await panel.get_by_label("Arguments (JSON)").fill('{"order": "T-7", "amount": 240}')
    await panel.get_by_role("button", name=LABELS["edit"], exact=True).click()
    await expect(panel).to_contain_text("Finished.")
    told = await page.run(page.find(TOLD))
    await expect(told).to_contain_text("Refunded 240 euros for order T-7.")
