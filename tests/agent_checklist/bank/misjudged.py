"""Agents that a checklist easily judges wrongly: what it must not say of each is in the tests."""

from __future__ import annotations

import asyncio
import functools
import itertools
import json
import logging
import random
import uuid
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

import faulty
import sound
from faulty import drops_unknown, plain, tries_again
from langchain.agents import AgentState
from langchain.agents.middleware import HumanInTheLoopMiddleware, wrap_model_call, wrap_tool_call
from langchain.tools import ToolRuntime
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.runnables import RunnableConfig, RunnableLambda
from langchain_core.tools import InjectedToolCallId, tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.store.base import BaseStore
from langgraph.types import Command, interrupt
from openai import AsyncOpenAI
from pydantic import BaseModel, Field, StrictBool
from sound import (
    TOOLS,
    find_order,
    gate_node,
    middleware_agent,
    model,
    refund,
    rejected,
    sent,
    tool_failed,
)
from typing_extensions import TypedDict

log = logging.getLogger("misjudged")

# A structured request comes first, and each turn ends with an open call ---------------------------


class Route(BaseModel):
    """Where a request goes."""

    to: Literal["agent", "end"] = Field(description="where")


@tool
class Done(BaseModel):
    """The work is done."""

    done: bool


class Sorted(BaseModel):
    """What is done with a mail."""

    to: Literal["ignore", "agent"]


def routed(drops=False, closes=False, route=Route, checkpointer=None):
    """Return an agent with a router, whose turn ends with a call that nobody answers.

    Args:
        drops: A call of an unknown tool ends the turn, and is left open.
        closes: The call that ends the turn is answered.
        route: Where a turn may go.
    """
    llm = model().bind_tools([find_order, Done], tool_choice="required")

    async def triage(state: MessagesState) -> Command[Literal["agent", "__end__"]]:
        found = await model().with_structured_output(route).ainvoke(state["messages"][-1:])
        return Command(goto="agent" if found.to == "agent" else END)

    async def agent(state: MessagesState):
        return {"messages": [await llm.ainvoke(state["messages"])]}

    def after(state: MessagesState):
        names = [call["name"] for call in state["messages"][-1].tool_calls]
        if drops and "no_such_tool" in names:
            return END
        return ("close" if closes else END) if "Done" in names or not names else "tools"

    def close(state: MessagesState):
        calls = state["messages"][-1].tool_calls
        return {"messages": [ToolMessage("Done.", tool_call_id=call["id"]) for call in calls]}

    graph = StateGraph(MessagesState).add_node("triage", triage).add_node("agent", agent)
    graph.add_node("tools", ToolNode([find_order], handle_tool_errors=tool_failed))
    graph.add_node("close", close)
    graph.add_edge(START, "triage").add_edge("tools", "agent")
    graph.add_conditional_edges("agent", after, ["tools", "close", END])
    return graph.compile(checkpointer=checkpointer)


def routed_and_drops():
    """Return the agent that leaves an unknown call open as well."""
    return routed(drops=True)


def routed_and_closes():
    """Return the agent with nothing to blame."""
    return routed(closes=True)


def sorts_first(checkpointer):
    """Return an agent whose router may leave a mail alone."""
    return routed(closes=True, route=Sorted, checkpointer=checkpointer)


def sorts_first_and_leaves_open(checkpointer):
    """Return such an agent that cannot go on after a turn."""
    return routed(route=Sorted, checkpointer=checkpointer)


# What a plain turn does not reach -----------------------------------------------------------------


class Clarity(BaseModel):
    """Whether a question has to be asked first."""

    need_clarification: bool
    question: str


