"""The desk of lesson 8 with all its parts mended, for its checks and for the checklist's tests."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from langchain.messages import AIMessage, ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.config import get_config
from langgraph.errors import NodeError
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, Send, interrupt

import lesson_model

__all__ = ("MENDED", "SPARE", "State", "connect", "desk", "limit", "log", "paid")

SPARE = "spare-model"
RISKY = {"refund": "Money leaves the shop."}
ROUNDS = 8  # requests to the model in a turn
paid: list[str] = []
log = logging.getLogger("desk")


@tool
def track_parcel(parcel: str) -> str:
    """Say where a parcel is, by its number."""
    return f"Parcel {parcel} arrives on Friday."


@tool
def refund(order: str, amount: int) -> str:
    """Refund an amount in euros for an order."""
    paid.append(f"{order}: {amount}")
    return f"Refunded {amount} euros for order {order}."


TOOLS = [track_parcel, refund]


class State(MessagesState):
    """The conversation, and what the first week's desk counts."""

    failed: int


async def ask(llm: Any, messages: list) -> AIMessage:
    """Ask a model, and take a torn answer for none."""
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("The answer broke off.")
    return reply


def finish(graph: StateGraph, saver: Any) -> Any:
    """Compile the graph."""
    return graph.compile(checkpointer=saver)


def approve(state: State) -> Command:
    """Ask about each risky call; run what may run, answer the others."""
    answers, run = [], []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            decision = interrupt({"tool": call["name"], "args": call["args"]})
            if not isinstance(decision, dict) or decision.get("type") != "approve":
                answers.append(ToolMessage("Rejected.", tool_call_id=call["id"], status="error"))
                continue
        given = {"__type": "tool_call_with_context", "tool_call": call, "state": state}
        run.append(Send("tools", given))
    return Command(update={"messages": answers}, goto=run or "agent")


def connect(seconds: float) -> list[Any]:
    """Return the model and its spare."""
    names = (lesson_model.running().name, SPARE)
    return [
        ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS) for name in names
    ]


async def answer(ask: Callable, models: list, state: State) -> dict:
    """Return the answer of the first model that has one."""
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            down = getattr(error, "is_retryable", isinstance(error, ConnectionError))
            if llm is models[-1] or not down:
                raise
    raise AssertionError("there is always a model")


def limit(messages: list) -> str | None:
    """Return what to say instead of asking the model once more."""
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    return "I stopped before I was done." if rounds >= ROUNDS else None


def tool_failed(error: Exception) -> str:
    """Return what the model is told."""
    return f"The tool failed. Reference: {_logged(error)}"


def model_failed(state: State, error: NodeError) -> dict:
    """End the turn in words."""
    return {"messages": [AIMessage(f"Sorry. Reference: {_logged(error.error)}")]}


def _logged(error: Exception) -> str:
    reference, thread = uuid.uuid4().hex[:8], get_config()["configurable"]["thread_id"]
    log.error("failed ref=%s thread=%s error=%s", reference, thread, type(error).__name__)
    return reference


def note(state: State) -> None:
    """Log that the model is asked."""
    thread = get_config()["configurable"]["thread_id"]
    log.info("asking thread=%s messages=%d", thread, len(state["messages"]))


MENDED = {
    "ask": ask,
    "finish": finish,
    "approve": approve,
    "connect": connect,
    "answer": answer,
    "limit": limit,
    "tool_failed": tool_failed,
    "model_failed": model_failed,
    "note": note,
}


def desk(**changed: Any) -> Callable[..., Any]:
    """Return what builds the lesson's desk, of mended parts and of those that are given."""
    use = SimpleNamespace(**MENDED | changed)

    def build(saver: Any, seconds: float) -> Any:
        models = use.connect(seconds)

        async def agent(state: State) -> dict:
            use.note(state)
            if words := use.limit(state["messages"]):
                return {"messages": [AIMessage(words)]}
            return await use.answer(use.ask, models, state)

        graph = StateGraph(State)
        graph.add_node("agent", agent, error_handler=use.model_failed)
        graph.add_node("approve", use.approve, destinations=("agent", "tools", END))
        graph.add_node("tools", ToolNode(TOOLS, handle_tool_errors=use.tool_failed))
        graph.add_edge(START, "agent")
        graph.add_conditional_edges("agent", _after_agent, ["approve", END])
        graph.add_edge("tools", "agent")
        return use.finish(graph, saver)

    return build


def _after_agent(state: State) -> str:
    return "approve" if state["messages"][-1].tool_calls else END
