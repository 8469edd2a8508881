# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 8. The production agent
#
# The desk of the tent shop has been online for a week. It was written in an afternoon, it passed the
# demo, and everybody in the shop has a story about it.
#
# In this lesson you do not believe stories. You provoke each fault and look: ten probes, ten red lines.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 8.3, 8.8 and 8.9, 30 min | the checklist, the gate, the service: a crash, a tool with its policy, the log, the load |
# | **Deeper** | {deeper_minutes} min | 8.1, 8.2, 8.4 to 8.7, 65 min | all ten lines green; tools from elsewhere; your own agent; every pitfall |
#
# (The exercises are numbered by the parts of the desk; the core begins with 8.3.)

# %%
import asyncio
import inspect
import json
import tempfile
import time
from pathlib import Path

import httpx
from langchain.tools import BaseTool, ToolRuntime

import agent_checklist
import lesson_model
import production_agent.tools
from course_utils import pictures
from exercises import the_production_agent as check
from exercises.the_production_agent.service_graph import Conversation
from lab.running_service import Service, read_events, send, sign
from production_agent.tools import Context, effect_key

model = lesson_model.start()

# %% tags=["desk"]
import logging
from types import SimpleNamespace
from typing import Literal

from langchain.messages import AIMessage, AnyMessage, ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, Send, interrupt

# %% [markdown]
# ## The desk of the first week
#
# Two tools. One of them pays:

# %% tags=["desk"]
paid = []
log = logging.getLogger("desk")
log.addHandler(logging.NullHandler())  # in this notebook only the checklist listens


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
RISKY = {"refund": "Money leaves the shop."}

# %% [markdown]
# And nine parts: eight functions, and a handler that is missing. **All of them are broken**, in ways that
# pass a demo. Read them once, slowly.


# %% tags=["desk"]
class State(MessagesState):
    """The conversation, and how often the model has failed in it (only the first week counts that)."""

    failed: int


def connect(seconds: float) -> list:
    """Return the models, best first; `seconds` is how long they may be silent."""
    return [ChatOpenAI(model=model.name).bind_tools(TOOLS)]


async def ask(llm, messages: list[AnyMessage]) -> AIMessage:
    """Ask one model."""
    return llm.invoke(messages)


async def answer(ask, models: list, state: State) -> dict:
    """Get an answer, whatever happens."""
    failed, words = state.get("failed", 0), "I give up."
    while failed < 3:
        try:
            return {"messages": [await ask(models[0], state["messages"])], "failed": failed}
        except Exception as error:
            failed, words = failed + 1, f"Error: {error}"
    return {"messages": [AIMessage(words)], "failed": failed}


# %% tags=["desk"]
def approve(state: State) -> Command:
    """Ask the owner before money leaves the shop."""
    call = state["messages"][-1].tool_calls[0]
    if call["name"] in RISKY:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if decision["type"] != "approve":
            return Command(goto=END, update={"messages": [AIMessage("The owner said no.")]})
    return Command(goto="tools")


def limit(messages: list[AnyMessage]) -> str | None:
    """Return what to say instead of asking the model once more, or None."""
    return None


def tool_failed(error: Exception) -> str:
    """Return what the model is told when a tool fails."""
    return f"Error: {error}"


def note(state: State) -> None:
    """Write a line to the log."""
    log.info("state: %s", state)


# %% tags=["desk"]
def finish(graph: StateGraph, saver):
    """Compile the graph."""
    compiled = graph.compile(checkpointer=InMemorySaver())
    return compiled.with_config(configurable={"thread_id": "default"})


FIRST_WEEK = {"connect": connect, "ask": ask, "answer": answer, "approve": approve, "limit": limit}
FIRST_WEEK |= {"tool_failed": tool_failed, "model_failed": None, "note": note, "finish": finish}

# %% [markdown]
# The frame that holds them is sound. It takes the parts you have mended, and those of the first week for
# the rest:


# %% tags=["desk"]
def desk(**mended):
    """Return what builds the desk of mended parts, and of the first week's."""
    part = SimpleNamespace(**FIRST_WEEK | mended)

    def build(saver, seconds: float):
        models = part.connect(seconds)

        async def agent(state: State) -> dict:
            part.note(state)
            if words := part.limit(state["messages"]):
                return {"messages": [AIMessage(words)]}
            return await part.answer(part.ask, models, state)

        def after_agent(state: State) -> Literal["approve", "__end__"]:
            return "approve" if state["messages"][-1].tool_calls else END

        graph = StateGraph(State)
        graph.add_node("agent", agent, error_handler=part.model_failed)
        graph.add_node("approve", part.approve, destinations=("agent", "tools", END))
        graph.add_node("tools", ToolNode(TOOLS, handle_tool_errors=part.tool_failed))
        graph.add_edge(START, "agent")
        graph.add_conditional_edges("agent", after_agent)
        graph.add_edge("tools", "agent")
        return part.finish(graph, saver)

    return build


# %%
pictures.graph(desk()(InMemorySaver(), 30))

# %% [markdown]
# And it works:

