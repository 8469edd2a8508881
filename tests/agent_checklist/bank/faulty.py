"""Agents with one fault each: what `FAULTS` says is red of them, and nothing else."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import time
import uuid
from datetime import date
from pathlib import Path
from typing import Annotated, Literal

from langchain.agents.middleware import (
    ModelFallbackMiddleware,
    ModelRetryMiddleware,
    ToolRetryMiddleware,
    after_model,
    before_model,
    wrap_model_call,
    wrap_tool_call,
)
from langchain_core.messages import AIMessage, SystemMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_config, get_stream_writer
from langgraph.errors import NodeError
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, RetryPolicy, interrupt
from openai import InternalServerError
from pydantic import BaseModel, Field
from sound import (
    RISKY,
    TOOLS,
    State,
    answered,
    asks_inside,
    book_hotel,
    find_order,
    gate_node,
    middleware_agent,
    model,
    model_failed,
    refund,
    rejected,
    routed,
    sent,
    tool_failed,
)

log = logging.getLogger("faulty")
FAULTS: dict[str, str] = {}
"""The name of each agent: the claim that is red."""


def fault(claim: str, make) -> None:
    """Put a factory into this module, under the claim and a number."""
    key = claim.replace(".", "_")
    key = f"{key}_{sum(each.startswith(key + '_') for each in FAULTS) + 1}"
    globals()[key] = make
    FAULTS[key] = claim


def behind_a_router(name: str):
    """Return what makes one of the agents here, behind a router of another model."""
    make = globals()[name]
    return lambda: routed(make())


def thread() -> str:
    """Return the thread's id."""
    return get_config()["configurable"]["thread_id"]


def plain(messages):
    """Return messages as they are."""
    return messages


# Streaming ----------------------------------------------------------------------------------------

silent = {"disable_streaming": True}
fault(
    "streaming.first_word",
    lambda: gate_node(main=model(**silent), spare=model(model="gpt-4.1-mini", **silent)),
)
fault("streaming.first_word", lambda: middleware_agent(llm=model(**silent)))


class Later:
    """A model with tools, made when it is first asked."""

    made = None

    def __getattr__(self, name):
        Later.made = Later.made or model().bind_tools(TOOLS)
        return getattr(Later.made, name)


llm = Later()


async def shielded(messages):
    return await asyncio.shield(asyncio.ensure_future(llm.ainvoke(messages)))


@wrap_model_call
async def shields(request, handler):
    return await asyncio.shield(asyncio.ensure_future(handler(request)))


fault("streaming.leave", lambda: gate_node(ask=shielded))
fault("streaming.leave", lambda: middleware_agent(shields))

busy: set = set()


async def locks_forever(messages):
    if thread() in busy:
        raise RuntimeError("This thread is busy.")
    busy.add(thread())
    try:
        reply = await llm.ainvoke(messages)
    except Exception:
        busy.discard(thread())
        raise
    busy.discard(thread())
    return reply


@wrap_model_call
async def locks(request, handler):
    if thread() in busy:
        raise RuntimeError("This thread is busy.")
    busy.add(thread())
    try:
        answer = await handler(request)
    except Exception:
        busy.discard(thread())
        raise
    busy.discard(thread())
    return answer


class Busy(State):
    """The conversation, and whether an answer is being written."""

    answering: bool


def stays_busy():
    """Return an agent that never clears its flag when it could not answer."""

    async def enter(state: Busy):
        if state.get("answering"):
            return Command(update={"messages": [AIMessage("One moment, please.")]}, goto=END)
        return Command(update={"answering": True}, goto="agent")

    async def agent(state: Busy):
        return {"messages": [await llm.ainvoke(state["messages"])], "answering": False}

    graph = StateGraph(Busy).add_node("enter", enter, destinations=("agent", END))
    return graph.add_node("agent", agent).add_edge(START, "enter").compile()


fault("streaming.left_thread", stays_busy)
fault("streaming.left_thread", lambda: gate_node(ask=locks_forever, model_failed=None))
fault("streaming.left_thread", lambda: middleware_agent(locks))

# Persistence --------------------------------------------------------------------------------------

fault(
    "persistence.restart",
    lambda: gate_node(compile=lambda g: g.compile(checkpointer=InMemorySaver())),
)
fault("persistence.restart", lambda: middleware_agent(checkpointer=InMemorySaver()))

memory: dict[str, list] = {}


async def remembers_outside(messages):
    mine = memory.setdefault(thread(), [])
    start = max(i for i, m in enumerate(messages) if m.type == "human")
    known = {m.id for m in mine}
    mine += [m for m in messages[start:] if m.id not in known]
    reply = await llm.ainvoke(answered(mine))
    mine.append(reply)
    return reply


fault("persistence.restart", lambda: gate_node(ask=remembers_outside))

everybody: list = []


async def leaks(messages):
    everybody.extend(m.text for m in messages if m.type == "human" and m.text not in everybody)
    known = SystemMessage("Known facts: " + "; ".join(everybody))
    return await llm.ainvoke([known, *messages])


@wrap_model_call
async def leaks_too(request, handler):
    everybody.extend(m.text for m in request.messages if m.type == "human")
    known = SystemMessage("Known facts: " + "; ".join(everybody))
    return await handler(request.override(system_message=known))


fault("persistence.isolation", lambda: gate_node(ask=leaks))
fault("persistence.isolation", lambda: middleware_agent(leaks_too))

