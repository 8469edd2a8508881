"""The log: the requests really received, and what the client did wrong."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from dataclasses import dataclass
from functools import cached_property

__all__ = ("Log", "Request")

KEPT_REQUESTS = 10_000
KEPT_BYTES = 16_000_000  # of bodies; the oldest are let go first
STORM = 3  # so many identical requests at once are one
NOT_WORTH_REPEATING = (400, 401, 403, 404, 413, 422)


@dataclass(eq=False)
class Request:
    """One request.

    Attributes:
        method: The HTTP method.
        path: The path, such as /v1/chat/completions.
        raw: The body as it came; emptied when the log grows too large.
        key: The API key it came with.
        retry_count: How many attempts the SDK says came before this one.
        at: When it came, in seconds of `time.monotonic`.
        status: The status of the answer; 0 while there is none.
        fault: The fault it met, if any.
        aborted: Whether the client left before it had the whole answer.
        remarks: What the client did wrong, one sentence each.
        traceback: Where the lesson model itself broke; never sent to the client.
    """

    method: str
    path: str
    raw: bytes = b""
    key: str = ""
    retry_count: int = 0
    at: float = 0.0
    status: int = 0
    fault: str | None = None
    aborted: bool = False
    remarks: tuple[str, ...] = ()
    traceback: str = ""

    @cached_property
    def body(self) -> dict:
        """The parsed body; empty if it is not a JSON object."""
        try:
            body = json.loads(self.raw)
        except (ValueError, RecursionError):
            return {}
        return body if isinstance(body, dict) else {}

    @property
    def stream(self) -> bool:
        """Whether a stream was asked for."""
        return self.body.get("stream") is True


class Log:
    """All requests, in the order they came."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)

    def requests(self) -> list[Request]:
        """Return the requests so far."""
        with self._lock:
            return list(self._requests)

    def add(self, request: Request) -> None:
        """Note a request that has come."""
        with self._lock:
            request.at = time.monotonic()
            self._requests.append(request)

    def answered(self, request: Request, status: int, retry_after: float | None = None) -> None:
        """Note how a request is about to be answered."""
        request.status = status

    def done(self, request: Request) -> None:
        """Note that nothing more goes to this request's client."""
