# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # Start here
#
# You have built an agent that works on your laptop. Now it has to work for other people: people who
# wait, come back tomorrow, press the wrong button, and never read the error message. This course is
# about that second part.
#
# In ten lessons you make agents fail - for real, on your machine - and then fix them. At the end
# you have an agent that streams, remembers, asks before it acts, survives failing services, cannot
# run away, can be debugged, and can be deployed. You need no API key and no network.
#
# Every lesson has two speeds, and a box like this one. The **core** is whole by itself: 35 to 45
# minutes with its three exercises. After the line *You can stop here* comes the **deeper** part, in
# sections to take in any order, now or later.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 0.1 to 0.3, 25 min | is everything ready, a first agent, who answers, how exercises work |
# | **Deeper** | {deeper_minutes} min | 0.4, 20 min | a real model, reading a thread, keeping your work |
#
# Run the cells from top to bottom with **Shift + Enter**. Where a page opened again tomorrow says
# "Error displaying widget", or that a name "is not defined", its kernel is new: *Run > Run All Above
# Selected Cell*.
#
# ## Is everything ready?

# %%
from lab.doctor import doctor

doctor()

# %% [markdown]
# If a line has a cross, it says what to do. Then choose *Kernel > Restart Kernel* and run again.
#
# ## A first agent
#
# A small shop sells tents. Its support desk is an agent: a model that may call a tool.

# %%
from langchain.agents import create_agent
from langchain.messages import AIMessage, HumanMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI

import lesson_model
from exercises import start_here as check
from exercises.core import progress

model = lesson_model.start()


@tool
def order_status(order: str) -> str:
    """Look up the status of an order by its number."""
    return f"Order {order} was packed this morning and arrives on Friday."


desk = create_agent(ChatOpenAI(model=model.name), [order_status])
reply = desk.invoke({"messages": "What is the status of order T-7?"})

for message in reply["messages"]:
    message.pretty_print()

# %% [markdown]
# Four messages: the question, the model's tool call, the tool's result, the answer. You will look at
# this list in every lesson: *the list is the agent's whole memory*.
#
# ## Who answered?
#
# Not OpenAI. `lesson_model.start()` started a server on this machine which speaks OpenAI's protocol,
# and pointed `ChatOpenAI` at it. Real requests went over real HTTP:

# %%
for request in model.requests:
    print(request.path, "with", len(request.body["messages"]), "message(s) ->", request.status)

# %% [markdown]
# So this is the code you will ship, and the SDK's timeouts, retries and errors are the real ones.
# The server is as strict as the real one, too. Send it a list of messages (a *thread*, as
# conversations are called from now on) in which a tool call was never answered - the most common way
# to break an agent for good:

# %%
call = {"name": "order_status", "args": {"order": "T-7"}, "id": "call_1"}
try:
    ChatOpenAI(model=model.name).invoke([HumanMessage("Hi"), AIMessage("", tool_calls=[call])])
except Exception as error:
    print(type(error).__name__, "-", error)

# %% [markdown]
# (The error's class is a kind of the SDK's `BadRequestError`; that is the one to catch.)
#
# What the lesson model is *not* is clever. It picks the tool that fits the words, fills in the
# arguments, and uses the results. The same request always gets the same answer, so you can trust
# what a lesson shows. Where it has nothing to say, it says so:

# %%
print(desk.invoke({"messages": "Why do people go camping?"})["messages"][-1].text)

# %% [markdown]
# A lesson can tell it what to do, in one line. Here are two such lines; `help(lesson_model)` lists
# them all.

# %%
model.when("camping").says("To sleep under the stars, and to wake up early.")
print(desk.invoke({"messages": "Why do people go camping?"})["messages"][-1].text)

model.fail("rate_limit", times=2, retry_after=0.1)
print(desk.invoke({"messages": "Why do people go camping?"})["messages"][-1].text)
print("status of the last three requests:", [request.status for request in model.requests[-3:]])

# %% [markdown]
# The last answer took three requests: the service refused two of them, and the SDK waited and tried
# again without telling you. Lesson 4 is about that.

# %% [markdown]
# ## How exercises work
#
# Each exercise has a cell to complete and a cell that checks it. Run the check below now, before you
# have written anything, and read what it says.
#
# ### Exercise 0.1 - count
#
# A customer asks one question. The model needs one tool, once, to answer it. How many HTTP requests
# does the model receive? You have seen it above: count, replace the `...` with your number, and run
# both cells.

