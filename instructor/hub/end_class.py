"""End a class: the hub, its proxy, and all students' servers and kernels. Files stay.

    ~/langgraph-hub/python/bin/python -m instructor.hub.end_class

It finds them by the folder that the hub keeps everything in: HUB_STATE, as when it was started.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path

import psutil

__all__ = ("end", "main", "processes")

HUB_SECONDS = 60  # for the hub to end
POLL_SECONDS = 0.05
GRACE_SECONDS = 10  # between asking the others to end and ending them


def main() -> int:
    """End the class of HUB_STATE; return 1 if there is none."""
    state = Path(os.environ.get("HUB_STATE") or Path.home() / "langgraph-hub").resolve()
    ended = end(state)
    if not ended:
        print(f"No hub of {state} runs. Was it started with another HUB_STATE? Set the same here.")
        return 1
    print(f"The class is over: {ended} processes ended. Students' work is in {state / 'students'}")
    return 0


def end(state: Path) -> int:
    """End all that runs for the hub that keeps everything in `state`; return how many it was."""
    hub = _named(state / "hub.pid", "jupyterhub")
    started = hub.children(recursive=True) if hub else []
    # The hub first, and alone: it would start its proxy anew.
    ended = _end_all([hub], HUB_SECONDS) if hub else 0
    left = {*started, *processes(state)}
    while left := {process for process in left if _runs(process)}:
        ended += _end_all([*left], GRACE_SECONDS)
        left = {*processes(state)}
    return ended


def processes(state: Path) -> list[psutil.Process]:
    """Return what outlives a hub: its proxy, and students' servers, kernels and what they started.

    Students' processes are known by their home, wherever they hang.
    """
    proxy = _named(state / "proxy.pid", "configurable-http-proxy")
    ours = [proxy] if proxy else []
    for process in psutil.process_iter(["environ"]):  # None where it is not ours to read
        home = (process.info["environ"] or {}).get("HOME", "")
        if home.startswith(f"{state / 'students'}{os.sep}"):
            ours.append(process)
    return ours


def _named(file: Path, name: str) -> psutil.Process | None:
    """Return the process a file has the number of; by now that may be another one's."""
    try:
        process = psutil.Process(int(file.read_text("utf-8")))
        return process if any(name in word for word in process.cmdline()) else None
    except (OSError, ValueError, psutil.Error):
        return None


def _end_all(found: list[psutil.Process], seconds: float) -> int:
    for process in found:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    for process in _not_ended(found, seconds):
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    _not_ended(found, GRACE_SECONDS)
    return len(found)


def _not_ended(found: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Wait until processes have ended, so long at most; return those that have not.

    One that its parent has not asked about yet (a zombie) has; `psutil.wait_procs` waits for it.
    """
    until = time.monotonic() + seconds
    while left := [process for process in found if _runs(process)]:
        if time.monotonic() > until:
            break
        time.sleep(POLL_SECONDS)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


if __name__ == "__main__":
    sys.exit(main())
