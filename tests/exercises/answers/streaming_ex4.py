# %% passed: version 1, pairs of mode and data
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0].text
# %% passed: empty words do no harm
def progress_and_words(agent, question):
    modes = ["custom", "messages", "updates"]
    for part in agent.stream({"messages": question}, stream_mode=modes, version="v2"):
        match part["type"]:
            case "custom":
                yield ("progress", part["data"])
            case "messages" if part["data"][1]["langgraph_node"] == "model":
                yield ("words", part["data"][0].text)
# %% refused: one run for each kind, so the tool works twice
def progress_and_words(agent, question):
    for data in agent.stream({"messages": question}, stream_mode="custom"):
        yield "progress", data
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model" and token.text:
            yield "words", token.text
# %% partial | as they arrive: collects everything first
def progress_and_words(agent, question):
    events = []
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            events.append(("progress", data))
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            events.append(("words", data[0].text))
    return events
# %% partial | as they arrive: turns the stream into a list
def progress_and_words(agent, question):
    for mode, data in list(agent.stream({"messages": question}, stream_mode=["messages", "custom"])):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0].text
# %% refused: the tool's result among the words
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif data[0].text:
            yield "words", data[0].text
# %% refused: no words at all
def progress_and_words(agent, question):
    for data in agent.stream({"messages": question}, stream_mode="custom"):
        yield "progress", data
# %% partial | progress; as they arrive: no progress
def progress_and_words(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model" and token.text:
            yield "words", token.text
# %% partial | as they arrive; errors come out: whole messages
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["updates", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif "model" in data and data["model"]["messages"][-1].text:
            yield "words", data["model"]["messages"][-1].text
# %% partial | words; as they arrive: the message instead of its text
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0]
# %% refused: the mode's own names
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        yield mode, data
# %% failed: a line of text for each
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        yield f"{mode}: {data}"
# %% failed: prints
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        print(mode, data)
# %% passed: the reference, empty words included
def progress_and_words(agent, question: str):
    """Yield ("progress", text) and ("words", text) as they arrive."""
    modes = ["custom", "messages"]
    for part in agent.stream({"messages": question}, stream_mode=modes, version="v2"):
        if part["type"] == "custom":
            yield "progress", part["data"]
        else:
            token, where = part["data"]
            if where["langgraph_node"] == "model":
                yield "words", token.text
# %% passed: a queue between an async producer and the generator
import queue
import threading


def progress_and_words(agent, question: str):
    waiting = queue.Queue()

    async def produce():
        modes = ["custom", "messages"]
        async for mode, data in agent.astream({"messages": question}, stream_mode=modes):
            if mode == "custom":
                waiting.put(("progress", data))
            elif isinstance(data[0], AIMessageChunk) and data[0].text:
                waiting.put(("words", data[0].text))
        waiting.put(None)

    threading.Thread(target=asyncio.run, args=(produce(),)).start()
    while (item := waiting.get()) is not None:
        yield item
# %% passed: the producer tells of its end first, and then its error comes out
import queue
import threading
import time


def progress_and_words(agent, question: str):
    waiting = queue.Queue()

    def produce():
        modes = ["custom", "messages"]
        try:
            for mode, data in agent.stream({"messages": question}, stream_mode=modes):
                if mode == "custom":
                    waiting.put(("progress", data))
                elif isinstance(data[0], AIMessageChunk) and data[0].text:
                    waiting.put(("words", data[0].text))
        finally:
            waiting.put(None)
            time.sleep(0.05)

    threading.Thread(target=produce).start()
    while (item := waiting.get()) is not None:
        yield item
# %% passed: whole words, as named tuples
from typing import NamedTuple


class Pair(NamedTuple):
    kind: str
    text: str


def progress_and_words(agent, question: str):
    buffer = ""
    for mode, data in agent.stream({"messages": question}, stream_mode=["custom", "messages"]):
        if mode == "custom":
            if buffer:
                yield Pair("words", buffer)
                buffer = ""
            yield Pair("progress", data)
        elif isinstance(data[0], AIMessageChunk):
            buffer += data[0].text
            *words, buffer = buffer.split(" ")
            for word in words:
                yield Pair("words", word + " ")
    if buffer:
        yield Pair("words", buffer)
# %% partial | as they arrive: progress live, the words when all is over
def progress_and_words(agent, question: str):
    words = []
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            words.append(data[0].text)
    for word in words:
        yield "words", word
# %% partial | as they arrive; errors come out: words cut up after the model has finished
def progress_and_words(agent, question: str):
    for mode, data in agent.stream({"messages": question}, stream_mode=["updates", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif "model" in data and data["model"]["messages"][-1].text:
            for number, word in enumerate(data["model"]["messages"][-1].text.split(" ")):
                yield "words", (" " if number else "") + word
# %% partial | progress; as they arrive: only reports that begin as in the lesson
def progress_and_words(agent, question: str):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom" and data.startswith("packing"):
            yield "progress", data
        elif mode == "messages" and isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0].text
# %% refused: what was seen before is skipped
def progress_and_words(agent, question: str):
    seen = set()
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            pair = "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            pair = "words", data[0].text
        else:
            continue
        if pair not in seen:
            seen.add(pair)
            yield pair
# %% partial | words; as they arrive: the third step only
def progress_and_words(agent, question: str):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif data[1]["langgraph_step"] == 3 and data[0].text:
            yield "words", data[0].text
# %% failed: an async generator
async def progress_and_words(agent, question: str):
    modes = ["messages", "custom"]
    async for mode, data in agent.astream({"messages": question}, stream_mode=modes):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0].text
# %% refused: pairs the other way round
def progress_and_words(agent, question: str):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield data, "progress"
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield data[0].text, "words"
# %% refused: progress is over when the words begin
def progress_and_words(agent, question: str):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0].text
            if data[0].text.endswith("."):
                return
