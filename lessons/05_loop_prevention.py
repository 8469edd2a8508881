# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 5. Loop prevention
#
# A customer asks where a parcel is. The agent looks, does not find it, and looks again. And again.
# Nothing is broken, no error is raised, nobody is told - and every round costs money.
#
# In this lesson you watch it happen, with the bill. You stop it in three ways, and see that two of them
# leave a customer who can never talk to the agent again.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 5.1 to 5.3, 25 min | the bill of a loop; `recursion_limit`, counter and budget; a stop in time, and what each stop leaves behind |
# | **Deeper** | {deeper_minutes} min | 5.4 to 5.6, 40 min | dead threads that live again; counters and resumes; circles; a budget of tokens and time; ready-made limits |

# %%
from itertools import accumulate

from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain.messages import AIMessage, HumanMessage, ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.managed import RemainingSteps
from langgraph.prebuilt import ToolNode
from langgraph.types import Command, Send, interrupt

import lesson_model
from course_utils import pictures
from exercises import loop_prevention as check

model = lesson_model.start()


def config(name: str, **more) -> dict:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}, **more}


# %% [markdown]
# ## The agent that does not stop
#
# The support desk of the tent shop can look for parcels. Read what its tool returns: it asks for
# the loop. (A real model may give up after ten rounds or after two hundred. The lesson model never
# does, so that you can measure.)

# %%
looked = []  # every time the tool really ran


@tool
def find_parcel(parcel: str) -> str:
    """Look for a parcel in the depots, by its number."""
    looked.append(parcel)
    return f"Parcel {parcel} is not in this depot. Please look again."


model.when("where is parcel").always_calls("find_parcel")
model.when("hello").says("Good morning! What can I do for you?")

saver = InMemorySaver()
desk = create_agent(ChatOpenAI(model=model.name), [find_parcel], checkpointer=saver)
LOST = {"messages": "Where is parcel P-9?"}

# %% [markdown]
# How long may it run? LangGraph counts **supersteps**: one step of the model is one, one step of
# the tools is one. `create_agent` brings a limit of its own:

# %%
print("supersteps allowed:", desk.config["recursion_limit"])

# %% [markdown]
# A graph that you build yourself has 10,007. (Have you read 25 somewhere? It was 25 up to LangGraph 1.0.5.)
# Watch the first supersteps, with a price tag. The price is an assumption of this page.

# %%
PRICE = {"input": 2.00, "output": 8.00}  # dollars for a million tokens


def used(messages) -> tuple[int, int]:
    """Return the tokens sent to the model and written by it, as it reported them."""
    reports = [m.usage_metadata for m in messages if isinstance(m, AIMessage) and m.usage_metadata]
    return sum(r["input_tokens"] for r in reports), sum(r["output_tokens"] for r in reports)


def dollars(sent: int, written: int) -> float:
    """Return what so many tokens cost."""
    return (sent * PRICE["input"] + written * PRICE["output"]) / 1_000_000


# %%
thread = config("runaway")
saver.delete_thread("runaway")  # so that this cell can be run again
rounds = []  # for each call of the model: tokens sent, tokens written

for step, update in enumerate(desk.stream(LOST, thread, stream_mode="updates"), start=1):
    if "model" in update:
        rounds.append(used(update["model"]["messages"]))
    if step == 61:  # somebody presses Stop
        break

sent, written = map(sum, zip(*rounds, strict=True))
print(f"stopped at step {step}: {len(rounds)} model calls, {sent + written:,} tokens")

# %% [markdown]
# What would the rest have cost? You do not have to pay to find out: each call sends everything said so
# far, so each is longer than the one before, always by the same amount.

# %%
print("tokens sent in the first calls:", [sent for sent, _ in rounds[:5]])
first, growth, answer = rounds[0][0], rounds[1][0] - rounds[0][0], rounds[0][1]


def tokens_sent(calls: int) -> int:
    """Compute how many tokens so many calls send."""
    return calls * first + growth * calls * (calls - 1) // 2


print("computed, it is what was measured:", tokens_sent(len(rounds)) == sent)

