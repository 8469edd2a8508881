"""What the check of exercise 7.6 needs: a worker that gets done or not, and what it spends."""

from __future__ import annotations

import contextlib
import copy
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import wrap_model_call
from langchain.messages import AIMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.errors import GraphRecursionError
from langgraph.graph import END
from langgraph.pregel import Pregel
from langgraph.types import Send

from exercises.core.descriptions import kind, short
from exercises.multi_agent.teams import FOUND, RAW, read_log

__all__ = ("assert_shares", "looping_worker", "side_by_side", "worked")


def looping_worker(model: Any) -> Pregel:
    """Return a worker that answers at once, after a few looks, or never."""
    model.when("answer at once").says(FOUND)
    model.when("one look").calls("read_log", order="T-7").then_says(FOUND)
    model.when("two looks").calls("read_log", order="T-7").then_says(FOUND)
    three = model.when("three looks").says("Let me see.")
    for order in ("T-7", "T-8", "T-9"):
        three.calls("read_log", order=order)
    three.then_says(FOUND)
    model.when("for ever").says("Let me see.").always_calls("read_log", order="T-7")
    for word, name in (("break", "broken"), ("tear", "torn"), ("sink into", "sunk")):
        model.when(f"^{word} it").calls(name)
    tools = [read_log, meet, broken, torn, sunk]
    llm = ChatOpenAI(model=model.name, max_retries=0)
    model.when("meet").calls("meet").calls("read_log", order="T-7").then_says(FOUND)
    model.when("only meet").calls("meet").then_says(FOUND)
    return create_agent(llm, tools, middleware=[_twice], name="research")


@wrap_model_call
def _twice(request: Any, handler: Callable[[Any], Any]) -> Any:
    """Make two calls of one in the task that asks for them."""
    response = handler(request)
    (message,) = response.result
    if message.tool_calls and "two looks" in request.messages[0].text:
        first = message.tool_calls[0]
        calls = [first, {**first, "id": f"{first['id']}-2"}]
        response.result[:] = [AIMessage(message.text, tool_calls=calls, id=message.id)]
    return response


_meeting = threading.Barrier(2)


@tool
def meet() -> str:
    """Wait for another worker."""
    with contextlib.suppress(threading.BrokenBarrierError):  # it works alone
        _meeting.wait(3)
    return RAW


@tool
def broken() -> str:
    """Raise what a bug raises."""
    raise ValueError("bug")


@tool
def torn() -> str:
    """Raise what a torn connection raises."""
    raise ConnectionError("torn")


@tool
def sunk() -> str:
    """Raise what Python raises where a function calls itself without end."""
    raise RecursionError("maximum recursion depth exceeded")


def side_by_side(work_within: Any, worker: Any) -> tuple[Any, Any]:
    """Run two workers that make 3 and 2 requests and meet in between; return what they spent."""
    _meeting.reset()
    tasks = ("Please meet somebody.", "You only meet somebody.")
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(work_within, {"task": task, "share": 6}, worker) for task in tasks]
        first, second = [job.result() for job in jobs]
    for result in (first, second):
        assert isinstance(result, dict), (
            f"`work_within` returned {kind(result)}; expected {{'notes': [...], 'spent': ...}}."
        )
    return first.get("spent"), second.get("spent")


def assert_shares(share_out: Any, budget: int, spent: int, tasks: list[str], share: int) -> None:
    """Assert that so much is shared out, 0 for nothing."""
    what = f"Budget {budget}, spent {spent}, {len(tasks)} task(s)"
    given = {"tasks": list(tasks), "budget": budget, "spent": spent, "notes": []}
    state = copy.deepcopy(given)
    got = share_out(state)
    assert state == given, f"{what}: it changed the state to {short(state)}."
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
        f"{what}: the shares are {[s for _, _, s in sent]}; expected {share} each: equal "
        f"ones, and together not more than the {budget - spent} that are left."
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
    job = {"task": task, "share": share}
    try:
        result = work_within(job, worker)
    except GraphRecursionError:
        raise AssertionError(
            f"{what}: it raised a GraphRecursionError; expected a note that says so."
        ) from None
    made = len(model.requests) - before
    assert job == {"task": task, "share": share}, f"{what}: it changed the job to {short(job)}."
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
