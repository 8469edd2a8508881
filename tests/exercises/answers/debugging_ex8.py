# %% passed: from the back, turn by turn
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    kept = []
    turn = []
    for message in reversed(messages):
        turn.insert(0, message)
        if message.type == "human":
            if kept and len(kept) + len(turn) > limit:
                break
            kept, turn = turn + kept, []
    return kept
# %% passed: LangChain's own, and the last turn where nothing fits
from langchain_core.messages import trim_messages

clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    kept = trim_messages(messages, max_tokens=limit, token_counter=len, start_on="human")
    if kept:
        return kept
    last = max(n for n, message in enumerate(messages) if message.type == "human")
    return messages[last:]
# %% passed: cuts while it is too long
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    starts = [n for n, m in enumerate(messages) if isinstance(m, HumanMessage)]
    while len(starts) > 1 and len(messages) - starts[0] > limit:
        starts.pop(0)
    return messages[starts[0]:]


from langchain.messages import HumanMessage
# %% partial | no result without its call; as much as fits; a long turn stays whole; a long conversation; not begun by a human: the broken version
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    return messages[-limit:]
# %% partial | no result without its call; as much as fits; a long turn stays whole; a long conversation; not begun by a human: drops tool results at the start only
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    kept = messages[-limit:]
    while kept and kept[0].type == "tool":
        kept = kept[1:]
    return kept
# %% partial | as much as fits; a long turn stays whole; a long conversation: nothing is left of a long turn
from langchain_core.messages import trim_messages

clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    return trim_messages(messages, max_tokens=limit, token_counter=len, start_on="human")
# %% partial | as much as fits; a long turn stays whole; a short conversation; a long conversation; not begun by a human: the last turn only
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    last = max(n for n, message in enumerate(messages) if message.type == "human")
    return messages[last:]
# %% partial | no result without its call; as much as fits; a long turn stays whole; a long conversation; not begun by a human: leaves all tool messages out
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    return [message for message in messages if message.type != "tool"][-limit:]
# %% partial | no result without its call; as much as fits; a long turn stays whole; a long conversation; not begun by a human; the list it is given: keeps everything
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    return messages
# %% partial | the fault and its evidence: the position in the state
clue_d = ("orphan tool message", 2)


def keep_turns(messages, limit):
    starts = [n for n, m in enumerate(messages) if m.type == "human"]
    fitting = [start for start in starts if len(messages) - start <= limit]
    return messages[min(fitting, default=starts[-1]):]
# %% partial | the fault and its evidence: True is not 1
clue_d = ("orphan tool message", True)


def keep_turns(messages, limit):
    starts = [n for n, m in enumerate(messages) if m.type == "human"]
    fitting = [start for start in starts if len(messages) - start <= limit]
    return messages[min(fitting, default=starts[-1]):]
# %% partial | the list it is given: deletes from the state's own list
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    starts = [i for i, m in enumerate(messages) if m.type == "human"]
    fitting = [i for i in starts if len(messages) - i <= limit]
    del messages[: fitting[0] if fitting else starts[-1]]
    return messages
# %% partial | not begun by a human; the list it is given: pops from the state's own list
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    while len(messages) > limit and any(m.type == "human" for m in messages[1:]):
        messages.pop(0)
        while messages[0].type != "human":
            messages.pop(0)
    return list(messages)
# %% partial | as much as fits; a long turn stays whole; a long conversation; not begun by a human: one too few
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    starts = [i for i, m in enumerate(messages) if m.type == "human"]
    fitting = [i for i in starts if len(messages) - i < limit]
    return messages[fitting[0] if fitting else starts[-1] :]
# %% partial | a long conversation: twelve at most, whatever the limit
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    starts = [i for i, m in enumerate(messages) if m.type == "human"]
    fitting = [i for i in starts if len(messages) - i <= min(limit, 12)]
    return messages[fitting[0] if fitting else starts[-1] :]
# %% partial | no result without its call; as much as fits; a long turn stays whole; a short conversation; a long conversation; not begun by a human; the list it is given: shortens the messages it keeps
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    for message in messages:
        message.content = message.content[:5]
    starts = [i for i, m in enumerate(messages) if m.type == "human"]
    fitting = [i for i in starts if len(messages) - i <= limit]
    return messages[fitting[0] if fitting else starts[-1] :]
# %% partial | the list it is given: the very list where there is nothing to cut
clue_d = ("orphan tool message", 1)


def keep_turns(messages, limit):
    cuts = [at for at, one in enumerate(messages) if one.type == "human"]
    cut = next((at for at in cuts if len(messages) - at <= limit), cuts[-1])
    return messages[cut:] if cut else messages
# %% refused: two questions in a row are one
clue_d = ("orphan tool message", 1)
def keep_turns(messages, limit):
    starts = [n for n, m in enumerate(messages) if m.type == "human" and (n == 0 or messages[n - 1].type != "human")]
    fitting = [s for s in starts if len(messages) - s <= limit]
    return messages[min(fitting, default=starts[-1]):]
# %% refused: one message fewer than the limit
clue_d = ("orphan tool message", 1)
def keep_turns(messages, limit):
    starts = [n for n, m in enumerate(messages) if m.type == "human"]
    fitting = [s for s in starts if len(messages) - s < limit]
    return messages[min(fitting, default=starts[-1]):]
# %% refused: a long conversation as it is, whoever began it
clue_d = ("orphan tool message", 1)

def keep_turns(messages: list, limit: int) -> list:
    if len(messages) <= limit:
        return list(messages)
    starts = [number for number, message in enumerate(messages) if message.type == "human"]
    fitting = [start for start in starts if len(messages) - start <= limit]
    return messages[min(fitting, default=starts[-1]) :]
# %% partial | as much as fits: leaves a turn out that is too long, and goes on with older ones
clue_d = ("orphan tool message", 1)


def keep_turns(messages: list, limit: int) -> list:
    turns = []
    for message in messages:
        if message.type == "human":
            turns.append([])
        if turns:
            turns[-1].append(message)
    kept = turns[-1]
    for turn in reversed(turns[:-1]):
        if len(turn) + len(kept) <= limit:
            kept = turn + kept
    return list(kept)
# %% failed | the fault and its evidence; no result without its call; as much as fits; a long turn stays whole; a long conversation; not begun by a human: nothing found, and the broken version itself
clue_d = ("stale state", 0)
keep_turns = last_messages
