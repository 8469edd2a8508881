"""What the checks of lesson 8 do with the desk, and what they ask it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

from langchain.messages import AIMessage, HumanMessage, ToolMessage
from langchain.tools import tool
from langchain_core.tools import StructuredTool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

import agent_checklist as checklist
import lesson_model
from agent_checklist.agent import alone
from exercises.core.descriptions import kind, short
from exercises.core.exercise import part, run_async
from exercises.the_production_agent.desk import connect, desk, paid

__all__ = (
    "DETAIL",
    "STORIES",
    "THREAD",
    "asked_each",
    "fail_once",
    "gate",
    "greeted",
    "judge",
    "offered",
)
__all__ += ("run_alone", "talk", "turn", "words")

THREAD, DETAIL = "thread-of-the-check", "db-internal-7 refused billing_rw"
STORIES = {
    "A": ("dead after a no", "rejection", "the call that was refused never got its ToolMessage"),
    "B": (
        "strangers after an update",
        "persistence",
        "the conversations were in a memory that died",
    ),
    "C": ("nine requests", "retry", "two layers tried three times each"),
    "D": ("480 euros too much", "approval", "she was shown one call of two"),
    "E": ("all chats hung", "timeouts", "nobody gave up a model that was silent"),
    "F": ("a key in a screenshot", "errors", "the text of an error is not for users"),
    "G": ("card numbers", "logging", "the log held what people wrote"),
}


def judge(*lines: str, **changed: Any) -> None:
    """Run lines of the checklist on the desk with the answer's parts, each a part of the check."""
    for name in lines:
        with part(name):
            found = checklist.run(desk(**changed), done=lambda: paid, only=(name,))[name]
            assert found.green, found.saw


def fail_once(
    fault: str, tell_model: Callable, tell_user: Callable, note: Callable
) -> tuple[list[tuple[str, str]], str]:
    """Let a tool or the model's key fail in a turn.

    Returns:
        Level and text of each line that was logged, and the words that told of the failure.
    """
    lines: list[tuple[str, str]] = []

    class Collect(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            text = logging.Formatter().format(record)
            if record.name not in ("asyncio", "httpx", "httpx2"):
                lines.append((record.levelname, text))

    root, handler = logging.getLogger(), Collect()
    level, handlers = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    try:
        with lesson_model.scratch() as model, mock.patch.object(StructuredTool, "_run", _broken):
            if fault == "key":
                model.fail("bad_key", times=None)
            build = desk(tool_failed=tell_model, model_failed=tell_user, note=note)
            config = {"configurable": {"thread_id": THREAD}}
            turn = {"messages": "Where is parcel P-3?"}
            result = run_alone(build(InMemorySaver(), 30).ainvoke, turn, config)
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
    told = [m.text for m in result["messages"] if m.type == ("ai" if fault == "key" else "tool")]
    return lines, told[-1] if told else ""


def _broken(*args: Any, **kwargs: Any) -> str:
    raise ValueError(DETAIL)


def words(text: str) -> list[str]:
    """Return the words of a line; `a=b` are two of them."""
    return re.findall(r"[\w-]+", text)


async def gate(approve_each: Any, decision: dict) -> tuple[list, list, list]:
    """Return what is asked of a look and a refund at once, the tools' messages, and payments."""
    with lesson_model.scratch():
        graph = desk(approve=approve_each)(InMemorySaver(), 30)
        config, before = {"configurable": {"thread_id": "gate"}}, len(paid)
        words = "Where is parcel P-3? Refund order T-7 (480 euros)."
        result, asked = await graph.ainvoke({"messages": words}, config), []
        while "__interrupt__" in result and len(asked) < 5:
            asked += [one.value for one in result["__interrupt__"]]
            resume = {one.id: decision for one in result["__interrupt__"]}
            result = await graph.ainvoke(Command(resume=resume), config)
    tools = [message for message in result["messages"] if message.type == "tool"]
    assert asked, "Nobody was asked about the refund: `interrupt` was not called."
    assert isinstance(asked[0], dict) and "tool" in asked[0], (
        f"The question is {short(asked[0])}; expected {{'tool': ..., 'args': ..., 'why': ...}}."
    )
    return asked, tools, paid[before:]


async def turn(connect_two: Any, answer_from: Any) -> dict:
    """Run a turn with these parts."""
    graph = desk(connect=connect_two, answer=answer_from)(InMemorySaver(), 30)
    config, question = {"configurable": {"thread_id": "turn"}}, {"messages": "How do I dry a tent?"}
    async for _ in graph.astream(question, config, stream_mode="messages"):
        pass  # the model is asked for a stream only where somebody wants one
    return (await graph.aget_state(config)).values


def talk(rounds: int, calls: int) -> list:
    """Return a question and so many rounds; of an earlier turn, cut its last message off."""
    messages: list = [HumanMessage("Where is it?")]
    for number in range(rounds):
        ids = [f"{number}-{call}" for call in range(calls)]
        made = [{"name": "track_parcel", "args": {"parcel": "P-3"}, "id": one} for one in ids]
        messages.append(AIMessage("", tool_calls=made))
        messages += [ToolMessage("Friday", tool_call_id=one) for one in ids]
    return messages


def offered(name: str) -> Any:
    """Return a tool of a server."""

    @tool(name)
    def one(tent: str) -> str:
        """Do something in the warehouse."""
        return tent

    return one


def run_alone(function: Callable, *args: Any) -> Any:
    """Run an async function in a loop of its own, and let nothing of it stay."""
    return run_async(alone, function, *args)


async def greeted(ask_async: Any) -> Any:
    """Say hello to the model with the answer's function."""
    value = ask_async(connect(30)[0], [HumanMessage("Hello!")])
    assert hasattr(value, "__await__"), (
        f"`ask_async` returned a {type(value).__name__}, which cannot be awaited; it has to be "
        "`async def`."
    )
    return await value


async def asked_each(connect_two: Any) -> None:
    """Say hello to each model."""
    llms = connect_two(30)
    assert isinstance(llms, list | tuple) and len(llms) == 2, (
        f"`connect_two` returned {kind(llms)}; expected a list of two models."
    )
    for llm in llms:
        await llm.ainvoke("Hello!")
