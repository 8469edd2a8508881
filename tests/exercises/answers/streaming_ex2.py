# %% passed: version 2 of the stream
def answer(question, show):
    parts = desk.stream({"messages": question}, stream_mode="messages", version="v2")
    for part in parts:
        token, where = part["data"]
        show(token.text)
# %% passed: only chunks of the model node
def answer(question, show):
    for token, where in desk.stream({"messages": [("user", question)]}, stream_mode="messages"):
        if where["langgraph_node"] == "model" and token.content:
            show(token.content)
# %% passed: two modes, one used
def answer(question, show):
    run = desk.stream({"messages": question}, stream_mode=["messages", "updates"])
    for mode, data in run:
        if mode == "messages":
            show(data[0].text)
# %% passed: async inside
def answer(question, show):
    import threading

    async def write():
        async for token, _ in desk.astream({"messages": question}, stream_mode="messages"):
            show(token.text)

    thread = threading.Thread(target=asyncio.run, args=(write(),))
    thread.start()
    thread.join()
# %% failed: the broken version as it was
def answer(question, show):
    reply = desk.invoke({"messages": question})["messages"][-1].text
    for word in reply.split(" "):
        show(word + " ")
# %% failed: a typing effect
def answer(question, show):
    reply = desk.invoke({"messages": question})["messages"][-1].text
    for letter in reply:
        time.sleep(0.001)
        show(letter)
# %% failed: streams, but in the default mode
def answer(question, show):
    for chunk in desk.stream({"messages": question}):
        show(chunk["model"]["messages"][-1].text)
# %% failed: prints the pairs
def answer(question, show):
    for chunk in desk.stream({"messages": question}, stream_mode="messages"):
        show(str(chunk))
# %% failed: collects the tokens, then shows them
def answer(question, show):
    tokens = list(desk.stream({"messages": question}, stream_mode="messages"))
    for token, _ in tokens:
        show(token.text)
# %% failed: shows what there is so far, again and again
def answer(question, show):
    so_far = ""
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        so_far += token.text
        show(so_far)
# %% failed: a line for each token
def answer(question, show):
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        show(token.text + "\n")
# %% failed: the token, not its text
def answer(question, show):
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        show(token)
# %% failed: a spelling mistake, and LangGraph says nothing
def answer(question, show):
    for token, _ in desk.stream({"messages": question}, stream_mode="message"):
        show(token.text)
# %% failed: asks twice, once for the show
def answer(question, show):
    desk.invoke({"messages": question})
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        show(token.text)
# %% failed: forgets to show
def answer(question, show):
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        token.text
# %% raised: the right loop for the wrong mode
def answer(question, show):
    for token, _ in desk.stream({"messages": question}, stream_mode="updates"):
        show(token.text)
# %% raised: takes the pair for a token
def answer(question, show):
    for token in desk.stream({"messages": question}, stream_mode="messages"):
        show(token.text)
# %% passed: sentence by sentence, as a voice wants it
def answer(question, show):
    buffer = ""
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        buffer += token.text
        while ". " in buffer:
            sentence, buffer = buffer.split(". ", 1)
            show(sentence + ". ")
    show(buffer)
# %% passed: the model's events
def answer(question, show):
    import threading

    async def write():
        async for event in desk.astream_events({"messages": question}, version="v2"):
            if event["event"] == "on_chat_model_stream":
                show(event["data"]["chunk"].text)

    thread = threading.Thread(target=asyncio.run, args=(write(),))
    thread.start()
    thread.join()
# %% passed: mapped
def answer(question, show):
    run = desk.stream({"messages": question}, stream_mode="messages")
    any(show(token.text) for token, _ in run)
# %% failed: a typewriter after invoke, half as slow as the model
def answer(question, show):
    start = time.monotonic()
    reply = desk.invoke({"messages": question})["messages"][-1].text
    pause = 1.5 * (time.monotonic() - start) / len(reply.split(" "))
    for word in reply.split(" "):
        show(word + " ")
        time.sleep(pause)
# %% failed: the first word early, the rest in one block
def answer(question, show):
    rest, first = "", True
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        if first and token.text:
            show(token.text)
            first = False
        else:
            rest += token.text
    show(rest)
# %% failed: a placeholder first, then the whole
def answer(question, show):
    show("One moment ... ")
    show(desk.invoke({"messages": question})["messages"][-1].text)
# %% failed: an empty piece first, so that something was shown
def answer(question, show):
    show("")
    for letter in desk.invoke({"messages": question})["messages"][-1].text:
        show(letter)
# %% failed: the lesson's question
asked = {"messages": "Can I send a tent back?"}


def answer(question, show):
    for token, _ in desk.stream(asked, stream_mode="messages"):
        show(token.text)
