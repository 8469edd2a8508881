"""The log: the requests really received, and what the client did wrong.

The remarks a request can carry, each from what the server sees alone ("the same request" has the
same path, key and body):

* "retried before Retry-After (2 s) was over": the same request was told to wait, and did not;
* "repeated a request that was refused with 400": nothing about it could have changed;
* "retried after insufficient_quota, which no waiting cures";
* "sent the same request 3 times at once": two others of it still wait for their answer;
* "took a truncated answer for whole": it hands back, as the model's words, a text that broke off.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = ("Log", "Request")

MAX_REQUESTS = 10_000
MAX_BODY_BYTES = 16_000_000  # of all bodies together; beyond, the oldest are emptied
MIN_STORM_REQUESTS = 3  # copies of one request, waiting at the same moment
HOPELESS_STATUSES = (400, 401, 403, 404, 413, 422)  # a repeated request gets the same again


@dataclass(eq=False)
class Request:
    """One request.

    Attributes:
        method: The HTTP method.
        path: The path, such as /v1/chat/completions.
        raw: The body as it came; emptied when the log grows too large.
        key: The API key it came with.
        number: Its place among all requests, from 1.
        answered: Whether all of its answer has been given to the network, or nothing will be.
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
    raw: bytes = field(default=b"", repr=False)
    key: str = field(default="", repr=False)
    number: int = field(default=0, repr=False)
    answered: bool = field(default=False, repr=False)
    retry_count: int = 0
    at: float = field(default=0.0, repr=False)
    status: int = 0
    fault: str | None = None
    aborted: bool = False
    remarks: tuple[str, ...] = ()
    traceback: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        # Equal for two copies of the same request.
        self.same = hash((self.path, self.key, self.raw))
        self._done = threading.Event()

    @property
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

    def remark(self, sentence: str) -> None:
        """Note something the client did wrong."""
        self.remarks += (sentence,)

    def done(self) -> None:
        """Note that nothing more goes to the client."""
        self._done.set()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until the answer is out or the client has left; return False on a time-out.

        Until then `aborted` is not final: a server notices that the client left when it sends.
        """
        return self._done.wait(seconds)


class Refusal(NamedTuple):
    """How a request was refused, without the exception and the stack it would keep alive."""

    over: float
    retry_after: float
    status: int
    code: str | None

    def remark_on(self, request: Request) -> None:
        """Remark on the same request when it comes again."""
        if self.code == "insufficient_quota":
            request.remark("retried after insufficient_quota, which no waiting cures")
        elif self.status in HOPELESS_STATUSES:
            request.remark(f"repeated a request that was refused with {self.status}")
        if request.at < self.over and self.retry_after:
            request.remark(f"retried before Retry-After ({self.retry_after:g} s) was over")


class Log:
    """All requests, in the order they came.

    Attributes:
        count: How many came, those that are no longer kept included.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[Request] = deque(maxlen=MAX_REQUESTS)
        self.count = 0
        self._bytes = 0
        self._unanswered: Counter[int] = Counter()
        self._refusals: dict[int, Refusal] = {}  # the last of each request
        self._truncated: set[str] = set()

    def requests(self) -> list[Request]:
        """Return the requests so far."""
        with self._lock:
            return list(self._requests)

    def add(self, request: Request) -> None:
        """Add a new request, with remarks on how it was sent."""
        with self._lock:
            request.at = time.monotonic()
            self.count += 1
            request.number = self.count
            if len(self._requests) == MAX_REQUESTS:
                self._bytes -= len(self._requests[0].raw)
            self._requests.append(request)
            self._make_room(len(request.raw))
            same = request.same
            self._unanswered[same] += 1
            if self._unanswered[same] >= MIN_STORM_REQUESTS:
                request.remark(f"sent the same request {self._unanswered[same]} times at once")
            if same in self._refusals:
                self._refusals[same].remark_on(request)

    def _make_room(self, size: int) -> None:
        """Count a new body, and empty the oldest ones that are too much."""
        self._bytes += size
        for old in self._requests:
            if self._bytes <= MAX_BODY_BYTES:
                return
            if old.status:  # it is answered, so its body is no longer needed
                self._bytes -= len(old.raw)
                old.raw = b""

    def note_answer(self, request: Request, status: int) -> None:
        """Note that a request is about to get the answer it asked for."""
        request.status = status
        with self._lock:
            self._refusals.pop(request.same, None)

    def note_refusal(
        self, request: Request, status: int, code: str | None, wait: float | None
    ) -> None:
        """Note that a request is about to be refused.

        Args:
            request: The request.
            status: The HTTP status.
            code: The error's machine-readable name.
            wait: Seconds the client is told to wait.
        """
        request.status = status
        refusal = Refusal(time.monotonic() + (wait or 0.0), wait or 0.0, status, code)
        with self._lock:
            if len(self._refusals) > MAX_REQUESTS:
                self._refusals.clear()
            self._refusals[request.same] = refusal

    def note_last_bytes(self, request: Request) -> None:
        """Note that the end of an answer is about to go out: its client may ask again at once."""
        with self._lock:
            if request.answered:
                return
            request.answered = True
            self._unanswered[request.same] -= 1
            if self._unanswered[request.same] <= 0:
                del self._unanswered[request.same]

    def note_finished(self, request: Request) -> None:
        """Note that nothing more goes to this request's client."""
        self.note_last_bytes(request)
        request.done()

    def note_truncated(self, text: str) -> None:
        """Note a text that is about to break off without an error."""
        if text:
            self._truncated.add(text)

    def look_for_truncated(self, request: Request, texts: Iterable[str]) -> None:
        """Remark on a request that hands back a text that broke off.

        Args:
            request: The request.
            texts: What its assistant messages say.
        """
        if self._truncated and not self._truncated.isdisjoint(texts):
            request.remark("took a truncated answer for whole")
