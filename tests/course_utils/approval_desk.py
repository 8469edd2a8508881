"""A support desk that asks before it acts: graphs for the tests of the approval panel.

The browser tests copy this file beside their notebooks, so it needs nothing of the tests.
"""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.tools import tool
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.pregel import Pregel
from langgraph.types import interrupt
from typing_extensions import TypedDict

__all__ = ("BIG", "LOOK", "SMALL", "State", "agent", "done", "flaky", "one_node", "steps")

BIG = ("refund", {"order": "T-7", "amount": 120})
SMALL = ("refund", {"order": "T-8", "amount": 5})
LOOK = ("look", {"order": "T-7"})
done: list[str] = []  # what the tools and nodes really did


class Scripted(BaseChatModel):
    """A model whose n-th answer is the n-th turn: words, or the calls it asks for."""

    turns: list

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Any, **options: Any) -> Scripted:
        """Take any tools."""
        return self

    def _generate(self, messages: list, *args: Any, **options: Any) -> ChatResult:
        number = sum(isinstance(message, AIMessage) for message in messages)
        turn = self.turns[number]
        calls = [] if isinstance(turn, str) else turn
        message = AIMessage(
            turn if isinstance(turn, str) else "",
            tool_calls=[
                {"name": name, "args": args, "id": f"{number}-{index}", "type": "tool_call"}
                for index, (name, args) in enumerate(calls)
            ],
        )
        return ChatResult(generations=[ChatGeneration(message=message)])


@tool
def refund(order: str, amount: float) -> str:
    """Pay an order back."""
    done.append(f"refund {order} {amount:g}")
    if amount == 13:
        raise RuntimeError("the bank is closed\nsecond line")
    return f"{amount:g} euros for {order}"


@tool
def look(order: str) -> str:
    """Look an order up."""
    done.append(f"look {order}")
    return "a tent"


def agent(
    *turns: str | list,
    mode: str = "batched",
    allowed: tuple[str, ...] = ("approve", "edit", "reject", "respond"),
    saver: BaseCheckpointSaver | None = None,
) -> Pregel:
    """Return an agent whose refunds wait for a person."""
    gate = HumanInTheLoopMiddleware(
        {"refund": {"allowed_decisions": list(allowed)}}, interrupt_mode=mode
    )
    model = Scripted(turns=list(turns))
    return create_agent(
        model, [refund, look], middleware=[gate], checkpointer=saver or InMemorySaver()
    )


class State(TypedDict):
    """What the hand-written graphs keep."""

    first: Any
    second: Any


def steps(first: Any, second: Any = None, saver: BaseCheckpointSaver | None = None) -> Pregel:
    """Return a graph whose first node asks `first`, and a second node then asks `second`."""

    def ask_first(state: State) -> dict:
        answer = interrupt(first)
        done.append(f"first: {answer}")
        return {"first": answer}

    def ask_second(state: State) -> dict:
        answer = interrupt(second) if second is not None else "not asked"
        done.append(f"second: {answer}")
        return {"second": answer}

    graph = StateGraph(State).add_node(ask_first).add_node(ask_second)
    graph.add_edge(START, "ask_first").add_edge("ask_first", "ask_second")
    return graph.compile(checkpointer=saver or InMemorySaver())


def one_node(question: Any) -> Pregel:
    """Return a graph whose only node asks the same question twice."""

    def ask_twice(state: State) -> dict:
        return {"first": interrupt(question), "second": interrupt(question)}

    graph = StateGraph(State).add_node(ask_twice).add_edge(START, "ask_twice")
    return graph.compile(checkpointer=InMemorySaver())


def flaky(question: Any, saver: BaseCheckpointSaver | None = None) -> Pregel:
    """Return a graph that fails on every approval, after the answer is there."""

    def ask(state: State) -> dict:
        answer = interrupt(question)
        if answer["type"] == "approve":
            raise RuntimeError("the bank is closed\nsecond line")
        return {"first": answer}

    def beside(state: State) -> None:
        done.append("beside")

    graph = StateGraph(State).add_node(ask).add_node(beside)
    graph.add_edge(START, "ask").add_edge(START, "beside")
    return graph.compile(checkpointer=saver or InMemorySaver())
