"""Run answers against their checks, each in a process of its own.

`tests/exercises/answers/<topic>_exN.py` holds answers to one exercise, each under a line that says
what its check has to say of it, and why somebody would write it:

    # %% passed: with a comprehension
    # %% partial | the last part; a fragment of a title: forgets the last one
"""

from __future__ import annotations

import asyncio
import gc
import inspect
import logging
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import threading
import warnings
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path
from typing import Any

from course_layout import ROOT
from exercises.core.exercise import Exercise
from exercises.core.reference import compile_cell
from tests.exercises.answer_lesson import Lesson
from tools.build import preload

__all__ = ("Answer", "Bank", "Lesson", "Outcome", "read_answers", "run")

HEAD = re.compile(r"^# %% (\w+)(?: *\|([^:]*))?: *(.+)$")
# `refused`: not passed, whatever the parts; for answers whose faults depend on how threads meet.
STATUSES = (
    "passed",
    "partial",
    "failed",
    "raised",
    "timed_out",
    "not_attempted",
    "setup_changed",
    "refused",
)
GRACE_SECONDS = 60  # an answer gets beyond its own time limit, for the cells before it


@dataclass(frozen=True)
class Answer:
    """One cell of the bank."""

    status: str
    parts: tuple[str, ...]
    """Titles, or fragments of titles, of the parts that do not hold."""
    why: str
    source: str


@dataclass(frozen=True)
class Outcome:
    """What a check said of an answer, and what else happened."""

    status: str
    """The check's status; `killed` if the process had to be, `crashed` if it ended by itself."""
    message: str = ""
    failing: tuple[str, ...] = ()
    output: str = ""
    changed: tuple[str, ...] = ()

    def complaint(self, status: str, parts: tuple[str, ...] | None = None) -> str:
        """Return how this differs from what was expected, "" if it does not."""
        said = f"{self.status}: {self.message}"
        if self.status != status:
            return f"expected {status}, got {said}"
        if self.output:
            return f"something was shown besides the result: {self.output[:300]!r}"
        if self.changed:
            return f"the check left something changed: {', '.join(self.changed)}"
        if parts is not None and not _same_parts(parts, self.failing):
            return f"expected {parts} to fail, got {self.failing}. {said}"
        if status not in ("passed", "not_attempted") and not self.message.strip():
            return "the check refuses without a sentence"
        return ""


def read_answers(path: Path) -> list[Answer]:
    """Return the answers of a bank file, none if there is no such file.

    Raises:
        ValueError: A cell's first line is not as it has to be.
    """
    if not path.exists():
        return []
    answers = []
    for cell in re.split(r"^(?=# %%)", path.read_text("utf-8"), flags=re.M):
        if not cell.startswith("# %%"):
            if cell.strip() and not all(ln.startswith("#") for ln in cell.split("\n") if ln):
                raise ValueError(f"{path.name}: code before the first `# %%` line.")
            continue
        first, _, source = cell.partition("\n")
        head = HEAD.match(first)
        if head is None:
            raise ValueError(f"{path.name}: {first!r} is not `# %% STATUS [| part; part]: why`.")
        if head[1] not in STATUSES:
            raise ValueError(
                f"{path.name}: {head[1]!r} is no status of a check. Write one of "
                f"{', '.join(STATUSES)}."
            )
        parts = tuple(part.strip() for part in (head[2] or "").split(";") if part.strip())
        answers.append(Answer(head[1], parts, head[3].strip(), source))
    return answers


