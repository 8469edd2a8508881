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
# %% partial | an answer of the model; the event loop goes on; a torn answer is a ConnectionError; another error stays what it is; streaming; persistence: forgets to await
async def ask_async(llm, messages):
    reply = llm.ainvoke(messages)
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | an answer of the model; the event loop goes on; a torn answer is a ConnectionError; streaming: not async at all
def ask_async(llm, messages):
    return llm.invoke(messages)


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | the event loop goes on; streaming: still blocks the loop
async def ask_async(llm, messages):
    reply = llm.invoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | a torn answer is a ConnectionError; streaming: takes what there is of an answer
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
# %% passed: streams, and knows the ends
async def ask_async(llm, messages):
    whole = None
    async for chunk in llm.astream(messages):
        whole = chunk if whole is None else whole + chunk
    ends = {"stop", "tool_calls", "length", "content_filter"}
    if whole is None or whole.response_metadata.get("finish_reason") not in ends:
        raise ConnectionError("torn")
    return whole


def finish_safely(graph, saver):
    return graph.compile(saver, name="desk")
# %% partial | a torn answer is a ConnectionError: another class of error
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ValueError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | the event loop goes on: a sync stream, with a breath after each piece
async def ask_async(llm, messages):
    whole = None
    for chunk in llm.stream(messages):
        whole = chunk if whole is None else whole + chunk
        await asyncio.sleep(0)
    if not whole.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return whole


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | another error stays what it is: every error is a broken connection
async def ask_async(llm, messages):
    try:
        reply = await llm.ainvoke(messages)
    except Exception as error:
        raise ConnectionError("no answer") from error
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | an answer of the model: takes a tool call for a torn answer
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if reply.response_metadata.get("finish_reason") != "stop":
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | a torn answer is a ConnectionError: asks once more where the answer is torn
async def ask_async(llm, messages):
    for _ in range(2):
        reply = await llm.ainvoke(messages)
        if reply.response_metadata.get("finish_reason"):
            return reply
    raise ConnectionError("torn")


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | a graph with that saver: the saver of the first graph for all
savers = []


async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    savers.append(saver)
    return graph.compile(checkpointer=savers[0])
# %% partial | an answer of the model; the event loop goes on: adds a message of its own
async def ask_async(llm, messages):
    messages.append(("user", "Be brief."))
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% refused: a cancelled call is a broken one
import asyncio
async def ask_async(llm, messages: list[AnyMessage]) -> AIMessage:
    try:
        reply = await llm.ainvoke(messages)
    except asyncio.CancelledError:
        raise ConnectionError("The user left.")
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("The answer broke off.")
    return reply
def finish_safely(graph: StateGraph, saver):
    return graph.compile(checkpointer=saver)
# %% refused: a KeyError is a broken answer
async def ask_async(llm, messages: list[AnyMessage]) -> AIMessage:
    try:
        reply = await llm.ainvoke(messages)
    except KeyError:
        raise ConnectionError("The answer broke off.")
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("The answer broke off.")
    return reply
def finish_safely(graph: StateGraph, saver):
    return graph.compile(checkpointer=saver)
# %% refused: the model is shielded from who leaves
import asyncio
async def ask_async(llm, messages: list[AnyMessage]) -> AIMessage:
    reply = await asyncio.shield(llm.ainvoke(messages))
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("The answer broke off.")
    return reply
def finish_safely(graph: StateGraph, saver):
    return graph.compile(checkpointer=saver)
# %% refused: stops before every node
async def ask_async(llm, messages: list[AnyMessage]) -> AIMessage:
    reply = await llm.ainvoke(messages)
    if not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("The answer broke off.")
    return reply
def finish_safely(graph: StateGraph, saver):
    return graph.compile(checkpointer=saver, interrupt_before="*")
# %% partial | a torn answer is a ConnectionError: an answer that broke off inside a call has calls
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    if not reply.tool_calls and not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% partial | a torn answer is a ConnectionError: what ends with a full stop is whole
async def ask_async(llm, messages):
    reply = await llm.ainvoke(messages)
    ends = reply.text.rstrip().endswith((".", "!", "?"))
    if not ends and not reply.response_metadata.get("finish_reason"):
        raise ConnectionError("torn")
    return reply


def finish_safely(graph, saver):
    return graph.compile(checkpointer=saver)
# %% failed | the event loop goes on; a torn answer is a ConnectionError; a graph with that saver; streaming; persistence: the functions of the first week
ask_async, finish_safely = ask, finish
