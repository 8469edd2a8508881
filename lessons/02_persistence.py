# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 2. Persistence
#
# A customer tells your agent who she is and what she needs. You deploy a new version, the process
# restarts, and the agent asks her who she is.
#
# In this lesson you give the agent a memory, and then you kill its process.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 2.1 to 2.3, 25 min | threads and checkpoints, which saver, `kill -9` in the middle of a step |
# | **Deeper** | {deeper_minutes} min | 2.4 to 2.6, 40 min | pruning, growth, one thread on four servers, dead connections, types, encryption, `Store` |

# %%
from lab import child

child.prepare()  # the processes of this lesson load LangGraph while this one does

# %%
import operator
import os
import sqlite3
import tempfile
import threading
import uuid
from collections import defaultdict
from typing import Annotated

import psycopg
from langchain.agents import create_agent
from langchain.agents.middleware import SummarizationMiddleware
from langchain.messages import RemoveMessage
from langchain_core.messages import trim_messages
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.errors import EmptyInputError
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.graph.message import REMOVE_ALL_MESSAGES
from typing_extensions import TypedDict

import lesson_model
from course_utils import pictures
from exercises import persistence as check
from lab import postgres
from lab.busy_disk import BusyDisk

# %%
model = lesson_model.start()
folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def path(name: str) -> str:
    """Return the path of a file that is gone when this notebook's kernel is."""
    return os.path.join(folder.name, name)


# %% [markdown]
# ## The restart
#
# This is the desk of the tent shop, as a function that answers a text. `child.start` runs it in a
# **process of its own**, as a server would run; `kill` is a real `kill -9`.


# %%
def answering(saver, model_name):
    """Build an agent on a saver; return a function that answers in a thread."""
    agent = create_agent(ChatOpenAI(model=model_name), checkpointer=saver)

    def answer(thread_id, text):
        thread = {"configurable": {"thread_id": thread_id}}
        return agent.invoke({"messages": text}, thread)["messages"][-1].text

    return answer


def open_in_memory(model_name):
    """Open the desk with a saver in memory."""
    return answering(InMemorySaver(), model_name)


server = child.start(open_in_memory, model.name)
print(server.ask("ada", "Hello, my name is Ada."))
print(server.ask("ada", "What is my name?"))

# %%
server.kill()
server = child.start(open_in_memory, model.name)
print(server.ask("ada", "What is my name?"))

# %% [markdown]
# Nothing failed, nothing was logged; the customer simply is nobody any more. Every deploy, every
# crash and every second server does this.
#
# ## The pattern
#
# A **checkpointer** saves the state of a graph after every step, under the name of a **thread**. The
# agent above has one already; it only keeps it in the wrong place. Put a file there:


# %%
def open_on_file(file, model_name):
    """Open the desk with a saver on a SQLite file."""
    connection = sqlite3.connect(file, check_same_thread=False)
    return answering(SqliteSaver(connection), model_name)


server.kill()
server = child.start(open_on_file, path("desk.db"), model.name)
server.ask("ada", "Hello, my name is Ada.")

server.kill()
server = child.start(open_on_file, path("desk.db"), model.name)
print(server.ask("ada", "What is my name?"))

# %% [markdown]
# The process that heard the name is dead. The conversation is not: any process that opens the file
# can go on with it, this notebook too.

# %%
answer = open_on_file(path("desk.db"), model.name)
print("ada: ", answer("ada", "What is my name?"))
print("bert:", answer("bert", "What is my name?"))
server.kill()

# %% [markdown]
# The saver remembers *per thread*: whoever asks under another `thread_id` is a stranger. So the
# choice of the thread id decides who remembers what - and nobody checks it for you.
#
# ### Exercise 2.1 - she forgot, and she knows too much
#
# Two complaints about the desk's web site. Ada: "I said my name on one page, and on the next it had
# forgotten me." Bert: "It called me Ada." Each request is a dictionary; this function answers them:


# %%
def reply_by_page(agent, request: dict) -> str:
    """Answer a request. (The broken version.)"""
    thread = {"configurable": {"thread_id": request["page"]}}
    state = agent.invoke({"messages": request["text"]}, thread)
    return state["messages"][-1].text


visits = [
    {"customer": "ada", "page": "/tents", "text": "Hello, my name is Ada."},
    {"customer": "ada", "page": "/returns", "text": "What is my name?"},
    {"customer": "bert", "page": "/tents", "text": "What is my name?"},
]
agent = create_agent(ChatOpenAI(model=model.name), checkpointer=InMemorySaver())
for visit in visits:
    print(f"{visit['customer']:5}{visit['page']:9}", reply_by_page(agent, visit))

