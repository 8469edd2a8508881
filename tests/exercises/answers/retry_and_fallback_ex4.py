# %% passed: a node that starts each turn
def build_desk(service, pause):
    def start(turn):
        return {"failures": 0}

    def look_up(turn):
        if turn["failures"]:
            pause(turn["failures"])
        try:
            return {"answer": service(turn["order"]), "failures": 0}
        except ConnectionError:
            return {"failures": turn["failures"] + 1, "answer": "Sorry, please ask again later."}

    def again(turn):
        return "look_up" if 0 < turn["failures"] < 4 else END

    graph = StateGraph(Turn).add_node(start).add_node(look_up)
    graph.add_edge(START, "start").add_edge("start", "look_up")
    return graph.add_conditional_edges("look_up", again).compile(checkpointer=InMemorySaver())
# %% passed: an end without `goto=END`
def build_desk(service, pause):
    """Return a desk that calls four times a turn, then gives up; each turn starts afresh."""

    def look_up(turn: Turn) -> Command:
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            answer = service(turn["order"])
        except ConnectionError:
            if failures < 3:
                return Command(update={"failures": failures + 1}, goto="look_up")
            answer = "Sorry, please ask again later."
        return Command(update={"answer": answer, "failures": 0})

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% passed: the counter is no state at all
def build_desk(service, pause):
    def look_up(turn):
        for failures in range(4):
            if failures:
                pause(failures)
            try:
                return {"answer": service(turn["order"])}
            except ConnectionError:
                pass
        return {"answer": "Sorry, we cannot reach our order book."}

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% passed: the counter is reset in both updates
def build_desk(service, pause):
    def look_up(turn):
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            update = {"answer": service(turn["order"]), "failures": 0}
            return Command(update=update, goto=END)
        except ConnectionError:
            failures += 1
        if failures == 4:
            update = {"answer": "Sorry, please ask again later.", "failures": 0}
            return Command(update=update, goto=END)
        return Command(update={"failures": failures}, goto="look_up")

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% failed | a new turn after a success; a new turn after giving up; turn after turn on one thread: the broken version as it was
def build_desk(service, pause):
    def look_up(turn):
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            return Command(update={"answer": service(turn["order"])}, goto=END)
        except ConnectionError:
            failures += 1
        if failures == 4:
            return Command(update={"answer": "Sorry, please ask again later."}, goto=END)
        return Command(update={"failures": failures}, goto="look_up")

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | a new turn after giving up; turn after turn on one thread: resets on success only
def build_desk(service, pause):
    def look_up(turn):
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            return Command(update={"answer": service(turn["order"]), "failures": 0}, goto=END)
        except ConnectionError:
            failures += 1
        if failures == 4:
            return Command(update={"answer": "Sorry, please ask again later."}, goto=END)
        return Command(update={"failures": failures}, goto="look_up")

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | a new turn after a success; turn after turn on one thread: resets on giving up only
def build_desk(service, pause):
    def look_up(turn):
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            return Command(update={"answer": service(turn["order"])}, goto=END)
        except ConnectionError:
            failures += 1
        if failures == 4:
            update = {"answer": "Sorry, please ask again later.", "failures": 0}
            return Command(update=update, goto=END)
        return Command(update={"failures": failures}, goto="look_up")

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | the thread remembers: forgets everything, threads included
def build_desk(service, pause):
    def look_up(turn):
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            return Command(update={"answer": service(turn["order"])}, goto=END)
        except ConnectionError:
            failures += 1
        if failures == 4:
            return Command(update={"answer": "Sorry, please ask again later."}, goto=END)
        return Command(update={"failures": failures}, goto="look_up")

    return StateGraph(Turn).add_node(look_up).add_edge(START, "look_up").compile()
# %% partial | pauses before retries; gives up after four calls; a new turn after giving up; turn after turn on one thread; two customers, the same order, at the same time; KeyError is raised at once; ValueError is raised at once; AssertionError is raised at once; TimeoutError is raised at once; FileNotFoundError is raised at once: a retry policy pauses by itself
def build_desk(service, pause):
    def look_up(turn):
        return {"answer": service(turn["order"])}

    def sorry(turn, error: NodeError):
        return {"answer": "Sorry, please ask again later."}

    policy = quick._replace(max_attempts=4)
    graph = StateGraph(Turn).add_node(look_up, retry_policy=policy, error_handler=sorry)
    return graph.add_edge(START, "look_up").compile(checkpointer=InMemorySaver())
# %% partial | gives up after four calls; a new turn after giving up; turn after turn on one thread: raises in the end
def build_desk(service, pause):
    def look_up(turn):
        for failures in range(4):
            if failures:
                pause(failures)
            try:
                return {"answer": service(turn["order"])}
            except ConnectionError:
                if failures == 3:
                    raise

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | gives up after four calls; a new turn after giving up; turn after turn on one thread: one call too few
def build_desk(service, pause):
    def look_up(turn):
        for failures in range(3):
            if failures:
                pause(failures)
            try:
                return {"answer": service(turn["order"])}
            except ConnectionError:
                pass
        return {"answer": "Sorry, please ask again later."}

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% failed | pauses before retries; a new turn after a success; gives up after four calls; a new turn after giving up; turn after turn on one thread; two customers, the same order, at the same time; a subclass of ConnectionError: gives up at the first failure
def build_desk(service, pause):
    def look_up(turn):
        try:
            return {"answer": service(turn["order"]), "failures": 0}
        except ConnectionError:
            return {"answer": "Sorry, please ask again later.", "failures": 0}

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | KeyError is raised at once; ValueError is raised at once; AssertionError is raised at once; TimeoutError is raised at once; FileNotFoundError is raised at once: bare except Exception, a bug (KeyError) is counted and hidden
def build_desk(service, pause):
    def look_up(turn: Turn) -> Command:
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            return Command(update={"answer": service(turn["order"]), "failures": 0}, goto=END)
        except Exception:
            failures += 1
        if failures == 4:
            return Command(update={"answer": "Sorry, please ask again later.", "failures": 0}, goto=END)
        return Command(update={"failures": failures}, goto="look_up")
    return StateGraph(Turn).add_node(look_up).add_edge(START, "look_up").compile(checkpointer=InMemorySaver())
