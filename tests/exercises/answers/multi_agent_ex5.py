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
# %% partial | nothing waits any more; each gets its own answer; in one resume; the next turns of the thread: only once
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
# %% partial | the state comes back; a thread on which nothing waits: returns nothing
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={q.id: decide(q.value) for q in waiting}), config)
# %% partial | the state comes back; a thread on which nothing waits: returns the snapshot
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={q.id: decide(q.value) for q in waiting}), config)
    return graph.get_state(config)
# %% partial | each gets its own answer; the next turns of the thread; an error of `decide` comes out: yes to everything
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={q.id: "yes" for q in waiting}), config)
    return graph.get_state(config).values
# %% partial | each gets its own answer: decides twice
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
# %% partial | in one resume; a thread on which nothing waits: runs it to see what waits
def settle_all(graph, config, decide):
    result = graph.invoke(None, config)
    while waiting := result.get("__interrupt__"):
        answers = {q.id: decide(q.value) for q in waiting}
        result = graph.invoke(Command(resume=answers), config)
    return result
# %% passed: streams the resume
def settle_all(graph, config, decide):
    snapshot = graph.get_state(config)
    while snapshot.interrupts:
        answers = {}
        for task in snapshot.tasks:
            for question in task.interrupts:
                answers[question.id] = decide(question.value)
        for _ in graph.stream(Command(resume=answers), config, stream_mode="updates", version="v2"):
            pass
        snapshot = graph.get_state(config)
    return snapshot.values
# %% partial | nothing waits any more; each gets its own answer; in one resume; the next turns of the thread: two rounds
def settle_all(graph, config, decide):
    for _ in range(2):
        waiting = graph.get_state(config).interrupts
        if waiting:
            graph.invoke(Command(resume={w.id: decide(w.value) for w in waiting}), config)
    return graph.get_state(config).values
# %% partial | nothing waits any more; each gets its own answer; in one resume; the next turns of the thread: three rounds
def settle_all(graph, config, decide):
    for _ in range(3):
        waiting = graph.get_state(config).interrupts
        if waiting:
            graph.invoke(Command(resume={w.id: decide(w.value) for w in waiting}), config)
    return graph.get_state(config).values
# %% partial | in one resume; the next turns of the thread: one answer for all who ask the same
def settle_all(graph, config, decide):
    while waiting := graph.get_state(config).interrupts:
        by_words = {w.value: w.id for w in waiting}
        answers = {id_: decide(words) for words, id_ in by_words.items()}
        graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
# %% partial | nothing waits any more; each gets its own answer; in one resume; the next turns of the thread: leaves out who is told no
def settle_all(graph, config, decide):
    for _ in range(9):
        waiting = graph.get_state(config).interrupts
        answers = {w.id: answer for w in waiting if (answer := decide(w.value))}
        if not answers:
            break
        graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
# %% partial | an error of `decide` comes out: an error of `decide` is a no
def settle_all(graph, config, decide):
    def safely(value):
        try:
            return decide(value)
        except Exception:
            return "no"

    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={w.id: safely(w.value) for w in waiting}), config)
    return graph.get_state(config).values
# %% partial | the state comes back: changes the config
def settle_all(graph, config, decide):
    config["recursion_limit"] = 100
    while waiting := graph.get_state(config).interrupts:
        graph.invoke(Command(resume={w.id: decide(w.value) for w in waiting}), config)
    return graph.get_state(config).values
# %% partial | the next turns of the thread: gives up after a dozen rounds
def settle_all(graph, config, decide):
    for _ in range(12):
        questions = graph.get_state(config).interrupts
        if questions:
            graph.invoke(Command(resume={one.id: decide(one.value) for one in questions}), config)
    return graph.get_state(config).values
# %% refused: thirty rounds at most
def settle_all(graph, config: dict, decide) -> dict:
    for _ in range(30):
        waiting = graph.get_state(config).interrupts
        if not waiting:
            break
        graph.invoke(Command(resume={q.id: decide(q.value) for q in waiting}), config)
    return graph.get_state(config).values
# %% refused: one decision for the same words
def settle_all(graph, config: dict, decide) -> dict:
    known = {}
    while waiting := graph.get_state(config).interrupts:
        answers = {}
        for q in waiting:
            if q.value not in known:
                known[q.value] = decide(q.value)
            answers[q.id] = known[q.value]
        graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
# %% refused: a no where nobody could decide
def settle_all(graph, config: dict, decide) -> dict:
    while waiting := graph.get_state(config).interrupts:
        answers = {}
        for q in waiting:
            try:
                answers[q.id] = decide(q.value)
            except LookupError:
                answers[q.id] = "no"
        graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
# %% partial | an error of: an error of the graph is lost
def settle_all(graph, config: dict, decide) -> dict:
    while waiting := graph.get_state(config).interrupts:
        answers = {q.id: decide(q.value) for q in waiting}
        try:
            graph.invoke(Command(resume=answers), config)
        except Exception:
            break
    return graph.get_state(config).values
# %% partial | a thread on which nothing waits: as long as there is a next node, so a failed thread is run
def settle_all(graph, config: dict, decide) -> dict:
    state = graph.get_state(config)
    while state.next:
        answers = {q.id: decide(q.value) for q in state.interrupts}
        graph.invoke(Command(resume=answers) if answers else None, config)
        state = graph.get_state(config)
    return state.values
# %% partial | an error of: a graph that fails is resumed once more
def settle_all(graph, config: dict, decide) -> dict:
    while waiting := graph.get_state(config).interrupts:
        answers = {q.id: decide(q.value) for q in waiting}
        try:
            graph.invoke(Command(resume=answers), config)
        except Exception:
            graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
# %% partial | the next turns of the thread: decides on the words of the question
def settle_all(graph, config: dict, decide) -> dict:
    while waiting := graph.get_state(config).interrupts:
        answers = {q.id: decide(str(q.value)) for q in waiting}
        graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
# %% partial | each gets its own answer; the next turns of the thread: an answer that is False becomes a no
def settle_all(graph, config: dict, decide) -> dict:
    while waiting := graph.get_state(config).interrupts:
        answers = {q.id: decide(q.value) or "no" for q in waiting}
        graph.invoke(Command(resume=answers), config)
    return graph.get_state(config).values
# %% partial | in one resume: one question of each task at a time
def settle_all(graph, config, decide):
    while asking := [task for task in graph.get_state(config).tasks if task.interrupts]:
        firsts = [task.interrupts[0] for task in asking]
        graph.invoke(Command(resume={one.id: decide(one.value) for one in firsts}), config)
    return graph.get_state(config).values