# %% [markdown]
# Write `reply` so that neither has a reason to complain: each customer is remembered on every page,
# also after the server was restarted, and nobody reads anybody else's conversation. The model gets
# the customer's text as it is, once, and an error of the agent comes out. (The check has customers
# of its own, and a second process. Ids that differ in a capital letter or a blank only are two
# customers.)


# %% tags=["exercise", "ex1"]
def reply(agent, request: dict) -> str:
    """Answer a request: each customer is remembered, on every page, and nobody else."""
    # BEGIN SOLUTION
    thread = {"configurable": {"thread_id": request["customer"]}}
    state = agent.invoke({"messages": request["text"]}, thread)
    return state["messages"][-1].text
    # END SOLUTION


# %% tags=["check", "ex1"]
check.ex1(reply)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## What is saved, and when
#
# Not the conversation as a whole is saved at its end, but the state after *each step*. A graph of
# two steps shows it.


# %%
class Offer(TypedDict):
    """What the shop offers."""

    tent: str
    price: int
    text: str


def price(state: Offer) -> dict:
    """Set the price, in euros."""
    return {"price": 120}


def write(state: Offer) -> dict:
    """Write the offer."""
    return {"text": f"One {state['tent']} tent for {state['price']} euros."}


offers = StateGraph(Offer).add_sequence([price, write]).add_edge(START, "price")
offers = offers.compile(checkpointer=InMemorySaver())
thread = {"configurable": {"thread_id": "offer"}}
offers.invoke({"tent": "green"}, thread)

for saved in offers.get_state_history(thread):
    print(saved.metadata["step"], f"{saved.metadata['source']:6}", saved.next, saved.values)

# %% [markdown]
# Four **checkpoints** for two steps, newest first: `input` before anything, then one before the
# first step and one after each. `next` says which node is to run from there. `get_state(thread)` is
# the newest of them.
#
# Go on **from an old checkpoint** and what comes after it runs again (*replay*); change its state
# first, and history **forks**:

# %%
before_writing = next(s for s in offers.get_state_history(thread) if s.next == ("write",))
print("replay:", offers.invoke(None, before_writing.config)["text"])

cheaper = offers.update_state(before_writing.config, {"price": 90})
print("fork:  ", offers.invoke(None, cheaper)["text"])


# %%
def tree(history) -> pictures.Diagram:
    """Draw which checkpoint came from which."""
    boxes, arrows = {}, []
    for saved in reversed(list(history)):
        name = saved.config["configurable"]["checkpoint_id"]
        source, step = saved.metadata["source"], saved.metadata["step"]
        boxes[name] = f"{source} {step}: {saved.values.get('price')}"
        if saved.parent_config:
            arrows.append(
                pictures.Arrow(saved.parent_config["configurable"]["checkpoint_id"], name)
            )
    alt = "The checkpoints of a thread, and which one each of them came from."
    return pictures.Diagram(boxes, arrows, alt)


tree(offers.get_state_history(thread))

# %% [markdown]
# Each box is a checkpoint: its source, its step, the price. Nothing was overwritten; the thread has
# three branches, and its state is the end of the newest.
#
# ## Which saver?
#
# | saver | outlives the process | processes | use it for |
# |---|---|---|---|
# | `InMemorySaver` (its old name: `MemorySaver`) | no | one | tests, notebooks |
# | `SqliteSaver`, `AsyncSqliteSaver` | yes: a file | several, **on one host** | a tool on one machine, small services |
# | `PostgresSaver`, `AsyncPostgresSaver` | yes: a server | on many hosts | everything that has two servers |
#
# For the third row this cell starts a real PostgreSQL server, which ends with this notebook. (Where
# none can be started, it says why, and the cells below use a SQLite file.)

# %%
url = postgres.start()
shared = url or path("shared.db")


def open_saver(where: str) -> PostgresSaver | SqliteSaver:
    """Open a saver on a PostgreSQL server or on a SQLite file."""
    if where.startswith("postgres"):
        return PostgresSaver(psycopg.connect(where, autocommit=True))
    return SqliteSaver(sqlite3.connect(where, check_same_thread=False))


def open_desk(where, model_name):
    """Open the desk on shared storage."""
    return answering(open_saver(where), model_name)


open_saver(shared).setup()  # creates the tables: once, when you deploy

# %% [markdown]
# A load balancer sends Ada first to one, then to the other; then one of them dies.

# %%
first, second = (child.start(open_desk, shared, model.name) for _ in range(2))
first.ask("ada", "Hello, my name is Ada.")
print("second:", second.ask("ada", "What is my name?"))
first.kill()
print("second:", second.ask("ada", "Do you remember my name?"))
second.kill()

