"""Have notebooks judged, and end processes that do not end.

A notebook's exercises are judged in one process. Where it hangs or dies, that costs the exercise
it was at; another process goes on with the others.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, Any

import psutil

from course_layout import ROOT
from instructor.grading.fork_server import ForkServer
from instructor.grading.marks import STATUSES
from instructor.grading.sandbox import MAX_PROCESSES, Sandbox, command, plain_environment

__all__ = ("Failure", "Limits", "Supervisor")

MAX_START_SECONDS = 90  # until the first sign of life, imports included
MAX_STEP_SECONDS = 120  # that a step may ask for
GRACE_SECONDS = 5  # between what stops a cell and what kills its process
POLL_SECONDS = 0.25  # between two looks at what a process does
MAX_NOTEBOOK_SECONDS = 600  # for all exercises
MAX_PROCESSES_LOST = 20  # by a notebook
MAX_REPORT_BYTES = 1_000_000
MAX_MESSAGE_CHARACTERS = 4000
NOT_STARTED = "A process that judges did not start"
BROKEN = "The grader failed, not the notebook; please report it: `{}`."
GARBLED = "Something else than a verdict came from this: look at the notebook."
ENDED = "The process ended while this ran (`os._exit`, too much memory, or a crash)."
KILLED = "This never ended and had to be killed: look for a loop or a wait that never ends."
CROWD = f"This started more than {MAX_PROCESSES} processes and threads, and was killed."

Job = dict[str, Any]


class Failure(Exception):
    """The grader itself failed; the text says how."""


@dataclass(frozen=True)
class Limits:
    """How students' code is run."""

    in_sandbox: bool = True
    new_interpreter: bool = False
    """For each process, instead of a fork of one that has imported all."""
    seconds: float = 30
    """A cell may run."""
    memory: int = 4 * 2**30
    """Bytes a process may use."""


@dataclass
class Attempt:
    """What came of one process."""

    verdicts: dict[str, dict[str, Any]] = field(default_factory=dict)
    remarks: dict[str, list[str]] = field(default_factory=dict)
    step: int | None = None
    """The step it was at."""
    exercise: str = ""
    """The exercise that step belongs to."""
    is_check: bool = False
    death: tuple[str, str] | None = None
    """Status and message, if it did not get to its end."""