# %%
shop = desk()(InMemorySaver(), 30)
result = await shop.ainvoke({"messages": "Where is parcel P-3?"})
print(result["messages"][-1].text)

# %% [markdown]
# ## Ten probes
#
# `agent_checklist.run` builds a new graph for each line, with a checkpointer and a timeout of its own,
# provokes the fault, and looks at what a user or an operator would see. `done` returns what really
# happened: here, the payments.

# %% tags=["wait-4"]
report = agent_checklist.run(desk(), done=lambda: paid)
report

# %% [markdown]
# Nothing holds. Each line says what was *seen*, not which code is bad. So you can point the checklist at
# any compiled graph that has `messages` in its state.
#
# A green line is no proof. It says: this fault was provoked, and did no harm.
#
# ## Mend the gate

# %% [markdown]
# ### Exercise 8.3 - the gate
#
# `approve` looks at the first call of a message and lets all of them run. A "no" leaves calls without
# an answer. Mend both:
#
# - ask about **each** risky call, one question a call: `interrupt({"tool": ..., "args": ..., "why":
#   ...})`. `RISKY` says what is risky, and why; it may grow. The answer is `{"type": "approve"}`, or it
#   is a no;
# - what may run goes on: `goto` takes a list of `run(call, state)`;
# - what may not gets its `ToolMessage` with words for the model, also when another call of the
#   message runs, and if nothing may
#   run, the model has the word: `"agent"`. The message itself stays as it is.


# %% tags=["desk"]
def run(call: dict, state: State) -> Send:
    """Return what lets the tools node run this one call: the form in which `ToolNode` takes it."""
    return Send("tools", {"__type": "tool_call_with_context", "tool_call": call, "state": state})


# %% tags=["exercise", "ex3"]
def approve_each(state: State) -> Command:
    """Ask about each risky call; run what may run, and answer the others."""
    # BEGIN SOLUTION
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        allowed = True
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            allowed = interrupt(question) == {"type": "approve"}
        if allowed:
            go_on.append(run(call, state))
        else:
            words = "The owner said no. It was not done."
            answers.append(ToolMessage(words, tool_call_id=call["id"], status="error"))
    return Command(update={"messages": answers}, goto=go_on or "agent")
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(approve_each)
# check.ex3.hint()  # remove the first `#` for a hint

# %%
mended = {"approve": check.ex3.or_reference(approve_each)}
agent_checklist.run(desk(**mended), done=lambda: paid, only=["approval", "rejection"])

# %% [markdown]
# ## The service
#
# The folder `production_agent` holds this desk as you would ship it: ten green lines, and around the graph
# what a graph cannot decide. Who may read which thread? What becomes of two messages at the same moment? Who
# goes on when the process dies?
#
# Two processes on one database, for two users, Ann and Bob. (`Service`, in `lab/running_service.py`, starts
# them; `send` posts a message and reads the answer, a stream of **server-sent events**.)

# %% tags=["wait-4"]
folder = Path(tempfile.mkdtemp())
services = [Service(folder, model.name) for _ in range(2)]
ann, bob = services[0].user("ann"), services[0].user("bob")

thread = ann.post("/threads", json={}).json()["id"]
said = send(ann, thread, "Where is parcel P-3?")
print([name for name, _ in said if name != "token"])
print("|".join(data["text"] for name, data in said if name == "token"))
print("Bob, who found the id of her thread:", bob.get(f"/threads/{thread}").status_code)

# %% [markdown]
# Now money. The stream ends with an approval; and while that waits, the thread takes no message:

# %%
*_, (name, approval), end = send(ann, thread, "Please refund 480 euros for order T-7.")
print(name, [(call["name"], call["args"], call["why"]) for call in approval["calls"]])
print(end)

refused = ann.post(f"/threads/{thread}/messages", json={"text": "Hello?"})
print(refused.status_code, refused.json()["message"])

# %% [markdown]
# Before Ann decides, pull the plug: `kill -9` for the process she spoke to. The other one has never
# heard of her:

# %%
services[0].kill()
ann, bob = services[1].user("ann"), services[1].user("bob")
(waiting,) = ann.get("/approvals").json()
print("still waiting:", waiting["id"] == approval["id"], [c["name"] for c in waiting["calls"]])

# %% [markdown]
# Ann approves. Her decision carries the `digest`, a checksum of the calls she was *shown*: if others wait
# by now, it does not count.

# %%
decision = {
    "digest": waiting["digest"],
    "decisions": [{"call": call["id"], "type": "approve"} for call in waiting["calls"]],
}
path = f"/approvals/{waiting['id']}"
with ann.stream("POST", path, json=decision) as answer:
    print("Ann:      ", answer.status_code, list(read_events(answer))[-1])
for name, client in (("Ann again:", ann), ("Bob:      ", bob)):
    answer = client.post(path, json=decision)
    print(name, answer.status_code, answer.json()["message"])

