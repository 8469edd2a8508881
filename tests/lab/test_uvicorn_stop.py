"""A real uvicorn server is stopped in the middle of a run."""

from __future__ import annotations

import sys

import pytest

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