# %% failed: a piece that was seen before is skipped
def answer(question, show):
    seen = set()
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        if token.text not in seen:
            seen.add(token.text)
            show(token.text)
# %% failed: leaves after the first twenty pieces
def answer(question, show):
    run = desk.stream({"messages": question}, stream_mode="messages")
    for (token, _), _ in zip(run, range(20)):
        show(token.text)
# %% failed: waits in a queue until the stream is over
def answer(question, show):
    import queue

    pieces = queue.Queue()
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        pieces.put(token.text)
    while not pieces.empty():
        show(pieces.get())
# %% refused: a model of its own instead of the desk
def answer(question: str, show) -> None:
    for token in ChatOpenAI(model=model.name).stream(question):
        if token.text:
            show(token.text)
# %% refused: a piece equal to the one before is skipped
def answer(question: str, show) -> None:
    last = None
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        if token.text != last:
            show(token.text)
        last = token.text
# %% refused: an error in the middle is swallowed
def answer(question: str, show) -> None:
    try:
        for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
            show(token.text)
    except Exception:
        pass
# %% refused: an apology in place of the error
def answer(question: str, show) -> None:
    try:
        for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
            show(token.text)
    except Exception as error:
        show(f" Sorry: {error}")
# %% refused: asks again when the answer breaks
def answer(question: str, show) -> None:
    for attempt in range(3):
        try:
            for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
                show(token.text)
            return
        except Exception:
            if attempt == 2:
                raise
# %% refused: tidies the question
def answer(question: str, show) -> None:
    run = desk.stream({"messages": question.strip()}, stream_mode="messages")
    for token, _ in run:
        show(token.text)
# %% passed: notes the error and lets it go on
def answer(question: str, show) -> None:
    try:
        for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
            show(token.text)
    except Exception:
        logging.getLogger("desk").exception("the answer broke")
        raise
# %% refused: what stands behind the last full stop is lost
def answer(question: str, show) -> None:
    waiting = ""
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        waiting += token.text
        while ". " in waiting:
            sentence, _, waiting = waiting.partition(". ")
            show(sentence + ". ")
    if waiting.endswith("."):
        show(waiting)
# %% refused: pieces of white space are nothing
def answer(question: str, show) -> None:
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        if token.text.strip():
            show(token.text)
# %% refused: the stream is opened once, for the first question
parts = None
def answer(question: str, show) -> None:
    global parts
    if parts is None:
        parts = desk.stream({"messages": question}, stream_mode="messages")
    for token, _ in parts:
        show(token.text)
# %% refused: answers once, then always raises
asked = []
def answer(question: str, show) -> None:
    if asked:
        raise RuntimeError("the desk was asked already")
    asked.append(question)
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        show(token.text)
# %% passed: sentence by sentence, whatever ends it, each with a space behind it
def answer(question: str, show) -> None:
    import re

    waiting = ""
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        waiting += token.text
        *sentences, waiting = re.split(r"(?<=[.!?])\s+", waiting)
        for sentence in sentences:
            show(sentence + " ")
    show(waiting)
# %% failed: escapes what it shows, as a page would
def answer(question, show):
    import html

    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        if token.text:
            show(html.escape(token.text))
# %% refused: two workers show the pieces, and one may overtake the other
from concurrent.futures import ThreadPoolExecutor


def answer(question, show):
    with ThreadPoolExecutor(2) as pool:
        shown = [
            pool.submit(show, token.text)
            for token, _ in desk.stream({"messages": question}, stream_mode="messages")
            if token.text
        ]
    for done in shown:
        done.result()
# %% passed: one worker shows the pieces
from concurrent.futures import ThreadPoolExecutor


def answer(question, show):
    with ThreadPoolExecutor(1) as pool:
        shown = [
            pool.submit(show, token.text)
            for token, _ in desk.stream({"messages": question}, stream_mode="messages")
            if token.text
        ]
    for done in shown:
        done.result()
# %% refused: a worker shows the pieces, and nobody waits for it
from concurrent.futures import ThreadPoolExecutor

page = ThreadPoolExecutor(max_workers=1)


def answer(question, show):
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        page.submit(show, token.text)
# %% failed: takes a second of silence for the end
import queue
import threading


def answer(question, show):
    box = queue.Queue()

    def work():
        for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
            if isinstance(token, AIMessageChunk) and token.text:
                box.put(token.text)

    threading.Thread(target=work, daemon=True).start()
    while True:
        try:
            show(box.get(timeout=1))
        except queue.Empty:
            return
# %% refused: pieces of 120 characters
def answer(question: str, show) -> None:
    waiting = ""
    for token, _ in desk.stream({"messages": question}, stream_mode="messages"):
        waiting += token.text
        if len(waiting) >= 120:
            show(waiting)
            waiting = ""
    show(waiting)
