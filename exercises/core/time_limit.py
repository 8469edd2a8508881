"""Stop an answer that takes too long, whatever it is doing.

In the main thread a timer signal raises `TimeUp` in the running code: this ends sleeps, locks,
sockets, regular expressions and loops. The signal is repeated every 0.1 s, and after five times
every 0.2 ms, so that one soon arrives outside the `try` of a loop around a bare `except:`.
Elsewhere (Windows, other threads) the answer runs in a thread, which is told to stop and, if it is
blocked, left behind. Nothing stops a loop inside C, such as `sum(itertools.count())`: restart the
kernel there.
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
from concurrent.futures import Future
from types import FrameType
from typing import Any

__all__ = ("TimeUp", "run_async", "run_limited")

RETRY_SECONDS = 0.1  # between two attempts to stop the same answer
MAX_POLITE_ATTEMPTS = 5  # an answer that has caught as many is not cleaning up any more
FAST_RETRY_SECONDS = 0.0002  # between attempts from then on
MAX_STOPS_OF_A_THREAD = 10  # then it is left behind
_deadline: contextvars.ContextVar[float | None] = contextvars.ContextVar("deadline", default=None)


class TimeUp(BaseException):
    """The time limit is over. Not an `Exception`: lessons often say `except Exception`."""


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
        if attempts == MAX_POLITE_ATTEMPTS:
            signal.setitimer(signal.ITIMER_REAL, FAST_RETRY_SECONDS, FAST_RETRY_SECONDS)
        raise TimeUp

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, ring)
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, RETRY_SECONDS)
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
    thread, outcome = _start_thread(work)
    thread.join(seconds)
    for _ in range(MAX_STOPS_OF_A_THREAD):
        if not thread.is_alive():
            break
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(TimeUp))
        thread.join(RETRY_SECONDS)
    if thread.is_alive() or not outcome.done():
        raise TimeUp
    return outcome.result()


def _start_thread(work: Callable[[], Any]) -> tuple[threading.Thread, Future[Any]]:
    """Start `work` in a thread; its outcome is what it returns or raises."""
    outcome: Future[Any] = Future()

    def run() -> None:
        try:
            outcome.set_result(work())
        except BaseException as error:  # raised again in the caller's thread
            outcome.set_exception(error)

    thread = threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True)
    thread.start()
    return thread, outcome


def run_async(work: Any, *args: Any, **kwargs: Any) -> Any:
    """Run a coroutine, or an async function with its arguments, and return what it returns.

    It runs in a thread with its own event loop, as the notebook's loop is already running. Context
    variables and the time limit of `run_limited` hold there, too.
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

    tasks: dict[str, Any] = {}
    thread, outcome = _start_thread(lambda: asyncio.run(main()))
    try:
        thread.join()
    except BaseException:  # the alarm, or the reader's stop button
        if task := tasks.get("main"):
            with contextlib.suppress(RuntimeError):  # its loop has just ended
                task.get_loop().call_soon_threadsafe(task.cancel)
        raise
    return outcome.result()