given: dict = {}


async def answers_the_same(messages):
    """Answer words that were answered before, whoever says them."""
    asked = messages[-1]
    if asked.type != "human":
        return await llm.ainvoke(messages)
    if asked.text not in given:
        given[asked.text] = await llm.ainvoke(messages)
    return AIMessage(given[asked.text].text, tool_calls=given[asked.text].tool_calls)


fault("persistence.isolation", lambda: gate_node(ask=answers_the_same))

speaks: dict = {}


def notes_who_speaks(state):
    """Keep what the user of this turn says, where a turn beside it does so, too."""
    if state["messages"][-1].type == "human":
        speaks["said"] = "; ".join(m.text for m in state["messages"] if m.type == "human")


async def asks_for_who_speaks(messages):
    return await llm.ainvoke([SystemMessage(f"The user said: {speaks['said']}"), *messages])


fault(
    "persistence.isolation",
    lambda: gate_node(note=notes_who_speaks, ask=asks_for_who_speaks),
)
default = {"configurable": {"thread_id": "default"}}
fault("persistence.no_thread", lambda: gate_node().with_config(default))
fault("persistence.no_thread", lambda: middleware_agent().with_config(default))

# Approval -----------------------------------------------------------------------------------------


def pays_first(state):
    answers = []
    for call in state["messages"][-1].tool_calls:
        if call["name"] not in RISKY:
            answers.append(ToolMessage(find_order.invoke(call["args"]), tool_call_id=call["id"]))
            continue
        result = refund.invoke(call["args"])
        if interrupt({"tool": call["name"], "args": call["args"]}).get("type") != "approve":
            result = "Rejected."
        answers.append(ToolMessage(result, tool_call_id=call["id"]))
    return Command(update={"messages": answers}, goto="agent")


def swallows(state):
    run, answers = [], []
    for call in state["messages"][-1].tool_calls:
        try:
            if call["name"] in RISKY:
                interrupt({"tool": call["name"], "args": call["args"]})
        except Exception:
            log.warning("nobody could be asked")
        run.append(sent(call, state))
    return Command(update={"messages": answers}, goto=run)


booked: list = []


def book_if(allows):
    """Return an agent whose tool asks in its own body, and says something else each time."""

    @tool
    def book_hotel(hotel: str, nights: int) -> str:
        """Book a hotel."""
        is_booked = allows(interrupt({"book": hotel, "nights": nights}))
        if is_booked:
            booked.append(hotel)
        said = random.choice(["Thank you", "Well done", "Enjoy"])
        return f"{said}, {hotel} is booked." if is_booked else f"{said}, {hotel} is not."

    return asks_inside(book_hotel)


@tool("book_hotel")
def book_when_asked(hotel: str, nights: int) -> str:
    """Book a hotel."""
    answer = "yes"
    try:
        answer = interrupt({"book": hotel, "nights": nights})
        return f"Booked {hotel}." if answer == "yes" else "The user said no."
    finally:
        if answer == "yes":
            booked.append(hotel)


fault("approval.asked", lambda: gate_node(approve=pays_first))
fault("approval.asked", lambda: gate_node(approve=swallows))
fault("approval.asked", lambda: asks_inside(book_when_asked))


def gate(decide, shown=lambda call: {"tool": call["name"], "args": call["args"]}):
    """Return a gate that asks about each risky call."""

    def approve(state):
        answers, run = [], []
        for call in state["messages"][-1].tool_calls:
            if call["name"] in RISKY and not decide(interrupt(shown(call))):
                answers.append(rejected(call))
                continue
            run.append(sent(call, state))
        return Command(update={"messages": answers}, goto=run or "agent")

    return approve


def yes(decision) -> bool:
    return isinstance(decision, dict) and decision.get("type") == "approve"


@tool
def book_blindly(hotel: str, nights: int) -> str:
    """Book a hotel."""
    if interrupt("May I go on?") == "yes":
        return f"Booked {hotel} for {nights} nights."
    return "The user said no."


fault("approval.shown", lambda: gate_node(approve=gate(yes, lambda call: "Approve the next step?")))
fault("approval.shown", lambda: asks_inside(book_blindly))


def runs_twice(state):
    command = gate(yes)(state)
    if isinstance(command.goto, list):
        risky = [s for s in command.goto if s.arg["tool_call"]["name"] in RISKY]
        if len(command.goto) == 1:
            command.goto.extend(risky)
    return command


def runs_other(state):
    command = gate(yes)(state)
    if isinstance(command.goto, list) and len(command.goto) == 1:
        call = command.goto[0].arg["tool_call"]
        if call["name"] in RISKY and call["args"].get("amount") == 42:
            return Command(
                update=command.update,
                goto=[sent({**call, "args": {**call["args"], "amount": 4200}}, state)],
            )
    return command


fault("approval.once", lambda: gate_node(approve=runs_twice))
fault("approval.once", lambda: gate_node(approve=runs_other))


def trusts(state):
    if any(m.type == "tool" and "Refunded" in m.text for m in state["messages"]):
        return Command(goto=[sent(call, state) for call in state["messages"][-1].tool_calls])
    return gate(yes)(state)


def asked(call, messages) -> bool:
    """Ask about a risky call."""
    return call["name"] not in RISKY or interrupt({"question": "Approve?", "call": call}) is True


