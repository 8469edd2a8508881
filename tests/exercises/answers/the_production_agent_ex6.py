# %% passed: a helper, and JSON
def failed(node, error):
    reference = str(uuid.uuid4())
    line = {"ref": reference, "thread": thread_id(), "node": node, "error": type(error).__name__}
    log.error(json.dumps(line))
    return f"Sorry, this did not work. Please tell us: {reference}"


def tell_model(error: Exception) -> str:
    return failed("tools", error)


def tell_user(state: State, error: NodeError) -> dict:
    return {"messages": [AIMessage(failed(error.node, error.error))]}


def note_turn(state):
    log.info(json.dumps({"thread": thread_id(), "messages": len(state["messages"])}))
# %% passed: the thread stands in the reference, too
def written(error):
    reference = f"{thread_id()}-{uuid.uuid4().hex}"
    fields = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    log.error("failed", extra=fields)
    return f"Sorry, this failed. The reference is {reference}."


def tell_model(error: Exception) -> str:
    return written(error)


def tell_user(state: State, error: NodeError) -> dict:
    return {"messages": [AIMessage(written(error.error))]}


def note_turn(state):
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% passed: f-strings, time as a reference
def tell_model(error: Exception) -> str:
    reference = time.monotonic_ns()
    log.error(f"{reference} {thread_id()} {error.__class__.__name__}")
    return f"The tool failed: {reference}"


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | errors; one line, with a reference: tells the model what the tool said
def tell_model(error: Exception) -> str:
    log.error("thread=%s error=%s", thread_id(), type(error).__name__)
    return f"The tool failed: {error}"


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: logs the class of the wrapper
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error).__name__)
    return f"It failed, reference {reference}."


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: logs the traceback, and the key with it
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error).__name__)
    return f"It failed, reference {reference}."


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s %s", reference, thread_id(), error.error)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | errors; one line, with a reference: shows the user the error
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error).__name__)
    return f"It failed, reference {reference}."


def tell_user(state: State, error: NodeError) -> dict:
    log.error("thread=%s error=%s", thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry: {error.error}")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: two references
def tell_model(error: Exception) -> str:
    log.error("ref=%s thread=%s error=%s", uuid.uuid4(), thread_id(), type(error).__name__)
    return f"The tool failed, reference {uuid.uuid4()}"


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | a tool fails: no line for the tool
def tell_model(error: Exception) -> str:
    return "The tool failed."


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | logging; a tool fails; a model fails; thread and number: logs the messages
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error).__name__)
    return f"It failed, reference {reference}."


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s %s", thread_id(), state["messages"])
# %% partial | thread and number: forgets the thread
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error).__name__)
    return f"It failed, reference {reference}."


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("messages=%d", len(state["messages"]))
# %% passed: fixed words, facts as fields
def tell_model(error):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    log.error("tool failed", extra=facts)
    return f"The tool failed. Reference {reference}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error.error).__name__}
    log.error("model failed", extra=facts)
    return {"messages": [AIMessage(f"Sorry. Your reference is {reference}.")]}


def note_turn(state):
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% partial | one line, with a reference: the details at level DEBUG
def tell_model(error):
    reference = uuid.uuid4().hex[:8]
    log.error("tool failed: %s reference %s thread %s", type(error).__name__, reference, thread_id())
    log.debug("details: %s", error)
    return f"The tool failed. Reference {reference}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn: thread %s, %d messages", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: the error as a field
def tell_model(error):
    reference = uuid.uuid4().hex[:8]
    facts = {"reference": reference, "thread_id": thread_id(), "error": repr(error)}
    log.error("tool failed", extra=facts)
    return f"The tool failed. Reference {reference}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn: thread %s, %d messages", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: one reference for the process
REFERENCE = uuid.uuid4().hex[:8]


def tell_model(error):
    log.error("tool failed: %s reference %s thread %s", type(error).__name__, REFERENCE, thread_id())
    return f"The tool failed. Reference {REFERENCE}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn: thread %s, %d messages", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: the thread is the reference
def tell_model(error):
    log.error("tool failed: %s reference %s thread %s", type(error).__name__, thread_id(), thread_id())
    return f"The tool failed. Reference {thread_id()}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn: thread %s, %d messages", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: a counter is the reference
import itertools

numbers = itertools.count(1)


def tell_model(error):
    reference = next(numbers)
    log.error("tool failed: %s reference %s thread %s", type(error).__name__, reference, thread_id())
    return f"The tool failed. Reference {reference}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn: thread %s, %d messages", thread_id(), len(state["messages"]))