# %% partial | as they arrive: holds a piece back until the next one comes
def progress_and_words(agent, question: str):
    held = ""
    for mode, data in agent.stream({"messages": question}, stream_mode=["custom", "messages"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            if held:
                yield "words", held
            held = data[0].text
    if held:
        yield "words", held
# %% passed: whole words, the last one when the next message begins
def progress_and_words(agent, question: str):
    buffer = ""
    for mode, data in agent.stream({"messages": question}, stream_mode=["custom", "messages"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk):
            buffer += data[0].text
            *words, buffer = buffer.split(" ")
            yield from (("words", word + " ") for word in words)
    if buffer:
        yield "words", buffer
# %% refused: a piece equal to the one before is skipped
def progress_and_words(agent, question: str):
    last = None
    for mode, data in agent.stream({"messages": question}, stream_mode=["custom", "messages"]):
        pair = ("progress", data) if mode == "custom" else ("words", data[0].text)
        if mode == "messages" and not isinstance(data[0], AIMessageChunk):
            continue
        if pair != last and pair[1]:
            yield pair
        last = pair
# %% partial | errors come out: an error ends the generator
def progress_and_words(agent, question: str):
    try:
        for mode, data in agent.stream({"messages": question}, stream_mode=["custom", "messages"]):
            if mode == "custom":
                yield "progress", data
            elif isinstance(data[0], AIMessageChunk) and data[0].text:
                yield "words", data[0].text
    except Exception:
        return
# %% partial | errors come out: an error is progress, too
def progress_and_words(agent, question: str):
    try:
        for mode, data in agent.stream({"messages": question}, stream_mode=["custom", "messages"]):
            if mode == "custom":
                yield "progress", data
            elif isinstance(data[0], AIMessageChunk) and data[0].text:
                yield "words", data[0].text
    except Exception as error:
        yield "progress", f"failed: {error}"
# %% partial | words: pieces of white space are nothing
def progress_and_words(agent, question: str):
    for mode, data in agent.stream({"messages": question}, stream_mode=["custom", "messages"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text.strip():
            yield "words", data[0].text
# %% partial | errors come out: a RuntimeError is taken for that of a closed generator
def progress_and_words(agent, question):
    try:
        modes = ["custom", "messages"]
        for mode, data in agent.stream({"messages": question}, stream_mode=modes):
            if mode == "custom":
                yield "progress", data
            elif isinstance(data[0], AIMessageChunk) and data[0].text:
                yield "words", data[0].text
    except RuntimeError:
        return
# %% partial | progress: trims the reports
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data.strip().rstrip(".")
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0].text
# %% partial | progress: begins a report with a large letter
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data[:1].upper() + data[1:].lower()
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0].text
# %% partial | words: escapes the words, as a page would
def progress_and_words(agent, question):
    import html

    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", html.escape(data[0].text)
# %% partial | words: takes a second of silence for the end
import queue
import threading


def progress_and_words(agent, question):
    box = queue.Queue()

    def work():
        modes = ["custom", "messages"]
        for mode, data in agent.stream({"messages": question}, stream_mode=modes):
            if mode == "custom":
                box.put(("progress", data))
            elif isinstance(data[0], AIMessageChunk) and data[0].text:
                box.put(("words", data[0].text))

    threading.Thread(target=work, daemon=True).start()
    while True:
        try:
            yield box.get(timeout=1)
        except queue.Empty:
            return
