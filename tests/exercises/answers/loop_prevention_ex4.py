# %% passed: a node sets the counter back
def talking_desk(limit):
    def begin(state):
        return {"rounds": 0}

    def route(state):
        if not state["messages"][-1].tool_calls:
            return END
        return "stop" if state["rounds"] >= limit else "tools"

    graph = StateGraph(Desk)
    graph.add_node(begin)
    graph.add_node(agent)
    graph.add_node("tools", ToolNode([find_parcel]))
    graph.add_node(stop)
    graph.add_edge(START, "begin")
    graph.add_edge("begin", "agent")
    graph.add_conditional_edges("agent", route, ["tools", "stop", END])
    graph.add_edge("tools", "agent")
    graph.add_edge("stop", END)
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | after a turn that broke off: every way out sets the counter back
def talking_desk(limit):
    def route(state):
        if not state["messages"][-1].tool_calls:
            return "done"
        return "stop" if state["rounds"] >= limit else "tools"

    graph = StateGraph(Desk)
    graph.add_node(agent)
    graph.add_node("tools", ToolNode([find_parcel]))
    graph.add_node(stop)
    graph.add_node("done", lambda state: {"rounds": 0})
    graph.add_edge(START, "agent")
    graph.add_conditional_edges("agent", route, ["tools", "stop", "done"])
    graph.add_edge("tools", "agent")
    graph.add_edge("stop", "done")
    graph.add_edge("done", END)
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | a polite customer; turn after turn with tools; a loop is stopped, each time; the turn after the stop; two customers at once: forgets END
def talking_desk(limit: int):
    """Build a desk that stops a turn after `limit` rounds."""

    def route(state: Desk) -> str:
        messages = state["messages"]
        if not messages[-1].tool_calls:
            return None
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        rounds = sum(message.type == "ai" for message in messages[asked:])
        return "stop" if rounds >= limit else "tools"

    return build(route)
# %% partial | a loop is stopped: counts question and results, which are as many as the rounds with one call each
def talking_desk(limit: int):
    """Build a desk that stops a turn after `limit` rounds."""

    def route(state: Desk) -> str:
        messages = state["messages"]
        if not messages[-1].tool_calls:
            return END
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        rounds = sum(message.type != "ai" for message in messages[asked:])
        return "stop" if rounds >= limit else "tools"

    return build(route)
# %% partial | turn after turn with tools; a loop is stopped, each time: takes calls for rounds
def talking_desk(limit: int):
    def route(state):
        if not state["messages"][-1].tool_calls:
            return END
        return "stop" if len(calls_this_turn(state["messages"])) >= limit else "tools"

    return build(route)
# %% passed: counts the model's messages from the end
def talking_desk(limit: int):
    def route(state):
        rounds = 0
        for message in reversed(state["messages"]):
            if isinstance(message, HumanMessage):
                break
            rounds += isinstance(message, AIMessage)
        if state["messages"][-1].tool_calls:
            return "tools" if rounds < limit else "stop"
        return END

    return build(route)
# %% failed | a polite customer; turn after turn with tools; a loop is stopped, each time; the turn after the stop; two customers at once; after a turn that broke off: only a larger number
def talking_desk(limit):
    def route(state):
        if state["rounds"] >= limit + 2:
            return "stop"
        return "tools" if state["messages"][-1].tool_calls else END

    return build(route)
# %% partial | turn after turn with tools; a loop is stopped, each time; two customers at once; after a turn that broke off: looks at the open calls first, still counts for ever
def talking_desk(limit):
    def route(state):
        if not state["messages"][-1].tool_calls:
            return END
        return "stop" if state["rounds"] >= limit else "tools"

    return build(route)
# %% partial | turn after turn with tools; a loop is stopped, each time; two customers at once; after a turn that broke off: sets the counter back in the stop node only
def talking_desk(limit):
    def stop_and_begin_anew(state):
        return {**stop(state), "rounds": 0}

    def route(state):
        if not state["messages"][-1].tool_calls:
            return END
        return "stop" if state["rounds"] >= limit else "tools"

    graph = StateGraph(Desk)
    graph.add_node(agent)
    graph.add_node("tools", ToolNode([find_parcel]))
    graph.add_node("stop", stop_and_begin_anew)
    graph.add_edge(START, "agent")
    graph.add_conditional_edges("agent", route, ["tools", "stop", END])
    graph.add_edge("tools", "agent")
    graph.add_edge("stop", END)
    return graph.compile(checkpointer=InMemorySaver())
# %% failed | a loop is stopped, each time; the turn after the stop; two customers at once; after a turn that broke off: throws the counter away
def talking_desk(limit):
    def route(state):
        return "tools" if state["messages"][-1].tool_calls else END

    return build(route)
# %% partial | a loop is stopped, each time; two customers at once; after a turn that broke off: one round too many
def talking_desk(limit):
    def route(state):
        if not state["messages"][-1].tool_calls:
            return END
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        rounds = sum(m.type == "ai" for m in state["messages"][asked:])
        return "stop" if rounds > limit else "tools"

    return build(route)
# %% failed | a loop is stopped, each time; the turn after the stop; two customers at once; after a turn that broke off: ends with an open call
def talking_desk(limit):
    def route(state):
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        rounds = sum(m.type == "ai" for m in state["messages"][asked:])
        if rounds >= limit or not state["messages"][-1].tool_calls:
            return END
        return "tools"

    return build(route)
