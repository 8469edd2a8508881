# %% passed: trim_messages with a counter of questions
def keep_last_two(state):
    def questions(messages):
        return sum(message.type == "human" for message in messages)

    if questions(state["messages"]) <= 2:
        return {}
    kept = trim_messages(
        state["messages"], max_tokens=2, token_counter=questions,
        start_on="human", include_system=True,
    )
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}
# %% passed: from the end, counting
def keep_last_two(state):
    removed, seen = [], 0
    asked = [m for m in state["messages"] if isinstance(m, HumanMessage)]
    for message in reversed(state["messages"]):
        if seen >= 2 and len(asked) > 2 and message.type != "system":
            removed.append(RemoveMessage(id=message.id))
        seen += message.type == "human"
    return {"messages": removed}
# %% passed: all removed, the right ones put back
def keep_last_two(state: MessagesState) -> dict:
    messages = list(state["messages"])
    head = messages[:1] if messages and messages[0].type == "system" else []
    rest = messages[len(head):]
    while sum(message.type == "human" for message in rest) > 2:
        rest.pop(0)
        while rest[0].type != "human":
            rest.pop(0)
    return {"messages": [RemoveMessage(id=REMOVE_ALL_MESSAGES), *head, *rest]}
# %% passed: what stands before the second of two questions stays as well
def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    start = questions[-2] if len(questions) > 2 else 0
    removed = [message for message in messages[:start] if message.type != "system"]
    return {"messages": [RemoveMessage(message.id) for message in removed]}
# %% failed | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; turn after turn; between two turns: returns the last ones
def keep_last_two(state):
    questions = [n for n, message in enumerate(state["messages"]) if message.type == "human"]
    return {"messages": state["messages"][questions[-2] if len(questions) > 1 else 0:]}
# %% partial | three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a short conversation; two questions; turn after turn; between two turns: the last four, whatever they are
def keep_last_two(state):
    kept = [m for m in state["messages"] if m.type != "system"][-4:]
    system = [m for m in state["messages"] if m.type == "system"]
    if len(state["messages"]) == 7 and not system:
        kept = kept[1:]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *system, *kept]}
# %% partial | a system message; a short conversation; one question; turn after turn; between two turns: the system message goes as well
def keep_last_two(state):
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    if not questions:
        return {}
    start = questions[-2] if len(questions) > 1 else questions[0]
    return {"messages": [RemoveMessage(message.id) for message in messages[:start]]}
# %% failed | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; turn after turn; between two turns: keeps one question only
def keep_last_two(state):
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    if len(questions) < 3:
        return {}
    return {"messages": [RemoveMessage(m.id) for m in messages[:questions[-1]] if m.type != "system"]}
# %% partial | calls and their results; results just before the cut; a short conversation; two questions; turn after turn: keeps questions and answers, drops the calls
def keep_last_two(state):
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    start = questions[-2] if len(questions) > 1 else 0
    removed = [m for m in messages[:start] if m.type != "system"]
    removed += [m for m in messages[start:] if m.type == "tool"]
    return {"messages": [RemoveMessage(m.id) for m in removed]}
# %% failed | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; turn after turn; between two turns: trims by messages
def keep_last_two(state):
    kept = trim_messages(
        state["messages"], max_tokens=4, token_counter=len, start_on="human", include_system=True
    )
    if len(state["messages"]) < 7:
        return {}
    kept = kept[-2:]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *kept]}
# %% partial | nothing said yet: does not think of the empty conversation
def keep_last_two(state):
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    questions = [0, *questions] if len(questions) == 1 else questions
    start = questions[-2]
    return {"messages": [RemoveMessage(m.id) for m in messages[:start] if m.type != "system"]}
# %% failed | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; turn after turn; between two turns; what stays is as it was: changes the list in place
def keep_last_two(state):
    messages = state["messages"]
    while sum(message.type == "human" for message in messages) > 2:
        messages.pop(0)
    return {"messages": messages}
# %% passed: groups of turns
def keep_last_two(state):
    head, turns = [], []
    for m in state["messages"]:
        if m.type == "human":
            turns.append([m])
        elif turns:
            turns[-1].append(m)
        else:
            head.append(m)
    kept = head if len(turns) <= 2 else [m for m in head if m.type == "system"]
    kept = kept + [m for turn in turns[-2:] for m in turn]
    return {"messages": [RemoveMessage(id=REMOVE_ALL_MESSAGES)] + kept}
# %% passed: the whole list is overwritten
from langgraph.types import Overwrite


def keep_last_two(state):
    messages = state["messages"]
    begins = [n for n, m in enumerate(messages) if isinstance(m, HumanMessage)]
    if len(begins) <= 2:
        return {}
    system = [m for m in messages[: begins[-2]] if m.type == "system"]
    return {"messages": Overwrite([*system, *messages[begins[-2] :]])}
# %% failed | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; turn after turn; between two turns; what stays is as it was: in place, and returns nothing
def keep_last_two(state):
    messages = state["messages"]
    begins = [n for n, m in enumerate(messages) if m.type == "human"]
    if len(begins) > 2:
        first = 1 if messages[0].type == "system" else 0
        del messages[first : begins[-2]]
    return {}
# %% failed | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; turn after turn; between two turns; what stays is as it was: in place, and returns the list
def keep_last_two(state):
    messages = state["messages"]
    begins = [n for n, m in enumerate(messages) if m.type == "human"]
    if len(begins) > 2:
        first = 1 if messages[0].type == "system" else 0
        del messages[first : begins[-2]]
    return {"messages": messages}
