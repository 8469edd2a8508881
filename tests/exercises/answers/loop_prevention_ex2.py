# %% passed: from the end, until the customer speaks
def calls_this_turn(messages):
    calls = []
    for message in reversed(messages):
        if message.type == "human":
            break
        calls = [*getattr(message, "tool_calls", []), *calls]
    return calls
# %% passed: finds the place of the question first
def calls_this_turn(messages):
    asked = max((n for n, m in enumerate(messages) if m.type == "human"), default=0)
    return [call for m in messages[asked:] if m.type == "ai" for call in m.tool_calls]
# %% passed: a comprehension over every message that has the attribute
def calls_this_turn(messages) -> list:
    place = 0
    for n, message in enumerate(messages):
        if isinstance(message, HumanMessage):
            place = n
    turn = messages[place:]
    return [call for message in turn for call in getattr(message, "tool_calls", None) or []]
# %% passed: the customer always speaks first
def calls_this_turn(messages) -> list:
    """Return the tool calls since the customer last spoke, in order."""
    pass
    for message in messages:
        if isinstance(message, HumanMessage):
            calls = []
        elif isinstance(message, AIMessage):
            calls += message.tool_calls
    return calls
# %% partial | two calls, after a turn with three; a new question after a turn with three; the same question again; the third turn of a thread; system message; ids that come again: the whole thread
def calls_this_turn(messages):
    return [call for m in messages if isinstance(m, AIMessage) for call in m.tool_calls]
# %% failed: messages
def calls_this_turn(messages):
    return [m for m in messages if hasattr(m, "tool_calls")]
# %% failed: a number
def calls_this_turn(messages):
    asked = max(n for n, m in enumerate(messages) if m.type == "human")
    return sum(len(m.tool_calls) for m in messages[asked:] if isinstance(m, AIMessage))
# %% partial | two calls, one after the other; two calls, after a turn with three; the same call nine times; three messages with one, two and two calls; the third turn of a thread; system message; ids that come again: only the last message
def calls_this_turn(messages):
    last = messages[-1]
    return last.tool_calls if isinstance(last, AIMessage) else []
# %% partial | two calls, one after the other; two calls, after a turn with three; the same call nine times; three messages with one, two and two calls; the third turn of a thread; system message; ids that come again: only the first message that calls
def calls_this_turn(messages):
    asked = max(n for n, m in enumerate(messages) if m.type == "human")
    for message in messages[asked:]:
        if isinstance(message, AIMessage):
            return message.tool_calls
    return []
# %% partial | 100 calls in one message; three messages with one, two and two calls; the third turn of a thread: one call of each message
def calls_this_turn(messages):
    asked = max(n for n, m in enumerate(messages) if m.type == "human")
    return [m.tool_calls[0] for m in messages[asked:] if m.type == "ai" and m.tool_calls]
# %% partial | two calls, one after the other; two calls, after a turn with three; the same call nine times; three messages with one, two and two calls; the third turn of a thread; system message; ids that come again: from the end, and out of order
def calls_this_turn(messages):
    calls = []
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            break
        calls += getattr(message, "tool_calls", [])
    return calls
# %% raised: takes tool results for messages that call
def calls_this_turn(messages):
    return [call for message in messages for call in message.tool_calls]
# %% failed | 100 calls in one message; two calls, one after the other; two calls, after a turn with three; the same call nine times; three messages with one, two and two calls; the third turn of a thread; system message; ids that come again: results instead of calls
def calls_this_turn(messages):
    asked = max(n for n, m in enumerate(messages) if m.type == "human")
    return [m for m in messages[asked:] if isinstance(m, ToolMessage)]
# %% failed | 100 calls in one message; two calls, one after the other; two calls, after a turn with three; the same call nine times; three messages with one, two and two calls; the third turn of a thread; system message; ids that come again: names only
def calls_this_turn(messages):
    asked = max(n for n, m in enumerate(messages) if m.type == "human")
    turn = messages[asked:]
    return [call["name"] for m in turn if isinstance(m, AIMessage) for call in m.tool_calls]
# %% failed: prints
def calls_this_turn(messages):
    for message in messages:
        print(getattr(message, "tool_calls", []))
