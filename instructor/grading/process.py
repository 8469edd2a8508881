"""Processes that judge notebooks: how they start, what they may use, how they end."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import IO, Any

__all__ = ("PROCESSES", "forked", "hide", "limit", "spawned")

WATCH = "instructor.grading.watch"
PROCESSES = 200  # with their threads, in a sandbox


@contextlib.contextmanager
def forked(job: dict[str, Any]) -> Iterator[tuple[IO[bytes], Any]]:
    """Fork a process that judges; kill it and its children at the end.

    Gives a file with what it says, to be closed by the caller, and a function to answer it.
    """
    from instructor.grading import runner as grade_runner  # noqa: PLC0415 - imported long ago where it counts

    out, into = os.pipe()
    theirs, mine = os.pipe()
    gc.freeze()
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            hide(False)
            into, theirs = _alone(into, theirs)
            grade_runner.serve(job, into, theirs)
        finally:
            os._exit(1)
    os.close(into)
    os.close(theirs)
    try:
        yield open(out, "rb"), lambda data: os.write(mine, data)
    finally:
        _end(pid, job["sandbox"])
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
        os.close(mine)


def _alone(into: int, theirs: int) -> tuple[int, int]:
    """Keep nothing open but the two pipes, under numbers nobody can guess; show nothing."""
    import fcntl  # noqa: PLC0415 - Windows has none

    nothing = os.open(os.devnull, os.O_RDWR)
    first, second = secrets.SystemRandom().sample(range(100, 400), 2)
    first = fcntl.fcntl(into, fcntl.F_DUPFD_CLOEXEC, first)
    second = fcntl.fcntl(theirs, fcntl.F_DUPFD_CLOEXEC, second)
    for number in range(3):
        os.dup2(nothing, number)
    low, high = sorted((first, second))
    os.closerange(3, low)
    os.closerange(low + 1, high)
    os.closerange(high + 1, 1024)
    for name, number in (("stdin", 0), ("stdout", 1), ("stderr", 2)):
        stream = open(number, "r" if number == 0 else "w", encoding="utf-8", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    return first, second


def _end(pid: int, sandbox: bool) -> None:
    """Kill a process and all it started; in a sandbox that is everything but this process."""
    kills = [(os.killpg, pid), (os.kill, pid)]
    if sandbox:
        kills.append((os.kill, -1))
    for kill, number in kills:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            kill(number, signal.SIGKILL)


@contextlib.contextmanager
def spawned(job: dict[str, Any]) -> Iterator[tuple[IO[bytes], Any]]:
    """Start a new interpreter that judges; kill it and its children at the end."""
    import psutil  # noqa: PLC0415 - not needed where processes fork

    process = subprocess.Popen(
        [sys.executable, "-m", WATCH, "--one"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )

    def answer(data: bytes) -> None:
        process.stdin.write(data)
        process.stdin.flush()

    try:
        answer(json.dumps(job).encode() + b"\n")
        yield process.stdout, answer
    finally:
        with contextlib.suppress(psutil.NoSuchProcess):
            for child in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):
                    child.kill()
        process.kill()
        process.wait()
        process.stdin.close()


def limit(job: dict[str, Any]) -> None:
    """Bound what a process and each of its children may use."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    bounds = {
        resource.RLIMIT_AS: job["memory"],
        resource.RLIMIT_FSIZE: job["file"],
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 1024,
    }
    if job["sandbox"]:
        bounds[resource.RLIMIT_NPROC] = PROCESSES
    for what, most in bounds.items():
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        with contextlib.suppress(ValueError, OSError):  # macOS has no limit of memory
            resource.setrlimit(what, (most, most))


def hide(yes: bool) -> None:
    """Let no other process of this user look into this one, or let it again (Linux)."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(4, 0 if yes else 1, 0, 0, 0)  # PR_SET_DUMPABLE