# %% [markdown]
# ### Four ways to open it wrong
#
# Four messages you will meet:


# %%
def small_graph(saver):
    """Build a graph that says hello."""

    def hello(state):
        return {"messages": [("ai", "Hello!")]}

    builder = StateGraph(MessagesState).add_node(hello).add_edge(START, "hello")
    return builder.compile(checkpointer=saver)


def message(error: Exception) -> str:
    """Return the class and the beginning of an error."""
    return f"{type(error).__name__}: {str(error).splitlines()[0][:68]}"


hello = {"messages": "Hello"}

# %%
thread = {"configurable": {"thread_id": "1"}}
file = path("wrong.db")

try:  # 1: it is a context manager
    small_graph(SqliteSaver.from_conn_string(file))
except TypeError as error:
    print(1, message(error))

try:  # 2: the graph saves from another thread than the one that connected
    small_graph(SqliteSaver(sqlite3.connect(file))).invoke(hello, thread)
except sqlite3.ProgrammingError as error:
    print(2, message(error))

try:  # 3: a sync saver in an async graph
    with SqliteSaver.from_conn_string(file) as saver:
        await small_graph(saver).ainvoke(hello, thread)
except NotImplementedError as error:
    print(3, message(error))

if url:
    try:  # 4: PostgreSQL without `setup()`
        small_graph(open_saver(postgres.start(fresh=True))).invoke(hello, thread)
    except psycopg.errors.UndefinedTable as error:
        print(4, message(error))

# %% [markdown]
# A fifth way gives no message. `psycopg.connect(url)` without `autocommit=True` writes everything
# into a transaction that nobody commits: it works until the connection closes, and then nothing is
# there. And `from_conn_string` takes a *path*, not `"sqlite:///desk.db"`.
#
# ### Exercise 2.2 - three broken openings
#
# Write the openings that numbers 1 to 3 got wrong. `build` makes a graph from a saver, as
# `small_graph` does, and `file` is the path of a SQLite file. `ask_once` opens the file, sends a
# text to a thread, closes the file, after an error too, and returns the new state; the graph runs
# once, and an error of it comes out. `open_for_long` returns the graph itself, which is then used
# for days, from whatever thread the web server is in. `ask_async` does the same as `ask_once` for an
# async web service: the event loop it is called in must not stand still meanwhile. (A worker thread
# is allowed: `await` it, do not `join` it.)


# %% tags=["exercise", "ex2"]
def ask_once(build, file: str, text: str, thread: dict) -> dict:
    """Open the file, ask the graph, close the file; return the new state."""
    # BEGIN SOLUTION
    with SqliteSaver.from_conn_string(file) as saver:
        return build(saver).invoke({"messages": text}, thread)
    # END SOLUTION


def open_for_long(build, file: str):
    """Return a graph that stays usable, in every thread."""
    # BEGIN SOLUTION
    return build(SqliteSaver(sqlite3.connect(file, check_same_thread=False)))
    # END SOLUTION


async def ask_async(build, file: str, text: str, thread: dict) -> dict:
    """Open the file, ask the graph asynchronously, close the file; return the new state."""
    # BEGIN SOLUTION
    async with AsyncSqliteSaver.from_conn_string(file) as saver:
        return await build(saver).ainvoke({"messages": text}, thread)
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(ask_once, open_for_long, ask_async)
# check.ex2.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Killed in the middle
#
# An order has four steps, and each does something in the world that cannot be undone; the *ledger*
# is that world. In the step `label`, after the label was printed, the process kills itself with
# `kill -9`.
#
# `durability` decides when a finished step is really on the disk: `"sync"` saves before the next
# step starts, `"async"` (the default) saves while the next step runs, `"exit"` saves once, at the
# end. So that "async" has something to lose, the disk is busy: `BusyDisk` is a `SqliteSaver` whose
# first checkpoint takes 1.5 seconds.

# %%
STEPS = ["reserve", "charge", "label", "post"]


def open_orders(file, ledger, durability, dies_in=None, disk=0.0):
    """Return a function that runs the order, and can be killed in one of its steps."""

    class Order(TypedDict):
        done: Annotated[list, operator.add]

    def step(name):
        def work(state):
            with open(ledger, "a") as world:
                world.write(name + "\n")
            if name == dies_in:
                child.kill_9()
            return {"done": [name]}

        return work

    orders = StateGraph(Order).add_sequence([(name, step(name)) for name in STEPS])
    orders = orders.add_edge(START, "reserve").compile(checkpointer=BusyDisk(file, disk))
    thread = {"configurable": {"thread_id": "T-7"}}

    def run(order):
        if order == "look":
            history = list(orders.get_state_history(thread))
            return len(history), history[0].next if history else ()
        return orders.invoke(order, thread, durability=durability)

    return run


