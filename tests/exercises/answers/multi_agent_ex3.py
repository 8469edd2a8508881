# %% passed: the same text for all calls
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    said = runtime.state["messages"]
    answers = [ToolMessage(f"Handed over: {note}", tool_call_id=c["id"]) for c in said[-1].tool_calls]
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": said + answers})
# %% passed: only the last message and its answers
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    last = runtime.state["messages"][-1]
    update = [last]
    for call in last.tool_calls:
        update.append(ToolMessage(content=note, tool_call_id=call["id"], name=call["name"]))
    return Command(graph=Command.PARENT, goto="refunds", update={"messages": update})
# %% passed: without any call, the note as the front desk's own words
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    words = {"role": "assistant", "content": f"Note for the refunds desk: {note}"}
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": [words]})
# %% passed: takes the other calls out of the message
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    *before, last = runtime.state["messages"]
    mine = [call for call in last.tool_calls if call["id"] == runtime.tool_call_id]
    alone = last.model_copy(update={"tool_calls": mine, "additional_kwargs": {}})
    answer = ToolMessage(note, tool_call_id=runtime.tool_call_id)
    update = {"messages": [*before, alone, answer]}
    return Command(goto="refunds", graph=Command.PARENT, update=update)
# %% partial | a second call before it; two more calls behind it; three around it, after a look of its own: answers its own call only
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    answer = ToolMessage(f"Handed over. {note}", tool_call_id=runtime.tool_call_id)
    update = {"messages": [*runtime.state["messages"], answer]}
    return Command(goto="refunds", graph=Command.PARENT, update=update)
# %% failed: takes only the messages along
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    update = {"messages": runtime.state["messages"]}
    return Command(goto="refunds", graph=Command.PARENT, update=update)
# %% failed: takes only the answer along
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    update = {"messages": [ToolMessage(note, tool_call_id=runtime.tool_call_id)]}
    return Command(goto="refunds", graph=Command.PARENT, update=update)
# %% failed: takes nothing along
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    return Command(goto="refunds", graph=Command.PARENT)
# %% failed: forgets the parent
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        messages.append(ToolMessage(note, tool_call_id=call["id"]))
    return Command(goto="refunds", update={"messages": messages})
