"""Clocks for checks that need not wait as long as an answer does."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from course_utils.time_limit import TimeUp
from exercises.core.stub import functions_of

__all__ = ("movable_clock", "skip_waits")

CLOCKS = ("sleep", "monotonic", "time", "perf_counter")
CLOCKS += ("monotonic_ns", "time_ns", "perf_counter_ns")
_hours = itertools.count(1)


@contextlib.contextmanager
def skip_waits(answer: Any) -> Iterator[list[float]]:
    """Let `time.sleep` return at once; the clocks of `time` go on by such waits, and not else.

    Each use begins an hour after the one before, so a time that an answer keeps from one question
    for the next is long past.

    Yields the seconds slept so far, one number a sleep of `answer`, a function of the student's
    (`from time import sleep` in its notebook counts, too).
    """
    slept: list[float] = []
    ahead = 3600.0 * next(_hours)
    # A kernel has threads that sleep in a loop: let them.
    others = {thread.ident for thread in threading.enumerate()} - {threading.get_ident()}
    real = {name: getattr(time, name) for name in CLOCKS}

    def sleep(seconds: float) -> None:
        if threading.get_ident() in others:
            return real["sleep"](seconds)
        real["sleep"](min(seconds, 0))  # refuses what cannot be slept
        slept.append(float(seconds))
        if len(slept) > 200 or sum(slept) > 3600:
            raise TimeUp  # it would never end

    def later(start: float) -> Callable[[], float]:
        return lambda: start + ahead + sum(slept)

    def later_ns(start: int) -> Callable[[], int]:
        return lambda: start + int((ahead + sum(slept)) * 1e9)

    def wait(event: threading.Event, timeout: float | None = None) -> bool:
        if timeout is None or event.is_set() or threading.get_ident() in others:
            return real_wait(event, timeout)
        sleep(timeout)  # nobody will set it
        return event.is_set()

    class Now(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime.datetime:
            return real_datetime.now(tz) + datetime.timedelta(seconds=ahead + sum(slept))

        @classmethod
        def utcnow(cls) -> datetime.datetime:
            return real_datetime.utcnow() + datetime.timedelta(seconds=ahead + sum(slept))

    real_wait, real_datetime = threading.Event.wait, datetime.datetime
    skipping: dict[str, Any] = {"sleep": sleep}
    for name, clock in real.items():
        if name != "sleep":
            skipping[name] = (later_ns if name.endswith("_ns") else later)(clock())
    try:
        threading.Event.wait = wait
        with _replaced(answer, {**skipping, "datetime": Now}):
            yield slept
    finally:
        threading.Event.wait = real_wait


@contextlib.contextmanager
def movable_clock(answer: Any, stands: bool = False) -> Iterator[Callable[[float], None]]:
    """Yield a function that moves the clocks of `time` and `datetime` forward by seconds.

    Nothing waits; `answer` sees the clocks where it has imported one by name, too.

    Args:
        answer: The student's.
        stands: Whether the clocks stand until they are moved; else they go on by themselves.
    """
    ahead = [0.0]
    moved: dict[str, Any] = {}

    def ahead_of(clock: Callable[[], float]) -> Callable[[], float]:
        start = clock()
        return lambda: (start if stands else clock()) + ahead[0]

    def ahead_of_ns(clock: Callable[[], int]) -> Callable[[], int]:
        start = clock()
        return lambda: (start if stands else clock()) + int(ahead[0] * 1e9)

    for name in CLOCKS[1:]:
        moved[name] = (ahead_of_ns if name.endswith("_ns") else ahead_of)(getattr(time, name))
    real_datetime = datetime.datetime
    began = real_datetime.now(datetime.UTC)

    class Now(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime.datetime:
            now = began if stands else real_datetime.now(datetime.UTC)
            local = now.astimezone(tz) if tz else now.astimezone().replace(tzinfo=None)
            return local + datetime.timedelta(seconds=ahead[0])

    def move(seconds: float) -> None:
        ahead[0] += seconds

    with _replaced(answer, {**moved, "datetime": Now}):
        yield move


@contextlib.contextmanager
def _replaced(answer: Any, clocks: dict[str, Any]) -> Iterator[None]:
    """Put clocks in place of those of `time` and of `datetime.datetime` for a while."""
    known_as = {id(getattr(time, name)): clock for name, clock in clocks.items() if name in CLOCKS}
    known_as[id(datetime.datetime)] = clocks["datetime"]
    spaces = [
        vars(time),
        vars(datetime),
        *(function.__globals__ for function in functions_of(answer)),
    ]
    swapped = [
        (space, name, value)
        for space in spaces
        for name, value in list(space.items())
        if id(value) in known_as
    ]
    try:
        for space, name, value in swapped:
            space[name] = known_as[id(value)]
        yield
    finally:
        for space, name, value in swapped:
            space[name] = value
