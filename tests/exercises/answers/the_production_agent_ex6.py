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
# %% partial | errors; a tool fails: tells the model what the tool said
def tell_model(error: Exception) -> str:
    log.error("thread=%s error=%s", thread_id(), type(error).__name__)
    return f"The tool failed: {error}"


def tell_user(state: State, error: NodeError) -> dict:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry, reference {reference}.")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | a model fails: logs the class of the wrapper
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
# %% partial | logging; a model fails: logs the traceback, and the key with it
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
# %% partial | errors; a model fails: shows the user the error
def tell_model(error: Exception) -> str:
    reference = uuid.uuid4().hex[:8]
    log.error("ref=%s thread=%s error=%s", reference, thread_id(), type(error).__name__)
    return f"It failed, reference {reference}."


def tell_user(state: State, error: NodeError) -> dict:
    log.error("thread=%s error=%s", thread_id(), type(error.error).__name__)
    return {"messages": [AIMessage(f"Sorry: {error.error}")]}


def note_turn(state):
    log.info("thread=%s messages=%d", thread_id(), len(state["messages"]))
# %% partial | a tool fails: two references
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
# %% partial | logging; note_turn: logs the messages
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
# %% partial | note_turn: forgets the thread
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
