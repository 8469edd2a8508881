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
# %% partial | retry; one more try: retries above the SDK's retries
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
# %% partial | fallback; a wrong key: falls back on anything
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
# %% partial | timeouts: no timeout
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
# %% partial | one more try: the default of the SDK
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
# %% partial | one more try: no retry at all, the spare does it
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
# %% partial | two models: forgets the tools of the spare
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
# %% partial | the spare for a torn answer: forgets the ConnectionError
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
# %% partial | two models; fallback; the spare for a torn; one more try: one model
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
