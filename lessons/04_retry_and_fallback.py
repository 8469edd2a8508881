# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 4. Retry and fallback
#
# A customer asks the tent shop one question. The model provider has a bad minute and answers 500.
# How many requests does your agent send for that one question? You think three. It is twenty-seven.
#
# In this lesson you count them on the wire, and keep one layer that retries.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 4.1 to 4.3, 25 min | layers that multiply, which errors, which layer, jitter, a fallback that hides a bug |
# | **Deeper** | {deeper_minutes} min | 4.4 to 4.7, 50 min | counters, deadlines, fallbacks, a breaker, middleware, tools that fail, failing gracefully |

# %%
import logging
import random
import time
import uuid

from langchain.agents import create_agent
from langchain.agents.middleware import ModelFallbackMiddleware
from langchain.messages import AIMessage, ToolMessage
from langchain.tools import tool
from langchain_core.exceptions import (
    ModelAPIError,
    ModelConnectionError,
    ModelRateLimitError,
    ModelTimeoutError,
)
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import NodeError, NodeTimeoutError
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, RetryPolicy, default_retry_on
from typing_extensions import TypedDict

import lesson_model
from course_utils import pictures
from exercises import retry_and_fallback as check
from lab.herd import stampede

model = lesson_model.start()
question = {"messages": "Can I send a tent back?"}

# %% [markdown]
# ## One question, twenty-seven requests
#
# Three people made this desk robust, each in their own place, none of them wrong:
#
# - `ChatOpenAI` retries twice by itself: the OpenAI SDK's default.
# - The node has a `RetryPolicy`: three attempts.
# - The web page asks again when the desk fails: three times.
#
# (Waiting is scaled down in this lesson: the model says "come back in 0.01 s", and policies begin at
# 0.01 s. What you count is as in real life.)


# %%
def chat(**options) -> ChatOpenAI:
    """Return the chat model, with these options."""
    return ChatOpenAI(model=model.name, **options)


def desk_of(llm, **options):
    """Return a desk of one node, which asks `llm`; the options go to the node."""

    def answer(state: MessagesState) -> dict:
        return {"messages": [llm.invoke(state["messages"])]}

    graph = StateGraph(MessagesState).add_node(answer, **options)
    return graph.add_edge(START, "answer").compile()


# %%
def on_the_wire(ask, fault: str, **details) -> tuple[list[int], str]:
    """Let every request meet a fault, ask, and return what came: statuses and the outcome."""
    model.reset()
    model.fail(fault, times=None, **{"retry_after": 0.01, **details})
    try:
        ask()
        outcome = "answered"
    except Exception as error:
        outcome = type(error).__name__
    statuses = [request.status for request in model.requests]
    model.reset()
    return statuses, outcome


# %%
def ask_three_times(desk) -> dict:
    """Ask again when the desk fails, like an eager web page."""
    for attempt in (1, 2, 3):
        try:
            return desk.invoke(question)
        except Exception:
            if attempt == 3:
                raise


quick = RetryPolicy(initial_interval=0.01, jitter=False)
plain, with_policy = desk_of(chat()), desk_of(chat(), retry_policy=quick)
layers = {
    "SDK": lambda: plain.invoke(question),
    "SDK x policy": lambda: with_policy.invoke(question),
    "SDK x policy x page": lambda: ask_three_times(with_policy),
}
for name, ask in layers.items():
    statuses, outcome = on_the_wire(ask, "server_error")
    print(f"{name:20} {len(statuses):2} requests -> {outcome}")

# %% [markdown]
# 3 x 3 x 3. Retries in layers do not add up, they **multiply**, and they do it at the moment the
# provider can bear it least. So: **one layer retries.**
#
# ## Which errors deserve another try
#
# Some errors pass by themselves: a timeout, a dropped connection, 429 (too many requests), 5xx.
# Others will be the same each time: 400 (your request is wrong), 401 (your key is wrong), 404, and
# bugs. LangChain's model errors say which they are: `is_retryable`. LangGraph's `RetryPolicy` does
# not ask them. Its default, `default_retry_on`, retries whatever is not on its list of bugs.

# %%
one_try = chat(timeout=1, max_retries=0)
faults = {
    "no answer in time": ("timeout", {"seconds": 3}),
    "connection dropped": ("disconnect", {}),
    "429 too many": ("rate_limit", {}),
    "429 quota used up": ("quota", {}),
    "500": ("server_error", {}),
    "400": ("http", {"status": 400}),
    "401": ("bad_key", {}),
    "404": ("http", {"status": 404}),
}
print(f"{'what happened':20}{'error class':28}is_retryable  RetryPolicy() retries")
for name, (word, details) in faults.items():
    model.fail(word, **details)
    try:
        one_try.invoke("Hello")
    except Exception as error:
        kind = type(error).__name__
        print(f"{name:20}{kind:28}{error.is_retryable!s:14}{default_retry_on(error)}")
