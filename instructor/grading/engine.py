"""Have notebooks judged: one process, in one sandbox, for each student."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import sys
import threading
from typing import Any

from instructor.grading.sandbox import command, plain_environment

__all__ = ("Engine", "Failure", "Limits")

WATCH = "instructor.grading.watch"
START = 180  # seconds to import what lessons import
NOTEBOOK = 900  # seconds until the watching process itself is given up
MOST = 2_000_000  # bytes of a result
Limits = dict[str, Any]


class Failure(Exception):
    """The grader itself failed; the text says how."""


class Engine:
    """Judges the notebooks of one student, one after the other."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def judge(self, job: dict[str, Any]) -> dict[str, Any]:
        """Return verdicts and remarks of a notebook.

        Raises:
            Failure: Our side failed, not the notebook.
        """
        process = self._process or self._start()
        try:
            process.stdin.write(json.dumps(job).encode() + b"\n")
            process.stdin.flush()
            result = self._answer(NOTEBOOK)
            if not {"verdicts", "broken"} & set(result):
                raise ValueError("not a result")
        except (OSError, ValueError, RecursionError, queue.Empty):
            said = self._stop()
            if "Traceback" in said:
                raise Failure(said) from None
            return {"verdicts": {}, "remarks": {"": ["The notebook ended its sandbox."]}}
        if "broken" in result:
            last = str(result["broken"]).strip().splitlines()[-1:] or [""]
            remark = f"The grader failed before it ran anything; please report it: `{last[0]}`."
            return {"verdicts": {}, "remarks": {"": [remark]}}
        return result

    def _start(self) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-B", "-m", WATCH, json.dumps(self._limits)]
        sandbox = self._limits["sandbox"]
        self._process = subprocess.Popen(
            command(words) if sandbox else words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=plain_environment(),
        )
        try:
            self._answer(START)
        except (ValueError, RecursionError, queue.Empty):
            raise Failure(self._stop() or "The process that judges did not start.") from None
        return self._process

    def _answer(self, seconds: float) -> dict[str, Any]:
        """Return the next thing the process says.

        Raises:
            ValueError: It makes no sense, or the process has ended.
            queue.Empty: It took too long.
        """
        lines: queue.Queue[bytes] = queue.Queue()
        stdout = self._process.stdout

        def read() -> None:
            with contextlib.suppress(OSError, ValueError):
                lines.put(stdout.readline(MOST))

        threading.Thread(target=read, daemon=True).start()
        answer = json.loads(lines.get(timeout=seconds))
        if not isinstance(answer, dict):
            raise ValueError("not a result")
        return answer

    def _stop(self) -> str:
        """End the process; return what it said on its way, if it failed by itself."""
        process, self._process = self._process, None
        if process is None:
            return ""
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        said = process.stderr.read(20_000).decode(errors="replace").strip()
        process.stdout.close()
        process.stderr.close()
        return said
