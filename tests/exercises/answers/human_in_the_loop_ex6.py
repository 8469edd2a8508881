# %% passed: a table of tiers
def policy(call):
    if call["name"] == "track_parcel":
        return "run"
    if call["name"] != "refund":
        return "refuse"
    amount = call["args"].get("amount", 0)
    if not isinstance(amount, int) or isinstance(amount, bool):
        return "refuse"
    for limit, word in ((0, "refuse"), (20, "run"), (500, "ask")):
        if amount <= limit:
            return word
    return "refuse"
# %% passed: with match
def policy(call):
    match call:
        case {"name": "track_parcel"}:
            return "run"
        case {"name": "refund", "args": {"amount": bool()}}:
            return "refuse"
        case {"name": "refund", "args": {"amount": int(amount)}} if 0 < amount <= 20:
            return "run"
        case {"name": "refund", "args": {"amount": int(amount)}} if 20 < amount <= 500:
            return "ask"
    return "refuse"
# %% passed: ranges
def policy(call):
    amount = call["args"].get("amount")
    if call["name"] == "track_parcel":
        return "run"
    if call["name"] == "refund" and type(amount) is int:
        if amount in range(1, 21):
            return "run"
        if amount in range(21, 501):
            return "ask"
    return "refuse"
# %% partial | not in the list: lists what is risky
def policy(call):
    if call["name"] != "refund":
        return "run" if call["name"] != "delete_customer" else "refuse"
    amount = call["args"].get("amount")
    if type(amount) is not int or amount <= 0 or amount > 500:
        return "refuse"
    return "run" if amount <= 20 else "ask"
# %% partial | strange amounts: forgets that less than nothing is less than 20
def policy(call):
    if call["name"] == "track_parcel":
        return "run"
    amount = call["args"].get("amount")
    if call["name"] != "refund" or type(amount) is not int or amount > 500:
        return "refuse"
    return "run" if amount <= 20 else "ask"
# %% partial | strange amounts: takes the amount for a number
def policy(call):
    if call["name"] == "track_parcel":
        return "run"
    if call["name"] != "refund":
        return "refuse"
    amount = call["args"]["amount"]
    if amount <= 0:
        return "refuse"
    if amount <= 20:
        return "run"
    return "ask" if amount <= 500 else "refuse"
# %% partial | strange amounts: True is an int
def policy(call):
    if call["name"] == "track_parcel":
        return "run"
    amount = call["args"].get("amount")
    if call["name"] != "refund" or not isinstance(amount, int) or amount <= 0:
        return "refuse"
    if amount <= 20:
        return "run"
    return "ask" if amount <= 500 else "refuse"
# %% partial | strange amounts: reads numbers from words
def policy(call):
    if call["name"] == "track_parcel":
        return "run"
    if call["name"] != "refund":
        return "refuse"
    try:
        amount = int(call["args"]["amount"])
    except (KeyError, TypeError, ValueError):
        return "refuse"
    if amount <= 0:
        return "refuse"
    if amount <= 20:
        return "run"
    return "ask" if amount <= 500 else "refuse"
# %% partial | small refunds; larger refunds: the limits belong to the other side
def policy(call):
    if call["name"] == "track_parcel":
        return "run"
    amount = call["args"].get("amount")
    if call["name"] != "refund" or type(amount) is not int or amount <= 0:
        return "refuse"
    if amount < 20:
        return "run"
    return "ask" if amount < 500 else "refuse"
# %% partial | small refunds; too large; not in the list; strange amounts: asks whenever there is a doubt
def policy(call):
    return "run" if call["name"] == "track_parcel" else "ask"
# %% failed: returns yes and no
def policy(call):
    return call["name"] == "track_parcel"
# %% partial | small refunds; larger refunds: a refund without an order is refused
def policy(call):
    match call:
        case {"name": "track_parcel"}:
            return "run"
        case {"name": "refund", "args": {"order": str(), "amount": int(amount)}} if (
            not isinstance(amount, bool) and 0 < amount <= 500
        ):
            return "run" if amount <= 20 else "ask"
    return "refuse"
# %% partial | not in the list: a server's name may stand in front
def policy(call):
    name, amount = call["name"].rpartition(".")[2].rpartition("__")[2], call["args"].get("amount")
    if name == "track_parcel":
        return "run"
    if name != "refund" or type(amount) is not int or not 0 < amount <= 500:
        return "refuse"
    return "run" if amount <= 20 else "ask"
# %% partial | not in the list: capitals do not matter
def policy(call):
    name, amount = call["name"].lower(), call["args"].get("amount")
    if name == "track_parcel":
        return "run"
    if name != "refund" or type(amount) is not int or not 0 < amount <= 500:
        return "refuse"
    return "run" if amount <= 20 else "ask"
# %% partial | look: refuses a look without a parcel
def policy(call):
    if call["name"] == "track_parcel":
        return "run" if call["args"].get("parcel") else "refuse"
    amount = call["args"].get("amount")
    if call["name"] != "refund" or type(amount) is not int or not 0 < amount <= 500:
        return "refuse"
    return "run" if amount <= 20 else "ask"
# %% failed | look; small refunds; larger refunds: refuses everything
def policy(call):
    return "refuse"
