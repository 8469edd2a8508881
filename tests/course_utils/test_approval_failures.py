"""What the approval panel says, also where something fails."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command

from course_utils import ApprovalPanel
from course_utils.approval.panel import DecisionNeeded
from tests.course_utils.approval_desk import BIG, LOOK, SMALL, State, agent, done, flaky, steps
from tests.course_utils.approval_panels import (
    AGENT_INPUT,
    LESS,
    OWN,
    THREAD,
    agent_panel,
    panel_of,
    press,
    shown,
)

# Failures


@pytest.mark.parametrize("nested", [False, True])
def test_a_failed_step_is_shown_and_the_question_asked_again(nested: bool) -> None:
    graph = flaky(OWN)
    if nested:
        outer = StateGraph(State).add_node("inner", graph.copy({"checkpointer": None}))
        graph = outer.add_edge(START, "inner").compile(checkpointer=InMemorySaver())
    panel = panel_of(graph)
    press(panel, "approve")
    assert "RuntimeError: the bank is closed." in shown(panel)
    assert "second line" not in shown(panel) and "Traceback" not in shown(panel)
    assert [call.tool for call in panel.pending] == ["refund"]
    press(panel, "reject")  # LangGraph alone would replay the approval
    assert panel.result["first"] == {"type": "reject", "reason": ""}
    assert done == ["beside"]


def test_a_failed_resume_leaves_the_thread_as_it_was() -> None:
    graph = flaky(OWN)
    panel = panel_of(graph)
    waiting = graph.get_state(THREAD).interrupts
    with pytest.raises(RuntimeError, match="the bank is closed"):
        panel.decide("approve")
    assert graph.get_state(THREAD).interrupts == waiting
    assert graph.get_state(THREAD).tasks[0].error is None
    assert graph.invoke(Command(resume={"type": "reject"}), THREAD)["first"] == {"type": "reject"}


def test_an_answer_that_failed_before_the_panel_came_does_not_count() -> None:
    graph = flaky(OWN)
    graph.invoke({"first": None}, THREAD)
    with pytest.raises(RuntimeError):
        graph.invoke(Command(resume={"type": "approve"}), THREAD)
    panel = ApprovalPanel(graph, THREAD)
    panel.decide("reject", reason="no")
    assert panel.result["first"] == {"type": "reject", "reason": "no"}


def test_a_tool_that_fails_after_its_batch_was_decided() -> None:
    graph = agent([("refund", {"order": "T-7", "amount": 13})], "done")
    panel = panel_of(graph, AGENT_INPUT)
    press(panel, "approve")
    assert "RuntimeError: the bank is closed. The decision stands." in shown(panel)
    assert panel.pending == [] and panel.result is None
    assert "stopped: RuntimeError: the bank is closed." in repr(panel)
    with pytest.raises(DecisionNeeded, match="stopped before tools"):
        panel.require()


def test_a_tool_that_fails_and_was_asked_alone_asks_again() -> None:
    panel = agent_panel([("refund", {"order": "T-7", "amount": 13})], "done", mode="per_call")
    with pytest.raises(RuntimeError):
        panel.decide("approve")
    panel.decide("edit", args={"order": "T-7", "amount": 12})
    assert done == ["refund T-7 13", "refund T-7 12"]
    assert panel.result["messages"][-1].text == "done"


def test_a_lost_database_is_shown(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "desk.db", check_same_thread=False)
    panel = panel_of(steps(OWN, saver=SqliteSaver(connection)))
    connection.close()
    press(panel, "approve")
    assert "This failed: ProgrammingError: Cannot operate on a closed database" in shown(panel)
    assert done == []


# An audit trail


def test_each_decision_is_recorded_before_it_is_carried_out() -> None:
    trail: list[tuple] = []
    graph = agent([BIG, SMALL], "done")
    panel = panel_of(graph, AGENT_INPUT, on_decision=lambda r: trail.append((r, list(done))))
    panel.decide("edit", args=LESS, call=0)
    panel.decide("reject", reason="no")
    (first, before), (second, _) = trail
    assert before == []
    assert (first.tool, first.args, first.decision, first.edited) == (*BIG, "edit", LESS)
    assert (second.args, second.decision, second.reason) == (SMALL[1], "reject", "no")


def test_without_an_audit_trail_nothing_is_carried_out() -> None:
    def broken(record: object) -> None:
        raise OSError("the disk is full")

    panel = panel_of(steps(OWN), on_decision=broken)
    press(panel, "approve")
    assert "This failed: OSError: the disk is full." in shown(panel)
    assert done == [] and len(panel.pending) == 1


# What it shows


def test_html_in_arguments_is_text() -> None:
    evil = "<img src=x onerror=alert(1)>"
    payload = {"tool": f"a{evil}", "args": {f"b{evil}": f"c{evil}", "d": [evil]}, "why": f"e{evil}"}
    for panel in (panel_of(steps(payload)), agent_panel([BIG], f"m{evil}")):
        panel.decide("reject", reason=evil)
        assert "<img" not in shown(panel) and "&lt;img" in shown(panel)
        panel._graph.checkpointer.delete_thread("1")
    panel = panel_of(steps(evil))
    assert "<img" not in shown(panel) and "&lt;img" in shown(panel)


def test_text_for_where_widgets_do_not_run() -> None:
    panel = agent_panel([BIG, SMALL], "done")
    bundle = panel._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/plain"] == repr(panel) == (
        "ApprovalPanel: 2 calls wait for a decision.\n"
        '  [0] refund(order="T-7", amount=120)  (approve, edit, reject, respond)\n'
        '  [1] refund(order="T-8", amount=5)  (approve, edit, reject, respond)\n'
        'No buttons? Run this notebook in JupyterLab, or do it in code: panel.decide("approve")'
    )  # fmt: skip
    panel.decide("edit", args=LESS, call=0)
    panel.decide("reject", reason="no")
    assert repr(panel) == (
        "ApprovalPanel: nothing waits for a decision.\n"
        '  edited: refund(order="T-7", amount=60)\n'
        '  rejected: refund(order="T-8", amount=5): no\n'
        "  finished: done"
    )


def test_require_stops_with_one_line() -> None:
    panel = panel_of(steps(OWN))
    with pytest.raises(DecisionNeeded) as caught:
        panel.require()
    (line,) = caught.value._render_traceback_()
    assert re.match(r"Decision needed: refund waits in the panel above\.", line)
    panel.decide("approve")
    assert panel.require() == panel.result


def test_a_breakpoint_is_not_a_question() -> None:
    graph = steps(OWN)
    graph.interrupt_before_nodes = ["ask_first"]
    panel = panel_of(graph)
    assert panel.pending == [] and "stopped before ask_first" in shown(panel)


@pytest.mark.parametrize("mode", ["batched", "per_call"])
def test_each_step_is_told_once(mode: str) -> None:
    panel = agent_panel([BIG, LOOK, SMALL], [LOOK], "all done", mode=mode)
    panel.decide("approve", call=0)
    panel.decide("approve")
    told = re.sub(r"<[^>]+>", "", shown(panel))
    assert told.count("120 euros for T-7") == told.count("5 euros for T-8") == 1
    assert told.count("asks for") == 1 and "asks for look" in told  # after the decisions
    assert "__" not in told and "middleware" not in told.lower()


def test_what_cannot_be_seen_is_spelled_out() -> None:
    panel = panel_of(steps(OWN | {"args": {"to": "\u202emike", "text": "two\nlines"}}))
    assert "\\u202emike" in shown(panel) and "\u202e" not in shown(panel)
    assert "two\nlines" in shown(panel)
