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
# %% partial | the storage grows evenly: no pruning
def small_desk(llm, saver):
    return create_agent(llm, checkpointer=saver)
# %% partial | the storage grows evenly: the model gets less, the state does not
def small_desk(llm, saver):
    def reply(state: MessagesState):
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
        return {"messages": llm.invoke(kept)}

    return StateGraph(MessagesState).add_node(reply).add_edge(START, "reply").compile(saver)
# %% partial | the storage grows evenly: returns the last six
def small_desk(llm, saver):
    def prune(state: MessagesState):
        return {"messages": state["messages"][-6:]}

    def reply(state: MessagesState):
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply]).add_edge(START, "prune")
    return builder.compile(checkpointer=saver)
# %% partial | the last two turns are known; each customer alone, on the saver: keeps the question only
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
# %% passed: a reducer of its own
from langgraph.graph.message import add_messages


def last_six(old, new):
    merged = add_messages(old or [], new)
    return trim_messages(merged, max_tokens=6, token_counter=len, start_on="human")


class Short(TypedDict):
    messages: Annotated[list, last_six]


def small_desk(llm, saver):
    def talk(state):
        return {"messages": [llm.invoke(state["messages"])]}

    return StateGraph(Short).add_node(talk).add_edge(START, "talk").compile(checkpointer=saver)
# %% passed: deletes older checkpoints as well
def small_desk(llm, saver):
    def keep_three(state: MessagesState, config):
        thread_id = config["configurable"]["thread_id"]
        history = list(saver.list({"configurable": {"thread_id": thread_id}}))
        if len(history) > 6:
            oldest = history[5].config["configurable"]["checkpoint_id"]
            with saver.cursor() as cursor:
                for table in ("checkpoints", "writes"):
                    cursor.execute(
                        f"DELETE FROM {table} WHERE thread_id = ? AND checkpoint_id < ?",
                        (thread_id, oldest),
                    )
        questions = [i for i, m in enumerate(state["messages"]) if m.type == "human"]
        if len(questions) <= 3:
            return {}
        kept = state["messages"][questions[-3] :]
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def talk(state: MessagesState):
        return {"messages": [llm.invoke(state["messages"])]}

    builder = StateGraph(MessagesState).add_sequence([keep_three, talk])
    return builder.add_edge(START, "keep_three").compile(checkpointer=saver)
# %% partial | the last two turns; each customer alone: a list of the closure, and all customers share it
def small_desk(llm, saver):
    memory = []

    def talk(state: MessagesState):
        memory.append(state["messages"][-1])
        answer = llm.invoke(memory[-5:])
        memory.append(answer)
        removed = [RemoveMessage(m.id) for m in state["messages"]]
        return {"messages": [*removed, answer]}

    return StateGraph(MessagesState).add_node(talk).add_edge(START, "talk").compile(saver)
# %% partial | each customer alone: a memory for each thread, outside of the saver
memories = defaultdict(list)


def small_desk(llm, saver):
    def talk(state: MessagesState, config):
        memory = memories[config["configurable"]["thread_id"]]
        memory.append(state["messages"][-1])
        memory.append(llm.invoke(memory[-5:]))
        removed = [RemoveMessage(m.id) for m in state["messages"]]
        return {"messages": [*removed, memory[-1]]}

    return StateGraph(MessagesState).add_node(talk).add_edge(START, "talk").compile(saver)
# %% partial | the last two turns: forgets everything now and then
def small_desk(llm, saver):
    def prune(state: MessagesState):
        if len(state["messages"]) > 12:
            return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), state["messages"][-1]]}
        return {}

    def talk(state: MessagesState):
        return {"messages": [llm.invoke(state["messages"])]}

    builder = StateGraph(MessagesState).add_sequence([prune, talk])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% partial | the last two turns: the last two questions, the new one included
def small_desk(llm, saver):
    def prune(state: MessagesState):
        messages = state["messages"]
        begins = [n for n, m in enumerate(messages) if m.type == "human"]
        old = messages[: begins[-2]] if len(begins) > 1 else []
        return {"messages": [RemoveMessage(m.id) for m in old]}

    def talk(state: MessagesState):
        return {"messages": [llm.invoke(state["messages"])]}

    builder = StateGraph(MessagesState).add_sequence([prune, talk])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% partial | storage grows: forty messages
