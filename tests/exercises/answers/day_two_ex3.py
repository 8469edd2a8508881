# %% passed: from the end, with a helper
def with_origin(call, messages):
    read, customer = [], ""
    for message in reversed(messages):
        if message.type == "human":
            customer = message.text
            break
        if message.type == "tool":
            read.insert(0, message.text)
    words = [m.text.lower() for m in messages if m.type == "human"]
    unasked = []
    for name, value in call["args"].items():
        pattern = r"(?:^|\W)" + re.escape(str(value).lower()) + r"(?:\W|$)"
        if not any(re.search(pattern, text) for text in words):
            unasked.append(name)
    return dict(tool=call["name"], args=call["args"], customer=customer, read=read, unasked=unasked)

# %% passed: word boundaries
def with_origin(call, messages):
    humans = [i for i, m in enumerate(messages) if m.type == "human"]
    said = "\n\x00\n".join(messages[i].text for i in humans)
    return {
        **{"tool": call["name"], "args": dict(call["args"])},
        "customer": messages[humans[-1]].text,
        "read": [m.text for m in messages[humans[-1] :] if isinstance(m, ToolMessage)],
        "unasked": [
            key
            for key, value in call["args"].items()
            if not re.search(rf"\b{re.escape(str(value))}\b", said, re.IGNORECASE)
        ],
    }

# %% refused: a number inside a longer one counts
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text.lower() for m in messages if m.type == "human"]
    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not any(str(v).lower() in t for t in said)],
    }

# %% partial | she named the order in an earlier turn: only the last message counts as asked
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = messages[last].text

    def asked(v):
        return re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", said, re.I)

    return {
        "tool": call["name"], "args": call["args"], "customer": said,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: what the mail says counts as asked
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: everything that was ever read
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: only the last result
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said)

    read = [m.text for m in messages[last:] if m.type == "tool"][-1:]
    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text, "read": read,
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: the first message is the customer's
def with_origin(call, messages):
    said = [m.text for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[0].text,
        "read": [m.text for m in messages if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: upper case is another word
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: splits at spaces, so a full stop is part of the word
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    words = {w.lower() for m in messages if m.type == "human" for w in m.text.split()}
    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if str(v).lower() not in words],
    }

# %% refused: the value is taken for a pattern
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){v}(?!\w)", t, re.I) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: all her words in one line
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = " ".join(m.text for m in messages if m.type == "human")

    def asked(v):
        return re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", said, re.I)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: the content as it stands
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [str(m.content) for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].content,
        "read": [m.content for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }

# %% refused: flags the lesson's arguments only
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k in ("order", "amount") if k in call["args"] and not asked(call["args"][k])],
    }

# %% refused: takes arguments out of the call
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]
    args, unasked = dict(call["args"]), []
    while call["args"]:
        k, v = call["args"].popitem()
        if not any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said):
            unasked.append(k)
    return {
        "tool": call["name"], "args": args, "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"], "unasked": unasked,
    }

# %% refused: the values instead of the names
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def asked(v):
        return any(re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", t, re.I) for t in said)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [v for v in call["args"].values() if not asked(v)],
    }
# %% partial | a text that begins or ends with a sign: word boundaries, for which a sign at the end is none
def with_origin(call, messages) -> dict:
    last = max(i for i, m in enumerate(messages) if m.type == "human")
    said = "\n".join(m.text for m in messages if m.type == "human")
    found = lambda v: re.search(rf"\b{re.escape(str(v))}\b", said, re.I)
    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not found(v)],
    }