# %% [markdown]
# **409** means: not in this state. The money has left the shop once, whatever you click.
#
# ## A tool of your own
#
# In your copy of the folder, tools stand in `tools.py`: the function, in `TOOLS`; why a person decides, in
# `RISKY`; its policy, in `refusal`; the sum it cannot overdraw, in `budget`; what it did, in `tell`. The
# policy is asked of what the model proposes, what a person writes in its place, and what is about to run.

# %%
print(inspect.getsource(production_agent.tools.refund.coroutine))
print(inspect.getsource(production_agent.tools.pay_back))

# %% [markdown]
# A tool never acts by itself. `context.effect(key, name, details)` writes a row that orders the effect,
# and a key that has a row already writes nothing. `effect_key` makes a key of the thread, the message and
# the call: it is the same when the call runs again after a crash.
#
# ### Exercise 8.8 - a risky tool, with its policy
#
# An order that still lies in the store room can be cancelled. Write three things:
#
# - `cancel_order(order, runtime)`, an async tool. It writes down one effect, `"cancel_order"` with
#   `{"order": order}`, and returns a sentence for the model. If the process dies and the call runs again,
#   in a run of its own, there is still one effect. Two calls are two effects, in one message or in two
#   turns, also for the same order (it may have been bought again in between). An error of `effect` comes
#   out.
# - `risk`: like `RISKY`, the tool's name and a sentence for the person who decides.
# - `refuse_cancel(args, waiting)`: why a call with these arguments may not run, in a sentence, or None.
#   Only orders in the set `waiting` can be cancelled. The model wrote `args`: `order` may be missing or
#   empty there, and that is a reason, too.


# %% tags=["exercise", "ex8"]
@tool
async def cancel_order(order: str, runtime: ToolRuntime[Context]) -> str:
    """Cancel an order that is still in the store room, for example T-9."""
    # BEGIN SOLUTION
    message = runtime.state["messages"][-1]
    key = effect_key(runtime.context.thread, message.id, runtime.tool_call_id)
    await runtime.context.effect(key, "cancel_order", {"order": order})
    return f"Order {order} is cancelled."
    # END SOLUTION


# BEGIN SOLUTION
risk = {"cancel_order": "The customer does not get this order."}
# END SOLUTION


def refuse_cancel(args: dict, waiting: set[str]) -> str | None:
    """Return why this call may not run, in one sentence, or None."""
    # BEGIN SOLUTION
    order = args.get("order")
    return None if order in waiting else f"Order {order} does not wait in the store room."
    # END SOLUTION


# %% tags=["check", "ex8"]
check.ex8(cancel_order, risk, refuse_cancel)
# check.ex8.hint()  # remove the first `#` for a hint

# %% [markdown]
# In the graph of the service (`Conversation` runs it here) a person edits the call, to an order that has
# left long ago:

# %%
cancel, risks, refuse = check.ex8.or_reference(cancel_order, risk, refuse_cancel)
model.when("cancel").calls("cancel_order", order="T-9").then_says("{result}")
talk = Conversation(cancel, risks, lambda args: refuse(args, {"T-9"}))

result = await talk.say("Please cancel order T-9.")
(call,) = result["__interrupt__"][0].value["calls"]
print("asks:", call["name"], call["args"], call["why"])
edit = {"call": call["id"], "type": "edit", "args": {"order": "T-7"}}
result = await talk.decide(edit)
print(result["messages"][-1].text)
print("effects:", talk.ledger.effects)

# %% [markdown]
# ## What the log knows
#
# The provider refuses the service's key, and Ann reads this to you on the phone:

# %%
model.fail("bad_key")
events = dict(send(ann, thread, "Where is parcel P-4?"))
print(events["error"]["message"])

# %% [markdown]
# She has a reference, you have a log. One line of it (the ids and the time are replaced):

# %%
log_text = (folder / "service.log").read_text()
quoted = events["error"]["reference"]
(failed,) = [json.loads(line) for line in log_text.splitlines() if quoted in line]
masks = dict.fromkeys(("time", "thread", "run", "reference", "request"), "...")
print({name: masks.get(name, value) for name, value in failed.items() if name != "at"})
print("at:", len(failed["at"]), "lines of code it passed | what Ann said:", "P-4" in log_text)

# %% [markdown]
# ### Exercise 8.9 - the run behind a reference
#
# Write `run_behind(text, reference)`: the lines of the run in which the reference stands, as dictionaries,
# oldest first. `text` is the log of several processes: lines of other runs, on this thread too, stand
# between them, and a line of one process may come before an older one of another. (`time` is ISO, in UTC:
# it sorts as text.) Whatever is no JSON object is skipped. A line without a `run` belongs to none, even if
# it has a reference: the database was down, say. A reference that no run has gives an empty list.


# %% tags=["exercise", "ex9"]
def run_behind(text: str, reference: str) -> list[dict]:
    """Return the log lines of the run that a reference belongs to, oldest first."""
    # BEGIN SOLUTION
    lines = []
    for line in text.splitlines():
        try:
            found = json.loads(line)
        except ValueError:
            continue
        if isinstance(found, dict):
            lines.append(found)
    lines = [line for line in lines if line.get("run")]
    runs = {line["run"] for line in lines if line.get("reference") == reference}
    return sorted((x for x in lines if x["run"] in runs), key=lambda line: line["time"])
    # END SOLUTION


