"""Faults: what can go wrong between a client and a model, played on request."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from lesson_model.api.errors import ApiError, bad_key
from lesson_model.api.tokens import arguments_text, tokens
from lesson_model.behaviour.reply import Call, Reply

__all__ = ("WORDS", "Fault", "Faults", "spoil")

WORDS = {
    "rate_limit": "429 with Retry-After",
    "quota": "429 insufficient_quota: no waiting helps",
    "server_error": "500",
    "overloaded": "503",
    "http": "the status you name",
    "bad_key": "401",
    "timeout": "no answer for `seconds`",
    "slow": "`seconds` to the first token, `per_token` between tokens",
    "disconnect": "the connection breaks after `after` tokens",
    "truncate": "a stream ends early, as if it were whole, after `after` tokens",
    "garbage": "a frame that is not JSON after `after` tokens",
    "stall": "silence of `seconds` after `after` tokens",
    "bad_arguments": "tool calls whose arguments are not JSON",
    "unknown_tool": "calls to a tool that does not exist",
    "wrong_types": "tool calls whose arguments have the wrong types",
    "length": "cut after `after` tokens, finish_reason length",
    "content_filter": "no text, finish_reason content_filter",
    "refusal": "a refusal in place of the text",
    "empty": "an answer with no text at all",
}
BROKEN = "The server had an error while processing your request. Sorry about that!"


@dataclass(frozen=True)
class Fault:
    """One fault, as `model.fail` describes it. Times are in seconds."""

    word: str
    retry_after: float | None = None
    status: int | None = None
    after: int = 3
    seconds: float | None = None
    per_token: float | None = None

    def __post_init__(self) -> None:
        if self.word not in WORDS:
            raise ValueError(f"There is no fault {self.word!r}. Choose one of: {', '.join(WORDS)}.")
        if self.word == "http" and self.status is None:
            raise ValueError("The fault 'http' needs a status: model.fail('http', status=409).")
        if self.status is not None and not 400 <= self.status <= 599:
            raise ValueError(f"status is an HTTP error, 400 to 599, not {self.status!r}.")
        for name in ("retry_after", "after", "seconds", "per_token"):
            if (value := getattr(self, name)) is not None and value < 0:
                raise ValueError(f"{name} is a number from 0, not {value!r}.")

    def error(self, name: str) -> ApiError | None:
        """Return the error to answer a request for the model `name` with, if it is one."""
        wait = self.retry_after
        if self.word == "rate_limit":
            return rate_limit(name, wait)
        if self.word == "quota":
            message = (
                "You exceeded your current quota, please check your plan and billing details. For "
                "more information on this error, read the docs: "
                "https://platform.openai.com/docs/guides/error-codes/api-errors."
            )
            return ApiError(429, message, "insufficient_quota", None, "insufficient_quota", wait)
        if self.word == "bad_key":
            return bad_key("sk-lesson")
        if self.word == "overloaded":
            message = "The engine is currently overloaded, please try again later"
            return ApiError(
                self.status or 503, message, "service_unavailable_error", None, None, wait
            )
        if self.word in ("server_error", "http"):
            return http_error(self.status or 500, name, wait)
        return None

    @property
    def wait(self) -> float:
        """Seconds of silence this fault brings."""
        defaults = {"timeout": 30.0, "stall": 30.0, "slow": 2.0}
        if self.word not in defaults:
            return 0.0
        return defaults[self.word] if self.seconds is None else self.seconds


def rate_limit(name: str, wait: float | None) -> ApiError:
    """Return the 429 that says when to come back."""
    reset = f"{20 if wait is None else wait:g}s"
    message = (
        f"Rate limit reached for {name} in organization org-lesson on requests per min (RPM): "
        f"Limit 3, Used 3, Requested 1. Please try again in {reset}. "
        "Visit https://platform.openai.com/account/rate-limits to learn more."
    )
    used_up = {
        "x-ratelimit-limit-requests": "3",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": reset,
    }
    return ApiError(429, message, "requests", None, "rate_limit_exceeded", wait, used_up)


def http_error(status: int, name: str, wait: float | None) -> ApiError:
    """Return the error a bare HTTP status stands for."""
    if status == 401:
        return bad_key("sk-lesson")
    if status == 429:
        return rate_limit(name, wait)
    if status >= 500:
        return ApiError(status, BROKEN, "server_error", retry_after=wait)
    if status == 404:
        message = f"The model `{name}` does not exist or you do not have access to it."
        return ApiError(404, message, code="model_not_found", retry_after=wait)
    message = f"The lesson model was told to answer {status}."
    return ApiError(status, message, retry_after=wait)


class Faults:
    """The faults to come, first in, first out; each request takes one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[list] = []  # [fault, how often it is still to come; None: for ever]

    def add(self, fault: Fault, times: int | None) -> None:
        """Queue a fault for so many requests; None: for every one from then on."""
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError(f"times is a number from 1, or None for ever, not {times!r}.")
        with self._lock:
            self._queue.append([fault, times])

    def __len__(self) -> int:
        return len(self._queue)

    def take(self) -> Fault | None:
        """Return the fault for the next request, if there is one."""
        with self._lock:
            if not self._queue:
                return None
            fault, times = self._queue[0]
            if times == 1:
                self._queue.pop(0)
            elif times is not None:
                self._queue[0][1] -= 1
            return fault


def spoil(reply: Reply, fault: Fault) -> Reply:
    """Return a reply as it is when the model itself goes wrong."""
    word, calls = fault.word, reply.calls
    if word == "bad_arguments":
        broken = (Call(call.name, arguments_text(call.arguments)[:-1] + ", oops") for call in calls)
        return replace(reply, calls=tuple(broken))
    if word == "unknown_tool":
        return replace(reply, calls=tuple(Call("no_such_tool", call.arguments) for call in calls))
    if word == "wrong_types":
        return replace(
            reply, calls=tuple(Call(call.name, listed(call.arguments)) for call in calls)
        )
    if word == "length":
        return Reply("".join(tokens(reply.text)[: fault.after]), finish="length")
    if word == "content_filter":
        return Reply(finish="content_filter")
    if word == "refusal":
        return Reply(refusal="I'm sorry, I can't assist with that request.")
    return Reply() if word == "empty" else reply


def listed(arguments: dict | str) -> dict | str:
    """Put each argument into a list, which no scalar type takes."""
    if isinstance(arguments, str):
        return arguments
    return {name: [value] for name, value in arguments.items()}
