# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 1. Streaming
#
# A customer asks your agent a question and looks at an empty page. The agent is working. After a few
# seconds of nothing, the customer leaves.
#
# In this lesson the same agent shows its first words in a fraction of the wait.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 1.1 to 1.3, 25 min | words as they are written, an agent inside a graph, a cut answer, a stop that stops |
# | **Deeper** | {deeper_minutes} min | 1.4 to 1.6, 40 min | progress, empty pages, a Stop button, a stall, event streaming, tokens |

# %%
import asyncio
import html
import logging
import time
import warnings
from contextlib import aclosing

import ipywidgets
from langchain.agents import create_agent
from langchain.messages import AIMessageChunk
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.config import get_stream_writer
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.types import RetryPolicy, TimeoutPolicy, interrupt

import lesson_model
from course_utils import buttons, pictures
from exercises import streaming as check

model = lesson_model.start()

# %% [markdown]
# ## The silence
#
# Here is the support desk of a small shop that sells tents: one model, one tool. (`pace` makes the
# lesson model write about three times faster than a hosted one.)

# %%
model.when("send .* back").says(
    "Yes. You have thirty days to send a tent back, and we pay the postage. Dry it first, please: "
    "a wet tent in a closed box is soon a tent full of mould. Write the order number on the parcel, "
    "take it to any post office, and keep the receipt. Your money is back three days later."
)
model.pace(first=0.1, per_token=0.015)


@tool
def track_parcel(parcel: str) -> str:
    """Say where a parcel is, by its number."""
    return f"Parcel {parcel} left the warehouse this morning and arrives on Friday."


desk = create_agent(ChatOpenAI(model=model.name), [track_parcel])
question = {"messages": "Can I send a tent back?"}

# %% [markdown]
# Ask it with `invoke`, and keep two times:


# %%
def first_word_and_end(chunks) -> tuple[float | None, float]:
    """Return the seconds until a chunk holds the answer's first word, and until the end."""
    start, first = time.monotonic(), None
    for chunk in chunks:
        if first is None and "Yes" in str(chunk):
            first = time.monotonic() - start
    return first, time.monotonic() - start


# A generator of one chunk: `invoke` is called when the clock runs.
measured = {"invoke": first_word_and_end(desk.invoke(question) for _ in range(1))}

first, end = measured["invoke"]
print(f"invoke: silent for {round(first / end, 1):.0%} of the wait")

# %% [markdown]
# So you reach for `stream`, and run it as everybody does first:

# %%
for chunk in desk.stream(question):
    print(chunk.keys())

measured["default mode"] = first_word_and_end(desk.stream(question))
first, end = measured["default mode"]
print("first words before half of the wait is over:", first < end / 2)

# %% [markdown]
# By default a graph streams **updates**: what each node returned, when it returned. Streaming the
# graph is not streaming the words.
#
# ## The pattern
#
# `stream_mode="messages"` sends the words while the model writes them. Each item is a pair: a piece
# of a message, and where it comes from.

# %%
for token, where in desk.stream(question, stream_mode="messages"):
    print(token.text, end="", flush=True)

# %%
measured["messages"] = first_word_and_end(desk.stream(question, stream_mode="messages"))
first, end = measured["messages"]
print("first words before half of the wait is over:", first < end / 2)

# %%
pictures.waits(measured)

# %% [markdown]
# All bars are about equally long: streaming makes nothing faster. It moves the first words to the
# front.
#
# **When to stream.** Stream when a *person waits* longer than about two seconds, wants progress, or
# reads along. Use `invoke` when *nobody watches*, when a program needs the whole answer, or when
# the answer is there at once. If a person sits behind your back end, pass the stream on.

# %% [markdown]
# ### Exercise 1.1 - who waits?
#
# Sort these into `"invoke"`, `"updates"` (a line for each finished step) and `"messages"` (words as
# they are written). Give a dictionary, one of the three for each letter.

# %%
cases = {
    "A": "a chat window",
    "B": "a nightly job that labels 10,000 old tickets",
    "C": "a page that shows 'step 3 of 7' while seven nodes compile a report",
    "D": "the back end of a chat app: it only passes on what the browser will show",
    "E": "a function that asks for JSON and parses it",
    "F": "a phone assistant that starts to speak with the first sentence",
    "G": "a node that asks a small model for 'yes' or 'no', to choose the next node",
}

