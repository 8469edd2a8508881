# %% passed: a middleware before the model
def small_desk(llm, saver):
    from langchain.agents.middleware import before_model

    @before_model
    def prune(state, runtime):
        kept = trim_messages(state["messages"], max_tokens=8, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    return create_agent(llm, middleware=[prune], checkpointer=saver)
# %% passed: the answer first, then the old ones go
def small_desk(llm, saver):
    def reply(state: MessagesState):
        return {"messages": [llm.invoke(state["messages"])]}

    def drop(state: MessagesState):
        return {"messages": [RemoveMessage(m.id) for m in state["messages"][:-6]]}

    graph = StateGraph(MessagesState).add_node(reply).add_node(drop)
    graph.add_edge(START, "reply").add_edge("reply", "drop")
    return graph.compile(checkpointer=saver)
# %% passed: in one node
def small_desk(llm, saver):
    def reply(state: MessagesState):
        *old, h1, a1, h2, a2, question = [None] * 4 + state["messages"]
        kept = [m for m in (h1, a1, h2, a2) if m] + [question]
        removed = [RemoveMessage(m.id) for m in old if m]
        return {"messages": [*removed, llm.invoke(kept)]}

    return StateGraph(MessagesState).add_node(reply).add_edge(START, "reply").compile(saver)
# %% passed: summaries
def small_desk(llm, saver):
    shorten = SummarizationMiddleware(
        model=llm, trigger=("messages", 8), keep=("messages", 6), trim_tokens_to_summarize=200
    )
    return create_agent(llm, middleware=[shorten], checkpointer=saver)
# %% passed: without tools no message can be orphaned
def small_desk(llm, saver):
    def prune(state: MessagesState) -> dict:
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len)
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% passed: one more
def small_desk(llm, saver):
    def prune(state: MessagesState) -> dict:
        kept = trim_messages(state["messages"], max_tokens=7, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% passed: one less
def small_desk(llm, saver):
    def prune(state: MessagesState) -> dict:
        kept = trim_messages(state["messages"], max_tokens=5, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% partial | the store grows evenly: no pruning
def small_desk(llm, saver):
    return create_agent(llm, checkpointer=saver)
# %% partial | the store grows evenly: the model gets less, the state does not
def small_desk(llm, saver):
    def reply(state: MessagesState):
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
        return {"messages": llm.invoke(kept)}

    return StateGraph(MessagesState).add_node(reply).add_edge(START, "reply").compile(saver)
# %% partial | the store grows evenly: returns the last six
def small_desk(llm, saver):
    def prune(state: MessagesState):
        return {"messages": state["messages"][-6:]}

    def reply(state: MessagesState):
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply]).add_edge(START, "prune")
    return builder.compile(checkpointer=saver)
# %% partial | the last two turns: keeps the question only
def small_desk(llm, saver):
    def reply(state: MessagesState):
        removed = [RemoveMessage(m.id) for m in state["messages"][:-1]]
        return {"messages": [*removed, llm.invoke(state["messages"][-1:])]}

    return StateGraph(MessagesState).add_node(reply).add_edge(START, "reply").compile(saver)
# %% partial | the last two turns: keeps one turn too few
def small_desk(llm, saver):
    def prune(state: MessagesState):
        kept = trim_messages(state["messages"], max_tokens=3, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState):
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply]).add_edge(START, "prune")
    return builder.compile(checkpointer=saver)
# %% failed: forgets the saver
def small_desk(llm, saver):
    return create_agent(llm)
# %% failed: a saver of its own
def small_desk(llm, saver):
    return create_agent(llm, checkpointer=InMemorySaver())
# %% failed: returns the builder
def small_desk(llm, saver):
    def reply(state: MessagesState):
        return {"messages": llm.invoke(state["messages"])}

    return StateGraph(MessagesState).add_node(reply).add_edge(START, "reply")
