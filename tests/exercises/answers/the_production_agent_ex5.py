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
# %% partial | the next question; 3 rounds: counts the thread
def limit_rounds(messages):
    rounds = sum(message.type == "ai" for message in messages)
    return "Enough." if rounds >= 8 else None
# %% partial | 7 rounds; 4 rounds; the next question; 3 rounds: counts messages
def limit_rounds(messages):
    return "Enough." if len(messages) >= 8 else None
# %% partial | 4 rounds with 3 calls each: counts calls
def limit_rounds(messages):
    calls = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        calls += len(getattr(message, "tool_calls", []))
    return "Enough." if calls >= 8 else None
# %% partial | 8 rounds: one too late
def limit_rounds(messages):
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    return "Enough." if rounds > 8 else None
# %% partial | 8 rounds; 12 rounds: raises
def limit_rounds(messages):
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    if rounds >= 8:
        raise RuntimeError("too many rounds")
# %% partial | 8 rounds; 12 rounds: returns a message
def limit_rounds(messages):
    rounds = 0
    for message in reversed(messages):
        if message.type == "human":
            break
        rounds += message.type == "ai"
    return AIMessage("Enough.") if rounds >= 8 else None
