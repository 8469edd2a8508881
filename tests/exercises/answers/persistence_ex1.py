# %% passed: a thread for each customer, written differently
def reply(agent, request):
    config = {"configurable": {"thread_id": f"customer-{request['customer']}"}}
    return agent.invoke({"messages": [("user", request["text"])]}, config)["messages"][-1].text
# %% passed: streamed, and the last state is taken
def reply(agent, request):
    who, text = request["customer"], request["text"]
    thread = {"configurable": {"thread_id": who}}
    *_, state = agent.stream({"messages": text}, thread, stream_mode="values")
    return state["messages"][-1].content
# %% passed: a table from customer to thread
ids = {}


def reply(agent, request: dict) -> str:
    number = ids.setdefault(request["customer"], len(ids))
    thread = {"configurable": {"thread_id": str(number)}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | on another page; nobody else: leaves it as it was
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["page"]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | on another page; nobody else: one thread for all, so that nothing is forgotten
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": "default"}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | on another page: customer and page
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": f"{request['customer']}{request['page']}"}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% partial | on another page; on the same page: a new id for each request, to be safe
def reply(agent, request: dict) -> str:
    import uuid

    thread = {"configurable": {"thread_id": str(uuid.uuid4())}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text
# %% passed: LangGraph finds the thread id outside `configurable`, too
def reply(agent, request: dict) -> str:
    state = agent.invoke({"messages": request["text"]}, {"thread_id": request["customer"]})
    return state["messages"][-1].text
# %% raised: no thread at all
def reply(agent, request: dict) -> str:
    return agent.invoke({"messages": request["text"]})["messages"][-1].text
# %% failed: returns the first message
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][0].text
# %% failed: returns the message
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    return agent.invoke({"messages": request["text"]}, thread)["messages"][-1]
# %% failed: forgets to return
def reply(agent, request: dict) -> str:
    thread = {"configurable": {"thread_id": request["customer"]}}
    print(agent.invoke({"messages": request["text"]}, thread)["messages"][-1].text)
