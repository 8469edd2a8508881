"""The approval panel without a browser: what waits, and what each decision does."""

from __future__ import annotations

import itertools
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.types import interrupt

from course_layout import ROOT
from course_utils import ApprovalPanel
from course_utils.approval.call import DecisionRefused
from course_utils.approval.card import LABELS
from course_utils.approval.panel import DecisionNeeded
from tests.course_utils.approval_desk import BIG, LOOK, SMALL, State, agent, done, steps
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
    shuffle,
)

# What waits


def test_a_call_waits_with_all_a_person_needs_to_know() -> None:
    panel = panel_of(steps(OWN))
    (call,) = panel.pending
    assert (call.tool, call.args, call.why) == (
        "refund",
        {"order": "T-7", "amount": 120},
        OWN["why"],
    )
    assert call.allowed == ("approve", "edit", "reject")
    assert panel.result is None
    for word in ("refund", "T-7", "120", "above 100"):
        assert word in shown(panel)


def test_making_a_panel_runs_nothing() -> None:
    graph = steps(OWN)
    panel_of(graph)
    before = list(graph.get_state_history(THREAD))
    for _ in range(3):
        ApprovalPanel(graph, THREAD)
    assert done == [] and list(graph.get_state_history(THREAD)) == before


def test_nothing_has_run_yet() -> None:
    done.clear()
    panel = ApprovalPanel(steps(OWN), THREAD)
    assert panel.pending == [] and panel.result is None
    assert "Nothing has run" in shown(panel)
    with pytest.raises(DecisionNeeded, match="Invoke the graph first"):
        panel.require()
    with pytest.raises(DecisionRefused, match="Nothing waits"):
        panel.decide("approve")
    assert done == []


def test_a_panel_older_than_the_question_sees_it() -> None:
    done.clear()
    graph = steps(OWN)
    panel = ApprovalPanel(graph, THREAD)
    graph.invoke({"first": None}, THREAD)
    assert [call.tool for call in panel.pending] == ["refund"]
    panel.decide("approve")
    assert done[0] == "first: {'type': 'approve'}"


def test_of_several_calls_only_the_risky_one_waits() -> None:
    panel = agent_panel([LOOK, BIG, LOOK], "done")
    assert [call.tool for call in panel.pending] == ["refund"]
    panel.decide("approve")
    assert sorted(done) == ["look T-7", "look T-7", "refund T-7 120"]


@pytest.mark.parametrize("saved", [None, True])
@pytest.mark.parametrize("called", [False, True])
def test_a_question_in_a_subgraph_waits(saved: bool | None, called: bool) -> None:
    inner = StateGraph(dict).add_node("ask", lambda _: {"a": interrupt(OWN)}).add_edge(START, "ask")
    asks = inner.compile(checkpointer=saved)
    outer = StateGraph(dict).add_node(
        "inner", (lambda _: asks.invoke({"a": 0})) if called else asks
    )
    panel = panel_of(outer.add_edge(START, "inner").compile(checkpointer=InMemorySaver()))
    panel.decide("reject", reason="no")
    assert panel.require()["a"] == {"type": "reject", "reason": "no"}


# Our own interrupts


@pytest.mark.parametrize(
    ("decision", "given", "received"),
    [
        ("approve", {}, {"type": "approve"}),
        ("edit", {"args": LESS}, {"type": "edit", "args": LESS}),
        ("reject", {"reason": "too late"}, {"type": "reject", "reason": "too late"}),
        ("reject", {}, {"type": "reject", "reason": ""}),
        ("respond", {"message": "ask Kim"}, {"type": "respond", "message": "ask Kim"}),
    ],
)  # fmt: skip
def test_what_a_node_receives(decision: str, given: dict, received: dict) -> None:
    panel = panel_of(steps(OWN | {"allowed": ["approve", "edit", "reject", "respond"]}))
    panel.decide(decision, **given)
    assert panel.require()["first"] == received
    assert panel.pending == []


@pytest.mark.parametrize("words", ["ask Kim", "Ask Kim."])
def test_what_was_decided_is_a_sentence(words: str) -> None:
    panel = panel_of(steps(OWN | {"allowed": ["reject", "respond"]}))
    panel.decide("respond", message=words)
    assert "sk Kim." in shown(panel) and ".." not in shown(panel)


@pytest.mark.parametrize("payload", ["Really?", {"question": "Really?"}, ["Really?"], 7])
@pytest.mark.parametrize(("decision", "received"), [("approve", True), ("reject", False)])
def test_any_other_payload_gets_yes_or_no(payload: Any, decision: str, received: bool) -> None:
    panel = panel_of(steps(payload))
    assert "Really?" in shown(panel) or "7" in shown(panel)
    panel.decide(decision)
    assert panel.result["first"] is received


def test_a_second_question_after_the_first() -> None:
    panel = panel_of(steps(OWN, "Really?"))
    press(panel, "approve")
    assert [call.why for call in panel.pending] == ["Really?"]
    assert panel.result is None
    press(panel, "approve")
    assert done == ["first: {'type': 'approve'}", "second: True"]
    assert panel.result["second"] is True


# The middleware's


