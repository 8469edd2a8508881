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
# %% partial | as they arrive: one run for each kind, so the tool works twice
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
# %% partial | words: the tool's result among the words
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif data[0].text:
            yield "words", data[0].text
# %% partial | words; as they arrive: no words at all
def progress_and_words(agent, question):
    for data in agent.stream({"messages": question}, stream_mode="custom"):
        yield "progress", data
# %% partial | progress; as they arrive: no progress
def progress_and_words(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model" and token.text:
            yield "words", token.text
# %% partial | words: whole messages
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["updates", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif "model" in data and data["model"]["messages"][-1].text:
            yield "words", data["model"]["messages"][-1].text
# %% partial | words: the message instead of its text
def progress_and_words(agent, question):
    for mode, data in agent.stream({"messages": question}, stream_mode=["messages", "custom"]):
        if mode == "custom":
            yield "progress", data
        elif isinstance(data[0], AIMessageChunk) and data[0].text:
            yield "words", data[0]
# %% failed: the mode's own names
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
