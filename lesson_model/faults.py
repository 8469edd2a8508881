"""Faults: what can go wrong between a client and a model, played on request."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass, field, replace

__all__ = ("WORDS", "Fault", "Faults", "Planned")

MAX_PAST = 20  # faults that are remembered after their last request

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
