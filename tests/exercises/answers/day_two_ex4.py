# %% passed: step by step, in `configurable` as well
def run(versions, value, config):
    oldest, newest = next(iter(versions)), list(versions)[-1]
    saved = versions[newest].checkpointer.get_tuple(config)
    if saved is None:
        name = newest
    else:
        name = saved.metadata.get("graph_version") or oldest
    marked = dict(config)
    marked["metadata"] = {**(config.get("metadata") or {}), "graph_version": name}
    return versions[name].invoke(value, marked)

# %% passed: reads the mark by the state of a graph
def run(versions, value, config):
    names = list(versions)
    state = versions[names[-1]].get_state({"configurable": config["configurable"]})
    if state.metadata is None:
        name = names[-1]
    else:
        name = state.metadata.get("graph_version", names[0])
    if name not in versions:
        raise LookupError(f"no version {name}")
    metadata = dict(config.get("metadata", {}), graph_version=name)
    return versions[name].invoke(value, {**config, "metadata": metadata})

# %% refused: remembers the version in a dictionary
begun = {}


def run(versions, value, config):
    name = begun.setdefault(config["configurable"]["thread_id"], [*versions][-1])
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return versions[name].invoke(value, config | {"metadata": metadata})

# %% refused: always the newest
def run(versions, value, config):
    name = [*versions][-1]
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return versions[name].invoke(value, config | {"metadata": metadata})

# %% refused: an unknown version falls back to the newest
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    graph = versions.get(name, versions[names[-1]])
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return graph.invoke(value, config | {"metadata": metadata})

# %% refused: marks only the first run
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    if saved is None:
        metadata = config.get("metadata", {}) | {"graph_version": names[-1]}
        return versions[names[-1]].invoke(value, config | {"metadata": metadata})
    return versions[saved.metadata.get("graph_version", names[0])].invoke(value, config)

# %% refused: writes the mark into the caller's config
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    config.setdefault("metadata", {})["graph_version"] = name
    return versions[name].invoke(value, config)

# %% refused: a new config, with the thread alone
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    fresh = {"configurable": config["configurable"], "metadata": {"graph_version": name}}
    return versions[name].invoke(value, fresh)

# %% refused: other metadata is lost
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    return versions[name].invoke(value, config | {"metadata": {"graph_version": name}})

# %% refused: no mark means the newest
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[-1]) if saved else names[-1]
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return versions[name].invoke(value, config | {"metadata": metadata})

# %% refused: tries the versions until one has something to do
def run(versions, value, config):
    for name, graph in versions.items():
        if graph.get_state(config).next:
            break
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return graph.invoke(value, config | {"metadata": metadata})

# %% refused: once more when it fails
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    metadata = config.get("metadata", {}) | {"graph_version": name}
    try:
        return versions[name].invoke(value, config | {"metadata": metadata})
    except Exception:
        return versions[name].invoke(None, config | {"metadata": metadata})

# %% refused: sorts the names
def run(versions, value, config):
    names = sorted(versions)
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return versions[name].invoke(value, config | {"metadata": metadata})