def small_desk(llm, saver):
    def prune(state: MessagesState):
        kept = trim_messages(state["messages"], max_tokens=40, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def talk(state: MessagesState):
        return {"messages": [llm.invoke(state["messages"])]}

    builder = StateGraph(MessagesState).add_sequence([prune, talk])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% failed: deletes the thread, and puts a part of it back
def small_desk(llm, saver):
    class Desk:
        def __init__(self):
            def talk(state: MessagesState):
                return {"messages": [llm.invoke(state["messages"])]}

            builder = StateGraph(MessagesState).add_node(talk).add_edge(START, "talk")
            self.graph = builder.compile(checkpointer=saver)

        def __getattr__(self, name):
            return getattr(self.graph, name)

        def invoke(self, data, config=None, **options):
            old = self.graph.get_state(config).values.get("messages", [])
            if len(old) > 6:
                saver.delete_thread(config["configurable"]["thread_id"])
                self.graph.update_state(config, {"messages": old[-4:]}, as_node="talk")
            return self.graph.invoke(data, config, **options)

    return Desk()
# %% failed: an apology in place of the model's answer
def small_desk(llm, saver):
    def talk(state: MessagesState):
        removed = [RemoveMessage(m.id) for m in state["messages"][:-5]]
        return {"messages": [*removed, AIMessage("One moment, please.")]}

    return StateGraph(MessagesState).add_node(talk).add_edge(START, "talk").compile(saver)
# %% failed: asks the model twice
def small_desk(llm, saver):
    def talk(state: MessagesState):
        llm.invoke(state["messages"][-5:])
        removed = [RemoveMessage(m.id) for m in state["messages"][:-5]]
        return {"messages": [*removed, llm.invoke(state["messages"][-5:])]}

    return StateGraph(MessagesState).add_node(talk).add_edge(START, "talk").compile(saver)
# %% failed: two opinions on each answer
def small_desk(llm, saver):
    def forget(state: MessagesState):
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def speak(state: MessagesState):
        said = llm.invoke(state["messages"])
        for quality in ("friendly", "correct"):
            llm.invoke(f"Is it {quality}? Answer yes or no. {said.text}")
        return {"messages": [said]}

    builder = StateGraph(MessagesState).add_sequence([forget, speak])
    return builder.add_edge(START, "forget").compile(checkpointer=saver)
# %% partial | an error of the model: an apology when the model fails
def small_desk(llm, saver):
    def prune(state: MessagesState) -> dict:
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        try:
            return {"messages": llm.invoke(state["messages"])}
        except Exception:
            return {"messages": AIMessage("Sorry")}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% refused: deletes the other threads
def small_desk(llm, saver):
    def prune(state: MessagesState, config) -> dict:
        for c in list(saver.list(None)):
            t = c.config["configurable"]["thread_id"]
            if t != config["configurable"]["thread_id"]:
                saver.delete_thread(t)
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% refused: five messages
def small_desk(llm, saver):
    def prune(state: MessagesState) -> dict:
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *state["messages"][-4:]]}

    def reply(state: MessagesState) -> dict:
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% partial | the last two turns: keeps the questions only
def small_desk(llm, saver):
    def prune(state: MessagesState) -> dict:
        kept = [m for m in state["messages"] if m.type == "human"][-3:]
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        return {"messages": llm.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
# %% partial | an error of the model: a retry that ends with a text about the error
from langchain.agents.middleware import ModelRetryMiddleware, before_model


@before_model
def forget(state, runtime):
    kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
    return {"messages": [RemoveMessage(id=REMOVE_ALL_MESSAGES), *kept]}


def small_desk(llm, saver):
    retry = ModelRetryMiddleware(max_retries=0)
    return create_agent(llm, middleware=[forget, retry], checkpointer=saver)
# %% partial | an error of the model: asks again when the service is busy
from openai import RateLimitError


def small_desk(llm, saver):
    patient = llm.with_retry(
        retry_if_exception_type=(RateLimitError,), wait_exponential_jitter=False
    )

    def prune(state: MessagesState) -> dict:
        kept = trim_messages(state["messages"], max_tokens=6, token_counter=len, start_on="human")
        return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}

    def reply(state: MessagesState) -> dict:
        return {"messages": patient.invoke(state["messages"])}

    builder = StateGraph(MessagesState).add_sequence([prune, reply])
    return builder.add_edge(START, "prune").compile(checkpointer=saver)
