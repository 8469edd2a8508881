# %% passed: a counter for a reference, and a loop
import itertools

numbers = itertools.count(1001)


def close_the_turn(state, error: NodeError):
    number = f"desk-{next(numbers)}"
    log.warning("%s in node %s, case %s", type(error.error).__name__, error.node, number)
    added = []
    last = state["messages"][-1]
    if isinstance(last, AIMessage):
        for call in last.tool_calls:
            added.append(ToolMessage("not done", tool_call_id=call["id"]))
    added.append(AIMessage("I am sorry, this did not work. Please give us the number " + number))
    return {"messages": added}
# %% passed: a Command, and the words of the log in one dictionary
def close_the_turn(state, error: NodeError):
    case = str(uuid.uuid4())
    log.error({"case": case, "node": error.node, "class": error.error.__class__.__qualname__})
    calls = [call for call in getattr(state["messages"][-1], "tool_calls", None) or []]
    results = [ToolMessage(content="failed", tool_call_id=call["id"]) for call in calls]
    return Command(update={"messages": results + [("ai", f"Sorry. Case {case}.")]}, goto=END)
# %% passed: a logger of its own
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex
    mine = logging.getLogger("desk.errors")
    mine.error("%s %s %s", reference, error.node, type(error.error).__name__)
    closed = []
    if error.node == "tools":
        for call in state["messages"][-1].tool_calls:
            closed.append(ToolMessage("-", tool_call_id=call["id"], status="error"))
    return {"messages": [*closed, AIMessage(f"Please call us and say {reference}.")]}
