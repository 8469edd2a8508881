"""One request in, one answer out: routes, keys, faults. Knows nothing of sockets."""

from __future__ import annotations

import json
import traceback

from lesson_model import chat
from lesson_model.answer import Answer
from lesson_model.decide import decide
from lesson_model.errors import ApiError, bad_key, invalid, unknown_url
from lesson_model.faults import spoil
from lesson_model.log import Request
from lesson_model.tokens import reply_tokens

__all__ = ("answer",)

HEADERS = {
    "openai-organization": "org-lesson",
    "openai-processing-ms": "7",
    "openai-version": "2020-10-01",
    "x-ratelimit-limit-requests": "5000",
    "x-ratelimit-remaining-requests": "4999",
    "x-ratelimit-reset-requests": "12ms",
    "x-ratelimit-limit-tokens": "450000",
    "x-ratelimit-remaining-tokens": "449900",
    "x-ratelimit-reset-tokens": "13ms",
}


def answer(request: Request, model, state, problem: ApiError | None = None) -> Answer:
    """Answer a request; whatever goes wrong is an answer too.

    Args:
        request: The request.
        model: The lesson model, for the control requests of child processes.
        state: The state the request came to.
        problem: What kept the request from being read.
    """
    state.log.add(request)
    stamp, wait = state.ids.stamp(request.path.encode() + request.raw), None
    try:
        if problem:
            raise problem
        result = routed(request, state)
    except ApiError as error:
        wait = error.retry_after
        result = Answer(error.status, error.body(), error.headers)
    except Exception as error:
        request.traceback = traceback.format_exc()
        message = (
            f"The lesson model itself broke ({type(error).__name__}: {error}). Your request may "
            "well be right: please report it with the traceback in model.requests[-1].traceback."
        )
        result = Answer(500, ApiError(500, message, "lesson_model_error").body())
    result.headers = {"x-request-id": f"req_{stamp}", **HEADERS, **result.headers}
    state.log.answered(request, result.status, wait)
    return result


def routed(request: Request, state) -> Answer:
    """Answer a request that is right; anything else raises an ApiError."""
    if not request.key.startswith("sk-"):
        raise bad_key(request.key)
    if request.path != "/v1/chat/completions":
        raise unknown_url(request.method, request.path)
    body = parsed(request.raw)
    fault = state.faults.take()
    if fault:
        request.fault = fault.word
        if error := fault.error(str(body.get("model"))):
            raise error
    reply = decide(body, state.rules)
    if fault:
        reply = spoil(reply, fault)
    reply = chat.finished(reply, body)
    stamp = state.ids.stamp(json.dumps([body["model"], body["messages"]]).encode())
    word = chat.stream if body.get("stream") else chat.completion
    return Answer(200, word(reply, body, stamp), tokens=reply_tokens(reply), fault=fault)


def parsed(raw: bytes) -> dict:
    """Return the JSON object a body holds."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise invalid(
            "We could not parse the JSON body of your request. (HINT: This likely means you "
            "aren't using your HTTP library correctly. The OpenAI API expects a JSON payload, "
            "but what was sent was not valid JSON.)"
        )
    return body
