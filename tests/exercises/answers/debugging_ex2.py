# %% passed: both from the stream
def totals_after(graph, basket, config):
    totals, node = [], None
    for part in graph.stream(basket, config, stream_mode=["updates", "values"], version="v2"):
        if part["type"] == "updates":
            node = next(iter(part["data"]))
        elif node:
            totals.append((node, part["data"]["total"]))
    return totals
# %% passed: the checkpoints' own values, matched with what ran before them
def totals_after(graph, basket, config):
    totals, running = [], ()
    for saved in graph.stream(basket, config, stream_mode="checkpoints"):
        if running and running[0] != "__start__":
            totals.append((running[0], saved["values"]["total"]))
        running = saved["next"]
    return totals
# %% passed: runs to the end, then reads the history
def totals_after(graph, basket, config):
    graph.invoke(basket, config)
    totals, nodes = [], ()
    for saved in reversed(list(graph.get_state_history(config))):
        if nodes and nodes != ("__start__",):
            totals.append((nodes[0], saved.values["total"]))
        nodes = saved.next
    return totals
# %% passed: the update of each node holds the new total
def totals_after(graph, basket, config):
    return [
        (node, update["total"])
        for chunk in graph.stream(basket, config)
        for node, update in chunk.items()
    ]
# %% partial | each total: the broken version
def totals_after(graph, basket, config):
    totals = []
    for chunk in graph.stream(basket, config):
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% partial | each total: says what is the default already
def totals_after(graph, basket, config):
    totals = []
    for chunk in graph.stream(basket, config, durability="async"):
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% partial | each total: waits a little, and hopes
def totals_after(graph, basket, config):
    import time

    totals = []
    for chunk in graph.stream(basket, config):
        time.sleep(0.01)
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% partial | each total: saves at the end only
def totals_after(graph, basket, config):
    totals = []
    for chunk in graph.stream(basket, config, durability="exit"):
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% partial | each total: reads all totals at the end
def totals_after(graph, basket, config):
    nodes = [next(iter(chunk)) for chunk in graph.stream(basket, config)]
    return [(node, graph.get_state(config).values["total"]) for node in nodes]
# %% partial | each node runs once: two runs, one for the names and one for the totals
def totals_after(graph, basket, config):
    nodes = [next(iter(chunk)) for chunk in graph.stream(basket, config)]
    values = list(graph.stream(basket, config, stream_mode="values"))
    return list(zip(nodes, [state["total"] for state in values[1:]]))
# %% partial | each node runs once: on a thread of its own
def totals_after(graph, basket, config):
    other = {"configurable": {"thread_id": "mine"}}
    totals = []
    for chunk in graph.stream(basket, other, durability="sync"):
        totals.append((next(iter(chunk)), graph.get_state(other).values["total"]))
    return totals
# %% partial | each total: a dictionary
def totals_after(graph, basket, config):
    totals = {}
    for chunk in graph.stream(basket, config, durability="sync"):
        totals[next(iter(chunk))] = graph.get_state(config).values["total"]
    return totals
