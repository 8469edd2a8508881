"""What an injected fault makes of an answer: an error in its place, or a spoilt reply."""

from __future__ import annotations

from dataclasses import replace

from lesson_model.api.errors import ApiError, bad_key
from lesson_model.api.tokens import arguments_text, tokenize
from lesson_model.faults import Fault
from lesson_model.reply import Call, Reply

__all__ = ("error_for", "spoil")

BROKEN = "The server had an error while processing your request. Sorry about that!"


def error_for(fault: Fault, model: str) -> ApiError | None:
    """Return the error a fault answers a request with, or None if it is no error.

    Args:
        fault: The fault.
        model: The model the request asks for.
    """
    wait = fault.retry_after
    if fault.word == "rate_limit":
        return rate_limit(model, wait)
    if fault.word == "quota":
        message = (
            "You exceeded your current quota, please check your plan and billing details. For "
            "more information on this error, read the docs: "
            "https://platform.openai.com/docs/guides/error-codes/api-errors."
        )
        return ApiError(429, message, "insufficient_quota", None, "insufficient_quota", wait)
    if fault.word == "bad_key":
        return bad_key("sk-lesson")
    if fault.word == "overloaded":
        message = "The engine is currently overloaded, please try again later"
        status = fault.status or 503
        return ApiError(status, message, "service_unavailable_error", None, None, wait)
    if fault.word in ("server_error", "http"):
        return http_error(fault.status or 500, model, wait)
    return None


def rate_limit(model: str, wait: float | None) -> ApiError:
    """Return the 429 that tells the client to wait."""
    reset = f"{20 if wait is None else wait:g}s"
    message = (
        f"Rate limit reached for {model} in organization org-lesson on requests per min (RPM): "
        f"Limit 3, Used 3, Requested 1. Please try again in {reset}. "
        "Visit https://platform.openai.com/account/rate-limits to learn more."
    )
    headers = {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": reset,
    }
    return ApiError(429, message, "requests", None, "rate_limit_exceeded", wait, headers)


def http_error(status: int, model: str, wait: float | None) -> ApiError:
    """Return the error for a bare HTTP status."""
    if status == 401:
        return bad_key("sk-lesson")
    if status == 429:
        return rate_limit(model, wait)
    if status >= 500:
        return ApiError(status, BROKEN, "server_error", retry_after=wait)
    if status == 404:
        message = f"The model `{model}` does not exist or you do not have access to it."
        return ApiError(404, message, code="model_not_found", retry_after=wait)
    message = f"The lesson model was told to answer {status}."
    return ApiError(status, message, retry_after=wait)


def spoil(reply: Reply, fault: Fault) -> Reply:
    """Return a reply as the model gives it when the model itself goes wrong."""
    word = fault.word
    if word == "length":
        return Reply("".join(tokenize(reply.text)[: fault.after]), finish="length")
    if word == "content_filter":
        return Reply(finish="content_filter")
    if word == "refusal":
        return Reply(refusal="I'm sorry, I can't assist with that request.")
    if word == "empty":
        return Reply()
    if word == "bad_arguments":
        calls = [Call(c.name, arguments_text(c.arguments)[:-1] + ", oops") for c in reply.calls]
    elif word == "unknown_tool":
        calls = [Call("no_such_tool", c.arguments) for c in reply.calls]
    elif word == "wrong_types":  # no scalar type accepts a list
        calls = [Call(c.name, {k: [v] for k, v in c.arguments.items()}) for c in reply.calls]
    else:
        return reply
    return replace(reply, calls=tuple(calls))