# %% tags=["exercise", "ex1"]
# BEGIN SOLUTION
requests_for_one_question = 2
# END SOLUTION

# %% tags=["check", "ex1"]
check.ex1(requests_for_one_question)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# A check says what it tried, what came back, what it expected, and what the likely cause is. Three
# hints are there if you want them, from vague to telling: put `check.ex1.hint()`,
# `check.ex1.hint(2)` or `check.ex1.hint(3)` in a cell. The same page with all answers is in the
# folder `solutions`. A check looks at what your code *does*: if your way works, it is right.
#
# ### Exercise 0.2 - the tool that is never called
#
# A colleague wrote a tool for the opening hours. The desk never uses it:

# %%
HOURS = {"saturday": "10 to 16", "sunday": "closed"}


@tool
def f(x: str) -> str:
    """Helper."""
    return HOURS.get(x.lower(), "9 to 18")


lazy_desk = create_agent(ChatOpenAI(model=model.name), [f])
print(
    lazy_desk.invoke({"messages": "What are your opening hours on Saturday?"})["messages"][-1].text
)

# %% [markdown]
# A model sees no code. It sees the name, the docstring, and the parameters with their names and
# types (a `Literal` lists the choices, a `Field` may describe them): nothing else. Write
# `opening_hours` so that the model knows when to call it and with what. It takes one day, written
# with or without a capital letter, looks it up in `HOURS` at each call (the check changes them; the
# tool leaves them as they are), and returns the hours of that day and of no other. A day that is not
# there has the hours "9 to 18". (With a `Literal`, the spellings it lists are enough.)


# %% tags=["exercise", "ex2"]
# BEGIN SOLUTION
@tool
def opening_hours(day: str) -> str:
    """Say the opening hours of the shop on a day of the week."""
    return HOURS.get(day.lower(), "9 to 18")


# END SOLUTION

# %% tags=["check", "ex2"]
check.ex2(opening_hours)
# check.ex2.hint()  # remove the first `#` for a hint

# %% [markdown]
# And the desk? `check.ex2.or_reference(opening_hours)` returns your answer, or the reference answer
# while you have none. Cells of later lessons use it, so that an exercise you skipped does not end
# the lesson. (The lesson model goes by the words of name and description; a hosted model is more
# generous.)

# %%
desk = create_agent(ChatOpenAI(model=model.name), [check.ex2.or_reference(opening_hours)])
print(desk.invoke({"messages": "What are your opening hours on Saturday?"})["messages"][-1].text)

# %% [markdown]
# ### Exercise 0.3 - an empty list of messages
#
# This function worked with another framework. Here, every question fails, and the error speaks of an
# *empty array*:


# %%
def ask_badly(agent, question: str) -> str:
    """Ask the agent and return its answer. (The broken version.)"""
    reply = agent.invoke({"query": question})
    return reply["messages"][0].text


try:
    ask_badly(desk, "What is the status of order T-7?")
except Exception as error:
    print(type(error).__name__, "-", error)

# %% [markdown]
# An agent's state has the key `messages`. LangGraph drops a key it does not know, without a word;
# the model then gets no message at all. Write `ask`: it runs the agent once, with the question as it
# is, and returns the text of its answer, however many tools that takes. (`.text` is always a string;
# `.content` may be a list of blocks with some models, not with this one.) An error of the agent comes
# out as it is. (There is a second bug behind the first one.)


# %% tags=["exercise", "ex3"]
def ask(agent, question: str) -> str:
    """Ask the agent and return the text of its answer."""
    # BEGIN SOLUTION
    reply = agent.invoke({"messages": question})
    return reply["messages"][-1].text
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(ask)
# check.ex3.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## What is in the course
#
# | lesson | the problem | the pattern | key parts |
# |---|---|---|---|
# | 1 Streaming | the answer takes long, the page stays empty | show words and progress as they come | `stream_mode`, `get_stream_writer`, `astream` |
# | 2 Persistence | a restart, and the agent has forgotten everything | save the thread after every step | checkpointers, `thread_id`, durability |
# | 3 Human in the loop | the agent does something it should have asked about | stop, ask, go on | `interrupt`, `Command(resume=...)`, approval panel |
# | 4 Retry and fallback | a service fails, or everybody retries at once | retry what is worth it, once; then fall back | `RetryPolicy`, backoff with jitter, timeouts |
# | 5 Loop prevention | the agent goes on and on, and you pay | three lines of defence | `recursion_limit`, counters, budgets |
# | 6 Debugging | it did something odd, and nobody knows why | read the graph, the stream, the history | state history, forks, traces |
# | 7 Multi-agent | one agent is asked to do too many things | a supervisor and workers | subgraphs, `Send`, handoffs |
# | 8 The production agent | all of it at once | one agent that has them all, as a service | FastAPI, a checklist that runs |
# | 9 Day two | a deploy drops a question, a mail gives orders | check old threads, drain, gate, evaluate | `RunControl`, `update_state`, test cases |
#
# And this is how far you are, the exercises of each core first:

