# %% passed: the stream is closed by hand
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    try:
        async for token, _ in stream:
            seen += token.text
            if len(seen) >= enough:
                return seen
    finally:
        await stream.aclose()


async def read_on(agent, thread):
    return (await agent.ainvoke(None, thread))["messages"][-1].content
# %% passed: a task is cancelled, and the rest is streamed
async def read_some(agent, question, thread, enough):
    seen, done = [], asyncio.Event()

    async def read():
        async for token, _ in agent.astream({"messages": question}, thread, stream_mode="messages"):
            seen.append(token.text)
            if len("".join(seen)) >= enough:
                done.set()

    task = asyncio.create_task(read())
    await done.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return "".join(seen)


async def read_on(agent, thread):
    words = ""
    async for token, _ in agent.astream(None, thread, stream_mode="messages"):
        words += token.text
    return words
# %% passed: a few characters more are fine
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    """Ask, stop the model once `enough` characters have been read, return them."""
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) > enough:
                break
    return seen


async def read_on(agent, thread: dict) -> str:
    """Go on with a stopped thread and return the whole answer."""
    reply = await agent.ainvoke(None, thread)
    return reply["messages"][-1].text
# %% refused: a sync stream, left early
async def read_some(agent, question, thread, enough):
    seen = ""
    for token, _ in agent.stream({"messages": question}, thread, stream_mode="messages"):
        seen += token.text
        if len(seen) >= enough:
            break
    return seen


async def read_on(agent, thread):
    return (await agent.aget_state(thread)).values["messages"][-1].text
# %% partial | read_some stops the model: reads everything, then cuts
async def read_some(agent, question, thread, enough):
    reply = await agent.ainvoke({"messages": question}, thread)
    return reply["messages"][-1].text[:enough]


async def read_on(agent, thread):
    return (await agent.aget_state(thread)).values["messages"][-1].text
# %% partial | read_some stops the model: reads to the end and shows only the beginning
async def read_some(agent, question, thread, enough):
    seen = ""
    async for token, _ in agent.astream({"messages": question}, thread, stream_mode="messages"):
        if len(seen) < enough:
            seen += token.text
    return seen


async def read_on(agent, thread):
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% partial | read_on returns the whole answer; the question stands once in the thread: asks again
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) >= enough:
                break
    return seen


async def read_on(agent, thread):
    reply = await agent.ainvoke({"messages": "Please go on."}, thread)
    return reply["messages"][-1].text
# %% partial | read_on returns: returns the message
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) >= enough:
                break
    return seen


async def read_on(agent, thread):
    return (await agent.ainvoke(None, thread))["messages"][-1]
# %% partial | read_on returns; the question stands once: only looks at the state
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) >= enough:
                break
    return seen


async def read_on(agent, thread):
    return (await agent.aget_state(thread)).values["messages"][-1].text
# %% partial | read_some reads the beginning: shows one token less than enough
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            if len(seen + token.text) >= enough:
                break
            seen += token.text
    return seen


async def read_on(agent, thread):
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% partial | read_some reads the beginning: prints instead of returning
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            print(token.text, end="")
            seen += token.text
            if len(seen) >= enough:
                break


async def read_on(agent, thread):
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% raised: forgets to await
async def read_some(agent, question, thread, enough):
    stream = await agent.astream({"messages": question}, thread, stream_mode="messages")
    return stream


async def read_on(agent, thread):
    return agent.ainvoke(None, thread)["messages"][-1].text
# %% passed: a context manager of its own, two modes
from contextlib import asynccontextmanager


@asynccontextmanager
async def reading(agent, question, thread):
    stream = agent.astream(
        {"messages": [{"role": "user", "content": question}]},
        config=thread,
        stream_mode=["messages", "updates"],
    )
    try:
        yield stream
    finally:
        await stream.aclose()


async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    pieces = []
    async with reading(agent, question, thread) as stream:
        async for mode, data in stream:
            if mode == "messages" and isinstance(data[0], AIMessageChunk):
                pieces.append(data[0].text)
                if len("".join(pieces)) >= enough:
                    break
    return "".join(pieces)


async def read_on(agent, thread: dict) -> str:
    answer = ""
    async for state in agent.astream(None, config=thread, stream_mode="values"):
        answer = state["messages"][-1].text
    return answer