# %% tags=["exercise", "ex1"]
# best = {"A": ..., "B": ..., and so on}
# BEGIN SOLUTION
best = {
    "A": "messages",
    "B": "invoke",
    "C": "updates",
    "D": "messages",
    "E": "invoke",
    "F": "messages",
    "G": "invoke",
}
# END SOLUTION

# %% tags=["check", "ex1"]
check.ex1(best)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# ### Exercise 1.2 - it only looks like streaming
#
# A colleague has "added streaming". The page shows one word after the other - after the same long
# silence. Fix `answer`: it asks `desk` once and shows its answer with `show(text)`, piece by piece,
# while the model writes: something before the model is half through, and at least half of the answer
# before it writes the last word. `answer` returns when the last piece has been shown. An error comes
# out of it or of a thread it starts, also in the middle of an answer. (The check lets the model wait
# there for what you show; its questions need no tool. A piece may be a token or a whole sentence.)


# %%
def answer_slowly(question: str, show) -> None:
    """Show the desk's answer piece by piece. (The broken version.)"""
    reply = desk.invoke({"messages": question})["messages"][-1].text
    for word in reply.split(" "):
        show(word + " ")


# %% tags=["exercise", "ex2"]
def answer(question: str, show) -> None:
    """Show the desk's answer piece by piece with `show(text)`, as early as possible."""
    # BEGIN SOLUTION
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        if token.text:
            show(token.text)
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(answer)
# check.ex2.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Not every word is for the customer
#
# Now a desk with a tool that takes several steps:


# %%
@tool
def pack_order(order: str) -> str:
    """Pack an order, and report each step."""
    report = get_stream_writer()
    for step in ("tent", "pegs", "label"):
        report(f"packing {order}: {step}")
        time.sleep(0.05)
    return f"Order {order} is packed."


model.pace()  # back to no waiting at all
model.when("pack").calls("pack_order").then_says("Done. {result}")
# The checkpointer saves what is said under a `thread_id`: lesson 2 is about that.
packer = create_agent(ChatOpenAI(model=model.name), [pack_order], checkpointer=InMemorySaver())
order = {"messages": "Please pack order T-7."}

thread = {"configurable": {"thread_id": "pieces"}}
for token, where in packer.stream(order, thread, stream_mode="messages"):
    kind = type(token).__name__
    pieces = [(piece["name"], piece["args"]) for piece in getattr(token, "tool_call_chunks", [])]
    if pieces or token.text:
        print(f"{where['langgraph_node']:6} {kind:15} {pieces or repr(token.text)}")

# %% [markdown]
# Three things share this stream: pieces of a tool call (`text` is empty), the tool's *result* (a
# whole `ToolMessage`, from the node `tools`), and the words for the customer. A loop that prints
# every `token.text` shows the customer your tool's raw output. Look at the class, or at
# `where["langgraph_node"]`.
#
# A second model may be in this stream, too:

# %%
model.when("yes or no").says("yes")


def decide(state: MessagesState) -> dict:
    """Let a small model decide."""
    small.invoke("Is this about money? Say yes or no.")
    return {}


router = StateGraph(MessagesState).add_node(decide).add_edge(START, "decide").compile()
for tags in ([], ["nostream"]):
    small = ChatOpenAI(model=model.name, tags=tags)
    words = [token.text for token, _ in router.stream(question, stream_mode="messages")]
    print(f"tags={tags}: the customer reads {''.join(words)!r}")

# %% [markdown]
# Tag a model that only decides with `nostream`, and do not return its message into `messages`: the
# tag hides words, not a message that a node puts into the state.
#
# ### Exercise 1.3 - nobody wants to read this
#
# Customers of another shop read dictionaries: its page prints every chunk of the default mode.
# Write `print_reply(agent, question)`: it runs the agent once and prints the words the *model*
# writes, as they arrive - no dictionaries, no tool results, no line break between two pieces. (One
# between two messages is fine, and a word may wait until the next one begins, the last one before a
# tool, too.) What the model says beside a tool call ("I will look.") is printed as well, before the
# tool works. An error of the model or of a tool comes out. The check lets agents with and without
# tools answer; model and tools wait for what you print. To try it yourself, take an agent without a
# checkpointer, which needs no `thread_id`:
# `print_reply(create_agent(ChatOpenAI(model=model.name), [pack_order]), "Pack T-7.")`.