model.reset()

# %%
for bug in (KeyError("order"), TimeoutError("too slow"), AssertionError("negative price")):
    print(f"{type(bug).__name__:16} RetryPolicy() retries: {default_retry_on(bug)}")

# %% [markdown]
# Read the last three lines of the first table: a wrong key is tried three times, and every try is
# refused. And the second: Python's own `TimeoutError` is *not* retried, a failed `assert` is.
#
# One line is a trap for `is_retryable`, too. "429 quota used up" means that nobody paid the bill. No
# waiting helps; only its `code` tells it from a real rate limit.
#
# So say yourself what is worth another try. The *careful desk* has one layer, and it asks.
# `NodeTimeoutError` is what LangGraph raises where a node has a time limit:


# %%
def is_transient(error: BaseException) -> bool:
    """Say whether the same request may succeed a little later."""
    if getattr(error, "code", None) == "insufficient_quota":
        return False
    passing = isinstance(error, (ConnectionError, TimeoutError, NodeTimeoutError))
    return getattr(error, "is_retryable", passing)


careful = desk_of(chat(max_retries=0), retry_policy=quick._replace(retry_on=is_transient))

# %% [markdown]
# ### Exercise 4.1 - count before you run
#
# How many HTTP requests does *one* question cost, if every one of them meets this answer? The
# default desk is `desk_of(chat(), retry_policy=RetryPolicy())`; the careful desk is the one above.
# Fill in the eight numbers. The check sends the requests and counts.

# %% tags=["exercise", "ex1"]
# requests = {"default": {400: ..., 401: ..., 429: ..., 500: ...}, "careful": {the same four}}
# BEGIN SOLUTION
requests = {
    "default": {400: 3, 401: 3, 429: 9, 500: 9},
    "careful": {400: 1, 401: 1, 429: 3, 500: 3},
}
# END SOLUTION

# %% tags=["check", "ex1"]
check.ex1(requests)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## One layer: which one?
#
# The careful desk has one layer, but for a model it is the wrong one. A provider that answers 429
# says when to come back, in the header `Retry-After`.

# %%
politely = desk_of(chat(max_retries=2))
for name, desk in {"RetryPolicy": careful, "SDK": politely}.items():
    model.reset()
    model.fail("rate_limit", retry_after=1)
    desk.invoke(question)
    print(f"{name:12}", [request.status for request in model.requests], model.requests[-1].remarks)

# %% [markdown]
# `RetryPolicy` knows nothing of HTTP and comes back too early. The SDK waits exactly as long as it
# was told, up to 120 s. Told to wait longer, it gives up at once.

# %%
for seconds in (0.01, 121):
    statuses, _ = on_the_wire(lambda: politely.invoke(question), "rate_limit", retry_after=seconds)
    print(f"Retry-After: {seconds:>4} -> {len(statuses)} request(s)")

# %% [markdown]
# So for **model calls** the layer is the SDK: `ChatOpenAI(max_retries=2)`, and no `RetryPolicy` on
# that node. For **your own nodes** (a database, a parcel service) it is the `RetryPolicy`. Never
# both around the same call.
#
# ## How long to wait
#
# "Exponential backoff" doubles the wait after each failure, up to a cap. When a service fails, it
# fails for *everybody in the same moment*. If all wait the same time, all come back in the same
# moment, and it fails again. A thousand clients, ten seconds of outage, then a service that can
# answer 100 calls a second:

# %%
herds = {kind: stampede(kind) for kind in ("no jitter", "full")}
minutes = herds["no jitter"].last_served / 60
print(f"without jitter the last client is served after {minutes:.0f} minutes")
pictures.curves(
    {kind: herd.until(40) for kind, herd in herds.items()},
    x="seconds since the service failed",
    y="calls in 100 ms",
    alt="Without jitter the calls come in a few spikes of about 1,000 within 100 ms, and nothing "
    "between them. With full jitter they are spread, never more than about 100, and fade away.",
)

# %% [markdown]
# The cure is **jitter**: a random part in the wait. With *d* for the wait after backoff and cap,
# "full" jitter waits `random.uniform(0, d)`; LangGraph's `RetryPolicy` waits *d* plus a flat second
# at most; the SDK waits *d* less up to a quarter. Any jitter beats none. (Read "retry" exactly:
# retry 1 is *attempt 2*, and nothing waits before attempt 1.)
#
# ### Exercise 4.2 - jitter that vanishes
#
# This function is in many code bases. It has jitter. From the fifth retry on it has none: look at
# five waits before the sixth, and at a thousand clients whose counters stand at 6.


# %%
def wait_capped_last(retry: int) -> float:
    """Return the seconds before retry 1, 2, 3 ... (The broken version.)"""
    backoff = 2.0 * 2 ** (retry - 1)
    return min(30.0, backoff + random.uniform(0, backoff / 2))