# %% partial | turn after turn with tools; a loop is stopped, each time; two customers at once; after a turn that broke off: counts messages, not rounds
def talking_desk(limit):
    def route(state):
        if not state["messages"][-1].tool_calls:
            return END
        asked = max(n for n, m in enumerate(state["messages"]) if m.type == "human")
        return "stop" if len(state["messages"][asked:]) >= limit else "tools"

    return build(route)
# %% failed | a polite customer; turn after turn with tools; a loop is stopped, each time; the turn after the stop; two customers at once; after a turn that broke off: counts the whole thread
def talking_desk(limit):
    def route(state):
        rounds = sum(isinstance(m, AIMessage) for m in state["messages"])
        if rounds >= limit:
            return "stop"
        return "tools" if state["messages"][-1].tool_calls else END

    return build(route)
# %% failed: forgets to compile
def talking_desk(limit):
    graph = StateGraph(Desk)
    graph.add_node(agent)
    graph.add_edge(START, "agent")
    return graph
# %% failed: no checkpointer
def talking_desk(limit):
    graph = StateGraph(Desk)
    graph.add_node(agent)
    graph.add_edge(START, "agent")
    return graph.compile()
# %% failed: returns nothing
def talking_desk(limit):
    build(route_by_counter)
# %% failed | a loop is stopped, each time; the turn after the stop; two customers at once; after a turn that broke off: the graph's own limit stands in for the counter
def talking_desk(limit: int):
    def route(state: Desk) -> str:
        return "tools" if state["messages"][-1].tool_calls else END

    return build(route).with_config({"recursion_limit": 2 * limit + 1})
# %% partial | a polite customer; turn after turn with tools: takes the last answer that is allowed for a loop
def talking_desk(limit: int):
    def route(state: Desk) -> str:
        spoken = list(reversed(state["messages"]))
        rounds = [m.type for m in spoken[: [m.type for m in spoken].index("human")]].count("ai")
        if rounds >= limit:
            return "stop"
        return "tools" if spoken[0].tool_calls else END

    return build(route)
# %% partial | a loop is stopped; the turn after the stop: answers with words are no rounds
def talking_desk(limit: int):
    def route(state: Desk) -> str:
        messages = state["messages"]
        if not messages[-1].tool_calls:
            return END
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        rounds = len({m.id for m in messages[asked:] if m.type == "ai" and not m.text})
        return "stop" if rounds >= limit else "tools"
    return build(route)
# %% partial | a loop is stopped: counts results instead of answers
def talking_desk(limit: int):
    def route(state: Desk) -> str:
        messages = state["messages"]
        if not messages[-1].tool_calls:
            return END
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        rounds = 1 + sum(message.type == "tool" for message in messages[asked:])
        return "stop" if rounds >= limit else "tools"
    return build(route)
# %% refused: sets the count back where a turn ends well
def talking_desk(limit: int):
    def asking(state: Desk) -> dict:
        answer = llm.invoke(state["messages"])
        rounds = state.get("rounds", 0) + 1
        return {"messages": answer, "rounds": rounds if answer.tool_calls else 0}

    def stopping(state: Desk) -> dict:
        return stop(state) | {"rounds": 0}

    def by_counter(state: Desk) -> str:
        if not state["messages"][-1].tool_calls:
            return END
        return "stop" if state["rounds"] >= limit else "tools"

    graph = StateGraph(Desk).add_node("agent", asking).add_node("stop", stopping)
    graph.add_node("tools", ToolNode([find_parcel])).add_edge(START, "agent")
    graph.add_conditional_edges("agent", by_counter, ["tools", "stop", END])
    graph.add_edge("tools", "agent").add_edge("stop", END)
    return graph.compile(checkpointer=InMemorySaver())
# %% refused: counts in the closure, which two customers share
def talking_desk(limit: int):
    count = {"rounds": 0}

    def by_turn(state: Desk) -> str:
        count["rounds"] += 1
        if not state["messages"][-1].tool_calls:
            count["rounds"] = 0
            return END
        if count["rounds"] >= limit:
            count["rounds"] = 0
            return "stop"
        return "tools"

    return build(by_turn)
# %% partial | a checkpointer of its own: a desk is kept, and shared by all that have its limit
from functools import cache


@cache
def talking_desk(limit: int):
    def route(state: Desk) -> str:
        messages = state["messages"]
        if not messages[-1].tool_calls:
            return END
        asked = max(n for n, message in enumerate(messages) if message.type == "human")
        rounds = sum(message.type == "ai" for message in messages[asked:])
        return "stop" if rounds >= limit else "tools"

    return build(route)
# %% partial | a polite customer: a limit for the thread as well, ten turns' worth
def talking_desk(limit: int):
    both = ModelCallLimitMiddleware(run_limit=limit, thread_limit=10 * limit)
    return create_agent(
        ChatOpenAI(), [find_parcel], middleware=[both], checkpointer=InMemorySaver()
    )
# %% refused: the limit is an error
def talking_desk(limit: int):
    limited = ModelCallLimitMiddleware(run_limit=limit, exit_behavior="error")
    return create_agent(
        ChatOpenAI(), [find_parcel], middleware=[limited], checkpointer=InMemorySaver()
    )
# %% failed | a loop is stopped, each time; the turn after the stop; two customers at once; after a turn that broke off: never stops
def talking_desk(limit: int):
    return build(route_without_limit)
# %% failed: the counter of the lesson
def talking_desk(limit: int):
    return build(route_by_counter)
