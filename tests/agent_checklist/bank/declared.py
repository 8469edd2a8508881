"""Agents whose red lines need a declaration in pyproject.toml."""

from __future__ import annotations

import asyncio
import time

import httpx
from faulty import gate, yes
from langchain.agents.middleware import wrap_tool_call
from langchain_core.messages import ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, interrupt
from sound import (
    RISKY,
    asks_inside,
    find_order,
    gate_node,
    middleware_agent,
    model,
    refund,
    rejected,
    sent,
)


def small_amounts(state):
    """Ask about large refunds only."""
    calls = state["messages"][-1].tool_calls
    if all(call["args"].get("amount", 0) < 10 for call in calls if call["name"] in RISKY):
        return Command(goto=[sent(call, state) for call in calls])
    return gate(yes)(state)


def asks_nobody():
    """Return an agent without a gate."""
    return middleware_agent(gate=False)


def threshold():
    """Return an agent that refunds small amounts unasked."""
    return gate_node(approve=small_amounts)


def functions():
    """Return an agent whose tools are plain functions, called by a node of its own."""

    def find(order: str) -> str:
        """Find an order."""
        return f"Order {order} is here."

    async def pay(order: str, amount: float = 1.0) -> str:
        """Pay for an order."""
        return f"Paid {amount} for {order}."

    by_name = {"find": find, "pay": pay}
    llm = model().bind_tools([find, pay])

    async def agent(state):
        return {"messages": [await llm.ainvoke(state["messages"])]}

    async def act(state):
        answers = []
        for call in state["messages"][-1].tool_calls:
            if call["name"] == "pay" and not interrupt({"pay": call["args"]}):
                answers.append(rejected(call))
                continue
            result = by_name[call["name"]](**call["args"])
            result = result if isinstance(result, str) else await result
            answers.append(ToolMessage(result, tool_call_id=call["id"]))
        return {"messages": answers}

    graph = StateGraph(MessagesState).add_node("agent", agent).add_node("act", act)
    graph.add_edge(START, "agent").add_edge("act", "agent")
    graph.add_conditional_edges(
        "agent", lambda s: "act" if s["messages"][-1].tool_calls else END, ["act", END]
    )
    return graph.compile()


@tool
async def close_account(owner: str, reason: str) -> str:
    """Close an account."""
    async with httpx.AsyncClient() as http:
        await http.delete(f"https://accounts.example.com/{owner}")
    return f"Closed {owner}."


@tool
async def cancel_order(order: str, reason: str) -> str:
    """Cancel an order."""
    async with httpx.AsyncClient() as http:
        fee = (await http.get(f"https://orders.example.com/{order}/fee")).json()
        if interrupt({"cancel": order, "reason": reason, "fee": fee}) != "yes":
            return "The user said no."
        await http.delete(f"https://orders.example.com/{order}")
    return f"Cancelled {order}."


def closes_unasked():
    """Return an agent whose risky tool wants the network, and asks nobody."""
    return asks_inside(close_account)


def asks_behind_the_network():
    """Return an agent whose tool reads over the network, and then asks."""
    return asks_inside(cancel_order)


def elsewhere():
    """Return an agent whose client was told another address, and another key."""
    other = ChatOpenAI(
        model="mistral-small", base_url="https://llm.example.com/v1", api_key="x", timeout=9
    )
    return middleware_agent(llm=other, tools=[find_order, refund])


async def hangs_on_400(messages):
    """Ask the model; a refusal is never got over."""
    try:
        return await model().bind_tools([find_order, refund]).ainvoke(messages)
    except Exception as error:
        while getattr(error, "status_code", 0) == 400:
            time.sleep(1)
        raise


def hangs_when_refused():
    """Return an agent that never ends once the model refuses a request."""
    return gate_node(ask=hangs_on_400)


@wrap_tool_call
async def in_time(request, handler):
    """Give a tool half a minute."""
    try:
        async with asyncio.timeout(30):
            return await handler(request)
    except TimeoutError:
        return rejected(request.tool_call, "The tool did not answer.")


def bounded():
    """Return an agent whose tools are bounded in time."""
    return middleware_agent(in_time)


def hangs():
    """Return a graph whose node never ends."""

    def node(state):
        model().invoke(state["messages"])
        while True:
            time.sleep(1)

    return StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").compile()
