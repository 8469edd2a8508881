# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 6. Debugging
#
# The most expensive bug raises nothing. The agent answers, politely and at once, and the answer is
# wrong. Nobody is paged; a customer finds out.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 6.1 to 6.3, 30 min | the history, a replay with a fix, a state that is late, logs without secrets |
# | **Deeper** | {deeper_minutes} min | 6.5 to 6.9 and, at the end, 6.4, 55 min | five broken graphs to hunt; stream and breakpoint; traces; OpenTelemetry; a regression test; tracing that is not off |

# %%
import json
import logging
import operator
import os
import re
import tempfile
import threading
from typing import Annotated
from uuid import uuid4

from langchain.messages import SystemMessage
from langchain.tools import tool
from langchain_core.callbacks import BaseCallbackHandler
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphBubbleUp
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import interrupt
from typing_extensions import TypedDict

import lesson_model
from course_utils import pictures
from exercises import debugging as check
from lab import trace

# %%
os.environ["LANGSMITH_TRACING_V2"] = "false"  # nothing leaves this machine
model = lesson_model.start()


def thread(name: str) -> dict:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}}


# %% [markdown]
# ## A wrong answer
#
# The refund desk of the shop that sells tents. The model finds the order in the customer's words,
# three plain functions do the rest. The rule of the shop: *you get back what you paid, less ten
# percent.*

# %%
model.when("money").calls("find_order", order=re.compile(r"T-\d+"))


@tool
def find_order(order: str) -> str:
    """Find the order a customer writes about."""
    return order


class Case(TypedDict):
    """What the desk knows about one complaint."""

    question: str
    order: str
    customer: dict
    paid: float
    refund: float
    answer: str


def understand(case: Case) -> dict:
    """Let the model find the order."""
    llm = ChatOpenAI(model=model.name).bind_tools([find_order], tool_choice="any")
    return {"order": llm.invoke(case["question"]).tool_calls[0]["args"]["order"]}


# %%
def look_up(case: Case) -> dict:
    """Read the order and its customer. (A made-up customer, a made-up token.)"""
    customer = {"name": "Ada", "card": "4111 1111 1111 1111", "token": "shop-" + "secret-token"}
    return {"paid": 240.0, "customer": customer}


def deduct_fee(case: Case) -> dict:
    """Keep ten percent."""
    return {"refund": case["paid"] * 10 / 100}


def write_answer(case: Case) -> dict:
    """Tell the customer."""
    return {"answer": f"You get {case['refund']:.0f} euros back for order {case['order']}."}


STEPS = (understand, look_up, deduct_fee, write_answer)


def build_desk(steps=STEPS, saver=None):
    """Compile the steps, one after the other."""
    builder = StateGraph(Case).add_sequence(list(steps)).add_edge(START, "understand")
    return builder.compile(checkpointer=saver or InMemorySaver())


# %%
desk = build_desk()
complaint = {"question": "I want my money back for T-7. I paid 240 euros."}
print(desk.invoke(complaint, thread("Monday"))["answer"])

# %% [markdown]
# 24 euros of 240. No error, no warning, status 200. Imagine forty nodes, and do what everybody does first.


# %%
def noisy(step):
    """Print the state before a step. (The broken way to debug.)"""

    def run(case: Case) -> dict:
        print(f"DEBUG {step.__name__}: {case}")
        return step(case)

    return (step.__name__, run)


answer = build_desk(map(noisy, STEPS)).invoke(complaint, thread("prints"))

# %% [markdown]
# Which of these lines is wrong? And what else do you see? A card number and a token, twice. They are
# now in this notebook file, and in a service they would be in the log, its backups, and the screenshot
# you send to a colleague. Take the prints out again. **Never print the state.**
#
# ## Read the graph, and the history
#
# Is it the graph you think it is? Draw it. (`pictures.graph` draws it on this machine; `desk` as the
# last line of a cell would ask a web service.)

# %%
pictures.graph(desk)

# %% [markdown]
# The picture is as it should be; the fault is inside a node. A second run with prints would need the
# same luck again, and on Monday nobody was watching. The checkpointer was. Each checkpoint is the state
# *between* two supersteps:

# %%
for saved in reversed(list(desk.get_state_history(thread("Monday")))):
    print(
        f"step {saved.metadata['step']:2}  refund {saved.values.get('refund')}  next {saved.next}"
    )

# %% [markdown]
# The refund is wrong from step 3 on, and before step 3 the thing to run next was `deduct_fee`. That
# is the method where a state is wrong: **find the last checkpoint that is right; the node that ran
# next is the one.** In a long thread let Python search:


# %%
def first_wrong(graph, config: dict, is_wrong) -> tuple[int, tuple[str, ...]]:
    """Return the first step after which the state is wrong, and the nodes that ran in it."""
    nodes = ()
    for saved in reversed(list(graph.get_state_history(config))):
        if is_wrong(saved.values):
            return saved.metadata["step"], nodes
        nodes = saved.next
    raise LookupError("The state is never wrong.")


found = first_wrong(desk, thread("Monday"), lambda case: case.get("refund", 999) < 100)
print(found)
pictures.graph(desk, marks=dict.fromkeys(found[1], "wrong from here"))