# %% tags=["wait-3"]
place = tempfile.mkdtemp(dir=folder.name)
killed = {}
for mode in ("sync", "async", "exit"):
    file, ledger = f"{place}/{mode}.db", f"{place}/{mode}.txt"
    killed[mode] = child.start(open_orders, file, ledger, mode, "label", 1.5)
    killed[mode].send({"done": []})  # all three run at the same time

for mode, process in killed.items():
    try:
        process.receive()
    except EOFError:
        print(f"{mode:6} the process was killed")

# %% [markdown]
# `None` as the input means: go on where the thread stands.

# %%
for mode in killed:
    file, ledger = f"{place}/{mode}.db", f"{place}/{mode}.txt"
    run = open_orders(file, ledger, mode)
    checkpoints, to_run = run("look")
    print(f"{mode:6} checkpoints: {checkpoints}, next: {to_run}")
    try:
        run(None)
    except EmptyInputError:
        print("       nothing to go on from: the order is sent again")
        run({"done": []})
    print("       ledger:", *open(ledger).read().split())

# %% [markdown]
# Read the ledgers. With "async" nothing of the run was on the disk yet: checkpoints are written one
# after the other, and the first was still waiting. (Long steps and a fast disk nearly always win
# this race, so on your laptop "async" looks like "sync".)
#
# | `durability` | after a kill | use it where |
# |---|---|---|
# | `"sync"` | only the step that was running runs again | a step moves money or sends something |
# | `"async"` (default) | finished steps may run again: here the customer was **charged twice** | a chat |
# | `"exit"` | the whole turn is gone | a turn is cheap to repeat |
#
# And look at "sync" once more: two labels. The step had printed the label and died before anybody
# could note it down. **No mode makes a side effect happen once.** Give it a name, such as "the label
# of order T-7", and let the other side ignore what it has done before under that name (an
# *idempotency key*; lesson 3 builds one).
#
# An exception is not a kill. The process lives, so it saves on its way out, in all three modes.
#
# ### Exercise 2.3 - predict the ledger
#
# The same four steps: `reserve`, `charge`, `label`, `post`. Predict what stands in the ledger at the
# end. In every case the step writes into the ledger first; then comes what the case names.

# %%
cases = {
    "A": "sync; killed in charge; go on with None",
    "B": "exit; killed in charge; nothing to go on from, so the order is sent again",
    "C": "exit; charge raises an exception; go on with None",
    "D": "sync; killed in post; go on with None",
}

# %% tags=["exercise", "ex3"]
# ledgers = {"A": ["reserve", ...], and so on}
# BEGIN SOLUTION
ledgers = {
    "A": ["reserve", "charge", "charge", "label", "post"],
    "B": ["reserve", "charge", "reserve", "charge", "label", "post"],
    "C": ["reserve", "charge", "charge", "label", "post"],
    "D": ["reserve", "charge", "label", "post", "post"],
}
# END SOLUTION

# %% tags=["check", "ex3"]
check.ex3(ledgers)
# check.ex3.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## In production
#
# - **PostgreSQL as soon as there are two servers**, with a connection pool, async from end to end
#   (`AsyncPostgresSaver`), and `setup()` in the step that deploys.
# - **SQLite on one host** is fine for more than its reputation: the saver switches it to WAL, so
#   readers do not wait, and a writer waits five seconds for another before `database is locked`.
#   Never on a network drive.
# - **`durability="sync"`** where a step moves money, plus an idempotency key.
# - **One run per thread**: a lock or a queue; the thread id comes from your server, after you checked
#   whose it is, never as it stands from the browser.
# - **Prune in the graph** (a node drops old messages), **delete old threads by a job**, and watch the
#   size.
#
# **Your production checklist, line 2:** *a conversation survives `kill -9`, belongs to one customer,
# is run by one process at a time, and has an end.*

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> After a deploy the agent greets every customer as a stranger. It has a
# checkpointer, and the thread ids are right. What is wrong?</summary>
#
# - *The thread has to be loaded first.* `invoke` does that, given a thread id.
# - **It is an `InMemorySaver`.** Yes: its memory is the process.
# - *`setup()` was forgotten.* PostgreSQL then raises at the first run, and nothing would answer;
#   `SqliteSaver` sets itself up.
# </details>
#
# <details><summary><b>2.</b> `durability="sync"`, and a process is killed while a step sends a letter.
# How many letters?</summary>
#
# - *One: "sync" saves everything.* It saves finished steps. This one was not.
# - **One or two, depending on the instant.** Yes. The step runs again; only the other side can
#   tell that it knows this letter already.
# - *None.* The step may have sent it before it died.
# </details>
#
# <details><summary><b>3.</b> Two servers on one PostgreSQL, two messages to one thread at the same
# time. What happens?</summary>
#
# - *The second waits: that is what transactions are for.* Each save is a transaction; a run is
#   many of them.
# - *The second raises an error.* It would be good to know, but nothing is raised.
# - **One message may vanish.** Yes: each run saves its own version of the state, which does not hold
#   what another run has added meanwhile. Let one run at a time work on a thread (the deeper part
#   shows the loss, and a lock).
# </details>