for calls in (31, 310, 5000):
    cost = dollars(tokens_sent(calls), calls * answer)
    print(f"{calls:5,} model calls: {tokens_sent(calls):12,} tokens sent, ${cost:7,.2f} (computed)")
print(f"the last of them alone: {first + 4999 * growth:,} tokens (computed)")

# %%
calls = range(1, len(rounds) + 1)
pictures.curves(
    {
        "paid for so far": (calls, list(accumulate(sent for sent, _ in rounds))),
        "sent in this call": (calls, [sent for sent, _ in rounds]),
    },
    x="calls of the model",
    y="tokens",
    alt="Tokens against calls of the model: the tokens of each call grow along a straight line, "
    "the tokens paid for so far along a parabola that leaves the line far below.",
)

# %% [markdown]
# Ten times the rounds, almost a hundred times the tokens: the total grows with the **square** of the steps.
#
# The customer tries something simpler:

# %%
try:
    print(desk.invoke({"messages": "Hello"}, thread)["messages"][-1].text)
except Exception as error:
    print(type(error).__name__, "-", str(error).split(".")[0])

# %% [markdown]
# The thread is dead. It was stopped between a tool call and its answer; every later request of this
# customer shows the model a call without an answer, and is refused. So this lesson has **two** questions
# about each way of stopping: does it stop the loop, and **does the next turn work?**
#
# ## Line of defence 1: `recursion_limit`
#
# It belongs in the config, at the top level, beside `configurable`. Elsewhere it is ignored
# without a word. To see it, here is a question that ends by itself, after twenty looks:

# %%
patient = model.when("patiently")
for _ in range(20):
    patient.calls("find_parcel")
patient.then_says("I looked twenty times. It is not there.")
PATIENT = {"messages": "Look for parcel P-9 patiently."}


def model_calls(agent, question: dict, config: dict, **more) -> str:
    """Ask an agent; say how often the model was called, and how it ended."""
    before, end = len(model.requests), "ended by itself"
    try:
        agent.invoke(question, config, **more)
    except Exception as error:
        end = type(error).__name__
    return f"{len(model.requests) - before} model calls, {end}"


inside = {"configurable": {"thread_id": "inside", "recursion_limit": 11}}
print("as an argument:  ", model_calls(desk, PATIENT, config("a"), recursion_limit=11))
print("in configurable: ", model_calls(desk, PATIENT, inside))
print("at the top level:", model_calls(desk, PATIENT, config("b", recursion_limit=11)))

# %% [markdown]
# Two of three do nothing. To set it once for all runs: `desk.with_config(recursion_limit=11)`. (The
# variable `LANGGRAPH_DEFAULT_RECURSION_LIMIT` is read at import, and `create_agent` keeps its 9,999.)
#
# What does it count? Supersteps, not calls. Here is the same desk with a middleware. Each of its hooks
# is a node, and each node is a superstep:


# %%
def desk_with(*middleware):
    """Return the desk with some middleware, and a checkpointer of its own."""
    llm, tools = ChatOpenAI(model=model.name), [find_parcel]
    return create_agent(llm, tools, middleware=middleware, checkpointer=InMemorySaver())


guarded = desk_with(ModelCallLimitMiddleware(run_limit=100))
pictures.graph(guarded)

# %% [markdown]
# And here is a graph that plans, and then sends 500 parcels to 500 workers at once.


# %%
def plan(state: MessagesState) -> dict:
    """Plan the work."""
    return {}


def worker(parcel: str) -> dict:
    """Look for one parcel."""
    looked.append(parcel)
    return {}


fan = StateGraph(MessagesState).add_node(plan).add_node(worker).add_edge(START, "plan")
fan.add_conditional_edges("plan", lambda _: [Send("worker", f"P-{n}") for n in range(500)])
fan = fan.compile()

# %% [markdown]
# ### Exercise 5.1 - predict
#
# The customer asks for parcel P-9, and the agent never stops by itself. How often is the model
# called until the run is over? (For D: how many workers run?)

# %%
runs = {
    "A": "desk, recursion_limit=15",
    "B": "desk, recursion_limit=16",
    "C": "guarded, recursion_limit=16",
    "D": "fan, recursion_limit=3",
}

