# %% passed: a generator made into a list
def transcript(messages):
    def walk():
        for m in messages:
            if m.text:
                yield (m.type, m.text)
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
# %% partial | one call and its result; text and two calls in one message; several rounds; five calls; one tool twice; content in blocks: calls are not looked at
def transcript(messages):
    return [(m.type, m.text) for m in messages if m.text]
# %% partial | one call and its result; several rounds; five calls; one tool twice; content in blocks: empty text is listed
def transcript(messages):
    happened = []
    for m in messages:
        happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
    return happened
# %% partial | text and two calls in one message; several rounds; content in blocks: either text or calls
def transcript(messages):
    happened = []
    for m in messages:
        if getattr(m, "tool_calls", []):
            happened += [("call", c["name"]) for c in m.tool_calls]
        elif m.text:
            happened.append((m.type, m.text))
    return happened
# %% partial | text and two calls in one message; five calls; one tool twice: only the first call
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        if getattr(m, "tool_calls", []):
            happened.append(("call", m.tool_calls[0]["name"]))
    return happened
# %% partial | text and two calls in one message; several rounds; content in blocks: calls before text
def transcript(messages):
    happened = []
    for m in messages:
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
        if m.text:
            happened.append((m.type, m.text))
    return happened
# %% partial | one call and its result; text and two calls in one message; several rounds; five calls; one tool twice; content in blocks: the arguments instead of the name
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["args"]))
    return happened
# %% partial | a question and an answer; one call and its result; several rounds; one tool twice; content in blocks: every message is asked for calls
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
# %% passed: by type, with match
def transcript(messages):
    happened = []
    for message in messages:
        match message:
            case AIMessage(tool_calls=calls):
                happened += [("ai", message.text)] if message.text else []
                happened += [("call", call["name"]) for call in calls]
            case _ if message.text:
                happened.append((message.type, message.text))
    return happened
# %% failed | question; one call; two calls; several; five; empty; one tool twice; content in blocks: a generator
def transcript(messages):
    for m in messages:
        if m.text:
            yield m.type, m.text
        for call in getattr(m, "tool_calls", []):
            yield "call", call["name"]
# %% partial | several; one tool twice: what was seen before is left out
def transcript(messages):
    happened = {}
    for m in messages:
        if m.text:
            happened[m.type, m.text] = None
        for call in getattr(m, "tool_calls", []):
            happened["call", call["name"]] = None
    return list(happened)
# %% failed | question; one call; two calls; several; five; one tool twice; content in blocks: takes the messages away
def transcript(messages):
    happened = []
    while messages:
        m = messages.pop(0)
        if m.text:
            happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
    return happened
# %% partial | five; one tool twice: two calls at most
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", [])[:2]:
            happened.append(("call", call["name"]))
    return happened
# %% failed | question; one call; two calls; several; five; one tool twice; content in blocks: the shown thread
def transcript(messages):
    return []
# %% partial | several: an empty result is "nothing"
def transcript(messages):
    happened = []
    for m in messages:
        if m.text or m.type == "tool":
            happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
    return happened
# %% partial | several: stops at the first answer
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
        if m.type == "ai" and not m.tool_calls and m.text and len(messages) > 2:
            break
    return happened
# %% partial | one tool twice: a set of the names, in their order
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        names = [call["name"] for call in getattr(m, "tool_calls", [])]
        happened += [("call", name) for name in dict.fromkeys(names)]
    return happened
# %% partial | content in blocks: the content as it is
def transcript(messages):
    happened = []
    for m in messages:
        if m.content:
            happened.append((m.type, m.content))
        for call in getattr(m, "tool_calls", []):
            happened.append(("call", call["name"]))
    return happened
# %% passed: reads the blocks itself
def transcript(messages):
    happened = []
    for m in messages:
        blocks = [m.content] if isinstance(m.content, str) else m.content
        words = "".join(b if isinstance(b, str) else b.get("text", "") for b in blocks)
        if words:
            happened.append((m.type, words))
        happened += [("call", call["name"]) for call in getattr(m, "tool_calls", [])]
    return happened
# %% partial | one call and its result; two calls; several; five; one tool twice; content in blocks: takes the calls out of the messages
def transcript(messages):
    happened = []
    for m in messages:
        if m.text:
            happened.append((m.type, m.text))
        while getattr(m, "tool_calls", []):
            happened.append(("call", m.tool_calls.pop(0)["name"]))
    return happened
# %% refused: text without its white space
def transcript(messages):
    out = []
    for m in messages:
        if m.text.strip():
            out.append((m.type, m.text.strip()))
        out += [("call", c["name"]) for c in getattr(m, "tool_calls", [])]
    return out
# %% refused: long texts are cut
def transcript(messages):
    out = []
    for m in messages:
        if m.text:
            out.append((m.type, m.text[:200]))
        out += [("call", c["name"]) for c in getattr(m, "tool_calls", [])]
    return out
# %% refused: what comes first is the human's
def transcript(messages):
    out = []
    for n, m in enumerate(messages):
        kind = "human" if n == 0 else m.type
        if m.text:
            out.append((kind, m.text))
        out += [("call", c["name"]) for c in getattr(m, "tool_calls", [])]
    return out
# %% passed: a generator inside, keyword-only
def transcript(messages, *, _names=("tool_calls",)):
    def happened():
        for m in messages:
            if (text := str(m.text)):
                yield m.type, text
            yield from (("call", c.get("name")) for n in _names for c in (getattr(m, n, None) or ()))
    return [*happened()]