# %% [markdown]
# ## Go back, and run history again
#
# You know the node. Now the fix - and the proof that it cures *Monday's* case, not one like it. Take
# the last checkpoint that was right, and go on from there with the fixed graph:


# %%
def deduct_fee_mended(case: Case) -> dict:
    """Keep ten percent, pay out the rest."""
    return {"refund": case["paid"] * 90 / 100}


steps = [understand, look_up, ("deduct_fee", deduct_fee_mended), write_answer]
mended = build_desk(steps, saver=desk.checkpointer)
history = desk.get_state_history(thread("Monday"))
before = next(saved for saved in history if saved.next == ("deduct_fee",))

asked = len(model.requests)
print(mended.invoke(None, before.config)["answer"])
print("the model was asked again:", len(model.requests) - asked, "times")

# %% [markdown]
# Only the nodes after the checkpoint ran. That is what makes this better than "try again": the model
# may say something else today, but its answer of Monday is *in* the checkpoint.
#
# You can also change the state first: what if the customer had paid 300? `update_state` writes a new
# checkpoint behind the one it is given, and returns its config. Replay or change, the history branches.
# `source` says how a checkpoint came about: `update` is your change, `fork` is the copy of the old
# checkpoint with which a replay begins, `loop` is a step of a run.

# %%
fork = mended.update_state(before.config, {"paid": 300.0})
print(mended.invoke(None, fork)["answer"])

for saved in mended.get_state_history(thread("Monday")):
    facts = saved.metadata["step"], saved.metadata["source"], saved.values.get("refund")
    print("step {:2}  {:6}  refund {}".format(*facts))

# %% [markdown]
# Nothing was lost: the old branch is still there. But look at the top line. **The newest checkpoint
# of Monday's thread is now your experiment**, and the customer's next message goes on from 300
# euros. And replayed nodes really run: one that pays, pays again. So experiment on a copy. Put the
# old values into a thread of their own, as if the node before had just written them:

# %%
copy = mended.update_state(thread("experiment"), before.values, as_node="look_up")
print(mended.get_state(copy).next, mended.invoke(None, thread("experiment"))["answer"])

# %% [markdown]
# ### Exercise 6.1 - what if?
#
# Write `what_if(graph, config, node, change)`: go back to the checkpoint from which `node` was about
# to run **for the last time** on this thread, apply `change` to the state, run on from there, and
# return the final state. Nothing before `node` runs again (what runs beside it, in the same step,
# does), what follows runs once, and the thread's old checkpoints stay as they are. (On this
# thread or on a copy. A router in front of `node` may be asked again, with the changed state: then
# another node may run. No two nodes run side by side right before `node`: there `update_state` asks
# for `as_node`.)


# %% tags=["exercise", "ex1"]
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    """Run on from before `node`'s last run, with `change` applied; return the final state."""
    # BEGIN SOLUTION
    history = graph.get_state_history(config)
    before = next(saved for saved in history if node in saved.next)
    fork = graph.update_state(before.config, change)
    return graph.invoke(None, fork)
    # END SOLUTION


# %% tags=["check", "ex1"]
check.ex1(what_if)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Break it
#
# ### You look, and see the past
#
# "I read the state after each step, while it streams." Here the checkpointer is across a network. So
# that you see the same every time, its first checkpoints arrive only when the second step is over:


