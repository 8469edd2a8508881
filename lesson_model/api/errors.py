"""The errors an API answers with: status, body and headers as the real one words them."""

from __future__ import annotations

import json

__all__ = (
    "ApiError",
    "bad_key",
    "dangling",
    "invalid",
    "too_long",
    "unknown_parameter",
    "unknown_url",
    "unrecognized",
)

KEYS_PAGE = "https://platform.openai.com/account/api-keys"


class ApiError(Exception):
    """An answer that is an error.

    Args:
        status: The HTTP status.
        message: The sentence a reader sees.
        kind: The error's `type`.
        param: The part of the request at fault.
        code: The error's machine-readable name.
        retry_after: Seconds a client is told to wait; None tells it nothing.
        headers: More headers of the answer.
    """

    def __init__(
        self,
        status: int,
        message: str,
        kind: str = "invalid_request_error",
        param: str | None = None,
        code: str | None = None,
        retry_after: float | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.kind = status, message, kind
        self.param, self.code, self.retry_after = param, code, retry_after
        self.headers = dict(headers or {})
        if retry_after is not None:
            # Fractions of a second are outside the standard, but keep lessons quick.
            self.headers["retry-after"] = f"{retry_after:g}"
            self.headers["retry-after-ms"] = f"{retry_after * 1000:g}"

    def body(self) -> bytes:
        """Return the JSON body."""
        fields = {"message": self.message, "type": self.kind, "param": self.param}
        return json.dumps({"error": {**fields, "code": self.code}}).encode()


def invalid(message: str, param: str | None = None, code: str | None = None) -> ApiError:
    """Return a 400 for a request that cannot be answered."""
    return ApiError(400, message, param=param, code=code)


def unrecognized(name: str) -> ApiError:
    """Return the 400 for an unknown argument, in the words of chat completions."""
    return invalid(f"Unrecognized request argument supplied: {name}")


def unknown_parameter(name: str) -> ApiError:
    """Return the 400 for an unknown field, in the words of newer endpoints."""
    return invalid(f"Unknown parameter: '{name}'.", name, "unknown_parameter")


def bad_key(key: str) -> ApiError:
    """Return the 401 for a missing (empty) or unknown key, which is masked."""
    if not key:
        return ApiError(
            401,
            "You didn't provide an API key. You need to provide your API key in an Authorization "
            "header using Bearer auth (i.e. Authorization: Bearer YOUR_KEY). You can obtain an "
            f"API key from {KEYS_PAGE}.",
        )
    masked = key if len(key) < 13 else key[:8] + "*" * (len(key) - 12) + key[-4:]
    message = f"Incorrect API key provided: {masked}. You can find your API key at {KEYS_PAGE}."
    return ApiError(401, message, code="invalid_api_key")


def dangling(ids: list[str], param: str) -> ApiError:
    """Return the 400 for tool calls that no tool message answers."""
    return invalid(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to "
        "each 'tool_call_id'. The following tool_call_ids did not have response messages: "
        + ", ".join(ids),
        param,
    )


def too_long(limit: int, used: int) -> ApiError:
    """Return the 400 for more prompt tokens than the context window holds."""
    return invalid(
        f"This model's maximum context length is {limit} tokens. However, your messages resulted "
        f"in {used} tokens. Please reduce the length of the messages.",
        "messages",
        "context_length_exceeded",
    )


def unknown_url(method: str, path: str) -> ApiError:
    """Return the 404 for a path that is not served."""
    return ApiError(
        404,
        f"Unknown request URL: {method} {path}. Please check the URL for typos, or see the docs "
        "at https://platform.openai.com/docs/api-reference/.",
        code="unknown_url",
    )
