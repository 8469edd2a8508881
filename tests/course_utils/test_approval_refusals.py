"""What the approval panel does not do: decide twice, or something it did not show."""

from __future__ import annotations

import subprocess
import sys
import threading
from unittest.mock import patch

import ipywidgets
import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.pregel import Pregel
from langgraph.types import interrupt

from course_layout import ROOT
from course_utils import ApprovalPanel
from course_utils.approval.call import DecisionRefused
from tests.course_utils.approval_desk import BIG, SMALL, State, agent, done, one_node, steps
from tests.course_utils.approval_panels import (
    AGENT_INPUT,
    LESS,
    OWN,
    THREAD,
    agent_panel,
    every,
    panel_of,
    press,
    shown,
)

# Which call


def test_an_unclear_decision_is_refused() -> None:
    panel = agent_panel([BIG, SMALL], "done")
    with pytest.raises(DecisionRefused, match="2 calls wait.*position: 0: .*T-7.*; 1: .*T-8"):
        panel.decide("approve")
    with pytest.raises(DecisionRefused, match="'refund' is 2 of them"):
        panel.decide("approve", call="refund")
    with pytest.raises(DecisionRefused, match="'restock' is none of them"):
        panel.decide("approve", call="restock")
    with pytest.raises(DecisionRefused, match="2 is none of them"):
        panel.decide("approve", call=2)
    with pytest.raises(DecisionRefused, match='"aprove" is not allowed'):
        panel.decide("aprove", call=0)
    with pytest.raises(DecisionRefused, match='Other arguments belong to "edit"'):
        panel.decide("approve", args=LESS, call=0)
    assert len(panel.pending) == 2 and done == []


def test_respond_needs_an_answer() -> None:
    panel = agent_panel([BIG], "done")
    with pytest.raises(DecisionRefused, match="Write the answer"):
        panel.decide("respond")
    press(panel, "respond")
    assert "Write the answer" in shown(panel) and len(panel.pending) == 1


# Once


def test_a_second_click_decides_nothing() -> None:
    panel = panel_of(steps(OWN, "Really?"))
    press(panel, "approve", 0)
    assert [b.disabled for b in every(panel.widget, ipywidgets.Button)] == [True] * 3 + [False] * 2
    press(panel, "approve", 0)
    press(panel, "reject", 0)
    assert done == ["first: {'type': 'approve'}"]
    assert "already decided" in shown(panel) and len(panel.pending) == 1


def test_two_threads_decide_once() -> None:
    seen: list[object] = []

    def in_the_midst(record: object) -> None:
        seen.append(record)
        if len(seen) == 1:
            other.start()
            other.join(0.3)  # it waits for this decision, or else decides as well

    panel = panel_of(steps(OWN, "Really?"), on_decision=in_the_midst)
    other = threading.Thread(target=press, args=(panel, "approve", 0))
    press(panel, "approve", 0)
    other.join()
    assert len(seen) == 1 and done == ["first: {'type': 'approve'}"]
    assert "already decided" in shown(panel)
    assert [call.why for call in panel.pending] == ["Really?"]


@pytest.mark.parametrize("graph", [steps(OWN, OWN), one_node(OWN)])
def test_a_late_click_on_another_panel_does_not_answer_the_next_question(graph: Pregel) -> None:
    old = panel_of(graph)
    new = ApprovalPanel(graph, THREAD)
    new.decide("approve")
    press(old, "approve", 0)
    assert "no longer pending" in shown(old)
    assert len(new.pending) == len(old.pending) == 1
    old.decide("reject")  # the question that waits now
    assert graph.get_state(THREAD).values["second"]["type"] == "reject"
    graph.checkpointer.delete_thread("1")


