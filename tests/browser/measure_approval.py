"""How long it takes from a click on Approve until the resumed node begins. Prints, asserts nothing.

.venv/bin/python -m pytest -s -q tests/browser/measure_approval.py
"""

from __future__ import annotations

import json
from statistics import median

import pytest
from playwright.async_api import expect

from tests.browser.lab_page import Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

CLICKS = 20
ASK = f"""\
import sqlite3, time
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict
from course_utils import ApprovalPanel

class State(TypedDict):
    asked: int

begun = []

def ask(state):
    begun.append(time.time() * 1000)
    interrupt({{"tool": f"step_{{state['asked']}}", "args": {{}}}})
    return {{"asked": state["asked"] + 1}}

graph = StateGraph(State).add_node(ask).add_edge(START, "ask")
graph.add_conditional_edges("ask", lambda s: "ask" if s["asked"] < {CLICKS} else "__end__")
saver = SqliteSaver(sqlite3.connect("measure.db", check_same_thread=False))
graph = graph.compile(checkpointer=saver)
config = {{"configurable": {{"thread_id": "1"}}}}
graph.invoke({{"asked": 0}}, config)
ApprovalPanel(graph, config)
"""
TOLD = "import json; print(json.dumps(begun))"
LISTEN = """() => {
  window.clicks = [];
  const now = () => window.clicks.push(performance.timeOrigin + performance.now());
  document.addEventListener('click', now, true);
}"""


async def test_measure(open_notebook: Opener, lab: Lab) -> None:
    async with open_notebook(lab.write("measure.ipynb", ASK, TOLD)) as page:
        await page.run(page.find(ASK))
        panel = page.cell(page.find(ASK)).locator(".jp-OutputArea-output")
        await page.page.evaluate(LISTEN)
        for number in range(CLICKS):
            await panel.get_by_role("button", name="Approve").nth(number).click()
            after = "Finished." if number == CLICKS - 1 else f"step_{number + 1} run?"
            await expect(panel).to_contain_text(after)
        clicks = (await page.page.evaluate("window.clicks"))[:CLICKS]
        begun = json.loads(await (await page.run(page.find(TOLD))).inner_text())
    # A click runs its node again and, but for the last, the next one.
    times = sorted(next(b for b in begun if b > click) - click for click in clicks)
    print(
        f"\nclick to resumed node, {CLICKS} clicks, SQLite on disk: "
        f"median {median(times):.0f} ms, fastest {times[0]:.0f} ms, slowest {times[-1]:.0f} ms"
    )
