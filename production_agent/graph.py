"""The agent: a model, its tools, and a person between the two where a call is risky."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from typing import Literal

from langchain_core.messages import AnyMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.utils import trim_messages
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.errors import GraphInterrupt
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.graph.state import CompiledStateGraph
from langgraph.managed import RemainingSteps
from langgraph.prebuilt import ToolNode
from langgraph.runtime import Runtime
from langgraph.types import Command, Send, interrupt

from production_agent.approval import Decisions, Edit
from production_agent.context import LeaseLost, NotSent, OutcomeUnknown, running_call
from production_agent.logs import new_reference
from production_agent.model import NO_ANSWER, NOT_JSON, ask, connect, say, storable
from production_agent.settings import Settings, Unusable
from production_agent.tools import PROMPT, RISKY, TOOLS, Context, refusal, tell

__all__ = ("RENAMED", "VERSION", "build", "recursion_limit", "this_turn", "told", "unanswered")

VERSION = "2"  # of the graph; each checkpoint carries it in its metadata
RENAMED: dict[str, str] = {}  # old node: new node; threads that wait at the old one go on there
NOT_DONE = "Not executed: the turn ended before this call, and nothing is on record for it."
STOPPED = "I stopped after {} tool calls without finishing."
LESS, OTHER_WORDS = "Please ask for one thing less.", "Please ask in other words."
log = logging.getLogger("production_agent")


class State(MessagesState):
    """The thread's messages. Nothing else is stored, so nothing else can be out of date.

    A key that is added here is missing in the threads of yesterday: read it with `.get`.
    """

    remaining_steps: RemainingSteps


def recursion_limit(settings: Settings) -> int:
    """Return the supersteps a turn may take: three a model call, and some to stop in words."""
    return 3 * settings.model_calls + 6


def unanswered(messages: Sequence[AnyMessage], effects: Mapping[str, dict]) -> list[ToolMessage]:
    """Return an answer for each tool call that has none; a model refuses a thread without them.

    Args:
        messages: Of the thread.
        effects: Those on record for it, by key. The record, not the checkpoint, is the truth.
    """
    answered = {message.tool_call_id for message in messages if message.type == "tool"}
    last = next((message for message in reversed(messages) if message.type == "ai"), None)
    calls = [*last.tool_calls, *last.invalid_tool_calls] if last else []
    return [
        ToolMessage(done, tool_call_id=call["id"], name=call["name"])
        if (done := _done(effects, call["id"]))
        else _failed(call, NOT_DONE)
        for call in calls
        if call["id"] not in answered
    ]


def _done(effects: Mapping[str, dict], call: str) -> str:
    """Return in words what a call has done."""
    own = [one for one in effects.values() if one["call"] == call]
    return " ".join(told(one["name"], one["details"]) for one in own)


def told(name: str, details: dict) -> str:
    """Return `tell`; where the shop's words fail, the record: what was done is never hidden."""
    try:
        if isinstance(words := tell(name, details), str):
            return storable(words)
        raise TypeError("`tell` returns a text")
    except Exception as error:
        log.error("tell_failed", exc_info=error)
        return f"{name}: {json.dumps(details)}."


def build(settings: Settings, saver: BaseCheckpointSaver) -> CompiledStateGraph:
    """Return the compiled graph.

    Raises:
        Unusable: A name in `RISKY` is no tool's: the tool that is meant would ask nobody.
    """
    if unknown := sorted(RISKY.keys() - TOOLS.keys()):
        raise Unusable(f"RISKY in tools.py names {unknown[0]}, which is no tool: correct the name.")
    models = connect(settings)

    async def agent(state: State, runtime: Runtime[Context]) -> dict:
        messages, turn = state["messages"], this_turn(state["messages"])
        replies = [message for message in turn if message.type == "ai"]
        calls = sum(len(reply.tool_calls) + len(reply.invalid_tool_calls) for reply in replies)
        if len(replies) >= settings.model_calls or state["remaining_steps"] < 4:
            return {"messages": [say(_in_place(runtime, STOPPED.format(calls), LESS), runtime)]}
        whole_turns = trim_messages(
            messages,
            max_tokens=settings.history_tokens,
            token_counter="approximate",
            start_on="human",
        )
        prompt = [SystemMessage(PROMPT), *(whole_turns or turn)]
        reply = await ask(models, prompt, settings.model_seconds, runtime)
        asked = len(reply.tool_calls) + len(reply.invalid_tool_calls)
        if asked and calls + asked > settings.tool_calls:
            runtime.stream_writer(("discard", {}))  # its words belong to calls that do not run
            reply = say(_in_place(runtime, STOPPED.format(calls), LESS), runtime)
        elif not asked and not reply.text:
            text = _in_place(runtime, "I have no answer to that.", OTHER_WORDS)
            reply = say(text, runtime, NO_ANSWER)  # an outage may look like this: it is counted
        return {"messages": [reply]}

    async def approve(
        state: State, runtime: Runtime[Context]
    ) -> Command[Literal["tools", "agent"]]:
        return _approve(state, settings, runtime.context.decided)

    tools = ToolNode([*TOOLS.values()], handle_tool_errors=_tool_failed, awrap_tool_call=_observed)
    nodes = {"agent": agent, "approve": approve, "tools": tools}
    graph = StateGraph(State, context_schema=Context)
    for name, node in [*nodes.items(), *((old, nodes[new]) for old, new in RENAMED.items())]:
        graph.add_node(name, node)
        if node is agent:
            graph.add_conditional_edges(name, _after_agent)
        elif node is tools:
            graph.add_edge(name, "agent")
    graph.add_edge(START, "agent")
    return graph.compile(checkpointer=saver)


