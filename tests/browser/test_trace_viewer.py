"""The trace viewer in a real browser: opened, searched, read by keyboard and in both themes."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from lab.trace import Span, Trace
from tests.browser import axe
from tests.browser.contrast import ENOUGH, contrasts
from tests.browser.lab_page import NotebookPage, Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

RECORD = """\
from langgraph.graph import START, MessagesState, StateGraph
from lab import trace

def look_up(state):
    return {"messages": [("ai", "Order T-7 is a tent. Card 4111 1111 1111 1111.")]}

def refund(state):
    raise ValueError("no account for T-7")

graph = StateGraph(MessagesState).add_sequence([look_up, refund]).add_edge(START, "look_up")
with trace.record() as run:
    try:
        graph.compile().invoke({"messages": "Where is my money?"})
    except ValueError:
        pass
run
"""
SAVED = """\
import tempfile, pathlib
file = pathlib.Path(tempfile.mkdtemp(), "run.json")
run.save(file)
trace.load(file)
"""


@pytest_asyncio.fixture(scope="module")
async def notebook(open_notebook: Opener, lab: Lab) -> AsyncIterator[NotebookPage]:
    """A notebook that shows a trace that was just recorded, then the same one from its file."""
    async with open_notebook(lab.write("traces.ipynb", RECORD, SAVED)) as page:
        outputs = await page.run_all()
        assert [output.mime for output in outputs] == ["text/html"] * 2, outputs
        yield page
        await page.use_theme("JupyterLab Light")  # the server remembers the theme


@pytest_asyncio.fixture(params=["cell-0", "cell-1"], ids=["recorded", "saved"])
async def viewer(notebook: NotebookPage, request: pytest.FixtureRequest) -> Locator:
    """One of the two, with nothing searched for."""
    shown = notebook.cell(request.param).locator(".jp-OutputArea-output")
    await shown.get_by_label("Search this trace").fill("")
    return shown


async def test_the_error_is_there_without_a_click(viewer: Locator) -> None:
    failed = viewer.get_by_text("failed: refund")
    await expect(failed).to_be_visible()
    await expect(viewer.get_by_text("ValueError('no account for T-7')").last).to_be_visible()


async def test_a_span_opens_and_shows_what_went_in(viewer: Locator) -> None:
    text = viewer.get_by_text("Where is my money?")
    await expect(text.nth(1)).to_be_hidden()
    await viewer.locator("summary", has_text="look_up").click()
    span = viewer.locator("li", has_text="look_up").last
    await span.locator("summary", has_text="Inputs").click()
    await expect(span.get_by_text("Where is my money?")).to_be_visible()


async def test_a_search_opens_what_it_finds_and_hides_the_rest(viewer: Locator) -> None:
    await viewer.get_by_label("Search this trace").fill(
        "is a TENT"
    )  # what look_up gave, what refund got
    await expect(viewer.get_by_role("status")).to_have_text("2 spans hold it")
    found = viewer.locator("li", has_text="look_up").last
    await expect(found.get_by_text("Order T-7 is a tent.")).to_be_visible()
    await viewer.get_by_label("Search this trace").fill("no such words")
    await expect(viewer.get_by_role("status")).to_have_text("0 spans hold it")
    await expect(viewer.locator("summary").first).to_be_hidden()
    await viewer.get_by_label("Search this trace").fill("")
    await expect(viewer.get_by_role("status")).to_have_text("")
    await expect(viewer.get_by_text("failed: refund")).to_be_visible()


async def test_the_card_number_is_not_in_the_page(viewer: Locator) -> None:
    text = await viewer.text_content()
    assert "[hidden]" in text and "4111 1111" not in text


async def test_it_works_by_keyboard(notebook: NotebookPage, viewer: Locator) -> None:
    """Letters are JupyterLab's shortcuts (x cuts a cell), and so is Enter; not in here."""
    cells = len(notebook.cells)
    await viewer.get_by_label("Search this trace").focus()
    await notebook.page.keyboard.type("xdd abm")
    await expect(viewer.get_by_label("Search this trace")).to_have_value("xdd abm")
    await viewer.get_by_label("Search this trace").fill("")
    await notebook.page.keyboard.press("Tab")
    fold = viewer.locator("details").first
    await expect(viewer.locator("summary").first).to_be_focused()
    await expect(fold).to_have_attribute("open", "")
    for key in ("Enter", "Space"):
        await notebook.page.keyboard.press(key)
        await expect(viewer.get_by_text("failed: refund")).to_be_visible(visible=key == "Space")
    await notebook.page.keyboard.press("x")
    await expect(notebook.page.locator(".jp-Notebook .jp-Cell")).to_have_count(cells)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
async def test_all_text_stands_out_in(notebook: NotebookPage, viewer: Locator, theme: str) -> None:
    await notebook.use_theme(theme)
    await viewer.get_by_label("Search this trace").fill("T-7")
    seen = await contrasts(viewer)
    assert len(seen) > 10
    assert [row for row in seen if row.ratio < ENOUGH] == []
    if folder := os.environ.get("COURSE_SCREENSHOTS"):
        await viewer.screenshot(path=f"{folder}/trace {theme}.png")


async def test_axe_finds_nothing(
    notebook: NotebookPage, viewer: Locator, pytestconfig: pytest.Config
) -> None:
    try:
        script = axe.fetch(pytestconfig.cache.mkdir("axe-core"))
    except RuntimeError as error:
        if os.environ.get("CI") == "true":
            pytest.fail(str(error), pytrace=False)
        pytest.skip(f"The accessibility test needs axe-core. {error}")
    selector = ".jp-Notebook .jp-OutputArea-output"
    assert await axe.violations(notebook.page, script, selector) == []


async def test_without_trust_the_tree_is_there(open_notebook: Opener, lab: Lab) -> None:
    """A notebook from elsewhere runs no script until its reader trusts it."""
    span = Span("look_up", "chain", 1, inputs={"order": "T-7"}, seconds=0.1)
    data = {"text/html": Trace([span])._repr_html_(), "text/plain": "a trace"}
    name = lab.write("from_elsewhere.ipynb", "run")
    path = lab.course / name
    notebook = json.loads(path.read_text("utf-8"))
    output = {"output_type": "execute_result", "execution_count": 1, "metadata": {}, "data": data}
    notebook["cells"][0].update(outputs=[output], execution_count=1)
    path.write_text(json.dumps(notebook), "utf-8")
    async with open_notebook(name) as page:
        shown = page.page.locator(".jp-OutputArea-output")
        await shown.locator("summary", has_text="look_up").click()
        await shown.locator("summary", has_text="Inputs").click()
        await expect(shown.get_by_text("T-7")).to_be_visible()
        await expect(shown.get_by_label("Search this trace")).to_have_count(0)