# %% [markdown]
# ## You can stop here
#
# **Next:** [3. Human in the loop](03_human_in_the_loop.ipynb) - the agent acts, and should have
# asked.
#
# Below is the deeper part, in any order (with `path`, `open_saver`, `answering` and `small_graph`
# from the core): [Pruning](#Pruning) (exercise 2.4) · [What a conversation
# costs](#What-a-conversation-costs) (2.5) · [One thread, four servers](#One-thread,-four-servers)
# (2.6) · [Connections that die](#Connections-that-die) · [A summary that
# fails](#A-summary-that-fails) · [Three more traps](#Three-more-traps)

# %% [markdown]
# ## Pruning
#
# At every turn the model is sent the whole conversation, and you pay for it. The obvious way to
# shorten it does not work.

# %%
from langchain.messages import AIMessage, HumanMessage, ToolMessage
from openai import BadRequestError


# %%
def forget(state: MessagesState) -> dict:
    """Keep the last two messages. (The broken version.)"""
    return {"messages": state["messages"][-2:]}


pruning = StateGraph(MessagesState).add_node(forget).add_edge(START, "forget").compile()
ten = [HumanMessage(f"Question {n}") for n in range(10)]
print("messages before: 10, after:", len(pruning.invoke({"messages": ten})["messages"]))

# %% [markdown]
# What a node returns is *added* to the messages, or replaces those with the same id. Two messages
# replaced themselves. To remove some, return a `RemoveMessage` for each.
# (`langgraph.types.Overwrite` replaces the whole list instead.)
#
# Here is a conversation with a tool call. Its last four messages look harmless:

# %%
call = {"name": "track_parcel", "args": {"parcel": "T-7"}, "id": "call_1"}
talk = [
    HumanMessage("Hello, my name is Ada."),
    AIMessage("Hello Ada!"),
    HumanMessage("Where is my parcel?"),
    AIMessage("", tool_calls=[call]),
    ToolMessage("It arrives on Friday.", tool_call_id="call_1"),
    AIMessage("On Friday."),
    HumanMessage("Thank you. Do I have to be at home?"),
    AIMessage("No."),
]
llm = ChatOpenAI(model=model.name)
try:
    llm.invoke(talk[-4:])
except BadRequestError as error:
    print(error.status_code, error.body["message"])

# %% [markdown]
# The cut went between a call and its result. The result is now an **orphan**, and the model refuses
# it, today and at every later turn of this thread: the conversation is dead. Cut only where a
# customer begins to speak. `trim_messages` does that:

# %%
short = trim_messages(talk, max_tokens=4, token_counter=len, start_on="human")
print([message.type for message in short])

# %% [markdown]
# (`token_counter=len` counts messages, so `max_tokens=4` means four at most; give it the model to
# count tokens.) Now both together, as a node.


# %%
def prune(state: MessagesState) -> dict:
    """Keep at most four messages, cut where a customer begins."""
    kept = trim_messages(state["messages"], max_tokens=4, token_counter=len, start_on="human")
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}


pruning = StateGraph(MessagesState).add_node(prune).add_edge(START, "prune").compile()
print([message.text for message in pruning.invoke({"messages": talk})["messages"]])

# %% [markdown]
# Ada's name is gone with the rest. (A system message would be gone, too: `include_system=True` keeps
# it.)
#
# ### Exercise 2.4 - prune, and leave no orphan
#
# Write the node `keep_last_two`, the first of each turn: it keeps the last **two questions** of the
# customer (the new one is one of them) and everything that belongs to them - tool calls, results,
# answers, system messages - however many messages that is, in their order. A system message at the
# beginning of the thread stays there. A conversation of up to two questions stays as it is, an
# empty one too. (A customer may ask the same thing twice: these are two questions. A system message
# inside a turn that goes may go or stay.) What stays keeps its ids, and the node changes nothing
# but by what it returns. (The check runs it without async, on a checkpointer, for forty turns.)


