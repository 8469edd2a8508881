# %% passed: nothing to write where nothing is new
clue_e = ("stale state", 1)


def find_order_anew(state):
    found = re.findall(r"T-\d+", state["question"])
    if found:
        return {"order": found[-1]}
    return {} if state.get("order") else {"order": "unknown"}
# %% passed: with or
clue_e = ("stale state", 1)


def find_order_anew(state):
    named = re.search(r"\bT-[0-9]+", state["question"])
    return {"order": (named and named.group()) or state.get("order") or "unknown"}
# %% partial | another one is named; again none; the first one; many digits; second line: the old one still goes first
clue_e = ("stale state", 1)


def find_order_anew(state):
    if state.get("order"):
        return {}
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else "unknown"}
# %% partial | none is named; again none; the other customer again; without an answer yet: forgets what was said before
clue_e = ("stale state", 1)


def find_order_anew(state):
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else "unknown"}
# %% partial | none is named; again none; the other customer again; there never was one; there still is none; without an answer yet: fails where none is named
clue_e = ("stale state", 1)


def find_order_anew(state):
    return {"order": re.search(r"T-\d+", state["question"])[0]}
# %% partial | there never was one; there still is none: nothing is there at first
clue_e = ("stale state", 1)


def find_order_anew(state):
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else state["order"]}
# %% partial | another one is named; another customer asks; again none; the other customer again; the first one; many digits: one digit only
clue_e = ("stale state", 1)


def find_order_anew(state):
    named = re.search(r"T-\d", state["question"])
    return {"order": named[0] if named else state.get("order", "unknown")}
# %% partial | there never was one; there still is none: None is no word
clue_e = ("stale state", 1)


def find_order_anew(state):
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else state.get("order")}
# %% partial | the fault and its evidence: the step of the wrong answer
clue_e = ("stale state", 10)


def find_order_anew(state):
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else state.get("order", "unknown")}
# %% partial | the fault and its evidence: another fault
clue_e = ("reducer missing", 1)


def find_order_anew(state):
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else state.get("order", "unknown")}
# %% passed: the last one that is named
clue_e = ("stale state", 1)


def find_order_anew(state):
    named = re.findall(r"T-\d+", state["question"])
    return {"order": named[-1] if named else state.get("order", "unknown")}
# %% passed: a Command
from langgraph.types import Command

clue_e = ("stale state", 1)


def find_order_anew(state):
    if match := re.search(r"\bT-(\d+)\b", state["question"]):
        return Command(update={"order": match.group()})
    return Command(update={} if "order" in state else {"order": "unknown"})
# %% partial | again none; there never was one; there still is none; without an answer yet: a memory of the process
clue_e = ("stale state", 1)
last = {}


def find_order_anew(state):
    found = re.search(r"T-\d+", state["question"])
    if found:
        last["order"] = found[0]
    return {"order": last.get("order", "unknown")}
# %% partial | none is named; again none; the other customer again; there still is none: looks in the answer, too
clue_e = ("stale state", 1)


def find_order_anew(state):
    found = re.search(r"T-\d+", f"{state['question']} {state.get('answer', '')}")
    return {"order": found[0] if found else state.get("order", "unknown")}
# %% partial | the state is left as it is: writes into the state, and returns it
clue_e = ("stale state", 1)


def find_order_anew(state):
    found = re.search(r"T-\d+", state["question"])
    state["order"] = found[0] if found else state.get("order", "unknown")
    return {"order": state["order"]}
# %% partial | another customer asks; the other customer again; many digits: two digits at most
clue_e = ("stale state", 1)


def find_order_anew(state):
    found = re.search(r"T-\d\d?", state["question"])
    return {"order": found[0] if found else state.get("order", "unknown")}
# %% refused: unknown once, unknown for ever
clue_e = ("stale state", 1)
def find_order_anew(state: Chat) -> dict:
    if state.get("order") == "unknown":
        return {}
    named = re.search(r"T-\d+", state["question"])
    return {"order": named[0] if named else state.get("order", "unknown")}
# %% refused: unknown where there is an answer
clue_e = ("stale state", 1)

def find_order_anew(state: Chat) -> dict:
    if named := re.search(r"T-\d+", state["question"]):
        return {"order": named[0]}
    return {"order": "unknown"} if not state.get("answer") else {}
# %% refused: the whole state
clue_e = ("stale state", 1)

def find_order_anew(state: Chat) -> dict:
    named = re.search(r"T-\d+", state["question"])
    return {**state, "order": named[0] if named else state.get("order", "unknown")}
# %% refused: three digits at most
clue_e = ("stale state", 1)

def find_order_anew(state: Chat) -> dict:
    named = re.search(r"T-\d{1,3}", state["question"])
    return {"order": named[0] if named else state.get("order", "unknown")}
# %% refused: the first line of the question
clue_e = ("stale state", 1)

def find_order_anew(state: Chat) -> dict:
    named = re.match(r".*?(T-\d+)", state["question"])
    return {"order": named[1] if named else state.get("order", "unknown")}
# %% partial | the first one: the number alone, put together again
import re

clue_e = ("stale state", 1)


def find_order_anew(state) -> dict:
    found = re.search(r"T-(\d+)", state["question"])
    return {"order": f"T-{int(found[1])}"} if found else {"order": state.get("order", "unknown")}
