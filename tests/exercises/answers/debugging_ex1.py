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
# %% passed: the last of the oldest first, and a synchronous save
def what_if(graph, config, node, change):
    found = [s for s in reversed(list(graph.get_state_history(config))) if s.next == (node,)][-1]
    return graph.invoke(None, graph.update_state(found.config, values=change), durability="sync")
# %% passed: the change is written over the old state
def what_if(graph, config, node, change):
    before = [s for s in graph.get_state_history(config) if node in s.next][0]
    fork = graph.update_state(before.config, dict(change))
    graph.invoke(None, fork)
    return dict(graph.get_state(config).values)
# %% partial | the final state: runs on from the old checkpoint, without the change
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    graph.update_state(before.config, change)
    return graph.invoke(None, before.config)
# %% partial | the final state; only `double`: takes the first run of the node
def what_if(graph, config, node, change):
    before = [s for s in graph.get_state_history(config) if node in s.next][-1]
    return graph.invoke(None, graph.update_state(before.config, change))
# %% partial | the final state; only `double`: begins anew with the change
def what_if(graph, config, node, change):
    return graph.invoke(change, config)
# %% partial | the final state: changes the values in memory only
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    before.values.update(change)
    return graph.invoke(None, before.config)
# %% partial | the final state; only `double`: changes the newest checkpoint, where nothing is left to run
def what_if(graph, config, node, change):
    fork = graph.update_state(config, change)
    return graph.invoke(None, fork)
# %% partial | the final state; only `double`: changes after the node instead of before it
def what_if(graph, config, node, change):
    before = next(s for s in graph.get_state_history(config) if node in s.next)
    fork = graph.update_state(before.config, change, as_node=node)
    return graph.invoke(None, fork)
# %% partial | the final state; only `double`: forks and forgets to run
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
