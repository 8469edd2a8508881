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
# %% partial | a message while; then the decision: sends it anyway
def say(graph, text, config):
    result = graph.invoke({"messages": text}, config)
    if "__interrupt__" in result:
        return f"waiting for {result['__interrupt__'][0].value['tool']}"
    return result["messages"][-1].text
# %% partial | the run ends with; a message while: looks before, and not after
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
# %% partial | after a crash: asks `next` instead of `interrupts`
def say(graph, text, config):
    if graph.get_state(config).next:
        return "A colleague has to decide about a refund first."
    graph.invoke({"messages": text}, config)
    state = graph.get_state(config)
    if state.next:
        return "A colleague has to decide about a refund first."
    return state.values["messages"][-1].text
# %% partial | after a crash: goes on instead of asking anew
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
# %% partial | a message while; then the decision: rejects what is pending
def say(graph, text, config):
    for asked in graph.get_state(config).interrupts:
        graph.invoke(Command(resume={asked.id: {"type": "reject", "reason": "new"}}), config)
    result = graph.invoke({"messages": text}, config)
    if "__interrupt__" in result:
        return f"waiting: {result['__interrupt__'][0].value['tool']}"
    return result["messages"][-1].text
# %% failed: returns the message instead of its words
def say(graph, text, config):
    if not graph.get_state(config).interrupts:
        return graph.invoke({"messages": text}, config)["messages"][-1]
    return None
# %% failed: never runs anything
def say(graph, text, config):
    return "One moment please."