# %% tags=["exercise", "ex4"]
def keep_last_two(state: MessagesState) -> dict:
    """Keep the system message and the last two questions with all that followed."""
    # BEGIN SOLUTION
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    start = questions[-2] if len(questions) > 1 else 0
    removed = [message for message in messages[:start] if message.type != "system"]
    return {"messages": [RemoveMessage(message.id) for message in removed]}
    # END SOLUTION


# %% tags=["check", "ex4"]
check.ex4(keep_last_two)
# check.ex4.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## What a conversation costs
#
# Every checkpoint holds the *whole* list of messages again. (LangGraph's `DeltaChannel`, a beta,
# saves only what is new; it is not the default.) See what one conversation takes:

# %% tags=["wait-4"]
from lab import checkpoint_cost

talkers = {"memory": InMemorySaver(), "SQLite": open_saver(path("growth.db"))}
grown = checkpoint_cost.growth(talkers, turns=48, every=12)
for name, sizes in grown.items():
    after = dict(sizes)
    print(f"{name:7} 4 times the turns, over 10 times the bytes:", after[48] > 10 * after[12])

# %%
alt = "Two curves that bend upwards: the bytes grow with the square of the turns."
lines = {
    name: ([n for n, _ in sizes], [b / 1e6 for _, b in sizes]) for name, sizes in grown.items()
}
pictures.curves(lines, x="turns", y="megabytes in the storage", alt=alt)

# %% [markdown]
# Twice the turns, nearly four times the bytes: storage grows with the **square** of the turns, in
# every saver. From some hundred messages on, time grows with it: turning messages into bytes is the
# same work for all of them.
#
# ### The storage does not get smaller
#
# Prune the state. What does the file say?

# %%
file = path("long.db")
saver = open_saver(file)
chat = small_graph(saver)
thread = {"configurable": {"thread_id": "long"}}


def size() -> int:
    """Return the bytes of the file, with all that was still waiting in its journal."""
    saver.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return os.path.getsize(file)


for _ in range(30):
    chat.invoke({"messages": "A long question. " * 100}, thread)
full = size()

chat.update_state(thread, {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES)]})
print("messages left:", len(chat.get_state(thread).values["messages"]))
print("smaller after pruning the state:   ", size() < full)

saver.delete_thread("long")
print("smaller after deleting the thread: ", size() < full)

saver.conn.execute("VACUUM")
print("smaller after VACUUM:              ", size() < full)

# %% [markdown]
# Pruning the state makes *the next* checkpoints small. The old ones stay, for `get_state_history`.
# `delete_thread` removes them, and `VACUUM` gives the space back. No saver deletes anything by
# itself: plan a job that deletes threads nobody has used for so many days.
# `PostgresSaver.prune(threads, strategy="keep_latest")` keeps only the newest checkpoint of each;
# `SqliteSaver` cannot.

# %% [markdown]
# ### Exercise 2.5 - a conversation that may go on forever
#
# Build a desk whose storage does not grow with the square of the turns: of the check's thirty
# turns, the last ten may add at most a fifth more than the ten before. (It may prune at each turn,
# or every few turns.) The question of a turn must still see the two turns before it, questions and
# answers. Everything the desk remembers is on `saver`, each thread for itself: a new process with
# the same file knows it, one with an empty file does not. The model is asked once a turn (a summary
# may be one more request), and its errors come out. Return the compiled graph.


# %% tags=["exercise", "ex5"]
def small_desk(llm, saver):
    """Return an agent on `saver` whose storage does not grow with the square of the turns."""

    # BEGIN SOLUTION
    def prune(state: MessagesState) -> dict:
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
    # END SOLUTION


# %% tags=["check", "ex5"]
check.ex5(small_desk)
# check.ex5.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## One thread, four servers
#
# Ada has the chat open on four devices and sends three messages from each, at the same time; four
# servers answer.

# %%
import time
from contextlib import contextmanager, nullcontext


