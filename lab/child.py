"""Real child processes: they run functions of the notebook, and they can be killed.

server = child.start(open_shop, "shop.db")   # the child calls open_shop("shop.db") ...
server.ask("Hello!")                         # ... and then what that returned, for each question
server.kill()                                # kill -9
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable
from typing import Any

from lab.sent_code import pack

__all__ = ("Child", "kill_9", "prepare", "start")

# Where processes can be forked, one process loads these once, and its forks start in no time.
_LOADED = ("langchain.agents", "langchain_openai", "langgraph.checkpoint.sqlite", __name__)
_LOADED += ("langgraph.checkpoint.postgres",)
_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_context = multiprocessing.get_context("forkserver" if _FORKS else "spawn")


def prepare() -> None:
    """Begin to load LangGraph for the children; return at once."""
    if _FORKS:
        _context.set_forkserver_preload(list(_LOADED))
        importlib.import_module("multiprocessing.forkserver").ensure_running()


def start(make: Callable[..., Any], *args: Any) -> Child:
    """Start a process that calls `make(*args)`; what this returns answers `ask`."""
    prepare()
    mine, theirs = _context.Pipe()
    job = (theirs, pack((make, args)), dict(os.environ))
    process = _context.Process(target=_serve, args=job, daemon=True)
    process.start()
    theirs.close()
    return Child(process, mine)


def kill_9() -> None:
    """Kill the process that calls this, as `kill -9` does: nothing is finished or tidied up."""
    os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # Windows: SIGTERM is as hard


class Child:
    """A process that answers."""

    def __init__(self, process: Any, pipe: Any) -> None:
        self._process, self._pipe = process, pipe

    def send(self, *args: Any) -> None:
        """Ask, and do not wait for the answer."""
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
            raise EOFError("the process ended before it answered") from error
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


def _serve(pipe: Any, job: bytes, environment: dict[str, str]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupting the notebook is not for us
    os.environ.update(environment)
    try:
        make, args = pickle.loads(job)
        answer = make(*args)
        while True:
            question = pickle.loads(pipe.recv_bytes())
            pipe.send((True, answer(*question)))
    except (EOFError, OSError):
        pass  # the notebook has gone
    except Exception as error:
        pipe.send((False, f"{type(error).__name__}: {error}"))
