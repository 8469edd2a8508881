"""Faults: what can go wrong between a client and a model, played on request."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace

__all__ = ("WORDS", "Fault", "Faults", "Planned")

MAX_PAST = 20  # faults that are remembered after their last request

WORDS = {  # what a request meets, for `format(fault=...)`; how its client can tell
    "rate_limit": "status 429, too many requests",  # with Retry-After
    "quota": "status 429, the money is used up, waiting does not help",  # insufficient_quota
    "server_error": "status 500, the server broke",
    "overloaded": "status 503, too busy",
    "http": "status {fault.status}",
    "bad_key": "status 401, the key is wrong",
    "timeout": "{fault.wait:g} s of silence, then the answer",
    "slow": "{fault.wait:g} s to the first token, then slow tokens",  # and per_token
    "disconnect": "a connection that breaks after {fault.after} tokens",
    "truncate": "a stream that stops after {fault.after} tokens, as if it were whole",
    "garbage": "a stream that turns to garbage after {fault.after} tokens",
    "stall": "a stream that is silent for {fault.wait:g} s after {fault.after} tokens",
    "bad_arguments": "tool calls whose arguments are not JSON",
    "unknown_tool": "calls to a tool that does not exist",
    "wrong_types": "tool calls whose arguments have the wrong types",
    "length": "an answer cut after {fault.after} tokens, which says so",  # finish_reason
    "content_filter": "no text, because of a content filter",  # finish_reason
    "refusal": "a refusal in place of the answer",
    "empty": "an answer with no text at all",
}


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

    @property
    def wait(self) -> float:
        """Seconds of silence before or during the answer."""
        defaults = {"timeout": 30.0, "stall": 30.0, "slow": 2.0}
        if self.word not in defaults:
            return 0.0
        return defaults[self.word] if self.seconds is None else self.seconds


@dataclass
class Planned:
    """A fault, and the requests that meet it.

    Attributes:
        fault: The fault.
        left: How many requests still meet it; None: every one.
        met_by: The numbers of the requests that met it, as the log counts them.
        taken_back: Whether it was dropped before all of its requests came.
    """

    fault: Fault
    left: int | None
    met_by: list[int] = field(default_factory=list)
    taken_back: bool = False


class Faults:
    """A queue of faults; each request takes the first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Planned] = []
        self._past: deque[Planned] = deque(maxlen=MAX_PAST)

    def add(self, fault: Fault, times: int | None) -> None:
        """Queue a fault for a number of requests; None means every one from then on."""
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError(f"times is a number from 1, or None for every request, not {times!r}.")
        with self._lock:
            self._waiting.append(Planned(fault, times))

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, request: int = 0) -> Fault | None:
        """Return the fault for the next request, if there is one.

        Args:
            request: The request's number, as the log counts them.
        """
        with self._lock:
            if not self._waiting:
                return None
            first = self._waiting[0]
            first.met_by.append(request)
            if first.left == 1:
                self._past.append(self._waiting.pop(0))
            if first.left is not None:
                first.left -= 1
            return first.fault

    def take_back(self) -> None:
        """Drop the faults that still wait."""
        with self._lock:
            for planned in self._waiting:
                planned.taken_back = True
            self._past += self._waiting
            self._waiting = []

    def planned(self) -> list[Planned]:
        """Return copies of the last past faults and of those that wait, in their order."""
        with self._lock:
            return [
                replace(planned, met_by=list(planned.met_by))
                for planned in (*self._past, *self._waiting)
            ]