def _approve(state: State, settings: Settings, answered: Mapping[str, str]) -> Command:
    """Ask a person about the risky calls; send on what may run, answer what may not.

    It runs again from its first line when the answer comes, so nothing here has an effect. The
    answer is read also where nothing would be asked any more, as what is risky has changed.
    """
    message = state["messages"][-1]
    answers = [_failed(call, call["error"] or NOT_JSON) for call in message.invalid_tool_calls]
    wrong = {
        call["id"]: refusal(call["name"], call["args"], settings) for call in message.tool_calls
    }
    shown = [
        {**{key: call[key] for key in ("id", "name", "args")}, "why": RISKY[call["name"]]}
        for call in message.tool_calls
        if call["name"] in RISKY and not wrong[call["id"]]
    ]
    asks = shown or any(call["id"] in answered for call in message.tool_calls)
    decided = interrupt({"calls": shown}, response_schema=Decisions).decisions if asks else []
    by_call, run = {one.call: one for one in decided}, []
    for call in message.tool_calls:
        decision = by_call.get(call["id"])
        if isinstance(decision, Edit):
            call = {**call, "args": decision.args}
        why_not = refusal(call["name"], call["args"], settings)
        if why_not:
            answers.append(_failed(call, f"Not executed. {why_not}"))
        elif call["name"] in RISKY and decision is None:
            answers.append(_failed(call, "Not executed. Nobody has decided about it."))
        elif decision and decision.type == "reject":
            reason = f"A person rejected this call. {decision.reason}".strip()
            answers.append(_failed(call, reason))
        else:
            run.append(call)
    send = [
        Send("tools", {"__type": "tool_call_with_context", "tool_call": call, "state": state})
        for call in run
    ]
    return Command(update={"messages": answers}, goto=send or "agent")


def _after_agent(state: State) -> Literal["approve", "__end__"]:
    last = state["messages"][-1]
    return "approve" if last.tool_calls or last.invalid_tool_calls else END


async def _observed(request, execute):
    """Run a tool that `approve` sent; tell the stream, the log, and the model what is on record.

    What the tool says about its effects is not relied on, nor is the class of its error.
    """
    call, runtime = request.tool_call, request.runtime
    writer, context = runtime.stream_writer, runtime.context
    asking = request.state["messages"][-1]
    proposed = [one for one in getattr(asking, "tool_calls", ()) if one["id"] == call["id"]]
    if not proposed or context.decided.get(call["id"]) == "reject":  # it came by a `goto`
        raise NotSent
    running_call.set(call["id"])
    which = {"tool": call["name"], "call": call["id"]}
    before = _done(context.effects, call["id"])
    writer(("tool", {**which, "state": "started", "done": before}))
    log.info("tool_started", extra=which)
    context.running.add(call["id"])
    try:
        answer = await execute(request)
    except GraphInterrupt as error:  # here, people are asked before a tool runs
        answer = _failed(call, _tool_failed(error))
    finally:
        context.running.discard(call["id"])
    if context.unknown.get(call["id"]):
        raise OutcomeUnknown
    message = _message_of(answer, call["id"])
    message.content = storable(message.content)
    done = _done(context.written | context.effects, call["id"])
    has_failed = message.status == "error"
    if done and (has_failed or (before and done not in message.text)):
        rest = "What was to follow failed." if has_failed else message.text
        message.content = f"{done} It is on record: never repeat it. {rest}"
        message.status = "success"
    if proposed[0]["args"] != call["args"]:
        note = f"A person changed the arguments to {json.dumps(call['args'])}."
        message.content = f"{note} {message.text}"
    state = "failed" if message.status == "error" else "finished"
    writer(("tool", {**which, "state": state, "done": done}))
    log.info("tool_ended", extra={**which, "outcome": state})
    return answer


def _message_of(answer: ToolMessage | Command | list, call: str) -> ToolMessage:
    """Return a tool's message, also out of a `Command` that writes other keys of the state."""
    for one in answer if isinstance(answer, list) else [answer]:
        update = one.update if isinstance(one, Command) else {"messages": [one]}
        for message in update.get("messages", []) if isinstance(update, dict) else []:
            if getattr(message, "tool_call_id", None) == call:
                return message
    return ToolMessage("", tool_call_id=call)


def _tool_failed(error: Exception) -> str:
    if isinstance(error, LeaseLost | NotSent | OutcomeUnknown):
        raise error  # no answer for the model: the run ends, and the record says what was done
    reference = new_reference()
    log.error("tool_failed", exc_info=error, extra={"reference": reference})
    return f"The tool failed (reference {reference}). Say so; do not pretend that it worked."


def _failed(call: dict, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=call["id"], name=call["name"], status="error")


def _in_place(runtime: Runtime[Context], fact: str, cure: str) -> str:
    """Return words in place of the model's; nobody is to ask again for what was done."""
    effects = (runtime.context.written | runtime.context.effects).values()
    done = " ".join(told(one["name"], one["details"]) for one in effects)
    return f"{fact} So far: {done} Please ask only for what is left." if done else f"{fact} {cure}"


def this_turn(messages: Sequence[AnyMessage]) -> Sequence[AnyMessage]:
    """Return the messages since the person's last one: budgets are for a turn, not a thread."""
    for at in range(len(messages) - 1, -1, -1):
        if isinstance(messages[at], HumanMessage):
            return messages[at:]
    return messages