# %% tags=["exercise", "ex3"]
def print_reply(agent, question: str) -> None:
    """Print the model's words as they arrive, and nothing else."""
    # BEGIN SOLUTION
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(token.text, end="")
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(print_reply)
# check.ex3.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Break it
#
# Streams fail quietly.
#
# ### An agent inside a graph
#
# A finished agent can be a node of a larger graph. (With `version="v2"` each item is a dictionary;
# its `data` is the pair you know.)


# %%
inner = create_agent(ChatOpenAI(model=model.name), [pack_order])
shop = StateGraph(MessagesState).add_node("packer", inner).add_edge(START, "packer").compile()

for inside in (False, True):
    run = shop.stream(order, stream_mode="messages", subgraphs=inside, version="v2")
    tokens = [part["data"][0] for part in run]
    shown = "".join(token.text for token in tokens if isinstance(token, AIMessageChunk))
    print(f"subgraphs={inside}: {shown!r}")

# %%
pictures.graph(shop, xray=True)

# %% [markdown]
# Without `subgraphs=True` the page stays empty. An inner agent's answer comes once, as a whole
# `AIMessage`, from the outer node `packer`.
#
# ### An answer cut in the middle
#
# Somewhere between the model and you, a proxy gives up and closes the connection politely.

# %%
model.fail("truncate", after=12)
try:
    desk.invoke(question)
except Exception as error:
    print("invoke raised a", type(error).__name__)

model.fail("truncate", after=12)
whole = None
for token, _ in desk.stream(question, stream_mode="messages"):
    print(token.text, end="")
    whole = token if whole is None else whole + token
print("\nwhy it ended:", whole.response_metadata.get("finish_reason"))

# %% [markdown]
# Half of a JSON answer is no JSON, so `invoke` fails loudly. Half of a stream is a short text, and
# nothing is raised. What tells the difference is **`finish_reason`**: `"stop"` when the model was
# done, `"length"` when it ran out of tokens, and none at all here. (Other breaks do raise.)
#
# ### A stop button that does not stop
#
# The customer has read enough and presses Stop. You leave the loop:

# %%
model.pace(first=0.05, per_token=0.02)
for token, _ in desk.stream(question, stream_mode="messages"):
    if token.text:
        print("the customer has seen:", token.text)
        break

print("the model was stopped:", model.requests[-1].aborted)

# %% [markdown]
# The node runs to its end: you pay for every word. Python cannot stop a running thread; LangGraph waits
# for it. (Whether a thread with a checkpointer keeps the answer that nobody saw is chance: saving it
# races with the closing of the stream.)
#
# **Async** code can be stopped, but not by leaving the loop alone: while anything still refers to
# the stream, the node goes on.

# %%
# With a checkpointer, to see afterwards what is saved of the conversation (lesson 2).
saved = create_agent(ChatOpenAI(model=model.name), [track_parcel], checkpointer=InMemorySaver())

left = saved.astream(question, {"configurable": {"thread_id": "left"}}, stream_mode="messages")
async for token, _ in left:
    if token.text:
        break

await asyncio.to_thread(model.requests[-1].wait)
print("the model was stopped:", model.requests[-1].aborted)

# %% [markdown]
# `aclosing` closes the stream when you leave, which cancels the node and the request behind it:

# %%
model.pace(first=0.05, per_token=1)  # so slow that there is a lot to stop
thread = {"configurable": {"thread_id": "stop, async"}}

async with aclosing(saved.astream(question, thread, stream_mode="messages")) as tokens:
    async for token, _ in tokens:
        if token.text:
            print("the customer has seen:", token.text)
            break

state = await saved.aget_state(thread)
print("saved in the thread:  ", [m.type for m in state.values["messages"]])
print("still to run:         ", state.next)

