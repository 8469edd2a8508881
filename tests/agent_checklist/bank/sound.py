"""Sound agents of different kinds: none of them may be red."""

from __future__ import annotations

import logging
import uuid
from contextlib import asynccontextmanager
from typing import Literal

from langchain.agents import create_agent
from langchain.agents.middleware import (
    HumanInTheLoopMiddleware,
    ModelCallLimitMiddleware,
    ModelFallbackMiddleware,
    wrap_tool_call,
)
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.errors import NodeError
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.graph.message import add_messages
from langgraph.managed import RemainingSteps
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, Send, interrupt
from pydantic import BaseModel

log = logging.getLogger("bank")


@tool
def find_order(order: str) -> str:
    """Find an order."""
    return f"Order {order} is on its way."


@tool
def refund(order: str, amount: float) -> str:
    """Refund an order."""
    return f"Refunded {amount} for {order}."


TOOLS = [find_order, refund]
RISKY = {"refund"}


def model(**more) -> ChatOpenAI:
    """Return a model with a timeout."""
    return ChatOpenAI(**{"model": "gpt-4o-mini", "timeout": 30, **more})


def tool_failed(error: Exception) -> str:
    """Say that a tool failed, without details."""
    log.error("tool failed", exc_info=error)
    return "The tool failed."


# A StateGraph with a gate node, a fallback, and limits --------------------------------------------


class State(MessagesState):
    """Messages and the steps that are left."""

    remaining_steps: RemainingSteps


def sent(call: dict, state: dict) -> Send:
    """Return what runs one call."""
    return Send("tools", {"__type": "tool_call_with_context", "tool_call": call, "state": state})


def rejected(call: dict, why: str = "Rejected by a person.") -> ToolMessage:
    """Return the answer to a call that does not run."""
    return ToolMessage(why, tool_call_id=call["id"], name=call["name"], status="error")


def approve(state: State) -> Command:
    """Ask about each risky call."""
    answers, run = [], []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            decision = interrupt({"tool": call["name"], "args": call["args"]})
            if not isinstance(decision, dict) or decision.get("type") != "approve":
                answers.append(rejected(call))
                continue
        run.append(sent(call, state))
    return Command(update={"messages": answers}, goto=run or "agent")


def answered(messages: list) -> list:
    """Return messages in which every call has an answer."""
    have, out = {m.tool_call_id for m in messages if m.type == "tool"}, []
    for message in messages:
        out.append(message)
        for call in getattr(message, "tool_calls", ()):
            if call["id"] not in have:
                out.append(rejected(call, "Not executed."))
    return out


def model_failed(state: State, error: NodeError) -> Command:
    """End the turn in words."""
    reference = uuid.uuid4().hex[:8]
    log.error("model failed %s", reference, exc_info=error.error)
    return Command(update={"messages": [AIMessage(f"Sorry ({reference}).")]}, goto=END)


def gate_node(
    *,
    approve=approve,
    tool_failed=tool_failed,
    model_failed=model_failed,
    main=None,
    spare=None,
    tools=TOOLS,
    ask=None,
    note=lambda state: None,
    most=8,
    retry=None,
    answered=answered,
    compile=lambda graph: graph.compile(),
):
    """Return the graph, with parts of it exchanged."""
    llm = (main or model()).bind_tools(tools)
    other = (spare or model(model="gpt-4.1-mini")).bind_tools(tools)

    async def ask_both(messages):
        from openai import APIConnectionError, InternalServerError, RateLimitError  # noqa: PLC0415

        down = (APIConnectionError, InternalServerError, RateLimitError)
        return await llm.with_fallbacks([other], exceptions_to_handle=down).ainvoke(messages)

    asks = ask or ask_both

    async def agent(state: State):
        note(state)
        messages = state["messages"]
        start = max(i for i, m in enumerate(messages) if m.type == "human")
        calls = sum(len(getattr(m, "tool_calls", ())) for m in messages[start:])
        if most and (calls >= most or state["remaining_steps"] < 4):
            return {"messages": [AIMessage(f"I stopped after {calls} calls.")]}
        return {"messages": [await asks(answered(messages))]}

    graph = StateGraph(State)
    more = {"error_handler": model_failed} if model_failed else {}
    graph.add_node("agent", agent, retry_policy=retry, **more)
    graph.add_node("approve", approve, destinations=("tools", "agent"))
    graph.add_node("tools", ToolNode(tools, handle_tool_errors=tool_failed))
    graph.add_edge(START, "agent")
    graph.add_conditional_edges(
        "agent", lambda state: "approve" if state["messages"][-1].tool_calls else END,
        ["approve", END],
    )  # fmt: skip
    graph.add_edge("tools", "agent")
    return compile(graph)


