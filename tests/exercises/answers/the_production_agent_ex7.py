# %% passed: with a dict of what is in
def admit(own, offered, known):
    inside = {one.name: one for one in own}
    ask_for = set()
    for one in offered:
        word = known.get(one.name)
        if word is None or one.name in inside:
            continue
        inside[one.name] = one
        if word != "run":
            ask_for.add(one.name)
    return list(inside.values()), ask_for
# %% passed: setdefault, and a comprehension
def admit(own, offered, known):
    taken, mine = {}, {one.name for one in own}
    for one in offered:
        if one.name in known and one.name not in mine:
            taken.setdefault(one.name, one)
    return [*own, *taken.values()], {name for name in taken if known[name] != "run"}
# %% partial | an unknown tool; 'run': a list of what is risky
def admit(own, offered, known):
    tools, ask_for = list(own), set()
    for one in offered:
        if one.name not in {tool.name for tool in tools}:
            tools.append(one)
            if known.get(one.name) == "ask":
                ask_for.add(one.name)
    return tools, ask_for
# %% partial | an unknown tool: unknown tools come in, but are asked for
def admit(own, offered, known):
    tools, ask_for = list(own), set()
    for one in offered:
        if one.name not in {tool.name for tool in tools}:
            tools.append(one)
            if known.get(one.name) != "run":
                ask_for.add(one.name)
    return tools, ask_for
# %% partial | your own tool; two with the same name: forgets that names collide
def admit(own, offered, known):
    tools = [*own, *(one for one in offered if one.name in known)]
    return tools, {one.name for one in offered if known.get(one.name, "run") != "run"}
# %% partial | your own tool: the newer one wins
def admit(own, offered, known):
    taken = {}
    for one in offered:
        if one.name in known:
            taken.setdefault(one.name, one)
    tools = [one for one in own if one.name not in taken] + list(taken.values())
    return tools, {name for name in taken if known[name] != "run"}
# %% partial | two with the same name: compares with his own alone
def admit(own, offered, known):
    mine = {one.name for one in own}
    more = [one for one in offered if one.name in known and one.name not in mine]
    return [*own, *more], {one.name for one in more if known[one.name] != "run"}
# %% partial | your lists: appends to what he was given
def admit(own, offered, known):
    ask_for = set()
    for one in offered:
        if one.name in known and one.name not in [tool.name for tool in own]:
            own.append(one)
            if known[one.name] != "run":
                ask_for.add(one.name)
    return own, ask_for
# %% failed: forgets the names
def admit(own, offered, known):
    return [*own, *(one for one in offered if one.name in known)]