await asyncio.to_thread(model.requests[-1].wait)  # for its next word
print("the model was stopped:", model.requests[-1].aborted)
model.pace()

# %% [markdown]
# The node did not finish: the thread stands *before* it.

# %% [markdown]
# ## In production
#
# - **Stream over HTTP** as server-sent events, one event a part.
# - **Async from end to end**, or nothing can be stopped. One event loop: all `ChatOpenAI` share an
#   HTTP client, which belongs to the first loop. In the next, a new one fails, too ("Event loop is
#   closed"), unless it has an `http_async_client` of its own.
# - **Do not stream** what must be checked as a whole first: a word once shown cannot be taken back.
#
# **Your production checklist, line 1:** *the first words come early, an answer without
# `finish_reason="stop"` is treated as incomplete, and leaving stops the model.*

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> A customer leaves in the middle of a sync stream. What do you pay
# for?</summary>
#
# - *The words that were shown.* So it is after an async stream was closed.
# - **The whole answer.** Yes: the node runs to its end. Whether that is saved is chance.
# - *Nothing.* The model had begun to write.
# </details>
#
# <details><summary><b>2.</b> The stream ended, no exception. Was that the answer?</summary>
#
# - *Yes, otherwise it would raise.* A polite close in the middle raises nothing.
# - **Only if `finish_reason` is "stop".** Yes.
# </details>
#
# <details><summary><b>3.</b> A graph has two finished agents as nodes. Its page, in mode
# <code>messages</code>, stays empty until each of them is done. Why?</summary>
#
# - *The agents do not stream.* They do; nobody passes the words on.
# - **`subgraphs=True` is missing.** Yes. Then `ns` says which agent wrote a word.
# - *The filter looks for the wrong class.* Without `subgraphs=True` no filter finds pieces.
# </details>

# %% [markdown]
# ## You can stop here
#
# **Next:** [2. Persistence](02_persistence.ipynb) - a restart, and the agent has forgotten
# everything.
#
# Below is the deeper part, in any order (with `desk`, `packer` and `saved` from the core):
#
# [Progress and words](#Progress-and-words) (exercise 1.4) · [Pages that stay
# empty](#Pages-that-stay-empty) · [A Stop button](#A-Stop-button) (1.5) · [A stall between two
# words](#A-stall-between-two-words) · [Event streaming](#Event-streaming) · [What did it
# cost?](#What-did-it-cost?) (1.6)

# %% [markdown]
# ## Progress and words
#
# | mode | a chunk is | use it for |
# |---|---|---|
# | `updates` (default) | what a node returned | "step 3 of 7", logs |
# | `values` | the whole state after each step | small states, debugging |
# | `messages` | a piece of a message, and where it comes from | words for a person |
# | `custom` | whatever a node or tool writes with `get_stream_writer()` | progress inside a step |
# | `tasks` | a node starts; a node ends, with result or error | timing, a live graph |
# | `checkpoints` | each saved checkpoint | persistence, lesson 2 |
# | `debug` | `tasks` and `checkpoints` together | lesson 6 |
#
# Give a list to get several at once. With `version="v2"` every chunk has the same shape: a
# dictionary with `type`, `ns` (which graph) and `data`.

# %%
model.pace(first=0.1, per_token=0.015)
thread, start, arrivals = {"configurable": {"thread_id": "several"}}, time.monotonic(), []
modes = ["updates", "custom", "messages"]
for part in packer.stream(order, thread, stream_mode=modes, version="v2"):
    arrivals.append((time.monotonic() - start, part["type"]))
    if part["type"] != "messages":
        print(part["type"], "|", part["data"] if part["type"] == "custom" else list(part["data"]))
model.pace()

pictures.timeline(arrivals)

# %% [markdown]
# Progress arrives *during* the step; its update comes after it. The marks of "messages" before it
# are the pieces of the tool call.
#
# ### Exercise 1.4 - progress and words in one display
#
# A customer who waits for a packed order wants to see both: what the desk is doing, and then its
# answer. Write a generator that yields `("progress", text)` for each report of a tool and `("words",
# text)` for each piece the model writes (beside a tool call, too), in the order and at the moment
# they arrive, from **one** run of the agent. (A word may wait until the next one begins.) There may
# be no tool call, or several; the same report may come twice. An error of the model or of a tool
# comes out of the generator or of a thread it starts. Tools and model wait in the check until your
# generator has yielded what there is.


