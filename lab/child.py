"""Run functions of the notebook in child processes that can be killed.

server = child.start(open_shop, "shop.db")  # the child calls open_shop("shop.db") ...
server.ask("Hello!")                        # ... and the function it returned, per question
server.kill()                               # kill -9
"""

from __future__ import annotations

import atexit
import importlib
import inspect
import io
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable
from types import CodeType, FunctionType
from typing import Any

import cloudpickle

__all__ = ("Child", "kill_9", "pack", "prepare", "start")

# Where processes can be forked, one process imports these, and its forks start without delay.
_PRELOADED = ("langchain.agents", "langchain_openai", "langgraph.checkpoint.sqlite", __name__)
_PRELOADED += ("langgraph.checkpoint.postgres",)
_CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
_context = multiprocessing.get_context("forkserver" if _CAN_FORK else "spawn")


def prepare() -> None:
    """Start to import LangGraph for the children, in the background."""
    if _CAN_FORK:
        _context.set_forkserver_preload(list(_PRELOADED))
        importlib.import_module("multiprocessing.forkserver").ensure_running()


def start(make: Callable[..., Any], *args: Any) -> Child:
    """Start a process that calls `make(*args)`; the function this returns answers `ask`.

    Raises:
        TypeError: Something that `make` or `args` refer to cannot be sent to another process.
    """
    prepare()
    mine, theirs = _context.Pipe()
    job = (theirs, pack((make, args)), dict(os.environ))
    process = _context.Process(target=_serve_questions, args=job, daemon=True)
    process.start()
    # multiprocessing ends its daemons by SIGTERM and waits: a child that handles it would stay.
    atexit.register(process.kill)
    theirs.close()
    return Child(process, mine)


def kill_9() -> None:
    """Kill the calling process as `kill -9` does: nothing is finished or cleaned up."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows: SIGTERM is as hard


class Child:
    """A process that answers questions."""

    def __init__(self, process: Any, pipe: Any) -> None:
        self._process, self._pipe = process, pipe

    def send(self, *args: Any) -> None:
        """Ask without waiting for the answer."""
        self._pipe.send_bytes(pack(args))

    def receive(self) -> Any:
        """Wait for the answer to the oldest open question.

        Raises:
            EOFError: The child was killed before it answered.
            RuntimeError: The child raised; the message says what.
        """
        try:
            good, answer = self._pipe.recv()
        except OSError as error:  # how a closed pipe looks differs between systems
            raise EOFError("The process ended before it answered.") from error
        if not good:
            raise RuntimeError(answer)
        return answer

    def ask(self, *args: Any) -> Any:
        """Send, and receive."""
        self.send(*args)
        return self.receive()

    def kill(self) -> None:
        """Kill the process, as `kill -9` does."""
        self._process.kill()
        self._process.join()


def pack(value: Any) -> bytes:
    """Return a pickle of `value`, with the notebook's functions and classes in it.

    Raises:
        TypeError: Something in it cannot be sent to another process; the message names it.
    """
    buffer = io.BytesIO()
    try:
        _Pickler(buffer).dump(value)
    except (pickle.PicklingError, TypeError) as error:
        raise TypeError(
            f"This cannot be sent to another process: {error}. Create it in the function you send."
        ) from error
    return buffer.getvalue()


class _Pickler(cloudpickle.Pickler):
    # Library: cloudpickle 3.1, the global names it sends with a function.
    # Reason: it leaves out names that only the body of a class inside the function uses, such as
    #     `Annotated` in a state that is defined there: it looks for LOAD_GLOBAL, not LOAD_NAME.
    # Thread: none found.
    def reducer_override(self, value: Any) -> Any:
        """Send a function as cloudpickle does, with the names its class bodies use."""
        reduced = super().reducer_override(value)
        if isinstance(value, FunctionType) and reduced is not NotImplemented:
            names = _names_in_class_bodies(value.__code__) & value.__globals__.keys()
            _, attributes = reduced[2]
            attributes["__globals__"] |= {name: value.__globals__[name] for name in names}
        return reduced


def _names_in_class_bodies(code: CodeType) -> set[str]:
    inner = [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    is_class_body = not code.co_flags & inspect.CO_OPTIMIZED
    return set(code.co_names if is_class_body else ()).union(*map(_names_in_class_bodies, inner))


def _serve_questions(pipe: Any, job: bytes, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is meant for the notebook
    os.environ.update(environment)
    try:
        make, args = pickle.loads(job)
        answer = make(*args)
        while True:
            question = pickle.loads(pipe.recv_bytes())
            pipe.send((True, answer(*question)))
    except (EOFError, OSError):
        pass  # the notebook has ended
    except Exception as error:
        pipe.send((False, f"{type(error).__name__}: {error}"))
