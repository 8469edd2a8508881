"""Watch the processes that judge a notebook, and end those that do not end.

One process of these serves one student: it has imported what lessons import, and forks for each
exercise. Jobs come as JSON lines on standard input; a result each goes to standard output.
Where a process cannot fork, each notebook gets a new interpreter instead.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import shutil
import sys
import tempfile
import threading
import time
from typing import IO, Any

from course_layout import ROOT
from instructor.grading.process import PROCESSES, forked, hide, limit, spawned

__all__ = ("watch",)

GRACE = 5  # seconds between what stops a cell and what kills its process
START = 90  # seconds until the first sign of life, imports included
LONGEST = 120  # seconds a step may ask for
POLL = 0.25  # seconds between two looks at what a process does
NOTEBOOK = 600  # seconds for all exercises of a notebook
TRIES = 20  # processes a notebook may use up
MOST = 1_000_000  # bytes a process may report
STATUSES = {"passed", "partial", "failed", "raised", "timed_out", "not_attempted"}
STATUSES |= {"setup_changed", "check_broken", "tampered", "no_result"}
FORGED = "A verdict came that our check did not give. No points. Look at the notebook."
ENDED = "The process ended while this ran (`os._exit`, too much memory, or a crash)."
KILLED = "This never ended and had to be killed: look for a loop or a wait that never ends."
CROWD = f"This started more than {PROCESSES} processes and threads, and was killed."


class Broken(Exception):
    """The grader itself failed; the text says how."""


def watch(job: dict[str, Any], together: bool) -> dict[str, Any]:
    """Judge the exercises of a notebook and return verdicts and remarks.

    Args:
        job: As `grade_runner.Runner` takes it, without wanted, skip and folder.
        together: All exercises in one process, instead of one each.
    """
    verdicts: dict[str, dict[str, Any]] = {}
    remarks: dict[str, list[str]] = {}
    skip: dict[str, tuple[str, str]] = {}
    left, over, tries = list(job["exercises"]), time.monotonic() + NOTEBOOK, 0
    while left and time.monotonic() < over and tries < TRIES + len(job["exercises"]):
        tries += 1
        wanted = left if together else left[:1]
        attempt = Attempt({**job, "wanted": wanted, "skip": skip}, over)
        attempt.run()
        remarks = attempt.remarks or remarks
        verdicts |= attempt.verdicts
        left = [name for name in left if name not in verdicts]
        if attempt.died is not None and left:
            step, why = attempt.died
            if step is None or str(step) in skip or step == attempt.judging:
                exercise = attempt.exercise or left[0]
                verdicts[exercise] = _verdict(exercise, *why)
                left = [name for name in left if name not in verdicts]
            else:
                skip[str(step)] = why
        elif left and left[0] in wanted:
            verdicts[left[0]] = _verdict(left[0], "no_result", "The check gave no verdict.")
            left = left[1:]
    for name in left:
        verdicts[name] = _verdict(name, "no_result", "The notebook took too long as a whole.")
    return {"verdicts": verdicts, "remarks": remarks}


def _verdict(exercise: str, status: str, message: str) -> dict[str, Any]:
    return {"exercise": exercise, "status": status, "message": message, "parts": [], "remarks": []}


class Attempt:
    """One process that judges some exercises of a notebook."""

    def __init__(self, job: dict[str, Any], over: float) -> None:
        self.job, self.over = job, over
        self.verdicts: dict[str, dict[str, Any]] = {}
        self.remarks: dict[str, list[str]] = {}
        self.died: tuple[int | None, tuple[str, str]] | None = None
        self.step: int | None = None
        self.judging: int | None = None
        self.exercise = ""
        self._token: tuple[str, str] | None = None  # whose verdict is due, and its token
        self._drawn = 0

    def run(self) -> None:
        """Start the process, listen to it, and end it and all it started."""
        folder = tempfile.mkdtemp(prefix="notebook-")
        starting = spawned if self.job["spawn"] else forked
        try:
            with starting({**self.job, "folder": folder}) as (reader, answer):
                lines: queue.Queue[bytes | None] = queue.Queue()
                thread = threading.Thread(target=_read, args=(reader, lines), daemon=True)
                thread.start()
                self._listen(lines, answer)
            # The process is dead. Only where there is no sandbox something may hold its pipe.
            thread.join(GRACE)
            if not thread.is_alive():
                reader.close()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _listen(self, lines: queue.Queue[bytes | None], answer: Any) -> None:
        until = time.monotonic() + START
        while True:
            try:
                line = lines.get(timeout=POLL)
            except queue.Empty:
                if time.monotonic() > min(until, self.over):
                    self.died = self.step, ("timed_out", KILLED)
                    return
                if self.job["sandbox"] and _processes() > PROCESSES:
                    self.died = self.step, ("no_result", CROWD)
                    return
                continue
            if line is None:
                self.died = self.step, ("no_result", ENDED)
                return
            try:
                message = json.loads(line)
                kind = next(iter(message))
            except (ValueError, RecursionError, TypeError, StopIteration):
                kind = "forged"
            try:
                if kind == "step":
                    self.step = int(message["step"])
                    seconds = min(LONGEST, float(message["seconds"]))
                    until = time.monotonic() + seconds + GRACE
                    self.exercise = str(message["exercise"])
                    self.judging = self.step if message["check"] else None
                elif kind == "ask":
                    self._draw(str(message["ask"]), answer)
                elif kind == "verdict":
                    self._take(message)
                elif kind == "remarks" and self.step is None:
                    self.remarks = _texts(message["remarks"])
                elif kind == "broken":
                    self._broken(str(message["broken"]))
                    return
                elif kind == "end":
                    return
                else:
                    raise ValueError(kind)
            except Broken:
                raise
            except Exception:  # whatever makes no sense
                self._forged()

    def _draw(self, exercise: str, answer: Any) -> None:
        """Draw the token for a verdict and send it."""
        self._drawn += 1
        if self._drawn > len(self.job["wanted"]):  # more could fill the pipe, and block us
            raise ValueError("asked too often")
        self._token = (exercise, secrets.token_hex(16))
        with contextlib.suppress(OSError):  # the process has just ended
            answer(self._token[1].encode())

    def _take(self, message: dict[str, Any]) -> None:
        verdict, due, self._token = message["verdict"], self._token, None
        if due is None or (verdict["exercise"], message["token"]) != due:
            raise ValueError("nobody asked")
        if verdict["status"] not in STATUSES or verdict["exercise"] not in self.job["wanted"]:
            raise ValueError("no such status")
        before = self.verdicts.get(verdict["exercise"])
        if before is None or before["status"] != "tampered":
            self.verdicts[verdict["exercise"]] = {
                "exercise": verdict["exercise"],
                "status": verdict["status"],
                "message": str(verdict["message"])[:4000],
                "parts": [[str(a)[:200], str(b)[:20]] for a, b in verdict["parts"][:50]],
                "remarks": [str(text)[:400] for text in verdict["remarks"][:20]],
            }

    def _broken(self, how: str) -> None:
        if self.step is None:  # none of the student's code has run
            raise Broken(how)
        last = how.strip().splitlines()[-1:] or [""]
        self.died = self.step, ("no_result", f"The grader failed here: `{last[0][:300]}`.")

    def _forged(self) -> None:
        exercise = self.exercise if self.exercise in self.job["wanted"] else self.job["wanted"][0]
        self.verdicts[exercise] = _verdict(exercise, "tampered", FORGED)


def _processes() -> int:
    """Return how many processes there are: in a sandbox, those of one student."""
    return sum(name.isdigit() for name in os.listdir("/proc"))


def _texts(remarks: dict[str, list[str]]) -> dict[str, list[str]]:
    return {str(k)[:20]: [str(t)[:400] for t in v[:20]] for k, v in list(remarks.items())[:50]}


def _read(reader: IO[bytes], lines: queue.Queue[bytes | None]) -> None:
    """Put the lines of a process into a queue, None at the end or when it says too much."""
    left = MOST
    with contextlib.suppress(OSError, ValueError):
        while left > 0 and (line := reader.readline(left)):
            left -= len(line)
            lines.put(line)
    lines.put(None)


def main(words: list[str]) -> None:
    """Serve jobs; with --one, be the process that judges one."""
    os.environ.update(COURSE_PROGRESS="off", MPLBACKEND="agg")
    if words == ["--one"]:
        job = json.loads(sys.stdin.buffer.raw.readline())  # no more than the line
        into, theirs = os.dup(1), os.dup(0)
        _silence()
        limit(job)
        _load().serve(job, into, theirs)
    jobs, results = os.dup(0), os.dup(1)
    _silence()
    limits = json.loads(words[0])
    if not limits["spawn"]:
        hide(True)
        limit(limits)
        _load()
    with open(jobs, "rb") as lines, open(results, "wb") as sink:
        sink.write(b'{"ready": true}\n')
        sink.flush()
        for line in lines:
            try:
                result = watch({**json.loads(line), **limits}, limits["spawn"])
            except Broken as error:
                result = {"broken": str(error)}
            sink.write(json.dumps(result).encode() + b"\n")
            sink.flush()


def _silence() -> None:
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)


def _load() -> Any:
    """Import what lessons import, and return the module that judges."""
    from instructor.grading import runner as grade_runner  # noqa: PLC0415 - these take seconds: only where they are needed
    from tools.build import preload  # noqa: PLC0415

    preload.load(ROOT)
    grade_runner.shell()
    return grade_runner


if __name__ == "__main__":
    main(sys.argv[1:])
