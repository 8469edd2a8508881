# %% passed: a helper says what is waiting
def waiting_for(graph, config):
    return ", ".join(asked.value["tool"] for asked in graph.get_state(config).interrupts)


def say(graph, text, config):
    if tools := waiting_for(graph, config):
        return f"Please wait: {tools}"
    result = graph.invoke({"messages": [("user", text)]}, config)
    if tools := waiting_for(graph, config):
        return f"Please wait: {tools}"
    return result["messages"][-1].text
# %% passed: reads the questions from the result
def say(graph, text, config):
    questions = graph.get_state(config).interrupts
    if not questions:
        result = graph.invoke({"messages": text}, config)
        questions = result.get("__interrupt__", ())
        if not questions:
            return result["messages"][-1].text
    return "We wait for a colleague: " + questions[0].value["tool"]
# %% passed: asks the tasks
def say(graph, text, config):
    def asked():
        return [i for task in graph.get_state(config).tasks for i in task.interrupts]

    if asked():
        return f"Not yet: {[i.value['tool'] for i in asked()]}"
    graph.invoke({"messages": text}, config)
    if asked():
        return f"Not yet: {[i.value['tool'] for i in asked()]}"
    return graph.get_state(config).values["messages"][-1].text
# %% partial | a message while a decision is pending; then the decision counts, and the talk goes on; questions that `say` has not seen come: sends it anyway
def say(graph, text, config):
    result = graph.invoke({"messages": text}, config)
    if "__interrupt__" in result:
        return f"waiting for {result['__interrupt__'][0].value['tool']}"
    return result["messages"][-1].text
# %% partial | the run ends with a question; a message while a decision is pending; questions that `say` has not seen come: looks before, and not after
def say(graph, text, config):
    if graph.get_state(config).interrupts:
        return "A colleague has to decide first."
    return graph.invoke({"messages": text}, config)["messages"][-1].text
# %% partial | the run ends with a question: does not look after the run
def say(graph, text, config):
    waiting = graph.get_state(config).interrupts
    if waiting:
        return f"A colleague has to decide first: {waiting[0].value['tool']}."
    return graph.invoke({"messages": text}, config)["messages"][-1].text
# %% partial | the run ends with a question; a message while a decision is pending; after a crash the customer is not locked out: asks `next` instead of `interrupts`
def say(graph, text, config):
    if graph.get_state(config).next:
        return "A colleague has to decide about a refund first."
    graph.invoke({"messages": text}, config)
    state = graph.get_state(config)
    if state.next:
        return "A colleague has to decide about a refund first."
    return state.values["messages"][-1].text
# %% partial | after a crash the customer is not locked out: goes on instead of asking anew
def say(graph, text, config):
    state = graph.get_state(config)
    if state.interrupts:
        return f"waiting: {state.interrupts[0].value['tool']}"
    if state.next:
        return "Something went wrong. Please call us."
    result = graph.invoke({"messages": text}, config)
    if "__interrupt__" in result:
        return f"waiting: {result['__interrupt__'][0].value['tool']}"
    return result["messages"][-1].text
# %% partial | a message while a decision is pending; then the decision counts, and the talk goes on; questions that `say` has not seen come: rejects what is pending
def say(graph, text, config):
    for asked in graph.get_state(config).interrupts:
        graph.invoke(Command(resume={asked.id: {"type": "reject", "reason": "new"}}), config)
    result = graph.invoke({"messages": text}, config)
    if "__interrupt__" in result:
        return f"waiting: {result['__interrupt__'][0].value['tool']}"
    return result["messages"][-1].text
# %% failed | nothing is pending; the run ends with a question; a message while a decision is pending; then the decision counts, and the talk goes on; questions that `say` has not seen come; after a crash the customer is not locked out: returns the message instead of its words
def say(graph, text, config):
    if not graph.get_state(config).interrupts:
        return graph.invoke({"messages": text}, config)["messages"][-1]
    return None
# %% failed: never runs anything
def say(graph, text, config):
    return "One moment please."
# %% partial | nothing is pending; a message while a decision is pending; then the decision counts, and the talk goes on; questions that `say` has not seen come; after a crash the customer is not locked out: runs the graph twice, once to see whether it would ask, once for the reply
def say(graph, text: str, config: dict) -> str:
    q = graph.get_state(config).interrupts
    if q:
        return f"{q[0].value['tool']} is waiting"
    if "__interrupt__" in graph.invoke({"messages": text}, config):
        return f"{graph.get_state(config).interrupts[0].value['tool']} is waiting"
    return graph.invoke({"messages": text}, config)["messages"][-1].text
# %% partial | then the decision counts, and the talk goes on; questions that `say` has not seen come: remembers pending threads in a dict (process memory) instead of looking at the state
WAITING = {}
def say(graph, text: str, config: dict) -> str:
    key = config["configurable"]["thread_id"]
    if key in WAITING:
        return f"{WAITING[key]} is waiting for a decision."
    r = graph.invoke({"messages": text}, config)
    if "__interrupt__" in r:
        WAITING[key] = r["__interrupt__"][0].value["tool"]
        return f"{WAITING[key]} is waiting for a decision."
    return r["messages"][-1].text