print("before retry 6:", [wait_capped_last(6) for _ in range(5)])
print("most calls in 100 ms:", stampede(wait_capped_last, first_retry=6).peak)

# %% [markdown]
# Fix it. The longest wait before retry 1 is about 2 s (from 1.5 to 4), then waits double, and none is
# longer than 30 s. But at every retry, the sixth and the sixtieth too, a thousand clients must be spread
# out: the shortest and the longest wait are a fifth of the backoff apart, or more, and no crowd has the
# same wait.


# %% tags=["exercise", "ex2"]
def wait(retry: int) -> float:
    """Return the seconds before retry 1, 2, 3 ...: doubling, at most 30, never all the same."""
    # BEGIN SOLUTION
    return random.uniform(0, min(30.0, 2.0 * 2 ** (retry - 1)))
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(wait)
# check.ex2.hint()

# %%
fixed = check.ex2.or_reference(wait)
print("most calls in 100 ms, fixed, below 50:", stampede(fixed, first_retry=6).peak < 50)

# %% [markdown]
# ## `RetryPolicy`, for your own nodes
#
# | field | default | meaning |
# |---|---|---|
# | `max_attempts` | 3 | attempts in all, **the first one included** |
# | `initial_interval` | 0.5 | seconds before the second attempt |
# | `backoff_factor` | 2.0 | each wait is so many times the last |
# | `max_interval` | 128.0 | the cap, in seconds, *before* jitter |
# | `jitter` | True | adds 0 to 1 s, however short the interval is |
# | `retry_on` | `default_retry_on` | exception classes, or a function that says yes or no |
#
# A list of policies is possible: the first whose `retry_on` fits decides, and all share one counter
# of attempts. In tests and notebooks, say `jitter=False`.
#
# ### Exercise 4.3 - the retry node that never retries
#
# A colleague's node has a `RetryPolicy`, and catches every error itself, to be safe. Watch how often
# it really asks the order service:


# %%
class Shelf(TypedDict):
    order: str
    status: str


asked = []


def busy_service(order: str) -> str:
    """Refuse the first two calls, then answer."""
    asked.append(order)
    if len(asked) < 3:
        raise ConnectionError("busy")
    return "shipped"


def build_finder_once(service):
    """Return a graph that finds an order's status. (The broken version.)"""

    def find_order(shelf: Shelf) -> dict:
        try:
            return {"status": service(shelf["order"])}
        except Exception as error:
            return {"status": f"Error: {error}"}

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=quick)
    return graph.add_edge(START, "find_order").compile()


print(build_finder_once(busy_service).invoke({"order": "T-7"}), "- calls:", len(asked))

# %% [markdown]
# A policy sees only what leaves the node. Fix it: `build_finder` tries at most **four** times when
# the service fails with something transient, and **once** when it fails with anything else. What
# cannot be cured is raised. Waits start at 0.01 s and may grow, without jitter; each run counts from
# 1, also while another one is going on.


# %% tags=["exercise", "ex3"]
def build_finder(service):
    """Return a graph that finds an order's status, and retries what is transient."""
    # BEGIN SOLUTION
    policy = RetryPolicy(initial_interval=0.01, jitter=False, max_attempts=4, retry_on=is_transient)

    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(build_finder)
# check.ex3.hint()

# %% [markdown]
# ## When waiting does not help: fall back
#
# A second model, from another provider if you can, answers when the first does not. One line, and it
# hides a bug. Somebody sets a temperature that the first model does not take:

# %%
spare = ChatOpenAI(model="spare-model", max_retries=0)
broken = ChatOpenAI(model="main-model", temperature=3, max_retries=0)  # above 2: refused with 400

for name, llm in {
    "with_fallbacks": broken.with_fallbacks([spare]),
    "middleware": create_agent(broken, middleware=[ModelFallbackMiddleware(spare)]),
}.items():
    model.reset()
    llm.invoke("Hello" if name == "with_fallbacks" else question)
    print(f"{name:15}", [(seen.body["model"], seen.status) for seen in model.requests])

# %% [markdown]
# Every answer is fine, every test is green, and the main model has not answered once. Both fall back
# on *any* error, also on 400 and 401. You will see it on the bill. `with_fallbacks` can be told what
# to handle. It takes classes, so list them:

# %%
TRANSIENT = (ModelTimeoutError, ModelConnectionError, ModelRateLimitError, ModelAPIError)
llm = broken.with_fallbacks([spare], exceptions_to_handle=TRANSIENT)
try:
    llm.invoke("Hello")
except Exception as error:
    print("the bug is seen:", type(error).__name__)

# %% [markdown]
# The main model's own retries come first. With the SDK's default the customer waits for three
# attempts before the spare is asked; with a spare at hand, one retry is enough.

