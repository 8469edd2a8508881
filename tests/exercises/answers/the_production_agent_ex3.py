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
# %% partial | approval; rejection; a harmless call beside a rejected one runs; the owner sees what would happen; one of two is approved; another risky tool; many calls in one message; any other answer is a no; the same refund twice in one message: the first call decides for all
def approve_each(state):
    calls = state["messages"][-1].tool_calls
    if calls[0]["name"] in RISKY:
        question = {"tool": calls[0]["name"], "args": calls[0]["args"], "why": "money"}
        if interrupt(question)["type"] != "approve":
            return Command(goto=END, update={"messages": [AIMessage("No.")]})
    return Command(goto=[run(call, state) for call in calls])
# %% partial | rejection; a harmless call beside a rejected one runs; the owner sees what would happen; one of two is approved; another risky tool; any other answer is a no; the same refund twice in one message: a no ends the turn in words, and the call stays open
def approve_each(state):
    go_on = []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": "money"}
            if interrupt(question) != {"type": "approve"}:
                continue
        go_on.append(run(call, state))
    return Command(goto=go_on or END)
# %% partial | a harmless call beside a rejected one runs: a no to one is a no to all
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
# %% partial | any other answer is a no: only "reject" is a no
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
# %% partial | a harmless call beside a rejected one runs; one of two is approved; nothing risky; many calls in one message: asks about everything
def approve_each(state):
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        question = {"tool": call["name"], "args": call["args"], "why": "who knows"}
        if interrupt(question) == {"type": "approve"}:
            go_on.append(run(call, state))
        else:
            answers.append(ToolMessage("No.", tool_call_id=call["id"]))
    return Command(goto=go_on or "agent", update={"messages": answers})
# %% failed | approval; rejection; a harmless call beside a rejected one runs; the owner sees what would happen; one of two is approved; another risky tool; many calls in one message; two customers wait; any other answer is a no; the same refund twice in one message: asks nobody
def approve_each(state):
    return Command(goto=[run(call, state) for call in state["messages"][-1].tool_calls])
# %% passed: match
def approve_each(state):
    approved, refused = [], []
    for call in state["messages"][-1].tool_calls:
        why = RISKY.get(call["name"])
        if why is None:
            approved.append(run(call, state))
            continue
        match interrupt({"tool": call["name"], "args": call["args"], "why": why}):
            case {"type": "approve"}:
                approved.append(run(call, state))
            case _:
                refused.append(ToolMessage("No.", tool_call_id=call["id"]))
    if approved and refused:
        return Command(goto=approved, update={"messages": refused})
    return Command(goto=approved) if approved else Command(goto="agent", update={"messages": refused})
# %% partial | a harmless call beside a rejected one runs; the owner sees what would happen; one of two is approved; the same refund twice in one message: no answer to a rejected call where another one runs
def approve_each(state):
    goto = []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            if interrupt(question)["type"] != "approve":
                continue
        goto.append(run(call, state))
    if goto:
        return Command(goto=goto)
    calls = state["messages"][-1].tool_calls
    return Command(goto="agent", update={"messages": [ToolMessage("No.", tool_call_id=c["id"]) for c in calls]})
# %% partial | another risky tool: knows that refunds are risky
def approve_each(state):
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        if call["name"] == "refund":
            question = {"tool": call["name"], "args": call["args"], "why": "Money leaves the shop."}
            if interrupt(question) != {"type": "approve"}:
                answers.append(ToolMessage("No.", tool_call_id=call["id"]))
                continue
        go_on.append(run(call, state))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% partial | the owner sees what would happen: does not say why
def approve_each(state):
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            if interrupt({"tool": call["name"], "args": call["args"]}) != {"type": "approve"}:
                answers.append(ToolMessage("No.", tool_call_id=call["id"]))
                continue
        go_on.append(run(call, state))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% partial | a harmless call beside a rejected one runs; the owner sees what would happen; one of two is approved; nothing risky; another risky tool; many calls in one message; the same refund twice in one message: an answer for the calls that run, too
def approve_each(state):
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        allowed = True
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            allowed = interrupt(question) == {"type": "approve"}
        if allowed:
            go_on.append(run(call, state))
        answers.append(ToolMessage("Seen." if allowed else "No.", tool_call_id=call["id"]))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% refused: one decision for the calls of a tool
decided = {}


def approve_each(state):
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        name = call["name"]
        if name in RISKY and name not in decided:
            question = {"tool": name, "args": call["args"], "why": RISKY[name]}
            decided[name] = interrupt(question) == {"type": "approve"}
        if decided.get(name, True):
            go_on.append(run(call, state))
        else:
            answers.append(ToolMessage("No.", tool_call_id=call["id"]))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% partial | a harmless call beside a rejected one runs; the owner sees what would happen; one of two is approved; another risky tool; any other answer is a no; the same refund twice in one message: takes rejected calls out of the message
