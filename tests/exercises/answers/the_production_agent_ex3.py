# %% passed: asks first, then sorts
def approve_each(state):
    calls = state["messages"][-1].tool_calls
    no = set()
    for call in calls:
        if call["name"] in RISKY:
            asked = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            if interrupt(asked).get("type") != "approve":
                no.add(call["id"])
    answers = [
        ToolMessage("Rejected.", tool_call_id=call["id"], name=call["name"], status="error")
        for call in calls
        if call["id"] in no
    ]
    sends = [run(call, state) for call in calls if call["id"] not in no]
    return Command(update={"messages": answers}, goto=sends or ["agent"])
# %% passed: async, and only what is harmless is listed
async def approve_each(state):
    yes, no = [], []
    for call in state["messages"][-1].tool_calls:
        decision = {"type": "approve"}
        if call["name"] not in {"track_parcel"}:
            decision = interrupt({"tool": call["name"], "args": call["args"], "why": "risky"})
        if isinstance(decision, dict) and decision["type"] == "approve":
            yes.append(run(call, state))
        else:
            reason = decision.get("reason", "no reason") if isinstance(decision, dict) else "?"
            no.append(ToolMessage(f"Rejected: {reason}", tool_call_id=call["id"]))
    if not yes:
        return Command(update={"messages": no}, goto="agent")
    return Command(update={"messages": no}, goto=yes)
# %% passed: an answer without a status
def approve_each(state: State) -> Command:
    """Ask about each risky call; run what may run, and answer the others."""
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        allowed = True
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            allowed = interrupt(question) == {"type": "approve"}
        if allowed:
            go_on.append(run(call, state))
        else:
            words = "The owner said no. It was not done."
            answers.append(ToolMessage(words, tool_call_id=call["id"]))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% failed | rejection; approval; a harmless call; the owner; approved?; 'edit': the first call decides for all
def approve_each(state):
    calls = state["messages"][-1].tool_calls
    if calls[0]["name"] in RISKY:
        question = {"tool": calls[0]["name"], "args": calls[0]["args"], "why": "money"}
        if interrupt(question)["type"] != "approve":
            return Command(goto=END, update={"messages": [AIMessage("No.")]})
    return Command(goto=[run(call, state) for call in calls])
# %% partial | rejection: a no ends the turn in words, and the call stays open
def approve_each(state):
    go_on = []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": "money"}
            if interrupt(question) != {"type": "approve"}:
                continue
        go_on.append(run(call, state))
    return Command(goto=go_on or END)
# %% partial | a harmless call: a no to one is a no to all
def approve_each(state):
    calls = state["messages"][-1].tool_calls
    yes, no = [], []
    for call in calls:
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": "money"}
            (yes if interrupt(question) == {"type": "approve"} else no).append(call)
        else:
            yes.append(call)
    if no and not any(call["name"] in RISKY for call in yes):
        words = [ToolMessage("No.", tool_call_id=call["id"]) for call in calls]
        return Command(goto="agent", update={"messages": words})
    words = [ToolMessage("No.", tool_call_id=call["id"]) for call in no]
    return Command(goto=[run(call, state) for call in yes], update={"messages": words})
# %% partial | approved?; 'edit': only "reject" is a no
def approve_each(state):
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": "money"}
            if interrupt(question)["type"] == "reject":
                answers.append(ToolMessage("No.", tool_call_id=call["id"]))
                continue
        go_on.append(run(call, state))
    return Command(goto=go_on or "agent", update={"messages": answers})
# %% partial | a harmless call; the owner: asks about everything
def approve_each(state):
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        question = {"tool": call["name"], "args": call["args"], "why": "who knows"}
        if interrupt(question) == {"type": "approve"}:
            go_on.append(run(call, state))
        else:
            answers.append(ToolMessage("No.", tool_call_id=call["id"]))
    return Command(goto=go_on or "agent", update={"messages": answers})
# %% failed | approval; rejection; a harmless call; the owner; approved?; 'edit': asks nobody
def approve_each(state):
    return Command(goto=[run(call, state) for call in state["messages"][-1].tool_calls])