# %% [markdown]
# ## In production
#
# - **Model calls:** `ChatOpenAI(timeout=20, max_retries=2)` and nothing around it. It honours
#   `Retry-After` and retries only what is transient (and a used-up quota, alas).
# - **Your own nodes:** `RetryPolicy(retry_on=is_transient)`, only where a second run does no harm:
#   a node that charged a card before it failed charges it again (lesson 3).
# - **No broad `except` in a node:** it hides the failure from the policy, and swallows interrupts
#   (lesson 3). A node's `error_handler=` does neither: LangGraph calls it when all attempts have failed.
# - **A deadline around everything**: the `timeout=` of `ChatOpenAI` is the longest *silence* of one
#   attempt. In async code put `async with asyncio.timeout(60):` around the run.
# - **In async code** never `time.sleep` in a node: it stops every customer. `RetryPolicy` and the
#   SDK wait the right way.
# - **Do not retry at all** where nobody waits and a queue will bring the job back, or where an
#   answer that comes late is worth nothing.
#
# **Your production checklist, line 4:** *one layer retries, only what is transient, with jitter and
# within a deadline; a fallback hides no bug; users see a reference, never an error's text; and the
# thread goes on.*

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> Your model node has <code>RetryPolicy(max_attempts=3)</code> around a
# plain <code>ChatOpenAI()</code>. The provider answers 401. How many requests?</summary>
#
# - *One: a wrong key is not retried.* Not by the SDK. `RetryPolicy` does not know what a 401 is.
# - **Three.** Yes: one of the SDK, three times.
# - *Nine.* That would be a 500: both layers retry it.
# </details>
#
# <details><summary><b>2.</b> Where does the cap belong?</summary>
#
# - *Last, so that no wait is ever too long.* Then every wait at the cap is the same: a herd.
# - **Before the jitter.** Yes: cap the range, then draw from it.
# - *It does not matter.* It does not, until the counter stands at five.
# </details>
#
# <details><summary><b>3.</b> Every answer is fine, every test is green, and the bill shows the spare
# model only. Why?</summary>
#
# - *The main model is down.* For weeks, and nobody noticed?
# - **The fallback hides a bug.** Yes: a 400 or 401 of the main model must be raised.
# - *The spare is faster.* Nobody compares them.
# </details>

# %% [markdown]
# ## You can stop here
#
# **Next:** [5. Loop prevention](05_loop_prevention.ipynb) - ten thousand steps.
#
# Below is the deeper part, in any order (with the helpers of the core): [Failures counted in the
# state](#Failures-counted-in-the-state) (exercise 4.4) · [How long may it
# take?](#How-long-may-it-take?) (4.5) · [Fallbacks, one by one](#Fallbacks,-one-by-one) (4.6) · [Do
# not even ask](#Do-not-even-ask) · [Ready-made: retry middleware](#Ready-made:-retry-middleware) ·
# [An answer that must fit a schema](#An-answer-that-must-fit-a-schema) · [Tools that
# fail](#Tools-that-fail) · [What is left behind](#What-is-left-behind) (4.7)

# %% [markdown]
# ## Failures counted in the state
#
# Some desks count failures in the state and go round in the graph, so that each attempt is a step of
# its own: it stands in the history, and a process that dies in between does not lose the count. Where
# you need neither, prefer `RetryPolicy`: it forgets its attempts with the run, so there is nothing to
# reset.
#
# ### Exercise 4.4 - why is the second question slow?
#
# You will meet such desks, and this fault. The pause is made visible instead of slept: `pause(1)`,
# `pause(2)` ... before the first, the second retry.


# %%
class Turn(TypedDict):
    order: str
    answer: str
    failures: int


def build_desk_that_remembers(service, pause):
    """Return a desk that calls four times, then gives up. (The broken version.)"""

    def look_up(turn: Turn) -> Command:
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            return Command(update={"answer": service(turn["order"])}, goto=END)
        except ConnectionError:
            failures += 1
        if failures == 4:
            return Command(update={"answer": "Sorry, please ask again later."}, goto=END)
        return Command(update={"failures": failures}, goto="look_up")

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())


# %%
asked, pauses = [], []
thread = {"configurable": {"thread_id": "T-7"}}
desk = build_desk_that_remembers(busy_service, pauses.append)
for turn in (1, 2):
    answer = desk.invoke({"order": "T-7"}, thread)["answer"]
    print(f"turn {turn}: {answer}, pauses so far: {pauses}")

# %% [markdown]
# The service is well in turn 2, and yet there is a pause before its first call: a thread keeps its
# state, the counter with it. After one bad turn it only grows. Write `build_desk`: the same desk,
# checkpointer included, whose counter belongs to a *turn* of one customer. Each new question begins at
# 0, after a success and after giving up. Four calls a turn at most, as above; only a `ConnectionError`
# is tried again, anything else leaves the desk at once. (The turn after such an error is not asked
# about: it may go on from the old count, or begin at 0. A loop inside one node is all right, too.)