def clarifies():
    """Return an agent that asks the user back, before its model is offered tools."""

    async def clarify(state: MessagesState) -> Command[Literal["work", "__end__"]]:
        found = await model().with_structured_output(Clarity).ainvoke(state["messages"])
        if found.need_clarification:
            return Command(goto=END, update={"messages": [AIMessage(found.question)]})
        return Command(goto="work")

    async def work(state: MessagesState):
        return {"messages": [await model().bind_tools(TOOLS).ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("clarify", clarify).add_node("work", work)
    return graph.add_edge(START, "clarify").add_edge("work", END).compile()


class Known(BaseModel):
    """Who asks."""

    number: str


def verifies():
    """Return an agent that asks a person who they are, before its model is offered tools."""

    async def verify(state: MessagesState):
        await model().with_structured_output(Known).ainvoke(state["messages"][-1:])
        return {"messages": [AIMessage(f"Welcome, {interrupt('Who are you?')}.")]}

    graph = StateGraph(MessagesState).add_node("verify", verify)
    graph.add_node("desk", gate_node())
    return graph.add_edge(START, "verify").add_edge("verify", "desk").compile()


def asks_before_the_model():
    """Return a graph that asks a person first, and then its model."""

    async def node(state: MessagesState):
        interrupt("Which depth?")
        return {"messages": [await model().ainvoke(state["messages"])]}

    return StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").compile()


# An answer in a field of the state, beside other texts --------------------------------------------


class Review(TypedDict, total=False):
    """A task, what the model wrote, and how far it is."""

    task: str
    draft: str
    status: str


def drafts():
    """Return a graph without messages, whose answer is a field."""

    async def write(state: Review):
        reply = await model().ainvoke(state["task"])
        return {"draft": reply.text, "status": "awaiting_review"}

    return StateGraph(Review).add_node("write", write).add_edge(START, "write").compile()


class Planned(MessagesState):
    """The conversation, and the plan for it."""

    plan: str


def plans_first():
    """Return an agent whose planner speaks before it, in a field of the state."""

    async def plan(state: Planned):
        return {"plan": (await model().ainvoke(state["messages"][-1:])).text}

    graph = StateGraph(Planned).add_node("plan", plan).add_node("desk", gate_node())
    return graph.add_edge(START, "plan").add_edge("plan", "desk").compile()


class Outlined(Review):
    """A review with an outline."""

    outline: str


def outlines_first():
    """Return a graph without messages, whose answer is one field, and its outline another."""

    async def outline(state: Outlined):
        return {"outline": (await model().ainvoke(state["task"])).text}

    async def write(state: Outlined):
        reply = await model().ainvoke([("system", "Write."), ("user", state["task"])])
        return {"draft": reply.text}

    graph = StateGraph(Outlined).add_node("outline_it", outline).add_node("write", write)
    return graph.add_edge(START, "outline_it").add_edge("outline_it", "write").compile()


class Post(TypedDict, total=False):
    """A task, and what shall be published."""

    task: str
    post: dict


def shows_a_draft(as_json=False):
    """Return a graph that puts what the model wrote before a person."""

    async def write(state: Post):
        return {"post": {"content": (await model().ainvoke(state["task"])).text}}

    def review(state: Post):
        interrupt({"publish": json.dumps(state["post"]) if as_json else state["post"]})

    graph = StateGraph(Post).add_node("write", write).add_node("review", review)
    return graph.add_edge(START, "write").add_edge("write", "review").compile()


def shows_a_draft_as_json():
    """Return one that shows it as JSON."""
    return shows_a_draft(as_json=True)


# A fallback of tools ------------------------------------------------------------------------------


def tools_with_a_fallback():
    """Return an agent whose tools, and not its model, have a fallback."""

    def failed(state: dict) -> dict:
        calls = state["messages"][-1].tool_calls
        return {"messages": [ToolMessage("It failed.", tool_call_id=c["id"]) for c in calls]}

    node = ToolNode([find_order], handle_tool_errors=False)
    llm = model().bind_tools([find_order])

    async def agent(state: MessagesState):
        return {"messages": [await llm.ainvoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node("agent", agent)
    graph.add_node("tools", node.with_fallbacks([RunnableLambda(failed)], exception_key="error"))
    graph.add_edge(START, "agent").add_conditional_edges("agent", tools_condition)
    return graph.add_edge("tools", "agent").compile()


# Loops --------------------------------------------------------------------------------------------


@tool(return_direct=True)
def look_once(order: str) -> str:
    """Find an order, and end the turn with it."""
    return f"Order {order} is on its way."


def returns_directly():
    """Return an agent whose tool ends the turn: no loop can be played."""
    return middleware_agent(gate=False, limit=0, tools=[look_once])


# Every tool asks ----------------------------------------------------------------------------------


def asks_always(errors=None):
    """Return an agent whose tools all ask, and that does not survive a tool's error."""
    gate = HumanInTheLoopMiddleware({"refund": True, "find_order": True})
    return middleware_agent(gate=gate, errors=errors)


def asks_always_and_drops():
    """Return an agent whose tools all ask, and that leaves unknown calls open."""

    def approve(state):
        for call in state["messages"][-1].tool_calls:
            if call["name"] == "find_order":
                decision = interrupt({"tool": call["name"], "args": call["args"]})
                if decision.get("type") != "approve":
                    answer = ToolMessage("Rejected.", tool_call_id=call["id"])
                    return Command(update={"messages": [answer]}, goto="agent")
        return drops_unknown(state)

    return gate_node(approve=approve, answered=plain)


# A state that a plain question does not fill ------------------------------------------------------


class Session(BaseModel):
    """Messages and a session's id."""

    messages: list
    session_id: str


def needs_a_session():
    """Return an agent whose state has a field that nobody guesses."""

    async def node(state: MessagesState):
        reply = await model().ainvoke(state["messages"])
        Session.model_validate({"messages": [reply]})
        return {"messages": [reply]}

    return StateGraph(MessagesState).add_node("node", node).add_edge(START, "node").compile()


# An input that is not called messages -------------------------------------------------------------


class Mail(TypedDict):
    """What comes in."""

    email_input: dict


class Inbox(MessagesState):
    """What comes in, and the conversation."""

    email_input: dict


def reads_mail():
    """Return an agent that wants a dict with keys of its own."""

    async def node(state: Inbox):
        text = state["email_input"]["email_thread"]
        return {"messages": [await model().ainvoke(text)]}

    graph = StateGraph(Inbox, input_schema=Mail).add_node("node", node)
    return graph.add_edge(START, "node").compile()


def takes_a_saver(checkpointer):
    """Return an agent on the checkpointer that it is given."""
    return gate_node(compile=lambda graph: graph.compile(checkpointer=checkpointer))


# Supervisors that route to the same worker again and again ----------------------------------------


class Next(BaseModel):
    """Who works next."""

    next: Literal["researcher", "writer", "FINISH"]


class Counted(MessagesState):
    """The conversation, and how often it was routed."""

    rounds: int


def supervised(most=0, tools=()):
    """Return a supervisor whose structured output names the next worker.

    Args:
        most: How often it routes in one turn; 0: as often as the model likes.
        tools: What the researcher is offered, at most twice in one visit.
    """

    async def supervisor(state: Counted) -> Command[Literal["researcher", "writer", "__end__"]]:
        rounds = state.get("rounds", 0)
        found = await model().with_structured_output(Next).ainvoke(state["messages"])
        if found.next == "FINISH" or (most and rounds >= most):
            return Command(goto=END, update={"rounds": 0})
        return Command(goto=found.next, update={"rounds": rounds + 1})

    worker = middleware_agent(gate=False, limit=2, tools=list(tools))

    async def researcher(state: Counted) -> Command[Literal["supervisor"]]:
        found = await worker.ainvoke({"messages": state["messages"]})
        text = found["messages"][-1].text
        return Command(goto="supervisor", update={"messages": [AIMessage(text, name="researcher")]})

    async def writer(state: Counted) -> Command[Literal["supervisor"]]:
        reply = await model().ainvoke(state["messages"])
        return Command(goto="supervisor", update={"messages": [reply]})

    graph = StateGraph(Counted).add_node("supervisor", supervisor)
    graph.add_node("researcher", researcher).add_node("writer", writer)
    return graph.add_edge(START, "supervisor").compile()


def supervised_with_tools():
    """Return one whose researcher has a tool."""
    return supervised(tools=[find_order])


def supervised_in_bounds():
    """Return one that routes six times at most."""
    return supervised(most=6, tools=[find_order])


@tool
def transfer_to_researcher() -> str:
    """Hand over to the researcher."""
    return "Transferred."


def hands_over(most=0, visits=2):
    """Return a supervisor whose model calls a tool to hand over, as langgraph-supervisor's does.

    Args:
        most: How often it hands over in one turn; 0: as often as the model likes.
        visits: How many calls of a tool the researcher may make in one visit.
    """
    llm = model().bind_tools([transfer_to_researcher])
    worker = middleware_agent(gate=False, limit=visits, tools=[find_order])

    async def supervisor(state: MessagesState) -> Command[Literal["researcher", "__end__"]]:
        messages = state["messages"]
        start = max(i for i, m in enumerate(messages) if m.type == "human")
        handed = sum(m.type == "tool" for m in messages[start:])
        reply = await llm.ainvoke(messages)
        calls = [ToolMessage("Transferred.", tool_call_id=c["id"]) for c in reply.tool_calls]
        if most and handed >= most:
            return Command(goto=END, update={"messages": [AIMessage("I stopped.")]})
        goto = "researcher" if calls else END
        return Command(goto=goto, update={"messages": [reply, *calls]})

    async def researcher(state: MessagesState) -> Command[Literal["supervisor"]]:
        found = await worker.ainvoke({"messages": state["messages"]})
        text = found["messages"][-1].text
        return Command(goto="supervisor", update={"messages": [AIMessage(text, name="researcher")]})

    graph = StateGraph(MessagesState).add_node("supervisor", supervisor)
    graph.add_node("researcher", researcher)
    return graph.add_edge(START, "supervisor").compile()


def hands_over_in_bounds():
    """Return one that hands over four times at most."""
    return hands_over(most=4)


def hands_over_to_a_loop():
    """Return one that is bounded, and whose researcher is not."""
    return hands_over(most=4, visits=0)


# A question at the start, which structured output leads to ----------------------------------------


class Birthdate(BaseModel):
    """What was read from the user's words."""

    birthdate: str | None = Field(description="YYYY-MM-DD; None if no birthdate is found.")
    reasoning: str


class Signs(MessagesState, total=False):
    """The conversation, and when the user was born."""

    birthdate: date | None


def asks_for_a_date():
    """Return an agent that asks until it can read a date, and remembers it for the user."""

    def asked(prompt: str, llm):
        return RunnableLambda(lambda state: [SystemMessage(prompt), *state["messages"]]) | llm

    async def background(state: Signs):
        reply = await asked("Tell about star signs.", model()).ainvoke(state)
        return {"messages": [AIMessage(reply.text)]}

    async def find_date(state: Signs, config: RunnableConfig, store: BaseStore):
        user = (config["configurable"].get("user_id") or "nobody",)
        if (kept := await store.aget(user, "birthdate")) and kept.value:
            born = date.fromisoformat(kept.value["date"])
            log.info("Returning birthdate %s for user %s", born, user[0])
            return {"birthdate": born, "messages": []}
        llm = model().with_structured_output(Birthdate)
        found = await asked("Extract the birthdate.", llm).ainvoke(state)
        try:
            born = date.fromisoformat(found.birthdate or "")
        except ValueError:
            answer = interrupt(f"{found.reasoning}\nPlease tell me your birthdate?")
            state["messages"].append(HumanMessage(answer))
            return await find_date(state, config, store)
        await store.aput(user, "birthdate", {"date": found.birthdate})
        return {"birthdate": born, "messages": []}

    async def answer(state: Signs):
        reply = await asked(f"Born {state.get('birthdate')}.", model()).ainvoke(state)
        return {"messages": [AIMessage(reply.text)]}

    graph = StateGraph(Signs).add_node("background", background)
    graph.add_node("find_date", find_date).add_node("answer", answer)
    graph.add_edge(START, "background").add_edge("background", "find_date")
    return graph.add_edge("find_date", "answer").add_edge("answer", END).compile()


# A tool that fails by itself ----------------------------------------------------------------------


@tool
def sort_orders(by: str) -> str:
    """Sort the orders."""
    for order in sorted([], key=by):
        last = order
    return f"The last is {last}."


def cannot_sort():
    """Return an agent with a tool that raises whatever it is called with."""
    return middleware_agent(gate=False, tools=[find_order, sort_orders])


# Two models that each have work of their own ------------------------------------------------------


def routed_by_another_model():
    """Return an agent behind a router of another model, which goes on where the router is down."""

    async def router(state: MessagesState):
        try:
            await model().with_structured_output(Route).ainvoke(state["messages"][-1:])
        except Exception:
            log.exception("the router is down")
        return {}

    graph = StateGraph(MessagesState).add_node("router", router)
    graph.add_node("desk", middleware_agent(llm=model(model="gpt-4o")))
    return (
        graph.add_edge(START, "router").add_edge("router", "desk").add_edge("desk", END).compile()
    )


# Words in events of the agent's own ---------------------------------------------------------------


class Asked(TypedDict, total=False):
    """A question and its answer."""

    question: str
    answer: str


def writes_tokens():
    """Return a graph that asks with OpenAI's own client, and wraps each token in an event."""
    client = AsyncOpenAI(timeout=10)

    async def talk(state: Asked):
        write, words = get_stream_writer(), ""
        said = [{"role": "user", "content": state["question"]}]
        stream = await client.chat.completions.create(
            model="gpt-4o-mini", messages=said, stream=True
        )
        async for chunk in stream:
            token = chunk.choices[0].delta.content if chunk.choices else ""
            words += token or ""
            write({"type": "token", "data": {"token": token or ""}})
        return {"answer": words}

    return StateGraph(Asked).add_node("talk", talk).add_edge(START, "talk").compile()


# Gates with one question for all calls, and calls that nobody can tell apart ----------------------


def asks_for_a_list():
    """Return an agent that shows all calls in one question, and wants an answer for each."""
    return gate_node(approve=faulty.asks_for_a_list(list))


@tool("refund")
def refund_all() -> str:
    """Refund everything."""
    return "Refunded."


def refunds_all():
    """Return an agent whose risky tool has no arguments."""
    return gate_node(tools=[find_order, refund_all])


class Decision(BaseModel):
    """What a person decides."""

    ok: StrictBool
    note: str = ""


def asks_by_schema():
    """Return an agent whose question names the form of its answer, and takes no other."""

    def approve(state):
        calls = state["messages"][-1].tool_calls
        asked = [call for call in calls if call["name"] == "refund"]
        said = {c["id"]: interrupt(c, response_schema=Decision) for c in asked}
        no = [call for call in asked if not said[call["id"]].ok]
        run = [sent(call, state) for call in calls if call not in no]
        return Command(update={"messages": list(map(rejected, no))}, goto=run or "agent")

    return gate_node(approve=approve)


def asks_by_id(said=lambda answers: answers):
    """Return an agent that wants a map of answers by the calls' ids.

    Args:
        said: Makes that map of what a person answers.
    """

    def approve(state):
        calls = state["messages"][-1].tool_calls
        asked = [call for call in calls if call["name"] == "refund"]
        answers = said(interrupt([{"call": c["id"], **c["args"]} for c in asked])) if asked else {}
        no = [
            c for c in asked if not isinstance(answers, dict) or answers.get(c["id"]) != "approve"
        ]
        run = [sent(call, state) for call in calls if call not in no]
        return Command(update={"messages": list(map(rejected, no))}, goto=run or "agent")

    return gate_node(approve=approve)


def asks_by_id_and_mixes_up():
    """Return such an agent that takes the last answer for all."""

    def last(answers):
        known = isinstance(answers, dict) and answers
        return dict.fromkeys(answers, list(answers.values())[-1]) if known else {}

    return asks_by_id(last)


def asks_for_verdicts():
    """Return such an agent that wants a list of verdicts, as no other agent does."""

    def by_id(answers):
        listed = isinstance(answers, list) and all(isinstance(one, dict) for one in answers)
        return {one.get("about"): one.get("verdict") for one in answers} if listed else {}

    return asks_by_id(by_id)


def keeps_in_memory():
    """Return an agent with a checkpointer in memory."""
    return gate_node(compile=lambda graph: graph.compile(checkpointer=InMemorySaver()))


# A tool that asks, around the one that acts -------------------------------------------------------


def asks_around(name="issue", tries=1, looks=False):
    """Return an agent whose tools ask a person around another tool.

    Args:
        name: That of the tool inside.
        tries: How often the tool inside is tried.
        looks: The tool inside is one that looks something up, and the effect is the outer one's.
    """

    @tool(name)
    async def act(order: str, amount: float) -> str:
        """Refund an order."""
        return f"Refunded {amount} for {order}."

    @tool("issue", args_schema=act.args_schema)
    async def ask(**given) -> str:
        """Refund an order, once a person said yes."""
        if not interrupt({"awaiting": "issue", "args": given}).get("approved"):
            return "A person said no."
        for left in reversed(range(tries)):
            try:
                done = await act.ainvoke(given)
                break
            except ConnectionError:
                if not left:
                    raise
        return f"Issued to {given['order']}." if looks else done

    return middleware_agent(gate=False, tools=[find_order, ask])


LEDGER = Path(__file__).with_name("refunds.txt")


def refunds():
    """Return what was refunded."""
    return LEDGER.read_text().splitlines() if LEDGER.exists() else []


def refunds_by_key(by_call=True):
    """Return an agent that tries its tool again, and whose ledger refuses what it has.

    Args:
        by_call: The key is the call's id; else the order's.
    """

    @tool("refund")
    def by_id(order: str, amount: float, key: Annotated[str, InjectedToolCallId]) -> str:
        """Refund an order."""
        line = f"{key} {order} {amount}"
        LEDGER.write_text("\n".join(dict.fromkeys([*refunds(), line])))
        return f"Refunded {amount} for {order}."

    @tool("refund")
    def by_order(order: str, amount: float) -> str:
        """Refund an order."""
        LEDGER.write_text("\n".join(dict.fromkeys([*refunds(), f"{order} {amount}"])))
        return f"Refunded {amount} for {order}."

    act = by_id if by_call else by_order
    return middleware_agent(inner=[tries_again], tools=[find_order, act])


def refunds_by_order():
    """Return such an agent, with the order as the key."""
    return refunds_by_key(by_call=False)


# Tools that are offered once another one ran ------------------------------------------------------


class LoggedIn(AgentState):
    """Whether somebody has logged in."""

    logged_in: bool


@tool
def log_in(code: str, runtime: ToolRuntime) -> Command:
    """Log in."""
    told = ToolMessage("Read.", tool_call_id=runtime.tool_call_id)
    return Command(update={"logged_in": code == "4711", "messages": [told]})


@wrap_model_call
async def offers(request, handler):
    """Offer the tools to whom has logged in."""
    tools = TOOLS if request.state.get("logged_in") else [log_in]
    return await handler(request.override(tools=tools))


def offers_later():
    """Return an agent whose tools are offered after a login."""
    return middleware_agent(offers, tools=[log_in, *TOOLS], state_schema=LoggedIn)


def asks_above(amount=100):
    """Return an agent that asks a person above an amount."""
    above = {
        "allowed_decisions": ["approve"],
        "when": lambda r: r.tool_call["args"]["amount"] > amount,
    }
    return middleware_agent(gate=HumanInTheLoopMiddleware({"refund": above}))


def asks_above_what_nobody_pays():
    return asks_above(10**6)


def asks_in_a_node_above_what_nobody_pays():
    """Return an agent whose gate names no tool."""

    def approve(state):
        calls = state["messages"][-1].tool_calls
        large = [call for call in calls if call["args"].get("amount", 0) > 10**6]
        no = [call for call in large if interrupt(call) is not True]
        run = [sent(call, state) for call in calls if call not in no]
        return Command(update={"messages": list(map(rejected, no))}, goto=run or "agent")

    return gate_node(approve=approve)


def asks_above_in_its_body():
    """Return an agent whose harmless tool comes first, and has a number, too."""

    @tool
    def points_of(member: str, months: int) -> str:
        """Count a member's points."""
        return f"{member}: {months} points."

    @tool
    def grant_points(member: str, points: int) -> str:
        """Grant points."""
        if points > 200 and interrupt({"grant": points, "to": member}) != "yes":
            return "No."
        return f"{points} points for {member}."

    return middleware_agent(gate=False, tools=[points_of, grant_points])


def asks_above_for_the_first():
    """Return an agent that asks above an amount, and looks at one call of a message only."""

    def approve(state):
        calls = state["messages"][-1].tool_calls
        if calls[0]["args"].get("amount", 0) <= 100:
            return Command(goto=[sent(call, state) for call in calls])
        return faulty.gate(faulty.yes)(state)

    return gate_node(approve=approve)


def two_desks():
    """Return a supervisor of two agents, which share a harmless tool."""

    def worker(name, tools, gate):
        desk = middleware_agent(tools=tools, gate=gate, name=name)

        @tool(f"ask_{name}")
        async def ask(request: str) -> str:
            """Ask a desk."""
            return (await desk.ainvoke({"messages": [("user", request)]}))["messages"][-1].text

        return ask

    workers = [worker("research", [find_order], False), worker("finance", TOOLS, None)]
    return middleware_agent(tools=workers, gate=False)


def sends_the_last(model_failed=None):
    """Return an agent that sends a tool's result without its call."""
    return gate_node(tools=[find_order], answered=lambda all: all[-1:], model_failed=model_failed)


def sends_the_last_and_says_sorry():
    """Return such an agent that puts the refusal into words."""
    return sends_the_last(sound.model_failed)


def logs_in():
    """Return an agent whose only tool returns a Command."""
    return middleware_agent(tools=[log_in], gate=False, state_schema=LoggedIn, limit=0)


def runs_code():
    """Return an agent whose model answers with code, and is shown what came of it."""

    async def write(state: MessagesState) -> Command[Literal["run", "__end__"]]:
        reply = await model().ainvoke(state["messages"])
        return Command(goto="run" if "```" in reply.text else END, update={"messages": [reply]})

    graph = StateGraph(MessagesState).add_node("write", write)
    graph.add_node("run", lambda state: {"messages": [HumanMessage("It printed 4.")]})
    return graph.add_edge(START, "write").add_edge("run", "write").compile()


# Answers in usual forms ---------------------------------------------------------------------------


def _gate_that(asks):
    """Return an agent with a gate; `asks` returns the ids of the calls that were approved."""

    def approve(state):
        calls = state["messages"][-1].tool_calls
        risky = [call for call in calls if call["name"] in sound.RISKY]
        good = asks(risky) if risky else ()
        no = [call for call in risky if call["id"] not in good]
        run = [sound.sent(call, state) for call in calls if call not in no]
        return Command(update={"messages": list(map(sound.rejected, no))}, goto=run or "agent")

    return sound.gate_node(approve=approve)


def answered_by_list():
    def asks(calls):
        said = interrupt([{"tool": c["name"], "args": c["args"]} for c in calls])
        said = said if isinstance(said, list) and len(said) == len(calls) else [""] * len(calls)
        return [c["id"] for c, word in zip(calls, said, strict=True) if word == "approve"]

    return _gate_that(asks)


def answered_by_id():
    def asks(calls):
        said = interrupt([{"call": c["id"], "args": c["args"]} for c in calls])
        said = said if isinstance(said, dict) else {}
        answers = {key: one for key, one in said.items() if isinstance(one, dict)}
        return [key for key, one in answers.items() if one.get("action") == "approve"]

    return _gate_that(asks)


def _of_two_words(first, second):
    form = {"type": "object", "properties": {"what": {"enum": [first, second]}}}

    def asks(calls):
        said = [interrupt({"refund": call["args"], "form": form}) for call in calls]
        said = [one if isinstance(one, dict) else {} for one in said]
        return [c["id"] for c, one in zip(calls, said, strict=True) if one.get("what") == "ship"]

    return _gate_that(asks)


def answered_by_form():
    return _of_two_words("ship", "hold")


def answered_by_form_turned():
    return _of_two_words("hold", "ship")


def never_understood():
    def asks(calls):
        said = [interrupt({"tool": "refund", "args": call["args"]}) for call in calls]
        return [c["id"] for c, one in zip(calls, said, strict=True) if one == "a" + "bra"]

    return _gate_that(asks)


# A tool that asks in its own body, and returns something else each time ---------------------------


def asks_in_its_body(ending):
    """Return an agent whose tool ends as told, of the hotel and what asks."""

    @tool
    async def book_hotel(hotel: str, nights: int) -> str:
        """Book a hotel."""
        args = {"hotel": hotel, "nights": nights}
        question = {"action": "book_hotel", "args": args}
        return await ending(hotel, lambda: interrupt(question) == "yes")

    return sound.asks_inside(book_hotel)


def _in_letters(hotel):
    return f"Booked {hotel}: {''.join(random.choices('ABCDEFGH', k=9))}."


async def _returns_twice(hotel, allows):
    if not allows():
        return "The user said no."
    await asyncio.sleep(0)
    return _in_letters(hotel)


async def _returns_once(hotel, allows):
    return f"Booked {hotel}: {uuid.uuid4()}." if allows() else f"The user said no to {hotel}."


async def _gives_a_number(hotel, allows):
    said = f"{next(numbers)}" if allows() else "0"
    return said


numbers = itertools.count(1001)


booked: set = set()
BOOKINGS = Path(__file__).with_name("bookings.txt")


async def _asks_once(hotel, allows):
    if hotel not in booked and not allows():
        return "The user said no."
    booked.add(hotel)
    with BOOKINGS.open("a") as bookings:
        bookings.write(f"{hotel}\n")
    return f"Booked {hotel}."


async def _books_once(hotel, allows):
    if hotel not in booked:
        if not allows():
            return "The user said no."
        booked.add(hotel)
    return f"Booked {hotel}."


async def _books_each_once(hotel, allows):
    if hotel in booked:
        return f"{hotel} was booked before."
    if not allows():
        return "The user said no."
    booked.add(hotel)
    return f"Booked {hotel}."


async def _says_a_word(hotel, allows):
    is_allowed, said = allows(), random.choice(["Thank you", "Well done", "Enjoy"])
    return f"{said}, {hotel} is booked." if is_allowed else f"{said}, {hotel} is not."


def books_each_once():
    return asks_in_its_body(_books_each_once)


def says_a_word():
    return asks_in_its_body(_says_a_word)


def counts_questions():
    """Return an agent that notes that it asked, whatever is answered."""
    questions = itertools.count()

    @tool
    def book_hotel(hotel: str, nights: int) -> str:
        """Book a hotel."""
        try:
            is_allowed = interrupt({"hotel": hotel, "nights": nights}) == "yes"
        finally:
            next(questions)
        return f"Booked {hotel}." if is_allowed else "The user said no."

    return sound.asks_inside(book_hotel)


def wants_a_word_that_nobody_guesses():
    """Return an agent that knows one yes and one no, and asks to be understood."""

    @tool
    def book_hotel(hotel: str, nights: int) -> str:
        """Book a hotel."""
        answer = interrupt({"hotel": hotel, "nights": nights})
        if answer == "no":
            return "The user said no."
        if answer == "abra":
            return f"Booked {hotel}."
        return "Not understood."

    return sound.asks_inside(book_hotel)


def takes_any_word():
    """Return an agent that any word lets run: what it did is not known by its steps."""
    return faulty.book_if(lambda answer: isinstance(answer, str))


def looks_the_answer_up():
    """Return an agent that finds in a dict what an answer lets run."""
    ways = {"abra": lambda hotel: f"Booked {hotel}."}

    @tool
    def book_hotel(hotel: str, nights: int) -> str:
        """Book a hotel."""
        answer = interrupt({"hotel": hotel, "nights": nights})
        return ways.get(str(answer), lambda hotel: "The user said no.")(hotel)

    return sound.asks_inside(book_hotel)


def asks_once():
    return asks_in_its_body(_asks_once)


def books_once():
    return asks_in_its_body(_books_once)


def numbered():
    return asks_in_its_body(_returns_twice)


def numbered_at_one_place():
    return asks_in_its_body(_returns_once)


def only_numbers():
    return asks_in_its_body(_gives_a_number)


# A person's change --------------------------------------------------------------------------------


async def _runs_the_changed(request, handler, changed):
    return await handler(changed)


def _that_fits(args):
    return faulty.Transfer(**args).model_dump()


@tool("refund", args_schema=refund.args_schema.model_json_schema())
def refund_unchecked(**args) -> str:
    """Refund an order."""
    return f"Refunded {args['amount']} for {args['order']}."


@tool("refund", args_schema=refund.args_schema.model_json_schema())
def refund_checked(**args) -> str:
    """Refund an order."""
    return refund.func(**refund.args_schema(**args).model_dump())


@tool("book_hotel")
def book_as_edited(hotel: str, nights: int) -> str:
    """Book a hotel."""
    answer = interrupt({"action": "book_hotel", "args": {"hotel": hotel, "nights": nights}})
    if answer["type"] == "edit":
        nights = answer["args"]["nights"]
    elif answer["type"] != "approve":
        return "The user said no."
    return f"Booked {hotel} for {nights} nights."


def _middleware(mode="batched", tools=TOOLS, allowed=("approve", "edit", "reject")):
    gate = HumanInTheLoopMiddleware(
        {"refund": {"allowed_decisions": list(allowed)}}, interrupt_mode=mode
    )
    return middleware_agent(gate=gate, tools=tools)


def _in_words(*, is_lost=False):
    """Return a gate that asks in words of its own."""

    def approve(state):
        reply, run, answers = state["messages"][-1], [], []
        for call in reply.tool_calls:
            if call["name"] in faulty.RISKY:
                choices = ["run", "edit", "skip"]
                answer = interrupt({"what": call["name"], "with": call["args"], "do": choices})
                changed = {**call, "args": answer.get("with", call["args"])}
                calls = [changed if one is call else one for one in reply.tool_calls]
                if answer["do"] == "edit":
                    reply = reply.model_copy(update={"tool_calls": calls})
                    call = call if is_lost else changed
                elif answer["do"] != "run":
                    answers.append(rejected(call))
                    continue
            run.append(sent(call, state))
        return Command(update={"messages": [reply, *answers]}, goto=run or "agent")

    return approve


EDITED = {
    "in_words": lambda: gate_node(approve=_in_words()),
    "in_words_and_lost": lambda: gate_node(approve=_in_words(is_lost=True)),
    "by_a_gate": lambda: gate_node(approve=faulty.edits(lambda call, args: {**call, "args": args})),
    "in_an_inbox": lambda: middleware_agent(faulty.inbox(_runs_the_changed), gate=False),
    "by_a_function": lambda: faulty.plain_functions(_that_fits),
    "for_each_call": lambda: _middleware("per_call"),
    "without_a_schema": lambda: _middleware(tools=[find_order, refund_unchecked]),
    "behind_a_schema": lambda: _middleware(tools=[find_order, refund_checked]),
    "by_nobody": lambda: _middleware(allowed=("approve", "reject")),
    "in_its_body": lambda: sound.asks_inside(book_as_edited),
}
globals().update({f"edited_{name}": make for name, make in EDITED.items()})


# Errors that a decorator catches ------------------------------------------------------------------


def _never_fails(function):
    @functools.wraps(function)
    def inner(*args, **kwargs):
        try:
            return function(*args, **kwargs)
        except Exception:
            return "This is out of order at the moment."

    return inner


def fails_in_words():
    """Return an agent no error of whose tools comes out: each is decorated."""
    tools = [tool(_never_fails(one.func)) for one in TOOLS]
    return middleware_agent(errors=None, tools=tools)


# A person who may not say no, or says it in words -------------------------------------------------


@wrap_tool_call
async def _asks_for_words(request, handler):
    call = request.tool_call
    if call["name"] not in faulty.RISKY:
        return await handler(request)
    config = {"allow_accept": True, "allow_edit": True, "allow_respond": True}
    config["allow_ignore"] = False
    asked = {"action": call["name"], "args": call["args"]}
    answer = interrupt([{"action_request": asked, "config": config}])[0]
    if answer["type"] == "accept":
        return await handler(request)
    if answer["type"] == "edit":
        call = {**call, "args": answer["args"]["args"]}
        return await handler(request.override(tool_call=call))
    if answer["type"] == "response":
        return ToolMessage(answer["args"], tool_call_id=call["id"])
    raise ValueError(answer["type"])


def says_no_in_words():
    """Return an agent whose inbox offers words instead of a no, and refuses what it did not."""
    return middleware_agent(_asks_for_words, gate=False)


def takes_no_for_an_error():
    """Return an agent that asks for each call, and lets a person approve or edit alone."""
    return _middleware("per_call", allowed=("approve", "edit"))


# Breakpoints --------------------------------------------------------------------------------------


def stops_before_tools():
    """Return an agent that stops before each tool, and leaves the question to its caller."""
    return gate_node(
        approve=lambda state: Command(
            goto=[sent(call, state) for call in state["messages"][-1].tool_calls]
        ),
        compile=lambda graph: graph.compile(interrupt_before=["tools"]),
    )