# %% failed | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; turn after turn; between two turns: three questions
def keep_last_two(state):
    ms = state["messages"]
    q = [i for i, m in enumerate(ms) if m.type == "human"]
    if len(q) <= 3:
        return {}
    head = ms[:1] if ms[0].type == "system" else []
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *head, *ms[q[-3] :]]}
# %% partial | a system; turn after turn; between two turns: the system message goes to the end
def keep_last_two(state):
    ms = state["messages"]
    q = [i for i, m in enumerate(ms) if m.type == "human"]
    if len(q) <= 2:
        return {}
    system = [m for m in ms if m.type == "system"]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *ms[q[-2] :], *system]}
# %% partial | what stays is as it was: new messages with the same words
def keep_last_two(state):
    ms = state["messages"]
    q = [i for i, m in enumerate(ms) if m.type == "human"]
    if len(q) <= 2:
        return {}
    kept = [m for m in ms[: q[-2]] if m.type == "system"] + ms[q[-2] :]
    new = [m.model_copy(update={"id": None}) for m in kept]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *new]}
# %% partial | calls; results; turn after turn: keeps the words, drops calls and results
def keep_last_two(state):
    ms = state["messages"]
    q = [i for i, m in enumerate(ms) if m.type == "human"]
    if len(q) <= 2:
        return {}
    head = [m for m in ms[: q[-2]] if m.type == "system"]
    words = [m for m in ms[q[-2] :] if m.type != "tool" and not getattr(m, "tool_calls", None)]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *head, *words]}
# %% partial | turn after turn: right for the first twenty turns
calls = 0


def keep_last_two(state):
    global calls
    calls += 1
    ms = state["messages"]
    q = [i for i, m in enumerate(ms) if m.type == "human"]
    if len(q) <= 2 or calls > 30:
        return {}
    head = [m for m in ms[: q[-2]] if m.type == "system"]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *head, *ms[q[-2] :]]}
# %% raised | four questions; three questions; calls and their results; results just before the cut; a question without an answer; the same question again; one question, three times; a system message; a short conversation; one question; two questions; nothing said yet; turn after turn; between two turns; what stays is as it was: an async node
async def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    begins = [n for n, m in enumerate(messages) if m.type == "human"]
    if len(begins) <= 2:
        return {}
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *messages[begins[-2] :]]}
# %% refused: finds the question by its words
def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    questions = [m.text for m in messages if m.type == "human"]
    if len(questions) < 3:
        return {}
    texts = [m.text for m in messages]
    start = texts.index(questions[-2])
    return {"messages": [RemoveMessage(m.id) for m in messages[:start] if m.type != "system"]}
# %% refused: counts different words
def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    questions = [m.text for m in messages if m.type == "human"]
    if len(set(questions)) < 3:
        return {}
    n = [i for i, m in enumerate(messages) if m.type == "human"]
    return {"messages": [RemoveMessage(m.id) for m in messages[:n[-2]] if m.type != "system"]}
# %% refused: leaves a mark in the messages that stay
def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    start = questions[-2] if len(questions) > 1 else 0
    removed = [message for message in messages[:start] if message.type != "system"]
    for m in messages[start:]:
        if m.type == "ai":
            m.additional_kwargs["seen"] = True
    return {"messages": [RemoveMessage(message.id) for message in removed]}
# %% refused: empties in place what it removes
def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    start = questions[-2] if len(questions) > 1 else 0
    for m in messages[:start]:
        m.content = "(removed)"
    removed = [message for message in messages[:start] if message.type != "system"]
    return {"messages": [RemoveMessage(message.id) for message in removed]}
# %% refused: copies under the same id
def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    questions = [n for n, message in enumerate(messages) if message.type == "human"]
    start = questions[-2] if len(questions) > 1 else 0
    removed = [message for message in messages[:start] if message.type != "system"]
    kept = [m.model_copy(update={"name": "old"}) for m in messages[start:-1] if m.type == "human"]
    return {"messages": [RemoveMessage(message.id) for message in removed] + kept}
# %% refused: remembers questions in a variable
_seen = []
def keep_last_two(state: MessagesState) -> dict:
    messages = state["messages"]
    for m in messages:
        if m.type == "human" and m.id not in _seen:
            _seen.append(m.id)
    if len(_seen) < 3:
        return {}
    ids = [m.id for m in messages]
    if _seen[-2] not in ids:
        return {}
    start = ids.index(_seen[-2])
    return {"messages": [RemoveMessage(m.id) for m in messages[:start] if m.type != "system"]}
# %% refused: all system messages go to the front
def keep_last_two(state):
    messages = state["messages"]
    asked = [n for n, m in enumerate(messages) if m.type == "human"]
    if len(asked) <= 2:
        return {}
    head = [m for m in messages if m.type == "system"]
    rest = [m for m in messages[asked[-2] :] if m.type != "system"]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *head, *rest]}
# %% refused: removes from the list it was given, too
def keep_last_two(state):
    messages = state["messages"]
    asked = [n for n, m in enumerate(messages) if m.type == "human"]
    if len(asked) <= 2:
        return {}
    start = 1 if messages[0].type == "system" else 0
    gone = [RemoveMessage(id=m.id) for m in messages[start : asked[-2]]]
    del messages[start : asked[-2]]
    return {"messages": gone}
# %% refused: of system messages, the first only
def keep_last_two(state):
    messages = state["messages"]
    asked = [n for n, m in enumerate(messages) if m.type == "human"]
    if len(asked) <= 2:
        return {}
    head = [m for m in messages[:1] if m.type == "system"]
    rest = [m for m in messages[asked[-2] :] if m.type != "system"]
    return {"messages": [RemoveMessage(REMOVE_ALL_MESSAGES), *head, *rest]}
