"""Servers in processes of their own, which are gone at the end whatever happens."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator

import psutil

from course_layout import ROOT

__all__ = ("clean_environment", "cpu", "running")

MAX_START_SECONDS = 60


@contextlib.contextmanager
def running(*words: str, **settings: str) -> Iterator[tuple[psutil.Process, int]]:
    """Run a server until the block ends; gives its process and its port.

    Args:
        words: What Python runs; `--port 0` is added. Once it listens, it prints its URL.
        settings: Environment variables.

    Raises:
        RuntimeError: It ended, or did not listen within 60 s.
    """
    with subprocess.Popen(
        [sys.executable, *words, "--port", "0"],
        cwd=ROOT,
        env=clean_environment() | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        overdue = threading.Timer(MAX_START_SECONDS, server.kill)
        overdue.start()
        try:
            said = re.search(r"http://[\d.]+:(\d+)", server.stdout.readline())
            if not said:
                raise RuntimeError(f"No server listens: {' '.join(words)}. Run it by hand.")
            overdue.cancel()
            yield psutil.Process(server.pid), int(said[1])
        finally:
            overdue.cancel()
            server.terminate()


def cpu(process: psutil.Process) -> float:
    """Return the CPU seconds a process has used."""
    return sum(process.cpu_times()[:2])


def clean_environment() -> dict[str, str]:
    """Return the environment without a reader's settings, and with this copy's packages."""
    readers = ("OPENAI_", "PRODUCTION_AGENT_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(readers)}
    return kept | {"PYTHONPATH": str(ROOT)}