# %% tags=["exercise", "ex1"]
# calls_made = {"A": ..., "B": ..., and so on}
# BEGIN SOLUTION
calls_made = {"A": 8, "B": 8, "C": 4, "D": 500}
# END SOLUTION

# %% tags=["check", "ex1"]
check.ex1(calls_made)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# A limit of supersteps is a limit of **rounds**, not of work, and the same number means something else as
# soon as you add a middleware.
#
# ## Line of defence 2: a counter in the state
#
# To stop gracefully, the graph itself must know when to stop. Build the desk by hand, with a third
# node: `stop`. It does two things. It **answers every open call**, and it says something to the
# customer.


# %%
class Desk(MessagesState):
    """The messages, how often the model was asked, and how many supersteps are left."""

    rounds: int
    remaining_steps: RemainingSteps


llm = ChatOpenAI(model=model.name).bind_tools([find_parcel])


def agent(state: Desk) -> dict:
    """Ask the model, and count it."""
    return {"messages": llm.invoke(state["messages"]), "rounds": state.get("rounds", 0) + 1}


def stop(state: Desk) -> dict:
    """Answer every open call, and end in words."""
    calls = state["messages"][-1].tool_calls
    closed = [ToolMessage("Not carried out: stopped.", tool_call_id=call["id"]) for call in calls]
    words = AIMessage("I have looked long enough. A colleague will write to you today.")
    return {"messages": [*closed, words]}


# %% [markdown]
# A `route` decides after each answer of the model: on to the tools, off to `stop`, or to the end.
# This one goes by the counter.


# %%
def build(route):
    """Build the desk; `route` decides after each answer of the model."""
    graph = StateGraph(Desk)
    graph.add_node(agent)
    graph.add_node("tools", ToolNode([find_parcel]))
    graph.add_node(stop)
    graph.add_edge(START, "agent")
    graph.add_conditional_edges("agent", route, ["tools", "stop", END])
    graph.add_edge("tools", "agent")
    graph.add_edge("stop", END)
    return graph.compile(checkpointer=InMemorySaver())


def route_by_counter(state: Desk) -> str:
    """Stop after eight rounds."""
    if state["rounds"] >= 8:
        return "stop"
    return "tools" if state["messages"][-1].tool_calls else END


counted = build(route_by_counter)
pictures.graph(counted)

# %%
reply = counted.invoke(LOST, config("1"))
print(reply["rounds"], "rounds, then:", reply["messages"][-1].text)

# %% [markdown]
# ## Line of defence 3: a budget of tool calls
#
# A round may hold one tool call or a hundred, and it is the calls that search, pay and send. So
# count them. The usual line for it is this one:


# %%
def count_badly(messages) -> int:
    """Count the tool calls. (The broken version.)"""
    return sum(hasattr(message, "tool_calls") for message in messages)


chats = [HumanMessage("Hello"), AIMessage("Good morning!")] * 21
requested = [
    {"name": "find_parcel", "args": {"parcel": f"P-{n}"}, "id": str(n)} for n in range(100)
]
fan_out = [HumanMessage("Find them all"), AIMessage("", tool_calls=requested)]
print("21 plain chats:", count_badly(chats), "| one message with 100 calls:", count_badly(fan_out))

# %% [markdown]
# Both numbers are wrong. **Every** `AIMessage` has the attribute `tool_calls`; it is an empty list
# if there are none. And one message may hold a hundred calls. A desk with this counter and a budget
# of twenty locks out a customer who only chats, and lets the hundred calls pass.
#
# ### Exercise 5.2 - count what costs
#
# Write `calls_this_turn(messages)`: the list of all tool calls the model made **since the customer
# last spoke** (in a `HumanMessage`), in order, as they stand in the messages, repeated calls and repeated
# ids included. Its length is the number to compare with a budget.


# %% tags=["exercise", "ex2"]
def calls_this_turn(messages) -> list:
    """Return the tool calls since the customer last spoke, in order."""
    # BEGIN SOLUTION
    calls = []
    for message in messages:
        if isinstance(message, HumanMessage):
            calls = []
        elif isinstance(message, AIMessage):
            calls += message.tool_calls
    return calls
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(calls_this_turn)
# check.ex2.hint()  # remove the first `#` for a hint

