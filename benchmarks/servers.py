"""Servers in processes of their own, which are gone at the end whatever happens."""

from __future__ import annotations

import contextlib
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil

from course_layout import ROOT

__all__ = ("clean_environment", "cpu", "free_port", "running")

MAX_START_SECONDS = 60
POLL_SECONDS = 0.05


@contextlib.contextmanager
def running(*words: str, **settings: str) -> Iterator[tuple[psutil.Process, int]]:
    """Run a server until the block ends; gives its process and its port.

    Args:
        words: What Python runs; `--port` and a free port are added.
        settings: Environment variables.

    Raises:
        RuntimeError: It ended, or did not listen within 60 s.
    """
    port = free_port()
    with subprocess.Popen(
        [sys.executable, *words, "--port", str(port)],
        cwd=ROOT,
        env=clean_environment() | settings,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            until = time.monotonic() + MAX_START_SECONDS
            while not _listens(port):
                if server.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"No server listens: {' '.join(words)}. Run it by hand.")
                time.sleep(POLL_SECONDS)
            yield psutil.Process(server.pid), port
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def cpu(process: psutil.Process) -> float:
    """Return the CPU seconds a process has used."""
    return sum(process.cpu_times()[:2])


def free_port() -> int:
    """Return a port on 127.0.0.1 that nobody uses.

    Below those that the system gives to whoever asks for any (32768 and up): one of them may be
    taken, by a connection as well, before the server that is to have it has started.

    Raises:
        OSError: A hundred ports were in use.
    """
    for port in random.sample(range(20_000, 32_768), 100):
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise OSError("A hundred ports from 20000 to 32767 were tried, and all are in use.")


def clean_environment() -> dict[str, str]:
    """Return the environment without a reader's settings, and with this copy's packages."""
    readers = ("OPENAI_", "PRODUCTION_AGENT_")
    kept = {name: text for name, text in os.environ.items() if not name.startswith(readers)}
    return kept | {"PYTHONPATH": str(ROOT)}