def test_a_click_does_not_approve_what_it_did_not_show() -> None:
    price = [120]

    def ask(state: dict) -> dict:
        return {"first": interrupt(OWN | {"args": {"amount": price[0]}})}

    def ask_beside(state: dict) -> dict:
        return {"second": interrupt("Really?")}

    graph = StateGraph(State).add_node(ask).add_node(ask_beside)
    graph.add_edge(START, "ask").add_edge(START, "ask_beside")
    panel = panel_of(graph.compile(checkpointer=InMemorySaver()))
    price[0] = 999  # asked again, with the same id, when the other question is answered
    panel.decide("reject", call=1)
    assert [call.args for call in panel.pending] == [{"amount": 999}]
    press(panel, "approve", 0)
    assert "no longer pending" in shown(panel) and panel.result is None
    press(panel, "approve")
    assert panel.result["first"] == {"type": "approve"}


def test_a_question_overtaken_by_a_new_message_is_no_longer_pending() -> None:
    graph = agent([BIG], "never mind", "done")
    panel = panel_of(graph, AGENT_INPUT)
    graph.update_state(THREAD, {"messages": []}, as_node="model")
    press(panel, "approve")
    assert "no longer pending" in shown(panel) and done == []


# Edits


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{amount: 1}", "not valid JSON"),
        ('{"order": "T-7", "amount": NaN}', "not valid JSON"),
        ('["T-7", 60]', "must be a JSON object"),
        ("60", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ('{"order": "T-7"}', 'refund also needs "amount"'),
        ('{"order": "T-7", "amount": 1, "to": "me"}', 'refund has no argument "to"'),
        ('{"order": "T-7", "amount": 120}', "as proposed"),
    ],
)
@pytest.mark.parametrize("kind", ["own", "batched", "per_call"])
def test_a_bad_edit_is_refused(kind: str, text: str, sentence: str) -> None:
    panel = panel_of(steps(OWN)) if kind == "own" else agent_panel([BIG], "done", mode=kind)
    (area,) = every(panel.widget, ipywidgets.Textarea)
    focused: list[object] = []
    area.focus = lambda: focused.append(area)  # type: ignore[method-assign]
    area.value = text
    press(panel, "edit")
    assert sentence in shown(panel).replace("&quot;", '"') and focused == [area]
    assert done == [] and len(panel.pending) == 1
    area.value = '{"order": "T-7", "amount": 60}'
    press(panel, "edit")
    assert len(done) > 0 and panel.result is not None


def test_an_edit_of_the_wrong_type_is_refused_where_the_tool_is_known() -> None:
    panel = agent_panel([BIG], "done")
    with pytest.raises(DecisionRefused, match="amount: Input should be a valid number"):
        panel.decide("edit", args={"order": "T-7", "amount": "much"})
    assert done == [] and len(panel.pending) == 1


def test_an_edit_keeps_the_tool() -> None:
    panel = agent_panel([BIG], "done")
    with patch.object(panel._graph, "stream", wraps=panel._graph.stream) as stream:
        panel.decide("edit", args=LESS)
    ((answer,),) = (stream.call_args.args[0].resume.values(),)
    (decision,) = answer["decisions"]
    assert decision["edited_action"] == {"name": "refund", "args": LESS}


# What it refuses


def test_a_graph_that_a_button_cannot_resume_is_refused() -> None:
    graph = steps(OWN)
    with pytest.raises(ValueError, match="names no thread"):
        ApprovalPanel(graph, {"configurable": {}})
    with pytest.raises(ValueError, match="AsyncSqliteSaver works only with await"):
        ApprovalPanel(graph.copy({"checkpointer": object.__new__(AsyncSqliteSaver)}), THREAD)
    with pytest.raises(ValueError, match="no checkpointer"):
        ApprovalPanel(graph.copy({"checkpointer": None}), THREAD)

    async def ask(state: dict) -> dict:
        return {}

    lonely = StateGraph(dict).add_node(ask).add_edge(START, "ask")
    with pytest.raises(ValueError, match="The node ask is async only"):
        ApprovalPanel(lonely.compile(checkpointer=InMemorySaver()), THREAD)


def test_checks_do_not_import_the_panel() -> None:
    code = "import sys, course_utils; assert 'ipywidgets' not in sys.modules; course_utils.nothing"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert "has no attribute 'nothing'" in ran.stderr
