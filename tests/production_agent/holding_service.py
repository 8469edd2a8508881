"""The service, with a tool that nobody can end: it runs in a thread."""

from __future__ import annotations

import runpy
import time

from production_agent import tools


def hold(parcel: str) -> None:
    """Hold the thread."""
    time.sleep(600)


tracking = tools.TOOLS["track_parcel"]
tracking.coroutine, tracking.func = None, hold
runpy.run_module("production_agent", run_name="__main__", alter_sys=True)