# %% partial | stops the model: leaves the loop, and nobody closes the stream
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    shown = ""
    async for token, _ in agent.astream({"messages": question}, thread, stream_mode="messages"):
        shown += token.text
        if len(shown) >= enough:
            break
    return shown


async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% partial | read_on returns: the second message, in a thread that has an earlier turn
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    shown = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            shown += token.text
            if len(shown) >= enough:
                break
    return shown


async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke(None, thread))["messages"][1].text
# %% partial | the question stands once: saves what was read as an answer
from langchain.messages import AIMessage


async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    shown = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            shown += token.text
            if len(shown) >= enough:
                break
    return shown


async def read_on(agent, thread: dict) -> str:
    whole = (await agent.ainvoke(None, thread))["messages"][-1].text
    await agent.aupdate_state(thread, {"messages": [AIMessage(whole[:20])]})
    return whole
# %% partial | read_on returns; the question stands once: the last question of anybody, asked again
last = {}


async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    last["question"], shown = question, ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            shown += token.text
            if len(shown) >= enough:
                break
    return shown


async def read_on(agent, thread: dict) -> str:
    reply = await agent.ainvoke({"messages": last["question"]}, thread)
    return reply["messages"][-1].text
# %% partial | read_some reads; read_some stops: counts pieces
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    shown = []
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            shown.append(token.text)
            if len(shown) >= enough:
                break
    return "".join(shown)


async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% partial | read_some stops: a task that goes on
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    shown, ready = [], asyncio.Event()

    async def read():
        async for token, _ in agent.astream({"messages": question}, thread, stream_mode="messages"):
            shown.append(token.text)
            if len("".join(shown)) >= enough:
                ready.set()

    read_some.task = asyncio.create_task(read())
    await ready.wait()
    return "".join(shown)


async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% partial | the question stands once: goes on in another thread
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    shown = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            shown += token.text
            if len(shown) >= enough:
                break
    return shown


async def read_on(agent, thread: dict) -> str:
    state = await agent.aget_state(thread)
    fresh = {"configurable": {"thread_id": "again"}}
    return (await agent.ainvoke({"messages": state.values["messages"][-1:]}, fresh))["messages"][-1].text
# %% refused: always twenty characters
# Who leaves while the model is quick may not be heard, on Python 3.11: see HoldingModel.
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    shown = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            shown += token.text
            if len(shown) >= 20:
                break
    return shown


async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% refused: twenty pieces at most
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    seen = ""
    n = 0
    async with aclosing(agent.astream({"messages": question}, thread, stream_mode="messages")) as tokens:
        async for token, _ in tokens:
            seen += token.text
            n += 1
            if len(seen) >= enough or n > 20:
                break
    return seen
async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% passed: goes on with an empty list of messages
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    seen = ""
    async with aclosing(agent.astream({"messages": question}, thread, stream_mode="messages")) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) >= enough:
                break
    return seen
async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke({"messages": []}, thread))["messages"][-1].text
# %% partial | read_some stops: reads a line more than it returns
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) > enough + 40:
                break
    return seen[:enough]


async def read_on(agent, thread):
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% partial | read_on returns: no error is shown to the customer
async def read_some(agent, question, thread, enough):
    seen = ""
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) >= enough:
                break
    return seen


async def read_on(agent, thread):
    try:
        return (await agent.ainvoke(None, thread))["messages"][-1].text
    except Exception:
        return ""
# %% partial | read_some stops: tidies the question
async def read_some(agent, question, thread, enough):
    seen = ""
    asked = {"messages": " ".join(question.split())}
    async with aclosing(agent.astream(asked, thread, stream_mode="messages")) as tokens:
        async for token, _ in tokens:
            seen += token.text
            if len(seen) >= enough:
                break
    return seen


async def read_on(agent, thread):
    return (await agent.ainvoke(None, thread))["messages"][-1].text
# %% refused: counts bytes
# Who leaves while the model is quick may not be heard, on Python 3.11: see HoldingModel.
async def read_some(agent, question: str, thread: dict, enough: int) -> str:
    read = bytearray()
    stream = agent.astream({"messages": question}, thread, stream_mode="messages")
    async with aclosing(stream) as tokens:
        async for token, _ in tokens:
            read += token.text.encode()
            if len(read) >= enough:
                break
    return read.decode()


async def read_on(agent, thread: dict) -> str:
    return (await agent.ainvoke(None, thread))["messages"][-1].text
