# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 7. Multi-agent
#
# One agent reads, computes, writes and checks. It works, but it drags everything it has ever read
# through everything it does next. So you hire a team: one agent that looks things up, one that does
# the sums, one that checks, and a supervisor who tells them what to do.
#
# You build that team, let customers change desks, and let workers go side by side. And you measure what
# it costs, because often the honest answer is: one agent would have been better.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 7.1, 7.3 and 7.4, 25 min | workers as tools, handoffs, workers side by side, the scales |
# | **Deeper** | {deeper_minutes} min | 7.2, 7.5 and 7.6, 40 min | who speaks in a stream; staying with a desk; approvals in workers; a supervisor of your own, and a budget for all |

# %%
import asyncio
import operator
import time
from typing import Annotated, Literal

from langchain.agents import create_agent
from langchain.agents.middleware import wrap_model_call
from langchain.messages import AIMessageChunk, ToolMessage
from langchain.tools import ToolRuntime, tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import GraphBubbleUp, GraphRecursionError, InvalidUpdateError
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.types import Command, Send, interrupt
from openai import BadRequestError
from typing_extensions import TypedDict

import lesson_model
from course_utils import pictures
from exercises import multi_agent as check
from lesson_model.api.tokens import prompt_tokens

model = lesson_model.start()
llm = ChatOpenAI(model=model.name)


# %%
def thread(name: str, **more) -> dict:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}, **more}


def sent(requests) -> list[int]:
    """Return how many tokens each request sent to the model."""
    return [prompt_tokens(request.body) for request in requests]


# %% [markdown]
# ## One agent reads everything
#
# The tent shop pays two percent of the price for each day a parcel is late. To answer a complaint, somebody
# reads the order's log, computes the amount, writes a letter, and checks it. The log is long.

# %%
scans = 60  # how often a parcel was scanned
down = set()  # orders whose archive does not answer; none, for now


@tool
def read_log(order: str) -> str:
    """Read the log of an order, by its number."""
    if order in down:
        time.sleep(1)  # until it gives up
        raise ConnectionError("archive-3.shop.internal does not answer")
    lines = [f"{order}: scanned at depot {n % 7}, belt {n % 4}, all well" for n in range(scans)]
    return "\n".join([*lines, f"{order}: paid 480 euros, due on 2 May, delivered on 9 May"])


@tool
def compute(price: int, percent: int, days: int) -> str:
    """Compute a compensation: so many percent of the price for each day."""
    return f"{price * percent / 100 * days:.2f} euros"


@tool
def check_letter(letter: str) -> str:
    """Check a letter against the rules of the house."""
    return "Fine." if "sorry" in letter else "It has to say sorry."


# %%
LETTER = "Dear customer, we are sorry: T-7 came seven days late. We send you 67.20 euros."
QUESTION = "My order T-7 came late. What do you owe me?"

owe = model.when("what do you owe me").calls("read_log")
owe.calls("compute", price=480, percent=2, days=7)
owe.calls("check_letter", letter=LETTER).then_says(LETTER)

one = create_agent(llm, [read_log, compute, check_letter], name="one")
print(one.invoke({"messages": QUESTION})["messages"][-1].text)
print("tokens sent, request by request:", sent(model.requests))

# %% [markdown]
# (The `when` lines tell the lesson model which tools to call. Where two rules have the same words, the one
# whose tool the asked agent *has* applies.) A good letter. But look at what was sent to the model for it.
# The log was needed once, for three numbers. It was sent three times, and every later question of this
# customer sends it again. And an agent with all the tools has all the rights.
#
# ## The pattern: a supervisor and three workers
#
# Each worker is an agent with its own tools, and **its own messages**. It gets a task in one
# sentence, and hands back one sentence. What it read on the way stays with it.

# %%
model.when("^look up order").calls("read_log").then_says(
    "Order {order} cost 480 euros and came seven days late."
)
model.when("^two percent").calls("compute", price=480, percent=2, days=7).then_says("{result}")
model.when("^is this letter").calls("check_letter", letter=LETTER).then_says("The letter is fine.")

WORKERS = {
    "research": create_agent(llm, [read_log], name="research"),
    "code": create_agent(llm, [compute], name="code"),
    "review": create_agent(llm, [check_letter], name="review"),
}

reply = WORKERS["research"].invoke({"messages": "Look up order T-7: price, and days late?"})
print([message.type for message in reply["messages"]])
print(reply["messages"][-1].text)

# %% [markdown]
# Who gives out the tasks? You know the loop: a model chooses, something runs, the model sees what came
# back. So let **each worker be a tool**, and `create_agent` is your supervisor. The tool's docstring is
# what the supervisor knows about the worker.


# %%
@tool
def research(task: str) -> str:
    """Look up orders."""
    return WORKERS["research"].invoke({"messages": task})["messages"][-1].text


@tool
def code(task: str) -> str:
    """Do sums."""
    return WORKERS["code"].invoke({"messages": task})["messages"][-1].text


@tool
def review(task: str) -> str:
    """Check letters."""
    return WORKERS["review"].invoke({"messages": task})["messages"][-1].text


