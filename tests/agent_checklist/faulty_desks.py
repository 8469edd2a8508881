"""Parts of lesson 8's desk with one fault each, and what the checklist says of it."""

from __future__ import annotations

from langchain.messages import AIMessage, ToolMessage
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_config
from langgraph.errors import NodeError
from langgraph.graph import END
from langgraph.types import Command, Send, interrupt

import lesson_model
from exercises.the_production_agent import desk as mended
from exercises.the_production_agent.desk import MENDED, TOOLS

__all__ = ("FAULTS", "prints_the_state")


def thread_id() -> str:
    return get_config()["configurable"]["thread_id"]


async def blocks(llm, messages):
    reply = llm.invoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError
    return reply


async def takes_torn_answers(llm, messages):
    return await llm.ainvoke(messages)


def hides_words(seconds):
    return [model.bound.model_copy(update={"disable_streaming": True}).bind_tools(TOOLS)
            for model in MENDED["connect"](seconds)]  # fmt: skip


def memory_of_its_own(graph, saver):
    return graph.compile(checkpointer=InMemorySaver())


def default_thread(graph, saver):
    return graph.compile(checkpointer=saver).with_config(configurable={"thread_id": "default"})


def sent(call, state):
    return Send("tools", {"__type": "tool_call_with_context", "tool_call": call, "state": state})


def asks_nobody(state):
    return Command(goto=[sent(call, state) for call in state["messages"][-1].tool_calls])


def pays_first(state):
    for call in state["messages"][-1].tool_calls:
        if call["name"] == "refund":
            mended.paid.append(str(call["args"]))
    return MENDED["approve"](state)


def shows_the_first_call(state):
    calls = state["messages"][-1].tool_calls
    if calls[0]["name"] == "refund":
        yes = interrupt({"tool": "refund", "args": calls[0]["args"]})["type"] == "approve"
        if not yes:
            rejected = [ToolMessage("No.", tool_call_id=call["id"]) for call in calls]
            return Command(goto="agent", update={"messages": rejected})
    return Command(goto=[sent(call, state) for call in calls])


def mixes_up_calls(state):
    answers, run, calls = [], [], state["messages"][-1].tool_calls
    risky = [call for call in calls if call["name"] == "refund"]
    for call in calls:
        yes = True
        if call in risky:
            yes = interrupt({"tool": "refund", "args": call["args"]})["type"] == "approve"
            call = risky[-1 - risky.index(call)]
        if yes:
            run.append(sent(call, state))
        else:
            answers.append(ToolMessage("No.", tool_call_id=call["id"]))
    return Command(goto=run or "agent", update={"messages": answers})


def leaves_a_call_open(state):
    command = MENDED["approve"](state)
    if command.goto != "agent":
        return command
    return Command(goto=END, update={"messages": [AIMessage("Cancelled.")]})


def says_nothing_after_a_no(state):
    command = MENDED["approve"](state)
    return Command(update=command.update, goto=END) if command.goto == "agent" else command


def no_timeout(seconds):
    return MENDED["connect"](None)


def never_again(seconds):
    name = lesson_model.running().name
    return [ChatOpenAI(model=name, timeout=seconds, max_retries=0).bind_tools(TOOLS)]


def one_model(seconds):
    return MENDED["connect"](seconds)[:1]


async def tries_three_times(ask, models, state):
    for attempt in range(3):
        try:
            return await MENDED["answer"](ask, models, state)
        except Exception as error:
            if attempt == 2 or not getattr(error, "is_retryable", False):
                raise
    return None


async def never_resets(ask, models, state):
    """Count the failures of the thread, and give up after three."""
    failed = state.get("failed", 0)
    if failed >= 3:
        return {"messages": [AIMessage("I give up.")]}
    before = len(lesson_model.running().requests)
    update = await MENDED["answer"](ask, models, state)
    return {**update, "failed": failed + len(lesson_model.running().requests) - before - 1}


