# %% passed: streams, and adds the pieces up
async def ask_async(llm, messages):
    whole = None
    async for piece in llm.astream(messages):
        whole = piece if whole is None else whole + piece
    if whole is None or "finish_reason" not in whole.response_metadata:
        raise ConnectionError("The stream ended too early.")
    return message_chunk_to_message(whole)


from langchain_core.messages import message_chunk_to_message


def finish_safely(graph, saver):
    return graph.compile(saver)
# %% passed: only "stop" and "tool_calls" are ends
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if reply.response_metadata.get("finish_reason") not in ("stop", "tool_calls", "length"):
        raise ConnectionError("no end")
    return reply


finish_safely = lambda graph, saver: graph.compile(checkpointer=saver, name="desk")
# %% partial | an answer of the model; streaming; persistence: forgets to await
async def ask_async(llm, messages):
    reply = llm.ainvoke(messages)
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | an answer of the model; streaming: not async at all
def ask_async(llm, messages):
    return llm.invoke(messages)


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | streaming: still blocks the loop
async def ask_async(llm, messages):
    reply = llm.invoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | streaming: takes what there is of an answer
async def ask_async(llm, messages):
    return await llm.ainvoke(messages)


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | streaming: moves the blocking call into a thread, which nobody can stop
async def ask_async(llm, messages):
    reply = await asyncio.to_thread(llm.invoke, messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | a graph with that saver; persistence: keeps the memory that dies
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=InMemorySaver())
# %% partial | persistence: keeps the thread that everybody shares
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    compiled = graph.compile(checkpointer=saver)
    return compiled.with_config(configurable={"thread_id": "default"})
# %% partial | a graph with that saver; streaming; persistence: does not compile
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph
