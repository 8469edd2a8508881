# %% passed: a loop, and a list of names
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        if name in lost:
            continue
        waits = old.get_state({"configurable": {"thread_id": name}}).next
        lost[name] = sorted({node for node in waits if node not in new.nodes})
    return {name: nodes for name, nodes in lost.items() if nodes}

# %% passed: asks the tasks, and draws the new graph
def lost_threads(saver, old, new):
    known = set(new.get_graph().nodes)
    result = {}
    for name in {s.config["configurable"]["thread_id"] for s in saver.list(None)}:
        for task in old.get_state(thread(name)).tasks:
            if task.name not in known:
                result.setdefault(name, set()).add(task.name)
    return result

# %% passed: reads the newest checkpoint itself, tasks that were sent too
def lost_threads(saver, old, new):
    seen = {}
    for saved in list(saver.list(None)):
        where = saved.config["configurable"]
        if where.get("checkpoint_ns") or where["thread_id"] in seen:
            continue
        values = saved.checkpoint["channel_values"]
        waits = [key.removeprefix("branch:to:") for key in values if key.startswith("branch:to:")]
        waits += [send.node for send in values.get("__pregel_tasks", [])]
        seen[where["thread_id"]] = {node for node in waits if node not in new.nodes}
    return {name: nodes for name, nodes in seen.items() if nodes}

# %% failed: asks the new version, to which all threads look finished
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        missing = set(new.get_state(thread(name)).next) - set(new.nodes)
        if missing:
            lost[name] = missing
    return lost

# %% partial | several next nodes (in memory); several next nodes (SQLite): only the first next node
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        after = old.get_state(thread(name)).next
        if after and after[0] not in new.nodes:
            lost[name] = {after[0]}
    return lost

# %% partial | a crash at a node that was removed (in memory); a crash at a node that was removed (SQLite): only threads that ask something
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        state = old.get_state(thread(name))
        if state.interrupts and set(state.next) - set(new.nodes):
            lost[name] = set(state.next) - set(new.nodes)
    return lost

# %% refused: every waiting thread, whatever the new version has
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        if old.get_state(thread(name)).next:
            lost[name] = set(old.get_state(thread(name)).next)
    return lost

# %% refused: all next nodes of a thread that has lost one
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        after = set(old.get_state(thread(name)).next)
        if after - set(new.nodes):
            lost[name] = after
    return lost

# %% refused: every checkpoint that ever waited, not the newest
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        for past in old.get_state_history(thread(name)):
            if missing := set(past.next) - set(new.nodes):
                lost.setdefault(name, set()).update(missing)
    return lost

# %% refused: asks for the name that the lesson has renamed
def lost_threads(saver, old, new):
    lost = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        if "approve" in old.get_state(thread(name)).next:
            lost[name] = {"approve"}
    return lost

# %% refused: the storage of one saver only
def lost_threads(saver, old, new):
    lost = {}
    for name in saver.storage:
        if missing := set(old.get_state(thread(name)).next) - set(new.nodes):
            lost[name] = missing
    return lost

# %% refused: raw checkpoints, with those inside subgraphs
def lost_threads(saver, old, new):
    seen = {}
    for saved in list(saver.list(None)):
        name = saved.config["configurable"]["thread_id"]
        if name in seen and not saved.config["configurable"]["checkpoint_ns"]:
            continue
        values = saved.checkpoint["channel_values"]
        waits = {key.removeprefix("branch:to:") for key in values if key.startswith("branch:to:")}
        seen.setdefault(name, set()).update(waits - set(new.nodes))
    return {name: nodes for name, nodes in seen.items() if nodes}

# %% refused: goes on with every thread to see whether it moves
def lost_threads(saver, old, new):
    lost = {}
    for name in {s.config["configurable"]["thread_id"] for s in saver.list(None)}:
        waits = set(old.get_state(thread(name)).next)
        if waits:
            try:
                new.invoke(None, thread(name))
            except Exception:
                pass
            lost[name] = waits - set(new.nodes)
    return {name: nodes for name, nodes in lost.items() if nodes}

# %% refused: a page of the newest checkpoints
def lost_threads(saver, old, new):
    ids = {s.config["configurable"]["thread_id"] for s in saver.list(None, limit=20)}
    missing = {name: {*old.get_state(thread(name)).next} - {*new.nodes} for name in ids}
    return {name: nodes for name, nodes in missing.items() if nodes}

# %% refused: what changed between the graphs, not what waits
def lost_threads(saver, old, new):
    gone = set(old.nodes) - set(new.nodes)
    return {s.config["configurable"]["thread_id"]: gone for s in list(saver.list(None)) if gone}

# %% failed: only the ids
def lost_threads(saver, old, new):
    ids = {saved.config["configurable"]["thread_id"] for saved in saver.list(None)}
    return [name for name in ids if {*old.get_state(thread(name)).next} - {*new.nodes}]

# %% partial | a question waits at a renamed node (SQLite); a crash at a node that was removed (SQLite); several next nodes (SQLite); two tasks; inside a subgraph; many threads: asks while the list is still open, and the saver's lock with it
def lost_threads(saver, old, new):
    lost = {}
    for saved in saver.list(None):
        name = saved.config["configurable"]["thread_id"]
        missing = set(old.get_state(thread(name)).next) - set(new.nodes)
        if missing:
            lost[name] = missing
    return lost
# %% partial | a question waits at a renamed node (in memory); a question waits at a renamed node (SQLite): the nodes that were added, and so not the start
def lost_threads(saver, old, new):
    lost = {}
    for name in {saved.config["configurable"]["thread_id"] for saved in saver.list(None)}:
        state = old.get_state(thread(name))
        gone = {node for node in state.next if node not in new.builder.nodes}
        if gone:
            lost[name] = gone
    return lost
# %% partial | a question waits at a renamed node (in memory); a question waits at a renamed node (SQLite): what both versions have, by their builders
def lost_threads(saver, old, new):
    kept = old.builder.nodes.keys() & new.builder.nodes.keys()
    names = {saved.config["configurable"]["thread_id"] for saved in saver.list(None)}
    missing = {name: set(old.get_state(thread(name)).next) - kept for name in names}
    return {name: nodes for name, nodes in missing.items() if nodes}
# %% passed: counts a node that is done beside one that waits
def lost_threads(saver, old, new) -> dict[str, set[str]]:
    lost = {}
    for name in {saved.config["configurable"]["thread_id"] for saved in list(saver.list(None))}:
        gone = {task.name for task in old.get_state(thread(name)).tasks} - {*new.nodes}
        if gone:
            lost[name] = gone
    return lost