# %% tags=["exercise", "ex4"]
def build_desk(service, pause):
    """Return a desk that calls four times a turn, then gives up; each turn starts afresh."""

    # BEGIN SOLUTION
    def look_up(turn: Turn) -> Command:
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            answer = service(turn["order"])
        except ConnectionError:
            if failures < 3:
                return Command(update={"failures": failures + 1}, goto="look_up")
            answer = "Sorry, please ask again later."
        return Command(update={"answer": answer, "failures": 0}, goto=END)

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
    # END SOLUTION


# %% tags=["check", "ex4"]
check.ex4(build_desk)
# check.ex4.hint()

# %% [markdown]
# ## How long may it take?
#
# A retry needs a failure. A service that says *nothing* gives none:

# %%
print("ChatOpenAI waits at most:", chat().request_timeout)

# %% [markdown]
# `None` is no limit. Always set one. And know what it means: it is the longest *silence*, not the
# longest answer. A model that drips word by word never meets it:

# %%
model.when("tent").says("Yes. You have thirty days to send it back, and we pay the postage.")
model.pace(per_token=0.06)
impatient = chat(timeout=0.6, max_retries=0)
began = time.monotonic()
tokens = [token for token in impatient.stream("Can I send a tent back?") if token.text]
took = time.monotonic() - began
print(f"{len(tokens)} tokens, no error; longer than the timeout:", took > 0.6)

try:
    impatient.invoke("Can I send a tent back?")
except ModelTimeoutError as error:
    print("without streaming:", type(error).__name__)

# %% [markdown]
# And each retry starts a new timeout: `timeout=20, max_retries=2` is a minute and more. What bounds
# *everything* is a deadline around everything. Async code can have one: for a node, `timeout=`; for
# a whole run, Python's own `asyncio.timeout`.

# %%
import asyncio


async def answer(state: MessagesState) -> dict:
    """Ask a model that drips."""
    return {"messages": [await chat().ainvoke(state["messages"])]}


def too_late(state: MessagesState, error: NodeError) -> dict:
    """Answer in place of the node that failed."""
    return {"messages": [AIMessage("This takes too long, sorry. Please try again in a minute.")]}


limited = StateGraph(MessagesState).add_edge(START, "answer")
limited = limited.add_node(answer, timeout=0.2, error_handler=too_late).compile()
print((await limited.ainvoke(question))["messages"][-1].text)

# %%
endless = StateGraph(MessagesState).add_edge(START, "answer").add_node(answer).compile()
try:
    async with asyncio.timeout(0.2):
        await endless.ainvoke(question)
except TimeoutError:
    print("asyncio.timeout ended the whole run, whatever was retried inside")
model.pace()

# %% [markdown]
# `timeout=` is for each *attempt* of a node; a policy of three attempts has three. It is for **async
# nodes only**: LangGraph refuses it on a sync node when you build the graph. An `error_handler` ends
# the run: the failed node's edges are not followed unless the handler returns `Command(goto=...)`.
# Annotate its parameter with exactly `NodeError`, not `NodeError | None`: that is how LangGraph
# knows what to pass, and a mistake shows only when the node fails.
#
# ### Exercise 4.5 - one layer, built by hand
#
# Put it together once, to know what the SDK does for you and what it does not (a budget). `llm` has
# `max_retries=0`. `ask` returns its answer, and:
#
# - retries only what is transient;
# - before retry *n* waits `random.uniform(0, 0.1 * 2 ** (n - 1))` seconds, or as long as the server
#   asked for (`retry_after` below): the longer of the two, not their sum;
# - raises the error **at once** if that wait would end after `budget` seconds have passed. The
#   model's own time counts.
#
# Wait with `time.sleep`: the check skips the waits.


# %%
def retry_after(error: Exception) -> float:
    """Return the seconds the server asked to wait, 0 if it did not say (or never answered)."""
    response = getattr(error, "response", None)
    return float(response.headers.get("retry-after", 0)) if response is not None else 0.0


# %% tags=["exercise", "ex5"]
def ask(llm, text: str, budget: float):
    """Return the model's answer; retry what is transient, within `budget` seconds."""
    # BEGIN SOLUTION
    deadline, longest = time.monotonic() + budget, 0.1
    while True:
        try:
            return llm.invoke(text)
        except Exception as error:
            pause = max(retry_after(error), random.uniform(0, longest))
            if not is_transient(error) or time.monotonic() + pause > deadline:
                raise
        time.sleep(pause)
        longest = 2 * longest
    # END SOLUTION


# %% tags=["check", "ex5"]
check.ex5(ask)
# check.ex5.hint()