# %% tags=["check", "ex9"]
check.ex9(run_behind)
# check.ex9.hint()  # remove the first `#` for a hint

# %%
for entry in check.ex9.or_reference(run_behind)(log_text, quoted):
    print(entry["event"], entry.get("outcome", ""))

# %% [markdown]
# ## More customers
#
# How long does a customer wait for the first word, when others ask at the same time? (The model here is
# about ten times faster than a hosted one.)

# %%
model.when("dry a tent").says("Hang it in the shade, and fold it only when its seams are dry.")
model.pace(first=0.05, per_token=0.002)


async def first_word(client: httpx.AsyncClient) -> float:
    """Return the seconds to the first word in a new thread."""
    thread = (await client.post("/threads", json={})).json()["id"]
    began, question = time.monotonic(), {"text": "How do I dry a tent?"}
    async with client.stream("POST", f"/threads/{thread}/messages", json=question) as answer:
        async for line in answer.aiter_lines():
            if line == "event: token":
                first = time.monotonic() - began
    return first


# %% tags=["wait-3"]
counts, slowest, answered = [1, 4, 8, 16, 24], [], 0
options = {"headers": sign("ann"), "timeout": 60, "trust_env": False}
async with httpx.AsyncClient(base_url=services[1].address, **options) as client:
    for count in counts:
        waits = await asyncio.gather(*[first_word(client) for _ in range(count)])
        slowest.append(max(waits))
        answered += len(waits)
model.pace()
print("asked:", sum(counts), "answered:", answered)
services[1].stop()

# %%
pictures.curves(
    {"the last one has its first word": (counts, slowest)},
    x="customers who ask at once",
    y="seconds to the first word",
    alt="A curve: how long the slowest of them waits for the first word, when more and more customers "
    "ask at once.",
)

# %% tags=["nbval-ignore-output"]
for count, seconds in zip(counts, slowest, strict=True):
    print(f"{count:2} at once: the slowest waits {seconds:.2f} s for the first word")

# %% [markdown]
# One process uses one processor core. When the curve gets too steep for you, start a second process on the
# same PostgreSQL.

# %% [markdown]
# ## In production
#
# - **Keep the checklist as a test.** Ten lines of pytest: `assert not agent_checklist.run(build, ...).red`.
#   It tells you what the next upgrade of a library broke.
# - **Copy the folder** `production_agent`, or use the middleware of lessons 3 to 5, and point the checklist
#   at the result: its defaults are not all green.
# - **What no probe sees:** whether answers are *right* (lesson 9 has an evaluation set).
# - **Do not build this** for a nightly job or a script that you watch. A `for` loop and a log file are
#   enough there.
#
# **Your production checklist:** the lines of lessons 1 to 7, and the one that lesson 9 adds,
# [stand below](#The-checklist,-whole).

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> All ten lines are green. Is the agent ready?</summary>
#
# - *Yes, that is what the list is for.* It provokes ten faults. It does not read the answers.
# - **It survives what these probes do to it.** Yes. Who may read what, two messages at once, and
#   whether answers are right is decided elsewhere.
# - *No, probes prove nothing.* Each of them was red for a graph with exactly its fault.
# </details>
#
# <details><summary><b>2.</b> <code>async def ask(...): return llm.invoke(...)</code>. What happens to the
# other customers of this process?</summary>
#
# - *Nothing, the node is async.* The word alone moves nothing aside.
# - **They stand still until the model has answered.** Yes: the event loop waits, too.
# - *They get a 429.* That would be a limit. This is a stop.
# </details>
#
# <details><summary><b>3.</b> The process dies after Ann's approval, before the payment. What does the
# service do when it is back?</summary>
#
# - *It asks Ann again.* Her decision was saved in the same transaction that closed the question.
# - **It carries the decision out, once.** Yes: the decision is in the database, and the payment has a
#   key that cannot be used twice. (`tests/production_agent/test_crash.py` kills it there.)
# - *It forgets.* A decision without its action is a lost refund.
# </details>

# %% [markdown]
# ## You can stop here
#
# That was the core. **Next:** [9. Day two](09_day_two.ipynb) - a new version meets old threads.
#
# The deeper part is below. Take its sections in any order:
#
# - [Seven stories](#Seven-stories): which line of the checklist was missing? (exercise 8.1)
# - [Mend the other parts](#Mend-the-other-parts): ten green lines (exercises 8.2, 8.4 to 8.6)
# - [Tools from elsewhere: MCP](#Tools-from-elsewhere:-MCP): who may come in (exercise 8.7)
# - [The checklist on your own agent](#The-checklist-on-your-own-agent)
# - [Take it home](#Take-it-home)
# - [Every pitfall, and the cell that shows it](#Every-pitfall,-and-the-cell-that-shows-it)
# - [The checklist, whole](#The-checklist,-whole)