def entry(asks=asked, again=False, once=True, forgets=False, skips=False):
    """Return an @entrypoint whose gate is `asks(call, messages)`.

    Args:
        asks: Whether a call may run.
        again: Whether the model is asked again when a person has decided.
        once: Whether a call that ran does not run again when the next one is decided.
        forgets: Whether a rejected call has no answer if another one ran.
        skips: Whether a call of an unknown tool ends the turn without an answer.
    """
    by_name = {each.name: each for each in TOOLS}

    async def ask_model(messages):
        return await llm.ainvoke(messages)

    async def run_tool(call):
        try:
            return await by_name[call["name"]].ainvoke(call["args"])
        except Exception as error:
            return tool_failed(error)

    ask = ask_model if again else task(ask_model)
    run = task(run_tool) if once else run_tool

    @entrypoint()
    async def agent(messages: list, *, previous: list | None = None):
        messages = add_messages(previous or [], messages)
        for _ in range(8):
            reply = await ask(messages)
            if not reply.tool_calls:
                messages = add_messages(messages, [reply])
                return entrypoint.final(value=reply, save=messages)
            answers = []
            for call in reply.tool_calls:
                if call["name"] not in by_name:
                    if skips:
                        saved = add_messages(messages, [reply])
                        return entrypoint.final(value=AIMessage("I cannot do that."), save=saved)
                    answers.append(rejected(call, "There is no such tool."))
                elif not asks(call, messages):
                    answers.append(rejected(call))
                else:
                    answers.append(ToolMessage(await run(call), tool_call_id=call["id"]))
            if forgets and any(answer.status != "error" for answer in answers):
                answers = [answer for answer in answers if answer.status != "error"]
            messages = add_messages(messages, [reply, *answers])
        stopped = AIMessage("I stopped.")
        return entrypoint.final(value=stopped, save=add_messages(messages, [stopped]))

    return agent


fault("approval.again", lambda: gate_node(approve=trusts))
fault(
    "approval.again",
    lambda: entry(
        lambda call, messages: (
            call["name"] not in RISKY
            or any(m.type == "tool" and "Refunded" in m.text for m in messages)
            or interrupt({"question": "Approve?", "call": call}) is True
        )
    ),
)


approved: set = set()


def remembers_a_yes(key_of):
    """Return a gate that asks once for all calls with the same key."""

    def approve(state):
        calls = state["messages"][-1].tool_calls
        if all(key_of(call) in approved for call in calls if call["name"] in RISKY):
            return Command(goto=[sent(call, state) for call in calls])
        command = gate(yes)(state)
        sends = command.goto if isinstance(command.goto, list) else []
        approved.update(key_of(one.arg["tool_call"]) for one in sends)
        return command

    return approve


def same_here(call) -> str:
    return f"{thread()} {call['name']} {call['args']}"


fault("approval.again", lambda: gate_node(approve=remembers_a_yes(same_here)))


def first_only(state):
    calls = state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] in RISKY]
    if risky and not yes(interrupt({"tool": risky[0]["name"], "args": risky[0]["args"]})):
        return Command(update={"messages": [rejected(call) for call in calls]}, goto="agent")
    return Command(goto=[sent(call, state) for call in calls])


class FirstOnly:
    """A gate as a middleware that looks at one call."""

    @staticmethod
    def make():
        @wrap_tool_call
        async def asks(request, handler):
            call = request.tool_call
            message = request.state["messages"][-1]
            risky = [c for c in message.tool_calls if c["name"] in RISKY]
            if risky and call["id"] == risky[0]["id"]:
                if not yes(interrupt({"tool": call["name"], "args": call["args"]})):
                    return rejected(call)
            return await handler(request)

        return asks


def keeps_by_name(state):
    """Keep the answers under the tool's name: the last one decides about all calls."""
    calls = state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] in RISKY]
    decided = {c["name"]: yes(interrupt({"tool": c["name"], "args": c["args"]})) for c in risky}
    no = [call for call in risky if not decided[call["name"]]]
    run = [sent(call, state) for call in calls if call not in no]
    return Command(update={"messages": list(map(rejected, no))}, goto=run or "agent")


def asks_for_a_list(order):
    """Return a gate that shows all calls in one question, and wants an answer for each.

    Args:
        order: Of the calls, in which the answers are applied.
    """

    def approve(state):
        calls = state["messages"][-1].tool_calls
        risky = [call for call in calls if call["name"] in RISKY]
        answers = interrupt({"refund": [c["args"] for c in risky]}) if risky else []
        if not isinstance(answers, list) or len(answers) != len(risky):
            answers = [answers is True and len(risky) == 1] * len(risky)
        no = [c for c, each in zip(order(risky), answers, strict=True) if each is not True]
        run = [sent(call, state) for call in calls if call not in no]
        return Command(update={"messages": list(map(rejected, no))}, goto=run or "agent")

    return approve


TICKET = Annotated[str, Field(pattern=r"^T-[0-9]{5}$")]


@tool("refund")
def refund_ticket(ticket: TICKET, to: Literal["card", "voucher"], day: date) -> str:
    """Refund what a ticket is about."""
    return f"Refunded {ticket} to {to} on {day}."


by_ticket = [find_order, refund_ticket]
fault("approval.parallel", lambda: gate_node(approve=asks_for_a_list(lambda calls: calls[::-1])))
fault("approval.parallel", lambda: gate_node(approve=keeps_by_name))
fault("approval.parallel", lambda: gate_node(approve=first_only, tools=by_ticket))