# %% [markdown]
# ## Fallbacks, one by one
#
# ### Exercise 4.6 - an agent whose fallback hides nothing
#
# `ModelFallbackMiddleware` falls back on any error. So write it yourself. LangChain's
# `wrap_model_call` makes a middleware of a function that gets the request and a `handler` that runs
# it; `request.override(model=...)` is the same request to another model. Complete `fall_back`:
# `spare` answers if the main model fails with something transient (`TRANSIENT` has the classes), or if
# its quota is used up (another provider has its own). It is sent the same request, tools and all.
# Everything else is raised, bugs too, and the spare is not asked. Each model is asked once at most.
# (You need not decorate it: the check does.)


# %% tags=["exercise", "ex6"]
def fall_back(request, handler):
    """Run the request; let `spare` answer if the main model is down."""
    # BEGIN SOLUTION
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request.override(model=spare))
    # END SOLUTION


# %% tags=["check", "ex6"]
check.ex6(fall_back)
# check.ex6.hint()

# %% [markdown]
# ### Under streaming
#
# The main model writes two words, and the connection breaks. Both kinds of fallback, streamed:

# %%
model.when("stream").says("one two three four")
main = ChatOpenAI(model="main-model", max_retries=0)
chain = main.with_fallbacks([spare])
falling = create_agent(main, middleware=[ModelFallbackMiddleware(spare)])
ways = {
    "with_fallbacks": lambda: chain.stream("stream"),
    "middleware": lambda: (
        token for token, _ in falling.stream({"messages": "stream"}, stream_mode="messages")
    ),
}
for name, stream in ways.items():
    model.fail("disconnect", after=2)
    print(f"{name:15}", end="")
    try:
        for token in stream():
            print(token.text, end="")
        print(" | ended")
    except Exception as error:
        print(" |", type(error).__name__)

# %% [markdown]
# After the first word `with_fallbacks` gives up; the middleware starts again, and the customer reads
# the beginning twice. Clear the line, or stream only where no fallback stands.
#
# ### Older data is better than none
#
# Not every fallback is a model. The handler of a node can answer from what was known before, if it
# says so:

# %%
known = {"T-7": "shipped (as of this morning)"}


def find_order(shelf: Shelf) -> dict:
    """Look the order up; the service is down."""
    raise ConnectionError("the order service does not answer")


def from_memory(shelf: Shelf, error: NodeError) -> dict:
    """Answer from what was known."""
    if not is_transient(error.error):
        raise error.error  # a bug stays a bug
    return {"status": known.get(shelf["order"], "unknown")}


shelves = StateGraph(Shelf)
shelves.add_node(find_order, retry_policy=quick, error_handler=from_memory)
print(shelves.add_edge(START, "find_order").compile().invoke({"order": "T-7"})["status"])

# %% [markdown]
# ## Do not even ask
#
# When a service is down, every customer pays the full wait to learn it again. A circuit breaker
# remembers. After `fail_max` failures in a row it is **open**: calls fail at once, nothing reaches
# the wire. After a while it is **half-open** and lets calls through to try. If one works it is
# **closed** again. LangChain has none; `pybreaker` is small.

# %%
import pybreaker

breaker = pybreaker.CircuitBreaker(
    fail_max=3,
    reset_timeout=60,
    exclude=[lambda error: not is_transient(error)],  # a 400 says nothing about their health
    throw_new_error_on_trip=False,
)


def ask_through_breaker() -> None:
    """Ask once; print what came, what the wire saw, and the breaker."""
    before = len(model.requests)
    try:
        with breaker.calling():
            chat(max_retries=0).invoke("Hello")
        outcome = "answered"
    except Exception as error:
        outcome = type(error).__name__
    sent = len(model.requests) - before
    print(f"{outcome:20} requests: {sent}  the breaker is now {breaker.current_state}")


model.reset()
model.fail("overloaded", times=4)
for _ in range(5):
    ask_through_breaker()

# %% [markdown]
# `half_open()` says what the clock would say: the minute is over.

# %%
for _ in range(2):
    breaker.half_open()
    ask_through_breaker()
ask_through_breaker()

# %% [markdown]
# One breaker for each *service*, at module level, not one for each request. It counts in this
# process only (or in Redis, for several). And write `with breaker.calling():`, also around an
# `await`. `breaker.call(...)` looks simpler, but it holds a lock while it runs: one customer at a
# time (pybreaker 1.4.1, `CircuitBreaker.call`). The price: `calling()` holds none, so when the
# breaker is half-open, all callers of that moment get through, not one.
#
# ### Do not ask too fast: a rate limiter
#
# A limiter makes callers wait for a permit. But look where it stands: outside of the SDK's retries.

# %%
from langchain_core.rate_limiters import InMemoryRateLimiter


class CountingLimiter(InMemoryRateLimiter):
    """Counts the permits it gave."""

    permits = 0

    def acquire(self, *, blocking: bool = True) -> bool:
        """Give a permit."""
        self.permits += 1
        return super().acquire(blocking=blocking)


