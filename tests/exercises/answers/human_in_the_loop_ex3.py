# %% passed: the harmless case first
def ask_and_run(call, risky, run):
    if call["name"] not in risky:
        return run(call)
    decision = interrupt({"tool": call["name"], "args": call["args"], "why": "money"})
    match decision:
        case {"type": "approve"}:
            return run(call)
        case {"reason": reason}:
            text = f"Rejected: {reason}"
        case _:
            text = "Rejected."
    return ToolMessage(text, tool_call_id=call["id"], name=call["name"], status="error")
# %% passed: compares with the one right answer
def ask_and_run(call, risky, run):
    decision = {"type": "approve"}
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
    if decision == {"type": "approve"}:
        return run(call)
    return ToolMessage(content=f"not done: {decision}", tool_call_id=call["id"], status="error")
# %% partial | what is not an approval is a no: tells the model the answer as it came, and no more
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(decision, dict) or decision.get("type") != "approve":
            return ToolMessage(str(decision), tool_call_id=call["id"])
    return run(call)
# %% passed: a schema of its own refuses what is neither
def ask_and_run(call, risky, run):
    class Answer(BaseModel):
        type: str = ""
        reason: str = ""

    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        answer = Answer.model_validate(answer) if isinstance(answer, dict) else Answer()
        if answer.type != "approve":
            text = f"Rejected. {answer.reason}"
            return ToolMessage(text, tool_call_id=call["id"], name=call["name"])
    return run(call)
# %% passed: without the name of the tool
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    """Run the call, a risky one only after approval; return the message that answers it."""
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(decision, dict) or decision.get("type") != "approve":
            reason = decision.get("reason", "none") if isinstance(decision, dict) else "none"
            text = f"Rejected by a colleague. Reason: {reason}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% passed: without marking the result as an error
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    """Run the call, a risky one only after approval; return the message that answers it."""
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(decision, dict) or decision.get("type") != "approve":
            reason = decision.get("reason", "none") if isinstance(decision, dict) else "none"
            text = f"Rejected by a colleague. Reason: {reason}"
            return ToolMessage(text, tool_call_id=call["id"], name=call["name"])
    return run(call)