# %% [markdown]
# With it, the third line is short. The calls of the last message count, although they have not been carried
# out yet: with `>` they are refused *before* they run.

# %%
calls_this_turn = check.ex2.or_reference(calls_this_turn)


def route_by_budget(state: Desk) -> str:
    """Stop before the ninth tool call of a turn."""
    if len(calls_this_turn(state["messages"])) > 8:
        return "stop"
    return "tools" if state["messages"][-1].tool_calls else END


# %% [markdown]
# ### What each of them leaves behind
#
# Two customers put the lines to the test: one asks for the lost parcel, the other for a hundred
# parcels in one sentence. For each stop you see what it cost, how the turn ended, and what happens
# to the customer who then says hello.


# %%
def trial(name: str, graph, question: dict, limit: int = 100) -> None:
    """Ask, then say hello; print what came of both."""
    before, tools_before = len(model.requests), len(looked)
    thread = config("trial", recursion_limit=limit)
    try:
        last = graph.invoke(question, thread)["messages"][-1]
        end = "an open call" if last.tool_calls else "words"
    except Exception as error:
        end = type(error).__name__
    asked, tools = len(model.requests) - before, len(looked) - tools_before
    try:
        hello = graph.invoke({"messages": "Hello"}, thread)["messages"][-1].text
        after = "works" if hello.startswith("Good morning") else "MUTE"
    except Exception as error:
        after = f"DEAD ({error.status_code})"
    print(f"{name:18} {asked:3} calls {tools:4} tools | {end:19} | hello {after}")


# %%
def route_without_limit(state: Desk) -> str:
    """Never stop."""
    return "tools" if state["messages"][-1].tool_calls else END


MANY = {"messages": "Find the parcels " + ", ".join(f"P-{n}" for n in range(1, 101)) + "."}

for question in (LOST, MANY):
    print(question["messages"][:27], "...")
    trial("recursion_limit=15", build(route_without_limit), question, limit=15)
    trial("recursion_limit=16", build(route_without_limit), question, limit=16)
    trial("counter", build(route_by_counter), question)
    trial("tool-call budget", build(route_by_budget), question)

# %% [markdown]
# Every row of the first table stops the lost parcel. But the `recursion_limit` ends in an exception instead
# of words, and two of the four rows leave a customer behind: one in a dead thread, one with a desk that is
# mute: `rounds` goes on counting in the next turn (the deeper part cures it). And the hundred parcels pass the first three rows of the second table as if
# no limit were there; only the budget of calls sees them.
#
# So you need all of them: the budget limits the work, the counter the rounds, and the
# `recursion_limit`, set well above both, catches what you did not think of.
#
# ## Break it: 15 kills, 16 does not
#
# The steps go model, tools, model, tools. A limit of 15 ends after the eighth step of the *model*,
# a limit of 16 after the eighth step of the *tools*:

# %%
unlimited = build(route_without_limit)
for limit in (15, 16):
    limited = config(f"{limit}", recursion_limit=limit)
    print(limit, "supersteps:", model_calls(unlimited, LOST, limited), end="; ")
    state = unlimited.get_state(limited)
    print("last message:", state.values["messages"][-1].type, "| still to run:", state.next)

# %% [markdown]
# After 15 there is a call without an answer, after 16 there is none. With these two nodes an odd
# limit kills and an even one does not. (Both defaults, 9,999 and 10,007, are odd.) A thread must
# not depend on that. `remaining_steps` tells a route how near the end is. See it at each step:


# %%
def route_and_tell(state: Desk) -> str:
    """Never stop, and say how many steps are left after the one that is running."""
    step = len(state["messages"]) - 1
    print(f"   step {step} (model): remaining_steps {state['remaining_steps']}")
    return route_without_limit(state)


for number, (question, limit) in enumerate([(LOST, 5), ({"messages": "Hello"}, 1)]):
    print(f"{question['messages']} recursion_limit={limit}")
    told = config(f"told {number}", recursion_limit=limit)
    print("  ", model_calls(build(route_and_tell), question, told))

