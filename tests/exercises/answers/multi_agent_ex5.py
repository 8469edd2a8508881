# %% passed: a loop with a break
def settle_all(graph, config, decide):
    while True:
        state = graph.get_state(config)
        if not state.interrupts:
            return state.values
        answers = {}
        for question in state.interrupts:
            answers[question.id] = decide(question.value)
        graph.invoke(Command(resume=answers), config)
# %% passed: recursion
def settle_all(graph, config, decide):
    state = graph.get_state(config)
    if state.interrupts:
        answers = {asked.id: decide(asked.value) for asked in state.interrupts}
        graph.invoke(Command(resume=answers), config)
        return settle_all(graph, config, decide)
    return state.values
# %% passed: asks the tasks
def settle_all(graph, config, decide):
    state = graph.get_state(config)
    while waiting := [asked for task in state.tasks for asked in task.interrupts]:
        graph.invoke(Command(resume={a.id: decide(a.value) for a in waiting}), config)
        state = graph.get_state(config)
    return state.values
# %% passed: goes by what invoke returned
def settle_all(graph, config, decide):
    waiting = graph.get_state(config).interrupts
    while waiting:
        answers = {asked.id: decide(asked.value) for asked in waiting}
        waiting = graph.invoke(Command(resume=answers), config).get("__interrupt__", [])
    return graph.get_state(config).values
# %% partial | nothing waits any more; own answer; in one resume: only once
def settle_all(graph, config, decide):
    waiting = graph.get_state(config).interrupts
    if waiting:
        graph.invoke(Command(resume={q.id: decide(q.value) for q in waiting}), config)
    return graph.get_state(config).values
# %% partial | in one resume: one by one
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={waiting[0].id: decide(waiting[0].value)}), config)
    return graph.get_state(config).values
# %% partial | in one resume: one by one, each round
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        for question in waiting:
            graph.invoke(Command(resume={question.id: decide(question.value)}), config)
    return graph.get_state(config).values
# %% partial | the state comes back; on which nothing waits: returns nothing
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={q.id: decide(q.value) for q in waiting}), config)
# %% partial | the state comes back; on which nothing waits: returns the snapshot
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={q.id: decide(q.value) for q in waiting}), config)
    return graph.get_state(config)
# %% partial | own answer: yes to everything
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={q.id: "yes" for q in waiting}), config)
    return graph.get_state(config).values
# %% partial | own answer: decides twice
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        [decide(q.value) for q in waiting]
        graph.invoke(Command(resume={q.id: decide(q.value) for q in waiting}), config)
    return graph.get_state(config).values
# %% raised: without ids
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume=decide(waiting[0].value)), config)
    return graph.get_state(config).values
# %% raised: the question instead of its value
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={q.id: decide(q) for q in waiting}), config)
    return graph.get_state(config).values
# %% partial | in one resume: runs it to see what waits
def settle_all(graph, config, decide):
    result = graph.invoke(None, config)
    while waiting := result.get("__interrupt__"):
        answers = {q.id: decide(q.value) for q in waiting}
        result = graph.invoke(Command(resume=answers), config)
    return result