# %%
LEAD = "You lead a team: research looks up orders, code does sums, review checks letters."
owe = model.when("what do you owe me")
owe.calls("research", task="Look up order T-7: price, and days late?")
owe.calls("code", task="Two percent of 480 euros a day, for seven days?")
owe.calls("review", task=f"Is this letter all right? {LETTER}").then_says(LETTER)

tools_team = create_agent(llm, [research, code, review], system_prompt=LEAD, name="supervisor")
before = len(model.requests)
print(tools_team.invoke({"messages": QUESTION})["messages"][-1].text)
print("tokens sent, request by request:", sent(model.requests[before:]))

# %% [markdown]
# The same letter, and the log was sent once, to the one that needed it. But look at the length of the list:
# ten requests, where one agent needed four.
#
# A worker knows **only its task**: not the question, not the customer, not what the others found. "Compute
# it" is no task for a worker that has seen nothing else.
#
# ### Exercise 7.1 - predict
#
# A simple question this time:

# %%
SIMPLE = "When did order T-7 arrive?"

model.when("when did order").calls("read_log").then_says("On 9 May.")
model.when("when did order").calls("research", task="Look up order T-7.").then_says("On 9 May.")
twice = model.when("compare")
for order in ("T-7", "T-8"):
    twice.calls("research", task=f"Look up order {order}.")
twice.then_says("Both came seven days late.")

runs = {
    "A": "`one` is asked SIMPLE",
    "B": "`tools_team` is asked SIMPLE",
    "C": "`tools_team` is asked to compare T-7 and T-8, and gives research two tasks, one by one",
    "D": "the same, with one task for both: research calls read_log twice, one by one",
}

# %% [markdown]
# How many requests reach the model in each case?

# %% tags=["exercise", "ex1"]
# requests_made = {"A": ..., "B": ..., and so on}
# BEGIN SOLUTION
requests_made = {"A": 2, "B": 4, "C": 7, "D": 5}
# END SOLUTION

# %% tags=["check", "ex1"]
check.ex1(requests_made)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# Each task costs two requests before the worker has done anything: the supervisor's, which gives it,
# and the worker's last one, which tells the result. So give few, large tasks.

# %% [markdown]
# ## Handoffs: the customer changes desks
#
# So far the supervisor speaks to the customer, and workers report to it. With a **handoff** there is
# no supervisor: the agent at the front desk passes the customer on, and the refunds desk goes on
# talking. The whole conversation moves, not a task.
#
# A tool does it. (A parameter of type `ToolRuntime` is filled in by LangGraph; the model does not see
# it.) It returns a `Command` that says where to go, in which graph (`Command.PARENT`: the
# one *around* this agent), and what to take along.

# %%
paid = []


@tool
def refund(order: str, amount: int) -> str:
    """Refund an order: send its amount in euros back to the customer."""
    paid.append((order, amount))
    return f"Refunded {amount} euros for order {order}."


@tool
def track_parcel(parcel: str) -> str:
    """Say where a parcel is, by its number."""
    return f"Parcel {parcel} arrives on Friday."


# %%
def handoff(taken_along) -> object:
    """Return a tool that hands over to the refunds desk; `taken_along(runtime)` are messages."""

    @tool
    def to_refunds(runtime: ToolRuntime) -> Command:
        """Transfer the customer to the refunds desk."""
        messages = taken_along(runtime)
        return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})

    return to_refunds


def desks(to_refunds) -> object:
    """Return two desks; the first can hand over to the second."""
    front = create_agent(llm, [track_parcel, to_refunds], name="front")
    graph = StateGraph(MessagesState).add_node("front", front, destinations=("refunds",))
    graph.add_node("refunds", create_agent(llm, [refund], name="refunds"))
    return graph.add_edge(START, "front").compile(checkpointer=InMemorySaver())


def handed_over(runtime: ToolRuntime) -> ToolMessage:
    """Return the answer to the call that hands over."""
    return ToolMessage("Handed over to the refunds desk.", tool_call_id=runtime.tool_call_id)


def whole(runtime: ToolRuntime) -> list:
    """Take along what was said, and the answer to the call."""
    return [*runtime.state["messages"], handed_over(runtime)]


# %%
model.when("refund 480 euros").calls("to_refunds")
model.when("refund 480 euros").calls("refund").then_says("Your money is on its way.")
PLEASE = {"messages": "Please refund 480 euros for order T-7."}

shop = desks(handoff(whole))
pictures.graph(shop)

# %%
for message in shop.invoke(PLEASE, thread("handoff"))["messages"]:
    calls = [call["name"] for call in getattr(message, "tool_calls", [])]
    print(f"{message.type:5} {message.name or '':14} {calls or message.text}")

# %% [markdown]
# The desk that pays is the only one that can. (The dotted arrow comes from `destinations=`; without
# it the jump works, but no picture shows it.)
#
# ### What is taken along
#
# The front desk is a graph of its own. When its tool jumps out, it is left in the middle, and **what
# it said is lost, unless `update` carries it**. Carry too little, and:


