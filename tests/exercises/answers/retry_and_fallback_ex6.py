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
# %% partial | a wrong request; a wrong key: catches everything
def fall_back(request, handler):
    try:
        return handler(request)
    except Exception:
        return handler(request.override(model=spare))
# %% partial | quota: a used-up quota is not transient
def fall_back(request, handler):
    try:
        return handler(request)
    except Exception as error:
        if not is_transient(error):
            raise
        return handler(request.override(model=spare))
# %% partial | overloaded; rate limit; dropped; quota; both: asks the same model again
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return handler(request)
# %% partial | overloaded; rate limit; dropped; quota; both: no fallback at all
def fall_back(request, handler):
    return handler(request)
# %% failed: always asks the spare
def fall_back(request, handler):
    return handler(request.override(model=spare))
# %% partial | overloaded; dropped; both: only for rate limits
def fall_back(request, handler):
    try:
        return handler(request)
    except ModelRateLimitError:
        return handler(request.override(model=spare))
# %% partial | is well; overloaded; rate limit; dropped; quota: forgets to return
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
# %% partial | overloaded; rate limit; dropped; quota; both: `override` does not change the request itself
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        request.override(model=spare)
        return handler(request)
# %% partial | overloaded; rate limit; dropped; quota; both: asks the spare without the handler, and returns text
def fall_back(request, handler):
    try:
        return handler(request)
    except TRANSIENT:
        return spare