@pytest.mark.parametrize("mode", ["batched", "per_call"])
def test_the_middlewares_decisions(mode: str) -> None:
    for decision, given, told, ran in [
        ("approve", {}, "120 euros for T-7", ["refund T-7 120"]),
        ("edit", {"args": LESS}, "60 euros for T-7", ["refund T-7 60"]),
        ("reject", {"reason": "too late"}, "too late", []),
        ("reject", {}, "was not executed", []) if mode == "batched" else ("reject", {}, "not", []),
        ("respond", {"message": "paid by hand"}, "paid by hand", []),
    ]:
        done.clear()
        panel = agent_panel([BIG], "done", mode=mode)
        panel.decide(decision, **given)
        _, _, result, last = panel.require()["messages"]
        assert told in result.text and result.name == "refund" and last.text == "done"
        assert done == ran
        assert told in shown(panel) and "done" in shown(panel)


def test_a_batch_runs_when_all_its_calls_are_decided() -> None:
    panel = agent_panel([BIG, SMALL], "done")
    panel.decide("reject", reason="no", call=1)
    assert done == [] and [call.args["order"] for call in panel.pending] == ["T-7"]
    assert panel.result is None
    panel.decide("approve")
    assert done == ["refund T-7 120"]
    results = [m.text for m in panel.result["messages"] if m.type == "tool"]
    assert sorted(results) == sorted(
        ["120 euros for T-7", "User rejected the tool call for `refund` with reason: no"]
    )


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("by_button", [True, False])
def test_each_decision_reaches_its_call_whatever_the_order_of_the_cards(
    order: tuple[int, ...], by_button: bool
) -> None:
    amounts, trail = [900, 1, 50], []
    graph = agent([("refund", {"order": "T-7", "amount": a}) for a in amounts], "done")
    panel = panel_of(graph, AGENT_INPUT, on_decision=trail.append)
    shuffle(panel, order)
    for amount, decision in [(900, "reject"), (1, "approve"), (50, "reject")]:
        if by_button:
            card = [amounts[place] for place in order].index(amount)
            press(panel, decision, card)
        else:
            waiting = [call.args["amount"] for call in panel.pending]
            panel.decide(decision, call=waiting.index(amount))
    assert done == ["refund T-7 1"]
    assert {record.args["amount"]: record.decision for record in trail} == {
        900: "reject",
        1: "approve",
        50: "reject",
    }


def test_of_two_calls_that_look_alike_one_runs() -> None:
    panel = agent_panel([BIG, BIG], "done")
    panel.decide("reject", call=1)
    panel.decide("approve")
    assert done == ["refund T-7 120"]
    first, second = (m.text for m in panel.result["messages"] if m.type == "tool")
    assert "rejected" in f"{first} {second}" and "120 euros" in f"{first} {second}"


def test_a_position_means_the_call_that_is_listed_there() -> None:
    """A question may stand before one whose card is older."""

    def ask_twice(state: State) -> dict:
        interrupt(OWN | {"why": "one"})
        return {"first": interrupt(OWN | {"why": "two"})}

    def ask_beside(state: State) -> dict:
        return {"second": interrupt(OWN | {"why": "beside"})}

    graph = StateGraph(State).add_node(ask_twice).add_node(ask_beside)
    graph.add_edge(START, "ask_twice").add_edge(START, "ask_beside")
    panel = panel_of(graph.compile(checkpointer=InMemorySaver()))
    panel.decide("approve", call=0)
    assert [call.why for call in panel.pending] == ["two", "beside"]
    panel.decide("reject", call=0)
    assert [call.why for call in panel.pending] == ["beside"]


def test_calls_asked_one_by_one_run_one_by_one() -> None:
    panel = agent_panel([BIG, LOOK, SMALL], "done", mode="per_call")
    assert [call.args["order"] for call in panel.pending] == ["T-7", "T-8"]
    panel.decide("approve", call=1)
    assert done == ["look T-7", "refund T-8 5"]
    panel.decide("approve")
    assert done == ["look T-7", "refund T-8 5", "refund T-7 120"]


@pytest.mark.parametrize("mode", ["batched", "per_call"])
@pytest.mark.parametrize("allowed", [("approve",), ("approve", "reject")])
def test_only_what_is_allowed_has_a_button(mode: str, allowed: tuple[str, ...]) -> None:
    panel = agent_panel([BIG], "done", mode=mode, allowed=allowed)
    assert panel.pending[0].allowed == allowed
    words = [button.description for button in every(panel.widget, ipywidgets.Button)]
    assert words == [LABELS[name] for name in allowed]
    with pytest.raises(DecisionRefused, match='"edit" is not allowed for refund'):
        panel.decide("edit", args=BIG[1])
    assert done == []


# A restart


def test_what_waits_survives_the_process(tmp_path: Path) -> None:
    done.clear()
    script = (
        "import sqlite3, sys\n"
        "from langgraph.checkpoint.sqlite import SqliteSaver\n"
        "from tests.course_utils.approval_desk import *\n"
        f"db = sqlite3.connect({str(tmp_path / 'desk.db')!r}, check_same_thread=False)\n"
        "saver = SqliteSaver(db)\n"
        f"agent([BIG, SMALL], 'done', saver=saver).invoke({AGENT_INPUT!r}, {THREAD!r})\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    saver = SqliteSaver(sqlite3.connect(tmp_path / "desk.db", check_same_thread=False))
    panel = ApprovalPanel(agent([BIG, SMALL], "done", saver=saver), THREAD)
    assert [call.args for call in panel.pending] == [BIG[1], SMALL[1]]
    press(panel, "approve", 0)
    press(panel, "approve", 1)
    assert sorted(done) == ["refund T-7 120", "refund T-8 5"]
    saver.conn.close()