def approve_each(state):
    message, go_on = state["messages"][-1], []
    for call in list(message.tool_calls):
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            if interrupt(question) != {"type": "approve"}:
                message.tool_calls.remove(call)
                continue
        go_on.append(run(call, state))
    return Command(update={"messages": [message]}, goto=go_on or "agent")
# %% partial | a harmless call beside a rejected one runs; the owner sees what would happen; one of two is approved; the same refund twice in one message: the model has the word while tools run
def approve_each(state):
    where, refused = [], []
    for call in state["messages"][-1].tool_calls:
        if call["name"] in RISKY:
            said = interrupt({"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]})
            if said != {"type": "approve"}:
                refused.append(ToolMessage("Not allowed.", tool_call_id=call["id"]))
                continue
        where.append(run(call, state))
    return Command(goto=[*where, "agent"] if refused else where, update={"messages": refused})
# %% partial | another risky tool: a risk without a reason is none
def approve_each(state):
    where, refused = [], []
    for call in state["messages"][-1].tool_calls:
        reason = RISKY.get(call["name"], "")
        if reason:
            said = interrupt({"tool": call["name"], "args": call["args"], "why": reason})
            if said != {"type": "approve"}:
                refused.append(ToolMessage("Not allowed.", tool_call_id=call["id"]))
                continue
        where.append(run(call, state))
    return Command(goto=where or "agent", update={"messages": refused})
# %% passed: a why of its own
def approve_each(state: State) -> Command:
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        allowed = True
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": "Please decide."}
            allowed = interrupt(question) == {"type": "approve"}
        if allowed:
            go_on.append(run(call, state))
        else:
            answers.append(ToolMessage("The owner said no.", tool_call_id=call["id"], status="error"))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% refused: approved once is approved for ever
_yes = []
def approve_each(state: State) -> Command:
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        allowed = True
        key = (call["name"], str(call["args"]))
        if call["name"] in RISKY and key not in _yes:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            allowed = interrupt(question) == {"type": "approve"}
            if allowed:
                _yes.append(key)
        if allowed:
            go_on.append(run(call, state))
        else:
            answers.append(ToolMessage("The owner said no.", tool_call_id=call["id"], status="error"))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% refused: three calls at most
def approve_each(state: State) -> Command:
    answers, go_on = [], []
    for n, call in enumerate(state["messages"][-1].tool_calls):
        allowed = True
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            allowed = interrupt(question) == {"type": "approve"}
        if allowed and n < 3:
            go_on.append(run(call, state))
        else:
            answers.append(ToolMessage("The owner said no.", tool_call_id=call["id"], status="error"))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% refused: a rejection without a word
def approve_each(state: State) -> Command:
    answers, go_on = [], []
    for call in state["messages"][-1].tool_calls:
        allowed = True
        if call["name"] in RISKY:
            question = {"tool": call["name"], "args": call["args"], "why": RISKY[call["name"]]}
            allowed = interrupt(question) == {"type": "approve"}
        if allowed:
            go_on.append(run(call, state))
        else:
            answers.append(ToolMessage("", tool_call_id=call["id"]))
    return Command(update={"messages": answers}, goto=go_on or "agent")
# %% partial | the same refund twice in one message: decisions in a dictionary by the arguments
def approve_each(state: State) -> Command:
    calls = state["messages"][-1].tool_calls
    said = {str(c["args"]): interrupt({"tool": c["name"], "args": c["args"], "why": RISKY[c["name"]]}) for c in calls if c["name"] in RISKY}
    ok = lambda c: c["name"] not in RISKY or said[str(c["args"])] == {"type": "approve"}
    bad = [ToolMessage("Refused.", tool_call_id=c["id"]) for c in calls if not ok(c)]
    return Command(goto=[run(c, state) for c in calls if ok(c)] or "agent", update={"messages": bad})
# %% partial | the same refund twice in one message: asks once for calls that are equal
def approve_each(state: State) -> Command:
    answers, go, seen = [], [], {}
    for c in state["messages"][-1].tool_calls:
        key = (c["name"], tuple(sorted(c["args"].items())))
        if c["name"] in RISKY and key not in seen:
            seen[key] = interrupt({"tool": c["name"], "args": c["args"], "why": RISKY[c["name"]]})
        if c["name"] not in RISKY or seen[key].get("type") == "approve":
            go.append(run(c, state))
        else:
            answers.append(ToolMessage("No.", tool_call_id=c["id"]))
    return Command(goto=go or "agent", update={"messages": answers})
