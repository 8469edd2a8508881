"""The approval panel in JupyterLab: what a person does with mouse and keyboard."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, expect

from course_layout import ROOT
from course_utils.approval.card import LABELS
from tests.browser import axe
from tests.browser.contrast import ENOUGH, contrasts
from tests.browser.lab_page import RED, NotebookPage, Opener
from tests.browser.lab_server import Lab

pytestmark = pytest.mark.asyncio

DESK = ROOT / "tests" / "course_utils" / "approval_desk.py"
SETUP = """\
import itertools
from approval_desk import *
from course_utils import ApprovalPanel

reads = itertools.count()

def ask(graph, name, given=None):
    config = {"configurable": {"thread_id": name}}
    if not graph.get_state(config).values:
        graph.invoke(given or {"messages": "a refund, please"}, config)
    return ApprovalPanel(graph, config)
"""
# One cell a test: each has a panel, a thread and a list of deeds of its own.
APPROVE = "ask(agent([BIG], 'It is paid.'), 'approve')"
OWN = """\
own = {"tool": "refund", "args": {"order": "T-7", "amount": 120}, "why": "It is above 100."}
own |= {"allowed": ["approve", "edit", "reject", "respond"]}
"""
EDIT = OWN + "ask(steps(own), 'edit', {'first': 0})"
REJECT = "ask(agent([BIG], 'Sorry.'), 'reject')"
RESPOND = OWN + "ask(steps(own), 'respond', {'first': 0})"
SEVERAL = "ask(agent([LOOK, BIG, SMALL], 'Both are seen to.'), 'several')"
SECOND = "ask(steps({'tool': 'pack', 'args': {}}, 'Really?'), 'second', {'first': 0})"
KEYS = "ask(agent([BIG], 'It is paid.'), 'keys')"
ORDER = """\
import ipywidgets, threading

def every(widget):
    return [widget, *(w for child in getattr(widget, "children", ()) for w in every(child))]

panel = ask(agent([BIG], "It is paid."), "order")
on = []
for widget in every(panel.widget):
    if isinstance(widget, (ipywidgets.Text, ipywidgets.Textarea)):
        widget.observe(lambda _: on.append(threading.get_ident()), "value")
    elif isinstance(widget, ipywidgets.Button):
        widget.on_click(lambda _: on.append(threading.get_ident()))
