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
# %% partial | a second call; two more calls: answers its own call only
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