# %%
class FarSaver(InMemorySaver):
    """A checkpointer whose checkpoints are on their way until `arrived` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = threading.Event()

    def put(self, *args):
        """Save a checkpoint, once the network lets it through."""
        self.arrived.wait()
        return super().put(*args)


saver = FarSaver()
far = build_desk(saver=saver)
for chunk in far.stream(complaint, thread("far")):
    node = list(chunk)[0]
    if node in ("understand", "look_up"):
        seen = far.get_state(thread("far")).values
        print(f"{node:11} wrote {list(chunk[node])} | get_state sees {seen}")
    if node == "look_up":
        saver.arrived.set()

# %% [markdown]
# The chunk says one thing, the state another. Neither lies: by default (`durability="async"`) a
# checkpoint is saved *while the next step runs*. How far it lags depends on your database and on luck;
# a fast one hides it. Two cures. Save before going on:

# %%
config = thread("sync")
for chunk in desk.stream(complaint, config, durability="sync"):
    print(f"{list(chunk)[0]:13} paid {desk.get_state(config).values.get('paid')}")

# %% [markdown]
# Or do not ask the database: take the state from the stream itself. `stream_mode="values"` is the
# state after each step; `"checkpoints"` is the same with step and next nodes.

# %%
for part in desk.stream(complaint, thread("from"), stream_mode="checkpoints", version="v2"):
    saved = part["data"]
    print(saved["metadata"]["step"], saved["next"], "paid", saved["values"].get("paid"))

# %% [markdown]
# ### Exercise 6.2 - the chunk says 3, the state says 2
#
# A progress page shows the total of a basket after each step. On the developer's machine it is right.
# In production, with a database across the network, it is late. Mend `totals_after`, so that it
# returns a pair `(node, total)` for each node that ran, in order, and the total is the one *after* the
# node. A node writes the new total, leaves it alone, or writes nothing at all, and may run twice.
# Nodes run one after the other here, never side by side. `config` names a new thread. Run the graph
# once; an error of it comes out.


# %%
def totals_late(graph, basket: dict, config: dict) -> list[tuple[str, float]]:
    """Return each node and the total after it. (The broken version.)"""
    totals = []
    for chunk in graph.stream(basket, config):
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals


# %% tags=["exercise", "ex2"]
def totals_after(graph, basket: dict, config: dict) -> list[tuple[str, float]]:
    """Return each node and the total after it."""
    # BEGIN SOLUTION
    totals = []
    for chunk in graph.stream(basket, config, durability="sync"):
        totals.append((next(iter(chunk)), graph.get_state(config).values["total"]))
    return totals
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(totals_after)
# check.ex2.hint()  # remove the first `#` for a hint

# %% [markdown]
# ### Logs that tell too much, and too little
#
# `print` has no thread, no time, no level. A log line for each node has all of that, and no node
# changes: LangChain tells every **callback handler** what begins and ends, and LangGraph marks nodes
# with a tag, `graph:step:3` for instance. The handler notes *names*, and *which* keys were written,
# never what is in them.


# %%
class NodeLog(BaseCallbackHandler):
    """Log a line when a node ends, fails or waits."""

    run_inline = True  # async runs call it in order, not in a thread of its own
    log = logging.getLogger("shop.nodes")

    def __init__(self) -> None:
        self.running = {}  # facts of each node that is running, by the id of its own run

    def on_chain_start(self, serialized, inputs, *, run_id, tags=(), metadata=None, **rest):
        """Keep which node this is; its parent is the run of the graph."""
        if any(tag.startswith("graph:step:") for tag in tags or ()):
            facts = {"thread_id": metadata.get("thread_id"), "run_id": rest["parent_run_id"]}
            facts |= {"node": metadata["langgraph_node"], "step": metadata["langgraph_step"]}
            self.running[run_id] = facts

    def on_chain_end(self, outputs, *, run_id, **rest):
        """Log that it ended, and which keys it wrote."""
        if facts := self.running.pop(run_id, None):
            self.log.info("node ended", extra=facts | {"keys": list(outputs or ())})

    def on_chain_error(self, error, *, run_id, **rest):
        """Log that it failed, or that it waits for a person."""
        if (facts := self.running.pop(run_id, None)) is None:
            return
        if isinstance(error, GraphBubbleUp):  # an interrupt is raised, too, and is no failure
            self.log.info("node waits", extra=facts)
        else:
            self.log.error("node failed", extra=facts, exc_info=error)


# %% [markdown]
# What turns such a record into a line is a **formatter**. The obvious one writes down everything
# that is in the record:


# %%
class Everything(logging.Formatter):
    """Write all of a record as JSON. (The broken version.)"""

    def format(self, record: logging.LogRecord) -> str:
        return json.dumps(vars(record), default=str)


record = logging.makeLogRecord(
    {"msg": "refund for %s", "args": ("card 4111 1111 1111 1111",), "levelname": "INFO"}
)
print("the card is in the line:", "4111" in Everything().format(record))

# %% [markdown]
# ### Exercise 6.3 - one line, no secrets
#
# Somebody will log `"refund for %s"` with a customer in it, or an exception whose text holds a key.
# The formatter is the last gate: use an allow-list. Write `one_line(record)`. It leaves the record as
# it is, and returns one line of JSON with
#
# - `"level"`: its name (`record.levelname`);
# - `"event"`: the fixed words of the call (`record.msg`), nothing filled in;
# - each field of `ALLOWED` that the record has, a step of 0, an empty list and `None`, too; what JSON does
#   not know, such as a run's id, is written as its `str`;
# - `"error"`: the name of the exception's class, if there is an exception. Its text may hold anything. (Where there
#   is a field `error` as well, either may stand in the line. `exc_info=True` without an exception is `(None, None, None)`.)
#
# Words and fields may hold quotes and new lines: the line is one line of JSON all the same.

# %%
ALLOWED = ("thread_id", "run_id", "node", "step", "keys")
# Lesson 8 logs the number a user was given, the class of an error, and *how many* messages there are.
ALLOWED += ("reference", "error", "messages")


# %% tags=["exercise", "ex3"]
def one_line(record: logging.LogRecord) -> str:
    """Return a record as one line of JSON that holds no secrets."""
    # BEGIN SOLUTION
    line = {"level": record.levelname, "event": record.msg}
    line |= {name: vars(record)[name] for name in ALLOWED if name in vars(record)}
    if record.exc_info and record.exc_info[0]:  # three times None where nothing was raised
        line["error"] = record.exc_info[0].__name__
    return json.dumps(line, default=str)
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(one_line)
# check.ex3.hint()  # remove the first `#` for a hint

# %% [markdown]
# Your formatter at work, on a run that ends, one that fails, and one that waits for a person.


# %%
class OneLine(logging.Formatter):
    """Write records with the answer of the exercise."""

    format = staticmethod(check.ex3.or_reference(one_line))


lines = tempfile.SpooledTemporaryFile(mode="w+", encoding="utf-8")
handler = logging.StreamHandler(lines)
handler.setFormatter(OneLine())
NodeLog.log.addHandler(handler)
NodeLog.log.setLevel(logging.INFO)
NodeLog.log.propagate = False


def look_up_broken(case: Case) -> dict:
    """Read an order from a database that is down."""
    raise ConnectionError("orders: no answer")


def ask_owner(case: Case) -> dict:
    """Ask the owner before the order is read."""
    return {"paid": interrupt("May I read this order?")}


# %%
run_id = uuid4()
watched = {"run_id": run_id, "callbacks": [NodeLog()]}
desk.invoke(complaint, watched | thread("logged"))
broken = build_desk([understand, ("look_up", look_up_broken), deduct_fee, write_answer])
waiting = build_desk([understand, ("look_up", ask_owner), deduct_fee, write_answer])
for graph, name in ((broken, "broken"), (waiting, "waiting")):
    try:
        graph.invoke(complaint, watched | thread(name))
    except ConnectionError:
        pass

lines.seek(0)
print(lines.read().replace(str(run_id), "RUN"))

# %% [markdown]
# Three numbers to search for - thread, run, step - and nothing a customer would mind. The step leads
# you to the checkpoint, and there, where access is controlled, is the content.
#
# Lesson 8 uses this formatter, too: `lab/log_line.py` holds it. No formatter guards what *you* write as
# fixed words, though:

# %%
error = ConnectionError("no access with card 4111 1111 1111 1111")
slips = {
    'log.info(f"refund for {card}")': {"msg": "refund for 4111 1111 1111 1111"},
    "log.error(error)": {"msg": error},
    'log.error("refund failed", exc_info=error)': {
        "msg": "refund failed",
        "exc_info": (type(error), error, None),
    },
}
for call, facts in slips.items():
    record = logging.makeLogRecord({"levelname": "ERROR", "levelno": 40} | facts)
    print(f"the card is in the line: {'4111' in OneLine().format(record)!s:5}  {call}")

# %% [markdown]
# So log fixed words, facts as `extra=`, and an error as `exc_info=`.

# %% [markdown]
# ## In production
#
# - **Log** one line for each node, with thread, run and step, through one formatter with an allow-list.
#   Send your `run_id` with the answer: a customer's complaint then leads to the run.
# - **Keep history** long enough to look back on (lesson 2 says what it costs), and let few people
#   read it: content stands there.
# - **Trace** with one tool, decided on purpose, and print `tracing_is_enabled()` at the start: the deeper
#   part says why.
# - **Do not replay** on a customer's thread, nor where nodes pay or write mails.
#
# **Your production checklist, line 6:** *every answer can be traced to its run and step, no log and no
# trace holds a secret, and a wrong answer can be replayed on a copy.*

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> An agent answered wrongly last Monday, with no error. Where do you look
# first?</summary>
#
# - *Run it again with more prints.* The model may answer otherwise today, and prints tell too much.
# - **In the history of Monday's thread.** Yes: the last right checkpoint, and what ran next.
# - *In the traceback.* There is none.
# </details>
#
# <details><summary><b>2.</b> Inside a stream, <code>get_state</code> shows the state of two steps
# ago. Why?</summary>
#
# - *The checkpointer is broken.* It is only not there yet.
# - **Checkpoints are saved while the next step runs.** Yes. `durability="sync"` waits for them; the
#   modes `values` and `checkpoints` do not need them.
# - *The chunk is early.* A chunk comes when its node is done.
# </details>
#
# <details><summary><b>3.</b> You branched off a customer's thread to try a fix. What does the customer's
# next message meet?</summary>
#
# - *The old state: branches are separate.* They stand beside each other on one thread.
# - **Your experiment.** Yes, the newest checkpoint counts. Experiment on a copy.
# - *An error.* No, and that is the danger.
# </details>

# %% [markdown]
# ## You can stop here
#
# That was the core. **Next:** [7. Multi-agent](07_multi_agent.ipynb) - somebody wants five agents.
#
# The deeper part is below. Take its sections in any order:
#
# - [The hunt: five broken graphs](#The-hunt:-five-broken-graphs): each a different fault, each found with
#   another tool (exercises 6.5 to 6.9)
# - [The stream, and a breakpoint](#The-stream,-and-a-breakpoint): what goes into a node, what comes out
# - [A trace](#A-trace): what happens inside a node
# - [OpenTelemetry in one small class](#OpenTelemetry-in-one-small-class): the agent in the trace of the whole request
# - [A wrong answer becomes a regression test](#A-wrong-answer-becomes-a-regression-test): Monday's case, kept
# - ["I turned tracing off"](#%22I-turned-tracing-off%22): LangSmith's variables (exercise 6.4)
# - [Appendix: what leaves the machine](#Appendix:-what-leaves-the-machine): LangSmith's requests, byte by byte

# %% [markdown]
# ## The hunt: five broken graphs
#
# Five graphs of the shop are broken, each in its own way, and for each another tool is the best one.
# For
# each, say **what** is wrong and **show the evidence**, as a pair; then fix it. These are the
# five faults, in no order:
#
# | fault | what it is |
# |---|---|
# | `"reducer missing"` | nodes overwrite each other's results |
# | `"wrong edge"` | the run takes a way that leads nowhere, or not where it should |
# | `"swallowed interrupt"` | a question for a human is caught like an error |
# | `"orphan tool message"` | a tool's result stands there without the call it answers |
# | `"stale state"` | a value of an earlier turn is taken for one of this turn |
#
# In a service, LangGraph's warnings go to a log that nobody reads. So it is here:

# %%
shop_log = tempfile.SpooledTemporaryFile(mode="w+", encoding="utf-8")
logging.getLogger("langgraph").addHandler(logging.StreamHandler(shop_log))
logging.getLogger("langgraph").propagate = False

# %% [markdown]
# ### Exercise 6.5 - graph A, the forgetful clerk
#
# Three nodes check an order, and each leaves a note. "The clerk remembers only the last thing", says
# the owner.


# %%
class Notes(TypedDict):
    """What the clerk has found out."""

    notes: list[str]


def check_payment(state: Notes) -> dict:
    """Has the customer paid?"""
    return {"notes": ["paid on Friday"]}


def check_stock(state: Notes) -> dict:
    """Is there a tent left?"""
    return {"notes": ["two tents left"]}


def check_address(state: Notes) -> dict:
    """Is the address complete?"""
    return {"notes": ["no house number"]}


def build_clerk(schema):
    """Compile graph A with a state schema."""
    builder = StateGraph(schema).add_sequence([check_payment, check_stock, check_address])
    return builder.add_edge(START, "check_payment").compile(checkpointer=InMemorySaver())


print(build_clerk(Notes).invoke({"notes": ["order T-7"]}, thread("A"))["notes"])

# %% [markdown]
# Evidence: the *number of the step* of the first checkpoint that has lost the first note, "order T-7".
# (Read a history.) Then write the schema that keeps all notes, also where two look the same.

# %% tags=["exercise", "ex5"]
# clue_a = ("what is wrong", number of the step)
# BEGIN SOLUTION
clue_a = ("reducer missing", 1)


class MendedNotes(TypedDict):
    """What the clerk has found out, note after note."""

    notes: Annotated[list[str], operator.add]


# END SOLUTION

# %% tags=["check", "ex5"]
check.ex5(clue_a, MendedNotes)
# check.ex5.hint()  # remove the first `#` for a hint

# %% [markdown]
# ### Exercise 6.6 - graph B, the desk that says nothing
#
# Every letter is sorted by its words and goes to one of three desks. Letters about parcels get no
# answer at all. No error.


# %%
class Letter(TypedDict):
    """A letter and what became of it."""

    text: str
    answer: str


def sort_letter(letter: Letter) -> dict:
    """Nothing to do here yet; the router reads the words."""
    return {}


def refunds(letter: Letter) -> dict:
    """Answer a letter about money."""
    return {"answer": "Your money is on its way."}


def parcels(letter: Letter) -> dict:
    """Answer a letter about a parcel."""
    return {"answer": "Your parcel is on its way."}


def people(letter: Letter) -> dict:
    """Answer all the rest."""
    return {"answer": "A colleague will write to you."}


# %%
def choose_desk(letter: Letter) -> str:
    """Choose the desk that answers."""
    words = letter["text"].lower()
    return "refunds" if "money" in words else "parcel" if "parcel" in words else "people"


def build_office(choose):
    """Compile graph B with a router."""
    builder = StateGraph(Letter).add_node(sort_letter).add_edge(START, "sort_letter")
    for desk_ in (refunds, parcels, people):
        builder.add_node(desk_)
    return builder.add_conditional_edges("sort_letter", choose).compile()


print(build_office(choose_desk).invoke({"text": "Where is my parcel?"}))
pictures.graph(build_office(choose_desk))

# %% [markdown]
# The picture shows no way to any desk: LangGraph cannot know what a function will return. Evidence:
# the *name the router asked for* with this letter. (A trace has routers in it.)
# Then write the router that finds the *one* desk for every letter: money goes before parcels, and it leaves
# the letter as it is.

# %% tags=["exercise", "ex6"]
# clue_b = ("what is wrong", "name")
# BEGIN SOLUTION
clue_b = ("wrong edge", "parcel")


def choose_right(letter: Letter) -> str:
    """Choose the desk that answers."""
    words = letter["text"].lower()
    return "refunds" if "money" in words else "parcels" if "parcel" in words else "people"


# END SOLUTION

# %% tags=["check", "ex6"]
check.ex6(clue_b, choose_right)
# check.ex6.hint()  # remove the first `#` for a hint

# %% [markdown]
# LangGraph did say something. Here is the log that nobody reads:

# %%
logging.getLogger("langgraph").propagate = True  # from here on you hear of it again
shop_log.seek(0)
print(shop_log.readlines()[0].split(" with path")[0], "... unknown channel, ignoring it")

# %% [markdown]
# With `add_conditional_edges("sort_letter", choose_desk, ["refunds", "parcels", "people"])` the
# picture would tell the truth, and the run would fail loudly. Always name the ways.
#
# ### Exercise 6.7 - graph C, the owner is never asked
#
# A refund needs the owner's yes. Since the bank had a bad day, and somebody made the node "robust",
# nobody was asked again, and no refund was paid.


# %%
class Refund(TypedDict):
    """A refund and what became of it."""

    amount: float
    status: str


def ask_and_pay(refund: Refund, pay) -> dict:
    """Ask the owner, then pay. `pay` raises ConnectionError when the bank is closed."""
    try:
        if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
            return {"status": "refused"}
        pay(refund["amount"])
        return {"status": "paid"}
    except Exception:
        return {"status": "the bank is closed"}


def build_cashier(ask, pay):
    """Compile graph C with a node and a bank."""
    builder = StateGraph(Refund).add_node("ask", lambda refund: ask(refund, pay))
    return builder.add_edge(START, "ask").compile(checkpointer=InMemorySaver())


for part in build_cashier(ask_and_pay, print).stream(
    {"amount": 216.0}, thread("C"), stream_mode="tasks", version="v2"
):
    if "result" in part["data"]:
        print({key: part["data"][key] for key in ("name", "error", "result", "interrupts")})

# %% [markdown]
# The bank is `print` here, so it is open. Evidence: the *class name of what was caught*, as text.
# Then write the node. It asks; after a no the status is "refused"; after a yes it calls `pay` once, and
# the status is "paid", or "the bank is closed" where `pay` raises ConnectionError (and no second try:
# the money may have left). Every other error of `pay` is a bug and comes out.

# %% tags=["exercise", "ex7"]
# clue_c = ("what is wrong", "name of a class")
# BEGIN SOLUTION
clue_c = ("swallowed interrupt", "GraphInterrupt")


def ask_then_pay(refund: Refund, pay) -> dict:
    """Ask the owner, then pay."""
    if not interrupt(f"Refund {refund['amount']:.0f} euros?"):
        return {"status": "refused"}
    try:
        pay(refund["amount"])
    except ConnectionError:
        return {"status": "the bank is closed"}
    return {"status": "paid"}


# END SOLUTION

# %% tags=["check", "ex7"]
check.ex7(clue_c, ask_then_pay)
# check.ex7.hint()  # remove the first `#` for a hint

# %% [markdown]
# ### Exercise 6.8 - graph D, the chat that dies on the second question
#
# To save tokens, the chat sends the model only the last messages. The first question is answered. The
# second one gets this:


# %%
@tool
def track_parcel(parcel: str) -> str:
    """Say where a parcel is, by its number."""
    return f"Parcel {parcel} arrives on Friday."


def last_messages(messages: list, limit: int) -> list:
    """Keep the end of a conversation. (The broken version.)"""
    return messages[-limit:]


def build_chat(keep, limit: int = 3):
    """Compile graph D with a function that keeps some of the messages."""
    llm = ChatOpenAI(model=model.name).bind_tools([track_parcel])
    rules = SystemMessage("You work for a shop that sells tents.")

    def chat(state: MessagesState) -> dict:
        return {"messages": llm.invoke([rules, *keep(state["messages"], limit)])}

    builder = StateGraph(MessagesState).add_node(chat).add_node("tools", ToolNode([track_parcel]))
    builder.add_edge(START, "chat").add_conditional_edges("chat", tools_condition, ["tools", END])
    return builder.add_edge("tools", "chat").compile(checkpointer=InMemorySaver())


# %%
model.when("parcel").calls("track_parcel").then_says("{result}")
chat = build_chat(last_messages)
for question in ("Where is parcel P-1?", "And where is parcel P-2?"):
    try:
        print(chat.invoke({"messages": question}, thread("D"))["messages"][-1].text)
    except Exception as error:
        print("status", error.status_code)

# %% [markdown]
# Evidence: the *position* of the message the model refused, in the messages it was sent (count from
# 0, the system message is 0). You know where requests are kept: `model.requests[-1].body`.
#
# Then write `keep_turns(messages, limit)`. It keeps the end of the conversation, starting with a
# human message, also where the assistant spoke first: as much as fits into `limit` messages. If the last turn
# alone is longer than that, it keeps this turn whole. The list it is given is the state: return a new one.

# %% tags=["exercise", "ex8"]
# clue_d = ("what is wrong", position)
# BEGIN SOLUTION
clue_d = ("orphan tool message", 1)


def keep_turns(messages: list, limit: int) -> list:
    """Keep the last whole turns: as many as fit, and at least one."""
    starts = [number for number, message in enumerate(messages) if message.type == "human"]
    fitting = [start for start in starts if len(messages) - start <= limit]
    return messages[min(fitting, default=starts[-1]) :]


# END SOLUTION

# %% tags=["check", "ex8"]
check.ex8(clue_d, keep_turns)
# check.ex8.hint()  # remove the first `#` for a hint

# %% [markdown]
# ### Exercise 6.9 - graph E, the wrong tent
#
# "I asked about T-9, and they told me about T-7."


# %%
class Chat(TypedDict):
    """One thread with a customer."""

    question: str
    order: str
    answer: str


def remember_order(state: Chat) -> dict:
    """Find the order, once. ("They will not name it in every sentence.")"""
    if state.get("order"):
        return {}
    return {"order": re.search(r"T-\d+", state["question"])[0]}


def answer_about(state: Chat) -> dict:
    """Answer about the order."""
    return {"answer": f"Order {state['order']} was sent on Monday."}


def build_memory(remember):
    """Compile graph E with a node that finds the order."""
    builder = StateGraph(Chat).add_node("remember", remember).add_node(answer_about)
    builder.add_edge(START, "remember").add_edge("remember", "answer_about")
    return builder.compile(checkpointer=InMemorySaver())


memory = build_memory(remember_order)
for question in ("Was T-7 sent?", "When was it sent?", "And T-9?"):
    print(f"{question:18}", memory.invoke({"question": question}, thread("E"))["answer"])

# %% [markdown]
# Evidence: the *number of the step* that wrote the order which the third answer uses. Then write
# `find_order_anew(state)`: an order that is named in the question counts; if none is named, the one
# from before does; if there is none at all, the order is `"unknown"`. The state is its only memory (many
# customers ask). It returns what changes, the order alone, instead of writing into the state. Orders may have many
# digits.

# %% tags=["exercise", "ex9"]
# clue_e = ("what is wrong", number of the step)
# BEGIN SOLUTION
clue_e = ("stale state", 1)


def find_order_anew(state: Chat) -> dict:
    """Take the order of this question, else the one from before."""
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else state.get("order", "unknown")}


# END SOLUTION

# %% tags=["check", "ex9"]
check.ex9(clue_e, find_order_anew)
# check.ex9.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## The stream, and a breakpoint
#
# `stream_mode="tasks"` says what went into each node, what came out, and whether it failed or was
# interrupted.

# %%
for part in desk.stream(complaint, thread("tasks"), stream_mode="tasks", version="v2"):
    if "result" in part["data"]:  # the end of a task; its start has "input" instead
        result = {key: value for key, value in part["data"]["result"].items() if key != "customer"}
        print(f"{part['data']['name']:13}", result)

# %% [markdown]
# `interrupt_before` stops the run before a node, and you can look at everything. `None`
# as input goes on. (For debugging only: it is no approval. Lesson 3 asks people.)

# %%
desk.invoke(complaint, thread("stop"), interrupt_before=["write_answer"])
stopped = desk.get_state(thread("stop"))
print("next:", stopped.next, "| refund:", stopped.values["refund"])
print(desk.invoke(None, thread("stop"))["answer"])

# %% [markdown]
# A graph inside a graph has a state of its own. While it waits or has failed,
# `get_state(config, subgraphs=True)` shows it in `tasks[0].state`.

# %% [markdown]
# ## A trace
#
# The state is what stands between the nodes. What happened *inside* a node - which model was asked what,
# which tool ran, how long it took - is in no checkpoint. LangChain tells it to every **callback
# handler**. `lab/trace/__init__.py` is one that makes a tree of it: inputs, outputs, times and errors,
# without what looks like a secret. As text it shows the tree only:

# %%
with trace.record() as run:
    desk.invoke(complaint, thread("traced"))

print(run)

# %% [markdown]
# As the last line of a cell it is a viewer. Open a line with a click or with Enter; type `T-7` or
# `hidden` into the search field. It is drawn on your machine, from memory: nothing is sent.

# %% tags=["nbval-ignore-output"]
run

# %% [markdown]
# It knows names such as `card` and `token`, and the look of card numbers and keys. It does not know that
# "Ada" is a person. You do: `trace.record(mask=your_function)`. `run.find("T-7")` searches from Python,
# `run.save(file)` keeps a trace for next week.
#
# An error is in the tree where it happened, and in everything around it:

# %%
with trace.record() as failed:
    try:
        broken.invoke(complaint, thread("failed"))
    except ConnectionError as error:
        print(error.__notes__[0].split(" and id")[0])

print(failed)

# %% [markdown]
# ## OpenTelemetry in one small class
#
# Your company has a tracer already, for everything that is not an agent? Then make a span for each node,
# model call and tool call, and the agent's run stands in the trace of the whole request. This needs
# OpenTelemetry's API alone. (The SDK that sends spans is not among this course's packages;
# `lab/trace/otel.py` stands in for it and keeps them in a list. In your service the tracer is
# `otel.get_tracer("shop")`.)

# %%
from langchain_core.tracers.base import BaseTracer
from opentelemetry import trace as otel

from lab.trace.otel import Collector

tracer = Collector()


class Spans(BaseTracer):
    """Make spans of a run when it is over. They hold names and ids, no content."""

    def _persist_run(self, run) -> None:
        self.export(run, None)  # None: under the span that is current, the request's

    def export(self, run, context) -> None:
        """Make a span of a run, and spans below it of what ran inside."""
        began, ended = (int(t.timestamp() * 1e9) for t in (run.start_time, run.end_time))
        span = tracer.start_span(run.name, context, start_time=began)
        for name in ("thread_id", "ls_model_name"):
            if value := run.metadata.get(name):
                span.set_attribute(name, value)
        if run.error and not run.error.startswith("GraphInterrupt"):  # a question is no failure
            span.set_status(otel.StatusCode.ERROR)
        for child in run.child_runs:
            self.export(child, otel.set_span_in_context(span))
        span.end(ended)


# %%
with tracer.start_as_current_span("POST /complaints"):
    try:
        broken.invoke(complaint, thread("otel") | {"callbacks": [Spans()]})
    except ConnectionError:
        pass
for span in tracer.spans:
    print("  " * span.depth() + span.name, span.attributes, span.status)

# %% [markdown]
# The price: a process that dies in the middle of a run takes its spans along. LangSmith can
# hand its runs to OpenTelemetry as they happen (`LANGSMITH_OTEL_ENABLED=true` with
# `LANGSMITH_OTEL_ONLY=true`, and your exporter).

# %% [markdown]
# ## A wrong answer becomes a regression test
#
# Monday's case must not come back. Keep it: the state before the node that was wrong, without the
# customer, and the answer a *person* says is right (not the one that a run gave). Run on from there:

# %%
monday = {key: before.values[key] for key in ("question", "order", "paid")}
print(json.dumps(monday))  # a file beside your tests


def check_monday(steps) -> str:
    """Run the kept case from `deduct_fee` on, and compare with what the owner says is right."""
    graph, config = build_desk(steps), thread("test of Monday")
    graph.update_state(config, monday, as_node="look_up")
    found = graph.invoke(None, config)["refund"]
    return "passed" if found == 216.0 else f"failed: {found} is not 216.0"


print("the desk of Monday:", check_monday(STEPS))
print("the mended desk:   ", check_monday(steps))

# %% [markdown]
# In pytest the last line of the function is `assert found == 216.0`. It needs no model, so it is the same
# every time.

# %% [markdown]
# ## "I turned tracing off"
#
# LangSmith is the hosted tracer of LangChain's makers. It needs no code, only environment variables:
#
# | variable | meaning |
# |---|---|
# | `LANGSMITH_TRACING`, `LANGSMITH_TRACING_V2` | `true` sends every run, inputs and outputs included |
# | `LANGSMITH_API_KEY` | whose account |
# | `LANGSMITH_PROJECT` | which project, `default` if not set |
# | `LANGSMITH_ENDPOINT` | where to; your own server, or another region |
# | `LANGSMITH_HIDE_INPUTS`, `LANGSMITH_HIDE_OUTPUTS` | `true` leaves them out |
#
# Each also has an old name that begins with `LANGCHAIN_` and is still read, `LANGCHAIN_TRACING_V2` for
# instance.
#
# ### Exercise 6.4 - which of these settings traces?
#
# Each is all that is set when the process starts. Give a dictionary: True if runs are sent, False
# if not. Guess first.

# %%
from langsmith.utils import get_env_var, tracing_is_enabled

settings = {
    "A": {"LANGSMITH_TRACING": "true"},
    "B": {"LANGSMITH_TRACING": "True"},
    "C": {"LANGSMITH_TRACING": "1"},
    "D": {"LANGSMITH_TRACING": "false", "LANGCHAIN_TRACING_V2": "true"},
    "E": {"LANGSMITH_TRACING": "true", "LANGCHAIN_TRACING_V2": "false"},
    "F": {"LANGSMITH_API_KEY": "sk-lesson", "LANGSMITH_PROJECT": "tents"},
    "G": {"LANGSMITH_TRACING": "true", "LANGSMITH_HIDE_INPUTS": "true"},
}

# %% tags=["exercise", "ex4"]
# traces = {"A": ..., "B": ..., and so on}
# BEGIN SOLUTION
traces = {"A": True, "B": False, "C": False, "D": True, "E": False, "F": False, "G": True}
# END SOLUTION

# %% tags=["check", "ex4"]
check.ex4(traces)
# check.ex4.hint()  # remove the first `#` for a hint

# %% [markdown]
# What decides is the first of these that is set and not empty: `LANGSMITH_TRACING_V2`,
# `LANGCHAIN_TRACING_V2`, `LANGSMITH_TRACING`, `LANGCHAIN_TRACING`. But do not believe a table, ask:
# `tracing_is_enabled()` is the function LangSmith itself decides with. Its variables are read **once** and
# then remembered:

# %%
from lab import langsmith_uploads

with langsmith_uploads.environment():  # as if a process began here: LangSmith's variables are unset
    print("at the start:        ", tracing_is_enabled())
    os.environ["LANGSMITH_TRACING"] = "true"
    print("set in a later cell: ", tracing_is_enabled())
    get_env_var.cache_clear()
    print("after `cache_clear()`:", tracing_is_enabled())

# %% [markdown]
# So set them before the process starts, print the answer of `tracing_is_enabled()` when your service
# starts, and switch off for certain with `with tracing_context(enabled=False):` - it goes before
# every variable.
#
# ## Appendix: what leaves the machine
#
# LangGraph's own picture, `desk` as the last line of a cell, comes from a web service that is sent the
# names of your nodes (`mermaid.ink`). Offline, the cell ends in an error.
#
# And LangSmith? `langsmith_uploads.catch` starts a server on loopback in the place of LangSmith's, and
# returns every byte it is sent:

# %%
from lab import langsmith_uploads

hide_inputs, hide_outputs = "LANGSMITH_HIDE_INPUTS", "LANGSMITH_HIDE_OUTPUTS"
for hidden in ([], [hide_inputs], [hide_inputs, hide_outputs]):
    sent = langsmith_uploads.catch(lambda: desk.invoke(complaint, thread("uploaded")), *hidden)
    found = {word: word in sent for word in ("4111 1111", "secret-token", "Ada", "deduct_fee")}
    print([name.removeprefix("LANGSMITH_") for name in hidden] or "nothing hidden", found)

# %% [markdown]
# Hiding the inputs alone hides nothing: what one node returns, the next one gets, and a graph's
# output is its whole state. Hide both, or clean both with a function: `Client(hide_inputs=...,
# hide_outputs=...)`. Thread ids and the rest of your config's metadata are sent too, unless
# `LANGSMITH_HIDE_METADATA=true`; names of nodes and times always are. So never use a customer's address
# as a thread id.
#
# **And if the endpoint is dead?** Sending happens beside the run, and no turn waits for it. The exit of the
# process does: LangSmith's client retries what it has not sent yet. Measured once in a process of its own
# against a closed port, that took 12 to 18 s: at a deploy, the platform may lose its patience and kill it.
