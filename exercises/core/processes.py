"""Processes that have never run the answer: what it remembers in its memory is not there."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import threading
from collections.abc import Callable, Iterator
from typing import Any

from exercises.core.functions import functions_of

__all__ = ("PROCESS_SECONDS", "FreshProcess", "barrier", "fresh_processes")

# A fork has all that the notebook defined, whatever an answer is made of, and none of what the
# answer does later. Where there is no fork (Windows), a thread stands in: the steps are the same.
_FORKS = "fork" in multiprocessing.get_all_start_methods()
PROCESS_SECONDS = 10  # for what another process is asked


def barrier(count: int) -> threading.Barrier:
    """Return a barrier at which fresh processes that are made later meet, or their stand-ins."""
    return (multiprocessing.get_context("fork") if _FORKS else threading).Barrier(count)


class FreshProcess:
    """A process that was split off before the answer ran, and waits for its turn.

    Args:
        action: Is called there with what `send` is given; what it returns is sent back.
    """

    def __init__(self, action: Callable[..., Any]) -> None:
        self._process: Any = None
        if not _FORKS:
            self._answers: queue.Queue[tuple[bool, Any]] = queue.Queue()
            self._action = action
            return
        context = multiprocessing.get_context("fork")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, action), daemon=True)
        self._process.start()
        theirs.close()

    def send(self, *args: Any) -> None:
        """Start the action there; do not wait for it."""
        if self._process is not None:
            self._pipe.send(args)
        else:
            job = threading.Thread(target=lambda: self._answers.put(_run(self._action, args)))
            job.daemon = True
            job.start()

    def has_answered(self) -> bool:
        """Say whether the action has ended."""
        if self._process is None:
            return not self._answers.empty()
        return self._pipe.poll()

    def receive(self) -> Any:
        """Return what the action returned.

        Raises:
            EOFError: The process ended before.
            AssertionError: The action raised; the message says what.
        """
        if self._process is None:
            good, value = self._answers.get(timeout=PROCESS_SECONDS)
        else:
            if not self._pipe.poll(PROCESS_SECONDS):
                raise AssertionError(
                    f"In another process it had not ended after {PROCESS_SECONDS} s."
                )
            good, value = self._pipe.recv()
        assert good, value
        return value

    def ask(self, *args: Any) -> Any:
        """Send, and receive."""
        self.send(*args)
        return self.receive()

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()
            self._process.join()
            self._pipe.close()


@contextlib.contextmanager
def fresh_processes(*actions: Callable[..., Any]) -> Iterator[list[FreshProcess]]:
    """Split off a process for each action; end them afterwards."""
    with contextlib.ExitStack() as stack:
        processes = []
        for action in actions:
            processes.append(FreshProcess(action))
            stack.callback(processes[-1].close)
        yield processes


def _change_hashes(action: Callable[..., Any]) -> None:
    """Let `hash(text)` of an answer differ from the parent's, whose seed a fork has."""

    def hash_of_this_process(value: Any) -> int:
        return hash((os.getpid(), value)) if isinstance(value, str | bytes) else hash(value)

    for given in getattr(action, "args", ()):
        for function in functions_of(given):
            function.__globals__.setdefault("hash", hash_of_this_process)


def _serve(pipe: Any, action: Callable[..., Any]) -> None:
    _change_hashes(action)
    with contextlib.suppress(EOFError, OSError):
        while True:
            args = pipe.recv()
            pipe.send(_run(action, args))


def _run(action: Callable[..., Any], args: tuple[Any, ...]) -> tuple[bool, Any]:
    try:
        return True, action(*args)
    except AssertionError as error:
        return False, str(error)
    except Exception as error:
        return False, f"In another process it raised `{type(error).__name__}: {error}`."
