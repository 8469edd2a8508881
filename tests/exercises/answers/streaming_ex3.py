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
# %% failed: the tool's result is printed, too
def print_reply(agent, question):
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        print(token.text, end="", flush=True)
# %% failed: pairs
def print_reply(agent, question):
    for chunk in agent.stream({"messages": question}, stream_mode="messages"):
        print(chunk, end="", flush=True)
# %% failed: a line for each token
def print_reply(agent, question):
    for token, _ in agent.stream({"messages": question}, stream_mode="messages"):
        if isinstance(token, AIMessageChunk):
            print(token.text)
# %% failed: a space for each token
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
# %% failed: prints the arguments of the call as well
def print_reply(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model":
            print(token.text, *[c["args"] for c in token.tool_call_chunks], end="")
# %% failed: content blocks are not words
def print_reply(agent, question):
    for token, where in agent.stream({"messages": question}, stream_mode="messages"):
        if where["langgraph_node"] == "model":
            print(token.content_blocks, end="")
