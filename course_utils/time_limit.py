"""Stop an answer that takes too long, whatever it is doing.

In the main thread a timer signal raises `TimeUp` in the running code: this ends sleeps, locks,
sockets, regular expressions and loops. The signal comes again every 0.1 s, and after five times
every 0.2 ms: soon one of them meets even a loop around a bare `except:` outside of its `try`.
Elsewhere (Windows, other threads) the answer runs in a thread of its own, which is told to stop
and, if it is blocked, left behind. What neither stops is a loop inside C, such as
`sum(itertools.count())`: there the kernel has to be restarted.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import ctypes
import inspect
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ("TimeUp", "run_async", "run_limited")

_AGAIN = 0.1  # seconds between two attempts to stop the same answer
_PATIENCE = 5  # attempts; an answer that has caught as many is not cleaning up any more
_OFTEN = 0.0002  # seconds between attempts from then on
_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


class TimeUp(BaseException):
    """The time is up. No `Exception`: the lessons are full of `except Exception`."""


def run_limited(work: Callable[[], Any], seconds: float) -> Any:
    """Return `work()`, or raise `TimeUp` after `seconds`."""
    context = contextvars.copy_context()
    context.run(_deadline.set, time.monotonic() + seconds)
    alarm = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    return (_with_alarm if alarm else _in_thread)(lambda: context.run(work), seconds)


def _with_alarm(work: Callable[[], Any], seconds: float) -> Any:
    attempts, over = 0, False

    def ring(_signal: int, frame: FrameType | None) -> None:
        nonlocal attempts
        attempts += 1
        if over or frame is None or frame.f_code in _own_code:
            return  # nothing left to stop
        if attempts == _PATIENCE:
            signal.setitimer(signal.ITIMER_REAL, _OFTEN, _OFTEN)
        raise TimeUp

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN)
    try:
        return work()
    finally:
        over = True
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:  # somebody else's timer was running: let it go on
            left = max(left - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


_own_code = {_with_alarm.__code__}


def _in_thread(work: Callable[[], Any], seconds: float) -> Any:
    outcome: dict[str, Any] = {}

    def run() -> None:
        try:
            outcome["value"] = work()
        except BaseException as error:  # raised again in the caller's thread
            outcome["error"] = error

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    for _ in range(10):
        if not thread.is_alive():
            break
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(TimeUp))
        thread.join(_AGAIN)
    if thread.is_alive():
        raise TimeUp
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]


def run_async(work: Any, *args: Any, **kwargs: Any) -> Any:
    """Run a coroutine, or an async function with its arguments, and return what it returns.

    It runs in a thread with a loop of its own, since a notebook's loop is already running;
    context variables are carried over, and the time limit of the check holds.
    """

    async def main() -> Any:
        tasks["main"] = asyncio.current_task()
        deadline = _deadline.get()
        left = None if deadline is None else max(deadline - time.monotonic(), 0)
        try:
            async with asyncio.timeout(left) as limit:
                return await (work if inspect.isawaitable(work) else work(*args, **kwargs))
        except TimeoutError:
            if limit.expired():
                raise TimeUp from None
            raise  # the answer's own

    def run() -> None:
        try:
            outcome["value"] = asyncio.run(main())
        except BaseException as error:  # raised again in the caller's thread
            outcome["error"] = error

    tasks: dict[str, Any] = {}
    outcome: dict[str, Any] = {}
    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    try:
        thread.join()
    except BaseException:  # the alarm, or the reader's stop button
        if task := tasks.get("main"):
            with contextlib.suppress(RuntimeError):  # its loop has just ended
                task.get_loop().call_soon_threadsafe(task.cancel)
        raise
    if "error" in outcome:
        raise outcome["error"]
    return outcome["value"]