# %% [markdown]
# ## Seven stories
#
# Here is the checklist that the lessons have written, ten lines of it that a program can look at:

# %%
for name, (promise, lesson) in agent_checklist.LINES.items():
    print(f"{name:12} lesson {lesson}  {promise}")

# %% [markdown]
# ### Exercise 8.1 - which line was missing?
#
# Seven stories from the first week. For each, name the line of the checklist that would have
# prevented it.

# %%
stories = {
    "A": "Since the owner said no to a refund, that customer's chat only answers with an error.",
    "B": "After the update on Tuesday, every customer was asked for the order number again.",
    "C": "The provider was down for a minute, got nine requests for each question, and locked us out.",
    "D": "The owner approved 20 euros. 20 and 480 euros were paid.",
    "E": "The provider took our calls and said nothing. All chats hung until somebody restarted.",
    "F": "A customer sent a screenshot: 'Error code: 401 - Incorrect API key provided: sk-...'",
    "G": "We gave our logs to a consultant. There were card numbers in them.",
}

# %% tags=["exercise", "ex1"]
# line = {"A": "...", "B": "...", and so on}
# BEGIN SOLUTION
line = {
    "A": "rejection",
    "B": "persistence",
    "C": "retry",
    "D": "approval",
    "E": "timeouts",
    "F": "errors",
    "G": "logging",
}
# END SOLUTION

# %% tags=["check", "ex1"]
check.ex1(line)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Mend the other parts
#
# Uses `desk`, `mended` and the parts of the first week from the core. The formatter of lesson 6 writes
# the log from here on.

# %% tags=["desk"]
import uuid

from langchain_core.exceptions import ModelError
from langgraph.config import get_config
from langgraph.errors import NodeError

from lab.log_line import OneLine

# %% [markdown]
# ### Exercise 8.2 - first words, and a memory
#
# `streaming` and `persistence` are red because of two small parts.
#
# - `ask` is `async` and yet nothing else moves while the model writes. And an answer that broke off is
#   treated as complete. Ask once; raise a `ConnectionError` for a broken answer, let every other error
#   be what it is. When the user leaves, the model stops (a call in a thread of its own does not).
# - `finish` keeps conversations where no restart finds them, and a caller without a thread id shares
#   one thread with everybody else; such a run is an error.


# %% tags=["exercise", "ex2"]
async def ask_async(llm, messages: list[AnyMessage]) -> AIMessage:
    """Ask one model; raise a ConnectionError if its answer is torn."""
    # BEGIN SOLUTION
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("The answer broke off.")
    return reply
    # END SOLUTION


def finish_safely(graph: StateGraph, saver):
    """Compile the graph."""
    # BEGIN SOLUTION
    return graph.compile(checkpointer=saver)
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(ask_async, finish_safely)
# check.ex2.hint()  # remove the first `#` for a hint

# %%
mended["ask"], mended["finish"] = check.ex2.or_reference(ask_async, finish_safely)
agent_checklist.run(desk(**mended), done=lambda: paid, only=["streaming", "persistence"])

# %% [markdown]
# ### Exercise 8.4 - when the model does not answer
#
# Three lines at once. The SDK retries already, with the waits it was told; so `answer` must not.
#
# - `connect_two` returns two models with `TOOLS` bound, `model.name` and then `"spare-model"`. A
#   model that is silent for `seconds` is given up. The SDK tries once more (its default is twice).
# - `answer_from` asks them in turn, each once, and the second only if the first has no answer. The
#   spare is for a model that is *down*: the error `.is_retryable`, or it is a `ConnectionError`. Any
#   other error is raised and not hidden, and so is the last model's.


# %% tags=["exercise", "ex4"]
def connect_two(seconds: float) -> list:
    """Return the models, best first."""
    # BEGIN SOLUTION
    names = (model.name, "spare-model")
    llms = [ChatOpenAI(model=name, timeout=seconds, max_retries=1) for name in names]
    return [llm.bind_tools(TOOLS) for llm in llms]
    # END SOLUTION


async def answer_from(ask, models: list, state: State) -> dict:
    """Return {"messages": [the answer of the first model that has one]}."""
    # BEGIN SOLUTION
    *others, last = models
    for llm in others:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except (ModelError, ConnectionError) as error:
            if not getattr(error, "is_retryable", True):
                raise
    return {"messages": [await ask(last, state["messages"])]}
    # END SOLUTION


# %% tags=["check", "ex4"]
check.ex4(connect_two, answer_from)
# check.ex4.hint()  # remove the first `#` for a hint

# %%
mended["connect"], mended["answer"] = check.ex4.or_reference(connect_two, answer_from)
agent_checklist.run(desk(**mended), done=lambda: paid, only=["retry", "fallback", "timeouts"])

# %% [markdown]
# ### Exercise 8.5 - enough is enough
#
# Write `limit_rounds`: after 8 answers of the model **in this turn**, or more, it returns a sentence for
# the user, before that None. A customer's hundredth question must have all its rounds again. (Before
# `agent` asks, every call has its `ToolMessage`; so a stop at this place leaves none open.)


