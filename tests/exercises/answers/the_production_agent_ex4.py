# %% passed: one loop, the last model raises
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [
        ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS) for name in names
    ]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            down = getattr(error, "is_retryable", isinstance(error, ConnectionError))
            if llm is models[-1] or not down:
                raise
# %% passed: two tries, one after the other
def connect_two(seconds):
    first = ChatOpenAI(model=model.name, request_timeout=seconds, max_retries=1)
    return [first.bind_tools(TOOLS), ChatOpenAI(model="spare-model", request_timeout=seconds, max_retries=1).bind_tools(TOOLS)]


async def answer_from(ask, models, state):
    main, spare = models
    try:
        reply = await ask(main, state["messages"])
    except ConnectionError:
        reply = await ask(spare, state["messages"])
    except ModelError as error:
        if not error.is_retryable:
            raise
        reply = await ask(spare, state["messages"])
    return {"messages": [reply]}
# %% passed: there is one other model, so the loop ends
def connect_two(seconds: float) -> list:
    """Return the models, best first."""
    names = (model.name, "spare-model")
    llms = [ChatOpenAI(model=name, timeout=seconds, max_retries=1) for name in names]
    return [llm.bind_tools(TOOLS) for llm in llms]


async def answer_from(ask, models: list, state: State) -> dict:
    """Return {"messages": [the answer of the first model that has one]}."""
    *others, last = models
    for llm in others:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except (ModelError, ConnectionError) as error:
            if not getattr(error, "is_retryable", True):
                raise
        break
    return {"messages": [await ask(last, state["messages"])]}
# %% partial | retry; the next model for one that is down; the last model's error is raised; one more try for each: retries above the SDK's retries
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [
        ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS) for name in names
    ]


async def answer_from(ask, models, state):
    for llm in models:
        for attempt in range(3):
            try:
                return {"messages": [await ask(llm, state["messages"])]}
            except (ModelError, ConnectionError) as error:
                if not getattr(error, "is_retryable", True):
                    raise
                if llm is models[-1] and attempt == 2:
                    raise
# %% partial | fallback; any other error is raised; a wrong key is no reason to ask the spare: falls back on anything
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [
        ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS) for name in names
    ]


async def answer_from(ask, models, state):
    try:
        return {"messages": [await ask(models[0], state["messages"])]}
    except Exception:
        return {"messages": [await ask(models[1], state["messages"])]}
# %% partial | no model is waited for too long; timeouts: no timeout
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=name, max_retries=1).bind_tools(TOOLS) for name in names]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            down = getattr(error, "is_retryable", isinstance(error, ConnectionError))
            if llm is models[-1] or not down:
                raise
# %% partial | one more try for each: the default of the SDK
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=name, timeout=seconds).bind_tools(TOOLS) for name in names]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            down = getattr(error, "is_retryable", isinstance(error, ConnectionError))
            if llm is models[-1] or not down:
                raise
# %% partial | one more try for each: no retry at all, the spare does it
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [
        ChatOpenAI(model=name, timeout=seconds, max_retries=0).bind_tools(TOOLS) for name in names
    ]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            down = getattr(error, "is_retryable", isinstance(error, ConnectionError))
            if llm is models[-1] or not down:
                raise
# %% partial | two models, with tools: forgets the tools of the spare
def connect_two(seconds):
    main = ChatOpenAI(model=model.name, timeout=seconds, max_retries=1).bind_tools(TOOLS)
    return [main, ChatOpenAI(model="spare-model", timeout=seconds, max_retries=1)]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            down = getattr(error, "is_retryable", isinstance(error, ConnectionError))
            if llm is models[-1] or not down:
                raise
# %% partial | the next model for one that is down; the last model's error is raised; the spare for a torn answer: forgets the ConnectionError
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [
        ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS) for name in names
    ]


async def answer_from(ask, models, state):
    try:
        return {"messages": [await ask(models[0], state["messages"])]}
    except ModelError as error:
        if not error.is_retryable:
            raise
        return {"messages": [await ask(models[1], state["messages"])]}
# %% partial | two models, with tools; no model is waited for too long; fallback; one more try for each; the spare for a torn answer: one model
def connect_two(seconds):
    return [ChatOpenAI(model=model.name, timeout=seconds, max_retries=1).bind_tools(TOOLS)]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            down = getattr(error, "is_retryable", isinstance(error, ConnectionError))
            if llm is models[-1] or not down:
                raise
# %% passed: counts the failures
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=n, timeout=seconds, max_retries=1).bind_tools(TOOLS) for n in names]


async def answer_from(ask, models, state):
    failed = 0
    while True:
        try:
            return {"messages": [await ask(models[failed], state["messages"])], "failed": failed}
        except Exception as error:
            failed += 1
            down = isinstance(error, ConnectionError) or getattr(error, "is_retryable", False)
            if failed == len(models) or not down:
                raise
# %% partial | the last model's error is raised: the last error becomes an apology
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=n, timeout=seconds, max_retries=1).bind_tools(TOOLS) for n in names]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            if not (isinstance(error, ConnectionError) or getattr(error, "is_retryable", False)):
                raise
    return {"messages": [AIMessage("Sorry, no model answers.")]}
# %% partial | the next model for one that is down; the last model's error is raised: only 5xx is down
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=n, timeout=seconds, max_retries=1).bind_tools(TOOLS) for n in names]


async def answer_from(ask, models, state):
    *better, last = models
    for llm in better:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            if not (isinstance(error, ConnectionError) or getattr(error, "status_code", 0) >= 500):
                raise
    return {"messages": [await ask(last, state["messages"])]}
# %% refused: asks all at once
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=n, timeout=seconds, max_retries=1).bind_tools(TOOLS) for n in names]


