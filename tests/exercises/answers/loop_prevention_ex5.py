# %% passed: counts texts of name and sorted arguments
def in_circles(calls):
    import json
    from collections import Counter

    made = Counter((call["name"], json.dumps(call["args"], sort_keys=True)) for call in calls)
    return any(n >= 3 for n in made.values())
# %% passed: compares every call with every other
def in_circles(calls):
    for call in calls:
        same = [c for c in calls if c["name"] == call["name"] and c["args"] == call["args"]]
        if len(same) > 2:
            return True
    return False
# %% passed: keeps what was seen
def in_circles(calls: list) -> bool:
    once, twice = [], []
    for call in calls:
        wish = {"name": call["name"], "args": call["args"]}
        if wish in twice:
            return True
        (twice if wish in once else once).append(wish)
    return False
# %% partial | A, B, A, B, A; the same call in 39, at the beginning, in the middle and at the end; no arguments; every order of a few calls: only three in a row
def in_circles(calls):
    wishes = [(call["name"], call["args"]) for call in calls]
    return any(wishes[n] == wishes[n + 1] == wishes[n + 2] for n in range(len(wishes) - 2))
# %% partial | A, B, A, B, A; three, then others; the same call in 39, at the beginning, in the middle and at the end; no arguments; every order of a few calls: only the last three
def in_circles(calls):
    wishes = [(call["name"], call["args"]) for call in calls]
    return len(wishes) >= 3 and wishes[-1] == wishes[-2] == wishes[-3]
# %% partial | the same list in another order; nine pages of a search; look alike; one argument more; every order of a few calls; divided otherwise: compares the names
def in_circles(calls):
    names = [call["name"] for call in calls]
    return any(names.count(name) >= 3 for name in names)
# %% partial | three tools with the same arguments: compares the arguments
def in_circles(calls):
    made = [call["args"] for call in calls]
    return any(made.count(args) >= 3 for args in made)
# %% failed | the same call three times; A, B, A, B, A; three, then others; arguments in another order; arguments that are lists; the same call four times, and nine; the same call in 39, at the beginning, in the middle and at the end; dictionaries in arguments; no arguments; every order of a few calls; nested arguments; dictionaries in a list: whole calls, ids included
def in_circles(calls):
    return any(calls.count(call) >= 3 for call in calls)
# %% partial | arguments in another order; nested arguments; dictionaries in a list: the text of a dictionary
def in_circles(calls):
    made = [call["name"] + str(call["args"]) for call in calls]
    return any(made.count(wish) >= 3 for wish in made)
# %% partial | the same list in another order; arguments that are lists; dictionaries in arguments; nested arguments; dictionaries in a list: puts arguments into a set
def in_circles(calls):
    from collections import Counter

    made = Counter((call["name"], frozenset(call["args"].items())) for call in calls)
    return any(n >= 3 for n in made.values())
# %% partial | the same list in another order; the same call twice; A, B, A, B; look alike; one argument more; every order of a few calls: twice is too much
def in_circles(calls):
    made = [(call["name"], call["args"]) for call in calls]
    return any(made.count(wish) >= 2 for wish in made)
# %% partial | the same call three times; A, B, A, B, A; three, then others; arguments in another order; arguments that are lists; the same call in 39, at the beginning, in the middle and at the end; dictionaries in arguments; no arguments; every order of a few calls; nested arguments; dictionaries in a list: more than three
def in_circles(calls):
    made = [(call["name"], call["args"]) for call in calls]
    return any(made.count(wish) > 3 for wish in made)
# %% failed | the same list in another order; the same call twice; A, B, A, B; nine pages of a search; three tools with the same arguments; no calls; look alike; one argument more; every order of a few calls; divided otherwise: forgets to return False
def in_circles(calls):
    made = [(call["name"], call["args"]) for call in calls]
    for wish in made:
        if made.count(wish) >= 3:
            return True
# %% failed | the same list in another order; the same call three times; the same call twice; A, B, A, B, A; A, B, A, B; three, then others; nine pages of a search; three tools with the same arguments; arguments in another order; arguments that are lists; the same call four times, and nine; the same call in 39, at the beginning, in the middle and at the end; look alike; one argument more; dictionaries in arguments; no arguments; every order of a few calls; nested arguments; dictionaries in a list; divided otherwise: attributes instead of keys
def in_circles(calls):
    made = [(call.name, call.args) for call in calls]
    return any(made.count(wish) >= 3 for wish in made)
