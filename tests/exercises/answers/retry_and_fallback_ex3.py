# %% passed: from the policy above
def build_finder(service):
    def find_order(shelf):
        return {"status": service(shelf["order"])}

    policy = quick._replace(max_attempts=4, retry_on=is_transient)
    graph = StateGraph(Shelf)
    graph.add_node("find", find_order, retry_policy=[policy])
    graph.add_edge(START, "find")
    graph.add_edge("find", END)
    return graph.compile()
# %% passed: a lambda, and node defaults
def build_finder(service):
    graph = StateGraph(Shelf)
    graph.set_node_defaults(
        retry_policy=RetryPolicy(0.01, max_attempts=4, jitter=False, retry_on=is_transient)
    )
    graph.add_node("find", lambda shelf: {"status": service(shelf["order"])})
    return graph.add_edge(START, "find").compile()
# %% passed: a loop by hand
def build_finder(service):
    def find_order(shelf):
        for attempt in range(4):
            try:
                return {"status": service(shelf["order"])}
            except Exception as error:
                if attempt == 3 or not is_transient(error):
                    raise
            time.sleep(0.01 * 2**attempt)

    return StateGraph(Shelf).add_node(find_order).add_edge(START, "find_order").compile()
# %% failed: the broken version as it was
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        try:
            return {"status": service(shelf["order"])}
        except Exception as error:
            return {"status": f"Error: {error}"}

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=quick)
    return graph.add_edge(START, "find_order").compile()
# %% partial | a timeout and a rate limit are transient, too; busy for ever; the same graph, asked again and again; two questions at the same time; AssertionError is raised at once; ModelAuthenticationError is raised at once; a used-up quota: only the `try` is gone
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=quick)
    return graph.add_edge(START, "find_order").compile()
# %% partial | KeyError is raised at once; ValueError is raised at once; AssertionError is raised at once; ModelAuthenticationError is raised at once; a used-up quota: retries everything
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    policy = quick._replace(max_attempts=4, retry_on=Exception)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | busy for ever; the same graph, asked again and again; two questions at the same time: four retries, so five attempts
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    policy = quick._replace(max_attempts=5, retry_on=is_transient)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | a timeout and a rate limit are transient, too: only one class of errors
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    policy = quick._replace(max_attempts=4, retry_on=ConnectionError)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | busy twice, then well: the default waits
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    policy = RetryPolicy(max_attempts=4, retry_on=is_transient)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | busy for ever: an error handler hides the end
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    def sorry(shelf, error: NodeError):
        if not is_transient(error.error):
            raise error.error
        return {"status": "unknown"}

    policy = quick._replace(max_attempts=4, retry_on=is_transient)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy, error_handler=sorry)
    return graph.add_edge(START, "find_order").compile()
# %% partial | busy twice, then well: a loop by hand that does not wait
def build_finder(service):
    def find_order(shelf):
        for attempt in range(4):
            try:
                return {"status": service(shelf["order"])}
            except Exception as error:
                if attempt == 3 or not is_transient(error):
                    raise

    return StateGraph(Shelf).add_node(find_order).add_edge(START, "find_order").compile()
# %% failed: forgets to compile
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=quick)
    graph.add_edge(START, "find_order")
    return graph
# %% partial | two questions: counts in a variable of the graph
def build_finder(service):
    tries = {"n": 0}
    def worth(error):
        tries["n"] += 1
        if not is_transient(error) or tries["n"] >= 4:
            tries["n"] = 0
            return False
        return True
    policy = RetryPolicy(initial_interval=0.01, jitter=False, max_attempts=10, retry_on=worth)

    def find_order(shelf: Shelf) -> dict:
        found = {"status": service(shelf["order"])}
        tries["n"] = 0
        return found

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% refused: remembers what it found
def build_finder(service):
    known = {}
    policy = RetryPolicy(initial_interval=0.01, jitter=False, max_attempts=4, retry_on=is_transient)

    def find_order(shelf: Shelf) -> dict:
        if shelf["order"] not in known:
            known[shelf["order"]] = service(shelf["order"])
        return {"status": known[shelf["order"]]}

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | a timeout: always shipped
def build_finder(service):
    policy = RetryPolicy(initial_interval=0.01, jitter=False, max_attempts=4, retry_on=is_transient)

    def find_order(shelf: Shelf) -> dict:
        service(shelf["order"])
        return {"status": "shipped"}

    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% refused: a loop inside the node, and the policy around it
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        for attempt in range(4):
            try:
                return {"status": service(shelf["order"])}
            except Exception as error:
                if attempt == 3 or not is_transient(error):
                    raise

    policy = quick._replace(max_attempts=4, retry_on=is_transient)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | a used-up quota: a list of classes, in which a used-up quota is a rate limit
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    classes = (ConnectionError, TimeoutError, NodeTimeoutError, ModelAPIError, ModelRateLimitError)
    policy = quick._replace(max_attempts=4, retry_on=classes)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | a timeout and a rate limit are transient, too; ValueError is raised at once; AssertionError is raised at once: follows an error to where it began
def build_finder(service):
    def root(error):
        while error.__cause__ or error.__context__:
            error = error.__cause__ or error.__context__
        return error

    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    policy = quick._replace(max_attempts=4, retry_on=lambda error: is_transient(root(error)))
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | ValueError is raised at once: anything of a chain is transient
def build_finder(service):
    def find_order(shelf: Shelf) -> dict:
        return {"status": service(shelf["order"])}

    def worth(error):
        return is_transient(error) or bool(error.__cause__ and is_transient(error.__cause__))

    policy = quick._replace(max_attempts=4, retry_on=worth)
    graph = StateGraph(Shelf).add_node(find_order, retry_policy=policy)
    return graph.add_edge(START, "find_order").compile()
# %% partial | two questions: counts by order, and two runs may ask for the same order
def build_finder(service):
    tries = {}

    def find_order(shelf: Shelf) -> dict:
        order = shelf["order"]
        while True:
            tries[order] = tries.get(order, 0) + 1
            try:
                status = service(order)
            except Exception as error:
                if tries.get(order, 4) >= 4 or not is_transient(error):
                    tries.pop(order, None)
                    raise
                time.sleep(0.01 * 2 ** (tries[order] - 1))
            else:
                tries.pop(order, None)
                return {"status": status}

    return StateGraph(Shelf).add_node(find_order).add_edge(START, "find_order").compile()
# %% passed: waits that grow fivefold
def build_finder(service):
    policy = quick._replace(max_attempts=4, retry_on=is_transient, backoff_factor=5.0)
    graph = StateGraph(Shelf)
    graph.add_node("find", lambda shelf: {"status": service(shelf["order"])}, retry_policy=policy)
    return graph.add_edge(START, "find").compile()
