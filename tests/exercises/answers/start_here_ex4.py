# %% passed: a generator made into a list
def transcript(messages):
    def walk():
        for m in messages:
            if m.content:
                yield (m.type, m.content)
            if m.type == "ai":
                yield from (("call", c["name"]) for c in m.tool_calls)

    return list(walk())
# %% passed: a comprehension
def transcript(messages):
    return [
        pair
        for m in messages
        for pair in [(m.type, m.text), *[("call", c["name"]) for c in getattr(m, "tool_calls", ())]]
        if pair[1]
    ]
# %% passed: lists instead of pairs
def transcript(messages):
    out = []
    for m in messages:
        out += [[m.type, m.text]] if m.text else []
        out += [["call", c["name"]] for c in (m.tool_calls if isinstance(m, AIMessage) else [])]
    return out
# %% partial | one call; text and two calls: calls are not looked at
def transcript(messages):
    return [(m.type, m.text) for m in messages if m.text]
# %% partial | one call: empty text is listed
def transcript(messages):
    happened = []
    for m in messages:
        happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
    return happened
# %% partial | text and two calls: either text or calls
def transcript(messages):
    happened = []
    for m in messages:
        if getattr(m, "tool_calls", []):
            happened += [("call", c["name"]) for c in m.tool_calls]
        elif m.text:
            happened.append((m.type, m.text))
    return happened
# %% partial | text and two calls: only the first call
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        if getattr(m, "tool_calls", []):
            happened.append(("call", m.tool_calls[0]["name"]))
    return happened
# %% partial | text and two calls: calls before text
def transcript(messages):
    happened = []
    for m in messages:
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
        if m.text:
            happened.append((m.type, m.text))
    return happened
# %% partial | one call; text and two calls: the arguments instead of the name
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["args"]))
    return happened
# %% partial | a question; one call: every message is asked for calls
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        for call in m.tool_calls:
            happened.append(("call", call["name"]))
    return happened
# %% failed: builds the list and does not return it
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
# %% failed: the last message only, because the return is inside the loop
def transcript(messages):
    for m in messages:
        return [(m.type, m.text)]