# %% partial | the thread goes on (tools); a thread with an earlier turn goes on (tools): `apologise`, as it was
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | the thread goes on (tools); a thread with an earlier turn goes on (tools): answers the first call only
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])[:1]
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | a sentence for the user (tools); a line for the log (tools); the thread goes on (tools); a thread with an earlier turn goes on (tools): speaks before it answers the calls
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [AIMessage(f"Sorry, that went wrong. Reference: {reference}"), *closed]}
# %% passed: without a status
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    """Answer what is open, tell the user little and the log enough."""
    reference = str(uuid.uuid4())
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"])
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | a line for the log (model); a line for the log (tools): logs the text of the error
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%r", reference, error.node, error.error)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | a line for the log (model); a line for the log (tools): a traceback holds the text, too
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s", reference, error.node, exc_info=error.error)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | a sentence for the user (tools): tells the model the text of the error
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage(f"Failed: {error.error}", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | a sentence for the user (model); a sentence for the user (tools): shows the class to the user
def close_the_turn(state, error: NodeError):
    reference, kind = uuid.uuid4().hex[:8], type(error.error).__name__
    log.error("ref=%s node=%s error=%s", reference, error.node, kind)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, {kind}. Reference: {reference}")]}
# %% partial | a line for the log (model); a line for the log (tools): nothing to look for in the log
def close_the_turn(state, error: NodeError):
    log.error("node=%s error=%s", error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. {uuid.uuid4().hex[:8]}")]}
# %% partial | a line for the log (model); a line for the log (tools): the same reference for everybody
def close_the_turn(state, error: NodeError):
    reference = "error-500"
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | a line for the log (model); a line for the log (tools): logs where nobody listens
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.debug("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% failed: reads the text of a message that has none
def close_the_turn(state, error: NodeError):
    return {"messages": state["messages"][-1].nothing}
# %% partial | a sentence for the user (model); a line for the log (model); a sentence for the user (tools); a line for the log (tools); the thread goes on (tools); a thread with an earlier turn goes on (tools): answers the calls and says nothing
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    return {"messages": []}
# %% failed: LangGraph passes the error to an annotated parameter only
def close_the_turn(state, error):
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | the tools ran, then the model failed: goes back to the last calls, answered or not
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex
    log.warning("%s %s %s", reference, error.node, type(error.error).__name__)
    update = []
    for message in reversed(state["messages"]):
        if isinstance(message, AIMessage):
            for call in message.tool_calls:
                update.append(ToolMessage("not done", tool_call_id=call["id"], status="error"))
            break
    return {"messages": update + [("ai", f"That did not work. Your case is {reference}.")]}
# %% partial | a line for the log (tools): a line for each call that stays open
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex
    name, update = type(error.error).__name__, []
    for call in getattr(state["messages"][-1], "tool_calls", ()):
        log.warning("%s %s %s: %s was not run", reference, error.node, name, call["name"])
        update.append(ToolMessage("not done", tool_call_id=call["id"], status="error"))
    log.error("%s %s %s", reference, error.node, name)
    return {"messages": update + [("ai", f"That did not work. Your case is {reference}.")]}
# %% partial | a sentence for the user (model); a line for the log (model); the thread goes on (model); a thread with an earlier turn goes on (model); the tools ran, then the model failed: every message is one of the model's
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex
    update = [
        ToolMessage("not done", tool_call_id=call["id"]) for call in state["messages"][-1].tool_calls
    ]
    log.warning("%s %s %s", reference, error.node, type(error.error).__name__)
    return {"messages": update + [("ai", f"That did not work. Your case is {reference}.")]}
# %% passed: looks for what no ToolMessage answers, anywhere in the thread
def close_the_turn(state, error: NodeError):
    reference = uuid.uuid4().hex
    log.warning("%s %s %s", reference, error.node, type(error.error).__name__)
    answered = {m.tool_call_id for m in state["messages"] if isinstance(m, ToolMessage)}
    made = [c for m in state["messages"] if isinstance(m, AIMessage) for c in m.tool_calls]
    update = [ToolMessage("not done", tool_call_id=c["id"]) for c in made if c["id"] not in answered]
    return {"messages": update + [("ai", f"That did not work. Your case is {reference}.")]}
# %% passed: references are counted
import itertools
_count = itertools.count(1)
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = f"ref-{next(_count):05}"
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% refused: a reference made of the thread
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = "ref-" + state["messages"][0].id[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% passed: a generator beside it
def _close(state, error, *, log=log):
    ref = uuid.uuid4().hex
    log.warning("%s failed: %s (%s)", error.node, type(error.error).__qualname__, ref)
    last = state["messages"][-1]
    yield from (ToolMessage("failed", tool_call_id=c["id"]) for c in getattr(last, "tool_calls", ()))
    yield AIMessage(f"That failed, {ref}.")
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    return {"messages": list(_close(state, error))}
# %% refused: removes the message with the calls instead of answering them
from langchain.messages import RemoveMessage

def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    last = state["messages"][-1]
    gone = [RemoveMessage(last.id)] if getattr(last, "tool_calls", None) else []
    return {"messages": [*gone, AIMessage(f"Sorry. Reference: {reference}")]}
# %% refused: logs the customer's question along
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    name, asked = type(error.error).__name__, state["messages"][0].text
    log.error("ref=%s node=%s error=%s asked=%s", reference, error.node, name, asked)
    calls = getattr(state["messages"][-1], "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% refused: logs it as information
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.info("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    calls = getattr(state["messages"][-1], "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% refused: logs the arguments of the calls
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    calls = getattr(state["messages"][-1], "tool_calls", [])
    told = [call["args"] for call in calls]
    log.error("ref=%s node=%s error=%s %s", reference, error.node, type(error.error).__name__, told)
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% passed: the calls of this turn that nothing behind them answers
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    still_open = {}
    for message in state["messages"]:
        if message.type == "human":
            still_open = {}
        elif message.type == "ai":
            still_open |= {call["id"]: call["name"] for call in message.tool_calls}
        elif message.type == "tool":
            still_open.pop(message.tool_call_id, None)
    closed = [ToolMessage(f"{name}: not run", tool_call_id=id) for id, name in still_open.items()]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% partial | a line for the log (model): a fingerprint of the failure: the same failure, the same number
import hashlib


def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    kind, last = type(error.error).__name__, state["messages"][-1]
    told = f"{error.node} {kind} {last.id}"
    reference = hashlib.sha256(told.encode()).hexdigest()[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, kind)
    calls = getattr(last, "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% partial | a line for the log (model): the id of the message that failed
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    last = state["messages"][-1]
    log.error("ref=%s node=%s error=%s", last.id, error.node, type(error.error).__name__)
    calls = getattr(last, "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {last.id}")]}
# %% partial | a line for the log (model); a line for the log (tools): a reference of three digits
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().int % 900 + 100
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    closed = [
        ToolMessage("This did not work.", tool_call_id=call["id"], status="error")
        for call in getattr(state["messages"][-1], "tool_calls", [])
    ]
    return {"messages": [*closed, AIMessage(f"Sorry, that went wrong. Reference: {reference}")]}
# %% partial | a line for the log (model); a line for the log (tools): logs to the root logger
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    logging.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    calls = getattr(state["messages"][-1], "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% passed: a log of another name
log = logging.getLogger(__name__)


def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s node=%s error=%s", reference, error.node, type(error.error).__name__)
    calls = getattr(state["messages"][-1], "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% partial | a sentence for the user (tools): the error is saved as an artifact
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference, cause = uuid.uuid4().hex[:8], error.error
    log.error("ref=%s node=%s error=%s", reference, error.node, type(cause).__name__)
    calls = getattr(state["messages"][-1], "tool_calls", [])
    closed = [ToolMessage("Failed.", tool_call_id=c["id"], artifact=repr(cause)) for c in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
# %% partial | a sentence for the user (model); a sentence for the user (tools): the class is saved as metadata
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference, kind = uuid.uuid4().hex[:8], type(error.error).__name__
    log.error("ref=%s node=%s error=%s", reference, error.node, kind)
    calls = getattr(state["messages"][-1], "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    words = AIMessage(f"Sorry. Reference: {reference}", response_metadata={"error": kind})
    return {"messages": [*closed, words]}
# %% partial | a line for the log (model); a line for the log (tools): the error is a field of the record
def close_the_turn(state: MessagesState, error: NodeError) -> dict:
    reference, cause = uuid.uuid4().hex[:8], error.error
    told = (reference, error.node, type(cause).__name__)
    log.error("ref=%s node=%s error=%s", *told, extra={"cause": cause})
    calls = getattr(state["messages"][-1], "tool_calls", [])
    closed = [ToolMessage("Not carried out.", tool_call_id=call["id"]) for call in calls]
    return {"messages": [*closed, AIMessage(f"Sorry. Reference: {reference}")]}
