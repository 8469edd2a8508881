# %% passed: a loop, names and all
def kind_gate(state):
    last = state["messages"][-1]
    answer = interrupt([{"tool": c["name"], "args": c["args"]} for c in last.tool_calls])
    if answer["approved"] is True:
        return Command(goto="tools")
    messages = []
    for call in last.tool_calls:
        messages.append(
            ToolMessage(
                content="Rejected: " + answer.get("reason", "no reason was given"),
                name=call["name"],
                tool_call_id=call["id"],
                status="error",
            )
        )
    return Command(update={"messages": messages}, goto="agent")
# %% passed: the messages as dictionaries
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"tool": calls[0]["name"], "args": calls[0]["args"]})
    if answer.get("approved"):
        return Command(goto="tools")
    reason = answer.get("reason") or "none"
    told = [{"role": "tool", "content": f"No. {reason}", "tool_call_id": c["id"]} for c in calls]
    return Command(goto="agent", update={"messages": told})
# %% partial | rejected; rejected without a reason; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected: ends the run in words of its own, so the model says nothing
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"tool": calls[0]["name"], "args": calls[0]["args"]})
    if answer["approved"]:
        return Command(goto="tools")
    reason = answer.get("reason", "")
    told = [ToolMessage(f"rejected: {reason}", tool_call_id=c["id"]) for c in calls]
    told.append(AIMessage(f"A colleague looked at it and said no. {reason}"))
    return Command(goto=END, update={"messages": told})
# %% passed: without marking the results as errors
def kind_gate(state: MessagesState) -> Command[Literal["tools", "agent"]]:
    """Ask; on {"approved": True} run the tools, else tell the model why not."""
    calls = state["messages"][-1].tool_calls
    answer = interrupt([{"tool": call["name"], "args": call["args"]} for call in calls])
    if answer["approved"]:
        return Command(goto="tools")
    text = f"Rejected by a colleague. Reason: {answer.get('reason', 'none given')}"
    rejected = [ToolMessage(text, tool_call_id=call["id"]) for call in calls]
    return Command(goto="agent", update={"messages": rejected})
# %% failed | rejected; rejected without a reason; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected; one thread, turned down again and again, then approved: the usual gate
def kind_gate(state):
    call = state["messages"][-1].tool_calls[0]
    answer = interrupt({"tool": call["name"], "args": call["args"]})
    if answer["approved"]:
        return Command(goto="tools")
    return Command(goto=END, update={"messages": [AIMessage("Your refund was turned down.")]})
# %% partial | two calls, rejected together; three calls, rejected together; one thread, turned down again and again, then approved: answers the first call only
def kind_gate(state):
    call = state["messages"][-1].tool_calls[0]
    answer = interrupt({"tool": call["name"], "args": call["args"]})
    if answer["approved"]:
        return Command(goto="tools")
    text = f"rejected: {answer.get('reason')}"
    told = ToolMessage(text, tool_call_id=call["id"], status="error")
    return Command(goto="agent", update={"messages": [told]})
# %% partial | rejected; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected: keeps the reason to itself
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"tool": calls[0]["name"], "args": calls[0]["args"]})
    if answer["approved"]:
        return Command(goto="tools")
    told = [ToolMessage("rejected", tool_call_id=c["id"], status="error") for c in calls]
    return Command(goto="agent", update={"messages": told})
# %% partial | rejected; rejected without a reason; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected: trips over a missing reason
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"tool": calls[0]["name"], "args": calls[0]["args"]})
    if answer["approved"]:
        return Command(goto="tools")
    told = [ToolMessage(answer["reason"], tool_call_id=c["id"], status="error") for c in calls]
    return Command(goto="agent", update={"messages": told})
# %% partial | rejected; rejected without a reason; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected: goes to the end, and nobody tells the customer
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"tool": calls[0]["name"], "args": calls[0]["args"]})
    if answer["approved"]:
        return Command(goto="tools")
    text = f"rejected: {answer.get('reason')}"
    told = [ToolMessage(text, tool_call_id=c["id"], status="error") for c in calls]
    return Command(goto=END, update={"messages": told})
# %% failed | rejected; rejected without a reason; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected; one thread, turned down again and again, then approved: sends the model back without any message
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"tool": calls[0]["name"], "args": calls[0]["args"]})
    return Command(goto="tools" if answer["approved"] else "agent")
# %% failed: never asks
def kind_gate(state):
    return Command(goto="tools")
# %% failed | rejected; rejected without a reason; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected; one thread, turned down again and again, then approved: runs the tools either way
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"tool": calls[0]["name"], "args": calls[0]["args"]})
    if answer:
        return Command(goto="tools")
    return Command(goto="agent")