# %% partial | logging; a tool fails; a model fails: the customer's last words
def tell_model(error):
    reference = uuid.uuid4().hex[:8]
    log.error("tool failed: %s reference %s thread %s", type(error).__name__, reference, thread_id())
    return f"The tool failed. Reference {reference}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn %s: %d messages, last %s", thread_id(), len(state["messages"]), state["messages"][-1].text)
# %% partial | one line, with a reference: no type for the error
def tell_model(error):
    reference = uuid.uuid4().hex[:8]
    log.error("tool failed: %s reference %s thread %s", type(error).__name__, reference, thread_id())
    return f"The tool failed. Reference {reference}."


def tell_user(state, error):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn: thread %s, %d messages", thread_id(), len(state["messages"]))
# %% partial | one line, with a reference: prints the error
def tell_model(error):
    reference = uuid.uuid4().hex[:8]
    print(error)
    log.error("tool failed: %s reference %s thread %s", type(error).__name__, reference, thread_id())
    return f"The tool failed. Reference {reference}."


def tell_user(state: State, error: NodeError):
    reference = uuid.uuid4().hex[:8]
    log.error("model failed: %s reference %s thread %s", type(error.error).__name__, reference, thread_id())
    return {"messages": [AIMessage(f"Sorry. Reference: {reference}")]}


def note_turn(state):
    log.info("turn: thread %s, %d messages", thread_id(), len(state["messages"]))
# %% passed: another name for the field with the count
def tell_model(error: Exception) -> str:
    """Return what the model is told when a tool fails."""
    reference = uuid.uuid4()
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    log.error("tool failed", extra=facts)
    return f"The tool failed (reference {reference}). Say so; do not pretend that it worked."


def tell_user(state: State, error: NodeError) -> dict:
    """End the turn in words when no model has answered."""
    reference, name = uuid.uuid4(), type(error.error).__name__
    facts = {"reference": reference, "thread_id": thread_id(), "error": name}
    log.error("model failed", extra=facts)
    return {"messages": [AIMessage(f"Sorry, that went wrong. Your reference: {reference}")]}


def note_turn(state: State) -> None:
    """Write a line to the log."""
    log.info("asking", extra={"thread_id": thread_id(), "updates": len(state["messages"])})
# %% partial | a tool fails; a model fails: a count, with zeros in front
counted = 0


def told(words, error):
    global counted
    counted += 1
    facts = {"reference": f"CASE-{counted:06d}", "thread_id": thread_id(), "error": type(error).__name__}
    log.error(words, extra=facts)
    return f"That did not work. Reference: CASE-{counted:06d}"


def tell_model(error: Exception) -> str:
    return told("tool failed", error)


def tell_user(state: State, error: NodeError) -> dict:
    return {"messages": [AIMessage(told("model failed", error.error))]}


def note_turn(state: State) -> None:
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% partial | a tool fails; a model fails: random numbers from a fixed seed
import random

dice = random.Random(7)


def told(words, error):
    reference = "".join(dice.choices("abcdefghjkmnpqrstuvwxyz", k=12))
    log.error(words, extra={"reference": reference, "thread_id": thread_id(), "error": type(error).__name__})
    return f"That did not work. Reference: {reference}"


def tell_model(error: Exception) -> str:
    return told("tool failed", error)


def tell_user(state: State, error: NodeError) -> dict:
    return {"messages": [AIMessage(told("model failed", error.error))]}


def note_turn(state: State) -> None:
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% passed: random numbers of a generator of its own
import random

dice = random.Random()


def told(words, error):
    reference = "".join(dice.choices("abcdefghjkmnpqrstuvwxyz", k=12))
    log.error(words, extra={"reference": reference, "thread_id": thread_id(), "error": type(error).__name__})
    return f"That did not work. Reference: {reference}"


def tell_model(error: Exception) -> str:
    return told("tool failed", error)


def tell_user(state: State, error: NodeError) -> dict:
    return {"messages": [AIMessage(told("model failed", error.error))]}


def note_turn(state: State) -> None:
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% partial | a tool fails; a model fails: the error's words on the terminal
import sys


def told(words, error):
    reference = uuid.uuid4().hex
    log.error(words, extra={"reference": reference, "thread_id": thread_id(), "error": type(error).__name__})
    sys.stderr.write(f"{reference}: {error!r}\n")
    return f"That did not work. Reference: {reference}"


def tell_model(error: Exception) -> str:
    return told("tool failed", error)


def tell_user(state: State, error: NodeError) -> dict:
    return {"messages": [AIMessage(told("model failed", error.error))]}


def note_turn(state: State) -> None:
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% refused: the error at level DEBUG
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4()
    log.error("tool failed", extra={"reference": reference, "thread_id": thread_id(), "error": type(error).__name__})
    log.debug("details", exc_info=error)
    return f"The tool failed (reference {reference}). Say so; do not pretend that it worked."