limiter = CountingLimiter(requests_per_second=20, check_every_n_seconds=0.01, max_bucket_size=1)
limited = chat(rate_limiter=limiter)
model.reset()
for _ in range(5):
    limited.invoke("Hello")

model.fail("rate_limit", times=2, retry_after=0.01)
limited.invoke("Hello")
print("permits:", limiter.permits, "- requests:", len(model.requests))

# %% [markdown]
# Six permits, eight requests: retries need no permit. Leave some room below the provider's limit.

# %% [markdown]
# ## Ready-made: retry middleware
#
# `create_agent` has a layer of its own. Its defaults are better chosen than `RetryPolicy`'s: it asks
# `is_retryable`. But it is one more layer, and look at the "answer":

# %%
from langchain.agents.middleware import ModelRetryMiddleware

for failure in ("continue", "error"):
    retry = ModelRetryMiddleware(initial_delay=0.01, jitter=False, on_failure=failure)
    agent = create_agent(chat(), middleware=[retry])
    model.reset()
    model.fail("server_error", times=None, retry_after=0.01)
    try:
        print(agent.invoke(question)["messages"][-1].text[:58], "...")
    except Exception as error:
        print("raised", type(error).__name__, end=" ")
    print(f"[{len(model.requests)} requests]")
model.reset()

# %% [markdown]
# By default a failure becomes an ordinary answer of the assistant, error text included, when its
# retries are used up: your monitoring sees a success. (A 401 is raised at once. A used-up quota is
# retried.) Say `on_failure="error"`, or give a function that returns a sentence for people, and set
# the model's `max_retries=0`.

# %% [markdown]
# ## An answer that must fit a schema
#
# `create_agent(response_format=Quote)` gives the model a tool with that schema. A wrong answer is
# sent back to the model, as often as it takes. Here it answers nothing at all:

# %%
from langchain.agents.middleware import ModelCallLimitMiddleware
from langgraph.errors import GraphRecursionError
from pydantic import BaseModel


class Quote(BaseModel):
    """A price for a tent."""

    euros: int


limit = ModelCallLimitMiddleware(run_limit=3, exit_behavior="end")
for name, middleware in {"no limit": [], "run_limit=3": [limit]}.items():
    model.reset()
    model.fail("empty", times=None)
    quoting = create_agent(chat(), response_format=Quote, middleware=middleware)
    try:
        reply = quoting.invoke({"messages": "A quote, please."}, {"recursion_limit": 20})
        print(f"{name:12} structured_response: {reply['structured_response']}", end=" ")
    except GraphRecursionError as error:
        print(f"{name:12} {type(error).__name__}", end=" ")
    print(f"[{len(model.requests)} requests]")
model.reset()

# %% [markdown]
# Without a limit it asks until the recursion limit, 9,999 by default. With one, the key is there and
# holds `None`: test `reply["structured_response"] is None` where the agent returns, or an
# `AttributeError` comes far away. A run that waits for a person has `None` there, too.

# %% [markdown]
# ## Tools that fail
#
# Tools fail in two ways, and only one of them is handled for you.


# %%
@tool
def find_parcel(parcel: int) -> str:
    """Find a parcel by its number."""
    raise ConnectionError(
        "db-7.internal refused user=billing password=" + "tent" + "4711"
    )  # in pieces, for scanners of secrets


def clerk(*middleware):
    """Return an agent with a tool that is broken, and a thread for it."""
    llm = chat(max_retries=0)
    saver = InMemorySaver()
    agent = create_agent(llm, [find_parcel], middleware=middleware, checkpointer=saver)
    return agent, {"configurable": {"thread_id": "1"}}


model.when("parcel").calls("find_parcel", parcel=5).then_says("It is on its way.")
model.fail("wrong_types")  # the model sends a list where a number is wanted
agent, thread = clerk()
for message in agent.invoke({"messages": "Where is parcel 5?"}, thread)["messages"][2:]:
    print(f"{message.type}: {message.text.splitlines()[0][:66]} ...")

# %% [markdown]
# **Wrong arguments** come back to the model as a message, so that it can correct itself. A tool's
# **own exception** is another matter:

# %%
agent, thread = clerk()
for text in ("Where is parcel 5?", "Hello?", "Is anybody there?"):
    try:
        agent.invoke({"messages": text}, thread)
    except Exception as error:
        print(f"{text:20} {type(error).__name__}")

# %% [markdown]
# The run ends, and the thread is dead: the model's call was never answered, so the provider refuses
# every later turn with 400. Let something answer in its place:

# %%
from langchain.agents.middleware import ToolErrorMiddleware, ToolRetryMiddleware