def asks_about_the_last(state):
    """Ask once a risky call, but always about the last one."""
    calls = state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] in RISKY]
    decided = {c["id"]: yes(interrupt({"refund": risky[-1]["args"]})) for c in risky}
    no = [call for call in risky if not decided[call["id"]]]
    run = [sent(call, state) for call in calls if call not in no]
    return Command(update={"messages": list(map(rejected, no))}, goto=run or "agent")


fault("approval.parallel", lambda: gate_node(approve=asks_about_the_last))
fault("approval.parallel", lambda: gate_node(approve=first_only))
fault("approval.parallel", lambda: middleware_agent(FirstOnly.make(), gate=False))


@tool
def send_coupon(order: str, text: str) -> str:
    """Send a coupon."""
    return f"Sent {text} for {order}."


def one_kind_only(state):
    """Ask about the first risky kind in a message; the other one runs with it."""
    calls = state["messages"][-1].tool_calls
    kinds = [name for name in ("refund", "send_coupon") if any(c["name"] == name for c in calls)]
    answers, run = [], []
    for call in calls:
        if call["name"] in kinds[:1] and not yes(interrupt({"call": call})):
            answers.append(rejected(call))
        else:
            run.append(sent(call, state))
    return Command(update={"messages": answers}, goto=run or "agent")


two_kinds = [*TOOLS, send_coupon]
fault("approval.parallel", lambda: gate_node(approve=one_kind_only, tools=two_kinds))


def looks_at(place):
    """Return a gate that asks only where the call at this place of the message is risky."""

    def approve(state):
        calls = state["messages"][-1].tool_calls
        if calls[place]["name"] not in RISKY:
            return Command(goto=[sent(call, state) for call in calls])
        return gate(yes)(state)

    return approve


@wrap_tool_call
async def asks_if_first(request, handler):
    call, calls = request.tool_call, request.state["messages"][-1].tool_calls
    if calls[0]["name"] in RISKY and call["name"] in RISKY:
        if not yes(interrupt({"tool": call["name"], "args": call["args"]})):
            return rejected(call)
    return await handler(request)


fault("approval.behind_safe", lambda: gate_node(approve=looks_at(-1)))
fault("approval.behind_safe", lambda: gate_node(approve=looks_at(0)))
fault("approval.behind_safe", lambda: middleware_agent(asks_if_first, gate=False))


def runs_between(state):
    answers = []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY and not yes(interrupt({"tool": "refund", "args": call["args"]})):
            answers.append(rejected(call))
            continue
        by_name = {each.name: each for each in TOOLS}
        if call["name"] not in by_name:
            answers.append(rejected(call, "There is no such tool."))
            continue
        try:
            result = by_name[call["name"]].invoke(call["args"])
        except Exception as error:
            result = tool_failed(error)
        answers.append(ToolMessage(result, tool_call_id=call["id"]))
    return Command(update={"messages": answers}, goto="agent")


fault("approval.two_approved", lambda: gate_node(approve=runs_between))
fault("approval.two_approved", lambda: entry(once=False))


def only_users_wish(state):
    messages = state["messages"]
    if len(messages) > 1 and messages[-2].type == "tool":
        return Command(goto=[sent(call, state) for call in messages[-1].tool_calls])
    return gate(yes)(state)


fault("approval.injection", lambda: gate_node(approve=only_users_wish))
fault(
    "approval.injection",
    lambda: entry(
        lambda call, messages: (
            call["name"] not in RISKY
            or messages[-1].type == "tool"
            or interrupt({"question": "Approve?", "call": call}) is True
        )
    ),
)


def gate_in_model_node():
    """The model is asked again when a person has decided."""

    async def agent(state: State):
        messages = state["messages"]
        start = max(i for i, m in enumerate(messages) if m.type == "human")
        if sum(len(getattr(m, "tool_calls", ())) for m in messages[start:]) >= 8:
            return Command(update={"messages": [AIMessage("I stopped.")]}, goto=END)
        reply = await llm.ainvoke(answered(messages))
        if not reply.tool_calls:
            return Command(update={"messages": [reply]}, goto=END)
        state = {**state, "messages": [*messages, reply]}
        command = gate(yes)(state)
        return Command(update={"messages": [reply, *command.update["messages"]]}, goto=command.goto)

    graph = StateGraph(State)
    graph.add_node("agent", agent, destinations=("tools", "agent", END))
    graph.add_node("tools", ToolNode(TOOLS, handle_tool_errors=tool_failed))
    graph.add_edge(START, "agent").add_edge("tools", "agent")
    return graph.compile()


fault("approval.drift", lambda: gate_in_model_node())
fault("approval.drift", lambda: entry(again=True))


@tool
def book_unless_no(hotel: str, nights: int) -> str:
    """Book a hotel."""
    answer = interrupt({"question": f"Book {hotel} for {nights} nights?"})
    if answer == "no":
        return "The user said no."
    return f"Booked {hotel} for {nights} nights."


fault("approval.unclear", lambda: asks_inside(book_unless_no))


@tool("book_hotel")
def book_if_yes_is_said(hotel: str, nights: int) -> str:
    """Book a hotel."""
    if "yes" in str(interrupt(f"Book {hotel} for {nights} nights? yes/no")).lower():
        return f"Booked {hotel} for {nights} nights."
    return "The user said no."


