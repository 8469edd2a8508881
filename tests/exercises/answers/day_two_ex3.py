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

# %% partial | a text that begins or ends with a sign; a text without the sign at its end: word boundaries
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
# %% partial | a text that begins or ends with a sign; a text without the sign at its end: word boundaries, for which a sign at the end is none
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

# %% passed: looks at the neighbours of every find
from itertools import takewhile


def _written(value, text: str) -> bool:
    value, text = str(value).casefold(), text.casefold()
    is_word = lambda character: character.isalnum() or character == "_"
    at = text.find(value)
    while at >= 0:
        before, after = text[:at][-1:], text[at + len(value) :][:1]
        if not is_word(before) and not is_word(after):
            return True
        at = text.find(value, at + 1)
    return False


def with_origin(call, messages):
    humans = [m.text for m in messages if m.type == "human"]
    since = list(takewhile(lambda m: m.type != "human", reversed(messages)))
    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": humans[-1],
        "read": [m.text for m in reversed(since) if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not any(_written(v, t) for t in humans)],
    }

# %% passed: look-around with a beginning and an end
def _stands_in(value, text: str) -> bool:
    return re.search(rf"(?:^|(?<=\W)){re.escape(str(value).lower())}(?=\W|$)", text) is not None


def with_origin(call, messages) -> dict:
    where = max(i for i, m in enumerate(messages) if m.type == "human")
    words = "\n\n".join(m.text for m in messages if m.type == "human").lower()
    return dict(
        tool=call["name"],
        args=dict(call["args"]),
        customer=messages[where].text,
        read=[m.text for m in messages[where + 1 :] if isinstance(m, ToolMessage)],
        unasked=[name for name, value in call["args"].items() if not _stands_in(value, words)],
    )

# %% partial | a text without the sign at its end: looks for the value without its signs
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    texts = [m.text for m in messages if m.type == "human"]

    def there(v, t):
        v = str(v).strip("!?.,;+-#@")
        return re.search(rf"(?<!\w){re.escape(v)}(?!\w)", t, re.I)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not any(there(v, t) for t in texts)],
    }
# %% partial | a word of its own beside longer ones: looks at the first find in a message only
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text.lower() for m in messages if m.type == "human"]

    def is_written(value):
        for text in said:
            before, found, after = text.partition(str(value).lower())
            ends = before[-1:] + after[:1]
            if found and not any(sign.isalnum() or sign == "_" for sign in ends):
                return True
        return False

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% partial | a word of its own beside longer ones: looks at the last find in a message only
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text.lower() for m in messages if m.type == "human"]

    def is_written(value):
        for text in said:
            before, found, after = text.rpartition(str(value).lower())
            ends = before[-1:] + after[:1]
            if found and not any(sign.isalnum() or sign == "_" for sign in ends):
                return True
        return False

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% partial | a letter or an underscore right before or behind it: letters are a to z
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def is_written(value):
        pattern = rf"(?<![a-z0-9_]){re.escape(str(value))}(?![a-z0-9_])"
        return any(re.search(pattern, text, re.I) for text in said)

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% partial | a letter or an underscore right before or behind it: an underscore ends a word
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def is_written(value):
        pattern = rf"(?<![^\W_]){re.escape(str(value))}(?![^\W_])"
        return any(re.search(pattern, text, re.I) for text in said)

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% partial | a zero that nobody wrote: a value that is falsy is none
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def is_written(value):
        pattern = rf"(?<!\w){re.escape(str(value))}(?!\w)"
        return any(re.search(pattern, text, re.I) for text in said)

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [n for n, value in call["args"].items() if value and not is_written(value)],
    }
# %% partial | she and the tools say the same twice: the first message with the words of the last
def with_origin(call, messages):
    texts = [(message.type, message.text) for message in messages]
    wishes = [text for kind, text in texts if kind == "human"]
    since = texts.index(("human", wishes[-1]))

    def is_written(value):
        return any(
            re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text, re.I) for text in wishes
        )

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": wishes[-1],
        "read": [text for kind, text in texts[since:] if kind == "tool"],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% partial | she and the tools say the same twice: each text once
def with_origin(call, messages):
    texts = [(message.type, message.text) for message in messages]
    wishes = [text for kind, text in texts if kind == "human"]
    last = max(n for n, (kind, _) in enumerate(texts) if kind == "human")

    def is_written(value):
        return any(
            re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text, re.I) for text in wishes
        )

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": wishes[-1],
        "read": [*dict.fromkeys(text for kind, text in texts[last:] if kind == "tool")],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% partial | she and the tools say the same twice: what was not read before
def with_origin(call, messages):
    texts = [(message.type, message.text) for message in messages]
    wishes = [text for kind, text in texts if kind == "human"]
    last = max(n for n, (kind, _) in enumerate(texts) if kind == "human")

    def is_written(value):
        return any(
            re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text, re.I) for text in wishes
        )

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": wishes[-1],
        "read": [text for kind, text in texts[last:] if kind == "tool" and (kind, text) not in texts[:last]],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% passed: looks for the last message itself
def with_origin(call, messages):
    texts = [(message.type, message.text) for message in messages]
    wishes = [text for kind, text in texts if kind == "human"]
    hers = [message for message in messages if message.type == "human"]
    since = messages[messages.index(hers[-1]) :]

    def is_written(value):
        return any(
            re.search(rf"(?<!\w){re.escape(str(value))}(?!\w)", text, re.I) for text in wishes
        )

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": wishes[-1],
        "read": [message.text for message in since if message.type == "tool"],
        "unasked": [name for name, value in call["args"].items() if not is_written(value)],
    }
# %% partial | she named the order in an earlier turn: all her words without a gap
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = "".join(m.text for m in messages if m.type == "human")

    def asked(v):
        return re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", said, re.I)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }
# %% passed: all her words, a line for each message
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = "\n".join(m.text for m in messages if m.type == "human")

    def asked(v):
        return re.search(rf"(?<!\w){re.escape(str(v))}(?!\w)", said, re.I)

    return {
        "tool": call["name"], "args": call["args"], "customer": messages[last].text,
        "read": [m.text for m in messages[last:] if m.type == "tool"],
        "unasked": [k for k, v in call["args"].items() if not asked(v)],
    }
# %% partial | messages in blocks: what a tool has returned as it stands
def with_origin(call, messages):
    last = max(n for n, m in enumerate(messages) if m.type == "human")
    said = [m.text for m in messages if m.type == "human"]

    def asked(value):
        whole = re.compile(rf"(?<!\w){re.escape(str(value))}(?!\w)", re.I)
        return any(whole.search(text) for text in said)

    return {
        "tool": call["name"],
        "args": call["args"],
        "customer": messages[last].text,
        "read": [m.content for m in messages[last:] if m.type == "tool"],
        "unasked": [name for name, value in call["args"].items() if not asked(value)],
    }