@contextmanager
def one_at_a_time(where, thread_id):
    """Wait until nobody else is in this block with this thread, in any process."""
    if where.startswith("postgres"):
        with psycopg.connect(where) as connection:
            connection.execute("SELECT pg_advisory_lock(hashtext(%s))", [thread_id])
            yield  # the lock ends with its connection, even if this process is killed
    else:  # one host: the write lock of a file of its own
        connection = sqlite3.connect(f"{where}.{thread_id}.lock", timeout=60, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            connection.close()


# %%
def open_chat(where):
    """Return a function that sends so many messages to a thread, and counts errors."""

    def note(state):
        time.sleep(0.02)  # a model would take longer
        return {"messages": [("ai", "Noted.")]}

    chat = StateGraph(MessagesState).add_node(note).add_edge(START, "note")
    chat = chat.compile(checkpointer=open_saver(where))

    def send(count, thread_id, locked):
        thread, errors = {"configurable": {"thread_id": thread_id}}, 0
        for _ in range(count):
            try:
                with one_at_a_time(where, thread_id) if locked else nullcontext():
                    chat.invoke({"messages": "Where is my parcel?"}, thread)
            except Exception:
                errors += 1
        return errors

    return send


# %%
servers = [child.start(open_chat, shared) for _ in range(4)]
for server in servers:
    server.ask(0, "nobody", False)  # wait until it is open


def four_at_once(locked):
    """Let each server send three messages, all at the same time; count errors, and what is kept."""
    thread_id = str(uuid.uuid4())
    for server in servers:
        server.send(3, thread_id, locked)
    errors = sum(server.receive() for server in servers)
    saved = open_saver(shared).get_tuple({"configurable": {"thread_id": thread_id}})
    messages = saved.checkpoint["channel_values"]["messages"]
    return errors, sum(message.type == "human" for message in messages)


errors, kept = four_at_once(locked=False)
print("errors:", errors, "| sent: 12 | all kept:", kept == 12)

# %% [markdown]
# No error, and messages are gone - most of them, usually. Each run reads the state at its beginning
# and saves *its* version at every step; what others saved meanwhile is not in it. **No checkpointer
# prevents this**, PostgreSQL included. One run per thread is your business: a lock per thread, here
# an *advisory lock* of PostgreSQL.

# %%
errors, kept = four_at_once(locked=True)
print("errors:", errors, "| sent: 12 | kept:", kept)

for server in servers:
    server.kill()

# %% [markdown]
# Who comes second waits here. You may rather refuse ("I am still answering", status 409), or stop
# the first run.
#
# ### Exercise 2.6 (stretch) - one run at a time
#
# In one process, with a thread pool, the same happens. Write `send` (the name `locks` above it is
# yours to define): runs on the *same* conversation wait for each other, however they arrive and
# however long it takes (in the check, two seconds); runs on *different* ones do not wait, were it
# forty of them. A conversation is a `thread_id`, whichever graph object comes with it. `send`
# returns the state at the end of its own run. An error of a run comes out, whatever its class, the
# run is not tried again, and the conversation is not blocked. (Locks may be thrown away when nobody
# needs them any more: who waits for one, or is about to take it, needs it.)

# %% tags=["exercise", "ex6"]
# BEGIN SOLUTION
locks = defaultdict(threading.Lock)


# END SOLUTION
def send(graph, thread_id: str, text: str) -> dict:
    """Run one turn of a conversation; return the new state."""
    # BEGIN SOLUTION
    with locks[thread_id]:
        return graph.invoke({"messages": text}, {"configurable": {"thread_id": thread_id}})
    # END SOLUTION


# %% tags=["check", "ex6"]
check.ex6(send)
# check.ex6.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Connections that die
#
# A failover, a restart of the database or an idle limit of your cloud closes connections.
# `PostgresSaver` does not open a new one: a saver with a single connection dies with it. So give it
# a pool. This cell kills all connections of two pools, then asks four times:

# %%
import logging

from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool

logging.getLogger("psycopg.pool").setLevel(logging.ERROR)
SETTINGS = {"autocommit": True, "row_factory": dict_row, "prepare_threshold": 0}
KILL = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()
          AND datname = current_database() AND backend_type = 'client backend'"""

for test in (None, ConnectionPool.check_connection) if url else ():
    with ConnectionPool(url, min_size=2, kwargs=SETTINGS, check=test) as pool:
        pool.wait()
        chat, outcomes = small_graph(PostgresSaver(pool)), []
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(KILL)
        for turn in range(4):
            thread = {"configurable": {"thread_id": f"{test} {turn}"}}
            try:
                chat.invoke(hello, thread, durability="sync")
                outcomes.append("answered")
            except psycopg.OperationalError as error:
                outcomes.append(type(error).__name__)
        print("check=", getattr(test, "__name__", None), outcomes)

# %% [markdown]
# Without `check=`, each dead connection costs a customer an error. With it, the pool tests a
# connection before it lends it. Take `durability="sync"`, too: under the default, a kill in the
# middle of a run left nothing in the database, although every node had run. And never hold a
# connection of this pool in a node while another run saves: `PoolTimeout`, after 30 seconds.

# %% [markdown]
# ## A summary that fails
#
# `SummarizationMiddleware` has old messages summarised, at the price of one more request. `trigger`
# says when (from four messages on), `keep` what stays as it is.

# %%
llm = ChatOpenAI(model=model.name)
model.when("^I like").says("Noted.")


def talk(middleware) -> str:
    """Hold a conversation in which the model has nothing to say when it is asked for a summary."""
    agent = create_agent(llm, middleware=[middleware], checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "ada"}}
    agent.invoke({"messages": "My name is Ada."}, thread)
    agent.invoke({"messages": "I like green tents."}, thread)
    model.fail("empty")
    return agent.invoke({"messages": "What is my name?"}, thread)["messages"][-1].text


settings = {"model": llm, "trigger": ("messages", 4), "keep": ("messages", 1)}
print(talk(SummarizationMiddleware(**settings)))


# %%
class CarefulSummary(SummarizationMiddleware):
    """Keep the history where the summary failed or is too short."""

    def before_model(self, state, runtime):
        try:
            new = super().before_model(state, runtime)
        except Exception:
            return None
        return new if new and len(new["messages"][1].text) > 100 else None


print(talk(CarefulSummary(**settings)))

# %% [markdown]
# An empty, refused or cut summary is accepted: the history is gone. A model that cannot be reached
# ends the run, and every later turn of the thread. Check the summary before you throw the history
# away. It is also written by a model: it can forget, and an instruction of the customer can end up
# in it.
#
# `ContextEditingMiddleware` clears old tool results from what is *sent*, and the thread keeps them.
# The model does not know what was cleared and may call the tool again.

# %% [markdown]
# ## Three more traps
#
# ### Your own types come back as something else
#
# Checkpoints are written with msgpack. A class that the *state's annotations* name is written and
# read as itself. Any other is read, too, today with a warning: reading it means importing and
# calling whatever the stored bytes name. In strict mode (`LANGGRAPH_STRICT_MSGPACK=true`, or a list
# of allowed types) it is not - and you get a plain dictionary, without an error.

# %%
from dataclasses import dataclass
from typing import Any

from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer


@dataclass
class Parcel:
    """A parcel."""

    kilos: int


class Shelf(TypedDict):
    """Anything may stand here."""

    item: Any


def put_down(state: Shelf) -> dict:
    """Put a parcel on the shelf."""
    return {"item": Parcel(3)}


# %%
thread = {"configurable": {"thread_id": "shelf"}}
for name, serde in {
    "as it comes": JsonPlusSerializer(),
    "strict": JsonPlusSerializer(allowed_msgpack_modules=[]),
    "strict, Parcel is allowed": JsonPlusSerializer(allowed_msgpack_modules=[Parcel]),
}.items():
    shelf = StateGraph(Shelf).add_node(put_down).add_edge(START, "put_down")
    shelf = shelf.compile(checkpointer=InMemorySaver(serde=serde))
    shelf.invoke({"item": None}, thread)
    print(f"{name:26}", shelf.get_state(thread).values["item"], flush=True)

# %% [markdown]
# Turn strict mode on, and keep plain data in the state.
#
# ### Whoever can read the file can read the chat

# %%
secret = path("secret.db")
saver = open_saver(secret)
answering(saver, model.name)("ada", "My card is 4111 1111 1111 1111.")
saver.conn.close()
print("the number is in the file:", b"4111 1111 1111 1111" in open(secret, "rb").read())

# %% [markdown]
# `EncryptedSerializer.from_pycryptodome_aes()` encrypts what the channels hold (it needs the package
# `pycryptodome`, which this course does not install, and a key). It does **not** encrypt the
# `metadata` column, where whatever you put into a run's metadata can be read.
#
# ### A customer comes back next week
#
# New conversation, new thread - and she is a stranger again. What belongs to a *customer*, not to a
# conversation, belongs in a **`Store`**, which all threads share (it has nothing to do with the
# saver's storage):

# %%
from dataclasses import dataclass

from langgraph.runtime import Runtime
from langgraph.store.memory import InMemoryStore


@dataclass
class Who:
    """Who is asking."""

    customer: str


def remember(state: MessagesState, runtime: Runtime[Who]) -> dict:
    """Note what is said of tents; say what was noted before."""
    mine = (runtime.context.customer, "tents")
    known = [item.value["text"] for item in runtime.store.search(mine)]
    runtime.store.put(mine, str(len(known)), {"text": state["messages"][-1].text})
    return {"messages": [("ai", f"I know of you: {known}")]}


long_memory = StateGraph(MessagesState, context_schema=Who).add_node(remember)
long_memory = long_memory.add_edge(START, "remember")
long_memory = long_memory.compile(checkpointer=InMemorySaver(), store=InMemoryStore())

for customer, conversation in [("ada", "May"), ("ada", "June"), ("bert", "July")]:
    thread = {"configurable": {"thread_id": conversation}}
    said = long_memory.invoke({"messages": "A tent for two."}, thread, context=Who(customer))
    print(f"{customer:5}{conversation:5}", said["messages"][-1].text)