# %% partial | a harmless call runs without a question; `risky` says what is risky; a name is in `risky`: asks about everything
def ask_and_run(call, risky, run):
    decision = interrupt({"tool": call["name"], "args": call["args"]})
    if not isinstance(decision, dict) or decision.get("type") != "approve":
        return ToolMessage(f"rejected: {decision}", tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | the model knows why; what is not an approval is a no: whatever is not a rejection runs
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if isinstance(decision, dict) and decision.get("type") == "reject":
            return ToolMessage(decision["reason"], tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | the model knows why; what is not an approval is a no: the answer is a dictionary, is it not
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if decision["type"] != "approve":
            text = decision.get("reason", "")
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | the model knows why; then hello; two customers at the same time; what is not an approval is a no: returns nothing for a rejected call
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if isinstance(decision, dict) and decision.get("type") == "approve":
            return run(call)
        return None
    return run(call)
# %% partial | the model knows why; then hello; two customers at the same time; what is not an approval is a no: the message answers no call
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(decision, dict) or decision.get("type") != "approve":
            return ToolMessage(f"rejected: {decision}", tool_call_id=call["name"], status="error")
    return run(call)
# %% partial | the model knows why; what is not an approval is a no: the reason is lost
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if decision != {"type": "approve"}:
            return ToolMessage("rejected", tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | each risky call asks a question of its own; an approval runs this call, once, and no other; a rejected call does not run; `risky` says what is risky; a name is in `risky`; two customers at the same time; what is not an approval is a no: runs first, asks then
def ask_and_run(call, risky, run):
    message = run(call)
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if decision != {"type": "approve"}:
            return ToolMessage(f"rejected {decision}", tool_call_id=call["id"], status="error")
    return message
# %% partial | each risky call asks a question of its own; `risky` says what is risky: shows the name only
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt(f"May I {call['name']} {call['args']}?")
        if decision != {"type": "approve"}:
            return ToolMessage(f"rejected {decision}", tool_call_id=call["id"], status="error")
    return run(call)
# %% refused: returns a dictionary for the state
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        if decision != {"type": "approve"}:
            message = ToolMessage("rejected", tool_call_id=call["id"], status="error")
            return {"messages": [message]}
    return {"messages": [run(call)]}
# %% refused: approved once is approved for ever
_ok = set()
def ask_and_run(call, risky, run):
    key = (call["name"], repr(call["args"]))
    if call["name"] in risky and key not in _ok:
        d = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(d, dict) or d.get("type") != "approve":
            reason = d.get("reason", "none") if isinstance(d, dict) else "none"
            return ToolMessage(f"Rejected. Reason: {reason}", tool_call_id=call["id"], status="error")
        _ok.add(key)
    return run(call)
# %% refused: an answer without a type is a yes
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        d = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(d, dict) or d.get("type", "approve") != "approve":
            reason = d.get("reason", "none") if isinstance(d, dict) else "none"
            return ToolMessage(f"Rejected. Reason: {reason}", tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | what is not an approval is a no: reads a reason from a rejection only
def ask_and_run(call, risky, run):
    if call["name"] not in risky:
        return run(call)
    answer = interrupt({"tool": call["name"], "args": call["args"]})
    kind = answer.get("type") if isinstance(answer, dict) else None
    if kind == "approve":
        return run(call)
    reason = answer.get("reason", "none") if kind == "reject" else "not understood"
    return ToolMessage(f"Rejected. Reason: {reason}", tool_call_id=call["id"], name=call["name"])
# %% refused: the reason alone, or nothing
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(answer, dict) or answer.get("type") != "approve":
            reason = answer.get("reason", "") if isinstance(answer, dict) else ""
            return ToolMessage(reason, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | an error of the tool: runs the tool again after an error
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(answer, dict) or answer.get("type") != "approve":
            reason = answer.get("reason", "none") if isinstance(answer, dict) else str(answer)
            return ToolMessage(f"Rejected. Reason: {reason}", tool_call_id=call["id"])
    try:
        return run(call)
    except Exception:
        return run(call)
# %% partial | an error of the tool: an apology for a bug
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(answer, dict) or answer.get("type") != "approve":
            reason = answer.get("reason", "none") if isinstance(answer, dict) else str(answer)
            return ToolMessage(f"Rejected. Reason: {reason}", tool_call_id=call["id"])
    try:
        return run(call)
    except Exception as error:
        return ToolMessage(f"failed: {error}", tool_call_id=call["id"], status="error")
# %% partial | a name is in `risky` as it is written, or it is not: asks about each name that begins as a risky one
def ask_and_run(call, risky, run):
    if call["name"].startswith(tuple(risky)):
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        decision = decision if isinstance(decision, dict) else {}
        if decision.get("type") != "approve":
            text = f"Rejected. Reason: {decision.get('reason')}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | a name is in `risky` as it is written, or it is not: a risky name within the name will do
def ask_and_run(call, risky, run):
    if any(name in call["name"] for name in risky):
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        decision = decision if isinstance(decision, dict) else {}
        if decision.get("type") != "approve":
            text = f"Rejected. Reason: {decision.get('reason')}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | a name is in `risky` as it is written, or it is not: the name may be within a risky one
def ask_and_run(call, risky, run):
    if call["name"] in " ".join(risky):
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        decision = decision if isinstance(decision, dict) else {}
        if decision.get("type") != "approve":
            text = f"Rejected. Reason: {decision.get('reason')}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | a name is in `risky` as it is written, or it is not: the call's name in small letters
def ask_and_run(call, risky, run):
    if call["name"].lower() in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        decision = decision if isinstance(decision, dict) else {}
        if decision.get("type") != "approve":
            text = f"Rejected. Reason: {decision.get('reason')}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | a name is in `risky` as it is written, or it is not: both names in small letters
def ask_and_run(call, risky, run):
    if call["name"].lower() in {name.lower() for name in risky}:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        decision = decision if isinstance(decision, dict) else {}
        if decision.get("type") != "approve":
            text = f"Rejected. Reason: {decision.get('reason')}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | the model knows why: a long reason is cut, to save tokens
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        decision = decision if isinstance(decision, dict) else {}
        if decision.get("type") != "approve":
            text = f"Rejected. Reason: {str(decision.get('reason'))[:200]}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% partial | what the tool returned comes back as it is: a new message with the words of the old one
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        decision = interrupt({"tool": call["name"], "args": call["args"]})
        decision = decision if isinstance(decision, dict) else {}
        if decision.get("type") != "approve":
            text = f"Rejected. Reason: {decision.get('reason')}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return ToolMessage(run(call).text, tool_call_id=call["id"], name=call["name"])
# %% partial | the model knows why: the first line of the reason is enough
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        said = answer if isinstance(answer, dict) else {}
        if said.get("type") != "approve":
            reason = (said.get("reason") or "none given").partition("\n")[0]
            return ToolMessage(f"Rejected. Reason: {reason}", tool_call_id=call["id"])
    return run(call)
# %% passed: the whole decision as JSON
import json


def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(answer, dict) or answer.get("type") != "approve":
            text = "This was not carried out: " + json.dumps(answer)
            return ToolMessage(text, tool_call_id=call["id"])
    return run(call)
# %% partial | what is not an approval is a no: thanks for an answer that nobody thought of
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    if call["name"] not in risky:
        return run(call)
    text = "Thank you, the answer was taken."
    match interrupt({"tool": call["name"], "args": call["args"]}):
        case {"type": "approve"}:
            return run(call)
        case {"reason": reason}:
            text = f"Rejected. Reason: {reason}"
    return ToolMessage(text, tool_call_id=call["id"])
# %% partial | the model knows why; what is not an approval is a no: says what the colleague wrote, and not that it is a no
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(answer, dict) or answer.get("type") != "approve":
            reason = answer.get("reason", "-") if isinstance(answer, dict) else "-"
            return ToolMessage(f"A colleague wrote: {reason}", tool_call_id=call["id"])
    return run(call)
# %% passed: another word for it
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(answer, dict) or answer.get("type") != "approve":
            reason = answer.get("reason", "-") if isinstance(answer, dict) else "-"
            return ToolMessage(f"Denied by a colleague: {reason}", tool_call_id=call["id"])
    return run(call)
# %% passed: the mark says it
def ask_and_run(call: ToolCall, risky: set[str], run) -> ToolMessage:
    if call["name"] in risky:
        answer = interrupt({"tool": call["name"], "args": call["args"]})
        if not isinstance(answer, dict) or answer.get("type") != "approve":
            reason = answer.get("reason", "-") if isinstance(answer, dict) else "-"
            text = f"A colleague wrote: {reason}"
            return ToolMessage(text, tool_call_id=call["id"], status="error")
    return run(call)
# %% failed | a rejected call does not run; the model knows why; two customers at the same time; what is not an approval is a no: asks, and runs all the same
def ask_and_run(call, risky, run):
    if call["name"] in risky:
        interrupt({"tool": call["name"], "args": call["args"]})
    return run(call)
# %% failed | each risky call asks; an approval runs; a rejected call; the model knows why; `risky` says; a name is in; two customers; what is not an approval: runs everything
def ask_and_run(call, risky, run):
    return run(call)