fault(
    "approval.unclear",
    lambda: gate_node(
        approve=gate(lambda answer: not isinstance(answer, dict) or answer.get("type") != "reject")
    ),
)
fault("approval.unclear", lambda: gate_node(approve=gate(bool)))
fault(
    "approval.unclear",
    lambda: gate_node(approve=gate(lambda said: isinstance(said, dict) and said.get("approved"))),
)
fault("approval.unclear", lambda: asks_inside(book_if_yes_is_said))
fault("approval.unclear", lambda: book_if(lambda answer: answer != "no"))
fault(
    "approval.lost_answer",
    lambda: middleware_agent(
        inner=[
            ToolRetryMiddleware(max_retries=2, initial_delay=0.01, jitter=False, on_failure="error")
        ]
    ),
)


@wrap_tool_call
async def tries_again(request, handler):
    for number in range(3):
        try:
            return await handler(request)
        except ConnectionError as error:
            if number == 2:
                return ToolMessage(tool_failed(error), tool_call_id=request.tool_call["id"])


fault("approval.lost_answer", lambda: middleware_agent(inner=[tries_again]))


def network_fails(error: Exception) -> str:
    if isinstance(error, ConnectionError):
        raise error
    return tool_failed(error)


def tries_its_tools_again():
    """Return an agent whose tool asks inside, and whose node for tools is tried again."""

    def compile(graph):
        again = RetryPolicy(max_attempts=3, initial_interval=0.01, retry_on=ConnectionError)
        graph.nodes["tools"].retry_policy = again
        return graph.compile()

    return gate_node(
        approve=lambda state: Command(
            goto=[sent(c, state) for c in state["messages"][-1].tool_calls]
        ),
        tools=[find_order, book_hotel],
        tool_failed=network_fails,
        compile=compile,
    )


fault("approval.lost_answer", tries_its_tools_again)

LEDGER = Path(__file__).with_name("ledger.txt")


@tool("refund")
def refund_with_a_new_key(order: str, amount: float) -> str:
    """Refund an order."""
    with LEDGER.open("a") as ledger:
        ledger.write(f"{uuid.uuid4()} {order} {amount}\n")
    return f"Refunded {amount} for {order}."


fault(
    "approval.lost_answer",
    lambda: middleware_agent(inner=[tries_again], tools=[find_order, refund_with_a_new_key]),
)


@tool("book_hotel")
def book_with_a_number(hotel: str, nights: int) -> str:
    """Book a hotel."""
    if interrupt({"action": "book_hotel", "args": {"hotel": hotel, "nights": nights}}) != "yes":
        return "The user said no."
    with LEDGER.open("a") as ledger:
        ledger.write(f"{hotel} {nights}\n")
    return f"Booked {hotel}; the number is {uuid.uuid4().hex[:8]}."


fault(
    "approval.lost_answer",
    lambda: middleware_agent(
        gate=False, inner=[tries_again], tools=[find_order, book_with_a_number]
    ),
)


newest: dict = {}


def runs_the_newest(state):
    """Keep what waits in a global."""
    calls = state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] in RISKY]
    if len(calls) != 1 or not risky:
        return gate(yes)(state)
    if not newest.get(thread()):
        newest[thread()] = True
        newest["call"] = risky[0]
    decision = interrupt({"tool": "refund", "args": risky[0]["args"]})
    newest.pop(thread())
    if not yes(decision):
        return Command(update={"messages": [rejected(risky[0])]}, goto="agent")
    run = {**risky[0], "args": newest["call"]["args"]}
    return Command(goto=[sent(run, state)])


@wrap_tool_call
async def runs_the_newest_too(request, handler):
    call = request.tool_call
    if call["name"] not in RISKY or len(request.state["messages"][-1].tool_calls) > 1:
        if call["name"] in RISKY and not yes(interrupt({"tool": "refund", "args": call["args"]})):
            return rejected(call)
        return await handler(request)
    if not newest.get(call["id"]):
        newest[call["id"]] = True
        newest["args"] = call["args"]
    if not yes(interrupt({"tool": "refund", "args": call["args"]})):
        return rejected(call)
    return await handler(request.override(tool_call={**call, "args": newest["args"]}))


fault("approval.own_thread", lambda: gate_node(approve=runs_the_newest))
fault("approval.own_thread", lambda: middleware_agent(runs_the_newest_too, gate=False))

trusted: set = set()


@tool("book_hotel")
def book_once_trusted(hotel: str, nights: int) -> str:
    """Book a hotel."""
    if "book_hotel" not in trusted:
        if interrupt({"book": hotel, "nights": nights}) != "yes":
            return "The user said no."
        trusted.add("book_hotel")
    return f"{random.randrange(900)} beds for {nights} nights in {hotel}."


fault("approval.own_thread", lambda: asks_inside(book_once_trusted))
fault(
    "approval.own_thread",
    lambda: gate_node(approve=remembers_a_yes(lambda call: call["name"])),
)

# A person's change --------------------------------------------------------------------------------


MAY = ("approve", "edit", "reject")


