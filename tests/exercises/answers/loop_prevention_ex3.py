# %% passed: the other way round
def route(state):
    if state["messages"][-1].tool_calls:
        return "stop" if state["remaining_steps"] < 4 else "tools"
    return END
# %% partial | it looks as long as it can; an answer is left alone: a little earlier than necessary
def route(state: Desk) -> str:
    """Go on, end, or turn off to `stop` while there is still room for it."""
    if not state["messages"][-1].tool_calls:
        return END
    return "tools" if state["remaining_steps"] >= 5 else "stop"
# %% partial | it looks as long as it can; an answer is left alone: a little earlier, with a strict comparison
def route(state: Desk) -> str:
    """Go on, end, or turn off to `stop` while there is still room for it."""
    if not state["messages"][-1].tool_calls:
        return END
    return "tools" if state["remaining_steps"] > 4 else "stop"
# %% passed: says what the steps are for
def route(state):
    tools, agent, stop, left_over = 1, 1, 1, 1
    open_calls = state["messages"][-1].tool_calls
    enough = state["remaining_steps"] >= tools + agent + stop + left_over
    return END if not open_calls else ("tools" if enough else "stop")
# %% passed: with match
def route(state):
    match bool(state["messages"][-1].tool_calls), state["remaining_steps"] > 3:
        case False, _:
            return END
        case True, True:
            return "tools"
        case _:
            return "stop"
# %% failed | it ends in words at every limit; the next turn works at every limit; it looks as long as it can: turns to END with an open call
def route(state):
    if state["remaining_steps"] < 4 or not state["messages"][-1].tool_calls:
        return END
    return "tools"
# %% partial | it ends in words at every limit; it looks as long as it can: forgets that one step has to be left over
def route(state):
    if not state["messages"][-1].tool_calls:
        return END
    return "tools" if state["remaining_steps"] >= 3 else "stop"
# %% failed | it ends in words at every limit; the next turn works at every limit; it looks as long as it can: counts only the step of stop
def route(state):
    if not state["messages"][-1].tool_calls:
        return END
    return "tools" if state["remaining_steps"] >= 2 else "stop"
# %% failed | it ends in words at every limit; the next turn works at every limit; it looks as long as it can: waits for zero
def route(state):
    if not state["messages"][-1].tool_calls:
        return END
    return "stop" if state["remaining_steps"] == 0 else "tools"
# %% partial | an answer is left alone: looks at the steps first
def route(state):
    if state["remaining_steps"] < 4:
        return "stop"
    return "tools" if state["messages"][-1].tool_calls else END
# %% partial | it looks as long as it can; an answer is left alone: stops at once
def route(state):
    return "stop" if state["messages"][-1].tool_calls else END
# %% failed: a number of messages
def route(state):
    if not state["messages"][-1].tool_calls:
        return END
    return "stop" if len(state["messages"]) > 8 else "tools"
# %% partial | it looks as long as it can; an answer is left alone: very careful
def route(state):
    if not state["messages"][-1].tool_calls:
        return END
    return "tools" if state["remaining_steps"] >= 10 else "stop"
# %% failed: the name of a node that is not there
def route(state):
    if not state["messages"][-1].tool_calls:
        return END
    return "tool" if state["remaining_steps"] >= 4 else "stop"
# %% failed: says nothing when all is well
def route(state):
    if state["messages"][-1].tool_calls and state["remaining_steps"] < 4:
        return "stop"
# %% failed | it ends in words at every limit; the next turn works at every limit; it looks as long as it can: never stops
def route(state):
    return "tools" if state["messages"][-1].tool_calls else END
# %% raised: an attribute instead of a key
def route(state):
    if not state["messages"][-1].tool_calls:
        return END
    return "tools" if state.remaining_steps >= 4 else "stop"
# %% partial | the next turn works at every limit; an answer is left alone: forgets to return END
def route(state):
    if state["messages"][-1].tool_calls:
        return "tools" if state["remaining_steps"] >= 4 else "stop"
# %% partial | it looks as long as it can: a fixed budget of eight calls on top, "goes on looking as long as it can" is violated above limit 20
def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        return END
    if state["remaining_steps"] < 4 or len(calls_this_turn(state["messages"])) > 8:
        return "stop"
    return "tools"
