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
# %% partial | an unknown tool stays out; a word that is not 'run' needs a person: a list of what is risky
def admit(own, offered, known):
    tools, ask_for = list(own), set()
    for one in offered:
        if one.name not in {tool.name for tool in tools}:
            tools.append(one)
            if known.get(one.name) == "ask":
                ask_for.add(one.name)
    return tools, ask_for
# %% partial | an unknown tool stays out: unknown tools come in, but are asked for
def admit(own, offered, known):
    tools, ask_for = list(own), set()
    for one in offered:
        if one.name not in {tool.name for tool in tools}:
            tools.append(one)
            if known.get(one.name) != "run":
                ask_for.add(one.name)
    return tools, ask_for
# %% partial | your own tool keeps its place; of two with the same name, one: forgets that names collide
def admit(own, offered, known):
    tools = [*own, *(one for one in offered if one.name in known)]
    return tools, {one.name for one in offered if known.get(one.name, "run") != "run"}
# %% partial | your own tool keeps its place: the newer one wins
def admit(own, offered, known):
    taken = {}
    for one in offered:
        if one.name in known:
            taken.setdefault(one.name, one)
    tools = [one for one in own if one.name not in taken] + list(taken.values())
    return tools, {name for name in taken if known[name] != "run"}
# %% partial | of two with the same name, one: compares with his own alone
def admit(own, offered, known):
    mine = {one.name for one in own}
    more = [one for one in offered if one.name in known and one.name not in mine]
    return [*own, *more], {one.name for one in more if known[one.name] != "run"}
# %% failed: appends to what he was given
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
# %% passed: asks for its own, too
def admit(own, offered, known):
    tools, names = list(own), {t.name for t in own}
    for t in offered:
        if t.name in known and t.name not in names:
            tools.append(t)
            names.add(t.name)
    return tools, {t.name for t in tools if known.get(t.name) != "run"}
# %% partial | an unknown tool stays out: leaves out what it has seen to be dangerous
def admit(own, offered, known):
    names, new = {t.name for t in own}, []
    for t in offered:
        if t.name not in ("delete_stock", "refund") and t.name not in names:
            names.add(t.name)
            new.append(t)
    return own + new, {t.name for t in new if known.get(t.name) != "run"}
# %% partial | an unknown tool stays out; a word that is not 'run' needs a person: lets in what says of itself that it only reads
def admit(own, offered, known):
    names, new = {t.name for t in own}, []
    for t in offered:
        hint = (t.metadata or {}).get("readOnlyHint")
        if (t.name in known or hint) and t.name not in names:
            names.add(t.name)
            new.append(t)
    return own + new, {t.name for t in new if not hint and known.get(t.name) != "run"}
# %% partial | a word that is not 'run' needs a person: RUN is run
def admit(own, offered, known):
    names, new = {t.name for t in own}, []
    for t in offered:
        if t.name in known and t.name not in names:
            names.add(t.name)
            new.append(t)
    return [*own, *new], {t.name for t in new if known[t.name].strip().lower() != "run"}
# %% partial | an unknown tool stays out; a known tool that is not offered: asks for tools that are not there
def admit(own, offered, known):
    names, new = {t.name for t in own}, []
    for t in offered:
        if t.name in known and t.name not in names:
            names.add(t.name)
            new.append(t)
    return [*own, *new], {name for name, word in known.items() if word != "run"}
# %% failed: crosses off the list what has come in
def admit(own, offered, known):
    tools, ask_for = list(own), set()
    for t in offered:
        if t.name in known and t.name not in {o.name for o in own}:
            tools.append(t)
            if known.pop(t.name) != "run":
                ask_for.add(t.name)
    return tools, ask_for
# %% partial | your own tool keeps its place: its own are track_parcel and refund
def admit(own, offered, known):
    tools, ask_for, names = list(own), set(), {"track_parcel", "refund"}
    for t in offered:
        if t.name in known and t.name not in names:
            names.add(t.name)
            tools.append(t)
            if known[t.name] != "run":
                ask_for.add(t.name)
    return tools, ask_for
# %% refused: names in small letters
def admit(own, offered, known):
    tools, ask_for = list(own), set()
    for one in offered:
        name = one.name.lower()
        if name not in known or name in {tool.name for tool in tools}:
            continue
        tools.append(one)
        if known[name] != "run":
            ask_for.add(one.name)
    return tools, ask_for
# %% refused: believes the server's hint
def admit(own, offered, known):
    tools, ask_for = list(own), set()
    for one in offered:
        if one.name not in known or one.name in {tool.name for tool in tools}:
            continue
        tools.append(one)
        hint = (one.metadata or {}).get("readOnlyHint")
        if known[one.name] != "run" and not hint:
            ask_for.add(one.name)
    return tools, ask_for
# %% passed: own tools are among the names
def admit(own, offered, known):
    tools, ask_for = list(own), {t.name for t in own}
    for one in offered:
        if one.name not in known or one.name in {tool.name for tool in tools}:
            continue
        tools.append(one)
        if known[one.name] != "run":
            ask_for.add(one.name)
    return tools, ask_for
# %% passed: the offered ones in another order
def admit(own, offered, known):
    first = {one.name: one for one in reversed(offered)}
    names = (first.keys() & known.keys()) - {one.name for one in own}
    free = {name for name, how in known.items() if how == "run"}
    return own + [one for one in first.values() if one.name in names], names - free
# %% passed: the server's tools in front
def admit(own, offered, known):
    new = {}
    for one in offered:
        if one.name in known and one.name not in [mine.name for mine in own]:
            new.setdefault(one.name, one)
    return [*new.values(), *own], {name for name in new if known[name] != "run"}
# %% partial | your own tool keeps its place: asks for whatever is offered and known
def admit(own, offered, known):
    tools, names = list(own), {one.name for one in own}
    for one in offered:
        if one.name in known and one.name not in names:
            names.add(one.name)
            tools.append(one)
    return tools, {one.name for one in offered if known.get(one.name, "run") != "run"}
# %% partial | your own tool keeps its place: asks before it looks whether the name is free
def admit(own, offered, known):
    tools, ask_for = {one.name: one for one in own}, set()
    for one in offered:
        if one.name not in known:
            continue
        if known[one.name] != "run":
            ask_for.add(one.name)
        tools.setdefault(one.name, one)
    return [*tools.values()], ask_for
