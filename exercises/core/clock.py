"""Clocks for checks that need not wait as long as an answer does."""

from __future__ import annotations

import contextlib
import datetime
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

from exercises.core.functions import functions_of
from exercises.core.time_limit import TimeUp

__all__ = ("movable_clock", "skip_waits")

CLOCKS = (time.monotonic, time.time, time.perf_counter)
CLOCKS_NS = (time.monotonic_ns, time.time_ns, time.perf_counter_ns)
_hours = itertools.count(1)


@contextlib.contextmanager
def skip_waits(answer: Any) -> Iterator[list[float]]:
    """Let `time.sleep` return at once; the clocks go on by such waits, and not else.

    Each use begins an hour after the one before, so a time that an answer keeps from one question
    for the next is long past.

    Yields the seconds slept so far, one number a sleep of `answer`, a function of the student's
    (`from time import sleep` in its notebook counts, too).
    """
    slept: list[float] = []
    # A kernel has threads that sleep in a loop: let them.
    # The threads themselves: a new one may get the number of one that has ended.
    others = set(threading.enumerate()) - {threading.current_thread()}
    real_sleep, real_wait = time.sleep, threading.Event.wait
    with movable_clock(answer, stands=True) as move:
        move(3600.0 * next(_hours))

        def sleep(seconds: float) -> None:
            if threading.current_thread() in others:
                return real_sleep(seconds)
            real_sleep(min(seconds, 0))  # refuses what cannot be slept
            slept.append(float(seconds))
            move(seconds)
            if len(slept) > 200 or sum(slept) > 3600:
                raise TimeUp  # it would never end

        def wait(event: threading.Event, timeout: float | None = None) -> bool:
            if timeout is None or event.is_set() or threading.current_thread() in others:
                return real_wait(event, timeout)
            sleep(timeout)  # nobody will set it
            return event.is_set()

        with (
            mock.patch.object(threading.Event, "wait", wait),
            _replaced(answer, [(real_sleep, sleep)]),
        ):
            yield slept


@contextlib.contextmanager
def movable_clock(answer: Any, stands: bool = False) -> Iterator[Callable[[float], None]]:
    """Yield a function that moves the clocks of `time` and `datetime` forward by seconds.

    Nothing waits; `answer` sees the clocks where it has imported one by name, too.

    Args:
        answer: The student's.
        stands: Whether the clocks stand until they are moved; else they go on by themselves.
    """
    moves: list[float] = []

    def ahead_of(clock: Callable[[], float]) -> Callable[[], float]:
        start = clock()
        return lambda: (start if stands else clock()) + sum(moves)

    def ahead_of_ns(clock: Callable[[], int]) -> Callable[[], int]:
        start = clock()
        return lambda: (start if stands else clock()) + int(sum(moves) * 1e9)

    real_datetime = datetime.datetime
    began = real_datetime.now(datetime.UTC)

    class Now(datetime.datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime.datetime:
            now = began if stands else real_datetime.now(datetime.UTC)
            local = now.astimezone(tz) if tz else now.astimezone().replace(tzinfo=None)
            return local + datetime.timedelta(seconds=sum(moves))

        @classmethod
        def utcnow(cls) -> datetime.datetime:
            return cls.now(datetime.UTC).replace(tzinfo=None)

    moved = [(clock, ahead_of(clock)) for clock in CLOCKS]
    moved += [(clock, ahead_of_ns(clock)) for clock in CLOCKS_NS]
    with _replaced(answer, [*moved, (real_datetime, Now)]):
        yield moves.append


@contextlib.contextmanager
def _replaced(answer: Any, pairs: list[tuple[Any, Any]]) -> Iterator[None]:
    """Put clocks in place of others in `time`, `datetime` and where `answer` has them by name."""
    known = {id(real): clock for real, clock in pairs}
    spaces = [
        vars(time),
        vars(datetime),
        *(function.__globals__ for function in functions_of(answer)),
    ]
    swapped = [
        (space, name, value)
        for space in spaces
        for name, value in list(space.items())
        if id(value) in known
    ]
    try:
        for space, name, value in swapped:
            space[name] = known[id(value)]
        yield
    finally:
        for space, name, value in swapped:
            space[name] = value
