# %% passed: when it is stopped, the whole share is spent
def share_out(state):
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    try:
        config = {"recursion_limit": job["share"] * 2}
        messages = worker.invoke({"messages": job["task"]}, config)["messages"]
    except GraphRecursionError:
        return {"notes": [f"{job['task']} - not finished"], "spent": job["share"]}
    asked = [message for message in messages if message.type == "ai"]
    return {"notes": [messages[-1].text], "spent": len(asked)}
# %% passed: counts the messages of a stream of values
def share_out(state):
    share = (state["budget"] - state["spent"]) // (len(state["tasks"]) or 1)
    if share < 1:
        return END
    return [Send("work", dict(task=task, share=share)) for task in state["tasks"]]


def work_within(job, worker):
    messages, done = [], False
    try:
        asked = {"messages": job["task"]}
        limit = {"recursion_limit": 2 * job["share"]}
        for state in worker.stream(asked, limit, stream_mode="values"):
            messages = state["messages"]
        done = True
    except GraphRecursionError:
        done = False
    spent = len([m for m in messages if m.type == "ai"])
    return {"notes": [messages[-1].text if done else f"stopped: {job['task']}"], "spent": spent}
# %% passed: leaves the stream by itself
def share_out(state):
    left = max(state["budget"] - state["spent"], 0)
    tasks = state["tasks"]
    if len(tasks) == 0 or left // len(tasks) == 0:
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    spent = 0
    for update in worker.stream({"messages": job["task"]}):
        if "model" not in update:
            continue
        spent += 1
        last = update["model"]["messages"][-1]
        if not last.tool_calls:
            return {"notes": [last.text], "spent": spent}
        if spent == job["share"]:
            return {"notes": [f"Stopped: {job['task']}"], "spent": spent}
# %% partial | equal shares of what is left; nothing to share: everybody gets the rest
def share_out(state):
    left = state["budget"] - state["spent"]
    return [Send("work", {"task": task, "share": left}) for task in state["tasks"]]


def work_within(job, worker):
    spent, note = 0, f"Stopped: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                spent += 1
                last = update["model"]["messages"][-1]
        note = last.text
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
# %% partial | equal shares of what is left; nothing to share: shares the whole budget
def share_out(state):
    share = state["budget"] // max(len(state["tasks"]), 1)
    if share == 0 or not state["tasks"]:
        return END
    return [Send("work", {"task": task, "share": share}) for task in state["tasks"]]


def work_within(job, worker):
    try:
        config = {"recursion_limit": job["share"] * 2}
        messages = worker.invoke({"messages": job["task"]}, config)["messages"]
    except GraphRecursionError:
        return {"notes": [f"{job['task']} - not finished"], "spent": job["share"]}
    return {"notes": [messages[-1].text], "spent": sum(m.type == "ai" for m in messages)}
# %% partial | a worker that gets done; a worker that is stopped: the limit is the share
def share_out(state):
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    try:
        messages = worker.invoke({"messages": job["task"]}, {"recursion_limit": job["share"]})
    except GraphRecursionError:
        return {"notes": [f"{job['task']} - not finished"], "spent": job["share"]}
    messages = messages["messages"]
    return {"notes": [messages[-1].text], "spent": sum(m.type == "ai" for m in messages)}
# %% partial | a worker that is stopped: one step too many
def share_out(state):
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    try:
        config = {"recursion_limit": job["share"] * 2 + 1}
        messages = worker.invoke({"messages": job["task"]}, config)["messages"]
    except GraphRecursionError:
        return {"notes": [f"{job['task']} - not finished"], "spent": job["share"]}
    return {"notes": [messages[-1].text], "spent": sum(m.type == "ai" for m in messages)}
# %% partial | a worker that is stopped: says nothing was spent
def share_out(state):
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    try:
        config = {"recursion_limit": job["share"] * 2}
        messages = worker.invoke({"messages": job["task"]}, config)["messages"]
    except GraphRecursionError:
        return {"notes": [f"{job['task']} - not finished"], "spent": 0}
    return {"notes": [messages[-1].text], "spent": sum(m.type == "ai" for m in messages)}