panel
"""
THREADS = "print(len(on), len(set(on[3:])))"
LAST = "ask(agent([BIG, SMALL], 'It is paid.'), 'last')"  # nobody decides these
FAILS = "ask(agent([('refund', {'order': 'T-7', 'amount': 13})], '', mode='per_call'), 'fails')"
DEEDS = "print(next(reads), done)"


@pytest_asyncio.fixture(scope="module")
async def desk(open_notebook: Opener, lab: Lab) -> AsyncIterator[NotebookPage]:
    """A notebook with one panel a cell, after Run All."""
    shutil.copy(DESK, lab.course / "notebooks")
    cells = [
        SETUP,
        APPROVE,
        EDIT,
        REJECT,
        RESPOND,
        SEVERAL,
        SECOND,
        KEYS,
        FAILS,
        LAST,
        ORDER,
        THREADS,
        DEEDS,
    ]
    async with open_notebook(lab.write("approvals.ipynb", *cells)) as page:
        outputs = await page.run_all()
        assert RED not in {output.mime for output in outputs}, outputs
        yield page
        await page.use_theme("JupyterLab Light")


def panel_in(page: NotebookPage, source: str) -> Locator:
    """Return what the cell with this source shows."""
    return page.cell(page.find(source)).locator(".jp-OutputArea-output")


async def deeds(page: NotebookPage) -> str:
    """Return what the tools and nodes have done so far."""
    output = panel_in(page, DEEDS)
    before = await output.inner_text()
    await page.run(page.find(DEEDS))
    # The cell has run, which does not mean that its output is drawn; no two are the same.
    await expect(output).not_to_have_text(before)
    return await output.inner_text()


async def press(panel: Locator, decision: str) -> None:
    """Press a button of the last card."""
    await panel.get_by_role("button", name=LABELS[decision], exact=True).last.click()


async def refused(panel: Locator, sentence: str) -> None:
    """Wait until the panel refuses something with this sentence."""
    await expect(panel.get_by_role("alert")).to_contain_text(sentence)


async def test_approve(desk: NotebookPage) -> None:
    panel = panel_in(desk, APPROVE)
    await expect(panel).to_contain_text("1 call waits for a decision.")
    await press(panel, "approve")
    await expect(panel).to_contain_text("tool refund: 120 euros for T-7")
    await expect(panel).to_contain_text("Finished. It is paid.")
    assert "refund T-7 120" in await deeds(desk)


async def test_a_bad_edit_then_a_good_one(desk: NotebookPage) -> None:
    panel = panel_in(desk, EDIT)
    area = panel.get_by_label("Arguments (JSON)")
    await area.fill('{"order": "T-7", "amount": }')
    await press(panel, "edit")
    await refused(panel, "The arguments are not valid JSON")
    await expect(area).to_be_focused()
    await area.fill('{"order": "T-7", "sum": 60}')
    await press(panel, "edit")
    await refused(panel, 'refund has no argument "sum"')
    assert "'type': 'edit'" not in await deeds(desk)
    await area.fill('{"order": "T-7", "amount": 60}')
    await press(panel, "edit")
    await expect(panel).to_contain_text("Finished.")
    told = "first: {'type': 'edit', 'args': {'order': 'T-7', 'amount': 60}}"
    assert told in await deeds(desk)


async def test_reject_with_a_reason(desk: NotebookPage) -> None:
    panel = panel_in(desk, REJECT)
    await panel.get_by_label("Reason").press_sequentially("it is 90 days old")
    await press(panel, "reject")
    await expect(panel).to_contain_text("with reason: it is 90 days old")
    await expect(panel).to_contain_text("Finished. Sorry.")


async def test_respond(desk: NotebookPage) -> None:
    panel = panel_in(desk, RESPOND)
    await press(panel, "respond")
    await refused(panel, "Write the answer")
    await expect(panel.get_by_label("Reason or answer")).to_be_focused()
    await panel.get_by_label("Reason or answer").fill("paid by hand")
    await press(panel, "respond")
    await expect(panel).to_contain_text("Finished.")
    assert "first: {'type': 'respond', 'message': 'paid by hand'}" in await deeds(desk)


async def test_several_calls_of_which_two_wait(desk: NotebookPage) -> None:
    panel = panel_in(desk, SEVERAL)
    await expect(panel).to_contain_text("2 calls wait for a decision.")
    approve = panel.get_by_role("button", name=LABELS["approve"], exact=True)
    await expect(approve).to_have_count(2)
    await approve.first.click()
    await expect(panel).to_contain_text("1 call waits for a decision.")
    await expect(panel).not_to_contain_text("a tent")
    await panel.get_by_label("Reason").last.fill("no")
    await press(panel, "reject")
    await expect(panel).to_contain_text("Finished. Both are seen to.")
    assert "refund T-8 5" not in await deeds(desk)


async def test_a_double_click_does_not_answer_the_second_question(desk: NotebookPage) -> None:
    panel = panel_in(desk, SECOND)
    await panel.get_by_role("button", name=LABELS["approve"]).dblclick()
    await expect(panel).to_contain_text("Really?")
    await expect(panel).to_contain_text("1 call waits for a decision.")
    done = await deeds(desk)
    assert done.count("first: {'type': 'approve'}") == 1 and "second: True" not in done
    await press(panel, "approve")
    await expect(panel).to_contain_text("Finished.")
    assert "second: True" in await deeds(desk)


async def test_a_step_that_fails_is_shown_and_can_be_decided_again(desk: NotebookPage) -> None:
    panel = panel_in(desk, FAILS)
    await press(panel, "approve")
    await refused(panel, "RuntimeError: the bank is closed.")
    await expect(panel).to_contain_text("1 call waits for a decision.")
    await press(panel, "reject")
    await expect(panel).to_contain_text("Finished.")


async def test_with_the_keyboard_alone(desk: NotebookPage) -> None:
    panel, keyboard = panel_in(desk, KEYS), desk.page.keyboard
    area = panel.get_by_label("Arguments (JSON)")
    await area.focus()
    order = [panel.get_by_label("Reason or answer")]
    order += (panel.get_by_role("button", name=LABELS[w]) for w in ("approve", "edit", "reject"))
    for element in order:
        await keyboard.press("Tab")
        await expect(element).to_be_focused()
    await keyboard.press("Shift+Tab")
    await keyboard.press("Enter")
    await refused(panel, f"press {LABELS['approve']}")
    await expect(area).to_be_focused()
    await keyboard.press("ControlOrMeta+a")
    await keyboard.type('{"order": "T-7", "amount": 61}')
    for _ in range(3):
        await keyboard.press("Tab")
    await keyboard.press("Space")
    await expect(panel).to_contain_text("Finished. It is paid.")
    assert "refund T-7 61" in await deeds(desk)


async def test_a_press_does_not_overtake_the_text_before_it(desk: NotebookPage) -> None:
    """Text and press are handled by one thread of the kernel, so in their order."""
    panel = panel_in(desk, "panel = ask(")
    for number in range(3):
        await panel.get_by_label("Arguments (JSON)").fill(f'{{"wrong_{number}": 1}}')
        await panel.get_by_label("Reason").fill(f"because {number}")
        await press(panel, "edit")
        await refused(panel, f'refund has no argument "wrong_{number}"')
    await expect(await desk.run(desk.find(THREADS))).to_have_text("9 1\n")


async def test_axe_finds_nothing(desk: NotebookPage, axe_core: str) -> None:
    assert await axe.violations(desk.page, axe_core, ".jp-OutputArea-output") == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
async def test_all_text_stands_out_in(desk: NotebookPage, theme: str) -> None:
    await desk.use_theme(theme)
    last = panel_in(desk, LAST)
    await press(last, "respond")
    await refused(last, "Write the answer")
    seen = await contrasts(last)
    assert {*LABELS.values(), "T-8", "2 calls wait for a decision."} <= {row.text for row in seen}
    for source in (APPROVE, FAILS):  # with disabled fields, which nobody has to read, and a log
        seen += await contrasts(panel_in(desk, source))
    assert [row for row in seen if row.ratio < ENOUGH] == []


RESTART = """\
import sqlite3
from langgraph.checkpoint.sqlite import SqliteSaver
from approval_desk import *
from course_utils import ApprovalPanel