# %% passed: asks the newest version's checkpointer, which is the same one
def run(versions: dict, value, config: dict):
    names = [*versions]
    saved = versions[names[-1]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return versions[name].invoke(value, config | {"metadata": metadata})
# %% partial | a thread stays on its version; a thread that has a mark; another process has begun; a thread that was given another mark: remembers it in the process, and guesses the oldest for a thread that is saved
_began = {}


def run(versions: dict, value, config: dict):
    name = config["configurable"]["thread_id"]
    names = list(versions)
    if name not in _began:
        known = versions[names[0]].get_state(config).created_at
        _began[name] = names[0] if known else names[-1]
    version = _began[name]
    return versions[version].invoke(
        value, config | {"metadata": {**config.get("metadata", {}), "graph_version": version}}
    )
# %% partial | a mark in the caller's own config: the caller's metadata wins
def run(versions: dict, value, config: dict):
    names = list(versions)
    saved = versions[names[0]].checkpointer.get_tuple(config)
    version = names[-1] if saved is None else saved.metadata.get("graph_version", names[0])
    return versions[version].invoke(
        value, config | {"metadata": {"graph_version": version, **config.get("metadata", {})}}
    )

# %% partial | a mark in the caller's own config: believes the mark in the config
def run(versions, value, config):
    names = [*versions]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = config.get("metadata", {}).get("graph_version") or (saved.metadata.get("graph_version", names[0]) if saved else names[-1])
    return versions[name].invoke(value, config | {"metadata": {**config.get("metadata", {}), "graph_version": name}})

# %% partial | a thread stays on its version; a thread that has a mark; another process has begun; a thread that was given another mark: remembers it in the function
def run(versions, value, config):
    names = [*versions]
    run.began = getattr(run, "began", {})
    key = config["configurable"]["thread_id"]
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = run.began.setdefault(key, names[0] if saved else names[-1])
    return versions[name].invoke(value, config | {"metadata": {**config.get("metadata", {}), "graph_version": name}})
# %% partial | versions that share no key: a thread in which the newest version sees nothing is new
def run(versions, value, config):
    names = list(versions)
    state = versions[names[-1]].get_state(config)
    name = names[-1] if not state.values else state.metadata.get("graph_version", names[0])
    metadata = {**config.get("metadata", {}), "graph_version": name}
    return versions[name].invoke(value, {**config, "metadata": metadata})
# %% partial | versions that share no key: a thread in which the oldest version sees nothing is new
def run(versions, value, config):
    names = list(versions)
    state = versions[names[0]].get_state(config)
    name = state.metadata.get("graph_version", names[0]) if state.values else names[-1]
    metadata = {**config.get("metadata", {}), "graph_version": name}
    return versions[name].invoke(value, {**config, "metadata": metadata})
# %% partial | a thread stays on its version: takes the newest out of the dict
def run(versions, value, config):
    saved = next(iter(versions.values())).checkpointer.get_tuple(config)
    if saved is None:
        name, graph = versions.popitem()
    else:
        name = saved.metadata.get("graph_version", [*versions][0])
        graph = versions[name]
    metadata = {**config.get("metadata", {}), "graph_version": name}
    return graph.invoke(value, {**config, "metadata": metadata})
# %% partial | what else stands in the config: goes on with the config of the thread's state
def run(versions: dict, value, config: dict):
    names = list(versions)
    state = versions[names[-1]].get_state(config)
    name = names[-1] if state.metadata is None else state.metadata.get("graph_version", names[0])
    metadata = config.get("metadata", {}) | {"graph_version": name}
    return versions[name].invoke(value, state.config | {"metadata": metadata})
# %% partial | what else stands in the config: a config of its own for a thread that is known
def run(versions: dict, value, config: dict):
    names = list(versions)
    saved = versions[names[0]].checkpointer.get_tuple(config)
    name = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    metadata = config.get("metadata", {}) | {"graph_version": name}
    begun = {"configurable": dict(config["configurable"])} if saved else config
    return versions[name].invoke(value, begun | {"metadata": metadata})
# %% partial | a thread stays on its version; a thread that was given another mark: remembers the version by the thread's id, whatever the storage says later
version_of = {}

def run(versions: dict, value, config: dict):
    names, name = [*versions], config["configurable"]["thread_id"]
    if name not in version_of:
        saved = versions[names[0]].checkpointer.get_tuple(config)
        version_of[name] = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    metadata = config.get("metadata", {}) | {"graph_version": version_of[name]}
    return versions[version_of[name]].invoke(value, config | {"metadata": metadata})
# %% partial | a thread stays on its version; a thread that was given another mark: remembers the version by the thread's id and its storage
version_of = {}

def run(versions: dict, value, config: dict):
    names, saver = [*versions], versions[[*versions][0]].checkpointer
    key = saver, config["configurable"]["thread_id"]
    if key not in version_of:
        saved = saver.get_tuple(config)
        version_of[key] = saved.metadata.get("graph_version", names[0]) if saved else names[-1]
    metadata = config.get("metadata", {}) | {"graph_version": version_of[key]}
    return versions[version_of[key]].invoke(value, config | {"metadata": metadata})

# %% partial | a thread that was given another mark: the mark of the first checkpoint
def run(versions: dict, value, config: dict):
    oldest, newest = [*versions][0], [*versions][-1]
    history = list(versions[newest].checkpointer.list(config))
    mark = history[-1].metadata.get("graph_version", oldest) if history else newest
    metadata = {**config.get("metadata", {}), "graph_version": mark}
    return versions[mark].invoke(value, {**config, "metadata": metadata})
# %% failed: always the newest, and marks it
def run(versions: dict, value, config: dict):
    name = list(versions)[-1]
    return versions[name].invoke(value, config | {"metadata": {"graph_version": name}})
# %% failed: always the oldest, and marks it
def run(versions: dict, value, config: dict):
    name = next(iter(versions))
    return versions[name].invoke(value, config | {"metadata": {"graph_version": name}})
# %% partial | `config`: writes into the config it is given
def run(versions: dict, value, config: dict):
    names = list(versions)
    saved = versions[names[-1]].checkpointer.get_tuple(config)
    mark = names[-1] if saved is None else saved.metadata.get("graph_version", names[0])
    config.setdefault("metadata", {})["graph_version"] = mark
    return versions[mark].invoke(value, config)
# %% partial | a thread that was given another mark: remembers the mark beside the checkpointer
def run(versions: dict, value, config: dict):
    names = list(versions)
    saver = versions[names[0]].checkpointer
    known = saver.__dict__.setdefault("version_of", {})
    thread, saved = config["configurable"]["thread_id"], saver.get_tuple(config)
    if saved is None:
        known.pop(thread, None)
    first = names[-1] if saved is None else saved.metadata.get("graph_version", names[0])
    name = known.setdefault(thread, first)
    metadata = {**config.get("metadata", {}), "graph_version": name}
    return versions[name].invoke(value, {**config, "metadata": metadata})