# %% tags=["exercise", "ex5"]
def limit_rounds(messages: list[AnyMessage]) -> str | None:
    """Return what to say instead of asking the model once more, or None."""
    # BEGIN SOLUTION
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    if rounds >= 8:
        return "I stopped before I was done. Please ask for less at once."
    return None
    # END SOLUTION


# %% tags=["check", "ex5"]
check.ex5(limit_rounds)
# check.ex5.hint()  # remove the first `#` for a hint

# %%
mended["limit"] = check.ex5.or_reference(limit_rounds)
agent_checklist.run(desk(**mended), done=lambda: paid, only=["limits"])

# %% [markdown]
# ### Exercise 8.6 - little for the user, enough for you
#
# Three parts write words, and each writes too much. Now that `answer_from` raises what it cannot
# cure, the node needs a handler as well.
#
# - `tell_model(error)` returns a sentence for the model, with a reference;
# - `tell_user(state, error)` ends the turn with a sentence and a reference. (Keep `error: NodeError`:
#   LangGraph gives the error only to a parameter of this type.)
# - both write one line at level ERROR: the reference, the thread, the *class* of the error (that of a
#   `NodeError` is in `error.error`). Two failures have two references, after a restart, too;
# - `note_turn(state)` writes one line at level INFO: the thread, the number of messages;
# - nowhere, at no level and not printed, stands an error's text or what the customer said. (So no
#   `exc_info` here: other formatters write the text.)
#
# `thread_id()` says which thread it is; `log` is the logger. As in lesson 6: fixed words, and facts as
# fields, `log.info("...", extra={...})`; the formatter of exercise 6.3 lets `reference`, `thread_id`,
# `error` and `messages` pass. (Facts in the words, `log.info("%s ...", ...)`, or in other fields are
# accepted here, but that formatter would lose them.)


# %% tags=["desk"]
def thread_id() -> str:
    """Return the id of the thread that is running."""
    return get_config()["configurable"]["thread_id"]


# %% tags=["exercise", "ex6"]
def tell_model(error: Exception) -> str:
    """Return what the model is told when a tool fails."""
    # BEGIN SOLUTION
    reference = uuid.uuid4()
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    log.error("tool failed", extra=facts)
    return f"The tool failed (reference {reference}). Say so; do not pretend that it worked."
    # END SOLUTION


def tell_user(state: State, error: NodeError) -> dict:
    """End the turn in words when no model has answered."""
    # BEGIN SOLUTION
    reference, name = uuid.uuid4(), type(error.error).__name__
    facts = {"reference": reference, "thread_id": thread_id(), "error": name}
    log.error("model failed", extra=facts)
    return {"messages": [AIMessage(f"Sorry, that went wrong. Your reference: {reference}")]}
    # END SOLUTION


