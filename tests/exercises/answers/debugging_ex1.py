# %% passed: a loop over the history
def what_if(graph, config, node, change):
    for saved in graph.get_state_history(config):
        if saved.next and node in saved.next:
            return graph.invoke(None, graph.update_state(saved.config, change))
    raise LookupError(node)
# %% passed: a list, searched from its start, and the state read at the end
def what_if(graph, config, node, change):
    history = list(graph.get_state_history(config))
    index = [node in saved.next for saved in history].index(True)
    for _ in graph.stream(None, graph.update_state(history[index].config, change)):
        pass
    return graph.get_state(config).values
# %% partial | beside another: the last of the oldest first, where the node alone is next
def what_if(graph, config, node, change):
    found = [s for s in reversed(list(graph.get_state_history(config))) if s.next == (node,)][-1]
    return graph.invoke(None, graph.update_state(found.config, values=change), durability="sync")
# %% passed: the change is written over the old state
def what_if(graph, config, node, change):
    before = [s for s in graph.get_state_history(config) if node in s.next][0]
    fork = graph.update_state(before.config, dict(change))
    graph.invoke(None, fork)
    return dict(graph.get_state(config).values)
# %% failed: runs on from the old checkpoint, without the change
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    graph.update_state(before.config, change)
    return graph.invoke(None, before.config)
# %% partial | the last run of `double`; another node, after a second turn: takes the first run of the node
def what_if(graph, config, node, change):
    before = [s for s in graph.get_state_history(config) if node in s.next][-1]
    return graph.invoke(None, graph.update_state(before.config, change))
# %% failed: begins anew with the change
def what_if(graph, config, node, change):
    return graph.invoke(change, config)
# %% failed: changes the values in memory only
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    before.values.update(change)
    return graph.invoke(None, before.config)
# %% failed: changes the newest checkpoint, where nothing is left to run
def what_if(graph, config, node, change):
    fork = graph.update_state(config, change)
    return graph.invoke(None, fork)
# %% failed: changes after the node instead of before it
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    fork = graph.update_state(before.config, change, as_node=node)
    return graph.invoke(None, fork)
# %% failed: forks and forgets to run
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    return graph.update_state(before.config, change)
# %% failed: computes the answer without the graph
def what_if(graph, config, node, change):
    return dict(graph.get_state(config).values) | change
# %% raised: looks for the node's name where the step is
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if s.metadata["node"] == node)
    return graph.invoke(None, graph.update_state(before.config, change))
# %% passed: on a copy of the thread, as if the node before had just written it
def what_if(graph, config, node, change):
    history = list(graph.get_state_history(config))
    at = next(number for number, saved in enumerate(history) if node in saved.next)
    copy = {"configurable": {"thread_id": config["configurable"]["thread_id"] + "-copy"}}
    before = history[at + 1].next[0]
    graph.update_state(copy, history[at].values, as_node=before)
    return graph.invoke(None, graph.update_state(copy, change, as_node=before))
# %% passed: streams, and keeps the last values
def what_if(graph, config, node, change):
    target = next(s for s in graph.get_state_history(config) if node in s.next)
    for state in graph.stream(None, graph.update_state(target.config, change), stream_mode="values"):
        pass
    return state
# %% failed: counts the node as done
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    return graph.invoke(None, graph.update_state(before.config, change, as_node=node))
# %% partial | another node, after a second turn; a node that runs beside another; a long thread: knows the step of the lesson's desk
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if s.metadata["step"] == 3)
    return graph.invoke(None, graph.update_state(before.config, change))
# %% failed: runs the future twice
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    fork = graph.update_state(before.config, change)
    graph.invoke(None, fork)
    return graph.invoke(None, fork)
# %% failed: deletes what was there
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    parent = next(s for s in graph.get_state_history(before.parent_config))
    graph.checkpointer.delete_thread(config["configurable"]["thread_id"])
    graph.update_state(config, before.values, as_node=parent.next[0])
    return graph.invoke(None, graph.update_state(config, change, as_node=parent.next[0]))
# %% failed: changes the config it was given
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    config["configurable"].update(graph.update_state(before.config, change)["configurable"])
    return graph.invoke(None, config)
# %% partial | beside another: the node alone is next
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    before = next(saved for saved in graph.get_state_history(config) if saved.next == (node,))
    return graph.invoke(None, graph.update_state(before.config, change))
# %% partial | beside another: the first of those that are next
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    before = next(saved for saved in graph.get_state_history(config) if saved.next[:1] == (node,))
    return graph.invoke(None, graph.update_state(before.config, change))
# %% refused: one key of the change
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    before = next(saved for saved in graph.get_state_history(config) if node in saved.next)
    fork = graph.update_state(before.config, {"total": change["total"]})
    return graph.invoke(None, fork)
# %% passed: by the tasks' names
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    for saved in graph.get_state_history(config):
        if any(task.name == node for task in saved.tasks):
            break
    *_, final = graph.stream(None, graph.update_state(saved.config, change), stream_mode="values")
    return final
# %% refused: the ten newest checkpoints only
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    history = graph.get_state_history(config, limit=10)
    before = next(saved for saved in history if node in saved.next)
    return graph.invoke(None, graph.update_state(before.config, change))
# %% refused: a name that holds the other's name
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    history = graph.get_state_history(config)
    before = next(saved for saved in history if node in str(saved.next))
    return graph.invoke(None, graph.update_state(before.config, change))
# %% refused: the beginning of a name
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    history = graph.get_state_history(config)
    before = next(saved for saved in history if any(name.startswith(node) for name in saved.next))
    return graph.invoke(None, graph.update_state(before.config, change))
# %% refused: writes the whole state back, so that its reducers add it once more
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    before = next(saved for saved in graph.get_state_history(config) if node in saved.next)
    fork = graph.update_state(before.config, before.values | change)
    return graph.invoke(None, fork)
# %% partial | another node, after a second turn: the highest step, though an older branch went further
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    ahead = [saved for saved in graph.get_state_history(config) if node in saved.next]
    before = max(ahead, key=lambda saved: saved.metadata["step"])
    return graph.invoke(None, graph.update_state(before.config, change))
# %% partial | another node, after a second turn: sorted by step
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    history = sorted(graph.get_state_history(config), key=lambda saved: -saved.metadata["step"])
    before = next(saved for saved in history if node in saved.next)
    return graph.invoke(None, graph.update_state(before.config, change))
# %% partial | another node, after a second turn: steps that come from a run only, the highest of them
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    steps = {s.metadata["step"]: s for s in graph.get_state_history(config) if node in s.next}
    return graph.invoke(None, graph.update_state(steps[max(steps)].config, change))
# %% passed: the newest by the time it was created
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    ahead = [saved for saved in graph.get_state_history(config) if node in saved.next]
    before = max(ahead, key=lambda saved: saved.created_at)
    return graph.invoke(None, graph.update_state(before.config, change))
# %% passed: the change as a command at the old checkpoint
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    from langgraph.types import Command

    before = next(saved for saved in graph.get_state_history(config) if node in saved.next)
    return graph.invoke(Command(update=change), before.config)
# %% partial | another node, after a second turn: only checkpoints that a step of a run wrote
def what_if(graph, config: dict, node: str, change: dict) -> dict:
    history = graph.get_state_history(config)
    before = next(s for s in history if node in s.next and s.metadata["source"] == "loop")
    return graph.invoke(None, graph.update_state(before.config, change))
