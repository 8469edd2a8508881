"""Buttons whose kernel has ended say so, and buttons that are not drawn leave words."""

from __future__ import annotations

import shutil

import pytest
from playwright.async_api import expect

from course_layout import ROOT
from tests.browser.contrast import ENOUGH, contrasts
from tests.browser.lab_page import Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

DESK = ROOT / "tests" / "course_utils" / "approval_desk.py"
CELLS = (
    "import ipywidgets, lesson_model\n"
    "from approval_desk import *\n"
    "from course_utils import ApprovalPanel, buttons\n"
    "from instructor import demo",
    "graph = agent([BIG], 'It is paid.')\n"
    "config = {'configurable': {'thread_id': '1'}}\n"
    "_ = graph.invoke({'messages': 'a refund, please'}, config)\n"
    "ApprovalPanel(graph, config)",
    "demo.panel(lesson_model.start())",
    "stop = ipywidgets.Button(description='Stop')\n"
    "buttons.show(stop, 'a Stop button', code='task.cancel()')",
)
PRESSED = {"Approve": "cell-1", "slow": "cell-2", "Stop": "cell-3"}


async def test_after_a_restart_every_button_says_that_it_is_dead(
    open_notebook: Opener, lab: Lab
) -> None:
    shutil.copy(DESK, lab.course / "notebooks")
    async with open_notebook(lab.write("dead.ipynb", *CELLS)) as shown:
        await shown.run_all()
        for word, cell in PRESSED.items():
            await expect(shown.cell(cell).get_by_role("button", name=word)).to_be_visible()
            await expect(shown.cell(cell).get_by_role("alert")).to_have_count(0)
        await shown.menu("Kernel", "Restart Kernel…")
        await shown.page.locator(".jp-Dialog").get_by_role("button", name="Confirm").click()
        for cell in PRESSED.values():
            alert = shown.cell(cell).get_by_role("alert")
            await expect(alert).to_be_visible()
            await expect(alert).to_contain_text("Run the cells from the top")
        # Or the new kernel would be ended while it starts, which the server answers with an error.
        await expect(shown.page.locator("#jp-main-statusbar")).to_contain_text("| Idle")
        for theme in ("JupyterLab Dark", "JupyterLab Light"):  # the server remembers the last
            await shown.use_theme(theme)
            seen = await contrasts(shown.page.locator(".jp-Notebook"), ".jp-OutputArea-output")
            assert {"Approve", "rate limit", "Stop"} <= {row.text for row in seen}
            assert [row for row in seen if row.ratio < ENOUGH] == []
