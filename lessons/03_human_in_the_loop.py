# ---
# jupyter:
#   kernelspec: {display_name: Python 3, language: python, name: python3}
# ---

# %% [markdown]
# # 3. Human in the loop
#
# An agent that can act, acts. Ask it nicely for 480 euros, and it pays 480 euros.
#
# In this lesson the agent stops before it does what cannot be undone, shows a person what it is
# about to do, and waits: a minute or a week, in this process or in the next one.
#
# | part | read and run | exercises | what it holds |
# |---|---|---|---|
# | **Core** | {core_minutes} min | 3.1 to 3.3, 30 min | stop and ask, a "no" that kills the thread, one decision a call, an edit |
# | **Deeper** | {deeper_minutes} min | 3.4 to 3.7, 50 min | odd answers, the panel, answers that go astray, who is asked, the middleware, exactly once |

# %%
import json
import sqlite3
import threading
import time
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from langchain.agents import create_agent
from langchain.messages import AIMessage, ToolCall, ToolMessage
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import Command, Send, interrupt
from openai import BadRequestError
from pydantic import BaseModel, StrictBool, ValidationError
from typing_extensions import TypedDict

import lesson_model
from course_utils import ApprovalPanel, pictures
from exercises import human_in_the_loop as check

model = lesson_model.start()

# %% [markdown]
# ## Nobody was asked
#
# The support desk of the tent shop got a second tool. `paid` is the shop's bank account.

# %%
paid = []


@tool
def track_parcel(parcel: str) -> str:
    """Say where a parcel is, by its number."""
    return f"Parcel {parcel} arrives on Friday."


@tool
def refund(order: str, amount: int) -> str:
    """Refund an order: send its amount in euros back to the customer."""
    paid.append((order, amount))
    return f"Refunded {amount} euros for order {order}."


# %%
desk = create_agent(ChatOpenAI(model=model.name), [track_parcel, refund])
reply = desk.invoke({"messages": "Would you be so kind? Please refund 480 euros for order T-7."})

print(reply["messages"][-1].text)
print("left the account:", paid)

# %% [markdown]
# Was the tent returned? Nobody looked. "Be careful with refunds" in the prompt is a request, and
# the customer's words stand right beside it. What you need is a gate in the *graph*, which no
# wording opens.
#
# ## The pattern
#
# Three parts. `interrupt(question)` stops the node and hands the question out. A **checkpointer**
# keeps the thread meanwhile. `Command(resume=answer)` comes back to the same thread, and now the
# same call of `interrupt` *returns* the answer.


# %%
class Case(TypedDict):
    """A customer wants money back."""

    order: str
    amount: int
    outcome: str


start, noted = time.monotonic(), []


def note(what: str) -> None:
    """Print what happens, and keep when."""
    print(what)
    noted.append((time.monotonic() - start, what))


def refund_case(case: Case) -> dict:
    """Ask a colleague, then pay or do not."""
    note("the node starts")
    decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
    note("the node goes on")
    return {"outcome": "paid" if decision == "approve" else "not paid"}


cases = StateGraph(Case).add_node(refund_case).add_edge(START, "refund_case")
cases = cases.compile(checkpointer=InMemorySaver())


# %%
def thread(name: str) -> dict:
    """Return the config of a thread."""
    return {"configurable": {"thread_id": name}}


result = cases.invoke({"order": "T-7", "amount": 480}, thread("first"))

for question in result["__interrupt__"]:
    print("it asks:", question.value)

# %% [markdown]
# `invoke` has returned. Nothing runs, no connection is open. The thread remembers the question:

# %%
time.sleep(0.3)  # the colleague has lunch
waiting = cases.get_state(thread("first"))
print([question.value for question in waiting.interrupts], "| next:", waiting.next)

# %%
note("a human answers")
result = cases.invoke(Command(resume="approve"), thread("first"))
print("outcome:", result["outcome"])

# %% [markdown]
# Look again at what was printed: *the node starts* came **twice**. Python cannot keep a function
# half-way for a week. So LangGraph throws the half-run node away, and on the answer runs it **again
# from its first line**; this time `interrupt` returns at once.

# %%
pictures.timeline(noted)

# %% [markdown]
# Whatever stands above `interrupt` happens once for the question and once more for the answer.
# Reading is fine there. Anything that leaves a mark outside - a mail, a payment, a row - is not.
#
# ### Exercise 3.1 - one mail too many
#
# The customer gets a mail before the colleague is asked, so that nobody waits in the dark. Here
# customers get it twice:


# %%
def build_twice(mail, pay, saver):
    """Return a graph that mails, asks and pays. (The broken version.)"""

    def handle(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(handle).add_edge(START, "handle")
    return graph.compile(checkpointer=saver)


mails = []
twice = build_twice(mails.append, lambda order, amount: None, InMemorySaver())
twice.invoke({"order": "T-7", "amount": 480}, thread("mails"))
twice.invoke(Command(resume="approve"), thread("mails"))
print(mails)

# %% [markdown]
# Write `build_refunds`. The mail (any text) goes out *before* anybody has answered, and once, for
# each case. It must be once even if the answer comes a week later, in another process: a variable
# that remembers is no cure. Only the answer `"approve"` pays, once; the outcome is `"paid"` or
# `"not paid"`. An error of `pay` comes out, and the graph does not try again by itself. When a case
# is closed, the next one may come on the same thread, even for the same order: it gets a mail and
# an outcome of its own.


# %% tags=["exercise", "ex1"]
def build_refunds(mail, pay, saver):
    """Return a graph that mails `mail(text)` once, asks, and then calls `pay(order, amount)`."""

    # BEGIN SOLUTION
    def tell(case: Case) -> dict:
        mail(f"We are looking into order {case['order']}.")
        return {}

    def handle(case: Case) -> dict:
        decision = interrupt(f"Refund {case['amount']} euros for order {case['order']}?")
        if decision == "approve":
            pay(case["order"], case["amount"])
        return {"outcome": "paid" if decision == "approve" else "not paid"}

    graph = StateGraph(Case).add_node(tell).add_node(handle)
    graph.add_edge(START, "tell").add_edge("tell", "handle")
    return graph.compile(checkpointer=saver)
    # END SOLUTION


# %% tags=["check", "ex1"]
check.ex1(build_refunds)
# check.ex1.hint()  # remove the first `#` for a hint

# %% [markdown]
# ## The gate that comes to mind first
#
# Now the same in an agent. Between the model and its tools stands a node that asks:

# %%
TOOLS = {"track_parcel": track_parcel, "refund": refund}
llm = ChatOpenAI(model=model.name).bind_tools(list(TOOLS.values()))


def agent(state: MessagesState) -> dict:
    """Ask the model."""
    return {"messages": [llm.invoke(state["messages"])]}


def usual_gate(state: MessagesState) -> Command[Literal["tools", "__end__"]]:
    """Ask a human before tools run. (The broken version: three faults here, two in 3.4.)"""
    call = state["messages"][-1].tool_calls[0]
    answer = interrupt({"tool": call["name"], "args": call["args"]})
    if answer["approved"]:
        return Command(goto="tools")
    return Command(goto=END, update={"messages": [AIMessage("Your refund was turned down.")]})


def build_with(gate) -> object:
    """Return the desk with a gate between model and tools."""
    graph = StateGraph(MessagesState).add_node(agent).add_node("gate", gate)
    graph.add_node("tools", ToolNode(list(TOOLS.values()))).add_edge(START, "agent")
    graph.add_conditional_edges("agent", tools_condition, {"tools": "gate", END: END})
    return graph.add_edge("tools", "agent").compile(checkpointer=InMemorySaver())


usual = build_with(usual_gate)
pictures.graph(usual)

# %%
paid.clear()
please = {"messages": "Please refund 480 euros for order T-7."}

asked = usual.invoke(please, thread("usual"))["__interrupt__"][0].value
result = usual.invoke(Command(resume={"approved": True}), thread("usual"))
print("asked:", asked)
print(result["messages"][-1].text, paid)

# %% [markdown]
# Now production.
#
# ### Fault one: a "no" kills the conversation
#
# Another customer is turned down. Then she says hello.

# %%
usual = build_with(usual_gate)
usual.invoke(please, thread("turned down"))
result = usual.invoke(Command(resume={"approved": False}), thread("turned down"))
print([message.type for message in result["messages"]], result["messages"][-1].text)

for text in ("Hello?", "Is anybody there?"):
    try:
        usual.invoke({"messages": text}, thread("turned down"))
    except BadRequestError as error:
        print(text, "->", error.status_code, str(error).partition(" - ")[2].partition(". ")[0])

# %% [markdown]
# 400, each time. The model asked for a tool call, and the thread holds no answer to it: chat models
# refuse such a history, and every further turn sends it again. **Each tool call needs a
# `ToolMessage`**, whatever became of it. A call that nobody ran is answered by "rejected".
#
# ### Exercise 3.2 - reject, then say hello
#
# Fix the gate. After a "no" nothing runs, the model gets to know in words that the call was
# rejected, and *with the reason* (`answer.get("reason")`; there may be none). The reason alone does
# not say it: beside it there are always words that do. `rejected` or `not` is among them, or else
# the message has `status="error"`, too. So the run goes on at the model, which tells the customer in
# its own words. And she can say hello. (The model may make several calls in one message, of any
# tool. One answer may decide them all, for now; but each call gets its `ToolMessage`. `approved` is
# `True` or `False` here; other values come in 3.4.)


# %% tags=["exercise", "ex2"]
def kind_gate(state: MessagesState) -> Command[Literal["tools", "agent"]]:
    """Ask; on {"approved": True} run the tools, else tell the model why not."""
    # BEGIN SOLUTION
    calls = state["messages"][-1].tool_calls
    answer = interrupt([{"tool": call["name"], "args": call["args"]} for call in calls])
    if answer["approved"]:
        return Command(goto="tools")
    text = f"Rejected by a colleague. Reason: {answer.get('reason', 'none given')}"
    rejected = [ToolMessage(text, tool_call_id=call["id"], status="error") for call in calls]
    return Command(goto="agent", update={"messages": rejected})
    # END SOLUTION


# %% tags=["check", "ex2"]
check.ex2(kind_gate)
# check.ex2.hint()  # remove the first `#` for a hint

# %% [markdown]
# ### Faults two and three: what did she believe she approved?
#
# The model may ask for several tools at once. Here is what the colleague sees, and what happens when
# she nods:

# %%
both = "Where is parcel P-3? And please refund 480 euros for order T-7."
two_refunds = "Refund order T-7 (480 euros) and refund order T-8 (20 euros)."

for text in (both, two_refunds):
    paid.clear()
    asked = usual.invoke({"messages": text}, thread(text))["__interrupt__"][0].value
    usual.invoke(Command(resume={"approved": True}), thread(text))
    print("shown:", asked, "\npaid: ", sorted(paid))

# %% [markdown]
# `tool_calls[0]` is the first call, not the risky one, and one answer ran them all.
#
# So give every call its own decision. The shortest way is to give every call **its own node run**:
# `Send` starts one for each, side by side. Those that need no decision finish; each of the others
# asks its own question.


# %%
def each_call(state: MessagesState) -> list[Send] | str:
    """Start one run of the node `do_call` for each tool call."""
    return [Send("do_call", call) for call in state["messages"][-1].tool_calls] or END


def build_each(do_call, saver=None) -> object:
    """Return the desk with a node that handles one call."""
    graph = StateGraph(MessagesState).add_node(agent).add_node("do_call", do_call)
    graph.add_edge(START, "agent").add_edge("do_call", "agent")
    graph.add_conditional_edges("agent", each_call, ["do_call", END])
    return graph.compile(checkpointer=saver or InMemorySaver())


# %% [markdown]
# ### Exercise 3.3 - every risky call, and only those
#
# Write what `do_call` does with its call. `run(call)` runs the tool and returns its `ToolMessage`:
# return it as it is. If the tool's name is in `risky` (any names may be), first `interrupt({"tool":
# name, "args": arguments})`. The answer is `{"type": "approve"}`, or `{"type": "reject", "reason":
# "..."}` - or, one day, something nobody thought of. What is not an approval is a no: the model gets
# to know it in words, as in 3.2, and with them the answer's `"reason"` (a text), if it has one,
# whatever its `"type"` is. A tool runs once, and an error of it comes out.


# %% tags=["exercise", "ex3"]
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    """Run the call, a risky one only after approval; return the message that answers it."""
    # BEGIN SOLUTION
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(decision, dict) or decision.get("type") != "approve":
            reason = decision.get("reason", "none") if isinstance(decision, dict) else "none"
            text = f"Rejected by a colleague. Reason: {reason}"
            return ToolMessage(text, tool_call_id=call["id"], name=call["name"], status="error")
    return run(call)
    # END SOLUTION


# %% tags=["check", "ex3"]
check.ex3(ask_and_run)
# check.ex3.hint()  # remove the first `#` for a hint

# %%
decide_call = check.ex3.or_reference(ask_and_run)


def do_call(call: ToolCall) -> dict:
    """Handle one call (tools return a `ToolMessage` when they are given a whole call)."""
    return {"messages": [decide_call(call, {"refund"}, TOOLS[call["name"]].invoke)]}


three = "Where is parcel P-3? Refund order T-7 (480 euros) and refund order T-8 (20 euros)."
fair = build_each(do_call)
paid.clear()
result = fair.invoke({"messages": three}, thread("fair"))

questions = {question.value["args"]["order"]: question for question in result["__interrupt__"]}
print("waiting for a decision:", sorted(questions), "| paid:", paid)

# %% [markdown]
# Two questions at once. Which one would a bare answer mean? LangGraph does not guess. Answer by the
# question's `id`; the other one keeps waiting.

# %%
try:
    fair.invoke(Command(resume={"type": "approve"}), thread("fair"))
except RuntimeError as error:
    print(str(error).partition(". ")[0])

yes, no = {"type": "approve"}, {"type": "reject", "reason": "the tent was never sent back"}
fair.invoke(Command(resume={questions["T-8"].id: yes}), thread("fair"))
print("paid:", paid)
result = fair.invoke(Command(resume={questions["T-7"].id: no}), thread("fair"))
print("paid:", paid)
print(result["messages"][-1].text)

# %% [markdown]
# ## The whole gate
#
# Here is a gate without those faults. It is your `ask_and_run` with two more answers, **edit** (run
# it, but with these arguments) and **respond** (do not run it, here is the result), and with a
# schema: an answer that is not a `Decision` raises *before* it is saved, and the question is still
# there.


# %%
class Decision(BaseModel, extra="forbid", strict=True):
    """What a colleague may answer; anything else is refused before it is saved."""

    type: Literal["approve", "edit", "reject", "respond"]
    args: dict = {}
    reason: str = ""
    message: str = ""


RISKY = {"refund": "Money leaves the shop."}
refund.handle_validation_error = True  # an edit may be nonsense: then the model is told


def message_for(call: ToolCall, text: str, status: str = "success") -> ToolMessage:
    """Return the message that answers a call."""
    return ToolMessage(text, tool_call_id=call["id"], name=call["name"], status=status)


# %%
def ask_about(call: ToolCall, is_refused=lambda call: False) -> ToolMessage:
    """Run a call, a risky one only as a colleague decides; edited arguments may be refused."""
    name, changed = call["name"], ""
    if name in RISKY:
        question = {"tool": name, "args": call["args"], "why": RISKY[name]}
        question["allowed"] = ["approve", "edit", "reject", "respond"]
        decision = interrupt(question, response_schema=Decision)
        if decision.type == "respond":
            return message_for(call, decision.message)
        if decision.type == "reject":
            reason = decision.reason or "none given"
            return message_for(call, f"Rejected by a colleague. Reason: {reason}", "error")
        if decision.type == "edit":
            call = call | {"args": decision.args}
            changed = f"A colleague changed the arguments to {json.dumps(decision.args)}. "
        if is_refused(call):
            return message_for(call, changed + "The rules of the shop refuse these.", "error")
    result = TOOLS[name].invoke(call)
    return result.model_copy(update={"content": changed + result.text})


def gated_call(call: ToolCall) -> dict:
    """Run one call behind the gate."""
    return {"messages": [ask_about(call)]}


pictures.graph(build_each(gated_call))

# %% [markdown]
# The gate is inside `do_call`: no edge leads around it. Everything with an effect stands *below*
# `interrupt`. Every path ends with a `ToolMessage`; after an edit it tells the model what really
# ran.
#
# ### An edit is a new order
#
# The shop never refunds more than 500 euros. The model asks for 90, and a colleague edits that to
# 9000. `ApprovalPanel` shows what waits on a thread and answers by id; here a script presses its
# buttons:


# %%
def limited_call(call: ToolCall) -> dict:
    """Run one call behind the gate; the rule of the shop holds for edits, too."""
    return {"messages": [ask_about(call, lambda edited: edited["args"].get("amount", 0) > 500)]}


for name, node in {"without a rule": gated_call, "with a rule": limited_call}.items():
    paid.clear()
    desk = build_each(node)
    desk.invoke({"messages": "Refund order T-9 (90 euros)."}, thread(name))
    panel = ApprovalPanel(desk, thread(name))
    panel.decide("edit", args={"order": "T-9", "amount": 9000})
    print(f"{name}: paid {paid}; the model is told:\n  ", panel.result["messages"][-2].text)

# %% [markdown]
# An edit is a new order: check it where it is carried out, not where it was proposed.
#
# ## In production
#
# - **A gate like this one is built into LangChain**: `HumanInTheLoopMiddleware`, which the deeper
#   part shows. Take it, with `interrupt_mode="per_call"` (a question for each call), where
#   `create_agent` fits. Write `interrupt` yourself where the graph is your own, or where the question
#   is not about a tool.
# - **A person must be able to judge.** Show what will really run, with the arguments, and why it is
#   asked. If nearly every answer in your log is a yes, you ask about too much.
# - **Do not ask** for what can be undone cheaply (do it, log it, offer an undo), or where nobody
#   answers in time (refuse, and say so).
# - **Who may decide?** Check it where the answer comes in: the customer who wants the money must not
#   be the one who approves it.
# - **Deny by default.** A list of what is risky forgets the tool that somebody adds on Friday; a list of
#   what may run unasked does not.
# - Questions outlive deployments. Keep the old node's name and the meaning of its answers until the
#   last old question is decided, or reject them all before you deploy.
#
# **Your production checklist, line 3:** *what cannot be undone is asked for, call by call; what is
# not on the list is refused; an answer is checked before it is saved and counts once; every tool
# call gets its `ToolMessage`; and every decision leaves a row.*

# %% [markdown]
# ## Recap
#
# <details><summary><b>1.</b> A node sends a mail, then calls <code>interrupt</code>. The answer
# comes. How many mails?</summary>
#
# - *One: the node goes on after `interrupt`.* It looks like that, but Python cannot keep it waiting.
# - **Two.** Yes: the node starts again from its first line.
# - *None before the answer.* The first one is out before the question.
# </details>
#
# <details><summary><b>2.</b> A customer is turned down, says hello, and gets error 400 each time.
# What is missing?</summary>
#
# - *A retry.* It sends the same broken history again.
# - **A `ToolMessage` for the rejected call.** Yes, one for each call in the message.
# - *A new thread.* The customer would lose everything that was said.
# </details>
#
# <details><summary><b>3.</b> A colleague edits 90 euros to 9000. Where is the rule of 500 euros
# checked?</summary>
#
# - *Before the question.* There the call still says 90.
# - *In the panel.* Answers also come from scripts and other pages.
# - **After the answer, just before the tool.** Yes, and the model is told what ran.
# </details>
#
# <details><summary><b>4.</b> On Friday somebody adds a tool. Your gate has a list of risky tools.
# What happens on Saturday?</summary>
#
# - *The agent asks, because it does not know the tool.* It does not know that it should.
# - **The tool runs unasked.** Yes. List what may run, and refuse the rest.
# - *Nothing, until the tool is approved once.* Gates do not remember approvals.
# </details>

# %% [markdown]
# ## You can stop here
#
# **Next:** [4. Retry and fallback](04_retry_and_fallback.ipynb) - 27 requests for one question.
#
# Below is the deeper part, in any order (with the gate and the names of the core): [The wrong kind
# of answer](#The-wrong-kind-of-answer) (exercise 3.4) · [A panel for people](#A-panel-for-people) ·
# [Answers that go astray](#Answers-that-go-astray) · [The impatient
# customer](#The-impatient-customer) (3.5) · [Questions that nobody
# answers](#Questions-that-nobody-answers) · [Traps around interrupt](#Traps-around-interrupt) · [Who
# has to be asked?](#Who-has-to-be-asked?) (3.6) · [Ready-made: the
# middleware](#Ready-made:-the-middleware) · [Exactly once](#Exactly-once) (3.7)

# %% [markdown]
# ## The wrong kind of answer
#
# The answer comes from a web page, a script, a chat command. Somebody sends `"false"` in quotes;
# somebody else a bare `True`. These are faults four and five of the usual gate:

# %%
usual = build_with(usual_gate)
paid.clear()
usual.invoke(please, thread("quotes"))
usual.invoke(Command(resume={"approved": "false"}), thread("quotes"))
print('"false" paid:', paid)

usual.invoke(please, thread("poisoned"))
for sent in (True, {"approved": True}):
    try:
        usual.invoke(Command(resume=sent), thread("poisoned"))
    except TypeError as error:
        print("answer", sent, "->", error)

# %% [markdown]
# Any text is true in Python, so "no" is a yes. And the bare `True` is worse: LangGraph had saved it
# before the node stumbled over it, and serves it again and again. The second, correct answer never
# reaches the node. The thread is **poisoned**. `interrupt(..., response_schema=...)` fixes both.
#
# ### Exercise 3.4 - six answers
#
# Six people answer the usual gate's question. In which cases does it pay?

# %%
bodies = {
    "A": {"approved": True},
    "B": {"approved": "false"},
    "C": {"approved": "no"},
    "D": {"approved": 0},
    "E": {"aproved": True},
    "F": {},
}

# %% [markdown]
# Give a set of letters; then a pydantic model `YesOrNo` with which only A pays, a clear
# `{"approved": False}` is a no, and every other value, or none, is refused. (Further fields beside a
# clear `approved` may be ignored or refused.) `checked_gate` uses it.


# %%
def checked_gate(schema):
    """Return the usual gate with a schema for its answer."""

    def gate(state: MessagesState) -> Command[Literal["tools", "__end__"]]:
        answer = interrupt("May I?", response_schema=schema)
        return Command(goto="tools" if answer.approved else END)

    return gate


# %% tags=["exercise", "ex4"]
# pays = {"A", "F"} or so; YesOrNo: a class that inherits from BaseModel
# BEGIN SOLUTION
pays = {"A", "B", "C"}


class YesOrNo(BaseModel):
    approved: StrictBool


# END SOLUTION

# %% tags=["check", "ex4"]
check.ex4(pays, YesOrNo)
# check.ex4.hint()  # remove the first `#` for a hint

# %% [markdown]
# F is the odd one. `Command(resume={})` means "no answers, by id", so nothing happens at all, and
# nothing is said. It cannot happen to you if you always answer by id, as the core does.

# %% [markdown]
# ## A panel for people
#
# People do not write `Command(resume={...})`. `ApprovalPanel(graph, thread)` asks the checkpointer
# what waits on a thread, shows one card for each call, and answers by id when a button is pressed.
# This desk keeps its threads in a file. A question is waiting; press a button.
#
# Try this, too: press nothing, restart the kernel (menu Kernel), select the next cell, choose Run >
# Run All Above Selected Cell, and run the cell. The old panel is dead: its buttons have no kernel
# any more. The new one shows the same question. It was in the file, not in the process. (Open this
# page tomorrow, and "Error displaying widget" stands here: the same cure.)

# %%
from jupyter_core.paths import jupyter_runtime_dir

from course_utils.approval import DecisionNeeded

file = Path(jupyter_runtime_dir()) / "approvals.sqlite"  # a folder of your own, outlives the kernel
file.parent.mkdir(parents=True, exist_ok=True)
saver = SqliteSaver(sqlite3.connect(file, check_same_thread=False))  # buttons may use a thread
lasting = build_each(gated_call, saver)
mine = thread(f"pressed in {Path.cwd().name}")

if not lasting.get_state(mine).interrupts:
    lasting.invoke(please, mine)
your_panel = ApprovalPanel(lasting, mine)
your_panel

# %% [markdown]
# Run the next cell before and after you have pressed a button.

# %%
for call in your_panel.pending:
    print("still waiting:", call.tool)
if not your_panel.pending:
    print("decided:", your_panel.result["messages"][-1].text)

# %% [markdown]
# In your own notebooks, cells may have to wait for the decision. A cell that *waits* for a button
# blocks the kernel which the button needs. `panel.require()` does not wait: it stops "Run All" with
# one line, and you go on below after the decision.

# %%
try:
    your_panel.require()
    print("decided: go on")
except DecisionNeeded as stop:
    print(stop)

# %% [markdown]
# ## Answers that go astray
#
# Your gate is sound now, but people click twice, and both at once.
#
# ### The next question gets the old answer


# %%
def farewell(case: Case) -> dict:
    """Ask two things, one after the other."""
    money = interrupt("Refund the last order?")
    account = interrupt("Delete the account and all its data?")
    return {"outcome": f"refund: {money}, delete: {account}"}


leaving = StateGraph(Case).add_node(farewell).add_edge(START, "farewell")
leaving = leaving.compile(checkpointer=InMemorySaver())
question = leaving.invoke({"order": "T-7"}, thread("leaving"))["__interrupt__"][0]

for click in ("first click ", "second click"):
    result = leaving.invoke(Command(resume={question.id: "yes"}), thread("leaving"))
    asks = [asked.value for asked in result.get("__interrupt__", ())]
    print(click, "-> asks:", asks, "| outcome:", result.get("outcome"))

# %% [markdown]
# A page that says "done" after the first answer hides that there is a second question: **after
# every answer, look for `__interrupt__` again**. And the second click was meant for the refund,
# even carried its id, and deleted an account: LangGraph still knows the old id as one of this node
# run, whose answers are handed out in order. So compare the id with what is pending *before* you
# resume.
#
# ### Two answers at the same moment
#
# Ann and Bob both see the card and press Approve. To make the bad luck certain, `meet` lets the node
# wait until both of them are past the question:

# %%
from concurrent.futures import ThreadPoolExecutor


def build_payments(meet) -> object:
    """Return a graph that asks, calls `meet()` after a yes, and pays."""

    def pay_case(case: Case) -> dict:
        decision = interrupt({"tool": "refund", "args": dict(case)}, response_schema=Decision)
        if decision.type != "approve":
            return {"outcome": "not paid"}
        meet()
        paid.append((case["order"], case["amount"]))
        return {"outcome": "paid"}

    graph = StateGraph(Case).add_node(pay_case).add_edge(START, "pay_case")
    return graph.compile(checkpointer=InMemorySaver())


def at_the_same_moment(*actions) -> list[str]:
    """Run the actions in a thread each; return what they returned, sorted."""
    with ThreadPoolExecutor(len(actions)) as people:
        return sorted(done.result() for done in [people.submit(action) for action in actions])


# %%
def approve_directly() -> str:
    """Resume, as a simple web page would."""
    return payments.invoke(Command(resume={question.id: yes}), thread("raced"))["outcome"]


paid.clear()
payments = build_payments(threading.Barrier(2, timeout=30).wait)
question = payments.invoke({"order": "T-7", "amount": 480}, thread("raced"))["__interrupt__"][0]
print(at_the_same_moment(approve_directly, approve_directly), paid)

# %% [markdown]
# 960 euros. No checkpointer locks a thread; both runs began from the same saved question. Comparing
# ids does not help, because both compare before either is done. What helps is something that can
# happen only once: **a row with a primary key**. Whoever inserts it first, decides.
#
# ### One door for every answer
#
# Let all answers come through one function, whatever they come from: page, panel, chat, script. The
# claiming row is also the **audit trail**: who decided what, when, and what they were shown.

# %%
import tempfile

folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
records = Path(folder.name) / "decisions.sqlite"


def office(sql: str, *values) -> list[tuple]:
    """Run one statement in the office's own database and commit it."""
    with closing(sqlite3.connect(records)) as database, database:
        return database.execute(sql, values).fetchall()


# %%
office("create table if not exists decisions (question primary key, at, who, shown, decision)")


def answer(graph, config: dict, question_id: str, body: dict, who: str) -> str:
    """Take an answer to a question: a valid one, and only the first."""
    asked = {question.id: question.value for question in graph.get_state(config).interrupts}
    if question_id not in asked:
        return "409 nobody asks this"
    try:
        Decision.model_validate(body)
    except ValidationError:
        return "422 not a decision"
    shown, at = json.dumps(asked[question_id]), datetime.now().astimezone().isoformat()
    try:
        insert = "insert into decisions values (?, ?, ?, ?, ?)"
        office(insert, question_id, at, who, shown, json.dumps(body))
    except sqlite3.IntegrityError:
        return "409 already decided"
    graph.invoke(Command(resume={question_id: body}), config)
    return f"200 {body['type']}"


# %% [markdown]
# Ann and Bob again. Now they meet in front of the door:


# %%
def knock(who: str) -> str:
    """Approve through the door, at the same moment as the other one."""
    at_the_door.wait()
    return answer(payments, thread("door"), question.id, yes, who)[:3]


paid.clear()
payments, at_the_door = build_payments(lambda: None), threading.Barrier(2, timeout=30)
question = payments.invoke({"order": "T-7", "amount": 480}, thread("door"))["__interrupt__"][0]
print(at_the_same_moment(lambda: knock("Ann"), lambda: knock("Bob")), paid)

for shown, decision in office("select shown, decision from decisions"):
    print(shown, "->", decision)

# %% [markdown]
# One is told yes, the other 409, which is what a web service says when somebody came too late (422:
# the answer is no decision). Rows are only ever added; each keeps who and when, too. (A panel can
# write such rows: `ApprovalPanel(graph, thread, on_decision=write_row)`.)
#
# The process may die *between* the row and the payment. Then the row says "approved" and the thread
# still waits: a job that looks for such threads resumes them from the row. In case the payment was
# already out, let the *bank* refuse a second one with the same key: exercise 3.7 builds that.

# %% [markdown]
# ## The impatient customer
#
# The question is pending, and the customer writes again:

# %%
desk = build_each(gated_call)
desk.invoke(please, thread("impatient"))

try:
    desk.invoke({"messages": "Hello? Is anybody there?"}, thread("impatient"))
except BadRequestError as error:
    print(error.status_code, "| pending:", desk.get_state(thread("impatient")).interrupts)

# %% [markdown]
# A new input starts the thread over. The pending question is thrown away, its tool call stays
# without an answer, and you know what that does. No gate can prevent it; whoever calls `invoke` has
# to look first.
#
# ### Exercise 3.5 - look first
#
# Write `say`. If a decision is pending on the thread, it must not touch the thread: the customer
# gets a sentence with the name of the waiting tool (`question.value["tool"]`). If not, the graph
# runs, once, and its errors come out; return the reply, or that same sentence if the run ends with a
# question. Look at `state.interrupts`. (`state.next` is also set after a crash, when nobody is asked
# anything.)


# %% tags=["exercise", "ex5"]
def say(graph, text: str, config: dict) -> str:
    """Say something on a thread; return the reply, or a sentence about what is waiting."""
    # BEGIN SOLUTION
    if not graph.get_state(config).interrupts:
        graph.invoke({"messages": text}, config)
    state = graph.get_state(config)
    if state.interrupts:
        tools = " and ".join(sorted({asked.value["tool"] for asked in state.interrupts}))
        return f"One moment please, a colleague has to look at this first: {tools}."
    return state.values["messages"][-1].text
    # END SOLUTION


# %% tags=["check", "ex5"]
check.ex5(say)
# check.ex5.hint()  # remove the first `#` for a hint

# %%
polite = check.ex5.or_reference(say)
for text in ("Please refund 480 euros for order T-7.", "Hello? Is anybody there?"):
    print("refund is waiting:", "refund" in polite(desk, text, thread("polite")))

# %% [markdown]
# ## Questions that nobody answers
#
# Nobody is on duty at night, and an approval that is a day old was given for yesterday's facts. A
# job says no in time:


# %%
def sweep(graph, now: datetime, limit: timedelta) -> list[str]:
    """Reject every question that has waited longer than `limit`; return the threads."""
    saved = graph.checkpointer.list(None)
    late = []
    for name in sorted({checkpoint.config["configurable"]["thread_id"] for checkpoint in saved}):
        state = graph.get_state(thread(name))
        if state.interrupts and now - datetime.fromisoformat(state.created_at) > limit:
            rejection = {"type": "reject", "reason": "Nobody decided in time."}
            answers = {question.id: rejection for question in state.interrupts}
            graph.invoke(Command(resume=answers), thread(name))
            late.append(name)
    return late


desk = build_each(gated_call)
desk.invoke(please, thread("night"))
now = datetime.now().astimezone()
for later in (timedelta(minutes=1), timedelta(days=1)):
    print(f"{later} later: {sweep(desk, now + later, timedelta(minutes=15))}")
print(desk.get_state(thread("night")).values["messages"][-1].text)

# %% [markdown]
# The age is the checkpoint's `created_at`: that of the node's *first* question. A second one in the
# same node looks as old as the first, so ask one question a node, or note in a table when you first
# saw each id.

# %% [markdown]
# ## Traps around interrupt
#
# ### The question that is never asked
#
# "Wrap every call to the outside in `try`", says the checklist of another team. And a colleague asks
# in a loop until the answer is a number:


# %%
def cautious(case: Case) -> dict:
    """Ask, and never crash. (The broken version.)"""
    try:
        return {"outcome": f"a human said {interrupt('Refund?')}"}
    except Exception as error:
        return {"outcome": f"went on after {type(error).__name__}"}


def patient(case: Case) -> dict:
    """Ask until the answer is a number, and count the questions. (The broken version.)"""
    while True:
        asked.append(1)
        if (amount := interrupt("How many euros?")).isdigit():
            return {"outcome": amount}


asked = []
for node in (cautious, patient):
    graph = StateGraph(Case).add_node("node", node).add_edge(START, "node")
    graph = graph.compile(checkpointer=InMemorySaver())
    result = graph.invoke({"order": "T-7"}, thread("trap"))
    print(f"{node.__name__:8} asks: {'__interrupt__' in result} | {result.get('outcome')}")
for text in ("ten", "about ten", "10 euros", "10"):
    graph.invoke(Command(resume=text), thread("trap"))
    print(f"{text:10} interrupt() was called {len(asked)} times")

# %% [markdown]
# `interrupt` leaves the node by raising, and `except Exception` catches it: nobody is asked. Keep
# `interrupt` outside of any `try`, or let `GraphBubbleUp` (from `langgraph.errors`) pass. And each
# answer runs the node from its first line, so the loop asks all earlier questions again. Let the
# node end with `Command(goto="node")` instead: one question for each run of the node.

# %% [markdown]
# ## Who has to be asked?
#
# Ask for everything, and you train your colleagues to press Approve without reading. So sort calls
# by the harm they can do:
#
# | tier | example | what happens |
# |---|---|---|
# | look | where is the parcel? | runs |
# | small, can be undone | refund up to 20 euros | runs, is logged |
# | money, mail, data | refund up to 500 euros | a human decides |
# | never by an agent | refund above 500, close an account | refused |
# | **not in the list** | the tool somebody added on Friday | **refused** |
#
# ### Exercise 3.6 - deny by default
#
# Write `policy`: `"run"`, `"ask"` or `"refuse"` for a call, as in the table. `track_parcel` and
# `refund` are all the tools in the list. A refund's `amount` has to be a positive whole number, an
# `int` and no `bool`; the model wrote these arguments, so anything may stand there, or nothing. If
# the amount is strange: refuse. (`order` and `parcel` do not matter here; for 20.0, refuse or
# run.)


# %% tags=["exercise", "ex6"]
def policy(call: ToolCall) -> str:
    """Say "run", "ask" or "refuse"."""
    # BEGIN SOLUTION
    if call["name"] == "track_parcel":
        return "run"
    amount = call["args"].get("amount")
    if call["name"] != "refund" or type(amount) is not int or amount <= 0:
        return "refuse"
    if amount <= 20:
        return "run"
    return "ask" if amount <= 500 else "refuse"
    # END SOLUTION


# %% tags=["check", "ex6"]
check.ex6(policy)
# check.ex6.hint()  # remove the first `#` for a hint

# %% [markdown]
# Your policy, before the gate:

# %%
decided_by = check.ex6.or_reference(policy)


def policed_call(call: ToolCall) -> dict:
    """Handle a call as the policy says."""
    verdict = decided_by(call)
    if verdict == "ask":
        return {"messages": [ask_about(call, lambda edited: decided_by(edited) == "refuse")]}
    if verdict == "run":
        return {"messages": [TOOLS[call["name"]].invoke(call)]}
    words = "Refused by the rules of the shop, whoever asks."
    return {"messages": [ToolMessage(words, tool_call_id=call["id"], status="error")]}


policed = build_each(policed_call)
paid.clear()
text = "Refund order T-7 (9000 euros), refund order T-8 (20 euros) and refund order T-9 (90 euros)."
policed.invoke({"messages": text}, thread("policed"))
panel = ApprovalPanel(policed, thread("policed"))
print("paid:", paid, "| asked:", [call.args["order"] for call in panel.pending])

panel.decide("approve")
print("paid:", paid)
print(panel.result["messages"][-1].text)

# %% [markdown]
# ## Ready-made: the middleware
#
# `create_agent` has such a gate built in. You say which tools, which decisions, and `when`.
# `per_call` gives each call a question of its own, with a schema, as yours does. (It can ask or not
# ask. What is to be refused, refuse in the tool.)

# %%
from langchain.agents.middleware import HumanInTheLoopMiddleware, before_model


def costly(request) -> bool:
    """Say whether a refund needs a human."""
    return request.tool_call["args"]["amount"] > 20


def ready_made(interrupt_on: dict, mode: str = "per_call", tools=(), middleware=()) -> object:
    """Return the desk with LangChain's gate."""
    gate = HumanInTheLoopMiddleware(interrupt_on, interrupt_mode=mode)
    return create_agent(
        ChatOpenAI(model=model.name),
        [*TOOLS.values(), *tools],
        middleware=[gate, *middleware],
        checkpointer=InMemorySaver(),
    )


paid.clear()
modern = ready_made({"refund": {"allowed_decisions": ["approve", "reject"], "when": costly}})
modern.invoke({"messages": three}, thread("modern"))
panel = ApprovalPanel(modern, thread("modern"))
print("paid without a question:", paid, "| asked:", [call.args for call in panel.pending])

# %% [markdown]
# The middleware's questions are interrupts, like yours, so the same panel works.
#
# **The default is another mode.** `"batched"` asks one question for all calls, wants a list of
# decisions in order, and has no schema, so fault five is back:

# %%
batched = ready_made({"refund": True}, mode="batched")
batched.invoke({"messages": two_refunds}, thread("batched"))

for decisions in ([yes], [yes, no]):
    try:
        batched.invoke(Command(resume={"decisions": decisions}), thread("batched"))
    except ValueError as error:
        print(len(decisions), "decisions ->", error)

# %% [markdown]
# Two decisions for two calls, refused for being one: the first, wrong answer is served each time.
#
# **An edit may name another tool.** In this mode the new call is not asked about, whatever its own
# rule:

# %%
deleted = []


@tool
def delete_account(order: str) -> str:
    """Delete the account behind an order."""
    deleted.append(order)
    return f"The account behind order {order} is deleted."


rules = {"refund": True, "delete_account": {"allowed_decisions": ["reject"]}}
renaming = ready_made(rules, mode="batched", tools=[delete_account])
renaming.invoke(please, thread("renamed"))
edit = {"type": "edit", "edited_action": {"name": "delete_account", "args": {"order": "T-7"}}}
result = renaming.invoke(Command(resume={"decisions": [edit]}), thread("renamed"))
print("asked again:", "__interrupt__" in result, "| deleted:", deleted)

# %% [markdown]
# `per_call` refuses it. In neither mode does `when` see edited arguments: check those in a
# `wrap_tool_call`, which sees what really runs, or leave "edit" out of `allowed_decisions`.
#
# **A misspelt name is no gate.** The dictionary lists what is risky; what is not in it, runs. Build
# it from your tools: `{name: True for name in TOOLS if name not in SAFE}`.
#
# **A breakpoint is not an approval.** `interrupt_before=["tools"]` stops before *every* tool and
# asks nothing: whatever you resume with, the run goes on. It is for debugging (lesson 6).
#
# **A model may ask again after every "no".** Limits of lesson 5 do not end that: each answer is a
# new run, and `run_limit` starts again. Count the rejections of the turn yourself:


# %%
@before_model(can_jump_to=["end"])
def no_means_no(state, runtime) -> dict | None:
    """End the turn after two rejections."""
    last = max(n for n, message in enumerate(state["messages"]) if message.type == "human")
    results = [message for message in state["messages"][last:] if message.type == "tool"]
    if sum(result.status == "error" for result in results) >= 2:
        return {"jump_to": "end", "messages": [AIMessage("A person said no; I stop here.")]}
    return None


model.when("I insist").always_calls("refund", order="T-7", amount=480)
for middleware in ([], [no_means_no]):
    stubborn = ready_made({"refund": True}, middleware=middleware)
    stubborn.invoke({"messages": "I insist: refund order T-7."}, thread("insist"))
    panel, asked = ApprovalPanel(stubborn, thread("insist")), 0
    while panel.pending and asked < 6:
        panel.decide("reject", reason="no")
        asked += 1
    print("asked", asked, "times; still asking:", bool(panel.pending))

# %% [markdown]
# ## Exactly once
#
# ### Exercise 3.7 (stretch) - exactly once
#
# The last line of defence stands at the bank. `pay_once(file, key, pay)` calls `pay()`, which moves
# the money and returns a receipt (a text that is not empty), at most once for each `key`, and
# returns the receipt. A second call with the same key gets the *same receipt*; one that comes while
# the first is still paying may get `None`. Calls with other keys do not wait for it. If `pay()`
# raises an `Exception`, whatever its class, no money has moved: raise it, and a later call may try
# again. (A `KeyboardInterrupt` comes out, too; whether a later call may try again then is up to
# you.) If the process dies inside `pay()`, nobody knows: never pay again for this key, and do not
# wait long for a receipt. Calls come from several processes. `file` is an SQLite database with this
# table:

# %%
PAYMENTS = "create table payments (key primary key, receipt)"


# %% tags=["exercise", "ex7"]
def pay_once(file: str, key: str, pay) -> str | None:
    """Call `pay()` at most once for a key, and return its receipt."""
    # BEGIN SOLUTION
    with closing(sqlite3.connect(file)) as bank:
        try:
            with bank:
                bank.execute("insert into payments (key) values (?)", (key,))
        except sqlite3.IntegrityError:
            select = "select receipt from payments where key = ?"
            (receipt,) = bank.execute(select, (key,)).fetchone()
            return receipt
        try:
            receipt = pay()
        except Exception:
            with bank:
                bank.execute("delete from payments where key = ?", (key,))
            raise
        with bank:
            bank.execute("update payments set receipt = ? where key = ?", (receipt, key))
        return receipt
    # END SOLUTION


# %% tags=["check", "ex7"]
check.ex7(pay_once)
# check.ex7.hint()  # remove the first `#` for a hint

# %% [markdown]
# What makes a good key? Something that is the same when the node runs again, and different for the
# next payment: the `id` of the tool call. Payment services take such an *idempotency key* with the
# request (Stripe's header is called `Idempotency-Key`); pass it on, and they do this for you.