# %% partial | two customers, the same order, at the same time: counter in a closure dict keyed by order, not by turn, two threads with one order share it, lost on restart, left behind by a crash
def build_desk(service, pause):
    memory = {}
    def look_up(turn: Turn) -> Command:
        failures = memory.get(turn["order"], 0)
        if failures:
            pause(failures)
        try:
            answer = service(turn["order"])
            memory.pop(turn["order"], None)
            return Command(update={"answer": answer}, goto=END)
        except ConnectionError:
            memory[turn["order"]] = failures = failures + 1
        if failures == 4:
            memory.pop(turn["order"])
            return Command(update={"answer": "Sorry, please ask again later."}, goto=END)
        return Command(goto="look_up")
    return StateGraph(Turn).add_node(look_up).add_edge(START, "look_up").compile(checkpointer=InMemorySaver())
# %% partial | TimeoutError is raised at once; FileNotFoundError is raised at once: whatever the system reports is taken for a busy service
def build_desk(service, pause):
    def look_up(turn: Turn) -> Command:
        missed = turn.get("failures", 0)
        if missed:
            pause(missed)
        try:
            return Command(update={"answer": service(turn["order"]), "failures": 0}, goto=END)
        except (ConnectionError, OSError):
            missed += 1
        if missed < 4:
            return Command(update={"failures": missed}, goto="look_up")
        return Command(update={"answer": "Please ask again later.", "failures": 0}, goto=END)

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% refused: an OSError is a ConnectionError
def build_desk(service, pause):
    def look_up(turn: Turn) -> Command:
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            answer = service(turn["order"])
        except OSError:
            if failures < 3:
                return Command(update={"failures": failures + 1}, goto="look_up")
            answer = "Sorry, please ask again later."
        return Command(update={"answer": answer, "failures": 0}, goto=END)
    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% refused: gives up with an earlier turn's answer
def build_desk(service, pause):
    def look_up(turn: Turn) -> Command:
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            answer = service(turn["order"])
        except ConnectionError:
            if failures < 3:
                return Command(update={"failures": failures + 1}, goto="look_up")
            answer = turn.get("answer") or "Sorry, please ask again later."
        return Command(update={"answer": answer, "failures": 0}, goto=END)
    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% refused: remembers the answers
def build_desk(service, pause):
    known = {}
    def look_up(turn: Turn) -> Command:
        if turn["order"] in known:
            return Command(update={"answer": known[turn["order"]], "failures": 0}, goto=END)
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            answer = known[turn["order"]] = service(turn["order"])
        except ConnectionError:
            if failures < 3:
                return Command(update={"failures": failures + 1}, goto="look_up")
            answer = "Sorry, please ask again later."
        return Command(update={"answer": answer, "failures": 0}, goto=END)
    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% passed: a node of its own begins the turn, and -1 says it went well
def build_desk(service, pause):
    def begin(turn: Turn) -> dict:
        return {"failures": 0}

    def call(turn: Turn) -> dict:
        n = turn["failures"]
        if n > 0:
            pause(n)
        try:
            return {"answer": service(turn["order"]), "failures": -1}
        except ConnectionError:
            return {"failures": n + 1}

    def give_up(turn: Turn) -> dict:
        return {"answer": "Sorry, please ask again later."}

    def way(turn: Turn) -> str:
        if turn["failures"] < 0:
            return END
        return "give_up" if turn["failures"] >= 4 else "call"

    graph = StateGraph(Turn)
    for node in (begin, call, give_up):
        graph.add_node(node)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "call")
    graph.add_conditional_edges("call", way, ["call", "give_up", END])
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | AssertionError is raised at once: a retry policy beside its own counting
def build_desk(service, pause):
    def look_up(turn: Turn) -> Command:
        failures = turn.get("failures", 0)
        if failures:
            pause(failures)
        try:
            answer, failures = service(turn["order"]), 0
        except ConnectionError:
            failures += 1
            if failures < 4:
                return Command(update={"failures": failures}, goto="look_up")
            answer, failures = "Sorry, please ask again later.", 0
        return Command(update={"answer": answer, "failures": failures}, goto=END)

    graph = StateGraph(Turn).add_node(look_up, retry_policy=quick).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | a subclass of ConnectionError: this very class, no subclass
def build_desk(service, pause):
    def look_up(turn: Turn) -> dict:
        for attempt in range(4):
            if attempt:
                pause(attempt)
            try:
                return {"answer": service(turn["order"])}
            except Exception as error:
                if type(error) is not ConnectionError:
                    raise
        return {"answer": "Sorry, please ask again later."}

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | an empty answer is an answer: an empty answer is asked for again
def build_desk(service, pause):
    def look_up(turn: Turn) -> dict:
        answer, failures = None, 0
        while not answer and failures < 4:
            if failures:
                pause(failures)
            try:
                answer = service(turn["order"])
            except ConnectionError:
                pass
            failures += 1
        return {"answer": answer or "Sorry, please ask again later."}

    graph = StateGraph(Turn).add_node(look_up).add_edge(START, "look_up")
    return graph.compile(checkpointer=InMemorySaver())