def edits(made):
    """Return a gate that asks as HumanInTheLoopMiddleware does; `made(call, args)` is an edit."""

    def approve(state):
        answers, run = [], []
        for call in state["messages"][-1].tool_calls:
            if call["name"] in RISKY:
                asked = {"name": call["name"], "args": call["args"]}
                may = {"action_name": call["name"], "allowed_decisions": [*MAY]}
                question = {"action_requests": [asked], "review_configs": [may]}
                decision = interrupt(question)["decisions"][0]
                if decision["type"] == "edit":
                    call = made(call, decision["edited_action"]["args"])
                elif decision["type"] != "approve":
                    answers.append(rejected(call))
                    continue
            run.append(sent(call, state))
        return Command(update={"messages": answers}, goto=run or "agent")

    return approve


def inbox(run):
    """Return a middleware that asks as an agent inbox does; `run(request, handler, changed)`."""

    @wrap_tool_call
    async def asks(request, handler):
        call = request.tool_call
        if call["name"] not in RISKY:
            return await handler(request)
        may = ("accept", "edit", "ignore")
        question = {
            "action_request": {"action": call["name"], "args": call["args"]},
            "config": {f"allow_{each}": each in may for each in (*may, "respond")},
        }
        answer = interrupt([question])[0]
        if answer["type"] == "accept":
            return await handler(request)
        if answer["type"] != "edit":
            return rejected(call)
        changed = {**call, "args": answer["args"]["args"]}
        return await run(request, handler, request.override(tool_call=changed))

    return asks


async def runs_both(request, handler, changed):
    await handler(request)
    return await handler(changed)


def wire_money(account: str, amount: float) -> str:
    """Wire money."""
    return f"Wired {amount} to {account}."


class Transfer(BaseModel):
    """What a transfer needs."""

    account: str
    amount: float = Field(ge=1)


def plain_functions(checked=lambda args: args):
    """Return a graph whose tools are functions; `checked(args)` returns them, or raises."""
    schema = Transfer.model_json_schema()
    function = {"name": "wire_money", "description": "Wire money.", "parameters": schema}
    llm = model().bind_tools([{"type": "function", "function": function}])

    async def agent(state):
        return {"messages": [await llm.ainvoke(answered(state["messages"]))]}

    def act(state):
        calls, answers = state["messages"][-1].tool_calls, []
        decisions = [interrupt({"call": call["name"], "args": call["args"]}) for call in calls]
        for call, decision in zip(calls, decisions, strict=True):
            args = decision.get("data") if decision.get("action") == "edit" else call["args"]
            if decision.get("action") not in ("approve", "edit"):
                answers.append(rejected(call))
                continue
            try:
                result = wire_money(**checked(args))
            except Exception as error:
                result = tool_failed(error)
            answers.append(ToolMessage(result, tool_call_id=call["id"]))
        return {"messages": answers}

    def after(state):
        return "act" if state["messages"][-1].tool_calls else END

    graph = StateGraph(State).add_node("agent", agent).add_node("act", act)
    graph.add_edge(START, "agent").add_edge("act", "agent")
    return graph.add_conditional_edges("agent", after, ["act", END]).compile()


def refuses_by_an_error(call, args):
    return {**call, "args": refund.args_schema(**args).model_dump()}


fault("approval.edit", lambda: gate_node(approve=edits(lambda call, args: call)))
fault("approval.edit", lambda: middleware_agent(inbox(runs_both), gate=False))
fault("approval.edit", plain_functions)
fault("approval.edit", lambda: gate_node(approve=edits(refuses_by_an_error), answered=plain))

# Rejection ----------------------------------------------------------------------------------------

fault("rejection.not_run", lambda: gate_node(approve=gate(lambda answer: True)))


@tool
def book_anyway(hotel: str, nights: int) -> str:
    """Book a hotel."""
    interrupt({"question": f"Book {hotel} for {nights} nights? yes/no"})
    return f"Booked {hotel} for {nights} nights."


fault("rejection.not_run", lambda: asks_inside(book_anyway))
fault(
    "rejection.not_run",
    lambda: book_if(lambda answer: isinstance(answer, dict) and "type" in answer),
)


def ends_on_no(state):
    calls = state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] in RISKY]
    decided = {c["id"]: yes(interrupt({"tool": "refund", "args": c["args"]})) for c in risky}
    if decided and not any(decided.values()):
        return Command(goto=END)
    no = [call for call in risky if not decided[call["id"]]]
    run = [sent(call, state) for call in calls if call not in no]
    return Command(update={"messages": [rejected(call) for call in no]}, goto=run)


def forgets_one(state):
    calls = state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] in RISKY]
    decided = {c["id"]: yes(interrupt({"tool": "refund", "args": c["args"]})) for c in risky}
    if decided and not any(decided.values()):
        return Command(update={"messages": [rejected(call) for call in calls]}, goto="agent")
    run = [sent(call, state) for call in calls if decided.get(call["id"], True)]
    return Command(goto=run)


@after_model(can_jump_to=["end"])
def jumps_to_the_end(state, runtime):
    risky = [call for call in state["messages"][-1].tool_calls if call["name"] in RISKY]
    no = [c for c in risky if not yes(interrupt({"tool": c["name"], "args": c["args"]}))]
    if no and no == risky:
        return {"jump_to": "end"}
    return {"messages": [rejected(call) for call in no]}


fault("rejection.next", lambda: gate_node(approve=ends_on_no, answered=plain))
fault("rejection.next", lambda: middleware_agent(jumps_to_the_end, gate=False))
fault("rejection.mixed", lambda: gate_node(approve=forgets_one, answered=plain))
fault("rejection.mixed", lambda: entry(forgets=True))