# %%
def trial(taken_along, question: dict = PLEASE) -> None:
    """Hand over, then say hello; print what came of both, and who speaks in the thread."""
    shop, results = desks(handoff(taken_along)), []
    for asked in (question, {"messages": "Hello?"}):
        try:
            shop.invoke(asked, thread("trial"))
            results.append("works")
        except BadRequestError as error:
            results.append(f"DEAD ({error.status_code})")
    messages = shop.get_state(thread("trial")).values["messages"]
    names = " ".join(message.name for message in messages if message.name)
    print(f"handoff {results[0]}, next turn {results[1]} | {names}")


# %%
def nothing(runtime: ToolRuntime) -> list:
    """Take nothing along."""
    return []


def only_said(runtime: ToolRuntime) -> list:
    """Take along what was said. (The broken version.)"""
    return runtime.state["messages"]


def only_answer(runtime: ToolRuntime) -> list:
    """Take along the answer to the call. (Broken as well.)"""
    return [handed_over(runtime)]


for taken_along in (only_said, only_answer, nothing, whole):
    print(f"{taken_along.__name__:12}", end=" ")
    trial(taken_along)

# %% [markdown]
# A call without its answer, or an answer without its call: both are refused, in every later turn. (You know
# this 400 from lesson 3.) Taking nothing along is safe, but what the front desk said is lost. Of what is
# taken along, only the pair works.
#
# It still is not enough. A model may make *several* calls in one message, and one of them hands
# over:

# %%
BOTH = {"messages": "Where is parcel P-3? And please transfer me to the refunds desk."}
trial(whole, BOTH)

# %% [markdown]
# The jump leaves at once. The other tool runs, but its result stays behind in the front desk's graph,
# and in the thread its call hangs open. The tool that jumps has to answer for **all** calls of the
# message.
#
# With which words? "Done" is a guess. So is "not done": if the other call was a `refund`, the money may
# have left, and the next desk pays again. True is: "It may have run. Look before you call it again."
#
# Simpler still is a model that makes one call a message. OpenAI's take `parallel_tool_calls=False`.
# `create_agent` binds the tools itself and drops what you bound before, so a middleware passes it on:


# %%
@wrap_model_call
def one_call_a_message(request, ask):
    """Ask the model for one tool call a message."""
    settings = {**request.model_settings, "parallel_tool_calls": False}
    return ask(request.override(model_settings=settings))


@tool
def transfer() -> str:
    """Transfer the customer to the refunds desk."""
    return "Transferred."


for middleware in ([], [one_call_a_message]):
    front = create_agent(llm, [track_parcel, transfer], middleware=middleware)
    messages = front.invoke(BOTH)["messages"]
    print([[call["name"] for call in m.tool_calls] for m in messages if m.type == "ai"])

# %% [markdown]
# Other providers may not know this setting, so a tool that jumps still answers for all.
#
# ### Exercise 7.3 - hand over in good order
#
# Write the tool `to_refunds`. The refunds desk gets the `note` the front desk's model wrote for it
# ("already apologised") in the text of a message, and nobody's thread dies: not with a second or third
# call in the same message, not in the next turns, not when the customer is handed over again. The note
# is no message of the customer, which is what a `HumanMessage` without a `name` is. What else the front
# desk said or called may stay behind. No answer says of another call that it ran, that it is done,
# paid, found or the like; nobody knows yet. ("Not done" is a guess as well, but accepted here.) What
# the last message asked for is in `runtime.state["messages"][-1].tool_calls`.


# %% tags=["exercise", "ex3"]
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    # BEGIN SOLUTION
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        unknown = "It may have run. Look before you call it again."
        text = f"Handed over. Note: {note}" if mine else unknown
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(to_refunds)
# check.ex3.hint()  # remove the first `#` for a hint

# %%
model.when("refund 480 euros").calls("to_refunds", note="She has waited since 9 May.")
model.when("refund 480 euros").calls("refund").then_says("Your money is on its way.")
shop = desks(check.ex3.or_reference(to_refunds))
for message in (await shop.ainvoke(PLEASE, thread("note")))["messages"]:
    print(f"{message.name or '':10} {message.text}")

# %% [markdown]
# ## Side by side
#
# A camping site has three orders, and asks which came late. The three look-ups do not need each
# other, so let three researchers work **in the same superstep**: a function returns a list of
# `Send(node, input)`, one for each. First a version that works in every test:


# %%
def look_up(order: str) -> str:
    """Let the researcher look up an order."""
    return WORKERS["research"].invoke({"messages": f"Look up order {order}."})["messages"][-1].text


class OneNote(TypedDict):
    """Orders, and what is known of them."""

    orders: list[str]
    note: str


def each_order(state) -> list[Send]:
    """Send every order to a researcher of its own."""
    return [Send("research", order) for order in state["orders"]]


fragile = StateGraph(OneNote).add_node("research", lambda order: {"note": look_up(order)})
fragile = fragile.add_conditional_edges(START, each_order, ["research"]).compile()

print(fragile.invoke({"orders": ["T-7"]})["note"])
try:
    fragile.invoke({"orders": ["T-7", "T-8", "T-9"]})
except InvalidUpdateError as error:
    print("InvalidUpdateError:", str(error).splitlines()[0])

# %% [markdown]
# One order works; the first customer with two does not. Two workers write one key in one superstep,
# and LangGraph will not guess whose note should win. A **reducer** says how they are put together:


