"""The evidence lesson 6 asks for in its hunt is what its broken graphs really show."""

from __future__ import annotations

from typing import Any

import pytest
from nbformat import NotebookNode

import lesson_model
from course_layout import ROOT
from exercises.core.reference import run_cell
from lab import trace
from tools.build.lesson import read_lesson, solved_version, tags
from tools.build.needed_cells import bound_names, used_names

LESSON = ROOT / "lessons" / "06_debugging.py"
BROKEN = ("def thread(", "def build_clerk(", "def build_office(", "def build_cashier(")
BROKEN += ("def build_chat(", "def build_memory(")


def cells_of_the_hunt() -> list[NotebookNode]:
    """Return the cells with the broken graphs and the clues, and the cells that these rely on."""
    kept, needed = [], set()
    for cell in reversed(solved_version(read_lesson(LESSON)).cells):
        if cell.cell_type != "code":
            continue
        broken = any(words in cell.source for words in BROKEN)
        clue = "exercise" in tags(cell) and "clue_" in cell.source
        bound = bound_names(cell.source)
        if broken or clue or bound & needed:
            kept.append(cell)
            needed = (needed - bound) | used_names(cell.source)
    return kept[::-1]


@pytest.fixture(scope="module")
def shown(served) -> dict[str, Any]:
    """Run the cells with the five broken graphs, and the clues of the solved lesson."""
    space: dict[str, Any] = {"__name__": "hunt"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LANGSMITH_TRACING_V2", "false")  # the lesson sets it
        with lesson_model.scratch():
            for cell in cells_of_the_hunt():
                run_cell(cell.source, cell.id, space)
            space["refused"] = list(space["model"].requests[-1].body["messages"])
    return space


def first_step(graph: Any, name: str, space: dict[str, Any], holds: Any) -> int:
    history = reversed(list(graph.get_state_history(space["thread"](name))))
    return next(saved.metadata["step"] for saved in history if holds(saved.values))


def test_the_first_note_is_gone_after_the_step(shown):
    clerk = shown["build_clerk"](shown["Notes"])
    clerk.invoke({"notes": ["order T-7"]}, shown["thread"]("A"))
    after = first_step(clerk, "A", shown, lambda s: s.get("notes") == ["paid on Friday"])
    assert shown["clue_a"] == ("reducer missing", after)


def test_the_router_asks_for_a_name_no_node_has(shown):
    office = shown["build_office"](shown["choose_desk"])
    with trace.record() as run:
        office.invoke({"text": "Where is my parcel?"})
    (router,) = run.find("choose_desk")
    assert shown["clue_b"] == ("wrong edge", router.outputs["output"])
    assert router.outputs["output"] not in office.nodes


def test_what_is_caught_is_the_interrupt(shown):
    caught = []

    def watched(question: str) -> Any:
        try:
            return interrupt(question)
        except BaseException as error:
            caught.append(type(error).__name__)
            raise

    interrupt, shown["interrupt"] = shown["interrupt"], watched
    try:
        cashier = shown["build_cashier"](shown["ask_and_pay"], print)
        cashier.invoke({"amount": 1.0}, shown["thread"]("watched"))
    finally:
        shown["interrupt"] = interrupt
    assert [shown["clue_c"]] == [("swallowed interrupt", name) for name in caught]


def test_the_refused_message_is_a_tools_result_without_its_call(shown):
    roles = [message["role"] for message in shown["refused"]]
    assert shown["clue_d"] == ("orphan tool message", roles.index("tool"))
    assert not any(m.get("tool_calls") for m in shown["refused"][: roles.index("tool")])


def test_the_old_order_was_written_in_the_step(shown):
    written = first_step(shown["memory"], "E", shown, lambda s: s.get("order") == "T-7")
    assert shown["clue_e"] == ("stale state", written)
    assert shown["memory"].get_state(shown["thread"]("E")).values["order"] == "T-7"