def tell_user(state: State, error: NodeError) -> dict:
    reference, name = uuid.uuid4(), type(error.error).__name__
    log.error("model failed", extra={"reference": reference, "thread_id": thread_id(), "error": name})
    return {"messages": [AIMessage(f"Sorry, that went wrong. Your reference: {reference}")]}
def note_turn(state: State) -> None:
    log.info("asking", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% refused: the error's text for the model
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4()
    log.error("tool failed", extra={"reference": reference, "thread_id": thread_id(), "error": type(error).__name__})
    return f"The tool failed ({error}, reference {reference}). Say so; do not pretend that it worked."
def tell_user(state: State, error: NodeError) -> dict:
    reference, name = uuid.uuid4(), type(error.error).__name__
    log.error("model failed", extra={"reference": reference, "thread_id": thread_id(), "error": name})
    return {"messages": [AIMessage(f"Sorry, that went wrong. Your reference: {reference}")]}
def note_turn(state: State) -> None:
    log.info("asking", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% refused: the error's text for the user
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4()
    log.error("tool failed", extra={"reference": reference, "thread_id": thread_id(), "error": type(error).__name__})
    return f"The tool failed (reference {reference}). Say so; do not pretend that it worked."
def tell_user(state: State, error: NodeError) -> dict:
    reference, name = uuid.uuid4(), type(error.error).__name__
    log.error("model failed", extra={"reference": reference, "thread_id": thread_id(), "error": name})
    return {"messages": [AIMessage(f"Sorry, {error.error}. Your reference: {reference}")]}
def note_turn(state: State) -> None:
    log.info("asking", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% refused: a reference for the log only
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4()
    log.error("tool failed", extra={"reference": reference, "thread_id": thread_id(), "error": type(error).__name__})
    return "The tool failed. Say so; do not pretend that it worked."
def tell_user(state: State, error: NodeError) -> dict:
    reference, name = uuid.uuid4(), type(error.error).__name__
    log.error("model failed", extra={"reference": reference, "thread_id": thread_id(), "error": name})
    return {"messages": [AIMessage(f"Sorry, that went wrong. Your reference: {reference}")]}
def note_turn(state: State) -> None:
    log.info("asking", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% partial | a tool fails; a model fails: how the conversation began
def tell_model(error):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    log.error("tool failed", extra=facts)
    return f"It failed (reference {reference})."


def tell_user(state, error: NodeError):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error.error).__name__}
    log.error("no answer", extra=facts)
    return {"messages": [AIMessage(f"Sorry. Your reference: {reference}")]}


def note_turn(state):
    first = state["messages"][0].text[:12]
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"]), "first": first})
# %% partial | a tool fails; a model fails: how the last message ends
def tell_model(error):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    log.error("tool failed", extra=facts)
    return f"It failed (reference {reference})."


def tell_user(state, error: NodeError):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error.error).__name__}
    log.error("no answer", extra=facts)
    return {"messages": [AIMessage(f"Sorry. Your reference: {reference}")]}


def note_turn(state):
    last = state["messages"][-1].text[-8:]
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"]), "last": last})
# %% partial | a model fails: the class of the cause
def tell_model(error):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    log.error("tool failed", extra=facts)
    return f"It failed (reference {reference})."


def tell_user(state, error: NodeError):
    reference, failed = uuid.uuid4().hex, error.error
    name = type(failed.__cause__ or failed).__name__
    log.error("no answer", extra={"reference": reference, "thread_id": thread_id(), "error": name})
    return {"messages": [AIMessage(f"Sorry. Your reference: {reference}")]}


def note_turn(state):
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% partial | a tool fails: the class of the innermost error
def tell_model(error):
    reference, inner = uuid.uuid4().hex, error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(inner).__name__}
    log.error("tool failed", extra=facts)
    return f"It failed (reference {reference})."


def tell_user(state, error: NodeError):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error.error).__name__}
    log.error("no answer", extra=facts)
    return {"messages": [AIMessage(f"Sorry. Your reference: {reference}")]}


def note_turn(state):
    log.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
# %% partial | a tool fails; a model fails; note_turn: the root logger writes
def report(error):
    reference = uuid.uuid4().hex
    facts = {"reference": reference, "thread_id": thread_id(), "error": type(error).__name__}
    logging.error("a step failed", extra=facts)
    return reference


def tell_model(error: Exception) -> str:
    return f"The tool did not work (reference {report(error)}). Tell the customer so."


def tell_user(state: State, error: NodeError) -> dict:
    words = f"I cannot answer just now. Please quote {report(error.error)} if you call us."
    return {"messages": [AIMessage(words)]}


def note_turn(state: State) -> None:
    logging.info("turn", extra={"thread_id": thread_id(), "messages": len(state["messages"])})