# create_agent with middleware ---------------------------------------------------------------------


@wrap_tool_call
async def tool_errors(request, handler):
    """Answer for a tool that fails."""
    try:
        return await handler(request)
    except Exception as error:
        if type(error).__name__ == "GraphInterrupt":
            raise
        return ToolMessage(tool_failed(error), tool_call_id=request.tool_call["id"])


def middleware_agent(
    *extra, gate=None, errors=tool_errors, inner=(), limit=8, tools=TOOLS, llm=None, **more
):
    """Return an agent of create_agent, with parts of it exchanged."""
    stack = [*extra]
    if gate is None:
        gate = HumanInTheLoopMiddleware({"refund": True})
    stack += [gate] if gate else []
    stack += [ModelCallLimitMiddleware(run_limit=limit)] if limit else []
    stack += [*([errors] if errors else []), *inner]
    return create_agent(llm or model(), tools, middleware=stack, **more)


# The gate in a subgraph ---------------------------------------------------------------------------


def gate_in_subgraph():
    """Return a parent whose only node is an agent with a gate."""

    def before(state: MessagesState):
        return {}

    graph = StateGraph(MessagesState)
    graph.add_node("before", before)
    graph.add_node("desk", gate_node())
    graph.add_edge(START, "before").add_edge("before", "desk").add_edge("desk", END)
    return graph.compile()


# The gate in a tool's own body --------------------------------------------------------------------


@tool
def book_hotel(hotel: str, nights: int) -> str:
    """Book a hotel."""
    answer = interrupt({"action": "book_hotel", "args": {"hotel": hotel, "nights": nights}})
    if answer == "yes":
        return f"Booked {hotel} for {nights} nights."
    return "The user said no."


def asks_inside(*tools):
    """Return an agent whose risky tool asks a person itself."""
    return middleware_agent(gate=False, tools=[find_order, *(tools or [book_hotel])])


# An @entrypoint -----------------------------------------------------------------------------------


def workflow():
    """Return an agent of the functional API."""
    llm, by_name = model().bind_tools(TOOLS), {each.name: each for each in TOOLS}

    @task
    async def ask(messages):
        return await llm.ainvoke(messages)

    @task
    async def run(call):
        try:
            return ToolMessage(str(await by_name[call["name"]].ainvoke(call["args"])),
                               tool_call_id=call["id"])  # fmt: skip
        except Exception as error:
            return rejected(call, tool_failed(error))

    @entrypoint()
    async def agent(messages: list, *, previous: list | None = None):
        messages = add_messages(previous or [], messages)
        for _ in range(8):
            reply = await ask(messages)
            messages = add_messages(messages, [reply])
            if not reply.tool_calls:
                return entrypoint.final(value=reply, save=messages)
            answers = []
            for call in reply.tool_calls:
                if call["name"] not in by_name:
                    answers.append(rejected(call, "There is no such tool."))
                elif (
                    call["name"] in RISKY
                    and interrupt({"question": "Approve?", "call": call}) is not True
                ):
                    answers.append(rejected(call))
                else:
                    answers.append(await run(call))
            messages = add_messages(messages, answers)
        stopped = AIMessage("I stopped.")
        return entrypoint.final(value=stopped, save=add_messages(messages, [stopped]))

    return agent