async def answer_from(ask, models, state):
    asked = [ask(llm, state["messages"]) for llm in models]
    replies = await asyncio.gather(*asked, return_exceptions=True)
    for reply in replies:
        if not isinstance(reply, Exception):
            return {"messages": [reply]}
        if not (isinstance(reply, ConnectionError) or getattr(reply, "is_retryable", False)):
            raise reply
    raise replies[-1]
# %% partial | any other error is raised: a cancelled turn asks the next model
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=n, timeout=seconds, max_retries=1).bind_tools(TOOLS) for n in names]


async def answer_from(ask, models, state):
    for llm in models:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except BaseException as error:
            if llm is models[-1] or not getattr(error, "is_retryable", not isinstance(error, Exception) or isinstance(error, ConnectionError)):
                raise
# %% passed: two models, and none behind them
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=n, timeout=seconds, max_retries=1).bind_tools(TOOLS) for n in names]


async def answer_from(ask, models, state):
    try:
        return {"messages": [await ask(models[0], state["messages"])]}
    except (ModelError, ConnectionError) as error:
        if not getattr(error, "is_retryable", True) or len(models) < 2:
            raise
    return {"messages": [await ask(models[1], state["messages"])]}
# %% partial | no model is waited for too long: the spare may be silent for ever
def connect_two(seconds):
    first = ChatOpenAI(model=model.name, timeout=seconds, max_retries=1)
    spare = ChatOpenAI(model="spare-model", max_retries=1)
    return [llm.bind_tools(TOOLS) for llm in (first, spare)]


async def answer_from(ask, models, state):
    *better, last = models
    for llm in better:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            if not (isinstance(error, ConnectionError) or getattr(error, "is_retryable", False)):
                raise
    return {"messages": [await ask(last, state["messages"])]}
# %% partial | any other error is raised: the spare for bugs in our own code
def connect_two(seconds):
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=n, timeout=seconds, max_retries=1).bind_tools(TOOLS) for n in names]


async def answer_from(ask, models, state):
    *better, last = models
    for llm in better:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except Exception as error:
            if not getattr(error, "is_retryable", True):
                raise
    return {"messages": [await ask(last, state["messages"])]}
# %% partial | the next model for one that is down; the last model's error is raised: a model that was down goes to the end of the list
def connect_two(seconds):
    return [
        ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS)
        for name in (model.name, "spare-model")
    ]


async def answer_from(ask, models, state):
    for left in range(len(models) - 1, -1, -1):
        try:
            return {"messages": [await ask(models[0], state["messages"])]}
        except Exception as error:
            if not left or not getattr(error, "is_retryable", isinstance(error, ConnectionError)):
                raise
            models.append(models.pop(0))
# %% refused: remembers who was down
_down = set()
def connect_two(seconds: float) -> list:
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS) for name in names]
async def answer_from(ask, models: list, state: State) -> dict:
    *others, last = models
    if not _down:
      for llm in others:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except (ModelError, ConnectionError) as error:
            if not getattr(error, "is_retryable", True):
                raise
            _down.add(1)
    return {"messages": [await ask(last, state["messages"])]}
# %% refused: the last model's error is told in words
def connect_two(seconds: float) -> list:
    names = (model.name, "spare-model")
    return [ChatOpenAI(model=name, timeout=seconds, max_retries=1).bind_tools(TOOLS) for name in names]
async def answer_from(ask, models: list, state: State) -> dict:
    *others, last = models
    for llm in others:
        try:
            return {"messages": [await ask(llm, state["messages"])]}
        except (ModelError, ConnectionError) as error:
            if not getattr(error, "is_retryable", True):
                raise
    try:
        return {"messages": [await ask(last, state["messages"])]}
    except ConnectionError as error:
        return {"messages": [AIMessage("Sorry.")]}
# %% partial | no model is waited for too long: the seconds are for both tries together
def connect_two(seconds):
    names = (model.name, "spare-model")
    llms = [ChatOpenAI(model=name, timeout=seconds / 2, max_retries=1) for name in names]
    return [llm.bind_tools(TOOLS) for llm in llms]


async def answer_from(ask, models, state):
    first, spare = models
    try:
        return {"messages": [await ask(first, state["messages"])]}
    except (ModelError, ConnectionError) as error:
        if not getattr(error, "is_retryable", True):
            raise
    return {"messages": [await ask(spare, state["messages"])]}
# %% partial | two models, with tools: binds the harmless tools alone
def connect_two(seconds):
    names = (model.name, "spare-model")
    llms = [ChatOpenAI(model=name, timeout=seconds, max_retries=1) for name in names]
    return [llm.bind_tools([one for one in TOOLS if one.name not in RISKY]) for llm in llms]


async def answer_from(ask, models, state):
    first, spare = models
    try:
        return {"messages": [await ask(first, state["messages"])]}
    except (ModelError, ConnectionError) as error:
        if not getattr(error, "is_retryable", True):
            raise
    return {"messages": [await ask(spare, state["messages"])]}
# %% partial | two models, with tools: the spare may not pay
def connect_two(seconds):
    first = ChatOpenAI(model=model.name, timeout=seconds, max_retries=1)
    spare = ChatOpenAI(model="spare-model", timeout=seconds, max_retries=1)
    return [first.bind_tools(TOOLS), spare.bind_tools([track_parcel])]


async def answer_from(ask, models, state):
    first, spare = models
    try:
        return {"messages": [await ask(first, state["messages"])]}
    except (ModelError, ConnectionError) as error:
        if not getattr(error, "is_retryable", True):
            raise
    return {"messages": [await ask(spare, state["messages"])]}
