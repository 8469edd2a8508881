"""What the check of exercise 7.6 needs: a worker that gets done or not, and what it spends."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_openai import ChatOpenAI
from langgraph.errors import GraphRecursionError
from langgraph.graph import END
from langgraph.pregel import Pregel
from langgraph.types import Send

from exercises.core.descriptions import kind, short
from exercises.multi_agent.teams import FOUND, read_log

__all__ = ("assert_shares", "looping_worker", "worked")


def looping_worker(model: Any) -> Pregel:
    """Return a worker that answers at once, after one look, or never."""
    model.when("at once").says(FOUND)
    model.when("one look").calls("read_log", order="T-7").then_says(FOUND)
    model.when("for ever").always_calls("read_log", order="T-7")
    return create_agent(ChatOpenAI(model=model.name), [read_log], name="research")


def assert_shares(share_out: Any, budget: int, spent: int, tasks: list[str], share: int) -> None:
    """Assert that so much is shared out, 0 for nothing."""
    what = f"Budget {budget}, spent {spent}, {len(tasks)} task(s)"
    got = share_out({"tasks": list(tasks), "budget": budget, "spent": spent, "notes": []})
    if not share:
        assert got == END or got == [], f"{what}: it returned {short(got)}; expected END."
        return
    assert isinstance(got, list | tuple) and all(isinstance(s, Send) for s in got), (
        f"{what}: it returned {short(got)}; expected a list of `Send`s."
    )
    assert all(isinstance(s.arg, dict) for s in got), (
        f"{what}: it returned {short(got)}; expected `Send('work', {{'task': ..., 'share': ...}})`."
    )
    sent = [(s.node, s.arg.get("task"), s.arg.get("share")) for s in got]
    assert [task for _, task, _ in sent] == tasks, f"{what}: it sends {short(sent)}; a task each."
    assert {node for node, _, _ in sent} == {"work"}, (
        f"{what}: it sends to {short(sent[0][0])}; expected 'work'."
    )
    assert [s for _, _, s in sent] == [share] * len(tasks), (
        f"{what}: the shares are {[s for _, _, s in sent]}; expected {share} each, so that "
        "together they are never more than what is left."
    )


def worked(
    model: Any, work_within: Any, worker: Any, task: str, share: int, expected: int
) -> tuple[Any, int]:
    """Run a worker within its share; return its note and the requests that arrived.

    Raises:
        AssertionError: It made too many requests, or said something else of them.
    """
    before = len(model.requests)
    what = f"Task {task!r} with a share of {share}"
    try:
        result = work_within({"task": task, "share": share}, worker)
    except GraphRecursionError:
        raise AssertionError(
            f"{what}: it raised a GraphRecursionError; expected a note that says so."
        ) from None
    made = len(model.requests) - before
    assert made == expected, (
        f"{what}: {made} requests arrived at the model; expected {expected}. Model and tools are "
        "two steps of the limit."
    )
    assert isinstance(result, dict) and {"notes", "spent"} <= set(result), (
        f"{what}: it returned {kind(result)}; expected {{'notes': [...], 'spent': ...}}."
    )
    notes = result["notes"]
    assert isinstance(notes, list) and len(notes) == 1, (
        f"{what}: the notes are {short(notes)}; expected a list with one."
    )
    assert result["spent"] == made, (
        f"{what}: it says {short(result['spent'])} were spent; {made} requests arrived."
    )
    return notes[0], made