# %% partial | rejected; rejected without a reason; two calls, rejected together; three calls, rejected together; another tool, rejected; words and a call, rejected: the reason alone, or nothing
def kind_gate(state: MessagesState) -> Command[Literal["tools", "agent"]]:
    calls = state["messages"][-1].tool_calls
    answer = interrupt([{"tool": call["name"], "args": call["args"]} for call in calls])
    if answer["approved"]:
        return Command(goto="tools")
    text = answer.get("reason", "")
    rejected = [ToolMessage(text, tool_call_id=call["id"], status="error") for call in calls]
    return Command(goto="agent", update={"messages": rejected})
# %% refused: tells the model that it was done
def kind_gate(state: MessagesState) -> Command[Literal["tools", "agent"]]:
    calls = state["messages"][-1].tool_calls
    answer = interrupt([{"tool": call["name"], "args": call["args"]} for call in calls])
    if answer["approved"]:
        return Command(goto="tools")
    rejected = [ToolMessage("Done. " + answer.get("reason", ""), tool_call_id=call["id"]) for call in calls]
    return Command(goto="agent", update={"messages": rejected})
# %% refused: approved once is approved for ever
_done = set()
def kind_gate(state: MessagesState) -> Command[Literal["tools", "agent"]]:
    calls = state["messages"][-1].tool_calls
    answer = interrupt([{"tool": call["name"], "args": call["args"]} for call in calls])
    key = tuple(str(c["args"]) for c in calls)
    if answer["approved"] or key in _done:
        _done.add(key)
        return Command(goto="tools")
    text = f"Rejected by a colleague. Reason: {answer.get('reason', 'none given')}"
    rejected = [ToolMessage(text, tool_call_id=call["id"], status="error") for call in calls]
    return Command(goto="agent", update={"messages": rejected})
# %% refused: the reason says it all
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"calls": calls})
    if answer["approved"]:
        return Command(goto="tools")
    told = [ToolMessage(answer.get("reason") or "rejected", tool_call_id=c["id"]) for c in calls]
    return Command(goto="agent", update={"messages": told})
# %% refused: the reason in brackets
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"calls": calls})
    if answer["approved"]:
        return Command(goto="tools")
    text = f"({answer.get('reason', '')})"
    told = [ToolMessage(text, tool_call_id=c["id"], status="error") for c in calls]
    return Command(goto="agent", update={"messages": told})
# %% refused: neither word nor mark
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"calls": calls})
    if answer["approved"]:
        return Command(goto="tools")
    text = f"A colleague says: {answer.get('reason', 'nothing')}"
    return Command(
        goto="agent", update={"messages": [ToolMessage(text, tool_call_id=c["id"]) for c in calls]}
    )
# %% passed: not run
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"calls": calls})
    if answer["approved"]:
        return Command(goto="tools")
    text = f"Not run. {answer.get('reason', '')}"
    return Command(
        goto="agent", update={"messages": [ToolMessage(text, tool_call_id=c["id"]) for c in calls]}
    )
# %% passed: another word, and the mark
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt({"calls": calls})
    if answer["approved"]:
        return Command(goto="tools")
    text = f"Abgelehnt. {answer.get('reason', '')}"
    told = [ToolMessage(text, tool_call_id=c["id"], status="error") for c in calls]
    return Command(goto="agent", update={"messages": told})
# %% partial | words and a call, rejected: a long reason is cut, to save tokens
def kind_gate(state):
    calls = state["messages"][-1].tool_calls
    answer = interrupt([{"tool": call["name"], "args": call["args"]} for call in calls])
    if answer["approved"]:
        return Command(goto="tools")
    text = f"Rejected. Reason: {answer.get('reason', 'none')[:200]}"
    return Command(
        goto="agent",
        update={"messages": [ToolMessage(text, tool_call_id=call["id"]) for call in calls]},
    )
# %% partial | two calls, rejected together; three calls, rejected together; words and a call, rejected: a look-up does no harm, so it runs after the no
def kind_gate(state: MessagesState) -> Command[Literal["tools", "agent"]]:
    calls = state["messages"][-1].tool_calls
    answer = interrupt([{"tool": call["name"], "args": call["args"]} for call in calls])
    if answer["approved"]:
        return Command(goto="tools")
    text = f"Rejected by a colleague. Reason: {answer.get('reason', 'none given')}"
    results = [ToolMessage(text, tool_call_id=call["id"], status="error") for call in calls]
    for number, call in enumerate(calls):
        if call["name"] == "track_parcel":
            results[number] = track_parcel.invoke(call)
    return Command(goto="agent", update={"messages": results})
