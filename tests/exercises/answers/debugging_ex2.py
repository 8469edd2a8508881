# %% partial | nodes that write nothing: both from the stream, in turn
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
# %% partial | a node that leaves the total alone; nodes that write nothing: believes that the update of each node holds the new total
def totals_after(graph, basket, config):
    return [
        (node, update["total"])
        for chunk in graph.stream(basket, config)
        for node, update in chunk.items()
    ]
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice: the broken version
def totals_after(graph, basket, config):
    totals = []
    for chunk in graph.stream(basket, config):
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice: says what is the default already
def totals_after(graph, basket, config):
    totals = []
    for chunk in graph.stream(basket, config, durability="async"):
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice: waits a little, and hopes
def totals_after(graph, basket, config):
    import time

    totals = []
    for chunk in graph.stream(basket, config):
        time.sleep(0.01)
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice; nodes that write nothing: saves at the end only
def totals_after(graph, basket, config):
    totals = []
    for chunk in graph.stream(basket, config, durability="exit"):
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice; nodes that write nothing: reads all totals at the end
def totals_after(graph, basket, config):
    nodes = [next(iter(chunk)) for chunk in graph.stream(basket, config)]
    return [(node, graph.get_state(config).values["total"]) for node in nodes]
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice; nodes that write nothing: two runs, one for the names and one for the totals
def totals_after(graph, basket, config):
    nodes = [next(iter(chunk)) for chunk in graph.stream(basket, config)]
    values = list(graph.stream(basket, config, stream_mode="values"))
    return list(zip(nodes, [state["total"] for state in values[1:]]))
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice; nodes that write nothing: on a thread of its own
def totals_after(graph, basket, config):
    other = {"configurable": {"thread_id": "mine"}}
    totals = []
    for chunk in graph.stream(basket, other, durability="sync"):
        totals.append((next(iter(chunk)), graph.get_state(other).values["total"]))
    return totals
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice; nodes that write nothing: a dictionary
def totals_after(graph, basket, config):
    totals = {}
    for chunk in graph.stream(basket, config, durability="sync"):
        totals[next(iter(chunk))] = graph.get_state(config).values["total"]
    return totals
# %% partial | nodes that write nothing: each update, and the values behind it
def totals_after(graph, basket, config):
    pairs, node = [], None
    for mode, data in graph.stream(basket, config, stream_mode=["updates", "values"]):
        if mode == "updates":
            node = next(iter(data))
        elif node is not None:
            pairs.append((node, data["total"]))
    return pairs
# %% passed: the update where it has a total, else the last one
def totals_after(graph, basket, config):
    total, pairs = basket["total"], []
    for chunk in graph.stream(basket, config):
        for node, update in chunk.items():
            total = (update or {}).get("total", total)
            pairs.append((node, total))
    return pairs
# %% partial | a node that leaves the total alone; nodes that write nothing: takes the total from the update
def totals_after(graph, basket, config):
    return [
        (node, (update or {}).get("total"))
        for chunk in graph.stream(basket, config)
        for node, update in chunk.items()
    ]
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice: asks again and again, for a second
def totals_after(graph, basket, config):
    import time

    out, last = [], None
    for chunk in graph.stream(basket, config):
        end = time.monotonic() + 0.6
        while time.monotonic() < end and graph.get_state(config).values.get("total") == last:
            time.sleep(0.01)
        last = graph.get_state(config).values.get("total")
        out.append((next(iter(chunk)), last))
    return out
# %% partial | a node that runs twice: a dictionary on the way, which forgets a node that runs twice
def totals_after(graph, basket, config):
    totals = {}
    for chunk in graph.stream(basket, config, durability="sync"):
        totals[next(iter(chunk))] = graph.get_state(config).values["total"]
    return list(totals.items())
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice: waits half a second, and hopes
def totals_after(graph, basket, config):
    import time

    totals = []
    for chunk in graph.stream(basket, config):
        time.sleep(0.5)
        totals.append((next(iter(chunk)), graph.get_state(config).values.get("total")))
    return totals
# %% failed | each total is the one after its node; a node that leaves the total alone; a node that runs twice; nodes that write nothing: counts in the basket it was given
def totals_after(graph, basket, config):
    pairs = []
    for chunk in graph.stream(dict(basket), config):
        for node, update in chunk.items():
            basket["total"] = (update or {}).get("total", basket["total"])
            pairs.append((node, basket["total"]))
    return pairs
# %% refused: a total of zero is none
def totals_after(graph, basket: dict, config: dict):
    return [(next(iter(c)), graph.get_state(config).values["total"] or None) for c in graph.stream(basket, config, durability="sync")]
# %% partial | an error of the graph: what came before an error
def totals_after(graph, basket: dict, config: dict):
    totals = []
    try:
        for chunk in graph.stream(basket, config, durability="sync"):
            totals.append((next(iter(chunk)), graph.get_state(config).values["total"]))
    except Exception:
        pass
    return totals
# %% refused: updates and values in turn, though a node that writes nothing has no value
def totals_after(graph, basket: dict, config: dict) -> list[tuple[str, float]]:
    totals, name = [], None
    for mode, chunk in graph.stream(basket, config, stream_mode=["updates", "values"]):
        if mode == "updates":
            name = next(iter(chunk))
        elif name:
            totals.append((name, chunk.get("total")))
            name = None
    return totals
# %% passed: the last known total goes on
def totals_after(graph, basket: dict, config: dict) -> list[tuple[str, float]]:
    totals, waiting, total = [], [], None
    for mode, chunk in graph.stream(basket, config, stream_mode=["updates", "values"]):
        if mode == "values":
            total = chunk.get("total")
            totals += [(name, total) for name in waiting]
            waiting = []
        else:
            totals += [(name, total) for name in waiting]
            waiting = list(chunk)
    return totals + [(name, total) for name in waiting]
