"""The desk's graph."""

from __future__ import annotations

import logging
from typing import Literal

from langchain_core.messages import AIMessage
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, interrupt

from .tools import TOOLS

log = logging.getLogger(__name__)
MAX_CALLS = 10
llm = ChatOpenAI(model="gpt-4o-mini", timeout=30).bind_tools(TOOLS)


async def assistant(state: MessagesState) -> dict:
    """Ask the model."""
    last = max(i for i, message in enumerate(state["messages"]) if message.type == "human")
    calls = sum(len(getattr(message, "tool_calls", [])) for message in state["messages"][last:])
    if calls >= MAX_CALLS:
        return {"messages": [AIMessage("Sorry, I could not finish that.")]}
    return {"messages": [await llm.ainvoke(state["messages"])]}


def human_review(state: MessagesState) -> Command[Literal["tools", "__end__"]]:
    """Ask a colleague before money leaves the shop."""
    call = state["messages"][-1].tool_calls[0]
    if call["name"] == "refund_order":
        decision = interrupt({"question": "Refund this order?", "call": call})
        if decision != "approve":
            return Command(goto=END)
    return Command(goto="tools")


def route(state: MessagesState) -> Literal["human_review", "__end__"]:
    """Go on with the calls, or end."""
    return "human_review" if state["messages"][-1].tool_calls else END


def tool_failed(error: Exception) -> str:
    """Say that a tool failed."""
    log.error("tool failed", exc_info=error)
    return "That did not work."


builder = StateGraph(MessagesState)
builder.add_node("assistant", assistant)
builder.add_node("human_review", human_review)
builder.add_node("tools", ToolNode(TOOLS, handle_tool_errors=tool_failed))
builder.add_edge(START, "assistant")
builder.add_conditional_edges("assistant", route)
builder.add_edge("tools", "assistant")
graph = builder.compile()