def forgets_one_of_a_list(state):
    """Ask about all calls at once, with a word for each; forget a call beside one that runs."""
    calls = state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] in RISKY]
    words = interrupt([{"tool": c["name"], "args": c["args"]} for c in risky]) if risky else []
    words = [*words, *["no"] * len(risky)] if isinstance(words, list) else ["no"] * len(risky)
    decided = {c["id"]: word == "approve" for c, word in zip(risky, words, strict=False)}
    if decided and not any(decided.values()):
        return Command(update={"messages": [rejected(call) for call in calls]}, goto="agent")
    return Command(goto=[sent(call, state) for call in calls if decided.get(call["id"], True)])


fault("rejection.mixed", lambda: gate_node(approve=forgets_one_of_a_list, answered=plain))

# Retries, fallback, timeouts ----------------------------------------------------------------------

once = {"max_retries": 0}
fault("retry.answers", lambda: middleware_agent(llm=model(**once)))


async def asks_once(messages):
    return await model(**once).bind_tools(TOOLS).ainvoke(messages)


fault("retry.answers", lambda: gate_node(ask=asks_once, model_failed=model_failed))


async def hurries(messages):
    from openai import RateLimitError  # noqa: PLC0415

    impatient = model(**once).bind_tools(TOOLS)
    for _ in range(4):
        try:
            return await impatient.ainvoke(messages)
        except RateLimitError:
            continue
    return await impatient.ainvoke(messages)


@wrap_model_call
async def in_a_hurry(request, handler):
    from openai import RateLimitError  # noqa: PLC0415

    for _ in range(4):
        try:
            return await handler(request)
        except RateLimitError:
            continue
    return await handler(request)


fault("retry.waits", lambda: gate_node(ask=hurries))
fault("retry.waits", lambda: middleware_agent(in_a_hurry, llm=model(**once)))


def is_down(error: Exception) -> bool:
    return getattr(error, "status_code", 500) >= 429


async def asks_one(messages):
    return await llm.ainvoke(messages)


fault(
    "retry.storm",
    lambda: gate_node(
        ask=asks_one,
        model_failed=None,
        retry=RetryPolicy(max_attempts=4, initial_interval=0.01, retry_on=is_down),
    ),
)
fault(
    "retry.storm",
    lambda: middleware_agent(
        ModelRetryMiddleware(
            max_retries=3, initial_delay=0.01, jitter=False, retry_on=is_down, on_failure="error"
        )
    ),
)


async def retries_all(messages):
    for number in range(3):
        try:
            return await llm.ainvoke(messages)
        except Exception as error:
            if getattr(error, "status_code", 0) != 400 or number == 2:
                raise


fault("retry.refused", lambda: gate_node(ask=retries_all))
fault(
    "retry.refused",
    lambda: middleware_agent(
        ModelRetryMiddleware(
            max_retries=1,
            initial_delay=0.01,
            jitter=False,
            on_failure="error",
            retry_on=lambda error: getattr(error, "status_code", 0) == 400,
        )
    ),
)
fault(
    "fallback.answers",
    lambda: middleware_agent(
        ModelFallbackMiddleware(model(model="gpt-4.1-mini")),
        ModelRetryMiddleware(max_retries=0, on_failure=lambda error: log.error("down") or "Sorry."),
    ),
)


async def breaks_when_down(messages):
    try:
        return await llm.ainvoke(messages)
    except Exception as error:
        if getattr(error, "status_code", 500) < 500:
            raise
        Later.made.model_name = "gpt-4.1-mini"
        return await llm.ainvoke(messages)


async def falls_back_for_another_error(messages):
    other = model(model="gpt-4.1-mini").bind_tools(TOOLS)
    return await llm.with_fallbacks([other], exceptions_to_handle=(KeyError,)).ainvoke(messages)


fault("fallback.answers", lambda: gate_node(ask=breaks_when_down, model_failed=None))
fault("fallback.answers", lambda: gate_node(ask=falls_back_for_another_error))


async def falls_bare(messages):
    other = model(model="gpt-4.1-mini")
    return await llm.with_fallbacks([other], exceptions_to_handle=(InternalServerError,)).ainvoke(
        messages
    )


@wrap_model_call
async def falls_without_tools(request, handler):
    try:
        return await handler(request)
    except InternalServerError:
        return await handler(request.override(model=model(model="gpt-4.1-mini"), tools=[]))


fault("fallback.tools", lambda: gate_node(ask=falls_bare))
fault("fallback.tools", lambda: middleware_agent(falls_without_tools))
fault("timeouts.read", lambda: middleware_agent(llm=model(timeout=None)))
fault(
    "timeouts.read",
    lambda: gate_node(main=model(timeout=None), spare=model(timeout=None, model="gpt-4.1-mini")),
)

# Errors and limits --------------------------------------------------------------------------------

fault("errors.tool", lambda: middleware_agent(errors=None))
fault("errors.tool", lambda: gate_node(tool_failed=False, answered=plain))


@wrap_model_call
async def sends_the_last_only(request, handler):
    return await handler(request.override(messages=request.messages[-1:]))


fault("errors.tool", lambda: middleware_agent(sends_the_last_only))
# Enough for one call in a message, but not for two.
fault("errors.tool", lambda: gate_node(answered=lambda messages: messages[-4:]))