# %% failed | the same list in another order; the same call three times; the same call twice; A, B, A, B, A; A, B, A, B; three, then others; nine pages of a search; three tools with the same arguments; arguments in another order; arguments that are lists; the same call four times, and nine; the same call in 39, at the beginning, in the middle and at the end; look alike; one argument more; dictionaries in arguments; no arguments; every order of a few calls; nested arguments; dictionaries in a list; divided otherwise: mutates the calls, pops the id so that they can be compared
def in_circles(calls: list) -> bool:
    for c in calls:
        c.pop("id", None)
    return any(calls.count(c) >= 3 for c in calls)
# %% refused: compares the texts of the values
def in_circles(calls):
    made = [f"{c['name']}{sorted(map(str, c['args'].values()))}" for c in calls]
    return any(made.count(m) >= 3 for m in made)
# %% refused: JSON in the order of the arguments
import json
def in_circles(calls):
    made = [c["name"] + json.dumps(c["args"]) for c in calls]
    return any(made.count(m) >= 3 for m in made)
# %% refused: the last twelve calls
def in_circles(calls):
    made = [(c["name"], c["args"]) for c in calls[-12:]]
    return any(made.count(m) >= 3 for m in made)
# %% refused: sorts the outer keys, not those inside
from collections import Counter

def in_circles(calls: list) -> bool:
    seen = Counter((c["name"], repr(sorted(c["args"].items()))) for c in calls)
    return any(n >= 3 for n in seen.values())
# %% refused: the words of the arguments in a row
def in_circles(calls: list) -> bool:
    made = [" ".join([c["name"], *map(str, (x for p in sorted(c["args"].items()) for x in p))]) for c in calls]
    return any(made.count(one) >= 3 for one in made)
# %% passed: JSON with sorted keys
import json

def in_circles(calls: list) -> bool:
    made = [json.dumps([call["name"], call["args"]], sort_keys=True) for call in calls]
    return any(made.count(one) >= 3 for one in set(made))
# %% partial | the same list in another order: sorts lists as well
import json
from collections import Counter

def ordered(value):
    if isinstance(value, dict):
        return {key: ordered(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return sorted((ordered(inner) for inner in value), key=json.dumps)
    return value

def in_circles(calls: list) -> bool:
    seen = Counter(json.dumps([c["name"], ordered(c["args"])]) for c in calls)
    return any(n >= 3 for n in seen.values())
# %% partial | the same list in another order: frozen sets for what is a list
from collections import Counter

def frozen(value):
    if isinstance(value, dict):
        return frozenset((key, frozen(inner)) for key, inner in value.items())
    return frozenset(map(frozen, value)) if isinstance(value, list) else value

def in_circles(calls: list) -> bool:
    seen = Counter((c["name"], frozen(c["args"])) for c in calls)
    return any(n >= 3 for n in seen.values())
# %% passed: frozen, a list as a tuple
from collections import Counter

def frozen(value):
    if isinstance(value, dict):
        return frozenset((key, frozen(inner)) for key, inner in value.items())
    return tuple(map(frozen, value)) if isinstance(value, list) else value

def in_circles(calls: list) -> bool:
    seen = Counter((c["name"], frozen(c["args"])) for c in calls)
    return any(n >= 3 for n in seen.values())
# %% partial | look alike: in small letters and with single blanks
import json
from collections import Counter


def in_circles(calls: list) -> bool:
    keys = Counter(
        (call["name"], " ".join(json.dumps(call["args"], sort_keys=True).casefold().split()))
        for call in calls
    )
    return any(times >= 3 for times in keys.values())
# %% partial | look alike: without the blanks around a value
def in_circles(calls: list) -> bool:
    def bare(value):
        return value.strip() if isinstance(value, str) else value

    made = [(c["name"], {key: bare(value) for key, value in c["args"].items()}) for c in calls]
    return any(made.count(call) >= 3 for call in made)
# %% failed: always true
def in_circles(calls: list) -> bool:
    return True
# %% failed: never true
def in_circles(calls: list) -> bool:
    return False