# %%
class Survey(TypedDict):
    """Orders, and a note on each."""

    orders: list[str]
    notes: Annotated[list[str], operator.add]


def research_order(order: str) -> dict:
    """Note what the researcher finds out about an order."""
    return {"notes": [look_up(order)]}


def build_fan(node) -> object:
    """Return a graph that runs a node for each order, side by side."""
    graph = StateGraph(Survey).add_node("research", node)
    graph.add_conditional_edges(START, each_order, ["research"])
    return graph.compile(checkpointer=InMemorySaver())


ORDERS = {"orders": ["T-7", "T-8", "T-9"], "notes": []}
fan = build_fan(research_order)

# %%
model.pace(first=0.1)  # each request takes a tenth of a second
before, start = len(model.requests), time.monotonic()
one_by_one = [look_up(order) for order in ORDERS["orders"]]
asked = [(request.at - start, "one by one") for request in model.requests[before:]]

before, start = len(model.requests), time.monotonic()
side_by_side = fan.invoke(ORDERS, thread("fan"))["notes"]
asked += [(request.at - start, "side by side") for request in model.requests[before:]]
model.pace()

print(*side_by_side, sep="\n")
print("the same notes:", side_by_side == one_by_one)

# %%
pictures.timeline(asked)

# %% [markdown]
# Six requests both times; side by side they share two waits. The notes stand in the order of the `Send`s,
# whoever is ready first.
#
# A hundred `Send`s are a hundred requests at once, and then a 429. `max_concurrency` says how many run
# at the same time. It stands at the top of the config, not in `"configurable"`, where it does nothing:

# %%
running = peak = 0


async def slow_look_up(order: str) -> dict:
    """Look an order up, and count how many do so at the same time."""
    global running, peak
    running += 1
    peak = max(peak, running)
    await asyncio.sleep(0.05)
    running -= 1
    return {"notes": [order]}


hundred = {"orders": [f"T-{n}" for n in range(100)], "notes": []}
for more in ({}, {"max_concurrency": 10}):
    peak = 0
    result = await build_fan(slow_look_up).ainvoke(hundred, thread(f"hundred {more}", **more))
    print(f"{more or 'no limit'}: {peak} at once, {len(result['notes'])} notes")

# %% [markdown]
# ### One worker fails
#
# The archive of order T-8 does not answer.

# %%
down.add("T-8")
try:
    fan.invoke(ORDERS, thread("failing"))
except ConnectionError as error:
    print("raised:", error)

state = fan.get_state(thread("failing"))
print("kept:", len(state.values["notes"]), "notes | still to run:", state.next)

# %% [markdown]
# The customer gets nothing, although two of three answers were there. (They are saved.) A person who waits
# wants the two answers, **and wants to know that there is a third**. So the failure must become a note.
# Mind who reads notes: `archive-3.shop.internal` is for your log, not for customers or models.
#
# ### Exercise 7.4 - the team survives
#
# Write `careful`. `careful(look_up)` returns a node for one order, which returns `{"notes": [...]}`
# with one note: what `look_up(order)` says; or, if that fails with an exception, a sentence with the
# order's number that says it is not known, without the words of the exception. It calls `look_up` once.
# (A worker may also stop to *ask* a human: `interrupt` raises a `GraphBubbleUp`, which is imported
# above. That is no failure: lesson 3. And what is no `Exception`, such as a cancelled run, comes out.)
# A plain `def` will do: LangGraph runs each call of it in a thread. In an `async def` a `look_up`
# that waits would hold up the others.


# %% tags=["exercise", "ex4"]
def careful(look_up):
    """Return a node that notes what `look_up(order)` says, whatever happens to it."""

    # BEGIN SOLUTION
    def node(order: str) -> dict:
        try:
            return {"notes": [look_up(order)]}
        except GraphBubbleUp:
            raise
        except Exception:
            return {"notes": [f"Order {order} could not be looked up; we cannot say yet."]}

    return node
    # END SOLUTION


# %% tags=["check", "ex4"]
check.ex4(careful)
# check.ex4.hint()  # remove the first `#` for a hint

# %%
down.add("T-8")
robust = build_fan(check.ex4.or_reference(careful)(look_up))
print(*(await robust.ainvoke(ORDERS, thread("robust")))["notes"], sep="\n")
down.clear()

# %% [markdown]
# In a team of tools the same `try` stands in the tool. There it is more urgent: an exception in one
# tool ends the run (lesson 4) with the supervisor's call unanswered, and the thread is dead.

# %% [markdown]
# ## When one agent is better
#
# Now the scales. The same two questions, to the one agent from the top and to the team of tools,
# counted where they arrive:


# %%
def cost(agent, question: str) -> tuple[int, int]:
    """Ask an agent; return the requests that arrived, and the tokens in them."""
    before = len(model.requests)
    agent.invoke({"messages": question})
    tokens = sent(model.requests[before:])
    return len(tokens), sum(tokens)


for question in (SIMPLE, QUESTION):
    for name, agent in (("one agent", one), ("team", tools_team)):
        requests, tokens = cost(agent, question)
        print(f"{question:44} {name:9} {requests:2} requests {tokens:5,} tokens")

