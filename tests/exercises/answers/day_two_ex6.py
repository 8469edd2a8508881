# %% passed: a function for one run
def evaluate(agent, cases, done, times):
    def is_good(case):
        start = len(done)
        try:
            result = agent.invoke({"messages": case["ask"]})
        except Exception:
            return False
        return made(result["messages"]) == case["calls"] and done[start:] == case["done"]

    return {case["ask"]: sum(is_good(case) for _ in range(times)) / times for case in cases}

# %% partial | something is in `done` already: clears the world before each run
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = []
        for _ in range(times):
            done.clear()
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
                calls = []
                for message in messages:
                    calls += [(c["name"], c["args"]) for c in getattr(message, "tool_calls", [])]
                good.append(calls == list(case["calls"]) and list(done) == list(case["done"]))
            except Exception:
                good.append(False)
        shares[case["ask"]] = good.count(True) / len(good)
    return shares

# %% refused: what it says is what it did
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            messages = agent.invoke({"messages": case["ask"]})["messages"]
            good += "Done" in messages[-1].text
        shares[case["ask"]] = good / times
    return shares

# %% refused: calls only
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good += made(messages) == case["calls"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: effects only
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                agent.invoke({"messages": case["ask"]})
            except Exception:
                continue
            good += done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: only expected calls, so one that does nothing is fine
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good += all(c in case["calls"] for c in made(messages)) and done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: names without arguments
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            names = [name for name, _ in made(messages)] == [name for name, _ in case["calls"]]
            good += names and done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: in any order
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            calls = sorted(map(str, made(messages))) == sorted(map(str, case["calls"]))
            good += calls and done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: good if it worked once
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = False
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good = good or made(messages) == case["calls"] and done[before:] == case["done"]
        shares[case["ask"]] = 1.0 if good else 0.0
    return shares

# %% refused: runs once and multiplies
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        before = len(done)
        try:
            messages = agent.invoke({"messages": case["ask"]})["messages"]
            good = made(messages) == case["calls"] and done[before:] == case["done"]
        except Exception:
            good = False
        shares[case["ask"]] = float(good)
    return shares

# %% refused: an error ends the evaluation
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            messages = agent.invoke({"messages": case["ask"]})["messages"]
            good += made(messages) == case["calls"] and done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: a run that fails is not counted at all
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = ran = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            ran += 1
            good += made(messages) == case["calls"] and done[before:] == case["done"]
        shares[case["ask"]] = good / ran if ran else 1.0
    return shares

# %% refused: nothing stops it
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except BaseException:
                continue
            good += made(messages) == case["calls"] and done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: the whole world is compared, not this run's part
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good += made(messages) == case["calls"] and done == case["done"]
        shares[case["ask"]] = good / times
    return shares

# %% refused: done anywhere in the world is good enough
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good += made(messages) == case["calls"] and all(d in done for d in case["done"])
        shares[case["ask"]] = good / times
    return shares

# %% refused: uses up the expected calls
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            calls = made(messages)
            same = len(calls) == len(case["calls"])
            for call in calls:
                same = same and bool(case["calls"]) and case["calls"].pop(0) == call
            good += same and done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares
# %% partial | a good agent: one thread for all runs of a case
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        config = {"configurable": {"thread_id": case["ask"]}}
        for _ in range(times):
            start = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]}, config)["messages"]
            except Exception:
                continue
            good += made(messages) == case["calls"] and done[start:] == case["done"]
        shares[case["ask"]] = good / times
    return shares
# %% partial | the order in small letters: capitals do not matter
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good, calls = 0, str(case["calls"]).lower()
        for _ in range(times):
            start = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good += str(made(messages)).lower() == calls and done[start:] == case["done"]
        shares[case["ask"]] = good / times
    return shares
# %% passed: a fresh thread for each run
def evaluate(agent, cases, done, times):
    shares, runs = {}, 0
    for case in cases:
        good = 0
        for _ in range(times):
            runs += 1
            start = len(done)
            config = {"configurable": {"thread_id": f"evaluation {runs}"}}
            try:
                messages = agent.invoke({"messages": case["ask"]}, config)["messages"]
            except Exception:
                continue
            good += made(messages) == case["calls"] and done[start:] == case["done"]
        shares[case["ask"]] = good / times
    return shares
# %% partial | it calls twice, and one call fails: a call that failed was no call
def evaluate(agent, cases, done, times):
    def ran(messages):
        well = {m.tool_call_id for m in messages if m.type == "tool" and m.status != "error"}
        calls = [call for m in messages if m.type == "ai" for call in m.tool_calls]
        return [(call["name"], call["args"]) for call in calls if call["id"] in well]

    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good += ran(messages) == case["calls"] and done[before:] == case["done"]
        shares[case["ask"]] = good / times
    return shares
# %% partial | something is in `done` already: takes out what was there, to compare the whole
def evaluate(agent, cases, done, times):
    done[:] = []
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            start = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            good += made(messages) == case["calls"] and done[start:] == case["done"]
        shares[case["ask"]] = good / times
    return shares
# %% passed: takes back what a run did
def evaluate(agent, cases, done, times):
    shares, before = {}, len(done)
    for case in cases:
        good = 0
        for _ in range(times):
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
                good += made(messages) == case["calls"] and done[before:] == case["done"]
            except Exception:
                pass
            del done[before:]
        shares[case["ask"]] = good / times
    return shares
# %% partial | two payments in the other order: looks at what was done, and not at its order
def evaluate(agent, cases, done, times):
    shares = {}
    for case in cases:
        good = 0
        for _ in range(times):
            before = len(done)
            try:
                messages = agent.invoke({"messages": case["ask"]})["messages"]
            except Exception:
                continue
            same = sorted(done[before:]) == sorted(case["done"])
            good += made(messages) == case["calls"] and same
        shares[case["ask"]] = good / times
    return shares