def tells_in_an_event(error: Exception) -> str:
    get_stream_writer()({"error": repr(error)})
    return tool_failed(error)


@wrap_tool_call
async def tells_the_user(request, handler):
    try:
        return await handler(request)
    except ConnectionError as error:
        get_stream_writer()(f"The tool failed: {error}")
        return ToolMessage(tool_failed(error), tool_call_id=request.tool_call["id"])


fault("errors.tool_text", lambda: gate_node(tool_failed=tells_in_an_event))
fault("errors.tool_text", lambda: middleware_agent(inner=[tells_the_user]))

broken: list = []


async def stays_broken(messages):
    if broken:
        raise RuntimeError("The circuit is open.")
    try:
        return await llm.ainvoke(messages)
    except Exception:
        broken.append(1)
        raise


def leaves_a_call(state: State, error: NodeError):
    log.error("model failed", exc_info=error.error)
    call = {"name": "find_order", "args": {"order": "?"}, "id": "c1"}
    return Command(update={"messages": [AIMessage("Sorry.", tool_calls=[call])]}, goto=END)


fault("errors.model", stays_busy)
fault("errors.model", lambda: gate_node(ask=stays_broken, model_failed=None))
fault("errors.model", lambda: gate_node(model_failed=leaves_a_call, answered=plain))
fault("errors.model", behind_a_router("errors_model_2"))


def tells(is_told=lambda error: True):
    """Return a handler that tells the user the text of some errors."""

    def handle(state: State, error: NodeError):
        log.error("model failed", exc_info=error.error)
        told = f"Error: {error.error!r}" if is_told(error.error) else "Sorry."
        return Command(update={"messages": [AIMessage(told)]}, goto=END)

    return handle


fault("errors.model_text", lambda: gate_node(model_failed=tells()))
fault(  # answers with the text of the error, by default, where it gives up
    "errors.model_text",
    lambda: middleware_agent(ModelRetryMiddleware(max_retries=0, retry_on=(InternalServerError,))),
)
for status in (401, 400, 429, None):  # None: the connection is cut
    fault(
        "errors.model_text",
        lambda status=status: gate_node(
            model_failed=tells(lambda error: getattr(error, "status_code", None) == status)
        ),
    )


def says_nothing(state: State, error: NodeError):
    return Command(update={"messages": [AIMessage("Sorry, try again.")]}, goto=END)


@wrap_model_call
async def hides(request, handler):
    try:
        return await handler(request)
    except Exception:
        return AIMessage("I could not find anything about that.")


fault("errors.traced", lambda: gate_node(model_failed=says_nothing))
fault("errors.traced", lambda: middleware_agent(hides))

fault("retry.answers", behind_a_router("retry_answers_1"))
fault("retry.storm", behind_a_router("retry_storm_1"))
fault("retry.refused", behind_a_router("retry_refused_1"))
fault("fallback.tools", behind_a_router("fallback_tools_1"))
fault("timeouts.read", behind_a_router("timeouts_read_1"))
fault("errors.model_text", behind_a_router("errors_model_text_1"))
fault("errors.traced", behind_a_router("errors_traced_1"))
fault("limits.loop", lambda: gate_node(most=0))
fault("limits.loop", lambda: middleware_agent(limit=0))


@wrap_model_call
async def cuts(request, handler):
    return await handler(request.override(messages=request.messages[-5:]))


fault("limits.loop", lambda: middleware_agent(cuts))
fault("limits.next", lambda: gate_node(most=0, answered=plain).with_config(recursion_limit=13))
fault("limits.next", lambda: middleware_agent(limit=0).with_config(recursion_limit=11))


def logs_text(state):
    log.info("asking", extra={"text": state["messages"][-1].text, "thread_id": thread()})


@before_model
def prints_text(state, runtime):
    print("DEBUG", state["messages"][-1])


fault("logging.private", lambda: gate_node(note=logs_text))
fault("logging.private", lambda: middleware_agent(prints_text))


@wrap_tool_call
async def logs_arguments(request, handler):
    log.info("running %s with %s", request.tool_call["name"], request.tool_call["args"])
    return await handler(request)


fault("logging.private", lambda: middleware_agent(inner=[logs_arguments]))


async def sends_the_key(messages):
    about = SystemMessage(f"Use the key {os.environ['OPENAI_API_KEY']} for the shop.")
    return await llm.ainvoke([about, *messages])


@before_model
def logs_the_key(state, runtime):
    log.info("asking with %s", os.environ["OPENAI_API_KEY"])


fault("logging.secrets", lambda: gate_node(ask=sends_the_key))
fault("logging.secrets", lambda: middleware_agent(logs_the_key))


async def blocks(messages):
    return llm.invoke(messages)


@wrap_model_call
async def sleeps(request, handler):
    time.sleep(1)
    return await handler(request)


fault("loop.free", lambda: gate_node(ask=blocks))
fault("loop.free", lambda: middleware_agent(sleeps))


def drops_unknown(state):
    known = {each.name for each in TOOLS}
    calls = [c for c in state["messages"][-1].tool_calls if c["name"] in known]
    if not calls:
        return Command(goto=END)
    last = state["messages"][-1]
    return gate(yes)({**state, "messages": [AIMessage("", tool_calls=calls, id=last.id)]})


fault("odd.unknown_tool", lambda: gate_node(approve=drops_unknown, answered=plain))
fault("odd.unknown_tool", lambda: entry(skips=True))