# %% partial | it looks as long as it can; an answer is left alone: too careful, stops at 6 left
def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        return END
    return "stop" if state["remaining_steps"] < 6 else "tools"
# %% refused: a counter of its own, in a global
tries = {"left": None}

def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        tries["left"] = None
        return END
    if tries["left"] is None:
        tries["left"] = (state["remaining_steps"] - 2) // 2
    if tries["left"] <= 0:
        tries["left"] = None
        return "stop"
    tries["left"] -= 1
    return "tools"
# %% refused: looks at how many steps the run had in the beginning, in a closure
seen = []

def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        seen.clear()
        return END
    seen.append(state["remaining_steps"])
    if len(seen) > (seen[0] - 2) // 2:
        seen.clear()
        return "stop"
    return "tools"
# %% passed: a list of one name, as LangGraph allows
def route(state: Desk) -> list[str]:
    if not state["messages"][-1].tool_calls:
        return [END]
    return ["tools"] if state["remaining_steps"] > 3 else ["stop"]
# %% partial | it looks as long as it can; an answer is left alone: a list of one name, a round too early
def route(state: Desk) -> list[str]:
    if not state["messages"][-1].tool_calls:
        return [END]
    return ["tools"] if state["remaining_steps"] > 4 else ["stop"]
# %% failed | it ends in words at every limit; the next turn works at every limit; it looks as long as it can: a message with words is an answer, whatever it calls
def route(state: Desk) -> str:
    if state["messages"][-1].text:
        return END
    return "tools" if state["remaining_steps"] > 3 else "stop"
# %% partial | it looks as long as it can: twenty rounds are enough, counted in a global
_rounds = 0

def route(state: Desk) -> str:
    global _rounds
    _rounds += 1
    if not state["messages"][-1].tool_calls:
        _rounds = 0
        return END
    if state["remaining_steps"] < 4 or _rounds > 20:
        _rounds = 0
        return "stop"
    return "tools"
# %% partial | it looks as long as it can: fifty rounds are enough, and the thread has them
def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        return END
    if state["remaining_steps"] < 4 or state["rounds"] >= 50:
        return "stop"
    return "tools"
# %% partial | it looks as long as it can: a long turn is a loop
def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        return END
    if state["remaining_steps"] < 4 or len(calls_this_turn(state["messages"])) > 100:
        return "stop"
    return "tools"
# %% passed: the step and the limit as the run's config has them
def route(state: Desk) -> str:
    from langgraph.config import get_config

    if not state["messages"][-1].tool_calls:
        return END
    turn = []
    for message in state["messages"]:
        turn = [] if message.type == "human" else [*turn, message]
    step = 2 * sum(message.type == "ai" for message in turn) - 1
    return "tools" if get_config()["recursion_limit"] - step >= 4 else "stop"
# %% refused: a step for each message, though a round may have two results
def route(state: Desk) -> str:
    from langgraph.config import get_config

    if not state["messages"][-1].tool_calls:
        return END
    left = get_config()["recursion_limit"] - len(state["messages"]) + 1
    return "tools" if left >= 4 else "stop"
# %% refused: leaves a fifth of the steps it saw first, until an answer comes
total = {}

def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        total.clear()
        return END
    first = total.setdefault("first", state["remaining_steps"])
    return "stop" if state["remaining_steps"] <= max(3, first // 5) else "tools"
# %% refused: leaves a few of the steps of the first run of all
total = {}

def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        return END
    first = total.setdefault("first", state["remaining_steps"])
    return "stop" if state["remaining_steps"] <= max(3, first // 60) else "tools"
# %% refused: leaves a few of the most steps it has seen
total = {"most": 0}

def route(state: Desk) -> str:
    if not state["messages"][-1].tool_calls:
        return END
    total["most"] = max(total["most"], state["remaining_steps"])
    return "stop" if state["remaining_steps"] <= max(3, total["most"] // 40) else "tools"
# %% failed | the next turn works at every limit; it looks as long as it can; an answer is left alone: stops whatever comes
def route(state: Desk) -> str:
    return "stop"
# %% failed | it ends in words at every limit; the next turn works at every limit; it looks as long as it can: the colleague's route
route = route_to_end
