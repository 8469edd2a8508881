"""One process that has imported what lessons import, and forks for each notebook.

Importing takes 3 CPU seconds, forking 0.02. No code of a student ever runs in the server itself:
each fork enters a sandbox of its own first, so it can reach neither the server nor another fork.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading

from course_layout import ROOT
from instructor.grading.sandbox import ENVIRONMENT, enter, plain_environment

__all__ = ("ForkServer",)

MAX_START_SECONDS = 180  # to import what lessons import
MAX_ORDER_BYTES = 4096
MAX_END_SECONDS = 5


class ForkServer:
    """The side that asks for forks; threads may share it.

    Raises:
        OSError: The server does not start; the text says what it said.
    """

    def __init__(self, in_sandbox: bool) -> None:
        self._lock = threading.Lock()
        self._log = tempfile.TemporaryFile()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(MAX_START_SECONDS)
        words = [sys.executable, "-B", "-m", "instructor.grading.fork_server"]
        with tempfile.TemporaryDirectory(prefix="grading-", ignore_cleanup_errors=True) as home:
            # What a student can read of a process's variables is the sandbox's, not the user's.
            sandboxed = {**ENVIRONMENT, "HOME": home, "IPYTHONDIR": home}
            with theirs:
                self._process = subprocess.Popen(
                    [*words, str(theirs.fileno())],
                    cwd=ROOT,
                    env=sandboxed if in_sandbox else plain_environment(),
                    stdin=subprocess.DEVNULL,
                    stdout=self._log,
                    stderr=self._log,
                    pass_fds=[theirs.fileno()],
                    start_new_session=True,  # Ctrl-C is for us to handle
                )
            ready = b""
            with contextlib.suppress(OSError):
                ready = self._socket.recv(MAX_ORDER_BYTES)
        if not ready:
            self.close()
            self._log.seek(0)
            said = self._log.read().decode(errors="replace").strip()[-3000:]
            raise OSError(said or "The process that imports the course does not start.")

    def start(self, sandbox: int, job: int, report: int) -> int:
        """Fork a process that judges; return its id, for `end`.

        Args:
            sandbox: The process id of the sandbox to enter, 0 for none.
            job, report: Open files to read the job from and to write the report to.
        """
        return self._order({"start": sandbox}, [job, report])

    def end(self, pid: int) -> None:
        """Kill a process that judges, unless it has ended, and forget it."""
        self._order({"end": pid}, [])

    def _order(self, order: dict[str, int], files: list[int]) -> int:
        with self._lock:
            socket.send_fds(self._socket, [json.dumps(order).encode()], files)
            answer = self._socket.recv(MAX_ORDER_BYTES)
        if not answer:
            raise OSError("The process that imported the course has ended.")
        return int(answer)

    def close(self) -> None:
        """End the server and all it started."""
        self._socket.close()
        try:
            self._process.wait(MAX_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def main(words: list[str]) -> None:
    """Import, then fork when asked, until the other side ends."""
    gc.disable()  # imports make hardly any garbage: looking for it takes a fifth of their time
    from instructor.grading import judge  # noqa: PLC0415 - takes seconds, and only the server needs it

    judge.import_lessons()
    gc.collect()
    gc.freeze()  # forks share what stands here
    gc.enable()
    children: dict[int, int] = {}
    with socket.socket(fileno=int(words[0])) as asked:
        asked.send(b"0")
        while True:
            message, files, _, _ = socket.recv_fds(asked, MAX_ORDER_BYTES, 2)
            if not message:
                break
            order = json.loads(message)
            if "end" in order:
                _end(order["end"], children.pop(order["end"]))
                asked.send(b"0")
                continue
            pid = os.fork()
            if pid == 0:
                _be_forked(order["start"], *files)
            with contextlib.suppress(OSError):  # the child does so, too: whoever comes first
                os.setpgid(pid, pid)
            children[pid] = order["start"]
            for file in files:
                os.close(file)
            asked.send(str(pid).encode())
    for pid, sandbox in children.items():
        _end(pid, sandbox)
    os._exit(0)  # tidying up all that was imported takes long


def _be_forked(sandbox: int, job: int, report: int) -> None:
    """Judge, in a sandbox if there is one; never return."""
    from instructor.grading import judge  # noqa: PLC0415

    try:
        if sandbox:
            enter(sandbox)
            # Only children are among the sandbox's processes. This one waits, out of their sight.
            if pid := os.fork():
                os.closerange(3, 4096)
                os.waitpid(pid, 0)
                os._exit(0)
            os.setsid()
        else:
            os.setpgid(0, 0)
        judge.serve(job, report)
    finally:
        os._exit(1)


def _end(pid: int, sandbox: int) -> None:
    """Wait for a child, after killing it with what it started; a sandbox has done that."""
    if not sandbox:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


if __name__ == "__main__":
    main(sys.argv[1:])