# %% [markdown]
# Step 5 of 5 has `remaining_steps` 0. And look at the "Hello": its only step was the last one of the
# limit, the answer was there - and LangGraph raised all the same. **One step has to be left over** when the
# run ends.
#
# ### Exercise 5.3 - turn off in time
#
# A colleague has tried. This route ends the run when steps get scarce. Now 16 kills as well:


# %%
def route_to_end(state: Desk) -> str:
    """End when steps get scarce. (The broken version.)"""
    if state["remaining_steps"] < 2 or not state["messages"][-1].tool_calls:
        return END
    return "tools"


for limit in (15, 16):
    trial(f"limit {limit}", build(route_to_end), LOST, limit)

# %% [markdown]
# Write `route(state)` for the desk above, without a counter of your own: many customers use one route at
# the same time. For every limit from 3 up,
# the run ends in words and raises nothing, the next turn works, and the desk goes on looking as
# long as it can: with one round less it gave up early, with one more no step is left for `stop`. An
# answer in words ends the run by itself.
#
# Which steps does the run still need, if you say "tools" now? And which one must be left over?


# %% tags=["exercise", "ex3"]
def route(state: Desk) -> str:
    """Go on, end, or turn off to `stop` while there is still room for it."""
    # BEGIN SOLUTION
    if not state["messages"][-1].tool_calls:
        return END
    # "tools" now means tools, agent and stop, and one step of the limit has to be left over.
    return "tools" if state["remaining_steps"] >= 4 else "stop"
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(route)
# check.ex3.hint()  # remove the first `#` for a hint

# %%
in_time = build(check.ex3.or_reference(route))
for limit in (3, 15, 16):
    trial(f"limit {limit}", in_time, LOST, limit)

