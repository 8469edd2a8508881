# %% passed: slices the turn
def limit_rounds(messages):
    last = max(at for at, message in enumerate(messages) if message.type == "human")
    answers = [message for message in messages[last:] if isinstance(message, AIMessage)]
    return "That is enough." if len(answers) >= 8 else None
# %% passed: resets a counter
def limit_rounds(messages):
    count = 0
    for message in messages:
        if message.type == "human":
            count = 0
        elif message.type == "ai":
            count += 1
    if count >= 8:
        return f"I stopped after {count} rounds."
# %% partial | the next question after many rounds; several calls in a round; some rounds, after a turn of many: counts the thread
def limit_rounds(messages):
    rounds = sum(message.type == "ai" for message in messages)
    return "Enough." if rounds >= 8 else None
# %% partial | 7 rounds and fewer; the next question after many rounds; several calls in a round; some rounds, after a turn of many: counts messages
def limit_rounds(messages):
    return "Enough." if len(messages) >= 8 else None
# %% partial | several calls in a round: counts calls
def limit_rounds(messages):
    calls = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        calls += len(getattr(message, "tool_calls", []))
    return "Enough." if calls >= 8 else None
# %% partial | 8 rounds; several calls in a round; some rounds, after a turn of many: one too late
def limit_rounds(messages):
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    return "Enough." if rounds > 8 else None
# %% partial | 8 rounds; 9 rounds and more; several calls in a round; some rounds, after a turn of many: raises
def limit_rounds(messages):
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    if rounds >= 8:
        raise RuntimeError("too many rounds")
# %% partial | 8 rounds; 9 rounds and more; several calls in a round; some rounds, after a turn of many: returns a message
def limit_rounds(messages):
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    return AIMessage("Enough.") if rounds >= 8 else None
# %% passed: the position of the last question
def limit_rounds(messages):
    start = max((i for i, m in enumerate(messages) if m.type == "human"), default=-1)
    rounds = sum(m.type == "ai" for m in messages[start + 1 :])
    return "That took too many steps." if rounds >= 8 else None
# %% partial | the next question after many rounds; several calls in a round; some rounds, after a turn of many; limits: a counter of the process
asked = 0


def limit_rounds(messages):
    global asked
    asked += 1
    return "Enough." if asked > 8 else None
# %% partial | 9 rounds and more; some rounds, after a turn of many: only exactly eight
def limit_rounds(messages):
    start = max(i for i, m in enumerate(messages) if m.type == "human")
    return "Enough." if sum(m.type == "ai" for m in messages[start:]) == 8 else None
# %% partial | 8 rounds; 9 rounds and more; the next question after many rounds; several calls in a round; some rounds, after a turn of many: every eighth answer of the thread
def limit_rounds(messages):
    n = sum(m.type == "ai" for m in messages)
    return "Enough." if n and n % 8 == 0 else None
# %% partial | 8 rounds; 9 rounds and more; several calls in a round; some rounds, after a turn of many: only answers without words
def limit_rounds(messages):
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai" and not message.text
    return "Enough." if rounds >= 8 else None
# %% partial | 7 rounds and fewer; 8 rounds; 9 rounds and more; several calls in a round; some rounds, after a turn of many: takes the messages away to count them
def limit_rounds(messages):
    rounds = 0
    while messages and messages[-1].type != "human":
        rounds += messages.pop().type == "ai"
    return "Enough." if rounds >= 8 else None
# %% refused: answers without words only
def limit_rounds(messages):
    rounds = 0
    for m in reversed(messages):
        if m.type == "human":
            break
        rounds += m.type == "ai" and not m.text
    return "Stop." if rounds >= 8 else None
# %% partial | the next question after many rounds; several calls in a round; some rounds, after a turn of many: a turn begins after the last answer without calls
def limit_rounds(messages):
    count = 0
    for message in reversed(messages):
        if message.type == "ai" and not message.tool_calls:
            break
        count += message.type == "ai"
    return "I stop here." if count >= 8 else None
# %% partial | the next question after many rounds; several calls in a round; some rounds, after a turn of many: a question is new after an answer in words
def limit_rounds(messages):
    rounds, before = 0, None
    for message in messages:
        if message.type == "human" and (before is None or before.type == "ai"):
            rounds = 0
        rounds += message.type == "ai"
        before = message
    return "I stop here." if rounds >= 8 else None