# %% tags=["exercise", "ex4"]
def progress_and_words(agent, question: str):
    """Yield ("progress", text) and ("words", text) as they arrive."""
    # BEGIN SOLUTION
    modes = ["custom", "messages"]
    for part in agent.stream({"messages": question}, stream_mode=modes, version="v2"):
        if part["type"] == "custom":
            yield "progress", part["data"]
        else:
            token, where = part["data"]
            if where["langgraph_node"] == "model" and token.text:
                yield "words", token.text
    # END SOLUTION


# %% tags=["check", "ex4"]
check.ex4(progress_and_words)
# check.ex4.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## Pages that stay empty
#
# A misspelt mode:

# %%
print(list(desk.stream(question, stream_mode="message")))

# %% [markdown]
# LangGraph accepts any word for a mode.
#
# And a question that nobody sees:


# %%
def ask_first(state: MessagesState) -> dict:
    """Ask a human before anything is sent back."""
    interrupt("May I refund order T-7?")
    return {}


careful = StateGraph(MessagesState).add_node(ask_first).add_edge(START, "ask_first")
careful = careful.compile(checkpointer=InMemorySaver())

for mode in ("updates", "values", "messages"):
    thread = {"configurable": {"thread_id": mode}}
    chunks = list(careful.stream(question, thread, stream_mode=mode))
    print(f"{mode:9} shows the question: {'refund' in str(chunks)}")

# %% [markdown]
# `messages` alone shows nothing, and the agent waits forever. Add `"updates"` wherever an agent may
# ask.

# %% [markdown]
# ## A Stop button
#
# The core left a thread *before* the model node. Go on from there by giving `None` instead of a new
# question:

# %%
went_on = await saved.ainvoke(None, {"configurable": {"thread_id": "stop, async"}})
print([m.type for m in went_on["messages"]], went_on["messages"][-1].text[:24], "...")
model.pace(per_token=0.1)  # slow enough to press a button

# %% [markdown]
# To press Stop yourself, remove the line with `observe` and run both cells.

# %%
screen = ipywidgets.HTML()
stop = ipywidgets.Button(description="Stop", icon="stop")
thread = {"configurable": {"thread_id": "button"}}


async def write_on_screen() -> None:
    """Stream the answer into the widget."""
    async with aclosing(saved.astream(question, thread, stream_mode="messages")) as tokens:
        async for token, _ in tokens:
            screen.value += html.escape(token.text)


writing = asyncio.create_task(write_on_screen())
stop.on_click(lambda _: writing.cancel())


def press_after_forty(change) -> None:
    """Press Stop when forty characters are on the screen."""
    if len(change.new) > 40:
        stop.click()


screen.observe(press_after_forty, "value")

buttons.show(ipywidgets.VBox([stop, screen]), "a Stop button", code="writing.cancel()")

# %%
try:
    await writing
except asyncio.CancelledError:
    print("stopped; still to run:", saved.get_state(thread).next)

model.pace()

# %% [markdown]
# ### Exercise 1.5 - stop, and go on
#
# Write the two halves of "Stop" and "Continue". `read_some` asks the question as it is, reads the
# answer until it has at least `enough` characters (a word or two more are fine; more must not even
# be read), **stops the model**, and returns what it has read. A shorter answer is returned whole.
# The check holds on to your stream: close it. `read_on` goes on from the thread as it stands and
# returns the whole answer; an error of the model comes out of it. Afterwards the thread must hold
# the question once, after whatever it held before. Several customers may stop before one goes on.
# (The agent has no tools.)


# %% tags=["exercise", "ex5"]
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    """Ask, stop the model once `enough` characters have been read, return them."""
    # BEGIN SOLUTION
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) >= enough:
                break
    return seen
    # END SOLUTION


async def read_on(agent, thread: dict) -> str:
    """Go on with a stopped thread and return the whole answer."""
    # BEGIN SOLUTION
    reply = await agent.ainvoke(None, thread)
    return reply["messages"][-1].text
    # END SOLUTION