# %% [markdown]
# ## In production
#
# - **Let the graceful limit fire first.** Set `recursion_limit` well above what the others allow:
#   each `before_model` and `after_model` hook adds a superstep to every round (`guarded`: four, not two).
# - **Say of each limit what it is for**: a turn (it begins again with each question), or a thread (it does
#   not). Limits per customer and day belong in front of the agent, where all threads meet.
# - **Cure the loop, not only its length.** "Not in any depot; do not look again" gives the model a
#   reason to stop; "please look again" gave it one to go on. And log every stop, with its thread: a
#   limit that fires often is a bug report.
# - LangChain has ready-made limits; the deeper part tries what each leaves behind. A graph with a fixed
#   number of steps and no way back needs none of this.
#
# **Your production checklist, line 5:** *rounds, tool calls, tokens and time are limited, each per
# turn or per thread on purpose, every limit ends in words, and after every kind of stop the next
# turn works.*

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> <code>agent.invoke(question, {"configurable": {"thread_id": "7",
# "recursion_limit": 10}})</code>. How many supersteps may it take?</summary>
#
# - *10.* It would, one level higher up.
# - **About ten thousand.** Yes: inside `configurable` it is a word nobody reads.
# - *25.* That was the default of older versions.
# </details>
#
# <details><summary><b>2.</b> The limit ended a run. The next question to the same thread gives a
# 400. Why?</summary>
#
# - *The limit is used up.* Every run has its own.
# - *The error is stored in the thread.* It is not; the messages are.
# - **The model's last call was never answered.** Yes. Answer every open call, on the way out or at
#   the door.
# </details>
#
# <details><summary><b>3.</b> The model asks for a hundred tool calls in one message. Which limit
# notices?</summary>
#
# - *`recursion_limit`.* All hundred run in one superstep.
# - *A counter of rounds.* It is one round.
# - **A budget of tool calls, checked before they run.** Yes.
# </details>

# %% [markdown]
# ## You can stop here
#
# That was the core. **Next:** [6. Debugging](06_debugging.ipynb) - a wrong answer, and no error.
#
# The deeper part is below. Take its sections in any order:
#
# - [Stops nobody plans](#Stops-nobody-plans): a dead thread lives again
# - [Counters and turns](#Counters-and-turns): a mute assistant (exercise 5.4), and what a resume resets
# - [Going in circles](#Going-in-circles): the same call, again (exercise 5.5)
# - [A budget for any agent](#A-budget-for-any-agent): tokens, money and time (exercise 5.6)
# - [Ready-made limits](#Ready-made-limits): which `exit_behavior` leaves a thread that works

# %% [markdown]
# ## Stops nobody plans
#
# A Stop button, a crash, an exception in a middleware: not every stop passes your `stop` node. So
# also mend at the **door**: before a turn begins, answer what an earlier one left open. An answer
# must stand right behind its call, so the whole list is replaced. (Uses `saver` and the dead `thread` of
# the core.)

# %%
from langchain.agents import AgentState
from langchain.agents.middleware import before_agent
from langchain.messages import RemoveMessage
from langgraph.graph.message import REMOVE_ALL_MESSAGES


@before_agent
def mend(state: AgentState, runtime) -> dict | None:
    """Put an answer behind every call that was left open."""
    messages, whole = state["messages"], []
    answered = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    for message in messages:
        whole.append(message)
        for call in getattr(message, "tool_calls", []):
            if call["id"] not in answered:
                whole.append(ToolMessage("Not carried out: stopped.", tool_call_id=call["id"]))
    if len(whole) > len(messages):
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *whole]}


mending = create_agent(
    ChatOpenAI(model=model.name), [find_parcel], middleware=[mend], checkpointer=saver
)
print(mending.invoke({"messages": "Hello"}, thread)["messages"][-1].text)

# %% [markdown]
# In a graph you build yourself, make `mend` its first node.
#
# While a question waits for a person (lesson 3), a call is open on purpose. A resume goes on behind
# `before_agent`, so `mend` leaves it alone. A new message does not: the open call gets its "Not carried
# out", and the question is gone. So take no message while a question waits.
#
# ## Counters and turns
#
# ### Exercise 5.4 - the assistant that goes mute
#
# The counter of the core meets a polite customer. No tool is called, ever:

# %%
polite = build(route_by_counter)
for turn in range(1, 11):
    print(turn, polite.invoke({"messages": "Hello"}, config("polite"))["messages"][-1].text)

# %% [markdown]
# The state is saved with the thread, and so is the counter. It was meant for a *turn*, but counts
# for a *lifetime*. Write `talking_desk(limit)`: it builds and returns the desk (with a checkpointer
# of its own), and stops a turn after `limit` rounds (answers of the model, whatever calls they
# hold). An answer in words ends the turn by itself, also the last one allowed. Each turn begins at
# 0, however long the thread is, whoever else is talking, and also where the turn before broke off with an
# error.
# `build` from above may help; there are several good ways.


# %% tags=["exercise", "ex4"]
def talking_desk(limit: int):
    """Build a desk that stops a turn after `limit` rounds."""
    # BEGIN SOLUTION

    def route(state: Desk) -> str:
        messages = state["messages"]
        if not messages[-1].tool_calls:
            return END
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        rounds = sum(message.type == "ai" for message in messages[asked:])
        return "stop" if rounds >= limit else "tools"

    return build(route)
    # END SOLUTION


# %% tags=["check", "ex4"]
check.ex4(talking_desk)
# check.ex4.hint()  # remove the first `#` for a hint

# %%
trial("talking_desk(8)", check.ex4.or_reference(talking_desk)(8), LOST)

# %% [markdown]
# Where a limit per turn fires, ask the customer to put it differently; where a limit per thread does, give
# them a person to write to.
#
# ### A resume is a new run
#
# A `recursion_limit` is neither. It counts per *run*, and each answer to an interrupt is a new run.
# `run_limit` of LangChain's middleware counts the same way. Here a model asks a colleague, and never takes no for an answer:

# %%
from langchain.agents.middleware import before_model

counted_calls = check.ex2.or_reference(calls_this_turn)


@tool
def ask_colleague(question: str) -> str:
    """Ask a colleague."""
    return interrupt(question)


@before_model(can_jump_to=["end"])
def three_calls(state, runtime) -> dict | None:
    """Stop, in words, after three calls since the customer last spoke."""
    if len(counted_calls(state["messages"])) >= 3:
        return {"jump_to": "end", "messages": [AIMessage("Nobody here can help. I am sorry.")]}


# %%
model.when("ask around").always_calls("ask_colleague", question="Is P-9 with you?")
limits = {
    "run_limit=3": ModelCallLimitMiddleware(run_limit=3),
    "thread_limit=3": ModelCallLimitMiddleware(thread_limit=3),
    "counted in the messages": three_calls,
}
for name, limit in limits.items():
    resumes, on = 0, config("ask", recursion_limit=30)
    asking = create_agent(
        ChatOpenAI(model=model.name),
        [ask_colleague],
        middleware=[limit],
        checkpointer=InMemorySaver(),
    )
    result = asking.invoke({"messages": "Please ask around for P-9."}, on)
    while "__interrupt__" in result and resumes < 20:
        resumes += 1
        result = asking.invoke(Command(resume="no"), on)
    hello = asking.invoke({"messages": "Hello"}, on)["messages"][-1].text if resumes < 20 else ""
    print(f"{name:24} a colleague was asked {resumes:2} times | hello: {hello[:27]}")

# %% [markdown]
# Twenty times, and only because this cell stops. A thread limit ends it, and the thread is mute. What
# holds is a count of the messages since the customer last spoke: no resume resets it.

# %% [markdown]
# ## Going in circles
#
# Eight calls are a fair budget for a desk that makes progress. But the lost parcel is asked for
# with the same words each time, and already the third look is one too many. An agent may also go
# back and forth: look for the parcel, look up the order, look for the parcel, look up the order. No
# two calls in a row are the same. (Uses `build`, `trial` and exercises 5.2 and 5.3 of the core.)
#
# ### Exercise 5.5 - the same thing again
#
# Write `in_circles(calls)`. It takes a list of calls as `calls_this_turn` returns it, and is true
# if any call - the same tool with the same arguments, in whatever order their keys stand, also inside -
# stands in it at least three times. It leaves the calls as they are.


# %% tags=["exercise", "ex5"]
def in_circles(calls: list) -> bool:
    """Say whether a call was made three times, wherever in the list."""
    # BEGIN SOLUTION
    made = [(call["name"], call["args"]) for call in calls]
    return any(made.count(call) >= 3 for call in made)
    # END SOLUTION


# %% tags=["check", "ex5"]
check.ex5(in_circles)
# check.ex5.hint()  # remove the first `#` for a hint

# %%
in_circles = check.ex5.or_reference(in_circles)
turn_off = check.ex3.or_reference(route)


def route_with_all(state: Desk) -> str:
    """Stop when it goes in circles, before the ninth call, or when steps get scarce."""
    calls = calls_this_turn(state["messages"])
    if in_circles(calls) or len(calls) > 8:
        return "stop"
    return turn_off(state)


for question in (LOST, MANY):
    trial("all together", build(route_with_all), question, limit=30)

# %% [markdown]
# Some tools are *meant* to be asked again: "is the payment through?" Leave those out of `calls`, or let the
# tool itself wait.

# %% [markdown]
# ## A budget for any agent
#
# Calls are easy to count, but you pay for tokens, and a customer pays with time. (Uses `used`, `dollars`
# and `desk_with` of the core.)
#
# ### Exercise 5.6 (stretch) - a budget for any agent
#
# A middleware can watch tokens, money and time, around any agent made by `create_agent`, without touching it:
#
# - `before_agent(state, runtime)` runs once at the beginning of each turn. What it returns goes
#   into the state - the place for what belongs to one turn of one thread. (`self` belongs to *all*
#   customers.)
# - `before_model(state, runtime)` runs before each call of the model. All calls are answered then,
#   so it is a good place to stop: `{"jump_to": "end", "messages": [...]}` ends the turn with your
#   words. A hook that jumps says so in its decorator, `hook_config` with `can_jump_to=["end"]`, or
#   it does not jump.
#
# Complete `Budget`: a turn is stopped, in words, before the next call of the model, as soon as it
# has used `self.tokens` tokens (sent and written), or `self.dollars`, or `self.seconds`
# (`time.monotonic()`; parts of a second count). Use `used` and `dollars` from above. The next turn begins
# at 0.

# %%
import time
from typing import NotRequired

from langchain.agents import AgentState
from langchain.agents.middleware import AgentMiddleware, hook_config


class TurnState(AgentState):
    """The state of an agent, and when the turn began."""

    started: NotRequired[float]


class TurnLimits(AgentMiddleware[TurnState]):
    """What a turn may use. `Budget` adds what happens then."""

    state_schema = TurnState

    def __init__(self, tokens: int, dollars: float, seconds: float) -> None:
        super().__init__()
        self.tokens, self.dollars, self.seconds = tokens, dollars, seconds


# %% tags=["exercise", "ex6"]
class Budget(TurnLimits):
    """Stop a turn, in words, once it has used up what it may."""

    # BEGIN SOLUTION
    def before_agent(self, state, runtime):
        return {"started": time.monotonic()}

    @hook_config(can_jump_to=["end"])
    def before_model(self, state, runtime):
        messages = state["messages"]
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        sent, written = used(messages[asked:])
        if (
            sent + written >= self.tokens
            or dollars(sent, written) >= self.dollars
            or time.monotonic() - state["started"] >= self.seconds
        ):
            words = "I stop here, this has become too much. A colleague will write to you."
            return {"jump_to": "end", "messages": [AIMessage(words)]}

    # END SOLUTION


# %% tags=["check", "ex6"]
check.ex6(Budget)
# check.ex6.hint()  # remove the first `#` for a hint

# %%
Budget = check.ex6.or_reference(Budget)
trial("1,500 tokens", desk_with(Budget(tokens=1_500, dollars=1, seconds=60)), LOST)
trial("half a cent", desk_with(Budget(tokens=1_000_000, dollars=0.005, seconds=60)), LOST)

model.pace(first=0.05)  # a call of the model now takes a twentieth of a second, or more
hasty = desk_with(Budget(tokens=1_000_000, dollars=1, seconds=0.3))
calls = calls_this_turn(hasty.invoke(LOST, config("hasty"))["messages"])
model.pace()
print("0.3 seconds, and fewer than eight calls:", len(calls) < 8)

# %% [markdown]
# Two things such a budget cannot do. It stops *between* calls, so it may be exceeded by one call,
# and a tool that hangs holds it up: that needs a timeout (lesson 4). And a stream without
# `stream_usage=True` reports no tokens (lesson 1), so this budget counts none.
#
# ## Ready-made limits
#
# LangChain has two of these lines ready made. Their `exit_behavior` decides what the customer
# finds next time, so try it before you choose. (Uses `trial` and `desk_with` of the core.)

# %%
from langchain.agents.middleware import ToolCallLimitMiddleware

for way in ("end", "error"):
    limit = ModelCallLimitMiddleware(run_limit=4, exit_behavior=way)
    trial(f"model calls, {way}", desk_with(limit), LOST, limit=40)
for way in ("end", "error", "continue"):
    limit = ToolCallLimitMiddleware(run_limit=4, exit_behavior=way)
    trial(f"tool calls, {way}", desk_with(limit), LOST, limit=40)
trial("  one step later", desk_with(limit), LOST, limit=41)
trial("  hundred parcels", desk_with(limit), MANY, limit=40)
trial("thread_limit, end", desk_with(ModelCallLimitMiddleware(thread_limit=4)), LOST, limit=40)

# %% [markdown]
# - **`"end"`** leaves a thread that works. Its words are not for customers ("Model call limits
#   exceeded: run limit (4/4)"): replace them on the way out.
# - **`"error"`** of the tool limit raises between a call and its answer: a dead thread. Use it with
#   `mend` at the door, or not at all.
# - **`"continue"`**, the default of the tool limit, refuses the calls and lets the model go on. A
#   model that listens answers with what it has, as for the hundred parcels. One that does not
#   listen goes on asking until another limit ends it, and then one step decides. Put a
#   `ModelCallLimitMiddleware` beside it.