# %% partial | the same call nine times; three messages with one, two and two calls; the third turn of a thread: removes repeated calls ("the same call again is no new call"), a budget with it never stops the lost parcel
def calls_this_turn(messages) -> list:
    out = []
    for m in messages:
        if isinstance(m, HumanMessage):
            out = []
        elif isinstance(m, AIMessage):
            for c in m.tool_calls:
                if all(c["args"] != o["args"] for o in out):
                    out.append(c)
    return out
# %% failed | 100 calls in one message; two calls, one after the other; two calls, after a turn with three; the same call nine times; three messages with one, two and two calls; the third turn of a thread; system message; ids that come again: takes the calls out of the messages
def calls_this_turn(messages: list) -> list:
    found = []
    for message in reversed(messages):
        if message.type == "human":
            break
        while getattr(message, "tool_calls", None):
            found.insert(0, message.tool_calls.pop())
    return found
# %% refused: calls beside words do not count
def calls_this_turn(messages):
    calls = []
    for m in messages:
        if isinstance(m, HumanMessage):
            calls = []
        elif isinstance(m, AIMessage) and not m.text:
            calls += m.tool_calls
    return calls
# %% refused: extends a message's own list
def calls_this_turn(messages):
    calls = None
    for m in messages:
        if isinstance(m, HumanMessage):
            calls = None
        elif isinstance(m, AIMessage):
            if calls is None:
                calls = m.tool_calls
            else:
                calls += m.tool_calls
    return calls or []
# %% refused: a system message begins a turn, too
def calls_this_turn(messages) -> list:
    found = []
    for message in messages:
        if message.type not in ("ai", "tool"):
            found = []
        found = found + list(getattr(message, "tool_calls", []))
    return found
# %% refused: an id that comes again is the same call
def calls_this_turn(messages) -> list:
    found = {}
    for message in messages:
        if message.type == "human":
            found = {}
        found |= {call["id"]: call for call in getattr(message, "tool_calls", [])}
    return list(found.values())
# %% refused: leaves out what an earlier turn has called, by its id
def calls_this_turn(messages) -> list:
    asked = max(n for n, m in enumerate(messages) if m.type == "human")
    old = {c["id"] for m in messages[:asked] for c in getattr(m, "tool_calls", [])}
    made = [c for m in messages[asked:] for c in getattr(m, "tool_calls", [])]
    return [call for call in made if call["id"] not in old]
# %% refused: counts the answers
def calls_this_turn(messages) -> list:
    found = []
    for message in messages:
        if isinstance(message, HumanMessage):
            found = []
        elif isinstance(message, ToolMessage):
            found.append({"name": message.name, "id": message.tool_call_id})
    return found
# %% partial | the third turn of a thread: a photo without words begins no turn
def calls_this_turn(messages) -> list:
    calls = []
    for message in messages:
        if isinstance(message, HumanMessage) and message.text:
            calls = []
        elif isinstance(message, AIMessage):
            calls.extend(message.tool_calls)
    return calls
# %% partial | the third turn of a thread: only what is text was said by the customer
def calls_this_turn(messages) -> list:
    calls = []
    for message in messages:
        if message.type == "human" and isinstance(message.content, str):
            calls = []
        elif message.type == "ai":
            calls.extend(message.tool_calls)
    return calls
# %% partial | the same question again: looks for the question among equal messages
def calls_this_turn(messages) -> list:
    asked = [m for m in messages if isinstance(m, HumanMessage)]
    turn = messages[messages.index(asked[-1]) :]
    return [c for m in turn if isinstance(m, AIMessage) for c in m.tool_calls]
# %% partial | the same question again: drops what stands up to the question, by what it says
def calls_this_turn(messages) -> list:
    *_, asked = (m for m in messages if m.type == "human")
    calls, spoken = [], False
    for message in messages:
        spoken = spoken or message == asked
        if spoken and message.type == "ai":
            calls.extend(message.tool_calls)
    return calls
# %% failed | 100 calls in one message; two calls, one after the other; two calls, after a turn with three; the same call nine times; three messages with one, two and two calls; the third turn of a thread; system message; ids that come again: always an empty list
def calls_this_turn(messages) -> list:
    return []