answers = {
    "ToolRetryMiddleware": ToolRetryMiddleware(initial_delay=0.01, jitter=False),
    "... with on_failure": ToolRetryMiddleware(
        initial_delay=0.01, jitter=False, on_failure=lambda error: "The parcel service is down."
    ),
    "ToolErrorMiddleware": ToolErrorMiddleware(lambda error, call: "The parcel service is down."),
}
for name, middleware in answers.items():
    agent, thread = clerk(middleware)
    messages = agent.invoke({"messages": "Where is parcel 5?"}, thread)["messages"]
    agent.invoke({"messages": "Hello?"}, thread)  # the thread lives
    print(f"{name:20} password shown: {'4711' in str(messages)}")

# %% [markdown]
# `ToolRetryMiddleware` alone puts the exception's text into the conversation: the model reads it,
# the thread keeps it, and here it holds a password. Give it `on_failure`. (In a graph of your own,
# `ToolNode(tools, handle_tool_errors=your_function)` does the same.)

# %% [markdown]
# ## What is left behind
#
# When the *model* fails and nothing handles it, the thread is well: it stands before the failed
# node. Ask again, or go on from there with `None`.

# %%
agent = create_agent(chat(max_retries=0), checkpointer=InMemorySaver())
thread = {"configurable": {"thread_id": "left"}}
model.fail("server_error")
try:
    agent.invoke({"messages": "Hello?"}, thread)
except Exception as error:
    print("raised:      ", type(error).__name__)
state = agent.get_state(thread)
print("in thread:   ", [message.type for message in state.values["messages"]])
print("still to run:", state.next)
print("go on:       ", agent.invoke(None, thread)["messages"][-1].text)

# %% [markdown]
# But the customer got an exception. So people catch it, and make it worse:

# %%
old_key = chat(api_key="old-" + "key-of-the-shop-0815")  # in pieces, too


def answer_or_blurt(state: MessagesState) -> dict:
    """Ask the model, or show the error. (The broken version.)"""
    try:
        return {"messages": [old_key.invoke(state["messages"])]}
    except Exception as error:
        return {"messages": [AIMessage(f"Error: {error}")]}


blurting = StateGraph(MessagesState).add_node(answer_or_blurt).add_edge(START, "answer_or_blurt")
blurting = blurting.compile(checkpointer=InMemorySaver())
thread = {"configurable": {"thread_id": "blurted"}}
print(blurting.invoke(question, thread)["messages"][-1].text.partition(" You")[0])
blurting.invoke({"messages": "Sorry?"}, thread)
sent = str(model.requests[-1].body["messages"])
print("sent to the model with the next question:", "Incorrect API key" in sent)

# %% [markdown]
# The customer reads the beginning and the end of your key. The thread keeps them, and with every
# later turn they go out again. Three readers need three different things:
#
# - the **user** a sentence and a reference number;
# - the **log** that number, the node, the error's class, its status and request id. Not its text:
#   that may hold what went in, keys and customers' data included;
# - the **state** a conversation that can go on.

# %%
logged: list[str] = []
log = logging.getLogger("desk")


class Notes(logging.Handler):
    """Keeps what was logged, so that this page can show it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        logged.append(record.getMessage())


notes = Notes()


def apologise(state: MessagesState, error: NodeError) -> dict:
    """Tell the user little and the log enough."""
    reference, cause = uuid.uuid4().hex[:8], error.error
    facts = [getattr(cause, name, None) for name in ("status_code", "request_id")]
    log.error("ref=%s node=%s error=%s %s", reference, error.node, type(cause).__name__, facts)
    return {"messages": [AIMessage(f"Sorry, that did not work. Reference: {reference}")]}


# %%
log.addHandler(notes)
reply = desk_of(old_key, error_handler=apologise).invoke(question)["messages"][-1].text
log.removeHandler(notes)

reference = reply.rpartition(" ")[2]
print("user:", reply.replace(reference, "<reference>"))
print("log: ", logged[0].partition(" [")[0].replace(reference, "<reference>"))
print("a piece of the key is anywhere:", any("0815" in text for text in (reply, *logged)))

# %% [markdown]
# ### Exercise 4.7 (stretch) - fail gracefully, everywhere
#
# `apologise` is good for the node that asks the model. In the tools node it would leave the model's
# calls unanswered, and the thread dead. Write `close_the_turn`, one handler for both nodes. It
#
# - logs one line to `log`, as a warning or an error: reference, node and class of the error, no text of
#   the error (nor the error itself, as a field), and nothing the customer or the model said;
# - keeps the error's text and class out of the thread, a message's `artifact` and metadata included;
# - answers every open tool call (here only the last message has any, and no id comes again), and
#   removes nothing;
# - ends with a sentence and the reference: four characters at least, new ones each time.
#
# The next turn must work.


# %% tags=["exercise", "ex7"]
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    """Answer what is open, tell the user little and the log enough."""
    # BEGIN SOLUTION
    reference = str(uuid.uuid4())
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
    # END SOLUTION


# %% tags=["check", "ex7"]
check.ex7(close_the_turn)
# check.ex7.hint()