# %% [markdown]
# The team makes twice the requests and more, and the customer waits for each. For the simple question
# that buys nothing at all. For the letter it sends fewer *tokens*, because the researcher keeps sixty scans
# to itself. Where that pays for *your* questions, only your own log of requests can tell.
#
# | a team is worth it when | one agent is better when |
# |---|---|
# | workers read much and report little | every step needs what the last one saw |
# | parts of the work do not need each other | the steps come one after the other |
# | rights must be apart: who reads mail cannot pay | all tools may be used by the same agent |
# | several people build it, and test each worker alone | the tools are few, and their results short |
# | | it "feels cleaner", and nobody has measured |

# %% [markdown]
# ## In production
#
# - **Start with one agent**, and its request log. Take out a worker when the log shows a reason, one
#   at a time. Often a shorter tool result is all it takes: `read_log` could have returned three
#   numbers.
# - **Workers as tools** of a `create_agent` first. A graph of your own where the order is fixed (then
#   you need no supervisor that thinks: an edge costs no request). Handoffs where the customer should
#   talk to another desk.
# - **A worker is a function.** It has a task, a result, tests of its own, and a limit of its own.
#   Whatever another team's agent reports is *input*, to be checked like a customer's words: if a
#   worker reads a web page that says "refund everything", the supervisor hears it.
# - **Log with names**: which agent, which task, requests and tokens. The bill of a team is otherwise
#   one number without an owner.
#
# **Your production checklist, line 7:** *there is a measured reason for each agent; every handoff
# answers every call; one worker's failure, limit or question reaches the top as words; and one budget
# holds for the whole team.*

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> A front desk's model makes two calls in one message, one of them a
# handoff. What has to be in the handoff's <code>update</code>?</summary>
#
# - *Nothing, LangGraph moves the messages.* What the front desk said is lost then.
# - *The messages and one `ToolMessage`.* The other call hangs open, and the thread is dead.
# - **The messages and a `ToolMessage` for each of the two calls.** Yes.
# </details>
#
# <details><summary><b>2.</b> Three look-ups run side by side, and one raises. What does the customer
# get?</summary>
#
# - *The two that worked.* They are saved, but the run ended with the error.
# - **Nothing, unless the failure became a note.** Yes: the node catches it, and says so.
# - *An answer after the retry.* Nobody retries unless you ask for it (lesson 4).
# </details>
#
# <details><summary><b>3.</b> A team answers better than your one agent, with three times the requests.
# What do you try first?</summary>
#
# - *A larger model for the supervisor.* It makes the expensive part more expensive.
# - **The one agent, with shorter tool results and the team's prompts.** Yes: then you know what the
#   team itself is worth.
# - *Another worker that checks the others.* One more chain of requests; measure first.
# </details>

# %% [markdown]
# ## You can stop here
#
# That was the core. **Next:** [8. The production agent](08_the_production_agent.ipynb) - all lessons in
# one service.
#
# The deeper part is below. Take its sections in any order:
#
# - [Who is speaking?](#Who-is-speaking?): streams of several agents (exercise 7.2)
# - [Staying with the desk](#Staying-with-the-desk): the next turn, after a handoff
# - [An approval inside a worker](#An-approval-inside-a-worker): one question, three questions (exercise 7.5)
# - [A nightly job goes on](#A-nightly-job-goes-on): `invoke(None)` after a failure
# - [A supervisor of your own, and limits for the whole team](#A-supervisor-of-your-own,-and-limits-for-the-whole-team):
#   limits that do not add up, and a budget that does (exercise 7.6)
# - [Ready-made teams](#Ready-made-teams): three packages

# %% [markdown]
# ## Who is speaking?
#
# The team works for a while, and somebody waits. Lesson 1 streams words; here several agents write
# some. (Uses `tools_team` from the core.)

# %%
for inside in (False, True):
    words = {}
    asked, mode = {"messages": QUESTION}, "messages"
    for part in tools_team.stream(asked, stream_mode=mode, subgraphs=inside, version="v2"):
        token, where = part["data"]
        speaker = f"{len(part['ns'])} {where['lc_agent_name']:10} {type(token).__name__}"
        words[speaker] = words.get(speaker, "") + token.text
    print(f"subgraphs={inside}")
    for speaker, text in words.items():
        print(f"  {speaker:27} {text[:50]!r}")

# %% [markdown]
# Workers are graphs inside a tool, and a stream shows those only with `subgraphs=True`.
#
# `ns` says how deep the graph is that speaks (0 is the supervisor), `lc_agent_name` who it is: the
# `name=` you gave to `create_agent`. Give one to every agent, or your stream has no speakers. And
# sort before the customer sees it: the workers' drafts are in it, and the raw log.
#
# ### Exercise 7.2 - name the speaker
#
# Write the generator `spoken`. It yields `(agent, text)` for each piece of text an agent of the team
# says, as it is written: the supervisor and all workers, however deep, whatever their names. No
# results of tools, no empty pieces. It runs the team once, and an error of the team comes out of it.