# %% partial | a worker that is stopped: lets the error out
def share_out(state):
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    config = {"recursion_limit": job["share"] * 2}
    messages = worker.invoke({"messages": job["task"]}, config)["messages"]
    return {"notes": [messages[-1].text], "spent": sum(m.type == "ai" for m in messages)}
# %% partial | a worker that gets done; a worker that is stopped; two workers side by side: counts the messages
def share_out(state):
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    spent, note = 0, f"Stopped: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            spent += 1
            last = next(iter(update.values()))["messages"][-1]
        note = last.text
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
# %% partial | a worker that is stopped: does not say what
def share_out(state):
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]


def work_within(job, worker):
    try:
        config = {"recursion_limit": job["share"] * 2}
        messages = worker.invoke({"messages": job["task"]}, config)["messages"]
    except GraphRecursionError:
        return {"notes": ["The budget is used up."], "spent": job["share"]}
    return {"notes": [messages[-1].text], "spent": sum(m.type == "ai" for m in messages)}
# %% partial | equal shares of what is left: a division with a rest
def share_out(state):
    tasks = state["tasks"]
    share = (state["budget"] - state["spent"]) / max(len(tasks), 1)
    if not tasks or share < 1:
        return END
    return [Send("work", {"task": task, "share": share}) for task in tasks]


def work_within(job, worker):
    try:
        config = {"recursion_limit": job["share"] * 2}
        messages = worker.invoke({"messages": job["task"]}, config)["messages"]
    except GraphRecursionError:
        return {"notes": [f"{job['task']} - not finished"], "spent": job["share"]}
    return {"notes": [messages[-1].text], "spent": sum(m.type == "ai" for m in messages)}
