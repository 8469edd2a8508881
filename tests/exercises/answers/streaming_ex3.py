# %% passed: by node
def print_reply(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model":
            print(token.text, end="")
# %% passed: by type name, several modes, a line break at the end
def print_reply(agent, question):
    run = agent.stream({"messages": question}, stream_mode=["messages", "custom"], version="v2")
    for part in run:
        if part["type"] == "messages" and part["data"][0].type == "AIMessageChunk":
            print(part["data"][0].text, end="", flush=True)
    print()
# %% passed: written with sys.stdout
def print_reply(agent, question):
    import sys

    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if not where["langgraph_node"] == "tools":
            sys.stdout.write(token.text)
# %% failed: the loop of everybody
def print_reply(agent, question):
    for chunk in agent.stream({"messages": question}):
        print(chunk, end="", flush=True)
# %% partial | and nothing else: the tool's result is printed, too
def print_reply(agent, question):
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        print(token.text, end="", flush=True)
# %% failed: pairs
def print_reply(agent, question):
    for chunk in agent.stream({"messages": question}, stream_mode="messages"):
        print(chunk, end="", flush=True)
# %% partial | and nothing else: a line for each token
def print_reply(agent, question):
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(token.text)
# %% partial | and nothing else: a space for each token
def print_reply(agent, question):
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text:
            print(token.text, end=" ")
# %% failed: right words, at the end
def print_reply(agent, question):
    print(agent.invoke({"messages": question})["messages"][-1].text)
# %% failed: returns instead of printing
def print_reply(agent, question):
    return agent.invoke({"messages": question})["messages"][-1].text
# %% partial | and nothing else: prints the arguments of the call as well
def print_reply(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model":
            print(token.text, *[c["args"] for c in token.tool_call_chunks], end="")
# %% failed: content blocks are not words
def print_reply(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model":
            print(token.content_blocks, end="")
# %% passed: whole words
def print_reply(agent, question: str) -> None:
    buffer = ""
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if not isinstance(token, AIMessageChunk):
            continue
        buffer += token.text
        *words, buffer = buffer.split(" ")
        for word in words:
            print(word, end=" ", flush=True)
    print(buffer, end="", flush=True)
# %% passed: async, in a thread
import threading


def print_reply(agent, question: str) -> None:
    async def run():
        async for token, _ in agent.astream({"messages": question}, stream_mode="messages"):
            if isinstance(token, AIMessageChunk):
                print(token.text, end="", flush=True)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    thread.join()
# %% passed: a line break between two messages
def print_reply(agent, question: str) -> None:
    message = None
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text:
            if message not in (None, token.id):
                print()
            message = token.id
            print(token.text, end="", flush=True)
# %% failed: invokes, then a letter at a time
def print_reply(agent, question: str) -> None:
    for letter in agent.invoke({"messages": question})["messages"][-1].text:
        print(letter, end="", flush=True)
        time.sleep(0.001)
# %% failed: the third step, as it was in the lesson
def print_reply(agent, question: str) -> None:
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_step"] == 3:
            print(token.text, end="", flush=True)
# %% failed: from the third step on
def print_reply(agent, question: str) -> None:
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_step"] >= 3 and isinstance(token, AIMessageChunk):
            print(token.text, end="", flush=True)
# %% failed: a piece that was seen before is skipped
def print_reply(agent, question: str) -> None:
    seen = set()
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text not in seen:
            seen.add(token.text)
            print(token.text, end="", flush=True)
# %% failed: stops at the first finish_reason, which is that of the call
def print_reply(agent, question: str) -> None:
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(token.text, end="", flush=True)
            if token.response_metadata.get("finish_reason"):
                break
# %% partial | and nothing else: leaves out the result of the lesson's tool
def print_reply(agent, question: str) -> None:
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if token.text != "Order T-7 is packed.":
            print(token.text, end="", flush=True)
# %% partial | each piece as it arrives: the last message only, when it is whole
def print_reply(agent, question: str) -> None:
    words = []
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            words.append(token.text)
    print("".join(words), end="")
# %% failed: the words so far, wiped away when a tool is called
def print_reply(agent, question: str) -> None:
    words = ""
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "tools":
            words = ""
        else:
            words += token.text
    print(words)
# %% partial | all of the model's words; each piece as it arrives; an error comes out: one run to look, one to print
def print_reply(agent, question: str) -> None:
    if agent.invoke({"messages": question})["messages"][-1].text:
        for token, where in agent.stream({"messages": question}, stream_mode="messages"):
            if isinstance(token, AIMessageChunk):
                print(token.text, end="", flush=True)
# %% refused: a piece equal to the one before is skipped
def print_reply(agent, question: str) -> None:
    last = None
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text != last:
            print(token.text, end="", flush=True)
            last = token.text
# %% refused: holds a piece back until the next one comes
def print_reply(agent, question: str) -> None:
    held = ""
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text:
            print(held, end="", flush=True)
            held = token.text
    print(held, end="", flush=True)
# %% refused: whole sentences, so the last one waits for the tool
def print_reply(agent, question: str) -> None:
    buffer = ""
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            buffer += token.text
            while ". " in buffer:
                sentence, buffer = buffer.split(". ", 1)
                print(sentence, end=". ", flush=True)
    print(buffer, end="", flush=True)
# %% refused: an error ends the page quietly
def print_reply(agent, question: str) -> None:
    try:
        for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
            if isinstance(token, AIMessageChunk):
                print(token.text, end="", flush=True)
    except Exception:
        pass
# %% refused: tells the customer of a bug in a tool
def print_reply(agent, question: str) -> None:
    try:
        for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
            if isinstance(token, AIMessageChunk):
                print(token.text, end="", flush=True)
    except KeyError as error:
        print(f"Something is missing: {error}")
# %% refused: tidies the question
def print_reply(agent, question: str) -> None:
    asked = {"messages": " ".join(question.split())}
    for token, _ in agent.stream(asked, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(token.text, end="", flush=True)
# %% refused: holds two pieces back
def print_reply(agent, question: str) -> None:
    held = []
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text:
            held.append(token.text)
            if len(held) > 2:
                print(held.pop(0), end="", flush=True)
    print("".join(held), end="")
# %% refused: pieces of white space are nothing
def print_reply(agent, question: str) -> None:
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text.strip():
            print(token.text, end="", flush=True)
# %% refused: takes the line breaks out
def print_reply(agent, question: str) -> None:
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(token.text.replace("\n", ""), end="", flush=True)
# %% passed: a paragraph begins on the next line
def print_reply(agent, question: str) -> None:
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(token.text.replace("\n\n", "\n"), end="", flush=True)
# %% refused: drops the RuntimeError of a generator that is closed too late, and that of a tool
def print_reply(agent, question):
    try:
        for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
            if isinstance(token, AIMessageChunk):
                print(token.text, end="", flush=True)
    except (RuntimeError, StopIteration):
        pass
# %% failed: escapes what it prints, as a page would
def print_reply(agent, question):
    import html

    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(html.escape(token.text), end="", flush=True)
# %% failed: the node's name of an older version, so no piece comes through
def print_reply(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "agent":
            print(token.text, end="", flush=True)
# %% partial | and nothing else: tells which tool works
def print_reply(agent, question):
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            for piece in token.tool_call_chunks:
                if piece["name"]:
                    print(f"({piece['name']} ...)")
            print(token.text, end="", flush=True)
# %% failed | all of the model's words; and nothing else; each piece as it arrives: runs, and prints nothing
def print_reply(agent, question: str) -> None:
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        pass
# %% partial | an error comes out: says sorry for every error
def print_reply(agent, question: str) -> None:
    try:
        for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
            if isinstance(token, AIMessageChunk):
                print(token.text, end="", flush=True)
    except Exception:
        print("\nSorry, something went wrong. Please try again.")
