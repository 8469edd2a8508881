"""The approval panel without a browser: what waits, each decision, and what must not happen."""

from __future__ import annotations

import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch

import ipywidgets
import pytest
from approval_desk import BIG, LOOK, SMALL, State, agent, done, flaky, one_node, steps
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import START, StateGraph
from langgraph.pregel import Pregel
from langgraph.types import Command, interrupt

from course_utils import ApprovalPanel
from course_utils.approval import DecisionNeeded
from course_utils.approval_call import DecisionRefused

ROOT = Path(__file__).resolve().parent.parent
THREAD = {"configurable": {"thread_id": "1"}}
OWN = {"tool": "refund", "args": {"order": "T-7", "amount": 120}, "why": "above 100"}
LESS = {"order": "T-7", "amount": 60}
AGENT_INPUT = {"messages": "a refund, please"}


@pytest.fixture(autouse=True)
def nothing_done() -> Iterator[None]:
    """Forget what other tests' tools did."""
    done.clear()
    yield


def panel_of(graph: Pregel, given: Any = None, **options: Any) -> ApprovalPanel:
    """Run the graph up to its first question and show it."""
    graph.invoke(given or {"first": None}, THREAD)
    return ApprovalPanel(graph, THREAD, **options)


def agent_panel(*turns: Any, **options: Any) -> ApprovalPanel:
    """Run an agent up to its first question and show it."""
    return panel_of(agent(*turns, **options), AGENT_INPUT)


def every(widget: ipywidgets.Widget, kind: type) -> list[Any]:
    """Return all widgets of a kind, in the order they are shown."""
    found = [widget] if isinstance(widget, kind) else []
    for child in getattr(widget, "children", ()):
        found += every(child, kind)
    return found


def shown(panel: ApprovalPanel) -> str:
    """Return all HTML that the panel shows."""
    return "\n".join(html.value for html in every(panel.widget, ipywidgets.HTML))


def press(panel: ApprovalPanel, word: str, card: int = -1) -> None:
    """Press a button, of the last card unless told otherwise, even where it is disabled."""
    buttons = [b for b in every(panel.widget, ipywidgets.Button) if b.description == word]
    buttons[card].click()


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
    for _ in range(3):
        panel_of(graph) if graph.get_state(THREAD).created_at is None else None
        ApprovalPanel(graph, THREAD)
    assert done == []


def test_nothing_has_run_yet() -> None:
    panel = ApprovalPanel(steps(OWN), THREAD)
    assert panel.pending == [] and panel.result is None
    assert "Nothing has run" in shown(panel)
    with pytest.raises(DecisionNeeded, match="Invoke the graph first"):
        panel.require()
    with pytest.raises(DecisionRefused, match="Nothing waits"):
        panel.decide("approve")
    assert done == []


def test_a_panel_older_than_the_question_sees_it() -> None:
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


def test_a_question_in_a_subgraph_waits() -> None:
    inner = StateGraph(dict).add_node("ask", lambda _: {"a": interrupt(OWN)}).add_edge(START, "ask")
    outer = StateGraph(dict).add_node("inner", inner.compile()).add_edge(START, "inner")
    panel = panel_of(outer.compile(checkpointer=InMemorySaver()))
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


@pytest.mark.parametrize("payload", ["Really?", {"question": "Really?"}, ["Really?"], 7])
@pytest.mark.parametrize(("decision", "received"), [("approve", True), ("reject", False)])
def test_any_other_payload_gets_yes_or_no(payload: Any, decision: str, received: bool) -> None:
    panel = panel_of(steps(payload))
    assert "Really?" in shown(panel) or "7" in shown(panel)
    panel.decide(decision)
    assert panel.result["first"] is received


def test_a_second_question_after_the_first() -> None:
    panel = panel_of(steps(OWN, "Really?"))
    press(panel, "Approve")
    assert [call.why for call in panel.pending] == ["Really?"]
    assert panel.result is None
    press(panel, "Approve")
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
    assert words == [name.capitalize() for name in allowed]
    with pytest.raises(DecisionRefused, match='"edit" is not allowed for refund'):
        panel.decide("edit", args=BIG[1])
    assert done == []


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
    press(panel, "Respond")
    assert "Write the answer" in shown(panel) and len(panel.pending) == 1