# %% passed: counts the tasks of the model
def share_out(state):
    left, tasks = state["budget"] - state["spent"], state["tasks"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": t, "share": left // len(tasks)}) for t in tasks]


def work_within(job, worker):
    asked, note = 0, f"Stopped in the middle of: {job['task']}"
    bounded = worker.with_config(recursion_limit=2 * job["share"])
    try:
        for part in bounded.stream({"messages": job["task"]}, stream_mode=["tasks", "values"], version="v2"):
            if part["type"] == "tasks":
                asked += part["data"]["name"] == "model" and "input" in part["data"]
            else:
                final = part["data"]["messages"][-1].text
        note = final
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": asked}
# %% partial | two workers side by side: counts what arrives at the model, from anybody
def share_out(state):
    left, tasks = state["budget"] - state["spent"], state["tasks"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": t, "share": left // len(tasks)}) for t in tasks]


def work_within(job, worker):
    before = len(model.requests)
    try:
        limit = {"recursion_limit": 2 * job["share"]}
        note = worker.invoke({"messages": job["task"]}, limit)["messages"][-1].text
    except GraphRecursionError:
        note = f"Stopped: {job['task']}"
    return {"notes": [note], "spent": len(model.requests) - before}
# %% partial | an error of the worker comes out: every error is a stop
def share_out(state):
    left, tasks = state["budget"] - state["spent"], state["tasks"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": t, "share": left // len(tasks)}) for t in tasks]


def work_within(job, worker):
    spent, note = 0, f"Stopped, not finished: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                spent, last = spent + 1, update["model"]["messages"][-1].text
        note = last
    except Exception:
        pass
    return {"notes": [note], "spent": spent}
# %% partial | a worker that gets done; a worker that is stopped: counts the calls of the tools
def share_out(state):
    left, tasks = state["budget"] - state["spent"], state["tasks"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": t, "share": left // len(tasks)}) for t in tasks]


def work_within(job, worker):
    spent, note = 0, f"Stopped, not finished: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                last = update["model"]["messages"][-1]
                spent += max(1, len(last.tool_calls))
        note = last.text
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
# %% partial | a worker that is stopped: the task, and no word that it was stopped
def share_out(state):
    left, tasks = state["budget"] - state["spent"], state["tasks"]
    if not tasks or left < len(tasks):
        return END
    return [Send("work", {"task": t, "share": left // len(tasks)}) for t in tasks]


def work_within(job, worker):
    spent, note = 0, job["task"]
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                spent, last = spent + 1, update["model"]["messages"][-1].text
        note = last
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
# %% partial | equal shares of what is left: takes the tasks out of the state
def share_out(state):
    left, count, sends = state["budget"] - state["spent"], len(state["tasks"]), []
    if left < count or not count:
        return END
    while state["tasks"]:
        sends.append(Send("work", {"task": state["tasks"].pop(0), "share": left // count}))
    return sends


def work_within(job, worker):
    spent, note = 0, f"Stopped, not finished: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                spent, last = spent + 1, update["model"]["messages"][-1].text
        note = last
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
# %% partial | an error of the worker: an error of a tool becomes a note
def share_out(state: Shared) -> list[Send] | str:
    tasks, left = state["tasks"], state["budget"] - state["spent"]
    if left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]
def work_within(job: dict, worker) -> dict:
    spent, note = 0, f"Stopped, not finished: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                spent += 1
                (last,) = update["model"]["messages"]
        note = last.text
    except (GraphRecursionError, ValueError):
        pass
    return {"notes": [note], "spent": spent}
# %% refused: eight tasks at most
def share_out(state: Shared) -> list[Send] | str:
    tasks, left = state["tasks"][:8], state["budget"] - state["spent"]
    if left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]
def work_within(job: dict, worker) -> dict:
    spent, note = 0, f"Stopped, not finished: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                spent += 1
                (last,) = update["model"]["messages"]
        note = last.text
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
# %% refused: the same task twice is one
def share_out(state: Shared) -> list[Send] | str:
    tasks, left = list(dict.fromkeys(state["tasks"])), state["budget"] - state["spent"]
    if left < len(tasks):
        return END
    return [Send("work", {"task": task, "share": left // len(tasks)}) for task in tasks]
def work_within(job: dict, worker) -> dict:
    spent, note = 0, f"Stopped, not finished: {job['task']}"
    try:
        for update in worker.stream({"messages": job["task"]}, {"recursion_limit": 2 * job["share"]}):
            if "model" in update:
                spent += 1
                (last,) = update["model"]["messages"]
        note = last.text
    except GraphRecursionError:
        pass
    return {"notes": [note], "spent": spent}
# %% partial | an error of the worker: Python's own recursion is a stop
def share_out(state: Shared) -> list[Send] | str:
    left = state["budget"] - state["spent"]
    if not state["tasks"] or left < len(state["tasks"]):
        return END
    share = left // len(state["tasks"])
    return [Send("work", {"task": task, "share": share}) for task in state["tasks"]]


def work_within(job: dict, worker) -> dict:
    messages = []
    limit = {"recursion_limit": 2 * job["share"]}
    try:
        for values in worker.stream({"messages": job["task"]}, limit, stream_mode="values"):
            messages = values["messages"]
        note = messages[-1].text
    except RecursionError:
        note = f"Stopped before the end: {job['task']}"
    return {"notes": [note], "spent": sum(m.type == "ai" for m in messages)}
# %% partial | an error of the worker: a stop by its words
def share_out(state: Shared) -> list[Send] | str:
    left = state["budget"] - state["spent"]
    if not state["tasks"] or left < len(state["tasks"]):
        return END
    share = left // len(state["tasks"])
    return [Send("work", {"task": task, "share": share}) for task in state["tasks"]]


def work_within(job: dict, worker) -> dict:
    messages = []
    limit = {"recursion_limit": 2 * job["share"]}
    try:
        for values in worker.stream({"messages": job["task"]}, limit, stream_mode="values"):
            messages = values["messages"]
        note = messages[-1].text
    except Exception as error:
        if "recursion" not in str(error).lower():
            raise
        note = f"Stopped before the end: {job['task']}"
    return {"notes": [note], "spent": sum(m.type == "ai" for m in messages)}