# %%
progress.show()

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> An agent forgot what was said a minute ago. Where do you look
# first?</summary>
#
# - *In the model's settings.* The model keeps nothing between two requests.
# - **In the list of messages it was sent.** Yes: that list is its whole memory.
# - *In the tool.* A tool sees its arguments only.
# </details>
#
# <details><summary><b>2.</b> The model never calls your tool. What does it know about the
# tool?</summary>
#
# - *Its code.* It is never sent.
# - **Its name, its docstring, its parameters.** Yes. Write them for a reader who sees nothing else.
# - *What the last run returned.* Only if it was called, and only as a message.
# </details>
#
# <details><summary><b>3.</b> You pass a key that the agent's state does not have. What
# happens?</summary>
#
# - *A `KeyError`.* That would have been kind.
# - *It is added to the state.* The state has the keys it was declared with.
# - **It is dropped in silence.** Yes, so a typo shows up far away, as another error.
# </details>

# %% [markdown]
# ## You can stop here
#
# **Next:** [1. Streaming](01_streaming.ipynb) - the silence before the answer.
#
# Below is the deeper part, in any order: [Use a real model](#Use-a-real-model) · [Read a
# thread](#Read-a-thread) (exercise 0.4) · [Your work is yours](#Your-work-is-yours)

# %% [markdown]
# ## Use a real model
#
# Set these variables *before* you start the course, and the same notebooks talk to another endpoint.
# (An `OPENAI_API_KEY` alone changes nothing: no lesson spends your money by surprise.)
#
# | endpoint | `OPENAI_BASE_URL` | `OPENAI_API_KEY` | `OPENAI_MODEL` |
# |---|---|---|---|
# | OpenAI | `https://api.openai.com/v1` | your key | a model of your account |
# | Ollama | `http://localhost:11434/v1` | any word | a model you have pulled |
# | vLLM | `http://localhost:8000/v1` | any word | the model it serves |
# | LM Studio | `http://localhost:1234/v1` | any word | the model you loaded |
#
# Answers then differ from those you see here, one-line rules and faults do nothing, and exercises
# are checked with the lesson model only: unset the variables for those.

# %% [markdown]
# ## Read a thread
#
# ### Exercise 0.4 (stretch) - read a thread
#
# To debug an agent you read its messages. Write `transcript(messages)`, which returns a list with
# one pair for each thing that happened, in order, and leaves the messages as they are: `("human",
# text)`, `("call", name of the tool)` for each call the model makes, `("tool", result)`, `("ai",
# text)`. A message of the model may hold text, calls, or both (then the text comes first). Empty
# text is left out, a tool's too. A message's content may be a list of blocks; its text is the text
# in them.


# %% tags=["exercise", "ex4"]
def transcript(messages) -> list[tuple[str, str]]:
    """List what happened in a thread, in order."""
    # BEGIN SOLUTION
    happened = []
    for message in messages:
        if message.text:
            happened.append((message.type, message.text))
        for call in getattr(message, "tool_calls", []):
            happened.append(("call", call["name"]))
    return happened
    # END SOLUTION


# %% tags=["check", "ex4"]
check.ex4(transcript)
# check.ex4.hint()  # remove the first `#` for a hint

# %%
check.ex4.or_reference(transcript)(reply["messages"])

# %% [markdown]
# ## Your work is yours
#
# - **Start a lesson again:** `python3 course.py reset 01` keeps a copy of your notebook in the
#   folder `my_work` and puts the original back.
# - **Get a new version of the course:** `python3 course.py update` does the same for every notebook
#   you changed, and then updates.
# - **Your progress** is kept in a small file next to the README, whatever happens to the notebooks.