class Supervisor:
    """Judges notebooks; threads may share it.

    Raises:
        Failure: It cannot start.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        try:
            self._server = None if limits.new_interpreter else ForkServer(limits.in_sandbox)
        except OSError as error:
            raise Failure(str(error)) from None

    def __enter__(self) -> Supervisor:
        return self

    def __exit__(self, *_: object) -> None:
        if self._server:
            self._server.close()

    def judge(self, job: Job) -> dict[str, Any]:
        """Return verdicts and remarks of a notebook, each by exercise.

        Args:
            job: topic, exercises, and the cells `judge.Judge` takes.

        Raises:
            Failure: Our side failed, not the notebook.
        """
        verdicts: dict[str, dict[str, Any]] = {}
        remarks: dict[str, list[str]] = {}
        skip: dict[str, tuple[str, str]] = {}
        left, until = list(job["exercises"]), time.monotonic() + MAX_NOTEBOOK_SECONDS
        for _ in range(MAX_PROCESSES_LOST + len(left)):
            if not left or time.monotonic() > until:
                break
            attempt = self._attempt({**job, "wanted": left, "skip": skip}, until)
            remarks = attempt.remarks or remarks
            verdicts |= attempt.verdicts
            left = [name for name in left if name not in verdicts]
            if left and attempt.death is None:
                verdicts[left[0]] = _verdict(left[0], "no_result", "The check gave no verdict.")
            elif left and attempt.step is None:
                verdicts[left[0]] = _verdict(left[0], *attempt.death)
            elif left and not attempt.is_check:
                skip[str(attempt.step)] = attempt.death
            elif attempt.exercise in left:  # else it was judged before the process died
                verdicts[attempt.exercise] = _verdict(attempt.exercise, *attempt.death)
            left = [name for name in left if name not in verdicts]
        for name in left:
            verdicts[name] = _verdict(name, "no_result", "The notebook took too long as a whole.")
        return {"verdicts": verdicts, "remarks": remarks}

    def _attempt(self, job: Job, until: float) -> Attempt:
        """Judge what is wanted in one process."""
        try:
            with contextlib.ExitStack() as stack:
                enters = self.limits.in_sandbox and self._server
                box = stack.enter_context(Sandbox()) if enters else None
                folder = "/tmp"
                if not self.limits.in_sandbox:
                    folder = stack.enter_context(
                        tempfile.TemporaryDirectory(prefix="notebook-", ignore_cleanup_errors=True)
                    )
                about = {"sandbox": self.limits.in_sandbox, "folder": folder}
                about |= {"seconds": self.limits.seconds, "memory": self.limits.memory}
                report = stack.enter_context(self._process({**job, **about}, box))
                return _listen(report, job["wanted"], box, until)
        except OSError as error:
            raise Failure(str(error)) from None

    @contextlib.contextmanager
    def _process(self, job: Job, box: Sandbox | None) -> Iterator[queue.Queue[bytes | None]]:
        """Start a process that judges; give its report line by line; kill it at the end."""
        start = _forked(self._server, box) if self._server else _spawned(self.limits)
        with start as (to_it, from_it):
            lines: queue.Queue[bytes | None] = queue.Queue()
            thread = threading.Thread(target=_read, args=(from_it, lines), daemon=True)
            thread.start()
            with contextlib.suppress(BrokenPipeError), to_it:
                to_it.write(json.dumps(job).encode() + b"\n")
            yield lines
        # It is dead. Only where there is no sandbox something may hold its pipe.
        thread.join(GRACE_SECONDS)
        if not thread.is_alive():
            from_it.close()


@contextlib.contextmanager
def _forked(server: ForkServer, box: Sandbox | None) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    job, to_it = os.pipe()
    from_it, report = os.pipe()
    pid = server.start(box.pid if box else 0, job, report)
    os.close(job)
    os.close(report)
    try:
        yield open(to_it, "wb"), open(from_it, "rb")
    finally:
        if box:
            box.close()
        server.end(pid)


@contextlib.contextmanager
def _spawned(limits: Limits) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    words = [sys.executable, "-B", "-m", "instructor.grading.judge"]
    process = subprocess.Popen(
        command(words, "--chdir", str(ROOT)) if limits.in_sandbox else words,
        cwd=ROOT,
        env=plain_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process.stdin, process.stdout
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        process.kill()
        process.wait()


def _listen(
    lines: queue.Queue[bytes | None], wanted: list[str], box: Sandbox | None, until: float
) -> Attempt:
    """Follow a report to its end, or to the end of our patience.

    Raises:
        Failure: The process did not start.
    """
    found, deadline, started = Attempt(), time.monotonic() + MAX_START_SECONDS, False
    while True:
        try:
            line = lines.get(timeout=POLL_SECONDS)
        except queue.Empty:
            if time.monotonic() > min(deadline, until):
                if not started:
                    raise Failure(f"{NOT_STARTED} within {MAX_START_SECONDS} s.") from None
                found.death = "timed_out", KILLED
            elif box and box.process_count() > MAX_PROCESSES:
                found.death = "no_result", CROWD
            else:
                continue
            return found
        if line is None:
            if not started:
                raise Failure(f"{NOT_STARTED}.")
            found.death = "no_result", ENDED
            return found
        try:
            message = json.loads(line)
            kind = next(iter(message))
            if kind == "started":
                started = True
            elif kind == "remarks":
                found.remarks = _remarks(message["remarks"])
            elif kind == "step":
                found.step, found.is_check = int(message["step"]), bool(message["check"])
                found.exercise = str(message["exercise"])
                seconds = min(MAX_STEP_SECONDS, float(message["seconds"]))
                deadline = time.monotonic() + seconds + GRACE_SECONDS
            elif kind == "verdict":
                verdict = _checked(message["verdict"], wanted)
                found.verdicts[verdict["exercise"]] = verdict
            elif kind == "end":
                return found
            elif kind == "broken":
                last = str(message["broken"]).strip().splitlines()[-1:] or [""]
                found.death = "no_result", BROKEN.format(last[0][:300])
                return found
            else:
                raise ValueError(kind)
        except Exception:  # whatever makes no sense
            found.death = "no_result", GARBLED
            return found


def _checked(verdict: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    """Return a verdict within bounds.

    Raises:
        ValueError: It is none.
    """
    if verdict["status"] not in STATUSES or verdict["exercise"] not in wanted:
        raise ValueError("no such verdict")
    return {
        **_verdict(verdict["exercise"], verdict["status"], str(verdict["message"])),
        "parts": [
            [str(title)[:200], str(status)[:20], str(said)[:MAX_MESSAGE_CHARACTERS]]
            for title, status, said in verdict["parts"][:50]
        ],
        "remarks": [str(text)[:400] for text in verdict["remarks"][:20]],
    }


def _verdict(exercise: str, status: str, message: str) -> dict[str, Any]:
    message = message[:MAX_MESSAGE_CHARACTERS]
    return {"exercise": exercise, "status": status, "message": message, "parts": [], "remarks": []}


def _remarks(remarks: dict[str, list[str]]) -> dict[str, list[str]]:
    return {str(k)[:20]: [str(t)[:400] for t in v[:20]] for k, v in list(remarks.items())[:50]}


def _read(report: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    """Put the lines of a report into a queue, None at the end or when it says too much."""
    left = MAX_REPORT_BYTES
    with contextlib.suppress(OSError, ValueError):
        while left > 0 and (line := report.readline(left)):
            left -= len(line)
            lines.put(line)
    lines.put(None)