# Once


def test_a_second_click_decides_nothing() -> None:
    panel = panel_of(steps(OWN, "Really?"))
    press(panel, "Approve", 0)
    press(panel, "Approve", 0)
    press(panel, "Reject", 0)
    assert done == ["first: {'type': 'approve'}"]
    assert "already decided" in shown(panel) and len(panel.pending) == 1


def test_two_threads_decide_once() -> None:
    for _ in range(5):
        done.clear()
        panel = panel_of(steps(OWN, "Really?"))
        together = threading.Barrier(2)
        button = every(panel.widget, ipywidgets.Button)[0]

        def click(button: ipywidgets.Button = button, wait: Any = together.wait) -> None:
            wait()
            button.click()

        threads = [threading.Thread(target=click) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert done == ["first: {'type': 'approve'}"]
        assert "already decided" in shown(panel)
        assert [call.why for call in panel.pending] == ["Really?"]


@pytest.mark.parametrize("graph", [steps(OWN, OWN), one_node(OWN)])
def test_a_late_click_on_another_panel_does_not_answer_the_next_question(graph: Pregel) -> None:
    old = panel_of(graph)
    new = ApprovalPanel(graph, THREAD)
    new.decide("approve")
    press(old, "Approve", 0)
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
    press(panel, "Approve", 0)
    assert "no longer pending" in shown(panel) and panel.result is None
    press(panel, "Approve")
    assert panel.result["first"] == {"type": "approve"}


def test_a_question_overtaken_by_a_new_message_is_no_longer_pending() -> None:
    graph = agent([BIG], "never mind", "done")
    panel = panel_of(graph, AGENT_INPUT)
    graph.update_state(THREAD, {"messages": []}, as_node="model")
    press(panel, "Approve")
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
    press(panel, "Edit")
    assert sentence in shown(panel).replace("&quot;", '"') and focused == [area]
    assert done == [] and len(panel.pending) == 1
    area.value = '{"order": "T-7", "amount": 60}'
    press(panel, "Edit")
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


# Failures


def test_a_failed_step_is_shown_and_the_question_asked_again() -> None:
    graph = flaky(OWN)
    panel = panel_of(graph)
    press(panel, "Approve")
    assert "RuntimeError: the bank is closed." in shown(panel)
    assert "second line" not in shown(panel) and "Traceback" not in shown(panel)
    assert [call.tool for call in panel.pending] == ["refund"]
    press(panel, "Reject")  # LangGraph alone would replay the approval
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
    press(panel, "Approve")
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
    press(panel, "Approve")
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
    press(panel, "Approve")
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
        'Buttons need a running notebook; without one: panel.decide("approve").'
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


# A restart


def test_what_waits_survives_the_process(tmp_path: Path) -> None:
    script = (
        "import sqlite3, sys\n"
        "from langgraph.checkpoint.sqlite import SqliteSaver\n"
        "from approval_desk import *\n"
        f"db = sqlite3.connect({str(tmp_path / 'desk.db')!r}, check_same_thread=False)\n"
        "saver = SqliteSaver(db)\n"
        f"agent([BIG, SMALL], 'done', saver=saver).invoke({AGENT_INPUT!r}, {THREAD!r})\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT / "tests", check=True)
    saver = SqliteSaver(sqlite3.connect(tmp_path / "desk.db", check_same_thread=False))
    panel = ApprovalPanel(agent([BIG, SMALL], "done", saver=saver), THREAD)
    assert [call.args for call in panel.pending] == [BIG[1], SMALL[1]]
    press(panel, "Approve", 0)
    press(panel, "Approve", 1)
    assert sorted(done) == ["refund T-7 120", "refund T-8 5"]
    saver.conn.close()


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