# A team -------------------------------------------------------------------------------------------


def team():
    """Return a supervisor whose tool is another agent with a gate."""
    desk = middleware_agent(name="desk")

    @tool
    async def ask_the_desk(request: str) -> str:
        """Ask the desk."""
        result = await desk.ainvoke({"messages": [HumanMessage(request)]})
        return result["messages"][-1].text

    return create_agent(
        model(), [ask_the_desk],
        middleware=[ModelCallLimitMiddleware(run_limit=8), tool_errors],
    )  # fmt: skip


def swarm():
    """Return two agents that hand over to each other."""

    @tool
    def transfer_to_billing() -> Command:
        """Hand over to billing."""

    def node(name: str, tools: list, other: str):
        llm = model().bind_tools(tools)

        async def work(state: State):
            calls = sum(len(getattr(m, "tool_calls", ())) for m in state["messages"][-16:])
            if calls >= 8 or state["remaining_steps"] < 4:
                return Command(update={"messages": [AIMessage("I stopped.")]}, goto=END)
            reply = await llm.ainvoke(answered(state["messages"]))
            if not reply.tool_calls:
                return Command(update={"messages": [reply]}, goto=END)
            moved = [c for c in reply.tool_calls if c["name"].startswith("transfer_to")]
            if moved:
                answers = [
                    ToolMessage("Transferred.", tool_call_id=c["id"]) for c in reply.tool_calls
                ]
                return Command(update={"messages": [reply, *answers]}, goto=other)
            return Command(update={"messages": [reply]}, goto=f"{name}_tools")

        return work

    graph = StateGraph(State)
    first, second = [find_order, transfer_to_billing], [find_order]
    graph.add_node(
        "front", node("front", first, "billing"), destinations=("billing", "front_tools", END)
    )
    graph.add_node(
        "billing", node("billing", second, "front"), destinations=("front", "billing_tools", END)
    )
    for name, tools in (("front", first), ("billing", second)):
        graph.add_node(f"{name}_tools", ToolNode(tools, handle_tool_errors=tool_failed))
        graph.add_edge(f"{name}_tools", name)
    graph.add_edge(START, "front")
    return graph.compile()


class Kind(BaseModel):
    """What a question is about."""

    kind: Literal["order", "other"]


def routed(desk=None):
    """Return an agent behind a router of another model.

    Args:
        desk: The agent; None: create_agent with a fallback.
    """
    router_model = model(model="gpt-4.1-nano").with_structured_output(Kind)

    async def router(state: MessagesState):
        log.info("sorted as %s", (await router_model.ainvoke(state["messages"][-1:])).kind)

    graph = StateGraph(MessagesState).add_node("router", router)
    graph.add_node("desk", desk or fallback_agent()).add_edge(START, "router")
    return graph.add_edge("router", "desk").compile()


# An async factory in a class ----------------------------------------------------------------------


class Service:
    """Opens its agent as a server does."""

    @asynccontextmanager
    async def create_graph(self, config: dict):
        """Yield the agent while its resources are open."""
        yield gate_node()


def fallback_agent():
    """Return create_agent with ModelFallbackMiddleware."""
    return middleware_agent(ModelFallbackMiddleware(model(model="gpt-4.1-mini")))


SOUND = {  # name: what makes it
    "gate_node": gate_node,
    "middleware": middleware_agent,
    "with_fallback": fallback_agent,
    "subgraph": gate_in_subgraph,
    "inside": asks_inside,
    "functional": workflow,
    "supervised": team,
    "swarmed": swarm,
    "routed": routed,
    "service": Service,
}


def __getattr__(name: str):
    """Return a sound agent, made when it is asked for."""
    if name in SOUND:
        return SOUND[name]
    raise AttributeError(name)