saver = SqliteSaver(sqlite3.connect("pending.db", check_same_thread=False))
graph = agent([BIG], "It is paid.", saver=saver)
config = {"configurable": {"thread_id": "1"}}
if not graph.get_state(config).values:
    graph.invoke({"messages": "a refund, please"}, config)
"""
PANEL = "ApprovalPanel(graph, config)"
GATE = "values = panel.require()"
AFTER = "print([message.type for message in values['messages']], done)"


async def test_what_waits_survives_run_all_and_a_restart(open_notebook: Opener, lab: Lab) -> None:
    shutil.copy(DESK, lab.course / "notebooks")
    cells = [RESTART, f"panel = {PANEL}\npanel", GATE, AFTER]
    async with open_notebook(lab.write("pending.ipynb", *cells)) as page:
        show, gate, after = page.find("panel ="), page.find(GATE), page.find(AFTER)
        sentence = "Decision needed: refund waits in the panel above."
        for run in (page.run_all, page.restart_and_run_all):
            outputs = await run()
            assert [output.cell for output in outputs] == [show, gate]
            assert outputs[-1].mime == RED and outputs[-1].text.startswith(sentence)
            assert len(outputs[-1].text.splitlines()) == 1
        await page.run(show)  # a third panel on the same question
        panel = page.cell(show).locator(".jp-OutputArea-output")
        await expect(panel.get_by_role("button")).to_have_count(4)
        await press(panel, "approve")
        await expect(panel).to_contain_text("Finished. It is paid.")
        await page.run(gate)
        told = "['human', 'ai', 'tool', 'ai'] ['refund T-7 120']\n"
        await expect(await page.run(after)).to_have_text(told)