# %% partial | an error of the graph: an apology for bugs
def say(graph, text: str, config: dict) -> str:
    if not graph.get_state(config).interrupts:
        try:
            graph.invoke({"messages": text}, config)
        except KeyError:
            return "Sorry."
    state = graph.get_state(config)
    if state.interrupts:
        tools = " and ".join(sorted({asked.value["tool"] for asked in state.interrupts}))
        return f"One moment please, a colleague has to look at this first: {tools}."
    return state.values["messages"][-1].text
# %% refused: names the first call of the message
def say(graph, text: str, config: dict) -> str:
    if not graph.get_state(config).interrupts:
        graph.invoke({"messages": text}, config)
    state = graph.get_state(config)
    if state.interrupts:
        return f"Waiting: {state.values['messages'][-1].tool_calls[0]['name']}."
    return state.values["messages"][-1].text
# %% passed: names the first of the tools that wait
def say(graph, text: str, config: dict) -> str:
    if not graph.get_state(config).interrupts:
        graph.invoke({"messages": text}, config)
    state = graph.get_state(config)
    if state.interrupts:
        return f"Waiting: {state.interrupts[0].value['tool']}."
    return state.values["messages"][-1].text
# %% partial | after a crash the customer is not locked out: ends the crashed run, and drops the new text
def say(graph, text: str, config: dict) -> str:
    state = graph.get_state(config)
    if not state.interrupts:
        graph.invoke(None if state.next else {"messages": text}, config)
        state = graph.get_state(config)
    if state.interrupts:
        return f"Waiting: {state.interrupts[0].value['tool']}."
    return state.values["messages"][-1].text
# %% partial | the run ends with a question: looks before the run; after it, for words of the model
def say(graph, text: str, config: dict) -> str:
    if questions := graph.get_state(config).interrupts:
        return f"Waiting: {questions[0].value['tool']}."
    messages = reversed(graph.invoke({"messages": text}, config)["messages"])
    return next((m.text for m in messages if m.type == "ai" and m.text), "Please wait.")
# %% partial | a message while a decision is pending; questions that `say` has not seen come: runs a waiting thread without input, to get the question
def say(graph, text, config):
    is_waiting = bool(graph.get_state(config).interrupts)
    result = graph.invoke(None if is_waiting else {"messages": text}, config)
    if "__interrupt__" in result:
        return " and ".join(asked.value["tool"] for asked in result["__interrupt__"])
    return result["messages"][-1].text
# %% partial | a message while a decision is pending; questions that `say` has not seen come: reads the question of a waiting thread from a stream
def say(graph, text, config):
    given = None if graph.get_state(config).interrupts else {"messages": text}
    tools = []
    for update in graph.stream(given, config, stream_mode="updates"):
        tools += [asked.value["tool"] for asked in update.get("__interrupt__", ())]
    return ", ".join(tools) or graph.get_state(config).values["messages"][-1].text
# %% partial | the run ends with a question: what the model says beside its call is the reply
def say(graph, text: str, config: dict) -> str:
    def sentence():
        names = [asked.value["tool"] for asked in graph.get_state(config).interrupts]
        return f"A colleague decides about {' and '.join(names)}." if names else ""

    return sentence() or graph.invoke({"messages": text}, config)["messages"][-1].text or sentence()
# %% partial | the run ends with a question: after the run, names the model's last call
def say(graph, text: str, config: dict) -> str:
    for asked in graph.get_state(config).interrupts:
        return f"A colleague decides about {asked.value['tool']}."
    result = graph.invoke({"messages": text}, config)
    if "__interrupt__" not in result:
        return result["messages"][-1].text
    return f"A colleague decides about {result['messages'][-1].tool_calls[-1]['name']}."
# %% partial | the run ends with a question: after the run, names all calls of the message
def say(graph, text: str, config: dict) -> str:
    for asked in graph.get_state(config).interrupts:
        return f"A colleague decides about {asked.value['tool']}."
    result = graph.invoke({"messages": text}, config)
    if "__interrupt__" not in result:
        return result["messages"][-1].text
    return " and ".join(call["name"] for call in result["messages"][-1].tool_calls)
# %% partial | nothing is pending: the first words of the turn, which may stand beside a call
def say(graph, text, config):
    before = graph.get_state(config)
    if before.interrupts:
        return f"waiting: {', '.join(asked.value['tool'] for asked in before.interrupts)}"
    result = graph.invoke({"messages": text}, config)
    if asked := result.get("__interrupt__"):
        return f"waiting: {asked[0].value['tool']}"
    new = result["messages"][len(before.values.get("messages", [])) :]
    return next(m.text for m in new if m.type == "ai" and m.text)
# %% partial | after a crash the customer is not locked out: takes any open call for a pending decision
def say(graph, text, config):
    def waiting():
        messages = graph.get_state(config).values.get("messages", [])
        answered = {m.tool_call_id for m in messages if m.type == "tool"}
        calls = [call for m in messages if m.type == "ai" for call in m.tool_calls]
        return " and ".join(call["name"] for call in calls if call["id"] not in answered)

    if tools := waiting():
        return f"Waiting for a decision: {tools}."
    result = graph.invoke({"messages": text}, config)
    if tools := waiting():
        return f"Waiting for a decision: {tools}."
    return result["messages"][-1].text
# %% failed | the run ends with a question; a message while a decision is pending; then the decision counts, and the talk goes on; questions that `say` has not seen come: the graph alone
def say(graph, text, config):
    return graph.invoke({"messages": text}, config)["messages"][-1].text
