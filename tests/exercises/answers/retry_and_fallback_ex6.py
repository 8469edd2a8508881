# %% passed: asks the function
def fall_back(request, handler):
    try:
        return handler(request)
    except Exception as error:
        if not is_transient(error) and getattr(error, "code", None) != "insufficient_quota":
            raise
    return handler(request.override(model=spare))
# %% passed: asks `is_retryable`
def fall_back(request, handler):
    try:
        return handler(request)
    except Exception as error:
        if getattr(error, "is_retryable", False):
            return handler(request.override(model=spare))
        raise
# %% passed: in a loop
def fall_back(request, handler):
    for llm in (request.model, spare):
        try:
            return handler(request.override(model=llm))
        except TRANSIENT as error:
            last = error
    raise last
# %% failed | a wrong request is raised; a wrong key is raised; KeyError is raised; AttributeError is raised: catches everything
def fall_back(request, handler):
    try:
        return handler(request)
    except Exception:
        return handler(request.override(model=spare))
# %% partial | the quota is used up: a used-up quota is not transient
def fall_back(request, handler):
    try:
        return handler(request)
    except Exception as error:
        if not is_transient(error):
            raise
        return handler(request.override(model=spare))
# %% failed | overloaded; rate limit; a dropped connection; nothing in time; the quota; both are down; the same request: asks the same model again
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request)
# %% failed | overloaded; rate limit; a dropped connection; nothing in time; the quota; both are down; the same request: no fallback at all
def fall_back(request, handler):
    return handler(request)
# %% failed: always asks the spare
def fall_back(request, handler):
    return handler(request.override(model=spare))
# %% partial | overloaded; a dropped connection; nothing in time; both are down: only for rate limits
def fall_back(request, handler):
    try:
        return handler(request)
    except ModelRateLimitError:
        return handler(request.override(model=spare))
# %% partial | the main model is well; overloaded; rate limit; a dropped connection; nothing in time; the quota is used up: forgets to return
def fall_back(request, handler):
    try:
        handler(request)
    except TRANSIENT:
        handler(request.override(model=spare))
# %% partial | both are down: swallows the spare's failure
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        pass
    try:
        return handler(request.override(model=spare))
    except TRANSIENT:
        return AIMessage("Sorry, nobody answers.")
# %% failed | overloaded; rate limit; a dropped connection; nothing in time; the quota; both are down; the same request: `override` does not change the request itself
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        request.override(model=spare)
        return handler(request)
# %% failed | overloaded; rate limit; a dropped connection; nothing in time; the quota; both are down; the same request: asks the spare without the handler, and returns text
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return spare
# %% partial | the same request: the spare reads the customer's last words only
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        last = [m for m in request.messages if m.type == "human"][-1]
        return handler(request.override(model=spare, messages=[last]))
# %% partial | the same request: the spare gets no system prompt
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request.override(model=spare, system_message=None))
# %% refused: the spare stays once it was asked
_down = []
def fall_back(request, handler):
    if _down:
        return handler(request.override(model=spare))
    try:
        return handler(request)
    except TRANSIENT:
        _down.append(1)
        return handler(request.override(model=spare))
# %% refused: an apology when both are down
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        try:
            return handler(request.override(model=spare))
        except TRANSIENT:
            return AIMessage("Sorry.")
# %% refused: without the system prompt
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request.override(model=spare, system_message=None))
# %% refused: a bug is asked of the spare as well
def fall_back(request, handler):
    try:
        return handler(request)
    except (*TRANSIENT, LookupError):
        return handler(request.override(model=spare))
# %% passed: decorated at once
from langchain.agents.middleware import wrap_model_call

@wrap_model_call
def fall_back(request, handler):
    try:
        return handler(request)
    except Exception as error:
        if is_transient(error) or getattr(error, "code", "") == "insufficient_quota":
            return handler(request.override(model=spare))
        raise
# %% partial | the same request: asks the spare itself, without the settings of the request
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        system = [request.system_message] if request.system_message else []
        return spare.bind_tools(request.tools).invoke([*system, *request.messages])
# %% partial | the same request: a request of its own, with messages and tools alone
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request.override(model=spare, model_settings={}, tool_choice=None))
# %% partial | nothing in time: forgets one of the classes
def fall_back(request, handler):
    try:
        return handler(request)
    except (ModelConnectionError, ModelRateLimitError, ModelAPIError):
        return handler(request.override(model=spare))
# %% partial | overloaded; rate limit; a dropped connection; the quota; both are down: only when nothing is said in time
def fall_back(request, handler):
    try:
        return handler(request)
    except ModelTimeoutError:
        return handler(request.override(model=spare))
# %% failed | a wrong request is raised; a wrong key is raised; KeyError is raised; AttributeError is raised: LangChain's own, which falls back on any error
def fall_back(request, handler):
    return ModelFallbackMiddleware(spare).wrap_model_call(request, handler)