# %% tags=["check", "ex5"]
check.ex5(read_some, read_on)
# check.ex5.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## A stall between two words
#
# A sync stream waits without limit unless `ChatOpenAI` has a `timeout`; an async one waits 120
# seconds, its `stream_chunk_timeout`. An async node can have an `idle_timeout`, too. Under a
# `RetryPolicy` (lesson 4) the two differ:

# %% tags=["wait-3"]
logging.getLogger("langchain_openai").setLevel(logging.ERROR)  # it says that a limit was hit
model.when("stall").says("one two three")
llm = ChatOpenAI(model=model.name, stream_chunk_timeout=2)


async def talk(state: MessagesState) -> dict:
    """Ask the model."""
    return {"messages": await llm.ainvoke(state["messages"])}


for guard in (None, TimeoutPolicy(idle_timeout=1)):
    builder = StateGraph(MessagesState).add_edge(START, "talk")
    builder.add_node(talk, retry_policy=RetryPolicy(initial_interval=0.01), timeout=guard)
    model.fail("stall", after=2, seconds=4)
    talker = builder.compile().astream({"messages": "stall"}, stream_mode="messages")
    try:
        async for token, _ in talker:
            print(token.text, end="")
        print(" | idle_timeout: tried again")
    except TimeoutError as error:
        print(" |", type(error).__name__)

# %% [markdown]
# The first error is an `OSError`, which the policy does not retry by default. The second is retried,
# and the customer reads the beginning twice. Choose one guard, and clear the half answer before a
# second try.

# %% [markdown]
# ## Event streaming
#
# LangGraph 1.2 brought a second way to read a run: each kind of news has an iterator of its own.

# %%
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always", DeprecationWarning)  # none about sockets
    run = packer.stream_events(order, {"configurable": {"thread_id": "v3"}}, version="v3")
    for message in run.messages:
        print(message.node, "|", "".join(message.text))

print("warns:", {warning.category.__name__ for warning in caught})
print("saved as content: a", type(run.output["messages"][-1].content).__name__)

# %% [markdown]
# The documentation recommends it for new applications; its classes still warn that it is beta. If
# you take it: nothing runs until you read; reports of `get_stream_writer()` do not come unless you
# ask for them; an inner agent is under `run.subgraphs`; and the thread then holds *lists* as
# `content`, so read `.text`, always.

# %% [markdown]
# ## What did it cost?
#
# With your own endpoint (`base_url`) LangChain does not ask a stream for its token count, unless you
# say so:

# %%
model.pace()
for usage in (None, True):
    llm = ChatOpenAI(model=model.name, stream_usage=usage)
    answer_so_far = None
    for token in llm.stream("Can I send a tent back?"):
        answer_so_far = token if answer_so_far is None else answer_so_far + token
    counted = answer_so_far.usage_metadata and answer_so_far.usage_metadata["output_tokens"]
    print(f"stream_usage={usage}: {counted} output tokens")

# %% [markdown]
# ### Exercise 1.6 (stretch) - a stream with a receipt
#
# Put the lesson together. `show_with_receipt` builds its own `ChatOpenAI(model=model.name, ...)`,
# sends one request, shows the words as they come, and returns a receipt: `{"tokens": total tokens
# used, or None where no count came, "complete": True only if the model said it was done}`. The check
# lets the model wait for what you show, cuts a stream in the middle, lets another run out of tokens,
# and lets a filter stop a third.


# %% tags=["exercise", "ex6"]
def show_with_receipt(question: str, show) -> dict:
    """Show the words as they come; return {"tokens": ..., "complete": ...}."""
    # BEGIN SOLUTION
    receipt = {"tokens": None, "complete": False}
    for token in ChatOpenAI(model=model.name, stream_usage=True).stream(question):
        if token.text:
            show(token.text)
        if token.usage_metadata:
            receipt["tokens"] = token.usage_metadata["total_tokens"]
        if "finish_reason" in token.response_metadata:
            receipt["complete"] = token.response_metadata["finish_reason"] == "stop"
    return receipt
    # END SOLUTION


# %% tags=["check", "ex6"]
check.ex6(show_with_receipt)
# check.ex6.hint()  # remove the first `#` for a hint