# %% failed: forgets the note
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        messages.append(ToolMessage("Handed over.", tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% failed: one id for all answers
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        messages.append(ToolMessage("No result.", tool_call_id=runtime.tool_call_id))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% failed: makes the conversation one long text
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    said = "\n".join(message.text for message in runtime.state["messages"])
    update = {"messages": [("user", f"{said}\nNote: {note}")]}
    return Command(goto="refunds", graph=Command.PARENT, update=update)
# %% failed: says it in words
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> str:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    return f"Handed over to refunds. {note}"
# %% failed: no tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": []})
# %% failed: goes to a desk that is not there
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        messages.append(ToolMessage(note, tool_call_id=call["id"]))
    return Command(goto="refund", graph=Command.PARENT, update={"messages": messages})
# %% passed: the note as a message of its own
from langchain.messages import HumanMessage


@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    history = list(runtime.state["messages"])
    for call in history[-1].tool_calls:
        history.append(ToolMessage("Transferred.", tool_call_id=call["id"], name=call["name"]))
    history.append(HumanMessage(f"Note from the front desk: {note}", name="front"))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": history})
# %% passed: injected state and id, and a call that may have run
from langchain.tools import InjectedState, InjectedToolCallId


@tool
def to_refunds(
    note: str,
    state: Annotated[dict, InjectedState],
    tool_call_id: Annotated[str, InjectedToolCallId],
) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(state["messages"])
    for call in messages[-1].tool_calls:
        text = note if call["id"] == tool_call_id else "It may have run. Look before you call it again."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% passed: an async tool
@tool
async def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    said = runtime.state["messages"]
    answers = [ToolMessage(f"Not done. {note}", tool_call_id=c["id"]) for c in said[-1].tool_calls]
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": said + answers})
# %% passed: with Send
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        messages.append(ToolMessage(f"Cancelled. {note}", tool_call_id=call["id"]))
    goto = [Send("refunds", {"messages": messages})]
    return Command(goto=goto, graph=Command.PARENT, update={"messages": messages})
# %% partial | a second call before it; two more calls behind it; three around it, after a look of its own: says that the other calls are done
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    m = runtime.state["messages"]
    answers = [
        ToolMessage(note if c["id"] == runtime.tool_call_id else "Done.", tool_call_id=c["id"])
        for c in m[-1].tool_calls
    ]
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": [*m, *answers]})
# %% partial | a second call before it; two more calls behind it; three around it, after a look of its own: says that the other calls have succeeded
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    m = list(runtime.state["messages"])
    for c in m[-1].tool_calls:
        mine = c["id"] == runtime.tool_call_id
        m.append(ToolMessage(note if mine else "Tool call completed successfully.", tool_call_id=c["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": m})
# %% failed: answers every call it finds in the conversation
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    m = list(runtime.state["messages"])
    calls = [c for one in m if one.type == "ai" for c in one.tool_calls]
    m += [ToolMessage(f"Handed over. {note}", tool_call_id=c["id"]) for c in calls]
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": m})
# %% partial | two more calls behind it; three around it, after a look of its own: answers two calls
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    m = list(runtime.state["messages"])
    m += [ToolMessage(f"Handed over. {note}", tool_call_id=c["id"]) for c in m[-1].tool_calls[:2]]
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": m})
# %% partial | a second call before it; two more calls behind it; three around it, after a look of its own: the first note, for everybody
notes = []


@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    notes.append(note)
    m = list(runtime.state["messages"])
    m += [ToolMessage(f"Handed over. {notes[0]}", tool_call_id=c["id"]) for c in m[-1].tool_calls]
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": m})
# %% refused: the note as a message of the customer
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = "Handed over." if mine else "It may have run. Look before you call it again."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    messages.append({"role": "user", "content": note})
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% refused: claims that the parcel was found
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "Your parcel was found."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% passed: says that the others were not executed
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "Not executed."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% partial | two more calls behind it: calls of the same tool are its own, and only one of them is answered
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        if call["id"] == runtime.tool_call_id:
            messages.append(ToolMessage(f"Handed over. Note: {note}", tool_call_id=call["id"]))
        elif call["name"] != "to_refunds":
            messages.append(ToolMessage("It may have run.", tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% partial | two more calls behind it; three around it, after a look of its own: answers by the names of the tools
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    by_name = {call["name"]: call["id"] for call in messages[-1].tool_calls}
    for name, which in by_name.items():
        text = f"Handed over. Note: {note}" if name == "to_refunds" else "It may have run."
        messages.append(ToolMessage(text, tool_call_id=which))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% refused: a friendly word for the other calls
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "It was carried out by the front desk."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% refused: says that nobody need repeat it
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "The front desk has taken care of this, no need to repeat it."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% refused: says when the other calls were completed
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "Completed before the transfer."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% refused: says who has seen to the others
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "Handled by the front desk."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% refused: claims, and forbids a second look
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "Taken care of at the front desk; do not call it again."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% passed: doubts, and forbids a second call
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        text = f"Handed over. Note: {note}" if mine else "It may be done already, or not. Do not call it again."
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
# %% refused: says that the other calls ran
@tool
def to_refunds(note: str, runtime: ToolRuntime) -> Command:
    """Transfer the customer to the refunds desk, with a note for the colleague there."""
    messages = list(runtime.state["messages"])
    for call in messages[-1].tool_calls:
        mine = call["id"] == runtime.tool_call_id
        ran = "This call ran at the front desk; its result stays there. Do not call it again."
        text = f"Handed over. Note: {note}" if mine else ran
        messages.append(ToolMessage(text, tool_call_id=call["id"]))
    return Command(goto="refunds", graph=Command.PARENT, update={"messages": messages})