# %% tags=["exercise", "ex2"]
def spoken(team, question: str):
    """Yield (name of the agent, text) for each piece of text an agent of the team says."""
    # BEGIN SOLUTION
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(spoken)
# check.ex2.hint()  # remove the first `#` for a hint

# %%
speaking = None
for agent, text in check.ex2.or_reference(spoken)(tools_team, QUESTION):
    print(text if agent == speaking else f"\n{agent:10} {text}", end="")
    speaking = agent

# %% [markdown]
# ## Staying with the desk
#
# After a handoff the next turn begins at START, so at the front desk again. If the customer should stay
# with the refunds desk, the state remembers the desk, the handoff writes it, and START asks it. (Uses
# `refund`, `track_parcel` and `whole` from the core.)


# %%
class Shop(MessagesState):
    """The conversation, and whose turn it is."""

    desk: str


@tool
def to_refunds_desk(runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk."""
    update = {"messages": whole(runtime), "desk": "refunds"}
    return Command(goto="refunds", graph=Command.PARENT, update=update)


model.when("refund 480 euros").calls("to_refunds_desk")
model.when("refund 480 euros").calls("refund").then_says("Your money is on its way.")
graph = StateGraph(Shop)
front = create_agent(llm, [track_parcel, to_refunds_desk], name="front")
graph.add_node("front", front, destinations=("refunds",))
graph.add_node("refunds", create_agent(llm, [refund], name="refunds"))
graph.add_conditional_edges(START, lambda state: state.get("desk", "front"), ["front", "refunds"])
staying = graph.compile(checkpointer=InMemorySaver())
for question in ("Hello?", "Please refund 480 euros for order T-7.", "Hello again?"):
    state = staying.invoke({"messages": question}, thread("staying"))
    print(f"{question:40} answered by {state['messages'][-1].name}")

# %% [markdown]
# Give the refunds desk a way back, too.

# %% [markdown]
# ## An approval inside a worker
#
# The worker `money` may pay, after a human has said yes. `interrupt` stands in its tool: a graph
# inside a tool inside a graph. Only the outermost one has a checkpointer; the worker finds it by
# itself. Watch what runs:

# %%
happened = []  # what ran, in order


@tool
def pay_back(order: str, amount: int) -> str:
    """Pay an order back: send its amount in euros to the customer."""
    happened.append(f"pay_back starts for {order}")
    if interrupt(f"Pay {amount} euros for order {order}?") != "yes":
        return "Rejected by a colleague."
    happened.append(f"{amount} euros for {order} leave the bank")
    return f"Paid {amount} euros for order {order}."


money_worker = create_agent(llm, [pay_back], name="money")


@tool
def money(task: str) -> str:
    """Pay money back."""
    happened.append(f"money starts: {task}")
    return money_worker.invoke({"messages": task})["messages"][-1].text


# %%
model.when("^pay back").calls("pay_back").then_says("{result}")
settle = model.when("settle case 12").calls("money", task="Pay back 480 euros for order T-7.")
settle.then_says("Settled. {result}")

bank = create_agent(llm, [money], name="supervisor", checkpointer=InMemorySaver())
before = len(model.requests)
result = bank.invoke({"messages": "Settle case 12."}, thread("case 12"))
print("asked at the top:", result["__interrupt__"][0].value)
print(*happened, sep="\n")
print(len(model.requests) - before, "requests")

# %%
result = bank.invoke(Command(resume="yes"), thread("case 12"))
print(result["messages"][-1].text)
print(*happened, sep="\n")
print(len(model.requests) - before, "requests")

# %% [markdown]
# The question rises through both graphs, and you answer at the top. Then each graph goes on where it was,
# and **what runs again is, on every level, the one node or tool that was stopped**: `money` and `pay_back`
# start over, but no model is asked twice. So the rule of lesson 3 holds on every level: nothing with an
# effect stands above the question, or above the call of the worker.
#
# ### Two workers ask at once

# %%
visits = []


def pay_order(order: str) -> dict:
    """Let the worker pay an order back."""
    visits.append(order)
    return {"notes": [money.invoke({"task": f"Pay back 20 euros for order {order}."})]}


payers = build_fan(pay_order)
payers.invoke(ORDERS, thread("payers"))

try:
    payers.invoke(Command(resume="yes"), thread("payers"))
except RuntimeError as error:
    print(str(error).split(". ")[0])

waiting = {asked.value: asked.id for asked in payers.get_state(thread("payers")).interrupts}
for question in waiting:
    print(question)

# %% [markdown]
# One answer for three questions is refused: nobody knows which is meant. Answer by id. Here the
# colleague answers two of them, one after the other:

# %%
for order in ("T-7", "T-8"):
    question = f"Pay 20 euros for order {order}?"
    payers.invoke(Command(resume={waiting[question]: "yes"}), thread("payers"))

print({order: visits.count(order) for order in ORDERS["orders"]})

# %% [markdown]
# T-9 has not been answered at all, and its node has started **three times**: each resume starts every
# worker that still waits, up to its question. So the more questions wait, the more often everything above
# them runs.
#
# ### Exercise 7.5 - settle everything
#
# Write `settle_all`. It answers whatever waits on a thread with `decide(question.value)`, until
# nothing waits any more; a worker may ask more questions after the first, and two may ask in the same
# words. Each question is decided once, and all that wait at the same time are answered **in one
# resume**. If nothing waits, it runs nothing. Other threads are left alone, and an error of
# `decide` or of the graph comes out. It returns the values of the thread's state.


# %% tags=["exercise", "ex5"]
def settle_all(graph, config: dict, decide) -> dict:
    """Answer all questions of a thread with `decide(value)`; return the state's values."""
    # BEGIN SOLUTION
    while waiting := graph.get_state(config).interrupts:
        answers = {question.id: decide(question.value) for question in waiting}
        graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
    # END SOLUTION


# %% tags=["check", "ex5"]
check.ex5(settle_all)
# check.ex5.hint()  # remove the first `#` for a hint

# %%
visits.clear()
payers.invoke(ORDERS, thread("settled"))


def decide(question: str) -> str:
    """Say yes, except for T-8."""
    return "no" if "T-8" in question else "yes"


notes = check.ex5.or_reference(settle_all)(payers, thread("settled"), decide)["notes"]
print(*notes, sep="\n")
print({order: visits.count(order) for order in ORDERS["orders"]})

# %% [markdown]
# ## A nightly job goes on
#
# Nobody waits for it, so it may fail, and go on when the archive is back. `invoke(None)` runs only what is
# missing, and even the worker goes on where it was. (Uses `fan` from the core, and its thread `failing`.)

# %%
down.clear()
before = len(model.requests)
notes = fan.invoke(None, thread("failing"))["notes"]
print(len(notes), "notes | requests made for it:", len(model.requests) - before)

# %% [markdown]
# ## A supervisor of your own, and limits for the whole team
#
# A supervisor with rules of its own is a node. It sees the question and the notes of the workers, and says
# who is next. Its answer is structured: `with_structured_output` asks the model for JSON of a schema, and
# parses it. (Uses `WORKERS` and `LEAD` from the core.)

# %%
from pydantic import BaseModel


class Step(BaseModel):
    """Who works next, and on what task; or `done`, and the answer."""

    worker: Literal["research", "code", "review", "done"]
    task: str
    answer: str


class Team(TypedDict):
    """What the team shares."""

    question: str
    task: str
    notes: Annotated[list[str], operator.add]
    spent: Annotated[int, operator.add]
    answer: str


# %%
lead = llm.with_structured_output(Step)


def supervisor(state: Team) -> Command[Literal["research", "code", "review", "__end__"]]:
    """Say who works next, or end with the answer."""
    notes = " | ".join(state["notes"]) or "none"
    step = lead.invoke([("system", LEAD), ("user", f"{state['question']} Notes: {notes}")])
    if step.worker == "done":
        return Command(goto=END, update={"answer": step.answer, "spent": 1})
    return Command(goto=step.worker, update={"task": step.task, "spent": 1})


# %%
def decides(known: str, worker: str, task: str = "", answer: str = "") -> None:
    """Teach the lesson model a decision of the supervisor. (A real one reads your prompt.)"""
    step = Step(worker=worker, task=task, answer=answer)
    model.when(f"notes: .*{known}").says(step.model_dump_json())


decides("none", "research", "Look up order T-7: price, and days late?")
decides("research", "code", "Two percent of 480 euros a day, for seven days?")
decides("code", "review", f"Is this letter all right? {LETTER}")
decides("review", "done", answer=LETTER)


# %%
def work(name: str):
    """Return a node that gives the task to a worker and notes what it says."""

    def node(state: Team) -> dict:
        messages = WORKERS[name].invoke({"messages": state["task"]})["messages"]
        asked = sum(message.type == "ai" for message in messages)
        return {"notes": [f"{name}: {messages[-1].text}"], "spent": asked}

    return node


def build(supervisor) -> object:
    """Return the team under a supervisor."""
    graph = StateGraph(Team).add_node("supervisor", supervisor).add_edge(START, "supervisor")
    for name in WORKERS:
        graph.add_node(name, work(name)).add_edge(name, "supervisor")
    return graph.compile(checkpointer=InMemorySaver())


# %%
team = build(supervisor)
result = team.invoke({"question": QUESTION, "notes": []}, thread("letter"))
print(*result["notes"], result["answer"], sep="\n")
pictures.graph(team)

# %% [markdown]
# The supervisor's `-> Command[Literal[...]]` is not decoration: the picture is drawn from it, and a
# name there without a node stops `compile`. (A misspelt `goto` raises nothing: the run ends there.)
#
# ### What the recursion limit does not limit
#
# You set `recursion_limit=5`, as lesson 5 told you. What does it limit here? This question takes the
# researcher twenty look-ups, 21 requests. First the worker is itself a node of the team, then it is
# called in a node's function:

# %%
patient = model.when("patiently")
for _ in range(20):
    patient.calls("read_log")
patient.then_says("Nothing new.")
PATIENT = {"messages": "Look at order T-7 patiently."}


def ask_research(state: MessagesState) -> dict:
    """Ask the researcher, in a function."""
    return {"messages": WORKERS["research"].invoke(state)["messages"][-1:]}


for name, node in (("as a node:", WORKERS["research"]), ("in a function:", ask_research)):
    outer = StateGraph(MessagesState).add_node("research", node).add_edge(START, "research")
    before, end = len(model.requests), "ended by itself"
    try:
        outer.compile().invoke(PATIENT, {"recursion_limit": 5})
    except GraphRecursionError as error:
        end = str(error).split(" without")[0]
    print(f"{name:15} {len(model.requests) - before:2} requests | {end}")

# %% [markdown]
# A worker that is a node gets the team's limit. One that is called in a function has its own:
# `create_agent` brings one of 9,999, and it wins over the team's. And in neither case do they **add
# up**:


# %%
class Counted(TypedDict):
    """A number."""

    number: int


def repeat(times: int, do=lambda: None) -> object:
    """Return a graph with one node that runs so many times."""

    def step(state: Counted) -> dict:
        do()
        return {"number": state["number"] + 1}

    graph = StateGraph(Counted).add_node(step).add_edge(START, "step")
    graph.add_conditional_edges("step", lambda s: END if s["number"] >= times else "step")
    return graph.compile()


steps = []
worker = repeat(8, lambda: steps.append("step"))
eight_times = repeat(8, lambda: worker.invoke({"number": 0}))
eight_times.invoke({"number": 0}, {"recursion_limit": 10})
print("recursion_limit=10, steps of the worker:", len(steps))

# %% [markdown]
# Eight rounds of the team and eight steps of its worker: each count stays below ten, and each call of
# the worker begins a new one. A limit of rounds is no limit for a team.
#
# What holds for all of them is a **budget in the shared state**. That is what `spent` was for: every
# node adds the requests it made, and the supervisor looks at the sum before it gives out work. Here
# is a supervisor that is never content:

# %%
decides("never content", "research", "Look up order T-7 again.")
NEVER = {"question": "What do you owe me?", "notes": ["never content"], "spent": 0}


def thrifty(state: Team) -> Command[Literal["research", "code", "review", "__end__"]]:
    """Lead the team as long as there is budget."""
    if state["spent"] >= 20:
        words = f"A colleague will write to you. So far: {state['notes'][-1]}"
        return Command(goto=END, update={"answer": words})
    return supervisor(state)


before = len(model.requests)
result = build(thrifty).invoke(NEVER, thread("budget"))
print(result["answer"])
print("spent, as the state says:", result["spent"], "| requests:", len(model.requests) - before)

# %% [markdown]
# The state agrees with the log, the run ends in words, and what was found is not thrown away. Two
# gaps are left. A worker is noticed only when it comes back: that is why 21 were spent, not 20, and
# one that runs away *by itself* may spend any number. And workers side by side all see the same sum;
# each may spend the whole rest.
#
# ### Exercise 7.6 (stretch) - share what is left
#
# A team for a list of tasks has a budget of `budget` requests, over all its rounds (`spent`). Write
# the two missing nodes' functions:
#
# - `share_out(state)` returns a `Send("work", {"task": ..., "share": ...})` for each task. The shares
#   are equal, and together never more than what is left. If that is less than one request for each
#   task, it returns `END`. (Without a task nothing is sent.) For instance: budget 12, spent 5, three tasks - 2 for each.
# - `work_within(job, worker)` runs the worker, with at most `job["share"]` requests, and returns
#   `{"notes": [one note], "spent": requests it made}`. The note is the worker's last words. If it was
#   stopped, the note says so, with the task; and `spent` is right all the same, also when other workers
#   run at the same time. Any other error comes out.
#
# The worker is an agent made by `create_agent`: a model's step, a tools' step, and so on. With
# `worker.stream(..., {"recursion_limit": ...})` you see each update, and may count while it runs.
# (Lesson 5: which limit allows exactly so many requests? A graph that ends by itself in exactly N steps
# needs a limit of N + 1: with a limit of N it is stopped.)


# %%
class Shared(TypedDict):
    """Tasks, the budget for them, and what came of them."""

    tasks: list[str]
    budget: int
    spent: Annotated[int, operator.add]
    notes: Annotated[list[str], operator.add]


# %% tags=["exercise", "ex6"]
def share_out(state: Shared) -> list[Send] | str:
    """Send each task, with an equal share of what is left, or END."""
    # BEGIN SOLUTION
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]
    # END SOLUTION


def work_within(job: dict, worker) -> dict:
    """Run a worker within its share; return its note and what it spent."""
    # BEGIN SOLUTION
    spent, note = 0, f"Stopped, not finished: {job['task']}"
    limit = {"recursion_limit": 2 * job["share"]}
    try:
        for update in worker.stream({"messages": job["task"]}, limit):
            if "model" in update:
                spent += 1
                (last,) = update["model"]["messages"]
        note = last.text
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
    # END SOLUTION


# %% tags=["check", "ex6"]
check.ex6(share_out, work_within)
# check.ex6.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Ready-made teams
#
# - `langgraph-supervisor` (0.0.31) says in its own README that it now recommends workers as tools
#   instead.
# - `langgraph-swarm` packs the handoffs, and remembers the active agent.
# - `deepagents` builds on `create_agent`: sub-agents with contexts of their own, planning and a file system
#   come with it.