class Bank:
    """Runs answers six at a time (they mostly wait), and the same one only once."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(6)
        self._runs: dict[tuple[Any, ...], Future[Outcome]] = {}

    def submit(self, lesson: Lesson, exercise: str, answer: Answer) -> Future[Outcome]:
        """Start to run an answer; the first fault is enough of one that has to be refused."""
        key = (lesson.topic, exercise, answer.source, answer.status == "refused")
        if key not in self._runs:
            self._runs[key] = self._pool.submit(
                run, lesson, exercise, answer.source, first_fault=answer.status == "refused"
            )
        return self._runs[key]

    def close(self) -> None:
        """Start no more answers."""
        self._pool.shutdown(cancel_futures=True)


def run(
    lesson: Lesson,
    exercise: str,
    source: str,
    grace: float = GRACE_SECONDS,
    first_fault: bool = False,
) -> Outcome:
    """Run an answer and its check in a process of its own, killed when it does not end.

    Args:
        lesson: Its lesson.
        exercise: The name of the exercise, such as `ex1`.
        source: The answer.
        grace: Seconds it gets beyond the exercise's own limit.
        first_fault: Whether the check may end with the first part that does not hold.
    """
    context = _context()
    receiver, sender = context.Pipe(duplex=False)
    before = lesson.before(exercise, source)
    job = (before, source, lesson.cell(exercise, "check"), lesson.path, first_fault)
    child = context.Process(target=_child, args=(sender, *job))
    child.start()
    sender.close()
    limit: float | None = grace
    try:
        while receiver.poll(limit):
            message = receiver.recv()
            if isinstance(message, Outcome):
                return message
            limit = message + grace  # the exercise's own limit, known when its module is loaded
        return Outcome("killed", f"still running after {limit:g} s")
    except EOFError:
        return Outcome("crashed", "the process ended without an answer")
    finally:
        _kill(child.pid)
        child.join()
        receiver.close()


@cache
def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(preload.names(ROOT)))
    return context


def _kill(pid: int | None) -> None:
    """Kill a child and whatever it started."""
    for kill in (os.killpg, os.kill):
        try:
            kill(pid or 0, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _child(
    sender: Any, before: list[str], answer: str, check: str, path: tuple[str, ...], first: bool
) -> None:
    Exercise.stops_at_first_fault = first
    gc.freeze()  # what the fork server imported is never garbage: a fifth of the CPU time of a case
    os.setsid()
    os.environ.update(COURSE_PROGRESS="off", MPLBACKEND="agg")
    # No certificates: nobody here speaks to another machine, and each client that loads the usual
    # 140 costs 0.04 CPU seconds.
    os.environ.update(SSL_CERT_FILE="", SSL_CERT_DIR=str(ROOT / "no certificates"))
    sys.path[:0] = path
    with tempfile.TemporaryFile() as shown:
        os.dup2(shown.fileno(), 1)
        os.dup2(shown.fileno(), 2)
        # Lines go out at once, as a student would see them.
        sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)
        sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)
        sender.send(asyncio.run(_judge(sender, shown, before, answer, check)))
        sender.close()
    os._exit(0)  # do not wait for threads an answer left behind


async def _judge(sender: Any, shown: Any, before: list[str], answer: str, check: str) -> Outcome:
    namespace: dict[str, Any] = {"__name__": "__main__", "In": [""]}
    sys.modules["__main__"].__dict__.update(namespace)
    namespace = sys.modules["__main__"].__dict__
    try:
        for number, source in enumerate([*before, answer]):
            namespace["In"].append(source)
            await _run_cell(source, f"<ipython-input-{number}>", namespace)
    except BaseException as error:
        return Outcome("crashed", f"a cell before the check: {type(error).__name__}: {error}")
    sender.send(_seconds(namespace))
    start, state = _size(shown), _state()
    try:
        result = await _run_cell(check, "<ipython-input-check>", namespace)
    except BaseException as error:
        return Outcome("crashed", f"the check cell: {type(error).__name__}: {error}")
    after = _state()
    sys.stdout.flush()
    sys.stderr.flush()
    shown.seek(start)
    return Outcome(
        result.status,
        result.message,
        tuple(part.title for part in result.parts if part.title and part.status != "passed"),
        shown.read().decode("utf-8", "replace"),
        tuple(name for name in state if state[name] != after[name]),
    )


async def _run_cell(source: str, name: str, namespace: dict[str, Any]) -> Any:
    """Run a cell in the running loop, as a kernel does: a task may go on in the next cell."""
    value = None
    for code in compile_cell(source, name):
        value = eval(code, namespace)
        if code.co_flags & inspect.CO_COROUTINE:
            value = await value
    return value


def _size(shown: Any) -> int:
    sys.stdout.flush()
    sys.stderr.flush()
    return os.fstat(shown.fileno()).st_size


def _seconds(namespace: dict[str, Any]) -> float:
    """Return the longest time limit of the checks in a namespace."""
    checks = vars(namespace["check"]).values() if "check" in namespace else ()
    return max((c.seconds for c in checks if isinstance(c, Exercise)), default=20)


def _state() -> dict[str, Any]:
    """Return what no check may leave changed."""
    loggers = {"": logging.root, **logging.root.manager.loggerDict}
    return {
        "os.environ": dict(os.environ),
        "the folder": os.getcwd(),
        "random": random.getstate(),
        "warnings": list(warnings.filters),
        "logging": {
            name: (log.level, log.propagate, log.disabled, tuple(log.handlers))
            for name, log in loggers.items()
            if isinstance(log, logging.Logger)
            and (log.level or log.handlers or log.disabled or not log.propagate)
        },
        "log streams": [id(getattr(h, "stream", None)) for h in logging.root.handlers],
        "the alarm": (signal.getsignal(signal.SIGALRM), signal.getitimer(signal.ITIMER_REAL)),
        "sys.stdout": (id(sys.stdout), id(sys.stderr)),
        "tracing": (sys.gettrace(), threading.gettrace()),
        "recursion limit": sys.getrecursionlimit(),
    }


def _same_parts(expected: tuple[str, ...], failing: tuple[str, ...]) -> bool:
    return len(expected) == len(failing) and all(
        any(fragment in title for title in failing) for fragment in expected
    )
