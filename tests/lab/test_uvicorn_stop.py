"""A real uvicorn server is stopped in the middle of a run."""

from __future__ import annotations

import subprocess
import sys

import pytest

from course_layout import ROOT
from lab import uvicorn_stop

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGTERM there")


def test_a_drain_in_the_lifespan_comes_after_the_run() -> None:
    """The run has taken all its steps before it is asked to drain."""
    events = uvicorn_stop.watch("lifespan")
    assert events == [
        "the first step runs",
        "SIGTERM",
        "the run ends after 5 steps of 5",
        "the runs are asked to drain",
        "the client has got 200 OK",
    ]


def test_a_drain_in_the_handler_ends_the_run_after_its_step() -> None:
    """The client is told to come back."""
    events = uvicorn_stop.watch("signal")
    assert events == [
        "the first step runs",
        "SIGTERM",
        "the runs are asked to drain",
        "the run is drained after 1 of 5 steps",
        "the client has got 503 Service Unavailable",
    ]


SIGNAL_IN_A_LINE = """
import io, os, signal, sys
from lab import uvicorn_stop

def interrupted(write):
    def interrupt(*words):
        written = write(*words)
        if b"first" in words[-1]:
            signal.raise_signal(signal.SIGTERM)
        return written
    return interrupt

os.write = interrupted(os.write)
raw = io.FileIO(1, "w")
stdout = type("Raw", (io.RawIOBase,), {"writable": lambda _: True,
              "write": lambda _, data: interrupted(raw.write)(bytes(data))})()
sys.stdout = io.TextIOWrapper(io.BufferedWriter(stdout))
signal.signal(signal.SIGTERM, lambda *_: uvicorn_stop._say("second"))
uvicorn_stop._say("first")
"""


def test_a_signal_that_comes_while_a_line_is_written_loses_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_IN_A_LINE], cwd=ROOT, capture_output=True, text=True
    )
    assert done.stdout.split() == ["first", "second"], done.stderr
