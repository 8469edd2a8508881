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
# %% partial | a wrong request is raised; a wrong key is raised; KeyError is raised; AttributeError is raised: catches everything
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
# %% failed | the main model is overloaded; the main model's rate limit; a dropped connection; the quota is used up; both are down: asks the same model again
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request)
# %% failed | the main model is overloaded; the main model's rate limit; a dropped connection; the quota is used up; both are down: no fallback at all
def fall_back(request, handler):
    return handler(request)
# %% failed: always asks the spare
def fall_back(request, handler):
    return handler(request.override(model=spare))
# %% partial | the main model is overloaded; a dropped connection; both are down: only for rate limits
def fall_back(request, handler):
    try:
        return handler(request)
    except ModelRateLimitError:
        return handler(request.override(model=spare))
# %% partial | the main model is well; the main model is overloaded; the main model's rate limit; a dropped connection; the quota is used up: forgets to return
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
# %% failed | the main model is overloaded; the main model's rate limit; a dropped connection; the quota is used up; both are down: `override` does not change the request itself
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        request.override(model=spare)
        return handler(request)
# %% failed | the main model is overloaded; the main model's rate limit; a dropped connection; the quota is used up; both are down: asks the spare without the handler, and returns text
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return spare
# %% failed | the main model is overloaded; the main model's rate limit; a dropped connection; the quota is used up; both are down: the spare reads the customer's last words only
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        last = [m for m in request.messages if m.type == "human"][-1]
        return handler(request.override(model=spare, messages=[last]))
# %% failed | the main model is overloaded; the main model's rate limit; a dropped connection; the quota is used up; both are down: the spare gets no system prompt
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
# %% failed | overloaded; rate limit; a dropped connection; the quota; both are down: asks the spare itself, without the settings of the request
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        system = [request.system_message] if request.system_message else []
        return spare.bind_tools(request.tools).invoke([*system, *request.messages])
# %% failed | overloaded; rate limit; a dropped connection; the quota; both are down: a request of its own, with messages and tools alone
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request.override(model=spare, model_settings={}, tool_choice=None))
