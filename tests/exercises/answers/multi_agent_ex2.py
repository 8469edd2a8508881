# %% passed: without version="v2", where each part is a namespace and a pair
def spoken(team, question):
    for _, (token, where) in team.stream(
        {"messages": question}, stream_mode="messages", subgraphs=True
    ):
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
# %% passed: goes by the node instead of the class
def spoken(team, question: str):
    stream = team.stream(
        {"messages": [("user", question)]}, stream_mode="messages", subgraphs=True, version="v2"
    )
    for part in stream:
        token, where = part["data"]
        if where["langgraph_node"] == "model" and token.text != "":
            yield (where["lc_agent_name"], token.text)
# %% passed: several modes at once, and lists instead of tuples
def spoken(team, question):
    for part in team.stream(
        {"messages": question}, stream_mode=["updates", "messages"], subgraphs=True, version="v2"
    ):
        if part["type"] == "messages":
            token, where = part["data"]
            if token.type == "AIMessageChunk" and token.text:
                yield [where["lc_agent_name"], token.text]
# %% passed: leaves out what comes from tools
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if where["langgraph_node"] != "tools" and token.text:
            yield where["lc_agent_name"], token.text
# %% partial | the workers are heard; each piece has its speaker: no subgraphs
def spoken(team, question):
    for token, where in team.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
# %% partial | no results of tools: tool results as well
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if token.text:
            yield where["lc_agent_name"], token.text
# %% partial | no results of tools: empty pieces as well
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk):
            yield where["lc_agent_name"], token.text
# %% partial | each piece has its speaker: the node for a name
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["langgraph_node"], token.text
# %% partial | each piece has its speaker: the namespace for a name
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield part["ns"][-1] if part["ns"] else "supervisor", token.text
# %% partial | as it is written: collects first
def spoken(team, question):
    asked, pieces = {"messages": question}, []
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            pieces.append((where["lc_agent_name"], token.text))
    yield from pieces
# %% partial | as it is written: whole messages
def spoken(team, question):
    for ns, update in team.stream({"messages": question}, subgraphs=True):
        if "model" in update:
            message = update["model"]["messages"][-1]
            if message.text:
                yield message.name, message.text
# %% failed: yields the message
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        yield part["data"][0]
# %% failed: text is not a method's business
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.content:
            yield where["lc_agent_name"], token
# %% failed: prints instead
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        print(where["lc_agent_name"], token.text)
# %% failed: a misspelt mode
def spoken(team, question):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="message", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
# %% failed: subgraphs without unpacking the namespace
def spoken(team, question):
    for token, where in team.stream(
        {"messages": question}, stream_mode="messages", subgraphs=True
    ):
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
# %% passed: one generator expression
def spoken(team, question):
    parts = team.stream({"messages": [("user", question)]}, stream_mode=["messages"], subgraphs=True, version="v2")
    yield from (
        (meta["lc_agent_name"], str(token.text))
        for token, meta in (part["data"] for part in parts)
        if meta["langgraph_node"] == "model" and token.text
    )
# %% partial | as it is written: a typewriter, when the text is there
def spoken(team, question):
    for ns, update in team.stream({"messages": question}, stream_mode="updates", subgraphs=True):
        for change in update.values():
            for m in (change or {}).get("messages", []):
                if m.type == "ai" and m.text:
                    for word in re.findall(r"\S+\s*", m.text):
                        yield m.name, word


import re
# %% partial | as it is written: collects the parts first
def spoken(team, question):
    parts = list(team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"))
    for part in parts:
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
# %% partial | as it is written: keeps an agent's pieces until another one speaks
def spoken(team, question):
    kept, name = [], None
    for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if where["lc_agent_name"] != name:
            yield from ((name, text) for text in kept)
            kept, name = [], where["lc_agent_name"]
        if isinstance(token, AIMessageChunk) and token.text:
            kept.append(token.text)
    yield from ((name, text) for text in kept)
# %% partial | each piece has its speaker: knows the lesson's names
def spoken(team, question):
    for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield ("supervisor" if not part["ns"] else "research"), token.text
# %% partial | the workers are heard; each piece has its speaker: two levels
def spoken(team, question):
    for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if len(part["ns"]) <= 1 and isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
# %% partial | the workers are heard; each piece has its speaker: strips the pieces
def spoken(team, question):
    for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text.strip():
            yield where["lc_agent_name"], token.text.strip()
# %% partial | an error of the team comes out: an error ends it without a word
def spoken(team, question):
    try:
        for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
            token, where = part["data"]
            if isinstance(token, AIMessageChunk) and token.text:
                yield where["lc_agent_name"], token.text
    except Exception:
        pass
# %% partial | as it is written; one run: runs the team once more to see the names
def spoken(team, question):
    team.invoke({"messages": question})
    for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], token.text
# %% partial | an error of the team: an end for a torn connection
def spoken(team, question: str):
    try:
        for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
            token, where = part["data"]
            if isinstance(token, AIMessageChunk) and token.text:
                yield where["lc_agent_name"], token.text
    except ConnectionError:
        return
# %% partial | as it is written: the first piece at once, the rest at the end
def spoken(team, question: str):
    last = None
    rest = ""
    for part in team.stream({"messages": question}, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            who = (where["lc_agent_name"], token.id)
            if who != last:
                if rest:
                    yield last[0], rest
                yield who[0], token.text
                last, rest = who, ""
            else:
                rest += token.text
    if rest:
        yield last[0], rest
# %% partial | the workers are heard; each piece has its speaker: white space is an empty piece, too
def spoken(team, question: str):
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text.strip():
            yield where["lc_agent_name"], token.text
# %% partial | each piece has its speaker: a piece like the one before is an echo
def spoken(team, question: str):
    last = None
    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text and token.text != last:
            last = token.text
            yield where["lc_agent_name"], token.text
# %% partial | each piece has its speaker: whoever begins is heard until the message ends
def spoken(team, question):
    speaking, asked = None, {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if not isinstance(token, AIMessageChunk):
            continue
        speaking = speaking or token.id
        if token.id == speaking and token.text:
            yield where["lc_agent_name"], token.text
        if token.id == speaking and token.chunk_position == "last":
            speaking = None
# %% partial | each piece has its speaker: asks for the name once a message
def spoken(team, question):
    name, asked = None, {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk):
            name = name or where["lc_agent_name"]
            if token.text:
                yield name, token.text
            if token.chunk_position == "last":
                name = None
# %% refused: escapes the words, as a page would
def spoken(team, question):
    import html

    asked = {"messages": question}
    for part in team.stream(asked, stream_mode="messages", subgraphs=True, version="v2"):
        token, where = part["data"]
        if isinstance(token, AIMessageChunk) and token.text:
            yield where["lc_agent_name"], html.escape(token.text)