def note_turn(state: State) -> None:
    """Write a line to the log."""
    # BEGIN SOLUTION
    log.info("asking", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
    # END SOLUTION


# %% tags=["check", "ex6"]
check.ex6(tell_model, tell_user, note_turn)
# check.ex6.hint()  # remove the first `#` for a hint

# %% tags=["wait-3"]
told = check.ex6.or_reference(tell_model, tell_user, note_turn)
mended["tool_failed"], mended["model_failed"], mended["note"] = told
agent_checklist.run(desk(**mended), done=lambda: paid, log_format=OneLine())

# %% [markdown]
# Ten of ten. The graph has not changed; nine small functions have.

# %% [markdown]
# ## Tools from elsewhere: MCP
#
# The Model Context Protocol lets a program offer tools to any agent. `lab/warehouse_server.py` is such a
# program. `langchain-mcp-adapters` makes tools of what it offers. (Uses `desk`, `track_parcel` and `refund`
# from the core.)

# %%
import sys
from contextlib import asynccontextmanager

from langchain_mcp_adapters.tools import load_mcp_tools
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client


@asynccontextmanager
async def warehouse_tools():
    """Start the server, and give its tools; it ends with the block."""
    command = ["-m", "lab.warehouse_server"]
    parameters = StdioServerParameters(command=sys.executable, args=command)
    # The process writes its errors to a real file; a notebook's standard error may not be one.
    with tempfile.TemporaryFile("w") as errors:
        async with stdio_client(parameters, errors) as streams, ClientSession(*streams) as session:
            await session.initialize()
            yield await load_mcp_tools(session)


async with warehouse_tools() as server_tools:
    print([one.name for one in server_tools])

# %% [markdown]
# Look at the last two. One deletes, one has the name of a tool of *yours*. The server decides what it
# offers, and tomorrow it may offer more; what it says of its tools (`readOnlyHint` and the like) are its
# own words. So the list of what may run has to be yours.
#
# ### Exercise 8.7 (stretch) - who may come in
#
# Write `admit(own, offered, known)`. `known` is your list: `{"name of a tool": "run" or "ask"}`.
# Return two things: the list of tools the agent gets, and the set of names that need a person.
#
# - All of `own` are in. An offered tool is in if `known` names it (capitals count), and no other
#   tool has its name already. Of two offered with the same name the first one is in.
# - Of the *offered* ones that are in, whatever is not exactly `"run"` needs a person. (Your own tools
#   are not decided here.)
#
# The lists and the dictionary it is given stay as they are.


# %% tags=["exercise", "ex7"]
def admit(own: list[BaseTool], offered: list[BaseTool], known: dict) -> tuple[list, set]:
    """Return the tools the agent gets, and the names of those that need a person."""
    # BEGIN SOLUTION
    tools, ask_for = list(own), set()
    for one in offered:
        if one.name not in known or one.name in {tool.name for tool in tools}:
            continue
        tools.append(one)
        if known[one.name] != "run":
            ask_for.add(one.name)
    return tools, ask_for
    # END SOLUTION


# %% tags=["check", "ex7"]
check.ex7(admit)
# check.ex7.hint()  # remove the first `#` for a hint

# %% [markdown]
# Behind your gate a server's tool is a tool like any other:

# %%
admitted = check.ex7.or_reference(admit)
approve_each_call = check.ex3.or_reference(approve_each)
model.when("in stock").calls("stock_level", tent="Fjell 3").then_says("{result}")
model.when("order five").calls("order_restock", tent="Fjell 3", count=5).then_says("{result}")

async with warehouse_tools() as offered:
    known = {"stock_level": "run", "order_restock": "ask"}
    TOOLS[:], ask_for = admitted([track_parcel, refund], offered, known)
    RISKY |= dict.fromkeys(ask_for, "The maker sends a bill.")
    agent, config = (
        desk(approve=approve_each_call)(InMemorySaver(), 30),
        {"configurable": {"thread_id": "mcp"}},
    )

    result = await agent.ainvoke({"messages": "How many Fjell 3 are in stock?"}, config)
    print(result["messages"][-1].text)
    result = await agent.ainvoke({"messages": "Then order five more."}, config)
    print("asks:", result["__interrupt__"][0].value)
    result = await agent.ainvoke(Command(resume={"type": "approve"}), config)
    print(result["messages"][-1].text)

print("your own refund is still yours:", refund in TOOLS, "| tools:", len(TOOLS))
TOOLS[:] = [track_parcel, refund]

# %% [markdown]
# ## The checklist on your own agent
#
# The three questions that the checklist asks (`look`, `act`, `act_twice`) are arguments, and `answer` says
# how your interrupts are answered, if they are not like lesson 3's or the middleware's.
#
# The service's graph is told three things that yours was not: its settings; a *context*; and its log has a
# format of its own. The checklist takes them as arguments:

# %%
import os

import production_agent.graph
import production_agent.logs
import production_agent.settings

booked = []


async def write_down(key: str, name: str, details: dict) -> None:
    """Write a payment down; the service has a table for it."""
    booked.append(details)


def context(thread: str) -> Context:
    """Return what a run knows; the log learns the thread here, too."""
    production_agent.logs.ids.set({"thread": thread})
    return Context(thread, "run-1", "ann", write_down)


def build_service_graph(saver, seconds: float):
    """Build the graph of production_agent."""
    chosen = {"OPENAI_MODEL": model.name, "OPENAI_FALLBACK_MODEL": "spare-model"}
    chosen["PRODUCTION_AGENT_MODEL_SECONDS"] = str(seconds)
    settings = production_agent.settings.read(os.environ | chosen)
    return production_agent.graph.build(settings, saver)


# %% tags=["wait-4"]
log_format = production_agent.logs.JsonLines([])
agent_checklist.run(
    build_service_graph, done=lambda: booked, context=context, log_format=log_format
)

# %% [markdown]
# **Now yours.** In a terminal, in the folder of your own agent:
#
# ```bash
# export PYTHONPATH=path/to/this/course
# python -m agent_checklist init               # looks only: tools, questions, models
# python -m agent_checklist                    # the graph of langgraph.json; or name it: agent.py:graph
# python -m agent_checklist --explain rejection.next
# ```
#
# It needs no test code and no key, takes seconds, three minutes at most, and judges some fifty claims, one by
# one. Take one red line, read what was done to your agent, mend it, and run that line again with `--only`. No agent
# at hand? `lab/foreign_agent` is a small repository that somebody else has written: go there and run it.
# `docs/checklist.md` says what each claim provokes, what a green line does not prove, and how it runs in CI.

# %% [markdown]
# ## Take it home
#
# Copy the folder `production_agent` into your repository. Put your tools into `tools.py`,
# your check of tokens into `auth.py`. Then:
#
# ```bash
# python3 course.py serve                      # here; then open http://127.0.0.1:8000
#
# export OPENAI_API_KEY=...                    # in your shop
# export OPENAI_MODEL=...  OPENAI_FALLBACK_MODEL=...
# export PRODUCTION_AGENT_TOKENS="ann:...,bob:..."
# export PRODUCTION_AGENT_DATABASE=postgresql://user:password@host:5432/desk
# python -m production_agent --set-up          # before each new version: brings the tables up to date
# python -m production_agent --host 0.0.0.0    # several, behind a proxy with TLS
# ```
#
# Without the database's URL it keeps everything in one SQLite file, which is right for one machine.
# `settings.py` lists the limits and their defaults. `docs/production_agent.md` says how to deploy, drain,
# migrate, back up, and what to be woken for.

# %% [markdown]
# ## Every pitfall, and the cell that shows it
#
# | what you see in production | the cause | see it fail |
# |---|---|---|
# | nothing on the page until the end | the default mode streams steps, not words | [lesson 1](01_streaming.ipynb#The-silence) |
# | half an answer, no error | the stream broke; `finish_reason` is missing | [lesson 1](01_streaming.ipynb#An-answer-cut-in-the-middle) |
# | you pay for answers nobody reads | a sync node cannot be stopped | [lesson 1](01_streaming.ipynb#A-stop-button-that-does-not-stop) |
# | everybody is a stranger after a deploy | a saver in memory | [lesson 2](02_persistence.ipynb#The-restart) |
# | the database grows and grows | a checkpoint holds the whole state, and stays | [lesson 2](02_persistence.ipynb#The-storage-does-not-get-smaller) |
# | messages vanish when two arrive at once | two runs on one thread | [lesson 2](02_persistence.ipynb#One-thread,-four-servers) |
# | a mail is sent twice | the node runs again from its first line | [lesson 3](03_human_in_the_loop.ipynb#The-pattern) |
# | a chat is dead after a "no" | a tool call without its `ToolMessage` | [lesson 3](03_human_in_the_loop.ipynb#Fault-one:-a-%22no%22-kills-the-conversation) |
# | one call approved, two ran | the gate looks at `tool_calls[0]` | [lesson 3](03_human_in_the_loop.ipynb#Faults-two-and-three:-what-did-she-believe-she-approved?) |
# | nobody is ever asked | `except Exception` around `interrupt` | [lesson 3](03_human_in_the_loop.ipynb#The-question-that-is-never-asked) |
# | 27 requests for one question | three layers that retry | [lesson 4](04_retry_and_fallback.ipynb#One-question,-twenty-seven-requests) |
# | a bug on the bill only | the fallback answers a 400, too | [lesson 4](04_retry_and_fallback.ipynb#When-waiting-does-not-help:-fall-back) |
# | chats hang | `ChatOpenAI` has no timeout | [lesson 4](04_retry_and_fallback.ipynb#How-long-may-it-take?) |
# | a thread is dead after a tool crashed | `ToolNode` lets the error through | [lesson 4](04_retry_and_fallback.ipynb#Tools-that-fail) |
# | a bill for one endless chat | the limit is 10,007 steps unless you set it | [lesson 5](05_loop_prevention.ipynb#The-agent-that-does-not-stop) |
# | an old customer is locked out | a limit for a turn counts the thread | [lesson 5](05_loop_prevention.ipynb#Exercise-5.4---the-assistant-that-goes-mute) |
# | card numbers in the log | somebody logged the state | [lesson 6](06_debugging.ipynb#Logs-that-tell-too-much,-and-too-little) |
# | tracing is on, though it was turned off | two variables, and a cache | [lesson 6](06_debugging.ipynb#%22I-turned-tracing-off%22) |
# | a handoff, and the thread is dead | the message's other call has no answer | [lesson 7](07_multi_agent.ipynb#What-is-taken-along) |
# | one order works, two raise | two workers write one key, no reducer | [lesson 7](07_multi_agent.ipynb#Side-by-side) |
# | a team runs far past its limit | each call of a worker starts at zero | [lesson 7](07_multi_agent.ipynb#What-the-recursion-limit-does-not-limit) |

# %% [markdown]
# ## The checklist, whole
#
# 1. *The first words come early, an answer that broke off (no `finish_reason`) is treated as
#    incomplete, and leaving stops the model.*
# 2. *A conversation survives `kill -9`, belongs to one customer, is run by one process at a time, and
#    has an end.*
# 3. *What cannot be undone is asked for, call by call; what is not on the list is refused; an answer
#    is checked before it is saved and counts once; every tool call gets its `ToolMessage`; and every
#    decision leaves a row.*
# 4. *One layer retries, only what is transient, with jitter and within a deadline; a fallback hides no
#    bug; users see a reference, never an error's text; and the thread goes on.*
# 5. *Rounds, tool calls, tokens and time are limited, each per turn or per thread on purpose, every
#    limit ends in words, and after every kind of stop the next turn works.*
# 6. *Every answer can be traced to its run and step, no log and no trace holds a secret, and a wrong
#    answer can be replayed on a copy.*
# 7. *There is a measured reason for each agent; every handoff answers every call; one worker's failure,
#    limit or question reaches the top as words; and one budget holds for the whole team.*
# 8. *Before a deploy, no thread waits at a node that is gone; what a tool returns can order nothing that
#    was not asked for, and carry nothing out* ([lesson 9](09_day_two.ipynb)).