async def in_a_hurry(ask, models, state):
    """Ask again without waiting."""
    llm = ChatOpenAI(model=lesson_model.running().name, max_retries=0).bind_tools(TOOLS)
    try:
        return {"messages": [await ask(llm, state["messages"])]}
    except Exception:
        return await MENDED["answer"](ask, models, state)


async def falls_back_on_anything(ask, models, state):
    try:
        return {"messages": [await ask(models[0], state["messages"])]}
    except Exception:
        return {"messages": [await ask(models[1], state["messages"])]}


async def hides_bugs(ask, models, state):
    try:
        return await MENDED["answer"](ask, models, state)
    except Exception as error:
        if getattr(error, "status_code", 0) != 400:
            raise
        return {"messages": [AIMessage("I do not know.")]}


def tells_the_tools_error(error: Exception) -> str:
    return f"Error: {error}"


def tells_the_models_error(state, error: NodeError):
    mended.log.error("failed thread=%s", thread_id())
    return {"messages": [AIMessage(f"Error: {error.error}")]}


def no_limit(messages):
    return None


def stops_by_error(messages):
    if len(messages) > 10:
        raise RecursionError("enough")


def limits_the_thread(messages):
    """Count what was ever said: a stop that lasts."""
    if sum(message.type == "ai" for message in messages) > 6:
        raise RecursionError("enough")


def logs_the_state(state):
    mended.log.info("thread=%s %s", thread_id(), state["messages"][-1].text)


def prints_the_state(state):
    MENDED["note"](state)
    print(state)


def logs_no_thread(state):
    mended.log.info("asking")


def no_thread_either(state, error: NodeError):
    mended.log.error("failed")
    return {"messages": [AIMessage("Sorry.")]}


def logs_the_key(state, error: NodeError):
    mended.log.error("failed thread=%s %s", thread_id(), error.error)
    return {"messages": [AIMessage("Sorry.")]}


FAULTS = [  # line, what it says, the faulty part
    ("streaming", "had written its last", {"ask": blocks}),
    ("streaming", "had written its last", {"connect": hides_words}),
    ("streaming", "taken for the answer", {"ask": takes_torn_answers}),
    ("persistence", "After a restart", {"finish": memory_of_its_own}),
    ("persistence", "without a thread was taken, and", {"finish": default_thread}),
    ("approval", "nobody was asked", {"approve": asks_nobody}),
    ("approval", "ran, and nobody", {"approve": pays_first}),
    ("approval", "one was approved, and 2 ran", {"approve": shows_the_first_call}),
    ("approval", "the other one ran", {"approve": mixes_up_calls}),
    ("rejection", "refuses the thread with 400", {"approve": leaves_a_call_open}),
    ("rejection", "got no word", {"approve": says_nothing_after_a_no}),
    ("retry", "was sent 6 times", {"answer": tries_three_times, "connect": one_model}),
    ("retry", "no answer came", {"answer": never_resets}),
    ("retry", "no answer came", {"connect": never_again}),
    ("retry", "asked again before that", {"answer": in_a_hurry}),
    ("fallback", "no other model", {"connect": one_model}),
    ("fallback", "(400) was sent 2 times", {"answer": falls_back_on_anything}),
    ("fallback", "no error logged", {"answer": hides_bugs}),
    ("timeouts", "it waited on", {"connect": no_timeout}),
    ("errors", "went to the model", {"tool_failed": tells_the_tools_error}),
    ("errors", "the user was shown it", {"model_failed": tells_the_models_error}),
    ("limits", "went on", {"limit": no_limit}),
    ("limits", "no word", {"limit": stops_by_error, "model_failed": None}),
    ("logging", "What the user wrote", {"note": logs_the_state}),
    ("logging", "What the user wrote", {"note": prints_the_state}),
    ("logging", "names the thread", {"note": logs_no_thread, "model_failed": no_thread_either}),
    ("logging", "The model's key", {"model_failed": logs_the_key}),
]
