# %% passed: a message object
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": [HumanMessage(question)]})["messages"][-1].content
# %% passed: as pairs, with pop
def ask(agent, question):
    messages = agent.invoke({"messages": [("user", question)]})["messages"]
    return messages.pop().text
# %% passed: streaming to the end
def ask(agent, question):
    for state in agent.stream({"messages": question}, stream_mode="values"):
        last = state["messages"][-1]
    return last.text
# %% passed: a lambda
ask = lambda agent, question: agent.invoke({"messages": question})["messages"][-1].text
# %% failed: only the first of the two bugs is mended
def ask(agent, question: str) -> str:
    reply = agent.invoke({"messages": question})
    return reply["messages"][0].text
# %% raised: only the second of the two bugs is mended
def ask(agent, question: str) -> str:
    reply = agent.invoke({"query": question})
    return reply["messages"][-1].text
# %% failed: returns the message instead of its text
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})["messages"][-1]
# %% failed: the whole state
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})
# %% failed: prints instead of returning
def ask(agent, question: str) -> str:
    print(agent.invoke({"messages": question})["messages"][-1].text)
# %% failed: the second message is the call
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})["messages"][1].text
# %% failed: the tool's result
def ask(agent, question: str) -> str:
    return agent.invoke({"messages": question})["messages"][-2].text
# %% failed: the desk of the lesson instead of the agent it was given
def ask(agent, question: str) -> str:
    return desk.invoke({"messages": "Hello"})["messages"][-1].text
